"""TIFFs of every kind: depths, bands, packings, stacks; what is not read is named, and what is damaged refused."""

import importlib.util
import io
import itertools
import math
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import decode
from imfilter.cli.images.picture import DecodeError, DecodeOptions
from imfilter.cli.images.tiff import fax, writer
from PIL import Image

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)

KEEP = "conv", "--kernel", "1"
OPTIONS = DecodeOptions(lambda expected: None)
LENIENT = OPTIONS._replace(lenient=True)


def read(data, options=OPTIONS):
    found = decode.decode(data, options)
    return found if hasattr(found, "pixels") else list(found.each())


def random(*shape, below=256, dtype="uint8", seed=0):
    return np.random.default_rng(seed).integers(0, below, shape).astype(dtype)


def smooth(*shape):
    steps = np.random.default_rng(1).integers(-3, 4, shape)
    return (np.cumsum(steps, axis=1) % 250).astype(np.uint8)


def page(data):
    return tifffile.TiffFile(io.BytesIO(data)).pages.first


# ---- depths ------------------------------------------------------------------------------------------


def scaled(samples, bits):
    """What samples of some bits are in 8 or 16: the highest becomes the highest; halves are rounded up."""
    full, white = Fraction(255 if bits <= 8 else 65535), (1 << bits) - 1
    return np.array([math.floor(value * full / white + Fraction(1, 2)) for value in range(white + 1)])[samples]


@pytest.mark.each("bits", range(1, 17))
def test_samples_of_every_depth_fill_their_range(bits):
    for channels, photometric in ((1, 1), (3, 2)):
        array = random(13, 11, channels, below=1 << bits, dtype="uint16")
        array[0, :2] = [[0], [(1 << bits) - 1]]
        each = (array.reshape(13, -1, 1) >> np.arange(bits, dtype="uint16")[::-1] & 1).astype("uint8")
        rows = np.packbits(each.reshape(13, -1), axis=1)[..., None]
        described = {"t256": 11, "t258": [bits] * channels, "t277": channels, "t339": [1] * channels}
        picture = read(corpus.tiff(rows, photometric, **described) if bits < 16 else corpus.tiff(array, photometric))
        assert picture.pixels.dtype == ("uint8" if bits <= 8 else "uint16")
        assert np.array_equal(picture.pixels, scaled(array, bits))
        assert picture.pixels.min() == 0
        assert picture.pixels.max() == (255 if bits <= 8 else 65535)


