"""Unpacking runs with Pillow's C decoders, for formats that are read without its plugins."""

from __future__ import annotations

import contextlib
from typing import Any

from PIL import Image

from ...filters.core.lazy_numpy import Array, np
from .picture import DecodeError, DecodeOptions

A_BYTE = 128
"""Most bytes per packed byte."""


def unpacked(
    decoder: str,
    shape: tuple[int, int],
    data: bytes,
    options: DecodeOptions,
    notes: list[str],
    *settings: Any,
    mode: str = "L",
) -> Array:
    """Return rows and columns of samples in a Pillow *mode*, unpacked by its *decoder*.

    Missing data are an error; with ``--lenient``, if there is at least one row, they are 0, with a note. The caller has
    checked the size.
    """
    height, width = shape
    if width * height > A_BYTE * max(len(data), 1):
        raise DecodeError(f"is damaged or truncated (it declares {width * height} samples in {len(data)} bytes)")

    def rows(number: int, padding: int = 0) -> Array | None:
        """Return the first rows, None if the data end before them."""
        with contextlib.suppress(ValueError, OSError):
            packed = data + bytes(padding)
            return np.asarray(Image.frombytes(mode, (width, number), packed, decoder, mode, *settings))
        return None

    if (found := rows(height)) is not None:
        return found
    damage = "is damaged or truncated (its packed rows end early)"
    if not options.lenient or rows(1) is None or (found := rows(height, 2 * width * height + 2)) is None:
        raise DecodeError(damage)
    notes.append(f"{damage}; the readable part was used")
    return found


def plain(data: bytes, at: int, needed: int, options: DecodeOptions, notes: list[str], row: int) -> Array:
    """Return *needed* bytes from a place, *row* bytes per row; missing ones are treated as in `unpacked`."""
    there = max(min(len(data) - at, needed), 0)
    found = np.frombuffer(data, np.uint8, there, min(at, len(data)))
    if there == needed:
        return found
    if not options.lenient or there < row:
        raise DecodeError(f"is damaged or truncated ({there} of {needed} bytes of pixels)")
    notes.append(f"is damaged or truncated ({there} of {needed} bytes of pixels); the readable part was used")
    return np.concatenate([found, np.zeros(needed - there, np.uint8)])
