"""Sums over boxes against sums of views, by the reference and by every instruction set of the compiled core."""

import numpy as np
import pytest
from imfilter.filters.core import native
from imfilter.filters.core.linear import box_sum

WIDTHS = [1, 2, 3, 5, 12, 15, 16, 17, 31, 33, 63, 64, 65, 97, 128, 130, 250]
"""Around those from which other sums are taken: 64 samples are joined in pairs, more in blocks of 64."""
BOXES = [*((height, width) for height in (1, 2, 7) for width in WIDTHS), (11, 11), (16, 8), (43, 3), (70, 40)]


def sums_of(strip, height, width):
    """The sums of ``(rows, columns, channels)`` over every box, one row and one column of it after the other."""
    wide = strip.astype(np.int64 if strip.dtype.kind in "bu" else np.float64)
    rows, columns = strip.shape[0] - height + 1, strip.shape[1] - width + 1
    down = sum(wide[i : i + rows] for i in range(height))
    return sum(down[:, j : j + columns] for j in range(width))


def strip_of(noise, height, width, dtype, channels, seed=0):
    return noise((height + 5, width + (seed * 37 + width * 11) % 70, channels), dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_the_mean_of_whole_numbers_is_the_quotient_rounded_half_up(each_core, dtype, channels, noise):
    for height, width in BOXES:
        strip = strip_of(noise, height, width, dtype, channels)
        strip[:6] = np.iinfo(dtype).max
        sums, size = sums_of(strip, height, width), height * width
        for divisor in (size, size + 1, 3 * size):
            answer = box_sum.mean(strip, height, width, dtype, divisor)
            np.testing.assert_array_equal(answer, (sums + divisor // 2) // divisor, f"{height}×{width}")


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16"])
@pytest.mark.parametrize("out", ["int32", "float32", "float64"])
def test_sums_of_whole_numbers_are_exact(each_core, dtype, out, noise):
    for height, width in BOXES:
        strip = noise((height + 5, width + 40, 3), "uint16" if dtype == "uint16" else "uint8").astype(dtype)
        expected = sums_of(strip, height, width).astype(out)
        np.testing.assert_array_equal(box_sum.mean(strip, height, width, out), expected, f"{height}×{width}")


def test_a_quotient_past_the_range_is_saturated(each_core, noise):
    strip = noise((9, 40, 1))
    expected = np.minimum((sums_of(strip, 3, 4) + 2) // 5, 255)
    np.testing.assert_array_equal(box_sum.mean(strip, 3, 4, np.uint8, 5), expected)
    expected = np.minimum(np.floor(sums_of(strip, 3, 4) / 7.5 + 0.5), 255)
    np.testing.assert_array_equal(box_sum.mean(strip, 3, 4, np.uint8, 7.5), expected)


@pytest.mark.parametrize(("height", "width"), [(1, 1 << 14), (3000, 2900), (300, 300), (200, 200)])
def test_sums_of_31_bits_and_more_are_exact(each_core, height, width):
    strip = np.full((height + 1, width + 1, 1), 65535, np.uint16)
    strip[0] -= 1
    exact = height * width * 65535
    sums = box_sum.mean(strip, height, width, np.float64)
    assert sums.ravel().tolist() == [exact - width, exact - width, exact, exact]
    means = box_sum.mean(strip, height, width, np.uint16, height * width)
    assert means.ravel().tolist() == [65535 - (height == 1), 65535 - (height == 1), 65535, 65535]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sums_of_fractions_lose_nothing(each_core, dtype, channels, noise):
    """Neither in long windows nor after samples that are a million times as large."""
    for height, width in [*BOXES, (3, 1500)]:
        strip = strip_of(noise, height, width, "float32", channels).astype(dtype) - 0.5
        strip[0, 0] = 1e6
        answer = box_sum.mean(strip, height, width, dtype, height * width)
        expected = sums_of(strip, height, width) / (height * width)
        np.testing.assert_allclose(answer, expected, rtol=3e-7 if dtype == "float32" else 1e-12, atol=1e-9)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_reaches_as_far_as_the_box(each_core, value):
    for height, width in BOXES:
        strip = np.ones((height + 40, width + 60, 2))
        strip[height // 2 + 17, width // 2 + 30, 1] = value
        answer = box_sum.mean(strip, height, width, np.float64)
        expected = sums_of(strip, height, width)
        np.testing.assert_array_equal(np.isfinite(answer), np.isfinite(expected), f"{height}×{width}")
        np.testing.assert_array_equal(answer[np.isfinite(expected)], height * width)


def test_every_instruction_set_gives_the_same_bits(each_core, noise):
    for height, width in BOXES:
        strip = noise((height + 5, width + 77, 1), "float32")
        answer = box_sum.mean(strip, height, width, np.float64)
        if each_core != "reference":
            native.core.choose("baseline")
            assert answer.tobytes() == box_sum.mean(strip, height, width, np.float64).tobytes()
            native.core.choose(each_core)


def test_any_layout_of_samples_is_taken_and_none_is_changed(each_core, noise):
    image = noise((30, 41, 3))
    expected = (sums_of(image, 4, 5) + 10) // 20
    planes = np.ascontiguousarray(image.transpose(2, 0, 1))
    image.flags.writeable = False
    for strip in (image, planes.transpose(1, 2, 0), np.asfortranarray(image), np.repeat(image, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(box_sum.mean(strip, 4, 5, np.uint8, 20), expected)
    flipped = np.ascontiguousarray(image[::-1])[::-1]
    np.testing.assert_array_equal(box_sum.mean(flipped, 4, 5, np.uint8, 20), expected)


@pytest.mark.parametrize("shape", [(3, 8, 1), (9, 4, 1), (3, 4, 0)])
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_a_strip_as_low_or_narrow_as_the_box_gives_one_row_or_column(each_core, shape, dtype):
    answer = box_sum.mean(np.ones(shape, dtype), 3, 4, dtype, 12)
    assert answer.shape == (shape[0] - 2, shape[1] - 3, shape[2]) and (answer == 1).all()


@pytest.mark.skipif(native.core is None, reason="needs the compiled core")
def test_sizes_that_do_not_fit_are_refused():
    strip, out = np.zeros((1, 9, 12)), np.zeros((1, 7, 10))
    native.core.box(strip, out, 3, 3, 1, 1.0)
    for height, width, across in ((3, 4, 1), (4, 3, 1), (3, 3, 2), (0, 3, 1), (3, 0, 1), (3, -2, 1), (3, 3, 1 << 60)):
        with pytest.raises(ValueError):
            native.core.box(strip, out, height, width, across, 1.0)
