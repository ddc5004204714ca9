"""Kernels: the type, the builders, and the built-in kernels with their sources."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

from ..lazy_numpy import Array, np

MAX_TAPS = 1 << 16
"""The most taps of a kernel given as a matrix (256 × 256), unless the caller raises the limit."""
MAX_VALUE = 1e30
"""The greatest value of a kernel, with which no sum overflows."""


class Kernel:
    """Taps ``(height, width)``, a divisor and an anchor; the taps are a matrix or two factors.

    The outer product of *column* and *row* is the taps, if the kernel is known to be separable. The divisor is kept
    separate so that sums of whole numbers stay exact and are rounded once. The anchor ``(x, y)`` is the tap placed on
    the pixel being computed, by default ``size // 2`` on each axis.
    """

    def __init__(
        self,
        matrix: Array | None = None,
        column: Array | None = None,
        row: Array | None = None,
        divisor: float = 1.0,
        anchor: tuple[int, int] = (-1, -1),
    ) -> None:
        self.matrix, self.column, self.row, self.divisor = matrix, column, row, divisor
        height, width = self.shape
        x, y = anchor
        self.anchor = width // 2 if x < 0 else x, height // 2 if y < 0 else y

    @staticmethod
    def of(taps: Any, divisor: float = 1.0, anchor: tuple[int, int] = (-1, -1)) -> Kernel:
        """Build a kernel from rows of finite numbers; raises ValueError for anything else."""
        try:
            given = np.asarray(taps)
        except ValueError:
            raise ValueError("a kernel's rows must have the same length") from None
        if given.dtype.kind not in "buif":
            raise ValueError("a kernel's values must be real numbers")
        matrix = np.atleast_2d(given.astype(np.float64))
        if matrix.ndim != 2 or matrix.size == 0:
            raise ValueError(f"a kernel must be a matrix, not an array of shape {matrix.shape}")
        if not (np.abs(matrix) <= MAX_VALUE).all():
            raise ValueError(f"a kernel's values must be finite numbers of at most {MAX_VALUE:g}")
        if not 1 / MAX_VALUE <= abs(divisor) <= MAX_VALUE:
            raise ValueError(f"a kernel cannot be divided by {divisor:g}")
        return Kernel(matrix, divisor=divisor, anchor=anchor)

    @staticmethod
    def product(column: Any, row: Any, divisor: float = 1.0) -> Kernel:
        """Build the separable kernel ``outer(column, row) / divisor``."""
        return Kernel(None, np.asarray(column, np.float64), np.asarray(row, np.float64), divisor)

    @property
    def shape(self) -> tuple[int, int]:
        """``(height, width)``."""
        if self.column is not None and self.row is not None:
            return len(self.column), len(self.row)
        assert self.matrix is not None
        return self.matrix.shape

    @cached_property
    def taps(self) -> Array:
        """The matrix before the division."""
        if self.matrix is not None:
            return self.matrix
        assert self.column is not None and self.row is not None
        return np.outer(self.column, self.row)

    @property
    def weights(self) -> Array:
        """The applied matrix: taps over divisor."""
        return self.taps / self.divisor

    @cached_property
    def factors(self) -> tuple[Array, Array] | None:
        """``(column, row)`` with ``outer(column, row) == taps`` to 1e-13 of the largest tap, or None.

        Whole numbers have whole factors, so that their sums stay exact; an SVD's factors are not whole.

        >>> Kernel.of([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]).factors
        (array([1., 2., 1.]), array([-1.,  0.,  1.]))
        """
        if self.column is not None and self.row is not None:
            return self.column, self.row
        size = np.abs(self.taps)
        y, x = np.unravel_index(size.argmax(), size.shape)
        pivot = self.taps[y, x]
        if pivot == 0:
            return np.zeros(self.shape[0]), np.zeros(self.shape[1])
        row = self.taps[y] / _common_factor(self.taps[y])
        column = self.taps[:, x] / row[x]
        close = np.abs(np.outer(column, row) - self.taps).max() <= 1e-13 * size[y, x]
        return (column, row) if close else None

    @cached_property
    def sum(self) -> float:
        """The sum of the weights, the factor applied to a constant image."""
        if self.column is not None and self.row is not None:
            total = math.fsum(self.column) * math.fsum(self.row) / self.divisor
        else:
            total = math.fsum(self.taps.flat) / self.divisor
        # A sum as small as the rounding errors of its terms is 0.
        return 0.0 if abs(total) <= 1e-12 * self.absolute_sum else total

    @cached_property
    def absolute_sum(self) -> float:
        """The sum of the weights' absolute values, the kernel's greatest amplification."""
        if self.column is not None and self.row is not None:
            return float(np.abs(self.column).sum() * np.abs(self.row).sum() / abs(self.divisor))
        return float(np.abs(self.taps).sum() / abs(self.divisor))

    @cached_property
    def is_identity(self) -> bool:
        """Whether the kernel returns each sample unchanged: the weight under the anchor is 1, and all others are 0.

        >>> Kernel.of([[0, 0], [0, 2]], divisor=2).is_identity, Kernel.of([[0, 1, 0]]).is_identity
        (True, True)
        >>> Kernel.of([[1, 0, 0]]).is_identity, Kernel.of([[1]]).is_identity
        (False, True)
        """
        x, y = self.anchor
        height, width = self.shape
        under = 0 <= x < width and 0 <= y < height
        return under and self.absolute_sum == 1 and bool(self.taps[y, x] == self.divisor)

    @cached_property
    def halves(self) -> int | None:
        """How many times the taps must be doubled to be whole numbers; None if more than 12.

        >>> Kernel.of([[3, 1]]).halves, Kernel.of([[0.25, 1]]).halves, Kernel.of([[0.1]]).halves
        (0, 2, None)
        """
        for times in range(13):
            doubled = self.taps * 2.0**times
            if (doubled == np.rint(doubled)).all():
                return times
        return None

    @cached_property
    def rank(self) -> int:
        """The matrix's numerical rank; 1 means separable."""
        return int(np.linalg.matrix_rank(self.taps))

    def turned(self) -> Kernel:
        """The kernel and its anchor rotated by 180°: from convolution to correlation."""
        height, width = self.shape
        x, y = self.anchor
        matrix, column, row = (None if part is None else np.flip(part) for part in (self.matrix, self.column, self.row))
        return Kernel(matrix, column, row, self.divisor, (width - 1 - x, height - 1 - y))

    def multiplied(self, factor: float) -> Kernel:
        """The kernel with its weights multiplied by *factor*."""
        if self.column is not None:
            return Kernel(None, self.column * factor, self.row, self.divisor, self.anchor)
        return Kernel(self.taps * factor, None, None, self.divisor, self.anchor)

    def divided(self, divisor: float) -> Kernel:
        """The kernel with its weights divided by *divisor*."""
        return Kernel(self.matrix, self.column, self.row, self.divisor * divisor, self.anchor)


