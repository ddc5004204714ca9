"""From a filter's description to a Typer command; the options that all filters share are declared here, once."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from ..filters.core import catalog
from ..filters.core.spec import Parameter, ParameterError, Spec
from . import formats
from .atomic import is_stream
from .exits import UsageError
from .messages import shown
from .plan import STREAM, Input, Job, Target, plan

if TYPE_CHECKING:
    from ..filters.core.filter import ImageFilter
    from .batch import Work

MAX_PIXELS = 1 << 28
WIDTH = 78
"""The help's, less its indent."""


def _suffixes() -> list[str]:
    return list(formats.FORMATS)


def _shared(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Images, folders of images, or - for standard input.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUTPUT",
            help="The picture: a file, a folder (existing, or ending in /), or - for standard output.",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", "-t", metavar="FORMAT", autocompletion=_suffixes, help="Output format, where no suffix says it."
        ),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(
            "--quality", metavar="1-100", help="Quality of JPEG (else 95 with full chroma) and WebP (else lossless)."
        ),
    ] = None,
    background: Annotated[
        str,
        typer.Option(
            "--background",
            metavar="COLOR",
            help="What transparent pixels are laid on where the result has no alpha.  "
            "[default: white; before edges are found, black]",
        ),
    ] = "",
    strip: Annotated[bool, typer.Option("--strip", help="Leave out EXIF, ICC profile and resolution.")] = False,
    max_pixels: Annotated[
        str, typer.Option("--max-pixels", metavar="N", help="Refuse larger images; 500M means 500 million.")
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say what was derived: radius, kernel sum, algorithm, range.")
    ] = False,
) -> None:
    """Hold the signature of what every filter's command accepts."""


