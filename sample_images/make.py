"""Make the synthetic sample images: `python sample_images/make.py`. The photographs are not made, but kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
ORIENTATION, TURNED_LEFT = 0x0112, 8


def alpha_shape() -> Image.Image:
    """Draw a white square and a red disk on a transparent ground whose hidden colour is pure green."""
    y, x = np.mgrid[:96, :160]
    image = np.zeros((96, 160, 4), np.uint8)
    image[..., 1] = 255
    image[24:72, 24:72] = 255
    distance = np.hypot(x - 112.0, y - 48.0)
    cover = np.clip(28.5 - distance, 0, 1)
    image[cover > 0, :3] = (220, 30, 30)
    image[..., 3] = np.maximum(image[..., 3], np.rint(255 * cover).astype(np.uint8))
    return Image.fromarray(image)


def gray16() -> Image.Image:
    """Draw a slow 16-bit ramp with a faint disk: 40 levels of 65536, which 8 bits cannot show."""
    y, x = np.mgrid[:96, :160]
    ramp = 20000 + 60 * x
    disk = 40 * (np.hypot(x - 80, y - 48) < 30)
    return Image.fromarray((ramp + disk).astype(np.uint16))


def rotated() -> tuple[Image.Image, Image.Exif]:
    """Store a photograph lying on its side, with the EXIF orientation that stands it up."""
    image = Image.open(HERE / "coffee.jpg").resize((225, 150), Image.Resampling.LANCZOS)
    exif = Image.Exif()
    exif[ORIENTATION] = TURNED_LEFT
    return image.transpose(Image.Transpose.ROTATE_270), exif


def moire() -> Image.Image:
    """Add a pattern to a photograph that repeats every 10 px along x and every 20 along y, as a scan of print may."""
    photograph = np.asarray(Image.open(HERE / "coffee.jpg").resize((300, 200), Image.Resampling.LANCZOS))
    y, x = np.mgrid[: photograph.shape[0], : photograph.shape[1]]
    pattern = 20 * np.cos(2 * np.pi * (0.1 * x + 0.05 * y))
    return Image.fromarray(np.clip(np.rint(photograph + pattern[..., None]), 0, 255).astype(np.uint8))


if __name__ == "__main__":
    alpha_shape().save(HERE / "alpha.png")
    gray16().save(HERE / "gray16.png")
    moire().save(HERE / "moire.jpg", quality=90)
    turned, exif = rotated()
    turned.save(HERE / "rotated.jpg", quality=90, exif=exif)
