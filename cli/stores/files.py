"""Files that a call reads beside its images, wherever they lie."""

from __future__ import annotations

import io
from typing import BinaryIO

from ..bounded_read import TooLongError
from .names import is_store


def opened(name: str, most: int) -> BinaryIO:
    """Open a file, or what an object in a store holds; raises OSError, and TooLongError for one of more bytes."""
    if not is_store(name):
        return open(name, "rb")
    from .ahead import Ahead  # few calls read one
    from .names import without_query

    def check(name: str, head: bytes, size: int) -> None:
        if size > most:
            raise TooLongError(most)

    return io.BytesIO(Ahead(check).take(without_query(name))[0])
