"""Words in pictures, and the ramps of colours for data."""

import numpy as np
import pytest
from imfilter.cli.drawing import ramps
from imfilter.cli.drawing.text import Font
from imfilter.cli.errors import UsageError
from PIL import Image, ImageDraw, ImageFont

TEXTS = ["sigma 4, range-sigma 25", "jpq|Å_", "3×3 ½ σ °", "café", "Фото 12", "写真", "\n\t\x1b[31m", "  ", ""]


@pytest.fixture
def file_of_font(folder):
    """The font of Pillow as a file."""
    (folder / "font.ttf").write_bytes(vars(ImageFont.load_default(10))["font_bytes"])
    return "font.ttf"


def drawn(font, text, size=(900, 40)):
    """The box of what is drawn for *text*, from a pen at 20, 10."""
    image = Image.new("L", size)
    font.draw(ImageDraw.Draw(image), (20, 10), text, 255)
    return image.getbbox()


@pytest.mark.each("text", TEXTS)
@pytest.mark.each("size", [8, 12, 30])
def test_what_is_drawn_stays_within_the_width_and_height_that_are_told(text, size):
    font = Font(size)
    if (box := drawn(font, text, (900, 80))) is not None:
        assert box[0] >= 19 and box[2] <= 20 + font.width(text)
        assert box[1] >= 10 and box[3] <= 10 + font.line_height


@pytest.mark.each("text", [*TEXTS, "W" * 2000, "i" * 2000])
@pytest.mark.each("width", [0, 5, 14, 60, 155])
def test_a_text_that_is_cut_is_as_long_as_fits(text, width):
    font = Font()
    cut, whole = font.cut(text, width), font.written(text)
    assert font.width(cut) <= width
    if cut != whole:
        longer = whole[: len(cut.removesuffix("…")) + 2] + "…"
        assert font.width(longer) > width
        assert not cut or cut.endswith("…")


def test_a_box_is_never_drawn_for_a_letter_that_the_font_lacks():
    font = Font()
    lacking = font.own.getmask("\U000fffff")
    for code in (*range(32, 0x500), 0x2212, 0x5199, 0x1F600):
        for letter in font.written(chr(code)):
            assert letter.isspace() or bytes(font.own.getmask(letter)) != bytes(lacking), hex(code)


def test_a_font_of_a_file_draws_as_it_does_itself(file_of_font):
    for text in TEXTS:
        assert Font(14, file_of_font).written(text) == Font(14).written(text)
    assert drawn(Font(14, file_of_font), "sigma 4") == drawn(Font(14), "sigma 4")


@pytest.mark.each("content", [b"", b"no font", b"\0\1\0\0" + bytes(40), None])
def test_a_file_that_is_no_font_is_refused(folder, content):
    if content is not None:
        (folder / "f.ttf").write_bytes(content)
    with pytest.raises(UsageError, match=r"^--font f.ttf: (is not a font|no such file)"):
        Font(12, "f.ttf")


def lightness(colours):
    """CIE L* of sRGB colours."""
    linear = np.where(colours <= 0.04045 * 255, colours / 255 / 12.92, ((colours / 255 + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(light > (6 / 29) ** 3, 116 * np.cbrt(light) - 16, light * (29 / 3) ** 3)


def test_the_lightness_of_the_ramp_rises_evenly():
    found = lightness(ramps.ramp(np.linspace(0, 1, 257)).astype(float))
    even = np.linspace(found[0], found[-1], 257)
    assert found[0] < 15 and found[-1] > 90
    assert np.abs(found - even).max() < 1.5
    assert (np.diff(found[::8]) > 0).all()


def test_the_diverging_ramp_is_white_at_nothing_and_as_dark_on_both_sides():
    shares = np.linspace(-1, 1, 101)
    found = lightness(ramps.diverging(shares).astype(float))
    assert found.argmax() == 50 and ramps.diverging(np.zeros(1)).tolist() == [[255, 255, 255]]
    assert np.abs(found - found[::-1]).max() < 8
    assert ramps.diverging(np.array([np.nan, 9.0])).tolist() == [[255, 255, 255], [178, 24, 43]]


def test_the_ramps_keep_the_shape_of_the_data():
    for shape in ((), (3,), (2, 3)):
        data = np.zeros(shape)
        for found in (ramps.ramp(data), ramps.diverging(data), ramps.hue(data, data)):
            assert (found.shape, found.dtype) == ((*shape, 3), np.uint8)
