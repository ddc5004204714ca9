"""Measure the error of every filter against float64: `python benchmarks/accuracy.py` rewrites its part of RESULTS.md.

Both cores are measured: the compiled one with each instruction set of the machine, whose greatest errors count, and
NumPy and SciPy, as with `IMFILTER_NATIVE=0`.

The reference is `scipy.ndimage` (or plain NumPy) in float64, rounded half up and saturated once. Each row is run on a
photograph in 8 and 16 bits and as float; 16 bits and float hold values between the 8-bit ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import common
import numpy as np
from common import Array
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core import native
from imfilter.filters.edges import edges
from imfilter.filters.frequency import frequency
from imfilter.filters.morph import morph
from imfilter.filters.sharpen import sharpen
from PIL import Image
from scipy import ndimage

HERE = Path(__file__).parent
FULL = {"uint8": 255, "uint16": 65535, "float32": 1.0}
COMPILED, OBVIOUS = "compiled", "NumPy and SciPy"

SOBEL_X = np.outer([1, 2, 1], [-1, 0, 1])
KERNEL_15 = np.random.default_rng(15).normal(size=(15, 15)) / 30


def luma(image: Array) -> Array:
    """Return the luma of an RGB image in float64."""
    return image @ np.array([299, 587, 114]) / 1000


def each(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Apply *function* to each channel."""
    return lambda image: np.stack([function(image[..., c]) for c in range(3)], axis=2)


def gaussian(sigma: float) -> Callable[[Array], Array]:
    """Return SciPy's Gaussian of each channel."""
    return each(lambda plane: ndimage.gaussian_filter(plane, sigma))


def correlated(kernel: Array, image: Array) -> Array:
    """Return SciPy's correlation of the luma, as one channel."""
    return ndimage.correlate(luma(image), kernel)[..., None]


def unsharp(image: Array) -> Array:
    """Return the unsharp mask of sigma 2 and amount 1."""
    return 2 * image - gaussian(2)(image)


def sobel(image: Array) -> Array:
    """Return the Sobel magnitude of the luma."""
    return np.hypot(correlated(SOBEL_X, image), correlated(SOBEL_X.T, image))


def sobel_angle(image: Array) -> Array:
    """Return the Sobel angle of the luma, in degrees."""
    return np.degrees(np.arctan2(correlated(SOBEL_X.T, image), correlated(SOBEL_X, image)))


def bilateral(image: Array) -> Array:
    """Return the bilateral filter of sigma 2 in a disk of radius 4, of a range sigma of a tenth of white."""
    white = next(full for full in sorted(FULL.values()) if image.max() <= full)
    around = np.pad(image, ((4, 4), (4, 4), (0, 0)), "symmetric")
    total, sums = np.zeros(image.shape), np.zeros((*image.shape[:2], 1))
    for dy, dx in np.argwhere(np.ones((9, 9))) - 4:
        if dx * dx + dy * dy <= 16:
            other = around[4 + dy : 4 + dy + image.shape[0], 4 + dx : 4 + dx + image.shape[1]]
            distance = ((other - image) ** 2).sum(axis=2, keepdims=True)
            weight = np.exp(-(dx * dx + dy * dy) / 8 - distance / (2 * (0.1 * white) ** 2))
            total, sums = total + weight * other, sums + weight
    return total / sums


def guided(plane: Array) -> Array:
    """Return the guided filter of radius 2 and epsilon 0.01 of one channel that guides itself."""
    white = next(full for full in sorted(FULL.values()) if plane.max() <= full)
    values = plane / white
    mean, square = (ndimage.uniform_filter(part, 5, mode="reflect") for part in (values, values**2))
    a = (square - mean**2) / (square - mean**2 + 0.01)
    b = mean - a * mean
    # Beyond the edge, windows see the picture's reflection.
    slope, offset = (ndimage.uniform_filter(part, 5, mode="reflect") for part in (a, b))
    return (slope * values + offset) * white


