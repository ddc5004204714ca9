"""The compiled core: loops over the samples of a strip, if they could be built for this machine.

`core` is the module of those loops, or None. Each function with a loop also has the obvious form in NumPy or SciPy, for
machines without a compiler and as the reference in tests. The environment variable `IMFILTER_NATIVE` chooses: 0 selects
the obvious form, and ``baseline``, ``avx2`` or ``avx512`` an instruction set.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from ..lazy_numpy import Array, np

VARIABLE = "IMFILTER_NATIVE"
CHOICES = ("", "0", "baseline", "avx2", "avx512")
"""The values of that variable; a machine without the instruction set uses the widest that it has."""


def _loaded(wanted: str) -> ModuleType | None:
    if wanted == "0":
        return None
    try:
        from . import _core
    except ImportError:  # it was not built
        return None
    if wanted in _core.available():
        _core.choose(wanted)
    return _core


core: Any = _loaded(os.environ.get(VARIABLE, ""))
"""The module of compiled loops, or None."""


def description() -> str:
    """Return the active core in words: the compiled core and its instruction set, or NumPy and SciPy."""
    return "NumPy and SciPy" if core is None else f"compiled core, {core.chosen()}"


def rows_of(strip: Array) -> tuple[Array, int]:
    """Return a strip as ``(planes, rows, samples)`` with contiguous samples, and the step between columns.

    Interleaved channels, as in an image, stay interleaved: a row then holds the samples of all channels.

    >>> import numpy as np
    >>> rows_of(np.zeros((4, 5, 3)))[0].shape, rows_of(np.zeros((4, 5, 3)))[1]
    ((1, 4, 15), 3)
    >>> rows_of(np.zeros((3, 4, 5)).transpose(1, 2, 0))[0].shape, rows_of(np.zeros((4, 5, 1)))[1]
    ((3, 4, 5), 1)
    """
    rows, columns, channels = strip.shape
    size = strip.itemsize
    if channels > 1 and strip.strides[1:] == (channels * size, size):
        return strip.reshape(1, rows, columns * channels), channels
    planes = strip.transpose(2, 0, 1)
    return planes if planes.strides[2] == size else np.ascontiguousarray(planes), 1


def strip_like(rows: Array, step: int) -> Array:
    """Return ``(planes, rows, samples)``, whose columns are *step* samples apart, as a strip."""
    if step == 1:
        return rows.transpose(1, 2, 0)
    return rows.reshape(rows.shape[1], rows.shape[2] // step, step)


_wanted = threading.local()


@contextlib.contextmanager
def results_in(places: Mapping[str, Array]) -> Iterator[None]:
    """Make the next array of `results` for each field a view of its place, a strip, if it fits, to avoid a copy."""
    _wanted.places = {**places}
    try:
        yield
    finally:
        _wanted.places = {}


def results(shape: tuple[int, int, int], kind: Any, step: int, field: str = "image") -> Array:
    """Return an array ``(planes, rows, samples)`` for results of a type, whose columns are *step* samples apart.

    They belong to a *field* of the stage's result.
    """
    place = getattr(_wanted, "places", {}).pop(field, None)
    if place is not None and place.dtype == kind:
        found, own = rows_of(place)
        if own == step and found.shape == shape and np.may_share_memory(found, place):
            return found
    return np.empty(shape, kind)


def converted(values: Array, kind: Any, work: Any = None) -> Array:
    """Return floats in another type; *values* are overwritten.

    For unsigned integers they are rounded half up, as from the type *work*, and saturated; NaN becomes 0.
    """
    if np.dtype(kind).kind == "f":
        return values.astype(kind, copy=False)
    if work is not None:
        values = values.astype(work, copy=False)
    values += 0.5
    np.fmax(values, 0, out=values)
    np.fmin(values, np.iinfo(kind).max, out=values)
    return values.astype(kind)
