"""`imfilter kernels`: list the built-in kernels, show what a name or a file is understood as."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    rich_markup_mode=None, invoke_without_command=True, subcommand_metavar="[show KERNEL]", options_metavar=""
)


@app.callback()
def kernels(context: typer.Context) -> None:
    """List the built-in kernels, or show one."""
    if context.invoked_subcommand is not None:
        return
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
    """Print what a kernel is understood as.

    Its family, the weights that are applied (of a bank, their range), the anchor; for a file also its turning, what
    was divided, what is added to the result, and which cells are missing; the sum, the rank, and the algorithm.
    """
    from . import kernel_listing

    kernel_listing.show(kernel, save, max_taps)
