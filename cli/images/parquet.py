"""Parquet data sets of Hugging Face: a column of images, each the bytes and path of a file, and one of labels.

It is read and written with pyarrow, a batch of rows at a time. The schema's metadata under `huggingface` describe the
columns and name the classes; without them columns are recognised by their types and names:
https://huggingface.co/docs/datasets/about_dataset_features.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from ...filters.core.lazy_numpy import np
from ...filters.core.named_tuple import NamedTuple
from ..console.messages import reason_of, shown
from . import extras, memory_budget
from .codec import Codec, not_written
from .file_bytes import Opened
from .labels import Labels, check_range
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Picture, check_lack, single
from .shard import ShardMember

ROWS = 16
"""Rows read at a time."""
MOST_DIGITS = 18
"""The most digits of a label, which has 64 bits."""
ROWS_WRITTEN, BYTES_WRITTEN = 100, 1 << 24
"""The most rows of a written group, and the most bytes of their images."""
BUFFER = 1 << 18
"""Bytes of a column read at a time."""
IMAGES, LABELS = ("image", "img", "images"), ("label", "labels", "fine_label", "class")
"""The usual names of columns, if the metadata do not describe them."""


class _Columns(NamedTuple):
    """The columns of a file."""

    images: str
    labels: str | None
    classes: tuple[str, ...] = ()


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Frames:
    """Return the images; raises `DecodeError`."""
    parquet = extras.required("pyarrow.parquet", "a Parquet file", "parquet")
    data = begun.data
    with _failures():
        file = parquet.ParquetFile(Opened(data), buffer_size=BUFFER, pre_buffer=False)
        count = file.metadata.num_rows
        columns = _columns(file.schema_arrow)
        _check_memory(file)
        labels = _labels(file, columns)
    if count < 1:
        raise DecodeError("holds no images")

    def each() -> Iterator[Picture]:
        number = 0
        for value in _values(file, columns.images):
            yield _picture(value, number, decode)
            number += 1
        if number < count:
            raise DecodeError(f"is damaged or truncated ({number} of its {count} rows are there)")

    found = Frames(count, each, stream=True)
    found.labels = labels
    return found


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Turn pyarrow's errors about a damaged file into `DecodeError`."""
    try:
        yield
    except DecodeError:
        raise
    except Exception as error:
        check_lack(error)
        # It raises errors of many types for broken files.
        raise DecodeError(f"is damaged or truncated ({reason_of(error)})") from None


def _columns(schema: Any) -> _Columns:
    """Return which columns hold images and labels; raises `DecodeError`."""
    features = _features(schema.metadata or {})
    images = [name for name in schema.names if features.get(name, {}).get("_type") == "Image"]
    images = images or [name for name in IMAGES if name in schema.names]
    if not images or not _holds_files(schema.field(images[0]).type):
        told = ", ".join(f"{name} ({schema.field(name).type})" for name in schema.names[:6])
        raise DecodeError(f"has no column of image files; it has {shown(told)[:200]}")
    classed = [name for name in schema.names if features.get(name, {}).get("_type") == "ClassLabel"]
    named = [
        name for name in LABELS if name in schema.names and str(schema.field(name).type).startswith(("int", "uint"))
    ]
    label = next(iter([*classed, *named]), None)
    names = features.get(label or "", {}).get("names", [])
    known = isinstance(names, list) and all(isinstance(name, str) and _is_text(name) for name in names)
    return _Columns(images[0], label, tuple(names) if known else ())


def _is_text(name: str) -> bool:
    """Whether a name is valid Unicode, unlike a lone surrogate, which JSON allows."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _features(metadata: dict[bytes, bytes]) -> dict[str, Any]:
    """Return Hugging Face's description of each column."""
    try:
        found = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return {name: kind for name, kind in found.items() if isinstance(kind, dict)} if isinstance(found, dict) else {}


def _holds_files(kind: Any) -> bool:
    """Whether a column's type is the bytes of files, or a structure with them."""
    text = str(kind)
    return text in ("binary", "large_binary") or (text.startswith("struct<") and "bytes: " in text)


def _check_memory(file: Any) -> None:
    """Raise `DecodeError` if the pages of a row group may need more memory than is available."""
    metadata = file.metadata
    most = max((metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)), default=0)
    if (free := memory_budget.short(most)) is not None:
        size, there = map(memory_budget.gigabytes, (most, free))
        raise DecodeError(f"has a row group of {size}, but only {there} of memory are free")


def _labels(file: Any, columns: _Columns) -> Labels | None:
    """Return the labels, if all images have one."""
    if columns.labels is None:
        return None
    values = file.read(columns=[columns.labels]).column(0).combine_chunks()
    if values.null_count:
        missing = values.is_null().index(True).as_py()
        raise DecodeError(f"row {missing} has no {columns.labels}")
    found = np.asarray(values.to_numpy(zero_copy_only=False))
    if found.dtype.kind not in "iu" or (len(found) and found.max() < 0):  # -1 in a part whose labels are secret
        return None
    if columns.classes:
        try:
            check_range(found, len(columns.classes), columns.labels)
        except ValueError as error:
            raise DecodeError(f"is damaged ({error})") from None
    return Labels(found, classes=columns.classes)


