"""Mix: the weighted mean of the results of several chains of filters for one picture."""

from __future__ import annotations

import difflib
import math
import os
import shlex
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Unpack

from .core import Common, Param, ParameterError, Stage, image_filter, np
from .core.engine import chain
from .core.engine.stage import Colours, Function, ImageContext, total_gain
from .core.engine.working_space import Settings
from .core.filter import Call
from .core.named_tuple import NamedTuple
from .core.parameters import Parameter, Spec

NONE, THEN, PLUS = "none", "then", "+"
MOST = 100
"""The most branches, and the most steps in a branch."""
WHOLE = ("depth", "range", "gain", "white")
"""The parameters for reading and writing a picture, which belong to the whole mix."""


class Branch(NamedTuple):
    """A chain of filters; without any, the unchanged picture."""

    steps: tuple[Call[Any], ...]

    def stages(self) -> tuple[Stage, ...]:
        """Return the stages, each with its own filter's border; raises ParameterError."""
        parts = [step.part(step.name) for step in self.steps]
        for step, part in zip(self.steps, parts, strict=True):
            own = part.settings
            if own.channels != "each" or own.coloured or total_gain(part.stages) is None or step.maps():
                raise ParameterError(
                    "branches", f"{step.name} does not give a picture of all channels, so it cannot be mixed"
                )
        if not parts:
            return ()
        as_it_is = chain.Part(
            (), Settings()
        )  # the conversions between filters are also needed before the first and after the last
        return chain.chain([as_it_is, *parts, as_it_is])[0]


