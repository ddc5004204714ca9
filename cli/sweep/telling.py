"""The words on a sweep's results: labels on the sheet, printed lines, and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..compare.limits import rounded_down
from ..compare.result import finite
from ..console.report import SCHEMA
from . import labels
from .results import Shown

INPUT = "input"


def name(one: Shown) -> str:
    """Return the name of a result."""
    return INPUT if one.variant is None else one.variant.label


def best(found: Sequence[Shown]) -> Shown | None:
    """Return the result closest to the reference; None if nothing was measured."""
    first = max(found, key=lambda one: one.rank)
    return None if first.found is None else first


def below(
    one: Shown, number: int, pattern: str | None, is_measured: bool, fits: Callable[[str], bool] = lambda text: True
) -> list[str]:
    """Return the label of a result, from its *number* on the sheet and a *pattern*.

    Without a pattern it has the figures of a result that is measured, below each other unless their line *fits*.
    """
    if pattern is None and is_measured:
        return [name(one), figures(one)] if fits(figures(one)) else [name(one), *_each_figure(one)]
    if pattern is None:
        return [name(one)]
    values: dict[str, Any] = {"label": name(one), "index": number, "width": one.size[0], "height": one.size[1]}
    if one.found is not None:
        values |= {"psnr": one.found.psnr, "ssim": one.found.ssim, "difference": one.found.difference.greatest}
    if one.variant is not None:
        step = {"step": one.variant.text, "filter": one.variant.heading or one.variant.text.split()[0]}
        values |= {**step, "seconds": round(one.seconds, 3), "kept": one.kept, **one.variant.varying}
    return labels.filled(pattern, values)


def figures(one: Shown) -> str:
    """Return in words how close a result is to the reference."""
    return ", ".join(_each_figure(one))


def _each_figure(one: Shown) -> list[str]:
    if one.found is None:
        return [f"cannot be compared: {one.why}"]
    if one.found.is_identical:
        return ["identical"]
    said = [] if one.found.psnr is None else [f"PSNR {rounded_down(one.found.psnr, 2)} dB"]
    said += [] if one.found.ssim is None else [f"SSIM {rounded_down(one.found.ssim, 4)}"]
    return said or [f"differs by at most {one.found.difference.greatest:g}"]


def table(ranked: Sequence[Shown]) -> list[str]:
    """Return a line for each result."""
    width = max(len(name(one)) for one in ranked)
    return [f"{name(one):{width}}  {figures(one)}" for one in ranked]


def record(one: Shown, path: str | None, rank: int | None) -> str:
    """Return a result as a line of JSON; *path* is its own file's."""
    variant, found = one.variant, one.found
    return line(
        "sweep",
        "cell",
        {
            "label": name(one),
            "step": None if variant is None else variant.text,
            "parameters": {} if variant is None else dict(variant.varying),
            "width": one.size[0],
            "height": one.size[1],
            "seconds": round(one.seconds, 6),
            "rank": rank,
            "identical": found and found.is_identical,
            "max_diff": finite(found and found.difference.greatest),
            "psnr": finite(found and found.psnr),
            "ssim": finite(found and found.ssim),
            "why": one.why or None,
            "output": path,
            "bytes": one.kept,
        },
    )


def line(kind: str, type: str, values: Mapping[str, Any]) -> str:
    """Return a line of JSON."""
    return json.dumps({"schema": SCHEMA, "kind": kind, "type": type, **values}, ensure_ascii=False)
