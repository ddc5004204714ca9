"""What a picture carries beside its pixels: EXIF, XMP, ICC profile, resolution, texts; and its orientation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ...filters.core.lazy_numpy import np

if TYPE_CHECKING:
    from PIL import Image

    from . import ifd

ORIENTATION = 274
TURNS: dict[int, Any] = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""Pillow's `Transpose` for each EXIF orientation."""
STRUCTURE = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 266, 273, ORIENTATION, 277, 278, 279, 280, 281, 284, 317, 320}
    | {322, 323, 324, 325, 330, 338, 339, 340, 341, 347, 513, 514, 529, 530, 531, 532, 700, 34377, 34675, 37724}
)
"""TIFF tags that tell how the pixels are stored, not what they show; they belong to one file only."""
SOFTWARE, DESCRIPTION, ARTIST, COPYRIGHT, X_RESOLUTION, Y_RESOLUTION, UNIT = 305, 270, 315, 33432, 282, 283, 296
PIXEL_WIDTH, PIXEL_HEIGHT = 40962, 40963
TEXTS = {"Description": DESCRIPTION, "Author": ARTIST, "Copyright": COPYRIGHT}
"""Tags that say what texts of a PNG do."""
OWN = re.compile(rb"\Aimfilter \S+ [0-9a-f]{16}(\n|\Z)")
"""What the program writes as an output's stamp, which is not kept of its input; Pillow joins a GIF's comments."""
EXIF_NAMES = rb"http://ns\.adobe\.com/exif/1\.0/"
TURNED = re.compile(rb"((?:tiff:Orientation\s*=\s*[\"']|<tiff:Orientation>)\s*)[2-8]")
THUMBNAILS = re.compile(rb"<(xmp|xap):Thumbnails>.*?</\1:Thumbnails>", re.DOTALL)


