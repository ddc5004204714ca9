"""A shard written sample by sample: the files of each one after the other, its label as decimal text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from ..console.messages import counted, shown
from ..errors import FileError
from ..images.atomic_write import Transaction
from ..images.formats import FORMATS, Format
from ..images.output_folder import Root
from ..images.shard import FilesWriter, ShardMember
from .sample_files import Write
from .selection import Selection
from .source import LABEL, key_of
from .stack_file import refusals


class ShardFile:
    """Writes samples as they come."""

    def __init__(
        self,
        transaction: Transaction,
        path: Path,
        root: Root | None = None,
        format: Format = FORMATS["tar"],
        classes: Sequence[str] = (),
    ) -> None:
        """Start the shard, below a *root*; *classes* are the names in the order of their labels. Raises FileError."""
        self.path = path
        self.count = 0
        """The number of images."""
        self._keys: dict[str, str] = {}
        self._renamed: list[tuple[str, str]] = []
        self._growing = transaction.grow(path, root=root)
        assert format.codec.files is not None
        with self._growing.open() as file, refusals(shown(str(path))):
            self._writer: FilesWriter = format.codec.files()
            self._writer.classes = classes
            self._writer.begin(file)

    @property
    def notes(self) -> list[str]:
        """Notes for the user on renamed samples."""
        if not self._renamed:
            return self._writer.notes
        one, other = map(shown, self._renamed[0])
        names = counted(len(self._renamed), "name has", "names have")
        return [
            *self._writer.notes,
            f"{names} _ in place of dots, which would begin a field of the sample: {one} is {other}",
        ]

    def add(self, place: str, label: int | None, write: Write, notes: list[str]) -> None:
        """Add a sample; raises FileError if another has its key."""
        path = PurePosixPath(place)
        stem = path.name.removesuffix(path.suffix)
        name = str(path.with_name(stem.replace(".", "_") + path.suffix))
        if name != place:
            self._renamed.append((place, name))
        key = key_of(name)
        if (other := self._keys.setdefault(key, place)) != place:
            raise FileError(shown(place), f"would be the same sample of the shard as {shown(other)}; rename one")
        file = io.BytesIO()
        notes += write(file)
        self._put(ShardMember(name, file.getbuffer()))
        if label is not None:
            self._put(ShardMember(f"{key}.{LABEL}", b"%d" % label))
        self.count += 1

    def add_samples(self, samples: Iterable[tuple[int | None, Sequence[ShardMember]]], selection: Selection) -> None:
        """Add the selected samples of a shard, with all their files, and the files that belong to no sample."""
        for label, members in samples:
            if not any(member.is_image for member in members) or selection.takes(label):
                self.add_members(members)

    def add_members(self, members: Sequence[ShardMember]) -> None:
        """Add the files of a sample unchanged."""
        for member in members:
            self._put(member)
            self.count += member.is_image

    def _put(self, member: ShardMember) -> None:
        with self._growing.open(), refusals(shown(str(self.path))):
            self._writer.add(member)

    def end(self) -> None:
        """Write the rest of the shard; raises FileError."""
        with self._growing.open() as file, refusals(shown(str(self.path))):
            self._writer.write(file)
        self._growing.end()
