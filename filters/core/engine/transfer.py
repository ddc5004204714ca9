"""Transfer functions: from the samples of a picture to light, and back.

Each curve maps 0 to 0 and 1 to 1, is increasing, and has an exact inverse, so that a filter that changes nothing in
linear light returns the same samples. Negative values mirror positive ones, so that signed intermediate results
survive.

References
----------
ITU-T H.273 (2024), table 3; ITU-R BT.2100-2, tables 4 and 5; ICC.1:2022, sections 10.6 and 10.18; IEC 61966-2-1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple

MIN_SLOPE = 2.0**-24
"""The slope given to flat parts of a sampled curve, so that different samples stay different."""
CHECKED_POINTS = 4096
"""The number of points at which a curve is checked, and sampled if its formula has no inverse."""
LARGEST_ERROR = 1e-9
"""The largest error of a curve's inverse, as a fraction of white, that counts as rounding."""


class Standard(NamedTuple):
    """The curve of a standard without parameters: from samples to light, and back."""

    name: str
    decode: Callable[[Array], Array]
    encode: Callable[[Array], Array]


class Parametric(NamedTuple):
    """A power with a linear part: ``(a·x + b)^gamma + e`` from *d* on, ``c·x + f`` below (ICC.1, section 10.18)."""

    gamma: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0
    black: float = 0.0
    """The formula's value at 0."""
    white: float = 1.0
    """The formula's value at 1."""

    def formula(self, value: Array) -> Array:
        """Return the formula's own values."""
        power = np.maximum(self.a * value + self.b, 0) ** self.gamma + self.e
        return np.where(value >= self.d, power, self.c * value + self.f)

    def decode(self, value: Array) -> Array:
        """Return the light of samples."""
        return (self.formula(value) - self.black) / (self.white - self.black)

    def encode(self, light: Array) -> Array:
        """Return the samples of light."""
        light = light * (self.white - self.black) + self.black
        power = (np.maximum(light - self.e, 0) ** (1 / self.gamma) - self.b) / self.a
        if not self.c:
            return np.maximum(power, self.d) if self.d > 0 else power
        joint = self.c * self.d + self.f
        return np.where(light >= joint, power, (light - self.f) / self.c)


