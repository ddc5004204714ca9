"""Record `terminal.svg`, the picture of a terminal in the README: `python sample_images/terminal.py`.

The commands run in a folder of their own on a terminal, and what they print is kept with its colours. The lines appear
one after the other; readers who want no motion see the whole.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

HERE = Path(__file__).parent
PICTURE = HERE / "terminal.svg"
COLUMNS, ROWS = 84, 30
COMMANDS = (
    "imfilter edges coffee.jpg -o edges.png --magnitude strength.tif --angle angle.png",
    "imfilter info edges.png",
    "imfilter blur photos/ -r -o soft/ --sigma 2",
    "imfilter blur photos/ -r -o soft/ --sigma 2 --update",
    "imfilter compare photos/cat.jpg soft/cat.jpg",
    "imfilter blur photos/cat.jpg -o x.jpg --sigma -1",
)
PAUSE, STEP = 0.8, 0.1
"""Seconds before the output of a command, and between two lines."""
FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>imfilter in a terminal</title>
<style>
.{unique_id}-matrix {{
  font: {char_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  line-height: {line_height}px
}}
{styles}
{times}
@media (prefers-reduced-motion: reduce) {{ text {{ animation: none !important }} }}
@keyframes shown {{ from {{ visibility: hidden }} to {{ visibility: visible }} }}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def printed(command: str, folder: Path) -> str:
    """Return what a command prints on a terminal, with its control characters."""
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    for name in ("CI", "NO_COLOR"):
        environment.pop(name, None)
    process = subprocess.Popen(["sh", "-c", command], stdin=its, stdout=its, stderr=its, cwd=folder, env=environment)
    os.close(its)
    parts = []
    try:
        while part := os.read(ours, 1 << 16):
            parts.append(part)
    except OSError:  # the program has ended
        pass
    os.close(ours)
    process.wait()
    return b"".join(parts).decode()


def shown(text: str) -> list[Text]:
    """Return the lines that stay on a terminal: what a carriage return lets be written over is gone."""
    lines = [line.rsplit("\r", 1)[-1] for line in text.replace("\r\n", "\n").rstrip("\n").split("\n")]
    return [Text.from_ansi(re.sub(r"\x1b\[(?:\?\d+[hl]|\d*[A-HJK])", "", line)) for line in lines if line]


def record() -> str:
    """Run the commands and return the picture."""
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(spare)
        (folder / "photos").mkdir()
        shutil.copy(HERE / "coffee.jpg", folder)
        for name in ("cat.jpg", "coffee.jpg", "moire.jpg", "alpha.png"):
            shutil.copy(HERE / name, folder / "photos")
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
        starts, now = [], 0.5
        for command in COMMANDS:
            console.print(Text.assemble(("$ ", "bold green"), command))
            starts.append(now)
            now += PAUSE
            for line in shown(printed(command, folder)):
                console.print(line, soft_wrap=True)
                starts.append(now)
                now += STEP
            console.print()
            starts.append(now)
            now += PAUSE / 2
    times = "\n".join(
        f'text[clip-path$="-line-{row})"] {{ animation: shown 0s {start:.2f}s both }}'
        for row, start in enumerate(starts)
    )
    form = FORMAT.replace("{times}", times.replace("{", "{{").replace("}", "}}"))
    return console.export_svg(title="imfilter", theme=SVG_EXPORT_THEME, code_format=form, unique_id="terminal")


if __name__ == "__main__":
    PICTURE.write_text(record(), encoding="utf-8")
