"""DDS: the largest picture of a texture, unpacked by Pillow's block decoders.

After "DDS" in Microsoft's Direct3D documentation.
"""

from __future__ import annotations

import struct

from PIL import Image

from ...filters.core.lazy_numpy import Array, np
from . import bit_fields, unpacker
from .codec import Codec, not_written
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples, premultiplied

HEADER = 128
ALPHA, ALPHA_ONLY, FOURCC, RGB, LUMINANCE = 1, 2, 4, 0x40, 0x20000
CUBE, VOLUME = 0x200, 0x200000
BLOCKS = {
    b"DXT1": (1, "DXT1"),
    b"DXT2": (2, "DXT3"),
    b"DXT3": (2, "DXT3"),
    b"DXT4": (3, "DXT5"),
    b"DXT5": (3, "DXT5"),
    b"BC4U": (4, "BC4"),
    b"ATI1": (4, "BC4"),
    b"BC5U": (5, "BC5"),
    b"ATI2": (5, "BC5"),
}
"""Pillow's number and name of each kind of block."""
DXGI_BLOCKS = {71: (1, "BC1"), 74: (2, "BC2"), 77: (3, "BC3"), 80: (4, "BC4"), 83: (5, "BC5"), 98: (7, "BC7")}
"""The same by DXGI_FORMAT, the UNORM of each; one less is typeless, one more sRGB."""
SIGNED = (81, 84)
"""The signed formats, one more than 80 and 83."""
RGBA8, BGRA8, BGRX8 = (27, 28, 29), (87, 90, 91), (88, 92, 93)
MODES = {4: "L", 5: "RGB"}
MULTIPLIED = (b"DXT2", b"DXT4")


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture, and a note of what else the texture holds."""
    data, notes = begun.data, []
    if len(data) < HEADER:
        raise DecodeError("is damaged or truncated (its header is cut off)")
    height, width, _, depth, _ = struct.unpack_from("<5I", data, 12)
    flags, name, bits, *masks = struct.unpack_from("<I4sI4I", data, 80)
    (caps,) = struct.unpack_from("<I", data, 112)
    if not width or not height:
        raise DecodeError(f"is damaged: it declares {width}×{height} pixels")
    options.check_size(width, height, Samples(4, decoding=10))
    if caps & CUBE:
        notes.append("only the first face of its cube map was used")
    if caps & VOLUME and depth > 1:
        notes.append(f"only the first of its {depth} slices was used")
    if flags & FOURCC:
        samples = _blocks(data, name, (width, height), options, notes)
    elif flags & (RGB | LUMINANCE | ALPHA_ONLY) and bits in (8, 16, 24, 32):
        if not flags & ALPHA:
            masks[3] = 0
        if flags & LUMINANCE and max(masks) >> bits:  # some programs leave out the masks
            masks = [255, 0, 0, 255 << 8 if flags & ALPHA else 0]
        samples = _masked(data, (width, height), bits, masks[: 1 if flags & LUMINANCE else 3], masks[3], options, notes)
    else:
        raise DecodeError("is a DDS with a pixel format that is not supported; texconv -ft png converts it")
    if samples.shape[2] in (1, 3):
        return Picture(np.ascontiguousarray(samples), notes=notes)
    pixels, alpha = samples[..., :-1].copy(), samples[..., -1].copy()
    if (alpha == np.iinfo(alpha.dtype).max).all():
        return Picture(pixels, notes=notes)
    return Picture(premultiplied(pixels, alpha) if name in MULTIPLIED else pixels, alpha, notes=notes)


def _blocks(data: bytes, name: bytes, size: tuple[int, int], options: DecodeOptions, notes: list[str]) -> Array:
    at, kind = HEADER, BLOCKS.get(name)
    if name == b"DX10":
        at += 20
        if len(data) < at:
            raise DecodeError("is damaged or truncated (its header is cut off)")
        format, dimension, cube, count, _ = struct.unpack_from("<5I", data, HEADER)
        if cube & 4 or count > 1 or dimension == 4:
            notes.append("only the first picture of its array was used")
        order = (0, 1, 2, 3) if format in RGBA8 else (2, 1, 0, 3) if format in BGRA8 else (2, 1, 0)
        if format in RGBA8 + BGRA8 + BGRX8:
            plain = unpacker.plain(data, at, 4 * size[0] * size[1], options, notes, 4 * size[0])
            return plain.reshape(size[1], size[0], 4)[..., list(order)]
        kinds = (DXGI_BLOCKS.get(format + shift) for shift in (0, 1, -1) if format + shift not in SIGNED)
        kind = None if format in SIGNED else next(filter(None, kinds), None)
        shown = f"DXGI format {format}"
    else:
        shown = name.decode("latin-1") if name.isalnum() else f"0x{name[::-1].hex()}"
    if kind is None:
        raise DecodeError(
            f"is a DDS with the pixel format {shown}, which is not supported; texconv -ft png converts it"
        )
    number, block = kind
    row = -(-size[0] // 4) * (8 if number in (1, 4) else 16)
    packed = unpacker.plain(data, at, -(-size[1] // 4) * row, options, notes, row).tobytes()
    image = Image.frombytes(MODES.get(number, "RGBA"), size, packed, "bcn", number, block)
    samples = np.asarray(image)
    return samples if samples.ndim == 3 else samples[..., None]


def _masked(
    data: bytes,
    size: tuple[int, int],
    bits: int,
    colours: list[int],
    alpha: int,
    options: DecodeOptions,
    notes: list[str],
) -> Array:
    count = bits // 8
    pixels = unpacker.plain(data, HEADER, size[0] * size[1] * count, options, notes, size[0] * count).reshape(
        size[1], size[0], count
    )
    if count == 3:
        pixels = np.concatenate([pixels, np.zeros((*pixels.shape[:2], 1), np.uint8)], axis=2)
    words = np.ascontiguousarray(pixels).view(f"<u{pixels.shape[2]}")[..., 0]
    if len(colours) == 3 and not any(colours[1:]):
        colours = colours[:1]
    return bit_fields.channels(words, [*colours, alpha] if alpha else colours)


CODEC = Codec(finish, not_written)
