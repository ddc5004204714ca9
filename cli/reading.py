"""From the bytes of a file to a picture: pixels, alpha, and what travels with them."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import re
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from PIL import Image, ImageFile, ImageOps

from ..filters.core.lazy import np
from . import shared
from .formats import HEAD, NPY, READABLE, sniff

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
RAW_PIXELS = re.compile(
    rb"P([56])" + 2 * rb"(?:\s|#[^\n\r]*[\n\r])+(\d{1,9})" + rb"(?:\s|#[^\n\r]*[\n\r])+(255|65535)\s"
)
"""The header of a PGM or PPM whose samples use all of one byte or of two."""
BITS_PER_SAMPLE, PHOTOMETRIC, ORIENTATION, SAMPLES_PER_PIXEL, X_RESOLUTION, ICC_PROFILE = 258, 262, 274, 277, 282, 34675
WHITE_IS_ZERO, UNASSOCIATED_ALPHA = 0, 2
STRUCTURE = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 266, 273, ORIENTATION, 277, 278, 279, 280, 281, 284, 317, 320}
    | {322, 323, 324, 325, 330, 338, 339, 340, 341, 347, 513, 514, 529, 530, 531, 532, 700, 34675}
)
"""TIFF tags that tell how the pixels are stored, not what they show; they belong to one file only."""


Admit = Callable[[int, int], None]
"""Takes a picture's width and height; returns when it may be decoded, or raises `UnreadableError`."""


class UnreadableError(Exception):
    """The bytes are no picture that can be kept whole; the message says why."""


class Metadata(NamedTuple):
    """What a picture carries beside its pixels."""

    exif: bytes = b""
    icc: bytes = b""
    dpi: tuple[float, float] | None = None


@dataclass
class Picture:
    """A picture: ``pixels (height, width, 1 or 3)``, ``alpha (height, width)`` or None, both of one dtype."""

    pixels: Any
    alpha: Any = None
    format: str = "png"
    metadata: Metadata = field(default_factory=Metadata)
    notes: list[str] = field(default_factory=list)
    """What people should know about how it was read."""


def limit(max_pixels: int) -> Admit:
    """Return what refuses pictures of more than *max_pixels*."""

    def admit(width: int, height: int) -> None:
        if width * height > max_pixels:
            raise UnreadableError(
                f"has {width}×{height} = {width * height} pixels; the limit is {max_pixels} (--max-pixels raises it)"
            )

    return admit


def check_head(head: bytes) -> None:
    """Raise `UnreadableError` where a file that begins with *head* is no image."""
    if not head:
        raise UnreadableError("is empty")
    if sniff(head) is None:
        raise UnreadableError(f"is not an image of a known format ({READABLE})")


class Loaded(NamedTuple):
    """What `load` leaves to `picture`."""

    data: bytes
    image: Image.Image | None = None
    """Decoded by Pillow; None for what is decoded with NumPy."""
    notes: tuple[str, ...] = ()


def decode(data: bytes, admit: Admit) -> Picture:
    """Decode a file; raises `UnreadableError`. *admit* is told the picture's size before memory is taken."""
    return picture(load(data, admit), admit)


def prepare(head: bytes) -> None:
    """Import what `load` needs for a file that begins with *head*."""
    plugins = [PLUGINS.get(sniff(head) or "")]
    if plugins == ["JpegImagePlugin"] and b"MPF\0" in head:
        plugins.append("MpoImagePlugin")
    for plugin in plugins:
        if plugin is not None and f"PIL.{plugin}" not in sys.modules:
            importlib.import_module(f"PIL.{plugin}")


def load(data: bytes, admit: Admit) -> Loaded:
    """Do that part of `decode` that needs no NumPy and, after `prepare`, imports nothing."""
    check_head(data[:HEAD])
    if sniff(data[:HEAD]) == NPY or RAW_PIXELS.match(data):
        return Loaded(data)
    with _failures():
        return _load(data, admit)


def picture(loaded: Loaded, admit: Admit) -> Picture:
    """Do the rest of `decode`."""
    if sniff(loaded.data[:HEAD]) == NPY:
        return _decode_npy(loaded.data, admit)
    with _failures():
        if loaded.image is not None:
            return _decoded(loaded.image, loaded.data, list(loaded.notes))
        if (raw := RAW_PIXELS.match(loaded.data)) is not None:
            return _decode_raw(loaded.data, raw, admit)
        return _decode_wide_tiff(loaded.data, admit)


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Let every failure be an `UnreadableError`."""
    try:
        yield
    except UnreadableError:
        raise
    except MemoryError:
        raise UnreadableError("needs more memory than there is") from None
    except Exception as error:
        # Decoders answer broken files with errors of every type; each means the same to the user.
        raise UnreadableError(f"is damaged or truncated ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _load(data: bytes, admit: Admit) -> Loaded:
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
    admit(*image.size)
    _refuse_lost_depth(image, data)
    notes = _refuse_lost_frames(image)
    # In one piece: between pieces of 64 KiB the decoder would wait for the thread that imports the program.
    image.decodermaxblock = max(len(data), ImageFile.MAXBLOCK)
    shared.in_one_block(*image.size)
    with _silenced() if name == "TIFF" else contextlib.nullcontext():
        image.load()
    return Loaded(data, image, tuple(notes))


def _decoded(image: Image.Image, data: bytes, notes: list[str]) -> Picture:
    """Return the picture of an image of Pillow's, upright."""
    exif = b""
    format = {"MPO": "jpeg"}.get(image.format or "", (image.format or "png").lower())
    ImageOps.exif_transpose(image, in_place=True)
    try:
        exif = _portable_exif(image)
    except Exception as error:
        notes.append(f"its EXIF block is damaged and was not kept ({_reason(error)})")
    metadata = Metadata(exif, image.info.get("icc_profile") or b"", _plausible(image.info.get("dpi")))
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


