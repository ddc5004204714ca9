"""Rank filters as a stage: each pixel becomes the sample of a given rank in its window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from .. import native
from ..engine.facts import Fact, chosen_algorithm, note
from ..engine.stage import BY_ALPHA, BoundStage, Colours, Halo, ImageContext, Stage, Window, inside
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ParameterError

AlgorithmName = Literal["networks", "counting"]
ALGORITHMS: tuple[str, ...] = get_args(AlgorithmName)
"""The algorithms of rank filters; both are exact."""

NETWORK_SIDES = (3, 5)
"""Sides of the windows whose median has a network."""
TILE_SIDE = 128
"""Rows of results to count at a time, unless the samples have 8 bits."""
MAX_COUNTED_SAMPLES = 1 << 19
"""The most samples in all windows of a tile: 17 MB of counts, and a microsecond or two per result."""
MAX_SCIPY_SAMPLES = 1 << 11
"""The most samples of a window for `scipy.ndimage`, which takes 8 bytes times their square."""
MAX_SORTED_SAMPLES = 1 << 20
"""The most samples of windows to sort at a time."""

Select = Callable[[Array, bool], Array]
"""Turns a padded strip into a strip by choosing a sample of each window; the flag ignores missing samples, which
otherwise make their windows NaN."""


class Plan(NamedTuple):
    """An algorithm and the reason for it, in words."""

    algorithm: str
    reason: str


def rank_of(percentile: float, count: Any) -> Any:
    """Return the rank, from 0, of a percentile of *count* samples: ``int(count * percentile / 100)``, or the last.

    `scipy.ndimage.percentile_filter` defines it so: 50 is the median, and for an even number of samples the upper of
    the two in the middle, so that the result is always a sample.

    >>> rank_of(50, 9), rank_of(50, 4), rank_of(0, 9), rank_of(100, 9)
    (4, 2, 0, 8)
    """
    if isinstance(count, int):
        return min(int(count * percentile / 100), count - 1)
    return np.clip((count.astype(np.float64) * percentile / 100).astype(np.int64), 0, np.maximum(count, 1) - 1)


def ranked(width: int, height: int, percentile: float, *, name: str, algorithm: str = "auto") -> Stage:
    """Return the stage that gives each pixel the given percentile of the window around it.

    A window of even size reaches one pixel further left and up, as in `scipy.ndimage`. If missing samples are ignored,
    the rank counts those present. Transparent pixels are never ranked, and the alpha is unchanged: with premultiplied
    colours a median next to a transparent area would be among the darkest.
    """
    if (height + TILE_SIDE) * (width + TILE_SIDE) > MAX_COUNTED_SAMPLES:
        raise ParameterError("size", f"{width},{height} is too large for a {name}; use at most 590,590, or 3900,1")
    count = height * width
    rank = rank_of(percentile, count)
    if algorithm == "networks" and not _has_network(width, height, rank):
        raise ParameterError("algorithm", "networks compute only medians of 3×3 and 5×5; use counting")

    def select(strip: Array, ignoring: bool) -> Array:
        if _whole(strip):
            return of_rank(strip, width, height, rank, networks=algorithm != "counting")
        return of_rank(strip, width, height, ranks_among(percentile, count, ignoring))

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        chosen = plan(width, height, rank, context, algorithm)
        return (
            note(f"{name}: {width}×{height}, the sample of rank {rank} of 0 … {count - 1}"),
            chosen_algorithm(chosen.algorithm, chosen.reason),
        )

    return of_windows(select, width, height, facts)


def plan(width: int, height: int, rank: int, context: ImageContext, algorithm: str = "auto") -> Plan:
    """Choose the algorithm for a window, or take the named one.

    Only the medians of 3×3 and 5×5 have networks.
    """
    if native.core is None:
        return Plan("sorting", "without the compiled core")
    if context.ignoring:
        return Plan("counting", "missing samples are ignored")
    if algorithm != "auto":
        return Plan(algorithm, "as requested")
    if _has_network(width, height, rank):
        return Plan("networks", "the fastest for medians of 3×3 and 5×5")
    return Plan("counting", "the window has no network")


def _has_network(width: int, height: int, rank: int) -> bool:
    return width == height and width in NETWORK_SIDES and rank == width * height // 2


def ranks_among(percentile: float, count: int, ignoring: bool) -> Array:
    """Return the rank for each number of samples present, 0 … *count*; -1 if the result is missing.

    >>> ranks_among(50, 4, True).tolist(), ranks_among(50, 4, False).tolist()
    ([-1, 0, 1, 1, 2], [-1, -1, -1, -1, 2])
    """
    ranks = rank_of(percentile, np.arange(count + 1))
    ranks[: 1 if ignoring else count] = -1
    return ranks


def of_rank(strip: Array, width: int, height: int, rank: Any, networks: bool = False) -> Array:
    """Return the samples of a rank in the windows of a padded strip; *rank* may be an array from `ranks_among`.

    *networks* allows a network for the medians that have one.

    >>> import numpy as np
    >>> of_rank(np.array([7, 1, 5, 3], np.uint8)[None, :, None], 3, 1, 1).ravel().tolist()
    [5, 3]
    """
    if native.core is None:
        return _sorted_rank(strip, width, height, rank)
    given, step = native.rows_of(strip)
    out = native.results(
        (len(given), strip.shape[0] - height + 1, (strip.shape[1] - width + 1) * step), strip.dtype, step
    )
    ranks = np.atleast_1d(np.asarray(rank, np.float64))
    native.core.rank(given, out, height, width, step, ranks, networks and _has_network(width, height, int(ranks[0])))
    return native.strip_like(out, step)


def _sorted_rank(strip: Array, width: int, height: int, rank: Any) -> Array:
    strip = strip + strip.dtype.type(0)  # drops the sign of zero
    if np.ndim(rank) == 0 and width * height <= MAX_SCIPY_SAMPLES:
        from scipy import ndimage

        found = ndimage.rank_filter(strip, rank, (height, width, 1))
        return inside(found, Halo(width // 2, height // 2, (width - 1) // 2, (height - 1) // 2))

    def of_sorted(windows: Array, own: Array) -> Array:
        if np.ndim(rank) == 0:
            return np.partition(windows, rank, axis=1)[:, rank]
        windows = np.sort(windows, axis=1)  # NaN last
        place = rank[(~np.isnan(windows)).sum(axis=1)]
        return np.where(place < 0, np.nan, windows[np.arange(len(windows)), place])

    return over_windows(of_sorted, strip, width, height)


def over_windows(choose: Callable[[Array, Array], Array], strip: Array, width: int, height: int) -> Array:
    """Return the result of *choose* for windows, ``(windows, samples)``, and the samples in their middle."""
    windows = np.lib.stride_tricks.sliding_window_view(strip, (height, width), (0, 1))
    rows, columns, channels = strip.shape[0] - height + 1, strip.shape[1] - width + 1, strip.shape[2]
    found = np.empty((rows, columns, channels), strip.dtype)
    step = max(1, MAX_SORTED_SAMPLES // (width * height * channels))
    for y in range(rows):
        for x in range(0, columns, step):
            part = windows[y, x : x + step]
            own = part[..., height // 2, width // 2]
            found[y, x : x + step] = choose(part.reshape(own.size, -1), own.ravel()).reshape(own.shape)
    return found


def of_windows(select: Select, width: int, height: int, facts: Callable[[ImageContext], tuple[Fact, ...]]) -> Stage:
    """Return the stage that chooses a sample of each window, ignoring transparent pixels."""
    halo = Halo(width // 2, height // 2, (width - 1) // 2, (height - 1) // 2)

    def bind(context: ImageContext) -> BoundStage:
        def chosen(strip: Array, opaque: Array | None = None) -> Array:
            if opaque is None or (opaque > 0).all():
                return _narrowed(strip, lambda samples: select(samples, context.ignoring))
            hidden = opaque <= 0
            visible = np.where(hidden, np.nan, strip)
            found = _narrowed(visible, lambda samples: select(samples, True)).astype(context.work)
            gaps = np.isnan(strip) & ~hidden
            if gaps.any() and not context.ignoring:
                found[np.isnan(select(np.where(gaps, np.float32(np.nan), np.float32(0)), False))] = np.nan
            found[np.broadcast_to(inside(hidden, halo), found.shape)] = 0
            return found

        rows = 1 if context.own_type == np.uint8 else TILE_SIDE
        return BoundStage(chosen, rows=rows, anywhere=True, interleaved=True)

    return Stage(bind, window=Window(halo), selects=True, picks=True, colours=Colours(alpha=BY_ALPHA), facts=facts)


def _whole(strip: Array) -> bool:
    """Whether no sample is NaN."""
    return strip.dtype.kind != "f" or not np.isnan(np.max(strip))


def _narrowed(strip: Array, select: Callable[[Array], Array]) -> Array:
    """Return the result of *select* for samples, which are passed as float32 if that holds them exactly."""
    if strip.dtype != np.float64:
        return select(strip)
    narrow = strip.astype(np.float32)
    same = np.array_equal(narrow, strip) or np.array_equal(narrow, strip, equal_nan=True)
    return select(narrow if same else strip).astype(strip.dtype, copy=False)
