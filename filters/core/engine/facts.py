"""Facts derived from the parameters and the image, as data and in words."""

from __future__ import annotations

from typing import Any, Literal

from ..named_tuple import NamedTuple


class Fact(NamedTuple):
    """A derived fact: its kind and value for programs, its text for people."""

    kind: Literal["algorithm", "noise", "note", "table"]
    value: Any
    """The algorithm's name, the noise's standard deviation, the text of a note, or an output's name and its table."""
    text: str


def note(text: str) -> Fact:
    """Return a fact that is only text."""
    return Fact("note", text, text)


def chosen_algorithm(name: str, reason: str) -> Fact:
    """Return the fact that an algorithm was chosen.

    >>> chosen_algorithm("direct", "9 taps").text
    'algorithm: direct (9 taps)'
    """
    return Fact("algorithm", name, f"algorithm: {name} ({reason})")
