"""Braces in a step, each for several values: ``blur --sigma {1,2,4}`` is three steps.

``{a,b,c}`` are words, ``{1..9..2}`` numbers in steps of 2 (or 1), and ``{1..64..x2}`` numbers, each twice the one
before it. A doubled brace is a literal one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from decimal import Decimal

from ...filters.core.named_tuple import NamedTuple
from ..batch.augment.ranges import NUMBER
from ..console.messages import printable
from ..errors import UsageError

RANGE = re.compile(rf"({NUMBER})\.\.({NUMBER})(?:\.\.(x?)({NUMBER}))?")
MOST = 10_000
"""The most values of a range."""
LONGEST = 20
"""The most digits of a number before the point, or zeros after it."""
DIGITS = 6
"""Significant digits of a number that is a product."""
SAME = Decimal("1e-9")
"""The relative error by which a product may miss the end of its range."""
MARK = 0xF0000
"""The placeholder of the first group in a step's text, a character that no word has."""
PIPE = "|"


class Template(NamedTuple):
    """A step with groups in it."""

    marked: str
    groups: tuple[tuple[str, ...], ...]
    """The values of each group, in the order of the text."""

    def text(self, values: Sequence[str]) -> str:
        """Return the step with a value in place of each group."""
        return _filled(self.marked, values)

    def varying(self, values: Sequence[str]) -> dict[str, str]:
        """Return the options that contain groups, by name, with their text for these *values* of the groups.

        >>> template("blur --op median --size {3,5},{1,3}").varying(["3", "1"])
        {'size': '3,1'}
        """
        found: dict[str, str] = {}
        for name, word in self._words():
            if _has_mark(word):
                found[name] = f"{found[name]} {_filled(word, values)}" if name in found else _filled(word, values)
        return found

    @property
    def heading(self) -> str:
        """The filters of the step with their operators, without what varies; "" if a filter itself varies.

        >>> template("blur --op median --size {3,5} | edges --op {sobel,scharr}").heading
        'blur median | edges'
        """
        parts = [""]
        for name, word in self._words():
            if word == PIPE:
                parts.append("")
            elif not parts[-1] or (name.endswith("op") and not _has_mark(word)):
                parts[-1] = f"{parts[-1]} {word}".strip()
        return "" if any(map(_has_mark, parts)) else " | ".join(parts)

    def _words(self) -> list[tuple[str, str]]:
        """Return the words of the step, each with the option whose value it is, or "".

        If two filters of a chain have an option of the same name, it is preceded by the name of the filter.
        """
        found: list[tuple[str, str, str]] = []
        filter, before = "", ""
        for word in shlex.split(self.marked):
            option, equals, value = word.partition("=")
            if before in ("", PIPE):
                filter = word
            if word.startswith("--") and equals:
                found.append((filter, option[2:], value))
            elif before.startswith("--") and "=" not in before and not word.startswith("--"):
                found.append((filter, before[2:], word))
            else:
                found.append((filter, "", word))
            before = word
        filters: dict[str, set[str]] = {}
        for filter, name, word in found:
            if _has_mark(word):
                filters.setdefault(name, set()).add(filter)
        return [(f"{filter} {name}" if len(filters.get(name, ())) > 1 else name, word) for filter, name, word in found]


def template(text: str) -> Template:
    """Return the step that a *text* describes; raises UsageError if its braces cannot be read.

    >>> found = template("blur --sigma {1,2} --border {reflect,wrap}")
    >>> found.groups, found.text(["2", "wrap"])
    ((('1', '2'), ('reflect', 'wrap')), 'blur --sigma 2 --border wrap')
    """
    marked, groups = "", []
    at = 0
    while at < len(text):
        if text[at : at + 2] in ("{{", "}}"):
            marked += text[at]
            at += 2
        elif text[at] == "}":
            raise UsageError(f"{printable(text)}: a }} has no {{ before it; write }}}} for a literal brace")
        elif text[at] == "{":
            end = text.find("}", at)
            inner = text[at + 1 : end]
            if end < 0 or "{" in inner:
                raise UsageError(f"{printable(text)}: a {{ has no matching }}; write {{{{ for a literal brace")
            marked += chr(MARK + len(groups))
            groups.append(_values(inner))
            at = end + 1
        else:
            marked += text[at]
            at += 1
    try:
        shlex.split(marked)
    except ValueError as error:
        raise UsageError(f"{printable(text)}: {str(error).lower()}") from None
    return Template(marked, tuple(groups))


def _has_mark(word: str) -> bool:
    return any(ord(sign) >= MARK for sign in word)


def _filled(marked: str, values: Sequence[str]) -> str:
    return "".join(values[ord(sign) - MARK] if ord(sign) >= MARK else sign for sign in marked)


def _values(inner: str) -> tuple[str, ...]:
    """Return the values between two braces.

    >>> _values("a, b"), _values("1..9..4"), _values("1..0..0.5"), _values("4..40..x1.5")
    (('a', 'b'), ('1', '5', '9'), ('1', '0.5', '0'), ('4', '6', '9', '13.5', '20.25', '30.375'))
    """
    if (found := RANGE.fullmatch(inner.strip())) is not None:
        low, high, step = Decimal(found[1]), Decimal(found[2]), Decimal(found[4] or 1)
        if any(number and abs(number.adjusted()) > LONGEST for number in (low, high, step)):
            raise UsageError(f"{{{printable(inner)}}} has a number that is too large or too close to 0")
        return _product(inner, low, high, step) if found[3] else _sum(inner, low, high, step)
    values = tuple(value.strip() for value in inner.split(","))
    if "" in values:
        raise UsageError(f"{{{printable(inner)}}} has an empty value")
    return values


def _sum(inner: str, low: Decimal, high: Decimal, step: Decimal) -> tuple[str, ...]:
    if not step:
        raise UsageError(f"{{{inner}}} has a step of 0")
    step = abs(step) if high >= low else -abs(step)
    steps = (high - low) / step
    _check(inner, steps)
    return tuple(_written(low + step * number) for number in range(int(steps) + 1))


def _product(inner: str, low: Decimal, high: Decimal, factor: Decimal) -> tuple[str, ...]:
    if factor <= 0 or factor == 1 or low * high <= 0:
        raise UsageError(f"{{{inner}}} needs a factor above 0 other than 1, and ends of the same sign")
    if (factor > 1) != (abs(high) > abs(low)):
        factor = 1 / factor
    values = [low]
    while (high / values[-1] >= factor * (1 - SAME)) if factor > 1 else (high / values[-1] <= factor * (1 + SAME)):
        values.append(values[-1] * factor)
        _check(inner, len(values))
    return tuple(_written(Decimal(f"{value:.{DIGITS}g}")) for value in values)


def _check(inner: str, count: float | Decimal) -> None:
    if count >= MOST:
        raise UsageError(f"{{{inner}}} has more than {MOST} values")


def _written(value: Decimal) -> str:
    """Return a number without an exponent or trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
