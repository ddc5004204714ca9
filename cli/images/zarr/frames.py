"""Frames of one size as one Zarr, along one or two axes more."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import chain

from ..codec import Content, FrameWriter
from ..folder_output import NewFolder, Parts
from ..packed_canvas import Kept
from ..picture import Timing
from ..spool import MakeSpool, Piece, Spool
from ..stack import Alike
from .canvas import Frame, ZarrCanvas


class ZarrFrames:
    """Packs the frames one after the other into a spool."""

    def __init__(self, axis: str, spool: Spool) -> None:
        """*axis* is the axis of the frames if their file names none."""
        self.notes: list[str] = []
        self._axis, self._spool, self._alike = axis, spool, Alike()
        self._files: list[tuple[str, Parts]] = []
        self._first: tuple[ZarrCanvas, str] | None = None

    def add(self, frame: Content) -> None:
        """Pack a frame; raises ValueError if it is not like the others."""
        place = _place(frame.options.frame_axes or ((self._axis, 0),), self._alike.count)
        self._alike.add(frame.pixels, 1)
        canvas = ZarrCanvas(frame.pixels.shape, frame.pixels.dtype, Kept(), frame.options, place)
        canvas.fill(frame.pixels, frame.options.cores)
        for name, part, _ in chain(*canvas.tiles()):
            start = self._spool.size
            self._spool.append(part.read() if isinstance(part, Piece) else [part])
            self._files.append((name, self._spool.parts([(start, self._spool.size)])))
        self._first = self._first or (canvas, frame.software)

    def write(self, file: io.BytesIO) -> None:
        """Write the chunks of all frames, and their metadata."""
        assert self._first is not None
        folder = new_folder(file)
        canvas, software = self._first
        for name, parts in [*self._files, *canvas.descriptions(software, self._alike.count)]:
            folder.put(name, parts)


def new_folder(file: io.BytesIO) -> NewFolder:
    """Return an output, which is a folder; raises ValueError for any other."""
    if not isinstance(file, NewFolder):
        raise ValueError("a Zarr can only be the output of a filter")
    return file


def _place(axes: Sequence[tuple[str, int]], number: int) -> Frame:
    """Return the place of a frame along *axes* with their lengths; 0 is an unknown one.

    >>> _place([("t", 3), ("z", 5)], 7), _place([("t", 0)], 7)
    ((('t', 3, 1), ('z', 5, 2)), (('t', 0, 7),))
    """
    places = []
    for axis, length in reversed(axes):
        number, at = divmod(number, length) if length else (0, number)
        places.append((axis, length, at))
    return tuple(reversed(places))


def stacked(timing: Timing | None, spool: MakeSpool) -> FrameWriter:
    """Return the writer of several frames; pages are the planes of a volume."""
    return ZarrFrames("z" if timing is None else "t", spool())
