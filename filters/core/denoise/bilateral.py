"""The bilateral filter: a Gaussian mean in which a sample counts the less, the more its colour differs.

    out(p) = Σ w(p, q) in(q) / Σ w(p, q),   w(p, q) = exp(-|p - q|² / 2 sigma² - |in(p) - in(q)|² / 2 range²)

over the ellipse of offsets ``(dx / rx)² + (dy / ry)² <= 1``; the colours' distance is Euclidean, over all channels.
It is the exact sum. Each pair of pixels has one weight, which is computed once and used twice: half of the offsets
are gone through, and the pair's difference moves both of its pixels, in opposite directions. Sums of differences, in
place of samples, leave what is flat exactly as it is.

C. Tomasi and R. Manduchi, "Bilateral filtering for gray and color images", 1998.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..engine.facts import Fact, note
from ..engine.layout import planes_of, strip_of
from ..engine.stage import BY_ALPHA, Function, Halo, ImageContext, Stage, Values, Window, inside
from ..lazy_numpy import Array, np

RANGE = 0.1
"""The default standard deviation of colours, in parts of white."""
MAX_RADIUS = 100
"""The largest radius: 31417 samples a pixel, a quarter of a minute for each megapixel."""
BLOCK_PIXELS = 1 << 17
"""Pixels gone through at a time: their sums and differences, 11 planes of float32 in RGB, nearly fit a second-level
cache. From 2¹³ to 2¹⁷ the fastest on one thread; shorter calls slow two threads down."""
LIFT = 60.0
"""Exponents are raised by so much, which leaves the quotient as it is: weights of e⁻⁸⁷ and less, those of neighbours of
quite another colour, would be denormal float32, of which many processors take a hundred times as long."""


class Offset(NamedTuple):
    """A neighbour below or to the right, and the exponent of its weight by distance."""

    dx: int
    dy: int
    exponent: float


def window_radii(sigma: tuple[float, float]) -> tuple[int, int]:
    """Return the radii ``int(2 sigma + 0.5)``, past which a Gaussian's weight is below 0.14.

    >>> window_radii((2.0, 0.5))
    (4, 1)
    """
    return int(2 * sigma[0] + 0.5), int(2 * sigma[1] + 0.5)


def bilateral(sigma: tuple[float, float], radii: tuple[int, int], range_sigma: float | None) -> Stage:
    """Return the stage of the bilateral filter; *range_sigma* is in the image's units."""
    halo = Halo.around(*radii)
    offsets = list(half_window(sigma, radii))

    def unit(context: ImageContext) -> float:
        return RANGE * context.full if range_sigma is None else range_sigma

    def bind(context: ImageContext) -> Function:
        scale = 0.5**0.5 / unit(context)

        def smooth(strip: Array, opaque: Array | None = None) -> Values:
            planes, middle = planes_of(strip), planes_of(inside(strip, halo))
            weights = _weights(planes, opaque, context)
            if weights is None:
                moves = _moves(planes, scale, radii, offsets)
            else:
                moves = _weighted_moves(planes, weights, scale, radii, offsets)
            moves += middle if not context.ignoring else np.where(np.isnan(middle), 0, middle)
            return strip_of(moves)

        return smooth

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        window = f"{2 * radii[0] + 1}×{2 * radii[1] + 1}"
        samples = 2 * len(offsets) + 1
        name = f"bilateral of sigma {sigma[0]:g},{sigma[1]:g}, range sigma {unit(context):g}"
        return (note(f"{name}: {samples} of {window}"),)

    return Stage(bind, window=Window(halo), joint=True, crossing=BY_ALPHA, amplification=2.0, facts=facts)


def half_window(sigma: tuple[float, float], radii: tuple[int, int]) -> Iterator[Offset]:
    """Yield one of each two opposite offsets of the elliptical window, without the middle.

    >>> [(offset.dx, offset.dy) for offset in half_window((1, 1), (1, 1))]
    [(1, 0), (0, 1)]
    """
    rx, ry = radii
    for dy in range(ry + 1):
        for dx in range(-rx, rx + 1):
            if (dy, dx) > (0, 0) and (dx * ry) ** 2 + (dy * rx) ** 2 <= (rx * ry) ** 2:
                distance = (dx / sigma[0]) ** 2 if dx else 0.0
                distance += (dy / sigma[1]) ** 2 if dy else 0.0
                yield Offset(dx, dy, -distance / 2)


