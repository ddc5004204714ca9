"""NumPy, imported at its first use.

`imfilter blur --help` and shell completion read the filters' signatures, and so import the filters and this engine.
NumPy would take three quarters of that time (46 of 60 ms) without being used. So modules of the engine import ``np``
from here, and use it only inside functions.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]
else:

    class _OnDemand:
        def __init__(self, module: str) -> None:
            self._module = module

        def __getattr__(self, name: str) -> Any:
            value = getattr(importlib.import_module(self._module), name)
            setattr(self, name, value)  # the next look-up is a plain attribute
            return value

    np = _OnDemand("numpy")
    Array = Any

__all__ = ["Array", "np"]
