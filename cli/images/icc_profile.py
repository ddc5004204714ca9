"""ICC profiles of gray and RGB: the curves and the matrix in them, read and written.

After ICC.1:2022 (the sections named below). Work and memory are linear in the bytes of the profile.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from ...filters.core.engine import transfer
from ...filters.core.engine.transfer import Curve, Parametric, Transfer
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from .colour_description import CURVES, HLG, PQ, Chromaticities, CodePoints

Matrix = tuple[tuple[float, float, float], ...]
"""Three rows."""

HEADER, ENTRY = 128, 12
"""Bytes of the header, and of an entry of the table of tags; sections 7.2 and 7.3."""
D50 = (0.9642, 1.0, 0.8249)
"""White of the connection space, section 7.2.16."""
BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
"""From XYZ to the responses that are scaled when the white changes; annex E."""
PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
"""The number of parameters of each kind of parametric curve, section 10.18."""
TABLES = (b"A2B0", b"A2B1", b"D2B0", b"D2B1")
"""Tags of tables, which count more than curves and matrix."""
MOST_LANGUAGES = 256
"""Most languages of a profile's name that are read."""
LAB_KAPPA, LAB_EPSILON = 903.3, 8.0
"""From L* to Y: below L* 8 it is L* / 903.3."""


class FoundCurve(NamedTuple):
    """A curve of a profile, from 0 to 1, the light of its black and white."""

    curve: Curve
    lights: tuple[float, float] = (0.0, 1.0)


class Profile(NamedTuple):
    """A profile's conversion from samples to XYZ, relative to D50."""

    space: str
    """``GRAY``, ``RGB``, or another colour space's four letters."""
    transfer: Transfer | None = None
    """How samples stand for light; None if the profile has no curves, or they do not grow."""
    matrix: Matrix | None = None
    """From linear RGB to XYZ."""
    lights: tuple[tuple[float, float], ...] = ()
    """The light of black and of white in each channel, between which the transfer goes."""
    tabled: bool = False
    """It has tables, which take precedence."""
    peak: CodePoints | None = None
    """Its code points, if their white is brighter than paper: PQ and HLG."""


def read(data: bytes) -> Profile:
    """Read a profile, once for all frames that have it; raises ValueError if it is damaged."""
    found = _read(data)
    if isinstance(found, str):
        raise ValueError(found)
    return found


@lru_cache(1)
def _read(data: bytes) -> Profile | str:
    """Return the profile, or what is damaged in it."""
    try:
        return _parsed(data)
    except ValueError as error:
        return str(error)


def _parsed(data: bytes) -> Profile:
    if len(data) < HEADER + 4 or data[36:40] != b"acsp":
        raise ValueError("no header")
    space = data[16:20].decode("latin-1").strip()
    tags = _tags(data)
    tabled = any(name in tags for name in TABLES)
    if space == "GRAY":
        found = _curve(tags[b"kTRC"]) if b"kTRC" in tags else None
        if found is not None and data[20:24] == b"Lab ":
            found = _of_lightness(found)
        if found is None:
            return Profile(space, tabled=tabled)
        return Profile(space, Transfer((found.curve,)), lights=(found.lights,), tabled=tabled)
    if space != "RGB":
        return Profile(space, tabled=tabled)
    curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC") if name in tags]
    columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ") if name in tags]
    grown = [curve for curve in curves if curve is not None]
    found = Profile(
        space,
        transfer.of_curves(*(curve.curve for curve in grown)) if len(grown) == 3 else None,
        tuple(zip(*columns, strict=True)) if len(columns) == 3 else None,  # type: ignore[arg-type]
        tuple(curve.lights for curve in grown),
        tabled,
    )
    points = _code_points(tags.get(b"cicp", b""))
    if points is None:
        return found
    own = points if points.transfer in (PQ, HLG) else None
    return found._replace(transfer=transfer.of_curves(CURVES[points.transfer]), lights=((0.0, 1.0),), peak=own)


