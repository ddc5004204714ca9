"""Drawing on a picture: pixels where something was found are blended towards a colour."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ..lazy_numpy import Array, np
from ..parameters import ImageError, Param, ParameterError
from .colour import ColourModel, luma
from .colour_parts import ALPHA, PRIMARIES
from .stage import AlphaHandling, Colours, Function, ImageContext, Stage, Values
from .streamed import StreamedImage

NAMES = {
    "black": "000000",
    "silver": "c0c0c0",
    "gray": "808080",
    "grey": "808080",
    "white": "ffffff",
    "maroon": "800000",
    "red": "ff0000",
    "purple": "800080",
    "fuchsia": "ff00ff",
    "magenta": "ff00ff",
    "green": "008000",
    "lime": "00ff00",
    "olive": "808000",
    "yellow": "ffff00",
    "navy": "000080",
    "blue": "0000ff",
    "teal": "008080",
    "aqua": "00ffff",
    "cyan": "00ffff",
    "orange": "ffa500",
}
"""The basic colours of CSS (CSS Color Module Level 4, section 6.1), and orange."""
HEXADECIMAL = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})")

Strength = Callable[[ImageContext], Callable[[Values], Array]]
"""Returns, for an image, the function from the found response to the strength of the colour, in one channel: a number,
clipped to 0 to 1, or a bool."""


def colour_of(text: object) -> tuple[int, int, int]:
    """Return the red, green and blue of a colour, from 0 to 255; raises ValueError.

    >>> colour_of("orange"), colour_of("#0F8"), colour_of("#102030")
    ((255, 165, 0), (0, 255, 136), (16, 32, 48))
    """
    word = str(text).strip().lower()
    found = HEXADECIMAL.fullmatch(f"#{NAMES[word]}" if word in NAMES else word)
    if found is None:
        raise ValueError(f"{str(text)!r} is not a colour; use #rrggbb, or one of {', '.join(NAMES)}")
    digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


OVERLAY = Param(
    "Draw the result on the picture in this colour: #rrggbb, or a name such as red.", check=colour_of, metavar="COLOR"
)
"""The parameter of a filter that can draw what it finds."""


def seen(channels: str | None) -> list[Stage]:
    """Return the stages that select *channels*, so that filters search only there."""
    if channels == "luma":
        return [Stage(lambda context: lambda strip: luma(strip, context.work))]
    if channels in PRIMARIES:
        channel = PRIMARIES.index(channels)
        return [Stage(lambda context: lambda strip: strip[..., channel : channel + 1].astype(context.work))]
    if channels == ALPHA:
        raise ParameterError("channels", f"{ALPHA} does not apply with --overlay, which draws on the colours")
    return []


def overlay(
    stages: Sequence[Stage],
    colour: str,
    strength: Strength,
    *,
    linear: bool = False,
    fields: tuple[str, ...] = ("image",),
) -> Stage:
    """Return the stage that draws the result of *stages* for a picture on the picture itself.

    ``out = in + s · (colour - in)`` for the strength s. The stages take all channels, unless they begin with those of
    `seen`. Maps, named by *fields*, are kept, as is an alpha. If *linear*, the picture is in linear light.
    """
    red, green, blue = colour_of(colour)

    def bind(context: ImageContext) -> Function:
        # Colours have white at 255; the image's white may be 255, 65535 or 1.
        paint = np.array([red, green, blue], np.float64)[None, None] * (context.full / 255)
        if linear:
            paint = context.transfer.decode(paint, context.full)
        paint = paint.astype(context.work)
        of = strength(context)

        def draw(picture: Array, found: Values, opaque: Array | None = None) -> Values:
            if "image" not in context.requested_fields:
                return found
            own = paint if opaque is None else paint * (opaque / context.full)
            drawn = _drawn(picture, own, of(found)).astype(context.work, copy=False)
            return found._replace(image=drawn) if context.requested_fields - {"image"} else drawn

        return draw

    kept = Colours(alpha=AlphaHandling(weigh=True), coloured=True)
    return Stage(bind, colours=kept, branches=((), tuple(stages)), fields=fields)


def _drawn(picture: Array, paint: Array, strength: Array) -> Array:
    """Return the picture blended towards *paint*; pixels where nothing was found do not change, even NaN."""
    if strength.dtype == bool:
        return np.where(strength, paint, picture)
    found = strength > 0
    share = np.where(found, np.minimum(strength, 1), 0)
    return np.where(share == 1, paint, np.where(found, picture + share * (paint - picture), picture))


def in_colour(image: Array | StreamedImage, colours: ColourModel) -> tuple[Array | StreamedImage, ColourModel]:
    """Return an image with three channels, for drawing in colour; raises `ImageError`."""
    channels = image.shape[2]
    if channels == 1:
        if isinstance(image, StreamedImage):
            return image.mapped((*image.shape[:2], 3), lambda rows: np.repeat(rows, 3, axis=2)), "rgb"
        return np.broadcast_to(image, (*image.shape[:2], 3)), "rgb"
    if colours != "rgb":
        what = "CMYK colours; convert it with --to-rgb" if colours == "cmyk" else f"{channels} bands without colour"
        raise ImageError(f"an overlay requires gray or RGB, but this has {what}")
    return image, colours
