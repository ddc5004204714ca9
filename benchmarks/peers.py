"""Measure whole processes against other tools: `python benchmarks/peers.py --python PATH [--quick]`.

*PATH* is an interpreter that has OpenCV. `vips`, ImageMagick and GraphicsMagick join where they are installed. Ours and
each tool run in turn, A B A B; the ratio is that of the medians. A tool with a target runs 9 times, others 3 times, and
once where it takes above 4 s. Errors are measured on a cut of the picture, away from the border, where each tool has
its own rule: the greatest difference from SciPy in float64, rounded once, in levels; the part of samples that differ.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import common
import numpy as np
from common import Array
from core import dense_kernel
from PIL import Image
from scipy import ndimage

Command = Callable[[str, str], list[str]]
"""The command line for an input and an output."""
Reference = Callable[[Array], Array]
CUT = (1200, 900, 2000, 1500)


@dataclass(frozen=True)
class Peer:
    """A tool's command for a work, and what our time (and memory) over its own may be."""

    tool: str
    command: Command
    time: float | None = None
    memory: float | None = None
    exact: bool = True
    """Whether the command computes what the reference says, so that its error is worth a look."""


@dataclass(frozen=True)
class Work:
    """A work: its files, our command, the peers' ones, and what it should give."""

    name: str
    source: str
    target: str
    ours: Command
    peers: list[Peer]
    reference: Reference | None = None
    margin: int = 0


def gaussian(sigma: float) -> Reference:
    """Return SciPy's Gaussian of the rows and columns."""
    return lambda image: ndimage.gaussian_filter(image, (sigma, sigma, 0)[: image.ndim])


def correlation(kernel: Array) -> Reference:
    """Return SciPy's correlation of each channel."""
    return lambda image: ndimage.correlate(image, kernel[..., None])


def unsharp(image: Array) -> Array:
    """Return the unsharp mask of sigma 2 and amount 1."""
    return 2 * image - gaussian(2)(image)


def sobel(image: Array) -> Array:
    """Return the Sobel magnitude of a gray image."""
    return np.hypot(ndimage.sobel(image, 0), ndimage.sobel(image, 1))