def _tags(data: bytes) -> dict[bytes, memoryview]:
    """Return the contents of the tags, as far as the file holds them; the first of each name."""
    view = memoryview(data)
    count = min(int.from_bytes(data[HEADER : HEADER + 4]), (len(data) - HEADER - 4) // ENTRY)
    tags: dict[bytes, memoryview] = {}
    for name, offset, size in struct.iter_unpack(">4sII", view[HEADER + 4 : HEADER + 4 + ENTRY * count]):
        tags.setdefault(name, view[offset : offset + size])
    return tags


def _curve(tag: memoryview) -> FoundCurve | None:
    """Return a curve (sections 10.6 and 10.18); None if it does not grow. Raises ValueError if it is damaged."""
    kind = bytes(tag[:4])
    if kind == b"curv":
        count = int.from_bytes(tag[8:12])
        if len(tag) < 12 or len(tag) < 12 + 2 * count:
            raise ValueError("a curve is cut off")
        if count == 0:
            return FoundCurve(transfer.LINEAR)
        values = np.frombuffer(tag, ">u2", count, 12)
        if count == 1:
            return FoundCurve(transfer.gamma(int(values[0]) / 256)) if values[0] else None
        return _sampled(values / 65535)
    if kind == b"para":
        number = PARAMETERS.get(int.from_bytes(tag[8:10]), 0)
        if not number or len(tag) < 12 + 4 * number:
            raise ValueError("a parametric curve is damaged")
        return _parametric(*(value / 65536 for value in struct.unpack_from(f">{number}i", tag, 12)))
    raise ValueError("a curve has an unknown type")


def _parametric(
    g: float,
    a: float = 1.0,
    b: float = 0.0,
    c: float | None = None,
    d: float | None = None,
    e: float = 0.0,
    f: float = 0.0,
) -> FoundCurve | None:
    if not (g > 0 and a > 0):
        return None
    if d is None:  # kinds 0 to 2: flat before the power begins
        offset = c or 0.0
        formula = Parametric(g, a, b, 0.0, -b / a, offset, offset)
    else:
        formula = Parametric(g, a, b, c or 0.0, d, e, f)
    if _is_srgb(formula):
        return FoundCurve(transfer.SRGB)
    curve = transfer.parametric(formula[:7])
    black, white = formula.formula(np.array([0.0, 1.0])).tolist()
    return None if curve is None else FoundCurve(curve, (black, white))


def _sampled(light: Array) -> FoundCurve | None:
    curve = transfer.sampled(light)
    return None if curve is None else FoundCurve(curve, (float(light[0]), float(light[-1])))


def _is_srgb(curve: Parametric) -> bool:
    """Whether a curve is that of sRGB in the fractions of 1/65536 that profiles have."""
    own = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0, 0)
    return all(abs(one - other) < 4 / 65536 for one, other in zip(curve[:7], own, strict=True))


def _of_lightness(found: FoundCurve) -> FoundCurve | None:
    """Return the curve of a profile whose own gives L* (section 8.3.2)."""
    black, white = found.lights
    lightness = 100 * (black + (white - black) * found.curve.decode(np.linspace(0, 1, transfer.CHECKED_POINTS)))
    return _sampled(np.where(lightness > LAB_EPSILON, ((lightness + 16) / 116) ** 3, lightness / LAB_KAPPA))


def _xyz(tag: memoryview) -> tuple[float, float, float]:
    if bytes(tag[:4]) != b"XYZ " or len(tag) < 20:
        raise ValueError("a primary is damaged")
    x, y, z = (value / 65536 for value in struct.unpack_from(">3i", tag, 8))
    return x, y, z


def _code_points(tag: bytes | memoryview) -> CodePoints | None:
    """Return the code points of the tag cicp (section 9.2.17), where they are understood."""
    if len(tag) < 12 or bytes(tag[:4]) != b"cicp":
        return None
    points = CodePoints(*tag[8:12])
    return points if points.known else None


def matrix_of(chromaticities: Chromaticities) -> Array:
    """Return the matrix from linear RGB to XYZ relative to D50, the white adapted by Bradford's matrix."""
    white, *primaries = (_tristimulus(*chromaticities[at : at + 2]) for at in (0, 2, 4, 6))
    columns = np.array(primaries).T
    scaled = columns * np.linalg.solve(columns, white)
    cone = np.array(BRADFORD)
    adapted = np.diag((cone @ np.array(D50)) / (cone @ white))
    return np.linalg.inv(cone) @ adapted @ cone @ scaled


