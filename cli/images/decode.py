"""From the bytes of a file to a picture: which codec decodes it, and how each failure is said."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial

from ..console.messages import reason_of
from . import image_stream
from .formats import HEAD, READABLE, Format, sniff
from .picture import DecodeError, DecodeOptions, Frames, PartialDecode, Picture


def check_head(head: bytes) -> Format:
    """Return the format of a file that begins with *head*; raises `DecodeError` where it is no image."""
    if not head:
        raise DecodeError("is empty")
    if (format := sniff(head)) is None:
        raise DecodeError(f"is not an image of a known format ({READABLE})")
    return format


def decode(data: bytes, options: DecodeOptions) -> Picture | Frames:
    """Decode a file; raises `DecodeError`. *options.check_size* is told the picture's size before memory is taken."""
    return finish(load(data, options), options)


def prepare(head: bytes) -> None:
    """Import what `load` needs for a file that begins with *head*."""
    if (format := sniff(head)) is not None:
        format.codec.prepare(head)


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Do that part of `decode` that needs no NumPy and, after `prepare`, imports nothing."""
    format = check_head(data[:HEAD])
    if format.stream and image_stream.holds_several(data, format):
        return PartialDecode(data, stream=True)
    codec = format.codec
    try:
        with _failures():
            return codec.load(data, options._replace(lenient=False))
    except DecodeError as error:
        if not options.lenient:
            raise
        from . import pillow_private  # files that are whole, or not Pillow's, need none of it here

        with pillow_private.truncated_files(), _failures():
            begun = codec.load(data, options)
        return begun._replace(notes=(*begun.notes, f"{error}; what could be read of it was taken"))


def finish(begun: PartialDecode, options: DecodeOptions) -> Picture | Frames:
    """Do the rest of `decode`."""
    format = check_head(begun.data[:HEAD])
    if begun.stream:
        return image_stream.of_file(begun.data, format, partial(decode, options=options))
    with _failures():
        found = format.codec.finish(begun, options, partial(decode, options=options))
    found.format = format.name
    if isinstance(found, Frames) and found.first is not None:
        found.first.format = format.name
    return found


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Let every failure be an `DecodeError`."""
    try:
        yield
    except DecodeError:
        raise
    except MemoryError:
        raise DecodeError("needs more memory than there is") from None
    except Exception as error:
        # Decoders answer broken files with errors of every type; each means the same to the user.
        raise DecodeError(f"is damaged or truncated ({reason_of(error)})") from error
