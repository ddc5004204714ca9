"""A plot of a kernel: its weights, and its frequency response in the plane and along three directions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from ...filters.core.lazy_numpy import Array
from ...filters.core.measure.response import response, response_along
from ...filters.core.named_tuple import NamedTuple
from .cells import INK, LINE, MARGIN, PAPER, Cell, Grid, columns, laid_out, places
from .ramps import diverging, hue, ramp
from .text import Font, font

WIDTH, HEIGHT = 1100, 430
SIDE = 320
"""Pixels of a panel."""
TOP = 56
STEP = 360
"""Pixels from a panel to the next."""
LEFT = 30
LABEL = STEP - SIDE - 7
"""Most pixels of a number on the left of a panel, which may not reach the panel before it."""
WITH_NUMBERS = 11
"""Most rows and columns of a kernel whose weights are written in their cells."""
LARGEST_CELL = 96
LEAST_FONT, FONT = 8, 12
CURVES = (((33, 102, 172), 5, "along x"), ((230, 90, 0), 3, "along y"), ((0, 0, 0), 1, "diagonally"))
"""The colour and width of each curve: where they coincide, all remain visible."""
FINER = 3
"""The factor by which curves are drawn larger, then reduced."""
MAP = 96
"""Pixels of a map's weights on a sheet, about."""
IN_A_ROW = 4
"""Most inputs whose kernels are in one row."""
CAPTIONED = 16
"""Most inputs whose kernels have captions."""
PLANE = 48
"""Least pixels of the longer side of a kernel with a caption."""
GAP = 8
"""Pixels between kernels with captions."""
GRAY = (110, 110, 110)
BLACK, WHITE = (INK,) * 3, (PAPER,) * 3


class Drawn(NamedTuple):
    """A kernel to draw."""

    title: str
    weights: Array
    """``(height, width)``."""
    anchor: tuple[int, int]
    """Column and row."""


def plot(kernel: Drawn, phase: bool = False) -> Array:
    """Return the plot of a kernel, ``(430, 1100, 3)`` of uint8; the *phase* is another panel."""
    picture = Image.new("RGB", (WIDTH + STEP * phase, HEIGHT), WHITE)
    pen = ImageDraw.Draw(picture)
    font(16).draw(pen, (LEFT, 12), font(16).cut(kernel.title, picture.width - 2 * LEFT), BLACK)
    _weights(picture, (LEFT, TOP), kernel)
    frequencies = (np.arange(SIDE) + 0.5) / SIDE - 0.5
    found = response(kernel.weights, frequencies, frequencies, kernel.anchor)
    size = np.abs(found)
    most = greatest(kernel)
    shares = size / most if most else size
    panels = [(f"|H|, 0 to {most:.4g}; y runs down", _with_contour(ramp(shares), shares))]
    if phase:
        panels.append(("phase, red 0, cyan 180 degrees", hue(np.degrees(np.angle(found)), shares)))
    for number, (title, pixels) in enumerate(panels, 1):
        _frequencies(picture, (LEFT + number * STEP, TOP), title, pixels)
    _curves(picture, (LEFT + (len(panels) + 1) * STEP, TOP), kernel, most)
    return np.asarray(picture)


def greatest(kernel: Drawn) -> float:
    """Return the greatest amplitude of the response, at the drawn frequencies and at 0 and ±1/2."""
    frequencies = np.linspace(-0.5, 0.5, 2 * SIDE + 1)
    # The response of a real kernel at the opposite frequency is the conjugate, so half of the frequencies are enough.
    return float(np.abs(response(kernel.weights, frequencies, frequencies[SIDE:], kernel.anchor)).max())


