"""Filter banks: the built-in ones with their sources, and those given as arrays or ``.npy`` files.

A bank is an array ``(maps, inputs, height, width)``, as PyTorch's ``Conv2d.weight``: each map of the result is the sum
of the responses of its kernels, one per input channel. ``(maps, height, width)`` has one input.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import npy_header
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import held
from . import kernel_files, kernels
from .kernel_files import npy
from .kernel_files.text import number, separated


class Bank(NamedTuple):
    """Weights ``(maps, inputs, height, width)`` in float64, the maps' names, and a description."""

    weights: Array
    names: tuple[str, ...]
    described: str


class BuiltIn(NamedTuple):
    """A built-in bank."""

    names: Callable[[], tuple[str, ...]]
    build: Callable[[], list[Array]]
    summary: str


def read(given: Any, max_taps: int = kernels.MAX_TAPS) -> Bank | None:
    """Read a bank: an array, a built-in name or a ``.npy`` file; None for a single kernel. Raises ValueError.

    >>> read("haar").weights.shape, read("sobel-x")
    ((4, 1, 2, 2), None)
    """
    if isinstance(given, (str, Path)):
        text = given if isinstance(given, str) else str(given)
        if (known := named(text)) is not None:
            return Bank(np.stack(known.build())[:, None], known.names(), f"{text} (built-in)")
        if _is_bank(_shape_in(text)):
            data = kernel_files.contents(text, max_taps, held(text))
            return _checked(npy.array(data, text, max_taps), text, max_taps)
        return None
    try:
        ndim = np.ndim(given)
    except ValueError:  # ragged rows, which the kernel's reader reports
        return None
    return _checked(given, "the bank", max_taps) if ndim > 2 and _is_bank(np.shape(given)) else None


def names(given: Any, max_taps: int = kernels.MAX_TAPS) -> tuple[str, ...]:
    """Return the names of a bank's maps; none for a kernel, for anything else, and for a bank that is too large.

    Reads only the header of a file, and without NumPy, so that planning need not import it.

    >>> names("haar"), names("mean3")
    (('LL', 'LH', 'HL', 'HH'), ())
    """
    if isinstance(given, (str, Path)):
        if (known := _named_or_none(str(given))) is not None:
            return known.names()
        shape = _shape_in(given if isinstance(given, str) else str(given))
    else:
        try:
            shape = np.shape(given)
        except ValueError:
            return ()
    return (
        tuple(f"map {number}" for number in range(shape[0])) if _is_bank(shape) and math.prod(shape) <= max_taps else ()
    )


def _is_bank(shape: tuple[int, ...]) -> bool:
    """Whether an array of *shape* is a bank; a single kernel with one input is not."""
    return len(shape) in (3, 4) and math.prod(shape[:-2]) != 1


def _shape_in(path: str) -> tuple[int, ...]:
    """Return the shape that a ``.npy`` file claims; empty for other files, and for pipes, which are read once."""
    try:
        if (data := held(path)) is not None:
            return npy_header.read(data[: npy_header.ENOUGH]).shape
        if not Path(path).is_file():
            return ()
        with open(path, "rb") as file:
            return npy_header.read(file.read(npy_header.ENOUGH)).shape
    except (OSError, ValueError):
        return ()


def _checked(array: Any, name: str, max_taps: int) -> Bank:
    array = np.asarray(array)
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name}: holds {array.dtype}; a bank must hold real numbers")
    if array.ndim == 3:
        array = array[:, None]
    if array.size == 0:
        raise ValueError(f"{name}: has the shape {array.shape}, which is empty")
    npy.check_many(name, array.shape, max_taps)
    weights = array.astype(np.float64)
    if not (np.abs(weights) <= kernels.MAX_VALUE).all():
        raise ValueError(f"{name}: a bank's values must be finite numbers of at most {kernels.MAX_VALUE:g}")
    return Bank(weights, tuple(f"map {number}" for number in range(len(weights))), f"{name} (bank)")


def numbers(path: str) -> Array:
    """Return the numbers in a file, a one-dimensional ``.npy`` or text; raises ValueError."""
    data = kernel_files.contents(path, kernels.MAX_TAPS, held(path))
    if npy.recognise(data):
        values = npy.array(data, path, kernels.MAX_TAPS)
        if values.ndim != 1:
            raise ValueError(f"{path}: has the shape {values.shape}; biases must have the shape (maps,)")
        return values.astype(np.float64)
    lines = [line.partition("#")[0] for line in data.decode("utf-8", "replace").splitlines()]
    values = [number(word, f"{path}, line {at}") for at, line in enumerate(lines, 1) for word in separated(line)]
    if not values:
        raise ValueError(f"{path}: holds no numbers")
    return np.array(values)


