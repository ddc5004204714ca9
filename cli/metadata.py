"""What a picture carries beside its pixels: EXIF, ICC profile, resolution; and its orientation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..filters.core.lazy import np

if TYPE_CHECKING:
    from PIL import Image

ORIENTATION = 274
TURNS: dict[int, Any] = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""Pillow's `Transpose` for each EXIF orientation."""
STRUCTURE = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 266, 273, ORIENTATION, 277, 278, 279, 280, 281, 284, 317, 320}
    | {322, 323, 324, 325, 330, 338, 339, 340, 341, 347, 513, 514, 529, 530, 531, 532, 700, 34675}
)
"""TIFF tags that tell how the pixels are stored, not what they show; they belong to one file only."""


class Metadata(NamedTuple):
    """What a picture carries beside its pixels."""

    exif: bytes = b""
    icc: bytes = b""
    dpi: tuple[float, float] | None = None


def plausible(dpi: Any) -> tuple[float, float] | None:
    """Return a resolution where it is one: two positive numbers."""
    try:
        x, y = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None


def portable_exif(image: Image.Image) -> bytes:
    """Return the EXIF block without what describes the old file: structure, orientation, thumbnail."""
    exif = image.getexif()
    for tag in STRUCTURE.intersection(exif):
        del exif[tag]
    return exif.tobytes() if len(exif) else b""


def turned_image(image: Image.Image, orientation: int) -> Image.Image:
    """Turn an image of Pillow's upright, whatever its own EXIF says."""
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def turned(pixels: Any, orientation: int) -> Any:
    """Turn an array upright: EXIF orientations 5 to 8 swap the axes, the others mirror them."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.ascontiguousarray(np.flip(pixels, flips))
