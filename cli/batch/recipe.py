"""A recipe: the filters of a call, one or several in a row, and their parameters."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...filters.core import catalog
from ...filters.core.parameters import ParameterError, Spec
from ..console.messages import flag, printable, reason, shown
from ..errors import UsageError
from ..images.atomic_write import Transaction

if TYPE_CHECKING:
    from ...filters.core.engine.stage import Stage
    from ...filters.core.engine.working_space import Settings
    from ...filters.core.filter import ImageFilter

WRITING = ("depth", "range", "gain")
"""Parameters that say how a result is written, which only a chain's last step does."""


class Step(NamedTuple):
    """One filter and its parameters: those that were given, and all of them, checked."""

    filter: ImageFilter[Any, Any]
    given: dict[str, Any]
    checked: dict[str, Any]

    @property
    def name(self) -> str:
        """The filter's name."""
        return self.filter.spec.name


class Recipe(NamedTuple):
    """The steps of a call, the last of which gives the picture and the maps."""

    steps: tuple[Step, ...]

    def __reduce__(self) -> tuple[Any, ...]:  # type: ignore[override]
        return _again, ([(step.name, step.given) for step in self.steps],)

    @property
    def name(self) -> str:
        """What the recipe is called in a file's name and a report."""
        return self.steps[0].name if len(self.steps) == 1 else "chain"

    @property
    def last(self) -> Step:
        """The step whose results are written."""
        return self.steps[-1]

    def stages(self) -> tuple[tuple[Stage, ...], Settings]:
        """Return the stages of all steps, and how an image enters the first; raises UsageError."""
        from ...filters.core.engine import chain

        number = maps = 0
        try:
            parts: list[chain.Part] = []
            for number, step in enumerate(self.steps):
                parts.append(chain.Part(step.filter.stages(**step.given), step.filter.settings(**step.given)))
                own = step.filter.maps(**step.given)
                if maps > 1 and not own and any(stage.joint for stage in parts[-1].stages):
                    raise UsageError(f"{_where(self.steps, number)}works on colours; the step before gives {maps} maps")
                maps = len(own) or maps
        except ParameterError as error:
            raise UsageError(f"{_where(self.steps, number)}{flag(error.parameter)}: {error.reason}") from None
        if len(parts) == 1:
            return tuple(parts[0].stages), parts[0].settings
        names = [f"step {number} ({step.name})" for number, step in enumerate(self.steps, 1)]
        return chain.chain([part._replace(name=name) for part, name in zip(parts, names, strict=True)])

    def maps(self) -> tuple[str, ...]:
        """Return the names of the maps that the result is made of; none for a picture. Raises UsageError.

        Filters behind a bank of kernels take its maps each by itself.
        """
        names: tuple[str, ...] = ()
        for number, step in enumerate(self.steps):
            own = step.filter.maps(**step.given)
            if len(names) > 1 and not own and step.checked["channels"] != "each":
                raise UsageError(
                    f"{_where(self.steps, number)}--channels {step.checked['channels']}: "
                    f"the step before gives {len(names)} maps, which have no colours; use --channels each"
                )
            names = own or names
        return names

    def files(self) -> list[str]:
        """Return the files that parameters name: the kernels."""
        return [
            value
            for step in self.steps
            for name, value in step.checked.items()
            if step.filter.spec.parameters[name].param.file and isinstance(value, str) and os.path.isfile(value)
        ]

    def described(self) -> Any:
        """Return filter and parameters as JSON can hold them."""
        if len(self.steps) == 1:
            return self.steps[0].checked
        return {"steps": [{"filter": step.name, **step.checked} for step in self.steps]}

    def key(self) -> bytes:
        """Return what tells this recipe from every other: filters, parameters, the contents of kernel files."""
        files = self.files()

        def content(value: Any) -> Any:
            return Path(value).read_bytes().hex() if isinstance(value, str) and value in files else value

        steps = [[step.name, {name: content(value) for name, value in step.checked.items()}] for step in self.steps]
        return repr(steps).encode("utf-8", "surrogateescape")


def _again(steps: Sequence[tuple[str, dict[str, Any]]]) -> Recipe:
    return Recipe(tuple(_step(catalog.load(name), given, "") for name, given in steps))


def _step(filter: ImageFilter[Any, Any], given: dict[str, Any], where: str) -> Step:
    try:
        return Step(filter, given, filter.spec.check(given))
    except ParameterError as error:
        raise UsageError(f"{where}{flag(error.parameter)}: {error.reason}") from None


def single(filter: ImageFilter[Any, Any], values: Mapping[str, Any]) -> Recipe:
    """Return the recipe of one filter, from the options of its command; raises UsageError."""
    return Recipe((_step(filter, read_options(filter.spec, values, ""), ""),))


