"""The plan: which input becomes which outputs. It only looks at names, and touches no file."""

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
    """An input: its name as given, and its path below the folder that was given, which outputs mirror."""

    name: str
    place: str
    tag: str = ""
    """The listing's version of an object in a store, which changes with its content."""


class Target(NamedTuple):
    """An output file; ``path`` None is standard output, ``format`` None the input's own."""

    path: str | None
    format: Format | None
    folder: str | None = None
    """The output folder, below which the file mirrors its input's path; it is made if it is missing."""
    in_place: bool = False
    """Whether the file is the input itself, to be replaced."""
    numbered: Numbered | None = None
    """Whether each frame gets a file, named after ``path``; their number is only known when they are read."""
    shown: bool = False
    """Whether it is only shown in the terminal."""
    map: int | None = None
    """The map of a filter bank that the file holds; None for the whole output."""

    def of_frame(self, number: int, own: str = "") -> Target:
        """Return the target of a frame; *own* is the folder of its class, if classes have folders."""
        if self.numbered is None:
            return self
        return self._replace(path=self.numbered.path(number, own), numbered=None)

    def format_for(self, output: str, own: Format) -> Format:
        """Return the format of an *output* for an input of format *own*."""
        if self.format is not None and not (self.format.of_files and not own.of_files):
            return self.format.of_input(own)
        if self.format is not None and own.data_set:
            return formats.LOSSLESS  # the images of a data set become files
        return formats.LOSSLESS if output != "image" and own.lossy else own

    @property
    def place(self) -> str | None:
        """The path, with `ANY` for the number of a frame."""
        return self.path if self.numbered is None else self.numbered.place

    @property
    def name(self) -> str:
        """The target's name as given."""
        stream = "the terminal" if self.shown else "standard output"
        return stream if self.path is None else shown(self.path)


class Job(NamedTuple):
    """An input and its outputs by name (``image``, ``magnitude``, …)."""

    input: Input
    targets: dict[str, Target]
    backup: str | None = None
    """The backup of an input that is replaced."""
    notes: tuple[str, ...] = ()
    """Notes for the user at the end."""
    source: Source | None = None
    """The digest of the input when it was read; None before."""
    variant: int | None = None
    """The variant of an augmentation; 0 is the input itself, None is no augmentation."""
    variants: tuple[int, ...] = ()
    """The variants of each image in the outputs, if the input is a data set; empty for single images."""
    others: tuple[str, ...] = ()
    """The input's files in folders of second pictures; "" if there is none."""
    labels: str = ""
    """The file of the labels of its images, if it is a data set with such a file."""
    attached: Attached | None = None
    """Its mask and its boxes, if the call transforms them."""
    page_share: int = 0
    """The job's share of the bytes of a report; 0 if it is not shown."""

    @property
    def name(self) -> str:
        """The input's name as given."""
        return shown(self.input.name)

    @property
    def all_targets(self) -> dict[str, Target]:
        """The outputs, and the files of the mask and boxes."""
        return self.targets if self.attached is None else {**self.targets, **self.attached.targets}

    @property
    def read_beside(self) -> tuple[str, ...]:
        """The files that are read together with this input only."""
        own = () if self.attached is None else self.attached.read
        return *filter(None, (*self.others, self.labels)), *own

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs' files by name, including the backup; - is standard output."""
        written = {name: target.path or STREAM for name, target in self.all_targets.items() if not target.shown}
        return written if self.backup is None else {**written, "backup": self.backup}


PLAIN = OutputNaming()
"""Names outputs like their inputs."""


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

    *outputs* maps names to the user's text; *folders* are those that exist already as folders. *several*: the inputs
    come from a folder or are more than one, so that only folders can hold their outputs. *in_place*: the picture
    replaces the input, which is kept with the suffix *backup* if one is given. Outputs in *tables* are not images.
    There is a job for each of the *variants* of an input; its outputs hold the variants in *together* of each image.
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
    """Return the file of a table: in a folder, a CSV next to the picture, unless --name has another extension."""
    patterned = formats.TABLES.get(formats.suffix_of(naming.pattern or "").lstrip("."))
    format = patterned or formats.TABLES["csv"]
    named = format._replace(suffixes=("",)) if patterned else format  # the pattern has the extension
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
        if naming.pattern is not None and not (name == "sheet" and naming.map_files):  # the pattern is for single maps
            raise UsageError(f"--name needs an output folder; {option} {shown(written)} is a file")
        return Target(written, to or formats.of_suffix(written, has_to=True))
    if source.name == STREAM and ("stem" in naming.fields or naming.pattern is None):
        advice = "name a file, or use --name without {stem}"
        raise UsageError(f"{option} {shown(written)}: standard input has no name to use in a folder; {advice}")
    own = formats.of_name(source.place)
    format = to or (formats.FORMATS[own.instead] if own is not None and own.instead else own)
    if to is None and name != "image" and (own is None or own.lossy):
        format = formats.LOSSLESS  # maps are written without loss
    given = source.place[len(source.place) - len(formats.suffix_of(source.place)) :]
    suffix = given if format in (None, own) else format.suffixes[0]  # type: ignore[union-attr]
    path = naming.path(written, source.place, suffix, index, name, map)
    if to is None and naming.pattern is not None:
        format = formats.of_name(str(path)) or format
    numbered = path if isinstance(path, Numbered) else None
    return Target(str(path), format, written, numbered=numbered, map=map)
