"""Kernels as people write them: built-in names, literals, text files, `.npy` files.

The family of a file is told from what is in it, not from its suffix: *plain* (numbers in rows), *libvips*
(first line ``W H [scale [offset]]``, then exactly W·H values; ArcGIS writes the same without a scale) and
NumPy's ``.npy``.
"""

from __future__ import annotations

import difflib
import io
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
    if _exists(path):
        return _read_file(path, max_taps)
    if re.search(r"[a-df-z_/\\]", text, re.IGNORECASE) or not re.search(r"\d", text):
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
    return "".join(" ".join(_shortest(value) for value in row) + "\n" for row in kernel.weights.tolist())


def _shortest(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a literal longer than a file name may be
        return False


def _limited(kernel: Kernel, max_taps: int, where: str) -> Kernel:
    height, width = kernel.shape
    if height * width > max_taps:
        raise ValueError(
            f"{where} has {width}×{height} = {height * width} taps; the limit is {max_taps} (--max-taps raises it)"
        )
    return kernel


def _read_file(path: Path, max_taps: int) -> Source:
    name = str(path)
    try:
        if path.is_dir():
            raise ValueError(f"{name}: is a folder, not a kernel file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"{name}: larger than {MAX_BYTES >> 20} MiB, which no kernel is")
    if data.startswith(NPY_MAGIC):
        return Source(_limited(_from_npy(data, name), max_taps, name), ".npy", name)
    if b"\0" in data[:1024] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError(f"{name}: is not text, and not a .npy file")
    try:
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{name}: is not text, and not a .npy file") from None
    if (libvips := _libvips(text, name)) is not None:
        kernel, offset = libvips
        return Source(_limited(kernel, max_taps, name), "libvips", name, offset)
    return Source(_limited(Kernel.of(_plain(text, name)), max_taps, name), "plain", name)


def _from_npy(data: bytes, name: str) -> Kernel:
    try:
        array: Array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{name}: is no readable .npy file ({error})") from None
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name}: holds {array.dtype}, a kernel holds real numbers")
    if array.ndim not in (1, 2) or array.size == 0:
        raise ValueError(f"{name}: has the shape {array.shape}, a kernel is a matrix")
    try:
        return Kernel.of(array)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _libvips(text: str, name: str) -> tuple[Kernel, float] | None:
    """Read ``W H [scale [offset]]`` and W·H values; None where the file is something else."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return None
    header = _separated(lines[0])
    body = [token for line in lines[1:] for token in _separated(line)]
    try:
        numbers = [float(token) for token in header]
        width, height = int(header[0]), int(header[1])
    except (ValueError, IndexError):
        return None
    if not 2 <= len(numbers) <= 4 or width * height != len(body) or width < 1:
        return None
    scale, offset = (*numbers[2:], *(1.0, 0.0)[len(numbers) - 2 :])
    if scale == 0 or not np.isfinite([scale, offset]).all():
        raise ValueError(f"{name}, line 1: a kernel cannot be divided by the scale {scale:g}")
    values = [_number(token, f"{name}, value {i + 1}") for i, token in enumerate(body)]
    return Kernel.of(np.reshape(values, (height, width)), scale), offset


def _separated(line: str) -> list[str]:
    return line.replace(",", " ").split()


def _plain(text: str, name: str) -> list[list[float]]:
    """Read rows of numbers; the rows by newline or ``;`` (or brackets), the values by blank, tab or comma."""
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        content = re.split(r"#|//|%", line, maxsplit=1)[0]
        if not content.strip():
            continue
        rows += [(number, tokens) for tokens in _rows_of(content)]
    rows = _without_brackets(rows)
    if not rows:
        raise ValueError(f"{name}: holds no numbers")
    matrix = [
        [_number(token, f"{name}, row {row + 1} (line {line})") for token in tokens]
        for row, (line, tokens) in enumerate(rows)
    ]
    for row, values in enumerate(matrix):
        if len(values) != len(matrix[0]):
            raise ValueError(
                f"{name}, row {row + 1} (line {rows[row][0]}): "
                f"has {len(values)} values where row 1 has {len(matrix[0])}"
            )
    return matrix


def _rows_of(content: str) -> list[list[str]]:
    """Split one line into rows of tokens, brackets kept as part of them."""
    # ";" separates rows, as in MATLAB; but beside commas without blanks it separates values, as spreadsheets write.
    if ";" in content and re.search(r"\d,\d", content) and not re.search(r"[\s\[(]", content.strip()):
        return [[token.replace(",", ".") for token in content.strip().rstrip(";").split(";")]]
    if "\t" in content and re.search(r"\d,\d", content) and " " not in content.strip():
        return [[token.replace(",", ".") for token in content.split()]]
    content = re.sub(r"\]\s*,?\s*\[", ";", content)  # JSON rows on one line
    return [tokens for row in content.split(";") if (tokens := _separated(row))]


def _without_brackets(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Drop the brackets of ``[a b; c d]``, ``(a,b;c,d)`` and JSON lists."""
    bare = []
    for line, tokens in rows:
        kept = [token for part in tokens if (token := part.strip("[](){}"))]
        if kept:
            bare.append((line, kept))
    return bare


def _number(token: str, where: str) -> float:
    try:
        value = float(Fraction(token)) if "/" in token else float(token)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise ValueError(f"{where}: {token!r} is not a number") from None
    if not np.isfinite(value):
        raise ValueError(f"{where}: {token!r} is not a finite number")
    return value
