"""Luma filtered and colours kept, and the reverse: `--channels luma` and `--channels chroma`."""

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import executor
from imfilter.filters.core.filter import encoding
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.edges import edges
from imfilter.filters.frequency import frequency
from imfilter.filters.morph import morph
from imfilter.filters.noise import noise as add_noise
from imfilter.filters.pool import pool
from imfilter.filters.sharpen import sharpen

RED, GREEN, BLUE = 0.299, 0.587, 0.114
"""Luma of ITU-R BT.601; Cb and Cr follow as in ITU-T T.871, the standard of JPEG's files."""
FILTERS = {
    "gaussian": (blur, {"sigma": 2}),
    "box": (blur, {"op": "mean", "size": (4, 3)}),
    "median": (blur, {"op": "median", "size": 3}),
    "bilateral": (blur, {"op": "bilateral", "sigma": 1, "range_sigma": 30.0}),
    "nlm": (blur, {"op": "nlm"}),
    "guided": (blur, {"op": "guided", "guide": "channel"}),
    "laplacian": (sharpen, {}),
    "unsharp": (sharpen, {"op": "unsharp", "sigma": 1.5, "threshold": 3.0}),
    "highboost": (sharpen, {"op": "highboost", "boost": 2.5}),
    "adaptive": (sharpen, {"op": "adaptive", "threshold": 2.0}),
    "a kernel of sum 4": (conv, {"kernel": "1 2 1; 0 0 0; 1 0 -1"}),
    "an even kernel": (conv, {"kernel": "1 2; 3 -4", "border": "wrap"}),
    "erode": (morph, {"op": "erode", "size": 3}),
    "close": (morph, {"op": "close", "size": (5, 2)}),
    "lowpass": (frequency, {"cutoff": 0.1}),
}


def luma(image):
    return image @ np.array([RED, GREEN, BLUE])


def filtered(filter, values, plane):
    """Filter one plane alone, in the units of 8 bits: floats of 0 to 255 would be taken for 255 times white."""
    output = executor.run(
        filter.checked(**values).stages(),
        np.ascontiguousarray(plane, np.float32)[..., None] / np.float32(255),
        {"image": encoding("picture", "float32", "float32", "clip", 1.0)},
        filter.checked(**values).settings(),
    )
    return output.outputs["image"].samples[..., 0].astype(np.float64) * 255


def gain(filter, values):
    return filtered(filter, values, np.full((40, 40), 51.0))[20, 20] / 51


def raw(filter, image, **values):
    """Return what a filter gives before it is rounded, in the units of 8 bits."""
    scaled = {name: value / 255 if name in ("range_sigma", "threshold") else value for name, value in values.items()}
    answer = filter(image / np.float32(255), **scaled)
    return np.asarray(getattr(answer, "image", answer), np.float64) * 255


def relative(values):
    return {name: value / 255 if name in ("range_sigma", "threshold") else value for name, value in values.items()}


@pytest.mark.parametrize(("filter", "values"), FILTERS.values(), ids=FILTERS)
def test_the_luma_is_filtered_and_the_colours_are_kept(filter, values, noise):
    image = noise((40, 36, 3)).astype(np.float64)
    before, after = luma(image), filtered(filter, relative(values), luma(image))
    expected = after[..., None] + gain(filter, relative(values)) * (image - before[..., None])
    np.testing.assert_allclose(raw(filter, image.astype(np.float32), channels="luma", **values), expected, atol=2e-3)


@pytest.mark.parametrize("name", [name for name in FILTERS if name not in ("bilateral", "nlm", "adaptive")])
def test_the_chroma_is_filtered_and_the_luma_is_kept(name, noise):
    filter, values = FILTERS[name]
    image = noise((40, 36, 3)).astype(np.float64)
    brightness, times = luma(image), gain(filter, relative(values))
    planes = [(image[..., 2] - brightness) / 1.772 + 127.5, (image[..., 0] - brightness) / 1.402 + 127.5]
    cb, cr = (filtered(filter, relative(values), plane) - times * 127.5 for plane in planes)
    red, blue = brightness + 1.402 * cr, brightness + 1.772 * cb
    expected = np.stack([red, (brightness - RED * red - BLUE * blue) / GREEN, blue], axis=2)
    found = raw(filter, image.astype(np.float32), channels="chroma", **values)
    np.testing.assert_allclose(found, expected, atol=5e-3)
    np.testing.assert_allclose(luma(found), brightness, atol=1e-3)


