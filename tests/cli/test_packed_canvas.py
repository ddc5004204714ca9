"""Canvases that are packed while they are filled: the file of the whole, whatever the strips and threads."""

import errno
import gc
import io
import itertools
import os
import random
import threading
import tracemalloc

import numpy as np
import pytest
import tifffile
from imfilter.cli.errors import FileError
from imfilter.cli.images import decode, ifd, plain_canvas
from imfilter.cli.images.atomic_write import Transaction
from imfilter.cli.images.codec import Content, EncodeOptions
from imfilter.cli.images.formats import FORMATS
from imfilter.cli.images.jpeg import encoder as jpeg
from imfilter.cli.images.metadata import Metadata
from imfilter.cli.images.picture import DecodeOptions, Samples, size_guard
from imfilter.cli.images.png import encoder as png
from imfilter.cli.images.spool import Piece, Spool
from imfilter.cli.images.tiff import writer as tiff

STAMP = "made by a test"
DEPTHS = ("uint8", "uint16")
BARE, USUAL = Metadata(), EncodeOptions()
PLAIN = [
    ("pgm", "uint8", 1, False),
    ("pgm", "uint16", 1, False),
    ("ppm", "uint8", 3, False),
    ("ppm", "uint16", 3, False),
    *(
        ("pam", dtype, *kind)
        for dtype in ("uint8", "uint16")
        for kind in ((1, True), (3, False), (3, True), (7, False))
    ),
    ("pfm", "float32", 1, False),
    ("pfm", "float32", 3, False),
    ("pbm", "bool", 1, False),
    *(
        ("npy", dtype, *kind)
        for dtype in ("bool", "uint8", "uint16", "float32", "float64")
        for kind in ((1, False), (1, True), (3, True), (5, False))
    ),
]
SIZES = [(1, 1), (1, 37), (53, 1), (97, 41)]


@pytest.fixture(autouse=True)
def low_blocks(monkeypatch):
    """Blocks of few rows, most of them several to a strip."""
    monkeypatch.setattr(plain_canvas, "BLOCK", 600)


def picture(height, width, channels, dtype, seed=1):
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(seed).integers(0, 40, (height, width, channels))
    values = (x * 2 + y)[..., None] % 200 + noise
    if dtype == "bool":
        return values > 110
    return (values * (257 if dtype == "uint16" else 1)).astype(dtype)


def strips(height, seed):
    """Strips of random heights that cover all rows, almost in their order, as threads hand them in."""
    heights = random.Random(seed)
    bounds = [0]
    while bounds[-1] < height:
        bounds.append(min(height, bounds[-1] + heights.randint(1, 23)))
    found = list(itertools.pairwise(bounds))
    return sorted(found, key=lambda strip: strip[0] + heights.uniform(0, 40))


def fill(canvas, samples, seed=0, threads=3):
    """Fill a canvas as the threads of an image would; return their failures."""
    waiting, failures = iter(strips(len(samples), seed)), []
    lock = threading.Lock()

    def work():
        try:
            while True:
                with lock:
                    start, stop = next(waiting, (0, 0))
                if not stop:
                    return
                for top, bottom in canvas.cuts(start, stop):
                    with canvas.rows(top, bottom) as place:
                        place[...] = samples[top:bottom]
        except BaseException as failure:
            failures.append(failure)

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(60)
        assert not thread.is_alive()
    return failures


def encoded(name, content, file=None):
    file = file or io.BytesIO()
    assert FORMATS[name].codec.encode(file, content) == []
    return file


def whole(name, samples, alpha, colours, metadata=BARE, options=USUAL):
    pixels = samples[..., :-1] if alpha else samples
    content = Content(pixels, samples[..., -1] if alpha else None, metadata, options, STAMP, colours)
    return encoded(name, content).getvalue()


def streamed(name, samples, alpha, colours, spool, metadata=BARE, options=USUAL, **how):
    height, width, channels = samples.shape
    canvas = FORMATS[name].codec.streamed(options, metadata, lambda: spool)(
        (height, width, channels - alpha), samples.dtype.name, alpha=alpha
    )
    assert not fill(canvas, samples, **how)
    assert canvas.shape == (height, width, channels - alpha)
    assert (canvas.dtype, canvas.size, canvas.alpha) == (samples.dtype, height * width * (channels - alpha), alpha)
    return Content(canvas, None, metadata, options, STAMP, colours)


def colours_of(channels):
    return {1: "gray", 3: "rgb"}.get(channels, "bands")


