"""The labels below the pictures of a sheet: a pattern with fields, such as ``{stem} {width}x{height}``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from ..brace_fields import pieces
from ..console.messages import printable, shown
from ..errors import UsageError

MOST_WIDTH = 999
"""The most characters of a field; more would fill the memory before they are drawn."""


def check(pattern: str, known: Collection[str], others: Mapping[str, str] | None = None) -> None:
    """Raise UsageError for a pattern that cannot be read, or has a field that is not *known*.

    *others* are fields that an option adds, with its name.
    """
    try:
        for _, field, spec, conversion in pieces(pattern):
            if conversion or "{" in (spec or ""):
                raise ValueError(f"! and braces are not allowed in {{{shown(field or '')}}}")
            if field is not None and field not in known and field in (others or {}):
                raise ValueError(f"{{{field}}} requires {(others or {})[field]}")
            if field is not None and field not in known:
                raise ValueError(f"unknown field {{{shown(field)}}}; use one of {', '.join(known)}")
            if any(len(number) > len(str(MOST_WIDTH)) for number in re.findall(r"\d+", spec or "")):
                raise ValueError(
                    f"{{{field}:{shown(spec or '')}}} is too wide; a field has at most {MOST_WIDTH} characters"
                )
            if spec and not _is_format(spec):
                raise ValueError(
                    f"{{{field}:{shown(spec)}}} is not a format; use digits, as in {{stem:20}} or {{psnr:.1f}}"
                )
    except ValueError as error:
        raise UsageError(f"--label {shown(pattern)}: {error}") from None


def _is_format(spec: str) -> bool:
    try:
        format("" if spec[-1] in "0123456789" else 1.0, spec)
    except ValueError:
        return False
    return True


def filled(pattern: str, values: Mapping[str, Any]) -> list[str]:
    r"""Return the lines of a label; a missing value is a dash.

    >>> filled(r"{stem}\n{width}x{height}", {"stem": "a", "width": 30, "height": 20})
    ['a', '30x20']
    >>> filled("{psnr:.1f} dB", {"psnr": None}), filled("{psnr:.1f} dB", {"psnr": 31.26})
    (['- dB'], ['31.3 dB'])
    """
    text = ""
    for literal, field, spec, _ in pieces(pattern):
        value = None if field is None else values.get(field)
        text += literal.replace(r"\n", "\n")
        if field is not None:
            text += "-" if value is None else _formatted(value, spec or "")
    return text.split("\n")


def _formatted(value: Any, spec: str) -> str:
    if isinstance(value, str):  # file names may contain line breaks
        value = printable(value)
    try:
        return format(value, spec)
    except ValueError:  # a number's format for a text
        return str(value)
