"""A shard that is written: the files of each sample one behind the other, its label as decimal text among them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from ..console.messages import counted, shown
from ..errors import FileError
from ..images.shard import ShardMember
from ..images.tar import ShardWriter
from .sample_files import Write
from .selection import Selection
from .source import LABEL, key_of


class ShardFile:
    """Gathers samples, and writes them."""

    def __init__(self) -> None:
        self.count = 0
        """The images."""
        self._writer = ShardWriter()
        self._keys: dict[str, str] = {}
        self._renamed: list[tuple[str, str]] = []

    @property
    def notes(self) -> list[str]:
        """What people should know of the names."""
        if not self._renamed:
            return []
        one, other = map(shown, self._renamed[0])
        names = counted(len(self._renamed), "name has", "names have")
        return [f"{names} _ in place of dots, behind which a field of a sample begins: {one} is {other}"]

    def add(self, place: str, label: int | None, write: Write, notes: list[str]) -> None:
        """Take a sample; raises FileError where another has its key."""
        path = PurePosixPath(place)
        stem = path.name.removesuffix(path.suffix)
        name = str(path.with_name(stem.replace(".", "_") + path.suffix))
        if name != place:
            self._renamed.append((place, name))
        key = key_of(name)
        if (other := self._keys.setdefault(key, place)) != place:
            raise FileError(shown(place), f"would be one sample of the shard with {shown(other)}; rename one of them")
        file = io.BytesIO()
        notes += write(file)
        self._writer.add(ShardMember(name, file.getvalue()))
        if label is not None:
            self._writer.add(ShardMember(f"{key}.{LABEL}", b"%d" % label))
        self.count += 1

    def add_samples(self, samples: Iterable[tuple[int | None, Sequence[ShardMember]]], selection: Selection) -> None:
        """Take those samples of a shard that are selected, with all their files, and what belongs to no sample."""
        for label, members in samples:
            if not any(member.is_image for member in members) or selection.takes(label):
                self.add_members(members)

    def add_members(self, members: Sequence[ShardMember]) -> None:
        """Take the files of a sample as they are."""
        for member in members:
            self._writer.add(member)
            self.count += member.is_image

    def write(self, file: io.BytesIO) -> None:
        """Write the shard."""
        self._writer.write(file)
