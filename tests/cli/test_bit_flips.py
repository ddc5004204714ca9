"""One bit of a file is wrong: where the format tells by a checksum or a length, the file is refused.

What tells nothing is exempt: samples that nothing packs, codes that stand for as many others, headers.
"""

import importlib.util
import lzma
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.images import decode, ifd
from imfilter.cli.images.picture import DecodeError, DecodeOptions, Frames, size_guard
from imfilter.cli.images.tiff import writer
from imfilter.cli.images.tiff.compression import LZMA, LZW, PACKBITS, ZSTANDARD

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
OPTIONS = DecodeOptions(size_guard(1 << 22))
FLIPS = 60
ADOBE, OLD = 8, 32946
PACK = {
    ADOBE: zlib.compress,
    OLD: zlib.compress,
    LZW: corpus.lzw,
    PACKBITS: corpus.packbits,
    ZSTANDARD: lambda data: writer._packed(data, ZSTANDARD, 1),
    LZMA: lzma.compress,
}
LAYOUTS = {"strips": {}, "tiles": {"tile": (16, 16)}, "planes": {"planar": 2}}
SAMPLES = [("uint8", 1), ("uint8", 2), ("uint16", 1), ("uint16", 2), ("float32", 1), ("float32", 3)]


@pytest.fixture(autouse=True)
def methods(monkeypatch):
    monkeypatch.setattr(corpus, "PACK", corpus.PACK | PACK)


def read(data):
    """All samples of a file, None where it is refused."""
    try:
        found = decode.decode(data, OPTIONS)
        pictures = list(found.each()) if isinstance(found, Frames) else [found]
    except (DecodeError, OSError):
        return None
    return [part for picture in pictures for part in (picture.pixels, picture.alpha) if part is not None]


def same(one, other):
    return len(one) == len(other) and all(map(np.array_equal, one, other))


