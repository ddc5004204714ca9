"""Rectangles that are covered: where they lie, with what, and what stays."""

import numpy as np
import pytest
from imfilter import chain
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.crop import crop
from imfilter.filters.erase import erase


def covered(image, **values):
    """The rectangle that changed: left, top, width, height."""
    rows, columns = np.nonzero((erase(image, **values) != image).reshape(*image.shape[:2], -1).any(2))
    if not len(rows):
        return None
    left, top = columns.min(), rows.min()
    assert len(rows) == (columns.max() + 1 - left) * (rows.max() + 1 - top)
    return (left, top, columns.max() + 1 - left, rows.max() + 1 - top)


@pytest.mark.each(
    "values, expected",
    [
        ({}, (8, 3, 4, 4)),  # √(0.1 · 200) = 4.47
        ({"area": 0.5}, (5, 0, 10, 10)),
        ({"area": 0.36, "ratio": 2}, (4, 2, 12, 6)),
        ({"area": 1}, (3, 0, 14, 10)),  # no higher than the image
        ({"area": 1, "ratio": 2}, (0, 0, 20, 10)),
        ({"size": (5, 3)}, (7, 3, 5, 3)),  # the smaller half to the left and to the top
        ({"size": 4, "place": (0, 1)}, (0, 6, 4, 4)),
        ({"size": 4, "place": (1, 0)}, (16, 0, 4, 4)),
        ({"size": (3, 2), "at": (7, 1)}, (7, 1, 3, 2)),
        ({"size": (6, 6), "at": (-2, 8)}, (0, 8, 4, 2)),
        ({"size": (6, 6), "at": (19, 9)}, (19, 9, 1, 1)),
        ({"size": (6, 6), "at": (-5, -5)}, (0, 0, 1, 1)),
        ({"size": 0, "at": (30, 8)}, None),
        ({"size": 1000, "at": (0, 0)}, (0, 0, 20, 10)),
        ({"size": 0}, None),
        ({"area": 0}, None),
    ],
)
@pytest.mark.each("shape", [(10, 20), (10, 20, 3)])
@pytest.mark.each("op", ["fill", "mean", "noise"])
def test_where_it_lies(values, expected, shape, op):
    image = np.full(shape, 199, np.uint8)
    image[0, 0] = 190  # so that the mean is not a sample
    image[1:] = image[1:] - np.arange(20, dtype=np.uint8).reshape(20, *([1] * (len(shape) - 2))) % 2
    if op == "noise":
        image = np.full(shape, 0.5)  # never drawn
    elif op == "mean":
        image = image.astype(np.float64)
    assert covered(image, op=op, **values) == expected


