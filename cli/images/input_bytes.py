"""The bytes of an input: of a file, a pipe, a Zarr, or an object in a store."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..bounded_read import TooLongError, amount, read
from ..stores.names import is_store
from ..streams import STREAM
from . import decode, formats, image_stream, memory_budget
from .file_bytes import CHANGES, FileBytes
from .picture import DecodeError
from .source import FileState, state_of
from .zarr_folder import zarr_bytes

LARGE = 1 << 20
"""Least bytes of a file whose rows may be read on demand: a smaller one is read in a moment."""
READINGS, PAUSE = 4, 0.1
"""The attempts to read a file that changes while it is read, and the seconds between them."""


def read_bytes(name: str) -> bytes:
    """Return the bytes of a file that begins like an image; raises DecodeError for others, OSError."""
    data, _ = bytes_of(name)
    if isinstance(data, FileBytes):
        raise DecodeError("is a Zarr, but only a file can be used here; convert it, for example to PNG")
    return data


def bytes_of(
    name: str, wait_for_room: Callable[[float], None] = lambda needed: None, in_pieces: bool = False, kind: str = ""
) -> tuple[bytes | FileBytes, FileState | None]:
    """Return the bytes of a file; *in_pieces* allows reading its format on demand. Raises DecodeError, OSError."""
    if (zarr := zarr_bytes(name)) is not None:
        return zarr, None
    if is_store(name):
        from ..stores.ahead import Ahead  # few calls read one

        return Ahead(partial(check_object, kind=kind)).take(name)[0], None
    if name == STREAM and sys.stdin is None:
        raise OSError("is closed")
    with sys.stdin.buffer if name == STREAM else open(name, "rb", buffering=0) as file:
        head, format = head_of(file, name, kind)
        if in_pieces and format.is_read_in_pieces(head) and (state := state_of_open(file)) is not None:
            return FileBytes(file.fileno(), state), state
        return whole(head, file, wait_for_room)


def check_object(name: str, head: bytes, size: int, in_parts: bool, kind: str, on_demand: bool = False) -> None:
    """Raise DecodeError for an object that is no image, or too large for the memory.

    Raises `LargeObject` if its rows may be read *on demand*, and parts of it can be fetched.
    """
    from .object_bytes import LARGE, LargeObject

    format = decode.check_head(head[: formats.HEAD], name, size, kind)
    if on_demand and in_parts and size >= LARGE and format.codec.stream is not None:
        raise LargeObject
    check_room(size)


def head_of(file: Any, name: str = "", kind: str = "") -> tuple[bytes, formats.Format]:
    """Return the first bytes of a file, and its format: text, a video or an endless device is not read to its end.

    A stream is recognised by its first bytes, so that a pipe of small images need not deliver more.
    """
    head, piece = b"", getattr(file, "read1", file.read)
    while len(head) < formats.HEAD and (more := piece(formats.HEAD - len(head))):
        head += more
        if not kind and (format := formats.sniff(head)) is not None and format.stream:
            break
    length = os.fstat(file.fileno()).st_size if formats.suffix_of(name) == ".bin" else 0
    return head, decode.check_head(head, name, length, kind)


def whole(
    head: bytes, file: Any, wait_for_room: Callable[[float], None] = lambda needed: None
) -> tuple[bytes, FileState | None]:
    """Return all bytes of a file, whose *head* was already read, and its state, consistent with each other.

    Raises DecodeError if they are too many, also after others gave memory back, or change all the time.
    """
    size = file.seek(0, os.SEEK_END) if file.seekable() else 0
    if not size:
        try:  # a pipe, or a device that pretends to be seekable
            return read(file, most_of_a_pipe(), head), None
        except TooLongError as error:
            raise DecodeError(image_stream.too_long(error)) from None
    for reading in range(READINGS):
        if reading:
            time.sleep(PAUSE)
        before = state_of_open(file)
        size = file.seek(0, os.SEEK_END)
        wait_for_room(size)
        check_room(size)
        file.seek(0)
        data = file.read()
        if state_of_open(file) == before and (before is None or len(data) == before.size):
            return data, before
    raise DecodeError(CHANGES)


def check_room(size: int) -> None:
    """Raise DecodeError if there is no memory for all *size* bytes of a file."""
    if (free := memory_budget.short(size)) is not None:
        raise DecodeError(f"has {amount(size)}; {amount(free)} of memory are free; more memory would help")


def large(name: str) -> FileBytes | None:
    """Return a file for reading piece by piece; None if it is small, or not a file. Raises OSError."""
    if (zarr := zarr_bytes(name)) is not None:
        return zarr
    found = Path(name).stat()  # opening a pipe would consume data
    if not stat.S_ISREG(found.st_mode) or found.st_size < LARGE:
        return None
    with open(name, "rb", buffering=0) as file:
        state = state_of_open(file)
        return None if state is None else FileBytes(file.fileno(), state)


def state_of_open(file: Any) -> FileState | None:
    """Return the state of an open file; None for a pipe or device. Raises OSError."""
    with contextlib.suppress(io.UnsupportedOperation):  # standard input was replaced by memory
        return state_of(file.fileno())
    return None


def most_of_a_pipe() -> int:
    """Return the most bytes to read from a pipe or device: the limit for pipes, or the memory for a batch of images."""
    return min(memory_budget.budget(), image_stream.MOST)
