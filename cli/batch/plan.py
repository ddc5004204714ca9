"""The plan: which input becomes which outputs. Pure: it looks at names, and touches no file."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import flag, shown
from ..errors import UsageError
from ..images import formats
from ..images.formats import Format
from ..images.source import Source
from ..streams import STREAM
from .naming import Numbered, OutputNaming

if TYPE_CHECKING:
    from .annotations.attached import Attached


class Input(NamedTuple):
    """One input: its name as written, and its place below the folder that was named, which outputs mirror."""

    name: str
    place: str
    tag: str = ""
    """What a listing told of an object in a store, which another content would not have."""


class Target(NamedTuple):
    """One output file; ``path`` None is standard output, ``format`` None the input's own."""

    path: str | None
    format: Format | None
    folder: str | None = None
    """The folder that was named, below which the file mirrors its input's place; it is made where it is missing."""
    in_place: bool = False
    """The file is the input itself, which it replaces."""
    numbered: Numbered | None = None
    """There is a file for each frame, how many is known when they are read. ``path`` shows how they are called."""
    shown: bool = False
    """It is shown in the terminal, and written nowhere."""
    map: int | None = None
    """The one map of a bank of kernels that the file holds; None is all of the output."""

    def of_frame(self, number: int, own: str = "") -> Target:
        """Return the target of one frame, whose class has its *own* folder, where classes have some."""
        if self.numbered is None:
            return self
        return self._replace(path=self.numbered.path(number, own), numbered=None)

    def format_for(self, output: str, own: Format) -> Format:
        """Return the format of an *output* of a picture that was read from one of format *own*."""
        if self.format is not None and not (self.format.of_files and not own.of_files):
            return self.format.of_input(own)
        if self.format is not None and own.data_set:
            return formats.LOSSLESS  # its images become files
        return formats.LOSSLESS if output != "image" and own.lossy else own

    @property
    def place(self) -> str | None:
        """The path, with `ANY` for the number of a frame."""
        return self.path if self.numbered is None else self.numbered.place

    @property
    def name(self) -> str:
        """The target as people wrote it."""
        stream = "the terminal" if self.shown else "standard output"
        return stream if self.path is None else shown(self.path)


class Job(NamedTuple):
    """One input and its outputs by name (``image``, ``magnitude``, …)."""

    input: Input
    targets: dict[str, Target]
    backup: str | None = None
    """Where the input goes before its own output takes its place."""
    notes: tuple[str, ...] = ()
    """Notes for the user when it is done."""
    source: Source | None = None
    """What the input held when it was read; None before."""
    variant: int | None = None
    """Which of the variants of an augmentation; 0 is the input itself, None no augmentation."""
    variants: tuple[int, ...] = ()
    """Those that the outputs hold of each image, where the input is a data set; none of an image by itself."""
    others: tuple[str, ...] = ()
    """The files that belong to the input in folders of second pictures; "" if there is none."""
    labels: str = ""
    """The file of the labels of its images, if it is a data set with such a file."""
    attached: Attached | None = None
    """Its mask and its boxes, where the call moves them."""
    page_share: int = 0
    """Bytes of the page of a report that show what becomes of it; 0 if it is not shown."""

    @property
    def name(self) -> str:
        """The input as people wrote it."""
        return shown(self.input.name)

    @property
    def all_targets(self) -> dict[str, Target]:
        """The outputs, and the files of its mask and boxes."""
        return self.targets if self.attached is None else {**self.targets, **self.attached.targets}

    @property
    def read_beside(self) -> tuple[str, ...]:
        """The files that the input alone goes together with."""
        own = () if self.attached is None else self.attached.read
        return *filter(None, (*self.others, self.labels)), *own

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs' files by name, with the backup; - is standard output."""
        written = {name: target.path or STREAM for name, target in self.all_targets.items() if not target.shown}
        return written if self.backup is None else {**written, "backup": self.backup}


PLAIN = OutputNaming()
"""Outputs are called as their inputs."""


