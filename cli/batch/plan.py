"""The plan: which input becomes which outputs. Pure: it looks at names, and touches no file.

Everything about the call that can be refused without work is refused here, before the first pixel.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..console.messages import flag, shown
from ..errors import UsageError
from ..images import formats
from ..images.formats import Format
from ..streams import STREAM

FIELDS = ("stem", "suffix", "filter", "index", "output", "frame", "map")
"""What --name may hold in braces."""
ANY = "\0"
"""Stands in a path for a number that is not known yet; no path has it."""


class Input(NamedTuple):
    """One input: its name as written, and its place below the folder that was named, which outputs mirror."""

    name: str
    place: str


class Target(NamedTuple):
    """One output file; ``path`` None is standard output, ``format`` None the input's own."""

    path: str | None
    format: Format | None
    folder: str | None = None
    """The folder that was named, below which the file mirrors its input's place; it is made where it is missing."""
    in_place: bool = False
    """The file is the input itself, which it replaces."""
    numbered: tuple[str, str, str] | None = None
    """There is a file for each frame, how many is known when they are read: what stands before the number, how it is
    formatted, and what stands behind. ``path`` shows all three."""
    map: int | None = None
    """The one map of a bank of kernels that the file holds; None is all of the output."""

    def of_frame(self, number: int) -> Target:
        """Return the target of one frame."""
        if self.numbered is None:
            return self
        before, spec, after = self.numbered
        return self._replace(path=f"{before}{number:{spec}}{after}", numbered=None)

    @property
    def place(self) -> str:
        """The path, with `ANY` for the number of a frame."""
        return ANY.join(self.numbered[::2]) if self.numbered else self.path or ""

    @property
    def name(self) -> str:
        """The target as people wrote it."""
        return "standard output" if self.path is None else shown(self.path)


class Job(NamedTuple):
    """One input and its outputs by name (``image``, ``magnitude``, …)."""

    input: Input
    targets: dict[str, Target]
    backup: str | None = None
    """Where the input goes before its own output takes its place."""

    @property
    def name(self) -> str:
        """The input as people wrote it."""
        return shown(self.input.name)

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs' files by name; - is standard output."""
        return {name: target.path or STREAM for name, target in self.targets.items()}


class Names(NamedTuple):
    """How outputs in folders are called."""

    pattern: str | None = None
    filter: str = ""
    frame: int | None = None
    """The one frame that is taken, if not all."""
    maps: int = 0
    """So many maps the result is made of; 0 is a picture."""

    @property
    def apart(self) -> bool:
        """Whether each map has a file of its own."""
        return self.pattern is not None and "map" in [field for _, field, *_ in string.Formatter().parse(self.pattern)]

    def check(self) -> None:
        """Raise UsageError for a pattern that cannot name files in one folder."""
        if self.pattern is None:
            return
        try:
            if not self.pattern:
                raise ValueError("is empty")
            if "/" in self.pattern or os.sep in self.pattern or "\0" in self.pattern:
                raise ValueError("names files inside the folder; no / in it")
            for _, field, width, conversion in string.Formatter().parse(self.pattern):
                if field is not None and (field not in FIELDS or conversion):
                    raise ValueError(f"{{{shown(field)}}} is not known (one of {', '.join(FIELDS)})")
                if field == "frame" and not re.fullmatch(r"(0\d{1,2})?d?", width or ""):
                    raise ValueError(f"{{frame:{shown(width or '')}}} is not understood; digits, as in {{frame:03}}")
                if width and not re.fullmatch(r"[^{}]?[<>^]?\d{1,2}d?", width):
                    raise ValueError(f"{{{field}:{shown(width)}}} is not understood; a width, as in {{index:04}}")
            if [field for _, field, *_ in string.Formatter().parse(self.pattern)].count("frame") > 1:
                raise ValueError("the number of a frame stands once in a name")
            if self.apart and not self.maps:
                raise ValueError("{map} numbers the maps of a bank of kernels; here the result is a picture")
            self._filled("a", ".png", 1, "image", 0)
        except ValueError as error:
            raise UsageError(f"--name {shown(self.pattern)}: {error}") from None

    def place(self, place: str, suffix: str, index: int, output: str, map: int | None = None) -> str:
        """Return the place of an output whose input has the place *place*, with the suffix of its format.

        An output that is no single *map* has its own name in the place of the number.
        """
        folder, name = os.path.split(place)
        stem, own = os.path.splitext(name)
        if self.pattern is None:
            name = name if suffix == own else stem + suffix
        else:
            name = self._filled(stem, suffix, index, output, _Word(output) if map is None else map)
            if os.path.splitext(name)[1].lower() not in formats.BY_SUFFIX:
                name += suffix
        return os.path.join(folder, name)

    def _filled(self, stem: str, suffix: str, index: int, output: str, map: int | _Word) -> str:
        assert self.pattern is not None
        frame = _Unknown() if self.frame is None else self.frame
        fields = {"stem": stem, "suffix": suffix, "filter": self.filter, "index": index, "output": output}
        return self.pattern.format(**fields, frame=frame, map=map)


