"""The obvious forms give the same as the compiled core: every operator, sample type, border and kind of image."""

import itertools
from typing import Any

import numpy as np
import pytest
from imfilter import denoise
from imfilter.filters.core import catalog, native
from imfilter.filters.core.engine.borders import BORDERS

from .needed import NEEDED

pytestmark = pytest.mark.skipif(native.core is None, reason="needs the compiled core")

KERNEL = "0 1 2 0 -3; 1 4 -5 2 1; 0 2 3 1 0.5"
TILTED = NEEDED["perspective"]
VALUES: dict[str, list[dict[str, Any]]] = {
    "affine": [
        {"angle": 100, "scale": (0.7, 1.3), "shear": (10, 0), "interpolation": "bicubic"},
        {"translate": (3, -2)},
        {"translate": ("10%", 2.5), "angle": -5, "center": (3, 40)},
        {"scale": 2.5, "expand": True, "interpolation": "nearest"},
    ],
    "blur": [
        *({"sigma": sigma} for sigma in (0.4, (3.3, 1.2), 12)),
        *({"sigma": 2, "algorithm": name} for name in ("direct", "separable", "fourier")),
        *({"op": "mean", "size": 6, "algorithm": name} for name in ("direct", "separable", "running")),
        *({"op": "median", "size": size} for size in ((5, 4), 9, 15)),
        {"op": "percentile", "size": (2, 3), "percentile": 30},
        *({"op": op, "size": (4, 7)} for op in ("min", "max", "mode")),
        {"op": "bilateral", "sigma": 1, "range_sigma": 0.02},
        {"op": "guided", "radius": (3, 2), "guide": "channel"},
        {"op": "nlm", "radius": 4, "patch": 3},
        {"op": "disk", "radius": 9.5},
    ],
    "conv": [
        {"kernel": KERNEL},
        {"kernel": KERNEL, "mode": "convolve", "anchor": (0, 0), "range": "offset"},
        {"kernel": KERNEL, "stride": (3, 1), "dilation": (2, 3)},
        {"kernel": KERNEL, "padding": (2, 1, 0, 3), "stride": (2, 3)},
        {"kernel": "gaussian3", "stride": 2, "algorithm": "separable"},
        {"kernel": KERNEL, "normalize": "abs", "bias": 20, "activation": "relu"},
    ],
    "denoise": [
        {"op": "wavelet", "levels": 2, "size": 5, "noise_sigma": 0.1},
        {"op": "tv", "weight": 0.1, "iterations": 20},
        {"op": "lee", "size": (5, 3), "looks": 4},
    ],
    "edges": [
        *({"op": "sobel", "size": size} for size in (5, 7)),
        *({"op": "sobel", "norm": norm, "thin": True} for norm in ("l1", "max")),
        {"op": "prewitt", "sigma": 1.5, "threshold": 20},
        *({"op": op, "channels": name} for op in ("sobel", "canny") for name in ("each", "max", "di-zenzo")),
    ],
    "erase": [],
    "hough": [{"edges": "nonzero"}, {"sigma": 1, "low": 20}],
    "frequency": [{"shape": shape} for shape in ("ideal", "butterworth")],
    "morph": [
        *({"op": "close", "shape": shape, "size": 5} for shape in ("disk", "cross")),
        {"op": "open", "size": (4, 7), "iterations": 2},
    ],
    "noise": [],
    "perspective": [TILTED | {"interpolation": name, "size": (40, 25)} for name in ("nearest", "bicubic")],
    "pool": [
        {"op": op} | values
        for op in ("max", "min", "avg", "l2")
        for values in ({"size": (3, 2), "dilation": 2}, {"size": 3, "stride": 2, "ceil": True, "padding": 1})
    ],
    "rotate": [{"angle": angle, "expand": True} for angle in (-33, 90, 180)],
    "resize": [
        *({"scale": (1.3, 0.6), "interpolation": name} for name in ("bicubic", "lanczos", "area", "nearest")),
        {"size": (20, 20), "fit": "cover", "antialias": "off"},
        {"size": (20, 20), "fit": "pad"},
    ],
    "sharpen": [{"op": "unsharp", "threshold": 10}, {"op": "adaptive", "channels": "luma"}],
    "tone": [
        {"contrast": 1.3, "saturation": 1.4, "hue": 30, "gamma": 0.8},
        {"saturation": 0.3, "hue": -100},
        {"op": "equalize", "per_channel": True},
        {"op": "clahe", "tiles": (3, 5), "clip": 2, "per_channel": True},
    ],
}
"""Further calls of the filters, in addition to each of their operators."""
every_case = pytest.mark.every_call(VALUES)
SHAPE = 27, 33


