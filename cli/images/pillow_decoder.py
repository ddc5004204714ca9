"""Reading what Pillow decodes: JPEG, PNG, WebP, AVIF, BMP, GIF, and TIFF of up to 8 bits."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import struct
import sys
from typing import Any

from PIL import Image, ImageFile, ImageOps

from ...filters.core.lazy_numpy import np
from . import pillow_buffer, silence
from .formats import HEAD, PNG_SIGNATURE, sniff
from .metadata import of_image, orientation_of, turned_image
from .picture import Decode, Frames, Loaded, Picture, Terms, UnreadableError

PLUGINS = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "TIFF": "TiffImagePlugin",
    "WEBP": "WebPImagePlugin",
    "AVIF": "AvifImagePlugin",
    "BMP": "BmpImagePlugin",
    "GIF": "GifImagePlugin",
}
"""The decoders that may see a file. Pillow has more, among them some that run programs; and importing one in place
of all saves 14 ms."""
CHECKED = {"PNG": "png_integrity", "JPEG": "jpeg_integrity", "AVIF": "avif_integrity"}
"""The modules that see what Pillow passes over, before it decodes and after."""
BITS_PER_SAMPLE = 258
OTHER_COLOURS = ("CMYK", "YCbCr", "LAB", "HSV")
BYTES = {"1": 2, "L": 2, "P": 4}
"""What a pixel takes before and after, where it is not the 8 of most modes."""
ONE_OF = {"P": "RGB", "1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB"}
"""What modes become whose samples are not a channel's bytes."""
NOWHERE = logging.NullHandler()
"""Takes what Pillow logs before it raises."""


def prepare(head: bytes) -> None:
    """Import what `load` needs for a file that begins with *head*."""
    name = sniff(head) or ""
    modules = [f"PIL.{PLUGINS[name]}"] if name in PLUGINS else []
    if name == "JPEG" and b"MPF\0" in head:
        modules.append("PIL.MpoImagePlugin")
    if name in CHECKED:
        modules.append(f"{__package__}.{CHECKED[name]}")
    for module in modules:
        if module not in sys.modules:
            importlib.import_module(module)


def load(data: bytes, terms: Terms) -> Loaded:
    """Decode into an image of Pillow's; imports nothing after `prepare`."""
    # The limit is ours, is said, and can be raised; Pillow's would warn first and then refuse.
    Image.MAX_IMAGE_PIXELS = None
    ImageFile.LOAD_TRUNCATED_IMAGES = terms.lenient
    logging.getLogger("PIL").addHandler(NOWHERE)
    prepare(data[: 1 << 16])
    name = sniff(data[:HEAD]) or ""
    if name == "PNG" and terms.lenient:
        from . import png_integrity

        data = png_integrity.mended(data)
    image = _opened(name, data)
    width, height = image.size
    terms.admit(width, height, BYTES.get(image.mode, 8))
    strict = name in CHECKED and not terms.lenient
    checks = importlib.import_module(f".{CHECKED[name]}", __package__) if strict else None
    if checks is not None:
        checks.before(data, width, height)
    if name == "AVIF" and image.n_frames > 1:
        raise UnreadableError(f"has {image.n_frames} frames, which are not read from AVIF; convert it to WebP or APNG")
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        return Loaded(data)
    low = _deepened(image, data) if name == "PNG" else None
    _decode(image, data)
    if low is not None:
        _decode(low, data)
    if checks is not None:
        checks.after(data, image, lambda data: _decode(_opened(name, data), data))
    return Loaded(data, image, (), low)


def _opened(name: str, data: bytes) -> Any:
    """Do what `Image.open` does, but that it imports five decoders first: 3 ms."""
    factory, _ = Image.OPEN[name]
    try:
        return factory(io.BytesIO(data), "")
    except (SyntaxError, IndexError, TypeError, struct.error):
        raise UnreadableError(f"is damaged: it begins like a {name} file, but is none") from None


def _decode(image: Any, data: bytes) -> Any:
    # In one piece: between pieces of 64 KiB the decoder would wait for the thread that imports the program.
    image.decodermaxblock = max(len(data), ImageFile.MAXBLOCK)
    pillow_buffer.in_one_block(*image.size)
    with silence.silenced() if image.format == "TIFF" else contextlib.nullcontext():
        image.load()
    return image


