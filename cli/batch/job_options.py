"""What a call says of the work on each image, by what it is about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from ...filters.core.engine.mask import Effect
from ...filters.core.named_tuple import NamedTuple
from ..file_identity import Identity
from ..images import encode
from ..images.output_folder import Root, root_of
from ..images.prefetch import MAX_PIXELS
from ..terminal.room import Room
from .annotations.attached import AnnotationOptions
from .nodata_option import NodataOption
from .options import SheetRange
from .provenance import Stamper

if TYPE_CHECKING:
    from .augment.augmentation import Augmentation


ALL_ROWS = (0, 1 << 40)
"""Of a result of any height."""


class FrameOptions(NamedTuple):
    """Which frames of a file are filtered."""

    only: int | None = None
    """The number of the one that is taken, if not all are."""
    limit: int = 10_000
    """Files of more are refused."""
    labels: str | None = None
    """The file of the labels of a data set's images, if it is not the one beside them."""


class ShowOptions(NamedTuple):
    """How results are shown in the terminal."""

    room: Room
    both: bool
    """The input is shown too."""
    gap: int
    """Dots between the two."""
    background: tuple[int, int, int] | None
    """What transparent parts are shown on, if not a checkerboard."""


class RenderOptions(NamedTuple):
    """How results become pictures."""

    background: tuple[int, int, int] | None = None
    angle_style: str = "code"
    sheet_range: SheetRange = "auto"
    max_pixels: int = MAX_PIXELS
    """Sheets of more are refused."""
    effect: Effect | None = None
    """Where the filters act, if not everywhere."""
    nodata: NodataOption = NodataOption()
    """Which samples are missing."""
    in_memory: tuple[int, int] | None = None
    """Results stay arrays, for others than encoders to look at, and these rows of them are looked at, from a first to
    one after the last; others may hold anything. None where results are encoded as they come."""
    show: ShowOptions | None = None
    """How results are shown in the terminal, if they are."""


class WriteOptions(NamedTuple):
    """How pictures become files."""

    encode: encode.EncodeOptions
    stamper: Stamper
    keep_existing: bool = False
    """Of the files of many frames, those that exist are kept."""
    preserve_times: bool = False
    """Outputs get the times of their input."""
    read: Collection[Identity] = frozenset()
    """All files that the call reads: what has the place of one when it is written is refused."""
    roots: Mapping[str, Root] = MappingProxyType({})
    """The folders of trees of outputs by the names that they were given, as they were before the work."""

    def root(self, folder: str | None) -> Root | None:
        """Return the tree below an output *folder* that was named; None for what is in none."""
        return None if folder is None else self.roots.get(folder) or root_of(folder)


class ReportOptions(NamedTuple):
    """What is told of an image."""

    ranges: bool = False
    """The least and the greatest value of each output."""
    notes: bool = True
    facts: bool = False
    page: bool = False
    """Pictures are shown on a page."""


class JobOptions(NamedTuple):
    """All of them."""

    frames: FrameOptions
    render: RenderOptions
    write: WriteOptions
    report: ReportOptions
    cores: int = 1
    """For one image."""
    in_flight: int = 8
    """Objects of stores that are read ahead, and as many written after, in each process."""
    augmentation: Augmentation | None = None
    """From which the recipe of each image is drawn."""
    annotations: AnnotationOptions = AnnotationOptions()
    """How masks and boxes are moved."""
