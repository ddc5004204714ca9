"""A recipe: the filters of a call, one or a chain of several, and their parameters."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...filters.core import catalog
from ...filters.core.named_tuple import NamedTuple
from ...filters.core.parameters import FileContent, FolderName, ImageError, OperatorError, ParameterError, Spec
from .. import bounded_read
from ..console.messages import flag, reason, shown
from ..digest import digest
from ..errors import UsageError
from ..images.zarr_mark import is_zarr
from ..stores import files as stored_files
from ..stores import names as stored_names
from ..stores.failures import StoreError
from ..stores.names import is_store
from ..streams import STREAM

if TYPE_CHECKING:
    from ...filters.core.engine.chain import Part
    from ...filters.core.engine.colour import ColourModel
    from ...filters.core.engine.stage import Stage
    from ...filters.core.engine.working_space import Settings
    from ...filters.core.filter import Call, ImageFilter

WRITING = ("depth", "range", "gain")
"""Parameters on how a result is written; in a chain, only the last step has them."""


MOST_STEPS = 100
"""Each step is called by the one after it."""
VERBS = r"(is|has|needs|must|cannot|takes|requires|does) "
"""A reason that begins with one of these has the parameter as its subject, and continues the sentence."""
MOST_BYTES = 1 << 28
"""The most bytes of a kernel or bias read here: --max-taps may allow more for a file, not for a pipe or device."""


LONGEST = 1 << 16
"""The most bytes of a file that are kept as they are; longer ones are represented by a digest."""


def _of_gray(step: Call, what: str) -> Call:
    """Return a step for a result of one channel, which is its own luma and has no chroma."""
    channels = step.values["channels"]
    if channels in ("chroma", "R", "G", "B"):
        raise ImageError(f"has {what}, which have no {channels}; use --channels each")
    return step._replace(values={**step.values, "channels": "each"}) if channels == "luma" else step


class Recipe(NamedTuple):
    """The steps of a call; the last gives the picture and the maps."""

    steps: tuple[Call, ...]
    source: str | None = None
    """The file of the recipe."""

    def __reduce__(self) -> tuple[Any, ...]:  # type: ignore[override]
        return _again, ([(step.name, step.given) for step in self.steps],)

    @property
    def name(self) -> str:
        """The recipe's name in file names and reports."""
        return self.steps[0].name if len(self.steps) == 1 else "chain"

    @property
    def last(self) -> Call:
        """The step whose results are written."""
        return self.steps[-1]

    @property
    def white(self) -> float | None:
        """The white level of the input, if the call says it."""
        return self.steps[0].values["white"]

    def stages(self) -> tuple[tuple[Stage, ...], Settings]:
        """Return the stages of all steps, and the settings for entering images into the first; raises UsageError."""
        from ...filters.core.engine import chain

        return chain.joined(self.parts())

    def parts(self) -> list[Part]:
        """Return what the stages are made from, step by step; raises UsageError."""
        number = maps = 0
        try:
            parts: list[Part] = []
            for number, step in enumerate(self.steps):
                parts.append(step.part())
                own = step.maps()
                if maps > 1 and not own and any(stage.colours.joint for stage in parts[-1].stages):
                    raise UsageError(f"{_where(self.steps, number)}needs colours; the step before gives {maps} maps")
                maps = len(own) or maps
        except ParameterError as error:
            raise refusal(error, _where(self.steps, number)) from None
        if len(parts) == 1:
            return parts
        names = [f"step {number} ({step.name})" for number, step in enumerate(self.steps, 1)]
        return [part._replace(name=name) for part, name in zip(parts, names, strict=True)]

    def for_colours(self, colours: ColourModel, channels: int) -> Recipe:
        """Return the recipe for a picture of *channels* of *colours*; raises `ImageError` if it needs others."""
        if colours in ("gray", "rgb"):
            return self
        from ...filters.core.engine.colour_parts import PARTS, PRIMARIES

        parts = (*PARTS, *PRIMARIES)
        what, advice = f"{channels} bands without colour", ""
        if colours == "cmyk":
            what, advice = "CMYK colours", "--to-rgb, or "
        steps = list(self.steps)
        for number, step in enumerate(steps):
            if step.values["linear"]:
                raise ImageError(f"has {what}, which --linear cannot convert; {advice and 'use '}{advice}omit --linear")
            part = step.values["channels"]
            if part in parts and (colours == "cmyk" or "channels" in step.given):
                raise ImageError(f"has {what}, which have no {part}; use {advice}--channels each")
            steps[number] = step.for_bands()
            if len(step.maps()) == 1 or step.values["channels"] not in (*PARTS, "each"):
                steps[number + 1 :] = [_of_gray(later, what) for later in steps[number + 1 :]]
                break
        return Recipe(tuple(steps))

    def maps(self) -> tuple[str, ...]:
        """Return the names of the maps of the result; empty for a picture. Raises UsageError.

        Filters after a filter bank filter each of its maps by itself.
        """
        names: tuple[str, ...] = ()
        for number, step in enumerate(self.steps):
            own = step.maps()
            if len(names) > 1 and not own and step.values["channels"] != "each":
                raise UsageError(
                    f"{_where(self.steps, number)}--channels {step.values['channels']}: "
                    f"the step before gives {len(names)} maps, not colours; use --channels each"
                )
            names = own or names
        return names

    def files(self) -> dict[str, str]:
        """Return the files that the result depends on, and their roles: those of parameters, and the recipe's own."""
        named = {
            str(value): f"the picture of {flag(name)}" if _is_picture(step, name) else f"the {name} of this call"
            for step in self.steps
            for name, value in step.values.items()
            if isinstance(value, FileContent)
        }
        if self.source is not None:
            named.setdefault(self.source, "the recipe of this call")
        return {name: what for name, what in named.items() if is_store(name) or os.path.isfile(name)}

    def described(self) -> Any:
        """Return filters and parameters as values for JSON."""
        if len(self.steps) == 1:
            return self.steps[0].values
        return {"steps": [{"filter": step.name, **step.values} for step in self.steps]}

    def key(self) -> bytes:
        """Return a key that differs for every other recipe: filters, parameters, the contents of kernel files."""

        def content(value: Any) -> Any:
            if isinstance(value, FolderName):  # only those of its files count that are used
                return type(value).__name__
            if not isinstance(value, FileContent):
                return value
            return value.data.hex() if len(value.data) <= LONGEST else digest(value.data)

        steps = [[step.name, {name: content(value) for name, value in step.values.items()}] for step in self.steps]
        return repr(steps).encode("utf-8", "surrogateescape")


