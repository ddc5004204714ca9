"""The planner: which algorithm computes a correlation, and why.

Each algorithm says what it would cost, in nanoseconds a sample, by constants that `benchmarks/algorithms.py`
measures; the cheapest that keeps the error within the bound is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple, get_args

from ..engine.layout import narrowest
from ..engine.quantize import FLOAT_TOLERANCE
from ..engine.stage import BoundStage, Function, Halo, ImageContext, inside
from ..lazy_numpy import Array, np
from ..parameters import ImageError
from . import box_sum, direct, im2col, multirate_gaussian, overlap_save, toeplitz
from .doubling import joins
from .kernels import Kernel

AlgorithmName = Literal["auto", "taps", "dense", "banded", "low-rank", "running", "doubling", "decimated", "fourier"]
ALGORITHMS: tuple[str, ...] = get_args(AlgorithmName)[1:]

# Nanoseconds a sample in float32, on one core; in float64 all but the transform take twice as long. Between what was
# measured with AVX-512 and without, so that the pick serves both; benchmarks/RESULTS.md has the figures.
TAP = 0.2
PASS, PASS_TAP = 0.52, 0.023
DENSE, DENSE_INPUT = 0.03, 0.05
ADDITION = 0.15
RUNNING, WHOLE_ADDITION = 0.9, 0.06
NARROW_STRIP_ROWS = 256
"""Rows of a kernel above which strips are handed out in the type of the samples."""
DECIMATED = 2.2
SMALLEST_DECIMATED, DECIMATED_TAPS = 33, 65
"""Taps down and across from which a smooth kernel can be decimated, and from which it is. Between them that takes 0.7
to 1.2 times as long as banded, where the error is small enough at all, which changes with the step; from 65 on 0.2 to
0.6 times."""
FOURIER_DOUBLE = 0.9
"""What the transform costs in float64, beside the others."""


class Plan(NamedTuple):
    """An algorithm, what it costs, the reason in words, and how to make its function."""

    algorithm: str
    cost: float
    reason: str
    bind: Callable[[ImageContext], BoundStage]


class Geometry(NamedTuple):
    """Stride and dilation, as ``(x, y)``."""

    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)

    @property
    def plain(self) -> bool:
        """Whether every sample is wanted and every tap adjoins the next."""
        return self.stride == (1, 1) and self.dilation == (1, 1)


def plan(kernel: Kernel, context: ImageContext, geometry: Geometry = Geometry(), algorithm: str = "auto") -> Plan:  # noqa: B008
    """Choose the algorithm for *kernel*, or take the one that is named; raises ImageError where it cannot serve.

    >>> context = ImageContext(255.0, "float32", tolerance=1e-3)
    >>> plan(Kernel.of([[1, 2, 1], [2, 5, 2], [1, 2, 1]]), context).algorithm
    'dense'
    >>> plan(Kernel.of([[1]]), context).algorithm
    'taps'
    """
    found = list(_candidates(kernel, context, geometry))
    if algorithm == "auto":
        return min(found, key=lambda candidate: candidate.cost)
    for candidate in found:
        if candidate.algorithm == algorithm:
            return candidate
    possible = ", ".join(candidate.algorithm for candidate in found)
    raise ImageError(f"the algorithm {algorithm} cannot compute this kernel exactly enough (possible: {possible})")


def _candidates(kernel: Kernel, context: ImageContext, geometry: Geometry) -> Iterator[Plan]:
    """Yield every algorithm that can compute *kernel* within the context's tolerance."""
    height, width = kernel.shape
    factors = kernel.factors
    count = _nonzero(kernel)
    yield Plan(
        "taps",
        TAP * (count if factors is None else min(count, sum(int(np.count_nonzero(factor)) for factor in factors))),
        "shifted multiply-adds, axis by axis where that is less",
        lambda context: BoundStage(_by_taps(kernel, geometry)),
    )
    if factors is None or height * width <= 1024:
        yield Plan(
            "dense",
            DENSE + DENSE_INPUT * width * (height + im2col.PRODUCT_ROWS - 1),
            f"{width} stacked columns, one matrix product",
            lambda context: BoundStage(im2col.prepare(kernel.taps, *geometry, context.work), rows=im2col.PRODUCT_ROWS),
        )
    if factors is not None:
        yield from _separable(kernel, factors, context, geometry)
    elif geometry.plain and min(height, width) > 2:
        parts = None if _tie_prone(kernel, context) else _low_rank(kernel)
        if parts is not None:
            yield Plan(
                "low-rank",
                len(parts) * (_banded_cost(height, width) + ADDITION),
                f"rank {len(parts)}: {len(parts)} separable kernels in place of {count} taps",
                lambda context: BoundStage(
                    _sum_of([toeplitz.prepare(*part, *geometry, context.work) for part in parts])
                ),
            )
    if geometry.plain and height * width <= 1 << 20 and overlap_save.cost(height, width) < float("inf"):
        ties = _tie_prone(kernel, context)
        tile = overlap_save.tile_shape(height, width)
        factor = FOURIER_DOUBLE if np.dtype(context.work) == np.float64 else 1
        yield Plan(
            "fourier",
            overlap_save.cost(height, width) * factor,
            f"{tile[1]}×{tile[0]} tiles, overlap-save{', and back to whole numbers' if ties else ''}",
            lambda context: overlap_save.bind(kernel, context),
        )


