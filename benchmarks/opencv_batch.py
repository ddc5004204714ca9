"""A folder of photographs blurred in OpenCV, as one would write it in a script: `python opencv_batch.py IN OUT`."""

import sys
from multiprocessing import Pool
from pathlib import Path

import cv2

source, target = map(Path, sys.argv[1:])
cv2.setNumThreads(1)  # the processes share the cores


def blur(path: Path) -> None:
    """Blur one photograph."""
    cv2.imwrite(str(target / path.name), cv2.GaussianBlur(cv2.imread(str(path)), (0, 0), 2))


if __name__ == "__main__":
    target.mkdir(parents=True, exist_ok=True)
    with Pool(2) as pool:
        pool.map(blur, sorted(source.iterdir()))
