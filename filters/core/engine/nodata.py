"""Samples marked as missing by a value, such as -9999 in an elevation model.

Filters see them as NaN; outputs have the value again.
"""

from __future__ import annotations

import math
from typing import Any

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ParameterError
from .coordinates import Geometry
from .quantize import FULL, Encoding
from .streamed import StreamedImage

HUGE = 1e30
"""A nodata value beyond this also marks all values further from 0, as programs write the greatest float with 6 or more
digits."""
NEARLY = 1 - 1e-5
ROWS = 64
"""Rows that are searched together."""


class Nodata(NamedTuple):
    """The value of missing samples."""

    value: float
    joint: bool = False
    """A pixel is missing only if all its channels have the value, as a single one may be black or white."""
    missing: int = 0
    """The number of missing samples in the image."""

    def gaps(self, samples: Array) -> Array:
        """Return which of ``(rows, columns, channels)`` are missing.

        >>> Nodata(-9999.0).gaps(np.array([[[-9999, 7.0]]], np.float32)).tolist()
        [[[True, False]]]
        """
        if math.isnan(self.value):
            return np.isnan(samples)
        if samples.dtype.kind == "f" and abs(self.value) >= HUGE:
            most = float(np.finfo(samples.dtype).max)
            bound = samples.dtype.type(min(abs(self.value), most) * NEARLY)
            return samples >= bound if self.value > 0 else samples <= -bound
        gaps = samples == samples.dtype.type(self.value)
        return np.broadcast_to(gaps.all(axis=2, keepdims=True), gaps.shape) if self.joint else gaps

    def as_nan(self, strip: Array, work: Any) -> Array:
        """Return rows of the image with the value replaced by NaN; the rows themselves if none is missing."""
        gaps = self.gaps(strip)
        if not gaps.any():
            return strip
        marked = strip.astype(work)
        marked[gaps] = np.nan
        return marked


def of(value: float | None, image: Array | StreamedImage, colours: bool, white: float) -> Nodata | None:
    """Return the missing samples that *value* marks in an image; None if there are none.

    In *colours* a value from black to *white* may be a real sample, so it marks a pixel only if all channels have it.
    """
    if value is None or not fits(value, image.dtype.name):
        return None
    nodata = Nodata(value, joint=colours and 0 <= value <= white)
    strips = (image[row : row + ROWS] for row in range(0, len(image), ROWS))
    missing = sum(int(np.count_nonzero(nodata.gaps(strip))) for strip in strips)
    return nodata._replace(missing=missing) if missing else None


def fits(value: float, dtype: str) -> bool:
    """Whether samples of *dtype* can have a value.

    >>> fits(-9999, "float32"), fits(-9999, "uint16"), fits(float("nan"), "uint8"), fits(255, "uint8")
    (True, False, False, True)
    """
    if dtype in ("float32", "float64"):
        return dtype == "float64" or not math.isfinite(value) or abs(value) <= float(np.finfo(np.float32).max)
    return bool(math.isfinite(value) and float(value).is_integer() and 0 <= value <= FULL[dtype])


def written(encoding: Encoding, value: float | None, source: str, told: bool = True) -> Encoding:
    """Return the encoding of an output whose missing samples get *value*, for an image of dtype *source*.

    They get 0 or NaN if the output's type cannot hold the value. No other sample gets it if readers are *told* that it
    marks missing samples.
    """
    if value is None or not fits(value, source):
        return encoding
    if not fits(value, encoding.dtype):
        value = math.nan if encoding.dtype in ("float32", "float64") else 0.0
    # In 1 bit neither value can be reserved.
    reserved = told and encoding.kind != "hue" and encoding.dtype != "bool"
    return encoding._replace(nodata=value, reserved=reserved)


def check(value: Any) -> float | None:
    """Return the checked nodata value of a Python call; raises ParameterError."""
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        raise ParameterError("nodata", f"{value!r} is not a number") from None


class Holes:
    """Maps the missing samples of an image to a result with another geometry.

    A sample of the result is missing if the image's sample under its centre is; between several, if all of them are.
    """

    def __init__(
        self,
        image: Array | StreamedImage,
        alpha: Array | StreamedImage | None,
        nodata: Nodata | None,
        geometry: Geometry,
    ) -> None:
        self.image, self.alpha, self.nodata, self.geometry = image, alpha, nodata, geometry

    def put_back(self, values: Array, start: int) -> Array:
        """Return the rows of the result from *start* on, with NaN where the image's samples are missing."""
        if values.dtype.kind != "f":
            return values
        rows, columns, channels = values.shape
        if self.geometry.is_scaled:
            under = [(y, x) for y in self._under(start, rows, axis=1) for x in self._under(0, columns, axis=0)]
            gaps = np.logical_and.reduce([self._missing(*place) for place in under])
        else:
            gaps = self._missing_at(start, rows, columns)
        if not gaps.any():
            return values
        if gaps.shape[2] != channels:
            gaps = gaps.any(axis=2, keepdims=True)
        return np.where(gaps, values.dtype.type(np.nan), values)

    def _under(self, first: int, count: int, axis: int) -> list[Array]:
        """Return the image's samples under the centres of results, along one axis."""
        lies = self.geometry
        scale, offset = (lies.a, lies.c) if axis == 0 else (lies.e, lies.f)
        places = scale * (np.arange(first, first + count) + 0.5) + offset
        right, left = np.floor(places).astype(np.intp), np.ceil(places).astype(np.intp) - 1
        return [right] if (left == right).all() else [left, right]

    def _missing_at(self, start: int, rows: int, columns: int) -> Array:
        """Return which results are missing, row by row, if x and y of the image depend on both axes."""
        height, width, channels = self.image.shape
        found = np.zeros((rows, columns, channels), bool)
        for row in range(rows):
            places = self.geometry.in_image(np.arange(columns) + 0.5, np.full(columns, start + row + 0.5))
            x, y = (np.floor(along) for along in places)
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            across, down = x[inside].astype(np.intp), y[inside].astype(np.intp)
            samples = self.image[down, across][None]
            missing = np.isnan(samples) if samples.dtype.kind == "f" else np.zeros(samples.shape, bool)
            if self.nodata is not None:
                missing = missing | self.nodata.gaps(samples)
            if self.alpha is not None:
                missing = missing & (self.alpha[down, across][None, :, None] > 0)
            found[row, inside] = missing[0]
        return found

    def _missing(self, rows: Array, columns: Array) -> Array:
        """Return which samples of some rows and columns are missing; none outside the image is."""
        height, width = self.image.shape[:2]
        low, high = max(int(rows.min()), 0), min(int(rows.max()) + 1, height)
        strip = self.image[low:high]
        found = np.isnan(strip) if strip.dtype.kind == "f" else np.zeros(strip.shape, bool)
        if self.nodata is not None:
            found = found | self.nodata.gaps(strip)
        if self.alpha is not None:
            found = found & (self.alpha[low:high, :, None] > 0)
        inside = ((rows >= 0) & (rows < height))[:, None, None] & ((columns >= 0) & (columns < width))[None, :, None]
        if high <= low:
            return np.zeros((len(rows), len(columns), self.image.shape[2]), bool)
        return found[np.clip(rows - low, 0, high - low - 1)][:, np.clip(columns, 0, width - 1)] & inside
