"""What a report tells of the frames of a picture, of which no samples stay: there may be any number of them."""

from __future__ import annotations

from typing import Any

from ..images.labels import Labels
from .frame_output import Computed


class Summary:
    """What is told of the frames of a picture, of which no samples stay."""

    def __init__(self, maps: tuple[str, ...], notes: bool) -> None:
        """Of many *maps* one is told of, as an example; *notes* are wanted or not."""
        self._maps, self._notes = maps, notes
        self.first: Computed | None = None
        self.frames = self.images = 0
        """How many were added, and how many frames they are, of which several may lie one below the other."""
        self.surprises: dict[str, None] = {}
        self.missing: dict[str, None] = {}
        """Notes on missing samples."""
        self.range: dict[str, tuple[float, float]] = {}
        """The least and the greatest value of each output that was measured."""
        self.shown: Any = None
        """What the terminal shows of the first of which it shows something."""
        self.drawn: list[Any] = []
        """What was drawn for each, where something was."""
        self.labels: list[Labels | None] = []
        """Theirs, where they may be others than those of the input."""
        self._clipped: dict[str, tuple[float, int]] = {}

    def add(self, frame: Computed) -> None:
        """Take the next."""
        self.frames += 1
        self.images += frame.images
        self.shown = frame.shown if self.shown is None else self.shown
        self.surprises.update(dict.fromkeys(frame.surprises))
        if self._notes and any(found.missing or found.moved for found in frame.outputs.values()):
            from . import missing_notes  # few pictures have missing samples

            for number, output in enumerate(frame.encodings):
                if not (number and self._maps):
                    self.missing.update(dict.fromkeys(missing_notes.of(output, frame)))
        for output, found in frame.outputs.items():
            if found.low <= found.high:
                low, high = self.range.get(output, (found.low, found.high))
                self.range[output] = min(low, found.low), max(high, found.high)
                clipped, frames = self._clipped.get(output, (0.0, 0))
                self._clipped[output] = clipped + found.clipped, frames + 1
        if frame.drawn is not None:
            self.drawn.append(frame.drawn)
        if self.first is None:
            self.first = frame.without_samples()

    @property
    def clipped(self) -> dict[str, float]:
        """The part of the samples of each output that was clipped, in the mean of all frames."""
        return {output: clipped / frames for output, (clipped, frames) in self._clipped.items()}
