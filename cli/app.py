"""The program: its commands and exit codes."""

from __future__ import annotations

import io
import os
import sys
import textwrap
from typing import Annotated, Any

import typer

from ..filters.core import catalog
from . import signals
from .commands.helped_group import HelpedGroup
from .commands.two_helps import one_line_each
from .console import faults
from .console.messages import complain, say
from .errors import ExitCode, FileError, Interrupted, UsageError
from .version import VERSION

SEVERAL = {
    "chain": "Run several filters in one pass, without rounding between them.",
    "run": "Run the filters of a recipe, written by imfilter chain --save.",
    "augment": "Write random variants of images, for training.",
}
"""The commands that run filters in a row."""
COMPARE, INFO, SHOW, SWEEP, SHEET, STUDIO = "compare", "info", "show", "sweep", "sheet", "studio"
DATASET, KERNELS, HELP = "dataset", "kernels", "help"
OTHERS = (COMPARE, INFO, SHOW, SWEEP, SHEET, STUDIO, DATASET, KERNELS, HELP)
"""The commands that are not filters."""
COMPLETION = "_IMFILTER_COMPLETE"
"""The variable by which a shell asks for completions."""


class Commands(HelpedGroup):
    """The filters and the other commands, each made when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """List all names, importing no filter."""
        return [*catalog.names(), *SEVERAL, *OTHERS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command *cmd_name*, or None."""
        if cmd_name in catalog.names():
            from .commands import filter_command  # the list of all commands needs none of it

            return filter_command.make(cmd_name)
        if cmd_name == "augment":
            from .commands import augment_command

            return augment_command.make()
        if cmd_name in SEVERAL:
            from .commands import chain_command

            return chain_command.make_chain() if cmd_name == "chain" else chain_command.make_run()
        if cmd_name == KERNELS:
            from .commands import kernels_command

            return typer.main.get_command(kernels_command.app)
        if cmd_name == DATASET:
            from .commands import dataset_command

            return typer.main.get_command(dataset_command.app)
        if cmd_name == COMPARE:
            from .commands import compare_command

            return compare_command.make()
        if cmd_name == SHOW:
            from .commands import show_command

            return show_command.make()
        if cmd_name == INFO:
            from .commands import info_command

            return info_command.make()
        if cmd_name == SWEEP:
            from .commands import sweep_command

            return sweep_command.make()
        if cmd_name == SHEET:
            from .commands import sheet_command

            return sheet_command.make()
        if cmd_name == STUDIO:
            from .commands import studio_command

            return studio_command.make()
        if cmd_name == HELP:
            from .commands import help_command

            return help_command.make()
        return None

    def unknown(self, ctx: Any, word: str) -> UsageError:
        """Return the error for a *word* that names no command."""
        from .commands.command_words import hint

        return UsageError(f"unknown command {word!r}; {hint(word, self.list_commands(ctx))}")

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of the help, from the filters' files alone."""
        with formatter.section("Filters"):
            formatter.write_dl([(name, catalog.summary(name)) for name in catalog.names()])
        with formatter.section("Several filters"):
            formatter.write_dl(list(SEVERAL.items()))
        with formatter.section("Other commands"):
            formatter.write_dl(self.summaries(ctx, OTHERS))

    def short_sections(self, ctx: Any, width: int) -> list[tuple[str, list[str]]]:
        """Return the filters, a line each, and the names of the other commands."""
        filters = one_line_each([(name, catalog.summary(name)) for name in catalog.names()], width)
        others = textwrap.wrap("  ".join([*SEVERAL, *OTHERS]), width - 2)
        return [("Filters", filters), ("Other commands", [f"  {line}" for line in others])]

    def further(self, ctx: Any) -> str:
        """Say where the rest of the help is."""
        return (
            "`imfilter FILTER -h` lists a filter's options, `imfilter FILTER --help` describes them. "
            "`imfilter help op` lists all operators."
        )


app = typer.Typer(
    cls=Commands,
    name="imfilter",
    # Rich markup would turn "[px]" in a help text into nothing, and costs 60 ms.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    subcommand_metavar="FILTER [OPTIONS] INPUT... -o OUTPUT",
    options_metavar="",
)


def _print_version(verbose: bool) -> None:
    words = [f"imfilter {VERSION}"]
    if verbose:
        from ..filters.core import native
        from .batch.request import check_core

        check_core()
        words.append(native.description())
    typer.echo("\n".join(words))


@app.callback(
    invoke_without_command=True,
    epilog="""\
imfilter blur photo.jpg -o soft.jpg --sigma 2
imfilter edges photos/ -r -o edges/ --op canny
imfilter chain photo.jpg -o crisp.jpg "blur --op median" sharpen""",
)
def imfilter(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
    verbose: Annotated[bool, typer.Option("-v", help="With --version, also print which core computes.")] = False,
) -> None:
    """Filter images: blur, denoise, sharpen, find edges, convolve with any kernel.

    Files, folders and pipes in; files, folders and pipes out. `imfilter FILTER -h` lists a filter's options on one
    screen, `imfilter FILTER --help` describes them all, and `imfilter help op NAME` describes an operator.

    Exit codes: 0 all done, 1 some image failed, 2 wrong call, 3 some pair could not be compared, 130 interrupted.
    """
    if version:
        _print_version(verbose)
        raise typer.Exit
    if verbose:
        raise UsageError("-v follows --version, or the name of a filter")
    if context.invoked_subcommand is None:
        for line in context.command.one_screen(context).splitlines():  # type: ignore[attr-defined]
            say(line)
        raise typer.Exit(ExitCode.USAGE)


def _called() -> int | None:
    try:
        return app(prog_name="imfilter", standalone_mode=False)
    except Interrupted:
        raise  # it says more than the signal that it comes from
    except Exception:
        signals.check()
        raise


def run() -> int:
    """Run the program; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A help text has letters that not every terminal has.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _called()
    except UsageError as error:
        complain(error)
        return ExitCode.USAGE
    except FileError as error:
        complain(error)
        return ExitCode.FAILED
    except typer.TyperException as error:
        complain(" ".join(error.format_message().split()))
        return ExitCode.USAGE
    except OSError as error:
        faults.tell(error)
        return ExitCode.FAILED
    except Interrupted as how_far:
        say(f"imfilter: {how_far}")
        return ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except Exception as fault:
        if COMPLETION in os.environ and isinstance(fault, (KeyError, ValueError)):
            complain(f"{COMPLETION} is for shell completion; unset it")
            return ExitCode.USAGE
        return faults.report(fault)
    if code == ExitCode.INTERRUPTED:
        say("imfilter: interrupted")
    return int(code or 0)
