"""The same works in OpenCV, as one would write them in a script: `python opencv_peer.py WORK INPUT OUTPUT...`."""

import sys

import cv2
import numpy as np

work, source, target, *rest = sys.argv[1:]

if work == "blur":
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
else:
    sys.exit(f"no such work: {work}")
