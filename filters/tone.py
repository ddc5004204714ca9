"""Tone: brightness, contrast, colour, levels and curves of a whole picture, and its histogram."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Unpack

from .core import Array, Common, IntPair, Pair, Param, Stage, both, image_filter, np
from .core.engine.stage import ImageContext
from .core.tone import equalization
from .core.tone.adjustment import Adjustment, Levels, adjusting
from .core.tone.lookup import Curve, by_sample

Op = Literal["adjust", "grayscale", "invert", "posterize", "solarize", "autocontrast", "equalize", "clahe"]
ALIASES = {"greyscale": "grayscale", "gray": "grayscale", "grey": "grayscale", "negate": "invert"}
"""Other names of ops."""
FROM_HISTOGRAM = ("autocontrast", "equalize", "clahe")
"""The ops whose curve follows from the picture's histogram."""
MOST = 1000
"""The greatest factor."""


def _levels(given: Any) -> Levels:
    """Return the numbers in ``"LOW,HIGH"`` or ``"LOW,HIGH,GAMMA"``, or in a sequence; raises ValueError."""
    try:
        numbers = [float(part) for part in (given.split(",") if isinstance(given, str) else given)]
    except (TypeError, ValueError):
        raise ValueError(f"{given!r} is not LOW,HIGH or LOW,HIGH,GAMMA, as in 20,235") from None
    if len(numbers) not in (2, 3):
        raise ValueError(f"{given!r} has {len(numbers)} numbers; use LOW,HIGH or LOW,HIGH,GAMMA")
    if not all(abs(number) <= 1e30 for number in numbers):
        raise ValueError(f"{given!r} has a number that is not finite, or too large")
    if numbers[0] == numbers[1]:
        raise ValueError(f"{given!r}: LOW and HIGH are equal")
    levels = Levels(*numbers)
    if not 0.01 <= levels.gamma <= 100:
        raise ValueError(f"{given!r}: GAMMA must be from 0.01 to 100")
    return levels


@image_filter
def tone(
    *,
    op: Annotated[Op, Param("What to change.", aliases=ALIASES)] = "adjust",
    brightness: Annotated[float, Param("Factor on every sample.", min=0, max=MOST, only=("adjust",))] = 1.0,
    contrast: Annotated[
        float, Param("Factor on the difference from the mean luma.", min=0, max=MOST, only=("adjust",))
    ] = 1.0,
    saturation: Annotated[
        float, Param("Factor on the difference from the pixel's luma; 0 is gray.", min=0, max=MOST, only=("adjust",))
    ] = 1.0,
    hue: Annotated[
        float, Param("Turn all hues by an angle; 120 makes red green.", unit="°", min=-360, max=360, only=("adjust",))
    ] = 0.0,
    gamma: Annotated[
        float, Param("Exponent of the values from 0 to 1; below 1 brightens.", min=0.01, max=100, only=("adjust",))
    ] = 1.0,
    levels: Annotated[
        Any,
        Param(
            "Samples that become black and white, in the image's units; a GAMMA above 1 brightens, as in GIMP.",
            metavar="LOW,HIGH[,GAMMA]",
            check=_levels,
            only=("adjust",),
        ),
    ] = None,
    bits: Annotated[int, Param("Bits of each sample that are kept.", min=1, max=16, only=("posterize",))] = 4,
    threshold: Annotated[
        float | None,
        Param(
            "Invert samples from here up, in the image's units.",
            only=("solarize",),
            shown_default="half of white",
        ),
    ] = None,
    cutoff: Annotated[
        Pair,
        Param(
            "Percentage of the darkest and of the brightest samples to leave out.",
            unit="%",
            min=0,
            max=50,
            metavar="P|LOW,HIGH",
            only=("autocontrast",),
        ),
    ] = 0.0,
    tiles: Annotated[
        IntPair,
        Param("How many tiles there are across and down.", min=1, max=1000, metavar="N|NX,NY", only=("clahe",)),
    ] = 8,
    clip: Annotated[
        float,
        Param(
            "Limit of a tile's contrast: how many times the mean count a value counts at most; 0 is none.",
            min=0,
            max=1e6,
            only=("clahe",),
        ),
    ] = 4.0,
    per_channel: Annotated[
        bool, Param("Take the curve of each channel from itself, not all from the luma.", only=FROM_HISTOGRAM)
    ] = False,
    **common: Unpack[Common],
) -> Stage:
    """Change brightness, contrast, colours and levels.

    Returns
    -------
    The image's shape and dtype (see *depth*). An alpha is as it was; NaN stay NaN.

    Raises
    ------
    ParameterError
        A value is out of range, or has no meaning for the op.

    Shell
    -----
    $ imfilter tone photo.jpg -o bright.jpg --brightness 1.3

    Examples
    --------
    >>> import numpy as np
    >>> tone(np.array([[10, 100, 250]], np.uint8), brightness=1.25)
    array([[ 13, 125, 255]], dtype=uint8)
    """
    if op == "grayscale":
        return adjusting(Adjustment(saturation=0.0))
    if op == "invert":
        return by_sample(lambda context: lambda values: context.full - values, curved=True)
    if op == "posterize":
        return by_sample(lambda context: _posterized(context, bits), curved=True)
    if op == "solarize":
        return by_sample(lambda context: _solarized(context, threshold), curved=True)
    if op == "autocontrast":
        return equalization.stretched(both(cutoff), per_channel)
    if op == "equalize":
        return equalization.equalized(per_channel)
    if op == "clahe":
        from .core.tone import clahe

        return clahe.clahe(both(tiles), clip, per_channel)
    asked = None if levels is None else _levels(levels)
    return adjusting(Adjustment(asked, brightness, contrast, saturation, hue, gamma))


def _posterized(context: ImageContext, bits: int) -> Curve:
    white = context.full if context.largest is None else context.full + 1
    step = white / 2**bits
    return lambda values: np.floor(values / step) * step


def _solarized(context: ImageContext, threshold: float | None) -> Curve:
    bound = context.full / 2 if threshold is None else threshold

    def solarized(values: Array) -> Array:
        return np.where(values >= bound, context.full - values, values)

    return solarized
