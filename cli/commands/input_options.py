"""The argument and the options that name pictures, of the commands beside the filters."""

from __future__ import annotations

from typer.core import TyperArgument

from ..batch.options import FILES
from .options import HelpedOption


def inputs_argument(metavar: str, help: str) -> TyperArgument:
    """Return the argument for all inputs."""
    return TyperArgument(param_decls=["inputs"], type=str, nargs=-1, metavar=metavar, help=help, required=False)


def folder_options(taken: str) -> list[HelpedOption]:
    """Return the options for what is taken of folders; *taken* begins as in "Show only"."""
    return [
        HelpedOption("recursive", "Descend into subfolders.", FILES, short="-r", type=bool, default=False),
        HelpedOption("include", f"{taken} matching files of folders; repeatable.", FILES, type=tuple, metavar="GLOB"),
        HelpedOption("exclude", "Leave matching files and folders out; repeatable.", FILES, type=tuple, metavar="GLOB"),
    ]
