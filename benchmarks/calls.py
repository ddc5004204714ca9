"""Measure calls from Python with their default threads: `python benchmarks/calls.py [--quick]`.

A gray image of 12 megapixels is filtered in turn with OpenCV's calls and their default threads, in wall time; then the
same next to four busy loops, compared with our own times on the idle machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import common
import numpy as np
from common import Array, Row
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.edges import edges

LOOPS = 4


def works(cv2: Any) -> list[tuple[str, Callable[[Array], object], Callable[[Array], object]]]:
    """Return the calls: ours and OpenCV's."""
    weights = common.dense_kernel(5)

    def sobel(a: Array) -> Array:
        gx, gy = cv2.Sobel(a, cv2.CV_32F, 1, 0), cv2.Sobel(a, cv2.CV_32F, 0, 1)
        return cv2.convertScaleAbs(cv2.magnitude(gx, gy))

    return [
        ("blur, sigma 2", partial(blur, sigma=2), lambda a: cv2.GaussianBlur(a, (0, 0), 2)),
        ("median 5", partial(blur, op="median", size=5), lambda a: cv2.medianBlur(a, 5)),
        ("edges, the magnitude", partial(edges, maps="image"), sobel),
        ("conv 5×5", partial(conv, kernel=weights), lambda a: cv2.filter2D(a, -1, weights)),
    ]


@contextmanager
def busy() -> Iterator[None]:
    """Run busy loops at the same time."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(LOOPS)]
    try:
        time.sleep(0.5)
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows, in milliseconds."""
    import cv2

    image = np.asarray(common.photograph(4000, 3000, gray=True))
    # Calls take as little as 5 ms, so more runs are made than of whole processes.
    runs, idle = 3 * arguments.runs[0], {}

    def pairs(ours: Callable[[Array], object], theirs: Callable[[Array], object]) -> list[list[float]]:
        functions = [partial(ours, image), partial(theirs, image)]
        return [[1000 * second for second in seconds] for seconds in common.in_turn(functions, runs)]

    chosen = [work for work in works(cv2) if arguments.only in work[0]]
    for name, ours, theirs in chosen:
        idle[name], other = pairs(ours, theirs)
        yield Row(name, f"OpenCV, {cv2.getNumThreads()} threads", idle[name], other, 1.3)
    with busy():
        for name, ours, theirs in chosen:
            own, other = pairs(ours, theirs)
            yield Row(f"{name}, next to {LOOPS} busy loops", "its own idle time", own, idle[name], 3.0)
            yield Row(f"{name}, next to {LOOPS} busy loops", "OpenCV", own, other)


if __name__ == "__main__":
    common.compare("calls", __doc__, measure, "milliseconds")
