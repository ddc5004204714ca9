"""A stage: one step of a filter, as a function from a padded strip to a strip, and what the engine must know about it.

A strip is an array ``(rows, columns, channels)`` in the work type, or a NamedTuple of such strips (a gradient's gx and
gy). Whoever writes a stage meets no borders, dtypes, rounding, threads or files. A stage is described by small types:

- `Window`: which input samples a sample of the result sees, and so where the result lies in the input;
- `Extent`: the size of the result and where it lies in the input, for a stage that says so itself;
- `Colours`: what happens to a picture's colours, and to the alpha that belongs to them (`AlphaHandling`);
- `WeightedSum`: the weights of a stage that is nothing but a sum, by which missing samples can be left out;
- `ImageContext`: what the stage learns about the image when it is bound;
- `BoundStage`: the function, and which strips suit it.

`pointwise`, `whole_image` and `geometric` make simple stages; `nested` makes stages from another stage. The executor
and the pipeline go by these types alone: `Window` says how to pad and cut, `Colours` when to multiply and divide by the
alpha.
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
    """An image whose rows are computed when they are asked for."""

    height: int
    width: int
    images: int = 1
    """So many images of that size lie one below the other; rows that are asked for are those of whole images then."""
    preferred_rows: int = 1
    """The best height of a strip is a multiple of this."""
    saturates: bool = False
    """What it returns was rounded and saturated."""

    def rows(self, start: int, stop: int) -> Values:
        """Return the rows ``start … stop-1``."""


SURVEYED_ROWS = 128
"""Rows that are asked for at once: a filter before this one computes what its strips see around them anew."""


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
    """How many samples a stage must see on each side of a pixel."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    @staticmethod
    def around(x: int, y: int | None = None) -> Halo:
        """Return a halo that is the same on opposite sides."""
        y = x if y is None else y
        return Halo(x, y, x, y)

    def wider(self, extra: Halo) -> Halo:
        """Return the halo with *extra* around it."""
        return Halo(*(near + more for near, more in zip(self, extra, strict=True)))


NO_HALO = Halo()


class ImageContext(NamedTuple):
    """What a stage may know of the image when it is bound to it."""

    full: float
    """White in the image's units: 255, 65535, or 1.0 for float, unless the image or its user says otherwise."""
    work: Any
    """The type that strips have: float32 where its error stays within the bound, else float64."""
    requested_fields: frozenset[str] = frozenset()
    """Which fields of the filter's result somebody asked for."""
    tolerance: float = 0.0
    """The error that a result may have, in the image's units, where an algorithm approximates."""
    finite: bool = True
    """No sample can be NaN or infinite, because the image is not float."""
    whole: bool = False
    """All samples that the stage sees are whole numbers from 0 to `most`."""
    ignoring: bool = False
    """Missing samples, which are NaN, are to be left out."""
    rounds_to: Any = None
    """The image's own type, if nothing follows but rounding half up to it and saturating: the stage may do that itself,
    whatever samples it sees. Else None."""
    kept: bool = False
    """Nothing follows but writing the samples in the image's own type: what is selected need not be converted."""
    integers: bool = False
    """Whole numbers that the stage selects stay in the image's own type."""
    height: int = 0
    """The height of the stage's input."""
    width: int = 0
    """The width of the stage's input."""
    name: str = ""
    """The image's name, for results that differ from image to image."""
    names: Sequence[str] = ()
    """The names of several images, for stages that take each by itself."""
    survey_result: Any = None
    """What the stage's survey found in the whole image."""
    facts: list[Fact] | None = None
    """Where surveys add the facts that they find, for people."""
    rule: Rule = Rule("reflect")
    """The border rule, for a stage that pads for itself."""
    jobs: int = 1
    """How many threads a stage that takes the whole image may use; its result is the same for any number."""
    streamed: bool = False
    """The image is not in memory as a whole."""
    transfer: Transfer = DEFAULT
    """How the image's samples stand for light."""
    colours: ColourModel = "rgb"
    """What several channels of the image are."""
    largest: float | None = None
    """The greatest sample that the image's type holds, where white is less."""

    @property
    def most(self) -> float:
        """The greatest of the samples, if they are whole numbers."""
        return self.full if self.largest is None else self.largest

    @property
    def rounded(self) -> bool:
        """Nothing follows but rounding, and all samples that the stage sees are whole numbers of the image's type."""
        return self.whole and self.rounds_to is not None

    @property
    def result_type(self) -> Any:
        """The type that the stage's results may have: that to which they are rounded, else the work type."""
        return self.work if self.rounds_to is None else self.rounds_to

    @property
    def own_type(self) -> Any:
        """The type of the image's own samples if the stage sees only whole numbers, else the work type."""
        if not self.whole:
            return self.work
        return np.uint8 if self.most == 255 else np.uint16


