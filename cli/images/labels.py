"""What a data set says of its images beside their samples: to which classes they belong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple


class Labels(NamedTuple):
    """A whole number an image, in their order."""

    values: Array
    """``(count,)`` of a type of whole numbers."""
    coarse: Any = None
    """``(count,)``: the superclass of each, where a data set tells that too, as CIFAR-100 does; else None."""
    classes: tuple[str, ...] = ()
    """The names of the classes in the order of their numbers, where they are known."""
    coarse_classes: tuple[str, ...] = ()
    """The same for the superclasses."""
    source: str = ""
    """The file that they were read from, where that is not the one of the images."""

    @property
    def notes(self) -> list[str]:
        """What is said where the numbers are kept, and the names are not."""
        return [f"the names of its {len(self.classes)} classes were not written"] if self.classes else []

    def repeated(self, count: int) -> Labels:
        """Return the labels of images each of which is followed by others of its own, *count* in all."""
        coarse = None if self.coarse is None else np.repeat(self.coarse, count)
        return self._replace(values=np.repeat(self.values, count), coarse=coarse)

    def every(self, count: int) -> Labels:
        """Return the labels of those whose labels were `repeated`."""
        coarse = None if self.coarse is None else self.coarse[::count]
        return self._replace(values=self.values[::count], coarse=coarse)

    def part(self, first: int, last: int) -> Labels:
        """Return the labels of some images, from a first to a last that is not among them."""
        coarse = None if self.coarse is None else self.coarse[first:last]
        return self._replace(values=self.values[first:last], coarse=coarse)


def joined(parts: Sequence[Labels | None]) -> Labels | None:
    """Return the labels of images that follow each other; None where one of these has none."""
    found = [part for part in parts if part is not None]
    if not found or len(found) < len(parts):
        return None
    coarse = [part.coarse for part in found if part.coarse is not None]
    return found[0]._replace(
        values=np.concatenate([part.values for part in found]),
        coarse=np.concatenate(coarse) if len(coarse) == len(found) else None,
    )


def check_range(values: Array, limit: int, what: str = "label") -> None:
    """Raise ValueError where a label is not one of the numbers below a *limit*; it names the first image."""
    beyond = np.flatnonzero((values < 0) | (values >= limit))
    if len(beyond):
        first = int(beyond[0])
        raise ValueError(f"image {first} has the {what} {values[first]}; valid labels are 0 to {limit - 1}")
