"""`imfilter sheet`: many pictures on one."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperArgument

from ..batch.options import FILES
from ..errors import UsageError
from ..streams import STREAM
from .options import HelpedOption, SectionedCommand, examples, prose
from .sheet_options import files_and_run, look_of, look_options, other_options

USAGE = "INPUT... -o SHEET [OPTIONS]"


def make() -> SectionedCommand:
    """Return the command."""

    def command(
        inputs: Sequence[str],
        output: str | None,
        label: str | None,
        recursive: bool,
        include: Sequence[str],
        exclude: Sequence[str],
        files_from: str | None,
        null: bool,
        **values: Any,
    ) -> None:
        """Show many pictures on one sheet, with labels.

        Pictures are reduced to --size, or enlarged by whole squares for their pixels. Of animations and pages the first
        is shown. A file that cannot be read is reported and left out. The fields of --label are {name}, {stem},
        {suffix}, {path}, {folder}, {index}, {width}, {height}, {format} and {bytes}.

        Shell
        -----
        $ imfilter sheet photos/ -r -o contact.jpg
        $ imfilter sheet photos/ -o contact.png --columns 6 --size 240 --label "{stem}  {width}x{height}"
        """
        from ..batch.inputs import InputRules, read_list
        from ..sweep import pictures

        names = [*inputs]
        if null and files_from is None:
            raise UsageError("-0 requires --files-from")
        if files_from is not None:
            names += read_list(files_from, b"\0" if null else b"\n")
        if not names or "" in names:
            raise UsageError("no input; name pictures or folders: imfilter sheet INPUT... -o SHEET")
        if STREAM in names and len(names) > 1:
            raise UsageError("- (standard input) is one image; it cannot be mixed with others")
        if output is None:
            raise UsageError("no output; name the sheet with -o FILE")
        call = pictures.Call(
            names,
            output,
            look_of(values),
            InputRules(recursive, include, exclude),
            files_from is not None,
            label,
            **files_and_run(values),
        )
        raise typer.Exit(pictures.run(call))

    own = [
        HelpedOption("output", "The sheet: a file, or - for stdout.", FILES, short="-o", metavar="SHEET"),
        HelpedOption(
            "label", "What stands below each picture; \\n begins a line.  [default: {name}]", metavar="PATTERN"
        ),
        HelpedOption("recursive", "Descend into subfolders.", FILES, short="-r", type=bool, default=False),
        HelpedOption("include", "Show only matching files of folders; repeatable.", FILES, type=tuple, metavar="GLOB"),
        HelpedOption("exclude", "Leave matching files and folders out; repeatable.", FILES, type=tuple, metavar="GLOB"),
        HelpedOption("files_from", "Read more input names from FILE (or -), one per line.", FILES, metavar="FILE"),
        HelpedOption(
            "null", "Names in --files-from are NUL-terminated.", FILES, short="-0", long=False, type=bool, default=False
        ),
    ]
    doc = inspect.getdoc(command) or ""
    argument = TyperArgument(
        param_decls=["inputs"],
        type=str,
        nargs=-1,
        metavar="INPUT...",
        help="Images, folders of images, or - for stdin.",
        required=False,
    )
    return SectionedCommand(
        "sheet",
        callback=command,
        params=[argument, *own, *look_options(), *other_options()],
        help=prose(doc, []),
        epilog=examples(doc),
        options_metavar=USAGE,
        rich_markup_mode=None,
    )
