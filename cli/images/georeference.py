"""The georeference of a GeoTIFF: tags that map raster positions to the ground, updated when samples move.

After OGC 19-008r4, GeoTIFF 1.1. Raster coordinates count from the top left corner of the first sample, or from its
centre where the key GTRasterType says that a pixel is a point.
"""

from __future__ import annotations

import contextlib
import math
import re
import struct
from collections.abc import Mapping, Sequence

from ...filters.core.engine.coordinates import Geometry
from . import ifd
from .tiff_tags import (
    GDAL_METADATA,
    GDAL_NODATA,
    GEO_KEYS,
    INTERGRAPH_MATRIX,
    PIXEL_SCALE,
    RATIONAL_POLYNOMIALS,
    TIE_POINTS,
    TRANSFORMATION,
)

PLACES = frozenset({PIXEL_SCALE, TIE_POINTS, TRANSFORMATION, INTERGRAPH_MATRIX, RATIONAL_POLYNOMIALS})
"""The tags that locate the raster."""
RASTER_TYPE, PIXEL_IS_POINT = 1025, 2
"""A key of GeoTIFF, and its value where coordinates count from the centre of the first sample."""
LINE_OFFSET, SAMPLE_OFFSET, LINE_SCALE, SAMPLE_SCALE = 2, 3, 7, 8
"""Which of the 92 numbers of `RATIONAL_POLYNOMIALS` are places in the raster; a sample's centre is a whole number."""
ITEM = re.compile(rb"<Item\b([^<>]*)>([^<]*)</Item\s*>")
"""An item of GDAL_METADATA: its attributes, and its text."""
NAME = re.compile(rb"\bname\s*=\s*[\"']([^\"']*)[\"']")
STATISTICS = b"STATISTICS_"
NODATA_NAMES = frozenset({b"nodata_values", b"nodata", b"_fillvalue", b"missing_value", b"blankvalue"})
"""Names of items with the nodata value in GDAL, ESRI and netCDF."""
OF_SAMPLES = re.compile(rb"\b(?:sample|role)\s*=")
"""The mark of an item about a band: its unit, its scale, its name."""


def of_orientation(orientation: int, width: int, height: int) -> Geometry:
    """Return the map from an upright raster to the stored one of *width* and *height*, by the EXIF orientation.

    >>> of_orientation(6, 60, 40).in_image(0, 0), of_orientation(6, 60, 40).in_image(40, 60)
    ((0, 40), (60, 0))
    """
    return {
        2: Geometry(-1, 0, width, 0, 1, 0),
        3: Geometry(-1, 0, width, 0, -1, height),
        4: Geometry(1, 0, 0, 0, -1, height),
        5: Geometry(0, 1, 0, 1, 0, 0),
        6: Geometry(0, 1, 0, -1, 0, height),
        7: Geometry(0, -1, width, -1, 0, height),
        8: Geometry(0, -1, width, 1, 0, 0),
    }.get(orientation, Geometry())


def moved(tags: Mapping[int, ifd.Value], by: Geometry | None, notes: list[str]) -> ifd.Directory:
    """Return *tags* for a raster that *by* maps to the old one; those that cannot follow are left out."""
    if not PLACES & tags.keys() or by == Geometry():
        return dict(tags)
    if by is None or not by.is_affine:
        notes.append("its georeference was not kept, as the picture was warped")
        return {number: value for number, value in tags.items() if number not in PLACES}
    own = by.of_centres() if _is_point(tags) else by
    new = {number: value for number, value in tags.items() if number not in PLACES}
    try:
        new |= _transformed(tags, own)
    except ValueError as error:
        notes.append(f"its georeference was not kept ({error})")
    if RATIONAL_POLYNOMIALS in tags:
        polynomials = _doubles(tags[RATIONAL_POLYNOMIALS])
        if by.keeps_axes and len(polynomials) > SAMPLE_SCALE:
            new[RATIONAL_POLYNOMIALS] = _of_doubles(_polynomials(polynomials, by.of_centres()))
        else:
            notes.append("its rational polynomial coefficients were not kept, as the picture was rotated")
    return new


def _is_point(tags: Mapping[int, ifd.Value]) -> bool:
    """Whether raster coordinates count from the centre of the first sample."""
    keys = tags[GEO_KEYS].integers() if GEO_KEYS in tags else ()
    return any(
        keys[at : at + 2] == (RASTER_TYPE, 0) and keys[at + 3] == PIXEL_IS_POINT for at in range(4, len(keys) - 3, 4)
    )


