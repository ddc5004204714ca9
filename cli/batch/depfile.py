"""Dependency files, as Make and Ninja read them: which outputs are made of which files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..console.messages import shown
from ..errors import UsageError
from ..images.atomic_write import Transaction
from ..streams import STREAM
from .plan import Job

UNNAMEABLE = re.compile(r"[\n\t;]|[\\ ]\Z|\(.*\)\Z|%.*[=*?\[]|[=*?\[].*%")
"""What no file of a makefile can have in its name, however it is quoted."""


def check(path: str, jobs: Sequence[Job], kernels: Sequence[str]) -> None:
    """Raise UsageError where a dependency file could not name its files."""
    for job in jobs:
        for name in (*_targets(job), *_sources(job, kernels)):
            if UNNAMEABLE.search(name):
                raise UsageError(
                    f"--depfile {shown(path)}: {shown(name)}: Make has no way to write such a name; rename the file"
                )


def write(path: str, jobs: Sequence[Job], kernels: Sequence[str]) -> None:
    """Write one rule for each job with files on both sides; raises FileError."""
    with Transaction() as transaction:
        with transaction.open(Path(path)) as file:
            for job in jobs:
                targets, sources = _targets(job), _sources(job, kernels)
                if targets and sources:
                    left = " ".join(escaped(name, target=True) for name in targets)
                    right = " ".join(escaped(name) for name in sources)
                    file.write(f"{left}: {right}\n".encode("utf-8", "surrogateescape"))
        transaction.commit()


def _targets(job: Job) -> list[str]:
    return [target.path for target in job.targets.values() if target.path is not None]


def _sources(job: Job, kernels: Sequence[str]) -> list[str]:
    return [name for name in (job.input.name, *kernels) if name != STREAM]


def escaped(name: str, target: bool = False) -> str:
    r"""Return a file's name as a word of a makefile: a prerequisite, or a target.

    Backslashes count only before what they escape, where each must be doubled. In targets a % means something, and an
    & at the end; in prerequisites a |. An = would make the line a variable's; it hides behind a function's call.

    >>> print(escaped("a b#c$d%e:f.png"))
    a\ b\#c$$d%e\:f.png
    >>> print(escaped("100%.png", target=True), escaped("1=[2].png"))
    100\%.png 1$(subst x,=,x)\[2].png
    """
    if re.search(r"[*?\[]", name):
        name = re.sub(r"([\\*?\[])", r"\\\1", name)
    special = r"(\\*)([ #:%])" if target else r"(\\*)([ #:|])"
    name = re.sub(special, r"\1\1\\\2", name.replace("$", "$$")).replace("=", "$(subst x,=,x)")
    return f"{name}$()" if target and name.endswith("&") else name
