"""`metadata.csv` and `metadata.jsonl` in a folder of images, as Hugging Face uses them: a row per `file_name`."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...filters.core.named_tuple import NamedTuple
from .. import bounded_read
from ..console.messages import shown
from ..errors import FileError
from ..images.reader import naming

NAMES = "metadata.csv", "metadata.jsonl"
FILE_NAME, LABEL = "file_name", "label"
MOST_BYTES = 1 << 28
AS_IN_JSON = "backslashreplace"
"""Writes half of a surrogate pair, which UTF-8 cannot encode, as JSON's escape."""


class MetadataFile(NamedTuple):
    """The rows, by the file that each describes."""

    path: str
    columns: tuple[str, ...]
    """The columns of a table; empty for JSON, whose rows may differ."""
    rows: Mapping[str, Mapping[str, Any]]

    @property
    def name(self) -> str:
        """Its file name."""
        return Path(self.path).name

    @property
    def has_labels(self) -> bool:
        """Whether it has the classes."""
        return any(LABEL in row for row in self.rows.values())

    @property
    def has_more(self) -> bool:
        """Whether it has more than the classes."""
        return any(row.keys() - {FILE_NAME, LABEL} for row in self.rows.values())

    def label(self, name: str) -> str:
        """Return the class of a file; raises FileError."""
        if (found := self.rows.get(name, {}).get(LABEL)) is None:
            raise FileError(shown(self.path), f"has no {LABEL} for {shown(name)}")
        try:
            return os.fsdecode(os.fsencode(str(found)))
        except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold
            raise FileError(shown(self.path), f"has a {LABEL} that is not text for {shown(name)}") from None

    def of_files(self, places: Mapping[str, str]) -> bytes:
        """Return the contents of a metadata file with the rows of some files, under their new names."""
        rows = [{**row, FILE_NAME: places[name]} for name, row in self.rows.items() if name in places]
        if not self.columns:
            return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode(errors=AS_IN_JSON)
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()


def read(folder: str) -> MetadataFile | None:
    """Return that of a folder, if it has one; raises FileError."""
    path = next((str(Path(folder) / name) for name in NAMES if (Path(folder) / name).is_file()), None)
    if path is None:
        return None
    try:
        with naming(path), open(path, "rb") as file:
            text = bounded_read.read(file, MOST_BYTES).decode("utf-8-sig")
        return _of_table(path, text) if path.endswith(".csv") else _of_lines(path, text)
    except (ValueError, csv.Error, RecursionError, bounded_read.TooLongError) as error:
        raise FileError(shown(path), f"is not a table of metadata ({error})") from None


def _of_table(path: str, text: str) -> MetadataFile:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    columns = tuple(reader.fieldnames or ())
    rows: dict[str, Mapping[str, Any]] = {}
    for row in reader:
        if None in row or None in row.values():
            raise ValueError(f"line {reader.line_num} does not have {len(columns)} columns")
        _add(rows, row, reader.line_num)
    return MetadataFile(path, columns, rows)


def _of_lines(path: str, text: str) -> MetadataFile:
    rows: dict[str, Mapping[str, Any]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            _add(rows, json.loads(line), number)
    return MetadataFile(path, (), rows)


def _add(rows: dict[str, Mapping[str, Any]], row: Any, line: int) -> None:
    name = row.get(FILE_NAME) if isinstance(row, dict) else None
    if not isinstance(name, str):
        raise ValueError(f"line {line} has no {FILE_NAME}")
    if name in rows:
        raise ValueError(f"line {line} names {shown(name)} twice")
    rows[name] = row
