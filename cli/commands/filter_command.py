"""From a filter's description to a Typer command; the options that all filters share are declared here, once."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from textwrap import shorten
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from ...filters.core import catalog
from ...filters.core.parameters import MapField, Parameter, Spec
from ..batch.recipe import single
from ..batch.request import execute
from ..console.messages import flag
from ..images import formats

WIDTH = 78
"""The help's, less its indent."""
FEW = 4
"""So many ops an option does not name."""
MAX_FRAMES = 10_000
FILTER_USAGE = "[OPTIONS] INPUT... -o OUTPUT"


def _suffixes() -> list[str]:
    return list(formats.FORMATS)


def _shared(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="INPUT...", help="Images, folders of images, or - for standard input."),
    ] = None,
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
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="PATTERN",
            help="How files in an output folder are called, as '{stem}.edges.png'; also {suffix}, {filter}, {index}, "
            "{output}, and {frame} and {map}: a file each.",
        ),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Take the folders in folders too; outputs mirror the tree.")
    ] = False,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", metavar="GLOB", help="Of a folder, take only what matches; may be repeated."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="GLOB", help="Of a folder, leave out what matches; may be repeated."),
    ] = None,
    files_from: Annotated[
        str | None,
        typer.Option("--files-from", metavar="FILE", help="Read more inputs from FILE (or -), a name a line."),
    ] = None,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="The names of --files-from end in NUL, not lines.")
    ] = False,
    in_place: Annotated[bool, typer.Option("--in-place", help="Replace each input by its picture.")] = False,
    backup: Annotated[
        str | None,
        typer.Option("--backup", metavar="SUFFIX", help="With --in-place, keep the input under its name and SUFFIX."),
    ] = None,
    no_clobber: Annotated[bool, typer.Option("--no-clobber", help="Keep outputs that exist.")] = False,
    update: Annotated[
        bool,
        typer.Option("--update", "-u", help="Skip what is newer than its input and was made with the same parameters."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Print what would be written; do nothing.")] = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first image that fails.")] = False,
    depfile: Annotated[
        str | None,
        typer.Option("--depfile", metavar="FILE", help="Write the outputs' dependencies for Make or Ninja."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each image and a last one for all.")
    ] = False,
    mask: Annotated[
        str | None,
        typer.Option(
            "--mask",
            metavar="FILE",
            help="A gray image of the picture's size: how strongly the filter acts, from black, not at all, to white.",
        ),
    ] = None,
    roi: Annotated[
        list[str] | None,
        typer.Option("--roi", metavar="X,Y,W,H", help="Change nothing outside of this box; may be repeated."),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(
            "--quality",
            metavar="1-100",
            help="Quality of JPEG and AVIF (else 95 with full chroma) and of WebP (else lossless).",
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
    strip: Annotated[
        bool, typer.Option("--strip", help="Leave out EXIF, XMP, ICC profile, resolution and comments.")
    ] = False,
    strip_gps: Annotated[
        bool, typer.Option("--strip-gps", help="Leave out of EXIF and XMP where the picture was taken.")
    ] = False,
    frame: Annotated[
        int | None,
        typer.Option("--frame", metavar="N", help="Of an animation or several pages take one; the first is 0."),
    ] = None,
    to_rgb: Annotated[
        bool, typer.Option("--to-rgb", help="Convert CMYK to sRGB, by the picture's ICC profile if it has one.")
    ] = False,
    max_pixels: Annotated[
        str,
        typer.Option(
            "--max-pixels",
            metavar="N",
            help="Refuse larger images; 500M means 500 million.  [default: IMFILTER_MAX_PIXELS, else 268M]",
        ),
    ] = "",
    max_frames: Annotated[
        int, typer.Option("--max-frames", metavar="N", help="Refuse files of more frames.", show_default=True)
    ] = MAX_FRAMES,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Of a damaged file, take what can be read; else it is refused.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            metavar="N",
            help="Cores to use.  [default: IMFILTER_JOBS; below make -j, 1; else all that the process may use]",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say what was derived: radius, kernel sum, algorithm, range.")
    ] = False,
) -> None:
    """Hold the signature of what every filter's command accepts."""


SECTIONS = {
    "Inputs and outputs": "output to name frame recursive include exclude files_from null in_place backup "
    "no_clobber update",
    "Pixels, before and after": "mask roi border fill channels linear nan depth range gain background quality strip "
    "strip_gps to_rgb",
    "The run": "jobs max_pixels max_frames lenient dry_run fail_fast depfile json quiet verbose help",
}
"""The help's sections behind that of a filter's own options, and what stands in each."""


class FilterCommand(TyperCommand):
    """A filter's command, whose usage line is written as people call it, and whose help has sections."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, the filter's own options, and those that all filters share."""
        shared = {name: title for title, names in SECTIONS.items() for name in names.split()}
        sections: dict[str, list[Any]] = {"Arguments": [], "Options": [], **{title: [] for title in SECTIONS}}
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is not None:
                title = "Arguments" if param.param_type_name == "argument" else shared.get(param.name or "", "Options")
                sections[title].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command's name in the usage line."""
        return [self.options_metavar or ""]

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
        recipe = single(filter, values)
        raise typer.Exit(execute(recipe, gathered(values, spec.maps)))

    sheet = [sheet_option()] if filter.has_maps else []
    return made(name, command, spec.doc, [*map_options(spec.maps), *sheet, *parameter_options(spec)])


def gathered(values: dict[str, Any], maps: Mapping[str, MapField]) -> dict[str, Any]:
    """Return the shared options by name, those of the maps together as ``maps``."""
    gathered = {"angle_style": "code", "angle_legend": None, "sheet": None, **values}
    gathered["maps"] = {name: values[name] for name in maps}
    return gathered


def made(
    name: str, command: Callable[..., None], doc: str, own: Sequence[inspect.Parameter], usage: str = FILTER_USAGE
) -> Any:
    """Return the Typer command *name* with its own options, then those that all share."""
    inputs, output, *shared = inspect.signature(_shared, eval_str=True).parameters.values()
    together = (inputs, output, *own, *shared)
    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in together]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__doc__ = _help(doc)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=FilterCommand, epilog=_examples(doc), options_metavar=usage)(command)
    return typer.main.get_command(app)


