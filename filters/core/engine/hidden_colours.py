"""The colours of transparent pixels: a filter that changes nothing keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from ..lazy_numpy import Array, np
from .coordinates import Extent, Geometry
from .output_buffer import Output
from .quantize import Encoding
from .stage import NO_HALO, Stage


def keep(
    pixels: Array,
    alpha: Array,
    size: tuple[int, int],
    stages: Sequence[Stage],
    encoding: Encoding,
    output: Output,
) -> None:
    """Restore the image's colours where it is transparent, if the stages are the identity for a width and height.

    Other stages take premultiplied colours, which are 0 there.
    """
    unchanged = encoding.range == "clip" and encoding.gain == 1 and encoding.kind == "picture"
    if output.alpha is None or not unchanged or not are_kept(stages, *size):
        return
    hidden = alpha == 0
    if not hidden.any() or not isinstance(output.samples, np.ndarray):
        return
    output.samples[hidden] = encoding.of_alpha()(pixels[hidden].astype(np.float64))


def are_kept(stages: Sequence[Stage], width: int, height: int) -> bool:
    """Whether the stages are the identity for an image of a *width* and *height*."""
    return all(_is_identity(stage, width, height) for stage in stages)


def _is_identity(stage: Stage, width: int, height: int) -> bool:
    """Whether a stage returns an image of that size unchanged."""
    window, weights = stage.window, stage.weights
    in_place = window.stride == (1, 1) and window.padding in (None, window.halo)
    weighs_one = weights is not None and weights.sum == weights.absolute == 1
    alone = window.halo == NO_HALO and (stage.picks or weighs_one)
    alone = alone or (weights is not None and weights.identity)
    if stage.extent is not None:
        in_place = stage.extent(width, height) == Extent(width, height, Geometry())
    return in_place and alone and not stage.branches and stage.colours.bias == 0
