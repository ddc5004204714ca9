"""The engine below the filters: arrays in, arrays out; no files but kernels, no terminal.

A filter imports from here what it is written with.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.stage import Stage, pointwise
    from .filter import Common, image_filter
    from .parameters import Param

__all__ = ["Common", "Param", "Stage", "image_filter", "pointwise"]

_HOMES = {
    "Common": "filter",
    "Param": "parameters",
    "Stage": "engine.stage",
    "image_filter": "filter",
    "pointwise": "engine.stage",
}


def __getattr__(name: str) -> Any:
    """Import a name from its home at the first use: listing the filters imports no engine."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
