"""Label maps: filters choose among the numbers of a palette and invent none; other pictures are filtered by colour."""

from pathlib import Path

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.morph import morph
from PIL import Image

COLOURS = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0], [90, 20, 200], [7, 7, 9]], np.uint8)
NOTE = "looks like a label map: its palette indices were filtered; --channels each filters its colours"
PICKING = [
    ("morph", "--op", "dilate"),
    ("morph", "--op", "open", "--size", "5"),
    ("blur", "--op", "median"),
    ("blur", "--op", "mode", "--size", "5"),
    ("pool", "--op", "max"),
]


def labels(height=40, width=60):
    """Flat regions of five classes, with a few wrong pixels."""
    found = np.zeros((height, width), np.uint8)
    found[5:20, 5:25], found[10:35, 30:50], found[22:38, 3:20], found[2:8, 40:58] = 1, 2, 3, 4
    found[12, 12], found[30, 44] = 4, 1
    return found


def save(name, indices=None, colours=COLOURS, **options):
    image = Image.fromarray(labels() if indices is None else indices)
    image.putpalette(colours.tobytes())
    image.save(name, **options)


def read(name):
    """Numbers and colours of a file, by Pillow alone."""
    with Image.open(name) as image:
        assert image.mode == "P", image.mode
        return np.asarray(image), np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)


def filtered(words):
    name, *options = words
    given = dict(zip([option[2:] for option in options[::2]], options[1::2], strict=True))
    if "size" in given:
        given["size"] = int(given["size"])
    if name == "pool":
        return labels().reshape(20, 2, 30, 2).max(axis=(1, 3))
    return {"morph": morph, "blur": blur}[name](labels(), **given)


@pytest.mark.each("into", ["png", "tif", "bmp", "gif"])
@pytest.mark.each("source", ["png", "tif", "bmp"])
@pytest.mark.each("words", PICKING)
def test_numbers_and_palette_are_kept(run, source, into, words):
    save(f"in.{source}")
    ended = run(*words, f"in.{source}", "-o", f"out.{into}")
    assert (ended.code, ended.lines) == (0, [f"imfilter: in.{source}: {NOTE}"])
    indices, colours = read(f"out.{into}")
    assert np.array_equal(indices, filtered(words))
    assert np.array_equal(colours[:5], COLOURS)


@pytest.mark.each("into", ["ppm", "webp", "npy", "jpg"])
def test_a_format_without_palettes_gets_the_colours(run, into):
    save("in.png")
    assert run("morph", "--op", "dilate", "in.png", "-o", f"out.{into}").code == 0
    expected = COLOURS[morph(labels(), op="dilate")]
    if into == "npy":
        assert np.array_equal(np.load("out.npy"), expected)
    else:
        with Image.open(f"out.{into}") as image:
            found = np.asarray(image).astype(int)
        assert found.shape == expected.shape
        assert np.abs(found - expected).mean() <= (0 if into != "jpg" else 5)


def test_gray_alone_holds_no_palette(run):
    save("in.png")
    ended = run("morph", "--op", "dilate", "in.png", "-o", "out.pgm")
    assert ended.code == 1
    assert ended.lines[-1].endswith("out.pgm: PGM cannot hold a palette's colours; use .png or .tif")


def test_who_asks_for_colours_gets_them_and_no_note(ok, load):
    save("in.png")
    ok("morph", "--op", "dilate", "in.png", "-o", "out.png", "--channels", "each")
    assert np.array_equal(load("out.png"), morph(COLOURS[labels()], op="dilate"))


@pytest.mark.each("words", [("blur",), ("sharpen",), ("morph", "--op", "gradient"), ("pool", "--op", "avg")])
def test_filters_that_mix_filter_the_colours(ok, load, words):
    save("in.png")
    ok(*words, "in.png", "-o", "out.png")
    assert load("out.png").shape[2:] == (3,)


def others():
    """Pictures with a palette that are no label maps."""
    random = np.random.default_rng(1)
    many = np.repeat(np.repeat(np.arange(100, dtype=np.uint8).reshape(10, 10), 12, axis=0), 12, axis=1)
    yield "many colours", many, random.integers(0, 256, (100, 3)).astype(np.uint8), {}
    yield "noise", random.integers(0, 5, (40, 60)).astype(np.uint8), COLOURS, {}
    yield "grays", labels(), np.repeat(np.arange(0, 250, 50, dtype=np.uint8), 3).reshape(5, 3), {}
    yield "transparency", labels(), COLOURS, {"transparency": 0}


