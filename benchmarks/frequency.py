"""Whole processes: `imfilter frequency` beside `numpy.fft`. `python benchmarks/frequency.py` prints a table.

Both read and write 12 megapixels of PPM, and run in turns. The script of NumPy lays the response out with
`meshgrid`, as one would; it lets the picture wrap round, which `--border wrap` does too.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from common import alternate, machine, middle, photograph, table, verdict, versions, write

RUNS = 7
TARGET = 0.5
SCRIPT = """\
import sys

import numpy as np
from PIL import Image

image = np.asarray(Image.open(sys.argv[1])).astype(np.float64)
height, width = image.shape[:2]
u, v = np.meshgrid(np.fft.fftshift(np.fft.fftfreq(width)), np.fft.fftshift(np.fft.fftfreq(height)))
distance = np.sqrt(u**2 + v**2)
response = RESPONSE
result = np.empty_like(image)
for channel in range(image.shape[2]):
    spectrum = np.fft.fftshift(np.fft.fft2(image[..., channel]))
    result[..., channel] = np.real(np.fft.ifft2(np.fft.ifftshift(spectrum * response)))
Image.fromarray(np.clip(result + 0.5, 0, 255).astype(np.uint8)).save(sys.argv[2])
"""
LOW, IDEAL = "np.exp(-(distance**2) / (2 * 0.1**2))", "(distance <= 0.1).astype(float)"
BUTTERWORTH = "1 / (1 + (distance / 0.1) ** 4)"
BAND = "np.exp(-(((distance**2 - 0.01) / (np.maximum(distance, 1e-9) * 0.15)) ** 2))"
NOTCH = (
    "(1 - np.exp(-((u - 0.1) ** 2 + (v - 0.05) ** 2) / 0.0008)) * "
    "(1 - np.exp(-((u + 0.1) ** 2 + (v + 0.05) ** 2) / 0.0008))"
)
ROWS = [
    # the options, and the script's response
    ("", LOW),
    ("--shape ideal", IDEAL),
    ("--shape butterworth", BUTTERWORTH),
    ("--op highpass", f"1 - {LOW}"),
    ("--op bandpass", BAND),
    ("--op notch --at 0.1,0.05", NOTCH),
    ("--border wrap", LOW),
    ("--border nearest", LOW),
    ("--border mirror", LOW),
]


def rows(folder: Path) -> list[list[str]]:
    """Return the table's rows."""
    source, target = folder / "photo.ppm", folder / "out.ppm"
    photograph(4000, 3000).save(source)
    found = []
    for options, response in ROWS:
        script = folder / "script.py"
        script.write_text(SCRIPT.replace("RESPONSE", response))
        ours = [sys.executable, "-m", "imfilter", "frequency", str(source), "-o", str(target), *options.split()]
        theirs = [sys.executable, str(script), str(source), str(target)]
        own, other = (middle(runs) for runs in alternate(ours, theirs, RUNS))
        found.append(
            [
                f"`frequency {options}`".replace(" `", "`"),
                f"{own.seconds:.2f} s, {own.memory / 1e6:.0f} MB",
                f"{other.seconds:.2f} s, {other.memory / 1e6:.0f} MB",
                verdict(own.seconds / other.seconds, TARGET),
            ]
        )
    return found


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    with tempfile.TemporaryDirectory() as folder:
        found = table(["12 MP RGB, PPM to PPM", "imfilter", "numpy.fft", "ratio"], rows(Path(folder)))
    write("frequency", f"{machine()}; {versions('numpy', 'scipy', 'pillow')}; {RUNS} runs.\n\n{found}")


if __name__ == "__main__":
    main()