def _again(steps: Sequence[tuple[str, dict[str, Any]]]) -> Recipe:
    return in_a_row([make_step(catalog.load(name), given, "") for name, given in steps])


def _is_picture(step: Call, name: str) -> bool:
    return step.filter.spec.parameters[name].param.picture


def refusal(error: ParameterError, where: str = "") -> UsageError:
    """Return the error for a parameter by its option's name, beginning with *where*."""
    option = flag(error.parameter)
    if isinstance(error, OperatorError):
        hint = f"; did you mean {flag(error.meant)}?" if error.meant else ""
        return UsageError(f"{where}{option} is for --op {', '.join(error.only)}{hint}")
    if re.match(VERBS, error.reason):
        return UsageError(f"{where}{option} {error.reason}")
    return UsageError(f"{where}{option}: {error.reason}")


def make_step(filter: ImageFilter[Any, Any], given: dict[str, Any], where: str) -> Call:
    """Return a step with checked parameters; raises UsageError, which begins with *where*."""
    parameters = filter.spec.parameters
    files = {name for name, parameter in parameters.items() if parameter.param.file}
    pictures = {name for name, parameter in parameters.items() if parameter.param.picture}
    given = {name: read_named(value) if name in files else value for name, value in given.items()}
    given = {
        name: _picture(value, f"{where}{flag(name)}") if name in pictures else value for name, value in given.items()
    }
    try:
        return filter.checked(**given)
    except ParameterError as error:
        raise refusal(error, where) from None


