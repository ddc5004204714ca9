"""Group images to be filtered together: those whose recipes differ only in numbers."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ....filters.core import catalog
from ....filters.core.engine import alike
from ....filters.core.engine.chain import joined
from ....filters.core.engine.colour import ColourModel
from ....filters.core.engine.many import Many, rows, some
from ....filters.core.engine.stage import ImageContext
from ....filters.core.filter import INDEX, Call
from ....filters.core.lazy_numpy import Array, np
from ....filters.core.named_tuple import NamedTuple
from ..recipe import Recipe

if TYPE_CHECKING:
    from ....filters.core.engine.chain import Part
    from ....filters.core.engine.stage import Stage
    from ....filters.core.engine.working_space import Settings


class Images(NamedTuple):
    """Images of one size."""

    width: int
    height: int
    full: float
    colours: ColourModel


class Group(NamedTuple):
    """Recipes that differ only in numbers."""

    places: Sequence[int]
    """Their positions."""
    parts: Sequence[Sequence[Part]] = ()
    """The sources of the stages of each; empty if the images are filtered one by one."""

    def stages(self) -> tuple[tuple[Stage, ...], Settings]:
        """Return the stages of all, and the settings for entering their images."""
        return joined(alike.merged(self.parts))

    def split(self, kinds: Sequence[Any]) -> Iterator[Group]:
        """Yield the group in parts, one for each of the *kinds*."""
        for kind in dict.fromkeys(kinds):
            chosen = [at for at, own in enumerate(kinds) if own == kind]
            yield Group([self.places[at] for at in chosen], [self.parts[at] for at in chosen])


def gathered(calls: Sequence[tuple[int, Call[Any]]]) -> Iterator[tuple[Array, Many | None, Mapping[str, Any]]]:
    """Yield calls of one filter that differ only in columns: their positions, its function for many images, values."""
    found: dict[Hashable, tuple[list[int], list[Call[Any]]]] = {}
    for place, call in calls:
        many = catalog.many(call.name)
        key: Hashable = many
        if many is not None and len(calls) > 1:
            key = call.name, *(_shared(many, *value) for value in call.values.items())
        places, own = found.setdefault(key, ([], []))
        places.append(place)
        own.append(call)
    for key, (places, own) in found.items():
        many, values = None if key is None else catalog.many(own[0].name), own[0].values
        if many is not None and len(own) > 1:
            drawn = [name for name in many.columns if values[name] is not None]
            values = {**values, **{name: column([call.values[name] for call in own]) for name in drawn}}
        yield np.array(places), many, values


def of_columns(
    many: Many | None, values: Mapping[str, Any], columns: Mapping[str, Any], places: Array
) -> Iterator[tuple[Array, Mapping[str, Any]]]:
    """Yield the values of calls with their positions, split if the filter does not take a column."""
    apart = [name for name in columns if many is not None and name not in many.columns]
    if not apart:
        yield places, {**values, **columns}
        return
    found: dict[tuple[Any, ...], list[int]] = {}
    for at, own in enumerate(rows(columns, apart, len(places))):
        found.setdefault(own, []).append(at)
    for own, ats in found.items():
        yield places[ats], {**values, **some(columns, ats), **dict(zip(apart, own, strict=True))}


def column(values: list[Any]) -> Any:
    """Return values of several calls as a column."""
    return values if isinstance(values[0], str) else np.array(values)


def _shared(many: Many, name: str, value: Any) -> Hashable:
    """Return the key that calls must share to be grouped: a parameter's value; for a column, the form of its values."""
    if name not in many.columns or value is None:
        return value
    return (len(value), *map(type, value)) if isinstance(value, tuple) else isinstance(value, str)


def groups(recipes: Mapping[int, Recipe], images: Images) -> list[Group]:
    """Return the recipes in groups, by position; raises UsageError if a filter refuses."""
    if images.colours not in ("gray", "rgb"):
        return [Group([*recipes])]
    context = ImageContext(images.full, np.float32, colours=images.colours)
    known: dict[Hashable, Part] = {}
    found: dict[Hashable, tuple[list[int], list[list[Part]]]] = {}
    for place, recipe in recipes.items():
        parts = _parts(recipe, known)
        if any(step.values["channels"] == INDEX or _is_of_files(step) for step in recipe.steps):
            form = None
        else:
            form = (
                tuple(step.filter.spec.name for step in recipe.steps),
                alike.form(parts, images.width, images.height, context),
            )
        key = form if form is None or form[1] is not None else None
        places, own = found.setdefault(key, ([], []))
        places.append(place)
        own.append(parts)
    return [Group(places, () if key is None else own) for key, (places, own) in found.items()]


def _parts(recipe: Recipe, known: dict[Hashable, Part]) -> list[Part]:
    """Return the sources of a recipe's stages; those of shared calls are *known*."""
    # Random fields depend on the number of their step, too.
    keys = [(id(step), number, len(recipe.steps) == 1) for number, step in enumerate(recipe.steps)]
    if not all(key in known for key in keys):
        known.update(zip(keys, recipe.parts(), strict=True))
    return [known[key] for key in keys]


def _is_of_files(step: Call[Any]) -> bool:
    parameters = step.filter.spec.parameters
    return any(parameters[name].param.picture or parameters[name].param.file for name in step.given)
