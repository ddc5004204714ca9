"""Compare BM3D with the package `bm3d` of its authors: `python benchmarks/block_matching.py`.

Parts of scikit-image's sample photographs get Gaussian noise of known strength. Measured are the quality of both
results, and the CPU time of all threads. The package uses its default profile. A further column has the quality
with estimated noise and a noisy picture of 8 bits.
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

PARTS = (
    ("astronaut.png", 0, 0, 1),
    ("astronaut.png", 0, 0, 2),
    ("chelsea.png", 0, 0, 1),
    ("coffee.png", 60, 0, 1),
    ("motorcycle_left.png", 100, 100, 1),
    ("motorcycle_left.png", 0, 0, 2),
    ("camera.png", 30, 0, 1),
    ("camera.png", 0, 150, 1),
)
"""Files, the column and row of the crop, and the factor of reduction."""
WIDTH, HEIGHT = 321, 241
NOISE = (15, 25, 50)


class Measured(NamedTuple):
    """The result of a denoiser for a picture."""

    decibels: float
    seconds: float


def photographs(data: Path, colour: bool) -> list[Array]:
    """Return the parts of photographs; only those with colours if colours are wanted."""
    found = []
    for name, left, top, smaller in PARTS:
        image = Image.open(data / name)
        if colour and image.mode == "L":
            continue
        image = image.convert("RGB" if colour else "L")
        image = image.resize((image.width // smaller, image.height // smaller), Image.Resampling.BOX)
        found.append(np.asarray(image, np.float32)[top : top + HEIGHT, left : left + WIDTH])
    return found


def measured(function: Callable[[], Array], clean: Array) -> Measured:
    """Return the quality of a result, and the time that it took."""
    start = time.process_time()
    answer = function()
    seconds = time.process_time() - start
    error = np.mean((np.clip(answer, 0, 255) - clean) ** 2)
    return Measured(10 * np.log10(255**2 / error), seconds)


def row(sigma: int, pictures: list[Array], package: Any) -> list[str]:
    """Return a row of the table: the means over the pictures, and the ratio of the times."""
    colour = pictures[0].ndim == 3
    other = package.bm3d_rgb if colour else package.bm3d
    ours, theirs, estimated = [], [], []
    for clean in pictures:
        noisy = clean + np.random.default_rng(0).normal(0, sigma, clean.shape).astype(np.float32)
        whole = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
        ours.append(measured(lambda: denoise(noisy, op="bm3d", noise_sigma=sigma, white=255), clean))  # noqa: B023
        theirs.append(measured(lambda: other(noisy.astype(np.float64), sigma), clean))  # noqa: B023
        estimated.append(measured(lambda: denoise(whole, op="bm3d"), clean))  # noqa: B023
    means = [np.mean(part, axis=0) for part in (ours, theirs, estimated)]
    decibels = [f"{mean[0]:.2f}" for mean in means]
    seconds = [f"{mean[1]:.2f}" for mean in means[:2]]
    kind = f"{'colour' if colour else 'gray'}, sigma {sigma}"
    return [kind, *decibels, *seconds, common.verdict(means[0][1] / means[1][1], 0.5)]


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    import bm3d
    import skimage

    data = Path(skimage.__file__).parent / "data"
    gray, colour = photographs(data, False), photographs(data, True)
    head = ["noise", "dB, imfilter", "dB, bm3d", "8 bits, estimated", "s, imfilter", "s, bm3d", "ratio"]
    lines = [row(sigma, gray, bm3d) for sigma in NOISE] + [row(25, colour[:3], bm3d)]
    said = f"{len(gray)} parts of photographs of {WIDTH}×{HEIGHT}, PSNR in dB and processor time in seconds, means"
    text = f"{common.machine()}; {common.versions('numpy', 'bm3d', 'scikit-image')}; {said}."
    common.write("bm3d", f"{text}\n\n{common.table(head, lines)}")


if __name__ == "__main__":
    main()
