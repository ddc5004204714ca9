"""Boundaries of objects: opponent colours' derivatives along lines, kept where they are sparse.

For each of eight orientations the derivative of the smoothed image is summed along a line, in four opponent colours:
red against green, green against red, blue against yellow and yellow against blue. One side has 0.7 of the weight of the
other, so all four also respond to brightness. The strongest orientation of each is divided by the typical response in
the picture, and multiplied by the sparseness of responses around it: a boundary stands alone, while the edges of a
texture are crowded. The result is the strongest of the four, averaged over two scales.

This is the model of K.-F. Yang et al. with its constants; nothing in it is learnt. It differs in four ways. The filter,
a derivative of a Gaussian twice as long as wide, is a derivative of a round Gaussian summed along a line. Sparseness is
computed for each pixel, instead of enlarged from blocks. Responses are divided by the root mean square of the
gradients, instead of the greatest response, which depends on a single pixel. There are two scales, as in X. Ren.

References
----------
K.-F. Yang, S.-B. Gao, C.-F. Guo, C.-Y. Li and Y.-J. Li, "Boundary detection using double-opponency and spatial
sparseness constraint", IEEE Transactions on Image Processing, 2015. K. Yang, S. Gao, C. Li and Y. Li, "Efficient color
boundary detection with color-opponent mechanisms", CVPR, 2013. X. Ren, "Multi-scale improves boundary detection in
natural images", ECCV, 2008.
"""

from __future__ import annotations

from ..engine.stage import NO_COLOURS, Colours, Function, Halo, ImageContext, Rows, Stage, Window
from ..lazy_numpy import Array, np
from ..linear import separable, symmetric
from ..named_tuple import NamedTuple
from . import gradient
from .gradient import Gradient

SIGMA = 1.1
"""The default standard deviation of the cones' receptive fields; all other lengths scale with it."""
SCALES = 1.0, 2.0
"""The scales, as multiples of sigma; boundaries found at several scales are more likely."""
ORIENTATIONS = 8
OTHER = 0.7
"""The weight of the opponent colour, which is subtracted."""
ACROSS = 2.0
"""The derivatives' standard deviation across the boundary, relative to that of the cones."""
ALONG = 2.0
"""Their standard deviation along the boundary, relative to that across."""
STEP = 3 / SIGMA
"""The distance between the samples of a line, in sigmas."""
SAMPLES = 3
"""The number of samples of a line on each side of its middle."""
PLACES, BLOCK = 5, 5 / SIGMA
"""Sparseness uses the means of PLACES × PLACES blocks; BLOCK is their width in sigmas."""
FAINTEST = 1e-3
"""The least root mean square to divide responses by, as a fraction of white, for differences two pixels apart at the
default sigma: fainter responses are not boundaries, whatever else the picture contains."""
HALF = 0.36
"""The strength that maps to half of white, near the best common threshold for all pictures."""
LEVEL = 1e-3
"""The tolerance for rounding: a change of brightness along a line, relative to the root mean square; or radians."""
SURVEYED_ROWS = 64
"""Rows of gradients to process together."""
NOTHING = 1e-12


class Scale(NamedTuple):
    """The lengths derived from sigma, in pixels."""

    smoothing: float
    """The standard deviation of the round Gaussian."""
    line: tuple[float, ...]
    """The weights of a line's middle, and of the samples on both sides of it."""
    step: float
    block: int

    @property
    def around(self) -> int:
        """The reach of sparseness."""
        return self.block // 2 + self.block * (PLACES // 2)

    @property
    def reach(self) -> int:
        """The total reach, in the gradient."""
        return self.around + int(np.ceil(self.step * SAMPLES))


def scale_of(sigma: float) -> Scale:
    """Return the scale of boundaries.

    >>> scale = scale_of(1.1)
    >>> round(scale.smoothing, 2), round(scale.step, 2), scale.block
    (2.46, 3.0, 5)
    """
    across = ACROSS * sigma
    longer = across * (ALONG**2 - 1) ** 0.5
    step = STEP * sigma
    weights = [float(np.exp(-0.5 * (step * k / longer) ** 2)) for k in range(SAMPLES + 1)]
    total = weights[0] + 2 * sum(weights[1:])
    block = 2 * round((BLOCK * sigma - 1) / 2) + 1
    return Scale(float(np.hypot(sigma, across)), tuple(weight / total for weight in weights), step, max(block, 1))


def opponents(planes: list[Array]) -> list[Array]:
    """Return the four opponent colours of red, green and blue, or of a gray, which is the same in each."""
    if len(planes) == 1:
        return [planes[0] * np.float32(1 - OTHER)]
    red, green, blue = planes
    yellow = (red + green) * np.float32(0.5)
    other = np.float32(OTHER)
    return [red - other * green, green - other * red, blue - other * yellow, yellow - other * blue]


