"""Strips, chains, alpha, linear light: what no filter needs to know."""

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import executor, stage_rows
from imfilter.filters.core.engine.array_image import images
from imfilter.filters.core.engine.borders import BORDERS, Rule
from imfilter.filters.core.engine.quantize import Encoding
from imfilter.filters.core.engine.stage import BoundStage, Halo, Rows, Stage, Window, inside, pointwise
from imfilter.filters.core.engine.working_space import Settings
from imfilter.filters.core.linear import kernels
from imfilter.filters.core.linear.convolve import linear
from imfilter.filters.core.parameters import ImageError
from imfilter.filters.edges import edges
from imfilter.filters.sharpen import sharpen
from scipy import ndimage


def selecting(select, halo, interleaved=False):
    """A stage whose results are some of the samples."""
    bound = BoundStage(select, interleaved=interleaved)
    return Stage(lambda context: bound, window=Window(halo), selects=True, picks=True)


def chain(stages, image, **settings):
    pixels = image[..., None]
    return (
        executor.run(stages, pixels, {"image": Encoding("float32")}, Settings(**settings))
        .outputs["image"]
        .samples[..., 0]
    )


@pytest.mark.parametrize("border", BORDERS)
def test_a_chain_is_not_rounded_between_its_steps(border, noise):
    image = noise((20, 15))
    stages = (
        *blur.checked(sigma=1.5).stages(),
        *sharpen.checked(amount=2.0).stages(),
        *conv.checked(kernel="1 2 3", stride=(2, 3)).stages(),
    )
    step = ndimage.gaussian_filter(image.astype(np.float64), 1.5, mode=border)
    step = ndimage.correlate(step, np.array([[0, -2, 0], [-2, 9, -2], [0, -2, 0.0]]), mode=border)
    step = ndimage.correlate(step, np.array([[1.0, 2, 3]]), mode=border)[::3, ::2]
    np.testing.assert_allclose(chain(stages, image, border=border), step, atol=255 * 1e-5 * 17 * 6)


@pytest.mark.each("rows", [1, 2, 3, 7, 16])
@pytest.mark.each("border", BORDERS)
def test_a_chain_with_strides_and_padding_is_the_same_in_strips(rows, border, noise):
    image = noise((29, 13))[..., None]
    stages = [
        *conv.checked(kernel="1 2 1; 0 1 0", padding="full", stride=2).stages(),
        *blur.checked(op="mean", size=4).stages(),
        *conv.checked(kernel="1 -1; 2 1", padding=(3, 0, 1, 5), dilation=(1, 3)).stages(),
    ]
    settings, encodings = Settings(border=border, fill=9), {"image": Encoding("float32")}
    whole, strips = (executor.run(stages, image, encodings, settings, strip_rows=n) for n in (1000, rows))
    np.testing.assert_array_equal(whole.outputs["image"].samples, strips.outputs["image"].samples)


def test_a_stage_that_needs_the_whole_image_sees_it(noise):
    image = noise((40, 9))
    seen = []

    def look(strip):
        seen.append(strip.shape[:2])
        return strip

    stage = Stage(lambda context: look, takes="image")
    executor.run([stage], image[..., None], {"image": Encoding("uint8")}, Settings(), strip_rows=8)
    assert seen == [(40, 9)]


@pytest.mark.parametrize("rows", [1, 5, 40])
def test_a_strip_brings_its_halo_and_no_more(rows, noise):
    heights = set()

    def look(strip):
        heights.add(strip.shape[0])
        return inside(strip, Halo(0, 3, 0, 1))

    stage = Stage(lambda context: look, window=Window(Halo(0, 3, 0, 1)))
    executor.run([stage], noise((40, 5, 1)), {"image": Encoding("uint8")}, Settings(), strip_rows=rows)
    assert heights == {rows + 4}


