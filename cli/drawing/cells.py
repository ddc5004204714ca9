"""Pictures in a grid of cells, with lines of text below each: sheets of maps, of samples, and of results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from ...filters.core.named_tuple import NamedTuple
from .text import Font, font

Colour = tuple[int, int, int]

PAPER, INK, FAINT, LINE = 255, 0, 96, 200
WHITE: Colour = (PAPER, PAPER, PAPER)
MARGIN = 8
PAD = 4
"""Pixels between a picture and its text."""
FRAME = 3
"""Pixels of the line around a framed picture."""
FRAMED: Colour = (230, 90, 0)


class Cell(NamedTuple):
    """A picture and its text."""

    pixels: Any
    """``(height, width)`` or ``(height, width, 3)`` of uint8."""
    lines: Sequence[str] = ()
    framed: bool = False


class Grid(NamedTuple):
    """The arrangement of cells on a sheet."""

    across: int
    """Pixels from a picture to the next one on its right."""
    down: int
    """Pixels from a picture to the next one below."""
    columns: int
    rows: int
    first: int = MARGIN + 1
    """Pixels on the left of the first picture, and above it."""
    rest: int = 1
    """Pixels beyond the last cell."""

    @property
    def size(self) -> tuple[int, int]:
        """The width and height of the sheet."""
        return self.columns * self.across + self.rest, self.rows * self.down + self.rest


class Look(NamedTuple):
    """How a sheet looks."""

    font: Font
    background: Colour = WHITE
    ruled: bool = False
    """Draw lines between the cells."""
    text_width: int | None = None
    """Pixels to which texts are cut; None leaves them whole."""

    @property
    def inks(self) -> tuple[Colour, Colour]:
        """The colours of the first line of text, and of those below: dark on a light background, light on a dark."""
        light = np.dot(self.background, (0.299, 0.587, 0.114)) > 127
        return (_gray(INK), _gray(FAINT)) if light else (_gray(PAPER), _gray(PAPER - FAINT))


def _gray(level: int) -> Colour:
    return level, level, level


def columns(count: int) -> int:
    """Return the number of columns: about the number of rows, and such that all rows are full if possible.

    >>> [columns(count) for count in (1, 4, 13, 18, 24, 48, 64)]
    [1, 2, 4, 6, 8, 8, 8]
    """
    root = math.sqrt(count)
    whole = [number for number in range(math.ceil(root), int(1.7 * root) + 1) if count % number == 0]
    return max(whole, default=math.ceil(root))


def places(count: int, columns: int) -> list[tuple[int, int]]:
    """Return the row and column of each of *count* consecutive cells.

    >>> places(3, 2)
    [(0, 0), (0, 1), (1, 0)]
    """
    return [divmod(number, columns) for number in range(count)]


def laid_out(
    grid: Grid, cells: Iterable[Cell], places: Iterable[tuple[int, int]], height: int, look: Look | None = None
) -> Any:
    """Draw cells, each in its *place*, which is a row and a column; *height* is that of the highest picture.

    Returns ``(height, width)`` of uint8 if everything is gray, else ``(height, width, 3)``.
    """
    look = look or Look(font(), ruled=True)
    gray = len({*look.background}) == 1
    sheet = Image.new("L" if gray else "RGB", grid.size, look.background[0] if gray else look.background)
    if look.ruled:
        _rule(sheet, grid)
    for cell, place in zip(cells, places, strict=True):
        if sheet.mode == "L" and (cell.framed or cell.pixels.ndim == 3):
            sheet = sheet.convert("RGB")
        _draw(sheet, grid, cell, place, height, look)
    return np.asarray(sheet)


def _rule(sheet: Image.Image, grid: Grid) -> None:
    pen = ImageDraw.Draw(sheet)
    line = LINE if sheet.mode == "L" else (LINE,) * 3
    for number in range(grid.columns + 1):
        pen.line([(number * grid.across, 0), (number * grid.across, sheet.height)], line)
    for number in range(grid.rows + 1):
        pen.line([(0, number * grid.down), (sheet.width, number * grid.down)], line)


def _draw(sheet: Image.Image, grid: Grid, cell: Cell, place: tuple[int, int], height: int, look: Look) -> None:
    pen = ImageDraw.Draw(sheet)
    line, column = place
    left, top = column * grid.across + grid.first, line * grid.down + grid.first
    sheet.paste(Image.fromarray(cell.pixels), (left, top))
    if cell.framed:
        rows, across = cell.pixels.shape[:2]
        pen.rectangle(
            [left - FRAME, top - FRAME, left + across + FRAME - 1, top + rows + FRAME - 1], outline=FRAMED, width=FRAME
        )
    # On a ruled sheet texts are a pixel further out than pictures.
    x, y = left - look.ruled, top - look.ruled + height + PAD
    for at, words in enumerate(cell.lines):
        ink = look.inks[min(at, 1)]
        shown = words if look.text_width is None else look.font.cut(words, look.text_width)
        look.font.draw(pen, (x, y + at * look.font.line_height), shown, ink[0] if sheet.mode == "L" else ink)