def _common_factor(values: Array) -> float:
    """The greatest common divisor of *values*, if they are multiples of 1/65536; else 1."""
    units = values * 65536.0
    if (units != np.rint(units)).any() or np.abs(units).max() > 2**53:
        return 1.0
    return float(np.gcd.reduce(units.astype(np.int64))) / 65536


# ---- builders ---------------------------------------------------------------------------------------


def gaussian_radius(sigma: float) -> int:
    """The radius at which a Gaussian is truncated: ``int(4 sigma + 0.5)``, like SciPy's ``truncate=4``."""
    return int(4 * sigma + 0.5)


def gaussian_weights(sigma: float, derivative: int = 0) -> Array:
    """Sample a Gaussian at the integers, truncated at `gaussian_radius`; the weights sum to 1.

    ``derivative=2`` gives its second derivative, ``(x²/σ⁴ - 1/σ²) g(x)``, less the small sum left by truncation, so
    that a constant image gives exactly 0.

    >>> gaussian_weights(0.5).round(4).tolist()
    [0.0003, 0.1065, 0.7866, 0.1065, 0.0003]
    """
    radius = gaussian_radius(sigma)
    x = np.arange(-radius, radius + 1, dtype=np.float64)
    # A sigma so small that its square is 0 still gives an impulse.
    weights = np.exp(-0.5 * (x / sigma) ** 2) if radius else np.ones(1)
    weights /= weights.sum()
    if derivative == 0:
        return weights
    second = (x**2 / sigma**4 - 1 / sigma**2) * weights
    return second - second.sum() * weights


def gaussian(sigma: tuple[float, float]) -> Kernel:
    """The Gaussian of standard deviations ``(x, y)`` pixels, weights summing to 1."""
    return Kernel.product(gaussian_weights(sigma[1]), gaussian_weights(sigma[0]))


def mean(size: tuple[int, int]) -> Kernel:
    """The box of ``(width, height)`` equal weights summing to 1."""
    width, height = size
    return Kernel.product(np.ones(height), np.ones(width), width * height)


COVERAGE = 2.0**-30
"""The unit to which coverage is rounded, so that a pixel inside counts exactly 1, and one outside exactly 0."""


