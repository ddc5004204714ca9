"""Parameters: one declaration serves the Python call, the command line and the reference.

A filter declares its parameters as keyword-only arguments, ``sigma: Annotated[float, Param("…", min=0)] = 1.0``.
`describe` reads them into a `Spec`. `Spec.check` checks the values of any call, and `Parameter.read` turns the text of
a command line into a value.
"""

from __future__ import annotations

import difflib
import inspect
import math
import re
import types
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from .named_tuple import NamedTuple

Pair = float | tuple[float, float]
"""One number for both axes, or ``(x, y)``."""
IntPair = int | tuple[int, int]
"""One whole number for both axes, or ``(x, y)``."""


Kind = Literal["picture", "magnitude", "signed", "angle", "hue", "orientation", "fraction", "logarithm", "table"]
"""The kind of values in an output. An orientation is an angle without a direction, modulo 180°. A fraction goes from 0
to 1, which is white. A logarithm has no natural scale, and is stretched over each image's own range. A table has its
own rows, and is not a map of the picture."""


class ParameterError(ValueError):
    """A parameter's value is wrong; *parameter* is its Python name, *reason* says what is wrong and what to do."""

    def __init__(self, parameter: str, reason: str) -> None:
        reason = re.sub(r"\s*\n\s*", " ", reason)  # the text of an array has line breaks
        super().__init__(f"{parameter}: {reason}")
        self.parameter = parameter
        self.reason = reason

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (self.parameter, self.reason)  # so that it can be pickled to another process


class OperatorError(ParameterError):
    """A parameter was given to an operator that does not take it; *only* names those that do.

    *meant* is the operator's own parameter of a similar name, if it has one.
    """

    def __init__(self, parameter: str, op: str, only: Sequence[str], meant: str = "") -> None:
        hint = f"; did you mean {meant}?" if meant else ""
        super().__init__(parameter, f"does not apply to op {op} (it is for {', '.join(only)}){hint}")
        self.only, self.meant = tuple(only), meant


class ImageError(ValueError):
    """This image cannot be filtered in this way, though others may."""


class FileContent(str):
    """The name of a file with its content: a parameter's value that is passed on unchanged."""

    data: bytes

    def __new__(cls, name: str, data: bytes) -> Self:
        """Return the name with the content attached."""
        content = super().__new__(cls, name)
        content.data = data
        return content

    def __reduce__(self) -> tuple[type[Self], tuple[str, bytes]]:
        return type(self), (str(self), self.data)


class FolderName(str):
    """The name of a folder with a picture for each image: a parameter's value that is passed on unchanged."""


def held(name: str) -> bytes | None:
    """Return the content of the file *name*, if it was read."""
    return name.data if isinstance(name, FileContent) else None


class Param(NamedTuple):
    """A parameter's declaration: help, unit, range, and all else but its type and default."""

    help: str
    unit: str = ""
    ratio: bool = False
    """The number is a ratio: 2 is as far from 1 as 0.5 is, and random values are drawn by their logarithm."""
    percent: bool = False
    """The number is a factor or a fraction: text may say 50% for 0.5."""
    min: float | None = None
    max: float | None = None
    above: float | None = None
    """An excluded lower bound."""
    span: tuple[float, float] | None = None
    """The ends of a slider, if neither the bounds nor ten times the default would be useful."""
    only: tuple[str, ...] = ()
    """The values of ``op`` that take this parameter."""
    unless: Mapping[str, str] = MappingProxyType({})
    """The values of ``op`` that do not take it, if only a few do not, and an error for each, or ""."""
    chooses: bool = False
    """Given without ``op``, the parameter selects the only op that takes it."""
    aliases: Mapping[str, str] = MappingProxyType({})
    """Other names for a choice."""
    read: Callable[[str], Any] | None = None
    """Turns the text of a command line into the value, if the type alone does not determine it."""
    check: Callable[[Any], object] | None = None
    """Raises ValueError for a wrong value, if range and choices do not suffice."""
    default: Any = inspect.Parameter.empty
    """The default of a field of a TypedDict, which cannot have one."""
    shown_default: str = ""
    """The default that the help shows for None, or for one that depends on ``op``."""
    default_of: Mapping[str, Any] = MappingProxyType({})
    """Defaults for some values of ``op``, instead of the parameter's own."""
    metavar: str = ""
    file: bool = False
    """The value may name a file; a `FileContent` also holds its content."""
    picture: bool = False
    """The value is a picture, or names a file that holds one, or a folder of them."""
    missing: str = ""
    """Ends the error for a missing required value."""
    advice: str = ""
    """Ends the error for a percentage, if the parameter takes none."""

    def suits(self, op: str) -> bool:
        """Whether *op*, which is "" for a filter without, takes this parameter."""
        return (not self.only or op in self.only) and op not in self.unless


