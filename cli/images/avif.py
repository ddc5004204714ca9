"""AVIF: read and written by Pillow; samples of 10 and 12 bits, which Pillow would cut down, by imagecodecs.

After AV1 Image File Format (AVIF), version 1.1.0; ISO/IEC 23008-12, section 6.5.6, for the property `pixi`; and the AV1
Codec ISO Media File Format Binding, section 2.3.3, for `av1C`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from PIL import AvifImagePlugin, Image

from ...filters.core.engine import threads
from ...filters.core.lazy_numpy import np
from ..console.messages import reason_of
from . import av1, isobmff, pillow_decoder, pillow_private
from .codec import Codec, Content
from .colour_description import of_code_points
from .metadata import Metadata, of_image, orientation_of, turned
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Picture, Samples, Timing, with_alpha

QUALITY = 95
"""On AVIF's own scale, with full chroma: a photograph differs by 0.9 levels on average."""
MOST_BEFORE = 1 << 12
"""Bytes of a coded picture that are searched for its sequence header."""
WITHOUT = "Pillow was built without AVIF"


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode a picture of 8 bits into a Pillow image; leave others and animations to `finish`."""
    image = _opened(data)
    deep = depth(data) > 8
    if deep:
        options.check_size(
            image.width, image.height, Samples(channels := len(image.getbands()), 2, decoding=8 * channels)
        )
    else:  # besides the result, luma and chroma are in memory, which may be as large
        pillow_decoder.check_size(image, options, beside=2 * len(image.getbands()))
    if not options.lenient:
        check_whole(data)
    check_sizes(data)
    if image.n_frames > 1 or deep:
        return PartialDecode(data)
    return PartialDecode(data, pillow_decoder.decoded(image, data))


def _opened(data: bytes) -> Any:
    if not AvifImagePlugin.SUPPORTED:
        raise DecodeError(f"cannot be read: {WITHOUT}")
    if not threads.to_be_had():  # without them the decoder reports the data as damaged
        AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    return pillow_decoder.opened("AVIF", AvifImagePlugin.AvifImageFile, data)


def depth(data: bytes) -> int:
    """Return the bits of a sample, from the properties of the pictures and tracks."""
    bits = 8
    places = [(b"meta", b"iprp", b"ipco"), (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")]
    for names in places:
        for box in isobmff.inside(data, *names):
            at, end = box.start, min(box.end, len(data))
            while (at := data.find(b"av1C", at, end)) >= 0:
                flags = data[at + 6] if at + 6 < end else 0
                bits = max(bits, (12 if flags & 0x20 else 10) if flags & 0x40 else 8)
                at += 4
            for pixi in isobmff.inside(data, b"pixi", start=box.start, end=box.end):
                count = data[pixi.start + 4] if pixi.start + 4 < end else 0
                bits = max(bits, *data[pixi.start + 5 : pixi.start + 5 + count], 8)
    return bits


def check_whole(data: bytes) -> None:
    """Raise `DecodeError` if a picture's data end in zeros, which decoders accept."""
    isobmff.check_items(data, b"av01")
    for box in isobmff.inside(data, b"mdat") if any(isobmff.inside(data, b"moov")) else ():
        if box.end > len(data):
            raise DecodeError("is damaged or truncated (the data of its frames are cut off)")
        if data[max(box.start, box.end - 16) : box.end] == bytes(16):
            raise DecodeError("is damaged (the data of its frames end in zeros)")


def check_sizes(data: bytes) -> None:
    """Raise `DecodeError` if a picture or track claims more than its coded frames have: decoders scale them."""
    kinds, properties = isobmff.items(data), isobmff.properties(data)
    for item, parts in isobmff.extents(data).items():
        if kinds.get(item) == b"av01" and parts:
            for box in properties.get(item, []):
                if box.name == b"ispe":
                    claimed = isobmff.number(data, box.start + 4, 4), isobmff.number(data, box.start + 8, 4)
                    _check_size(claimed, isobmff.contents(data, parts, MOST_BEFORE), 1)
    for track in isobmff.inside(data, b"moov", b"trak"):
        header = next(isobmff.inside(data, b"tkhd", start=track.start, end=track.end), None)
        place = _first_sample(data, track)
        if header is not None and place is not None:
            at = header.start + (88 if isobmff.number(data, header.start, 1) else 76)
            claimed = isobmff.number(data, at, 2), isobmff.number(data, at + 4, 2)
            # It is how large the frames show, which may be more where pixels are not square.
            _check_size(claimed, data[place : place + MOST_BEFORE], 4)


def _first_sample(data: bytes, track: isobmff.Box) -> int | None:
    """Return where the first sample of a track of AV1 is."""
    table = (b"mdia", b"minf", b"stbl")
    for box in isobmff.inside(data, *table, b"stsd", start=track.start, end=track.end):
        if data[box.start + 12 : box.start + 16] != b"av01":
            return None
    for name, size in ((b"stco", 4), (b"co64", 8)):
        for box in isobmff.inside(data, *table, name, start=track.start, end=track.end):
            return isobmff.number(data, box.start + 8, size)
    return None