class _Unknown:
    """A number that is not known yet: it leaves how it is to be formatted."""

    def __format__(self, spec: str) -> str:
        return f"{ANY}{spec}{ANY}"


class _Word:
    """A word in the place of a number, however that is to be formatted."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __format__(self, spec: str) -> str:
        return self.word


PLAIN = Names()
"""Outputs are called as their inputs."""


def plan(
    inputs: Sequence[Input],
    outputs: Mapping[str, str],
    *,
    to: Format | None = None,
    folders: frozenset[str] = frozenset(),
    several: bool = False,
    names: Names = PLAIN,
    in_place: bool = False,
    backup: str | None = None,
) -> list[Job]:
    """Pair each input with its outputs; raises UsageError.

    *outputs* maps names to what the user wrote; *folders* are those that exist as folders already;
    *several* says that the inputs came from a folder or are more than one, so that only folders can
    hold their outputs. *in_place*: the picture takes the input's place, which *backup* is added to the name of.
    """
    names.check()
    jobs = []
    for index, source in enumerate(inputs, 1):
        targets = {}
        if in_place:
            if source.name == STREAM:
                raise UsageError("--in-place: standard input has no place")
            targets["image"] = Target(source.name, formats.BY_SUFFIX.get(_suffix(source.name)), in_place=True)
        for name, written in outputs.items():
            numbers = range(names.maps) if name == "image" and names.apart else (None,)
            for number in numbers:
                target = _target(name, written, source, to, written in folders, several, names, index, number)
                targets[name if number is None else f"map{number}"] = target
        jobs.append(Job(source, targets, source.name + backup if in_place and backup else None))
    _refuse_collisions(jobs)
    return jobs


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _target(
    name: str,
    written: str,
    source: Input,
    to: Format | None,
    is_folder: bool,
    several: bool,
    names: Names,
    index: int,
    map: int | None = None,
) -> Target:
    option = "--output" if name == "image" else flag(name)
    if written == STREAM:
        if several:
            raise UsageError(f"{option} -: standard output holds one image, not several; name a folder")
        return Target(None, to)
    if not (is_folder or written.endswith(("/", os.sep))):
        if several:
            raise UsageError(f"{option} {shown(written)}: several images need a folder; add a / to its name")
        if names.pattern is not None and not (name == "sheet" and names.apart):  # the name is that of each map
            raise UsageError(f"--name: names files in a folder; {option} {shown(written)} is a file")
        return Target(written, to or formats.of_suffix(written))
    if source.name == STREAM:
        raise UsageError(f"{option} {shown(written)}: standard input has no name to use in a folder; name a file")
    own = formats.BY_SUFFIX.get(_suffix(source.place))
    format = to or own
    if to is None and name != "image" and (own is None or own.lossy):
        format = formats.LOSSLESS  # a map goes into one that loses nothing
    suffix = os.path.splitext(source.place)[1] if format in (None, own) else format.suffixes[0]  # type: ignore[union-attr]
    place = names.place(source.place, suffix, index, name, map)
    if to is None and names.pattern is not None:
        format = formats.BY_SUFFIX.get(_suffix(place), format)
    path = os.path.join(written, place)
    if ANY not in path:
        return Target(path, format, written, map=map)
    before, spec, after = path.split(ANY)
    shown_spec = f":{spec}" if spec else ""
    return Target(f"{before}{{frame{shown_spec}}}{after}", format, written, False, (before, spec, after), map)


def _refuse_collisions(jobs: Sequence[Job]) -> None:
    """Refuse two outputs at one place, and an output at the place of an input that is not its own."""
    here = os.getcwd()

    def identity(path: str) -> str:
        """Return what two names share when they may mean one file, on any file system."""
        return os.path.normpath(os.path.join(here, path)).casefold()

    sources = {identity(job.input.name) for job in jobs if job.input.name != STREAM}
    taken: dict[str, Job] = {}
    for job in jobs:
        for target in job.targets.values():
            place = "" if target.path is None else identity(target.place)
            if place in sources and not target.in_place:
                raise UsageError(
                    f"{target.name}: is an input, which is never overwritten; give the output another name, "
                    "or use --in-place"
                )
            if place in taken:
                raise UsageError(f"{target.name}: would hold two outputs{_of(taken[place], job, target)}")
            taken[place] = job
        if job.backup is not None:
            place = identity(job.backup)
            if place in sources or place in taken:
                raise UsageError(f"--backup: {shown(job.backup)} is an input or output too; use another suffix")
            taken[place] = job
    if any(ANY in place for place in taken) and (both := meeting([*sources, *taken])) is not None:
        one, other = (shown(os.path.relpath(place, here)).replace("\\x00", "{frame}") for place in both)
        raise UsageError(
            f"--name: {one} and {other} may be one file; write the number behind another sign, as in -{{frame:03}}"
        )


def meeting(places: Iterable[str]) -> tuple[str, str] | None:
    """Return two of the paths that are one for some number in place of `ANY`, which one of them has at least.

    Paths that agree but for their runs of digits are held against each other, without the runs that may be any.
    """
    groups: dict[tuple[str, ...], dict[int | None, list[tuple[list[str], str]]]] = {}
    for place in places:
        parts = re.split(rf"(\d*{ANY}\d*|\d+)", place)
        free = next((number for number, run in enumerate(parts[1::2]) if ANY in run), None)
        groups.setdefault(tuple(parts[::2]), {}).setdefault(free, []).append((parts[1::2], place))
    for kinds in groups.values():
        for one in kinds.keys() - {None}:
            for other, members in kinds.items():
                if other is not None and other < one:  # type: ignore[operator]
                    continue
                seen: dict[tuple[str, ...], str] = {}
                pairs = members if one == other else [*kinds[one], *members]
                met = len(kinds[one]) if one != other else 0
                for at, (runs, place) in enumerate(pairs):
                    key = tuple(run for number, run in enumerate(runs) if number not in (one, other))
                    if key in seen and at >= met:
                        return seen[key], place
                    if at < met or one == other:
                        seen[key] = place
    return None


def _of(one: Job, other: Job, target: Target) -> str:
    """Return of which inputs two outputs are that would meet at *target*, and what would help."""
    if one is other:
        of = f" of {one.name}"
        return f"{of}; give each its folder, or add --name '{{stem}}.{{output}}'" if target.folder else of
    if one.input.name == other.input.name:
        return f": {one.name} is named twice"
    of = f", of {one.name} and of {other.name}"
    return f"{of}; name the folder above both, with -r, or add --name '{{index}}-{{stem}}'" if target.folder else of
