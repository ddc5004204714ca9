"""The size of a picture in a terminal: it fits into the available room, and is never enlarged."""

from __future__ import annotations

from ...filters.core.named_tuple import NamedTuple


class Room(NamedTuple):
    """The dots available for a picture."""

    width: int
    height: int
    aspect: float = 1.0
    """The height of a dot divided by its width."""

    def fitted(self, width: int, height: int) -> tuple[int, int]:
        """Return the width and height in dots of a picture of *width* × *height* square pixels.

        >>> Room(80, 40).fitted(400, 100), Room(80, 40).fitted(8, 9), Room(80, 40, 2.0).fitted(40, 40)
        ((80, 20), (8, 9), (40, 20))
        """
        scale = min(1.0, self.aspect, self.width / width, self.height * self.aspect / height)
        return max(1, round(width * scale)), max(1, round(height * scale / self.aspect))

    def beside(self, gap: int) -> Room:
        """Return the room for each of two pictures side by side."""
        return self._replace(width=max(1, (self.width - gap) // 2))
