"""Dependency files, as Make and Ninja read them: which outputs are made of which files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .atomic import Transaction
from .exits import FileError
from .plan import STREAM, Job


def write(path: str, jobs: Sequence[Job], kernels: Sequence[str]) -> None:
    """Write one rule for each job with files on both sides; raises FileError."""
    with Transaction() as transaction:
        with transaction.open(Path(path)) as file:
            for job in jobs:
                targets = [target.path for target in job.targets.values() if target.path is not None]
                sources = [name for name in (job.input.name, *kernels) if name != STREAM]
                if targets and sources:
                    for name in (*targets, *sources):
                        if "\n" in name:
                            raise FileError(path, f"cannot name {name!r}: no file of Make can hold a line break")
                    left, right = (" ".join(map(escaped, names)) for names in (targets, sources))
                    file.write(f"{left}: {right}\n".encode("utf-8", "surrogateescape"))
        transaction.commit()


def escaped(name: str) -> str:
    r"""Return a file's name as a word of a makefile.

    Backslashes count only before a blank, a colon or a #, where each must be doubled.

    >>> print(escaped("a b#c$d%e:f.png"))
    a\ b\#c$$d\%e\:f.png
    """
    return re.sub(r"(\\*)([ \t#:%])", r"\1\1\\\2", name).replace("$", "$$")
