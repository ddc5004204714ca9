"""Measure pictures larger than memory: `python benchmarks/streaming.py --imfilter PATH [--quick]`.

A gray picture of 20 000×20 000 pixels is filtered from file to file, compared with `vips`, whose command streams too;
and one of 50 000×50 000. Memory is the peak of the process, measured from outside.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import common
import numpy as np

SIDE, HUGE = 20_000, 50_000
CALLS = {
    "PGM to PGM": ("g.pgm", "out.pgm", (), "out.pgm"),
    "PGM to TIFF, deflate": ("g.pgm", "out.tif", (), "out.tif[compression=deflate]"),
    "raw TIFF to raw TIFF": ("raw.tif", "out.tif", ("--compression", "none"), "out.tif"),
    "tiled TIFF, deflate, to TIFF, deflate": ("tiles.tif", "out.tif", (), "out.tif[compression=deflate]"),
    "PNG to PNG": ("g.png", "out.png", (), "out.png"),
    "PGM to JPEG": ("g.pgm", "out.jpg", (), "out.jpg"),
}
OTHERS = {
    "median of 9×9": ("blur", "--op", "median", "--size", "9"),
    "Sobel, with the magnitude in .npy, stretched": ("edges", "--range", "stretch", "--magnitude", "m.npy"),
    "Canny, joined across strips": ("edges", "--op", "canny", "--low", "8", "--high", "20"),
    "a chain of three": ("chain", "blur --sigma 1", "sharpen", "tone --gamma 0.8"),
}


def written(path: Path, side: int) -> None:
    """Write a gray picture of waves and some noise, a few rows at a time."""
    random = np.random.default_rng(1)
    across = np.sin(np.arange(side) / 300) * 80 + 120
    with path.open("wb") as file:
        file.write(b"P5\n%d %d\n255\n" % (side, side))
        for top in range(0, side, 500):
            rows = np.arange(top, min(top + 500, side))
            noise = random.integers(-8, 9, (len(rows), side))
            file.write(np.clip(across + (np.cos(rows / 200) * 30)[:, None] + noise, 0, 255).astype(np.uint8).tobytes())


def cells(run: common.Run | None) -> list[str]:
    """Return the time and memory of a run as cells of the table."""
    return ["", "", ""] if run is None else [f"{run.memory / 1e6:.0f}", f"{run.cpu:.1f}", f"{run.seconds:.1f}"]


def measure(arguments: argparse.Namespace, folder: Path) -> str:
    """Return the tables."""

    def ours(given: str, to: str, *words: str) -> list[str]:
        filter, *options = words or ("blur", "--sigma", "2")
        name = [str(folder / given), "-o", str(folder / to), "--max-pixels", "3G", "-q"]
        options = [str(folder / word) if word.endswith(".npy") else word for word in options]
        return [arguments.imfilter, filter, *name, *options]

    written(folder / "g.pgm", SIDE)
    vips = common.found("vips")
    for name, options in {"g.png": [], "raw.tif": ["--compression", "none"]}.items():
        subprocess.run([*ours("g.pgm", name, "flip"), *options], check=True)
    if vips:
        tiles = f"{folder}/tiles.tif[compression=deflate,tile,tile-width=512,tile-height=512]"
        subprocess.run([vips, "copy", str(folder / "g.pgm"), tiles], check=True)
    rows = []
    for work, (given, to, more, peers) in CALLS.items():
        if (folder / given).exists():
            own = common.run([*ours(given, to), *more])
            theirs = common.run([vips, "gaussblur", str(folder / given), f"{folder}/v{peers}", "2"]) if vips else None
            rows.append([work, *cells(own), *cells(theirs)])
    head = ["blur by sigma 2", "MB", "CPU s", "s", "vips MB", "CPU s", "s"]
    first = common.table(head, rows)
    rows = [[work, *cells(common.run(ours("g.pgm", "out.pgm", *words)))] for work, words in OTHERS.items()]
    for path in folder.iterdir():
        path.unlink()
    written(folder / "g.pgm", HUGE)
    rows.append([f"{HUGE}×{HUGE}: blur by sigma 2", *cells(common.run(ours("g.pgm", "out.pgm")))])
    return f"{first}\n\n{common.table(['PGM to PGM', 'MB', 'CPU s', 's'], rows)}"


if __name__ == "__main__":
    arguments = common.asked(__doc__)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        tables = measure(arguments, Path(name))
    said = f"{common.machine()}; {common.versions('numpy', 'pillow')}; "
    said += f"{SIDE}×{SIDE} gray pixels of 8 bits; one run each, on a busy machine."
    common.write("streaming", f"{said}\n\n{tables}")
