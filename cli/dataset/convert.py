"""`imfilter dataset convert`: the same samples, kept in another kind of data set."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..batch import labels
from ..batch.inputs import means_folder
from ..console.messages import counted, put, say, shown
from ..console.report import depth_in_words
from ..errors import ExitCode, FileError, UsageError
from ..file_identity import Identity, identity
from ..images import encode, formats
from ..images.atomic_write import Transaction
from ..images.codec import Content, EncodeOptions
from ..images.encode import EncodeError
from ..images.formats import Format
from ..images.idx import write_labels
from ..images.labels import Labels, joined
from ..images.output_folder import root_of
from ..images.picture import Picture
from ..images.reader import naming
from . import new_folder, source
from .folders import File
from .info import channels_of
from .selection import Selection, part_of, taken
from .source import Batch, DataSet, Pictures

IDX = "idx", "idx-gz"


Write = Callable[[io.BytesIO], list[str]]
"""Writes a file, and returns notes."""


def run(names: Sequence[str], out: str, to: str | None, subset: str | None, per_class: int | None) -> ExitCode:
    """Convert data sets, which become one; raises UsageError before anything is written, FileError."""
    selection = Selection(subset, per_class)
    format, as_folder = _kind_of_output(out, to)
    opened = _numbered(list(source.opened(names, to_rgb=True)))
    read = frozenset(found for data_set in opened for path in data_set.paths() if (found := identity(path)) is not None)
    if as_folder:
        new_folder.check_outside(out, names)
        new_folder.check_free(out)
        count = _to_folder(opened, selection, Path(out), format, read)
    else:
        assert format is not None
        count = _to_file(opened, selection, Path(out), format, read)
    put(f"{counted(count, 'image', 'images')} -> {shown(out)}")
    return ExitCode.DONE


def _kind_of_output(out: str, to: str | None) -> tuple[Format | None, bool]:
    """Return the format of what is written, None for that of the inputs, and whether it is a folder."""
    format, own = None if to is None else formats.named(to), formats.of_name(out)
    if means_folder(out) or (own is None and not (format.data_set if format is not None else Path(out).suffix)):
        if format is not None and (format.data_set or format.lossy):
            what = "holds many images" if format.data_set else "does not keep samples as they are"
            raise UsageError(f"--to {to}: {format.title or format.name.upper()} {what}; for a folder use png or tiff")
        return format, True
    format = format or formats.of_suffix(out)
    if not format.data_set:
        raise UsageError(f"{shown(out)}: is one image; name a folder, or a data set as NAME-images-idx3-ubyte.gz")
    return format, False


# ---- what is read -----------------------------------------------------------------------------------


def _numbered(opened: list[DataSet]) -> list[DataSet]:
    """Return data sets that may become one, their files in order; raises UsageError where they may not."""
    if len({data_set.part for data_set in opened}) > 1:
        parts = ", ".join(shown(data_set.name) for data_set in opened)
        raise UsageError(f"{parts} are parts of a split; convert one at a time")
    first = opened[0]
    for other in opened[1:]:
        if other.classes != first.classes:
            raise UsageError(f"{shown(other.name)} and {shown(first.name)} have other classes; convert one at a time")
    for data_set in opened:
        if isinstance(data_set, Pictures):
            data_set.files = _in_order(data_set.files)
            for entry in data_set.left_out:
                say(f"imfilter: {shown(entry.path)} {entry.why}; it was left out")
    return opened


def _in_order(files: Sequence[File]) -> Sequence[File]:
    """Return files in the order of their numbers, where these are their names, as in a folder that was written here."""
    stems = [Path(file.name).stem for file in files]
    if not all(stem.isascii() and stem.isdecimal() for stem in stems) or len({*map(int, stems)}) < len(stems):
        return files
    return [file for _, file in sorted(zip(map(int, stems), files, strict=True))]


def _labels_of(classes: Sequence[str]) -> Sequence[int]:
    """Return the label of each class of a folder: its name, if all are different numbers, else its place."""
    if all(name.isascii() and name.isdecimal() for name in classes) and len({*map(int, classes)}) == len(classes):
        return [int(name) for name in classes]
    return range(len(classes))


# ---- into one file ----------------------------------------------------------------------------------


def _to_file(
    opened: Sequence[DataSet], selection: Selection, out: Path, format: Format, read: frozenset[Identity]
) -> int:
    writer_of = format.codec.frames
    assert writer_of is not None
    writer, count, first = writer_of(None), 0, None
    parts: list[Labels | None] = []
    for data_set in opened:
        for batch in taken(data_set, selection):
            first = first or batch
            _check_alike(first, batch, format)
            found = _labels(data_set, batch)
            with _refusals(batch.name(0)):
                if len(parts) == 0:
                    _tell(format.codec.labels(found))
                writer.add(_content(batch.picture, found))
            parts.append(found)
            count += batch.picture.images
    if not count:
        raise UsageError("no samples are left; widen --subset")
    whole = joined(parts)
    beside = labels.name_beside(str(out)) if format.name in IDX and whole is not None else None
    if format.name in IDX and whole is not None and beside is None:
        say(f"imfilter: the labels were not written: {shown(str(out))} is no name with -idx3-")
    with Transaction(read) as transaction:
        with transaction.open(out) as file, _refusals(shown(str(out))):
            writer.write(file)
        if beside is not None and whole is not None:
            with transaction.open(Path(beside)) as file, _refusals(shown(beside)):
                write_labels(file, whole.values, beside.endswith(".gz"))
        transaction.commit()
    _tell([*writer.notes, *transaction.notes])
    return count


def _labels(data_set: DataSet, batch: Batch) -> Labels | None:
    """Return the labels of some samples."""
    if any(label is None for label in batch.labels):
        return None
    if batch.picture.labels is not None:
        return batch.picture.labels._replace(classes=tuple(data_set.classes))
    numbers: Any = batch.labels
    if isinstance(data_set, Pictures):
        of_classes = _labels_of(data_set.classes)
        numbers = [of_classes[label] for label in numbers]
        if of_classes != range(len(data_set.classes)):
            return Labels(np.array(numbers))
    return Labels(np.array(numbers), classes=tuple(data_set.classes))


def _content(picture: Picture, found: Labels | None) -> Content:
    return Content(
        encode.coloured(picture.pixels, picture.metadata),
        picture.alpha,
        colours=picture.colours,
        white=picture.white,
        images=picture.images,
        labels=found,
    )


def _check_alike(first: Batch, batch: Batch, format: Format) -> None:
    """Raise FileError where a sample is not as the first was, or is none that the format holds."""
    (one, size), (other, own) = ((_kind(each.picture), _size(each.picture)) for each in (first, batch))
    if size != own:
        raise FileError(batch.name(0), f"is {own}, and {first.name(0)} {size}; imfilter resize makes them of one size")
    if one != other:
        raise FileError(batch.name(0), f"is {other}, and {first.name(0)} {one}; imfilter makes them alike")
    _check_held(batch, format)


def _size(picture: Picture) -> str:
    height, width = picture.pixels.shape[:2]
    return f"{width}×{height // picture.images}"


def _kind(picture: Picture) -> str:
    return f"{depth_in_words(picture.pixels.dtype.name)} {channels_of(picture)}"


def _check_held(batch: Batch, format: Format) -> None:
    """Raise FileError where the format does not hold the samples as they are."""
    picture = batch.picture
    held = format.held(picture.colours, picture.pixels.shape[2])
    if picture.pixels.dtype.name not in held or (picture.alpha is not None and not format.alpha):
        name = format.title or format.name.upper()
        raise FileError(batch.name(0), f"is {_kind(picture)}, which {name} cannot hold")


@contextlib.contextmanager
def _refusals(name: str) -> Iterator[None]:
    """Let what a format cannot hold name a file or sample."""
    try:
        yield
    except (ValueError, EncodeError) as error:
        raise FileError(name, str(error)) from None


def _tell(notes: Sequence[str]) -> None:
    for note in dict.fromkeys(notes):
        say(f"imfilter: {note}")


# ---- into a folder ----------------------------------------------------------------------------------


def _to_folder(
    opened: Sequence[DataSet], selection: Selection, out: Path, format: Format | None, read: frozenset[Identity]
) -> int:
    """Write all files, or none."""
    root, taken_places, notes = root_of(str(out)), set[str](), list[str]()
    with Transaction(read) as transaction:
        for data_set in opened:
            if isinstance(data_set, Pictures):
                files = _copies(data_set, selection, format)
            else:
                files = _pictures(data_set, selection, format)
            for place, write in files:
                if place in taken_places:
                    raise UsageError(
                        f"{shown(str(out / place))}: would hold two images; convert one data set at a time"
                    )
                taken_places.add(place)
                with transaction.open(out / place, root=root) as file:
                    notes += write(file)
        if not taken_places:
            raise UsageError("no samples are left; widen --subset")
        transaction.commit()
    _tell(notes)
    return len(taken_places)


def _copies(data_set: Pictures, selection: Selection, format: Format | None) -> Iterator[tuple[str, Write]]:
    """Yield the files of a folder: their bytes, unless another format is wanted."""
    for file in data_set.files:
        if not selection.takes(file.label):
            continue
        with naming(file.path):
            data = Path(file.path).read_bytes()
        if format is None or formats.is_of(format, data[: formats.HEAD]):
            yield file.name, partial(_bytes, data)
        else:
            batch = data_set.read(file)
            place = Path(file.name)
            name = place.name.removesuffix(place.suffix) + format.suffixes[0]
            yield str(place.with_name(name)), partial(_encoded, batch, 0, format)


def _bytes(data: bytes, file: io.BytesIO) -> list[str]:
    file.write(data)
    return []


def _pictures(data_set: DataSet, selection: Selection, format: Format | None) -> Iterator[tuple[str, Write]]:
    """Yield the samples of a container as files that are named by their numbers, in folders of their classes."""
    format = format or formats.LOSSLESS
    digits = len(str(data_set.count() - 1))
    folder_of = _folder_names(data_set)
    for batch in taken(data_set, selection):
        for at, (name, label) in enumerate(zip(batch.names, batch.labels, strict=True)):
            number = name.removeprefix("#")
            place = Path("" if label is None else folder_of[label]) / f"{number:0>{digits}}{format.suffixes[0]}"
            yield str(place), partial(_encoded, batch, at, format)


def _folder_names(data_set: DataSet) -> Mapping[int, str]:
    """Return the folder of each label: the class's name, or the number in digits that sort as numbers do."""
    names = data_set.classes
    if names and all(name and "/" not in name and not name.startswith(".") and name.isprintable() for name in names):
        return dict(enumerate(names))
    values = [] if data_set.labels is None else np.unique(data_set.labels.values).tolist()
    digits = max((len(str(value)) for value in values), default=1)
    return {value: f"{value:0{digits}}" for value in values}


def _encoded(batch: Batch, at: int, format: Format, file: io.BytesIO) -> list[str]:
    """Write one sample of several as a file."""
    picture = part_of(batch, [at]).picture if batch.picture.images > 1 else batch.picture
    if not picture.metadata.palette:
        _check_held(Batch(picture, [None], [batch.names[at]], batch.path), format)
    with _refusals(batch.name(at)):
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