@pytest.mark.each("case", list(others()), ids=lambda case: case[0])
def test_other_pictures_are_filtered_by_colour(ok, case):
    _, indices, colours, options = case
    save("in.png", indices, colours, **options)
    ok("blur", "--op", "median", "in.png", "-o", "out.png")
    with Image.open("out.png") as image:
        assert image.mode != "P"


def test_what_is_asked_for_needs_no_looks(ok):
    """Noise is no label map unasked, and a mask of black and white blends nothing."""
    noise = np.random.default_rng(1).integers(0, 5, (40, 60)).astype(np.uint8)
    save("in.png", noise)
    Image.fromarray(np.pad(np.full((20, 60), 255, np.uint8), ((0, 20), (0, 0)))).save("mask.png")
    ok("blur", "--op", "mode", "in.png", "-o", "out.png", "--channels", "index", "--mask", "mask.png")
    indices, colours = read("out.png")
    assert np.array_equal(indices[:20], blur(noise, op="mode")[:20])
    assert np.array_equal(indices[20:], noise[20:])
    assert np.array_equal(colours[:5], COLOURS)


def test_a_chain_keeps_numbers_where_all_its_steps_do(run, ok):
    save("in.png")
    assert NOTE in run("chain", "in.png", "-o", "out.png", "blur --op mode", "morph --op erode").err
    assert np.array_equal(read("out.png")[0], morph(blur(labels(), op="mode"), op="erode"))
    ok("chain", "in.png", "-o", "out.png", "blur --op mode", "blur")
    with Image.open("out.png") as image:
        assert image.mode == "RGB"


def test_pages_keep_the_colours_of_their_own_palettes(run):
    first, second = (Image.fromarray(labels()) for _ in range(2))
    first.putpalette(COLOURS.tobytes())
    second.putpalette(COLOURS[::-1].tobytes())
    first.save("in.tif", save_all=True, append_images=[second])
    assert run("morph", "--op", "dilate", "in.tif", "-o", "out.tif").code == 0
    with Image.open("out.tif") as image:
        for number, colours in enumerate((COLOURS, COLOURS[::-1])):
            image.seek(number)
            assert np.array_equal(np.asarray(image.convert("RGB")), colours[morph(labels(), op="dilate")])


@pytest.mark.each(
    "words, said",
    [
        (("blur",), "requires a filter that only selects samples"),
        (("morph", "--op", "tophat"), "requires a filter that only selects samples"),
        (("conv", "--kernel", "1"), "requires a filter that only selects samples"),
    ],
)
def test_filters_that_mix_refuse_numbers(refused, words, said):
    save("in.png")
    assert said in refused(2, *words, "in.png", "-o", "out.png", "--channels", "index")


@pytest.mark.each(
    "options, said",
    [
        (("--depth", "16"), "--depth has no meaning with --channels index"),
        (("--linear",), "--linear has no meaning with --channels index"),
        (("--mask", "mask.png"), "--mask blends samples"),
    ],
)
def test_what_numbers_do_not_have_is_refused(refused, options, said):
    save("in.png")
    Image.new("L", (60, 40), 100).save("mask.png")
    assert said in refused(1, "blur", "--op", "mode", "in.png", "-o", "out.png", "--channels", "index", *options)


def test_pictures_without_a_palette_have_no_numbers(refused, ok, png, load, gray):
    words = ("blur", "--op", "mode", "--channels", "index")
    assert "has no opaque palette" in refused(1, *words, "a.png", "-o", "out.png")
    save("clear.png", transparency=0)
    assert "has no opaque palette" in refused(1, *words, "clear.png", "-o", "out.png")
    Image.fromarray(gray).save("gray.png")
    ok(*words, "gray.png", "-o", "out.png")
    assert np.array_equal(load("out.png"), blur(gray, op="mode"))


def test_no_strip_takes_the_palette(run):
    save("in.png")
    run("morph", "--op", "dilate", "in.png", "-o", "out.png", "--strip")
    assert np.array_equal(read("out.png")[1][:5], COLOURS)


def test_arrays_of_numbers():
    assert np.array_equal(blur(labels(), op="mode", channels="index"), blur(labels(), op="mode"))
    with pytest.raises(ImageError, match="one channel"):
        blur(COLOURS[labels()], op="mode", channels="index")
    with pytest.raises(ParameterError, match="cannot be mixed"):
        blur(labels(), channels="index")


def test_the_files_are_small(run):
    save("in.png")
    run("morph", "--op", "dilate", "in.png", "-o", "out.png")
    run("morph", "--op", "dilate", "in.png", "-o", "colours.png", "--channels", "each")
    assert len(Path("out.png").read_bytes()) <= len(Path("colours.png").read_bytes())
