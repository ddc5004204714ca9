"""Directories of tags: read in either byte order and width; whatever a file says, the work grows as its bytes do."""

import io
import math
import struct

import pytest
from imfilter.cli.images import ifd
from imfilter.cli.images.ifd import EXIF, GPS, INTEROPERABILITY, File, LoopError, Page, read

FORMS = [("<", False), (">", False), ("<", True), (">", True)]


def head(order, big, first=None):
    """How a file begins; its first directory follows where no other place is told."""
    start = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42)
    return start + (struct.pack(order + "HHQ", 8, 0, first or 16) if big else struct.pack(order + "I", first or 8))


def directory(order, big, entries, following=0):
    """A directory of tags, types, counts, and offsets or what stands in their place."""
    entry, count, link = ("HHQQ", "Q", "Q") if big else ("HHII", "H", "I")
    parts = [struct.pack(order + entry, *each) for each in entries]
    return struct.pack(order + count, len(parts)) + b"".join(parts) + struct.pack(order + link, following)


@pytest.fixture
def entries(monkeypatch):
    """The entries that are read."""
    seen, original = [], File.entries

    def counted(self, at):
        for entry in original(self, at):
            seen.append(entry)
            yield entry

    monkeypatch.setattr(File, "entries", counted)
    return seen


@pytest.mark.parametrize(("order", "big"), FORMS)
def test_every_byte_order_and_width_reads_the_same(order, big):
    below = head(order, big)
    size = len(below) + len(directory(order, big, [(0, 0, 0, 0)] * 3))
    data = below + directory(order, big, [(258, 3, 5, size), (271, 2, 9, size + 10), (EXIF, 4, 1, size + 19)])
    data += struct.pack(order + "5H", 1, 2, 3, 4, 5) + b"Somebody\0"
    data += directory(order, big, [(37500, 4, 3, len(data) + len(directory(order, big, [(0, 0, 0, 0)])))])
    data += struct.pack(order + "3I", 1, 2, 1 << 31)
    assert read(data) == {
        258: ifd.Value(3, 5, struct.pack("<5H", 1, 2, 3, 4, 5)),
        271: ifd.Value(2, 9, b"Somebody\0"),
        EXIF: ifd.Value(4, 1, b"", {37500: ifd.Value(4, 3, struct.pack("<3I", 1, 2, 1 << 31))}),
    }


@pytest.mark.parametrize(("order", "big"), FORMS)
def test_the_pages_follow_one_another(order, big):
    one = directory(order, big, [(254, 4, 1, 0)])
    start = len(head(order, big))
    data = head(order, big) + directory(order, big, [(254, 4, 1, 0)], start + len(one)) + one
    file = File(data)
    ends = [start + len(one), start + 2 * len(one)]
    assert list(file.pages()) == [Page(end - len(one), end - file.link.size) for end in ends]


@pytest.mark.parametrize(("order", "big"), FORMS)
def test_every_cut_is_seen(order, big):
    start = len(head(order, big))
    one = directory(order, big, [(271, 2, 30, start + len(directory(order, big, [(0, 0, 0, 0)])))])
    whole = head(order, big) + one + b"x" * 30
    assert read(whole)[271].data == b"x" * 30
    for cut in range(len(whole)):
        with pytest.raises((ValueError, struct.error)):
            read(whole[:cut])
    for cut in range(start + len(one)):
        with pytest.raises((ValueError, struct.error)):
            list(File(whole[:cut]).pages())


@pytest.mark.parametrize("far", [1 << 31, (1 << 32) - 1, (1 << 63) - 1, (1 << 64) - 1])
def test_places_far_outside_are_refused(far):
    big = far >= 1 << 32
    with pytest.raises((struct.error, OverflowError)):
        read(head("<", big, far))
    with pytest.raises((struct.error, OverflowError)):
        list(File(head("<", big, far)).pages())
    with pytest.raises(ValueError, match="tag 271 reaches past its end"):
        read(head("<", big) + directory("<", big, [(271, 2, far, 0)]))


def test_a_count_that_is_a_lie_ends_with_the_file(entries):
    with pytest.raises(struct.error):
        read(head("<", True) + struct.pack("<Q", (1 << 64) - 1) + struct.pack("<HHQQ", 256, 3, 1, 1) * 20)
    assert len(entries) == 20


def test_values_of_no_length_and_unknown_types_take_nothing():
    data = head("<", False) + directory("<", False, [(271, 2, 0, 1 << 31), (272, 99, 1 << 31, 1 << 31)])
    assert read(data) == {271: ifd.Value(2, 0, b"")}


# ---- circles and overlaps ---------------------------------------------------------------------------


