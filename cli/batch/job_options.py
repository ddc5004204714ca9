"""The options of a call for the work on each image, in groups."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
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
    from ...filters.core.engine import executor
    from .augment.augmentation import Augmentation


ALL_ROWS = (0, 1 << 40)
"""All rows of a result of any height."""


class FrameOptions(NamedTuple):
    """The frames of a file to filter."""

    only: int | None = None
    """The number of the only frame to filter; None for all."""
    limit: int = 10_000
    """Files with more pixels are refused."""
    labels: str | None = None
    """The file of labels, if not the one next to the data set."""


class ShowOptions(NamedTuple):
    """How results are shown in the terminal."""

    room: Room
    both: bool
    """Whether the input is shown too."""
    gap: int
    """The dots between the two."""
    background: tuple[int, int, int] | None
    """The colour behind transparent parts; None for a checkerboard."""


class RenderOptions(NamedTuple):
    """How results become pictures."""

    background: tuple[int, int, int] | None = None
    angle_style: str = "code"
    sheet_range: SheetRange = "auto"
    max_pixels: int = MAX_PIXELS
    """Sheets with more pixels are refused."""
    effect: Effect | None = None
    """The region where the filters act; None for everywhere."""
    nodata: NodataOption = NodataOption()
    """How missing samples are recognised."""
    in_memory: tuple[int, int] | None = None
    """If given, results stay arrays instead of being encoded, and only these rows of them are needed, from the first to
    one after the last; others may hold anything."""
    show: ShowOptions | None = None
    """How results are shown in the terminal, if at all."""


class WriteOptions(NamedTuple):
    """How pictures become files."""

    encode: encode.EncodeOptions
    stamper: Stamper
    keep_existing: bool = False
    """Whether existing files of single frames are kept."""
    preserve_times: bool = False
    """Whether outputs get the times of their input."""
    read: Collection[Identity] = frozenset()
    """All files that the call reads; writing over one of them is refused."""
    roots: Mapping[str, Root] = MappingProxyType({})
    """The roots of output trees by their names on the command line, resolved before the work."""

    def root(self, folder: str | None) -> Root | None:
        """Return the root of the tree below an output *folder*; None for single files."""
        return None if folder is None else self.roots.get(folder) or root_of(folder)


class ReportOptions(NamedTuple):
    """What is reported on an image."""

    ranges: bool = False
    """Whether to report the least and the greatest value of each output."""
    notes: bool = True
    facts: bool = False
    page: bool = False
    """Whether pictures are shown on a page."""


class JobOptions(NamedTuple):
    """All options."""

    frames: FrameOptions
    render: RenderOptions
    write: WriteOptions
    report: ReportOptions
    cores: int = 1
    """Threads for one image."""
    in_flight: int = 8
    """How many objects of stores are read ahead, and as many written behind, in each process."""
    augmentation: Augmentation | None = None
    """The augmentation from which the recipe of each image is drawn."""
    annotations: AnnotationOptions = AnnotationOptions()
    """How masks and boxes are moved."""
    run: Callable[..., executor.Result] | None = None
    """What runs the stages over an image in place of the executor, and lets others do some of it."""
