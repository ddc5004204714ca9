"""The file of a sheet: its look, its format, its stamp, and whether an existing one is up to date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...filters.core.engine.colour import model_of
from ...filters.core.engine.threads import side_by_side
from ...filters.core.named_tuple import NamedTuple
from ..batch.frame_output import writable
from ..batch.inputs import Input, means_folder
from ..batch.plan import Job, Target
from ..batch.provenance import Stamper, has_mark
from ..console.messages import shown, unsigned
from ..digest import SourceDigest
from ..drawing.cells import PAD, Cell, Colour, Grid, Look, laid_out
from ..drawing.text import font
from ..errors import FileError, UsageError
from ..images import encode, formats
from ..images.atomic_write import Transaction
from ..images.codec import EncodeOptions
from ..images.metadata import Metadata
from ..stores.names import is_store
from ..streams import STREAM
from ..version import VERSION

SIZE = 320
"""Pixels of the longer side of a cell's picture."""
LARGEST = 1 << 14
"""The most pixels of a cell's side."""
MOST_WORDS = 1000
"""The most characters of the command that a sheet carries."""


class SheetLook(NamedTuple):
    """The look of a sheet."""

    size: int = SIZE
    columns: int | None = None
    gap: int = 12
    background: Colour = (255, 255, 255)
    font: str | None = None
    text_size: int = 13

    def check(self) -> None:
        """Raise UsageError for values out of range, or a font that cannot be read."""
        for name, value, least, most in (
            ("size", self.size, 1, LARGEST),
            ("columns", self.columns or 1, 1, LARGEST),
            ("gap", self.gap, 0, LARGEST),
            ("text-size", self.text_size, 4, 400),
        ):
            if not least <= value <= most:
                raise UsageError(f"--{name}: {value} is not from {least} to {most}")
        if self.columns == 0:
            raise UsageError("--columns: 0 is not from 1 to 16384")
        font(self.text_size, self.font)

    def drawn(self, cells: Sequence[Cell], places: Sequence[tuple[int, int]], max_pixels: int) -> Any:
        """Draw cells in their *places*; raises UsageError if the sheet has more than *max_pixels*.

        Columns are as wide as their pictures, or as their labels if these are no wider than a cell's side.
        """
        words = font(self.text_size, self.font)
        pictures = [cell.pixels.shape for cell in cells]
        height, width = (max(shape[axis] for shape in pictures) for axis in (0, 1))
        labels = max((words.width(line) for cell in cells for line in cell.lines), default=0)
        width = max(width, min(labels, self.size))
        lines = max(len(cell.lines) for cell in cells)
        text = PAD + lines * words.line_height if lines else 0
        rows, columns = (1 + max(place[axis] for place in places) for axis in (0, 1))
        grid = Grid(width + self.gap, height + text + self.gap, columns, rows, self.gap, self.gap)
        if grid.size[0] * grid.size[1] > max_pixels:
            raise UsageError(
                f"the sheet would have {grid.size[0]}×{grid.size[1]} pixels; the limit is {max_pixels} "
                "(use a smaller --size; --max-pixels raises it)"
            )
        found = laid_out(grid, cells, places, height, Look(words, self.background, text_width=width))
        return found if found.ndim == 3 else found[..., None]

    def fits(self, text: str) -> bool:
        """Return whether a line of text is no wider than a cell's side, so that it is not cut."""
        return font(self.text_size, self.font).width(text) <= self.size

    def notes(self, cells: Sequence[Cell]) -> list[str]:
        """Return notes on the labels of cells."""
        words = font(self.text_size, self.font)
        if any(words.lacks(line) for cell in cells for line in cell.lines):
            return ["the font lacks letters of the labels, shown as ?; choose another with --font FILE.ttf"]
        return []


def target_of(output: str) -> Target:
    """Return the target of a sheet and its format; raises UsageError if no sheet can be written there."""
    if output == STREAM:
        return Target(None, formats.LOSSLESS)
    if is_store(output):
        raise UsageError(f"{shown(output)}: a sheet must be a local file; name one, and copy it")
    if means_folder(output):
        raise UsageError(f"{shown(output)}: is a folder; name a file for the sheet")
    format = formats.of_suffix(output)
    if format.data_set or "uint8" not in format.colour:
        raise UsageError(f"{shown(output)}: a sheet needs a format for colours; use .png")
    return Target(output, format)


class Origin:
    """The options and files that a sheet is made from, which determine its stamp."""

    def __init__(self, how: Mapping[str, object], files: Iterable[str], cores: int) -> None:
        """Read the *files*, all inputs of the sheet; *how* is everything else that determines it."""
        named = list(files)
        self.digests = list(side_by_side(lambda number: _digest(named[number]), range(len(named)), cores))
        self._stamper = Stamper(VERSION, repr(self.digests).encode(), how)

    def mark(self, name: str) -> str:
        """Return the stamp of the output *name*."""
        return self._stamper.mark(name, Job(Input("", ""), {}))

    def is_current(self, targets: Mapping[str, Target]) -> bool:
        """Return whether all outputs exist, can be read, and were made by the same call from the same files."""
        try:
            return "" not in self.digests and all(
                target.path is not None and has_mark(target.path, self.mark(name), target.format)
                for name, target in targets.items()
            )
        except (OSError, ValueError):  # the file is missing
            return False


def _digest(name: str) -> str:
    try:
        return SourceDigest.of_file(name)
    except (OSError, ValueError):  # reported when it is read
        return ""


def write(
    transaction: Transaction, target: Target, sheet: Any, options: EncodeOptions, mark: str, command: str
) -> None:
    """Write a sheet ``(height, width, channels)`` with its stamp, followed by the *command* that made it."""
    said = command.encode("ascii", "backslashreplace").decode()
    assert target.format is not None
    path = None if target.path is None else Path(target.path)
    with transaction.open(path) as file, writable(target, target.format):
        try:
            colours = model_of(sheet.shape[2])
            encode.write(
                file,
                sheet,
                None,
                target.format,
                Metadata(),
                options,
                f"{mark} {said[:MOST_WORDS]}",
                colours=colours,
            )
        except encode.EncodeError as error:
            raise FileError(target.name, str(error)) from None


def base(name: str) -> str:
    """Return the name of a file without its folder, as in the command of a sheet."""
    return Path(unsigned(name)).name or name
