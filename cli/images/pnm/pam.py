"""PAM: written in 8 or 16 bits, gray, RGB, CMYK or any number of bands, with or without alpha."""

from __future__ import annotations

import io

from ....filters.core.lazy_numpy import np
from ..atomic_write import end_with
from ..codec import Codec, Content
from . import header, samples

TUPLE_TYPES = {"rgb": "RGB", "cmyk": "CMYK", "bands": samples.BANDS}
"""What the colours of a picture are called."""


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file."""
    array = content.samples()
    height, width = array.shape[:2]
    meaning = "GRAYSCALE" if content.pixels.shape[2] == 1 else TUPLE_TYPES[content.colours]
    meaning += "" if content.alpha is None else "_ALPHA"
    lines = [
        "P7",
        *([f"# {content.software}"] if content.software else []),
        f"WIDTH {width}",
        f"HEIGHT {height}",
        f"DEPTH {array.size // (width * height)}",
        f"MAXVAL {np.iinfo(array.dtype).max}",
        f"TUPLTYPE {meaning}",
        "ENDHDR\n",
    ]
    file.write("\n".join(lines).encode())
    end_with(file, array.astype(array.dtype.newbyteorder(">"), copy=False))
    return []


CODEC = Codec(samples.finish, encode, encoding=samples.encoding, stream=samples.stream, extent=header.extent)
