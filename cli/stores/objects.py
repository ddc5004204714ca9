"""The five verbs: list, head, get, put, and the abort of a put that fails, of objects in a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from ...filters.core.named_tuple import NamedTuple
from .failures import AlreadyThereError, StoreError
from .library import library, opened, told
from .names import HTTPS, parts

WHOLE_BYTES = 1 << 26
"""Bytes that are put by one request; more goes in parts, which become an object when all are there."""
PART_BYTES = 1 << 24
PIECE_BYTES = 1 << 20
"""Bytes of an object that come before others are asked for."""
NOT_FOUND, PRECONDITION_FAILED, NOT_IMPLEMENTED = 404, 412, 501
CHANGED = "changed while it was filtered, and was not replaced; run it again"

_without_conditions: set[tuple[str, str]] = set()
"""The buckets that answered that they know no conditions."""


class Found(NamedTuple):
    """An object of a listing, or one that was asked for."""

    place: str
    """Its path below the folder that was listed."""
    size: int
    tag: str
    """What another content of it would not have; never a checksum."""
    metadata: Mapping[str, str] = MappingProxyType({})
    """What `put` said of it, which no listing tells."""


def listed(folder: str) -> Iterator[Found]:
    """Yield the objects below a *folder*, in the order of their bytes; raises StoreError."""
    store, prefix = opened(folder)
    prefix = prefix.rstrip("/")
    with told():
        for chunk in library(folder).list(store, prefix or None):
            for one in chunk:
                place = one["path"][len(prefix) :].lstrip("/")
                yield Found(place, one["size"], one["e_tag"] or "")


def head(name: str) -> Found:
    """Return what a store tells of an object without its bytes; raises StoreError."""
    store, key = opened(name)
    with told():
        found = library(name).get(store, key, options={"head": True})
        return Found(key, found.meta["size"], found.meta["e_tag"] or "", dict(found.attributes))


def get(name: str, check: Callable[[bytes, int], None] = lambda head, size: None) -> tuple[bytes, str]:
    """Return what an object holds, all of one moment, and its tag; raises StoreError.

    *check* is told its first bytes and its size before the others come, and may raise what it likes.
    """
    if name.startswith(HTTPS):
        from . import https  # few objects have such an address

        return https.get(name, check), ""
    store, key = opened(name)
    with told(name):
        found = library(name).get(store, key)
        size, tag = found.meta["size"], found.meta["e_tag"] or ""
        pieces = iter(found.stream(min_chunk_size=PIECE_BYTES))
        first = bytes(next(pieces, b""))
    check(first, size)
    whole = bytearray(first)
    with told():
        for piece in pieces:
            whole += piece
    if len(whole) != size:
        raise StoreError("the store's answer broke off")
    return bytes(whole), tag


class Destination:
    """Where an output goes that will be an object, and when."""

    def __init__(
        self, name: str, create: bool = False, tag: str = "", metadata: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.create = create
        """What is there already is kept."""
        self.tag = tag
        """Only the object of this tag is replaced."""
        self.metadata = dict(metadata or {})

    def __str__(self) -> str:
        return self.name


def put(target: Destination, data: Sequence[bytes | memoryview]) -> str:
    """Let an object appear, whole; return what people should know of it. Raises StoreError.

    It is `AlreadyThereError` where one is there that is kept. What goes in parts is aborted where one fails.
    """
    store, key = opened(target.name)
    obstore, size = library(target.name), sum(map(len, data))
    options = {"attributes": target.metadata or None}
    mode = "create" if target.create else {"e_tag": target.tag} if target.tag else None
    bucket = parts(target.name)[:2]
    if mode is not None and bucket not in _without_conditions:
        try:
            with told():
                obstore.put(store, key, b"".join(data), mode=mode, use_multipart=False, **options)
            return ""
        except StoreError as error:
            if error.status == PRECONDITION_FAILED:
                if target.tag and _is_done(target):
                    return ""
                raise _refused(target) from None
            if error.status != NOT_IMPLEMENTED:
                raise
            _without_conditions.add(bucket)
    note = ""
    if mode is not None:
        _check_before(target)
        note = "the store has no conditional writes, so the object was checked before it was written"
    with told():
        if size <= WHOLE_BYTES:
            obstore.put(store, key, b"".join(data), use_multipart=False, **options)
        else:
            obstore.put(store, key, _pieces(data), use_multipart=True, chunk_size=PART_BYTES, **options)
    return note


def _pieces(data: Sequence[bytes | memoryview]) -> Iterator[bytes]:
    for part in data:
        for start in range(0, len(part), PART_BYTES):
            yield bytes(part[start : start + PART_BYTES])


def _refused(target: Destination) -> StoreError:
    status = PRECONDITION_FAILED
    return AlreadyThereError("exists", status) if target.create else StoreError(CHANGED, status)


def _is_done(target: Destination) -> bool:
    """Whether the object is what was put, of which the answer was lost: it says that it was made of the one before."""
    return bool(target.metadata) and target.metadata.items() <= head(target.name).metadata.items()


def _check_before(target: Destination) -> None:
    """Raise StoreError where the object is not as it has to be."""
    try:
        tag = head(target.name).tag
    except StoreError as error:
        if error.status != NOT_FOUND:
            raise
        tag = ""
    if tag if target.create else tag != target.tag:
        raise _refused(target)
