"""IDX compressed with gzip, as data sets are published."""

from __future__ import annotations

import io

from . import idx
from .codec import Codec, Content


class Writer(idx.Writer):
    """Packs images of one size."""

    packed = True


def encode(file: io.BytesIO, content: Content) -> list[str]:
    """Write one image."""
    return idx.encoded(file, content, Writer())


CODEC = Codec(idx.finish, encode, frames=Writer, labels=idx.labels)
