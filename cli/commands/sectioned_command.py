"""Commands whose help has sections, and those of filters, which list options with the operators that they apply to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from typer.core import TyperArgument, TyperOption

from ...filters.core.named_tuple import NamedTuple
from ...filters.core.parameters import Parameter
from ..batch.help_sections import ARGUMENTS, OWN, RUN, SECTIONS
from ..batch.request import BOTH, RESULT
from ..images import memory_budget
from .helped_option import HelpedOption
from .option_words import StrictCommand
from .two_helps import SPACE, Rows, compact, help_option, kept, one_line_each, printed

OPERATORS = "Operators (--op) and their own options"


class SectionedCommand(StrictCommand):
    """A command with a usage line as people would type it, and with sections in its help."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, the command's own options, and those of other sections."""
        for title, records in self.tables(ctx):
            with formatter.section(kept(title)):
                formatter.write_dl([(kept(name), kept(text)) for name, text in records])

    def tables(self, ctx: Any, helps: bool = True) -> list[tuple[str, Rows]]:
        """Return the rows of each non-empty section, by its title, with or without the options that print help."""
        found = {title: self.records(ctx, title) for title in SECTIONS}
        if helps:
            found[RUN] += [param.get_help_record(ctx) for param in self.get_params(ctx)[len(self.params) :]]
        return [(title, rows) for title, rows in found.items() if rows]

    def section_of(self, param: Any) -> str:
        """Return the title of a parameter's section."""
        if isinstance(param, HelpedOption):
            return param.section
        return ARGUMENTS if isinstance(param, TyperArgument) else OWN

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command's name in the usage line."""
        return [self.options_metavar or ""]

    def short_sections(self, ctx: Any, width: int) -> list[tuple[str, list[str]]]:
        """Return the arguments and the command's own options, one per line, and the names of the others."""
        names = [(title, self.names(ctx, title)) for title in SECTIONS if title not in (ARGUMENTS, OWN)]
        others = compact([(title, options) for title, options in names if options], width)
        return [*super().short_sections(ctx, width), ("More options", others)]

    def names(self, ctx: Any, title: str) -> str:
        """Return the options of a section in one row, with their metavars."""
        return in_a_row([name for name, _ in self.records(ctx, title)])

    def invoke(self, ctx: Any) -> Any:
        """Run the command, which will load NumPy; raises MemoryError if there is no room for it."""
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


def in_a_row(options: Sequence[str]) -> str:
    """Return options in one row that breaks only between options."""
    return "  ".join(long(option).replace(" ", SPACE) for option in options)


def long(option: str) -> str:
    """Return the long form of an option as the help lists it, in its first spelling.

    >>> long("-j, --jobs N"), long("--normalize, --normalise none|sum"), long("-r, --recursive")
    ('--jobs N', '--normalize none|sum', '--recursive')
    """
    return re.sub(r", --[\w-]+", "", re.sub(r"^-\w, ", "", option))


class OperatorGroup(NamedTuple):
    """Operators that have the same options of their own."""

    ops: tuple[str, ...]
    options: tuple[HelpedOption, ...]

    @property
    def title(self) -> str:
        """How they are chosen."""
        return f"--op {', '.join(self.ops)}"


class FilterCommand(SectionedCommand):
    """The command of a filter, or of several in a row."""

    operators: Parameter | None = None
    """The parameter ``op`` of a filter that has one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the shell; raises UsageError."""
        return super().parse_args(ctx, joined(args))

    def help_options(self) -> list[TyperOption]:
        """Return the options that print help."""
        told = "Print the options that all filters have."
        return [*super().help_options(), help_option("help_shared", ["--help-shared"], told, self.shared_help)]

    def groups(self) -> list[OperatorGroup]:
        """Return the filter's operators, grouped if they have the same options."""
        found: dict[tuple[HelpedOption, ...], list[str]] = {}
        for op in self.operators.choices if self.operators else ():
            own = [param for param in self.params if isinstance(param, HelpedOption) and op in param.only]
            found.setdefault(tuple(own), []).append(op)
        return [OperatorGroup(tuple(ops), options) for options, ops in found.items()]

    def records(self, ctx: Any, title: str) -> list[tuple[str, str]]:
        """Return the rows of a section's parameters, except those of single operators."""
        return self.rows(ctx, [param for param in self.in_section(title) if not getattr(param, "only", ())])

    def tables(self, ctx: Any, helps: bool = True) -> list[tuple[str, Rows]]:
        """Return the rows of each non-empty section; those of operators follow the filter's own options."""
        found: list[tuple[str, Rows]] = []
        for title, rows in super().tables(ctx, helps):
            found.append((title, rows))
            if title == OWN:
                found += self.operator_tables(ctx)
        return found

    def operator_tables(self, ctx: Any) -> list[tuple[str, Rows]]:
        """Return the rows of the options of operators, each described once."""
        described: dict[str, str] = {}
        found: list[tuple[str, Rows]] = []
        for group in self.groups():
            rows = []
            for name, text in self.rows(ctx, group.options):
                rows.append((name, f"See {described[name]}." if name in described else text))
                described.setdefault(name, f"--op {group.ops[0]}")
            if rows:
                found.append((group.title, rows))
        return found

    def short_sections(self, ctx: Any, width: int) -> list[tuple[str, list[str]]]:
        """Return the outputs and the filter's own options, one per line, and its operators with theirs."""
        rows = self.records(ctx, ARGUMENTS) + self.rows(ctx, [param for param in self.params if param.name == "output"])
        for name, text in self.records(ctx, OWN):
            if self.operators and name.startswith("--op "):
                name, text = "--op NAME", f"{self.operators.param.help}  [default: {self.operators.default}]"
            rows.append((name if name.startswith("-") and name[1] != "-" else long(name), text))
        operators = [
            (", ".join(group.ops), in_a_row([name for name, _ in self.rows(ctx, group.options)]))
            for group in self.groups()
        ]
        found = [
            (OWN, one_line_each(rows, width)),
            ("Operators (--op) and their own options", compact(operators, width)),
        ]
        return [(title, lines) for title, lines in found if lines]

    def further(self, ctx: Any) -> str:
        """Return a line on where the rest of the help is."""
        one = " `imfilter help op NAME` describes an operator." if self.operators else ""
        return (
            f"{super().further(ctx)}{one} `{ctx.command_path} --help-shared` describes the options that all filters "
            "have: files, borders, channels, depth, masks, cores."
        )

    def shared_help(self, ctx: Any) -> str:
        """Return the options that all filters have, by section."""
        formatter = ctx.make_formatter()
        self.format_usage(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text("  The options that all filters have.")
        for title, records in super().tables(ctx):
            if title not in (ARGUMENTS, OWN):
                with formatter.section(title):
                    formatter.write_dl([(kept(name), kept(text)) for name, text in records])
        return printed(formatter.getvalue()).rstrip("\n")


def joined(words: Sequence[str]) -> list[str]:
    """Return the words with a value joined to each --show, whose value is optional: a file after it is an input.

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
