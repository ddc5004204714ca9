"""`imfilter kernels`: list the built-in kernels, show what a name or a file is understood as."""

from __future__ import annotations

from typing import Annotated

import typer

from ..images import memory_budget

app = typer.Typer(
    name="kernels",
    rich_markup_mode=None,
    add_completion=False,
    invoke_without_command=True,
    subcommand_metavar="[show KERNEL]",
    options_metavar="",
)


@app.callback()
def kernels(context: typer.Context) -> None:
    """List the built-in kernels, or show one."""
    if context.invoked_subcommand is not None:
        return
    memory_budget.check_addresses()
    from . import kernel_listing  # the help of the program lists this command, and needs no NumPy

    kernel_listing.print_all()


@app.command()
def show(
    kernel: Annotated[str, typer.Argument(metavar="KERNEL", help="A built-in name, a kernel file, or a literal.")],
    save: Annotated[
        str | None, typer.Option("--save", metavar="FILE", help="Write the kernel as text, or as .npy.")
    ] = None,
    max_taps: Annotated[
        int | None,
        typer.Option("--max-taps", metavar="N", help="Refuse larger kernels.  [default: 65536]", show_default=False),
    ] = None,
) -> None:
    """Print how a kernel is interpreted.

    Prints its family, the applied weights (or a bank's range of weights), anchor, sum, rank, algorithm and a literal to
    paste; for a file also its rotation, divisor, offset and missing cells.
    """
    memory_budget.check_addresses()
    from . import kernel_listing

    kernel_listing.show(kernel, save, max_taps)
