"""A file with the names of classes, one per line, in the order of their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from .. import bounded_read
from ..console.messages import counted, shown
from ..errors import FileError, UsageError
from ..images.reader import naming
from .source import Container, DataSet, Pictures

MOST_BYTES = 1 << 24


def read(path: str) -> tuple[str, ...]:
    """Return the names; raises FileError."""
    try:
        with naming(path), Path(path).open("rb") as file:
            text = bounded_read.read(file, MOST_BYTES).decode()
    except (UnicodeDecodeError, bounded_read.TooLongError):
        raise FileError(shown(path), "is not a list of class names, one per line") from None
    names = tuple(name for line in text.splitlines() if (name := line.strip()))
    if not names:
        raise FileError(shown(path), "names no classes")
    twice, many = Counter(names).most_common(1)[0]
    if many > 1:
        raise FileError(shown(path), f"names the class {shown(twice)} twice")
    return names


def named(data_sets: Iterator[DataSet], path: str | None) -> Iterator[DataSet]:
    """Yield the data sets; if a file is given, their classes get its names. Raises FileError, UsageError."""
    if path is None:
        yield from data_sets
        return
    names = read(path)
    for data_set in data_sets:
        _give(data_set, names)
        yield data_set


def _give(data_set: DataSet, names: Sequence[str]) -> None:
    """Give a data set's classes these names and this order; raises UsageError if they do not fit its classes."""
    if isinstance(data_set, Pictures):
        if not data_set.classes:
            raise UsageError(f"{shown(data_set.name)}: has no classes to name; omit --classes")
        number_of = {name: number for number, name in enumerate(names)}
        for name in data_set.classes:
            if name not in number_of:
                raise UsageError(f"{shown(data_set.name)}: the class {shown(name)} is not in the list of --classes")
        of_old = [number_of[name] for name in data_set.classes]
        files = [file if file.label is None else file._replace(label=of_old[file.label]) for file in data_set.files]
        data_set.files = sorted(files, key=lambda file: -1 if file.label is None else file.label)
        data_set.numbers = range(len(names))
    elif isinstance(data_set, Container) and data_set.labels is not None:
        least, most = int(data_set.labels.values.min()), int(data_set.labels.values.max())
        if most >= len(names):
            listed = counted(len(names), "class", "classes")
            raise UsageError(f"{shown(data_set.name)}: has labels up to {most}, but --classes lists {listed}")
        if least < 0:
            raise UsageError(f"{shown(data_set.name)}: has the label {least}, which no class can have; omit --classes")
    data_set.classes = tuple(names)