def disk(radius: tuple[float, float]) -> Kernel:
    """The disk of radii ``(x, y)`` pixels: each pixel is weighted by its covered area, and the weights sum to 1.

    Areas are exact, from the integral of the circle, as in MATLAB's ``fspecial('disk')``, which takes one radius.

    >>> disk((1.0, 1.0)).weights.round(4).tolist()
    [[0.0251, 0.1453, 0.0251], [0.1453, 0.3183, 0.1453], [0.0251, 0.1453, 0.0251]]
    """
    x, y = (_disk_edges(r) for r in radius)
    corners = np.sign(x) * np.sign(y)[:, None] * _quarter_disk(np.abs(x), np.abs(y)[:, None])
    covered = np.diff(np.diff(corners, axis=0), axis=1)
    return _by_coverage(covered / covered.max())


def _disk_edges(radius: float) -> Array:
    """The edges between the pixels that a disk covers, in radii from its centre."""
    radius = max(radius, 1e-3)  # a radius of 0 leaves the pixel in the middle
    reach = math.ceil(radius - 0.5)
    return np.clip((np.arange(-reach, reach + 2) - 0.5) / radius, -1, 1)


def _quarter_disk(x: Array, y: Array) -> Array:
    """The area of the unit disk within ``[0, x] × [0, y]``, for x and y from 0 to 1."""

    def under_arc(t: Array) -> Array:
        return (t * np.sqrt(1 - t * t) + np.arcsin(t)) / 2

    arc = np.sqrt(1 - y * y)
    return np.where(x <= arc, x * y, y * arc + under_arc(x) - under_arc(arc))


def motion(length: float, angle: float) -> Kernel:
    """The line of *length* pixels, one pixel wide, in the direction of *angle*; the weights sum to 1.

    Each pixel is weighted by the area that the line covers: at 0° and an odd length that is a row of equal weights. 0°
    is along x, 90° along y, and angles grow from x to y, clockwise on the screen. MATLAB's ``fspecial('motion')``,
    whose angles grow the other way, weights by 1 minus the distance from the line instead: the same at 0° and 90°, and
    a little sharper in between.

    >>> motion(4, 0).weights.tolist(), motion(3, 90).shape
    ([[0.125, 0.25, 0.25, 0.25, 0.125]], (3, 1))
    """
    turn = angle % 180
    if 45 < turn < 135:
        lying = motion(length, 90 - turn)  # along y as exactly as along x
        return Kernel.of(lying.taps.T, lying.divisor)
    direction = math.radians(turn - 180 if turn >= 135 else turn)
    across, down = math.cos(direction), math.sin(direction)
    corners = [
        ((along * length * across - aside * down) / 2, (along * length * down + aside * across) / 2)
        for along, aside in ((1, 1), (-1, 1), (-1, -1), (1, -1))
    ]
    reach = [math.ceil(max(corner[axis] for corner in corners) - 0.5 - 1e-9) for axis in (0, 1)]
    covered = _covered(corners, *reach)
    return _by_coverage((covered + covered[::-1, ::-1]) / 2)


def _covered(corners: list[tuple[float, float]], reach_x: int, reach_y: int) -> Array:
    """The covered area of each pixel within a reach of a polygon: the area under its edges, less that of edges back."""
    left = np.arange(-reach_x, reach_x + 1) - 0.5
    top = np.arange(-reach_y, reach_y + 1)[:, None] - 0.5

    def integral(depth: Array) -> Array:
        """The integral of the part of a pixel above an edge at *depth* below its top: 0, the depth, or 1."""
        return np.where(depth < 1, np.square(np.clip(depth, 0, 1)) / 2, depth - 0.5)

    total = np.zeros((2 * reach_y + 1, 2 * reach_x + 1))
    for (x, y), (end_x, end_y) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if x == end_x:
            continue
        start, stop = np.clip(x, left, left + 1), np.clip(end_x, left, left + 1)
        slope = (end_y - y) / (end_x - x)
        first, last = y + (start - x) * slope - top, y + (stop - x) * slope - top
        level = np.abs(last - first) < 1e-8
        rise = np.where(level, 1, last - first)
        mean = np.where(level, np.clip(first, 0, 1), (integral(last) - integral(first)) / rise)
        total += mean * (stop - start)
    return np.abs(total)


def _by_coverage(covered: Array) -> Kernel:
    taps = np.rint(covered / COVERAGE) * COVERAGE
    return Kernel.of(taps, divisor=float(taps.sum()))


# ---- gradient operators, as textbooks print them, unscaled --------------------------------------

BINOMIAL = {3: (1, 2, 1), 5: (1, 4, 6, 4, 1), 7: (1, 6, 15, 20, 15, 6, 1)}
SOBEL_DERIVATIVE = {3: (-1, 0, 1), 5: (-1, -2, 0, 2, 1), 7: (-1, -4, -5, 0, 5, 4, 1)}
"""I. Sobel, "An isotropic 3×3 gradient operator", 1968; the larger ones are its binomial family:
``[-1 0 1]`` smoothed by a binomial."""

