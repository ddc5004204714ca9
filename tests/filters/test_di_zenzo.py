"""The gradient of a colour image: the greater eigenvalue of the channels' tensors, summed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.edges import GRADIENTS, edges
from imfilter.filters.sharpen import sharpen

LUMA = (0.299, 0.587, 0.114)
OPERATORS = [op for op in GRADIENTS if op != "canny"]


def by_hand(gx, gy):
    """The gradient of one pixel from those of its channels, by a search for the direction of the greatest change."""
    turns = np.linspace(0, np.pi, 20001)
    change = sum((x * np.cos(turns) + y * np.sin(turns)) ** 2 for x, y in zip(gx, gy, strict=True))
    best = change.argmax()
    return np.sqrt(change[best]), np.degrees(turns[best])


def apart(one, other, full=360):
    return np.abs((np.asarray(one, float) - other + full / 2) % full - full / 2)


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
def test_it_is_the_greatest_change_in_any_direction(op, dtype, noise):
    image = noise((6, 7, 3), dtype)
    each, found = (edges(image, op=op, channels=channels) for channels in ("each", "di-zenzo"))
    for y, x in np.ndindex(6, 7):
        magnitude, axis = by_hand(each.gx[y, x].astype(float), each.gy[y, x].astype(float))
        assert found.magnitude[y, x] == pytest.approx(magnitude, rel=1e-6)
        assert apart(found.angle[y, x], axis, 180) < 0.5


def test_it_is_numpys_eigenvalue(noise):
    image = noise((60, 50, 3))
    each, found = (edges(image, channels=channels) for channels in ("each", "di-zenzo"))
    gx, gy = each.gx.astype(float), each.gy.astype(float)
    xx, xy, yy = (gx * gx).sum(2), (gx * gy).sum(2), (gy * gy).sum(2)
    values, vectors = np.linalg.eigh(np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2))
    np.testing.assert_allclose(found.magnitude, np.sqrt(values[..., 1]), rtol=1e-6)
    axis = np.degrees(np.arctan2(vectors[..., 1, 1], vectors[..., 0, 1]))
    assert apart(found.angle, axis, 180).max() < 1e-3


def test_a_step_in_one_channel_counts_in_full_and_in_three_of_them_as_their_root():
    image = np.zeros((5, 6, 3), np.uint8)
    image[:, 3:, 0] = 255
    assert edges(image, channels="di-zenzo").magnitude.max() == 1020
    assert edges(image).magnitude.max() == pytest.approx(0.299 * 1020)
    image[:, 3:] = 255
    assert edges(image, channels="di-zenzo").magnitude.max() == pytest.approx(1020 * 3**0.5)


def test_a_border_of_colours_that_are_equally_bright_is_found():
    """Edges that the luma lacks, Di Zenzo's reason for the tensor."""
    image = np.zeros((9, 10, 3), np.float32)
    image[:, :5, 0], image[:, 5:, 1] = 0.587, 0.299
    luma, colour = edges(image), edges(image, channels="di-zenzo")
    assert luma.magnitude.max() < 1e-6
    assert colour.magnitude[4, 4] == pytest.approx(4 * np.hypot(0.587, 0.299), rel=1e-6)


def test_opposite_channels_add_up_where_their_sum_would_cancel():
    image = np.zeros((9, 10, 3), np.uint8)
    image[:, :5, 0], image[:, 5:, 1] = 200, 200
    found = edges(image, channels="di-zenzo")
    assert found.magnitude[4, 4] == pytest.approx(4 * 200 * 2**0.5, rel=1e-6)
    assert found.angle[4, 4] == 0  # green is the brighter


