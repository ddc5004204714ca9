"""Objects on their way into stores: those of one picture one after the other, those of several pictures together."""

from __future__ import annotations

from collections.abc import Sequence

from ...filters.core.named_tuple import NamedTuple
from ..errors import FileError
from .failures import AlreadyThereError, StoreError
from .objects import Destination, put


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


_sent: list[Sent] = []


def send(parcels: Sequence[Parcel]) -> None:
    """Put the objects of a picture in their order; raises FileError."""
    _sent.append(_put_all(parcels))


def _put_all(parcels: Sequence[Parcel]) -> Sent:
    notes, kept = [], 0
    for target, pieces in parcels:
        try:
            notes += filter(None, [put(target, pieces)])
        except AlreadyThereError:
            kept += 1
        except StoreError as error:
            raise FileError(target.name, f"cannot be written: {error}") from None
    return Sent(notes, len(parcels) - kept, kept)