def _transformed(tags: Mapping[int, ifd.Value], by: Geometry) -> ifd.Directory:
    """Return the tags that locate the new raster; raises ValueError for meaningless ones."""
    new: ifd.Directory = {}
    if INTERGRAPH_MATRIX in tags and TRANSFORMATION not in tags and PIXEL_SCALE not in tags:
        raise ValueError("an Intergraph matrix, which is obsolete")
    if TRANSFORMATION in tags:
        matrix = _doubles(tags[TRANSFORMATION])
        if len(matrix) != 16:
            raise ValueError(f"{len(matrix)} numbers in its transformation in place of 16")
        new[TRANSFORMATION] = _of_doubles(_times(matrix, by))
    if TIE_POINTS not in tags:
        if PIXEL_SCALE in tags and TRANSFORMATION not in tags:
            raise ValueError("a pixel scale without a tie point")
        return new
    points = _doubles(tags[TIE_POINTS])
    if not points or len(points) % 6:
        raise ValueError(f"{len(points)} numbers in its tie points, which need 6 each")
    if PIXEL_SCALE not in tags:
        ground = [points[at : at + 6] for at in range(0, len(points), 6)]
        new[TIE_POINTS] = _of_doubles([n for i, j, *rest in ground for n in (*by.in_result(i, j), *rest)])
        return new
    scale = _doubles(tags[PIXEL_SCALE])
    if len(scale) < 2:
        raise ValueError(f"{len(scale)} numbers in its pixel scale in place of 3")
    depth = scale[2] if len(scale) > 2 else 0.0
    i, j, k, x, y, z = points[:6]
    if by.keeps_axes:
        at_i, at_j = by.in_image(i, j)
        new[PIXEL_SCALE] = _of_doubles([scale[0] * by.a, scale[1] * by.e, *scale[2:]])
        new[TIE_POINTS] = _of_doubles([i, j, k, x + (at_i - i) * scale[0], y - (at_j - j) * scale[1], z])
        return new
    matrix = (scale[0], 0, 0, x - i * scale[0], 0, -scale[1], 0, y + j * scale[1], 0, 0, depth, z - k * depth)
    new[TRANSFORMATION] = _of_doubles(_times((*matrix, 0, 0, 0, 1), by))
    return new


def _times(matrix: Sequence[float], by: Geometry) -> list[float]:
    """Return the product of a matrix of 4×4, row by row, with the map of the new raster to the old."""
    found = list[float]()
    for row in range(4):
        x, y, z, one = matrix[4 * row : 4 * row + 4]
        found += [x * by.a + y * by.d, x * by.b + y * by.e, z, x * by.c + y * by.f + one]
    return found


def _polynomials(numbers: Sequence[float], by: Geometry) -> list[float]:
    found = list(numbers)
    found[SAMPLE_OFFSET], found[LINE_OFFSET] = by.in_result(numbers[SAMPLE_OFFSET], numbers[LINE_OFFSET])
    found[SAMPLE_SCALE], found[LINE_SCALE] = numbers[SAMPLE_SCALE] / by.a, numbers[LINE_SCALE] / by.e
    return found


def _doubles(value: ifd.Value) -> tuple[float, ...]:
    """Return the numbers of a value of doubles; none if the type is another, or one is not finite."""
    if value.type != ifd.DOUBLE:
        return ()
    numbers = struct.unpack(f"<{value.many}d", value.data)
    return numbers if all(map(math.isfinite, numbers)) else ()


def _of_doubles(numbers: Sequence[float]) -> ifd.Value:
    return ifd.Value(ifd.DOUBLE, len(numbers), struct.pack(f"<{len(numbers)}d", *numbers))


def nodata(tags: Mapping[int, ifd.Value], notes: list[str]) -> float | None:
    """Return the nodata value; *notes* get one that is not a number.

    It is in GDAL's tag, or in an item of its metadata by programs that do not know the tag.
    """
    words = tags[GDAL_NODATA].text().strip() if GDAL_NODATA in tags else b""
    if not words and GDAL_METADATA in tags:
        items = ITEM.finditer(tags[GDAL_METADATA].text())
        named = (item[2].strip() for item in items if _name(item).rpartition(b"#")[2].lower() in NODATA_NAMES)
        words = b" ".join(dict.fromkeys(named))
    # If each band has a value, they are usually all equal.
    values = {word.replace(b",", b".") for word in words.split()}
    if not values:
        return None
    if len(values) == 1:
        with contextlib.suppress(ValueError):
            return float(values.pop())
    notes.append(f"its nodata value, {words.decode('ascii', 'replace')[:40]!r}, is not a number and was ignored")
    return None


def _name(item: re.Match[bytes]) -> bytes:
    found = NAME.search(item[1])
    return found[1] if found is not None else b""


def with_nodata(tags: Mapping[int, ifd.Value], value: float | None) -> ifd.Directory:
    """Return *tags* with this nodata value, unchanged if it is the same; without one for None."""
    new = {number: own for number, own in tags.items() if number != GDAL_NODATA}
    if value is None:
        return new
    words = tags[GDAL_NODATA].text().strip() if GDAL_NODATA in tags else b""
    with contextlib.suppress(ValueError):
        if words and (float(words) == value or (math.isnan(value) and math.isnan(float(words)))):
            return {**new, GDAL_NODATA: tags[GDAL_NODATA]}
    return {**new, GDAL_NODATA: ifd.text(f"{value:.17g}".encode())}


def filtered(tags: Mapping[int, ifd.Value], same_values: bool, notes: list[str]) -> Mapping[int, ifd.Value]:
    """Return *tags* without the items of GDAL_METADATA that a filter makes untrue.

    These are statistics and, unless the samples still have the *same values*, a band's unit, scale and name.
    """
    if GDAL_METADATA not in tags or tags[GDAL_METADATA].type != ifd.ASCII:
        return tags
    words, dropped = tags[GDAL_METADATA].text(), list[str]()
    parts, at = list[bytes](), 0
    for item in ITEM.finditer(words):
        if _name(item).startswith(STATISTICS):
            dropped.append("statistics")
        elif not same_values and OF_SAMPLES.search(item[1]):
            dropped.append("band units, scales and names")
        else:
            continue
        parts.append(words[at : item.start()].rstrip())
        at = item.end()
    if not dropped:
        return tags
    notes.append(f"the {' and '.join(dict.fromkeys(dropped))} in its GDAL metadata were not kept")
    left = b"".join((*parts, words[at:]))
    new = {number: value for number, value in tags.items() if number != GDAL_METADATA}
    return {**new, GDAL_METADATA: ifd.text(left)} if ITEM.search(left) else new
