"""PNGs that are damaged are refused, whatever decoders say; those that are odd and valid are taken."""

import io
import itertools
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.images.png import integrity
from PIL import Image

KEEP = ("conv", "--kernel", "1")
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name, data=b""):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def header(colour_type=0, depth=8, width=8, height=10, compression=0, filter=0, interlace=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, compression, filter, interlace))


def rows(samples):
    return b"".join(b"\0" + row.tobytes() for row in samples)


GRAY = np.arange(80, dtype=np.uint8).reshape(10, 8)
INDICES = GRAY % 3
RGB = np.dstack([GRAY, GRAY + 1, GRAY + 2])
DATA = zlib.compress(rows(GRAY))
INDEXED = zlib.compress(rows(INDICES))
PALETTE = bytes([10, 20, 30, 40, 50, 60, 70, 80, 90])
COLOURS = np.frombuffer(PALETTE, np.uint8).reshape(3, 3)[INDICES]
IDAT = chunk(b"IDAT", DATA)
PLTE = chunk(b"PLTE", PALETTE)
END = chunk(b"IEND")
TEXT = chunk(b"tEXt", b"Title\0a")


def png(*parts):
    return SIGNATURE + b"".join(parts)


def indexed(*parts):
    return png(header(3), *parts, END)


BAD = {
    "palette missing": (indexed(chunk(b"IDAT", INDEXED)), "no palette"),
    "palette behind the pixels": (indexed(chunk(b"IDAT", INDEXED), PLTE), "no palette"),
    "palette of no colours": (indexed(chunk(b"PLTE"), chunk(b"IDAT", INDEXED)), "its palette has 0 bytes"),
    "palette of thirds": (indexed(chunk(b"PLTE", PALETTE[:-1]), chunk(b"IDAT", INDEXED)), "its palette has 8 bytes"),
    "palette of 257": (indexed(chunk(b"PLTE", bytes(771)), chunk(b"IDAT", INDEXED)), "its palette has 771 bytes"),
    "palette twice": (indexed(PLTE, PLTE, chunk(b"IDAT", INDEXED)), "two chunks PLTE"),
    "index beyond the palette": (
        indexed(chunk(b"PLTE", PALETTE[:6]), chunk(b"IDAT", INDEXED)),
        "its palette has 2 colours, but a pixel has number 2",
    ),
    "unknown critical chunk": (png(header(), chunk(b"ABCD", b"x"), IDAT, END), "the critical chunk ABCD"),
    "unknown critical chunk behind": (png(header(), IDAT, chunk(b"ABCD", b"x"), END), "the critical chunk ABCD"),
    "a PNG for iPhones": (SIGNATURE + header() + chunk(b"CgBI", bytes(4)) + IDAT + END, "a PNG for iPhones"),
    "a name that is none": (png(header(), chunk(b"a1\0~", b"x"), IDAT, END), "a chunk called a1\\x00~"),
    "no checksum of the pixels": (png(header(), chunk(b"IDAT", DATA[:-4]), END), "have no end"),
    "half a checksum of the pixels": (png(header(), chunk(b"IDAT", DATA[:-2]), END), "have no end"),
    "a wrong checksum of the pixels": (
        png(header(), chunk(b"IDAT", DATA[:-1] + bytes([DATA[-1] ^ 1])), END),
        "do not match their checksum",
    ),
    "pixels cut off": (png(header(), chunk(b"IDAT", DATA[:-20]), END), "damaged"),
    "pixels cut off, white at the end": (
        png(header(), chunk(b"IDAT", zlib.compress(rows(GRAY | 1), 0)[:-9]), END),
        "of 90 bytes of rows",
    ),
    "pixels interrupted": (
        png(header(), chunk(b"IDAT", DATA[:20]), TEXT, chunk(b"IDAT", DATA[20:]), END),
        "its chunk tEXt is between its IDATs",
    ),
    "no pixels": (png(header(), TEXT, END), "no pixels"),
    "transparency of one byte": (png(header(), chunk(b"tRNS", b"\0"), IDAT, END), "tRNS has 1 bytes"),
    "transparency of three gray levels": (png(header(), chunk(b"tRNS", bytes(6)), IDAT, END), "tRNS has 6 bytes"),
    "transparency of RGB in two bytes": (
        png(header(2), chunk(b"tRNS", bytes(2)), chunk(b"IDAT", zlib.compress(rows(RGB))), END),
        "tRNS has 2 bytes",
    ),
    "transparency of more than the palette": (
        indexed(PLTE, chunk(b"tRNS", bytes(4)), chunk(b"IDAT", INDEXED)),
        "its palette has 3 colours, and tRNS 4",
    ),
    "transparency before the palette": (
        indexed(chunk(b"tRNS", bytes(3)), PLTE, chunk(b"IDAT", INDEXED)),
        "tRNS is before its palette",
    ),
    "transparency behind the pixels": (png(header(), IDAT, chunk(b"tRNS", bytes(2)), END), "tRNS is after"),
    "transparency twice": (png(header(), 2 * chunk(b"tRNS", bytes(2)), IDAT, END), "two chunks tRNS"),
    "a header twice": (png(header(), header(), IDAT, END), "two chunks IHDR"),
    "a header behind": (png(TEXT, header(), IDAT, END), "not with an IHDR chunk"),
    "a short header": (png(chunk(b"IHDR", bytes(12)), IDAT, END), "not with an IHDR chunk"),
    "a long header": (png(chunk(b"IHDR", header()[8:21] + b"x"), IDAT, END), "not with an IHDR chunk"),
    "a filter method": (png(header(filter=1), IDAT, END), "no filter method 1"),
    "an interlacing": (png(header(interlace=2), IDAT, END), "no interlacing 2"),
    # The kinds of PngSuite, which it calls xc1, xc9, xd0, xd3, xd9, xdt, xhd, xcs, xcr, xlf, xs1 to xs7.
    "colour type 1": (png(header(1), IDAT, END), "colour type 1 with 8 bits"),
    "colour type 9": (png(header(9), IDAT, END), "colour type 9 with 8 bits"),
    "depth 0": (png(header(2, 0), IDAT, END), "colour type 2 with 0 bits"),
    "depth 3": (png(header(2, 3), IDAT, END), "colour type 2 with 3 bits"),
    "depth 99": (png(header(2, 99), IDAT, END), "colour type 2 with 99 bits"),
    "checksum of the header": (png(header()[:-1] + b"?", IDAT, END), "checksum of its chunk IHDR"),
    "checksum of the pixels' chunk": (png(header(), IDAT[:-1] + b"?", END), "checksum of its chunk IDAT"),
    "line feeds only": (b"\x89PNG\n\n\x1a\n" + header() + IDAT + END, "neither an image of a known format"),
    "a signature without its first bit": (b"\x09PNG\r\n\x1a\n" + header() + IDAT + END, "neither an image"),
}
BEYOND_MENDING = ("palette missing", "palette of no colours")
"""Of these no picture is left."""


