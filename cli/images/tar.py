"""Tar archives, which are read as shards. Names are only keys: they are never written to as paths."""

from __future__ import annotations

import io
import tarfile
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from ...filters.core.lazy_numpy import np
from ..console.messages import shown
from ..digest import blake2b
from .codec import Codec, not_written
from .file_bytes import Opened
from .labels import Labels
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode
from .shard import Shard, ShardMember

MODE = 0o644
READ_AHEAD = 1 << 16
"""Bytes read at a time of headers, which often follow each other closely."""
FILES = tarfile.REGTYPE, tarfile.AREGTYPE


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Shard:
    """Return the files of a shard; raises `DecodeError`."""
    names = _Names()
    images = sum(_is_noted_image(names, member) for member in _members(begun.data, read=False))
    if (twice := names.twice()) is not None:
        fields = (member for member in _members(begun.data, read=False) if names.is_it(member.field, twice))
        seen: set[str] = set()
        for member in fields:
            if member.field in seen:
                raise DecodeError(f"{shown(member.name)}: a sample has this field twice")
            seen.add(member.field)
    if not images:
        raise DecodeError("holds no images (.jpg, .png, …)")
    return Shard(lambda: _members(begun.data), images, decode)


class _Names:
    """Detects whether one of many names is repeated, keeping 8 bytes of each."""

    def __init__(self) -> None:
        self._digests = array("Q")

    def add(self, name: str) -> None:
        """Add a name."""
        self._digests.append(_digest(name))

    def twice(self) -> int | None:
        """Return the digest of a repeated name; None if there is none. Two names may collide by chance."""
        found = np.sort(np.frombuffer(self._digests, np.uint64)) if self._digests else np.empty(0, np.uint64)
        again = found[1:][found[1:] == found[:-1]]
        return int(again[0]) if len(again) else None

    @staticmethod
    def is_it(name: str, digest: int) -> bool:
        """Whether a name has this digest."""
        return _digest(name) == digest


def _digest(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "little")


def _is_noted_image(names: _Names, member: ShardMember) -> bool:
    names.add(member.field)
    return member.is_image


def _members(data: Any, read: bool = True) -> Iterator[ShardMember]:
    """Yield the files, *read* or only their names; raises `DecodeError` for members that a shard cannot have."""
    end = 0
    file = io.BytesIO(data) if isinstance(data, bytes) else io.BufferedReader(Opened(data), READ_AHEAD)
    try:
        with tarfile.open(fileobj=file, mode="r:", errors="surrogateescape") as archive:
            while (info := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # otherwise it remembers them all
                end = info.offset_data + (-(-info.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE if info.size else 0)
                if info.isdir():
                    end = info.offset_data
                    continue
                if why := _refusal(info, len(data) - info.offset_data):
                    raise DecodeError(f"{shown(info.name)}: {why}")
                yield ShardMember(info.name, data[info.offset_data : info.offset_data + info.size] if read else b"")
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise DecodeError(f"is damaged or truncated ({error})") from None
    # The standard library takes an invalid header for the end.
    if len(data) - end < tarfile.BLOCKSIZE:
        raise DecodeError("is truncated (its end is missing)")
    for start in range(end, len(data), READ_AHEAD):
        if data[start : start + READ_AHEAD].strip(b"\0"):
            raise DecodeError("is damaged (the data after its last readable member are not a member)")


def _refusal(info: tarfile.TarInfo, held: int) -> str:
    """Return why a member is not allowed in a shard; "" if it is."""
    if info.issym() or info.islnk():
        return "is a link, which is not followed; pack the file itself"
    if info.type not in FILES or info.sparse is not None:
        return "is not a regular file"
    parts = info.name.split("/")
    if ".." in parts or info.name.startswith("/") or not parts[-1] or "\0" in info.name:
        return "leads outside the shard; pack it without .. and a leading /"
    return "is cut off" if held < info.size else ""


class ShardWriter:
    """Writes files as they come, or collects them; the same files give the same shard."""

    def __init__(self) -> None:
        self.classes: Sequence[str] = ()
        self.notes: list[str] = []
        self._key, self._fields = "", set[str]()
        self._names = _Names()
        self._parts: list[Any] = []
        self._file: Any = None
        self._length = 0

    def begin(self, file: io.BytesIO | BinaryIO) -> None:
        """Write what follows into a *file*, as it comes."""
        self._file = file

    def add(self, member: ShardMember) -> None:
        """Add the next file; raises ValueError if its sample already has this field."""
        if member.key != self._key:
            self._key, self._fields = member.key, set()
        if member.field in self._fields:
            raise ValueError(f"a sample would have the field of {shown(member.name)} twice")
        self._fields.add(member.field)
        self._names.add(member.field)
        info = tarfile.TarInfo(member.name)
        info.size, info.mode = len(member.data), MODE  # no time, and no owner
        self._put(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        self._put(member.data)
        self._put(bytes(-info.size % tarfile.BLOCKSIZE))

    def _put(self, data: Any) -> None:
        self._length += len(data)
        if self._file is None:
            self._parts.append(data)
        else:
            self._file.write(data)

    def write(self, file: io.BytesIO | BinaryIO) -> None:
        """Write the shard, or the rest of one that was begun."""
        if self._names.twice() is not None:
            raise ValueError("two samples would have the same name")
        self._file = file
        for part in self._parts:
            file.write(part)
        self._parts.clear()
        self._put(bytes(2 * tarfile.BLOCKSIZE + -(self._length + 2 * tarfile.BLOCKSIZE) % tarfile.RECORDSIZE))


def labels(labels: Labels | None) -> list[str]:
    """Return notes on what is lost of the labels."""
    if labels is None:
        return []
    lost = [] if labels.coarse is None else ["its coarse labels were not written; use --to npz"]
    return [*labels.notes, *lost]


CODEC = Codec(finish, not_written, files=ShardWriter, labels=labels)