@pytest.mark.each("bits", range(1, 17))
def test_every_value_and_the_one_for_nodata_is_rounded(bits):
    values = np.arange(1 << bits, dtype="uint16")[:, None]
    each = (values >> np.arange(bits, dtype="uint16")[::-1] & 1).astype("uint8")
    rows = np.packbits(each, axis=1)[..., None]
    described = {"t256": 1, "t258": bits, "t277": 1, "t339": 1}
    expected = scaled(values[:, 0], bits)
    for value in {1, (1 << bits) // 3, (1 << bits) - 1}:
        data = corpus.tiff(rows if bits < 16 else values[..., None], 1, **described, t42113=f"{value}".encode() + b"\0")
        picture = read(data)
        assert np.array_equal(picture.pixels[:, 0].ravel(), expected)
        assert picture.nodata == expected[value]


@pytest.mark.parametrize("order", "<>")
def test_whole_bytes_keep_the_order_of_their_file(order):
    array = random(5, 7, 1, below=1 << 24, dtype="uint32")
    stored = array.astype(f"{order}u4").view("u1").reshape(5, 7, 4)
    triples = stored[..., :3] if order == "<" else stored[..., 1:]
    data = corpus.tiff(np.ascontiguousarray(triples.reshape(5, 21, 1)), 1, order=order, t256=7, t258=24)
    assert np.array_equal(read(data).pixels, array)


def test_bits_of_the_other_order_are_turned():
    array = random(6, 9, 1)
    for compression in (1, 5, 8):
        data = bytearray(corpus.tiff(array, 1, compression=compression, rows=6, t266=2))
        (start,), (size,) = page(bytes(data)).dataoffsets, page(bytes(data)).databytecounts
        strip = np.frombuffer(data[start : start + size], "uint8")
        data[start : start + size] = np.packbits(np.unpackbits(strip, bitorder="big"), bitorder="little").tobytes()
        assert np.array_equal(read(bytes(data)).pixels, array)


@pytest.mark.each("dtype", ["int8", "int16"])
def test_signed_samples_keep_their_values(dtype):
    array = random(6, 9, 1, below=200, dtype="int16") - 100
    assert np.array_equal(read(corpus.tiff(array.astype(dtype), 1)).pixels, array)


def test_a_palette_of_any_depth_gives_its_colours():
    for bits in (1, 2, 4, 8, 16):
        indices = random(7, 5, 1, below=1 << bits, dtype="uint16" if bits == 16 else "uint8")
        palette = random(3, 1 << bits, below=65536, dtype="uint16", seed=3)
        data = corpus.tiff(indices, 3, bits=bits if bits < 8 else None, t320=palette.ravel().tolist())
        expected = palette.T[indices[..., 0]]
        assert np.array_equal(read(data).pixels, expected if bits == 16 else expected >> 8)


def test_16_bit_lab_is_what_8_bit_lab_is():
    lab = np.zeros((4, 4, 3), "uint8")
    lab[..., 0] = np.linspace(40, 220, 16).reshape(4, 4)
    lab[..., 1:] = [[[20, 236]], [[0, 0]], [[236, 20]], [[10, 10]]]
    wide = np.zeros(lab.shape, "uint16")
    wide[..., 0] = lab[..., 0] * np.uint16(257)
    wide[..., 1:] = lab[..., 1:].view("int8").astype("int16").view("uint16") << 8
    narrow, found = read(corpus.tiff(lab, 8)), read(corpus.tiff(wide, 8))
    assert found.pixels.dtype == "uint16"
    assert np.abs(found.pixels / 257 - narrow.pixels).max() < 2
    shifted = wide.copy()
    shifted[..., 0] = lab[..., 0] / 255 * 0xFF00
    shifted[..., 1:] ^= 0x8000
    assert np.abs(read(corpus.tiff(shifted, 9)).pixels / 257 - narrow.pixels).max() < 2


# ---- bands -------------------------------------------------------------------------------------------

BANDS = [
    (1, 2, (0,)),
    (1, 5, (0, 0, 0, 0)),
    (2, 4, (0,)),
    (2, 6, (0, 0, 0)),
    (5, 5, (0,)),
    (5, 6, (0, 0)),
]


@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
def test_every_band_is_filtered_and_keeps_its_meaning(ok, dtype):
    for photometric, channels, extra in BANDS:
        array = random(8, 9, channels, below=250, dtype=dtype)
        for planar in (1, 2):
            data = corpus.tiff(array, photometric, planar=planar, t338=list(extra))
            Path("in.tif").write_bytes(data)
            ok(*KEEP, "in.tif", "-o", "out.tif", "-q")
            written = page(Path("out.tif").read_bytes())
            assert np.array_equal(written.asarray(), array)
            assert (written.photometric, tuple(written.extrasamples)) == (photometric, extra)


def test_an_alpha_among_bands_is_the_last_of_them(ok):
    array = random(8, 9, 5)
    array[..., 3] = 255
    Path("in.tif").write_bytes(corpus.tiff(array, 2, t338=[2, 0]))
    ok(*KEEP, "in.tif", "-o", "out.tif", "-q")
    written = page(Path("out.tif").read_bytes())
    assert np.array_equal(written.asarray(), array[..., [0, 1, 2, 4, 3]])
    assert tuple(written.extrasamples) == (0, 2)


def test_bands_without_other_metadata_keep_their_meaning(ok):
    array = random(8, 9, 4)
    Path("in.tif").write_bytes(corpus.tiff(array, 2, t338=0))
    ok(*KEEP, "in.tif", "-o", "out.tif", "--strip", "-q")
    assert page(Path("out.tif").read_bytes()).photometric == tifffile.PHOTOMETRIC.RGB


@pytest.mark.each("dtype", ["uint8", "uint16"])
def test_inks_with_alpha_are_kept_and_converted(ok, load, dtype):
    array = random(8, 9, 5, dtype=dtype) * (257 if dtype == "uint16" else 1)
    array[..., 4] = np.iinfo(dtype).max
    Path("in.tif").write_bytes(corpus.tiff(array, 5, t338=2))
    ok(*KEEP, "in.tif", "-o", "out.tif", "-q")
    assert np.array_equal(tifffile.imread("out.tif"), array)
    ok(*KEEP, "in.tif", "-o", "out.png", "--to-rgb", "-q")
    inks = (array[..., :4] // (257 if dtype == "uint16" else 1)).astype("uint8")
    expected = np.asarray(Image.frombytes("CMYK", (9, 8), inks.tobytes()).convert("RGB"))
    assert np.array_equal(load("out.png")[..., :3], expected)


@pytest.mark.each("dtype", ["uint8", "uint16"])
def test_premultiplied_colours_are_rounded(dtype):
    full = int(np.iinfo(dtype).max)
    alpha = np.arange(1, full + 1, full // 250).astype(dtype)
    colours = (np.random.default_rng(5).random((3, len(alpha))) * alpha).astype(dtype)
    array = np.vstack([colours, alpha[None]]).T[None]
    expected = np.floor(np.minimum(colours * float(full) / alpha, full) + 0.5).T[None]
    assert np.array_equal(read(corpus.tiff(np.ascontiguousarray(array), 2, t338=1)).pixels, expected)


# ---- packings ----------------------------------------------------------------------------------------


@pytest.mark.each("method", writer.METHODS)
def test_every_compression_gives_back_every_type(ok, method):
    for dtype, channels in itertools.product(("uint8", "uint16", "float32"), (1, 3, 4, 5)):
        array = (smooth(60, 50, channels).astype(float) * (1 if dtype == "uint8" else 1.5)).astype(dtype)
        samples = array[..., 0] if channels == 1 else array
        extra = [2] if channels == 4 else [0] * max(channels - 3, 0)
        if channels == 4:
            samples[..., 3] = 255 if dtype == "uint8" else 65535 if dtype == "uint16" else 1
        tifffile.imwrite("in.tif", samples, photometric="rgb" if channels > 1 else None, extrasamples=extra)
        ok(*KEEP, "in.tif", "-o", "out.tif", "--compression", method, "-q")
        data = Path("out.tif").read_bytes()
        assert page(data).compression in (writer.METHODS[method], 8 if method == "deflate" else -1)
        found = read(data)
        again = found.pixels if found.alpha is None else np.dstack([found.pixels, found.alpha])
        if method in ("none", "deflate", "packbits"):
            assert np.array_equal(tifffile.imread("out.tif"), samples)
        if (channels, dtype) in ((1, "uint8"), (3, "uint8"), (1, "float32")):
            with Image.open("out.tif") as image:
                assert np.array_equal(np.asarray(image), samples)
        close = np.allclose if (channels, dtype) == (4, "float32") else np.array_equal
        assert close(again, array)


def test_pages_are_compressed_as_asked(ok):
    tifffile.imwrite("in.tif", random(3, 20, 30), photometric="minisblack")
    ok(*KEEP, "in.tif", "-o", "out.tif", "--compression", "lzw")
    with tifffile.TiffFile("out.tif") as file:
        assert [each.compression for each in file.pages] == [5, 5, 5]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "out.png", "--compression", "lzw"), "--compression is for TIFF"),
        (("-o", "out/", "--name", "{stem}.jpg", "--compression", "lzw"), "--compression is for TIFF"),
        (("-o", "out.tif", "--compression", "zip"), "use one of deflate, none, lzw, packbits, zstd"),
    ],
    ids=str,
)
def test_a_compression_that_cannot_be_is_refused(refused, words, said):
    tifffile.imwrite("in.tif", random(20, 30))
    assert said in refused(2, *KEEP, "in.tif", *words)


