"""JPEG decoding with libjpeg-turbo in its strict mode, which turns warnings into errors."""

from __future__ import annotations

from typing import Any

from ....filters.core.lazy_numpy import Array, np
from ..picture import DecodeError
from .segments import END

COLOURS: dict[str, Any] = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
"""Its names for Pillow's modes."""

OUT_OF_ORDER = "is damaged (restart markers are missing or out of order)"


class UnknownSamplingError(Exception):
    """The components have a subsampling that only Pillow supports."""


class EndsEarlyError(DecodeError):
    """The data of a scan, or of an interval between restart markers, end before its last unit."""

    def __init__(self) -> None:
        super().__init__("is truncated (its data end before the picture is complete)")


class BytesLeftError(DecodeError):
    """Bytes are left after the data of a scan or of an interval."""

    def __init__(self) -> None:
        super().__init__("is damaged (data were lost: some remain after the picture is complete)")


def decoded(data: bytes, mode: str, strict: bool = True) -> Array:
    """Return the samples ``(height, width, channels)`` of an image whose mode in Pillow is *mode*."""
    return _decoded(data, COLOURS[mode], strict)


def is_whole(data: bytes, end: int) -> bool:
    """Whether the data of a picture up to *end* are complete; decoding at an eighth of the size takes 3/5 of the time.

    This decides what `exactness.ends` leaves open.
    """
    try:
        _decoded(b"".join([memoryview(data)[:end], END]), "GRAY", True, min_height=1, min_width=1)
    except EndsEarlyError:
        return False
    return True


def _decoded(data: bytes, colours: Any, strict: bool, **size: int) -> Array:
    import simplejpeg

    try:
        pixels = simplejpeg.decode_jpeg(data, colours, strict=strict, **size)
    except ValueError as error:
        words = str(error)
        if "subsampling" in words:
            raise UnknownSamplingError from None
        if "remature end" in words:
            raise EndsEarlyError from None
        if "extraneous" in words:
            raise BytesLeftError from None
        if "RST" in words:
            raise DecodeError(OUT_OF_ORDER) from None
        raise DecodeError(f"is damaged ({words.removeprefix('Corrupt JPEG data: ').rstrip('.')})") from None
    # Files with four components have Adobe's inks, which are stored inverted.
    return np.invert(pixels, out=pixels) if colours == "CMYK" else pixels
