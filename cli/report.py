"""What became of an image: told to people as lines, and to programs as JSON.

The JSON has a version. Within one, keys are only added.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

SCHEMA = 1
DEPTHS = {"uint8": 8, "uint16": 16, "float32": "float"}


class Report(NamedTuple):
    """What became of one image."""

    input: str
    status: str
    """``done``, ``skipped``, ``failed`` or, of a dry run, ``planned``."""
    outputs: dict[str, str] | None = None
    width: int | None = None
    height: int | None = None
    channels: int | None = None
    """Of the input, its alpha not counted."""
    depth: int | str | None = None
    """8, 16 or ``float``, of the input."""
    algorithm: tuple[str, ...] = ()
    """Of each linear stage."""
    range: dict[str, tuple[float, float]] | None = None
    """The least and the greatest value of each output, before it was fitted into its samples."""
    clipped: dict[str, float] | None = None
    """The part of each output's samples that its range cut off."""
    seconds: float = 0.0
    error: str | None = None
    lines: tuple[str, ...] = ()
    """What people are told beside the error."""

    @property
    def megapixels(self) -> float:
        """The size of the image."""
        return (self.width or 0) * (self.height or 0) / 1e6

    def as_json(self, filter: str, parameters: Any) -> str:
        """Return the report as one line."""
        return _line(
            "image",
            {
                "input": self.input,
                "outputs": self.outputs or {},
                "width": self.width,
                "height": self.height,
                "channels": self.channels,
                "depth": self.depth,
                "filter": filter,
                "parameters": parameters,
                "algorithm": list(self.algorithm),
                "range": self.range or {},
                "clipped": self.clipped or {},
                "seconds": round(self.seconds, 6),
                "status": self.status,
                "error": self.error,
            },
        )


class Totals:
    """What became of all images."""

    def __init__(self, passed_over: int) -> None:
        self.done = self.skipped = 0
        self.passed_over = passed_over
        self.failures: list[Report] = []
        self.megapixels = 0.0

    def add(self, report: Report) -> None:
        """Count one more image."""
        if report.status == "failed":
            self.failures.append(report)
        elif report.status == "skipped":
            self.skipped += 1
        else:
            self.done += 1
            self.megapixels += report.megapixels

    def as_json(self, seconds: float) -> str:
        """Return the totals as one line."""
        return _line(
            "summary",
            {
                "done": self.done,
                "skipped": self.skipped,
                "failed": len(self.failures),
                "passed_over": self.passed_over,
                "seconds": round(seconds, 6),
                "megapixels_per_second": round(self.megapixels / seconds, 3) if seconds else 0.0,
            },
        )

    def as_line(self, seconds: float) -> str:
        """Return the totals for people."""
        rate = f", {self.megapixels / seconds:.1f} MP/s" if self.megapixels and seconds else ""
        passed = f"; {self.passed_over} other files passed over" if self.passed_over else ""
        counts = f"{self.done} done, {self.skipped} skipped, {len(self.failures)} failed"
        return f"{counts} in {seconds:.2f} s{rate}{passed}"


def _line(type: str, values: dict[str, Any]) -> str:
    # NaN and infinity are no JSON; nothing that is reported can be either, or this says so.
    return json.dumps({"schema": SCHEMA, "type": type, **values}, allow_nan=False, default=repr)
