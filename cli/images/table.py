"""Tables of numbers that accompany a picture, as CSV or JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any


def write(file: io.BytesIO, name: str, columns: Sequence[str], rows: Any, format: str, software: str) -> None:
    """Write *rows* of numbers, one for each of the *columns*, into *file*.

    CSV has the names of the columns in the first line. JSON is an object with a list *name* of objects, and *software*,
    the line that names the program, unless it is empty. Numbers are as short as their value allows.
    """
    values = [[_plain(value) for value in row] for row in rows.tolist()]
    if format == "csv":
        lines = [",".join(columns), *(",".join(map(repr, row)) for row in values)]
        file.write("".join(f"{line}\n" for line in lines).encode())
        return
    whole: dict[str, Any] = {"software": software} if software else {}
    whole[name] = [dict(zip(columns, row, strict=True)) for row in values]
    file.write(f"{json.dumps(whole, indent=1)}\n".encode())


def _plain(value: float) -> float | int:
    return int(value) if value.is_integer() else value
