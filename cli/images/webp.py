"""WebP: read and written through Pillow, whose libwebp composites frames; animations are assembled here.

After RFC 9649, WebP Image Format, section 2.7. Pillow would merge equal frames, and keep all in memory.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

from PIL import Image, WebPImagePlugin

from ...filters.core.lazy_numpy import np
from . import pillow_decoder, pillow_private
from .codec import Codec, Content
from .metadata import of_image, orientation_of, turned
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Picture, Samples, Timing

ANIMATED, XMP, EXIF, ALPHA, ICC = 2, 4, 8, 16, 32
"""Flags of the VP8X chunk, section 2.7.1.2."""
TO_BACKGROUND, WHOLE = 1, 2
"""The flags of a frame that is disposed of afterwards, and of one that replaces the canvas below it."""
WITHOUT = "Pillow was built without WebP"
BESIDE = 19
"""Bytes per pixel in libwebp: two canvases, its result, and buffers for lossless pictures."""
MOST_PLAYS, LONGEST_DURATION = (1 << 16) - 1, (1 << 24) - 1


def chunks(data: bytes, at: int = 12) -> Iterator[tuple[bytes, bytes]]:
    """Yield the names and contents of the chunks."""
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a chunk, padded to an even length."""
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)


# ---- reading ----------------------------------------------------------------------------------------


def load(data: bytes, options: DecodeOptions) -> PartialDecode:
    """Decode a file of one frame into a Pillow image; leave animations to `finish`."""
    if not WebPImagePlugin.SUPPORTED:
        raise DecodeError(f"cannot be read: {WITHOUT}")
    if options.lenient:
        data = _mended(data)
    image = pillow_decoder.opened("WEBP", WebPImagePlugin.WebPImageFile, data)
    if image.n_frames > 1:
        return PartialDecode(data)
    pillow_decoder.check_size(image, options, beside=BESIDE)
    return PartialDecode(data, pillow_decoder.decoded(image, data))


def _mended(data: bytes) -> bytes:
    """Return a truncated animation as one that ends after its last complete frame."""
    whole = [(name, body) for name, body in chunks(data[: len(data) & ~1]) if name == b"ANMF" or name == b"VP8X"]
    if not whole or whole[0][0] != b"VP8X" or not whole[0][1][0] & ANIMATED:
        return data
    parts, at = list[bytes](), 12
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if end > len(data):
            break
        parts.append(data[at : end + (end - at) % 2])
        at = end + (end - at) % 2
    kept = b"".join(parts)
    return struct.pack("<4sI4s", b"RIFF", 4 + len(kept), b"WEBP") + kept


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture | Frames:
    """Return the picture, upright, or the frames of an animation."""
    return read(begun.data, options) if begun.image is None else pillow_decoder.finish(begun, options)


def read(data: bytes, options: DecodeOptions) -> Frames:
    """Return the frames of an animation, each as the visible canvas."""
    durations, plays, open = [], 0, False
    for name, body in chunks(data):
        if name == b"ANIM":
            (plays,) = struct.unpack_from("<H", body, 4)
        elif name == b"ANMF":
            # A frame may be transparent although the canvas under it is not.
            laid_over = durations and not body[15] & WHOLE
            open |= bool(body[15] & TO_BACKGROUND) or (not durations and body[:6] != bytes(6))
            open |= not laid_over and any(_has_alpha(*one) for one in chunks(body, 16))
            durations.append((int.from_bytes(body[12:15], "little"), 1000))
    image = pillow_private.opened(WebPImagePlugin.WebPImageFile, data)
    width, height = image.size
    options.check_size(width, height, Samples(4, decoding=23, held=18))
    notes: list[str] = []
    metadata = of_image(image, notes)
    orientation = orientation_of(image)

    def each() -> Iterator[Picture]:
        image = pillow_private.opened(WebPImagePlugin.WebPImageFile, data)
        for number in range(len(durations)):
            image.seek(number)
            samples = turned(np.array(image), orientation)
            alpha = samples[..., 3].copy() if samples.shape[2] == 4 and open else None
            yield Picture(samples[..., :3].copy(), alpha, metadata=metadata, notes=notes if number == 0 else [])

    return Frames(len(durations), each, Timing(durations, plays), pixels=len(durations) * width * height)


