"""The contents of a page, in words and pictures."""

from __future__ import annotations

from collections.abc import Sequence

from ...filters.core.named_tuple import NamedTuple
from .exhibit import Exhibit


class Entry(NamedTuple):
    """One picture, or pair of pictures, on the page."""

    name: str
    facts: Sequence[str] = ()
    verdict: str = ""
    """The verdict on a pair."""
    differs: bool = False
    notes: Sequence[str] = ()
    exhibit: Exhibit | None = None
    begins_row: bool = False
    """For cells: it begins a row."""
    chosen: bool = False
    """For cells: it is one of the two that are compared at first."""


class Table(NamedTuple):
    """A table of words."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = False
    """It is folded until the reader opens it."""
    numbers: bool = False
    """It has figures, each of which must not be wrapped."""


class Page(NamedTuple):
    """The contents of a page."""

    title: str
    summary: Sequence[str]
    command: str
    tables: Sequence[Table] = ()
    problems: Sequence[str] = ()
    """The failures."""
    entries: Sequence[Entry] = ()
    unshown: int = 0
    """The number of further entries, for which the page has no room."""
    what: tuple[str, str] = ("picture", "pictures")
    """The noun for one entry, and for several."""
    cells: bool = False
    """The entries are cells with one picture each, of which two are chosen and compared."""
