"""What Pillow passes over in an AVIF: samples of more than 8 bits.

After AV1 Image File Format (AVIF), version 1.1.0, and ISO/IEC 23008-12, section 6.5.6, for the property `pixi`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .picture import UnreadableError


def before(data: bytes, width: int, height: int) -> None:
    """Raise `UnreadableError` for samples of more than 8 bits, which Pillow would cut down without a word."""
    at = data.find(b"pixi")
    if at < 0:
        return
    channels = data[at + 8 : at + 9]
    bits = max(data[at + 9 : at + 9 + channels[0]], default=8) if channels else 8
    if bits > 8:
        raise UnreadableError(f"has {bits}-bit samples, which are not read from AVIF; convert it to PNG or TIFF")


def after(data: bytes, image: Any, again: Callable[[bytes], Any]) -> None:
    """Nothing is left to look at: the decoder refuses what is cut off."""
