"""From the bytes of a file to a picture: choosing the codec, and the wording of each failure."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..console.messages import reason_of
from . import image_stream
from .codec import Codec
from .description import Description
from .file_bytes import FileBytes
from .formats import FORMATS, HEAD, READABLE, Format, sniff
from .picture import DecodeError, DecodeOptions, Expected, Frames, LackError, PartialDecode, Picture, check_lack

UNSUSPECTED_BYTES = 1 << 25
"""Bytes that a damaged picture may take before and after filtering, whatever the length of its file."""
MOST_FOR_A_BYTE = 1 << 12
"""Bytes that it may take for each byte of its file: a page of text in CCITT needs half as many."""

TAKEN = "the readable part was used"
TELL_OF_DAMAGE = "is damaged", "is truncated"


def check_head(head: bytes, name: str = "", length: int = 0, kind: str = "") -> Format:
    """Return the format of a file that begins with *head*; raises `DecodeError` if it is not an image.

    If its *kind* is given, its bytes do not decide the format.
    """
    if not head:
        raise DecodeError("is empty")
    if kind:
        format = FORMATS[kind]
        if length % format.record:
            raise DecodeError(f"is not {format.title}: {length} bytes are not a multiple of {format.record}")
        return format
    if (format := sniff(head, name, length)) is None:
        from . import foreign

        unknown = f"is neither an image of a known format ({READABLE}) nor a data set"
        raise DecodeError(foreign.refusal(head, name) or unknown)
    return format


def decode(data: bytes | FileBytes, options: DecodeOptions) -> Picture | Frames:
    """Decode a file; raises `DecodeError`. *options.check_size* gets the picture's size before memory is allocated."""
    return finish(load(data, options), options)


def prepare(head: bytes, name: str = "", length: int = 0, kind: str = "") -> None:
    """Import what `load` needs for a file that begins with *head*, or is of the given *kind*."""
    if (format := FORMATS[kind] if kind else sniff(head, name, length)) is not None:
        format.codec.prepare(head)


def load(data: Any, options: DecodeOptions) -> PartialDecode:
    """Do the part of `decode` that imports nothing after `prepare`."""
    format = check_head(data[:HEAD], options.name, len(data), options.kind)
    if format.stream and image_stream.holds_several(data, format):
        return PartialDecode(data, stream=True)
    codec, options = format.codec, _of(options, format, data)
    try:
        with _failures():
            return codec.load(data, options._replace(lenient=False))
    except DecodeError as error:
        if not options.lenient or isinstance(error, LackError):
            raise
        return _what_is_left(data, options, codec, str(error))


def _what_is_left(data: bytes, options: DecodeOptions, codec: Codec, damage: str) -> PartialDecode:
    """Return what `load` can decode of a damaged file; raises `DecodeError` if that is nothing."""
    from . import pillow_private  # files that are whole, or not Pillow's, need none of it here

    options = _bounded(data, options)
    with pillow_private.truncated_files(), _failures():
        begun = codec.load(data, options)
    if begun.image is not None and (colour := pillow_private.only_colour(begun.image)) is not None:
        with pillow_private.truncated_files(bright=True), _failures():
            again = codec.load(data, options).image
        # Missing pixels, usually black, are bright in this second try; GIF starts out transparent.
        transparent = begun.image.info.get("transparency")
        if again is None or pillow_private.only_colour(again) not in (colour, None) or colour == ((transparent,) * 2,):
            raise DecodeError(damage)
    note = f"{damage}; {TAKEN}"
    return begun._replace(notes=(*begun.notes, note), damage=damage)


def _bounded(data: bytes, options: DecodeOptions) -> DecodeOptions:
    """Return options that let a damaged file take no more memory than its bytes make likely."""

    def check(expected: Expected) -> None:
        options.guard(expected)
        width, height = expected.width, expected.height
        if 2 * expected.pixels * expected.samples.bytes > max(UNSUSPECTED_BYTES, MOST_FOR_A_BYTE * len(data)):
            raise DecodeError(f"is damaged or truncated (it declares {width}×{height} pixels in {len(data)} bytes)")

    return options._replace(guard=check)


