"""One frame, filtered: what is computed of it, and how its outputs come into their files."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ...filters.core.engine.facts import Fact
from ...filters.core.engine.output_buffer import Output
from ...filters.core.engine.quantize import Encoding
from ...filters.core.lazy_numpy import np
from ..errors import FileError
from ..images import formats
from ..images.atomic_write import Buffer, Times, Transaction, naming_failures
from ..images.metadata import Metadata
from .plan import Job, Target

SHEET = "sheet"
"""The output that shows all maps of a bank of kernels."""


class Computed(NamedTuple):
    """One frame, filtered."""

    shape: tuple[int, int, int]
    """Of the input."""
    dtype: str
    formats_of: Mapping[str, formats.Format]
    encodings: Mapping[str, Encoding]
    outputs: Mapping[str, Output]
    facts: Sequence[Fact]

    def without_samples(self) -> Computed:
        """Return what a report needs."""
        outputs = {
            name: output._replace(
                samples=np.broadcast_to(np.zeros((), output.samples.dtype), output.samples.shape), alpha=None
            )
            for name, output in self.outputs.items()
        }
        return self._replace(outputs=outputs)


@contextlib.contextmanager
def writable(target: Target, format: formats.Format) -> Iterator[None]:
    """Let what an encoder refuses name *target*."""
    try:
        yield
    except (ValueError, MemoryError) as error:
        why = str(error) or "it needs more memory than there is"
        raise FileError(target.name, f"cannot be written as {format.name.upper()}: {why}") from None


def opened(
    transaction: Transaction, job: Job, target: Target, preserve_times: bool
) -> contextlib.AbstractContextManager[Buffer]:
    """Open an output for writing, in its folder, which is made where it is missing."""
    path = None if target.path is None else Path(target.path)
    if target.folder is not None and path is not None:
        with naming_failures(path):
            path.parent.mkdir(parents=True, exist_ok=True)
    backup = Path(job.backup) if target.in_place and job.backup else None
    return transaction.open(path, backup, _times(job.input.name) if preserve_times else None)


def _times(name: str) -> Times | None:
    """Return the times of an input, if it is a file."""
    try:
        found = Path(name).stat()
    except (OSError, ValueError):
        return None
    return (found.st_atime_ns, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def kept_of(metadata: Metadata, name: str, computed: Computed) -> Metadata:
    """Return what the output *name* keeps: a map its resolution; gray samples no profile of colours."""
    if name == SHEET:
        return Metadata()
    if name != "image":
        return Metadata(dpi=metadata.dpi)
    same_colours = computed.outputs[name].samples.shape[2] == computed.shape[2]
    return metadata if same_colours else metadata._replace(icc=b"")
