"""One filtered frame: its results, and how its outputs get into their files."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...filters.core.engine.colour import ColourModel, model_of
from ...filters.core.engine.coordinates import Geometry
from ...filters.core.engine.facts import Fact
from ...filters.core.engine.output_buffer import Output
from ...filters.core.engine.quantize import Encoding
from ...filters.core.lazy_numpy import np
from ...filters.core.named_tuple import NamedTuple
from ..errors import FileError
from ..file_identity import Identity
from ..images import formats
from ..images.atomic_write import Buffer, Growing, Times, Transaction
from ..images.colour_description import NOTHING
from ..images.labels import Labels
from ..images.metadata import Metadata, georeferenced, of_map
from ..images.output_folder import Root
from ..stores.names import is_store
from .job_options import WriteOptions
from .plan import Job, Target

if TYPE_CHECKING:
    from ..images.folder_output import NewFolder
    from ..stores.objects import Destination
    from .annotations.way import Way

STAMP, SOURCE_TAG = "imfilter", "imfilter-source"
"""The metadata of an object in a store: the stamp, and the tag of the object from which it was made."""
SHEET = "sheet"
"""The output that shows all maps of a filter bank."""


class Missing(NamedTuple):
    """The samples of a frame that a value marks as missing."""

    value: float
    samples: int
    spread: bool
    """All filters spread missing samples as far as they reach."""


class Computed(NamedTuple):
    """One filtered frame."""

    shape: tuple[int, int, int]
    """The shape of the input."""
    dtype: str
    colours: ColourModel
    """The colours of the input."""
    formats_of: Mapping[str, formats.Format]
    encodings: Mapping[str, Encoding]
    outputs: Mapping[str, Output]
    facts: Sequence[Fact]
    is_picture: bool = True
    """The result has the colours of the picture: it is neither a map nor edges."""
    maps: int = 0
    """The number of maps of a filter bank that make up the picture, if any."""
    surprises: tuple[str, ...] = ()
    """Notes on surprising results."""
    geometry: Geometry | None = Geometry()
    """The place of the result in the input; None if it cannot be expressed as an affine map."""
    way: Way | None = None
    """How places in the input move to the result, if masks and boxes must follow."""
    same_units: bool = False
    """The picture's values have the meaning of the input's, as after a mean."""
    missing: Missing | None = None
    """None if no value marks samples as missing."""
    images: int = 1
    """The number of frames of the same size, stacked vertically."""
    drawn: Sequence[Any] | None = None
    """The steps of an augmentation with the drawn numbers, for the manifest."""
    labels: Labels | None = None
    """The labels of the frames, if they belong to a data set with labels."""
    shown: Any = None
    """The frame as the terminal shows it, ``(rows, columns, 3)`` of uint8; None if it shows nothing."""
    exhibit: Any = None
    """The frame as a page shows it."""

    @property
    def size(self) -> int:
        """The number of samples of the input."""
        return math.prod(self.shape)

    def colours_of(self, name: str) -> ColourModel:
        """Return the colour model of an output."""
        channels = self.outputs[name].samples.shape[2]
        as_input = channels == self.shape[2] and not self.maps and self.encodings[name].kind != "hue"
        return self.colours if as_input else model_of(channels)

    def each(self) -> Iterator[Computed]:
        """Yield the frames, each by itself."""
        for at in range(self.images):
            outputs = {name: _part(output, at, self.images) for name, output in self.outputs.items()}
            own = None if self.labels is None else self.labels.part(at, at + 1)
            yield self._replace(outputs=outputs, images=1, labels=own)

    def without_samples(self) -> Computed:
        """Return a copy for the report, without samples."""
        outputs = {
            name: output._replace(
                samples=np.broadcast_to(np.zeros((), output.samples.dtype), output.samples.shape), alpha=None
            )
            for name, output in self.outputs.items()
        }
        return self._replace(outputs=outputs)


def _part(output: Output, at: int, images: int) -> Output:
    """Return the output of one of several stacked frames."""
    height = len(output.samples) // images
    rows = slice(at * height, (at + 1) * height)
    return output._replace(samples=output.samples[rows], alpha=None if output.alpha is None else output.alpha[rows])


@contextlib.contextmanager
def writable(target: Target, format: formats.Format) -> Iterator[None]:
    """Add the name of *target* to an encoder's errors."""
    try:
        yield
    except (ValueError, MemoryError) as error:
        why = str(error) or "it needs more memory than is available"
        raise FileError(target.name, f"cannot be written as {format.name.upper()}: {why}") from None


