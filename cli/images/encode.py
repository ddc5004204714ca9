"""From arrays to the bytes of a file."""

from __future__ import annotations

import io
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ...filters.core.engine.output_buffer import Canvas, CanvasFactory
from . import jpeg_encoder, png_encoder
from .atomic_write import Buffer
from .formats import DEPTHS, FOR_MAPS, Format, holds_maps
from .metadata import Metadata, ready, tags_of
from .tiff_tags import XMP

JPEG_QUALITY = 95
AVIF_QUALITY = 95
"""Of AVIF's own scale, with full chroma: a photograph is 0.9 levels off in the mean."""
CMYK = 4
"""The number of its channels."""


class UnwritableError(Exception):
    """The format cannot hold the samples; the message says what would."""


class Options(NamedTuple):
    """How files are written."""

    quality: int | None = None
    strip: bool = False
    strip_gps: bool = False
    cores: int = 1
    """Threads that compress; the bytes are the same for any number."""


def sample_type(format: Format, dtype: str, depth: str, channels: int, name: str, maps: int = 0) -> str:
    """Return the dtype in which the output *name* of an image of *dtype* goes into *format*.

    A map goes raw, as float, into every format that can hold that; so do the several *maps* that a picture is made of.
    Raises `UnwritableError` where the depth cannot be kept; no sample loses bits without being told to.
    """
    if maps and not holds_maps(format, maps):
        raise UnwritableError(f"{format.name.upper()} cannot hold {maps} maps; {FOR_MAPS}")
    held = {1: format.gray, CMYK: format.inks}.get(channels, format.colour)
    if maps not in (0, 3):
        held = format.gray
    if not held and channels == CMYK:
        raise UnwritableError(f"{format.name.upper()} cannot hold CMYK samples; use --to-rgb, or .tif or .jpg")
    if not held:
        raise UnwritableError(f"{format.name.upper()} holds gray only; --channels luma, or .ppm")
    if depth != "keep":
        wanted = {"8": "uint8", "16": "uint16", "float": "float32"}[depth]
    elif format.raw or ((name != "image" or maps > 1) and "float32" in held):
        wanted = "float32"
    elif dtype == "float32" and "float32" not in held:
        # Float values keep their units: 0 to 255 fills eight bits.
        wanted = "uint8"
    else:
        wanted = dtype
    if wanted not in held:
        colours = "gray" if held is format.gray else {CMYK: "CMYK"}.get(channels, "RGB")
        raise UnwritableError(
            f"{format.name.upper()} cannot hold {DEPTHS[wanted]} {colours} samples; "
            f"use --depth {' or '.join({'uint8': '8', 'uint16': '16', 'float32': 'float'}[held] for held in held)}"
            ", or .tif or .npy"
        )
    return wanted


def canvas(format: Format, options: Options) -> CanvasFactory:
    """Return what makes the canvas of an output that goes into *format*."""
    return partial(jpeg_encoder.canvas, **_jpeg_settings(options)) if format.name == "jpeg" else Canvas


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
    notes: list[str] = []
    metadata = Metadata() if options.strip else ready(metadata, pixels.shape[1::-1], options.strip_gps, notes)
    if format.name == "png":
        png_encoder.write(
            file,
            pixels,
            alpha,
            icc=metadata.icc,
            exif=metadata.exif,
            dpi=metadata.dpi,
            software=software,
            beside=_png_texts(metadata),
            cores=options.cores,
        )
        return notes
    if format.name == "jpeg":
        _write_jpeg(file, pixels, metadata, options, software, notes)
        return notes
    if format.name == "gif":
        from . import gif

        writer = gif.Writer()
        writer.add(pixels, alpha)
        writer.write(file, None, comments(software, metadata))
        return notes + writer.notes
    samples = together(pixels, alpha)
    if format.name == "npy":
        _write_npy(file, samples, software)
        return notes
    if format.name == "tiff" and (samples.dtype == np.float32 or (samples.dtype == np.uint16 and samples.ndim == 3)):
        with tiff_writer(file) as writer:
            add_page(writer, samples, alpha is not None, metadata, software)
        finish_tiff(file, metadata, notes)
        return notes
    if format.name in ("ppm", "pgm"):
        # The samples as they stand, most significant byte first: 50 ms less at 12 MP than through an Image.
        kind, white = b"P5" if samples.ndim == 2 else b"P6", np.iinfo(samples.dtype).max
        comment = b"# %s\n" % software.encode() if software else b""
        file.write(b"%s\n%s%d %d\n%d\n" % (kind, comment, samples.shape[1], samples.shape[0], white))
        _end(file, samples.astype(samples.dtype.newbyteorder(">"), copy=False))
        return notes
    saved = _save_options(format, metadata, options, software, samples.shape[2:] in ((3,), (4,)))
    inked = alpha is None and samples.shape[2:] == (CMYK,)
    image = jpeg_encoder.of_inks(samples) if inked else Image.fromarray(samples)
    image.save(file, format.name.upper(), **saved)
    if format.name == "tiff":
        finish_tiff(file, metadata, notes)
    if format.name == "bmp":
        file.write(software.encode())  # behind the pixels, where nobody looks
    return notes


