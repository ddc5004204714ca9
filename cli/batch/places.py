"""The locations of existing and future files: the folder by its identity, and the name as its file system sees it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from ...filters.core.named_tuple import NamedTuple
from ..file_identity import Identity, identity
from ..stores.names import is_store
from .twin_names import are_one, folded

Value = TypeVar("Value")


class Place(NamedTuple):
    """The nearest folder above a file that exists, and the rest of the path."""

    folder: str
    """The path of the folder, without links; "" for an object in a store, whose name is *rest*."""
    identity: Identity | None
    rest: str

    @property
    def path(self) -> str:
        """The path, without links among its folders."""
        return os.path.join(self.folder, self.rest)

    def is_below(self, folder: Place) -> bool:
        """Return whether the place is in a *folder*."""
        return self.path.startswith(os.path.join(folder.path, ""))


class Folders:
    """Finds places, and looks up each folder once."""

    def __init__(self) -> None:
        self._found: dict[str, Place] = {}

    def place(self, path: str) -> Place:
        """Return the place of *path*; of a link itself, not of its target."""
        if is_store(path):
            return Place("", None, path)
        folder, name = os.path.split(path)
        there = self.folder(folder)
        return there._replace(rest=os.path.join(there.rest, name))

    def places(self, path: str) -> list[Place]:
        """Return the place of *path* and, if it is a link, of its target."""
        leads = not is_store(path) and os.path.islink(path)
        return [self.place(path), *([self.place(os.path.realpath(path))] if leads else [])]

    def folder(self, path: str) -> Place:
        """Return the place of the folder *path*, which may not exist yet."""
        if is_store(path):
            return Place("", None, path)
        if path not in self._found:
            at, rest = os.path.realpath(path), ""
            while (found := identity(at)) is None and at != os.path.dirname(at):
                at, name = os.path.split(at)
                rest = os.path.join(name, rest) if rest else name
            self._found[path] = Place(at, found, rest)
        return self._found[path]


class Places(Generic[Value]):
    """A mapping by place, so that all names of one file are the same key."""

    def __init__(self) -> None:
        self._found: dict[tuple[Identity | None, str], list[tuple[Place, Value]]] = {}

    def __iter__(self) -> Iterator[Place]:
        return (place for group in self._found.values() for place, _ in group)

    def add(self, place: Place, value: Value) -> None:
        """Store a value."""
        self._found.setdefault((place.identity, folded(place.rest)), []).append((place, value))

    def first(self, places: Iterable[Place]) -> Value | None:
        """Return the value of the first of some *places* that has one."""
        for place in places:
            for other, value in self._found.get((place.identity, folded(place.rest)), ()):
                if are_one(other.rest, place.rest, place.folder):
                    return value
        return None
