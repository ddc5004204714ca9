"""Successive filters for many small 8-bit images: first planned, with columns of numbers, then run.

For 32×32 pixels of RGB a crop, a flip, a rotation, a change of tone and a rectangle take 48 µs per image, with the
random draws; by each image's stages they take 990.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .. import native
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .many import Many, Numbers, alike, is_shared, some
from .strips import keep_freed

AMPLIFICATION = 16.0
"""The largest amplification for which 8 bits are computed in float32: see `executor.work_type`."""


class _Part(NamedTuple):
    """A filter for some of the images."""

    places: Array
    many: Many
    numbers: Numbers


class Plan:
    """The plan for many images of one width, height and number of channels, which are identified by their index."""

    def __init__(self, count: int, size: tuple[int, int, int]) -> None:
        self.count = count
        width, height, self.channels = size
        self._widths, self._heights = np.full(count, width), np.full(count, height)
        self._same: tuple[int, int] | None = (width, height)
        """The common size."""
        self.most_pixels = 0
        """The sizes of intermediate results."""
        self._left = np.zeros(count, bool)
        self._amplification = np.ones(count)
        self._last = np.full(count, -1)
        self._steps: list[list[_Part]] = []

    def add(self, places: Array, many: Many | None, values: Mapping[str, Any]) -> Array:
        """Append a filter for the images at *places*; return the places of those that stages must process.

        Columns in *values* have a row for each of these images. Raises ImageError if the filter cannot apply.
        """
        parts = [] if many is None or not is_shared(values) else [*self._parts(places, many, values)]
        for taken, _, numbers in parts:
            if numbers.size is not None:
                self.resized(taken, *numbers.size)
            self._amplification[taken] *= numbers.amplification
            self._last[taken] = len(self._steps)
        self._steps.append(parts)
        if sum(len(part.places) for part in parts) == len(places):
            return places[:0]
        left = places
        for part in parts:
            left = np.setdiff1d(left, part.places)
        self._left[left] = True
        return left

    def _parts(self, places: Array, many: Many, values: Mapping[str, Any]) -> Iterator[_Part]:
        """Yield a filter's parts for the images at some places, as far as it can process them."""
        widths, heights = self._same or self.sizes(places)
        for (width, height), where in alike(widths, heights, count=len(places)):
            own, here = (values, places) if where is None else (some(values, where), places[where])
            for numbers in many.numbers(own, width, height, self.channels, len(here)):
                yield _Part(here if numbers.places is None else here[numbers.places], many, numbers)

    def sizes(self, places: Any) -> tuple[Array, Array]:
        """Return the current widths and heights of the images at some places."""
        return self._widths[places], self._heights[places]

    def resized(self, places: Any, width: int, height: int) -> None:
        """Record the new size of the images at some places."""
        self._widths[places], self._heights[places] = width, height
        if self._same != (width, height):
            self._same = (width, height) if np.size(places) == self.count else None
        self.most_pixels = max(self.most_pixels, width * height)

    def places(self) -> Array:
        """Return the places of the images that all their filters can process here, without stages."""
        return np.flatnonzero(~self._left & (self._amplification <= AMPLIFICATION))

    def run(self, images: Array, places: Array) -> Iterator[tuple[Array, Array]]:
        """Yield the results for 8-bit *images* ``(images, height, width, channels)``, those of one size together.

        *places* are their indices.
        """
        keep_freed()
        found = _Images(self.count, np.array(images), places)
        for number, parts in enumerate(self._steps):
            for part in parts:
                for ats, form in self._forms(part, number, places):
                    own = part.numbers.own
                    own = own if own is None or len(ats) == len(own) else own[ats]
                    found.change(part.places[ats], part.many, form, own)
        for own, results in found.of_one_kind(places):
            yield own, results if results.dtype == np.uint8 else native.converted(results, np.uint8, np.float32)

    def _forms(self, part: _Part, number: int, places: Array) -> Iterator[tuple[Array, Any]]:
        """Yield those of a part's images that are among *places*, with the form that they share."""
        ats = np.arange(len(part.places))
        if len(places) < self.count:
            ats = np.flatnonzero(np.isin(part.places, places))
        if part.numbers.last is None:
            yield ats, part.numbers.form
            return
        last = self._last[part.places[ats]] == number
        yield ats[last], part.numbers.last
        yield ats[~last], part.numbers.form


class _Images:
    """Images of several sizes and types, each in a row of a batch."""

    def __init__(self, count: int, images: Array, places: Array) -> None:
        self.batches = [images]
        self.batch, self.row = np.zeros(count, np.intp), np.zeros(count, np.intp)
        self.row[places] = np.arange(len(places))

    def of_one_kind(self, places: Array) -> Iterator[tuple[Array, Array]]:
        """Yield images of one size and type, and their places."""
        for own in self._kinds(places):
            yield own, self._taken(own)

    def change(self, places: Array, many: Many, form: Any, own: Any) -> None:
        """Apply a filter to images with their *own* numbers."""
        for some_places in self._kinds(places):
            given = own
            if given is not None and len(some_places) < len(places):
                given = given[np.flatnonzero(np.isin(places, some_places))]
            self._put(some_places, many.apply(self._taken(some_places), form, given))

    def _kinds(self, places: Array) -> Sequence[Array]:
        """Return the places of each kind, in order."""
        batch = self.batch[places]
        if not len(places):
            return []
        if len(self.batches) == 1 or (batch == batch[0]).all():
            return [places]
        kinds: dict[Any, int] = {}
        numbers = [kinds.setdefault((own.shape[1:], own.dtype), len(kinds)) for own in self.batches]
        own = np.array(numbers)[batch]
        return [found for kind in range(len(kinds)) if len(found := places[own == kind])]

    def _taken(self, places: Array) -> Array:
        """Return images of one kind, which may be overwritten."""
        batch, row = self.batch[places], self.row[places]
        first = self.batches[batch[0]]
        if (batch == batch[0]).all():
            return first if self._is_whole(first, row) else first[row]
        found = np.empty((len(places), *first.shape[1:]), first.dtype)
        order = np.argsort(batch, kind="stable")
        starts = np.flatnonzero(np.diff(batch[order])) + 1
        for ats in np.split(order, starts):
            found[ats] = self.batches[batch[ats[0]]][row[ats]]
        return found

    @staticmethod
    def _is_whole(batch: Array, row: Array) -> bool:
        return len(row) == len(batch) and bool((row == np.arange(len(row))).all())

    def _put(self, places: Array, images: Array) -> None:
        """Replace images."""
        batch, row = self.batch[places], self.row[places]
        number = int(batch[0])
        old = self.batches[number]
        if (batch == number).all():
            if self._is_whole(old, row):
                self.batches[number] = images
                return
            if (old.shape[1:], old.dtype) == (images.shape[1:], images.dtype):
                old[row] = images
                return
        self.batch[places], self.row[places] = len(self.batches), np.arange(len(places))
        self.batches.append(images)
