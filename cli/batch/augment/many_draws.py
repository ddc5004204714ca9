"""Draw for many samples at once, as arrays: the same numbers as for one after the other.

The parameters of a filter are checked once per action; the numbers of the samples are columns. So five steps take
10 µs per sample instead of 180.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ....filters.core.engine.many import alike
from ....filters.core.filter import Call
from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from ....filters.core.parameters import Parameter
from ..recipe import Recipe
from . import draw, together
from .augmentation import (
    ALTERNATIVE,
    ATTEMPTS,
    CHANCE,
    ERASE,
    NONE,
    SEED,
    SEEDS,
    Action,
    Augmentation,
    calls_of,
    fits,
    is_itself,
    middle_part,
    place_of,
)
from .drawn import Column, Drawn, Taken
from .policies import Policy
from .ranges import FEW, Choice, Draw, Range, Ranges

Share = Callable[[str, int], Array]
"""Returns the draws for a parameter and an attempt."""


class ManyDraws:
    """Draws for an augmentation."""

    def __init__(self, augmentation: Augmentation) -> None:
        self.augmentation = augmentation
        self._models: dict[tuple[Any, ...], _Model] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return ManyDraws, (self.augmentation,)

    def recipes(self, names: Sequence[str], variants: Sequence[int], width: int, height: int) -> list[list[Recipe]]:
        """Return the recipes of the *variants* of each sample; raises UsageError if a filter refuses."""
        found = [*self.drawn(names, variants, (width, height, 1)).recipes().values()]
        return [found[first : first + len(variants)] for first in range(0, len(found), len(variants))]

    def drawn(self, names: Sequence[str], variants: Sequence[int], size: tuple[int, int, int]) -> Drawn:
        """Return the draws for the *variants* of each sample, one sample after the other.

        All have one *size*: width, height and channels. Raises UsageError if a filter refuses.
        """
        seed, each = self.augmentation.seed, len(variants)
        keys = np.array([draw.sample_key(seed, name) for name in names], np.uint64)
        samples = _Samples(np.repeat(keys, each), np.tile(np.array(variants, np.int64), len(names)))
        found = Drawn(len(names) * each, size)
        if 0 in variants and not is_itself(kept := self.augmentation.kept()):
            found.take_each([(at, kept.last) for at in np.flatnonzero(samples.variants == 0).tolist()])
        changed = np.flatnonzero(samples.variants)
        for number, actions in enumerate(self.augmentation.steps, 1):
            for action, places in _done(number, actions, samples, changed):
                if isinstance(action, Policy):
                    _take_each(found, number, action, samples, places)
                else:
                    self._take(found, number, action, samples, places)
        return found

    def _take(self, found: Drawn, number: int, action: Action, samples: _Samples, places: Array) -> None:
        """Add an action as the next filter of samples; raises UsageError."""
        choices = [value for value in action.drawn.values() if isinstance(value, Choice)]
        share = samples.of(number, places)
        indices = [_chosen(share(choice.name, 0), choice.words) for choice in choices]
        for ats, where in alike(*indices, count=len(places)):
            own = places if where is None else places[where]
            key = id(action), *ats
            if key not in self._models:
                first, place = samples.one(number, own[0]), samples.where(number, own[0], action)
                self._models[key] = _Model.of(action, action.call(first, where=place))
            model = self._models[key]
            if not model.is_simple or (choices and action.is_redrawn):
                _take_each(found, number, action, samples, own)
            elif action.is_redrawn:
                _take_fitting(found, number, action, model, samples, own)
            else:
                found.take(Taken(own, model.call, model.columns(samples.of(number, own))))


def _done(
    number: int, actions: Sequence[Action | Policy], samples: _Samples, changed: Array
) -> Iterator[tuple[Action | Policy, Array]]:
    """Yield the actions of a step, each with its samples among those that are *changed*."""
    which = _chosen(samples.of(number, changed)(ALTERNATIVE, 0), actions) if len(actions) > 1 else None
    for index, action in enumerate(actions):
        places = changed if which is None else changed[which == index]
        if action.filter != NONE and action.chance < 1:
            places = places[samples.of(number, places)(CHANCE, 0) < action.chance]
        if action.filter != NONE and len(places):
            yield action, places


def _chosen(shares: Array, choices: Sequence[Any]) -> Array:
    return (shares * len(choices)).astype(np.intp)


def _take_each(found: Drawn, number: int, action: Action | Policy, samples: _Samples, places: Array) -> None:
    """Add filters drawn for single samples, a chain for each; raises UsageError."""
    drawn: list[tuple[int, list[Call[Any]]]] = []
    for place in places.tolist():
        size = None
        if isinstance(action, Action) and action.is_redrawn:
            width, height = found.sizes(place)
            size = int(width), int(height)
        where = samples.where(number, place, action)
        drawn.append((place, calls_of(action, samples.one(number, place), size, where)))
    for depth in range(max(len(calls) for _, calls in drawn)):
        found.take_each([(place, calls[depth]) for place, calls in drawn if depth < len(calls)])


def _take_fitting(found: Drawn, number: int, action: Action, model: _Model, samples: _Samples, places: Array) -> None:
    """Choose random parts of images, as for single ones: the first of ten draws that fits, else the middle."""
    widths, heights = found.sizes(places)
    columns = model.columns(samples.of(number, places))
    left = np.flatnonzero(~model.fit(columns, widths, heights))
    for attempt in range(1, ATTEMPTS):
        if not len(left):
            break
        others = model.columns(samples.of(number, places[left]), attempt)
        for name, column in columns.items():
            column.put(left, others[name])
        left = left[~model.fit(others, widths[left], heights[left])]
    if not len(left) or action.filter == ERASE:  # only the part inside the image is erased
        found.take(Taken(places, model.call, columns))
        return
    kept = np.setdiff1d(np.arange(len(places)), left)
    if len(kept):
        found.take(Taken(places[kept], model.call, {name: column.at(kept) for name, column in columns.items()}))
    middles: list[tuple[int, Call[Any]]] = []
    for place, width, height in zip(places[left].tolist(), widths[left].tolist(), heights[left].tolist(), strict=True):
        where = samples.where(number, place, action)
        middles.append((place, middle_part(action, samples.one(number, place), width, height, where)))
    found.take_each(middles)


class _Samples(NamedTuple):
    """The variants of samples to draw for."""

    keys: Array
    variants: Array

    def of(self, step: int, places: Array) -> Share:
        """Return the draws of a step for some of the variants."""
        keys, variants = self.keys[places], self.variants[places]

        def share(parameter: str, attempt: int) -> Array:
            what = draw.what_key(step, parameter, attempt)
            if len(keys) > FEW:
                return draw.uniform(keys, variants, what)
            each = zip(keys.tolist(), variants.tolist(), strict=True)
            return np.array([draw.uniform(key, variant, what) for key, variant in each])

        return share

    def where(self, step: int, place: int, action: Action | Policy) -> str:
        """Return the start of an error message on a step of one of the variants."""
        return place_of(int(self.variants[place]), step, action)

    def one(self, step: int, place: int) -> Draw:
        """Return the draws of a step for one of the variants."""
        key, variant = int(self.keys[place]), int(self.variants[place])
        return lambda parameter, attempt=0: draw.uniform(key, variant, draw.what_key(step, parameter, attempt))


class _Model(NamedTuple):
    """A checked call, and the columns that replace its numbers in other calls of its action."""

    call: Call[Any]
    ranged: Sequence[_Ranged]
    is_simple: bool
    """Whether no drawn value names a file, or decides which other parameters exist."""
    is_seeded: bool

    @staticmethod
    def of(action: Action, call: Call[Any]) -> _Model:
        """Return the model of an action, from one of its drawn calls."""
        parameters = call.filter.spec.parameters
        drawn = [(name, value, parameters[name]) for name, value in action.drawn.items()]
        ranged = [_Ranged.of(value, parameter) for _, value, parameter in drawn if isinstance(value, Ranges)]
        simple = not any(parameter.param.file or parameter.param.picture for _, _, parameter in drawn)
        simple = simple and not any(parameter.param.chooses for _, _, parameter in drawn)
        return _Model(
            call, ranged, simple, SEED in call.given and SEED not in action.given and SEED not in action.drawn
        )

    def columns(self, share: Share, attempt: int = 0) -> dict[str, Column]:
        """Return the drawn values for samples; *share* has their draws."""
        found: dict[str, Column] = {}
        for own in self.ranged:
            draws = [share(name, attempt) for name in own.names]
            found[own.parameter.name] = own.numbers(draws) if own.is_plain else own.column(draws)
        if self.is_seeded:
            seeds = (share(SEED, 0) * SEEDS).astype(np.int64)
            found[SEED] = Column(seeds.tolist(), seeds.tolist(), seeds)
        return found

    def fit(self, columns: Mapping[str, Column], widths: Array, heights: Array) -> Array:
        """Return which random parts fit into the images."""
        return fits({**self.call.values, **{name: own.numbers for name, own in columns.items()}}, widths, heights)


class _Ranged(NamedTuple):
    """A parameter with ranges, each drawn under its own name."""

    parameter: Parameter
    ranges: Ranges
    parts: Sequence[Range]
    names: Sequence[str]
    is_plain: bool
    """Whether it takes the drawn numbers unchanged; ratios, which may be written as W:H, do."""

    @staticmethod
    def of(ranges: Ranges, parameter: Parameter) -> _Ranged:
        """Return the drawn values of a parameter."""
        plain = parameter.param.check is None and (parameter.param.read is None or parameter.param.ratio)
        plain = plain and parameter.kind in ("float", "int", "pair", "int pair")
        plain = plain and all(isinstance(part, Range) and not part.unit for part in ranges.parts)
        return _Ranged(parameter, ranges, ranges.ranges, ranges.names, plain)

    def column(self, draws: Sequence[Array]) -> Column:
        """Return the parameter's value for each drawn text; *draws* has an array per range."""
        each = zip(*(own.tolist() for own in draws), strict=True)
        read = [self.parameter.read(self.ranges.with_values(self.ranges.at(own))) for own in each]
        checked = [self.parameter.check(value) for value in read]
        return Column(read, checked, together.column(checked))

    def numbers(self, draws: Sequence[Array]) -> Column:
        """Return the drawn numbers unchanged; the ends of the ranges were checked."""
        numbers = [part.of_all(own) for part, own in zip(self.parts, draws, strict=True)]
        columns = [own.tolist() for own in numbers]
        if len(columns) == 1:
            return Column(columns[0], columns[0], numbers[0])
        read = [*zip(*columns, strict=True)]
        return Column(read, read, np.array(numbers).T)
