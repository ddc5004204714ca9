"""PSD and PSB: the merged picture of a Photoshop document, of 1, 8, 16 or 32 bits.

After Adobe Photoshop File Formats Specification, November 2019. The merged picture of a transparent document is
composited on white, which is undone here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from ..console.messages import reason_of
from . import photoshop, unpacker
from .codec import Codec, not_written
from .metadata import Metadata, of_block, plausible, whole_profile, whole_xmp
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples
from .tiff import compression

HEADER = 26
BITMAP, GRAY, INDEXED, RGB, CMYK, MULTICHANNEL, DUOTONE, LAB = 0, 1, 2, 3, 4, 7, 8, 9
COLOURS = {BITMAP: 1, GRAY: 1, INDEXED: 1, RGB: 3, CMYK: 4, DUOTONE: 1}
TYPES = {8: ">u1", 16: ">u2", 32: ">f4"}
RESOLUTION, ICC, EXIF, VERSION, XMP = 1005, 1039, 1058, 1057, 1060
RAW, RUNS = 0, 1
TRANSPARENT = (b"8BIMMtrn", b"8BIMMt16", b"8BIMMt32")
"""Blocks after the layers, which declare the first channel after the colours to be the merged picture's alpha."""


class Document(NamedTuple):
    """The sections before the pixels."""

    large: bool
    channels: int
    height: int
    width: int
    depth: int
    mode: int
    palette: bytes
    resources: dict[int, bytes]
    transparent: bool
    pixels: int


def document(data: bytes) -> Document:
    """Parse a file; raises struct.error if it is cut off."""
    version, _, channels, height, width, depth, mode = struct.unpack_from(">H6sHIIHH", data, 4)
    large = version == 2
    (length,) = struct.unpack_from(">I", data, HEADER)
    at = HEADER + 4
    palette, at = data[at : at + length], at + length
    (length,) = struct.unpack_from(">I", data, at)
    resources = dict(_resources(data[at + 4 : at + 4 + length]))
    at += 4 + length
    (length,) = struct.unpack_from(">Q" if large else ">I", data, at)
    at += 8 if large else 4
    layers = data[at : at + length]
    return Document(
        large, channels, height, width, depth, mode, palette, resources, _transparent(layers, large), at + length
    )


def _resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 12 <= len(data) and data[at : at + 3] in (b"8BI", b"MeS", b"AgH", b"PHU", b"DCS"):
        (number,) = struct.unpack_from(">H", data, at + 4)
        at += 6 + (data[at + 6] + 2) // 2 * 2
        if at + 4 > len(data):
            return
        (length,) = struct.unpack_from(">I", data, at)
        yield number, data[at + 4 : at + 4 + length]
        at += 4 + length + length % 2


