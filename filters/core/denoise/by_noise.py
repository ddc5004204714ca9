"""Stages whose parameters follow from the noise: given, or estimated from the whole image before they are bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..engine.facts import Fact
from ..engine.stage import BoundStage, Halo, ImageContext, Rows, Stage, bound, inside
from ..lazy_numpy import Array
from ..named_tuple import NamedTuple
from ..parameters import ParameterError
from . import noise_estimate

LEAST = 1e-100
"""That counts as noise, and for what is compared with it: the square of less may be 0 in float64."""


class Noise(NamedTuple):
    """How strong the noise is that shall be removed, and in what."""

    level: float
    """Its standard deviation in the image's units."""
    full: float
    """White in the image's units."""
    channels: int = 1

    @property
    def levels(self) -> float:
        """The standard deviation where white is 255."""
        return 255 * self.level / self.full


Make = Callable[[Noise], Stage]
"""Returns the stage that suits some noise."""


def reject_unused(noise: float | None, strength: float) -> None:
    """Raise ParameterError for what says how strong noise is, where no parameter follows from it."""
    for name, given in (("noise_sigma", noise is not None), ("strength", strength != 1)):
        if given:
            raise ParameterError(name, "has no effect: all that would follow from the noise is given")


def surveying(
    noise: float | None,
    strength: float,
    facts: Callable[[Noise, ImageContext], Iterable[Fact]],
    always: bool = False,
    relative: bool = False,
) -> Callable[[ImageContext, Rows], Noise]:
    """Return a stage's survey that finds *strength* times the *noise*, and tells the *facts* that follow from it."""

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
    """Return the stage that *make* makes for *strength* times the *noise*, which is estimated if it is None.

    It is of the kind of *widest*, which sees no less than any that is made. Without noise it gives the image back,
    unless it shall *always* act. *relative* noise is a part of the samples, as speckle is.
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
    # The noise is one for all channels.
    colours = widest.colours._replace(joint=True)
    return widest._replace(bind=bind, survey=survey, colours=colours, facts=lambda context: ())