def flipped(data, spans):
    """Some files with one bit of the *spans* of bytes turned."""
    bits = [bit for start, end in spans for bit in range(8 * start, 8 * end)]
    for bit in random.Random(1).sample(bits, min(FLIPS, len(bits))):
        other = bytearray(data)
        other[bit // 8] ^= 1 << bit % 8
        yield bytes(other)


def parts(data):
    """Where the strips or tiles of a TIFF begin and end."""
    file = ifd.File(data)
    tags = file.tags(next(file.pages()).at)
    tiled = 324 in tags
    starts, sizes = (tags[tag].integers() for tag in ((324, 325) if tiled else (273, 279)))
    return [(start, start + size) for start, size in zip(starts, sizes, strict=True)]


def tiff(method, layout, dtype, predictor, **more):
    array = corpus.samples(3, 256 if dtype == "uint8" else 1000, dtype)
    return corpus.tiff(array, 2, compression=method, predictor=predictor, **LAYOUTS[layout], **more)


@pytest.mark.each("order", "<>")
@pytest.mark.each("samples", SAMPLES)
@pytest.mark.each("layout", LAYOUTS)
@pytest.mark.parametrize("method", [ADOBE, OLD, LZMA])
def test_no_checksum_of_a_tiff_is_passed_over(method, layout, samples, order):
    data = tiff(method, layout, *samples, order=order)
    whole = read(data)
    for other in flipped(data, parts(data)):
        found = read(other)
        assert found is None or same(found, whole)


@pytest.mark.each("subsampling", [(1, 1), (2, 1), (2, 2)])
def test_no_checksum_of_a_tiff_in_ycbcr_is_passed_over(subsampling):
    across, down = subsampling
    width, height = 16, 8
    units = np.random.default_rng(0).integers(0, 256, (height // down, width // across, across * down + 2), np.uint8)
    data = corpus.tiff(
        units.reshape(1, -1, 1), 6, compression=ADOBE, t256=width, t257=height, t258=[8] * 3, t277=3, t278=height,
        t339=[1] * 3, t530=[across, down],
    )  # fmt: skip
    whole = read(data)
    assert whole[0].shape == (height, width, 3)
    for other in flipped(data, parts(data)):
        found = read(other)
        assert found is None or same(found, whole)


def unpacked_lzw(data):
    """The bytes of TIFF's LZW up to its end code, None where there is none, or a code that is none."""
    bits = int.from_bytes(b"\1" + data)
    text, at, width = f"{bits:b}"[1:], 0, 9
    table: list[bytes] = []
    out, before = bytearray(), None
    while at + width <= len(text):
        code, at = int(text[at : at + width], 2), at + width
        if code == 257:
            return bytes(out)
        if code == 256:
            table, width, before = [bytes([value]) for value in range(256)] + [b"", b""], 9, None
            continue
        if not table or code > len(table) or (before is None and code > 255):
            return None
        entry = table[code] if code < len(table) else before + before[:1]
        if before is not None:
            table.append(before + entry[:1])
        out += entry
        before = entry
        width = max(9, (len(table) + 1).bit_length())
        if width > 12:
            return None
    return None


def unpacked_packbits(data):
    at, out = 0, bytearray()
    while at < len(data):
        head = data[at]
        if head < 128:
            out += data[at + 1 : at + 2 + head]
            at += 2 + head
        elif head == 128:
            at += 1
        else:
            out += data[at + 1 : at + 2] * (257 - head)
            at += 2
    return bytes(out) if at == len(data) else None


def test_the_readers_here_are_right():
    for data in (bytes(500), bytes(range(256)) * 9, np.random.default_rng(0).bytes(6000)):
        assert unpacked_lzw(corpus.lzw(data)) == data
        assert unpacked_packbits(corpus.packbits(data)) == data


@pytest.mark.each("samples", SAMPLES[::2])
@pytest.mark.each("layout", LAYOUTS)
@pytest.mark.parametrize(("method", "unpacked"), [(LZW, unpacked_lzw), (PACKBITS, unpacked_packbits)])
def test_no_length_of_a_tiff_is_passed_over(method, unpacked, layout, samples):
    data = tiff(method, layout, *samples)
    whole, spans = read(data), parts(data)
    lengths = [len(unpacked(data[start:end])) for start, end in spans]
    for other in flipped(data, spans):
        found = read(other)
        if found is not None and not same(found, whole):
            there = [unpacked(other[start:end]) for start, end in spans]
            assert [None if part is None else len(part) for part in there] == lengths


@pytest.mark.each("more", [-40, -39, -1, 1, 39, 40])
@pytest.mark.parametrize("method", PACK)
def test_a_strip_holds_its_rows_and_no_more(method, more):
    rows = corpus.samples(3, 256, np.uint8)
    packed = rows.tobytes()
    stored = PACK[method](packed[:more] if more < 0 else packed + bytes(more))
    data = corpus.tiff(rows, 2, compression=method, rows=len(rows))
    assert read(data) is not None
    (start, _), *_ = parts(data)
    other = data + stored
    other = other.replace(
        struct.pack("<HHII", 273, 4, 1, start), struct.pack("<HHII", 273, 4, 1, len(data)), 1
    ).replace(
        struct.pack("<HHII", 279, 4, 1, len(PACK[method](packed))), struct.pack("<HHII", 279, 4, 1, len(stored)), 1
    )
    assert other[: len(data)] != data
    assert read(other) is None


@pytest.mark.each("pad", [b"", b"\0"])
@pytest.mark.parametrize("method", PACK)
def test_a_last_strip_may_be_filled_up_to_the_others(method, pad, monkeypatch):
    array = corpus.samples(3, 256, np.uint8)
    padded = np.concatenate([array, np.zeros((3, *array.shape[1:]), np.uint8)])
    monkeypatch.setitem(corpus.PACK, method, lambda data: PACK[method](data) + pad)
    data = corpus.tiff(padded, 2, compression=method, rows=6, t257=len(array))
    assert same(read(data), [array])
    alone = corpus.tiff(padded, 2, compression=method, rows=len(padded), t257=len(array))
    assert same(read(alone), [array])


def frame(body, checked=True):
    """A Zstandard frame of one raw block, with a checksum: RFC 8878."""
    head = 0xFD2FB528.to_bytes(4, "little") + bytes([0x04 if checked else 0, 0x58])
    return head + (len(body) << 3 | 1).to_bytes(3, "little") + body + (xxh64(body) & 0xFFFFFFFF).to_bytes(4, "little")


def xxh64(data):
    """The hash of less than 32 bytes, or more, by its specification."""
    mask = (1 << 64) - 1
    p1, p2, p3, p4, p5 = (
        0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5,
    )  # fmt: skip

    def left(value, bits):
        return (value << bits | value >> 64 - bits) & mask

    def step(state, lane):
        return left((state + lane * p2) & mask, 31) * p1 & mask

    at, states = 0, [(p1 + p2) & mask, p2, 0, -p1 & mask]
    if len(data) < 32:
        found = p5
    else:
        while at + 32 <= len(data):
            lanes = struct.unpack_from("<4Q", data, at)
            states = [step(state, lane) for state, lane in zip(states, lanes, strict=True)]
            at += 32
        found = sum(left(state, bits) for state, bits in zip(states, (1, 7, 12, 18), strict=True)) & mask
        for state in states:
            found = ((found ^ step(0, state)) * p1 + p4) & mask
    found = (found + len(data)) & mask
    while at + 8 <= len(data):
        found = (left(found ^ step(0, struct.unpack_from("<Q", data, at)[0]), 27) * p1 + p4) & mask
        at += 8
    if at + 4 <= len(data):
        found = (left(found ^ struct.unpack_from("<I", data, at)[0] * p1 & mask, 23) * p2 + p3) & mask
        at += 4
    for byte in data[at:]:
        found = left(found ^ byte * p5 & mask, 11) * p1 & mask
    found = (found ^ found >> 33) * p2 & mask
    found = (found ^ found >> 29) * p3 & mask
    return found ^ found >> 32


def test_a_checksum_of_zstandard_is_compared(monkeypatch):
    monkeypatch.setitem(corpus.PACK, ZSTANDARD, frame)
    data = tiff(ZSTANDARD, "strips", "uint8", 1)
    whole = read(data)
    for other in flipped(data, parts(data)):
        found = read(other)
        assert found is None or same(found, whole)


def test_a_block_of_zstandard_whose_kind_is_damaged_is_refused(monkeypatch):
    monkeypatch.setitem(corpus.PACK, ZSTANDARD, lambda data: frame(data, checked=False)[:-4])
    data = tiff(ZSTANDARD, "strips", "uint8", 1)
    assert read(data) is not None
    for start, _ in parts(data):
        other = bytearray(data)
        other[start + 6] ^= 2  # now the block repeats its first byte
        assert read(bytes(other)) is None


@pytest.mark.each("name", [kind.name for kind in corpus.pngs()])
def test_no_checksum_of_a_png_is_passed_over(name):
    data = next(kind.data for kind in corpus.pngs() if kind.name == name)
    whole = read(data)
    for other in flipped(data, [(8, len(data))]):
        found = read(other)
        assert found is None or same(found, whole)
