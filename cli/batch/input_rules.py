"""Rules for which files of a folder are inputs, and why others are not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum
from fnmatch import fnmatchcase

from ...filters.core.named_tuple import NamedTuple
from ..file_identity import Identity

CLUTTER = frozenset({"thumbs.db", "desktop.ini"})
"""Files, in lower case, that systems leave in folders of pictures; others of this kind begin with a dot."""


class Fate(Enum):
    """The outcome for an entry of a folder."""

    TAKEN = ""
    OTHER = "passed over"
    UNMATCHED = "passed over; it does not match --include"
    EXCLUDED = "passed over; it matches --exclude"
    BACKUP = "passed over; it is a backup, which is only read if it is named"
    SUBFOLDER = "is a subfolder; use -r to descend into it"


class InputRules(NamedTuple):
    """The rules for inputs in a folder."""

    recursive: bool = False
    include: Sequence[str] = ()
    """Globs, one of which a file must match; with a / they are matched against its path below the folder."""
    exclude: Sequence[str] = ()
    """Globs that neither a file nor a folder above it may match."""
    outputs: Collection[Identity] = ()
    """The identities of the output folders: written files are not read again."""
    prefixes: Collection[str] = ()
    """The output folders in stores."""
    backup: str | None = None
    """The suffix of `--backup`."""
    written: Collection[tuple[Identity | None, str]] = ()
    """Files that earlier rounds wrote, each as folder and name: they are not read again."""

    def including(self, place: str, name: str) -> list[str]:
        """Return the globs of *include* that a file matches."""
        return [pattern for pattern in self.include if _matches(pattern, place, name)]

    def excludes(self, place: str, name: str) -> bool:
        """Whether a file or folder is excluded."""
        return any(_matches(pattern.rstrip("/"), place, name) for pattern in self.exclude)


def _matches(pattern: str, place: str, name: str) -> bool:
    return fnmatchcase(place if "/" in pattern else name, pattern)
