"""The labels of a data set's images, which are in a file beside them and go along with them unchanged."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import shown
from ..errors import FileError
from ..images import formats, idx
from ..images.atomic_write import Transaction
from ..images.output_folder import root_of
from ..images.picture import DecodeError
from ..images.reader import naming
from .job_options import WriteOptions
from .plan import Job, Target


class Labels(NamedTuple):
    """The labels, and where they were read."""

    name: str
    values: bytes
    """The file, unpacked."""

    def write(self, transaction: Transaction, job: Job, options: WriteOptions) -> list[str]:
        """Write the labels beside each data set of images; return notes where they have no place."""
        notes = []
        for target in job.targets.values():
            name = name_beside(target.path) if target.path is not None and _holds_images(target) else None
            if name is None:
                notes.append(f"its labels, {shown(self.name)}, were not written: {target.name} is no name with -idx3-")
                continue
            with contextlib.suppress(OSError):
                if Path(name).samefile(self.name):
                    continue  # they are there
            if options.keep_existing and os.path.lexists(name):
                raise FileError(shown(name), "exists, and --no-clobber keeps it; the images would have other labels")
            root = None if target.folder is None else options.roots.get(target.folder) or root_of(target.folder)
            with transaction.open(Path(name), root=root) as file:
                for piece in idx.packing([self.values]) if name.endswith(".gz") else [self.values]:
                    file.write(piece)
        return notes


def name_beside(images: str) -> str | None:
    """Return how the file of labels beside one of images is called; None where the name tells of no images.

    >>> name_beside("a/t10k-images-idx3-ubyte.gz"), name_beside("edges.idx4-ubyte"), name_beside("a.idx")
    ('a/t10k-labels-idx1-ubyte.gz', 'edges.idx1-ubyte', None)
    """
    path = Path(images)
    found = re.sub(r"([-.])idx[34](?=-)", r"\1idx1", path.name.replace("images", "labels"))
    return str(path.with_name(found)) if found != path.name else None


def beside(images: str, count: int) -> Labels | None:
    """Return the labels of *count* images, if there are any; raises FileError where they are not as many."""
    name = name_beside(images)
    if name is None or not Path(name).is_file():
        return None
    with naming(name):
        data = Path(name).read_bytes()
        head = formats.unpacked(data[: formats.HEAD]) if data.startswith(formats.GZIP) else data[: formats.HEAD]
        header = idx.header_of(head)
        if len(header.sizes) != 1:
            raise DecodeError(f"holds no labels, and is named as those of {shown(images)}")
        if header.sizes[0] != count:
            raise DecodeError(f"holds {header.sizes[0]} labels, and {shown(images)} {count} images")
        return Labels(name, bytes(idx.unpacked(data, header.bytes)))


def _holds_images(target: Target) -> bool:
    return target.format is not None and target.format.name in ("idx", "idx-gz")
