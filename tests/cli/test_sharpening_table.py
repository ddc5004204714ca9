"""`filters/SHARPENING.md`: other tools, where they are installed, give what the page says."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "filters" / "SHARPENING.md").read_text("utf-8")
ROWS = re.findall(r"^\| `([^`]+)` \| `(--[^`]+)` \| (\d+) \| (\d+) \|", PAGE, re.MULTILINE)
TOOLS = {"convert": "ImageMagick", "gm": "GraphicsMagick", "vips": "libvips"}


def case(row):
    """A row of the page, which needs the tool that it begins with; Pillow is there."""
    tool = TOOLS.get(row[0].split()[0])
    return pytest.param(*row, id=row[0][:40], marks=[pytest.mark.needs(tool)] if tool else [])


@pytest.fixture(scope="module")
def cat():
    return Image.open(ROOT / "sample_images" / "cat.jpg").convert("RGB")


def theirs(command, image):
    """What another tool makes of *image*."""
    if command.startswith("UnsharpMask"):
        radius, percent, threshold = map(int, re.findall(r"\d+", command))
        return image.filter(ImageFilter.UnsharpMask(radius, percent, threshold))
    tool, *words = command.split()
    subprocess.run([tool, *words], check=True)
    return Image.open(words[2] if tool == "vips" else words[-1])


def test_the_page_has_all_the_tools_that_it_was_compared_with():
    assert {row[0].split()[0].partition("(")[0] for row in ROWS} == {"convert", "gm", "UnsharpMask", "vips"}
    assert len(ROWS) == 13


@pytest.mark.parametrize(("command", "options", "most", "anywhere"), [case(row) for row in ROWS])
def test_the_translated_settings_agree_within_the_levels_of_the_page(ok, cat, command, options, most, anywhere):
    gray = "in.pgm" in command
    image = cat.convert("L") if gray else cat
    source = "in.pgm" if gray else "in.ppm"
    image.save(source)
    ok("sharpen", source, "-o", "own.png", "--border", "nearest", "--op", "unsharp", *options.split())
    own, other = np.asarray(Image.open("own.png"), int), np.asarray(theirs(command, image), int)
    off = np.abs(own - other)
    assert np.percentile(off, 99.9) <= int(most)
    assert off.max() <= int(anywhere)
    assert off.mean() < 0.6 < np.abs(own - np.asarray(image, int)).mean()


def test_high_boost_is_an_unsharp_mask_and_the_image(ok, cat):
    """As the page says: the same as the unsharp mask where the boost is 2, and A - 2 images more."""
    cat.save("in.ppm")
    ok("sharpen", "in.ppm", "-o", "boosted.npy", "--op", "highboost", "--boost", "2.7")
    ok("sharpen", "in.ppm", "-o", "masked.npy", "--op", "unsharp")
    expected = np.load("masked.npy") + 0.7 * np.asarray(cat)
    np.testing.assert_allclose(np.load("boosted.npy"), expected, atol=1e-2)


@pytest.mark.peers
@pytest.mark.parametrize(("sigma", "amount"), [(1.0, 0.5), (3.0, 2.0)])
def test_opencv_and_scikit_image_are_as_the_page_says(peer, sigma, amount):
    """Of float images, cut where imfilter cuts."""
    from imfilter.filters.sharpen import sharpen

    cv2, filters = peer("cv2"), peer("skimage.filters")
    image = np.random.default_rng(3).uniform(0, 1, (60, 50)).astype(np.float32)
    own = sharpen(image, op="unsharp", sigma=sigma, amount=amount)
    side = 2 * int(4 * sigma + 0.5) + 1
    smooth = cv2.GaussianBlur(image, (side, side), sigma, borderType=cv2.BORDER_REFLECT)
    np.testing.assert_allclose(own, cv2.addWeighted(image, 1 + amount, smooth, -amount, 0), atol=1e-5)
    other = filters.unsharp_mask(image, radius=sigma, amount=amount, preserve_range=True)
    np.testing.assert_allclose(own, other, atol=1e-5)
