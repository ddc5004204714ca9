"""Named tuples behave as those of `typing` do."""

from __future__ import annotations

import copy
import pickle
import typing

import pytest
from imfilter.filters.core import named_tuple


class Fast(named_tuple.NamedTuple):
    first: int
    second: str = "two"
    third: tuple[int, ...] = ()

    @property
    def sum(self) -> int:
        return self.first + len(self.third)


class Typed(typing.NamedTuple):
    first: int
    second: str = "two"
    third: tuple[int, ...] = ()

    @property
    def sum(self) -> int:
        return self.first + len(self.third)


CALLS = [((1,), {}), ((1, "b"), {}), ((1, "b", (3,)), {}), ((), {"first": 1}), ((1,), {"third": (1, 2)})]


@pytest.mark.parametrize("answer", [tuple, repr, hash, len, lambda it: it._asdict(), lambda it: it.sum])
@pytest.mark.each("values, named", CALLS)
def test_instances_are_alike(answer, values, named):
    assert str(answer(Fast(*values, **named))) == str(answer(Typed(*values, **named))).replace("Typed", "Fast")


def test_classes_are_alike():
    for name in ("_fields", "_field_defaults", "__match_args__", "__slots__"):
        assert getattr(Fast, name) == getattr(Typed, name)


@pytest.mark.each(
    "values, named",
    [((), {}), ((1, "b", (), 4), {}), ((1,), {"first": 2}), ((1,), {"fourth": 4}), ((), {"second": "b"})],
)
def test_wrong_calls_raise(values, named):
    for kind in (Fast, Typed):
        with pytest.raises(TypeError):
            kind(*values, **named)


def test_it_is_replaced_made_copied_and_pickled():
    one = Fast(1, third=(2,))
    assert one._replace(first=5) == (5, "two", (2,))
    assert Fast._make([1, "b", ()]) == (1, "b", ())
    with pytest.raises((TypeError, ValueError)):
        one._replace(fourth=4)
    for other in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert type(other) is Fast and other == one


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        Fast(1).first = 2
    with pytest.raises(AttributeError):
        Fast(1).other = 2
