"""Decide which pictures are filtered strip by strip, without ever being in memory as a whole.

Only their size decides, never the free memory: same input, same options, same bytes. Pictures that a filter or a
display needs as a whole are decoded as usual.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from ...filters.core.engine import executor, geometry, hidden_colours, moved_original
from ...filters.core.engine.output_buffer import CanvasFactory
from ...filters.core.engine.quantize import Encoding
from ...filters.core.engine.stage import Stage
from ...filters.core.engine.working_space import Settings
from ...filters.core.lazy_numpy import np
from ...filters.core.named_tuple import NamedTuple
from ...filters.core.parameters import ImageError
from ..images import formats, output_colour, reader
from ..images.metadata import Metadata
from ..images.picture import Expected, Picture
from ..images.spool import Spool
from ..stores.names import is_store
from .frame_output import SHEET
from .job_options import JobOptions
from .plan import Job, Target


class Streaming(NamedTuple):
    """What a call does with pictures, as far as it affects streaming."""

    stages: Sequence[Stage]
    options: JobOptions
    maps: tuple[str, ...]

    def reads(self, job: Job, expected: Expected) -> bool:
        """Return whether an expected picture is read strip by strip."""
        samples, render, stages = expected.samples, self.options.render, self.stages
        if expected.pixels * samples.bytes < reader.STREAMED_BYTES or not self._is_alone(job):
            return False
        if self.maps or render.nodata.keep_holes or job.attached is not None or not executor.streams(stages):
            return False
        alpha, size = samples.channels in (2, 4) and not samples.bands, (expected.width, expected.height)
        if alpha and hidden_colours.are_kept(stages, *size):
            return False
        return render.effect is None or not (alpha or moved_original.is_moved(stages, *size))

    def canvases(
        self,
        job: Job,
        picture: Picture,
        encodings: Mapping[str, Encoding],
        formats_of: Mapping[str, formats.Format],
        settings: Settings,
    ) -> dict[str, CanvasFactory]:
        """Return a factory for the canvases of outputs that are encoded into a spool strip by strip."""
        if picture.images > 1 or self.maps or not self._is_alone(job):
            return {}
        options, found, (height, width, _) = self.options, dict[str, CanvasFactory](), picture.pixels.shape
        # Restoring alpha outside a mask, and colours of transparent pixels, needs the whole picture.
        mixed = options.render.effect is not None or settings.only is not None
        mixed = picture.alpha is not None and (mixed or hidden_colours.are_kept(self.stages, width, height))
        for name, format in formats_of.items():
            if encodings[name].kind == "table" or (mixed and name == "image"):
                continue
            metadata = picture.metadata if name == "image" else Metadata()
            lost = metadata.palette or output_colour.is_lost(metadata, format, options.write.encode)
            if not lost and format.codec.streamed is not None and self._is_large(picture, encodings[name]):
                spool = partial(spool_of, job.targets[name])
                found[name] = format.codec.streamed(options.write.encode, metadata, spool)
        return found

    def _is_alone(self, job: Job) -> bool:
        """Return whether the files of a job hold one picture each, which only their encoders need."""
        render = self.options.render
        looked_at = render.show is not None or render.in_memory is not None or job.page_share
        many = job.variant is not None or job.variants or self.options.frames.only is not None or SHEET in job.targets
        return not (looked_at or many or any(target.numbered or target.shown for target in job.targets.values()))

    def _is_large(self, picture: Picture, encoding: Encoding) -> bool:
        """Return whether a picture, or a result of it, is streamed."""
        height, width, channels = picture.pixels.shape
        most = picture.pixels.nbytes + (0 if picture.alpha is None else picture.alpha.nbytes)
        with contextlib.suppress(ImageError):  # reported when it is filtered
            result = geometry.followed(self.stages, width, height)
            most = max(most, result.width * result.height * channels * np.dtype(encoding.dtype).itemsize)
        return most >= reader.STREAMED_BYTES


def spool_of(target: Target) -> Spool:
    """Return the spool of an output, on its disk."""
    if target.path is None or is_store(target.path):
        return Spool(None)
    return Spool(Path(target.path).parent, Path(target.path))
