"""Edges: gradient operators with their maps, the Laplacian family, compass masks, Canny, boundaries, and structure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypedDict, Unpack

from .core import Array, MapField, Pair, Param, ParameterError, Stage, both, image_filter, np, pointwise
from .core.engine.facts import note
from .core.engine.overlay import OVERLAY, seen
from .core.engine.overlay import overlay as overlay_on_picture
from .core.engine.quantize import Display
from .core.engine.stage import NO_COLOURS, BoundStage, Function, ImageContext, Rows, Window, surveyed, whole_image
from .core.filter import PastTheEdge, Treatment
from .core.gradient import (
    boundaries,
    canny,
    gradient,
    laplacian,
    non_maximum_suppression,
    structure_tensor,
    threshold_text,
    zero_crossings,
)
from .core.gradient.compass import Compass, compass
from .core.gradient.gradient import Gradient, Norm
from .core.gradient.hysteresis_by_rows import Hysteresis
from .core.gradient.max_channel import strongest_channel
from .core.gradient.structure_tensor import Tensor
from .core.linear import symmetric
from .core.parameters import ABSENT, given_field

GRADIENTS = ("sobel", "prewitt", "scharr", "roberts", "farid", "central", "canny")
COMPASSES = ("kirsch", "robinson")
DERIVED = (*GRADIENTS, "pb")
"""The operators with gx and gy."""
DIRECTED = (*DERIVED, *COMPASSES)
"""The operators with a magnitude and an angle."""
DEFAULT_SIGMA = {"canny": canny.SIGMA, "log": 1.4, "dog": 1.0, "zerocross": 2.0, "pb": boundaries.SIGMA}
CANNY_LOW, CANNY_HIGH = canny.LOW, canny.HIGH
SOBELS_UNITS = {"scharr": 1 / 4, "farid": 8.0, "kirsch": 1 / 4}
"""Factors that bring responses to about the scale of Sobel's operator, at which 8 and 16 bits show them. A step from
black to white gives Sobel 4 times white, and these 16, 0.5 and 15 times; the other operators give as much as Sobel, or
half."""
DI_ZENZO = "di-zenzo"
OPPONENT = "opponent"


class Colours(TypedDict, total=False):
    """How edges are found in colours."""

    channels: Annotated[
        Literal["luma", "each", "max", "di-zenzo", "opponent", "R", "G", "B", "A"],
        Param(
            "Find edges in the luma, in each channel, in the channel that responds most (max), in red, green, blue or "
            "alpha alone, or in all jointly by Di Zenzo's gradient, or, for pb, in opponent colours.",
            default="luma",
            default_of={"canny": "max", "pb": OPPONENT},
            shown_default="luma; canny max; pb opponent",
        ),
    ]


class EdgesCommon(PastTheEdge, Colours, Treatment, total=False):
    """The parameters that every filter has, with this filter's own *channels*."""


class Edges(NamedTuple):
    """The edges and the maps. An absent map is None by position, and raises AttributeError by name."""

    image: Array
    magnitude: Annotated[Array, MapField("Write the gradient's magnitude to FILE.", "magnitude", only=DIRECTED)] = (
        ABSENT
    )
    angle: Annotated[Array, MapField("Write the gradient's direction to FILE.", "angle", only=DIRECTED)] = ABSENT
    gx: Annotated[Array, MapField("Write the derivative along x to FILE.", "signed", only=DERIVED)] = ABSENT
    gy: Annotated[Array, MapField("Write the derivative along y to FILE.", "signed", only=DERIVED)] = ABSENT
    strength: Annotated[
        Array, MapField("Write the strength of the texture to FILE.", "magnitude", only=("structure",))
    ] = ABSENT
    orientation: Annotated[
        Array,
        MapField("Write the axis along which the texture changes most to FILE.", "orientation", only=("structure",)),
    ] = ABSENT
    coherence: Annotated[
        Array,
        MapField(
            "Write the coherence to FILE: 1 where the texture changes along one axis, 0 along all alike.",
            "fraction",
            only=("structure",),
        ),
    ] = ABSENT

    if not TYPE_CHECKING:
        __getattribute__ = given_field


GRADIENT_FIELDS, COMPASS_FIELDS = Edges._fields[:5], Edges._fields[:3]
STRUCTURE_FIELDS = ("image", "strength", "orientation", "coherence")


Operator = Literal[
    "sobel",
    "prewitt",
    "scharr",
    "roberts",
    "farid",
    "central",
    "laplacian",
    "log",
    "dog",
    "zerocross",
    "kirsch",
    "robinson",
    "canny",
    "structure",
    "pb",
]


