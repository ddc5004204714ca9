"""JPEG XL: read by imagecodecs, of up to 16 bits or float; its header is read here, before memory is taken.

After ISO/IEC 18181-1, annexes A to E. pillow-jxl-plugin keeps only 8 of 16 bits, and is GPL.
"""

from __future__ import annotations

from ...filters.core.lazy_numpy import np
from ...filters.core.named_tuple import NamedTuple
from . import extras, isobmff
from .codec import Codec, not_written
from .colour_description import NOTHING, CodePoints, ColourDescription, chrm
from .metadata import Metadata, of_block, whole_xmp
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples, premultiplied, with_alpha

CODESTREAM = b"\xff\x0a"
SIDES = ((9, 1), (13, 1), (18, 1), (30, 1))
RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
ALPHA, SPOT, CFA = 0, 2, 5
"""Kinds of extra channels."""
MOST_EXTRA = 256
COLOUR, GRAY = 0, 1
"""Kinds of colours; other formats cannot hold other kinds."""
CUSTOM = 2
PRIMARIES = {(1, 1): 1, (1, 9): 9, (1, 11): 12, (11, 11): 11}
"""The colour primaries of ITU-T H.273 for the numbers of white and primaries; table E.2."""
GAMMA_STEPS = 100
"""JPEG XL's exponents are in ten-millionths, those of gAMA in hundred-thousandths."""
COMPRESSED = {b"Exif": "EXIF", b"xml ": "XMP"}


class Bits:
    """Reads numbers from bytes, the lowest bit first."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = int.from_bytes(data, "little"), 0
        self.length = 8 * len(data)

    def number(self, bits: int) -> int:
        """Return a number with this many bits."""
        if self.at + bits > self.length:
            raise DecodeError("is damaged or truncated (its header is cut off)")
        found = self.data >> self.at & (1 << bits) - 1
        self.at += bits
        return found

    def choice(self, *choices: tuple[int, int]) -> int:
        """Return a number of one of four kinds, each with its number of bits and its start."""
        bits, first = choices[self.number(2)]
        return first + self.number(bits)

    def enumerated(self) -> int:
        """Return a number that names something."""
        return self.choice((0, 0), (0, 1), (4, 2), (6, 18))


class Header(NamedTuple):
    """The header of the codestream."""

    width: int
    height: int
    animated: bool = False
    bits: int = 8
    floating: bool = False
    extra: tuple[tuple[int, bool], ...] = ()
    """The kind of each extra channel, and whether the colours are multiplied by it."""
    colour: ColourDescription | None = NOTHING
    """What it says of its colours; None if a profile does, or they are of no kind that has a number."""


def _size(bits: Bits) -> tuple[int, int]:
    small = bits.number(1)
    height = 8 * (1 + bits.number(5)) if small else bits.choice(*SIDES)
    ratio = bits.number(3)
    if ratio:
        across, down = RATIOS[ratio]
        return height * across // down, height
    return 8 * (1 + bits.number(5)) if small else bits.choice(*SIDES), height


def header(stream: bytes) -> Header:
    """Read a codestream's header; sections D.1 and D.3."""
    bits = Bits(stream[2:4096])
    width, height = _size(bits)
    if bits.number(1):  # all defaults
        return Header(width, height)
    animated = False
    if bits.number(1):
        bits.number(3)  # the orientation, which the decoder applies
        if bits.number(1):
            _size(bits)
        if bits.number(1):
            raise DecodeError(
                "is a JPEG XL image with a preview, which is not supported; djxl FILE out.png converts it"
            )
        animated = bool(bits.number(1))
        if animated:
            return Header(width, height, True)
    depth, floating = _depth(bits)
    bits.number(1)
    extra = []
    for _ in range(min(bits.choice((0, 0), (0, 1), (4, 2), (12, 1)), MOST_EXTRA)):
        if bits.number(1):
            extra.append((ALPHA, False))
            continue
        kind = bits.enumerated()
        _depth(bits)
        bits.choice((0, 0), (0, 3), (0, 4), (3, 1))
        for _ in range(bits.choice((0, 0), (4, 0), (5, 16), (10, 48))):
            bits.number(8)
        multiplied = bool(bits.number(1)) if kind == ALPHA else False
        if kind == SPOT:
            bits.number(64)
        elif kind == CFA:
            bits.choice((0, 1), (2, 0), (4, 3), (8, 19))
        extra.append((kind, multiplied))
    return Header(width, height, animated, depth, floating, tuple(extra), _colour(bits))


