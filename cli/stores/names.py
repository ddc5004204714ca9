"""The names of objects in stores, among those of files: a scheme, a bucket and a key, as ``s3://bucket/a/b.jpg``."""

from __future__ import annotations

HTTPS = "https://"
"""The scheme of addresses that are only read."""
SCHEMES = ("s3://", "gs://", "az://", HTTPS)


def is_store(name: object) -> bool:
    """Whether *name* is that of an object or a folder in a store; a local folder ``s3:`` is called ``./s3:``.

    >>> is_store("s3://bucket/a.jpg"), is_store("./s3://bucket/a.jpg"), is_store("a.jpg")
    (True, False, False)
    """
    return isinstance(name, str) and name.startswith(SCHEMES)


def is_folder(name: str) -> bool:
    """Whether the *name* of a store means all that begins with it: it ends in /, or is a whole bucket.

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
