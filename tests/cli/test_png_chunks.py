"""The chunks of a PNG: whatever a file says, each byte is looked at once."""

import io
import struct
import zlib

import pytest
from imfilter.cli.images.png import chunks
from imfilter.cli.images.png.chunks import SIGNATURE, Header, chunk, read

END = chunk(b"IEND")


def found(data):
    return [(each.name, bytes(each.body), each.whole, each.sound) for each in read(data)]


def test_what_is_written_is_read():
    file = io.BytesIO()
    file.write(SIGNATURE)
    chunks.write(file, b"tEXt", b"a\0", b"b")
    chunks.write(file, b"IEND")
    assert file.getvalue() == SIGNATURE + chunk(b"tEXt", b"a\0b") + END
    assert found(file.getvalue()) == [(b"tEXt", b"a\0b", True, True), (b"IEND", b"", True, True)]


def test_a_chunk_is_framed_as_section_5_3_says():
    assert chunk(b"tEXt", b"ab", b"c") == struct.pack(">I", 3) + b"tEXtabc" + struct.pack(">I", zlib.crc32(b"tEXtabc"))


def test_a_header_reads_as_it_was_written():
    header = Header(3, 5, 16, 6, interlace=1)
    assert chunks.header(SIGNATURE + chunk(b"IHDR", header.encoded())) == header
    assert (header.pixel_bits, Header(1, 1, 4, 3).pixel_bits) == (64, 4)
    with pytest.raises(struct.error):
        chunks.header(SIGNATURE + chunk(b"IHDR", b"short"))


def test_nothing_is_read_behind_the_end():
    assert [name for name, *_ in found(SIGNATURE + END + chunk(b"tEXt", b"a") + b"rubbish")] == [b"IEND"]


@pytest.mark.each("cut", range(len(SIGNATURE), len(SIGNATURE) + 16))
def test_a_file_that_is_cut_off_ends_there(cut):
    data = (SIGNATURE + chunk(b"tEXt", b"abcd"))[:cut]
    left = found(data)
    assert len(left) == (cut >= len(SIGNATURE) + 12)
    assert not any(whole or sound for _, _, whole, sound in left)


def test_a_length_beyond_the_file_takes_what_there_is():
    assert found(SIGNATURE + struct.pack(">I4s", 0xFFFFFFFF, b"IDAT") + b"abcdef") == [
        (b"IDAT", b"abcdef", False, False)
    ]


def test_a_wrong_checksum_is_seen():
    assert found(SIGNATURE + chunk(b"IDAT", b"abc")[:-1] + b"\0") == [(b"IDAT", b"abc", True, False)]


def test_empty_chunks_and_long_ones_cost_what_they_hold():
    empty = chunk(b"tEXt") * 1000
    long = chunk(b"IDAT", bytes(10**6))
    every = list(read(SIGNATURE + empty + long + END))
    assert len(every) == 1002
    assert sum(len(each.body) + chunks.OVERHEAD for each in every) == len(empty + long + END)
