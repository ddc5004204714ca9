"""The alpha of a strip as weights of its pixels."""

from __future__ import annotations

from ..engine.stage import ImageContext
from ..lazy_numpy import Array, np


def opacity_of(alpha: Array | None, context: ImageContext) -> Array | None:
    """Return the opacity of each pixel, 0 to 1, as ``(1, rows, columns)``; None if all are opaque."""
    if alpha is None or (alpha == context.full).all():
        return None
    return np.ascontiguousarray(alpha[..., 0] / alpha.dtype.type(context.full))[None]
