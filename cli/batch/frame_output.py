"""One frame, filtered: what is computed of it, and how its outputs come into their files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ...filters.core.engine.facts import Fact
from ...filters.core.engine.output_buffer import Output
from ...filters.core.engine.quantize import Encoding
from ...filters.core.lazy_numpy import np
from ..console.messages import reason
from ..errors import FileError
from ..images import formats
from ..images.colour_description import NOTHING
from ..images.metadata import Metadata
from .plan import Target

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
    is_picture: bool = True
    """The result shows the colours of the picture: it is no map, and shows no edges."""

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


def make_folder(target: Target) -> None:
    """Make the folder in which a target mirrors its input's place."""
    if target.folder is None:
        return
    assert target.path is not None
    try:
        Path(target.path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(target.name, f"cannot be written: {reason(error)}") from None


def kept_of(metadata: Metadata, name: str, computed: Computed) -> Metadata:
    """Return what the output *name* keeps: a map its resolution; edges, and gray of colours, no colour profile."""
    if name == SHEET:
        return Metadata()
    if name != "image":
        return Metadata(dpi=metadata.dpi)
    same_colours = computed.is_picture and computed.outputs[name].samples.shape[2] == computed.shape[2]
    return metadata if same_colours else metadata._replace(icc=b"", colour=NOTHING)
