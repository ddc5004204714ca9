"""PFM: gray or RGB as float, the rows from the bottom up; white is 1."""

from __future__ import annotations

import io

from ..codec import Codec, Content
from . import header, samples


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file, little-endian."""
    array = content.samples()
    file.write(b"%s\n%d %d\n-1.0\n" % (b"Pf" if array.ndim == 2 else b"PF", array.shape[1], array.shape[0]))
    file.write(array[::-1].astype("<f4").tobytes())
    file.write(content.software.encode())  # behind the samples, where nobody looks
    return []


CODEC = Codec(samples.finish, encode, encoding=samples.encoding, stream=samples.stream, extent=header.extent)