def normalized(weights: Array, how: str) -> Array:
    """Return each map's kernels divided by their sum, or the sum of their absolute values; raises ValueError.

    >>> normalized(np.array([[[[1.0, 3.0]]], [[[-2.0, 4.0]]]]), "sum").ravel().tolist()
    [0.25, 0.75, -1.0, 2.0]
    """
    sums = weights.sum(axis=(1, 2, 3))
    absolute = np.abs(weights).sum(axis=(1, 2, 3))
    nothing = np.flatnonzero(np.abs(sums) <= 1e-12 * absolute if how == "sum" else absolute == 0)
    if nothing.size:
        what = "values" if how == "sum" else "absolute values"
        raise ValueError(f"the {what} of kernel {nothing[0]} (the first is 0) sum to 0")
    return weights / (sums if how == "sum" else absolute)[:, None, None, None]


# ---- the built-in banks -----------------------------------------------------------------------------

GABOR = re.compile(r"gabor:(\d{1,2})x(\d)")
ORIENTATIONS, WAVELENGTHS = 8, 3
MAX_ORIENTATIONS, MAX_WAVELENGTHS = 36, 4
MIN_WAVELENGTH = 4.0
"""The shortest wavelength of the Gabor bank, in pixels; each further one is twice as long."""
ALONG, ACROSS = 0.5622, 0.4524
"""A Gabor kernel's standard deviations relative to its wavelength, along and across the wave: half-peak bandwidths of
one octave, ``3 √(2 ln 2) / 2π``, and 45°, ``√(2 ln 2) / (2π tan 22.5°)``."""
SCHMID = ((2, 1), (4, 1), (4, 2), (6, 1), (6, 2), (6, 3), (8, 1), (8, 2), (8, 3), (10, 1), (10, 2), (10, 3), (10, 4))
"""Sigma and tau of Schmid's kernels."""
TEXTURE_SIZE = 49