def opened(
    transaction: Transaction, job: Job, target: Target, options: WriteOptions, stamp: str = ""
) -> contextlib.AbstractContextManager[Buffer]:
    """Open an output for writing, in its folder, which is created if missing; an object carries its *stamp*."""
    return transaction.open(*_place(job, target, options, stamp))


def opened_as(
    format: formats.Format, transaction: Transaction, job: Job, target: Target, options: WriteOptions, stamp: str = ""
) -> contextlib.AbstractContextManager[Buffer | NewFolder]:
    """Open an output like `opened`; for some formats it is a folder."""
    if not format.folder:
        return opened(transaction, job, target, options, stamp)
    path, *_, root = _place(job, target, options, stamp)
    return transaction.open_folder(path, root)


def begun(transaction: Transaction, job: Job, target: Target, options: WriteOptions, stamp: str = "") -> Growing:
    """Begin an output that is written piece by piece, opened like `opened`."""
    return transaction.grow(*_place(job, target, options, stamp))


def _place(
    job: Job, target: Target, options: WriteOptions, stamp: str = ""
) -> tuple[Path | Destination | None, Path | None, Times | None, Identity | None, Root | None]:
    """Return the place of an output, its backup, its times, the file that it may replace, and its tree."""
    if is_store(target.path):
        return _destination(job, target, options, stamp), None, None, None, None
    state = None if job.source is None else job.source.state
    return (
        None if target.path is None else Path(target.path),
        Path(job.backup) if target.in_place and job.backup else None,
        _times(job) if options.preserve_times else None,
        state.identity if target.in_place and state is not None else None,
        options.root(target.folder),
    )


def _destination(job: Job, target: Target, options: WriteOptions, stamp: str) -> Destination:
    """Return the place of an output in a store, with the metadata for `--update`."""
    from ..stores.objects import Destination

    assert target.path is not None
    tag = "" if job.source is None else job.source.tag
    signed = options.encode.signed(stamp)
    metadata = {STAMP: signed, **({SOURCE_TAG: tag} if tag else {})} if signed else {}
    return Destination(target.path, options.keep_existing, tag if target.in_place else "", metadata)


def _times(job: Job) -> Times | None:
    """Return the times of an input as it was read, if it is a file."""
    if job.source is None or job.source.state is None:
        return None
    try:
        accessed = Path(job.input.name).stat().st_atime_ns
    except (OSError, ValueError):
        accessed = job.source.state.modified
    return accessed, job.source.state.modified


def kept_of(metadata: Metadata, name: str, computed: Computed, notes: list[str]) -> Metadata:
    """Return the metadata of the output *name*, valid for its own samples; *notes* get what is left out.

    A map keeps resolution and georeference; edges, and gray made from colours, keep no colour profile.
    """
    if name == SHEET:
        return Metadata()
    if name != "image":
        metadata = of_map(metadata)
        metadata = metadata._replace(words=metadata.words and metadata.words.of_map())
    elif not computed.is_picture or computed.outputs[name].samples.shape[2] != computed.shape[2]:
        metadata = metadata._replace(icc=b"", colour=NOTHING)
    if metadata.words is not None:
        metadata = metadata._replace(words=metadata.words.moved(computed.geometry))
    nodata = computed.outputs[name].nodata
    if computed.geometry == Geometry() and nodata is None and not georeferenced(metadata):
        return metadata
    from ..images import georeference, placement  # few pictures have metadata that they update

    metadata = placement.placed(metadata, computed.geometry, notes)
    if georeferenced(metadata):
        same = name == "image" and computed.same_units and computed.encodings[name].plain
        metadata = metadata._replace(tags=georeference.filtered(metadata.tags, same, notes))
    if nodata is not None or not _marks_nothing(name, computed):
        metadata = metadata._replace(tags=georeference.with_nodata(metadata.tags, nodata))
    return metadata


def _marks_nothing(name: str, computed: Computed) -> bool:
    """Whether the nodata value of the input is impossible for its samples, so that its tag may stay."""
    return computed.missing is not None and computed.encodings[name].nodata is None
