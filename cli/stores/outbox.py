"""Uploads that are under way: those of one picture one after the other, those of several pictures in parallel."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ...filters.core.engine.threads import begun
from ...filters.core.named_tuple import NamedTuple
from ..console.messages import reason
from ..errors import FileError
from .failures import AlreadyThereError
from .objects import Destination, put
from .room import Room


class Parcel:
    """A future object."""

    def __init__(self, target: Destination, pieces: Sequence[bytes | memoryview]) -> None:
        self.target = target
        self._pieces = pieces

    @property
    def size(self) -> int:
        """The number of bytes."""
        return sum(map(len, self._pieces))

    def put(self) -> str:
        """Upload it; return a note for the user. Raises like `objects.put`."""
        return put(self.target, self._pieces)


class Sent(NamedTuple):
    """The outcome of a picture's uploads."""

    notes: list[str]
    written: int
    kept: int
    """The number of objects that existed already and were kept."""


Sending = Callable[[], Sent]
"""Waits until a picture's objects are uploaded; raises FileError."""

_room = Room()
_behind = False
_sent: list[Sending] = []


@contextlib.contextmanager
def written_behind() -> Iterator[None]:
    """Within this context `send` returns before the objects are uploaded; the caller of `taken` waits for them."""
    global _behind
    _behind = True
    try:
        yield
    finally:
        _behind = False


def send(parcels: Sequence[Parcel]) -> None:
    """Upload the objects of a picture in order; raises FileError if it waits for them."""
    size = sum(parcel.size for parcel in parcels)
    if _behind:
        _room.enter(size)
        _sent.append(begun(partial(_put_all, parcels, size), daemon=True))
    else:
        begun(partial(_put_all, parcels, 0), daemon=True)()  # a daemon: an interruption does not wait for it


def taken() -> list[Sending]:
    """Return the uploads that were started since the last call."""
    sent = [*_sent]
    _sent.clear()
    return sent


def _put_all(parcels: Sequence[Parcel], size: int) -> Sent:
    notes, kept = [], 0
    try:
        for parcel in parcels:
            try:
                notes += filter(None, [parcel.put()])
            except AlreadyThereError:
                kept += 1
            except OSError as error:
                raise FileError(parcel.target.name, f"cannot be written: {reason(error)}") from None
    finally:
        _room.leave(size)
    return Sent(notes, len(parcels) - kept, kept)
