"""Samples that share a word: the bits of a mask, scaled to whole bytes or to 16 bits, rounded."""

from __future__ import annotations

from collections.abc import Sequence

from ...filters.core.lazy_numpy import Array, np
from . import sample_depth
from .picture import DecodeError


def channels(words: Array, masks: Sequence[int]) -> Array:
    """Return the samples that *masks* pick from unsigned *words*, as the last axis: uint8, or uint16 of over 8 bits.

    ``v`` of ``n`` bits becomes ``v·255/(2ⁿ−1)``, rounded half up.
    """
    sizes = [mask.bit_count() for mask in masks]
    for mask in masks:
        low = mask & -mask
        if mask and (mask // low + 1) & (mask // low):
            raise DecodeError(f"has a channel with scattered bits (mask {mask:#x}); convert it to PNG")
        if mask >= 1 << 8 * words.itemsize:
            raise DecodeError(f"is damaged: the mask {mask:#x} is wider than its {8 * words.itemsize}-bit pixels")
    if max(sizes) > 16:
        raise DecodeError(f"has {max(sizes)}-bit samples in bit fields; convert it to 16-bit TIFF")
    full = sample_depth.full_range((1 << max(sizes)) - 1)
    found = np.zeros((*words.shape, len(masks)), np.uint8 if full == 255 else np.uint16)
    for number, (mask, size) in enumerate(zip(masks, sizes, strict=True)):
        if mask:
            shift = np.uint8((mask & -mask).bit_length() - 1)
            white = (1 << size) - 1
            found[..., number] = sample_depth.scaled(words >> shift & words.dtype.type(white), white, full)
    return found
