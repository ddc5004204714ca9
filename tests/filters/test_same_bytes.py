"""A picture is the same bytes whether its results are measured or not, in any number of threads, and in any strips."""

from typing import Any

import numpy as np
import pytest
from imfilter.filters.core import catalog, native
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.quantize import encoding

from .needed import NEEDED

TILTED = NEEDED["perspective"]
VALUES: dict[str, list[dict[str, Any]]] = {
    "affine": [
        {"angle": 100, "scale": (0.7, 1.3), "shear": (10, 0), "interpolation": "bicubic"},
        {"translate": (3, -2)},
        {"scale": 2.5, "expand": True, "interpolation": "nearest"},
    ],
    "blur": [
        *({"sigma": sigma} for sigma in (2, 8)),
        *({"op": "mean", "size": size, "algorithm": "fourier"} for size in (5, 31)),
        {"sigma": 2, "algorithm": "fourier"},
        *({"op": "mean", "size": size} for size in (2, (6, 5), 33)),
        *({"op": "guided", "radius": radius, "guide": guide} for radius in (2, 9) for guide in ("color", "channel")),
        {"op": "nlm", "radius": 3, "patch": 3},
    ],
    "edges": [{"thin": True}, {"thin": True, "threshold": 20}, {"sigma": 1.5, "norm": "l1"}],
    "erase": [{"op": op, "area": 0.4, "ratio": 2} for op in ("fill", "mean", "noise")],
    "morph": [{"op": "open", "size": (4, 7), "iterations": 2}],
    "perspective": [TILTED | {"interpolation": "bicubic"}],
    "pool": [{"op": "avg", "size": (3, 2), "stride": (2, 3)}],
    "rotate": [{"angle": angle, "expand": True} for angle in (-33, 90, 180)],
    "tone": [
        {"contrast": 1.3, "saturation": 1.4, "hue": 30, "gamma": 0.8},
        {"saturation": 0.3, "hue": -100},
        {"op": "equalize", "per_channel": True},
        {"op": "clahe", "tiles": (3, 5), "clip": 2, "per_channel": True},
    ],
    "resize": [
        *({"scale": 6, "interpolation": name} for name in ("bilinear", "lanczos")),
        *({"scale": 0.3, "interpolation": name} for name in ("lanczos", "area", "nearest")),
        {"size": (20, 20), "fit": "pad"},
    ],
}
WAYS: list[dict[str, Any]] = [{"measure": True}, {"jobs": 3}, {"strip_rows": 5}, {"strip_rows": 37, "measure": True}]


def outputs(name, image, alpha, values, **way):
    filter = catalog.load(name)
    call = filter.checked(**values)
    stages, checked, own = call.stages(), call.values, image.dtype.name
    encodings = {
        field: encoding(kind, own, own, checked["range"], checked["gain"], stages[-1].display)
        for field, kind in filter.kinds.items()
        if field in stages[-1].fields
    }
    return executor.run(stages, image, encodings, call.settings(), alpha, **way).outputs


def check(name, image, alpha, values, ways=WAYS):
    plain = outputs(name, image, alpha, values)
    for way in ways:
        for field, found in outputs(name, image, alpha, values, **way).items():
            one, other = found.samples, plain[field].samples
            assert one.dtype == other.dtype
            kind = f"{image.dtype} {image.shape} {'with alpha ' if alpha is not None else ''}{field} {way}"
            np.testing.assert_array_equal(one, other, err_msg=kind)


def pictures(shape):
    """Random samples, and such as have means next to a half, with and without an alpha."""
    rng = np.random.default_rng(1)
    for dtype in ("uint8", "uint16", "float32"):
        white = 1 if dtype == "float32" else np.iinfo(dtype).max
        alpha = (np.clip(rng.random(shape) * 3 - 1, 0, 1) * white).astype(dtype)
        random, close = rng.random((*shape, 3)) * white, white // 2 + rng.integers(0, 2, (*shape, 3))
        yield close[..., :1].astype(dtype), None
        yield random.astype(dtype), None
        yield close.astype(dtype), alpha


@pytest.mark.parametrize("obvious", [True, False])
@pytest.mark.every_call(VALUES)
def test_every_filter(monkeypatch, obvious, name, values):
    if obvious:
        monkeypatch.setattr(native, "core", None)
    obvious = native.core is None
    monkeypatch.setattr(executor, "STRIP_BYTES", 1)  # strips of 16 rows
    monkeypatch.setattr(executor, "IN_PLACE_BYTES", 1)
    # The obvious forms have the same strips in all ways, and those of some sums would move their last bits.
    for image, alpha in pictures((36, 21) if obvious else (70, 41)):
        check(name, image, alpha, values, WAYS[:2] if obvious else WAYS)


@pytest.mark.parametrize("values", [{"op": "mean", "size": (301, 255)}, {"op": "guided", "radius": 30}, {"sigma": 40}])
def test_windows_of_some_hundred_pixels(values):
    """A mean that is less than a half by 1 part in 100 000 is none."""
    rng = np.random.default_rng(2)
    for dtype, most in (("uint8", 129), ("uint16", 60001)):
        image = rng.integers(most - 1, most, (320, 270, 1), dtype, endpoint=True)
        check("blur", image, None, values, WAYS[:3])
