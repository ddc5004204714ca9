"""IDX: many images of the same size in one array, like MNIST, plain or compressed with gzip.

Two bytes 0, a type, the number of sizes, the sizes in four bytes each, big-endian, then the samples:
http://yann.lecun.com/exdb/mnist/. There is no type for unsigned 16-bit samples.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Sequence
from typing import Any

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from . import formats
from .atomic_write import end_with_bytes
from .codec import Codec, Content
from .formats import GZIP, HEAD, WINDOW_OF_GZIP
from .labels import Labels
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Samples
from .stack import StackWriter, expected, frames_of

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
SIZES = {">u1": 1, ">f4": 4, ">i1": 8, ">i2": 8, ">i4": 8, ">f8": 8}
"""Bytes of a sample in memory."""
CODES = {"uint8": 0x08, "int32": 0x0C, "float32": 0x0D}
"""The types that are written: two for images, the other for labels too large for bytes."""
RGB = 3


class Header(NamedTuple):
    """The header of a file."""

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
    """Return the header in the first unpacked bytes of a file; raises `DecodeError`.

    >>> header_of(bytes.fromhex("00000803 0000ea60 0000001c 0000001c"))
    Header(dtype='>u1', sizes=(60000, 28, 28))
    """
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in TYPES:
        raise DecodeError("is not an IDX file")
    axes = head[3]
    if len(head) < 4 + 4 * axes:
        raise DecodeError("is damaged or truncated (its header is cut off)")
    return Header(TYPES[head[2]], struct.unpack_from(f">{axes}I", head, 4))


def header_in(data: Any) -> Header:
    """Return the header in the first bytes of a file, packed or not; raises `DecodeError`."""
    head = data[:HEAD]
    return header_of(formats.unpacked(head) if head.startswith(GZIP) else head)


def unpacked(data: Any, length: int) -> Any:
    """Return all *length* bytes of a file; raises `DecodeError` if it has more or fewer, without unpacking more."""
    if bytes(data[:3]) == GZIP:
        data = Unpacker(data).read(length + 1)
    _check_length(len(data), length)
    return data


def _check_length(found: int, length: int) -> None:
    if found != length:
        than = "fewer" if found < length else "more"
        raise DecodeError(f"is damaged or truncated (it has {than} than the {length} bytes that its header declares)")


FED = 1 << 18
"""Bytes unpacked at a time: zlib copies the input that does not fit."""


class Unpacker:
    """Unpacks gzip data piece by piece; members may follow one another."""

    def __init__(self, data: Any) -> None:
        self._data, self._fed = data, 0
        self._member, self._rest = zlib.decompressobj(WINDOW_OF_GZIP), b""
        self._over = False
        self.at = 0
        """The number of bytes unpacked so far."""

    def read(self, length: int) -> bytes:
        """Return the next *length* bytes, fewer at the end; raises `DecodeError`."""
        found: list[bytes] = []
        left = length
        try:
            while left > 0 and not self._over:
                if self._member.eof:
                    self._begin_next()
                    continue
                given = self._rest
                if not given:
                    given = self._data[self._fed : self._fed + FED]
                    self._fed += len(given)
                found.append(self._member.decompress(given, left))
                self._rest = self._member.unconsumed_tail
                left -= len(found[-1])
                if not (given or found[-1] or self._member.eof):
                    raise DecodeError("is damaged or truncated (its gzip stream ends early)")
        except zlib.error as error:
            raise DecodeError(f"is damaged or truncated ({error})") from None
        self.at += length - left
        return b"".join(found)

    def _begin_next(self) -> None:
        """Begin the next member, if there is one; zeros do not count."""
        self._fed -= len(self._member.unused_data)
        if bytes(self._data[self._fed : self._fed + 3]) == GZIP:
            self._member, self._rest = zlib.decompressobj(WINDOW_OF_GZIP), b""
            return
        for start in range(self._fed, len(self._data), FED):
            if any(self._data[start : start + FED]):
                raise DecodeError("is damaged (the data after its gzip stream are not gzip)")
        self._over = True


class Images:
    """The samples of the images; packed ones are unpacked on demand, and checked after the last."""

    def __init__(self, data: Any, header: Header) -> None:
        self._data, self._header = data, header
        self._packed = bytes(data[:3]) == GZIP
        self._size = math.prod(header.sizes[1:]) * int(header.dtype[2:])
        self._unpacker: Unpacker | None = None
        if not self._packed:
            _check_length(len(data), header.bytes)

    def part(self, first: int, last: int) -> Array:
        """Return some of the images, ``(count, height, width, channels)``; raises `DecodeError`."""
        header, size = self._header, (last - first) * self._size
        start = header.length + first * self._size
        data = self._unpacked(start, size) if self._packed else self._data[start : start + size]
        return np.frombuffer(data, header.dtype).reshape(last - first, *header.sizes[1:3], -1)

    def _unpacked(self, start: int, size: int) -> bytes:
        if self._unpacker is None or self._unpacker.at > start:
            self._unpacker = Unpacker(self._data)
        unpacker = self._unpacker
        while (before := start - unpacker.at) and unpacker.read(min(before, 1 << 20)):
            pass
        found, length = unpacker.read(size), self._header.bytes
        if len(found) < size or unpacker.at == length:
            _check_length(unpacker.at + len(unpacker.read(1)), length)
        return found


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Frames:
    """Return the images; raises `DecodeError`."""
    header = header_in(begun.data)
    sizes, axes = header.sizes, len(header.sizes)
    if axes > 4 or (axes == 4 and sizes[3] not in (1, RGB)):
        raise DecodeError(f"has the sizes {sizes}; images are (count, height, width) or (count, height, width, 3)")
    if not math.prod(sizes):
        raise DecodeError("holds no images")
    count, height, width = sizes[:3]
    itemsize = int(header.dtype[2:])
    samples = Samples(math.prod(sizes[3:]), SIZES[header.dtype])
    options.check_size(width, height, expected(count, samples, height * width, itemsize))
    part = Images(begun.data, header).part
    return frames_of(part, (count, height, width, math.prod(sizes[3:])), np.dtype(header.dtype))


class Packer:
    """Compresses bytes with gzip into a file, without time and name; the header before them may become known later.

    The same bytes give the same file, in whatever pieces they come. It looks only for runs: for drawn digits the result
    is as small as with the best level, in a 35th of the time.
    """

    def __init__(self, file: Any, head: bytes) -> None:
        """*head* precedes the bytes and is stored uncompressed."""
        self._file = file
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_RLE)
        self._sum, self._length = zlib.crc32(head), len(head)
        file.write(
            b"\x1f\x8b\x08" + bytes(5) + b"\x04\x03\0" + struct.pack("<HH", len(head), len(head) ^ 0xFFFF) + head
        )

    def add(self, data: Any) -> None:
        """Write the next bytes."""
        end_with_bytes(self._file, self._deflate.compress(data))
        self._sum, self._length = zlib.crc32(data, self._sum), self._length + len(data)

    def end(self) -> None:
        """Write what stands after them."""
        end_with_bytes(self._file, self._deflate.flush() + struct.pack("<II", self._sum, self._length & 0xFFFFFFFF))


class Writer(StackWriter):
    """Writes images of one size."""

    packed = False
    """The file is compressed with gzip."""
    _packer: Packer | None = None

    def checked(self, frame: Content) -> Content:
        """Return images; raises ValueError for those that IDX cannot hold."""
        if frame.alpha is not None:
            raise ValueError("IDX cannot hold alpha; use --background COLOR or .npy")
        if (channels := frame.pixels.shape[2]) not in (1, RGB):
            raise ValueError(f"IDX holds gray or RGB images, not {channels} channels")
        return frame

    def head(self, file: Any, count: int, first: Content) -> None:
        """Write the type and the sizes."""
        *size, channels = self.alike.shape
        head = head_of(self.alike.dtype, (count, *size, *([channels] if channels > 1 else [])))
        if self.packed:
            self._packer = Packer(file, head)
        else:
            file.write(head)

    def put(self, file: Any, frame: Content) -> None:
        """Write the next images."""
        data = bytes_of(frame.pixels)
        if self._packer is None:
            end_with_bytes(file, data)
        else:
            self._packer.add(data)

    def end(self, file: Any) -> None:
        """End the file."""
        if self._packer is not None:
            self._packer.end()


def bytes_of(samples: Array) -> memoryview:
    """Return samples as stored in a file."""
    ordered = np.ascontiguousarray(samples)
    return ordered.astype(ordered.dtype.newbyteorder(">"), copy=False).reshape(-1).data.cast("B")


def head_of(dtype: str, sizes: Sequence[int]) -> bytes:
    """Return the header of samples of a type.

    >>> head_of("uint8", (60000, 28, 28)).hex(" ", 4)
    '00000803 0000ea60 0000001c 0000001c'
    """
    return struct.pack(f">HBB{len(sizes)}I", 0, CODES[dtype], len(sizes), *sizes)


def write_array(file: io.BytesIO, values: Array, packed: bool) -> None:
    """Write an array as a file."""
    head, data = head_of(values.dtype.name, values.shape), bytes_of(values)
    if packed:
        packer = Packer(file, head)
        packer.add(data)
        packer.end()
    else:
        file.write(head)
        end_with_bytes(file, data)


def labels(labels: Labels | None) -> list[str]:
    """Return notes on what a separate file of labels loses; raises ValueError."""
    if labels is None:
        return []
    if labels.coarse is not None:
        raise ValueError("it holds one label per image, not fine and coarse labels; use --to npz or --to cifar100")
    _of_labels(labels.values)
    return labels.notes


def write_labels(file: io.BytesIO, values: Array, packed: bool) -> None:
    """Write the labels of images: as bytes, if they fit, as readers expect."""
    write_array(file, _of_labels(values), packed)


def _of_labels(values: Array) -> Array:
    for dtype in (np.uint8, np.int32):
        if np.iinfo(dtype).min <= values.min() and values.max() <= np.iinfo(dtype).max:
            return values.astype(dtype)
    raise ValueError("it cannot hold labels of more than 32 bits; use --to npz")


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write one image."""
    return encoded(file, content, Writer())


def encoded(file: io.BytesIO, content: Content, writer: Writer) -> list[str]:
    """Write one image by a *writer*."""
    writer.add(content)
    writer.write(file)
    return writer.notes


CODEC = Codec(finish, encode, frames=Writer, labels=labels)
