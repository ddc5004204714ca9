"""Divide the samples of containers: each part gets a file of the same name, with its samples and their labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..console.messages import say, shown
from ..digest import digest
from ..errors import UsageError
from ..file_identity import identity
from ..images import formats
from ..images.atomic_write import Transaction
from ..images.output_folder import Root, root_of
from .partition import ALL, Sample
from .selection import part_of
from .shard_file import ShardFile
from .source import Container, ShardSet, key_of
from .stack_file import StackFile

DIGEST_BYTES = 16


def samples(container: Container, pattern: re.Pattern[str] | None) -> Iterator[Sample]:
    """Yield the samples, with what keeps them together: their contents, and what *pattern* matches in their keys.

    Raises UsageError if the samples have no names for the pattern, FileError.
    """
    name = Path(container.name).name
    if isinstance(container, ShardSet):
        for label, members in container.labelled():
            if images := [member for member in members if member.is_image]:
                key = key_of(images[0].name)
                kin: list[tuple[str, ...]] = [("contents", _digest(bytes(member.data))) for member in images]
                if pattern is not None and (match := pattern.search(key)) is not None:
                    kin.append(("group", *(match.groups("") or (match[0],))))
                yield Sample(f"{name}#{key}", _class(container, label), tuple(kin), len(images))
        return
    if pattern is not None:
        raise UsageError(f"--group: the samples of {shown(container.name)} have no names; omit --group")
    for batch in container.batches():
        picture = batch.picture
        height = len(picture.pixels) // picture.images
        for number, (own, label) in enumerate(zip(batch.names, batch.labels, strict=True)):
            rows = slice(number * height, (number + 1) * height)
            data = picture.pixels[rows].tobytes() + (b"" if picture.alpha is None else picture.alpha[rows].tobytes())
            yield Sample(f"{name}{own}", _class(container, label), (("contents", _digest(data)),))


def _digest(data: bytes) -> str:
    return digest(data, DIGEST_BYTES)


def _class(container: Container, label: int | None) -> str:
    if label is None:
        return ALL
    return container.classes[label] if container.classes else str(label)


def write(
    containers: Sequence[Container], counts: Sequence[int], assigned: Sequence[int], folders: Sequence[Path]
) -> None:
    """Write the parts of all containers, or none; raises FileError, UsageError.

    *assigned* has the part of every sample, container after container.
    """
    _check_names(containers)
    read = frozenset(found for one in containers for path in one.paths() if (found := identity(path)) is not None)
    notes, names = list[str](), set[Path]()
    start = 0
    root = root_of(str(folders[0].parent))
    with Transaction(read) as transaction:
        for container, count in zip(containers, counts, strict=True):
            parts = assigned[start : start + count]
            start += count
            if isinstance(container, ShardSet):
                _shards(transaction, root, container, parts, folders)
                continue
            for stack in _stacks(transaction, root, container, parts, folders):
                stack.end(names)
                notes += stack.notes
            if container.frames.archive is not None and (
                lost := container.frames.archive.lost(container.labels is not None)
            ):
                notes.append(f"{shown(container.name)}: {lost}")
        transaction.commit()
    for note in dict.fromkeys([*notes, *transaction.notes]):
        say(f"imfilter: {note}")


def _check_names(containers: Sequence[Container]) -> None:
    """Raise UsageError if two files would have the same name, or if the format of one can only be read."""
    found: dict[str, str] = {}
    for container in containers:
        name = Path(container.name).name
        if (other := found.get(name)) is not None:
            raise UsageError(f"{shown(container.name)}: would be the same file as {shown(other)}; rename one of them")
        found[name] = container.name
        format = formats.FORMATS[container.frames.format]
        if format.name == "parquet":
            raise UsageError(f"{shown(container.name)}: split cannot write Parquet; convert it to .tar or .npz first")
        if format.instead:
            raise UsageError(f"{shown(container.name)}: {formats.only_read(format)}; convert it first")


def _shards(
    transaction: Transaction, root: Root, container: ShardSet, assigned: Sequence[int], folders: Sequence[Path]
) -> None:
    name = Path(container.name).name
    shards = {part: ShardFile(transaction, folders[part] / name, root) for part in sorted({*assigned})}
    parts = iter(assigned)
    for _, members in container.labelled():
        if any(member.is_image for member in members):
            shards[next(parts)].add_members(members)
        else:
            for shard in shards.values():  # the metadata of the whole
                shard.add_members(members)
    for shard in shards.values():
        shard.end()


def _stacks(
    transaction: Transaction, root: Root, container: Container, assigned: Sequence[int], folders: Sequence[Path]
) -> list[StackFile]:
    name, format = Path(container.name).name, formats.FORMATS[container.frames.format]
    stacks = {
        part: StackFile(transaction, folders[part] / name, format, count, root)
        for part, count in sorted(Counter(assigned).items())
    }
    parts = iter(assigned)
    for batch in container.batches():
        own = [next(parts) for _ in batch.labels]
        for at, stack in stacks.items():
            if numbers := [number for number, part in enumerate(own) if part == at]:
                stack.add(container, part_of(batch, numbers))
    return [*stacks.values()]