GEOMETRY = re.compile(r"(\d+)[x×](\d+)(?:\+(\d+)\+(\d+))?")
"""A size and a position in ImageMagick's notation."""


class Argument(NamedTuple):
    """The declaration of an argument that only Python calls take; it is not a parameter of the filter."""

    help: str
    default: Any = None


MAPS = "maps"
"""The argument that chooses among a filter's maps, if it has any."""


class MapField(NamedTuple):
    """The declaration of a map: the help of its option, and the kind of its values."""

    help: str
    kind: Kind
    columns: tuple[str, ...] = ()
    """The names of a table's columns."""
    only: tuple[str, ...] = ()
    """The operators that give the map; all if empty."""


def given_field(result: Any, name: str) -> Any:
    """The `__getattribute__` of filter results: an absent field raises an error that names those present."""
    value = tuple.__getattribute__(result, name)
    if value is None and name in (fields := type(result)._fields):
        there = ", ".join(field for field, own in zip(fields, result, strict=True) if own is not None)
        raise AttributeError(f"the result has no {name}; it has {there}", name=name, obj=None)
    return value


ABSENT: Any = None
"""Marks a field that the operator does not compute, or that was not requested; see `given_field`."""


class Parameter(NamedTuple):
    """One parameter, read from a signature."""

    name: str
    kind: Literal["flag", "choice", "int", "float", "int pair", "pair", "numbers", "text"]
    default: Any
    param: Param
    choices: tuple[str, ...] = ()

    @property
    def help(self) -> str:
        """The help text, with a note if percentages are accepted."""
        return f"{self.param.help} 50% is 0.5." if self.param.percent else self.param.help

    @property
    def metavar(self) -> str:
        """The placeholder for the value in a usage line."""
        if self.param.metavar or self.kind == "choice":
            return self.param.metavar or "|".join(self.choices)
        names = {"int": "N", "float": "X", "int pair": "N|NX,NY", "pair": "X|X,Y", "numbers": "X|X,X,X"}
        return names.get(self.kind, "TEXT")

    def read(self, text: str) -> Any:
        """Turn command-line *text* into the value; raises ParameterError."""
        if self.param.read is not None:
            return self._named(self.param.read, text)
        if self.kind in ("choice", "text"):
            return text
        if self.kind == "flag":
            raise ParameterError(self.name, f"{text!r} is neither true nor false")
        several = self.kind.endswith(("pair", "numbers"))
        try:
            values = tuple(self._read_number(part) for part in (text.split(",") if several else [text]))
        except ValueError:
            what = "a whole number" if self.kind.startswith("int") else "a number"
            one = {"pair": "two", "numbers": "one for each channel"}.get(self.kind.split()[-1], "")
            wanted = f"neither {what} nor {one}, {self.metavar.rpartition('|')[2]}" if one else f"not {what}"
            raise ParameterError(self.name, f"{text!r} is {wanted}{self._meant(text)}") from None
        if len(values) > 2 and self.kind != "numbers":
            raise ParameterError(self.name, f"{text!r} has {len(values)} numbers; use one, or x,y")
        return values[0] if len(values) == 1 else values

    def _from_text(self, text: str) -> Any:
        """Return the value of *text* in a Python call: as on the command line, but words stay text."""
        if self.kind in ("flag", "choice") or (self.kind == "text" and self.param.read is None):
            return text
        try:
            return self.read(text)
        except ParameterError:
            if self.kind == "text":
                raise
            raise ParameterError(self.name, f"{text!r} is not a number{self._meant(text)}") from None

    def _read_number(self, text: str) -> int | float:
        """Return the number in *text*; raises ValueError."""
        if self.kind.startswith("int"):
            return int(text)
        if text.rstrip().endswith("%") and (self.param.percent or self.param.unit == "%"):
            number = float(text.rstrip().removesuffix("%"))
            shortest = repr(number)
            if not self.param.percent:
                return number
            # Read as written: 12.3 / 100 is not the number nearest to 0.123.
            return float(f"{shortest}e-2") if re.fullmatch(r"[-\d.]+", shortest) else number / 100
        return float(text)

    def _meant(self, text: str) -> str:
        """Return advice for a *text* that the parameter does not take."""
        if self.kind == "float" and re.fullmatch(r"[-+]?\d*,\d+", text):
            return f"; did you mean {text.replace(',', '.')}?"
        if self.kind.endswith("pair") and (found := GEOMETRY.fullmatch(text)):
            at = f" with --at {found[3]},{found[4]}" if found[3] else ""
            return f"; did you mean {found[1]},{found[2]}{at}?"
        if not text.rstrip().endswith("%"):
            return ""
        return f"; {self.param.advice or 'percentages do not apply here'}"

    def check(self, value: Any) -> Any:
        """Return *value* in its declared form, or raise ParameterError."""
        if value is None:
            if self.default is None:
                return None
            raise ParameterError(self.name, "requires a value")
        if isinstance(value, str) and not isinstance(value, (FileContent, FolderName)):
            value = self._from_text(value)
        if self.kind == "choice":
            return self._choice(value)
        if self.kind == "flag":
            try:
                return (False, True)[(False, True).index(value)]
            except ValueError:  # comparing an array raises it too
                raise ParameterError(self.name, f"{value!r} is neither True nor False") from None
        if self.kind != "text":
            value = self._numbers(value)
        if self.param.check is not None:
            self._named(self.param.check, value)
        return value

    def _named(self, function: Callable[[Any], Any], value: Any) -> Any:
        """Call a declaration's function, and report its error as the parameter's."""
        try:
            return function(value)
        except ParameterError:
            raise
        except ValueError as error:
            raise ParameterError(self.name, str(error)) from None

    def _choice(self, value: Any) -> str:
        word = str(value).lower()
        word = self.param.aliases.get(word, word)
        if word in (known := {choice.lower(): choice for choice in self.choices}):
            return known[word]
        near = difflib.get_close_matches(word, [*self.choices, *self.param.aliases], n=1)
        known = ", ".join(self.choices)
        hint = f"did you mean {near[0]!r}? (one of {known})" if near else f"use one of {known}"
        raise ParameterError(self.name, f"unknown value {value!r}; {hint}")

    def _numbers(self, value: Any) -> Any:
        several = self.kind.endswith(("pair", "numbers")) and isinstance(value, (tuple, list))
        numbers = tuple(self._number(part) for part in (value if several else (value,)))
        if self.kind == "numbers":
            if len(numbers) == 0:
                raise ParameterError(self.name, "requires a value")
            return numbers[0] if len(numbers) == 1 else numbers
        if several and len(numbers) != 2:
            raise ParameterError(self.name, f"{value!r} has {len(numbers)} numbers; use one, or x,y")
        return numbers if several else numbers[0]

    def _number(self, value: Any) -> int | float:
        if isinstance(value, bool):
            raise ParameterError(self.name, f"{value!r} is not a number")
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ParameterError(self.name, f"{value!r} is not a number") from None
        except OverflowError:
            raise ParameterError(self.name, "is too large a number") from None
        if not math.isfinite(number):
            raise ParameterError(self.name, f"{value} is not a finite number")
        whole = self.kind.startswith("int")
        if whole and number != int(number):
            raise ParameterError(self.name, f"{value} is not a whole number")
        unit = f" {self.param.unit}" if self.param.unit else ""
        if self.param.min is not None and number < self.param.min:
            raise ParameterError(self.name, f"{value:g} is below the least value, {self.param.min:g}{unit}")
        if self.param.above is not None and number <= self.param.above:
            raise ParameterError(self.name, f"{value:g} must be above {self.param.above:g}{unit}")
        if self.param.max is not None and number > self.param.max:
            raise ParameterError(self.name, f"{value:g} is above the greatest value, {self.param.max:g}{unit}")
        return int(number) if whole else number


