"""Kernels given as built-in names, literals, or files of the families in `kernel_files`."""

from __future__ import annotations

import contextlib
import difflib
import re
from pathlib import Path
from typing import Any

from ..lazy_numpy import np
from ..named_tuple import NamedTuple
from ..parameters import FileContent, held
from . import kernels
from .kernel_reading import Reading
from .kernels import Kernel

MOST_IN_A_ROW = 4096
"""The largest file, in bytes, that may be a square kernel in one row."""


class Source(NamedTuple):
    """A kernel as read, the family it was recognised as, and its name."""

    reading: Reading
    family: str
    name: str

    @property
    def kernel(self) -> Kernel:
        """The kernel itself."""
        return self.reading.kernel

    @property
    def described(self) -> str:
        """Name, family and notes on one line."""
        return f"{self.name} ({'; '.join([self.family, *self.reading.notes, *self.reading.added])})"


class UnknownKernelError(ValueError):
    """A word is not a built-in kernel, a file or numbers."""


def read(given: Any, max_taps: int = kernels.MAX_TAPS) -> Source:
    """Read a kernel: an array or rows of numbers, a `Kernel`, a built-in name, a file, or a literal.

    A word that is neither a built-in name nor an existing file is a literal. Raises ValueError with a one-line message
    that names the file, the row and the token, or `UnknownKernelError` if the word is not a literal either.

    >>> read("0 -1 0; -1 5 -1; 0 -1 0").kernel.sum
    1.0
    >>> read("sobel-x").kernel.weights.tolist()[0]
    [-1.0, 0.0, 1.0]
    """
    if isinstance(given, Source):
        return given
    if isinstance(given, Kernel):
        return Source(Reading(given), "kernel", "kernel")
    if not isinstance(given, (str, Path)):
        return Source(Reading(_of_array(given, max_taps)), "array", "kernel")
    text = given if isinstance(given, str) else str(given)
    if text in kernels.names():
        return Source(Reading(kernels.named()[text]), "built-in", text)
    if not text.strip():
        raise ValueError("the kernel is empty")
    if isinstance(text, FileContent) or _exists(Path(text)):
        return _of_file(text, max_taps)
    return _of_literal(text, max_taps)


def _of_array(given: Any, max_taps: int) -> Kernel:
    from .kernel_files.text import check_taps

    with contextlib.suppress(ValueError):  # ragged rows, which are reported below
        if np.shape(given)[:-2] in ((1,), (1, 1)):  # a bank of one kernel
            given = np.asarray(given).reshape(np.shape(given)[-2:])
    kernel = Kernel.of(given)
    height, width = kernel.shape
    check_taps("the kernel", width, height, max_taps)
    return kernel


def _of_literal(literal: str, max_taps: int) -> Source:
    # File readers are imported on demand: a built-in kernel needs none.
    from . import filter_banks, kernel_files
    from .kernel_files import plain
    from .kernel_files.text import AS_WRITTEN, Text

    if (pasted := kernel_files.read_literal(literal, max_taps)) is not None:
        family, reading = pasted
        return Source(reading, family, "literal")
    if re.search(r"[a-df-z_\\]", literal, re.IGNORECASE) or not re.search(r"\d", literal):
        near = difflib.get_close_matches(literal, [*kernels.names(), *filter_banks.BUILT_IN], n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`imfilter kernels` lists the names"
        raise UnknownKernelError(f"{literal!r} is neither a built-in kernel nor a file ({hint})")
    reading = plain.read(Text("the literal", literal, max_taps))
    notes = tuple(note for note in reading.understood if note != AS_WRITTEN)  # literals are always applied as written
    return Source(reading._replace(understood=notes), "literal", "literal")


def _of_file(name: str, max_taps: int) -> Source:
    from . import kernel_files

    data = kernel_files.contents(name, max_taps, held(name))
    family, reading = kernel_files.read(data, name, max_taps)
    return Source(reading, family, name)


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except PermissionError:  # opening it will report that
        return True
    except (OSError, ValueError):  # a literal that is too long for a file name
        return False
    return True


def write(kernel: Kernel, offset: float = 0.0) -> str:
    """Return the kernel as text that `read` reads back to the same weights, anchor and offset.

    Writes plain rows if they suffice; an anchor is written in ImageMagick's format, an offset in libvips'.

    >>> print(write(Kernel.of([[0, 0.5], [1, -2]])), end="")
    0 0.5
    1 -2
    >>> print(write(Kernel.of([[1, 2]], anchor=(0, 0))), end="")
    2x1+0+0:
    1 2
    >>> print(write(Kernel.of([[1, 2]]), offset=10), end="")
    2 1 1 10
    1 2
    """
    height, width = kernel.shape
    if offset:
        kernel = centred(kernel)
        height, width = kernel.shape
    rows = "".join(" ".join(_shortest(value) for value in row) + "\n" for row in kernel.weights.tolist())
    if offset:
        return f"{width} {height} 1 {_shortest(offset)}\n{rows}"
    if kernel.anchor != (width // 2, height // 2):
        return f"{width}x{height}+{kernel.anchor[0]}+{kernel.anchor[1]}:\n{rows}"
    # A decimal point, "3.0 3", distinguishes a first row from a libvips header.
    return re.sub(r"^(-?\d+)(?= )", r"\1.0", rows) if _passes_for_header(rows) else rows


SQUARES = {side * side: side for side in range(3, 12)}


def flat_square(given: Any) -> str:
    """Return the literal of the square kernel that a row of numbers may stand for; empty for any other kernel.

    >>> flat_square("1 2 1 2 4 2 1 2 1"), flat_square("1 2 1")
    ('1 2 1; 2 4 2; 1 2 1', '')
    """
    if not isinstance(given, str) or len(held(given) or b"") > MOST_IN_A_ROW or given in kernels.names():
        return ""
    try:
        source = read(given)
    except ValueError:  # reported when it is applied
        return ""
    side = SQUARES.get(source.kernel.shape[1])
    if source.family not in ("literal", "plain") or source.kernel.shape[0] > 1 or side is None:
        return ""
    return as_literal(Kernel.of(source.kernel.taps.reshape(side, side), source.kernel.divisor))


def as_literal(kernel: Kernel) -> str:
    """Return the kernel on one line that `read` reads back to the same weights, with the anchor in the middle.

    >>> as_literal(kernels.mean((3, 1))), as_literal(Kernel.of([[0, 1], [2, 0.5]]))
    ('1 1 1 / 3', '0 1; 2 0.5')
    """
    rows = "; ".join(" ".join(_shortest(tap) for tap in row) for row in kernel.taps.tolist())
    return rows if kernel.divisor == 1 else f"{rows} / {_shortest(kernel.divisor)}"


def centred(kernel: Kernel) -> Kernel:
    """Return the same filter with its anchor in the middle, padded with zeros where needed.

    >>> centred(Kernel.of([[1, 2, 3]], anchor=(0, 0))).weights.tolist()
    [[0.0, 0.0, 1.0, 2.0, 3.0]]
    """
    height, width = kernel.shape
    if kernel.anchor == (width // 2, height // 2):
        return kernel

    def zeros(at: int, size: int) -> tuple[int, int]:
        return max(0, size - 1 - 2 * at), max(0, 2 * at - size)

    x, y = kernel.anchor
    return Kernel.of(np.pad(kernel.taps, (zeros(y, height), zeros(x, width))), kernel.divisor)


def _passes_for_header(rows: str) -> bool:
    from .kernel_files import libvips
    from .kernel_files.text import Text

    return libvips.recognise(Text("", rows, rows.count("\n")))


def _shortest(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
