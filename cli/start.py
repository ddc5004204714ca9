"""The program's first lines: what must hold before anything else is imported."""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Run the program, and end the process with an `ExitCode`."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # The default would end the process on the spot, and leave temporary files behind.
        # What is ignored stays so: that is how nohup works.
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda number, frame: sys.exit(128 + number))
    # The strips of an image are shared among threads already, which would only wait for each other's BLAS;
    # and starting its threads costs 10 ms.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from .app import run

        code = run()
    except KeyboardInterrupt:  # while importing
        sys.stderr.write("imfilter: interrupted\n")
        code = 130
    raise SystemExit(code)
