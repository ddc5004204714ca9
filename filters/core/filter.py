"""`image_filter`: from a function that builds stages to a filter that is called with an array."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    ParamSpec,
    TypedDict,
    TypeVar,
    cast,
    overload,
)

from .engine import colour, colour_parts, executor, nan_policy, nodata
from .engine.borders import ALIASES, PICTURES, Border
from .engine.chain import Part
from .engine.mask import Box, Effect
from .engine.quantize import FULL, GivenRange, SampleType, encoding, float_type
from .engine.stage import Stage
from .engine.working_space import Settings
from .lazy_numpy import Array, np
from .parameters import ImageError, Kind, Param, ParameterError, Spec, describe

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")
Channels = Literal["each", "luma", "chroma", "max", "index"]
INDEX = "index"
"""The choice of `channels` that filters the numbers of a palette's colours."""
NO_NUMBERS = (
    "needs a filter whose results are samples, as numbers of a palette cannot be mixed: blur --op mode, median, "
    "percentile, min or max, morph --op erode, dilate, open or close, pool --op max or min"
)
Maps = Callable[[Mapping[str, Any]], tuple[str, ...]]
Depth = Literal["keep", "8", "16", "float"]


def depth_type(depth: Depth, own: str) -> SampleType:
    """Return the type of the samples that *depth* asks for, of an image of dtype *own*.

    >>> depth_type("keep", "uint16"), depth_type("float", "uint16"), depth_type("float", "float64")
    ('uint16', 'float32', 'float64')
    """
    wanted = {"8": "uint8", "16": "uint16", "float": float_type(own)}.get(depth, own)
    return cast(SampleType, wanted)


class PastTheEdge(TypedDict, total=False):
    """What an image is surrounded by."""

    border: Annotated[
        Border,
        Param(
            "Pixels beyond the edge: " + ", ".join(f"{name} {picture}" for name, picture in PICTURES.items()),
            aliases=ALIASES,
            default="reflect",
            metavar="RULE",
        ),
    ]
    fill: Annotated[float, Param("The value k of --border constant, in the image's units.", default=0.0)]


class Treatment(TypedDict, total=False):
    """How samples come and go, and where; those without a `Param` are the Python call's alone."""

    linear: Annotated[
        bool,
        Param(
            "Filter in linear light: decode by the picture's own curve (else sRGB) before, encode after.", default=False
        ),
    ]
    nan: Annotated[
        str,
        Param(
            "How to treat NaN: propagate, ignore (leave out of sums), or fill with V.",
            check=nan_policy.check,
            default=nan_policy.PROPAGATE,
            metavar="propagate|ignore|fill=V",
        ),
    ]
    white: Annotated[
        float | None,
        Param(
            "White of the input, e.g. 4095 for 12 bits in 16, or 255 for floats from 0 to 255.",
            above=0,
            max=1e30,
            shown_default="255 or 65535 by the depth, 1 of float",
            default=None,
        ),
    ]
    depth: Annotated[
        Depth,
        Param("Sample depth of the output; white stays white, and is 1 in float.", default="keep"),
    ]
    range: Annotated[
        GivenRange,
        Param(
            "How signed or large results fit 8 and 16 bits: auto at the operator's fixed scale, the others as its "
            "formula gives them; offset puts 0 at mid-gray, stretch uses each image's own range.",
            default="auto",
        ),
    ]
    gain: Annotated[
        float, Param("Multiply results written in 8 or 16 bits by this factor too.", above=0, max=1e6, default=1.0)
    ]
    mask: Array | None
    """Gray of the image's size: the strength of the effect, from 0 to white."""
    roi: Sequence[Box] | Box | None
    """The boxes ``(x, y, width, height)`` outside of which nothing changes."""
    nodata: float | None
    """The value of samples that are missing, as NaN is; what is missing of the result has it too."""
    keep_holes: bool
    """What is missing of the image is missing of the result, whatever *nan* makes of it."""
    name: str
    """What the image is called: random numbers differ by it. The command line takes the path from the named folder."""


class Channelled(TypedDict, total=False):
    """What becomes of the channels."""

    channels: Annotated[
        Channels,
        Param(
            "Filter each channel, the luma (colours are kept), the chroma (the luma is kept), or a palette's numbers; "
            "max keeps the channel that responds most.",
            default="each",
        ),
    ]


