"""PBM: pictures of black and white, a bit each."""

from __future__ import annotations

import io

from ....filters.core.lazy_numpy import Array, np
from .. import plain_canvas
from ..codec import Content
from . import samples


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file, in which a bit of 1 is black; raises ValueError if a sample is neither black nor white."""
    height, width, _ = content.pixels.shape
    comment = b"# %s\n" % content.software.encode() if content.software else b""
    file.write(b"P4\n%s%d %d\n" % (comment, width, height))
    plain_canvas.end(file, content, _bits)
    return []


def _bits(array: Array) -> Array:
    """Return rows of bits, of which 1 is black; raises ValueError if a sample is neither black nor white."""
    black = array == 0
    if array.dtype != bool and not (black | (array == np.iinfo(array.dtype).max)).all():
        raise ValueError("not every sample is black or white; use threshold, --depth 1, .pgm or .png")
    return np.packbits(black, axis=1)


CODEC = samples.codec(encode, _bits)