class Window(NamedTuple):
    """Which input samples a sample of the result sees, and so where the result lies in the input.

    Along an axis, sample n of the result sees the sample ``n · stride - padding`` and as many after it as the halo has
    on both sides. With a stride of ``(sx, sy)``, n rows of the result need ``(n - 1) · sy + 1`` rows and the halo.
    """

    halo: Halo = NO_HALO
    padding: Halo | None = None
    """How far past the edges windows reach; None, as far as the halo, keeps the size."""
    stride: tuple[int, int] = (1, 1)
    ceil: bool = False
    """Count a last window that begins before the padding at the end and reaches past it."""
    border: Border | None = None
    """The border rule, if the stage's meaning fixes it; None takes the caller's."""
    usual: Border | None = None
    """The border rule where the caller names none, if that is not the filter's own."""
    fill: Callable[[ImageContext], Fill] = lambda context: 0.0
    """The value past the edge if *border* is `constant`."""
    opacity: float = 1.0
    """The alpha past the edge if *border* is `constant`, as a part of white."""
    centre: Callable[[int, int], float] | None = None
    """Returns the place in the input that the first result stands for, from the input's size along an axis and the
    axis, as a coordinate of samples; None takes the anchor, the sample that has the halo around it."""

    @property
    def around(self) -> Halo:
        """How far past the edges windows reach."""
        return self.padding or self.halo

    def rule(self, context: ImageContext, callers: Rule) -> Rule:
        """Return the window's own border rule, or the caller's."""
        return Rule(self.border, self.fill(context), self.opacity) if self.border else callers

    def first(self, size: int, axis: int) -> float:
        """Return the sample of an input of *size* that the first result along an axis stands for.

        >>> Window(Halo.around(1), NO_HALO).first(7, axis=0)
        1
        """
        return self.halo[axis] - self.around[axis] if self.centre is None else self.centre(size, axis)

    def results(self, size: int, axis: int) -> int:
        """Return how many samples the result has along an axis (0 is x, 1 is y) if the input has *size*.

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
        """Return the size of the result, and where it lies: each centre on that of what it sees, or on its anchor.

        >>> Window(stride=(2, 2), centre=lambda size, axis: 0.5).extent(8, 8).geometry == Geometry.scaled((2.0, 2.0))
        True
        """
        (sx, sy), first = self.stride, (self.first(width, axis=0), self.first(height, axis=1))
        geometry = Geometry.scaled((float(sx), float(sy)), (first[0] + (1 - sx) / 2, first[1] + (1 - sy) / 2))
        return Extent(self.results(width, axis=0), self.results(height, axis=1), geometry)


class AlphaHandling(NamedTuple):
    """What happens to the alpha around a stage. Between filters, colours are premultiplied by their alpha."""

    divide: bool = False
    """Divide the colours first: the stage takes them straight, and the filter before it returns them premultiplied."""
    multiply: bool = False
    """Multiply the result: the filter after the stage takes premultiplied colours."""
    backdrop: bool = False
    """Composite the result onto the background: the filter after the stage has no alpha."""
    linear: bool = False
    """Composite in linear light."""
    missing: bool = False
    """The stage changes only NaN, and is skipped for an image that cannot have any."""
    weigh: bool = False
    """If there is an alpha, the stage's function takes it, padded likewise, as a second argument; with branches it is
    the last one."""


BY_ALPHA = AlphaHandling(divide=True, multiply=True, weigh=True)
"""For a filter that weights each pixel by its alpha, and keeps the alpha."""


class WeightedSum(NamedTuple):
    """The weights of a stage that adds up weighted samples and does nothing else."""

    sum: float
    absolute: float
    """The sum of their absolute values."""
    relative: bool = False
    """A missing sample counts as the pixel in the middle; if not, the sum is divided by the weights that are left."""
    identity: bool = False
    """The pixel under the anchor weighs 1, and all others nothing, however wide the kernel is."""


class BoundStage(NamedTuple):
    """A stage bound to an image: its function, and what its algorithm asks of the strips."""

    function: Function
    extra: Halo = NO_HALO
    """What the function must see in addition to the stage's halo."""
    rows: int = 1
    """The best height of a strip is a multiple of this."""
    anchored: bool = False
    """Strips must begin and end at multiples of *rows*, or at the image's end: their other rows move the last bits."""
    work: Any = None
    """The type of the strips that the function takes, if it is not that of the `ImageContext`."""
    anywhere: bool = False
    """Results of any part of the columns, and of the rows, are the same: edges and middle may be computed apart."""
    placed: bool = False
    """The function takes the row of the result at which its strip begins as a second argument."""
    saturates: bool = False
    """Its results may leave the range of the type that it rounds them to, and are saturated there."""
    interleaved: bool = False
    """The function is as fast with channels interleaved, as in the image, as with planes."""


