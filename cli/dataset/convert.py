"""`imfilter dataset convert`: write the same samples as another kind of data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..batch.inputs import means_folder
from ..console.messages import counted, put, say, shown
from ..errors import ExitCode, UsageError
from ..file_identity import Identity, identity
from ..images import formats
from ..images.atomic_write import Transaction
from ..images.formats import Format
from . import class_names, new_folder, sample_files, source
from .folders import File
from .selection import Selection, taken
from .shard_file import ShardFile
from .source import Container, DataSet, Pictures, ShardSet
from .stack_file import StackFile


def run(
    names: Sequence[str],
    out: str,
    to: str | None,
    subset: str | None,
    per_class: int | None,
    classes: str | None = None,
) -> ExitCode:
    """Convert data sets into one; raises UsageError before anything is written, FileError."""
    selection = Selection(subset, per_class)
    format, as_folder = _kind_of_output(out, to)
    opened = _numbered(list(class_names.named(source.opened(names, to_rgb=True), classes)))
    read = frozenset(found for data_set in opened for path in data_set.paths() if (found := identity(path)) is not None)
    new_folder.check_outside(out, names)
    if as_folder:
        new_folder.check_free(out)
        count = _to_folder(opened, selection, Path(out), format, read)
    else:
        assert format is not None
        if isinstance(first := opened[0], Container):
            format = format.of_input(formats.FORMATS[first.frames.format])
        write = _to_shard if format.of_files else _to_file
        count = write(opened, selection, Path(out), format, read)
    put(f"{counted(count, 'image', 'images')} -> {shown(out)}")
    return ExitCode.DONE


def _kind_of_output(out: str, to: str | None) -> tuple[Format | None, bool]:
    """Return the format of the output, or None for the inputs' own, and whether it is a folder."""
    format, own = None if to is None else formats.named(to), formats.of_name(out)
    if means_folder(out) or (own is None and not (format.data_set if format is not None else Path(out).suffix)):
        if format is not None and (format.data_set or format.lossy):
            what = "holds many images" if format.data_set else "does not keep samples as they are"
            raise UsageError(f"--to {to}: {format.title or format.name.upper()} {what}; for a folder use png or tiff")
        return format, True
    format = format or formats.of_suffix(out, has_to=True)
    if not format.data_set:
        raise UsageError(f"{shown(out)}: is one image; name a folder, or a file like NAME-images-idx3-ubyte.gz")
    return format, False


# ---- the inputs -------------------------------------------------------------------------------------


def _numbered(opened: list[DataSet]) -> list[DataSet]:
    """Return data sets that can become one, their files in order; raises UsageError if they cannot."""
    if len({data_set.part for data_set in opened}) > 1:
        parts = ", ".join(shown(data_set.name) for data_set in opened)
        raise UsageError(f"{parts} are parts of a split; convert one at a time")
    first = opened[0]
    for other in opened[1:]:
        if other.classes != first.classes:
            raise UsageError(
                f"{shown(other.name)} and {shown(first.name)} have different classes; convert one at a time"
            )
    for data_set in opened:
        if isinstance(data_set, Pictures):
            data_set.files = _in_order(data_set.files)
            for entry in data_set.left_out:
                say(f"imfilter: {shown(entry.path)} {entry.why}; it was left out")
    return opened


def _in_order(files: Sequence[File]) -> Sequence[File]:
    """Return files in the order of their numbers, if numbers are their names, as in folders written by this command."""
    stems = [Path(file.name).stem for file in files]
    if not all(stem.isascii() and stem.isdecimal() for stem in stems) or len({*map(int, stems)}) < len(stems):
        return files
    return [file for _, file in sorted(zip(map(int, stems), files, strict=True))]


# ---- into one file ----------------------------------------------------------------------------------


