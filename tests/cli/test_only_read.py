"""Formats that are read and not written: what is refused of them, and where their results go."""

import importlib.util
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.images import formats, jxl
from PIL import Image

SPEC = importlib.util.spec_from_file_location("corpus", Path(__file__).parents[1] / "corpus.py")
corpus = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(corpus)
KEEP = ("conv", "--kernel", "1")
KINDS = {kind.name: kind for kind in corpus.only_read()}
ONLY_READ = [format for format in formats.FORMATS.values() if format.instead]


@pytest.mark.each("format", ONLY_READ)
def test_a_suffix_that_is_only_read_says_what_to_use(refused, png, format):
    for suffix in format.suffixes:
        line = refused(2, *KEEP, "a.png", "-o", f"out{suffix}")
        other = formats.FORMATS[format.instead]
        advice = f"--to {other.name}" if other.data_set else other.suffixes[0]
        assert "is read but not written; use " in line
        assert advice in line
    assert "is read but not written" in refused(2, *KEEP, "a.png", "-o", "out", "-t", format.name)


def test_a_file_cannot_be_replaced_in_a_format_that_is_only_read(refused, folder):
    data = KINDS["TGA RGB"].data
    (folder / "in.tga").write_bytes(data)
    assert "TGA is read but not written; use .png" in refused(1, *KEEP, "in.tga", "--in-place")
    assert (folder / "in.tga").read_bytes() == data


def test_a_folder_gets_each_result_in_a_format_that_holds_it(ok, load, folder):
    (folder / "in").mkdir()
    for name, suffix in (("TGA RGB", "tga"), ("HDR RGB", "hdr"), ("PSD CMYK 8-bit", "psd")):
        (folder / "in" / f"a-{suffix}.{suffix}").write_bytes(KINDS[name].data)
    ok(*KEEP, "in", "-o", "out/", "-q")
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["a-hdr.tif", "a-psd.tif", "a-tga.png"]
    assert np.array_equal(load("out/a-tga.png"), KINDS["TGA RGB"].pixels)
    assert np.array_equal(tifffile.imread("out/a-psd.tif"), KINDS["PSD CMYK 8-bit"].pixels)


def test_what_is_called_hdr_or_fit_in_a_folder_and_is_no_image_is_passed_over(ok, folder):
    (folder / "in").mkdir()
    (folder / "in" / "scene.hdr").write_text("ENVI\nsamples = 9\n")
    (folder / "in" / "run.fit").write_bytes(b"\x0e\x10\x43\x08.FIT")
    (folder / "in" / "a.tga").write_bytes(KINDS["TGA RGB"].data)
    ok(*KEEP, "in", "-o", "out/", "-q")
    assert [path.name for path in (folder / "out").iterdir()] == ["a.png"]


