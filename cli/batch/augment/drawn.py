"""Draws for many samples at once: the filters of each, with a column for every drawn parameter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ....filters.core import catalog
from ....filters.core.engine import geometry
from ....filters.core.engine.many import Many
from ....filters.core.engine.many_plan import Plan
from ....filters.core.filter import Call
from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from ..recipe import Recipe, in_a_row
from . import together
from .augmentation import itself
from .variants import described_call


class Column(NamedTuple):
    """A drawn parameter of several samples."""

    read: list[Any]
    """The values parsed from the drawn texts."""
    checked: list[Any]
    """The values for the filter."""
    numbers: Any
    """The same as an array with a row per sample, if they are numbers."""

    def at(self, ats: Array) -> Column:
        """Return the values of some of the samples."""
        read, checked = ([own[at] for at in ats.tolist()] for own in (self.read, self.checked))
        return Column(read, checked, self.numbers[ats] if isinstance(self.numbers, np.ndarray) else checked)

    def put(self, ats: Array, other: Column) -> None:
        """Replace the values of some of the samples."""
        for own, given in ((self.read, other.read), (self.checked, other.checked)):
            for at, value in zip(ats.tolist(), given, strict=True):
                own[at] = value
        if isinstance(self.numbers, np.ndarray):
            self.numbers[ats] = other.numbers


class Taken(NamedTuple):
    """A filter of some of the samples."""

    places: Array
    model: Call[Any]
    """A checked call; the columns replace its numbers."""
    columns: Mapping[str, Column] = {}

    def calls(self) -> Iterator[Call[Any]]:
        """Yield the calls of the samples."""
        filter, given, values = self.model
        names, columns = self.columns, self.columns.values()
        if not columns:
            yield from [self.model] * len(self.places)
            return
        read = zip(*(column.read for column in columns), strict=True)
        checked = zip(*(column.checked for column in columns), strict=True)
        for own, ready in zip(read, checked, strict=True):
            mine, its = dict(zip(names, own, strict=True)), dict(zip(names, ready, strict=True))
            yield Call(filter, {**given, **mine}, {**values, **its})

    def values(self) -> Iterator[tuple[Array, Many | None, Mapping[str, Any]]]:
        """Yield the filter's function for many samples, their numbers, and the values."""
        many = catalog.many(self.model.name)
        columns = {name: column.numbers for name, column in self.columns.items()}
        for places, values in together.of_columns(many, self.model.values, columns, self.places):
            yield places, many, values

    def described(self) -> Iterator[dict[str, Any]]:
        """Yield the filter and its parameters by name, as values for JSON."""
        names = "filter", *self.model.given
        plain = [[self.model.name], *([self.model.values[name]] for name in self.model.given)]
        count = len(self.places)
        columns = [
            self.columns[name].checked if name in self.columns else own * count
            for name, own in zip(names, plain, strict=True)
        ]
        return (dict(zip(names, own, strict=True)) for own in zip(*columns, strict=True))


class _Each(NamedTuple):
    """Filters of samples, each with its own."""

    places: Array
    own: Sequence[Call[Any]]

    def calls(self) -> Iterator[Call[Any]]:
        """Yield the calls of the samples."""
        return iter(self.own)

    def described(self) -> Iterator[dict[str, Any]]:
        """Yield the filters and their parameters by name, as values for JSON."""
        return map(described_call, self.own)

    def values(self) -> Iterator[tuple[Array, Many | None, Mapping[str, Any]]]:
        """Yield the filters' functions for many samples, their numbers, and the values."""
        return together.gathered([*zip(self.places.tolist(), self.own, strict=True)])


class Drawn:
    """The draws for *count* samples, all with one width, height and number of channels."""

    def __init__(self, count: int, size: tuple[int, int, int]) -> None:
        self.count, self.size = count, size
        self._steps: list[Taken | _Each] = []
        self._plan, self._planned = Plan(count, size), 0

    def take(self, taken: Taken) -> None:
        """Add a filter to some of the samples."""
        self._steps.append(taken)

    def take_each(self, calls: Sequence[tuple[int, Call[Any]]]) -> None:
        """Add filters to samples, by number, each with its own."""
        self._steps.append(_Each(np.array([at for at, _ in calls], np.intp), [call for _, call in calls]))

    def plan(self) -> Plan:
        """Return the operations on images of 8 bits; raises ImageError if a filter refuses."""
        for _ in self._planning():
            pass
        return self._plan

    def sizes(self, places: Array) -> tuple[Array, Array]:
        """Return the current widths and heights of some samples; raises ImageError."""
        for step, left in self._planning():
            for at, call in zip(step.places.tolist(), step.calls(), strict=True) if left else ():
                if at in left:
                    found = geometry.followed(call.part().stages, *map(int, self._plan.sizes(at)))
                    self._plan.resized(at, found.width, found.height)
        return self._plan.sizes(places)

    def _planning(self) -> Iterator[tuple[Taken | _Each, set[int]]]:
        """Plan the steps added since the last call, and yield each with the samples that need stages for it."""
        while self._planned < len(self._steps):
            step = self._steps[self._planned]
            self._planned += 1
            left: set[int] = set()
            for places, many, values in step.values():
                left.update(self._plan.add(places, many, values).tolist())
            yield step, left

    def recipes(self, places: Iterable[int] | None = None) -> dict[int, Recipe]:
        """Return the recipes of some samples, or of all, by number; raises UsageError."""
        found: dict[int, list[Call[Any]]] = {place: [] for place in (range(self.count) if places is None else places)}
        for step in self._steps if found else ():
            for place, call in zip(step.places.tolist(), step.calls(), strict=True):
                if place in found:
                    found[place].append(call)
        return {place: in_a_row(calls) if calls else itself() for place, calls in found.items()}

    def described(self) -> list[list[dict[str, Any]]]:
        """Return the steps of each sample as values for JSON; empty for an unchanged one."""
        found: list[list[dict[str, Any]]] = [[] for _ in range(self.count)]
        for step in self._steps:
            for place, own in zip(step.places.tolist(), step.described(), strict=True):
                found[place].append(own)
        nothing = [described_call(step) for step in itself().steps]
        return [[] if steps == nothing else steps for steps in found]