def _plausible(dpi: Any) -> tuple[float, float] | None:
    try:
        x, y = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None


def _portable_exif(image: Image.Image) -> bytes:
    """Return the EXIF block without what describes the old file: structure, orientation, thumbnail."""
    exif = image.getexif()
    for tag in STRUCTURE.intersection(exif):
        del exif[tag]
    return exif.tobytes() if len(exif) else b""


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


def _decode_raw(data: bytes, header: re.Match[bytes], admit: Admit) -> Picture:
    """Read a PGM or PPM, whose bytes are the pixels as they stand: no copy, where Pillow takes 30 ms at 12 MP."""
    channels, dtype = {b"5": 1, b"6": 3}[header[1]], np.dtype(">u2" if header[4] == b"65535" else np.uint8)
    width, height = int(header[2]), int(header[3])
    admit(width, height)
    size = width * height * channels * dtype.itemsize
    if size == 0 or len(data) - header.end() < size:
        raise UnreadableError(f"is damaged or truncated ({len(data) - header.end()} of {size} bytes of pixels)")
    pixels = np.frombuffer(data, dtype, width * height * channels, header.end()).reshape(height, width, channels)
    return Picture(pixels.astype(dtype.newbyteorder("="), copy=False), None, "pgm" if channels == 1 else "ppm")


def _decode_wide_tiff(data: bytes, admit: Admit) -> Picture:
    """Read a TIFF whose samples Pillow cannot hold: float colour, 16-bit colour."""
    import tifffile

    # It logs what is wrong with a file before it raises.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page: Any = file.pages.first
        admit(page.imagewidth, page.imagelength)
        if len(file.pages) != 1:
            raise UnreadableError(f"has {len(file.pages)} pages, of which only one could be kept; split it first")
        extra = page.samplesperpixel - {1: 1, 2: 3}.get(page.photometric, 0)
        if extra not in (0, 1) or page.extrasamples != (UNASSOCIATED_ALPHA,) * extra:
            raise UnreadableError(f"has {page.samplesperpixel} channels of {page.dtype}, which cannot be kept")
        try:
            array = page.asarray()
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            packed = f"is compressed by {page.compression.name}, which is not read in {page.dtype}"
            raise UnreadableError(f"{packed}; save it uncompressed, or with ZIP") from None
        tags = {tag.code: tag.value for tag in page.tags}
        dpi = page.get_resolution("INCH") if X_RESOLUTION in tags else None
    if page.samplesperpixel > 1 and page.planarconfig == 2:
        array = np.moveaxis(array, 0, -1)
    pixels = _real_samples(array[..., None] if array.ndim == 2 else array)
    pixels = _turned(pixels, int(tags.get(ORIENTATION, 1)))
    metadata = Metadata(icc=tags.get(ICC_PROFILE, b""), dpi=_plausible(dpi))
    return _with_alpha(pixels, "tiff", metadata)


def _with_alpha(pixels: Any, format: str, metadata: Metadata) -> Picture:
    """Return a picture whose alpha, if there is one, is the last channel."""
    if pixels.shape[2] in (2, 4):
        return Picture(pixels[..., :-1].copy(), pixels[..., -1].copy(), format, metadata)
    return Picture(pixels, None, format, metadata)


def _turned(pixels: Any, orientation: int) -> Any:
    """Turn an array upright: EXIF orientations 5 to 8 swap the axes, the others mirror them."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.ascontiguousarray(np.flip(pixels, flips))


def _decode_npy(data: bytes, admit: Admit) -> Picture:
    try:
        stream = io.BytesIO(data)
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape = header(stream)[0]
        if len(shape) in (2, 3):
            admit(shape[1], shape[0])
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(f"is no readable .npy file ({_reason(error)})") from error
    pixels = array[..., None] if array.ndim == 2 else array
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 2, 3, 4) or pixels.size == 0:
        raise UnreadableError(
            f"has the shape {array.shape}; an image is (height, width) or (height, width, 1, 2, 3 or 4)"
        )
    pixels = _real_samples(pixels)
    return _with_alpha(pixels, "npy", Metadata())


def _real_samples(pixels: Any) -> Any:
    """Return samples as uint8, uint16 or float32; raises `UnreadableError` where that would lose something."""
    kind, name = pixels.dtype.kind, pixels.dtype.newbyteorder("=").name
    if kind == "b":
        return pixels.astype(np.uint8) * np.uint8(255)
    if name in ("uint8", "uint16", "float32"):
        return pixels.astype(name)
    if kind == "f":
        narrow = pixels.astype(np.float32)
        if (np.isinf(narrow) & np.isfinite(pixels)).any():
            raise UnreadableError(f"has {name} samples too large for float32")
        return narrow
    if kind in "iu":
        wide = pixels.astype(np.float32)
        if (wide.astype(np.float64) == pixels).all():
            return wide
        raise UnreadableError(f"has {name} samples too large for float32")
    raise UnreadableError(f"has {name} samples; real numbers are needed")