def test_a_compression_where_the_format_is_known_late_is_refused(refused, rgb):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    assert "--compression is for TIFF" in refused(1, *KEEP, "-", "--compression", "lzw", stdin=file.getvalue())


def test_more_than_4_gb_have_wide_offsets(monkeypatch):
    monkeypatch.setattr(writer, "CLASSIC_BYTES", 100)
    array, file = random(9, 7, 3), io.BytesIO()
    writer.write(file, [writer.page(array, 2, (), {}), writer.page(array + 1, 2, (), {})])
    with tifffile.TiffFile(file, offset=0) as found:
        assert found.is_bigtiff
        assert np.array_equal(found.pages[1].asarray(), array + 1)


def test_webp_in_a_tiff_is_read():
    array = np.repeat(np.arange(0, 250, 10, dtype="uint8")[:, None], 20, 1)[..., None] * np.ones(3, "uint8")
    strips = []
    for top in range(0, 25, 10):
        file = io.BytesIO()
        Image.fromarray(array[top : top + 10]).save(file, "WEBP", lossless=True)
        strips.append(file.getvalue())
    data = corpus.tiff(array, 2, rows=10)
    place = len(data) + len(data) % 2
    at = np.cumsum([place, *map(len, strips)]).tolist()
    data = corpus.tiff(array, 2, rows=10, t259=50001, t273=at[:-1], t279=[len(strip) for strip in strips])
    assert len(data) <= place
    assert np.array_equal(read(data.ljust(place, b"\0") + b"".join(strips)).pixels, array)


