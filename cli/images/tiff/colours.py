"""The meaning of a TIFF's channels: gray, RGB, a palette, inks or Lab, an alpha, and further bands."""

from __future__ import annotations

from typing import Any

from ....filters.core.engine.colour import ColourModel
from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from .. import ifd
from ..picture import DecodeError, Palette, Samples, premultiplied, real_samples
from ..tiff_tags import COLOUR_MAP, EXTRA_CHANNELS, INK_SET, PHOTOMETRIC
from .strips import Layout, to_white
from .tag_values import many, one
from .words import Bands

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, MASK, SEPARATED, YCBCR = range(7)
CIE_LAB, ICC_LAB, DEPTH_MAP = 8, 9, 51177
GRAY = (WHITE_IS_ZERO, BLACK_IS_ZERO, MASK, DEPTH_MAP)
UNSPECIFIED, PREMULTIPLIED, STRAIGHT = 0, 1, 2
"""The values of the tag for extra channels."""
NOT_CMYK = 2
"""The value of the tag for inks other than CMYK."""
OTHERS = {
    YCBCR: "YCbCr colours",
    10: "ITU Lab colours",
    32844: "LogL samples",
    32845: "LogLuv colours",
    32803: "samples of a camera's sensor",
    34892: "samples of a camera's sensor",
}


NUMBER_BITS = 8
"""Bits of palette indices that can be kept."""


class Meaning(NamedTuple):
    """A picture's channels, sorted by meaning."""

    pixels: Array
    alpha: Array | None
    colours: ColourModel
    bands: Bands | None
    palette: Palette | None = None


def memory(layout: Layout, tags: ifd.Directory) -> Samples:
    """Return the memory of a pixel of a page that is assembled from its parts."""
    photometric, extra = one(tags, PHOTOMETRIC, BLACK_IS_ZERO), many(tags, EXTRA_CHANNELS)
    stored, channels = layout.bytes_in_memory, layout.channels
    size = stored // channels
    if layout.kind == "i":
        size = 4 if size < 4 else 8
    elif layout.kind == "u" and size > 2:
        size = 8
    if photometric == PALETTE:
        channels, size = channels + 2, min(size, 2)
    result = channels * size
    lab = 40 * channels if photometric in (CIE_LAB, ICC_LAB) and stored > layout.channels else 0
    # Unpacked, assembled, and copied if they are converted or separated.
    changed = (
        photometric not in (BLACK_IS_ZERO, RGB, SEPARATED) or result != stored or layout.bits not in (8, 16, 32, 64)
    )
    copied = result * (bool(changed) + (len(extra) > 0 or channels in (2, 4)))
    bands = len(extra) > 1 or (photometric in GRAY and channels > 2)
    return Samples(channels, size, decoding=2 * stored + copied + lab, bands=bands)


def of(samples: Array, bits: int, tags: ifd.Directory, notes: list[str]) -> Meaning:
    """Return the channels of *samples* of *bits* bits; raises `DecodeError` for other meanings."""
    photometric, channels = one(tags, PHOTOMETRIC, BLACK_IS_ZERO), samples.shape[2]
    if photometric in OTHERS:
        raise DecodeError(f"has {OTHERS[photometric]} in {samples.dtype.name}, which are not supported; convert to RGB")
    extra = many(tags, EXTRA_CHANNELS)
    inks = photometric == SEPARATED and one(tags, INK_SET, 1) != NOT_CMYK
    count = 1 if photometric in (*GRAY, PALETTE) else 4 if inks else 3
    if photometric == SEPARATED and not inks:
        count = channels - len(extra)
    if not 1 <= count <= channels:
        raise DecodeError(f"is damaged: {channels} channels are too few for its colours")
    if not extra and photometric == RGB and channels == 4:
        extra = (STRAIGHT,)
    beside = channels - count
    extra = (*extra[:beside], *[UNSPECIFIED] * (beside - len(extra)))
    base, others = samples[..., :count], samples[..., count:]
    if photometric == PALETTE:
        base, others = _of_palette(base, bits, tags), to_white(others, bits)
        if others.shape[2]:
            # A palette's colours may have another depth than the other channels.
            base, others = _alike(base, others)
    elif photometric in (CIE_LAB, ICC_LAB):
        base, others = _of_lab(base, photometric, notes), real_samples(to_white(others, bits))
        if others.shape[2]:
            base, others = _alike(base, others)
    else:
        base, others = real_samples(to_white(base, bits)), real_samples(to_white(others, bits))
        if photometric == WHITE_IS_ZERO and samples.dtype.kind == "u" and base.dtype.kind == "u":
            base = np.iinfo(base.dtype).max - base
    at = next((number for number, kind in enumerate(extra) if kind in (PREMULTIPLIED, STRAIGHT)), None)
    alpha = None
    if at is not None:
        alpha = np.ascontiguousarray(others[..., at])
        if extra[at] == PREMULTIPLIED:
            base = premultiplied(base, alpha)
        others = np.delete(others, at, axis=2)
        extra = (*extra[:at], *extra[at + 1 :])
    if others.shape[2] or (photometric == SEPARATED and not inks):
        kept = RGB if photometric in (PALETTE, CIE_LAB, ICC_LAB) else photometric
        kept = BLACK_IS_ZERO if kept in GRAY else kept
        pixels = np.concatenate([base, others], axis=2)
        return Meaning(pixels, alpha, "bands", Bands(kept, extra, pixels.shape[2]))
    numbers = None
    if photometric == PALETTE and alpha is None and base.dtype == np.uint8 and bits <= NUMBER_BITS:
        numbers = Palette(samples[..., 0].astype(np.uint8), _palette(bits, tags).astype(np.uint8))
    return Meaning(base, alpha, "cmyk" if inks else "gray" if base.shape[2] == 1 else "rgb", None, numbers)


