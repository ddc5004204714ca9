"""Filters over Dask arrays: each chunk is filtered with the surrounding pixels that its filters need."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

from ...filters.core import catalog
from ...filters.core.engine.array_image import images
from ...filters.core.engine.quantize import FULL
from ...filters.core.engine.stage import BoundStage, ImageContext, Stage, with_branches
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.parameters import ParameterError
from .filter_chain import Chain, chain

EXTRA = "imfilter.dask needs an extra: pip install 'imfilter[cluster]'"
PROBE = 8
"""Pixels per side of the sample that shows the type and the channels of a result."""


def filtered(array: Any, filter: str | Chain[Any], **parameters: Any) -> Any:
    """Return the filtered *array* as a Dask array, which is computed on demand.

    Each chunk is filtered with as many surrounding pixels as the filters need together. The result is that for the
    whole array, except for the last bits of sums, which begin at another column: about four in a million 8-bit samples
    differ by one.

    Parameters
    ----------
    array
        A Dask array ``(height, width)`` or ``(height, width, channels)`` of a type that filters accept. The channels
        are put into one chunk if they are not.
    filter
        The name of a filter, or an `imfilter.chain`.
    **parameters
        The filter's parameters, as its function takes them; a chain has its own.

    Raises
    ------
    ParameterError
        *array* is not a Dask array; there is no such filter; or the filters need the whole image, depend on the
        position of a pixel, change the size, or move pixels. In these cases filter in memory, or from the command line,
        which streams what it can.
    ImportError
        Dask is not installed.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy as np
    >>> dots = da.from_array(np.array([[0, 90, 0, 0, 90, 0]], np.uint8), chunks=(1, 3))
    >>> filtered(dots, "blur", op="mean", size=3).compute()
    array([[30, 30, 30, 30, 30, 30]], dtype=uint8)
    """
    try:
        overlap = importlib.import_module("dask.array.overlap")
    except ImportError:
        raise ImportError(EXTRA) from None
    if not isinstance(array, importlib.import_module("dask.array").Array):
        raise ParameterError("array", f"is a {type(array).__name__}, not a Dask array; see dask.array.from_array")
    if array.ndim not in (2, 3):
        raise ParameterError("array", f"has {array.ndim} axes; give (height, width) or (height, width, channels)")
    steps = _steps(filter, parameters)
    probe = np.zeros((PROBE, PROBE, *array.shape[2:]), array.dtype)
    depth, wraps = _around(steps, probe)
    found = _block(probe, steps)
    if found.ndim > array.ndim:
        raise ParameterError("filter", f"{steps.steps[-1].name} turns gray into colours; pass three channels")
    whole = depth >= min(array.shape[:2])
    array = array.rechunk(-1 if whole else {2: -1} if array.ndim == 3 else {})
    around, boundary = {0: depth, 1: depth}, "periodic" if wraps else "none"
    if cut := depth and not whole:
        array = overlap.overlap(array, depth=around, boundary=boundary)
    filtered = array.map_blocks(
        partial(_block, steps=steps),
        chunks=(*array.chunks[:2], *((size,) for size in found.shape[2:])),
        drop_axis=2 if found.ndim < array.ndim else (),
        dtype=found.dtype,
        meta=np.empty((0,) * found.ndim, found.dtype),
    )
    return overlap.trim_internal(filtered, axes=around, boundary=boundary) if cut else filtered


def _steps(filter: str | Chain[Any], parameters: dict[str, Any]) -> Chain[Any]:
    if not isinstance(filter, Chain):
        if filter not in catalog.names():
            raise ParameterError("filter", f"unknown filter {filter!r}; use one of {', '.join(catalog.names())}")
        return chain(catalog.load(filter).step(**parameters))
    if parameters:
        raise ParameterError(next(iter(parameters)), "belongs to a step of the chain; give it there")
    return filter


def _around(steps: Chain[Any], probe: Array) -> tuple[int, bool]:
    """Return how many pixels around each pixel the filters need together, and whether the image wraps around."""
    [image], _ = images(probe, bands=False, stack=False)
    program = steps._program(image)
    if program.last.values["range"] == "stretch":
        raise ParameterError("range", "stretch needs the whole image; use another range, or filter the array in memory")
    stages = [*with_branches(program.stages)]
    context = ImageContext(FULL[probe.dtype.name], np.float64, frozenset({"image"}), height=PROBE, width=PROBE)
    for stage in stages:
        if why := _refusal(stage, context):
            name = stage.step or program.last.name
            raise ParameterError("filter", f"{name} {why}; filter the array in memory, or a file from the command line")
    wraps = {(stage.window.border or program.settings.border) == "wrap" for stage in stages if any(stage.window.halo)}
    if len(wraps) > 1:
        raise ParameterError("border", "all steps or none must use wrap; filter the array in memory")
    return sum(_reach(stage, context) for stage in stages), True in wraps


def _refusal(stage: Stage, context: ImageContext) -> str:
    """Return why a stage cannot be done chunk by chunk; "" if it can."""
    if stage.extent is not None:
        return "changes the image's size or moves its pixels"
    if stage.takes != "strips" or stage.survey is not None:
        return "needs the whole image"
    window = stage.window
    if window.stride != (1, 1) or window.padding not in (None, window.halo):
        return "changes the image's size"
    if stage.by_name or _bound(stage, context).placed:
        return "depends on the position of each pixel"
    return ""


def _bound(stage: Stage, context: ImageContext) -> BoundStage:
    found = stage.bind(context)
    return found if isinstance(found, BoundStage) else BoundStage(found)


def _reach(stage: Stage, context: ImageContext) -> int:
    return max(stage.window.halo) + max(_bound(stage, context).extra)


def _block(block: Array, steps: Chain[Any]) -> Array:
    """Filter a chunk in one thread: Dask has one for each core."""
    answers = steps.steps[-1].filter.answer is not None
    found = steps(block, maps="image", jobs=1) if answers else steps(block, jobs=1)
    return np.asarray(found.image if answers else found)
