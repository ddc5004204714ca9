"""Samples marked as missing by a value: the value itself has no effect, in any filter and any type."""

from typing import Any

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core import catalog
from imfilter.filters.core.engine import executor, nodata
from imfilter.filters.core.engine.geometry import Geometry
from imfilter.filters.core.engine.quantize import Encoding
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.edges import edges
from imfilter.filters.morph import morph
from imfilter.filters.pool import pool

VARIED: dict[str, list[dict[str, Any]]] = {
    "blur": [
        {"op": "median", "size": 7},
        {"op": "median", "size": 31},
        {"sigma": 20.0},
        {"op": "guided", "guide": "channel"},
    ],
    "conv": [
        {"kernel": "haar", "stride": 2},
        {"kernel": "gabor:2x1"},
        {"kernel": np.ones((3, 5)) / 15, "padding": "full", "stride": (2, 1)},
        {"kernel": "sobel-x", "activation": "relu"},
    ],
    "edges": [
        {"sigma": 2.0},
        {"thin": True},
        {"op": "canny", "sigma": 1.5},
        {"channels": "max"},
        {"op": "canny", "low": "12%", "high": "30%"},
    ],
    "sharpen": [
        {"linear": True},
    ],
    "pool": [
        {"op": "avg", "size": 3, "stride": 2, "padding": 1, "include_pad": True},
    ],
    "frequency": [
        {"border": "wrap"},
    ],
}
"""Further calls of the filters, in addition to each of their operators."""


