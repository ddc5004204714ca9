"""The pairs of files that are compared."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from ...filters.core.named_tuple import NamedTuple
from ..batch import inputs
from ..batch.inputs import InputRules
from ..console.messages import shown
from ..errors import UsageError
from ..stores.names import without_query
from ..streams import STREAM


class Pair(NamedTuple):
    """Two files; one is None if the other has no partner."""

    a: str | None
    b: str | None
    place: str
    """The path below the folders; that of the first file if both exist."""

    @property
    def name(self) -> str:
        """Return the pair's name for messages."""
        return " ".join(shown(one) for one in (self.a, self.b) if one is not None)


class Pairs(NamedTuple):
    """All pairs of a call."""

    pairs: list[Pair]
    unsearched: str = ""
    """A note on subfolders that were not searched."""


def found(a: str, b: str, rules: InputRules, match: str) -> Pairs:
    """Return the pairs of two files, or of two folders in the order of their names; raises UsageError."""
    a, b = without_query(a), without_query(b)
    folders = [name != STREAM and inputs.is_folder(name) for name in (a, b)]
    for name in inputs.missing([a, b]):
        raise UsageError(f"{shown(name)}: no such file or folder")
    if folders[0] != folders[1]:
        file, folder = (b, a) if folders[0] else (a, b)
        raise UsageError(f"{shown(folder)} is a folder, but {shown(file)} is not; compare two files or two folders")
    if not folders[0]:
        if a == b == STREAM:
            raise UsageError("standard input is one picture; name a file for the other")
        return Pairs([Pair(a, b, PurePath(a).name)])
    scanned = [_scanned(folder, rules) for folder in (a, b)]
    sides = [_by_place(one.inputs, match) for one in scanned]
    if not sides[0] and not sides[1]:
        advice = "" if rules.recursive else "; use -r to search subfolders"
        raise UsageError(f"{shown(a)}: no images found, nor in {shown(b)}{advice}")
    # A subfolder that both have counts once.
    passed = {
        os.path.relpath(path, folder): fate
        for folder, one in zip((a, b), scanned, strict=True)
        for path, fate in one.passed_over
    }
    unsearched = inputs.InputSet([], [*passed.items()], several=True).unsearched
    return Pairs(list(_joined(sides)), unsearched)


def _scanned(folder: str, rules: InputRules) -> inputs.InputSet:
    """Return the images of a folder; raises UsageError."""
    try:
        return inputs.scan([folder], rules)
    except inputs.NothingFoundError:
        return inputs.InputSet([], [], several=True)


def _by_place(there: Sequence[inputs.Input], match: str) -> dict[str, inputs.Input]:
    """Return the images of a folder by the names that are matched; raises UsageError if two have the same."""
    by_place: dict[str, inputs.Input] = {}
    for one in there:
        key = one.place if match == "name" else str(PurePath(one.place).with_suffix(""))
        if key in by_place:
            names = f"{shown(by_place[key].name)} and {shown(one.name)}"
            raise UsageError(f"{names} have the same stem; omit --match stem to compare by full names")
        by_place[key] = one
    return by_place


def _joined(sides: Sequence[dict[str, inputs.Input]]) -> Iterator[Pair]:
    for key in sorted(sides[0].keys() | sides[1].keys(), key=os.fsencode):
        one, other = (side.get(key) for side in sides)
        place = (one or other or inputs.Input("", key)).place
        yield Pair(one and one.name, other and other.name, place)
