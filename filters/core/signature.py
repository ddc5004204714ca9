"""The help of a filter in Python: its signature, and its docstring with a list of the parameters."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

from .parameters import Parameter, Spec

IMAGE = """image : array_like
    ``(height, width)``, ``(height, width, channels)`` or ``(n,)`` of bool, integers or floats; a masked array, whose
    mask marks missing samples; a Pillow image; a list; an object with ``__array__`` or ``__array_interface__``. Three
    channels are RGB; the last of two or four is the alpha, unless *bands* is set. White is 255 for integers, 65535 for
    uint16, and 1 for floats.
"""
RESULT = """A single channel has no axis of its own, unless the image's has. A row ``(n,)`` gives ``(n,)``, and a masked
array gives a masked array. Bool becomes uint8 of 0 and 255; integers other than uint8 and uint16 become floats."""
WIDTH = 110
"""The width of a parameter's help, in characters."""
TYPES = {
    "flag": "bool",
    "int": "int",
    "float": "float",
    "int pair": "int or (int, int)",
    "pair": "float or (float, float)",
    "numbers": "float or tuple of float",
}


class OfInstances:
    """An attribute that each instance makes on demand, while the class has its own."""

    def __init__(self, make: Callable[[Any], Any], of_class: Any) -> None:
        self.make, self.of_class = make, of_class

    def __get__(self, instance: Any, owner: type) -> Any:
        """Return the attribute of the instance, or of the class."""
        return self.of_class if instance is None else self.make(instance)


def signature(build: Callable[..., Any], answer: type | None, spec: Spec) -> inspect.Signature:
    """Return the signature of a filter's call; *build* declares its parameters, and *answer* is its result type."""
    hints = _hints(build)
    kind, named = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    defaults = {name: parameter.default for name, parameter in spec.parameters.items()}
    defaults |= {name: argument.default for name, argument in spec.arguments.items()}
    parameters = [inspect.Parameter("image", kind, annotation="ImageLike")]
    parameters += [
        inspect.Parameter(name, named, default=default, annotation=hints[name]) for name, default in defaults.items()
    ]
    return inspect.Signature(parameters, return_annotation="ndarray" if answer is None else answer)


def documentation(build: Callable[..., Any], spec: Spec) -> str:
    """Return a filter's docstring with a list of its parameters and the common notes on results."""
    hints = _hints(build)
    entries = [IMAGE]
    for name, parameter in spec.parameters.items():
        type_in_words = TYPES.get(parameter.kind) or "{" + ", ".join(map(repr, parameter.choices)) + "}"
        if parameter.kind == "text":
            type_in_words = "str" if str in (hints[name], *get_args(hints[name])) else ""
        entries.append(_entry(name, type_in_words, _default(parameter), in_words(parameter)))
    for name, argument in spec.arguments.items():
        entries.append(
            _entry(name, "bool" if argument.default is False else "", f"{argument.default!r}", argument.help)
        )
    text = "Parameters\n----------\n" + "".join(entries) + "\n"
    before, returns, behind = spec.doc.partition("Returns\n-------\n")
    if not returns:
        return f"{before}\n\n{text}Returns\n-------\n{RESULT}\n"
    own, gap, behind = behind.partition("\n\n")
    return f"{before}{text}{returns}{own}\n\n{RESULT}{gap}{behind}"


def _hints(build: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of all keyword arguments, including those of the ``**common`` TypedDict."""
    hints = get_type_hints(build)
    common = next((p.name for p in inspect.signature(build).parameters.values() if p.kind is p.VAR_KEYWORD), None)
    if common is not None:
        hints |= get_type_hints(*get_args(hints[common]))
    return hints


def _entry(name: str, type_in_words: str, default: str, help: str) -> str:
    told = ", ".join(part for part in (type_in_words, default and f"default {default}") if part)
    return _in_python(f"{name} : {told}\n{textwrap.indent(textwrap.fill(help, WIDTH), '    ')}\n")


def _in_python(text: str) -> str:
    """Return a text with options replaced by Python's parameter names.

    >>> _in_python("0 with --noise-sigma")
    '0 with noise_sigma'
    """
    return re.sub(r"--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), text)


def _default(parameter: Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return ""
    return re.sub("--(?=[a-z])", "", parameter.param.shown_default) or repr(parameter.default)


def in_words(parameter: Parameter) -> str:
    """Return the help of a parameter with its unit, its range, and the operators that take it."""
    param = parameter.param
    low = f"at least {param.min:g}" if param.min is not None else ""
    low = f"above {param.above:g}" if param.above is not None else low
    high = f"at most {param.max:g}" if param.max is not None else ""
    limits = " and ".join(part for part in (low, high) if part)
    words = [parameter.help]
    if limits or param.unit:
        words.append(f"In {param.unit}{', ' if limits else ''}{limits}." if param.unit else f"{limits.capitalize()}.")
    if parameter.default is inspect.Parameter.empty:
        words.append("Required.")
    if param.only:
        words.append(f"For op {', '.join(param.only)}.")
    return " ".join(words)
