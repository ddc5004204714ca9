"""The command's output is the Python call's, for every filter and many options."""

import importlib
import shlex

import numpy as np
import pytest
from imfilter import chain, imread, imwrite
from imfilter.filters.core import catalog
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.quantize import encoding
from PIL import Image

from ..filters.needed import NEEDED

CALLS = {
    "blur": [
        {},
        {"sigma": 2.5},
        {"sigma": (1.5, 4)},
        {"op": "mean", "size": (5, 2)},
        {"op": "mean", "radius": 3},
        {"op": "min"},
        {"op": "max", "size": (4, 7), "border": "wrap"},
        {"op": "motion", "size": 15, "angle": -30},
        {"op": "motion", "size": 8},
        {"op": "disk", "radius": (3.5, 2)},
        {"op": "nlm"},
        {"op": "nlm", "radius": 3, "patch": 3, "strength": 20, "noise_sigma": 10},
        {"op": "median"},
        {"op": "median", "size": (4, 19), "border": "wrap"},
        {"op": "median", "radius": 2, "linear": True},
        {"op": "percentile", "percentile": 20, "size": 5, "algorithm": "counting"},
        {"size": 9},
        {"radius": (2, 6)},
        {"sigma": 3, "border": "wrap"},
        {"sigma": 3, "border": "constant", "fill": 200},
        {"sigma": 1, "linear": True},
        {"channels": "luma"},
        {"depth": "16"},
        {"depth": "float"},
        {"gain": 1.5},
        {"op": "bilateral", "sigma": 1.5, "range_sigma": 40.5},
        {"op": "bilateral", "size": (7, 3), "linear": True},
        {"op": "guided", "radius": (3, 1), "epsilon": 0.04, "guide": "channel", "border": "wrap"},
        {"op": "kuwahara", "size": (5, 3)},
    ],
    "tone": [
        {"brightness": 1.3, "contrast": 1.2, "saturation": 0.7, "hue": -30, "gamma": 0.9},
        {"levels": (20, 200, 1.5), "channels": "luma"},
        {"op": "grayscale"},
        {"op": "invert", "range": "clip"},
        {"op": "posterize", "bits": 3},
        {"op": "solarize", "threshold": 100.5},
        {"op": "solarize", "threshold": "40%"},
        {"op": "autocontrast", "cutoff": (1, 2.5), "per_channel": True},
        {"op": "equalize", "linear": True},
        {"op": "clahe", "tiles": (4, 3), "clip": 2.5},
        {"op": "clahe", "depth": "16"},
    ],
    "normalize": [
        {"stats": "mnist"},
        {"mean": 0.5, "std": 0.25},
        {"to": (-1, 1)},
        {"to": (0.1, 0.9), "depth": "8"},
    ],
    "denoise": [
        {},
        {"op": "nlm", "size": 7, "strength": 0.8},
        {"op": "nlm", "patch": 3, "tolerance": 14.5, "noise_sigma": 10},
        {"op": "bilateral", "noise_sigma": 12},
        {"op": "guided", "guide": "channel", "border": "wrap"},
        {"op": "bm3d", "stride": 4},
        {"op": "median", "strength": 2},
        {"op": "tv"},
        {"op": "tv", "weight": 12.5, "iterations": 30, "channels": "luma"},
        {"op": "wavelet", "channels": "max"},
        {"op": "wavelet", "levels": 3, "size": 5, "linear": True},
        {"op": "lee", "looks": 4, "depth": "float"},
        {"op": "frost", "damping": 2, "size": (5, 3)},
    ],
    "sharpen": [
        {},
        {"amount": 2},
        {"op": "unsharp"},
        {"op": "unsharp", "sigma": 3, "amount": 0.7, "threshold": 10},
        {"op": "highboost", "boost": 2.5, "sigma": 1.2},
        {"op": "log", "sigma": 1, "amount": 2},
        {"op": "adaptive", "amount": 2},
        {"op": "adaptive", "sigma": 1, "threshold": 4, "overshoot": 0.3},
        {"border": "mirror"},
        {"channels": "max"},
    ],
    "edges": [
        {},
        {"op": "sobel", "size": 5},
        {"op": "laplacian", "range": "abs"},
        {"op": "log", "sigma": 2, "range": "offset"},
        {"op": "dog", "range": "stretch"},
        {"op": "canny", "low": 20, "high": 80, "sigma": 1},
        {"thin": True},
        {"threshold": 100},
        {"norm": "l1", "sigma": 1},
        {"channels": "each"},
        {"channels": "max", "depth": "16"},
        {"op": "structure", "gain": 0.5},
        {"op": "structure", "sigma": 0.8, "rho": (3, 1.5), "channels": "di-zenzo"},
        {"channels": "di-zenzo"},
        {"op": "canny", "channels": "di-zenzo"},
        {"op": "canny", "overlay": "red"},
        {"overlay": "#208040", "gain": 0.5, "linear": True},
        {"op": "canny"},
        {"op": "zerocross"},
        {"op": "zerocross", "sigma": 1, "threshold": 3, "channels": "max"},
        {"op": "pb"},
        {"op": "pb", "threshold": 100, "channels": "luma"},
        {"op": "pb", "sigma": 1, "channels": "max", "depth": "float"},
    ],
    "hough": [
        {},
        {"edges": "nonzero", "count": 3, "rho_step": 2, "theta_step": 5},
        {"sigma": 1, "low": 20, "high": 60, "threshold": 9},
        {"overlay": "#ff8000", "count": 4},
    ],
    "morph": [
        {},
        {"op": "open", "shape": "disk", "size": (7, 4)},
        {"op": "close", "shape": "0 1 0; 1 1 1", "iterations": 2, "border": "wrap"},
        {"op": "tophat", "size": 9, "range": "stretch"},
        {"op": "blackhat", "shape": "cross", "depth": "float"},
        {"op": "hitmiss", "shape": "1 -1", "threshold": 100},
    ],
    "frequency": [
        {"cutoff": 0.05},
        {"wavelength": 7, "shape": "ideal"},
        {"op": "highpass", "shape": "butterworth", "order": 3, "range": "offset"},
        {"op": "bandpass", "cutoff": (0.1, 0.3), "border": "mirror"},
        {"op": "bandstop", "wavelength": (20, 5), "border": "wrap"},
        {"op": "notch", "at": "0.1,0.2; 0.25,0", "cutoff": 0.05, "border": "nearest"},
        {"border": "constant", "fill": 90, "linear": True},
        {"channels": "luma", "depth": "16"},
    ],
    "conv": [
        {"kernel": "sobel-x", "range": "offset"},
        {"kernel": "emboss", "bias": 30},
        {"kernel": "1 2 3; 4 5 6; 7 8 9", "normalize": "sum", "mode": "convolve"},
        {"kernel": "1 2 1", "normalize": "abs", "anchor": (0, 0)},
        {"kernel": "mean5", "padding": "valid", "stride": (2, 3)},
        {"kernel": "mean3", "padding": "full", "dilation": 2},
        {"kernel": "gaussian5", "scale": 0.5, "border": "nearest"},
        {"kernel": "mean3", "padding": (1, 2, 3, 4), "border": "constant", "fill": 77},
        {"kernel": "laplacian4", "activation": "relu", "bias": 4},
        {"kernel": "laplacian4", "activation": "tanh", "depth": "float"},
    ],
    "threshold": [
        {},
        {"op": "fixed", "value": 99.5, "depth": "8"},
        {"op": "triangle", "channels": "each"},
        {"op": "li", "offset": 3},
        {"op": "sauvola", "size": (9, 5), "k": 0.3},
        {"op": "wolf", "border": "wrap"},
        {"op": "gaussian", "size": 9, "offset": 2.5, "channels": "max"},
    ],
    "noise": [
        {"sigma": 30, "seed": 5},
        {"op": "uniform", "amplitude": 3.5, "channels": "luma"},
        {"op": "salt-pepper", "density": 0.2, "salt": 0.9, "per_channel": True},
        {"op": "poisson", "peak": 12, "depth": "float"},
        {"op": "speckle", "sigma": 0.4, "linear": True},
    ],
    "resize": [
        {"size": 40},
        {"size": (30, 50), "fit": "contain", "interpolation": "area"},
        {"size": (50, 30), "fit": "cover", "interpolation": "lanczos"},
        {"size": (64, 80), "fit": "pad", "fill": (10, 200, 30)},
        {"size": (64, 80), "fit": "pad", "border": "mirror"},
        {"scale": 0.37, "linear": True},
        {"scale": (2, 0.5), "interpolation": "nearest"},
        {"longest": 33, "interpolation": "bicubic", "antialias": "off"},
        {"shortest": 33, "depth": "16"},
        {"width": 90},
        {"height": 17, "depth": "float"},
    ],
    "mix": [
        {"branches": "none + rotate --angle 9.5 then tone --gamma 0.7 + tone --op equalize"},
        {"branches": "none + flip", "weights": (3, 1.5), "linear": True},
    ],
    "blend": [
        {"other": "orange", "op": "multiply"},
        {"other": "#8020ff", "op": "screen", "opacity": 0.3, "linear": True},
        {"other": "gray", "op": "subtract", "depth": "float"},
    ],
    "pool": [
        {},
        {"size": 3, "stride": 2, "padding": 1},
        {"op": "avg", "size": (4, 3), "stride": (3, 2), "padding": (2, 1), "include_pad": True, "ceil": True},
        {"op": "avg", "size": 3, "stride": 1, "padding": "same", "border": "wrap"},
        {"op": "min", "size": 2, "dilation": (3, 2), "padding": (1, 2, 3, 0)},
        {"op": "l2", "depth": "float"},
    ],
    "erase": [
        {},
        {"area": 0.3, "ratio": 0.5, "place": (0.2, 1), "fill": (10, 20, 30)},
        {"at": (-3, 5), "size": (9, 4), "op": "mean", "linear": True},
        {"op": "noise", "seed": 9, "depth": "16"},
    ],
    "rotate": [
        {"angle": 12},
        {"angle": -45.5, "expand": True, "interpolation": "bicubic", "border": "nearest"},
        {"angle": 90, "expand": True},
        {"angle": 30, "center": (3, 4.5), "interpolation": "nearest", "fill": (10, 20, 30)},
        {"angle": 7, "linear": True, "depth": "16", "fill": 128},
    ],
    "affine": [
        {},
        {"angle": 10, "scale": 1.2, "shear": (5, -3), "translate": (2.5, -4)},
        {"translate": "10%,-5"},
        {"scale": (2, 0.5), "expand": True, "interpolation": "nearest"},
    ],
    "perspective": [
        {"from_": (3, 4, 30, 2, 28, 20, 1, 22)},
        {"to": (3, 4, 30, 2, 28, 20, 1, 22), "size": (32, 24), "border": "wrap"},
        {"from_": (3, 4, 30, 2, 28, 20, 1, 22), "to": (0, 0, 40, 0, 40, 30, 0, 30), "interpolation": "bicubic"},
    ],
    "flip": [{}, *({"op": op} for op in ("top-bottom", "both", "transpose", "transverse")), {"linear": True}],
    "crop": [
        {"size": (7, 5)},
        {"size": 6, "at": (2, 3)},
        {"ratio": 0.75, "place": (0, 1)},
        {"area": 0.3, "ratio": 2},
        {"size": (200, 100), "pad": True, "fill": (1, 2, 250)},
        {"size": 9, "at": (-3, -4), "pad": True, "border": "reflect", "depth": "16"},
    ],
    "pad": [
        {"size": 3},
        {"size": (1, 2, 3, 4), "border": "mirror"},
        {"to": (300, 200), "fill": 20.5},
        {"to": 256, "place": (0, 1), "fill": (9, 8, 7), "linear": True},
    ],
}


