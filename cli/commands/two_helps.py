"""The help of a command in two lengths: -h prints one screen, --help everything."""

from __future__ import annotations

import inspect
import re
import shutil
import textwrap
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import typer
from typer.core import TyperOption

from ..batch.help_sections import ARGUMENTS, OWN

WIDTH, WIDEST = 78, 98
"""Widths of the whole help, and of the screen on a wide terminal; both without the margin."""
FIRST_COLUMN = 26
"""The most letters of an option and its value for which the column of texts moves right."""
EXAMPLES = 3
"""The most examples on the screen."""
SENTENCE = re.compile(r"(?<!e\.g)\. (?=[A-Z-])")
CLAUSE = re.compile(r"[;:]| \(")
"""Matches the end of a clause."""
BREAK = re.compile(r""" (?=--?[a-z]|['"])(?=(?:[^"']*(?:"[^"]*"|'[^']*'))*[^"']*$)""")
"""Matches before an option or a quotation, but not inside one."""
HYPHEN, SPACE = "\u2011", "\u00a0"
"""Characters at which no line breaks."""

Rows = Sequence[tuple[str, str]]


def kept(text: str) -> str:
    """Return a text in which no line breaks inside a word with hyphens: ``--range-sigma`` is one word."""
    return text.replace("-", HYPHEN)


def printed(text: str) -> str:
    """Return a wrapped text as it is printed."""
    return text.replace(HYPHEN, "-").replace(SPACE, " ")


def brief(text: str, room: int) -> str:
    """Return the first sentence of a text, or as many of its words as fit into *room* letters.

    >>> brief("Keep the sign. Else it is lost.", 40), brief("Draw the angle as a code; or as a colour.", 30)
    ('Keep the sign.', 'Draw the angle as a code …')
    >>> brief("Standard deviation of the Gaussian", 22)
    'Standard deviation …'
    """
    first, *others = SENTENCE.split(text, maxsplit=1)
    first += "." if others else ""
    if len(first) <= room:
        return first
    ends = [found.start() for found in CLAUSE.finditer(first) if room / 2 < found.start() <= room - 2]
    return f"{first[: ends[-1]]} …" if ends else textwrap.shorten(kept(first), room, placeholder=" …")


def one_line_each(rows: Rows, width: int) -> list[str]:
    """Return the lines of a table: each name, and as much of its text as fits after it."""
    first = max((len(name) for name, _ in rows if len(name) <= FIRST_COLUMN), default=0)
    lines = []
    for name, text in rows:
        column = f"  {name:{first}}"
        text, *notes = re.split(" {2,}", text)
        room = width - len(column) - 2
        line = brief(text, room) if room > 10 else ""
        for note in notes:
            whole = f"{line}  {note}"
            line = whole if note.startswith("[") and len(whole) <= room and not line.endswith("…") else line
        lines.append(f"{column}  {printed(line)}".rstrip())
    return lines


def compact(rows: Rows, width: int) -> list[str]:
    """Return the lines of a table with wrapped texts, each next to its name, or below it."""
    first = max((len(name) for name, _ in rows if len(name) <= FIRST_COLUMN), default=0)
    lines = []
    for name, text in rows:
        broken = textwrap.wrap(kept(text), width - first - 4)
        if len(name) > first:
            lines += [f"  {line}" for line in textwrap.wrap(kept(name), width - 2)]
        else:
            lines.append(f"  {name:{first}}  {''.join(broken[:1])}")
            del broken[:1]
        lines += [f"  {'':{first}}  {line}" for line in broken]
    return [printed(line).rstrip() for line in lines]


def folded(example: str, width: int = WIDTH) -> str:
    r"""Break a line that is wider than the help, before one of its options or quoted parts.

    >>> print(folded("imfilter chain a.png -o b.png 'edges --op scharr'", 40))
    imfilter chain a.png -o b.png \
         'edges --op scharr'
    """
    lines = [""]
    for word in BREAK.split(example):
        if lines[-1] and len(lines[-1]) + len(word) > width - 3:
            lines[-1] += " \\"
            lines.append(f"     {word}")
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def help_option(name: str, words: Sequence[str], help: str, text: Callable[[Any], str]) -> TyperOption:
    """Return the option that prints the *text* for a call, and ends it."""

    def show(context: Any, parameter: Any, given: bool) -> None:
        if given and not context.resilient_parsing:
            typer.echo(text(context))
            raise typer.Exit

    return TyperOption(
        param_decls=[name, *words], is_flag=True, expose_value=False, is_eager=True, help=help, callback=show
    )


