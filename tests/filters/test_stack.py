"""A stack of images gives the same as its images one by one, for every filter: the slow reference is one call each."""

import numpy as np
import pytest
from imfilter import chain
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core import catalog
from imfilter.filters.core.engine import executor
from imfilter.filters.core.parameters import ImageError
from imfilter.filters.edges import edges
from imfilter.filters.flip import flip
from imfilter.filters.hough import hough
from imfilter.filters.noise import noise as noise_filter
from imfilter.filters.resize import resize

COUNT = 5
SHAPES = [
    ("uint8", (28, 26)),
    ("uint8", (16, 18, 3)),
    ("uint8", (14, 13, 4)),
    ("uint16", (15, 12, 3)),
    ("float32", (12, 15)),
    ("float64", (7, 9, 2)),
]
MORE = {
    "blur": [
        {"sigma": 5, "border": "wrap"},
        {"op": "median", "size": 5, "channels": "luma"},
        {"op": "mean", "nan": "ignore"},
    ],
    "conv": [{"kernel": "gaussian5", "stride": 2}, {"kernel": "sobel-x", "padding": "valid", "depth": "float"}],
    "denoise": [{"op": "bilateral", "range_sigma": 20}],
    "edges": [{"channels": "max"}, {"thin": True}, {"overlay": "red"}, {"threshold": 30, "depth": "1"}],
    "morph": [{"op": "open", "size": 3, "fill": 9, "border": "constant"}],
    "pool": [{"size": 3, "stride": 2, "padding": 1}],
    "tone": [{"brightness": 1.5, "channels": "R"}, {"contrast": 2, "linear": True}],
}


def stack_of(dtype, shape):
    """Return images all of which differ."""
    rng = np.random.default_rng(7)
    if np.dtype(dtype).kind == "f":
        return rng.uniform(-1, 2, (COUNT, *shape)).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, (COUNT, *shape), dtype, endpoint=True)


def fields(answer):
    return answer._asdict() if hasattr(answer, "_asdict") else {"image": answer}


def one_by_one(filter, stack, values):
    found = [fields(filter(image, name=f"#{n}" if n else "", **values)) for n, image in enumerate(stack)]
    arrays = [field for field, values in found[0].items() if isinstance(values, np.ndarray)]
    return {field: np.stack(of_one_length([each[field] for each in found])) for field in arrays}


def of_one_length(arrays):
    """Return tables with rows of NaN below, as many as the longest has."""
    most = max(len(array) for array in arrays)
    if all(len(array) == most for array in arrays):
        return arrays
    return [np.pad(table, ((0, most - len(table)), (0, 0)), constant_values=np.nan) for table in arrays]


@pytest.mark.every_call(MORE)
@pytest.mark.parametrize(("dtype", "shape"), SHAPES)
@pytest.mark.parametrize("images", [3])
def test_a_stack_is_its_images(name, values, dtype, shape, images, each_core, monkeypatch):
    filter, stack = catalog.load(name), stack_of(dtype, shape)
    try:
        expected = one_by_one(filter, stack, values)
    except (ImageError, ValueError):
        with pytest.raises((ImageError, ValueError)):
            filter(stack, stack=True, **values)
        return
    monkeypatch.setattr(executor, "strip_rows_of", lambda *given: images * shape[0])
    found = fields(filter(stack, stack=True, **values))
    for field, wanted in expected.items():
        if found[field].ndim == 4 and wanted.ndim == 3:  # the axis of the channels stays
            wanted = wanted[..., None]
        assert found[field].dtype == wanted.dtype
        if dtype == "float64":  # the last bits of its sums are a strip's own
            np.testing.assert_allclose(found[field], wanted, 1e-12, 1e-12, err_msg=field)
        else:
            np.testing.assert_array_equal(found[field], wanted, err_msg=field)


def test_most_filters_take_a_stack_at_once(monkeypatch):
    """The reference must not be compared with itself."""
    runs = []
    original = executor.run
    monkeypatch.setattr(executor, "run", lambda *given, **named: runs.append(1) or original(*given, **named))
    stack = np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8)
    for filter, values in ((blur, {}), (edges, {"op": "canny"}), (flip, {}), (noise_filter, {}), (resize, {"size": 4})):
        runs.clear()
        filter(stack, stack=True, **values)
        assert len(runs) == 1, filter


def test_four_axes_are_a_stack_whose_channels_keep_theirs():
    stack = np.arange(5 * 6 * 7, dtype=np.uint8).reshape(5, 6, 7, 1)
    np.testing.assert_array_equal(blur(stack)[..., 0], blur(stack[..., 0], stack=True))
    assert edges(np.zeros((3, 8, 9, 3), np.uint8)).image.shape == (3, 8, 9, 1)


def test_a_part_of_the_colours_that_is_not_put_back_ends_a_chain():
    stack = np.random.default_rng(1).integers(0, 256, (3, 8, 9, 3), np.uint8)
    steps = chain(flip.step(op="transpose"), conv.step(kernel="sobel-x", channels="R"))
    np.testing.assert_array_equal(steps(stack), one_by_one(steps, stack, {})["image"][..., None])


def test_each_image_has_random_numbers_of_its_own_name():
    stack = np.full((3, 8, 8), 100, np.uint8)
    found = noise_filter(stack, stack=True, name="digits")
    assert (found[0] != found[1]).any()
    np.testing.assert_array_equal(found[2], noise_filter(stack[2], name="digits#2"))


def test_a_mask_a_stretched_range_and_tables_are_each_images_own():
    stack = np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8)
    assert (blur(stack, stack=True, range="stretch").max(axis=(1, 2)) == 255).all()
    mask = np.zeros((8, 8), np.uint8)
    np.testing.assert_array_equal(blur(stack, stack=True, mask=mask), stack)
    assert hough(stack, stack=True).lines.shape[0] == 3


@pytest.mark.parametrize(("shape", "why"), [((0, 4, 4), "the stack has no images"), ((2, 0, 4), "has no pixels")])
def test_no_images_are_refused(shape, why):
    with pytest.raises(ImageError, match=why):
        blur(np.zeros(shape, np.uint8), stack=True)


def test_one_image_that_is_refused_refuses_all():
    with pytest.raises(ImageError, match="is smaller than the filter's window"):
        conv(np.zeros((3, 4, 4), np.uint8), stack=True, kernel="gaussian5", padding="valid")
