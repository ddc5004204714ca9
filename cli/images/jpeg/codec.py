"""JPEG and MPO, several JPEGs in one file: header read by Pillow, pixels decoded strictly; written in bands."""

from __future__ import annotations

import io
import itertools
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PIL import JpegImagePlugin

from .. import photoshop, pillow_decoder
from ..atomic_write import Buffer
from ..codec import Codec, Content, EncodeOptions
from ..description import Description
from ..metadata import OF_THE_OLD, SIDEWAYS, JpegCoding, Metadata, not_kept, ratio, tags_of, without_maker_note
from ..picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Picture, Samples
from ..spool import put
from ..xmp import GAIN_MAP, VIDEO
from . import extended_xmp, extent, frame, integrity, segments
from .extent import APPLICATION_1, APPLICATION_2, HIDDEN, LIST

if TYPE_CHECKING:
    from ....filters.core.engine.colour import ColourModel
    from ....filters.core.engine.output_buffer import CanvasFactory
    from ..spool import MakeSpool

QUALITY = 95
JFIF, JFIF_AT, DENSITY_AT = b"JFIF\0", 6, 13
"""The beginning of a JPEG's first segment, its place, and that of the density; ITU-T T.871, section 10.1."""
APPLICATION_13 = 0xED
MOTION_PHOTO = b"MotionPhoto_Data"
"""The bytes before the video in a Samsung file."""
MOVIE = re.compile(rb"\xff\xd9\0\0..ftyp", re.DOTALL)
"""The end of a picture, and the beginning of an MP4."""
FOLLOWED = "another JPEG follows the picture, perhaps its preview, and was not read; split the file to filter both"
ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0"
"""The beginning of the segment that announces a gain map; ISO 21496-1, annex C."""
USUAL_HEADER = 1 << 14
"""Bytes that usually contain the header: 0.2 s faster than 128 KiB for 2 000 files."""
COLOURS: Mapping[str, ColourModel] = {"L": "gray", "RGB": "rgb", "CMYK": "cmyk"}
"""By Pillow's modes."""
MPO_ENTRIES = 0xB002
"""The tag of an MPO that lists its pictures."""


# ---- reading ----------------------------------------------------------------------------------------


def prepare(head: bytes) -> None:
    """Import the decoder and the plugin for MPO."""
    import simplejpeg  # noqa: F401

    if LIST in head:
        from PIL import MpoImagePlugin  # noqa: F401


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode the pixels; of a damaged file, into a Pillow image."""
    found = list(segments.read(data))
    frame.check(found)
    image = _opened(data)
    # The coefficients of a progressive one and, if it may be incomplete, a second decoding.
    pillow_decoder.check_size(image, options, beside=2 * len(image.getbands()))
    integrity.check_scans(found, *image.size)
    end = found[-1].end if found[-1].marker == segments.END_OF_IMAGE else 0
    if options.lenient:
        integrity.check_first_row(data, found, *image.size)
        return PartialDecode(data, pillow_decoder.decoded(image, data), end=end)
    integrity.before(data, found, *image.size)
    pixels, notes = integrity.decoded(image, data, found)
    return PartialDecode(data, image, notes, pixels=pixels, end=end)


def _opened(data: bytes) -> Any:
    return pillow_decoder.opened("JPEG", JpegImagePlugin.jpeg_factory, data)


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Return the picture, upright, or the pictures of an MPO."""
    assert begun.image is not None
    entries = getattr(begun.image, "mpinfo", {}).get(MPO_ENTRIES)
    notes: list[str] = []
    _join_xmp(begun.image, notes)
    coding, resources = _coding(begun.image), _resources(begun.image, notes)
    picture = pillow_decoder.finish(begun, options)
    picture.metadata = _with_coding(picture.metadata, coding, resources)
    picture.notes += [*notes, *_unannounced(begun, picture.notes)]
    if entries is not None:
        return _of_mpo(begun.data, entries, picture, decode)
    if (
        not any(note.endswith(OF_THE_OLD) for note in picture.notes)
        and begun.end
        and extent.is_followed(begun.data, begun.end)
    ):
        picture.notes.append(FOLLOWED)
    return picture


