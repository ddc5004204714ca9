"""Blending: W3C's formulas, sample by sample, with and without alpha, in all depths."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imfilter import chain
from imfilter.filters.blend import ALIASES, blend
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine.transfer import DEFAULT
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.edges import edges

OPS = blend.spec.parameters["op"].choices

MIXED = {
    "over": lambda b, s: s,
    "add": lambda b, s: b + s,
    "subtract": lambda b, s: b - s,
    "difference": lambda b, s: abs(b - s),
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: b + s - b * s,
    "lighten": max,
    "darken": min,
    "mean": lambda b, s: (b + s) / 2,
}


def composited(op, b, s, a=1.0, c=1.0):
    """W3C, Compositing and Blending Level 1: section 5.1 with the blending functions, colours straight, 1 is white."""
    mixed = (1 - a) * s + a * MIXED[op](b, s)
    alpha = c + a * (1 - c)
    return ((c * mixed + (1 - c) * a * b) / alpha if alpha > 0 else 0.0), alpha


def reference(op, image, other, opacity=1.0, alpha=None, cover=None):
    """Each sample by itself, 1 being white."""
    out, seen = np.zeros(image.shape), np.zeros(image.shape[:2])
    for y, x in np.ndindex(*image.shape[:2]):
        a = 1.0 if alpha is None else alpha[y, x]
        c = opacity * (1.0 if cover is None else cover[y, x])
        for k in range(image.shape[2]):
            out[y, x, k], seen[y, x] = composited(op, image[y, x, k], other[y, x, k], a, c)
    return out, seen


def pictures(count, shape=(9, 8), channels=3, seed=3):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (*shape, channels), np.uint8) for _ in range(count)]


@pytest.mark.each("op", OPS)
@pytest.mark.each("opacity", [1.0, 0.4, 0.0])
def test_opaque_pictures_are_joined_by_the_formula(op, opacity):
    image, other = pictures(2)
    answer = blend(image, other=other, op=op, opacity=opacity)
    for at in np.ndindex(*image.shape):
        b, s = Fraction(int(image[at]), 255), Fraction(int(other[at]), 255)
        exact, _ = composited(op, b, s, 1, Fraction(opacity).limit_denominator(10))
        near = abs(exact * 255 + Fraction(1, 2) - round(exact * 255 + Fraction(1, 2))) < Fraction(1, 10**4)
        expected = min(max(math.floor(exact * 255 + Fraction(1, 2)), 0), 255)
        assert answer[at] == expected or (near and opacity == 0.4 and abs(int(answer[at]) - expected) <= 1)


@pytest.mark.each("op", OPS)
@pytest.mark.each("opacity", [1.0, 0.4])
@pytest.mark.each("which", ["image", "other", "both"])
def test_alphas_are_united(op, opacity, which):
    image, other = pictures(2, channels=4)
    image[0], other[:, 0], image[3, 3, 3], other[3, 3, 3] = [[9, 9, 9, 0]], [9, 9, 9, 0], 255, 255
    first = image if which != "other" else image[..., :3]
    second = other if which != "image" else other[..., :3]
    alphas = [one[..., 3] / 255 if one.shape[2] == 4 else None for one in (first, second)]
    exact, alpha = reference(op, first[..., :3] / 255, second[..., :3] / 255, opacity, *alphas)
    answer = blend(first, other=second, op=op, opacity=opacity)
    assert answer.shape[2] == first.shape[2]
    seen = np.ones(alpha.shape, bool)
    if which != "other":
        assert np.abs(answer[..., 3] - alpha * 255).max() <= 0.501
        seen = alpha * 255 >= 0.5
    off = np.abs(answer[..., :3] - np.clip(exact, 0, 1) * 255)[seen]
    assert off.max() <= 0.51


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(OPS),
    *[st.floats(-1, 2, width=32) for _ in range(2)],
    *[st.floats(0, 1, width=32) for _ in range(3)],
)
def test_floats_keep_what_lies_beyond_white(op, b, s, a, c, opacity):
    image, other = np.array([[[b, a]]], np.float32), np.array([[[s, c]]], np.float32)
    a, c = float(image[0, 0, 1]), float(other[0, 0, 1])
    value, alpha = composited(op, float(image[0, 0, 0]), float(other[0, 0, 0]), a, c * opacity)
    answer = blend(image, other=other, op=op, opacity=opacity)[0, 0]
    assert abs(answer[1] - alpha) < 1e-6
    assert alpha < 1e-4 or abs(answer[0] - value) < 1e-5 * max(1, abs(value))


def test_sums_saturate_once_at_the_end():
    bright = np.full((2, 2), 200, np.uint8)
    twice = chain(blend.step(other=bright, op="add"), blend.step(other=bright, op="subtract"))
    np.testing.assert_array_equal(twice(bright), bright)
    np.testing.assert_array_equal(blend(bright, other=bright, op="add"), np.full((2, 2), 255))
    assert blend(bright, other=bright, op="add", depth="float")[0, 0] == pytest.approx(400 / 255)


@pytest.mark.each("dtypes", [("uint8", "uint16"), ("uint16", "uint8"), ("float32", "uint8"), ("uint8", "float32")])
def test_white_is_white_in_all_depths(dtypes):
    full = {"uint8": 255, "uint16": 65535, "float32": 1}
    image, other = (
        np.full((2, 3), full[dtype] * share).astype(dtype) for dtype, share in zip(dtypes, (0.2, 0.6), strict=True)
    )
    answer = blend(image, other=other, op="mean")
    assert answer.dtype == image.dtype
    assert np.abs(answer / full[dtypes[0]] - 0.4).max() < 0.005


def test_a_white_that_is_given_holds_for_both():
    image, other = (np.full((2, 2), value, np.uint16) for value in (1000, 4095))
    np.testing.assert_array_equal(blend(image, other=other, op="multiply", white=4095), image)
    eight = np.full((2, 2), 255, np.uint8)
    np.testing.assert_array_equal(blend(image, other=eight, op="multiply", white=4095), image)


def test_gray_and_colour_give_colour():
    (image,), (gray,) = pictures(1), pictures(1, channels=1)
    alike = np.repeat(gray, 3, axis=2)
    np.testing.assert_array_equal(blend(image, other=gray, op="mean"), blend(image, other=alike, op="mean"))
    np.testing.assert_array_equal(blend(gray, other=image, op="mean"), blend(alike, other=image, op="mean"))
    np.testing.assert_array_equal(blend(gray[..., 0], other="red", opacity=0.5)[..., 1], (gray[..., 0] + 1) // 2)
    assert blend(gray[..., 0], other="white", opacity=0.5).shape == gray.shape[:2]
    part = blend(gray[..., 0], other=image, roi=(2, 2, 3, 3))
    np.testing.assert_array_equal(part[2:5, 2:5], image[2:5, 2:5])
    np.testing.assert_array_equal(part[0], alike[0])


def test_colours_stand_for_pictures_of_any_size():
    (image,) = pictures(1)
    flat = np.broadcast_to(np.array([255, 165, 0], np.uint8), image.shape)
    np.testing.assert_array_equal(
        blend(image, other="orange", op="screen"), blend(image, other=np.array(flat), op="screen")
    )


def test_bands_need_the_same_bands():
    image, other = pictures(2, channels=5)
    exact, _ = reference("mean", image / 255, other / 255)
    np.testing.assert_array_equal(blend(image, other=other, op="mean"), np.floor(exact * 255 + 0.5 + 1e-9))
    with pytest.raises(ImageError, match="has 5 channels, but the picture of --other has 6"):
        blend(image, other=pictures(1, channels=6)[0])
    with pytest.raises(ImageError, match="an overlay requires gray or RGB"):
        blend(image, other=pictures(1)[0])


def test_linear_light_is_that_of_both():
    image, other = np.full((1, 1), 40, np.uint8), np.full((1, 1), 220, np.uint8)
    light = [DEFAULT.decode_value(value, 255.0) for value in (40, 220)]
    expected = np.floor(DEFAULT.encode(np.array([np.mean(light)]), 255.0) + 0.5)
    assert blend(image, other=other, op="mean", linear=True)[0, 0] == expected[0]
    assert blend(image, other=other, linear=True)[0, 0] == 220


@pytest.mark.each("op", OPS)
def test_nan_of_either_is_nan(op):
    image, other = np.full((2, 3), 0.5, np.float32), np.full((2, 3), 0.25, np.float32)
    image[0, 0], other[1, 1] = np.nan, np.nan
    answer = blend(image, other=other, op=op, opacity=0.5)
    assert np.isnan(answer[0, 0]) and np.isnan(answer[1, 1]) and np.isfinite(answer).sum() == 4
    np.testing.assert_array_equal(blend(image, other=other, op=op, opacity=0), image)


@pytest.mark.each("channel", [0, 1, 2])
def test_one_channel_is_joined_with_the_same_one(channel):
    image, other = pictures(2)
    answer = blend(image, other=other, op="difference", channels="RGB"[channel])
    kept = [at for at in range(3) if at != channel]
    np.testing.assert_array_equal(answer[..., kept], image[..., kept])
    alone = blend(image[..., channel], other=other[..., channel], op="difference")
    np.testing.assert_array_equal(answer[..., channel], alone)


def test_a_gray_picture_becomes_the_alpha():
    (image,), (gray,) = pictures(1, channels=4), pictures(1, channels=1)
    answer = blend(image, other=gray, channels="A")
    np.testing.assert_array_equal(answer, np.dstack([image[..., :3], gray]))


def test_the_luma_is_joined_with_the_luma():
    image, other = pictures(2)
    answer = blend(image, other=other, channels="luma", depth="float").astype(np.float64)
    weights = np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(answer @ weights, other @ weights / 255, atol=1e-5)
    colours = blend(image, other=other, channels="chroma", depth="float").astype(np.float64)
    np.testing.assert_allclose(colours @ weights, image @ weights / 255, atol=1e-5)
    assert blend(image[..., 0], other=other, channels="luma").shape == image.shape[:2]


def test_chains_masks_and_steps_of_another_size():
    image, other = pictures(2, shape=(10, 12))
    mask = pictures(1, shape=(10, 12), channels=1)[0][..., 0]
    soft = chain(blur, blend.step(other=other, op="mean"), blur)
    assert np.abs(soft(image).astype(int) - blur(blend(blur(image), other=other, op="mean"))).max() <= 1
    masked = blend(image, other=other, mask=mask)
    exact = image + mask[..., None] / 255 * (other.astype(float) - image)
    assert np.abs(masked - exact).max() <= 0.51
    halved = chain(conv.step(kernel="identity", stride=2), blend.step(other=other[::2, ::2]))
    np.testing.assert_array_equal(halved(image), other[::2, ::2])
    found = chain(edges, blend.step(other=other))(image)
    assert found.shape == image.shape


def test_threads_and_strips_give_the_same():
    image, other = pictures(2, shape=(900, 700))
    one, two = (blend(image, other=other, op="screen", opacity=0.3, jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one[850:860], blend(image[850:860], other=other[850:860], op="screen", opacity=0.3))


@pytest.mark.each("alias", sorted(ALIASES))
def test_other_names_of_ops(alias):
    image, other = pictures(2)
    np.testing.assert_array_equal(blend(image, other=other, op=alias), blend(image, other=other, op=ALIASES[alias]))


def test_what_is_wrong_is_said_in_one_line():
    (image,) = pictures(1)
    for wrong, kind, why in (
        ({"other": image[:5]}, ImageError, "is 8×9, but the picture of --other is 8×5; resize it"),
        ({"other": image[:1, :1]}, ImageError, "of --other is 1×1"),
        ({"other": "cat.png"}, ParameterError, "is not a colour; .* e.g. from imread"),
        ({"other": np.zeros((2, 2, 2, 2))}, ParameterError, "an image must have the shape"),
        ({}, ParameterError, "other: is required, as in imfilter blend"),
        ({"other": image, "opacity": 1.5}, ParameterError, "above the greatest value"),
        ({"other": image, "op": "ovr"}, ParameterError, "did you mean 'over'"),
    ):
        with pytest.raises(kind, match=why) as refused:
            blend(image, **wrong)
        assert "\n" not in str(refused.value)
