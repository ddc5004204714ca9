"""OME-XML in a TIFF's description: sizes, sample type and planes, updated in place.

After the OME data model of 2016-06 and https://docs.openmicroscopy.org/ome-model/latest/ome-tiff/specification.html.
All else stays byte by byte as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ....filters.core.engine.coordinates import Geometry
from ....filters.core.named_tuple import NamedTuple
from ..xml_text import Attribute, Edit, Tag, edited, walk

READ = frozenset({b"Pixels", b"Channel", b"TiffData", b"Plane", b"UUID"})
"""Elements that are read or changed, apart from regions."""
PHYSICAL, UNITS = (b"PhysicalSizeX", b"PhysicalSizeY"), (b"PhysicalSizeXUnit", b"PhysicalSizeYUnit")
PLANES, REGIONS = (b"TiffData", b"Plane"), (b"ROI", b"ROIRef")
SPACES = re.compile(rb"\s*+")
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
    geometry: Geometry | None,
    notes: list[str],
) -> bytes:
    """Return the XML for *pages* of a file *of* so many; raises ValueError with the reason if that is impossible."""
    xml = _Xml(text)
    found = [element for element in xml.elements if element.name == b"Pixels"]
    if len(found) != 1:
        raise ValueError(f"it describes {len(found)} images")
    if len(xml.files) > 1:
        raise ValueError(f"it describes {len(xml.files)} files")
    pixels = found[0]
    within = [element for element in xml.elements if pixels.tag.end <= element.tag.start < pixels.inner_end]
    edits: list[Edit] = []
    width, height = (b"%d" % side for side in size)
    values: dict[bytes, bytes] = {b"SizeX": width, b"SizeY": height}
    values |= _physical_sizes(pixels, geometry, edits, notes)
    if pixels.value(b"Type") != TYPES[dtype]:
        values[b"Type"] = TYPES[dtype]
        if (bits := pixels.tag.get(b"SignificantBits")) is not None:
            edits.append(_cut(bits))
    if pixels.value(b"BigEndian"):
        values[b"BigEndian"] = b"false"
    sizes = {axis: int(pixels.value(b"Size%c" % axis) or b"1") for axis in b"ZCT"}
    listed = [element for element in within if element.name == b"Channel"]
    samples = [int(channel.value(b"SamplesPerPixel") or b"1") for channel in listed]
    if len(set(samples)) > 1:
        raise ValueError("its channels have different numbers of samples")
    stored = samples[0] if samples else 1
    if stored != channels:
        if len(listed) > 1 or sizes[ord("C")] != stored:
            raise ValueError(f"its channels have {stored} samples each, but the picture has {channels}")
        sizes[ord("C")] = channels
        values[b"SizeC"] = b"%d" % channels
        for channel in listed:
            edits += _set(channel.tag, {b"SamplesPerPixel": values[b"SizeC"]})
    groups = max(sizes[ord("C")] // channels, 1)
    if list(pages) != list(range(of)) or groups * sizes[ord("Z")] * sizes[ord("T")] != of:
        if len(pages) != 1 or groups * sizes[ord("Z")] * sizes[ord("T")] != of:
            raise ValueError(f"it describes {sizes[ord('Z')]}×{groups}×{sizes[ord('T')]} planes in {of} pages")
        planes = [element for element in within if element.name in PLANES]
        if _in_another_order([element for element in planes if element.name == b"TiffData"]):
            raise ValueError("its planes and pages are in different orders")
        channel = _channel_of(pages[0], pixels.value(b"DimensionOrder"), sizes, groups)
        values |= {b"Size%c" % axis: b"%d" % count for axis, count in zip(b"ZCT", (1, channels, 1), strict=True)}
        edits += (Edit(e.tag.start, e.end) for number, e in enumerate(listed) if number != channel)
        edits += (Edit(e.tag.start, _behind_space(text, e.end)) for e in planes)
        one = b'<%bTiffData IFD="0" PlaneCount="1"/>' % pixels.tag.name.removesuffix(b"Pixels")
        edits.append(Edit(pixels.inner_end, pixels.inner_end, one))
        notes.append("its OME-XML now describes only this page")
    if xml.files:
        edits += (Edit(e.tag.start, e.end) for e in within if e.name == b"UUID")
    if xml.own is not None:
        edits.append(_cut(xml.own))
    if xml.regions and geometry != Geometry():
        edits += xml.regions
        notes.append("its OME regions of interest were not kept, as the picture's geometry changed")
    return edited(text, [*edits, *_set(pixels.tag, values)])


def _physical_sizes(
    pixels: _Element, geometry: Geometry | None, edits: list[Edit], notes: list[str]
) -> dict[bytes, bytes]:
    """Return the physical sizes after a *geometry*; add *edits* that remove those that cannot follow."""
    told = {name: pixels.value(name) for name in (*PHYSICAL, *UNITS) if pixels.value(name)}
    if geometry is None or not geometry.is_affine or not any(name in told for name in PHYSICAL):
        return {}
    if geometry.is_scaled:
        scales = zip(PHYSICAL, geometry.scale, strict=True)
        return {name: _times(told[name], scale) for name, scale in scales if scale != 1 and name in told}
    sizes = [float(told.get(name, b"nan")) for name in PHYSICAL]
    units = {told.get(name, b"") for name in UNITS}
    if len(units) > 1 or not all(size > 0 for size in sizes):
        edits += (_cut(found) for name in (*PHYSICAL, *UNITS) if (found := pixels.tag.get(name)) is not None)
        notes.append("its OME physical sizes were not kept, as the picture was rotated and they differ by axis")
        return {}
    x, y = sizes
    if geometry.swaps_axes and geometry.scale == (1, 1):
        return dict(zip(PHYSICAL, (told[name] for name in PHYSICAL[::-1]), strict=True))
    densities = geometry.resolution(1 / x, 1 / y)
    return {name: _times(b"1", 1 / density) for name, density in zip(PHYSICAL, densities, strict=True)}


class _Element(NamedTuple):
    """An element, by its name without a prefix."""

    name: bytes
    tag: Tag
    inner_end: int
    end: int

    def value(self, name: bytes) -> bytes:
        """Return the value of an attribute, b"" where there is none."""
        attribute = self.tag.get(name)
        return attribute.value if attribute is not None else b""


class _Xml:
    """The elements of OME-XML that are read or changed, in the order of the text."""

    def __init__(self, text: bytes) -> None:
        self.elements: list[_Element] = []
        self.files = set[bytes]()
        """The file names in it."""
        self.own: Attribute | None = None
        """The identity of the file."""
        self.regions: list[Edit] = []
        """The edits that remove regions of interest."""
        self._text = text
        self._open: list[Tag] = []
        walk(text, self._opened, self._closed)
        self.elements.sort(key=lambda element: element.tag.start)

    def _opened(self, tag: Tag) -> None:
        if not self._open:
            self.own = tag.get(b"UUID")
        self._open.append(tag)
        self.files.update(attribute.value for attribute in tag.attributes if attribute.name == b"FileName")

    def _closed(self, inner: int, end: int) -> None:
        tag = self._open.pop()
        name = tag.name.rpartition(b":")[2]
        if name in READ:
            self.elements.append(_Element(name, tag, inner, end))
        elif name in REGIONS:
            self.regions.append(Edit(tag.start, _behind_space(self._text, end)))


def _cut(attribute: Attribute) -> Edit:
    return Edit(attribute.start, attribute.end)


def _set(tag: Tag, values: Mapping[bytes, bytes]) -> Iterable[Edit]:
    """Return edits that change the values of existing attributes."""
    return [Edit(*each.inner, values[each.name]) for each in tag.attributes if each.name in values]


def _behind_space(text: bytes, at: int) -> int:
    found = SPACES.match(text, at)
    return found.end() if found is not None else at


def _times(value: bytes, scale: float) -> bytes:
    return f"{float(value) * scale:.12g}".encode()


def _in_another_order(elements: Sequence[_Element]) -> bool:
    """Whether a plane has an explicit place that differs from the order of dimensions."""
    placed = any(element.value(b"First" + axis) for element in elements for axis in (b"Z", b"C", b"T"))
    ifds = [int(element.value(b"IFD") or b"0") for element in elements]
    return len(elements) > 1 and (ifds != sorted(ifds) or placed)


def _channel_of(page: int, order: bytes, sizes: dict[int, int], groups: int) -> int:
    """Return the number of the channel of a page, by the order of the dimensions, the fastest first."""
    for axis in order[2:]:
        count = groups if axis == ord("C") else sizes.get(axis, 1)
        if axis == ord("C"):
            return page % count
        page //= count
    return 0
