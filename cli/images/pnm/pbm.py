"""PBM: pictures of black and white, a bit each."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ....filters.core.lazy_numpy import Array, np
from .. import plain_canvas
from ..codec import Codec, Content, EncodeOptions
from ..metadata import Metadata
from . import header, samples

if TYPE_CHECKING:
    from ....filters.core.engine.output_buffer import CanvasFactory
    from ..spool import MakeSpool


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file, in which a bit of 1 is black; raises ValueError where a sample is neither black nor white."""
    height, width, _ = content.pixels.shape
    comment = b"# %s\n" % content.software.encode() if content.software else b""
    file.write(b"P4\n%s%d %d\n" % (comment, width, height))
    plain_canvas.end(file, content, _bits)
    return []


def streamed(options: EncodeOptions, metadata: Metadata, spool: MakeSpool) -> CanvasFactory:
    """Return what makes a canvas of bits as they stand in a file."""
    return plain_canvas.streamed(_bits, spool)


def _bits(array: Array) -> Array:
    """Return rows of bits, of which 1 is black; raises ValueError where a sample is neither black nor white."""
    black = array == 0
    if array.dtype != bool and not (black | (array == np.iinfo(array.dtype).max)).all():
        raise ValueError("not every sample is black or white; use threshold, --depth 1, .pgm or .png")
    return np.packbits(black, axis=1)


CODEC = Codec(
    samples.finish,
    encode,
    encoding=samples.encoding,
    stream=samples.stream,
    streamed=streamed,
    streamed_bytes=plain_canvas.streamed_bytes,
    extent=header.extent,
)
