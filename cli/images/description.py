"""A picture without its samples: the information in its header, or from a decoded picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...filters.core.engine.colour import ColourModel
from ...filters.core.named_tuple import NamedTuple
from .metadata import Metadata
from .tiff_tags import GPS

if TYPE_CHECKING:
    from .picture import Frames, Picture, Timing

SRGB = "sRGB"


class Description(NamedTuple):
    """The properties of a file's upright picture."""

    width: int
    height: int
    channels: int
    """Without alpha."""
    alpha: bool
    colours: ColourModel
    dtype: str
    metadata: Metadata
    orientation: int = 1
    """The EXIF orientation of the stored samples."""
    palette: int = 0
    """The number of its colours, if the file has a palette."""
    white: float | None = None
    """The value of white, if the file states it."""
    format: str = ""
    frames: int | None = 1
    """None for a pipe, whose end is not known."""
    timing: Timing | None = None
    notes: tuple[str, ...] = ()
    bits: int | None = None
    """The bits of a stored sample, if the decoded ones have more."""

    def of_file(self, found: Picture | Frames) -> Description:
        """Return the description with the file's count of pictures, and their times."""
        from .picture import Frames

        if not isinstance(found, Frames):
            return self
        return self._replace(frames=found.count, timing=found.timing, format=found.format or self.format)


def of_picture(picture: Picture) -> Description:
    """Return the description of a decoded picture."""
    height, width, channels = picture.pixels.shape
    return Description(
        width,
        height // picture.images,
        channels,
        picture.alpha is not None,
        picture.colours,
        picture.pixels.dtype.name,
        picture.metadata,
        picture.orientation,
        _colour_count(picture),
        picture.white,
        picture.format,
        notes=tuple(picture.notes),
        bits=picture.bits,
    )


def _colour_count(picture: Picture) -> int:
    """Return the number of colours of the file's palette, 0 without one."""
    if picture.palette is not None:
        return len(picture.palette.colours)
    return picture.colour_count or len(picture.metadata.palette) // 3


def profile_name(metadata: Metadata) -> str:
    """Return the name of a picture's colours, from its ICC profile, or sRGB; "" if nothing states it."""
    if metadata.icc:
        from . import icc_profile

        return icc_profile.name(metadata.icc) or "without a name"
    return SRGB if metadata.colour.intent is not None else ""


def tells_place(metadata: Metadata) -> bool:
    """Whether EXIF or XMP contains the location of a picture."""
    if GPS in metadata.tags:
        return True
    if not metadata.xmp:
        return False
    from . import xmp

    return xmp.without_place(metadata.xmp) != metadata.xmp
