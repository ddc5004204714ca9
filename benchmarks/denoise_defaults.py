"""Search the best parameters of `denoise` for noise of 10 to 50 levels: `python benchmarks/denoise_defaults.py`.

Parts of scikit-image's sample photographs, some at half size, get Gaussian noise; then each op runs with its defaults
and estimated noise, and with parameters around these. The table has the PSNR in dB: of `blur` with its own defaults,
if it has the op, of `denoise`, and of the best parameters tried, which are named. The results are the defaults in
`filters/core/denoise/defaults.py`. ``--colour`` uses colour pictures, ``--clipped`` rounds the noisy ones to 8 bits,
and names of ops restrict the search to these.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import common
import numpy as np
import skimage
from common import Array
from imfilter.filters.blur import blur
from imfilter.filters.core.denoise import defaults
from imfilter.filters.core.denoise.by_noise import Noise
from imfilter.filters.denoise import denoise
from PIL import Image

PARTS = (
    ("astronaut.png", 0, 100, 1),
    ("astronaut.png", 0, 0, 2),
    ("chelsea.png", 0, 60, 1),
    ("coffee.png", 0, 0, 2),
    ("coffee.png", 60, 150, 1),
    ("rocket.jpg", 60, 160, 1),
    ("motorcycle_left.png", 0, 0, 2),
    ("motorcycle_left.png", 150, 200, 1),
    ("brick.png", 0, 0, 2),
    ("coins.png", 0, 0, 1),
)
"""Files, the row and column of the crop, and the factor of reduction."""
SIDE = 256
LEVELS = (10, 25, 50)
FACTORS = (0.75, 1.0, 1.35)
BLURRED = ("nlm", "bilateral", "guided", "median")


def pictures(colour: bool) -> list[Array]:
    """Return the crops, with values from 0 to 255."""
    folder, found = Path(skimage.__file__).parent / "data", []
    for name, top, left, smaller in PARTS:
        image = Image.open(folder / name).convert("RGB")
        image = image.resize((image.width // smaller, image.height // smaller), Image.Resampling.BOX)
        part = np.asarray(image, float)[top : top + SIDE, left : left + SIDE]
        found.append(part if colour else np.rint(part @ [0.299, 0.587, 0.114]))
    return found


def with_noise(clean: Array, levels: float, clipped: bool) -> Array:
    """Return a picture with noise, as float from 0 to 1, or clipped and rounded to 8 bits."""
    noisy = clean + np.random.default_rng(0).normal(0, levels, clean.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8) if clipped else (noisy / 255).astype(np.float32)


def around(op: str, noise: Noise) -> Iterator[dict[str, Any]]:
    """Yield parameters around the defaults for a noise level."""
    if op == "bilateral":
        sigma, unit = defaults.bilateral_parameters(noise)
        for one, other in itertools.product(FACTORS, FACTORS):
            yield {"sigma": sigma * one, "range_sigma": unit * other}
    elif op == "guided":
        _, epsilon = defaults.guided_parameters(noise)
        for radius, factor in itertools.product((1, 2, 3), (0.5, *FACTORS, 2.0)):
            yield {"radius": radius, "epsilon": epsilon * factor}
    elif op == "median":
        yield from ({"size": size} for size in (3, 5, 7, 9))
    elif op == "nlm":
        _, _, strength = defaults.nonlocal_parameters(noise)
        for size, patch, factor in itertools.product((13,), (3, 5, 7), FACTORS):
            yield {"size": size, "patch": patch, "tolerance": strength * factor, "noise_sigma": noise.level}
    elif op == "tv":
        yield from ({"weight": defaults.variation_weight(noise) * factor} for factor in FACTORS)
    else:
        yield from ({"size": size, "noise_sigma": noise.level} for size in (7, 9, 11, 13, 15, 19, 23))


def nearness(found: Array, clean: Array) -> float:
    """Return the PSNR in decibels."""
    white = 1 if found.dtype.kind == "f" else 255
    return float(10 * np.log10(1 / np.mean((found.astype(float) / white - clean / 255) ** 2)))


def row(op: str, levels: float, colour: bool, clipped: bool) -> list[str]:
    """Return the row of the table for an operator and a noise level."""
    clean = pictures(colour)
    noisy = [with_noise(one, levels, clipped) for one in clean]
    noise = Noise(levels if clipped else levels / 255, 255.0 if clipped else 1.0, 3 if colour else 1)

    def score(filter: Any, **values: Any) -> float:
        answers = [filter(image, op=op, **values) for image in noisy]
        return float(np.mean([nearness(answer, one) for answer, one in zip(answers, clean, strict=True)]))

    tried = [(score(denoise, **values), values) for values in around(op, noise)]
    best, values = max(tried, key=lambda one: one[0])
    before = f"{score(blur):.2f}" if op in BLURRED else "–"
    said = ", ".join(f"{name} {value:.3g}" for name, value in values.items() if name != "noise_sigma")
    return [op, f"{levels}", before, f"{score(denoise):.2f}", f"{best:.2f}", said]


def main() -> None:
    """Print the table; a table of all defaults goes to its section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ops", nargs="*", default=["nlm", "bilateral", "guided", "median", "tv", "wavelet"])
    parser.add_argument("--colour", action="store_true")
    parser.add_argument("--clipped", action="store_true")
    given = parser.parse_args()
    lines = [row(op, levels, given.colour, given.clipped) for op in given.ops for levels in LEVELS]
    table = common.table(["op", "noise", "blur", "denoise", "best tried", "with"], lines)
    if len(sys.argv) > 1:
        print(table)
        return
    text = f"{common.versions('numpy', 'scikit-image')}. PSNR in dB, means of {len(PARTS)} parts of photographs, gray."
    common.write("denoise-defaults", f"{text}\n\n{table}")


if __name__ == "__main__":
    main()
