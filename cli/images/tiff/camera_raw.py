"""Distinguishing raw camera files from TIFFs: the first page is a thumbnail, or the samples are a sensor's.

DNG (Adobe), NEF, ARW, CR2, PEF, SRW and others have the form of TIFFs. They must be developed: the colours of a mosaic
are interpolated, balanced and converted, which is the task of other programs.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from typing import Any

from .. import ifd
from ..picture import DecodeError
from ..tiff_tags import (
    COMPRESSION,
    DNG_VERSION,
    MAKE,
    NEW_SUBFILE_TYPE,
    PHOTOMETRIC,
    SUB_DIRECTORIES,
)

MOSAIC, LINEAR = 32803, 34892
"""The photometric interpretations of a sensor's samples: one colour per pixel, or all, before any balance."""
OF_CAMERAS = {32767: "ARW", 32769: "raw", 32770: "SRW", 34713: "NEF", 65000: "DCR", 65535: "PEF"}
"""The compressions that only cameras use, and their file types."""
REDUCED = 1
DIRECTORIES, ENTRIES = 32, 2048
"""Most directories and entries that are examined: no camera writes more."""
MAKERS = {b"NIKON": "NEF", b"SONY": "ARW", b"PENTAX": "PEF", b"RICOH": "PEF", b"SAMSUNG": "SRW", b"CANON": "CR2"}
OTHER_MAKERS = {b"HASSELBLAD": "3FR", b"KODAK": "DCR", b"PHASE ONE": "IIQ", b"EPSON": "ERF", b"MAMIYA": "MEF"}
ADVICE = "develop it first, for example with darktable-cli, RawTherapee or dcraw -T, and filter the TIFF"


def check(data: Any) -> None:
    """Raise `DecodeError` if a file holds a sensor's samples, or only a small copy of them."""
    try:
        kind = _kind(data)
    except (ValueError, struct.error, OverflowError):
        return  # damage is reported elsewhere
    if kind:
        a = "an" if kind[0] in "AN" else "a"
        raise DecodeError(f"is {a} {kind}, a raw camera file, in which only the thumbnail is a picture; {ADVICE}")


def _kind(data: Any) -> str:
    """Return the kind of raw file, "" for a picture."""
    if data[8:10] == b"CR" and data[:2] == b"II":
        return "CR2"
    if data[8:12] in (b"IIII", b"MMMM"):
        return "IIQ"
    file = ifd.File(data)
    maker, first = b"", True
    dng = sensor = only_small = False
    packed = ""
    for tags in _directories(file):
        if first:
            maker = tags[MAKE].text().upper() if MAKE in tags else b""
            dng = DNG_VERSION in tags
            only_small = bool(_one(tags, NEW_SUBFILE_TYPE) & REDUCED) and SUB_DIRECTORIES in tags
            first = False
        sensor |= _one(tags, PHOTOMETRIC) in (MOSAIC, LINEAR)
        packed = packed or OF_CAMERAS.get(_one(tags, COMPRESSION), "")
    if not (sensor or packed or (only_small and (dng or maker))):
        return ""
    named = (kind for name, kind in {**MAKERS, **OTHER_MAKERS}.items() if maker.startswith(name))
    return "DNG" if dng else next(named, packed or "raw photo")


def _directories(file: ifd.File) -> Iterator[ifd.Directory]:
    """Yield the tags of the pages, and of the directories below them."""
    wanted = {MAKE, DNG_VERSION, NEW_SUBFILE_TYPE, SUB_DIRECTORIES, PHOTOMETRIC, COMPRESSION}
    seen, looked_at = set[int](), 0
    waiting = [page.at for page, _ in zip(file.pages(), range(DIRECTORIES), strict=False)]
    while waiting and len(seen) < DIRECTORIES and looked_at < ENTRIES:
        at = waiting.pop(0)
        if at in seen:
            continue
        seen.add(at)
        entries = list(itertools.islice(file.entries(at), ENTRIES))
        looked_at += len(entries)
        tags = {
            entry.tag: file.value(entry)
            for entry in entries
            if entry.tag in wanted and 0 < ifd.SIZES.get(entry.type, 0) * entry.many <= 256
        }
        yield tags
        if SUB_DIRECTORIES in tags:
            waiting += tags[SUB_DIRECTORIES].integers()


def _one(tags: ifd.Directory, tag: int) -> int:
    found = tags[tag].integers() if tag in tags else ()
    return found[0] if found else 0
