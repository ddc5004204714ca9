"""Edges drawn on the picture: colours, strengths, and what does not change."""

import numpy as np
import pytest
from imfilter import chain
from imfilter.filters.blur import blur
from imfilter.filters.core.engine.overlay import NAMES, colour_of
from imfilter.filters.core.engine.transfer import DEFAULT
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.edges import edges

STEP = np.array([[50, 50, 90, 90]] * 4, np.uint8)
"""Sobel's response is 160 in the two columns in the middle."""


def test_colours_are_read_as_css_has_them():
    assert colour_of("red") == (255, 0, 0) and colour_of(" Teal ") == (0, 128, 128)
    assert colour_of("#fff") == colour_of("#FFFFFF") == colour_of("white") == (255, 255, 255)
    assert colour_of("#102a3B") == (16, 42, 59)
    assert all(len(colour_of(name)) == 3 for name in NAMES)


@pytest.mark.each("text", ["", "blurple", "#12", "#12345", "#gggggg", "ff0000", "rgb(1,2,3)", 7])
def test_what_is_no_colour_is_refused_in_one_line(text):
    with pytest.raises(ParameterError, match="is not a colour; use #rrggbb, or one of black") as refused:
        edges(STEP, overlay=text)
    assert "\n" not in str(refused.value)


def test_the_strength_is_the_response_over_white():
    share = 160 / 255
    answer = edges(STEP, overlay="red").image
    assert answer.dtype == np.uint8 and answer.shape == (4, 4, 3)
    one, other = (np.array([v + share * (255 - v), v - share * v, v - share * v]) for v in (50, 90))
    expected = np.floor(np.array([[50] * 3, one, other, [90] * 3]) + 0.5)
    np.testing.assert_array_equal(answer, np.broadcast_to(expected, answer.shape))


def test_gain_multiplies_the_strength_and_nothing_else():
    weak = edges(STEP, overlay="#204060", gain=0.25).image
    expected = 50 + 40 / 255 * (np.array([0x20, 0x40, 0x60]) - 50)
    np.testing.assert_array_equal(weak[0, 1], np.floor(expected + 0.5))
    np.testing.assert_array_equal(weak[0, 0], [50] * 3)
    np.testing.assert_array_equal(edges(STEP, overlay="lime", gain=9).image[0, 2], [0, 255, 0])


@pytest.mark.each("values", [{"op": "canny", "low": 20, "high": 40}, {"threshold": 300}, {"op": "log", "threshold": 2}])
def test_binary_edges_have_the_whole_colour(values, noise):
    image = noise((30, 20, 3))
    found, drawn = edges(image, **values).image, edges(image, **values, overlay="#010203").image
    assert 0 < (found > 0).sum() < found.size
    np.testing.assert_array_equal(drawn[found > 0], [[1, 2, 3]] * int((found > 0).sum()))
    np.testing.assert_array_equal(drawn[found == 0], image[found == 0])


@pytest.mark.each("op", ["laplacian", "dog"])
def test_a_signed_response_counts_by_its_size(op, noise):
    image = noise((20, 20))
    shown = edges(image, op=op).image.astype(float)  # 0 at mid-gray
    drawn = edges(image, op=op, overlay="white").image[..., 0]
    inside = (shown > 1) & (shown < 254)
    share = np.abs(shown - 128) / 127.5
    expected = image + share * (255.0 - image)
    assert inside.any() and share[inside].max() > 0.5
    assert np.abs(drawn - expected)[inside].max() <= 2.5


@pytest.mark.each("channels", ["each", "max"])
def test_of_several_channels_the_strongest_draws(channels, noise):
    image = noise((20, 20, 3))
    found = edges(image, channels="each", depth="float").image.max(axis=2, keepdims=True)
    share = np.minimum(found.astype(np.float64), 1)
    drawn = edges(image, channels=channels, overlay="black").image
    assert np.abs(drawn - image * (1 - share)).max() <= 0.51


