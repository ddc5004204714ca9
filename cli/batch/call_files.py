"""All files that a call reads and writes: each with its identity, its place, and a name for messages."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import flag, shown
from ..file_identity import Identity, identity_of, keeps
from ..stores.names import is_store
from ..streams import STREAM
from .options import OPTIONS
from .places import Folders, Place, Places
from .plan import Job, Target

INPUT = OPTIONS["inputs"].reads


class Read(NamedTuple):
    """A file that a call reads: its name, and what it is for."""

    name: str
    what: str


class Where(NamedTuple):
    """The place where a file will be written."""

    places: list[Place]
    """Its path and, if that is a link, the target; empty for standard output."""
    identity: Identity | None
    """The identity of an existing file or pipe, which can take only one output."""
    vanishes: bool
    """It is the null device, which discards what is written to it."""


class FilesRead:
    """The files that a call reads. It knows pipes and devices only by name: they store nothing that could be lost."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self.names: list[str] = []
        self._found: dict[Identity, Read] = {}
        self._others: Places[Read] = Places()

    @property
    def identities(self) -> frozenset[Identity]:
        """The identities of the files."""
        return frozenset(self._found)

    def add(self, name: str, what: str) -> None:
        """Add a file; - is standard input. If a file is added several times, its first description stays."""
        there = _status(0 if name == STREAM else name)
        if there is not None and keeps(there):
            self._found.setdefault(identity_of(there), Read(name, what))
        elif name != STREAM:
            self._others.add(self.folders.place(name), Read(name, what))
        if name != STREAM:
            self.names.append(name)

    def at(self, where: Where) -> Read | None:
        """Return the file at this place, whether it exists or not."""
        if where.identity in self._found:
            return self._found[where.identity]
        return self._others.first(where.places)


def files_read(others: Mapping[str, str], inputs: Iterable[str] = ()) -> FilesRead:
    """Return the files of a call that reads *inputs* and *others*, which map names to descriptions."""
    read = FilesRead(Folders())
    for name, what in others.items():
        read.add(name, what)
    for name in inputs:
        read.add(name, INPUT)
    return read


class Written(NamedTuple):
    """A file that a call writes."""

    path: str | None
    """None means standard output. `ANY` stands for the number of a frame."""
    name: str
    """The file as the user wrote it; with its option, if it is not the output of a job."""
    job: Job | None = None
    target: Target | None = None
    """None for a backup, and for files other than outputs."""

    @property
    def is_backup(self) -> bool:
        """Whether it is a job's input under another name."""
        return self.job is not None and self.target is None

    def where(self, folders: Folders) -> Where:
        """Return the file's place."""
        there = _status(1 if self.path is None else self.path)
        alone = there is not None and (keeps(there) or stat.S_ISFIFO(there.st_mode) or stat.S_ISSOCK(there.st_mode))
        places = [] if self.path is None else folders.places(self.path)
        null = there is not None and stat.S_ISCHR(there.st_mode) and len(places) == 1 and _is_null(there)
        return Where(places, identity_of(there) if there is not None and alone else None, null)


class FilesWritten(NamedTuple):
    """The files that a call writes."""

    jobs: Sequence[Job] = ()
    """The jobs, which have the outputs and the backups."""
    beside: Mapping[str, str] = {}
    """The other files, by option."""
    prints: bool = False
    """Lines are printed to standard output."""
    collected: Target | None = None
    """The file about all images together, such as their boxes."""

    def each(self) -> Iterator[Written]:
        """Yield the files, the outputs first."""
        for job in self.jobs:
            for target in job.all_targets.values():
                yield Written(target.place, target.name, job, target)
            if job.backup is not None:
                yield Written(job.backup, shown(job.backup), job)
        for option, path in self.beside.items():
            yield Written(path, f"{flag(option)} {shown(path)}")
        if self.collected is not None:
            yield Written(self.collected.path, f"{flag('boxes_out')} {self.collected.name}", None, self.collected)
        if self.prints:
            yield Written(None, "standard output")


def _is_null(there: os.stat_result) -> bool:
    null = _status(os.devnull)
    return null is not None and os.path.samestat(there, null)


def _status(name: str | int) -> os.stat_result | None:
    """Return the status of a path or an open descriptor; None if it does not exist, or is in a store."""
    if is_store(name):
        return None
    try:
        return os.stat(name)
    except (OSError, ValueError):
        return None
