"""Data sets of every kind as series of samples, class by class or in the order of the file."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ...filters.core.named_tuple import NamedTuple
from ..batch import inputs, labels
from ..console.messages import reason_of, shown
from ..digest import SourceDigest
from ..errors import FileError, UsageError
from ..images import decode, formats, prefetch
from ..images.labels import Labels
from ..images.picture import DecodeError, Frames, Picture, check_lack
from ..images.reader import Reader, naming
from ..images.shard import Shard, ShardMember
from ..stores.names import COPY_FIRST, check_local
from ..streams import STREAM
from . import folders
from .folders import File, ImageFolder, LeftOut
from .metadata_file import MetadataFile

CHUNK = 1 << 21
"""Samples of a container that are read at a time."""


class Batch(NamedTuple):
    """One sample, or several of one size whose pixels lie stacked vertically."""

    picture: Picture
    labels: Sequence[int | None]
    """One for each sample."""
    names: Sequence[str]
    """One for each sample: the path below the folder or in the shard, or its number after a `#`."""
    path: str
    """The file that holds them."""
    frames: int | None = 1
    """How many frames the file has; this is the first."""
    digest: SourceDigest | None = None
    """The digest of the file, if it was asked for and the file holds only this sample."""
    is_part: bool = False
    """Whether the file holds other samples too."""

    def name(self, number: int) -> str:
        """Return the name of a sample for messages."""
        return f"{shown(self.path)}: {shown(self.names[number])}" if self.is_part else shown(self.path)


class DataSet:
    """Samples, and the classes of their labels."""

    def __init__(self, name: str, kind: str, reader: Reader) -> None:
        self.name, self.kind, self.reader = name, kind, reader
        self.classes: Sequence[str] = ()
        """The classes' names; empty if labels are only numbers, or missing."""
        self.part = ""
        """The name of the part, if the data set has several."""
        self.left_out: Sequence[LeftOut] = ()
        self.labels: Labels | None = None
        """The labels of a container, if it has any."""

    def paths(self) -> Sequence[str]:
        """Return the files of the data set."""
        raise NotImplementedError

    def batches(self) -> Iterator[Batch]:
        """Yield all samples; after a FileError, the next one can still be taken."""
        raise NotImplementedError

    def count(self) -> int:
        """Return how many samples there are; raises FileError."""
        raise NotImplementedError

    def own_labels(self) -> Iterator[int | None]:
        """Yield the label of each sample, without its image; raises FileError."""
        raise NotImplementedError


class Pictures(DataSet):
    """Files with one image each."""

    def __init__(self, name: str, kind: str, reader: Reader, files: Sequence[File]) -> None:
        super().__init__(name, kind, reader)
        self.files = files
        self.numbers: Sequence[int] = ()
        """The label of each class in files whose labels are numbers."""
        self.metadata: MetadataFile | None = None
        self.places: dict[str, str] = {}
        """The names under which files were written, by their own names."""

    @classmethod
    def of_folder(cls, folder: ImageFolder, reader: Reader) -> Pictures:
        """Return the pictures of a folder."""
        found = cls(folder.path, f"folder of {'classes' if folder.classes else 'images'}", reader, folder.files)
        found.classes, found.part, found.left_out = folder.classes, folder.part, folder.left_out
        found.numbers, found.metadata = numbers_of(folder.classes), folder.metadata
        return found

    def paths(self) -> Sequence[str]:
        """Return the files."""
        return [file.path for file in self.files]

    def read(self, file: File) -> Batch:
        """Return the image of a file, or its first frame; raises FileError."""
        found, own = self.reader.read(file.path)
        count = 1
        if isinstance(found, Frames):
            with naming(file.path):
                count, found = found.count, found.first or _first(found)
        return Batch(found, [file.label], [file.name], file.path, count, own.digest)

    def batches(self) -> Iterator[Batch]:
        """Yield the images; raises FileError for the first that cannot be read."""
        return map(self.read, self.files)

    def count(self) -> int:
        """Return how many files there are."""
        return len(self.files)

    def own_labels(self) -> Iterator[int | None]:
        """Yield the label of each file."""
        return (file.label for file in self.files)


