"""Values that no picture has, and that random calls found the faults by: an answer, or one line, and no warning."""

import numpy as np
import pytest
from imfilter.filters.affine import affine
from imfilter.filters.blend import blend
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core import catalog
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.crop import crop
from imfilter.filters.denoise import denoise
from imfilter.filters.flip import flip
from imfilter.filters.hough import hough
from imfilter.filters.normalize import normalize
from imfilter.filters.perspective import perspective
from imfilter.filters.threshold import threshold
from imfilter.filters.tone import tone

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("value", [np.zeros(0), np.zeros((2, 2)), "yes", 2, [True]])
def test_a_flag_is_true_or_false_and_nothing_else(value):
    with pytest.raises(ParameterError, match=r"^pad: .* is neither True nor False$"):
        crop(np.zeros((3, 3), np.uint8), ratio=1, pad=value)


@pytest.mark.parametrize(
    ("filter", "values"),
    [
        (normalize, {"mean": (0.5, 10**400), "std": 1}),
        (perspective, {"from_": (10**400, 0, 1, 0, 1, 1, 0, 1)}),
        (tone, {"levels": (0, 10**400)}),
        (flip, {"nodata": 10**400}),
    ],
)
def test_whole_numbers_beyond_all_floats_are_refused(filter, values):
    with pytest.raises(ParameterError):
        filter(np.zeros((3, 3), np.uint8), **values)


def test_a_kernel_that_is_turned_round_and_divided_is_applied(each_core):
    image = np.arange(20, dtype=np.float32).reshape(4, 5)
    turned = conv(image, kernel="gaussian3", mode="convolve", normalize="abs")
    np.testing.assert_allclose(turned, conv(image, kernel="gaussian3"), rtol=1e-6)


def test_infinities_outside_of_strips_are_data_too(each_core):
    huge = np.full((9, 9, 3), 1e300)
    assert affine(huge, angle=9, linear=True).shape == huge.shape
    assert blend(huge, other=-huge, op="difference", range="stretch", depth=8).shape == huge.shape
    assert denoise(np.full((20, 20), 3e38, np.float32), noise_sigma=0.1).shape == (20, 20)


@pytest.mark.every_call({"denoise": [{"op": "guided", "epsilon": 1e-4}], "blur": [{"op": "bilateral"}]})
def test_samples_whose_squares_are_beyond_all_floats_are_taken(name, values, noise):
    try:
        catalog.load(name)(noise((12, 11, 3), "float32").astype(np.float64) * 1e200, **values)
    except ParameterError as error:
        assert "\n" not in str(error)


def test_a_mask_of_huge_values_is_refused():
    with pytest.raises(ParameterError, match="its samples go from 0 to 1e\\+300; they must be from 0 to 1"):
        blur(np.zeros((2, 2), np.uint8), mask=np.array([[0, 1e300], [0, 0]]))


def test_noise_whose_square_is_0_changes_nothing(each_core, noise):
    image = noise((9, 9, 3), "float32").astype(np.float64)
    for op in ("guided", "bilateral", "nlm"):
        np.testing.assert_allclose(denoise(image, op=op, noise_sigma=1e-300), image, rtol=1e-9, err_msg=op)
    blurred = blur(image, op="bilateral", range_sigma=1e30)
    np.testing.assert_allclose(blurred, blur(image, op="bilateral", range_sigma=1e9), rtol=1e-9)


def test_speckle_is_estimated_where_nothing_is_seen(each_core):
    nothing = np.zeros((5, 5, 4), np.uint8)
    for op in ("lee", "frost"):
        np.testing.assert_array_equal(blur(nothing, op=op), nothing)


def test_black_and_white_have_no_value_for_what_is_missing():
    image = np.arange(100, dtype=np.uint8).reshape(10, 10)
    with pytest.raises(ImageError, match="depth 1 has no value"):
        threshold(np.ma.masked_less(image, 3), depth=1)
    answer = flip(image, depth=1, nodata=0)
    assert answer.dtype == bool
    np.testing.assert_array_equal(answer, flip(image, depth=1))


@pytest.mark.parametrize("more", [{}, {"roi": (0, 0, 2, 2)}, {"channels": "B"}])
def test_bands_are_not_blended_with_gray(more):
    image = np.zeros((4, 4, 3 if "channels" in more else 1), np.uint8)
    with pytest.raises(ImageError, match=r"has [13] channels?, but the picture of --other has 5"):
        blend(image, other=np.zeros((4, 4, 5), np.uint8), **more)


def test_tables_of_a_stack_are_equally_long():
    one = np.zeros((40, 40), np.uint8)
    one[:, 10] = 255
    two = one.copy()
    two[5] = 255
    together = hough(np.stack([one, two]), edges="nonzero", stack=True)
    apart = [hough(image, edges="nonzero").lines for image in (one, two)]
    for table, alone in zip(together.lines, apart, strict=True):
        np.testing.assert_array_equal(table[: len(alone)], alone)
        assert np.isnan(table[len(alone) :]).all()
    assert len(together.lines[0]) == max(map(len, apart)) > min(map(len, apart))