NAMED = {
    9: "JBIG",
    32909: "PixarLog",
    34661: "JBIG",
    34676: "SGILog",
    34712: "JPEG 2000",
    34887: "LERC",
    50002: "JPEG XL",
    4711: "unknown method 4711",
}


@pytest.mark.each("number", NAMED)
def test_a_packing_that_is_not_read_is_named(number):
    with pytest.raises(DecodeError) as refusal:
        read(corpus.tiff(random(8, 9, 1), 1, t259=number))
    assert f"compressed with {'the ' if number == 4711 else ''}{NAMED[number]}" in str(refusal.value)
    assert "gdal_translate" in str(refusal.value)
    assert "damaged" not in str(refusal.value)


NOT_READ = {
    "complex": (corpus.tiff(random(8, 9, 1, dtype="uint32"), 1, t339=6), "complex samples"),
    "24-bit floats": (corpus.tiff(random(8, 27, 1), 1, t256=9, t258=24, t339=3), "floats of 24 bits"),
    "other depths": (corpus.tiff(random(8, 9, 3), 2, t258=[5, 6, 5]), "different types"),
    "a volume": (corpus.tiff(random(8, 9, 1), 1, t32997=4), "volume"),
    "old JPEG": (corpus.tiff(random(8, 9, 1), 1, t259=6), "old-style JPEG"),
    "12-bit JPEG": (corpus.tiff(random(8, 9, 1), 1, t258=12, t259=7), "JPEG data with samples of 12 bits"),
    "LogLuv": (corpus.tiff(random(8, 9, 3, dtype="uint16"), 32845), "LogLuv"),
}


@pytest.mark.each("kind", NOT_READ)
def test_what_is_not_read_is_said(kind):
    data, said = NOT_READ[kind]
    with pytest.raises(DecodeError, match=said):
        read(data)


# ---- raw files of cameras ----------------------------------------------------------------------------


