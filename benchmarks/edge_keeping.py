"""Measure the filters that keep edges against OpenCV and scikit-image: `python benchmarks/edge_keeping.py [--quick]`.

Time in memory, on one thread and on two, of an RGB photograph of 8 bits; and how near they come to a photograph from
a copy with Gaussian noise, with the parameters that their own documents give or that each does best with. The peers
run in turn; scikit-image gets a cut.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import common
import numpy as np
from common import Array
from imfilter.filters.blur import blur
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.quantize import encoding
from PIL import Image

Function = Callable[[Array], Array]
THREADS = (1, 2)
NOISE = (10, 20)


class Work(NamedTuple):
    """One filter with its parameters: ours, and the same by the peers, where they have it."""

    name: str
    parameters: dict[str, Any]
    """Of `blur`."""
    opencv: Function | None = None
    skimage: Function | None = None
    timed: bool = True
    """A work without time is there for what it makes of noise."""
    cut: int = 0
    """Measure on a square of so many pixels; 0 is the whole photograph."""


def ours(image: Array, jobs: int, parameters: dict[str, Any]) -> Array:
    """Filter as the command does, on some threads."""
    encodings = {"image": encoding("picture", "uint8", "uint8", "clip", 1.0)}
    settings, stages = blur.checked(**parameters).settings(), blur.checked(**parameters).stages()
    return executor.run(stages, image, encodings, settings, jobs=jobs).outputs["image"].samples


def works(cv2: Any, restoration: Any) -> list[Work]:
    """Return what is measured."""

    def bilateral(size: int, sigma: float, unit: float, timed: bool = True) -> Work:
        return Work(
            f"bilateral {size}×{size}, sigma {sigma:g}, range {unit:g}",
            {"op": "bilateral", "size": size, "sigma": sigma, "range_sigma": unit},
            lambda a: cv2.bilateralFilter(a, size, unit, sigma),
            # It divides the distance of two colours by the number of channels. Of an odd window 0.26 makes the table of
            # weights by distance for one row and column more than it reads: its pictures are too soft.
            lambda a: np.rint(255 * restoration.denoise_bilateral(a, size, unit / 3 / 255, sigma, channel_axis=2)),
            timed,
        )

    def boxes(radius: int, epsilon: float) -> Function:
        def guided(a: Array) -> Array:
            values = a.astype(np.float32) / 255

            def box(array: Array) -> Array:
                return cv2.boxFilter(array, -1, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REFLECT)

            mean = box(values)
            variance = box(values * values) - mean * mean
            slope = variance / (variance + epsilon)
            answer = box(slope) * values + box(mean - slope * mean)
            return np.clip(answer * 255 + 0.5, 0, 255).astype(np.uint8)

        return guided

    def guided(radius: int, epsilon: float, guide: str, timed: bool = True) -> Work:
        parameters = {"op": "guided", "radius": radius, "epsilon": epsilon, "guide": guide}
        peer = boxes(radius, epsilon) if guide == "channel" else None
        return Work(f"guided by {guide}, radius {radius}, epsilon {epsilon:g}", parameters, peer, timed=timed)

    def nlm(noise: float, timed: bool = True) -> Work:
        """scikit-image has the strength of its own example, OpenCV the best of 0.5, 0.6, 0.7 and 1 times the noise."""

        def skimage(a: Array) -> Array:
            return np.rint(
                restoration.denoise_nl_means(
                    a.astype(float), 5, 6, 0.8 * noise, fast_mode=True, sigma=noise, channel_axis=2
                )
            )

        return Work(
            f"nlm 13×13, noise sigma {noise:g}",
            {"op": "nlm", "noise_sigma": noise},
            lambda a: cv2.fastNlMeansDenoisingColored(a, None, 0.6 * noise, 0.6 * noise, 5, 13),
            skimage,
            timed,
            cut=1000,
        )

    return [
        bilateral(5, 2, 25),
        bilateral(9, 2, 25.5),
        bilateral(9, 2, 51, timed=False),
        bilateral(21, 5, 25.5)._replace(cut=1000),
        guided(2, 0.01, "color"),
        guided(2, 0.02, "color", timed=False),
        guided(2, 0.01, "channel"),
        guided(2, 0.02, "channel", timed=False),
        guided(4, 0.01, "color"),
        guided(4, 0.01, "channel"),
        guided(30, 0.01, "channel"),
        nlm(10),
        nlm(20, timed=False),
        Work("nlm, all defaults", {"op": "nlm"}, timed=False),
    ]


def in_turn(functions: list[Callable[[], object]], pixels: list[int], runs: int) -> list[str]:
    """Return the median nanoseconds a pixel of each function, and the least; they take turns."""
    found: list[list[float]] = [[] for _ in functions]
    for _ in range(runs):
        for times, function, count in zip(found, functions, pixels, strict=True):
            start = time.perf_counter()
            function()
            times.append((time.perf_counter() - start) / count * 1e9)
    return [f"{median(times):.1f} ({min(times):.1f})" for times in found]


def timed(work: Work, cv2: Any, image: Array, runs: int) -> list[str]:
    """Return a row of the table of times: ours, OpenCV's and scikit-image's."""
    if work.cut:
        image = np.ascontiguousarray(image[: work.cut, : work.cut])
    small = np.ascontiguousarray(image[:300, :300])
    row = [work.name]
    for threads in THREADS:
        cv2.setNumThreads(threads)
        functions: list[Callable[[], object]] = [lambda jobs=threads: ours(image, jobs, work.parameters)]
        if work.opencv is not None:
            functions.append(lambda: work.opencv(image))
        row += [*in_turn(functions, [image.size // 3] * len(functions), runs), "–"][:2]
    if work.skimage is None:
        return [*row, "–"]
    return [*row, *in_turn([lambda: work.skimage(small)], [small.size // 3], 1)]


def nearness(work: Work) -> list[str]:
    """Return a row of the table of noise: decibels of the signal over what is left of the noise."""
    row = [work.name]
    for function in (lambda a: ours(a, 2, work.parameters), work.opencv, work.skimage):
        for sigma in NOISE:
            found = []
            for name in ("coffee.jpg", "cat.jpg"):
                clean = np.asarray(Image.open(common.HERE.parent / "sample_images" / name).convert("RGB"))[:512, :512]
                random = np.random.default_rng(0).normal(0, sigma, clean.shape)
                noisy = np.clip(np.rint(clean + random), 0, 255).astype(np.uint8)
                if function is not None:
                    error = np.mean((function(noisy).astype(float) - clean) ** 2)
                    found.append(10 * np.log10(255**2 / error))
            row.append(f"{np.mean(found):.2f}" if found else "–")
    return row


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs, of a megapixel")
    quick = parser.parse_args().quick
    import cv2
    from skimage import restoration

    image = np.asarray(common.photograph(*((1200, 900) if quick else (4000, 3000))))
    measured = works(cv2, restoration)
    head = ["filter", *(f"{who}, {n} thread{'s'[: n - 1]}" for n in THREADS for who in ("imfilter", "OpenCV"))]
    times = [timed(work, cv2, image, 2 if quick else 7) for work in measured if work.timed]
    noise = [nearness(work) for work in measured]
    noise_head = ["filter", *(f"{who}, {s}" for who in ("imfilter", "OpenCV", "scikit-image") for s in NOISE)]
    text = "\n\n".join(
        [
            f"{common.machine()}; {common.versions('numpy', 'opencv-python-headless', 'scikit-image')}.",
            "Nanoseconds a pixel of three channels, median (least):",
            common.table([*head, "scikit-image"], times),
            f"PSNR in dB after noise of standard deviation {NOISE[0]} and {NOISE[1]} levels:",
            common.table(noise_head, noise),
        ]
    )
    common.write("edge_keeping", text)


if __name__ == "__main__":
    main()