def _threshold(help: str, default: str) -> Param:
    """Return the declaration of one of Canny's thresholds."""
    return Param(
        help,
        metavar="X|P%",
        read=threshold_text.read,
        check=threshold_text.check,
        only=("canny",),
        shown_default=default,
    )


@image_filter(answer=Edges, channels="luma")
def edges(
    *,
    op: Annotated[Operator, Param("The edge operator.")] = "sobel",
    size: Annotated[
        int, Param("The Sobel operator's width: 3, 5 or 7.", unit="px", min=3, max=7, only=("sobel", "canny"))
    ] = 3,
    sigma: Annotated[
        Pair | None,
        Param(
            "Standard deviation of the Gaussian that smooths first; for log, dog, zerocross and pb the operator's own.",
            unit="px",
            min=0,
            max=1000,
            shown_default="0; canny, zerocross 2; log 1.4; dog 1; pb 1.1",
        ),
    ] = None,
    ratio: Annotated[
        float,
        Param("Ratio of the wide sigma to the narrow one.", ratio=True, span=(1, 5), above=1, max=100, only=("dog",)),
    ] = 1.6,
    rho: Annotated[
        Pair,
        Param(
            "Standard deviation of the Gaussian over which the structure is averaged.",
            unit="px",
            min=0,
            max=1000,
            only=("structure",),
        ),
    ] = 2.0,
    norm: Annotated[Norm, Param("Norm that combines gx and gy into the magnitude.", only=(*GRADIENTS,))] = "l2",
    thin: Annotated[bool, Param("Keep only maxima along the gradient.", only=(*GRADIENTS,))] = False,
    threshold: Annotated[
        float | None,
        Param(
            "Make responses above this white and the rest black; for zerocross, the least slope of an edge.",
            span=(0, 255),
            min=0,
            unless={"canny": "does not apply to canny; use --low and --high"},
            shown_default="none; zerocross 0.75 times the mean response",
        ),
    ] = None,
    low: Annotated[
        Any,
        _threshold("Lower threshold: a magnitude, or a percentage of the greatest in the picture.", "0.12 of white"),
    ] = None,
    high: Annotated[Any, _threshold("Upper threshold, in the same units.", "0.3 of white")] = None,
    overlay: Annotated[str | None, OVERLAY] = None,
    **common: Unpack[EdgesCommon],
) -> list[Stage]:
    """Find edges; write gradient magnitude and angle maps.

    ``sobel``, ``prewitt``, ``scharr``, ``central``, ``farid`` and ``roberts`` find the gradient. gx and gy are the
    derivatives along x (to the right) and y (downward) by the operator's kernels as textbooks print them, unscaled: a
    step from 0 to 255 gives 1020 with Sobel. The kernel of gx is -1 0 1 times a column: 1 2 1 for Sobel, 1 1 1 for
    Prewitt, 3 10 3 for Scharr, and 0 1 0 for central. Farid's 5×5 kernels are designed for accurate angles. Roberts'
    2×2 diagonals are rotated by 45° into gx and gy. The picture is the magnitude, ``√(gx² + gy²)``. ``angle = atan2(gy,
    gx)`` in degrees, in (-180, 180]: 0 where brightness grows to the right, 90 where it grows downward, exactly 0 where
    the magnitude is 0.

    ``laplacian``, ``log`` and ``dog`` give signed responses: the sum of the four neighbours minus 4 times the pixel,
    the Laplacian of a Gaussian of *sigma*, and a Gaussian of *sigma* minus one of *ratio* times *sigma*. In 8 and 16
    bits ``range="auto"`` puts 0 at mid-gray, and a step from black to white just reaches both ends.

    ``kirsch`` and ``robinson`` apply eight 3×3 masks, one for each direction in steps of 45°, and give the strongest
    response. The angle is the direction of its mask.

    ``canny`` gives thin binary edges. It smooths with a Gaussian of *sigma*, takes the gradient by Sobel's operator,
    and keeps the maxima of the magnitude along the gradient. Of these, those above *high* are edges, and so are those
    above *low* that are connected to them. A lower *high* finds more edges, and a lower *low* longer ones.

    In 8 and 16 bits ``range="auto"`` writes responses at a fixed scale. It brings the operators to about the units of
    Sobel's 3×3, which are clipped at white: Scharr's and Kirsch's are divided by 4, Farid's multiplied by 8, Sobel's
    5×5 and 7×7 divided by 16 and 256. The other ranges, and float samples, keep the values of the formula.

    ``structure`` averages the products of Scharr's gx and gy, in Sobel's units, with a Gaussian of *rho*. This gives
    the structure tensor ``J = [<gx²> <gx·gy>; <gx·gy> <gy²>]`` with the eigenvalues λ1 ≥ λ2. The picture is the
    strength ``√(λ1 + λ2)``, the root mean square of the magnitude. The orientation is the axis of λ1, along which
    brightness changes most, in degrees in (-90, 90]: 0 along x, 90 along y; stripes themselves run at 90° to it. In 8
    bits it is ``θ · 256 / 180`` modulo 256. The coherence, ``(λ1 - λ2) / (λ1 + λ2)``, is 1 where all changes are along
    one axis, and 0 where no axis is preferred. In flat areas all three are exactly 0.

    ``channels="di-zenzo"`` adds up the tensors of all channels. The magnitude is ``√λ1`` of the sum; the angle is the
    axis of λ1, in the direction in which the luma grows; gx and gy follow from both. For three equal channels the
    magnitude is √3 times that of one.

    ``zerocross`` marks the zero crossings of the Laplacian of a Gaussian: a negative pixel next to a positive one in
    its row or column, or a 0 between the two, if their difference, or half of it across a 0, is above *threshold*. The
    default threshold is 0.75 times the mean absolute response, as in MATLAB. The contours are closed and have round
    corners.

    ``pb`` finds the boundaries of objects rather than edges. In four opponent colours (red less 0.7 of green, green
    less 0.7 of red, and the same for blue and yellow; gray occurs in all) it takes the derivative across lines of eight
    orientations, with twice *sigma* across and twice that along the line, and divides it by the root mean square of the
    picture's gradients. Crowded responses, such as those of a texture, are suppressed: from the means r of the 5 × 5
    surrounding blocks of 5 × 5 pixels the sparseness is ``min(1, r0 / mean r) · (5 - Σr / √Σr²) / 4``. The strength is
    ``s / (s + s½)`` of white with s½ = 0.36, where s is the strongest response times its sparseness, averaged with the
    same at twice the size. One *threshold* suits all pictures: about half of white, 128 of 255. The picture is the
    strength thinned to lines; the maps are not thinned. A larger *sigma* finds the boundaries of larger objects, and
    all lengths in pixels grow with it.

    *overlay* draws the edges on the picture: ``out = in + s · (colour - in)``. The strength s is the response as 8 bits
    show it, as a fraction of white, at most 1; it is doubled for signed responses and 1 on binary edges. *gain*
    multiplies the strength. Gray becomes RGB; the alpha and the maps do not change.

    Returns
    -------
    `Edges`: the picture in the image's dtype (see *depth*), the maps as float32 in the image's units
    and degrees; one channel, or the image's with ``channels="each"``. With *overlay* the picture is RGB.

    Raises
    ------
    ParameterError
        A value is out of range, or does not apply to the operator.

    References
    ----------
    J. Canny, "A computational approach to edge detection", 1986. For the operators see
    `imfilter.filters.core.linear.kernels`, for the structure tensor and Di Zenzo's gradient
    `imfilter.filters.core.gradient.structure_tensor`. D. Marr and E. Hildreth, "Theory of edge detection", 1980. For
    boundaries: K.-F. Yang, S.-B. Gao, C.-F. Guo, C.-Y. Li and Y.-J. Li, "Boundary detection using double-opponency and
    spatial sparseness constraint", 2015; scored as in D. Martin, C. Fowlkes and J. Malik, "Learning to detect natural
    image boundaries using local brightness, color, and texture cues", 2004.

    Shell
    -----
    $ imfilter edges photo.jpg -o edges.png
    $ imfilter edges photo.jpg --magnitude strength.png --angle direction.tif
    $ imfilter edges photo.jpg -o edges.png --op canny --sigma 2 --low 30 --high 90
    $ imfilter edges faint.tif -o edges.png --op canny --low 10% --high 30%
    $ imfilter edges photo.jpg -o edges.png --channels di-zenzo
    $ imfilter edges photo.jpg -o drawn.png --op canny --overlay red
    $ imfilter edges photo.jpg -o boundaries.png --op pb
    $ imfilter edges photo.jpg -o boundaries.png --op pb --threshold 128
    $ imfilter edges photo.jpg -o crossings.png --op zerocross --sigma 3
    $ imfilter edges photo.jpg --op structure --rho 4 --orientation axis.tif --coherence clear.png

    Examples
    --------
    >>> import numpy as np
    >>> step = np.array([[0, 0, 255, 255]] * 3, np.uint8)
    >>> edges(step).gx[1], edges(step).angle[1]
    (array([   0., 1020., 1020.,    0.], dtype=float32), array([0., 0., 0., 0.], dtype=float32))
    """
    found = _found(op, size, sigma, ratio, rho, norm, thin, threshold, low, high, common)
    return found if overlay is None else [_drawn(found, overlay, common)]


