"""Policies: steps of an augmentation that draw their operations, by the tables of published papers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Annotated, Any, Literal

from ....filters.core import catalog
from ....filters.core.engine.borders import Fill
from ....filters.core.filter import Call
from ....filters.core.named_tuple import NamedTuple
from ....filters.core.parameters import Param, ParameterError, Spec, describe
from ....filters.core.resampling.warp_options import Interpolated
from ...console.messages import flag
from ..recipe import make_step, read_options, refusal
from . import operations
from .operations import Step, Table
from .ranges import DIGITS, Choice, Draw, Ranges, read

STRENGTHS = 31
"""TrivialAugment's strengths: from 0 to 30."""
SPACES: Mapping[str, Table] = {"wide": operations.WIDE, "ra": operations.STANDARD}
OPERATION, DIRECTION = "operation", "direction"
"""The names of draws, besides options with ranges; the second draw is ``operation 2``."""
NONE = "none"
"""The branch of a mix that is the image itself."""
LEAST_SEVERITY, FULL_SEVERITY, DEEPEST = 0.1, 10, 3
"""AugMix's."""
MOST_OPERATIONS = len(operations.RAND_AUGMENT)
ALMOST_ONE = 1 - 2.0**-53
MOVING = ("rotate", "affine")
"""The filters that move samples, and need some from beyond the edge."""


def _depth(value: int) -> None:
    if value == 0:
        raise ValueError("0 is not a depth; use 1 or more, or -1 for a random one")


Filled = Annotated[
    Fill | None,
    Param(
        "Value of pixels from beyond the edge: one number, or one per channel.",
        metavar="V|V,V,V",
        shown_default="0, transparent if there is an alpha",
    ),
]


def trivial_augment(
    *,
    space: Annotated[Literal["wide", "ra"], Param("Range of strengths: the paper's Wide space, or RA's.")] = "wide",
    fill: Filled = None,
    interpolation: Interpolated = "bilinear",
) -> None:
    """Do one of 14 operations at a strength from 0 to 30, all equally likely (Müller and Hutter, 2021)."""


def rand_augment(
    *,
    n: Annotated[int, Param("Number of operations.", min=1, max=20)] = 2,
    m: Annotated[int, Param("Strength of all operations.", min=0, max=1000)] = 9,
    max_m: Annotated[int, Param("The full strength: 10 in the paper, 30 in torchvision.", min=1, max=1000)] = 10,
    fill: Filled = None,
    interpolation: Interpolated = "bilinear",
) -> None:
    """Do n of 14 operations, all equally likely, at the strength m (Cubuk et al., 2020)."""


def aug_mix(
    *,
    width: Annotated[int, Param("Number of chains to mix.", min=1, max=20)] = 3,
    depth: Annotated[int, Param("Operations per chain; -1 draws 1 to 3 for each.", min=-1, max=20, check=_depth)] = -1,
    severity: Annotated[
        float, Param("Greatest strength of an operation, out of 10; drawn uniformly from 0.1.", above=0, max=10)
    ] = 3.0,
    alpha: Annotated[
        float,
        Param(
            "Parameter of the Dirichlet and beta distributions of weights; greater values make weights more alike.",
            min=0.01,
            max=1000,
        ),
    ] = 1.0,
    fill: Filled = None,
    interpolation: Interpolated = "bilinear",
) -> None:
    """Mix the image and several chains of operations with random weights (Hendrycks et al., 2020)."""


def _trivial(options: Mapping[str, Any], share: Draw) -> list[Step]:
    strength = int(share("strength", 0) * STRENGTHS) / (STRENGTHS - 1)
    return _drawn(SPACES[options["space"]], strength, share)


def _rand(options: Mapping[str, Any], share: Draw) -> list[Step]:
    strength = options["m"] / options["max_m"]
    if strength > 1:
        raise ParameterError("m", f"{options['m']} is more than --max-m {options['max_m']}, the full strength")
    ordinals = ("", *(f" {number}" for number in range(2, options["n"] + 1)))
    return [step for ordinal in ordinals for step in _drawn(operations.RAND_AUGMENT, strength, share, ordinal)]


def _mixed(options: Mapping[str, Any], share: Draw) -> list[Step]:
    """Return one step: ``m · image + (1 - m) · Σ w · chain``, with beta and Dirichlet weights."""
    severity, alpha = options["severity"], options["alpha"]
    least = min(LEAST_SEVERITY, severity)
    chains = range(1, options["width"] + 1)
    branches = [NONE]
    for chain in chains:
        depth = options["depth"] if options["depth"] > 0 else 1 + int(share(f"depth {chain}", 0) * DEEPEST)
        steps: list[Step] = []
        for number in range(1, depth + 1):
            ordinal = f" {chain}.{number}"
            strength = (least + share(f"strength{ordinal}", 0) * (severity - least)) / FULL_SEVERITY
            steps += _drawn(operations.AUG_MIX, strength, share, ordinal)
        words = (" ".join(_words(step.filter, _past_the_edge(step, options))) for step in steps)
        branches.append(" then ".join(words) or NONE)
    parts = [_of_gamma_law(share(f"weight {chain}", 0), alpha) for chain in chains]
    kept, total = _of_beta_law(share("weight", 0), alpha), math.fsum(parts)
    weights = [kept, *((1 - kept) * (part / total if total else 1 / len(parts)) for part in parts)]
    texts = {"branches": " + ".join(branches), "weights": ",".join(f"{weight:.{DIGITS}g}" for weight in weights)}
    return [Step("mix", texts)]


