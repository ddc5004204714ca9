"""`--channels R`, `G`, `B` and `A` from the shell: what is written, and what is refused in one line."""

import numpy as np
import pytest
from imfilter import blur, edges, imread, imwrite
from PIL import Image


@pytest.mark.parametrize("name", ["R", "g", "B"])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".ppm"])
def test_the_command_gives_what_the_call_gives(ok, rgb, name, suffix):
    imwrite("in.png", rgb)
    ok("blur", "in.png", "-o", f"out{suffix}", "--sigma", "2", "--channels", name)
    found = imread(f"out{suffix}")
    assert np.array_equal(found, blur(rgb, sigma=2, channels=name))
    kept = [at for at in range(3) if at != "RGB".index(name.upper())]
    assert np.array_equal(found[..., kept], rgb[..., kept])


def test_an_alpha_alone_is_filtered(ok, rgba):
    imwrite("in.png", rgba)
    ok("blur", "in.png", "-o", "out.png", "--channels", "A")
    assert np.array_equal(imread("out.png"), blur(rgba, channels="A"))
    ok("edges", "in.png", "-o", "edges.png", "--channels", "a")
    assert np.array_equal(imread("edges.png"), edges(rgba, channels="A").image)


def test_a_format_without_alpha_shows_the_filtered_one(ok, rgb):
    image = np.dstack([np.zeros_like(rgb), np.full(rgb.shape[:2], 255, np.uint8)])
    image[:, : rgb.shape[1] // 2, 3] = 0
    imwrite("in.png", image)
    ok("blur", "in.png", "-o", "out.ppm", "--channels", "A", "--background", "white")
    alpha = blur(image, channels="A")[..., 3]
    assert np.array_equal(imread("out.ppm"), np.repeat(255 - alpha[..., None], 3, axis=2))


def test_gray_files_hold_the_edges_of_one_channel(ok, rgb):
    imwrite("in.png", rgb)
    ok("edges", "in.png", "-o", "out.pgm", "--gx", "gx.npy", "--channels", "G")
    found = edges(rgb[..., 1])
    assert np.array_equal(imread("out.pgm"), found.image) and np.array_equal(np.load("gx.npy"), found.gx)


def test_recipes_keep_the_channel(ok, rgb):
    imwrite("in.png", rgb)
    ok("chain", "in.png", "-o", "one.png", "blur --channels R", "sharpen --channels B", "--save", "own.toml")
    ok("run", "own.toml", "in.png", "-o", "two.png")
    assert np.array_equal(imread("one.png"), imread("two.png"))
    assert np.array_equal(imread("one.png")[..., 1], rgb[..., 1])


def test_a_region_of_one_channel(ok, rgb):
    imwrite("in.png", rgb)
    ok("blur", "in.png", "-o", "out.png", "--channels", "R", "--roi", "3,2,5,6")
    assert np.array_equal(imread("out.png"), blur(rgb, channels="R", roi=(3, 2, 5, 6)))


def test_a_palette_has_the_channels_of_its_colours(ok, rgb):
    Image.fromarray(rgb).quantize(16).save("in.png")
    ok("blur", "in.png", "-o", "out.png", "--channels", "R")
    assert np.array_equal(imread("out.png"), blur(imread("in.png"), channels="R"))


def test_what_has_no_such_channel_is_refused(refused, rgb, gray):
    imwrite("rgb.png", rgb)
    imwrite("gray.png", gray)
    Image.fromarray(rgb).convert("CMYK").save("cmyk.tif")
    for words, why in {
        ("blur", "gray.png", "--channels", "R"): "gray.png: is gray, and has no R channel; use --channels each",
        ("blur", "rgb.png", "--channels", "A"): "rgb.png: the image has no alpha for --channels A to filter",
        ("edges", "rgb.png", "--channels", "A"): "rgb.png: the image has no alpha for --channels A to filter",
        ("blur", "cmyk.tif", "--channels", "G"): "has CMYK colours, which have no G; use --to-rgb, or --channels each",
    }.items():
        assert why in refused(1, *words, "-o", "out.png")
    for words, why in {
        ("pool", "rgb.png", "--channels", "B"): "--channels: B keeps the other channels",
        ("blur", "rgb.png", "--channels", "R,G"): "--channels: unknown value 'R,G'; use one of",
        ("blur", "rgb.png", "--channels", "A", "--linear"): "--linear does not apply with --channels A",
        ("edges", "rgb.png", "--channels", "A", "--overlay", "red"): "--channels: A does not apply with --overlay",
    }.items():
        assert why in refused(2, *words, "-o", "out.png")


def test_edges_are_drawn_on_pictures_of_every_kind(ok, refused, rgb, gray, rgba):
    for name, image in {"rgb": rgb, "gray": gray, "rgba": rgba}.items():
        imwrite("in.png", image)
        ok("edges", "in.png", "-o", "out.png", "--overlay", "orange", "--angle", "angle.npy")
        drawn = edges(image, overlay="orange")
        assert np.array_equal(imread("out.png"), drawn.image), name
        assert np.allclose(np.load("angle.npy"), drawn.angle, atol=1e-3), name
    assert "PGM holds only gray" in refused(1, "edges", "in.png", "-o", "out.pgm", "--overlay", "red")
    assert "--overlay: 'rot' is not a colour; use #rrggbb" in refused(
        2, "edges", "in.png", "-o", "o.png", "--overlay", "rot"
    )
