"""A stack: images of one size in one array, as data sets hold them, read and gathered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...filters.core.engine.array_image import white_of_samples
from ...filters.core.engine.colour import ColourModel
from ...filters.core.lazy_numpy import Array, np
from .codec import Content
from .picture import Frames, Picture, real_samples, with_alpha


def frames_of(
    stacks: Sequence[Array], *, white: float | None = None, colours: ColourModel = "gray", notes: Sequence[str] = ()
) -> Frames:
    """Return the images of arrays ``(count, height, width, channels)`` of one type, which may lie in the file.

    Of two and four channels the last is the alpha, unless they are bands. *notes* are on the first.
    """
    count = sum(len(stack) for stack in stacks)
    _, height, width, channels = stacks[0].shape
    white = white or white_of_samples(stacks[0].dtype)

    def pictures(first: int, last: int) -> Picture:
        found = parts_of(stacks, first, last)
        part = real_samples((found[0] if len(found) == 1 else np.concatenate(found)).reshape(-1, width, channels))
        samples = np.ascontiguousarray(part)
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


class Stack:
    """Gathers images of one size and one depth."""

    def __init__(self) -> None:
        self.parts: list[Array] = []
        """Each ``(count, height, width, channels)``."""

    def add(self, samples: Array, images: int) -> None:
        """Take so many images, which lie one below the other; raises ValueError."""
        part = np.ascontiguousarray(samples).reshape(images, -1, *samples.shape[1:])
        if self.parts and part.shape[1:] != self.parts[0].shape[1:]:
            one, other = (f"{shape[2]}×{shape[1]}×{shape[3]}" for shape in (self.parts[0].shape, part.shape))
            raise ValueError(f"its images must be of one size, and these are {one} and {other}")
        if self.parts and part.dtype != self.parts[0].dtype:
            raise ValueError(
                f"its images must be of one depth, and these are {self.parts[0].dtype.name} and {part.dtype.name}; "
                "use --depth"
            )
        self.parts.append(part)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The array's."""
        _, height, width, channels = self.parts[0].shape
        return sum(len(part) for part in self.parts), height, width, channels


def samples_of(frame: Content) -> Any:
    """Return ``(height, width, channels)``, of which the last is the alpha if there is one."""
    if frame.alpha is None:
        return frame.pixels
    return np.concatenate((frame.pixels, frame.alpha[..., None]), axis=2)
