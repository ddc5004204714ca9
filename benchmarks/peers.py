"""Measure whole processes against scripts of other tools: `python benchmarks/peers.py --imfilter PATH --python PATH`.

The *PATH*s are the command to measure, and an interpreter with OpenCV, NumPy and SciPy. `vips` is included if it is
installed. Ours and each tool run in turn, A B A B. Errors are measured on a crop of the picture, away from the border,
where each tool has its own rule: the greatest difference, in levels, from SciPy in float64, rounded once, and the
share of samples that differ. *Fallback* is the program with `IMFILTER_NATIVE=0`, compared with the obvious script
with `scipy.ndimage`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import common
import numpy as np
from common import Array, Row
from PIL import Image
from scipy import ndimage

Reference = Callable[[Array], Array]
CUT = (1200, 900, 2000, 1500)


class Work(NamedTuple):
    """A task: its name, its files, our command and theirs, in which IN and OUT are replaced by the files."""

    name: str
    files: str
    ours: str
    theirs: str
    bound: float | None = 0.95
    tool: str = "OpenCV"
    reference: Reference | None = None


def gaussian(sigma: float) -> Reference:
    """Return SciPy's Gaussian of the rows and columns."""
    return lambda image: ndimage.gaussian_filter(image, (sigma, sigma, 0))


