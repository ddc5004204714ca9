"""From exact results to the samples of a file: rounded once, half up, and saturated.

Pictures and maps of 8 or 16 bits have fixed scales, so that all images of a batch are comparable; only
``range="stretch"`` uses each image's own range. Float output is the unrounded value, raw or as a fraction of white.
"""

from __future__ import annotations

from typing import Any, Literal, cast

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import Kind
from .layout import copy_pixels

Range = Literal["clip", "abs", "offset", "stretch"]
GivenRange = Literal["auto", "clip", "abs", "offset", "stretch"]
"""A `Range`, or ``auto``, which follows the operator's `Display`."""
SCALED = ("picture", "magnitude", "signed", "hue")
"""The kinds of values that a `Display` scales."""
TURNS = {"angle": 360, "orientation": 180}

SampleType = Literal["bool", "uint8", "uint16", "float32", "float64"]
"""The types of samples; samples of one bit are only written."""
FULL: dict[str, float] = {"bool": 1.0, "uint8": 255.0, "uint16": 65535.0, "float32": 1.0, "float64": 1.0}
"""The default white of each type."""
FLOAT_TOLERANCE = 1e-5
"""The tolerated error of float results, as a fraction of white."""
FLAT = 2.0**-40
"""An image's range, relative to its values, below which it is only rounding of sums, and is not stretched."""


class Display(NamedTuple):
    """The fixed scale at which 8 and 16 bits show an operator's results, the same for every image."""

    range: Range = "clip"
    gain: float = 1.0
    final: bool = False
    """The picture is not scaled: the filter itself has applied any gain."""

    def chosen(self, kind: Kind, range: GivenRange, gain: float) -> Display:
        """Return the display for a given range and gain and values of a *kind*: ``auto`` keeps it, times the gain.

        >>> Display("offset", 0.5).chosen("picture", "auto", 3), Display("offset", 0.5).chosen("picture", "clip", 1)
        (Display(range='offset', gain=1.5, final=False), Display(range='clip', gain=1, final=False))
        """
        if self.final and kind == "picture":
            return AS_COMPUTED
        if range != "auto":
            return Display(range, gain)
        return Display(self.range, self.gain * gain if kind in SCALED else gain)


AS_COMPUTED = Display()


