"""The names of objects in stores: a scheme, a bucket and a key, such as ``s3://bucket/a/b.jpg``."""

from __future__ import annotations

import os
from collections.abc import Iterable

from ..console.messages import shown
from ..errors import UsageError

HTTPS = "https://"
"""The scheme of addresses that can only be read."""
SCHEMES = ("s3://", "gs://", "az://", HTTPS)
COPY_FIRST, COPY_LATER = "copy it here first", "copy the result to the store afterwards"
"""What to do with objects where a command takes local files only."""


def is_store(name: object) -> bool:
    """Whether *name* is an object or a folder in a store; a local folder ``s3:`` must be written ``./s3:``.

    >>> is_store("s3://bucket/a.jpg"), is_store("./s3://bucket/a.jpg"), is_store("a.jpg")
    (True, False, False)
    """
    return isinstance(name, str) and name.startswith(SCHEMES)


def is_folder(name: str) -> bool:
    """Whether *name*, in a store, means all objects below it: it ends in /, or is a whole bucket.

    >>> is_folder("s3://bucket/photos/"), is_folder("s3://bucket"), is_folder("s3://bucket/photos")
    (True, True, False)
    """
    _, bucket, key = parts(name)
    return bool(bucket) and (not key or key.endswith("/"))


def parts(name: str) -> tuple[str, str, str]:
    """Return the scheme, the bucket and the key.

    >>> parts("s3://bucket/a/b.jpg")
    ('s3', 'bucket', 'a/b.jpg')
    """
    scheme, _, rest = name.partition("://")
    bucket, _, key = rest.partition("/")
    return scheme, bucket, key


def check_local(names: Iterable[str], advice: str) -> None:
    """Raise UsageError where one of *names* is an object or an address, however its scheme is spelt.

    >>> check_local(["S3://bucket/a.jpg"], COPY_FIRST)
    Traceback (most recent call last):
    imfilter.cli.errors.UsageError: S3://bucket/a.jpg: this command takes local files only; copy it here first
    """
    for name in names:
        if name.lower().startswith((*SCHEMES, "http://")) and not os.path.lexists(name):
            raise UsageError(f"{shown(name)}: this command takes local files only; {advice}")


class _Addresses:
    """The secret parts of a call's addresses, and whether private ones are allowed."""

    def __init__(self) -> None:
        self.queries: dict[str, str] = {}
        """The query of each address, which may be a signature: no message, report or stamp contains it."""
        self.private = False
        """Private machines may be read from."""


_addresses = _Addresses()


def without_query(name: str) -> str:
    """Return an address up to its ?, and keep its query for `with_query`; raises UsageError for a second query."""
    address, _, query = name.partition("?") if name.startswith(HTTPS) else (name, "", "")
    if query and _addresses.queries.setdefault(address, query) != query:
        raise UsageError(f"{address}: is named twice, with different queries after the ?; use separate calls")
    return address


def with_query(address: str) -> str:
    """Return an address with its query."""
    query = _addresses.queries.get(address)
    return f"{address}?{query}" if query else address


def allow_private(allowed: bool) -> None:
    """Allow or forbid that https addresses lead to private machines."""
    _addresses.private = allowed


def private_allowed() -> bool:
    """Whether they may lead to private machines."""
    return _addresses.private


def memory() -> tuple[dict[str, str], bool]:
    """Return the argument for `remember` in another process."""
    return _addresses.queries, _addresses.private


def remember(memory: tuple[dict[str, str], bool]) -> None:
    """Take over the `memory` of another process."""
    _addresses.queries, _addresses.private = memory
