"""What accompanies an image: its mask and annotations, and the files for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ....filters.core.named_tuple import NamedTuple
from .boxes import MIN_VISIBLE, Annotations, Category

OF_MASKS = "masks", "masks_out", "mask_fill"
OF_BOXES = "boxes", "boxes_out", "boxes_to", "boxes_oriented", "min_visible", "swap", "classes"
"""The options for boxes, which enter an output's stamp through the key of its job."""
OF_ONE_IMAGE = "the mask or the boxes of an input"
"""The description of a file that belongs to one image."""


class Attached(NamedTuple):
    """The mask and annotations of a job's input."""

    mask: str | None = None
    """The file of its mask."""
    annotations: Annotations | None = None
    boxes: str | None = None
    """The file from which they were read, if it belongs only to this image."""
    targets: Mapping[str, Any] = {}
    """Their targets: ``mask`` and ``boxes``; none for boxes of a common file."""
    path: str = ""
    """The output."""
    file_name: str = ""
    """The output's name below its folder."""
    key: bytes = b""
    """A key for the contents of the files, and the options."""

    @property
    def read(self) -> Iterator[str]:
        """The files that belong only to this image."""
        return filter(None, (self.mask, self.boxes))


class Moved(NamedTuple):
    """The annotations of an output."""

    annotations: Annotations
    width: int
    height: int


class AnnotationOptions(NamedTuple):
    """The options for masks and boxes that apply to all images."""

    mask_fill: int = 0
    min_visible: float = MIN_VISIBLE
    swap: Mapping[int, tuple[int, Sequence[int]]] = {}
    are_upright: bool = True
    """Boxes belong to the images after EXIF rotation."""
    kind: str = ""
    """The format of written boxes: coco, voc or yolo; "" if none are written."""
    out: str = ""
    """Their file or folder."""
    categories: tuple[Category, ...] = ()
    numbers: Mapping[int, int] = {}
    """YOLO's number for each class; empty if they are the same."""
    are_named: bool = True
    """Classes have names."""
    beside: Mapping[str, Any] = {}
    """The other contents of a COCO file that was read."""
