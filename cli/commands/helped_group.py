"""A command with subcommands, and with help in two lengths."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from ..errors import UsageError
from .docstrings import examples, prose
from .option_words import StrictCommand, in_own_words
from .two_helps import TwoHelps, one_line_each


class HelpedGroup(TwoHelps, TyperGroup):
    """A command with subcommands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the shell; raises UsageError."""
        written = list(args)
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            if ctx.resilient_parsing:
                raise
            raise in_own_words(error, self, ctx, written) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; for an unknown name, suggest one."""
        if not ctx.resilient_parsing and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            raise self.unknown(ctx, args[0])
        return super().resolve_command(ctx, args)

    def unknown(self, ctx: Any, word: str) -> UsageError:
        """Return the error for a *word* that names no command."""
        names = self.list_commands(ctx)
        near = difflib.get_close_matches(word, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(names)}"
        return UsageError(f"unknown command '{self.name} {word}'; {hint}")

    def short_sections(self, ctx: Any, width: int) -> list[tuple[str, list[str]]]:
        """Return the commands, one per line."""
        return [("Commands", one_line_each(self.summaries(ctx, self.list_commands(ctx)), width))]

    def summaries(self, ctx: Any, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return the summaries of the commands."""
        made: list[tuple[str, Any]] = [(name, self.get_command(ctx, name)) for name in names]
        return [(name, command.summary) for name, command in made]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of the help."""
        with formatter.section("Commands"):
            formatter.write_dl(self.summaries(ctx, self.list_commands(ctx)))

    def further(self, ctx: Any) -> str:
        """Return a line on where the rest of the help is."""
        return f"`{ctx.command_path} COMMAND -h` prints one screen of help, `--help` all of it."


def command_of(
    app: typer.Typer, name: str, kind: type[StrictCommand] = StrictCommand
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds a function to a group as the command *name*, with the examples of its docstring."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        doc = inspect.getdoc(function) or ""
        added = app.command(
            name, cls=kind, options_metavar="[OPTIONS]", help=prose(doc, ()), epilog="\n".join(examples(doc))
        )
        return added(function)

    return add
