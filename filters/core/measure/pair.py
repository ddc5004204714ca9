"""Two arrays as comparable images."""

from __future__ import annotations

from typing import Any

from ..engine.array_image import one_image
from ..engine.layout import with_alpha
from ..engine.quantize import FULL
from ..lazy_numpy import Array
from ..parameters import ImageError, ParameterError


def pair(a: Any, b: Any) -> tuple[Array, Array]:
    """Return two images as ``(height, width, channels)``; raises `ImageError` if they differ in shape or dtype."""
    one, other = (_array(image) for image in (a, b))
    if one.shape != other.shape or one.dtype != other.dtype:
        shapes = " and ".join(f"{array.shape} of {array.dtype.name}" for array in (one, other))
        raise ImageError(f"the images must have the same shape and type, not {shapes}")
    return one, other


def _array(image: Any) -> Array:
    found = one_image(image)
    return found.pixels if found.alpha is None else with_alpha(found.pixels, found.alpha)


def peak_of(image: Array, peak: float | None) -> float:
    """Return white; raises `ParameterError` if it is not given for floats."""
    if peak is not None:
        if not 0 < peak < float("inf"):
            raise ParameterError("peak", f"{peak!r} is not a positive number")
        return peak
    if image.dtype.kind == "f":
        raise ParameterError("peak", "is required for float images; give white, e.g. peak=1.0")
    return FULL[image.dtype.name]
