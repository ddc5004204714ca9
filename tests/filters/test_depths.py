"""White is white at every depth, and double precision is kept: every filter and every operator."""

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core import catalog
from imfilter.filters.core.engine.quantize import encoding
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.denoise import denoise
from imfilter.filters.edges import edges
from imfilter.filters.erase import erase
from imfilter.filters.morph import morph
from imfilter.filters.noise import noise as add_noise
from imfilter.filters.pool import pool

from .needed import NEEDED

CALLED = NEEDED | {
    "conv": {"kernel": "1 2 1; 2 4 2; 1 2 1", "scale": 1 / 16},
    "normalize": {"mean": 0.25, "std": 1},
    "notch": {"at": (0.1, 0.2)},
    **{name: NEEDED[name] | {"border": "reflect"} for name in ("pad", "perspective", "rotate")},
}
"""The required parameters of filters and operators, and gains of 1."""

RELATIVE = {
    *(
        "l2",
        "speckle",
        "poisson",
        "salt-pepper",
        "hitmiss",
        "lee",
        "frost",
        "invert",
        "solarize",
        "clahe",
        "pb",
        "bm3d",
    ),
    *("fixed", "sauvola"),
}
"""Operators whose result depends on the position of 0, and not only on differences."""
BESIDE = {"blend", "erase", "mix"}
"""Filters that add or overlay other samples, for which 0 is fixed; and one that contains other filters."""


def calls():
    for name in catalog.names():
        filter = catalog.load(name)
        op = filter.spec.parameters.get("op")
        for choice in op.choices if op else [None]:
            values = CALLED.get(name, {}) | CALLED.get(choice, {}) | ({"op": choice} if choice else {})
            yield pytest.param(filter, values, id=f"{name} {choice or ''}")


def picture():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:40, :56]
    values = (120 + 60 * np.sin(x / 9) + 40 * np.cos(y / 7))[..., None] + rng.normal(0, 6, (40, 56, 3))
    values[10:26, 20:40] += 60
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def image_of(answer):
    return getattr(answer, "image", answer)


@pytest.mark.parametrize(("filter", "values"), list(calls()))
def test_the_same_picture_gives_the_same_at_every_depth(filter, values):
    image = picture()
    expected = image_of(filter(image, depth="8", **values)).astype(int)
    for same, white in [
        (image.astype(np.uint16) * 257, None),
        ((image / 255).astype(np.float32), None),
        (image / 255, None),
        (image.astype(np.uint16) * 16, 4080),
        (image.astype(np.float32), 255),
    ]:
        found = image_of(filter(same, depth="8", white=white, **values)).astype(int)
        assert np.abs(found - expected).max() <= 1, (same.dtype, white)


@pytest.mark.parametrize(
    ("filter", "values"),
    [one for one in calls() if one.values[1].get("op") not in RELATIVE and one.values[0].__name__ not in BESIDE],
)
def test_small_differences_far_from_0_stay_in_double_precision(filter, values):
    """In float32 neighbours at 4 million are 0.25 apart."""
    image = np.random.default_rng(0).normal(0, 0.01, (30, 44, 2))
    image[8:20, 10:30] += 0.05
    near, far = (image_of(filter(bands, **values, bands=True)) for bands in (image, image + 4e6))
    assert near.dtype == far.dtype == np.float64
    assert min(np.abs(far - near).max(), np.abs(far - 4e6 - near).max()) < 1e-6


def test_float32_stays_float32():
    image = picture().astype(np.float32)
    assert blur(image).dtype == edges(image).image.dtype == edges(image).angle.dtype == np.float32
    assert edges(image.astype(np.float64)).angle.dtype == np.float64


# ---- white ------------------------------------------------------------------------------------------


def test_white_of_float_is_1_both_ways():
    image = np.array([[0, 51, 255]], np.uint8)
    values = conv(image, kernel="identity", depth="float")
    np.testing.assert_array_equal(values, np.array([[0, 0.2, 1]], np.float32))
    np.testing.assert_array_equal(conv(values, kernel="identity", depth="8"), image)
    np.testing.assert_array_equal(conv(values, kernel="identity", depth="16"), image * np.uint16(257))


def test_measures_stay_in_the_images_units():
    step = np.array([[0, 0, 255, 255]] * 3, np.uint8)
    found = edges(step, depth="float")
    assert found.magnitude[1].tolist() == [0, 1020, 1020, 0] and found.image[1].tolist() == [0, 4, 4, 0]
    assert conv(step, kernel="haar", depth="float").max() == conv(step, kernel="haar").max() > 100


