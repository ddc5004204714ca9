"""Gradient maps on disk: which files appear, and how their values are encoded."""

from itertools import combinations

import numpy as np
import pytest
from imfilter.filters.core.engine.quantize import hue_legend, hue_map
from imfilter.filters.edges import edges
from PIL import Image

MAPS = ("magnitude", "angle", "gx", "gy")


@pytest.fixture
def found(gray):
    """Save the gray image as a.png, and give its gradient."""
    Image.fromarray(gray).save("a.png")
    return edges(gray)


def half_up(values, dtype="uint8"):
    return np.clip(np.floor(values + 0.5), 0, np.iinfo(dtype).max).astype(dtype)


CHOICES = [chosen for size in range(1, 5) for chosen in combinations(MAPS, size)]


@pytest.mark.parametrize("picture", [True, False], ids=["picture", "maps only"])
@pytest.mark.parametrize("chosen", CHOICES, ids="+".join)
def test_any_combination_of_maps(ok, load, found, folder, chosen, picture):
    words = [word for name in chosen for word in (f"--{name}", f"{name}.npy")]
    ok("edges", "a.png", *words, *(("-o", "image.png") if picture else ()))
    expected = {"a.png", *(f"{name}.npy" for name in chosen), *(("image.png",) if picture else ())}
    assert {path.name for path in folder.iterdir()} == expected
    for name in chosen:
        assert np.array_equal(load(f"{name}.npy"), getattr(found, name)), name


@pytest.mark.parametrize("suffix", ["npy", "tif"])
@pytest.mark.parametrize("name", MAPS)
def test_float_files_hold_raw_signed_values(ok, load, found, name, suffix):
    ok("edges", "a.png", f"--{name}", f"map.{suffix}")
    assert load(f"map.{suffix}").dtype == np.float32
    assert np.array_equal(load(f"map.{suffix}"), getattr(found, name))


@pytest.mark.parametrize(("depth", "levels"), [("8", 256), ("16", 65536)])
def test_angle_has_a_full_turn_of_levels(ok, load, found, depth, levels):
    ok("edges", "a.png", "--angle", "angle.png", "--depth", depth)
    turn = np.floor(found.angle.astype(float) * levels / 360 + 0.5) % levels
    off = np.abs(load("angle.png") - turn)
    assert np.isin(off, [0, 1, levels - 1]).all()  # the map was rounded to float32 before
    assert (off == 0).mean() > 0.999


@pytest.mark.parametrize("name", ["gx", "gy"])
def test_signed_maps_have_their_zero_at_128(ok, load, found, name):
    ok("edges", "a.png", f"--{name}", "map.png")
    assert np.array_equal(load("map.png"), half_up(getattr(found, name) + 128.0))


def test_magnitude_is_saturated_not_scaled(ok, load, found):
    ok("edges", "a.png", "--magnitude", "map.png")
    assert np.array_equal(load("map.png"), half_up(found.magnitude.astype(float)))
    assert (load("map.png") == 255).any()


def test_gain_multiplies_magnitude_and_signed_maps(ok, load, found):
    ok("edges", "a.png", "--magnitude", "m.png", "--gx", "gx.png", "--gain", "0.125")
    assert np.array_equal(load("m.png"), half_up(found.magnitude * 0.125))
    assert np.array_equal(load("gx.png"), half_up(found.gx * 0.125 + 128))


def test_stretch_spreads_each_map_over_the_full_range(ok, load, found):
    ok("edges", "a.png", "--magnitude", "m.png", "--gy", "gy.png", "--range", "stretch")
    assert (load("m.png").min(), load("m.png").max()) == (0, 255)
    assert np.array_equal(load("gy.png") == 128, half_up(found.gy * (127 / np.abs(found.gy).max()) + 128) == 128)


def test_a_16_bit_image_has_16_bit_maps(ok, load, gray):
    Image.fromarray(gray.astype(np.uint16) * 257).save("in.png")
    ok("edges", "in.png", "--gx", "gx.png")
    assert load("gx.png").dtype == np.uint16
    expected = edges(gray.astype(np.uint16) * 257).gx.astype(float) + 32768
    assert np.array_equal(load("gx.png"), half_up(expected, "uint16"))


def test_a_map_goes_into_a_folder_as_png_even_from_a_jpeg(ok, gray, folder):
    Image.fromarray(gray).save("a.jpg")
    ok("edges", "a.jpg", "--magnitude", "maps/", "-o", "pictures/")
    assert [path.name for path in (folder / "maps").iterdir()] == ["a.png"]
    assert [path.name for path in (folder / "pictures").iterdir()] == ["a.jpg"]


