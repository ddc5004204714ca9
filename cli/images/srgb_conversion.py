"""Converting pictures with a colour profile or description to sRGB.

With curves and a matrix the conversion is exact, in double precision, and rounded once; the rendering is relative
colorimetric, and colours outside sRGB are clipped. LittleCMS applies the tables of a profile.
"""

from __future__ import annotations

import io
from typing import Any

from ...filters.core.engine.threads import side_by_side
from ...filters.core.engine.transfer import DEFAULT, Transfer
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from ..console.messages import reason_of
from . import icc_profile
from .colour_description import BT709, HLG, PQ, ColourDescription
from .metadata import Metadata

BAND = 1 << 18
"""Pixels that are converted at a time."""
SAME = 1 / 512
"""Grays that differ by less, as a fraction of white, are the same: half an 8-bit level."""
SAME_PRIMARIES = 0.003
"""Primaries whose matrix to sRGB differs from the identity by at most this are those of sRGB, rounded differently."""
PAPER_WHITE, PQ_WHITE, HLG_WHITE = 203.0, 10000.0, 1000.0
"""White of a page, of PQ and of an HLG display in cd/m² (ITU-R BT.2408 and BT.2100); a page is sRGB's white."""
HLG_GAMMA = 1.2
"""The exponent from light of the scene to that of the display (BT.2100, table 5)."""
BT2020_LUMA = (0.2627, 0.6780, 0.0593)


class ConversionError(Exception):
    """A picture cannot be converted; the message says why."""


class Conversion(NamedTuple):
    """The conversion of samples to sRGB."""

    transfer: Transfer
    matrix: icc_profile.Matrix | None
    """From its linear RGB to that of sRGB; None for gray."""
    lights: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    """The light of black and of white, for all channels or for each."""
    points: int = 0
    """The code points of its transfer, if that is PQ or HLG."""

    def light(self, values: Array) -> Array:
        """Return the linear light of sRGB for samples ``(…, channels)``, in which 1 is white."""
        black, white = np.array(self.lights).T
        light = black + (white - black) * self.transfer.decode(values, 1.0)
        if self.points == PQ:
            light = light * (PQ_WHITE / PAPER_WHITE)
        elif self.points == HLG:
            luma = light @ np.array(BT2020_LUMA)[:, None] if light.shape[-1] == 3 else light
            light = light * np.maximum(luma, 0) ** (HLG_GAMMA - 1) * (HLG_WHITE / PAPER_WHITE)
        return light if self.matrix is None else light @ np.array(self.matrix).T

    def values(self, values: Array) -> Array:
        """Return unclipped samples of sRGB."""
        return DEFAULT.encode(self.light(values), 1.0)

    @property
    def changes(self) -> bool:
        """Whether the colours differ from those of sRGB."""
        if self.matrix is not None and (np.abs(np.array(self.matrix) - np.eye(3)) > SAME_PRIMARIES).any():
            return True
        grays = np.repeat(np.linspace(0, 1, 256)[:, None], 1 if self.matrix is None else 3, axis=1)
        return bool((np.abs(self.values(grays) - grays) > SAME).any())

    def __call__(self, pixels: Array, cores: int = 1) -> Array:
        """Convert ``pixels (height, width, 1 or 3)`` of any sample type."""
        result = np.empty_like(pixels, order="C")
        whole = pixels.dtype.kind == "u"
        full = float(np.iinfo(pixels.dtype).max) if whole else 1.0
        rows = max(1, BAND // max(1, pixels.shape[1]))

        def convert(start: int) -> None:
            part = pixels[start : start + rows]
            values = self.values(part.astype(np.float64) / full)
            if whole:
                values = np.floor(np.clip(values, 0, 1) * full + 0.5)
            result[start : start + rows] = values

        for _ in side_by_side(convert, range(0, len(pixels), rows), cores):
            pass
        return result


def to_srgb(pixels: Array, metadata: Metadata, cores: int) -> Array | None:
    """Return pixels as sRGB; None if they are sRGB already. Raises `ConversionError`."""
    if metadata.icc and metadata.colour.known_points is None:
        return _by_profile(pixels, metadata.icc, cores)
    conversion = of_description(metadata.colour, gray=pixels.shape[2] == 1)
    return conversion(pixels, cores) if conversion is not None and conversion.changes else None


def of_description(colour: ColourDescription, gray: bool) -> Conversion | None:
    """Return the conversion from described colours; None if they are those of sRGB."""
    if colour.is_srgb:
        return None
    points = colour.known_points
    matrix = None if gray else _to_srgb_primaries(icc_profile.matrix_of(colour.chromaticities()))
    return Conversion(colour.transfer(), matrix, points=points.transfer if points is not None else 0)


def _to_srgb_primaries(matrix: Array) -> icc_profile.Matrix:
    return tuple(map(tuple, np.linalg.solve(icc_profile.matrix_of(BT709), matrix).tolist()))


def _by_profile(pixels: Array, icc: bytes, cores: int) -> Array | None:
    try:
        profile = icc_profile.read(icc)
    except ValueError as error:
        raise ConversionError(f"its ICC profile is damaged ({error})") from None
    channels = {"GRAY": 1, "RGB": 3}.get(profile.space)
    if channels != pixels.shape[2]:
        raise ConversionError(f"its ICC profile is for {profile.space} colours")
    if profile.tabled or profile.transfer is None or (channels == 3 and profile.matrix is None):
        return _by_tables(pixels, icc)
    matrix = None if profile.matrix is None else _to_srgb_primaries(np.array(profile.matrix))
    points = profile.peak.transfer if profile.peak is not None else 0
    conversion = Conversion(profile.transfer, matrix, profile.lights, points)
    return conversion(pixels, cores) if conversion.changes else None


def _by_tables(pixels: Array, icc: bytes) -> Any:
    """Convert 8-bit samples with LittleCMS."""
    if pixels.dtype != np.uint8:
        raise ConversionError("its ICC profile holds tables, which are applied only to 8-bit samples")
    from PIL import Image, ImageCms

    gray = pixels.shape[2] == 1
    image = Image.fromarray(pixels[..., 0] if gray else np.ascontiguousarray(pixels))
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(icc)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise ConversionError(f"its ICC profile was not understood ({reason_of(error)})") from None
    result = np.asarray(converted)
    # Green represents all three channels of a gray profile, which are equal except for rounding.
    result = result[..., 1:2] if gray else result
    return None if np.array_equal(result, pixels) else result