def _found(
    op: Operator,
    size: int,
    sigma: Pair | None,
    ratio: float,
    rho: Pair,
    norm: Norm,
    thin: bool,
    threshold: float | None,
    low: Any,
    high: Any,
    common: EdgesCommon,
) -> list[Stage]:
    """Return the stages that find edges and write them to a picture and maps."""
    sigmas = both(sigma if sigma is not None else DEFAULT_SIGMA.get(op, 0.0))
    if size % 2 == 0:
        raise ParameterError("size", f"{size} is not one of 3, 5, 7")
    channels = common.get("channels")
    if channels == DI_ZENZO and op not in (*GRADIENTS, "structure"):
        raise ParameterError(
            "channels", f"{DI_ZENZO} needs gx and gy, which {op} does not compute; use luma, each or max"
        )
    if channels == OPPONENT and op != "pb":
        raise ParameterError("channels", f"{OPPONENT} is for pb; use luma, each, max or {DI_ZENZO}")
    if op == "log":
        return [
            _named(laplacian.laplacian_of_gaussian(_positive(sigmas, op)), op, sigmas),
            *_signed(threshold),
        ]
    if op == "zerocross":
        crossings = zero_crossings.zero_crossings(threshold)
        return [_named(laplacian.laplacian_of_gaussian(_positive(sigmas, op)), op, sigmas), crossings]
    if op == "dog":
        return [
            _named(laplacian.difference_of_gaussians(_positive(sigmas, op), ratio), op, sigmas),
            *_signed(threshold),
        ]
    stages = [symmetric.smoothing(sigmas)] if max(sigmas) > 0 else []
    if op == "laplacian":
        return [*stages, laplacian.laplacian(), *_signed(threshold)]
    # A larger Sobel operator sums to more: 16 times with each ring of its binomial family.
    display = Display(gain=SOBELS_UNITS.get(op, 4.0 ** (3 - size)))
    one_channel = channels == "max"
    if op == "pb":
        if sigmas[0] != sigmas[1]:
            raise ParameterError("sigma", "must be one number for pb, the same along x and y")
        stages = [boundaries.boundaries(channels == OPPONENT, _positive(sigmas, op)[0])]
        if one_channel:
            stages.append(strongest_channel(lambda parts: gradient.magnitude(parts, "l2")))
        # Reflect the strength beyond the picture's edge: next to zeros the outermost pixels would become lines.
        window = Window(non_maximum_suppression.HALO, border="reflect")
        return [*stages, _picture("l2", True, None, threshold)._replace(window=window)]
    if op == "structure":
        together = channels == DI_ZENZO
        return [*stages, *_structure(both(rho), together, one_channel, common.get("border"), threshold)]
    if op in COMPASSES:
        stages.append(compass(op))
        if one_channel:
            stages.append(strongest_channel(lambda answer: answer.magnitude))
        return [*stages, _compass_picture(threshold)._replace(display=display)]
    weights = gradient.weights_of("sobel" if op == "canny" else op, size)
    limits = _limits(low, high, size) if op == "canny" else None
    # Derivatives and picture are one stage, unless another stage must come between them.
    between = channels in ("max", DI_ZENZO) or common.get("nan") == "ignore" or (limits is not None and limits.relative)
    if between:
        stages.append(gradient.derivatives(weights))
        if one_channel:
            stages.append(strongest_channel(lambda parts: gradient.magnitude(parts, norm)))
        if channels == DI_ZENZO:
            stages.append(structure_tensor.colour_gradient())
        stages.append(_picture(norm, thin, limits, threshold))
    elif thin or limits is not None:
        stages.append(_thinned(weights, norm, limits, threshold))
    else:
        stages.append(_gradient(weights, norm, threshold))
    if limits is not None:
        stages.append(_joined())
    return [*stages[:-1], stages[-1]._replace(display=display)]


