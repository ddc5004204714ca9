"""The values of a TIFF's tags as whole numbers."""

from __future__ import annotations

from ..ifd import Directory
from ..picture import DecodeError


def many(tags: Directory, number: int, *default: int) -> tuple[int, ...]:
    """Return the values of a tag, or the *default*; raises `DecodeError` if they are no whole numbers."""
    if number not in tags:
        return default
    if not (values := tags[number].integers()):
        raise DecodeError(f"is damaged: its tag {number} holds no whole number")
    return values


def one(tags: Directory, number: int, default: int) -> int:
    """Return the first value of a tag."""
    return many(tags, number, default)[0]