def raw(*, maker="", dng=False, photometric=32803, compression=1, first=1):
    """A thumbnail, and below it a directory of a sensor's samples."""
    file = io.BytesIO()
    more = [(271, "s", 0, maker, True)] if maker else []
    more += [(50706, "B", 4, b"\1\4\0\0", True)] if dng else []
    with tifffile.TiffWriter(file, byteorder="<") as tiff:
        tiff.write(random(10, 15, 3), photometric="rgb", subfiletype=first, subifds=1, metadata=None, extratags=more)
        below = random(40, 60, below=4096, dtype="uint16")
        tiff.write(below, photometric="minisblack", metadata=None)
    data = bytearray(file.getvalue())
    at = data.rindex(struct.pack("<HHI", 262, 3, 1)) + 8
    data[at : at + 2] = struct.pack("<H", photometric)
    at = data.rindex(struct.pack("<HHI", 259, 3, 1)) + 8
    data[at : at + 2] = struct.pack("<H", compression)
    return bytes(data)


RAW = {
    "DNG": raw(dng=True),
    "linear DNG": raw(dng=True, photometric=34892),
    "NEF": raw(maker="NIKON CORPORATION"),
    "packed NEF": raw(maker="NIKON CORPORATION", photometric=1, compression=34713),
    "ARW": raw(maker="SONY", compression=32767),
    "PEF": raw(maker="PENTAX Corporation", compression=65535, photometric=1),
    "SRW": raw(maker="SAMSUNG", compression=32770, photometric=1),
    "unknown maker": raw(),
    "only a small copy": raw(dng=True, photometric=1),
    "CR2": b"II*\0\x10\0\0\0CR\2\0" + bytes(20),
}


@pytest.mark.each("kind", RAW)
def test_a_raw_file_is_not_its_thumbnail(kind):
    with pytest.raises(DecodeError, match="raw") as refusal:
        read(RAW[kind])
    assert "darktable-cli" in str(refusal.value)
    if kind[-3:].isupper():
        assert f"{kind[-3:]}," in str(refusal.value)


def test_a_camera_may_write_a_picture_with_small_copies():
    picture = read(raw(maker="NIKON CORPORATION", photometric=1, first=0))
    assert picture.pixels.shape == (10, 15, 3)
    assert any("smaller copies" in note for note in picture.notes)


# ---- stacks ------------------------------------------------------------------------------------------


def imagej(stack, pages=None, order=">", text=""):
    """A stack as ImageJ writes one of more than 4 GB: one directory, all slices behind one another."""
    count = len(stack)
    description = f"ImageJ=1.53t\nimages={pages or count}\nslices={pages or count}\n{text}"
    file = io.BytesIO()
    tags = [(270, "s", 0, description, True)]
    with tifffile.TiffWriter(file, byteorder=order) as tiff:
        tiff.write(stack[0], metadata=None, extratags=tags, photometric="minisblack" if stack.ndim == 3 else "rgb")
    return file.getvalue() + stack[1:].astype(stack.dtype.newbyteorder(order)).tobytes()


@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
def test_every_slice_of_one_directory_is_a_page(ok, dtype):
    for order, shape in itertools.product("<>", ((5, 8, 9), (3, 8, 9, 3))):
        stack = random(*shape, below=250, dtype=dtype)
        Path("in.tif").write_bytes(imagej(stack, order=order))
        ok(*KEEP, "in.tif", "-o", "out.tif", "-q")
        with tifffile.TiffFile("out.tif") as file:
            assert np.array_equal(np.stack([each.asarray() for each in file.pages]), stack)
            assert file.imagej_metadata["images"] == len(stack)


