""".npz: arrays by name in a ZIP archive, as Keras, MedMNIST and `numpy.savez` keep data sets.

Arrays of images are told by their names; all others, the labels among them, are kept byte for byte. Nothing is
unpickled, and nothing unpacked before its header and the archive agree on its size.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ...filters.core import npy_header, npy_samples
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from . import npy
from .archive import Archive, Member
from .codec import Codec, Content
from .labels import Labels
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Samples, Timing, real_samples
from .stack import Stack, frames_of, parts_of

SUFFIX = ".npy"
OF_IMAGES = r"x|x_\w+|images|\w+_images|arr_0"
"""The names of arrays of images: those of Keras, of MedMNIST, and of `numpy.savez` where no name is given."""
OF_LABELS = (("images", "labels"), ("x", "y"), ("arr_0", "arr_1"))
"""What the names of labels have in place of those of images."""
IMAGES, LABELS, COARSE = "images", "labels", "coarse_labels"
"""What arrays are called that come from files without names for them."""
LEVEL = 1
"""Of zlib: the best one takes drawn digits ten times as long, and saves an eighth of the file."""
FAILURES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What the standard library raises of damaged archives, and of those that are encrypted or packed in a rare way."""
ZIP64_BYTES = 1 << 30
"""From so many on, a member has a header for sizes past 32 bits."""


class _Found(NamedTuple):
    """An array of an archive, of which the header was read."""

    key: str
    info: zipfile.ZipInfo
    header: npy_header.Header


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Frames:
    """Return the images of all arrays that hold some; raises `DecodeError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(begun.data)) as archive:
            found = [_begun(archive, info) for info in archive.infolist()]
            chosen = _of_images(found)
            _check_sizes(found, chosen, options)
            arrays = {array.key: _whole(archive, array) for array in found}
    except FAILURES as error:
        raise DecodeError(f"is damaged or truncated ({error})") from None
    first = chosen[0].header
    stacks = []
    for array in chosen:
        stack = npy_samples.view(arrays[array.key], array.header)
        stacks.append(stack[..., None] if stack.ndim == 3 else stack)
    _, height, width, channels = stacks[0].shape
    frames = frames_of(
        partial(_part, stacks),
        (sum(len(stack) for stack in stacks), height, width, channels),
        stacks[0].dtype,
        white=npy.stated_white(first),
        colours="bands" if npy.BANDS in first.words else "gray",
        notes=npy.doubts((height, width, channels), first),
    )
    frames.labels = _labels(found, chosen, arrays)
    frames.archive = Archive(tuple(_member(array, array in chosen, arrays[array.key]) for array in found))
    return frames


def _part(stacks: Sequence[Array], first: int, last: int) -> Array:
    found = parts_of(stacks, first, last)
    return found[0] if len(found) == 1 else np.concatenate(found)


def _begun(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Found:
    """Return an array, of which no more than the header is unpacked."""
    key = info.filename.removesuffix(SUFFIX)
    if key == info.filename:
        raise DecodeError(f"holds {key!r}, which is not an array (.npy)")
    if info.flag_bits & 1:
        raise DecodeError("is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DecodeError(f"is packed in another way than numpy.savez packs (array {key})")
    with archive.open(info) as file:
        head = file.read(npy_header.ENOUGH)
    try:
        header = npy_header.read(head)
        size = header.start + math.prod(header.shape) * npy_samples.dtype_of(header).itemsize
    except ValueError as error:
        raise DecodeError(f"its array {key} is not readable ({error})") from None
    if size != info.file_size:
        raise DecodeError(
            f"is damaged or truncated (its array {key} has {info.file_size} bytes, and its header tells {size})"
        )
    return _Found(key, info, header)


def _of_images(found: Sequence[_Found]) -> list[_Found]:
    """Return the arrays of images, which are of one size and type."""
    keys = [array.key for array in found]
    if len({*keys}) < len(keys):
        raise DecodeError("has several arrays of one name")
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
    """Raise `DecodeError` where an image is too large, another array, or all together."""
    _, height, width, *channels = chosen[0].header.shape
    size = npy.SIZES.get(npy_samples.dtype_of(chosen[0].header).str[1:], 8)
    whole = sum(array.info.file_size for array in found)
    options.check_size(width, height, Samples(math.prod(channels), size, whole / (width * height)))
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


def _member(array: _Found, of_images: bool, data: bytes) -> Member:
    packed = array.info.compress_type != zipfile.ZIP_STORED
    if not of_images:
        return Member(array.info.filename, data=data, packed=packed)
    return Member(array.info.filename, array.header.shape[0], len(array.header.shape), packed=packed)


def _labels(found: Sequence[_Found], chosen: Sequence[_Found], arrays: dict[str, bytes]) -> Labels | None:
    """Return the labels of all images, where each array of images has one of whole numbers beside it."""
    by_key = {array.key: array for array in found}
    values = []
    for array in chosen:
        other = next((by_key[key] for key in _keys_of_labels(array.key) if key in by_key), None)
        if other is None or npy_samples.dtype_of(other.header).kind not in "iu":
            return None
        count, images = math.prod(other.header.shape), array.header.shape[0]
        if other.header.shape not in ((images,), (images, 1)):
            if len(other.header.shape) == 1:
                raise DecodeError(f"its array {other.key} holds {count} labels, and {array.key} {images} images")
            return None
        values.append(npy_samples.view(arrays[other.key], other.header).ravel())
    return Labels(np.concatenate(values))


def repeated(archive: Archive, count: int) -> Archive:
    """Return an archive in which *count* images stand for each: what it tells of each image, as labels, is repeated.

    That is an array called after one of images, or where there is one array of images, any with an entry for each.
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
    """Yield how the labels of an array of images may be called.

    >>> [*_keys_of_labels("x_train")], [*_keys_of_labels("test_images")]
    (['y_train'], ['test_labels'])
    """
    for images, labels in OF_LABELS:
        name, changed = re.subn(rf"(^|_){images}(?=_|$)", rf"\g<1>{labels}", key, count=1, flags=re.IGNORECASE)
        if changed:
            yield name


