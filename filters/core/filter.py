"""`image_filter` turns a function that builds stages into a filter that is called with an array."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    ParamSpec,
    TypedDict,
    TypeVar,
    overload,
)

from . import signature
from .engine import array_image, colour_parts, executor, nan_policy, nodata
from .engine.array_image import ArrayImage, ImageLike
from .engine.borders import ALIASES, PICTURES, Border, Fill
from .engine.chain import Part
from .engine.mask import Box, Effect
from .engine.quantize import FULL, Encoding, GivenRange, encoding, float_type
from .engine.stack import suits_stack
from .engine.stage import Stage
from .engine.threads import threads_of
from .engine.working_space import Settings
from .lazy_numpy import Array, np
from .named_tuple import NamedTuple
from .parameters import ABSENT, MAPS, Argument, ImageError, Kind, Param, ParameterError, Spec, describe

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")
Channels = Literal["each", "luma", "chroma", "max", "index", "R", "G", "B", "A"]
INDEX = "index"
"""The value of `channels` that filters the indices of a palette."""
NO_NUMBERS = (
    "requires a filter that only selects samples, as palette indices cannot be mixed: blur --op mode, median, "
    "percentile, min or max, morph --op erode, dilate, open or close, pool --op max or min"
)
Maps = Callable[[Mapping[str, Any]], tuple[str, ...]]
Depth = Literal["keep", "1", "8", "16", "float"]


class PastTheEdge(TypedDict, total=False):
    """The parameters that set the pixels beyond the edge."""

    border: Annotated[
        Border,
        Param(
            "Pixels beyond the edge: " + ", ".join(f"{name} {picture}" for name, picture in PICTURES.items()),
            aliases=ALIASES,
            default="reflect",
            metavar="RULE",
        ),
    ]
    fill: Annotated[
        float | tuple[float, ...] | None,
        Param(
            "The value k of --border constant, in the image's units, or one per channel, such as 124,116,104.",
            metavar="V|V,V,V",
            default=0.0,
            shown_default="0; transparent if the image has an alpha",
        ),
    ]


class Treatment(TypedDict, total=False):
    """How samples are read, written and limited; parameters without a `Param` are for Python calls only."""

    linear: Annotated[
        bool,
        Param(
            "Filter in linear light: decode with the picture's transfer curve (default sRGB), and encode after.",
            default=False,
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
            span=(1, 65535),
            min=1e-30,
            max=1e30,
            shown_default="255 or 65535, by the depth; 1 for float",
            default=None,
        ),
    ]
    depth: Annotated[
        Depth,
        Param("Sample depth of the output; white stays white, which is 1 in float and in 1 bit.", default="keep"),
    ]
    range: Annotated[
        GivenRange,
        Param(
            "How to fit signed or large results into 8 and 16 bits: auto uses the operator's fixed scale, the others "
            "its formula's values; offset puts 0 at mid-gray, stretch uses each image's own range.",
            default="auto",
        ),
    ]
    gain: Annotated[
        float, Param("Multiply results written in 8 or 16 bits by this factor.", above=0, max=1e6, default=1.0)
    ]
    mask: Annotated[
        ImageLike | None,
        Argument(
            "A gray image of the same size: the strength of the effect, from 0 to white. Maps are 0 where it is 0."
        ),
    ]
    roi: Annotated[
        Sequence[Box] | Box | None,
        Argument("One box ``(x, y, width, height)`` or several; pixels outside do not change."),
    ]
    nodata: Annotated[
        float | None,
        Argument("The value that marks missing samples, as NaN does, in the image and in the result."),
    ]
    keep_holes: Annotated[
        bool, Argument("Keep the image's missing samples missing in the result, whatever *nan* says.", False)
    ]
    bands: Annotated[
        bool,
        Argument(
            "Treat the channels as bands without colour: filter each by itself, and take none as the alpha.", False
        ),
    ]
    stack: Annotated[
        bool,
        Argument(
            "Treat the first axis as a stack of images, ``(n, height, width)`` or ``(n, height, width, channels)``.",
            False,
        ),
    ]
    maps: Annotated[
        Sequence[str] | str | None,
        Argument("The fields of the result to compute, such as ``('image', 'magnitude')``; None for all."),
    ]
    jobs: Annotated[
        int | None,
        Argument("The number of threads, or None for one per core; the result does not depend on it."),
    ]
    name: Annotated[
        str,
        Argument(
            "The image's name, from which random numbers derive; the command uses the path within the folder.", ""
        ),
    ]


class Channelled(TypedDict, total=False):
    """How channels are filtered."""

    channels: Annotated[
        Channels,
        Param(
            "Filter each channel, the luma (keeps the colours), the chroma (keeps the luma), only red, green, blue or "
            "alpha (keeps the others), or palette indices; max gives the channel that responds most.",
            default="each",
        ),
    ]


class Common(PastTheEdge, Channelled, Treatment, total=False):
    """The parameters that every filter has; a filter with other *channels* declares its own `Channelled`."""


class Call(NamedTuple, Generic[Answer]):
    """A filter with its parameters: those given, and the checked values of all."""

    filter: ImageFilter[Any, Answer]
    given: Mapping[str, Any]
    values: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"{self.name}.step({', '.join(f'{name}={value!r}' for name, value in self.given.items())})"

    @property
    def name(self) -> str:
        """The filter's name."""
        return self.filter.spec.name

    def stages(self) -> tuple[Stage, ...]:
        """Build the stages; raises `ParameterError` if values contradict each other or a file cannot be read."""
        built = self.filter.build(**self.values)
        stages = (built,) if isinstance(built, Stage) else tuple(built)
        if self.values["channels"] == INDEX and not all(stage.picks for stage in stages):
            raise ParameterError("channels", f"{INDEX} {NO_NUMBERS}")
        ignoring = self.values["nan"] == nan_policy.IGNORE
        if "border" not in self.given:
            stages = tuple(
                stage._replace(window=stage.window._replace(border=stage.window.border or stage.window.usual))
                for stage in stages
            )
        return tuple(stage._replace(ignoring=ignoring) for stage in stages)

    def settings(self) -> Settings:
        """Return the settings in the shared parameters: border, fill, light, channels and NaN."""
        values = self.values
        channels = "each" if values["channels"] == INDEX else values["channels"]
        return Settings(values["border"], values["fill"], values["linear"], channels, nan=values["nan"])

    def for_bands(self) -> Call[Answer]:
        """Return the call for an image of bands without colour, whose channels are all filtered by default.

        Raises `ParameterError` if the call asks for a part of colours, such as the luma.
        """
        channels = self.values["channels"]
        if "channels" not in self.given:
            return self._replace(values={**self.values, "channels": "each"})
        if channels in (*colour_parts.PARTS, *colour_parts.PRIMARIES):
            raise ParameterError("channels", f"bands without colour have no {channels}; use each or max")
        return self

    def part(self, name: str = "") -> Part:
        """Return stages and settings as `chain` takes them; *name* goes into errors."""
        settings, asked = self.settings(), self.values["channels"]
        stages, channels = colour_parts.divided(self.stages(), settings.channels, settings.border)
        coloured = any(stage.colours.coloured for stage in stages)
        alone = asked in colour_parts.SINGLE and channels == "each" and not coloured
        if asked == colour_parts.ALPHA:
            self._check_alpha(alone)
        settings = settings._replace(
            channels=channels,
            coloured=coloured,
            gray_maps=asked != "each",
            only=frozenset({asked}) if alone else None,
        )
        return Part(stages, settings, name)

    def _check_alpha(self, alone: bool) -> None:
        """Raise `ParameterError` for parameters that do not apply to an alpha, which is written as one if *alone*."""
        if self.values["linear"]:
            raise ParameterError("linear", "does not apply with --channels A: an alpha is not light")
        for name, default in (("range", "auto"), ("gain", 1.0)) if alone else ():
            if self.values[name] != default:
                raise ParameterError(name, "does not apply with --channels A: an alpha is written unscaled")

    def program(self, image: ArrayImage) -> Program:
        """Return the program for an image; raises `ImageError` or `ParameterError` if its channels do not suit."""
        call = self
        if image.colours == "bands":
            call = self.for_bands()
            if call.values["linear"]:
                raise ImageError(
                    f"an image of {image.pixels.shape[2]} bands has no colours, so linear light does not apply"
                )
        part, values = call.part(), call.values
        maps = part.stages[-1].colours.maps
        return Program(part.stages, part.settings, self, values["white"], maps, values["channels"] == INDEX)

    def maps(self) -> tuple[str, ...]:
        """Return the names of the maps that the result has instead of a picture's channels; none for a picture.

        Reads only the header of a file. A file that cannot be read has no maps here, and raises in `stages`.
        """
        return self.filter.names_of_maps(self.values) if self.filter.names_of_maps is not None else ()


