"""A page's folder: the pictures that it begins with, and the commands that run in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .blocks import Block, blocks

ROOT = Path(__file__).parent.parent.parent
SAMPLE = re.compile(r"\]\((?:\.\./)+sample_images/([\w.]+)\)")
TREE = {"coffee.jpg": "photos/coffee.jpg", "cat.jpg": "photos/pets/cat.jpg"}
"""A folder of photographs, with another in it."""


ANYTHING = "…\n"
"""The output that depends on the machine: the site shows what is printed."""


class PageError(Exception):
    """A page does not hold: where, and what is wrong."""


def furnish(folder: Path, page: Path) -> None:
    """Put into a page's folder the sample pictures that the page links, or the index next to it, and a tree of some."""
    texts = [place.read_text(encoding="utf-8") for place in {page, page.with_name("index.md")}]
    for name in {name for text in texts for name in SAMPLE.findall(text)}:
        shutil.copy(ROOT / "sample_images" / name, folder)
    for name, place in TREE.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "sample_images" / name, folder / place)


def write_file(block: Block, folder: Path) -> None:
    """Write the file that a block holds."""
    place = folder / block.name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(block.body, encoding="utf-8")


def samples(path: Path) -> list[list[str]]:
    """Return the samples of a gray picture or array, row by row, as a page writes them.

    Whole numbers have no point; others have up to three digits behind it.
    """
    import numpy as np
    from imfilter import imread

    array = np.load(path) if path.suffix == ".npy" else imread(path)
    rows = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else np.atleast_2d(array)
    if rows.ndim != 2:
        raise PageError(f"{path.name} has the shape {array.shape}; a page shows rows of one channel")
    return [[f"{round(float(value), 3) + 0.0:g}" for value in row] for row in rows]


def check_values(block: Block, folder: Path) -> list[list[str]]:
    """Return the samples of the file that a block of values names; raises PageError where the block has others."""
    found = samples(folder / block.name)
    said = [line.split() for line in block.body.splitlines()]
    if said != found:
        raise PageError(f"{block.name} holds\n" + "\n".join(" ".join(row) for row in found))
    return found


KEPT = "HOME", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "ASAN_OPTIONS", "IMFILTER_NATIVE"
"""Variables of this process that commands see; those of a job, of Make or of a terminal would change what they do."""


class Machine:
    """Runs blocks as a reader would, with the program of this Python on the PATH."""

    def __init__(self, programs: Path) -> None:
        programs.mkdir(parents=True, exist_ok=True)
        for name, words in (("imfilter", f'"{sys.executable}" -m imfilter'), ("python3", f'"{sys.executable}"')):
            (programs / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            (programs / name).chmod(0o755)
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment = kept | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}

    def run(self, block: Block, folder: Path) -> str:
        """Run a block, and return what it prints; raises PageError if it fails."""
        words = ["bash", "-euo", "pipefail", "-c"] if block.language == "sh" else ["python3", "-c"]
        ended = subprocess.run(
            [*words, block.body], cwd=folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            raise PageError(f"line {block.line}: exit {ended.returncode}\n{block.body}{ended.stderr}")
        return ended.stdout


def check_output(block: Block, printed: str) -> None:
    """Raise PageError where commands print something other than the block says."""
    if not printed if block.body == ANYTHING else printed != block.body:
        raise PageError(f"line {block.line}: the commands above print\n{printed}")


@dataclass
class Walk:
    """What a page's blocks gave, by the places where these begin."""

    samples: dict[int, list[list[str]]] = field(default_factory=dict)
    printed: dict[int, str] = field(default_factory=dict)


def walk(text: str, folder: Path, run: Callable[[Block, Path], str]) -> Walk:
    """Do all that a page does, in its folder; *run* runs a block, and returns what it prints."""
    found = Walk()
    printed = ""
    for block in blocks(text):
        if block.kind == "file":
            write_file(block, folder)
        elif block.kind == "run":
            printed = run(block, folder)
        elif block.kind == "output":
            check_output(block, printed)
            found.printed[block.start] = printed
        elif block.kind == "values":
            found.samples[block.start] = check_values(block, folder)
    return found
