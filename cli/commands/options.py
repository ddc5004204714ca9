"""From declared options to Typer's, and a command whose help has sections."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from textwrap import shorten
from typing import Any, Literal, get_args, get_origin

from typer.core import TyperArgument, TyperOption

from ...filters.core.parameters import MapField
from ..batch.options import ARGUMENTS, OPTIONS, OWN, RUN, SECTIONS, TYPES, Section, SharedOptions
from ..batch.request import BOTH, RESULT
from ..console.messages import flag
from ..images import memory_budget
from ..stores.names import allow_private
from .option_words import StrictCommand

WIDTH = 78
"""The help's, less its indent."""
SHADOWED = "shared_"
"""Before the name of a shared option where a filter has an option of that name itself: its short form is left."""


class HelpedOption(TyperOption):
    """An option that knows its section of the help, and what the shell is told of it in less than a line."""

    section: Section

    def __init__(
        self,
        name: str,
        help: str,
        section: Section = OWN,
        *,
        more: str = "",
        short: str = "",
        long: bool = True,
        type: Any = str,
        default: Any = None,
        metavar: str | None = None,
        words: Callable[[], Iterable[str]] | None = None,
    ) -> None:
        several = type is tuple
        super().__init__(
            param_decls=[name, *(_spellings(flag(name)) if long else []), *([short] if short else [])],
            type=None if type is bool else str if several else type,
            is_flag=True if type is bool else None,
            multiple=several,
            default=default,
            metavar=metavar,
            help=help + more,
            autocompletion=words and (lambda context, words_before, begun: _beginning(begun, words())),
        )
        self.section, self._help = section, help

    @property
    def summary(self) -> str:
        """The help in less than a line."""
        return shorten(self._help, 60, placeholder=" …")