@pytest.mark.each("case", BAD)
def test_damage_is_refused(refused, folder, case):
    data, said = BAD[case]
    (folder / "in.png").write_bytes(data)
    line = refused(1, *KEEP, "in.png", "-o", "out.png")
    assert said in line, (case, line)


@pytest.mark.each("case", [case for case in BAD if case.startswith(("pal", "unk", "no ch", "a wr", "pixels", "trans"))])
def test_what_is_left_is_taken_where_that_is_asked_for(run, load, folder, case):
    (folder / "in.png").write_bytes(BAD[case][0])
    (folder / "out.png").unlink(missing_ok=True)
    ended = run(*KEEP, "in.png", "-o", "out.png", "--lenient")
    assert (folder / "out.png").exists() == (ended.code == 0)
    if case in BEYOND_MENDING:
        assert (ended.code, len(ended.lines)) == (1, 1), (case, ended.err)
        return
    assert ended.code == 0, (case, ended.err)
    assert ended.lines[0].endswith("the readable part was used")
    found = load("out.png")
    if case in ("no checksum of the pixels", "a wrong checksum of the pixels", "pixels interrupted"):
        assert np.array_equal(found, GRAY)
    if case in ("palette behind the pixels", "palette twice", "transparency of more than the palette"):
        assert np.array_equal(found[..., :3], COLOURS)


ODD = {
    "empty IDATs": (png(header(), chunk(b"IDAT"), IDAT, chunk(b"IDAT"), END), GRAY),
    "an IDAT for each byte": (png(header(), *(chunk(b"IDAT", bytes([byte])) for byte in DATA), END), GRAY),
    "rows that are too many": (png(header(), chunk(b"IDAT", zlib.compress(rows(GRAY) + bytes(99))), END), GRAY),
    "bytes behind the compressed data": (png(header(), chunk(b"IDAT", DATA + b"behind"), END), GRAY),
    "unknown ancillary chunks": (png(header(), chunk(b"abCd", b"x"), IDAT, chunk(b"qqQq"), END), GRAY),
    "a palette that only suggests": (
        png(header(2), PLTE, chunk(b"IDAT", zlib.compress(rows(RGB))), END),
        RGB,
    ),
    "a palette with gray": (png(header(), PLTE, IDAT, END), GRAY),
    "more colours than indices": (
        png(header(3, 1), PLTE, chunk(b"IDAT", zlib.compress(b"\0\x55" * 10)), END),
        np.tile([[[10, 20, 30], [40, 50, 60]]], (10, 4, 1)),
    ),
    "fewer colours than indices, none of them used": (indexed(PLTE, chunk(b"IDAT", INDEXED)), COLOURS),
    "rubbish behind the end": (png(header(), IDAT, END) + b"rubbish", GRAY),
    "an end that holds something": (png(header(), IDAT, chunk(b"IEND", b"x")), GRAY),
    "texts behind the pixels": (png(header(), IDAT, TEXT, chunk(b"tIME", bytes([7, 208, 1, 1, 0, 0, 0])), END), GRAY),
}


