"""Measure the quality of denoisers: `python benchmarks/denoising.py`.

Filters restore two photographs from copies with Gaussian noise, with the parameters in their own documentation or the
best ones: ours, and those of OpenCV and scikit-image, if they are installed. `in_memory.py` measures their speed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import common
import numpy as np
from common import Array
from imfilter.filters.blur import blur
from PIL import Image

Function = Callable[[Array], Array]
NOISE = (10, 20)


class Work(NamedTuple):
    """A filter with its parameters: ours, and those of peers that have it."""

    name: str
    parameters: dict[str, Any]
    """The parameters of `blur`."""
    opencv: Function | None = None
    skimage: Function | None = None


def works(cv2: Any, restoration: Any) -> list[Work]:
    """Return what is measured."""

    def bilateral(size: int, sigma: float, unit: float) -> Work:
        return Work(
            f"bilateral {size}×{size}, sigma {sigma:g}, range {unit:g}",
            {"op": "bilateral", "size": size, "sigma": sigma, "range_sigma": unit},
            lambda a: cv2.bilateralFilter(a, size, unit, sigma),
            # It divides the distance of two colours by the number of channels. For an odd window, 0.26 makes the table
            # of weights by distance one row and column larger than it reads: its pictures are too soft.
            lambda a: np.rint(255 * restoration.denoise_bilateral(a, size, unit / 3 / 255, sigma, channel_axis=2)),
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

    def guided(radius: int, epsilon: float, guide: str) -> Work:
        parameters = {"op": "guided", "radius": radius, "epsilon": epsilon, "guide": guide}
        peer = boxes(radius, epsilon) if guide == "channel" else None
        return Work(f"guided by {guide}, radius {radius}, epsilon {epsilon:g}", parameters, peer)

    def nlm(noise: float) -> Work:
        """scikit-image uses the strength of its own example, OpenCV the best of 0.5, 0.6, 0.7 and 1 times the noise."""

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
        )

    return [
        bilateral(5, 2, 25),
        bilateral(9, 2, 25.5),
        bilateral(9, 2, 51),
        bilateral(21, 5, 25.5),
        guided(2, 0.01, "color"),
        guided(2, 0.02, "color"),
        guided(2, 0.01, "channel"),
        guided(2, 0.02, "channel"),
        guided(4, 0.01, "color"),
        guided(4, 0.01, "channel"),
        guided(30, 0.01, "channel"),
        nlm(10),
        nlm(20),
        Work("nlm, all defaults", {"op": "nlm"}),
    ]


def nearness(work: Work) -> list[str]:
    """Return a row of the table of noise: decibels of the signal over what is left of the noise."""
    row = [work.name]
    for function in (lambda a: blur(a, **work.parameters), work.opencv, work.skimage):
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
    import cv2
    from skimage import restoration

    lines = [nearness(work) for work in works(cv2, restoration)]
    head = ["filter", *(f"{who}, {sigma}" for who in ("imfilter", "OpenCV", "scikit-image") for sigma in NOISE)]
    said = f"PSNR in dB after noise of standard deviation {NOISE[0]} and {NOISE[1]} levels:"
    packages = common.versions("numpy", "opencv-python-headless", "scikit-image")
    common.write("denoising", f"{packages}. {said}\n\n{common.table(head, lines)}")


if __name__ == "__main__":
    main()
