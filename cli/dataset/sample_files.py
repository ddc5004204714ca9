"""Samples as files: those of a folder or shard unchanged, those of other containers encoded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ..batch import labels
from ..console.messages import shown
from ..images import encode, formats
from ..images.codec import EncodeOptions
from ..images.formats import Format
from ..images.reader import naming
from .selection import Selection, part_of, taken
from .source import LABEL, Batch, DataSet, Pictures, ShardSet, field_of
from .stack_file import check_held, refusals

Write = Callable[[io.BytesIO], list[str]]
"""A function that writes a file, and returns notes."""


def of(
    data_set: DataSet, selection: Selection, format: Format | None, notes: list[str]
) -> Iterator[tuple[str, int | None, Write]]:
    """Yield for each sample its path below a folder, its label, and its writer, in a *format* or as is."""
    if isinstance(data_set, Pictures):
        return _copies(data_set, selection, format)
    if isinstance(data_set, ShardSet):
        return _members(data_set, selection, format, notes)
    return _pictures(data_set, selection, format)


def _copies(data_set: Pictures, selection: Selection, format: Format | None) -> Iterator[tuple[str, int | None, Write]]:
    """Yield the files of a folder, unchanged unless another format is asked for."""
    for file in data_set.files:
        if not selection.takes(file.label):
            continue
        label = None if file.label is None else data_set.numbers[file.label]
        with naming(file.path):
            data = Path(file.path).read_bytes()
        if format is None or formats.is_of(format, data[: formats.HEAD]):
            data_set.places[file.name] = file.name
            yield file.name, label, partial(_bytes, data)
        else:
            place = data_set.places[file.name] = _in_format(file.name, format)
            yield place, label, partial(_encoded, data_set.read(file), 0, format)


def _members(
    data_set: ShardSet, selection: Selection, format: Format | None, notes: list[str]
) -> Iterator[tuple[str, int | None, Write]]:
    """Yield the images of a shard: under their own names if its folders are the classes, else below their labels."""
    folder_of = _folder_names(data_set)
    lost: dict[str, None] = {}
    for label, members in data_set.labelled():
        for member in members:
            if not member.is_image:
                lost[field_of(member.name)] = None
            elif selection.takes(label):
                name = PurePosixPath(member.name)
                place = str(
                    name if label is None or data_set.in_folders else PurePosixPath(folder_of[label], name.name)
                )
                if format is None or formats.is_of(format, bytes(member.data[: formats.HEAD])):
                    yield place, label, partial(_bytes, member.data)
                else:
                    batch = data_set.read(member, label)
                    yield _in_format(place, format), label, partial(_encoded, batch, 0, format)
    if others := [field for field in lost if field != LABEL]:
        notes.append(f"{shown(data_set.name)}: its fields {', '.join(map(shown, others))} were not written")


def _in_format(name: str, format: Format) -> str:
    place = PurePosixPath(name)
    return str(place.with_name(place.name.removesuffix(place.suffix) + format.suffixes[0]))


def _bytes(data: Any, file: io.BytesIO) -> list[str]:
    file.write(data)
    return []


def _pictures(
    data_set: DataSet, selection: Selection, format: Format | None
) -> Iterator[tuple[str, int | None, Write]]:
    """Yield the samples of a container as files named by their numbers, in folders of their classes."""
    format = format or formats.LOSSLESS
    digits = len(str(data_set.count() - 1))
    folder_of = _folder_names(data_set)
    for batch in taken(data_set, selection):
        for at, (name, label) in enumerate(zip(batch.names, batch.labels, strict=True)):
            number = name.removeprefix("#")
            place = PurePosixPath("" if label is None else folder_of[label], f"{number:0>{digits}}{format.suffixes[0]}")
            yield str(place), label, partial(_encoded, batch, at, format)


def _folder_names(data_set: DataSet) -> Mapping[int, str]:
    """Return the folder of each label: the name of the class, or the number, padded so that it sorts as a number."""
    names = data_set.classes
    if names and all(map(labels.is_folder_name, names)):
        return dict(enumerate(names))
    values = [] if data_set.labels is None else np.unique(data_set.labels.values).tolist()
    digits = max((len(str(value)) for value in values), default=1)
    return {value: f"{value:0{digits}}" for value in values}


def _encoded(batch: Batch, at: int, format: Format, file: io.BytesIO) -> list[str]:
    """Write one sample of a batch as a file."""
    picture = part_of(batch, [at]).picture if batch.picture.images > 1 else batch.picture
    if not picture.metadata.palette:
        check_held(Batch(picture, [None], [batch.names[at]], batch.path), format)
    with refusals(batch.name(at)):
        return encode.write(
            file,
            picture.pixels,
            picture.alpha,
            format,
            picture.metadata,
            EncodeOptions(),
            colours=picture.colours,
            white=picture.white,
        )
