"""The PNG encoder: exact, small, complete, and the same for any number of threads."""

import io
import itertools
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from imfilter.cli.images import decode
from imfilter.cli.images.picture import DecodeError, DecodeOptions, size_guard
from imfilter.cli.images.png import deflate, encoder, integrity
from imfilter.cli.images.png.chunks import chunk
from imfilter.filters.core import native
from imfilter.filters.edges import edges
from PIL import Image, ImageCms, ImageDraw

SAMPLES = Path(__file__).parents[2] / "sample_images"
SIZES = [(1, 1), (1, 40), (40, 1), (3, 5), (7, 70000), (700, 700), (2, 1100000), (1100001, 1)]
"""The last four need several blocks in some mode: of many rows, of few, of one."""


def encoded(samples, **options):
    """The file of ``(height, width[, channels])``; an even number of channels ends in alpha."""
    samples = samples if samples.ndim == 3 else samples[..., None]
    file = io.BytesIO()
    if samples.shape[2] % 2:
        encoder.write(file, samples, **options)
    else:
        encoder.write(file, samples[..., :-1], samples[..., -1], **options)
    return file.getvalue()


def chunks(data):
    """The chunks of a file, each checked, as ``(name, contents)``."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        contents = data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(data[at + 4 : at + 8] + contents),)
        found.append((data[at + 4 : at + 8], contents))
        at += length + 12
    return found


def nearest(a, b, c):
    """The Paeth predictor in the specification's words, on whole numbers."""
    p = a + b - c
    return min((abs(p - value), order, value) for order, value in enumerate((a, b, c)))[2]


