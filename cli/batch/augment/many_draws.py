"""Recipes of many samples at once: the same numbers as of one after the other, drawn as arrays.

What a call checks of its filter's parameters, it checks once for each action; for a sample the numbers are put in their
places. So a recipe of five steps takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ....filters.core.filter import Call
from ....filters.core.lazy_numpy import np
from ....filters.core.named_tuple import NamedTuple
from ....filters.core.parameters import Parameter
from ..recipe import Recipe
from . import draw
from .augmentation import SEED, SEEDS, Action, Augmentation
from .ranges import Choice, Range, Ranges

FEW = 8
"""Up to so many draws are faster one by one than as an array."""


class ManyDraws:
    """Draws the recipes of an augmentation."""

    def __init__(self, augmentation: Augmentation) -> None:
        self.augmentation = augmentation
        self._models: dict[tuple[Any, ...], _Model] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return ManyDraws, (self.augmentation,)

    def recipes(self, names: Sequence[str], variants: Sequence[int], width: int, height: int) -> list[list[Recipe]]:
        """Return the recipes of the *variants* of each sample; raises UsageError for what no filter can do."""
        seed = self.augmentation.seed
        keys = [draw.sample_key(seed, name) for name in names]
        found = [self._of_variant(keys, variant, width, height) for variant in variants]
        return [list(own) for own in zip(*found, strict=True)]

    def _of_variant(self, keys: Sequence[int], variant: int, width: int, height: int) -> list[Recipe]:
        columns = _Columns(keys, variant)
        of = self.augmentation.of_shares
        return [of(_Sample(columns, number), variant, width, height, self._call) for number in range(len(keys))]

    def _call(self, action: Action, share: partial[float], attempt: int = 0, where: str = "") -> Call[Any]:
        """Return an action's call, as `Action.call` does."""
        words = [value.text(share, attempt) for value in action.drawn.values() if isinstance(value, Choice)]
        key = id(action), *words
        if key not in self._models:
            self._models[key] = _Model.of(action, action.call(share, attempt, where))
        model = self._models[key]
        if not model.is_simple:
            return action.call(share, attempt, where)
        sample: Any = share.func
        (step,) = share.args
        given, values = {**model.call.given}, {**model.call.values}
        for name, ranges, parameter in model.ranged:
            if attempt:
                given[name] = value = _read(ranges, parameter, [[draw] for draw in _draws(ranges, share, attempt)])[0]
                values[name] = parameter.check(value)
            else:
                own, checked = sample.columns.values(step, ranges, parameter)
                given[name], values[name] = own[sample.number], checked[sample.number]
        if model.is_seeded:
            given[SEED] = values[SEED] = int(share(SEED, 0) * SEEDS)
        return Call(model.call.filter, given, values)


class _Columns:
    """What is drawn for all samples, a column at a time."""

    def __init__(self, keys: Sequence[int], variant: int) -> None:
        self.keys: Any = np.array(keys, np.uint64) if len(keys) > FEW else keys
        self.variant = variant
        self._shares: dict[tuple[int, str, int], list[float]] = {}
        self._values: dict[tuple[int, int], tuple[list[Any], list[Any]]] = {}

    def shares(self, step: int, parameter: str, attempt: int) -> list[float]:
        """Return the draws from 0 to 1."""
        key = step, parameter, attempt
        if key not in self._shares:
            what = draw.what_key(*key)
            if len(self.keys) > FEW:
                self._shares[key] = draw.uniform(self.keys, self.variant, what).tolist()
            else:
                self._shares[key] = [draw.uniform(own, self.variant, what) for own in self.keys]
        return self._shares[key]

    def values(self, step: int, ranges: Ranges, parameter: Parameter) -> tuple[list[Any], list[Any]]:
        """Return what a parameter reads of the first drawn text, and what its filter gets."""
        key = step, id(ranges)
        if key not in self._values:
            read = _read(ranges, parameter, _draws(ranges, lambda name, attempt: self.shares(step, name, attempt), 0))
            # The ends were checked.
            checked = read if _is_plain(ranges, parameter) else [parameter.check(value) for value in read]
            self._values[key] = read, checked
        return self._values[key]


class _Sample:
    """Draws for a sample, by its *number* among all."""

    __slots__ = ("columns", "number")

    def __init__(self, columns: _Columns, number: int) -> None:
        self.columns, self.number = columns, number

    def __call__(self, step: int, parameter: str, attempt: int = 0) -> float:
        """Return the draw for a step, a parameter and an attempt."""
        return self.columns.shares(step, parameter, attempt)[self.number]


class _Model(NamedTuple):
    """A call that was checked, and what other calls of its action have in place of its numbers."""

    call: Call[Any]
    ranged: Sequence[tuple[str, Ranges, Parameter]]
    is_simple: bool
    """Nothing that is drawn names a file, or says which other parameters there are."""
    is_seeded: bool

    @staticmethod
    def of(action: Action, call: Call[Any]) -> _Model:
        """Return the model of an action, of which a call was drawn."""
        parameters = call.filter.spec.parameters
        drawn = [(name, value, parameters[name]) for name, value in action.drawn.items()]
        ranged = [(name, value, parameter) for name, value, parameter in drawn if isinstance(value, Ranges)]
        simple = not any(parameter.param.file or parameter.param.picture for _, _, parameter in drawn)
        simple = simple and not any(parameter.param.chooses for _, _, parameter in drawn)
        return _Model(
            call, ranged, simple, SEED in call.given and SEED not in action.given and SEED not in action.drawn
        )


def _draws(ranges: Ranges, of: Callable[[str, int], Any], attempt: int) -> list[Any]:
    """Return the draws for each range, as *of* has them."""
    return [of(name, attempt) for name in ranges.names]


def _is_plain(ranges: Ranges, parameter: Parameter) -> bool:
    """Whether a parameter takes the drawn numbers as they are."""
    plain = parameter.param.read is parameter.param.check is None
    plain = plain and parameter.kind in ("float", "int", "pair", "int pair")
    return plain and all(isinstance(part, Range) and not part.unit for part in ranges.parts)


def _read(ranges: Ranges, parameter: Parameter, draws: Sequence[Sequence[float]]) -> list[Any]:
    """Return what a parameter reads of each drawn text; *draws* has a list a range."""
    if not _is_plain(ranges, parameter):
        texts = (ranges.with_values(ranges.at(own)) for own in zip(*draws, strict=True))
        return [parameter.read(text) for text in texts]
    columns = [[part.at(share) for share in own] for part, own in zip(ranges.ranges, draws, strict=True)]
    return columns[0] if len(columns) == 1 else [*zip(*columns, strict=True)]
