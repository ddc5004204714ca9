"""Filters that give each pixel the sample of one rank in its window, as a stage; and the choice of their algorithm.

Both algorithms are exact. A network of minima and maxima is the faster for small windows; counting takes a time that
hardly depends on the window, and alone can leave missing samples out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, get_args

from ..engine.facts import Fact, chosen_algorithm, note
from ..engine.layout import planes_of, strip_of
from ..engine.stage import BY_ALPHA, BoundStage, Colours, Function, Halo, ImageContext, Stage, Window, inside
from ..lazy_numpy import Array, np
from ..linear.footprint import Footprint
from ..parameters import ParameterError
from .rank_by_counting import TILE_SIDE, Counter
from .selection import selecting
from .sorting_network import Selector, tile_of

AlgorithmName = Literal["networks", "counting"]
ALGORITHMS: tuple[str, ...] = get_args(AlgorithmName)
"""Those that a rank can be found by."""

# Nanoseconds a sample, on one core, which `benchmarks/rank.py` measures.
OPERATION = {1: 0.03, 2: 0.06, 4: 0.13, 8: 0.26}
"""An operation of a network, by the bytes of a sample."""
UNCACHED_WINDOW, UNCACHED_FACTOR = 12 * 12, 1.6
"""From so many samples of a window on a network's values do not fit the cache, and operations take so much longer."""
COUNTING, COUNTED_SIDE = 65.0, 1.3
WRITTEN = 8000.0
"""To write an operation down and lay it out."""
MAX_NETWORK_WINDOW = 15 * 15
"""Samples of a window for which a network is written: the next takes a tenth of a second, and 20 MB."""
MAX_COUNTED_SAMPLES = 1 << 19
"""Samples that all windows of a tile hold together: 0.1 GB to count in, and a microsecond or two for each result."""


class Plan(NamedTuple):
    """An algorithm and the reason for it, in words."""

    algorithm: str
    reason: str


def rank_of(percentile: float, count: Any) -> Any:
    """Return the rank, from 0, of a percentile among *count* samples: ``int(count * percentile / 100)``, or the last.

    This is the definition of `scipy.ndimage.percentile_filter`: 50 is the median, of an even number of samples the
    upper one of the two in the middle, so that the answer is a sample.

    >>> rank_of(50, 9), rank_of(50, 4), rank_of(0, 9), rank_of(100, 9)
    (4, 2, 0, 8)
    """
    if isinstance(count, int):
        return min(int(count * percentile / 100), count - 1)
    return np.clip((count.astype(np.float64) * percentile / 100).astype(np.int64), 0, np.maximum(count, 1) - 1)


