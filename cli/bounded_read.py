"""Reading from sources that may have no end, such as a pipe or a device, up to a limit."""

from __future__ import annotations

import io
from typing import Any

PIECE = 1 << 20
"""Bytes read at a time."""


class TooLongError(Exception):
    """There is more data than the limit, which the message states."""

    def __init__(self, most: int) -> None:
        super().__init__(amount(most))


def read(file: Any, most: int, head: bytes = b"") -> bytes:
    """Return *head*, which was already read from a binary file, and all that follows; raises TooLongError, OSError.

    Memory grows with the bytes that arrive, and holds only the result.
    """
    whole = io.BytesIO()
    whole.write(head)
    while whole.tell() <= most and (more := file.read(min(PIECE, most + 1 - whole.tell()))):
        whole.write(more)
    if whole.tell() > most:
        raise TooLongError(most)
    return whole.getvalue()


def amount(count: int) -> str:
    """Return a number of bytes in words.

    >>> amount(1 << 20), amount(3 << 30), amount(5_000_000)
    ('1 MiB', '3 GiB', '4.8 MiB')
    """
    unit, size = ("GiB", 1 << 30) if count >= 1 << 30 else ("MiB", 1 << 20)
    return f"{count / size:.1f}".removesuffix(".0") + f" {unit}"
