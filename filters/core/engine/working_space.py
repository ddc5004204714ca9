"""Conversion to and from the working space of stages: work type, luma, linear light, premultiplied alpha."""

from __future__ import annotations

from collections.abc import Sequence

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from . import colour, nan_policy, transfer
from .borders import Border, Fill, Rule
from .colour_parts import SINGLE
from .nodata import Nodata
from .stage import ImageContext, Stage
from .streamed import StreamedImage
from .transfer import Transfer


class Settings(NamedTuple):
    """The settings common to all filters: how the image is converted, and its border."""

    border: Border = "reflect"
    fill: Fill | None = 0.0
    """None is 0 and transparent."""
    linear: bool = False
    channels: str = "each"
    nan: str = nan_policy.PROPAGATE
    background: tuple[float, ...] | None = None
    """The background colour of transparent pixels, in the image's units; None is white, but black before edges are
    found."""
    opaque: bool = False
    """Remove the alpha from the result."""
    nan_looked_for: bool = False
    """A later filter of a chain treats NaN."""
    linear_out: bool | None = None
    """Whether the result is in linear light, if a chain's last filter differs from its first in that."""
    gray: bool = False
    """Write the luma of the result's colours, for a format without colour."""
    transfer: Transfer = transfer.DEFAULT
    """The transfer function, which decodes and encodes linear light."""
    coloured: bool = False
    """The result has three channels, even for a gray image."""
    gray_maps: bool = False
    """Maps have one channel, whatever the image has."""
    original: tuple[Sequence[Stage], Settings] | None = None
    """The stages that only move the image, for the original that a mask keeps, if a chain moves it."""
    only: frozenset[str] | None = None
    """The letters of the filtered channels; the others keep their samples exactly."""

    @property
    def one_channel(self) -> bool:
        """Whether the filter takes one channel of a picture in colour."""
        return self.channels in ("luma", *SINGLE)

    def rule(self, transfer: Transfer, full: float) -> Rule:
        """Return the border rule, in linear light if the filter works in it."""
        if self.fill is None:
            return Rule(self.border, 0.0, opacity=0.0)
        if isinstance(self.fill, tuple):
            fill = np.array(self.fill, np.float64)
            return Rule(self.border, tuple((transfer.decode(fill, full) if self.linear else fill).tolist()))
        return Rule(self.border, transfer.decode_value(self.fill, full) if self.linear else float(self.fill))


LAST_BITS = 2.0**-50
"""Twice the relative error of two roundings to float64."""


