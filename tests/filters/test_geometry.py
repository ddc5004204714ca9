"""Where results lie in their image: what the filters say, against where the samples of a ramp are found."""

import itertools

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import chain, geometry
from imfilter.filters.core.engine.coordinates import Geometry
from imfilter.filters.core.engine.stage import Stage, Window
from imfilter.filters.edges import edges
from imfilter.filters.pool import pool

WIDTH, HEIGHT = 61, 56
REACH = 12
"""How far past an edge the filters here see at most."""


def ramp(axis):
    """Samples that say where their centres are, in coordinates from the corner of the image."""
    along = np.arange((WIDTH, HEIGHT)[axis], dtype=np.float32) + 0.5
    return np.broadcast_to(along if axis == 0 else along[:, None], (HEIGHT, WIDTH)).copy()


def of(*calls):
    stages, _ = chain.chain([filter.checked(**values).part() for filter, values in calls])
    return geometry.of(stages, WIDTH, HEIGHT)


def check(*calls):
    """Compare what is said of the result with what is found in it, far from the image's edges."""
    found = of(*calls)
    for axis in (0, 1):
        image = ramp(axis)
        for filter, values in calls:
            image = filter(image, **values)
        said = np.array([found.in_image(n + 0.5, n + 0.5)[axis] for n in range(image.shape[1 - axis])])
        inner = (said > REACH) & (said < (WIDTH, HEIGHT)[axis] - REACH)
        assert inner.sum() > 2
        seen = image[1] if axis == 0 else image[:, 1]
        np.testing.assert_allclose(seen[inner], said[inner], atol=1e-4, err_msg=f"{calls}, axis {axis}")


@pytest.mark.each("padding", ["same", "valid", "full", (0, 0, 0, 0), (3, 1, 0, 2), (1, 4)])
def test_a_convolution_lies_where_its_anchor_does(padding):
    for size, stride, dilation in itertools.product([(3, 3), (5, 1)], [(1, 1), (2, 3), (4, 1)], [(1, 1), (2, 3)]):
        kernel = np.ones(size) / np.prod(size)
        check((conv, {"kernel": kernel, "padding": padding, "stride": stride, "dilation": dilation}))


def test_an_even_kernel_lies_where_its_anchor_does():
    # The one tap under the anchor gives the image back.
    for width, height, mode in itertools.product((2, 4), (2, 6), ("correlate", "convolve")):
        kernel = np.zeros((height, width))
        kernel[height // 2, width // 2] = 1
        for padding, stride in itertools.product(["same", "valid", "full", (1, 2)], [(1, 1), (3, 2)]):
            check((conv, {"kernel": kernel, "mode": mode, "padding": padding, "stride": stride}))


@pytest.mark.each("padding", [0, "valid", "same", (1, 0), (0, 1, 1, 0)])
def test_a_pool_lies_where_the_centres_of_its_windows_do(padding):
    for size, stride, ceil in itertools.product([(2, 2), (3, 4), (5, 3)], [None, (1, 1), (2, 3)], [False, True]):
        if not (ceil and padding == "same"):
            check((pool, {"op": "avg", "size": size, "stride": stride, "padding": padding, "ceil": ceil}))
    check((pool, {"op": "avg", "size": 3, "stride": 2, "dilation": (2, 3), "padding": padding}))


def test_halves_are_where_they_are():
    assert of((pool, {"size": 2})) == Geometry.scaled((2, 2), (0, 0))
    assert of((pool, {"size": 3, "stride": 1})) == Geometry.scaled((1, 1), (1, 1))
    assert of((conv, {"kernel": "mean3", "padding": "valid"})) == Geometry.scaled((1, 1), (1, 1))
    assert of((conv, {"kernel": "mean3", "padding": "full"})) == Geometry.scaled((1, 1), (-1, -1))
    assert of((conv, {"kernel": "mean3", "stride": 2})) == Geometry.scaled((2, 2), (-0.5, -0.5))
    assert of((blur, {"sigma": 2})).is_identity and of((edges, {"op": "dog"})).is_identity


def test_filters_in_a_row_lie_one_in_the_other():
    mean = {"kernel": "mean3"}
    check((pool, {"op": "avg"}), (conv, {**mean, "padding": "valid", "stride": 3}), (blur, {"sigma": 0.5}))
    check((conv, {**mean, "padding": (2, 0, 1, 5)}), (pool, {"op": "avg", "size": 3, "stride": 2}))
    # The padding of `same` depends on the size of what comes to it.
    check((conv, {**mean, "padding": "valid"}), (pool, {"op": "avg", "padding": "same"}))


def test_a_stage_lies_where_its_branches_do():
    as_it_is = Stage(lambda context: lambda strip: strip)
    half = as_it_is._replace(window=Window(stride=(2, 2)))
    joined = Stage(lambda context: lambda *strips: strips[0], branches=((half, as_it_is), (half,)))
    assert geometry.of([as_it_is, joined, half], 40, 30) == geometry.of([half, half], 40, 30)


def test_coordinates_go_and_come_back():
    place = Geometry.scaled((2.0, 3.0), (-0.5, 1.0))
    assert place.in_result(*place.in_image(5, 7)) == (5, 7)
    assert Geometry().then(place) == place.then(Geometry()) == place
