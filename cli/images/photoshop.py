"""Photoshop's image resources, including IPTC: those about the picture, but not about the old file.

After Adobe Photoshop File Formats Specification (2019), section Image Resources, and IPTC-IIM 4.2.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping

SIGNATURE = b"Photoshop 3.0\0"
"""The beginning of its JPEG segment."""
MARK = b"8BIM"
IPTC, COPYRIGHT_FLAG, URL, DIGEST = 0x0404, 0x040A, 0x040B, 0x0425
KEPT = (IPTC, COPYRIGHT_FLAG, URL)
"""Resources valid for the result; others, such as thumbnail, resolution, layers and guides, are of the old file."""
WORK_PATH, CLIPPING_PATH = 0x0401, 0x0BB7
PATHS = frozenset({WORK_PATH, *range(0x07D0, 0x0BB7), CLIPPING_PATH})
"""Resources that people draw: outlines to cut the picture out along."""
DATA_SET = 0x1C
"""The byte that begins a data set of IPTC."""
PREVIEWS = frozenset({(2, 200), (2, 201), (2, 202)})
"""Data sets that show the old picture."""
EXTENDED = 0x8000
"""The bit of a length that says how many bytes hold the length."""


def kept(data: bytes, notes: list[str]) -> dict[int, bytes]:
    """Return the resources valid for a filtered picture; raises ValueError if they are cut off."""
    resources = dict(_resources(data))
    tell_of_paths(resources, notes)
    found = {number: body for number, body in resources.items() if number in KEPT}
    if IPTC in found:
        found |= of_iptc(found.pop(IPTC))
    return found


def tell_of_paths(resources: Iterable[int], notes: list[str]) -> None:
    """Note that outlines were not kept, if there are some among the *resources* of a file."""
    if any(number in PATHS for number in resources):
        notes.append("its Photoshop paths were not kept")


def of_iptc(iptc: bytes) -> dict[int, bytes]:
    """Return the resources of IPTC alone."""
    body = _without_previews(iptc)
    return {IPTC: body} if body.strip(b"\0") else {}


def block(resources: Mapping[int, bytes]) -> bytes:
    """Return resources as stored in files; with IPTC goes the digest that shows programs whether it was changed."""
    all = dict(resources)
    if IPTC in all:
        all[DIGEST] = hashlib.md5(all[IPTC], usedforsecurity=False).digest()
    parts = (
        MARK + struct.pack(">HHI", number, 0, len(body)) + body + b"\0" * (len(body) % 2)
        for number, body in sorted(all.items())
    )
    return b"".join(parts)


def _resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 12 <= len(data):
        if data[at : at + 4] != MARK:
            raise ValueError("it holds something else")
        (number, name) = struct.unpack_from(">HB", data, at + 4)
        at += 6 + name + 1 + (name + 1) % 2
        length = int.from_bytes(data[at : at + 4])
        at += 4
        if at + length > len(data):
            raise ValueError("it is cut off")
        yield number, data[at : at + length]
        at += length + length % 2


def _without_previews(iptc: bytes) -> bytes:
    parts, at = [], 0
    while at + 5 <= len(iptc) and iptc[at] == DATA_SET:
        record, number, length = struct.unpack_from(">BBH", iptc, at + 1)
        end = at + 5
        if length & EXTENDED:
            size = length & ~EXTENDED
            length = int.from_bytes(iptc[end : end + size])
            end += size
        end += length
        if end > len(iptc):
            raise ValueError("a text of its IPTC is cut off")
        if (record, number) not in PREVIEWS:
            parts.append(iptc[at:end])
        at = end
    return b"".join(parts)