def map_options(maps: Mapping[str, MapField]) -> list[inspect.Parameter]:
    """Return the options of a filter's maps."""
    options = [
        keyword(name, str | None, typer.Option(flag(name), metavar="FILE", help=param.help), None)
        for name, param in maps.items()
    ]
    if "angle" in maps:
        options += [
            keyword(
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
            keyword(
                "angle_legend",
                str | None,
                typer.Option("--angle-legend", metavar="FILE", help="Write the wheel that explains the colours."),
                None,
            ),
        ]
    return options


def sheet_option() -> inspect.Parameter:
    """Return the option of a bank's sheet."""
    help = "Write all maps of a bank into one picture, each stretched to its own range and labelled."
    return keyword("sheet", str | None, typer.Option("--sheet", metavar="FILE", help=help), None)


def keyword(name: str, type: Any, option: Any, default: Any) -> inspect.Parameter:
    """Return one option of a command."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[type, option], default=default)


def parameter_options(spec: Spec) -> list[inspect.Parameter]:
    """Return the options of a filter's own parameters."""
    ops = spec.parameters["op"].choices if "op" in spec.parameters else ()
    return [_option(parameter, ops) for parameter in spec.parameters.values()]


def _option(parameter: Parameter, ops: Sequence[str]) -> inspect.Parameter:
    """Return one parameter as an option; its text is read and checked by the parameter itself."""
    param = parameter.param
    serves = _serves(param.only, ops)
    if parameter.kind == "flag":
        return keyword(parameter.name, bool, typer.Option(flag(parameter.name), help=param.help + serves), False)
    help, metavar = param.help, parameter.metavar
    if len(metavar) > WIDTH // 2:
        help, metavar = f"{help.rstrip('.')}: {', '.join(parameter.choices)}.", "NAME"
    help += serves
    if parameter.default is inspect.Parameter.empty:
        help += "  [required]"
    elif param.shown_default or parameter.default is not None:
        unit = f" {param.unit}" if param.unit and not param.shown_default else ""
        help += f"  [default: {param.shown_default or _plain(parameter.default)}{unit}]"
    option = typer.Option(
        flag(parameter.name),
        metavar=metavar,
        help=help,
        show_default=False,
        autocompletion=_completion(parameter),
    )
    return keyword(parameter.name, str | None, option, None)


def _serves(only: Sequence[str], ops: Sequence[str]) -> str:
    """Say for which of the filter's *ops* an option is, or for which not, where either is short."""
    others = [op for op in ops if op not in only]
    for word, names in (("for", only), ("not for", others)):
        if only and len(names) < FEW:
            return f"  ({word} {', '.join(names)})"
    return ""


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
