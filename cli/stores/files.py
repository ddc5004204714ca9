"""Files other than images that a call reads, locally or from a store."""

from __future__ import annotations

import io
from typing import BinaryIO

from ..bounded_read import TooLongError
from .names import is_store


def opened(name: str, most: int) -> BinaryIO:
    """Open a file or an object in a store; raises OSError, and TooLongError if it has more than *most* bytes."""
    if not is_store(name):
        return open(name, "rb")
    from .ahead import Ahead  # few calls read an object
    from .names import without_query

    def check(name: str, head: bytes, size: int, in_parts: bool) -> None:
        if size > most:
            raise TooLongError(most)

    return io.BytesIO(Ahead(check).take(without_query(name))[0])