def _of_palette(indices: Array, bits: int, tags: ifd.Directory) -> Array:
    """Return the colours of palette indices."""
    if bits > 16 or indices.dtype.kind != "u":
        raise DecodeError(f"is damaged: it has a palette for {bits}-bit samples")
    return _palette(bits, tags)[indices[..., 0]]


def _palette(bits: int, tags: ifd.Directory) -> Array:
    """Return the colours of a palette for *bits*-bit indices, in 8 bits if it has no more."""
    entries = np.array(many(tags, COLOUR_MAP), np.int64)
    if len(entries) != 3 << bits:
        raise DecodeError(f"is damaged: its palette has {len(entries)} entries in place of {3 << bits}")
    palette = entries.reshape(3, -1).T.astype(np.uint16)
    if palette.max(initial=0) < 256 or not (palette % 257).any():
        # Some writers fill the low byte only.
        palette = (palette if palette.max(initial=0) < 256 else palette // 257).astype(np.uint8)
    elif bits <= 8:
        palette = (palette >> 8).astype(np.uint8)
    return palette


def _alike(base: Array, others: Array) -> tuple[Array, Array]:
    """Return both with the same sample type: the wider of them."""
    if base.dtype == others.dtype:
        return base, others
    if {base.dtype.name, others.dtype.name} != {"uint8", "uint16"}:
        raise DecodeError("has channels of different types, which cannot be kept; save them with the same depth")
    wider = [part.astype(np.uint16) * np.uint16(257) if part.dtype == np.uint8 else part for part in (base, others)]
    return wider[0], wider[1]


def _of_lab(samples: Array, photometric: int, notes: list[str]) -> Array:
    """Return Lab colours as sRGB.

    Lab is relative to D50, as in ICC.1. One interpretation has signed a and b, the other an offset and, in 16 bits,
    0xFF00 as its highest L.
    """
    name = samples.dtype.name
    if name not in ("uint8", "uint16", "int16", "float32"):
        raise DecodeError(f"has Lab colours in {name}, which are not supported; convert to RGB")
    if samples.dtype == np.uint8:
        return _of_narrow_lab(samples ^ np.array([0, 128, 128], np.uint8) if photometric == ICC_LAB else samples, notes)
    notes.append("its Lab colours were converted to sRGB")
    values = samples.astype(np.float64)
    if samples.dtype.kind == "f":
        lab = values
    else:
        if photometric == ICC_LAB:
            lightness, chroma = values[..., :1] * (100 / 0xFF00), values[..., 1:] / 256 - 128
        else:
            lightness = (values[..., :1] % 65536) * (100 / 65535)
            chroma = samples[..., 1:].astype(np.int16).astype(np.float64) / 256
        lab = np.concatenate([lightness, chroma], axis=2)
    linear = _linear_srgb(lab)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055)
    if samples.dtype.kind == "f":
        return encoded.astype(np.float32)
    return np.floor(np.clip(encoded, 0, 1) * 65535 + 0.5).astype(np.uint16)


def _of_narrow_lab(samples: Array, notes: list[str]) -> Array:
    from PIL import Image

    from .. import icc_transform, pillow_buffer

    height, width = samples.shape[:2]
    image, _ = icc_transform.to_rgb(Image.frombytes("LAB", (width, height), samples.tobytes()), b"", notes)
    return pillow_buffer.samples(image)


def inks_to_rgb(pixels: Array, alpha: Array | None, icc: bytes, notes: list[str]) -> tuple[Array, Array | None, bytes]:
    """Return CMYK as 8-bit sRGB, its alpha, and its new profile."""
    from .. import icc_transform, pillow_buffer

    if pixels.dtype == np.uint16:
        notes.append("its 16-bit CMYK colours were converted to 8-bit RGB")
    elif pixels.dtype != np.uint8:
        raise DecodeError(f"has CMYK colours in {pixels.dtype.name}, which --to-rgb does not convert")
    image, icc = icc_transform.to_rgb(pillow_buffer.image_of(_in_bytes(pixels), inks=True), icc, notes)
    return pillow_buffer.samples(image), None if alpha is None else _in_bytes(alpha), icc


def _in_bytes(samples: Array) -> Array:
    if samples.dtype == np.uint8:
        return np.ascontiguousarray(samples)
    return ((samples.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


WHITE_D50 = (0.9642, 1.0, 0.8249)
SRGB_OF_D50 = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)
"""From XYZ of D50, by Bradford's adaptation: http://www.brucelindbloom.com/index.html?Eqn_RGB_XYZ_Matrix.html."""


def _linear_srgb(lab: Any) -> Any:
    y = (lab[..., 0] + 16) / 116
    each = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    ratio = np.where(each > 6 / 29, each**3, 3 * (6 / 29) ** 2 * (each - 4 / 29))
    return ratio * np.array(WHITE_D50) @ np.array(SRGB_OF_D50).T
