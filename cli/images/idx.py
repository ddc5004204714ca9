"""IDX: many images of one size in one array, as those of MNIST and its kin, plain or packed by gzip.

Two bytes 0, a type, how many sizes follow, these in four bytes each, the greatest byte first, then the samples:
http://yann.lecun.com/exdb/mnist/. There is no type for 16 bits without a sign.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from . import formats
from .codec import Codec, Content
from .formats import GZIP, HEAD, WINDOW_OF_GZIP
from .labels import WITHOUT_COARSE, Labels
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Samples, Timing
from .stack import Stack, frames_of

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
CODES = {"uint8": 0x08, "int32": 0x0C, "float32": 0x0D}
"""The types that are written: of images two, of labels too large for bytes the other."""
RGB = 3


class Header(NamedTuple):
    """What the first bytes tell."""

    dtype: str
    sizes: tuple[int, ...]

    @property
    def length(self) -> int:
        """The bytes of the header itself."""
        return 4 + 4 * len(self.sizes)

    @property
    def bytes(self) -> int:
        """The bytes of the file, unpacked."""
        return self.length + math.prod(self.sizes) * int(self.dtype[2:])


def header_of(head: bytes) -> Header:
    """Return what the first bytes of a file, unpacked, tell; raises `DecodeError`.

    >>> header_of(bytes.fromhex("00000803 0000ea60 0000001c 0000001c"))
    Header(dtype='>u1', sizes=(60000, 28, 28))
    """
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in TYPES:
        raise DecodeError("is not an IDX file")
    axes = head[3]
    if len(head) < 4 + 4 * axes:
        raise DecodeError("is damaged or truncated (its header is cut off)")
    return Header(TYPES[head[2]], struct.unpack_from(f">{axes}I", head, 4))


def unpacked(data: Any, length: int) -> Any:
    """Return all *length* bytes of a file; raises `DecodeError` where it has more or fewer, without unpacking more."""
    if bytes(data[:3]) == GZIP:
        data = _inflated(data, length)
    if len(data) != length:
        than = "fewer" if len(data) < length else "more"
        raise DecodeError(f"is damaged or truncated (it has {than} than the {length} bytes that its header tells)")
    return data


def _inflated(data: Any, length: int) -> bytes:
    """Return what gzip packed, one byte more than *length* at most; members may stand one behind the other."""
    found, view = [], memoryview(data)
    room = length + 1
    try:
        while len(view) and room > 0:
            member = zlib.decompressobj(WINDOW_OF_GZIP)
            piece = member.decompress(view, room)
            found.append(piece)
            room -= len(piece)
            if room > 0 and not member.eof:
                raise DecodeError("is damaged or truncated (its gzip stream ends early)")
            view = view[len(view) - len(member.unused_data) :]
            if len(view) and bytes(view[:3]) != GZIP:
                if any(view):
                    raise DecodeError("is damaged (what stands behind its gzip stream is none)")
                break
    except zlib.error as error:
        raise DecodeError(f"is damaged or truncated ({error})") from None
    return b"".join(found)


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Frames:
    """Return the images; raises `DecodeError`."""
    header = header_of(formats.unpacked(begun.data[:HEAD]) if begun.data.startswith(GZIP) else begun.data[:HEAD])
    sizes, axes = header.sizes, len(header.sizes)
    if axes > 4 or (axes == 4 and sizes[3] not in (1, RGB)):
        raise DecodeError(f"has the sizes {sizes}; images are (count, height, width) or (count, height, width, 3)")
    if not math.prod(sizes):
        raise DecodeError("holds no images")
    count, height, width = sizes[:3]
    itemsize = int(header.dtype[2:])
    # The first image stands for the whole, which is in memory with the file.
    options.check_size(width, height, Samples(math.prod(sizes[3:]), itemsize, 8.0 * count))
    data = unpacked(begun.data, header.bytes)
    stack = np.frombuffer(data, header.dtype, offset=header.length).reshape(*sizes[:3], -1)
    return frames_of([stack])


class Writer:
    """Gathers images of one size."""

    packed = False
    """The file is packed by gzip."""

    def __init__(self, timing: Timing | None = None) -> None:
        self.notes: list[str] = []
        self._stack = Stack()

    def add(self, frame: Content) -> None:
        """Take one image, or several one below the other."""
        if frame.alpha is not None:
            raise ValueError("IDX holds no alpha; use --background COLOR or .npy")
        if (channels := frame.pixels.shape[2]) not in (1, RGB):
            raise ValueError(f"IDX holds gray images and RGB, not {channels} channels")
        self._stack.add(frame.pixels, frame.images)

    def write(self, file: io.BytesIO) -> None:
        """Write the file."""
        write_array(file, self._stack.parts, self.packed)


def write_array(file: io.BytesIO, parts: Sequence[Array], packed: bool) -> None:
    """Write arrays that follow each other as one, whose first axis is that of all."""
    first = parts[0]
    shape: tuple[int, ...] = (sum(len(part) for part in parts), *first.shape[1:])
    if shape[-1:] == (1,) and len(shape) == 4:
        shape = shape[:-1]
    head = struct.pack(f">HBB{len(shape)}I", 0, CODES[first.dtype.name], len(shape), *shape)
    pieces = (head, *(part.astype(part.dtype.newbyteorder(">"), copy=False).data.cast("B") for part in parts))
    if not packed:
        for piece in pieces:
            file.write(piece)
        return
    for piece in packing(pieces):
        file.write(piece)


def labels(labels: Labels | None) -> list[str]:
    """Return notes on what a file of labels beside the images does not hold of them; raises ValueError."""
    if labels is None:
        return []
    if labels.coarse is not None:
        raise ValueError(f"IDX {WITHOUT_COARSE}")
    _of_labels(labels.values)
    return labels.notes


def write_labels(file: io.BytesIO, values: Array, packed: bool) -> None:
    """Write the labels of images: in bytes, where they fit these, as those who read them expect."""
    write_array(file, [_of_labels(values)], packed)


def _of_labels(values: Array) -> Array:
    for dtype in (np.uint8, np.int32):
        if np.iinfo(dtype).min <= values.min() and values.max() <= np.iinfo(dtype).max:
            return values.astype(dtype)
    raise ValueError("IDX holds no labels of more than 32 bits; use --to npz")


def packing(pieces: Iterable[Any]) -> Iterator[bytes]:
    """Yield what gzip makes of some bytes, without a time and a name: the same images give the same file.

    It looks for runs alone: of drawn digits that is as small as the best level, in a 35th of its time.
    """
    packer = zlib.compressobj(6, zlib.DEFLATED, WINDOW_OF_GZIP, 9, zlib.Z_RLE)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write one image."""
    return encoded(file, content, Writer())


def encoded(file: io.BytesIO, content: Content, writer: Writer) -> list[str]:
    """Write one image by a *writer*."""
    writer.add(content)
    writer.write(file)
    return writer.notes


CODEC = Codec(finish, encode, frames=Writer, labels=labels)
