"""Notes on results that will surprise: clipped in good part, or so even that nothing shows."""

from __future__ import annotations

from ...filters.core.engine.output_buffer import Output
from ...filters.core.engine.probe import Levels
from ...filters.core.engine.quantize import FULL, Encoding
from ...filters.core.filter import Call
from ...filters.core.lazy_numpy import Array, np

MANY = 0.2
"""The part of an output's samples from which clipping is said."""
FEW = 4 / 255
"""The part of white within which all values are too much alike to be seen."""
PART = 8
"""Below this part of white the values of 16 bits are those of fewer, as of a camera's 12."""
ROUND = (1, 0.5, 0.25)
"""The first digits of the gains that are suggested."""


def note(
    name: str,
    encoding: Encoding,
    output: Output,
    call: Call,
    pixels: Array,
    kernel_sum: float | None,
) -> str:
    """Return what to say of the output of an image, and the option that shows it; nothing where all is well.

    *call* is the last filter's; *kernel_sum* that of the filter's
    weights, where it is a weighted sum.
    """
    what = {"image": "picture"}.get(name, name if name.startswith("map") else f"{name} map")
    if output.blank:
        return _unmarked(what, call, pixels, encoding.full)
    if encoding.kind == "picture" and encoding.scale != 1 and (white := _used(pixels, encoding.full)):
        return f"its values end below 1/{PART} of white, which leaves the {what} nearly black; use --white {white}"
    levels = output.levels
    if levels is None:
        return ""
    # Who sharpens wants overshoots, and who asks for clipping has it.
    if levels.clipped > MANY and call.name != "sharpen" and call.given.get("range") != "clip":
        return f"more than {MANY:.0%} of the {what} is clipped; {_fitting(encoding, levels, call, kernel_sum)} shows it"
    if levels.high - levels.low < FEW and _spread(pixels, encoding.full) > 4 * FEW:
        return f"the values of the {what} differ by a few levels; --range stretch shows them"
    return ""


def _unmarked(what: str, call: Call, pixels: Array, full: float) -> str:
    """Return what to say where thresholds leave nothing of a picture that is not even."""
    relative = any(str(call.values.get(name)).endswith("%") for name in ("low", "high"))
    if call.values.get("op") != "canny" or relative or not _spread(pixels, full):
        return ""
    if white := _used(pixels, full):
        return f"no edge of the {what} reaches --high: its values end below 1/{PART} of white; use --white {white}"
    return f"no edge of the {what} reaches --high; --low 12% --high 30% go by the picture's own edges"


def _used(pixels: Array, full: float) -> int:
    """Return the white of the bits that samples of 16 bits fill, where those are few, as 4095; else 0."""
    if pixels.dtype != np.uint16 or full != FULL["uint16"]:
        return 0
    greatest = int(pixels.max(initial=0))
    return (1 << greatest.bit_length()) - 1 if 0 < greatest <= full / PART else 0


def _spread(pixels: Array, full: float) -> float:
    """Return the widest range of a channel's samples in parts of white, *full*."""
    low, high = (end.reduce(pixels, axis=(0, 1)).astype(float) for end in (np.fmin, np.fmax))
    return float(np.max(high - low)) / full


def _fitting(encoding: Encoding, levels: Levels, call: Call, kernel_sum: float | None) -> str:
    """Return the options that bring clipped values into the range."""
    if call.name == "conv" and kernel_sum is not None and kernel_sum > 1 and levels.below < levels.above / 10:
        return "--normalize sum"
    given = call.values["gain"]
    if encoding.kind == "signed" or encoding.range == "offset":
        return f"--gain {_round(given * 0.5 / max(0.5 - levels.low, levels.high - 0.5)):g}"
    if encoding.kind == "picture" and levels.below > levels.above / 10:
        # With 0 at mid-gray half of the range is left on each side.
        gain = _round(encoding.gain * 0.5 / max(-levels.low, levels.high))
        return "--range offset" if gain >= 1 else f"--range offset --gain {gain:g}"
    return f"--gain {_round(given / levels.high):g}"


def _round(gain: float) -> float:
    """Return the greatest round number that is not above *gain*, or 1.

    >>> [_round(gain) for gain in (3.2, 1, 0.27, 0.0721)]
    [1.0, 1.0, 0.25, 0.05]
    """
    scale = 1.0
    while True:
        for mantissa in ROUND:
            if mantissa * scale <= gain:
                return mantissa * scale
        scale /= 10
