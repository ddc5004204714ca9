"""A stage: one step of a filter, as a function from a padded strip to a strip, and what the engine must know about it.

A strip is an array ``(rows, columns, channels)`` in the work type, or a NamedTuple of such strips (a gradient's gx and
gy). The code of a stage need not handle borders, dtypes, rounding, threads or files. Small types describe a stage:

- `Window`: which input samples a result depends on, and so where the result lies in the input;
- `Extent`: the size of the result and where it lies in the input, for a stage that declares them;
- `Colours`: what happens to a picture's colours, and to the alpha that belongs to them (`AlphaHandling`);
- `WeightedSum`: the weights of a stage that is only a sum, with which missing samples can be left out;
- `ImageContext`: what the stage learns about the image when it is bound;
- `BoundStage`: the function, and which strips suit it.

`pointwise`, `whole_image` and `geometric` make simple stages; `nested` makes stages from another stage. The executor
and the pipeline use only these types: `Window` determines padding and cutting, `Colours` when to multiply and divide by
the alpha.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal, Protocol

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ImageError
from .borders import Border, Fill, Rule
from .colour import ColourModel
from .coordinates import Extent, Geometry
from .facts import Fact
from .quantize import AS_COMPUTED, Display
from .transfer import DEFAULT, Transfer

Values = Any
"""A strip, or a NamedTuple of strips of one size."""
Function = Callable[..., Values]
"""Turns a padded strip into a strip; see also `BoundStage.placed` and `Stage.branches`."""


class Rows(Protocol):
    """An image whose rows are computed on demand."""

    height: int
    width: int
    images: int = 1
    """The number of images of that size, one below the other; if several, requests are for whole images."""
    preferred_rows: int = 1
    """The best height of a strip is a multiple of this."""
    saturates: bool = False
    """Whether its rows are already rounded and saturated."""

    def rows(self, start: int, stop: int) -> Values:
        """Return the rows ``start … stop-1``."""


SURVEYED_ROWS = 128
"""Rows to request at once: an earlier filter recomputes the halo of each strip."""


Look = Callable[[Values], Any]
Join = Callable[[Any, Any], Any]


def surveyed(image: Rows, look: Look | None = None, join: Join | None = None) -> Iterator[Any]:
    """Yield the rows of an image from the first to the last, some at a time, as a `Stage.survey` looks at them.

    With *look* it yields what that finds in them, which may come from others, who looked at parts of the image. They
    *join* what they found, if that is told: of whole numbers the sums are the same in any order.
    """
    if look is not None and isinstance(image, SharedRows):
        yield from image.found(look, join)
        return
    for start in range(0, image.height, SURVEYED_ROWS):
        rows = image.rows(start, min(start + SURVEYED_ROWS, image.height))
        yield rows if look is None else look(rows)


class SharedRows(Rows):
    """An image at which several look, each at a part of its rows."""

    def found(self, look: Look, join: Join | None) -> Sequence[Any]:
        """Return what *look* finds, as `surveyed` yields it."""
        raise NotImplementedError


class Halo(NamedTuple):
    """The number of samples that a stage needs on each side of a pixel."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    @staticmethod
    def around(x: int, y: int | None = None) -> Halo:
        """Return a halo that is equal on opposite sides."""
        y = x if y is None else y
        return Halo(x, y, x, y)

    def wider(self, extra: Halo) -> Halo:
        """Return the halo with *extra* around it."""
        return Halo(*(near + more for near, more in zip(self, extra, strict=True)))


NO_HALO = Halo()


