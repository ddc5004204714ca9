"""The kernel type, the builders and the built-in kernels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from imfilter.filters.core.linear import kernels
from imfilter.filters.core.linear.kernels import Kernel

matrices = arrays.arrays(np.int64, arrays.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.integers(-9, 9))
vectors = arrays.arrays(np.int64, st.integers(1, 6), elements=st.integers(-9, 9))


@pytest.mark.parametrize(("shape", "anchor"), [((3, 3), (1, 1)), ((2, 4), (2, 1)), ((1, 1), (0, 0)), ((5, 2), (1, 2))])
def test_the_anchor_is_half_the_size_x_first(shape, anchor):
    assert Kernel.of(np.ones(shape)).anchor == anchor


@given(matrices)
def test_turning_twice_changes_nothing(matrix):
    kernel = Kernel.of(matrix, anchor=(0, 0))
    twice = kernel.turned().turned()
    np.testing.assert_array_equal(twice.taps, kernel.taps)
    assert twice.anchor == (0, 0)


@given(vectors, vectors)
def test_factors_of_whole_numbers_are_whole(column, row):
    factors = Kernel.of(np.outer(column, row)).factors
    assert factors is not None
    np.testing.assert_array_equal(np.outer(*factors), np.outer(column, row))
    assert all((factor == np.rint(factor)).all() for factor in factors)


@given(matrices)
def test_only_a_matrix_of_rank_1_has_factors(matrix):
    kernel = Kernel.of(matrix)
    assert (kernel.factors is not None) == (kernel.rank <= 1)


@given(matrices, st.sampled_from([1, -3, 7.5]))
def test_sums_are_those_of_the_weights(matrix, divisor):
    kernel = Kernel.of(matrix, divisor)
    assert kernel.sum == pytest.approx((matrix / divisor).sum(), abs=1e-9)
    assert kernel.absolute_sum == pytest.approx(np.abs(matrix / divisor).sum())


def test_a_sum_of_rounding_errors_is_0():
    assert Kernel.of([[0.1, 0.2, -0.3]]).sum == 0


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1, 3.3, 100])
def test_a_gaussian_sums_to_1_and_is_cut_at_4_sigma(sigma):
    weights = kernels.gaussian_weights(sigma)
    assert weights.sum() == pytest.approx(1, abs=1e-14)
    assert len(weights) == 2 * int(4 * sigma + 0.5) + 1
    np.testing.assert_array_equal(weights, weights[::-1])


@pytest.mark.parametrize("sigma", [0, 1e-300, 0.1])
def test_a_gaussian_too_narrow_for_a_neighbour_is_the_identity(sigma):
    assert kernels.gaussian_weights(sigma).tolist() == [1]


def test_a_built_in_kernel_never_changes_its_sum():
    sums = {name: kernel.sum for name, kernel in kernels.named().items()}
    ones = {"identity", "mean3", "mean5", "gaussian3", "gaussian5", "sharpen", "sharpen8", "emboss"}
    assert {name for name, total in sums.items() if total == pytest.approx(1)} == ones
    assert all(total == pytest.approx(0, abs=1e-12) for name, total in sums.items() if name not in ones)


def test_sobel_x_is_printed_as_in_the_textbooks():
    assert kernels.named()["sobel-x"].weights.tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert kernels.named()["sobel-y"].weights.tolist() == [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]


def test_kirschs_masks_turn_clockwise_from_the_right():
    """R. Gonzalez and R. Woods, Digital Image Processing, 4th ed., fig. 10.15: E, SE and S."""
    east, south_east, south = (mask.tolist() for mask in kernels.compass("kirsch")[:3])
    assert east == [[-3, -3, 5], [-3, 0, 5], [-3, -3, 5]]
    assert south_east == [[-3, -3, -3], [-3, 0, 5], [-3, 5, 5]]
    assert south == [[-3, -3, -3], [-3, 0, -3], [5, 5, 5]]


def test_farids_derivative_of_a_ramp_is_nearly_1():
    """The pair is fitted, not exact: Farid and Simoncelli give 5 taps whose derivative gain is 0.99."""
    smooth, derivative = kernels.DERIVATIVE_PAIRS["farid"]
    assert sum(smooth) == pytest.approx(1)
    assert np.dot(derivative, np.arange(-2, 3)) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("divisor", [0, 1e-320, float("nan"), float("inf")])
def test_a_divisor_must_divide(divisor):
    with pytest.raises(ValueError, match="cannot be divided"):
        Kernel.of([[1]], divisor)