def read_options(spec: Spec, values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the filter's parameters that were given, read from their text."""
    read = {}
    for name, parameter in spec.parameters.items():
        given = values[name]
        if given is None or given is False:
            continue
        try:
            read[name] = given if parameter.kind == "flag" else parameter.read(given)
        except ParameterError as error:
            raise UsageError(f"{where}{flag(name)}: {error.reason}") from None
    return read


def chained(texts: Sequence[str]) -> Recipe:
    """Return the recipe of steps that are written like commands, ``blur --sigma 2``; raises UsageError."""
    from ..commands.filter_command import parse_step

    steps: list[Step] = []
    for number, text in enumerate(texts, 1):
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise UsageError(f"step {number} ({printable(text)}): {str(error).lower()}") from None
        where = f"step {number} ({printable(words[0])}): " if words else f"step {number}: "
        if not words or words[0] not in catalog.names():
            raise UsageError(f"{where}is no filter (one of {', '.join(catalog.names())})")
        filter = catalog.load(words[0])
        try:
            values = parse_step(words[0], words[1:])
        except UsageError as error:
            raise UsageError(f"{where}{error}") from None
        steps.append(_step(filter, read_options(filter.spec, values, where), where))
    return _checked(steps)


def split_steps(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the inputs and the steps among a chain's words: the steps are the last that begin with a filter's name.

    >>> split_steps(["blur.png", "blur --sigma 2", "edges"])
    (['blur.png'], ['blur --sigma 2', 'edges'])
    """
    filters = catalog.names()
    at = len(words)
    while at and words[at - 1].split(maxsplit=1)[:1] and words[at - 1].split(maxsplit=1)[0] in filters:
        at -= 1
    inputs = list(words[:at])
    for word in inputs:
        first, _, options = word.partition(" ")
        near = get_close_matches(first, filters, n=1)
        if options.lstrip().startswith("-") and not os.path.lexists(word):
            hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(filters)}"
            raise UsageError(f"step {shown(word)}: {first!r} is no filter ({hint})")
    return inputs, list(words[at:])


def _checked(steps: Sequence[Step]) -> Recipe:
    if not steps:
        raise UsageError("no step: name filters with their options, as in 'blur --sigma 2' 'edges --op sobel'")
    for number, step in enumerate(steps[:-1]):
        for name in WRITING:
            if name in step.given:
                raise UsageError(
                    f"{_where(steps, number)}{flag(name)}: says how a result is written; only the last step's is"
                )
    return Recipe(tuple(steps))


def _where(steps: Sequence[Step], number: int) -> str:
    return "" if len(steps) == 1 else f"step {number + 1} ({steps[number].name}): "


def load(path: str) -> Recipe:
    """Read a recipe file; raises UsageError.

    It is TOML: a table ``[[step]]`` for each filter, with its name as ``filter`` and its parameters by their names.
    """
    import tomllib

    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{shown(path)}: {reason(error)}") from None
    except ValueError as error:
        raise UsageError(f"{shown(path)}: is no recipe: {error}") from None
    found = tables.pop("step", None)
    if tables or not isinstance(found, list) or not found or not all(isinstance(table, dict) for table in found):
        unknown = f"; {next(iter(tables))!r} is not known" if tables else ""
        raise UsageError(f"{shown(path)}: is no recipe: it needs a table [[step]] for each filter{unknown}")
    steps = []
    for number, table in enumerate(found, 1):
        name = table.pop("filter", None)
        where = f"{shown(path)}: step {number} ({name}): "
        if name not in catalog.names():
            raise UsageError(f"{where}is no filter (one of {', '.join(catalog.names())})")
        filter = catalog.load(name)
        steps.append(
            _step(filter, {key: _read_value(filter.spec, key, value, where) for key, value in table.items()}, where)
        )
    return _checked(steps)


def _read_value(spec: Spec, name: str, value: Any, where: str) -> Any:
    if isinstance(value, str) and name in spec.parameters:
        try:
            return spec.parameters[name].read(value)
        except ParameterError as error:
            raise UsageError(f"{where}{name}: {error.reason}") from None
    return tuple(value) if isinstance(value, list) else value


def write_recipe(path: str, recipe: Recipe) -> None:
    """Write a recipe file; raises FileError."""
    with Transaction() as transaction:
        with transaction.open(Path(path)) as file:
            file.write(as_toml(recipe).encode("utf-8", "surrogateescape"))
        transaction.commit()


def as_toml(recipe: Recipe) -> str:
    """Return a recipe as the text that `load` reads.

    >>> print(as_toml(chained(["blur --sigma 2,1", "edges --op prewitt --thin"])), end="")
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
        values = {"filter": step.name, **{name: step.checked[name] for name in step.given}}
        tables.append("[[step]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in values.items()))
    return "\n".join(tables)


def _toml(value: Any) -> str:
    import json  # a start without it is 1 ms shorter

    # What JSON writes of numbers, truths, texts and lists is TOML too, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
