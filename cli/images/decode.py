"""From the bytes of a file to a picture: which module decodes it, and how each failure is said."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from .formats import HEAD, NPY, READABLE, sniff
from .picture import Frames, Loaded, Picture, Terms, UnreadableError, reason_of


def check_head(head: bytes) -> None:
    """Raise `UnreadableError` where a file that begins with *head* is no image."""
    if not head:
        raise UnreadableError("is empty")
    if sniff(head) is None:
        raise UnreadableError(f"is not an image of a known format ({READABLE})")


def decode(data: bytes, terms: Terms) -> Picture | Frames:
    """Decode a file; raises `UnreadableError`. *terms.admit* is told the picture's size before memory is taken."""
    return picture(load(data, terms), terms)


def prepare(head: bytes) -> None:
    """Import what `load` needs for a file that begins with *head*."""
    if sniff(head) is not None:
        decoder = _decoder(head)
        if hasattr(decoder, "prepare"):
            decoder.prepare(head)


def load(data: bytes, terms: Terms) -> Loaded:
    """Do that part of `decode` that needs no NumPy and, after `prepare`, imports nothing."""
    check_head(data[:HEAD])
    try:
        with _failures():
            return _decoder(data).load(data, terms._replace(lenient=False))
    except UnreadableError as error:
        if not terms.lenient:
            raise
        with _failures():
            loaded = _decoder(data).load(data, terms)
        return loaded._replace(notes=(*loaded.notes, f"{error}; what could be read of it was taken"))


def picture(loaded: Loaded, terms: Terms) -> Picture | Frames:
    """Do the rest of `decode`."""
    with _failures():
        found = _decoder(loaded.data).picture(loaded, terms, partial(decode, terms=terms))
    if isinstance(found, Frames):
        found.format = (sniff(loaded.data[:HEAD]) or "").lower()
    return found


def _decoder(data: bytes) -> Any:
    """Return the module that reads a file, with its `load` and `picture`; only one is ever imported."""
    name = sniff(data[:HEAD])
    if name == NPY:
        from . import npy

        return npy
    if name == "PPM":
        from . import pnm

        return pnm
    if name == "TIFF":
        from . import tiff_decoder

        return tiff_decoder
    from . import pillow_decoder

    return pillow_decoder


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Let every failure be an `UnreadableError`."""
    try:
        yield
    except UnreadableError:
        raise
    except MemoryError:
        raise UnreadableError("needs more memory than there is") from None
    except Exception as error:
        # Decoders answer broken files with errors of every type; each means the same to the user.
        raise UnreadableError(f"is damaged or truncated ({reason_of(error)})") from error
