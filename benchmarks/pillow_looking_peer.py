"""What is in a picture, by Pillow and NumPy: `python pillow_looking_peer.py FILE`.

With `--header FOLDER` its sizes, with `--show FILE` the picture in half blocks.
"""

import sys
from pathlib import Path

from PIL import Image

if sys.argv[1] == "--header":
    for path in sorted(Path(sys.argv[2]).iterdir()):
        with Image.open(path) as image:
            print(path, image.format, image.size, image.mode, image.info.get("dpi"), image.getexif().get(0x0112))
elif sys.argv[1] == "--show":
    with Image.open(sys.argv[2]) as image:
        image.load()  # whole, as every decoder of ours does
        dots = image.convert("RGB")
    dots.thumbnail((80, 32), Image.Resampling.BOX)
    for y in range(0, dots.height - 1, 2):
        for x in range(dots.width):
            upper, lower = dots.getpixel((x, y)), dots.getpixel((x, y + 1))
            print("\x1b[38;2;{};{};{};48;2;{};{};{}m▀".format(*upper, *lower), end="")
        print("\x1b[0m")
else:
    import numpy as np

    pixels = np.asarray(Image.open(sys.argv[1]))
    for number in range(pixels.shape[2]):
        plane = pixels[..., number]
        points = np.percentile(plane, (1, 50, 99), method="inverted_cdf")
        print(plane.min(), *points, plane.max(), plane.mean(), plane.std(), (plane == 0).mean(), (plane == 255).mean())
    print(np.histogram(pixels @ np.array([0.299, 0.587, 0.114]), 64, (0, 256))[0])
