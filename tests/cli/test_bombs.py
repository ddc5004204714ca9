"""Small files that ask for much, and inputs without an end: work is linear in the bytes, and memory bounded.

Each bomb is made by a function of its size. It is refused by a line, or decoded, with work that grows as its bytes do.
"""

import functools
import importlib.util
import io
import struct
import textwrap
import zlib
from pathlib import Path

import pytest
from imfilter.cli import bounded_read
from imfilter.cli.batch import inputs, recipe, recipe_file
from imfilter.cli.images import decode, image_stream
from imfilter.cli.images.formats import FORMATS
from imfilter.cli.images.picture import DecodeError, DecodeOptions, Frames, size_guard
from PIL import Image

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
KEEP = ("conv", "--kernel", "1")
MANY = 1 << 17
"""The size of most bombs: each is some hundred KB to a few MB."""
ENDLESS = "ulimit -v 900000; imfilter blur - -o out.png; echo $?"


# ---- the bombs --------------------------------------------------------------------------------------


def png(*parts, size=(2, 2), pixels=bytes(6)):
    header = corpus.chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0))
    image = corpus.chunk(b"IDAT", zlib.compress(pixels, 9))
    return b"".join([b"\x89PNG\r\n\x1a\n", header, *parts, image, corpus.chunk(b"IEND")])


def apng(count, side):
    """An animation whose first frame is its canvas, and the others a pixel of it each."""
    parts = [corpus.chunk(b"acTL", struct.pack(">II", count, 0))]
    after = []
    for number in range(count):
        first = number == 0
        control = struct.pack(">IIIIIHHBB", max(2 * number - 1, 0), *(2 * (side if first else 1,)), 0, 0, 1, 10, 0, 0)
        (parts if first else after).append(corpus.chunk(b"fcTL", control))
        if not first:
            after.append(corpus.chunk(b"fdAT", struct.pack(">I", 2 * number) + zlib.compress(bytes(2))))
    whole = png(*parts, size=(side, side), pixels=bytes((side + 1) * side))
    return whole[:-12] + b"".join(after) + whole[-12:]


def gif(side, *parts):
    return b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6) + b"".join(parts) + b";"


PIXEL = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
"""A frame of a GIF."""


def webp(count, side):
    file = io.BytesIO()
    Image.new("RGB", (1, 1)).save(file, "WEBP", lossless=True)

    def chunk(name, body):
        return struct.pack("<4sI", name, len(body)) + body + bytes(len(body) % 2)

    sides = 2 * struct.pack("<I", side - 1)[:3]
    frame = chunk(b"ANMF", bytes(12) + b"\1\0\0\0" + file.getvalue()[12:])
    body = chunk(b"VP8X", struct.pack("<I", 2) + sides) + chunk(b"ANIM", bytes(6)) + count * frame
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def jpeg(side=8, **options):
    file = io.BytesIO()
    Image.new("L", (side, side), 99).save(file, "JPEG", **options)
    return file.getvalue()


def in_jpeg(part):
    return jpeg()[:2] + part + jpeg()[2:]


def scans(count, side):
    """A progressive JPEG with more scans, each of a code that says that so many blocks stay as they are."""
    table = b"\xff\xc4" + struct.pack(">H", 21) + b"\x10" + bytes([1, 1] + 14 * [0]) + b"\xe0\0"
    scan = b"\xff\xda\0\x08\1\1\0\x3f\x3f\0" + 3 * b"\x7f\xff\0"
    return jpeg(side, progressive=True)[:-2] + table + count * scan + b"\xff\xd9"