def _values(file: Any, column: str) -> Iterator[Any]:
    """Yield the bytes of each image, None if it has none; raises `DecodeError`."""
    with _failures():
        for batch in file.iter_batches(ROWS, columns=[column], use_threads=False):
            for value in batch.column(0):
                found = value.as_py()
                yield found.get("bytes") if isinstance(found, dict) else found


def _picture(data: bytes | None, number: int, decode: Decode) -> Picture:
    """Return the image of a row; raises `DecodeError`, which names it."""
    if not data:
        raise DecodeError(f"row {number} holds no image, or only its path")
    try:
        found = decode(data)
    except DecodeError as error:
        raise DecodeError(f"row {number} {error}") from None
    return single(found, f"row {number} has several frames; images of a data set must have one")


class Writer:
    """Writes images with their labels, some rows at a time."""

    def __init__(self) -> None:
        try:
            self._parquet = extras.required("pyarrow.parquet", "a Parquet file", "parquet")
            self._arrow = extras.required("pyarrow", "a Parquet file", "parquet")
        except DecodeError as error:
            raise ValueError(str(error)) from None
        self.classes: Sequence[str] = ()
        self.notes: list[str] = []
        self._file: Any = None
        self._writer: Any = None
        self._rows: list[dict[str, Any]] = []
        self._labels: list[int] = []
        self._is_labelled: bool | None = None
        self._sample: list[ShardMember] = []
        self._bytes = 0

    def __del__(self) -> None:
        """Leave the file alone, which whoever abandoned the work has removed."""
        if getattr(self, "_writer", None) is not None:
            self._writer.is_open = False

    def begin(self, file: Any) -> None:
        """Write what follows into a *file*, as it comes."""
        self._file = file

    def add(self, member: ShardMember) -> None:
        """Add the next file; raises ValueError if some samples have labels, and others none."""
        if self._sample and member.key != self._sample[0].key:
            self._end_sample()
        self._sample.append(member)

    def _end_sample(self) -> None:
        label = None
        for member in self._sample:
            field = member.field[len(member.key) + 1 :]
            if field == "cls":
                label = _label(member)
            elif not member.is_image:
                note = f"its fields .{field} were not written"
                self.notes += [] if note in self.notes else [note]
        for member in self._sample:
            if not member.is_image:
                continue
            if self._is_labelled is None:
                self._is_labelled = label is not None
            if self._is_labelled != (label is not None):
                raise ValueError(
                    f"{shown(member.name)} has {'no' if label is None else 'a'} label, unlike those before"
                )
            data = bytes(member.data)
            self._rows.append({"bytes": data, "path": member.name})
            self._labels += [] if label is None else [label]
            self._bytes += len(data)
        self._sample = []
        if len(self._rows) >= ROWS_WRITTEN or self._bytes >= BYTES_WRITTEN:
            self._put()

    def _put(self) -> None:
        """Write a group of rows."""
        arrow = self._arrow
        columns = {
            "image": arrow.array(self._rows, arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())]))
        }
        if self._is_labelled:
            columns["label"] = arrow.array(self._labels, arrow.int64())
            if self.classes and not 0 <= min(self._labels) <= max(self._labels) < len(self.classes):
                raise ValueError(f"label {max(self._labels)} has no name; there are {len(self.classes)} classes")
        rows = arrow.table(columns).replace_schema_metadata({"huggingface": self._described()})
        if self._writer is None:
            # Image files are compressed already, and their stamps stay visible.
            self._writer = self._parquet.ParquetWriter(
                self._file, rows.schema, compression="NONE", use_dictionary=False, write_statistics=False
            )
        self._writer.write_table(rows)
        self._rows, self._labels, self._bytes = [], [], 0

    def _described(self) -> str:
        """Return the features in Hugging Face's form for the metadata."""
        features: dict[str, Any] = {"image": {"_type": "Image"}}
        if self._is_labelled:
            number = {"dtype": "int64", "_type": "Value"}
            features["label"] = {"names": [*self.classes], "_type": "ClassLabel"} if self.classes else number
        return json.dumps({"info": {"features": features}}, ensure_ascii=False)

    def write(self, file: Any) -> None:
        """Write what is left; raises ValueError if no image came."""
        self._file = self._file or file
        self._end_sample()
        if self._rows:
            self._put()
        if self._writer is None:
            raise ValueError("it would hold no images")
        self._writer.close()


def _label(member: ShardMember) -> int:
    """Return the label in a file; raises ValueError."""
    text = bytes(member.data).strip()
    if not text.removeprefix(b"-").isdigit() or len(text) > MOST_DIGITS:
        raise ValueError(f"{shown(member.name)} is not a label: a whole number")
    return int(text)


def labels(labels: Labels | None) -> list[str]:
    """Return notes on what a column of labels loses."""
    lost = labels is not None and labels.coarse is not None
    return ["its coarse labels were not written; use --to npz"] if lost else []


CODEC = Codec(finish, not_written, files=Writer, labels=labels)
