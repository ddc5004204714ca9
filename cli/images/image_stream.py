"""Streams of images: files one after the other, as ``ffmpeg -f image2pipe`` writes them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from ..bounded_read import TooLongError
from .formats import FORMATS, Format, sniff
from .picture import Decode, DecodeError, Frames, Picture

HEAD = 16
"""Most bytes that identify the formats of streams."""
PIECE = 1 << 16
"""Bytes requested from a pipe at a time."""
MOST = 1 << 31
"""Most bytes of an image from a pipe or device, whose length is unknown; a file may have more."""
MOST_BEHIND = 1 << 26
"""Most bytes read from a pipe after its last image, where phones append a video; it may be endless."""


class Feed:
    """The bytes of a stream: those of a whole file, or of a pipe that is read on demand."""

    def __init__(self, data: bytes, format: Format, pipe: BinaryIO | None = None, most: int = MOST) -> None:
        """*data* are the first bytes; a *pipe* has those that follow, of which one image may have *most*."""
        self.format, self.most = format, most
        self._pipe = pipe
        self._held = memoryview(data) if pipe is None else bytearray(data)

    def peek(self, count: int) -> bytes | bytearray | memoryview:
        """Return what was read and not taken: at least *count* bytes, unless there are fewer; raises DecodeError."""
        if self._pipe is not None:
            assert isinstance(self._held, bytearray)
            if count > self.most:
                raise DecodeError(too_long(TooLongError(self.most)))
            while count > len(self._held):
                # Whatever is available is enough: a pipe delivers the next frame when it has one.
                if not (more := self._pipe.read1(PIECE)):  # type: ignore[attr-defined]
                    break
                self._held += more
        return self._held

    def length(self) -> int:
        """Return the length of the next image."""
        format = sniff(bytes(self._held[:HEAD])) or self.format
        extent = format.codec.extent
        assert extent is not None
        return extent(self.peek)

    def skip(self, count: int) -> None:
        """Skip bytes before the next image."""
        if isinstance(self._held, memoryview):
            self._held = self._held[count:]
        else:
            del self._held[:count]

    def take(self) -> bytes:
        """Return the next image's bytes."""
        length = self.length()
        data = bytes(self._held[:length])
        self.skip(length)
        return data

    def has_more(self) -> bool:
        """Whether another image follows."""
        head = bytes(self._held[:HEAD])
        while True:
            if head and (found := sniff(head)) is not None and found.stream:
                return True
            before, head = head, bytes(self.peek(len(head) + 1)[:HEAD])
            if head == before:
                return False

    def rest(self) -> bytes:
        """Return the remaining bytes, which are not an image; a pipe is read to its end, if that is near."""
        rest = bytes(self._held)
        self.skip(len(rest))
        return rest if self._pipe is None else rest + self._pipe.read(MOST_BEHIND)


def too_long(error: TooLongError) -> str:
    """Return the message on an image from a pipe that is too long, or endless."""
    return f"has more than {error}, the limit for an image from a pipe; save it as a file"


def holds_several(data: Any, format: Format) -> bool:
    """Whether a file holds another image after its first; *data* are bytes, or an object that reads slices."""
    # Finding the end of one image with the beginning of the next is faster than parsing a JPEG's markers.
    if (ending := format.codec.ending) and _seam(ending).search(data) is None:
        return False
    assert format.codec.extent is not None
    held = memoryview(data) if isinstance(data, bytes) else data
    end = format.codec.extent(lambda count: held)
    behind = bytes(held[end : end + HEAD])
    following = sniff(behind) if behind else None
    return following is not None and bool(following.stream)


@functools.cache
def _seam(ending: bytes) -> re.Pattern[bytes]:
    """Return the pattern of an image that begins after the *ending* of another."""
    signatures = b"|".join(format.signature for format in FORMATS.values() if format.stream)
    return re.compile(re.escape(ending) + b"(?:" + signatures + b")")


def of_file(data: bytes, format: Format, decode: Decode) -> Frames:
    """Return the images of a file as frames."""
    feed, count = Feed(data, format), 0
    while feed.has_more():
        feed.skip(feed.length())
        count += 1

    def each() -> Iterator[Picture]:
        feed = Feed(data, format)
        for _ in range(count):
            yield _picture(feed.take(), decode)

    return Frames(count, each, stream=True, format=format.name)


def of_pipe(first: bytes, feed: Feed, decode: Decode) -> Frames:
    """Return the images of a pipe as frames, which can be iterated once: *first*, and those that *feed* delivers."""

    def each() -> Iterator[Picture]:
        data, count = first, 0
        while data:
            count += 1
            following = feed.has_more()
            if not following:
                frames.count = count
            yield _picture(data, decode)
            data = feed.take() if following else b""
        feed.rest()

    frames = Frames(None, each, stream=True, format=feed.format.name)
    return frames


def _picture(data: bytes, decode: Decode) -> Picture:
    found = decode(data)
    if isinstance(found, Frames):
        raise DecodeError("is an animation in a stream of images; filter it separately")
    return found
