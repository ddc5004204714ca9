"""A picture without its samples: what its header tells, or what is known of one that was decoded."""

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
    """What is known of a file's picture, upright."""

    width: int
    height: int
    channels: int
    """The alpha not counted."""
    alpha: bool
    colours: ColourModel
    dtype: str
    metadata: Metadata
    orientation: int = 1
    """What EXIF said of the samples as they were stored."""
    palette: int = 0
    """The number of its colours, where the file holds a palette."""
    white: float | None = None
    """The value that is white, where the file tells it."""
    format: str = ""
    frames: int | None = 1
    """None of a pipe, whose end is not known."""
    timing: Timing | None = None
    notes: tuple[str, ...] = ()
    bits: int | None = None
    """Those of a sample in the file, where they are fewer than the decoded samples have."""

    def of_file(self, found: Picture | Frames) -> Description:
        """Return the description with the file's count of pictures, and their times."""
        from .picture import Frames

        if not isinstance(found, Frames):
            return self
        return self._replace(frames=found.count, timing=found.timing, format=found.format or self.format)


def of_picture(picture: Picture) -> Description:
    """Return what is known of a picture that was decoded."""
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
    """Return what the colours of a picture are called: by its ICC profile, or as sRGB; nothing where nobody says it."""
    if metadata.icc:
        from . import icc_profile

        return icc_profile.name(metadata.icc) or "without a name"
    return SRGB if metadata.colour.intent is not None else ""


def tells_place(metadata: Metadata) -> bool:
    """Whether EXIF or XMP tells where a picture was taken."""
    if GPS in metadata.tags:
        return True
    if not metadata.xmp:
        return False
    from . import xmp

    return xmp.without_place(metadata.xmp) != metadata.xmp
