"""The samples of PBM, PGM, PPM, PAM and PFM as pictures.

Samples of up to 8 bits fill the range to 255, deeper ones that to 65535: ``v`` of a maximum ``m`` becomes ``v·255/m``,
rounded half up. Those of a PFM are unchanged; its white is 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....filters.core.engine.streamed import StreamedImage
from ....filters.core.lazy_numpy import Array, np
from .. import plain_canvas, sample_depth
from ..codec import Codec, Encode, EncodeOptions
from ..file_bytes import FileBytes
from ..metadata import Metadata
from ..picture import Decode, DecodeError, DecodeOptions, PartialDecode, Picture, Samples, with_alpha
from . import header
from .header import Header

if TYPE_CHECKING:
    from ....filters.core.engine.output_buffer import CanvasFactory
    from ..plain_bands import PlainBands
    from ..spool import MakeSpool

COMMENT, LINE_END, BLANK = re.compile(rb"#[^\n\r]*+"), re.compile(rb"[\n\r]"), re.compile(rb"\s")

CHANNELS = {
    "BLACKANDWHITE": 1,
    "GRAYSCALE": 1,
    "RGB": 3,
    "BLACKANDWHITE_ALPHA": 2,
    "GRAYSCALE_ALPHA": 2,
    "RGB_ALPHA": 4,
    "CMYK": 4,
}
"""How many channels each tuple type of a PAM has."""
PIECE = 1 << 18
"""Bytes of a text that are parsed at a time: each word becomes an object of 40 bytes."""
LAST_NUMBER = re.compile(rb"[0-9]+\Z")
BANDS = "BANDS"
"""Our own tuple type for a PAM whose channels have no colours; any unknown type means the same."""


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Picture:
    """Read an image; raises `DecodeError`."""
    data, notes = begun.data, list(begun.notes)
    head = header.read(data)
    _check_meaning(head)
    options.check_size(head.width, head.height, _memory(head))
    read = _text if head.text else _packed if head.bits else _raw
    samples, needed = read(data, head)
    if len(samples) < needed:
        if not options.lenient or len(samples) < needed // head.height:
            raise DecodeError(f"is damaged or truncated ({len(samples)} of {needed} samples)")
        notes.append(f"is damaged: only {len(samples)} of {needed} samples were read; the others are black")
        samples = np.concatenate([samples, np.zeros(needed - len(samples), samples.dtype)])
    if head.text and not head.bits and _may_lack_digits(data, head.maximum):
        notes.append("its last number may be cut off: no line break follows")
    picture = _picture(_pixels(samples, head, options.lenient), head)
    picture.notes = notes + _doubts(head)
    return picture


def stream(data: FileBytes, options: DecodeOptions) -> Picture | None:
    """Return an image whose rows are read on demand, None of one that is text; raises `DecodeError`."""
    head = header.read(data[: header.LONGEST])
    if head.text:
        return None
    _check_meaning(head)
    options.check_size(head.width, head.height, _memory(head)._replace(decoding=0))
    row, there = head.row_bytes, len(data) - head.end
    if there < head.height * row:
        in_samples = 8 if head.bits else 1 / head.sample_bytes
        there, needed = int(there * in_samples), int(head.height * row * in_samples)
        raise DecodeError(f"is damaged or truncated ({there} of {needed} samples)")

    def rows(start: int, stop: int) -> Array:
        first = head.height - stop if head.real else start
        at, part = head.end + first * row, head._replace(height=stop - start, end=0)
        samples, _ = (_packed if head.bits else _raw)(data[at : at + (stop - start) * row], part)
        return _pixels(samples, part, lenient=False)

    dtype = "f4" if head.real else "u1" if sample_depth.full_range(head.maximum) == 255 else "u2"
    picture = _picture(StreamedImage((head.height, head.width, head.channels), dtype, rows), head)
    picture.notes = _doubts(head)
    return picture


def _doubts(head: Header) -> list[str]:
    """Return a note if the samples may be misread."""
    if not head.real or abs(head.scale) == 1:
        return []
    return [f"its scale {abs(head.scale):g} was not applied: the samples stay as they are"]


def _pixels(samples: Array, head: Header, lenient: bool) -> Array:
    """Return the stored samples of all rows as an image."""
    samples = samples.reshape(head.height, -1)[:, : head.width * head.channels]
    pixels = samples[::-1].astype(np.float32) if head.real else _scaled(samples, head, lenient)
    return pixels.reshape(head.height, head.width, head.channels)


def _memory(head: Header) -> Samples:
    """Return the memory of a pixel: none besides the file if samples are used as stored."""
    size = 4 if head.real else 1 if head.maximum < 256 else 2
    own = head.channels * size
    apart = head.tuple_type != "CMYK" and head.channels in (2, 4)
    changed = head.text or head.bits or head.sample_bytes > 1 or head.maximum < 255 or apart
    # A text is copied, and its numbers have 32 bits.
    decoding = own * (2 + 2 * head.bits) + 8 * head.channels * head.text if changed else 0
    bands = head.kind == "7" and head.tuple_type not in CHANNELS and head.channels not in (1, 3)
    return Samples(head.channels, size, decoding, bands=bands)


def encoding(samples: Samples) -> float:
    """Return the bytes per pixel for encoding: for another byte order, or to interleave the alpha."""
    return samples.bytes if samples.size > 1 or samples.channels in (2, 4) else 0


def big_endian(array: Array) -> Array:
    """Return samples as stored in a file."""
    return array.astype(array.dtype.newbyteorder(">"), copy=False)


def codec(encode: Encode, form: plain_canvas.Form, upward: bool = False) -> Codec:
    """Return the codec of a format whose rows have a *form* in its files, the last of them first if *upward*."""

    def streamed(options: EncodeOptions, metadata: Metadata, spool: MakeSpool) -> CanvasFactory:
        return plain_canvas.streamed(form, spool, upward)

    def bands(path: str, target: str, options: EncodeOptions) -> PlainBands:
        from ..plain_bands import PlainBands  # few are written by several programs

        return PlainBands(path, target, form)

    return Codec(
        finish,
        encode,
        encoding=encoding,
        stream=stream,
        streamed=streamed,
        streamed_bytes=plain_canvas.streamed_bytes,
        extent=header.extent,
        bands=None if upward else bands,
    )


def _picture(pixels: Array | StreamedImage, head: Header) -> Picture:
    if head.tuple_type == "CMYK":
        return Picture(pixels, colours="cmyk")
    if head.kind != "7" or head.tuple_type in CHANNELS or (head.channels in (1, 3) and not head.tuple_type):
        picture = with_alpha(pixels)
        picture.bits = 1 if head.bits else None
        return picture
    return Picture(pixels, colours="bands")


def _check_meaning(head: Header) -> None:
    """Raise `DecodeError` if the tuple type of a PAM does not match its channels."""
    if head.kind != "7":
        return
    channels = CHANNELS.get(head.tuple_type)
    if channels is not None and channels != head.channels:
        raise DecodeError(
            f"is damaged (TUPLTYPE {head.tuple_type} has {channels} channels, but DEPTH is {head.channels})"
        )


def _raw(data: bytes, head: Header) -> tuple[Array, int]:
    """Return the stored samples, without a copy if they are bytes: Pillow takes 30 ms at 12 MP."""
    dtype = np.dtype(("<f4" if head.scale < 0 else ">f4") if head.real else (">u2" if head.sample_bytes == 2 else "u1"))
    count = min(head.samples, (len(data) - head.end) // dtype.itemsize)
    return np.frombuffer(data, dtype, count, head.end), head.samples


def _packed(data: bytes, head: Header) -> tuple[Array, int]:
    """Return the bits, each row padded to whole bytes."""
    row = -(-head.width // 8)
    found = np.frombuffer(data, np.uint8, min(row * head.height, len(data) - head.end), head.end)
    return np.unpackbits(found), row * head.height * 8


def _text(data: bytes, head: Header) -> tuple[Array, int]:
    """Return the samples written as decimal numbers; bits need no blanks between them."""
    found, missing = list[Array](), head.samples
    for text in _without_comments(data, head.end):
        if head.bits:
            digits = np.frombuffer(text.translate(None, b" \t\n\v\f\r"), np.uint8)[:missing]
            found.append(digits - np.uint8(ord("0")))
        else:
            words = text.split(None, missing)[:missing]
            if not all(word.isdigit() and len(word) < 10 for word in words):
                raise DecodeError("is damaged: not every sample is a number")
            found.append(np.array(words, "S9").astype(np.uint32))
        missing -= len(found[-1])
        if not missing:
            break
    return np.concatenate(found or [np.zeros(0, np.uint32)]), head.samples


def _may_lack_digits(data: bytes, maximum: int) -> bool:
    """Whether a text ends in a number with fewer digits than others."""
    last_line = data[-PIECE:].splitlines()[-1:]
    found = LAST_NUMBER.search(last_line[0]) if last_line and b"#" not in last_line[0] else None
    return found is not None and data.endswith(found[0]) and len(found[0]) < len(str(maximum))


def _without_comments(data: bytes, at: int) -> Iterator[bytes]:
    """Yield parts of a text, cut between words, so that only the words of one part are in memory."""
    while at < len(data):
        cut = BLANK.search(data, at + PIECE)
        if cut is not None and COMMENT.search(data, at, cut.start()) is not None:
            cut = LINE_END.search(data, cut.start())  # the blank may stand in a comment
        end = len(data) if cut is None else cut.end()
        yield COMMENT.sub(b"", data[at:end])
        at = end


def _scaled(samples: Array, head: Header, lenient: bool) -> Array:
    """Return samples up to the maximum as uint8 or uint16."""
    full = sample_depth.full_range(head.maximum)
    if head.bits:
        if samples.max() > 1:
            raise DecodeError("is damaged: not every sample is 0 or 1")
        return (1 - samples) * np.uint8(255)
    if (head.maximum < full or head.text) and samples.max() > head.maximum:
        if not lenient:
            raise DecodeError(f"is damaged: a sample is {samples.max()}, but the maximum is {head.maximum}")
        samples = np.minimum(samples, head.maximum)
    return sample_depth.scaled(samples, head.maximum, full)
