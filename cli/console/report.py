"""The outcome of an image: lines for people, JSON for programs.

The JSON has a version. Within one, keys are only added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...filters.core.named_tuple import NamedTuple
from .messages import counted

SCHEMA = 1
DEPTHS = {"bool": 1, "uint8": 8, "uint16": 16, "float32": "float", "float64": "double"}
"""The sample types as ``--depth`` and the JSON name them."""


def depth_in_words(dtype: str) -> str:
    """Return the name of a sample type in words.

    >>> depth_in_words("uint8"), depth_in_words("float32")
    ('8-bit', 'float')
    """
    depth = DEPTHS[dtype]
    return f"{depth}-bit" if isinstance(depth, int) else str(depth)


class CallFiles(NamedTuple):
    """The files that belong to a call and not to an image."""

    written: Mapping[str, str]
    """By option: the legend, the dependency file, the recipe."""
    read: Sequence[str]
    """The files on which the outputs depend: kernels, biases, mask, recipe and list."""


class Report(NamedTuple):
    """The outcome of one image."""

    input: str
    status: str
    """``done``, ``skipped``, ``failed`` or, in a dry run, ``planned``."""
    outputs: dict[str, str] | None = None
    width: int | None = None
    height: int | None = None
    channels: int | None = None
    """The channels of the input, without alpha."""
    depth: int | str | None = None
    """8, 16, ``float`` or ``double``, of the input."""
    algorithm: tuple[str, ...] = ()
    """The algorithm of each linear stage."""
    range: dict[str, tuple[float, float]] | None = None
    """The least and the greatest value of each output, before conversion to its sample type."""
    clipped: dict[str, float] | None = None
    """The fraction of each output's samples that were clipped."""
    seconds: float = 0.0
    error: str | None = None
    lines: tuple[str, ...] = ()
    """The facts that -v asks for."""
    notes: tuple[str, ...] = ()
    """Notes on the image."""
    no_place: str | None = None
    """Why the disk could not be written to, if that is what failed: the next image would fail too."""
    frames: int | None = None
    """The number of filtered frames."""
    drawn: Sequence[Any] | None = None
    """The steps of an augmentation with the numbers that were drawn."""
    shown: Any = None
    """The result as the terminal shows it, ``(rows, columns, 3)`` of uint8; None if it shows nothing."""
    annotations: Any = None
    """The objects of the image at their places in the output, if the call moves boxes."""
    exhibit: Any = None
    """What the page shows of it, if the call writes one."""

    @property
    def megapixels(self) -> float:
        """The size of the image."""
        return (self.width or 0) * (self.height or 0) / 1e6

    def as_json(self, filter: str, parameters: object) -> str:
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
                "frames": self.frames,
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


class LeftOut(NamedTuple):
    """Files and subfolders that were found but not taken."""

    files: int = 0
    """The files that are not backups."""
    backups: int = 0
    subfolders: int = 0
    """Subfolders that were not searched for lack of -r."""
    repeatable: bool = True
    """Repeating the call with -r would filter nothing twice."""

    def as_text(self) -> str:
        """Return what follows the totals.

        >>> LeftOut(2, 1, 3).as_text()
        '; 1 backup and 2 other files passed over; 3 subfolders not searched (use -r)'
        """
        said = [
            counted(count, one, several)
            for count, one, several in (
                (self.backups, "backup", "backups"),
                (self.files, "other file", "other files"),
            )
            if count
        ]
        passed = f"; {' and '.join(said)} passed over" if said else ""
        if not self.subfolders:
            return passed
        advice = " (use -r)" if self.repeatable else ""
        return f"{passed}; {counted(self.subfolders, 'subfolder', 'subfolders')} not searched{advice}"


class Part(NamedTuple):
    """Which part of a batch a call does."""

    shard: str
    """Its number and the number of parts, such as 1/4."""
    images: int
    """The number of images in all parts."""


class Totals:
    """The outcome of all images."""

    def __init__(self, left_out: LeftOut, part: Part | None = None) -> None:
        self.done = self.skipped = self.planned = 0
        self.left_out, self.part = left_out, part
        self.failures: list[Report] = []
        self.megapixels = 0.0

    def add(self, report: Report) -> None:
        """Count one more image."""
        if report.status == "failed":
            self.failures.append(report)
        elif report.status == "skipped":
            self.skipped += 1
        elif report.status == "planned":
            self.planned += 1
        else:
            self.done += 1
            self.megapixels += report.megapixels

    def left(self, count: int) -> int:
        """Return how many of *count* images were not tried, because a failure stopped the batch."""
        return count - self.done - self.skipped - self.planned - len(self.failures)

    def as_json(self, seconds: float, count: int, files: CallFiles) -> str:
        """Return the totals of *count* images as one line of JSON, with the *files* of the call."""
        return _line(
            "summary",
            {
                "done": self.done,
                "skipped": self.skipped,
                "failed": len(self.failures),
                "planned": self.planned,
                "left": self.left(count),
                "passed_over": self.left_out.files + self.left_out.backups,
                "backups": self.left_out.backups,
                "subfolders": self.left_out.subfolders,
                "shard": None if self.part is None else self.part.shard,
                "outputs": dict(files.written),
                "dependencies": list(files.read),
                "seconds": round(seconds, 6),
                "megapixels_per_second": round(self.megapixels / seconds, 3) if seconds else 0.0,
            },
        )

    def as_line(self, seconds: float, count: int) -> str:
        """Return the totals of *count* images in words."""
        passed, of = self.left_out.as_text(), ""
        if self.part is not None:
            images = counted(self.part.images, "image", "images")
            if not count:
                return f"shard {self.part.shard} is empty ({images} in all){passed}"
            of = f"shard {self.part.shard} of {images}: "
        if self.planned:
            return f"{of}{self.planned} planned, {self.skipped} skipped{passed}"
        rate = f", {self.megapixels / seconds:.1f} MP/s" if self.megapixels and seconds else ""
        left = f", {self.left(count)} left" if self.left(count) else ""
        counts = f"{self.done} done, {self.skipped} skipped, {len(self.failures)} failed{left}"
        return f"{of}{counts} in {seconds:.2f} s{rate}{passed}"


def _line(type: str, values: dict[str, Any]) -> str:
    import json  # saves 1 ms at start

    line = {"schema": SCHEMA, "type": type, **values}
    try:
        return json.dumps(line, allow_nan=False, default=repr)
    except ValueError:  # JSON has no NaN and no infinity: they are null
        return json.dumps(json.loads(json.dumps(line, default=repr), parse_constant=lambda _: None))
