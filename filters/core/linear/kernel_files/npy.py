"""NumPy's own files."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ... import npy_header, npy_samples
from ...lazy_numpy import Array
from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Text


def recognise(data: bytes) -> bool:
    """NumPy's magic."""
    return data.startswith(npy_header.MAGIC)


def check_many(name: str, shape: Sequence[int], max_taps: int) -> None:
    """Raise ValueError if an array of *shape* has more taps than the limit."""
    if math.prod(shape) > max_taps:
        sizes = "×".join(map(str, reversed(shape)))
        raise ValueError(
            f"{name} has {sizes} = {math.prod(shape)} taps; the limit is {max_taps} (--max-taps raises it)"
        )


def array(data: bytes, name: str, max_taps: int) -> Array:
    """Return the array of real numbers in a file; raises ValueError."""
    text = Text(name, "", max_taps)
    try:
        # The header's claims are checked before memory is allocated for them.
        header = npy_header.read(data)
    except ValueError as error:
        raise text.error(f"is not a readable .npy file ({error})") from None
    check_many(name, header.shape, max_taps)
    try:
        values = npy_samples.read(data, header)
    except ValueError as error:
        raise text.error(f"is not a readable .npy file ({error})") from None
    if values.dtype.kind not in "buif":
        raise text.error(f"holds {values.dtype}; a kernel must hold real numbers")
    return values


def read(data: bytes, name: str, max_taps: int) -> Reading:
    """Read a matrix of real numbers, or a bank of one kernel: ``(1, 1, height, width)``."""
    text, matrix = Text(name, "", max_taps), array(data, name, max_taps)
    if not 1 <= matrix.ndim <= 4 or math.prod(matrix.shape[:-2]) != 1 or matrix.size == 0:
        raise text.error(
            f"has the shape {matrix.shape}; a kernel is (height, width), a filter bank (out, in, height, width)"
        )
    try:
        return Reading(Kernel.of(matrix.reshape(matrix.shape[-2:])), (AS_WRITTEN,))
    except ValueError as error:
        raise text.error(str(error)) from None