class Encoding(NamedTuple):
    """How the values of one output become samples.

    *scale* converts the units of the input image to those of the file (257 from 8 to 16 bits). In a float file it is 1
    for raw values; otherwise white becomes 1.
    """

    dtype: SampleType
    kind: Kind = "picture"
    range: Range = "clip"
    gain: float = 1.0
    scale: float = 1.0
    full: float = 255.0
    """White in the units of the values."""
    of: str = ""
    """The field of the result, if its name differs from the output's."""
    channel: int | None = None
    """The channel of the field that is the output, if not all."""
    nodata: float | None = None
    """The value written for missing samples, which are NaN; None writes NaN to floats, and 0 to integers."""
    reserved: bool = False
    """No other sample is written as `nodata`: one that would be is moved by one level, or to the next float."""

    @property
    def is_float(self) -> bool:
        """Whether the file holds float samples."""
        return self.dtype in ("float32", "float64")

    @property
    def unit(self) -> float:
        """The divisor of values in a float file."""
        return 1.0 if self.scale == 1 else self.full

    @property
    def white(self) -> float | None:
        """White in the units of the file; None if the values have no white."""
        if self.directed or self.kind == "logarithm":
            return None
        return FULL[self.dtype] if self.kind == "fraction" or self.scale != 1 else self.full

    @property
    def stretched(self) -> bool:
        """Whether the range of the whole image must be known first."""
        if self.is_float or self.directed:
            return False
        return self.range == "stretch" or self.kind == "logarithm"

    @property
    def directed(self) -> bool:
        """Whether the values are directions, which have neither range nor gain."""
        return self.kind in TURNS or self.kind == "hue"

    @property
    def _factor(self) -> float:
        """The factor on values."""
        return self.gain * (FULL[self.dtype] if self.kind == "fraction" else self.scale)

    @property
    def plain(self) -> bool:
        """Whether the samples are just the values, rounded and saturated."""
        clipped = self.kind == "magnitude" or (self.kind == "picture" and self.range == "clip")
        return clipped and not self.stretched and self.gain * self.scale == 1

    @property
    def tolerance(self) -> float:
        """The tolerated error of a value: 1/1000 of a level, or `FLOAT_TOLERANCE` of a float's range.

        A stretched range and an angle in 16 bits magnify values by more than is known here. In float64 only the error
        of the arithmetic is tolerated.
        """
        if self.dtype == "float64":
            return 0.0
        if self.dtype == "float32":
            return FLOAT_TOLERANCE if self.kind == "fraction" else FLOAT_TOLERANCE * self.full
        if self.stretched or (self.kind in TURNS and self.dtype == "uint16"):
            return 0.0
        return 1e-3 / self._factor

    def fields(self, name: str) -> tuple[str, ...]:
        """The fields of the result that make the output *name*."""
        return ("angle", "magnitude") if self.kind == "hue" else (self.of or name,)

    def part(self, values: Array) -> Array:
        """Return the part of a field's ``(rows, columns, channels)`` that the output takes."""
        return values if self.channel is None else values[..., self.channel : self.channel + 1]

    @property
    def as_they_are(self) -> bool:
        """Whether values of the samples' own type are written unchanged."""
        whole = self.nodata is None and self.channel is None and self.kind != "hue"
        return whole and (self.unit == 1 if self.is_float else self.plain)

    def count_clipped(self, values: Array) -> int:
        """The number of *values* that the range of the output clips."""
        if self.is_float or self.stretched or self.directed:
            return 0
        scaled = self._scaled(values, (0, 1))
        return int(np.count_nonzero((scaled < -0.5) | (scaled >= FULL[self.dtype] + 0.5)))

    def of_alpha(self) -> Encoding:
        """Return the encoding of this output's alpha."""
        return Encoding(self.dtype, scale=self.scale, full=self.full)

    def of_missing(self) -> Encoding:
        """Return the encoding for unrounded samples in the file's units, to be written into this output."""
        return Encoding(self.dtype, nodata=self.nodata, reserved=self.reserved)

    def __call__(self, values: Array, extent: tuple[float, float] = (0, 1)) -> Array:
        """Encode ``(rows, columns, channels)``; *extent* is the image's ``(min, max)`` if stretched.

        >>> import numpy as np
        >>> Encoding("uint8")(np.array([-3.0, 0.5, 299.0])).tolist()
        [0, 1, 255]
        >>> Encoding("uint8", "angle")(np.array([-90.0, 0.0, 180.0, -0.1])).tolist()
        [192, 0, 128, 0]
        >>> Encoding("float32", "angle")(np.array([-180 + 1e-9, 180.0])).tolist()
        [180.0, 180.0]
        >>> Encoding("uint8", "signed")(np.array([-1020.0, 0.0, 20.0])).tolist()
        [0, 128, 148]
        """
        out = np.empty(values.shape, self.dtype)
        self.into(values, out, extent)
        return out

    def exact(self, values: Array, extent: tuple[float, float] = (0, 1)) -> Array:
        """Return the values of a picture in the units of its samples, as floats, neither rounded nor saturated."""
        if values.dtype == bool:
            return values * self._true
        if values.dtype.kind != "f":
            values = values.astype(np.float64)
        return self.converted(values) if self.is_float else self._scaled(values, extent)

    @property
    def _true(self) -> float:
        """The value of True: white."""
        return self.full / self.unit if self.is_float else FULL[self.dtype]

    def converted(self, values: Array) -> Array:
        """Return values in the units of the file's samples, as floats, neither rounded nor saturated."""
        if not self.is_float:
            return values * self.scale
        return values if self.unit == 1 else values / np.asarray(self.unit, np.result_type(values, np.float32))

    def into(self, values: Array, out: Array, extent: tuple[float, float] = (0, 1)) -> int:
        """Encode *values* into *out*, of the same shape and the encoding's dtype.

        Return how many were moved to avoid the value of missing samples.
        """
        self._into(values, out, extent)
        if self.nodata is None or values.dtype == bool:
            return 0
        nodata, moved = out.dtype.type(self.nodata), 0
        gaps = np.isnan(values) if values.dtype.kind == "f" else np.False_
        if self.reserved and (same := (out == nodata) & ~gaps).any():
            moved = int(np.count_nonzero(same))
            out[same] = _beside(nodata)
        np.copyto(out, nodata, where=gaps)
        return moved

    def _into(self, values: Array, out: Array, extent: tuple[float, float]) -> None:
        if values.dtype == out.dtype == bool:
            _copy(values, out)
            return
        if values.dtype == bool:
            np.multiply(
                values.view(np.uint8), out.dtype.type(self._true), out=out
            )  # bool would be converted through float64
            return
        white = FULL[self.dtype]
        if self.is_float:
            _copy(self.converted(values), out)
            if self.kind == "angle":
                out[out == -180] = 180  # an angle just above -180 may round to it
            return
        if self.plain and values.dtype == self.dtype:
            _copy(values, out)
            return
        if self.plain and values.dtype.kind == "i":
            _copy(np.clip(values, 0, min(int(white), np.iinfo(values.dtype).max)), out)
            return
        if values.dtype.kind == "i":
            values = values.astype(np.result_type(values, np.float32))
        if self.kind in TURNS:
            turns = values * ((white + 1) / TURNS[self.kind])
            turns += 0.5
            np.floor(turns, out=turns)
            _zero_for_nan(turns)
            # Integers wrap round when cut to the type, which takes a tenth of the time of a modulus.
            _copy(turns.astype(np.int16 if self.dtype == "uint8" else np.int32), out)
        else:
            found = _saturated(self._scaled(values, extent), white)
            _copy(found >= 1 if self.dtype == "bool" else found, out)

    def _scaled(self, values: Array, extent: tuple[float, float]) -> Array:
        factor, white, (low, high) = self._factor, FULL[self.dtype], extent
        middle = (int(white) + 1) // 2
        if self.kind == "signed":
            if self.stretched:
                most = max(-low, high)
                factor = (white - middle) / most if most > 0 else 0.0
            return values * factor + middle
        if self.stretched:
            flat = high - low <= FLAT * max(abs(low), abs(high))
            return (values - low) * (0.0 if flat else white / (high - low))
        if self.kind == "picture" and self.range == "abs":
            return np.abs(values) * factor
        if self.kind == "picture" and self.range == "offset":
            return values * factor + middle
        return values * factor if factor != 1 else values


