"""Which images are filtered together: those whose recipes differ in numbers alone."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ....filters.core import catalog
from ....filters.core.engine import alike
from ....filters.core.engine import many as many_images
from ....filters.core.engine.chain import joined
from ....filters.core.engine.colour import ColourModel
from ....filters.core.engine.many import Step
from ....filters.core.engine.stage import ImageContext
from ....filters.core.filter import INDEX, Call
from ....filters.core.lazy_numpy import np
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
    """Recipes of one form."""

    places: Sequence[int]
    """Which they are."""
    parts: Sequence[Sequence[Part]] = ()
    """What the stages of each are made of; none where the images go one by one."""

    def stages(self) -> tuple[tuple[Stage, ...], Settings]:
        """Return the stages of all, and how their images enter them."""
        return joined(alike.merged(self.parts))

    def split(self, kinds: Sequence[Any]) -> Iterator[Group]:
        """Yield the group in parts, each of those that have one of the *kinds*."""
        for kind in dict.fromkeys(kinds):
            chosen = [at for at, own in enumerate(kinds) if own == kind]
            yield Group([self.places[at] for at in chosen], [self.parts[at] for at in chosen])


def steps(recipes: Mapping[int, Recipe], size: tuple[int, int, int]) -> dict[int, list[Step]]:
    """Return what the recipes do to images of 8 bits of a width, height and channels, by their places.

    Those that only stages do are not among them.
    """
    found = {}
    for place, recipe in recipes.items():
        filters = [(catalog.many(step.filter.spec.name), step.values) for step in recipe.steps]
        own = many_images.steps(filters, size)
        if own is not None:
            found[place] = own
    return found


def of_one_size(rows: Mapping[int, list[Step]]) -> Iterator[dict[int, list[Step]]]:
    """Yield those rows of steps whose results are of one size."""
    found: dict[Hashable, dict[int, list[Step]]] = {}
    for place, row in rows.items():
        size = next((own.size for _, own in reversed(row) if own.size is not None), None)
        found.setdefault(size, {})[place] = row
    yield from found.values()


def groups(recipes: Mapping[int, Recipe], images: Images) -> list[Group]:
    """Return the recipes, by their places, in groups; raises UsageError for what no filter can do."""
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
    """Return what a recipe's stages are made of; that of a call that several have is *known*."""
    # Random fields go by the number of their step, too.
    keys = [(id(step), number, len(recipe.steps) == 1) for number, step in enumerate(recipe.steps)]
    if not all(key in known for key in keys):
        known.update(zip(keys, recipe.parts(), strict=True))
    return [known[key] for key in keys]


def _is_of_files(step: Call[Any]) -> bool:
    parameters = step.filter.spec.parameters
    return any(parameters[name].param.picture or parameters[name].param.file for name in step.given)
