"""The image formats: their names, signatures and capabilities, and the module that reads and writes each.

A format is a module of this folder, or of one in it, with its `Codec`, and a row of `FORMATS`. The table imports
none of the modules.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import zlib
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from ...filters.core.named_tuple import NamedTuple
from ..errors import UsageError
from .zarr_mark import BEGINNING

if TYPE_CHECKING:
    from ...filters.core.engine.colour import ColourModel
    from .codec import Codec


class Format(NamedTuple):
    """A format that is read and, unless `instead` names another, written."""

    name: str
    suffixes: tuple[str, ...]
    signature: bytes
    """A pattern that the first bytes of its files match, at most `HEAD` of them."""
    gray: tuple[str, ...] = ()
    """The sample types that it holds in one channel."""
    colour: tuple[str, ...] = ()
    """The sample types that it holds in three channels."""
    inks: tuple[str, ...] = ()
    """The sample types that it holds in the four channels of CMYK."""
    bands: tuple[str, ...] = ()
    """The sample types that it holds in any number of channels without colour."""
    alpha: bool = False
    raw: bool = False
    """Results are written as float, signed and unrounded, unless `--depth` is given."""
    profiles: bool = False
    """It can hold an ICC profile."""
    describes_colours: bool = False
    """It can also hold gamma, primaries and code points of colours."""
    tells_white: bool = False
    """Its files state the value of white if that is not implied by the sample type."""
    lossy: bool = False
    animated: bool = False
    """It holds the frames of an animation."""
    paged: bool = False
    """It holds several pages, which have no times."""
    stacked: bool = False
    """It holds any number of frames of one size as one array; they are packed as they come."""
    data_set: bool = False
    """It holds any number of images of one size, and takes several at a time."""
    record: int = 0
    """The bytes per image, if the format has no signature and is recognised by name and length."""
    twin: str = ""
    """Another format with the same extensions: its inputs are written in that format."""
    keyed: bool = False
    """It holds named arrays, some of which are images."""
    of_files: bool = False
    """It holds files, some of which are images in their own formats."""
    folder: bool = False
    """It is a folder, and no file."""
    in_pieces: bytes | None = None
    """A pattern for the first bytes of files that are read on demand instead of completely."""
    stream: Literal["", "file", "pipe"] = ""
    """Its files may stand one after the other, also after those of other such formats: a stream of images, which are
    frames. Viewers see them all in a file of some formats, and only the first of others, which are for pipes."""
    palettes: bool = False
    """It can hold palette indices."""
    maps: bool = False
    """It holds any number of maps."""
    compressions: tuple[str, ...] = ()
    """The values for --compression, if there are several; the first is the default."""
    georeferenced: bool = False
    """It can hold a georeference and a nodata value."""
    aliases: tuple[str, ...] = ()
    """Other names for it."""
    title: str = ""
    """Its name in a list of formats, if that is not `name` in capitals."""
    module: str = ""
    """The module of its codec, if that is not called `name`, or lies in a folder below."""
    ending: bytes = b""
    """The last bytes of written files, if they show that a file is complete."""
    instead: str = ""
    """The format in which its pictures are written, if it can only be read."""

    @property
    def codec_name(self) -> str:
        """The module of its codec."""
        return self.module or self.name

    @property
    def codec(self) -> Codec:
        """The codec; the first access imports its module."""
        return _codec(self.codec_name)

    @property
    def only_float(self) -> bool:
        """Whether all its samples are float, with 1 for white."""
        return bool(self.gray) and not {*self.gray, *self.colour}.intersection(WHOLE)

    def held(self, colours: ColourModel, channels: int) -> tuple[str, ...]:
        """Return the sample types that it holds in *channels* of *colours*; bands go as gray or RGB where they fit."""
        if colours == "cmyk":
            return self.inks
        if channels == 1:
            return self.gray
        if colours == "bands" and (self.bands or channels != len("rgb")):
            return self.bands
        return self.colour

    def is_read_in_pieces(self, head: bytes) -> bool:
        """Whether a file that begins with *head* is read on demand."""
        return self.in_pieces is not None and re.match(self.in_pieces, head) is not None

    def of_input(self, own: Format) -> Format:
        """Return the format of an output whose name says this one, of what was read from one of format *own*."""
        twin = FORMATS.get(self.twin)
        return twin if twin is not None and twin.name in (own.name, own.instead) else self

    def holds_maps(self, count: int) -> bool:
        """Whether a file can hold *count* maps: as a picture, gray or in colour, as pages, or as an array."""
        return self.maps or count == 1 or (count == 3 and bool(self.colour))

    def holds_frames(self, timed: bool) -> bool:
        """Whether a file can hold several frames, *timed* or not."""
        return self.paged or self.stacked or self.data_set or (self.animated and timed) or self.is_stream(timed)

    def is_stream(self, timed: bool) -> bool:
        """Whether several frames, *timed* or not, are written as a stream of files."""
        return bool(self.stream) and not (self.animated and timed)


BYTES = ("uint8",)
WHOLE = ("uint8", "uint16")
BITS_TOO = ("bool", *WHOLE)
ALL = ("uint8", "uint16", "float32", "float64")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
AVIF = rb"(?s:.{4})ftyp(?:avi[fs]|(?:mif1|msf1|miaf)(?s:.{4})(?s:.{4}){0,30}?avi[fs])"
HEIC = rb"(?s:.{4})ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1|miaf)"
JPEG_2000 = rb"\x00\x00\x00\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"
TGA = (
    rb"(?s:.(?:\x00[\x02\x03\x0a\x0b]\x00{5}|\x01[\x01\x09]..(?:[\x01-\xff]\x00|\x00\x01)[\x0f\x10\x18\x20]).{4})"
    rb"(?!\x00\x00)(?s:..)(?!\x00\x00)(?s:..)[\x08\x0f\x10\x18\x20][\x00-\x3f]"
)
IDX = (*(f"{mark}idx{axes}-ubyte" for axes in (3, 4) for mark in "-."), ".idx")
"""The endings of data set names, such as t10k-images-idx3-ubyte."""
IDX_HEAD = rb"\x00\x00[\x08\x09\x0b-\x0e][\x03\x04]"
IDX_TYPES = ("uint8", "float32")
PICKLE = rb"\x80[\x02-\x05](?:\x95(?s:.{8}))?\}"
"""Matches the start of a pickled dictionary."""
STACK = rb"\x93NUMPY[^{]{2,6}\{[^}]*'shape': *\((?:\d+L?, *){3}\d+L?,? *\)"
"""Matches the header of an array with four axes."""
CIFAR_ARCHIVE, TAR_HEAD = rb"(?:\./)?cifar-100?-(?:batches-(?:py|bin)|python|binary)(?s:.*)\x00ustar", 264
"""The first header of a published CIFAR archive, and the number of its bytes that identify it."""
GZIP, WINDOW_OF_GZIP = b"\x1f\x8b\x08", 31
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
            profiles=True,
            lossy=True,
            stream="pipe",
            aliases=("jpg",),
            module="jpeg.codec",
            ending=b"\xff\xd9",
        ),
        Format(
            "png",
            (".png",),
            PNG_SIGNATURE,
            BITS_TOO,
            WHOLE,
            alpha=True,
            profiles=True,
            describes_colours=True,
            animated=True,
            palettes=True,
            stream="pipe",
            module="png.codec",
            ending=b"\0\0\0\0IEND\xaeB`\x82",
        ),
        Format(
            "tiff",
            (".tif", ".tiff"),
            rb"II[*+]\x00|MM\x00[*+]",
            ("bool", *ALL),
            ALL,
            ALL,
            ALL,
            alpha=True,
            profiles=True,
            paged=True,
            palettes=True,
            maps=True,
            compressions=("deflate", "none", "lzw", "packbits", "zstd"),
            georeferenced=True,
            aliases=("tif",),
            twin="cog",
            module="tiff.codec",
        ),
        Format(
            "cog",
            (".tif",),
            rb"II[*+]\x00|MM\x00[*+]",
            ALL,
            ALL,
            ALL,
            ALL,
            alpha=True,
            profiles=True,
            palettes=True,
            compressions=("deflate", "none", "lzw", "packbits", "zstd"),
            georeferenced=True,
            module="tiff.cog",
        ),
        Format(
            "webp",
            (".webp",),
            rb"RIFF(?s:.{4})WEBP",
            BYTES,
            BYTES,
            alpha=True,
            profiles=True,
            animated=True,
            title="WebP",
        ),
        Format("avif", (".avif",), AVIF, BYTES, BYTES, alpha=True, profiles=True, lossy=True),
        Format("bmp", (".bmp", ".dib"), rb"BM", BYTES, BYTES, palettes=True),
        Format(
            "gif",
            (".gif",),
            rb"GIF8[79]a",
            BYTES,
            BYTES,
            alpha=True,
            lossy=True,
            animated=True,
            palettes=True,
            ending=b";",
        ),
        Format("ppm", (".ppm", ".pnm"), rb"P[36]\s", WHOLE, WHOLE, stream="file", aliases=("pnm",), module="pnm.codec"),
        Format("pgm", (".pgm",), rb"P[1245]\s", WHOLE, (), stream="file", module="pnm.codec"),
        Format("pbm", (".pbm",), rb"P[14]\s", BITS_TOO, (), stream="file", module="pnm.pbm"),
        Format("pam", (".pam",), rb"P7\n", WHOLE, WHOLE, BYTES, WHOLE, alpha=True, stream="file", module="pnm.pam"),
        Format("pfm", (".pfm",), rb"P[Ff]\s", ("float32",), ("float32",), module="pnm.pfm"),
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
            data_set=True,
            in_pieces=STACK,
            maps=True,
            aliases=("numpy",),
            title=".npy",
        ),
        Format(
            "npz",
            (".npz",),
            rb"PK\x03\x04(?s:.{26})[^\x00-\x1f]{1,200}?\.npy",
            ALL,
            ALL,
            bands=ALL,
            alpha=True,
            tells_white=True,
            data_set=True,
            in_pieces=b"",
            keyed=True,
            maps=True,
        ),
        Format("psd", (".psd", ".psb"), rb"8BPS\x00[\x01\x02]", instead="tiff"),
        Format("jp2", (".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc"), JPEG_2000, title="JPEG 2000", instead="png"),
        Format("exr", (".exr",), rb"v/1\x01", title="OpenEXR", instead="tiff"),
        Format("hdr", (".hdr", ".rgbe"), rb"#\?(?:RADIANCE|RGBE)\s", title="Radiance HDR", instead="tiff"),
        Format("fits", (".fits", ".fit", ".fts"), rb"SIMPLE  = +[TF]", instead="tiff"),
        Format("heic", (".heic", ".heif", ".hif"), HEIC, instead="png"),
        Format("jxl", (".jxl",), rb"\xff\x0a|\x00\x00\x00\x0cJXL \r\n\x87\n", title="JPEG XL", instead="png"),
        Format("qoi", (".qoi",), rb"qoif", instead="png"),
        Format("dds", (".dds",), rb"DDS \x7c\x00\x00\x00", instead="png"),
        Format("sgi", (".sgi",), rb"\x01\xda[\x00\x01][\x01\x02]\x00[\x01-\x03]", instead="png"),
        Format(
            "ico",
            (".ico", ".cur"),
            rb"\x00\x00[\x01\x02]\x00[\x01-\xff]\x00(?s:...)\x00",
            title="ICO/CUR",
            instead="png",
        ),
        Format(
            "pcx",
            (".pcx",),
            rb"\x0a[\x00\x02-\x05][\x00\x01][\x01\x02\x04\x08](?s:.{60})\x00[\x01-\x04]",
            instead="png",
        ),
        Format("idx", IDX, IDX_HEAD, IDX_TYPES, IDX_TYPES, paged=True, data_set=True, in_pieces=b"", title="IDX"),
        Format(
            "idx-gz",
            tuple(f"{suffix}.gz" for suffix in IDX),
            rb"\x1f\x8b\x08",
            IDX_TYPES,
            IDX_TYPES,
            paged=True,
            data_set=True,
            in_pieces=b"",
            title="IDX packed by gzip",
            module="idx_gzip",
        ),
        Format(
            "cifar10",
            (".bin",),
            rb"[\x00-\x09]",
            colour=BYTES,
            paged=True,
            data_set=True,
            in_pieces=b"",
            record=3073,
            title="CIFAR-10",
            module="cifar",
        ),
        Format(
            "cifar100",
            (".bin",),
            rb"[\x00-\x13][\x00-\x63]",
            colour=BYTES,
            paged=True,
            data_set=True,
            in_pieces=b"",
            record=3074,
            title="CIFAR-100",
            module="cifar100",
        ),
        Format(
            "tar",
            (".tar",),
            rb"(?s:.{257})ustar",
            data_set=True,
            in_pieces=b"",
            of_files=True,
            title="tar shards",
        ),
        Format(
            "cifar10-py",
            (),
            PICKLE + rb"(?!(?s:.{0,24})(?:label_names|num_))",
            data_set=True,
            title="CIFAR-10 pickled",
            module="cifar_pickle",
            instead="cifar10",
        ),
        Format(
            "cifar100-py",
            (),
            rb"(?!)",
            data_set=True,
            title="CIFAR-100 pickled",
            module="cifar_pickle",
            instead="cifar100",
        ),
        Format(
            "parquet",
            (".parquet",),
            rb"PAR1",
            data_set=True,
            in_pieces=b"",
            of_files=True,
            title="Parquet of images",
            ending=b"PAR1",
        ),
        *(
            Format(
                f"cifar{classes}-tar",
                (),
                rb"(?!)",
                data_set=True,
                in_pieces=b"",
                title=f"CIFAR-{classes} as published (.tar.gz)",
                module="cifar_archive",
                instead=f"cifar{classes}",
            )
            for classes in (10, 100)
        ),
        Format(
            "zarr",
            (".zarr",),
            re.escape(BEGINNING),
            ("bool", *ALL),
            ALL,
            bands=ALL,
            stacked=True,
            folder=True,
            title="Zarr",
            module="zarr.codec",
        ),
        Format("tga", (".tga",), TGA, instead="png"),
    )
}
TABLES = {
    name: Format(name, (f".{name}",), signature, gray=("float64",), ending=ending)
    for name, signature, ending in (("csv", rb"\w+(,|\n)", b"\n"), ("json", rb"\{", b"}\n"))
}
"""The formats of tables, which are not images."""
WRITTEN = {name: format for name, format in FORMATS.items() if not format.instead}
BY_NAME = {name: format for format in FORMATS.values() for name in (format.name, *format.aliases)}
BY_SUFFIX = {suffix: format for format in FORMATS.values() for suffix in format.suffixes}
BY_SUFFIX[".tif"] = FORMATS["tiff"]
BY_SUFFIX[".bin"] = FORMATS["cifar10"]._replace(twin="cifar100")
RECORDS = {name: format for name, format in FORMATS.items() if format.record}
LONG_SUFFIXES = [suffix for suffix in BY_SUFFIX if suffix.count(".") != 1 or "-" in suffix]
"""Suffixes that are not just the part after the last dot."""
PROMISING = BY_SUFFIX.keys() - {".hdr", ".fit", ".bin"}
"""Suffixes that only images have: an ENVI header also ends in `.hdr`, a sports watch's record in `.fit`, and anything
in `.bin`."""
LOSSLESS = FORMATS["png"]
"""The format of a map in a folder, if the input's format is lossy or unknown."""
HEAD = 512
"""How many bytes of a file are enough to recognise its format."""
COMPRESSIONS = tuple(dict.fromkeys(way for format in FORMATS.values() for way in format.compressions))
"""The words of --compression."""
FOR_COMPRESSION = "--compression is for TIFF; write .tif, or leave it out"
"""Advice if a format has only one compression."""
FOR_CHUNKS = "--chunks, --shard-size and --pyramid are for Zarr; write .zarr, or leave them out"
"""Advice if a format has no chunks."""
FOR_MAPS = "use .npy or .tif, -o FOLDER/ --name '{stem}-{map:02}.png' for a file each, or --sheet FILE"
"""Advice if a format holds too few channels."""
FOR_BANDS = "use .tif or .npy"
"""The same for a picture of several bands."""


