"""What ``--lenient`` takes of damaged files of every kind: something that was read, said, in as little memory."""

import importlib.util
import random
import struct
import textwrap
import zlib
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.images import decode
from imfilter.cli.images.picture import DecodeError, DecodeOptions, Frames, size_guard

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
KINDS = {kind.name: kind.data for kind in corpus.kinds()}
FORMATS = sorted({kind.format for kind in corpus.kinds()})
STRICT = DecodeOptions(size_guard(1 << 22), to_rgb=True)
LENIENT = STRICT._replace(lenient=True)
TRIES = 12


def read(data, options):
    """The pictures of a file; None where it is refused."""
    try:
        found = decode.decode(data, options)
        return list(found.each()) if isinstance(found, Frames) else [found]
    except (DecodeError, OSError):
        return None


def samples(pictures):
    return [part for picture in pictures for part in (picture.pixels, picture.alpha) if part is not None]


def damaged(data, seed):
    """Some files of which bytes are turned, lost, zeros or others."""
    generator = random.Random(seed)
    for number in range(TRIES):
        other, at = bytearray(data), generator.randrange(len(data))
        match number % 5:
            case 0:
                other[at] ^= 1 << generator.randrange(8)
            case 1:
                del other[at:]
            case 2:
                del other[at : at + generator.randrange(1, 30)]
            case 3:
                other[at : at + 20] = bytes(len(other[at : at + 20]))
            case _:
                other[at : at + 8] = generator.randbytes(8)
        yield bytes(other)


@pytest.mark.parametrize("format", FORMATS)
def test_whatever_is_taken_of_damage_is_said_and_nothing_else_changes(format):
    for name, data in KINDS.items():
        if not name.startswith(f"{format} "):
            continue
        for number, other in enumerate(damaged(data, name)):
            strict, lenient = read(other, STRICT), read(other, LENIENT)
            if strict is not None:
                assert lenient is not None, (name, number)
                pairs = zip(samples(strict), samples(lenient), strict=True)
                assert all(np.array_equal(one, two, equal_nan=one.dtype.kind == "f") for one, two in pairs)
            elif lenient is not None:
                assert any("damaged" in note or "truncated" in note for note in lenient[0].notes), (name, number)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_is_cut_off_is_taken_only_where_something_was_read(format):
    """The pictures are noise beside a ramp: of one colour is what nobody read."""
    for name, data in KINDS.items():
        if not name.startswith(f"{format} "):
            continue
        for cut in range(1, len(data), max(len(data) // 40, 1)):
            for picture in read(data[:cut], LENIENT) or ():
                assert (picture.pixels != picture.pixels[:1, :1]).any(), (name, cut)


SIDE = 15000


def lying(name, place, layout, *values):
    data = bytearray(KINDS[name])
    struct.pack_into(layout, data, data.index(place) + len(place) if isinstance(place, bytes) else place, *values)
    return bytes(data)


def png():
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(50 * 3 * SIDE))[:-3]
    parts = (corpus.chunk(b"IHDR", header), corpus.chunk(b"IDAT", data), corpus.chunk(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff(method, rows):
    return corpus.tiff(np.zeros((4, SIDE, 3), np.uint8), 2, compression=method, t257=SIDE, t278=rows)


LYING = {
    "PNG": png(),
    "JPEG": lying("JPEG RGB", b"\xff\xc0\0\x11\x08", ">HH", SIDE, SIDE),
    "TGA": lying("TGA RGB", 12, "<HH", SIDE, SIDE),
    "TGA, RLE": lying("TGA RGB, RLE", 12, "<HH", SIDE, SIDE),
    "DDS": lying("DDS RGB", 12, "<II", SIDE, SIDE),
    "SGI": lying("SGI RGB 8-bit", 6, ">HH", SIDE, SIDE),
    "SGI, RLE": lying("SGI RGB 8-bit, RLE", 6, ">HH", SIDE, SIDE),
    "PSD": lying("PSD RGB 8-bit", 14, ">II", SIDE, SIDE),
    "PSD, RLE": lying("PSD RGB 8-bit, RLE", 14, ">II", SIDE, SIDE),
    "BMP": lying("BMP RGB", 18, "<ii", SIDE, SIDE),
    "BMP, RLE": lying("BMP RLE8", 18, "<ii", SIDE, SIDE),
    "QOI": lying("QOI RGB", 4, ">II", SIDE, SIDE),
    "PPM": b"P6 15000 15000 255\n" + bytes(46_000),
    "PGM, text": b"P2 15000 15000 255\n" + b"1 " * 16_000,
    "PBM": b"P4 15000 15000\n" + bytes(4_000),
    "FITS": KINDS["FITS gray 8-bit"].replace(b"       13", b"    15000").replace(b"        9", b"    15000"),
    "HDR": KINDS["HDR RGB"].replace(b"-Y 9 +X 13", b"-Y 15000 +X 15000"),
    **{f"TIFF {method}, strips": tiff(method, 4) for method in (5, 8)},
    **{f"TIFF {method}, one strip": tiff(method, SIDE) for method in (5, 8, 32773)},
}


def test_a_damaged_file_takes_no_more_memory_than_its_bytes_make_likely(measured, folder):
    for number, data in enumerate(LYING.values()):
        (folder / f"{number:02}").write_bytes(data)
    (folder / "good").write_bytes(KINDS["PNG RGB 8-bit"])
    script = """
        import resource, sys
        from imfilter.cli.images import decode, fits, hdr, picture, psd, sgi, tga, dds, qoi, bmp, pnm
        from imfilter.cli.images.picture import DecodeOptions, DecodeError, size_guard

        def read(name):
            try:
                decode.decode(open(name, "rb").read(), DecodeOptions(size_guard(1 << 28), lenient=True))
            except DecodeError:
                return

        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        read("good")
        for name in sys.argv[1:]:
            before = peak()
            read(name)
            print(name, peak() - before)
    """
    names = [f"{number:02}" for number in range(len(LYING))]
    ended = measured("-c", textwrap.dedent(script), *names)
    assert ended.code == 0, ended.err
    taken = {name: int(line.split()[1]) for name, line in zip(LYING, ended.out.splitlines(), strict=True)}
    limits = {name: (1 << 25) + 4096 * len(data) for name, data in LYING.items()}
    assert {name: kilobytes for name, kilobytes in taken.items() if kilobytes << 10 > limits[name]} == {}
    assert max(taken.values()) << 10 < 15000 * 15000
