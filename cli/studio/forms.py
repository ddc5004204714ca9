"""The form of a filter: a control for every parameter, from the declarations."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from typing import Any

from ...filters.core.filter import Common, ImageFilter
from ...filters.core.parameters import Parameter
from ..batch.options import PIXELS
from ..console.messages import flag
from .call import text_of

WIDE = 720.0
"""Bounds farther apart are too wide for a slider."""
KERNEL = "KERNEL"
"""The metavar of parameters that are kernels."""
STEPS = 100
"""The approximate number of steps on a slider."""


def form(filter: ImageFilter[Any, Any], pictures: Sequence[str]) -> dict[str, Any]:
    """Return the form of a filter; *pictures* can be chosen as second pictures."""
    spec = filter.spec
    return {
        "filter": spec.name,
        "summary": spec.summary,
        "parameters": [_control(spec.parameters[name], spec.takers(name), pictures) for name in spec.parameters],
        "outputs": {name: field.help for name, field in spec.maps.items() if field.kind != "table"},
    }


def _control(parameter: Parameter, takers: Sequence[str], pictures: Sequence[str]) -> dict[str, Any]:
    param, default = parameter.param, parameter.default
    required = default is inspect.Parameter.empty
    return {
        "name": parameter.name,
        "label": flag(parameter.name).removeprefix("--").replace("-", " "),
        "kind": parameter.kind,
        "help": parameter.help,
        "unit": param.unit,
        "metavar": parameter.metavar,
        "required": required,
        "default": "" if required or parameter.kind == "flag" else text_of(default),
        "defaults": {op: text_of(value) for op, value in param.default_of.items()},
        "shown": param.shown_default or ("required" if required else ""),
        "choices": parameter.choices,
        "only": takers,
        "chooses": param.chooses,
        "more": PIXELS if parameter.name in Common.__annotations__ else "",
        "span": span(parameter),
        "words": _words(parameter, pictures),
        "grid": parameter.param.metavar == KERNEL,
    }


def _words(parameter: Parameter, pictures: Sequence[str]) -> list[str]:
    """Return suggestions for a text field."""
    if parameter.param.picture:
        return list(pictures)
    if parameter.param.metavar == KERNEL:
        from ...filters.core.linear import filter_banks, kernels

        return [*kernels.names(), *filter_banks.BUILT_IN]
    words = parameter.param.metavar.split("|") if parameter.kind == "text" else []
    return [word for word in words if word.islower()]


def span(parameter: Parameter) -> tuple[float, float, float] | None:
    """Return the ends and the step of a number's slider; None if the parameter is not a number.

    The ends are the declared span, or the bounds if these are close enough, or else reach ten times the default.

    >>> from typing import Annotated
    >>> from ...filters.core.parameters import Param, read_parameter
    >>> span(read_parameter("sigma", Annotated[float, Param("Width.", min=0, max=1e4)], 2.0))
    (0.0, 20.0, 0.1)
    >>> span(read_parameter("angle", Annotated[float, Param("Angle.", min=-360, max=360)], 0.0))
    (-360.0, 360.0, 1.0)
    >>> span(read_parameter("size", Annotated[int, Param("Side.", min=1)], 3))
    (1.0, 30.0, 1.0)
    """
    if not parameter.kind.endswith(("int", "float", "pair")):
        return None
    param, whole = parameter.param, parameter.kind.startswith("int")
    least = param.min if param.min is not None else param.above
    if param.span is not None:
        low, high = param.span
    elif least is not None and param.max is not None and param.max - least <= WIDE:
        low, high = least, param.max
    else:
        low, high = _reach(parameter, least)
    step = 1.0 if whole else max(10.0 ** math.floor(math.log10((high - low) / STEPS)), 1e-6)
    # A slider includes its ends.
    return (float(low + step if param.above is not None and low <= param.above else low), float(high), step)


def _reach(parameter: Parameter, least: float | None) -> tuple[float, float]:
    param, default = parameter.param, parameter.default
    usual = default[0] if isinstance(default, tuple) else default
    usual = abs(usual) if isinstance(usual, (int, float)) and not isinstance(usual, bool) else 0.0
    high = 10 * usual if usual else 1.0 if param.percent else 10.0
    low = -high if least is None or least < 0 else least
    return low, min(high, math.inf if param.max is None else param.max)