def write_maps(
    file: io.BytesIO, maps: Any, format: Format, metadata: Metadata, options: Options, software: str = ""
) -> list[str]:
    """Encode ``maps (height, width, count)``: an array as it is, a TIFF with a page each."""
    notes: list[str] = []
    if format.name == "npy":
        _write_npy(file, maps, software)
        return notes
    assert format.name == "tiff"
    metadata = Metadata() if options.strip else ready(metadata, maps.shape[1::-1], options.strip_gps, notes)
    with tiff_writer(file) as writer:
        for number in range(maps.shape[2]):
            page = np.ascontiguousarray(maps[..., number])
            add_page(writer, page, False, metadata, software if number == 0 else "")
    finish_tiff(file, metadata, notes)
    return notes


def comments(software: str, metadata: Metadata) -> list[bytes]:
    """Return the comments of a file: its program's name, and the picture's own."""
    return [comment for comment in (software.encode(), *metadata.comments) if comment]


def together(pixels: Any, alpha: Any) -> Any:
    """Return the samples as files hold them: the alpha as the last channel, ``(height, width)`` where there is one."""
    samples = pixels if alpha is None else np.dstack([pixels, alpha])
    return np.ascontiguousarray(samples if samples.shape[2] > 1 else samples[..., 0])


def _write_jpeg(
    file: io.BytesIO, pixels: Any, metadata: Metadata, options: Options, software: str, notes: list[str]
) -> None:
    exif, xmp = _jpeg_exif(metadata), metadata.xmp
    if len(exif) > jpeg_encoder.LONGEST_SEGMENT:
        notes.append(f"its EXIF block of {len(exif)} bytes is more than JPEG holds, and was not kept")
        exif = b""
    if len(xmp) > jpeg_encoder.LONGEST_XMP:
        notes.append(f"its XMP of {len(xmp)} bytes is more than JPEG holds, and was not kept")
        xmp = b""
    jpeg_encoder.write(
        file,
        pixels,
        **_jpeg_settings(options),
        icc=metadata.icc,
        exif=exif,
        xmp=xmp,
        dpi=metadata.dpi,
        comments=comments(software, metadata),
        cores=options.cores,
    )


def _jpeg_exif(metadata: Metadata) -> bytes:
    """Return the EXIF block, with the texts that only a PNG keeps beside it."""
    if not metadata.texts:
        return metadata.exif
    from . import ifd

    return ifd.block(tags_of(metadata._replace(comments=(), dpi=None)))


