"""The picture for `--show`: a result, or an image and its result side by side."""

from __future__ import annotations

from typing import Any

from ...filters.core.engine.colour import ColourModel
from ...filters.core.lazy_numpy import Array
from ..images import encode, formats
from ..images.metadata import Metadata
from ..images.picture import Picture, white_of
from ..terminal.reduced import reduced, side_by_side
from .frame_output import SHEET, Computed
from .job_options import ShowOptions
from .plan import Job, Target


def dots(options: ShowOptions, picture: Picture, computed: Computed) -> Array:
    """Return a picture and its result as they are shown, ``(rows, columns, 3)`` of uint8."""
    name = SHEET if computed.maps else "image"
    metadata = picture.metadata if computed.is_picture and name == "image" else Metadata()
    room = options.room.beside(options.gap) if options.both else options.room
    output, encoding = computed.outputs[name], computed.encodings[name]
    white = white_of(output.samples.dtype.name, None if name == SHEET else encoding.white)

    def small(pixels: Any, alpha: Any, white: float, colours: ColourModel, metadata: Metadata) -> Array:
        if metadata.palette:
            pixels, metadata, colours = encode.coloured(pixels, metadata), Metadata(), "rgb"
        background = options.background
        return reduced(pixels, alpha, room, white=white, colours=colours, metadata=metadata, background=background)

    result = small(output.samples, output.alpha, white, computed.colours_of(name), metadata)
    if not options.both:
        return result
    original = small(picture.pixels, picture.alpha, picture.full, picture.colours, picture.metadata)
    return side_by_side(original, result, options.gap)


def with_shown(job: Job, maps: int) -> Job:
    """Return a job that computes its result as for a PNG if it is not written; *maps* are a bank's."""
    name = SHEET if maps else "image"
    if name in job.targets:
        return job
    return job._replace(targets={**job.targets, name: Target(None, formats.LOSSLESS, shown=True)})
