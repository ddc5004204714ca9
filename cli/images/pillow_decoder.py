"""Common functions of the decoders that use Pillow."""

from __future__ import annotations

import contextlib
import logging
import struct
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageOps

from ...filters.core.lazy_numpy import np
from . import pillow_buffer, pillow_private
from .metadata import Metadata, in_srgb, of_image, orientation_of, turned
from .picture import DecodeError, DecodeOptions, Palette, PartialDecode, Picture, Samples

OTHER_COLOURS = ("CMYK", "YCbCr", "LAB", "HSV")
MODES = {
    "1": Samples(1, decoding=2, held=2),
    "L": Samples(1, decoding=1),
    "P": Samples(3, decoding=7, held=5),
    "F": Samples(1, 4, decoding=12),
    "I;16": Samples(1, 2, decoding=6),
}
"""The bytes of a pixel; in all other modes it has four."""
ONE_OF = {"P": "RGB", "1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB"}
"""The conversions of modes whose bytes are not channels."""
logging.getLogger("PIL").addHandler(logging.NullHandler())  # swallows what Pillow logs before it raises


def opened(name: str, plugin: Callable[..., Any], data: bytes) -> Any:
    """Return an undecoded image of the format *name*, opened by *plugin*.

    Each codec names the one plugin that may open its files, instead of `Image.open`. Some of Pillow's other plugins run
    programs; and importing only one saves 14 ms.
    """
    try:
        return pillow_private.opened(plugin, data)
    except (SyntaxError, IndexError, TypeError, struct.error):
        raise DecodeError(f"is damaged: its first bytes are those of {name}, but the rest is not") from None


def check_size(image: Any, options: DecodeOptions, beside: float = 0) -> None:
    """Raise `DecodeError` if an image has too many pixels; *beside* are further bytes per pixel in the decoder."""
    options.check_size(image.width, image.height, memory(image, beside))


def memory(image: Any, beside: float = 0) -> Samples:
    """Return the memory of a pixel."""
    mode = "I;16" if image.mode.startswith("I;16") else image.mode
    found = MODES.get(mode) or Samples(len(image.getbands()), decoding=4, held=4)
    if mode == "P" and "transparency" in image.info:
        found = found._replace(channels=4)
    if mode in OTHER_COLOURS:
        found = found._replace(decoding=12)  # if it is converted
    return found._replace(decoding=found.decoding + beside)


def decoded(image: Any, data: bytes) -> Any:
    """Return an image with its pixels decoded from the file *data*."""
    pillow_private.in_one_block(*image.size)
    pillow_private.load_in_one_piece(image, len(data))
    return image


def colours_and_alpha(image: Image.Image, key: tuple[int, ...] | None = None) -> tuple[Any, Any]:
    """Return ``(pixels, alpha)`` for any mode of gray, RGB or CMYK; the colour *key* is transparent."""
    if image.mode in ONE_OF:
        transparent = image.mode == "P" and "transparency" in image.info
        image = image.convert("RGBA" if transparent else ONE_OF[image.mode])
    if image.mode == "CMYK":
        return pillow_buffer.samples(image), None
    if image.mode in pillow_buffer.CHANNELS:
        return parted(pillow_buffer.samples(image), key)
    array = np.asarray(image)[..., None]
    if image.mode.startswith("I;16"):
        return parted(array.astype(np.uint16), key)
    if image.mode == "F":
        return array.astype(np.float32), None
    raise DecodeError(f"has samples of mode {image.mode}, which cannot be kept")


def parted(samples: Any, key: tuple[int, ...] | None) -> tuple[Any, Any]:
    """Return colours and alpha; alpha is the last channel, or 0 where the colour is *key*."""
    if key is not None:
        transparent = (samples == np.array(key, samples.dtype)).all(axis=2)
        return samples, np.where(transparent, 0, np.iinfo(samples.dtype).max).astype(samples.dtype)
    return (samples[..., :-1], samples[..., -1]) if samples.shape[2] in (2, 4) else (samples, None)


def finish(
    begun: PartialDecode,
    options: DecodeOptions,
    parts: Callable[[Image.Image], tuple[Any, Any]] = colours_and_alpha,
    tiff: bytes = b"",
    key: tuple[int, ...] | None = None,
) -> Picture:
    """Return the picture, upright.

    *parts* returns the colours and the alpha of an upright image; *tiff* is the file, if that is a TIFF. In pixels that
    were decoded without Pillow, the colour *key* is transparent.
    """
    image, notes = begun.image, list(begun.notes)
    assert image is not None
    metadata, orientation = described(image, notes, tiff)
    given = begun.pixels
    if given is not None and image.mode == "CMYK" and options.to_rgb:
        image = _with_pixels(image, given)
        given = None
    if given is None:
        # A damaged EXIF block has its note already; it rotates nothing.
        with contextlib.suppress(Exception):
            ImageOps.exif_transpose(image, in_place=True)
    if image.mode in OTHER_COLOURS and (image.mode != "CMYK" or options.to_rgb):
        from . import icc_transform

        info = image.info
        image, icc = icc_transform.to_rgb(image, metadata.icc, notes)
        metadata = metadata._replace(icc=icc) if icc else in_srgb(metadata)
        image.info = info
    if given is None:
        pixels, alpha = parts(image)
    elif image.mode == "CMYK":
        pixels, alpha = turned(given, orientation), None
    else:
        pixels, alpha = parted(turned(given, orientation), key)
    palette = _palette(image)
    picture = Picture(
        pixels,
        alpha,
        metadata=metadata,
        notes=notes,
        orientation=orientation,
        colours="cmyk" if image.mode == "CMYK" else "gray",
        palette=palette,
    )
    picture.bits = 1 if image.mode == "1" else None
    if image.mode == "P" and palette is None:
        picture.colour_count = len(image.getpalette("RGB") or ()) // 3
    return picture


def described(image: Image.Image, notes: list[str], tiff: bytes = b"") -> tuple[Metadata, int]:
    """Return the metadata of an upright image, and its stored orientation; *tiff* is its file, if it is a TIFF."""
    metadata = of_image(image, notes, tiff)
    orientation = orientation_of(image)
    if orientation != 1:
        from . import placement

        metadata = placement.upright(metadata, orientation, *image.size, notes)
    return metadata, orientation


def _with_pixels(header: Image.Image, pixels: Any) -> Image.Image:
    """Return an image with the *pixels*, and everything else from *header*."""
    image = pillow_buffer.image_of(pixels, inks=header.mode == "CMYK")
    image.info = header.info
    return image


def _palette(image: Image.Image) -> Palette | None:
    """Return the palette indices of an image that has a palette and no transparency."""
    if image.mode != "P" or "transparency" in image.info:
        return None
    indices = np.asarray(image)
    colours = np.array(image.getpalette("RGB") or (), np.uint8).reshape(-1, 3)
    missing = int(indices.max()) + 1 - len(colours)
    return Palette(indices, np.pad(colours, ((0, max(0, missing)), (0, 0))))
