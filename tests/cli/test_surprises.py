"""Results that will surprise are said in one line, with the option that shows them, and that option does."""

import re
import shlex

import numpy as np
import pytest
from PIL import Image

RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def photo(folder):
    """A smooth picture of every brightness, with edges and a little noise."""
    y, x = np.mgrid[0:120, 0:160]
    image = 128 + 90 * np.sin(x / 9) * np.cos(y / 13) + 30 * (x > 80) + RNG.normal(0, 6, (120, 160))
    Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save("in.png")


CLIPPED = [
    ("conv --kernel '1 2 1; 2 4 2; 1 2 1'", "picture", "--normalize sum"),
    ("conv --kernel sobel-x", "picture", "--range offset --gain 0.5"),
    ("conv --kernel laplacian4", "picture", "--range offset"),
    ("edges --op laplacian --range offset --gain 100", "picture", None),
    ("pool --op l2 --range abs", "picture", "--gain 0.5"),
    ("edges --op scharr --gain 8", "picture", None),
]


@pytest.mark.parametrize(("words", "what", "advice"), CLIPPED)
def test_clipping_is_said_and_the_advice_helps(words, what, advice, run):
    ended = run(*shlex.split(words), "in.png", "-o", "out.png")
    assert ended.code == 0
    (line,) = ended.lines
    found = re.fullmatch(rf"imfilter: in\.png: more than 20% of the {what} is clipped; (.*) shows it", line)
    assert found and advice in (None, found[1])
    kept = shlex.split(re.sub(r"--gain \S+", "", words))
    ended = run(*kept, *found[1].split(), "in.png", "-o", "out.png")
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("norm", ["l2", "l1", "max"])
@pytest.mark.parametrize("mode", ["L", "I;16", "bands"])
def test_clipped_edges_of_whole_numbers_are_said_too(mode, norm, run):
    noise = RNG.integers(0, 256, (50, 60, 5), dtype=np.uint8)
    if mode == "bands":
        np.save("noise.npy", noise)
        source, target = "noise.npy", ["out.tif", "--depth", "8"]
    else:
        Image.fromarray(noise[..., 0] if mode == "L" else noise[..., 0] * np.uint16(257)).save("noise.png")
        source, target = "noise.png", ["out.png"]
    ended = run("edges", source, "-o", *target, "--norm", norm)
    assert ended.code == 0
    assert re.fullmatch(
        rf"imfilter: {source}: more than 20% of the picture is clipped; --gain \S+ shows it\n", ended.err
    )


@pytest.mark.each(
    "words",
    [
        *(
            f"edges --op {op}"
            for op in ("sobel", "prewitt", "scharr", "roberts", "farid", "central", "laplacian", "log")
        ),
        *(f"edges --op {op}" for op in ("dog", "kirsch", "robinson", "structure")),
        "edges --size 5",
        "frequency --op highpass",
        "frequency --op bandpass",
        "pool --op l2 --size 4",
        "sharpen --amount 9",
        "conv --kernel sobel-x --range clip",
        "conv --kernel sobel-x --depth float -o out.tif",
        "conv --kernel sobel-x -q",
    ],
)
def test_defaults_show_and_what_was_asked_for_is_no_surprise(words, run):
    ended = run(*words.split(), "in.png", *([] if " -o" in words else ["-o", "out.png"]))
    assert (ended.code, ended.err) == (0, "")


def test_a_picture_without_contrast_is_said(run):
    ended = run("conv", "--kernel", "0.01", "in.png", "-o", "out.png")
    assert ended.lines == [
        "imfilter: in.png: the values of the picture differ by only a few levels; --range stretch shows them"
    ]
    Image.new("L", (20, 20), 90).save("flat.png")
    assert run("blur", "flat.png", "-o", "out.png").err == ""


@pytest.mark.each("mode", ["8", "16"])
def test_nothing_surprises_where_nothing_is_seen(run, mode):
    image = np.random.default_rng(1).integers(0, 256, (40, 60, 4), np.uint8)
    image[..., 3] = 0
    Image.fromarray(image).save("clear.png")
    assert run("blur", "--sigma", "5", "clear.png", "-o", "out.png", "--depth", mode).err == ""
    assert run("conv", "--kernel", "0.01", "clear.png", "-o", "out.png", "--depth", mode).err == ""


def test_a_faint_edge_that_canny_does_not_see_is_said_and_percentages_find_it(run, load):
    image = np.full((30, 40), 31000, np.uint16)
    image[:, 20:] = 33000
    Image.fromarray(image).save("faint.png")
    ended = run("edges", "faint.png", "-o", "out.png", "--op", "canny")
    assert ended.lines == [
        "imfilter: faint.png: no edge of the picture reaches --high; --low 12% --high 30% adapt to "
        "the picture's own edges"
    ]
    assert not load("out.png").any()
    assert run("edges", "faint.png", "-o", "out.png", "--op", "canny", "--low", "12%", "--high", "30%").err == ""
    assert (load("out.png") > 0).any(axis=1).all()
    Image.new("L", (20, 20), 90).save("flat.png")
    assert run("edges", "flat.png", "-o", "out.png", "--op", "canny").err == ""


def test_zero_crossings_below_the_threshold_are_said(run, photo):
    words = ("edges", "in.png", "-o", "b.png", "--op", "zerocross")
    assert run(*words, "--threshold", "1000").lines == [
        "imfilter: in.png: no zero crossing of the picture reaches --threshold; leave it out, or lower it"
    ]
    assert run(*words).lines == []


@pytest.fixture
def deep():
    """12 bits in 16, with a step in the middle."""
    picture = np.full((40, 60), 300, np.uint16)
    picture[:, 30:] = 3900
    picture += RNG.integers(0, 20, picture.shape).astype(np.uint16)
    Image.fromarray(picture).save("deep.png")
    return picture


@pytest.mark.parametrize(
    "words", [("edges", "--op", "canny"), ("blur", "--depth", "8"), ("edges", "--op", "canny", "--depth", "8")], ids=str
)
def test_a_picture_that_fills_few_of_its_bits_is_said_with_its_white(run, ok, deep, load, words):
    (line,) = run(*words, "deep.png", "-o", "out.png").lines
    assert "its values stay below 1/8 of white" in line
    assert line.endswith("; use --white 4095")
    assert load("out.png").max() < 20
    ok(*words, "deep.png", "-o", "out.png", "--white", "4095")
    assert load("out.png").max() > 230


def test_float_of_few_bits_is_said_too_and_16_bits_of_them_are_kept_in_silence(run, ok, deep):
    (line,) = run("blur", "deep.png", "-o", "out.tif", "--depth", "float").lines
    assert line.endswith("; use --white 4095")
    ok("blur", "deep.png", "-o", "out.png")
    Image.fromarray(deep * np.uint16(16)).save("deep.png")
    ok("blur", "deep.png", "-o", "out.png", "--depth", "8")
