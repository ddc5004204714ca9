"""Refusing a picture that is too large by its header, before its file is read completely."""

from __future__ import annotations

import contextlib

from . import decode
from .file_bytes import FileBytes
from .formats import HEAD
from .picture import DecodeOptions, Expected, check_pixels
from .source import state_of

LARGE = 1 << 23
"""Least bytes of a file that is not read before the picture's size is known."""
BEGINNING = 1 << 20
"""Bytes that contain the header, for formats without another way to find it."""


class _ToldError(BaseException):
    """Raised when a codec reports the size of a picture; no codec catches it."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected


def check_file(name: str, options: DecodeOptions) -> None:
    """Raise `DecodeError` like `check`, for a large file; raises OSError."""
    if (state := state_of(name)) is not None and state.size >= LARGE:
        with open(name, "rb", buffering=0) as file:
            check_open(file.fileno(), options)


def check_open(descriptor: int, options: DecodeOptions) -> None:
    """Raise `DecodeError` like `check`, for a large open file; raises OSError."""
    if (state := state_of(descriptor)) is not None and state.size >= LARGE:
        check(FileBytes(descriptor, state), options)


def check(data: FileBytes, options: DecodeOptions) -> None:
    """Raise `DecodeError` if a file's header declares more pixels than *options.max_pixels*.

    A missing size or a damaged header is ignored: decoding the file will report it.
    """
    head = data[:HEAD]
    format = decode.check_head(head, options.name, len(data), options.kind)
    if format.is_read_in_pieces(head):
        return
    if (expected := streamable(data, options) or _told_by_beginning(data, options)) is not None:
        check_pixels(expected.width, expected.height, options.max_pixels)


def streamable(data: FileBytes, options: DecodeOptions) -> Expected | None:
    """Return the picture of a file whose rows can be read on demand, by its header; raises `DecodeError`."""
    stream = decode.check_head(data[:HEAD], options.name, len(data), options.kind).codec.stream
    try:
        with contextlib.suppress(Exception):
            if stream is not None:
                stream(data, options._replace(guard=_tell, lenient=False))
    except _ToldError as told:
        return told.expected
    return None


def _told_by_beginning(data: FileBytes, options: DecodeOptions) -> Expected | None:
    """Return the picture described by a file's first bytes."""
    asking, beginning = options._replace(guard=_tell, lenient=False), data[:BEGINNING]
    try:
        with contextlib.suppress(Exception):
            decode.prepare(beginning, options.name, len(data), options.kind)
            decode.finish(decode.load(beginning, asking), asking)
    except _ToldError as told:
        return told.expected
    return None


def _tell(expected: Expected) -> None:
    raise _ToldError(expected)
