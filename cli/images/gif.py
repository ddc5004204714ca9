"""GIF: blocks, compositing of frames, and files of one frame or many.

After Graphics Interchange Format, version 89a (CompuServe 1990), and browsers where it is silent: areas disposed to the
background, or by the first frame to the frame before it, become transparent, and a loop count excludes the first run.
A frame that extends beyond the canvas enlarges it.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import struct
from collections.abc import Iterator
from typing import Any

from PIL import GifImagePlugin, Image

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from ..console.messages import reason_of
from . import pillow_decoder, pillow_private
from .codec import Codec, Content
from .metadata import Metadata, own_comments
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Picture, Samples, Timing, check_lack

EXTENSION, IMAGE, END = 0x21, 0x2C, 0x3B
CONTROL, COMMENT, APPLICATION = 0xF9, 0xFE, 0xFF
TO_BACKGROUND, TO_PREVIOUS = 2, 3
LOOPS = b"NETSCAPE2.0"
LARGEST_NUMBER = (1 << 16) - 1
UNSUSPECTED_PIXELS, PIXELS_A_BYTE = 1 << 22, 2731
"""Pixels that any file may declare, and the most per byte: a code of 12 bits can represent 4096."""


class Frame(NamedTuple):
    """One image of the file."""

    box: tuple[int, int, int, int]
    """Left, top, right and bottom on the canvas."""
    palette: bytes
    interlaced: bool
    data: bytes
    """The smallest code's size, and the blocks of compressed indices."""
    duration: int
    """In hundredths of a second."""
    disposal: int
    transparent: int | None


class Blocks(NamedTuple):
    """The contents of a GIF."""

    size: tuple[int, int]
    frames: list[Frame]
    comments: list[bytes]
    loops: int | None


def blocks(data: bytes) -> Blocks:
    """Parse a GIF; raises IndexError or struct.error if it is cut off in a block's header."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at, everyones = _palette(data, 13, flags)
    frames: list[Frame] = []
    comments: list[bytes] = []
    loops = None
    control = (0, 0, None)
    while at < len(data) and data[at] != END:
        kind = data[at]
        if kind == EXTENSION:
            label, start = data[at + 1], at + 2
            at = _past(data, start)
            body = _joined(data, start, at)
            if label == CONTROL and len(body) >= 4:
                flags, duration, transparent = struct.unpack_from("<BHB", body)
                control = (duration, flags >> 2 & 7, transparent if flags & 1 else None)
            elif label == COMMENT:
                comments.append(body)
            elif label == APPLICATION and body.startswith(LOOPS) and body[11:12] == b"\1" and len(body) >= 14:
                loops = int.from_bytes(body[12:14], "little")
        elif kind == IMAGE:
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", data, at + 1)
            start, palette = _palette(data, at + 10, flags)
            at = _past(data, start + 1)
            box = left, top, left + wide, top + high
            frames.append(Frame(box, palette or everyones, bool(flags & 64), data[start:at], *control))
            control = (0, 0, None)
        else:
            at += 1  # bytes between blocks are skipped, as other programs do
    if at >= len(data):
        raise IndexError("it has no end")
    return Blocks((width, height), frames, comments, loops)


def _palette(data: bytes, at: int, flags: int) -> tuple[int, bytes]:
    """Return the end and the colours of the palette, if any, *at* a place."""
    size = 3 << (flags & 7) + 1 if flags & 128 else 0
    return at + size, data[at : at + size]


def _past(data: bytes, at: int) -> int:
    """Return where the blocks end that begin *at* a place."""
    while length := data[at]:
        at += 1 + length
    return at + 1


def _joined(data: bytes, at: int, end: int) -> bytes:
    parts = []
    while at < end - 1:
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b"".join(parts)


# ---- reading ----------------------------------------------------------------------------------------


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode a file with one frame that fills the canvas into a Pillow image; leave others to `finish`."""
    image = pillow_decoder.opened("GIF", GifImagePlugin.GifImageFile, data)
    _check_size(image.size, data, options)
    if image.n_frames > 1 or not _fills(data):
        return PartialDecode(data)
    if not options.lenient:
        for frame in blocks(data).frames:
            _check_length(frame)
    return PartialDecode(data, pillow_decoder.decoded(image, data))