STREAMED = ("pgm", "png", "tiff", "jpeg", "npy", "pfm")


@pytest.mark.each("size", SIZES)
@pytest.mark.each("kind", PLAIN)
def test_streamed_bytes_are_those_of_the_whole(kind, size):
    name, dtype, channels, alpha = kind
    samples = picture(*size, channels + alpha, dtype)
    expected = whole(name, samples, alpha, colours_of(channels))
    for seed, threads in ((0, 1), (1, 3), (2, 3)):
        with Spool(None) as spool:
            content = streamed(name, samples, alpha, colours_of(channels), spool, seed=seed, threads=threads)
            assert encoded(name, content).getvalue() == expected


@pytest.mark.each("size", [*SIZES, (300, 41)])
@pytest.mark.each("kind", [*itertools.product(DEPTHS, (1, 3), (False, True)), ("bool", 1, False)])
@pytest.mark.each("sampled", [1, 7000, 1 << 25])
def test_streamed_png_is_that_of_the_whole(kind, size, sampled, monkeypatch):
    """The first rows tell how it is packed, whether they are some or all."""
    monkeypatch.setattr(png, "BLOCK", 600)
    monkeypatch.setattr(png, "SAMPLED", sampled)
    dtype, channels, alpha = kind
    samples = picture(*size, channels + alpha, dtype)
    samples[size[0] // 2 :] = samples[:1]  # the other rows would tell otherwise
    metadata = Metadata(icc=b"a profile", dpi=(300, 200), comments=(b"a comment",), texts=(("Title", "a title"),))
    expected = whole("png", samples, alpha, colours_of(channels), metadata)
    for seed, threads in ((0, 1), (1, 3), (2, 3)):
        with Spool(None) as spool:
            content = streamed("png", samples, alpha, colours_of(channels), spool, metadata, seed=seed, threads=threads)
            assert encoded("png", content).getvalue() == expected


def test_numbers_of_a_palette_are_streamed_as_such():
    samples = picture(60, 41, 1, "uint8") // 8
    metadata = Metadata(palette=bytes(range(96)))
    expected = whole("png", samples, False, "gray", metadata)
    with Spool(None) as spool:
        content = streamed("png", samples, False, "gray", spool, metadata)
        assert encoded("png", content).getvalue() == expected


@pytest.mark.each("quality", [None, 80])
@pytest.mark.each("size", [*SIZES, (200, 300)])
@pytest.mark.each("channels", [1, 3, 4])
def test_streamed_jpeg_is_that_of_the_whole(channels, size, quality, monkeypatch):
    monkeypatch.setattr(jpeg, "BAND", 1)
    samples, options = picture(*size, channels, "uint8"), EncodeOptions(quality)
    colours = "cmyk" if channels == 4 else colours_of(channels)
    metadata = Metadata(icc=b"a profile", aspect=(2, 1) if channels < 4 else None, comments=(b"a comment",))
    expected = whole("jpeg", samples, False, colours, metadata, options)
    for seed, threads in ((0, 1), (1, 3), (2, 3)):
        with Spool(None) as spool:
            content = streamed("jpeg", samples, False, colours, spool, metadata, options, seed=seed, threads=threads)
            assert encoded("jpeg", content).getvalue() == expected
            assert spool.size > 0 or size[0] <= jpeg.UNIT


def test_a_side_too_long_for_jpeg_is_refused_when_it_is_written():
    samples = np.zeros((jpeg.LONGEST_SIDE + 1, 1, 3), np.uint8)
    with Spool(None) as spool:
        content = streamed("jpeg", samples, False, "rgb", spool)
        with pytest.raises(ValueError, match="65500 pixels"):
            encoded("jpeg", content)
        assert spool.size == 0


SHOT = {37500: ifd.Value(7, 9, b"makernote", None, ifd.Anchor(1001, ">")), 33434: ifd.Value(5, 1, bytes(range(8)))}
TOLD = Metadata(
    tags={
        271: ifd.text(b"a camera"),
        ifd.EXIF: ifd.Value(4, 1, b"", SHOT),
        ifd.GPS: ifd.Value(4, 1, b"", {1: ifd.text(b"N")}),
    },
    icc=bytes(151),
    dpi=(300, 200),
    xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
    comments=(b"a comment",),
    resources={0x0404: b"\x1c\x02\x05\0\5title"},
)
TYPES = ("uint8", "uint16", "float32", "float64")
METHODS = ("none", "lzw", "packbits", "zstd")


def parts_of(data):
    """What the program reads of a file: its colours, its alpha, and what it tells."""
    found = decode.decode(data, DecodeOptions(size_guard(1 << 24)))
    told = found.metadata
    return found.pixels, found.alpha, told._replace(tags=dict(told.tags), words=None), found.colours, found.notes


def same(one, other):
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in zip(one, other, strict=True))


