"""XMP packets: freed of what is no longer true, or not to be told.

After XMP Specification Part 1 (ISO 16684-1). What goes is taken out by regular expressions, so that all else stays byte
by byte as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

EXIF = b"http://ns.adobe.com/exif/1.0/"
TIFF = b"http://ns.adobe.com/tiff/1.0/"
DUBLIN_CORE = b"http://purl.org/dc/elements/1.1/"
TURNED = re.compile(rb"((?:tiff:Orientation\s*=\s*[\"']|<tiff:Orientation>)\s*)[2-8]")
ANY = rb"[\w.-]+"
GAIN_MAP, VIDEO, DEPTH_MAP, SOUND, ORIGINAL = "gain map", "video", "depth map", "sound", "unfiltered copy"


class Property(NamedTuple):
    """Properties that go: of what namespace, which of it, and what part of the old file they tell of."""

    namespace: bytes
    names: bytes
    part: str = ""


OF_THE_OLD_FILE = (
    Property(b"http://ns.adobe.com/hdr-gain-map/1.0/", ANY, GAIN_MAP),
    Property(b"http://ns.apple.com/HDRGainMap/1.0/", ANY, GAIN_MAP),
    Property(b"http://ns.google.com/photos/1.0/camera/", rb"(?:MicroVideo|MotionPhoto)\w*", VIDEO),
    Property(b"http://ns.google.com/photos/1.0/container/", ANY),
    Property(b"http://ns.google.com/photos/1.0/container/item/", ANY),
    Property(b"http://ns.google.com/photos/1.0/depthmap/", ANY, DEPTH_MAP),
    Property(b"http://ns.google.com/photos/1.0/image/", ANY, ORIGINAL),
    Property(b"http://ns.google.com/photos/1.0/audio/", ANY, SOUND),
    Property(b"http://ns.google.com/photos/dd/1.0/device/", ANY, DEPTH_MAP),
    Property(b"http://ns.adobe.com/xmp/note/", b"HasExtendedXMP"),
    Property(b"http://ns.adobe.com/xap/1.0/", b"Thumbnails"),
    Property(b"http://ns.adobe.com/photoshop/1.0/", rb"(?:ColorMode|ICCProfile)"),
    Property(TIFF, rb"(?:BitsPerSample|Compression|PhotometricInterpretation|SamplesPerPixel|PlanarConfiguration)"),
    Property(TIFF, rb"(?:YCbCr\w+|TransferFunction|NativeDigest)"),
    Property(EXIF, rb"(?:CompressedBitsPerPixel|ComponentsConfiguration|NativeDigest)"),
)
"""Parts of a file that show the picture as it was are not kept; nor is what says how its samples were stored."""
REGIONS, PANORAMA = "regions (of faces)", "places in a panorama"
OF_PLACES = (
    Property(b"http://www.metadataworkinggroup.com/schemas/regions/", b"Regions", REGIONS),
    Property(b"http://ns.microsoft.com/photo/1.2/", b"RegionInfo", REGIONS),
    Property(b"http://iptc.org/std/Iptc4xmpExt/2008-02-29/", b"ImageRegion", REGIONS),
    Property(b"http://ns.google.com/photos/1.0/panorama/", rb"(?:Cropped|Full|LargestValid)\w+", PANORAMA),
)
"""Places in the picture, in its samples or in parts of its sides."""


class Portable(NamedTuple):
    """A packet of which what told of the old file was taken."""

    packet: bytes
    parts: tuple[str, ...]
    """The parts of the file that it told of."""


def portable(xmp: str | bytes) -> Portable:
    """Return a packet that turns nothing and tells nothing of the old file; raises ValueError where it is no XML."""
    packet = (xmp.encode() if isinstance(xmp, str) else xmp).rstrip(b"\0")
    _check(packet)
    packet, parts = TURNED.sub(rb"\g<1>1", packet), list[str]()
    for namespace, names, part in OF_THE_OLD_FILE:
        less = _without(packet, namespace, names)
        if part and less != packet:
            parts.append(part)
        packet = less
    _check(packet)
    return Portable(packet, tuple(dict.fromkeys(parts)))


def without_places(packet: bytes) -> Portable:
    """Return a packet without what tells of places in a picture whose samples moved; the parts are what went."""
    parts = list[str]()
    for namespace, names, part in OF_PLACES:
        less = _without(packet, namespace, names)
        if less != packet:
            parts.append(part)
        packet = less
    return Portable(packet, tuple(dict.fromkeys(parts)))


def _check(packet: bytes) -> None:
    """Raise ValueError where a packet is no XML, or more than that."""
    from xml.parsers import expat

    parser = expat.ParserCreate()

    def refuse(*_: Any) -> None:
        raise ValueError("it declares a document type")

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(packet, True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError(str(error)) from None


def _prefixes(packet: bytes, namespace: bytes) -> set[bytes]:
    if namespace not in packet:
        return set()
    return set(re.findall(rb"xmlns:([\w.-]+)\s*=\s*[\"']" + re.escape(namespace) + rb"[\"']", packet))


def _without(packet: bytes, namespace: bytes, names: bytes) -> bytes:
    """Return a packet without some properties of a namespace, as attributes and as elements."""
    for prefix in _prefixes(packet, namespace):
        name = re.escape(prefix) + b":" + names
        less = re.sub(rb"\s" + name + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')", b"", packet)
        less = re.sub(rb"<(" + name + rb")(?=[\s/>])[^>]*?(?:/>|>.*?</\1\s*>)", b"", less, flags=re.DOTALL)
        if less != packet and prefix + b":" not in less.replace(b"xmlns:" + prefix, b""):
            less = re.sub(rb"\sxmlns:" + re.escape(prefix) + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')", b"", less)
        packet = less
    return packet


def described(packet: bytes, size: tuple[int, int], media_type: str) -> bytes:
    """Return a packet in which the picture's size and the file's type, where they are told, are those of a result."""
    width, height = (b"%d" % side for side in size)
    values: Mapping[tuple[bytes, bytes], bytes] = {
        (EXIF, b"PixelXDimension"): width,
        (EXIF, b"PixelYDimension"): height,
        (TIFF, b"ImageWidth"): width,
        (TIFF, b"ImageLength"): height,
        (DUBLIN_CORE, b"format"): media_type.encode(),
    }
    for (namespace, name), value in values.items():
        packet = _with(packet, namespace, name, value)
    return packet


def in_srgb(packet: bytes) -> bytes:
    """Return a packet that says what is true of sRGB."""
    return _with(packet, EXIF, b"ColorSpace", b"1")


def _with(packet: bytes, namespace: bytes, name: bytes, value: bytes) -> bytes:
    """Return a packet in which a simple property, if it is there, has another value."""
    for prefix in _prefixes(packet, namespace):
        whole = re.escape(prefix + b":" + name)
        packet = re.sub(
            rb"(\s" + whole + rb"\s*=\s*)(?:\"[^\"]*\"|'[^']*')", lambda found: found[1] + b'"' + value + b'"', packet
        )
        packet = re.sub(
            rb"(<" + whole + rb"\s*>)[^<]*(</" + whole + rb"\s*>)", lambda found: found[1] + value + found[2], packet
        )
    return packet


def without_place(xmp: bytes) -> bytes:
    """Return a packet without the properties exif:GPS*; nothing where some may be left."""
    for prefix in {b"exif"} | _prefixes(xmp, EXIF):
        name = re.escape(prefix) + rb":GPS\w+"
        xmp = re.sub(rb"\s" + name + rb"\s*=\s*(\"[^\"]*\"|'[^']*')", b"", xmp)
        xmp = re.sub(rb"<(" + name + rb")\b[^>]*?(/>|>.*?</\1\s*>)", b"", xmp, flags=re.DOTALL)
    return b"" if re.search(rb"GPS[A-Z]", xmp) or b"\0" in xmp else xmp
