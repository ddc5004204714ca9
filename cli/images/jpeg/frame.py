"""The unsupported kinds of JPEG, each refused by name.

After ITU-T T.81, table B.1, for the coding processes, and T.87 for JPEG-LS.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..picture import DecodeError
from .extent import APPLICATION_1
from .segments import FRAMES, START_OF_SCAN, Segment

LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
HIERARCHICAL = frozenset({0xC5, 0xC6, 0xCD, 0xCE})
HIERARCHY = 0xDE
"""The marker that begins a hierarchical sequence of frames."""
JPEG_LS = 0xF7
BITS = 8
EXIF, MOST_EXIF = b"Exif\0", 256


def check(found: Iterable[Segment]) -> None:
    """Raise `DecodeError` for a file that libjpeg cannot decode to 8 bits."""
    exif = 0
    for marker, _, body, _ in found:
        exif += marker == APPLICATION_1 and body[: len(EXIF)] == EXIF
        if exif > MOST_EXIF:  # Pillow copies all earlier ones for each
            raise DecodeError(f"is damaged (it has more than {MOST_EXIF} segments of EXIF)")
        if marker == JPEG_LS:
            raise DecodeError(
                "is a JPEG-LS file, which is not supported; convert it to PNG, for example with ffmpeg or charls"
            )
        if marker == HIERARCHY or marker in HIERARCHICAL:
            raise DecodeError("is a hierarchical JPEG, which is not supported; convert it to PNG")
        if marker in FRAMES:
            bits = body[0] if body else BITS
            if marker in LOSSLESS:
                raise DecodeError(f"is a lossless JPEG of {bits} bits, which is not supported; {_advice()}")
            if bits != BITS:
                raise DecodeError(f"is a JPEG of {bits}-bit samples, which are not supported; {_advice()}")
        if marker == START_OF_SCAN:
            return


def _advice() -> str:
    """Return a way to convert it: libjpeg-turbo reads these since version 3."""
    return "convert it with libjpeg-turbo 3: djpeg -pnm -outfile out.ppm in.jpg"
