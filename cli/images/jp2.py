"""JPEG 2000: pictures of 8 bits are read by Pillow, others by imagecodecs, which keeps every bit and component.

After ISO/IEC 15444-1, annex A for the codestream and annex I for the boxes around it.
"""

from __future__ import annotations

import struct

from PIL import Jpeg2KImagePlugin

from ...filters.core.lazy_numpy import np
from ...filters.core.named_tuple import NamedTuple
from . import extras, isobmff, pillow_decoder
from .codec import Codec, not_written
from .metadata import Metadata, whole_profile
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples, premultiplied

START, SIZE, TILE, END = b"\xff\x4f", b"\xff\x51", b"\xff\x90", b"\xff\xd9"
SRGB, GRAY, CMYK = 16, 17, 12
RGB_LIKE = (None, SRGB, GRAY, 18)
"""Colour spaces that Pillow reads as gray or RGB; 18 is sYCC."""
OPACITY, PREMULTIPLIED = 1, 2


class Image(NamedTuple):
    """The header of a picture."""

    width: int
    height: int
    bits: tuple[int, ...]
    """The bits of each component."""
    plain: bool
    """Whether no component is signed, or smaller than the others."""
    codestream: int
    space: int | None
    icc: bytes
    alpha: int | None
    """The component that is alpha."""
    premultiplied: bool
    palette: bool


def described(data: bytes) -> Image:
    """Return the header of a file; raises `DecodeError`."""
    at, space, icc, alpha, multiplied, palette = 0, None, b"", None, False, False
    if not data.startswith(START + SIZE):
        found = next(isobmff.inside(data, b"jp2c"), None)
        if found is None:
            raise DecodeError("is damaged or truncated (it has no codestream)")
        at = found.start
        for box in isobmff.inside(data, b"jp2h"):
            for part in isobmff.boxes(data, box.start, box.end):
                body = data[part.start : part.end]
                if part.name == b"colr" and space is None and not icc and len(body) > 6:
                    space = int.from_bytes(body[3:7]) or None if body[0] == 1 else None
                    icc = body[3:] if body[0] in (2, 3) else b""
                elif part.name == b"pclr":
                    palette = True
                elif part.name == b"cdef":
                    for number, kind, _ in struct.iter_unpack(">HHH", body[2 : 2 + (len(body) - 2) // 6 * 6]):
                        if kind in (OPACITY, PREMULTIPLIED):
                            alpha, multiplied = number, kind == PREMULTIPLIED
    if data[at : at + 4] != START + SIZE or len(data) < at + 44:
        raise DecodeError("is damaged or truncated (its codestream has no size)")
    right, bottom, left, top = struct.unpack_from(">IIII", data, at + 8)
    (count,) = struct.unpack_from(">H", data, at + 40)
    listed = data[at + 42 : at + 42 + 3 * count]
    components = list(struct.iter_unpack("BBB", listed)) if len(listed) == 3 * count else []
    if not components or right <= left or bottom <= top:
        raise DecodeError("is damaged or truncated (its codestream has no size)")
    plain = all(bits < 128 and (x, y) == (1, 1) for bits, x, y in components)
    bits = tuple((bits & 127) + 1 for bits, _, _ in components)
    return Image(right - left, bottom - top, bits, plain, at, space, icc, alpha, multiplied, palette)


def check_whole(data: bytes, at: int) -> None:
    """Raise `DecodeError` if the codestream that begins at a place is cut off; decoders fill it up."""
    at += 2
    while data[at : at + 2] != TILE:
        if len(data) < at + 4 or data[at] != 0xFF:
            raise DecodeError("is damaged or truncated (its codestream's header is cut off)")
        at += 2 + max(int.from_bytes(data[at + 2 : at + 4]), 2)
    while data[at : at + 2] == TILE and len(data) >= at + 12:
        (length,) = struct.unpack_from(">I", data, at + 6)
        if length == 0:
            at = data.rfind(END)
            break
        at += max(length, 12)
    if at < 0 or data[at : at + 2] != END:
        raise DecodeError("is damaged or truncated (its codestream has no end)")


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode a picture that Pillow reads without loss into a Pillow image."""
    found = described(data)
    count, size = len(found.bits), 1 + max(found.bits) // 9
    held = 4 if size == 1 and count > 1 else 0
    samples = Samples(
        3 if found.palette else count, size, decoding=4 + 6 * count, held=held
    )  # in 32 bits, and twice so
    options.check_size(found.width, found.height, samples)
    if not options.lenient:
        check_whole(data, found.codestream)
    if not _is_pillows(found):
        return PartialDecode(data)
    image = pillow_decoder.opened("JPEG 2000", Jpeg2KImagePlugin.Jpeg2KImageFile, data)
    return PartialDecode(data, pillow_decoder.decoded(image, data))


def _is_pillows(found: Image) -> bool:
    count = len(found.bits)
    channels = count - (found.alpha is not None)
    if found.palette:
        return found.bits == (8,)
    if found.space == CMYK:
        return found.bits == (8,) * 4 and found.plain
    return set(found.bits) == {8} and found.space in RGB_LIKE and channels in (1, 3) and found.alpha in (None, channels)


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    found, notes = described(begun.data), list(begun.notes)
    icc = whole_profile(found.icc, notes)
    if begun.image is not None:
        picture = pillow_decoder.finish(begun, options)
        picture.metadata = picture.metadata._replace(icc=icc or picture.metadata.icc)
        picture.notes += notes
        alpha = picture.alpha
    else:
        picture = _deep(begun.data, found)
        picture.metadata, picture.notes, alpha = Metadata(icc=icc), notes, picture.alpha
    if alpha is not None and found.premultiplied:
        picture.pixels = premultiplied(picture.pixels, alpha)
    return picture


def _deep(data: bytes, found: Image) -> Picture:
    """Return a picture of other than 8 bits, or of any number of components."""
    bits = max(found.bits)
    what = f"a JPEG 2000 image of {len(found.bits)} components and {bits} bits"
    if found.palette or found.space not in (None, SRGB, GRAY, CMYK) or not found.plain or set(found.bits) != {bits}:
        raise DecodeError(f"is {what} in a form that is not supported; opj_decompress -i FILE -o out.tif converts it")
    if bits > 16:
        raise DecodeError(f"is {what}, but at most 16 are supported; opj_decompress -i FILE -o out.tif converts it")
    imagecodecs = extras.required("imagecodecs", what)
    samples = imagecodecs.jpeg2k_decode(data, planar=False)
    samples = extras.scaled(samples.reshape(found.height, found.width, -1), bits)
    alpha = None
    if found.alpha is not None:
        samples, alpha = np.delete(samples, found.alpha, axis=2), samples[..., found.alpha].copy()
    return Picture(samples, alpha, colours="cmyk" if found.space == CMYK and samples.shape[2] == 4 else "gray")


CODEC = Codec(finish, not_written, load)
