"""`imfilter dataset info`: the contents of a data set."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..console.messages import complain, counted, put, shown
from ..console.report import DEPTHS
from ..errors import ExitCode, FileError
from ..images.picture import Picture, channels_of
from . import class_names, headers, source
from .source import DataSet, Pictures

EMNIST = "EMNIST's images are stored transposed; flip --op transpose turns them upright"
MOST_SIZES = 3
"""The most sizes that are all listed."""


class Contents:
    """Counts of the samples of a data set, by size, channels, depth and label."""

    def __init__(self) -> None:
        self.sizes: Counter[tuple[int, int]] = Counter()
        self.channels: Counter[str] = Counter()
        self.depths: Counter[str] = Counter()
        self.labels: Counter[int] = Counter()
        self.count = 0
        self.unreadable: list[FileError] = []

    def add(self, picture: Picture, labels: Sequence[int | None]) -> None:
        """Count one sample, or several of one size."""
        height, width = picture.pixels.shape[:2]
        depth = str(DEPTHS[picture.pixels.dtype.name])
        self.count_up((width, height // picture.images), channels_of(picture), depth, labels)

    def count_up(self, size: tuple[int, int], channels: str, depth: str, labels: Sequence[int | None]) -> None:
        """Count samples that are alike."""
        self.sizes[size] += len(labels)
        self.channels[channels] += len(labels)
        self.depths[depth] += len(labels)
        self.labels.update(label for label in labels if label is not None)
        self.count += len(labels)


def contents_of(data_set: DataSet) -> Contents:
    """Look at every sample, or only at its file's header if that is enough."""
    found = Contents()
    if isinstance(data_set, Pictures):
        for file in data_set.files:
            # 10 000 JPEGs of 500×375 take 0.7 s of CPU; decoding them takes 21 s.
            if (header := headers.read(file.path)) is not None:
                found.count_up(header.size, header.channels, str(header.depth), [file.label])
                continue
            try:
                found.add(data_set.read(file).picture, [file.label])
            except FileError as error:
                found.unreadable.append(error)
        return found
    for batch in data_set.batches():
        found.add(batch.picture, batch.labels)
    return found


def run(names: Sequence[str], as_json: bool, classes: str | None = None) -> ExitCode:
    """Print the contents of data sets."""
    code = ExitCode.DONE
    for number, data_set in enumerate(class_names.named(source.opened(names), classes)):
        found = contents_of(data_set)
        if as_json:
            put(json.dumps(_record(data_set, found), ensure_ascii=False))
        else:
            if number:
                put("")
            for line in _lines(data_set, found):
                put(line)
        for error in found.unreadable:
            complain(error)
            code = ExitCode.FAILED
    return code


def classes_of(data_set: DataSet, labels: Counter[int]) -> dict[str, int]:
    """Return the classes' names, in order, with the number of samples of each."""
    numbers = range(len(data_set.classes)) if data_set.classes else sorted(labels)
    return {data_set.classes[number] if data_set.classes else str(number): labels[number] for number in numbers}


def _label_file(data_set: DataSet) -> str:
    """Return the file of the labels, if they have one of their own."""
    return "" if data_set.labels is None else data_set.labels.source


def _bytes(data_set: DataSet) -> int:
    return sum(Path(path).stat().st_size for path in data_set.paths() if Path(path).exists())


def _record(data_set: DataSet, found: Contents) -> dict[str, Any]:
    return {
        "input": data_set.name,
        "kind": data_set.kind,
        **({"part": data_set.part} if data_set.part else {}),
        "images": found.count,
        "sizes": [[*size, count] for size, count in sorted(found.sizes.items())],
        "channels": dict(found.channels.most_common()),
        "depth": dict(found.depths.most_common()),
        "classes": classes_of(data_set, found.labels),
        "labels": _label_file(data_set) or None,
        "bytes": _bytes(data_set),
        "left_out": {entry.path: entry.why for entry in data_set.left_out},
        "unreadable": {error.name: error.reason for error in found.unreadable},
    }


def _lines(data_set: DataSet, found: Contents) -> list[str]:
    part = f" ({data_set.part})" if data_set.part else ""
    rows = [
        ("images", str(found.count)),
        ("sizes", _sizes(found.sizes)),
        ("channels", _shares(found.channels)),
        ("depth", _shares(found.depths)),
        ("bytes", str(_bytes(data_set))),
    ]
    if name := _label_file(data_set):
        rows.append(("labels", shown(name)))
    if classes := classes_of(data_set, found.labels):
        rows.append(("classes", str(len(classes))))
        width = max(len(shown(name)) for name in classes)
        rows += [("", f"{shown(name):{width}}  {count}") for name, count in classes.items()]
    rows += [("left out", f"{shown(entry.path)} {entry.why}") for entry in data_set.left_out]
    if "emnist" in Path(data_set.name).name.lower():
        rows.append(("note", EMNIST))
    return [f"{shown(data_set.name)}: {data_set.kind}{part}", *(f"  {word:8}  {text}".rstrip() for word, text in rows)]


def _shares(counts: Counter[str]) -> str:
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{word} ({count})" for word, count in counts.most_common())


def _sizes(sizes: Counter[tuple[int, int]]) -> str:
    if len(sizes) <= MOST_SIZES:
        return _shares(Counter({f"{width}×{height}": count for (width, height), count in sizes.items()}))
    widths, heights = zip(*sizes, strict=True)
    (width, height), count = sizes.most_common(1)[0]
    return (
        f"{_span('width', widths)}, {_span('height', heights)}; "
        f"{counted(len(sizes), 'size', 'sizes')}, most often {width}×{height} ({count})"
    )


def _span(what: str, sizes: Sequence[int]) -> str:
    return f"{what}s {min(sizes)} to {max(sizes)}" if min(sizes) < max(sizes) else f"{what} {sizes[0]}"
