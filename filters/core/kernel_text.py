"""Kernels as people write them: built-in names, literals, text files, `.npy` files.

The family of a file is told from what is in it, not from its suffix: *plain* (numbers in rows), *libvips*
(first line ``W H [scale [offset]]``, then exactly W·H values; ArcGIS writes the same without a scale) and
NumPy's ``.npy``.
"""

from __future__ import annotations

import difflib
import io
import json
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from . import kernels
from .kernels import Kernel
from .lazy import Array, np

MAX_BYTES = 4 << 20
NPY_MAGIC = b"\x93NUMPY"


@dataclass(frozen=True)
class Source:
    """A kernel that was read, what it was taken for, and the constant its file adds to the result."""

    kernel: Kernel
    family: str
    name: str
    offset: float = 0.0


def read(given: Any, max_taps: int = kernels.MAX_TAPS) -> Source:
    """Read a kernel: an array or rows of numbers, a `Kernel`, a built-in name, a file, or a literal.

    A word that is neither a built-in name nor an existing file is a literal. Raises ValueError, in one
    line that names the file, the row and the token.

    >>> read("0 -1 0; -1 5 -1; 0 -1 0").kernel.sum
    1.0
    >>> read("sobel-x").kernel.weights.tolist()[0]
    [-1.0, 0.0, 1.0]
    """
    if isinstance(given, Source):
        return given
    if isinstance(given, Kernel):
        return Source(given, "kernel", "kernel")
    if not isinstance(given, (str, Path)):
        return Source(_limited(Kernel.of(given), max_taps, "the kernel"), "array", "kernel")
    text = str(given)
    built_in = kernels.named()
    if text in built_in:
        return Source(built_in[text], "built-in", text)
    path = Path(text)
    if not text.strip():
        raise ValueError("the kernel is empty")
    if _exists(path):
        return _read_file(path, max_taps)
    if re.search(r"[a-df-z_\\]", text, re.IGNORECASE) or not re.search(r"\d", text):
        near = difflib.get_close_matches(text, built_in, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`imfilter kernels` lists the names"
        raise ValueError(f"{text!r} is neither a built-in kernel nor a file ({hint})")
    return Source(_limited(Kernel.of(_plain(text, "the literal")), max_taps, "the literal"), "literal", "literal")


def write(kernel: Kernel) -> str:
    """Return the kernel as plain text that `read` reads back to the same weights.

    >>> print(write(Kernel.of([[0, 0.5], [1, -2]])), end="")
    0 0.5
    1 -2
    """
    text = "".join(" ".join(_shortest(value) for value in row) + "\n" for row in kernel.weights.tolist())
    # A first row that would pass for a libvips header is told from one by its point: "3.0 3".
    return re.sub(r"^(-?\d+)(?= )", r"\1.0", text) if _header(_lines(text)) else text


def _shortest(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except PermissionError:  # opening it will say so
        return True
    except (OSError, ValueError):  # a literal longer than a file name may be
        return False
    return True


def _limited(kernel: Kernel, max_taps: int, where: str) -> Kernel:
    height, width = kernel.shape
    if height * width > max_taps:
        raise ValueError(
            f"{where} has {width}×{height} = {height * width} taps; the limit is {max_taps} (--max-taps raises it)"
        )
    return kernel


def _read_file(path: Path, max_taps: int) -> Source:
    name = str(path)
    limit = max(MAX_BYTES, 32 * max_taps)
    try:
        if path.is_dir():
            raise ValueError(f"{name}: is a folder, not a kernel file")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise ValueError(f"{name}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > limit:
        raise ValueError(
            f"{name}: is larger than {limit >> 20} MiB, the limit for {max_taps} taps (--max-taps raises it)"
        )
    if data.startswith(NPY_MAGIC):
        return Source(_limited(_from_npy(data, name), max_taps, name), ".npy", name)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not wide and re.search(rb"[\0-\x08\x0e-\x1f]", data[:1024]):
        raise ValueError(f"{name}: is not text, and not a .npy file")
    # A comment in an older encoding does no harm; a byte that is no text in a number is named below.
    text = data.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    if (libvips := _libvips(_lines(text), name)) is not None:
        kernel, offset = libvips
        return Source(_limited(kernel, max_taps, name), "libvips", name, offset)
    return Source(_limited(Kernel.of(_plain(text, name)), max_taps, name), "plain", name)


def _from_npy(data: bytes, name: str) -> Kernel:
    try:
        array: Array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError, MemoryError) as error:
        raise ValueError(f"{name}: is no readable .npy file ({error})") from None
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name}: holds {array.dtype}, a kernel holds real numbers")
    if array.ndim not in (1, 2) or array.size == 0:
        raise ValueError(f"{name}: has the shape {array.shape}, a kernel is a matrix")
    try:
        return Kernel.of(array)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines that hold something, numbered, without their comments."""
    bare = (
        (number, re.split(r"#|//|%", line, maxsplit=1)[0].strip()) for number, line in enumerate(text.splitlines(), 1)
    )
    return [(number, line) for number, line in bare if line]


def _header(lines: list[tuple[int, str]]) -> list[float] | None:
    """The first line's numbers where it is ``W H [scale [offset]]`` and W·H values follow."""
    try:
        header = [float(token) for token in _separated(lines[0][1])]
        width, height = (int(token) for token in _separated(lines[0][1])[:2])
    except (ValueError, IndexError):
        return None
    count = sum(len(_separated(line)) for _, line in lines[1:])
    return header if len(header) <= 4 and width > 0 and width * height == count > 0 else None


def _libvips(lines: list[tuple[int, str]], name: str) -> tuple[Kernel, float] | None:
    """Read a header and its values; None where the file is something else."""
    header = _header(lines)
    if header is None:
        return None
    width, height, scale, offset = (*header, *(1.0, 0.0)[len(header) - 2 :])
    if not (1 / kernels.LARGEST <= abs(scale) <= kernels.LARGEST and abs(offset) <= kernels.LARGEST):
        raise ValueError(f"{name}, line {lines[0][0]}: cannot apply the scale {scale:g} and the offset {offset:g}")
    values = [_number(token, f"{name}, line {number}") for number, line in lines[1:] for token in _separated(line)]
    return Kernel.of(np.reshape(values, (int(height), int(width))), scale), offset


def _separated(row: str) -> list[str]:
    """Split a row by blanks, tabs and commas; brackets are no part of a value."""
    return [token for part in row.replace(",", " ").split() if (token := part.strip("[](){}"))]


def _plain(text: str, name: str) -> list[list[float]]:
    """Read rows of numbers; the rows by newline or ``;`` (or brackets), the values by blank, tab or comma."""
    lines = _lines(text)
    rows = _json(text) or _decimal_commas(lines, name)
    if rows is None:
        # JSON rows, or NumPy's, may share a line.
        parts = ((number, re.split(r";|\]\s*,?\s*\[", line)) for number, line in lines)
        rows = [(f" (line {number})", _separated(row)) for number, line in parts for row in line]
    rows = [(place, tokens) for place, tokens in rows if tokens]
    if not rows:
        raise ValueError(f"{name}: holds no numbers")
    places = [f"{name}, row {row}{place}" for row, (place, _) in enumerate(rows, 1)]
    matrix = [[_number(token, place) for token in tokens] for place, (_, tokens) in zip(places, rows, strict=True)]
    for place, values in zip(places, matrix, strict=True):
        if len(values) != len(matrix[0]):
            raise ValueError(f"{place}: has {len(values)} values where row 1 has {len(matrix[0])}")
    return matrix


def _json(text: str) -> list[tuple[str, list[str]]] | None:
    """Read rows from JSON lists, whose lines mean nothing; None where the text is something else."""
    if not text.lstrip().startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    rows = value if any(isinstance(row, list) for row in value) else [value]
    return [("", [str(token) for token in (row if isinstance(row, list) else [row])]) for row in rows]


def _decimal_commas(lines: list[tuple[int, str]], name: str) -> list[tuple[str, list[str]]] | None:
    """Read rows as spreadsheets of many languages write them, ``0,5;1;0,5``; None where commas separate.

    A comma is a decimal one where ``;`` or tabs alone separate, and no value holds two commas or a point.
    """
    rows = [re.split(r"[;\t]", line.strip("; \t")) for _, line in lines]
    tokens = [token for row in rows for token in row]
    if not all(re.fullmatch(r"[-+]?\d*(,\d+)?(e[-+]?\d+)?", token, re.IGNORECASE) for token in tokens):
        return None
    if not any("," in token for token in tokens) or not any(len(row) > 1 for row in rows):
        return None
    if len(rows) == 1 and all("," in token for token in tokens) and ";" in lines[0][1]:
        raise ValueError(f"{name}: {_short(lines[0][1])} may mean two things; write points, or blanks for the commas")
    return [(f" (line {number})", row) for (number, _), row in zip(lines, rows, strict=True)]


def _number(token: str, where: str) -> float:
    try:
        if "_" in token:
            raise ValueError
        token = re.sub(r"^([-+]?\d*),(\d)", r"\1.\2", token)
        value = float(Fraction(token)) if "/" in token else float(token)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise ValueError(f"{where}: {_short(token)} is not a number") from None
    if not abs(value) <= kernels.LARGEST:
        raise ValueError(f"{where}: {_short(token)} is not a finite number, of {kernels.LARGEST:g} at most")
    return value


def _short(token: str) -> str:
    """Quote a token for an error message, however long it is."""
    return repr(token if len(token) <= 30 else token[:30] + "…")
