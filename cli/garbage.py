"""The garbage collector, which has nothing to find while the program is being imported."""

from __future__ import annotations

import gc


def pause() -> None:
    """Look for no garbage: nothing that is imported ever is any, and looking for some costs 7 ms."""
    gc.disable()


def resume() -> None:
    """Look for garbage again, if that was paused, but not among what has been imported."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
