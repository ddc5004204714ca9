"""Dependency files for Make and Ninja: which outputs are made from which files."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import shown
from ..console.report import CallFiles
from ..errors import UsageError
from ..file_identity import Identity
from ..images.atomic_write import Transaction
from ..streams import STREAM
from .plan import Job

UNNAMEABLE = r"[\n\t;]|[\\ ]\Z|\(.*\)\Z|%.*[=*?\[]|[=*?\[].*%"
"""What a file name in a makefile cannot contain, however it is quoted."""


class Rules(NamedTuple):
    """The files in a dependency file other than the inputs and outputs of the jobs."""

    written: Sequence[str]
    """The files that every job renews: the legend and the recipe."""
    read: Sequence[str]
    """The files that every output depends on: kernels, biases, mask, recipe and list."""

    def targets(self, job: Job) -> list[str]:
        """Return the files that are made from a job's input."""
        return [*(target.path for target in job.all_targets.values() if target.path is not None), *self.written]

    def sources(self, job: Job) -> list[str]:
        """Return the files from which a job's outputs are made."""
        return list(dict.fromkeys(name for name in (job.input.name, *job.read_beside, *self.read) if name != STREAM))


def rules(files: CallFiles) -> Rules:
    """Return the rules for the files of a call."""
    written = [path for name, path in files.written.items() if name != "depfile"]
    return Rules(written, [name for name in files.read if name not in written])


def check(path: str, jobs: Sequence[Job], rules: Rules) -> None:
    """Raise UsageError if a dependency file cannot name its files."""
    for job in jobs:
        for name in (*rules.targets(job), *rules.sources(job)):
            if re.search(UNNAMEABLE, name):
                raise UsageError(
                    f"--depfile {shown(path)}: {shown(name)}: Make cannot express this name; rename the file"
                )


def write(path: str, jobs: Sequence[Job], rules: Rules, read: Collection[Identity]) -> None:
    """Write one rule for each job with files on both sides, and an empty one for each other file; raises FileError.

    With an empty rule, Make rebuilds what depended on a deleted file, as with ``cc -MP``. *read* are the files that
    must not be replaced.
    """
    lines = []
    for job in jobs:
        targets, sources = rules.targets(job), rules.sources(job)
        if targets and sources:
            left = " ".join(escaped(name, target=True) for name in targets)
            right = " ".join(escaped(name) for name in sources)
            lines.append(f"{left}: {right}\n")
    if lines:
        known = {job.input.name for job in jobs} | {name for job in jobs for name in rules.targets(job)}
        read_beside = [*rules.read, *(name for job in jobs for name in job.read_beside)]
        lines += [f"{escaped(name, target=True)}:\n" for name in dict.fromkeys(read_beside) if name not in known]
    with Transaction(read) as transaction:
        with transaction.open(Path(path)) as file:
            file.write("".join(lines).encode("utf-8", "surrogateescape"))
        transaction.commit()


def escaped(name: str, target: bool = False) -> str:
    r"""Return a file name as a word of a makefile: a prerequisite, or a target.

    Backslashes count only before a character that they escape, where each must be doubled. In targets a % is special,
    and an & at the end; in prerequisites a |. An = would turn the line into a variable, so a function call hides it.

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
