"""The bytes of an object in a store that are fetched when they are needed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator

from ...filters.core.engine.threads import begun
from ..bounded_read import TooLongError
from ..digest import SourceDigest
from ..stores import objects
from ..stores.ahead import Ahead
from ..stores.failures import StoreError
from .file_bytes import CHANGES, FileBytes, HeldBytes
from .picture import DecodeError
from .zarr_folder import StoredFolderBytes
from .zarr_mark import is_stored_zarr

LARGE = 1 << 26
"""Bytes from which on an object is fetched by parts, if its format allows it."""
BLOCK = 1 << 22
"""Bytes that one request fetches."""
AHEAD = 4
"""Blocks that are fetched at the same time; the next ones are fetched ahead."""
KEPT = 8
"""Blocks that stay in memory, as the next rows begin in the last ones."""


class ObjectBytes(FileBytes):
    """Acts like the bytes of one version of an object: a slice fetches them, and few stay in memory."""

    def __init__(self, name: str, size: int, tag: str) -> None:
        self._name, self._size, self.tag = name, size, tag
        self._blocks: OrderedDict[int, Callable[[], bytes]] = OrderedDict()
        self._arrived = set[int]()
        self._hash, self._hashed = SourceDigest(b""), 0
        self._lock = threading.Lock()

    @classmethod
    def of(cls, name: str) -> ObjectBytes:
        """Return the present version of an object; raises StoreError."""
        found = objects.head(name)
        return cls(name, found.size, found.tag)

    def source_digest(self) -> SourceDigest:
        """Return the digest of the bytes, which is complete when they have been read."""
        return ObjectDigest(self)

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
                self._arrived.discard(self._blocks.popitem(last=False)[0])
            wait = self._blocks[number]
        block = wait()
        with self._lock:
            if number in self._blocks:
                self._arrived.add(number)
            while self._hashed in self._arrived:
                self._hash.add(self._blocks[self._hashed]())
                self._hashed += 1
        return block

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

    def digest(self) -> str:
        """Return the digest of all bytes, both of the blocks that were requested and of the others.

        Raises StoreError, `DecodeError`.
        """
        for number in range(self._hashed, -(-self._size // BLOCK)):
            self._block(number)
        return self._hash.hexadecimal()


class ObjectDigest(SourceDigest):
    """The digest of an object, whose parts are not fetched once more for it."""

    def __init__(self, data: ObjectBytes) -> None:
        self._data = data

    def hexadecimal(self) -> str:
        """Return the digest; raises StoreError, `DecodeError`."""
        return self._data.digest()


class LargeObject(DecodeError):
    """Ends the fetching of an object if parts of it may be enough."""


def fetched(name: str, ahead: Ahead) -> FileBytes:
    """Return an object, or a reader of its parts if its check raises `LargeObject`; raises StoreError."""
    try:
        return HeldBytes(*ahead.take(name))
    except LargeObject:
        return ObjectBytes.of(name)


def digest_in_store(name: str, most: int) -> str:
    """Return the digest of an object or a Zarr in a store; raises `DecodeError`, StoreError, TooLongError.

    An object that must be fetched whole has *most* bytes at most.
    """

    def check(name: str, head: bytes, size: int, in_parts: bool) -> None:
        if size >= LARGE and in_parts:
            raise LargeObject
        if size > most:
            raise TooLongError(most)

    data = StoredFolderBytes(name) if is_stored_zarr(name) else fetched(name, Ahead(check))
    return data.source_digest().hexadecimal()