@pytest.fixture
def alike(monkeypatch):
    """``alike(name, image, **values)``: check that a filter's results are the same within the bounds, of both cores."""

    def parts(name, image, values):
        answer = catalog.load(name)(image, **values)
        return answer._asdict() if isinstance(answer, tuple) else {"image": answer}

    def alike(name, image, **values):
        found = parts(name, image, values)
        with monkeypatch.context() as patch:
            patch.setattr(native, "core", None)
            expected = parts(name, image, values)
        white = float(np.iinfo(image.dtype).max) if image.dtype.kind == "u" else 1.0
        for field, one in found.items():
            if one is not None:
                assert (one.dtype, one.shape) == (expected[field].dtype, expected[field].shape), field
                bound = {"angle": 0.1, "orientation": 0.1, "coherence": 1e-5}.get(field, 1e-5 * white)
                near(one, expected[field], bound, {"angle": 360, "orientation": 180}.get(field))

    def near(one, other, bound, turn):
        if one.dtype.kind == "u":
            off = np.abs(one.astype(int) - other.astype(int))
            # Each is the exact result but for one pixel in a thousand; of a small image, a few.
            assert off.max(initial=0) <= 1 and np.count_nonzero(off) <= 2 + 2e-3 * off.size
            return
        finite = np.isfinite(other)
        np.testing.assert_array_equal(one[~finite], other[~finite])
        off = np.abs(one[finite].astype(float) - other[finite])
        assert (np.minimum(off, turn - off) if turn else off).max(initial=0) <= bound

    return alike


@every_case
@pytest.mark.each("dtype", ["uint8", "uint16", "float32", "float64"])
def test_every_type_and_kind_of_image(name, values, dtype, alike):
    for channels in ((), (3,), (4,)):
        image = picture((*SHAPE, *channels), dtype)
        if channels == (4,):
            image[3:9, 5:12, 3], image[20:, :, 3] = 0, 1 if image.dtype.kind == "f" else np.iinfo(dtype).max
        alike(name, image, **values)


@every_case
@pytest.mark.each("border", BORDERS)
def test_every_border(name, values, border, alike):
    for dtype, fill in (("uint8", 77), ("float32", 0.3)):
        alike(name, picture((*SHAPE, 3), dtype), border=border, fill=fill, **values)


@every_case
@pytest.mark.each("nan", ["propagate", "ignore", "fill=0.25"])
def test_missing_samples(name, values, nan, alike):
    for dtype, channels in itertools.product(("float32", "float64"), (1, 3, 4)):
        image = picture((*SHAPE, channels), dtype)
        image[4:9, 4:9], image[20, 20], image[15, 8, 0] = np.nan, np.nan, np.nan
        if channels == 4:
            image[..., 3] = 1
            image[3:7, 20:30, 3], image[12:17, :, 3] = 0, 0.5
        alike(name, image, nan=nan, **values)


@every_case
@pytest.mark.each("nan", ["propagate", "ignore"])
def test_an_alpha_that_is_missing(name, values, nan, alike):
    image = picture((*SHAPE, 4), "float32")
    image[5, 5, 3], image[20, 20, 3] = np.nan, np.inf
    alike(name, image, nan=nan, **values)


@every_case
def test_infinite_samples(name, values, alike):
    image = picture((*SHAPE, 3), "float32")
    image[5, 5], image[20, 20, 1] = np.inf, -np.inf
    alike(name, image, **values)


@every_case
def test_however_the_samples_lie_and_however_few_there_are(name, values, alike):
    alike(name, picture((40, 66, 3), "uint8")[::2, ::-2], **values)
    alike(name, picture((3, 21, 22), "uint16").transpose(1, 2, 0), **values)
    if name != "pool" and "padding" not in values:  # nothing may be left
        for shape, dtype in itertools.product(((1, 1), (1, 9), (5, 1, 3), (2, 3, 3)), ("uint8", "float32")):
            alike(name, picture(shape, dtype), **values)


@every_case
def test_other_depths_and_linear_light(name, values, alike):
    image = picture((*SHAPE, 3), "uint16")
    for depth in (8, "float"):
        alike(name, image, depth=depth, **values)
    alike(name, image, linear=True, **values)


def test_the_rounding_of_a_flat_picture_is_not_stretched(monkeypatch):
    image = np.full((21, 27, 5), 200, np.uint8)
    for core in (native.core, None):
        monkeypatch.setattr(native, "core", core)
        found = denoise(image, op="guided", radius=4, epsilon=1e-6, bands=True, range="stretch", depth="16")
        assert found.max() == 0


def picture(shape, dtype):
    rng = np.random.default_rng(3)
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
