"""`mix`: the weighted mean of branches, unrounded in between, with alphas, borders and geometries of their own."""

import numpy as np
import pytest
from imfilter import chain
from imfilter.filters.affine import affine
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import geometry
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.flip import flip
from imfilter.filters.mix import mix
from imfilter.filters.rotate import rotate
from imfilter.filters.tone import tone

BRANCHES = "none + rotate --angle 20 then tone --gamma 0.5 + tone --op equalize --per-channel then affine --shear 10"
WEIGHTS = (1, 2, 5)


def picture(channels, seed=0):
    smooth = np.cumsum(np.random.default_rng(seed).random((31, 42, channels)), axis=1)
    return smooth / smooth.max()


def by_hand(image, weights=WEIGHTS):
    """The branches of `BRANCHES` by themselves, in float64, and their mean; colours count by their alpha."""
    parts = [
        image,
        chain(rotate.step(angle=20), tone.step(gamma=0.5))(image),
        chain(tone.step(op="equalize", per_channel=True), affine.step(shear=10))(image),
    ]
    shares = np.array(weights) / sum(weights)
    if image.shape[2] != 4:
        return sum(share * part for share, part in zip(shares, parts, strict=True))
    alpha = sum(share * part[..., 3:] for share, part in zip(shares, parts, strict=True))
    colours = sum(share * part[..., :3] * part[..., 3:] for share, part in zip(shares, parts, strict=True))
    return np.concatenate([colours / alpha, alpha], axis=2)


@pytest.mark.each("channels", (1, 3, 4))
def test_a_mix_is_the_weighted_mean_of_its_branches(each_core, channels):
    image = picture(channels)
    if channels == 4:
        image[..., 3] = np.maximum(image[..., 3], 0.1)
    np.testing.assert_allclose(mix(image, branches=BRANCHES, weights=WEIGHTS), by_hand(image), atol=1e-12)


@pytest.mark.each("kind, white", [(np.uint8, 255), (np.uint16, 65535)])
def test_whole_numbers_are_rounded_once(each_core, kind, white):
    image = (picture(3) * white).astype(kind)
    branches, weights = "none + blur --sigma 1.5 then tone --gamma 0.5 + flip then tone --contrast 0.8", (1, 3, 2)
    found = mix(image, branches=branches, weights=weights).astype(float)
    exact = mix(image / white, branches=branches, weights=weights) * white
    assert found.dtype == float and np.abs(found - exact.clip(0, white)).max() <= 0.5 + 1e-3
    # Rounded in every branch it is another thing.
    parts = [
        image,
        chain(blur.step(sigma=1.5), tone.step(gamma=0.5))(image),
        chain(flip, tone.step(contrast=0.8))(image),
    ]
    rounded = sum(weight / 6 * part.astype(float) for weight, part in zip(weights, parts, strict=True))
    assert np.abs(np.floor(rounded + 0.5) - found).max() == 1


def test_weights_are_parts_of_their_sum():
    image = picture(3)
    third = mix(image, branches="none + flip + tone --op invert")
    np.testing.assert_allclose(third, (image + flip(image) + 1 - image) / 3, atol=1e-12)
    assert np.array_equal(mix(image, branches="none + flip", weights=(0, 7)), flip(image))
    assert np.array_equal(mix(image, branches="flip"), flip(image))
    assert np.array_equal(mix(image, branches="none", weights=3), image)


def test_a_branch_keeps_its_own_border_and_light():
    image = picture(3)
    found = mix(
        image, branches="blur --sigma 3 --border constant --fill 1 --linear + affine --translate 4 --border wrap"
    )
    parts = blur(image, sigma=3, border="constant", fill=1, linear=True), affine(image, translate=4, border="wrap")
    np.testing.assert_allclose(found, (parts[0] + parts[1]) / 2, atol=1e-12)
    zero = mix(image, branches="none + conv --kernel '0 1 0; 1 -4 1; 0 1 0' --bias 0.25")
    np.testing.assert_allclose(zero, (image + conv(image, kernel="0 1 0; 1 -4 1; 0 1 0", bias=0.25)) / 2, atol=1e-12)


def test_a_stack_is_mixed_image_by_image():
    for channels in (1, 3, 4):
        stack = np.stack([(picture(channels, seed) * 255).astype(np.uint8) for seed in range(5)])
        found = mix(stack, branches=BRANCHES, weights=WEIGHTS, stack=True)
        for image, one in zip(stack, found, strict=True):
            np.testing.assert_array_equal(mix(image, branches=BRANCHES, weights=WEIGHTS).reshape(one.shape), one)


def test_in_a_chain_nothing_is_rounded_before_or_behind():
    image = (picture(3) * 255).astype(np.uint8)
    found = chain(blur.step(sigma=1), mix.step(branches="none + flip"), tone.step(brightness=1.5))(image)
    soft = blur(image / 255, sigma=1)
    exact = ((soft + flip(soft)) / 2 * 1.5).clip(0, 1) * 255
    assert np.abs(found - exact).max() <= 0.501


def test_it_has_a_map_if_no_branch_moves_samples():
    def of(branches):
        return geometry.of(mix.step(branches=branches).stages(), 10, 8)

    assert of("none + blur --sigma 2").is_identity
    assert of("none + flip") is None
    assert of("flip + flip") is None  # each with a border of its own


@pytest.mark.each(
    "branches, line",
    [
        ("none +", "branch 2 is empty; write none for the unchanged picture"),
        ("none + blurr", "branch 2: unknown filter 'blurr'; did you mean 'blur'?"),
        ("blur then", "branch 1 is empty; write none for the unchanged picture"),
        ("rotate", "branch 1 (rotate): --angle: is required, as in imfilter rotate photo.png --angle 90 -o OUTPUT"),
        ("blur --sigm 3", "branch 1 (blur): unknown option --sigm; did you mean --sigma?"),
        ("blur --sigma", "branch 1 (blur): --sigma requires a value"),
        ("blur --sigma x", "branch 1 (blur): --sigma: 'x' is neither a number nor two, X,Y"),
        ("blur --sigma -1", "branch 1 (blur): --sigma: -1 is below the least value, 0 px"),
        ("blur --depth 8", "branch 1 (blur): --depth belongs to the whole mix; give it outside --branches"),
        ("edges", "edges does not give a picture of all channels, so it cannot be mixed"),
        (
            "blend --other red",
            "branch 1 (blend): --other names a file, which a branch cannot read; use blend, or give values",
        ),
        ("blur 'x", "no closing quotation"),
    ],
)
def test_wrong_branches_are_refused(branches, line):
    with pytest.raises(ParameterError) as refused:
        mix(picture(3), branches=branches)
    assert str(refused.value).lower() == f"branches: {line}".lower()


def test_wrong_weights_and_sizes_are_refused():
    for weights, line in (((1, 2, 3), "has 3 for 2 branches"), ((0, 0), "must not all be 0"), ((1, -1), "below")):
        with pytest.raises(ParameterError, match=line):
            mix(picture(3), branches="none + flip", weights=weights)
    with pytest.raises(ImageError, match="branch 2 makes 3×3 of 42×31; keep the size"):
        mix(picture(3), branches="none + resize --size 3")


@pytest.mark.each("shape", ((1, 1, 3), (1, 5, 1), (3, 1, 4)))
def test_tiny_pictures(shape):
    image = np.full(shape, 100, np.uint8)
    assert mix(image, branches=BRANCHES + " + blur --sigma 4").shape in (shape, shape[:2])