def _pictures(among: dict[str, Format]) -> list[Format]:
    """Return the formats of pictures, including arrays; those of data sets would be too many for one line."""
    return [format for format in among.values() if format.bands or not format.data_set]


READABLE = ", ".join(format.title or format.name.upper() for format in _pictures(FORMATS))


@functools.cache
def _codec(module: str) -> Codec:
    return importlib.import_module(f".{module}", __package__).CODEC


def sniff(head: bytes, name: str = "", length: int = 0) -> Format | None:
    r"""Return the format of a file that begins with *head*, or None if it is not an image that is read.

    Formats recognised only by *name* and *length* may happen to begin like another format.

    >>> sniff(b"\xff\xd8\xff\xe0").name, sniff(b"RIFF....WAVE")
    ('jpeg', None)
    """
    if head.startswith(GZIP):
        found = unpacked(head, TAR_HEAD)
        if re.match(IDX_HEAD, found):
            return FORMATS["idx-gz"]
        return FORMATS["cifar10-tar"] if re.match(CIFAR_ARCHIVE, found) else None
    called = _of_records(name, length)
    if called is not None and re.match(called.signature, head):
        return called
    signed = (format for format in FORMATS.values() if not format.record and re.match(format.signature, head))
    return next(signed, called)


def of_records(name: str) -> Format:
    """Return the format of files without a signature that ``--from`` names; raises UsageError."""
    if (format := RECORDS.get(name.lower())) is None:
        raise UsageError(
            f"--from: {name!r} is not one of {', '.join(RECORDS)}; other formats are recognised by their first bytes"
        )
    return format


