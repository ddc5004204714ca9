"""Ranges and choices in a step, drawn again for each variant.

A range is `A..B`, of whole numbers with both ends, `A..B:S` in steps of S; a choice is `{a|b|c}`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import product

from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from ....filters.core.parameters import Parameter, ParameterError

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
WRITTEN = re.compile(rf"({NUMBER}(?:[:/]{NUMBER})?%?)\.\.({NUMBER}(?:/{NUMBER})?%?)(?::({NUMBER}%?))?")
"""Matches a range. In 3:4..4:3, the text after the colon belongs to the ratio."""
CHOICE = re.compile(r"\{(.*)\}", re.DOTALL)
DIGITS = 12
"""Significant digits of a drawn number: the last bits of logarithms differ between machines."""
FEW = 8
"""Up to this number, draws are faster one by one than as an array."""
MOST_AT_ONCE = 2.0**52
"""Integers up to this are exact in float64."""
POWERS = tuple(float(f"1e{power}") for power in range(23))
DOUBT = 0.004
"""The doubt in units of the last digit: 20 times the rounding error of the value."""
MOST_TRIED = 64
"""Up to this number, the numbers of a range and words of a choice are all tried before the work; else both ends."""

Draw = Callable[[str, int], float]
"""Returns the number in [0, 1) for a parameter and an attempt."""


class Range(NamedTuple):
    """The numbers from *low* to *high*."""

    low: float
    high: float
    step: float = 0.0
    """The step between numbers; 0 for a continuous range."""
    whole: bool = False
    ratio: bool = False
    """Whether its logarithm is drawn."""
    unit: str = ""
    """A percent sign, or nothing."""

    def at(self, share: float) -> float:
        """Return the number for a draw.

        >>> Range(3, 7, 2, whole=True).at(0.4), Range(0.25, 4, ratio=True).at(0.75), Range(-15, 15).at(0.1)
        (5, 2.0, -12.0)
        """
        if self.step:
            count = math.floor((self.high - self.low) / self.step * (1 + 1e-12) + 1e-9) + 1
            value = self.low + min(int(share * count), count - 1) * self.step
        elif self.ratio:
            value = math.exp((1 - share) * math.log(self.low) + share * math.log(self.high))
        else:
            value = self.low + share * (self.high - self.low)
        if self.whole:
            return int(value)
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)

    def of_all(self, shares: Array) -> Array:
        """Return the numbers for an array of draws, equal to those of `at` to the last bit.

        >>> Range(-15, 15).of_all(np.arange(9) / 8)[:3].tolist()
        [-15.0, -11.25, -7.5]
        """
        if len(shares) <= FEW or max(abs(self.low), abs(self.high)) > MOST_AT_ONCE:
            return np.array([self.at(share) for share in shares.tolist()])
        if self.step:
            count = math.floor((self.high - self.low) / self.step * (1 + 1e-12) + 1e-9) + 1
            values = self.low + np.minimum((shares * count).astype(np.int64), count - 1) * self.step
        elif self.ratio:
            values = np.exp((1 - shares) * math.log(self.low) + shares * math.log(self.high))
        else:
            values = self.low + shares * (self.high - self.low)
        if self.whole:
            return values
        found, known = _rounded(values)
        found = np.minimum(np.maximum(found, self.low), self.high)
        for place in np.flatnonzero(~known).tolist():
            found[place] = self.at(shares[place].item())
        return found

    def text(self, value: float) -> str:
        """Return a number of the range as on a command line."""
        return f"{value!r}{self.unit}"

    def tried(self) -> list[float]:
        """Return the numbers that are tried before the work: the ends, or all if there are few."""
        count = int((self.high - self.low) / self.step) + 1 if self.step else 0
        if 0 < count <= MOST_TRIED:
            return [self.at((number + 0.5) / count) for number in range(count)]
        return [self.at(0), self.at(1)]


def _rounded(values: Array) -> tuple[Array, Array]:
    """Return numbers of `DIGITS` digits, and which of them are without doubt the nearest to the *values*.

    As whole numbers below 2⁵³ over powers of ten up to 10²², which are exact, they are what their digits are read as.
    In doubt are halves between two: there, the last bits of logarithms count.
    """
    with np.errstate(divide="ignore"):
        places = DIGITS - 1 - np.floor(np.log10(np.abs(values)))
    known = (places >= 0) & (places < len(POWERS))
    power = np.array(POWERS)[np.where(known, places, 0).astype(np.intp)]
    scaled = values * power
    whole = np.rint(scaled)
    size = np.abs(scaled)
    known &= (size >= POWERS[DIGITS - 1]) & (size < POWERS[DIGITS]) & (np.abs(scaled - whole) < 0.5 - DOUBT)
    return whole / power, known


class Ranges(NamedTuple):
    """A parameter's value that contains one range, or several between commas."""

    name: str
    parts: tuple[str | Range, ...]

    @property
    def ranges(self) -> list[Range]:
        """Its ranges."""
        return [part for part in self.parts if isinstance(part, Range)]

    @property
    def names(self) -> list[str]:
        """The name for drawing; the second range is drawn as ``name 2``."""
        return [self.name, *(f"{self.name} {number}" for number in range(2, len(self.ranges) + 1))]

    def at(self, shares: Sequence[float]) -> list[float]:
        """Return the numbers of each range for its draws."""
        return [part.at(share) for part, share in zip(self.ranges, shares, strict=True)]

    def with_values(self, values: Sequence[float]) -> str:
        """Return the value with numbers in place of its ranges."""
        left = iter(values)
        return ",".join(part.text(next(left)) if isinstance(part, Range) else part for part in self.parts)

    def text(self, draw: Draw, attempt: int = 0) -> str:
        """Return the value with drawn numbers."""
        return self.with_values(self.at([draw(name, attempt) for name in self.names]))

    def tried(self) -> Iterator[str]:
        """Yield the values that are tried before the work."""
        ranges = [part for part in self.parts if isinstance(part, Range)]
        several = len(ranges) > 1
        for values in product(*([part.at(0), part.at(1)] if several else part.tried() for part in ranges[:4])):
            left = iter([*values, *(part.at(0) for part in ranges[4:])])
            yield ",".join(part.text(next(left)) if isinstance(part, Range) else part for part in self.parts)


