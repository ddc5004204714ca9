"""From the bytes of a file to a picture: which codec decodes it, and how each failure is said."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial

from .formats import HEAD, READABLE, Format, sniff
from .picture import Frames, Loaded, Picture, Terms, UnreadableError, reason_of


def check_head(head: bytes) -> Format:
    """Return the format of a file that begins with *head*; raises `UnreadableError` where it is no image."""
    if not head:
        raise UnreadableError("is empty")
    if (format := sniff(head)) is None:
        raise UnreadableError(f"is not an image of a known format ({READABLE})")
    return format


def decode(data: bytes, terms: Terms) -> Picture | Frames:
    """Decode a file; raises `UnreadableError`. *terms.admit* is told the picture's size before memory is taken."""
    return finish(load(data, terms), terms)


def prepare(head: bytes) -> None:
    """Import what `load` needs for a file that begins with *head*."""
    if (format := sniff(head)) is not None:
        format.codec.prepare(head)


def load(data: bytes, terms: Terms) -> Loaded:
    """Do that part of `decode` that needs no NumPy and, after `prepare`, imports nothing."""
    codec = check_head(data[:HEAD]).codec
    try:
        with _failures():
            return codec.load(data, terms._replace(lenient=False))
    except UnreadableError as error:
        if not terms.lenient:
            raise
        with _failures():
            loaded = codec.load(data, terms)
        return loaded._replace(notes=(*loaded.notes, f"{error}; what could be read of it was taken"))


def finish(loaded: Loaded, terms: Terms) -> Picture | Frames:
    """Do the rest of `decode`."""
    format = check_head(loaded.data[:HEAD])
    with _failures():
        found = format.codec.finish(loaded, terms, partial(decode, terms=terms))
    found.format = format.name
    return found


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