def _words(filter: str, options: Mapping[str, Any]) -> list[str]:
    words = [filter]
    for name, value in options.items():
        words += [flag(name)] if value is True else [flag(name), value]
    return words


def _of_gamma_law(share: float, alpha: float) -> float:
    """Return a gamma variate of shape *alpha* for a draw; normalised by their sum, several are Dirichlet variates.

    See Devroye, Non-uniform random variate generation, 1986, section XI.4.
    """
    if alpha == 1:
        return -math.log1p(-share)
    from scipy.special import gammaincinv

    return float(gammaincinv(alpha, share))


def _of_beta_law(share: float, alpha: float) -> float:
    """Return a symmetric beta variate for a draw."""
    if alpha == 1:
        return share
    from scipy.special import betaincinv

    return float(betaincinv(alpha, alpha, share))


def _drawn(table: Table, strength: float, share: Draw, ordinal: str = "") -> list[Step]:
    """Return the drawn operation at a *strength* from 0 to 1; empty if it changes nothing."""
    name = [*table][int(share(f"{OPERATION}{ordinal}", 0) * len(table))]
    span = table[name]
    direction = int(share(f"{DIRECTION}{ordinal}", 0) * len(span.ends))
    found = operations.step(name, span, strength, direction)
    return [] if found is None else [found]


class Kind(NamedTuple):
    """A published policy."""

    declared: Callable[..., None]
    steps: Callable[[Mapping[str, Any], Draw], list[Step]]


KINDS: Mapping[str, Kind] = {
    "aug-mix": Kind(aug_mix, _mixed),
    "rand-augment": Kind(rand_augment, _rand),
    "trivial-augment": Kind(trivial_augment, _trivial),
}


@cache
def spec_of(name: str) -> Spec:
    """Return the options of a policy."""
    return describe(KINDS[name].declared, None, {})._replace(name=name)


class Policy(NamedTuple):
    """A policy as the action of a step, like a filter."""

    filter: str
    """Its name."""
    given: Mapping[str, Any] = {}
    drawn: Mapping[str, Ranges | Choice] = {}
    chance: float = 1.0

    def calls(self, share: Draw, where: str) -> list[Call[Any]]:
        """Return the filters that are drawn, with their numbers; raises UsageError, which begins with *where*."""
        return self._calls({name: value.text(share) for name, value in self.drawn.items()}, share, where)

    def tried(self, where: str) -> list[list[Call[Any]]]:
        """Return the extreme draws, each operation in each direction; raises UsageError."""
        middle = {name: value.text(_middle) for name, value in self.drawn.items()}
        ends = [{**middle, name: text} for name, value in self.drawn.items() for text in value.tried()]
        return [
            self._calls(texts, partial(_strongest, operation, direction), where)
            for texts in [middle, *ends]
            for operation in range(MOST_OPERATIONS)
            for direction in (0.0, 0.5)
        ]

    def _calls(self, texts: Mapping[str, str], share: Draw, where: str) -> list[Call[Any]]:
        spec = spec_of(self.filter)
        values = {**dict.fromkeys(spec.parameters), **texts}
        try:
            options = spec.check({**self.given, **read_options(spec, values, where)})
            steps = KINDS[self.filter].steps(options, share)
        except ParameterError as error:
            raise refusal(error, where) from None
        calls: list[Call[Any]] = []
        for step in steps:
            filter = catalog.load(step.filter)
            values = {**dict.fromkeys(filter.spec.parameters), **_past_the_edge(step, options)}
            calls.append(make_step(filter, read_options(filter.spec, values, where), where))
        return calls


def _past_the_edge(step: Step, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options of a step, with those for moving samples."""
    if step.filter not in MOVING:
        return step.options
    more = {}
    if options["fill"] is not None:
        fill = options["fill"] if isinstance(options["fill"], tuple) else (options["fill"],)
        more["fill"] = ",".join(map(repr, fill))
    if options["interpolation"] != "bilinear":
        more["interpolation"] = options["interpolation"]
    return {**step.options, **more}


def _middle(name: str, attempt: int) -> float:
    return 0.5


def _strongest(operation: int, direction: float, name: str, attempt: int) -> float:
    """Replace a draw by one operation in one direction, with everything else at its greatest."""
    if name.startswith(OPERATION):
        return operation / MOST_OPERATIONS
    return direction if name.startswith(DIRECTION) else ALMOST_ONE


def policy(name: str, texts: Mapping[str, Any], where: str) -> Policy:
    """Return the policy *name* with the *texts* of its options; raises UsageError, which begins with *where*."""
    spec = spec_of(name)
    drawn: dict[str, Ranges | Choice] = {}
    plain = dict(texts)
    try:
        for option, parameter in spec.parameters.items():
            found = read(parameter, texts[option]) if isinstance(texts[option], str) else None
            if found is not None:
                drawn[option], plain[option] = found, None
        given = read_options(spec, plain, where)
        checked = spec.check(given)
    except ParameterError as error:
        raise refusal(error, where) from None
    return Policy(name, {option: checked[option] for option in given}, drawn)
