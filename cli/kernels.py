"""`imfilter kernels`: list the built-in kernels, show what a name or a file is understood as."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from .atomic import Transaction
from .exits import UsageError
from .messages import shown

app = typer.Typer(
    rich_markup_mode=None, invoke_without_command=True, subcommand_metavar="[show KERNEL]", options_metavar=""
)


@app.callback()
def kernels(context: typer.Context) -> None:
    """List the built-in kernels, or show one."""
    if context.invoked_subcommand is not None:
        return
    from ..filters.core.kernels import named

    rows = [("name", "size", "sum", "rank", "weights")]
    for name, kernel in named().items():
        height, width = kernel.shape
        over = f" / {kernel.divisor:g}" if kernel.divisor != 1 else ""
        weights = "; ".join(" ".join(f"{tap:.4g}" for tap in row) for row in kernel.taps)
        rows.append((name, f"{width}×{height}", f"{kernel.sum:g}", str(kernel.rank), weights + over))
    names, sizes, sums, ranks = (max(map(len, column)) for column in list(zip(*rows, strict=True))[:4])
    room = shutil.get_terminal_size().columns
    for name, size, sum, rank, weights in rows:
        line = f"{name:{names}}  {size:>{sizes}}  {sum:>{sums}}  {rank:>{ranks}}  {weights}"
        typer.echo(line if len(line) <= room else f"{line[: room - 1]}…")


@app.command()
def show(
    kernel: Annotated[str, typer.Argument(metavar="KERNEL", help="A built-in name, a kernel file, or a literal.")],
    save: Annotated[
        str | None, typer.Option("--save", metavar="FILE", help="Write the weights as plain text, or .npy.")
    ] = None,
) -> None:
    """Print a kernel's matrix, sum, rank and anchor, and whether it is separable."""
    from ..filters.core import kernel_text, planner
    from ..filters.core.stage import Frame

    if save == "-":
        raise UsageError("--save -: standard output holds the description; name a file")
    try:
        source = kernel_text.read(kernel)
    except ValueError as error:
        raise UsageError(str(error)) from None
    chosen = source.kernel
    height, width = chosen.shape
    plan = planner.plan(chosen, Frame(255.0, "float32", tolerance=1e-3))
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

    with Transaction() as transaction:
        with transaction.open(path) as file:
            if path.suffix.lower() == ".npy":
                np.save(file, weights, allow_pickle=False)  # type: ignore[arg-type]
            else:
                file.write(text.encode())
        transaction.commit()
