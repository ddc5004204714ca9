"""The region where the filters of a call act: the file of --mask and the boxes of --roi."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import reason, shown
from ..digest import digest
from ..errors import UsageError
from ..streams import STREAM

FARTHEST = (1 << 31) - 1
"""Greater than the sides of all images."""
Box = tuple[int, int, int, int]
"""The left, the top, the width and the height."""


class Region(NamedTuple):
    """The values of these options."""

    mask: str | None
    data: bytes
    """The contents of the mask's file, read only once because it may be a pipe."""
    boxes: tuple[Box, ...]

    @property
    def option(self) -> str:
        """The option's name for messages."""
        return "--roi" if self.mask is None else f"--mask {shown(self.mask)}"

    def files(self) -> list[str]:
        """Return the files that the result depends on."""
        return [self.mask] if self.mask is not None and Path(self.mask).is_file() else []

    def key(self) -> dict[str, object]:
        """Return a key that is different for every other region."""
        return {"mask": digest(self.data) if self.mask is not None else None, "roi": self.boxes}


def read(mask: str | None, boxes: Sequence[str]) -> Region | None:
    """Read the options --mask and --roi; None if neither is given. Raises UsageError."""
    if mask is None and not boxes:
        return None
    if mask == STREAM:
        raise UsageError("--mask -: a mask must be a file; standard input is for the picture")
    from ..images.input_bytes import read_bytes  # a call without a mask does not need it
    from ..images.picture import DecodeError

    try:
        data = b"" if mask is None else read_bytes(mask)
    except DecodeError as error:
        raise UsageError(f"--mask {shown(mask or '')}: {error}") from None
    except OSError as error:
        raise UsageError(f"--mask {shown(mask or '')}: {reason(error)}") from None
    return Region(mask, data, tuple(map(_box, boxes)))


def _box(text: str) -> Box:
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--roi: {text!r} is not X,Y,W,H in whole pixels, such as 10,20,300,200") from None
    if min(width, height) < 1:
        raise UsageError(f"--roi: {text} has no pixels; W and H are at least 1")
    if max(map(abs, (x, y, width, height))) > FARTHEST:
        raise UsageError(f"--roi: {text} lies outside any image; numbers go up to {FARTHEST}")
    return x, y, width, height