def boundaries(coloured: bool, sigma: float) -> Stage:
    """Return the stage from an image to the `Gradient` across its boundaries, whose magnitude is from 0 to white.

    The magnitude is ``s / (s + HALF)`` of white, where s is the mean of the strengths at `SCALES` times *sigma*. The
    gradient points to the lighter side. Missing samples are left out, and have no gradient. *coloured* combines red,
    green and blue as opponents; otherwise each channel is processed separately.
    """

    def bind(context: ImageContext) -> Function:
        def found(image: Array, *strengths: Gradient) -> Gradient:
            answer = _joined(strengths, context)
            if not context.finite:
                missing = np.isnan(image)
                if answer.gx.shape[2] == 1:
                    missing = missing.any(axis=2, keepdims=True)
                for part in answer:
                    part[missing] = np.nan
            return answer

        return found

    colours = Colours(gain=None, joint=True) if coloured else NO_COLOURS
    branches = ((), *(_at_scale(coloured, sigma * scale) for scale in SCALES))
    return Stage(bind, branches=branches, colours=colours, amplification=1 / FAINTEST)


def _joined(strengths: tuple[Gradient, ...], context: ImageContext) -> Gradient:
    """Return the mean of the strengths of several scales along the mean of their axes, weighted by them."""
    total, cosine, sine = (np.zeros(strengths[0].gx.shape, np.float32) for _ in range(3))
    for gx, gy in strengths:
        strength = np.sqrt(gx * gx + gy * gy)
        total += strength
        there = np.maximum(strength, np.float32(NOTHING))
        cosine += (gx * gx - gy * gy) / there
        sine += 2 * gx * gy / there
    total /= len(strengths)
    answer = total / (total + np.float32(HALF))
    answer *= np.float32(context.full)
    x, y = _axis(cosine, sine)
    light = sum(part.gx for part in strengths) * x + sum(part.gy for part in strengths) * y
    np.negative(answer, out=answer, where=light < -LEVEL * total)
    return Gradient((answer * x).astype(context.work), (answer * y).astype(context.work))


def _axis(cosine: Array, sine: Array) -> tuple[Array, Array]:
    """Return the axis, in the right half of the plane, that has this cosine and sine of twice its angle."""
    turn = np.arctan2(sine, cosine) * np.float32(0.5)
    turn[turn < np.float32(LEVEL - np.pi / 2)] += np.float32(
        np.pi
    )  # the same axis, between which rounding would decide
    return np.cos(turn), np.sin(turn)


def _at_scale(coloured: bool, sigma: float) -> tuple[Stage, ...]:
    """Return the stages from an image to the strength of boundaries, as a `Gradient` to the lighter side."""
    scale = scale_of(sigma)

    def bind(context: ImageContext) -> Function:
        def found(parts: Gradient) -> Gradient:
            groups = _groups(coloured, parts.gx.shape[2])
            answers = [
                _boundary(parts, list(channels), usual, scale, context.finite)
                for channels, usual in zip(groups, context.survey_result, strict=True)
            ]
            return Gradient(*(np.stack(both, axis=2) for both in zip(*answers, strict=True)))

        return found

    def survey(context: ImageContext, parts: Rows) -> list[list[float]]:
        return _usual(context, parts, coloured, FAINTEST * SIGMA / sigma)

    return (
        symmetric.smoothing((scale.smoothing, scale.smoothing))._replace(ignoring=True),
        gradient.derivatives(gradient.weights_of("central"))._replace(ignoring=True),
        Stage(
            bind,
            # Lines continue beyond the picture's edge, and sparseness does not increase there.
            window=Window(Halo.around(scale.reach), border="reflect"),
            colours=Colours(gain=None, joint=True) if coloured else NO_COLOURS,
            survey=survey,
        ),
    )


def _groups(coloured: bool, count: int) -> list[range]:
    """Return the groups of channels that are processed together."""
    return [range(3)] if coloured and count == 3 else [range(channel, channel + 1) for channel in range(count)]


def _usual(context: ImageContext, parts: Rows, coloured: bool, least: float) -> list[list[float]]:
    """Return the root mean square of the gradients of each opponent colour, of each group of channels."""
    squares: list[list[float]] = []
    count = 0
    for start in range(0, parts.height, SURVEYED_ROWS):
        strip: Gradient = parts.rows(start, min(start + SURVEYED_ROWS, parts.height))
        gx, gy = (np.nan_to_num(part, nan=0.0, posinf=0.0, neginf=0.0) for part in strip)
        count += gx.shape[0] * gx.shape[1]
        groups = _groups(coloured, gx.shape[2])
        squares = squares or [[0.0] * (4 if len(group) == 3 else 1) for group in groups]
        for group, sums in zip(groups, squares, strict=True):
            for part in (gx, gy):
                for number, plane in enumerate(opponents([part[..., channel] for channel in group])):
                    sums[number] += float(np.square(plane, dtype=np.float64).sum())
    return [[max((total / max(count, 1)) ** 0.5, least * context.full) for total in sums] for sums in squares]