def _check_size(claimed: tuple[int, int], coded: bytes, times: int) -> None:
    largest = av1.largest_frame(coded)
    if largest is None:
        raise DecodeError("is damaged (the data of its picture have no sequence header)")
    if any(side > times * most for side, most in zip(claimed, largest, strict=True)):
        raise DecodeError(
            f"is damaged (it declares {claimed[0]}×{claimed[1]} pixels, but its data have {largest[0]}×{largest[1]})"
        )


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Return the picture, upright, or the frames of an animation."""
    if begun.image is not None:
        picture = pillow_decoder.finish(begun, options)
        picture.metadata = _coloured(picture.metadata, begun.data, picture.notes)
        return picture
    bits, image = depth(begun.data), _opened(begun.data)
    if image.n_frames == 1:
        return _deep(begun.data, image, bits)
    if bits > 8:
        raise DecodeError(
            f"has {image.n_frames} frames of {bits} bits, which are not supported; convert it to 16-bit APNG"
        )
    return _frames(begun.data, image, options)


def _coloured(metadata: Metadata, data: bytes, notes: list[str]) -> Metadata:
    """Return a picture's metadata with the colours of its box `colr`, if it has no profile."""
    points = isobmff.code_points(data)
    if metadata.icc or points is None:
        return metadata
    return metadata._replace(colour=of_code_points(*points, notes))


def _deep(data: bytes, image: Any, bits: int) -> Picture:
    """Return a picture of more than 8 bits as 16-bit samples."""
    from . import extras

    imagecodecs = extras.required("imagecodecs", f"an AVIF image of {bits} bits")
    notes: list[str] = []
    metadata, orientation = of_image(image, notes), orientation_of(image)
    samples = imagecodecs.avif_decode(data)
    samples = samples[..., None] if samples.ndim == 2 else samples
    if samples.dtype != np.uint16:
        raise DecodeError(f"is damaged: it declares {bits} bits, but its data have {8 * samples.dtype.itemsize}")
    picture = with_alpha(turned(extras.scaled(samples, bits), orientation))
    metadata = _coloured(metadata, data, notes)
    picture.metadata, picture.notes, picture.orientation = metadata, notes, orientation
    return picture


def _frames(data: bytes, image: Any, options: DecodeOptions) -> Frames:
    notes: list[str] = []
    metadata, orientation = _coloured(of_image(image, notes), data, notes), orientation_of(image)
    durations = []
    count = image.n_frames
    frames = Frames(count, lambda: iter(()), pixels=count * image.width * image.height)
    # Their durations are known when they are decoded, all of them.
    frames.limited(len(data), options.max_pixels).check_pixels()
    for number in range(count):
        image.seek(number)
        image.load()
        durations.append((round(image.info.get("duration", 0)), 1000))

    def each() -> Iterator[Picture]:
        again = pillow_private.opened(AvifImagePlugin.AvifImageFile, data)
        for number in range(len(durations)):
            again.seek(number)
            again.load()
            pixels, alpha = pillow_decoder.colours_and_alpha(again.copy())
            pixels = turned(pixels, orientation)
            alpha = None if alpha is None else turned(alpha, orientation)
            yield Picture(pixels, alpha, metadata=metadata, notes=notes if number == 0 else [])

    frames.each, frames.timing = each, Timing(durations, plays(data))
    return frames


def plays(data: bytes) -> int:
    """Return how often an animation is played, 0 for ever; without an edit list, as browsers do."""
    for track in isobmff.inside(data, b"moov", b"trak"):
        header = next(isobmff.inside(data, b"tkhd", start=track.start, end=track.end), None)
        edits = next(isobmff.inside(data, b"edts", b"elst", start=track.start, end=track.end), None)
        if header is not None and edits is not None:
            if not isobmff.number(data, edits.start + 3, 1) & 1:
                return 1
            length = isobmff.number(data, edits.start + 8, 8 if isobmff.number(data, edits.start, 1) else 4)
            at, long = (28, 8) if isobmff.number(data, header.start, 1) else (20, 4)
            whole = isobmff.number(data, header.start + at, long)
            return 0 if whole == (1 << 8 * long) - 1 or not length else max(round(whole / length), 1)
    return 0


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file."""
    if not AvifImagePlugin.SUPPORTED:
        raise ValueError(WITHOUT)
    metadata, quality, samples = content.metadata, content.options.quality, content.samples()
    # Another number of threads would give other bytes.
    saved: dict[str, Any] = {"quality": quality or QUALITY, "max_threads": 1}
    if quality is None and samples.shape[2:] in ((3,), (4,)):
        saved["subsampling"] = "4:4:4"
    beside = {"exif": content.exif(), "xmp": metadata.xmp, "icc_profile": metadata.icc}
    saved |= {name: value for name, value in beside.items() if value}
    try:
        Image.fromarray(samples).save(file, "AVIF", **saved)
    except RuntimeError as error:  # libavif refuses it, such as sides of more than 65535 pixels
        raise ValueError(reason_of(error)) from None
    return []


CODEC = Codec(
    finish,
    encode,
    load,
    encoding=lambda samples: 38 + 1.5 * samples.channels if samples.channels > 2 else 20,  # in libaom
    holds_aspect=True,
    texts="tags",
)
