"""`imfilter.dask`: chunks of an array that are filtered with what is around them give what the whole array does."""

import imfilter
import numpy as np
import pytest
from imfilter import ParameterError
from imfilter.filters.core import catalog

from ..filters.needed import NEEDED

da = pytest.importorskip("dask.array", reason="needs the extra cluster")
filtered = pytest.importorskip("imfilter.dask").filtered
pytestmark = pytest.mark.needs("the extra cluster")

REFUSED = {
    "crop", "denoise", "erase", "flip", "frequency", "hough", "noise", "pad", "perspective", "pool", "resize", "rotate"
}  # fmt: skip
"""Filters of which no call is local; of others only those whose whole image is looked at are refused."""


@pytest.fixture(scope="module")
def pictures():
    """A photograph's noise and ramps, 90×110, in colour, in gray and as numbers."""
    random = np.random.default_rng(5)
    colour = np.clip(np.arange(110)[:, None] * 2 + random.normal(0, 20, (90, 110, 3)), 0, 255).astype(np.uint8)
    gray = colour[..., 1].astype(np.uint16) * 257
    return [colour, gray, random.normal(0, 1, (90, 110))]


def whole(image, name, **values):
    answer = getattr(imfilter, name)(image, **values)
    return getattr(answer, "image", answer)


@pytest.mark.thorough
def test_every_filter_gives_what_it_gives_for_the_whole_or_is_refused(pictures):
    taken, refused = set(), set()
    for name in catalog.names():
        ops = getattr(catalog.load(name).spec.parameters.get("op"), "choices", [None])
        for op in ops:
            values = NEEDED.get(name, {}) | ({"op": op} if op else {})
            for image in pictures:
                chunked = da.from_array(image, chunks=(40, 37, *image.shape[2:]))
                try:
                    expected = whole(image, name, **values)
                except (imfilter.ImageError, ParameterError):
                    continue
                try:
                    found = filtered(chunked, name, **values)
                except ParameterError:
                    refused.add(name)
                    continue
                taken.add((name, op))
                assert (found.dtype, found.shape) == (expected.dtype, expected.shape), (name, op)
                step = 1 if found.dtype.kind == "u" else 1e-9
                apart = np.abs(found.compute().astype(float) - expected.astype(float))
                assert np.nanmax(apart) <= step and np.nanmean(apart > 0) < (1e-3 if step == 1 else 1), (name, op)
    assert not {name for name, _ in taken} & REFUSED
    assert refused >= REFUSED
    assert len(taken) >= 30


@pytest.mark.parametrize("border", ["reflect", "mirror", "nearest", "constant", "wrap"])
def test_borders_are_those_of_the_whole(pictures, border):
    chunked = da.from_array(pictures[0], chunks=(31, 44, 2))
    values = {"op": "median", "size": 5, "border": border}
    assert np.array_equal(filtered(chunked, "blur", **values).compute(), whole(pictures[0], "blur", **values))


def test_a_chain_sees_as_far_as_all_of_its_steps_together(pictures):
    steps = imfilter.chain(
        imfilter.morph.step(op="open", size=5), imfilter.blur.step(op="median", size=3), imfilter.edges.step()
    )
    chunked = da.from_array(pictures[0], chunks=20)
    assert np.array_equal(filtered(chunked, steps).compute(), steps(pictures[0]).image)


def test_an_array_smaller_than_what_is_seen_is_one_chunk(pictures):
    chunked = da.from_array(pictures[1][:20], chunks=7)
    assert np.array_equal(filtered(chunked, "blur", sigma=30).compute(), whole(pictures[1][:20], "blur", sigma=30))


@pytest.mark.each(
    "values, said",
    [
        (("blr", {}), "filter: unknown filter 'blr'; use one of affine, "),
        (("noise", {"sigma": 3}), "filter: noise depends on the position of each pixel"),
        (("threshold", {"op": "otsu"}), "filter: threshold needs the whole image"),
        (("pool", {}), "filter: pool changes the image's size"),
        (("resize", {"scale": 2}), "filter: resize changes the image's size"),
        (("flip", {}), "filter: flip changes the image's size or moves its pixels"),
        (("conv", {"kernel": "1 2 1", "stride": 2}), "filter: conv changes the image's size"),
        (("edges", {"range": "stretch"}), "range: stretch needs the whole image"),
    ],
)
def test_what_is_not_local_is_refused_before_anything_is_computed(values, said):
    name, parameters = values
    array = da.zeros((50, 50), dtype=np.uint8, chunks=20)
    with pytest.raises(ParameterError) as refusal:
        filtered(array, name, **parameters)
    assert str(refusal.value).startswith(said)


def test_an_array_of_numpy_is_refused():
    with pytest.raises(ParameterError, match="array: is a ndarray, not a Dask array"):
        filtered(np.zeros((5, 5), np.uint8), "blur")
