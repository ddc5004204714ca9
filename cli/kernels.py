"""`imfilter kernels`: list the built-in kernels, show what a name or a file is understood as."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .atomic import Transaction
from .exits import FileError, UsageError
from .messages import shown

app = typer.Typer(
    rich_markup_mode=None, invoke_without_command=True, subcommand_metavar="[show KERNEL]", options_metavar=""
)


@app.callback()
def kernels(context: typer.Context) -> None:
    """List the built-in kernels, or show one."""
    if context.invoked_subcommand is not None:
        return
    from rich import box
    from rich.table import Table

    from ..filters.core.kernels import named

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("name", "size", "sum", "rank"):
        table.add_column(heading, justify="left" if heading == "name" else "right", no_wrap=True)
    table.add_column("weights", no_wrap=True, overflow="ellipsis")
    for name, kernel in named().items():
        height, width = kernel.shape
        over = f" / {kernel.divisor:g}" if kernel.divisor != 1 else ""
        rows = "; ".join(" ".join(f"{tap:.4g}" for tap in row) for row in kernel.taps)
        table.add_row(name, f"{width}×{height}", f"{kernel.sum:g}", str(kernel.rank), rows + over)
    _print(table)


@app.command()
def show(
    kernel: Annotated[str, typer.Argument(metavar="KERNEL", help="A built-in name, a kernel file, or a literal.")],
    save: Annotated[
        str | None, typer.Option("--save", metavar="FILE", help="Write the weights as plain text, or .npy.")
    ] = None,
) -> None:
    """Print a kernel's matrix, sum, rank and anchor, and whether it is separable."""
    from ..filters.core import kernel_text, planner

    try:
        source = kernel_text.read(kernel)
    except ValueError as error:
        raise UsageError(str(error)) from None
    chosen = source.kernel
    height, width = chosen.shape
    plan = planner.plan(chosen)
    lines = [
        f"{shown(source.name)} ({source.family})",
        *_matrix(chosen.weights.tolist()),
        f"size {width}×{height}, anchor {chosen.anchor[0]},{chosen.anchor[1]}",
        f"sum {chosen.sum:.6g}, sum of absolute values {chosen.absolute_sum:.6g}",
        f"rank {chosen.rank}, {'separable' if chosen.factors else 'not separable'}",
        f"algorithm {plan.algorithm}: {plan.reason}",
    ]
    if source.offset:
        lines.insert(-1, f"added to the result: {source.offset:g}")
    typer.echo("\n".join(lines))
    if save is not None:
        _save(Path(save), kernel_text.write(chosen), chosen.weights)


def _matrix(rows: list[list[float]]) -> list[str]:
    cells = [[f"{value:.6g}" for value in row] for row in rows]
    width = max(len(cell) for row in cells for cell in row)
    return ["  " + " ".join(cell.rjust(width) for cell in row) for row in cells]


def _save(path: Path, text: str, weights: object) -> None:
    import numpy as np

    try:
        with Transaction() as transaction:
            with transaction.open(path) as file:
                if path.suffix == ".npy":
                    np.save(file, weights, allow_pickle=False)  # type: ignore[arg-type]
                else:
                    file.write(text.encode())
            transaction.commit()
    except OSError as error:
        raise FileError(shown(str(path)), f"cannot be written: {(error.strerror or str(error)).lower()}") from None


def _print(table: object) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(table, soft_wrap=not console.is_terminal)