def _png_texts(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    """Return the chunks of texts; sections 11.3.3.2 and 11.3.3.4."""
    chunks = []
    if metadata.xmp:
        chunks.append((b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + metadata.xmp))
    comments = [("Comment", comment.decode("utf-8", "replace")) for comment in metadata.comments]
    for name, text in (*comments, *metadata.texts):
        try:
            chunks.append((b"tEXt", name.encode("latin-1") + b"\0" + text.encode("latin-1")))
        except UnicodeEncodeError:
            chunks.append((b"iTXt", name.encode("latin-1", "replace") + bytes(5) + text.encode()))
    return chunks


def _save_options(format: Format, metadata: Metadata, options: Options, software: str, colour: bool) -> dict[str, Any]:
    saved: dict[str, Any] = {}
    if format.name in ("webp", "avif"):
        if format.name == "avif":
            # Another number of threads would give other bytes.
            saved = {"quality": options.quality or AVIF_QUALITY, "max_threads": 1}
            if options.quality is None and colour:
                saved["subsampling"] = "4:4:4"
        else:
            # Lossless unless a quality is asked for: what was computed exactly is stored so.
            saved = {"lossless": True, "exact": True} if options.quality is None else {"quality": options.quality}
        if (tags := tags_of(metadata, software)) != {}:
            from . import ifd

            saved["exif"] = ifd.block(tags)
        if metadata.xmp:
            saved["xmp"] = metadata.xmp
    elif format.name == "tiff":
        saved = {"compression": "tiff_adobe_deflate"}
        if software:
            saved["software"] = software
    if metadata.icc and format.name in ("webp", "avif", "tiff"):
        saved["icc_profile"] = metadata.icc
    if metadata.dpi and format.name in ("tiff", "bmp"):
        saved["dpi"] = metadata.dpi
    return saved


def _end(file: io.BytesIO, samples: Any) -> None:
    """Write the samples that a file ends with."""
    data = np.ascontiguousarray(samples).reshape(-1).data.cast("B")
    if isinstance(file, Buffer):
        file.end(data)
    else:
        file.write(data)


def _write_npy(file: io.BytesIO, samples: Any, software: str) -> None:
    """Write an array; its header is a Python literal, in which a comment may stand."""
    described = np.lib.format.header_data_from_array_1_0(samples)
    header = repr({**described, "fortran_order": False})
    text = f"{header}  # {software}" if software else header
    padding = -(10 + len(text) + 1) % np.lib.format.ARRAY_ALIGN
    text += " " * padding + "\n"
    file.write(np.lib.format.magic(1, 0) + len(text).to_bytes(2, "little") + text.encode())
    if samples.flags.c_contiguous:
        _end(file, samples)
        return
    for row in samples:  # planes, as maps come, lie side by side in the file: a row of them fits the cache
        file.write(np.ascontiguousarray(row).data)


def tiff_writer(file: io.BytesIO) -> Any:
    """Return a writer of float samples, of 16-bit colour and of several pages, which Pillow's is not."""
    import tifffile

    return tifffile.TiffWriter(file, byteorder="<")


def add_page(writer: Any, samples: Any, alpha: bool, metadata: Metadata, software: str) -> None:
    """Write one page of a TIFF."""
    channels = samples.shape[2] - alpha if samples.ndim == 3 else 1
    writer.write(
        samples,
        photometric={3: "rgb", CMYK: "separated"}.get(channels, "minisblack"),
        planarconfig="contig" if samples.ndim == 3 else None,
        extrasamples=["unassalpha"] if alpha else None,
        compression="zlib",
        # Its predictor for floats would need a compiled package.
        predictor=samples.dtype != np.float32,
        metadata=None,
        contiguous=False,
        software=software or False,
        resolution=metadata.dpi,
        resolutionunit="INCH" if metadata.dpi else None,
        iccprofile=metadata.icc or None,
    )


def finish_tiff(file: io.BytesIO, metadata: Metadata, notes: list[str]) -> None:
    """Add to the first page what else the picture carries, each tag with its own type."""
    from . import ifd

    tags = tags_of(metadata._replace(dpi=None))
    if metadata.xmp:
        tags[XMP] = ifd.Value(ifd.BYTE, len(metadata.xmp), metadata.xmp)
    if tags and not ifd.add(file, tags):
        notes.append("its EXIF and XMP were not kept in a file of this size")
