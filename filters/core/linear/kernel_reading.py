"""What a reader made of a kernel: its weights, and what else its file says, as data and in words."""

from __future__ import annotations

from ..named_tuple import NamedTuple
from .kernels import Kernel


class Reading(NamedTuple):
    """A kernel that was read."""

    kernel: Kernel
    understood: tuple[str, ...] = ()
    """How the numbers were understood, for people: turning, divisor."""
    offset: float = 0.0
    """What the file adds to the result, in the image's units."""
    white_offset: float = 0.0
    """What the file adds to the result, as a part of white."""
    anchor_from_file: bool = False
    """The file names the kernel's anchor; else it is the family's own."""
    remarks: tuple[str, ...] = ()
    """What else the file says, for people: missing cells, borders."""

    @property
    def notes(self) -> list[str]:
        """How the file was understood, in words."""
        x, y = self.kernel.anchor
        anchor = [f"anchor {x},{y} from the file"] if self.anchor_from_file else []
        return [*self.understood, *anchor, *self.remarks]

    @property
    def added(self) -> list[str]:
        """What the file adds to the result, in words."""
        parts = ((self.offset, ""), (self.white_offset, " of white"))
        return [f"added to the result: {value:g}{unit}" for value, unit in parts if value]
