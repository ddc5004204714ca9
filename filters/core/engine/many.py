"""How filters process many small 8-bit images at once, each with its own numbers.

A participating filter provides two functions: one computes its numbers for images of one size, with a column for each
drawn parameter; the other applies them to images. Results equal those of its stages to the last bit. So no stages are
built, bound or run, and no values are read image by image: see `many_plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from .borders import Rule

SHARED = {
    "channels": "each", "linear": False, "nan": "propagate", "white": None, "depth": "keep", "range": "auto",
    "gain": 1.0,
}  # fmt: skip
"""The values of the shared parameters with which images can be processed here."""
_VALUES = tuple(SHARED.values())


class Numbers(NamedTuple):
    """A filter's numbers for images."""

    form: Hashable
    """The values common to all of them, apart from their size."""
    own: Any = None
    """Their individual numbers: an array with a row for each."""
    size: tuple[int, int] | None = None
    """Width and height of the results, if they differ from the images'."""
    amplification: Any = 1.0
    """One number, or an array with one for each."""
    last: Hashable = None
    """The form to use if no filter follows and the function can round its results itself."""
    places: Array | None = None
    """The indices of the images; None for all."""


class Many(NamedTuple):
    """How a filter processes many images at once."""

    columns: frozenset[str]
    """The parameters that may differ from image to image."""
    numbers: Callable[[Mapping[str, Any], int, int, int, int], Iterable[Numbers]]
    """Returns `Numbers` for a filter's values, the images' width, height and channels, and their count; none for images
    that stages must process. A value of *columns* may be an array or a list with a row for each image."""
    apply: Callable[[Array, Any, Any], Array]
    """Returns the results for images ``(images, height, width, channels)`` of 8-bit integers or float32, in one of
    these types, given a form and their own numbers. It may overwrite the images."""


def is_column(value: Any) -> bool:
    """Whether a parameter's value differs from image to image."""
    return isinstance(value, (np.ndarray, list))


def axes(value: Any) -> tuple[Any, Any]:
    """Return x and y from a pair, one number for both, or a column of either.

    >>> axes(3), axes((1, 2)), [axis.tolist() for axis in axes(np.array([[1, 2], [3, 4]]))]
    ((3, 3), (1, 2), [[1, 3], [2, 4]])
    """
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return value[:, 0], value[:, 1]
    return value if isinstance(value, tuple) else (value, value)


def table(*columns: Any, count: int, dtype: Any) -> Array:
    """Return columns and shared numbers as an array with a row for each image.

    >>> table(np.array([1, 2]), 7, count=2, dtype=int).tolist()
    [[1, 7], [2, 7]]
    """
    found = np.empty((count, len(columns)), dtype)
    for number, column in enumerate(columns):
        found[:, number] = column
    return found


def rows(values: Mapping[str, Any], names: Iterable[str], count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the values of parameters image by image.

    >>> [*rows({"angle": np.array([1.0, 2.0]), "scale": 1.5}, ("angle", "scale"), 2)]
    [(1.0, 1.5), (2.0, 1.5)]
    """
    return zip(*(_each(values[name], count) for name in names), strict=True)


def _each(value: Any, count: int) -> Iterable[Any]:
    if not isinstance(value, np.ndarray):
        return value if isinstance(value, list) else repeat(value, count)
    return value.tolist() if value.ndim == 1 else map(tuple, value.tolist())


def alike(*columns: Any, count: int) -> Iterator[tuple[tuple[Any, ...], Array | None]]:
    """Yield each combination of values that some images share, with the images' indices; None for all.

    >>> [(values, where.tolist()) for values, where in alike(np.array([5, 7, 5]), 2, count=3)]
    [((5, 2), [0, 2]), ((7, 2), [1])]
    """
    arrays = [column for column in columns if isinstance(column, np.ndarray) and column.ndim]
    if count == 1 or not any((column != column[0]).any() for column in arrays):
        yield tuple(column.flat[0].item() if isinstance(column, np.ndarray) else column for column in columns), None
        return
    found, numbers = np.unique(table(*columns, count=count, dtype=np.int64), axis=0, return_inverse=True)
    order = np.argsort(numbers.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(numbers.ravel()))[:-1]
    for own, where in zip(found.tolist(), np.split(order, ends), strict=True):
        yield tuple(own), where


def some(values: Mapping[str, Any], where: Any) -> dict[str, Any]:
    """Return the values for some of the images."""
    return {
        name: value[where]
        if isinstance(value, np.ndarray)
        else [value[at] for at in where]
        if is_column(value)
        else value
        for name, value in values.items()
    }


def is_shared(values: Mapping[str, Any]) -> bool:
    """Whether the shared parameters have no other values and no columns."""
    return tuple(map(values.get, SHARED)) == _VALUES


def rule_of(values: Mapping[str, Any]) -> Rule:
    """Return the border rule for a filter's values."""
    fill = values["fill"]
    return Rule(values["border"], 0.0 if fill is None else fill)