class FilterCommand(TyperCommand):
    """A filter's command, whose usage line is written as people call it."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command's name in the usage line."""
        return ["[OPTIONS] INPUT... -o OUTPUT"]

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Return the words for the shell, each described in less than a line."""
        items = super().shell_complete(ctx, incomplete)
        for item in items:
            # What follows two blanks, as "[default: 1]", would be taken for markup.
            item.help = shorten((item.help or "").partition("  ")[0], 60, placeholder=" …")
        return items


def make(name: str) -> Any:
    """Return the Typer command for the filter *name*, ready to be run or asked for help."""
    filter = catalog.load(name)
    spec = filter.spec

    def command(**values: Any) -> None:
        raise typer.Exit(_run(filter, values))

    command.__signature__ = inspect.Signature(_parameters(spec))  # type: ignore[attr-defined]
    command.__doc__ = _help(spec.doc)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=FilterCommand, epilog=_examples(spec.doc))(command)
    return typer.main.get_command(app)


def _parameters(spec: Spec) -> list[inspect.Parameter]:
    """Return the command's parameters: the inputs, the filter's own, its maps, and the shared ones."""
    inputs, output, *shared = inspect.signature(_shared, eval_str=True).parameters.values()
    own = [_option(parameter) for parameter in spec.parameters.values()]
    maps = [
        _keyword(name, str | None, typer.Option(_flag(name), metavar="FILE", help=param.help), None)
        for name, param in spec.maps.items()
    ]
    if "angle" in spec.maps:
        maps += [
            _keyword(
                "angle_style",
                str,
                typer.Option(
                    "--angle-style",
                    metavar="code|color",
                    autocompletion=lambda: ["code", "color"],
                    help="How the angle is drawn: code, 256 (or 65536) steps a turn; color, "
                    "hue = angle and value = magnitude.  [default: code]",
                    show_default=False,
                ),
                "code",
            ),
            _keyword(
                "angle_legend",
                str | None,
                typer.Option("--angle-legend", metavar="FILE", help="Write the wheel that explains the colours."),
                None,
            ),
        ]
    together = (inputs, output, *maps, *own, *shared)
    return [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in together]


def _keyword(name: str, type: Any, option: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[type, option], default=default)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _option(parameter: Parameter) -> inspect.Parameter:
    """Return one parameter as an option; its text is read and checked by the parameter itself."""
    param = parameter.param
    if parameter.kind == "flag":
        return _keyword(parameter.name, bool, typer.Option(_flag(parameter.name), help=param.help), False)
    help, metavar = param.help, parameter.metavar
    if len(metavar) > WIDTH // 2:
        help, metavar = f"{help.rstrip('.')}: {', '.join(parameter.choices)}.", "NAME"
    if param.only:
        help += f"  (for {', '.join(param.only)})" if len(param.only) < 4 else ""
    if parameter.default is inspect.Parameter.empty:
        help += "  [required]"
    elif param.shown_default or parameter.default is not None:
        unit = f" {param.unit}" if param.unit and not param.shown_default else ""
        help += f"  [default: {param.shown_default or _plain(parameter.default)}{unit}]"
    option = typer.Option(
        _flag(parameter.name),
        metavar=metavar,
        help=help,
        show_default=False,
        autocompletion=_completion(parameter),
    )
    return _keyword(parameter.name, str | None, option, None)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _completion(parameter: Parameter) -> Callable[[], Sequence[str]] | None:
    return (lambda: list(parameter.choices)) if parameter.choices else None


def _help(doc: str) -> str:
    """Return the prose of a docstring: what stands before its first section, without the markup."""
    prose = re.split(r"\n\n\w[\w ]*\n-+\n", doc, maxsplit=1)[0]
    return prose.replace("``", "").replace("*", "")


def _examples(doc: str) -> str | None:
    """Return the docstring's section ``Shell``, as the help's last lines."""
    found = re.search(r"\n\nShell\n-+\n(.*?)(?:\n\n\w[\w ]*\n-+\n|\Z)", doc, re.DOTALL)
    return "\n".join(["Examples:\n\n\b", *map(_folded, found[1].splitlines())]) if found else None


def _folded(example: str) -> str:
    """Break a line that is wider than the help before one of its options."""
    lines = [""]
    for word in re.split(r" (?=--?[a-z])", example):
        if lines[-1] and len(lines[-1]) + len(word) > WIDTH - 3:
            lines[-1] += " \\"
            lines.append(f"     {word}")
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


# ---- running ----------------------------------------------------------------------------------------


def _run(filter: ImageFilter[Any, Any], values: dict[str, Any]) -> int:
    """Check the call, plan it, and do it."""
    spec = filter.spec
    parameters = _read_parameters(spec, values)
    maps = {name: values[name] for name in spec.maps if values[name] is not None}
    jobs = _plan(values, maps)
    _check_legend(values.get("angle_legend"), jobs)
    background = _colour(values["background"])
    _check_shared(values)
    try:
        stages = filter.stages(**parameters)
        settings = filter.settings(**parameters)
        checked = spec.check(parameters)
    except ParameterError as error:
        raise UsageError(f"{_flag(error.parameter)}: {error.reason}") from None
    for name in maps:
        if name not in stages[-1].fields:
            raise UsageError(f"--{name}: the operator {checked['op']} has no such map")
    from . import batch, writing

    work = batch.Work(
        filter,
        stages,
        settings,
        checked,
        writing.Options(values["quality"], values["strip"]),
        background,
        values.get("angle_style", "code"),
        _count(values["max_pixels"]),
        values["verbose"],
        values["quiet"],
    )
    return _do(jobs, work, values.get("angle_legend"))


def _do(jobs: list[Job], work: Work, legend: str | None) -> int:
    from . import batch

    code = batch.run(jobs, work)
    if legend is not None:
        batch.write_legend(legend, work.options)
    return code


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
            raise UsageError(f"{_flag(name)}: {error.reason}") from None
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
            raise UsageError(f"{shown(name)}: cannot be listed: {(error.strerror or str(error)).lower()}") from None
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
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kKmMgG]?)", text)
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