class Passage:
    """Converts one image to the working space, and its results back."""

    def __init__(
        self,
        image: Array | StreamedImage,
        alpha: Array | StreamedImage | None,
        settings: Settings,
        context: ImageContext,
        gain: float | None,
        bias: float,
        on_backdrop: bool,
        nodata: Nodata | None = None,
        straight: bool = False,
        joined: bool = False,
    ) -> None:
        """*gain* is the last filter's; *on_backdrop* composites transparent pixels on the background at the start.

        *nodata* marks missing samples. Colours stay *straight* if they are only moved, never mixed. If *joined*, the
        alpha goes through the stages as the last channel.
        """
        self.straight, self.joined = straight, joined
        self.image, self.alpha, self.settings, self.nodata = image, alpha, settings, nodata
        self.full, self.work, self.gain, self.bias = context.full, context.work, gain, bias
        self.least = 1e-6 * self.full
        self.transfer = settings.transfer
        self.rule = settings.rule(self.transfer, self.full)
        self.on_backdrop = on_backdrop
        self.linear_out = (settings.linear and gain is not None) if settings.linear_out is None else settings.linear_out
        self.finite = context.finite
        self.filling = None if context.finite else nan_policy.filling(settings.nan)

    def enter_straight(self, start: int, stop: int) -> Array:
        """Return rows of the image, unchanged except for missing samples and linear light."""
        strip = self.image[start:stop]
        if self.nodata is not None:
            strip = self.nodata.as_nan(strip, self.work)
        if self.filling is not None:
            strip = nan_policy.filled(strip, self.filling)
        if self.settings.linear:
            return self.transfer.decode_samples(strip, self.work, self.full)
        return strip

    def enter(self, start: int, stop: int) -> Array:
        """Return rows of the image: unchanged, or converted in the work type."""
        strip = self.enter_straight(start, stop)
        if self.joined and not self.straight:
            return colour.premultiply_pixels(strip, self.full, self.work)
        if self.alpha is not None and not self.straight:
            opaque = self.enter_alpha(start, stop)
            strip = self.multiply(strip, opaque)
            if not self.finite:
                strip[np.broadcast_to(opaque == 0, strip.shape)] = 0  # transparent pixels are 0, even if they were NaN
            if self.on_backdrop:
                strip = self.lay(strip, opaque, self.settings.linear)
        return colour.luma(strip, self.work) if self.settings.channels == "luma" else strip

    def enter_visible(self, start: int, stop: int) -> Array:
        """Return rows of the image with straight colours, and 0 where the alpha is 0."""
        strip = np.where(self.enter_alpha(start, stop) >= self.least, self.enter_straight(start, stop), 0)
        return colour.luma(strip, self.work) if self.settings.channels == "luma" else strip

    def enter_alpha(self, start: int, stop: int) -> Array:
        """Return rows of the alpha as a strip of one channel."""
        assert self.alpha is not None
        strip = self.alpha[start:stop][..., None]
        return strip if self.straight else strip.astype(self.work)

    def backdrop(self, channels: int, linear: bool) -> Array:
        """Return the background of transparent pixels, ``(1, 1, channels)`` of float64."""
        colours = np.array(self.settings.background or (self.full,) * 3, np.float64)[None, None]
        if linear:
            colours = self.transfer.decode(colours, self.full)
        return colours if channels == 3 else colour.luma(colours)

    def divide(self, colours: Array, opaque: Array) -> Array:
        """Divide premultiplied colours by their alpha."""
        return colour.unpremultiply(colours, opaque, self.full, self.least)

    def multiply(self, colours: Array, opaque: Array) -> Array:
        """Multiply colours by the alpha."""
        floats = [part.dtype for part in (colours, opaque) if part.dtype.kind == "f"]
        return colour.premultiply(colours, opaque, self.full, np.result_type(self.work, *floats))

    def lay(self, colours: Array, opaque: Array, linear: bool) -> Array:
        """Composite premultiplied colours on the background, in linear light or not."""
        if self.settings.background is None:
            return colours
        rest = 1 - opaque / np.asarray(self.full, self.work)
        return colours + (rest * self.backdrop(colours.shape[2], linear)).astype(self.work)

    def _divisor(self) -> tuple[float, float]:
        """Return white of the results' alpha, and the alpha up to which pixels have no colour."""
        # An alpha below a half is rounded to 0, and then shows no colour, unless it is not written; nor does what
        # rounding leaves of a transform's sums of 0.
        least = 0.4999999 if self.image.dtype.kind == "u" and not self.settings.opaque else 1e-12 * self.full
        # Multiplied and divided by an alpha, a half may lose its last bits, and would be rounded down.
        whole = self.image.dtype.kind == "u" and self.work == np.float64
        return self.full * (1 + LAST_BITS) if whole else self.full, least

    def leave_pixels(self, pixels: Array, kind: str) -> Array:
        """Return pixels whose last channel is the alpha in the file's units, rounded if *kind* is an integer type."""
        return pixels if self.straight else colour.unpremultiply_pixels(pixels, *self._divisor(), kind)

    def leave(self, picture: Array, opaque: Array | None) -> tuple[Array, Array | None]:
        """Return the picture and its alpha in the file's units, unrounded."""
        if opaque is not None and self.gain and not self.straight:
            picture = colour.unpremultiply(picture, opaque, *self._divisor())
        if self.bias:
            picture = picture + self.bias
        if self.settings.channels == "max":
            picture = colour.strongest(picture, self.settings.nan == nan_policy.IGNORE)
        if self.settings.gray:
            picture = colour.luma(picture)
        if opaque is not None and self.settings.opaque:
            part = np.clip(opaque / self.full, 0, 1)
            picture = picture * part + self.backdrop(picture.shape[2], self.linear_out) * (1 - part)
            opaque = None
        if self.linear_out:
            picture = self.transfer.encode(picture, self.full)
        return picture, opaque
