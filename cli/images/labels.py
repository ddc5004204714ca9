"""The labels of a data set: the class of each image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple


class Labels(NamedTuple):
    """One whole number per image, in order."""

    values: Array
    """``(count,)`` of a type of whole numbers."""
    coarse: Any = None
    """``(count,)``: the superclass of each, if the data set has them, like CIFAR-100; else None."""
    classes: tuple[str, ...] = ()
    """The class names in the order of their numbers, if known."""
    coarse_classes: tuple[str, ...] = ()
    """The same for the superclasses."""
    source: str = ""
    """The file from which they were read, if it is not that of the images."""

    @property
    def notes(self) -> list[str]:
        """The notes if the numbers are kept but the names are not."""
        return [f"the names of its {len(self.classes)} classes were not written"] if self.classes else []

    def repeated(self, count: int) -> Labels:
        """Return the labels with each repeated *count* times in a row."""
        coarse = None if self.coarse is None else np.repeat(self.coarse, count)
        return self._replace(values=np.repeat(self.values, count), coarse=coarse)

    def every(self, count: int) -> Labels:
        """Return every *count*-th label, the inverse of `repeated`."""
        coarse = None if self.coarse is None else self.coarse[::count]
        return self._replace(values=self.values[::count], coarse=coarse)

    def part(self, first: int, last: int) -> Labels:
        """Return the labels of images from *first* up to, but not including, *last*."""
        coarse = None if self.coarse is None else self.coarse[first:last]
        return self._replace(values=self.values[first:last], coarse=coarse)


def joined(parts: Sequence[Labels | None]) -> Labels | None:
    """Return the labels of images that follow each other; None if one of these has none."""
    found = [part for part in parts if part is not None]
    if not found or len(found) < len(parts):
        return None
    coarse = [part.coarse for part in found if part.coarse is not None]
    return found[0]._replace(
        values=np.concatenate([part.values for part in found]),
        coarse=np.concatenate(coarse) if len(coarse) == len(found) else None,
    )


def check_range(values: Array, limit: int, what: str = "label") -> None:
    """Raise ValueError if a label is not one of the numbers below a *limit*; it names the first image."""
    beyond = np.flatnonzero((values < 0) | (values >= limit))
    if len(beyond):
        first = int(beyond[0])
        raise ValueError(f"image {first} has the {what} {values[first]}; valid labels are 0 to {limit - 1}")
