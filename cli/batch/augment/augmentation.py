"""An augmentation: steps with ranges, from which a recipe is drawn for each sample and variant."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

from ....filters.core import catalog
from ....filters.core.engine import geometry
from ....filters.core.filter import Call
from ....filters.core.named_tuple import NamedTuple
from ....filters.core.parameters import ParameterError
from ....filters.core.resampling import framing
from ...console.messages import flag
from ...errors import UsageError
from ..recipe import MOST_STEPS, WRITING, Recipe, in_a_row, make_step, read_options, refusal
from . import draw
from .policies import Policy
from .ranges import DIGITS, Choice, Draw, Range, Ranges, read

NONE = "none"
"""The alternative that does nothing."""
CHANCE = "p"
"""The option with the probability of a step."""
ALTERNATIVE = "|"
SEED = "seed"
SEEDS = 1 << 32
ATTEMPTS = 10
"""The most parts that are drawn until one fits into the image; after that, the middle is taken."""
MIDDLE = 0.5
FLIP = "flip"
CROP, ERASE = "crop", "erase"
"""The filters with a random part of the image."""


class Action(NamedTuple):
    """One filter of a step."""

    filter: str
    """Its name, or `NONE`."""
    given: Mapping[str, Any] = {}
    """The parsed values that are not drawn."""
    drawn: Mapping[str, Ranges | Choice] = {}
    chance: float = 1.0

    @property
    def is_redrawn(self) -> bool:
        """Whether it has a random part that may not fit: then area and ratio are drawn again."""
        names = {"area", "ratio"}
        has_both = names <= self.given.keys() | self.drawn.keys()
        drawn = has_both and bool(names & self.drawn.keys())
        return drawn and (self.filter == ERASE or (self.filter == CROP and "pad" not in self.given))

    def call(self, share: Draw, attempt: int = 0, where: str = "") -> Call[Any]:
        """Draw the numbers and return the filter's call; raises UsageError, which begins with *where*."""
        texts = {name: value.text(share, attempt) for name, value in self.drawn.items()}
        return self.with_texts(texts, where, share)

    def with_texts(self, texts: Mapping[str, str], where: str, share: Draw | None = None) -> Call[Any]:
        """Return the filter's call with the *texts* of the drawn values; raises UsageError."""
        filter = catalog.load(self.filter)
        values: dict[str, Any] = {**dict.fromkeys(filter.spec.parameters), **texts}
        given = {**self.given, **read_options(filter.spec, values, where)}
        # In the order of the filter's parameters, so that recipes and manifests read alike.
        given = {name: given[name] for name in filter.spec.parameters if name in given}
        call = make_step(filter, given, where)
        if share is None or SEED in given or not _has_seed(call):
            return call
        return make_step(filter, {**given, SEED: int(share(SEED, 0) * SEEDS)}, where)


def _has_seed(call: Call[Any]) -> bool:
    parameter = call.filter.spec.parameters.get(SEED)
    return parameter is not None and parameter.param.suits(call.values.get("op", ""))


