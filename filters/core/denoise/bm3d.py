"""BM3D: similar blocks are stacked, and noise is removed in the stack's transform, where the picture is sparse.

For each reference block of 8×8 on a grid the most similar blocks around it are stacked. A transform along x, y and
across the stack concentrates what the blocks share in a few large coefficients, while noise is equal in all. A first
step drops the small coefficients. Its estimate, in which similar blocks are easier to find, provides the weights of a
Wiener filter in a second step. Each block returns to its position, and a pixel is the weighted mean of all blocks that
contain it.

References
----------
K. Dabov, A. Foi, V. Katkovnik and K. Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative
filtering", IEEE Transactions on Image Processing 16, 2007; "Color image denoising via sparse 3D collaborative filtering
with grouping constraint in luminance-chrominance space", ICIP 2007.
A. Cohen, I. Daubechies and J.-C. Feauveau, "Biorthogonal bases of compactly supported wavelets", 1992: the wavelet 1.5.
"""

from __future__ import annotations

import threading

from .. import native
from ..engine.stage import ImageContext, Rows, Stage
from ..engine.threads import together
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .by_noise import Noise
from .by_rows import by_rows, picture_of

BLOCK, REACH = 8, 19
"""A block's side, and the radius of the search for similar ones, as in the paper."""
GUIDE_LEVELS = 511
"""Blocks are compared in whole numbers up to this, so that a sum of 64 squared differences is exact in float32."""
BAND = 16
"""Rows of reference blocks that a thread filters at a time."""
STRIDES = ((1 << 18, 1), (1 << 21, 2), (1 << 24, 3))
"""The distance between reference blocks for pictures of at most so many pixels."""
WIDE_STRIDE = 4
"""The distance for larger pictures."""
STRONG = 40.0
"""The noise, for white of 255, above which blocks are compared less strictly, as in the paper."""
MOST_LEVELS = 1e6
"""The noise, for white of 255, above which parameters no longer change."""
OPPONENT = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (1.0, -2.0, 1.0))
"""Luminance and two colour differences; rows of length 1 keep the noise equally strong in all."""


class Step(NamedTuple):
    """One of the two steps."""

    stride: int
    """The distance between reference blocks."""
    most: int
    """The number of blocks in a stack."""
    limit: float
    """The largest mean squared difference of the blocks of a stack, for white of 255."""
    strength: float
    """The threshold of the first step, or the noise's variance in the second, for white of 255."""
    forward: Array
    """The transform along an axis of a block."""
    window: Array
    """The weights with which a block returns to its position."""


def stride_of(height: int, width: int) -> int:
    """Return the distance between reference blocks, with which even a large picture takes only seconds.

    >>> [stride_of(481, 321), stride_of(1080, 1920), stride_of(3000, 4000)]
    [1, 2, 3]
    """
    return next((stride for most, stride in STRIDES if height * width <= most), WIDE_STRIDE)


def steps(levels: float, stride: int | None, size: tuple[int, int] = (BLOCK, BLOCK)) -> tuple[Step, ...]:
    """Return the steps for noise of a standard deviation, for white of 255: the first, and those of the second.

    The second is the mean of the results of its steps. Without a *stride* the *size* of the picture determines it.

    They differ from the paper's "normal profile" where that improves photographs with noise of 15, 25 and 50. For weak
    noise, four fifths of the noise in the second step gain 0.02 dB, and a narrower window in the first 0.01; for strong
    noise, a limit of 20000 and stacks of 32 gain 0.1. Compared with the paper's *stride* of 3, 2 gains 0.03 dB, and 1
    as much again; 4 loses 0.1. Strong noise does not profit from 1, but from a second step with two transforms: their
    mean gains 0.03 dB.
    """
    levels = min(levels, MOST_LEVELS)
    threshold = 2.75 * levels
    if stride is None:
        stride = max(stride_of(*size), 2 if levels > STRONG else 1)
    if levels > STRONG:
        first = Step(stride, 32, 20000.0, threshold, wavelet(), kaiser(2.5))
        second = Step(stride, 32, 800.0, 0.85 * levels**2, cosine(), kaiser(3.0))
        return first, second, second._replace(forward=wavelet())
    first = Step(stride, 16, 5000.0, threshold, wavelet(), kaiser(2.5))
    return first, Step(stride, 32, 400.0, 0.8 * levels**2, cosine(), kaiser(2.0))


