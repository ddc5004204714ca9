"""What `imfilter kernels plot` draws: a kernel, one map of a filter bank, or the weights of all its maps."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ...filters.core.engine.colour import model_of
from ...filters.core.lazy_numpy import Array
from ...filters.core.linear import filter_banks, kernel_source, kernels
from ...filters.core.linear.kernels import Kernel
from ..console.messages import shown
from ..drawing import kernel_plot
from ..drawing.kernel_plot import Drawn
from ..errors import UsageError
from ..file_identity import Identity
from ..images import encode, formats
from ..images.atomic_write import Transaction
from ..images.codec import EncodeOptions
from ..images.metadata import Metadata
from ..terminal.reduced import reduced
from ..terminal.screen import Screen


def drawn(kernel: str, map: int | None, phase: bool, max_taps: int | None) -> Array:
    """Return the plot, ``(rows, columns, 3)`` of uint8; raises UsageError."""
    try:
        bank = filter_banks.read(kernel, max_taps or kernels.MAX_TAPS)
        if bank is not None:
            return _of_bank(bank, map, phase)
        source = kernel_source.read(kernel, max_taps or kernels.MAX_TAPS)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if map is not None:
        raise UsageError(f"--map needs a filter bank; {shown(source.name)} is one kernel")
    return kernel_plot.plot(_described(source.name, source.kernel), phase)


def _of_bank(bank: filter_banks.Bank, map: int | None, phase: bool) -> Array:
    if map is None:
        if phase:
            raise UsageError("--phase draws one kernel; choose a map with --map N")
        return kernel_plot.sheet(bank.names, bank.weights)
    if not 0 <= map < len(bank.names):
        raise UsageError(f"--map {map} is out of range: the bank has the maps 0 to {len(bank.names) - 1}")
    inputs = bank.weights.shape[1]
    # The kernel for gray, whose channels are all equal.
    own = f"{bank.names[map]}, sum of {inputs} inputs" if inputs > 1 else bank.names[map]
    kernel = Kernel.of(bank.weights[map].sum(axis=0))
    return kernel_plot.plot(_described(f"{bank.described}, map {map}: {own}", kernel), phase)


def _described(name: str, kernel: Kernel) -> Drawn:
    height, width = kernel.shape
    title = f"{shown(name)}   {width}×{height}   sum {kernel.sum:.6g}   rank {kernel.rank}"
    return Drawn(title, kernel.weights, kernel.anchor)


def format_of(name: str) -> formats.Format:
    """Return the format of a plot; raises UsageError if it cannot hold one."""
    format = formats.of_suffix(name)
    if format.data_set or "uint8" not in format.colour:
        raise UsageError(f"{shown(name)}: cannot hold colours; use .png")
    return format


def write(plot: Array, name: str, read: Collection[Identity]) -> None:
    """Write a plot; raises FileError."""
    if plot.ndim == 2:
        plot = plot[..., None]
    with Transaction(read) as transaction:
        with transaction.open(Path(name)) as file:
            colours = model_of(plot.shape[2])
            encode.write(file, plot, None, format_of(name), Metadata(), EncodeOptions(), colours=colours)
        transaction.commit()


def show(plot: Array, screen: Screen) -> None:
    """Show a plot in the terminal."""
    screen.show(reduced(plot, None, screen.room, white=255))
