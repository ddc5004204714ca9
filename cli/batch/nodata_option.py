"""Which samples are missing, as --nodata says, and what is written for them."""

from __future__ import annotations

from ...filters.core.named_tuple import NamedTuple
from ..errors import UsageError

AUTO, NONE = "auto", "none"


class NodataOption(NamedTuple):
    """What a call says of missing samples."""

    auto: bool = True
    """The value is what each file tells."""
    value: float | None = None
    """The value for all files; None if there is none."""
    keep_holes: bool = False
    """What is missing of the input is missing of the result."""

    def of(self, told: float | None) -> float | None:
        """Return the value for a file that tells one, or none."""
        return told if self.auto else self.value


def read(text: str, keep_holes: bool) -> NodataOption:
    """Return what the options --nodata and --keep-holes say; raises UsageError.

    >>> read("-9999", False).of(0.0), read("none", False).of(0.0), read("auto", False).of(0.0)
    (-9999.0, None, 0.0)
    """
    if text in (AUTO, NONE):
        return NodataOption(text == AUTO, None, keep_holes)
    try:
        return NodataOption(False, float(text), keep_holes)
    except ValueError:
        raise UsageError(f"--nodata: {text!r} is not auto, none, nan or a number, such as -9999") from None