def ranked(width: int, height: int, percentile: float, *, name: str, algorithm: str = "auto") -> Stage:
    """Return the stage that gives each pixel the sample of that percentile in a window around it.

    An even window reaches one pixel further to the left and up, as in `scipy.ndimage`. Where missing samples count
    nothing, the rank is that among the samples that are present. Transparent pixels are never ranked, and the alpha
    stays: among colours times their alpha a median beside a transparent part would be one of the darkest.
    """
    if (height + TILE_SIDE) * (width + TILE_SIDE) > MAX_COUNTED_SAMPLES:
        raise ParameterError("size", f"{width},{height} is too large for a {name}; 590,590 is not, nor 3900,1")
    if algorithm == "networks" and height * width > MAX_NETWORK_WINDOW:
        raise ParameterError(
            "algorithm",
            f"networks serve windows of up to {MAX_NETWORK_WINDOW} samples, not {width}×{height}; take counting",
        )
    count = height * width
    rank = rank_of(percentile, count)
    halo = Halo(width // 2, height // 2, (width - 1) // 2, (height - 1) // 2)
    window = Footprint(width, height, (1, 1), (1, 1), full=True)

    def bind(context: ImageContext) -> BoundStage:
        counter = Counter(height, width, rank)
        chosen = plan(height, width, context, algorithm)
        if chosen.algorithm == "networks":
            selector = Selector(height, width, rank)
            rows = min(TILE_SIDE, selector.rows_of(context.width or TILE_SIDE, np.dtype(context.own_type).itemsize))
            bound = selecting(_beside(selector), halo, _on_planes(present(counter)), interleaved=True)
        else:
            rows = TILE_SIDE
            bound = selecting(spread(_on_planes(counter), window), halo, _on_planes(present(counter)))
        answer = bound.bind(context)
        assert isinstance(answer, BoundStage)
        function = seen(answer.function, _on_planes(present(counter)), window, halo, context)
        return answer._replace(function=function, rows=rows)

    def present(counter: Counter) -> Callable[[Array], Array]:
        return lambda planes: counter(planes, lambda count: rank_of(percentile, count))

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        chosen = plan(height, width, context, algorithm)
        return (
            note(f"{name}: {width}×{height}, the sample of rank {rank} of 0 … {count - 1}"),
            chosen_algorithm(chosen.algorithm, chosen.reason),
        )

    return Stage(bind, window=Window(halo), selects=True, picks=True, colours=Colours(alpha=BY_ALPHA), facts=facts)


def plan(height: int, width: int, context: ImageContext, algorithm: str = "auto") -> Plan:
    """Choose the algorithm for a window, or take the one that is named.

    >>> [plan(n, n, ImageContext(255.0, "float32", whole=True, height=3000, width=4000)).algorithm for n in (5, 15, 21)]
    ['networks', 'networks', 'counting']
    """
    count = height * width
    counting = COUNTING + COUNTED_SIDE * max(height, width)
    if context.ignoring:
        return Plan("counting", "missing samples count nothing")
    if algorithm == "auto" and count > MAX_NETWORK_WINDOW:
        return Plan("counting", f"the window holds more than {MAX_NETWORK_WINDOW} samples")
    itemsize = np.dtype(context.own_type).itemsize
    # Samples of a float image lie in float64, but most are float32, and then are selected as such.
    operations = 3 + 0.4 * count * math.log2(count)
    network = operations * OPERATION[4 if itemsize == 8 else itemsize]
    network *= UNCACHED_FACTOR if count >= UNCACHED_WINDOW else 1
    once = operations * WRITTEN * tile_of(height)
    pixels = context.height * context.width or 1_000_000
    if algorithm != "auto":
        return Plan(algorithm, "as asked for")
    costs = f"{network:.2g} ns a sample against {counting:.2g}"
    if network + once / pixels <= counting:
        return Plan("networks", costs)
    if network <= counting:
        return Plan("counting", "the image is too small to write a network for")
    return Plan("counting", f"{counting:.2g} ns a sample against {network:.2g}")


def _on_planes(select: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return what selects from strips, by what selects from planes."""
    return lambda strip: strip_of(_narrowed(planes_of(strip), select))


def _beside(selector: Selector) -> Callable[[Array], Array]:
    """Return what selects from strips, whose channels may lie beside each other and then stay so."""
    on_planes = _on_planes(selector)

    def selected(strip: Array) -> Array:
        rows, _, channels = strip.shape
        if channels == 1 or not strip.flags.c_contiguous:
            return on_planes(strip)
        chosen = _narrowed(strip.reshape(1, rows, -1), lambda planes: selector(planes, channels))
        return chosen.reshape(chosen.shape[1], -1, channels)

    return selected


def _narrowed(planes: Array, select: Callable[[Array], Array]) -> Array:
    """Return what *select* makes of samples, which are handed to it in float32 if that holds them."""
    kind = planes.dtype
    if kind.kind != "f":
        return select(planes)
    narrow = planes.astype(np.float32, copy=False)
    if not (np.array_equal(narrow, planes) or np.array_equal(narrow, planes, equal_nan=True)):
        narrow = planes
    # Of zeros with and without a sign either could be taken, in one strip this and in the next that.
    return select(narrow + narrow.dtype.type(0)).astype(kind, copy=False)


def spread(select: Callable[[Array], Array], window: Footprint) -> Callable[[Array], Array]:
    """Return *select* with NaN where the window holds one."""

    def selected(strip: Array) -> Array:
        chosen = select(strip)
        if strip.dtype.kind == "f" and np.isnan(np.max(strip)):
            chosen = chosen.copy("K")
            chosen[window.reached(np.isnan(strip))] = np.nan
        return chosen

    return selected


def seen(
    select: Function, present: Callable[[Array], Array], window: Footprint, halo: Halo, context: ImageContext
) -> Callable[..., Array]:
    """Return *select*, for colours beside their alpha too, of which those that cannot be seen count nothing."""

    def selected(strip: Array, opaque: Array | None = None) -> Array:
        if opaque is None or (opaque > 0).all():
            return select(strip)
        hidden = opaque <= 0
        chosen = present(np.where(hidden, np.nan, strip)).astype(context.work)
        gaps = np.isnan(strip) & ~hidden
        if gaps.any() and not context.ignoring:
            chosen[window.reached(gaps)] = np.nan
        chosen[np.broadcast_to(inside(hidden, halo), chosen.shape)] = 0
        return chosen

    return selected
