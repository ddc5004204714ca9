"""PNG: read through Pillow, with checks and without reducing 16 bits to 8, and written here."""

from __future__ import annotations

import io
import struct
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from PIL import Image, PngImagePlugin

from ....filters.core.engine.streamed import StreamedImage
from ....filters.core.lazy_numpy import Array, np
from .. import pillow_buffer, pillow_decoder, pillow_private
from ..codec import Codec, Content, EncodeOptions
from ..file_bytes import FileBytes
from ..metadata import Metadata, orientation_of, ratio, turned_image
from ..picture import Decode, DecodeOptions, Frames, PartialDecode, Picture, Samples, Timing
from . import chunks, colour_chunks, integrity, rows
from .description import describe

if TYPE_CHECKING:
    from ....filters.core.engine.output_buffer import CanvasFactory
    from ..spool import MakeSpool
    from .apng import Writer

# The unpacked size of all texts of a file together is checked and reported here.
PngImagePlugin.MAX_TEXT_CHUNK = integrity.MOST_TEXT
PngImagePlugin.MAX_TEXT_MEMORY = sys.maxsize
MOST = (1 << 31) - 1
"""The largest number of a chunk; section 7.1."""
LOW = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}
"""Raw modes that make Pillow take the second byte of each sample instead of the first."""


# ---- reading ----------------------------------------------------------------------------------------


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode into a Pillow image, or two if one holds only half of each sample; frames are left to `finish`."""
    if options.lenient:
        data = integrity.mended(data)
    else:
        integrity.before(data)
    if integrity.is_animated(data):
        return PartialDecode(data)
    image = _opened(data)
    header = chunks.header(data)
    if not options.lenient and (pixel := rows.samples_of(data, header)) is not None:
        options.check_size(header.width, header.height, pixel)
        return PartialDecode(data, pillow_private.without_pixels(image), pixels=rows.decoded(data, header))
    deep = chunks.header(data).depth == 16 and image.mode in ("RGB", "RGBA", "LA")
    channels = len(image.getbands())
    # Both bytes of deep samples are decoded apart, and joined.
    samples = Samples(channels, 2, decoding=8 + 4 * channels) if deep else pillow_decoder.memory(image)
    options.check_size(image.width, image.height, samples)
    check = integrity.PixelCheck(data)
    if not options.lenient:
        check.start()
    try:
        low = _deepened(image, data)
        pillow_decoder.decoded(image, data)
    finally:
        check.finish()  # its message is more precise
    if not options.lenient:
        integrity.check_indices(data, image)
    return PartialDecode(data, image, (), low)


def _opened(data: bytes) -> Any:
    return pillow_decoder.opened("PNG", PngImagePlugin.PngImageFile, data)


def _deepened(image: Any, data: bytes) -> Any:
    """Decode 16-bit samples of several channels completely; return an image of their low bytes, or None.

    Pillow keeps one byte of each, so the file is opened and decoded a second time for the other. Gray with alpha has as
    many bytes as 8-bit RGBA, and needs no second decoding.
    """
    if chunks.header(data).depth < 16 or image.mode not in ("RGB", "RGBA", "LA"):
        return None
    raw = image.tile[0].args
    if raw == "LA;16B":
        pillow_private.take_bytes_as(image, "RGBA", "RGBA")
        return None
    low = _opened(data)
    pillow_private.take_bytes_as(low, LOW[raw])
    return pillow_decoder.decoded(low, data)


def stream(data: FileBytes, options: DecodeOptions) -> Picture | None:
    """Return a picture whose rows are read on demand; None if Pillow must decode it, or it must be rotated."""
    from ..row_window import RowWindow  # few are so large
    from . import pieces

    if (found := pieces.apart(data)) is None:
        return None
    bare, places = found
    integrity.before(bare, len(data))
    header = chunks.header(bare)
    pixel = rows.samples_of(bare, header)
    options.check_size(header.width, header.height, pixel or Samples(header.channels))
    if pixel is None or integrity.is_animated(bare):
        return None
    image = pillow_private.without_pixels(_opened(bare))
    none = rows.samples(np.empty((0, rows.row_bytes(header)), np.uint8), header)
    picture = _picture(PartialDecode(bare, image, pixels=none), options)
    if picture.orientation != 1:
        return None
    window = RowWindow(
        header.height, rows.row_bytes(header), lambda: rows.blocks(pieces.compressed(data, places), header)
    )
    key = _key(image, header.depth)

    def lazy(part: int, none: Array) -> StreamedImage:
        def read(start: int, stop: int) -> Array:
            samples = rows.samples(window.rows(start, stop), header)
            return np.ascontiguousarray(pillow_decoder.parted(samples, key)[part])

        return StreamedImage((header.height, *none.shape[1:]), none.dtype, read)

    picture.pixels = lazy(0, picture.pixels)
    picture.alpha = None if picture.alpha is None else lazy(1, picture.alpha)
    return picture


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Return the picture, upright, or the frames of an animation."""
    if begun.image is None:
        from . import apng

        return apng.read(begun.data, options, decode)
    return _picture(begun, options)


