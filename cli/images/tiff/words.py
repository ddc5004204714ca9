"""A TIFF's description of its own layout: updated when another file is written, or left out with a note.

ImageJ's lines and OME-XML contain sizes, planes and types, tifffile's line the shape, and a resolution without a unit
the scale to which they refer; tags declare the extra channels.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from typing import Any

from ....filters.core.engine.coordinates import Geometry
from ....filters.core.named_tuple import NamedTuple
from .. import ifd
from ..tiff_tags import DESCRIPTION, IMAGEJ, IMAGEJ_LENGTHS, NO_UNIT, UNIT, X_RESOLUTION, Y_RESOLUTION
from . import imagej, ome

OF_IMAGEJ, OF_TIFFFILE = b"ImageJ=", b'{"shape"'
NAMES = {"imagej": "ImageJ description", "ome": "OME-XML"}
OF_THE_ARRAY = {"shape", "axes", "truncated"}
"""The parts of tifffile's line that only repeat the structure of the pages."""
MOST_AXES = 16
OWN_LAYOUT = {33628: "MetaMorph", 33629: "MetaMorph", 33630: "MetaMorph", 33631: "MetaMorph"} | {
    34361: "FluoView",
    34362: "FluoView",
    34412: "Zeiss LSM",
    43314: "NIH Image",
}
"""Tags with which programs describe their own file, and the programs."""


class Bands(NamedTuple):
    """The tags of a TIFF on channels that are more than colours."""

    photometric: int
    extra: tuple[int, ...]
    """The kind of each extra channel except alpha."""
    channels: int
    """The number of channels without alpha."""


class Words(NamedTuple):
    """A page's description of its file."""

    kind: str = ""
    """The kind of the description: imagej, ome, shaped, or ""."""
    text: bytes = b""
    parts: tuple[imagej.Part, ...] = ()
    """ImageJ's own tags."""
    dtype: str = ""
    """The type of the decoded samples."""
    pages: int = 1
    """The number of pages of the file."""
    page: int = 0
    """The number of this one."""
    density: tuple[float, float] | None = None
    """The resolution, whose unit only the description states."""
    bands: Bands | None = None
    """The meaning of channels that are more than colours."""
    geometry: Geometry | None = Geometry()
    """The place of the picture in the described one; None if no affine map relates them."""

    @property
    def tells(self) -> bool:
        """Whether there is any description."""
        return bool(self.kind or self.parts or self.density or self.bands)

    def of_page(self, page: int, pages: int, file: Words) -> Words:
        """Return the words of page *page* of *pages*, as the first page describes them for the *file*."""
        own = self if self.kind or self.parts else self._replace(kind=file.kind, text=file.text, parts=file.parts)
        return own._replace(page=page, pages=pages)

    def moved(self, geometry: Geometry | None) -> Words:
        """Return the words of a result with this place in the picture."""
        if geometry is None or self.geometry is None:
            return self._replace(geometry=None)
        density = self.density and geometry.resolution(*self.density)
        return self._replace(density=density, geometry=self.geometry.then(geometry))

    def density_tags(self) -> ifd.Directory:
        """Return the resolution without a unit."""
        if not self.density:
            return {}
        x, y = self.density
        return {X_RESOLUTION: ifd.rational(x), Y_RESOLUTION: ifd.rational(y), UNIT: ifd.short(NO_UNIT)}

    def of_map(self) -> Words:
        """Return the words that also hold for a map: the resolution."""
        return Words(density=self.density, page=self.page)

    def tags(
        self, size: tuple[int, int], dtype: str, channels: int, pages: Sequence[int], notes: list[str]
    ) -> ifd.Directory:
        """Return the tags, updated for *pages* of the old file, each with *size*, *dtype* and *channels*."""
        tags = self.density_tags()
        if self.kind == "imagej" or self.parts:
            text, parts = imagej.brought_up_to_date(
                self.text,
                self.parts,
                pages=pages,
                of=self.pages,
                same_type=dtype == self.dtype,
                geometry=self.geometry,
                notes=notes,
            )
            tags |= imagej.written(parts)
            if self.kind == "imagej":
                tags[DESCRIPTION] = ifd.text(text)
        if self.kind == "ome":
            try:
                text = ome.brought_up_to_date(
                    self.text,
                    size=size,
                    dtype=dtype,
                    channels=channels,
                    pages=pages,
                    of=self.pages,
                    geometry=self.geometry,
                    notes=notes,
                )
                tags[DESCRIPTION] = ifd.text(text)
            except ValueError as error:
                notes.append(f"its OME-XML was not kept ({error})")
        if self.kind == "shaped":
            if text := _shaped(self, size, channels, pages):
                tags[DESCRIPTION] = ifd.text(text)
            else:
                notes.append("its tifffile description is damaged and was not kept")
        return tags

    def of_samples(self) -> Words:
        """Return the words for the meaning of the channels."""
        return Words(bands=self.bands)

    @property
    def name(self) -> str:
        """The name of the description, if it contains more than the file's structure."""
        if self.kind == "shaped":
            own = _told(self.text)
            return "tifffile description" if own is None or own.keys() - OF_THE_ARRAY else ""
        return NAMES.get(self.kind, "")


def taken(tags: ifd.Directory, order: str, density: tuple[float, float] | None, notes: list[str]) -> Words:
    """Remove the description of the file from *tags*, and return it."""
    if owners := dict.fromkeys(owner for tag, owner in OWN_LAYOUT.items() if tag in tags):
        notes.append(f"its {' and '.join(owners)} tags, which describe the old file, were not kept")
    for tag in OWN_LAYOUT:
        tags.pop(tag, None)
    text = tags[DESCRIPTION].text() if DESCRIPTION in tags else b""
    kind = "imagej" if text.startswith(OF_IMAGEJ) else "shaped" if text.startswith(OF_TIFFFILE) else ""
    kind = kind or ("ome" if ome.is_ome(text) else "")
    parts: list[imagej.Part] = []
    lengths, data = tags.pop(IMAGEJ_LENGTHS, None), tags.pop(IMAGEJ, None)
    if lengths is not None and data is not None:
        try:
            parts = imagej.parts(lengths.integers(), data.data, order)
        except (ValueError, struct.error):
            notes.append("its ImageJ tags are damaged and were not kept")
    if kind:
        del tags[DESCRIPTION]
    return Words(kind, text if kind else b"", tuple(parts), density=density)


def _shaped(words: Words, size: tuple[int, int], channels: int, pages: Sequence[int]) -> bytes:
    """Return tifffile's line for the new shape; empty if the old one cannot be parsed."""
    if (told := _told(words.text)) is None:
        return b""
    shape = [int(side) for side in told["shape"]]
    ends = [*size[::-1], *([channels] if channels > 1 else [])]
    leading = shape[: -len(ends)] if len(shape) > len(ends) else []
    if list(pages) != list(range(words.pages)) or math.prod(leading) != len(pages):
        leading = [len(pages)] if len(pages) > 1 else []
    new = [*leading, *ends]
    told.pop("truncated", None)
    if len(new) != len(shape):
        told.pop("axes", None)
    return json.dumps({**told, "shape": new}).encode("ascii")


def _told(text: bytes) -> dict[str, Any] | None:
    """Return the contents of tifffile's line, by name; None if it cannot be parsed."""
    try:
        told = json.loads(text)
        if len(told["shape"]) > MOST_AXES or not all(int(side) >= 0 for side in told["shape"]):
            return None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return told
