"""The text of a kernel file: its lines, words and numbers, and errors that name file, line and token."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from itertools import islice

from ...lazy_numpy import np
from ...named_tuple import NamedTuple
from .. import kernels
from ..kernels import Kernel

AS_WRITTEN = "applied as written"
"""A reader's note that its tool applies the kernel unrotated."""


class Line(NamedTuple):
    """A non-blank line and its number."""

    number: int
    text: str


class Word(NamedTuple):
    """A word and its line number; 0 if lines have no meaning."""

    line: int
    text: str


class Text:
    """The text of a kernel file, with its name."""

    def __init__(self, name: str, content: str, max_taps: int = kernels.MAX_TAPS) -> None:
        self.name, self.content, self.max_taps = name, content, max_taps

    def error(self, message: str, line: int = 0) -> ValueError:
        """Return a one-line error that names the file and, if given, the line."""
        return ValueError(f"{self.name}{f', line {line}' if line else ''}: {message}")

    @cached_property
    def lines(self) -> list[Line]:
        """All non-blank lines, without `#` comments."""
        return self.bare("#")

    def bare(self, comments: str) -> list[Line]:
        """Return the non-blank lines, without comments, which begin with the pattern *comments*."""
        lines = self.content.splitlines()
        # A tap takes at most one line; without a limit a file of newlines takes seconds.
        if len(lines) > self.max_taps + 10_000:
            raise self.error(f"has {len(lines)} lines, too many for {self.max_taps} taps (--max-taps raises it)")
        bare = (re.split(comments, line, maxsplit=1)[0].strip() for line in lines)
        return [Line(number, line) for number, line in enumerate(bare, 1) if line]

    @cached_property
    def first(self) -> str:
        """The first non-blank line; empty if there is none."""
        for match in islice(re.finditer(r"[^\r\n]+", self.content), 10_000):
            if line := match[0].partition("#")[0].strip():
                return line
        return ""

    def check_size(self, width: int, height: int) -> None:
        """Raise ValueError if a kernel of this size has no taps, or more than the limit."""
        if width < 1 or height < 1:
            raise self.error(f"has the invalid size {width}×{height}")
        check_taps(self.name, width, height, self.max_taps)

    def words(self, lines: Iterable[Line]) -> list[Word]:
        """Split lines by blanks, tabs and commas; raises ValueError if there are more words than the limit of taps."""
        words: list[Word] = []
        for line in lines:
            more = separated(line.text)
            self.check_many(len(words) + len(more))
            words += [Word(line.number, word) for word in more]
        return words

    def check_many(self, count: int) -> None:
        """Raise ValueError if there are more words than the taps and the header of a kernel can have."""
        if count > self.max_taps + 100:
            raise self.error(
                f"holds more than {self.max_taps} values, the limit of a kernel's taps (--max-taps raises it)"
            )

    def number(self, word: Word, what: str = "") -> float:
        """Return the number that a word stands for; *what* names it in an error."""
        place = ", ".join([self.name, *([f"line {word.line}"] if word.line else []), *([what] if what else [])])
        return number(word.text, place)

    def whole(self, word: Word, what: str) -> int:
        """Return the whole number that a word stands for."""
        if not re.fullmatch(r"\+?[0-9]{1,9}", word.text):
            raise self.error(f"{what}: {short(word.text)} is not a whole number", word.line)
        return int(word.text)

    def matrix(self, words: Sequence[Word], width: int, height: int, what: str = "") -> list[list[float]]:
        """Return *height* rows of *width* numbers; raises ValueError if there are more or fewer words."""
        self.check_count(words, width, height, what)
        values = [self.number(word, what) for word in words]
        return [values[start : start + width] for start in range(0, len(values), width)]

    def partial(
        self, words: Sequence[Word], width: int, height: int, missing: Collection[str | float]
    ) -> tuple[list[list[float]], tuple[str, ...]]:
        """Return the numbers, with 0 for each cell equal to *missing* (a word or a number), and a note about those."""
        self.check_count(words, width, height)
        gone = {word.lower() for word in missing if isinstance(word, str)}
        kept = [None if word.text.lower() in gone else self.number(word) for word in words]
        values = [None if value in missing else value for value in kept]
        count = values.count(None)
        if count == len(values):
            raise self.error("has no cell that is part of the kernel")
        note = (f"{count} missing {'cell counts' if count == 1 else 'cells count'} as 0",) if count else ()
        filled = [value or 0.0 for value in values]
        return [filled[start : start + width] for start in range(0, len(filled), width)], note

    def check_count(self, words: Sequence[Word], width: int, height: int, what: str = "") -> None:
        """Raise ValueError if there are more or fewer words than cells."""
        self.check_size(width, height)
        if len(words) != width * height:
            where = f"{what}: " if what else ""
            raise self.error(f"{where}holds {len(words)} values, but {width}×{height} needs {width * height}")

    def rows(self, lines: Sequence[Line]) -> list[list[float]]:
        """Return a row of numbers for each line; raises ValueError if they differ in length."""
        rows = [(f" (line {line.number})" if line.number else "", separated(line.text)) for line in lines]
        return self.rectangle([row for row in rows if row[1]])

    def rectangle(self, rows: Sequence[tuple[str, Sequence[str]]], hint: str = "") -> list[list[float]]:
        """Return the numbers of rows, each given with its position in words; *hint* ends the error for a ragged row."""
        if not rows:
            raise self.error("holds no numbers")
        taps = sum(len(row) for _, row in rows)
        width = len(rows[0][1])
        if taps == width * len(rows):
            self.check_size(width, len(rows))
        elif taps > self.max_taps:
            raise self.error(f"has {taps} taps; the limit is {self.max_taps} (--max-taps raises it)")
        matrix = []
        for place, (behind, row) in enumerate(rows, 1):
            where = f"{self.name}, row {place}{behind}"
            matrix.append([number(token, where) for token in row])
            if len(row) != width:
                values = "1 value" if len(row) == 1 else f"{len(row)} values"
                raise ValueError(f"{where}: has {values}, but row 1 has {width}{hint}")
        return matrix

    def divisor(self, word: Word, what: str) -> float:
        """Return a number to divide by; raises ValueError if that is impossible."""
        value = self.number(word, what)
        if abs(value) < 1 / kernels.MAX_VALUE:
            raise self.error(f"{what}: cannot divide by {short(word.text)}", word.line)
        return value

    def anchor(self, x: int, y: int, width: int, height: int, line: int = 0) -> tuple[int, int]:
        """Return the anchor; raises ValueError if it lies outside the kernel."""
        if x >= width or y >= height:
            raise self.error(f"the anchor {x},{y} lies outside the {width}×{height} kernel", line)
        return x, y


