"""Other colour spaces than gray and RGB, and what the filters make of colours."""

import numpy as np
import pytest
from imfilter.cli.images import icc_transform
from PIL import Image, ImageCms

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
KEEP = ("conv", "--kernel", "1")


@pytest.fixture
def inks(rgb):
    """Samples of CMYK, black ink among them."""
    samples = np.asarray(Image.fromarray(rgb).convert("CMYK")).copy()
    samples[..., 3] = rgb[..., 0] // 4
    return samples


def image_of(inks):
    return Image.frombytes("CMYK", inks.shape[1::-1], inks.tobytes())


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_cmyk_goes_through_tiff_untouched(ok, inks, compression):
    image_of(inks).save("in.tif", compression=compression, icc_profile=ICC)
    ok(*KEEP, "in.tif", "-o", "out.tif")
    with Image.open("out.tif") as found:
        assert found.mode == "CMYK"
        assert np.array_equal(np.asarray(found), inks)
        assert found.info["icc_profile"] == ICC


def test_cmyk_goes_through_jpeg_not_inverted(ok, inks):
    image_of(inks).save("in.jpg", quality=100)
    ok(*KEEP, "in.jpg", "-o", "out.jpg", "--quality", "100")
    with Image.open("in.jpg") as before, Image.open("out.jpg") as found:
        assert found.mode == "CMYK"
        assert np.abs(np.asarray(found).astype(int) - np.asarray(before)).max() <= 3


def test_a_large_cmyk_jpeg_is_joined_from_bands(ok, inks):
    image_of(np.tile(inks, (40, 40, 1))).save("in.jpg", quality=95)
    ok("blur", "in.jpg", "-o", "out.jpg")
    with Image.open("out.jpg") as found:
        assert np.asarray(found).shape == (960, 1600, 4)


def test_each_ink_is_filtered_as_a_gray_picture_is(ok, load, inks):
    image_of(inks).save("in.tif")
    ok("blur", "in.tif", "-o", "out.tif")
    for ink in range(4):
        Image.fromarray(inks[..., ink]).save("ink.png")
        ok("blur", "ink.png", "-o", "blurred.png")
        assert np.array_equal(load("out.tif")[..., ink], load("blurred.png"))


@pytest.mark.parametrize(
    "words", ["blur --op guided", "blur --op bilateral", "blur --op nlm", "sharpen --op adaptive", "frequency", "noise"]
)
def test_inks_are_looked_at_together(ok, inks, words):
    image_of(inks).save("in.tif")
    ok(*words.split(), "in.tif", "-o", "out.tif")
    with Image.open("out.tif") as found:
        assert found.mode == "CMYK"


def test_an_edge_in_one_ink_guides_all(ok):
    inks = np.random.default_rng(1).integers(90, 110, (16, 20, 4)).astype(np.uint8)
    inks[:, 10:, 3] += 100
    image_of(inks).save("in.tif")
    ok("blur", "in.tif", "-o", "out.tif", "--op", "guided", "--radius", "2", "--epsilon", "0.001")
    values = inks / 255
    padded = np.pad(values, ((4, 4), (4, 4), (0, 0)), "symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), (0, 1)).reshape(20, 24, 4, 25)
    mean = windows.mean(-1)
    off = windows - mean[..., None]
    covariance = off @ off.swapaxes(-1, -2) / 25
    slope = np.linalg.solve(covariance + 0.001 * np.eye(4), covariance)
    offset = mean - np.einsum("yxk,yxkc->yxc", mean, slope)
    lines = np.lib.stride_tricks.sliding_window_view(slope, (5, 5), (0, 1)).mean((-1, -2))
    expected = np.einsum("yxk,yxkc->yxc", values, lines)
    expected += np.lib.stride_tricks.sliding_window_view(offset, (5, 5), (0, 1)).mean((-1, -2))
    with Image.open("out.tif") as found:
        assert np.abs(np.asarray(found) - 255 * expected).max() <= 0.51


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("blur in.tif -o out.png", "PNG cannot hold CMYK samples; use --to-rgb"),
        ("blur in.tif -o out.npy", "NPY cannot hold CMYK samples; use --to-rgb"),
        ("blur in.tif -o out.jpg --depth 16", "16-bit CMYK"),
        ("edges in.tif -o out.tif", "which have no luma; use --to-rgb"),
        ("blur in.tif -o out.tif --linear", "which --linear cannot convert; use --to-rgb, or omit --linear"),
    ],
)
def test_what_cmyk_has_not_is_refused(refused, inks, line, said):
    image_of(inks).save("in.tif")
    assert said in refused(1, *line.split())


