"""PGM and PPM: written raw, in 8 or 16 bits."""

from __future__ import annotations

import io

from ....filters.core.lazy_numpy import np
from .. import plain_canvas
from ..codec import Content
from . import samples


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write the samples directly, most significant byte first: saves 50 ms at 12 MP compared with a Pillow image."""
    shape = content.shape
    kind, white = b"P5" if len(shape) == 2 else b"P6", np.iinfo(content.pixels.dtype).max
    comment = b"# %s\n" % content.software.encode() if content.software else b""
    file.write(b"%s\n%s%d %d\n%d\n" % (kind, comment, shape[1], shape[0], white))
    plain_canvas.end(file, content, samples.big_endian)
    return []


CODEC = samples.codec(encode, samples.big_endian)
