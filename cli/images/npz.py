""".npz: named arrays in a ZIP archive, the data sets of Keras, MedMNIST and `numpy.savez`.

Arrays of images are recognised by their names; all others, including labels, are kept byte for byte. Nothing is
unpickled, and nothing unpacked before its header and the archive agree on its size.
"""

from __future__ import annotations

import contextlib
import io
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from ...filters.core import npy_header, npy_samples
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from . import npy
from .archive import Archive, Member
from .codec import Codec, Content
from .file_bytes import Opened
from .labels import Labels
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Timing, real_samples
from .stack import StackWriter, frames_of, with_alpha_in

SUFFIX = ".npy"
OF_IMAGES = r"x|x_\w+|images|\w+_images|arr_0"
"""The names of arrays of images: those of Keras, of MedMNIST, and of `numpy.savez` without names."""
OF_LABELS = (("images", "labels"), ("x", "y"), ("arr_0", "arr_1"))
"""The words in names of images, and their counterparts in names of labels."""
IMAGES, LABELS, COARSE = "images", "labels", "coarse_labels"
"""The names of arrays from files without names."""
LEVEL = 1
"""The zlib level: for drawn digits the best one takes ten times as long, and saves an eighth of the file."""
FAILURES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""The standard library's exceptions for damaged archives, and for encrypted or unusually compressed ones."""
FED = 1 << 16
"""Bytes of a file read at a time."""
ZIP64_BYTES = 1 << 30
"""Sizes from which a member has a header for more than 32 bits."""


