"""Uncompressed samples in the form of a file: from one array, or from a canvas that is filled."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO

from ...filters.core.lazy_numpy import np
from .atomic_write import end_with
from .codec import Content
from .packed_canvas import PackedCanvas, Parts, Sink, in_flight
from .picture import Samples
from .spool import MakeSpool, Piece, Spool

if TYPE_CHECKING:
    from ...filters.core.engine.output_buffer import CanvasFactory

BLOCK = 1 << 20
"""Bytes of a block of rows."""
Form = Callable[[Any], Any]
"""Returns rows ``(height, width)`` or ``(height, width, channels)`` in the form of a file; raises ValueError."""


class PlainCanvas(PackedCanvas):
    """A canvas whose blocks are stored in the form given by a function."""

    def __init__(self, shape: tuple[int, int, int], dtype: Any, alpha: bool, *, sink: Sink, form: Form) -> None:
        row = shape[1] * (shape[2] + alpha) * np.dtype(dtype).itemsize
        super().__init__(shape, dtype, sink, max(1, BLOCK // row), alpha=alpha)
        self._form = form

    def pack(self, number: int, pixels: Any) -> Parts:
        """Return the bytes of a block."""
        return [stored(self._form, pixels)]


class UpwardCanvas(PlainCanvas):
    """A canvas for a format that stores the last row first."""

    def __init__(
        self, shape: tuple[int, int, int], dtype: Any, alpha: bool = False, *, sink: Spool, form: Form
    ) -> None:
        super().__init__(shape, dtype, alpha, sink=sink, form=form)
        self._spool = sink

    def pack(self, number: int, pixels: Any) -> Parts:
        """Return the bytes of a block, whose last row is the first."""
        return super().pack(number, pixels[::-1])

    def parts(self) -> list[Piece]:
        """Return the blocks, the last one first."""
        return self._spool.parts([*pairwise(self.ends)][::-1])


def stored(form: Form, pixels: Any) -> memoryview:
    """Return the bytes of rows ``(height, width, channels)`` in a form."""
    found = form(pixels if pixels.shape[2] > 1 else pixels[..., 0])
    return np.ascontiguousarray(found).reshape(-1).view(np.uint8).data


def streamed(form: Form, spool: MakeSpool, upward: bool = False) -> CanvasFactory:
    """Return the factory of canvases for samples in a form."""

    def made(shape: tuple[int, int, int], dtype: Any, alpha: bool = False) -> PlainCanvas:
        return (UpwardCanvas if upward else PlainCanvas)(shape, dtype, alpha, sink=spool(), form=form)

    return made


def streamed_bytes(width: int, samples: Samples, cores: int) -> int:
    """Return the most bytes that a canvas needs."""
    row = width * samples.bytes
    return in_flight(row, max(1, BLOCK // row), cores)


def end(file: BinaryIO, content: Content, form: Form, upward: bool = False) -> None:
    """Write the samples to *file* in a form, which a canvas has already; only `end_with_bytes` may write more.

    With *upward* the last row comes first.
    """
    if content.streamed:
        content.pixels.end(file)
    else:
        samples = content.samples()
        end_with(file, form(samples[::-1] if upward else samples))
