"""The catalogue: the files next to this package are the filters, and their names are the commands."""

from __future__ import annotations

import ast
import functools
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .filter import ImageFilter

FOLDER = Path(__file__).parent.parent
PACKAGE = __name__.rpartition(".")[0].rpartition(".")[0]


def names() -> list[str]:
    """List the filters without importing them."""
    return sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def summary(name: str) -> str:
    """Return the first line of a filter's docstring, read from its file without importing it."""
    tree = ast.parse((FOLDER / f"{name}.py").read_bytes())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return (ast.get_docstring(node) or "").partition("\n")[0]
    raise LookupError(f"{name}.py defines no function {name}")


def load(name: str) -> ImageFilter[Any, Any]:
    """Import one filter."""
    return getattr(importlib.import_module(f"{PACKAGE}.{name}"), name)


@functools.cache
def many(name: str) -> Any:
    """Return how a filter processes many images with different numbers at once; None if its stages do it."""
    made = getattr(importlib.import_module(f"{PACKAGE}.{name}"), "many", None)
    return None if made is None else made()
