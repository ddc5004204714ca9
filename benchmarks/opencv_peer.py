"""The same tasks in OpenCV, as one would write them in a script: `python opencv_peer.py WORK INPUT OUTPUT...`."""

import sys
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np

work, source, target, *rest = sys.argv[1:]
BEST = [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]


def photograph(path: Path) -> None:
    """Blur one photograph of a folder."""
    cv2.imwrite(str(Path(target, path.name)), cv2.GaussianBlur(cv2.imread(str(path)), (0, 0), 2), BEST)


if work == "folder":
    cv2.setNumThreads(1)  # the processes share the cores
    Path(target).mkdir(parents=True, exist_ok=True)
    with Pool(2) as pool:
        pool.map(photograph, sorted(Path(source).iterdir()))
elif work == "blur":
    image = cv2.imread(source)
    cv2.imwrite(target, cv2.GaussianBlur(image, (0, 0), float(rest[0])))
elif work == "conv":
    image = cv2.imread(source)
    cv2.imwrite(target, cv2.filter2D(image, -1, np.loadtxt(rest[0])))
elif work == "sobel":
    image = cv2.imread(source, cv2.IMREAD_GRAYSCALE)
    gx, gy = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
    cv2.imwrite(target, cv2.convertScaleAbs(cv2.magnitude(gx, gy)))
    if rest:
        cv2.imwrite(rest[0], cv2.convertScaleAbs(cv2.phase(gx, gy, angleInDegrees=True), alpha=256 / 360))
elif work == "unsharp":
    image = cv2.imread(source)
    cv2.imwrite(target, cv2.addWeighted(image, 2, cv2.GaussianBlur(image, (0, 0), 2), -1, 0))
elif work == "canny":
    image = cv2.GaussianBlur(cv2.imread(source, cv2.IMREAD_GRAYSCALE), (0, 0), 2)
    cv2.imwrite(target, cv2.Canny(image, 31, 77, L2gradient=True))
elif work == "median":
    cv2.imwrite(target, cv2.medianBlur(cv2.imread(source), int(rest[0])))
elif work == "erode":
    window = np.ones((int(rest[0]), int(rest[0])), np.uint8)
    cv2.imwrite(target, cv2.erode(cv2.imread(source), window))
elif work == "bilateral":
    size, range_sigma, sigma = rest
    cv2.imwrite(target, cv2.bilateralFilter(cv2.imread(source), int(size), float(range_sigma), float(sigma)))
else:
    sys.exit(f"no such work: {work}")
