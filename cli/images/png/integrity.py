"""The checks that Pillow omits in reading PNG: checksums, the order and sizes of chunks, and the end of the data.

After Portable Network Graphics (PNG) Specification, third edition, W3C 2025.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ....filters.core.engine.threads import beside
from ..picture import DecodeError
from . import chunks, deflate
from .chunks import Chunk, Header

MOST_CHUNKS, CHUNK = 1 << 16, 256
"""The chunks that any file may have, and the bytes of a larger one for each further chunk."""
MOST_TEXT = 1 << 26
"""Most unpacked bytes of a file's compressed texts and profile together."""
CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""The allowed bits of a sample for each colour type; section 11.2.1."""
PALETTE = 3
KEY_BYTES = {0: 2, 2: 6}
"""The length of tRNS for each colour type that has one transparent colour; section 11.3.1.1."""
DEFLATED = 1032
"""Most bytes that one byte of deflated data can represent."""
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Where the passes of an interlaced image begin, and their steps."""
PIECE = 1 << 20
ADLER = 4
"""Bytes of the checksum after deflated data, RFC 1950."""
MISMATCH = "do not match their checksum"


# ---- chunks -----------------------------------------------------------------------------------------


def before(data: bytes, length: int = 0) -> None:
    """Raise `DecodeError` if the file is cut off, a checksum is wrong, or its chunks make no picture.

    *length* is the file's, if *data* are only its chunks other than pixels.
    """
    header = _header(data, length or len(data))
    palette = b""
    seen: set[bytes] = set()
    last = b""
    for found in _whole(data):
        name, body = found.name, found.body
        if not name.isalpha():
            raise DecodeError(f"is damaged (it has a chunk called {_shown(name)})")
        if name[:1].isupper() and name not in CRITICAL:
            raise DecodeError(_unknown(name))
        if name in (b"IHDR", b"PLTE", b"tRNS") and name in seen:
            raise DecodeError(f"is damaged (it has two chunks {_shown(name)})")
        if name == b"IDAT":
            if b"IDAT" in seen and last != b"IDAT":
                raise DecodeError(f"is damaged (its chunk {_shown(last)} is between its IDATs)")
            if header.colour_type == PALETTE and not palette:
                raise DecodeError("is damaged (it has no palette before its pixels)")
        elif name == b"PLTE":
            palette = bytes(body)
            if len(palette) % 3 or not 3 <= len(palette) <= 768:
                raise DecodeError(f"is damaged (its palette has {len(palette)} bytes)")
        elif name == b"tRNS":
            _check_key(header, palette, len(body), b"IDAT" in seen)
        seen.add(name)
        last = name
    if b"IDAT" not in seen:
        raise DecodeError("is damaged (it has no pixels: no IDAT chunk)")
    _check_texts(data)


def is_animated(data: bytes) -> bool:
    """Whether the file declares frames, even one; section 11.3.6.1. Raises `DecodeError` for too many chunks."""
    for name, body, _ in _counted(data):
        if name == b"acTL":
            return len(body) == 8 and 0 < int.from_bytes(body[:4]) <= 1 << 31
        if name == b"IDAT":
            return False
    return False


def _header(data: bytes, length: int) -> Header:
    first = next(chunks.read(data), None)
    if first is None or first.name != b"IHDR" or len(first.body) != chunks.HEADER.size:
        raise DecodeError("is damaged: it begins like a PNG file, but not with an IHDR chunk")
    if not first.sound:
        raise DecodeError("is damaged (the checksum of its chunk IHDR is wrong)")
    header = chunks.header(data)
    check_header(header, length)
    return header


def check_header(header: Header, length: int) -> None:
    """Raise `DecodeError` if a file of *length* bytes cannot be a PNG of this header."""
    if header.depth not in DEPTHS.get(header.colour_type, ()):
        what = f"colour type {header.colour_type} with {header.depth} bits"
        raise DecodeError(f"is damaged (PNG has no {what})")
    for what, value, most in (
        ("compression", header.compression, 0),
        ("filter method", header.filter, 0),
        ("interlacing", header.interlace, 1),
    ):
        if value > most:
            raise DecodeError(f"is damaged (PNG has no {what} {value})")
    width, height = header.width, header.height
    if not (width and height):
        raise DecodeError(f"is damaged ({width}×{height} pixels is not a valid size)")
    if width * height * header.pixel_bits // 8 > DEFLATED * length:
        raise DecodeError(f"is damaged or truncated (it declares {width}×{height} pixels in {length} bytes)")


