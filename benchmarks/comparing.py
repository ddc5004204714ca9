"""Measure comparisons of pictures: `python benchmarks/comparing.py --imfilter PATH --python PATH`.

Whole processes are compared with a script with scikit-image, as one would write it: the share of pixels that differ,
PSNR, and SSIM of the luma for a pair of photographs of 12 megapixels as PNG, one with noise; and the same for two
folders with 400 pairs of 320×240, where the script uses two processes.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import common
import numpy as np
from common import Row
from PIL import Image

PAIRS = 400


def pictures(folder: Path) -> None:
    """Make the pair, and the pairs cropped from it."""
    rng = np.random.default_rng(0)
    a = np.asarray(common.photograph(4000, 3000))
    b = np.clip(a + rng.normal(0, 5, a.shape), 0, 255).astype(np.uint8)
    for name, image in (("a", a), ("b", b)):
        Image.fromarray(image).save(folder / f"{name}.png", compress_level=1)
        (folder / name).mkdir()
    for number in range(PAIRS):
        y, x = rng.integers(0, 3000 - 240), rng.integers(0, 4000 - 320)
        for name, image in (("a", a), ("b", b)):
            Image.fromarray(image[y : y + 240, x : x + 320]).save(folder / name / f"{number}.png", compress_level=1)


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows, in seconds, with memory."""
    script = [arguments.python, str(common.HERE / "scikit_image_peer.py")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures(folder)
        for work, suffix, bound in (("a pair of 12 MP", ".png", 0.5), (f"{PAIRS} pairs of 320×240", "", 0.5)):
            if arguments.only not in work:
                continue
            both = [str(folder / f"{name}{suffix}") for name in "ab"]
            ours = [arguments.imfilter, "compare", *both, "--max-diff", "255", "-q"]
            own, other = common.alternate(ours, [*script, *both], arguments.runs[1])
            memory = [f"{common.middle(runs).memory / 1e6:.0f}" for runs in (own, other)]
            own, other = ([run.seconds for run in runs] for runs in (own, other))
            yield Row(work, "scikit-image", own, other, bound, memory)


if __name__ == "__main__":
    common.compare("comparing", __doc__, measure, "seconds", "MB", "the other's")