class Writer:
    """Gathers images of one size, and their labels."""

    def __init__(self, timing: Timing | None = None) -> None:
        self.notes: list[str] = []
        self._stack = Stack()
        self._labels: list[Labels] = []
        self._first: Content | None = None

    def add(self, frame: Content) -> None:
        """Take one image, or several one below the other."""
        self._first = self._first or frame._replace(pixels=frame.pixels[:1], alpha=None)
        self._stack.add(frame)
        if frame.labels is not None:
            self._labels.append(frame.labels)

    def write(self, file: io.BytesIO) -> None:
        """Write the archive; its members have the date with which ZIP begins: the same images give the same file."""
        assert self._first is not None
        first = 0
        with zipfile.ZipFile(file, "w", compresslevel=LEVEL) as archive:
            for member in self._members():
                if member.images is not None:
                    pieces = self._array(first, member)
                    first += member.images
                else:
                    pieces = [member.data]
                archive.compression = zipfile.ZIP_DEFLATED if member.packed else zipfile.ZIP_STORED
                large = sum(len(piece) for piece in pieces) > ZIP64_BYTES
                with archive.open(member.name, "w", force_zip64=large) as target:
                    for piece in pieces:
                        target.write(piece)
            archive.comment = self._first.software.encode()

    def _members(self) -> Sequence[Member]:
        assert self._first is not None
        if self._first.archive is not None and self._first.archive.members:
            return self._first.archive.members
        members = [Member(IMAGES + SUFFIX, self._stack.alike.count)]
        if self._labels:
            members.append(Member(LABELS + SUFFIX, data=_saved([part.values for part in self._labels])))
            coarse = [part.coarse for part in self._labels if part.coarse is not None]
            if len(coarse) == len(self._labels):
                members.append(Member(COARSE + SUFFIX, data=_saved(coarse)))
        return members

    def _array(self, first: int, member: Member) -> list[Any]:
        """Return the bytes of an array of images, from the *first* on."""
        assert self._first is not None
        images = member.images or 0
        shape = self._stack.alike.shape
        if shape[2] == 1 and member.axes == len(shape):
            shape = shape[:2]
        head = npy.head((images, *shape), self._stack.parts[0].dtype, self._first._replace(software=""))
        return [head, *(part.data.cast("B") for part in parts_of(self._stack.parts, first, first + images))]


def _saved(parts: Sequence[Array]) -> bytes:
    """Return the file of numbers that follow each other, the least byte first."""
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
    """Return notes on what an archive does not hold of the labels."""
    return [] if labels is None else labels.notes


CODEC = Codec(finish, encode, frames=Writer, labels=labels, encode_maps=encode)
