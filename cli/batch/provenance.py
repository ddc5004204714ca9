"""The stamp: a line in each output that tells by what recipe it was made, for `--update` to know it again.

It stands where each format keeps the name of the program that wrote a file. There it survives copies and renames,
no other file lies in the output folder, and it costs less than 100 bytes. It holds a digest and nothing of the image:
of the version, the filters, their parameters, the contents of kernel files, and how the output is written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

try:  # hashlib loads all of OpenSSL for it, 2.5 ms of each start
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

from ..images.formats import HEAD, Format, is_of

PROGRAM = "imfilter"
ANY = re.compile(rb"imfilter \S+ [0-9a-f]{16}")
"""A stamp."""
WINDOWS = 1 << 13, 1 << 18
"""The stamp stands so near to a file's beginning or end: behind a camera's EXIF only the second reaches it."""


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
    wanted = stamp.encode()
    return any(wanted in part for part in _ends(path, format))


def is_unstamped(path: str, format: Format | None) -> bool:
    """Whether the file *path* is in *format*, where there is one to be in, and carries no stamp."""
    parts = list(_ends(path, format))
    return bool(parts) and not any(ANY.search(part) for part in parts)


def _ends(path: str, format: Format | None) -> Iterator[bytes]:
    """Yield the parts of a file in which a stamp may stand; none of a file in another format."""
    try:
        with open(path, "rb", buffering=0) as file:
            if format is not None and not is_of(format, file.read(HEAD) or b""):
                return
            end = file.seek(0, os.SEEK_END)
            for window in WINDOWS:
                for start in (0, end - window):
                    file.seek(max(0, start))
                    yield file.read(window) or b""
    except (OSError, ValueError):  # it is missing, or no file that can be read
        return
