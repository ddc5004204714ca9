"""Showing files in the terminal, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from ...filters.core.lazy_numpy import Array
from ...filters.core.named_tuple import NamedTuple
from ..console.messages import complain, put, say, shown
from ..errors import ExitCode, FileError
from ..images import encode, prefetch
from ..images.file_pictures import FilePictures
from ..images.on_screen import unseen
from ..images.picture import Frames
from ..images.reader import Reader
from .reduced import reduced
from .screen import Screen

FIRST = "has several frames; the first is shown (--frame N shows another)"

Colour = tuple[int, int, int]


class Call(NamedTuple):
    """The files that a call shows."""

    names: Sequence[str]
    several: bool
    """There may be more than one, so names are printed above the pictures."""
    frame: int | None
    max_pixels: int
    lenient: bool
    background: Colour | None
    """The background of transparent parts, if not a checkerboard."""
    quiet: bool
    unsearched: str = ""
    """The message on subfolders that were not searched."""


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
    if call.unsearched and not call.quiet:
        say(f"imfilter: {call.unsearched}")
    return code


def _read(reader: Reader, name: str, call: Call, screen: Screen) -> tuple[Array, list[str]]:
    """Return the picture of a file as it is shown, and notes on it; raises FileError."""
    found = FilePictures(name, reader, call.frame)
    picture = next(found.pictures(), None)
    if picture is None:
        raise FileError(shown(name), "is damaged or truncated (it has no frames)")
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
    several = isinstance(found.whole, Frames) and found.whole.count != 1 and call.frame is None
    return dots, [note for note in (*picture.notes, FIRST if several else "", unseen(picture)) if note]
