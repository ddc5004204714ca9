"""The stamp: a line in each output on the recipe and the input that it was made from, by which `--update` knows it.

It is stored where each format keeps the name of the program that wrote a file. There it survives copies and renames,
needs no other file in the output folder, and costs less than 100 bytes. It is a mark and the digest of an input. The
mark is a digest of the version, the filters, their parameters, the contents of kernel files, and the options of
writing. The input counts by its bytes: with its times and its inode, equal bytes would give different outputs, and an
older file that is moved over it has an older time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from ..digest import SourceDigest, blake2b
from ..images.formats import HEAD, Format, is_of
from ..images.zarr_mark import mark_of
from .plan import Job

PROGRAM = "imfilter"
WINDOWS = 1 << 13, 1 << 18
"""The distance of the stamp from the start or the end of a file; after a camera's EXIF it needs the second."""

ANY = rb"imfilter [\d.]\S*+ [0-9a-f]{16}"
"""Matches the mark of any call."""
SOURCE = rb"-([0-9a-f]{32})"
"""Matches the digest after the mark, present if the bytes of the input were known."""


class Stamper:
    """Makes the stamps of one call's outputs."""

    def __init__(self, version: str, recipe: bytes, how: Mapping[str, object], by_place: bool = False) -> None:
        """With *by_place*, outputs of equal inputs depend on their places, as random numbers do."""
        self.version, self.by_place = version, by_place
        self.key = blake2b(f"{version}\0{sorted(how.items())}\0".encode() + recipe).digest()
        """A key that is different for every other call, independent of the inputs."""

    def mark(self, output: str, job: Job) -> str:
        """Return the start of the stamps of all outputs named *output*, independent of the inputs' contents."""
        what = f"{output}\0{job.input.place}" if self.by_place else output
        what += "" if job.variant is None else f"\0variant {job.variant}"
        what += f"\0variants {job.variants}" if job.variants else ""
        what += "".join(f"\0{_held(name)}" for name in job.others)
        what += f"\0labels {_held(job.labels)}" if job.labels else ""
        own = b"" if job.attached is None else job.attached.key
        key = blake2b(self.key + what.encode("utf-8", "surrogateescape") + own, digest_size=8).hexdigest()
        return f"{PROGRAM} {self.version} {key}"

    def stamp(self, output: str, job: Job) -> str:
        """Return the stamp of an *output* of a job whose input was read."""
        mark = self.mark(output, job)
        return mark if job.source is None or job.source.digest is None else f"{mark}-{job.source.digest.hexadecimal()}"


def _held(name: str) -> str:
    """Return a digest of the content of a second picture, or of labels."""
    try:
        return SourceDigest.of_file(name) if name else ""
    except (OSError, ValueError):  # reported when it is read
        return ""


def of_frame(output: str, number: int, last: bool) -> str:
    """Return the base of a frame's stamp, for frames in files of their own.

    It says whether the frame is the last or another follows, so that missing files are noticed.
    """
    return f"{output} {number}, {'last' if last else 'more'}"


def sources(path: str, mark: str, format: Format | None) -> set[str]:
    """Return the digests of inputs after *mark* in the file *path*; raises OSError.

    If a *format* is given, files in other formats have none.
    """
    wanted = re.compile(re.escape(mark.encode()) + SOURCE)
    for part in _parts(path, format):
        if found := {match[1].decode() for match in wanted.finditer(part)}:
            return found
    return set()


def has_mark(path: str, mark: str, format: Format | None) -> bool:
    """Return whether the file *path* has *mark*, and the *format*, if one is given; raises OSError."""
    return any(mark.encode() in part for part in _parts(path, format))


def is_stamped(path: str) -> bool:
    """Return whether the file *path* has the stamp of any call: this program wrote it."""
    try:
        return any(re.search(ANY, part) for part in _parts(path, None))
    except (OSError, ValueError):
        return False


def is_unstamped(path: str, format: Format | None) -> bool:
    """Return whether the file *path* has no stamp, and the *format*, if one is given; raises OSError."""
    parts = list(_parts(path, format))
    return bool(parts) and not any(re.search(ANY, part) for part in parts)


def _parts(path: str, format: Format | None) -> Iterator[bytes]:
    """Yield the parts of a file that may contain a stamp; nothing if it has another *format* or is truncated."""
    if (mark := mark_of(path)) is not None:
        if format is not None and not format.folder:
            return
        path, format = str(mark), None
    with open(path, "rb", buffering=0) as file:
        if format is not None and not is_of(format, file.read(HEAD) or b""):
            return
        end = file.seek(0, os.SEEK_END)
        if format is not None and format.ending:
            file.seek(max(0, end - len(format.ending)))
            if file.read() != format.ending:  # an interrupted copy
                return
        for window in WINDOWS:
            for start in (0, end - window):
                file.seek(max(0, start))
                yield file.read(window) or b""
