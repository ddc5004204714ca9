"""What `imfilter kernels` prints and saves: the built-in kernels, and how a name or file is interpreted."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from ...filters.core.engine.stage import ImageContext
from ...filters.core.linear import filter_banks, kernel_source, kernels, planner
from ..batch import collisions
from ..batch.call_files import FilesWritten, files_read
from ..console.messages import put, shown
from ..errors import UsageError
from ..file_identity import Identity
from ..images.atomic_write import Transaction

LITERAL_TAPS = 49
"""The most taps of a kernel that is also printed as a literal."""


def print_all() -> None:
    """Print a table of the built-in kernels, and one of the filter banks."""
    rows = [("name", "size", "sum", "rank", "weights")]
    for name, kernel in kernels.named().items():
        height, width = kernel.shape
        weights = kernel_source.as_literal(kernel)
        rows.append((name, f"{width}×{height}", f"{kernel.sum:g}", str(kernel.rank), weights))
    names, sizes, sums, ranks = (max(map(len, column)) for column in list(zip(*rows, strict=True))[:4])
    for name, size, sum, rank, weights in rows:
        _line(f"{name:{names}}  {size:>{sizes}}  {sum:>{sums}}  {rank:>{ranks}}  {weights}")
    _line("")
    _line(f"{'bank':{names}}  {'maps':>{sizes}}  kernels for conv --sheet, or -o with .npy")
    for name, bank in filter_banks.BUILT_IN.items():
        _line(f"{name:{names}}  {len(bank.names()):>{sizes}}  {bank.summary}")


def _line(text: str) -> None:
    """Print a line, cut to the width of a terminal or to COLUMNS; a pipe gets all of it."""
    wide = os.environ.get("COLUMNS") is None and not (sys.stdout is not None and sys.stdout.isatty())
    room = len(text) if wide else shutil.get_terminal_size().columns
    put(text if len(text) <= room else f"{text[: room - 1]}…")


def show(kernel: str, save: str | None, max_taps: int | None) -> None:
    """Print how a kernel is interpreted, and write it to *save*; raises UsageError."""
    try:
        read = files_read_by(kernel, {} if save is None else {"save": save})
        bank = filter_banks.read(kernel, max_taps or kernels.MAX_TAPS)
        if bank is not None:
            _show_bank(bank, save, read)
            return
        source = kernel_source.read(kernel, max_taps or kernels.MAX_TAPS)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if save is not None:
        _check_save(Path(save), source)
    chosen = source.kernel
    height, width = chosen.shape
    plan = planner.plan(chosen, ImageContext(255.0, "float32", tolerance=1e-3))
    lines = [
        f"{shown(source.name)} ({source.family})",
        *_matrix(chosen.weights.tolist()),
        f"size {width}×{height}, anchor {chosen.anchor[0]},{chosen.anchor[1]}",
        *source.reading.notes,
        *source.reading.added,
        f"sum {chosen.sum:.6g}, sum of absolute values {chosen.absolute_sum:.6g}",
        f"rank {chosen.rank}, {'separable' if chosen.factors else 'not separable'}",
        f"algorithm {plan.algorithm}: {plan.reason}",
    ]
    if _is_literal(source):
        lines.append(f"as a literal: {kernel_source.as_literal(chosen)}")
    put("\n".join(lines))
    if save is not None:
        _save(Path(save), source, read)


def files_read_by(kernel: str, written: Mapping[str, str]) -> frozenset[Identity]:
    """Return the files that are read; raises UsageError if a file *written*, given by option, would replace one."""
    is_file = Path(kernel).is_file() and kernel not in kernels.names() and filter_banks.named(kernel) is None
    read = files_read({kernel: "the kernel of this call"} if is_file else {})
    files = FilesWritten(beside=written, prints=True)
    collisions.check_named(files)
    collisions.check_apart(read, files)
    return read.identities


def _is_literal(source: kernel_source.Source) -> bool:
    """Whether a literal describes a kernel fully, and is short enough to read."""
    height, width = source.kernel.shape
    centred = source.kernel.anchor == (width // 2, height // 2)
    return centred and not source.reading.added and width * height <= LITERAL_TAPS


def _show_bank(bank: filter_banks.Bank, save: str | None, read: Collection[Identity]) -> None:
    """Print how a filter bank is interpreted; its kernels can be saved to a file as arrays."""
    if save is not None and not _is_npy(Path(save)):
        raise UsageError(f"--save {save}: a bank is saved as .npy")
    maps, inputs, height, width = bank.weights.shape
    seen = "1 channel, the luma of a colour picture" if inputs == 1 else f"{inputs} channels of each group"
    rows: list[tuple[str, ...]] = [("map", "name", "sum", "absolute sum", "least", "greatest")]
    for number, (name, weights) in enumerate(zip(bank.names, bank.weights, strict=True)):
        sum = weights.sum() if abs(weights.sum()) > 1e-12 * abs(weights).sum() else 0.0
        values = (sum, abs(weights).sum(), weights.min(), weights.max())
        rows.append((str(number), name, *(f"{value:.4g}" for value in values)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{shown(bank.described)}",
        f"{maps} maps, kernels {width}×{height} on {seen}, applied as written, anchor {width // 2},{height // 2}",
        f"shape ({maps}, {inputs}, {height}, {width}), {bank.weights.size} taps",
        *(
            f"{row[0]:>{widths[0]}}  {row[1]:{widths[1]}}  "
            + "  ".join(f"{cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True))
            for row in rows
        ),
    ]
    put("\n".join(lines))
    if save is not None:
        with Transaction(read) as transaction:
            with transaction.open(Path(save)) as file:
                np.save(file, bank.weights, allow_pickle=False)  # type: ignore[arg-type]
            transaction.commit()


def _matrix(rows: list[list[float]]) -> list[str]:
    cells = [[f"{value:.6g}" for value in row] for row in rows]
    width = max(len(cell) for row in cells for cell in row)
    return ["  " + " ".join(cell.rjust(width) for cell in row) for row in cells]


def _is_npy(path: Path) -> bool:
    return path.suffix.lower() == ".npy"


def _check_save(path: Path, source: kernel_source.Source) -> None:
    """Raise UsageError if the format has no place for the offset that the kernel adds to the result."""
    if source.reading.white_offset or (_is_npy(path) and source.reading.offset):
        hint = "no text says it for every depth" if source.reading.white_offset else "save it as text"
        raise UsageError(f"--save {path}: would lose an offset, {source.reading.added[0]} ({hint})")


def _save(path: Path, source: kernel_source.Source, read: Collection[Identity]) -> None:
    with Transaction(read) as transaction:
        with transaction.open(path) as file:
            if _is_npy(path):
                # An array has no anchor but its middle.
                np.save(file, kernel_source.centred(source.kernel).weights, allow_pickle=False)  # type: ignore[arg-type]
            else:
                file.write(kernel_source.write(source.kernel, source.reading.offset).encode())
        transaction.commit()
