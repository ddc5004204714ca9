"""The header information of a PNG, whose pixels are skipped."""

from __future__ import annotations

import struct
from typing import Any

from ..description import Description, of_picture
from ..metadata import SIDEWAYS
from ..picture import Decode, DecodeError, DecodeOptions
from . import apng, integrity
from .chunks import HEADER, OVERHEAD, SIGNATURE, Header, header

PIXELS = (b"IDAT", b"fdAT")


def describe(data: Any, options: DecodeOptions, decode: Decode) -> Description | None:
    """Return the description of a file; None for an animation, whose frames provide it."""
    told, beside = beside_pixels(data)
    if any(name == b"acTL" for name, _ in beside):
        return None
    integrity.check_header(told, len(data))
    probe = apng.probe_of(told, b"".join(chunk for _, chunk in beside), decode)
    width, height = told.width, told.height
    if probe.orientation in SIDEWAYS:
        width, height = height, width
    return of_picture(probe)._replace(width=width, height=height)


def beside_pixels(data: Any) -> tuple[Header, list[tuple[bytes, bytes]]]:
    """Return the header of a file, and its other chunks except pixels, up to IEND; raises `DecodeError`.

    *data* are bytes, or an object whose slices read from a file.
    """
    at = len(SIGNATURE) + OVERHEAD + HEADER.size
    start = data[:at]
    if len(start) < at or start[len(SIGNATURE) + 4 :][:4] != b"IHDR":
        raise DecodeError("is damaged: it begins like a PNG file, but not with an IHDR chunk")
    found: list[tuple[bytes, bytes]] = []
    number = 0
    while len(head := data[at : at + 8]) == 8:
        length, name = struct.unpack(">I4s", head)
        end = at + length + OVERHEAD
        if name == b"IEND" or not name.isalpha():
            break
        integrity.check_count(number, len(data))
        if name not in PIXELS:
            found.append((bytes(name), bytes(data[at:end])))
        at, number = end, number + 1
    return header(start), found
