"""The pages of a TIFF, each read as if it were the only one."""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ....filters.core.named_tuple import NamedTuple
from .. import ifd
from ..picture import Decode, DecodeError, Frames, Picture
from ..tiff_tags import HEIGHT, NEW_SUBFILE_TYPE, WIDTH
from .words import Words

REDUCED, MASK = 1, 4
"""Bits of a page's subfile type: a reduced copy of another, or a mask for it."""


class Readers(NamedTuple):
    """Two readers of a file, each of which counts the bytes read of all pages: for tags, and for metadata."""

    tags: ifd.File
    metadata: ifd.File


def beside(data: Any) -> tuple[int, int]:
    """Return the number of pages after the first, and how many of these are small copies or masks of others."""
    file = ifd.File(data)
    kinds = [_said(file, page)[NEW_SUBFILE_TYPE] for page in ifd.File(data).pages()][1:]
    return len(kinds), sum(bool(kind & (REDUCED | MASK)) for kind in kinds)


def left_out(count: int) -> list[str]:
    """Return the note on *count* pages that are small copies or masks."""
    was = "was" if count == 1 else "were"
    return [f"{count} of its pages, small copies or masks of others, {was} left out"] if count else []


PageAt = Callable[[Readers, int], Picture | None]


def read(data: bytes, page_at: PageAt, decode: Decode, notes: Sequence[str] = ()) -> Frames:
    """Return the pages, without small copies and masks of others; the first gets the *notes* on the file.

    *page_at* returns the page whose directory is at an offset; if it returns None, *decode* decodes it as a separate
    file.
    """
    file = ifd.File(data)
    left, pixels, kept = 0, 0, list[ifd.Page]()
    with contextlib.suppress(ValueError, struct.error, OverflowError):  # damage was refused earlier, or is left out
        # A separate walk: if it counted the entries too, pages that passed the check could exceed the limit.
        for page in ifd.File(data).pages():
            said = _said(file, page)
            if said[NEW_SUBFILE_TYPE] & (REDUCED | MASK):
                left += 1
            else:
                kept.append(page)
                pixels += said[WIDTH] * said[HEIGHT]
    notes = [*notes, *left_out(left)]

    def each() -> Iterator[Picture]:
        whole, readers = io.BytesIO(data), Readers(ifd.File(data), ifd.File(data))
        file_words = Words()
        for number, own in enumerate(kept):
            page = page_at(readers, own.at) or decode(_alone(whole, file, own))
            if isinstance(page, Frames):
                raise DecodeError("is damaged: its pages overlap")
            own_words = page.metadata.words or Words()
            file_words = own_words if number == 0 else file_words
            page.metadata = page.metadata._replace(words=own_words.of_page(number, len(kept), file_words))
            page.notes = [*(notes if number == 0 else []), *page.notes]
            yield page

    return Frames(len(kept), each, pixels=pixels)


def _said(file: ifd.File, page: ifd.Page) -> dict[int, int]:
    """Return the subfile type of a page, and its size; 0 for missing values.

    Entries are sorted by tag; the search ends at one that is not.
    """
    said: dict[int, int] = dict.fromkeys((NEW_SUBFILE_TYPE, WIDTH, HEIGHT), 0)
    for entry in file.entries(page.at):
        if entry.tag > max(said):
            break
        if entry.tag in said and entry.many == 1 and entry.type in (ifd.SHORT, ifd.LONG):
            said[entry.tag] = file.value(entry).integers()[0]
    return said


def _alone(whole: io.BytesIO, file: ifd.File, page: ifd.Page) -> bytes:
    """Return the *whole* file with one page as its only one; its bytes are copied only if somebody holds them."""
    for place, offset in ((file.first, page.at), (page.link, 0)):
        whole.seek(place)
        whole.write(file.link.pack(offset))
    return whole.getvalue()
