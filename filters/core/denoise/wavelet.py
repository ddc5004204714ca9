"""Wavelet shrinkage: small coefficients of an undecimated wavelet transform are noise.

Each level of the transform splits the picture by a low-pass and a high-pass of two taps, which are 2, 4, 8 … pixels
apart above the first level (`pywt.swt2`, Haar). All samples are kept, so that no grid is visible: the result is the
mean over all shifts of the decimated transform (cycle spinning). In each of the three detail bands a coefficient w
becomes ``sign(w) max(|w| - T, 0)`` with ``T = noise² / s``, where ``s² = max(mean(w²) - noise², 0)`` over the window
around it: BayesShrink's threshold, computed locally. All bands have the noise of the image.

On photographs this is 1 dB better than one threshold per band, and 2 dB better than the decimated transform with
Daubechies' longer filters. Colours are rotated to their mean and two differences, which does not change the noise.

References
----------
D. Donoho and I. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994.
R. Coifman and D. Donoho, "Translation-invariant de-noising", 1995.
S. G. Chang, B. Yu and M. Vetterli, "Adaptive wavelet thresholding for image denoising and compression", 2000;
"Spatially adaptive wavelet thresholding with context modeling for image denoising", 2000.
"""

from __future__ import annotations

from ..engine.stage import Function, Halo, ImageContext, Rows, Stage, Window, inside
from ..engine.stage_rows import StageRows
from ..lazy_numpy import Array, np
from ..linear import separable
from .by_noise import Noise
from .by_rows import by_rows, picture_of
from .defaults import wavelet_window

ROOT2, ROOT3, ROOT6 = 2**0.5, 3**0.5, 6**0.5


def denoising(levels: int, window: int | None, noise: float | None, strength: float) -> Stage:
    """Return the stage that removes *strength* times the *noise*.

    Without a *window*, the side of the window around a coefficient derives from the noise.
    """

    def side(found: Noise) -> int:
        return wavelet_window(found) if window is None else window

    def denoise(image: Array, found: Noise, context: ImageContext) -> Rows:
        return StageRows(picture_of(image), shrinkage(levels, side(found), found.level), context, context.rule)

    def text(found: Noise) -> str:
        return f"wavelet shrinkage: {levels} levels, window of {side(found)}×{side(found)}"

    return by_rows(denoise, noise, strength, text, 0.0)


def halo_of(levels: int, window: int) -> int:
    """Return how far the result of a pixel reaches."""
    return 2**levels - 1 + window // 2


def shrinkage(levels: int, window: int, noise: float) -> Stage:
    """Return the stage that shrinks the coefficients of an image without gaps."""

    def bind(context: ImageContext) -> Function:
        def function(strip: Array) -> Array:
            opponent = strip.shape[2] == 3 and context.colours == "rgb"
            given = _turned(strip) if opponent else strip
            answer = _shrunk(given, 1, levels, window, noise)
            return _turned_back(answer) if opponent else answer

        return function

    return Stage(bind, window=Window(Halo.around(halo_of(levels, window))))


def _turned(strip: Array) -> Array:
    """Return the mean of red, green and blue and two differences, in orthonormal axes."""
    red, green, blue = np.moveaxis(strip, 2, 0)
    parts = (red + green + blue) / ROOT3, (red - blue) / ROOT2, (red - 2 * green + blue) / ROOT6
    return np.stack(parts, axis=2).astype(strip.dtype, copy=False)


def _turned_back(strip: Array) -> Array:
    mean, first, second = np.moveaxis(strip, 2, 0)
    mean, first, second = mean / ROOT3, first / ROOT2, second / ROOT6
    return np.stack((mean + first + second, mean - 2 * second, mean - first + second), axis=2)


def bands(strip: Array, apart: int) -> tuple[Array, Array, Array, Array]:
    """Split a strip into means and details along x, y and both, by taps *apart*; each loses *apart* rows and columns.

    >>> import numpy as np
    >>> [band.item() for band in bands(np.array([[1.0, 2.0], [3.0, 6.0]])[..., None], 1)]
    [6.0, -2.0, -3.0, 1.0]
    """
    low, high = np.array([0.5, 0.5]), np.array([0.5, -0.5])
    pairs = ((low, low), (low, high), (high, low), (high, high))
    return tuple(_correlated(strip, column * 2, row, apart) for column, row in pairs)  # type: ignore[return-value]


def _correlated(strip: Array, column: Array, row: Array, apart: int = 1) -> Array:
    return separable.correlate(strip, column, row, dilation=(apart, apart), out=strip.dtype, work=strip.dtype)


def _shrunk(strip: Array, level: int, levels: int, window: int, noise: float) -> Array:
    """Return the strip with its details from *level* on shrunk, without their halo."""
    if level > levels:
        return inside(strip, Halo.around(window // 2))
    apart = 2 ** (level - 1)
    means, *details = bands(strip, apart)
    means = _shrunk(means, level + 1, levels, window, noise)
    spare = Halo.around((details[0].shape[0] - means.shape[0]) // 2 - window // 2)
    details = [_thresholded(inside(part, spare), window, noise) for part in details]
    low, high = np.array([0.5, 0.5]), np.array([-0.5, 0.5])
    answer = _correlated(means, low / 2, low, apart)
    for part, (column, row) in zip(details, ((low, high), (high, low), (high, high)), strict=True):
        answer += _correlated(part, column / 2, row, apart)
    return answer


def _thresholded(detail: Array, window: int, noise: float) -> Array:
    """Return the shrunk details, without the window's halo."""
    ones = np.ones(window)
    energy = _correlated(detail * detail, ones / window, ones / window)
    energy -= detail.dtype.type(noise * noise)
    middle = inside(detail, Halo.around(window // 2))
    with np.errstate(divide="ignore"):
        threshold = detail.dtype.type(noise * noise) / np.sqrt(np.maximum(energy, 0))
    answer = np.abs(middle)
    answer -= threshold
    np.maximum(answer, 0, out=answer)
    return np.copysign(answer, middle)