class Common(PastTheEdge, Channelled, Treatment, total=False):
    """The parameters that every filter has; one that knows other ways with channels declares its own `Channelled`."""


class Call(NamedTuple):
    """A filter and its parameters: those that were given, and all of them, checked."""

    filter: ImageFilter[Any, Any]
    given: Mapping[str, Any]
    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The filter's name."""
        return self.filter.spec.name

    def stages(self) -> tuple[Stage, ...]:
        """Build the stages; raises `ParameterError` where values contradict each other or a file cannot be read."""
        built = self.filter.build(**self.values)
        stages = (built,) if isinstance(built, Stage) else tuple(built)
        if self.values["channels"] == INDEX and not all(stage.picks for stage in stages):
            raise ParameterError("channels", f"{INDEX} {NO_NUMBERS}")
        ignoring = self.values["nan"] == nan_policy.IGNORE
        return tuple(stage._replace(ignoring=ignoring) for stage in stages)

    def settings(self) -> Settings:
        """Return what the shared parameters say about entering the image and its border."""
        values = self.values
        channels = "each" if values["channels"] == INDEX else values["channels"]
        return Settings(values["border"], values["fill"], values["linear"], channels, nan=values["nan"])

    def for_bands(self) -> Call:
        """Return the call for an image whose channels have no colours: the luma is no default there.

        Raises `ParameterError` where it, or the chroma, was asked for.
        """
        channels = self.values["channels"]
        if channels not in colour_parts.PARTS:
            return self
        if "channels" in self.given:
            raise ParameterError("channels", f"bands without colour have no {channels}; use each or max")
        return self._replace(values={**self.values, "channels": "each"})

    def part(self, name: str = "") -> Part:
        """Return stages and settings together, as `chain` takes them; a failure calls them *name*."""
        settings = self.settings()
        stages, channels = colour_parts.divided(self.stages(), settings.channels, settings.border)
        return Part(stages, settings._replace(channels=channels), name)

    def maps(self) -> tuple[str, ...]:
        """Return the names of the maps that the result is made of in place of a picture's channels; none for a picture.

        Looks at no more of a file than its header. What cannot be read is no bank here, and an error in `stages`.
        """
        return self.filter.names_of_maps(self.values) if self.filter.names_of_maps is not None else ()