@pytest.mark.each("case", ODD)
def test_what_is_odd_and_valid_is_taken(ok, folder, case):
    data, expected = ODD[case]
    (folder / "in.png").write_bytes(data)
    ok(*KEEP, "in.png", "-o", "out.npy", "--depth", "8")
    assert np.array_equal(np.load("out.npy"), expected), case


@pytest.mark.each("interlace, colour_type", list(itertools.product((0, 1), (0, 2, 4, 6))))
def test_a_large_file_is_looked_through_beside_its_decoder(ok, refused, folder, interlace, colour_type):
    """In a thread; what is wrong there is said here."""
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour_type]
    size = 1 + int((1.5 * integrity.PIECE / channels) ** 0.5)
    noise = np.random.default_rng(1).integers(1, 256, (size, size, channels), np.uint8)
    passes = integrity.ADAM7 if interlace else ((0, 0, 1, 1),)
    data = b"".join(
        rows(noise[top::down, left::across].reshape(-1, len(noise[0, left::across]) * channels))
        for left, top, across, down in passes
    )
    head = header(colour_type, 8, size, size, interlace=interlace)
    packed = zlib.compress(data, 1)
    (folder / "in.png").write_bytes(png(head, chunk(b"IDAT", packed), END))
    ok(*KEEP, "in.png", "-o", "out.png")
    (folder / "in.png").write_bytes(png(head, chunk(b"IDAT", packed[:-4] + bytes(4)), END))
    assert "do not match their checksum" in refused(1, *KEEP, "in.png", "-o", "out.png")


# ---- texts and profiles -----------------------------------------------------------------------------


def profile(length):
    """An ICC profile of a length: its header, a table of no tags, and noise behind it."""
    head = bytearray(132)
    struct.pack_into(">I", head, 0, length)
    head[12:20], head[36:40] = b"mntrRGB ", b"acsp"
    return bytes(head) + np.random.default_rng(1).bytes(length - 132)


def xmp(length):
    return b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b"text " * (length // 5) + b"</x:xmpmeta>"


def test_a_large_profile_and_text_are_read_again(ok, folder):
    icc, packet = profile(3 << 20), xmp(2 << 20)
    compressed = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet))
    comment = chunk(b"zTXt", b"Description\0\0" + zlib.compress(b"long " * (1 << 19)))
    parts = chunk(b"iCCP", b"p\0\0" + zlib.compress(icc)), compressed, comment
    colours = chunk(b"IDAT", zlib.compress(rows(RGB)))
    (folder / "in.png").write_bytes(png(header(2), *parts, colours, END))
    for source, target in (("in.png", "out.png"), ("out.png", "again.png")):
        ok(*KEEP, source, "-o", target)
        with Image.open(target) as image:
            names = [name for name, _ in found(Path(target).read_bytes())]
            assert image.size == (8, 10)
            assert b"iCCP" in names
        carried = dict(found(Path(target).read_bytes()))
        assert zlib.decompress(carried[b"iCCP"].split(b"\0\0", 1)[1]) == icc
        assert packet in Path(target).read_bytes()
        assert b"long " * 1000 in Path(target).read_bytes()


