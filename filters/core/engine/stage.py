"""A stage: one step of a filter, as a function from a padded strip to a strip, plus its halo.

A strip is an array ``(rows, columns, channels)`` in the work type, or a NamedTuple of such strips
(a gradient's gx and gy). Whoever writes a stage meets no borders, dtypes, rounding, threads or files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from ..lazy_numpy import Array, np
from .borders import Border, Rule
from .facts import Fact

Values = Any
"""A strip, or a NamedTuple of strips of one size."""
Function = Callable[..., Values]
"""From a padded strip to a strip; see also `BoundStage.placed` and `Stage.branches`."""


class Rows(Protocol):
    """An image whose rows are computed when they are asked for."""

    height: int
    width: int
    preferred_rows: int = 1
    """Strips are best multiples of so many rows high."""

    def rows(self, start: int, stop: int) -> Values:
        """Return the rows ``start … stop-1``."""


class Halo(NamedTuple):
    """How many samples a stage must see on each side of a pixel."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    @staticmethod
    def around(x: int, y: int | None = None) -> Halo:
        """The same on opposite sides."""
        y = x if y is None else y
        return Halo(x, y, x, y)

    def wider(self, extra: Halo) -> Halo:
        """The halo with *extra* around it."""
        return Halo(*(near + more for near, more in zip(self, extra, strict=True)))


NO_HALO = Halo()


class ImageContext(NamedTuple):
    """What a stage may know of the image when it is bound to it."""

    full: float
    """White in the image's units: 255, 65535, or 1.0 for float."""
    work: Any
    """The type that strips have: float32 where its error stays within the bound, else float64."""
    requested_fields: frozenset[str] = frozenset()
    """Which fields of the filter's result somebody asked for."""
    tolerance: float = 0.0
    """The error that a result may have, in the image's units, where an algorithm approximates."""
    finite: bool = True
    """No sample is NaN or infinite: the image is not float."""
    whole: bool = False
    """All samples that the stage sees are whole numbers from 0 to `full`."""
    ignoring: bool = False
    """Missing samples, which are NaN, shall count nothing."""
    rounded: bool = False
    """The result is rounded half up to the image's type, with nothing in between: the stage may do that itself."""
    integers: bool = False
    """Whole numbers may be handed on in the image's own type."""
    height: int = 0
    """Of what the stage is applied to."""
    width: int = 0
    name: str = ""
    """What the image is called, for what shall differ from image to image."""
    survey_result: Any = None
    """What the stage's survey found in the whole image."""
    facts: list[Fact] | None = None
    """Facts that surveys found, for people."""
    rule: Rule = Rule("reflect")
    """What lies past the edge, for a stage that sees to that itself."""
    jobs: int = 1
    """How many threads a stage that runs at once may take; its result is the same for any number."""