def _check_size(size: tuple[int, int], data: bytes, options: DecodeOptions) -> None:
    """Raise `DecodeError` if a canvas is too large, or the file too short to fill it."""
    width, height = size
    # The canvas, its alpha, the previous canvas and the drawn frame stay in memory from one frame to the next.
    options.check_size(width, height, Samples(4, decoding=28, held=13))
    if UNSUSPECTED_PIXELS < width * height > PIXELS_A_BYTE * len(data):
        raise DecodeError(f"is damaged or truncated (it declares {width}×{height} pixels in {len(data)} bytes)")


def _fills(data: bytes) -> bool:
    """Whether the first frame is as large as the canvas; of a file that is cut off, too."""
    with contextlib.suppress(IndexError, struct.error):
        found = blocks(data)
        return not found.frames or found.frames[0].box == (0, 0, *found.size)
    return True


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Return the picture, or the frames of an animation."""
    if begun.image is None:
        return read(begun.data, options)
    picture = pillow_decoder.finish(begun, options, _colours_and_alpha)
    if picture.palette is None:
        with contextlib.suppress(IndexError, struct.error):  # of a file that is cut off
            picture.colour_count = len(blocks(begun.data).frames[0].palette) // 3
    return picture


def _colours_and_alpha(image: Image.Image) -> tuple[Any, Any]:
    gray = image.mode == "L" and "transparency" in image.info
    return pillow_decoder.colours_and_alpha(image, (int(image.info["transparency"]),) if gray else None)


def read(data: bytes, options: DecodeOptions) -> Frames:
    """Return the frames of an animation, each as the visible canvas."""
    try:
        try:
            found = blocks(data)
        except (IndexError, struct.error):
            if not options.lenient:
                raise
            found = blocks(_mended(data))
    except (IndexError, struct.error):
        raise DecodeError("is damaged or truncated (a block is cut off)") from None
    notes: list[str] = []
    size = _room(found)
    if size != found.size:
        notes.append(f"a frame extends beyond its canvas of {_sides(found.size)}, which was enlarged to {_sides(size)}")
        found = found._replace(size=size)
    _check_size(size, data, options)
    plays = 1 if found.loops is None else found.loops and found.loops + 1
    timing = Timing([(frame.duration, 100) for frame in found.frames], plays)
    metadata = Metadata(comments=own_comments(found.comments))
    count = len(found.frames)
    pixels = count * size[0] * size[1]
    return Frames(count, lambda: _canvases(found, metadata, notes, options.lenient), timing, pixels=pixels)


def _room(found: Blocks) -> tuple[int, int]:
    """Return the sides of a canvas that holds every frame."""
    boxes = [(0, 0, *found.size), *(frame.box for frame in found.frames)]
    return max(box[2] for box in boxes), max(box[3] for box in boxes)


def _sides(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"


def _mended(data: bytes) -> bytes:
    """Return a file that is cut off as one that ends after its last whole frame."""
    for end in (data.rfind(b"\0!"), data.rfind(b"\0,"), len(data)):
        whole = (data[: end + 1] if end > 0 else data) + bytes((END,))
        with contextlib.suppress(IndexError, struct.error):
            if blocks(whole).frames:
                return whole
    return data


def _canvases(found: Blocks, metadata: Metadata, notes: list[str], lenient: bool) -> Iterator[Picture]:
    width, height = found.size
    whole = (0, 0, width, height)
    frames = found.frames
    gray = all(frame.palette[0::3] == frame.palette[1::3] == frame.palette[2::3] for frame in frames)
    open = frames[0].box != whole or any(frame.transparent is not None for frame in frames)
    seen_any = False
    cleared = {TO_BACKGROUND} | ({TO_PREVIOUS} if frames[0].disposal == TO_PREVIOUS else set())
    open |= any(a.disposal in cleared and b.box != whole for a, b in itertools.pairwise(frames))
    canvas = np.zeros((height, width, 1 if gray else 3), np.uint8)
    alpha = np.zeros((height, width), np.uint8)
    for number, frame in enumerate(frames):
        left, top, right, bottom = frame.box
        area = slice(top, bottom), slice(left, right)
        before = (canvas[area].copy(), alpha[area].copy()) if frame.disposal == TO_PREVIOUS else None
        said = list(notes) if number == 0 else []
        indices = None
        if right > left and bottom > top:
            try:
                indices = _indices(frame)
                _check_length(frame)
            except Exception as error:
                check_lack(error)
                if not lenient or not seen_any:
                    raise
                said.append(f"frame {number} is damaged ({reason_of(error)}); the frames before it were used")
        if indices is not None:
            seen_any = True
            colours = np.zeros((256, 3), np.uint8)
            given = np.frombuffer(frame.palette, np.uint8).reshape(-1, 3)
            colours[: len(given)] = given
            if not len(given):
                colours[:] = np.arange(256)[:, None]
            seen = np.ones(indices.shape, bool) if frame.transparent is None else indices != frame.transparent
            canvas[area][seen] = colours[:, : canvas.shape[2]][indices[seen]]
            alpha[area][seen] = 255
        picture = Picture(canvas.copy(), alpha.copy() if open else None, metadata=metadata, notes=said)
        picture.colour_count = len(frame.palette) // 3
        yield picture
        if before is not None:
            canvas[area], alpha[area] = before
        elif frame.disposal == TO_BACKGROUND:
            canvas[area], alpha[area] = 0, 0


def _indices(frame: Frame) -> Array:
    """Decode one frame."""
    with _alone(frame) as decoded:
        return np.asarray(decoded)


def _check_length(frame: Frame) -> None:
    """Raise `DecodeError` if a frame has more rows than its size."""
    try:
        with _alone(frame, 1) as longer:
            longer.load()
    except OSError:
        return
    raise DecodeError("is damaged (a frame has more pixels than its size)")


def _alone(frame: Frame, more: int = 0) -> Any:
    """Return one frame, perhaps with *more* rows, as an undecoded file of its own."""
    width, height = frame.box[2] - frame.box[0], frame.box[3] - frame.box[1] + more
    screen = struct.pack("<HHBBB", width, height, 0x80 | 7, 0, 0)
    image = struct.pack("<BHHHHB", IMAGE, 0, 0, width, height, 64 * (frame.interlaced and not more))
    # Pillow takes an ordered palette for gray levels; here these are the indices, as wanted.
    levels = bytes(level for level in range(256) for _ in range(3))
    file = b"GIF89a" + screen + levels + image + frame.data + b";"
    return pillow_private.opened(GifImagePlugin.GifImageFile, file)


# ---- writing ----------------------------------------------------------------------------------------


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file of one frame."""
    writer = Writer(None)
    writer.add(content)
    writer.write(file)
    return writer.notes


