"""Sharpen: Laplacian and unsharp mask."""

import numpy as np
import pytest
from imfilter.filters.core.spec import ParameterError
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
    with pytest.raises(ParameterError, match="sigma: has no meaning with op laplacian"):
        sharpen(np.zeros((2, 2), np.uint8), sigma=2)
