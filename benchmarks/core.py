"""Measure filters in memory against OpenCV and SciPy: `python benchmarks/core.py [--quick]`.

One thread, a gray 8-bit image of 12 megapixels, from array to array as the command filters it. Ours and each
peer's run in turn; the ratio is that of the medians. SciPy gets a cut of one megapixel.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import common
import numpy as np
from common import Array
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.quantize import encoding
from imfilter.filters.edges import edges

Function = Callable[[Array], object]


def picture_of(filter: Any, image: Array, **parameters: Any) -> Array:
    """Filter a gray image on one thread, to the picture alone: no maps that nobody asked for."""
    encodings = {"image": encoding("picture", "uint8", "uint8", "clip", 1.0)}
    settings = filter.checked(**parameters).settings()
    return executor.run(filter.checked(**parameters).stages(), image[..., None], encodings, settings).outputs["image"]


def dense_kernel(n: int) -> Array:
    """Return weights of both signs and of full rank that sum to 1."""
    weights = np.random.default_rng(n).uniform(-0.5, 1, (n, n))
    return weights / weights.sum()


def works(cv2: Any, ndimage: Any) -> list[tuple[str, float | None, Function, Function, Function]]:
    """Return the works: name, the ratio to OpenCV that is aimed at, ours, OpenCV's, SciPy's."""
    rows: list[tuple[str, float | None, Function, Function, Function]] = []

    def sobel_l1(a: Array) -> object:
        gx, gy = cv2.Sobel(a, cv2.CV_16S, 1, 0), cv2.Sobel(a, cv2.CV_16S, 0, 1)
        return cv2.add(cv2.convertScaleAbs(gx), cv2.convertScaleAbs(gy))

    def sobel_l2(a: Array) -> object:
        gx, gy = cv2.Sobel(a, cv2.CV_32F, 1, 0), cv2.Sobel(a, cv2.CV_32F, 0, 1)
        return cv2.convertScaleAbs(cv2.magnitude(gx, gy))

    def scipy_sobel(combine: Callable[[Array, Array], Array]) -> Function:
        return lambda a: combine(ndimage.sobel(a, 1, output=np.float32), ndimage.sobel(a, 0, output=np.float32))

    def add(name: str, bound: float | None, ours: Function, theirs: Function, scipy: Function) -> None:
        rows.append((name, bound, ours, theirs, scipy))

    l1 = scipy_sobel(lambda x, y: np.abs(x) + np.abs(y))
    add("Sobel, L1", 0.6, lambda a: picture_of(edges, a, norm="l1"), sobel_l1, l1)
    add("Sobel, L2", 0.6, lambda a: picture_of(edges, a), sobel_l2, scipy_sobel(np.hypot))
    for sigma in (2, 8, 16, 32):
        add(
            f"Gaussian, sigma {sigma}",
            0.6 if sigma >= 8 else None,
            lambda a, s=sigma: picture_of(blur, a, sigma=s),
            lambda a, s=sigma: cv2.GaussianBlur(a, (0, 0), s),
            lambda a, s=sigma: ndimage.gaussian_filter(a, s),
        )
    for n in (5, 51):
        add(
            f"box {n}×{n}",
            None,
            lambda a, n=n: picture_of(blur, a, op="mean", size=n),
            lambda a, n=n: cv2.blur(a, (n, n)),
            lambda a, n=n: ndimage.uniform_filter(a, n),
        )
    for n in (5, 7, 15, 31):
        weights = dense_kernel(n)
        add(
            f"dense {n}×{n}",
            0.7 if n >= 15 else None,
            lambda a, k=weights: picture_of(conv, a, kernel=k),
            lambda a, k=weights: cv2.filter2D(a, -1, k),
            lambda a, k=weights: ndimage.correlate(a, k),
        )
    return rows


def in_turn(
    functions: list[tuple[Function, Array]], runs: int, clock: Callable[[], float] = time.perf_counter
) -> list[list[float]]:
    """Return nanoseconds a pixel of each function on its image; they take turns, the first round is thrown away."""
    found: list[list[float]] = [[] for _ in functions]
    for number in range(runs + 1):
        for times, (function, image) in zip(found, functions, strict=True):
            start = clock()
            function(image)
            if number:
                times.append((clock() - start) / image.size * 1e9)
    return found


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    runs = 2 if parser.parse_args().quick else 7
    import cv2
    from scipy import ndimage

    cv2.setNumThreads(1)
    image = np.asarray(common.photograph(4000, 3000, gray=True))
    small = np.ascontiguousarray(image[1000:2000, 1500:2500])
    rows = []
    for name, bound, ours, theirs, scipy in works(cv2, ndimage):
        own, other = in_turn([(ours, image), (theirs, image)], runs)
        (slow,) = in_turn([(scipy, small)], 1 if runs < 7 else 3)
        ratio, gain = median(own) / median(other), median(slow) / median(own)
        rows.append(
            [
                name,
                *(f"{median(times):.2f} ({min(times):.2f}–{max(times):.2f})" for times in (own, other)),
                f"{median(slow):.1f}",
                common.verdict(ratio, bound) if bound else f"{ratio:.2f}",
                f"{gain:.1f} × " + ("≥ 8: met" if gain >= 8 else "< 8: **missed**"),
            ]
        )
    head = ["filter", "imfilter", "OpenCV", "SciPy", "imfilter / OpenCV", "faster than SciPy by"]
    text = f"{common.machine()}; {common.versions('numpy', 'scipy', 'opencv-python-headless')}; {runs} runs.\n\n"
    common.write("core", text + common.table(head, rows))


if __name__ == "__main__":
    main()
