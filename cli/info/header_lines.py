"""The header of a file in up to three lines."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ..bounded_read import amount
from ..console.messages import counted, printable, shown
from ..console.report import DEPTHS
from ..images import description, formats
from ..images.description import Description
from ..images.jpeg import quality
from ..images.metadata import SIDEWAYS, Metadata
from ..images.picture import MODELS, Timing

SMALLEST = 1 << 20
"""Sizes from here on are given in MiB."""


def lines(name: str, size: int | None, found: Description) -> list[str]:
    """Return the lines of a file of *size* bytes."""
    format = formats.FORMATS[found.format]
    first = [format.title or format.name.upper(), _size(_stored(found)), _model(found), _depth(found)]
    if size is not None:
        first.append(bytes_in_words(size))
    third = [*_beside(found.metadata)]
    if third or found.frames != 1:
        third.append(_frames(found))
    rest = [", ".join(_coding(found)), "; ".join(third)]
    return [f"{shown(name)}: {', '.join(first)}", *(f"  {line}" for line in rest if line)]


def bytes_in_words(count: int) -> str:
    """Return a number of bytes in words, also for small files.

    >>> bytes_in_words(812), bytes_in_words(12_500), bytes_in_words(2_900_000)
    ('812 bytes', '12 KiB', '2.8 MiB')
    """
    if count >= SMALLEST:
        return amount(count)
    return f"{count / 1024:.0f} KiB" if count >= 1024 else counted(count, "byte", "bytes")


def _stored(found: Description) -> tuple[int, int]:
    """Return the width and height of the stored picture."""
    sideways = found.orientation in SIDEWAYS
    return (found.height, found.width) if sideways else (found.width, found.height)


def _size(size: tuple[int, int]) -> str:
    return "×".join(map(str, size))


def _model(found: Description) -> str:
    model = MODELS.get(found.colours) or f"{found.channels} bands"
    palette = f" from a palette of {counted(found.palette, 'colour', 'colours')}" if found.palette else ""
    return f"{model}{' with alpha' if found.alpha else ''}{palette}"


def _depth(found: Description) -> str:
    depth = found.bits or DEPTHS[found.dtype]
    white = "" if found.white is None else f" up to {found.white:g}"
    return f"{counted(depth, 'bit', 'bits') if isinstance(depth, int) else depth}{white}"


def _coding(found: Description) -> Iterator[str]:
    metadata = found.metadata
    if metadata.coding is not None:
        number, exact = quality.quality_of(metadata.coding)
        yield f"quality {'' if exact else 'about '}{number}"
        if chroma := quality.chroma_of(metadata.coding):
            yield f"chroma {chroma}"
    if found.orientation != 1:
        yield f"orientation {found.orientation} (shown upright: {_size((found.width, found.height))})"
    if metadata.dpi is not None:
        x, y = (f"{value:.4g}" for value in metadata.dpi)
        yield f"{x} dpi" if x == y else f"{x}×{y} dpi"
    if metadata.aspect is not None:
        yield f"pixels of {':'.join(f'{value:g}' for value in metadata.aspect[::-1])}"


def _beside(metadata: Metadata) -> Iterator[str]:
    if profile := description.profile_name(metadata):
        yield f"profile {printable(profile)}"
    place = " with place" if description.tells_place(metadata) else ""
    if metadata.tags:
        yield f"EXIF {bytes_in_words(len(metadata.exif))}{place}"
        place = ""
    if metadata.xmp:
        yield f"XMP{place}"


def _frames(found: Description) -> str:
    if found.frames is None:
        return "a stream of frames"
    count = counted(found.frames, "frame", "frames")
    return count if found.timing is None else f"{count}, {_seconds(found.timing)}, {_plays(found.timing)}"


def duration(timing: Timing) -> float:
    """Return the seconds that an animation takes to play once."""
    return float(sum(Fraction(*each) for each in timing.durations))


def _seconds(timing: Timing) -> str:
    return f"{duration(timing):.3g} s"


def _plays(timing: Timing) -> str:
    return "played " + {0: "for ever", 1: "once"}.get(timing.plays, f"{timing.plays} times")
