"""Measure erosion in memory against OpenCV and SciPy, by size and shape: `python benchmarks/morph.py [--quick]`.

One thread, a gray 8-bit image of 12 megapixels, from array to array as the command does; RGB for squares. Ours and
each peer's run in turn; the ratio is that of the medians. The clock is the processor's: a call takes as little as 3 ms,
less than what a neighbour takes at a time. SciPy gets a cut of one megapixel, of less for disks.
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import Any

import common
import numpy as np
from common import Array
from core import in_turn
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.quantize import encoding
from imfilter.filters.core.rank import structuring_element
from imfilter.filters.core.rank.structuring_element import Shape
from imfilter.filters.morph import morph

SIZES = (3, 5, 15, 31, 101)


def works(cv2: Any, ndimage: Any) -> list[tuple[str, Shape, Any, Any, Any]]:
    """Return the works: name, shape, ours, OpenCV's, SciPy's, by the same samples."""
    rows = []
    for name in structuring_element.NAMES:
        for size in SIZES:
            shape = structuring_element.named(name, size, size)
            mask = np.ones((size, size), bool) if shape.mask is None else shape.mask
            # SciPy is told of a square by its size, without which it looks at every sample.
            footprint = {"size": size} if shape.mask is None else {"footprint": mask}

            def ours(a: Array, name: str = name, size: int = size) -> object:
                return filtered(a, {"shape": name, "size": size})

            def opencv(a: Array, mask: Array = mask) -> object:
                return cv2.erode(a, mask.astype(np.uint8))

            def scipy(a: Array, footprint: Any = footprint) -> object:
                return ndimage.grey_erosion(a, **footprint)

            rows.append((f"{name} {size}×{size}", shape, ours, opencv, scipy))
    return rows


def filtered(image: Array, parameters: dict[str, Any]) -> object:
    """Erode an image, gray or RGB."""
    encodings = {"image": encoding("picture", "uint8", "uint8", "clip", 1.0)}
    pixels = image.reshape(*image.shape[:2], -1)
    return executor.run(morph.checked(**parameters).stages(), pixels, encodings, morph.checked(**parameters).settings())


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    runs = 2 if parser.parse_args().quick else 7
    import cv2
    from scipy import ndimage

    cv2.setNumThreads(1)
    gray, colour = (np.asarray(common.photograph(4000, 3000, gray=gray)) for gray in (True, False))
    rows = []
    for name, shape, ours, theirs, scipy in works(cv2, ndimage):
        for image in (gray, colour)[: 2 if name.startswith("square") else 1]:
            count = 1 if name == "disk 101×101" else runs
            own, other = in_turn([(ours, image), (theirs, image)], count, time.process_time)
            numbers = [f"{median(times):.2f} ({min(times):.2f}–{max(times):.2f})" for times in (own, other)]
            ratio = median(own) / median(other)
            faster = ""
            if image is gray:
                side = 250 if name.startswith("disk") else 1000
                (slow,) = in_turn([(scipy, image[1000 : 1000 + side, 1500 : 1500 + side])], 1, time.process_time)
                faster = f"{slow[0] / median(own):.0f} ×"
                numbers.append(f"{slow[0]:.1f}")
            else:
                name, numbers = f"{name}, RGB", [*numbers, ""]
            rows.append([name, f"{shape.points}", *numbers, f"{ratio:.2f}", faster])
    head = ["erosion", "samples", "imfilter", "OpenCV", "SciPy", "imfilter / OpenCV", "faster than SciPy by"]
    text = f"{common.machine()}; {common.versions('numpy', 'scipy', 'opencv-python-headless')}; {runs} runs.\n\n"
    common.write("morph", text + common.table(head, rows))


if __name__ == "__main__":
    main()
