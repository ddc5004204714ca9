"""The metadata of a picture: EXIF, XMP, ICC profile, resolution, texts; and its orientation."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...filters.core.lazy_numpy import np
from ...filters.core.named_tuple import NamedTuple
from ..console import faults
from ..console.messages import reason_of
from .colour_description import NOTHING, ColourDescription
from .tiff_tags import (
    ARTIST,
    CENTIMETRE,
    COLOUR_SPACE,
    COMPRESSED_BITS,
    COPYRIGHT,
    DESCRIPTION,
    EXIF,
    GEOREFERENCE,
    GPS,
    INCH,
    INTEROPERABILITY,
    INTEROPERABILITY_INDEX,
    IPTC,
    MAKER_NOTE,
    NO_UNIT,
    ORIENTATION,
    PHOTOSHOP,
    PIXEL_HEIGHT,
    PIXEL_WIDTH,
    SOFTWARE,
    STRUCTURE,
    UNIT,
    X_RESOLUTION,
    XMP,
    Y_RESOLUTION,
)

if TYPE_CHECKING:
    from PIL import Image

    from . import ifd
    from .tiff.words import Words

TURNS: dict[int, Any] = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""Pillow's `Transpose` for each EXIF orientation."""
SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that swap width and height."""
TEXTS = {"Description": DESCRIPTION, "Author": ARTIST, "Copyright": COPYRIGHT}
"""Tags equivalent to texts of a PNG."""
OF_THE_FILE = ("Software", "Creation Time")
"""Keywords of texts on how and when the old file was made; ImageMagick's begin with ``date:``."""
SELF_CONTAINED = (b"Nikon\0\2", b"OLYMPUS\0", b"OM SYSTEM\0", b"FUJIFILM", b"Apple iOS\0", b"PENTAX \0")
"""Beginnings of maker notes with offsets relative to themselves; others must stay at their place."""
INCH_IN_CENTIMETRES = 2.54
NEAREST, FARTHEST = 8, 1 << 18
"""The range of offsets at which a maker note is kept: there must be room before it."""
NOT_KEPT = "not kept"
"""Part of all notes on metadata that are left out of results."""
OF_THE_OLD = "was not kept, as it belongs to the unfiltered picture"
OWN = rb"\Aimfilter \S+ [0-9a-f]{16}(-[0-9a-f]{32})?(\n|\Z)"
"""The program's stamp, which is not copied from input to output; Pillow joins a GIF's comments."""


class JpegCoding(NamedTuple):
    """The quantisation and sampling of a JPEG's components."""

    tables: tuple[tuple[int, ...], ...]
    """The 64 steps of each component."""
    subsampling: int
    """The chroma subsampling in Pillow's numbers: 0 for 4:4:4, 1 for 4:2:2, 2 for 4:2:0."""
    factors: tuple[tuple[int, int], ...] = ()
    """The number of samples of each component, across and down, in a coded block."""


