"""Measure pooling in memory against PyTorch: `python benchmarks/pooling.py [--quick]`.

Two threads each, 12 megapixels of RGB. PyTorch gets what its layers are made for, float32 in planes (NCHW); ours an
image as files hold it, its samples side by side, in 8 bits and in float32. They take turns; the ratio is that of the
medians.
"""

from __future__ import annotations

import argparse
from functools import partial
from statistics import median
from typing import Any

import common
import numpy as np
from common import Array
from core import Function, in_turn
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.quantize import encoding
from imfilter.filters.pool import pool

THREADS = 2
LAYERS = ((2, 2, 0), (3, 2, 1), (3, 1, 0), (8, 8, 0))
"""Size, stride, padding."""


def pooled(image: Array, **layer: Any) -> Array:
    """Pool on two threads, into samples of the image's type."""
    dtype = image.dtype.name
    encodings = {"image": encoding("picture", dtype, dtype, "clip", 1.0)}
    stages, settings = pool.checked(**layer).stages(), pool.checked(**layer).settings()
    return executor.run(stages, image, encodings, settings, jobs=THREADS).outputs["image"].samples


def layers(torch: Any) -> list[tuple[str, Function, Function]]:
    """Return the layers: name, ours, PyTorch's."""
    functional, rows = torch.nn.functional, []
    for size, stride, padding in LAYERS:
        theirs = {
            "max": lambda a, k=size, s=stride, p=padding: functional.max_pool2d(a, k, s, p),
            "avg": lambda a, k=size, s=stride, p=padding: functional.avg_pool2d(a, k, s, p, count_include_pad=False),
            "l2": lambda a, k=size, s=stride: functional.lp_pool2d(a, 2.0, k, s),
        }
        for op, other in theirs.items():
            if padding and op == "l2":
                continue  # PyTorch's has none
            layer = {"op": op, "size": size, "stride": stride, "padding": padding}
            name = f"{op} {size}×{size}, stride {stride}" + f", padding {padding}" * bool(padding)
            rows.append((name, partial(pooled, **layer), lambda a, other=other: other(torch.from_numpy(a))))
    return rows


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    runs = 2 if parser.parse_args().quick else 7
    import torch

    torch.set_num_threads(THREADS)
    bytes_ = np.asarray(common.photograph(4000, 3000))
    floats = bytes_.astype(np.float32) / np.float32(255)
    planes = np.ascontiguousarray(floats.transpose(2, 0, 1)[None])
    rows = []
    for name, ours, theirs in layers(torch):
        eight, own, other = in_turn([(ours, bytes_), (ours, floats), (theirs, planes)], runs)
        ratios = [median(times) / median(other) for times in (eight, own)]
        shown = [f"{median(times):.2f} ({min(times):.2f}–{max(times):.2f})" for times in (eight, own, other)]
        rows.append([name, *shown, *(common.verdict(ratio, 1.0) for ratio in ratios)])
    head = ["layer", "imfilter, 8 bits", "imfilter, float32", "PyTorch, float32", "8 bits / PyTorch", "float / PyTorch"]
    text = f"{common.machine()}; {common.versions('numpy', 'torch')}; {THREADS} threads, {runs} runs; ns a sample.\n\n"
    common.write("pooling", text + common.table(head, rows))


if __name__ == "__main__":
    main()