class Spec(NamedTuple):
    """A filter's parameters, shared ones last, and the maps that its result can have."""

    name: str
    summary: str
    doc: str
    parameters: Mapping[str, Parameter]
    maps: Mapping[str, MapField]
    arguments: Mapping[str, Argument] = MappingProxyType({})
    """The arguments that only Python calls take."""

    def parameter(self, name: str) -> Parameter:
        """Return the parameter *name*; raises ParameterError if there is none."""
        if (found := self.parameters.get(name)) is not None:
            return found
        near = difflib.get_close_matches(name, self.parameters, n=1)
        raise ParameterError(name, "no such parameter" + (f"; did you mean {near[0]}?" if near else ""))

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return every parameter's checked value, with defaults filled in; raises ParameterError."""
        checked = {}
        for name, value in values.items():
            checked[name] = self.parameter(name).check(value)
        full = {name: checked.get(name, parameter.default) for name, parameter in self.parameters.items()}
        for name, value in checked.items():
            if "op" not in checked and self.parameters[name].param.chooses and value is not None:
                (full["op"],) = self.parameters[name].param.only
        for name, parameter in self.parameters.items():
            if name not in checked and full.get("op") in parameter.param.default_of:
                full[name] = parameter.param.default_of[full["op"]]
        for name, value in full.items():
            if value is inspect.Parameter.empty:
                missing = self.parameters[name].param.missing
                raise ParameterError(name, f"is required, {missing}" if missing else "is required")
        for name, value in checked.items():
            param, op = self.parameters[name].param, full.get("op", "")
            if value is None or param.suits(op) or (op in param.unless and value == self.parameters[name].default):
                continue
            if reason := param.unless.get(op):
                raise ParameterError(name, reason)
            raise OperatorError(name, op, self.takers(name), self._meant(name, op))
        return full

    def takers(self, name: str) -> tuple[str, ...]:
        """Return the values of ``op`` that take the parameter *name*; none if all do."""
        param = self.parameters[name].param
        if not param.unless:
            return param.only
        return tuple(op for op in self.parameters["op"].choices if param.suits(op))

    def _meant(self, name: str, op: str) -> str:
        """Return the parameter of *op* whose last word is *name*, such as ``noise_sigma`` for sigma; else empty."""
        for own, parameter in self.parameters.items():
            if own.endswith(f"_{name}") and parameter.param.suits(op):
                return own
        return ""


