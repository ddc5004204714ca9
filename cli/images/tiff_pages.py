"""The pages of a TIFF, each read as a file of its own."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator

from . import ifd
from .picture import Decode, Frames, Picture, UnreadableError

NEW_SUBFILE_TYPE = 254
REDUCED, MASK = 1, 4
"""Bits of the kind of a page: a small copy of another, or a mask for it."""


def read(data: bytes, decode: Decode) -> Frames:
    """Return the pages, but for small copies and masks of others."""
    file = ifd.opened(data)
    link, seen, kept = file.first, set[int](), []
    with contextlib.suppress(struct.error):  # what is cut off was refused, or is left out on demand
        while (at := file.offset(link)) and at not in seen:
            seen.add(at)
            link = file.next(at)
            file.offset(link)
            if not _is_beside(file, at):
                kept.append(at)
    left = len(seen) - len(kept)
    note = [f"{left} of its pages, small copies or masks of others, {'was' if left == 1 else 'were'} left out"]

    def each() -> Iterator[Picture]:
        for number, at in enumerate(kept):
            page = decode(_alone(file, at))
            if isinstance(page, Frames):
                raise UnreadableError("is damaged: its pages overlap")
            page.notes = [*(note if left and number == 0 else []), *page.notes]
            yield page

    return Frames(len(kept), each)


def _is_beside(file: ifd.File, at: int) -> bool:
    """Whether the page whose directory is *at* a place is none to be looked at by itself."""
    order, big = file.order, file.big
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), file.data, at)
    for number in range(min(count, 1 << 16)):
        place = at + (8 + 20 * number if big else 2 + 12 * number)
        (tag,) = struct.unpack_from(f"{order}H", file.data, place)
        if tag == NEW_SUBFILE_TYPE:
            (kind,) = struct.unpack_from(f"{order}I", file.data, place + (12 if big else 8))
            return bool(kind & (REDUCED | MASK))
    return False


def _alone(file: ifd.File, at: int) -> bytes:
    """Return the file as if the page whose directory is *at* a place were its only one."""
    offset = file.order + ("Q" if file.big else "I")
    data = bytearray(file.data)
    struct.pack_into(offset, data, file.first, at)
    struct.pack_into(offset, data, file.next(at), 0)
    return bytes(data)
