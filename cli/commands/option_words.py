"""The options of a command as people write them: each once, and a suggestion for an unknown one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperOption

from ...filters.core import catalog
from ..console.messages import flag
from ..errors import UsageError
from .two_helps import TwoHelps

MEANINGS = {
    "bits": "depth",
    "bit-depth": "depth",
    "boundary": "border",
    "border-mode": "border",
    "border-type": "border",
    "edge-mode": "border",
    "cores": "jobs",
    "cval": "fill",
    "crop": "roi",
    "factor": "gain",
    "filter-size": "size",
    "force": "in-place",
    "format": "to",
    "gamma": "linear",
    "kernel-size": "size",
    "ksize": "size",
    "limit": "max-pixels",
    "mean": "bias",
    "method": "op",
    "no-exif": "strip",
    "no-metadata": "strip",
    "operator": "op",
    "out": "output",
    "output-dir": "output",
    "output-format": "to",
    "outdir": "output",
    "overwrite": "in-place",
    "page": "frame",
    "parallel": "jobs",
    "processes": "jobs",
    "random-state": "seed",
    "region": "roi",
    "sd": "sigma",
    "sigma-color": "range-sigma",
    "sigma-colour": "range-sigma",
    "sigma-r": "range-sigma",
    "sigma-s": "sigma",
    "sigma-space": "sigma",
    "sigma-x": "sigma",
    "silent": "quiet",
    "simulate": "dry-run",
    "skip-existing": "no-clobber",
    "std": "sigma",
    "stddev": "sigma",
    "threads": "jobs",
    "type": "op",
    "window": "size",
    "workers": "jobs",
}
"""What other programs call an option."""
TYPES = {"int": "a whole number", "float": "a number"}
"""The names of Typer's types in words."""
NEAR = 0.7
"""How similar two options must be for one to be suggested in place of the other."""


class StrictCommand(TwoHelps, TyperCommand):
    """A command that refuses repeated options, and suggests an option in place of an unknown one."""

    _parser: tuple[Any, Any] | None = None

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command's name in the usage line: its arguments, and the options it requires."""
        arguments = [param.metavar or "" for param in self.params if isinstance(param, TyperArgument)]
        required = [param for param in self.params if isinstance(param, TyperOption) and param.required]
        return [self.options_metavar or "", *arguments, *(f"{param.opts[0]} {param.metavar}" for param in required)]

    def make_parser(self, ctx: Any) -> Any:
        """Return the parser of the call *ctx*; it is made once, which takes 1 ms."""
        if self._parser is None or self._parser[0] is not ctx:
            self._parser = ctx, super().make_parser(ctx)
        return self._parser[1]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the shell; raises UsageError."""
        written = list(args)
        try:
            left = super().parse_args(ctx, args)
        except typer.TyperException as error:
            if ctx.resilient_parsing:
                raise
            raise in_own_words(error, self, ctx, written) from None
        if not ctx.resilient_parsing:
            _check_once(self.make_parser(ctx).parse_args(written)[2])
        return left


def in_own_words(error: typer.TyperException, command: Any, ctx: Any, written: Sequence[str]) -> Exception:
    """Return an error of Typer in this program's words, or itself; *written* are the words after the command's name."""
    if (option := getattr(error, "option_name", None)) is not None:
        filter = command.name if command.name in catalog.names() else None
        return UsageError(_refusal(option, written, command.get_params(ctx), filter))
    if (param := getattr(error, "param", None)) is not None:
        long = [word for word in param.opts if word.startswith("--")]
        name = long[0] if long else param.metavar.split()[0].rstrip(".")
        return UsageError(f"{name}: {_wanted(error.message)}" if error.message else f"{name} is required")
    return error


def _wanted(message: str) -> str:
    """Return what Typer says of a wrong value, with its types in words.

    >>> _wanted("'x' is not a valid int range."), _wanted("'x' is not a valid float.")
    ("'x' is not a whole number", "'x' is not a number")
    """
    return re.sub("a valid (int|float)( range)?", lambda type: TYPES[type[1]], message).rstrip(".")


def _check_once(order: Sequence[Any]) -> None:
    """Raise UsageError if an option of one value was given twice; *order* has each option as often as it was given."""
    single = [param for param in order if isinstance(param, TyperOption) and not (param.multiple or param.is_flag)]
    for at, param in enumerate(single):
        if param in single[:at]:
            raise UsageError(f"{flag(param.name or '')} is given twice; it takes one value")


def _refusal(option: str, written: Sequence[str], params: Sequence[Any], filter: str | None) -> str:
    """Return what is wrong with an *option* among the words *written* after the name of a *filter*."""
    options = {word: param for param in params if isinstance(param, TyperOption) for word in param.opts}
    if option in options:
        return f"{option} takes no value" if options[option].is_flag else f"{option} requires a value"
    if not option.startswith("--"):  # a long name after one dash is read as several short options
        name = next((word for word in written if word.startswith(option) and f"-{word}" in options), None)
        return f"unknown option {name}; did you mean -{name}?" if name else f"unknown option {option}"
    return f"unknown option {option}{_hint(option.removeprefix('--'), [*options], filter)}"


def _hint(name: str, options: Sequence[str], filter: str | None) -> str:
    """Return a suggestion for an unknown option; "" if no option is similar."""
    meant = flag(MEANINGS.get(name.lower().replace("_", "-"), ""))
    if meant in options:
        return f"; did you mean {meant}?"
    op = catalog.load(filter).spec.parameters.get("op") if filter is not None else None
    if op is not None and name in (*op.choices, *op.param.aliases):
        return f"; did you mean --op {name}?"
    bare = [option.removeprefix("--") for option in options]
    if near := difflib.get_close_matches(name.lower().replace("_", "-"), bare, n=1, cutoff=NEAR):
        return f"; did you mean --{near[0]}?"
    if name == "help-shared":
        return "; filters have it: imfilter blur --help-shared"
    owners = [filter for filter in catalog.names() if name.replace("-", "_") in catalog.load(filter).spec.parameters]
    if len(owners) > len(catalog.names()) // 2:
        return "; it is an option of filters, and in a chain part of a step"
    return f"; it is an option of {', '.join(owners)}" if owners else ""
