"""The colours that a picture's samples represent, as described by PNG chunks or a box of an AVIF.

Chromaticities and curves of code points are those of ITU-T H.273, whose numbers JPEG XL shares.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...filters.core.engine import transfer
from ...filters.core.engine.transfer import Curve, Transfer
from ...filters.core.named_tuple import NamedTuple

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""The coordinates x and y of white, red, green and blue."""

D65 = (0.3127, 0.3290)
BT709: Chromaticities = (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
BT2020: Chromaticities = (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
PRIMARIES: dict[int, Chromaticities] = {
    1: BT709,
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: BT2020,
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
"""Of the colour primaries of ITU-T H.273, table 2."""
UNSPECIFIED, LINEAR, SRGB, PQ, HLG = 2, 8, 13, 16, 18
"""Transfer characteristics of ITU-T H.273, table 3."""
CURVES: dict[int, Curve] = {
    1: transfer.BT709,
    4: transfer.gamma(2.2),
    5: transfer.gamma(2.8),
    6: transfer.BT709,
    7: transfer.SMPTE240,
    LINEAR: transfer.LINEAR,
    11: transfer.BT709,
    12: transfer.BT709,
    SRGB: transfer.SRGB,
    14: transfer.BT709,
    15: transfer.BT709,
    PQ: transfer.PQ,
    17: transfer.gamma(2.6),
    HLG: transfer.HLG,
}
GAMMA_UNIT = 100_000
"""The unit of gAMA and cHRM."""
ROUNDED = 1e-3
"""Chromaticities that differ by less are the same."""
EXPONENTS = (0.02, 50.0)
"""The range of plausible exponents."""


class CodePoints(NamedTuple):
    """The contents of cICP (PNG, section 11.3.2.6), after ITU-T H.273."""

    primaries: int
    transfer: int
    matrix: int = 0
    full_range: int = 1

    @property
    def known(self) -> bool:
        """Whether the colours are supported: full-range RGB with known primaries and a transfer with a formula."""
        return self.primaries in PRIMARIES and self.transfer in CURVES and self.full_range == 1


class ColourDescription(NamedTuple):
    """The colour chunks of a PNG, in order of precedence."""

    code_points: CodePoints | None = None
    intent: int | None = None
    """The rendering intent of the sRGB chunk, which declares the colours to be sRGB."""
    gamma: int = 0
    """The exponent of gAMA in hundred-thousandths: samples are light to this power. 0 where there is none."""
    white_and_primaries: tuple[int, ...] = ()
    """The numbers of cHRM in hundred-thousandths: x and y of white, red, green and blue."""
    mastering: bytes = b""
    """The contents of mDCV."""
    light_levels: bytes = b""
    """The contents of cLLI."""

    @property
    def known_points(self) -> CodePoints | None:
        """The code points, if they are supported."""
        return self.code_points if self.code_points is not None and self.code_points.known else None

    @property
    def is_srgb(self) -> bool:
        """Whether the colours are sRGB, which is also the default."""
        if self.known_points is not None:
            return self.known_points.transfer == SRGB and PRIMARIES[self.known_points.primaries] == BT709
        return self.intent is not None or (not self._exponent and self.chromaticities() == BT709)

    def chromaticities(self) -> Chromaticities:
        """Return the chromaticities: those of sRGB if nothing plausible is stated."""
        if self.known_points is not None:
            return PRIMARIES[self.known_points.primaries]
        if self.intent is not None or not self.white_and_primaries:
            return BT709
        given: Chromaticities = tuple(value / GAMMA_UNIT for value in self.white_and_primaries)  # type: ignore[assignment]
        return given if _plausible(given) else BT709

    def transfer(self) -> Transfer:
        """Return the transfer function from samples to light."""
        if self.known_points is not None:
            return transfer.of_curves(CURVES[self.known_points.transfer])
        if self.intent is not None or not self._exponent:
            return transfer.DEFAULT
        return transfer.of_curves(transfer.gamma(self._exponent))

    @property
    def is_linear(self) -> bool:
        """Whether samples are linear light."""
        return self.transfer().curves == (transfer.LINEAR,)

    def by_srgb_curve(self) -> ColourDescription:
        """Return the description of the same colours with the curve of sRGB."""
        if (points := self.known_points) is not None:
            found = ColourDescription(points._replace(transfer=SRGB))
        else:
            found = ColourDescription(white_and_primaries=self.white_and_primaries)
        return NOTHING if found.is_srgb else found

    @property
    def _exponent(self) -> float:
        """The exponent from samples to light, by gAMA; 0 if it is missing or implausible."""
        exponent = GAMMA_UNIT / self.gamma if self.gamma else 0.0
        return exponent if EXPONENTS[0] <= exponent <= EXPONENTS[1] else 0.0


NOTHING = ColourDescription()
LINEAR_LIGHT = ColourDescription(CodePoints(1, LINEAR))
"""Linear light with the primaries of sRGB."""


def of_code_points(primaries: int, transfer: int, notes: list[str]) -> ColourDescription:
    """Return the description of decoded RGB with these code points: empty for sRGB or unspecified ones."""
    if UNSPECIFIED in (primaries, transfer):
        primaries = 1 if primaries == UNSPECIFIED else primaries
        transfer = SRGB if transfer == UNSPECIFIED else transfer
    points = CodePoints(primaries, transfer)
    if not points.known:
        notes.append(f"its colour code points {primaries} and {transfer} are not supported; sRGB was assumed")
        return NOTHING
    found = ColourDescription(points)
    return NOTHING if found.is_srgb else found


def of_linear(primaries: Sequence[float], white: Sequence[float], notes: list[str]) -> ColourDescription:
    """Return the description of linear light with these chromaticities of red, green, blue and of white."""
    given: Chromaticities = (*white, *primaries)  # type: ignore[assignment]
    if len(given) != len(BT709) or not all(0 <= value <= 2 for value in given) or not _plausible(given):
        notes.append("its primaries have no equivalent in other formats; those of sRGB were assumed")
        return LINEAR_LIGHT
    if max(abs(one - other) for one, other in zip(given, BT709, strict=True)) < ROUNDED:
        return LINEAR_LIGHT
    return ColourDescription(gamma=GAMMA_UNIT, white_and_primaries=_counted(given))


def chrm(primaries: int) -> tuple[int, ...]:
    """Return white and primaries of a code point in the form of cHRM."""
    return _counted(PRIMARIES[primaries])


def _counted(given: Chromaticities) -> tuple[int, ...]:
    return tuple(round(value * GAMMA_UNIT) for value in given)


def _plausible(given: Chromaticities) -> bool:
    """Whether white lies in the triangle of the primaries, and none is far from all colours."""
    white, red, green, blue = (given[at : at + 2] for at in (0, 2, 4, 6))

    def turn(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...]) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    turns = [turn(red, green, white), turn(green, blue, white), turn(blue, red, white)]
    inside = all(each > 1e-3 for each in turns) or all(each < -1e-3 for each in turns)
    return inside and max(given) <= 2 and min(given[1::2]) > 1e-3
