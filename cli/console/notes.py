"""The notes of a batch: a note on many images is printed once, with their number."""

from __future__ import annotations

import re

from .messages import counted


class Notes:
    """Collects notes; notes that differ only in their numbers count as one."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[str, str]] = {}
        self._images: dict[str, set[str]] = {}

    def add(self, image: str, note: str) -> None:
        """Add a note on an image."""
        kind = re.sub(r"\d[\d.,]*", "#", note)
        self._first.setdefault(kind, (image, note))
        self._images.setdefault(kind, set()).add(image)

    def lines(self) -> list[str]:
        """Return a line for each kind of note, with the image that had it first.

        >>> notes = Notes()
        >>> for image in ("a.gif", "b.gif", "c.gif"):
        ...     notes.add(image, f"has {len(image)} colours")
        >>> notes.lines()
        ['a.gif: has 5 colours (2 other images likewise)']
        """
        return [
            f"{image}: {note}" + (f" ({counted(others, 'other image', 'other images')} likewise)" if others else "")
            for kind, (image, note) in self._first.items()
            for others in (len(self._images[kind]) - 1,)
        ]
