"""The original for a mask in a chain that also moves the image: moved alone, together with the mask.

So `blur | resize` with a mask gives the blurred and resized picture where the mask is white, and the resized original
where it is 0. The mask is moved like the picture; a pixel belongs to a region if its centre lies in the box.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ImageError
from . import geometry
from .coordinates import Extent, Geometry
from .mask import OTHER_SIZE, Effect, Region, keeps_size
from .nodata import Nodata, written
from .quantize import FULL, Encoding
from .stage import ImageContext, Stage
from .streamed import StreamedImage
from .working_space import Settings

ALL_MOVE = (
    "a mask or a region needs a result of the image's size and position; this moves every pixel. In a chain it moves "
    "the mask, too, which then limits the other steps"
)
NO_MAP = "a mask or a region cannot follow this geometry, which is not a map of coordinates"


class Original(NamedTuple):
    """The image to keep where the filter does not act."""

    image: Array | StreamedImage
    alpha: Array | StreamedImage | None
    nodata: Nodata | None


def refusal(stages: Sequence[Stage]) -> str:
    """Return why a mask or region cannot limit *stages* for any image size; empty if it can."""
    still = [stage for stage in stages if stage.extent is None]
    if not keeps_size(still):
        return OTHER_SIZE
    return "" if still or keeps_size(stages) else ALL_MOVE


Run = Callable[..., Any]
"""`executor.run`"""


def is_moved(stages: Sequence[Stage], width: int, height: int) -> bool:
    """Whether stages that declare their geometry move samples of an image of *width* and *height*."""
    moving = [stage for stage in stages if stage.extent is not None]
    return geometry.followed(moving, width, height) != Extent(width, height, Geometry())


def foreseen(stages: Sequence[Stage], shape: tuple[int, int, int], dtype: str, alpha: bool) -> float:
    """Return the bytes taken by the original of an image of a *shape*, and by the masks, if *stages* move it."""
    height, width, channels = shape
    moving = [stage for stage in stages if stage.extent is not None]
    if not is_moved(stages, width, height):
        return 0.0
    extent = geometry.followed(moving, width, height)
    size = np.dtype(dtype).itemsize if all(stage.picks for stage in moving) else 8 if dtype == "float64" else 4
    return extent.width * extent.height * ((channels + alpha) * size + 1) + height * width


def moved(
    run: Run,
    stages: Sequence[Stage],
    settings: Settings,
    original: Original,
    effect: Effect,
    white: float,
    **options: Any,
) -> tuple[Original, Region]:
    """Return the moved original, and where the stages act on the result; raises ImageError.

    *options* are the options of `executor.run` that concern the image.
    """
    moving = [stage for stage in stages if stage.extent is not None]
    if len(moving) == len(stages):
        raise ImageError(ALL_MOVE)
    if not keeps_size([stage for stage in stages if stage.extent is None]):
        raise ImageError(OTHER_SIZE)
    height, width = original.image.shape[:2]
    region = effect.on(height, width)
    extent = geometry.followed(moving, width, height)
    if extent.geometry is None and effect.boxes is not None:
        raise ImageError(NO_MAP)
    path, own = settings.original or (moving, settings._replace(channels="each", linear_out=None))
    exact = all(stage.picks for stage in moving) and not own.linear
    dtype = original.image.dtype.name
    # Interpolated samples are not rounded before they are blended with the result.
    kept: Any = dtype if exact else "float64" if dtype == "float64" else "float32"
    encoding = Encoding(kept, full=white)
    if exact and original.nodata is not None:
        encoding = written(encoding, original.nodata.value, dtype)
    settings = own._replace(transfer=settings.transfer, opaque=False, background=None, gray=False)
    output = run(path, original.image, {"image": encoding}, settings, original.alpha, white=white, **options)
    found = output.outputs["image"]
    mask = None if effect.mask is None else _moved_mask(run, moving, settings, effect.mask, options.get("jobs", 1))
    inside = None
    if extent.geometry is not None and region.spans is not None:
        inside = _inside(region, extent.geometry, extent.height, extent.width)
    partial = mask is not None and bool(((mask != 0) & (mask != FULL[mask.dtype.name])).any())
    nodata = original.nodata if exact else None  # NaN marks missing floats
    return Original(found.samples, found.alpha, nodata), Region(
        extent.height, extent.width, mask, None, partial, inside
    )


def _moved_mask(run: Run, moving: Sequence[Stage], settings: Settings, mask: Array, jobs: int) -> Array:
    """Return the mask moved like the image; it is 0 where the image is filled."""

    def nothing(context: ImageContext) -> float:
        return 0.0

    stages = [stage._replace(window=stage.window._replace(fill=nothing), ignoring=False) for stage in moving]
    alone = Settings(border=settings.border, fill=0.0)
    output = run(stages, mask[..., None], {"image": Encoding(mask.dtype.name)}, alone, jobs=jobs, probed=False)  # type: ignore[arg-type]
    found = output.outputs["image"].samples[..., 0]
    return found if mask.dtype.kind == "u" else np.clip(found, 0, 1)


def _inside(region: Region, lies: Geometry, height: int, width: int) -> Array:
    """Return which pixels of a result have their centres in one of a region's boxes."""
    inside = np.zeros((height, width), bool)
    across = np.arange(width) + 0.5
    for row, found in enumerate(inside):
        x, y = lies.in_image(across, np.full(width, row + 0.5))
        for rows, columns in region.spans or ():
            found |= (x >= columns.start) & (x < columns.stop) & (y >= rows.start) & (y < rows.stop)
    return inside
