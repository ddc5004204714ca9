"""What is found of a file: what it tells, and what is counted in its pictures."""

from __future__ import annotations

from collections.abc import Sequence

from ...filters.core.engine import nodata
from ...filters.core.lazy_numpy import np
from ...filters.core.measure.channel import Statistics
from ...filters.core.measure.survey import survey
from ...filters.core.named_tuple import NamedTuple
from ..errors import FileError
from ..images.description import Description
from ..images.picture import Picture

NAMES = {"gray": ("gray",), "rgb": ("R", "G", "B"), "cmyk": ("C", "M", "Y", "K")}
"""Of channels; bands are counted from 1."""


class Alpha(NamedTuple):
    """What an alpha is."""

    minimum: float
    mean: float
    maximum: float
    transparent: int
    """Pixels of 0, whose colours are not counted."""


class Counted(NamedTuple):
    """What is counted in a picture."""

    frame: int
    names: Sequence[str]
    channels: Sequence[Statistics]
    is_float: bool
    inks: bool
    """Its channels are inks: 0 is white."""
    pixels: int
    alpha: Alpha | None = None
    missing: int = 0
    """Samples that are marked as such."""
    luma: Statistics | None = None
    """Of one channel this is the channel; None where it is not asked for, or there is none."""


class Found(NamedTuple):
    """What is found of a file."""

    name: str
    bytes: int | None = None
    """None of standard input."""
    description: Description | None = None
    pictures: Sequence[Counted] = ()
    error: FileError | None = None


def counted(picture: Picture, frame: int, luma: bool, jobs: int) -> Counted:
    """Count what is in a picture."""
    pixels, alpha = picture.pixels, picture.alpha
    names = NAMES.get(picture.colours) or tuple(str(number + 1) for number in range(pixels.shape[2]))
    missing = nodata.of(picture.nodata, pixels, picture.colours == "rgb", picture.full)
    channels = survey(pixels, alpha, picture.full, missing, jobs=jobs)
    of_luma = None
    if luma and picture.colours in ("gray", "rgb"):
        whole = len(channels) > 1
        of_luma = survey(pixels, alpha, picture.full, missing, luma=True, jobs=jobs)[0] if whole else channels[0]
    return Counted(
        frame,
        names,
        channels,
        pixels.dtype.kind == "f",
        picture.colours == "cmyk",
        pixels.shape[0] * pixels.shape[1],
        None if alpha is None else _of_alpha(alpha, picture.full, jobs),
        0 if missing is None else missing.missing,
        of_luma,
    )


def _of_alpha(alpha: np.ndarray, full: float, jobs: int) -> Alpha:
    (found,) = survey(alpha[..., None], None, full, jobs=jobs)
    return Alpha(found.minimum, found.mean, found.maximum, found.black)