def _moves(planes: Array, scale: float, radii: tuple[int, int], offsets: list[Offset]) -> Array:
    """Return by how much each sample inside the padded *planes* moves.

    A block of columns is copied to memory of its own, rows without a gap, so that an offset is one distance: all of
    its pairs are taken in one contiguous call, with a few in vain where a row ends, in half of the time that
    windows of two dimensions take.
    """
    channels, rows, columns = _inner(planes, radii)
    kind = planes.dtype.type
    out = np.empty((channels, rows, columns), kind)
    step = max(64, BLOCK_PIXELS // rows)
    for left in range(0, columns, step):
        width = min(step, columns - left)
        pitch = width + 2 * radii[0]
        scaled = np.multiply(planes[:, :, left : left + pitch], kind(scale), order="C").reshape(channels, -1)
        first, count = radii[1] * pitch + radii[0], (rows - 1) * pitch + width
        room = np.empty((2, channels, first + count), kind)
        moves, sums = np.zeros((channels, rows * pitch), kind), np.full(rows * pitch, np.exp(LIFT), kind)
        move, total = moves[:, :count], sums[:count]
        for offset in offsets:
            reach = offset.dy * pitch + offset.dx
            difference, square = room[:, :, : count + reach]
            np.subtract(
                scaled[:, first : first + count + reach], scaled[:, first - reach : first + count], out=difference
            )
            np.multiply(difference, difference, out=square)
            weight = square[0]
            for other in square[1:]:
                weight += other
            np.subtract(kind(LIFT + offset.exponent), weight, out=weight)
            np.exp(weight, out=weight)
            difference *= weight
            total += weight[reach:]
            total += weight[:count]
            move += difference[:, reach:]
            move -= difference[:, :count]
        sums *= kind(scale)
        shape = (rows, pitch)
        np.divide(
            moves.reshape(channels, *shape)[:, :, :width],
            sums.reshape(shape)[:, :width],
            out=out[:, :, left : left + width],
        )
    return out


def _weights(planes: Array, opaque: Array | None, context: ImageContext) -> tuple[Array, Array] | None:
    """Return which samples are there, and how much they count; None where all are there and count alike."""
    present = ~np.isnan(planes) if context.ignoring else None
    if (present is None or present.all()) and (opaque is None or (opaque == context.full).all()):
        return None
    there = np.ones_like(planes) if present is None else present.astype(planes.dtype)
    return there, there if opaque is None else there * planes_of(opaque) / planes.dtype.type(context.full)


def _weighted_moves(
    planes: Array, weights: tuple[Array, Array], scale: float, radii: tuple[int, int], offsets: list[Offset]
) -> Array:
    """Return the moves where samples count differently, or are missing, which is a weight of 0.

    A missing sample has no distance from any, and moves from 0. Where all count 1, the answer has the bits of `_moves`.
    """
    there, counts = weights
    channels, rows, columns = _inner(planes, radii)
    kind, pitch = planes.dtype.type, planes.shape[2]
    first, count = radii[1] * pitch + radii[0], (rows - 1) * pitch + columns
    middle = np.s_[:, first : first + count]
    scaled = np.where(there > 0, planes, 0) * kind(scale)
    scaled, there, counts = (np.reshape(values, (channels, -1)) for values in (scaled, there, counts))
    moves, sums = np.zeros((channels, rows * pitch), kind), np.zeros((channels, rows * pitch), kind)
    move, total = moves[:, :count], sums[:, :count]
    total += counts[middle] * kind(np.exp(LIFT))
    for offset in offsets:
        reach = offset.dy * pitch + offset.dx
        near, far = np.s_[:, first - reach : first + count], np.s_[:, first : first + count + reach]
        difference = scaled[far] - scaled[near]
        distance = np.sum((difference * there[near] * there[far]) ** 2, axis=0)
        weight = np.exp(kind(LIFT + offset.exponent) - distance)
        to_near, to_far = weight * counts[far], weight * counts[near]
        total += to_near[:, reach:]
        total += to_far[:, :count]
        move += (to_near * difference)[:, reach:]
        move -= (to_far * difference)[:, :count]
    known = total > 0
    move /= np.where(known, total, 1) * kind(scale)
    move[~known & (there[middle] == 0)] = np.nan
    return moves.reshape(channels, rows, pitch)[:, :, :columns]


def _inner(planes: Array, radii: tuple[int, int]) -> tuple[int, int, int]:
    return planes.shape[0], planes.shape[1] - 2 * radii[1], planes.shape[2] - 2 * radii[0]
