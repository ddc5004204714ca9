"""`imfilter dataset check`: faults of a data set that would spoil a training, one per line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import counted, put, shown
from ..console.report import DEPTHS
from ..digest import digest
from ..errors import ExitCode, FileError, UsageError
from ..file_identity import Identity, identity
from ..images import formats
from ..images.picture import Picture, channels_of
from ..images.reader import naming
from . import class_names, source
from .folders import EMPTY, HIDDEN
from .source import Batch, Container, DataSet, Pictures, ShardSet

USUAL = 0.5
"""If at least this share of the images has something in common, it is usual, and the others are odd."""
ONE_SIZE = 0.9
"""If at least this share of the images has one size, all are meant to have it."""
NARROW = 8
"""The ratio of the sides from which a picture is a stripe."""
TURNED = {2: "mirrored", 3: "upside down", 4: "mirrored"} | dict.fromkeys((5, 6, 7, 8), "on its side")
"""How a picture with an EXIF orientation looks as stored."""
MOST_CLASSES = 1 << 16
"""The most classes for which classes without images are searched."""

MOST_NAMED = 10
"""How many of them are named."""


class Look(NamedTuple):
    """The properties of a sample that are compared with the others'."""

    name: str
    size: tuple[int, int]
    mode: str


class Twin(NamedTuple):
    """The first sample with some contents."""

    name: str
    label: str | None
    part: str


def run(names: Sequence[str], classes: str | None) -> ExitCode:
    """Print the faults of data sets, which are parts of one."""
    _check_once(names)
    count = int(classes) if classes is not None and classes.isascii() and classes.isdecimal() else None
    file = None if count is not None else classes
    met: dict[str, Twin] = {}
    images = faults = 0

    def tell(fault: object) -> None:
        nonlocal faults
        put(str(fault))
        faults += 1

    for data_set in class_names.named(source.opened(names, digests=True, failed=tell), file):
        images += data_set.count()
        for line in _faults(data_set, met, count):
            tell(line)
    put(f"{counted(images, 'image', 'images')} checked, {counted(faults, 'fault', 'faults')} found")
    return ExitCode.FAILED if faults else ExitCode.DONE


def _check_once(names: Sequence[str]) -> None:
    """Raise UsageError if a data set is named twice: all of it would be copies."""
    found: dict[Identity, str] = {}
    for name in names:
        place = identity(name)
        if place is not None and (other := found.setdefault(place, name)) is not name:
            raise UsageError(f"{shown(name)}: is the same as {shown(other)}; name it once")


def _faults(data_set: DataSet, met: dict[str, Twin], classes: int | None) -> Iterator[str]:
    looks: list[Look] = []
    labels: Counter[int] = Counter()
    for entry in data_set.left_out:
        is_class = entry.why in (HIDDEN, EMPTY) and entry.path != data_set.name
        yield f"{shown(entry.path)}: {'is a class that ' if is_class else ''}{entry.why}"
    for batch in _readable(data_set):
        if isinstance(batch, FileError):
            yield str(batch)
            continue
        for number, picture in enumerate(_each(batch.picture)):
            name, label = batch.name(number), batch.labels[number]
            if isinstance(data_set, Pictures):
                yield from _of_file(name, batch, picture)
            looks.append(Look(name, (picture.pixels.shape[1], picture.pixels.shape[0]), _mode(picture)))
            word = None if label is None else str(data_set.classes[label] if data_set.classes else label)
            yield from _twin(Twin(name, word, data_set.name), _contents(batch, picture), met)
        labels.update(label for label in batch.labels if label is not None)
    yield from _odd(looks, shown(data_set.name))
    if isinstance(data_set, Container):
        if data_set.labels is not None:  # those of images that cannot be read, too
            labels = Counter(data_set.labels.values.tolist())
        if looks:
            yield from _labels(data_set, labels, classes)
        return
    have = {file.label for file in data_set.files} if isinstance(data_set, Pictures) else set[int | None]()
    if empty := [name for label, name in enumerate(data_set.classes) if label not in have]:
        yield f"{shown(data_set.name)}: has no images of {_few('class', 'the classes', empty)}"
    if classes is not None and data_set.classes and len(data_set.classes) != classes:
        yield f"{shown(data_set.name)}: has {counted(len(data_set.classes), 'class', 'classes')}, not {classes}"


def _readable(data_set: DataSet) -> Iterator[Batch | FileError]:
    """Yield the samples, and an error for each that cannot be read."""
    if not isinstance(data_set, (Pictures, ShardSet)):
        try:
            yield from data_set.batches()
        except FileError as error:
            yield error
        return
    for read in _reads(data_set):
        try:
            yield read()
        except FileError as error:
            yield error


def _reads(data_set: Pictures | ShardSet) -> Iterator[Callable[[], Batch]]:
    """Yield a function for each file, which reads it."""
    if isinstance(data_set, Pictures):
        yield from (partial(data_set.read, file) for file in data_set.files)
        return
    for label, members in data_set.labelled():
        yield from (partial(data_set.read, member, label) for member in members if member.is_image)