def describe(data: Any, options: DecodeOptions, decode: Decode) -> Description:
    """Return the header, of an MPO that of its first picture; the rest of the file is not read."""
    head, found = _header(data)
    frame.check(found)
    image = _opened(head)
    notes: list[str] = []
    _join_xmp(image, notes)
    coding, resources = _coding(image), _resources(image, notes)
    metadata, orientation = pillow_decoder.described(image, notes)
    width, height = image.size[::-1] if orientation in SIDEWAYS else image.size
    if not (width and height):
        raise DecodeError(f"is damaged ({width}×{height} pixels is not a valid size)")
    return Description(
        width,
        height,
        len(image.getbands()),
        False,
        COLOURS[image.mode],
        "uint8",
        _with_coding(metadata, coding, resources),
        orientation,
        frames=len(getattr(image, "mpinfo", {}).get(MPO_ENTRIES, [0])),
        notes=tuple(notes),
    )


def _header(data: Any) -> tuple[bytes, list[segments.Segment]]:
    """Return the first bytes of a file, up to its first scan at least, and the segments before that."""
    length = USUAL_HEADER
    while True:
        head = data[:length]
        found = list(segments.header(head))
        whole = bool(found) and found[-1].marker == segments.START_OF_SCAN and found[-1].end <= length
        if whole or length >= len(data):
            return head, found
        length *= 16


def _with_coding(metadata: Metadata, coding: JpegCoding | None, resources: Mapping[int, bytes]) -> Metadata:
    return metadata._replace(coding=coding, resources=resources or metadata.resources)


def _join_xmp(image: Any, notes: list[str]) -> None:
    """Join the XMP of an image if it is split over several segments."""
    if not (packet := image.info.get("xmp")):
        return
    try:
        image.info["xmp"] = extended_xmp.joined(packet, _bodies(image, "APP1"))
    except ValueError as error:
        notes.append(f"its XMP is damaged and was only partly kept ({error})")


def _resources(image: Any, notes: list[str]) -> Mapping[int, bytes]:
    """Return IPTC and Photoshop's other resources."""
    bodies = [body for body in _bodies(image, "APP13") if body.startswith(photoshop.SIGNATURE)]
    try:
        return photoshop.kept(b"".join(body.removeprefix(photoshop.SIGNATURE) for body in bodies), notes)
    except ValueError as error:
        notes.append(f"its IPTC is damaged and was not kept ({error})")
        return {}


def _bodies(image: Any, name: str) -> list[bytes]:
    return [body for marker, body in image.applist if marker == name]


def _unannounced(begun: PartialDecode, told: Sequence[str]) -> list[str]:
    """Return notes on data after the picture, and on gain maps, that XMP does not announce."""
    behind = max(begun.end - len(segments.END), 0)
    found = {
        VIDEO: begun.data.find(MOTION_PHOTO, behind) >= 0 or MOVIE.search(begun.data, behind) is not None,
        GAIN_MAP: any(body.startswith(ISO_GAIN_MAP) for body in _bodies(begun.image, "APP2")),
    }
    notes = [not_kept(part) for part, there in found.items() if there]
    return [note for note in notes if note not in told]


def _coding(image: Any) -> JpegCoding | None:
    """Return the coding of an image, None if a table is missing."""
    steps = [image.quantization.get(table) for _, _, _, table in image.layer]
    if not steps or None in steps:
        return None
    # A sampling other than the three common ones becomes the next finer one.
    factors = tuple((across, down) for _, across, down, _ in image.layer)
    return JpegCoding(tuple(tuple(each) for each in steps), max(JpegImagePlugin.get_sampling(image), 0), factors)


def _of_mpo(data: bytes, entries: Any, first: Picture, decode: Decode) -> Frames:
    """Return the pictures of an MPO; the *first* is the one usually shown."""
    # Places are counted from after the name of the segment that lists them; CIPA DC-007, section 5.2.
    lists = [segment.end - len(segment.body) for segment in segments.read(data) if _is_list(segment)]
    base = next(iter(lists), 0) + len(LIST)
    starts = [0, *(base + entry["DataOffset"] for entry in entries[1:])]
    ends = dict(itertools.pairwise([*sorted({*starts}), len(data)]))

    def each() -> Iterator[Picture]:
        for number, start in enumerate(starts):
            if start in starts[:number]:
                raise DecodeError("is damaged: two of its pictures start at the same byte")
            found = decode(_without_list(data[start : ends[start]]))
            if isinstance(found, Frames):
                raise DecodeError("is damaged: one of its pictures is an animation")
            yield found

    return Frames(len(starts), each, first=first)


def _is_list(segment: segments.Segment) -> bool:
    return segment.marker == APPLICATION_2 and segment.body[: len(LIST)] == LIST


