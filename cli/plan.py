"""The plan: which input becomes which outputs. Pure: it looks at names, and touches no file.

Everything about the call that can be refused without work is refused here, before the first pixel.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from . import formats
from .exits import UsageError
from .formats import Format
from .messages import flag, shown

STREAM = "-"


@dataclass(frozen=True)
class Input:
    """One input: its name as written, and its place below the folder that was named, which outputs mirror."""

    name: str
    place: PurePath


@dataclass(frozen=True)
class Target:
    """One output file; ``path`` None is standard output, ``format`` None the input's own."""

    path: Path | None
    format: Format | None
    in_folder: bool = False
    """The file mirrors its input's place below a folder, which is made where it is missing."""

    @property
    def name(self) -> str:
        """The target as people wrote it."""
        return "standard output" if self.path is None else shown(str(self.path))


@dataclass(frozen=True)
class Job:
    """One input and its outputs by name (``image``, ``magnitude``, …)."""

    input: Input
    targets: dict[str, Target]


def plan(
    inputs: Sequence[Input],
    outputs: Mapping[str, str],
    *,
    to: Format | None = None,
    folders: frozenset[str] = frozenset(),
    several: bool = False,
) -> list[Job]:
    """Pair each input with its outputs; raises UsageError.

    *outputs* maps names to what the user wrote; *folders* are those that exist as folders already;
    *several* says that the inputs came from a folder or are more than one, so that only folders can
    hold their outputs.
    """
    jobs = [
        Job(source, {name: _target(name, written, source, to, folders, several) for name, written in outputs.items()})
        for source in inputs
    ]
    _refuse_collisions(jobs)
    return jobs


def _target(
    name: str, written: str, source: Input, to: Format | None, folders: frozenset[str], several: bool
) -> Target:
    option = "--output" if name == "image" else flag(name)
    if written == STREAM:
        if several:
            raise UsageError(f"{option} -: standard output holds one image, not several; name a folder")
        return Target(None, to)
    is_folder = written.endswith(("/", os.sep)) or written in folders
    if not is_folder:
        if several:
            raise UsageError(f"{option} {shown(written)}: several images need a folder; add a / to its name")
        return Target(Path(written), to or formats.of_suffix(written))
    if source.name == STREAM:
        raise UsageError(f"{option} {shown(written)}: standard input has no name to use in a folder; name a file")
    path = Path(written) / _named(source.place, to, name)
    return Target(path, to or _own_format(source.place, name), in_folder=True)


def _own_format(place: PurePath, name: str) -> Format | None:
    """Return the format of an output named like its input; maps go into one that loses nothing."""
    own = formats.BY_SUFFIX.get(place.suffix.lower())
    if name != "image" and (own is None or own.lossy):
        return formats.FORMATS["png"]
    return own


def _named(place: PurePath, to: Format | None, name: str) -> PurePath:
    own = _own_format(place, name)
    format = to or own
    if format is None or format is formats.BY_SUFFIX.get(place.suffix.lower()):
        return place
    return place.with_suffix(format.suffixes[0])


def _refuse_collisions(jobs: Sequence[Job]) -> None:
    """Refuse two outputs at one place, and an output at the place of an input."""
    sources = {_identity(Path(job.input.name)): job.input.name for job in jobs if job.input.name != STREAM}
    taken: dict[str, str] = {}
    for job in jobs:
        for target in job.targets.values():
            identity = "" if target.path is None else _identity(target.path)
            if identity in sources and target.path is not None:
                raise UsageError(
                    f"{target.name}: is an input, which is never overwritten; give the output another name"
                )
            if identity in taken:
                both = {taken[identity], shown(job.input.name)}
                raise UsageError(f"{target.name}: would hold two outputs, of {' and of '.join(sorted(both))}")
            taken[identity] = shown(job.input.name)


def _identity(path: Path) -> str:
    """Return what two names share when they may mean one file, on any file system."""
    return os.path.normpath(os.path.abspath(path)).casefold()  # noqa: PTH100 - pure: resolving would look at files