def _whole(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks, up to IEND; raises `DecodeError` if one is cut off, or its checksum is wrong."""
    for chunk in _counted(data):
        if not chunk.whole:
            raise DecodeError(f"is damaged or truncated (its chunk {_shown(chunk.name)} is cut off)")
        if not chunk.sound:
            raise DecodeError(f"is damaged (the checksum of its chunk {_shown(chunk.name)} is wrong)")
        yield chunk
        if chunk.name == b"IEND":
            return
    raise DecodeError("is damaged or truncated (it has no IEND chunk)")


def _counted(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks; raises `DecodeError` if they are too many."""
    for number, chunk in enumerate(chunks.read(data)):
        check_count(number, len(data))
        yield chunk


def check_count(number: int, length: int) -> None:
    """Raise `DecodeError` if *number* chunks are too many for a file of *length* bytes."""
    most = MOST_CHUNKS + length // CHUNK
    if number == most:
        raise DecodeError(f"is damaged (it has more than {most} chunks)")


def _unknown(name: bytes) -> str:
    if name == b"CgBI":
        return "is a PNG for iPhones (CgBI), which is not supported; convert it with pngdefry, or pngcrush from Xcode"
    return f"has the critical chunk {_shown(name)}, which is not supported; save it again in the program that wrote it"


def _check_key(header: Header, palette: bytes, length: int, late: bool) -> None:
    """Raise `DecodeError` if tRNS of this length, *late* if it is after pixels, does not fit the picture."""
    if header.colour_type == PALETTE:
        if not palette:
            raise DecodeError("is damaged (its chunk tRNS is before its palette)")
        if length > len(palette) // 3:
            raise DecodeError(f"is damaged (its palette has {len(palette) // 3} colours, and tRNS {length})")
    elif length != KEY_BYTES.get(header.colour_type, length):
        raise DecodeError(f"is damaged (its chunk tRNS has {length} bytes)")
    if late and header.colour_type in (*KEY_BYTES, PALETTE):
        raise DecodeError("is damaged (its chunk tRNS is after its pixels)")


# ---- texts ------------------------------------------------------------------------------------------


def _check_texts(data: bytes) -> None:
    packed = [body for body in map(_packed_text, chunks.read(data)) if body is not None]
    if DEFLATED * sum(map(len, packed)) <= MOST_TEXT:
        return
    room = MOST_TEXT
    for body in packed:
        room -= _unpacked_length(body, room)
        if room < 0:
            most = MOST_TEXT >> 20
            raise DecodeError(f"has texts or an ICC profile of more than {most} MB; --lenient leaves them out")


def _packed_text(chunk: Chunk) -> memoryview | None:
    """Return the compressed part of a chunk of text or of a profile; None if it has none."""
    name, body = chunk.name, chunk.body
    if name in (b"iCCP", b"zTXt"):
        return body[bytes(body[:81]).find(b"\0") + 2 :]
    if name != b"iTXt":
        return None
    keyword = bytes(body[:81]).find(b"\0")
    if keyword < 0 or bytes(body[keyword + 1 : keyword + 2]) in (b"", b"\0"):
        return None
    parts = bytes(body[keyword + 3 :]).split(b"\0", 2)
    return memoryview(parts[2]) if len(parts) == 3 else None


def _unpacked_length(packed: memoryview, most: int) -> int:
    """Return the unpacked length of deflated data, or a little more than *most*."""
    unpacker, found = deflate.decompressobj(), 0
    left: bytes | memoryview = packed
    try:
        while left and found <= most:
            found += len(unpacker.decompress(left, PIECE))
            left = unpacker.unconsumed_tail
    except deflate.ERRORS:
        pass  # damaged texts are left out when they are read
    return found


# ---- pixels -----------------------------------------------------------------------------------------


class PixelCheck:
    """Checks the compressed pixels, in a thread in parallel with their decoder.

    Pillow stops at the last row, and leaves missing rows black. The check takes a third of the decoder's time, which a
    second core has to spare.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._failure: BaseException | None = None
        self._wait: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin."""
        if len(self._data) < PIECE:
            self._run()
            return
        self._wait = beside(self._run, daemon=True)

    def finish(self) -> None:
        """Raise `DecodeError` if the data are not whole."""
        if self._wait is not None:
            self._wait()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            _check_pixels(self._data)
        except BaseException as failure:
            self._failure = failure


def _check_pixels(data: bytes) -> None:
    for _ in inflated(data, chunks.header(data)):
        pass


def inflated(data: bytes, header: Header) -> Iterator[bytes]:
    """Yield the rows of the pixels, filtered, in pieces; raises `DecodeError` at their end if they are incomplete."""
    return unpacked(_compressed(data), header)


def _compressed(data: bytes) -> Iterator[memoryview]:
    for body in (chunk.body for chunk in chunks.read(data) if chunk.name == b"IDAT"):
        yield from (body[start : start + PIECE] for start in range(0, len(body), PIECE))


def unpacked(pieces: Iterable[bytes | memoryview], header: Header) -> Iterator[bytes]:
    """Yield the rows of compressed pixels like `inflated`."""
    needed, found = _bytes_of_rows(header), 0
    unpacker = deflate.decompressobj()
    try:
        for packed in pieces:
            while packed and not unpacker.eof:
                piece = unpacker.decompress(packed, PIECE)
                packed = unpacker.unconsumed_tail
                found += len(piece)
                yield piece
                if found > needed + PIECE:
                    return  # excess data are ignored, as in other programs
        while not unpacker.eof and (piece := unpacker.decompress(b"", PIECE)):
            found += len(piece)
            yield piece
    except deflate.ERRORS as error:
        why = MISMATCH if deflate.is_mismatch(error) else "cannot be unpacked"
        raise DecodeError(f"is damaged (its compressed pixels {why})") from None
    if found < needed:
        raise DecodeError(f"is damaged or truncated ({found} of {needed} bytes of rows)")
    if not unpacker.eof:
        raise DecodeError("is damaged or truncated (its compressed pixels have no end)")


def _bytes_of_rows(header: Header) -> int:
    needed = 0
    for left, top, across, down in ADAM7 if header.interlace else ((0, 0, 1, 1),):
        columns, rows = -(-(header.width - left) // across), -(-(header.height - top) // down)
        needed += rows * (1 + -(-columns * header.pixel_bits // 8)) if columns > 0 and rows > 0 else 0
    return needed


def check_indices(data: bytes, image: Any) -> None:
    """Raise `DecodeError` if a decoded image has an index beyond its palette."""
    header = chunks.header(data)
    if header.colour_type != PALETTE:
        return
    colours = next(len(body) // 3 for name, body, _ in chunks.read(data) if name == b"PLTE")
    if colours < 1 << header.depth and (highest := image.getextrema()[1]) >= colours:
        raise DecodeError(f"is damaged (its palette has {colours} colours, but a pixel has number {highest})")


# ---- what is left -----------------------------------------------------------------------------------


def mended(data: bytes) -> bytes:
    """Return the remains of a damaged file as a complete one; raises `DecodeError` if no picture is left.

    Critical chunks are kept as they are, and others if they are intact; each is put in its place.
    """
    head: Chunk | None = None
    palette: Chunk | None = None
    key: Chunk | None = None
    beside: list[Chunk] = []
    pixels: list[Chunk] = []
    animated = is_animated(data)
    room = MOST_TEXT
    for found in _counted(data):
        name = found.name
        if name == b"IHDR":
            head = head or found
        elif name == b"PLTE":
            palette = palette or (found if len(found.body) >= 3 else None)
        elif name == b"tRNS":
            key = key or found
        elif name == b"IDAT" or (animated and (name == b"fdAT" or (name == b"fcTL" and found.sound))):
            pixels.append(found)
        elif name[:1].islower() and name.isalpha() and found.sound and name not in (b"fcTL", b"fdAT"):
            packed = _packed_text(found)
            if packed is not None:
                room -= _unpacked_length(packed, room)
            if room >= 0:
                beside.append(found)
    if head is None or len(head.body) < chunks.HEADER.size:
        raise DecodeError("is damaged: it begins like a PNG file, but not with an IHDR chunk")
    header = chunks.Header(*chunks.HEADER.unpack_from(head.body))
    if header.colour_type == PALETTE and palette is None:
        raise DecodeError("is damaged (it has no palette)")
    fits = key is not None and (
        palette is not None and len(key.body) <= len(palette.body) // 3
        if header.colour_type == PALETTE
        else len(key.body) == KEY_BYTES.get(header.colour_type)
    )
    if not animated and _mismatched(data):
        # Pillow would leave out the last row; without the checksum it notices nothing missing.
        pixels[-1] = pixels[-1]._replace(body=pixels[-1].body[:-ADLER])
    kept = [head, *([palette] if palette else []), *([key] if key and fits else []), *beside, *pixels]
    parts = [chunks.chunk(chunk.name, chunk.body[:768] if chunk is palette else chunk.body) for chunk in kept]
    return b"".join([chunks.SIGNATURE, *parts, chunks.chunk(b"IEND")])


def _mismatched(data: bytes) -> bool:
    """Whether only the checksum of the pixels is wrong."""
    try:
        _check_pixels(data)
    except DecodeError as error:
        return MISMATCH in str(error)
    return False


def _shown(name: bytes) -> str:
    return repr(name)[2:-1]