def unfiltered(row, above, step):
    """A row's bytes from its filtered ones, one after the other."""
    kind, row = row[0], bytearray(row[1:])
    for i in range(len(row)):
        a, c = (row[i - step], above[i - step]) if i >= step else (0, 0)
        row[i] = (row[i] + (0, a, above[i], (a + above[i]) // 2, nearest(a, above[i], c))[kind]) % 256
    return row


def decoded(data):
    """The samples ``(height, width, channels)`` of a PNG, decoded byte by byte."""
    found = chunks(data)
    assert found[0][0] == b"IHDR"
    assert found[-1] == (b"IEND", b"")
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", found[0][1])
    assert rest == [0, 0, 0]
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    length = width * channels * depth // 8
    stream = zlib.decompress(b"".join(contents for name, contents in found if name == b"IDAT"))
    assert len(stream) == height * (1 + length)
    rows, above = [], bytes(length)
    for y in range(height):
        above = unfiltered(stream[y * (1 + length) : (y + 1) * (1 + length)], above, channels * depth // 8)
        rows.append(above)
    return np.frombuffer(b"".join(rows), f">u{depth // 8}").reshape(height, width, channels)


def pillow(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return np.asarray(image)


def smooth(height, width, channels, dtype, seed=1):
    """Samples near their neighbours, with noise."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(seed).integers(0, 9, (height, width, channels))
    values = (x * 5 + y * 3)[..., None] % 200 + noise + np.arange(channels)
    return (values * (257 if dtype == "uint16" else 1)).astype(dtype)


# ---- exact ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_8_bits_are_read_as_they_were_written(size, channels):
    samples = smooth(*size, channels, "uint8")
    assert np.array_equal(pillow(encoded(samples, cores=2)), samples[..., 0] if channels == 1 else samples)


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
def test_16_bits_gray_are_read_as_they_were_written(size):
    samples = smooth(*size, 1, "uint16")
    assert np.array_equal(pillow(encoded(samples, cores=2)), samples[..., 0])


@pytest.mark.each("size", [(1, 1), (1, 40), (40, 1), (3, 5), (60, 50)])
@pytest.mark.each("channels, dtype", list(itertools.product([1, 2, 3, 4], ["uint8", "uint16"])))
def test_every_mode_is_decoded_by_the_specification(size, channels, dtype):
    samples = smooth(*size, channels, dtype)
    data = encoded(samples)
    assert chunks(data)[0][1][8] == 8 * samples.itemsize
    assert np.array_equal(decoded(data), samples)


def test_16_bit_colour_across_blocks(monkeypatch):
    monkeypatch.setattr(encoder, "BLOCK", 2000)
    samples = smooth(31, 50, 4, "uint16")
    data = encoded(samples, cores=3)
    assert [name for name, _ in chunks(data)].count(b"IDAT") == 8  # of 4 rows each, filtered one by one
    assert np.array_equal(decoded(data), samples)


@given(
    arrays.arrays(
        st.sampled_from(["uint8", "uint16"]),
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)),
        elements=st.integers(0, 255),
    ),
    st.integers(0, 4),
    st.sampled_from([*deflate.WITHOUT, *deflate.WAYS]),
)
def test_any_small_array_by_any_filter(samples, kind, way):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder, "_choose", lambda image, cores: (kind, way))
        patch.setattr(encoder, "BLOCK", 60)
        data = encoded(samples * samples.itemsize)
    assert np.array_equal(decoded(data), samples * samples.itemsize)


@pytest.mark.each("filter", range(5))
@pytest.mark.each("channels", [1, 3])
@pytest.mark.each("core", [native.core, None])
def test_rows_are_filtered_in_the_specifications_words(core, channels, filter, monkeypatch):
    monkeypatch.setattr(native, "core", core)
    values = np.array([0, 1, 2, 3, 60, 127, 128, 129, 253, 254, 255], np.uint8)
    samples = np.random.default_rng(filter).choice(values, (90, 100, channels))
    image = encoder.Raster(samples, None)
    filtered = image.filtered(0, 90, filter)
    above = bytearray(100 * channels)
    for row, expected in zip(filtered, samples.reshape(90, -1), strict=True):
        assert row[0] == filter
        above = unfiltered(bytes(row), above, channels)
        assert above == expected.tobytes()
    np.testing.assert_array_equal(image.filtered(7, 80, filter), filtered[7:80])


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, np.rot90, lambda a: a[::2, ::3], lambda a: a[..., ::-1]])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_views_are_written_as_what_they_show(turn, dtype):
    samples = turn(smooth(20, 30, 3, dtype))
    assert np.array_equal(decoded(encoded(samples)), samples)


def test_the_samples_are_not_changed():
    samples = smooth(20, 30, 3, "uint16")
    before = samples.copy()
    samples.flags.writeable = False
    encoded(samples)
    assert np.array_equal(samples, before)


# ---- the same bytes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("channels", "dtype"), [(1, "uint8"), (3, "uint8"), (4, "uint16")])
def test_the_bytes_are_the_same_for_any_number_of_threads(channels, dtype):
    samples = smooth(1500, 1000, channels, dtype)
    first, *others = (encoded(samples, cores=cores) for cores in (1, 2, 3, 16))
    assert [name for name, _ in chunks(first)].count(b"IDAT") > 1
    assert all(other == first for other in others)


def test_a_failure_in_a_thread_is_raised(monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(encoder, "_compressed", fail)
    with pytest.raises(MemoryError):
        encoded(smooth(1500, 1000, 1, "uint8"), cores=2)


def test_jobs_do_not_change_the_file(ok, folder):
    Image.fromarray(smooth(900, 800, 3, "uint8")).save("in.bmp")
    for jobs in ("1", "3"):
        ok("blur", "in.bmp", "-o", f"{jobs}.png", "-j", jobs)
    assert Path("1.png").read_bytes() == Path("3.png").read_bytes()


# ---- 16-bit colour through the command --------------------------------------------------------------


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_the_command_writes_16_bit_colour_and_alpha(ok, folder, channels):
    samples = smooth(24, 40, channels, "uint16")
    if channels != 3:
        samples[..., -1] = 65535
    np.save("in.npy", samples)
    ok("conv", "--kernel", "1", "in.npy", "-o", "out.png", "--depth", "16")
    assert np.array_equal(decoded(Path("out.png").read_bytes()), samples)


# ---- what travels along -----------------------------------------------------------------------------

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif():
    block = Image.Exif()
    block[271] = "Maker"
    return block.tobytes()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_metadata_is_what_pillow_writes(channels):
    samples = smooth(5, 6, channels, "uint8")
    ours = encoded(samples, icc=ICC, exif=exif(), dpi=(300, 150.5))
    file = io.BytesIO()
    Image.fromarray(samples.squeeze()).save(file, "PNG", icc_profile=ICC, exif=exif(), dpi=(300, 150.5))
    theirs = file.getvalue()
    with Image.open(io.BytesIO(ours)) as image, Image.open(file) as peer:
        assert image.info["icc_profile"] == peer.info["icc_profile"] == ICC
        assert image.info["dpi"] == peer.info["dpi"]
        assert dict(image.getexif()) == dict(peer.getexif()) == {271: "Maker"}
    for name in (b"IHDR", b"pHYs", b"eXIf", b"IEND"):
        assert dict(chunks(ours))[name] == dict(chunks(theirs))[name]


def test_without_metadata_there_are_no_chunks_for_it():
    assert [name for name, _ in chunks(encoded(smooth(5, 6, 3, "uint8")))] == [b"IHDR", b"IDAT", b"IEND"]


# ---- small ------------------------------------------------------------------------------------------


def drawing():
    random = np.random.default_rng(3)
    image = Image.new("RGB", (640, 480), (240, 240, 245))
    draw = ImageDraw.Draw(image)
    for shape in range(60):
        x, y, width, height = (int(value) for value in random.integers(5, 300, 4))
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        (draw.rectangle if shape % 2 else draw.ellipse)((2 * x, y, 2 * x + width, y + height), fill=colour)
    return np.asarray(image)


def screenshot():
    image = Image.new("RGB", (800, 600), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 800, 40), fill=(50, 60, 90))
    draw.rectangle((0, 40, 150, 600), fill=(235, 238, 242))
    random = np.random.default_rng(5)
    for y in range(50, 590, 14):
        for x in (10, 160):
            letters = "".join(chr(code) for code in random.integers(97, 123, 20 if x == 10 else 90))
            draw.text((x, y), letters.replace("e", " "), fill=(20, 20, 40))
    return np.asarray(image)


def photographs():
    for name in ("cat.jpg", "coffee.jpg", "rotated.jpg", "strip.jpg"):
        with Image.open(SAMPLES / name) as image:
            yield name, np.asarray(image.convert("RGB")), np.asarray(image.convert("L"))


def contents():
    """Pictures of all kinds, by name."""
    random = np.random.default_rng(2)
    for name, rgb, gray in photographs():
        found = edges(gray)
        strong = found.magnitude > np.percentile(found.magnitude, 90)
        yield f"{name}", rgb
        yield f"{name} gray", gray
        yield f"{name} with alpha", np.dstack([rgb, gray])
        yield f"{name} magnitude", np.clip(found.magnitude, 0, 255).astype(np.uint8)
        yield f"{name} direction", (found.angle % 256).astype(np.uint8)
        yield f"{name} binary edges", strong * np.uint8(255)
        yield f"{name} threshold", (gray > 128) * np.uint8(255)
        yield f"{name} 16 bits", gray.astype(np.uint16) * 257
    yield "drawing", drawing()
    yield "screenshot", screenshot()
    yield "noise", random.integers(0, 256, (300, 400, 3), np.uint8)
    yield "gray noise", random.integers(0, 256, (300, 400), np.uint8)
    yield "black", np.zeros((300, 400, 3), np.uint8)
    y, x = np.mgrid[:300, :400]
    yield "gradient", np.dstack([x * 255 // 400, y * 255 // 300, (x + y) * 255 // 700]).astype(np.uint8)


CONTENTS = dict(contents())


@pytest.mark.each("ways", [deflate.WAYS, deflate.WITHOUT])
@pytest.mark.each("name", CONTENTS)
def test_files_are_as_small_as_pillows(name, ways, monkeypatch):
    monkeypatch.setattr(encoder, "WAYS", ways)
    file = io.BytesIO()
    Image.fromarray(CONTENTS[name]).save(file, "PNG")
    assert len(encoded(CONTENTS[name])) <= 1.1 * len(file.getvalue())


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 1 << 24), st.integers(0, 1 << 24))
def test_checksums_are_joined(seed, other, first, second):
    data = np.random.default_rng([seed, other]).bytes((first + second) % 70000)
    at = first % (len(data) + 1)
    joined = encoder._joined(zlib.adler32(data[:at]), zlib.adler32(data[at:]), len(data) - at)
    assert joined == zlib.adler32(data)


# ---- unpacked ---------------------------------------------------------------------------------------


def read(data):
    """The samples of a file, with the alpha last."""
    picture = decode.decode(data, DecodeOptions(size_guard(1 << 30)))
    return picture.pixels if picture.alpha is None else np.dstack([picture.pixels, picture.alpha])


@pytest.mark.each("core", [native.core, None])
@pytest.mark.each("kind", range(5))
@pytest.mark.each("channels, dtype", list(itertools.product([1, 2, 3, 4], ["uint8", "uint16"])))
def test_rows_of_every_filter_are_read(channels, dtype, kind, core, monkeypatch):
    samples = smooth(50, 37, channels, dtype)
    monkeypatch.setattr(encoder, "_choose", lambda image, cores: (kind, deflate.STORED))
    monkeypatch.setattr(encoder, "BLOCK", 3000)
    data = encoded(samples)
    monkeypatch.setattr(native, "core", core)
    monkeypatch.setattr(integrity, "PIECE", 700)  # some rows at a time, and parts of one
    assert np.array_equal(read(data), samples)


@pytest.mark.each("kinds", [[4] * 30, [0, 1, 2, 3, 4] * 6, [3] * 30, [4, 0] * 15])
@pytest.mark.each("width", [1, 2, 3, 5, 40])
@pytest.mark.each("channels", [1, 2, 3, 4])
def test_rows_of_any_filters_are_read(channels, width, kinds):
    samples = np.random.default_rng(width).integers(0, 256, (30, width, channels), np.uint8)
    image = encoder.Raster(samples, None)
    stream = b"".join(image.filtered(row, row + 1, kind).tobytes() for row, kind in enumerate(kinds))
    head = chunks(encoded(samples))[0]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name, contents) for name, contents in (head, (b"IDAT", zlib.compress(stream)), (b"IEND", b""))
    )
    assert np.array_equal(read(data), samples)


def test_a_filter_that_is_none_is_refused():
    stream = b"\x05" + bytes(9)
    head = chunks(encoded(np.zeros((1, 3, 3), np.uint8)))[0]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name, contents) for name, contents in (head, (b"IDAT", zlib.compress(stream)), (b"IEND", b""))
    )
    with pytest.raises(DecodeError, match="damaged"):
        read(data)


@pytest.mark.each("dtype", ["uint8", "uint16"])
@pytest.mark.each("channels", [1, 3])
def test_a_colour_that_is_transparent_is_read(channels, dtype):
    samples = smooth(20, 30, channels, dtype)
    key = b"".join(int(value).to_bytes(2) for value in samples[3, 4])
    head, pixels, end = chunks(encoded(samples))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in (head, (b"tRNS", key), pixels, end))
    alpha = read(data)[..., -1]
    assert np.array_equal(alpha == 0, (samples == samples[3, 4]).all(axis=2))
    assert alpha.max() == np.iinfo(dtype).max


def test_texts_behind_the_pixels_are_read():
    head, pixels, end = chunks(encoded(smooth(20, 30, 3, "uint8")))
    parts = (head, pixels, (b"tEXt", b"Comment\0behind"), end)
    data = b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)
    assert decode.decode(data, DecodeOptions(size_guard(1 << 30))).metadata.comments == (b"behind",)
