"""What every filter that moves samples says of its geometry, against the pixels; those of tomorrow are found, too."""

import itertools
from typing import Any

import numpy as np
import pytest
from imfilter import chain
from imfilter.filters.blur import blur
from imfilter.filters.core import catalog
from imfilter.filters.core.engine import geometry
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.engine.coordinates import Geometry
from imfilter.filters.core.parameters import ImageError, ParameterError

WIDTH, HEIGHT = 41, 30
CASES: dict[str, list[dict[str, Any]]] = {
    "crop": [{"size": (20, 11)}, {"ratio": 0.7, "place": (1, 0)}, {"size": (60, 25), "at": (-7, 2), "pad": True}],
    "pad": [{"size": (1, 2, 3, 4)}, {"to": (64, 50), "place": (0.2, 0.9)}],
    "resize": [{"size": (20, 15)}, {"size": (82, 61)}, {"scale": 1.7}],
    "rotate": [{"angle": 90, "expand": True}, {"angle": 17}, {"angle": -30, "expand": True}],
    "perspective": [{"from_": (3, 2, 38, 1, 40, 28, 0, 27), "to": (0, 0, 41, 0, 41, 30, 0, 30)}],
    "affine": [{"angle": 20, "scale": 1.3, "shear": (5, 0), "translate": (3, -2)}],
}
"""Calls of filters that need parameters, or do more with some."""


def calls():
    for name in catalog.names():
        filter = catalog.load(name)
        op = filter.spec.parameters.get("op")
        for values in CASES.get(name, [{}]):
            for choice in op.choices if op else [None]:
                yield name, filter, values | ({"op": choice} if choice else {})


def stages_of(filter, values):
    try:
        return filter.checked(**values).stages()
    except ParameterError:
        return ()  # it cannot do without a parameter: those that move samples have one in CASES


GEOMETRIC = [
    pytest.param(filter, values, id=f"{name} {values}")
    for name, filter, values in calls()
    if any(stage.extent is not None for stage in stages_of(filter, values))
]
geometric = pytest.mark.parametrize(("filter", "values"), GEOMETRIC)
DTYPES = ("uint8", "uint16", "float32", "float64")


def samples(noise, shape, dtype):
    return noise(shape, "float32").astype(dtype) if dtype == "float64" else noise(shape, dtype)


def extent_of(filter, values, width=WIDTH, height=HEIGHT):
    return geometry.followed(filter.checked(**values).stages(), width, height)


def picks(filter, values):
    """Whether results are samples as they are."""
    return all(stage.picks for stage in filter.checked(**values).stages())


def test_the_filters_that_move_samples_are_found():
    names = {param.values[0].__name__ for param in GEOMETRIC}
    assert {"flip", "crop", "pad", "resize", "rotate", "affine", "perspective"} <= names


@geometric
def test_the_size_is_what_is_said(filter, values, noise):
    for shape in ((HEIGHT, WIDTH), (HEIGHT, WIDTH, 3), (HEIGHT, WIDTH, 4), (48, 53, 1)):
        answer = filter(noise(shape), **values)
        found = extent_of(filter, values, shape[1], shape[0])
        assert answer.shape == (found.height, found.width, *shape[2:])


@geometric
def test_a_bright_pixel_moves_where_the_map_says(filter, values):
    extent = extent_of(filter, values)
    if extent.geometry is None:
        return
    for x, y in ((20, 15), (17, 12), (25, 19)):
        image = np.zeros((HEIGHT, WIDTH), np.float32)
        # A spot that is wider than a sample has its centre of mass kept by any interpolation.
        spot = 1 if picks(filter, values) else 5
        reach = spot // 2
        image[y - reach : y + reach + 1, x - reach : x + reach + 1] = np.outer(*[np.bartlett(spot + 2)[1:-1]] * 2)
        if spot == 1:
            image[y, x] = 1
        across, down = extent.geometry.in_result(x + 0.5, y + 0.5)
        answer = filter(image, **values).astype(np.float64)
        if not (4 < across < extent.width - 4 and 4 < down < extent.height - 4):
            continue
        rows, columns = np.mgrid[: extent.height, : extent.width] + 0.5
        mass = answer.sum()
        assert mass > 0
        centre = (answer * columns).sum() / mass, (answer * rows).sum() / mass
        np.testing.assert_allclose(centre, (across, down), atol=1e-6 if spot == 1 else 0.15)


@geometric
def test_coordinates_come_back(filter, values):
    found = extent_of(filter, values).geometry
    if found is not None:
        for point in ((0.0, 0.0), (7.5, 3.25), (40.0, 29.0)):
            np.testing.assert_allclose(found.in_result(*found.in_image(*point)), point, atol=1e-9)


@geometric
@pytest.mark.each("dtype", DTYPES)
def test_strips_and_threads_give_the_same(filter, values, dtype, noise, run):
    image = samples(noise, (40, 45, 3), dtype)
    whole = run(filter, image, strip_rows=1000, **values)["image"].samples
    for rows in (1, 7, 16):
        np.testing.assert_array_equal(run(filter, image, strip_rows=rows, **values)["image"].samples, whole)
    for jobs in (1, 3):
        np.testing.assert_array_equal(filter(image, jobs=jobs, **values), whole)


@geometric
@pytest.mark.each("border", BORDERS)
def test_every_border_serves_the_smallest_images(filter, values, border, noise):
    for shape, dtype in itertools.product([(1, 1), (1, 9), (9, 1), (2, 2, 3), (3, 2, 4)], DTYPES):
        image = samples(noise, shape, dtype)
        try:
            expected = extent_of(filter, values, shape[1], shape[0])
        except ImageError:
            with pytest.raises(ImageError):
                filter(image, **values, border=border)
            continue
        assert filter(image, **values, border=border).shape == (expected.height, expected.width, *shape[2:])