def _without_list(data: bytes) -> bytes:
    """Return one picture of an MPO as a JPEG: its list of pictures would lead back to itself."""
    if LIST not in data:
        return data
    plain = bytearray(data)
    for segment in filter(_is_list, segments.read(data)):
        start = segment.end - len(segment.body)
        plain[start : start + len(LIST)] = HIDDEN
    return bytes(plain)


# ---- writing ----------------------------------------------------------------------------------------


def canvas(options: EncodeOptions, metadata: Metadata) -> Callable[..., Any]:
    """Return the factory of a canvas that is encoded while it is filled."""
    from . import encoder

    return partial(encoder.canvas, **_settings(options, metadata))


def streamed(options: EncodeOptions, metadata: Metadata, spool: MakeSpool) -> CanvasFactory:
    """Return the factory of a canvas whose bands go into a spool; there is never an alpha."""
    made = canvas(options, metadata)
    return lambda shape, dtype, alpha=False: made(shape, dtype, spool=spool)


def _streamed_bytes(width: int, samples: Samples, cores: int) -> float:
    from . import encoder

    return encoder.canvas_bytes(width * samples.bytes, width, cores)


def _settings(options: EncodeOptions, metadata: Metadata) -> dict[str, Any]:
    # Full chroma at 95 unless the user chooses a quality.
    coding = metadata.coding if options.keep_quality else None
    return {"quality": options.quality or QUALITY, "full_chroma": options.quality is None, "coding": coding}


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file."""
    from . import encoder

    if not isinstance(file, io.BytesIO):  # the header is changed in memory after Pillow has written it
        buffer = Buffer()
        notes = encode(buffer, content)
        for part in buffer.parts():
            put(file, part)
        return notes
    notes = []
    metadata = content.metadata
    exif = _exif(metadata)
    if len(exif) > encoder.LONGEST_SEGMENT >= len(less := _exif(without_maker_note(metadata))):
        notes.append(f"its EXIF block of {len(exif)} bytes is more than JPEG can hold; the maker note was not kept")
        exif = less
    if len(exif) > encoder.LONGEST_SEGMENT:
        notes.append(f"its EXIF block of {len(exif)} bytes is more than JPEG can hold, and was not kept")
        exif = b""
    xmp, extension = extended_xmp.split(metadata.xmp, encoder.LONGEST_XMP)
    beside = [(APPLICATION_1, body) for body in extension]
    if metadata.resources:
        block, longest = photoshop.block(metadata.resources), encoder.LONGEST_SEGMENT - len(photoshop.SIGNATURE)
        beside += [
            (APPLICATION_13, photoshop.SIGNATURE + block[at : at + longest]) for at in range(0, len(block), longest)
        ]
    start = file.tell()
    encoder.write(
        file,
        content.pixels,
        **_settings(content.options, content.metadata),
        icc=content.metadata.icc,
        exif=exif,
        xmp=xmp,
        dpi=content.metadata.dpi,
        beside=beside,
        comments=content.comments(),
        cores=content.options.cores,
    )
    if metadata.aspect is not None and metadata.dpi is None and not _put_aspect(file, start, metadata.aspect):
        notes.append("JPEG cannot hold its pixel aspect ratio in CMYK; use .tif")
    return notes


def _put_aspect(file: io.BytesIO, start: int, aspect: tuple[float, float]) -> bool:
    """Put a resolution without a unit into a file's JFIF segment; return whether it has one."""
    with file.getbuffer() as data:
        if data[start + JFIF_AT : start + JFIF_AT + len(JFIF)] != JFIF:
            return False
        struct.pack_into(">BHH", data, start + DENSITY_AT, 0, *ratio(aspect, (1 << 16) - 1))
    return True


def _exif(metadata: Metadata) -> bytes:
    """Return the EXIF block, including texts that a PNG stores outside it."""
    if not metadata.texts:
        return metadata.exif
    from .. import ifd

    return ifd.block(tags_of(metadata._replace(comments=(), dpi=None, aspect=None)))


CODEC = Codec(
    finish,
    encode,
    load,
    prepare,
    canvas,
    encoding=lambda samples: samples.bytes / 2,
    canvas_share=0.5,
    streamed=streamed,
    streamed_bytes=_streamed_bytes,
    holds_iptc=True,
    extent=extent.extent,
    ending=segments.END,
    holds_aspect=True,
    texts="tags and comments",
    describe=describe,
)
