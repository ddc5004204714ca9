"""Finding the array of a Zarr that is the picture, and its axes.

After the Zarr specifications 2 and 3, and OME-Zarr 0.1 to 0.5 (https://ngff.openmicroscopy.org/latest/).
"""

from __future__ import annotations

import contextlib
import logging
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from ...stores.failures import StoreError, is_of_library, of_library
from ...stores.names import is_store
from .. import extras
from ..picture import DecodeError

logging.getLogger("asyncio").addHandler(logging.NullHandler())  # swallows what the library leaves when it raises
NAMES = {"y": "y", "x": "x", "c": "c", "channel": "c", "band": "c", "bands": "c", "t": "t", "time": "t", "z": "z"}
"""The names of axes, in lower case."""
OME = "tczyx"
"""The axes of OME-Zarr 0.1 and 0.2, which do not name them."""
XARRAY = "_ARRAY_DIMENSIONS"
"""The attribute in which xarray keeps the names of axes in version 2."""
MOST_COLOURS = 4
"""The last of three unnamed axes has the channels if it is at most this long, else the columns."""
UNPACKING = 2
"""The bytes for unpacking a chunk are at most this many times its own: the pieces, and the pieces joined."""


def library() -> Any:
    """Return the library; if it is missing, raises `DecodeError`, which says how to install it."""
    return extras.required("zarr", "a Zarr", "zarr")


def at_once() -> int:
    """Return how many chunks the library packs or unpacks at a time."""
    return library().config.get("async.concurrency") or sys.maxsize


