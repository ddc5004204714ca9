"""Measure the commands that show pictures: `python benchmarks/looking.py --imfilter PATH --python PATH`.

Whole processes are compared with scripts with Pillow and NumPy, as one would write them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import common
from common import Row
from PIL import Image

HEADERS = 2000
PICTURES = 100
SHOW_AS = {"half blocks": ["--show-as", "blocks"], "no answer": []}


class Work(NamedTuple):
    """A command of ours, and an equivalent one."""

    name: str
    tool: str
    ours: list[str]
    theirs: list[str]
    bound: float | None = None


def of_info(arguments: argparse.Namespace, folder: Path) -> Iterator[Work]:
    """Yield the works of `info`."""
    script = [arguments.python, str(common.HERE / "pillow_looking_peer.py")]
    photo, large, many = folder / "photo.jpg", folder / "large.jpg", folder / "many"
    image = common.photograph(4000, 3000)
    image.save(photo, quality=92)
    image.resize((8000, 6000), Image.Resampling.BICUBIC).save(large, quality=92)
    many.mkdir()
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 1
    for number in range(HEADERS):
        at = number % 1000
        image.crop((at, at, at + 500, at + 375)).save(many / f"{number:04}.jpg", quality=90, exif=exif)
    info = [arguments.imfilter, "info"]
    yield Work("info, 12 MP", "Pillow and NumPy", [*info, str(photo)], [*script, str(photo)], 0.6)
    headers = [*info, str(many), "--header"], [*script, "--header", str(many)]
    yield Work(f"info --header, {HEADERS} files", "Pillow", *headers)
    blur = [arguments.imfilter, "blur", str(large), "-o", str(folder / "blurred.jpg")]
    yield Work("info, 48 MP", "blur", [*info, str(large)], blur, 1)


SIGMAS = (1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9)
"""The sigmas of a sheet of 12 results."""
IN_MEMORY = """
import sys
from imfilter import imread
from imfilter.filters.blur import blur
image = imread(sys.argv[1])
for sigma in sys.argv[2:]:
    blur(image, sigma=float(sigma))
"""


def of_sweep(arguments: argparse.Namespace, folder: Path) -> Iterator[Work]:
    """Yield the works of `sweep` and `sheet`."""
    photo, sheet, many = folder / "photo.jpg", str(folder / "sheet.png"), folder / "many"
    image = common.photograph(4000, 3000)
    image.save(photo, quality=92)
    values = [f"{sigma:g}" for sigma in SIGMAS]
    sweep = [arguments.imfilter, "sweep", str(photo), "-o", sheet, f"blur --sigma {{{','.join(values)}}}"]
    runs = [sys.executable, "-c", IN_MEMORY, str(photo), *values]
    yield Work("sweep, 12 results of 12 MP", "12 runs in one process", sweep, runs, 1.2)
    blur = [arguments.imfilter, "blur", str(photo), "-o", str(folder / "blurred.png"), "--sigma", values[-1]]
    yield Work("sweep, memory", "blur", sweep, blur, 12)
    many.mkdir()
    for number in range(PICTURES):
        image.crop((number, number, number + 1600, number + 1200)).save(many / f"{number:03}.jpg", quality=90)
    script = [arguments.python, str(common.HERE / "pillow_looking_peer.py"), "--sheet", str(many), sheet]
    call = [arguments.imfilter, "sheet", str(many), "-o", sheet]
    yield Work(f"sheet, {PICTURES} photographs of 2 MP", "Pillow", call, script, 1)


def of_show(arguments: argparse.Namespace, folder: Path) -> Iterator[Work]:
    """Yield the works of `show`, `--show` and `kernels plot`, on terminals that answer and one that does not."""
    photo = folder / "photo.jpg"
    common.photograph(4000, 3000).save(photo, quality=92)
    on = [arguments.python, str(common.HERE / "on_terminal.py")]
    peer = [*on, "silent", arguments.python, str(common.HERE / "pillow_looking_peer.py"), "--show", str(photo)]
    show = [arguments.imfilter, "show", str(photo)]
    for terminal in ("xterm", "kitty"):
        yield Work(f"show, 12 MP, {terminal}", "Pillow, half blocks", [*on, terminal, *show], peer, 2)
    for name, terminal in ("half blocks", "xterm"), ("no answer", "silent"):
        yield Work(f"show, 12 MP, {name}", "Pillow, half blocks", [*on, terminal, *show, *SHOW_AS[name]], peer, 2)
    blur = [arguments.imfilter, "blur", str(photo)]
    written = [*blur, "-o", str(folder / "blurred.jpg")]
    yield Work("blur --show, 12 MP, xterm", "blur -o", [*on, "xterm", *blur, "--show"], written, 1)
    plot = [arguments.imfilter, "kernels", "plot", "gaussian5"]
    printed = [arguments.imfilter, "kernels", "show", "gaussian5"]
    yield Work("kernels plot -o", "kernels show", [*plot, "-o", str(folder / "plot.png")], printed, 2)


WORKS: tuple[Callable[[argparse.Namespace, Path], Iterator[Work]], ...] = (of_info, of_sweep, of_show)


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows, in seconds, with memory."""
    for works in WORKS:
        with tempfile.TemporaryDirectory() as name:
            for work in works(arguments, Path(name)):
                if arguments.only not in work.name:
                    continue
                own, other = common.alternate(work.ours, work.theirs, arguments.runs[0])
                memory = [f"{common.middle(runs).memory / 1e6:.0f}" if runs else "" for runs in (own, other)]
                seconds = ([run.seconds for run in runs] for runs in (own, other))
                yield Row(work.name, work.tool, *seconds, work.bound, memory)


if __name__ == "__main__":
    common.compare("looking", __doc__, measure, "seconds", "MB", "the other's")
