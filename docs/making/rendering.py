"""From a page as it is written to what Sphinx reads: samples as a grid, pictures with their captions."""

from __future__ import annotations

import html
import posixpath
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from .blocks import Block, blocks
from .running import Walk

PICTURES = "made"
"""The folder of the pictures that commands make."""
SHOWN = ".png", ".jpg", ".webp", ".gif"
FIGURES = re.compile(r"^(?:!\[[^\]]*\]\([^)\s]+ \"[^\"]*\"\)\n)+", re.MULTILINE)
"""A paragraph of pictures that have captions."""
FIGURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+) \"([^\"]*)\"\)")

DARK = 117
"""The shade of gray on which black and white letters are equally legible, 4.6 : 1."""


def grid(name: str, rows: list[list[str]]) -> str:
    """Return samples as a table, each on its own shade of gray from the least to the greatest."""
    values = [float(value) for row in rows for value in row]
    low, span = min(values), (max(values) - min(values)) or 1.0
    lines = [
        '<div class="samples-scroll" tabindex="0">',
        '<table class="samples">',
        f"<caption>{html.escape(name)}</caption>",
        "<tbody>",
    ]
    for row in rows:
        shades = [round(255 * (float(value) - low) / span) for value in row]
        cells = (
            f'<td style="background:rgb({shade},{shade},{shade});color:{"#000" if shade > DARK else "#fff"}">'
            f"{value.replace('-', '−')}</td>"
            for value, shade in zip(row, shades, strict=True)
        )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join([*lines, "</tbody></table></div>", ""])


def replacement(block: Block, walk: Walk) -> str | None:
    """Return what stands in the place of a block, or None if it stays."""
    if block.kind == "values":
        return "\n" + grid(block.name, walk.samples[block.start])
    if block.kind == "output":
        return f":::{{container}} printed\n```text\n{walk.printed[block.start]}```\n:::\n"
    if block.kind == "file":
        return f":::{{code-block}} {block.language}\n:caption: {block.name}\n\n{block.body}:::\n"
    return None


def with_figures(text: str) -> str:
    """Return a page in which paragraphs of pictures with captions are figures, side by side where there is room."""

    def figures(found: re.Match[str]) -> str:
        parts = [
            f":::{{figure}} {target}\n:alt: {alt}\n\n{caption}\n:::"
            for alt, target, caption in FIGURE.findall(found[0])
        ]
        return "::::{container} figures\n" + "\n".join(parts) + "\n::::\n"

    return FIGURES.sub(figures, text)


def rendered(text: str, walk: Walk) -> str:
    """Return a page with what its blocks gave."""
    parts, end = [], 0
    for block in blocks(text):
        new = replacement(block, walk)
        if new is not None:
            parts += [text[end : block.start], new]
            end = block.end
    return "".join([*parts, text[end:]])


def pictures_of(folder: Path, page: str, source: Path) -> Callable[[str], str | None]:
    """Return what tells of a picture's place on the site, once it is there; None for one that no command made."""
    place = f"{PICTURES}/{posixpath.splitext(page)[0]}"

    def made(name: str) -> str | None:
        path = folder / name
        if path.suffix not in SHOWN or not path.is_file():
            return None
        (source / place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, source / place / name)
        return f"{place}/{name}"

    return made