class SectionedCommand(StrictCommand):
    """A command whose usage line is written as people call it, and whose help has sections."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, the command's own options, and those of other sections."""
        sections: dict[Section, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is not None:
                sections[_section(param)].append(record)
        for section, records in sections.items():
            if records:
                with formatter.section(section):
                    formatter.write_dl(records)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command's name in the usage line."""
        return [self.options_metavar or ""]

    def invoke(self, ctx: Any) -> Any:
        """Run the command, which will load NumPy; raises MemoryError where it cannot."""
        memory_budget.check_addresses()
        return super().invoke(ctx)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Return the words for the shell, each described in less than a line."""
        summaries = {
            word: param.summary for param in self.params if isinstance(param, HelpedOption) for word in param.opts
        }
        items = super().shell_complete(ctx, incomplete)
        for item in items:
            item.help = summaries.get(item.value, item.help or "")
        return items


class FilterCommand(SectionedCommand):
    """The command of a filter, or of several in a row."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the shell; raises UsageError."""
        return super().parse_args(ctx, joined(args))


def joined(words: Sequence[str]) -> list[str]:
    """Return words of which --show has its value, which may be left out: a file behind it is an input.

    >>> joined(["--show", "a.png", "--show", "both"]), joined(["--", "--show"])
    (['--show=result', 'a.png', '--show=both'], ['--', '--show'])
    """
    end = words.index("--") if "--" in words else len(words)
    found: list[str] = []
    for word in words[:end]:
        if word == BOTH and found[-1:] == [f"--show={RESULT}"]:
            found[-1] = f"--show={BOTH}"
        else:
            found.append(f"--show={RESULT}" if word == "--show" else word)
    return [*found, *words[end:]]


def _spellings(option: str) -> list[str]:
    """Return an option as it is spelt in America and in Britain.

    >>> _spellings("--normalize"), _spellings("--text-size")
    (['--normalize', '--normalise'], ['--text-size'])
    """
    british = option.removesuffix("ize") + "ise"
    return [option, british] if option.endswith("ize") and not option.endswith("size") else [option]


def _section(param: Any) -> Section:
    if isinstance(param, HelpedOption):
        return param.section
    return ARGUMENTS if isinstance(param, TyperArgument) else RUN  # --help is Typer's own


def _beginning(begun: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.startswith(begun)]


def inputs_argument(metavar: str | None, help: str) -> TyperArgument:
    """Return the argument for all inputs."""
    return TyperArgument(param_decls=["inputs"], type=str, nargs=-1, metavar=metavar, help=help, required=False)


def shared_option(field: str, shadowed: bool = False) -> HelpedOption:
    """Return the option that filters share by this name, in its short form alone where it is *shadowed*."""
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
    kind: type[SectionedCommand] = SectionedCommand,
    *,
    doc: str | None = None,
    options: Collection[str] = (),
) -> SectionedCommand:
    """Return the command *name* that calls *run*, described by a docstring: *doc*, or else that of *run*.

    The *options* that the docstring names in stars are written as the shell's.
    """
    doc = inspect.getdoc(run) or "" if doc is None else doc
    return kind(
        name,
        callback=run,
        params=params,
        help=prose(doc, options),
        epilog=examples(doc),
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
) -> SectionedCommand:
    """Return the command *name*, described by *doc*: its *maps* and *own* options beside those that all share.

    *banks* says that the result can be the maps of a bank of kernels. Shared options that are *refused* are not listed.
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
    inputs = inputs_argument(argument.metavar, argument.help)
    params = [inputs, output, *files, *special, *own, *shared]
    words = [*TYPES, *(option.name or "" for option in own)]
    return described(run, name, usage, params, FilterCommand, doc=doc, options=words)


def _type(hint: Any) -> type:
    """Return what Typer reads: the type, that of ``type | None``, str of a choice, tuple for what may be repeated."""
    if get_origin(hint) is Literal:
        return str
    alternatives = [kind for kind in get_args(hint) if kind not in (type(None), ...)]
    return tuple if getattr(hint, "__origin__", None) is tuple else alternatives[0] if alternatives else hint


def shared_options(values: Mapping[str, Any]) -> SharedOptions:
    """Return the shared options among all that Typer read; a filter's own of that name shadows one.

    Recipes and kernels are read before the call is checked: which addresses they may have is known from here on.
    """
    found = {name: values.get(f"{SHADOWED}{name}", values.get(name)) for name in OPTIONS}
    given: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
    options = SharedOptions(**given)
    allow_private(options.allow_private)
    return options


def prose(doc: str, options: Collection[str]) -> str:
    """Return the prose of a docstring as the shell's: before its first section, without markup, *options* as options.

    >>> prose('Turns with ``mode="convolve"``, unless *per_channel* is set; *size* is odd.', ["mode", "per_channel"])
    'Turns with --mode convolve, unless --per-channel is set; size is odd.'
    """
    prose = re.split(r"\n\n\w[\w ]*\n-+\n", doc, maxsplit=1)[0]

    def value(found: re.Match[str]) -> str:
        return f"{flag(found[1])} {found[2]}" if found[1] in options else found[0]

    def name(found: re.Match[str]) -> str:
        return flag(found[1]) if "_" in found[1] and found[1] in options else found[1]

    prose = re.sub(r'``(\w+)="?([\w.-]+)"?``', value, prose)
    return re.sub(r"\*(\w+)\*", name, prose).replace("``", "").replace("*", "")


def examples(doc: str) -> str | None:
    """Return the docstring's section ``Shell``, as the help's last lines."""
    found = re.search(r"\n\nShell\n-+\n(.*?)(?:\n\n\w[\w ]*\n-+\n|\Z)", doc, re.DOTALL)
    return "\n".join(["Examples:\n\n\b", *map(_folded, found[1].splitlines())]) if found else None


def _folded(example: str) -> str:
    """Break a line that is wider than the help before one of its options."""
    lines = [""]
    for word in re.split(r" (?=--?[a-z])", example):
        if lines[-1] and len(lines[-1]) + len(word) > WIDTH - 3:
            lines[-1] += " \\"
            lines.append(f"     {word}")
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)
