"""Pictures of the differences between two pictures."""

from __future__ import annotations

from ...filters.core.engine import colour
from ...filters.core.engine.colour import model_of
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.measure.difference import distances
from ..console.messages import shown
from ..drawing.ramps import diverging
from ..errors import UsageError
from ..images import encode, formats
from ..images.atomic_write import Transaction, place_of
from ..images.codec import EncodeOptions
from ..images.metadata import Metadata
from ..images.on_screen import eight_bits
from ..images.picture import bands_of_rows
from .comparable import Comparable

STYLES = ("abs", "signed", "mark")
RED = (220, 0, 0)
PALE = 0.4
"""The share of its contrast that a picture keeps when differences are marked on it."""


def format_of(name: str) -> formats.Format:
    """Return the format of a difference picture; raises UsageError if the format cannot hold it."""
    format = formats.of_suffix(name)
    if format.data_set or "uint8" not in format.colour or format.lossy:
        raise UsageError(f"{shown(name)}: differences need a lossless format; use .png, .tif or .ppm")
    return format


def write(
    pair: Comparable, name: str, style: str, gain: float, tolerance: float, read: frozenset[tuple[int, int]]
) -> None:
    """Write the picture of differences; raises FileError."""
    format = format_of(name)
    pixels = drawn(pair, style, gain, tolerance)
    with Transaction(read) as transaction:
        with transaction.open(place_of(name)) as file:
            encode.write(
                file,
                pixels,
                None,
                format,
                Metadata(),
                EncodeOptions(),
                colours=model_of(pixels.shape[-1]),
            )
        transaction.commit()


def drawn(pair: Comparable, style: str, gain: float, tolerance: float = 0.0) -> Array:
    """Return the picture, ``(height, width, 1 or 3)`` of uint8; differences above the *tolerance* are marked."""
    full = 1.0 if pair.full is None else pair.full
    pixels = np.empty((*pair.a.shape[:2], 1 if style == "abs" and _colours(pair) == 1 else 3), np.uint8)
    for rows in bands_of_rows(pair.a.shape):
        pixels[rows] = _drawn(pair._replace(a=pair.a[rows], b=pair.b[rows]), style, gain, full, tolerance)
    return pixels


def _colours(pair: Comparable) -> int:
    """Return the number of colour channels."""
    return pair.a.shape[-1] - pair.alpha


def _drawn(pair: Comparable, style: str, gain: float, full: float, tolerance: float) -> Array:
    """Return rows of the picture, in 8 bits."""
    colours = _colours(pair)
    if style == "abs":
        shares = distances(pair.a, pair.b).astype(np.float64) * (gain / full)
        if pair.alpha:  # alpha has no colour of its own
            shares = np.maximum(shares[..., :-1], shares[..., -1:])
        return eight_bits(shares if colours in (1, 3) else shares.max(axis=2, keepdims=True), 1.0)
    one, other = (_gray(image[..., :colours]) for image in (pair.a, pair.b))
    if style == "signed":
        apart = np.where(np.isnan(one) ^ np.isnan(other), np.inf, other - one)  # NaN differs infinitely from a number
        return diverging((apart * (gain / full))[..., 0])
    differs = (distances(pair.a, pair.b) > tolerance).any(axis=2, keepdims=True)
    pale = 1 - PALE + PALE * np.clip(np.nan_to_num(one / full), 0, 1)
    return np.where(differs, np.array(RED, np.uint8), eight_bits(pale, 1.0))


def _gray(colours: Array) -> Array:
    if colours.shape[2] == 3:
        return colour.luma(colours, np.float64)
    return colours.astype(np.float64).mean(axis=2, keepdims=True)
