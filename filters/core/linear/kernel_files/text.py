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
"""What a reader notes where its tool lays the kernel on the image as the file has it."""


class Line(NamedTuple):
    """A line that holds something, and its number."""

    number: int
    text: str


class Word(NamedTuple):
    """A word, and the number of its line; 0 where lines mean nothing."""

    line: int
    text: str


class Text:
    """A kernel file's text under its name."""

    def __init__(self, name: str, content: str, max_taps: int = kernels.MAX_TAPS) -> None:
        self.name, self.content, self.max_taps = name, content, max_taps

    def error(self, message: str, line: int = 0) -> ValueError:
        """Return the error of one line that names the file, and the line where there is one."""
        return ValueError(f"{self.name}{f', line {line}' if line else ''}: {message}")

    @cached_property
    def lines(self) -> list[Line]:
        """All lines that are not blank, without `#` comments."""
        return self.bare("#")

    def bare(self, comments: str) -> list[Line]:
        """Return the lines that are not blank, without what follows any of the *comments* (a pattern)."""
        lines = self.content.splitlines()
        # A tap needs no more than a line; without a limit a file of line ends takes seconds.
        if len(lines) > self.max_taps + 10_000:
            raise self.error(f"has {len(lines)} lines, too many for {self.max_taps} taps (--max-taps raises it)")
        bare = (re.split(comments, line, maxsplit=1)[0].strip() for line in lines)
        return [Line(number, line) for number, line in enumerate(bare, 1) if line]

    @cached_property
    def first(self) -> str:
        """The first line that holds something; empty where none does."""
        for match in islice(re.finditer(r"[^\r\n]+", self.content), 10_000):
            if line := match[0].partition("#")[0].strip():
                return line
        return ""

    def check_size(self, width: int, height: int) -> None:
        """Raise ValueError where a kernel of this size has no taps, or more than the limit."""
        if width < 1 or height < 1:
            raise self.error(f"has the invalid size {width}×{height}")
        check_taps(self.name, width, height, self.max_taps)

    def words(self, lines: Iterable[Line]) -> list[Word]:
        """Split lines by blanks, tabs and commas; raises ValueError where there are more than the limit of taps."""
        words: list[Word] = []
        for line in lines:
            more = separated(line.text)
            self.check_many(len(words) + len(more))
            words += [Word(line.number, word) for word in more]
        return words

    def check_many(self, count: int) -> None:
        """Raise ValueError where the words are more than a kernel's taps and a header can be."""
        if count > self.max_taps + 100:
            raise self.error(
                f"holds more than {self.max_taps} values, the limit of a kernel's taps (--max-taps raises it)"
            )

    def number(self, word: Word, what: str = "") -> float:
        """Return the number that a word is; *what* is where it stands, beside the line."""
        place = ", ".join([self.name, *([f"line {word.line}"] if word.line else []), *([what] if what else [])])
        return number(word.text, place)

    def whole(self, word: Word, what: str) -> int:
        """Return the whole number that a word is."""
        if not re.fullmatch(r"\+?[0-9]{1,9}", word.text):
            raise self.error(f"{what}: {short(word.text)} is not a whole number", word.line)
        return int(word.text)

    def matrix(self, words: Sequence[Word], width: int, height: int, what: str = "") -> list[list[float]]:
        """Return *height* rows of *width* numbers; raises ValueError where the words are more or fewer."""
        self.check_count(words, width, height, what)
        values = [self.number(word, what) for word in words]
        return [values[start : start + width] for start in range(0, len(values), width)]

    def partial(
        self, words: Sequence[Word], width: int, height: int, missing: Collection[str | float]
    ) -> tuple[list[list[float]], tuple[str, ...]]:
        """Return the numbers with 0 for each cell that is *missing*, a word or a number, and a note of them."""
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
        """Raise ValueError where the words are more or fewer than the cells."""
        self.check_size(width, height)
        if len(words) != width * height:
            where = f"{what}: " if what else ""
            raise self.error(f"{where}holds {len(words)} values where {width}×{height} needs {width * height}")

    def rows(self, lines: Sequence[Line]) -> list[list[float]]:
        """Return a row of numbers for each line; raises ValueError where they differ in length."""
        rows = [(f" (line {line.number})" if line.number else "", separated(line.text)) for line in lines]
        return self.rectangle([row for row in rows if row[1]])

    def rectangle(self, rows: Sequence[tuple[str, Sequence[str]]], hint: str = "") -> list[list[float]]:
        """Return the numbers of rows, each with what names its place; *hint* ends the error of a ragged one."""
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
                raise ValueError(f"{where}: has {len(row)} values where row 1 has {width}{hint}")
        return matrix

    def divisor(self, word: Word, what: str) -> float:
        """Return a number that can be divided by."""
        value = self.number(word, what)
        if abs(value) < 1 / kernels.MAX_VALUE:
            raise self.error(f"{what}: cannot divide by {short(word.text)}", word.line)
        return value

    def anchor(self, x: int, y: int, width: int, height: int, line: int = 0) -> tuple[int, int]:
        """Return the anchor; raises ValueError where it lies outside the kernel."""
        if x >= width or y >= height:
            raise self.error(f"the anchor {x},{y} lies outside the {width}×{height} kernel", line)
        return x, y


def check_taps(name: str, width: int, height: int, max_taps: int) -> None:
    """Raise ValueError where a kernel has more taps than the limit."""
    if width * height > max_taps:
        raise ValueError(
            f"{name} has {width}×{height} = {width * height} taps; the limit is {max_taps} (--max-taps raises it)"
        )


def separated(row: str) -> list[str]:
    r"""Split a row by blanks, tabs and commas; brackets are no part of a value.

    >>> separated("[1, 2\t3]")
    ['1', '2', '3']
    """
    return [token for part in row.replace(",", " ").split() if (token := part.strip("[](){}"))]


def number(token: str, where: str) -> float:
    """Return the number that *token* is, a fraction too; raises ValueError that begins with *where*.

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
        raise ValueError(f"{where}: {short(token)} is not a finite number, of {kernels.MAX_VALUE:g} at most")
    return value


def _fraction(token: str) -> float:
    from fractions import Fraction  # brings the decimals with it, which is as slow as all the readers

    return float(Fraction(token))


def short(token: str) -> str:
    """Quote a token for an error message, however long it is."""
    return repr(token if len(token) <= 30 else token[:30] + "…")


def turned(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """Turn rows of numbers by 180°.

    >>> turned([[1, 2], [3, 4]])
    [[4, 3], [2, 1]]
    """
    return [list(row[::-1]) for row in matrix[::-1]]


def total(matrix: Sequence[Sequence[float]]) -> float:
    """Return the sum of all numbers; a sum that is 0 but for the rounding of its terms is 0."""
    return Kernel.of(np.asarray(matrix)).sum
