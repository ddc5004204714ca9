"""A picture as a PNG, for the terminals that take one."""

from __future__ import annotations

import io

from ...filters.core.lazy_numpy import Array
from ..images import encode, formats
from ..images.codec import EncodeOptions
from ..images.metadata import Metadata


def png(dots: Array) -> bytes:
    """Return the file of ``dots (rows, columns, 3)`` of uint8."""
    file = io.BytesIO()
    encode.write(file, dots, None, formats.FORMATS["png"], Metadata(), EncodeOptions())
    return file.getvalue()