def kernel(n: int) -> Array:
    """Return a dense kernel of five decimals, which half a turn leaves as it is: some tools turn it."""
    weights = dense_kernel(n)
    weights = np.round((weights + weights[::-1, ::-1]) / 2, 5)
    weights[n // 2, n // 2] += 1 - weights.sum()
    return np.round(weights, 5)


def digits(weights: Array) -> list[list[str]]:
    """Return the rows of a kernel as the tools read them."""
    return [[f"{weight:.5f}" for weight in row] for row in weights]


def kernel_files(folder: Path) -> None:
    """Write each dense kernel as rows of numbers, and with the head that libvips wants."""
    for n in (5, 15, 31):
        rows = "".join(" ".join(row) + "\n" for row in digits(kernel(n)))
        (folder / f"k{n}.txt").write_text(rows)
        (folder / f"k{n}.mat").write_text(f"{n} {n} 1 0\n{rows}")


def works(imfilter: str, python: str, folder: Path) -> list[Work]:
    """Return the works, most of them with a target."""
    script = str(common.HERE / "opencv_peer.py")

    def cv(work: str, time: float | None, *rest: str, memory: float | None = None) -> Peer:
        return Peer("OpenCV", lambda i, o: [python, script, work, i, o, *rest], time, memory)

    def vips(work: str, time: float | None, *rest: str, label: str = "vips", exact: bool = True) -> Peer:
        return Peer(label, lambda i, o: ["vips", work, i, o, *rest], time, exact=exact)

    def blurs(sigma: int, time: float, exact: float | None = None, memory: float | None = None) -> list[Peer]:
        return [
            cv("blur", time, str(sigma), memory=memory),
            vips("gaussblur", exact, str(sigma), "--precision", "float", label="vips, float"),
            vips("gaussblur", None, str(sigma)),
            Peer("ImageMagick", lambda i, o: [convert(), i, "-blur", f"0x{sigma}", o]),
            Peer("GraphicsMagick", lambda i, o: ["gm", "convert", i, "-blur", f"0x{sigma}", o]),
        ]

    def dense(n: int, time: float) -> Work:
        weights = kernel(n)
        rows = [",".join(row) for row in digits(weights)]
        peers = [
            cv("conv", time, str(folder / f"k{n}.txt")),
            vips("conv", None, str(folder / f"k{n}.mat"), label="vips, float"),
            vips("conv", None, str(folder / f"k{n}.mat"), "--precision", "integer"),
            Peer(
                "ImageMagick", lambda i, o: [convert(), i, "-morphology", "Convolve", f"{n}x{n}: {' '.join(rows)}", o]
            ),
            Peer("GraphicsMagick", lambda i, o: ["gm", "convert", i, "-convolve", ",".join(rows), o]),
        ]
        file = str(folder / f"k{n}.txt")
        return Work(
            f"dense {n}×{n}, PPM → PPM",
            "photo.ppm",
            "out.ppm",
            lambda i, o: [imfilter, "conv", i, "-o", o, "--kernel", file],
            peers,
            correlation(weights),
            n,
        )

    def blur(name: str, source: str, target: str, sigma: int, peers: list[Peer]) -> Work:
        return Work(
            name,
            source,
            target,
            lambda i, o: [imfilter, "blur", i, "-o", o, "--sigma", str(sigma)],
            peers,
            gaussian(sigma),
            4 * sigma + 1,
        )

    def edges(name: str, source: str, peers: list[Peer], *rest: str, reference: Reference | None = None) -> Work:
        return Work(
            name, source, "out.png", lambda i, o: [imfilter, "edges", i, "-o", o, *rest], peers, reference, margin=2
        )

    start = Peer("`import cv2`", lambda i, o: [python, "-c", "import cv2"], 0.75)
    angle = str(folder / "angle.png")
    return [
        Work("`--version`", "small.png", "out.png", lambda i, o: [imfilter, "--version"], [start]),
        Work("`--help`", "small.png", "out.png", lambda i, o: [imfilter, "--help"], [start]),
        blur("Gaussian 2, 64×64 PNG", "small.png", "out.png", 2, blurs(2, 1.25)),
        blur("Gaussian 2, JPEG → JPEG", "photo.jpg", "out.jpg", 2, blurs(2, 0.9, 1.0)),
        blur("Gaussian 10, PPM → PPM", "photo.ppm", "out.ppm", 10, blurs(10, 0.8)),
        blur("Gaussian 2, PNG → PNG", "photo.png", "out.png", 2, blurs(2, 0.9)),
        edges("Sobel, JPEG → PNG", "photo.jpg", [cv("sobel", 0.75)]),
        edges(
            "Sobel, gray JPEG → PNG",
            "gray.jpg",
            # libvips adds the absolute values and halves them.
            [cv("sobel", 0.75), vips("sobel", 1.0, exact=False)],
            reference=sobel,
        ),
        edges("Sobel and angle, JPEG → 2 PNG", "photo.jpg", [cv("sobel", 0.75, angle)], "--angle", angle),
        dense(5, 1.2),
        dense(15, 0.7),
        dense(31, 0.7),
        Work(
            "unsharp 2, PPM → PPM",
            "photo.ppm",
            "out.ppm",
            lambda i, o: [imfilter, "sharpen", i, "-o", o, "--op", "unsharp", "--sigma", "2"],
            [
                cv("unsharp", 1.0),
                # It sharpens the lightness alone, and less in flat places.
                vips("sharpen", None, "--sigma", "2", exact=False),
                Peer("ImageMagick", lambda i, o: [convert(), i, "-unsharp", "0x2+1+0", o]),
                Peer("GraphicsMagick", lambda i, o: ["gm", "convert", i, "-unsharp", "0x2+1+0", o]),
            ],
            unsharp,
            9,
        ),
        edges("Canny, JPEG → PNG", "photo.jpg", [cv("canny", 1.5)], "--op", "canny"),
        blur("Gaussian 2, 48 MP JPEG → JPEG", "large.jpg", "out.jpg", 2, blurs(2, 1.0, memory=1.0)),
    ]


def pictures(folder: Path) -> None:
    """Make the pictures, and a cut of the photograph to measure errors on."""
    photo = common.photograph(4000, 3000)
    photo.save(folder / "photo.ppm")
    photo.save(folder / "photo.png")
    photo.save(folder / "photo.jpg", quality=92)
    photo.crop(CUT).save(folder / "cut.ppm")
    gray = photo.convert("L")
    gray.save(folder / "gray.jpg", quality=92)
    gray.crop(CUT).save(folder / "cut.pgm")
    photo.resize((64, 64)).save(folder / "small.png")
    common.photograph(8000, 6000).save(folder / "large.jpg", quality=92)


def error(command: Command, work: Work, folder: Path) -> str:
    """Return the greatest error in levels, and the part of samples that differ."""
    assert work.reference is not None
    source = folder / ("cut.pgm" if work.source == "gray.jpg" else "cut.ppm")
    # PNG keeps every tool to 8 bits.
    target = folder / "error.png"
    target.unlink(missing_ok=True)
    if common.run(command(str(source), str(target))) is None:
        return "failed"
    exact = work.reference(np.asarray(Image.open(source)).astype(np.float64))
    exact = np.clip(np.floor(exact + 0.5), 0, 255)
    given = np.asarray(Image.open(target).convert("L" if exact.ndim == 2 else "RGB")).astype(np.float64)
    inner = slice(work.margin, -work.margin)
    off = np.abs(given - exact)[inner, inner]
    return f"{off.max():.0f}, {np.mean(off > 0):.2%}"


def seconds(runs: list[common.Run]) -> str:
    """Return the median time, the least and the greatest."""
    times = [run.seconds for run in runs]
    return f"{common.middle(runs).seconds:.3f} ({min(times):.3f}–{max(times):.3f})"


def targets(peer: Peer, ours: common.Run, theirs: common.Run) -> str:
    """Return the ratios of time and memory beside the targets."""
    ratio, share = ours.seconds / theirs.seconds, ours.memory / theirs.memory
    said = common.verdict(ratio, peer.time) if peer.time else f"{ratio:.2f}"
    return said if peer.memory is None else f"{said}; memory {common.verdict(share, peer.memory)}"


def measure(work: Work, folder: Path, runs: int, few: int) -> list[list[str]]:
    """Return the lines of the table for one work."""
    files = str(folder / work.source), str(folder / work.target)
    own: list[common.Run] = []
    lines = []
    for peer in work.peers:
        ours, theirs = common.alternate(work.ours(*files), peer.command(*files), runs if peer.time else few)
        if not ours:
            raise SystemExit(f"failed: {' '.join(work.ours(*files))}")
        own += ours
        if not theirs:
            if common.found(peer.command(*files)[0]):
                lines.append([work.name, peer.tool, "failed", "", "", ""])
            continue
        wrong = error(peer.command, work, folder) if work.reference and peer.exact else ""
        left, right = common.middle(ours), common.middle(theirs)
        ratio = targets(peer, left, right)
        lines.append([work.name, peer.tool, seconds(theirs), f"{right.memory / 1e6:.0f}", wrong, ratio])
    wrong = error(work.ours, work, folder) if work.reference else ""
    first = [f"**{work.name}**", "**imfilter**", seconds(own), f"{common.middle(own).memory / 1e6:.0f}", wrong, ""]
    return [first, *([["", *line[1:]] for line in lines])]


def measured(works: list[Work], folder: Path, arguments: argparse.Namespace) -> list[list[str]]:
    """Return the table's lines for those of the works that are asked for."""
    lines = []
    for work in works:
        if arguments.only in work.name:
            lines += measure(work, folder, *arguments.runs)
            print(work.name, file=sys.stderr)
    return lines


def written(section: str, text: str, arguments: argparse.Namespace) -> None:
    """Write a section of RESULTS.md; print it where only a part was asked for."""
    if arguments.only:
        print(text)
    else:
        common.write(section, text)


def sizes(imfilter: str, folder: Path) -> str:
    """Return the line that compares the PNG's size with what Pillow's defaults make of the same samples."""
    target = folder / "size.png"
    subprocess.run([imfilter, "blur", str(folder / "photo.png"), "-o", str(target), "--sigma", "2"], check=True)
    Image.open(target).save(folder / "pillow.png")
    ratio = target.stat().st_size / (folder / "pillow.png").stat().st_size
    return f"The PNG of the Gaussian against that of Pillow's defaults, in bytes: {common.verdict(ratio, 1.1)}."


def tool_versions(python: str) -> str:
    """Return the versions of the tools that are installed."""
    asked = {
        "OpenCV": [python, "-c", "import cv2; print(cv2.__version__)"],
        "libvips": ["vips", "--version"],
        "ImageMagick": [convert(), "--version"],
        "GraphicsMagick": ["gm", "version"],
    }
    said = [f"imfilter with {common.versions('numpy', 'pillow', 'typer')}"]
    for name, command in asked.items():
        try:
            answer = subprocess.run(command, capture_output=True, text=True).stdout
        except OSError:
            continue
        if number := re.search(r"\d+\.[\w.-]+", answer):
            said.append(f"{name} {number[0]}")
    return ", ".join(said)


def convert() -> str:
    """Return ImageMagick's command."""
    return next((path for path in ("/usr/bin/convert", "magick") if common.found(path)), "convert")


def asked(doc: str) -> argparse.Namespace:
    """Return the options of the command line; *runs* are those beside a tool with a target, and beside others."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, metavar="PATH", help="an interpreter that has the tools")
    parser.add_argument("--imfilter", default="imfilter", metavar="PATH", help="the command to measure")
    parser.add_argument("--quick", dest="runs", action="store_const", const=(3, 1), default=(9, 3), help="fewer runs")
    parser.add_argument("--only", default="", metavar="TEXT", help="print the works with TEXT in their name")
    return parser.parse_args()


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    arguments = asked(__doc__)
    runs, few = arguments.runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures(folder)
        kernel_files(folder)
        lines = measured(works(arguments.imfilter, arguments.python, folder), folder, arguments)
        size = sizes(arguments.imfilter, folder)
    head = ["work, 12 MP", "tool", "s", "MB", "error in levels, differing", "imfilter / tool"]
    text = f"{common.machine()}; {tool_versions(arguments.python)}; {runs} and {few} runs. "
    text += "libvips in float writes PPM as float.\n\n"
    text += f"{common.table(head, lines)}\n\n{size}"
    written("peers", text, arguments)


if __name__ == "__main__":
    main()
