"""What a worker of a cluster does: a list of pictures, or of parts of one, after the other; only reports go back.

What filters them is built once a call in each of the worker's threads.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy
import PIL

from ....filters.core.named_tuple import NamedTuple
from ...file_identity import Identity, identity
from ...images.memory_budget import ACCURACY, gigabytes
from ...images.picture import DecodeError
from ...images.reader import Reader
from ...images.temporary_names import owned_by
from ...version import VERSION
from .. import cpu_count
from ..image_job import ImageProcessor
from ..job_options import JobOptions
from ..plan import Input

ROOM = 0.9
"""Of a worker's memory_limit: at 0.95 its guardian ends it."""
UNASKED_BYTES = 1 << 26
"""Bytes that a picture may take without asking."""

NAMES = "imfilter", "Pillow", "NumPy"


class Task(Protocol):
    """A picture, or a part of the work on one."""

    @property
    def input(self) -> Input:
        """The picture."""
        ...

    @property
    def name(self) -> str:
        """The picture as people wrote it."""
        ...

    @property
    def outputs(self) -> Mapping[str, str]:
        """The files that the task writes, each of which appears whole."""
        ...


Numbered = tuple[int, Task]
Work = Callable[[ImageProcessor, Any, Reader], Any]
"""Does a task, and returns what is told of it."""


class Stopped(BaseException):
    """The call was interrupted, and the task comes to nothing: nobody shall take it for a failure."""


class Call(NamedTuple):
    """What all tasks of a call have in common."""

    token: str
    folder: str
    """In which its relative names are looked up."""
    packed: bytes
    """What filters its pictures, and what reads them; unpacked once in each thread."""
    versions: tuple[str, ...]
    """Those of the machine that called."""
    work: Work


class Done(NamedTuple):
    """What a task sends back."""

    reports: list[tuple[int, Any]]
    seconds: float = 0.0
    other: str = ""
    """The worker has these versions in place of the call's, and did nothing."""


def versions() -> tuple[str, ...]:
    """Return the versions of what decides what outputs are: of the program, Pillow and NumPy."""
    return VERSION, PIL.__version__, numpy.__version__


def in_words(found: Sequence[str | None]) -> str:
    """Name such versions; None is what is not there.

    >>> in_words(["1.0", None, "2.4.6"])
    'imfilter 1.0, Pillow –, NumPy 2.4.6'
    """
    return ", ".join(f"{name} {version or '–'}" for name, version in zip(NAMES, found, strict=True))


def packed(processor: ImageProcessor, reader: Reader) -> bytes:
    """Return what filters and reads pictures as bytes, without what holds for this machine alone."""
    options = processor.options
    here = options._replace(write=options.write._replace(read=frozenset(), roots={}))
    return pickle.dumps((processor.recipe, processor.maps, here, reader), pickle.HIGHEST_PROTOCOL)


def do(call: Call, lot: bytes) -> Done:
    """Do a list of tasks of a call, until that is stopped; those that are left out have no report."""
    if (own := versions()) != call.versions:  # of a worker that came later than the others
        return Done([], other=in_words(own))
    began = time.perf_counter()
    reports = []
    jobs: Sequence[Numbered] = pickle.loads(lot)
    with _folders.within(call.folder), owned_by(call.token), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in the first process
        processor, reader = _built(call)
        read = frozenset(filter(None, (identity(job.input.name) for _, job in jobs)))
        _protect(processor, read)
        for number, job in jobs:
            if call.token in _stopped:
                break
            try:
                reports.append((number, call.work(processor, job, reader)))
            except Stopped:
                break
            finally:
                _room.leave()
    return Done(reports, time.perf_counter() - began)


def stop(token: str) -> None:
    """Let the tasks of a call end after the picture that they are at."""
    _stopped.add(token)


def heed() -> Callable[..., None]:
    """Return what raises Stopped, in any thread, when the call whose task this thread does was interrupted."""
    token = _own.token

    def check(*done: int) -> None:
        if token in _stopped:
            raise Stopped

    return check


_stopped: set[str] = set()
"""The calls that were interrupted."""
_own = threading.local()
"""What each thread has built for the last call."""


def _built(call: Call) -> tuple[ImageProcessor, Reader]:
    if getattr(_own, "token", None) != call.token:
        recipe, maps, options, reader = pickle.loads(call.packed)
        processor = ImageProcessor(recipe, maps, _with_cores(options, cpu_count.cores(None, _only_own())))
        reader.wait_for_room = _room.take
        _own.token, _own.built = call.token, (processor, reader)
    return _own.built


def _only_own() -> dict[str, str]:
    """Return what the worker's environment says of cores: without a word each of its threads is one."""
    return {cpu_count.VARIABLE: os.environ.get(cpu_count.VARIABLE) or "1"}


def _with_cores(options: JobOptions, cores: int) -> JobOptions:
    write = options.write._replace(encode=options.write.encode._replace(cores=cores))
    return options._replace(cores=cores, write=write)


def _protect(processor: ImageProcessor, read: frozenset[Identity]) -> None:
    """Let no output take the place of what the task reads; the plan was checked as a whole where it was made."""
    processor.options = processor.options._replace(write=processor.options.write._replace(read=read))


class _Folders:
    """The folder in which a process is: tasks of another call wait until those of one have left theirs."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._folder, self._tasks = "", 0

    @contextlib.contextmanager
    def within(self, folder: str) -> Iterator[None]:
        with self._change:
            self._change.wait_for(lambda: not self._tasks or self._folder == folder)
            if not self._tasks:
                before = os.getcwd()
                with contextlib.suppress(OSError):  # a call whose names are whole needs it not
                    os.chdir(folder)
                self._folder, self._before = folder, before
            self._tasks += 1
        try:
            yield
        finally:
            with self._change:
                self._tasks -= 1
                if not self._tasks:
                    os.chdir(self._before)
                self._change.notify_all()


class _Room:
    """The memory that the pictures of a worker's threads take together."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._taken: dict[int, float] = {}
        self._base = 0
        """What the process takes without pictures."""

    def take(self, needed: float) -> None:
        """Wait until there is room for a picture; raises DecodeError where the worker never has that much."""
        if needed <= UNASKED_BYTES or (limit := self._limit()) is None:
            return
        size = ROOM * limit - self._base
        if needed / ACCURACY > size:
            raise DecodeError(
                f"needs about {gigabytes(needed)} of memory; its worker may take {gigabytes(limit)} (memory_limit)"
            )
        with self._change:
            self._taken.pop(threading.get_ident(), None)
            self._change.wait_for(lambda: not self._taken or sum(self._taken.values()) + needed <= size)
            self._taken[threading.get_ident()] = needed

    def _limit(self) -> int | None:
        """Return the bytes that the worker may take; None where it has no limit."""
        worker = importlib.import_module("distributed").get_worker()
        if not self._base:
            self._base = worker.monitor.get_process_memory()
        return getattr(worker.memory_manager, "memory_limit", None)

    def leave(self) -> None:
        """Give back what the thread's picture took."""
        if threading.get_ident() in self._taken:
            with self._change:
                del self._taken[threading.get_ident()]
                self._change.notify_all()


_folders, _room = _Folders(), _Room()
