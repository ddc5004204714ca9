"""The structure tensor of `edges`: strength, orientation and coherence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.engine.quantize import Encoding
from imfilter.filters.core.engine.stage import ImageContext
from imfilter.filters.core.gradient import structure_tensor
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.edges import edges
from scipy import ndimage

SCHARR = np.outer([3, 10, 3], [-1, 0, 1]) / 4


def wave(degrees, length=8.0, shape=(64, 64), phase=0.3):
    """Stripes whose brightness changes along *degrees*, 0 along x, 90 along y."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    turn = np.radians(degrees)
    return (128 + 100 * np.sin(2 * np.pi * (x * np.cos(turn) + y * np.sin(turn)) / length + phase)).astype(np.float32)


def apart(one, other):
    """The difference of two axes in degrees, of which 90 and -90 are the same."""
    return np.abs((np.asarray(one, float) - other + 90) % 180 - 90)


def reference(image, rho, sigma=0.0, border="reflect"):
    """The tensor by SciPy in float64, and its eigenvalues by NumPy."""
    rules = {"mode": border, "cval": 0.0}
    values = image.astype(np.float64)
    if sigma:
        values = ndimage.gaussian_filter(values, sigma, **rules)
    gx, gy = (ndimage.correlate(values, kernel, **rules) for kernel in (SCHARR, SCHARR.T))
    xx, xy, yy = (ndimage.gaussian_filter(part, rho, **rules) for part in (gx * gx, gx * gy, gy * gy))
    values, vectors = np.linalg.eigh(np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2))
    least, most = values[..., 0], values[..., 1]
    axis = np.degrees(np.arctan2(vectors[..., 1, 1], vectors[..., 0, 1]))
    return np.sqrt(xx + yy), axis, (most - least) / (most + least)


@pytest.mark.each("border", BORDERS)
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("options", [{"rho": 2}, {"rho": 0.7, "sigma": 1.1}, {"rho": (1, 3)}])
def test_the_maps_are_those_of_numpys_eigenvalues(options, dtype, border, noise):
    image = noise((40, 33), dtype)
    rho = options["rho"][::-1] if isinstance(options["rho"], tuple) else options["rho"]
    strength, axis, coherence = reference(image, rho, options.get("sigma", 0.0), border)
    found = edges(image, op="structure", border=border, **options)
    np.testing.assert_allclose(found.strength, strength, rtol=1e-5)
    np.testing.assert_allclose(found.coherence, coherence, atol=1e-5)
    assert (apart(found.orientation, axis) * np.minimum(coherence, 1)).max() < 1e-3
    with pytest.raises(AttributeError, match="the result has no gx; it has image, strength, orientation, coherence"):
        _ = found.gx


def test_without_integration_it_is_the_gradient_itself(noise):
    image = noise((30, 30))
    found, scharr = edges(image, op="structure", rho=0), edges(image, op="scharr")
    np.testing.assert_allclose(found.strength, scharr.magnitude / 4, rtol=1e-5)
    some = scharr.magnitude > 0
    assert apart(found.orientation, scharr.angle)[some].max() < 1e-3
    np.testing.assert_allclose(found.coherence[some], 1, atol=1e-5)


def test_a_step_is_as_strong_as_to_sobel():
    step = np.array([[0] * 10 + [255] * 10] * 9, np.uint8)
    assert edges(step, op="structure", rho=0).strength.max() == edges(step).magnitude.max() == 1020
    spread = edges(step, op="structure", rho=1.5).strength[4].astype(float)
    assert (spread**2).sum() == pytest.approx(2 * 1020**2, rel=1e-5)


@pytest.mark.each("degrees", range(-85, 91, 5))
@pytest.mark.each("length", [4, 7.5, 16])
def test_the_orientation_is_the_axis_of_the_change(degrees, length):
    found = edges(wave(degrees, length), op="structure")
    inner = slice(16, -16), slice(16, -16)
    assert apart(found.orientation[inner], degrees).max() < 0.6
    assert found.coherence[inner].min() > 0.98
    assert found.orientation.min() > -90 and found.orientation.max() <= 90


