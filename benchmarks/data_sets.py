"""Measure stacks of small images, and whole data sets: `python benchmarks/data_sets.py [--quick]`.

In memory, a stack of 28×28 is filtered on one thread, compared with one call per image, one picture of as many
samples, and a loop over OpenCV's function: CPU microseconds per image. Whole processes filter an IDX file into
another, both compressed, compared with the obvious script with OpenCV and `gzip`, and with plain NumPy: seconds. The
last row compares the peak memory of many images with that of few, in MB. `in_memory.py` measures resizing and rotation.
"""

from __future__ import annotations

import argparse
import gzip
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import common
import numpy as np
from common import Array, Row
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.edges import edges
from imfilter.filters.morph import morph
from PIL import Image, ImageDraw, ImageFont

SIDE = 28
STACKED, ALONE = 12_000, 200
MANY, FEW = 60_000, 10_000

READ = """
import gzip, sys
import numpy as np
head, data = (lambda raw: (raw[:16], raw[16:]))(gzip.open(sys.argv[1]).read())
stack = np.frombuffer(data, np.uint8).reshape(-1, 28, 28)
"""
OPENCV = f"""{READ}
import cv2
out = np.empty_like(stack)
for number, image in enumerate(stack):
    x, y = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
    out[number] = cv2.convertScaleAbs(cv2.magnitude(x, y))
with gzip.open(sys.argv[2], "wb") as file:
    file.write(head + out.tobytes())
"""
NUMPY = f"""{READ}
import zlib
out = np.empty_like(stack)
for first in range(0, len(stack), 512):
    a = np.pad(stack[first : first + 512], ((0, 0), (1, 1), (1, 1)), "symmetric").astype(np.float32)
    across, down = a[:, :, 2:] - a[:, :, :-2], a[:, 2:] - a[:, :-2]
    x = across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]
    y = down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:]
    out[first : first + 512] = np.minimum(np.sqrt(x * x + y * y) + 0.5, 255)
press = zlib.compressobj(6, zlib.DEFLATED, 31, 8, zlib.Z_RLE)
with open(sys.argv[2], "wb") as file:
    file.write(press.compress(head) + press.compress(out.tobytes()) + press.flush())
"""


def digits(count: int) -> Array:
    """Return pictures of digits, shifted and rotated: a thousand, repeated."""
    random, drawn = np.random.default_rng(0), []
    for number in range(1000):
        image = Image.new("L", (SIDE, SIDE))
        place = 8 + random.integers(-2, 3), 2 + random.integers(-2, 3)
        ImageDraw.Draw(image).text(place, str(number % 10), fill=255, font=ImageFont.load_default(20))
        drawn.append(np.asarray(image.rotate(random.uniform(-15, 15), Image.Resampling.BICUBIC)))
    return np.resize(np.stack(drawn), (count, SIDE, SIDE))


def stacks(cv2: Any, arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the times for a stack, single calls, one picture, and OpenCV."""
    weights = np.array([[1, 2, 1], [0, 1, 0], [1, 0, 3]], np.float32)
    cross = np.ones((3, 3), np.uint8)

    def sobel(image: Array) -> Array:
        x, y = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
        return cv2.convertScaleAbs(cv2.magnitude(x, y))

    works: dict[str, tuple[Any, Callable[[Array], Array]]] = {
        "mean 3×3": (partial(blur, op="mean", size=3), lambda a: cv2.blur(a, (3, 3))),
        "Gaussian 1": (partial(blur, sigma=1), lambda a: cv2.GaussianBlur(a, (0, 0), 1)),
        "median 3×3": (partial(blur, op="median", size=3), lambda a: cv2.medianBlur(a, 3)),
        "erosion 3×3": (partial(morph, op="erode", size=3), lambda a: cv2.erode(a, cross)),
        "kernel 3×3": (partial(conv, kernel=weights), lambda a: cv2.filter2D(a, -1, weights)),
        "Sobel": (partial(edges, op="sobel", maps="image"), sobel),
    }
    stack = digits(STACKED)
    picture = stack.reshape(SIDE * 120, -1)
    for name, (ours, theirs) in works.items():
        if arguments.only not in name:
            continue

        def one_by_one(ours: Any = ours) -> None:
            for image in stack[:ALONE]:
                ours(image, jobs=1)

        def opencv(theirs: Callable[[Array], Array] = theirs) -> None:
            for image in stack:
                theirs(image)

        functions = (
            lambda f=ours: f(stack, stack=True, jobs=1),
            one_by_one,
            lambda f=ours: f(picture, jobs=1),
            opencv,
        )
        times = common.in_turn(functions, arguments.runs[0], time.process_time)
        counts = STACKED, ALONE, STACKED, STACKED
        own, alone, whole, loop = (
            [second / count * 1e6 for second in seconds] for seconds, count in zip(times, counts, strict=True)
        )
        yield Row(f"{name}, µs an image", "one call each", own, alone, 0.02)
        yield Row(f"{name}, µs an image", "one picture", own, whole, None if name == "Gaussian 1" else 2)
        yield Row(f"{name}, µs an image", "OpenCV, a loop", own, loop)


def processes(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the times of whole processes over an IDX file."""
    with tempfile.TemporaryDirectory() as folder:
        many, few, found = (str(Path(folder, f"{name}-images-idx3-ubyte.gz")) for name in ("many", "few", "edges"))
        for path, count in ((many, MANY), (few, FEW)):
            head = struct.pack(">HBBIII", 0, 8, 3, count, SIDE, SIDE)
            Path(path).write_bytes(gzip.compress(head + digits(count).tobytes(), 6, mtime=0))
        filtered = [arguments.imfilter, "edges", many, "-o", found, "--op", "sobel", "-j", "1"]
        for tool, script, bound in (("OpenCV and gzip", OPENCV, 0.15), ("NumPy by hand", NUMPY, 2)):
            if arguments.only not in tool:
                continue
            other = [arguments.python, "-c", script, many, f"{found}.other"]
            ours, theirs = common.alternate(filtered, other, arguments.runs[1])
            seconds = [run.seconds for run in ours], [run.seconds for run in theirs]
            yield Row(f"Sobel of {MANY} images, s", tool, *seconds, bound)
        less = [few if part == many else part for part in filtered]
        ours, theirs = common.alternate(filtered, less, arguments.runs[1])
        memory = [run.memory / 1e6 for run in ours], [run.memory / 1e6 for run in theirs]
        yield Row(f"Sobel of {MANY} images, MB", f"of {FEW}", *memory, 1.2)


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows."""
    import cv2

    cv2.setNumThreads(1)
    yield from stacks(cv2, arguments)
    yield from processes(arguments)


if __name__ == "__main__":
    common.compare("data_sets", __doc__, measure, "images of 28×28 in 8 bits")