class Metadata(NamedTuple):
    """What a picture carries beside its pixels."""

    exif: bytes = b""
    icc: bytes = b""
    dpi: tuple[float, float] | None = None
    xmp: bytes = b""
    comments: tuple[bytes, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    """Other texts of a PNG, by their keywords."""


def of_image(image: Image.Image, notes: list[str], data: bytes = b"") -> Metadata:
    """Return what an image of Pillow's carries, before it is turned; *data* is its file, where that is a TIFF.

    What is damaged is left out, with a word in *notes*.
    """
    info = image.info
    exif, xmp, icc = b"", info.get("xmp") or info.get("XML:com.adobe.xmp") or b"", info.get("icc_profile") or b""
    try:
        if data:
            exif = portable(data)
        elif "exif" in info:
            exif = portable(info["exif"])
        elif "Raw profile type exif" in info:
            exif = portable(image.getexif().tobytes())
    except Exception as error:
        notes.append(f"its EXIF block is damaged and was not kept ({_reason(error)})")
    kept = Metadata(exif, _whole_profile(icc, notes), plausible(info.get("dpi")), _whole_xmp(xmp, notes))
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


def of_tiff(data: bytes, icc: bytes, dpi: tuple[float, float] | None, notes: list[str]) -> Metadata:
    """Return what the first page of a TIFF carries, beside its profile and resolution."""
    from . import ifd

    exif = xmp = b""
    try:
        tags = ifd.read(data)
        xmp = tags[700].data if 700 in tags else b""
        exif = _block(tags)
    except Exception as error:
        notes.append(f"its EXIF block is damaged and was not kept ({_reason(error)})")
    return Metadata(exif, _whole_profile(icc, notes), dpi, _whole_xmp(xmp, notes))


def own_comments(comments: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the comments that are the picture's own, and not the program's stamp."""
    stripped = [OWN.sub(b"", comment.rstrip(b"\0")) for comment in comments]
    return tuple(comment for comment in stripped if comment)


def portable(data: bytes) -> bytes:
    """Return an EXIF block without what describes the old file: structure, orientation, thumbnail, our stamp."""
    from . import ifd  # 1.6 ms, for those that have a block

    return _block(ifd.read(data))


def _block(tags: ifd.Directory) -> bytes:
    from . import ifd

    for tag in STRUCTURE.intersection(tags):
        del tags[tag]
    if SOFTWARE in tags and OWN.match(tags[SOFTWARE].text()):
        del tags[SOFTWARE]
    return ifd.block(tags) if tags.keys() - {X_RESOLUTION, Y_RESOLUTION, UNIT} else b""


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _whole_profile(icc: Any, notes: list[str]) -> bytes:
    """Return an ICC profile, nothing where its header is not one's (ICC.1:2022, section 7.2)."""
    if not icc:
        return b""
    if len(icc) >= 132 and icc[36:40] == b"acsp" and int.from_bytes(icc[:4]) <= len(icc):
        return bytes(icc)
    notes.append("its ICC profile is damaged and was not kept")
    return b""


def _whole_xmp(xmp: str | bytes, notes: list[str]) -> bytes:
    """Return an XMP packet that turns nothing and shows no old thumbnail; nothing where it is no XML."""
    if not xmp:
        return b""
    from xml.parsers import expat

    packet = (xmp.encode() if isinstance(xmp, str) else xmp).rstrip(b"\0")
    parser = expat.ParserCreate()

    def refuse(*_: Any) -> None:
        raise ValueError("it declares a document type")

    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(packet, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        notes.append(f"its XMP is damaged and was not kept ({_reason(error)})")
        return b""
    return THUMBNAILS.sub(b"", TURNED.sub(rb"\g<1>1", packet))


def ready(metadata: Metadata, size: tuple[int, int], strip_gps: bool, notes: list[str]) -> Metadata:
    """Return what goes into a picture of *size*: its EXIF tells that, and not where it was taken if *strip_gps*."""
    if not metadata.exif and not (metadata.xmp and strip_gps):
        return metadata
    from . import ifd

    exif, xmp = metadata.exif, metadata.xmp
    if exif:
        tags = ifd.read(exif)
        if strip_gps:
            tags.pop(ifd.GPS, None)
        below = tags[ifd.EXIF].below if ifd.EXIF in tags else None
        for tag, side in ((PIXEL_WIDTH, size[0]), (PIXEL_HEIGHT, size[1])):
            if below is not None and tag in below:
                below[tag] = ifd.short(side)
        exif = ifd.block(tags)
    if xmp and strip_gps:
        xmp = _without_place(xmp)
        if not xmp:
            notes.append("its XMP tells where it was taken in a way that is not understood, and was left out")
    return metadata._replace(exif=exif, xmp=xmp)


def _without_place(xmp: bytes) -> bytes:
    """Return an XMP packet without the properties exif:GPS*; nothing where some may be left."""
    for prefix in {b"exif", *re.findall(rb"xmlns:([\w.-]+)\s*=\s*[\"']" + EXIF_NAMES, xmp)}:
        name = re.escape(prefix) + rb":GPS\w+"
        xmp = re.sub(rb"\s" + name + rb"\s*=\s*(\"[^\"]*\"|'[^']*')", b"", xmp)
        xmp = re.sub(rb"<(" + name + rb")\b[^>]*?(/>|>.*?</\1\s*>)", b"", xmp, flags=re.DOTALL)
    return b"" if re.search(rb"GPS[A-Z]", xmp) or b"\0" in xmp else xmp


def tags_of(metadata: Metadata, software: str = "") -> ifd.Directory:
    """Return the tags of a file that keeps texts and resolution as such, like TIFF and WebP."""
    from . import ifd

    tags = ifd.read(metadata.exif) if metadata.exif else {}
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
    """Turn an array upright: EXIF orientations 5 to 8 swap the axes, the others mirror them."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.ascontiguousarray(np.flip(pixels, flips))
