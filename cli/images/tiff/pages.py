"""The pages of a TIFF, each read as if it were the only one."""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from .. import ifd
from ..picture import Decode, DecodeError, Frames, Picture
from ..tiff_tags import NEW_SUBFILE_TYPE
from .words import Words

REDUCED, MASK = 1, 4
"""Bits of the kind of a page: a small copy of another, or a mask for it."""


class Readers(NamedTuple):
    """Two readers of one file, each of which counts what is read of all pages: tags, and what a picture carries."""

    tags: ifd.File
    metadata: ifd.File


PageAt = Callable[[Readers, int], Picture | None]


def read(data: bytes, page_at: PageAt, decode: Decode, notes: Sequence[str] = ()) -> Frames:
    """Return the pages, but for small copies and masks of others; the first tells what *notes* tell of the file.

    *page_at* returns the page whose directory is at an offset, or None; *decode* decodes it as a file of its own then.
    """
    file = ifd.File(data)
    left, kept = 0, list[ifd.Page]()
    with contextlib.suppress(ValueError, struct.error, OverflowError):  # what is damaged was refused, or is left out
        # A walk of its own: were the entries counted with it, pages that passed the check could run out of the count.
        for page in ifd.File(data).pages():
            if _is_beside(file, page):
                left += 1
            else:
                kept.append(page)
    beside = [f"{left} of its pages, small copies or masks of others, {'was' if left == 1 else 'were'} left out"]
    notes = [*notes, *(beside if left else [])]

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

    return Frames(len(kept), each)


def _is_beside(file: ifd.File, page: ifd.Page) -> bool:
    """Whether a page is none to be looked at by itself; one whose kind is damaged is looked at."""
    kinds = (entry for entry in file.entries(page.at) if entry.tag == NEW_SUBFILE_TYPE)
    kind = next(kinds, None)
    if kind is None or kind.many != 1 or kind.type not in (ifd.SHORT, ifd.LONG):
        return False
    return bool(file.value(kind).integers()[0] & (REDUCED | MASK))


def _alone(whole: io.BytesIO, file: ifd.File, page: ifd.Page) -> bytes:
    """Return the *whole* file as if a page were its only one; its bytes are copied only while somebody holds them."""
    for place, offset in ((file.first, page.at), (page.link, 0)):
        whole.seek(place)
        whole.write(file.link.pack(offset))
    return whole.getvalue()
