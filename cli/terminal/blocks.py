"""Half blocks: each character shows two dots, the upper as its foreground, the lower as its background."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...filters.core.lazy_numpy import Array, np

HALF = "▀"
RESET = "\x1b[0m"
LEVELS = (0, 95, 135, 175, 215, 255)
"""The steps of each colour in the cube of 256 colours."""
BAYER = ((0, 8, 2, 10), (12, 4, 14, 6), (3, 11, 1, 9), (15, 7, 13, 5))


def lines(dots: Array, true_colour: bool) -> Iterator[bytes]:
    """Yield the lines that show ``dots (rows, columns, 3)`` of uint8, with codes where a colour changes."""
    code, coded = (_true, dots) if true_colour else (_of_cube, cube(dots))
    numbers = coded.tolist()
    for top in range(0, len(numbers), 2):
        below = numbers[top + 1] if top + 1 < len(numbers) else None
        yield _line(numbers[top], below, code).encode()


def _line(upper: list, lower: list | None, code: Callable[[object], str]) -> str:
    parts, before, behind = [], None, None
    for column, dot in enumerate(upper):
        codes = []
        if dot != before:
            codes.append(f"38;{code(dot)}")
            before = dot
        if lower is not None and lower[column] != behind:
            codes.append(f"48;{code(lower[column])}")
            behind = lower[column]
        parts.append(f"\x1b[{';'.join(codes)}m{HALF}" if codes else HALF)
    return f"{''.join(parts)}{RESET}\n"


def _true(dot: object) -> str:
    red, green, blue = dot  # type: ignore[misc]
    return f"2;{red};{green};{blue}"


def _of_cube(dot: object) -> str:
    return f"5;{dot}"


def cube(dots: Array) -> Array:
    """Return the numbers, 16 to 231, of the nearest colours of the cube, with ordered dither.

    >>> cube(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)).tolist()
    [[16, 231]]
    """
    levels = np.array(LEVELS)
    below = np.clip(np.searchsorted(levels, dots, side="right") - 1, 0, len(levels) - 2)
    share = (dots - levels[below]) / (levels[below + 1] - levels[below])
    rows, columns = dots.shape[:2]
    threshold = (np.tile(np.array(BAYER), (-(-rows // 4), -(-columns // 4)))[:rows, :columns, None] + 0.5) / 16
    return 16 + (below + (share > threshold)) @ np.array([36, 6, 1])
