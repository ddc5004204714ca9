"""Variants of small pictures in 8 bits, as those of data sets are made: no stages are built, joined or asked for rows.

A crop of 500×375 pixels, scaled to 224×224, mirrored and changed in tone takes 1.1 ms so in place of 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ....filters.core.engine import geometry, many
from ....filters.core.engine.output_buffer import Output
from ....filters.core.engine.quantize import Encoding
from ....filters.core.engine.stage import total_gain
from ....filters.core.lazy_numpy import np
from ...images import placement
from ...images.formats import Format
from ...images.picture import Picture
from ..frame_output import Computed
from ..job_options import JobOptions
from ..plan import Job
from ..recipe import Recipe
from . import together

MOST_PIXELS = 1 << 19
"""Of a picture, and of what is made of it on the way: larger ones leave the cache, which strips do not."""


class Processor(Protocol):
    """What filters pictures."""

    options: JobOptions

    def like(self, recipe: Recipe) -> Processor:
        """Return what filters by a recipe of the same filters, of which some numbers may be others."""
        ...

    def rendered(self, job: Job, picture: Picture) -> tuple[Mapping[str, Format], Mapping[str, Encoding]]:
        """Return the formats of a picture's outputs, and how values become samples of them; raises FileError."""
        ...


def takes(options: JobOptions, job: Job, picture: Picture) -> bool:
    """Whether nothing is asked of a picture and its variants but samples that the steps may make."""
    report, render = options.report, options.render
    plain = picture.pixels.dtype == np.uint8 and picture.colours in ("gray", "rgb") and picture.alpha is None
    plain = plain and picture.palette is None and not picture.metadata.palette and picture.white in (None, 255)
    plain = plain and picture.images == 1 and render.nodata.of(picture.nodata) is None and render.effect is None
    asked = report.facts or report.ranges or options.write.encode.compression or job.attached is not None
    return plain and not asked and not job.others and [*job.targets] == ["image"]


def computed(processor: Processor, job: Job, picture: Picture, recipe: Recipe) -> Computed | None:
    """Return what a *recipe* makes of a picture that this `takes`, or None where that is for stages to do."""
    height, width, channels = picture.pixels.shape
    [row] = together.steps({0: recipe}, (width, height, channels)).values() or [None]
    if row is None or width * height > MOST_PIXELS or channels not in (1, 3):
        return None
    sizes = [numbers.size for _, numbers in row if numbers.size is not None]
    most = min(MOST_PIXELS, processor.options.render.max_pixels)
    if any(across * down > most for across, down in sizes):
        return None
    # What says how results are written is the same for all that come here.
    formats_of, encodings = processor.like(recipe).rendered(job, picture)
    encoding = encodings["image"]
    if not (encoding.plain and encoding.dtype == "uint8"):
        return None
    # They tell where the result lies, which matters to few pictures.
    stages = (
        [stage for step in recipe.steps for stage in step.part().stages]
        if placement.tells_of_places(picture.metadata)
        else ()
    )
    with np.errstate(invalid="ignore", over="ignore"):
        [samples] = many.run(picture.pixels[None], [row])
    return Computed(
        (height, width, channels),
        "uint8",
        picture.colours,
        formats_of,
        encodings,
        {"image": Output(samples)},
        (),
        geometry=geometry.of(stages, width, height),
        same_units=total_gain(stages) == 1,
    )
