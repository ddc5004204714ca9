"""Notes on surprising results: mostly clipped, or so uniform that nothing is visible."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

from ...filters.core.engine import nodata
from ...filters.core.engine.output_buffer import Output
from ...filters.core.engine.probe import GRID, Levels
from ...filters.core.engine.quantize import FULL, Encoding
from ...filters.core.engine.streamed import StreamedImage, strips_of
from ...filters.core.filter import Call
from ...filters.core.lazy_numpy import Array, np
from ..images.picture import Picture, bands_of_rows

MANY = 0.2
"""The share of clipped samples from which a note is given."""
FEW = 4 / 255
"""The range, as a fraction of white, within which differences are invisible."""
PART = 8
"""If all values of 16 bits are below 1/8 of white, they really have fewer bits, such as a camera's 12."""
ROUND = (1, 0.5, 0.25)
"""The leading digits of suggested gains."""


class Seen:
    """The pixels of a picture that count: neither transparent nor missing. Evaluated on demand."""

    def __init__(self, picture: Picture, missing: float | None) -> None:
        """*missing* is the value that marks missing samples."""
        self._picture, self._missing = picture, missing

    @cached_property
    def spread(self) -> float:
        """The widest range of a channel as a fraction of white, estimated from a grid; 0 if nothing is visible."""
        if self._is_transparent:
            return 0.0
        height, width = self._picture.pixels.shape[:2]
        step = math.isqrt(max(1, height * width // GRID))
        samples = self._samples(step)
        low, high = (end.reduce(samples, axis=(0, 1)).astype(float) for end in (np.fmin, np.fmax))
        return float(np.max(high - low)) / self._picture.full

    @cached_property
    def filled_white(self) -> int:
        """The white level of the bits in use, such as 4095, if 16-bit samples use fewer; else 0."""
        dtype, full = self._picture.pixels.dtype, self._picture.full
        if self._is_transparent or dtype != np.uint16 or full != FULL["uint16"]:
            return 0
        greatest = self._greatest()
        return (1 << greatest.bit_length()) - 1 if 0 < greatest <= full / PART else 0

    @cached_property
    def _is_transparent(self) -> bool:
        alpha = self._picture.alpha
        return alpha is not None and not any(strip.any() for strip in strips_of(alpha))

    def _samples(self, step: int) -> Array:
        """Return the pixels of a grid that count, in one row; all if none does."""
        alpha = None if self._picture.alpha is None else self._picture.alpha[::step, ::step]
        pixels = self._picture.pixels[::step, ::step]
        where = self._where(pixels, alpha)
        return pixels if where is None or not where.any() else pixels[where][None]

    def _greatest(self) -> int:
        """Return the greatest sample that counts."""
        pixels, alpha = self._picture.pixels, self._picture.alpha
        if not isinstance(pixels, StreamedImage):
            return int(self._samples(1).max(initial=0))
        greatest = 0
        for rows in bands_of_rows(pixels.shape):
            strip = pixels[rows]
            where = self._where(strip, None if alpha is None else alpha[rows])
            greatest = max(greatest, int((strip if where is None else strip[where]).max(initial=0)))
        return greatest

    def _where(self, pixels: Array, alpha: Array | None) -> Array | None:
        """Return a mask of the pixels that count; None if all do."""
        picture = self._picture
        where = None if alpha is None else alpha > 0
        marked = nodata.of(self._missing, pixels, picture.colours == "rgb", picture.full)
        if marked is None:
            return where
        there = np.logical_not(marked.gaps(pixels).any(axis=2))
        return there if where is None or not (where & there).any() else where & there


def notes(
    picture: Picture,
    missing: float | None,
    call: Call,
    kernel_sum: float | None,
    encodings: Mapping[str, Encoding],
    outputs: Mapping[str, Output],
) -> list[str]:
    """Return notes on the outputs of a picture, with options that help; empty if all is well.

    *call* is the last filter's, *kernel_sum* the sum of its weights if it is a weighted sum, *missing* the value of
    missing samples.
    """
    seen = Seen(picture, missing)
    found = (_note(name, encoding, outputs[name], call, seen, kernel_sum) for name, encoding in encodings.items())
    return [note for note in found if note]


def _note(name: str, encoding: Encoding, output: Output, call: Call, seen: Seen, kernel_sum: float | None) -> str:
    what = {"image": "picture"}.get(name, name if name.startswith("map") else f"{name} map")
    if output.blank:
        return _unmarked(what, call, seen)
    if encoding.kind == "picture" and encoding.scale != 1 and seen.filled_white:
        return (
            f"its values stay below 1/{PART} of white, so the {what} is nearly black; use --white {seen.filled_white}"
        )
    levels = output.levels
    if levels is None:
        return ""
    # Sharpening is meant to overshoot, tone sets the white level, and --range clip asks for clipping.
    if levels.clipped > MANY and call.name not in ("sharpen", "tone") and call.given.get("range") != "clip":
        return f"more than {MANY:.0%} of the {what} is clipped; {_fitting(encoding, levels, call, kernel_sum)} shows it"
    if levels.high - levels.low < FEW and seen.spread > 4 * FEW:
        return f"the values of the {what} differ by only a few levels; --range stretch shows them"
    return ""


def _unmarked(what: str, call: Call, seen: Seen) -> str:
    """Return a note if thresholds leave nothing of a picture that is not uniform."""
    if call.values.get("op") == "zerocross" and call.given.get("threshold") is not None and seen.spread:
        return f"no zero crossing of the {what} reaches --threshold; leave it out, or lower it"
    relative = any(str(call.values.get(name)).endswith("%") for name in ("low", "high"))
    if call.values.get("op") != "canny" or relative or not seen.spread:
        return ""
    if seen.filled_white:
        return (
            f"no edge of the {what} reaches --high: its values stay below 1/{PART} of white; "
            f"use --white {seen.filled_white}"
        )
    return f"no edge of the {what} reaches --high; --low 12% --high 30% adapt to the picture's own edges"


def _fitting(encoding: Encoding, levels: Levels, call: Call, kernel_sum: float | None) -> str:
    """Return the options that bring clipped values into the range."""
    if call.name == "conv" and kernel_sum is not None and kernel_sum > 1 and levels.below < levels.above / 10:
        return "--normalize sum"
    given = call.values["gain"]
    if encoding.kind == "signed" or encoding.range == "offset":
        return f"--gain {_round(given * 0.5 / max(0.5 - levels.low, levels.high - 0.5)):g}"
    if encoding.kind == "picture" and levels.below > levels.above / 10:
        # With 0 at mid-gray, half of the range is left on each side.
        gain = _round(encoding.gain * 0.5 / max(-levels.low, levels.high))
        return "--range offset" if gain >= 1 else f"--range offset --gain {gain:g}"
    return f"--gain {_round(given / levels.high):g}"


def _round(gain: float) -> float:
    """Return *gain* rounded down to a round number, at most 1.

    >>> [_round(gain) for gain in (3.2, 1, 0.27, 0.0721)]
    [1.0, 1.0, 0.25, 0.05]
    """
    scale = 1.0
    while True:
        for mantissa in ROUND:
            if mantissa * scale <= gain:
                return mantissa * scale
        scale /= 10
