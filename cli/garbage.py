"""Pausing the garbage collector while modules are imported, as it would find nothing."""

from __future__ import annotations

import gc


def pause() -> None:
    """Pause the collector: imported objects are never garbage, and looking for some costs 7 ms."""
    gc.disable()


def resume() -> None:
    """Resume the collector if it was paused, but never look among the imported objects."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