class Program(NamedTuple):
    """The stages that process an image: those of one filter, or of a chain."""

    stages: Sequence[Stage]
    settings: Settings
    last: Call[Any]
    """The step whose results are returned."""
    white: float | None = None
    """White of the image, if the first step sets it."""
    maps: int = 0
    """The number of maps that the picture consists of, if any."""
    by_index: bool = False
    """Some step treats samples as palette indices."""
    chosen: tuple[str, ...] | None = None
    """The fields of the last step's result to compute; None for all."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The fields to compute."""
        return self.stages[-1].fields if self.chosen is None else self.chosen

    def limited_to(self, fields: tuple[str, ...]) -> Program:
        """Return the program that computes these *fields* alone; raises `ParameterError`."""
        there = self.stages[-1].fields
        if self.last.filter.answer is None:
            raise ParameterError(MAPS, f"{self.last.name} has no maps")
        wrong = [field for field in fields if field not in there]
        if wrong or not fields:
            what = f"the result has no {wrong[0]!r}" if wrong else "is empty"
            raise ParameterError(MAPS, f"{what}; choose from {', '.join(there)}")
        return self._replace(chosen=fields)


class ImageFilter(Generic[Parameters, Answer]):
    """A filter: call it with an image, or make it a `step` of a chain."""

    def __init__(
        self,
        build: Callable[Parameters, Stage | Sequence[Stage]],
        answer: type | None,
        defaults: Mapping[str, Any],
        maps: Maps | None = None,
    ) -> None:
        functools.update_wrapper(self, build)
        del self.__dict__["__doc__"]  # the class makes it on demand
        self.build, self.answer, self.defaults = build, answer, defaults
        self.names_of_maps = maps

    @functools.cached_property
    def spec(self) -> Spec:
        """The parameters, read from the signature at the first use."""
        return describe(self.build, self.answer, self.defaults)

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kind of values in each output."""
        return {"image": "picture", **{name: field.kind for name, field in self.spec.maps.items()}}

    def checked(self, **given: Any) -> Call[Answer]:
        """Check the parameters, once for all images; raises `ParameterError`."""
        return Call(self, given, self.spec.check(given))

    def step(self, *args: Parameters.args, **parameters: Parameters.kwargs) -> Call[Answer]:
        """Return the filter with its parameters as a step of `imfilter.chain`; raises `ParameterError`."""
        if args:
            raise TypeError(f"{self.build.__name__}.step() takes no image; name the parameters")
        for name in parameters:
            if name in self.spec.arguments:
                raise ParameterError(name, "concerns the whole chain; give it where the chain is called")
        return self.checked(**parameters)

    def __call__(self, image: ImageLike, *args: Parameters.args, **parameters: Parameters.kwargs) -> Answer:
        """Filter an array or array-like image; the help of each filter lists its parameters.

        >>> import numpy as np
        >>> from imfilter.filters.blur import blur
        >>> blur(np.array([[0, 90, 0, 90]], np.uint8), op="mean", roi=[(1, 0, 2, 1)])
        array([[ 0, 30, 60, 90]], dtype=uint8)
        """
        if args:
            raise TypeError(f"{self.build.__name__}() takes the image alone by position; name the parameters")
        given: dict[str, Any] = dict(parameters)
        arguments = {name: given.pop(name) for name in self.spec.arguments if name in given}
        return run_on_arrays(image, self.checked(**given).program, **arguments)

    def __reduce__(self) -> str:
        return self.build.__qualname__  # pickled by name, as functions are

    def __repr__(self) -> str:
        return f"<filter {self.build.__module__}.{self.build.__qualname__}>"


for _name, _make in {
    "__signature__": lambda filter: signature.signature(filter.build, filter.answer, filter.spec),
    "__doc__": lambda filter: signature.documentation(filter.build, filter.spec),
}.items():
    setattr(ImageFilter, _name, signature.OfInstances(_make, getattr(ImageFilter, _name, None)))


def run_on_arrays(
    image: Any,
    program: Callable[[ArrayImage], Program],
    *,
    mask: Any = None,
    roi: Any = None,
    nodata: Any = None,
    keep_holes: bool = False,
    bands: bool = False,
    stack: bool = False,
    maps: Sequence[str] | str | None = None,
    jobs: int | None = None,
    name: str = "",
) -> Any:
    """Run the *program* for each image in the argument, and return the last filter's result."""
    effect = None if mask is None and roi is None else Effect(mask, roi)
    [first, *others], stacked = array_image.images(image, bands, stack)
    planned = program(first)  # all have as many channels
    if maps is not None:
        planned = planned.limited_to(
            tuple(maps) if isinstance(maps, Iterable) and not isinstance(maps, str) else (maps,)
        )
    call = _Run(planned, effect, bool(keep_holes), threads_of(jobs))
    missing = checked_nodata(first, nodata)
    together = first.images > 1 and call.takes_stack(first, missing)
    if first.images and not together:
        first, *others = first.apart()
    results = call.of(first, missing, name)
    if stacked and not together:
        rest = ((one, name_of(name, number)) for number, one in enumerate(others, 1))
        results = _stacked([results, *(call.of(one, checked_nodata(one, nodata), own) for one, own in rest)], planned)
    answer = planned.last.filter.answer
    return results["image"] if answer is None else answer(**{"image": ABSENT, **results})


