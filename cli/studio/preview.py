"""The result of a recipe for one picture, computed as the command would."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ...filters.core.engine import geometry
from ...filters.core.engine.colour import ColourModel
from ...filters.core.lazy_numpy import Array
from ...filters.core.named_tuple import NamedTuple
from ...filters.core.parameters import ImageError
from ..batch import doubts, request, runner
from ..batch.frame_output import kept_of
from ..batch.job_options import ALL_ROWS
from ..batch.options import SharedOptions
from ..batch.recipe import Recipe
from ..console.slow_image import Progress
from ..images import encode, formats
from ..images.metadata import Metadata
from ..images.picture import Picture
from . import call
from .pictures import Opened
from .view import View


class Result(NamedTuple):
    """The original picture, or the result for it."""

    samples: Array
    alpha: Array | None
    colours: ColourModel
    white: float | None
    """The white level of floats; None if they are shown over their own range."""
    metadata: Metadata
    rows: tuple[int, int]
    """The rows that are computed."""
    bands: tuple[str, ...] = ()
    """The names of the bands, of which one is shown, if together they are not a picture."""
    outputs: tuple[str, ...] = ("image",)
    """The other outputs that can be shown."""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        height, width, _ = self.samples.shape
        return width, height

    def has(self, view: View) -> bool:
        """Return whether all rows in view are computed."""
        part = view.part(*self.size)
        return self.rows[0] <= part.top and part.top + part.height <= self.rows[1]


def of_picture(picture: Picture) -> Result:
    """Return the original picture as a result."""
    samples = encode.coloured(picture.pixels, picture.metadata)
    colours = "rgb" if picture.metadata.palette else picture.colours
    count = samples.shape[2]
    bands = tuple(f"band {number}" for number in range(1, count + 1)) if colours == "bands" else ()
    return Result(samples, picture.alpha, colours, picture.full, picture.metadata, ALL_ROWS, bands)


def suffix_of(recipe: Recipe, picture: Picture) -> str:
    """Return the extension of a file that keeps the result without loss; raises UsageError."""
    maps = len(recipe.maps())
    fits = picture.colours in ("gray", "rgb") and (maps <= 1 or formats.LOSSLESS.holds_maps(maps))
    return ".png" if fits else ".tif"


def result(
    recipe: Recipe, opened: Opened, name: str, output: str, path: str, view: View, watched: Callable[[], None]
) -> Result:
    """Return an *output* of a recipe, at least the rows in *view*; raises UsageError, FileError.

    *path* is the name that the file would have, with its format. *watched* is called now and then, and may raise to
    end the work.
    """
    began = time.perf_counter()
    found = _computed(recipe, opened.again(), name, output, path, view, watched)
    if found is None:  # the size was only known from the result
        found = _computed(recipe, opened.again(), name, output, path, None, watched)
    assert found is not None
    return found._replace(seconds=time.perf_counter() - began)


class _Watched(Progress):
    """Checks now and then whether the work is still wanted."""

    def __init__(self, watched: Callable[[], None]) -> None:
        super().__init__()
        self.watched = watched

    def add(self, rows: int, of: int) -> None:
        """Count finished rows."""
        self.watched()
        super().add(rows, of)


def _computed(
    recipe: Recipe,
    opened: Opened,
    name: str,
    output: str,
    path: str,
    view: View | None,
    watched: Callable[[], None],
) -> Result | None:
    """Return the result; None if *view* expected another size."""
    picture, maps = opened.picture, recipe.maps()
    height, width, _ = picture.pixels.shape
    to: Mapping[str, str] = {} if output == "image" else {output: path}
    options = SharedOptions(inputs=(name,), output=path if output == "image" else None, frame=opened.frame, quiet=True)
    asked = request.check(recipe, options, to)
    processor = runner.prepared(asked, asked.cores)
    rows, meant = ALL_ROWS, None
    if view is not None and path.endswith(formats.LOSSLESS.suffixes[0]):  # otherwise floats are shown over their range
        meant = _size(processor.stages, width, height)
        part = view.part(*meant)
        if part.height < meant[1]:
            rows = part.top, part.top + part.height
    if rows == ALL_ROWS:  # warnings need the whole result
        processor.options = processor.options._replace(report=processor.options.report._replace(notes=True))
    processor.look_at(rows)
    processor.progress = _Watched(watched)
    [job] = asked.jobs
    computed = processor.computed(job, picture)
    found = computed.outputs[output]
    size = found.samples.shape[1::-1]
    if meant is not None and rows != ALL_ROWS and size != meant:
        return None
    notes = [*doubts.notes(recipe), *picture.notes, *computed.surprises]
    metadata = kept_of(picture.metadata, output, computed, notes)
    several = len(maps) not in (0, 1, 3)
    kinds = recipe.last.filter.kinds
    return Result(
        found.samples,
        found.alpha,
        "bands" if several else computed.colours_of(output),
        None if several else computed.encodings[output].white,
        metadata,
        rows,
        maps if several else (),
        tuple(field for field in processor.stages[-1].fields if kinds.get(field, "picture") != "table"),
        tuple(dict.fromkeys(notes)),
    )


def _size(stages: Any, width: int, height: int) -> tuple[int, int]:
    """Return the size of a result, or the picture's size if the stages will refuse it."""
    try:
        extent = geometry.followed(stages, width, height)
    except ImageError:
        return width, height
    return extent.width, extent.height


def file_name(recipe: Recipe, opened: Opened, name: str, output: str) -> str:
    """Return the name for the file of an output; raises UsageError."""
    return call.result_name(name, recipe, output, suffix_of(recipe, opened.picture))
