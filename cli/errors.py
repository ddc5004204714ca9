"""Exit codes: a promise to scripts."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """What the process says when it ends."""

    DONE = 0
    """Everything that was asked for is done."""
    FAILED = 1
    """Some image failed; all others are done, and each failure is one line on standard error."""
    USAGE = 2
    """The call is wrong; nothing was done."""
    NOT_COMPARED = 3
    """Some pair of pictures could not be compared."""
    INTERRUPTED = 130
    """Interrupted by the user."""


class UsageError(Exception):
    """The call is wrong: nothing is done, and the process ends with `ExitCode.USAGE`."""


class FileError(Exception):
    """One image failed; the others go on. *name* is its file as people wrote it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name, self.reason = name, reason

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.name, self.reason)  # another process may have met it


class NoPlaceError(FileError):
    """The disk took nothing of an output, nor will it of the next: it is full, read-only or gone."""


class Interrupted(Exception):
    """The user ended a batch; it says how far that was."""