class Metadata(NamedTuple):
    """The metadata of a picture."""

    tags: Mapping[int, ifd.Value] = MappingProxyType({})
    """The tags of its EXIF block, without those that describe the old file."""
    icc: bytes = b""
    dpi: tuple[float, float] | None = None
    by_centimetre: bool = False
    """The file states its resolution in samples per centimetre."""
    aspect: tuple[float, float] | None = None
    """A resolution without a unit, whose ratio is that of a pixel's height to its width."""
    xmp: bytes = b""
    comments: tuple[bytes, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    """Other texts of a PNG, by keyword."""
    colour: ColourDescription = NOTHING
    """The description of its colours other than the profile."""
    resources: Mapping[int, bytes] = MappingProxyType({})
    """IPTC, and Photoshop's other resources that remain valid for a result, by number."""
    coding: JpegCoding | None = None
    """The coding of a JPEG, for --quality keep; not written as metadata."""
    palette: bytes = b""
    """Red, green and blue of each entry, if the samples are palette indices."""
    words: Words | None = None
    """A TIFF's description of its own layout, which is updated when one is written."""

    @property
    def exif(self) -> bytes:
        """The EXIF block, rebuilt from its tags."""
        if not self.tags:
            return b""
        from . import ifd

        return ifd.block(self.tags)


def of_image(image: Image.Image, notes: list[str], data: bytes = b"") -> Metadata:
    """Return the metadata of a Pillow image before it is rotated; *data* is its file, if that is a TIFF.

    Damaged parts are left out, with a note in *notes*.
    """
    info = image.info
    xmp, icc = info.get("xmp") or info.get("XML:com.adobe.xmp") or b"", info.get("icc_profile") or b""
    block = data or info.get("exif", b"")
    if not block and "Raw profile type exif" in info:
        with contextlib.suppress(Exception):  # what is damaged has no tags
            block = image.getexif().tobytes()
    kept = of_block(block, notes)._replace(
        icc=whole_profile(icc, notes), dpi=plausible(info.get("dpi")), xmp=whole_xmp(xmp, notes)
    )
    told = info.get("jfif_density") if info.get("jfif_unit") == 0 else info.get("aspect")
    if (aspect := uneven(told)) is not None:
        kept = kept._replace(dpi=None, aspect=aspect)  # Pillow invents 72 dpi
    comments = [body for name, body in getattr(image, "applist", ()) if name == "COM"]
    if not comments and isinstance(info.get("comment"), bytes):
        comments = [info["comment"]]
    texts = getattr(image, "text", None) or {}
    if comments or texts:
        beside = {
            str(name): str(text)
            for name, text in texts.items()
            if name != "XML:com.adobe.xmp"
            and not name.startswith("Raw profile type")
            and not re.match(OWN, str(text).encode())
        }
        comment = beside.pop("Comment", "")
        kept = kept._replace(comments=own_comments([*comments, comment.encode()]), texts=tuple(beside.items()))
    return kept


def of_tiff(data: bytes | ifd.File, icc: bytes, notes: list[str], at: int | None = None) -> Metadata:
    """Return the metadata of a TIFF page, *at* an offset or the first, without profile and resolution."""
    found = of_block(data, notes, at)
    return found._replace(icc=whole_profile(icc, notes), xmp=whole_xmp(found.xmp, notes))


def own_comments(comments: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the picture's own comments, without the program's stamp."""
    stripped = [re.sub(OWN, b"", comment.rstrip(b"\0")) for comment in comments]
    return tuple(comment for comment in stripped if comment)


def of_block(data: bytes | ifd.File, notes: list[str], at: int | None = None) -> Metadata:
    """Return the metadata of an EXIF block or a TIFF page, the first or *at* an offset, with the XMP unchanged.

    Damaged parts are left out, with a note in *notes*.
    """
    if not data:
        return Metadata()
    from . import ifd  # 1.6 ms, for those that have a block

    try:
        found = ifd.read(data, at, {MAKER_NOTE})
    except Exception as error:
        if faults.lacking(error) is not None:
            raise
        notes.append(f"its EXIF block is damaged and was not kept ({reason_of(error)})")
        return Metadata()
    xmp = found[XMP].data if XMP in found else b""
    return Metadata(_portable(found, notes), xmp=xmp, resources=_of_tags(found, notes))


def _portable(tags: ifd.Directory, notes: list[str]) -> ifd.Directory:
    """Return the tags without those of the old file: structure, orientation, thumbnail, our stamp."""
    own = SOFTWARE in tags and re.match(OWN, tags[SOFTWARE].text())
    kept = without(tags, STRUCTURE | {SOFTWARE} if own else STRUCTURE)
    if EXIF in kept and (below := kept[EXIF].below) is not None:
        shot = {number: value for number, value in below.items() if number != COMPRESSED_BITS}
        kept[EXIF] = kept[EXIF]._replace(below=_with_note_in_place(shot, notes))
    return kept


def without(tags: Mapping[int, ifd.Value], left: Collection[int]) -> ifd.Directory:
    """Return *tags* without the numbers *left* out; none if only a resolution would remain."""
    kept = {number: value for number, value in tags.items() if number not in left}
    return kept if kept.keys() - {X_RESOLUTION, Y_RESOLUTION, UNIT} else {}


def _with_note_in_place(shot: ifd.Directory, notes: list[str]) -> ifd.Directory:
    """Return the tags of a shot, without a maker note that depends on its offset and cannot stay there."""
    note = shot.get(MAKER_NOTE)
    if note is None or note.anchor is None:
        return shot
    if note.data.startswith(SELF_CONTAINED):
        return shot | {MAKER_NOTE: note._replace(anchor=None)}
    if note.anchor.at + len(note.data) <= FARTHEST and note.anchor.at >= NEAREST:
        return shot
    notes.append("its maker note was not kept: it is valid only at its place in the old file")
    return {number: value for number, value in shot.items() if number != MAKER_NOTE}


def _of_tags(tags: ifd.Directory, notes: list[str]) -> Mapping[int, bytes]:
    """Return the Photoshop resources that a TIFF keeps in two tags."""
    if PHOTOSHOP not in tags and IPTC not in tags:
        return {}
    from . import photoshop

    found: dict[int, bytes] = {}
    try:
        if IPTC in tags:
            found |= photoshop.of_iptc(tags[IPTC].data)
        if PHOTOSHOP in tags:
            found |= photoshop.kept(tags[PHOTOSHOP].data, notes)
    except ValueError as error:
        notes.append(f"its IPTC is damaged and was not kept ({reason_of(error)})")
    return found


def whole_profile(icc: Any, notes: list[str]) -> bytes:
    """Return an ICC profile, nothing where its header is not one's (ICC.1:2022, section 7.2)."""
    if not icc:
        return b""
    if len(icc) >= 132 and icc[36:40] == b"acsp" and int.from_bytes(icc[:4]) <= len(icc):
        return bytes(icc)
    notes.append("its ICC profile is damaged and was not kept")
    return b""


def whole_xmp(packet: str | bytes, notes: list[str]) -> bytes:
    """Return an XMP packet without statements about the old file; empty if it is not XML."""
    if not packet:
        return b""
    from . import xmp

    try:
        kept, parts = xmp.portable(packet)
    except ValueError as error:
        notes.append(f"its XMP is damaged and was not kept ({reason_of(error)})")
        return b""
    notes += [not_kept(part) for part in parts]
    return kept


def not_kept(part: str) -> str:
    """Return the note on a part of a file that belongs to the unfiltered picture."""
    return f"its {part} {OF_THE_OLD}"


def ready(metadata: Metadata, size: tuple[int, int], media_type: str, strip_gps: bool, notes: list[str]) -> Metadata:
    """Return the metadata for the file of a picture of *size*, without the location if *strip_gps*."""
    tags, packet = metadata.tags, metadata.xmp
    if tags:
        from . import ifd

        tags = {number: value for number, value in tags.items() if number != GPS or not strip_gps}
        below = tags[EXIF].below if EXIF in tags else None
        if below is not None:
            sides = {
                number: ifd.short(side)
                for number, side in zip((PIXEL_WIDTH, PIXEL_HEIGHT), size, strict=True)
                if number in below
            }
            tags[EXIF] = tags[EXIF]._replace(below=below | sides)
    if packet:
        from . import xmp

        packet = xmp.described(packet, size, media_type)
        if strip_gps and not (packet := xmp.without_place(packet)):
            notes.append("its XMP stores the GPS location in an unknown way, and was left out")
    return metadata._replace(tags=tags, xmp=packet)


def in_srgb(metadata: Metadata) -> Metadata:
    """Return the metadata of a picture converted to sRGB: no profile, and no other colour space."""
    tags, packet = dict(metadata.tags), metadata.xmp
    if EXIF in tags and (below := tags[EXIF].below) is not None:
        from . import ifd

        below = dict(below)
        if COLOUR_SPACE in below:
            below[COLOUR_SPACE] = ifd.short(1)
        if INTEROPERABILITY in below and (other := below[INTEROPERABILITY].below) is not None:
            index = {INTEROPERABILITY_INDEX: ifd.text(b"R98")} if INTEROPERABILITY_INDEX in other else {}
            below[INTEROPERABILITY] = below[INTEROPERABILITY]._replace(below=other | index)
        tags[EXIF] = tags[EXIF]._replace(below=below)
    if packet:
        from . import xmp

        packet = xmp.in_srgb(packet)
    return metadata._replace(tags=tags, xmp=packet, icc=b"")


def without_maker_note(metadata: Metadata) -> Metadata:
    """Return the metadata without the maker note."""
    tags = dict(metadata.tags)
    if EXIF in tags and (below := tags[EXIF].below) is not None:
        tags[EXIF] = tags[EXIF]._replace(below={tag: value for tag, value in below.items() if tag != MAKER_NOTE})
    return metadata._replace(tags=tags)


def tags_of(metadata: Metadata, software: str = "") -> ifd.Directory:
    """Return the tags for a file that keeps texts and resolution in tags, such as TIFF and WebP."""
    from . import ifd

    tags = dict(metadata.tags)
    if metadata.comments:
        tags.setdefault(DESCRIPTION, ifd.text(b"\n".join(metadata.comments)))
    for name, text in metadata.texts:
        if name in TEXTS:
            tags.setdefault(TEXTS[name], ifd.text(text.encode()))
    if X_RESOLUTION not in tags:
        tags |= resolution_tags(metadata)
    if software:
        tags[SOFTWARE] = ifd.text(software.encode())
    return tags


def texts_without_tags(metadata: Metadata) -> list[str]:
    """Return the keywords of PNG texts that no tag can hold, without those about the old file."""
    lost = []
    for name, text in metadata.texts:
        tag = TEXTS.get(name, 0)
        taken = tag in metadata.tags or (tag == DESCRIPTION and bool(metadata.comments))
        if name not in OF_THE_FILE and not name.startswith("date:") and (not tag or taken):
            same = tag in metadata.tags and metadata.tags[tag].text() == text.encode()
            lost += [] if same else [name]
    return list(dict.fromkeys(lost))


def resolution_tags(metadata: Metadata) -> ifd.Directory:
    """Return the tags of a resolution, in the unit of the original file."""
    from . import ifd

    told = metadata.dpi or metadata.aspect
    if told is None:
        return {}
    unit = NO_UNIT if metadata.dpi is None else CENTIMETRE if metadata.by_centimetre else INCH
    x, y = (value / INCH_IN_CENTIMETRES if unit == CENTIMETRE else value for value in told)
    return {X_RESOLUTION: ifd.rational(x), Y_RESOLUTION: ifd.rational(y), UNIT: ifd.short(unit)}


def ratio(aspect: tuple[float, float], largest: int) -> tuple[int, int]:
    """Return a resolution without a unit as two whole numbers, each no larger than *largest*."""
    from fractions import Fraction

    high, low = max(aspect), min(aspect)
    fraction = Fraction(low / high).limit_denominator(largest)
    more, less = fraction.denominator, max(fraction.numerator, 1)
    return (more, less) if aspect[0] == high else (less, more)


def georeferenced(metadata: Metadata) -> dict[int, ifd.Value]:
    """Return the tags of a GeoTIFF: the georeference, and GDAL's."""
    return {number: value for number, value in metadata.tags.items() if number in GEOREFERENCE}


def of_map(metadata: Metadata) -> Metadata:
    """Return the metadata that hold for every map of a picture: georeference and resolution."""
    return Metadata(
        georeferenced(metadata),
        dpi=metadata.dpi,
        by_centimetre=metadata.by_centimetre,
        aspect=metadata.aspect,
        words=metadata.words,
    )


def weight(metadata: Metadata) -> int:
    """Return the approximate size of the metadata in a file in bytes."""
    beside = (metadata.icc, metadata.xmp, *metadata.comments, *metadata.resources.values())
    return sum(map(len, beside)) + _weight(metadata.tags) + sum(len(text) for _, text in metadata.texts)


def _weight(tags: Mapping[int, ifd.Value]) -> int:
    return sum(len(value.data) + _weight(value.below or {}) for value in tags.values())


def plausible(dpi: Any) -> tuple[float, float] | None:
    """Return a resolution if it is valid: two positive numbers."""
    try:
        x, y = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None


def uneven(density: Any) -> tuple[float, float] | None:
    """Return a resolution without a unit if it says that pixels are not square."""
    found = plausible(density)
    return found if found is not None and found[0] != found[1] else None


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation of a Pillow image, 1 if there is none that can be read."""
    try:
        found = image.getexif().get(ORIENTATION, 1)
        return int(found) if found in TURNS else 1
    except Exception as error:  # a damaged block rotates nothing
        if faults.lacking(error) is not None:
            raise
        return 1


def turned_image(image: Image.Image, orientation: int) -> Image.Image:
    """Rotate a Pillow image upright, whatever its own EXIF says."""
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def turned(pixels: Any, orientation: int) -> Any:
    """Rotate an array upright: EXIF orientations 5 to 8 swap the axes, 2 to 4 mirror them; others change nothing."""
    if orientation in SIDEWAYS:
        pixels = pixels.swapaxes(0, 1)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.ascontiguousarray(np.flip(pixels, flips))