class ImageContext(NamedTuple):
    """The information about an image that a stage gets when it is bound."""

    full: float
    """White in the image's units: 255, 65535, or 1.0 for float, unless the image or the user sets it."""
    work: Any
    """The type of strips: float32 if its error stays within the bound, else float64."""
    requested_fields: frozenset[str] = frozenset()
    """The requested fields of the filter's result."""
    tolerance: float = 0.0
    """The tolerated error of a result, in the image's units, if an algorithm approximates."""
    finite: bool = True
    """No sample can be NaN or infinite, because the image is not float."""
    whole: bool = False
    """All input samples of the stage are whole numbers from 0 to `most`."""
    ignoring: bool = False
    """Missing samples, which are NaN, are to be left out."""
    rounds_to: Any = None
    """The image's own type, if only rounding half up to it and saturating follow: the stage may then do so itself,
    whatever its input. Else None."""
    kept: bool = False
    """Only writing the samples in the image's own type follows, so selected samples need not be converted."""
    integers: bool = False
    """Whole numbers that the stage selects keep the image's own type."""
    height: int = 0
    """The height of the stage's input."""
    width: int = 0
    """The width of the stage's input."""
    name: str = ""
    """The image's name, for results that depend on it."""
    names: Sequence[str] = ()
    """The names of several images, for stages that take them one by one."""
    survey_result: Any = None
    """The result of the stage's survey of the whole image."""
    facts: list[Fact] | None = None
    """The list to which surveys add facts."""
    rule: Rule = Rule("reflect")
    """The border rule, for a stage that does its own padding."""
    jobs: int = 1
    """The number of threads for a stage that takes the whole image; its result must not depend on it."""
    streamed: bool = False
    """The image is not held in memory as a whole."""
    transfer: Transfer = DEFAULT
    """The transfer function of the image's samples."""
    colours: ColourModel = "rgb"
    """The kind of the image's channels."""
    largest: float | None = None
    """The greatest value of the image's type, if white is less."""

    @property
    def most(self) -> float:
        """The greatest possible sample, if samples are whole numbers."""
        return self.full if self.largest is None else self.largest

    @property
    def rounded(self) -> bool:
        """Whether only rounding follows, and all input samples are whole numbers of the image's type."""
        return self.whole and self.rounds_to is not None

    @property
    def result_type(self) -> Any:
        """The type of the stage's results: the one to which they are rounded, else the work type."""
        return self.work if self.rounds_to is None else self.rounds_to

    @property
    def own_type(self) -> Any:
        """The type of the image's samples if all input samples are whole numbers, else the work type."""
        if not self.whole:
            return self.work
        return np.uint8 if self.most == 255 else np.uint16


