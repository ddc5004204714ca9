"""Unforeseen faults and lacking resources: one line for each, with a traceback on request."""

from __future__ import annotations

import errno
import os
import re
import sys
from typing import Any

from ..errors import ExitCode
from ..streams import discard
from .messages import complain, reason, reason_of, say, shown

DEBUG = "IMFILTER_DEBUG"
"""The environment variable that turns tracebacks on."""
NO_MEMORY = "needs more memory than is available"
LOADING = r"allocate memory|failed to map|out of memory"
"""What the system says if there is no memory for a library."""


def report(fault: BaseException) -> ExitCode:
    """Print a fault in one line; return the exit code."""
    complain(described(fault))
    return ExitCode.FAILED


def unraisable(ignored: Any) -> None:
    """Replace `sys.unraisablehook`: exceptions of finalizers matter only to those who look for a fault."""
    if asked() and ignored.exc_value is not None:
        _trace(ignored.exc_value)


def asked() -> bool:
    """Whether tracebacks are wanted."""
    return os.environ.get(DEBUG, "") not in ("", "0")


def _trace(fault: BaseException) -> None:
    import traceback

    for part in traceback.format_exception(fault):
        for line in part.splitlines():
            say(line)


def described(fault: BaseException) -> str:
    """Return what went wrong; with `DEBUG` print the traceback before that.

    >>> described(MemoryError())
    'needs more memory than is available'
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
    ('needs more memory than is available', None)
    """
    if lacks_memory(fault):
        return NO_MEMORY
    if isinstance(fault, ImportError):
        return f"a part of imfilter cannot be loaded: {reason_of(fault)}; reinstall it"
    if isinstance(fault, OSError) and fault.errno in (errno.EMFILE, errno.ENFILE):
        return f"{reason(fault)}; raise the limit (ulimit -n)"
    return None


def tell(error: OSError) -> None:
    """Report an error that belongs to no image."""
    if isinstance(error, BrokenPipeError):
        # The reader has gone; write nothing more, not even at the interpreter's last flush.
        discard(sys.stdout)
    else:
        complain(of_system(error))


def of_system(error: OSError) -> str:
    """Return the message of an error that belongs to no image, and so names its own file."""
    if error.filename is not None and not lacks_memory(error):
        return f"{shown(os.fsdecode(error.filename))}: {reason(error)}"
    if (lack := lacking(error)) is not None:
        return lack
    if error.errno == errno.ENOENT:
        return "the current folder is gone; change to another, or use absolute paths"
    return f"standard output: {reason(error)}"  # a help text or a table could not be written


def lacks_memory(fault: BaseException) -> bool:
    """Whether an error, or its cause, says that memory ran out."""
    seen: BaseException | None = fault
    while seen is not None:
        if isinstance(seen, MemoryError) or (isinstance(seen, OSError) and seen.errno == errno.ENOMEM):
            return True
        if isinstance(seen, (ImportError, OSError)) and re.search(LOADING, str(seen), re.IGNORECASE):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
