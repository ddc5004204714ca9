"""Pictures of several frames: animations, the pages of a TIFF, the pictures of an MPO.

Each frame is decoded when its turn comes, as the whole picture that is seen then, so that no filter meets another
frame's pixels, and one is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .metadata import Metadata

if TYPE_CHECKING:
    from .picture import Picture, Terms

TIMED = ("gif", "png", "webp")
"""The formats of animations."""
PAGED = ("tiff",)


class Timing(NamedTuple):
    """How an animation runs."""

    durations: Sequence[tuple[int, int]]
    """Of each frame, in seconds: numerator and denominator."""
    plays: int = 0
    """How often it is shown; 0 is for ever."""


@dataclass
class Frames:
    """The frames of a file."""

    count: int
    each: Callable[[], Iterator[Picture]]
    """Decodes one after the other; they come with the metadata of their own."""
    timing: Timing | None = None
    """None where they are pages."""
    first_is_all: bool = False
    """The others are its previews, or what another eye sees: only who asks for them wants them."""

    def fit(self, format: str) -> bool:
        """Whether a file of *format* holds them all."""
        return format in PAGED or (format in TIMED and self.timing is not None)


def picture(data: bytes, name: str, terms: Terms) -> Picture:
    """Return the picture that stands for the frames of a file of the format *name*; it has no pixels itself."""
    from .picture import Picture

    if name == "GIF":
        from . import gif

        metadata, frames = gif.read(data, terms)
    elif name == "PNG":
        from . import apng

        metadata, frames = apng.read(data, terms)
    elif name == "WEBP":
        from . import webp_animation

        metadata, frames = webp_animation.read(data, terms)
    else:
        from . import tiff_pages

        metadata, frames = Metadata(), tiff_pages.read(data, terms)
    return Picture(None, None, name.lower(), metadata, frames=frames)
