"""Masks, boxes and points that follow the pixels that filters move, like `--masks` and `--boxes`.

>>> from imfilter import rotate
>>> from imfilter.annotations import Placement
>>> Placement(rotate.step(angle=90, expand=True), width=100, height=60).boxes([(20, 10, 50, 30)])
[(30.0, 20.0, 50.0, 50.0)]
"""

from .cli.batch.annotations.placement import Placement  # pyright: ignore[reportMissingImports] - found where installed

__all__ = ["Placement"]
