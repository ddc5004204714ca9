"""Noise: random changes of the samples, for testing filters that remove them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Unpack

from .core import Array, Common, Param, Stage, image_filter, np
from .core.engine.seeded_random import Draw, Generator, drawing
from .core.engine.stage import ImageContext

Op = Literal["gaussian", "uniform", "salt-pepper", "poisson", "speckle"]
ALIASES = {"normal": "gaussian", "impulse": "salt-pepper", "salt-and-pepper": "salt-pepper", "shot": "poisson"}
"""Other names of ops."""
SIGMA = 0.05
"""As a fraction of white: the grain of a photograph at a high sensitivity."""
AMPLITUDE = 0.1
SPECKLE = 0.1
CERTAIN = 1e15
"""Photon count above which the noise does not show: its deviation, the count's root, is below a sample's last bit."""


@image_filter
def noise(
    *,
    op: Annotated[Op, Param("The distribution.", aliases=ALIASES)] = "gaussian",
    sigma: Annotated[
        float | None,
        Param(
            "Standard deviation, in the image's units; for speckle as a fraction of each sample.",
            span=(0, 64),
            min=0,
            max=1e9,
            only=("gaussian", "speckle"),
            shown_default="0.05 of white; speckle 0.1",
        ),
    ] = None,
    amplitude: Annotated[
        float | None,
        Param(
            "Greatest value added or subtracted, in the image's units.",
            span=(0, 64),
            min=0,
            max=1e9,
            only=("uniform",),
            shown_default="0.1 of white",
        ),
    ] = None,
    density: Annotated[
        float,
        Param("Fraction of pixels that become white or black.", percent=True, min=0, max=1, only=("salt-pepper",)),
    ] = 0.05,
    salt: Annotated[
        float, Param("Fraction of these pixels that become white.", percent=True, min=0, max=1, only=("salt-pepper",))
    ] = 0.5,
    per_channel: Annotated[
        bool, Param("Let each channel of a pixel become white or black on its own.", only=("salt-pepper",))
    ] = False,
    peak: Annotated[
        float, Param("Photon count of white.", span=(1, 1000), above=0, max=1e12, only=("poisson",))
    ] = 255.0,
    seed: Annotated[
        int, Param("Random seed; the same seed gives the same noise.", span=(0, 100), min=0, max=2**32 - 1)
    ] = 0,
    **common: Unpack[Common],
) -> Stage:
    """Add noise: Gaussian, uniform, impulses, photons, speckle.

    ``gaussian`` and ``uniform`` add a random number to each sample, and ``speckle`` multiplies it by 1 plus a Gaussian
    random number. ``poisson`` counts photons, ``Poisson(v / white · peak) / peak · white``, so dark areas are noisier;
    negative samples become 0. ``salt-pepper`` makes some pixels white and some black. Every sample has its own random
    number; only with ``salt-pepper`` do the channels of a pixel share one, unless *per_channel* is set. Results below 0
    or above white are clipped in 8 and 16 bits, but not with ``depth="float"``. ``sigma=0``, ``amplitude=0`` and
    ``density=0`` return the image unchanged.

    The same call gives the same result. The random numbers depend on *seed*, the image's name and the position in the
    image, and for ``poisson`` also on the samples just above; they do not depend on threads, workers or the order of
    files. On the command line the name is the path within the given folder (and the frame number), so each file of a
    folder gets different noise, as does each step of a chain. Other releases of NumPy may draw other numbers.

    Returns
    -------
    The image's shape and dtype (see *depth*). The alpha and NaN are unchanged.

    Raises
    ------
    ParameterError
        A value is out of range, or does not apply to the distribution.

    Notes
    -----
    Drawing takes most of the time: 7 ns per normal number, 32 per Poisson number, 1.5 per uniform one.

    References
    ----------
    R. Gonzalez and R. Woods, Digital Image Processing, 4th ed., 2018, section 5.2.
    G. Marsaglia and W. Tsang, "The ziggurat method for generating random variables", 2000.
    W. Hörmann, "The transformed rejection method for generating Poisson random variables", 1993.

    Shell
    -----
    $ imfilter noise photo.jpg -o grainy.png --sigma 20
    $ imfilter noise photo.jpg -o spotted.png --op salt-pepper --density 0.02
    $ imfilter noise photos/ -o dark/ --op poisson --peak 30 --seed 7

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((2, 3), 100, np.uint8)
    >>> noise(image, op="salt-pepper", density=1, salt=0)
    array([[0, 0, 0],
           [0, 0, 0]], dtype=uint8)
    >>> bool((noise(image, seed=1) == noise(image, seed=1)).all()), bool((noise(image) == noise(image, seed=1)).all())
    (True, False)
    """
    if op == "salt-pepper":
        return drawing(_impulses(density, salt, per_channel), seed, selects=True)
    if op == "poisson":
        return drawing(lambda context: _poisson(peak / context.full), seed)
    if op == "speckle":
        return drawing(lambda context: _speckle(SPECKLE if sigma is None else sigma), seed)
    if op == "uniform":
        return drawing(lambda context: _uniform(AMPLITUDE * context.full if amplitude is None else amplitude), seed)
    return drawing(lambda context: _gaussian(SIGMA * context.full if sigma is None else sigma), seed)


# Normal numbers come from the ziggurat in 32 bits. Logarithms, sines and cosines of uniform ones would take a third of
# the time (G. Box and M. Muller, 1958), but their last bits depend on the processor.


def _gaussian(sigma: float) -> Draw:
    def draw(rows: Array, generator: Generator, first: int) -> Array:
        change = generator.standard_normal(rows.shape, dtype=np.float32)
        change *= np.float32(sigma)
        return rows + change

    return draw


def _uniform(amplitude: float) -> Draw:
    def draw(rows: Array, generator: Generator, first: int) -> Array:
        change = generator.random(rows.shape, dtype=np.float32)
        change -= np.float32(0.5)
        change *= np.float32(2 * amplitude)
        return rows + change

    return draw


def _speckle(sigma: float) -> Draw:
    def draw(rows: Array, generator: Generator, first: int) -> Array:
        factor = generator.standard_normal(rows.shape, dtype=np.float32)
        factor *= np.float32(sigma)
        factor += np.float32(1)
        return rows * factor

    return draw


def _poisson(photons: float) -> Draw:
    """Draw photon counts; *photons* of them make a sample of 1."""

    def draw(rows: Array, generator: Generator, first: int) -> Array:
        mean = rows * np.float64(photons)
        known = ~(mean < CERTAIN)
        mean[known | (mean < 0)] = 0
        return np.where(known, rows, generator.poisson(mean) / photons)

    return draw


def _impulses(density: float, salt: float, per_channel: bool) -> Callable[[ImageContext], Draw]:
    """Make samples black or white; integers keep their type."""

    def draw_for(context: ImageContext) -> Draw:
        def draw(rows: Array, generator: Generator, first: int) -> Array:
            count, channels, columns = rows.shape
            lot = generator.random((count, channels if per_channel else 1, columns))
            changed = np.where(lot < density, rows.dtype.type(0), rows)
            changed = np.where(lot < density * salt, rows.dtype.type(context.full), changed)
            return changed if context.finite else np.where(np.isnan(rows), rows, changed)

        return draw

    return draw_for
