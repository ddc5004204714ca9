"""Sharpen: Laplacian, unsharp mask, high-boost, and the Laplacian of a Gaussian."""

import numpy as np
import pytest
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.sharpen import sharpen
from scipy import ndimage


@pytest.mark.parametrize("amount", [0, 0.25, 1, 3])
def test_the_laplacian_is_taken_off(amount, noise, to_samples):
    image = noise((40, 30))
    exact = image - amount * ndimage.laplace(image.astype(np.float64), mode="reflect")
    np.testing.assert_array_equal(sharpen(image, amount=amount), to_samples(exact, "uint8"))


def test_the_laplacian_by_hand():
    """5·40 - (10 + 20 + 30 + 50) = 90."""
    image = np.array([[0, 10, 0], [20, 40, 30], [0, 50, 0]], np.uint8)
    assert sharpen(image)[1, 1] == 90


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(("sigma", "amount", "threshold"), [(2, 1, 0), ((1.0, 3.0), 0.7, 0), (2, 1.5, 0.05)])
def test_the_unsharp_mask_adds_the_detail(sigma, amount, threshold, dtype, noise, to_samples):
    image = noise((60, 50), dtype)
    threshold *= 1 if dtype == "float32" else np.iinfo(dtype).max
    across = sigma[::-1] if isinstance(sigma, tuple) else sigma
    detail = image - ndimage.gaussian_filter(image.astype(np.float64), across, mode="reflect")
    detail[np.abs(detail) < threshold] = 0
    answer = sharpen(image, op="unsharp", sigma=sigma, amount=amount, threshold=threshold)
    off = np.abs(answer - to_samples(image + amount * detail, dtype).astype(np.float64))
    if dtype == "float32":
        assert off.max() <= 1e-5 * np.ptp(image)
    else:
        assert off.max() <= 1
        assert (off > 0).mean() <= 1e-3


def test_amount_0_gives_the_image_back(noise):
    for op in ("laplacian", "unsharp"):
        np.testing.assert_array_equal(sharpen(noise((5, 7)), op=op, amount=0), noise((5, 7)))


def test_results_saturate():
    assert sharpen(np.array([[0, 255, 0]], np.uint8)).tolist() == [[0, 255, 0]]


def test_detail_below_the_threshold_stays():
    step = np.array([[100, 100, 104, 104]], np.uint8)
    assert sharpen(step, op="unsharp", threshold=10).tolist() == step.tolist()
    assert sharpen(step, op="unsharp", threshold=1).tolist() != step.tolist()


def test_a_parameter_of_the_other_op_is_refused():
    with pytest.raises(ParameterError, match="sigma: does not apply to op laplacian"):
        sharpen(np.zeros((2, 2), np.uint8), sigma=2)


# ---- high-boost -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(("sigma", "boost"), [(2, 2), (1.5, 1.0), ((1.0, 3.0), 2.6)])
def test_high_boost_is_a_times_the_image_less_the_blurred_one(sigma, boost, dtype, noise, to_samples):
    image = noise((60, 50), dtype)
    across = sigma[::-1] if isinstance(sigma, tuple) else sigma
    exact = boost * image.astype(np.float64) - ndimage.gaussian_filter(image.astype(np.float64), across, mode="reflect")
    off = np.abs(sharpen(image, op="highboost", sigma=sigma, boost=boost) - to_samples(exact, dtype).astype(np.float64))
    if dtype == "float32":
        assert off.max() <= 1e-5 * np.ptp(image)
    else:
        assert off.max() <= 1
        assert (off > 0).mean() <= 1e-3


def test_a_boost_of_2_is_the_unsharp_mask_and_more_is_brighter(noise):
    image = noise((20, 20, 3))
    np.testing.assert_array_equal(sharpen(image, op="highboost"), sharpen(image, op="unsharp"))
    assert (sharpen(np.full((5, 5), 60, np.uint8), op="highboost", boost=2.5) == 90).all()


def test_a_boost_of_1_is_the_high_pass(noise):
    image = noise((20, 20))
    high = image - ndimage.gaussian_filter(image.astype(np.float64), 2, mode="reflect")
    found = sharpen(image, op="highboost", boost=1, range="offset")
    assert np.abs(found - np.clip(np.floor(high + 128.5), 0, 255)).max() <= 1


# ---- the Laplacian of a Gaussian --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(("sigma", "amount"), [(2, 1), (1.3, 2.5), ((1.0, 2.0), 0.5)])
def test_log_is_the_image_less_its_scaled_laplacian(sigma, amount, dtype, noise, to_samples):
    image = noise((60, 50), dtype)
    x, y = sigma if isinstance(sigma, tuple) else (sigma, sigma)
    values = image.astype(np.float64)
    along_x = ndimage.gaussian_filter(values, (y, x), order=(0, 2), mode="reflect") * x**2
    along_y = ndimage.gaussian_filter(values, (y, x), order=(2, 0), mode="reflect") * y**2
    exact = values - amount * (along_x + along_y)
    off = np.abs(sharpen(image, op="log", sigma=sigma, amount=amount) - to_samples(exact, dtype).astype(np.float64))
    # SciPy leaves what cutting the second derivative leaves in its sum.
    assert off.max() <= amount * 4e-3 * np.ptp(image) + 1


@pytest.mark.parametrize("sigma", [1, 2, 5])
def test_a_step_overshoots_by_a_quarter_at_every_sigma(sigma):
    step = np.zeros((5, 120), np.float32)
    step[:, 60:] = 1
    found = sharpen(step, op="log", sigma=sigma)[2]
    peak = 1 / np.sqrt(2 * np.pi * np.e)
    assert peak * (1 - 0.2 / sigma) < found.max() - 1 < peak  # between two samples
    assert -found.min() == pytest.approx(found.max() - 1, abs=1e-6)
    assert found.argmax() in (59 + sigma, 60 + sigma)


def test_log_gives_the_image_back_where_nothing_is_added(noise):
    image = noise((9, 9, 3))
    np.testing.assert_array_equal(sharpen(image, op="log", amount=0), image)


def test_log_of_missing_samples_leaves_them_out():
    ramp = np.tile(np.arange(30, dtype=np.float32), (30, 1))
    ramp[10:13, 10:13] = np.nan
    found = sharpen(ramp, op="log", nan="ignore", border="mirror")
    np.testing.assert_array_equal(np.isnan(found), np.isnan(ramp))
    np.testing.assert_allclose(found[15, 28 - 18 : 12], ramp[15, 10:12], atol=2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"op": "highboost", "boost": 0.5}, "boost: 0.5 is below the least value, 1"),
        ({"op": "highboost", "amount": 2}, "amount: does not apply to op highboost"),
        ({"op": "unsharp", "boost": 2}, "boost: does not apply to op unsharp"),
        ({"op": "log", "sigma": 0.1}, "sigma: 0.1 px is too small for log; use at least 0.2 px"),
        ({"op": "log", "threshold": 3}, "threshold: does not apply to op log"),
        ({"op": "log", "algorithm": "separable"}, "algorithm: does not apply to op log"),
    ],
)
def test_what_belongs_to_another_op_is_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        sharpen(np.zeros((3, 3), np.uint8), **values)


@pytest.mark.parametrize("value", [1, 77, 201])
@pytest.mark.parametrize("boost", [1.25, 1.5, 2.5])
def test_a_flat_part_is_multiplied_exactly_where_that_ends_in_a_half(value, boost):
    flat = np.full((40, 40), value, np.uint8)
    assert (sharpen(flat, op="highboost", boost=boost) == min(255, int(value * (boost - 1) + 0.5))).all()
