"""The header of NumPy's ``.npy`` files, read without NumPy, and before memory is allocated for its claims.

Follows NEP 1 and the format's versions 2.0 and 3.0.
"""

from __future__ import annotations

import re
from typing import Any

from .named_tuple import NamedTuple

MAGIC = b"\x93NUMPY"
MAX_HEADER_BYTES = 10_000
"""The longest text of a header, in bytes, as in NumPy."""
ENOUGH = len(MAGIC) + 6 + MAX_HEADER_BYTES
"""The number of bytes that surely contain a file's header."""


class Header(NamedTuple):
    """The contents of a header."""

    shape: tuple[int, ...]
    described: Any
    """The type of the samples, in the notation of the array interface."""
    start: int
    """The position of the samples."""
    fortran_order: bool = False
    """Whether the first index varies fastest."""
    comment: str = ""
    """The text after the header's Python literal."""

    @property
    def words(self) -> list[str]:
        """The comment's words."""
        return self.comment.split()


def read(data: bytes) -> Header:
    r"""Return the header at the start of a file; raises ValueError.

    >>> read(b"\x93NUMPY\1\0\x40\0{'descr': '<f4', 'fortran_order': False, 'shape': (64, 3, 7, 7)}\n")
    Header(shape=(64, 3, 7, 7), described='<f4', start=74, fortran_order=False, comment='')
    """
    if not data.startswith(MAGIC):
        raise ValueError("it has no valid signature")
    version = tuple(data[6:8])
    if len(version) == 2 and version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"its version {version[0]}.{version[1]} is unknown")
    begin = 10 if version == (1, 0) else 12
    length = int.from_bytes(data[8:begin], "little")
    start = begin + length
    if length > MAX_HEADER_BYTES:
        raise ValueError(f"its header of {length} bytes is longer than {MAX_HEADER_BYTES}")
    if len(data) < start or len(version) < 2:
        raise ValueError("its header is cut off")
    text = data[begin:start].decode("utf-8" if version == (3, 0) else "latin-1")
    found = _literal(text)
    if not isinstance(found, dict) or {*found} != {"descr", "fortran_order", "shape"}:
        raise ValueError("its header has no shape, type and order")
    shape = found["shape"]
    if not isinstance(shape, tuple) or not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError(f"its shape is {str(shape)[:40]}")
    if not isinstance(found["fortran_order"], bool):
        raise ValueError("its header has no order")
    return Header(
        shape, found["descr"], start, found["fortran_order"], text.rpartition("}")[2].partition("#")[2].strip()
    )


def _literal(text: str) -> Any:
    """Return the value of a Python literal; raises ValueError."""
    from ast import literal_eval  # 1 ms, only for those who have such a file

    try:
        try:
            return literal_eval(text)
        except SyntaxError:  # Python 2 wrote 3L
            return literal_eval(re.sub(r"(?<=\d)L\b", "", text))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError("its header is not a Python literal") from None