@pytest.mark.each("name", KINDS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_file_that_is_cut_off_is_refused(run, folder, name, part):
    kind = KINDS[name]
    whole = len(kind.data) - 26 if kind.format == "TGA" else kind.data.rstrip(b"\0").__len__()
    (folder / "in").write_bytes(kind.data[: int(part * whole)])
    ended = run(*KEEP, "in", "-o", "out.tif")
    assert ended.code == 1, name
    assert len(ended.lines) == 1, ended.err
    assert not (folder / "out.tif").exists()


@pytest.mark.each(
    "name", [name for name in KINDS if KINDS[name].format in ("TGA", "PCX", "SGI", "PSD", "FITS", "HDR", "DDS")]
)
def test_a_lenient_call_takes_what_is_there(run, folder, name):
    kind = KINDS[name]
    size = len(kind.data.rstrip(b"\0")) - (25 if kind.format == "TGA" else 0)
    end = size - 20 if kind.format == "FITS" else max(size * 4 // 5, min(size - 5, 140))
    (folder / "in").write_bytes(kind.data[:end])
    ended = run(*KEEP, "in", "-o", "out.tif", "--lenient", "--depth", "keep")
    assert ended.code == 0, ended.err
    assert "damaged" in ended.err, name
    assert tifffile.imread("out.tif").shape[:2] == kind.pixels.shape[:2]


SIZES = {
    "TGA RGB": (12, "<HH", (9000, 9000)),
    "QOI RGB": (4, ">II", (9000, 9000)),
    "DDS RGB": (12, "<II", (9000, 9000)),
    "SGI RGB 8-bit": (6, ">HH", (9000, 9000)),
    "PSD RGB 8-bit": (14, ">II", (9000, 9000)),
    "JP2 RGB": (None, ">II", (9000, 9000)),
}


@pytest.mark.each("name", SIZES)
def test_a_size_that_is_a_lie_is_refused_before_memory_is_taken(refused, folder, name):
    place, layout, size = SIZES[name]
    data = bytearray(KINDS[name].data)
    place = data.index(b"\xff\x4f\xff\x51") + 8 if place is None else place
    struct.pack_into(layout, data, place, *size)
    (folder / "in").write_bytes(data)
    assert "the limit is 1000000 (--max-pixels raises it)" in refused(
        1, *KEEP, "in", "-o", "o.png", "--max-pixels", "1M"
    )
    refused(1, *KEEP, "in", "-o", "o.png")


@pytest.mark.parametrize(
    ("name", "module"), [("JXL RGB", "imagecodecs"), ("EXR RGB", "OpenEXR"), ("HEIC RGB", "pi_heif")]
)
def test_a_missing_library_is_named_by_its_extra(refused, folder, monkeypatch, needs, name, module):
    needs("the extra formats")
    monkeypatch.setitem(sys.modules, module, None)
    (folder / "in").write_bytes(KINDS[name].data)
    assert "which needs an extra: pip install 'imfilter[formats]'" in refused(1, *KEEP, "in", "-o", "out.png")


# ---- what is said of one format ---------------------------------------------------------------------


def test_the_alpha_of_a_psd_is_the_documents_and_freed_of_white(run, folder, rgba):
    alpha = rgba[..., 3:].astype(np.float64) / 255
    on_white = np.floor(rgba[..., :3] * alpha + 255 * (1 - alpha) + 0.5).astype(np.uint8)
    data = corpus.psd(np.concatenate([on_white, rgba[..., 3:]], axis=2), 3, layers=b"\0\0\0\2\xff\xff\0\0")
    (folder / "in.psd").write_bytes(data)
    ended = run(*KEEP, "in.psd", "-o", "out.tif")
    assert ended.code == 0 and not ended.err
    found = tifffile.imread("out.tif")
    assert np.array_equal(found[..., 3], rgba[..., 3])
    opaque = rgba[..., 3] > 127
    assert np.abs(found[..., :3].astype(int) - rgba[..., :3])[opaque].max() <= 1


def test_masks_of_a_psd_are_left_out_with_a_word(run, folder, rgba):
    (folder / "in.psd").write_bytes(corpus.psd(rgba, 3))
    assert (
        "1 of its channels, which are masks or spot colours, were left out" in run(*KEEP, "in.psd", "-o", "o.png").err
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (corpus.psd(np.zeros((2, 2, 3), np.uint8), 9), "in Lab, which is not supported"),
        (
            corpus.psd(np.zeros((2, 2, 3), np.uint8), 3, resources=b"8BIM\x04\x21\0\0\0\0\0\5\0\0\0\1\0\0"),
            "has no merged picture; save it again with 'Maximize Compatibility'",
        ),
        (corpus.psd(np.zeros((2, 2, 2), np.uint8), 3), "2 channels are too few"),
    ],
)
def test_a_psd_that_is_not_read_says_why(refused, folder, data, said):
    (folder / "in.psd").write_bytes(data)
    assert said in refused(1, *KEEP, "in.psd", "-o", "out.png")


def test_a_fits_means_its_scaled_values_and_blanks_are_nan(ok, folder):
    samples = np.arange(12, dtype=np.int16).reshape(3, 4)
    (folder / "in.fits").write_bytes(corpus.fits(samples, BSCALE=0.5, BZERO=3, BLANK=7))
    ok(*KEEP, "in.fits", "-o", "out.npy")
    meant = samples[::-1] * 0.5 + 3
    meant[samples[::-1] == 7] = np.nan
    assert np.array_equal(np.load("out.npy").squeeze(), meant, equal_nan=True)


def test_blanks_of_whole_numbers_are_missing(ok, folder):
    """The mean of what is there: 5 beside a hole is not drawn to its value."""
    samples = np.full((5, 5), 5, np.int16)
    samples[2, 2] = -32768
    (folder / "in.fits").write_bytes(corpus.fits(samples, BZERO=32768, BLANK=-32768))
    ok("blur", "in.fits", "--op", "mean", "--radius", "1", "-o", "out.tif", "--nan", "ignore", "--keep-holes", "-q")
    found = tifffile.imread("out.tif")
    assert found.dtype == np.uint16
    assert found[2, 2] == 0
    assert (np.delete(found.ravel(), 12) == 32773).all()


def test_the_planes_of_a_fits_cube_are_pages(ok, folder):
    cube = np.arange(4 * 3 * 5, dtype=np.uint8).reshape(4, 3, 5)
    (folder / "in.fits").write_bytes(corpus.fits(cube))
    ok(*KEEP, "in.fits", "-o", "out.tif")
    assert np.array_equal(tifffile.imread("out.tif"), cube[:, ::-1])
    (folder / "in.fits").write_bytes(corpus.fits(cube[:3]))
    ok(*KEEP, "in.fits", "-o", "out.png")
    with Image.open("out.png") as image:
        assert np.array_equal(np.asarray(image), np.moveaxis(cube[:3, ::-1], 0, 2))


def test_a_fits_without_an_image_or_packed_in_tiles_says_so(refused, folder):
    table = corpus.fits(np.zeros((1, 1), np.uint8))[2880:]
    empty = "".join(f"{card:<80}" for card in ("SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0", "END")).ljust(2880).encode()
    cards = (
        "XTENSION= 'BINTABLE'",
        "BITPIX  = 8",
        "NAXIS   = 2",
        "NAXIS1  = 1",
        "NAXIS2  = 1",
        "PCOUNT  = 0",
        "GCOUNT  = 1",
    )
    for more, said in (((), "without an image (tables only)"), (("ZIMAGE  = T",), "funpack FILE unpacks it")):
        header = "".join(f"{card:<80}" for card in (*cards, *more, "END")).ljust(2880).encode()
        (folder / "in.fits").write_bytes(empty + header + table)
        assert said in refused(1, *KEEP, "in.fits", "-o", "out.png")


def test_the_largest_picture_of_an_icon_is_taken_with_a_word(run, load, folder, rgba):
    large = Image.fromarray(np.tile(rgba, (2, 1, 1))[:40, :40])
    (folder / "in.ico").write_bytes(corpus.saved(large, "ICO", sizes=[(16, 16), (40, 40)]))
    ended = run("conv", "--kernel", "1", "in.ico", "-o", "out.png")
    assert "only the largest of its 2 pictures was used, 40×40" in ended.err
    assert np.array_equal(load("out.png")[..., 3], np.asarray(large)[..., 3])


def test_the_mask_of_an_icon_is_its_alpha(ok, load, folder):
    mask = np.zeros((16, 16), np.uint8)
    mask[:, 8:] = 1
    bitmap = corpus.bmp(24, bytes((30, 20, 10)) * 256, height=32, width=16)[14:] + b"".join(
        np.packbits(row).tobytes() + b"\0\0" for row in mask
    )
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 24, len(bitmap), 22)
    (folder / "in.ico").write_bytes(b"\0\0\1\0\1\0" + entry + bitmap)
    ok(*KEEP, "in.ico", "-o", "out.png")
    found = load("out.png")
    assert (found[:, :8] == (10, 20, 30, 255)).all() and (found[:, 8:, 3] == 0).all()


