"""PFM: gray or RGB as float, the rows from the bottom up; white is 1."""

from __future__ import annotations

import io

from ....filters.core.lazy_numpy import Array
from .. import plain_canvas
from ..atomic_write import end_with_bytes
from ..codec import Content
from . import samples


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file, little-endian."""
    shape = content.shape
    file.write(b"%s\n%d %d\n-1.0\n" % (b"Pf" if len(shape) == 2 else b"PF", shape[1], shape[0]))
    plain_canvas.end(file, content, _little_endian, upward=True)
    end_with_bytes(file, content.software.encode())  # after the samples, where nobody looks
    return []


def _little_endian(array: Array) -> Array:
    return array.astype("<f4", copy=False)


CODEC = samples.codec(encode, _little_endian, upward=True)
