"""The stamp: a line in each output that tells by what recipe it was made, for `--update` to know it again.

It stands where each format keeps the name of the program that wrote a file. There it survives copies and renames,
no other file lies in the output folder, and it costs less than 100 bytes. It holds a digest and nothing of the image:
of the version, the filters, their parameters, the contents of kernel files, and how the output is written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from io import FileIO

try:  # hashlib loads all of OpenSSL for it, 2.5 ms of each start
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

from ..images.formats import HEAD, Format, is_of

PROGRAM = "imfilter"
WINDOWS = 1 << 13, 1 << 18
"""The stamp stands so near to a file's beginning or end: behind a camera's EXIF only the second reaches it."""

ANY = re.compile(rb"imfilter [\d.]\S*+ [0-9a-f]{16}")
"""The stamp of any call."""


def digest(data: bytes) -> str:
    """Return what stands for a file's content."""
    return blake2b(data).hexdigest()


class Stamper:
    """Makes the stamps of one call's outputs."""

    def __init__(self, version: str, recipe: bytes, how: Mapping[str, object]) -> None:
        self.version = version
        self._key = blake2b(f"{version}\0{sorted(how.items())}\0".encode() + recipe).digest()

    def stamp(self, output: str) -> str:
        """Return the stamp of the outputs called *output*."""
        return f"{PROGRAM} {self.version} {blake2b(self._key + output.encode(), digest_size=8).hexdigest()}"


def of_frame(output: str, last: bool) -> str:
    """Return what a stamp is made of where each frame has its file: by the last one's it is known that none is missing.

    A file that is not the last says that another follows it.
    """
    return f"{output}, {'last' if last else 'more'}"


def has_stamp(path: str, stamp: str, format: Format | None) -> bool:
    """Whether the file *path* carries *stamp*, and is in *format*, where there is one to be in."""
    try:
        with open(path, "rb", buffering=0) as file:
            if format is not None and not is_of(format, file.read(HEAD) or b""):
                return False
            return any(stamp.encode() in part for part in _windows(file))
    except (OSError, ValueError):
        return False


def is_stamped(path: str) -> bool:
    """Whether the file *path* carries the stamp of any call: this program wrote it."""
    try:
        with open(path, "rb", buffering=0) as file:
            return any(ANY.search(part) for part in _windows(file))
    except (OSError, ValueError):
        return False


def is_unstamped(path: str, format: Format | None) -> bool:
    """Whether the file *path* is in *format*, where there is one to be in, and carries no stamp; raises OSError."""
    with open(path, "rb", buffering=0) as file:
        if format is not None and not is_of(format, file.read(HEAD) or b""):
            return False
    return not is_stamped(path)


def _windows(file: FileIO) -> Iterator[bytes]:
    """Yield the parts of a file in which a stamp may stand."""
    end = file.seek(0, os.SEEK_END)
    for window in WINDOWS:
        for start in (0, end - window):
            file.seek(max(0, start))
            yield file.read(window) or b""