class Window(NamedTuple):
    """Which input samples a sample of the result depends on, and so where the result lies in the input.

    Along an axis, sample n of the result depends on the sample ``n · stride - padding`` and on as many after it as the
    halo has on both sides. With a stride of ``(sx, sy)``, n rows of the result need ``(n - 1) · sy + 1`` rows and the
    halo.
    """

    halo: Halo = NO_HALO
    padding: Halo | None = None
    """How far windows extend beyond the edges; None extends them by the halo, which keeps the size."""
    stride: tuple[int, int] = (1, 1)
    ceil: bool = False
    """Count a last window that begins before the padding at the end and extends beyond it."""
    border: Border | None = None
    """The border rule, if the stage requires a particular one; None takes the caller's."""
    usual: Border | None = None
    """The default border rule, if it differs from the filter's."""
    fill: Callable[[ImageContext], Fill] = lambda context: 0.0
    """The value beyond the edge if *border* is `constant`."""
    opacity: float = 1.0
    """The alpha beyond the edge if *border* is `constant`, as a fraction of white."""
    centre: Callable[[int, int], float] | None = None
    """Returns the input position of the first result, in samples, for the input's size along an axis and the axis; None
    takes the anchor, the sample inside the halo."""

    @property
    def around(self) -> Halo:
        """How far windows extend beyond the edges."""
        return self.padding or self.halo

    def rule(self, context: ImageContext, callers: Rule) -> Rule:
        """Return the window's own border rule, or the caller's."""
        return Rule(self.border, self.fill(context), self.opacity) if self.border else callers

    def first(self, size: int, axis: int) -> float:
        """Return the position of the first result along an axis, in samples of an input of *size*.

        >>> Window(Halo.around(1), NO_HALO).first(7, axis=0)
        1
        """
        return self.halo[axis] - self.around[axis] if self.centre is None else self.centre(size, axis)

    def results(self, size: int, axis: int) -> int:
        """Return the number of results along an axis (0 is x, 1 is y) for an input of *size*.

        >>> Window(Halo.around(1), NO_HALO, (2, 2)).results(7, axis=0)
        3
        """
        around, stride = self.around, self.stride[axis]
        room = size + around[axis] + around[axis + 2] - self.halo[axis] - self.halo[axis + 2] - 1
        if not self.ceil or room < 0:
            return room // stride + 1
        count = -(-room // stride) + 1
        return count - ((count - 1) * stride >= size + around[axis])

    def extent(self, width: int, height: int) -> Extent:
        """Return the size and position of the result: each sample is centred on its window, or on the anchor.

        >>> Window(stride=(2, 2), centre=lambda size, axis: 0.5).extent(8, 8).geometry == Geometry.scaled((2.0, 2.0))
        True
        """
        (sx, sy), first = self.stride, (self.first(width, axis=0), self.first(height, axis=1))
        geometry = Geometry.scaled((float(sx), float(sy)), (first[0] + (1 - sx) / 2, first[1] + (1 - sy) / 2))
        return Extent(self.results(width, axis=0), self.results(height, axis=1), geometry)


class AlphaHandling(NamedTuple):
    """What happens to the alpha around a stage. Between filters, colours are premultiplied by their alpha."""

    divide: bool = False
    """Divide the colours first: the stage takes straight colours, but the filter before it returns premultiplied
    ones."""
    multiply: bool = False
    """Multiply the result: the filter after the stage takes premultiplied colours."""
    backdrop: bool = False
    """Composite the result onto the background: the filter after the stage has no alpha."""
    linear: bool = False
    """Composite in linear light."""
    missing: bool = False
    """The stage changes only NaN, and is skipped for an image that cannot have any."""
    weigh: bool = False
    """If there is an alpha, the stage's function takes it, padded in the same way, as its second argument, or after the
    branches as its last."""


BY_ALPHA = AlphaHandling(divide=True, multiply=True, weigh=True)
"""For a filter that weights each pixel by its alpha, and keeps the alpha."""


class WeightedSum(NamedTuple):
    """The weights of a stage that only adds up weighted samples."""

    sum: float
    absolute: float
    """The sum of their absolute values."""
    relative: bool = False
    """Missing samples are replaced by the pixel in the middle; otherwise the sum is divided by the remaining
    weights."""
    identity: bool = False
    """The pixel under the anchor has the weight 1, and all others 0, whatever the kernel's size."""


class BoundStage(NamedTuple):
    """A stage bound to an image: its function, and the strips that its algorithm needs."""

    function: Function
    extra: Halo = NO_HALO
    """The halo that the function needs in addition to the stage's."""
    rows: int = 1
    """The best height of a strip is a multiple of this."""
    anchored: bool = False
    """Strips must begin and end at multiples of *rows*, or at the image's end; other strips change the last bits."""
    work: Any = None
    """The type of the function's strips, if it differs from that of the `ImageContext`."""
    anywhere: bool = False
    """Results do not depend on the strip's columns or rows, so edges and middle may be computed separately."""
    placed: bool = False
    """The function takes the first row of the result's strip as a second argument."""
    saturates: bool = False
    """Results may exceed the range of the type to which they are rounded, and are saturated."""
    interleaved: bool = False
    """The function is as fast with interleaved channels, as in the image, as with planes."""


class Colours(NamedTuple):
    """What happens to a picture's colours in a stage, and to the alpha that belongs to them.

    Without an `AlphaHandling` the stage takes and returns premultiplied colours; the alpha is filtered too, or kept if
    the gain is 0.
    """

    gain: float | None = 1.0
    """The factor on a constant image; None if the result is not a picture in colour."""
    alpha: AlphaHandling | None = None
    """The handling of the alpha, for a stage between two filters or one that weights pixels by it."""
    joint: bool = False
    """The result of a channel also depends on the others."""
    curved: bool = False
    """Samples pass through a curve, as for a negative: a constant image stays constant, but does not follow the
    gain."""
    maps: int = 0
    """The number of maps in the result, whatever the image's channels; 0 if it is a picture."""
    bias: float = 0.0
    """The offset added to every sample of the final result."""
    white_offset: float = 0.0
    """The same as a fraction of white, for offsets that hold for every depth."""
    coloured: bool = False
    """The stage takes and returns three channels, even for a gray image, and handles `channels` itself."""


class Mark(NamedTuple):
    """Marks a stage at which a part of the colours is extracted, or recombined with the rest."""

    part: Literal["luma", "chroma", "R", "G", "B", "A"]
    begins: bool
    """The part is extracted; stages up to the one that recombines it, if any, act on it alone."""
    gain: float = 1.0
    """The factor of the stages between the marks on a constant image."""
    divides: bool = False
    """These stages give colours premultiplied by their own alpha, so the result must be divided by it."""
    bias: float = 0.0
    """The offset added only to the part, when it is recombined."""
    white_offset: float = 0.0
    """The same as a fraction of white."""


NO_COLOURS = Colours(gain=None)
"""For a result that is not a picture in colour."""


class Stage(NamedTuple):
    """One step of a filter.

    *bind* returns, for an `ImageContext`, the function that turns a padded strip into a strip.
    """

    bind: Callable[[ImageContext], Function | BoundStage]
    window: Window = Window()
    """Which samples a sample of the result depends on; without a halo only the one at its position."""
    colours: Colours = Colours()
    """What happens to the colours and to their alpha."""
    step: str = ""
    """The filter's name in an error, if it is one of several."""
    takes: Literal["strips", "image", "rows"] = "strips"
    """The function's input: padded strips; the whole image at once; or the image as `Rows`. A function of `Rows`
    returns `Rows`, and does its own padding."""
    by_rows: Callable[[Rows, int], Rows] | None = None
    """For a stage that takes the image: returns the rows of the result for an image that is not held in memory, given
    the number of threads."""
    holds: bool = False
    """The function of `Rows` requests the whole image before it returns its first row, or rows in any order."""
    memory: Callable[[ImageContext, int], float] = lambda context, channels: 0.0
    """Returns the bytes that the stage takes per sample of the whole image, in addition to strips, for a number of
    channels: what it stores of the image, and its intermediate results."""
    survey: Callable[[ImageContext, Rows], Any] | None = None
    """Examines the whole image before the stage is bound; its result becomes `ImageContext.survey_result`. If there is
    an alpha it gets straight colours, with NaN in transparent pixels."""
    extent: Callable[[int, int], Extent] | None = None
    """Returns the size and position of the result for an input's width and height, and raises ImageError if there is no
    result. For a stage that takes rows or the image; None if the window determines it."""
    branches: tuple[tuple[Stage, ...], ...] = ()
    """Sequences of stages, each applied to the same image. The function takes their results as arguments; an empty
    sequence gives the image itself."""
    mixes: bool = False
    """Each branch also takes the alpha, and may have its own geometry. The function is applied to the premultiplied
    colours of all branches, and separately to their alphas."""
    by_channel: bool = False
    """A stage that takes rows or the image treats each channel as an image, so several images can be the channels of
    one, with bit-identical results."""
    by_name: bool = False
    """Results depend on the image's name in the context."""
    selects: bool = False
    """Each result is one of the samples, or a difference of two. Integers stay integers, so the function takes and
    returns them in the image's own type."""
    picks: bool = False
    """Each result is one of the samples, never a difference or another value, so class labels stay class labels."""
    weights: WeightedSum | None = None
    """The weights with which missing samples can be left out; None if the stage is not a weighted sum, and leaves them
    out itself."""
    mark: Mark | None = None
    """Marks where a part of the colours is extracted or recombined; see `colour_parts`."""
    ignoring: bool = False
    """Missing samples, which are NaN, are to be left out."""
    amplification: float = 1.0
    """The greatest factor by which the stage magnifies an error; it determines the work type."""
    fields: tuple[str, ...] = ("image",)
    """The names of the results, if the stage is the last: those of its NamedTuple, or only ``image``."""
    display: Display = AS_COMPUTED
    """The display of the results in 8 and 16 bits, if the stage is the last."""
    each: tuple[Stage, ...] = ()
    """One stage per image, if several images have stages that differ only in their numbers; this one is the first."""
    alpha: Stage | None = None
    """The stage for the alpha, if it differs from that for the colours."""
    facts: Callable[[ImageContext], tuple[Fact, ...]] = lambda context: ()
    """Returns the facts derived from the parameters and the image."""
    instead: str = ""
    """A filter with its options that gives almost the same result in less memory, if there is one."""

    def result_of(self, width: int, height: int) -> Extent:
        """Return the size and position of the result for an input of *width* and *height*; raises ImageError."""
        if self.extent is None:
            return self.window.extent(width, height)
        try:
            return self.extent(width, height)
        except ImageError as error:
            raise ImageError(f"{self.step}: {error}" if self.step else str(error)) from None


def without_maps(stage: Stage) -> Stage:
    """Return the stage without its maps, which were not requested."""
    return stage._replace(bind=lambda context: bound(stage, context._replace(requested_fields=frozenset({"image"}))))


def total_gain(stages: Sequence[Stage]) -> float | None:
    """Return the factor of the last filter of *stages* on a constant image; None if the result is not in colour."""
    gain = 1.0
    for stage in stages:
        own = stage.colours
        if own.gain is None:
            return None
        gain = gain * own.gain if own.alpha is None else 1.0
    return gain


def with_branches(stages: Iterable[Stage]) -> Iterator[Stage]:
    """Yield the stages, and those in their branches."""
    for stage in stages:
        yield stage
        for branch in stage.branches:
            yield from with_branches(branch)


def bound(stage: Stage, context: ImageContext) -> BoundStage:
    """Bind a stage to an image."""
    answer = stage.bind(context)
    return answer if isinstance(answer, BoundStage) else BoundStage(answer)


def pointwise(
    function: Function,
    *,
    gain: float | None = 1.0,
    amplification: float = 1.0,
    fields: tuple[str, ...] = ("image",),
) -> Stage:
    """Make a stage that processes pixels one by one.

    *gain* is the factor on a constant image; None if the result is not a picture in colour.
    """
    return Stage(lambda context: function, colours=Colours(gain), amplification=amplification, fields=fields)


def whole_image(function: Function, *, gain: float | None = 1.0, fields: tuple[str, ...] = ("image",)) -> Stage:
    """Make a stage that needs all pixels at once."""
    return pointwise(function, gain=gain, fields=fields)._replace(takes="image")


def geometric(
    bind: Callable[[ImageContext], Function | BoundStage],
    extent: Callable[[int, int], Extent],
    *,
    takes: Literal["image", "rows"] = "rows",
    **properties: Any,
) -> Stage:
    """Make a stage whose result has the size and position given by *extent*.

    The function that *bind* returns takes the image as `Rows`, whose width and height are in the context, and returns
    `Rows` of the new size; or it takes and returns the whole *image*. The border rule is ``context.rule``. The alpha is
    treated in the same way, and each channel by itself. One of the *properties* is `picks`, for results that are
    unchanged samples.
    """
    selects = bool(properties.get("picks"))
    # It is requested six times per image.
    kind = {"takes": takes, "extent": lru_cache(maxsize=2)(extent), "selects": selects, "by_channel": True}
    return Stage(bind, **{**kind, **properties})


def inside(strip: Values, halo: Halo) -> Values:
    """Cut the halo off a strip.

    >>> import numpy as np
    >>> inside(np.arange(9).reshape(3, 3, 1), Halo(1, 1, 0, 0)).ravel().tolist()
    [4, 5, 7, 8]
    """
    rows, columns = strip.shape[:2]
    return strip[halo.top : rows - halo.bottom, halo.left : columns - halo.right]


def by_field(function: Callable[..., Array], *values: Values) -> Values:
    """Apply *function* to strips, or field by field to NamedTuples of strips, some of which may be None."""
    if hasattr(values[0], "_make"):
        fields = zip(*values, strict=True)
        return values[0]._make(None if field[0] is None else function(*field) for field in fields)
    return function(*values)


def fields_of(values: Values) -> dict[str, Array]:
    """Return strips by name; a single one is called ``image``."""
    return values._asdict() if hasattr(values, "_asdict") else {"image": values}