class Augmentation(NamedTuple):
    """Steps, each with one filter or several alternatives, and the seed for drawing."""

    steps: tuple[tuple[Action | Policy, ...], ...]
    seed: int = 0

    def drawn(self, name: str, variant: int, width: int, height: int) -> Recipe:
        """Return the recipe of a *variant*, from 1, of the sample *name*; variant 0 is the sample itself.

        *width* and *height* are those of the image: a part that does not fit is drawn again. Raises UsageError
        for values that a filter refuses.
        """
        sample = draw.sample_key(self.seed, name)

        def share(step: int, parameter: str, attempt: int = 0) -> float:
            return draw.uniform(sample, variant, draw.what_key(step, parameter, attempt))

        if not variant:
            return self.kept()
        calls: list[Call[Any]] = []
        for number, actions in enumerate(self.steps, 1):
            action = actions[int(share(number, ALTERNATIVE) * len(actions)) if len(actions) > 1 else 0]
            if action.filter == NONE or (action.chance < 1 and share(number, CHANCE) >= action.chance):
                continue
            size = _size_behind(calls, width, height) if isinstance(action, Action) and action.is_redrawn else None
            calls += calls_of(action, partial(share, number), size, place_of(variant, number, action))
        return in_a_row(calls) if calls else itself()

    def kept(self) -> Recipe:
        """Return the recipe of the sample itself, in the depth of the variants."""
        last = self.steps[-1][0] if self.steps else None
        if not isinstance(last, Action) or "depth" not in last.given:
            return itself()
        return in_a_row([make_step(catalog.load("pad"), {"size": 0, "depth": last.given["depth"]}, "")])

    def usual(self) -> Recipe:
        """Return a representative recipe: every step is done, with the middle of its ranges."""
        calls = [call for number, actions in enumerate(self.steps, 1) for call in _usual(actions, number)]
        return in_a_row(calls) if calls else itself()

    def check(self) -> list[Recipe]:
        """Return recipes with every range at its ends; raises UsageError if one of them is invalid."""
        if len(self.steps) > MOST_STEPS:
            raise UsageError(f"has {len(self.steps)} steps; the limit is {MOST_STEPS}")
        recipes = [self.usual()]
        usual = [_usual(actions, number) for number, actions in enumerate(self.steps, 1)]
        for number, actions in enumerate(self.steps):
            for action in actions:
                if action.filter == NONE:
                    continue
                where = f"step {number + 1} ({action.filter}): "
                if isinstance(action, Action):
                    _check_shared(action, len(actions) > 1, where)
                for place, tried in enumerate(_tried(action, where)):
                    calls = [call for part in (*usual[:number], tried, *usual[number + 1 :]) for call in part]
                    recipes.append(in_a_row(calls) if calls else itself())
                    if recipes[-1].maps():
                        raise UsageError(f"{where}gives maps, but augment writes pictures")
                    if not place:
                        recipes[-1].stages()
        return recipes

    def without(self) -> list[Recipe]:
        """Return recipes that each leave out one of the optional steps."""
        usual = [_usual(actions, number) for number, actions in enumerate(self.steps, 1)]
        found: list[Recipe] = []
        for number, actions in enumerate(self.steps):
            if any(action.filter == NONE or action.chance < 1 for action in actions):
                left = [call for part in (*usual[:number], *usual[number + 1 :]) for call in part]
                found.append(in_a_row(left) if left else itself())
        return found

    @property
    def name(self) -> str:
        """Its name in file names and reports."""
        return "augment"

    @property
    def flips(self) -> bool:
        """Whether images may be mirrored."""
        return any(action.filter == FLIP for actions in self.steps for action in actions)

    @property
    def is_of_size(self) -> bool:
        """Whether the draws depend on the size of the image."""
        return any(isinstance(action, Action) and action.is_redrawn for actions in self.steps for action in actions)

    def described(self) -> Any:
        """Return the augmentation as values for JSON."""
        return {"seed": self.seed, "steps": [" | ".join(map(_described, actions)) for actions in self.steps]}


@cache
def itself() -> Recipe:
    """Return the recipe that leaves every sample unchanged."""
    return in_a_row([make_step(catalog.load("pad"), {"size": 0}, "")])


def is_itself(recipe: Recipe) -> bool:
    """Return whether a recipe is that of the sample itself."""
    return recipe.steps == itself().steps


def _middle(name: str, attempt: int) -> float:
    return MIDDLE


def _usual(actions: Sequence[Action | Policy], number: int) -> list[Call[Any]]:
    """Return the calls of the first action of a step, with its ranges in the middle; raises UsageError."""
    first = next((action for action in actions if action.filter != NONE), None)
    if first is None:
        return []
    where = f"step {number} ({first.filter}): "
    return first.calls(_middle, where) if isinstance(first, Policy) else [first.call(_middle, where=where)]


def _tried(action: Action | Policy, where: str) -> list[list[Call[Any]]]:
    """Return calls with one range at an end and the others in the middle; raises UsageError."""
    if isinstance(action, Policy):
        found = action.tried(where)
    else:
        middle = {name: value.text(_middle) for name, value in action.drawn.items()}
        texts = [middle, *({**middle, name: text} for name, value in action.drawn.items() for text in value.tried())]
        found = [[action.with_texts(own, where)] for own in texts]
    for call in (call for calls in found for call in calls):
        try:
            call.part()
        except ParameterError as error:
            raise refusal(error, where) from None
    return found


def _check_shared(action: Action, is_alternative: bool, where: str) -> None:
    """Raise UsageError if an optional step has parameters on reading or writing files."""
    for name in (*WRITING, "white"):
        if name in action.drawn:
            raise UsageError(f"{where}{flag(name)} cannot be random: it controls how files are read and written")
        if name in action.given and (is_alternative or action.chance < 1):
            raise UsageError(f"{where}{flag(name)} needs a step that always runs, without --p or alternatives")


def place_of(variant: int, number: int, action: Action | Policy) -> str:
    """Return the start of an error message on a step of a variant."""
    return f"variant {variant}, step {number} ({action.filter}): "


