"""Kernel files: one module per family, recognised by the file's contents and not by its extension.

Each module has ``recognise``, which tests if a file is of its family, and ``read``, which returns its `Reading`. The
first module in the table that recognises a file reads it.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..kernel_reading import Reading
from . import (
    esri,
    ffmpeg,
    grass,
    image_pro,
    imagemagick,
    imtoolkit,
    libvips,
    npy,
    opencv,
    pgm,
    plain,
    pv_wave,
    sextractor,
    svg,
)
from .text import Text

BINARY = ((".npy", npy), ("PGM", pgm))
TEXT = (
    ("OpenCV", opencv),
    ("SVG", svg),
    ("Image-Pro", image_pro),
    ("SExtractor", sextractor),
    ("GRASS", grass),
    ("IM", imtoolkit),
    ("ESRI", esri),
    ("PV-WAVE", pv_wave),
    ("ImageMagick", imagemagick),
    ("ffmpeg", ffmpeg),
    ("libvips", libvips),
    ("plain", plain),
)
IN_A_LINE = (("ImageMagick", imagemagick), ("ffmpeg", ffmpeg))
"""The families that fit on one line, and may be given in a command."""

MAX_BYTES = 4 << 20

MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
PICTURES = (
    (rb"\x89PNG", "PNG"),
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"GIF8", "GIF"),
    (rb"II[*+]\0|MM\0[*+]", "TIFF"),
    (rb"RIFF....WEBP", "WebP"),
    (rb"BM.{4}\0\0\0\0", "BMP"),
    (rb"....ftyp(avif|heic|mif1)", "AVIF or HEIC"),
)


def contents(name: str, max_taps: int, held: bytes | None = None) -> bytes:
    """Return the content of a kernel file; raises ValueError if it cannot be read, or is too large for its taps.

    *held* is its content, if it was read before.
    """
    limit = max(MAX_BYTES, 32 * max_taps)
    data = _read(name, limit + 1) if held is None else held
    if len(data) > limit:
        raise ValueError(
            f"{name}: is larger than {limit >> 20} MiB, the limit for {max_taps} taps (--max-taps raises it)"
        )
    return data


def _read(name: str, count: int) -> bytes:
    try:
        if Path(name).is_dir():
            raise ValueError(f"{name}: is a folder, not a kernel file")
        with Path(name).open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise ValueError(f"{name}: {(error.strerror or str(error)).lower()}") from None


def read(data: bytes, name: str, max_taps: int) -> tuple[str, Reading]:
    r"""Return the family of a file and its reader's result; raises ValueError.

    >>> family, reading = read(b"2 1 4\n1 3", "k.mat", 9)
    >>> family, reading.kernel.weights.tolist()
    ('libvips', [[0.25, 0.75]])
    """
    for family, binary in BINARY:
        if binary.recognise(data):
            return family, binary.read(data, name, max_taps)
    text = Text(name, _decoded(data, name), max_taps)
    for family, module in TEXT:
        if module.recognise(text):
            return family, module.read(text)
    raise text.error("is not a kernel")


def read_literal(literal: str, max_taps: int) -> tuple[str, Reading] | None:
    """Read a kernel of a family that fits on one line; None for other text."""
    text = Text("the literal", literal, max_taps)
    for family, module in IN_A_LINE:
        if module.recognise(text):
            return family, module.read(text)
    return None


def _decoded(data: bytes, name: str) -> str:
    """Return the text of a file; raises ValueError if it is not text."""
    for pattern, format in PICTURES:
        if re.match(pattern, data, re.DOTALL):
            raise ValueError(f"{name}: is a {format} picture, not a kernel")
    encoding = next((encoding for mark, encoding in MARKS if data.startswith(mark)), "utf-8")
    start = data[:1024]
    if encoding == "utf-8":
        # UTF-16 without a byte order mark: in numbers nearly every other byte is 0.
        for zeros, others, unmarked in ((1, 0, "utf-16-le"), (0, 1, "utf-16-be")):
            if start[zeros::2].count(0) > len(start) // 4 and not start[others::2].count(0):
                encoding = unmarked
    if encoding.startswith("utf-8") and re.search(rb"[\0-\x08\x0e-\x1f]", start):
        raise ValueError(f"{name}: is neither text nor a .npy file")
    # A comment in an older encoding does no harm; the reader reports an invalid byte in a number.
    return data.decode(encoding, errors="replace").replace("\r\n", "\n")
