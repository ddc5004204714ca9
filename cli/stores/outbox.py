"""Uploads that are under way: those of one picture one after the other, those of several pictures in parallel."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ...filters.core.engine.threads import begun
from ...filters.core.named_tuple import NamedTuple
from ..errors import FileError
from .failures import AlreadyThereError, StoreError
from .objects import Destination, put
from .room import Room


class Parcel(NamedTuple):
    """The data of a future object."""

    target: Destination
    pieces: Sequence[bytes | memoryview]


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
    size = sum(len(piece) for parcel in parcels for piece in parcel.pieces)
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
        for target, pieces in parcels:
            try:
                notes += filter(None, [put(target, pieces)])
            except AlreadyThereError:
                kept += 1
            except StoreError as error:
                raise FileError(target.name, f"cannot be written: {error}") from None
    finally:
        _room.leave(size)
    return Sent(notes, len(parcels) - kept, kept)