def _tie_prone(kernel: Kernel, context: ImageContext) -> bool:
    """Whether exact halves are common among the results, which the least error would round down."""
    return context.whole and kernel.halves is not None and (kernel.halves > 0 or kernel.divisor != 1)


def _separable(
    kernel: Kernel, factors: tuple[Array, Array], context: ImageContext, geometry: Geometry
) -> Iterator[Plan]:
    height, width = kernel.shape
    column, row = factors
    if height * width == 1:
        return
    yield Plan(
        "banded",
        _banded_cost(height, width),
        f"rank 1: {height} + {width} taps in place of {height * width}, as products with banded matrices",
        lambda context: BoundStage(toeplitz.prepare(column, row, *geometry, context.work)),
    )
    if not geometry.plain:
        return
    if (column == column[0]).all() and (row == row[0]).all():
        additions = joins(height) + joins(width)
        if context.whole and context.most * height * width < 1 << 53:
            yield Plan(
                "running",
                min(RUNNING, WHOLE_ADDITION * additions),
                "equal weights: sums of integers, from one to the next",
                lambda context: _running(kernel, context, float(column[0] * row[0])),
            )
        yield Plan(
            "doubling",
            ADDITION * additions,
            f"equal weights: {additions} additions in place of {height} + {width}",
            lambda context: _box(context, height, width, float(column[0] * row[0])),
        )
    # Of an image smaller than the kernel the errors of its many reflections add up.
    fits = (context.height or height) >= height and (context.width or width) >= width
    if min(height, width) >= SMALLEST_DECIMATED and height % 2 and width % 2 and fits:
        designs = [multirate_gaussian.design(tuple(factor.tolist()), len(factor) // 16) for factor in factors]
        vertical, horizontal = designs
        # The error that stripes of white noise of full contrast, whose deviation is 0.29 of it, would show.
        error = vertical.error * np.abs(row).sum() + horizontal.error * np.abs(column).sum()
        # Rounded, few results near a half change; of float the greatest error is bounded, three deviations and more.
        is_float = context.tolerance >= FLOAT_TOLERANCE * context.full
        if 0.29 * context.most * error <= context.tolerance * (1 / 3 if is_float else 2):
            extra = Halo.around(horizontal.reach - width // 2, vertical.reach - height // 2)
            yield Plan(
                "decimated",
                DECIMATED if min(height, width) >= DECIMATED_TAPS else float("inf"),
                f"smooth: every {horizontal.step}th sample, then interpolation",
                lambda context: BoundStage(
                    multirate_gaussian.prepare(vertical, horizontal, context.work),
                    extra,
                    vertical.step,
                    True,
                    _narrow(context, height),
                ),
            )


def _narrow(context: ImageContext, height: int) -> Any:
    """Return the type of the strips of a tall kernel, which are many rows: the samples' own, where they are whole."""
    return narrowest(context.most) if context.whole and height > NARROW_STRIP_ROWS else None


def _running(kernel: Kernel, context: ImageContext, weight: float) -> BoundStage:
    """Bind sums of integers, rounded to a mean where the context wants that and the mean stays within its range."""
    height, width = kernel.shape
    divisor = kernel.divisor / weight if weight else 0.0
    if context.rounded and divisor.is_integer() and height * width <= divisor <= 1 << 53:
        out = context.own_type
        return BoundStage(
            lambda strip: box_sum.mean(strip, height, width, out, divisor), work=context.own_type, interleaved=True
        )
    return _box(context, height, width, weight)


def _box(context: ImageContext, height: int, width: int, weight: float) -> BoundStage:
    def correlate(strip: Array) -> Array:
        sums = box_sum.mean(strip, height, width, context.work)
        return sums if weight == 1 else sums * sums.dtype.type(weight)

    return BoundStage(correlate, work=context.own_type, interleaved=True)


def _banded_cost(height: int, width: int) -> float:
    """One pass for each axis along which there is anything to add."""
    return sum(PASS + PASS_TAP * length for length in (height, width) if length > 1)


def _nonzero(kernel: Kernel) -> int:
    if kernel.column is not None and kernel.row is not None:
        return int(np.count_nonzero(kernel.column)) * int(np.count_nonzero(kernel.row))
    return int(np.count_nonzero(kernel.taps))


def _low_rank(kernel: Kernel) -> list[tuple[Array, Array]] | None:
    """Return the factors of a kernel of rank 2 to 4, or None; what the rest would add is below 1e-7 of all."""
    if min(kernel.shape) > 512:
        return None
    left, strength, right = np.linalg.svd(kernel.taps, full_matrices=False)
    for rank in range(2, 5):
        rebuilt = (left[:, :rank] * strength[:rank]) @ right[:rank]
        if np.abs(rebuilt - kernel.taps).sum() <= 1e-7 * np.abs(kernel.taps).sum():
            return [(left[:, i] * strength[i], right[i]) for i in range(rank)]
    return None


def _sum_of(functions: list[Function]) -> Function:
    def total(strip: Array) -> Array:
        answer = functions[0](strip)
        for function in functions[1:]:
            answer += function(strip)
        return answer

    return total


def _by_taps(kernel: Kernel, geometry: Geometry) -> Function:
    factors = kernel.factors
    if factors is not None and sum(kernel.shape) < _nonzero(kernel):
        return lambda strip: direct.separable(strip, *factors, *geometry)
    return lambda strip: direct.correlate(strip, kernel.taps, *geometry)


def bind(kernel: Kernel, context: ImageContext, geometry: Geometry, algorithm: str) -> BoundStage:
    """Return the function of the chosen algorithm, the kernel's division done, NaN and infinity kept in bounds."""
    chosen = plan(kernel, context, geometry, algorithm)
    bound = chosen.bind(context)
    slow = _by_taps(kernel, geometry)
    halo = bound.extra

    def correlate(strip: Array) -> Array:
        if context.finite or chosen.algorithm == "taps" or np.isfinite(strip.sum()):
            total = bound.function(strip)
        else:
            # A product with a matrix that is mostly zeros would spread a NaN over its whole tile.
            total = slow(inside(strip, halo))
        if kernel.divisor != 1 and total.dtype.kind == "f":
            # A true division: sums of whole numbers come out correctly rounded, so that halves round up.
            total /= kernel.divisor
        return total

    return bound._replace(function=correlate)
