"""Straight lines: the Hough transform of edges, its peaks, and lines drawn as pixels.

References
----------
R. Duda and P. Hart, "Use of the Hough transformation to detect lines and curves in pictures", 1972.
"""

from __future__ import annotations

import math

from ..engine.facts import Fact
from ..engine.stage import NO_COLOURS, BoundStage, ImageContext, Rows, Stage, surveyed
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple

COLUMNS = ("rho", "theta", "votes", "x1", "y1", "x2", "y2")
"""The columns of the table of lines: the distance from the centre of the first pixel, the direction of the normal in
degrees, the number of edge pixels, and the ends at the picture's border."""
OF_MOST = 0.5
"""The default least number of votes, as a fraction of the strongest line's."""
APART, TURNED = 9.0, 10.0
"""Only the strongest of lines that differ by at most these pixels and degrees is found, as in scikit-image."""


class Options(NamedTuple):
    """The options of the search for lines."""

    threshold: int | None
    """The least number of votes; None is `OF_MOST` of the most."""
    most: int
    """The largest number of lines."""
    rho_step: float
    theta_step: float
    """The steps in pixels and degrees."""


def angles(step: float) -> Array:
    """Return the normals' directions in radians, from -90° to below 90°, at most *step* degrees apart."""
    count = math.ceil(180 / step - 1e-9)
    return np.linspace(-np.pi / 2, np.pi / 2, count, endpoint=False)


def furthest(height: int, width: int, step: float) -> int:
    """Return the number of steps of the distance on each side of 0."""
    return math.ceil(math.sqrt(height * height + width * width) / step)


def votes(points: tuple[Array, Array], size: tuple[int, int], turns: Array, step: float) -> Array:
    """Return the number of *points* ``(y, x)`` on each line: ``(distances, angles)``.

    For each angle θ a point votes for the distance ``x cos θ + y sin θ``, rounded to a multiple of *step*.
    """
    y, x = (part.astype(np.float64) for part in points)
    far = furthest(*size, step)
    found = np.zeros((2 * far + 1, len(turns)), np.int64)
    for number, turn in enumerate(turns):
        distance = (np.cos(turn) * x + np.sin(turn) * y) / step
        place = np.trunc(distance + np.copysign(0.5, distance)).astype(np.intp)
        found[:, number] = np.bincount(place + far, minlength=2 * far + 1)
    return found


