"""A linear filter as a stage: mode, anchor, stride, padding and dilation of a convolution."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

from ..engine.facts import Fact, chosen_algorithm, note
from ..engine.stage import BoundStage, Colours, Halo, ImageContext, Stage, WeightedSum, Window
from ..engine.transfer import DEFAULT
from ..parameters import Param
from . import planner
from .kernels import Kernel

Mode = Literal["correlate", "convolve"]
Padding = Literal["same", "valid", "full"] | Halo
ALGORITHM = Param("Algorithm; auto chooses the fastest one that is exact enough (-v prints it).")
Algorithm = Annotated[planner.AlgorithmName, ALGORITHM]
"""The parameter *algorithm* of a linear filter."""


def linear(
    kernel: Kernel,
    *,
    mode: Mode = "correlate",
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    padding: Padding = "same",
    bias: float = 0.0,
    white_offset: float = 0.0,
    name: str = "kernel",
    algorithm: str = "auto",
) -> Stage:
    """Return the stage that correlates (or convolves) with *kernel*.

    The result has the size of a CNN layer, ``(n + p0 + p1 - d (k - 1) - 1) // s + 1``. With numbers for *padding* the
    kernel's first tap is placed on the first padded sample; ``same`` places the anchor on each pixel, and a stride
    keeps every s-th of them.

    References
    ----------
    V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
    """
    if mode == "convolve":
        kernel = kernel.turned()
    height, width = kernel.shape
    x, y = kernel.anchor
    halo, padding = reach((width, height), kernel.anchor, dilation, padding)
    geometry = planner.Geometry(stride, dilation)
    # A sum that is nearly 0 is not a mean, so the alpha cannot be divided by it.
    keeps_mean = abs(kernel.sum) > 1e-3 * kernel.absolute_sum

    # Images of the same kind and size share the plan and its bound kernel, which saves 0.12 ms per image.
    @lru_cache(maxsize=4)
    def planned(context: ImageContext) -> BoundStage:
        return planner.bind(kernel, context, geometry, algorithm)

    def bind(context: ImageContext) -> BoundStage:
        return planned(context._replace(name="", facts=None, survey_result=None, transfer=DEFAULT))

    def facts(context: ImageContext) -> tuple[Fact, ...]:
        chosen = planner.plan(kernel, context, geometry, algorithm)
        parts = "separable" if kernel.factors is not None else "not separable"
        return (
            note(f"{name}: {width}×{height}, anchor {x},{y}, sum {kernel.sum:.6g}, {parts}"),
            chosen_algorithm(chosen.algorithm, chosen.reason),
        )

    return Stage(
        bind,
        window=Window(halo, padding=padding, stride=stride),
        colours=Colours(gain=kernel.sum if keeps_mean else 0.0, bias=bias, white_offset=white_offset),
        weights=WeightedSum(kernel.sum, kernel.absolute_sum, relative=not keeps_mean, identity=kernel.is_identity),
        amplification=max(1.0, kernel.absolute_sum),
        facts=facts,
    )


def reach(
    size: tuple[int, int], anchor: tuple[int, int], dilation: tuple[int, int], padding: Padding
) -> tuple[Halo, Halo]:
    """Return the halo of a kernel of ``size (width, height)``, and how far beyond the edge its result extends.

    >>> reach((3, 2), (1, 1), (2, 1), "same")
    (Halo(left=2, top=1, right=2, bottom=0), Halo(left=2, top=1, right=2, bottom=0))
    """
    (width, height), (x, y), (dx, dy) = size, anchor, dilation
    halo = Halo(x * dx, y * dy, (width - 1 - x) * dx, (height - 1 - y) * dy)
    if padding == "same":
        return halo, halo
    if padding == "valid":
        return halo, Halo()
    if padding == "full":
        return halo, Halo.around((width - 1) * dx, (height - 1) * dy)
    return halo, padding