def _weights(picture: Image.Image, place: tuple[int, int], kernel: Drawn) -> None:
    height, width = kernel.weights.shape
    pen = ImageDraw.Draw(picture)
    most = float(np.abs(kernel.weights).max())
    pixels = diverging(kernel.weights / most if most else kernel.weights)
    _heading(pen, place, f"weights, {kernel.weights.min():.4g} to {kernel.weights.max():.4g}")
    cell = min(LARGEST_CELL, SIDE // max(height, width))
    if cell < 1:  # for large kernels a pixel shows the mean of several weights
        scale = SIDE / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture.paste(Image.fromarray(pixels).resize(size, Image.Resampling.BOX), place)
        _frame(pen, place, size)
        return
    picture.paste(Image.fromarray(pixels.repeat(cell, 0).repeat(cell, 1)), place)
    if max(height, width) <= WITH_NUMBERS:
        for row in range(height):
            for column in range(width):
                corner = place[0] + column * cell, place[1] + row * cell
                pen.rectangle((*corner, corner[0] + cell, corner[1] + cell), outline=(LINE,) * 3)
                _number(pen, corner, cell, float(kernel.weights[row, column]), pixels[row, column])
    _frame(pen, place, (width * cell, height * cell))
    left, top = place[0] + kernel.anchor[0] * cell, place[1] + kernel.anchor[1] * cell
    pen.rectangle((left, top, left + cell, top + cell), outline=BLACK, width=3 if cell > 8 else 1)


def _number(pen: ImageDraw.ImageDraw, corner: tuple[int, int], cell: int, value: float, behind: Array) -> None:
    """Write a weight into its cell, with as many digits as fit."""
    words, own = fitting(value, cell - 4)
    light = np.dot(behind, (0.299, 0.587, 0.114)) > 127
    x = corner[0] + (cell - own.width(words)) // 2 + 1
    y = corner[1] + (cell - own.line_height) // 2 + 1
    own.draw(pen, (x, y), words, BLACK if light else WHITE)


def fitting(value: float, width: int) -> tuple[str, Font]:
    """Return a number as text that fits *width* pixels, and its font: first fewer digits, then smaller ones.

    >>> [fitting(1 / 9, width)[0] for width in (90, 24)], fitting(-2.0, 40)[0]
    (['0.1111', '.111'], '-2')
    """
    for size in range(FONT, LEAST_FONT - 1, -2):
        for digits in (4, 3, 2):
            words = f"{value:.{digits}g}"
            if font(size).width(words) <= width:
                return words, font(size)
            short = words.replace("0.", ".", 1) if words.startswith(("0.", "-0.")) else words
            if font(size).width(short) <= width:
                return short, font(size)
    return "", font(LEAST_FONT)


def _heading(pen: ImageDraw.ImageDraw, place: tuple[int, int], words: str) -> None:
    font().draw(pen, (place[0], place[1] - 18), words, BLACK)


def _frame(pen: ImageDraw.ImageDraw, place: tuple[int, int], size: tuple[int, int]) -> None:
    pen.rectangle((place[0] - 1, place[1] - 1, place[0] + size[0], place[1] + size[1]), outline=GRAY)


def _with_contour(pixels: Array, shares: Array) -> Array:
    """Return a picture with a white line where *shares* cross a half."""
    above = shares >= 0.5
    crossed = np.zeros(above.shape, bool)
    crossed[:, 1:] |= above[:, 1:] != above[:, :-1]
    crossed[1:] |= above[1:] != above[:-1]
    return np.where(crossed[..., None], np.uint8(PAPER), pixels)


def _frequencies(picture: Image.Image, place: tuple[int, int], title: str, pixels: Array) -> None:
    pen = ImageDraw.Draw(picture)
    _heading(pen, place, title)
    picture.paste(Image.fromarray(pixels), place)
    _frame(pen, place, (SIDE, SIDE))
    for share, words in ((0, "-1/2"), (0.5, "0"), (1, "1/2")):
        at = round(share * SIDE)
        pen.line((place[0] + at, place[1] + SIDE, place[0] + at, place[1] + SIDE + 4), GRAY)
        pen.line((place[0] - 5, place[1] + at, place[0] - 1, place[1] + at), GRAY)
        half = font().width(words) // 2
        font().draw(pen, (place[0] + at - half, place[1] + SIDE + 6), words, BLACK)
        font().draw(pen, (place[0] - 8 - 2 * half, place[1] + at - 8), words, BLACK)
    font().draw(pen, (place[0] + SIDE // 2 + 16, place[1] + SIDE + 6), "x, cycles a pixel", GRAY)


def _curves(picture: Image.Image, place: tuple[int, int], kernel: Drawn, most: float) -> None:
    pen = ImageDraw.Draw(picture)
    _heading(pen, place, f"|H|, 0 to {most:.4g}, by cycles a pixel")
    large = Image.new("RGB", (SIDE * FINER, SIDE * FINER), WHITE)
    fine = ImageDraw.Draw(large)
    for share in (0.25, 0.5, 0.75):
        fine.line((0, share * SIDE * FINER, SIDE * FINER, share * SIDE * FINER), (LINE,) * 3)
        fine.line((share * SIDE * FINER, 0, share * SIDE * FINER, SIDE * FINER), (LINE,) * 3)
    frequencies = np.linspace(0, 0.5, SIDE + 1)
    still = np.zeros_like(frequencies)
    pairs = (frequencies, still), (still, frequencies), (frequencies, frequencies)
    for (colour, width, _), (x, y) in zip(CURVES, pairs, strict=True):
        sizes = np.abs(response_along(kernel.weights, x, y, kernel.anchor)) / (most or 1.0)
        points = np.stack([2 * frequencies * SIDE * FINER, (1 - sizes) * (SIDE * FINER - 1)], axis=1)
        fine.line(points[::2].ravel().tolist(), colour, width * FINER, joint="curve")
    picture.paste(large.resize((SIDE, SIDE), Image.Resampling.BOX), place)
    _frame(pen, place, (SIDE, SIDE))
    for share, words in ((0, "0"), (0.5, "1/4"), (1, "1/2")):
        half = font().width(words) // 2
        font().draw(pen, (place[0] + round(share * SIDE) - half, place[1] + SIDE + 6), words, BLACK)
    for share, words in ((0, f"{most:.3g}"), (1, "0")):
        if font().width(words) <= LABEL:  # the heading has the number too
            font().draw(pen, (place[0] - 5 - font().width(words), place[1] + round(share * SIDE) - 8), words, BLACK)
    left = place[0]
    for colour, width, words in CURVES:
        middle = place[1] + SIDE + 34
        pen.line((left, middle, left + 20, middle), colour, width)
        font().draw(pen, (left + 26, middle - 8), words, BLACK)
        left += 44 + font().width(words)


def sheet(names: Sequence[str], weights: Array) -> Array:
    """Return the weights of all maps of a bank, ``(maps, inputs, height, width)``, on one sheet of uint8 RGB.

    Each map has its own scale. The kernels of several inputs are side by side, each with a line around it and, if they
    are few, the number of its input above.
    """
    pictures, lines = [], []
    for number, (name, own) in enumerate(zip(names, weights, strict=True)):
        pictures.append(_beside(own))
        label = f"{number}" if name == f"map {number}" else f"{number}  {name}"
        lines.append((label, f"{own.min():.3g} to {own.max():.3g}"))
    height, width = pictures[0].shape[:2]
    widest = max(font().width(line) for both in lines for line in both)
    down = height + 2 * font().line_height + 2 * MARGIN
    side_by_side = columns(len(names))
    grid = Grid(max(width, widest) + 2 * MARGIN, down, side_by_side, -(-len(names) // side_by_side))
    cells = [Cell(picture, both) for picture, both in zip(pictures, lines, strict=True)]
    return laid_out(grid, cells, places(len(cells), side_by_side), height)


def _beside(kernels: Array) -> Array:
    """Return the kernels of a map, ``(inputs, height, width)``, in one picture."""
    count, height, width = kernels.shape
    across = count if count <= IN_A_ROW else columns(count)
    down = -(-count // across)
    most = float(np.abs(kernels).max())
    planes = diverging(kernels / most if most else kernels)
    scale = max(1, MAP // max(down * height, across * width))
    if count == 1:
        return planes[0].repeat(scale, 0).repeat(scale, 1)
    own, above, gap = font(LEAST_FONT + 2), 0, 1
    captions = [f"input {number}" for number in range(count)] if count <= CAPTIONED else []
    if captions:
        scale = max(scale, -(-PLANE // max(height, width)))
        above, gap = own.line_height, GAP
    column = max(width * scale + 2, *map(own.width, captions), 0) + gap - 1
    row = above + height * scale + 1 + gap
    picture = Image.new("RGB", (across * column - gap + 1, down * row - gap + 1), WHITE)
    pen = ImageDraw.Draw(picture)
    for number, plane in enumerate(planes):
        left, top = number % across * column, number // across * row
        if captions:
            own.draw(pen, (left, top), captions[number], GRAY)
        top += above
        pen.rectangle((left, top, left + width * scale + 1, top + height * scale + 1), outline=(LINE,) * 3)
        picture.paste(Image.fromarray(plane.repeat(scale, 0).repeat(scale, 1)), (left + 1, top + 1))
    return np.asarray(picture)
