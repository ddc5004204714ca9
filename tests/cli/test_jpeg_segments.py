"""The segments of a JPEG: whatever a file says, each byte is looked at once."""

import io
import struct

import numpy as np
import pytest
from imfilter.cli.images.jpeg.segments import COMMENT, END_OF_IMAGE, START_OF_SCAN, TABLES, read
from PIL import Image

START = b"\xff\xd8"
END = b"\xff\xd9"


def segment(marker, body=b""):
    return struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body


def found(data):
    return [(each.marker, bytes(each.body)) for each in read(data)]


def test_what_pillow_writes_is_read():
    file = io.BytesIO()
    Image.fromarray(np.arange(4096, dtype=np.uint16).astype(np.uint8).reshape(64, 64)).save(
        file, "JPEG", comment=b"hello", progressive=True
    )
    segments = list(read(file.getvalue()))
    assert (COMMENT, b"hello") in found(file.getvalue())
    assert {TABLES, START_OF_SCAN} < {each.marker for each in segments}
    assert (segments[-1].marker, segments[-1].end) == (END_OF_IMAGE, len(file.getvalue()))


def test_data_and_restarts_among_it_are_no_markers():
    data = START + segment(START_OF_SCAN, b"ab") + b"\xff\0x\xff\xd0\xff\xd7\xff\xff\0" + END
    assert found(data) == [(START_OF_SCAN, b"ab"), (END_OF_IMAGE, b"")]


def test_a_marker_begins_with_the_bytes_that_fill_before_it():
    data = START + segment(COMMENT, b"a\xff") + b"\xff\xff" + segment(COMMENT, b"b") + b"\xff" + END
    first, second, end = read(data)
    assert (first.start, second.start, end.start) == (2, first.end, second.end)
    assert bytes(first.body) == b"a\xff"


def test_nothing_is_read_behind_the_end():
    assert found(START + END + segment(COMMENT, b"a")) == [(END_OF_IMAGE, b"")]


@pytest.mark.parametrize("length", [0, 1, 2])
def test_a_segment_of_no_length_is_passed_over(length):
    data = START + struct.pack(">BBH", 0xFF, COMMENT, length) + segment(COMMENT, b"a") + END
    assert found(data) == [(COMMENT, b""), (COMMENT, b"a"), (END_OF_IMAGE, b"")]


@pytest.mark.parametrize("cut", range(2, 10))
def test_a_file_that_is_cut_off_ends_there(cut):
    data = (START + segment(COMMENT, b"abcd"))[:cut]
    assert found(data) == ([] if cut < 4 else [(COMMENT, data[6:])])


@pytest.mark.parametrize("unit", [b"\xff", b"\xff\xff\0", b"\xff\xd0", segment(COMMENT), b"\xff\xfe\xff\xff"], ids=repr)
def test_no_file_makes_more_work_than_it_has_bytes(unit):
    """The places that are looked at, counted, grow as the file does."""

    class Counted(bytes):
        looked = 0

        def __getitem__(self, at):
            Counted.looked += 1
            return super().__getitem__(at)

    def work(times):
        Counted.looked = 0
        segments = list(read(Counted(START + unit * times + END)))
        assert sum(len(each.body) for each in segments) <= len(unit) * times + 4
        return Counted.looked + len(segments)

    assert work(10_000) <= 10 * (work(1000) + 100)