@pytest.mark.each("shape", [(20, 21), (20, 21, 1)])
@pytest.mark.each("dtype", ["uint8", "float32"])
@pytest.mark.each(
    "options", [{"op": op} for op in GRADIENTS] + [{"thin": True}, {"threshold": 90}, {"norm": "l1"}, {"size": 5}]
)
def test_gray_is_as_in_luma(options, dtype, shape, noise):
    image = noise(shape, dtype)
    gray, luma = edges(image, channels="di-zenzo", **options), edges(image, channels="luma", **options)
    for one, other in zip(gray[:5], luma[:5], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    if dtype != "float32":
        np.testing.assert_array_equal(gray.image, luma.image)


@pytest.mark.parametrize("op", OPERATORS)
def test_it_points_to_where_the_luma_grows(op, noise):
    image = noise((40, 40, 3))
    luma, found = (edges(image, op=op, channels=channels) for channels in ("luma", "di-zenzo"))
    along = luma.gx.astype(float) * found.gx + luma.gy.astype(float) * found.gy
    assert (along >= -1e-3).all()


def test_gx_and_gy_follow_from_magnitude_and_angle(noise):
    found = edges(noise((40, 40, 3)), channels="di-zenzo")
    turn = np.radians(found.angle.astype(float))
    np.testing.assert_allclose(found.gx, found.magnitude * np.cos(turn), atol=1e-2)
    np.testing.assert_allclose(found.gy, found.magnitude * np.sin(turn), atol=1e-2)


@given(
    arrays.arrays(np.float32, (2, 3, 3), elements=st.sampled_from([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0])),
)
def test_degenerate_tensors_have_finite_answers(image):
    found = edges(image, op="central", channels="di-zenzo")
    each = edges(image, op="central", channels="each")
    assert np.isfinite(np.concatenate([part.ravel() for part in found[:5]])).all()
    assert (found.angle > -180).all() and (found.angle <= 180).all()
    assert (found.angle[found.magnitude == 0] == 0).all()
    squares = (each.magnitude.astype(float) ** 2).sum(axis=2)
    own = found.magnitude.astype(float) ** 2
    assert (own <= squares * (1 + 1e-6)).all() and (own >= squares / 2 * (1 - 1e-6)).all()


def test_along_a_border_between_colours_the_angle_has_no_seam():
    """A disk of another colour: all around, the angle turns once, and agrees with the luma's."""
    y, x = np.mgrid[:101, :101] - 50
    cover = np.clip(30.5 - np.hypot(x, y), 0, 1)[..., None]
    image = (cover * [200, 60, 40] + (1 - cover) * [30, 50, 160]).astype(np.float32)
    found = edges(image, channels="di-zenzo", sigma=1.5)
    ring = np.abs(np.hypot(x, y) - 30) < 1
    inward = np.degrees(np.arctan2(-y, -x))
    assert apart(found.angle, inward)[ring].max() < 3


@pytest.mark.parametrize("options", [{"thin": True, "sigma": 1.5}, {"op": "canny"}])
def test_thin_lines_and_canny_work_on_it(options):
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, :20, 0], image[:, 20:, 1] = 200, 102  # of the same luma
    image[..., 2] = 40
    found = edges(image, channels="di-zenzo", **options).image
    assert (np.count_nonzero(found, axis=1) == 1).all()
    assert not edges(image, op="canny", channels="luma").image.any()


def test_a_missing_channel_leaves_the_others_their_say(noise):
    image = noise((12, 12, 3), "float32")
    image[5, 5, 0], image[8, 8] = np.nan, np.nan
    found = edges(image, channels="di-zenzo", nan="ignore")
    assert np.isnan(found.magnitude).sum() == 1 and np.isnan(found.magnitude[8, 8])
    assert np.isnan(edges(image, channels="di-zenzo").magnitude).sum() == 16  # no operator looks at the middle


@pytest.mark.parametrize("op", ["laplacian", "log", "dog", "kirsch", "robinson"])
def test_operators_without_gx_and_gy_refuse_it(op):
    with pytest.raises(ParameterError, match=f"channels: di-zenzo needs gx and gy, which {op} does not compute"):
        edges(np.zeros((3, 3, 3), np.uint8), op=op, channels="di-zenzo")


@pytest.mark.parametrize("filter", [blur, sharpen, conv])
def test_other_filters_neither_take_nor_list_it(filter):
    assert filter.spec.parameters["channels"].choices == ("each", "luma", "chroma", "max", "index", *"RGBA")
    with pytest.raises(ParameterError, match="unknown value 'di-zenzo'"):
        filter(np.zeros((3, 3, 3), np.uint8), channels="di-zenzo")


def test_edges_lists_it_behind_the_others():
    parameter = edges.spec.parameters["channels"]
    assert parameter.default == "luma"
    assert parameter.choices == ("luma", "each", "max", "di-zenzo", "opponent", *"RGBA")