def wavelet() -> Array:
    """Return the biorthogonal wavelet 1.5 of 8 samples over all 3 levels, periodic, with rows of length 1.

    >>> wavelet()[1].round(3).tolist()
    [0.219, 0.449, 0.449, 0.219, -0.219, -0.449, -0.449, -0.219]
    """
    low = np.array([3, -3, -22, 22, 128, 128, 22, -22, -3, 3]) / 128
    high = np.array([0, 0, 0, 0, 1, -1, 0, 0, 0, 0])
    answer, size = np.eye(BLOCK), BLOCK
    while size > 1:
        level = np.zeros((size, size))
        for k, tap in np.ndindex(size // 2, len(low)):
            column = (2 * k + tap - 4) % size
            level[k, column] += low[tap]
            level[size // 2 + k, column] += high[tap]
        answer[:size] = level @ answer[:size]
        size //= 2
    return _of_length_1(answer)


def cosine() -> Array:
    """Return the discrete cosine transform of 8 samples.

    >>> cosine()[1].round(3).tolist()
    [0.49, 0.416, 0.278, 0.098, -0.098, -0.278, -0.416, -0.49]
    """
    k, n = np.mgrid[:BLOCK, :BLOCK]
    return _of_length_1(np.cos(np.pi * k * (2 * n + 1) / (2 * BLOCK)))


def _of_length_1(rows: Array) -> Array:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def kaiser(beta: float) -> Array:
    """Return Kaiser's window over a block."""
    window = np.kaiser(BLOCK, beta)
    return window[:, None] * window


def bm3d(noise: float | None, strength: float = 1.0, stride: int | None = None) -> Stage:
    """Return the stage that removes *strength* times the *noise*, a standard deviation in the image's units.

    The noise is estimated from the whole image if it is None. Three channels of colour are filtered in an opponent
    space, where blocks are matched by their luminance; other channels are filtered separately. Without a *stride*, the
    distance between reference blocks, the size of the picture determines it.
    """

    def denoise(values: Array, found: Noise, context: ImageContext) -> Rows:
        return _denoised(values, found, context, stride)

    # In addition to the work type's samples: planes of float32, of three estimates, and the guide.
    return by_rows(denoise, noise, strength, _text, memory=28)


def _text(noise: Noise) -> str:
    return f"BM3D: blocks of {BLOCK}×{BLOCK}, matched in {2 * REACH + 1}×{2 * REACH + 1}"


def _denoised(values: Array, noise: Noise, context: ImageContext, stride: int | None) -> Rows:
    """Return the denoised rows."""
    least, scale = _bases(values, noise.full), 255 / noise.full
    planes = np.empty((values.shape[2], *values.shape[:2]), np.float32)
    for channel, base in enumerate(least):
        np.multiply(values[..., channel] - base, scale, out=planes[channel], casting="same_kind")
    if len(planes) == 3 and context.colours == "rgb":
        opponent = _of_length_1(np.array(OPPONENT)).astype(np.float32)
        planes = _mixed(opponent.T, filtered(_mixed(opponent, planes), noise.levels, context.jobs, stride))
    else:
        for number in range(len(planes)):
            one = planes[number : number + 1]
            one[...] = filtered(one, noise.levels, context.jobs, stride)
    answer = np.empty(values.shape, context.work)
    for channel, base in enumerate(least):
        np.divide(planes[channel], scale, out=answer[..., channel])
        answer[..., channel] += base
    return picture_of(answer)


def _bases(values: Array, full: float) -> Array:
    """Return black of each channel: 0, as in the paper, or the least value if that is far from 0."""
    least = values.min(axis=(0, 1))
    return np.where(np.abs(least) <= full, 0, least).astype(values.dtype)


def _mixed(matrix: Array, planes: Array) -> Array:
    """Return weighted sums of planes, added in order."""
    answer = np.empty_like(planes)
    for out, weights in zip(answer, matrix, strict=True):
        np.multiply(planes[0], weights[0], out=out)
        for plane, weight in zip(planes[1:], weights[1:], strict=True):
            out += plane * weight
    return answer


def filtered(planes: Array, levels: float, jobs: int = 1, stride: int | None = None) -> Array:
    """Return planes of float32 without noise of a given standard deviation.

    White is 255, and blocks are matched in the first plane. Planes smaller than a block are extended by reflection.
    """
    height, width = planes.shape[1:]
    missing = [(0, max(0, BLOCK - size)) for size in (height, width)]
    given = np.pad(planes, [(0, 0), *missing], mode="symmetric") if any(after for _, after in missing) else planes
    first, *others = steps(levels, stride, (height, width))
    basic = _step(first, given, None, levels, jobs)
    answer = _step(others[0], given, basic, levels, jobs)
    for count, other in enumerate(others[1:], 2):
        answer += (_step(other, given, basic, levels, jobs) - answer) * np.float32(1 / count)
    return answer[:, :height, :width]


def _step(step: Step, planes: Array, basic: Array | None, levels: float, jobs: int) -> Array:
    """Return the result of one step for the planes."""
    height, width = planes.shape[1:]
    guide, scale = whole_numbers((planes if basic is None else basic)[0], levels)
    limit = step.limit * (scale * BLOCK) * (scale * BLOCK)
    count = -(-(height - BLOCK) // step.stride) + 1
    bands = [(first, min(first + BAND, count)) for first in range(0, count, BAND)]
    answer = np.empty_like(planes)
    waiting: dict[int, Array] = {}
    pending = np.empty((2 * len(planes), 0, width), np.float32)
    numbers, lock = iter(range(len(bands))), threading.Lock()
    merged = 0

    def top_of(number: int) -> int:
        if number == len(bands):
            return height
        return max(0, min(bands[number][0] * step.stride, height - BLOCK) - REACH)

    def merge() -> None:
        """Add the bands' results for shared rows in the order of the bands; keep rows to which the next band adds."""
        nonlocal merged, pending
        while merged in waiting:
            sums = waiting.pop(merged)
            sums[:, : pending.shape[1]] += pending
            top, end = top_of(merged), top_of(merged + 1)
            done, pending = sums[:, : end - top], sums[:, end - top :]
            np.divide(done[: len(planes)], done[len(planes) :], out=answer[:, top:end])
            merged += 1

    def work() -> None:
        for number in numbers:
            first, end = bands[number]
            bottom = min(height, min((end - 1) * step.stride, height - BLOCK) + REACH + BLOCK)
            top = top_of(number)
            sums = np.empty((2 * len(planes), bottom - top, width), np.float32)
            _filter(step, planes, basic, guide, limit, sums, top, first, end)
            with lock:
                waiting[number] = sums
                merge()

    together([work] * max(1, min(jobs, len(bands))))
    return answer


def whole_numbers(plane: Array, levels: float) -> tuple[Array, float]:
    """Return the plane in whole numbers up to `GUIDE_LEVELS`, and the number of them per level.

    If they would be too coarse for the noise, the rarest samples are clipped.
    """
    low, high = float(plane.min()), float(plane.max())
    if high - low > GUIDE_LEVELS * levels:
        low, high = (float(bound) for bound in np.quantile(plane, (0.001, 0.999)))
    scale = GUIDE_LEVELS / (high - low) if high > low else 1.0
    guide = (plane - np.float32(low)) * np.float32(scale)
    np.clip(np.rint(guide, out=guide), 0, GUIDE_LEVELS, out=guide)
    return guide, scale


def _filter(
    step: Step,
    planes: Array,
    basic: Array | None,
    guide: Array,
    limit: float,
    sums: Array,
    top: int,
    first: int,
    end: int,
) -> None:
    """Filter the stacks of the rows *first* to *end* of reference blocks; sums and weights begin at row *top*."""
    if native.core is None:
        _reference(step, planes, basic, guide, limit, sums, top, first, end)
        return
    inverse = np.linalg.inv(step.forward)
    blocks = step.forward.ravel(), inverse.ravel(), step.window.ravel()
    numbers = top, first, end, step.stride, step.most, limit, step.strength
    native.core.bm3d(planes, basic, guide[None], sums, *numbers, *blocks)


def _reference(
    step: Step,
    planes: Array,
    basic: Array | None,
    guide: Array,
    limit: float,
    sums: Array,
    top: int,
    first: int,
    end: int,
) -> None:
    """Do the same as `_filter`, stack by stack, and bit-identically, as another match would be visible."""
    width = guide.shape[1]
    band = slice(top, top + sums.shape[1])
    patches = _blocks(guide[None, band])[0]
    patches = patches.reshape(*patches.shape[:2], -1)
    blocks = _blocks((planes if basic is None else np.concatenate([planes, basic]))[:, band])
    last, right = (size - BLOCK for size in guide.shape)
    forward, inverse = (matrix.astype(np.float32) for matrix in (step.forward, np.linalg.inv(step.forward)))
    window, strength = step.window.astype(np.float32), np.float32(step.strength)
    samples = np.arange(BLOCK)[:, None] * width + np.arange(BLOCK)
    sums[...] = 0
    flat = sums.reshape(len(sums), -1)
    for row in range(first, end):
        for column in range(-(-right // step.stride) + 1):
            y, x = min(row * step.stride, last) - top, min(column * step.stride, right)
            rows, columns = matches(patches, y, x, step.most, limit)
            stacks = _haar(_along(_along(blocks[:, rows, columns], forward), forward))
            if basic is None:
                kept = np.abs(stacks) > strength
                stacks, shares = stacks * kept, kept.astype(np.float32)
            else:
                power = stacks[len(planes) :] ** 2
                shares = power / (power + strength)
                stacks = stacks[: len(planes)] * shares
            weights = 1 / np.maximum(_sum(shares * shares), np.float32(1 if basic is None else 1e-6))
            stacks = _along(_along(_haar(stacks, inverse=True), inverse), inverse)
            windows = (window * weights[:, None, None])[:, None]
            places = (rows[:, None, None] * width + columns[:, None, None] + samples).ravel()
            for number, plane in enumerate((*(stacks * windows), *np.broadcast_to(windows, stacks.shape))):
                np.add.at(flat[number], places, plane.ravel())


def _blocks(planes: Array) -> Array:
    """Return the block at each position of the planes."""
    return np.lib.stride_tricks.sliding_window_view(planes, (BLOCK, BLOCK), axis=(1, 2))


def _along(stacks: Array, matrix: Array) -> Array:
    """Multiply a matrix by each block, term by term, and transpose the products."""
    products = matrix[:, :1] * stacks[..., :1, :]
    for k in range(1, BLOCK):
        products += matrix[:, k : k + 1] * stacks[..., k : k + 1, :]
    return products.swapaxes(-1, -2)


def _haar(stacks: Array, inverse: bool = False) -> Array:
    """Transform across the blocks of each stack, in place, by Haar's wavelet."""
    strides = [1 << level for level in range(stacks.shape[1].bit_length() - 1)]
    for stride in reversed(strides) if inverse else strides:
        one, other = stacks[:, :: 2 * stride], stacks[:, stride :: 2 * stride]
        one[...], other[...] = (one + other) * np.float32(0.5**0.5), (one - other) * np.float32(0.5**0.5)
    return stacks


def _sum(stacks: Array) -> Array:
    """Return the sum of each stack: first over its blocks in order, then over halves of a block."""
    sums = stacks.sum(axis=1).reshape(len(stacks), -1)
    while sums.shape[1] > 1:
        half = sums.shape[1] // 2
        sums = sums[:, :half] + sums[:, half:]
    return sums[:, 0]


def matches(patches: Array, y: int, x: int, most: int, limit: float) -> tuple[Array, Array]:
    """Return the rows and columns of the blocks most similar to the one at (y, x), which comes first.

    Their number is a power of two. Of equally similar blocks those in nearer rows come first, then those below.
    """
    top, left = max(0, y - REACH), max(0, x - REACH)
    differences = patches[top : y + REACH + 1, left : x + REACH + 1] - patches[y, x]
    distances = np.einsum("yxk,yxk->yx", differences, differences)
    distances[y - top, x - left] = -1
    rows = np.arange(top, top + len(distances))
    rows = rows[np.argsort(2 * np.abs(rows - y) - (rows > y))]
    distances = distances[rows - top].ravel()
    best = np.argsort(distances, kind="stable")[:most]
    best = best[distances[best] <= limit]
    best = best[: 1 << len(best).bit_length() - 1]
    across = len(differences[0])
    return rows[best // across], left + best % across
