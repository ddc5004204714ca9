"""The summary of a picture's frames for its report; it keeps no samples, as there may be any number of frames."""

from __future__ import annotations

from typing import Any

from ..images.labels import Labels
from .frame_output import Computed


class Summary:
    """Summarises the frames of a picture without keeping their samples."""

    def __init__(self, maps: tuple[str, ...], notes: bool) -> None:
        """If there are many *maps*, one is reported as an example; *notes* says whether notes are wanted."""
        self._maps, self._notes = maps, notes
        self.first: Computed | None = None
        self.frames = self.images = 0
        """The number of added frames, and of images, of which a frame may stack several."""
        self.surprises: dict[str, None] = {}
        self.missing: dict[str, None] = {}
        """Notes on missing samples."""
        self.range: dict[str, tuple[float, float]] = {}
        """The least and the greatest value of each output that was measured."""
        self.shown: Any = None
        """The first frame that the terminal shows."""
        self.drawn: list[Any] = []
        """The drawn numbers of each frame, if any."""
        self.labels: list[Labels | None] = []
        """The labels of the frames, if they may differ from those of the input."""
        self._clipped: dict[str, tuple[float, int]] = {}

    def add(self, frame: Computed) -> None:
        """Add the next frame."""
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
        """The fraction of clipped samples of each output, as the mean of all frames."""
        return {output: clipped / frames for output, (clipped, frames) in self._clipped.items()}
