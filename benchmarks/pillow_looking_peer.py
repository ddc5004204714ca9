"""Statistics of a picture by Pillow and NumPy: `python pillow_looking_peer.py FILE`.

`--header FOLDER` prints sizes, `--sheet FOLDER SHEET` makes a sheet with names, `--show FILE` prints half blocks.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

if sys.argv[1] == "--header":
    for path in sorted(Path(sys.argv[2]).iterdir()):
        with Image.open(path) as image:
            print(path, image.format, image.size, image.mode, image.info.get("dpi"), image.getexif().get(0x0112))
elif sys.argv[1] == "--sheet":
    paths, side, gap = sorted(Path(sys.argv[2]).iterdir()), 320, 12
    sheet = Image.new("RGB", (10 * (side + gap) + gap, -(-len(paths) // 10) * (side + 21 + gap) + gap), "white")
    pen = ImageDraw.Draw(sheet)
    for number, path in enumerate(paths):
        x, y = gap + number % 10 * (side + gap), gap + number // 10 * (side + 21 + gap)
        with Image.open(path) as picture:
            image = ImageOps.exif_transpose(picture)
            image.thumbnail((side, side), Image.Resampling.BOX, reducing_gap=None)
            sheet.paste(image, (x, y))
        pen.text((x, y + side + 4), path.name, "black")
    sheet.save(sys.argv[3])
elif sys.argv[1] == "--show":
    with Image.open(sys.argv[2]) as image:
        image.load()  # decode all of it, as our decoders do
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
