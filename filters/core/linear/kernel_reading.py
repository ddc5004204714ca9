"""A reader's result: the kernel's weights, and what else its file specifies, as data and in words."""

from __future__ import annotations

from ..named_tuple import NamedTuple
from .kernels import Kernel


class Reading(NamedTuple):
    """A kernel as read."""

    kernel: Kernel
    understood: tuple[str, ...] = ()
    """How the numbers were interpreted, in words: rotation, divisor."""
    offset: float = 0.0
    """The offset that the file adds to the result, in the image's units."""
    white_offset: float = 0.0
    """The offset that the file adds to the result, as a fraction of white."""
    anchor_from_file: bool = False
    """The file gives the kernel's anchor; else it is the family's default."""
    remarks: tuple[str, ...] = ()
    """Further notes in words: missing cells, borders."""

    @property
    def notes(self) -> list[str]:
        """How the file was interpreted, in words."""
        x, y = self.kernel.anchor
        anchor = [f"anchor {x},{y} from the file"] if self.anchor_from_file else []
        return [*self.understood, *anchor, *self.remarks]

    @property
    def added(self) -> list[str]:
        """The offsets that the file adds to the result, in words."""
        parts = ((self.offset, ""), (self.white_offset, " of white"))
        return [f"added to the result: {value:g}{unit}" for value, unit in parts if value]