@pytest.mark.parametrize(("image", "axis"), [([[0, 9, 0, 9] * 3] * 9, 0.0), ([[0] * 9, [9] * 9] * 5, 90.0)])
def test_stripes_along_an_axis_have_exactly_its_orientation(image, axis):
    for dtype in (np.uint8, np.float32):
        found = edges(np.array(image, dtype), op="structure", rho=1, sigma=0.6)
        assert (found.orientation == axis).all()


def test_opposite_gradients_of_a_line_add_up():
    """Where a mean of the gradients is 0."""
    line = np.zeros((15, 15), np.uint8)
    line[:, 7] = 200
    found = edges(line, op="structure", rho=2)
    assert found.coherence[7, 7] == 1 and found.orientation[7, 7] == 0 and found.strength[7, 7] > 100


def test_a_plus_has_no_preferred_axis_in_its_middle():
    plus = np.zeros((31, 31), np.uint8)
    plus[15], plus[:, 15] = 200, 200
    assert edges(plus, op="structure").coherence[15, 15] == pytest.approx(0, abs=1e-6)


@pytest.mark.each("value", [0, 77, 0.1, -3.3])
@pytest.mark.each("border", [border for border in BORDERS if border != "constant"])
def test_where_nothing_changes_all_is_exactly_0(value, border):
    flat = np.full((20, 21), value, np.uint8 if isinstance(value, int) else np.float32)
    for channels in ("luma", "each", "max", "di-zenzo"):
        for sigma in (0, 1.3):
            found = edges(flat, op="structure", border=border, sigma=sigma, channels=channels)
            for part in (found.image, found.strength, found.orientation, found.coherence):
                assert part.tobytes() == np.zeros_like(part).tobytes()  # not even -0.0


@pytest.mark.parametrize("rho", [2, 8])
def test_far_from_an_edge_all_is_exactly_0(rho):
    step = np.zeros((200, 200), np.uint8)
    step[:, 100:] = 255
    found, reach = edges(step, op="structure", rho=rho), 4 * rho + 2
    for part in (found.strength, found.orientation, found.coherence):
        assert not part[:, : 100 - reach].any() and not part[:, 100 + reach :].any()


def test_no_approximation_integrates_it():
    """One good to a level of an image is good to 1e-5 of a tensor, whose root is 3e-3 of an edge, all around it."""
    context = ImageContext(255.0, np.float32, tolerance=1e-3)
    assert any(
        fact[:2] == ("algorithm", "separable")
        for stage in structure_tensor.structure((20, 20), False)
        for fact in stage.facts(context)
    )


def test_an_axis_that_is_next_to_less_90_is_90():
    parts = (np.array(value, np.float32) for value in (0.0, -1e-30, 1.0))
    assert (
        structure_tensor.orientation(structure_tensor.Tensor(*(part.reshape(1, 1, 1) for part in parts))).item() == 90
    )


def test_what_fills_the_border_is_no_part_of_the_tensor():
    flat = np.full((30, 30), 100, np.uint8)
    assert not edges(flat, op="structure", border="constant", fill=100).strength.any()
    found = edges(flat, op="structure", border="constant", fill=90).strength
    assert found[0, 15] > 0 and not found[12:-12, 12:-12].any()


@given(st.integers(0, 500), st.integers(-500, 500), st.integers(0, 500))
def test_any_tensor_has_an_axis_and_a_coherence(a, b, c):
    """For ``L Lᵀ``, against the eigenvectors of NumPy."""
    lower = np.array([[a, 0], [b, c]]) / 100
    matrix = lower @ lower.T
    parts = structure_tensor.Tensor(*(np.full((1, 1, 1), matrix[place]) for place in ((0, 0), (0, 1), (1, 1))))
    axis, coherence = structure_tensor.orientation(parts).item(), structure_tensor.coherence(parts).item()
    values, vectors = np.linalg.eigh(matrix)
    assert -90 < axis <= 90 and 0 <= coherence <= 1
    if values[1] > 0:
        assert coherence == pytest.approx((values[1] - values[0]) / values.sum(), abs=1e-9)
    if values[1] - values[0] > 1e-3 * values[1] > 0:
        turn = np.radians(axis)
        assert abs(abs(vectors[:, 1] @ [np.cos(turn), np.sin(turn)]) - 1) < 1e-9


