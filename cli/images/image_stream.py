"""Streams of images: files of one family of formats, one behind the other, as ``ffmpeg -f image2pipe`` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from .formats import Format, sniff
from .picture import Decode, DecodeError, Frames, Picture

HEAD = 16
"""Bytes that tell the formats of streams, at most."""
PIECE = 1 << 16
"""Bytes that are asked of a pipe at least."""


class Feed:
    """The bytes of a stream: those of a whole file, or of a pipe that is read as far as it is asked for."""

    def __init__(self, data: bytes, format: Format, pipe: BinaryIO | None = None) -> None:
        """*data* are the first bytes; a *pipe* has those that follow."""
        self.format = format
        self._pipe = pipe
        self._held = memoryview(data) if pipe is None else bytearray(data)

    def peek(self, count: int) -> bytes | bytearray | memoryview:
        """Return what was read and not taken: at least *count* bytes, unless there are fewer."""
        if self._pipe is not None:
            assert isinstance(self._held, bytearray)
            while (missing := count - len(self._held)) > 0:
                # What is there already is enough: a pipe gives the next frame when it has one.
                if not (more := self._pipe.read1(max(missing, PIECE))):  # type: ignore[attr-defined]
                    break
                self._held += more
        return self._held

    def length(self) -> int:
        """Return the length of the next image."""
        extent = self.format.codec.extent
        assert extent is not None
        return extent(self.peek)

    def skip(self, count: int) -> None:
        """Leave out what stands before the image that follows."""
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
            if (found := sniff(head)) is not None and found.stream:
                return found.stream == self.format.stream
            before, head = head, bytes(self.peek(len(head) + 1)[:HEAD])
            if head == before:
                return False

    def rest(self) -> bytes:
        """Return what follows that is no image; a pipe is read to its end."""
        rest = bytes(self._held)
        self.skip(len(rest))
        return rest if self._pipe is None else rest + self._pipe.read()


def holds_several(data: bytes, format: Format) -> bool:
    """Whether a file holds another image behind its first."""
    feed = Feed(data, format)
    feed.skip(feed.length())
    return feed.has_more()


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
    """Return the images of a pipe as frames, which can be gone through once: *first*, and what *feed* has more."""

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
        raise DecodeError("is an animation in a stream of images; filter it on its own")
    return found