@pytest.mark.each("op", edges.spec.parameters["op"].choices)
@pytest.mark.each("channels", ["luma", "each", "max"])
def test_the_maps_are_what_they_are_without(op, channels, noise):
    image = noise((24, 17, 3))
    plain, drawn = edges(image, op=op, channels=channels), edges(image, op=op, channels=channels, overlay="red")
    for name in plain._fields[1:]:
        one, other = (tuple.__getitem__(found, plain._fields.index(name)) for found in (plain, drawn))
        assert (one is None) == (other is None), name
        if one is not None:
            near = 1e-2 if name == "angle" else 1e-3  # degrees, of gradients in float32 and float64
            np.testing.assert_allclose(other, one, rtol=1e-5, atol=near, err_msg=name)


@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
def test_all_depths_draw_the_same(dtype, noise):
    image = noise((20, 20, 3), dtype)
    full = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    drawn = edges(image, op="canny", low="40%", high="50%", overlay="#ff8000").image
    assert drawn.dtype == dtype
    at = (edges(image, op="canny", low="40%", high="50%").image > 0).nonzero()
    assert len(at[0])
    expected = np.array([1, 128 / 255, 0]) * full
    np.testing.assert_allclose(drawn[at], np.broadcast_to(expected, drawn[at].shape), atol=0.5 * (full > 1) + 1e-7)


@pytest.mark.each("channels", [2, 4])
def test_an_alpha_stays(channels, noise):
    image = noise((20, 20, channels))
    image[:4, :, -1] = 0
    drawn = edges(image, op="canny", low=20, high=60, overlay="red").image
    assert drawn.shape == (20, 20, 4)
    np.testing.assert_array_equal(drawn[..., 3], image[..., -1])
    found = edges(image, op="canny", low=20, high=60).image
    seen = (image[..., -1] > 0) & (found > 0)
    assert seen.any()
    np.testing.assert_array_equal(drawn[seen][:, :3], [[255, 0, 0]] * int(seen.sum()))
    plain = (image[..., -1] > 0) & (found == 0)
    np.testing.assert_array_equal(drawn[plain][:, :3], np.broadcast_to(image[..., :-1], (20, 20, 3))[plain])


def test_in_linear_light_the_colour_is_mixed_there():
    found = edges(STEP, overlay="red", linear=True, gain=1).image
    light = [float(DEFAULT.decode_value(value, 255.0)) for value in (50, 90)]
    share = 4 * (light[1] - light[0]) / 255
    mixed = np.array([light[0] + share * (255 - light[0]), *[light[0] * (1 - share)] * 2])
    np.testing.assert_array_equal(found[0, 1], np.floor(DEFAULT.encode(mixed, 255.0) + 0.5))
    solid = edges(STEP, overlay="#808080", linear=True, threshold=1).image
    np.testing.assert_array_equal(solid[0, 1], [128] * 3)


def test_masks_and_regions_hold_of_gray_too(noise):
    image = noise((20, 20))
    drawn, part = edges(image, overlay="red").image, edges(image, overlay="red", roi=(3, 4, 5, 6)).image
    expected = np.repeat(image[..., None], 3, axis=2)
    expected[4:10, 3:8] = drawn[4:10, 3:8]
    np.testing.assert_array_equal(part, expected)


def test_steps_behind_see_the_drawn_picture(noise):
    image = noise((20, 20))
    drawn = chain(edges.step(overlay="red"), blur.step(op="median", size=3))(image)
    np.testing.assert_array_equal(drawn, blur(edges(image, overlay="red").image, op="median", size=3))
    assert chain(edges, edges.step(overlay="red"))(noise((9, 9, 3))).image.shape == (9, 9, 3)
    assert chain(edges.step(overlay="red"), edges)(image).image.shape == (20, 20)


def test_nan_and_infinity_stay_where_nothing_is_drawn():
    image = np.zeros((12, 12, 3), np.float32)
    image[2, 2, 0], image[8, 8] = np.nan, np.inf
    drawn = edges(image, overlay="red").image
    assert np.isnan(drawn[2, 2, 0]) and (drawn[2, 2, 1:] == 0).all()
    np.testing.assert_array_equal(drawn[5, 5], [0, 0, 0])


def test_what_has_no_meaning_is_refused():
    with pytest.raises(ParameterError, match="range: does not apply with --overlay"):
        edges(STEP, overlay="red", range="abs")
    with pytest.raises(ImageError, match="an overlay requires gray or RGB, but this has 5 bands"):
        edges(np.zeros((4, 4, 5), np.uint8), overlay="red")
