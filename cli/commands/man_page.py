"""`imfilter help man`: the manual page, made from the commands' declarations, for ``man -l -`` and for the wheel."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from ...filters.core import catalog
from ..batch.help_sections import ARGUMENTS, OWN
from ..errors import ExitCode
from .helped_group import HelpedGroup
from .sectioned_command import FilterCommand, SectionedCommand
from .two_helps import folded

EXIT_STATUS = {
    ExitCode.DONE: "Everything is done.",
    ExitCode.FAILED: "Some image failed. All others are done, and each failure is one line on standard error.",
    ExitCode.USAGE: "The call is wrong. Nothing was done.",
    ExitCode.NOT_COMPARED: "Some pair of pictures could not be compared, or its result not written.",
    ExitCode.INTERRUPTED: "Interrupted.",
}
ENVIRONMENT = {
    "IMFILTER_JOBS": "Number of cores to use, without --jobs.",
    "IMFILTER_MAX_PIXELS": "Refuse larger images, without --max-pixels; 500M means 500 million.",
    "IMFILTER_SHOW": "How the terminal shows pictures, without --show-as.",
    "IMFILTER_SHARDS": "Number of parts for --shard auto, if a job knows only its own number.",
    "IMFILTER_NATIVE": "Instruction set of the compiled core; 0 computes without it. For tests; results are the same.",
    "IMFILTER_DEBUG": "If 1, print a traceback for an error of the program itself.",
    "NO_COLOR": "If set, pictures in the terminal are dots without colour.",
    "COLUMNS": "Width of the help, at most 80, and of tables.",
    "MAKEFLAGS": "Under make -j the default of --jobs is 1.",
}
FILES = {
    "RECIPE.toml": "Filters and their options, written by imfilter chain --save and read by imfilter run.",
    "~/.bash_completions/imfilter.sh, ~/.zfunc/_imfilter, ~/.config/fish/completions/imfilter.fish": "Completion "
    "of bash, zsh and fish, written by imfilter --install-completion.",
}
SYNOPSIS = ("FILTER [OPTIONS] INPUT... -o OUTPUT", "COMMAND [OPTIONS] INPUT...", "help [COMMAND... | op [NAME] | man]")
DATE = "2026-11-30"
"""The day of the release."""
SEE_ALSO = ("magick", "gm", "ffmpeg", "exiftool")


def page(root: Any) -> str:
    """Return the page; *root* is a call of the program."""
    program = root.command
    commands = {name: program.get_command(root, name) for name in program.list_commands(root)}
    filters = {name: commands.pop(name) for name in catalog.names()}
    summary, _, described = program.help.partition("\n\n")
    lines = [
        f'.TH IMFILTER 1 {DATE} imfilter "User Commands"',
        ".ad l",
        ".nh",
        *_titled("NAME", f"imfilter - {summary.rstrip('.')[0].lower()}{summary.rstrip('.')[1:]}"),
        ".SH SYNOPSIS",
        *"\n.br\n".join(f".B imfilter\n{_text(words)}" for words in SYNOPSIS).split("\n"),
        *_titled("DESCRIPTION", described),
        ".SH COMMANDS",
        ".SS Filters",
        *_list([(name, command.summary) for name, command in filters.items()]),
        ".SS Other commands",
        *_list([(name, command.summary) for name, command in commands.items()]),
        ".SH FILTERS",
        *(line for name, command in filters.items() for line in _command(command, name, root)),
        ".SH OPTIONS OF ALL FILTERS",
        *_shared(filters["blur"], root),
        ".SH OTHER COMMANDS",
        *(line for name, command in commands.items() for line in _command(command, name, root)),
        ".SH EXIT STATUS",
        *_list([(str(int(code)), text) for code, text in EXIT_STATUS.items()]),
        ".SH ENVIRONMENT",
        *_list([*ENVIRONMENT.items()]),
        ".SH FILES",
        *_list([*FILES.items()]),
        ".SH EXAMPLES",
        *_examples([*program.examples, *(command.examples[0] for command in commands.values() if command.examples)]),
        ".SH SEE ALSO",
        *(f".BR {name} (1)," for name in SEE_ALSO[:-1]),
        f".BR {SEE_ALSO[-1]} (1)",
    ]
    return "\n".join(lines) + "\n"


def _command(command: Any, name: str, parent: Any) -> Iterator[str]:
    """Yield what a command does, its options and examples, and the commands below it."""
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    yield f".SS {_text(context.command_path)}"
    if not isinstance(command, HelpedGroup):
        yield _text(" ".join(command.collect_usage_pieces(context)).strip())
        yield ".PP"
    yield from _paragraphs(command.help or "")
    for title, rows in _tables(command, context):
        if title in (ARGUMENTS, OWN):
            yield from _list(rows)
        else:
            yield from (".PP", f".B {_text(title)}", ".RS", *_list(rows), ".RE")
    if command.examples and not isinstance(command, HelpedGroup):
        yield ".PP"
        yield from _examples(command.examples)
    if isinstance(command, HelpedGroup):
        for below in command.list_commands(context):
            yield from _command(command.get_command(context, below), below, context)


def _tables(command: Any, context: Any) -> list[tuple[str, Sequence[tuple[str, str]]]]:
    """Return the rows of a command's own options, by section."""
    if isinstance(command, FilterCommand):
        return [(OWN, command.records(context, OWN)), *command.operator_tables(context)]
    if isinstance(command, SectionedCommand):
        return command.tables(context, helps=False)
    return [(title, command.records(context, title)) for title in (ARGUMENTS, OWN)]


def _shared(command: Any, root: Any) -> Iterator[str]:
    """Yield the options that all filters have; *command* is one of them."""
    context = command.make_context(command.name, [], parent=root, resilient_parsing=True)
    for title, rows in SectionedCommand.tables(command, context):
        if title not in (ARGUMENTS, OWN):
            yield f".SS {_text(title)}"
            yield from _list(rows)


def _titled(title: str, text: str) -> list[str]:
    return [f".SH {title}", *_paragraphs(text)]


def _paragraphs(text: str) -> list[str]:
    """Return paragraphs, one below the other."""
    return "\n.PP\n".join(_filled(part) for part in re.split(r"\n\n+", text.strip())).split("\n")


def _list(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return the lines of a list: each name in bold, and its text indented below it."""
    return [line for name, text in rows for line in (".TP", f".B {_text(name)}", _filled(text))]


def _examples(examples: Sequence[str]) -> list[str]:
    lines = [line for example in examples for line in folded(f"$ {example}", 72).splitlines()]
    return [".nf", ".RS 4", *map(_text, lines), ".RE", ".fi"]


def _filled(text: str) -> str:
    """Return the lines of a text, none of them too long."""
    words = _text(" ".join(text.split()))
    lines = textwrap.wrap(words, 79, break_on_hyphens=False, break_long_words=False)
    return "\n".join(rf"\&{line}" if line.startswith(".") else line for line in lines)


def _text(text: str) -> str:
    r"""Return a text for troff, in ASCII, with names for characters that it would take as commands or replace.

    >>> print(_text(r".5 σ, 'a' or \n"), _text("--range-sigma"))
    \&.5 \[u03C3], \(aqa\(aq or \en \-\-range\-sigma
    """
    named = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"}
    text = "".join(named.get(letter) or (letter if letter.isascii() else f"\\[u{ord(letter):04X}]") for letter in text)
    return rf"\&{text}" if text.startswith(".") else text