def of_file(path: str) -> Format | None:
    """Return the format of a file by its first bytes, its name and its length, if it is one; raises OSError."""
    with open(path, "rb") as file:
        return sniff(file.read(HEAD), path, os.fstat(file.fileno()).st_size)


def _of_records(name: str, length: int) -> Format | None:
    """Return the format that the name and the length of a file imply together.

    >>> _of_records("data_batch_1.bin", 30730000).name, _of_records("train.bin", 3073 * 3074).name
    ('cifar10', 'cifar100')
    """
    found = [
        format
        for format in RECORDS.values()
        if length and length % format.record == 0 and suffix_of(name) in format.suffixes
    ]
    both = len(found) > 1 and PurePath(name.lower()).name in ("train.bin", "test.bin")
    return found[-1 if both else 0] if found else None


def unpacked(head: bytes, most: int = 64) -> bytes:
    """Return the first unpacked bytes of gzip data; empty if they are damaged."""
    try:
        return zlib.decompressobj(WINDOW_OF_GZIP).decompress(head, most)
    except zlib.error:
        return b""


@functools.lru_cache(maxsize=1024)  # each name in a folder is looked up eight times
def suffix_of(name: str) -> str:
    """Return the part of a file's name that implies its format, in lower case: as a rule that after the last dot.

    >>> suffix_of("a/B.JPG"), suffix_of("t10k-images-idx3-ubyte.gz"), suffix_of("a.tar.gz")
    ('.jpg', '-idx3-ubyte.gz', '.gz')
    """
    path = PurePath(name.lower())
    last = path.name
    return next((suffix for suffix in LONG_SUFFIXES if last.endswith(suffix)), path.suffix)


