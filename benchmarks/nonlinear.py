"""Measure whole processes of the filters that are no sums: `python nonlinear.py --python PATH [--quick]`.

*PATH* is an interpreter that has OpenCV, SciPy, scikit-image and NumPy. Ours and each tool run in turn, as in
`peers.py`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import common
from peers import Command, Peer, Work, asked, measured, pictures, tool_versions, written


def works(imfilter: str, python: str) -> list[Work]:
    """Return the works, with their targets."""

    def scripted(tool: str, script: str, time: float | None, *rest: str) -> Peer:
        return Peer(tool, lambda i, o: [python, str(common.HERE / script), rest[0], i, o, *rest[1:]], time, exact=False)

    def cv(time: float | None, *rest: str) -> Peer:
        return scripted("OpenCV", "opencv_peer.py", time, *rest)

    def python_script(tool: str, time: float | None, *rest: str) -> Peer:
        return scripted(tool, "python_peer.py", time, *rest)

    def vips(*rest: str) -> Peer:
        return Peer("vips", lambda i, o: ["vips", "rank", i, o, *rest], exact=False)

    def ours(*words: str) -> Command:
        return lambda i, o: [imfilter, words[0], i, "-o", o, *words[1:]]

    def work(name: str, words: str, *peers: Peer, source: str = "photo.ppm") -> Work:
        return Work(name, source, "out.ppm", ours(*words.split()), list(peers))

    def ranked(size: int, *peers: Peer) -> Work:
        return work(f"median {size}", f"blur --op median --size {size}", *peers)

    def morphed(op: str, size: int) -> Work:
        return work(f"{op} {size}", f"morph --op {op} --size {size}", cv(1.2, op, str(size)))

    return [
        ranked(3, cv(1.0, "median", "3"), vips("3", "3", "4")),
        ranked(5, cv(1.0, "median", "5"), vips("5", "5", "12")),
        *(ranked(size, cv(None, "median", str(size))) for size in (9, 31, 61)),
        ranked(15, python_script("scipy.ndimage", 0.1, "median", "15"), cv(None, "median", "15")),
        *(morphed("erode", size) for size in (3, 5, 15, 31, 101)),
        morphed("dilate", 15),
        work("erode, disk 15", "morph --op erode --shape disk --size 15", cv(None, "disk", "15")),
        work(
            "bilateral, d = 5",
            "blur --op bilateral --size 5 --sigma 2 --range-sigma 25",
            cv(2.0, "bilateral", "5", "25", "2"),
        ),
        # OpenCV's script lets each channel guide itself; ours takes all together, and is measured both ways.
        work("guided, radius 4", "blur --op guided --radius 4 --epsilon 0.01", cv(1.0, "guided", "4", "0.01")),
        work("guided by channel", "blur --op guided --radius 4 --guide channel", cv(1.0, "guided", "4", "0.01")),
        work(
            "non-local means, 3 MP",
            "blur --op nlm --patch 5 --radius 6 --strength 15",
            python_script("scikit-image", 1.0, "nlm", "5", "6", str(15 / 255)),
            source="quarter.ppm",
        ),
    ]


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    arguments = asked(__doc__)
    runs, few = arguments.runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures(folder)
        common.photograph(2000, 1500).save(folder / "quarter.ppm")
        found = measured(works(arguments.imfilter, arguments.python), folder, arguments)
    lines = [[*line[:4], line[5]] for line in found]  # without the errors
    text = f"{common.machine()}; {tool_versions(arguments.python)}; {runs} and {few} runs; PPM → PPM.\n\n"
    text += common.table(["work, 12 MP", "tool", "s", "MB", "imfilter / tool"], lines)
    written("nonlinear", text, arguments)


if __name__ == "__main__":
    main()