def words(call):
    """Write a Python call's arguments as a command line's."""
    for name, value in call.items():
        yield f"--{name.rstrip('_').replace('_', '-')}"
        if value is not True:
            yield ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def shown(case):
    return " ".join([case[0], *words(case[1])])


def cases():
    """Every operator of every filter, and the calls above."""
    for name in catalog.names():
        parameters = catalog.load(name).spec.parameters
        operators = parameters["op"].choices if "op" in parameters else ()
        yield from ((name, NEEDED.get(name, {}) | {"op": op}) for op in operators)
        yield from ((name, call) for call in CALLS.get(name, [] if operators else [{}]))


@pytest.mark.parametrize("case", list(cases()), ids=shown)
@pytest.mark.each("mode", ["rgb", "gray"])
def test_the_command_gives_what_the_function_gives(ok, load, rgb, gray, case, mode):
    name, call = case
    array = {"rgb": rgb, "gray": gray}[mode]
    Image.fromarray(array).save("in.png")
    expected = getattr(importlib.import_module(f"imfilter.filters.{name}"), name)(array, **call, name="in.png")
    expected = getattr(expected, "image", expected).squeeze()
    ok(name, "in.png", "-o", "out.tif", *words(call))
    found = load("out.tif")
    assert found.dtype == expected.dtype
    if call.get("op") == "structure":
        # The call makes all maps, in float64, the command one, in float32: a half may be rounded either way.
        assert np.abs(found.astype(int) - expected).max() <= 1
        assert (found != expected).mean() < 0.01
        expected = picture_alone(name, array, call)
    assert np.array_equal(found, expected)


