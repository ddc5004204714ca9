"""One call of a filter's command: its options checked, its inputs and outputs planned, its work handed on.

Everything that can be refused without looking at a pixel is refused here.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from ..filters.core.spec import ParameterError, Spec
from . import formats
from .atomic import is_stream
from .exits import UsageError
from .messages import flag, reason, shown
from .plan import STREAM, Input, Job, Target, plan
from .reader import MAX_PIXELS, reader

if TYPE_CHECKING:
    from ..filters.core.filter import ImageFilter


def execute(filter: ImageFilter[Any, Any], values: Mapping[str, Any]) -> int:
    """Check a call, plan it, do it, and return the exit code; *values* are the options by name, as text."""
    with warnings.catch_warnings():
        # Libraries warn of what the program says in its own words, or refuses.
        warnings.simplefilter("ignore")
        return _execute(filter, values)


def _execute(filter: ImageFilter[Any, Any], values: Mapping[str, Any]) -> int:
    spec = filter.spec
    parameters = _read_parameters(spec, values)
    maps = {name: values[name] for name in spec.maps if values[name] is not None}
    jobs = _plan(values, maps)
    _check_legend(values.get("angle_legend"), jobs)
    background = _colour(values["background"])
    _check_shared(values)
    pictures = reader(_count(values["max_pixels"]))
    pictures.begin(jobs[0].input.name)
    try:
        stages = filter.stages(**parameters)
        settings = filter.settings(**parameters)
        checked = spec.check(parameters)
    except ParameterError as error:
        raise UsageError(f"{flag(error.parameter)}: {error.reason}") from None
    for name in maps:
        if name not in stages[-1].fields:
            raise UsageError(f"{flag(name)}: the operator {checked['op']} has no such map")
    from . import batch, writing

    cores = values["jobs"] or _cores()
    work = batch.Work(
        filter,
        stages,
        settings,
        checked,
        writing.Options(values["quality"], values["strip"], cores),
        background,
        values.get("angle_style", "code"),
        cores,
        values["verbose"],
        values["quiet"],
    )
    if not gc.isenabled():  # the command began without it
        gc.freeze()
        gc.enable()
    code = batch.run(jobs, work, pictures)
    if (legend := values.get("angle_legend")) is not None:
        batch.write_legend(legend, work.options)
    return code


def _cores() -> int:
    """Return how many cores the process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read_parameters(spec: Spec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filter's parameters that were given, read from their text."""
    read = {}
    for name, parameter in spec.parameters.items():
        given = values[name]
        if given is None or given is False:
            continue
        try:
            read[name] = given if parameter.kind == "flag" else parameter.read(given)
        except ParameterError as error:
            raise UsageError(f"{flag(name)}: {error.reason}") from None
    return read


def _plan(values: Mapping[str, Any], maps: Mapping[str, str]) -> list[Job]:
    names: list[str] = values["inputs"]
    written = dict(maps)
    if values["output"] is not None:
        written = {"image": values["output"], **maps}
    elif not maps:
        if names != [STREAM]:
            raise UsageError("no output: name one with -o FILE, -o FOLDER/ or -o -")
        written = {"image": STREAM}
    if list(written.values()).count(STREAM) > 1:
        raise UsageError("standard output holds one image; only one output can be -")
    if names.count(STREAM) > 1 or (STREAM in names and len(names) > 1):
        raise UsageError("- (standard input) is one image; it cannot be mixed with others")
    if STREAM in written.values():
        _refuse_terminal()
    inputs, several = _scan(names)
    if "" in (*names, *written.values()):
        raise UsageError("a file's name is empty")
    folders = frozenset(path for path in written.values() if path != STREAM and _is_folder(path))
    to = formats.named(values["to"]) if values["to"] is not None else None
    jobs = plan(inputs, written, to=to, folders=folders, several=several)
    for target in jobs[0].targets.values() if jobs else ():
        if target.path is not None and not target.in_folder and not _is_folder(str(target.path.parent)):
            raise UsageError(f"{target.name}: there is no folder {shown(str(target.path.parent))}")
    _refuse_links(jobs)
    return jobs


def _refuse_links(jobs: Sequence[Job]) -> None:
    """Refuse what the plan's names do not show: links that lead to an input, or two to one place."""
    sources = {_file(job.input.name) for job in jobs if job.input.name != STREAM} - {None}
    taken: dict[str, str] = {}
    for job in jobs:
        for target in job.targets.values():
            if target.path is None or is_stream(target.path):
                continue
            if _file(target.path) in sources:
                raise UsageError(f"{target.name}: leads to an input, which is never overwritten; choose another name")
            real = os.path.realpath(target.path)
            if real in taken:
                raise UsageError(f"{target.name}: leads to the same file as {taken[real]}")
            taken[real] = target.name


def _scan(names: Sequence[str]) -> tuple[list[Input], bool]:
    """Return the inputs, folders opened; and whether they are several."""
    inputs = []
    several = len(names) > 1
    for name in names:
        path = Path(name)
        if name == STREAM or not _is_folder(name):
            inputs.append(Input(name, PurePath(path.name)))
            continue
        several = True
        try:
            found = sorted(entry for entry in path.iterdir() if _is_image(entry))
        except OSError as error:
            raise UsageError(f"{shown(name)}: cannot be listed: {reason(error)}") from None
        if not found:
            raise UsageError(f"{shown(name)}: is a folder without images")
        inputs += [Input(str(entry), PurePath(entry.name)) for entry in found]
    return inputs, several


def _is_image(entry: Path) -> bool:
    return not entry.name.startswith(".") and entry.suffix.lower() in formats.BY_SUFFIX and not entry.is_dir()


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except OSError:  # a name too long, a folder that may not be entered: opening it will tell
        return False


def _file(path: str | Path) -> tuple[int, int] | None:
    """Return what all names of one file share."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _refuse_terminal() -> None:
    if sys.stdout is not None and sys.stdout.isatty():
        raise UsageError("an image would be written to the terminal; redirect it, or name a file with -o")


def _check_shared(values: Mapping[str, Any]) -> None:
    quality = values["quality"]
    if quality is not None and not 1 <= quality <= 100:
        raise UsageError(f"--quality: {quality} is not from 1 to 100")
    if values["jobs"] is not None and values["jobs"] < 1:
        raise UsageError(f"--jobs: {values['jobs']} is below 1")
    if values["quiet"] and values["verbose"]:
        raise UsageError("--quiet and --verbose contradict each other")
    style = values.get("angle_style", "code")
    if style not in ("code", "color"):
        raise UsageError(f"--angle-style: {style!r} is neither code nor color")
    if style == "color" and values["channels"] == "each":
        raise UsageError("--angle-style color draws one direction a pixel; use --channels luma or max")


def _check_legend(legend: str | None, jobs: Sequence[Job]) -> None:
    if legend is None:
        return
    if not formats.of_suffix(legend).colour:
        raise UsageError(f"--angle-legend {shown(legend)}: holds gray only; use .png")
    path = Path(legend)
    # It is an output of the first job, for the sake of this check only.
    beside = Job(jobs[0].input, {**jobs[0].targets, "legend": Target(path, None)})
    if _is_folder(legend) or any(path == Path(job.input.name) for job in jobs):
        raise UsageError(f"--angle-legend {shown(legend)}: is a folder or an input; name another file")
    _refuse_links([beside, *jobs[1:]])


def _count(text: str) -> int:
    """Read a number of pixels: ``250000000``, ``250M``, ``1.5G``."""
    if not text:
        return MAX_PIXELS
    match = re.fullmatch(r"(\d+(?:\.\d+)?(?:e\d{1,2})?)([kKmMgG]?)", text)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"--max-pixels: {text!r} is not a number of pixels, like 500M")
    return int(float(match[1]) * {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}[match[2].lower()])


def _colour(text: str) -> tuple[int, int, int] | None:
    if not text:
        return None
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(text)[:3]  # type: ignore[return-value]
    except ValueError:
        raise UsageError(f"--background: {text!r} is no colour; use a name, or #rrggbb") from None