def of_name(name: str) -> Format | None:
    """Return the format that a file's name implies, if any."""
    return BY_SUFFIX.get(suffix_of(name))


def is_of(format: Format, head: bytes) -> bool:
    """Whether a file that begins with *head* belongs to the codec of *format*."""
    if format.name in TABLES:
        return re.match(format.signature, head) is not None
    found = sniff(head)
    if found is None:
        return False
    return found.codec_name == format.codec_name or re.match(format.signature, head) is not None


def named(name: str) -> Format:
    """Return the format that ``--to`` names; raises UsageError."""
    word = name.lower().lstrip(".")
    format = BY_NAME.get(word) or BY_SUFFIX.get("." + word)
    if format is None:
        raise UsageError(f"--to: unknown output format {name!r}; use one of {', '.join(WRITTEN)}")
    return _written(format, "--to")


def of_suffix(path: str, *, has_to: bool = False) -> Format:
    """Return the format that the suffix of an output names; raises UsageError if that cannot be written.

    *has_to* says that the call has --to, which names a format too.
    """
    suffix = suffix_of(path)
    if suffix in BY_SUFFIX:
        return _written(BY_SUFFIX[suffix], path)
    said = f"{suffix!r} is not a supported output format" if suffix else "has no extension that names a format"
    suffixes = sorted({suffix for format in _pictures(WRITTEN) for suffix in format.suffixes})
    raise UsageError(f"{path}: {said}; use one of {' '.join(suffixes)}{', or --to FORMAT' if has_to else ''}")


def of_table(path: str) -> Format:
    """Return the format that the suffix of a table names; raises UsageError if it names none."""
    suffix = suffix_of(path)
    if suffix.lstrip(".") not in TABLES:
        raise UsageError(f"{path}: a table must be .csv or .json")
    return TABLES[suffix.lstrip(".")]


def _written(format: Format, said_in: str) -> Format:
    if format.instead:
        raise UsageError(f"{said_in}: {only_read(format)}")
    return format


def only_read(format: Format) -> str:
    """Return the message that a format cannot be written, with another to use."""
    if FORMATS[format.instead].data_set:
        return f"{format.title} is read but not written; use --to {format.instead}"
    others = " or ".join(FORMATS[name].suffixes[0] for name in dict.fromkeys((format.instead, "png", "tiff")))
    return f"{format.title or format.name.upper()} is read but not written; use {others}"