def peaks(found: Array, least: float, most: int, near: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the positions of at most *most* maxima of the votes, with at least *least* votes, the greatest first.

    None is within *near* steps in distance and angle of a greater one. The last angle is followed by the first, with
    the signs of distances reversed. Of equal neighbours the first is found.
    """
    from scipy import ndimage

    tall, wide = near[0], min(near[1], found.shape[1] // 2)
    around = np.hstack([found[::-1, found.shape[1] - wide :], found, found[::-1, :wide]])
    greatest = ndimage.maximum_filter(around, (2 * tall + 1, 2 * wide + 1), mode="constant", cval=0)
    greatest = greatest[:, wide : wide + found.shape[1]]
    rows, columns = np.nonzero((found == greatest) & (found >= max(least, 1)))
    order = np.lexsort((columns, rows, -found[rows, columns]))
    chosen: list[tuple[int, int]] = []
    kept = np.ones(len(order), bool)
    rows, columns = rows[order], columns[order]
    for number in range(len(order)):
        if not kept[number]:
            continue
        row, column = int(rows[number]), int(columns[number])
        chosen.append((row, column))
        if len(chosen) == most:
            break
        apart = np.abs(columns - column)
        same = (np.abs(rows - row) <= tall) & (apart <= wide)
        turned = (np.abs(len(found) - 1 - rows - row) <= tall) & (found.shape[1] - apart <= wide)
        kept &= ~(same | turned)
    return chosen


def clipped(rho: float, theta: float, height: int, width: int) -> tuple[float, float, float, float] | None:
    """Return the ends ``(x1, y1, x2, y2)`` of the line ``x cos θ + y sin θ = ρ`` on the outermost pixels' centres.

    None if the line misses the picture.

    >>> clipped(3.0, 0.0, 5, 9)
    (3.0, 0.0, 3.0, 4.0)
    """
    cos, sin = math.cos(theta), math.sin(theta)
    low, high = -math.inf, math.inf
    for middle, way, last in ((rho * cos, -sin, width - 1), (rho * sin, cos, height - 1)):
        if abs(way) < 1e-12:
            if not -0.5 <= middle <= last + 0.5:
                return None
            continue
        one, other = sorted(((0 - middle) / way, (last - middle) / way))
        low, high = max(low, one), min(high, other)
    if low > high + 1e-9:
        return None
    ends = [(rho * cos - at * sin, rho * sin + at * cos) for at in (low, high)]
    (x1, y1), (x2, y2) = ((round(x, 9) + 0.0, round(y, 9) + 0.0) for x, y in sorted(ends))
    return x1, y1, x2, y2


def table(points: tuple[Array, Array], size: tuple[int, int], options: Options) -> Array:
    """Return the lines through *points* as rows of `COLUMNS`, float64."""
    turns = angles(options.theta_step)
    found = votes(points, size, turns, options.rho_step)
    least = OF_MOST * found.max() if options.threshold is None else options.threshold
    near = round(APART / options.rho_step), round(math.radians(TURNED) / float(turns[1] - turns[0]))
    far, rows = furthest(*size, options.rho_step), []
    for row, column in peaks(found, least, options.most, near):
        rho, theta = (row - far) * options.rho_step, float(turns[column])
        ends = clipped(rho, theta, *size)
        if ends is not None:
            rows.append((round(rho, 9), round(math.degrees(theta), 9), float(found[row, column]), *ends))
    return np.array(rows, np.float64).reshape(-1, len(COLUMNS))


def drawn(lines: Array, start: int, stop: int, width: int) -> Array:
    """Return True on the lines' pixels in the rows ``start … stop-1``: one per column, or per row for steep lines."""
    found = np.zeros((stop - start, width), bool)
    for rho, degrees, _, x1, y1, x2, y2 in lines:
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        if abs(sin) >= abs(cos):
            x = np.arange(math.floor(x1 + 0.5), math.floor(x2 + 0.5) + 1)
            y = np.floor((rho - x * cos) / sin + 0.5).astype(np.intp)
        else:
            low, high = sorted((y1, y2))
            y = np.arange(math.floor(low + 0.5), math.floor(high + 0.5) + 1)
            x = np.floor((rho - y * sin) / cos + 0.5).astype(np.intp)
        inside = (y >= start) & (y < stop) & (x >= 0) & (x < width)
        found[y[inside] - start, x[inside]] = True
    return found


def lines(options: Options) -> Stage:
    """Return the stage from nonzero edges to a picture of the lines through them, where True is a line.

    A table lists the lines of all channels, those of the first channel first.
    """

    def survey(context: ImageContext, edges: Rows) -> list[Array]:
        points: list[tuple[Array, Array, Array]] = []
        start, channels = 0, 1
        for strip in surveyed(edges):
            y, x, channel = np.nonzero((strip != 0) & ~np.isnan(strip))
            points.append((y + start, x, channel))
            start, channels = start + len(strip), strip.shape[2]
        y, x, channel = (np.concatenate(part) for part in zip(*points, strict=True))
        size = edges.height, edges.width
        found = [table((y[channel == own], x[channel == own]), size, options) for own in range(channels)]
        if context.facts is not None:
            together = np.concatenate(found)
            several = f"{len(together)} line{'s' * (len(together) != 1)}"
            context.facts.append(Fact("table", ("lines", together), f"{several} through {len(y)} edge pixels"))
        return found

    def bind(context: ImageContext) -> BoundStage:
        def draw(strip: Array, start: int) -> Array:
            planes = [drawn(own, start, start + len(strip), strip.shape[1]) for own in context.survey_result]
            return np.stack(planes, axis=2)

        return BoundStage(draw, placed=True)

    return Stage(bind, colours=NO_COLOURS, survey=survey)
