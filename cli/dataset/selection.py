"""The choice of samples of data sets: a range of numbers, and at most so many per class."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..errors import UsageError
from ..images.picture import Picture
from .source import Batch, DataSet, Pictures


class Selection:
    """Decides for one sample after the other."""

    def __init__(self, subset: str | None, per_class: int | None) -> None:
        self._subset = subset
        self._first, self._last = _range(subset)
        self._per_class = per_class
        self._number = 0
        self._of_class: Counter[int | None] = Counter()

    @property
    def is_all(self) -> bool:
        """Whether all samples are taken."""
        return not self._first and self._last is None and self._per_class is None

    def count(self, data_sets: Iterable[DataSet]) -> int:
        """Return the total number of samples that will be taken; raises FileError."""
        if self.is_all:
            return sum(data_set.count() for data_set in data_sets)
        again = Selection(self._subset, self._per_class)
        return sum(again.takes(label) for data_set in data_sets for label in data_set.own_labels())

    def takes(self, label: int | None) -> bool:
        """Return whether the next sample is taken."""
        self._number += 1
        if self._number <= self._first or (self._last is not None and self._number > self._last + 1):
            return False
        self._of_class[label] += 1
        return self._per_class is None or self._of_class[label] <= self._per_class


def _range(subset: str | None) -> tuple[int, int | None]:
    """Read a range of numbers, both ends included; raises UsageError.

    >>> _range("0..999"), _range("5"), _range("10..")
    ((0, 999), (5, 5), (10, None))
    """
    if subset is None:
        return 0, None
    match = re.fullmatch(r"(\d+)(\.\.(\d*))?", subset.strip(), re.ASCII)
    if match is None or (match[3] and int(match[3]) < int(match[1])):
        raise UsageError(f"--subset {subset!r} is not a range of numbers; write FIRST..LAST, such as 0..999")
    return int(match[1]), int(match[1]) if match[2] is None else int(match[3]) if match[3] else None


def taken(data_set: DataSet, selection: Selection) -> Iterator[Batch]:
    """Yield the samples of a data set that are taken, without reading the files of others; raises FileError."""
    if isinstance(data_set, Pictures):
        for file in data_set.files:
            if selection.takes(file.label):
                yield data_set.read(file)
        return
    for batch in data_set.batches():
        numbers = [number for number, label in enumerate(batch.labels) if selection.takes(label)]
        if len(numbers) == len(batch.labels):
            yield batch
        elif numbers:
            yield part_of(batch, numbers)


def part_of(batch: Batch, numbers: Sequence[int]) -> Batch:
    """Return some samples of a batch."""
    picture = batch.picture
    height = len(picture.pixels) // picture.images

    def rows(samples: np.ndarray) -> np.ndarray:
        return samples.reshape(picture.images, height, *samples.shape[1:])[numbers].reshape(-1, *samples.shape[1:])

    alpha = None if picture.alpha is None else rows(picture.alpha)
    found = Picture(rows(picture.pixels), alpha, format=picture.format, colours=picture.colours, white=picture.white)
    found.images = len(numbers)
    found.labels = (
        None
        if picture.labels is None
        else picture.labels._replace(
            values=picture.labels.values[numbers],
            coarse=None if picture.labels.coarse is None else picture.labels.coarse[numbers],
        )
    )
    return batch._replace(
        picture=found,
        labels=[batch.labels[number] for number in numbers],
        names=[batch.names[number] for number in numbers],
    )
