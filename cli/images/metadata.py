"""What a picture carries beside its pixels: EXIF, XMP, ICC profile, resolution, texts; and its orientation."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from ...filters.core.lazy_numpy import np
from ..console.messages import reason_of
from .tiff_tags import (
    ARTIST,
    COPYRIGHT,
    DESCRIPTION,
    EXIF,
    GEOREFERENCE,
    GPS,
    ORIENTATION,
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
TEXTS = {"Description": DESCRIPTION, "Author": ARTIST, "Copyright": COPYRIGHT}
"""Tags that say what texts of a PNG do."""
OWN = re.compile(rb"\Aimfilter \S+ [0-9a-f]{16}(\n|\Z)")
"""What the program writes as an output's stamp, which is not kept of its input; Pillow joins a GIF's comments."""


class Metadata(NamedTuple):
    """What a picture carries beside its pixels."""

    tags: Mapping[int, ifd.Value] = MappingProxyType({})
    """The tags of its EXIF block, but for those that describe the old file."""
    icc: bytes = b""
    dpi: tuple[float, float] | None = None
    xmp: bytes = b""
    comments: tuple[bytes, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    """Other texts of a PNG, by their keywords."""
    words: Words | None = None
    """What a TIFF says of its own layout, which is brought up to date where one is written."""

    @property
    def exif(self) -> bytes:
        """The EXIF block, made anew of its tags."""
        if not self.tags:
            return b""
        from . import ifd

        return ifd.block(self.tags)


def of_image(image: Image.Image, notes: list[str], data: bytes = b"") -> Metadata:
    """Return what an image of Pillow's carries, before it is turned; *data* is its file, where that is a TIFF.

    What is damaged is left out, with a word in *notes*.
    """
    info = image.info
    tags: Mapping[int, ifd.Value] = {}
    xmp, icc = info.get("xmp") or info.get("XML:com.adobe.xmp") or b"", info.get("icc_profile") or b""
    try:
        if data:
            tags = portable(data)
        elif "exif" in info:
            tags = portable(info["exif"])
        elif "Raw profile type exif" in info:
            tags = portable(image.getexif().tobytes())
    except Exception as error:
        notes.append(f"its EXIF block is damaged and was not kept ({reason_of(error)})")
    kept = Metadata(tags, whole_profile(icc, notes), plausible(info.get("dpi")), _whole_xmp(xmp, notes))
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
            and not OWN.match(str(text).encode())
        }
        comment = beside.pop("Comment", "")
        kept = kept._replace(comments=own_comments([*comments, comment.encode()]), texts=tuple(beside.items()))
    return kept


def of_tiff(
    data: bytes, icc: bytes, dpi: tuple[float, float] | None, notes: list[str], at: int | None = None
) -> Metadata:
    """Return what a page of a TIFF carries, beside its profile and resolution: that *at* an offset, or the first."""
    from . import ifd

    tags: Mapping[int, ifd.Value] = {}
    xmp = b""
    try:
        found = ifd.read(data, at)
        xmp = found[XMP].data if XMP in found else b""
        tags = _portable(found)
    except Exception as error:
        notes.append(f"its EXIF block is damaged and was not kept ({reason_of(error)})")
    return Metadata(tags, whole_profile(icc, notes), dpi, _whole_xmp(xmp, notes))


def own_comments(comments: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the comments that are the picture's own, and not the program's stamp."""
    stripped = [OWN.sub(b"", comment.rstrip(b"\0")) for comment in comments]
    return tuple(comment for comment in stripped if comment)


def portable(data: bytes) -> ifd.Directory:
    """Return the tags of an EXIF block but those of the old file: structure, orientation, thumbnail, our stamp."""
    from . import ifd  # 1.6 ms, for those that have a block

    return _portable(ifd.read(data))


def _portable(tags: ifd.Directory) -> ifd.Directory:
    own = SOFTWARE in tags and OWN.match(tags[SOFTWARE].text())
    return without(tags, STRUCTURE | {SOFTWARE} if own else STRUCTURE)


def without(tags: Mapping[int, ifd.Value], left: Collection[int]) -> ifd.Directory:
    """Return *tags* but those of the numbers *left* out; none if only a resolution would remain."""
    kept = {number: value for number, value in tags.items() if number not in left}
    return kept if kept.keys() - {X_RESOLUTION, Y_RESOLUTION, UNIT} else {}


def whole_profile(icc: Any, notes: list[str]) -> bytes:
    """Return an ICC profile, nothing where its header is not one's (ICC.1:2022, section 7.2)."""
    if not icc:
        return b""
    if len(icc) >= 132 and icc[36:40] == b"acsp" and int.from_bytes(icc[:4]) <= len(icc):
        return bytes(icc)
    notes.append("its ICC profile is damaged and was not kept")
    return b""


def _whole_xmp(packet: str | bytes, notes: list[str]) -> bytes:
    """Return an XMP packet that turns nothing and shows no old thumbnail; nothing where it is no XML."""
    if not packet:
        return b""
    from . import xmp

    try:
        return xmp.portable(packet)
    except ValueError as error:
        notes.append(f"its XMP is damaged and was not kept ({reason_of(error)})")
        return b""


def ready(metadata: Metadata, size: tuple[int, int], strip_gps: bool, notes: list[str]) -> Metadata:
    """Return what goes into a picture of *size*: its EXIF tells that, and not where it was taken if *strip_gps*."""
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
    if packet and strip_gps:
        from . import xmp

        packet = xmp.without_place(packet)
        if not packet:
            notes.append("its XMP tells where it was taken in a way that is not understood, and was left out")
    return metadata._replace(tags=tags, xmp=packet)


def tags_of(metadata: Metadata, software: str = "") -> ifd.Directory:
    """Return the tags of a file that keeps texts and resolution as such, like TIFF and WebP."""
    from . import ifd

    tags = dict(metadata.tags)
    if metadata.comments:
        tags.setdefault(DESCRIPTION, ifd.text(b"\n".join(metadata.comments)))
    for name, text in metadata.texts:
        if name in TEXTS:
            tags.setdefault(TEXTS[name], ifd.text(text.encode()))
    if metadata.dpi and X_RESOLUTION not in tags:
        x, y = metadata.dpi
        tags |= {X_RESOLUTION: ifd.rational(x), Y_RESOLUTION: ifd.rational(y), UNIT: ifd.short(2)}
    if software:
        tags[SOFTWARE] = ifd.text(software.encode())
    return tags


def georeferenced(metadata: Metadata) -> dict[int, ifd.Value]:
    """Return the tags of a GeoTIFF: where the samples lie on the ground, and what GDAL tells of them."""
    return {number: value for number, value in metadata.tags.items() if number in GEOREFERENCE}


def plausible(dpi: Any) -> tuple[float, float] | None:
    """Return a resolution where it is one: two positive numbers."""
    try:
        x, y = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation of an image of Pillow's, 1 where there is none that can be read."""
    try:
        found = image.getexif().get(ORIENTATION, 1)
        return int(found) if found in TURNS else 1
    except Exception:  # a block that is damaged turns nothing
        return 1


def turned_image(image: Image.Image, orientation: int) -> Image.Image:
    """Turn an image of Pillow's upright, whatever its own EXIF says."""
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def turned(pixels: Any, orientation: int) -> Any:
    """Turn an array upright: EXIF orientations 5 to 8 swap the axes, 2 to 4 mirror them; no other turns it."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.ascontiguousarray(np.flip(pixels, flips))
