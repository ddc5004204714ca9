"""Measure the answers of `imfilter studio`: `python benchmarks/studio.py`.

The requests of the page when a slider moves, for a photograph of 12 megapixels: a part of 1200×800 at 1 : 1, and the
whole picture, reduced. Measured are the CPU seconds from the request to the PNG, the least of several with different
values of the slider. A browser takes about 15 ms more to show it.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import common
from imfilter.cli.studio.pictures import Pictures
from imfilter.cli.studio.session import Session

TIMES = 9
ROOM = {"width": 1200, "height": 800}
VIEWS: dict[str, dict[str, Any]] = {"1200×800 at 1 : 1": {**ROOM, "reduce": 1}, "all, 1 : 4": ROOM}
WORKS = {
    "no filter": None,
    "`blur --sigma`": ("blur", "sigma", 2.0, {}),
    "`sharpen --op unsharp --amount`": ("sharpen", "amount", 1.0, {"op": "unsharp"}),
    "`edges --sigma`": ("edges", "sigma", 1.0, {}),
}


def answer(
    session: Session, work: tuple[str, str, float, dict[str, str]] | None, view: dict[str, Any], at: int
) -> float:
    """Return the CPU seconds of one answer."""
    steps = []
    if work is not None:
        name, option, value, options = work
        steps = [{"filter": name, "options": {**options, option: f"{value + at / 100:g}"}}]
    began = time.process_time()
    session.routes["/preview"]({"lane": "", "picture": 0, "steps": steps, "view": view})
    return time.process_time() - began


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        common.photograph(4000, 3000).save(path, quality=92)
        session = Session(Pictures([str(path)], 1 << 28))
        answer(session, None, ROOM, 0)  # reads the picture
        print(f"| | {' | '.join(VIEWS)} |\n| --- {'| --- ' * len(VIEWS)}|")
        for name, work in WORKS.items():
            least = [min(answer(session, work, view, at) for at in range(TIMES)) for view in VIEWS.values()]
            print(f"| {name} | {' | '.join(f'{1e3 * seconds:.0f}' for seconds in least)} |")


if __name__ == "__main__":
    main()