def _transparent(layers: bytes, large: bool) -> bool:
    """Whether the merged picture has alpha: the count of layers is negative, or a block declares it."""
    size = 8 if large else 4
    if int.from_bytes(layers[:size]) and int.from_bytes(layers[size : size + 2], signed=True) < 0:
        return True
    for name in (b"8BIMLr16", b"8BIMLr32"):
        at = layers.find(name)
        start = at + 8 + size
        if at >= 0 and int.from_bytes(layers[start : start + 2], signed=True) < 0:
            return True
    return any(name in layers for name in TRANSPARENT)


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the merged picture."""
    data, notes = begun.data, []
    try:
        found = document(data)
    except (struct.error, IndexError):
        raise DecodeError("is damaged or truncated (its sections are cut off)") from None
    _check(found)
    size = max(found.depth, 8) // 8
    held = size * (found.channels if found.mode != INDEXED else len("RGB"))
    # Packed rows need most: they are copied, unpacked and made into an array; white is removed from transparent pixels.
    white = 24 * found.channels if found.transparent else 0
    decoding = 4 * size * found.channels + held + white
    options.check_size(found.width, found.height, Samples(held // size, size, decoding))
    planes = _planes(data, found, options, notes)
    count = found.channels if found.mode == MULTICHANNEL else COLOURS[found.mode]
    samples = np.moveaxis(planes, 0, 2)
    pixels, rest, alpha = samples[..., :count], samples[..., count:], None
    if rest.shape[2] and found.transparent:
        alpha, rest = rest[..., 0].copy(), rest[..., 1:]
        pixels = _without_white(pixels, alpha)
    if rest.shape[2]:
        notes.append(f"{rest.shape[2]} of its channels, which are masks or spot colours, were left out")
    if found.mode == INDEXED:
        palette = np.frombuffer(found.palette[:768].ljust(768, b"\0"), np.uint8).reshape(3, 256).T
        pixels = palette[pixels[..., 0]]
    elif found.mode == CMYK:
        pixels = np.iinfo(pixels.dtype).max - pixels
    elif found.mode == DUOTONE:
        notes.append("its duotone inks were left out; it was read as gray")
    picture = Picture(np.ascontiguousarray(pixels), alpha, metadata=_metadata(found, notes), notes=notes)
    if found.mode in (CMYK, MULTICHANNEL) and count > 1:
        picture.colours = "cmyk" if found.mode == CMYK else "bands"
    return picture


def _check(found: Document) -> None:
    if not found.width or not found.height or not found.channels:
        raise DecodeError(f"is damaged: it declares {found.width}×{found.height} pixels")
    if found.mode == LAB:
        raise DecodeError(
            "is a Photoshop document in Lab, which is not supported; convert it to RGB in the program that wrote it"
        )
    if found.mode not in (*COLOURS, MULTICHANNEL):
        raise DecodeError(f"is damaged: Photoshop has no mode {found.mode}")
    if found.depth not in (1, 8, 16, 32) or (found.depth == 1) != (found.mode == BITMAP):
        raise DecodeError(f"is damaged: its mode does not allow {found.depth} bits per sample")
    if found.channels < COLOURS.get(found.mode, 1):
        raise DecodeError(f"is damaged: {found.channels} channels are too few for its mode")
    merged = found.resources.get(VERSION, b"")
    if len(merged) > 4 and not merged[4]:
        raise DecodeError("has no merged picture; save it again with 'Maximize Compatibility' on")


def _planes(data: bytes, found: Document, options: DecodeOptions, notes: list[str]) -> Array:
    """Return the samples ``(channels, height, width)``."""
    compression = int.from_bytes(data[found.pixels : found.pixels + 2])
    at = found.pixels + 2
    row = (found.width * found.depth + 7) // 8
    rows = found.channels * found.height
    if compression == RAW:
        packed = unpacker.plain(data, at, rows * row, options, notes, row).reshape(rows, row)
    elif compression == RUNS:
        packed = _unpacked(data, at, ">u4" if found.large else ">u2", (rows, row), options, notes)
    else:
        raise DecodeError(f"is damaged: a Photoshop merged picture has no compression {compression}")
    if found.depth == 1:
        bits = np.unpackbits(packed, axis=1)[:, : found.width]
        return ((1 - bits) * np.uint8(255)).reshape(found.channels, found.height, found.width)
    dtype = np.dtype(TYPES[found.depth])
    samples = np.ascontiguousarray(packed).view(dtype).astype(dtype.newbyteorder("="))
    return samples.reshape(found.channels, found.height, found.width)


def _unpacked(
    data: bytes, at: int, lengths: str, shape: tuple[int, int], options: DecodeOptions, notes: list[str]
) -> Array:
    """Return the bytes of packed rows, which follow a table of their lengths."""
    rows, row = shape
    start = at + rows * np.dtype(lengths).itemsize
    if start >= len(data):
        raise DecodeError("is damaged or truncated (its table of rows is cut off)")
    end = start + int(np.frombuffer(data, lengths, rows, at).sum(dtype=np.int64))
    try:
        if end > len(data):
            raise DecodeError("is damaged or truncated (its packed rows end early)")
        found = compression.unpacked(
            compression.PACKBITS, 1, memoryview(data)[start:end], compression.Extent(row, rows, row, rows)
        )
    except DecodeError:
        if not options.lenient:
            raise
        return unpacker.unpacked("packbits", shape, data[start:], options, notes)
    return np.frombuffer(found, np.uint8).reshape(shape)


def _without_white(pixels: Array, alpha: Array) -> Array:
    """Return colours without the white on which they were composited."""
    full = 1.0 if alpha.dtype.kind == "f" else float(np.iinfo(alpha.dtype).max)
    part = alpha[..., None].astype(np.float64) / full
    colours = np.divide(pixels - (1 - part) * full, part, out=np.zeros(pixels.shape), where=part > 0)
    if full == 1:
        return colours.astype(pixels.dtype)
    return np.floor(colours.clip(0, full) + 0.5).astype(pixels.dtype)


def _metadata(found: Document, notes: list[str]) -> Metadata:
    metadata = Metadata(icc=whole_profile(found.resources.get(ICC), notes))
    resolution = found.resources.get(RESOLUTION, b"")
    if len(resolution) >= 12:
        x, _, _, y = struct.unpack_from(">IHHI", resolution)
        metadata = metadata._replace(dpi=plausible((x / 65536, y / 65536)))
    tags = of_block(found.resources.get(EXIF, b""), notes).tags
    photoshop.tell_of_paths(found.resources, notes)
    kept = {number: found.resources[number] for number in photoshop.KEPT if number in found.resources}
    try:
        kept |= photoshop.of_iptc(kept.pop(photoshop.IPTC, b""))
    except ValueError as error:
        notes.append(f"its IPTC is damaged and was not kept ({reason_of(error)})")
    return metadata._replace(tags=tags, xmp=whole_xmp(found.resources.get(XMP, b""), notes), resources=kept)


CODEC = Codec(finish, not_written)
