"""The engine below the filters: arrays in, arrays out; it reads kernel files only, and knows no terminal.

A filter imports its building blocks from here: ``from .core import Common, Param, Stage, image_filter, pointwise``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.stage import Stage, pointwise
    from .filter import Common, image_filter
    from .lazy_numpy import Array, np
    from .parameters import ImageError, IntPair, MapField, Pair, Param, ParameterError, both

_MODULES = {
    "engine.stage": ("Stage", "pointwise"),
    "filter": ("Common", "image_filter"),
    "lazy_numpy": ("Array", "np"),
    "parameters": ("ImageError", "IntPair", "MapField", "Pair", "Param", "ParameterError", "both"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Array",
    "Common",
    "ImageError",
    "IntPair",
    "MapField",
    "Pair",
    "Param",
    "ParameterError",
    "Stage",
    "both",
    "image_filter",
    "np",
    "pointwise",
]


def __getattr__(name: str) -> Any:
    """Import a name from its module at the first use, so that listing the filters does not import the engine."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