def named(name: str) -> BuiltIn | None:
    """Return the built-in bank of a name, or None; raises ValueError for a Gabor bank out of bounds."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    if not name.startswith("gabor:"):
        return None
    found = GABOR.fullmatch(name)
    orientations, wavelengths = map(int, found.groups()) if found else (0, 0)
    if not (1 <= orientations <= MAX_ORIENTATIONS and 1 <= wavelengths <= MAX_WAVELENGTHS):
        raise ValueError(
            f"{name!r}: is not a Gabor bank; gabor:8x3 has 8 orientations and 3 wavelengths "
            f"(up to {MAX_ORIENTATIONS} and {MAX_WAVELENGTHS})"
        )
    return _gabor_bank(orientations, wavelengths)


def _named_or_none(name: str) -> BuiltIn | None:
    try:
        return named(name)
    except ValueError:
        return None


def gabor(orientations: int = ORIENTATIONS, wavelengths: int = WAVELENGTHS) -> list[Array]:
    """Return the real parts of Gabor functions, wavelength by wavelength, each at all orientations.

    Each is a Gaussian times a cosine wave along the orientation: 0° is along x, 90° along y. A multiple of the Gaussian
    is subtracted to make the sum 0; the absolute values sum to 1. All are truncated at three standard deviations of the
    longest.

    References
    ----------
    J. Daugman, "Uncertainty relation for resolution in space, spatial frequency, and orientation optimized by
    two-dimensional visual cortical filters", 1985. A. Jain and F. Farrokhnia, "Unsupervised texture segmentation using
    Gabor filters", 1991: the real part, frequencies an octave apart, the bandwidths.
    """
    radius = math.ceil(3 * ALONG * MIN_WAVELENGTH * 2 ** (wavelengths - 1))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float64)
    found = []
    for octave in range(wavelengths):
        wavelength = MIN_WAVELENGTH * 2**octave
        for step in range(orientations):
            angle = math.pi * step / orientations
            along = x * math.cos(angle) + y * math.sin(angle)
            across = y * math.cos(angle) - x * math.sin(angle)
            envelope = np.exp(-((along / ALONG) ** 2 + (across / ACROSS) ** 2) / (2 * wavelength**2))
            wave = np.cos(2 * math.pi * along / wavelength)
            found.append(_unit(envelope * (wave - (envelope * wave).sum() / envelope.sum())))
    return found


def _gabor_bank(orientations: int, wavelengths: int) -> BuiltIn:
    def names() -> tuple[str, ...]:
        lengths = [MIN_WAVELENGTH * 2**octave for octave in range(wavelengths)]
        return tuple(
            f"gabor {180 * step / orientations:.4g}° {length:g} px"
            for length in lengths
            for step in range(orientations)
        )

    longest = MIN_WAVELENGTH * 2 ** (wavelengths - 1)
    summary = f"Gabor functions: {orientations} orientations, wavelengths {MIN_WAVELENGTH:g} to {longest:g} px"
    return BuiltIn(names, lambda: gabor(orientations, wavelengths), summary)


def haar() -> list[Array]:
    """Return the four orthonormal products of the Haar wavelet's low and high pass; x first: LH is low along x.

    References
    ----------
    A. Haar, "Zur Theorie der orthogonalen Funktionensysteme", 1910; S. Mallat, "A theory for multiresolution signal
    decomposition", 1989, for the products.

    >>> haar()[1].tolist()
    [[0.5, 0.5], [-0.5, -0.5]]
    """
    low, high = np.array([1.0, 1.0]), np.array([1.0, -1.0])
    return [np.outer(down, along) / 2 for along in (low, high) for down in (low, high)]


def dct8() -> list[Array]:
    """Return the 64 orthonormal basis functions of the 8×8 discrete cosine transform, the frequency along x first.

    References
    ----------
    N. Ahmed, T. Natarajan and K. Rao, "Discrete cosine transform", 1974 (the second kind); ITU-T T.81 (JPEG), A.3.3.
    """
    frequency, place = np.mgrid[:8, :8]
    basis = np.cos((2 * place + 1) * frequency * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    return [np.outer(basis[down], basis[along]) for down in range(8) for along in range(8)]


def schmid() -> list[Array]:
    """Return Schmid's 13 isotropic kernels, 49×49: ``F₀ + cos(π τ r / σ) exp(-r² / 2σ²)``.

    F₀ makes the sum 0; the absolute values sum to 1.

    References
    ----------
    C. Schmid, "Constructing models for content-based image retrieval", 2001, equation 1.
    """
    squared = _squared_radius()
    return [
        _unit(_centred(np.cos(math.pi * tau / sigma * np.sqrt(squared)) * np.exp(-squared / (2 * sigma**2))))
        for sigma, tau in SCHMID
    ]


def leung_malik() -> list[Array]:
    """Return the 48 kernels of Leung and Malik, 49×49: edges, bars, Gaussians, and Laplacians of Gaussians.

    First come the first and second derivatives of Gaussians three times as long as wide, at 3 scales and 6
    orientations; then, for each of 4 scales, the Gaussian and its Laplacians at that scale and three times it. All have
    the sum 0, and absolute values that sum to 1, as in M. Varma and A. Zisserman.

    References
    ----------
    T. Leung and J. Malik, "Representing and recognizing the visual appearance of materials using three-dimensional
    textons", 2001. M. Varma and A. Zisserman, "A statistical approach to texture classification from single images",
    2005, for the scales √2 to 4 and the normalization.
    """
    radius = TEXTURE_SIZE // 2
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float64)
    edges, bars, blobs = [], [], []
    for sigma in _scales(3):
        for step in range(6):
            angle = math.pi * step / 6
            along = x * math.cos(angle) + y * math.sin(angle)
            across = x * math.sin(angle) - y * math.cos(angle)
            gaussian = np.exp(-(along**2 / 9 + across**2) / (2 * sigma**2))
            edges.append(_unit(_centred(-across * gaussian)))
            bars.append(_unit(_centred((across**2 - sigma**2) * gaussian)))
    squared = _squared_radius()
    for sigma in _scales(4):
        blobs.append(_unit(_centred(np.exp(-squared / (2 * sigma**2)))))
        for wide in (sigma, 3 * sigma):
            blobs.append(_unit(_centred((squared - 2 * wide**2) * np.exp(-squared / (2 * wide**2)))))
    return [*edges, *bars, *blobs]


def _leung_malik_names() -> tuple[str, ...]:
    # The direction across an edge or bar, like a gradient's.
    oriented = [f"{(90 + 30 * step) % 180}° {sigma:.3g} px" for sigma in _scales(3) for step in range(6)]
    blobs = [(f"gaussian {s:.3g} px", f"LoG {s:.3g} px", f"LoG {3 * s:.3g} px") for s in _scales(4)]
    return (
        *(f"edge {which}" for which in oriented),
        *(f"bar {which}" for which in oriented),
        *(name for group in blobs for name in group),
    )


def _scales(count: int) -> list[float]:
    return [math.sqrt(2) ** (step + 1) for step in range(count)]


def _squared_radius() -> Array:
    radius = TEXTURE_SIZE // 2
    axis = np.arange(-radius, radius + 1, dtype=np.float64) ** 2
    return axis[:, None] + axis


def _centred(kernel: Array) -> Array:
    return kernel - kernel.mean()


def _unit(kernel: Array) -> Array:
    return kernel / np.abs(kernel).sum()


BUILT_IN: dict[str, BuiltIn] = {
    "gabor": _gabor_bank(ORIENTATIONS, WAVELENGTHS),
    "haar": BuiltIn(lambda: ("LL", "LH", "HL", "HH"), haar, "Haar wavelet, orthonormal with --stride 2"),
    "dct8": BuiltIn(
        lambda: tuple(f"dct {along},{down}" for down in range(8) for along in range(8)),
        dct8,
        "8×8 discrete cosine transform, orthonormal with --stride 8",
    ),
    "schmid": BuiltIn(lambda: tuple(f"schmid {sigma},{tau}" for sigma, tau in SCHMID), schmid, "isotropic textures"),
    "leung-malik": BuiltIn(_leung_malik_names, leung_malik, "textures: edges, bars and blobs at several scales"),
}
