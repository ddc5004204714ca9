"""CLAHE: its formula by loops, agreement of depths, and comparison with OpenCV and scikit-image."""

import itertools
import math

import numpy as np
import pytest
from imfilter import chain
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine import stage as stages
from imfilter.filters.tone import tone

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


def slow_curve(values, clip):
    """The curve of a tile whose samples, from 0 to 255, are *values*: as OpenCV's, without rounding."""
    counts = [0] * 256
    for value in values:
        counts[min(255, max(0, math.floor(value + 0.5)))] += 1
    if not len(values):
        return list(range(256))
    if clip:
        limit = max(1, int(clip * len(values) / 256))
        over = sum(max(0, count - limit) for count in counts)
        counts = [min(count, limit) + over // 256 for count in counts]
        rest = over % 256
        apart = max(1, 256 // rest) if rest else 1
        for number in range(rest):
            counts[number * apart] += 1
    total, curve = 0, []
    for count in counts:
        total += count
        curve.append(total * 255 / len(values))
    return curve


def slow_clahe(gray, tiles=(8, 8), clip=4.0):
    """By loops, for values from 0 to 255."""
    height, width = gray.shape
    across, down = min(tiles[0], width), min(tiles[1], height)
    rows, columns = ([n * size // count for n in range(count + 1)] for size, count in ((height, down), (width, across)))
    curves = [
        [
            slow_curve([v for v in gray[top:bottom, left:right].ravel() if not math.isnan(v)], clip)
            for left, right in itertools.pairwise(columns)
        ]
        for top, bottom in itertools.pairwise(rows)
    ]

    def on(curve, value):
        inside = min(255.0, max(0.0, value))
        left = min(254, int(inside))
        return curve[left] + (inside - left) * (curve[left + 1] - curve[left]) + value - inside

    def between(place, count):
        place = min(count - 1.0, max(0.0, place))
        return int(place), min(int(place) + 1, count - 1), place - int(place)

    answer = np.full(gray.shape, np.nan)
    for y, x in np.ndindex(gray.shape):
        value = float(gray[y, x])
        if math.isnan(value):
            continue
        top, bottom, part = between(y * down / height - 0.5, down)
        left, right, share = between(x * across / width - 0.5, across)
        upper, lower = (
            (1 - share) * on(curves[row][left], value) + share * on(curves[row][right], value) for row in (top, bottom)
        )
        answer[y, x] = (1 - part) * upper + part * lower
    return answer


def gray(shape=(48, 64), dtype="uint8"):
    rng = np.random.default_rng(2)
    y, x = np.mgrid[: shape[0], : shape[1]]
    values = 90 + 50 * np.sin(x / 9) * np.cos(y / 7) + rng.normal(0, 6, shape)
    return (np.clip(values, 0, 255) * WHITE[dtype] / 255).astype(dtype)


@pytest.mark.each("tiles", [(8, 8), (1, 1), (5, 3), (64, 48), (100, 1)])
@pytest.mark.each("clip", [0.0, 1.0, 4.0, 60.0])
def test_it_is_its_formula(tiles, clip, each_core):
    image = gray()
    exact = slow_clahe(image, tiles, clip)
    off = np.abs(tone(image, op="clahe", tiles=tiles, clip=clip).astype(int) - np.floor(exact + 0.5))
    off[np.abs(exact % 1 - 0.5) < 1e-4] = 0
    assert not off.any()
    found = tone(image, op="clahe", tiles=tiles, clip=clip, depth="float")
    np.testing.assert_allclose(found * 255, exact, atol=1e-3)


@pytest.mark.each("dtype", ["uint16", "float32", "float64"])
def test_every_depth_counts_256_values(dtype, each_core):
    image = gray(dtype=dtype)
    exact = slow_clahe(image * (255 / WHITE[dtype]), (4, 3))
    found = tone(image, op="clahe", tiles=(4, 3), depth="float")
    np.testing.assert_allclose(found * 255, exact, atol=1e-3)


def test_a_curve_by_hand():
    """A tile of 4 × 64 pixels: 192 of 10, 64 of 20; with a limit of 4 times the mean of 1 the rest is shared."""
    image = np.repeat(np.array([10, 10, 10, 20], np.uint8), 64).reshape(4, 64)
    # 188 + 60 over the limit are less than one for each of 256 values: 248 of them, from 0 on, one each.
    assert np.unique(tone(image, op="clahe", tiles=1)).tolist() == [15, 29]  # (11 + 4), (21 + 8), of 256 · 255
    assert np.unique(tone(image, op="clahe", tiles=1, clip=0)).tolist() == [191, 255]


def test_the_smallest_images(each_core):
    for shape, dtype in (((1, 1), "uint8"), ((1, 7), "uint16"), ((5, 1, 3), "float32"), ((2, 2, 3), "uint8")):
        image = np.full(shape, WHITE[dtype] / 2).astype(dtype)
        found = tone(image, op="clahe")
        assert found.shape == shape and found.dtype == dtype


def test_colours_keep_their_differences_from_the_luma(each_core):
    image = np.stack([gray(), gray().T.reshape(48, 64), 255 - gray()], axis=2)
    luma = (image @ np.array([299.0, 587, 114])) / 1000
    exact = image + (slow_clahe(luma) - luma)[..., None]
    np.testing.assert_allclose(tone(image, op="clahe", depth="float") * 255, exact, atol=1e-2)
    apart = tone(image, op="clahe", per_channel=True)
    for channel in range(3):
        alone = tone(np.ascontiguousarray(image[..., channel]), op="clahe")
        np.testing.assert_array_equal(apart[..., channel], alone)


def test_missing_samples_count_nothing(each_core):
    image = gray(dtype="float32")
    image[:12, :16], image[30, 30] = np.nan, np.nan
    found = tone(image, op="clahe", tiles=4)
    np.testing.assert_allclose(found * 255, slow_clahe(image * 255.0, (4, 4)), atol=1e-3)


def test_values_past_white_keep_their_distance(each_core):
    image = gray(dtype="float64")
    image[3, 3], image[4, 4] = 2.5, -1.5
    found = tone(image, op="clahe", tiles=1)
    assert found[3, 3] == pytest.approx(2.5) and -1.5 <= found[4, 4] < -1.4


def test_strips_and_surveys_of_any_height_give_the_same(monkeypatch, run):
    image = gray((83, 64))[..., None]
    expected = tone(image, op="clahe", tiles=(5, 7))
    for rows in (1, 5, 40):
        monkeypatch.setattr(stages, "SURVEYED_ROWS", rows)
        found = run(tone, image, strip_rows=rows, op="clahe", tiles=(5, 7))["image"].samples
        np.testing.assert_array_equal(found, expected)
    monkeypatch.setattr(executor, "STRIP_BYTES", 1)
    np.testing.assert_array_equal(tone(image, op="clahe", tiles=(5, 7), jobs=3), expected)


def test_in_a_chain_it_sees_the_result_of_the_filter_before():
    image = gray()
    both = chain(tone.step(brightness=0.5), tone.step(op="clahe"), tone.step(brightness=1.0))
    exact = slow_clahe(image * 0.5)
    assert np.abs(both(image) - exact).max() <= 0.501


# ---- other programs ---------------------------------------------------------------------------------


@pytest.mark.peers
@pytest.mark.each("tiles", [(8, 8), (4, 6), (1, 1), (16, 2)])
@pytest.mark.each("clip", [0.0, 1.0, 4.0, 40.0])
def test_opencv_rounds_the_curves_of_the_same_formula(tiles, clip, peer, monkeypatch):
    """So that ours is within a level. What its tiles do not divide it extends by reflection."""
    cv2 = peer("cv2")
    image = gray((96, 128))
    theirs = cv2.createCLAHE(clip, tiles).apply(image)
    off = tone(image, op="clahe", tiles=tiles, clip=clip).astype(int) - theirs
    assert np.abs(off).max() <= 1 and (off != 0).mean() < 0.25
    exact = slow_curve
    monkeypatch.setitem(globals(), "slow_curve", lambda *values: [float(np.rint(level)) for level in exact(*values)])
    assert np.abs(slow_clahe(image, tiles, clip) - theirs).max() < 0.5 + 1e-9


@pytest.mark.peers
def test_scikit_image_is_much_alike(peer):
    """It extends the picture by half a tile, stretches it to its ends first, and its limit is a part of the pixels."""
    exposure = peer("skimage.exposure")
    image = gray((96, 128))
    image[0, 0], image[0, 1] = 0, 255
    expected = exposure.equalize_adapthist(image, kernel_size=(12, 16), clip_limit=4 / 256) * 255
    found = tone(image, op="clahe", depth="float") * 255
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.98 and np.abs(found - expected).mean() < 6