class Layout(NamedTuple):
    """The array that is the picture."""

    array: Any
    axes: str
    """One letter of ``tczyx`` for each axis; ``-`` for one of length 1 with another name."""

    def length(self, axis: str) -> int:
        """Return the length of an axis; 1 if there is none."""
        return self.array.shape[self.axes.index(axis)] if axis in self.axes else 1

    def chunk(self, axis: str) -> int:
        """Return the length of a chunk along an axis; 1 if there is none."""
        return self.array.chunks[self.axes.index(axis)] if axis in self.axes else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """The height, the width, and the number of channels."""
        return self.length("y"), self.length("x"), self.length("c")

    @property
    def frames(self) -> int:
        """The number of frames: those of one time are consecutive along z."""
        return self.length("t") * self.length("z")

    @property
    def chunk_bytes(self) -> int:
        """The bytes of an unpacked chunk, parts of which may lie outside the array."""
        return math.prod(self.array.chunks) * self.array.dtype.itemsize

    def unpacking(self, axes: str) -> int:
        """Return the most bytes for unpacking the chunks of a frame that lie along some *axes*, besides the samples."""
        count = math.prod(-(-self.length(axis) // max(self.chunk(axis), 1)) for axis in axes)
        return UNPACKING * min(count, at_once()) * self.chunk_bytes

    def rows(self, number: int, start: int, stop: int) -> Array:
        """Return rows of a frame, ``(rows, width, channels)``."""
        return self._stack(number, 1, start, stop)[0]

    def stack(self, number: int, most: int) -> Array:
        """Return the frames from one on that lie in its chunks, as far as they fit into *most* bytes, or it alone.

        The shape is ``(frames, height, width, channels)``.
        """
        axis = self._inner
        place = number % self.length(axis)
        end = min(place - place % self.chunk(axis) + self.chunk(axis), self.length(axis))
        fitting = most // (math.prod(self.shape) * self.array.dtype.itemsize)
        return self._stack(number, max(min(end - place, fitting), 1), 0, self.length("y"))

    @property
    def _inner(self) -> str:
        """The axis along which frames are consecutive."""
        return "z" if self.length("z") > 1 else "t"

    def _stack(self, number: int, count: int, start: int, stop: int) -> Array:
        time, plane = divmod(number, self.length("z"))
        counts = {self._inner: count}
        at = {axis: slice(first, first + counts.get(axis, 1)) for axis, first in (("t", time), ("z", plane), ("-", 0))}
        at["y"] = slice(start, stop)
        with _failures_of_stores():
            found = np.asarray(self.array[tuple(at.get(axis, slice(None)) for axis in self.axes)])
        order = [self.axes.index(axis) for axis in "tzyxc" if axis in self.axes]
        ordered = found.transpose(order + [at for at, axis in enumerate(self.axes) if axis == "-"])
        return np.ascontiguousarray(ordered.reshape(count, stop - start, self.length("x"), self.length("c")))


def found(folder: str) -> Layout:
    """Return the array of a Zarr that is the picture; *folder* may be in a store. Raises `DecodeError`, StoreError."""
    zarr = library()
    try:
        with _failures_of_stores():
            node = _opened(zarr, folder)
    except StoreError:
        raise
    except Exception as error:  # the library has many types of exceptions
        raise DecodeError(f"is not a readable Zarr ({error or type(error).__name__})") from None
    names = None
    if isinstance(node, zarr.Group):
        node, names = _level_0(node)
    names = names or _names(node)
    axes = _guessed(node.shape) if names is None else "".join(NAMES.get(str(name).lower(), "-") for name in names)
    strange = [at for at, axis in enumerate(axes) if axis == "-" and node.shape[at] != 1]
    if len(axes) != node.ndim or strange or "y" not in axes or "x" not in axes or _repeats(axes):
        said = ", ".join(map(str, names or ()))
        raise DecodeError(f"has the axes ({said}) with lengths {node.shape}; a picture has t, c, z, y and x, or fewer")
    if 0 in node.shape:
        raise DecodeError(f"has the shape {node.shape}, so it holds no images")
    return Layout(node, axes)


def _opened(zarr: Any, folder: str) -> Any:
    """Return the array or group of a folder."""
    if not is_store(folder):
        return zarr.open(folder, mode="r")
    from ...stores.library import opened  # few Zarrs are in stores

    store, key = opened(folder)
    return zarr.open(zarr.storage.ObjectStore(store, read_only=True), path=key, mode="r")


@contextlib.contextmanager
def _failures_of_stores() -> Iterator[None]:
    """Turn exceptions of the library for stores into StoreError."""
    try:
        yield
    except Exception as error:
        if is_of_library(error):
            raise of_library(error) from None
        raise


def _repeats(axes: str) -> bool:
    return any(axes.count(axis) > 1 for axis in "tczyx")


def _level_0(group: Any) -> tuple[Any, Sequence[str] | None]:
    """Return the array of full size of an OME-Zarr, or the only one of a group, and the names of its axes."""
    attributes = dict(group.attrs)
    scales = dict(attributes.get("ome", attributes)).get("multiscales")
    if scales:
        try:
            path, axes = scales[0]["datasets"][0]["path"], scales[0].get("axes", OME)
            return group[path], [axis["name"] if isinstance(axis, Mapping) else axis for axis in axes]
        except (LookupError, TypeError):
            raise DecodeError("is damaged: its multiscales metadata names no existing array") from None
    arrays, groups = sorted(group.array_keys()), sorted(group.group_keys())
    if len(arrays) == 1:
        return group[arrays[0]], None
    if not arrays and not groups:
        raise DecodeError("is a Zarr group without arrays")
    several = [*arrays, *groups]
    some = ", ".join(several[:5]) + (", …" if len(several) > 5 else "")
    raise DecodeError(f"is a Zarr group of {some}; append / and one of these names")


def _names(array: Any) -> Sequence[str] | None:
    """Return the names of axes that the array itself states."""
    names = getattr(array.metadata, "dimension_names", None) or array.attrs.get(XARRAY)
    return names if names and all(isinstance(name, str) for name in names) else None


def _guessed(shape: tuple[int, ...]) -> str:
    """Return the axes of an array that does not name them; raises `DecodeError`.

    >>> _guessed((5, 7)), _guessed((5, 7, 3)), _guessed((3, 5, 7)), _guessed((9, 5, 7))
    ('yx', 'yxc', 'cyx', 'zyx')
    """
    if len(shape) == 2:
        return "yx"
    if len(shape) == 3 and shape[2] <= MOST_COLOURS:
        return "yxc"
    if len(shape) == 3:
        return "cyx" if shape[0] <= MOST_COLOURS else "zyx"
    if len(shape) == len(OME):
        return OME
    raise DecodeError(f"has the shape {shape} and no axis names; unnamed axes must be 2, 3 or 5")
