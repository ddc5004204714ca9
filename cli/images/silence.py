"""Silence for libraries in C that write to the screen what their exceptions say again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def silenced(descriptor: int = 2) -> Iterator[None]:
    """Keep what is called from writing to standard error, as libtiff does, or to another descriptor."""
    try:
        screen = os.dup(descriptor)
    except OSError:  # closed
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), descriptor)
    try:
        yield
    finally:
        os.dup2(screen, descriptor)
        os.close(screen)