def _drawn(stages: list[Stage], colour: str, common: EdgesCommon) -> Stage:
    """Return the stage that draws the edges found by *stages* on the picture."""
    if common.get("range", "auto") != "auto":
        raise ParameterError("range", "does not apply with --overlay; use --gain to change the strength of the colour")
    display, gain = stages[-1].display, common.get("gain", 1.0)

    def strength(context: ImageContext) -> Callable[[Any], Array]:
        # A signed response has 0 at mid-gray, so its full range is half of white.
        factor = display.gain * gain * (2 if display.range == "offset" else 1) / context.full

        def of(found: Any) -> Array:
            response = getattr(found, "image", found)
            if response.dtype == bool:
                return response.any(axis=2, keepdims=True)
            return np.abs(response).max(axis=2, keepdims=True) * factor

        return of

    stages = [*seen(common.get("channels")), *stages]
    drawn = overlay_on_picture(stages, colour, strength, linear=common.get("linear", False), fields=stages[-1].fields)
    return drawn._replace(display=Display(final=True))


def _positive(sigmas: tuple[float, float], op: str) -> tuple[float, float]:
    if min(sigmas) < laplacian.MIN_SIGMA:
        raise ParameterError(
            "sigma", f"{min(sigmas):g} px is too small for {op}; use at least {laplacian.MIN_SIGMA:g} px"
        )
    return sigmas


