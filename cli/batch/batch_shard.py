"""`--shard`: the part of a batch that one of several independent calls does."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import flag, shown
from ..digest import blake2b
from ..errors import UsageError
from ..file_identity import identity
from ..images import formats
from ..streams import STREAM
from . import shard_environment
from .inputs import is_folder
from .options import SharedOptions
from .plan import Job

AUTO = "auto"
PLACE, INDEX = WAYS = "place", "index"
"""The ways to divide images."""
SHARD = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
FIELD = "{shard}"
"""Placeholder for the number of the shard in the name of a file that a call writes about all its images."""
OF_ALL = ("report", "manifest")
"""The options whose file is about all images of a call."""


class BatchShard(NamedTuple):
    """One of *total* parts of a batch; its number counts from 1."""

    number: int
    total: int
    by: str = PLACE

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    def of(self, jobs: Sequence[Job]) -> list[Job]:
        """Return the *jobs* that belong to the shard, in their order; those of one input stay together.

        >>> from .plan import Input
        >>> jobs = [Job(Input(f"in/{name}", name), {}) for name in ("a.png", "b.png", "c.png", "d.png", "e.png")]
        >>> [[job.input.place for job in BatchShard(number, 2).of(jobs)] for number in (1, 2)]
        [['a.png', 'd.png', 'e.png'], ['b.png', 'c.png']]
        >>> [[job.input.place for job in BatchShard(number, 2, "index").of(jobs)] for number in (1, 2)]
        [['a.png', 'b.png', 'c.png'], ['d.png', 'e.png']]
        """
        if self.by == PLACE:
            return [job for job in jobs if shard_of(job.input.place, self.total) == self.number]
        at = {source: index for index, source in enumerate(dict.fromkeys(job.input for job in jobs))}
        return [job for job in jobs if at[job.input] * self.total // len(at) == self.number - 1]

    def check_named(self, option: str, path: str) -> None:
        """Raise UsageError if all shards would write the file that an option names."""
        if FIELD not in path and path not in ("", STREAM):
            end = len(path) - len(formats.suffix_of(path))
            name = shown(f"{path[:end]}-{FIELD}{path[end:]}")
            raise UsageError(f"{flag(option)} {shown(path)}: each shard needs its own file; use a name like {name}")

    def named(self, path: str) -> str:
        """Return the name of this shard's file, with its number in place of `FIELD`.

        >>> BatchShard(3, 16).named("page-{shard}.html")
        'page-03.html'
        """
        return path.replace(FIELD, f"{self.number:0{len(str(self.total))}}")


def shard_of(place: str, count: int) -> int:
    r"""Return to which of *count* shards an image belongs, by its *place* alone.

    The place is the path below the named folder, with / between folders; for a file that was named itself or in a
    list, its name alone. So the shard does not depend on where the folder is mounted, on the order of the inputs or on
    added ones, and images with the same place in several folders are in the same shard. The bytes of the file system
    count, which need not be UTF-8. If they are, they count in Unicode's composed form (NFC), as macOS may show a Linux
    folder in the other form. Numbers are big-endian.

    >>> shard_of("2024/é.jpg", 1000), shard_of("2024/e\u0301.jpg", 1000)
    (889, 889)
    """
    data = os.fsencode(place)
    if not data.isascii():
        import unicodedata  # few names need it

        text = unicodedata.normalize("NFC", data.decode("utf-8", "surrogateescape"))
        data = text.encode("utf-8", "surrogateescape")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big") % count + 1


def read(text: str, by: str) -> BatchShard:
    """Return the shard of --shard and --shard-by; raises UsageError.

    >>> read("3/16", "place")
    BatchShard(number=3, total=16, by='place')
    """
    if by not in WAYS:
        raise UsageError(f"--shard-by: {by!r} is not {' or '.join(WAYS)}")
    if text == AUTO:
        return BatchShard(*shard_environment.shard(), by)
    found = SHARD.fullmatch(text)
    if found is None:
        raise UsageError(f"--shard: {text!r} is neither I/N, such as 1/4, nor {AUTO}")
    number, count = map(int, found.groups())
    if not 1 <= number <= count:
        raise UsageError(f"--shard: {text} is not one of 1/{count} to {count}/{count}")
    return BatchShard(number, count, by)


def begun(shard: BatchShard, options: SharedOptions, beside: Mapping[str, str]) -> tuple[SharedOptions, dict[str, str]]:
    """Return the options of a call that does a shard, and the other files that it writes, by name.

    Raises UsageError for files that shards cannot write. All shards write the same legend and recipe, but each writes
    the page and the manifest of its own images.
    """
    if options.depfile is not None:
        raise UsageError("--depfile cannot be used with --shard: it would list the outputs of one shard only")
    for option, path in {"report": options.report, **beside}.items():
        if option in OF_ALL and path is not None:
            shard.check_named(option, path)
    report, boxes = (None if path is None else shard.named(path) for path in (options.report, options.boxes_out))
    return (
        options._replace(report=report, boxes_out=boxes),
        {option: shard.named(path) if option in OF_ALL else path for option, path in beside.items()},
    )


def check_inputs(names: Collection[str], outputs: Iterable[str]) -> None:
    """Raise UsageError for named inputs that shards cannot share.

    If a folder of *outputs* is also named as an input, a shard would find the outputs of others in it.
    """
    if STREAM in names:
        raise UsageError("--shard needs files; standard input is one image")
    folders = {identity(name) for name in names if is_folder(name)} - {None}
    for path in outputs:
        if identity(path) in folders:
            raise UsageError(
                f"{shown(path)}: holds inputs, and other shards would read its outputs as inputs; name another folder"
            )
