"""Objects on their way into stores: those of one picture one after the other, those of several pictures together."""

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
    """What will be an object."""

    target: Destination
    pieces: Sequence[bytes | memoryview]


class Sent(NamedTuple):
    """What became of the objects of a picture."""

    notes: list[str]
    written: int
    kept: int
    """So many were there already, and are as they were."""


Sending = Callable[[], Sent]
"""Waits until the objects of a picture are there; raises FileError."""

_room = Room()
_behind = False
_sent: list[Sending] = []


@contextlib.contextmanager
def written_behind() -> Iterator[None]:
    """Let `send` return before the objects are there, for a while: who calls `taken` waits for them."""
    global _behind
    _behind = True
    try:
        yield
    finally:
        _behind = False


def send(parcels: Sequence[Parcel]) -> None:
    """Put the objects of a picture in their order; raises FileError where that is waited for."""
    size = sum(len(piece) for parcel in parcels for piece in parcel.pieces)
    if _behind:
        _room.enter(size)
        _sent.append(begun(partial(_put_all, parcels, size), daemon=True))
    else:
        begun(partial(_put_all, parcels, 0), daemon=True)()  # in a thread, whose end an interruption does not wait for


def taken() -> list[Sending]:
    """Return what was sent since this was asked last, and is on its way."""
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
