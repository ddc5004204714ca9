"""A chain is its filters one after the other, unrounded, each with its own border, channels and light."""

import numpy as np
import pytest
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.chain import chain
from imfilter.filters.core.engine.quantize import encoding
from imfilter.filters.core.parameters import ImageError
from imfilter.filters.edges import edges
from imfilter.filters.flip import flip
from imfilter.filters.morph import morph
from imfilter.filters.rotate import rotate
from imfilter.filters.sharpen import sharpen

CHAINS = {
    "two blurs": [(blur, {"sigma": 2}), (blur, {"sigma": 1, "border": "wrap"})],
    "borders": [(blur, {"border": "constant", "fill": 40.0}), (sharpen, {"border": "mirror"})],
    "a bias": [(conv, {"kernel": "0 1 0; 1 -4 1; 0 1 0", "bias": 100.25}), (blur, {"op": "mean", "size": 5})],
    "a stride": [(conv, {"kernel": "1 2; 3 4", "stride": 2}), (blur, {}), (conv, {"kernel": "1 1", "padding": 3})],
    "to gray": [(blur, {"sigma": 3}), (edges, {})],
    "gray from the start": [(conv, {"kernel": "1 0 -1", "channels": "luma"}), (sharpen, {})],
    "luma first": [(sharpen, {"channels": "luma"}), (blur, {})],
    "chroma, then luma": [
        (blur, {"op": "median", "channels": "chroma"}),
        (blur, {"channels": "luma", "border": "constant", "fill": 50.0}),
    ],
    "luma last": [(blur, {}), (conv, {"kernel": "1 2 1; 0 0 0; 1 0 0", "stride": (2, 1), "channels": "luma"})],
    "chroma of gray": [(edges, {}), (blur, {"channels": "chroma"})],
    "the strongest": [(edges, {"channels": "max"}), (blur, {"op": "mean", "size": 4})],
    "the strongest of signed": [(edges, {"op": "laplacian", "channels": "max"}), (sharpen, {})],
    "edges of edges": [(edges, {"op": "prewitt", "norm": "l1"}), (edges, {"op": "scharr"})],
    "wide and narrow": [(blur, {"sigma": 20}), (conv, {"kernel": "1 0 -1", "border": "nearest"})],
    "integers first": [(edges, {"op": "sobel", "channels": "each"}), (edges, {"op": "laplacian"})],
    "mirrored between": [(rotate, {"angle": 6.0}), (flip, {}), (blur, {})],
    "branches": [(blur, {"border": "constant"}), (morph, {"op": "gradient", "size": 5, "border": "wrap"})],
    "selected": [
        (morph, {"op": "open"}),
        (morph, {"op": "tophat", "size": (6, 3), "border": "constant", "fill": 90.0}),
        (blur, {}),
    ],
}
BINARY = {
    "a pattern": [(morph, {"op": "hitmiss", "shape": "1 -1"}), (morph, {"op": "dilate"})],
    "a threshold": [(edges, {"threshold": 200}), (blur, {"sigma": 2})],
    "the whole image": [(edges, {"op": "canny"}), (blur, {"sigma": 1})],
}


def light(full):
    """Chains that change between linear light and the file's values, for images whose white is *full*."""
    linear = {"linear": True, "sigma": 2, "border": "constant", "fill": full / 3}
    return {
        "linear in between": [(blur, {}), (blur, linear), (sharpen, {})],
        "linear first": [(blur, linear), (edges, {})],
        "linear last": [(sharpen, {}), (blur, linear)],
        "linear luma": [(sharpen, {"channels": "luma"}), (blur, {**linear, "channels": "luma"})],
    }


@pytest.fixture(scope="module")
def rgb():
    image = np.random.default_rng(7).integers(0, 256, (24, 40, 3))
    image[:, :12] = np.arange(24)[:, None, None] * 10
    return image.astype(np.uint8)


@pytest.fixture(scope="module")
def alpha(rgb):
    alpha = np.zeros(rgb.shape[:2], np.uint8)
    alpha[4:20, 6:34] = 255
    alpha[8:12, 10:16] = 100
    return alpha


def run(steps, image, alpha=None, dtype="float32", background=None, **options):
    parts = [filter.checked(**given).part(f"step {i}") for i, (filter, given) in enumerate(steps)]
    stages, settings = chain(parts)
    encodings = {"image": encoding("picture", image.dtype.name, dtype, "clip", 1.0)}
    settings = settings._replace(background=background)
    return executor.run(stages, image, encodings, settings, alpha, **options).outputs["image"]


def alone(filter, given, image, alpha, background):
    """Run one filter on a float image, as the command would."""
    part = filter.checked(**given).part()
    encodings = {"image": encoding("picture", "float32", "float32", "clip", 1.0)}
    return executor.run(part.stages, image, encodings, part.settings._replace(background=background), alpha).outputs[
        "image"
    ]


