"""Morphology against SciPy, against windows looked at one by one, and against its own algebra."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.linear.kernels import Kernel
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.core.rank import structuring_element
from imfilter.filters.morph import morph
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

MASKS = {
    "rows": np.array([[1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1]]),
    "even": np.array([[1, 1], [1, 0]]),
    "far": np.array([[1, 0, 0, 0, 0]]),
    "ring": np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]]),
}
GREY = {
    "erode": ndimage.grey_erosion,
    "dilate": ndimage.grey_dilation,
    "open": ndimage.grey_opening,
    "close": ndimage.grey_closing,
    "gradient": ndimage.morphological_gradient,
    "tophat": ndimage.white_tophat,
    "blackhat": ndimage.black_tophat,
}
masks = arrays.arrays(bool, st.tuples(st.integers(1, 5), st.integers(1, 5))).filter(np.any)
sizes = st.tuples(st.integers(1, 6), st.integers(1, 6))


def literal(mask):
    return "; ".join(" ".join(str(int(value)) for value in row) for row in mask)


def footprint(shape):
    return np.ones((shape.height, shape.width), bool) if shape.mask is None else shape.mask


# ---- what others give -------------------------------------------------------------------------------


@pytest.mark.each("border", BORDERS)
@pytest.mark.each("mask", MASKS)
@pytest.mark.parametrize("op", GREY)
def test_every_operation_is_scipys(op, mask, border, noise):
    for dtype in ("uint8", "uint16", "float32"):
        image = noise((9, 12), dtype)
        fill = 0.5 if dtype == "float32" else 100
        expected = GREY[op](image.astype(np.float64), footprint=MASKS[mask], mode=border, cval=fill)
        answer = morph(image, op=op, shape=literal(MASKS[mask]), border=border, fill=fill)
        np.testing.assert_allclose(answer, np.maximum(expected, 0 if op in MADE else -9), rtol=1e-7)


MADE = ("gradient", "tophat", "blackhat")


@pytest.mark.each("border", BORDERS)
@pytest.mark.each("size", [(1, 1), (2, 2), (5, 3), (4, 1), (25, 40)])
def test_rectangles_are_scipys_larger_than_the_image_too(size, border, noise):
    image = noise((9, 12))
    for op in ("erode", "open", "close"):
        expected = GREY[op](image, size=size[::-1], mode=border, cval=7)
        np.testing.assert_array_equal(morph(image, op=op, size=size, border=border, fill=7), expected)


@given(
    masks,
    st.sampled_from(BORDERS),
    st.sampled_from(["erode", "dilate"]),
    st.integers(1, 3),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_any_shape_looks_at_every_sample_each_time(source, mask, border, op, times, size):
    image = np.random.default_rng(3).integers(1, 256, size, np.uint8)
    kernel = Kernel.of(mask.astype(int))
    lying = kernel.turned() if op == "dilate" else kernel
    (width, height), (x, y) = lying.shape[::-1], lying.anchor
    expected = image.astype(int)
    for _ in range(times):
        rows, columns = (
            [source(position, length, border) for position in range(-before, length + behind)]
            for length, before, behind in ((size[0], y, height - 1 - y), (size[1], x, width - 1 - x))
        )
        padded = np.full((len(rows), len(columns)), 77)
        for index in np.ndindex(padded.shape):
            row, column = rows[index[0]], columns[index[1]]
            if row is not None and column is not None:
                padded[index] = expected[row, column]
        seen = sliding_window_view(padded, (height, width))[..., lying.taps != 0]
        expected = seen.min(-1) if op == "erode" else seen.max(-1)
    answer = morph(image, op=op, shape=kernel, iterations=times, border=border, fill=77)
    np.testing.assert_array_equal(answer, expected)


@pytest.mark.each("border", BORDERS)
@pytest.mark.each("shape", ["square", "cross", "disk"])
@pytest.mark.each("size", [(3, 3), (7, 5), (1, 5), (4, 4), (2, 5)])
@pytest.mark.parametrize("op", ["erode", "close"])
def test_iterations_are_the_same_one_by_one(op, size, shape, border, noise):
    """Those of odd shapes are done at once, also where they reach past an image of 6×8 on both sides."""
    options = {"shape": shape, "size": size, "border": border, "fill": 90}
    for size in ((6, 8), (30, 25)):
        image = noise(size)
        one_by_one = image
        for step in {"erode": ["erode"] * 4, "close": ["dilate"] * 4 + ["erode"] * 4}[op]:
            one_by_one = morph(one_by_one, op=step, **options)
        np.testing.assert_array_equal(morph(image, op=op, iterations=4, **options), one_by_one)


def test_iterations_of_named_shapes_are_one_larger_shape():
    assert structuring_element.several(structuring_element.window(3, 1), 50) == [structuring_element.window(101, 1)]
    (diamond,) = structuring_element.several(structuring_element.named("cross", 3, 3), 9)
    y, x = np.mgrid[-9:10, -9:10]
    np.testing.assert_array_equal(diamond.mask, abs(x) + abs(y) <= 9)
    for name, size in (("square", (2, 3)), ("cross", (4, 4)), ("disk", (4, 4))):
        assert len(structuring_element.several(structuring_element.named(name, *size), 2)) == 2
    for mask in (MASKS["ring"], [[1, 0, 0], [0, 1, 1], [0, 1, 0]]):
        assert len(structuring_element.several(structuring_element.of_mask(np.array(mask), (1, 1)), 2)) == 2
    assert len(structuring_element.several(structuring_element.named("disk", 1001, 1001), 100)) == 100


# ---- algebra ----------------------------------------------------------------------------------------


@given(masks, st.integers(0, 99))
def test_openings_and_closings_once_are_as_often_as_you_like(mask, seed):
    image = np.random.default_rng(seed).integers(0, 256, (8, 9), np.uint8)
    options = {"shape": literal(mask), "border": "wrap"}
    opened, closed = (morph(image, op=op, **options) for op in ("open", "close"))
    assert (opened <= image).all() and (closed >= image).all()
    np.testing.assert_array_equal(morph(opened, op="open", **options), opened)
    np.testing.assert_array_equal(morph(closed, op="close", **options), closed)


@given(st.sampled_from(structuring_element.NAMES), sizes, st.integers(1, 3), st.sampled_from(["reflect", "nearest"]))
def test_nothing_past_the_edge_counts_for_named_shapes(name, size, times, border):
    image = np.random.default_rng(5).integers(1, 255, (8, 9), np.uint8)
    shape = structuring_element.named(name, *size)
    expected = image.astype(float)
    for _ in range(times):
        expected = ndimage.grey_erosion(expected, footprint=footprint(shape), mode="constant", cval=np.inf)
    options = {"shape": name, "size": size, "iterations": times, "border": border}
    np.testing.assert_array_equal(morph(image, op="erode", **options), expected)
    opened = morph(image, op="open", **options)
    assert (opened <= image).all()
    np.testing.assert_array_equal(morph(opened, op="open", **options), opened)


@given(masks, st.sampled_from(BORDERS), st.integers(0, 99))
def test_an_erosion_is_the_dilation_of_the_negative_by_the_turned_shape(mask, border, seed):
    image = np.random.default_rng(seed).integers(0, 256, (7, 6), np.uint8)
    kernel = Kernel.of(mask.astype(int))
    dilated = morph(255 - image, op="dilate", shape=kernel.turned(), border=border, fill=255)
    np.testing.assert_array_equal(morph(image, op="erode", shape=kernel, border=border), 255 - dilated)


def test_the_hats_and_what_they_are_taken_from_make_the_image(noise):
    image = noise((20, 20))
    options = {"shape": "disk", "size": 5}
    np.testing.assert_array_equal(morph(image, op="tophat", **options) + morph(image, op="open", **options), image)
    np.testing.assert_array_equal(morph(image, op="close", **options) - morph(image, op="blackhat", **options), image)


def test_a_difference_below_0_is_0():
    """Only a constant border, or a shape without its anchor, makes one."""
    image = np.full((5, 5), 100, np.uint8)
    image[2, 2] = 0
    for dtype in (np.uint8, np.float32):
        answer = morph(image.astype(dtype), op="gradient", shape="1 0 0", border="wrap")
        assert answer[2].tolist() == [
            0,
            0,
            0,
            100,
            0,
        ]  # at 1 the erosion is 100, from the left, the dilation 0, from the right


# ---- shapes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("cross", (3, 3), "010 111 010"),
        ("cross", (4, 2), "0010 1111"),
        ("disk", (1, 1), "1"),
        ("disk", (2, 2), "11 11"),
        ("disk", (3, 3), "010 111 010"),
        ("disk", (4, 4), "0110 1111 1111 0110"),
        ("disk", (5, 5), "00100 01110 11111 01110 00100"),
        ("disk", (7, 3), "0001000 1111111 0001000"),
        ("disk", (1, 5), "1 1 1 1 1"),
    ],
)
def test_the_named_shapes(name, size, expected):
    rows = [[bool(int(digit)) for digit in row] for row in expected.split()]
    assert footprint(structuring_element.named(name, *size)).tolist() == rows


@pytest.mark.parametrize("radius", [1, 2, 5, 10])
def test_a_disk_is_what_lies_within_the_radius(radius):
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    size = 2 * radius + 1
    np.testing.assert_array_equal(footprint(structuring_element.named("disk", size, size)), x**2 + y**2 <= radius**2)


def test_a_shape_comes_from_a_file_with_its_anchor(tmp_path, noise):
    image = noise((9, 9))
    path = tmp_path / "shape.txt"
    path.write_text("1 1 0\n0 0 1\n")
    expected = ndimage.grey_erosion(image, footprint=[[1, 1, 0], [0, 0, 1]])
    np.testing.assert_array_equal(morph(image, shape=str(path)), expected)
    np.testing.assert_array_equal(morph(image, shape=[[1, 1, 0], [0, 0, 1]]), expected)
    path.write_text("3x1+0+0: 1,1,1\n")  # ImageMagick's way to write an anchor
    expected = ndimage.grey_erosion(image, (1, 3), origin=(0, -1))
    np.testing.assert_array_equal(morph(image, shape=str(path)), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": "dsk"}, r"shape: 'dsk' is not square, cross, disk, a built-in kernel or a file"),
        ({"shape": "0 0; 0 0"}, "shape: all values are 0"),
        ({"shape": "1 1", "size": 3}, "size: is for square, cross, disk"),
        ({"shape": "1 2; 3"}, "shape: .*row"),
        ({"shape": np.ones((300, 300))}, "shape: .*90000"),
        ({"iterations": 101}, "iterations: 101 is above"),
        ({"threshold": 3}, "threshold: does not apply to op erode"),
        ({"op": "hitmiss", "iterations": 2}, "iterations: does not apply to op hitmiss"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        morph(np.zeros((5, 5), np.uint8), **options)


# ---- hit or miss ------------------------------------------------------------------------------------


@given(
    arrays.arrays(np.int8, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.integers(-1, 1)),
    st.sampled_from(["reflect", "wrap", "constant"]),
    st.integers(0, 99),
)
def test_hit_or_miss_is_scipys(pattern, border, seed):
    if not pattern.any():
        return
    image = np.random.default_rng(seed).integers(0, 256, (12, 11), np.uint8)
    mode = {"reflect": "symmetric", "constant": "constant", "wrap": "wrap"}[border]
    wide = np.pad(image > 127, 4, mode=mode)
    expected = ndimage.binary_hit_or_miss(wide, pattern > 0, pattern < 0)[4:-4, 4:-4]
    answer = morph(image, op="hitmiss", shape=pattern, border=border)
    np.testing.assert_array_equal(answer, expected * 255)


@pytest.mark.parametrize("name", structuring_element.NAMES)
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (4, 5)])
def test_a_named_shape_is_found_where_it_stands_alone(name, size):
    shape = structuring_element.named(name, *size)
    image = np.zeros((20, 30), np.uint8)
    for x in (4, 15):
        image[5 : 5 + size[1], x : x + size[0]] = 200 * footprint(shape)
    image[4, 14] = 200  # touches the second one's window
    answer = morph(image, op="hitmiss", shape=name, size=size)
    assert np.argwhere(answer).tolist() == [[5 + size[1] // 2, 4 + size[0] // 2]]
    assert answer.max() == 255


@pytest.mark.parametrize(("dtype", "scale"), [("uint8", 1), ("uint16", 257), ("float32", 1 / 255)])
def test_foreground_is_what_is_brighter_than_the_threshold(dtype, scale):
    image = (np.array([[0, 127, 128, 255]]) * scale).astype(dtype)
    for threshold, count in ((None, 2), (127.5, 2), (127.9, 2), (128.1, 1), (-0.1, 4), (255.1, 0)):
        options = {} if threshold is None else {"threshold": threshold * scale}
        assert np.count_nonzero(morph(image, op="hitmiss", shape="1", **options)) == count
    if dtype != "float32":
        assert np.count_nonzero(morph(image, op="hitmiss", shape="1", threshold=127 * scale)) == 2


# ---- missing samples --------------------------------------------------------------------------------


def test_a_missing_sample_fits_nothing_or_does_not_matter():
    image = np.zeros((7, 7), np.float32)
    image[3, 3], image[3, 4], image[0, 0] = 1, np.nan, np.nan
    assert not morph(image, op="hitmiss", size=1).any()
    assert np.argwhere(morph(image, op="hitmiss", size=1, nan="ignore")).tolist() == [[3, 3]]


@pytest.mark.parametrize("op", ["erode", "open", "tophat"])
def test_missing_samples_count_nothing(op, noise):
    image = noise((12, 12), "float32")
    image[4:8, 5], image[2, 2] = np.nan, np.nan
    away = ndimage.grey_erosion(np.where(np.isnan(image), np.inf, image), 3)
    if op != "erode":
        away = ndimage.grey_dilation(away, 3)
    expected = image - away if op == "tophat" else away
    np.testing.assert_allclose(morph(image, op=op, nan="ignore"), expected, rtol=1e-6)


# ---- pictures ---------------------------------------------------------------------------------------


def test_a_black_and_white_picture_stays_one(noise):
    image = np.where(noise((20, 20)) > 100, 255, 0).astype(np.uint8)
    for op in (*GREY, "hitmiss"):
        assert set(np.unique(morph(image, op=op, shape="disk", size=5))) <= {0, 255}


def test_alpha_shrinks_and_grows_with_its_colours(run):
    image, alpha = np.zeros((7, 7, 3), np.uint8), np.zeros((7, 7), np.uint8)
    image[2:5, 2:5], alpha[2:5, 2:5] = (10, 20, 30), 255
    for op, count in (("erode", 1), ("dilate", 25)):
        answer = run(morph, image, alpha=alpha, op=op)["image"]
        assert (answer.alpha == 255).sum() == count and (answer.alpha > 0).sum() == count
        assert (answer.samples[answer.alpha > 0] == (10, 20, 30)).all()