class Colours(NamedTuple):
    """What happens to a picture's colours in a stage, and to the alpha that belongs to them.

    Without an `AlphaHandling` the stage takes and returns premultiplied colours; the alpha is filtered too, or kept if
    the gain is 0.
    """

    gain: float | None = 1.0
    """The factor by which a constant image grows; None if the result is not a picture of the colours."""
    alpha: AlphaHandling | None = None
    """The handling of the alpha, for a stage between two filters or one that weights pixels by it."""
    joint: bool = False
    """The result of a channel depends on the others too."""
    curved: bool = False
    """A constant image becomes another constant one, but not by the gain: samples go through a curve, as those of a
    negative do."""
    maps: int = 0
    """How many maps the result has, whatever channels the image has; 0 if it is a picture."""
    bias: float = 0.0
    """What is added to every sample of the final result."""
    white_offset: float = 0.0
    """The same as a fraction of white, for constants that hold for every depth."""
    coloured: bool = False
    """The stage takes and returns three channels, even of a gray image, and sees to `channels` itself."""


class Mark(NamedTuple):
    """Marks a stage at which a part of the colours is taken out, or put back beside what was kept of them."""

    part: Literal["luma", "chroma", "R", "G", "B", "A"]
    begins: bool
    """Taken out; the stages up to the one that puts it back, if there is one, act on it alone."""
    gain: float = 1.0
    """The factor by which the stages between the marks change a constant image."""
    divides: bool = False
    """They give colours multiplied by an alpha of their own, by which their result must be divided."""
    bias: float = 0.0
    """What is added to the part alone, when it is put back."""
    white_offset: float = 0.0
    """The same as a fraction of white."""


NO_COLOURS = Colours(gain=None)
"""For a result that is not a picture of the colours."""


