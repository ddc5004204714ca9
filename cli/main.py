"""The program's first lines: settings that must be made before anything else is imported."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings

from . import garbage, signals
from .blas import limit_blas

signals.heed()


def main() -> None:
    """Run the program, and end the process with an `ExitCode`."""
    code = _ended()
    signals.ignore()
    warnings.simplefilter("ignore")  # of libraries, about what they leave undone
    raise SystemExit(code)


def console() -> None:
    """Run the program as the command `imfilter`, and end the process on the spot.

    Tearing down the interpreter costs 11 of the 100 ms of a small picture. All files are closed and
    all threads joined by then; only the standard streams may hold something.
    """
    garbage.pause()
    warnings.simplefilter("ignore")  # those of libraries; the program reports what matters in its own words
    os._exit(_ended(ahead=True))


def _ended(ahead: bool = False) -> int:
    """Run the program and return its exit code; a signal may break off the remaining work."""
    streams = [sys.stdout, sys.stderr]
    try:
        code = _run(ahead)
        signals.leave_at_once()
    except SystemExit as ended:  # by a signal
        code = ended.code if isinstance(ended.code, int) else 1
        del streams[0]  # its reader may block it for ever
    except KeyboardInterrupt:  # when all was done
        code = 130
        del streams[0]
    signals.leave_at_once()
    for stream in streams:
        if stream is not None:
            # The reader that closed the pipe needs nothing more.
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    return code


def _run(ahead: bool) -> int:
    """Run the program; *ahead* begins to read the likely input before the rest is imported."""
    limit_blas()
    try:
        from .console import faults
        from .streams import occupy_closed

        occupy_closed()
        sys.unraisablehook = faults.unraisable
        if ahead:
            from .images.prefetch import guess

            guess(sys.argv[1:])
        from .app import run

        return run()
    except Exception as fault:  # from an import: `run` catches its own
        from .console.faults import report

        return report(fault)
