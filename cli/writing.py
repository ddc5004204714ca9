"""From arrays to the bytes of a file."""

from __future__ import annotations

import io
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..filters.core.collector import Canvas, Make
from . import jpeg, png
from .formats import DEPTHS, Format
from .metadata import Metadata

JPEG_QUALITY = 95
SOFTWARE = 305
"""The tag of EXIF and TIFF."""


class UnwritableError(Exception):
    """The format cannot hold the samples; the message says what would."""


class Options(NamedTuple):
    """How files are written."""

    quality: int | None = None
    strip: bool = False
    cores: int = 1
    """Threads that compress; the bytes are the same for any number."""


def sample_type(format: Format, dtype: str, depth: str, channels: int, name: str) -> str:
    """Return the dtype in which the output *name* of an image of *dtype* goes into *format*.

    A map goes raw, as float, into every format that can hold that. Raises `UnwritableError` where the
    depth cannot be kept; no sample loses bits without being told to.
    """
    held = format.gray if channels == 1 else format.colour
    if not held:
        raise UnwritableError(f"{format.name.upper()} holds gray only; --channels luma, or .ppm")
    if depth != "keep":
        wanted = {"8": "uint8", "16": "uint16", "float": "float32"}[depth]
    elif format.raw or (name != "image" and "float32" in held):
        wanted = "float32"
    elif dtype == "float32" and "float32" not in held:
        # Float values keep their units: 0 to 255 fills eight bits.
        wanted = "uint8"
    else:
        wanted = dtype
    if wanted not in held:
        colours = "gray" if channels == 1 else "RGB"
        raise UnwritableError(
            f"{format.name.upper()} cannot hold {DEPTHS[wanted]} {colours} samples; "
            f"use --depth {' or '.join({'uint8': '8', 'uint16': '16', 'float32': 'float'}[held] for held in held)}"
            ", or .tif or .npy"
        )
    return wanted


def canvas(format: Format, options: Options) -> Make:
    """Return what makes the canvas of an output that goes into *format*."""
    return partial(jpeg.canvas, **_jpeg_settings(options)) if format.name == "jpeg" else Canvas


def _jpeg_settings(options: Options) -> dict[str, Any]:
    # Full chroma at 95 unless the user says how good is good enough.
    return {"quality": options.quality or JPEG_QUALITY, "full_chroma": options.quality is None}


def write(
    file: io.BytesIO,
    pixels: Any,
    alpha: Any,
    format: Format,
    metadata: Metadata,
    options: Options,
    software: str = "",
) -> list[str]:
    """Encode ``pixels (height, width, 1 or 3)`` and ``alpha (height, width)``; return what people should know.

    *pixels* may be what `canvas` made for the format.

    *software*, one line of ASCII, goes where the format keeps the name of the program that wrote a file.
    """
    if options.strip:
        metadata = Metadata()
    if format.name == "png":
        png.write(
            file,
            pixels,
            alpha,
            icc=metadata.icc,
            exif=metadata.exif,
            dpi=metadata.dpi,
            software=software,
            cores=options.cores,
        )
        return []
    if format.name == "jpeg":
        jpeg.write(
            file,
            pixels,
            **_jpeg_settings(options),
            icc=metadata.icc,
            exif=metadata.exif,
            dpi=metadata.dpi,
            comment=software.encode(),
            cores=options.cores,
        )
        return []
    samples = pixels if alpha is None else np.concatenate([pixels, alpha[..., None]], axis=2)
    if samples.shape[2] == 1:
        samples = samples[..., 0]
    samples = np.ascontiguousarray(samples)
    if format.name == "npy":
        _write_npy(file, samples, software)
        return []
    if format.name == "tiff" and (samples.dtype == np.float32 or (samples.dtype == np.uint16 and samples.ndim == 3)):
        _write_wide_tiff(file, samples, alpha is not None, metadata, software)
        return []
    if format.name in ("ppm", "pgm"):
        # The samples as they stand, most significant byte first: 50 ms less at 12 MP than through an Image.
        kind, white = b"P5" if samples.ndim == 2 else b"P6", np.iinfo(samples.dtype).max
        comment = b"# %s\n" % software.encode() if software else b""
        file.write(b"%s\n%s%d %d\n%d\n" % (kind, comment, samples.shape[1], samples.shape[0], white))
        file.write(samples.astype(samples.dtype.newbyteorder(">"), copy=False).data)
        return []
    image = Image.fromarray(samples)
    notes = []
    if format.name == "gif" and image.mode == "RGB":
        image, notes = _with_palette(image)
    saved = _save_options(format, metadata, options, software)
    image.save(file, format.name.upper(), **saved)
    if format.name == "bmp":
        file.write(software.encode())  # behind the pixels, where nobody looks
    return notes


def _save_options(format: Format, metadata: Metadata, options: Options, software: str) -> dict[str, Any]:
    saved: dict[str, Any] = {}
    if software and format.name == "gif":
        saved = {"comment": software.encode()}
    if format.name == "webp":
        # Lossless unless a quality is asked for: what was computed exactly is stored so.
        saved = {"lossless": True, "exact": True} if options.quality is None else {"quality": options.quality}
    elif format.name == "tiff":
        saved = {"compression": "tiff_adobe_deflate"}
    if format.name in ("webp", "tiff"):
        if metadata.icc:
            saved["icc_profile"] = metadata.icc
        exif = Image.Exif()
        if metadata.exif:
            exif.load(metadata.exif)
        if software:
            exif[SOFTWARE] = software
        if len(exif):
            saved["exif"] = exif.tobytes()
    if metadata.dpi and format.name in ("tiff", "bmp"):
        saved["dpi"] = metadata.dpi
    return saved


def _write_npy(file: io.BytesIO, samples: Any, software: str) -> None:
    """Write an array; its header is a Python literal, in which a comment may stand."""
    header = repr(np.lib.format.header_data_from_array_1_0(samples))
    text = f"{header}  # {software}" if software else header
    padding = -(10 + len(text) + 1) % np.lib.format.ARRAY_ALIGN
    text += " " * padding + "\n"
    file.write(np.lib.format.magic(1, 0) + len(text).to_bytes(2, "little") + text.encode() + samples.tobytes())


def _with_palette(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Fit the colours into a palette of 256; exactly where there are no more."""
    colours: Any = image.getcolors(256)
    if colours is not None:
        palette = Image.new("P", (1, 1))
        palette.putpalette([value for _, colour in colours for value in colour])
        return image.quantize(palette=palette, dither=Image.Dither.NONE), []
    return image.quantize(256), ["GIF holds 256 colours; the picture has more and was reduced to them"]


def _write_wide_tiff(file: io.BytesIO, samples: Any, alpha: bool, metadata: Metadata, software: str) -> None:
    """Write float samples or 16-bit colour, which Pillow's TIFF writer cannot."""
    import tifffile

    tifffile.imwrite(
        file,
        samples,
        photometric="rgb" if samples.ndim == 3 and samples.shape[2] >= 3 else "minisblack",
        extrasamples=["unassalpha"] if alpha else None,
        compression="zlib",
        # Its predictor for floats would need a compiled package.
        predictor=samples.dtype != np.float32,
        metadata=None,
        software=software or False,
        resolution=metadata.dpi,
        resolutionunit="INCH" if metadata.dpi else None,
        iccprofile=metadata.icc or None,
    )
