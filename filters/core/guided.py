"""The guided filter, guided by the image itself: in each window the line that fits it best, and the lines' mean.

In a window of mean m and variance v the line is ``a in + b`` with ``a = v / (v + epsilon)``, ``b = (1 - a) m``: the
image where the window is busy, its mean where it is calm. A pixel is in as many windows as a window has pixels, and
takes the mean of their lines. Box sums by doubling: time hardly grows with the window.

K. He, J. Sun and X. Tang, "Guided image filtering", 2010; IEEE PAMI 35, 2013.
"""

from __future__ import annotations

from . import doubling, tiles
from .lazy import Array, np
from .stage import Crossing, Frame, Function, Halo, Stage, Values, inside


def guided(radii: tuple[int, int], epsilon: float) -> Stage:
    """Return the stage of the guided filter; *epsilon* is a variance of values from 0 to 1, as in the paper.

    Windows of windows are seen, so the image is continued by its border to twice the radius. Sums of squares in
    float64 are good enough for float images however far they are from 0: the error is less than what float32 can tell
    apart.
    """
    halo = Halo.around(2 * radii[0], 2 * radii[1])
    width, height = 2 * radii[0] + 1, 2 * radii[1] + 1

    def bind(frame: Frame) -> Function:
        ridge = epsilon * frame.full**2

        def smooth(strip: Array, opaque: Array | None = None) -> Values:
            if width == height == 1:
                return strip
            planes, middle = tiles.planes_of(strip), tiles.planes_of(inside(strip, halo))
            part = None if opaque is None else tiles.planes_of(opaque) / planes.dtype.type(frame.full)
            if part is not None or (frame.ignoring and np.isnan(planes).any()):
                return tiles.strip_of(_weighted(planes, part, middle, width, height, ridge, frame.ignoring))
            answer = np.empty(middle.shape, planes.dtype)
            for channel in range(len(planes)):  # one channel's means fit the cache
                part = slice(channel, channel + 1)
                answer[part] = _plain(planes[part], middle[part], width, height, ridge)
            return tiles.strip_of(answer)

        return smooth

    fact = f"guided by itself: lines fitted in {width}×{height}, epsilon {epsilon:g}"
    return Stage(
        bind,
        halo=halo,
        crossing=Crossing(divide=True, multiply=True, weigh=True),
        # An error of the variance moves a pixel at the distance √v from the mean by √v / (v + epsilon) times as much.
        amplification=1 + 0.5 / epsilon**0.5,
        facts=lambda frame: (fact,),
    )


def _box(planes: Array, width: int, height: int) -> Array:
    return doubling.sums(doubling.sums(planes, height, 1), width, 2)


def _lines(mean: Array, squares: Array, ridge: float) -> tuple[Array, Array]:
    """Return the slopes and the offsets of the lines, given the means of the samples and of their squares."""
    slope, offset = squares, mean * mean
    slope -= offset
    np.clip(slope, 0, np.inf, out=slope)
    np.add(slope, slope.dtype.type(ridge), out=offset)
    slope /= offset
    np.multiply(slope, mean, out=offset)
    np.subtract(mean, offset, out=offset)
    return slope, offset


def _plain(planes: Array, middle: Array, width: int, height: int, ridge: float) -> Array:
    """Return the mean of the lines, applied to the samples in the *middle* of the planes."""
    count = planes.dtype.type(width * height)
    mean, squares = _box(planes, width, height), _box(planes * planes, width, height)
    mean /= count
    squares /= count
    slope, offset = _lines(mean, squares, ridge)
    answer = _box(slope, width, height)
    answer *= middle
    answer += _box(offset, width, height)
    answer /= count
    return answer


def _weighted(
    planes: Array, opaque: Array | None, middle: Array, width: int, height: int, ridge: float, ignoring: bool
) -> Array:
    """Return the mean of lines where samples are missing, or count by their alpha, from 0 to 1.

    A window without samples has no line. A missing pixel becomes the mean of its windows' means. Where all count 1, the
    answer has the bits of `_plain`.
    """
    there = ~np.isnan(planes) if ignoring else np.ones(planes.shape, bool)
    weights = there.astype(planes.dtype)
    if opaque is not None:
        weights *= opaque
    samples = np.where(there, planes, 0)
    sums = _box(weights, width, height)
    known = sums > 0
    sums[~known] = 1
    weighted = weights * samples
    mean, squares = (_box(values, width, height) / sums for values in (weighted, weighted * samples))
    slope, offset = _lines(mean, squares, ridge)
    count = _box(known.astype(planes.dtype), width, height)
    seen = count > 0
    count[~seen] = 1
    answer = (_box(slope, width, height) * middle + _box(offset, width, height)) / count
    gaps = np.isnan(middle) & ignoring
    answer[gaps] = np.where(seen, _box(mean, width, height) / count, np.nan)[gaps] if gaps.any() else 0
    return answer