def test_a_truncated_file_of_tifffile_has_all_its_pages(ok):
    stack = random(2, 3, 8, 9, dtype="uint16")
    with tifffile.TiffWriter("in.tif", shaped=True) as file:
        file.write(stack, photometric="minisblack", metadata={"axes": "TZYX"}, truncate=True)
    with tifffile.TiffFile("in.tif") as found:
        assert len(found.pages) == 1
    ok(*KEEP, "in.tif", "-o", "out.tif", "-q")
    assert np.array_equal(tifffile.imread("out.tif"), stack)
    ok(*KEEP, "in.tif", "-o", "one.tif", "--frame", "4", "-q")
    assert np.array_equal(tifffile.imread("one.tif"), stack[1, 1])


def test_the_planes_of_metamorph_are_pages(ok):
    stack = random(4, 8, 9, dtype="uint16")
    file = io.BytesIO()
    with tifffile.TiffWriter(file, byteorder="<") as tiff:
        tags = [(33629, 5, 2, bytes(16), True), (33628, 4, 4, bytes(16), True)]
        tiff.write(stack[0], metadata=None, photometric="minisblack", extratags=tags)
    Path("in.stk").write_bytes(file.getvalue() + stack[1:].tobytes())
    ok(*KEEP, "in.stk", "-o", "out.tif", "-q")
    with tifffile.TiffFile("out.tif") as found:
        assert not found.is_stk
        assert np.array_equal(found.asarray(), stack)


def test_a_stack_that_is_cut_off_is_refused(refused, run):
    data = imagej(random(5, 8, 9))
    Path("in.tif").write_bytes(data[: -2 * 72])
    assert "3 of 5 slices" in refused(1, *KEEP, "in.tif", "-o", "out.tif")
    ended = run(*KEEP, "in.tif", "-o", "out.tif", "--lenient")
    assert ended.code == 0
    assert "3 of 5 slices" in ended.err
    with tifffile.TiffFile("out.tif") as found:
        assert len(found.pages) == 3


def test_a_stack_whose_pages_have_directories_has_no_more(ok):
    stack = random(6, 8, 9, dtype="uint16")
    tifffile.imwrite("in.tif", stack, imagej=True)
    ok(*KEEP, "in.tif", "-o", "out.tif", "-q")
    assert np.array_equal(tifffile.imread("out.tif"), stack)


def test_a_number_of_slices_that_is_a_lie_takes_no_work():
    data = imagej(random(1, 8, 9), pages=10**7)
    with pytest.raises(DecodeError, match="1 of 10000000 slices"):
        read(data)


# ---- damage ------------------------------------------------------------------------------------------


def bilevel(width=160, height=120):
    rows, columns = np.mgrid[:height, :width]
    return (np.sin(rows / 7) * np.cos(columns / 5) > 0.1).astype(np.uint8) * 255


def packed(array, compression, **info):
    file = io.BytesIO()
    image = Image.fromarray(array)
    if compression in FAX:
        image = image.convert("1")
    image.save(file, "TIFF", compression=compression, strip_size=1 << 20, **info)
    return file.getvalue()


FAX = "group3", "group4", "tiff_ccitt"
STRIPS = [
    *[(name, {}) for name in ("tiff_lzw", "packbits", "tiff_adobe_deflate", "lzma", *FAX, "jpeg")],
    ("group3", {"tiffinfo": {292: 1}}),
    ("group3", {"tiffinfo": {292: 4}}),
    ("group3", {"tiffinfo": {292: 5}}),
]


@pytest.mark.parametrize("fill", [b"\0", b"\xff"], ids=["zeros", "ones"])
@pytest.mark.each("strip", STRIPS)
def test_a_strip_whose_tail_was_never_written_is_damaged(strip, fill):
    name, info = strip
    array = bilevel() if name in FAX else smooth(64, 80)
    data = packed(array, name, **info)
    read(data)  # whole
    (start,), (size,) = page(data).dataoffsets, page(data).databytecounts
    for part in (0.1, 0.4, 0.7, 0.9):
        lost = int(size * (1 - part))
        cut = bytearray(data)
        cut[start + size - lost : start + size] = fill * lost
        with pytest.raises(DecodeError, match=r"damaged|truncated"):
            read(bytes(cut))


