"""A container written sample by sample: images of one size and depth in one file, with their labels."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...filters.core.named_tuple import NamedTuple
from ..batch import labels
from ..console.messages import shown
from ..console.report import depth_in_words
from ..errors import FileError
from ..images import encode
from ..images.archive import Archive
from ..images.atomic_write import Growing, Transaction
from ..images.codec import Content
from ..images.encode import EncodeError
from ..images.formats import Format
from ..images.idx import write_labels
from ..images.labels import Labels, joined
from ..images.output_folder import Root
from ..images.picture import Picture, channels_of
from ..images.stack import StackWriter
from .source import Batch, DataSet, Pictures

IDX = "idx", "idx-gz"


class Look(NamedTuple):
    """The properties that all samples of a file share with the first."""

    name: str
    kind: str
    size: str


class StackFile:
    """Writes samples as they come; the notes say what is lost."""

    def __init__(
        self, transaction: Transaction, path: Path, format: Format, count: int, root: Root | None = None
    ) -> None:
        """Start the file, below a *root*, for *count* samples; raises FileError."""
        writer_of = format.codec.frames
        assert writer_of is not None
        writer = writer_of(None)
        assert isinstance(writer, StackWriter)
        self.path, self.format = path, format
        self.notes: list[str] = []
        self.archive: Archive | None = None
        """The arrays of the one file that all samples come from, if it holds several."""
        self._writer = writer
        self._transaction, self._root = transaction, root
        self._first: Look | None = None
        self._labels: list[Labels | None] = []
        self._growing: Growing = transaction.grow(path, root=root)
        with self._growing.open() as file:
            writer.begin(file, count)

    def add(self, data_set: DataSet, batch: Batch) -> None:
        """Write samples; raises FileError if they differ from those before, or the format cannot hold them."""
        look = Look(batch.name(0), _kind(batch.picture), _size(batch.picture))
        first = self._first = self._first or look
        _check_alike(first, look)
        check_held(batch, self.format)
        found = labels_of(data_set, batch)
        with self._growing.open(), refusals(batch.name(0)):
            if not self._labels:
                self.notes += self.format.codec.labels(found)
            self._writer.add(self._content(batch.picture, found))
        self._labels.append(found)

    def _content(self, picture: Picture, found: Labels | None) -> Content:
        return Content(
            encode.coloured(picture.pixels, picture.metadata),
            picture.alpha,
            colours=picture.colours,
            white=picture.white,
            images=picture.images,
            labels=found,
            archive=None if self._labels else self.archive,
        )

    def end(self, names: set[Path] | None = None) -> None:
        """Write the rest of the file, and the files that go with it; raises FileError.

        *names* are the files with class names that are already written.
        """
        whole, transaction, root = joined(self._labels), self._transaction, self._root
        with self._growing.open() as file, refusals(shown(str(self.path))):
            self._writer.write(file)
        self._growing.end()
        self.notes += self._writer.notes
        if whole is None:
            return
        if self.format.name in IDX:
            beside = labels.name_beside(str(self.path))
            if beside is None:
                self.notes.append(f"the labels were not written: {shown(str(self.path))} does not contain -idx3-")
                return
            with transaction.open(Path(beside), root=root) as file, refusals(shown(beside)):
                write_labels(file, whole.values, beside.endswith(".gz"))
        for name, classes in zip(
            labels.CLASS_NAMES.get(self.format.name, ()), (whole.classes, whole.coarse_classes), strict=False
        ):
            place = self.path.with_name(name)
            has_place = not place.exists() and (names is None or place not in names)
            if len(classes) == labels.CLASS_NAMES[self.format.name][name] and has_place:
                if names is not None:
                    names.add(place)
                with transaction.open(place, root=root) as file:
                    file.write("".join(f"{word}\n" for word in classes).encode())


def labels_of(data_set: DataSet, batch: Batch) -> Labels | None:
    """Return the labels of some samples."""
    if any(label is None for label in batch.labels):
        return None
    if batch.picture.labels is not None:
        return batch.picture.labels._replace(classes=tuple(data_set.classes))
    numbers: Any = batch.labels
    if isinstance(data_set, Pictures):
        numbers = [data_set.numbers[label] for label in numbers]
        if data_set.numbers != range(len(data_set.classes)):
            return Labels(np.array(numbers))
    return Labels(np.array(numbers), classes=tuple(data_set.classes))


def _check_alike(first: Look, own: Look) -> None:
    """Raise FileError if a sample differs from the first."""
    if first.size != own.size:
        why = f"is {own.size}, but {first.name} is {first.size}; resize them first (imfilter resize)"
        raise FileError(own.name, why)
    if first.kind != own.kind:
        raise FileError(own.name, f"is {own.kind}, but {first.name} is {first.kind}; make them alike first")


def _size(picture: Picture) -> str:
    height, width = picture.pixels.shape[:2]
    return f"{width}×{height // picture.images}"


def _kind(picture: Picture) -> str:
    return f"{depth_in_words(picture.pixels.dtype.name)} {channels_of(picture)}"


def check_held(batch: Batch, format: Format) -> None:
    """Raise FileError if the format cannot hold the samples as they are."""
    picture = batch.picture
    held = format.held(picture.colours, picture.pixels.shape[2])
    if picture.pixels.dtype.name not in held or (picture.alpha is not None and not format.alpha):
        name, other = format.title or format.name.upper(), "npz" if format.data_set else "tiff"
        raise FileError(batch.name(0), f"is {_kind(picture)}, which {name} cannot hold; use --to {other}")


@contextlib.contextmanager
def refusals(name: str) -> Iterator[None]:
    """Raise the errors of an encoder or writer as FileError."""
    try:
        yield
    except (EncodeError, ValueError) as error:
        raise FileError(name, str(error)) from None
