"""Draw `speed.svg`, the picture of the README, from the table of whole processes in RESULTS.md.

Two panels, with all instruction sets and with AVX-512 switched off. A work's bars are the medians of both programs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
RESULTS, PICTURE = HERE / "RESULTS.md", HERE / "speed.svg"
WORKS = {
    "Gaussian 2, JPEG → JPEG": "blur, JPEG to JPEG",
    "Gaussian 2, PNG → PNG": "blur, PNG to PNG",
    "Gaussian 10, PPM → PPM": "blur, sigma 10",
    "Gaussian 2, 48 MP JPEG → JPEG": "blur, 48 MP JPEG",
    "dense 5×5, PPM": "kernel of 5×5",
    "dense 15×15, PPM": "kernel of 15×15",
    "unsharp 2, PPM": "unsharp mask",
    "Sobel and angle, JPEG → 2 PNG": "Sobel and angle",
    "Canny, JPEG → PNG": "Canny",
    "median 5, PPM": "median of 5×5",
    "median 15, PPM": "median of 15×15",
    "erode 15, PPM": "erosion by 15×15",
    "bilateral 5, PPM": "bilateral of 5×5",
}
"""What the table calls the works that are drawn, and what the picture does."""
LABELS, PANEL, GAP, TOP, ROW, BAR, LINE = 150, 260, 36, 64, 32, 10, 12
"""Widths and heights in pixels: of the labels, of a panel and between panels, and those of a row."""
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.head { font-weight: 600 } .small { font-size: 11px; fill: #57606a }
.ours { fill: #0b66c3 } .theirs { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9ba5b0 } .ours { fill: #58a6ff } .theirs { fill: #6e7681 }
}
"""


class Work(NamedTuple):
    """A work, and the medians of both programs in seconds: with all instruction sets, and with AVX-512 off."""

    name: str
    ours: tuple[float, float]
    theirs: tuple[float, float]


def read(page: str) -> tuple[str, list[Work]]:
    """Return the line of the machine, and the works of `WORKS` in its order; raises KeyError if the page lacks one."""
    part = re.search(r"<!-- peers -->\n(.*?)<!-- end of peers -->", page, re.DOTALL)
    assert part, "RESULTS.md has no table of whole processes"
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in part[1].splitlines() if line.startswith("|")]
    cells = {row[0]: row for row in rows}

    def seconds(cell: str) -> float:
        return float(cell.split(" ", 1)[0])

    works = []
    for name, label in WORKS.items():
        _, _, ours, theirs, _, ours_without, theirs_without, *_ = cells[name]
        times = (seconds(ours), seconds(ours_without)), (seconds(theirs), seconds(theirs_without))
        works.append(Work(label, *times))
    return part[1].strip().split("\n", 1)[0], works


def drawn(machine: str, works: list[Work]) -> str:
    """Return the picture, an SVG that follows the reader's choice of light or dark."""
    longest = max(max(work.ours + work.theirs) for work in works)
    width, height = LABELS + 2 * PANEL + GAP + 50, TOP + ROW * len(works) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
        f'  width="{width}" height="{height}">',
        "<title>Seconds of whole processes, imfilter and a script with OpenCV</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="ours" x="{LABELS}" y="12" width="12" height="12"/>',
        f'<text x="{LABELS + 18}" y="22">imfilter</text>',
        f'<rect class="theirs" x="{LABELS + 90}" y="12" width="12" height="12"/>'
        f'<text x="{LABELS + 108}" y="22">OpenCV; seconds, less is better</text>',
    ]
    lefts = [LABELS, LABELS + PANEL + GAP]
    for left, title in zip(lefts, ("all instruction sets", "AVX-512 switched off"), strict=True):
        parts.append(f'<text class="head" x="{left}" y="{TOP - 16}">{title}</text>')
    for number, work in enumerate(works):
        y = TOP + ROW * number
        parts.append(f'<text x="{LABELS - 10}" y="{y + LINE + 2}" text-anchor="end">{work.name}</text>')
        for panel, left in enumerate(lefts):
            for kind, seconds, top in (("ours", work.ours[panel], y), ("theirs", work.theirs[panel], y + LINE)):
                length = (PANEL - 40) * seconds / longest
                parts.append(f'<rect class="{kind}" x="{left}" y="{top}" width="{length:.1f}" height="{BAR}"/>')
                parts.append(
                    f'<text class="small" x="{left + length + 4:.1f}" y="{top + BAR - 1}">{seconds:.2f}</text>'
                )
    parts.append(f'<text class="small" x="10" y="{height - 10}">{machine}</text>')
    return "\n".join([*parts, "</svg>\n"])


def picture() -> str:
    """Return the picture of the page as it is."""
    line, works = read(RESULTS.read_text(encoding="utf-8"))
    machine = line.split("; ")[0].replace(", Linux x86_64", "")
    return drawn(f"{machine}; photographs of 12 MP in colour, medians of whole processes", works)


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
