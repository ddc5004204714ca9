"""From a filter's description to its command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import typer

from ...filters.core import catalog
from ...filters.core.filter import Common
from ...filters.core.parameters import Parameter, Spec
from ..batch.help_sections import OWN, PIXELS
from ..batch.options import SharedOptions
from ..batch.recipe import Recipe, single
from ..batch.run import execute
from .helped_option import HelpedOption
from .options import make_command, shared_options
from .sectioned_command import SectionedCommand
from .two_helps import WIDTH

USAGE = "[OPTIONS] INPUT... -o OUTPUT"


def make(name: str) -> SectionedCommand:
    """Return the command for the filter *name*, ready to be run or asked for help."""
    filter = catalog.load(name)
    spec = filter.spec

    def command(**values: Any) -> None:
        files = map_files(spec.maps, values)
        raise typer.Exit(carried_out(lambda: single(filter, values), shared_options(values), files))

    return make_command(
        name,
        command,
        spec.doc,
        USAGE,
        spec.maps,
        parameter_options(spec),
        banks=filter.names_of_maps is not None,
        operators=spec.parameters.get("op"),
    )


def carried_out(
    make: Callable[[], Recipe], options: SharedOptions, map_files: Mapping[str, str], save: str | None = None
) -> int:
    """Carry out a call and return the exit code; with --watch, its recipe is made again when it changes."""
    if not options.watch:
        return execute(make(), options, map_files, save)
    from ..batch.watch import Watch  # few calls watch

    return Watch(make, options, map_files, save).run()


def map_files(maps: Iterable[str], values: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of the *maps* that the call asks for."""
    return {name: values[name] for name in maps if values[name] is not None}


def parameter_options(spec: Spec) -> list[HelpedOption]:
    """Return the options of a filter's own parameters."""
    return [_option(parameter) for parameter in spec.parameters.values()]


def _option(parameter: Parameter) -> HelpedOption:
    """Return one parameter as an option; the parameter itself reads and checks the text."""
    param = parameter.param
    section = PIXELS if parameter.name in Common.__annotations__ else OWN
    if parameter.kind == "flag":
        return HelpedOption(parameter.name, param.help, section, type=bool, default=False, only=param.only)
    help, metavar = parameter.help, parameter.metavar
    if len(metavar) > WIDTH // 2:
        help, metavar = f"{help.rstrip('.')}: {', '.join(parameter.choices)}.", "NAME"
    more = _also(parameter)
    if parameter.default is inspect.Parameter.empty:
        more += "  [required]"
    elif param.shown_default or parameter.default is not None:
        unit = f" {param.unit}" if param.unit and not param.shown_default else ""
        more += f"  [default: {param.shown_default or _plain(parameter.default)}{unit}]"
    words = (lambda: parameter.choices) if parameter.choices else None
    return HelpedOption(parameter.name, help, section, more=more, metavar=metavar, words=words, only=param.only)


def _also(parameter: Parameter) -> str:
    """Return the aliases of a parameter's choices in words."""
    names: dict[str, list[str]] = {}
    for alias, choice in parameter.param.aliases.items():
        if (word := alias.replace("_", "-")) not in names.setdefault(choice, []):
            names[choice].append(word)
    also = "; ".join(f"{', '.join(aliases)} = {choice}" for choice, aliases in names.items())
    return f"  (also {also})" if also else ""


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