@geometric
@pytest.mark.each("dtype", DTYPES)
def test_what_is_picked_keeps_every_bit(filter, values, dtype, noise):
    if not picks(filter, values):
        return
    found = extent_of(filter, values)
    rows, columns = np.mgrid[: found.height, : found.width] + 0.5
    x, y = (np.floor(place).astype(int) for place in found.geometry.in_image(columns, rows))
    there = (x >= 0) & (x < WIDTH) & (y >= 0) & (y < HEIGHT)
    for channels in (1, 2, 3, 4, 5):
        image = samples(noise, (HEIGHT, WIDTH, channels), dtype)
        image[3:9, 4:8, -1] = 0  # as an alpha it hides colours, which stay
        if dtype.startswith("f"):
            image[5, 5, 0], image[20, 30, 0], image[21, 30, 0] = np.nan, np.inf, -0.0
        answer = filter(image, **values)
        assert answer.dtype == dtype
        np.testing.assert_array_equal(answer[there].view(np.uint8), image[y[there], x[there]].view(np.uint8))


@geometric
def test_outside_is_transparent_unless_a_fill_is_named(filter, values, noise):
    found = extent_of(filter, values)
    if found.geometry is None or filter.spec.parameters["border"].default != "constant":
        return
    rows, columns = np.mgrid[: found.height, : found.width] + 0.5
    x, y = found.geometry.in_image(columns, rows)
    scale = 3 * max(found.geometry.scale) + 2
    outside = (x < -scale) | (x > WIDTH + scale) | (y < -scale) | (y > HEIGHT + scale)
    image = noise((HEIGHT, WIDTH, 4))
    assert not filter(image, **values)[outside].any()
    assert (filter(image, **values, fill=77)[outside] == (77, 77, 77, 255)).all()
    assert (filter(image, **values, fill=(1, 2, 3))[outside] == (1, 2, 3, 255)).all()
    assert (filter(image[..., :3], **values, fill=(1, 2, 3))[outside] == (1, 2, 3)).all()
    assert not filter(image[..., :3], **values)[outside].any()
    # Gray takes the luma of a colour: 0.299 · 10 + 0.587 · 20 + 0.114 · 30.
    assert (filter(image[..., 0], **values, fill=(10, 20, 30))[outside] == 18).all()


@geometric
def test_missing_samples_move_too(filter, values):
    image = np.full((HEIGHT, WIDTH), 0.5, np.float32)
    image[10:14, 12:17] = np.nan
    found = extent_of(filter, values).geometry
    if found is None:
        return
    answer = filter(image, **values, border="nearest")
    assert np.nanmin(answer) > 0.4999 and np.nanmax(answer) < 0.5001
    for row, column in np.argwhere(np.isnan(answer)):
        x, y = found.in_image(column + 0.5, row + 0.5)
        reach = 4 * max(1.0, *found.scale)
        assert 12 - reach < x < 17 + reach and 10 - reach < y < 14 + reach


@geometric
def test_a_chain_composes_the_maps(filter, values, noise):
    steps = chain(blur.step(sigma=1), filter.step(**values), blur.step(sigma=0.7))
    stages, _ = steps.recipe.stages()
    assert geometry.followed(stages, WIDTH, HEIGHT) == extent_of(filter, values)
    image = noise((HEIGHT, WIDTH, 3)).astype(np.float64)
    alone = blur(filter(blur(image, sigma=1), **values), sigma=0.7)
    np.testing.assert_allclose(steps(image), alone, atol=1e-9)


@geometric
def test_a_mask_limits_the_other_steps_of_a_chain(filter, values, noise):
    image = noise((HEIGHT, WIDTH, 3))
    steps = chain(blur.step(sigma=2), filter.step(**values))
    nothing, all_of_it = np.zeros((HEIGHT, WIDTH), np.uint8), np.full((HEIGHT, WIDTH), 255, np.uint8)
    assert np.abs(steps(image, mask=nothing).astype(int) - filter(image, **values)).max() <= 1
    if filter.spec.parameters["border"].default != "constant" or picks(filter, values):
        np.testing.assert_array_equal(steps(image, mask=all_of_it), steps(image))
    if picks(filter, values):
        half = nothing.copy()
        half[:, :17] = 255
        np.testing.assert_array_equal(steps(image, mask=half), filter(blur(image, sigma=2, mask=half), **values))
        box = (3, 4, 20, 9)
        np.testing.assert_array_equal(steps(image, roi=box), filter(blur(image, sigma=2, roi=box), **values))
    with pytest.raises(ImageError, match="this moves every pixel"):
        filter(image, **values, mask=all_of_it)


def test_homographies_compose_and_turn_back():
    first, second = Geometry(1.1, 0.2, 3, -0.1, 0.9, 5, 1e-3, -2e-3), Geometry(0.7, -0.3, 1, 0.2, 1.4, -8, -1e-3, 5e-4)
    for point in ((0.0, 0.0), (30.0, 11.0), (-4.0, 60.0)):
        np.testing.assert_allclose(first.then(second).in_image(*point), first.in_image(*second.in_image(*point)))
        np.testing.assert_allclose(first.in_result(*first.in_image(*point)), point, atol=1e-9)
    turned = Geometry(0, 1, 0, -1, 0, 40)
    assert turned.swaps_axes and not turned.keeps_axes and turned.scale == (1, 1)
    assert turned.resolution(300, 150) == (150, 300)
    np.testing.assert_allclose(Geometry(3, -4, 0, 4, 3, 0).resolution(10, 10), (2, 2))