@pytest.mark.each("metadata, big", [(BARE, False), (TOLD, False), (TOLD, True)])
@pytest.mark.each("dtype, method", [*((dtype, "") for dtype in TYPES), *(("uint16", each) for each in METHODS)])
@pytest.mark.each("channels, colours", [(1, "gray"), (3, "rgb"), (4, "cmyk"), (5, "bands")])
@pytest.mark.each("alpha", [False, True])
def test_a_streamed_tiff_tells_what_the_whole_does(dtype, method, channels, colours, alpha, metadata, big, monkeypatch):
    check_tiff(picture(61, 41, channels + alpha, dtype), alpha, colours, method, metadata, big, monkeypatch)


@pytest.mark.each("method", ["", *METHODS])
def test_bits_are_streamed_with_white_as_0(method, monkeypatch):
    check_tiff(picture(61, 41, 1, "bool"), False, "gray", method, TOLD, False, monkeypatch)


def check_tiff(samples, alpha, colours, method, metadata, big, monkeypatch):
    """Compare what is read of a file that was streamed, and of one that was written as a whole."""
    options = EncodeOptions(compression=method)
    monkeypatch.setattr(tiff, "STRIP_BYTES", 1500)
    monkeypatch.setattr(tiff, "CLASSIC_BYTES", 1 << 32)
    expected = parts_of(whole("tiff", samples, alpha, colours, metadata, options))
    monkeypatch.setattr(tiff, "CLASSIC_BYTES", 0 if big else 1 << 32)
    files = set()
    for seed, threads in ((0, 1), (1, 3)):
        with Spool(None) as spool:
            content = streamed("tiff", samples, alpha, colours, spool, metadata, options, seed=seed, threads=threads)
            files.add(encoded("tiff", content).getvalue())
    for data in files:
        assert same(parts_of(data), expected)
    assert len(files) == 1, [len(data) for data in files]
    data = files.pop()
    assert data[2] == (43 if big else 42)
    if method in ("", "none") and samples.dtype != bool:
        assert np.array_equal(tifffile.imread(io.BytesIO(data)).reshape(samples.shape), samples)
    if metadata is TOLD:
        assert data[1001:1010] == b"makernote"


def test_what_is_neither_black_nor_white_is_refused_when_it_is_written():
    samples = picture(90, 40, 1, "uint8")
    with Spool(None) as spool:
        content = streamed("pbm", samples, False, "gray", spool)
        with pytest.raises(ValueError, match="black or white"):
            encoded("pbm", content)


@pytest.mark.each("name", STREAMED)
def test_files_and_buffers_take_a_spool(name, tmp_path, monkeypatch):
    monkeypatch.setattr(jpeg, "BAND", 1)
    samples = picture(300, 900, 1, "float32" if name == "pfm" else "uint8")
    with Spool(tmp_path) as spool:
        content = streamed(name, samples, False, "gray", spool)
        expected = encoded(name, content).getvalue()
        with open(tmp_path / "a", "wb") as file:
            encoded(name, content, file)
            assert file.tell() == len(expected)
            file.write(b"more")
        assert (tmp_path / "a").read_bytes() == expected + b"more"
        with Transaction() as transaction:
            with transaction.open(tmp_path / "a") as buffer:
                encoded(name, content, buffer)
                assert buffer.getbuffer().nbytes < 2000
            transaction.commit()
        assert (tmp_path / "a").read_bytes() == expected
        parts = buffer.parts()
        assert b"".join(b"".join(part.read()) if isinstance(part, Piece) else part for part in parts) == expected


def refusing(*_, **__):
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def few_at_a_time(source, target, count, start):
    return os.write(target, os.pread(source, min(count, 100_000), start))


def giving_up(source, target, count, start):
    return few_at_a_time(source, target, count, start) if start < 300_000 else 0


