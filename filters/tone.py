"""Tone: adjust brightness, contrast, colour and levels, or equalize the histogram."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
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
"""The ops that derive their curve from the picture's histogram."""
MOST = 1000
"""The largest factor."""


def _levels(given: Any) -> Levels:
    """Return the numbers given as ``"LOW,HIGH"``, ``"LOW,HIGH,GAMMA"`` or a sequence; raises ValueError."""
    try:
        numbers = [float(part) for part in (given.split(",") if isinstance(given, str) else given)]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{given!r} is not LOW,HIGH or LOW,HIGH,GAMMA, such as 20,235") from None
    if len(numbers) not in (2, 3):
        raise ValueError(f"{given!r} has {len(numbers)} numbers; use LOW,HIGH or LOW,HIGH,GAMMA")
    if not all(abs(number) <= 1e30 for number in numbers):
        raise ValueError(f"{given!r} has a number that is too large or not finite")
    if numbers[0] == numbers[1]:
        raise ValueError(f"{given!r}: LOW and HIGH are equal")
    levels = Levels(*numbers)
    if not 0.01 <= levels.gamma <= 100:
        raise ValueError(f"{given!r}: GAMMA must be from 0.01 to 100")
    return levels


def _read_threshold(text: str) -> Any:
    """Return a number, or a percentage as text; raises ValueError."""
    return text.strip() if _threshold(text).relative else _threshold(text).number


def _threshold(given: Any) -> Threshold:
    """Return the threshold that a number, or text such as 50%, gives; raises ValueError."""
    if isinstance(given, str) and given.strip().endswith("%"):
        return threshold_text.check(given)
    try:
        number = float(given)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{given!r} is neither a number nor a percentage, such as 128 or 50%") from None
    if not math.isfinite(number):
        raise ValueError(f"{given} is not a finite number")
    return Threshold(number)


