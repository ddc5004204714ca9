"""Masks and regions: outside every bit stays, inside nothing differs, between them is what float64 says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.chain import chain
from imfilter.filters.core.engine.mask import Effect, keeps_size
from imfilter.filters.core.engine.quantize import FULL, encoding
from imfilter.filters.core.engine.stage import Stage
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.edges import edges
from imfilter.filters.sharpen import sharpen

BOXES = [(3, 4, 6, 5), (-2, 15, 5, 100), (7, 6, 5, 5)]


def inside(shape, boxes):
    found = np.zeros(shape, bool)
    for y, x in np.ndindex(shape):
        found[y, x] = any(left <= x < left + width and top <= y < top + height for left, top, width, height in boxes)
    return found


def run(steps, pixels, alpha=None, dtype=None, effect=None, outputs=("image",), range="clip", **options):
    stages, settings = chain([filter.checked(**given).part() for filter, given in steps])
    kinds, own = steps[-1][0].kinds, pixels.dtype.name
    encodings = {name: encoding(kinds[name], own, dtype or own, range, 1.0) for name in outputs}
    settings = settings._replace(opaque=options.pop("opaque", False))
    return executor.run(stages, pixels, encodings, settings, alpha, effect=effect, **options).outputs


# ---- regions ----------------------------------------------------------------------------------------


@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("depth", ["keep", "8", "16", "float"])
@pytest.mark.parametrize("filter", [blur, sharpen, edges])
def test_regions_are_joined_and_cut(filter, dtype, depth, noise):
    image = noise((30, 20), dtype)
    given, whole = filter(image, depth=depth, roi=BOXES), filter(image, depth=depth)
    same = conv(image, kernel="1", depth=depth)
    there = inside(image.shape, BOXES)
    if filter is edges:
        for name in ("magnitude", "angle", "gx", "gy"):
            np.testing.assert_array_equal(getattr(given, name), np.where(there, getattr(whole, name), 0))
        given, whole = given.image, whole.image
    np.testing.assert_array_equal(given, np.where(there, whole, same))


def test_one_box_needs_no_list(noise):
    image = noise((9, 9))
    np.testing.assert_array_equal(blur(image, roi=(1, 2, 3, 4)), blur(image, roi=[(1, 2, 3, 4)]))


def test_only_the_strips_of_a_region_are_computed(noise):
    rows = []

    def look(strip):
        rows.append(strip.shape[0])
        return strip

    image = noise((100, 8, 1))
    encodings = {"image": encoding("picture", "uint8", "uint8", "clip", 1.0)}
    settings = blur.checked().settings()
    stage = Stage(lambda context: look)
    executor.run([stage], image, encodings, settings, strip_rows=10, effect=Effect(roi=(0, 35, 2, 10)))
    assert rows == [10, 10]
    executor.run([stage], image, encodings, settings, strip_rows=10, effect=Effect(np.zeros((100, 8), np.uint8)))
    assert rows == [10, 10]


def test_gray_edges_stand_among_the_colours(noise):
    image = noise((12, 10, 3))
    answer = edges(image, roi=(2, 3, 4, 5))
    assert answer.image.shape == (12, 10, 3) and answer.magnitude.shape == (12, 10)
    there = inside((12, 10), [(2, 3, 4, 5)])[..., None]
    np.testing.assert_array_equal(answer.image, np.where(there, edges(image).image[..., None], image))


def test_the_maps_are_zero_where_no_strip_was_computed(noise):
    image = noise((40, 10, 3))
    names = ("image", "magnitude", "angle", "gx")
    for rows in (4, 40):
        found = run([(edges, {})], image, effect=Effect(roi=(0, 30, 5, 4)), outputs=names, strip_rows=rows)
        assert [int(found[name].samples[0, 0, 0]) for name in names[1:]] == [0, 0, 128]
        assert found["image"].samples.shape[2] == 3


@pytest.mark.parametrize("filter", [blur, edges])
@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("range", ["clip", "stretch", "offset"])
def test_strips_and_threads_change_nothing(filter, partial, range, noise):
    image, mask = noise((50, 20, 3)), np.zeros((50, 20), np.uint8)
    mask[20:30] = 255
    mask[33, 4] = 77 if partial else 255
    outputs = ("image", "magnitude") if filter is edges else ("image",)

    def samples(**options):
        found = run([(filter, {"sigma": 2})], image, effect=Effect(mask), outputs=outputs, range=range, **options)
        return [found[name].samples for name in outputs]

    whole = samples(strip_rows=50)
    for rows in (1, 3, 16):
        for jobs in (1, 3):
            for one, other in zip(samples(strip_rows=rows, jobs=jobs), whole, strict=True):
                np.testing.assert_array_equal(one, other)


def test_a_region_works_where_the_whole_image_is_needed(noise):
    image = noise((40, 30))
    whole, given = edges(image, op="canny").image, edges(image, op="canny", roi=(3, 10, 8, 8)).image
    np.testing.assert_array_equal(given, np.where(inside((40, 30), [(3, 10, 8, 8)]), whole, image))


def test_a_stretched_range_is_that_of_the_region():
    image = np.array([[0, 10, 20, 30, 40, 200]], np.uint8)
    answer = conv(image, kernel="1", range="stretch", roi=(1, 0, 3, 1))
    assert answer.tolist() == [[0, 0, 128, 255, 40, 200]]


# ---- masks ------------------------------------------------------------------------------------------


@given(st.data())
def test_in_part_is_what_float64_says(data):
    dtype = data.draw(st.sampled_from(["uint8", "uint16", "float32"]))
    of_mask = data.draw(st.sampled_from(["uint8", "uint16", "float32", "float64", "bool"]))
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    white = FULL[dtype]
    image = (rng.random(shape) * white).astype(dtype)
    strength = rng.choice([0, 1, 0.25, rng.random()], shape[:2])
    mask = (strength * FULL.get(of_mask, 1)).astype(of_mask)
    filter, values = data.draw(
        st.sampled_from([(blur, {"sigma": 2}), (sharpen, {"amount": 3.0}), (edges, {}), (blur, {"linear": True})])
    )
    boxes = data.draw(st.sampled_from([None, [(0, 0, 5, 5)], [(0, 0, 1, 9), (0, 0, 3, 3)]]))
    part = mask.astype(np.float64) / FULL.get(of_mask, 1)
    if boxes:
        part = part * inside(shape[:2], boxes)
    part = part[..., None]
    exact = filter(image, **values, depth="float")
    exact = np.asarray(exact.image if filter is edges else exact, np.float64) * white
    exact = exact.reshape(*shape[:2], -1)
    expected = exact * part + image.astype(np.float64) * (1 - part)
    answer = filter(image, **values, mask=mask, roi=boxes)
    answer = answer.image if filter is edges else answer
    if dtype == "float32":
        np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5)
        return
    off = np.abs(answer - np.clip(np.floor(expected + 0.5), 0, white))
    assert off.max() <= 1 and (off > 0).sum() <= 1
    np.testing.assert_array_equal(np.where(part == 0, image, answer), answer)


def test_known_answers():
    image = np.array([[0, 100, 0, 200, 0]], np.uint8)
    mask = np.array([[255, 0, 51, 255, 0]], np.uint8)
    # The means are 33.3, 33.3, 100, 66.7, 66.7; a fifth of 100 is 20.
    assert blur(image, op="mean", size=(3, 1), mask=mask).tolist() == [[33, 100, 20, 67, 0]]
    assert edges(image, op="central", mask=mask).gx.tolist() == [[100, 0, 20, 0, 0]]
    # An answer past white is weakened before it is cut off: 0.4 · 500 + 0.6 · 100.
    assert conv(image, kernel="5", mask=np.full((1, 5), 0.4)).tolist() == [[0, 255, 0, 255, 0]]
    assert conv(image, kernel="3", mask=np.full((1, 5), 0.4))[0, 1] == 180


def test_an_answer_is_weakened_before_it_is_cut_off():
    step = np.array([[0, 0, 255, 255]] * 3, np.uint8)
    answer = run([(edges, {})], step[..., None], effect=Effect(np.full((3, 4), 0.1)))["image"]
    assert answer.samples[1, :, 0].tolist() == [0, 102, 255, 230]  # of 1020


def test_nothing_unknown_comes_in_from_outside():
    image, mask = np.full((9, 9), 0.5, np.float32), np.full((9, 9), 0.5)
    image[4, 4], mask[2:7, 2:7] = np.nan, 0
    answer = edges(image, mask=mask)
    np.testing.assert_array_equal(np.isnan(answer.image), np.isnan(image))
    for part in answer[1:5]:
        assert (part == 0).all()


def test_what_cannot_be_seen_is_not_mixed_in():
    image, alpha = np.full((9, 9, 3), 0.5, np.float32), np.ones((9, 9), np.float32)
    image[4, 4], alpha[4, 4] = np.nan, 0
    given = run([(blur, {})], image, alpha, effect=Effect(np.full((9, 9), 0.5)))["image"]
    np.testing.assert_allclose(given.samples, 0.5, rtol=1e-6)


def test_a_direction_is_not_weakened(noise):
    image = noise((9, 9))
    answer, whole = edges(image, mask=np.full((9, 9), 0.5)), edges(image)
    np.testing.assert_array_equal(answer.angle, whole.angle)
    np.testing.assert_allclose(answer.magnitude, whole.magnitude / 2)


@pytest.mark.parametrize("steps", [[(blur, {"sigma": 2}), (edges, {})], [(edges, {"threshold": 90}), (blur, {})]])
def test_a_chain_acts_as_one(steps, noise):
    image, mask = noise((20, 15, 3)), noise((20, 15))
    exact = run(steps, image, dtype="float32")["image"].samples.astype(np.float64)
    part = mask[..., None] / 255
    expected = np.clip(np.floor(exact * part + image * (1 - part) + 0.5), 0, 255)
    off = np.abs(run(steps, image, effect=Effect(mask))["image"].samples - expected)
    assert off.max() <= 1 and (off > 0).mean() <= 1e-3


# ---- alpha ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("filter", [blur, edges])
def test_the_alpha_stays_outside_too(filter, dtype, noise):
    white = FULL[dtype]
    image = (noise((20, 15, 3)) / 255 * white).astype(dtype)
    alpha, mask = (noise((20, 15)) / 255 * white).astype(dtype), noise((20, 15)) // 200 * np.uint8(255)
    given = run([(filter, {})], image, alpha, effect=Effect(mask))["image"]
    whole = run([(filter, {})], image, alpha)["image"]
    # Edges are opaque.
    behind = whole.alpha if filter is blur else np.full_like(alpha, white)
    np.testing.assert_array_equal(given.alpha, np.where(mask == 255, behind, alpha))
    np.testing.assert_array_equal(given.samples, np.where(mask[..., None] == 255, whole.samples, image))


def test_in_part_the_alpha_is_blended_and_the_colours_by_it(noise):
    image, alpha, mask = noise((20, 15, 3)), noise((20, 15)), noise((20, 15))
    alpha[:4], alpha[10:14] = 0, 255
    given = run([(blur, {"sigma": 1})], image, alpha, effect=Effect(mask))["image"]
    whole = run([(blur, {"sigma": 1})], image, alpha, dtype="float32")["image"]
    part = mask / 255
    both = whole.alpha * part + alpha * (1 - part)
    off = np.abs(given.alpha - np.floor(both + 0.5))
    assert off.max() <= 1 and (off > 0).mean() <= 1e-2
    weighted = whole.samples * (whole.alpha * part)[..., None] + image * (alpha * (1 - part))[..., None]
    seen = (both > 1) & (mask > 0) & (mask < 255)
    off = np.abs(given.samples - np.floor(weighted / np.maximum(both, 1)[..., None] + 0.5))[seen]
    assert off.max() <= 1 and (off > 0).mean() <= 1e-2


def test_where_no_alpha_can_be_kept_all_lies_on_the_background():
    image, alpha = np.full((3, 4, 3), 100, np.uint8), np.full((3, 4), 51, np.uint8)
    for filter in (blur, edges):
        given = run([(filter, {})], image, alpha, effect=Effect(roi=(0, 0, 1, 1)), opaque=True)["image"]
        assert given.alpha is None and given.samples.shape == (3, 4, 3)
        assert (given.samples[2] == 224).all()  # 0.2 · 100 + 0.8 · 255


# ---- refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask": np.zeros((5, 6), np.uint8)}, "the mask is 6×5, the image 8×9; they must have the same size"),
        ({"roi": [(0, 0, 2, 2), (8, 0, 2, 2)]}, "the region 8,0,2,2 lies outside the image of 8×9"),
        ({"roi": (0, -3, 2, 3)}, "the region 0,-3,2,3 lies outside"),
        ({"roi": (0, 0, 2, 2), "stride": 2}, "the result is 4×5, from 8×9; a mask or a region needs"),
        ({"roi": (0, 0, 2, 2), "padding": "valid"}, "the result is 6×7"),
    ],
)
def test_what_does_not_fit_the_image_is_refused(options, message, noise):
    with pytest.raises(ImageError, match=message):
        conv(noise((9, 8)), kernel="mean3", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask": np.zeros((9, 8), np.int32)}, "mask: a mask must have samples of"),
        ({"mask": np.zeros((9, 8, 3), np.uint8)}, r"mask: a mask must have the shape \(height, width\)"),
        ({"mask": np.full((9, 8), 2.0)}, "mask: its samples go from 2 to 2; they must be from 0 to 1"),
        ({"mask": np.full((9, 8), np.nan)}, "mask: its samples go"),
        ({"roi": (0, 0, 0, 5)}, "roi: 0,0,0,5 has no pixels"),
        ({"roi": (0, 0, 5)}, "roi: .* is not a box"),
        ({"roi": []}, "roi: .* is not a box"),
        ({"roi": (0.5, 0, 5, 5)}, "roi: .* is not a box"),
    ],
)
def test_what_is_no_mask_and_no_region_is_refused(options, message, noise):
    with pytest.raises(ParameterError, match=message):
        blur(noise((9, 8)), **options)


def test_a_result_of_another_size_is_seen_before_the_work():
    assert keeps_size(blur.checked(sigma=9).stages()) and keeps_size(edges.checked(op="canny").stages())
    assert not keeps_size(conv.checked(kernel="mean3", stride=2).stages())
    assert not keeps_size(conv.checked(kernel="mean3", padding="full").stages())
    grown = [
        *conv.checked(kernel="mean3", padding="full").stages(),
        *conv.checked(kernel="mean3", padding="valid").stages(),
    ]
    assert keeps_size(grown)


def test_a_result_that_is_shifted_is_seen_too(noise):
    """Of the image's size, but each sample beside its place."""
    shifted = conv.checked(kernel="mean3", padding=(2, 0, 0, 2)).stages()
    assert not keeps_size(shifted)
    assert keeps_size(conv.checked(kernel="mean3", padding=(1, 1, 1, 1)).stages())
    assert keeps_size(conv.checked(kernel="1 1; 1 1").stages())
    assert keeps_size(edges.checked(op="roberts").stages())
    with pytest.raises(ImageError, match="size and position"):
        conv(noise((9, 8)), kernel="mean3", padding=(2, 0, 0, 2), roi=(0, 0, 3, 3))