class ImageFilter(Generic[Parameters, Answer]):
    """A filter: call it with an array; ask it for its stages; read its `Spec`."""

    def __init__(
        self,
        build: Callable[Parameters, Stage | Sequence[Stage]],
        answer: type | None,
        channels: Channels,
        maps: Maps | None = None,
    ) -> None:
        functools.update_wrapper(self, build)
        self.build, self.answer, self.channels = build, answer, channels
        self.names_of_maps = maps

    @functools.cached_property
    def spec(self) -> Spec:
        """The parameters, read from the signature at the first use."""
        return describe(self.build, self.answer, {"channels": self.channels})

    @property
    def kinds(self) -> dict[str, Kind]:
        """What the values of each output are."""
        return {"image": "picture", **{name: field.kind for name, field in self.spec.maps.items()}}

    @property
    def has_maps(self) -> bool:
        """Whether the result can be numbered maps in place of a picture."""
        return self.names_of_maps is not None

    def checked(self, **given: Any) -> Call:
        """Check parameters, once for all that is made of them; raises `ParameterError`."""
        return Call(self, given, self.spec.check(given))

    def __call__(self, image: Array, *args: Parameters.args, **parameters: Parameters.kwargs) -> Answer:
        """Filter an array ``(height, width)`` or ``(height, width, channels)`` of uint8, uint16, float32 or float64.

        Three channels are RGB. Other numbers have no colour, and are filtered each by itself.

        *mask* and *roi* keep it to a part of the image: what lies outside is given back as it is, and the maps are 0.
        Samples of the value *nodata* are missing, as NaN is, and what is missing of the result has that value too.

        >>> import numpy as np
        >>> from imfilter.filters.blur import blur
        >>> blur(np.array([[0, 90, 0, 90]], np.uint8), op="mean", roi=[(1, 0, 2, 1)])
        array([[ 0, 30, 60, 90]], dtype=uint8)
        """
        if args:
            raise TypeError(f"{self.build.__name__}() takes the image alone by position; name the parameters")
        image = np.asarray(image)
        pixels = as_image(image)
        given: dict[str, Any] = dict(parameters)
        mask, roi, name = given.pop("mask", None), given.pop("roi", None), given.pop("name", "")
        missing, keep_holes = nodata.check(given.pop("nodata", None)), bool(given.pop("keep_holes", False))
        effect = None if mask is None and roi is None else Effect(mask, roi)
        call = self.checked(**given)
        colours = colour.model_of(pixels.shape[2])
        if colours == "bands":
            call = call.for_bands()
            if call.values["linear"]:
                raise ImageError(f"an image of {pixels.shape[2]} channels has no colours, and no linear light")
        part, values = call.part(), call.values
        stages = part.stages
        if values["channels"] == INDEX and pixels.shape[2] != 1:
            raise ImageError(f"numbers of classes have one channel, not {pixels.shape[2]}")
        own = pixels.dtype.name
        several = stages[-1].colours.maps > 1
        check_white(values["white"], own)
        dtype = float_type(own) if several and values["depth"] == "keep" else depth_type(values["depth"], own)
        raw = values["depth"] == "keep" or (stages[-1].colours.maps > 0 and dtype == float_type(own))
        encodings = {
            name: encoding(
                kind,
                own,
                dtype if name == "image" else float_type(own),
                values["range"],
                values["gain"],
                stages[-1].display,
                raw=raw,
                white=values["white"],
            )
            for name, kind in self.kinds.items()
            if name in stages[-1].fields
        }
        encodings = {name: nodata.written(encoding, missing, own) for name, encoding in encodings.items()}
        result = executor.run(
            stages,
            pixels,
            encodings,
            part.settings,
            effect=effect,
            name=name,
            white=values["white"],
            nodata=missing,
            keep_holes=keep_holes,
        )
        flat = image.ndim == 2 and not several
        samples = {name: output.samples[..., 0] if flat else output.samples for name, output in result.outputs.items()}
        return cast(Answer, samples["image"] if self.answer is None else self.answer(**samples))


def check_white(white: float | None, dtype: str) -> None:
    """Raise `ImageError` for a *white* that samples of *dtype* do not reach."""
    if white is not None and np.dtype(dtype).kind == "u" and white > FULL[dtype]:
        raise ImageError(f"white, {white:g}, is more than samples of {dtype} hold, {FULL[dtype]:g}")


def as_image(array: Array) -> Array:
    """Return *array* as ``(height, width, channels)``; raises `ImageError` for what is no image."""
    array = np.asarray(array)
    pixels = array[..., None] if array.ndim == 2 else array
    if pixels.ndim != 3:
        raise ImageError(f"an image has the shape (height, width) or (height, width, channels), not {array.shape}")
    if pixels.dtype.name not in FULL:
        raise ImageError(f"an image has samples of uint8, uint16, float32 or float64, not {pixels.dtype}")
    if pixels.size == 0:
        raise ImageError(f"an image of shape {array.shape} has no pixels")
    return pixels


@overload
def image_filter(build: Callable[Parameters, Stage | Sequence[Stage]], /) -> ImageFilter[Parameters, Array]: ...
@overload
def image_filter(
    *, answer: type[Answer], channels: Channels = "each"
) -> Callable[[Callable[Parameters, Stage | Sequence[Stage]]], ImageFilter[Parameters, Answer]]: ...
@overload
def image_filter(
    *, maps: Maps
) -> Callable[[Callable[Parameters, Stage | Sequence[Stage]]], ImageFilter[Parameters, Array]]: ...


def image_filter(
    build: Callable[..., Any] | None = None,
    /,
    *,
    answer: type | None = None,
    channels: Channels = "each",
    maps: Maps | None = None,
) -> Any:
    """Make a filter of a function from parameters to a stage, or to several in a row.

    *answer* is the NamedTuple whose field ``image`` is the picture and whose other fields are maps,
    each ``Annotated[Array, MapField(…)]``; *channels* is the filter's own default. *maps* tells, from the checked
    parameters, the names of the maps that the result is made of in place of a picture's channels.
    """
    if build is not None:
        return ImageFilter(build, answer, channels, maps)
    return lambda build: ImageFilter(build, answer, channels, maps)