def test_white_scales_what_is_written_by_a_named_depth():
    twelve = np.array([[0, 1365, 4095]], np.uint16)
    assert conv(twelve, kernel="identity", white=4095, depth="8").tolist() == [[0, 85, 255]]
    assert conv(twelve, kernel="identity", white=4095, depth="16").tolist() == [[0, 21845, 65535]]
    assert conv(twelve, kernel="identity", white=4095, depth="float").tolist() == [[0, np.float32(1 / 3), 1]]
    assert conv(twelve, kernel="identity", white=4095).tolist() == twelve.tolist()


@pytest.mark.parametrize(
    "values",
    [{"op": "mean", "size": 9}, {"op": "max", "size": 5}, {"op": "median", "size": 5}, {"sigma": 40}],
    ids=str,
)
def test_samples_above_a_given_white_are_kept(values):
    """White is the unit of parameters, and not a bound of the samples."""
    image = np.random.default_rng(1).integers(0, 65536, (40, 30), np.uint16)
    np.testing.assert_array_equal(blur(image, white=100, **values), blur(image, **values))
    np.testing.assert_array_equal(pool(image, white=100, op="avg"), pool(image, op="avg"))
    np.testing.assert_array_equal(pool(image, white=100, op="min"), pool(image, op="min"))
    np.testing.assert_array_equal(edges(image, white=100).image, edges(image).image)
    np.testing.assert_array_equal(morph(image, white=100, op="tophat"), morph(image, op="tophat"))


def test_what_is_relative_to_white_follows_it():
    image = np.full((30, 40), 1000, np.uint16)
    changes = [add_noise(image, white=white, depth="float") * white - 1000 for white in (4095, 65535)]
    np.testing.assert_allclose(changes[0] / 4095, changes[1] / 65535, atol=1e-6)
    step = np.repeat(np.array([[1000, 1400]], np.uint16), [20, 20], axis=1).repeat(30, axis=0)
    assert not edges(step, op="canny").image.any() and edges(step, op="canny", white=1000).image.any()
    assert morph(np.full((3, 3), 1000, np.uint16), op="hitmiss", size=1, white=4095).max() == 0


@pytest.mark.parametrize("white", [0, -1, float("nan")])
def test_white_is_above_0(white):
    with pytest.raises(ParameterError, match="white"):
        blur(picture(), white=white)


def test_white_that_the_samples_do_not_reach_is_refused():
    with pytest.raises(ImageError, match="white, 4095, exceeds the range of uint8, 255"):
        blur(picture(), white=4095)


def test_a_mask_mixes_in_the_units_of_the_result():
    image = np.array([[200, 200, 200]], np.uint8)
    mask = np.array([[0, 0.5, 1]])
    found = conv(image, kernel="2", mask=mask, depth="float")
    np.testing.assert_allclose(found * 255, [[200, 300, 400]], rtol=1e-6)
    twelve = np.array([[1000, 1000]], np.uint16)
    assert conv(twelve, kernel="1", mask=mask[:, ::2], white=4000, depth="16").tolist() == [[16384, 16384]]


def test_true_is_white():
    for raw, white, expected in [(True, None, 255), (False, None, 1), (False, 100, 1), (True, 100, 100)]:
        into = encoding("picture", "uint8", "float32", raw=raw, white=white)
        assert into(np.array([True])).tolist() == [expected]


# ---- bands ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("filter", "values"), list(calls()))
def test_bands_are_filtered_each_by_itself(filter, values):
    """What takes its colours together, or draws, is another matter: it must not fail."""
    image = np.random.default_rng(3).integers(0, 256, (20, 24, 5), np.uint8)
    found = image_of(filter(image, **values))
    assert found.shape[2] == 5
    together = ("bilateral", "guided", "nlm", "adaptive", "lee", "frost", "kuwahara")
    if filter in (add_noise, denoise, erase) or values.get("op") in together:
        return
    for number in range(5):
        np.testing.assert_array_equal(found[..., number], image_of(filter(image[..., number], **values)))


def test_bands_have_no_luma():
    image = np.zeros((4, 5, 2), np.uint8)
    with pytest.raises(ParameterError, match="bands without colour have no luma; use each or max"):
        edges(image, channels="luma", bands=True)
    assert edges(image, bands=True).image.shape == (4, 5, 2)
    assert edges(image, channels="max", bands=True).image.shape == (4, 5)
    with pytest.raises(ImageError, match="2 bands has no colours, so linear light does not apply"):
        blur(image, linear=True, bands=True)
    with pytest.raises(ImageError, match="has 2 channels, which have no luma; use a bank with 2 inputs"):
        conv(image, kernel="haar", bands=True)


def test_nothing_is_missing_in_an_image_without_gaps():
    """Float samples are not whole numbers, even if none of them is missing."""
    image = np.random.default_rng(0).random((9, 12)).astype(np.float32)
    for values in ({"op": "mean", "size": 5}, {"op": "median", "size": 3}, {"sigma": 2}):
        np.testing.assert_allclose(blur(image, nan="ignore", **values), blur(image, **values), atol=1e-6)