@pytest.mark.each("name", ["group3", "group4", "tiff_ccitt", "tiff_adobe_deflate"])
def test_a_lenient_call_takes_the_rows_before_the_damage(name):
    array = bilevel() if name in FAX else smooth(64, 80)
    data = packed(array, name)
    (start,), (size,) = page(data).dataoffsets, page(data).databytecounts
    cut = bytearray(data)
    cut[start + size // 2 : start + size] = bytes(size - size // 2)
    picture = read(bytes(cut), LENIENT)
    rows = len(array) // 4
    assert np.array_equal(picture.pixels[:rows, :, 0], array[:rows])
    assert any("damaged" in note for note in picture.notes)


def test_a_checksum_of_deflate_is_compared():
    data = bytearray(packed(smooth(64, 80), "tiff_adobe_deflate"))
    (start,), (size,) = page(bytes(data)).dataoffsets, page(bytes(data)).databytecounts
    data[start + size - 1] ^= 1
    with pytest.raises(DecodeError, match="damaged"):
        read(bytes(data))


def test_a_last_strip_of_full_height_is_whole():
    array = random(10, 9, 1)
    padded = np.concatenate([array, np.zeros((2, 9, 1), "uint8")])
    data = corpus.tiff(padded, 1, compression=8, t257=10)
    assert np.array_equal(read(data).pixels, array)


@pytest.mark.each("seed", range(12))
def test_the_rows_of_ccitt_data_are_those_that_were_written(seed):
    """Every code: runs from none to some thousands, and edges far and near to those above."""
    generator = np.random.default_rng(seed)
    height, width = int(generator.integers(1, 30)), int(generator.choice([1, 7, 64, 300, 3000, 6000]))
    array = np.cumsum(generator.random((height, width)) < generator.choice([0.5, 0.05, 0.002]), axis=1) % 2 == 1
    for name, options in (("group3", 0), ("group3", 1), ("group3", 4), ("group3", 5), ("group4", 0), ("tiff_ccitt", 0)):
        data = packed((~array).astype(np.uint8) * 255, name, **({"tiffinfo": {292: options}} if options else {}))
        found = page(data)
        (start,), (size,) = found.dataoffsets, found.databytecounts
        reader = fax._Reader(data[start : start + size], width)
        rows = np.zeros(array.shape, bool)
        edges = itertools.islice(reader.rows(int(found.compression), bool(options & 1)), height)
        for row, changes in zip(rows, edges, strict=True):
            for at in changes:
                row[at:] ^= True
        black_is_zero = found.photometric == tifffile.PHOTOMETRIC.MINISBLACK
        assert np.array_equal(rows, ~array if black_is_zero else array)


def test_planes_of_gray_and_alpha_in_jpegs_are_refused():
    """Pillow reads the first, and takes the alpha for nothing."""
    planes = [io.BytesIO(), io.BytesIO()]
    for value, plane in zip((100, 200), planes, strict=True):
        Image.new("L", (32, 16), value).save(plane, "JPEG")
    sizes = [len(plane.getvalue()) for plane in planes]
    first = 8 + 2 + 11 * 12 + 4 + 16
    at = first - 16
    fields = [(256, 32), (257, 16), (258, 8 | 8 << 16), (259, 7), (262, 1), (273, at), (277, 2), (278, 16)]
    fields += [(279, at + 8), (284, 2), (338, 2)]
    entries = b"".join(
        struct.pack("<HHII", tag, 4 if tag in (273, 279) else 3, 2 if tag in (258, 273, 279) else 1, value)
        for tag, value in fields
    )
    places = struct.pack("<IIII", first, first + sizes[0], *sizes)
    head = struct.pack("<2sHIH", b"II", 42, 8, len(fields))
    data = head + entries + bytes(4) + places + b"".join(plane.getvalue() for plane in planes)
    with pytest.raises(DecodeError, match="of JPEG data with planes of gray and alpha, which is not supported"):
        read(data)
