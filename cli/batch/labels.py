"""The labels of a data set's images, in its file or in one next to it; they are copied unchanged."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from ...filters.core.lazy_numpy import np
from .. import bounded_read
from ..console.messages import shown
from ..errors import FileError
from ..images import formats, idx
from ..images.atomic_write import Transaction, place_of
from ..images.cifar_pickle import class_names
from ..images.labels import Labels
from ..images.picture import DecodeError, Frames
from ..images.reader import naming
from .frame_output import writable
from .job_options import WriteOptions
from .naming import CLASSES, Numbered
from .plan import Job

IDX = "idx", "idx-gz"
"""The formats whose labels are in a separate file."""
CLASS_NAMES = {
    "cifar10": {"batches.meta.txt": 10},
    "cifar100": {"fine_label_names.txt": 100, "coarse_label_names.txt": 20},
}
"""The files next to the images with the names of classes and superclasses, by format, and the number of names."""
PICKLED_NAMES = {
    "cifar10-py": ("batches.meta", {"label_names": 10}),
    "cifar100-py": ("meta", {"fine_label_names": 100, "coarse_label_names": 20}),
}
"""The same for formats with one such file, by the keys in it."""
MOST_OF_NAMES = 1 << 16
"""The most bytes of such a file."""


def of(images: str, frames: Frames, given: str | None = None) -> Labels | None:
    """Return the labels of the data set in a file, if it has any; raises FileError.

    If a file of labels is *given*, they come from it.
    """
    if given is not None and frames.count is not None:
        if frames.labels is not None:
            raise FileError(shown(images), "has labels of its own; leave out --labels")
        return _read(given, images, frames.count, "is given as the labels of")
    if frames.format in IDX and frames.count is not None:
        return beside(images, frames.count)
    if frames.labels is None or frames.labels.classes:
        return frames.labels
    if frames.format in CLASS_NAMES:
        found = CLASS_NAMES[frames.format].items()
        names = [_class_names(Path(images).with_name(name), count) for name, count in found]
    elif frames.format in PICKLED_NAMES:
        name, keys = PICKLED_NAMES[frames.format]
        names = [_class_names(Path(images).with_name(name), count, key) for key, count in keys.items()]
    else:
        return frames.labels
    return frames.labels._replace(**dict(zip(("classes", "coarse_classes"), names, strict=False)))


def _class_names(path: Path, count: int, key: str = "") -> tuple[str, ...]:
    """Return the names of the classes, one per line or by a *key*, if there is such a file; raises FileError."""
    if not path.is_file():
        return ()
    with naming(str(path)), path.open("rb") as file:
        try:
            data = bounded_read.read(file, MOST_OF_NAMES)
            names = class_names(data, key) if key else tuple(data.decode().split())
        except (UnicodeDecodeError, bounded_read.TooLongError):
            raise DecodeError("is not the list of class names that its name suggests") from None
        if len(names) != count:
            raise DecodeError(f"names {len(names)} classes, but there are {count}")
        return names


def folder_of(numbered: Numbered, frames: Frames, number: int) -> str:
    """Return the folder of an image by its label or class, where images go to such folders."""
    found = CLASSES.match(numbered.classes)
    if found is None or frames.labels is None:
        return ""
    label = int(frames.labels.values[number])
    return frames.labels.classes[label] if found[1] == "class" else f"{label:{found[2] or ''}}"


def check_folders(job: Job, frames: Frames | None) -> None:
    """Raise FileError if images cannot go to the folders of labels or classes that --name asks for."""
    numbered = [target.numbered for target in job.targets.values() if target.numbered and target.numbered.classes]
    if not numbered:
        return
    found = None if frames is None else frames.labels
    classes, field = numbered[0].classes, CLASSES.match(numbered[0].classes)
    if found is None:
        raise FileError(job.name, f"has no labels; leave {classes} out of --name")
    if field is None or field[1] != "class":
        return
    if not found.classes:
        raise FileError(job.name, "has no class names; use {label}/ in --name")
    if len(found.values) and not 0 <= int(found.values.min()) <= int(found.values.max()) < len(found.classes):
        raise FileError(job.name, "has labels without a class name; use {label}/ in --name")
    for name in found.classes:
        if not is_folder_name(name):
            raise FileError(job.name, f"the class {shown(name)} cannot be a folder; use {{label}}/ in --name")


def is_folder_name(name: str) -> bool:
    """Return whether the name of a class can be the name of a folder that is not hidden.

    >>> [*map(is_folder_name, ["cat", "a/b", "..", ""])]
    [True, False, False, False]
    """
    apart = "/" not in name and os.sep not in name and not os.path.splitdrive(name)[0]
    return bool(name) and apart and not name.startswith(".") and name.isprintable()


def check(job: Job, frames: Frames, alone: bool) -> list[str]:
    """Return notes on labels that the outputs lose; raises FileError if the outputs cannot be written.

    Nobody expects labels in the picture of one image *alone*.
    """
    notes: list[str] = []
    for output, target in job.targets.items():
        if target.numbered is not None and target.numbered.classes:
            continue  # the folders are the labels
        format = target.format_for(output, formats.FORMATS[frames.format])
        format = target.format if target.format is not None and target.format.of_files else format
        if format.data_set or (not alone and format.name not in formats.TABLES):
            with writable(target, format):
                notes += format.codec.labels(frames.labels)
    return list(dict.fromkeys(notes))


def write(
    transaction: Transaction, job: Job, labels: Labels, formats_of: Mapping[str, formats.Format], options: WriteOptions
) -> list[str]:
    """Write the file of labels next to each output whose format has one; return notes on labels that are lost."""
    notes = []
    for output, target in job.targets.items():
        format = formats_of[output].name
        if format in CLASS_NAMES and labels.classes and target.path is not None:
            files = [Path(target.path).with_name(name) for name in CLASS_NAMES[format]]
            lost = [file.name for file in files if not file.exists()]
            notes += [f"the names of its classes were not written; copy {' and '.join(lost)}"] if lost else []
        if format not in IDX:
            continue
        name = None if target.path is None or target.numbered is not None else name_beside(target.path)
        if name is None:
            which = f", {shown(labels.source)}," if labels.source else ""
            notes.append(f"its labels{which} were not written: {target.name} does not contain -idx3-")
            continue
        with contextlib.suppress(OSError):
            if labels.source and Path(name).samefile(labels.source):
                continue  # written already
        if options.keep_existing and os.path.lexists(name):
            raise FileError(shown(name), "exists, and --no-clobber would keep labels that are not those of the images")
        with transaction.open(place_of(name), root=options.root(target.folder)) as file:
            idx.write_labels(file, labels.values, name.endswith(".gz"))
    return notes


def name_beside(images: str) -> str | None:
    """Return the name of the labels' file for a file of images; None if the name is not one of images.

    >>> name_beside("a/t10k-images-idx3-ubyte.gz"), name_beside("edges.idx4-ubyte"), name_beside("a.idx")
    ('a/t10k-labels-idx1-ubyte.gz', 'edges.idx1-ubyte', None)
    """
    path = Path(images)
    found = re.sub(r"([-.])idx[34](?=-)", r"\1idx1", path.name.replace("images", "labels"))
    return str(path.with_name(found)) if found != path.name else None


def file_beside(images: str) -> str:
    """Return the existing file of labels for a file of images; "" if there is none."""
    name = name_beside(images)
    return name if name is not None and Path(name).is_file() else ""


def beside(images: str, count: int) -> Labels | None:
    """Return the labels of *count* images, if there are any; raises FileError if the numbers differ."""
    name = file_beside(images)
    return _read(name, images, count, "is named as the labels of") if name else None


def _read(name: str, images: str, count: int, why: str) -> Labels:
    """Return the labels of *count* images in a file; raises FileError if the numbers differ."""
    with naming(name):
        data = Path(name).read_bytes()
        header = idx.header_in(data)
        if len(header.sizes) != 1:
            raise DecodeError(f"{why} {shown(images)}, but holds no labels")
        if header.sizes[0] != count:
            raise DecodeError(f"holds {header.sizes[0]} labels, but {shown(images)} has {count} images")
        values = np.frombuffer(idx.unpacked(data, header.bytes), header.dtype, offset=header.length)
        if values.dtype.kind == "f":
            raise DecodeError("holds labels that are not whole numbers")
        return Labels(values, source=name)
