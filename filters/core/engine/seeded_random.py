"""Random numbers that depend on a seed, an image's name and the place in it, and on nothing else.

Every block of rows has a generator of its own, so strips may be computed in any order, by any number of threads and
processes, and twice where a halo asks for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from ..lazy_numpy import Array, np
from .facts import note
from .layout import strip_of
from .stage import AlphaHandling, BoundStage, Colours, ImageContext, Stage

Generator = Any
Draw = Callable[[Array, Generator, int], Array]
"""From some rows ``(rows, channels, columns)`` to those of the result; it is told which is the first. It draws for one
row after the other, so that what the first are given does not depend on how many there are."""

ROWS_PER_SEED = 16
"""Rows of a block. To seed a generator takes 8 µs, as long as to draw a thousand normal numbers; and short calls leave
a second thread nothing to do: drawn row by row, a gray image of 12 MP takes twice as long."""


def drawing(draw_for: Callable[[ImageContext], Draw], seed: int, selects: bool = False) -> Stage:
    """Return the stage that draws, and *selects* samples or changes them.

    It takes the colours out of their alpha, or what is drawn would be multiplied too.
    """

    def bind(context: ImageContext) -> BoundStage:
        draw = draw_for(context)
        key = hashlib.blake2b(f"{seed} {context.name}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
        entropy = int.from_bytes(key, "little")

        def drawn(strip: Array, start: int) -> Array:
            rows = strip.transpose(0, 2, 1)
            planes = np.empty((strip.shape[2], len(strip), strip.shape[1]), strip.dtype)
            for first in range(0, len(strip), ROWS_PER_SEED):
                here = slice(first, first + ROWS_PER_SEED)
                changed = draw(rows[here], _generator(entropy, (start + first) // ROWS_PER_SEED), start + first)
                planes[:, here] = changed.swapaxes(0, 1)
            return strip_of(planes)

        return BoundStage(drawn, rows=ROWS_PER_SEED, anchored=True, placed=True)

    return Stage(
        bind,
        colours=Colours(alpha=AlphaHandling(divide=True, multiply=True)),
        by_name=True,
        selects=selects,
        facts=lambda context: (note(f"random numbers of seed {seed} for the name {context.name!r}"),),
    )


def _generator(entropy: int, block: int) -> Generator:
    """Return a block's generator. Of NumPy's the fastest: 7 ns a normal number, Philox takes 9."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(entropy, spawn_key=(block,))))