def test_attributes_of_a_tga_that_are_no_alpha_are_not_used(ok, load, folder, rgba):
    data = corpus.saved(Image.fromarray(rgba), "TGA")
    without = bytearray(data)
    without[17] &= 0xF0
    (folder / "in.tga").write_bytes(without)
    ok(*KEEP, "in.tga", "-o", "out.png")
    assert np.array_equal(load("out.png"), rgba[..., :3])


@pytest.mark.parametrize("axes", ["-Y 2 +X 3", "+Y 2 +X 3", "-Y 2 -X 3", "+X 3 -Y 2", "-X 3 -Y 2", "+X 3 +Y 2"])
def test_an_hdr_stands_upright_whatever_way_it_is_stored(ok, folder, axes):
    upright = np.arange(6, dtype=np.uint8).reshape(2, 3)
    stored = upright[:: -1 if "+Y" in axes else 1, :: -1 if "-X" in axes else 1]
    stored = stored if axes[1] == "Y" else stored.T
    pixels = b"".join(bytes((10 * value, 10 * value, 10 * value, 136)) for value in stored.ravel().tolist())
    (folder / "in.hdr").write_bytes(f"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n{axes}\n".encode() + pixels)
    ok(*KEEP, "in.hdr", "-o", "out.npy")
    assert np.array_equal(np.load("out.npy")[..., 0], 10.0 * upright)


