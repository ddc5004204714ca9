"""The program's first lines: what must hold before anything else is imported."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from typing import NoReturn

from . import garbage, signals
from .blas import limit_blas


def main() -> None:
    """Run the program, and end the process with an `ExitCode`."""
    raise SystemExit(_ended())


def console() -> NoReturn:
    """Run the program as the command `imfilter`, and end the process on the spot.

    Taking the interpreter apart costs 11 of the 100 ms of a small picture. All files are closed and
    all threads joined by then; only the standard streams may hold something.
    """
    garbage.pause()
    warnings.simplefilter("ignore")  # libraries', of which the program says what matters in its own words
    os._exit(_ended(ahead=True))


def _ended(ahead: bool = False) -> int:
    """Run the program and return its exit code; what is left to be done, a signal may break off."""
    streams = [sys.stdout, sys.stderr]
    try:
        code = _run(ahead)
        signals.leave_at_once()
    except SystemExit as ended:  # by a signal
        code = ended.code if isinstance(ended.code, int) else 1
        del streams[0]  # whose reader may let it wait for ever
    except KeyboardInterrupt:  # when all was done
        code = 130
        del streams[0]
    signals.leave_at_once()
    for stream in streams:
        if stream is not None:
            # Who closed the pipe has been told what there was to tell.
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    return code


def _run(ahead: bool) -> int:
    """Run the program; *ahead* begins to read the likely input before the rest is imported."""
    for number in signals.ENDING:
        # Of SIGTERM and SIGHUP the default would end the process on the spot, and leave temporary files behind.
        # What is ignored stays so: that is how nohup works.
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, signals.end)
    limit_blas()
    try:
        if ahead:
            from .images.prefetch import guess

            guess(sys.argv[1:])
        from .app import run

        return run()
    except KeyboardInterrupt:  # while importing
        sys.stderr.write("imfilter: interrupted\n")
        return 130
