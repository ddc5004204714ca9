"""The options for the pictures of folders, of the commands beside the filters."""

from __future__ import annotations

from ..batch.help_sections import FILES
from .helped_option import HelpedOption


def folder_options(taken: str) -> list[HelpedOption]:
    """Return the options for what is taken of folders; *taken* begins as in "Show only"."""
    return [
        HelpedOption("recursive", "Descend into subfolders.", FILES, short="-r", type=bool, default=False),
        HelpedOption("include", f"{taken} matching files of folders; repeatable.", FILES, type=tuple, metavar="GLOB"),
        HelpedOption("exclude", "Skip matching files and folders; repeatable.", FILES, type=tuple, metavar="GLOB"),
    ]
