"""Libraries of the extra `formats`, which are heavy and imported only for files that need them."""

from __future__ import annotations

import importlib
from typing import Any

from ...filters.core.lazy_numpy import Array, np
from .picture import DecodeError


def required(module: str, what: str) -> Any:
    """Return a library; raises `DecodeError`, which says how to install it, where it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise DecodeError(f"is {what}, which needs an extra: pip install 'imfilter[formats]'") from None


def scaled(samples: Array, bits: int) -> Array:
    """Return unsigned samples of *bits* bits as uint8 or uint16, up to 255 or 65535 and rounded half up."""
    white, full = (1 << bits) - 1, 255 if bits <= 8 else 65535
    dtype = np.uint8 if bits <= 8 else np.uint16
    if white == full:
        return samples.astype(dtype, copy=False)
    if samples.max(initial=0) > white:
        raise DecodeError(f"is damaged: a sample is {samples.max()}, and {white} the maximum")
    levels = (2 * full * np.arange(white + 1, dtype=np.uint64) + white) // (2 * white)
    return levels.astype(dtype)[samples]
