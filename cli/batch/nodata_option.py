"""The value that marks missing samples, from --nodata, and how they are written."""

from __future__ import annotations

from ...filters.core.named_tuple import NamedTuple
from ..errors import UsageError

AUTO, NONE = "auto", "none"


class NodataOption(NamedTuple):
    """The options of a call on missing samples."""

    auto: bool = True
    """Whether each file's own value is used."""
    value: float | None = None
    """The value for all files, or None."""
    keep_holes: bool = False
    """Whether samples missing in the input are missing in the result."""

    def of(self, told: float | None) -> float | None:
        """Return the value for a file, which may state one itself."""
        return told if self.auto else self.value


def read(text: str, keep_holes: bool) -> NodataOption:
    """Read the options --nodata and --keep-holes; raises UsageError.

    >>> read("-9999", False).of(0.0), read("none", False).of(0.0), read("auto", False).of(0.0)
    (-9999.0, None, 0.0)
    """
    if text in (AUTO, NONE):
        return NodataOption(text == AUTO, None, keep_holes)
    try:
        return NodataOption(False, float(text), keep_holes)
    except ValueError:
        raise UsageError(f"--nodata: {text!r} is not auto, none, nan or a number, such as -9999") from None