def _boundary(
    parts: Gradient, channels: list[int], usual: list[float], scale: Scale, finite: bool
) -> tuple[Array, Array]:
    around = scale.reach
    inner = slice(around, -around)
    planes = [np.asarray(part[..., channel], np.float32) for part in parts for channel in channels]
    missing: Array | None = None
    if not finite:
        missing = np.logical_or.reduce([~np.isfinite(plane[inner, inner]) for plane in planes])
        planes = [np.nan_to_num(plane, nan=0.0, posinf=0.0, neginf=0.0) for plane in planes]
    across, down = planes[: len(channels)], planes[len(channels) :]
    best: Array | None = None
    double: list[Array] = []
    for total, cosine, sine, own in _responses(across, down, usual, scale):
        strength = total * _sparseness(own, scale)
        if best is None:
            best, double = strength, [cosine, sine]
            continue
        stronger = strength > best
        for kept, other in zip((best, *double), (strength, cosine, sine), strict=True):
            np.copyto(kept, other, where=stronger)
    assert best is not None
    x, y = _axis(*double)
    light = sum(plane[inner, inner] for plane in across) * x + sum(plane[inner, inner] for plane in down) * y
    np.negative(best, out=best, where=light < np.float32(-LEVEL * max(usual)))
    if missing is not None:
        best[missing] = np.nan
    return best * x, best * y


def _responses(
    across: list[Array], down: list[Array], usual: list[float], scale: Scale
) -> list[tuple[Array, Array, Array, Array]]:
    """Return the response of each opponent colour, and the cosine and sine of twice its orientation.

    The last part is the response with the halo that sparseness needs.
    """
    line = scale.reach - scale.around
    rows, columns = (side - 2 * line for side in across[0].shape)
    inner = slice(scale.around, -scale.around)
    size = rows - 2 * scale.around, columns - 2 * scale.around
    found = [
        (np.zeros((rows, columns), np.float32), np.zeros(size, np.float32), np.zeros(size, np.float32)) for _ in usual
    ]
    for step in range(ORIENTATIONS):
        turn = np.pi * step / ORIENTATIONS
        x, y = float(np.cos(turn)), float(np.sin(turn))
        sums = []
        for gx, gy in zip(across, down, strict=True):
            slope = gx * np.float32(x) + gy * np.float32(y)

            def at(right: int, below: int, slope: Array = slope) -> Array:
                return slope[line + below :, line + right :][:rows, :columns]

            total = at(0, 0) * np.float32(scale.line[0])
            for sample in range(1, SAMPLES + 1):
                right, below = round(-sample * scale.step * y), round(sample * scale.step * x)
                total += (at(right, below) + at(-right, -below)) * np.float32(scale.line[sample])
            sums.append(total)
        for response, (best, cosine, sine), root in zip(opponents(sums), found, usual, strict=True):
            np.abs(response, out=response)
            response *= np.float32(1 / root)
            np.maximum(best, response, out=best)
            square = response[inner, inner] * response[inner, inner]
            cosine += square * np.float32(np.cos(2 * turn))
            sine += square * np.float32(np.sin(2 * turn))
    return [(best[inner, inner], cosine, sine, best) for best, cosine, sine in found]


def _sparseness(response: Array, scale: Scale) -> Array:
    """Return how sparse a response is around each pixel, from 0 to 1: ``c · (n - L1 / L2) / (n - 1)``.

    L1 and L2 are the norms of the means of n × n blocks; c is the middle block divided by the mean of all, at most 1.
    If all are nearly equal, only float64 holds the difference.
    """
    block = np.full(scale.block, 1 / scale.block)
    means = separable.correlate(response[..., None], block, block, out=np.float64)
    places, apart = np.full(PLACES, 1 / PLACES), (scale.block, scale.block)
    mean = separable.correlate(means, places, places, dilation=apart, out=np.float64)[..., 0]
    square = separable.correlate(means * means, places, places, dilation=apart, out=np.float64)[..., 0]
    spare = scale.block * (PLACES // 2)
    middle = means[spare:-spare, spare:-spare, 0]
    crowded = PLACES * mean / np.sqrt(np.maximum(square, NOTHING))
    share = np.minimum(middle / np.maximum(mean, NOTHING), 1)
    return np.maximum(share * (PLACES - crowded) / (PLACES - 1), 0).astype(np.float32)