def numbers_of(classes: Sequence[str]) -> Sequence[int]:
    """Return the label of each class of a folder: its name if all names are different numbers, else its position.

    >>> numbers_of(["03", "7"]), numbers_of(["cat", "dog"])
    ([3, 7], range(0, 2))
    """
    if all(name.isascii() and name.isdecimal() for name in classes) and len({*map(int, classes)}) == len(classes):
        return [int(name) for name in classes]
    return range(len(classes))


def _first(frames: Frames) -> Picture:
    """Return the first frame; raises DecodeError."""
    try:
        return next(frames.each())
    except DecodeError:
        raise
    except Exception as error:
        check_lack(error)
        # Decoders raise errors of every type for broken files; all mean the same to the user.
        raise DecodeError(f"is damaged or truncated ({reason_of(error)})") from None


class Container(DataSet):
    """A file with many samples."""

    def __init__(self, name: str, reader: Reader, found: Picture | Frames) -> None:
        super().__init__(name, "", reader)
        with naming(name):
            self.frames = found if isinstance(found, Frames) else Frames(1, lambda: iter([found]), format=found.format)
            if self.frames.count is None:
                raise DecodeError("holds an unknown number of images; name a file or folder")
            self.frames.check_pixels()
        self.kind = formats.FORMATS[found.format].title or found.format.upper()
        self._size = self.frames.count
        self.labels = labels.of(name, self.frames)
        if self.labels is not None:
            self.classes = self.labels.classes
            self.frames.labels = self.labels

    @classmethod
    def of_file(cls, name: str, reader: Reader) -> Container:
        """Return the container in a file; raises FileError."""
        found, _ = reader.read(name)
        return ShardSet(name, reader, found) if isinstance(found, Shard) else Container(name, reader, found)

    def paths(self) -> Sequence[str]:
        """Return the file, and the file of the labels."""
        return [self.name, *([self.labels.source] if self.labels is not None and self.labels.source else [])]

    def count(self) -> int:
        """Return how many samples there are."""
        return self._size

    def own_labels(self) -> Iterator[int | None]:
        """Yield the labels, or None for each sample if there are none."""
        if self.labels is None:
            return itertools.repeat(None, self._size)
        return map(int, self.labels.values)

    def batches(self) -> Iterator[Batch]:
        """Yield the samples, many at a time if they have one size."""
        for picture in self._pictures():
            self.frames.label(picture)
            numbers = range(picture.number, picture.number + picture.images)
            own: Sequence[int | None] = [None] * picture.images
            if self.labels is not None:
                own = self.labels.values[numbers.start : numbers.stop].tolist()
            yield Batch(picture, own, [f"#{number}" for number in numbers], self.name, is_part=True)

    def _pictures(self) -> Iterator[Picture]:
        with naming(self.name):
            if self.frames.pictures is None:
                for number, picture in enumerate(self.frames.each()):
                    picture.number = number
                    yield picture
            else:
                several = max(1, CHUNK * self._size // max(1, 3 * self.frames.pixels))
                for first in range(0, self._size, several):
                    yield self.frames.pictures(first, min(self._size, first + several))
            self.frames.check_unchanged()


class ShardSet(Container):
    """The images of a shard, whose labels are decimal numbers in files of the same sample.

    If the samples of each label lie in a folder of their own, these folders are the classes.
    """

    def __init__(self, name: str, reader: Reader, shard: Shard) -> None:
        super().__init__(name, reader, shard)
        self.shard = shard
        self._labels: dict[str, int] = {}
        folders: dict[int, str] = {}
        own: list[int | None] = []
        for members in self._samples():
            key = key_of(members[0].name)
            for member in members:
                if field_of(member.name) == LABEL:
                    self._labels[key] = self._label(member)
            if (label := self._labels.get(key)) is not None and folders.setdefault(label, _top(key)) != _top(key):
                folders[label] = ""
            own += [label for member in members if member.is_image]
        found = [label for label in own if label is not None]
        if found and len(found) == len(own):
            self.labels = Labels(np.array(found))
        names = [folders.get(label, "") for label in range(len(folders))]
        self.in_folders = (
            self.labels is not None and "" not in folders.values() and len({*folders.values()}) == len(folders)
        )
        """Whether each label has a folder of its own."""
        numbered = all(name.isdecimal() and int(name) == label for label, name in folders.items())
        if self.in_folders and all(names) and not numbered:
            self.classes = tuple(names)

    def _label(self, member: ShardMember) -> int:
        if (label := member.label) is None:
            raise FileError(f"{shown(self.name)}: {shown(member.name)}", "is not a label: a whole number, 0 or greater")
        return label

    def _samples(self) -> Iterator[list[ShardMember]]:
        with naming(self.name):
            for _, members in itertools.groupby(self.shard.members, lambda member: key_of(member.name)):
                yield [*members]
            self.shard.check_unchanged()

    def labelled(self) -> Iterator[tuple[int | None, list[ShardMember]]]:
        """Yield the files of each sample, and its label; raises FileError."""
        for members in self._samples():
            yield self._labels.get(key_of(members[0].name)), members

    def own_labels(self) -> Iterator[int | None]:
        """Yield the label of each image; raises FileError."""
        return (label for label, members in self.labelled() for member in members if member.is_image)

    def read(self, member: ShardMember, label: int | None) -> Batch:
        """Return an image; raises FileError."""
        with naming(self.name):
            return Batch(self.shard.picture(member), [label], [member.name], self.name, is_part=True)

    def batches(self) -> Iterator[Batch]:
        """Yield the images; a FileError ends the series."""
        for label, members in self.labelled():
            for member in members:
                if member.is_image:
                    yield self.read(member, label)


LABEL = "cls"
"""The field of a sample that is its label."""


def key_of(name: str) -> str:
    """Return the key of a sample, which its files share.

    >>> key_of("a.b/0001.seg.png")
    'a.b/0001'
    """
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition('.')[0]}"


