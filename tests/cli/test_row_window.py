"""Rows that come in order are given in any; strips and tiles that were unpacked are kept as long as they fit."""

import contextlib
import errno
import itertools
import os
import threading

import numpy as np
import pytest
from imfilter.cli.images import row_window
from imfilter.cli.images.picture import DecodeError, LackError
from imfilter.cli.images.row_window import RowWindow
from imfilter.cli.images.tiff.part_cache import PartCache

HEIGHT, ROW = 60, 8
ROWS = np.random.default_rng(5).integers(0, 256, (HEIGHT, ROW), np.uint8)
STRIP = 7
STRIPS = [(start, min(start + STRIP, HEIGHT)) for start in range(0, HEIGHT, STRIP)]
HALVES = [strip for both in zip(STRIPS[:4], STRIPS[4:8], strict=True) for strip in both]
ORDERS = {
    "in order": (STRIPS, 1, False),
    "in order, with what lies around": (
        [(max(start - 5, 0), min(stop + 5, HEIGHT)) for start, stop in STRIPS],
        1,
        False,
    ),
    "a survey, then in order": (STRIPS * 2, 2, False),
    "two surveys, then in order": (STRIPS * 3, 3, True),
    "from the bottom up": (STRIPS[::-1], 3, True),
    "the last rows first, as at a border that wraps": ([(58, 60), *STRIPS, (0, 2)], 3, True),
    "two halves by turns": (HALVES, 3, True),
    "at random": ([STRIPS[at] for at in np.random.default_rng(6).integers(0, len(STRIPS), 40)], 3, True),
}
"""What is asked for, how often the rows are read for that, and whether they end in a file."""


class Feed:
    """Gives the rows in order, a few at a time, and counts how often that is begun."""

    def __init__(self, fails_at=HEIGHT + 1):
        self.begun, self.fails_at = 0, fails_at

    def __call__(self):
        self.begun += 1
        for top in range(0, HEIGHT, 4):
            if top >= self.fails_at:
                raise DecodeError("is damaged")
            yield ROWS[top : top + 4]
        if self.fails_at == HEIGHT:
            raise DecodeError("has no end")


@pytest.fixture(autouse=True)
def small_room(monkeypatch, tmp_path):
    monkeypatch.setattr(row_window, "ROOM", 12 * ROW)
    monkeypatch.setattr(row_window.tempfile, "tempdir", str(tmp_path))


@pytest.mark.each("order", ORDERS)
def test_rows_are_given_in_any_order(order, tmp_path):
    asked, begun, in_file = ORDERS[order]
    feed = Feed()
    window = RowWindow(HEIGHT, ROW, feed)
    for start, stop in asked:
        np.testing.assert_array_equal(window.rows(start, stop), ROWS[start:stop])
        assert sum(map(len, window._kept)) <= 12 + 4 + stop - start
    assert (feed.begun, window._file is not None) == (begun, in_file)
    assert not [*tmp_path.iterdir()]
    if window._file is not None:
        descriptor = window._file._descriptor
        os.fstat(descriptor)
        del window
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_several_threads_may_ask_for_rows():
    window, failures = RowWindow(HEIGHT, ROW, Feed()), []

    def read(seed):
        try:
            for start, stop in np.random.default_rng(seed).integers(0, HEIGHT, (50, 2)):
                start, stop = min(start, stop), max(start, stop) + 1
                np.testing.assert_array_equal(window.rows(start, stop), ROWS[start:stop])
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_what_is_wrong_with_the_rows_is_said_to_whoever_asks():
    window = RowWindow(HEIGHT, ROW, Feed(fails_at=20))
    assert window.rows(0, 20).shape == (20, ROW)
    for _ in range(2):
        with pytest.raises(DecodeError, match="is damaged"):
            window.rows(8, 24)
    window = RowWindow(HEIGHT, ROW, Feed(fails_at=HEIGHT))
    window.rows(0, HEIGHT - 4)
    with pytest.raises(DecodeError, match="has no end"):
        window.rows(HEIGHT - 4, HEIGHT)


def test_a_full_disk_is_met_before_it_is_written_to(monkeypatch, tmp_path):
    usage = row_window.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(row_window.shutil, "disk_usage", lambda folder: usage._replace(free=HEIGHT * ROW - 1))
    feed = Feed()
    window = RowWindow(HEIGHT, ROW, feed)
    with pytest.raises(LackError, match=r"set TMPDIR to a folder with more room"):
        for start, stop in STRIPS[::-1]:
            window.rows(start, stop)
    assert feed.begun == 2


def test_a_temporary_file_that_cannot_be_written_says_so(monkeypatch):
    def full(stream, data):
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))

    def ask():
        window = RowWindow(HEIGHT, ROW, Feed())
        for start, stop in STRIPS[::-1]:
            window.rows(start, stop)

    with monkeypatch.context() as patch:
        patch.setattr(row_window, "write_all", full)
        with pytest.raises(LackError, match=r"temporary files, .*: file too large; set TMPDIR"):
            ask()
    monkeypatch.setattr(row_window.tempfile, "tempdir", "missing")
    with pytest.raises(LackError, match=r"temporary files, .*: no such file or directory; set TMPDIR"):
        ask()


def test_no_part_is_unpacked_by_two_threads_at_once():
    begun, going, both = [], set(), threading.Barrier(2, timeout=20)

    def unpack(number):
        assert number not in going
        going.add(number)
        begun.append(number)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()  # the other thread unpacks another part meanwhile, and does not wait for this one
        going.remove(number)
        return np.full(10, number, np.uint8)

    cache, found = PartCache(unpack, room=1000), []

    def read():
        found.append(sorted((number, int(part[0])) for number, part in cache.each(range(6))))

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[(number, number) for number in range(6)]] * 2
    assert sorted(begun) == [*range(6)]
    assert not both.broken


def test_parts_are_kept_as_long_as_they_fit_and_those_that_fail_are_tried_again():
    tries = itertools.count()

    def unpack(number):
        if number == 9 and not next(tries):
            raise DecodeError("is damaged")
        return np.zeros(10, np.uint8)

    cache = PartCache(unpack, room=35)
    for number in (1, 2, 3, 1, 4):
        list(cache.each([number]))
    assert cache.kept == [3, 1, 4]
    with pytest.raises(DecodeError):
        list(cache.each([9]))
    assert [number for number, _ in cache.each([9])] == [9]
    assert cache.kept == [1, 4, 9]