def _named(stage: Stage, op: str, sigmas: tuple[float, float]) -> Stage:
    width, height = (side[0] + side[1] + 1 for side in zip(stage.window.halo[:2], stage.window.halo[2:], strict=True))
    fact = f"{op} of sigma {sigmas[0]:g},{sigmas[1]:g}: {width}×{height}, separable passes"
    return stage._replace(facts=lambda context: (note(fact),))


def _signed(threshold: float | None) -> list[Stage]:
    """Return the stages that threshold a signed response; none without a *threshold*."""
    if threshold is None:
        return []
    return [pointwise(lambda strip: np.abs(strip) > threshold, gain=None)]


def _compass_picture(threshold: float | None) -> Stage:
    def picture(answer: Compass) -> Edges:
        strength = answer.magnitude
        return Edges(strength if threshold is None else strength > threshold, strength, answer.angle)

    return pointwise(picture, gain=None, fields=COMPASS_FIELDS)


def _gradient(weights: gradient.Weights, norm: Norm, threshold: float | None) -> Stage:
    """Return the stage that makes the picture and the maps of a gradient directly from the image."""

    def bind(context: ImageContext) -> BoundStage:
        fields = {*gradient.Maps._fields} & context.requested_fields
        rounded = threshold is None and context.rounds_to is not None
        if "image" in context.requested_fields and not rounded:
            fields = fields - {"image"} | {"magnitude"}
        find = gradient.finder(weights, context, fields, norm, context.rounds_to)

        def picture(strip: Array) -> Edges:
            found: Any = find.function(strip)
            strong = threshold is not None and "image" in context.requested_fields
            image = found.magnitude > threshold if strong else found.image if rounded else found.magnitude
            return Edges(image, found.magnitude, found.angle, found.gx, found.gy)

        return find._replace(function=picture, saturates=rounded)

    stage = gradient.stage_of(weights, bind)
    return stage._replace(weights=None, fields=GRADIENT_FIELDS)


def _maps(context: ImageContext, parts: Gradient, norm: Norm, image: Array | None) -> Edges:
    """Return the picture, and the maps that the context asks for."""
    wanted = context.requested_fields
    strength = ABSENT
    if image is None or "magnitude" in wanted:
        strength = gradient.magnitude(parts, norm)
        image = strength if image is None else image
    degrees = gradient.angle(parts) if "angle" in wanted else ABSENT
    gx, gy = (part if name in wanted else ABSENT for name, part in zip(Gradient._fields, parts, strict=True))
    return Edges(image, strength, degrees, gx, gy)


class Limits(NamedTuple):
    """Canny's two thresholds."""

    of: Callable[[ImageContext], tuple[float, float]]
    """Returns both for an image; if they are *relative*, its survey has found the greatest magnitude."""
    relative: bool