def test_the_strips_depend_on_the_image_and_the_stages_alone(run, noise):
    image = noise((300, 700, 3))
    first, again = (run(blur, image, sigma=3)["image"].samples for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_the_work_type_is_float32_only_where_it_is_exact_enough():
    mild, strong = blur.checked(sigma=2.0).stages(), sharpen.checked(amount=500.0).stages()
    for stages, dtype, encoding, expected in (
        (mild, "uint8", Encoding("uint8"), "float32"),
        (mild, "uint8", Encoding("float32"), "float32"),
        (mild, "uint8", Encoding("uint16", scale=257), "float64"),
        (mild, "uint8", Encoding("uint8", gain=100), "float64"),
        (mild, "uint8", Encoding("uint8", range="stretch"), "float64"),
        (mild, "uint16", Encoding("uint16"), "float64"),
        (mild, "float32", Encoding("float32", full=1), "float64"),
        (strong, "uint8", Encoding("uint8"), "float64"),
        (sharpen.checked(op="unsharp", amount=500.0).stages(), "uint8", Encoding("uint8"), "float64"),
        (conv.checked(kernel=np.full((9, 9), 50)).stages(), "uint8", Encoding("uint8"), "float64"),
    ):
        assert np.dtype(executor.work_type(stages, dtype, [encoding])).name == expected


@pytest.mark.parametrize("scale", [1e-30, 1, 1e30])
@pytest.mark.parametrize("offset", [0, 100])
def test_a_float_image_of_any_range_is_exact(scale, offset, noise):
    """To the half of a unit in the last place that any float32 has."""
    image = ((noise((20, 20), "float32") + offset) * scale).astype(np.float32)
    values = image.astype(np.float64)
    gx, gy = (ndimage.sobel(values, axis=axis, mode="reflect") for axis in (1, 0))
    exact = {
        "blur": (blur(image, sigma=2), ndimage.gaussian_filter(values, 2, mode="reflect")),
        "sharpen": (sharpen(image), values - ndimage.laplace(values, mode="reflect")),
        "magnitude": (edges(image).magnitude, np.hypot(gx, gy)),
        "angle": (edges(image).angle, np.degrees(np.arctan2(gy, gx))),
    }
    for name, (answer, expected) in exact.items():
        np.testing.assert_allclose(answer, expected, rtol=1e-7, atol=1e-12 * scale, err_msg=name)


# ---- alpha ------------------------------------------------------------------------------------------

WHITE_SQUARE = np.zeros((11, 11), np.uint8)
WHITE_SQUARE[3:8, 3:8] = 255


def test_a_white_square_on_nothing_stays_white_to_its_rim(run):
    colours = np.repeat(WHITE_SQUARE[..., None], 3, axis=2)
    output = run(blur, colours, alpha=WHITE_SQUARE, sigma=1.0)["image"]
    assert output.samples[output.alpha > 0].min() == 255
    assert 0 < output.alpha[2, 5] < 255


def test_no_colour_bleeds_out_of_transparent_pixels(run):
    colours = np.zeros((11, 11, 3), np.uint8)
    colours[..., 0] = 255  # red where nothing is to be seen
    colours[3:8, 3:8] = (0, 0, 200)
    output = run(blur, colours, alpha=WHITE_SQUARE, sigma=2.0)["image"]
    assert (output.samples[output.alpha > 0] == (0, 0, 200)).all()


def test_alpha_is_blurred_like_a_channel(run, noise):
    alpha = noise((20, 20))
    output = run(blur, noise((20, 20, 3)), alpha=alpha, sigma=1.5)["image"]
    np.testing.assert_array_equal(output.alpha, blur(alpha, sigma=1.5))


def test_an_opaque_image_is_filtered_as_if_it_had_no_alpha(run, noise):
    image = noise((30, 30, 3))
    for filter in (blur, sharpen):
        output = run(filter, image, alpha=np.full((30, 30), 255, np.uint8))["image"]
        np.testing.assert_array_equal(output.samples, filter(image))
        assert (output.alpha == 255).all()


@pytest.mark.each("border", BORDERS)
@pytest.mark.each("padding", ["same", "full", (3, 0, 1, 2)])
def test_opacity_reaches_past_the_edge(border, padding, run, noise):
    image, values = noise((9, 8, 3)), {"border": border, "padding": padding, "stride": 2, "fill": 40}
    output = run(conv, image, alpha=np.full((9, 8), 255, np.uint8), kernel="1 2 1; 0 3 1", scale=0.125, **values)[
        "image"
    ]
    np.testing.assert_array_equal(output.samples, conv(image, kernel="1 2 1; 0 3 1", scale=0.125, **values))
    assert (output.alpha == 255).all()


def test_premultiplied_results_are_as_exact(run, noise):
    image, alpha = noise((200, 200, 3)), noise((200, 200))
    alpha[:, :100] //= 40

    def smooth(values):
        return ndimage.gaussian_filter(values.astype(np.float64), (2, 2, 0), mode="reflect")

    opacity = smooth(alpha[..., None])
    visible = opacity > 0.5
    exact = np.where(visible, smooth(image * (alpha[..., None] / 255)) * 255 / np.where(visible, opacity, 1), 0)
    off = np.abs(run(blur, image, alpha=alpha, sigma=2.0)["image"].samples - np.floor(exact + 0.5))
    assert off.max() <= 1 and (off > 0).mean() <= 1e-3


def test_alpha_is_the_same_in_strips(run, noise):
    image, alpha = noise((33, 20, 3)), noise((33, 20))
    for filter, values in ((blur, {"sigma": 2.0}), (conv, {"kernel": "sobel-x", "stride": 2})):
        whole, strips = (run(filter, image, alpha=alpha, strip_rows=rows, **values)["image"] for rows in (33, 4))
        np.testing.assert_array_equal(whole.samples, strips.samples)
        np.testing.assert_array_equal(whole.alpha, strips.alpha)


def test_edges_have_no_alpha(run, noise):
    assert run(edges, noise((5, 5, 3)), alpha=noise((5, 5)))["image"].alpha is None


# ---- images that are none ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 3), complex), "the image has complex128 samples; use real numbers"),
        (np.zeros((2, 2, 3, 3, 4), np.uint8), r"not \(2, 2, 3, 3, 4\)"),
        (np.uint8(3), r"channels\), not \(\)"),
        (np.zeros((0, 3), np.uint8), "has no pixels"),
        ([[1, 2], [3]], "is not an array of numbers"),
        (np.full((1, 1), 2**60), "up to 1152921504606846976, which float64 cannot hold"),
    ],
)
def test_an_array_that_is_no_image_is_refused(array, message):
    with pytest.raises(ImageError, match=message):
        images(array)


