"""From the bytes of a file to a picture: which codec decodes it, and how each failure is said."""

from __future__ import annotations

import contextlib
import struct
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
        from . import foreign

        raise DecodeError(foreign.refusal(head) or f"is not an image of a known format ({READABLE})")
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
    codec, options = format.codec, _of(options, format, data)
    try:
        with _failures():
            return codec.load(data, options._replace(lenient=False))
    except DecodeError as error:
        if not options.lenient:
            raise
        from . import pillow_private  # files that are whole, or not Pillow's, need none of it here

        with pillow_private.truncated_files(), _failures():
            begun = codec.load(data, options)
        note = f"{error}; what could be read of it was taken"
        return begun._replace(notes=(*begun.notes, note), damage=str(error))


def finish(begun: PartialDecode, options: DecodeOptions) -> Picture | Frames:
    """Do the rest of `decode`."""
    format = check_head(begun.data[:HEAD])
    if begun.stream:
        found = image_stream.of_file(begun.data, format, partial(decode, options=options))
    else:
        with _failures():
            found = format.codec.finish(begun, _of(options, format, begun.data), partial(decode, options=options))
    if isinstance(found, Frames) and options.lenient:
        from . import damaged_frames

        known = begun.damage or (None if begun.stream else _damage(begun, options, format))
        found = damaged_frames.readable(found, known)
    found.format = format.name
    if isinstance(found, Frames) and found.first is not None:
        found.first.format = format.name
    return found


def _damage(begun: PartialDecode, options: DecodeOptions, format: Format) -> str | None:
    """Return what `finish` would refuse the frames for, were it not lenient."""
    try:
        with _failures():
            strict = _of(options, format, begun.data)._replace(lenient=False)
            format.codec.finish(begun, strict, partial(decode, options=options))
    except DecodeError as error:
        return str(error)
    return None


def _of(options: DecodeOptions, format: Format, data: bytes) -> DecodeOptions:
    """Return the options for one file."""
    return options._replace(format=format.name, file=len(data))


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
        if isinstance(error, (struct.error, IndexError)):
            why = " (a part is missing)"
        elif isinstance(error, (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError)):
            why = ""  # those words are for programmers
        else:
            why = f" ({reason_of(error)})"
        raise DecodeError(f"is damaged or truncated{why}") from error