def _tristimulus(x: float, y: float) -> Array:
    return np.array([x / y, 1.0, (1 - x - y) / y])


def name(data: bytes) -> str:
    """Return a profile's description, in English if it has several languages; nothing if it has none.

    >>> from imfilter.cli.images.colour_description import BT709
    >>> name(made(True, BT709, transfer.SRGB, None, "Gray"))
    'Gray'
    """
    tag = bytes(_tags(data).get(b"desc", b"")) if len(data) >= HEADER + 4 else b""
    if tag[:4] == b"desc":  # ICC.1:2001, section 6.5.17
        return _line(tag[12 : 12 + int.from_bytes(tag[8:12])].decode("latin-1"))
    if tag[:4] != b"mluc":  # section 10.15
        return ""
    count, size = min(int.from_bytes(tag[8:12]), MOST_LANGUAGES), int.from_bytes(tag[12:16])
    texts: dict[bytes, str] = {}
    for at in range(16, 16 + count * max(size, 12), max(size, 12)):
        length, offset = int.from_bytes(tag[at + 4 : at + 8]), int.from_bytes(tag[at + 8 : at + 12])
        texts.setdefault(tag[at : at + 2], _line(tag[offset : offset + length].decode("utf-16-be", "replace")))
    return texts.get(b"en") or next(filter(None, texts.values()), "")


def _line(text: str) -> str:
    return " ".join(text.split("\0")[0].split())


# ---- writing ----------------------------------------------------------------------------------------


def made(gray: bool, chromaticities: Chromaticities, curve: Curve, points: CodePoints | None, name: str) -> bytes:
    """Return a version 4 profile with a matrix, or for *gray* only a curve; it also contains *points*."""
    # A curve with a formula is stored as such, any other as the usual number of samples.
    shape = _curve_tag(curve)
    tags = {
        b"desc": _text(name),
        b"cprt": _text("CC0"),
        b"wtpt": _xyz_tag(D50),
    }
    if gray:
        tags[b"kTRC"] = shape
    else:
        matrix = matrix_of(chromaticities)
        for column, letter in enumerate(b"rgb"):
            tags[bytes((letter,)) + b"XYZ"] = _xyz_tag(tuple(matrix[:, column]))
            tags[bytes((letter,)) + b"TRC"] = shape
        if points is not None:
            tags[b"cicp"] = b"cicp" + bytes(4) + bytes(points)
    return _assembled(b"GRAY" if gray else b"RGB ", tags)


def _assembled(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    at = HEADER + 4 + ENTRY * len(tags)
    table, body, places = b"", b"", dict[bytes, int]()
    for name, content in tags.items():
        if content not in places:
            places[content] = at + len(body)
            body += content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, places[content], len(content))
    header = bytearray(HEADER)
    struct.pack_into(">I", header, 0, at + len(body))
    header[8:12] = bytes((4, 0x40, 0, 0))
    header[12:24] = b"mntr" + space + b"XYZ "
    struct.pack_into(">6H", header, 24, 2026, 1, 1, 0, 0, 0)
    header[36:40] = b"acsp"
    struct.pack_into(">3i", header, 68, *_fixed(D50))
    return bytes(header) + struct.pack(">I", len(tags)) + table + body


def _fixed(values: tuple[float, ...]) -> tuple[int, ...]:
    return tuple(round(float(value) * 65536) for value in values)


def _xyz_tag(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *_fixed(values))


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(encoded), 28) + encoded


def _curve_tag(curve: Curve) -> bytes:
    if curve == transfer.SRGB:
        curve = Parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    if isinstance(curve, Parametric) and (curve.black, curve.white) == (0.0, 1.0):
        kind = 0 if curve[1:7] == Parametric(1.0)[1:7] else 3
        number = PARAMETERS[kind]
        return b"para" + bytes(4) + struct.pack(f">HH{number}i", kind, 0, *_fixed(curve[:number]))
    light = curve.decode(np.linspace(0, 1, transfer.CHECKED_POINTS))
    samples = np.floor(np.clip(light, 0, 1) * 65535 + 0.5).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", len(samples)) + samples.tobytes()