def test_pages_in_circles_are_seen():
    with pytest.raises(LoopError, match="form a loop"):
        list(File(head("<", False) + directory("<", False, [], 8)).pages())


@pytest.mark.parametrize("tag", [EXIF, GPS, INTEROPERABILITY])
def test_directories_in_circles_are_seen_at_once(entries, tag):
    with pytest.raises(LoopError, match="loop"):
        read(head("<", False) + directory("<", False, [(tag, 4, 1, 8)] * 1000))
    assert len(entries) == 1


def test_a_directory_that_is_named_again_and_again_is_not_read_as_often(entries):
    """Each of three directories names the next 1000 times: a billion entries, were all read."""
    size = len(directory("<", False, [(0, 0, 0, 0)] * 1000))
    places = [8 + size * number for number in range(3)]
    data = head("<", False) + b"".join(
        directory("<", False, [(EXIF, 4, 1, place)] * 1000) for place in (*places[1:], places[2] + size)
    )
    data += directory("<", False, [(271, 3, 1, 1)] * 1000)
    with pytest.raises(LoopError, match="overlap"):
        read(data)
    assert len(entries) <= ifd.TIMES * len(data) / 12


def test_values_that_overlap_are_not_copied_as_often():
    count = 1000
    start = 8 + len(directory("<", False, [(0, 0, 0, 0)] * count))
    data = head("<", False) + directory("<", False, [(tag, 7, 10**5, start) for tag in range(count)]) + bytes(10**5)
    with pytest.raises(LoopError, match="overlap"):
        read(data)


def test_one_value_may_serve_two_tags():
    data = head("<", False) + directory("<", False, [(282, 5, 1, 38), (283, 5, 1, 38)]) + struct.pack("<II", 300, 1)
    assert read(data)[282] == read(data)[283] == ifd.Value(5, 1, struct.pack("<II", 300, 1))


def test_pages_that_overlap_are_not_read_as_often():
    """Each page begins four bytes behind the one before, and has as many entries as fit."""
    data = bytearray(head("<", False) + bytes(1 << 16))
    count = 1000
    for at in range(8, 8 + 4 * count, 4):
        struct.pack_into("<H", data, at, count)
    for at in range(8, 8 + 4 * count, 4):
        struct.pack_into("<I", data, at + 2 + 12 * count, at + 4)
    found = 0
    with pytest.raises(LoopError, match="overlap"):
        for _ in File(bytes(data)).pages():
            found += 1
    assert found <= ifd.TIMES * len(data) / (12 * count)


@pytest.mark.parametrize(("order", "big"), FORMS)
def test_tags_are_the_first_of_each_number_and_leave_out_what_says_nothing(order, big):
    entries = [
        (258, 3, 1, 8 if order == "<" else 8 << (48 if big else 16)),
        (258, 3, 1, 0),
        (305, 2, 1 << 31, 8),  # longer than the file
        (306, 2, 0, 0),
        (307, 99, 1, 0),
    ]
    file = File(head(order, big) + directory(order, big, entries))
    found = file.tags(next(file.pages()).at)
    assert {tag: value.integers() for tag, value in found.items()} == {258: (8,)}


def test_numbers_of_every_type():
    assert ifd.Value(1, 2, b"\1\2").integers() == (1, 2)
    assert ifd.Value(16, 1, struct.pack("<Q", 1 << 40)).integers() == (1 << 40,)
    assert ifd.text(b"12").integers() == () == ifd.rational(2.5).integers()
    assert ifd.rational(2.5).real() == 2.5
    assert ifd.Value(12, 1, struct.pack("<d", 0.1)).real() == 0.1
    assert ifd.short(7).real() == 7
    assert math.isnan(ifd.Value(5, 1, bytes(8)).real())
    assert math.isnan(ifd.text(b"12").real())


def test_what_only_bigtiff_has_is_no_exif():
    wide = directory("<", True, [(256, 16, 1, 7), (271, 16, 1, 7)])
    assert read(head("<", True) + wide) == {}
    file = File(head("<", True) + wide)
    assert file.tags(16)[256].integers() == (7,)


# ---- adding -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order", "big"), FORMS)
def test_tags_are_added_to_small_little_endian_files_alone(order, big):
    data = head(order, big) + directory(order, big, [(256, 3, 1, 7)], 0)
    file = io.BytesIO(data)
    added = ifd.add(file, {271: ifd.text(b"Somebody"), 256: ifd.short(9)})
    assert added == ((order, big) == ("<", False))
    if added:
        assert read(file.getvalue()) == {256: ifd.short(7), 271: ifd.text(b"Somebody")}
    else:
        assert file.getvalue() == data