class Stage(NamedTuple):
    """One step of a filter.

    *bind* returns, for an `ImageContext`, the function that turns a padded strip into a strip.
    """

    bind: Callable[[ImageContext], Function | BoundStage]
    window: Window = Window()
    """Which samples a sample of the result sees; without a halo only the one in its place."""
    colours: Colours = Colours()
    """What happens to the colours and to their alpha."""
    step: str = ""
    """The filter's name in an error, if it is one of several."""
    takes: Literal["strips", "image", "rows"] = "strips"
    """What the function takes: padded strips; the whole image at once; or the image as `Rows`. A function of `Rows`
    returns `Rows`: it pads for itself."""
    by_rows: Callable[[Rows, int], Rows] | None = None
    """Returns the rows of the result of a stage that takes the image, for one that is not in memory as a whole; the
    number is that of the threads that it may use."""
    holds: bool = False
    """A function of `Rows` asks for all of the image before it returns its first row, or in any order."""
    memory: Callable[[ImageContext, int], float] = lambda context, channels: 0.0
    """Returns the bytes that it takes for each sample of the whole image, which has so many channels, beside strips:
    what it keeps of the image, and what it computes on the way."""
    survey: Callable[[ImageContext, Rows], Any] | None = None
    """Looks at the whole image before the stage is bound; what it returns is then `ImageContext.survey_result`. If
    there is an alpha it sees straight colours, and NaN in transparent pixels."""
    extent: Callable[[int, int], Extent] | None = None
    """Returns the size of the result, and where it lies, for an input of a width and height; raises ImageError where
    that has none. For a stage that takes rows or the image; None where the window says it."""
    branches: tuple[tuple[Stage, ...], ...] = ()
    """Rows of stages, each applied to the same image. The function takes their results as arguments; an empty row
    gives the image itself."""
    mixes: bool = False
    """Each branch takes the alpha too, and may move samples by a geometry of its own. The function is given the colours
    of all branches, multiplied by their alphas, and likewise the alphas."""
    by_channel: bool = False
    """A stage that takes rows or the image treats each channel as an image: several images can be the channels of one,
    and come out to the last bit as by themselves."""
    by_name: bool = False
    """Results differ from image to image, by the name that the context tells."""
    selects: bool = False
    """Each result is one of the samples, or a difference of two. Whole numbers stay whole, so its function takes and
    returns them in the image's own type."""
    picks: bool = False
    """Each result is one of the samples, never a difference or another value: numbers of classes stay such numbers."""
    weights: WeightedSum | None = None
    """How missing samples can be left out; None if the stage is not a weighted sum, and leaves them out itself."""
    mark: Mark | None = None
    """A part of the colours is taken out, or put back; see `colour_parts`."""
    ignoring: bool = False
    """Missing samples, which are NaN, are to be left out."""
    amplification: float = 1.0
    """The greatest factor by which the stage magnifies an error; the work type is chosen by it."""
    fields: tuple[str, ...] = ("image",)
    """The names of the results, if the stage is the last: those of its NamedTuple, or ``image`` alone."""
    display: Display = AS_COMPUTED
    """How its results show in 8 and 16 bits, if the stage is the last."""
    each: tuple[Stage, ...] = ()
    """One an image, where each of several images has a stage of its own, which differ in their numbers alone; this one
    is the first."""
    alpha: Stage | None = None
    """The stage that says what becomes of the alpha, where that is another thing than what becomes of the colours."""
    facts: Callable[[ImageContext], tuple[Fact, ...]] = lambda context: ()
    """Returns the facts that were derived from the parameters and the image."""

    def result_of(self, width: int, height: int) -> Extent:
        """Return the size of the result for an input of *width* and *height*, and where it lies; raises ImageError."""
        if self.extent is None:
            return self.window.extent(width, height)
        try:
            return self.extent(width, height)
        except ImageError as error:
            raise ImageError(f"{self.step}: {error}" if self.step else str(error)) from None


def without_maps(stage: Stage) -> Stage:
    """Return the stage without its maps, which nobody asked for."""
    return stage._replace(bind=lambda context: bound(stage, context._replace(requested_fields=frozenset({"image"}))))


def total_gain(stages: Sequence[Stage]) -> float | None:
    """Return the factor by which the last filter of *stages* scales a constant image; None if no colours are left."""
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
    """Make a stage that looks at one pixel at a time.

    *gain* is the factor by which a constant image grows; None if the result is not a picture of the colours.
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
    """Make a stage whose result has another size, or lies otherwise, as *extent* says.

    The function that *bind* returns takes the image as `Rows`, whose width and height the context knows, and returns
    `Rows` of the new size; or it takes and returns the whole *image*. The rule past the edge is ``context.rule``.
    The alpha goes the same way, and each channel by itself. A *property* is `picks` for one whose results are samples
    as they are.
    """
    selects = bool(properties.get("picks"))
    # Of an image it is asked for six times.
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
    """Apply *function* to strips, or field by field to NamedTuples of strips, of which some may be None."""
    if hasattr(values[0], "_make"):
        fields = zip(*values, strict=True)
        return values[0]._make(None if field[0] is None else function(*field) for field in fields)
    return function(*values)


def fields_of(values: Values) -> dict[str, Array]:
    """Return strips by their names; one by itself is called ``image``."""
    return values._asdict() if hasattr(values, "_asdict") else {"image": values}
