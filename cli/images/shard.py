"""Shards of a data set, as WebDataset reads them: the files of a sample follow each other and share a key.

The key is a file's name up to the first dot after the folders; what follows is the field: ``train/0001.seg.png`` is
the field ``seg.png`` of ``train/0001``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import shown
from . import formats
from .picture import Decode, DecodeError, Frames, Picture, single

MOST_DIGITS = 18
"""Most digits of a label: they fit int64, and Python does not parse numbers with thousands of digits."""


class ShardMember(NamedTuple):
    """A file of a shard."""

    name: str
    data: Any
    """Its bytes."""

    @property
    def is_image(self) -> bool:
        """Whether its name implies an image; arrays are as often features, and metadata begin with __."""
        format = formats.of_name(self.name)
        about = self.name.rpartition("/")[2].startswith("__")
        return format is not None and not format.data_set and not about

    @property
    def key(self) -> str:
        """The key that the files of a sample share: the folders, and the name up to the first dot.

        >>> ShardMember("a.b/0001.Seg.PNG", b"").key
        'a.b/0001'
        """
        folder, slash, name = self.name.rpartition("/")
        return f"{folder}{slash}{name.partition('.')[0]}"

    @property
    def field(self) -> str:
        """The key and the field, which identify it for readers.

        >>> ShardMember("a.b/0001.Seg.PNG", b"").field
        'a.b/0001.seg.png'
        """
        key = self.key
        return f"{key}{self.name[len(key) :].lower()}"

    @property
    def label(self) -> int | None:
        """The number in it, None if it holds anything else.

        >>> ShardMember("1.cls", b" 7 ").label, ShardMember("1.cls", b"9" * 5000).label
        (7, None)
        """
        text = bytes(self.data).strip()
        return int(text) if text.isdigit() and len(text) <= MOST_DIGITS else None

    def with_key(self, key: str) -> str:
        """Return its name for a sample with another *key*."""
        return f"{key}{self.name[len(self.key) :]}"

    def in_format(self, format: formats.Format) -> str:
        """Return its name for an image in *format*."""
        own = formats.of_name(self.name)
        if own is None or own.name == format.name:
            return self.name
        return self.name[: len(self.name) - len(formats.suffix_of(self.name))] + format.suffixes[0]


class FilesWriter(Protocol):
    """Writes the files of samples, as they come; those of a sample share a key, and one of them may be its label."""

    classes: Sequence[str]
    """The class names, to be set before the first file."""
    notes: list[str]
    """Notes for the user."""

    def begin(self, file: Any) -> None:
        """Write what follows into a *file*, as it comes."""

    def add(self, member: ShardMember) -> None:
        """Add the next file; raises ValueError."""

    def write(self, file: Any) -> None:
        """Write the rest."""


class Shard(Frames):
    """The files of a shard in order; its frames are the images."""

    def __init__(self, members: Callable[[], Iterator[ShardMember]], images: int, decode: Decode) -> None:
        """*members* reads one file after the other; *images* is the number of images."""
        super().__init__(images, self._pictures, stream=True)
        self._members, self._decode = members, decode

    @property
    def members(self) -> Iterator[ShardMember]:
        """Read the files in order from the first on; raises `DecodeError`."""
        return self._members()

    def _pictures(self) -> Iterator[Picture]:
        return (self.picture(member) for member in self.members if member.is_image)

    def picture(self, member: ShardMember) -> Picture:
        """Return the image of a member; raises `DecodeError`."""
        try:
            found = self._decode(bytes(member.data))
        except DecodeError as error:
            raise DecodeError(f"{shown(member.name)}: {error}") from None
        return single(found, f"{shown(member.name)}: has several frames; images of a shard must have one")
