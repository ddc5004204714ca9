"""In and out of the space that stages work in: the work type, luma, linear light, premultiplied alpha."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import colour
from .borders import Border
from .lazy import Array, np
from .stage import Frame


@dataclass(frozen=True)
class Settings:
    """What all filters share: how the image is entered, and what lies past its edge."""

    border: Border = "reflect"
    fill: float = 0.0
    linear: bool = False
    channels: str = "each"
    background: tuple[float, ...] | None = None
    """What transparent pixels are laid on, in the image's units; None is white, and black before edges are found."""
    opaque: bool = False
    """The result shall have no alpha."""


class Passage:
    """The way of one image into the work space, and of its results out of it."""

    def __init__(
        self, image: Array, alpha: Array | None, settings: Settings, frame: Frame, gain: float | None, bias: float
    ) -> None:
        self.image, self.alpha, self.settings = image, alpha, settings
        self.full, self.work, self.gain, self.bias = frame.full, frame.work, gain, bias
        self.fill = float(self._decoded(settings.fill))
        self.ground = np.array(settings.background or (self.full,) * 3, np.float64)[None, None]

    def _decoded(self, value: Any) -> Array:
        """Take values in the file's units to those of the work space."""
        value = np.asarray(value, np.float64)
        return colour.decode_srgb(value, self.full) if self.settings.linear else value

    def enter(self, start: int, stop: int) -> Array:
        """Return rows of the image: as they are, or in the work type where they are changed."""
        strip = self.image[start:stop]
        if self.settings.linear:
            strip = colour.decode_samples(strip, self.work, self.full)
        elif self.alpha is not None:
            strip = strip.astype(self.work)
        if self.alpha is not None:
            part = self.enter_alpha(start, stop) / np.asarray(self.full, self.work)
            strip *= part
            if self.gain is None and self.settings.background is not None:
                strip += ((1 - part) * self._ground(strip)).astype(self.work)
        return colour.luma(strip, self.work) if self.settings.channels == "luma" else strip

    def enter_alpha(self, start: int, stop: int) -> Array:
        """Return rows of the alpha as a strip of one channel."""
        assert self.alpha is not None
        return self.alpha[start:stop, :, None].astype(self.work)

    def _ground(self, strip: Array) -> Array:
        ground = self._decoded(self.ground)
        return ground if strip.shape[2] == 3 else colour.luma(ground, np.float64)

    def leave(self, picture: Array, opaque: Array | None) -> tuple[Array, Array | None]:
        """Return the picture and its alpha in the file's units, unrounded."""
        if opaque is not None and self.gain:
            opaque = opaque / self.gain
            picture = colour.unpremultiply(picture, opaque, self.full)
        if self.bias:
            picture = picture + self.bias
        if self.settings.channels == "max":
            picture = colour.strongest(picture)
        if opaque is not None and self.settings.opaque:
            part = np.clip(opaque / self.full, 0, 1)
            picture = picture * part + self._ground(picture) * (1 - part)
            opaque = None
        if self.settings.linear and self.gain is not None:
            picture = colour.encode_srgb(picture, self.full)
        return picture, opaque