def check_taps(name: str, width: int, height: int, max_taps: int) -> None:
    """Raise ValueError if a kernel has more taps than the limit."""
    if width * height > max_taps:
        raise ValueError(
            f"{name} has {width}×{height} = {width * height} taps; the limit is {max_taps} (--max-taps raises it)"
        )


def separated(row: str) -> list[str]:
    r"""Split a row by blanks, tabs and commas; brackets are ignored.

    >>> separated("[1, 2\t3]")
    ['1', '2', '3']
    """
    return [token for part in row.replace(",", " ").split() if (token := part.strip("[](){}"))]


def number(token: str, where: str) -> float:
    """Return the number, or fraction, that *token* stands for; raises a ValueError that begins with *where*.

    >>> number("1/16", "k.txt, line 1"), number("0,5", "k.txt, line 1")
    (0.0625, 0.5)
    """
    try:
        if "_" in token or len(token) > 1000:
            raise ValueError
        token = re.sub(r"^([-+]?\d*),(\d)", r"\1.\2", token.replace("−", "-"))
        value = _fraction(token) if "/" in token else float(token)
    except (ValueError, ZeroDivisionError, OverflowError):
        long = f" ({len(token)} characters)" if len(token) > 1000 else ""
        raise ValueError(f"{where}: {short(token)} is not a number{long}") from None
    if not abs(value) <= kernels.MAX_VALUE:
        raise ValueError(f"{where}: {short(token)} is not a finite number of at most {kernels.MAX_VALUE:g}")
    return value


def _fraction(token: str) -> float:
    from fractions import Fraction  # it imports decimal, which is as slow as all the readers

    return float(Fraction(token))


def short(token: str) -> str:
    """Quote a token for an error message, however long it is."""
    return repr(token if len(token) <= 30 else token[:30] + "…")


def turned(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """Rotate rows of numbers by 180°.

    >>> turned([[1, 2], [3, 4]])
    [[4, 3], [2, 1]]
    """
    return [list(row[::-1]) for row in matrix[::-1]]


def total(matrix: Sequence[Sequence[float]]) -> float:
    """Return the sum of all numbers; a sum as small as the rounding errors of its terms is 0."""
    return Kernel.of(np.asarray(matrix)).sum
