"""Measure medians in memory against OpenCV and SciPy: `python benchmarks/rank.py [--quick]`.

One thread, a photograph, from array to array as the command filters it, with each of our algorithms; nanoseconds a
sample, the least of all runs. SciPy gets a small cut.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import common
import numpy as np
from common import Array
from imfilter.filters.blur import blur
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.quantize import encoding
from imfilter.filters.core.rank import rank_filter

SIZES = (3, 5, 7, 9, 11, 15, 21, 31, 51, 101)
SLOWEST = 31
"""Window up to which SciPy is measured."""


def ours(image: Array, size: int, algorithm: str) -> object:
    """Filter on one thread, to the picture alone."""
    dtype = image.dtype.name
    parameters = {"op": "median", "size": size, "algorithm": algorithm}
    encodings = {"image": encoding("picture", dtype, dtype, "clip", 1.0)}
    call = blur.checked(**parameters)
    return executor.run(call.stages(), image, encodings, call.settings()).outputs["image"]


def least(function: Callable[[], object], samples: int, runs: int) -> float:
    """Return the nanoseconds of processor time a sample, after a run that is thrown away."""
    times = []
    for _ in range(runs + 1):
        start = time.process_time()
        function()
        times.append((time.process_time() - start) / samples * 1e9)
    return min(times[1:])


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs, a smaller picture")
    quick = parser.parse_args().quick
    import cv2
    from scipy import ndimage

    cv2.setNumThreads(1)
    size, runs = ((1200, 900), 2) if quick else ((4000, 3000), 3)
    picture = np.asarray(common.photograph(*size))
    rows = []
    for dtype in ("uint8", "uint16", "float32"):
        # Past 8 bits a sample has detail below the levels of the photograph, as a camera's would.
        noise = np.random.default_rng(0).integers(0, 256, picture.shape)
        fine = picture.astype(np.uint16) * 256 + noise.astype(np.uint16)
        image = picture if dtype == "uint8" else fine if dtype == "uint16" else (fine / 65535).astype(np.float32)
        large = np.ascontiguousarray(image[: image.shape[0] // 3])
        small = np.ascontiguousarray(image[300:420, 300:420])
        for n in SIZES:
            shown = large if n > 9 else image
            row = [dtype, f"{n}×{n}"]
            for algorithm in rank_filter.ALGORITHMS:
                served = algorithm != "networks" or n in rank_filter.NETWORK_SIDES
                found = least(lambda a=algorithm, i=shown, n=n: ours(i, n, a), shown.size, runs) if served else None
                row.append("" if found is None else f"{found:.2f}")
            row.append(rank_filter.plan(n, n, n * n // 2, executor.ImageContext(255.0, "float32")).algorithm)
            theirs = dtype == "uint8" or n <= 5
            other = least(lambda i=shown, n=n: cv2.medianBlur(i, n), shown.size, runs) if theirs else None
            row.append("" if other is None else f"{other:.2f}")
            slow = (
                least(lambda i=small, n=n: ndimage.median_filter(i, (n, n, 1)), small.size, 1) if n <= SLOWEST else None
            )
            row.append("" if slow is None else f"{slow:.0f}")
            rows.append(row)
            print(dtype, n, file=sys.stderr)
    head = ["samples", "window", *rank_filter.ALGORITHMS, "chosen", "OpenCV", "SciPy"]
    text = f"{common.machine()}; {common.versions('numpy', 'scipy', 'opencv-python-headless')}; {runs} runs.\n\n"
    common.write("rank", text + common.table(head, rows))


if __name__ == "__main__":
    main()