def _depth(bits: Bits) -> tuple[int, bool]:
    if not bits.number(1):
        return bits.choice((0, 8), (0, 10), (0, 12), (6, 1)), False
    depth = bits.choice((0, 32), (0, 16), (0, 24), (6, 1))
    bits.number(4)
    return depth, True


def _colour(bits: Bits) -> ColourDescription | None:
    """Return the description of the colours, to which pictures stored as XYB are decoded."""
    bits.number(1)
    if bits.number(1):
        return NOTHING
    if bits.number(1):  # an ICC profile
        return None
    space = bits.enumerated()
    white = bits.enumerated()
    if space not in (COLOUR, GRAY) or white == CUSTOM:
        return None
    primaries = PRIMARIES.get((white, 1 if space == GRAY else bits.enumerated()))
    if primaries is None:
        return None
    if bits.number(1):
        exponent = bits.number(24)
        given = ColourDescription(gamma=round(exponent / GAMMA_STEPS), white_and_primaries=chrm(primaries))
    else:
        given = ColourDescription(CodePoints(primaries, bits.enumerated()))
        if given.known_points is None:
            return None
    return NOTHING if given.is_srgb else given


def codestream(data: bytes) -> bytes:
    """Return the codestream, or its beginning, which may lie in boxes."""
    if data.startswith(CODESTREAM):
        return data
    parts = []
    for box in isobmff.boxes(data):
        if box.name == b"jxlc":
            return data[box.start : box.end]
        if box.name == b"jxlp":
            parts.append(data[box.start + 4 : box.end])
    found = b"".join(parts)
    if not found.startswith(CODESTREAM):
        raise DecodeError("is damaged or truncated (it has no codestream)")
    return found


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Return the picture."""
    found, notes = header(codestream(begun.data)), []
    channels, size = 3 + len(found.extra), 1 if found.bits <= 8 else 2 if found.bits <= 16 else 4
    decoding = (12 + 2 * size) * channels  # it decodes in float
    options.check_size(found.width, found.height, Samples(channels, size, decoding))
    if found.animated:
        raise DecodeError("is an animated JPEG XL image, which is not supported; djxl FILE out.apng converts it")
    if found.bits > 16 and not found.floating:
        raise DecodeError(
            f"has {found.bits}-bit samples, but the decoder of JPEG XL keeps only 16 bits; djxl FILE "
            "out.pfm converts it"
        )
    imagecodecs = extras.required("imagecodecs", "a JPEG XL image")
    try:
        samples = imagecodecs.jpegxl_decode(begun.data)
    except RuntimeError as error:
        raise DecodeError(f"is damaged or truncated ({error})") from None
    samples = samples[..., None] if samples.ndim == 2 else samples
    if samples.dtype == np.uint16:
        samples = extras.scaled(samples, found.bits)
    alphas = [number for number, (kind, _) in enumerate(found.extra) if kind == ALPHA]
    if len(found.extra) > len(alphas[:1]):
        notes.append(f"{len(found.extra) - len(alphas[:1])} of its extra channels were left out")
    colours = 1 if samples.shape[2] < 3 else 3
    picture = with_alpha(samples[..., : colours + bool(alphas)].astype(samples.dtype.newbyteorder("=")))
    if samples.dtype == np.float16:
        picture = Picture(picture.pixels.astype(np.float32), picture.alpha)
    if picture.alpha is not None and alphas and found.extra[alphas[0]][1]:
        picture.pixels = premultiplied(picture.pixels, picture.alpha)
    if found.colour is None:
        notes.append("its colours are not sRGB; the values were kept, its profile was not")
    picture.metadata, picture.notes = _metadata(begun.data, notes)._replace(colour=found.colour or NOTHING), notes
    return picture


def _metadata(data: bytes, notes: list[str]) -> Metadata:
    found, seen = Metadata(), set[bytes]()
    for box in isobmff.boxes(data) if not data.startswith(CODESTREAM) else ():
        if (kind := data[box.start : box.start + 4] if box.name == b"brob" else box.name) in seen:
            continue  # only the first of each kind counts
        seen.add(kind)
        if box.name == b"Exif":
            found = found._replace(tags=of_block(data[box.start + 4 : box.end], notes).tags)
        elif box.name == b"xml ":
            found = found._replace(xmp=whole_xmp(data[box.start : box.end], notes))
        elif box.name == b"brob" and (name := COMPRESSED.get(data[box.start : box.start + 4])):
            notes.append(f"its Brotli-compressed {name} was not kept")
    return found


CODEC = Codec(finish, not_written)