def one_after_the_other(steps, image, alpha=None, background=None):
    image, alpha = image.astype(np.float32), None if alpha is None else alpha.astype(np.float32)
    for filter, given in steps:
        output = alone(filter, given, image, alpha, background)
        image, alpha = output.samples, output.alpha
    return output


@pytest.mark.each("steps", CHAINS.values())
@pytest.mark.each("dtype", ["uint8", "uint16"])
def test_a_chain_is_its_filters_one_after_the_other(rgb, steps, dtype):
    image = rgb.astype(dtype) * (257 if dtype == "uint16" else 1)
    expected = one_after_the_other(steps, image).samples
    given = run(steps, image).samples
    assert given.shape == expected.shape
    assert np.abs(given - expected).max() <= 2e-5 * max(np.abs(expected).max(), float(np.iinfo(dtype).max))


@pytest.mark.parametrize("steps", CHAINS.values(), ids=CHAINS)
def test_strips_and_threads_change_no_chain(rgb, steps):
    whole = run(steps, rgb, dtype="uint8").samples
    for rows, jobs in ((1, 1), (7, 2)):
        strips = run(steps, rgb, dtype="uint8", strip_rows=rows, jobs=jobs).samples
        assert np.abs(strips.astype(int) - whole).max() <= 1
        assert np.mean(strips != whole) <= 1e-3


def test_nothing_is_rounded_or_cut_off_between_the_steps():
    image = np.array([[[0], [255], [0]]], np.uint8)
    there, back = {"kernel": "0 0 -5"}, {"kernel": "0.2 0 0"}
    steps = [(conv, there), (conv, {**back, "scale": -1.0})]
    assert run(steps, image, dtype="uint8").samples[0, 1, 0] == 255


@pytest.mark.parametrize("steps", BINARY.values(), ids=BINARY)
def test_a_binary_picture_goes_on_as_black_and_white(rgb, steps):
    (first, given), (second, more) = steps
    black_and_white = first(rgb, **given)
    expected = second(getattr(black_and_white, "image", black_and_white), **more)
    found = run(steps, rgb, dtype="uint8").samples
    assert np.abs(found - expected.astype(int).reshape(found.shape)).max() <= 1


@pytest.mark.parametrize("name", light(1))
@pytest.mark.parametrize("transparent", [False, True])
def test_light_changes_between_the_steps(rgb, alpha, name, transparent):
    opacity = alpha if transparent else None
    expected = one_after_the_other(light(1.0)[name], rgb / 255, opacity / 255 if transparent else None)
    given = run(light(255.0)[name], rgb, opacity)
    seen = expected.alpha > 0.01 if expected.alpha is not None else ...
    assert np.abs(given.samples / 255 - expected.samples)[seen].max() <= 2e-4


@pytest.mark.parametrize(
    "name", ["two blurs", "a bias", "borders", "a stride", "luma first", "chroma, then luma", "luma last"]
)
def test_alpha_goes_through_a_chain_as_through_its_filters(rgb, alpha, name):
    expected = one_after_the_other(CHAINS[name], rgb, alpha / 255)
    given = run(CHAINS[name], rgb, alpha)
    assert np.abs(given.alpha / 255 - expected.alpha).max() <= 1e-5
    seen = expected.alpha > 0.01
    assert np.abs(given.samples - expected.samples)[seen].max() <= 1e-2


@pytest.mark.parametrize("name", ["linear first", "plain"])
def test_edges_of_a_transparent_picture_are_those_on_its_background(rgb, alpha, name):
    def steps(full):
        return {**light(full), "plain": [(blur, {"sigma": 1}), (edges, {})]}[name]

    ground = (0.9, 0.5, 0.1)
    expected = one_after_the_other(steps(1.0), rgb / 255, alpha / 255, background=ground)
    given = run(steps(255.0), rgb, alpha, background=tuple(255 * value for value in ground))
    assert np.abs(given.samples / 255 - expected.samples).max() <= 1e-4


def test_the_maps_are_those_of_the_last_step(rgb):
    parts = [filter.checked(**given).part() for filter, given in CHAINS["edges of edges"]]
    stages, settings = chain(parts)
    encodings = {name: encoding("magnitude", "uint8", "float32", "clip", 1.0) for name in ("magnitude", "angle")}
    outputs = executor.run(stages, rgb, encodings, settings).outputs
    first = edges(rgb, op="prewitt", norm="l1", depth="float").image * 255
    last = edges(first, op="scharr")
    assert np.allclose(outputs["magnitude"].samples[..., 0], last.magnitude, rtol=1e-5, atol=1e-2)
    assert np.abs((outputs["angle"].samples[..., 0] - last.angle)[last.magnitude > 1]).max() <= 1e-2


def test_a_failure_names_its_step(rgb):
    with pytest.raises(ImageError, match=r"^step 1: the image of 40×24 is smaller"):
        run([(blur, {}), (conv, {"kernel": np.ones((50, 50)), "padding": "valid"})], rgb)
