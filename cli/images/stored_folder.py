"""Zarrs that become objects of a store: the one that makes the others a Zarr is the last to appear.

An array or a group has no metadata while it is being written, so nobody mistakes it for a complete one. A marker
object, the first to appear and the last to go, shows that the others were left by an interruption.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence

from ...filters.core.engine.threads import side_by_side
from ..stores import objects
from ..stores.failures import AlreadyThereError, StoreError
from ..stores.outbox import Parcel
from ..stores.room import Room
from .spool import Parts, pieces, size_of
from .temporary_names import PREFIX
from .zarr_mark import MARKS, NO_ZARR

UNFINISHED = f"{PREFIX}unfinished"
"""The object that exists until a Zarr is complete."""
IN_FLIGHT = 8
"""The number of objects of a Zarr that are uploaded at a time."""

_room = Room()


class FolderParcel(Parcel):
    """The future objects of a Zarr, whose data may be in a spool: they are read when their turn comes."""

    def __init__(self, target: objects.Destination, files: Sequence[tuple[str, Parts]]) -> None:
        """Take the files by name; the last one makes the folder a Zarr."""
        super().__init__(target, ())
        *self._files, self._mark = files
        self._begun: list[str] = []

    @property
    def size(self) -> int:
        """The number of bytes."""
        return sum(size_of(parts) for _, parts in [*self._files, self._mark])

    def put(self) -> str:
        """Upload all objects, in place of those of an older Zarr; return a note for the user.

        Raises StoreError, OSError, and `AlreadyThereError` if an existing Zarr is kept.
        """
        there = [one.place for one in objects.listed(self.target.name) if one.place]
        self._check(there)
        self._put(UNFINISHED, ())
        try:
            self._clear(there)
            self._put_all(marks=False)
            self._put_all(marks=True)
            note = self._put(*self._mark, self.target.create, self.target.metadata)
        except AlreadyThereError:  # another run has uploaded the same objects
            self._forget()
            raise
        except OSError:
            if not self.target.create:  # with `create`, they may be those of another run
                self._take_back(there)
            raise
        self._forget()
        return note

    def _check(self, there: Collection[str]) -> None:
        """Refuse to replace anything but a Zarr or an unfinished one; raises StoreError."""
        if any(mark in there for mark in MARKS):
            if self.target.create:
                raise AlreadyThereError("exists")
        elif there and UNFINISHED not in there:
            raise StoreError(NO_ZARR)

    def _clear(self, there: Sequence[str]) -> None:
        """Remove the metadata of an older Zarr, and chunks that will not be replaced; raises StoreError.

        A chunk of zeros is never written, so what is in its place would be read.
        """
        new = {UNFINISHED, *(name for name, _ in self._files)}
        self._remove([place for place in there if place not in new or _is_mark(place)])

    def _put_all(self, marks: bool) -> None:
        """Upload the metadata of arrays in a group, or everything else but the last object; raises OSError."""
        files = [(name, parts) for name, parts in self._files if _is_mark(name) == marks]
        for _ in side_by_side(lambda number: self._put(*files[number]), range(len(files)), IN_FLIGHT, daemon=True):
            pass

    def _put(self, name: str, parts: Parts, create: bool = False, metadata: Mapping[str, str] | None = None) -> str:
        """Upload an object; return a note. Raises OSError."""
        if name != UNFINISHED:
            self._begun.append(name)
        target = objects.Destination(f"{self.target.name}/{name}", create, "", metadata)
        with _room.held(size_of(parts)):
            return objects.put(target, [*pieces(parts)])

    def _take_back(self, there: Collection[str]) -> None:
        """Remove the objects of this run; if there are others, they stay marked as unfinished."""
        with contextlib.suppress(StoreError):  # the next run will do it
            self._remove(self._begun)
            if not there:
                self._remove([UNFINISHED])

    def _forget(self) -> None:
        with contextlib.suppress(StoreError):  # it does no harm
            self._remove([UNFINISHED])

    def _remove(self, places: Sequence[str]) -> None:
        """Remove objects, beginning with those that make the others a Zarr; raises StoreError."""
        for depth in range(3):
            objects.delete(self.target.name, [place for place in places if _rank(place) == depth])


def _is_mark(place: str) -> bool:
    return place.rpartition("/")[2] in MARKS


def _rank(place: str) -> int:
    """Return 0 for the metadata of the Zarr, 1 for those of a group or an array in it, 2 for everything else."""
    return 0 if place in MARKS else 1 if _is_mark(place) else 2
