"""OME-XML in a TIFF's description: sizes, sample type and planes, brought up to date where they stand.

After the OME data model of 2016-06 and https://docs.openmicroscopy.org/ome-model/latest/ome-tiff/specification.html.
The attributes are replaced by regular expressions, so that all else stays byte by byte as it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ....filters.core.engine.geometry import Geometry

PIXELS = re.compile(rb"<((?:\w+:)?)Pixels\b([^>]*)>(.*?)</\1Pixels\s*>", re.DOTALL)
CHANNEL = re.compile(rb"<((?:\w+:)?)Channel\b(?:[^>]*/>|[^>]*>.*?</\1Channel\s*>)", re.DOTALL)
PLANES = re.compile(rb"<((?:\w+:)?)(TiffData|Plane)\b(?:[^>]*/>|[^>]*>.*?</\1\2\s*>)\s*", re.DOTALL)
FILE_NAME = re.compile(rb"\bFileName\s*=\s*([\"'])(.*?)\1")
UUID_ELEMENT = re.compile(rb"<((?:\w+:)?)UUID\b(?:[^>]*/>|[^>]*>.*?</\1UUID\s*>)", re.DOTALL)
UUID = re.compile(rb"(<(?:\w+:)?OME\b[^>]*?)\s+UUID\s*=\s*(?:\"[^\"]*\"|'[^']*')")
REGIONS = re.compile(rb"<((?:\w+:)?)(ROIRef|ROI)\b(?:[^>]*/>|[^>]*>.*?</\1\2\s*>)\s*", re.DOTALL)
TYPES = {"uint8": b"uint8", "uint16": b"uint16", "float32": b"float", "float64": b"double"}


def is_ome(text: bytes) -> bool:
    """Whether a description is OME-XML."""
    return b"<OME" in text[:4096] or b"<ome:OME" in text[:4096]


def brought_up_to_date(
    text: bytes,
    *,
    size: tuple[int, int],
    dtype: str,
    channels: int,
    pages: Sequence[int],
    of: int,
    geometry: Geometry,
    notes: list[str],
) -> bytes:
    """Return the XML, true of *pages* of a file *of* so many; raises ValueError with the reason where it cannot be."""
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", text):
        raise ValueError("it declares a document type")
    found = list(PIXELS.finditer(text))
    if len(found) != 1:
        raise ValueError(f"it describes {len(found)} images")
    names = {name for _, name in FILE_NAME.findall(text)}
    if len(names) > 1:
        raise ValueError(f"it describes {len(names)} files")
    prefix, attributes, content = found[0].groups()
    width, height = (b"%d" % side for side in size)
    attributes = _set(attributes, b"SizeX", width)
    attributes = _set(attributes, b"SizeY", height)
    for name, scale in zip((b"PhysicalSizeX", b"PhysicalSizeY"), geometry.scale, strict=True):
        if scale != 1 and (value := _get(attributes, name)):
            attributes = _set(attributes, name, _times(value, scale))
    if _get(attributes, b"Type") != TYPES[dtype]:
        attributes = _without(_set(attributes, b"Type", TYPES[dtype]), b"SignificantBits")
    if _get(attributes, b"BigEndian"):
        attributes = _set(attributes, b"BigEndian", b"false")
    sizes = {axis: int(_get(attributes, b"Size%c" % axis) or b"1") for axis in b"ZCT"}
    listed = [match[0] for match in CHANNEL.finditer(content)]
    samples = [int(_get(channel, b"SamplesPerPixel") or b"1") for channel in listed]
    if len(set(samples)) > 1:
        raise ValueError("its channels have different numbers of samples")
    stored = samples[0] if samples else 1
    if stored != channels:
        if len(listed) > 1 or sizes[ord("C")] != stored:
            raise ValueError(f"its channels have {stored} samples each, and the picture {channels}")
        sizes[ord("C")] = channels
        attributes = _set(attributes, b"SizeC", b"%d" % channels)
        for channel in listed:
            content = content.replace(channel, _set(channel, b"SamplesPerPixel", b"%d" % channels))
    groups = max(sizes[ord("C")] // channels, 1)
    if list(pages) != list(range(of)) or groups * sizes[ord("Z")] * sizes[ord("T")] != of:
        if len(pages) != 1 or groups * sizes[ord("Z")] * sizes[ord("T")] != of:
            raise ValueError(f"it describes {sizes[ord('Z')]}×{groups}×{sizes[ord('T')]} planes in {of} pages")
        if PLANES.search(content) and _is_in_another_order(content):
            raise ValueError("its planes are in another order than its pages")
        channel = _channel_of(pages[0], _get(attributes, b"DimensionOrder"), sizes, groups)
        for axis, count in zip(b"ZCT", (1, channels, 1), strict=True):
            attributes = _set(attributes, b"Size%c" % axis, b"%d" % count)
        for number, element in enumerate(CHANNEL.finditer(content)):
            if number != channel:
                content = content.replace(element[0], b"", 1)
        content = PLANES.sub(b"", content) + b'<%bTiffData IFD="0" PlaneCount="1"/>' % prefix
        notes.append("its OME-XML describes the one page now")
    if names:
        content = UUID_ELEMENT.sub(b"", content)
    new = b"<%bPixels%b>%b</%bPixels>" % (prefix, attributes, content, prefix)
    text = UUID.sub(rb"\1", text[: found[0].start()] + new + text[found[0].end() :])
    if not geometry.is_identity and REGIONS.search(text):
        text = REGIONS.sub(b"", text)
        notes.append("its OME regions of interest were not kept, as the picture's geometry has changed")
    return text


def _attribute(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(\s" + name + rb"\s*=\s*)(\"[^\"]*\"|'[^']*')")


def _get(attributes: bytes, name: bytes) -> bytes:
    found = _attribute(name).search(attributes)
    return found[2][1:-1] if found else b""


def _set(attributes: bytes, name: bytes, value: bytes) -> bytes:
    return _attribute(name).sub(lambda found: found[1] + b'"' + value + b'"', attributes)


def _without(attributes: bytes, name: bytes) -> bytes:
    return _attribute(name).sub(b"", attributes)


def _times(value: bytes, scale: float) -> bytes:
    return f"{float(value) * scale:.12g}".encode()


def _is_in_another_order(content: bytes) -> bool:
    """Whether some plane lies elsewhere than the dimensions' order says: it has a place of its own."""
    elements = [match[0] for match in PLANES.finditer(content) if b"TiffData" in match[0][:20]]
    firsts = [tuple(_get(element, b"First" + axis) for axis in (b"Z", b"C", b"T")) for element in elements]
    ifds = [int(_get(element, b"IFD") or b"0") for element in elements]
    return len(elements) > 1 and (ifds != sorted(ifds) or any("".join(map(bytes.decode, first)) for first in firsts))


def _channel_of(page: int, order: bytes, sizes: dict[int, int], groups: int) -> int:
    """Return the number of the channel of a page, by the order of the dimensions, the fastest first."""
    for axis in order[2:]:
        count = groups if axis == ord("C") else sizes.get(axis, 1)
        if axis == ord("C"):
            return page % count
        page //= count
    return 0
