"""`imfilter kernels`: list the built-in kernels, and show how a name or a file is interpreted."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from ..console.messages import shown
from ..errors import UsageError
from ..images import memory_budget
from ..terminal.protocols import PROTOCOLS
from .completed_words import kernel_words, of_metavar
from .helped_group import HelpedGroup, command_of
from .option_words import StrictCommand


class KernelGroup(HelpedGroup):
    """The commands on kernels; a kernel in a command's place is to be shown."""

    def unknown(self, ctx: Any, word: str) -> UsageError:
        """Return the error for a *word* that names no command."""
        if word not in kernel_words(word):
            return super().unknown(ctx, word)
        return UsageError(f"unknown command 'kernels {word}'; use: imfilter kernels show {shown(word)}")


app = typer.Typer(
    cls=KernelGroup,
    name="kernels",
    rich_markup_mode=None,
    add_completion=False,
    invoke_without_command=True,
    subcommand_metavar="[show KERNEL | plot KERNEL]",
    options_metavar="",
)

SHOWN_AS = "|".join(PROTOCOLS)
KernelWords = Annotated[
    str,
    typer.Argument(
        metavar="KERNEL",
        help="A built-in name, a kernel file, or a literal.",
        autocompletion=kernel_words,
    ),
]
MaxTaps = Annotated[
    int | None,
    typer.Option("--max-taps", metavar="N", help="Refuse larger kernels.  [default: 65536]", show_default=False),
]


class KernelCommand(StrictCommand):
    """A command that takes a kernel, which may begin with a negative number."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words; a negative number is not an option."""
        return super().parse_args(ctx, [f" {word}" if re.match(r"-[\d.]", word) else word for word in args])


@app.callback()
def kernels(context: typer.Context) -> None:
    """List the built-in kernels, print one, or plot it."""
    if context.invoked_subcommand is not None:
        return
    memory_budget.check_addresses()
    from . import kernel_listing  # the help of the program lists this command, and needs no NumPy

    kernel_listing.print_all()


@command_of(app, "show", KernelCommand)
def show(
    kernel: KernelWords,
    save: Annotated[
        str | None, typer.Option("--save", metavar="FILE", help="Write the kernel as text, or as .npy.")
    ] = None,
    max_taps: MaxTaps = None,
) -> None:
    """Print how a kernel is interpreted.

    Prints its family, the applied weights (or a bank's range of weights), anchor, sum, rank, algorithm and a literal to
    paste; for a file also its rotation, divisor, offset and missing cells.

    Shell
    -----
    $ imfilter kernels show gabor
    $ imfilter kernels show "1 2 1; 2 4 2; 1 2 1" --save smooth.txt
    $ imfilter kernels show weights.npy
    """
    memory_budget.check_addresses()
    from . import kernel_listing

    kernel_listing.show(kernel, save, max_taps)


@command_of(app, "plot", KernelCommand)
def plot(
    kernel: KernelWords,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the plot to this file; else the terminal shows it."),
    ] = None,
    map: Annotated[
        int | None, typer.Option("--map", metavar="N", help="Plot only map N of a filter bank, in full.")
    ] = None,
    phase: Annotated[bool, typer.Option("--phase", help="Also plot the phase, as hue.")] = False,
    show_as: Annotated[
        str | None,
        typer.Option(
            "--show-as",
            metavar=SHOWN_AS,
            help="How the terminal shows the plot.",
            autocompletion=of_metavar(SHOWN_AS),
        ),
    ] = None,
    show_size: Annotated[
        str | None,
        typer.Option("--show-size", metavar="COLSxROWS", help="Largest size of the shown plot, in characters."),
    ] = None,
    max_taps: MaxTaps = None,
) -> None:
    """Draw a kernel: its weights, and what it does to waves.

    Draws the weights, with the anchor framed; the amplitude |H| of the frequency response from -1/2 to 1/2 cycles per
    pixel, with a contour at half its maximum; and |H| along x, along y and diagonally. For a filter bank, draws the
    weights of all maps.

    Shell
    -----
    $ imfilter kernels plot emboss -o plot.png
    $ imfilter kernels plot gabor -o plot.png --map 3 --phase
    """
    memory_budget.check_addresses()
    if output is not None and (show_as is not None or show_size is not None):
        raise UsageError("--show-as and --show-size belong to the terminal; leave out -o")
    if output is not None:
        from . import kernel_listing, kernel_plotting

        kernel_plotting.format_of(output)
        read = kernel_listing.files_read_by(kernel, {"output": output})
        kernel_plotting.write(kernel_plotting.drawn(kernel, map, phase, max_taps), output, read)
        return
    from ..terminal import screen

    with screen.Screen(screen.wanted(show_as, show_size)) as shown_on:
        from . import kernel_plotting  # while the terminal answers

        kernel_plotting.show(kernel_plotting.drawn(kernel, map, phase, max_taps), shown_on)
