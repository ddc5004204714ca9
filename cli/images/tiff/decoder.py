"""Reading TIFF: gray, RGB, palettes, inks and bands of any depth here; CCITT and JPEG through Pillow.

After TIFF Revision 6.0 (Adobe 1992). Pillow reads 16-bit colour as 8-bit, cannot read float colour, and ignores
some kinds of damaged strips.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from typing import Any

from PIL import TiffImagePlugin

from ....filters.core.engine.array_image import white_of_samples
from ....filters.core.lazy_numpy import Array, np
from ...console.messages import reason_of
from .. import georeference, ifd, pillow_decoder, placement
from ..metadata import INCH_IN_CENTIMETRES, Metadata, of_tiff, plausible, turned, uneven
from ..picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Picture
from ..silence import silenced
from ..tiff_tags import (
    BITS,
    CENTIMETRE,
    COMPRESSION,
    HEIGHT,
    ICC_PROFILE,
    INCH,
    NO_UNIT,
    ORIENTATION,
    PHOTOMETRIC,
    PLANAR,
    SUB_DIRECTORIES,
    UNIT,
    WIDTH,
    X_RESOLUTION,
    Y_RESOLUTION,
)
from . import camera_raw, colours, compression, integrity, overlap, pages, stacks, strips, words
from .grid import grid
from .tag_values import many, one

"""Units of the resolution."""
BYTE = 8
SEPARATE = 2
"""Each channel has strips of its own."""
RESOLUTION = frozenset({X_RESOLUTION, Y_RESOLUTION, UNIT})


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode with Pillow or unpack the parts; leave the work with NumPy to `finish`."""
    check_pages(data, options)
    camera_raw.check(data)
    tags, several = first_page(data)
    packing = one(tags, COMPRESSION, 1)
    compression.check(packing)
    overlap.check(tags, len(data))
    if several:
        return PartialDecode(data)
    if is_pillows(tags):
        return _by_pillow(data, tags, options)
    if stacks.found(data, tags) is not None:
        return PartialDecode(data)
    layout = strips.layout(data, tags)
    if options.lenient or packing not in compression.AHEAD:
        return PartialDecode(data)
    _check_size(layout, tags, options)
    return PartialDecode(data, parts=strips.unpacked(layout))


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Return the picture, upright, or the pages."""
    tags, several = first_page(begun.data)
    if begun.image is not None:
        begun = begun._replace(notes=(*begun.notes, *_damage(begun, tags, options)))
        picture = pillow_decoder.finish(begun, options, tiff=begun.data)
        picture.metadata = _with_resolution(picture.metadata, tags)
        picture = _upright(picture, tags)
        picture.metadata = _with_words(picture.metadata, begun.data, tags, picture, None)
        return _with_nodata(picture, tags)
    if several:
        return pages.read(begun.data, partial(_page, begun.data, options), decode, begun.notes)
    if (stack := stacks.found(begun.data, tags)) is not None:
        return _slices(begun.data, stack, options)
    return _picture(begun.data, tags, options, begun.parts)


def _page(data: bytes, options: DecodeOptions, readers: pages.Readers, at: int) -> Picture | None:
    """Return the page whose directory is *at* an offset, None if Pillow must decode it."""
    tags = readers.tags.tags(at)
    compression.check(one(tags, COMPRESSION, 1))
    overlap.check(tags, len(data))
    return None if is_pillows(tags) else _picture(data, tags, options, at=at, reader=readers.metadata)


def _damage(begun: PartialDecode, tags: ifd.Directory, options: DecodeOptions) -> tuple[str, ...]:
    """Return a note on damage in a picture that libtiff decoded; raises `DecodeError`."""
    try:
        integrity.check(begun.data, tags, begun.image, _check_jpeg)
    except DecodeError as error:
        if not options.lenient or isinstance(error, integrity.NothingThereError):
            raise
        return () if begun.notes else (f"{error}; the readable part was used",)
    return ()


def _check_jpeg(data: bytes) -> None:
    """Raise `DecodeError` if a JPEG is not whole."""
    from ..jpeg import codec as jpeg

    try:
        jpeg.load(data, DecodeOptions(lambda expected: None))
    except (OSError, SyntaxError, ValueError) as error:
        raise DecodeError(f"is damaged or truncated ({reason_of(error)})") from None


def _slices(data: bytes, stack: stacks.Stack, options: DecodeOptions) -> Frames:
    """Return the slices of a stack, which are pages."""
    promised = stack.there + stack.missing
    if stack.missing and not (options.lenient and stack.there):
        raise DecodeError(f"is truncated ({stack.there} of {promised} slices are there)")

    def each() -> Iterator[Picture]:
        for number, tags in enumerate(stack.slices()):
            picture = _picture(data, tags, options)
            own = picture.metadata.words or words.Words()
            picture.metadata = picture.metadata._replace(words=own.of_page(number, stack.there, own))
            if stack.missing and number == 0:
                picture.notes.insert(0, f"is truncated; {stack.there} of {promised} slices were used")
            yield picture

    pixels = stack.there * one(stack.tags, WIDTH, 0) * one(stack.tags, HEIGHT, 0)
    return Frames(stack.there, each, pixels=pixels)


def _picture(
    data: bytes,
    tags: ifd.Directory,
    options: DecodeOptions,
    parts: list[Any] | None = None,
    at: int | None = None,
    reader: ifd.File | None = None,
) -> Picture:
    """Return the picture described by *tags*, which are *at* an offset, or else of the first page.

    *parts* are its strips or tiles, if they are unpacked.
    """
    layout = strips.layout(data, tags)
    if parts is None:
        _check_size(layout, tags, options)
    notes: list[str] = []
    samples = strips.assembled(layout, options.lenient, notes, parts)
    return meant(samples, layout, tags, options, notes, reader or ifd.File(data), at)


def meant(
    samples: Array,
    layout: strips.Layout,
    tags: ifd.Directory,
    options: DecodeOptions,
    notes: list[str],
    reader: ifd.File,
    at: int | None = None,
) -> Picture:
    """Return the picture from stored *samples*, with the metadata of its page."""
    found = colours.of(samples, layout.bits, tags, notes)
    orientation = one(tags, ORIENTATION, 1)
    icc = tags[ICC_PROFILE].data if ICC_PROFILE in tags else b""
    metadata = _with_resolution(of_tiff(reader, icc, notes, at), tags)
    metadata = placement.upright(metadata, orientation, layout.grid.width, layout.grid.height, notes)
    pixels, alpha, model = found.pixels, found.alpha, found.colours
    if found.colours == "cmyk" and options.to_rgb:
        pixels, alpha, icc = colours.inks_to_rgb(pixels, alpha, metadata.icc, notes)
        metadata, model = metadata._replace(icc=icc), "rgb"
    picture = Picture(
        turned(pixels, orientation),
        None if alpha is None else turned(alpha, orientation),
        notes=notes,
        orientation=orientation,
        colours=model,
        white=white_of_samples(samples.dtype) if pixels.dtype.kind == "f" else None,
    )
    if (palette := found.palette) is not None:
        picture.palette = palette._replace(indices=turned(palette.indices, orientation))
    elif layout.bits < 8:
        picture.bits = layout.bits
    picture.metadata = _with_words(metadata, reader.data, tags, picture, found.bands)
    return _with_nodata(picture, tags)


def _upright(picture: Picture, tags: ifd.Directory) -> Picture:
    """Return a picture with the orientation corrected that Pillow silently applied in decoding."""
    size = one(tags, WIDTH, 0), one(tags, HEIGHT, 0)
    picture.orientation = one(tags, ORIENTATION, 1)
    picture.metadata = placement.upright(picture.metadata, picture.orientation, *size, picture.notes)
    return picture


def _with_nodata(picture: Picture, tags: ifd.Directory) -> Picture:
    """Return a picture with its nodata value, in the units of its pixels."""
    value = georeference.nodata(picture.metadata.tags, picture.notes) if picture.metadata.tags else None
    if value is None:
        return picture
    dtype, bits = picture.pixels.dtype, max(many(tags, BITS, 1))
    photometric = one(tags, PHOTOMETRIC, colours.BLACK_IS_ZERO)
    if photometric not in (colours.WHITE_IS_ZERO, colours.BLACK_IS_ZERO, colours.RGB):
        picture.notes.append("its nodata value does not apply to converted colours, and was ignored")
        return picture
    if dtype.kind == "u" and value.is_integer() and 0 <= value < 1 << bits:
        value = float(strips.to_white(np.array([int(value)], np.uint64 if bits > 16 else np.uint16), bits)[0])
        if photometric == colours.WHITE_IS_ZERO:
            value = np.iinfo(dtype).max - value
    picture.nodata = float(value)
    return picture


def _with_words(
    metadata: Metadata, data: Any, tags: ifd.Directory, picture: Picture, bands: colours.Bands | None
) -> Metadata:
    """Return the metadata of a page, with descriptions of the file separated from those of the picture."""
    kept = dict(metadata.tags)
    without_unit = one(tags, UNIT, INCH) == NO_UNIT
    density = _density(tags) if without_unit else None
    said = words.taken(kept, "<" if data[:2] == b"II" else ">", density, picture.notes)
    if without_unit:
        for tag in RESOLUTION:
            kept.pop(tag, None)
    if not kept.keys() - RESOLUTION:
        kept = {}
    if SUB_DIRECTORIES in tags:
        picture.notes.append("its smaller copies, or other pictures below its page, were left out")
    said = said._replace(dtype=picture.pixels.dtype.name, bands=bands)
    return metadata._replace(tags=kept, words=said if said.tells else None)


def is_pillows(tags: ifd.Directory) -> bool:
    """Whether Pillow must decode it: the compression determines the meaning of samples, or they are YCbCr."""
    if one(tags, COMPRESSION, 1) in compression.WITH_PICTURE:
        return True
    return one(tags, PHOTOMETRIC, 1) == colours.YCBCR and set(many(tags, BITS, 1)) == {8}


def _by_pillow(data: bytes, tags: ifd.Directory, options: DecodeOptions) -> PartialDecode:
    grid(tags).check_count()
    packing = one(tags, COMPRESSION, 1)
    try:
        image = pillow_decoder.opened("TIFF", TiffImagePlugin.TiffImageFile, data)
    except DecodeError:
        raise _unsupported(tags) from None
    if one(tags, PLANAR, 1) == SEPARATE and image.mode == "LA":  # Pillow reads only the gray
        raise _unsupported(tags, "planes of gray and alpha")
    pillow_decoder.check_size(image, options)
    try:
        with silenced():
            return PartialDecode(data, pillow_decoder.decoded(image, data))
    except OSError:
        if packing == compression.OLD_JPEG or (packing == compression.JPEG and max(many(tags, BITS, 1)) != BYTE):
            raise _unsupported(tags) from None
        raise


def _unsupported(tags: ifd.Directory, what: str = "") -> DecodeError:
    name = compression.name(one(tags, COMPRESSION, 1))
    what = what or f"samples of {', '.join(str(bits) for bits in many(tags, BITS, 1)[:4])} bits"
    return DecodeError(f"is a TIFF of {name} data with {what}, which is not supported; {compression.ADVICE}")


def _check_size(layout: strips.Layout, tags: ifd.Directory, options: DecodeOptions) -> None:
    options.check_size(layout.grid.width, layout.grid.height, colours.memory(layout, tags))


def first_page(data: Any) -> tuple[ifd.Directory, bool]:
    """Return the tags of the first page, and whether others follow."""
    try:
        file = ifd.File(data)
        page = next(file.pages())
        return file.tags(page.at), file.offset(page.link) != 0
    except (ValueError, struct.error, OverflowError):
        raise DecodeError("is damaged or truncated (its list of tags is cut off)") from None


def check_pages(data: Any, options: DecodeOptions) -> None:
    """Refuse a file whose pages form a loop, or lie outside it."""
    whole = 0
    try:
        for _ in ifd.File(data).pages():
            whole += 1
        if not whole:
            raise ValueError("it has no page")
    except ifd.LoopError as error:
        if not options.lenient:
            raise DecodeError(f"is damaged: {error}") from None
    except (ValueError, struct.error, OverflowError):
        if not whole or not options.lenient:
            raise DecodeError(f"is damaged or truncated (page {whole + 1} lies outside of it)") from None


def _with_resolution(metadata: Metadata, tags: ifd.Directory) -> Metadata:
    """Return the metadata of a page with its stored resolution."""
    both, unit = _stored_resolution(tags), one(tags, UNIT, INCH)
    if unit not in (INCH, CENTIMETRE):
        return metadata._replace(dpi=None, aspect=uneven(both))
    scale = INCH_IN_CENTIMETRES if unit == CENTIMETRE else 1
    dpi = (both[0] * scale, both[1] * scale) if both else None
    return metadata._replace(dpi=dpi, by_centimetre=unit == CENTIMETRE)


def _density(tags: ifd.Directory) -> tuple[float, float] | None:
    """Return a resolution without a unit; 1 is meaningless."""
    both = _stored_resolution(tags)
    if both is None or both == (1, 1):
        return None
    return (both[1], both[0]) if one(tags, ORIENTATION, 1) in placement.SWAPPED else both


def _stored_resolution(tags: ifd.Directory) -> tuple[float, float] | None:
    if X_RESOLUTION not in tags:
        return None
    return plausible((tags[X_RESOLUTION].real(), tags.get(Y_RESOLUTION, tags[X_RESOLUTION]).real()))