def field_of(name: str) -> str:
    """Return the field of a sample's file, by which readers know it.

    >>> field_of("a.b/0001.Seg.PNG")
    'seg.png'
    """
    return name[len(key_of(name)) + 1 :].lower()


def _top(key: str) -> str:
    """Return the first folder of a key; "" if there is none."""
    folder, slash, _ = key.removeprefix("./").partition("/")
    return folder if slash else ""


def opened(
    names: Sequence[str],
    *,
    to_rgb: bool = False,
    digests: bool = False,
    failed: Callable[[FileError], None] | None = None,
) -> Iterator[DataSet]:
    """Yield the data sets of *names*, each opened when its turn comes; raises UsageError, FileError.

    A folder is one, or one for each of its parts and of the containers in it. A file is one, but images that are
    named one by one are a single one together. *failed* takes what keeps one from being opened, and the others go on.
    """
    check_local(names, COPY_FIRST)
    reader = _reader(to_rgb, digests)
    alone: list[File] = []
    for name in names:
        try:
            if name == STREAM:
                raise UsageError("standard input cannot be a data set; name a file or folder")
            if inputs.is_folder(name):
                containers: list[str] = []
                for folder in folders.opened(name):
                    containers += folder.containers
                    if folder.files or not folder.containers:
                        yield Pictures.of_folder(folder, reader)
            elif is_container(name):
                containers = [name]
            else:
                containers = []
                alone.append(File(name, Path(name).name, None))
        except FileError as error:
            if failed is None:
                raise
            failed(error)
            continue
        for path in containers:
            try:
                found = Container.of_file(path, reader)
            except FileError as error:
                if failed is None:
                    raise
                failed(error)
            else:
                yield found
    if alone:
        first = alone[0].path
        yield Pictures(first if len(alone) == 1 else f"{first}, …", "images", reader, alone)


def container(name: str) -> Container:
    """Return the data set in a file; raises FileError."""
    return Container.of_file(name, _reader(to_rgb=True))


def _reader(to_rgb: bool = False, digests: bool = False) -> Reader:
    reader = prefetch.reader(prefetch.max_pixels(""), to_rgb=to_rgb)
    reader.digests = digests
    return reader


def is_container(name: str) -> bool:
    """Return whether a file holds a data set, or is an array, which may be one; raises FileError."""
    with naming(name), open(name, "rb") as file:
        format = decode.check_head(file.read(formats.HEAD), name, os.fstat(file.fileno()).st_size)
    return format.data_set or format.name == "npy"