def _limits(low: Any, high: Any, size: int) -> Limits:
    lower, upper = (None if given is None else threshold_text.check(given) for given in (low, high))
    if lower is not None and upper is not None and lower.relative == upper.relative and lower.number > upper.number:
        above, below = (f"{one:g}" if isinstance(one, (int, float)) else one for one in (low, high))
        raise ParameterError("low", f"{above} is above --high {below}")
    relative = any(threshold is not None and threshold.relative for threshold in (lower, upper))

    def of(context: ImageContext) -> tuple[float, float]:
        # A larger Sobel operator sums to more: 16 times with each ring of its binomial family.
        white = context.full * 4.0 ** (size - 3)
        most = context.survey_result
        above = CANNY_HIGH * (most if relative else white) if upper is None else upper.of(most)
        # An upper threshold below the default lower one pulls the lower one down with it.
        below = min(CANNY_LOW * (most if relative else white), above / 2) if lower is None else lower.of(most)
        return below, max(above, below)

    return Limits(of, relative)


def _thinned(weights: gradient.Weights, norm: Norm, limits: Limits | None, threshold: float | None) -> Stage:
    """Return the stage that makes thinned magnitudes or Canny's classes, and the maps, directly from the image."""

    def bind(context: ImageContext) -> BoundStage:
        thresholds, maps = limits and limits.of(context), context.requested_fields - {"image"}
        find = non_maximum_suppression.thinned(weights, context, norm, thresholds, maps)

        def picture(strip: Array, start: int) -> Edges:
            image, parts = find.function(strip, start)
            image = image if threshold is None else image > threshold
            return Edges(image) if parts is None else _maps(context, parts, norm, image)

        return find._replace(function=picture)

    stage = gradient.stage_of(weights, bind)
    window = stage.window._replace(halo=stage.window.halo.wider(non_maximum_suppression.HALO))
    return stage._replace(window=window, weights=None, fields=GRADIENT_FIELDS)


def _picture(norm: Norm, thin: bool, limits: Limits | None, threshold: float | None) -> Stage:
    """Return the stage that makes the same from a `Gradient`."""
    thins = thin or limits is not None

    def bind(context: ImageContext) -> Function:
        thresholds = limits and limits.of(context)

        def picture(parts: Gradient) -> Edges:
            image = None
            if thresholds is not None:
                image = non_maximum_suppression.classes(parts, norm, *thresholds)
            elif thin:
                image = non_maximum_suppression.suppress(parts, norm)
            if thins:
                parts = Gradient(*(part[1:-1, 1:-1] for part in parts))
            if threshold is not None:
                image = (gradient.magnitude(parts, norm) if image is None else image) > threshold
            return _maps(context, parts, norm, image)

        return picture

    def greatest(context: ImageContext, parts: Rows) -> float:
        most = 0.0
        for strip in surveyed(parts):
            most = float(np.fmax(most, np.fmax.reduce(gradient.magnitude(strip, norm), axis=None)))
        return most

    return Stage(
        bind,
        window=Window(non_maximum_suppression.HALO, border="constant") if thins else Window(),
        colours=NO_COLOURS,
        survey=greatest if limits is not None and limits.relative else None,
        fields=GRADIENT_FIELDS,
    )


def _joined() -> Stage:
    """Return the stage that joins Canny's classes into edges by hysteresis."""

    def join(maps: Edges) -> Edges:
        return maps._replace(image=non_maximum_suppression.hysteresis(maps.image))

    def memory(context: ImageContext, channels: int) -> float:
        # The classes, the result, and the requested maps.
        return 3 + len(context.requested_fields - {"image"}) * np.dtype(context.work).itemsize

    joined = whole_image(join, gain=None, fields=GRADIENT_FIELDS)
    return joined._replace(memory=memory, by_channel=True, by_rows=Hysteresis)


def _structure(
    rho: tuple[float, float], together: bool, one_channel: bool, border: str | None, threshold: float | None
) -> list[Stage]:
    stages = structure_tensor.structure(rho, together)
    if border == "constant":  # the products are 0 beyond the edge, whatever the image's fill
        stages[1:] = [stage._replace(window=stage.window._replace(border="constant")) for stage in stages[1:]]
    if one_channel:
        stages.append(strongest_channel(lambda parts: parts.trace))

    def bind(context: ImageContext) -> Function:
        def picture(parts: Tensor) -> Edges:
            strength = np.sqrt(parts.trace)
            axis = structure_tensor.orientation(parts) if "orientation" in context.requested_fields else ABSENT
            clear = structure_tensor.coherence(parts) if "coherence" in context.requested_fields else ABSENT
            image = strength if threshold is None else strength > threshold
            return Edges(image, strength=strength, orientation=axis, coherence=clear)

        return picture

    return [*stages, Stage(bind, colours=NO_COLOURS, fields=STRUCTURE_FIELDS)]
