"""Where and how strongly a filter acts on a picture: a mask, regions, or both.

Elsewhere the picture keeps its samples exactly, and maps are 0. The filter still sees the whole picture: there is no
border at a region's edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..lazy_numpy import Array, np
from ..parameters import ImageError, ParameterError
from . import geometry
from .quantize import FULL
from .stage import Stage

Box = tuple[int, int, int, int]
"""``(x, y, width, height)``; x and y may be negative."""
Span = tuple[slice, slice]
"""A box as rows and columns."""
ANY_SIDE = 1 << 20
"""A side of an image, larger than any window."""
OTHER_SIZE = "a mask or a region needs a result of the image's size and position: no --stride, and --padding same"

SEVERAL_MAPS = "a mask or a region needs a picture; the maps of a filter bank hold nothing of the original"


class Effect:
    """A call's mask and regions, for images of any size."""

    def __init__(self, mask: Any = None, roi: Any = None) -> None:
        """*mask* is an array, from 0 (no effect) to white (full effect); *roi* is one box, or several to be united."""
        self.mask = None if mask is None else _strength(mask)
        self.boxes = None if roi is None else boxes(roi)
        white = None if self.mask is None else FULL[self.mask.dtype.name]
        self.partial = self.mask is not None and bool(((self.mask != 0) & (self.mask != white)).any())

    def on(self, height: int, width: int) -> Region:
        """Return where the filter acts on an image of the given size; raises ImageError."""
        mask = self.mask
        if mask is not None and mask.shape != (height, width):
            raise ImageError(
                f"the mask is {mask.shape[1]}×{mask.shape[0]}, the image {width}×{height}; they must have the same size"
            )
        cut = None if self.boxes is None else [_cut(box, height, width) for box in self.boxes]
        return Region(height, width, mask, cut, self.partial)


class Region:
    """Where a filter acts on one image."""

    def __init__(
        self,
        height: int,
        width: int,
        mask: Array | None,
        spans: Sequence[Span] | None,
        partial: bool,
        inside: Array | None = None,
    ) -> None:
        """*inside* marks pixels, if the regions are not boxes of whole pixels, *spans*."""
        self.width, self.mask, self.spans, self.partial, self.inside = width, mask, spans, partial, inside
        self._touched = np.zeros(height, bool)
        for rows, columns in spans if spans is not None else [(slice(None), slice(None))]:
            self._touched[rows] |= True if mask is None else mask[rows, columns].any(axis=1)
        if inside is not None:
            self._touched &= inside.any(axis=1)

    def touches(self, start: int, stop: int) -> bool:
        """Whether the filter acts on the rows ``start … stop-1``."""
        return bool(self._touched[start:stop].any())

    def weights(self, start: int, stop: int) -> Array:
        """Return the strength of the effect in rows, 0 to 1, as ``(rows, columns, 1)`` of float64."""
        if self.mask is None:
            weights = np.ones((stop - start, self.width))
        else:
            weights = self.mask[start:stop].astype(np.float64)
            weights /= FULL[self.mask.dtype.name]
        if self.spans is not None:
            inside = np.zeros(weights.shape, bool)
            for rows, columns in self.spans:
                inside[max(rows.start - start, 0) : max(rows.stop - start, 0), columns] = True
            weights[~inside] = 0
        if self.inside is not None:
            weights[~self.inside[start:stop]] = 0
        return weights[..., None]


def boxes(roi: Any) -> list[Box]:
    """Return one box or several as a list; raises ParameterError.

    >>> boxes((1, 2, 3, 4)), boxes([(0, 0, 5, 5), (-2, 7, 3, 3)])
    ([(1, 2, 3, 4)], [(0, 0, 5, 5), (-2, 7, 3, 3)])
    """
    given = np.asarray(list(roi) if isinstance(roi, Iterable) else roi)
    if given.ndim == 1:
        given = given[None]
    if given.ndim != 2 or given.shape[1] != 4 or not given.size or given.dtype.kind not in "iu":
        raise ParameterError("roi", f"{roi!r} is not a box (x, y, width, height) of whole numbers, or a list of them")
    found: list[Box] = [tuple(box) for box in given.tolist()]
    for box in found:
        check_box(box)
    return found


def check_box(box: Box) -> None:
    """Raise ParameterError for a box without pixels."""
    if min(box[2:]) < 1:
        raise ParameterError("roi", f"{','.join(map(str, box))} has no pixels; use X,Y,W,H with W and H of at least 1")


def keeps_size(stages: Sequence[Stage]) -> bool:
    """Whether the result of *stages* has the image's size and position for every size."""
    try:
        width, height, found = geometry.followed(stages, ANY_SIDE, ANY_SIDE)
    except ImageError:
        return False
    if found is None or (width, height) != (ANY_SIDE, ANY_SIDE):
        return False
    # The middle of a window of even size lies between two samples.
    return found._replace(c=0.0, f=0.0).is_identity and max(abs(found.c), abs(found.f)) < 1


def _cut(box: Box, height: int, width: int) -> Span:
    """Return the part of a box that lies in the image; raises ImageError if there is none."""
    x, y, columns, rows = box
    across, down = slice(max(x, 0), min(x + columns, width)), slice(max(y, 0), min(y + rows, height))
    if across.start >= across.stop or down.start >= down.stop:
        raise ImageError(f"the region {','.join(map(str, box))} lies outside the image of {width}×{height}")
    return down, across


def _strength(mask: Any) -> Array:
    """Return a mask as ``(height, width)`` of uint8, uint16 or float32; raises ParameterError."""
    mask = np.asarray(mask)
    if mask.ndim == 3 and mask.shape[2] == 1:
        mask = mask[..., 0]
    if mask.ndim != 2:
        raise ParameterError("mask", f"a mask must have the shape (height, width), not {mask.shape}")
    if mask.dtype == bool:
        return mask.astype(np.uint8) * np.uint8(255)
    if mask.dtype.name not in FULL:
        raise ParameterError("mask", f"a mask must have samples of bool, uint8, uint16 or float, not {mask.dtype}")
    if mask.dtype.kind == "f" and mask.size and not (np.min(mask) >= 0 and np.max(mask) <= 1):
        raise ParameterError(
            "mask", f"its samples go from {np.min(mask):g} to {np.max(mask):g}; they must be from 0 to 1"
        )
    return mask.astype(np.float32) if mask.dtype == np.float64 else mask