def found(data):
    at, chunks = 8, []
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        chunks.append((name, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def bomb(size):
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join([*parts, packer.flush()])


@pytest.mark.each("kind", ["one", "many", "profile", "international"])
def test_texts_that_unpack_to_too_much_are_refused_or_left_out(refused, run, load, folder, monkeypatch, kind):
    monkeypatch.setattr(integrity, "MOST_TEXT", 4 << 20)
    half = bomb(integrity.MOST_TEXT // 2 + (1 << 20))
    texts = {
        "one": [chunk(b"zTXt", b"a\0\0" + bomb(integrity.MOST_TEXT + (2 << 20)))],
        "many": [chunk(b"zTXt", b"a\0\0" + half), chunk(b"zTXt", b"b\0\0" + half)],
        "profile": [chunk(b"iCCP", b"p\0\0" + half), chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + half)],
        "international": [chunk(b"iTXt", b"a\0\1\0en\0b\0" + bomb(integrity.MOST_TEXT + (2 << 20)))],
    }
    (folder / "in.png").write_bytes(png(header(), *texts[kind], IDAT, END))
    said = refused(1, *KEEP, "in.png", "-o", "out.png")
    assert "texts or an ICC profile of more than 4 MB; --lenient leaves them out" in said
    assert run(*KEEP, "in.png", "-o", "out.png", "--lenient").code == 0
    assert np.array_equal(load("out.png"), GRAY)
    assert len(Path("out.png").read_bytes()) <= integrity.MOST_TEXT


# ---- frames -----------------------------------------------------------------------------------------


def animation(frames, count=None):
    """An APNG of `(left, top, samples)`; the first frame fixes the canvas."""
    height, width = frames[0][2].shape
    parts = [header(0, 8, width, height), chunk(b"acTL", struct.pack(">II", count or len(frames), 0))]
    sequence = 0
    for number, (left, top, samples) in enumerate(frames):
        high, wide = samples.shape
        control = struct.pack(">IIIIIHHBB", sequence, wide, high, left, top, 1, 10, 0, 0)
        parts.append(chunk(b"fcTL", control))
        sequence += 1
        packed = zlib.compress(rows(samples))
        if number == 0:
            parts.append(chunk(b"IDAT", packed))
        else:
            parts.append(chunk(b"fdAT", struct.pack(">I", sequence) + packed))
            sequence += 1
    return png(*parts, END)


def frames_of(path):
    with Image.open(path) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            yield np.asarray(image.convert("L"))


@pytest.mark.parametrize("number", [0, 1])
def test_a_frame_out_of_its_canvas_is_refused_or_cut(refused, run, folder, number):
    """In a file of one frame as in one of several."""
    patch = np.full((6, 5), 200, np.uint8)
    if number:
        data = animation([(0, 0, GRAY), (5, 7, patch)])
        where = "frame 1 is damaged: it extends beyond its canvas"
    else:
        data = animation([(0, 0, GRAY)])
        at = data.index(b"fcTL")
        control = bytearray(data[at + 4 : at + 30])
        struct.pack_into(">II", control, 12, 5, 7)
        data = data[: at - 4] + chunk(b"fcTL", bytes(control)) + data[at + 34 :]
        where = "is damaged: it extends beyond its canvas"
    (folder / "in.png").write_bytes(data)
    said = refused(1, *KEEP, "in.png", "-o", "out.png")
    assert said.endswith(f"its frame {number} extends beyond its canvas of 8×10")
    ended = run(*KEEP, "in.png", "-o", "out.png", "--lenient")
    assert ended.code == 0
    assert where in ended.err
    expected = GRAY.copy() if number else np.zeros_like(GRAY)
    expected[7:, 5:] = patch[:3, :3] if number else GRAY[:3, :3]
    assert np.array_equal(list(frames_of("out.png"))[-1], expected)


def test_a_frame_that_is_damaged_is_told_of(refused, run, folder):
    data = animation([(0, 0, GRAY), (0, 0, GRAY + 1), (0, 0, GRAY + 2)])
    second = data.index(b"fdAT")
    length = struct.unpack_from(">I", data, second - 4)[0]
    broken = chunk(b"fdAT", data[second + 4 : second + 8] + b"no deflated data")
    (folder / "in.png").write_bytes(data[: second - 4] + broken + data[second + length + 8 :])
    assert "frame 1 is damaged" in refused(1, *KEEP, "in.png", "-o", "out.png")
    ended = run(*KEEP, "in.png", "-o", "out.png", "--lenient")
    assert ended.code == 0
    assert "in.png: frame 1 is damaged" in ended.err
    first, _, third = frames_of("out.png")
    assert np.array_equal(first, GRAY)
    assert np.array_equal(third, GRAY + 2)


def test_frames_that_are_missing_are_told_of(refused, run, folder):
    (folder / "in.png").write_bytes(animation([(0, 0, GRAY), (0, 0, GRAY + 1)], count=3))
    assert "it declares 3 frames but has 2" in refused(1, *KEEP, "in.png", "-o", "out.png")
    ended = run(*KEEP, "in.png", "-o", "out.png", "--lenient")
    assert (ended.code, len(list(frames_of("out.png")))) == (0, 2)
    assert "it declares 3 frames but has 2" in ended.err


def test_pictures_of_any_reader_are_read(ok, load, folder):
    """What Pillow writes, of every mode, is no damage."""
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = Image.fromarray(RGB).convert("L" if mode == "I;16" else mode)
        if mode == "I;16":
            image = Image.fromarray(GRAY.astype(np.uint16) * 257)
        file = io.BytesIO()
        image.save(file, "PNG", optimize=True)
        (folder / "in.png").write_bytes(file.getvalue())
        ok(*KEEP, "in.png", "-o", "out.png")
        with Image.open("out.png") as found:
            expected = image.convert({"1": "L", "P": "RGB"}.get(mode, mode))
            assert np.array_equal(np.asarray(found), np.asarray(expected)), mode
