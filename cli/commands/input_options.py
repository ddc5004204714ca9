"""The options for pictures in folders, for the commands other than filters."""

from __future__ import annotations

from ..batch.help_sections import FILES
from .helped_option import HelpedOption


def folder_options(taken: str) -> list[HelpedOption]:
    """Return the options that choose files in folders; *taken* begins the help, as in "Show only"."""
    return [
        HelpedOption("recursive", "Descend into subfolders.", FILES, short="-r", type=bool, default=False),
        HelpedOption("include", f"{taken} matching files of folders; repeatable.", FILES, type=tuple, metavar="GLOB"),
        HelpedOption("exclude", "Skip matching files and folders; repeatable.", FILES, type=tuple, metavar="GLOB"),
    ]
