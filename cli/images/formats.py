"""The image formats: their names and signatures, what each can hold, and which module reads and writes it.

A format is a module of this folder, or of one in it, with its `Codec`, and a row of `FORMATS`. The table imports
none of the modules.
"""

from __future__ import annotations

import functools
import importlib
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UsageError

if TYPE_CHECKING:
    from ...filters.core.engine.colour import ColourModel
    from .codec import Codec


class Format(NamedTuple):
    """A format that is read and written."""

    name: str
    suffixes: tuple[str, ...]
    signature: bytes
    """A pattern that the first bytes of its files match, at most `HEAD` of them."""
    gray: tuple[str, ...]
    """The sample types that it holds in one channel."""
    colour: tuple[str, ...]
    """The sample types that it holds in three channels."""
    inks: tuple[str, ...] = ()
    """The sample types that it holds in the four channels of CMYK."""
    bands: tuple[str, ...] = ()
    """The sample types that it holds in any number of channels without colour."""
    alpha: bool = False
    raw: bool = False
    """Results are written as float, signed and unrounded, unless `--depth` is given."""
    tells_white: bool = False
    """Its files say what is white, where that is not what the type of the samples says."""
    lossy: bool = False
    animated: bool = False
    """It holds the frames of an animation."""
    paged: bool = False
    """It holds several pages, which have no times."""
    maps: bool = False
    """It holds any number of maps."""
    aliases: tuple[str, ...] = ()
    """Other names for it."""
    title: str = ""
    """Its name in a list of formats, if that is not `name` in capitals."""
    module: str = ""
    """The module of its codec, if that is not called `name`, or lies in a folder below."""

    @property
    def codec_name(self) -> str:
        """The module of its codec."""
        return self.module or self.name

    @property
    def codec(self) -> Codec:
        """The codec; the first access imports its module."""
        return _codec(self.codec_name)

    def held(self, colours: ColourModel, channels: int) -> tuple[str, ...]:
        """Return the sample types that it holds in *channels* of *colours*; bands go as gray or RGB where they fit."""
        if colours == "cmyk":
            return self.inks
        if channels == 1:
            return self.gray
        if colours == "bands" and (self.bands or channels != len("rgb")):
            return self.bands
        return self.colour

    def holds_maps(self, count: int) -> bool:
        """Whether a file can hold *count* maps: as a picture, gray or in colour, as pages, or as an array."""
        return self.maps or count == 1 or (count == 3 and bool(self.colour))

    def holds_frames(self, timed: bool) -> bool:
        """Whether a file can hold several frames, *timed* or not."""
        return self.paged or (self.animated and timed)


BYTES = ("uint8",)
WHOLE = ("uint8", "uint16")
ALL = ("uint8", "uint16", "float32", "float64")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
FORMATS = {
    format.name: format
    for format in (
        Format(
            "jpeg",
            (".jpg", ".jpeg", ".jpe", ".jfif"),
            rb"\xff\xd8\xff",
            BYTES,
            BYTES,
            BYTES,
            lossy=True,
            aliases=("jpg",),
            module="jpeg.codec",
        ),
        Format("png", (".png",), PNG_SIGNATURE, WHOLE, WHOLE, alpha=True, animated=True, module="png.codec"),
        Format(
            "tiff",
            (".tif", ".tiff"),
            rb"II[*+]\0|MM\0[*+]",
            ALL,
            ALL,
            BYTES,
            ALL,
            alpha=True,
            paged=True,
            maps=True,
            aliases=("tif",),
            module="tiff.codec",
        ),
        Format("webp", (".webp",), rb"RIFF(?s:.{4})WEBP", BYTES, BYTES, alpha=True, animated=True, title="WebP"),
        Format("avif", (".avif",), rb"(?s:.{4})ftyp(?:avif|avis|mif1|msf1)", BYTES, BYTES, alpha=True, lossy=True),
        Format("bmp", (".bmp", ".dib"), rb"BM", BYTES, BYTES),
        Format("gif", (".gif",), rb"GIF8[79]a", BYTES, BYTES, alpha=True, lossy=True, animated=True),
        Format("ppm", (".ppm", ".pnm"), rb"P[36]\s", WHOLE, WHOLE, aliases=("pnm",), module="pnm"),
        Format("pgm", (".pgm",), rb"P[1245]\s", WHOLE, (), module="pnm"),
        Format(
            "npy",
            (".npy",),
            rb"\x93NUMPY",
            ALL,
            ALL,
            bands=ALL,
            alpha=True,
            raw=True,
            tells_white=True,
            maps=True,
            aliases=("numpy",),
            title=".npy",
        ),
    )
}
BY_NAME = {name: format for format in FORMATS.values() for name in (format.name, *format.aliases)}
BY_SUFFIX = {suffix: format for format in FORMATS.values() for suffix in format.suffixes}
LOSSLESS = FORMATS["png"]
"""The format of a map in a folder, if the input's format is lossy or unknown."""
HEAD = 16
"""How many bytes of a file are enough to recognise its format."""
FOR_MAPS = "use .npy or .tif, -o FOLDER/ --name '{stem}-{map:02}.png' for a file each, or --sheet FILE"
"""Advice where a format holds too few channels."""
FOR_BANDS = "use .tif or .npy"
"""The same for a picture of several bands."""
READABLE = ", ".join(format.title or format.name.upper() for format in FORMATS.values())


@functools.cache
def _codec(module: str) -> Codec:
    return importlib.import_module(f".{module}", __package__).CODEC


@functools.cache
def _signatures() -> re.Pattern[bytes]:
    each = (b"(?P<%s>%s)" % (format.name.encode(), format.signature) for format in FORMATS.values())
    return re.compile(b"|".join(each))


def sniff(head: bytes) -> Format | None:
    r"""Return the format of a file that begins with *head*, or None if it is not an image.

    >>> sniff(b"\xff\xd8\xff\xe0").name, sniff(b"RIFF....WAVE")
    ('jpeg', None)
    """
    found = _signatures().match(head)
    return FORMATS[found.lastgroup or ""] if found else None


def is_of(format: Format, head: bytes) -> bool:
    """Whether a file that begins with *head* belongs to the codec of *format*."""
    found = sniff(head)
    return found is not None and found.codec_name == format.codec_name


def named(name: str) -> Format:
    """Return the format that ``--to`` names; raises UsageError."""
    word = name.lower().lstrip(".")
    if word not in BY_NAME:
        raise UsageError(f"--to: {name!r} is not a format that is written (one of {', '.join(FORMATS)})")
    return BY_NAME[word]


def of_suffix(path: str) -> Format:
    """Return the format that the suffix of an output names; raises UsageError if it names none."""
    suffix = PurePath(path).suffix.lower()
    if suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    said = f"the suffix {suffix!r} names no format that is written" if suffix else "has no suffix that names a format"
    raise UsageError(f"{path}: {said}; use one of {' '.join(sorted(BY_SUFFIX))}, or --to FORMAT")