def lowpass(plane: Array) -> Array:
    """Return the Gaussian low-pass of cutoff 0.1 of a plane and its reflections."""
    whole = np.pad(plane, ((0, plane.shape[0]), (0, plane.shape[1])), "symmetric")
    v, u = (np.fft.fftfreq(size) for size in whole.shape)
    response = np.exp(-(v[:, None] ** 2 + u**2) / (2 * 0.1**2))
    return np.fft.ifft2(np.fft.fft2(whole) * response).real[: plane.shape[0], : plane.shape[1]]


ROWS: list[tuple[str, Callable[..., Any], Callable[[Array], Array]]] = [
    ("blur --sigma 1", lambda a, **k: blur(a, sigma=1, **k), gaussian(1)),
    ("blur --sigma 2", lambda a, **k: blur(a, sigma=2, **k), gaussian(2)),
    ("blur --sigma 10", lambda a, **k: blur(a, sigma=10, **k), gaussian(10)),
    (
        "blur --op mean --size 5",
        lambda a, **k: blur(a, op="mean", size=5, **k),
        each(lambda p: ndimage.correlate(p, np.ones((5, 5))) / 25),
    ),
    (
        "blur --op mean --size 6",
        lambda a, **k: blur(a, op="mean", size=6, **k),
        each(lambda p: ndimage.correlate(p, np.ones((6, 6))) / 36),
    ),
    (
        "sharpen",
        lambda a, **k: sharpen(a, **k),
        each(lambda p: ndimage.correlate(p, [[0, -1, 0], [-1, 5, -1], [0, -1, 0]])),
    ),
    ("sharpen --op unsharp --sigma 2", lambda a, **k: sharpen(a, op="unsharp", sigma=2, **k), unsharp),
    (
        "conv, 15×15 dense",
        lambda a, **k: conv(a, kernel=KERNEL_15, **k),
        each(lambda p: ndimage.correlate(p, KERNEL_15)),
    ),
    ("edges", lambda a, **k: edges(a, **k).image, sobel),
    (
        "edges --op laplacian",
        lambda a, **k: edges(a, op="laplacian", **k).image,
        lambda a: correlated(np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]), a),
    ),
    (
        "blur --op median --size 7",
        lambda a, **k: blur(a, op="median", size=7, **k),
        each(lambda p: ndimage.median_filter(p, 7)),
    ),
    (
        "blur --op median --size 31",
        lambda a, **k: blur(a, op="median", size=31, **k),
        each(lambda p: ndimage.median_filter(p, 31)),
    ),
    ("morph --size 9", lambda a, **k: morph(a, size=9, **k), each(lambda p: ndimage.minimum_filter(p, 9))),
    ("blur --op bilateral", lambda a, **k: blur(a, op="bilateral", **k), bilateral),
    (
        "blur --op guided --guide channel",
        lambda a, **k: blur(a, op="guided", guide="channel", **k),
        each(guided),
    ),
    ("frequency", lambda a, **k: frequency(a, **k).image, each(lowpass)),
]


def images() -> dict[str, Array]:
    """Return the photograph in every depth."""
    byte = np.asarray(Image.open(HERE.parent / "sample_images" / "coffee.jpg"))
    between = byte + np.random.default_rng(0).random(byte.shape)
    return {
        "uint8": byte,
        "uint16": np.floor(between * (65535 / 256)).astype(np.uint16),
        "float32": (between / 256).astype(np.float32),
    }


def cores() -> Iterator[str]:
    """Switch to each core in turn, and yield its name: each instruction set of the compiled one, NumPy and SciPy."""
    compiled = native.core
    if compiled is not None:
        usual = compiled.chosen()
        for name in compiled.available():
            compiled.choose(name)
            yield COMPILED
        compiled.choose(usual)
    native.core = None
    yield OBVIOUS
    native.core = compiled