def _each(picture: Picture) -> Iterator[Picture]:
    """Yield the single images of a picture."""
    if picture.images == 1:
        yield picture
        return
    height = len(picture.pixels) // picture.images
    for top in range(0, len(picture.pixels), height):
        alpha = None if picture.alpha is None else picture.alpha[top : top + height]
        yield Picture(picture.pixels[top : top + height], alpha, colours=picture.colours, white=picture.white)


def _mode(picture: Picture) -> str:
    """Return in words what should be the same in all images of a data set."""
    depth = DEPTHS[picture.pixels.dtype.name]
    of = "" if depth == 8 else f" of {depth} bits" if isinstance(depth, int) else f" of {depth}"
    return f"{channels_of(picture)}{of}{' in a palette' if picture.palette is not None else ''}"


def _of_file(name: str, batch: Batch, picture: Picture) -> Iterator[str]:
    """Yield the faults of a file by itself."""
    with naming(batch.path), open(batch.path, "rb") as file:
        head = file.read(formats.HEAD)
    named, found = formats.of_name(batch.path), formats.sniff(head)
    if found is not None and (named is None or not formats.is_of(named, head)):
        said = Path(batch.path).suffix
        yield f"{name}: is {found.title or found.name.upper()}, but its extension is {said or 'missing'}"
    if picture.orientation in TURNED:
        yield (
            f"{name}: is {TURNED[picture.orientation]} for readers that ignore EXIF (orientation {picture.orientation})"
        )
    if batch.frames != 1:
        yield f"{name}: has {batch.frames or 'several'} frames; other programs read only the first, or fail"


def _contents(batch: Batch, picture: Picture) -> str:
    """Return a digest of the bytes of a file, or of the samples of an image in a container."""
    if batch.digest is not None:
        return batch.digest.hexadecimal()
    return f"{picture.pixels.shape}{digest(picture.pixels.tobytes(), 16)}"


def _twin(sample: Twin, contents: str, met: dict[str, Twin]) -> Iterator[str]:
    """Yield a line if this sample is a copy of another."""
    first = met.setdefault(contents, sample)
    if first is sample:
        return
    where = []
    if first.label != sample.label:
        where.append(f"another class ({shown(str(first.label))} and {shown(str(sample.label))})")
    if first.part != sample.part:
        where.append("another part")
    yield f"{sample.name}: is a copy of {first.name}{', in ' + ' and '.join(where) if where else ''}"


def _odd(looks: Sequence[Look], data_set: str) -> Iterator[str]:
    """Yield a line for each sample that is not like the others."""
    sizes, modes = Counter(look.size for look in looks), Counter(look.mode for look in looks)
    size, most = sizes.most_common(1)[0] if looks else ((0, 0), 0)
    mode, usual = modes.most_common(1)[0] if looks else ("", 0)
    if len(modes) > 1 and usual <= USUAL * len(looks):
        yield f"{data_set}: has images of {', '.join(f'{mode} ({count})' for mode, count in modes.most_common())}"
        mode = None
    one_size = most >= ONE_SIZE * len(looks)
    for look in looks:
        width, height = look.size
        if one_size and look.size != size:
            yield f"{look.name}: is {width}×{height}; {most} of {len(looks)} images are {size[0]}×{size[1]}"
        elif not one_size and max(look.size) > NARROW * min(look.size):
            yield f"{look.name}: is {width}×{height}, a stripe"
        if mode is not None and look.mode != mode:
            yield f"{look.name}: is {look.mode}; {usual} of {len(looks)} images are {mode}"


def _labels(data_set: Container, labels: Counter[int], classes: int | None) -> Iterator[str]:
    """Yield a line for each label without a class, and for the classes without images."""
    if not labels:
        yield f"{shown(data_set.name)}: has no labels"
        return
    most = classes if classes is not None else len(data_set.classes) or max(labels) + 1
    where = shown((data_set.labels and data_set.labels.source) or data_set.name)
    for label in sorted(labels):
        if not 0 <= label < most:
            images = counted(labels[label], "image", "images")
            yield f"{where}: label {label} is out of range 0 to {most - 1} ({images})"
    if missing := [str(label) for label in range(min(most, MOST_CLASSES)) if label not in labels]:
        yield f"{where}: has no images of {_few('class', 'the classes', missing)}"


def _few(one: str, several: str, names: Sequence[str]) -> str:
    """Return a list of names in words; of many, the first ones.

    >>> _few("class", "the classes", ["3"]), _few("class", "the classes", [*map(str, range(13))])
    ('class 3', 'the classes 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 others')
    """
    others = f" and {len(names) - MOST_NAMED} others" if len(names) > MOST_NAMED else ""
    return f"{one if len(names) == 1 else several} {', '.join(map(shown, names[:MOST_NAMED]))}{others}"
