"""The pixels of a Pillow image as an array that shares their memory.

`numpy.asarray(image)` copies twice, into pieces and then together: 18 ms and 70 MB at 12 MP in colour. Pillow exports
an image in one block of memory through the Arrow C data interface, whose structures are read here:
https://arrow.apache.org/docs/format/CDataInterface.html.
"""

from __future__ import annotations

import ctypes
from typing import Any

from PIL import Image

from ...filters.core.lazy_numpy import np

CHANNELS = {"L": slice(1), "LA": slice(0, 4, 3), "RGB": slice(3), "RGBA": slice(4), "CMYK": slice(4)}
"""The bytes of a pixel that are a mode's channels: Pillow stores four for everything but plain gray."""


class _Array(ctypes.Structure):
    """``struct ArrowArray``."""


_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


class _Exported:
    """The source of `numpy.asarray`, which keeps it as long as the array lives."""

    def __init__(self, image: Image.Image) -> None:
        _, self._capsule = image.__arrow_c_array__()
        array = _Array.from_address(_pointer(self._capsule, b"arrow_array"))
        # A pixel of several bytes is a list, whose items are the child array.
        samples = array.children[0].contents if array.n_children else array
        self.__array_interface__ = {
            "version": 3,
            "shape": (image.height, image.width, samples.length // (image.height * image.width)),
            "typestr": "|u1",
            "data": (samples.buffers[1], True),
        }


def samples(image: Image.Image) -> Any:
    """Return the read-only samples ``(height, width, channels)`` of an image with a mode in `CHANNELS`."""
    try:
        # Pillow does not own the memory of a read-only image, so the export fails.
        shared = None if image.readonly else np.asarray(_Exported(image))
    except (AttributeError, ValueError):  # the image is in several blocks
        shared = None
    if shared is None:
        array = np.asarray(image)
        return array[..., None] if array.ndim == 2 else array
    return shared[..., CHANNELS[image.mode]]


def image_of(samples: Any, inks: bool = False) -> Image.Image:
    """Return an image of samples, ``(height, width)`` or with channels: four are RGB and alpha, or *inks*."""
    if samples.ndim == 2:
        return Image.fromarray(samples)
    mode = "CMYK" if inks else {2: "LA", 3: "RGB", 4: "RGBA"}[samples.shape[2]]
    # `Image.fromarray` fills the image first, and copies the samples: a third of its time.
    image = Image.new(mode, samples.shape[1::-1], None)
    image.frombytes(np.ascontiguousarray(samples))
    return image
