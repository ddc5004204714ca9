"""The information on a file: its header, and the figures of its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

from ...filters.core.engine import nodata
from ...filters.core.lazy_numpy import np
from ...filters.core.measure.channel import Histogram, Statistics
from ...filters.core.measure.survey import survey
from ...filters.core.named_tuple import NamedTuple
from ..errors import FileError
from ..images.description import Description
from ..images.picture import Picture

NAMES = {"gray": ("gray",), "rgb": ("R", "G", "B"), "cmyk": ("C", "M", "Y", "K")}
"""The names of channels; bands are counted from 1."""


class Alpha(NamedTuple):
    """The figures of an alpha."""

    minimum: float
    mean: float
    maximum: float
    transparent: int
    """The number of pixels with alpha 0, whose colours are not counted."""


class How(NamedTuple):
    """What to compute for a picture other than its figures."""

    percentiles: Sequence[float] = (1.0, 50.0, 99.0)
    histogram: str = "none"
    """Histograms: ``none``, of the ``luma``, or of ``each`` channel."""
    bins: int = 64


class Channel(NamedTuple):
    """The figures of a channel, without the counts of all levels, which take half a megabyte for 16 bits."""

    name: str
    samples: int
    minimum: float
    maximum: float
    mean: float
    std: float
    black: int
    white: int
    nan: int
    infinite: int
    exact: bool
    percentiles: Sequence[float]


class Counted(NamedTuple):
    """The figures of a picture."""

    frame: int
    channels: Sequence[Channel]
    is_float: bool
    inks: bool
    """Its channels are CMYK inks: 0 is white."""
    pixels: int
    alpha: Alpha | None = None
    missing: int = 0
    """The number of samples that are marked as missing."""
    histograms: Mapping[str, Histogram] = MappingProxyType({})
    """The histograms, by name: ``luma``, or the names of channels."""


class Found(NamedTuple):
    """The information on a file."""

    name: str
    bytes: int | None = None
    """None for standard input."""
    description: Description | None = None
    pictures: Sequence[Counted] = ()
    error: FileError | None = None


def counted(picture: Picture, frame: int, how: How, jobs: int) -> Counted:
    """Compute the figures of a picture."""
    pixels, alpha = picture.pixels, picture.alpha
    names = NAMES.get(picture.colours) or tuple(str(number + 1) for number in range(pixels.shape[2]))
    missing = nodata.of(picture.nodata, pixels, picture.colours == "rgb", picture.full)
    look = partial(survey, pixels, alpha, picture.full, missing, jobs=jobs)
    found = dict(zip(names, look(), strict=True))
    drawn = found if how.histogram != "none" else {}
    if how.histogram == "luma" and picture.colours in ("gray", "rgb"):
        drawn = {"luma": look(luma=True)[0] if len(found) > 1 else found[names[0]]}
    return Counted(
        frame,
        [_told(name, channel, how.percentiles) for name, channel in found.items()],
        pixels.dtype.kind == "f",
        picture.colours == "cmyk",
        pixels.shape[0] * pixels.shape[1],
        None if alpha is None else _of_alpha(alpha, picture.full, jobs),
        0 if missing is None else missing.missing,
        {name: channel.histogram(how.bins) for name, channel in drawn.items()},
    )


def _told(name: str, found: Statistics, percentiles: Sequence[float]) -> Channel:
    at = tuple(found.percentile(percent) for percent in percentiles)
    return Channel(
        name,
        found.samples,
        found.minimum,
        found.maximum,
        found.mean,
        found.std,
        found.black,
        found.white,
        found.nan,
        found.infinite,
        found.exact,
        at,
    )


def _of_alpha(alpha: np.ndarray, full: float, jobs: int) -> Alpha:
    (found,) = survey(alpha[..., None], None, full, jobs=jobs)
    return Alpha(found.minimum, found.mean, found.maximum, found.black)
