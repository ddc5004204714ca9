"""A second picture that a filter combines with the image, sample by sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import FileContent, FolderName, ImageError, ParameterError
from . import array_image, colour, colour_parts
from .overlay import colour_of
from .quantize import FULL
from .stage import ImageContext, Rows, Stage


class SecondPicture(NamedTuple):
    """The picture: of a fixed size, or a single pixel that stands for all."""

    pixels: Array
    """``(height, width, channels)``"""
    alpha: Array | None
    white: float
    gray: bool
    bands: bool = False
    uniform: bool = False
    """It is a colour, and fits images of any size."""


def given(other: Any, white: float | None, name: str = "other") -> SecondPicture | None:
    """Return the picture that a parameter gives: an array, an array-like object or a colour; raises `ParameterError`.

    None stands for a file that is not decoded yet. *white* is the image's, if known; the other picture has the same
    white, unless its samples cannot reach it.
    """
    if isinstance(other, FileContent | FolderName):
        return None
    if isinstance(other, str):
        try:
            found = np.array(colour_of(other), np.uint8)[None, None]
        except ValueError as error:
            raise ParameterError(name, f"{error}; give a picture as an array, e.g. from imread") from None
        neutral = bool((found == found[..., :1]).all())
        return SecondPicture(found[..., :1] if neutral else found, None, 255.0, neutral, uniform=True)
    try:
        image = other if isinstance(other, array_image.ArrayImage) else array_image.one_image(other)
    except ImageError as error:
        raise ParameterError(name, str(error)) from None
    own = image.white or FULL[image.pixels.dtype.name]
    if white is not None and image.white is None and (image.pixels.dtype.kind == "f" or white <= own):
        own = white
    count = image.pixels.shape[2]
    return SecondPicture(image.pixels, image.alpha, own, count == 1, image.colours not in ("gray", "rgb"))


class _PartnerRows(Rows):
    """The rows of the second picture; an alpha is the last channel."""

    def __init__(self, picture: SecondPicture, convert: Callable[[Array, Array | None], Array], rows: Rows) -> None:
        self.picture, self.convert, self.height, self.width = picture, convert, rows.height, rows.width

    def rows(self, start: int, stop: int) -> Array:
        """Return rows; a colour has a single pixel."""
        here = slice(None) if self.picture.uniform else slice(start, stop)
        alpha = self.picture.alpha
        return self.convert(self.picture.pixels[here], None if alpha is None else alpha[here, :, None])


def partner(picture: SecondPicture | None, channels: str | None, linear: bool, name: str = "other") -> Stage:
    """Return the stage that gives the second picture's rows instead of the image's, in the image's units.

    *channels* names the part of it that matches the part taken from the image. An alpha is the last channel, from 0 to
    1. In *linear* light the samples are decoded like the image's.
    """

    def bind(context: ImageContext) -> Any:
        if picture is None:
            raise ParameterError(name, "names a file; give a picture as an array, e.g. from imread")
        height, width = picture.pixels.shape[:2]
        if not picture.uniform and (height, width) != (context.height, context.width):
            raise ImageError(
                f"is {context.width}×{context.height}, but the picture of --{name} is {width}×{height}; resize it: "
                f"imfilter resize --size {context.width},{context.height}"
            )
        scale, whole = np.asarray(context.full / picture.white, context.work), picture

        def convert(samples: Array, alpha: Array | None) -> Array:
            samples = samples.astype(context.work)
            if scale != 1:
                samples *= scale
            if linear and channels != colour_parts.ALPHA:
                samples = context.transfer.decode(samples, context.full)
            part = _chosen(samples, whole, channels, context.full).astype(context.work, copy=False)
            if alpha is None:
                return part
            return np.concatenate([part, (alpha / whole.white).astype(context.work)], axis=2)

        return lambda rows: _PartnerRows(whole, convert, rows)

    return Stage(bind, takes="rows")


def _chosen(samples: Array, picture: SecondPicture, channels: str | None, full: float) -> Array:
    """Return the part of the second picture that *channels* takes; gray is the same in all colours."""
    if picture.bands:
        return samples
    if channels == "chroma":
        return colour_parts.chroma(np.repeat(samples, 3, axis=2) if picture.gray else samples, full)
    if picture.gray or channels not in ("luma", *colour_parts.SINGLE):
        return samples
    if channels in colour_parts.PRIMARIES:
        channel = colour_parts.PRIMARIES.index(channels)
        return samples[..., channel : channel + 1]
    return colour.luma(samples)
