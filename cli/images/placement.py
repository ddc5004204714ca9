"""What a picture's metadata say of places and lengths in it, brought up to date where its samples move.

Resolution, georeference and the subject's area are told in the samples of the old picture. They follow when EXIF turns
a picture, and when a filter's result lies otherwise than its input.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from ...filters.core.engine.geometry import Geometry
from . import georeference, ifd
from .georeference import Affine
from .metadata import Metadata
from .tiff_tags import (
    EXIF,
    FOCAL_X_RESOLUTION,
    FOCAL_Y_RESOLUTION,
    SUBJECT_AREA,
    SUBJECT_LOCATION,
    X_RESOLUTION,
    Y_RESOLUTION,
)

SWAPPED = (5, 6, 7, 8)
"""The EXIF orientations under which x and y change places."""
RESOLUTIONS = ((X_RESOLUTION, Y_RESOLUTION), (FOCAL_X_RESOLUTION, FOCAL_Y_RESOLUTION))
SUBJECTS = frozenset({SUBJECT_AREA, SUBJECT_LOCATION})
MOST = (1 << 16) - 1
"""The greatest coordinate of a subject's area."""


Level = Mapping[int, ifd.Value]
"""The tags of a picture, or those of EXIF below them."""


def upright(metadata: Metadata, orientation: int, width: int, height: int, notes: list[str]) -> Metadata:
    """Return what holds for a picture that was stored in *width* × *height* samples, and is upright now."""
    if orientation not in range(2, 9):
        return metadata
    metadata = _without_places(metadata, notes)
    if orientation in SWAPPED:
        dpi, aspect = metadata.dpi and metadata.dpi[::-1], metadata.aspect and metadata.aspect[::-1]
        metadata = metadata._replace(dpi=dpi, aspect=aspect)
    if not metadata.tags:
        return metadata
    by = georeference.of_orientation(orientation, width, height)
    tags = _on_levels(metadata.tags, lambda level: _swapped(level) if orientation in SWAPPED else dict(level))
    return metadata._replace(tags=_moved(tags, by, notes))


def placed(metadata: Metadata, geometry: Geometry, notes: list[str]) -> Metadata:
    """Return what holds for the result of a filter of that *geometry*."""
    if geometry.is_identity:
        return metadata
    metadata = _without_places(metadata, notes)
    x, y = geometry.scale
    dpi, aspect = (both and (both[0] / x, both[1] / y) for both in (metadata.dpi, metadata.aspect))
    metadata = metadata._replace(dpi=dpi, aspect=aspect)
    if not metadata.tags:
        return metadata

    def coarser(level: Level) -> ifd.Directory:
        scales = {number: scale for pair in RESOLUTIONS for number, scale in zip(pair, (x, y), strict=True)}
        found = {number: _divided(level[number], scale) for number, scale in scales.items() if number in level}
        return {**level, **found}

    tags = _on_levels(metadata.tags, coarser)
    return metadata._replace(tags=_moved(tags, georeference.of_geometry(geometry), notes))


def _without_places(metadata: Metadata, notes: list[str]) -> Metadata:
    """Return what a picture carries without the places that XMP tells of, which are those of the old picture."""
    if not metadata.xmp:
        return metadata
    from . import xmp

    found = xmp.without_places(metadata.xmp)
    if found.parts:
        parts = " and ".join(found.parts)
        notes.append(f"its {parts} in XMP no longer hold where its samples moved, and were not kept")
    return metadata._replace(xmp=found.packet)


def _on_levels(tags: Level, change: Callable[[Level], ifd.Directory]) -> ifd.Directory:
    """Return *tags* and those of EXIF below them, both changed."""
    new = change(tags)
    if EXIF in new and (below := new[EXIF].below) is not None:
        new[EXIF] = new[EXIF]._replace(below=change(below))
    return new


def _swapped(level: Level) -> ifd.Directory:
    """Return tags with the resolutions of x and y exchanged."""
    new = {number: value for number, value in level.items() if not any(number in pair for pair in RESOLUTIONS)}
    for x, y in RESOLUTIONS:
        new |= {there: level[here] for here, there in ((x, y), (y, x)) if here in level}
    return new


def _divided(value: ifd.Value, scale: float) -> ifd.Value:
    """Return a resolution for samples that are *scale* times as wide; exact where the fraction holds it."""
    if value.type == ifd.RATIONAL and scale.is_integer():
        number, divisor = struct.unpack_from("<II", value.data)
        if divisor * int(scale) < 1 << 32:
            return value._replace(many=1, data=struct.pack("<II", number, divisor * int(scale)))
    return ifd.rational(value.real() / scale) if 0 < value.real() < 1e6 else value


def _moved(tags: ifd.Directory, by: Affine, notes: list[str]) -> ifd.Directory:
    tags = georeference.moved(tags, by, notes)
    below = tags[EXIF].below if EXIF in tags else None
    if below is not None and SUBJECTS & below.keys():
        new = {number: _subject(value, by) for number, value in below.items() if number in SUBJECTS}
        tags[EXIF] = tags[EXIF]._replace(below={**below, **new})
    return tags


def _subject(value: ifd.Value, by: Affine) -> ifd.Value:
    """Return a subject's place: a point, a circle's centre and diameter, or a box's centre, width and height."""
    numbers = value.integers()
    if len(numbers) not in (2, 3, 4):
        return value
    x, y = by.back(numbers[0] + 0.5, numbers[1] + 0.5)
    across, down = abs(by.a) + abs(by.b), abs(by.d) + abs(by.e)
    sides = [*numbers[2:]] if abs(by.a) > 0 else [*numbers[:1:-1]]
    scales = (across, down) if abs(by.a) > 0 else (down, across)
    lengths = [side / scale for side, scale in zip(sides, scales, strict=False)]
    found = [min(max(round(number), 0), MOST) for number in (x - 0.5, y - 0.5, *lengths)]
    return ifd.Value(ifd.SHORT, len(found), struct.pack(f"<{len(found)}H", *found))
