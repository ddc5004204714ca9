"""The samples of NumPy's ``.npy`` files, read by their header; NumPy's own reader would parse the header again."""

from __future__ import annotations

import math
import re

from .lazy_numpy import Array, np
from .npy_header import Header

SIMPLE = r"[<>|=]?[a-zA-Z]\d*"
"""The pattern of a type of single numbers or words."""


def read(data: bytes, header: Header) -> Array:
    """Return a copy of the array after a file's header; raises ValueError."""
    return view(data, header).copy()


def view(data: bytes, header: Header) -> Array:
    """Return the array as a view of the file's bytes; raises ValueError."""
    dtype = dtype_of(header)
    count = math.prod(header.shape)
    held, needed = len(data) - header.start, count * dtype.itemsize
    if held < needed:
        raise ValueError(f"it holds {held} of {needed} bytes of samples")
    flat = np.frombuffer(data, dtype, count, header.start) if needed else np.zeros(count, dtype)
    if header.fortran_order:
        return flat.reshape(header.shape[::-1]).T
    return flat.reshape(header.shape)


def dtype_of(header: Header) -> np.dtype:
    """Return the type of the samples; raises ValueError for records, and for objects, which could run code."""
    described = header.described
    if not isinstance(described, str) or not re.fullmatch(SIMPLE, described):
        raise ValueError(f"its samples are {str(described)[:40]}, not numbers")
    try:
        dtype = np.dtype(described)
    except (TypeError, ValueError):
        raise ValueError(f"its samples have the unknown type {described[:40]}") from None
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are never loaded")
    return dtype
