"""Boundaries of objects: opponent colours' derivatives along lines, kept where they are sparse.

For each of eight orientations the derivative of the smoothed image is summed along a line, in four opponent colours:
red against green, green against red, blue against yellow and yellow against blue. One side weighs 0.7 of the other, so
all four see brightness too. The strongest orientation of each is divided by what is usual in the picture, and
multiplied by how sparse such responses are around: a boundary stands alone, the edges of a texture stand in a crowd.
The strongest of the four is the boundary, and the mean of two scales.

That is the model of K.-F. Yang et al., with its constants; nothing in it is learnt. Four things are done otherwise.
Their filter, a derivative of a Gaussian twice as long as wide, is a round one's summed along a line. Their sparseness
is that of blocks, enlarged; here each pixel has its own. And what responses are divided by is the root mean square of
the gradients instead of the greatest response, which a single pixel decides. And there are two scales, as X. Ren has
them.

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
"""The standard deviation of the receptive fields of cones; all else is as many times larger as this is."""
SCALES = 1.0, 2.0
"""How many times sigma; boundaries that are seen at several scales are the likelier ones."""
ORIENTATIONS = 8
OTHER = 0.7
"""What the opponent colour weighs, taken off."""
ACROSS = 2.0
"""The derivatives' standard deviation across the boundary, over that of the cones."""
ALONG = 2.0
"""Their standard deviation along it, over that across."""
STEP = 3 / SIGMA
"""How far the samples of a line lie apart, in sigmas."""
SAMPLES = 3
"""How many samples of a line lie on each side of its middle."""
PLACES, BLOCK = 5, 5 / SIGMA
"""Sparseness is that of the means of so many times so many blocks, which are so many sigmas wide."""
FAINTEST = 1e-3
"""The least root mean square that responses are divided by, in parts of white, of differences two pixels apart at the
usual sigma: what is fainter is no boundary, whatever the picture holds beside."""
HALF = 0.36
"""The strength that is half of white: about there one threshold for all pictures is best."""
LEVEL = 1e-3
"""What rounding may decide: of the root mean square, how much darker it grows along a line's direction; and radians."""
SURVEYED_ROWS = 64
"""Rows whose gradients are looked at together."""
NOTHING = 1e-12


class Scale(NamedTuple):
    """What follows from sigma, in pixels."""

    smoothing: float
    """The standard deviation of the round Gaussian."""
    line: tuple[float, ...]
    """The weights of a line's middle, and of the samples on both sides of it."""
    step: float
    block: int

    @property
    def around(self) -> int:
        """How far sparseness sees."""
        return self.block // 2 + self.block * (PLACES // 2)

    @property
    def reach(self) -> int:
        """How far all sees, in the gradient."""
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
    """Return the four opponent colours of red, green and blue; of a gray what a gray has in each of them."""
    if len(planes) == 1:
        return [planes[0] * np.float32(1 - OTHER)]
    red, green, blue = planes
    yellow = (red + green) * np.float32(0.5)
    other = np.float32(OTHER)
    return [red - other * green, green - other * red, blue - other * yellow, yellow - other * blue]


def boundaries(coloured: bool, sigma: float) -> Stage:
    """Return the stage from an image to the `Gradient` across its boundaries, whose magnitude is from 0 to white.

    The magnitude is ``s / (s + HALF)`` of white, s the mean of the strengths at `SCALES` times *sigma*. It points to
    the lighter side. Missing samples are left out, and have none. *coloured* joins red, green and blue as
    opponents; other channels, or else, are looked at each by itself.
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
    turn[turn < np.float32(LEVEL - np.pi / 2)] += np.float32(np.pi)  # the same axis, which rounding may choose
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
            # A line goes on past the edge of the picture, and what is sparse does not grow sparser there.
            window=Window(Halo.around(scale.reach), border="reflect"),
            colours=Colours(gain=None, joint=True) if coloured else NO_COLOURS,
            survey=survey,
        ),
    )


def _groups(coloured: bool, count: int) -> list[range]:
    """Return the channels that are looked at together."""
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
    """Return of each opponent colour the response, and the cosine and sine of twice its orientation.

    The last part is the response with what sparseness sees around it.
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

    L1 and L2 are the norms of the means of n × n blocks; c is the middle block over the mean of all, at most 1.
    Where all are about the same, only float64 holds the difference.
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
