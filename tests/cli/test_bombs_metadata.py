"""Metadata that say more than they are: the work grows as their bytes do, and memory stays a multiple of them.

Each attack is a function of its size. Work is the number of calls; where a regular expression does it, quadratic work
on these sizes would not end.
"""

import contextlib
import io
import itertools
import re
import struct
import tracemalloc
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.batch import provenance
from imfilter.cli.images import (
    avif,
    decode,
    georeference,
    icc_profile,
    ifd,
    isobmff,
    metadata,
    photoshop,
    picture,
    xmp,
)
from imfilter.cli.images.jpeg import extended_xmp
from imfilter.cli.images.tiff import imagej, ome, words
from imfilter.filters.core.engine.coordinates import Geometry
from PIL import Image, features

KEEP = ("conv", "--kernel", "1")
SMALL, TIMES = 1 << 12, 4
"""Bytes of a small file, and how much larger the other one is."""
MULTIPLE, FREE = 64, 1 << 19
"""Bytes of memory that a byte may take, and those that any file may."""
FREE_CALLS = 4000
OPTIONS = picture.DecodeOptions(picture.size_guard(1 << 22))


def repeated(piece, n):
    return piece * max(n // max(len(piece), 1), 1)


def numbered(piece, n):
    """Pieces with numbers, together about *n* bytes."""
    return b"".join(piece % ((number,) * piece.count(b"%")) for number in range(n // (len(piece) + 3)))


# ---- XMP ---------------------------------------------------------------------------------------------

RDF = b"http://www.w3.org/1999/02/22-rdf-syntax-ns#"
GAIN = b"http://ns.adobe.com/hdr-gain-map/1.0/"
DECLARED = b'xmlns:h="' + GAIN + b'" xmlns:t="' + xmp.TIFF + b'" xmlns:exif="' + xmp.EXIF + b'" '


def packet(elements, attributes=b""):
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="'
        + RDF
        + b'"><r:Description '
        + DECLARED
        + attributes
        + b">"
        + elements
        + b"</r:Description></r:RDF></x:xmpmeta>"
    )


PACKETS = {
    "properties that go": lambda n: packet(repeated(b"<h:a/>", n)),
    "properties that go, not adjacent": lambda n: packet(repeated(b"<h:a/> <t:Make/>", n)),
    "properties that are never closed": lambda n: packet(repeated(b"<h:a>", n)),
    "properties closed by others": lambda n: packet(repeated(b"<h:a></h:b>", n)),
    "properties in one another": lambda n: packet(repeated(b"<h:a>" * 50 + b"</h:a>" * 50, n)),
    "simple properties": lambda n: packet(repeated(b"<t:ImageWidth>1</t:ImageWidth>", n)),
    "attributes": lambda n: packet(b"", numbered(b" h:a%d=''", n)),
    "the same attribute": lambda n: packet(b"", repeated(b" h:a=''", n)),
    "an attribute without an end": lambda n: packet(b"", b"h:a='" + repeated(b" h:a=", n)),
    "namespaces": lambda n: packet(numbered(b"<n%d:a/>", n // 5), numbered(b" xmlns:n%d='" + GAIN + b"'", 4 * n // 5)),
    "namespaces of their own": lambda n: packet(numbered(b"<n%d:a xmlns:n%d='" + GAIN + b"'/>", n)),
    "a long namespace": lambda n: packet(repeated(b"<l:a/>", n // 2), b"xmlns:l='" + repeated(b"A", n // 2) + b"'"),
    "names": lambda n: packet(numbered(b"<a%d/>", n)),
    "a long name": lambda n: packet(b"<" + repeated(b"a", n) + b"/>"),
    "depth": lambda n: packet(repeated(b"<a>", n)),
    "white space": lambda n: packet(b"<h:a" + repeated(b" ", n) + b"/>" + repeated(b"\n", n)),
    "comments": lambda n: packet(repeated(b"<!---->", n)),
    "instructions": lambda n: packet(repeated(b"<?xpacket?>", n)),
    "instructions without an end": lambda n: repeated(b"<?xpacket ", n) + packet(b""),
    "sections": lambda n: packet(repeated(b"<![CDATA[]]>", n)),
    "references": lambda n: packet(repeated(b"&lt;&#65;", n)),
    "words of GPS": lambda n: packet(repeated(b"GPS", n)),
    "less-than signs": lambda n: repeated(b"<", n),
    "entities": lambda n: b"<!DOCTYPE a [" + numbered(b"<!ENTITY a%d 'b'>", n) + b"]>" + packet(b"&a1;"),
    "UTF-16": lambda n: packet(repeated(b"<h:a/>", n // 2)).decode().encode("utf-16"),
    "UTF-32": lambda n: packet(repeated(b"<h:a/>", n // 4)).decode().encode("utf-32"),
    "nothing": lambda n: bytes(n),
}


def through_xmp(data):
    with contextlib.suppress(ValueError):
        found = xmp.portable(data).packet
        found = xmp.described(xmp.without_places(found).packet, (7, 8), "image/png")
        xmp.without_place(xmp.in_srgb(found))


def extension(n, piece=b"<r:a/>"):
    """The segments of a packet that is too long for one."""
    whole = packet(repeated(piece, n))
    guid = b"0" * 32
    parts = [
        extended_xmp.SIGNATURE + guid + struct.pack(">II", len(whole), at) + whole[at : at + 64]
        for at in range(0, len(whole), 64)
    ]
    return [packet(b"", b'xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP="' + guid + b'"'), *parts]


def through_extension(segments):
    with contextlib.suppress(ValueError):
        extended_xmp.split(extended_xmp.joined(segments[0], segments), 1000)


# ---- EXIF --------------------------------------------------------------------------------------------


def exif(*directories, behind=b""):
    """A block of directories that stand one behind the other."""
    return b"II*\0\x08\0\0\0" + b"".join(directories) + behind


def directory(*entries, following=0):
    return (
        struct.pack("<H", len(entries))
        + b"".join(struct.pack("<HHII", *e) for e in entries)
        + struct.pack("<I", following)
    )


def repeating(n, tag=ifd.EXIF):
    """Each directory names the next over and over."""
    count = n // 50
    places = itertools.accumulate([8, *[6 + 12 * count] * 4])
    places = list(places)
    return exif(*(directory(*[(tag, 4, 1, place)] * count) for place in places[1:5]), directory((271, 2, 4, 0)))


def overlapping(n, type=7):
    count = min(n // 24, 60000)
    start = 8 + 6 + 12 * count
    size = n // 2 // ifd.SIZES[type]
    return exif(directory(*[(1000 + i, type, size, start) for i in range(count)]), behind=bytes(n // 2))


def many_below(n):
    """Directories below the first, in one another and beside."""
    count = n // 60
    first = 8 + 6 + 12 * count
    below = [directory((271, 2, 4, 0), (ifd.GPS, 4, 1, 8)) for _ in range(count)]
    return exif(directory(*[(ifd.EXIF, 4, 1, first + 30 * i) for i in range(count)]), *below)


def huge_counts(n):
    return exif(directory(*[(1000 + i, 1 + i % 12, 0xFFFFFFF0 + i % 16, 8) for i in range(min(n // 12, 60000))]))


def numbers(n):
    """Long arrays of small numbers, in tags whose numbers are read."""
    count = n // 8
    tags = (33922, 34735, 41492, 37396, 342)
    return exif(
        directory(*[(tag, 12 if tag == 33922 else 3, count // 4 if tag == 33922 else count, 100) for tag in tags]),
        behind=bytes(100 + 2 * count),
    )


BLOCKS = {
    "repeated EXIF": repeating,
    "repeated GPS": lambda n: repeating(n, ifd.GPS),
    "repeated interoperability": lambda n: repeating(n, ifd.INTEROPERABILITY),
    "overlapping values": overlapping,
    "overlapping short numbers": lambda n: overlapping(n, 3),
    "overlapping maker notes": lambda n: exif(directory(*[(37500, 7, n // 2, 100)] * (n // 24)), behind=bytes(n)),
    "directories below": many_below,
    "huge counts": huge_counts,
    "numbers": numbers,
    "text of zeros": lambda n: exif(directory((270, 2, n, 30), (42112, 2, n, 30)), behind=bytes(n + 20)),
    "XMP": lambda n: exif(directory((700, 1, n, 26)), behind=packet(repeated(b"<h:a/>", n))[:n]),
    "Photoshop": lambda n: exif(directory((34377, 1, n, 26)), behind=repeated(b"8BIM\4\4\0\0\0\0\0\0", n + 12)),
    "IPTC": lambda n: exif(directory((33723, 7, n, 26)), behind=repeated(b"\x1c\2\5\0\0", n + 5)),
}


def through_block(data):
    notes = []
    found = metadata.of_block(data, notes)
    found = found._replace(xmp=metadata.whole_xmp(found.xmp, notes))
    georeference.filtered(found.tags, False, notes)
    georeference.nodata(found.tags, notes)
    georeference.moved(found.tags, georeference.of_orientation(6, 10, 20), notes)
    assert len(metadata.ready(found, (3, 4), "image/png", True, notes).exif) <= 4 * len(data) + 1000
    assert len(notes) < 10


# ---- other texts -------------------------------------------------------------------------------------


def of_ome(piece, head=b"", behind=b""):
    """OME-XML with pieces among its planes."""
    pixels = b'<Pixels SizeX="4" SizeY="4" SizeZ="1" SizeC="1" SizeT="1" Type="uint8" DimensionOrder="XYCZT" '
    return lambda n: (
        b'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image>'
        + pixels
        + head
        + b">"
        + repeated(piece, n)
        + b"</Pixels></Image>"
        + repeated(behind, n)
        + b"</OME>"
    )


def through_ome(text):
    with contextlib.suppress(ValueError):
        ome.brought_up_to_date(
            text, size=(2, 2), dtype="uint16", channels=1, pages=[0], of=1, geometry=Geometry.scaled((2, 2)), notes=[]
        )


def through_items(text):
    tags = {42112: ifd.text(text)}
    georeference.nodata(tags, [])
    georeference.filtered(tags, False, [])


def of_imagej(n):
    """ImageJ's tags with parts of one empty value each."""
    count = n // 12
    data = struct.pack("<I", imagej.MAGIC) + struct.pack("<II", 1, 1) * count
    return (len(data), *[0] * count), data


def through_imagej(given):
    lengths, data = given
    imagej.written(imagej.parts(lengths, data, "<"))


def through_shape(text):
    said = words.Words("shaped", text, pages=1)
    said.tags((4, 4), "uint8", 1, [0], [])
    assert said.name in ("", "tifffile description")


# ---- profiles, resources, boxes ----------------------------------------------------------------------


def profile(*tags, count=None, behind=b"", space=b"RGB "):
    head = bytearray(128)
    head[16:20], head[20:24], head[36:40] = space, b"XYZ ", b"acsp"
    table = b"".join(struct.pack(">4sII", *tag) for tag in tags)
    whole = bytes(head) + struct.pack(">I", len(tags) if count is None else count) + table + behind
    return struct.pack(">I", len(whole)) + whole[4:]


CURVES = [(name, 132 + 36, 0xFFFFFFFF) for name in (b"rTRC", b"gTRC", b"bTRC")]
LIE = b"\xff\xff\xff\xff"


def curve(samples):
    return b"curv" + bytes(4) + struct.pack(">I", len(samples) // 2) + samples


def ramp(n):
    return np.linspace(0, 65535, n // 2).astype(">u2").tobytes()


PROFILES = {
    "a table of four thousand million": lambda n: profile(
        count=0xFFFFFFFF, behind=repeated(b"rTRC\0\0\0\x80" + LIE, n)
    ),
    "the same tag": lambda n: profile(*[(b"rTRC", 132, n)] * (n // 12)),
    "tags that overlap": lambda n: profile(*[(struct.pack(">I", i), 132, n) for i in range(n // 12)]),
    "long curves that overlap": lambda n: profile(*CURVES, behind=curve(bytes(n))),
    "a curve that is a lie": lambda n: profile(*CURVES, behind=b"curv" + bytes(4) + LIE + bytes(n)),
    "a curve that grows": lambda n: profile(*CURVES, behind=curve(ramp(n))),
    "a gray curve of lightness": lambda n: profile((b"kTRC", 144, 0xFFFFFFFF), space=b"GRAY", behind=curve(ramp(n))),
}


def through_profile(data):
    with contextlib.suppress(ValueError):
        icc_profile.read(metadata.whole_profile(data, []))


def resource(number, body, length=None):
    return b"8BIM" + struct.pack(">HHI", number, 0, len(body) if length is None else length) + body


RESOURCES = {
    "empty resources": lambda n: repeated(resource(0x0401, b""), n),
    "resources of many numbers": lambda n: b"".join(resource(number % 65536, b"") for number in range(n // 12)),
    "data sets": lambda n: resource(0x0404, repeated(b"\x1c\2\5\0\0", n)),
    "data sets with long lengths": lambda n: resource(0x0404, repeated(b"\x1c\2\5\x80\x10" + bytes(16), n)),
    "a length that is a lie": lambda n: resource(0x0404, bytes(n), 0xFFFFFFFF),
}


def through_resources(data):
    with contextlib.suppress(ValueError):
        photoshop.block(photoshop.kept(data, []))


def box(name, body=b"", length=None):
    return struct.pack(">I4s", len(body) + 8 if length is None else length, name) + body


def iloc(sizes, count, extents, behind):
    """A list of the places of items, all of which say that they have as many *extents*."""
    head = struct.pack(">4xHH", sizes, count)
    return box(b"meta", bytes(4) + box(b"iloc", head + struct.pack(">HHH", 1, 0, extents) * count + behind))


def properties(n):
    return box(b"ipco", repeated(box(b"free"), n)) + box(b"ipma", bytes(8) + repeated(b"\0\0\xff", n))


LONG = 0xFFFFFFF0
BOXES = {
    "boxes": lambda n: repeated(box(b"meta"), n),
    "boxes that reach to the end": lambda n: repeated(box(b"meta", bytes(4) + box(b"iinf", bytes(6), LONG)), n),
    "boxes in one another": lambda n: box(b"meta", b"", LONG) * (n // 8),
    "items": lambda n: box(b"meta", bytes(4) + box(b"iinf", bytes(6) + repeated(box(b"infe", b"\2"), n))),
    "extents of no bytes": lambda n: iloc(0, min(n // 6, 65535), 65535, b""),
    "extents that are not there": lambda n: iloc(0x4400, min(n // 6, 65535), 65535, bytes(n)),
    "properties": lambda n: box(b"meta", bytes(4) + box(b"pitm", bytes(4) + b"\1\1") + box(b"iprp", properties(n))),
    "headers of a track": lambda n: box(b"moov", box(b"trak", repeated(box(b"tkhd"), n) + repeated(box(b"edts"), n))),
    "a box of no length": lambda n: repeated(box(b"meta", length=0), n),
    "a box of a length that is too short": lambda n: repeated(box(b"meta", length=1), n),
    "depths": lambda n: box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", repeated(box(b"pixi", b"\0\0\0\0\xff"), n)))),
}


def through_boxes(data):
    with contextlib.suppress(picture.DecodeError):
        isobmff.check_items(data, b"av01")
    with contextlib.suppress(picture.DecodeError):
        avif.check_sizes(data)
    isobmff.code_points(data)
    avif.depth(data)
    avif.plays(data)


PARSERS = {
    **{f"XMP: {name}": (make, through_xmp) for name, make in PACKETS.items()},
    **{f"EXIF: {name}": (make, through_block) for name, make in BLOCKS.items()},
    "extended XMP": (extension, through_extension),
    "extended XMP of instructions": (lambda n: extension(n, b"<!-- <?xpacket -->"), through_extension),
    "OME: planes": (of_ome(b'<TiffData IFD="0"/>'), through_ome),
    "OME: channels": (of_ome(b'<Channel SamplesPerPixel="1"/>'), through_ome),
    "OME: open elements": (of_ome(b"<Channel>"), through_ome),
    "OME: names of files": (of_ome(b'<UUID FileName="a"/>'), through_ome),
    "OME: regions": (of_ome(b"", behind=b"<ROI/> "), through_ome),
    "OME: open regions": (of_ome(b"", behind=b"<ROI "), through_ome),
    "OME: open images": (lambda n: b"<OME>" + repeated(b"<Pixels>", n), through_ome),
    "GDAL: items": (lambda n: repeated(b'<Item name="nodata">1</Item>', n), through_items),
    "GDAL: open items": (lambda n: repeated(b"<Item ", n), through_items),
    "GDAL: white space": (lambda n: repeated(b" ", n) + b'<Item role="a"></Item' + repeated(b" ", n), through_items),
    "GDAL: names": (lambda n: b"<Item " + repeated(b"name=", n) + b"></Item>", through_items),
    "ImageJ: parts": (of_imagej, through_imagej),
    "shape: axes": (lambda n: b'{"shape": [' + repeated(b"9,", n) + b"9]}", through_shape),
    "shape: lists": (lambda n: b'{"shape": ' + repeated(b"[", n), through_shape),
    "shape: a number": (lambda n: b'{"shape": [' + repeated(b"9", n) + b"]}", through_shape),
    "stamp": (lambda n: b"imfilter " + repeated(b"1", n), partial(re.search, provenance.ANY)),
    "stamps": (lambda n: repeated(b"imfilter 1", n), partial(re.search, provenance.ANY)),
    "a stamp in a comment": (lambda n: b"imfilter " + repeated(b"1", n), partial(re.match, metadata.OWN)),
    **{f"profile: {name}": (make, through_profile) for name, make in PROFILES.items()},
    **{f"resources: {name}": (make, through_resources) for name, make in RESOURCES.items()},
    **{f"boxes: {name}": (make, through_boxes) for name, make in BOXES.items()},
}


def length(given):
    return len(given) if isinstance(given, bytes) else sum(map(length, given)) if not isinstance(given, int) else 4


@pytest.mark.each("name", PARSERS)
def test_the_work_of_a_parser_grows_as_the_bytes_do(work, name):
    make, through = PARSERS[name]
    small, large = make(SMALL), make(TIMES * SMALL)
    through(make(1000))  # what is imported and compiled once
    growth = length(large) / length(small)
    assert work(lambda: through(large)) <= 1.1 * growth * work(lambda: through(small)) + FREE_CALLS


@pytest.mark.each("name", PARSERS)
def test_the_memory_of_a_parser_is_a_multiple_of_the_bytes(name):
    make, through = PARSERS[name]
    through(make(1000))
    data = make(1 << 15)
    tracemalloc.start()
    through(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= MULTIPLE * length(data) + FREE


# ---- in files ----------------------------------------------------------------------------------------

NOISE = np.random.default_rng(5).integers(0, 256, (8, 8, 3), np.uint8)


def saved(format, **options):
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, format, **options)
    return file.getvalue()


def segment(marker, body):
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def main(packet):
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)


def extended(n):
    first, *parts = extension(n)
    return jpeg(main(first), *(segment(0xE1, part) for part in parts))


def xmp_chunk(packet):
    return chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + packet)


def jpeg(*segments):
    data = saved("JPEG")
    return data[:2] + b"".join(segments) + data[2:]


def split(marker, head, body):
    """Segments of a body that is too long for one."""
    return [segment(marker, head + body[at : at + 65000]) for at in range(0, len(body), 65000)]


def profile_of_jpeg(body):
    pieces = [body[at : at + 65000] for at in range(0, len(body), 65000)]
    return [
        segment(0xE2, b"ICC_PROFILE\0" + bytes((number, len(pieces) % 256)) + piece)
        for number, piece in enumerate(pieces[:255], 1)
    ]


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*chunks):
    data = saved("PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def raw_profile(block):
    """An EXIF block as ImageMagick keeps it, in text."""
    text = b"\nexif\n%8d\n" % len(block) + block.hex().encode() + b"\n"
    return chunk(b"tEXt", b"Raw profile type exif\0" + text)


def webp(*chunks, flags=0):
    data = saved("WEBP", lossless=True)
    head = struct.pack("<4sI", b"VP8X", 10) + struct.pack("<I", flags) + b"\7\0\0\7\0\0"
    body = b"WEBP" + head + data[12:] + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_chunk(name, body):
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)


def tiff(**tags):
    """A TIFF with more tags: of bytes, or what stands at an offset."""
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, "TIFF")
    assert ifd.add(file, {int(name[1:]): ifd.Value(1, len(data), data) for name, data in tags.items()})
    return file.getvalue()


def below(block):
    """A TIFF whose page names the directories of an EXIF block, which lie where they did."""
    page = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    page += [(273, 4, 1, 0), (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, 1, 1), (ifd.EXIF, 4, 1, 8)]
    return block[:4] + struct.pack("<I", len(block)) + block[8:] + directory(*page)


def pages(n, packing=1, shared=(700, 34675, 34377), apart=1):
    """Pages that share a long value, which for each begins so many bytes behind."""
    count, size = n // 300, n // 2
    start = 8 + count * (6 + 12 * (9 + len(shared)))
    parts = []
    for number in range(count):
        at = 8 + number * (6 + 12 * (9 + len(shared)))
        tags = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, packing), (262, 3, 1, 1)]
        tags += [(273, 4, 1, start), (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, 1, 1)]
        tags += [(tag, 1, size - apart * number, start + apart * number) for tag in shared]
        following = at + 6 + 12 * len(tags) if number < count - 1 else 0
        parts.append(directory(*sorted(tags), following=following))
    return b"II*\0\x08\0\0\0" + b"".join(parts) + (packet(repeated(b"<a/>", size)) + bytes(size))[:size]


def raw_directories(n):
    """Pages, each with many directories below, which all share."""
    count = n // 400
    start = 8 + count * (6 + 12 * 10)
    many = n // 24
    below = struct.pack("<32I", *[start + 128 + 12 * number for number in range(32)])
    parts = []
    for number in range(count):
        tags = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 7), (262, 3, 1, 1)]
        tags += [(273, 4, 1, start), (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, 1, 1), (330, 4, 32, start)]
        parts.append(directory(*tags, following=8 + (number + 1) * 126 if number < count - 1 else 0))
    return b"II*\0\x08\0\0\0" + b"".join(parts) + below + struct.pack("<HHII", many, 0, 0, 0) * many


def psd(number, body):
    resource = b"8BIM" + struct.pack(">HHI", number, 0, len(body)) + body + b"\0" * (len(body) % 2)
    return photoshop_document(resource)


def photoshop_document(resources):
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 8, 8, 8, 3)
    samples = NOISE.transpose(2, 0, 1).tobytes()
    return head + bytes(4) + struct.pack(">I", len(resources)) + resources + bytes(4) + bytes(2) + samples


def gif(n, block=b"\1a"):
    """A GIF with comments."""
    data = saved("GIF")
    start = 13 + (3 << (data[10] & 7) + 1)
    return data[:start] + repeated(b"!\xfe" + block + b"\0", n) + data[start:]


def avif_of(**options):
    return saved("AVIF", **options) if features.check("avif") else saved("PNG")


def files(format, made, attacks):
    """Files of a format with what attacks; *made* makes one of its bytes."""
    return {f"{format}, {name}": (lambda n, attack=attack: made(attack(n))) for name, attack in attacks.items()}


USED = ("properties that go, not adjacent", "properties that are never closed", "attributes", "depth")
XMPS = {name: PACKETS[name] for name in USED}
FILES = {
    **files("JPEG", lambda block: jpeg(*split(0xE1, b"Exif\0\0", block)), BLOCKS),
    **files("PNG", lambda block: png(chunk(b"eXIf", block)), BLOCKS),
    **files("PNG, raw profile", lambda block: png(raw_profile(block)), BLOCKS),
    **files("WebP", lambda block: webp(webp_chunk(b"EXIF", block), flags=8), BLOCKS),
    **files("AVIF", lambda block: avif_of(exif=block), BLOCKS),
    **files("TIFF", below, BLOCKS),
    **files("PSD", lambda block: psd(1058, block), BLOCKS),
    **files("JPEG", lambda packet: jpeg(main(packet[:65000])), XMPS),
    **files("PNG", lambda packet: png(xmp_chunk(packet)), XMPS),
    **files("WebP", lambda packet: webp(webp_chunk(b"XMP ", packet), flags=4), XMPS),
    **files("AVIF", lambda packet: avif_of(xmp=packet), XMPS),
    **files("TIFF", lambda packet: tiff(t700=packet), XMPS),
    **files("PSD", lambda packet: psd(1060, packet), XMPS),
    **files("JPEG", lambda profile: jpeg(*profile_of_jpeg(profile)), PROFILES),
    **files("TIFF", lambda profile: tiff(t34675=profile), PROFILES),
    "JPEG, extended XMP": extended,
    "JPEG, segments": lambda n: jpeg(repeated(segment(0xE5, b""), n)),
    "JPEG, comments": lambda n: jpeg(repeated(segment(0xFE, b"a"), n)),
    "JPEG, comments of the program": lambda n: jpeg(repeated(segment(0xFE, b"imfilter 1"), n)),
    "JPEG, EXIF by the byte": lambda n: jpeg(repeated(segment(0xE1, b"Exif\0\0a"), n)),
    "JPEG, Photoshop by the byte": lambda n: jpeg(repeated(segment(0xED, photoshop.SIGNATURE + b"8"), n)),
    "JPEG, profiles of one number": lambda n: jpeg(repeated(segment(0xE2, b"ICC_PROFILE\0\1\1a"), n)),
    "JPEG, lists of pictures": lambda n: jpeg(segment(0xE2, b"MPF\0" + overlapping(n, 3)[:65000])),
    "JPEG, extensions without a packet": lambda n: jpeg(repeated(segment(0xE1, extended_xmp.SIGNATURE + bytes(40)), n)),
    "PNG, texts": lambda n: png(*[chunk(b"tEXt", b"k%d\0" % number) for number in range(n // 20)]),
    "PNG, texts of one keyword": lambda n: png(*[chunk(b"tEXt", b"Comment\0a")] * (n // 20)),
    "PNG, a packed text": lambda n: png(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(8 * n)))),
    "PNG, packed texts": lambda n: png(*[chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(99)))] * (n // 30)),
    "PNG, a packed profile": lambda n: png(chunk(b"iCCP", b"a\0\0" + zlib.compress(PROFILES["tags that overlap"](n)))),
    "AVIF, boxes": lambda n: avif_of() + BOXES["boxes that reach to the end"](n),
    "WebP, chunks": lambda n: webp(repeated(webp_chunk(b"abcd", b""), n)),
    "TIFF, pages that share": pages,
    "TIFF, pages that share one packet": lambda n: pages(n, shared=(700,), apart=0),
    "TIFF, pages that share one profile": lambda n: pages(n, shared=(34675,), apart=0),
    "TIFF, pages that share one description": lambda n: pages(n, shared=(270,), apart=0),
    "TIFF, pages that share EXIF": lambda n: pages(n, shared=(ifd.EXIF,)),
    "TIFF, pages of JPEG that share": lambda n: pages(n, packing=7),
    "TIFF, directories below each page": raw_directories,
    "TIFF, ImageJ": lambda n: tiff(t270=b"ImageJ=1\n" + repeated(b"images=1x\n", n)),
    "TIFF, OME": lambda n: tiff(t270=of_ome(b'<TiffData IFD="0"/>')(n)),
    "TIFF, GDAL": lambda n: tiff(t42112=repeated(b" ", n)),
    "TIFF, keys": lambda n: tiff(t34735=bytes(n)),
    "PSD, resources": lambda n: photoshop_document(repeated(b"8BIM\4\1\0\0\0\0\0\0", n)),
    "GIF, comments": gif,
    "GIF, long comments": lambda n: gif(n, b"\xff" + b"a" * 255),
    "GIF, a comment of many blocks": lambda n: gif(1, repeated(b"\1a", n)),
}


def taken(data):
    """All pictures of a file, one after the other."""
    try:
        found = decode.decode(data, OPTIONS)
        for each in [found] if isinstance(found, picture.Picture) else found.each():
            assert len(each.notes) < 20
    except (picture.DecodeError, ifd.LoopError) as error:
        assert len(str(error)) < 300


@pytest.mark.filterwarnings("ignore")
@pytest.mark.each("name", FILES)
def test_the_work_of_reading_a_file_grows_as_its_bytes_do(work, name):
    make = FILES[name]
    taken(make(1000))
    small, large = make(SMALL), make(TIMES * SMALL)
    growth = max(len(large) / len(small), 1)
    assert work(lambda: taken(large)) <= 1.1 * growth * work(lambda: taken(small)) + FREE_CALLS


LARGE = 1 << 18
TAKEN = {
    "jpg": "JPEG, extended XMP",
    "png": "PNG, raw profile, overlapping short numbers",
    "webp": "WebP, properties that go, not adjacent",
    "tif": "TIFF, pages that share",
    "gif": "GIF, comments",
    "psd": "PSD, overlapping values",
}


@pytest.mark.needs("the compiled core")
@pytest.mark.each("suffix", TAKEN)
def test_a_call_takes_a_multiple_of_the_bytes_of_its_file(measured, suffix):
    make = FILES[TAKEN[suffix]]
    peaks = []
    for name, data in (("plain", make(100)), ("in", make(LARGE))):
        Path(f"{name}.{suffix}").write_bytes(data)
        ended = measured("-m", "imfilter", *KEEP, f"{name}.{suffix}", "-o", f"{name}-out.tif", "-q")
        assert "Traceback" not in ended.err
        assert len(ended.err.splitlines()) < 10
        peaks.append(ended.peak)
    assert peaks[1] - peaks[0] <= MULTIPLE * LARGE
