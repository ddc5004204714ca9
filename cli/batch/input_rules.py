"""Which files of a folder are inputs, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum
from fnmatch import fnmatchcase

from ...filters.core.named_tuple import NamedTuple
from ..file_identity import Identity

CLUTTER = frozenset({"thumbs.db", "desktop.ini"})
"""What systems leave in folders of pictures, in lower case; their other leavings begin with a dot."""


class Fate(Enum):
    """What becomes of an entry of a folder."""

    TAKEN = ""
    OTHER = "passed over"
    UNMATCHED = "passed over; it does not match --include"
    EXCLUDED = "passed over; it matches --exclude"
    BACKUP = "passed over; it is a backup, and backups must be named"
    SUBFOLDER = "is a subfolder; use -r to descend into it"


class InputRules(NamedTuple):
    """Which files of a folder are inputs."""

    recursive: bool = False
    include: Sequence[str] = ()
    """Globs, one of which a file must match; with a / they are held against its path below the folder."""
    exclude: Sequence[str] = ()
    """Globs that neither a file nor a folder on its way may match."""
    outputs: Collection[Identity] = ()
    """The output folders, as `identity` knows them: what was written is not read again."""
    prefixes: Collection[str] = ()
    """Those in stores."""
    backup: str | None = None
    """What `--backup` adds to a name."""
    written: Collection[tuple[Identity | None, str]] = ()
    """Files that were written before, each by its folder and its name: they are not read again."""

    def including(self, place: str, name: str) -> list[str]:
        """Return the globs of *include* that a file matches."""
        return [pattern for pattern in self.include if _matches(pattern, place, name)]

    def excludes(self, place: str, name: str) -> bool:
        """Whether a file or folder is left out."""
        return any(_matches(pattern.rstrip("/"), place, name) for pattern in self.exclude)


def _matches(pattern: str, place: str, name: str) -> bool:
    return fnmatchcase(place if "/" in pattern else name, pattern)
