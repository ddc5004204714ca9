"""A connection to a cluster: its workers are started here, or asked for at a scheduler; nothing of it stays behind."""

from __future__ import annotations

import contextlib
import importlib
import logging
import signal
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from ... import signals, system
from ...console.messages import reason_of
from ...errors import FileError, UsageError
from ...images.silence import silenced
from .address import Address

ANSWER = 10
"""Seconds for a scheduler to answer."""
LOST = 60
"""Seconds after which a scheduler, or the last worker, is not waited for any more."""
AGAIN = "run it again with --update"
LOGGERS = ("distributed", "tornado", "asyncio", "dask", "bokeh")
SILENT = logging.CRITICAL + 1
OUTSIDE = {*signals.ENDING} - {signal.SIGTERM}
"""Signals that the terminal sends to all processes: this one alone shall have them."""


def library() -> Any:
    """Return Dask's library of clusters; raises ImportError where it is not installed."""
    return importlib.import_module("distributed")


class Connection:
    """A client of a cluster, which may have to be made anew."""

    def __init__(self, address: Address, scheduler: Any) -> None:
        self.address, self._scheduler = address, scheduler
        self.client: Any = None
        self.lost_since: float | None = None

    def open(self) -> None:
        """Connect; raises OSError where no scheduler answers."""
        self.client = library().Client(self._scheduler, timeout=ANSWER, set_as_default=False)

    def close(self) -> None:
        """Let the scheduler go, and what it has of this call."""
        client, self.client = self.client, None
        if client is not None:
            with contextlib.suppress(OSError):
                client.close(timeout=ANSWER)

    def is_there(self) -> bool:
        """Whether the scheduler answers, after one more try where it did not; raises FileError after `LOST` seconds."""
        if self.client is not None and self.client.status == "running":
            self.lost_since = None
            return True
        now = time.monotonic()
        self.lost_since = self.lost_since or now
        if now - self.lost_since > LOST:
            raise FileError(self.address.name, f"no scheduler has answered for {LOST} s; {AGAIN}")
        if self.client is None or self.client.status == "closed":
            self.close()
            with contextlib.suppress(OSError):
                self.open()
        return False


@contextlib.contextmanager
def connected(address: Address, verbose: bool = False) -> Iterator[Connection]:
    """Give a connection to a cluster; raises UsageError where there is none."""
    try:
        library()
    except ImportError:
        raise UsageError(f"{address.name}: needs an extra: pip install 'imfilter[cluster]'") from None
    if not verbose:
        _silence()
    with contextlib.ExitStack() as stack:
        scheduler: Any = address.scheduler
        if address.workers:
            scheduler = stack.enter_context(_of_this_machine(address, verbose))
        connection = Connection(address, scheduler)
        stack.callback(connection.close)
        try:
            connection.open()
        except (OSError, ValueError):
            raise UsageError(f"{address.name}: no scheduler answers; start one with: dask scheduler") from None
        yield connection


@contextlib.contextmanager
def _of_this_machine(address: Address, verbose: bool) -> Iterator[Any]:
    """Give a cluster of processes of this machine; raises UsageError where they do not start."""
    with tempfile.TemporaryDirectory(prefix="imfilter-") as scratch:
        try:
            cluster = _started(address.workers, scratch, verbose)
        except (OSError, RuntimeError, ImportError) as error:
            raise UsageError(f"{address.name}: its workers do not start ({reason_of(error).rstrip('.')})") from None
        try:
            yield cluster
        finally:
            cluster.close(timeout=ANSWER)


def _started(workers: int, scratch: str, verbose: bool) -> Any:
    """Start a cluster, whose temporary files are in *scratch*; raises OSError, RuntimeError, ImportError."""
    # Whether a list is tried again, and in halves, is decided here.
    settings = {"distributed.scheduler.allowed-failures": 0, "temporary-directory": scratch}
    importlib.import_module("dask.config").set(settings)
    with contextlib.nullcontext() if verbose else silenced():  # what begins here is silent for its life
        system.track_resources()
    with _kept_from_others():
        return library().LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=logging.WARNING if verbose else SILENT,
            security=True,  # who reaches its port runs what he likes, and other users of the machine do
            local_directory=scratch,
        )


@contextlib.contextmanager
def _kept_from_others() -> Iterator[None]:
    """Let threads and processes that begin never have the signals of the terminal."""
    with system.held_back(OUTSIDE):
        yield
    signals.check()


def _silence() -> None:
    """Keep what the cluster's library tells of itself from the screen."""
    known = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in LOGGERS]
    for logger in map(logging.getLogger, {*known, *LOGGERS}):
        logger.setLevel(SILENT)
