"""Measure filters in memory: `python benchmarks/in_memory.py [--quick]`.

Filters run from array to array, ours by Python calls with ``jobs=1``, in turn with OpenCV, Pillow, PyTorch and SciPy on
one thread; times are CPU times of all threads. Images are gray, with 8 bits and 12 megapixels, unless a row says
otherwise; SciPy's medians take seconds, so they get a small crop.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import common
import numpy as np
from common import Array, Row
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.rank import structuring_element
from imfilter.filters.edges import edges
from imfilter.filters.morph import morph
from imfilter.filters.pool import pool
from imfilter.filters.resize import resize
from imfilter.filters.rotate import rotate
from imfilter.filters.tone import tone

Function = Callable[[Array], object]


class Work(NamedTuple):
    """A task: the bound on the ratio, both functions, and their images."""

    name: str
    bound: float | None
    ours: Function
    theirs: Function
    image: Array
    other: Array
    tool: str = "OpenCV"


def kernels(cv2: Any, gray: Array, colour: Array) -> Iterator[Work]:
    """Yield correlations and gradients."""

    def work(name: str, bound: float | None, ours: Function, theirs: Function, image: Array = gray) -> Work:
        return Work(name if image is gray else f"{name}, RGB", bound, ours, theirs, image, image)

    def gaussian(sigma: int, bound: float | None, image: Array = gray) -> Work:
        return work(
            f"Gaussian {sigma}", bound, partial(blur, sigma=sigma), lambda a: cv2.GaussianBlur(a, (0, 0), sigma), image
        )

    def box(n: int, bound: float | None, image: Array = gray) -> Work:
        return work(f"box {n}", bound, partial(blur, op="mean", size=n), lambda a: cv2.blur(a, (n, n)), image)

    def dense(n: int, bound: float | None, image: Array = gray) -> Work:
        weights = common.dense_kernel(n)
        return work(
            f"dense {n}×{n}", bound, partial(conv, kernel=weights), lambda a: cv2.filter2D(a, -1, weights), image
        )

    def pair(a: Array, kind: int = cv2.CV_32F) -> tuple[Array, Array]:
        return cv2.Sobel(a, kind, 1, 0), cv2.Sobel(a, kind, 0, 1)

    def l1(a: Array) -> Array:
        gx, gy = pair(a, cv2.CV_16S)
        return cv2.add(cv2.convertScaleAbs(gx), cv2.convertScaleAbs(gy))

    def l2(a: Array) -> Array:
        return cv2.convertScaleAbs(cv2.magnitude(*pair(a)))

    def l2_angle(a: Array) -> tuple[Array, Array]:
        gx, gy = pair(a)
        return cv2.convertScaleAbs(cv2.magnitude(gx, gy)), cv2.phase(gx, gy, angleInDegrees=True)

    for sigma, bound in ((1, 1.5), (2, 1.5), (4, 1.0), (8, 0.5), (16, 0.5), (32, 0.5)):
        yield gaussian(sigma, bound)
    yield from (box(3, None), box(5, 1.5), box(51, 1.2))
    for n, bound in ((3, 1.0), (5, 0.7), (7, 0.7), (11, 0.7), (15, 0.9), (31, 0.9)):
        yield dense(n, bound)
    yield work("Sobel, gx and gy", 0.6, partial(edges, maps=("gx", "gy")), pair)
    yield work("Sobel, L1", 0.6, partial(edges, norm="l1", maps="image"), l1)
    yield work("Sobel, L2", 0.6, partial(edges, maps="image"), l2)
    yield work("Sobel, L2 and angle", 0.6, partial(edges, maps=("image", "angle")), l2_angle)
    yield from (gaussian(2, None, colour), gaussian(8, None, colour), box(5, None, colour), dense(5, None, colour))


def orders(cv2: Any, ndimage: Any, gray: Array, colour: Array) -> Iterator[Work]:
    """Yield medians and erosions."""
    for n in (3, 5, 7, 9, 15, 31, 51, 101):
        bound = 1.3 if n <= 5 else 1.0
        yield Work(f"median {n}", bound, median_of(n), lambda a, n=n: cv2.medianBlur(a, n), gray, gray)
    yield Work("median 5, RGB", None, median_of(5), lambda a: cv2.medianBlur(a, 5), colour, colour)
    noise = np.random.default_rng(0).integers(0, 256, gray.shape)
    # Beyond 8 bits, samples get detail below the photograph's levels, as a camera's would have.
    fine = np.ascontiguousarray((gray * np.uint16(256) + noise.astype(np.uint16))[:1500, :2000])
    for image in (fine, (fine / 65535).astype(np.float32)):
        for n in (3, 5, 9, 15, 31):
            name = f"median {n}, {image.dtype}, 3 MP"
            cut = np.ascontiguousarray(image[700:828, 900:1028])
            yield Work(name, 0.1, median_of(n), lambda a, n=n: ndimage.median_filter(a, n), image, cut, "SciPy")
    for shape in structuring_element.NAMES:
        for n in (3, 5, 15, 31, 101):
            mask = structuring_element.named(shape, n, n).mask
            window = np.ones((n, n), np.uint8) if mask is None else mask.astype(np.uint8)
            ours = partial(morph, op="erode", shape=shape, size=n)
            for image in (gray, colour) if (shape, n) == ("square", 15) else (gray,):
                name = f"erode {shape} {n}" + ", RGB" * (image is colour)
                yield Work(name, 1.2, ours, lambda a, w=window: cv2.erode(a, w), image, image)


def median_of(n: int) -> Function:
    """Return our median."""
    return partial(blur, op="median", size=n)


def denoisers(cv2: Any, gray: Array, colour: Array) -> Iterator[Work]:
    """Yield the filters that keep edges."""

    def guided(radius: int) -> Function:
        side = (2 * radius + 1,) * 2

        def run(a: Array) -> Array:
            # K. He's own formulas, for a picture that guides itself.
            values = a.astype(np.float32) / 255
            mean = cv2.boxFilter(values, -1, side)
            variance = cv2.boxFilter(values * values, -1, side) - mean * mean
            slope = variance / (variance + 0.01)
            answer = cv2.boxFilter(slope, -1, side) * values + cv2.boxFilter(mean - slope * mean, -1, side)
            return cv2.convertScaleAbs(answer, alpha=255)

        return run

    part = np.ascontiguousarray(gray[:1500, :2000])
    part_colour = np.ascontiguousarray(colour[:1500, :2000])
    for n, sigma in ((5, 1.25), (9, 2.0)):
        for image in (part, part_colour):
            ours = partial(blur, op="bilateral", size=n, sigma=sigma, range_sigma=25)
            name = f"bilateral {n}" + ", RGB" * (image is part_colour) + ", 3 MP"
            yield Work(name, 0.8, ours, lambda a, n=n, s=sigma: cv2.bilateralFilter(a, n, 25, s), image, image)
    for radius in (4, 30):
        ours = partial(blur, op="guided", radius=radius, epsilon=0.01)
        yield Work(f"guided, radius {radius}", 1.0, ours, guided(radius), gray, gray)
    part = np.ascontiguousarray(gray[:1000, :1000])
    ours = partial(blur, op="nlm", patch=5, radius=6, strength=10)
    yield Work("nlm 13, 1 MP", 0.4, ours, lambda a: cv2.fastNlMeansDenoising(a, None, 10, 5, 13), part, part)


def sizes(cv2: Any, pillow: Any, colour: Array) -> Iterator[Work]:
    """Yield resizing: against Pillow in 8 bits with the same kernels, and OpenCV by area."""
    picture, (height, width, _) = pillow.fromarray(colour), colour.shape
    for factor, bound in ((0.5, 1.3), (0.25, 1.3), (2, 1.3)):
        across, down = int(width * factor), int(height * factor)
        for name in ("bilinear", "bicubic", "lanczos", "nearest"):
            kernel = getattr(pillow.Resampling, name.upper())
            ours = partial(resize, scale=factor, interpolation=name)

            def theirs(a: Array, size: tuple[int, int] = (across, down), kernel: Any = kernel) -> object:
                return picture.resize(size, kernel)

            named = f"resize by {factor:g}, {name}, RGB"
            yield Work(named, None if name == "nearest" else bound, ours, theirs, colour, colour, "Pillow")
        if factor < 1:

            def by_area(a: Array, size: tuple[int, int] = (across, down)) -> object:
                return cv2.resize(a, size, interpolation=cv2.INTER_AREA)

            ours = partial(resize, scale=factor, interpolation="area")
            yield Work(f"resize by {factor:g}, area, RGB", None, ours, by_area, colour, colour)


def tones(cv2: Any, pillow: Any, gray: Array, colour: Array) -> Iterator[Work]:
    """Yield tone curves, colour changes, and histogram equalisation."""
    curve = np.clip(np.arange(256) * 1.3 + 0.5, 0, 255).astype(np.uint8)
    powers = (np.power(np.arange(256) / 255, 0.7) * 255 + 0.5).astype(np.uint8)
    fine = gray * np.uint16(257)

    def in_lab(a: Array) -> Array:
        lab = cv2.cvtColor(a, cv2.COLOR_RGB2LAB)
        lab[..., 0] = cv2.createCLAHE(4, (8, 8)).apply(lab[..., 0])
        return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)

    def in_hsv(a: Array) -> Array:
        return cv2.cvtColor(cv2.cvtColor(a, cv2.COLOR_RGB2HSV), cv2.COLOR_HSV2RGB)

    def evened(a: Array) -> Array:
        return cv2.createCLAHE(4, (8, 8)).apply(a)

    for image in (gray, colour):
        suffix = ", RGB" * (image is colour)
        yield Work(f"brightness{suffix}", 1.2, partial(tone, brightness=1.3), lambda a: cv2.LUT(a, curve), image, image)
        drawn, table = pillow.fromarray(image), powers.tolist() * (3 if image is colour else 1)
        ours = partial(tone, gamma=0.7)
        yield Work(f"gamma{suffix}", 1.2, ours, lambda a, d=drawn, t=table: d.point(t), image, image, "Pillow")
    yield Work("contrast", None, partial(tone, contrast=1.3), lambda a: cv2.LUT(a, curve), gray, gray)
    yield Work("hue, RGB (8-bit HSV)", None, partial(tone, hue=30), in_hsv, colour, colour)
    yield Work("equalize", 1.2, partial(tone, op="equalize"), cv2.equalizeHist, gray, gray)
    clahe = partial(tone, op="clahe")
    yield Work("CLAHE", 1.5, clahe, evened, gray, gray)
    yield Work("CLAHE, uint16", 1.5, clahe, evened, fine, fine)
    yield Work("CLAHE, RGB (in L*a*b*)", 1.5, clahe, in_lab, colour, colour)


def turns(cv2: Any, pillow: Any, gray: Array, colour: Array) -> Iterator[Work]:
    """Yield rotations by 12° with cropped corners."""
    height, width = gray.shape[:2]
    back = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -12, 1)
    for image, bound in ((gray, None), (colour, 1.5)):
        name = "rotate 12°" + ", RGB" * (image is colour)

        def opencv(a: Array, flags: int = cv2.INTER_LINEAR) -> object:
            return cv2.warpAffine(a, back, (width, height), flags=flags)

        yield Work(name, bound, partial(rotate, angle=12), opencv, image, image)
        bicubic = partial(rotate, angle=12, interpolation="bicubic")
        yield Work(f"{name}, bicubic", None, bicubic, partial(opencv, flags=cv2.INTER_CUBIC), image, image)
        picture = pillow.fromarray(image)
        theirs = partial(pillow.Image.rotate, angle=-12, resample=pillow.Resampling.BILINEAR)
        yield Work(f"{name} (Pillow)", bound, partial(rotate, angle=12), theirs, image, picture, "Pillow")


def layers(torch: Any, colour: Array) -> Iterator[Work]:
    """Yield network layers: ours take the 8-bit image directly, PyTorch's take float32 in planes."""
    functional, random = torch.nn.functional, np.random.default_rng(0)

    def planes(image: Array) -> Any:
        return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))[None].astype(np.float32) / 255)

    def bank(name: str, bound: float | None, weights: Array, stride: int, padding: int, groups: int = 1) -> Work:
        image = np.ascontiguousarray(photo[..., : weights.shape[1] * groups])
        own = partial(
            conv, kernel=weights, groups=groups, stride=stride, padding=padding, border="constant", depth="float",
            max_taps=1 << 20,
        )  # fmt: skip
        taps = torch.from_numpy(weights)

        def other(a: Any) -> object:
            with torch.inference_mode():
                return functional.conv2d(a, taps, None, stride, padding, 1, groups)

        return Work(f"bank: {name}", bound, own, other, image, planes(image), "PyTorch")

    def weights(*shape: int) -> Array:
        return (random.standard_normal(shape) / np.prod(shape[1:]) ** 0.5).astype(np.float32)

    photo = colour[::4, ::4][:480, :640]
    yield bank("64 of 7×7×3", 1.2, weights(64, 3, 7, 7), 1, 3)
    yield bank("64 of 7×7×3, stride 2 (ResNet)", 1.2, weights(64, 3, 7, 7), 2, 3)
    yield bank("64 of 11×11×3, stride 4 (AlexNet)", 1.2, weights(64, 3, 11, 11), 4, 2)
    yield bank("64 of 3×3×3 (VGG)", None, weights(64, 3, 3, 3), 1, 1)
    yield bank("48 of 5×5 in 3 groups", None, weights(48, 1, 5, 5), 1, 2, 3)
    part = np.ascontiguousarray(colour[:1500, :2000])
    for op, size, stride, padding in (
        ("max", 2, 2, 0), ("avg", 2, 2, 0), ("max", 3, 2, 1), ("max", 3, 1, 0), ("avg", 3, 1, 0), ("avg", 8, 8, 0),
    ):  # fmt: skip
        ours = partial(pool, op=op, size=size, stride=stride, padding=padding)
        if op == "max":
            theirs = partial(functional.max_pool2d, kernel_size=size, stride=stride, padding=padding)
        else:
            theirs = partial(functional.avg_pool2d, kernel_size=size, stride=stride)
        name = f"{op} pooling {size}×{size}, stride {stride}, 3 MP RGB"
        yield Work(name, 1.0, ours, theirs, part, planes(part), "PyTorch")


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows, in nanoseconds per pixel."""
    import cv2
    import torch
    from PIL import Image
    from scipy import ndimage

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    gray, colour = (np.asarray(common.photograph(4000, 3000, gray=gray)) for gray in (True, False))
    steady: list[list[float]] = []
    for work in (
        *kernels(cv2, gray, colour),
        *orders(cv2, ndimage, gray, colour),
        *denoisers(cv2, gray, colour),
        *sizes(cv2, Image, colour),
        *tones(cv2, Image, gray, colour),
        *turns(cv2, Image, gray, colour),
        *layers(torch, colour),
    ):
        if arguments.only not in work.name:
            continue
        functions = (lambda w=work: w.ours(w.image, jobs=1)), (lambda w=work: w.theirs(w.other))  # type: ignore[call-arg]
        own, other = in_nanoseconds(work, common.in_turn(functions, arguments.runs[0], time.process_time))
        if work.name in ("median 9", "median 15", "median 31", "median 51", "median 101"):
            steady.append(own)
        yield Row(work.name, work.tool, own, other, work.bound)
    if len(steady) > 1:
        steady.sort(key=median)
        yield Row("the slowest median from 9 to 101", "the fastest", steady[-1], steady[0], 1.3)


def in_nanoseconds(work: Work, times: list[list[float]]) -> Iterator[list[float]]:
    """Yield nanoseconds per pixel."""
    for seconds, image in zip(times, (work.image, work.image if work.tool == "Pillow" else work.other), strict=True):
        height, width = image.shape[2:] if work.tool == "PyTorch" and image is work.other else image.shape[:2]
        yield [second / (height * width) * 1e9 for second in seconds]


if __name__ == "__main__":
    common.compare("in_memory", __doc__, measure, "nanoseconds of one core per pixel")
