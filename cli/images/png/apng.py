"""APNG: compositing of frames, and files of many frames.

After Portable Network Graphics (PNG) Specification, third edition, W3C 2025, sections 4.6, 11.3.6 and 13.2. Each frame
is decoded and encoded as a separate picture, in its own depth.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from ..codec import Content, Encode
from ..metadata import turned
from ..picture import Decode, DecodeError, DecodeOptions, Frames, Picture, Samples, Timing
from . import chunks
from .chunks import SIGNATURE, chunk

KEEP, TO_BACKGROUND, TO_PREVIOUS = range(3)
OVER = 1
NEEDFUL = (b"PLTE", b"tRNS")
"""Chunks without which no frame can be decoded."""
CONTROL = ">IIIIIHHBB"
LARGEST_NUMBER = (1 << 16) - 1


class Frame(NamedTuple):
    """One frame's place, time and compressed data."""

    width: int
    height: int
    left: int
    top: int
    duration: tuple[int, int]
    disposal: int
    blend: int
    data: list[memoryview]

    @property
    def area(self) -> tuple[slice, slice]:
        """Its place on the canvas."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def is_inside(self, width: int, height: int) -> bool:
        """Whether it lies on a canvas of this size."""
        return self.left + self.width <= width and self.top + self.height <= height


# ---- reading ----------------------------------------------------------------------------------------


def read(data: bytes, options: DecodeOptions, decode: Decode) -> Frames:
    """Return the frames of an animation, each as the visible canvas."""
    header, count, plays = chunks.Header(0, 0, 8, 0), 0, 0
    needful: list[bytes] = []
    beside: list[bytes] = []
    frames: list[Frame] = []
    still = False
    for name, body, _ in chunks.read(data):
        if name == b"IHDR":
            header = chunks.header(body, 0)
        elif name == b"acTL":
            count, plays = struct.unpack_from(">II", body)
        elif name == b"fcTL":
            _, width, height, left, top, numerator, denominator, disposal, blend = struct.unpack(CONTROL, body)
            frames.append(Frame(width, height, left, top, (numerator, denominator or 100), disposal, blend, []))
        elif name == b"IDAT" and frames:
            frames[0].data.append(body)
        elif name == b"fdAT" and frames:
            frames[-1].data.append(body[4:])
        elif name in NEEDFUL:
            needful.append(chunk(name, body))
        elif name == b"IDAT":
            still = True
        elif name != b"IEND":
            beside.append(chunk(name, body))
    frames = [frame for frame in frames if frame.data]
    notes: list[str] = []
    if len(frames) != count:
        notes.append(f"is damaged or truncated (it declares {count} frames but has {len(frames)})")
    if not frames or (notes and not options.lenient):
        raise DecodeError(*notes)
    if still:
        notes.append("its still picture, which is not part of the animation, was left out")
    width, height = header.width, header.height
    # The canvas, its alpha, the previous canvas and the drawn frame stay in memory from one frame to the next.
    channels, size = 2 if header.colour_type in (0, 4) else 4, max(header.depth // 8, 1)
    options.check_size(width, height, Samples(channels, size, 5.5 * channels * size, 4.25 * channels * size))
    for number, frame in enumerate(frames):
        if not options.lenient and not frame.is_inside(width, height):
            raise DecodeError(f"is damaged: its frame {number} extends beyond its canvas of {width}×{height}")
    probe = probe_of(header, b"".join([*needful, *beside]), decode)
    timing = Timing([frame.duration for frame in frames], plays)

    def each() -> Iterator[Picture]:
        canvases = _canvases((height, width), header, b"".join(needful), frames, probe, decode, options.lenient)
        for number, picture in enumerate(canvases):
            if number == 0:
                picture.notes[:0] = notes
            yield picture

    return Frames(len(frames), each, timing, pixels=len(frames) * width * height)


def probe_of(header: chunks.Header, beside: bytes, decode: Decode) -> Picture:
    """Return a picture of one pixel with the metadata of the file."""
    one = header._replace(width=1, height=1, interlace=0)
    pixels = bytes(1 + (header.pixel_bits + 7) // 8)
    return _still(decode(_file(one, beside, [zlib.compress(pixels)])))


def _still(found: Picture | Frames) -> Picture:
    assert isinstance(found, Picture)
    return found


def _file(header: chunks.Header, beside: bytes, data: Iterable[bytes | memoryview]) -> bytes:
    parts = [chunk(b"IDAT", part) for part in data]
    return b"".join((SIGNATURE, chunk(b"IHDR", header.encoded()), beside, *parts, chunk(b"IEND")))


def _canvases(
    shape: tuple[int, int],
    header: chunks.Header,
    needful: bytes,
    frames: list[Frame],
    probe: Picture,
    decode: Decode,
    lenient: bool,
) -> Iterator[Picture]:
    """Yield the visible canvas at each frame; if *lenient*, with as much of a damaged frame as can be drawn."""
    canvas: Any = None
    alpha: Any = None
    open = any(frame.disposal == TO_BACKGROUND for frame in frames) or (frames[0].height, frames[0].width) != shape
    for number, frame in enumerate(frames):
        own = header._replace(width=frame.width, height=frame.height)
        notes: list[str] = []
        try:
            drawn = _still(decode(_file(own, needful, frame.data)))
            notes += drawn.notes
        except DecodeError as error:
            if not lenient or canvas is None:
                raise
            notes.append(f"{error}; the frame before it was shown in its place")
            yield _upright(canvas, alpha if open else None, probe, notes)
            continue
        if not frame.is_inside(shape[1], shape[0]):
            notes.append("is damaged: it extends beyond its canvas; the part inside was drawn")
            drawn = _cut(drawn, max(0, shape[0] - frame.top), max(0, shape[1] - frame.left))
        if canvas is None:
            open |= drawn.alpha is not None
            canvas = np.zeros((*shape, drawn.pixels.shape[2]), drawn.pixels.dtype)
            alpha = np.zeros(shape, canvas.dtype)
        area = frame.area
        before = (canvas[area].copy(), alpha[area].copy()) if frame.disposal == TO_PREVIOUS else None
        if frame.blend == OVER and drawn.alpha is not None:
            canvas[area], alpha[area] = _over(drawn.pixels, drawn.alpha, canvas[area], alpha[area])
        else:
            canvas[area] = drawn.pixels
            alpha[area] = np.iinfo(canvas.dtype).max if drawn.alpha is None else drawn.alpha
        yield _upright(canvas, alpha if open else None, probe, notes)
        if frame.disposal == TO_BACKGROUND or (before is not None and number == 0):
            canvas[area], alpha[area] = 0, 0
        elif before is not None:
            canvas[area], alpha[area] = before


def _upright(canvas: Array, alpha: Array | None, probe: Picture, notes: list[str]) -> Picture:
    pixels, opaque = (
        None if samples is None else turned(samples, probe.orientation).copy() for samples in (canvas, alpha)
    )
    return Picture(pixels, opaque, metadata=probe.metadata, notes=notes)


def _cut(picture: Picture, height: int, width: int) -> Picture:
    alpha = None if picture.alpha is None else picture.alpha[:height, :width]
    return Picture(picture.pixels[:height, :width], alpha)


def _over(pixels: Array, alpha: Array, below: Array, below_alpha: Array) -> tuple[Array, Array]:
    """Composite pixels over others, after section 13.16; exact where either is opaque or fully transparent."""
    full = float(np.iinfo(pixels.dtype).max)
    part = (alpha / full)[..., None]
    rest = (below_alpha / full)[..., None] * (1 - part)
    together = part + rest
    mixed = (pixels * part + below * rest) / np.where(together == 0, 1, together)
    return np.floor(mixed + 0.5).astype(pixels.dtype), np.floor(together[..., 0] * full + 0.5).astype(pixels.dtype)


# ---- writing ----------------------------------------------------------------------------------------


class Writer:
    """Collects frames, each encoded as a PNG by *encode*; `write` makes a file of them."""

    def __init__(self, encode: Encode, timing: Timing | None) -> None:
        assert timing is not None
        self.encode, self.timing = encode, timing
        self.notes: list[str] = []
        self._head: list[tuple[bytes, bytes]] = []
        self._frames: list[list[memoryview]] = []

    def add(self, frame: Content) -> None:
        """Add a frame."""
        png = io.BytesIO()
        self.notes += self.encode(png, frame)
        self.add_png(png.getvalue())

    def add_png(self, png: bytes) -> None:
        """Add a frame; the file gets the metadata chunks of the first."""
        self._frames.append([])
        for name, body, _ in chunks.read(png):
            if name == b"IDAT":
                self._frames[-1].append(body)
            elif len(self._frames) == 1 and name != b"IEND":
                self._head.append((name, bytes(body)))

    def write(self, file: io.BytesIO) -> None:
        """Write all frames, each the whole canvas."""
        timing = self.timing
        (_, header), *beside = self._head
        file.write(SIGNATURE + chunk(b"IHDR", header))
        file.write(chunk(b"acTL", struct.pack(">II", len(self._frames), timing.plays)))
        file.writelines(chunk(*one) for one in beside)
        sequence = 0
        for number, parts in enumerate(self._frames):
            duration = fraction(*timing.durations[number])
            control = struct.pack(CONTROL, sequence, *struct.unpack_from(">II", header), 0, 0, *duration, KEEP, 0)
            file.write(chunk(b"fcTL", control))
            sequence += 1
            for part in parts:
                if number == 0:
                    file.write(chunk(b"IDAT", part))
                else:
                    file.write(chunk(b"fdAT", struct.pack(">I", sequence), part))
                    sequence += 1
        file.write(chunk(b"IEND"))


def fraction(numerator: int, denominator: int) -> tuple[int, int]:
    """Return a duration in the form of APNG: two 16-bit numbers."""
    if max(numerator, denominator) > LARGEST_NUMBER:
        return min(1000 * numerator // denominator, LARGEST_NUMBER), 1000
    return numerator, denominator