def _branches(text: Any) -> tuple[Branch, ...]:
    """Return the branches that a text describes; raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not text, such as 'none + blur --sigma 4 then sharpen'")
    return _read(text)


@lru_cache(maxsize=16)
def _read(text: str) -> tuple[Branch, ...]:
    """Return the branches that a text describes; cached, as checking the text and building the stages both read it."""
    from .core import catalog

    groups, names = _split(shlex.split(text), PLUS), catalog.names()
    if len(groups) > MOST:
        raise ValueError(f"{len(groups)} branches are too many; the limit is {MOST}")
    found = []
    for number, group in enumerate(groups, 1):
        if group == [NONE]:
            found.append(Branch(()))
            continue
        steps = _split(group, THEN)
        if len(steps) > MOST:
            raise ValueError(f"branch {number} has {len(steps)} steps; the limit is {MOST}")
        found.append(Branch(tuple(_step(step, names, f"branch {number}") for step in steps)))
    return tuple(found)


def _split(words: Sequence[str], between: str) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for word in words:
        if word == between:
            groups.append([])
        else:
            groups[-1].append(word)
    return groups


def _step(words: Sequence[str], names: Sequence[str], where: str) -> Call[Any]:
    """Return the call of a filter, one of *names*, that is written as on the command line; raises ValueError."""
    from .core import catalog

    if not words:
        raise ValueError(f"{where} is empty; write {NONE} for the unchanged picture")
    name = words[0]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(names)}, or {NONE}"
        raise ValueError(f"{where}: unknown filter {name!r}; {advice}")
    filter, given, where = catalog.load(name), dict[str, Any](), f"{where} ({name})"
    left = list(words[1:])
    while left:
        option, _, value = left.pop(0).partition("=")
        parameter = _parameter(filter.spec, option, where)
        if parameter.kind == "flag":
            given[parameter.name] = True
            continue
        if not value and not left:
            raise ValueError(f"{where}: {option} requires a value")
        text = value or left.pop(0)
        if parameter.param.picture or (parameter.param.file and os.path.lexists(text)):
            raise ValueError(f"{where}: {option} names a file, which a branch cannot read; use blend, or give values")
        try:
            given[parameter.name] = parameter.read(text)
        except ParameterError as error:
            raise ValueError(f"{where}: {option}: {error.reason}") from None
    try:
        return filter.checked(**given)
    except ParameterError as error:
        raise ValueError(f"{where}: {_option(error.parameter)}: {error.reason}") from None


def _parameter(spec: Spec, option: str, where: str) -> Parameter:
    """Return the parameter of an option; raises ValueError."""
    known = {_option(name): parameter for name, parameter in spec.parameters.items()}
    spelt = option.removesuffix("ise") + "ize" if option.endswith("ise") else option
    if spelt not in known:
        near = difflib.get_close_matches(option, known, n=1)
        advice = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"{where}: unknown option {option}{advice}")
    if known[spelt].name in WHOLE:
        raise ValueError(f"{where}: {option} belongs to the whole mix; give it outside --branches")
    return known[spelt]


def _option(name: str) -> str:
    return f"--{name.rstrip('_').replace('_', '-')}"


@image_filter
def mix(
    *,
    branches: Annotated[
        Any,
        Param(
            "Filter chains to mix, separated by +; 'then' separates the steps of a chain; 'none' filters nothing.",
            metavar="BRANCHES",
            check=_branches,
            missing="as in imfilter mix photo.jpg --branches 'none + blur --sigma 4' -o OUTPUT",
        ),
    ],
    weights: Annotated[
        float | tuple[float, ...] | None,
        Param(
            "Weight of each branch; the weights are divided by their sum.",
            min=0,
            max=1e9,
            metavar="W,W,...",
            shown_default="all equal",
        ),
    ] = None,
    **common: Unpack[Common],
) -> Stage:
    """Mix the results of several chains of filters.

    The result is the weighted mean ``Σ w · f(v) / Σ w`` of all *branches*. A branch is a filter and its options, as on
    the command line, or several filters separated by ``then``; ``+`` separates branches, and ``none`` is the unchanged
    picture. Nothing is rounded between filters or before the mean. Each filter has its own *border* and *linear*;
    *depth*, *range*, *gain* and *white* belong to the mix. Branches may move the picture, but must keep its size and
    give pictures of all its channels.

    If the image has an alpha, so does each branch: the result has their mean, and colours are weighted by alpha.

    Returns
    -------
    The image's shape and dtype (see *depth*).

    Raises
    ------
    ParameterError
        A branch cannot be read, the numbers of weights and branches differ, or all weights are 0.
    ImageError
        A branch changes the size.

    Notes
    -----
    AugMix, which ``imfilter augment`` draws at random, is such a mix of an image and chains of augmentations.

    References
    ----------
    D. Hendrycks, N. Mu, E. D. Cubuk, B. Zoph, J. Gilmer and B. Lakshminarayanan, "AugMix: a simple data processing
    method to improve robustness and uncertainty", 2020.

    Shell
    -----
    $ imfilter mix portrait.jpg -o glow.jpg --branches "none + blur --sigma 8" --weights 0.6,0.4
    $ imfilter mix photo.jpg -o trail.jpg --branches "none + rotate --angle 3 + rotate --angle 6 then blur --sigma 2"
    $ imfilter mix photo.jpg -o calm.jpg --branches "blur --op median + denoise --op wavelet"

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 90, 0, 50]], np.uint8)
    >>> mix(image, branches="none + flip then tone --op invert")
    array([[103, 173,  83, 153]], dtype=uint8)
    >>> mix(image, branches="none + blur --op mean --size 3,1", weights=(3, 1))
    array([[ 8, 75, 12, 46]], dtype=uint8)
    """
    found = [branch.stages() for branch in _branches(branches)]
    shares = _shares(weights, len(found))
    inner = [stage for stages in found for stage in stages]

    def bind(context: ImageContext) -> Function:
        factors = [np.asarray(share, context.work) for share in shares]

        def mixed(*strips: Any) -> Any:
            total = strips[0] * factors[0]
            for strip, factor in zip(strips[1:], factors[1:], strict=True):
                total += strip * factor
            return total

        return mixed

    return Stage(
        bind,
        branches=tuple(found),
        mixes=True,
        colours=Colours(joint=any(stage.colours.joint for stage in inner), curved=True),
        amplification=max(math.prod(stage.amplification for stage in stages) for stages in found),
    )


def _shares(weights: float | tuple[float, ...] | None, count: int) -> list[float]:
    """Return weights whose sum is 1; raises ParameterError."""
    given = [1.0] * count if weights is None else list(weights) if isinstance(weights, tuple) else [weights]
    if len(given) != count:
        raise ParameterError("weights", f"has {len(given)} for {count} branches; give one per branch")
    total = math.fsum(given)
    if not total:
        raise ParameterError("weights", "must not all be 0")
    return [weight / total for weight in given]
