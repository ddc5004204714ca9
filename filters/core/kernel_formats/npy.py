"""NumPy's own files."""

from __future__ import annotations

import io
import math
import re
import warnings

from ..kernels import Kernel
from ..lazy import Array, np
from .text import AS_WRITTEN, Reading, Text

MAGIC = b"\x93NUMPY"


def recognise(data: bytes) -> bool:
    """NumPy's magic."""
    return data.startswith(MAGIC)


def read(data: bytes, name: str, max_taps: int) -> Reading:
    """Read a matrix of real numbers, or a bank of one: ``(1, 1, height, width)``."""
    text = Text(name, "", max_taps)
    # What the header claims is checked before memory is taken for it.
    claimed = re.search(rb"'shape': *\(([\d, ]{0,80})\)", data[:1000])
    shape = [int(part) for part in claimed[1].replace(b" ", b"").split(b",") if part] if claimed else []
    if math.prod(shape) > max_taps:
        sizes = "×".join(map(str, reversed(shape)))
        raise ValueError(
            f"{name} has {sizes} = {math.prod(shape)} taps; the limit is {max_taps} (--max-taps raises it)"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            array: Array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, TypeError, EOFError, OSError, MemoryError, RecursionError, SyntaxError) as error:
        why = str(error).partition("\n")[0][:200]
        raise text.error(f"is no readable .npy file ({why or type(error).__name__})") from None
    if array.dtype.kind not in "buif":
        raise text.error(f"holds {array.dtype}, a kernel holds real numbers")
    if array.ndim == 4 and array.shape[:2] != (1, 1):
        raise text.error(f"holds a bank of {array.shape[0]}×{array.shape[1]} kernels, conv takes one")
    if array.ndim not in (1, 2, 4) or array.size == 0:
        raise text.error(f"has the shape {array.shape}, a kernel is a matrix")
    try:
        return Reading(Kernel.of(array.reshape(array.shape[-2:])), (AS_WRITTEN,))
    except ValueError as error:
        raise text.error(str(error)) from None
