"""The progress of a call that makes one output in many steps."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

from .reporter import wants_bar
from .slow_image import Progress, SlowImage


@contextlib.contextmanager
def shown_progress(name: str, quiet: bool, json: bool) -> Iterator[Progress | None]:
    """Show a progress line with the *name* while the context lasts, if stderr is a terminal and it takes long."""
    if quiet or not wants_bar(json):
        yield None
        return
    slow = SlowImage(name, time.perf_counter(), sys.stderr.fileno())
    try:
        yield slow.progress
    finally:
        slow.close()