@pytest.mark.parametrize("op", ["bilateral", "nlm"])
def test_filters_that_compare_colours_compare_chroma(op):
    """Two patches that differ in Cr alone stay apart; noise within them goes."""
    image = np.full((40, 40, 3), 128.0)
    image[:, 20:] += [60, -60 * RED / GREEN, 0]
    for channel, weight in ((0, RED), (2, BLUE)):
        wobble = np.random.default_rng(channel).normal(0, 4, (40, 40))
        image[..., channel] += wobble
        image[..., 1] -= wobble * weight / GREEN
    found = blur((image / 255).astype(np.float32), op=op, channels="chroma") * 255.0
    np.testing.assert_allclose(luma(found), luma(image), atol=1e-3)
    assert abs((found[:, 30, 0] - found[:, 10, 0]).mean() - 60) < 3
    assert found[..., 2].std() < image[..., 2].std() / 2


@pytest.mark.parametrize("channels", ["luma", "chroma"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_the_identity_gives_every_sample_back(channels, dtype, noise):
    image = noise((64, 64, 3), dtype)
    for linear in (False, True):
        np.testing.assert_array_equal(conv(image, kernel="identity", channels=channels, linear=linear), image)


@pytest.mark.parametrize(("filter", "values"), FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_gray_is_its_own_luma_and_has_no_chroma(filter, values, dtype, noise):
    gray = noise((33, 20), dtype)
    luma, chroma, alone = (
        filter(gray, **values, **more) for more in ({"channels": "luma"}, {"channels": "chroma"}, {})
    )
    np.testing.assert_array_equal(getattr(luma, "image", luma), getattr(alone, "image", alone))
    np.testing.assert_array_equal(getattr(chroma, "image", chroma), gray)


@pytest.mark.parametrize(("filter", "values"), FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("channels", ["luma", "chroma"])
@pytest.mark.parametrize("transparent", [False, True])
def test_strips_and_threads_give_what_the_whole_image_gives(filter, values, channels, transparent, noise):
    image, alpha = noise((61, 23, 3)), noise((61, 23)) if transparent else None
    part = filter.checked(channels=channels, **values).part()
    encodings = {"image": encoding("picture", "uint8", "uint8", "clip", 1.0)}
    whole = executor.run(part.stages, image, encodings, part.settings, alpha, strip_rows=61).outputs["image"]
    for rows, jobs in ((5, 1), (16, 2)):
        strips = executor.run(part.stages, image, encodings, part.settings, alpha, strip_rows=rows, jobs=jobs)
        found = strips.outputs["image"].samples
        assert np.abs(found.astype(int) - whole.samples).max() <= 1
        assert (found != whole.samples).mean() <= 1e-3


# ---- alpha ------------------------------------------------------------------------------------------


def with_alpha(filter, image, alpha, **values):
    part = filter.checked(**values).part()
    encodings = {"image": encoding("picture", image.dtype.name, "float32", "clip", 1.0)}
    return executor.run(part.stages, image, encodings, part.settings, alpha).outputs["image"]


@pytest.mark.parametrize(("filter", "values"), FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("channels", ["luma", "chroma"])
@pytest.mark.parametrize("linear", [False, True])
def test_what_is_opaque_is_filtered_as_without_alpha(filter, values, channels, linear, noise):
    image = noise((30, 28, 3))
    settings = {**values, "channels": channels, "linear": linear, "border": "reflect"}
    opaque = with_alpha(filter, image, np.full(image.shape[:2], 255, np.uint8), **settings)
    np.testing.assert_allclose(opaque.samples, with_alpha(filter, image, None, **settings).samples, atol=2e-2)
    assert (opaque.alpha == 255).all()


@pytest.mark.parametrize(("filter", "values"), FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("channels", ["luma", "chroma"])
def test_hidden_colours_never_bleed_and_the_alpha_is_kept(filter, values, channels, noise):
    image, alpha = noise((30, 28, 3)), np.full((30, 28), 255, np.uint8)
    alpha[8:20, 5:16], alpha[3:6, 20:] = 0, 90
    found = with_alpha(filter, image, alpha, channels=channels, **values)
    image[alpha == 0] = [255, 0, 255]
    other = with_alpha(filter, image, alpha, channels=channels, **values)
    np.testing.assert_array_equal(found.alpha, alpha)
    np.testing.assert_allclose(other.samples[alpha > 0], found.samples[alpha > 0], atol=1e-3)


NOT_FLAT = ("a kernel of sum 4", "an even kernel", "unsharp")
"""The kernels' colours leave the range; a threshold is met by bright colours sooner than by dark ones."""


@pytest.mark.parametrize("channels", ["luma", "chroma"])
@pytest.mark.parametrize("name", [name for name in FILTERS if name not in NOT_FLAT])
def test_a_flat_shape_stays_flat_up_to_its_edge(channels, name):
    filter, values = FILTERS[name]
    image, alpha = np.zeros((30, 28, 3), np.uint8), np.zeros((30, 28), np.uint8)
    image[8:20, 5:16], alpha[8:20, 5:16] = [30, 120, 60], 255
    found = with_alpha(filter, image, alpha, channels=channels, **values).samples[alpha > 0]
    times = gain(filter, relative(values)) if channels == "luma" else 1
    if channels == "chroma" and name == "highboost":
        return  # its chroma grows by 1.5
    np.testing.assert_allclose(found, np.broadcast_to(np.array([30, 120, 60]) * times, found.shape), atol=0.02)


# ---- sizes, masks, and what has no colours ----------------------------------------------------------


def test_under_a_stride_the_colours_are_those_under_the_anchor(noise):
    image = noise((11, 14, 3)).astype(np.float32) / 255
    found = conv(image, kernel="0 1 2; 3 1 1", stride=(2, 3), channels="luma")
    bright = conv(luma(image).astype(np.float32), kernel="0 1 2; 3 1 1", stride=(2, 3))
    kept = image[::3, ::2]
    np.testing.assert_allclose(found, bright[..., None] + 8 * (kept - luma(kept)[..., None]), atol=1e-5)
    assert (
        pool(image, op="max", size=3, stride=2, ceil=True, channels="luma").shape
        == pool(image, op="max", size=3, stride=2, ceil=True).shape
    )


@pytest.mark.parametrize("padding", ["same", "valid", "full"])
@pytest.mark.parametrize("channels", ["luma", "chroma"])
def test_every_padding_keeps_flat_colours(padding, channels):
    image = np.broadcast_to(np.array([200, 90, 10], np.uint8), (9, 8, 3)).copy()
    found = conv(image, kernel="mean3", padding=padding, channels=channels)
    assert (found == [200, 90, 10]).all()


def test_past_a_constant_border_there_is_no_colour():
    image = np.broadcast_to(np.array([200, 90, 10], np.uint8), (5, 5, 3)).copy()
    found = conv(image, kernel="0 0 0; 0 0 1; 0 0 0", border="constant", fill=77, channels="chroma")
    assert np.abs(np.diff(found[0, -1].astype(int))).max() == 0
    assert abs(int(found[0, -1, 0]) - luma(image[0, 0])) <= 0.5
    bright = conv(image, kernel="0 0 0; 0 0 1; 0 0 0", border="constant", fill=77, channels="luma", depth="float")
    assert luma(bright[0, -1]) * 255 == pytest.approx(77, abs=1e-3)


def test_a_mask_keeps_the_rest(noise):
    image, mask = noise((20, 20, 3)), np.zeros((20, 20), np.uint8)
    mask[5:10] = 255
    found, whole = (sharpen(image, channels="luma", **given) for given in ({"mask": mask}, {}))
    np.testing.assert_array_equal(found[5:10], whole[5:10])
    np.testing.assert_array_equal(found[10:], image[10:])


def test_a_result_without_colours_is_gray(noise):
    image = noise((20, 20, 3))
    assert edges(image).image.shape == (20, 20)
    assert conv(image, kernel="1 0 -1", channels="luma").shape == (20, 20)
    assert morph(image, op="tophat", channels="luma").shape == (20, 20)
    for call in (
        lambda: conv(image, kernel="1 0 -1", channels="chroma"),
        lambda: morph(image, op="gradient", channels="chroma"),
        lambda: frequency(image, op="highpass", channels="chroma"),
    ):
        with pytest.raises(ParameterError, match="channels: chroma requires a filter that gives a picture in colour"):
            call()
    with pytest.raises(ParameterError, match="chroma takes no bias"):
        conv(image, kernel="mean3", bias=10, channels="chroma")


def test_noise_of_the_luma_is_gray_and_of_the_chroma_has_no_luma(noise):
    image = noise((40, 40, 3)) // 2 + 64
    for channels in ("luma", "chroma"):
        added = add_noise(image, channels=channels, sigma=5, depth="float") * 255 - image.astype(np.float64)
        bright = luma(added)
        assert bright.std() == pytest.approx(5 if channels == "luma" else 0, abs=0.3)
        assert (added - bright[..., None]).std() == pytest.approx(0, abs=1e-3) or channels == "chroma"


def test_other_counts_of_channels_have_no_luma():
    part = blur.checked(channels="luma").part()
    encodings = {"image": encoding("picture", "uint8", "uint8", "clip", 1.0)}
    with pytest.raises(ImageError, match="has 4 channels, which have no luma and no chroma"):
        executor.run(part.stages, np.zeros((5, 5, 4), np.uint8), encodings, part.settings)


def test_maps_are_those_of_the_luma(noise):
    image = noise((20, 24, 3))
    found = frequency(image, channels="luma")
    assert found.image.shape == image.shape
    alone = frequency(luma(image.astype(np.float64)), white=255)
    np.testing.assert_allclose(found.spectrum, alone.spectrum, atol=1e-5)