def test_the_colour_angle_has_hue_for_direction_and_value_for_strength(ok, load, found, gray):
    ok("edges", "a.png", "--angle", "angle.png", "--angle-style", "color")
    gradient = edges(gray)
    expected = hue_map(gradient.angle[..., None].astype(float), gradient.magnitude[..., None].astype(float), 1, 255)
    assert np.abs(load("angle.png").astype(int) - expected).max() <= 1


def test_the_legend_is_the_wheel_of_directions(ok, load, found):
    ok("edges", "a.png", "--angle", "angle.png", "--angle-style", "color", "--angle-legend", "wheel.png")
    wheel = load("wheel.png")
    assert np.array_equal(wheel, hue_legend())
    middle = len(wheel) // 2
    red, green, blue = wheel[middle, -2].astype(int)
    assert red > 240 > 20 > green + blue  # to the right: 0°, red


@pytest.mark.parametrize("op", ["laplacian", "log", "dog"])
@pytest.mark.parametrize("name", MAPS)
def test_operators_without_gradient_refuse_maps(refused, found, op, name, folder):
    assert op in refused(2, "edges", "a.png", "--op", op, f"--{name}", "map.png")
    assert not (folder / "map.png").exists()


@pytest.mark.parametrize("name", ["gx", "gy"])
def test_compass_operators_have_no_derivatives(refused, found, name):
    assert "kirsch" in refused(2, "edges", "a.png", "--op", "kirsch", f"--{name}", "map.png")


@pytest.mark.parametrize(
    ("range", "expected"),
    [
        ("clip", lambda v: v),
        ("abs", np.abs),
        ("offset", lambda v: v + 128),
        ("stretch", lambda v: (v - v.min()) * (255 / (v.max() - v.min()))),
    ],
)
def test_range_of_a_signed_picture(ok, load, gray, found, range, expected):
    ok("edges", "a.png", "--op", "laplacian", "-o", "out.png", "--range", range)
    values = edges(gray, op="laplacian", depth="float").image.astype(float) * 255
    assert np.array_equal(load("out.png"), half_up(expected(values)))


@pytest.mark.parametrize(
    ("depth", "dtype", "factor"), [("8", "uint8", 1), ("16", "uint16", 257), ("float", "float32", 1 / 255)]
)
def test_depth_of_the_picture(ok, load, gray, found, depth, dtype, factor):
    ok("conv", "a.png", "--kernel", "1", "-o", "out.tif", "--depth", depth)
    assert load("out.tif").dtype == dtype
    assert np.allclose(load("out.tif"), gray * np.dtype(dtype).type(factor), rtol=1e-6, atol=0)


def test_a_colour_angle_needs_one_direction_a_pixel(refused, found):
    words = ("--angle", "angle.png", "--angle-style", "color", "--channels", "each")
    assert "--channels" in refused(2, "edges", "a.png", *words)
    assert "hue" in refused(2, "edges", "a.png", "--angle", "angle.png", "--angle-style", "hue")


def test_colour_and_color_are_the_same_and_need_an_angle(ok, refused, found, folder):
    for name in ("color", "colour"):
        ok("edges", "a.png", "--angle", f"{name}.png", "--angle-style", name)
        line = refused(2, "edges", "a.png", "-o", "out.png", "--angle-style", name)
        assert line == "imfilter: --angle-style color requires --angle FILE"
    assert (folder / "color.png").read_bytes() == (folder / "colour.png").read_bytes()


def test_the_colour_angle_is_not_put_into_a_gray_format(refused, found):
    assert "PGM" in refused(1, "edges", "a.png", "--angle", "angle.pgm", "--angle-style", "color")
    assert "cannot hold colours" in refused(2, "edges", "a.png", "-o", "out.png", "--angle-legend", "wheel.pgm")


@pytest.mark.parametrize("legend", ["a.png", "./a.png", "out.png", "link.png", "maps"])
def test_the_legend_overwrites_nothing_else(refused, found, folder, legend):
    (folder / "maps").mkdir()
    (folder / "link.png").symlink_to("a.png")
    before = (folder / "a.png").read_bytes()
    refused(2, "edges", "a.png", "-o", "out.png", "--angle-legend", legend)
    assert (folder / "a.png").read_bytes() == before
