"""The image formats: how each is called, and what it can hold."""

from __future__ import annotations

from pathlib import PurePath
from typing import NamedTuple

from ..errors import UsageError


class Format(NamedTuple):
    """One format that is read and written."""

    name: str
    suffixes: tuple[str, ...]
    gray: tuple[str, ...]
    """The sample types that it holds in one channel."""
    colour: tuple[str, ...]
    """The sample types that it holds in three channels."""
    inks: tuple[str, ...] = ()
    """The sample types that it holds in the four channels of CMYK."""
    alpha: bool = False
    raw: bool = False
    """Results go into it as float, signed and unrounded, unless a depth is asked for."""
    lossy: bool = False

    @property
    def decoder(self) -> str:
        """What `sniff` says of its files."""
        return {"pgm": "PPM"}.get(self.name, self.name.upper())


BYTES = ("uint8",)
ALL = ("uint8", "uint16", "float32")
FORMATS = {
    format.name: format
    for format in (
        Format("jpeg", (".jpg", ".jpeg", ".jpe", ".jfif"), BYTES, BYTES, BYTES, lossy=True),
        Format("png", (".png",), ("uint8", "uint16"), ("uint8", "uint16"), alpha=True),
        Format("tiff", (".tif", ".tiff"), ALL, ALL, BYTES, alpha=True),
        Format("webp", (".webp",), BYTES, BYTES, alpha=True),
        Format("avif", (".avif",), BYTES, BYTES, alpha=True, lossy=True),
        Format("bmp", (".bmp", ".dib"), BYTES, BYTES),
        Format("gif", (".gif",), BYTES, BYTES, alpha=True, lossy=True),
        Format("ppm", (".ppm", ".pnm"), ("uint8", "uint16"), ("uint8", "uint16")),
        Format("pgm", (".pgm",), ("uint8", "uint16"), ()),
        Format("npy", (".npy",), ALL, ALL, alpha=True, raw=True),
    )
}
ALIASES = {"jpg": "jpeg", "tif": "tiff", "pnm": "ppm", "numpy": "npy"}
BY_SUFFIX = {suffix: format for format in FORMATS.values() for suffix in format.suffixes}
NPY = "NPY"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (PNG_SIGNATURE, "PNG"),
    *(
        (order + version, "TIFF")
        for order, version in ((b"II", b"*\0"), (b"II", b"+\0"), (b"MM", b"\0*"), (b"MM", b"\0+"))
    ),
    (b"RIFF", "WEBP"),
    (b"BM", "BMP"),
    *((b"GIF8" + version, "GIF") for version in (b"7a", b"9a")),
    *((b"P%d" % kind, "PPM") for kind in range(1, 7)),
    (b"\x93NUMPY", NPY),
)
"""How the files begin that are read, and what decodes them."""
AVIF_BRANDS = b"avif", b"avis", b"mif1", b"msf1"
"""What stands behind the first eight bytes of an AVIF."""
HEAD = 16
"""So many bytes tell the format."""
FOR_MAPS = "use .npy or .tif, -o FOLDER/ --name '{stem}-{map:02}.png' for a file each, or --sheet FILE"
"""What would help where a format holds too few channels."""
READABLE = "JPEG, PNG, TIFF, WebP, AVIF, BMP, GIF, PPM, PGM, .npy"
DEPTHS = {"uint8": "8-bit", "uint16": "16-bit", "float32": "float"}


def holds_maps(format: Format, count: int) -> bool:
    """Whether a file of *format* can hold *count* maps: as a picture, gray or in colour, as pages, or as an array."""
    return count == 1 or (count == 3 and bool(format.colour)) or format.name in ("tiff", "npy")


def sniff(head: bytes) -> str | None:
    r"""Return the decoder for a file that begins with *head*, None where it is no image.

    >>> sniff(b"\xff\xd8\xff\xe0"), sniff(b"RIFF....WAVE")
    ('JPEG', None)
    """
    if head[4:8] == b"ftyp":
        return "AVIF" if head[8:12] in AVIF_BRANDS else None
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            if name == "WEBP" and head[8:12] != b"WEBP":
                return None
            return None if name == "PPM" and not head[2:3].isspace() else name
    return None


def named(name: str) -> Format:
    """Return the format that ``--to`` names; raises UsageError."""
    word = name.lower().lstrip(".")
    word = ALIASES.get(word, word)
    if word not in FORMATS:
        raise UsageError(f"--to: {name!r} is not a format that is written (one of {', '.join(FORMATS)})")
    return FORMATS[word]


def of_suffix(path: str) -> Format:
    """Return the format of a file to be written; raises UsageError where the suffix says none."""
    suffix = PurePath(path).suffix.lower()
    if suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    said = f"the suffix {suffix!r} names no format that is written" if suffix else "has no suffix that names a format"
    raise UsageError(f"{path}: {said}; use one of {' '.join(sorted(BY_SUFFIX))}, or --to FORMAT")
