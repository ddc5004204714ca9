"""Measure banks of kernels in memory against PyTorch: `python benchmarks/banks.py [--quick]`.

One thread each, 640×480 in colour, from array to array; PyTorch's takes and gives float32 in planes. Ours and
PyTorch's run in turn; the ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import common
import numpy as np
from common import Array
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.quantize import encoding
from imfilter.filters.core.linear import filter_banks

THREADS = 1
SIZE = 640, 480
SLOW = 500
"""Milliseconds."""


class Layer(NamedTuple):
    """A layer that is measured."""

    name: str
    weights: Array
    bound: float | None = None
    """The ratio to PyTorch that is aimed at."""
    stride: int = 1
    padding: int = 0
    groups: int = 1


def layers() -> list[Layer]:
    """Return the layers: first ones of networks, one for each channel, and a built-in bank."""
    rng = np.random.default_rng(0)

    def weights(*shape: int) -> Array:
        return (rng.standard_normal(shape) / np.prod(shape[1:]) ** 0.5).astype(np.float32)

    return [
        Layer("64 of 7×7×3", weights(64, 3, 7, 7), 1.2, padding=3),
        Layer("64 of 7×7×3, stride 2 (ResNet)", weights(64, 3, 7, 7), 1.2, 2, 3),
        Layer("64 of 3×3×3 (VGG)", weights(64, 3, 3, 3), None, padding=1),
        Layer("64 of 11×11×3, stride 4 (AlexNet)", weights(64, 3, 11, 11), 1.2, 4, 2),
        Layer("48 of 5×5 in 3 groups", weights(48, 1, 5, 5), None, padding=2, groups=3),
        Layer("4 of 2×2 in colour", weights(4, 3, 2, 2)),
        Layer("24 of 55×55 on gray (Gabor)", np.stack(filter_banks.gabor())[:, None], None, padding=27),
    ]


def ours(layer: Layer, image: Array) -> Callable[[], object]:
    """Return our run of a layer."""
    call: dict[str, Any] = {
        "kernel": layer.weights, "groups": layer.groups, "stride": layer.stride, "padding": layer.padding,
        "border": "constant", "max_taps": 1 << 20,
    }  # fmt: skip
    stages, settings = conv.checked(**call).stages(), conv.checked(**call).settings()
    encodings = {"image": encoding("picture", image.dtype.name, "float32", "clip", 1.0)}
    return lambda: executor.run(stages, image, encodings, settings, jobs=THREADS)


def theirs(torch: Any, layer: Layer, image: Array) -> Callable[[], object]:
    """Return PyTorch's."""
    planes = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))[None].astype(np.float32))
    weights = torch.from_numpy(layer.weights.astype(np.float32))

    def run() -> object:
        with torch.inference_mode():
            return torch.nn.functional.conv2d(planes, weights, None, layer.stride, layer.padding, 1, layer.groups)

    return run


def in_turn(functions: list[Callable[[], object]], runs: int) -> list[list[float]]:
    """Return milliseconds of each function; they take turns, the first round is thrown away.

    After three rounds those that take longer than `SLOW` are left out.
    """
    found: list[list[float]] = [[] for _ in functions]
    for number in range(runs + 1):
        for times, function in zip(found, functions, strict=True):
            if len(times) >= 3 and min(times) > SLOW:
                continue
            start = time.perf_counter()
            function()
            if number:
                times.append((time.perf_counter() - start) * 1e3)
    return found


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    runs = 3 if parser.parse_args().quick else 15
    import torch

    torch.set_num_threads(THREADS)
    image = np.asarray(common.photograph(*SIZE))
    rows = []
    for layer in layers():
        seen = image if layer.weights.shape[1] * layer.groups == 3 else image[..., :1]
        bytes_, floats, other = in_turn(
            [ours(layer, seen), ours(layer, (seen / 255).astype(np.float32)), theirs(torch, layer, seen)], runs
        )
        ratio = median(bytes_) / median(other)
        rows.append(
            [
                layer.name,
                *(f"{median(times):.1f} ({min(times):.1f}–{max(times):.1f})" for times in (bytes_, floats, other)),
                common.verdict(ratio, layer.bound) if layer.bound else f"{ratio:.2f}",
                f"{median(floats) / median(other):.2f}",
            ]
        )
    head = ["kernels", "from uint8, ms", "from float32, ms", "PyTorch, ms", "uint8 / PyTorch", "float32 / PyTorch"]
    text = f"{common.machine()}; {common.versions('numpy', 'torch')}; {THREADS} threads; {runs} runs.\n\n"
    common.write("banks", text + common.table(head, rows))


if __name__ == "__main__":
    main()
