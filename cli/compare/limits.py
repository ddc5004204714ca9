"""How much a pair may differ, and the message for one that differs more."""

from __future__ import annotations

import math

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import counted, flag
from ..errors import UsageError
from .measured import Measured


class Limits(NamedTuple):
    """The limits of a call; without any a pair must be identical."""

    max_diff: float | None = None
    """In levels of the picture with the greater depth."""
    max_differing: str | None = None
    """A number of pixels, or a percentage."""
    min_psnr: float | None = None
    min_ssim: float | None = None
    min_ms_ssim: float | None = None

    def check(self) -> None:
        """Raise UsageError for invalid limits."""
        for name, value in zip(self._fields, self, strict=True):
            if isinstance(value, float) and math.isnan(value):
                raise UsageError(f"{flag(name)}: nan is not a number")
        if self.max_diff is not None and self.max_diff < 0:
            raise UsageError(f"--max-diff: {self.max_diff:g} is negative")
        for name in ("min_ssim", "min_ms_ssim"):
            if (value := getattr(self, name)) is not None and value > 1:
                raise UsageError(f"{flag(name)}: {value:g} is above 1, the value of identical pictures")
        if self.max_differing is not None:
            self._pixels(1)

    def _pixels(self, pixels: int) -> float:
        """Return how many pixels may differ, of *pixels*; raises UsageError."""
        text = self.max_differing or ""
        share = text.endswith("%")
        try:
            value = float(text.removesuffix("%"))
        except ValueError:
            raise UsageError(f"--max-differing: {text!r} is neither a number of pixels nor a percentage") from None
        if not 0 <= value < math.inf or (share and value > 100):
            raise UsageError(f"--max-differing: {text} is neither a number of pixels nor a percentage up to 100%")
        return value * pixels / 100 if share else value

    @property
    def metrics(self) -> list[str]:
        """The metrics that the limits need."""
        needs = {"psnr": self.min_psnr, "ssim": self.min_ssim, "ms-ssim": self.min_ms_ssim}
        return [name for name, limit in needs.items() if limit is not None]

    @property
    def needs_white(self) -> bool:
        """Whether one of the metrics is only defined if the white level is known."""
        return bool(self.metrics)

    def missed(self, found: Measured) -> str:
        """Return how a pair exceeds the limits; "" if it keeps them."""
        if self == Limits():
            return "" if found.is_identical else "differs"
        count = found.difference.differing
        missed = []
        if self.max_diff is not None and not found.difference.greatest <= self.max_diff:
            missed.append(f"by at most {found.difference.greatest:g} (limit {self.max_diff:g})")
        if self.max_differing is not None and count > self._pixels(found.difference.pixels):
            missed.append(f"in {counted(count, 'pixel', 'pixels')} (limit {self.max_differing})")
        for name, value, limit, digits in (
            ("PSNR", found.psnr, self.min_psnr, 2),
            ("SSIM", found.ssim, self.min_ssim, 5),
            ("MS-SSIM", found.ms_ssim, self.min_ms_ssim, 5),
        ):
            if limit is not None and (value is None or not value >= limit):
                said = "not defined" if value is None else rounded_down(value, digits)
                missed.append(f"{name} {said} (limit {limit:g})")
        if not missed:
            return ""
        return f"{'outside the limits' if found.is_identical else 'differs'}: {', '.join(missed)}"


def rounded_down(value: float, digits: int) -> str:
    """Return a figure rounded down, so that it keeps a limit set to what is printed.

    >>> rounded_down(0.999996, 5), rounded_down(1.0, 5), rounded_down(58.309, 2), rounded_down(0.29, 2)
    ('0.99999', '1.00000', '58.30', '0.29')
    """
    if not math.isfinite(value):
        return "infinite" if value > 0 else "-infinite"
    scale = 10**digits
    level = round(value * scale)  # the product itself is rounded: 0.29 * 100 is below 29
    return f"{(level if level / scale <= value else level - 1) / scale:.{digits}f}"