class _Found(NamedTuple):
    """An array of an archive whose header was read."""

    key: str
    info: zipfile.ZipInfo
    header: npy_header.Header


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Frames:
    """Return the images of all arrays that hold some; raises `DecodeError`."""
    data = begun.data
    with _failures():
        archive = zipfile.ZipFile(io.BytesIO(data) if isinstance(data, bytes) else io.BufferedReader(Opened(data), FED))
        found = [_begun(archive, info) for info in archive.infolist()]
        chosen = _of_images(found)
        _check_sizes(found, chosen, options)
        arrays = {array.key: _whole(archive, array) for array in found if array not in chosen}
        parts = [(array.header.shape[0], npy.part_of(_Unpacked(archive, array), array.header)) for array in chosen]
    first = chosen[0].header
    height, width, channels = (*first.shape[1:], 1)[:3]
    frames = frames_of(
        partial(_part, parts),
        (sum(count for count, _ in parts), height, width, channels),
        npy_samples.dtype_of(first),
        white=npy.stated_white(first),
        colours="bands" if npy.BANDS in first.words else "gray",
        notes=npy.doubts((height, width, channels), first),
    )
    frames.labels = _labels(found, chosen, arrays)
    frames.archive = Archive(tuple(_member(array, arrays.get(array.key)) for array in found))
    return frames


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Turn errors of the standard library about an archive into `DecodeError`."""
    try:
        yield
    except FAILURES as error:
        raise DecodeError(f"is damaged or truncated ({error})") from None


Part = tuple[int, Callable[[int, int], Array]]
"""The number of images of an array, and a function that reads some of them."""


def _part(parts: Sequence[Part], first: int, last: int) -> Array:
    """Return some images of consecutive arrays."""
    found, start = [], 0
    for count, part in parts:
        if first < start + count and last > start:
            found.append(part(max(first - start, 0), min(last - start, count)))
        start += count
    return found[0] if len(found) == 1 else np.concatenate(found)


class _Unpacked:
    """Acts like the bytes of a member: slices are unpacked on demand, and checked at the end."""

    def __init__(self, archive: zipfile.ZipFile, array: _Found) -> None:
        self._archive, self._array = archive, array
        self._file: Any = None
        self._at = 0

    def __len__(self) -> int:
        return self._array.info.file_size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(len(self))
        with _failures():
            if self._file is None or self._at > start:
                self._file, self._at = self._archive.open(self._array.info), 0
            while self._at < start:
                self._read(min(start - self._at, FED))
            pieces = []
            while self._at < stop:
                pieces.append(self._read(stop - self._at))
            if stop == len(self):
                self._file.read(1)  # the checksum is checked after the last byte
            return b"".join(pieces)

    def _read(self, length: int) -> bytes:
        piece = self._file.read1(length)
        if not piece:
            raise DecodeError(f"is damaged or truncated (its array {self._array.key} is cut off)")
        self._at += len(piece)
        return piece


def _begun(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Found:
    """Return an array, of which only the header is unpacked."""
    key = info.filename.removesuffix(SUFFIX)
    if key == info.filename:
        raise DecodeError(f"holds {key!r}, which is not an array (.npy)")
    if info.flag_bits & 1:
        raise DecodeError("is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DecodeError(f"uses a compression that numpy.savez does not write (array {key})")
    with archive.open(info) as file:
        head = file.read(npy_header.ENOUGH)
    try:
        header = npy_header.read(head)
        size = header.start + math.prod(header.shape) * npy_samples.dtype_of(header).itemsize
    except ValueError as error:
        raise DecodeError(f"its array {key} is not readable ({error})") from None
    if size != info.file_size:
        raise DecodeError(
            f"is damaged or truncated (its array {key} has {info.file_size} bytes, but its header declares {size})"
        )
    return _Found(key, info, header)


def _of_images(found: Sequence[_Found]) -> list[_Found]:
    """Return the arrays of images, which have the same size and type."""
    keys = [array.key for array in found]
    if len({*keys}) < len(keys):
        raise DecodeError("has several arrays with the same name")
    chosen = [array for array in found if re.fullmatch(OF_IMAGES, array.key, re.IGNORECASE)]
    if not chosen:
        raise DecodeError(
            f"has the arrays {', '.join(keys)[:80]}; images are in x_train, x_test, train_images, images or arr_0"
        )
    for array in chosen:
        shape, first = array.header.shape, chosen[0]
        if len(shape) not in (3, 4) or not all(shape[1:]):
            raise DecodeError(
                f"its array {array.key} has the shape {shape}; images are (count, height, width) or (count, height, "
                "width, channels)"
            )
        if (shape[1:], array.header.described) != (first.header.shape[1:], first.header.described):
            raise DecodeError(f"its arrays {first.key} and {array.key} hold images of different sizes or depths")
    if not any(array.header.shape[0] for array in chosen):
        raise DecodeError("holds no images")
    real_samples(np.empty(0, npy_samples.dtype_of(chosen[0].header)))
    return chosen


def _check_sizes(found: Sequence[_Found], chosen: Sequence[_Found], options: DecodeOptions) -> None:
    """Raise `DecodeError` if an image, another array, or all together are too large."""
    first = chosen[0].header
    shape = (sum(array.header.shape[0] for array in chosen), *first.shape[1:])
    held = sum(array.info.file_size for array in found if array not in chosen or array.header.fortran_order)
    options.check_size(shape[2], shape[1], npy.many(shape, npy_samples.dtype_of(first), first, held))
    for array in found:
        if array not in chosen and (count := math.prod(array.header.shape)) > options.max_pixels:
            raise DecodeError(
                f"its array {array.key} has {count} numbers; the limit is {options.max_pixels} (--max-pixels raises it)"
            )


def _whole(archive: zipfile.ZipFile, array: _Found) -> bytes:
    data = archive.read(array.info)
    if len(data) != array.info.file_size:
        raise DecodeError(f"is damaged or truncated (its array {array.key} is cut off)")
    return data


def _member(array: _Found, data: bytes | None) -> Member:
    """Return an array; *data* is all of it, if it holds no images."""
    packed = array.info.compress_type != zipfile.ZIP_STORED
    if data is not None:
        return Member(array.info.filename, data=data, packed=packed)
    return Member(array.info.filename, array.header.shape[0], len(array.header.shape), packed=packed)


def _labels(found: Sequence[_Found], chosen: Sequence[_Found], arrays: dict[str, bytes]) -> Labels | None:
    """Return the labels of all images, if each array of images has a matching one of whole numbers."""
    by_key = {array.key: array for array in found}
    values = []
    for array in chosen:
        other = next((by_key[key] for key in _keys_of_labels(array.key) if key in by_key), None)
        if other is None or npy_samples.dtype_of(other.header).kind not in "iu":
            return None
        count, images = math.prod(other.header.shape), array.header.shape[0]
        if other.header.shape not in ((images,), (images, 1)):
            if len(other.header.shape) == 1:
                raise DecodeError(f"its array {other.key} holds {count} labels, but {array.key} {images} images")
            return None
        values.append(npy_samples.view(arrays[other.key], other.header).ravel())
    return Labels(np.concatenate(values))


def repeated(archive: Archive, count: int) -> Archive:
    """Return an archive with each image repeated *count* times, and so with repeated labels.

    This concerns arrays named after one of images or, if there is only one of images, any with an entry for each.
    """
    images = {member.name.removesuffix(SUFFIX): member.images for member in archive.of_images().members}
    told = {key: number for name, number in images.items() for key in _keys_of_labels(name)}

    def times(member: Member) -> Member:
        if member.images is not None:
            return member._replace(images=count * member.images)
        header = npy_header.read(member.data[: npy_header.ENOUGH])
        alone = next(iter(images.values())) if len(images) == 1 else None
        if not header.shape or header.shape[0] not in {told.get(member.name.removesuffix(SUFFIX)), alone}:
            return member
        values = np.load(io.BytesIO(member.data), allow_pickle=False)
        return member._replace(data=_saved([np.repeat(values, count, axis=0)]))

    return Archive(tuple(map(times, archive.members)))


def _keys_of_labels(key: str) -> Iterator[str]:
    """Yield the possible names of the labels of an array of images.

    >>> [*_keys_of_labels("x_train")], [*_keys_of_labels("test_images")]
    (['y_train'], ['test_labels'])
    """
    for images, labels in OF_LABELS:
        name, changed = re.subn(rf"(^|_){images}(?=_|$)", rf"\g<1>{labels}", key, count=1, flags=re.IGNORECASE)
        if changed:
            yield name


class _NewArchive(zipfile.ZipFile):
    """An archive that has been begun, and may be abandoned."""

    def __del__(self) -> None:
        """Leave the file alone, which whoever abandoned the archive has removed."""


class Writer(StackWriter):
    """Writes images of one size, and their labels."""

    def __init__(self, timing: Timing | None = None) -> None:
        super().__init__(timing)
        self._labels: list[Labels] = []

    def checked(self, frame: Content) -> Content:
        """Return images whose alpha is the last channel."""
        if frame.labels is not None:
            self._labels.append(frame.labels)
        return with_alpha_in(frame)

    def head(self, file: Any, count: int, first: Content) -> None:
        """Begin the archive; its members have ZIP's earliest date, so that the same images give the same file."""
        self._archive = _NewArchive(file, "w", compresslevel=LEVEL)
        self._archive.comment = first.software.encode()
        self._first, self._target, self._left = first, None, 0
        known = first.archive.members if first.archive is not None else ()
        self._members = [*(known or (Member(IMAGES + SUFFIX, count),))]
        self._is_named = bool(known)
        self._begin_next()

    def put(self, file: Any, frame: Content) -> None:
        """Write the next images, which may be of several arrays."""
        data, start = np.ascontiguousarray(frame.pixels).reshape(-1).data.cast("B"), 0
        size = len(data) // frame.images
        while start < len(data):
            if not self._left:
                self._begin_next()
            piece = data[start : start + self._left * size]
            assert self._target is not None
            self._target.write(piece)
            start += len(piece)
            self._left -= len(piece) // size

    def _begin_next(self) -> None:
        """Write the arrays before the next images."""
        self._end_array()
        while self._members and not self._left:
            self._end_array()
            self._begin_member(self._members.pop(0))

    def _begin_member(self, member: Member) -> None:
        head, self._left = member.data, 0
        length = len(head)
        if member.images is not None:
            shape, self._left = self.alike.shape, member.images
            if shape[2] == 1 and member.axes == len(shape):
                shape = shape[:2]
            dtype = np.dtype(self.alike.dtype)
            head = npy.head((member.images, *shape), dtype, self._first._replace(software=""))
            length = len(head) + member.images * math.prod(shape) * dtype.itemsize
        self._archive.compression = zipfile.ZIP_DEFLATED if member.packed else zipfile.ZIP_STORED
        self._target = self._archive.open(member.name, "w", force_zip64=length > ZIP64_BYTES)
        self._target.write(head)

    def _end_array(self) -> None:
        if self._target is not None:
            self._target.close()
            self._target = None

    def end(self, file: Any) -> None:
        """Write what follows the images: other arrays, or the labels if the images have no names."""
        if self._labels and not self._is_named:
            self._members.append(Member(LABELS + SUFFIX, data=_saved([part.values for part in self._labels])))
            coarse = [part.coarse for part in self._labels if part.coarse is not None]
            if len(coarse) == len(self._labels):
                self._members.append(Member(COARSE + SUFFIX, data=_saved(coarse)))
        self._begin_next()
        self._end_array()
        self._archive.close()


def _saved(parts: Sequence[Array]) -> bytes:
    """Return the little-endian file of consecutive numbers."""
    values = np.concatenate(parts)
    file = io.BytesIO()
    np.save(file, values.astype(values.dtype.newbyteorder("<")), allow_pickle=False)
    return file.getvalue()


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write one image, or one of many maps."""
    writer = Writer()
    writer.add(content)
    writer.write(file)
    return writer.notes


def labels(labels: Labels | None) -> list[str]:
    """Return notes on what an archive loses of the labels."""
    return [] if labels is None else labels.notes


CODEC = Codec(finish, encode, frames=Writer, labels=labels, encode_maps=encode)
