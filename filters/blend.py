"""Blend: combine two pictures of the same size, sample by sample."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Unpack

from .core import Array, Common, ImageError, Param, Stage, image_filter, np
from .core.engine import second_picture
from .core.engine.stage import AlphaHandling, Colours, Function, ImageContext

Op = Literal["over", "add", "subtract", "difference", "multiply", "screen", "lighten", "darken", "mean"]
ALIASES = {
    "normal": "over",
    "plus": "add",
    "minus": "subtract",
    "absdiff": "difference",
    "lighter": "lighten",
    "darker": "darken",
}
"""Other names of ops."""


@image_filter
def blend(
    *,
    other: Annotated[
        Any,
        Param(
            "Picture to composite on the input: a file of the same size, a folder with a file of each input's name, or "
            "a colour.",
            metavar="FILE|FOLDER|COLOR",
            picture=True,
            missing="as in imfilter blend photo.png --other logo.png -o OUTPUT",
        ),
    ],
    op: Annotated[Op, Param("The blend mode.", aliases=ALIASES)] = "over",
    opacity: Annotated[float, Param("Opacity of the other picture.", percent=True, min=0, max=1)] = 1.0,
    **common: Unpack[Common],
) -> Stage:
    """Blend with a second picture: over, add, multiply, screen.

    Let b be a sample of the input and s one of the other picture, both as fractions of white. ``over`` takes s, ``add``
    b + s, ``subtract`` b - s, ``difference`` |b - s|, ``multiply`` b · s, ``screen`` b + s - b · s, ``lighten`` the
    greater, ``darken`` the smaller, and ``mean`` (b + s) / 2. The result m(b, s) is composited on the input. With α the
    input's alpha and β the other picture's alpha times *opacity*,

    ``out = β · ((1 - α) · s + α · m(b, s)) + (1 - β) · α · b``,  ``α' = β + α · (1 - β)``,

    divided by α', as W3C's Compositing and Blending specifies. ``over`` is Porter and Duff's operator. An input without
    alpha is opaque. Nothing is rounded or clipped before the end: in float, sums may exceed white.

    White of the other picture matches white of the input, whatever their depths. A given *white* applies to both, if
    the other picture's samples can reach it. Gray and colour give colour. *linear* decodes both. ``channels="luma"`` or
    ``"R"`` also takes only the luma or red of the other picture; ``"A"`` blends its luma into the alpha.

    Returns
    -------
    The image's shape and dtype (see *depth*); RGB if either picture is in colour. Samples missing from one picture are
    missing from the result, except where only the other shows.

    Raises
    ------
    ParameterError
        A value is out of range, or *other* is neither a picture nor a colour.
    ImageError
        The pictures differ in size or in their bands.

    Notes
    -----
    The whole of the other picture is held in memory, at the depth of its file.

    References
    ----------
    T. Porter and T. Duff, "Compositing digital images", 1984.
    W3C, "Compositing and Blending Level 1", 2015, sections 5.1, 9.1 and 10.

    Shell
    -----
    $ imfilter blend photo.jpg -o tinted.jpg --other orange --op multiply --opacity 0.4
    $ imfilter blend photo.png -o faded.png --other white --opacity 50%
    $ imfilter blend photos/ -o changes/ --other yesterday/ --op difference --range stretch

    Examples
    --------
    >>> import numpy as np
    >>> one, two = np.array([[0, 100, 200]], np.uint8), np.array([[255, 100, 60]], np.uint8)
    >>> blend(one, other=two, op="add"), blend(one, other=two, opacity=0.25)
    (array([[255, 200, 255]], dtype=uint8), array([[ 64, 100, 165]], dtype=uint8))
    """
    channels, linear = common.get("channels", "each"), common.get("linear", False)
    picture = second_picture.given(other, common.get("white"))
    beside = second_picture.partner(picture, channels, linear)
    in_colour = picture is not None and not picture.gray and not picture.bands and channels == "each"
    covers = picture is not None and picture.alpha is not None
    return Stage(
        lambda context: _blended(op, opacity, covers, picture is not None and picture.bands, context),
        branches=((), (beside,)),
        colours=Colours(alpha=AlphaHandling(weigh=True), coloured=in_colour, curved=True),
        amplification=2.0,
        alpha=Stage(lambda context: _united(opacity, covers, context), branches=((), (beside,))),
    )


def _blended(op: Op, opacity: float, covers: bool, banded: bool, context: ImageContext) -> Function:
    """Return the function that combines the samples; if *covers*, the other picture's last channel is its alpha.

    If *banded*, its channels are not colours, so a gray image cannot take them.
    """
    full = context.full

    def join(image: Array, beside: Array, alpha: Array | None = None) -> Array:
        source = beside[..., :-1] if covers else beside
        if source.shape[2] not in (1, image.shape[2]) and (image.shape[2] > 1 or banded):
            raise ImageError(f"has {image.shape[2]} channels, but the picture of --other has {source.shape[2]}")
        seen: Any = 1.0 if alpha is None else alpha / full
        # Premultiplied by the image's alpha, as all terms of m are.
        laid = _mixed(op, image, source if alpha is None else source * seen, source, full)
        if alpha is not None:
            laid = (1 - seen) * source + laid
        share: Any = beside[..., -1:] * opacity if covers else opacity
        if not covers and opacity in (0, 1):  # takes half the time
            return laid if opacity else np.broadcast_to(image, laid.shape)
        joined = share * laid + (1 - share) * image
        if covers:
            joined = np.where(share == 1, laid, np.where(share == 0, image, joined))
        return joined.astype(context.work, copy=False)

    return join


def _mixed(op: Op, image: Array, source: Array, straight: Array, full: float) -> Array:
    """Return the blend m(b, s); *straight* is the source before it was multiplied by the image's alpha."""
    match op:
        case "over":
            return np.broadcast_to(source, np.broadcast_shapes(image.shape, source.shape))
        case "add":
            return image + source
        case "subtract":
            return image - source
        case "difference":
            return np.abs(image - source)
        case "multiply":
            return image * (straight / full)
        case "screen":
            return image + source - image * (straight / full)
        case "lighten":
            return np.maximum(image, source)
        case "darken":
            return np.minimum(image, source)
        case "mean":
            return (image + source) / 2


def _united(opacity: float, covers: bool, context: ImageContext) -> Function:
    """Return the function that composites the other picture's alpha on the image's."""

    def unite(alpha: Array, beside: Array) -> Array:
        share: Any = beside[..., -1:] * opacity if covers else opacity
        return (share * context.full + alpha * (1 - share)).astype(context.work, copy=False)

    return unite