class Choice(NamedTuple):
    """A choice of several words, all equally likely."""

    name: str
    words: tuple[str, ...]

    def text(self, draw: Draw, attempt: int = 0) -> str:
        """Return the drawn word."""
        return self.words[int(draw(self.name, attempt) * len(self.words))]

    def tried(self) -> Iterator[str]:
        """Yield the words."""
        return iter(self.words)


def read(parameter: Parameter, text: str) -> Ranges | Choice | None:
    """Return the range or choice of a *parameter*, None if *text* is a plain value; raises ParameterError."""
    if parameter.kind == "flag":
        return None
    if (found := CHOICE.fullmatch(text)) is not None and "|" in text:
        words = tuple(word.strip() for word in found[1].split("|"))
        if "" in words:
            raise ParameterError(parameter.name, f"{text!r} has an empty choice")
        return Choice(parameter.name, words)
    parts = [_part(parameter, word) for word in text.split(",")]
    return Ranges(parameter.name, tuple(parts)) if any(isinstance(part, Range) for part in parts) else None


def _part(parameter: Parameter, word: str) -> str | Range:
    """Return a range if *word* is one."""
    word = word.strip()
    written = word if not parameter.param.ratio else re.sub(rf"({NUMBER}):({NUMBER})", r"\1/\2", word)
    found = WRITTEN.fullmatch(written)
    if found is None or parameter.kind == "choice":
        return word
    low, high, step = found[1], found[2], found[3]
    if low.endswith("%") != high.endswith("%") or (step and step.endswith("%") != high.endswith("%")):
        raise ParameterError(parameter.name, f"{word!r} has a percent sign at only one end")
    whole = parameter.kind.startswith("int")
    ends = [_number(parameter, end.removesuffix("%"), whole) for end in (low, high)]
    width = _number(parameter, step.removesuffix("%"), whole) if step else 0
    if ends[0] > ends[1]:
        raise ParameterError(parameter.name, f"{word!r} is reversed; write {high}..{low}")
    if step and width <= 0:
        raise ParameterError(parameter.name, f"{word!r} has a step of {step}; it must be above 0")
    unit = "%" if high.endswith("%") else ""
    if not whole and parameter.kind == "text" and all(end == int(end) for end in ends):
        whole = _takes_whole_numbers(parameter, f"{ends[0] + 0.5!r}{unit}", f"{int(ends[0])}{unit}")
    if whole:
        return Range(int(ends[0]), int(ends[1]), int(width) or 1, whole=True, unit=unit)
    if parameter.param.ratio and ends[0] <= 0:
        raise ParameterError(parameter.name, f"{word!r} is drawn on a logarithmic scale; both ends must be above 0")
    return Range(ends[0], ends[1], width, ratio=parameter.param.ratio and not step, unit=unit)


def _number(parameter: Parameter, text: str, whole: bool) -> float:
    try:
        if whole:
            return int(text)
        one, _, other = text.partition("/")
        value = float(one) / float(other or 1)
    except (ValueError, ZeroDivisionError):
        raise ParameterError(parameter.name, f"{text!r} is not a {'whole ' if whole else ''}number") from None
    if not math.isfinite(value):
        raise ParameterError(parameter.name, f"{text} is not a finite number")
    return value


def _takes_whole_numbers(parameter: Parameter, half: str, whole: str) -> bool:
    """Return whether a parameter that is a text accepts the *whole* number but not the *half* one."""

    def takes(text: str) -> bool:
        try:
            parameter.check(parameter.read(text))
        except ParameterError:
            return False
        return True

    return takes(whole) and not takes(half)