@pytest.mark.parametrize("name", ["in.tif", "in.jpg"])
def test_cmyk_becomes_rgb_on_request(ok, load, inks, name):
    image_of(inks).save(name, quality=100)
    with Image.open(name) as image:
        expected = np.asarray(image.convert("RGB"))
    ok(*KEEP, name, "-o", "out.png", "--to-rgb")
    assert np.array_equal(load("out.png"), expected)


def test_a_profile_of_other_colours_is_said(run, inks):
    image_of(inks).save("in.tif", icc_profile=ICC)
    ended = run(*KEEP, "in.tif", "-o", "out.png", "--to-rgb")
    assert ended.code == 0
    assert "its ICC profile was not used" in ended.err
    assert len(ended.lines) == 1


def test_a_profile_is_used_and_left_behind(rgb):
    """Of RGB colours here: no profile of inks comes with Python."""
    found = icc_transform._through(Image.fromarray(rgb), ICC)
    assert np.abs(np.asarray(found).astype(int) - rgb).max() <= 1


def test_lab_becomes_srgb_and_is_said(run, load, rgb):
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    flat = np.full((8, 8, 3), (200, 120, 40), np.uint8)
    lab = ImageCms.profileToProfile(Image.fromarray(flat), *profiles, outputMode="LAB")
    lab.save("in.tif")
    ended = run(*KEEP, "in.tif", "-o", "out.png")
    assert ended.lines == ["imfilter: in.tif: its Lab colours were converted to sRGB"]
    assert np.abs(load("out.png").astype(int) - flat).max() <= 3


def test_ycbcr_becomes_rgb_and_is_said(run, load):
    flat = np.full((8, 8, 3), (200, 120, 40), np.uint8)
    Image.fromarray(flat).convert("YCbCr").save("in.tif")
    ended = run(*KEEP, "in.tif", "-o", "out.png")
    assert ended.lines == ["imfilter: in.tif: its YCbCr colours were converted to RGB"]
    assert np.abs(load("out.png").astype(int) - flat).max() <= 2


def test_a_seam_of_red_and_green_is_bright_in_linear_light(ok, load):
    seam = np.zeros((9, 40, 3), np.uint8)
    seam[:, :20, 0] = seam[:, 20:, 1] = 255
    Image.fromarray(seam).save("in.png")
    ok("blur", "in.png", "--sigma", "3", "--linear", "-o", "out.png")
    left, right = load("out.png")[4, 19:21].astype(int)
    assert abs((left + right)[:2] / 2 - 188).max() <= 1
    ok("blur", "in.png", "--sigma", "3", "-o", "out.png")
    left, right = load("out.png")[4, 19:21].astype(int)
    assert abs((left + right)[:2] / 2 - 128).max() <= 1


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("line", ["blur --sigma 4", "blur --op mean --size 9", "conv --kernel mean5"])
def test_a_white_square_on_a_transparent_ground_stays_white(ok, load, line, dtype):
    full = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    square = np.zeros((40, 40, 4), dtype)
    square[10:30, 10:30] = full
    np.save("in.npy", square)
    ok(*line.split(), "in.npy", "-o", "out.tif")
    found = load("out.tif")
    visible = found[..., 3] > (1e-3 if dtype == "float32" else 0)
    white = found[..., :3][visible]
    assert np.allclose(white, 1, atol=1e-5) if dtype == "float32" else (white == full).all()
    assert visible.sum() > 20 * 20


@pytest.mark.parametrize(("before", "depth", "after"), [(128, "16", 128 * 257), (128, "keep", 128)])
def test_8_bits_are_scaled_to_16(ok, load, before, depth, after):
    Image.new("RGB", (4, 4), (before,) * 3).save("in.png")
    ok(*KEEP, "in.png", "-o", "out.ppm", "--depth", depth)
    ok(*KEEP, "out.ppm", "-o", "out.tif")
    assert (load("out.tif") == after).all()


def test_16_bits_are_scaled_to_8_and_not_clipped(ok, load):
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    np.save("in.npy", levels)
    ok(*KEEP, "in.npy", "-o", "out.png", "--depth", "8")
    assert np.array_equal(load("out.png"), np.floor(levels / 257 + 0.5))
