"""Stacks: images of the same size in one array, as in data sets; reading and collecting them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from ...filters.core.engine.array_image import white_of_samples
from ...filters.core.engine.colour import ColourModel
from ...filters.core.lazy_numpy import Array, np
from .codec import Content
from .picture import Frames, Picture, Samples, Timing, real_samples, with_alpha

TOGETHER = 1 << 22
"""Samples of a data set that are filtered together."""


def images_at_once(count: int, samples: int) -> int:
    """Return how many of *count* images, with *samples* samples each, are in memory at a time."""
    return min(count, max(TOGETHER // max(samples, 1), 1))


def expected(count: int, samples: Samples, pixels: int, itemsize: int) -> Samples:
    """Return the memory of a pixel, including images read together; a stored sample has *itemsize* bytes."""
    channels, size = samples.channels, samples.size
    # The stored samples, and those after conversion, or separation into colours and alpha.
    each = channels * (itemsize + size * (1 + (size != itemsize or channels in (2, 4))))
    return samples._replace(decoding=float(each * images_at_once(count, channels * pixels)))


def frames_of(
    part: Callable[[int, int], Array],
    shape: tuple[int, int, int, int],
    dtype: np.dtype,
    *,
    white: float | None = None,
    colours: ColourModel = "gray",
    notes: Sequence[str] = (),
) -> Frames:
    """Return the images of an array ``(count, height, width, channels)``, some of which *part* returns.

    Of two or four channels the last is alpha, unless they are bands. The first image gets the *notes*.
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
    """Return some images of consecutive arrays, without copying them."""
    found, start = [], 0
    for stack in stacks:
        if first < start + len(stack) and last > start:
            found.append(stack[max(first - start, 0) : last - start])
        start += len(stack)
    return found


class Alike:
    """Counts images, which must have the same size and depth."""

    def __init__(self) -> None:
        self.count = 0
        self.shape: tuple[int, ...] = ()
        """The shape of an image: ``(height, width, channels)``."""
        self.dtype = ""

    def add(self, samples: Array, images: int) -> None:
        """Count *images* images, stacked vertically; raises ValueError."""
        shape, dtype = (len(samples) // images, *samples.shape[1:]), samples.dtype.name
        if self.count and shape != self.shape:
            one, other = (f"{width}×{height}×{channels}" for height, width, channels in (self.shape, shape))
            raise ValueError(f"its images must have the same size, but two are {one} and {other}")
        if self.count and dtype != self.dtype:
            raise ValueError(f"its images must have the same depth, but two are {self.dtype} and {dtype}; use --depth")
        self.shape, self.dtype = shape, dtype
        self.count += images


class StackWriter:
    """Writes images of the same size and depth: as they come if their number is known, else all at the end."""

    def __init__(self, timing: Timing | None = None) -> None:
        self.notes: list[str] = []
        self.alike = Alike()
        self._gathered: list[Content] = []
        self._file: Any = None
        self._count = 0

    def begin(self, file: io.BytesIO | BinaryIO, count: int) -> None:
        """Write the following *count* images to a seekable *file* as they come."""
        self._file, self._count = file, count

    def add(self, frame: Content) -> None:
        """Add one image, or several stacked vertically; raises ValueError."""
        frame = self.checked(frame)
        self.alike.add(frame.pixels, frame.images)
        if self._file is None:
            self._gathered.append(frame)
        else:
            self._put(frame)

    def write(self, file: io.BytesIO | BinaryIO) -> None:
        """Write the file, or the rest of one that was begun."""
        if self._file is None:
            self.begin(file, self.alike.count)
            for frame in self._gathered:
                self._put(frame)
        if self.alike.count != self._count:
            raise ValueError(f"it declares {self._count} images, but {self.alike.count} came")
        self.end(self._file)

    def _put(self, frame: Content) -> None:
        if not self._is_begun:
            self._is_begun = True
            self.head(self._file, self._count, frame)
        self.put(self._file, frame)

    _is_begun = False

    def checked(self, frame: Content) -> Content:
        """Return images in the form of the file; raises ValueError if the format cannot hold them."""
        return frame

    def head(self, file: Any, count: int, first: Content) -> None:
        """Write the header."""

    def put(self, file: Any, frame: Content) -> None:
        """Write the next images."""
        raise NotImplementedError

    def end(self, file: Any) -> None:
        """Write the data after the images."""


def with_alpha_in(frame: Content) -> Content:
    """Return images whose alpha, if any, is the last channel."""
    if frame.alpha is None:
        return frame
    return frame._replace(pixels=np.concatenate((frame.pixels, frame.alpha[..., None]), axis=2), alpha=None)