def holed(shape, dtype, value, bound=(20.0, 200.0)):
    """An image with holes of *value*: one at an edge, one in the middle, one of a single pixel."""
    rng = np.random.default_rng(5)
    image = rng.uniform(*bound, shape)
    image[:, shape[1] // 2 :] = image[:, shape[1] // 2 :] / 2 + bound[1] / 2
    for place in ((slice(0, 3), slice(4, 9)), (slice(14, 20), slice(15, 18)), (26, 6)):
        image[place] = value
    return image.astype(dtype)


def parts(answer):
    return [part for part in answer if part is not None] if isinstance(answer, tuple) else [answer]


def compared(one, other, first, second):
    """Compare two results whose missing samples have two values, and no others have."""
    for a, b in zip(parts(one), parts(other), strict=True):
        if np.array_equal(a, b):  # nothing is missing, as of edges that are there or not
            continue
        missing = np.isnan(a) if np.isnan(first) else a == first
        np.testing.assert_array_equal(missing, np.isnan(b) if np.isnan(second) else b == second)
        np.testing.assert_allclose(a[~missing], b[~missing], rtol=1e-6, atol=1e-30)


@pytest.mark.every_call(VARIED)
@pytest.mark.each("nan", ["propagate", "ignore", "fill=50"])
def test_the_value_of_what_is_missing_counts_nothing(name, values, nan):
    filter = catalog.load(name)
    given = {**values, "nan": nan, "depth": "float"}
    for shape in ((34, 30), (34, 30, 3)):
        for dtype, (first, second) in {"uint8": (0, 255), "uint16": (0, 65535)}.items():
            answers = [filter(holed(shape, dtype, value), **given, nodata=value) for value in (first, second)]
            compared(*answers, first, second)
        floats = [holed(shape, "float32", value) for value in (-9999, 1e9, np.nan)]
        answers = [
            filter(image, **given, nodata=value) for image, value in zip(floats, (-9999, 1e9, None), strict=True)
        ]
        compared(answers[0], answers[2], -9999, np.nan)
        compared(answers[1], answers[2], 1e9, np.nan)


@pytest.mark.every_call(VARIED)
def test_with_nothing_missing_it_is_as_without_a_value(name, values, noise):
    filter = catalog.load(name)
    for dtype, value in (("uint8", 7), ("float32", -9999)):
        image = noise((20, 18), dtype)
        image[image == value] += 1
        for one, other in zip(
            *map(parts, (filter(image, **values, nodata=value), filter(image, **values))), strict=True
        ):
            moved = one != other
            assert (other[moved] == value).all()  # a result that would pass for a missing sample


def test_integers_are_missing_as_nan_is():
    image = np.array([[10, 20, 0, 40, 50]], np.uint8)
    assert blur(image, op="mean", size=(3, 1), nodata=0).tolist() == [[13, 0, 0, 0, 47]]
    assert blur(image, op="mean", size=(3, 1), nodata=0, nan="ignore").tolist() == [[13, 15, 30, 45, 47]]
    assert blur(image, op="mean", size=(3, 1), nodata=0, nan="fill=30").tolist() == [[13, 20, 30, 40, 47]]
    kept = blur(image, op="mean", size=(3, 1), nodata=0, nan="ignore", keep_holes=True)
    assert kept.tolist() == [[13, 15, 0, 45, 47]]
    assert morph(image, op="erode", size=(3, 1), nodata=0, nan="ignore").tolist() == [[10, 10, 20, 40, 40]]


def test_no_result_passes_for_a_missing_sample():
    image = np.array([[100, 100, 255, 100, 9]], np.uint8)
    assert conv(image, kernel="0", nodata=0).tolist() == [[1] * 5]
    assert conv(image, kernel="1 1 1", nodata=255).tolist() == [[254, 255, 255, 255, 118]]
    flat = np.full((1, 4), 5, np.float32)
    gx = edges(flat, nodata=0).gx
    assert (gx != 0).all() and (np.abs(gx) < 1e-30).all()


@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
def test_a_pixel_of_a_colour_is_missing_if_all_of_it_is(dtype):
    image = np.array([[[0, 9, 9], [0, 0, 0], [5, 0, 7]]], dtype)
    answer = blur(image, sigma=0, nodata=0)
    tiny = np.finfo(np.float32).smallest_subnormal if dtype == "float32" else 1
    np.testing.assert_array_equal(answer, np.array([[[tiny, 9, 9], [0, 0, 0], [5, tiny, 7]]], dtype))


def test_a_band_is_missing_by_itself_where_the_value_is_no_colour():
    image = np.array([[[-9999, 0.5, 0.25], [1, 1, 1]]], np.float32)
    answer = blur(image, op="mean", size=(3, 1), nan="ignore", nodata=-9999)
    np.testing.assert_allclose(answer[0, 0], [1, 2 / 3, 0.5])


@pytest.mark.each("value", [-3.4028234663852886e38, 3.40282e38, float("-inf"), float("nan"), -9999.1])
def test_floats_are_compared_as_they_are_written(value):
    image = np.array([[1, 2, np.float32(value), 4]], np.float32)
    answer = blur(image, op="mean", size=(3, 1), nan="ignore", nodata=value)
    np.testing.assert_array_equal(answer, np.array([[4 / 3, 1.5, 3, 4]], np.float32))


def test_a_value_that_the_samples_cannot_have_marks_nothing():
    image = np.array([[0, 5, 255]], np.uint8)
    for value in (-9999, 256, 0.5, float("nan")):
        np.testing.assert_array_equal(blur(image, sigma=0, nodata=value), image)


def test_a_value_that_the_result_cannot_have_becomes_0():
    image = np.array([[-9999, 0, 40, 80]], np.float32)
    answer = blur(image, sigma=0, nodata=-9999, depth="8", range="stretch")
    assert answer.tolist() == [[0, 1, 128, 255]]


def test_ranges_and_counts_leave_out_what_is_missing():
    image = np.array([[-9999, 0.0, 2.0, 1.0]], np.float32)
    encodings = {"image": Encoding("uint8", full=1.0, scale=255.0, nodata=0.0, reserved=True)}
    call = blur.checked(sigma=0)
    output = executor.run(
        call.stages(), image[..., None], encodings, call.settings(), measure=True, nodata=-9999
    ).outputs["image"]
    assert (output.low, output.high, output.missing, output.clipped) == (0, 2, 1, 1 / 3)
    assert output.samples[..., 0].tolist() == [[0, 1, 255, 255]] and output.moved == 1


def test_strips_and_threads_mark_alike():
    image = holed((80, 40, 3), "uint8", 255)
    call = blur.checked(sigma=1.0, nan="ignore")
    encodings = {"image": Encoding("uint8", nodata=255, reserved=True)}

    def run(**given):
        return executor.run(
            call.stages(), image, encodings, call.settings(), nodata=255, keep_holes=True, **given
        ).outputs["image"]

    whole = run(strip_rows=80)
    assert whole.missing == np.count_nonzero((image == 255).all(axis=2)) * 3
    for given in ({"strip_rows": 1}, {"strip_rows": 7, "jobs": 3}):
        np.testing.assert_array_equal(run(**given).samples, whole.samples)


def test_what_cannot_be_seen_is_not_missing():
    image, alpha = np.full((6, 6, 3), 100, np.uint8), np.full((6, 6), 255, np.uint8)
    image[2, 2], alpha[2, 2] = 255, 0
    call = blur.checked(sigma=1.0)
    encodings = {"image": Encoding("uint8", nodata=255, reserved=True)}
    output = executor.run(call.stages(), image, encodings, call.settings(), alpha, nodata=255, keep_holes=True).outputs[
        "image"
    ]
    assert output.missing == 0 and (output.samples == 100).all()


# ---- keep_holes -------------------------------------------------------------------------------------


def test_holes_of_pooled_windows_are_where_all_of_them_is_missing():
    image = np.arange(1, 37, dtype=np.float32).reshape(6, 6)
    image[0, 0] = image[2:4, 2:4] = image[5, 4] = np.nan
    kept = pool(image, op="avg", nan="ignore", keep_holes=True)
    assert np.isnan(kept).tolist() == [[False] * 3, [False, True, False], [False] * 3]
    # The centre of a window of 3 is a sample.
    kept = pool(image, op="max", size=3, nan="ignore", keep_holes=True)
    assert not np.isnan(kept).any()
    image[4, 1] = np.nan
    kept = pool(image, op="max", size=3, nan="ignore", keep_holes=True)
    assert np.isnan(kept).tolist() == [[False, False], [True, False]]


@pytest.mark.each("values", [{"stride": 2}, {"padding": "valid"}, {"padding": "full"}, {"padding": (3, 0, 1, 4)}])
def test_holes_lie_where_the_geometry_says(values):
    image = np.ones((12, 10), np.float32)
    image[2, 4], image[9, 7] = np.nan, np.nan
    kept = conv(image, kernel="mean3", nan="ignore", keep_holes=True, **values)
    place = _geometry(values)
    expected = {
        tuple(int(v) for v in (y, x))
        for column, row in ((4.5, 2.5), (7.5, 9.5))
        for x, y in [place.in_result(column, row)]
        if (x - 0.5) % 1 == 0 and (y - 0.5) % 1 == 0
    }
    assert {tuple(at) for at in np.argwhere(np.isnan(kept)).tolist()} == expected


def _geometry(values) -> Geometry:
    from imfilter.filters.core.engine import geometry

    return geometry.of(conv.checked(kernel="mean3", **values).stages(), 10, 12)


def test_holes_stay_in_a_part_of_the_picture():
    image = np.full((8, 8), 10, np.uint8)
    image[2, 2] = image[6, 6] = 255
    answer = blur(image, sigma=1, nan="ignore", nodata=255, keep_holes=True, roi=(0, 0, 4, 4))
    assert np.argwhere(answer == 255).tolist() == [[2, 2], [6, 6]]
    filled = blur(image, sigma=1, nan="ignore", nodata=255, roi=(0, 0, 4, 4))
    assert np.argwhere(filled == 255).tolist() == [[6, 6]]


def test_outside_of_a_mask_missing_samples_stay_what_they_are():
    image, mask = np.full((8, 8), 10, np.uint8), np.full((8, 8), 128, np.uint8)
    image[2, 2], mask[:, :4] = 255, 0
    image[5, 5] = 255
    answer = blur(image, op="mean", nodata=255, mask=mask)
    assert answer[2, 2] == 255 and (answer[4:7, 4:7] == 255).all() and (answer != 255).sum() == 54
    deeper = blur(image, op="mean", nodata=255, mask=mask, depth="16")
    np.testing.assert_array_equal(deeper == 255, answer == 255)
    assert (deeper[answer != 255] == 2570).all()


def test_what_is_no_number_is_refused():
    with pytest.raises(ParameterError, match="nodata: 'x' is not a number"):
        blur(np.ones((2, 2), np.uint8), nodata="x")


def test_the_greatest_float_has_a_neighbour():
    assert nodata.fits(3.4e38, "float32") and not nodata.fits(1e300, "float32")
