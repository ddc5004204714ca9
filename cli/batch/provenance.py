"""The stamp: a line in each output that tells by what recipe and of what it was made, for `--update` to know it again.

It stands where each format keeps the name of the program that wrote a file. There it survives copies and renames,
no other file lies in the output folder, and it costs less than 100 bytes. It is a mark and the digest of an input. The
mark is a digest of the version, the filters, their parameters, the contents of kernel files, and how the output is
written. The input counts by its bytes: its times and its inode would make other outputs of the same bytes, and an older
file that is moved over it has an older time.
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
"""The stamp stands so near to a file's beginning or end: after a camera's EXIF only the second reaches it."""

ANY = rb"imfilter [\d.]\S*+ [0-9a-f]{16}"
"""The mark of any call."""
SOURCE = rb"-([0-9a-f]{32})"
"""What stands after the mark, where the bytes of the input were known."""


class Stamper:
    """Makes the stamps of one call's outputs."""

    def __init__(self, version: str, recipe: bytes, how: Mapping[str, object], by_place: bool = False) -> None:
        """Of equal inputs in several places the outputs differ if *by_place*, as random numbers do."""
        self.version, self.by_place = version, by_place
        self.key = blake2b(f"{version}\0{sorted(how.items())}\0".encode() + recipe).digest()
        """Tells this call from every other, whatever its inputs are."""

    def mark(self, output: str, job: Job) -> str:
        """Return what the stamps of all outputs called *output* begin with, whatever the input holds."""
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
    """Return what stands for the content of a second picture, or of labels."""
    try:
        return SourceDigest.of_file(name) if name else ""
    except (OSError, ValueError):  # reported when it is read
        return ""


def of_frame(output: str, number: int, last: bool) -> str:
    """Return what a stamp is made of where each frame has its file: by the last one's it is known that none is missing.

    A file that is not the last says that another follows it.
    """
    return f"{output} {number}, {'last' if last else 'more'}"


def sources(path: str, mark: str, format: Format | None) -> set[str]:
    """Return the digests of inputs that stand after *mark* in the file *path*; raises OSError.

    There are none in a file of another *format*, where there is one to be in.
    """
    wanted = re.compile(re.escape(mark.encode()) + SOURCE)
    for part in _parts(path, format):
        if found := {match[1].decode() for match in wanted.finditer(part)}:
            return found
    return set()


def has_mark(path: str, mark: str, format: Format | None) -> bool:
    """Whether the file *path* carries *mark*, and is in *format*, where there is one to be in; raises OSError."""
    return any(mark.encode() in part for part in _parts(path, format))


def is_stamped(path: str) -> bool:
    """Whether the file *path* carries the stamp of any call: this program wrote it."""
    try:
        return any(re.search(ANY, part) for part in _parts(path, None))
    except (OSError, ValueError):
        return False


def is_unstamped(path: str, format: Format | None) -> bool:
    """Whether the file *path* is in *format*, where there is one to be in, and carries no stamp; raises OSError."""
    parts = list(_parts(path, format))
    return bool(parts) and not any(re.search(ANY, part) for part in parts)


def _parts(path: str, format: Format | None) -> Iterator[bytes]:
    """Yield the parts of a file in which a stamp may stand, none of a file of another *format*, or cut off."""
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
            if file.read() != format.ending:  # a copy that was broken off
                return
        for window in WINDOWS:
            for start in (0, end - window):
                file.seek(max(0, start))
                yield file.read(window) or b""
