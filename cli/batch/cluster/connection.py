"""A connection to a cluster, whose workers are started here or belong to a scheduler; it leaves nothing behind."""

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
"""Seconds within which a scheduler must answer."""
LOST = 60
"""Seconds after which a missing scheduler, or the last missing worker, counts as lost."""
AGAIN = "run it again with --update"
LOGGERS = ("distributed", "tornado", "asyncio", "dask", "bokeh")
SILENT = logging.CRITICAL + 1
OUTSIDE = {*signals.ENDING} - {signal.SIGTERM}
"""Signals that the terminal sends to all processes; only this one should get them."""


def library() -> Any:
    """Return Dask's library for clusters; raises ImportError if it is not installed."""
    return importlib.import_module("distributed")


class Connection:
    """A client of a cluster, which may have to connect again."""

    def __init__(self, address: Address, scheduler: Any) -> None:
        self.address, self._scheduler = address, scheduler
        self.client: Any = None
        self.lost_since: float | None = None

    def open(self) -> None:
        """Connect; raises OSError if no scheduler answers."""
        self.client = library().Client(self._scheduler, timeout=ANSWER, set_as_default=False)

    def close(self) -> None:
        """Disconnect from the scheduler, and remove what it holds of this call."""
        client, self.client = self.client, None
        if client is not None:
            with contextlib.suppress(OSError):
                client.close(timeout=ANSWER)

    def is_there(self) -> bool:
        """Whether the scheduler answers, if need be at a second try; raises FileError after `LOST` seconds."""
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
    """Yield a connection to a cluster; raises UsageError if there is none."""
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
    """Yield a cluster of processes on this machine; raises UsageError if they do not start."""
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
    # This program itself decides whether a list is tried again, and in halves.
    settings = {"distributed.scheduler.allowed-failures": 0, "temporary-directory": scratch}
    importlib.import_module("dask.config").set(settings)
    with contextlib.nullcontext() if verbose else silenced():  # what starts here stays silent
        system.track_resources()
    with _kept_from_others():
        return library().LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=logging.WARNING if verbose else SILENT,
            security=True,  # anyone who reaches its port can run code, and other users of this machine can reach it
            local_directory=scratch,
        )


@contextlib.contextmanager
def _kept_from_others() -> Iterator[None]:
    """Block the terminal's signals in threads and processes that start meanwhile."""
    with system.held_back(OUTSIDE):
        yield
    signals.check()


def _silence() -> None:
    """Keep the messages of the cluster's library off the screen."""
    known = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in LOGGERS]
    for logger in map(logging.getLogger, {*known, *LOGGERS}):
        logger.setLevel(SILENT)
