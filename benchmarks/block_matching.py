"""Measure BM3D beside the package `bm3d` of its authors: `python benchmarks/block_matching.py`.

Photographs of the repository and of scikit-image, cut to the size of the Berkeley set's, with Gaussian noise that is
known: how near both come to the photograph, and the processor time of all threads. The package has its default profile.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import common
import numpy as np
from common import Array
from imfilter.filters.denoise import denoise
from PIL import Image

WIDTH, HEIGHT = 481, 321
NOISE = (15, 25, 50)


class Measured(NamedTuple):
    """What one denoiser makes of one picture."""

    decibels: float
    seconds: float


def photographs(data: Path) -> dict[str, Image.Image]:
    """Return the photographs, in colour where they are."""
    found = {}
    for name in ("coffee.jpg",):
        found[name] = Image.open(common.HERE.parent / "sample_images" / name)
    for name in ("astronaut.png", "camera.png"):
        found[name] = Image.open(data / name)
    return {
        name: image.crop((0, 0, min(WIDTH, image.width), min(HEIGHT, image.height))) for name, image in found.items()
    }


def measured(function: Callable[[], Array], clean: Array) -> Measured:
    """Return how near a result comes, and how long it took."""
    start = time.process_time()
    answer = function()
    seconds = time.process_time() - start
    error = np.mean((np.clip(answer, 0, 255) - clean) ** 2)
    return Measured(10 * np.log10(255**2 / error), seconds)


def row(sigma: int, pictures: dict[str, Image.Image], package: Any, colour: bool) -> list[str]:
    """Return a row of the table: the means over the pictures, and the ratio of the times."""
    ours, theirs = [], []
    for image in pictures.values():
        if colour and image.mode != "RGB":
            continue
        clean = np.asarray(image.convert("RGB" if colour else "L"), np.float32)
        noisy = clean + np.random.default_rng(0).normal(0, sigma, clean.shape).astype(np.float32)
        other = package.bm3d_rgb if colour else package.bm3d
        ours.append(measured(lambda: denoise(noisy, op="bm3d", noise_sigma=sigma, white=255), clean))  # noqa: B023
        theirs.append(measured(lambda: other(noisy.astype(np.float64), sigma), clean))  # noqa: B023
    means = [np.mean(part, axis=0) for part in (ours, theirs)]
    decibels = [f"{mean[0]:.2f}" for mean in means]
    seconds = [f"{mean[1]:.2f}" for mean in means]
    kind = f"{'colour' if colour else 'gray'}, sigma {sigma}"
    return [kind, *decibels, *seconds, common.verdict(means[0][1] / means[1][1], 0.5)]


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    import bm3d
    import skimage

    pictures = photographs(Path(skimage.__file__).parent / "data")
    head = ["noise", "dB, imfilter", "dB, bm3d", "s, imfilter", "s, bm3d", "ratio"]
    lines = [row(sigma, pictures, bm3d, False) for sigma in NOISE] + [row(25, pictures, bm3d, True)]
    said = f"{len(pictures)} photographs of {WIDTH}×{HEIGHT}, PSNR in dB and processor time in seconds, means"
    text = f"{common.machine()}; {common.versions('numpy', 'bm3d', 'scikit-image')}; {said}."
    common.write("bm3d", f"{text}\n\n{common.table(head, lines)}")


if __name__ == "__main__":
    main()