def tiff(pages, data, **tags):
    """Pages alike that share their *data*, the strips' and what tags point to, which begin at 8."""
    out = bytearray(b"II*\0" + bytes(4) + data + bytes(len(data) % 2))
    link = 4
    given = {256: 1, 257: 1, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 1}
    given |= {int(name[1:]): value for name, value in tags.items()}
    entries = b"".join(
        struct.pack("<HHII", tag, *(value if isinstance(value, tuple) else (4, 1, value)))
        for tag, value in sorted(given.items())
        if value is not None
    )
    for _ in range(pages):
        struct.pack_into("<I", out, link, len(out))
        out += struct.pack("<H", len(entries) // 12) + entries
        link = len(out)
        out += bytes(4)
    return bytes(out)


def strips(count, part, **tags):
    """A page of *count* rows of a pixel, the strips of which are one."""
    part += bytes(len(part) % 2)
    at = 8 + len(part)
    data = part + struct.pack(f"<{count}I", *count * [8]) + struct.pack(f"<{count}I", *count * [len(part)])
    return tiff(1, data, t257=count, t273=(4, count, at), t279=(4, count, at + 4 * count), **tags)


def tiles(count):
    """A page of *count* rows of a pixel in tiles of 4 million, each its own."""
    part = zlib.compress(bytes(1 << 22), 9)
    part += bytes(len(part) % 2)
    at = 8 + count * len(part)
    places = [8 + number * len(part) for number in range(count)]
    data = count * part + struct.pack(f"<{count}I", *places) + struct.pack(f"<{count}I", *count * [len(part)])
    tags = {"t322": 1 << 22, "t323": 1, "t324": (4, count, at), "t325": (4, count, at + 4 * count)}
    return tiff(1, data, t257=count, t259=8, t273=None, t278=None, t279=None, **tags)


def sgi(rows, length):
    """An image whose rows of runs are one, with a long tail."""
    head = b"\x01\xda\1\1" + struct.pack(">HHHH", 3, 100, rows, 1) + bytes(500)
    return (
        head
        + struct.pack(f">{rows}I", *rows * [512 + 8 * rows])
        + struct.pack(f">{rows}I", *rows * [length])
        + (b"\x64\x01\0" + bytes(length))
    )


def fits(*cards):
    return b"".join(card.ljust(80) for card in (b"SIMPLE  =                    T", b"BITPIX  = 8", *cards))


BOMBS = {
    "PNM blanks": (lambda n: b"P5" + n * b" " + b"2 2 255\nabcd", 8 * MANY, "no size"),
    "PNM comments": (lambda n: b"P5\n" + n * b"#\n" + b"2 2 255\nabcd", 4 * MANY, "no size"),
    "PNM a comment": (lambda n: b"P5\n" + n * b"#", 8 * MANY, "no size"),
    "PNM few comments": (lambda n: b"P5\n" + n * b"# x\n" + b"2 2 255\nabcd", 1 << 15, ""),
    "PNM maximum": (lambda n: b"P5 2 2" + n * b"\n" + b"255\nabcd", 8 * MANY, "no maximum"),
    "PNM text of blanks": (lambda n: b"P2 2 2 255 1 2 3" + n * b" " + b"4", 8 * MANY, ""),
    "PNM text of comments": (lambda n: b"P2 2 2 255 1 2 3" + n * b"#x\n" + b"4", 4 * MANY, ""),
    "PNM text of a word": (lambda n: b"P2 2 2 255 1 2 3" + n * b"4", 8 * MANY, "not every sample"),
    "PNM texts": (lambda n: n * b"P2 1 1 9 1\n", 10500, "frames"),
    "PNM texts without blanks": (lambda n: n * b"P1 1 1 1" + b"\nP1 1 1 1", 10500, ""),
    "PNM images": (lambda n: n * b"P5 1 1 255\nx", 10500, "frames"),
    "PAM lines": (lambda n: b"P7\n" + n * b"A b\n" + b"ENDHDR\n", 2 * MANY, "no ENDHDR"),
    "PAM without an end": (lambda n: b"P7\n" + n * b"A b\n", 2 * MANY, "no ENDHDR"),
    "PFM blanks": (lambda n: b"Pf" + n * b" " + b"2 2 -1.0\n" + bytes(16), 8 * MANY, "no size"),
    "PNG empty chunks": (lambda n: png(n * corpus.chunk(b"teSt")), MANY, "chunks"),
    "PNG empty IDATs": (lambda n: png(n * corpus.chunk(b"IDAT")), MANY, "chunks"),
    "PNG pixels": (lambda n: png(pixels=bytes(1000 * n)), MANY, ""),
    "APNG canvas": (lambda n: apng(n, 2000), 1500, "in all"),
    "GIF canvas": (lambda n: gif(16000, n * PIXEL), 1, "declares 16000×16000 pixels"),
    "GIF frames": (lambda n: gif(2000, n * PIXEL), 1500, "in all"),
    "GIF frames of few bytes": (lambda n: gif(2000, n * PIXEL), 100, "400000000 pixels in all; the limit is 268435456"),
    "GIF junk": (lambda n: gif(1, bytes(n), PIXEL), MANY, ""),
    "GIF comments": (lambda n: gif(1, n * b"\x21\xfe\1a\0", PIXEL), MANY // 16, ""),
    "GIF blocks": (lambda n: gif(1, PIXEL[:11] + n * b"\1\x44" + b"\0"), MANY // 4, "more pixels than its size"),
    "WebP canvas": (lambda n: webp(n, 4000), 300, "in all"),
    "JPEG segments": (lambda n: in_jpeg(n * b"\xff\xee\0\2"), MANY, "segments"),
    "JPEG comments": (lambda n: in_jpeg(n * b"\xff\xfe\0\2"), MANY, "segments"),
    "JPEG bytes 255": (lambda n: in_jpeg(n * b"\xff"), 9 * MANY, "bytes 255"),
    "JPEG restarts": (lambda n: jpeg()[:-2] + n * b"\xff\xd0" + b"\xff\xd9", MANY, "restart markers"),
    "JPEG ends behind it": (lambda n: jpeg() + n * b"\xff\xd9", MANY, ""),
    "JPEG scans": (lambda n: scans(n, 16), 600, "606 scans; the limit for its size is 500"),
    "JPEG scans of a large one": (lambda n: scans(n, 6000), 100, "106 scans; the limit for its size is 64"),
    "TIFF pages of one strip": (lambda n: tiff(n, bytes(1 << 20), t256=1024, t257=1024, t279=1 << 20), 5000, "in all"),
    "TIFF strips of one": (lambda n: strips(n, zlib.compress(b"a") + bytes(MANY), t259=8), 4000, "overlap"),
    "TIFF LZW strips of one": (lambda n: strips(n, bytes(MANY), t259=5), 4000, "overlap"),
    "TIFF strips in another order": (lambda n: strips(n, bytes(MANY), t259=8, t266=2), 4000, "overlap"),
    "TIFF JPEG strips of one": (lambda n: strips(n, jpeg() + bytes(MANY), t259=7), 4000, "overlap"),
    "TIFF tiles": (tiles, 300, "tiles"),
    "SGI rows": (lambda n: sgi(n, n), 16000, "overlap"),
    "FITS without an end": (lambda n: fits(n * b"HISTORY".ljust(80)), MANY // 16, "no END"),
    "HDR lines": (lambda n: b"#?RADIANCE\n" + n * b"A=b\n" + b"\n-Y 1 +X 1\nabcd", 4 * MANY, ""),
    "QOI": (lambda n: b"qoif" + struct.pack(">IIBB", 62 * n, 1, 3, 0) + n * b"\xfd" + bytes(7) + b"\1", 4000, ""),
    "NPY header": (lambda n: b"\x93NUMPY\2\0\xf0\xff\xff\xff" + n * b"{", MANY, "longer than 10000"),
}
"""What each bomb is made by, of which size, and what is said of it; nothing where it is a picture."""


@functools.cache
def bomb(name, part=1.0):
    make, size, _ = BOMBS[name]
    return make(max(int(part * size), 1))


def decoded(data):
    """Decode all of a file as the command does, and the first of its frames; return what it is refused for."""
    try:
        found = decode.decode(data, DecodeOptions(size_guard(1 << 28)))
        if isinstance(found, Frames):
            found.check_pixels()
            next(found.each())
    except DecodeError as error:
        return str(error)
    return ""


@pytest.mark.each("name", BOMBS)
def test_a_bomb_is_a_line_or_a_picture(run, folder, name):
    (folder / "in").write_bytes(bomb(name))
    ended = run(*KEEP, "in", "-o", "out.tif", "-q")
    said = BOMBS[name][2]
    assert ended.code == bool(said), ended.err
    assert len(ended.lines) == ended.code
    assert said in ended.err
    assert (folder / "out.tif").exists() == (not said)
    (folder / "out.tif").unlink(missing_ok=True)


@pytest.mark.each("name", BOMBS)
def test_the_work_of_a_bomb_is_linear_in_its_size(work, name):
    small, large = (bomb(name, part) for part in (1 / 64, 1 / 16))
    decoded(small)  # imports, and what is made once
    most = 6 * work(lambda: decoded(small)) + 2000
    assert work(lambda: decoded(large)) <= most


PEAKS = """
    import importlib.util, resource, sys
    spec = importlib.util.spec_from_file_location("bombs", sys.argv[1])
    bombs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bombs)
    for name in bombs.BOMBS:
        with open(name.replace(" ", "-"), "rb") as file:
            bombs.decoded(file.read())
        print(name, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
"""


def test_the_memory_of_all_bombs_is_bounded(measured, folder):
    """A process that decodes them all takes what a picture of a megapixel takes beside its libraries, and no more."""
    for name in BOMBS:
        (folder / name.replace(" ", "-")).write_bytes(bomb(name))
    ended = measured("-c", textwrap.dedent(PEAKS), __file__)
    assert ended.code == 0, ended.err
    assert ended.peak < 200 << 20, ended.out


@pytest.mark.each("name", ["PNG empty chunks", "PNG empty IDATs", "JPEG segments", "TIFF pages of one strip"])
def test_a_lenient_call_keeps_the_limits(name):
    with pytest.raises(DecodeError) as error:
        decode.decode(bomb(name), DecodeOptions(size_guard(1 << 28), lenient=True))
    assert BOMBS[name][2] in str(error.value)


# ---- what is no bomb --------------------------------------------------------------------------------


def test_strips_that_are_alike_may_be_one(ok, load, folder):
    """Writers keep what is blank once."""
    (folder / "in.tif").write_bytes(strips(3000, zlib.compress(b"a"), t259=8))
    ok(*KEEP, "in.tif", "-o", "out.png")
    assert (load("out.png") == ord("a")).all()


@pytest.mark.each(
    "behind, max_pixels, limit",
    [(0, "200k", 4096 * 620), (400, "200k", 3200000), (4000, "200k", 1024 * 4620), (0, "3m", 3000000)],
)
def test_an_animation_of_a_large_canvas_is_limited_by_max_pixels(run, folder, behind, max_pixels, limit):
    """By its bytes, too: 4096 pixels for each of a short one, and 1024 for each of a long one."""
    (folder / "in.gif").write_bytes(gif(400, 40 * PIXEL, bytes(behind)))
    assert run(*KEEP, "in.gif", "-o", "out.gif").code == 0
    ended = run(*KEEP, "in.gif", "-o", "out.gif", "--max-pixels", max_pixels)
    assert f"has 40 frames of 6400000 pixels in all; the limit is {limit} (--max-pixels raises it)" in ended.err
    assert run(*KEEP, "in.gif", "-o", "out.png", "--frame", "3", "--max-pixels", max_pixels).code == 0
    ended = run(*KEEP, "in.gif", "-o", "out2.png", "--frame", "35", "--max-pixels", max_pixels)
    assert f"frame {limit // 160000} and those before it have more than {limit} pixels" in ended.err


def test_each_page_costs_its_own_bytes(work):
    """A page that Pillow decodes was a copy of the whole file."""
    strip = jpeg()
    few, many = (tiff(n, strip + bytes(1 << 20), t256=8, t257=8, t259=7, t278=8, t279=len(strip)) for n in (20, 80))
    pages = decode.decode(many, DecodeOptions(size_guard(1 << 28)))
    assert sum(1 for _ in pages.each()) == 80

    def each(data):
        return lambda: list(decode.decode(data, DecodeOptions(size_guard(1 << 28))).each())

    assert work(each(many)) <= 5 * work(each(few))


# ---- inputs without an end --------------------------------------------------------------------------


class Endless(io.RawIOBase):
    """A pipe that gives *head*, and then the same bytes for ever; it knows how many it gave."""

    def __init__(self, head, then=b"\0"):
        self.head, self.then, self.given = head, then, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        piece = self.head or self.then * (len(buffer) // len(self.then))
        count = min(len(piece), len(buffer))
        buffer[:count] = piece[:count]
        self.head = self.head[count:]
        self.given += count
        return count


MOST = 1 << 22


def begun(format, head, then):
    """Return a pipe without an end, and what feeds the images of it, which has read the first two bytes."""
    pipe = Endless(head, then)
    feed = image_stream.Feed(head[:2], FORMATS[format], io.BufferedReader(pipe), MOST)
    pipe.head = pipe.head[2:]
    return pipe, feed


@pytest.mark.each(
    "format, head, then",
    [
        ("jpeg", b"\xff\xd8\xff\xe0", b"\0"),
        ("jpeg", b"\xff\xd8\xff\xe0\0\4aa", b"y\n"),
        ("jpeg", jpeg()[:-2], b"\xff\x00"),
        ("png", b"\x89PNG\r\n\x1a\n", corpus.chunk(b"teSt")),
        ("ppm", b"P3 2 2 255\n", b"1\n"),
        ("ppm", b"P6 100000 100000 255\n", b"\0"),
    ],
)
def test_an_image_that_never_ends_is_read_to_a_limit(format, head, then):
    pipe, feed = begun(format, head, then)
    with pytest.raises(DecodeError, match="has more than 4 MiB, the limit for an image from a pipe"):
        feed.take()
    assert pipe.given <= MOST + image_stream.PIECE + io.DEFAULT_BUFFER_SIZE


@pytest.mark.each(
    "format, head, then",
    [
        ("png", b"\x89PNG\r\n\x1a\n", b"\0"),
        ("png", png(), b"\0"),
        ("ppm", b"P6", b" "),
        ("ppm", b"P6\n", b"#x\n"),
        ("ppm", b"P6 1 1 255\nabc", b"\n"),
        ("pam", b"P7\n", b"A b\n"),
    ],
)
def test_what_no_header_or_image_belongs_to_is_not_waited_for(format, head, then):
    pipe, feed = begun(format, head, then)
    feed.take()
    assert pipe.given <= 2 * MOST


def test_what_follows_the_last_image_of_a_pipe_is_read_to_a_limit(monkeypatch):
    monkeypatch.setattr(image_stream, "MOST_BEHIND", MOST)
    pipe = Endless(b"")
    feed = image_stream.Feed(png(), FORMATS["png"], io.BufferedReader(pipe), MOST)
    assert feed.take() == png()
    assert not feed.has_more()
    assert len(feed.rest()) <= MOST + image_stream.PIECE
    assert pipe.given <= MOST + image_stream.PIECE + io.DEFAULT_BUFFER_SIZE


def test_reading_ends_at_the_limit():
    pipe = Endless(b"")
    with pytest.raises(bounded_read.TooLongError, match="4 MiB"):
        bounded_read.read(pipe, MOST)
    assert pipe.given == MOST + 1
    assert bounded_read.read(io.BytesIO(b"bc"), 3, b"a") == b"abc"


@pytest.mark.each(
    "key", ["a" + ".a" * 20000, '["=" . "b"' + " . 'c#'" * 20000 + "]", "a = {b" + ".b" * 20000 + " = 1}"]
)
def test_a_key_of_many_parts_is_refused(refused, png, work, key):
    """The parser takes the square of them."""
    Path("r.toml").write_text(f"[[step]]\n{key}")
    assert "r.toml: is not a recipe: a key has more than 64 parts" in refused(
        2, "run", "r.toml", "a.png", "-o", "b.png"
    )


def test_a_recipe_with_many_dots_is_one(ok, png):
    weights = " ".join(["0.1"] * 77)
    Path("r.toml").write_text(f"# {'.' * 100}\n[[step]]\nfilter = 'conv'\nkernel = '{weights}'\n")
    ok("run", "r.toml", "a.png", "-o", "b.png")
    listed = ", ".join(["0.001"] * 100)
    Path("r.toml").write_text(f"step = [{{filter = 'conv', kernel = [{listed}]}}]")
    assert recipe_file.load("r.toml").steps[0].name == "conv"


def test_a_chain_has_a_hundred_steps(ok, refused, png):
    ok("chain", "a.png", *["edges --op canny"] * 100, "-o", "b.png")
    said = refused(2, "chain", "a.png", *["blur"] * 101, "-o", "c.png")
    assert "has 101 steps; the limit is 100" in said


@pytest.mark.needs("/dev/zero")
@pytest.mark.each(
    "words, said",
    [
        (("blur", "-o", "out/", "--files-from", "/dev/zero"), "has more than 1 MiB, the limit for a list; split it"),
        (("blur", "-o", "out/", "-0", "--files-from", "/dev/zero"), "has more than 1 MiB, the limit for a list"),
        (("run", "/dev/zero", "a.png", "-o", "b.png"), "/dev/zero: is not a recipe: has more than 1 MiB"),
        (("conv", "a.png", "--kernel", "/dev/zero", "-o", "b.png"), "more than 1 MiB, the limit for a kernel or bias"),
        (("conv", "a.png", "--kernel", "haar", "--bias", "/dev/zero", "-o", "b.npy"), "the limit for a kernel or bias"),
        (("chain", "a.png", "conv --kernel /dev/zero", "-o", "b.png"), "the limit for a kernel or bias"),
        (("blur", "a.png", "--mask", "/dev/zero", "-o", "b.png"), "--mask /dev/zero: is neither an image"),
    ],
)
def test_a_device_that_never_ends_is_refused(refused, png, monkeypatch, words, said):
    for module, name in ((inputs, "MOST_OF_A_LIST"), (recipe, "MOST_BYTES"), (recipe_file, "MOST_BYTES")):
        monkeypatch.setattr(module, name, 1 << 20)
    assert said in refused(2, *words)


@pytest.mark.needs("/dev/zero", "ulimit -v 900000")
@pytest.mark.each(
    "head, code, said",
    [
        (r"II*\0\10\0\0\0", 1, b"the limit for an image from a pipe; save it as a file"),
        (r"\211PNG\r\n\032\n", 1, b"but not with an IHDR chunk"),
        (r"P5 1 1 255\na", 0, b""),
    ],
)
def test_standard_input_that_never_ends_is_refused(shell, head, code, said):
    ended = shell(f"{{ printf '{head}'; cat /dev/zero; }} | {{ {ENDLESS}; }}", env={"OPENBLAS_NUM_THREADS": "1"})
    assert ended.stdout == b"%d\n" % code
    assert len(ended.stderr.splitlines()) == code
    assert said in ended.stderr
