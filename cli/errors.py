"""Exit codes: a promise to scripts."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """The exit code of the process."""

    DONE = 0
    """Everything was done."""
    FAILED = 1
    """An image failed; all others were done, and each failure is one line on stderr."""
    USAGE = 2
    """The call is wrong; nothing was done."""
    NOT_COMPARED = 3
    """A pair of pictures could not be compared, or its result not written."""
    INTERRUPTED = 130
    """Interrupted by the user."""


class UsageError(Exception):
    """The call is wrong: nothing is done, and the process ends with `ExitCode.USAGE`."""


class FileError(Exception):
    """One image failed; the others go on. *name* is its file as the user wrote it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name, self.reason = name, reason

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.name, self.reason)  # it may come from another process


class NoPlaceError(FileError):
    """The disk could not take an output, nor will it take the next: it is full, read-only or gone."""


class Interrupted(Exception):
    """The user ended a batch; the message says how far it was."""