def kernel(n: int) -> Array:
    """Return a dense kernel of five decimals, symmetric under rotation by 180°, because some tools rotate kernels."""
    weights = common.dense_kernel(n)
    weights = np.round((weights + weights[::-1, ::-1]) / 2, 5)
    weights[n // 2, n // 2] += 1 - weights.sum()
    return np.round(weights, 5)


def correlation(n: int) -> Reference:
    """Return SciPy's correlation of each channel with `kernel`."""
    return lambda image: ndimage.correlate(image, kernel(n)[..., None])


def unsharp(image: Array) -> Array:
    """Return the unsharp mask of sigma 2 and amount 1."""
    return 2 * image - gaussian(2)(image)


def works() -> Iterator[Work]:
    """Yield the tasks, most of them with a bound."""
    jpeg, png, ppm = "photo.jpg out.jpg", "photo.png out.png", "photo.ppm out.ppm"
    yield Work("`--version`", "small.png out.png", "--version", "-c 'import cv2'", 0.75, "`import cv2`")
    yield Work("Gaussian 2, 64×64 PNG", "small.png out.png", "blur IN -o OUT --sigma 2", "blur IN OUT 2", 1.15)
    for sigma, kind, files in (
        (2, "JPEG → JPEG", jpeg),
        (2, "PNG → PNG", png),
        (2, "PPM → PPM", ppm),
        (10, "PPM → PPM", ppm),
        (2, "48 MP JPEG → JPEG", "large.jpg out.jpg"),
    ):
        name, ours = f"Gaussian {sigma}, {kind}", f"blur IN -o OUT --sigma {sigma}"
        yield Work(name, files, ours, f"blur IN OUT {sigma}", reference=gaussian(sigma))
        vips = f"gaussblur IN OUT {sigma} --precision float"
        yield Work(name, files, ours, vips, 1.0, "vips", gaussian(sigma))
    for n in (5, 15, 31):
        ours = f"conv IN -o OUT --kernel k{n}.txt"
        yield Work(f"dense {n}×{n}, PPM", ppm, ours, f"conv IN OUT k{n}.txt", reference=correlation(n))
    yield Work("unsharp 2, PPM", ppm, "sharpen IN -o OUT --op unsharp --sigma 2", "unsharp IN OUT", reference=unsharp)
    to_png = "photo.jpg out.png"
    yield Work("Sobel, JPEG → PNG", to_png, "edges IN -o OUT", "sobel IN OUT")
    yield Work("Sobel and angle, JPEG → 2 PNG", to_png, "edges IN -o OUT --angle a.png", "sobel IN OUT a.png")
    yield Work("Canny, JPEG → PNG", to_png, "edges IN -o OUT --op canny", "canny IN OUT")
    for n in (3, 5, 9, 15, 31):
        yield Work(f"median {n}, PPM", ppm, f"blur IN -o OUT --op median --size {n}", f"median IN OUT {n}")
    yield Work("erode 15, PPM", ppm, "morph IN -o OUT --op erode --size 15", "erode IN OUT 15")
    bilateral = "blur IN -o OUT --op bilateral --size 5 --sigma 2 --range-sigma 25"
    yield Work("bilateral 5, PPM", ppm, bilateral, "bilateral IN OUT 5 25 2", None)
    yield Work("frequency, PPM", ppm, "frequency IN -o OUT --border wrap", "lowpass IN OUT", 0.5, "numpy.fft")
    for name, target, ours, theirs in (
        ("Gaussian 2", "out.ppm", "blur IN -o OUT --sigma 2", "gaussian IN OUT 2"),
        ("dense 5×5", "out.ppm", "conv IN -o OUT --kernel k5.txt", "conv IN OUT k5.txt"),
        ("erode 15", "out.ppm", "morph IN -o OUT --op erode --size 15", "erode IN OUT 15"),
        ("median 3", "out.ppm", "blur IN -o OUT --op median --size 3", "median IN OUT 3"),
        ("Sobel", "out.png", "edges IN -o OUT", "sobel IN OUT"),
    ):
        yield Work(f"fallback: {name}, PPM of 3 MP", f"quarter.ppm {target}", ours, theirs, 1.3, "scipy.ndimage")


def command(work: Work, words: str, program: list[str], folder: Path, files: list[str]) -> list[str]:
    """Return a command line with all files in the folder."""
    source, target = files
    if words.startswith("-c "):
        return [program[0], "-c", words[3:].strip("'")]
    named = {"IN": source, "OUT": target}
    told = [named.get(word, word) for word in words.split()]
    return [
        *program,
        *(str(folder / word) if word.endswith((".txt", ".png", ".jpg", ".ppm")) else word for word in told),
    ]


def pictures(folder: Path) -> None:
    """Make the pictures, a crop of the photograph to measure errors on, and the kernels."""
    photo = common.photograph(4000, 3000)
    photo.save(folder / "photo.ppm")
    photo.save(folder / "photo.png")
    photo.save(folder / "photo.jpg", quality=92)
    photo.crop(CUT).save(folder / "cut.ppm")
    photo.resize((2000, 1500)).save(folder / "quarter.ppm")
    photo.resize((64, 64)).save(folder / "small.png")
    common.photograph(8000, 6000).save(folder / "large.jpg", quality=92)
    for n in (5, 15, 31):
        np.savetxt(folder / f"k{n}.txt", kernel(n), fmt="%.5f")


def error(work: Work, words: list[str], folder: Path) -> str:
    """Return the greatest error in levels, and the share of samples that differ, of a command for the crop."""
    assert work.reference is not None
    # PNG makes every tool write 8 bits.
    target = folder / "error.png"
    target.unlink(missing_ok=True)
    if common.run(words) is None:
        return "failed"
    exact = work.reference(np.asarray(Image.open(folder / "cut.ppm")).astype(np.float64))
    off = np.abs(np.asarray(Image.open(target)).astype(np.float64) - np.clip(np.floor(exact + 0.5), 0, 255))[
        50:-50, 50:-50
    ]
    return f"{off.max():.0f}, {np.mean(off > 0):.2%}"


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows, in seconds, with memory and errors in their own cells."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures(folder)
        for work in works():
            scripts = {"OpenCV": "opencv_peer.py", "`import cv2`": ""}
            script = str(common.HERE / scripts.get(work.tool, "numpy_peer.py"))
            theirs = ["vips"] if work.tool == "vips" else [arguments.python, script]
            ours = [arguments.imfilter]
            if work.name.startswith("fallback"):
                ours = ["env", "IMFILTER_NATIVE=0", *ours]
            if arguments.only not in work.name or not common.found(theirs[0]):
                continue
            lines = [
                [
                    command(work, words, program, folder, files)
                    for files in (work.files.split(), ["cut.ppm", "error.png"])
                ]
                for words, program in ((work.ours, ours), (work.theirs, theirs))
            ]
            own, other = common.alternate(lines[0][0], lines[1][0], arguments.runs[work.tool in ("vips", "numpy.fft")])
            memory = [f"{common.middle(runs).memory / 1e6:.0f}" if runs else "" for runs in (own, other)]
            # The instruction set affects neither memory nor errors.
            errors = [error(work, line[1], folder) if work.reference else "" for line in lines]
            yield Row(
                work.name,
                work.tool,
                [run.seconds for run in own],
                [run.seconds for run in other],
                work.bound,
                [*memory, *errors],
            )


if __name__ == "__main__":
    said = "seconds; 12 MP in colour; errors in levels, with the fraction of samples that differ"
    common.compare("peers", __doc__, measure, said, "MB", "the other's", "error", "the other's")
