"""The planner: which algorithm computes a correlation, and why.

Each algorithm estimates its cost in nanoseconds per sample, from constants measured by `benchmarks/algorithms.py`; the
cheapest one whose error stays within the bound is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, get_args

from .. import native
from ..engine.nan_policy import filled
from ..engine.quantize import FLOAT_TOLERANCE
from ..engine.stage import BoundStage, Function, Halo, ImageContext, inside
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ImageError
from . import box_sum, dense, multirate_gaussian, overlap_save, separable
from .footprint import Footprint
from .kernels import Kernel

AlgorithmName = Literal["auto", "direct", "separable", "running", "decimated", "fourier"]
ALGORITHMS: tuple[str, ...] = get_args(AlgorithmName)[1:]


class Rates(NamedTuple):
    """Nanoseconds per sample in float32 on one core; float64 takes twice as long, except for the transform."""

    direct: float
    tap: float
    separable: float
    product: float
    """The cost of each tap of the column and of the row; two equal or opposite taps share a product."""
    running: float
    decimated: float
    coarse: float
    """The cost of the coarse samples, to be divided by the step between them."""


# Between the measurements with AVX-512 and with AVX2, so that the choice suits both; see benchmarks/RESULTS.md.
COMPILED = Rates(0.23, 0.022, 0.2, 0.05, 0.25, 1.9, 3.0)
SCIPY = Rates(6.0, 0.65, 6.0, 0.55, 11.0, 32.0, 20.0)
FOURIER_DOUBLE = 1.3
"""The cost of the transform in float64, relative to the other algorithms."""
SMALLEST_DECIMATED = 33
"""The fewest taps down and across for which a smooth kernel can be decimated."""


class Plan(NamedTuple):
    """An algorithm, its cost, the reason in words, and how to make its function."""

    algorithm: str
    cost: float
    reason: str
    bind: Callable[[], BoundStage]


class Geometry(NamedTuple):
    """Stride and dilation, as ``(x, y)``."""

    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)

    @property
    def plain(self) -> bool:
        """Whether stride and dilation are 1."""
        return self.stride == (1, 1) and self.dilation == (1, 1)


def plan(kernel: Kernel, context: ImageContext, geometry: Geometry = Geometry(), algorithm: str = "auto") -> Plan:  # noqa: B008
    """Choose the algorithm for *kernel*, or take the named one; raises ImageError if that is not exact enough.

    >>> context = ImageContext(255.0, "float32", tolerance=1e-3)
    >>> plan(Kernel.of([[1, 2, 1], [2, 5, 2], [1, 2, 1]]), context).algorithm
    'direct'
    >>> plan(Kernel.of([[1, 2, 1], [2, 4, 2], [1, 2, 1]]), context).algorithm
    'separable'
    """
    found = list(_candidates(kernel, context, geometry))
    if algorithm == "auto":
        return min(found, key=lambda candidate: candidate.cost)
    for candidate in found:
        if candidate.algorithm == algorithm:
            return candidate
    possible = ", ".join(candidate.algorithm for candidate in found)
    raise ImageError(f"the algorithm {algorithm} cannot compute this kernel exactly enough (possible: {possible})")


def bind(kernel: Kernel, context: ImageContext, geometry: Geometry, algorithm: str) -> BoundStage:
    """Return the function of the chosen algorithm; it also divides, and rounds if nothing else follows."""
    return plan(kernel, context, geometry, algorithm).bind()


def _candidates(kernel: Kernel, context: ImageContext, geometry: Geometry) -> Iterator[Plan]:
    """Yield every algorithm that can compute *kernel* within the context's tolerance."""
    rates = SCIPY if native.core is None else COMPILED
    height, width = kernel.shape
    factors = kernel.factors
    count = _nonzero(kernel)
    out = context.own_type if context.rounded else context.work
    precise = np.dtype(context.work) == np.float64

    # Means of samples stay within their range.
    saturates = kernel.absolute_sum > max(kernel.sum, 0) * (1 + 1e-9) or kernel.sum > 1 + 1e-9

    def bound(function: Function, anywhere: bool = False) -> BoundStage:
        return BoundStage(function, anywhere=anywhere, work=context.own_type, saturates=saturates, interleaved=True)

    def direct(strip: Array) -> Array:
        return dense.correlate(
            strip, kernel.taps, geometry.dilation, geometry.stride, out, kernel.divisor, context.work
        )

    yield Plan("direct", rates.direct + rates.tap * count, f"{count} taps", lambda: bound(direct, anywhere=True))
    if factors is not None and height * width > 1:
        column, row = factors

        def by_line(strip: Array) -> Array:
            return separable.correlate(strip, column, row, *geometry, out, kernel.divisor, context.work)

        yield Plan(
            "separable",
            rates.separable + rates.product * (_products(column) + _products(row)),
            f"rank 1: {height} + {width} taps instead of {height * width}",
            lambda: bound(by_line, anywhere=True),
        )
        if geometry.plain and (column == column[0]).all() and (row == row[0]).all():
            weight = float(column[0] * row[0])
            divisor = kernel.divisor / weight if weight else float("inf")
            # The inverse of weights such as 1/961 is not quite whole; with whole ones sums are exact, and faster.
            if weight and abs(divisor - round(divisor)) < 1e-12 * abs(divisor):
                divisor = float(round(divisor))
            # For so many whole numbers float32 would round a mean just below a half up to it.
            close = context.whole and not context.rounded and divisor * context.most > 2.0**22
            sums = bound(lambda strip: box_sum.mean(strip, height, width, np.float64 if close else out, divisor))
            yield Plan(
                "running",
                rates.running,
                "equal weights: running sums",
                # Sums of fractions are rounded, depending on their blocks.
                lambda: sums._replace(anywhere=context.whole, rows=1 if context.whole else height, anchored=True),
            )
        designs = _decimated(kernel, context) if geometry.plain else None
        if designs is not None:
            down, across = designs
            extra = Halo.around(across.reach - width // 2, down.reach - height // 2)

            def smooth(strip: Array) -> Array:
                return multirate_gaussian.correlate(strip, down, across, out, kernel.divisor, context.work)

            quick = bound(smooth)._replace(extra=extra, rows=down.step, anchored=True)
            yield Plan(
                "decimated",
                rates.decimated + rates.coarse / min(down.step, across.step),
                f"smooth: every {across.step}th sample, then interpolation",
                lambda: _kept_near(quick, by_line, None, context),
            )
    if geometry.plain and height * width <= 1 << 20 and overlap_save.cost(height, width) < float("inf"):
        tile = overlap_save.tile_shape(height, width)

        def transform() -> BoundStage:
            full = Footprint(width, height, *geometry, True) if kernel.taps.all() else None
            quick = overlap_save.bind(kernel, context)._replace(saturates=saturates)
            return _kept_near(quick, direct, full, context)

        yield Plan(
            "fourier",
            overlap_save.cost(height, width) * (FOURIER_DOUBLE if precise else 1),
            f"{tile[1]}×{tile[0]} tiles, overlap-save",
            transform,
        )


def _kept_near(quick: BoundStage, careful: Function, full: Footprint | None, context: ImageContext) -> BoundStage:
    """Return *quick* such that NaN and infinities, which it spreads over all that it computes at once, stay local.

    With the footprint of a *full* kernel, without weights of 0, NaN is left out, and then put back as far as the kernel
    reaches. Otherwise, and for infinities, the *careful* function is used, which needs no extra halo.
    """
    if context.finite:
        return quick

    def correlate(strip: Array) -> Array:
        if np.isfinite(strip.sum()):
            return quick.function(strip)
        seen = inside(strip, quick.extra)
        if full is None or np.isinf(strip).any():
            return careful(seen)
        total = quick.function(filled(strip, 0))
        total[full.reached(np.isnan(seen))] = np.nan
        return total

    return quick._replace(function=correlate)


def _decimated(kernel: Kernel, context: ImageContext) -> tuple[multirate_gaussian.Design, ...] | None:
    """Return how a smooth kernel is decimated down and across, or None if that is not exact enough."""
    height, width = kernel.shape
    # In an image smaller than the kernel the errors of its many reflections add up.
    fits = (context.height or height) >= height and (context.width or width) >= width
    if kernel.factors is None or min(height, width) < SMALLEST_DECIMATED or not (height % 2 and width % 2 and fits):
        return None
    column, row = kernel.factors
    down, across = (multirate_gaussian.design(tuple(taps.tolist()), len(taps) // 16) for taps in (column, row))
    # The error for white noise of full contrast, whose standard deviation is 0.29 of it.
    error = (down.error * np.abs(row).sum() + across.error * np.abs(column).sum()) / abs(kernel.divisor)
    # With rounding, few results near a half change; for floats the bound covers three deviations and more.
    is_float = context.tolerance >= FLOAT_TOLERANCE * context.full
    exact = 0.29 * context.most * error <= context.tolerance * (1 / 3 if is_float else 2)
    return (down, across) if exact else None


def _products(taps: Array) -> int:
    even = (taps == taps[::-1]).all() or (taps == -taps[::-1]).all()
    return -(-len(taps) // 2) if even else len(taps)


def _nonzero(kernel: Kernel) -> int:
    if kernel.column is not None and kernel.row is not None:
        return int(np.count_nonzero(kernel.column)) * int(np.count_nonzero(kernel.row))
    return int(np.count_nonzero(kernel.taps))
