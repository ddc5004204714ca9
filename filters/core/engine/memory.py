"""How much memory stages take for an image, in addition to the image and the outputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from .. import native
from ..lazy_numpy import np
from . import transfer
from .colour_parts import for_channels
from .executor import strip_rows_of, widest, work_type
from .quantize import Encoding, white_of
from .stage import ImageContext, Stage, with_branches
from .working_space import Settings

STRIPS = 6
"""How many strips of a stage a thread holds at a time: padded, converted, and results. A compiled loop works row by
row, and holds only the strip and its results."""

PACKED = 0.25
"""Bytes per sample that a stage keeps of a streamed image: Canny's, if every fourth sample lies on an edge."""


def needed(
    stages: Sequence[Stage],
    shape: tuple[int, int, int],
    dtype: str,
    encodings: Mapping[str, Encoding],
    settings: Settings,
    jobs: int = 1,
    alpha: bool = False,
    streamed: bool = False,
) -> float:
    """Return the most bytes that *stages* take for an image of a *shape*, maybe with an alpha, in *jobs* threads.

    They keep little of a *streamed* image.
    """
    height, width, channels = shape
    if settings.coloured:
        channels = max(channels, 3)
    # Strips of the image itself have its own type; computed strips do not.
    untouched = not (alpha or settings.linear or settings.gray or (settings.channels == "luma" and channels > 1))
    stages = for_channels(stages, channels)
    work = work_type(stages, dtype, encodings.values())
    if settings.transfer != transfer.DEFAULT:
        work = np.float64
    size = np.dtype(work).itemsize
    given = np.dtype(dtype).itemsize if untouched else size
    if settings.one_channel:
        channels = 1
    context = ImageContext(
        white_of(dtype),
        work,
        frozenset(field for name, encoding in encodings.items() for field in encoding.fields(name)),
        min(encoding.tolerance for encoding in encodings.values()),
        finite=np.dtype(dtype).kind == "u",
        rule=settings.rule(settings.transfer, white_of(dtype)),
    )
    across = widest(stages, width, height)
    rows = strip_rows_of(across * max(channels, *(stage.colours.maps for stage in stages)), work, stages)
    whole = strips = 0.0
    for stage, across, down in _sizes(stages, width, height):
        context = context._replace(width=across, height=down)
        if stage.by_rows is not None and streamed:
            whole += PACKED * across * down * channels
            continue
        whole += stage.memory(context, channels) * across * down * channels
        if stage.takes == "image" and stage.extent is not None and not (stage is stages[0] and untouched):
            whole += size * across * down * channels  # its input is computed first
        if stage.takes == "image":  # it reports all that it takes itself
            continue
        halo, high = stage.window.halo, min(rows, down)
        seen = (high + halo.top + halo.bottom) * (across + halo.left + halo.right)
        compiled = native.core is not None and context.finite and (stage.weights is not None or stage.selects)
        held = seen * given + high * across * size if compiled else STRIPS * seen * size
        strips = max(strips, min(jobs, -(-down // rows)) * max(channels, stage.colours.maps) * held)
        given, channels = size, stage.colours.maps or channels
    in_strips = sum(stage.takes != "image" for stage in stages)
    return whole + strips * (1 + math.log2(max(in_strips, 1)))


def _sizes(stages: Sequence[Stage], width: int, height: int) -> Iterator[tuple[Stage, int, int]]:
    """Yield the stages, including those in branches, with the sizes of their inputs."""
    for stage in stages:
        for one in with_branches([stage]):
            yield one, width, height
        found = stage.result_of(width, height)
        width, height = max(found.width, 1), max(found.height, 1)