def errors(results: list[Array], exact: Array, kind: str, signed: bool) -> list[float]:
    """Return the greatest error and, for integers, the share of samples that differ and the error before rounding.

    Files hold half of *signed* values, about the middle.
    """
    if kind == "float32":
        return [float(np.abs(results[0] - exact).max())]
    shown = exact / 2 + (FULL[kind] + 1) / 2 if signed else exact
    # Luma is a sum of thousandths; in float64, a half sometimes comes out as less.
    off = np.abs(results[1] - np.clip(np.floor(shown.round(9) + 0.5), 0, FULL[kind]))
    return [float(off.max()), float(np.mean(off > 0)), float(np.abs(results[0] - exact).max())]


def measured(name: str, filter: Callable[..., Any], image: Array, exact: Array) -> tuple[dict[str, str], bool]:
    """Return the cell of each core, and whether the instruction sets above the baseline give the same bytes."""
    kind = image.dtype.name
    found: dict[str, list[list[float]]] = {COMPILED: [], OBVIOUS: []}
    first, same = None, True
    for core in cores():
        results = [np.reshape(filter(image, depth="float"), exact.shape) * FULL[kind]]
        if kind != "float32":
            results.append(np.reshape(filter(image), exact.shape).astype(np.float64))
        found[core].append(errors(results, exact, kind, name.endswith("laplacian")))
        # The baseline has no fused multiply-add.
        if core == COMPILED and native.core.chosen() != "baseline":
            first = results if first is None else first
            same = same and all(np.array_equal(a, b) for a, b in zip(first, results, strict=True))
    return {core: cell([max(parts) for parts in zip(*rows, strict=True)]) for core, rows in found.items()}, same


def cell(worst: list[float]) -> str:
    """Return errors in words."""
    if len(worst) < 2:
        return "".join(f"{error:.1e}" for error in worst)
    error, part, raw = worst
    return f"{error:.0f}, {part:.4%} ({raw:.1e})"


def angle_error(image: Array) -> dict[str, str]:
    """Return the greatest error of the angle in degrees where the magnitude is above 1."""
    exact, found = sobel_angle(image.astype(np.float64))[..., 0], {COMPILED: 0.0, OBVIOUS: 0.0}
    for core in cores():
        off = np.abs(edges(image).angle - exact)
        off = np.minimum(off, 360 - off)[edges(image).magnitude > 1]
        found[core] = max(found[core], float(off.max()))
    return {core: f"{error:.1e}°" for core, error in found.items()}


def main() -> None:
    """Write the table into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the picture")
    pictures = images()
    if parser.parse_args().quick:
        pictures = {kind: np.ascontiguousarray(image[:200, :300]) for kind, image in pictures.items()}
    lines, alike = [], []
    for name, filter, reference in ROWS:
        cells: dict[str, list[str]] = {COMPILED: [], OBVIOUS: []}
        for image in pictures.values():
            by_core, same = measured(name, filter, image, reference(image.astype(np.float64)))
            alike.append((name, same))
            for core, text in by_core.items():
                cells[core].append(text)
        lines.append([f"`{name}`", *cells[COMPILED], *cells[OBVIOUS]])
    by_core = angle_error(pictures["uint8"])
    lines.append(
        ["`edges --angle`, where the magnitude is above 1", by_core[COMPILED], "", "", by_core[OBVIOUS], "", ""]
    )
    head = [f"{core}, {depth}" for core in (COMPILED, OBVIOUS) for depth in ("8 bits", "16 bits", "float")]
    sets = "none" if native.core is None else ", ".join(native.core.available())
    other = dict.fromkeys(name for name, same in alike if not same)
    said = f"all rows but {', '.join(f'`{name}`' for name in other)}" if other else "every row"
    packages = common.versions("numpy", "scipy", "pillow")
    text = f"{common.machine()}; {packages}. Instruction sets: {sets}; those above the baseline give the"
    text += f"\nsame bytes in {said}."
    common.write("accuracy", f"{text}\n\n{common.table(['filter', *head], lines)}")


if __name__ == "__main__":
    main()
