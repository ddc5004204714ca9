"""Tone: brightness, contrast, colour, levels and curves of a whole picture, and its histogram."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Unpack

from .core import Array, Common, IntPair, Pair, Param, Stage, both, image_filter, np
from .core.engine.stage import ImageContext
from .core.gradient import threshold_text
from .core.gradient.threshold_text import Threshold
from .core.tone import equalization
from .core.tone.adjustment import Adjustment, Levels, adjusting
from .core.tone.lookup import Curve, by_sample

if TYPE_CHECKING:
    from .core.engine.many import Many

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
    except (TypeError, ValueError, OverflowError):
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


def _read_threshold(text: str) -> Any:
    """Return a number, or a percentage as it is written; raises ValueError."""
    return text.strip() if _threshold(text).relative else _threshold(text).number


def _threshold(given: Any) -> Threshold:
    """Return the threshold that a number, or text such as 50%, gives; raises ValueError."""
    if isinstance(given, str) and given.strip().endswith("%"):
        return threshold_text.check(given)
    try:
        number = float(given)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{given!r} is neither a number nor a percentage, like 128 or 50%") from None
    if not math.isfinite(number):
        raise ValueError(f"{given} is not a finite number")
    return Threshold(number)


@image_filter
def tone(
    *,
    op: Annotated[Op, Param("What to change.", aliases=ALIASES)] = "adjust",
    brightness: Annotated[
        float, Param("Multiply every sample by this factor.", percent=True, min=0, max=MOST, only=("adjust",))
    ] = 1.0,
    contrast: Annotated[
        float,
        Param("Multiply differences from the picture's mean luma.", percent=True, min=0, max=MOST, only=("adjust",)),
    ] = 1.0,
    saturation: Annotated[
        float,
        Param(
            "Multiply differences from the pixel's luma; 0 gives gray.", percent=True, min=0, max=MOST, only=("adjust",)
        ),
    ] = 1.0,
    hue: Annotated[
        float, Param("Turn all hues by this angle; 120 makes red green.", unit="°", min=-360, max=360, only=("adjust",))
    ] = 0.0,
    gamma: Annotated[
        float,
        Param("Exponent of values from 0 to 1; below 1 brightens.", ratio=True, min=0.01, max=100, only=("adjust",)),
    ] = 1.0,
    levels: Annotated[
        Any,
        Param(
            "Make LOW black and HIGH white, in the image's units; a GAMMA above 1 brightens, as in GIMP.",
            metavar="LOW,HIGH[,GAMMA]",
            check=_levels,
            only=("adjust",),
        ),
    ] = None,
    bits: Annotated[int, Param("Keep so many bits of each sample.", min=1, max=16, only=("posterize",))] = 4,
    threshold: Annotated[
        Any,
        Param(
            "Invert samples of this value or more, in the image's units, or percent of white.",
            metavar="V|P%",
            read=_read_threshold,
            check=_threshold,
            only=("solarize",),
            shown_default="half of white",
        ),
    ] = None,
    cutoff: Annotated[
        Pair,
        Param(
            "Leave out this part of the darkest and of the brightest samples.",
            unit="%",
            min=0,
            max=50,
            metavar="P|LOW,HIGH",
            only=("autocontrast",),
        ),
    ] = 0.0,
    tiles: Annotated[
        IntPair,
        Param("Number of tiles across and down.", min=1, max=1000, metavar="N|NX,NY", only=("clahe",)),
    ] = 8,
    clip: Annotated[
        float,
        Param(
            "Limit the growth of contrast in a tile to this factor; 0 sets no limit.",
            min=0,
            max=1e6,
            only=("clahe",),
        ),
    ] = 4.0,
    per_channel: Annotated[
        bool, Param("Give each channel a curve of its own, not that of the luma.", only=FROM_HISTOGRAM)
    ] = False,
    **common: Unpack[Common],
) -> Stage:
    """Change brightness, contrast, colours and levels.

    ``adjust`` takes these steps in this order, and neither rounds nor clips in between. *levels* makes LOW black and
    HIGH white, ``white · ((v - LOW) / (HIGH - LOW))^(1 / GAMMA)``. *brightness* is ``b · v``. *contrast* is
    ``m + c · (v - m)``, m the mean luma of all pixels that are seen. *saturation* is ``l + s · (v - l)``, l the pixel's
    luma. *hue* turns the hue of HSV, and keeps each pixel's greatest and least channel. *gamma* is
    ``white · (v / white)^gamma``. A power leaves negative values as they are. Without options the image stays as it
    is.

    ``grayscale`` is a saturation of 0, ``invert`` is ``white - v``. ``posterize`` keeps the upper *bits* of 8 or 16, or
    of a float image's range from 0 to 1: ``step · floor(v / step)``. ``solarize`` inverts what is *threshold* or more,
    a number or a part of white such as 50%.

    ``autocontrast`` makes the least value black and the greatest white, once *cutoff* per cent of the samples are left
    out at each end. ``equalize`` makes all values as frequent as a curve can: ``white · (C(v) - C(least)) / (n -
    C(least))``, C(v) the number of samples up to v, of n.

    ``clahe`` equalizes each of *tiles* across and down by itself, and interpolates between their middles. 256 values
    are counted at every depth. None counts more than *clip* times the mean of all; what is over is shared among all
    values. So *clip* limits how many times the contrast grows, and is that of OpenCV's ``createCLAHE``; scikit-image's
    ``clip_limit`` is this divided by 256.

    In colour these three follow from the luma: ``autocontrast`` stretches all channels alike; after the others colours
    keep their differences from the luma. With *per_channel* each channel has its own curve.

    Gray and bands without colour have no saturation and no hue: both leave them as they are. Each band has its own mean
    and curve.

    Returns
    -------
    The image's shape and dtype (see *depth*). An alpha is as it was; NaN stay NaN. Float results may lie below 0 or
    above white.

    Raises
    ------
    ParameterError
        A value is out of range, or has no meaning for the op.
    ImageError
        *saturation*, *hue* or ``grayscale`` is asked for CMYK colours.

    Notes
    -----
    In 8 and 16 bits what looks at single samples is a table, 0.3 ns a sample of 8 bits. The luma of colours is counted
    as the next of 65536 even steps from 0 to white, fractions as the next of those from the least to the greatest, and
    curves are straight between them. What is transparent counts nothing.

    As in OpenCV, the limit of *clip* is a whole number of pixels, at least one, and what cannot be shared evenly goes
    to values at even steps, from 0 on: with tiles of few pixels the curve is lopsided, so take tiles of thousands.
    The result of 8 bits is within 1 level of OpenCV's CLAHE, whose curves are rounded before they are interpolated,
    where the tiles divide the image. Where not, OpenCV mirrors what is missing of the last ones, and here tiles differ
    by a pixel, as in the paper each pixel counts once: near edges that is up to 20 levels. In 16 bits OpenCV counts
    65536 values, so that the limit, at least one pixel, has little effect.

    References
    ----------
    R. Gonzalez and R. Woods, Digital Image Processing, 4th ed., 2018, sections 3.2 and 3.3.
    A. R. Smith, "Color gamut transform pairs", 1978.
    K. Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994.

    Shell
    -----
    $ imfilter tone photo.jpg -o bright.jpg --brightness 1.3
    $ imfilter tone photo.jpg -o vivid.jpg --contrast 1.2 --saturation 1.5
    $ imfilter tone photo.jpg -o wider.jpg --levels 20,235,1.2
    $ imfilter tone photo.jpg -o clear.jpg --op clahe --tiles 8,6 --clip 2
    $ imfilter tone photos/ -o stretched/ --op autocontrast --cutoff 0.5

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[10, 100, 250]], np.uint8)
    >>> tone(image, brightness=1.25)
    array([[ 13, 125, 255]], dtype=uint8)
    >>> tone(image, levels=(10, 250, 2))
    array([[  0, 156, 255]], dtype=uint8)
    >>> tone(image, op="posterize", bits=2)
    array([[  0,  64, 192]], dtype=uint8)
    """
    if op == "grayscale":
        return adjusting(Adjustment(saturation=0.0))
    if op == "invert":
        return by_sample(lambda context: lambda values: context.full - values, curved=True)
    if op == "posterize":
        return by_sample(lambda context: _posterized(context, bits), curved=True)
    if op == "solarize":
        bound = Threshold(0.5, relative=True) if threshold is None else _threshold(threshold)
        return by_sample(lambda context: _solarized(context, bound), curved=True)
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


def _solarized(context: ImageContext, threshold: Threshold) -> Curve:
    bound = threshold.of(context.full)

    def solarized(values: Array) -> Array:
        return np.where(values >= bound, context.full - values, values)

    return solarized


def many() -> Many:
    """Return how many images are adjusted, each by factors of its own."""
    from .core.engine.many import Many, Numbers
    from .core.tone.adjustment import amplification, of_images

    def numbers(values: Mapping[str, Any], width: int, height: int, channels: int) -> Numbers | None:
        if values["op"] != "adjust" or values["levels"] is not None or values["gamma"] != 1:
            return None
        brightness, contrast = values["brightness"], values["contrast"]
        own = Adjustment(None, brightness, contrast, values["saturation"], values["hue"], 1.0)
        colour = channels == 3 and own.joins_channels
        form = own.contrast != 1, colour
        return Numbers(form, own, None, amplification(own), (*form, True))

    return Many(numbers, lambda images, form, owns: of_images(images, owns, *form))