class Window(NamedTuple):
    """Which samples of its input a sample of the result sees, and so where the result lies in the input.

    The sample n of the result, along an axis, sees those from ``n · stride - padding`` to as many further on as the
    halo has on both sides. With a stride of ``(sx, sy)`` a result of n rows is made from ``(n - 1) * sy + 1`` rows and
    the halo.
    """

    halo: Halo = NO_HALO
    padding: Halo | None = None
    """How much of what lies past the edge the result covers; None keeps the size."""
    stride: tuple[int, int] = (1, 1)
    ceil: bool = False
    """A stride keeps a last result whose window reaches past the padding, if it begins before."""
    border: Border | None = None
    """The border rule where the stage's meaning fixes it; None takes the caller's."""
    fill: Callable[[ImageContext], float] = lambda context: 0.0
    """The value past the edge where *border* is `constant`."""

    @property
    def around(self) -> Halo:
        """How far past the edge the result reaches."""
        return self.padding or self.halo

    def rule(self, context: ImageContext, callers: Rule) -> Rule:
        """Return the window's own border rule, or the caller's."""
        return Rule(self.border, self.fill(context)) if self.border else callers

    def results(self, size: int, axis: int) -> int:
        """Return how many samples the result has along an axis, 0 for x and 1 for y, of so many of the input.

        >>> Window(Halo.around(1), NO_HALO, (2, 2)).results(7, axis=0)
        3
        """
        around, stride = self.around, self.stride[axis]
        room = size + around[axis] + around[axis + 2] - self.halo[axis] - self.halo[axis + 2] - 1
        if not self.ceil or room < 0:
            return room // stride + 1
        count = -(-room // stride) + 1
        return count - ((count - 1) * stride >= size + around[axis])


class AlphaHandling(NamedTuple):
    """From the result of a filter to the input of the next, in colours that are multiplied by their alpha."""

    divide: bool = False
    """The stage wants the colours as they are, and the filter before it gives them multiplied."""
    multiply: bool = False
    """The filter behind the stage wants them multiplied."""
    backdrop: bool = False
    """It has no alpha: they are laid on the background."""
    linear: bool = False
    """The filter works in linear light."""
    missing: bool = False
    """Only NaN are changed: nothing is to be done where an image has none."""
    weigh: bool = False
    """Where there is an alpha, the stage's function takes it, padded likewise, as a second argument."""


BY_ALPHA = AlphaHandling(divide=True, multiply=True, weigh=True)
"""Of a filter that lets every pixel count by its alpha, and leaves the alpha as it is."""


class Weights(NamedTuple):
    """What a stage that adds up weighted samples, and does nothing else, says of its weights."""

    sum: float
    absolute: float
    """The sum without the signs."""
    relative: bool = False
    """A missing sample counts as the pixel in the middle; else as nothing, and the sum is divided by what is left."""


class BoundStage(NamedTuple):
    """A stage bound to an image: its function, and what its algorithm asks of the strips."""

    function: Function
    extra: Halo = NO_HALO
    """How much more than the stage's halo the function must see."""
    rows: int = 1
    """A strip is best a multiple of so many rows high."""
    anchored: bool = False
    """Strips must begin at a multiple of *rows*."""
    work: Any = None
    """The type that the function wants its strips in, where it is not that of the `ImageContext`."""
    placed: bool = False
    """The function is told which row of the result its strip begins with, as a second argument."""
    interleaved: bool = False
    """The function is as fast with strips whose channels lie beside each other, as in the image, as with planes."""


class Stage(NamedTuple):
    """One step of a filter.

    *bind* gives, for an `ImageContext`, the function that turns a padded strip into a strip.
    """

    bind: Callable[[ImageContext], Function | BoundStage]
    window: Window = Window()
    """Which samples one of the result sees; without a halo the one in its own place."""
    crossing: AlphaHandling | None = None
    """Where colours have an alpha, what becomes of it around this stage, which stands between two filters."""
    step: str = ""
    """What a failure calls the filter, where it is one of several."""
    takes: Literal["strips", "image", "rows"] = "strips"
    """What the function is given: padded strips; the whole image at once; or the image as an object that gives its
    `Rows`, of which it returns another: it may ask for all of them before it gives the first, and pads them itself."""
    survey: Callable[[ImageContext, Rows], Any] | None = None
    """Looks at the rows of the whole image before the stage is bound to it, which is then told the answer. Under an
    alpha it sees the colours not multiplied, and NaN for those of transparent pixels."""
    branches: tuple[tuple[Stage, ...], ...] = ()
    """Stages, in rows, whose results of the same image the function takes as arguments; an empty row is the image."""
    selects: bool = False
    """Each result is one of the samples, or a difference of two: whole numbers stay whole, and may come and go in
    the image's own type."""
    joint: bool = False
    """What becomes of a channel depends on the others too."""
    random: bool = False
    """The result is drawn by lot."""
    maps: int = 0
    """So many maps are the result, whatever channels the image has; 0 are those of a picture."""
    gain: float | None = 1.0
    """What a constant image is multiplied by; None where the result is no picture of the colours."""
    weights: Weights | None = None
    """How missing samples can be left out; None where the stage is no weighted sum, and sees to that itself."""
    plain: Stage | None = None
    """The stage as it is where nothing is left out, if this one leaves missing samples out."""
    bias: float = 0.0
    """What is added to every sample of the final result."""
    white_offset: float = 0.0
    """The same as a part of white, for constants that hold for every depth."""
    amplification: float = 1.0
    """The most by which the stage can magnify an error, for the choice of the work type."""
    growth: float | None = None
    """The most by which whole numbers grow in the stage, where it can work on integers; None where it cannot."""
    fields: tuple[str, ...] = ("image",)
    """The names of the results, where the stage is the last: those of its NamedTuple, or ``image`` alone."""
    facts: Callable[[ImageContext], tuple[Fact, ...]] = lambda context: ()
    """What was derived from the parameters and the image, for people."""


def without_maps(stage: Stage) -> Stage:
    """Return the stage, told that nobody wants its maps."""
    return stage._replace(bind=lambda context: bound(stage, context._replace(requested_fields=frozenset({"image"}))))


def total_gain(stages: Sequence[Stage]) -> float | None:
    """What the last filter of *stages* multiplies a constant image by; None where no colours survive up to there."""
    gain = 1.0
    for stage in stages:
        if stage.gain is None:
            return None
        gain = gain * stage.gain if stage.crossing is None else 1.0
    return gain


def own_type(context: ImageContext) -> Any:
    """Return the type of the image's own samples where all that a stage sees is whole numbers, else the work type."""
    if not context.whole:
        return context.work
    return np.uint8 if context.full == 255 else np.uint16


def bound(stage: Stage, context: ImageContext) -> BoundStage:
    """Bind a stage to an image."""
    answer = stage.bind(context)
    return answer if isinstance(answer, BoundStage) else BoundStage(answer)


def pointwise(function: Function, **properties: Any) -> Stage:
    """Make a stage that looks at one pixel at a time."""
    return Stage(lambda context: function, **properties)


def inside(strip: Values, halo: Halo) -> Values:
    """Cut the halo off a strip.

    >>> import numpy as np
    >>> inside(np.arange(9).reshape(3, 3, 1), Halo(1, 1, 0, 0)).ravel().tolist()
    [4, 5, 7, 8]
    """
    rows, columns = strip.shape[:2]
    return strip[halo.top : rows - halo.bottom, halo.left : columns - halo.right]


def by_field(function: Callable[..., Array], *values: Values) -> Values:
    """Apply *function* to strips, or field by field to NamedTuples of strips, of which some may be None."""
    if isinstance(values[0], tuple):
        fields = zip(*values, strict=True)
        return values[0]._make(None if field[0] is None else function(*field) for field in fields)  # type: ignore
    return function(*values)