@image_filter
def tone(
    *,
    op: Annotated[Op, Param("The adjustment.", aliases=ALIASES)] = "adjust",
    brightness: Annotated[
        float,
        Param("Multiply every sample by this factor.", percent=True, span=(0, 3), min=0, max=MOST, only=("adjust",)),
    ] = 1.0,
    contrast: Annotated[
        float,
        Param(
            "Multiply the differences from the picture's mean luma by this factor.",
            percent=True,
            span=(0, 3),
            min=0,
            max=MOST,
            only=("adjust",),
        ),
    ] = 1.0,
    saturation: Annotated[
        float,
        Param(
            "Multiply the differences from each pixel's luma by this factor; 0 gives gray.",
            percent=True,
            span=(0, 3),
            min=0,
            max=MOST,
            only=("adjust",),
        ),
    ] = 1.0,
    hue: Annotated[
        float,
        Param(
            "Rotate all hues by this angle; 120 turns red into green.", unit="°", min=-360, max=360, only=("adjust",)
        ),
    ] = 0.0,
    gamma: Annotated[
        float,
        Param(
            "Exponent of values from 0 to 1; below 1 brightens.",
            ratio=True,
            span=(0.2, 5),
            min=0.01,
            max=100,
            only=("adjust",),
        ),
    ] = 1.0,
    levels: Annotated[
        Any,
        Param(
            "Map LOW to black and HIGH to white, in the image's units; a GAMMA above 1 brightens, as in GIMP.",
            metavar="LOW,HIGH[,GAMMA]",
            check=_levels,
            only=("adjust",),
        ),
    ] = None,
    bits: Annotated[int, Param("Number of bits to keep of each sample.", min=1, max=16, only=("posterize",))] = 4,
    threshold: Annotated[
        Any,
        Param(
            "Invert samples of at least this value, in the image's units or as a percentage of white.",
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
            "Ignore this share of the darkest and of the brightest samples.",
            unit="%",
            span=(0, 10),
            min=0,
            max=50,
            metavar="P|LOW,HIGH",
            only=("autocontrast",),
        ),
    ] = 0.0,
    tiles: Annotated[
        IntPair,
        Param("Number of tiles across and down.", span=(1, 32), min=1, max=1000, metavar="N|NX,NY", only=("clahe",)),
    ] = 8,
    clip: Annotated[
        float,
        Param(
            "Limit the contrast gain in a tile to this factor; 0 sets no limit.",
            span=(0, 20),
            min=0,
            max=1e6,
            only=("clahe",),
        ),
    ] = 4.0,
    per_channel: Annotated[
        bool, Param("Give each channel its own curve instead of the luma's.", only=FROM_HISTOGRAM)
    ] = False,
    **common: Unpack[Common],
) -> Stage:
    """Change brightness, contrast, colours and levels.

    ``adjust`` takes these steps in this order, without rounding or clipping in between. *levels* maps LOW to black and
    HIGH to white, ``white · ((v - LOW) / (HIGH - LOW))^(1 / GAMMA)``. *brightness* is ``b · v``. *contrast* is
    ``m + c · (v - m)``, where m is the mean luma of all visible pixels. *saturation* is ``l + s · (v - l)``, where l is
    the pixel's luma. *hue* rotates the hue of HSV, and keeps the values of each pixel's greatest and least channels.
    *gamma* is ``white · (v / white)^gamma``. Powers leave negative values unchanged. Without options the image is
    unchanged.

    ``grayscale`` is a saturation of 0, and ``invert`` is ``white - v``. ``posterize`` keeps the upper *bits* of 8 or
    16, or of a float image's range from 0 to 1: ``step · floor(v / step)``. ``solarize`` inverts samples of at least
    *threshold*, a number or a percentage of white such as 50%.

    ``autocontrast`` maps the least value to black and the greatest to white, ignoring *cutoff* per cent of the samples
    at each end. ``equalize`` makes all values as equally frequent as a curve can:
    ``white · (C(v) - C(least)) / (n - C(least))``, where C(v) is the number of samples up to v, of n.

    ``clahe`` equalizes each of *tiles* across and down by itself, and interpolates between their centres. The histogram
    of a tile has 256 bins at every depth. Each bin is clipped at *clip* times the mean of all, and the excess is shared
    among all bins; so *clip* limits the gain in contrast. It equals the limit of OpenCV's ``createCLAHE``;
    scikit-image's ``clip_limit`` is this divided by 256.

    In colour these three derive their curve from the luma: ``autocontrast`` stretches all channels alike; the other two
    change the luma, and colours keep their differences from it. *per_channel* gives each channel its own curve.

    Saturation and hue leave gray and bands without colour unchanged. Each band has its own mean and curve.

    Returns
    -------
    The image's shape and dtype (see *depth*). The alpha and NaN are unchanged. Float results may lie below 0 or above
    white.

    Raises
    ------
    ParameterError
        A value is out of range, or does not apply to the op.
    ImageError
        *saturation*, *hue* or ``grayscale`` is given for CMYK colours.

    Notes
    -----
    In 8 and 16 bits, curves are looked up in a table: 0.3 ns per 8-bit sample. The luma of colours is counted in 65536
    equal steps from 0 to white, fractions in as many from the least to the greatest; curves are linear between the
    steps. Transparent pixels are not counted.

    As in OpenCV, the limit of *clip* is a whole number of pixels, at least one, and a remainder that cannot be shared
    evenly goes to bins at even steps, starting at 0. This skews the curve of small tiles, so use tiles of thousands of
    pixels. In 8 bits, results are within 1 level of OpenCV's CLAHE, whose curves are rounded before they are
    interpolated, if the tiles divide the image evenly. If not, OpenCV mirrors the image to complete the last tiles;
    here tile sizes differ by a pixel, and each pixel counts once, as in the paper. Near edges the results then differ
    by up to 20 levels. In 16 bits OpenCV counts 65536 values, so the limit, at least one pixel, has little effect.

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
    """Return how to adjust many images at once, each by its own factors."""
    from .core.engine.many import Many, Numbers, alike, table
    from .core.tone.adjustment import amplification, of_images

    names = "brightness", "contrast", "saturation", "hue"

    def adjustments(own: Array) -> list[Adjustment]:
        return [Adjustment(None, light, contrast, colour, hue, 1.0) for light, contrast, colour, hue in own.tolist()]

    def numbers(values: Mapping[str, Any], width: int, height: int, channels: int, count: int) -> Iterator[Numbers]:
        if values["op"] != "adjust" or values["levels"] is not None or values["gamma"] != 1:
            return
        own = table(*(values[name] for name in names), count=count, dtype=np.float64)
        _, contrast, saturation, hue = own.T
        steep = np.array([amplification(asked) for asked in adjustments(own)])
        coloured = ((saturation != 1) | (hue % 360 != 0)) & (channels == 3)
        for form, where in alike(contrast != 1, coloured, count=count):
            last = *form, True
            if where is None:
                yield Numbers(form, own, None, steep, last)
            else:
                yield Numbers(form, own[where], None, steep[where], last, where)

    return Many(frozenset(names), numbers, lambda images, form, own: of_images(images, adjustments(own), *form))