@pytest.mark.each("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.each("channels", [(), (3,), (4,), (7,)])
def test_all_else_stays_to_the_byte(dtype, channels):
    rng = np.random.default_rng(5)
    image = (rng.random((9, 11, *channels)) * (1 if dtype.startswith("f") else 200)).astype(dtype)
    if channels == (4,):
        image[..., 3] = np.maximum(image[..., 3], 1 if dtype.startswith("u") else 0.01)
    found = erase(image, size=(3, 2), at=(4, 4), fill=3)
    colours = slice(None) if channels != (4,) else slice(3)
    expected = image.copy()
    expected[4:6, 4:7, ...][..., colours] = 3
    for one, other in ((found, expected), (erase(image, area=0), image)):
        if channels == (4,) and dtype == "float64":  # colours are multiplied by the alpha, and divided
            np.testing.assert_allclose(one, other, rtol=1e-15)
        else:
            np.testing.assert_array_equal(one, other)


@pytest.mark.each("values", [{"size": (5, 2)}, {"size": (4, 3), "place": (0.3, 0.7)}, {"area": 0.3, "ratio": 1.7}])
def test_it_is_the_part_that_crop_takes(values):
    image = np.arange(1, 121, dtype=np.uint8).reshape(10, 12)
    part = crop(image, **values)
    np.testing.assert_array_equal(np.flatnonzero(erase(image, **values) == 0) + 1, part.ravel())


def test_the_mean_is_that_of_each_channel():
    image = np.random.default_rng(6).integers(0, 256, (50, 40, 3)).astype(np.uint8)
    found = erase(image, op="mean", size=2, at=(1, 1))
    assert found[1, 1].tolist() == np.floor(image.mean((0, 1)) + 0.5).tolist()
    gaps = np.array([[1.0, np.nan], [3.0, np.inf]])
    assert erase(gaps, op="mean", size=1, at=(1, 0))[0, 1] == 2
    assert erase(np.full((2, 2), np.nan), op="mean", size=1, at=(0, 0))[0, 0] == 0


def test_transparent_pixels_have_no_part_in_the_mean():
    image = np.zeros((4, 4, 4), np.uint8)
    image[..., 0] = 90
    image[0, 0] = (200, 10, 0, 255)
    image[3, 3] = (100, 20, 0, 255)
    assert erase(image, op="mean", size=1, at=(0, 0))[0, 0].tolist() == [150, 15, 0, 255]


def test_noise_is_uniform_and_the_seeds():
    image = np.full((100, 120, 3), 7, np.uint8)
    one, other, again = (erase(image, op="noise", area=1, ratio=1.2, seed=seed) for seed in (1, 2, 1))
    assert (one == again).all() and (one != other).mean() > 0.99
    assert abs(one.mean() - 127.5) < 1.5 and one.min() == 0 and one.max() == 255
    counts = np.histogram(one, 16, (0, 256))[0] / one.size
    assert np.abs(counts - 1 / 16).max() < 0.006
    correlation = np.corrcoef(one.reshape(-1, 3).T)
    assert np.abs(correlation - np.eye(3)).max() < 0.05
    named = [erase(image, op="noise", name=name) for name in ("a.png", "b.png")]
    assert (named[0] != named[1]).any()


def test_colours_are_those_of_the_file_in_linear_light():
    image = np.full((4, 4, 3), 100, np.uint8)
    assert erase(image, size=4, fill=(10, 128, 250), linear=True)[0, 0].tolist() == [10, 128, 250]


def test_gray_takes_the_luma_of_a_colour():
    assert erase(np.zeros((2, 2), np.uint8), size=2, fill=(255, 0, 0))[0, 0] == 76


def test_several_are_several_steps():
    image = np.full((4, 6), 9, np.uint8)
    found = chain(erase.step(size=1, place=(0, 0)), erase.step(size=1, place=(1, 1), fill=4.0))(image)
    assert found[0, 0] == 0 and found[3, 5] == 4 and np.count_nonzero(found == 9) == 22


@pytest.mark.each(
    "values, words",
    [
        ({"area": 0.1, "size": 3}, "area: cannot be used with --size"),
        ({"ratio": 2, "size": 3}, "ratio: cannot be used with --size"),
        ({"at": (0, 0), "place": (0, 0)}, "at: cannot be used with --place"),
        ({"area": 1.1}, "area: 1.1 is above"),
        ({"area": float("nan")}, "area: nan is not a finite number"),
        ({"ratio": 0}, "ratio: 0 is below"),
        ({"place": (0, 2)}, "place: 2 is above"),
        ({"size": -1}, "size: -1 is below"),
        ({"seed": 3}, "seed"),
    ],
)
def test_wrong_values_are_refused(values, words):
    with pytest.raises(ParameterError, match=words):
        erase(np.zeros((4, 4), np.uint8), **values)


@pytest.mark.each("at", [(20, 8), (5, 10), (-6, 8), (5, -6), (30, 40)])
@pytest.mark.each("op", ["fill", "mean", "noise"])
def test_a_rectangle_outside_the_image_is_refused(at, op):
    words = f"the rectangle of 6×6 at {at[0]},{at[1]} lies outside the image of 20×10"
    with pytest.raises(ImageError, match=words):
        erase(np.zeros((10, 20), np.uint8), op=op, size=6, at=at)


@pytest.mark.each("shape", [(1, 1), (1, 9), (9, 1, 3)])
def test_small_pictures(shape):
    image = np.full(shape, 8, np.uint8)
    assert erase(image, area=1, ratio=shape[1] / shape[0]).max() == 0
    assert (erase(image, size=0) == image).all()
