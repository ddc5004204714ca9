"""The task of a worker: pictures, or parts of one, one after the other; it sends back only reports.

Each thread of a worker builds the filters once per call.
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
"""The usable share of a worker's memory_limit; at 0.95 its nanny ends it."""
UNASKED_BYTES = 1 << 26
"""Bytes that a picture may use without asking."""

NAMES = "imfilter", "Pillow", "NumPy"


class Task(Protocol):
    """A picture, or a part of the work on one."""

    @property
    def input(self) -> Input:
        """The picture."""
        ...

    @property
    def name(self) -> str:
        """The picture as the user wrote it."""
        ...

    @property
    def outputs(self) -> Mapping[str, str]:
        """The files that the task writes, each of which appears whole."""
        ...


Numbered = tuple[int, Task]
Work = Callable[[ImageProcessor, Any, Reader], Any]
"""Does a task, and returns its result."""


class Stopped(BaseException):
    """The call was interrupted, so the task gives no result; this is not a failure."""


class Call(NamedTuple):
    """The data that all tasks of a call share."""

    token: str
    folder: str
    """The folder to which its relative names refer."""
    packed: bytes
    """The filters and the reader for its pictures; each thread unpacks them once."""
    versions: tuple[str, ...]
    """The versions on the calling machine."""
    work: Work


class Done(NamedTuple):
    """The answer of a task."""

    reports: list[tuple[int, Any]]
    seconds: float = 0.0
    other: str = ""
    """The versions of the worker, if they differ from the call's; then it did nothing."""


def versions() -> tuple[str, ...]:
    """Return the versions that affect the outputs: those of the program, Pillow and NumPy."""
    return VERSION, PIL.__version__, numpy.__version__


def in_words(found: Sequence[str | None]) -> str:
    """Return such versions in words; None is a missing package.

    >>> in_words(["1.0", None, "2.4.6"])
    'imfilter 1.0, Pillow –, NumPy 2.4.6'
    """
    return ", ".join(f"{name} {version or '–'}" for name, version in zip(NAMES, found, strict=True))


def packed(processor: ImageProcessor, reader: Reader) -> bytes:
    """Return the filters and the reader as bytes, without what only applies to this machine."""
    options = processor.options
    here = options._replace(write=options.write._replace(read=frozenset(), roots={}))
    return pickle.dumps((processor.recipe, processor.maps, here, reader), pickle.HIGHEST_PROTOCOL)


def do(call: Call, lot: bytes) -> Done:
    """Do a list of tasks of a call until the call is stopped; the rest have no report."""
    if (own := versions()) != call.versions:  # a worker that came later than the others
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
    """Let the tasks of a call end after their current picture."""
    _stopped.add(token)


def heed() -> Callable[..., None]:
    """Return a function that raises Stopped, in any thread, if the call of this thread's task was interrupted."""
    token = _own.token

    def check(*done: int) -> None:
        if token in _stopped:
            raise Stopped

    return check


_stopped: set[str] = set()
"""The calls that were interrupted."""
_own = threading.local()
"""The filters that each thread built for the last call."""


def _built(call: Call) -> tuple[ImageProcessor, Reader]:
    if getattr(_own, "token", None) != call.token:
        recipe, maps, options, reader = pickle.loads(call.packed)
        processor = ImageProcessor(recipe, maps, _with_cores(options, cpu_count.cores(None, _only_own())))
        reader.wait_for_room = _room.take
        _own.token, _own.built = call.token, (processor, reader)
    return _own.built


def _only_own() -> dict[str, str]:
    """Return the number of cores in the worker's environment; if none is set, each of its threads counts as one."""
    return {cpu_count.VARIABLE: os.environ.get(cpu_count.VARIABLE) or "1"}


def _with_cores(options: JobOptions, cores: int) -> JobOptions:
    write = options.write._replace(encode=options.write.encode._replace(cores=cores))
    return options._replace(cores=cores, write=write)


def _protect(processor: ImageProcessor, read: frozenset[Identity]) -> None:
    """Keep outputs from replacing what the task reads; the calling machine checked the plan as a whole."""
    processor.options = processor.options._replace(write=processor.options.write._replace(read=read))


class _Folders:
    """The current folder of a process: tasks of another call wait until those of this call have left theirs."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._folder, self._tasks = "", 0

    @contextlib.contextmanager
    def within(self, folder: str) -> Iterator[None]:
        with self._change:
            self._change.wait_for(lambda: not self._tasks or self._folder == folder)
            if not self._tasks:
                before = os.getcwd()
                with contextlib.suppress(OSError):  # a call with only absolute names does not need it
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
    """The memory that the pictures of a worker's threads use together."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._taken: dict[int, float] = {}
        self._base = 0
        """What the process uses without pictures."""

    def take(self, needed: float) -> None:
        """Wait until there is room for a picture; raises DecodeError if the worker can never have that much."""
        if needed <= UNASKED_BYTES or (limit := self._limit()) is None:
            return
        size = ROOM * limit - self._base
        if needed / ACCURACY > size:
            raise DecodeError(
                f"needs about {gigabytes(needed)} of memory; its worker may use {gigabytes(limit)} (memory_limit)"
            )
        with self._change:
            self._taken.pop(threading.get_ident(), None)
            self._change.wait_for(lambda: not self._taken or sum(self._taken.values()) + needed <= size)
            self._taken[threading.get_ident()] = needed

    def _limit(self) -> int | None:
        """Return the bytes that the worker may use; None if it has no limit."""
        worker = importlib.import_module("distributed").get_worker()
        if not self._base:
            self._base = worker.monitor.get_process_memory()
        return getattr(worker.memory_manager, "memory_limit", None)

    def leave(self) -> None:
        """Release the memory of the thread's picture."""
        if threading.get_ident() in self._taken:
            with self._change:
                del self._taken[threading.get_ident()]
                self._change.notify_all()


_folders, _room = _Folders(), _Room()
