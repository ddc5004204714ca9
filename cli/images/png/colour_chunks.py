"""The chunks in which a PNG describes its colours, read and written.

After Portable Network Graphics (PNG) Specification, third edition, W3C 2025, sections 4.3 and 11.3.2. The order
of precedence is cICP, iCCP, sRGB, gAMA and cHRM.
"""

from __future__ import annotations

import struct

from ..colour_description import NOTHING, CodePoints, ColourDescription
from . import chunks

SIZES = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"mDCV": 24, b"cLLI": 8}
LARGEST = (1 << 31) - 1


def read(data: bytes, notes: list[str]) -> ColourDescription:
    """Return a file's description of its colours; damaged chunks, and those after the pixels, are left out."""
    found: dict[bytes, bytes] = {}
    for name, body, _ in chunks.read(data):
        if name == b"IDAT":
            break
        if name in SIZES and name not in found:
            found[name] = bytes(body)
    whole = {name: body for name, body in found.items() if len(body) == SIZES[name]}
    given = NOTHING
    if b"cICP" in whole:
        given = given._replace(code_points=CodePoints(*whole[b"cICP"]))
    if b"sRGB" in whole and whole[b"sRGB"][0] < 4:
        given = given._replace(intent=whole[b"sRGB"][0])
    if b"gAMA" in whole and 0 < (gamma := int.from_bytes(whole[b"gAMA"])) <= LARGEST:
        given = given._replace(gamma=gamma)
    if b"cHRM" in whole:
        given = given._replace(white_and_primaries=struct.unpack(">8I", whole[b"cHRM"]))
    given = given._replace(mastering=whole.get(b"mDCV", b""), light_levels=whole.get(b"cLLI", b""))
    if lost := [name.decode() for name in found if name not in whole]:
        notes.append(f"its chunk {', '.join(lost)} is damaged and was not kept")
    return given


def encoded(colour: ColourDescription, profile: bool) -> list[tuple[bytes, bytes]]:
    """Return the chunks in order of precedence; with a *profile* there is no sRGB."""
    found: list[tuple[bytes, bytes]] = []
    if colour.code_points is not None:
        found.append((b"cICP", bytes(colour.code_points)))
    if colour.mastering:
        found.append((b"mDCV", colour.mastering))
    if colour.light_levels:
        found.append((b"cLLI", colour.light_levels))
    if colour.intent is not None and not profile:
        found.append((b"sRGB", bytes((colour.intent,))))
    if colour.gamma:
        found.append((b"gAMA", struct.pack(">I", colour.gamma)))
    if colour.white_and_primaries:
        found.append((b"cHRM", struct.pack(">8I", *colour.white_and_primaries)))
    return found
