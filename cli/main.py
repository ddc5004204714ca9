"""The program's first lines: what must hold before anything else is imported."""

from __future__ import annotations

from . import interruption

interruption.heed()


def main() -> None:
    """Run the program, and end the process with an `ExitCode`."""
    raise SystemExit(_run())


def console() -> None:
    """Run the program as the command `imfilter`, and end the process on the spot.

    Taking the interpreter apart costs 11 of the 100 ms of a small picture. All files are closed and
    all threads joined by then; only the standard streams may hold something.
    """
    import contextlib
    import os
    import sys
    import warnings

    from . import garbage

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
    import os
    import sys

    # The strips of an image are shared among threads already, which would only wait for each other's BLAS;
    # and starting its threads costs 10 ms.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
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
    except KeyboardInterrupt:  # at the very end
        return 130
    except Exception as fault:  # of an import: what runs has a net of its own
        from .console.faults import report

        return report(fault)
