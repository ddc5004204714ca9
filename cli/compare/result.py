"""The result for a pair, as text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import counted
from ..console.report import SCHEMA
from ..errors import ExitCode, FileError
from .limits import rounded_down
from .measured import Measured
from .pairs import Pair

if TYPE_CHECKING:
    from ..page.exhibit import Exhibit

FIGURES = ("identical", "max_diff", "differing", "pixels", "rmse", "psnr", "ssim", "ms_ssim")
"""The JSON keys of the figures."""


class Result(NamedTuple):
    """The result for a pair."""

    pair: Pair
    why: str = ""
    """How the pair exceeds the limits."""
    found: Measured | None = None
    error: FileError | None = None
    notes: Sequence[str] = ()
    diff: str | None = None
    exhibit: Exhibit | None = None
    """What the page shows of the pair."""

    @property
    def code(self) -> ExitCode:
        """The exit code for this pair."""
        return ExitCode.NOT_COMPARED if self.error else ExitCode.FAILED if self.why else ExitCode.DONE


def line(result: Result, metrics: Sequence[str], quiet: bool) -> str:
    """Return the line for a pair that could be compared; with *quiet*, it names only what is wrong."""
    found, name = result.found, result.pair.name
    if found is None:
        only = result.pair.a is None or result.pair.b is None
        return f"{name}: {result.why}" if only else f"{name}: differs: {result.why}"
    if quiet:
        return f"{name}: {result.why if result.why != 'differs' else _figures(found, metrics)}"
    said = "identical" if found.is_identical else _figures(found, metrics)
    missed = f"; {result.why}" if result.why not in ("", "differs") else ""
    return f"{name}: {said}{missed}"


def _figures(found: Measured, metrics: Sequence[str]) -> str:
    apart = found.difference
    share = 100 * apart.differing / max(1, apart.pixels)
    count = (
        f"{share:.2f} % of pixels differ"
        if share >= 0.01
        else f"{counted(apart.differing, 'pixel differs', 'pixels differ')}"
    )
    of_alpha = ", in the alpha alone" if not apart.squares else ""
    said = [f"{count}, by at most {apart.greatest:g}{of_alpha}"]
    figures: list[str] = []
    if "rmse" in metrics:
        figures.append(f"RMSE {apart.rmse:.4g}")
    if found.psnr is not None and "psnr" in metrics:
        figures.append(f"PSNR {rounded_down(found.psnr, 2)} dB")
    if found.ssim is not None:
        figures.append(f"SSIM {rounded_down(found.ssim, 5)}")
    if found.ms_ssim is not None:
        figures.append(f"MS-SSIM {rounded_down(found.ms_ssim, 5)}")
    return "; ".join([*said, ", ".join(figures)] if figures else said)


def record(result: Result) -> dict[str, Any]:
    """Return the JSON record of a pair."""
    found = result.found
    figures: dict[str, Any] = dict.fromkeys(FIGURES)
    if found is not None:
        apart = found.difference
        figures = {
            "identical": found.is_identical,
            "max_diff": finite(apart.greatest),
            "differing": apart.differing,
            "pixels": apart.pixels,
            "rmse": finite(apart.rmse),
            "psnr": finite(found.psnr),
            "ssim": finite(found.ssim),
            "ms_ssim": finite(found.ms_ssim),
        }
    return {
        "schema": SCHEMA,
        "kind": "compare",
        "type": "pair",
        "a": result.pair.a,
        "b": result.pair.b,
        "status": "failed" if result.error else "differs" if result.why else "within",
        "why": result.why or None,
        **figures,
        "notes": list(result.notes),
        "diff": result.diff,
        "error": str(result.error) if result.error else None,
    }


def finite(value: float | None) -> float | None:
    """Return a number for JSON, which has neither infinity nor NaN: None for these."""
    return value if value is not None and math.isfinite(value) else None
