"""The ways to show a picture in a terminal, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

from ...filters.core.lazy_numpy import Array

Protocol = Literal["kitty", "iterm", "sixel", "blocks", "dots"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
OF_TEXT: dict[Protocol, tuple[int, int]] = {"blocks": (1, 2), "dots": (2, 4)}
"""The protocols made of characters, with the dots of each across and down; the dots of others are pixels."""
TRUE = 1 << 24
"""The number of colours of a terminal with 24-bit colour."""
BROKEN_OFF: dict[Protocol, bytes] = {
    # The last chunk of kitty's, without an answer; the string terminators of the others; plain colours.
    "kitty": b"\x1b\\\x1b_Gm=0,q=2;\x1b\\\n",
    "iterm": b"\a\n",
    "sixel": b"\x1b\\\n",
    "blocks": b"\x1b[0m\n",
    "dots": b"\n",
}
"""The bytes that end an interrupted picture, so that text can follow."""


def pieces(protocol: Protocol, dots: Array, cells: tuple[int, int], colours: int, exact: bool) -> Iterator[bytes]:
    """Yield the bytes that show ``dots (rows, columns, 3)`` of uint8 in *cells* (columns and rows), with *colours*.

    *exact* says that the dots are pixels of the terminal, whose cell size is known and not guessed.
    """
    # Imported where used: a call shows all its pictures with one protocol.
    if protocol == "kitty":
        from . import kitty

        return kitty.pieces(dots, 0 if exact else cells[0])
    if protocol == "iterm":
        from . import iterm

        return iterm.pieces(dots, *cells)
    if protocol == "sixel":
        from . import sixel

        return sixel.pieces(dots, colours)
    if protocol == "blocks":
        from . import blocks

        return blocks.lines(dots, colours == TRUE)
    from . import dots as braille

    return braille.lines(dots)
