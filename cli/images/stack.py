"""A stack: images of one size in one array, as data sets hold them, read and gathered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...filters.core.engine.array_image import white_of_samples
from ...filters.core.engine.colour import ColourModel
from ...filters.core.lazy_numpy import Array, np
from .codec import Content
from .picture import Frames, Picture, real_samples, with_alpha


def frames_of(
    stack: Array, *, white: float | None = None, colours: ColourModel = "gray", notes: list[str] | None = None
) -> Frames:
    """Return the images of ``stack (count, height, width, channels)``, which may lie in the file.

    Of two and four channels the last is the alpha, unless they are bands. *notes* are on the first.
    """
    count, height, width, _ = stack.shape
    white = white or white_of_samples(stack.dtype)

    def pictures(first: int, last: int) -> Picture:
        part = real_samples(stack[first:last].reshape(-1, *stack.shape[2:]))
        samples = np.ascontiguousarray(part)
        picture = Picture(samples, colours="bands") if colours == "bands" else with_alpha(samples)
        picture.white = white
        picture.number, picture.images = first, last - first
        if first == 0:
            picture.notes += notes or []
        return picture

    def each() -> Iterator[Picture]:
        return (pictures(number, number + 1) for number in range(count))

    return Frames(count, each, pixels=count * height * width, pictures=pictures)


class Alike:
    """Counts images, which must be of one size and one depth."""

    def __init__(self) -> None:
        self.count = 0
        self.shape: tuple[int, ...] = ()
        self.dtype = ""

    def add(self, samples: Array, images: int) -> None:
        """Take so many images, which lie one below the other; raises ValueError."""
        shape, dtype = (len(samples) // images, *samples.shape[1:]), samples.dtype.name
        if self.count and shape != self.shape:
            one, other = (f"{width}×{height}×{channels}" for height, width, channels in (self.shape, shape))
            raise ValueError(f"its images must be of one size, and these are {one} and {other}")
        if self.count and dtype != self.dtype:
            raise ValueError(f"its images must be of one depth, and these are {self.dtype} and {dtype}; use --depth")
        self.shape, self.dtype = shape, dtype
        self.count += images


class Stack:
    """Gathers images of one size and one depth."""

    def __init__(self) -> None:
        self.parts: list[Array] = []
        """Each ``(count, height, width, channels)``."""
        self._alike = Alike()

    def add(self, samples: Array, images: int) -> None:
        """Take so many images, which lie one below the other; raises ValueError."""
        self._alike.add(samples, images)
        self.parts.append(np.ascontiguousarray(samples).reshape(images, -1, *samples.shape[1:]))

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's."""
        return self._alike.count, *self._alike.shape


def samples_of(frame: Content) -> Any:
    """Return ``(height, width, channels)``, of which the last is the alpha if there is one."""
    if frame.alpha is None:
        return frame.pixels
    return np.concatenate((frame.pixels, frame.alpha[..., None]), axis=2)
