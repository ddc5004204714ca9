"""A stack: images of one size in one array, as data sets hold them, read and gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...filters.core.engine.array_image import white_of_samples
from ...filters.core.engine.colour import ColourModel
from ...filters.core.lazy_numpy import Array, np
from .codec import Content
from .picture import Frames, Picture, real_samples, with_alpha


def frames_of(
    part: Callable[[int, int], Array],
    shape: tuple[int, int, int, int],
    dtype: np.dtype,
    *,
    white: float | None = None,
    colours: ColourModel = "gray",
    notes: Sequence[str] = (),
) -> Frames:
    """Return the images of an array ``(count, height, width, channels)``, some of which *part* gives.

    Of two and four channels the last is the alpha, unless they are bands. *notes* are on the first.
    """
    count, height, width, channels = shape
    white = white or white_of_samples(dtype)

    def pictures(first: int, last: int) -> Picture:
        samples = np.ascontiguousarray(real_samples(part(first, last).reshape(-1, width, channels)))
        picture = Picture(samples, colours="bands") if colours == "bands" else with_alpha(samples)
        picture.white = white
        picture.number, picture.images = first, last - first
        if first == 0:
            picture.notes += notes
        return picture

    def each() -> Iterator[Picture]:
        return (pictures(number, number + 1) for number in range(count))

    return Frames(count, each, pixels=count * height * width, pictures=pictures)


def parts_of(stacks: Sequence[Array], first: int, last: int) -> list[Array]:
    """Return some images of arrays that follow each other, without copying them."""
    found, start = [], 0
    for stack in stacks:
        if first < start + len(stack) and last > start:
            found.append(stack[max(first - start, 0) : last - start])
        start += len(stack)
    return found


class Alike:
    """Counts images, which must be of one size and one depth."""

    def __init__(self) -> None:
        self.count = 0
        self.shape: tuple[int, ...] = ()
        """Of an image: ``(height, width, channels)``."""
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
        self.alike = Alike()
        self.parts: list[Array] = []
        """Each ``(count, height, width, channels)``."""

    def add(self, frame: Content) -> None:
        """Take one image, or several; of those that have an alpha it is the last channel. Raises ValueError."""
        samples: Any = frame.pixels
        if frame.alpha is not None:
            samples = np.concatenate((samples, frame.alpha[..., None]), axis=2)
        self.alike.add(samples, frame.images)
        self.parts.append(np.ascontiguousarray(samples).reshape(frame.images, *self.alike.shape))
