"""Measure erosion in memory against OpenCV and SciPy, by size and shape: `python benchmarks/morph.py [--quick]`.

One thread, a gray 8-bit image of 12 megapixels, from array to array as the command filters it. Ours and each peer's run
in turn; the ratio is that of the medians. SciPy gets a cut of one megapixel.
"""

from __future__ import annotations

import argparse
from statistics import median
from typing import Any

import common
import numpy as np
from common import Array
from core import in_turn, picture_of
from imfilter.filters.core import shapes
from imfilter.filters.core.extrema import Over
from imfilter.filters.morph import morph

SIZES = (3, 5, 15, 31, 101)


def works(cv2: Any, ndimage: Any) -> list[tuple[str, Any, Any, Any]]:
    """Return the works: name, ours, OpenCV's, SciPy's, by the same samples."""
    rows = []
    for name in shapes.NAMES:
        for size in SIZES:
            shape = shapes.named(name, size, size)
            mask = np.ones((size, size), bool) if shape.mask is None else shape.mask
            # SciPy is told of a square by its size, without which it looks at every sample.
            footprint = {"size": size} if shape.mask is None else {"footprint": mask}

            def ours(a: Array, name: str = name, size: int = size) -> object:
                return picture_of(morph, a, shape=name, size=size)

            def opencv(a: Array, mask: Array = mask) -> object:
                return cv2.erode(a, mask.astype(np.uint8))

            def scipy(a: Array, footprint: Any = footprint) -> object:
                return ndimage.grey_erosion(a, **footprint)

            rows.append((f"{name} {size}×{size}, {Over(shape).joins} joins", ours, opencv, scipy))
    return rows


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
    for name, ours, theirs, scipy in works(cv2, ndimage):
        long = name.startswith("disk 101")
        own, other = in_turn([(ours, image), (theirs, image)], 1 if long else runs)
        cut = small[:250, :250] if name.startswith("disk") else small
        (slow,) = in_turn([(scipy, cut)], 1)
        numbers = (f"{median(times):.2f} ({min(times):.2f}–{max(times):.2f})" for times in (own, other))
        ratios = (f"{median(own) / median(other):.2f}", f"{median(slow) / median(own):.0f} ×")
        rows.append([name, *numbers, f"{median(slow):.1f}", *ratios])
    head = ["erosion", "imfilter", "OpenCV", "SciPy", "imfilter / OpenCV", "faster than SciPy by"]
    text = f"{common.machine()}; {common.versions('numpy', 'scipy', 'opencv-python-headless')}; {runs} runs.\n\n"
    common.write("morph", text + common.table(head, rows))


if __name__ == "__main__":
    main()