def read_named(value: Any) -> Any:
    """Return the value of a parameter that may name a file, with the content of the file if it does.

    The file is read once, because it may be a pipe, or may have changed when it is read again. If it cannot be read,
    its name stays the value, and the filter reports the error.
    """
    try:
        if isinstance(value, FileContent) or not isinstance(value, str):
            return value
        if not is_store(value) and not os.path.exists(value):
            return value
        with stored_files.opened(value, MOST_BYTES) as file:
            return FileContent(stored_names.without_query(value), bounded_read.read(file, MOST_BYTES))
    except StoreError as error:
        raise UsageError(f"{shown(value)}: {error}") from None
    except (OSError, ValueError):
        return value
    except bounded_read.TooLongError as error:
        if os.path.isfile(value):  # the reader of files has its own limit
            return value
        raise UsageError(f"{shown(value)}: has more than {error}, the limit for a kernel or bias from a pipe") from None


def _picture(value: Any, option: str) -> Any:
    """Return the value of a parameter that is a picture: the content of a file, or the name of a folder or colour."""
    if not isinstance(value, str) or isinstance(value, FileContent | FolderName):
        return value
    if value == STREAM:
        raise UsageError(f"{option} -: a second picture must be a file; standard input is for the input")
    if is_store(value) and stored_names.is_folder(value):
        raise UsageError(f"{option} {shown(value)}: a folder of second pictures must be local; copy it first")
    if not is_store(value) and os.path.isdir(value) and not is_zarr(value):
        return FolderName(value)
    if not is_store(value) and not os.path.lexists(value):
        from ...filters.core.engine.overlay import colour_of

        try:
            colour_of(value)
        except ValueError:
            raise UsageError(
                f"{option} {shown(value)}: no such file or folder, nor a colour such as red or #rrggbb"
            ) from None
        return value
    from ..images.input_bytes import read_bytes
    from ..images.picture import DecodeError

    try:
        return FileContent(stored_names.without_query(value), read_bytes(value))
    except DecodeError as error:
        raise UsageError(f"{option} {shown(value)}: {error}") from None
    except OSError as error:
        raise UsageError(f"{option} {shown(value)}: {reason(error)}") from None


def single(filter: ImageFilter[Any, Any], values: Mapping[str, Any]) -> Recipe:
    """Return a recipe of one filter, from the options of its command; raises UsageError."""
    return Recipe((make_step(filter, read_options(filter.spec, values, ""), ""),))


def read_options(spec: Spec, values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the given parameters of the filter, parsed from their text."""
    read = {}
    for name, parameter in spec.parameters.items():
        given = values[name]
        if given is None or given is False:
            continue
        try:
            read[name] = given if parameter.kind == "flag" else parameter.read(given)
        except ParameterError as error:
            op = spec.parameters.get("op")
            meant = f"; did you mean --op {given}?" if op is not None and given in op.choices else ""
            raise refusal(ParameterError(name, error.reason + meant), where) from None
    return read


def in_a_row(steps: Sequence[Call]) -> Recipe:
    """Return a recipe of several steps; raises UsageError."""
    if not steps:
        raise UsageError("no steps; name filters with their options, as in 'blur --sigma 2' 'edges --op sobel'")
    if len(steps) > MOST_STEPS:
        raise UsageError(f"has {len(steps)} steps; the limit is {MOST_STEPS}; use two chains, with a file between them")
    for number, step in enumerate(steps[:-1]):
        for name in WRITING:
            if name in step.given:
                raise UsageError(
                    f"{_where(steps, number)}{flag(name)} belongs to the last step, which gives the output"
                )
    for number, step in enumerate(steps):
        if number and "white" in step.given:
            raise UsageError(f"{_where(steps, number)}--white belongs to the first step, which reads the input")
    given, maps = list(steps), 1
    for number, step in enumerate(steps):
        own = len(step.maps())
        if maps > 1 and not own and "channels" not in step.given:
            given[number] = step.for_bands()  # maps have no luma
        maps = own or maps
    return Recipe(tuple(given))


def _where(steps: Sequence[Call], number: int) -> str:
    return "" if len(steps) == 1 else f"step {number + 1} ({steps[number].name}): "