class Sampled(NamedTuple):
    """Equally spaced samples, interpolated linearly; beyond white the slope is 1."""

    samples: bytes
    """float64 values, increasing from 0 to 1, as bytes, which are fast to compare and hash."""

    @property
    def _light(self) -> Array:
        return np.frombuffer(self.samples)

    @property
    def _places(self) -> Array:
        return np.linspace(0, 1, len(self.samples) // 8)

    def decode(self, value: Array) -> Array:
        """Return the light of samples."""
        return np.interp(value, self._places, self._light) + np.maximum(value - 1, 0)

    def encode(self, light: Array) -> Array:
        """Return the samples of light."""
        return np.interp(light, self._light, self._places) + np.maximum(light - 1, 0)


Curve = Standard | Parametric | Sampled
"""A transfer function, for values from 0; white is 1."""


def _decode_srgb(value: Array) -> Array:
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _encode_srgb(light: Array) -> Array:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


PQ_M1, PQ_M2 = 2610 / 16384, 2523 / 4096 * 128
PQ_C1, PQ_C2, PQ_C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
MOST_PQ = 1.9
"""The formula ends at 1.99."""


def _decode_pq(value: Array) -> Array:
    root = np.minimum(value, MOST_PQ) ** (1 / PQ_M2)
    return (np.maximum(root - PQ_C1, 0) / (PQ_C2 - PQ_C3 * root)) ** (1 / PQ_M1)


def _encode_pq(light: Array) -> Array:
    power = light**PQ_M1
    return ((PQ_C1 + PQ_C2 * power) / (1 + PQ_C3 * power)) ** PQ_M2


HLG_A = 0.17883277
HLG_B = 1 - 4 * HLG_A
HLG_C = 0.55991073
HLG_WHITE = 0.9999999785
"""The value at 1 with the formula's published constants."""


def _decode_hlg(value: Array) -> Array:
    return np.where(value <= 0.5, value**2 / 3, (np.exp((value - HLG_C) / HLG_A) + HLG_B) / 12) / HLG_WHITE


def _encode_hlg(light: Array) -> Array:
    light = light * HLG_WHITE
    logarithm = HLG_A * np.log(np.maximum(12 * light, 1) - HLG_B) + HLG_C
    return np.where(light <= 1 / 12, np.sqrt(3 * light), logarithm)


SRGB = Standard("sRGB", _decode_srgb, _encode_srgb)
"""IEC 61966-2-1."""
PQ = Standard("PQ", _decode_pq, _encode_pq)
"""SMPTE ST 2084, ITU-R BT.2100-2, table 4: light as a fraction of 10000 cd/m²."""
HLG = Standard("HLG", _decode_hlg, _encode_hlg)
"""ITU-R BT.2100-2, table 5: scene light."""
LINEAR = Parametric(1.0)
BT709_ALPHA, BT709_BETA = 1.09929682680944, 0.018053968510807
SMPTE240_ALPHA, SMPTE240_BETA = 1.111572195921731, 0.022821585529445
"""The constants of H.273 with enough decimals for the parts of a curve to meet: 1.099 leaves a gap in 16 bits."""
BT709 = Parametric(1 / 0.45, 1 / BT709_ALPHA, 1 - 1 / BT709_ALPHA, 1 / 4.5, 4.5 * BT709_BETA)
SMPTE240 = Parametric(1 / 0.45, 1 / SMPTE240_ALPHA, 1 - 1 / SMPTE240_ALPHA, 1 / 4, 4 * SMPTE240_BETA)


def gamma(exponent: float) -> Curve:
    """Return the curve whose light is the sample raised to this power."""
    return Parametric(exponent)


def sampled(values: Sequence[float] | Array) -> Curve | None:
    """Return the curve through *values*, from black to white; None if it is not increasing."""
    light = np.asarray(values, np.float64)
    if len(light) < 2 or not np.isfinite(light).all() or light[-1] <= light[0] or (np.diff(light) < 0).any():
        return None
    light = (light - light[0]) / (light[-1] - light[0])
    places = np.linspace(0, 1, len(light))
    if (np.diff(light) < MIN_SLOPE / len(light)).any():
        light = (1 - MIN_SLOPE) * light + MIN_SLOPE * places
    return LINEAR if np.array_equal(light, places) else Sampled(light.tobytes())


def parametric(values: Sequence[float]) -> Curve | None:
    """Return the curve of gamma, a, b, c, d, e, f, normalised and checked; None if it is not increasing.

    A curve without an exact inverse, because its parts do not meet, is sampled.
    """
    curve = Parametric(*values)
    places = np.linspace(0, 1, CHECKED_POINTS)
    with np.errstate(all="ignore"):
        light = curve.formula(places)
        if not (np.isfinite(light).all() and curve.gamma > 0 and curve.a > 0) or light[-1] <= light[0]:
            return sampled(light)
        curve = curve._replace(black=float(light[0]), white=float(light[-1]))
        error = np.abs(curve.encode(curve.decode(places)) - places)
    return curve if bool((error <= LARGEST_ERROR).all()) else sampled(light)


class Transfer(NamedTuple):
    """The curves of a picture's channels: one for all, or one per channel."""

    curves: tuple[Curve, ...] = (SRGB,)

    def decode(self, values: Array, full: float) -> Array:
        """Return the light of *values*, ``(…, channels)``; *full* is white, and 0 and white do not change."""
        return self._applied(values, full, [curve.decode for curve in self.curves])

    def encode(self, light: Array, full: float) -> Array:
        """Return the samples of *light*: the inverse of `decode`."""
        return self._applied(light, full, [curve.encode for curve in self.curves])

    def decode_samples(self, samples: Array, work: Any, full: float) -> Array:
        """Decode pixels of a file into the type *work*; 8 and 16 bits by a table."""
        if samples.dtype.kind != "u":
            return self.decode(samples.astype(work), full)
        tables = [_decoded(curve, samples.dtype.name, np.dtype(work).name, full) for curve in self.curves]
        if len(tables) == 1:
            return tables[0][samples]
        if samples.shape[-1] != len(tables):
            return tables[MIDDLE][samples]
        return np.stack([table[samples[..., channel]] for channel, table in enumerate(tables)], axis=-1)

    def decode_value(self, value: float, full: float) -> float:
        """Return the light of a gray value, such as a border's fill, by the curve of green."""
        curve = self.curves[MIDDLE if len(self.curves) > 1 else 0]
        return float(_mirrored(curve.decode, np.asarray(value, np.float64), full))

    def _applied(self, values: Array, full: float, functions: Sequence[Any]) -> Array:
        if len(functions) == 1:
            return _mirrored(functions[0], values, full)
        if values.shape[-1] != len(functions):
            return _mirrored(functions[MIDDLE], values, full)
        parts = [_mirrored(function, values[..., channel], full) for channel, function in enumerate(functions)]
        return np.stack(parts, axis=-1)


MIDDLE = 1
"""The channel whose curve serves for gray, if each has its own: green."""
DEFAULT = Transfer()
"""The default, for pictures without information: sRGB."""


def of_curves(*curves: Curve) -> Transfer:
    """Return the transfer of these curves; equal ones become a single one."""
    return Transfer(curves[:1]) if len(set(curves)) == 1 else Transfer(curves)


def _mirrored(function: Any, values: Array, full: float) -> Array:
    value = np.abs(values) / full
    return np.copysign(function(value) * full, values)


@lru_cache(maxsize=8)
def _decoded(curve: Curve, dtype: str, work: str, full: float) -> Array:
    return _mirrored(curve.decode, np.arange(np.iinfo(dtype).max + 1, dtype=np.float64), full).astype(work)
