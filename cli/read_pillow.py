"""Reading what Pillow decodes: JPEG, PNG, TIFF, WebP, BMP, GIF, and some PPM and PGM."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import struct
import sys
from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageFile, ImageOps

from ..filters.core.lazy import np
from . import shared
from .formats import HEAD, sniff
from .metadata import Metadata, plausible, portable_exif
from .picture import Loaded, Picture, Terms, UnreadableError, reason_of

PLUGINS = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "TIFF": "TiffImagePlugin",
    "WEBP": "WebPImagePlugin",
    "BMP": "BmpImagePlugin",
    "GIF": "GifImagePlugin",
    "PPM": "PpmImagePlugin",
}
"""The decoders that may see a file. Pillow has more, among them some that run programs; and importing one in place
of all saves 14 ms."""
BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLES_PER_PIXEL = 258, 262, 277
WHITE_IS_ZERO = 0


def prepare(head: bytes) -> None:
    """Import what `load` needs for a file that begins with *head*."""
    plugins = [PLUGINS.get(sniff(head) or "")]
    if plugins == ["JpegImagePlugin"] and b"MPF\0" in head:
        plugins.append("MpoImagePlugin")
    for plugin in plugins:
        if plugin is not None and f"PIL.{plugin}" not in sys.modules:
            importlib.import_module(f"PIL.{plugin}")


def load(data: bytes, terms: Terms) -> Loaded:
    """Decode into an image of Pillow's; imports nothing after `prepare`."""
    # The limit is ours, is said, and can be raised; Pillow's would warn first and then refuse.
    Image.MAX_IMAGE_PIXELS = None
    prepare(data[: 1 << 16])
    name = sniff(data[:HEAD]) or ""
    # What `Image.open` does, but that it imports five decoders first: 3 ms.
    factory, _ = Image.OPEN[name]
    try:
        image = factory(io.BytesIO(data), "")
    except (SyntaxError, IndexError, TypeError, struct.error):
        if name == "TIFF":
            return Loaded(data)
        raise UnreadableError(f"is damaged: it begins like a {name} file, but is none") from None
    if name == "TIFF" and 16 in _tag(image, BITS_PER_SAMPLE) and _tag(image, SAMPLES_PER_PIXEL) > (1,):
        return Loaded(data)
    terms.admit(*image.size)
    _refuse_lost_depth(image, data)
    notes = _refuse_lost_frames(image)
    # In one piece: between pieces of 64 KiB the decoder would wait for the thread that imports the program.
    image.decodermaxblock = max(len(data), ImageFile.MAXBLOCK)
    shared.in_one_block(*image.size)
    with _silenced() if name == "TIFF" else contextlib.nullcontext():
        image.load()
    return Loaded(data, image, tuple(notes))


def picture(loaded: Loaded, terms: Terms) -> Picture:
    """Return the picture, upright."""
    image, data, notes = loaded.image, loaded.data, list(loaded.notes)
    if image is None:
        from . import read_tiff

        return read_tiff.picture(loaded, terms)
    exif = b""
    format = {"MPO": "jpeg"}.get(image.format or "", (image.format or "png").lower())
    ImageOps.exif_transpose(image, in_place=True)
    try:
        exif = portable_exif(image)
    except Exception as error:
        notes.append(f"its EXIF block is damaged and was not kept ({reason_of(error)})")
    metadata = Metadata(exif, image.info.get("icc_profile") or b"", plausible(image.info.get("dpi")))
    pixels, alpha = _samples(image)
    if image.mode.startswith("I;16") and _tag(image, PHOTOMETRIC) == (WHITE_IS_ZERO,):
        pixels = np.uint16(65535) - pixels  # Pillow turns 8 bits only
    if format == "ppm" and data[:2] in (b"P2", b"P5", b"P1", b"P4"):
        format = "pgm"
    return Picture(pixels, alpha, format, metadata, notes)


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep libtiff from writing to the screen what the exception says again."""
    try:
        screen = os.dup(2)
    except OSError:  # closed
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(screen, 2)
        os.close(screen)


def _refuse_lost_depth(image: Image.Image, data: bytes) -> None:
    """Refuse what Pillow would read as 8 bits without a word."""
    deep = False
    if image.format == "PNG":
        deep = data[24] == 16 and image.mode in ("RGB", "RGBA", "LA")
    elif image.format == "PPM":
        deep = image.mode == "RGB" and _ppm_maximum(data) > 255
    if deep:
        raise UnreadableError(f"has 16-bit {image.mode} samples, which cannot be kept; convert it to 8 bits or to TIFF")


def _tag(image: Image.Image, number: int) -> tuple[Any, ...]:
    value = getattr(image, "tag_v2", {}).get(number, ())
    return value if isinstance(value, tuple) else (value,)


def _ppm_maximum(data: bytes) -> int:
    header = re.match(rb"P\d" + rb"(?:\s|#[^\n\r]*)+(\d+)" * 3, data)
    return int(header[3]) if header else 65535


def _refuse_lost_frames(image: Image.Image) -> list[str]:
    """Refuse what has several frames, but for formats whose first one is the picture."""
    frames = getattr(image, "n_frames", 1)
    if frames == 1:
        return []
    if image.format == "GIF":
        return [f"only the first of its {frames} frames was filtered"]
    if image.format == "MPO":
        return [f"only the first of its {frames} pictures was filtered"]
    raise UnreadableError(f"has {frames} frames, of which only one could be kept; split it first")


def _samples(image: Image.Image) -> tuple[Any, Any]:
    """Return ``(pixels, alpha)`` of any mode that can be kept whole."""
    mode = image.mode
    if mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        raise UnreadableError(f"has {mode} colours, which cannot be kept; convert it to RGB first")
    if "transparency" in image.info and mode in ("1", "L", "P", "RGB"):
        image = image.convert("LA" if mode in ("1", "L") else "RGBA")
    elif mode in ("P", "1", "PA", "La", "RGBa", "RGBX"):
        image = image.convert({"P": "RGB", "1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB"}[mode])
    if image.mode in shared.CHANNELS:
        samples = shared.samples(image)
        return (samples[..., :-1], samples[..., -1]) if image.mode in ("LA", "RGBA") else (samples, None)
    array = np.asarray(image)
    if image.mode.startswith("I;16"):
        samples = array.astype(np.uint16)[..., None]
        if "transparency" in image.info:
            return samples, np.where(samples[..., 0] == image.info["transparency"], 0, 65535).astype(np.uint16)
        return samples, None
    if image.mode == "I" and array.min() >= 0 and array.max() <= 65535:
        return array.astype(np.uint16)[..., None], None
    if image.mode == "F":
        return array.astype(np.float32)[..., None], None
    raise UnreadableError(f"has samples of mode {mode}, which cannot be kept")
