"""The coding of a JPEG in the usual terms: a quality from 1 to 100, and the chroma subsampling.

The quality is that of libjpeg, whose tables are those of ITU-T T.81, table K.1, times a factor.
"""

from __future__ import annotations

from functools import lru_cache

from ....filters.core.named_tuple import NamedTuple
from ..metadata import JpegCoding

LUMINANCE = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)
"""The steps of the luma, row by row."""
CHROMAS = {
    ((1, 1), (1, 1), (1, 1)): "4:4:4",
    ((2, 1), (1, 1), (1, 1)): "4:2:2",
    ((2, 2), (1, 1), (1, 1)): "4:2:0",
    ((1, 2), (1, 1), (1, 1)): "4:4:0",
    ((4, 1), (1, 1), (1, 1)): "4:1:1",
    ((4, 2), (1, 1), (1, 1)): "4:1:0",
}
"""The names of samplings, by the factors of the components."""


class Quality(NamedTuple):
    """A quality, and whether the steps are exactly its own."""

    number: int
    exact: bool


def quality_of(coding: JpegCoding) -> Quality:
    """Return the quality whose luma table is nearest to that of a file; of several, the greatest."""
    return _nearest(coding.tables[0])


@lru_cache(16)
def _nearest(table: tuple[int, ...]) -> Quality:
    if (number := _qualities().get(table)) is not None:
        return Quality(number, True)
    apart = {
        number: sum(abs(one - other) for one, other in zip(steps, table, strict=True))
        for steps, number in _qualities().items()
    }
    return Quality(min(apart, key=lambda number: (apart[number], -number)), False)


@lru_cache(1)
def _qualities() -> dict[tuple[int, ...], int]:
    return {steps_of(number): number for number in range(1, 101)}


def steps_of(quality: int) -> tuple[int, ...]:
    """Return libjpeg's luma table.

    >>> steps_of(50) == LUMINANCE, steps_of(92)[:8]
    (True, (3, 2, 2, 3, 4, 6, 8, 10))
    """
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(min(max((step * percent + 50) // 100, 1), 255) for step in LUMINANCE)


def chroma_of(coding: JpegCoding) -> str:
    """Return the chroma subsampling, "" for gray.

    >>> chroma_of(JpegCoding(((1,) * 64,) * 3, 2, ((2, 2), (1, 1), (1, 1))))
    '4:2:0'
    """
    if len(coding.factors) < 3:
        return ""
    return CHROMAS.get(coding.factors[:3]) or " ".join(f"{across}x{down}" for across, down in coding.factors)
