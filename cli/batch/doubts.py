"""Values of a call that may be misunderstood: a flat kernel, a decimal comma."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ...filters.core.filter import Call
from ..console.messages import flag
from .recipe import Recipe

KERNELS = ("kernel", "shape")
"""The parameters that are matrices."""
DECIMAL_COMMA = (
    "af az be bg bs ca cs da de el es et eu fi fo fr gl hr hu hy id is it ka kk ky lt lv mk mn nb nl nn no pl pt ro ru "
    "sk sl sq sr sv tr uk uz vi"
)
"""The languages whose numbers have a decimal comma."""
DECIMAL_POINT = "de_CH de_LI es_DO es_GT es_HN es_MX es_NI es_PA es_PR es_SV es_US it_CH"
"""The countries in which such a language still has a decimal point."""


def notes(recipe: Recipe, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return a line for each value that may be misunderstood."""
    comma = has_decimal_comma(environment)
    return [
        note
        for step in recipe.steps
        for name in step.given
        for note in (_flat(step, name), _halves(step, name) if comma else "")
        if note
    ]


def has_decimal_comma(environment: Mapping[str, str]) -> bool:
    """Whether the user's language writes numbers with a decimal comma.

    >>> has_decimal_comma({"LANG": "de_DE.UTF-8"}), has_decimal_comma({"LANG": "de_DE.UTF-8", "LC_ALL": "C"})
    (True, False)
    """
    given = (environment.get(name) for name in ("LC_ALL", "LC_NUMERIC", "LANG"))
    language = next((value for value in given if value), "").partition(".")[0].partition("@")[0]
    return language not in DECIMAL_POINT.split() and language.partition("_")[0] in DECIMAL_COMMA.split()


def _flat(step: Call, name: str) -> str:
    """Return a note if a kernel is one row but its values would fill a square."""
    if name not in KERNELS:
        return ""
    from ...filters.core.linear import kernel_source  # few calls have one

    if not (square := kernel_source.flat_square(step.given[name])):
        return ""
    side = square.count(";") + 1
    square = f", as in {square!r}" if side < 6 else ""
    return f"{flag(name)} is a row of {side * side} values; for {side}×{side} put ; between the rows{square}"


def _halves(step: Call, name: str) -> str:
    """Return a note that a pair of whole numbers was not read as one number with a decimal comma."""
    value, parameter = step.given[name], step.filter.spec.parameters[name]
    if parameter.kind != "pair" or parameter.param.metavar or not isinstance(value, (tuple, list)):
        return ""
    x, y = value
    if x != int(x) or y != int(y) or y < 0:
        return ""
    return f"{flag(name)} is {x:g} along x, {y:g} along y; for one number write {x:g}.{y:g}"
