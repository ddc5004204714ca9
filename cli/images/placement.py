"""Positions and lengths in a picture's metadata, updated when its samples move.

Resolution, georeference and the subject area refer to the samples of the old picture. They are adjusted when EXIF
rotates a picture, and when a filter moves pixels.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping

from ...filters.core.engine.coordinates import Geometry
from . import georeference, ifd
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
"""The EXIF orientations that swap x and y."""
RESOLUTIONS = ((X_RESOLUTION, Y_RESOLUTION), (FOCAL_X_RESOLUTION, FOCAL_Y_RESOLUTION))
SUBJECTS = frozenset({SUBJECT_AREA, SUBJECT_LOCATION})
MOST = (1 << 16) - 1
"""The greatest coordinate of a subject's area."""

MOST_RESOLUTION = 1e6
"""Greater resolutions are not valid."""

Level = Mapping[int, ifd.Value]
"""The tags of a picture, or of its EXIF directory."""


def upright(metadata: Metadata, orientation: int, width: int, height: int, notes: list[str]) -> Metadata:
    """Return the metadata for the upright version of a picture stored in *width* × *height* samples."""
    if orientation not in range(2, 9):
        return metadata
    return placed(metadata, georeference.of_orientation(orientation, width, height), notes)


def tells_of_places(metadata: Metadata) -> bool:
    """Whether metadata may contain positions and lengths in a picture, which `placed` updates."""
    told = metadata.tags, metadata.xmp, metadata.dpi, metadata.aspect, metadata.words
    return any(map(bool, told))


def placed(metadata: Metadata, geometry: Geometry | None, notes: list[str]) -> Metadata:
    """Return the metadata for a picture with this place in the old one; None if no affine map relates the two."""
    if geometry is not None and geometry.is_identity:
        return metadata
    metadata = _without_places(metadata, notes)
    if geometry is not None:
        dpi, aspect = (both and geometry.resolution(*both) for both in (metadata.dpi, metadata.aspect))
        metadata = metadata._replace(dpi=dpi, aspect=aspect)
    if not metadata.tags:
        return metadata
    tags = _on_levels(metadata.tags, lambda level: _resolved(level, geometry))
    return metadata._replace(tags=_moved(tags, geometry, notes))


def _without_places(metadata: Metadata, notes: list[str]) -> Metadata:
    """Return the metadata without the positions in XMP, which refer to the old picture."""
    if not metadata.xmp:
        return metadata
    from . import xmp

    found = xmp.without_places(metadata.xmp)
    if found.parts:
        parts = " and ".join(found.parts)
        notes.append(f"its {parts} in XMP were not kept, as its samples moved")
    return metadata._replace(xmp=found.packet)


def _on_levels(tags: Level, change: Callable[[Level], ifd.Directory]) -> ifd.Directory:
    """Return *tags* and the EXIF directory in them, both changed."""
    new = change(tags)
    if EXIF in new and (below := new[EXIF].below) is not None:
        new[EXIF] = new[EXIF]._replace(below=change(below))
    return new


def _resolved(level: Level, geometry: Geometry | None) -> ifd.Directory:
    """Return tags with the resolutions of a picture with this place in the old one."""
    if geometry is None or not geometry.is_affine:
        return dict(level)
    new = {number: value for number, value in level.items() if not any(number in pair for pair in RESOLUTIONS)}
    for pair in RESOLUTIONS:
        there = {number: level[number] for number in pair if number in level}
        if geometry.is_scaled or geometry.swaps_axes:
            given = pair[::-1] if geometry.swaps_axes else pair
            old = zip(pair, given, geometry.scale, strict=True)
            new |= {number: _divided(there[source], scale) for number, source, scale in old if source in there}
        elif len(there) == len(pair) and all(0 < value.real() < MOST_RESOLUTION for value in there.values()):
            found = geometry.resolution(*(there[number].real() for number in pair))
            new |= {number: ifd.rational(value) for number, value in zip(pair, found, strict=True)}
    return new


def _divided(value: ifd.Value, scale: float) -> ifd.Value:
    """Return a resolution for samples that are *scale* times as wide; exact if the fraction can hold it."""
    if value.type == ifd.RATIONAL and scale.is_integer():
        number, divisor = struct.unpack_from("<II", value.data)
        if divisor * int(scale) < 1 << 32:
            return value._replace(many=1, data=struct.pack("<II", number, divisor * int(scale)))
    return ifd.rational(value.real() / scale) if 0 < value.real() < MOST_RESOLUTION else value


def _moved(tags: ifd.Directory, by: Geometry | None, notes: list[str]) -> ifd.Directory:
    tags = georeference.moved(tags, by, notes)
    below = tags[EXIF].below if EXIF in tags else None
    if below is not None and SUBJECTS & below.keys():
        places = {number: below[number] for number in SUBJECTS & below.keys()}
        new = {} if by is None else {number: _subject(value, by) for number, value in places.items()}
        rest = {number: value for number, value in below.items() if number not in SUBJECTS}
        tags[EXIF] = tags[EXIF]._replace(below={**rest, **new})
    return tags


def _subject(value: ifd.Value, by: Geometry) -> ifd.Value:
    """Return the new subject area: a point, a circle's centre and diameter, or a box's centre, width and height."""
    numbers = value.integers()
    if len(numbers) not in (2, 3, 4):
        return value
    x, y = numbers[0] + 0.5, numbers[1] + 0.5
    if len(numbers) == 3:
        (left, top), area = by.in_result(x, y), abs(by.a * by.e - by.b * by.d)
        found = left - 0.5, top - 0.5, numbers[2] / math.sqrt(area)
    else:
        across, down = (side / 2 for side in (*numbers[2:], 0, 0)[:2])
        corners = [by.in_result(x + dx, y + dy) for dx in (-across, across) for dy in (-down, down)]
        low, high = ([end(along) for along in zip(*corners, strict=True)] for end in (min, max))
        sides = [b - a for a, b in zip(low, high, strict=True)]
        found = (low[0] + high[0] - 1) / 2, (low[1] + high[1] - 1) / 2, *sides[: len(numbers) - 2]
    new = [min(max(round(number), 0), MOST) for number in found]
    return ifd.Value(ifd.SHORT, len(new), struct.pack(f"<{len(new)}H", *new))