class TwoHelps:
    """A command with -h and --help. Its epilog has a line for each example."""

    name: str | None
    params: list[Any]
    add_help_option: bool
    help: str | None
    epilog: str | None
    _helps: list[TyperOption] | None = None

    def get_help_option(self, ctx: Any) -> None:
        """Return none: there are two."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return all parameters."""
        if not self.add_help_option:
            return self.params
        if self._helps is None:  # a parser tells parameters apart by identity, not by name
            self._helps = self.help_options()
        return [*self.params, *self._helps]

    def help_options(self) -> list[TyperOption]:
        """Return the options that print help."""
        return [
            help_option("short_help", ["-h"], "Print one screen of help.", self.one_screen),
            help_option("help", ["--help"], "Print the whole help.", lambda context: context.get_help()),
        ]

    def get_help(self, ctx: Any) -> str:
        """Return the whole help."""
        formatter = ctx.make_formatter()
        command: Any = self
        command.format_help(ctx, formatter)
        return printed(formatter.getvalue()).rstrip("\n")

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write the description of the command."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(kept(inspect.cleandoc(self.help or "")))

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        if self.examples:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {line}\n" for line in self.example_lines(self.examples, WIDTH)))

    @property
    def examples(self) -> list[str]:
        """The examples of its use."""
        return (self.epilog or "").splitlines()

    @staticmethod
    def example_lines(examples: Sequence[str], width: int) -> list[str]:
        """Return the lines of examples, none wider than the help."""
        return [line for example in examples for line in folded(f"$ {example}", width).splitlines()]

    @property
    def summary(self) -> str:
        """The summary of the command, in one line."""
        return inspect.cleandoc(self.help or "").partition("\n")[0]

    def one_screen(self, ctx: Any) -> str:
        """Return the help that fits on one screen."""
        width = (ctx.terminal_width or max(min(shutil.get_terminal_size().columns, WIDEST + 2), 52)) - 2
        usage = f"Usage: {ctx.command_path} {' '.join(self.usage_pieces(ctx))}".rstrip()
        tables = [[f"{title}:", *lines] for title, lines in self.short_sections(ctx, width) if lines]
        blocks = [[self.summary], textwrap.wrap(kept(usage), width, subsequent_indent="    "), *tables]
        if self.examples:
            shown = self.example_lines(self.examples[:EXAMPLES], width)
            blocks.append(["Examples:", *(f"  {line}" for line in shown)])
        blocks.append(textwrap.wrap(kept(self.further(ctx)), width))
        return printed("\n".join(chain.from_iterable(["", *block] for block in blocks)).lstrip("\n"))

    def usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command's name in the usage line."""
        command: Any = self
        return command.collect_usage_pieces(ctx)

    def short_sections(self, ctx: Any, width: int) -> list[tuple[str, list[str]]]:
        """Return the tables of the short help, each with its title."""
        records = {title: self.records(ctx, title) for title in (ARGUMENTS, OWN)}
        return [(title, one_line_each(rows, width)) for title, rows in records.items()]

    def records(self, ctx: Any, title: str) -> list[tuple[str, str]]:
        """Return the rows of the parameters of a section."""
        return self.rows(ctx, self.in_section(title))

    def rows(self, ctx: Any, params: Sequence[Any]) -> list[tuple[str, str]]:
        """Return the rows of all parameters that are not hidden."""
        return [record for param in params if (record := param.get_help_record(ctx)) is not None]

    def in_section(self, title: str) -> list[Any]:
        """Return the parameters of a section."""
        return [param for param in self.params if self.section_of(param) == title]

    def section_of(self, param: Any) -> str:
        """Return the title of a parameter's section."""
        return OWN if isinstance(param, TyperOption) else ARGUMENTS

    def further(self, ctx: Any) -> str:
        """Return a line on where the rest of the help is."""
        return f"`{ctx.command_path} --help` prints the whole help."