def test_whatever_numpy_takes_for_an_array_is_one(noise):
    class Picture:
        def __array__(self, dtype=None, copy=None):
            return noise((4, 5))

    np.testing.assert_array_equal(blur(Picture()), blur(noise((4, 5))))


def test_an_image_smaller_than_a_valid_window_is_refused():
    with pytest.raises(ImageError, match=r"2×2 is smaller than the filter's window, 3×3"):
        conv(np.zeros((2, 2), np.uint8), kernel="mean3", padding="valid")


def test_a_window_that_would_fill_the_memory_is_refused_before_it_does():
    with pytest.raises(ImageError, match=r"window, 20001×20001, is too large: .* the limit is 268435456"):
        conv(np.zeros((4, 4), np.uint8), kernel="mean3", dilation=10000)


@pytest.mark.parametrize(
    "view", [lambda a: a[::2, ::-1], lambda a: a.T, np.asfortranarray, lambda a: a.astype(a.dtype.newbyteorder())]
)
def test_any_memory_layout_will_do(view, noise):
    image = view(noise((20, 20), "uint16"))
    np.testing.assert_array_equal(blur(image), blur(np.ascontiguousarray(image, np.uint16)))


@pytest.mark.parametrize(
    ("parameters", "rounds"),
    [
        ({}, True),
        ({"depth": "float"}, False),
        ({"gain": 2.0}, False),
        ({"border": "constant", "fill": -1.0}, False),
        ({"border": "constant", "fill": (1, 2.5, 3)}, False),
        ({"fill": -1.0}, True),
        ({"linear": True}, False),
    ],
    ids=str,
)
def test_a_stage_may_round_where_its_result_goes_to_the_file_as_it_is(parameters, rounds, monkeypatch):
    seen = []
    bound = stage_rows.bound_for
    monkeypatch.setattr(stage_rows, "bound_for", lambda stage, context: seen.append(context) or bound(stage, context))
    blur(np.zeros((20, 30, 3), np.uint8), op="mean", **parameters)
    assert [(context.rounded, context.ignoring) for context in seen] == [(rounds, False)]


# ---- what a stage may ask for -----------------------------------------------------------------------


def answer(stages, image, strip_rows=None, **options):
    encodings = {"image": Encoding("float32", full=255.0)}
    return executor.run(stages, image, encodings, Settings(), strip_rows=strip_rows, **options).outputs["image"].samples


def test_a_stage_with_branches_is_given_what_each_makes_of_the_image(noise):
    image = noise((20, 9, 3))
    soft = linear(kernels.mean((3, 5)))

    def difference(sharp, softer, softest):
        return sharp - 2 * softer + softest

    stages = [Stage(lambda context: difference, branches=((), (soft,), (soft, soft)))]
    once = blur(image, op="mean", size=(3, 5), depth="float").astype(np.float64) * 255
    twice = answer([soft, soft], image)
    for rows in (None, 3):
        found = answer(stages, image, rows)
        np.testing.assert_allclose(found, image - 2 * once + twice, atol=1e-3)


def test_branches_leave_missing_samples_out():
    image = np.full((12, 12, 1), 3, np.float32)
    image[5, 5] = np.nan
    stage = Stage(lambda context: lambda soft: soft, branches=((linear(kernels.mean((3, 3))),),))
    assert np.isnan(answer([stage], image)).sum() == 9
    assert (answer([stage._replace(ignoring=True)], image) == 3).all()