def test_a_turned_image_has_a_turned_orientation(noise):
    image = noise((40, 40))
    found, turned = (edges(one, op="structure") for one in (image, np.rot90(image)))
    # Turned against the clock on the screen, what lay along x lies along y.
    assert (apart(np.rot90(found.orientation), turned.orientation + 90) * turned.coherence).max() < 1e-2
    np.testing.assert_allclose(np.rot90(found.coherence), turned.coherence, atol=1e-5)


# ---- channels ---------------------------------------------------------------------------------------


def test_each_channel_has_a_tensor_of_its_own(noise):
    image = noise((24, 20, 3))
    found = edges(image, op="structure", channels="each")
    for channel in range(3):
        alone = edges(image[..., channel], op="structure")
        for name in ("strength", "orientation", "coherence"):
            np.testing.assert_array_equal(getattr(found, name)[..., channel], getattr(alone, name))


def test_max_keeps_the_channel_whose_strength_is_greatest(noise):
    image = noise((24, 20, 3))
    each, found = (edges(image, op="structure", channels=channels) for channels in ("each", "max"))
    which = each.strength.argmax(axis=2)[..., None]
    for name in ("strength", "orientation", "coherence"):
        expected = np.take_along_axis(getattr(each, name), which, 2)[..., 0]
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-6)


def test_di_zenzo_adds_up_the_tensors(noise):
    image = noise((24, 20, 3))
    each, found = (edges(image, op="structure", channels=channels) for channels in ("each", "di-zenzo"))
    np.testing.assert_allclose(found.strength**2, (each.strength**2).sum(axis=2), rtol=1e-5)
    double = 2 * np.radians(each.orientation.astype(float))
    gap = each.coherence * each.strength.astype(float) ** 2
    x, y = (gap * np.cos(double)).sum(axis=2), (gap * np.sin(double)).sum(axis=2)
    np.testing.assert_allclose(found.coherence, np.hypot(x, y) / (each.strength**2.0).sum(axis=2), rtol=1e-4, atol=1e-6)
    axis = np.degrees(np.arctan2(y, x)) / 2
    assert (apart(found.orientation, axis) * found.coherence).max() < 1e-2


# ---- files, missing samples, wrong calls ------------------------------------------------------------


def test_in_8_bits_the_orientation_has_no_seam():
    encode = Encoding("uint8", "orientation")
    assert encode(np.array([-89.999, 90.0, 0.0, 45.0, -45.0])).tolist() == [128, 128, 0, 64, 192]


def test_the_threshold_makes_the_picture_binary(noise):
    image = noise((20, 20))
    found = edges(image, op="structure", threshold=900)
    np.testing.assert_array_equal(found.image, np.where(found.strength > 900, 255, 0))


@pytest.mark.parametrize("channels", ["each", "di-zenzo"])
def test_missing_samples_count_nothing_and_have_no_answer(channels):
    image = np.repeat(wave(30)[..., None], 3, axis=2)
    image[20:30, 20:30] = np.nan
    found = edges(image, op="structure", nan="ignore", channels=channels)
    hole = np.isnan(image if channels == "each" else image[..., 0])
    for part in (found.image, found.strength, found.orientation, found.coherence):
        np.testing.assert_array_equal(np.isnan(part), hole)
    away = (slice(12, -12), slice(12, -12))
    assert np.nanmax(apart(found.orientation[away], 30)) < 12  # beside the hole derivatives are one-sided
    far = edges(image, op="structure", nan="propagate", channels=channels)
    assert np.isnan(far.strength).sum() == (3 if channels == "each" else 1) * (10 + 2 * 9) ** 2


def test_a_channel_that_is_missing_leaves_the_others_their_say():
    image = np.stack([wave(30)] * 3, axis=2)
    image[20:30, 20:30, 0] = np.nan
    found = edges(image, op="structure", nan="ignore", channels="di-zenzo")
    assert not np.isnan(found.strength).any()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rho": 1}, "rho: does not apply to op sobel"),
        ({"op": "structure", "rho": -1}, "rho: -1 is below"),
        ({"op": "structure", "thin": True}, "thin: does not apply"),
        ({"op": "structure", "norm": "l1"}, "norm: does not apply"),
        ({"op": "structure", "low": 1}, "low: does not apply"),
    ],
)
def test_what_has_no_meaning_is_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        edges(np.zeros((3, 3), np.uint8), **values)
