"""The operations on objects in a store: list, head, get, get a part, put, abort of a put that fails, and delete."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from ...filters.core.named_tuple import NamedTuple
from .failures import AlreadyThereError, StoreError
from .library import library, opened, told
from .names import HTTPS, parts

WHOLE_BYTES = 1 << 26
"""Most bytes that one request uploads; more go in parts, which become an object when all have arrived."""
PART_BYTES = 1 << 24
PIECE_BYTES = 1 << 20
"""Bytes of an object that are fetched at a time."""
NOT_FOUND, PRECONDITION_FAILED, NOT_IMPLEMENTED = 404, 412, 501
CHANGED = "changed while it was filtered, and was not replaced; run it again"

Check = Callable[[bytes, int, bool], None]
"""Takes an object's first bytes, its size, and whether parts of it can be fetched; may raise any exception."""

_without_conditions: set[tuple[str, str]] = set()
"""The buckets that answered that they have no conditional writes."""


class Found(NamedTuple):
    """An object of a listing, or of a head request."""

    place: str
    """Its path below the listed folder."""
    size: int
    tag: str
    """Its tag, which changes with its contents; not a checksum."""
    metadata: Mapping[str, str] = MappingProxyType({})
    """The metadata given to `put`, which a listing lacks."""


def listed(folder: str) -> Iterator[Found]:
    """Yield the objects below a *folder*, in byte order; raises StoreError."""
    store, prefix = opened(folder)
    prefix = prefix.rstrip("/")
    with told():
        for chunk in library(folder).list(store, prefix or None):
            for one in chunk:
                place = one["path"][len(prefix) :].lstrip("/")
                yield Found(place, one["size"], one["e_tag"] or "")


def head(name: str) -> Found:
    """Return an object's size, tag and metadata without its bytes; raises StoreError.

    Raises NoPartsError for an address of https that is only sent whole.
    """
    if name.startswith(HTTPS):
        from . import https

        return Found(name, *https.head(name))
    store, key = opened(name)
    with told():
        found = library(name).get(store, key, options={"head": True})
        return Found(key, found.meta["size"], found.meta["e_tag"] or "", dict(found.attributes))


def get(name: str, check: Check = lambda head, size, in_parts: None) -> tuple[bytes, str]:
    """Return the bytes of one version of an object, and its tag; raises StoreError.

    *check* is called before the bytes after the first arrive.
    """
    if name.startswith(HTTPS):
        from . import https  # few calls read such an address

        return https.get(name, check), ""
    store, key = opened(name)
    with told(name):
        found = library(name).get(store, key)
        size, tag = found.meta["size"], found.meta["e_tag"] or ""
        pieces = iter(found.stream(min_chunk_size=PIECE_BYTES))
        first = bytes(next(pieces, b""))
    check(first, size, True)
    whole = bytearray(first)
    with told():
        for piece in pieces:
            whole += piece
    if len(whole) != size:
        raise StoreError("the store's answer broke off")
    return bytes(whole), tag


def get_part(name: str, start: int, stop: int, tag: str) -> bytes:
    """Return some bytes of the version of an object that has a *tag*, or of any if it is ""; raises StoreError.

    The status of the error is `PRECONDITION_FAILED` if there is no such version any more.
    """
    if name.startswith(HTTPS):
        from . import https

        return https.get_part(name, start, stop, tag)
    store, key = opened(name)
    with told(name):
        options = {"range": (start, stop), **({"if_match": tag} if tag else {})}
        return bytes(library(name).get(store, key, options=options).bytes())


class Destination:
    """The object to which an output is written, and the condition for it."""

    def __init__(
        self, name: str, create: bool = False, tag: str = "", metadata: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.create = create
        """An existing object is kept."""
        self.tag = tag
        """Only the object with this tag is replaced."""
        self.metadata = dict(metadata or {})

    def __str__(self) -> str:
        return self.name


def put(target: Destination, data: Sequence[bytes | memoryview]) -> str:
    """Write a whole object or nothing; return a note for the user. Raises StoreError.

    Raises `AlreadyThereError` if an existing object is kept. An upload in parts is aborted if one of them fails.
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


def delete(folder: str, places: Collection[str]) -> None:
    """Remove the objects at these *places* below a *folder*, if they exist; raises StoreError."""
    if not places:
        return
    store, prefix = opened(folder)
    keys = [f"{prefix.rstrip('/')}/{place}" for place in places]
    try:
        with told():
            library(folder).delete(store, keys)  # up to 1000 in a request
    except StoreError as error:
        if error.status != NOT_FOUND:
            raise
        for place in places if len(places) > 1 else ():  # only some stores miss an object
            delete(folder, [place])


def _pieces(data: Sequence[bytes | memoryview]) -> Iterator[bytes]:
    for part in data:
        for start in range(0, len(part), PART_BYTES):
            yield bytes(part[start : start + PART_BYTES])


def _refused(target: Destination) -> StoreError:
    status = PRECONDITION_FAILED
    return AlreadyThereError("exists", status) if target.create else StoreError(CHANGED, status)


def _is_done(target: Destination) -> bool:
    """Whether the object is the one just put, whose answer was lost: it names the previous object as its source."""
    return bool(target.metadata) and target.metadata.items() <= head(target.name).metadata.items()


def _check_before(target: Destination) -> None:
    """Raise StoreError if the object does not meet the condition."""
    try:
        tag = head(target.name).tag
    except StoreError as error:
        if error.status != NOT_FOUND:
            raise
        tag = ""
    if tag if target.create else tag != target.tag:
        raise _refused(target)
