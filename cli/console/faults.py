"""Faults that nobody foresaw, and what the machine lacks: one line for each, and the traceback for who asks for it."""

from __future__ import annotations

import errno
import os
import re
from typing import Any

from ..errors import ExitCode
from .messages import complain, reason, reason_of, say, shown

DEBUG = "IMFILTER_DEBUG"
"""The variable by which an environment asks for tracebacks."""
NO_MEMORY = "needs more memory than there is"
LOADING = r"allocate memory|failed to map|out of memory"
"""What the system says of a library that finds no memory."""


def report(fault: BaseException) -> ExitCode:
    """Print the one line that a fault costs; return the exit code."""
    complain(described(fault))
    return ExitCode.FAILED


def unraisable(ignored: Any) -> None:
    """Stand in as `sys.unraisablehook`: what a finalizer raises is for those who look for a fault."""
    if asked() and ignored.exc_value is not None:
        _trace(ignored.exc_value)


def asked() -> bool:
    """Whether tracebacks are asked for."""
    return os.environ.get(DEBUG, "") not in ("", "0")


def _trace(fault: BaseException) -> None:
    import traceback

    for part in traceback.format_exception(fault):
        for line in part.splitlines():
            say(line)


def described(fault: BaseException) -> str:
    """Return what went wrong; with `DEBUG` print the traceback before that.

    >>> described(MemoryError())
    'needs more memory than there is'
    >>> described(KeyError("sigma"))
    "internal error: KeyError: 'sigma'; please report it; IMFILTER_DEBUG=1 shows where"
    """
    if asked():
        _trace(fault)
    return (
        lacking(fault)
        or f"internal error: {type(fault).__name__}: {reason_of(fault)}; please report it; {DEBUG}=1 shows where"
    )


def lacking(fault: BaseException) -> str | None:
    """Return what the machine lacks, if an error says that it lacks something.

    >>> lacking(MemoryError()), lacking(ValueError("broken data"))
    ('needs more memory than there is', None)
    """
    if lacks_memory(fault):
        return NO_MEMORY
    if isinstance(fault, ImportError):
        return f"a part of imfilter cannot be loaded: {reason_of(fault)}; reinstall it"
    if isinstance(fault, OSError) and fault.errno in (errno.EMFILE, errno.ENFILE):
        return f"{reason(fault)}; raise the limit (ulimit -n)"
    return None


def of_system(error: OSError) -> str:
    """Return what an error says that no image has met, which names its own files."""
    if error.filename is not None and not lacks_memory(error):
        return f"{shown(os.fsdecode(error.filename))}: {reason(error)}"
    if (lack := lacking(error)) is not None:
        return lack
    if error.errno == errno.ENOENT:
        return "the current folder is gone; change to another, or use absolute paths"
    return f"standard output: {reason(error)}"  # a help text or a table found no place


def lacks_memory(fault: BaseException) -> bool:
    """Whether an error, or what it came from, says that there is no memory."""
    seen: BaseException | None = fault
    while seen is not None:
        if isinstance(seen, MemoryError) or (isinstance(seen, OSError) and seen.errno == errno.ENOMEM):
            return True
        if isinstance(seen, (ImportError, OSError)) and re.search(LOADING, str(seen), re.IGNORECASE):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
