"""How far beyond the edge a result extends: a word, or numbers of samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine.stage import Halo

MAX_PADDING = 10_000


def reader(words: Sequence[str]) -> Callable[[str], Any]:
    """Return a function that reads one of *words*, ``P``, ``PX,PY`` or ``LEFT,TOP,RIGHT,BOTTOM``.

    >>> reader(("same",))("1,2"), reader(("same",))("same")
    ((1, 2), 'same')
    """

    def read(text: str) -> Any:
        if text in words:
            return text
        try:
            return tuple(int(part) for part in text.split(","))
        except ValueError:
            raise ValueError(_unknown(repr(text), words)) from None

    return read


def checker(words: Sequence[str]) -> Callable[[Any], Any]:
    """Return a function that turns a padding into one of *words* or a `Halo`; it raises ValueError.

    >>> checker(("same",))((1, 2))
    Halo(left=1, top=2, right=1, bottom=2)
    """

    def check(given: Any) -> Any:
        if isinstance(given, str) and given in words:
            return given
        sides: tuple[Any, ...] = tuple(given) if isinstance(given, (tuple, list)) else (given,)
        if not all(isinstance(side, int) for side in sides):
            raise ValueError(_unknown(repr(given), words))
        text = ",".join(map(str, sides))
        if len(sides) not in (1, 2, 4):
            raise ValueError(_unknown(text, words))
        if not all(0 <= side <= MAX_PADDING for side in sides):
            raise ValueError(f"{text} is out of range; use 0 to {MAX_PADDING} px for each side")
        return Halo(*sides) if len(sides) == 4 else Halo.around(sides[0], sides[-1])

    return check


def _unknown(given: str, words: Sequence[str]) -> str:
    return f"{given} is not {''.join(f'{word}, ' for word in words)}P, PX,PY or LEFT,TOP,RIGHT,BOTTOM"
