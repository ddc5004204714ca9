"""The parameters of conv other than those of the convolution itself."""

import numpy as np
import pytest
from imfilter.filters.conv import conv
from imfilter.filters.core.engine.stage import ImageContext
from imfilter.filters.core.linear.kernels import named
from imfilter.filters.core.parameters import ParameterError


def test_the_kernel_is_not_normalized_unless_asked():
    ones = np.full((3, 3), 10, np.uint8)
    assert conv(ones, kernel="1 1; 1 1").max() == 40
    assert conv(ones, kernel="1 1; 1 1", normalize="sum").max() == 10


def test_abs_normalizes_by_the_absolute_values():
    row = np.array([[0, 100]], np.uint8)
    assert conv(row, kernel="-1 1", normalize="abs", border="nearest").tolist() == [[0, 50]]


def test_scale_and_bias_come_after_the_sum():
    assert conv(np.array([[7]], np.uint8), kernel="3", scale=2, bias=10) == 52


def test_bias_survives_alpha(run):
    image, alpha = np.full((3, 3, 1), 100, np.uint8), np.full((3, 3), 128, np.uint8)
    output = run(conv, image, alpha=alpha, kernel="mean3", bias=20)["image"]
    assert (output.samples == 120).all() and (output.alpha == 128).all()


def test_a_zero_sum_kernel_keeps_the_alpha(run):
    image, alpha = np.full((3, 3, 1), 100, np.uint8), np.arange(9, dtype=np.uint8).reshape(3, 3)
    np.testing.assert_array_equal(run(conv, image, alpha=alpha, kernel="laplacian4")["image"].alpha, alpha)


@pytest.mark.parametrize("scale", [-1, 0, 0.5])
def test_any_gain_keeps_an_opaque_image_opaque(scale, run, noise):
    image = noise((5, 5, 3))
    alpha = np.full((5, 5), 255, np.uint8)
    output = run(conv, image, alpha=alpha, kernel="1 2 1; 2 4 2; 1 2 1", scale=scale / 16, bias=60)["image"]
    assert (output.alpha == 255).all()
    expected = conv(image, kernel="1 2 1; 2 4 2; 1 2 1", scale=scale / 16, bias=60)
    np.testing.assert_array_equal(output.samples, expected)


def test_the_scale_and_offset_of_a_libvips_file_apply(tmp_path):
    file = tmp_path / "k.mat"
    file.write_text("2 1 4 5\n1 3\n")
    assert conv(np.full((1, 2), 8, np.uint8), kernel=str(file)).tolist() == [[13, 13]]


def test_an_anchor_that_is_given_takes_the_place_of_the_file_s(tmp_path):
    file = tmp_path / "k.txt"
    file.write_text("3x1+0+0: 0,0,1")
    row = np.array([[1, 2, 3, 4]], np.uint8)
    assert conv(row, kernel=str(file), border="constant").tolist() == [[3, 4, 0, 0]]
    assert conv(row, kernel=str(file), border="constant", anchor=(2, 0)).tolist() == [[1, 2, 3, 4]]
    (fact, *_) = conv.checked(kernel=str(file), anchor=(2, 0)).stages()[0].facts(ImageContext(255.0, "float32"))
    assert "anchor 2,0" in fact.text and "anchor 0,0" not in fact.text


@pytest.mark.parametrize(("range", "expected"), [("clip", 0), ("abs", 100), ("offset", 28), ("stretch", 0)])
def test_a_signed_result_goes_where_range_says(range, expected):
    falling = np.array([[100, 0]], np.uint8)
    assert conv(falling, kernel="-1 1 0", range=range, border="nearest")[0, 1] == expected


@pytest.mark.each("name", named())
def test_every_built_in_kernel_runs(name, noise):
    assert conv(noise((6, 5)), kernel=name).shape == (6, 5)


@pytest.mark.parametrize("given", [3, (3,), (3, 3), (3, 3, 3, 3)])
def test_padding_takes_one_two_or_four_numbers(given):
    assert conv(np.ones((2, 2), np.uint8), kernel="1", padding=given).shape == (8, 8)


def test_padding_in_two_numbers_is_x_first():
    assert conv(np.ones((2, 2), np.uint8), kernel="1", padding=(1, 3)).shape == (8, 4)


def test_padding_in_four_numbers_is_left_top_right_bottom():
    image = np.ones((1, 1), np.uint8)
    answer = conv(image, kernel="1", padding=(1, 2, 0, 0), border="constant")
    assert answer.tolist() == [[0, 0], [0, 0], [0, 1]]


@pytest.mark.each(
    "values, message",
    [
        ({}, "kernel: is required"),
        ({"kernel": None}, "kernel: requires a value"),
        ({"kernel": "sobel_x"}, "did you mean 'sobel-x'"),
        ({"kernel": "1 2; 3"}, r"row 2 \(line 1\): has 1 value, but row 1 has 2"),
        ({"kernel": [[1, 2], [3]]}, "rows must have the same length"),
        ({"kernel": {}}, "must be real numbers"),
        ({"kernel": np.array([[1j]])}, "must be real numbers"),
        ({"kernel": [[np.nan]]}, "must be finite"),
        ({"kernel": np.zeros((2, 2, 2, 2, 2))}, r"not an array of shape \(2, 2, 2, 2, 2\)"),
        ({"kernel": np.zeros((0, 3))}, "a kernel must be a matrix"),
        ({"kernel": np.zeros((1000, 1000))}, r"1000×1000 = 1000000 taps; the limit is 65536 \(--max-taps raises it\)"),
        ({"kernel": "laplacian4", "normalize": "sum"}, "normalize: the kernel's values sum to 0"),
        ({"kernel": "1 1", "anchor": (0, 1)}, "anchor: 0,1 lies outside the 2×1 kernel"),
        ({"kernel": "1", "padding": "sane"}, "padding: 'sane' is not same, valid, full"),
        ({"kernel": "1", "padding": -1}, "-1 is out of range; use 0 to"),
        ({"kernel": "1", "padding": (1, 2, 3)}, "is not same, valid, full"),
        ({"kernel": "1", "stride": 0}, "stride: 0 is below the least value, 1"),
        ({"kernel": "1", "mode": "convolv"}, "did you mean 'convolve'"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(values, message):
    with pytest.raises(ParameterError, match=message):
        conv(np.zeros((3, 3), np.uint8), **values)