def white_of(dtype: str, white: float | None = None) -> float:
    """Return white of an image of *dtype*: *white*, if given.

    >>> white_of("uint16"), white_of("uint16", 4095), white_of("float64")
    (65535.0, 4095, 1.0)
    """
    return FULL[dtype] if white is None else white


def float_type(dtype: str) -> SampleType:
    """Return the type of the float results of an image of *dtype*."""
    return "float64" if dtype == "float64" else "float32"


def encoding(
    kind: Kind,
    source: str,
    target: str,
    range: GivenRange = "clip",
    gain: float = 1.0,
    display: Display = AS_COMPUTED,
    *,
    raw: bool = True,
    white: float | None = None,
) -> Encoding:
    """Return the encoding of values from an image of dtype *source* and optional *white* as dtype *target*.

    *raw* values keep the image's units if the type is the same, and in float; others are scaled so that white stays
    white. Measures, such as a magnitude, are always raw in float.
    """
    full, floating = white_of(source, white), target in ("float32", "float64")
    stays = (raw and (floating or source == target)) or (floating and kind != "picture")
    chosen, scale = display.chosen(kind, range, gain), 1.0 if stays else FULL[target] / full
    return Encoding(cast(SampleType, target), kind, chosen.range, chosen.gain, scale, full)


def _beside(nodata: Any) -> Any:
    """Return the next sample, or the previous one of the greatest.

    >>> int(_beside(np.uint8(0))), int(_beside(np.uint8(255))), float(_beside(np.float32(-9999)))
    (1, 254, -9998.9990234375)
    """
    if nodata.dtype.kind == "f":
        return np.nextafter(nodata, nodata.dtype.type(-1 if nodata > 0 else 1))
    return nodata - 1 if nodata == np.iinfo(nodata.dtype).max else nodata + 1


def saturate(values: Array, dtype: str) -> Array:
    """Round half up and saturate; NaN becomes 0."""
    return _saturated(values, FULL[dtype]).astype(dtype)


def _saturated(values: Array, white: float) -> Array:
    """Return values whose integer part is the rounded and saturated value; NaN becomes 0.

    Adding a half and truncating rounds half up, if no value is negative.
    """
    shifted = values + 0.5
    np.clip(shifted, 0, white + 0.5, out=shifted)
    _zero_for_nan(shifted)
    return shifted


def _zero_for_nan(values: Array) -> None:
    """Replace NaN by 0; the maximum, which is NaN if any value is, takes a quarter of a sum's time."""
    if np.isnan(np.max(values)):
        np.nan_to_num(values, copy=False, nan=0)


def _copy(values: Array, out: Array) -> None:
    """Copy *values* into *out*, truncating; plane by plane, which is three times as fast."""
    if (
        out.ndim == 3
        and values.dtype == out.dtype
        and values.size
        and 1 in (values.shape[2], values.strides[2] // values.itemsize)
    ):
        copy_pixels(values, out)
        return
    if out.ndim != 3 or values.strides[2] == values.itemsize:
        np.copyto(out, values, casting="unsafe")
        return
    for channel in range(out.shape[2]):
        np.copyto(out[..., channel], values[..., channel], casting="unsafe")


def hue_map(angle: Array, magnitude: Array, gain: float, full: float) -> Array:
    """Draw directions as colours: hue = angle, value = magnitude · gain; 8-bit RGB.

    Red points to the right (0°), and angles grow downward: 90° is yellow-green, 180° cyan.

    >>> import numpy as np
    >>> hue_map(np.array([[[0.0], [120.0], [-120.0]]]), np.full((1, 3, 1), 510.0), 1, 255)[0].tolist()
    [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    """
    value = np.clip(magnitude * (gain / full), 0, 1)
    sector = (angle % 360) / 60
    # Each channel is a trapezoid over the six sectors, a third of the circle apart (Smith, 1978).
    channels = [np.clip(np.abs((sector + shift) % 6 - 3) - 1, 0, 1) for shift in (0, 4, 2)]
    return saturate(np.concatenate(channels, axis=2) * value * 255, "uint8")


def hue_legend(size: int = 256) -> Array:
    """Draw the colour wheel for `hue_map`: each position has the colour of the direction towards it.

    ``(size, size, 3)`` uint8; full value at the rim, black at the centre and outside the wheel.
    """
    axis = np.arange(size) - (size - 1) / 2
    x, y = axis[None, :, None], axis[:, None, None]
    radius = np.hypot(x, y) / (size / 2)
    angle = np.degrees(np.arctan2(y, x))
    return hue_map(angle, np.where(radius <= 1, radius, 0), 1, 1)
