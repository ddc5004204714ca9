"""The program's first lines: what must hold before anything else is imported."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from typing import NoReturn

from . import garbage
from .blas import limit_blas


def main() -> None:
    """Run the program, and end the process with an `ExitCode`."""
    raise SystemExit(_run())


def console() -> NoReturn:
    """Run the program as the command `imfilter`, and end the process on the spot.

    Taking the interpreter apart costs 11 of the 100 ms of a small picture. All files are closed and
    all threads joined by then; only the standard streams may hold something.
    """
    garbage.pause()
    warnings.simplefilter("ignore")  # libraries', of which the program says what matters in its own words
    try:
        code = _run(ahead=True)
    except SystemExit as ended:  # by a signal; a second one must find no interpreter that is taken apart
        code = ended.code if isinstance(ended.code, int) else 1
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            # Who closed the pipe has been told what there was to tell.
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    os._exit(code)


def _run(ahead: bool = False) -> int:
    """Run the program; *ahead* begins to read the likely input before the rest is imported."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # The default would end the process on the spot, and leave temporary files behind.
        # What is ignored stays so: that is how nohup works.
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda number, frame: sys.exit(128 + number))
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
