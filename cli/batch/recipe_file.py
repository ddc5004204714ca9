"""Recipe files: TOML with a table for each step."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from ...filters.core import catalog
from ...filters.core.parameters import ParameterError, Spec
from .. import bounded_read
from ..console.messages import reason, shown
from ..errors import UsageError
from ..file_identity import Identity
from ..images.atomic_write import Transaction, place_of
from ..stores import files as stored_files
from .recipe import Recipe, in_a_row, make_step

MOST_BYTES = 1 << 20
"""The most bytes of a recipe, which has a few lines per step."""
MOST_PARTS = 64
"""The most parts of a dotted key; the parser's time grows with their square."""
BETWEEN = re.compile(r"""#[^\n]*|"[^"\n]*"|'[^'\n]*'|[.,=\[\]{}\n]""")
"""Matches comments, strings, and the characters that end a key or join its parts."""


def tables_of(path: str) -> list[dict[str, Any]]:
    """Return the tables ``[[step]]`` of a recipe file, one per step; raises UsageError."""
    try:
        with stored_files.opened(path, MOST_BYTES) as file:
            text = bounded_read.read(file, MOST_BYTES).decode("utf-8-sig")
        _check_keys(text)
        tables = _parsed(text)
    except bounded_read.TooLongError as error:
        raise UsageError(f"{shown(path)}: is not a recipe: has more than {error}, the limit for one") from None
    except OSError as error:
        raise UsageError(f"{shown(path)}: {reason(error)}") from None
    except UnicodeDecodeError:  # its message is Python's
        raise UsageError(f"{shown(path)}: is not a recipe: it is not UTF-8 text") from None
    except ValueError as error:
        raise UsageError(f"{shown(path)}: is not a recipe: {error}") from None
    except RecursionError:
        raise UsageError(f"{shown(path)}: is not a recipe: it is nested too deeply") from None
    found = tables.pop("step", None)
    if tables or not isinstance(found, list) or not found or not all(isinstance(table, dict) for table in found):
        unknown = f"; unknown key {next(iter(tables))!r}" if tables else ""
        raise UsageError(f"{shown(path)}: is not a recipe; it needs a table [[step]] for each filter{unknown}")
    return found


def load(path: str) -> Recipe:
    """Read a recipe file; raises UsageError.

    It is TOML with a table ``[[step]]`` per filter, with its name as ``filter`` and its parameters by name.
    """
    steps = []
    for number, table in enumerate(tables_of(path), 1):
        name = table.pop("filter", None)
        where = f"{shown(path)}: step {number} ({name}): "
        if name not in catalog.names():
            raise UsageError(f"{where}unknown filter; use one of {', '.join(catalog.names())}")
        filter = catalog.load(name)
        steps.append(
            make_step(filter, {key: _read_value(filter.spec, key, value, where) for key, value in table.items()}, where)
        )
    return in_a_row(steps)._replace(source=path)


def _parsed(text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # the message names a Python function
        raise ValueError("a number has too many digits") from None


def _check_keys(text: str) -> None:
    """Raise ValueError if a key has too many parts."""
    dots = 0
    for found in BETWEEN.finditer(text):
        if found[0] == ".":
            dots += 1
        elif found[0][0] not in "\"'":
            dots = 0
        if dots >= MOST_PARTS:
            raise ValueError(f"a key has more than {MOST_PARTS} parts")


def _read_value(spec: Spec, name: str, value: Any, where: str) -> Any:
    try:
        parameter = spec.parameter(name)
        if isinstance(value, str):
            return parameter.read(value)
    except ParameterError as error:
        raise UsageError(f"{where}{error}") from None
    return tuple(value) if isinstance(value, list) else value


def write_recipe(path: str, recipe: Recipe, read: Collection[Identity]) -> None:
    """Write a recipe file, unless it would replace a file that is *read*; raises FileError."""
    with Transaction(read) as transaction:
        with transaction.open(place_of(path)) as file:
            file.write(as_toml(recipe).encode("utf-8", "surrogateescape"))
        transaction.commit()


def as_toml(recipe: Recipe) -> str:
    """Return a recipe as text for `load`.

    >>> blur = make_step(catalog.load("blur"), {"sigma": (2.0, 1.0)}, "")
    >>> edges = make_step(catalog.load("edges"), {"op": "prewitt", "thin": True}, "")
    >>> print(as_toml(in_a_row([blur, edges])), end="")
    [[step]]
    filter = "blur"
    sigma = [2.0, 1.0]
    <BLANKLINE>
    [[step]]
    filter = "edges"
    op = "prewitt"
    thin = true
    """
    tables = []
    for step in recipe.steps:
        values = {"filter": step.name, **{name: step.values[name] for name in step.given}}
        tables.append("[[step]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in values.items()))
    return "\n".join(tables)


def _toml(value: Any) -> str:
    import json  # saves 1 ms at the start

    # JSON's numbers, booleans, strings and lists are TOML too, except for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