def read_parameter(name: str, annotation: Any, default: Any) -> Parameter:
    """Read one ``Annotated[type, Param(…)]``.

    >>> p = read_parameter("sigma", Annotated[float, Param("Width.", min=0)], 1.0)
    >>> p.kind, p.read("2.5"), p.check(3)
    ('float', 2.5, 3.0)
    """
    param = next((extra for extra in get_args(annotation)[1:] if isinstance(extra, Param)), None)
    if get_origin(annotation) is not Annotated or param is None:
        raise TypeError(f"parameter {name!r} needs Annotated[type, Param(...)]")
    if param.default is not inspect.Parameter.empty:
        default = param.default
    inner = get_args(annotation)[0]
    union = get_origin(inner) in (types.UnionType, Union)
    members = [m for m in (get_args(inner) if union else (inner,)) if m is not type(None)]
    for member in members:
        if get_origin(member) is Literal:
            return Parameter(name, "choice", default, param, get_args(member))
    if bool in members:
        return Parameter(name, "flag", default, param)
    if tuple[int, int] in members:
        return Parameter(name, "int pair", default, param)
    if tuple[float, float] in members:
        return Parameter(name, "pair", default, param)
    if tuple[float, ...] in members:
        return Parameter(name, "numbers", default, param)
    if float in members:
        return Parameter(name, "float", default, param)
    return Parameter(name, "int" if members == [int] else "text", default, param)


def describe(function: Callable[..., Any], answer: type | None, defaults: Mapping[str, Any]) -> Spec:
    """Read *function*'s keyword-only parameters, those of its ``**common`` TypedDict, and its result's maps.

    *defaults* are the function's own defaults for parameters of the TypedDict.
    """
    hints = get_type_hints(function, include_extras=True)
    parameters, arguments = {}, {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY:
            parameters[name] = read_parameter(name, hints[name], parameter.default)
        elif parameter.kind is parameter.VAR_KEYWORD:
            (common,) = get_args(hints[name])
            for field_name, hint in get_type_hints(common, include_extras=True).items():
                argument = next((extra for extra in get_args(hint)[1:] if isinstance(extra, Argument)), None)
                if argument is not None:
                    arguments[field_name] = argument
                else:
                    parameter = read_parameter(field_name, hint, None)
                    default = defaults.get(field_name, parameter.default)
                    # The text shown for a default of None does not suit another one.
                    said = parameter.param if default is None else parameter.param._replace(shown_default="")
                    parameters[field_name] = parameter._replace(default=default, param=said)
        else:
            raise TypeError(f"{function.__name__}: parameter {name!r} must be keyword-only")
    doc = inspect.getdoc(function) or ""
    answered = {} if answer is None else get_type_hints(answer, include_extras=True)
    maps = {
        name: extra for name, hint in answered.items() for extra in get_args(hint)[1:] if isinstance(extra, MapField)
    }
    if not maps:
        arguments.pop(MAPS, None)
    return Spec(function.__name__, doc.partition("\n")[0], doc, parameters, maps, arguments)


Number = TypeVar("Number", int, float)


def both(value: Number | tuple[Number, Number]) -> tuple[Number, Number]:
    """Return ``(x, y)`` from a pair, or from one number for both.

    >>> both(3), both((1, 2))
    ((3, 3), (1, 2))
    """
    return value if isinstance(value, tuple) else (value, value)