def _picture(begun: PartialDecode, options: DecodeOptions) -> Picture:
    assert begun.image is not None
    low = None if begun.low is None else turned_image(begun.low, orientation_of(begun.image))
    bits = chunks.header(begun.data).depth
    parts, key = partial(_colours_and_alpha, bits, low), _key(begun.image, bits)
    picture = pillow_decoder.finish(begun, options, parts, key=key)
    colour = colour_chunks.read(begun.data, picture.notes)
    picture.metadata = picture.metadata._replace(colour=colour)
    if bits < 8 and begun.image.mode != "P":
        picture.bits = bits
    return picture


def _colours_and_alpha(bits: int, low: Image.Image | None, image: Image.Image) -> tuple[Any, Any]:
    if image.mode in ("P", "PA"):
        return pillow_decoder.colours_and_alpha(image)
    key = _key(image, bits)
    if low is not None or (bits == 16 and image.mode == "RGBA"):
        return pillow_decoder.parted(_deep_samples(image, low), key)
    return pillow_decoder.colours_and_alpha(image, key)


def _deep_samples(image: Image.Image, low: Image.Image | None) -> Array:
    """Return the 16-bit samples ``(height, width, channels)`` of the images from `load`."""
    high = pillow_buffer.samples(image)
    if low is None:
        return np.ascontiguousarray(high).view(">u2").astype(np.uint16)
    samples = np.empty((*high.shape, 2), np.uint8)
    samples[..., 0], samples[..., 1] = high, pillow_buffer.samples(low)
    return samples.view(">u2")[..., 0].astype(np.uint16)


def _key(image: Image.Image, bits: int) -> tuple[int, ...] | None:
    """Return the transparent colour in the units of Pillow's samples, which have *bits* bits in the file."""
    value = image.info.get("transparency")
    if value is None or image.mode not in ("1", "L", "I;16", "RGB"):
        return None
    full = (1 << bits) - 1
    values = value if isinstance(value, tuple) else (value,)
    return tuple((each & full) * 255 // full if bits < 8 else each & full for each in values)


# ---- writing ----------------------------------------------------------------------------------------


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file."""
    from . import encoder

    metadata = content.metadata
    encoder.write(
        file,
        content.pixels,
        content.alpha,
        icc=metadata.icc,
        exif=metadata.exif,
        dpi=metadata.dpi,
        software=content.software,
        palette=metadata.palette,
        beside=[*_aspect(metadata), *colour_chunks.encoded(metadata.colour, bool(metadata.icc)), *_texts(metadata)],
        cores=content.options.cores,
    )
    return []


def _aspect(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return the chunk of a resolution without a unit; section 11.3.4.3."""
    if metadata.aspect is None or metadata.dpi is not None:
        return []
    return [(b"pHYs", struct.pack(">IIB", *ratio(metadata.aspect, MOST), 0))]


def _texts(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return the chunks of texts; sections 11.3.3.2 and 11.3.3.4."""
    texts = []
    if metadata.xmp:
        texts.append((b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + metadata.xmp))
    comments = [("Comment", comment.decode("utf-8", "replace")) for comment in metadata.comments]
    for name, text in (*comments, *metadata.texts):
        try:
            texts.append((b"tEXt", name.encode("latin-1") + b"\0" + text.encode("latin-1")))
        except UnicodeEncodeError:
            texts.append((b"iTXt", name.encode("latin-1", "replace") + bytes(5) + text.encode()))
    return texts


def frames(timing: Timing | None) -> Writer:
    """Return the writer of an animation."""
    from . import apng

    return apng.Writer(encode, timing)


def streamed(options: EncodeOptions, metadata: Metadata, spool: MakeSpool) -> CanvasFactory:
    """Return the factory of canvases that are compressed while they are filled."""
    from . import encoder

    def made(shape: tuple[int, int, int], dtype: Any, alpha: bool = False) -> encoder.PngCanvas:
        return encoder.PngCanvas(shape, dtype, alpha, sink=spool())

    return made


def _streamed_bytes(width: int, samples: Samples, cores: int) -> float:
    from . import encoder

    return encoder.canvas_bytes(width * samples.bytes, cores)


CODEC = Codec(
    finish,
    encode,
    load,
    streamed=streamed,
    streamed_bytes=_streamed_bytes,
    frames=frames,
    stream=stream,
    extent=chunks.extent,
    holds_aspect=True,
    texts="all",
    describe=describe,
)
