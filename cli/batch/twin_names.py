"""Names that differ only in case or Unicode normalisation: the file system decides whether they are one file."""

from __future__ import annotations

import os

from ..images.temporary_names import PREFIX
from ..signals import uninterrupted
from ..stores.names import is_store


def folded(path: str) -> str:
    r"""Return a key that is equal for all names that some file system treats as one.

    >>> folded("Straße/É.JPG") == folded("STRASSE/e\u0301.jpg")
    True
    """
    if path.isascii():
        return path.lower()
    import unicodedata

    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())


def are_one(one: str, other: str, folder: str = os.sep) -> bool:
    """Return whether two paths below *folder* with equal keys mean one file; the files need not exist.

    A NUL in them represents an unknown number, the same in both. Stores distinguish all names.
    """
    if is_store(one) or is_store(other):
        return one == other
    ones, others = (path.replace("\0", "0").split(os.sep) for path in (one, other))
    if len(ones) != len(others):
        return False
    for name, twin in zip(ones, others, strict=True):
        if name != twin and not _is_one_name(folder, name, twin):
            return False
        folder = os.path.join(folder, name)
    return True


def _is_one_name(folder: str, name: str, twin: str) -> bool:
    """Return whether two names mean one entry of a folder, which need not exist."""
    there = [os.path.join(folder, one) for one in (name, twin)]
    exist = [os.path.lexists(path) for path in there]
    if all(exist):
        return os.path.samestat(*map(os.lstat, there))
    if any(exist):
        return False
    import shutil
    import tempfile  # rarely needed

    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    # A new folder behaves like its parent.
    with uninterrupted():
        try:
            made = tempfile.mkdtemp(prefix=PREFIX, dir=folder)
        except OSError:
            return True  # outputs cannot be written there either
        try:
            os.mkdir(os.path.join(made, name))
            return os.path.lexists(os.path.join(made, twin))
        except OSError:
            return True
        finally:
            shutil.rmtree(made, ignore_errors=True)
