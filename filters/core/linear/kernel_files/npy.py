"""NumPy's own files."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Sequence

from ...lazy_numpy import Array, np
from ..kernel_reading import Reading
from ..kernels import Kernel
from .text import AS_WRITTEN, Text

MAGIC = b"\x93NUMPY"


def recognise(data: bytes) -> bool:
    """NumPy's magic."""
    return data.startswith(MAGIC)


def claimed(data: bytes) -> tuple[int, ...]:
    r"""Return the shape that a file's beginning claims; empty where it is no such file.

    >>> claimed(b"\x93NUMPY... {'descr': '<f4', 'fortran_order': False, 'shape': (64, 3, 7, 7), }")
    (64, 3, 7, 7)
    """
    found = re.search(rb"'shape': *\(([\d, ]{0,80})\)", data[:1000]) if recognise(data) else None
    return tuple(int(part) for part in found[1].replace(b" ", b"").split(b",") if part) if found else ()


def check_many(name: str, shape: Sequence[int], max_taps: int) -> None:
    """Raise ValueError where an array of *shape* has more taps than the limit."""
    if math.prod(shape) > max_taps:
        sizes = "×".join(map(str, reversed(shape)))
        raise ValueError(
            f"{name} has {sizes} = {math.prod(shape)} taps; the limit is {max_taps} (--max-taps raises it)"
        )


def array(data: bytes, name: str, max_taps: int) -> Array:
    """Return the array of real numbers that a file holds; raises ValueError."""
    text = Text(name, "", max_taps)
    # What the header claims is checked before memory is taken for it.
    check_many(name, claimed(data), max_taps)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values: Array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, TypeError, EOFError, OSError, MemoryError, RecursionError, SyntaxError) as error:
        why = str(error).partition("\n")[0][:200]
        raise text.error(f"is no readable .npy file ({why or type(error).__name__})") from None
    if values.dtype.kind not in "buif":
        raise text.error(f"holds {values.dtype}, a kernel holds real numbers")
    return values


def read(data: bytes, name: str, max_taps: int) -> Reading:
    """Read a matrix of real numbers, or a bank of one: ``(1, 1, height, width)``."""
    text, matrix = Text(name, "", max_taps), array(data, name, max_taps)
    if not 1 <= matrix.ndim <= 4 or math.prod(matrix.shape[:-2]) != 1 or matrix.size == 0:
        raise text.error(
            f"has the shape {matrix.shape}; a kernel is (height, width), a bank of them (out, in, height, width)"
        )
    try:
        return Reading(Kernel.of(matrix.reshape(matrix.shape[-2:])), (AS_WRITTEN,))
    except ValueError as error:
        raise text.error(str(error)) from None
