"""Libraries of the extras `formats` and `parquet`, which are heavy and imported only for files that need them."""

from __future__ import annotations

import importlib
from typing import Any

from ...filters.core.lazy_numpy import Array
from . import sample_depth
from .picture import DecodeError


def required(module: str, what: str, extra: str = "formats") -> Any:
    """Return a library; if it is missing, raises `DecodeError`, which says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise DecodeError(f"is {what}, which needs an extra: pip install 'imfilter[{extra}]'") from None


def scaled(samples: Array, bits: int) -> Array:
    """Return unsigned samples of *bits* bits as uint8 or uint16, up to 255 or 65535 and rounded half up."""
    white = (1 << bits) - 1
    full = sample_depth.full_range(white)
    if white < full and samples.max(initial=0) > white:
        raise DecodeError(f"is damaged: a sample is {samples.max()}, but the maximum is {white}")
    return sample_depth.scaled(samples, white, full)
