"""Removing from XMP packets what is no longer true, or private.

After XMP Specification Part 1 (ISO 16684-1). Properties are recognised by their namespace, whatever its prefix, as
attributes and as elements, at any depth; everything else stays the same, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ...filters.core.named_tuple import NamedTuple
from .xml_text import Attribute, Edit, Namespaces, Tag, declared_prefix, edited, in_utf8, walk

EXIF = b"http://ns.adobe.com/exif/1.0/"
TIFF = b"http://ns.adobe.com/tiff/1.0/"
DUBLIN_CORE = b"http://purl.org/dc/elements/1.1/"
USUAL = {b"exif": EXIF, b"tiff": TIFF, b"dc": DUBLIN_CORE}
"""The namespaces of prefixes that a packet should declare, but does not."""
ANY = rb".+"
GAIN_MAP, VIDEO, DEPTH_MAP, SOUND, ORIGINAL = "gain map", "video", "depth map", "sound", "unfiltered copy"


class Property(NamedTuple):
    """Properties to remove: their namespace, their names, and the part of the old file that they describe."""

    namespace: bytes
    names: bytes
    part: str = ""


OF_THE_OLD_FILE = (
    Property(b"http://ns.adobe.com/hdr-gain-map/1.0/", ANY, GAIN_MAP),
    Property(b"http://ns.apple.com/HDRGainMap/1.0/", ANY, GAIN_MAP),
    Property(b"http://ns.google.com/photos/1.0/camera/", rb"(?:MicroVideo|MotionPhoto).*", VIDEO),
    Property(b"http://ns.google.com/photos/1.0/container/", ANY),
    Property(b"http://ns.google.com/photos/1.0/container/item/", ANY),
    Property(b"http://ns.google.com/photos/1.0/depthmap/", ANY, DEPTH_MAP),
    Property(b"http://ns.google.com/photos/1.0/image/", ANY, ORIGINAL),
    Property(b"http://ns.google.com/photos/1.0/audio/", ANY, SOUND),
    Property(b"http://ns.google.com/photos/dd/1.0/device/", ANY, DEPTH_MAP),
    Property(b"http://ns.adobe.com/xmp/note/", b"HasExtendedXMP"),
    Property(b"http://ns.adobe.com/xap/1.0/", b"Thumbnails"),
    Property(b"http://ns.adobe.com/photoshop/1.0/", rb"ColorMode|ICCProfile"),
    Property(TIFF, rb"BitsPerSample|Compression|PhotometricInterpretation|SamplesPerPixel|PlanarConfiguration"),
    Property(TIFF, rb"YCbCr.+|TransferFunction|NativeDigest"),
    Property(EXIF, rb"CompressedBitsPerPixel|ComponentsConfiguration|NativeDigest"),
)
"""Properties on parts of the old file that show the unfiltered picture, or on the storage of its samples."""
REGIONS, PANORAMA = "regions (of faces)", "panorama coordinates"
OF_PLACES = (
    Property(b"http://www.metadataworkinggroup.com/schemas/regions/", b"Regions", REGIONS),
    Property(b"http://ns.microsoft.com/photo/1.2/", b"RegionInfo", REGIONS),
    Property(b"http://iptc.org/std/Iptc4xmpExt/2008-02-29/", b"ImageRegion", REGIONS),
    Property(b"http://ns.google.com/photos/1.0/panorama/", rb"(?:Cropped|Full|LargestValid).+", PANORAMA),
)
"""Properties with positions in the picture, in samples or fractions of its sides."""
OF_THE_PLACE = (Property(EXIF, rb"GPS.*"),)

FRAMES = 2
"""The number of cached results: the frames of an animation share a packet, and pages may."""

Values = Mapping[tuple[bytes, bytes], bytes]
"""The values of simple properties, by namespace and name."""


class Portable(NamedTuple):
    """A packet without properties of the old file."""

    packet: bytes
    parts: tuple[str, ...]
    """The parts of the old file that it described."""


def portable(xmp: str | bytes) -> Portable:
    """Return a packet without orientation and properties of the old file; raises ValueError if it is not XML."""
    found = _portable(xmp)
    if isinstance(found, str):
        raise ValueError(found)
    return found


@lru_cache(FRAMES)
def _portable(xmp: str | bytes) -> Portable | str:
    """Return the packet, or why it is not XML."""
    try:
        packet = xmp.encode() if isinstance(xmp, str) else in_utf8(xmp)
        return _edited(packet.rstrip(b"\0"), OF_THE_OLD_FILE, {(TIFF, b"Orientation"): b"1"})
    except ValueError as error:
        return str(error)


@lru_cache(FRAMES)
def without_places(packet: bytes) -> Portable:
    """Return a packet without positions, for a picture whose samples moved; *parts* are what was removed."""
    return _edited(packet, OF_PLACES)


@lru_cache(FRAMES)
def described(packet: bytes, size: tuple[int, int], media_type: str) -> bytes:
    """Return a packet with the picture's size and the file's type, where present, updated for a result."""
    width, height = (b"%d" % side for side in size)
    values: Values = {
        (EXIF, b"PixelXDimension"): width,
        (EXIF, b"PixelYDimension"): height,
        (TIFF, b"ImageWidth"): width,
        (TIFF, b"ImageLength"): height,
        (DUBLIN_CORE, b"format"): media_type.encode(),
    }
    return _edited(packet, (), values).packet


@lru_cache(FRAMES)
def in_srgb(packet: bytes) -> bytes:
    """Return a packet with the colour properties of sRGB."""
    return _edited(packet, (), {(EXIF, b"ColorSpace"): b"1"}).packet


@lru_cache(FRAMES)
def without_place(packet: bytes) -> bytes:
    """Return a packet without the properties exif:GPS*; empty if some may be left."""
    left = _edited(packet, OF_THE_PLACE).packet
    return b"" if re.search(rb"GPS[A-Z]", left) else left


def _edited(packet: bytes, going: Sequence[Property], values: Values | None = None) -> Portable:
    """Return a packet without the properties *going*, and with new *values* of existing ones."""
    editor = _Editor(going, values or {})
    walk(packet, editor.opened, editor.closed)
    return Portable(editor.edit(packet), editor.parts)


class _Open(NamedTuple):
    """An open element: its tag, the number opened before it, and its fate."""

    tag: Tag
    number: int
    goes: bool
    value: bytes | None


class _Editor:
    """Collects the edits of a packet while its elements open and close."""

    def __init__(self, going: Sequence[Property], values: Values) -> None:
        self._going: dict[bytes, list[Property]] = {}
        for each in going:
            self._going.setdefault(each.namespace, []).append(each)
        self._values = values
        self._parts = dict.fromkeys((each.part for each in going if each.part), False)
        self._namespaces = Namespaces(USUAL)
        self._open: list[_Open] = []
        self._count = 0
        self._edits: list[Edit] = []
        self._declared: list[tuple[tuple[bytes, bytes], Edit]] = []
        self._left, self._gone = set[tuple[bytes, bytes]](), set[tuple[bytes, bytes]]()
        """Prefixes with their namespaces, for names that stay and for those that go."""
        self._whole = False
        """The outermost element goes."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the old file that the removed properties described."""
        return tuple(part for part, found in self._parts.items() if found)

    def edit(self, packet: bytes) -> bytes:
        """Return the edited packet, without declarations of namespaces that are no longer used."""
        unused = (edit for key, edit in self._declared if key in self._gone and key not in self._left)
        return b"" if self._whole else edited(packet, [*self._edits, *unused])

    def opened(self, tag: Tag) -> None:
        """Take a tag: as `xml_text.walk` calls it."""
        self._namespaces.open(tag)
        self._count += 1
        within = bool(self._open) and self._open[-1].goes
        goes, value = self._named(tag.name, within)
        self._open.append(_Open(tag, self._count, goes, value))
        for attribute in tag.attributes:
            self._attribute(attribute, goes)

    def closed(self, inner: int, end: int) -> None:
        """Take the end of an element, as `xml_text.walk` calls it."""
        tag, number, goes, value = self._open.pop()
        if goes and not (self._open and self._open[-1].goes):
            self._cut(tag.start, end)
            self._whole |= not self._open
        elif value is not None and not tag.empty and not goes:
            if number == self._count:
                self._edits.append(Edit(tag.end, inner, value))
            else:
                self._cut(tag.start, end)
        self._namespaces.close()

    def _attribute(self, attribute: Attribute, within: bool) -> None:
        if (prefix := declared_prefix(attribute.name)) is not None:
            if prefix:
                declared = (prefix, self._namespaces.of(prefix + b":")[0])
                self._declared.append((declared, Edit(attribute.start, attribute.end)))
        elif b":" in attribute.name:
            goes, value = self._named(attribute.name, within)
            if goes:
                self._cut(attribute.start, attribute.end)
            elif value is not None:
                self._edits.append(Edit(*attribute.inner, value))

    def _cut(self, start: int, end: int) -> None:
        if self._edits and self._edits[-1].end == start and not self._edits[-1].by:
            start = self._edits.pop().start
        self._edits.append(Edit(start, end))

    def _named(self, name: bytes, within: bool) -> tuple[bool, bytes | None]:
        """Return whether a property goes, as one does *within* another that goes, and its new value if it has one."""
        namespace, prefix, local = self._namespaces.of(name)
        rule = next((each for each in self._going.get(namespace, ()) if re.fullmatch(each.names, local)), None)
        if rule is not None and rule.part:
            self._parts[rule.part] = True
        goes = within or rule is not None
        (self._gone if goes else self._left).add((prefix, namespace))
        return goes, self._values.get((namespace, local))