def calls_of(action: Action | Policy, share: Draw, size: tuple[int, int] | None, where: str) -> list[Call[Any]]:
    """Draw the filters of a step, for an image of a *size* if that matters; raises UsageError."""
    if isinstance(action, Policy):
        return action.calls(share, where)
    if size is None:
        return [action.call(share, where=where)]
    return [_part(action, share, *size, where)]


def _size_behind(calls: Sequence[Call[Any]], width: int, height: int) -> tuple[int, int]:
    """Return the width and height of an image after a chain of calls."""
    found = geometry.followed([stage for call in calls for stage in call.part().stages], width, height)
    return found.width, found.height


def fits(values: Mapping[str, Any], width: Any, height: Any) -> Any:
    """Return whether a random part with an *area* and a *ratio* fits into an image; elementwise for arrays."""
    across, down = framing.sides_of(width, height, values["area"], values["ratio"])
    return (framing.rounded(across) <= width) & (framing.rounded(down) <= height)


def _part(action: Action, share: Draw, width: int, height: int, where: str) -> Call[Any]:
    """Return the call for a random part of an image: the first that fits of ten, else the middle.

    The distribution of Inception's crops (Szegedy et al., "Going deeper with convolutions", 2015) as in torchvision:
    the area is uniform and the ratio uniform in its logarithm. The middle has the ratio of the range that is nearest to
    the image's. In a picture of 4:3 one of four parts does not fit; clamping it would raise the mean area from 0.43 to
    0.5.
    """
    call = None
    for attempt in range(ATTEMPTS):
        call = action.call(share, attempt, where)
        if fits(call.values, width, height):
            return call
    if action.filter == ERASE and call is not None:
        return call  # only the part inside the image is erased
    return middle_part(action, share, width, height, where)


def middle_part(action: Action, share: Draw, width: int, height: int, where: str) -> Call[Any]:
    """Return the call for the middle of an image, used if no random part fits."""
    ratios = action.drawn.get("ratio")
    found = [action.with_texts({"ratio": text}, where).values["ratio"] for text in ratios.tried()] if ratios else []
    found = found or [action.given["ratio"]]
    if isinstance(ratios, Choice):
        ratio = min(found, key=lambda ratio: abs(math.log(ratio * height / width)))
    else:
        ratio = min(max(width / height, min(found)), max(found))
    kept = {name: value for name, value in action.given.items() if name not in ("area", "ratio", "place", "at")}
    middle = action._replace(given={**kept, "ratio": ratio}, drawn={})
    return middle.call(share, where=where)


def action(filter: str, texts: Mapping[str, Any], where: str) -> Action:
    """Return the action of a *filter* with the *texts* of its options; raises UsageError, which begins with *where*."""
    spec = catalog.load(filter).spec
    drawn: dict[str, Ranges | Choice] = {}
    plain: dict[str, Any] = {**texts}
    try:
        for name, parameter in spec.parameters.items():
            found = read(parameter, texts[name]) if isinstance(texts[name], str) else None
            if found is not None:
                drawn[name], plain[name] = found, None
    except ParameterError as error:
        raise refusal(error, where) from None
    found = Action(filter, read_options(spec, plain, where), drawn)
    # Files are read once; the middle of the ranges gives a call that can be checked.
    checked = found.call(_middle, where=where)
    given = {name: value for name, value in checked.given.items() if name in found.given}
    return found._replace(given=given)


def chance(text: str, where: str) -> float:
    """Return the probability of a step; raises UsageError."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise UsageError(f"{where}--p: {text!r} is not a number") from None
    if not 0 <= value <= 1:
        raise UsageError(f"{where}--p: {text} is not between 0 and 1")
    return value


def _described(action: Action | Policy) -> str:
    """Return the text of an action."""
    words = [action.filter]
    for name, value in {**action.given, **action.drawn}.items():
        words += [flag(name)] if value is True else [flag(name), _written(value)]
    return " ".join([*words, *([f"--{CHANCE} {action.chance:g}"] if action.chance < 1 else [])])


def _written(value: Any) -> str:
    if isinstance(value, Choice):
        return f"{{{'|'.join(value.words)}}}"
    if isinstance(value, Ranges):
        return ",".join(_range(part) if isinstance(part, Range) else part for part in value.parts)
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _range(part: Range) -> str:
    step = f":{part.step:g}" if part.step and not (part.whole and part.step == 1) else ""
    return f"{part.low:.{DIGITS}g}{part.unit}..{part.high:.{DIGITS}g}{part.unit}{step}"
