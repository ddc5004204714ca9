"""Stages with parameters derived from the noise, which is given or estimated from the whole image before binding."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..engine.facts import Fact
from ..engine.stage import BoundStage, Halo, ImageContext, Rows, Stage, bound, inside
from ..lazy_numpy import Array
from ..named_tuple import NamedTuple
from ..parameters import ParameterError
from . import noise_estimate

LEAST = 1e-100
"""The least noise, as the square of less may be 0 in float64; also for values compared with it."""


class Noise(NamedTuple):
    """The noise to be removed, and the image's white and kind."""

    level: float
    """The standard deviation in the image's units."""
    full: float
    """White in the image's units."""
    channels: int = 1

    @property
    def levels(self) -> float:
        """The standard deviation for white of 255."""
        return 255 * self.level / self.full


Make = Callable[[Noise], Stage]
"""Returns the stage for a given noise."""


def reject_unused(noise: float | None, strength: float) -> None:
    """Raise ParameterError for parameters of the noise, if no other parameter derives from it."""
    for name, given in (("noise_sigma", noise is not None), ("strength", strength != 1)):
        if given:
            raise ParameterError(name, "has no effect: all parameters that would derive from the noise are given")


def surveying(
    noise: float | None,
    strength: float,
    facts: Callable[[Noise, ImageContext], Iterable[Fact]],
    always: bool = False,
    relative: bool = False,
) -> Callable[[ImageContext, Rows], Noise]:
    """Return a stage's survey that finds *strength* times the *noise*, and reports the derived *facts*."""

    def survey(context: ImageContext, image: Rows) -> Noise:
        level = noise_estimate.surveying(relative=relative)(context, image) if noise is None else noise
        level *= strength
        found = Noise(level if level >= LEAST else 0.0, context.full, image.rows(0, 1).shape[2])
        if (found.level > 0 or always) and context.facts is not None:
            context.facts.extend(facts(found, context))
        return found

    return survey


def by_noise(
    make: Make,
    widest: Stage,
    noise: float | None,
    strength: float = 1.0,
    always: bool = False,
    relative: bool = False,
) -> Stage:
    """Return the stage made by *make* for *strength* times the *noise*, which is estimated if it is None.

    It has the properties of *widest*, whose window is at least as large as that of any stage that *make* returns.
    Without noise it returns the image unchanged, unless *always* is set. *relative* noise is proportional to the
    samples, like speckle.
    """

    def bind(context: ImageContext) -> BoundStage:
        found = context.survey_result
        if found.level <= 0 and not always:
            return BoundStage(lambda strip, *alpha: inside(strip, widest.window.halo), interleaved=True)
        stage = make(found)
        own = bound(stage, context)
        spare = Halo(*(most - halo for most, halo in zip(widest.window.halo, stage.window.halo, strict=True)))

        def function(*strips: Array) -> Array:
            return own.function(*(inside(strip, spare) for strip in strips))

        return own._replace(function=function)

    survey = surveying(noise, strength, lambda found, context: make(found).facts(context), always, relative)
    # All channels share the noise.
    colours = widest.colours._replace(joint=True)
    return widest._replace(bind=bind, survey=survey, colours=colours, facts=lambda context: ())
