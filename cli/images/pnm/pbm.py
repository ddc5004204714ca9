"""PBM: pictures of black and white, a bit each."""

from __future__ import annotations

import io

from ....filters.core.lazy_numpy import np
from ..atomic_write import end_with
from ..codec import Codec, Content
from . import header, samples


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file, in which a bit of 1 is black; raises ValueError where a sample is neither black nor white."""
    array = content.samples()
    black = array == 0
    if array.dtype != bool and not (black | (array == np.iinfo(array.dtype).max)).all():
        raise ValueError("not every sample is black or white; use threshold, --depth 1, .pgm or .png")
    comment = b"# %s\n" % content.software.encode() if content.software else b""
    file.write(b"P4\n%s%d %d\n" % (comment, array.shape[1], array.shape[0]))
    end_with(file, np.packbits(black, axis=1))
    return []


CODEC = Codec(samples.finish, encode, encoding=samples.encoding, stream=samples.stream, extent=header.extent)
