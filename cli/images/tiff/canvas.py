"""TIFF pages that are encoded strip by strip while they are filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ifd
from ..packed_canvas import PackedCanvas, Parts, Sink, in_flight
from .writer import STRIP_BYTES, Packing, Page, filled_up


class TiffCanvas(PackedCanvas):
    """A page that is encoded while it is filled; `writer.write` accepts the result of `page`."""

    def __init__(self, shape: tuple[int, int, int], dtype: Any, alpha: bool, *, sink: Sink, method: str) -> None:
        height, width, colours = shape
        self._packing = Packing((height, width, colours + alpha), dtype, method)
        super().__init__(shape, dtype, sink, self._packing.rows, alpha=alpha)
        self._sizes: list[int] = []

    def pack(self, number: int, pixels: Any) -> bytes:
        """Return a strip; in 1-bit samples white is 0."""
        return self._packing.packed(~pixels if self._packing.bits else pixels)

    def ordered(self, number: int, packed: bytes) -> Parts:
        """Return the parts of a strip as stored in the file."""
        self._sizes.append(len(packed))
        return filled_up(packed)

    def page(self, photometric: int, extra: Sequence[int], tags: ifd.Directory) -> Page:
        """Return the page, with the same arguments as `writer.page`; raises ValueError like that."""
        return Page({**tags, **self._packing.tags(photometric, extra)}, self.whole(), self._sizes)


def canvas_bytes(row: int, cores: int) -> int:
    """Return the most bytes of a canvas whose rows have *row* bytes."""
    return in_flight(row, max(1, STRIP_BYTES // row), cores)
