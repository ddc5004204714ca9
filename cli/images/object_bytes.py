"""The bytes of an object in a store that are fetched when they are needed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator

from ...filters.core.engine.threads import begun
from ..stores import objects
from ..stores.failures import StoreError
from .file_bytes import CHANGES, FileBytes
from .picture import DecodeError

BLOCK = 1 << 22
"""Bytes that one request fetches."""
AHEAD = 4
"""Blocks that are fetched at the same time, the next ones before they are asked for."""
KEPT = 8
"""Blocks that stay in memory, as the next rows begin in the last ones."""


class ObjectBytes(FileBytes):
    """Acts like the bytes of one version of an object: a slice fetches them, and few stay in memory."""

    def __init__(self, name: str, size: int, tag: str) -> None:
        self._name, self._size, self.tag = name, size, tag
        self._blocks: OrderedDict[int, Callable[[], bytes]] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def of(cls, name: str) -> ObjectBytes:
        """Return the present version of an object; raises StoreError."""
        found = objects.head(name)
        return cls(name, found.size, found.tag)

    @property
    def file_state(self) -> None:
        """It is no file."""

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        return b"".join(self._pieces(start, stop))

    def _pieces(self, start: int, stop: int) -> Iterator[bytes]:
        for number in range(start // BLOCK, -(-stop // BLOCK)):
            top = number * BLOCK
            block = self._block(number)
            yield block[max(start - top, 0) : stop - top] if top < start or stop - top < BLOCK else block

    def _block(self, number: int) -> bytes:
        """Return a block, after beginning to fetch the next ones if the one before was asked for, too."""
        with self._lock:
            following = AHEAD if number - 1 in self._blocks else 1
            for one in range(number, min(number + following, -(-self._size // BLOCK))):
                if one not in self._blocks:
                    self._blocks[one] = begun(lambda one=one: self._fetched(one), daemon=True)
            self._blocks.move_to_end(number)
            while len(self._blocks) > KEPT:
                self._blocks.popitem(last=False)
            wait = self._blocks[number]
        return wait()

    def _fetched(self, number: int) -> bytes:
        """Return a block from the store; raises StoreError, and `DecodeError` if the object has changed."""
        start, stop = number * BLOCK, min((number + 1) * BLOCK, self._size)
        try:
            found = objects.get_part(self._name, start, stop, self.tag)
        except StoreError as error:
            if error.status != objects.PRECONDITION_FAILED:
                raise
            raise DecodeError(CHANGES) from None
        if len(found) != stop - start:
            raise DecodeError(CHANGES)
        return found

    def check(self) -> None:
        """Do nothing: a version of an object does not change."""


class HeldBytes(FileBytes):
    """Acts like a file whose bytes are in memory, with the *tag* of the object that they were fetched from."""

    def __init__(self, data: bytes, tag: str = "") -> None:
        self.data, self.tag = data, tag

    @property
    def file_state(self) -> None:
        """It is no file."""

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, part: slice) -> bytes:
        return self.data[part]

    def check(self) -> None:
        """Do nothing: the bytes do not change."""