@pytest.mark.each("copy", [refusing, few_at_a_time, giving_up])
def test_what_the_system_does_not_copy_is_read_and_written(copy, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "copy_file_range", copy, raising=False)
    samples = picture(500, 900, 3, "uint8")
    with Spool(tmp_path) as spool, open(tmp_path / "a", "wb") as file:
        encoded("ppm", streamed("ppm", samples, False, "rgb", spool), file)
        file.write(b"more")
    assert (tmp_path / "a").read_bytes() == whole("ppm", samples, False, "rgb") + b"more"


def test_a_spool_has_no_name_and_lies_beside_the_output(tmp_path):
    with Spool(tmp_path / "not" / "there yet") as spool:
        spool.append([b"abc", memoryview(b"def")])
        assert list(tmp_path.iterdir()) == []
        assert os.fstat(spool._file.fileno()).st_dev == tmp_path.stat().st_dev
        assert spool.read(1, 5) == b"bcde"
        spool.append([b"g"])
        assert spool.read(0, 7) == b"abcdefg"


def test_a_spool_without_nameless_files(tmp_path, monkeypatch):
    monkeypatch.setattr("imfilter.cli.images.spool.NAMELESS", 0)
    test_a_spool_has_no_name_and_lies_beside_the_output(tmp_path)


class FullSpool(Spool):
    """One whose disk is full after some appends."""

    left = 3

    def append(self, parts):
        self.left -= 1
        if self.left < 0:
            self._file.close()
            self._file = os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", buffering=0)
        super().append(parts)


@pytest.mark.needs("/dev/full")
def test_a_full_disk_is_told_in_the_words_of_every_output(tmp_path):
    samples = picture(400, 41, 1, "uint8")
    with FullSpool(tmp_path, tmp_path / "out.pgm") as spool:
        canvas = FORMATS["pgm"].codec.streamed(USUAL, BARE, lambda: spool)(samples.shape, "uint8")
        failures = fill(canvas, samples)
        assert failures
        for failure in failures:
            assert isinstance(failure, FileError)
            assert str(failure) == f"{tmp_path / 'out.pgm'}: cannot be written: no space left on device"
        with pytest.raises(FileError):
            canvas.end(io.BytesIO())
        spool._file.close()


@pytest.mark.each("name", STREAMED)
def test_a_canvas_takes_what_is_declared(name, monkeypatch):
    monkeypatch.undo()
    strip = picture(16, 20000, 1, "float32" if name == "pfm" else "uint8")
    height = 2400 if name == "png" else 600
    with Spool(None) as spool:
        canvas = FORMATS[name].codec.streamed(USUAL, BARE, lambda: spool)((height, *strip.shape[1:]), strip.dtype.name)
        tracemalloc.start()
        try:
            for start in range(0, height, len(strip)):
                for top, bottom in canvas.cuts(start, min(start + len(strip), height)):
                    with canvas.rows(top, bottom) as place:
                        place[...] = strip[: bottom - top]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    declared = FORMATS[name].codec.streamed_bytes(strip.shape[1], Samples(1, strip.itemsize), 1)
    assert height * strip.shape[1] / 50 < peak <= declared


@pytest.mark.needs("/proc/self/fd")
@pytest.mark.each("name", STREAMED)
def test_a_canvas_that_is_let_go_lets_its_spool_go(name):
    """At once: nobody collects what refers to itself."""
    samples, gone = picture(90, 41, 1, "float32" if name == "pfm" else "uint8"), gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        before = descriptors()
        content = streamed(name, samples, False, "gray", Spool(None))
        encoded(name, content)
        assert descriptors() != before
        del content
        assert descriptors() == before
    finally:
        if gone:
            gc.enable()


def descriptors():
    return {*os.listdir("/proc/self/fd")}


@pytest.mark.needs("/proc/self/fd")
@pytest.mark.each("seed", range(200))
def test_the_failure_of_a_block_is_that_of_all_threads(seed):
    samples = picture(200, 41, 1, "uint8")
    before = descriptors()
    canvas = FORMATS["pgm"].codec.streamed(USUAL, BARE, lambda: Spool(None))(samples.shape, "uint8")
    failing, pack = random.Random(seed).randrange(canvas.count), canvas.pack

    def broken(number, pixels):
        if number == failing:
            raise ZeroDivisionError("injected")
        return pack(number, pixels)

    canvas.pack = broken
    failures = fill(canvas, samples, seed)
    assert failures and all(isinstance(failure, ZeroDivisionError) for failure in failures)
    with pytest.raises(ZeroDivisionError):
        canvas.end(io.BytesIO())
    assert descriptors() == before
