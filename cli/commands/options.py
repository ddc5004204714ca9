"""Turn declared options into Typer's, and these into commands."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, TypeVar, get_args, get_origin

from typer.core import TyperArgument

from ...filters.core.parameters import MapField, Parameter
from ..batch.options import OPTIONS, TYPES, SharedOptions
from ..stores.names import allow_private
from .completed_words import Completed
from .docstrings import examples, prose
from .helped_option import HelpedOption
from .sectioned_command import FilterCommand, SectionedCommand

Command = TypeVar("Command", bound=SectionedCommand)
SHADOWED = "shared_"
"""Prefix of a shared option's name if a filter has an option of the same name; only its short form remains."""


def inputs_argument(metavar: str | None, help: str, first: Completed | None = None) -> TyperArgument:
    """Return the argument for all inputs; *first* completes the first of them."""

    def completed(context: Any, before: Any, incomplete: str) -> list[str]:
        return first(incomplete) if first and not context.params.get("inputs") else []

    return TyperArgument(
        param_decls=["inputs"],
        type=str,
        nargs=-1,
        metavar=metavar,
        help=help,
        required=False,
        autocompletion=completed if first else None,
    )


def shared_option(field: str, shadowed: bool = False) -> HelpedOption:
    """Return the shared option of this name; if it is *shadowed*, only in its short form."""
    option = OPTIONS[field]
    return HelpedOption(
        f"{SHADOWED}{field}" if shadowed else field,
        option.help,
        option.section,
        more=f"  [default: {option.default}]" if option.default else "",
        short=option.short,
        long=not shadowed,
        type=_type(TYPES[field]),
        default=SharedOptions._field_defaults[field] or None,
        metavar=option.metavar,
        words=option.words,
    )


def described(
    run: Callable[..., None],
    name: str,
    usage: str,
    params: list[Any],
    kind: type[Command] = SectionedCommand,
    *,
    doc: str | None = None,
    options: Collection[str] = (),
) -> Command:
    """Return the command *name* that calls *run*, described by a docstring: *doc*, or else that of *run*.

    *options* are the names that the docstring has in asterisks; the help has them as the shell's options.
    """
    doc = inspect.getdoc(run) or "" if doc is None else doc
    return kind(
        name,
        callback=run,
        params=params,
        help=prose(doc, options),
        epilog="\n".join(examples(doc)),
        options_metavar=usage,
        rich_markup_mode=None,
    )


def make_command(
    name: str,
    run: Callable[..., None],
    doc: str,
    usage: str,
    maps: Mapping[str, MapField],
    own: Sequence[HelpedOption],
    *,
    banks: bool,
    refused: Collection[str] = (),
    operators: Parameter | None = None,
    inputs: TyperArgument | None = None,
) -> FilterCommand:
    """Return the command *name*, described by *doc*, with its *maps*, its *own* options and the shared ones.

    *banks* says that the result can be the maps of a filter bank. Shared options that are *refused* are not listed.
    The *operators* are the filter's parameter ``op``; *inputs* replace the inputs that all commands have.
    """
    argument, taken = OPTIONS["inputs"], {option.name for option in own}
    special: list[HelpedOption] = []
    shared: list[HelpedOption] = []
    for field, option in OPTIONS.items():
        missing = {"angle": "angle" not in maps, "bank": not banks}
        if field == "inputs" or missing.get(option.only):
            continue
        kind = special if option.only else shared
        made = shared_option(field, field in taken)
        made.hidden = field in refused
        kind.append(made)
    output, *shared = shared
    files = [HelpedOption(name, param.help, metavar="FILE") for name, param in maps.items()]
    inputs = inputs or inputs_argument(argument.metavar, argument.help)
    params = [inputs, output, *files, *special, *own, *shared]
    words = [*TYPES, *(option.name or "" for option in own)]
    command = described(run, name, usage, params, FilterCommand, doc=doc, options=words)
    command.operators = operators
    return command


def _type(hint: Any) -> type:
    """Return the type for Typer: itself, or that in ``type | None``; str for a choice, tuple if it may be repeated."""
    if get_origin(hint) is Literal:
        return str
    alternatives = [kind for kind in get_args(hint) if kind not in (type(None), ...)]
    return tuple if getattr(hint, "__origin__", None) is tuple else alternatives[0] if alternatives else hint


def shared_options(values: Mapping[str, Any]) -> SharedOptions:
    """Return the shared options among all that Typer read; a filter's own option shadows a shared one of its name.

    Recipes and kernels are read before the call is checked, so the addresses that they may have are set here.
    """
    found = {name: values.get(f"{SHADOWED}{name}", values.get(name)) for name in OPTIONS}
    given: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
    options = SharedOptions(**given)
    allow_private(options.allow_private)
    return options