def picture_alone(name, array, call):
    """What a filter makes of an image where nobody asks for its maps."""
    checked, own = catalog.load(name).checked(**call), array.dtype.name
    pixels = array if array.ndim == 3 else array[..., None]
    encodings = {"image": encoding("picture", own, own, checked.values["range"], checked.values["gain"])}
    return executor.run(checked.stages(), pixels, encodings, checked.settings()).outputs["image"].samples.squeeze()


@pytest.mark.parametrize("name", ["magnitude", "angle", "gx", "gy"])
@pytest.mark.each("call", [{}, {"op": "farid", "sigma": 2}, {"op": "canny"}, {"norm": "max"}])
def test_maps_are_the_functions_own(ok, load, rgb, name, call):
    Image.fromarray(rgb).save("in.png")
    expected = importlib.import_module("imfilter.filters.edges").edges(rgb, **call)
    ok("edges", "in.png", f"--{name}", "map.npy", *words(call))
    assert np.array_equal(load("map.npy"), getattr(expected, name).squeeze())


@pytest.mark.parametrize("name", ["strength", "orientation", "coherence"])
def test_maps_of_the_structure_are_the_functions_own(ok, load, rgb, name):
    """Whose call makes all maps, and so takes float64 where a map alone may take float32."""
    Image.fromarray(rgb).save("in.png")
    expected = importlib.import_module("imfilter.filters.edges").edges(rgb, op="structure", rho=1.5)
    values = getattr(expected, name).squeeze().astype(float)
    ok("edges", "in.png", "--op", "structure", "--rho", "1.5", f"--{name}", "map.npy")
    np.testing.assert_allclose(load("map.npy"), values, rtol=1e-5, atol=1e-4)
    ok("edges", "in.png", "--op", "structure", "--rho", "1.5", f"--{name}", "map.png")
    scaled = {"strength": np.minimum(values, 255), "orientation": values * 256 / 180, "coherence": values * 255}[name]
    off = (load("map.png") - np.floor(scaled + 0.5)) % 256
    assert (off > 0).mean() < 1e-3


