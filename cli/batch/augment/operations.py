"""The operations of published policies as filters of this program, with the tables of their ranges.

For each operation, a table has the value that changes nothing, and the value at full strength, or one per direction.
Values for other strengths are interpolated linearly.

Where the papers leave a choice, the effect grows with the strength: colours go from 1 in both directions, while the
published code goes from 0.1 up to 1.9, and so changes most at strength 0; the stronger they are, the fewer bits
posterize keeps and the more solarize inverts. Shears are about the centre, all interpolation is bilinear, and nothing
is rounded to whole pixels or degrees. Sharpness is defined as in Pillow: 0 is the mean of 3×3 pixels with weight 5 in
the middle.

References
----------
- Cubuk, Zoph, Mané, Vasudevan and Le, AutoAugment: learning augmentation strategies from data, CVPR 2019, table 6:
  the operations and their ranges, translations in pixels of 331.
- Cubuk, Zoph, Shlens and Le, RandAugment: practical automated data augmentation with a reduced search space, NeurIPS
  2020: the 14 operations, and strengths on that scale.
- Müller and Hutter, TrivialAugment: tuning-free yet state-of-the-art data augmentation, ICCV 2021: the spaces RA and
  Wide, translations in pixels, and 31 strengths.
- Hendrycks, Mu, Cubuk, Zoph, Gilmer and Lakshminarayanan, AugMix: a simple data processing method to improve
  robustness and uncertainty, ICLR 2020: the operations that no corruption of ImageNet-C is like.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ....filters.core.named_tuple import NamedTuple
from .ranges import DIGITS

EIGHT_BITS = 256
"""The number of levels in the tables' solarize."""
LEAST_PERCENT = 1e-10
"""The unit to which thresholds are rounded down, so that a threshold on a level does not end above it."""


class Span(NamedTuple):
    """The range of an operation."""

    ends: tuple[float, ...] = ()
    """Its value at full strength, one per direction."""
    neutral: float = 0.0
    """Its value that changes nothing."""
    unit: str = ""

    def at(self, strength: float, direction: int) -> float:
        """Return the value at a *strength* from 0 to 1.

        >>> Span((0.1, 1.9), 1.0).at(0.5, 0), Span((-30, 30)).at(1, 1)
        (0.55, 30.0)
        """
        value = self.neutral + strength * (self.ends[direction] - self.neutral)
        return float(_text(value))


Table = Mapping[str, Span]
NOTHING = Span()
"""The range of an operation without strength."""
COLOURS = Span((0.1, 1.9), 1.0)
WIDE_COLOURS = Span((0.01, 2.0), 1.0)
SOLARIZE = Span((0,), 256)
SHEAR = Span((-0.3, 0.3))
TRANSLATE = Span((-15000 / 331, 15000 / 331), unit="%")

RAND_AUGMENT: Table = {
    "identity": NOTHING,
    "auto-contrast": NOTHING,
    "equalize": NOTHING,
    "rotate": Span((-30, 30)),
    "solarize": SOLARIZE,
    "color": COLOURS,
    "posterize": Span((4,), 8),
    "contrast": COLOURS,
    "brightness": COLOURS,
    "sharpness": COLOURS,
    "shear-x": SHEAR,
    "shear-y": SHEAR,
    "translate-x": TRANSLATE,
    "translate-y": TRANSLATE,
}
"""RandAugment's operations with AutoAugment's ranges."""
STANDARD: Table = {**RAND_AUGMENT, "translate-x": Span((-10, 10)), "translate-y": Span((-10, 10))}
"""TrivialAugment's space RA."""
WIDE: Table = {
    **RAND_AUGMENT,
    "rotate": Span((-135, 135)),
    "color": WIDE_COLOURS,
    "posterize": Span((2,), 8),
    "contrast": WIDE_COLOURS,
    "brightness": WIDE_COLOURS,
    "sharpness": WIDE_COLOURS,
    "shear-x": Span((-0.99, 0.99)),
    "shear-y": Span((-0.99, 0.99)),
    "translate-x": Span((-32, 32)),
    "translate-y": Span((-32, 32)),
}
"""TrivialAugment's space Wide."""
AUG_MIX: Table = {
    name: RAND_AUGMENT[name]
    for name in (
        "auto-contrast",
        "equalize",
        "posterize",
        "rotate",
        "solarize",
        "shear-x",
        "shear-y",
        "translate-x",
        "translate-y",
    )
}
"""AugMix's operations, without those that resemble corruptions of ImageNet-C."""


class Step(NamedTuple):
    """A filter and its options as on a command line."""

    filter: str
    options: Mapping[str, Any]


def step(name: str, span: Span, strength: float, direction: int) -> Step | None:
    """Return the step for an operation at a *strength* from 0 to 1; None if it changes nothing.

    *direction* is the index of the end of its *span*.

    >>> step("shear-x", SHEAR, 1.0, 1)
    Step(filter='affine', options={'shear': '16.699244234,0'})
    """
    if name == "identity":
        return None
    if name == "auto-contrast":
        return Step("tone", {"op": "autocontrast", "per_channel": True})
    if name == "equalize":
        return Step("tone", {"op": "equalize", "per_channel": True})
    value = span.at(strength, direction)
    if name == "posterize":
        # Round half up in the bits that are removed.
        value = span.neutral - math.floor(span.neutral - value + 0.5)
    return None if value == span.neutral else _step(name, value, span.unit)


def _step(name: str, value: float, unit: str) -> Step | None:
    match name:
        case "rotate":
            return Step("rotate", {"angle": _text(value)})
        case "solarize":
            percent = math.floor(value / (EIGHT_BITS - 1) * 100 / LEAST_PERCENT) * LEAST_PERCENT
            threshold = f"{_text(percent)}%"
            return Step("tone", {"op": "solarize", "threshold": threshold}) if percent <= 100 else None
        case "posterize":
            return Step("tone", {"op": "posterize", "bits": f"{value:g}"})
        case "color":
            return Step("tone", {"saturation": _text(value)})
        case "contrast" | "brightness":
            return Step("tone", {name: _text(value)})
        case "sharpness":
            # f times the image plus 1 - f times the mean of 3×3 with weights 5 and 1, which add up to 13.
            around, middle = _text(1 - value), _text(8 * value + 5)
            row = " ".join([around] * 3)
            return Step("conv", {"kernel": f"{row}; {around} {middle} {around}; {row}", "normalize": "sum"})
        case "shear-x":
            return Step("affine", {"shear": f"{_degrees(value)},0"})
        case "shear-y":
            return Step("affine", {"shear": f"0,{_degrees(value)}"})
        case "translate-x":
            return Step("affine", {"translate": f"{_text(value)}{unit},0"})
        case "translate-y":
            return Step("affine", {"translate": f"0,{_text(value)}{unit}"})
    raise LookupError(name)


def _degrees(slope: float) -> str:
    return _text(math.degrees(math.atan(slope)))


def _text(value: float) -> str:
    return f"{value:.{DIGITS}g}"
