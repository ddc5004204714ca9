"""BM3D: similar blocks are stacked, and noise is taken out of the stack's transform, where the picture is sparse.

For each block of 8×8 on a grid the most similar blocks of its surroundings are stacked. In a transform along x, y and
across the stack what the blocks share is in few large coefficients, and noise is in all alike. A first step drops the
small coefficients; its estimate, in which similar blocks are told better, gives a second step the weights of a Wiener
filter. Each block goes back to its place, and a pixel is the weighted mean of all that hold it.

References
----------
K. Dabov, A. Foi, V. Katkovnik and K. Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative
filtering", IEEE Transactions on Image Processing 16, 2007; "Color image denoising via sparse 3D collaborative filtering
with grouping constraint in luminance-chrominance space", ICIP 2007.
A. Cohen, I. Daubechies and J.-C. Feauveau, "Biorthogonal bases of compactly supported wavelets", 1992: the wavelet 1.5.
"""

from __future__ import annotations

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple

BLOCK, REACH, STEP = 8, 19, 3
"""A block's side, how far around it similar ones are looked for, and how far it is to the next reference block."""
GUIDE_LEVELS = 511
"""Blocks are compared in whole numbers up to this: a sum of 64 squared differences is then exact in float32."""
BAND = 16
"""Rows of reference blocks that one thread filters at a time."""
KAISER = 2.0
"""The shape of the window with which blocks go back to their places."""


class Step(NamedTuple):
    """One of the two steps."""

    most: int
    """Blocks of a stack."""
    limit: float
    """The largest mean squared difference of two blocks of a stack, of levels up to 255."""
    forward: Array
    inverse: Array
    strength: float
    """The threshold of the first step, the noise's variance in the second."""


class Band(NamedTuple):
    """What the stacks of some rows of reference blocks give: sums and weights from a row of the picture on."""

    top: int
    sums: Array
    weights: Array


def wavelet() -> Array:
    """Return the biorthogonal wavelet 1.5 of 8 samples, over all its 3 levels, periodic, each row of length 1.

    >>> wavelet()[0].round(3).tolist()
    [0.354, 0.354, 0.354, 0.354, 0.354, 0.354, 0.354, 0.354]
    """
    low = np.array([3, -3, -22, 22, 128, 128, 22, -22, -3, 3]) / (128 * np.sqrt(2))
    high = np.array([0, 0, 0, 0, -1, 1, 0, 0, 0, 0]) / np.sqrt(2)
    answer, size = np.eye(BLOCK), BLOCK
    while size > 1:
        level = np.zeros((size, size))
        for k in range(size // 2):
            for tap in range(10):
                column = (2 * k + tap - 4) % size
                level[k, column] += low[tap]
                level[size // 2 + k, column] += high[tap]
        answer[:size] = level @ answer[:size]
        size //= 2
    return answer / np.linalg.norm(answer, axis=1, keepdims=True)


def cosine() -> Array:
    """Return the discrete cosine transform of 8 samples.

    >>> (cosine() @ cosine().T).round(12).tolist() == np.eye(8).tolist()
    True
    """
    k, n = np.mgrid[:BLOCK, :BLOCK]
    rows = np.cos(np.pi * k * (2 * n + 1) / (2 * BLOCK))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
