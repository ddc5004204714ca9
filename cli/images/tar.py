"""Tar archives: they are read as shards. Names are keys, and never paths that are written."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from typing import Any

from ..console.messages import shown
from .codec import Codec, not_written
from .picture import Decode, DecodeError, DecodeOptions, PartialDecode
from .shard import Shard, ShardMember

MODE = 0o644
FILES = tarfile.REGTYPE, tarfile.AREGTYPE


def finish(begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Shard:
    """Return the files of a shard; raises `DecodeError`."""
    members = [*_members(begun.data)]
    if not any(member.is_image for member in members):
        raise DecodeError("holds no images (.jpg, .png, …)")
    return Shard(members, decode)


def _members(data: bytes) -> Iterator[ShardMember]:
    """Yield the files; raises `DecodeError` for what a shard does not hold."""
    fields: set[str] = set()
    end, view = 0, memoryview(data)
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errors="surrogateescape") as archive:
            for info in archive:
                end = info.offset_data + (-(-info.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE if info.size else 0)
                if info.isdir():
                    end = info.offset_data
                    continue
                member = ShardMember(info.name, view[info.offset_data : info.offset_data + info.size])
                if why := _refusal(info, len(member.data)):
                    raise DecodeError(f"{shown(info.name)}: {why}")
                if member.field in fields:
                    raise DecodeError(f"{shown(info.name)}: a sample has this field twice")
                fields.add(member.field)
                yield member
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise DecodeError(f"is damaged or truncated ({error})") from None
    # The standard library takes a header that is none for the end.
    behind = data[end:]
    if len(behind) < tarfile.BLOCKSIZE:
        raise DecodeError("is truncated (its end is missing)")
    if behind.strip(b"\0"):
        raise DecodeError("is damaged (what stands behind its last readable member is none)")


def _refusal(info: tarfile.TarInfo, held: int) -> str:
    """Return why a member is none of a shard; "" for those that are."""
    if info.issym() or info.islnk():
        return "is a link, which is not followed; pack the file itself"
    if info.type not in FILES or info.sparse is not None:
        return "is not a regular file"
    parts = info.name.split("/")
    if ".." in parts or info.name.startswith("/") or not parts[-1] or "\0" in info.name:
        return "is not a name below the shard; pack it without .. and a leading /"
    return "is cut off" if held < info.size else ""


class ShardWriter:
    """Gathers files; the same files give the same shard."""

    def __init__(self) -> None:
        self._fields: set[str] = set()
        self._parts: list[Any] = []

    def add(self, member: ShardMember) -> None:
        """Take the next file; raises ValueError where its sample has one of this field."""
        if member.field in self._fields:
            raise ValueError(f"a sample would have the field of {shown(member.name)} twice")
        self._fields.add(member.field)
        info = tarfile.TarInfo(member.name)
        info.size, info.mode = len(member.data), MODE  # no time, and no owner
        padding = bytes(-info.size % tarfile.BLOCKSIZE)
        self._parts += info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"), member.data, padding

    def write(self, file: io.BytesIO) -> None:
        """Write the shard."""
        length = sum(map(len, self._parts)) + 2 * tarfile.BLOCKSIZE
        for part in (*self._parts, bytes(2 * tarfile.BLOCKSIZE + -length % tarfile.RECORDSIZE)):
            file.write(part)


CODEC = Codec(finish, not_written)