def _to_file(
    opened: Sequence[DataSet], selection: Selection, out: Path, format: Format, read: frozenset[Identity]
) -> int:
    count = selection.count(opened)
    if not count:
        raise UsageError("no samples are left; widen --subset")
    keeps_arrays = format.keyed and len(opened) == 1 and selection.is_all
    with Transaction(read) as transaction:
        file = StackFile(transaction, out, format, count)
        if keeps_arrays and isinstance(opened[0], Container):
            file.archive = opened[0].frames.archive
        for data_set in opened:
            for batch in taken(data_set, selection):
                file.add(data_set, batch)
        file.end()
        file.notes += _lost_metadata(opened)
        if not keeps_arrays:
            file.notes += _lost_arrays(opened)
        transaction.commit()
    _tell([*file.notes, *transaction.notes])
    return count


def _lost_metadata(opened: Sequence[DataSet]) -> list[str]:
    """Return notes on metadata that is lost."""
    tables = [data_set.metadata for data_set in opened if isinstance(data_set, Pictures)]
    return [f"{shown(table.path)} was not written" for table in tables if table is not None and table.has_more]


def _lost_arrays(opened: Sequence[DataSet]) -> list[str]:
    """Return notes on arrays that are merged or lost."""
    notes = []
    for data_set in opened:
        archive = data_set.frames.archive if isinstance(data_set, Container) else None
        if archive is not None and (lost := archive.lost(data_set.labels is not None)):
            notes.append(f"{shown(data_set.name)}: {lost}")
    return notes


def _lost(opened: Sequence[DataSet]) -> list[str]:
    """Return notes on what is lost if each image becomes a file of its own."""
    coarse = [data_set for data_set in opened if data_set.labels is not None and data_set.labels.coarse is not None]
    return [
        *_lost_arrays(opened),
        *(f"{shown(data_set.name)}: its coarse labels were not written; use --to npz" for data_set in coarse),
    ]


def _to_shard(
    opened: Sequence[DataSet], selection: Selection, out: Path, format: Format, read: frozenset[Identity]
) -> int:
    notes = [*_lost(opened), *_lost_metadata(opened)]
    with Transaction(read) as transaction:
        shard = ShardFile(transaction, out, format=format, classes=_classes_of(opened[0]))
        for data_set in opened:
            if isinstance(data_set, ShardSet):
                shard.add_samples(data_set.labelled(), selection)
            else:
                for place, label, write in sample_files.of(data_set, selection, None, notes):
                    shard.add(place, label, write, notes)
        if not shard.count:
            raise UsageError("no samples are left; widen --subset")
        shard.end()
        transaction.commit()
    _tell([*notes, *shard.notes, *transaction.notes])
    return shard.count


def _classes_of(data_set: DataSet) -> Sequence[str]:
    """Return the names of the classes in the order of the labels in files."""
    if isinstance(data_set, Pictures) and data_set.numbers != range(len(data_set.classes)):
        return ()
    return data_set.classes


def _tell(notes: Sequence[str]) -> None:
    for note in dict.fromkeys(notes):
        say(f"imfilter: {note}")


# ---- into a folder ----------------------------------------------------------------------------------


def _to_folder(
    opened: Sequence[DataSet], selection: Selection, out: Path, format: Format | None, read: frozenset[Identity]
) -> int:
    """Write all files, or none."""
    taken_places, notes = set[str](), _lost(opened)
    with new_folder.Files(str(out), read) as files:
        for data_set in opened:
            for place, _, write in sample_files.of(data_set, selection, format, notes):
                if place in taken_places:
                    raise UsageError(
                        f"{shown(str(out / place))}: would hold two images; convert one data set at a time"
                    )
                taken_places.add(place)
                with files.open(out / place) as file:
                    notes += write(file)
        if not taken_places:
            raise UsageError("no samples are left; widen --subset")
        for data_set in opened:
            if isinstance(data_set, Pictures) and data_set.metadata is not None:
                with files.open(out / data_set.metadata.name) as file:
                    file.write(data_set.metadata.of_files(data_set.places))
    _tell([*notes, *files.notes])
    return len(taken_places)
