"""What a page tells, in words and pictures."""

from __future__ import annotations

from collections.abc import Sequence

from ...filters.core.named_tuple import NamedTuple
from .exhibit import Exhibit


class Entry(NamedTuple):
    """One picture, or pair of pictures, on the page."""

    name: str
    facts: Sequence[str] = ()
    verdict: str = ""
    """What was found of a pair."""
    differs: bool = False
    notes: Sequence[str] = ()
    exhibit: Exhibit | None = None
    begins_row: bool = False
    """Of cells: it is the first of its row."""
    chosen: bool = False
    """Of cells: it is one of the two that are compared first."""


class Table(NamedTuple):
    """A table of words."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = False
    """It is shown when somebody asks for it."""
    numbers: bool = False
    """It has figures, each of which stays in one line."""


class Page(NamedTuple):
    """What a page tells."""

    title: str
    summary: Sequence[str]
    command: str
    tables: Sequence[Table] = ()
    problems: Sequence[str] = ()
    """What failed."""
    entries: Sequence[Entry] = ()
    unshown: int = 0
    """How many more there are, for whose pictures the page has no room."""
    what: tuple[str, str] = ("picture", "pictures")
    """What an entry is called, and several."""
    cells: bool = False
    """The entries are cells with one picture each, of which two are chosen and compared."""