class OneStack(NamedTuple):
    """The images of a stack, which a program processes as one."""

    image: ArrayImage
    jobs: int = 1

    def work_type(self, program: Program, stages: Sequence[Stage]) -> Any:
        """Return the type in which *stages*, an equivalent of the program's own, are computed."""
        own = self.image.pixels.dtype.name
        return executor.work_type(stages, own, _Run(program, None, False, 1)._encodings(self.image, None).values())

    def result(self, program: Program, names: Sequence[str]) -> Array | None:
        """Return the pictures that a program makes; None if it takes the images one by one."""
        run = _Run(program, None, False, self.jobs)
        if self.image.masked or self.image.nodata is not None or not run.takes_stack(self.image, None):
            return None
        return run.of(self.image, None, names[0], tuple(names) if len(names) > 1 else ())["image"]


def checked_nodata(image: ArrayImage, given: Any) -> float | None:
    """Return the value of an image's missing samples; raises ParameterError."""
    value = nodata.check(given)
    if value is not None and image.masked:
        raise ParameterError("nodata", "cannot be used with a masked array, whose mask marks the missing samples")
    return image.nodata if value is None else value


class _Run(NamedTuple):
    """How a program runs on arrays."""

    program: Program
    effect: Effect | None
    keep_holes: bool
    jobs: int

    def takes_stack(self, image: ArrayImage, missing: float | None) -> bool:
        """Whether the images of a stack can be filtered as one."""
        shape = len(image.pixels) // image.images, *image.pixels.shape[1:]
        encodings, program = self._encodings(image, missing), self.program
        alone = self.effect is not None or self.keep_holes
        return not alone and suits_stack(program.stages, shape, encodings, program.settings, image.alpha is not None)

    def of(self, image: ArrayImage, missing: float | None, name: str, names: Sequence[str] = ()) -> dict[str, Array]:
        """Return the results by name, in the form of the image; several images may have *names* of their own."""
        program, channels = self.program, image.pixels.shape[2]
        if program.by_index and (channels != 1 or image.alpha is not None):
            raise ImageError(f"palette indices must have one channel, not {channels + (image.alpha is not None)}")
        check_white(program.white, image.pixels.dtype.name)
        outputs = executor.run(
            program.stages,
            image.pixels,
            self._encodings(image, missing),
            program.settings,
            image.alpha,
            jobs=self.jobs,
            probed=False,
            effect=self.effect,
            name=name,
            names=names or Names(name, range(image.images)),
            colours=image.colours,
            white=self._white(image),
            nodata=missing,
            keep_holes=self.keep_holes,
        ).outputs
        tables = {output for output, kind in program.last.filter.kinds.items() if kind == "table"}
        return {
            output: found.samples[..., 0] if output in tables else image.result(found)
            for output, found in outputs.items()
        }

    def _white(self, image: ArrayImage) -> float | None:
        return image.white if self.program.white is None else self.program.white

    def _encodings(self, image: ArrayImage, missing: float | None) -> dict[str, Encoding]:
        program, values, own = self.program, self.program.last.values, image.pixels.dtype.name
        floats, depth = float_type(own), values["depth"]
        if image.masked and depth == "1":
            raise ImageError("depth 1 has no value for the missing samples of a masked array; use depth 8")
        kept = floats if program.maps > 1 else own
        dtype = {"1": "bool", "8": "uint8", "16": "uint16", "float": floats}.get(depth, kept)
        raw = depth == "keep" or (program.maps > 0 and dtype == floats)
        encodings = {
            output: encoding(
                kind,
                own,
                dtype if output == "image" else floats,
                values["range"],
                values["gain"],
                program.stages[-1].display,
                raw=raw,
                white=self._white(image),
            )
            for output, kind in program.last.filter.kinds.items()
            if output in program.outputs
        }
        return {output: nodata.written(encoded, missing, own) for output, encoded in encodings.items()}