@pytest.mark.each("depth", [8, 16])
@pytest.mark.each(
    "call", [("blur", {}), ("blur", {"sigma": 0}), ("sharpen", {}), ("noise", {}), ("morph", {}), ("pool", {})]
)
def test_an_alpha_is_the_functions_own(ok, load, rgb, call, depth):
    """Also where nothing is changed, and the colours of what is transparent stay."""
    alpha = np.random.default_rng(3).choice([0, 80, 255], rgb.shape[:2])
    array = (np.dstack([rgb, alpha]) * (257 if depth == 16 else 1)).astype(f"uint{depth}")
    imwrite("in.png", array)
    name, values = call
    ok(name, "in.png", "-o", "out.png", *words(values))
    expected = getattr(importlib.import_module(f"imfilter.filters.{name}"), name)(
        imread("in.png"), **values, name="in.png"
    )
    assert np.array_equal(imread("out.png"), expected)
    assert expected.dtype == array.dtype


CHAINS = [
    [("blur", {"sigma": 1.5}), ("edges", {"op": "scharr"})],
    [("blur", {"op": "median"}), ("sharpen", {"amount": 2.0, "depth": "16"})],
    [("edges", {"threshold": 100.0}), ("morph", {"op": "dilate"}), ("pool", {"op": "avg"})],
    [("blur", {"linear": True}), ("noise", {"seed": 4}), ("blur", {"channels": "luma"})],
    [("conv", {"kernel": "emboss", "bias": 30.0}), ("frequency", {"cutoff": 0.2})],
    [("rotate", {"angle": 20.0, "expand": True}), ("blur", {"sigma": 1.5})],
    [("perspective", {"from_": (3.0, 4.0, 30.0, 2.0, 28.0, 20.0, 1.0, 22.0)}), ("affine", {"scale": 2.0})],
    [("blend", {"other": "teal", "op": "difference"}), ("blur", {}), ("blend", {"other": "red", "opacity": 0.5})],
    [("edges", {"overlay": "lime"}), ("blur", {"channels": "G"}), ("sharpen", {"channels": "R"})],
]


@pytest.mark.each("steps", CHAINS)
@pytest.mark.each("mode", ["rgb", "gray", "rgba"])
def test_a_chain_gives_what_the_chain_command_gives(ok, rgb, gray, steps, mode):
    alpha = np.random.default_rng(3).choice([0, 80, 255], rgb.shape[:2]).astype(np.uint8)
    array = {"rgb": rgb, "gray": gray, "rgba": np.dstack([rgb, alpha])}[mode]
    imwrite("in.png", array)
    own = chain(*(catalog.load(name).step(**values) for name, values in steps))
    expected = own(array, name="in.png")
    expected = getattr(expected, "image", expected)
    ok("chain", "in.png", "-o", "out.tif", *(shlex.join([name, *words(values)]) for name, values in steps))
    own.save("own.toml")
    ok("run", "own.toml", "in.png", "-o", "run.tif")
    for found in ("out.tif", "run.tif"):
        assert np.array_equal(imread(found), expected)


@pytest.mark.parametrize("words", [("--border", "replicate"), ("--border", "NEAREST"), ("--border", "edge")])
def test_aliases_mean_the_same(ok, load, png, words):
    ok("blur", "a.png", "-o", "one.png", "--border", "nearest", "--sigma", "3")
    ok("blur", "a.png", "-o", "two.png", *words, "--sigma", "3")
    assert np.array_equal(load("one.png"), load("two.png"))