def _has_alpha(name: bytes, body: bytes) -> bool:
    """Whether a frame's chunk declares transparency; sections 2.7.1.2 and 3.4."""
    return name == b"ALPH" or (name == b"VP8L" and bool(body[4] & 0x10))


# ---- writing ----------------------------------------------------------------------------------------


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write a file of one frame: lossless by default, so that exact results stay exact."""
    if not WebPImagePlugin.SUPPORTED:
        raise ValueError(WITHOUT)
    metadata, quality = content.metadata, content.options.quality
    saved: dict[str, Any] = {"lossless": True, "exact": True} if quality is None else {"quality": quality}
    beside = {"exif": content.exif(), "xmp": metadata.xmp, "icc_profile": metadata.icc}
    saved |= {name: value for name, value in beside.items() if value}
    Image.fromarray(content.samples()).save(file, "WEBP", **saved)
    return []


class Writer:
    """Collects frames, each encoded as a WebP; `write` makes a file of them."""

    def __init__(self, timing: Timing | None) -> None:
        assert timing is not None
        self.timing = timing
        self.notes: list[str] = []
        self._beside: dict[bytes, bytes] = {}
        self._size = 0, 0
        self._alpha = False
        self._frames: list[bytes] = []

    def add(self, frame: Content) -> None:
        """Add a frame; the file gets the metadata chunks of the first."""
        webp, parts = io.BytesIO(), b""
        self.notes += encode(webp, frame)
        for name, body in chunks(webp.getvalue()):
            if name in (b"ALPH", b"VP8 ", b"VP8L"):
                parts += chunk(name, body)
            elif not self._frames:
                self._beside[name] = body
        self._size = frame.pixels.shape[1::-1]
        self._alpha |= frame.alpha is not None
        self._frames.append(parts)

    def write(self, file: io.BytesIO) -> None:
        """Write all frames, each the whole canvas."""
        timing = self.timing
        width, height = (struct.pack("<I", side - 1)[:3] for side in self._size)
        flags = ANIMATED | self._alpha * ALPHA
        for name, flag in ((b"ICCP", ICC), (b"EXIF", EXIF), (b"XMP ", XMP)):
            flags |= flag * (name in self._beside)
        body = chunk(b"VP8X", struct.pack("<I", flags) + width + height)
        if b"ICCP" in self._beside:
            body += chunk(b"ICCP", self._beside[b"ICCP"])
        parts = [body, chunk(b"ANIM", struct.pack("<IH", 0, min(timing.plays, MOST_PLAYS)))]
        for frame, duration in zip(self._frames, timing.durations, strict=True):
            time = struct.pack("<I", milliseconds(*duration))[:3]
            parts.append(chunk(b"ANMF", bytes(6) + width + height + time + bytes((WHOLE,)) + frame))
        parts += [chunk(name, self._beside[name]) for name in (b"EXIF", b"XMP ") if name in self._beside]
        file.write(struct.pack("<4sI4s", b"RIFF", 4 + sum(map(len, parts)), b"WEBP"))
        file.writelines(parts)


def milliseconds(numerator: int, denominator: int) -> int:
    """Return a duration in the unit of WebP."""
    return min((2000 * numerator + denominator) // (2 * denominator), LONGEST_DURATION)


CODEC = Codec(
    finish,
    encode,
    load,
    encoding=lambda samples: 28 + 1.5 * samples.channels,  # in libwebp, whose predictions are lossless
    frames=Writer,
    holds_aspect=True,
    texts="tags",
)
