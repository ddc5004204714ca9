"""Files that are shown in the terminal, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from ...filters.core.lazy_numpy import Array
from ...filters.core.named_tuple import NamedTuple
from ..console.messages import complain, put, say, shown
from ..errors import ExitCode, FileError
from ..images import encode, prefetch
from ..images.picture import DecodeError, Frames, Picture
from ..images.reader import Reader, naming
from .reduced import reduced
from .screen import Screen

Colour = tuple[int, int, int]


class Call(NamedTuple):
    """What a call shows."""

    names: Sequence[str]
    several: bool
    """There may be more than one: the names stand above the pictures."""
    frame: int | None
    max_pixels: int
    lenient: bool
    background: Colour | None
    """What transparent parts are shown on, if not a checkerboard."""
    quiet: bool


def show(call: Call, screen: Screen) -> ExitCode:
    """Show the pictures of a call; one that cannot be shown costs one line and stops no other."""
    code = ExitCode.DONE
    reader = prefetch.reader(call.max_pixels, call.lenient, to_rgb=True)
    reader.digests = False
    for name in call.names:
        try:
            dots, notes = _read(reader, name, call, screen)
            if call.several and not call.quiet:
                put(shown(name))
            screen.show(dots)
        except FileError as error:
            complain(error)
            code = ExitCode.FAILED
            continue
        for note in () if call.quiet else notes:
            say(f"imfilter: {shown(name)}: {note}")
    return code


def _read(reader: Reader, name: str, call: Call, screen: Screen) -> tuple[Array, list[str]]:
    """Return what is shown of a file, and what should be known of it; raises FileError."""
    found, _ = reader.read(name)
    with naming(name):
        picture = _one(found, call.frame)
        pixels, metadata, colours = picture.pixels, picture.metadata, picture.colours
        if metadata.palette:
            pixels, metadata, colours = encode.coloured(pixels, metadata), None, "rgb"
        dots = reduced(
            pixels,
            picture.alpha,
            screen.room,
            white=picture.full,
            colours=colours,
            metadata=metadata,
            background=call.background,
        )
        return dots, picture.notes


def _one(found: Picture | Frames, number: int | None) -> Picture:
    """Return the picture of a file, or its frame of a *number*; raises DecodeError."""
    if isinstance(found, Picture):
        if number:
            raise DecodeError(f"has 1 frame; frame {number} is out of range")
        return found
    if number is not None:
        return found.at(number)
    picture = found.first or found.at(0)
    if found.count != 1:
        count = found.count or "several"
        picture.notes.append(f"has {count} frames, of which the first is shown; --frame N shows another")
    return picture