def name_of(name: str, number: int) -> str:
    """Return the name of one of several images; the first keeps the common name."""
    return f"{name}#{number}" if number else name


class Names(Sequence[str]):
    """The names of several images, made on demand, as few filters need them."""

    def __init__(self, name: str, numbers: Sequence[int]) -> None:
        self.name, self.numbers = name, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, at: Any) -> Any:
        return name_of(self.name, self.numbers[at])


def _stacked(found: list[dict[str, Array]], program: Program) -> dict[str, Array]:
    """Return the results of several images as stacks."""
    for field, kind in program.last.filter.kinds.items():
        if kind == "table" and field in found[0]:
            most = max(len(each[field]) for each in found)
            for each in found:
                missing = most - len(each[field])
                each[field] = np.pad(each[field], ((0, missing), (0, 0)), constant_values=np.nan)
    masked = any(isinstance(values, np.ma.MaskedArray) for values in found[0].values())
    stack = np.ma.stack if masked else np.stack
    return {field: stack([each[field] for each in found]) for field in found[0]}


def check_white(white: float | None, dtype: str) -> None:
    """Raise `ImageError` for a *white* that samples of *dtype* cannot reach."""
    if white is not None and np.dtype(dtype).kind == "u" and white > FULL[dtype]:
        raise ImageError(f"white, {white:g}, exceeds the range of {dtype}, {FULL[dtype]:g}")