def plan(
    inputs: Sequence[Input],
    outputs: Mapping[str, str],
    *,
    to: Format | None = None,
    folders: frozenset[str] = frozenset(),
    several: bool = False,
    naming: OutputNaming = PLAIN,
    in_place: bool = False,
    backup: str | None = None,
    tables: Collection[str] = (),
    variants: Sequence[int | None] = (None,),
    together: tuple[int, ...] = (),
) -> list[Job]:
    """Pair each input with its outputs; raises UsageError.

    *outputs* maps names to what the user wrote; *folders* are those that exist as folders already;
    *several* says that the inputs came from a folder or are more than one, so that only folders can
    hold their outputs. *in_place*: the picture takes the input's place, which *backup* is added to the name of.
    Those of the outputs that are *tables* are no images. There is a job for each of the *variants* of an input;
    the outputs of one hold those that are *together* of each of its images.
    """
    naming._replace(variant=variants[0]).check()
    jobs = []
    for (index, source), variant in product(enumerate(inputs, 1), variants):
        naming = naming._replace(variant=variant)
        targets: dict[str, Target] = {}
        if in_place:
            if source.name == STREAM:
                raise UsageError("--in-place cannot replace standard input")
            targets["image"] = Target(source.name, formats.of_name(source.name), in_place=True)
        for name, written in outputs.items():
            numbers = range(naming.maps) if name == "image" and naming.map_files else (None,)
            for number in numbers:
                if name in tables:
                    target = _table(name, written, source, written in folders, several, naming, index)
                else:
                    target = _target(name, written, source, to, written in folders, several, naming, index, number)
                targets[name if number is None else f"map{number}"] = target
        kept = source.name + backup if in_place and backup else None
        jobs.append(Job(source, targets, kept, variant=variant, variants=together))
    return jobs


def _table(
    name: str, written: str, source: Input, is_folder: bool, several: bool, naming: OutputNaming, index: int
) -> Target:
    """Return the file of a table: in a folder it is a CSV beside the picture, unless --name has another suffix."""
    patterned = formats.TABLES.get(formats.suffix_of(naming.pattern or "").lstrip("."))
    format = patterned or formats.TABLES["csv"]
    named = format._replace(suffixes=("",)) if patterned else format  # the pattern ends with it
    target = _target(name, written, source, named, is_folder, several, naming, index)
    if target.path is None:
        return target._replace(format=formats.TABLES["json"])
    if target.folder is None or formats.suffix_of(target.path) not in format.suffixes:
        return target._replace(format=formats.of_table(target.path))
    return target._replace(format=format)


def _target(
    name: str,
    written: str,
    source: Input,
    to: Format | None,
    is_folder: bool,
    several: bool,
    naming: OutputNaming,
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
        if naming.pattern is not None and not (name == "sheet" and naming.map_files):  # the name is that of each map
            raise UsageError(f"--name needs an output folder; {option} {shown(written)} is a file")
        return Target(written, to or formats.of_suffix(written))
    if source.name == STREAM and ("stem" in naming.fields or naming.pattern is None):
        advice = "name a file, or use --name without {stem}"
        raise UsageError(f"{option} {shown(written)}: standard input has no name to use in a folder; {advice}")
    own = formats.of_name(source.place)
    format = to or (formats.FORMATS[own.instead] if own is not None and own.instead else own)
    if to is None and name != "image" and (own is None or own.lossy):
        format = formats.LOSSLESS  # a map goes into one that loses nothing
    given = source.place[len(source.place) - len(formats.suffix_of(source.place)) :]
    suffix = given if format in (None, own) else format.suffixes[0]  # type: ignore[union-attr]
    path = naming.path(written, source.place, suffix, index, name, map)
    if to is None and naming.pattern is not None:
        format = formats.of_name(str(path)) or format
    numbered = path if isinstance(path, Numbered) else None
    return Target(str(path), format, written, numbered=numbered, map=map)
