"""The results of a sweep, their labels, and their places on the sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product

from ...filters.core.named_tuple import NamedTuple
from ..batch.recipe import Recipe
from ..drawing import cells
from ..errors import UsageError
from .braces import Template

ROW = 8
"""The most results of one step in a row."""


class Variant(NamedTuple):
    """A result: its step, and its place on the sheet."""

    text: str
    """The step as one would write it for this result alone."""
    recipe: Recipe
    varying: Mapping[str, str]
    """The values that differ between the results of the step, by option."""
    label: str
    heading: str
    """The step's filters."""
    place: tuple[int, int]
    """Its row and column."""


class Arrangement(NamedTuple):
    """All results, and the place of the input."""

    variants: Sequence[Variant]
    input: tuple[int, int] | None

    @property
    def places(self) -> list[tuple[int, int]]:
        """The places, beginning with the input's."""
        return [*([] if self.input is None else [self.input]), *(variant.place for variant in self.variants)]


def arranged(
    templates: Sequence[Template],
    recipe_of: Callable[[int, str], Recipe],
    columns: int | None,
    with_input: bool,
    most: int,
) -> Arrangement:
    """Return the results of steps; raises UsageError if there are more than *most*, or a step is wrong.

    One group of values fills a row. With two, the first goes down and the second across; with more, all but the last
    go down. Several steps are placed below each other. The input is the first cell, alone in its row above such a grid.
    With *columns*, all results follow each other.
    """
    count = sum(math.prod(len(values) for values in one.groups) for one in templates)
    if count > most:
        raise UsageError(f"the steps have {count} results; the limit is {most} (--max-cells raises it)")
    grid = columns is None and (
        any(len(one.groups) > 1 for one in templates) or (len(templates) > 1 and any(one.groups for one in templates))
    )
    row, found = int(with_input), []
    for number, one in enumerate(templates, 1):
        across = len(one.groups[-1]) if one.groups else 1
        for at, values in enumerate(product(*one.groups)):
            text, varying = one.text(values), one.varying(values)
            place = row + at // across, at % across
            label = labelled(one.heading if len(templates) > 1 else "", varying) or text
            found.append(Variant(text, recipe_of(number, text), varying, label, one.heading, place))
        row = found[-1].place[0] + 1
    if grid:
        return Arrangement(found, (0, 0) if with_input else None)
    total = count + with_input
    side_by_side = columns or (total if total <= ROW + 1 else cells.columns(total))
    flow = cells.places(total, side_by_side)
    found = [one._replace(place=place) for one, place in zip(found, flow[with_input:], strict=True)]
    return Arrangement(found, flow[0] if with_input else None)


def labelled(heading: str, varying: Mapping[str, str]) -> str:
    """Return a label with the values that vary, "" if none does.

    >>> labelled("", {"sigma": "4", "range-sigma": "25"}), labelled("blur median", {"size": "3"})
    ('sigma 4, range-sigma 25', 'blur median: size 3')
    """
    said = ", ".join(f"{name} {value}".strip() for name, value in varying.items())
    return f"{heading}: {said}" if heading and said else said
