"""JPEG, and MPO, which is several in one file: read through Pillow, which is watched, and written in bands."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from PIL import JpegImagePlugin

from .. import pillow_decoder, pillow_private
from ..codec import Codec, Content, EncodeOptions
from ..metadata import Metadata, tags_of
from ..picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Picture
from . import frame, integrity, segments

if TYPE_CHECKING:
    from ....filters.core.engine.output_buffer import CanvasFactory

QUALITY = 95
APPLICATION_2 = 0xE2
"""The marker of the segment that says where the pictures of an MPO are."""
MPO_ENTRIES = 0xB002
"""The tag of an MPO that lists its pictures."""


# ---- reading ----------------------------------------------------------------------------------------


def prepare(head: bytes) -> None:
    """Import what opens an MPO."""
    if b"MPF\0" in head:
        from PIL import MpoImagePlugin  # noqa: F401


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode into an image of Pillow's."""
    frame.check(data)
    image = _opened(data)
    pillow_decoder.check_size(image, options)
    if options.lenient:
        return PartialDecode(data, pillow_decoder.decoded(image, data))
    integrity.before(data, *image.size)
    pillow_private.in_one_block(*image.size)
    return PartialDecode(
        data, image, integrity.decoded(image, data, lambda data: pillow_decoder.decoded(_opened(data), data))
    )


def _opened(data: bytes) -> Any:
    return pillow_decoder.opened("JPEG", JpegImagePlugin.jpeg_factory, data)


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Return the picture, upright, or the pictures of an MPO."""
    assert begun.image is not None
    entries = getattr(begun.image, "mpinfo", {}).get(MPO_ENTRIES)
    picture = pillow_decoder.finish(begun, options)
    return picture if entries is None else _of_mpo(begun.data, entries, picture, decode)


def _of_mpo(data: bytes, entries: Any, first: Picture, decode: Decode) -> Frames:
    """Return the pictures of an MPO; the *first* is what is commonly seen."""
    # Places are counted from behind the name of the segment that lists them; CIPA DC-007, section 5.2.
    found = (segment for segment in segments.read(data) if segment.marker == APPLICATION_2)
    base = next((segment.end - len(segment.body) for segment in found if segment.body[:4] == b"MPF\0"), 0) + 4
    starts = [0, *(base + entry["DataOffset"] for entry in entries[1:])]

    def each() -> Iterator[Picture]:
        for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
            found = decode(data[start:end])
            picture = found.first if isinstance(found, Frames) else found
            if picture is None:
                raise DecodeError("is damaged: one of its pictures is an animation")
            yield picture

    return Frames(len(starts), each, first=first)


# ---- writing ----------------------------------------------------------------------------------------


def canvas(options: EncodeOptions) -> CanvasFactory:
    """Return what makes the canvas of a file: one that is encoded while it is filled."""
    from . import encoder

    return partial(encoder.canvas, **_settings(options))


def _settings(options: EncodeOptions) -> dict[str, Any]:
    # Full chroma at 95 unless the user says how good is good enough.
    return {"quality": options.quality or QUALITY, "full_chroma": options.quality is None}


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file."""
    from . import encoder

    notes = []
    exif, xmp = _exif(content.metadata), content.metadata.xmp
    if len(exif) > encoder.LONGEST_SEGMENT:
        notes.append(f"its EXIF block of {len(exif)} bytes is more than JPEG holds, and was not kept")
        exif = b""
    if len(xmp) > encoder.LONGEST_XMP:
        notes.append(f"its XMP of {len(xmp)} bytes is more than JPEG holds, and was not kept")
        xmp = b""
    encoder.write(
        file,
        content.pixels,
        **_settings(content.options),
        icc=content.metadata.icc,
        exif=exif,
        xmp=xmp,
        dpi=content.metadata.dpi,
        comments=content.comments(),
        cores=content.options.cores,
    )
    return notes


def _exif(metadata: Metadata) -> bytes:
    """Return the EXIF block, with the texts that only a PNG keeps beside it."""
    if not metadata.texts:
        return metadata.exif
    from .. import ifd

    return ifd.block(tags_of(metadata._replace(comments=(), dpi=None)))


CODEC = Codec(finish, encode, load, prepare, canvas)
