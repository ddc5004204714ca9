"""Writing files so that a reader, a crash or a full disk never meets half of one."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

PREFIX = ".imfilter-"


def is_stream(path: Path) -> bool:
    """Whether *path* names no file that can be replaced, but a pipe, a terminal, a device or an open descriptor."""
    absolute = os.path.abspath(path)  # noqa: PTH100 - resolving would follow /dev/stdout to the file behind it
    if absolute.startswith(("/dev/fd/", "/dev/std", "/proc/")):
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


class Transaction:
    """Several files that appear together, or not at all.

    Each is written to a temporary file in its own folder; `commit` renames them. What is not committed
    is removed, whatever the reason.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Path, Path]] = []

    @contextlib.contextmanager
    def open(self, target: Path) -> Iterator[BinaryIO]:
        """Give a file object whose contents will become *target*."""
        if is_stream(target):
            with target.open("wb") as stream:
                yield stream
            return
        descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=".tmp", dir=target.parent)
        self._waiting.append((Path(name), target))
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, _permissions(target))
            yield file
            # A full disk may show no earlier than here.
            file.flush()

    def commit(self) -> None:
        """Let all files appear."""
        while self._waiting:
            temporary, target = self._waiting[-1]
            temporary.replace(target)
            self._waiting.pop()

    def __enter__(self) -> Transaction:
        return self

    def __exit__(self, *failure: object) -> None:
        for temporary, _ in self._waiting:
            temporary.unlink(missing_ok=True)
        self._waiting.clear()


def _permissions(target: Path) -> int:
    """Return the mode of the file to be replaced, or what a new file gets."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


Save = Callable[[BinaryIO], None]