def describe(data: Any, options: DecodeOptions) -> Description | None:
    """Return the header information of a file; None if it must be decoded. Raises `DecodeError`."""
    format = check_head(data[:HEAD], options.name, len(data))
    if format.codec.describe is None:
        return None
    with _failures():
        found = format.codec.describe(data, _of(options, format, data), partial(decode, options=options))
    return found and found._replace(format=format.name)


def stream(data: FileBytes, options: DecodeOptions) -> Picture | None:
    """Return a picture whose samples are read on demand; None if the file must be decoded completely.

    Raises `DecodeError`, and so does reading its samples if the file is damaged or has changed since it was opened.
    """
    format = check_head(data[:HEAD], options.name, len(data), options.kind)
    if format.codec.stream is None or options.lenient:
        return None
    told: list[Expected] = []
    with _failures():
        found = format.codec.stream(data, _of(options._replace(guard=told.append), format, data))
        if found is None or (format.stream and image_stream.holds_several(data, format)):
            return None
        for expected in told:
            options.guard(expected)  # that may take memory, which a picture that is decoded whole asks for by itself
    found.format = format.name
    for image in (found.pixels, found.alpha):
        if image is not None:
            image.read = partial(_rows, image.read, data)
    return found


def _rows(read: Callable[[int, int], Any], data: FileBytes, start: int, stop: int) -> Any:
    """Return rows of a picture that is read on demand."""
    with _failures():
        found = read(start, stop)
        data.check()
    return found


def finish(begun: PartialDecode, options: DecodeOptions) -> Picture | Frames:
    """Do the rest of `decode`."""
    format = check_head(begun.data[:HEAD], options.name, len(begun.data), options.kind)
    if begun.stream:
        found = image_stream.of_file(begun.data, format, partial(decode, options=options))
        damage = None
    else:
        found, damage = _finished(begun, options, format)
    if isinstance(found, Frames):
        found = found.limited(len(begun.data), options.max_pixels)
        if isinstance(begun.data, FileBytes):
            found.check_unchanged = begun.data.check
    if isinstance(found, Frames) and options.lenient:
        from . import damaged_frames

        found.check_pixels()
        found = damaged_frames.readable(found, damage)
    one = FORMATS.get(found.format)  # of a codec for several formats
    found.format = format.name if one is None or one.codec_name != format.codec_name else one.name
    if isinstance(found, Frames) and found.first is not None:
        found.first.format = format.name
    return found


def _finished(begun: PartialDecode, options: DecodeOptions, format: Format) -> tuple[Picture | Frames, str | None]:
    """Return the picture that a codec decodes, and the damage of its file."""
    outer, options = options, _of(options, format, begun.data)
    damage = begun.damage
    if damage is None:
        try:
            with _failures():
                found = format.codec.finish(begun, options._replace(lenient=False), partial(decode, options=outer))
        except DecodeError as error:
            if not options.lenient or isinstance(error, LackError):
                raise
            damage = str(error)
        else:
            if not options.lenient or isinstance(found, Picture):
                return found, None
    lenient = options if damage is None else _bounded(begun.data, options)
    with _failures():
        found = format.codec.finish(begun, lenient, partial(decode, options=outer))
    said = isinstance(found, Picture) and any(note.startswith(TELL_OF_DAMAGE) for note in found.notes)
    if damage is not None and isinstance(found, Picture) and not said:
        found.notes.append(f"{damage}; {TAKEN}")
    return found, damage


def _of(options: DecodeOptions, format: Format, data: bytes | FileBytes) -> DecodeOptions:
    """Return the options for one file."""
    return options._replace(format=format.name, file=0 if isinstance(data, FileBytes) else len(data))


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Turn every failure into a `DecodeError`."""
    try:
        yield
    except DecodeError:
        raise
    except Exception as error:
        check_lack(error)
        # Decoders raise errors of every type for broken files; they all mean the same to the user.
        if isinstance(error, (struct.error, IndexError)):
            why = " (a part is missing)"
        elif isinstance(error, (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError)):
            why = ""  # those words are for programmers
        else:
            why = f" ({reason_of(error)})"
        raise DecodeError(f"is damaged or truncated{why}") from error