class Writer:
    """Collects frames of uint8; `write` makes a file of them: an animation if there is a *timing*."""

    def __init__(self, timing: Timing | None) -> None:
        self.timing = timing
        self.size = 0, 0
        self.notes: list[str] = []
        self._comments: list[bytes] = []
        self._frames: list[tuple[bytes, bytes, int | None]] = []

    def add(self, frame: Content) -> None:
        """Add a frame with its own palette, exact if that can hold its colours."""
        pixels, alpha = frame.pixels, frame.alpha
        if not self._frames:
            self._comments = frame.comments()
        height, width, _ = pixels.shape
        if max(height, width) > LARGEST_NUMBER:
            raise ValueError(f"a side has at most {LARGEST_NUMBER} pixels")
        self.size = width, height
        hidden = None if alpha is None else alpha.reshape(height, width) < 128
        if hidden is not None and not hidden.any():
            hidden = None
        if alpha is not None and not np.isin(alpha, (0, 255)).all():
            self._note("GIF cannot hold partial transparency; pixels less than half opaque became transparent")
        image = Image.fromarray(np.ascontiguousarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]))
        if frame.metadata.palette:
            indices, palette = pixels[..., 0], frame.metadata.palette
        elif image.mode == "L" and hidden is None:
            indices, palette = pixels[..., 0], bytes(level for level in range(256) for _ in range(3))
        else:
            indices, palette = self._reduced(image.convert("RGB"), hidden)
        transparent = None
        if hidden is not None:
            transparent = len(palette) // 3
            indices = np.where(hidden, np.uint8(transparent), indices)
            palette += bytes(3)
        self._frames.append((palette, _compressed(indices), transparent))

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _reduced(self, image: Image.Image, hidden: Any) -> tuple[Any, bytes]:
        """Return the indices of an image, and the palette; one entry is reserved if pixels are *hidden*."""
        most = 256 if hidden is None else 255
        if hidden is not None:
            # Invisible pixels take no entry of the palette.
            pixels = np.array(image)
            pixels[hidden] = pixels[~hidden][0] if not hidden.all() else 0
            image = Image.fromarray(pixels)
        colours: Any = image.getcolors(most)
        if colours is not None:
            found = sorted(colour for _, colour in colours)
            keys = np.array([red << 16 | green << 8 | blue for red, green, blue in found])
            red, green, blue = np.moveaxis(np.asarray(image).astype(np.int32), 2, 0)
            indices = np.searchsorted(keys, red << 16 | green << 8 | blue).astype(np.uint8)
            return indices, bytes(value for colour in found for value in colour)
        self._note("GIF holds at most 256 colours; the picture was reduced to them")
        reduced = image.quantize(most)
        return np.asarray(reduced), bytes(reduced.getpalette() or ())[: 3 * most]

    def write(self, file: io.BytesIO) -> None:
        """Write all frames, each the whole canvas in its own palette."""
        timing = self.timing
        file.write(b"GIF89a" + struct.pack("<HHBBB", *self.size, 0, 0, 0))
        for comment in self._comments:
            file.write(bytes((EXTENSION, COMMENT)) + _in_blocks(comment))
        if timing is not None and timing.plays != 1:
            loops = timing.plays and min(timing.plays - 1, LARGEST_NUMBER)
            file.write(bytes((EXTENSION, APPLICATION, 11)) + LOOPS + struct.pack("<BBHB", 3, 1, loops, 0))
        for number, (palette, packed, transparent) in enumerate(self._frames):
            # A transparent frame clears the canvas for the next one, which it would otherwise show through.
            disposal = 0 if timing is None else 1 if transparent is None else TO_BACKGROUND
            if timing is not None or transparent is not None:
                duration = 0 if timing is None else hundredths(*timing.durations[number])
                flags = disposal << 2 | (transparent is not None)
                file.write(struct.pack("<BBBBHBB", EXTENSION, CONTROL, 4, flags, duration, transparent or 0, 0))
            bits = max(1, (len(palette) // 3 - 1).bit_length())
            file.write(struct.pack("<BHHHHB", IMAGE, 0, 0, *self.size, 0x80 | (bits - 1)))
            file.write(palette.ljust(3 << bits, b"\0"))
            file.write(packed)
        file.write(bytes((END,)))


def hundredths(numerator: int, denominator: int) -> int:
    """Return a duration in the unit of GIF."""
    return min((200 * numerator + denominator) // (2 * denominator), LARGEST_NUMBER)


def _compressed(indices: Any) -> bytes:
    """Return indices compressed for GIF, by Pillow."""
    image = Image.fromarray(np.ascontiguousarray(indices))
    file = io.BytesIO()
    image.save(file, "GIF", optimize=False, interlace=0)
    return blocks(file.getvalue()).frames[0].data


def _in_blocks(data: bytes) -> bytes:
    parts = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"


CODEC = Codec(
    finish,
    encode,
    load,
    encoding=lambda samples: 20 if samples.channels > 1 else 3,  # while colours are reduced to 256
    frames=Writer,
)
