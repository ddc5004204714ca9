"""How filters take many small images in 8 bits at once, each by numbers of its own.

A filter that takes part says what its numbers are for images of one size, a column for each parameter that is drawn,
and what becomes of images by them; both give what its stages would, to the last bit. So no stages are built, bound or
asked for rows, and no values are looked at an image at a time: see `many_plan`.
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
"""The values of what all filters share by which images go together here."""
_VALUES = tuple(SHARED.values())


class Numbers(NamedTuple):
    """What a filter does to images."""

    form: Hashable
    """What is the same for all of them, beside their size."""
    own: Any = None
    """Their own numbers: an array with a row for each."""
    size: tuple[int, int] | None = None
    """Width and height of the results, where they are not the images'."""
    amplification: Any = 1.0
    """One number, or an array of one for each."""
    last: Hashable = None
    """The form where no filter follows, if it rounds its results itself then."""
    places: Array | None = None
    """Which of the images these are; None for all."""


class Many(NamedTuple):
    """How a filter takes many images at once."""

    columns: frozenset[str]
    """The parameters of which each image may have a value of its own."""
    numbers: Callable[[Mapping[str, Any], int, int, int, int], Iterable[Numbers]]
    """Returns them for a filter's values, images' width, height and channels, and how many there are; none for images
    that are left to stages. Of *columns* a value may be an array with a row for each image, or a list."""
    apply: Callable[[Array, Any, Any], Array]
    """Returns what becomes of images ``(images, height, width, channels)``, of whole numbers in 8 bits or of float32,
    for a form and their own numbers: in one of these types. The images may be written to."""


def is_column(value: Any) -> bool:
    """Whether a parameter's value is one of each image's own."""
    return isinstance(value, (np.ndarray, list))


def axes(value: Any) -> tuple[Any, Any]:
    """Return x and y of a pair, of one number that means both, or of a column of either.

    >>> axes(3), axes((1, 2)), [axis.tolist() for axis in axes(np.array([[1, 2], [3, 4]]))]
    ((3, 3), (1, 2), [[1, 3], [2, 4]])
    """
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return value[:, 0], value[:, 1]
    return value if isinstance(value, tuple) else (value, value)


def table(*columns: Any, count: int, dtype: Any) -> Array:
    """Return columns, and numbers that are the same for all images, as an array with a row for each.

    >>> table(np.array([1, 2]), 7, count=2, dtype=int).tolist()
    [[1, 7], [2, 7]]
    """
    found = np.empty((count, len(columns)), dtype)
    for number, column in enumerate(columns):
        found[:, number] = column
    return found


def rows(values: Mapping[str, Any], names: Iterable[str], count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the values of parameters an image at a time.

    >>> [*rows({"angle": np.array([1.0, 2.0]), "scale": 1.5}, ("angle", "scale"), 2)]
    [(1.0, 1.5), (2.0, 1.5)]
    """
    return zip(*(_each(values[name], count) for name in names), strict=True)


def _each(value: Any, count: int) -> Iterable[Any]:
    if not isinstance(value, np.ndarray):
        return value if isinstance(value, list) else repeat(value, count)
    return value.tolist() if value.ndim == 1 else map(tuple, value.tolist())


def alike(*columns: Any, count: int) -> Iterator[tuple[tuple[Any, ...], Array | None]]:
    """Yield what several whole numbers are for some images, and which these are; None for all.

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
    """Return the values of some of the images."""
    return {
        name: value[where]
        if isinstance(value, np.ndarray)
        else [value[at] for at in where]
        if is_column(value)
        else value
        for name, value in values.items()
    }


def is_shared(values: Mapping[str, Any]) -> bool:
    """Whether nothing else is asked of what all filters share, of which nothing is a column."""
    return tuple(map(values.get, SHARED)) == _VALUES


def rule_of(values: Mapping[str, Any]) -> Rule:
    """Return what lies past the edge for a filter's values."""
    fill = values["fill"]
    return Rule(values["border"], 0.0 if fill is None else fill)
