"""From exact values to samples: rounding, scales, angles, colours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.core.engine.quantize import Encoding, hue_legend, hue_map, saturate
from imfilter.filters.edges import edges

BITS = {"uint8": 8, "uint16": 16}


def one(encoding, value, extent=(0, 1)):
    return int(encoding(np.array([float(value)]), extent)[0])


@pytest.mark.parametrize(("value", "sample"), [(0.5, 1), (0.49, 0), (1.5, 2), (2.5, 3), (-0.5, 0), (-9, 0)])
def test_halves_round_up(value, sample):
    assert one(Encoding("uint8"), value) == sample


@pytest.mark.parametrize("dtype", BITS)
def test_values_past_the_range_saturate(dtype):
    white = 2 ** BITS[dtype] - 1
    assert saturate(np.array([-1e9, white + 0.6, np.inf, -np.inf, np.nan]), dtype).tolist() == [0, white, white, 0, 0]


def test_float_output_is_the_value():
    assert Encoding("float32", gain=9)(np.array([-3.25, 1e9])).tolist() == [-3.25, 1e9]


@pytest.mark.parametrize(("range", "samples"), [("clip", [0, 0, 60]), ("abs", [40, 0, 60]), ("offset", [88, 128, 188])])
def test_signed_pictures_follow_range(range, samples):
    assert Encoding("uint8", range=range, gain=2)(np.array([-20.0, 0, 30])).tolist() == samples


def test_stretch_spreads_the_images_own_range():
    assert Encoding("uint8", range="stretch")(np.array([-10.0, 0, 41]), (-10, 41)).tolist() == [0, 50, 255]


def test_stretch_of_a_flat_image_is_black():
    assert one(Encoding("uint8", range="stretch"), 7, (7, 7)) == 0
    rounded = 200.0, np.nextafter(200.0, 0), 200 * (1 - 2.0**-41)
    assert Encoding("uint16", range="stretch")(np.array(rounded), (min(rounded), 200.0)).tolist() == [0, 0, 0]
    assert Encoding("uint8", range="stretch")(np.array([-1.0, -1 + 1e-9]), (-1, -1 + 1e-9)).tolist() == [0, 255]


@pytest.mark.parametrize(("dtype", "middle"), [("uint8", 128), ("uint16", 32768)])
def test_gx_has_its_zero_at_mid_gray(dtype, middle):
    encoding = Encoding(dtype, "signed")
    assert [one(encoding, value) for value in (-1e6, -20, 0, 20, 1e6)] == [
        0,
        middle - 20,
        middle,
        middle + 20,
        2 * middle - 1,
    ]


def test_a_stretched_gx_keeps_its_zero_at_mid_gray():
    encoding = Encoding("uint8", "signed", "stretch")
    assert [one(encoding, value, (-10, 1000)) for value in (-1000, 0, 1000)] == [1, 128, 255]


@given(st.sampled_from(list(BITS)), st.floats(-179.999, 180))
def test_an_angle_is_a_fraction_of_the_turn(dtype, degrees):
    levels = 2 ** BITS[dtype]
    assert one(Encoding(dtype, "angle", gain=3), degrees) == int(np.floor(degrees * levels / 360 + 0.5)) % levels


@pytest.mark.parametrize("dtype", BITS)
def test_the_angle_has_no_seam_at_the_full_turn(dtype):
    levels = 2 ** BITS[dtype]
    turn = Encoding(dtype, "angle")(np.array([-1e-9, 0.0, -360 / levels, 180.0, -179.9999]))
    assert turn.tolist() == [0, 0, levels - 1, levels // 2, levels // 2]


def test_an_angle_that_is_no_number_is_0():
    assert one(Encoding("uint8", "angle"), np.nan) == 0


@pytest.mark.parametrize("dtype", BITS)
def test_an_angle_map_is_as_exact_as_float64(dtype, run, noise):
    image = noise((200, 200))
    maps = run(edges, image, dtype=dtype)
    gx, gy = (run(edges, image, dtype="float32")[name].samples.astype(np.float64) for name in ("gx", "gy"))
    levels = 2 ** BITS[dtype]
    expected = np.floor(np.degrees(np.arctan2(gy, gx)) * levels / 360 + 0.5) % levels
    assert (maps["angle"].samples != expected).mean() <= 1e-3


def test_true_is_white():
    yes = np.array([True, False])
    assert Encoding("uint16", gain=0.1)(yes).tolist() == [65535, 0]
    assert Encoding("float32", full=255)(yes).tolist() == [255, 0]


def test_clipped_samples_are_counted(run):
    row = np.array([[0, 0, 100, 100]], np.uint8)
    output = run(edges, row, op="central", gain=2)
    assert output["magnitude"].clipped == 0
    assert output["gx"].clipped == 0.5  # 2 · 100 is past 127


def test_hues_are_red_green_and_blue_a_third_of_a_turn_apart():
    colours = hue_map(np.array([[[0.0], [120.0], [-120.0], [180.0]]]), np.full((1, 4, 1), 255.0), 1, 255)
    assert colours[0].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 255, 255]]


def test_value_is_the_magnitude_times_the_gain():
    colours = hue_map(np.zeros((1, 3, 1)), np.array([[[0.0], [51.0], [1e9]]]), 2, 255)
    assert colours[0, :, 0].tolist() == [0, 102, 255]


def test_the_legend_shows_each_direction_its_colour():
    wheel = hue_legend(101).astype(int)
    assert wheel[50, 50].tolist() == [0, 0, 0] == wheel[0, 0].tolist()
    assert wheel[50, 99, 0] > 240 and wheel[50, 99, 1] < 10  # right: red
    assert wheel[99, 50, 1] > 240 and wheel[99, 50, 2] < 10  # down, 90°: yellow-green
    assert wheel[50, 1, 0] < 10 and wheel[50, 1, 2] > 240  # left: cyan
