"""What belongs to an image beside its pixels: its mask and its annotations, and the files that they go into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ....filters.core.named_tuple import NamedTuple
from .boxes import MIN_VISIBLE, Annotations, Category

OF_MASKS = "masks", "masks_out", "mask_fill"
OF_BOXES = "boxes", "boxes_out", "boxes_to", "boxes_oriented", "min_visible", "swap", "classes"
"""The options. What they say is in the stamp of an output by the key of its job."""
OF_ONE_IMAGE = "the mask or the boxes of an input"
"""What a file is that belongs to one image."""


class Attached(NamedTuple):
    """What belongs to the input of a job."""

    mask: str | None = None
    """The file of its mask."""
    annotations: Annotations | None = None
    boxes: str | None = None
    """The file that they were read from, if it is one of this image alone."""
    targets: Mapping[str, Any] = {}
    """Where they go: ``mask`` and ``boxes``, each a target of the plan; none of boxes that go into one file."""
    path: str = ""
    """The output."""
    file_name: str = ""
    """What it is called below its folder."""
    key: bytes = b""
    """Tells this from every other: the contents of the files, and the options."""

    @property
    def read(self) -> Iterator[str]:
        """The files that belong to this image alone."""
        return filter(None, (self.mask, self.boxes))


class Moved(NamedTuple):
    """The annotations of an output."""

    annotations: Annotations
    width: int
    height: int


class AnnotationOptions(NamedTuple):
    """What a call says of masks and boxes, whatever the image."""

    mask_fill: int = 0
    min_visible: float = MIN_VISIBLE
    swap: Mapping[int, tuple[int, Sequence[int]]] = {}
    are_upright: bool = True
    """Boxes were drawn on images that were turned as their EXIF says."""
    kind: str = ""
    """The format of the boxes that are written: coco, voc or yolo; "" if none are."""
    out: str = ""
    """Their file or folder."""
    categories: tuple[Category, ...] = ()
    numbers: Mapping[int, int] = {}
    """The number that YOLO has for a class; none for its own."""
    are_named: bool = True
    """Classes have names."""
    beside: Mapping[str, Any] = {}
    """What a COCO file that was read says of all images."""