@overload
def image_filter(build: Callable[Parameters, Stage | Sequence[Stage]], /) -> ImageFilter[Parameters, Array]: ...
@overload
def image_filter(
    *,
    channels: Channels = "each",
    border: Border = "reflect",
    fill: Fill | None = 0.0,
    depth: Depth = "keep",
    maps: Maps | None = None,
) -> Callable[[Callable[Parameters, Stage | Sequence[Stage]]], ImageFilter[Parameters, Array]]: ...
@overload
def image_filter(
    *, answer: type[Answer], channels: Channels = "each"
) -> Callable[[Callable[Parameters, Stage | Sequence[Stage]]], ImageFilter[Parameters, Answer]]: ...


def image_filter(
    build: Callable[..., Any] | None = None,
    /,
    *,
    answer: type | None = None,
    channels: Channels = "each",
    border: Border = "reflect",
    fill: Fill | None = 0.0,
    depth: Depth = "keep",
    maps: Maps | None = None,
) -> Any:
    """Make a filter from a function that returns a stage, or several in a row.

    *answer* is the NamedTuple whose field ``image`` is the picture and whose other fields are maps, each
    ``Annotated[Array, MapField(…)]``; *channels*, *border*, *fill* and *depth* are the filter's own defaults. A *fill*
    of None is 0, or transparent if the image has an alpha; a given fill is opaque. *maps* returns, for the checked
    parameters, the names of the maps that the result has instead of a picture's channels.
    """
    defaults = {"channels": channels, "border": border, "fill": fill, "depth": depth}
    if build is not None:
        return ImageFilter(build, answer, defaults, maps)
    return lambda build: ImageFilter(build, answer, defaults, maps)
