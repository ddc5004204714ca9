"""Learn handwritten digits from 90 pictures of 8×8 pixels, then from variants of them.

    python sample_images/digits.py [FOLDER]

The digits are those of scikit-learn (Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", 1998), which
`pip install scikit-learn` brings along. Everything else is done by commands, which are printed; what they write stays
in FOLDER. The same bytes and the same figures come out each time.
"""

from __future__ import annotations

import shlex
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

STEP = "affine --angle -12..12 --translate -0.7..0.7,-0.7..0.7"
COMMANDS = (
    "imfilter dataset convert digits.npz -o digits-images-idx3-ubyte",
    "imfilter dataset split digits-images-idx3-ubyte -o parts/ --parts train=0.05,test=0.95",
    f'imfilter augment parts/train/digits-images-idx3-ubyte -o more-images-idx3-ubyte --variants 8 --keep "{STEP}"',
    "imfilter dataset show more-images-idx3-ubyte -o more.png --per-class 9",
)


def write_digits(folder: Path) -> None:
    """Write the 1797 digits, whose samples are 0 to 16, as arrays of 8 bits."""
    digits = load_digits()
    images = np.floor(digits.images * (255 / 16) + 0.5).astype(np.uint8)
    np.savez(folder / "digits.npz", images=images, labels=digits.target.astype(np.uint8))


def idx(path: Path) -> np.ndarray:
    """Return the array of an IDX file of bytes."""
    data = path.read_bytes()
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(struct.unpack_from(f">{data[3]}I", data, 4))


def samples(stem: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of a data set, a row each, and their labels."""
    images = idx(stem.with_name(f"{stem.name}-images-idx3-ubyte"))
    return images.reshape(len(images), -1) / 255, idx(stem.with_name(f"{stem.name}-labels-idx1-ubyte"))


def accuracy(learned: Path, test: Path) -> tuple[int, float]:
    """Return how many images a data set has, and the share of the test images that who learned from it tells right."""
    images, labels = samples(learned)
    return len(images), float(KNeighborsClassifier(3).fit(images, labels).score(*samples(test)))


def main(folder: Path) -> None:
    """Do it in a folder."""
    write_digits(folder)
    for line in COMMANDS:
        print(line)
        words = [sys.executable, "-m", *shlex.split(line)]
        subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print()
    for name, what in (("parts/train/digits", "without augmentation"), ("more", "with augmentation")):
        count, share = accuracy(folder / name, folder / "parts/test/digits")
        print(f"{what:20}  {count:3} images  accuracy {share:.1%}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder))