def _deepened(image: Any, data: bytes) -> Any:
    """Prepare the decoding of 16-bit PNGs of several channels; return what holds the low bytes."""
    from . import png_integrity

    return png_integrity.deepen(image, _opened("PNG", data)) if png_integrity.is_deep(data, image) else None


def picture(loaded: Loaded, terms: Terms, decode: Decode) -> Picture | Frames:
    """Return the picture, upright, or the frames of the file."""
    image, data, notes = loaded.image, loaded.data, list(loaded.notes)
    if image is None:
        return _frames(data, terms, decode)
    format = {"MPO": "jpeg"}.get(image.format or "", (image.format or "png").lower())
    metadata = of_image(image, notes, data if format == "tiff" else b"")
    orientation = orientation_of(image)
    # A block that is damaged was told of; it turns nothing.
    with contextlib.suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    icc = metadata.icc
    if image.mode in OTHER_COLOURS and (image.mode != "CMYK" or terms.to_rgb):
        from . import icc_transform

        info = image.info
        image, icc = icc_transform.to_rgb(image, icc, notes)
        image.info = info
    pixels, alpha = _samples(image, data, loaded.low, orientation)
    found = Picture(pixels, alpha, format, metadata._replace(icc=icc), notes, orientation=orientation)
    if image.format == "MPO":
        from . import tiff_pages

        return tiff_pages.read_mpo(data, image, found, decode)
    return found


def _frames(data: bytes, terms: Terms, decode: Decode) -> Frames:
    name = sniff(data[:HEAD])
    if name == "GIF":
        from . import gif

        return gif.read(data, terms)
    if name == "PNG":
        from . import apng

        return apng.read(data, terms, decode)
    from . import webp_animation

    return webp_animation.read(data, terms)


def _samples(image: Image.Image, data: bytes, low: Image.Image | None, orientation: int) -> tuple[Any, Any]:
    """Return ``(pixels, alpha)`` of any mode of gray or RGB."""
    bits, key = 8, None
    if data.startswith(PNG_SIGNATURE) and image.mode not in ("P", "PA"):
        from . import png_chunks, png_integrity

        bits = png_chunks.header(data).depth
        key = png_integrity.key(image, bits)
        if low is not None or (bits == 16 and image.mode == "RGBA"):
            samples = png_integrity.deep_samples(image, None if low is None else turned_image(low, orientation))
            return _parted(samples, key)
    elif image.mode == "L" and "transparency" in image.info:
        key = (int(image.info["transparency"]),)
    if image.mode in ONE_OF:
        transparent = image.mode == "P" and "transparency" in image.info
        image = image.convert("RGBA" if transparent else ONE_OF[image.mode])
    if image.mode == "CMYK":
        return pillow_buffer.samples(image), None
    if image.mode in pillow_buffer.CHANNELS:
        return _parted(pillow_buffer.samples(image), key)
    array = np.asarray(image)[..., None]
    if image.mode.startswith("I;16"):
        deep = array.astype(np.uint16)
        if image.format == "TIFF" and _tag(image, BITS_PER_SAMPLE) == (12,):
            deep = deep << 4 | deep >> 8  # 4095 is white
        return _parted(deep, key)
    if image.mode == "F":
        return array.astype(np.float32), None
    raise UnreadableError(f"has samples of mode {image.mode}, which cannot be kept")


def _parted(samples: Any, key: tuple[int, ...] | None) -> tuple[Any, Any]:
    """Return colours and alpha; the alpha is the last channel, or 0 where the colour is *key*."""
    if key is not None:
        transparent = (samples == np.array(key, samples.dtype)).all(axis=2)
        return samples, np.where(transparent, 0, np.iinfo(samples.dtype).max).astype(samples.dtype)
    return (samples[..., :-1], samples[..., -1]) if samples.shape[2] in (2, 4) else (samples, None)


def _tag(image: Image.Image, number: int) -> tuple[Any, ...]:
    value = getattr(image, "tag_v2", {}).get(number, ())
    return value if isinstance(value, tuple) else (value,)
