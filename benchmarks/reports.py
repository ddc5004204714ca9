"""Measure the page of a run: `python benchmarks/reports.py --imfilter PATH`.

Whole processes filter a folder of 100 photographs of 12 megapixels, with `--report` and without.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import common
from common import Row

PICTURES, KINDS = 100, 4
CALLS = (
    ("blur, JPEG to JPEG", ["blur", "--sigma", "2"]),
    ("blur, JPEG to PNG", ["blur", "--sigma", "2", "--to", "png"]),
    ("bilateral, JPEG to JPEG", ["blur", "--op", "bilateral", "--sigma", "3"]),
)


def pictures(folder: Path) -> None:
    """Make a few photographs, each under many names."""
    image = common.photograph(4000, 3000)
    for number in range(KINDS):
        image.rotate(90 * number, expand=True).save(folder / f"{number}.jpg", quality=90)
    for number in range(KINDS, PICTURES):
        (folder / f"{number}.jpg").hardlink_to(folder / f"{number % KINDS}.jpg")


def measure(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows, in seconds, with the size of the page and memory."""
    with tempfile.TemporaryDirectory() as name:
        folder, page = Path(name) / "in", Path(name) / "page.html"
        folder.mkdir()
        pictures(folder)
        for work, words in CALLS:
            if arguments.only not in work:
                continue
            plain = [arguments.imfilter, *words, str(folder), "-o", f"{name}/out/", "-q"]
            own, other = common.alternate([*plain, "--report", str(page)], plain, arguments.runs[1])
            memory = [f"{common.middle(runs).memory / 1e6:.0f}" for runs in (own, other)]
            own, other = ([run.seconds for run in runs] for runs in (own, other))
            yield Row(work, "without", own, other, 1.3, [f"{page.stat().st_size / 1e6:.1f}", *memory])


if __name__ == "__main__":
    common.compare("reports", __doc__, measure, "seconds", "page, MB", "MB", "without")