def test_a_placed_function_is_told_its_first_row(noise):
    image = noise((23, 4, 1))
    seen = set()

    def rows(strip, start):
        seen.add(start)
        return np.broadcast_to((start + np.arange(len(strip) - 2))[:, None, None], strip[1:-1].shape)

    stage = Stage(lambda context: BoundStage(rows, placed=True), window=Window(Halo(0, 1, 0, 1)))
    assert answer([stage], image, 7)[:, 0, 0].tolist() == list(range(23))
    assert seen == {0, 7, 14, 21}


@pytest.mark.parametrize(
    ("size", "window", "stride", "padding", "count"),
    # Counts by torch.nn.functional.max_pool1d(..., ceil_mode=True) of PyTorch 2.13.
    [
        (7, 2, 2, 0, 4),
        (6, 2, 2, 0, 3),
        (5, 3, 3, 1, 2),
        (4, 2, 3, 1, 2),
        (7, 3, 4, 1, 2),
        (3, 3, 2, 1, 2),
        (2, 1, 3, 0, 1),
    ],
)
def test_ceil_keeps_a_last_window_that_begins_on_the_image(size, window, stride, padding, count):
    halo = Halo(0, 0, window - 1, window - 1)
    stage = Stage(
        lambda context: (
            lambda strip: strip[: strip.shape[0] - window + 1 : stride, : strip.shape[1] - window + 1 : stride]
        ),
        window=Window(halo, padding=Halo.around(padding), stride=(stride, stride), ceil=True),
    )
    assert answer([stage], np.zeros((size, size, 1), np.uint8)).shape == (count, count, 1)


def test_whole_numbers_are_selected_in_their_own_type(noise):
    types = []

    def select(strip):
        types.append(strip.dtype)
        return np.maximum(strip[1:], strip[:-1])

    image = noise((20, 9, 1))
    step = selecting(select, Halo(0, 1, 0, 0))
    executor.run([step, step], image, {"image": Encoding("uint8")}, Settings())
    answer([step, pointwise(lambda strip: strip * 2)], image)
    assert set(types) == {np.dtype(np.uint8)}
    assert answer([step, pointwise(lambda strip: strip * 2)], np.full((3, 3, 1), 200, np.uint8)).max() == 400
    expected = np.maximum(image, np.vstack([image[:1], image[:-1]]))
    np.testing.assert_array_equal(answer([step], image, 3), expected)


def test_channels_stay_beside_each_other_where_a_stage_takes_them_so(noise):
    seen = []

    def spread(strip):
        seen.append(strip.strides[2] == strip.itemsize)
        return np.maximum(strip[1:], strip[:-1])

    beside, apart = (selecting(spread, Halo(0, 1, 0, 0), interleaved=value) for value in (True, False))
    image = noise((20, 9, 3))
    for border in ("reflect", "wrap", "constant"):
        step = beside._replace(window=beside.window._replace(border=border))
        expected = answer([apart._replace(window=step.window)] * 2, image, 3)
        seen.clear()
        np.testing.assert_array_equal(answer([step, step], image, 3), expected)
        assert all(seen)
    seen.clear()
    answer([apart], image)
    assert not any(seen)


def test_a_stage_by_rows_is_given_rows_and_gives_rows(noise):
    """It may look at all of them first, knows how it is run, and stands between others; its border is its own."""

    class LessTheMean(Rows):
        preferred_rows = 5

        def __init__(self, above):
            self.height, self.width, self.above = above.height, above.width, above
            self.mean = sum(above.rows(row, row + 1).mean() for row in range(above.height)) / above.height

        def rows(self, start, stop):
            return self.above.rows(start, stop) - self.mean

    contexts = []

    def bind(context):
        contexts.append(context)
        return LessTheMean

    image = noise((23, 9, 1)).astype(np.float32)
    stages = [linear(kernels.mean((3, 3))), Stage(bind, takes="rows"), pointwise(lambda strip: strip * 2)]
    soft = blur(image, op="mean").astype(np.float64)
    for rows in (None, 4):
        np.testing.assert_allclose(answer(stages, image, rows, jobs=2), 2 * (soft - soft.mean()), atol=1e-3)
    assert [(context.height, context.width, context.rule.border, context.jobs) for context in contexts] == [
        (23, 9, "reflect", 2)
    ] * 2
    stages[1] = stages[1]._replace(window=Window(border="constant", fill=lambda context: 7.0))
    answer(stages, image)
    assert contexts[-1].rule == Rule("constant", 7.0)
