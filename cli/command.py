"""From a filter's description to a Typer command; the options that all filters share are declared here, once."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from textwrap import shorten
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from ..filters.core import catalog
from ..filters.core.spec import Parameter, Spec
from . import formats
from .call import execute
from .messages import flag

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
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", metavar="N", help="Cores to use.  [default: all that the process may use]"),
    ] = None,
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
        raise typer.Exit(execute(filter, values))

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
        _keyword(name, str | None, typer.Option(flag(name), metavar="FILE", help=param.help), None)
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


def _option(parameter: Parameter) -> inspect.Parameter:
    """Return one parameter as an option; its text is read and checked by the parameter itself."""
    param = parameter.param
    if parameter.kind == "flag":
        return _keyword(parameter.name, bool, typer.Option(flag(parameter.name), help=param.help), False)
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
        flag(parameter.name),
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
