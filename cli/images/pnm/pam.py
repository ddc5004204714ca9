"""PAM: written in 8 or 16 bits, gray, RGB, CMYK or any number of bands, with or without alpha."""

from __future__ import annotations

import io

from ....filters.core.lazy_numpy import np
from .. import plain_canvas
from ..codec import Content
from . import samples

TUPLE_TYPES = {"rgb": "RGB", "cmyk": "CMYK", "bands": samples.BANDS}
"""What the colours of a picture are called."""


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file."""
    height, width, colours = content.pixels.shape
    meaning = "GRAYSCALE" if colours == 1 else TUPLE_TYPES[content.colours]
    meaning += "_ALPHA" if content.has_alpha else ""
    lines = [
        "P7",
        *([f"# {content.software}"] if content.software else []),
        f"WIDTH {width}",
        f"HEIGHT {height}",
        f"DEPTH {colours + content.has_alpha}",
        f"MAXVAL {np.iinfo(content.pixels.dtype).max}",
        f"TUPLTYPE {meaning}",
        "ENDHDR\n",
    ]
    file.write("\n".join(lines).encode())
    plain_canvas.end(file, content, samples.big_endian)
    return []


CODEC = samples.codec(encode, samples.big_endian)