DERIVATIVE_PAIRS: dict[str, tuple[Sequence[float], Sequence[float]]] = {
    # name: (smoothing across the derivative, derivative along it)
    "sobel": (BINOMIAL[3], SOBEL_DERIVATIVE[3]),
    "sobel5": (BINOMIAL[5], SOBEL_DERIVATIVE[5]),
    "sobel7": (BINOMIAL[7], SOBEL_DERIVATIVE[7]),
    # J. Prewitt, "Object enhancement and extraction", 1970.
    "prewitt": ((1, 1, 1), (-1, 0, 1)),
    # H. Scharr, "Optimale Operatoren in der digitalen Bildverarbeitung", 2000.
    "scharr": ((3, 10, 3), (-1, 0, 1)),
    "central": ((1,), (-1, 0, 1)),
    # H. Farid and E. Simoncelli, "Differentiation of discrete multidimensional signals", 2004, table 1.
    "farid": (
        (0.0376593171958126, 0.249153396177344, 0.426374573253687, 0.249153396177344, 0.0376593171958126),
        (-0.109603762960254, -0.276690988455557, 0, 0.276690988455557, 0.109603762960254),
    ),
}

# L. Roberts, "Machine perception of three-dimensional solids", 1963: the two diagonals.
ROBERTS = (((1, 0), (0, -1)), ((0, 1), (-1, 0)))

LAPLACIAN_4 = ((0, 1, 0), (1, -4, 1), (0, 1, 0))
LAPLACIAN_8 = ((1, 1, 1), (1, -8, 1), (1, 1, 1))

COMPASS_EAST = {
    # R. Kirsch, "Computer determination of the constituent structure of biological images", 1971.
    "kirsch": ((-3, -3, 5), (-3, 0, 5), (-3, -3, 5)),
    # G. Robinson, "Edge detection by compass gradient masks", 1977 (the level-3 masks).
    "robinson": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
}
COMPASS_POINTS = ("e", "se", "s", "sw", "w", "nw", "n", "ne")
"""The direction in which brightness grows, in steps of 45° in the order of the angle: from the right, downward."""


def compass(name: str) -> list[Array]:
    """The eight 3×3 masks of *name*, in the order of `COMPASS_POINTS`: the first with its rim rotated."""
    rim = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    east = np.array(COMPASS_EAST[name], np.float64)
    masks = []
    for turn in range(8):
        mask = east.copy()
        for i, place in enumerate(rim):
            mask[rim[(i + turn) % 8]] = east[place]
        masks.append(mask)
    return masks


def _builders() -> dict[str, Callable[[], Kernel]]:
    """Return the builder of each built-in kernel by its name."""
    builders: dict[str, Callable[[], Kernel]] = {
        "identity": lambda: Kernel.of([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
        "mean3": lambda: mean((3, 3)),
        "mean5": lambda: mean((5, 5)),
        "gaussian3": lambda: Kernel.product(BINOMIAL[3], BINOMIAL[3], 16),
        "gaussian5": lambda: Kernel.product(BINOMIAL[5], BINOMIAL[5], 256),
        "sharpen": lambda: Kernel.of([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
        "sharpen8": lambda: Kernel.of([[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]]),
        "laplacian4": lambda: Kernel.of(LAPLACIAN_4),
        "laplacian8": lambda: Kernel.of(LAPLACIAN_8),
        "emboss": lambda: Kernel.of([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
        "highpass": lambda: Kernel.of([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], divisor=9),
    }
    for name, (smooth, derivative) in DERIVATIVE_PAIRS.items():
        builders[f"{name}-x"] = partial(Kernel.product, smooth, derivative)
        builders[f"{name}-y"] = partial(Kernel.product, derivative, smooth)
    for number, taps in enumerate(ROBERTS, 1):
        builders[f"roberts-{number}"] = partial(Kernel.of, taps)
    for name in COMPASS_EAST:
        for index, point in enumerate(COMPASS_POINTS):
            builders[f"{name}-{point}"] = partial(_compass_mask, name, index)
    return builders


def _compass_mask(name: str, index: int) -> Kernel:
    return Kernel.of(compass(name)[index])


def names() -> tuple[str, ...]:
    """The names of all built-in kernels; needs no NumPy."""
    return tuple(_builders())


def named() -> dict[str, Kernel]:
    """All built-in kernels by name."""
    return {name: build() for name, build in _builders().items()}


def normalized(kernel: Kernel, how: str) -> Kernel:
    """The kernel divided by its sum, or by the sum of its absolute values; raises ValueError if that is 0."""
    total = kernel.sum if how == "sum" else kernel.absolute_sum
    if total == 0:
        raise ValueError(f"the kernel's {'values sum' if how == 'sum' else 'absolute values sum'} to 0")
    return kernel.divided(total)