def test_the_bits_and_the_colours_of_a_jxl_are_told_by_its_header(needs):
    needs("the extra formats")
    imagecodecs = pytest.importorskip("imagecodecs")
    for channels, bits, dtype in (
        (3, 8, np.uint8),
        (1, 8, np.uint8),
        (3, 16, np.uint16),
        (4, 16, np.uint16),
        (3, 32, np.float32),
    ):
        samples = np.zeros((40, 24, channels), dtype)
        found = jxl.header(jxl.codestream(imagecodecs.jpegxl_encode(samples.squeeze(), lossless=True)))
        assert (found.width, found.height, found.bits, found.animated) == (24, 40, bits, False)
        assert len(found.extra) == (channels == 4)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_deep_jxl_is_read_whole(ok, load, folder, needs, dtype):
    needs("the extra formats")
    imagecodecs = pytest.importorskip("imagecodecs")
    samples = (np.random.default_rng(0).random((24, 40, 3)) * (65535 if dtype == np.uint16 else 1)).astype(dtype)
    (folder / "in.jxl").write_bytes(imagecodecs.jpegxl_encode(samples, lossless=True))
    ok(*KEEP, "in.jxl", "-o", "out.tif", "-q")
    assert np.array_equal(load("out.tif"), samples)


def test_an_animated_jxl_is_refused_by_what_it_is(refused, folder, needs):
    needs("the extra formats")
    imagecodecs = pytest.importorskip("imagecodecs")
    (folder / "in.jxl").write_bytes(imagecodecs.jpegxl_encode(np.zeros((3, 9, 9, 3), np.uint8), lossless=True))
    assert "is an animated JPEG XL image, which is not supported" in refused(1, *KEEP, "in.jxl", "-o", "out.png")


def test_a_heic_whose_data_end_in_zeros_is_refused(refused, folder, needs):
    needs("the extra formats")
    (folder / "in.heic").write_bytes(corpus.HEIC[:-40] + bytes(40))
    assert "end in zeros" in refused(1, *KEEP, "in.heic", "-o", "out.png")


def test_channels_of_an_exr_beside_its_colours_are_left_out_with_a_word(run, folder, needs):
    needs("the extra formats")
    library = pytest.importorskip("OpenEXR")
    plane = np.full((4, 5), 0.5, np.float32)
    library.File({}, {"R": plane, "G": plane, "B": plane, "depth.Z": plane}).write("in.exr")
    ended = run(*KEEP, "in.exr", "-o", "out.tif")
    assert "its channels depth.Z were left out" in ended.err
    assert (tifffile.imread("out.tif") == 0.5).all()


def test_a_byte_of_a_row_is_no_palette_of_a_pcx_that_is_cut_off(refused, folder):
    data = bytearray(KINDS["PCX palette"].data)
    at = next(at for at in range(140, 200) if data[at] < 192)
    data[at] = 12  # the number of a colour, or the mark of a palette where 769 bytes are left
    (folder / "cut.pcx").write_bytes(data[: at + 769])
    assert "damaged or truncated" in refused(1, "blur", "cut.pcx", "-o", "out.png")
