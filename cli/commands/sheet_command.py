"""`imfilter sheet`: many pictures on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from ..batch.help_sections import FILES
from ..errors import UsageError
from .helped_option import HelpedOption
from .input_options import folder_options
from .options import described, inputs_argument, shared_option
from .sectioned_command import SectionedCommand
from .sheet_options import look_of, look_options, options_of, other_options

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

        Pictures are reduced to --size, or enlarged by whole factors. By default the first frame or page is shown. A
        file that cannot be read is reported and left out. The fields of --label are {name}, {stem}, {suffix}, {path},
        {folder}, {index}, {width}, {height}, {format} and {bytes}.

        Shell
        -----
        $ imfilter sheet photos/ -r -o contact.jpg
        $ imfilter sheet photo.jpg cat.jpg -o pair.png --columns 2
        $ imfilter sheet photos/ -o contact.png --columns 6 --size 240 --label "{stem}  {width}x{height}"
        """
        from ..batch import inputs as files
        from ..batch.inputs import InputRules
        from ..sweep import pictures

        names = files.names(inputs, files_from, null)
        if output is None:
            raise UsageError("no output; name the sheet with -o FILE")
        call = pictures.Call(
            names,
            output,
            look_of(values),
            InputRules(recursive, include, exclude),
            files_from is not None,
            label,
            options=options_of(values),
        )
        raise typer.Exit(pictures.run(call))

    params = [
        inputs_argument("INPUT...", "Images, folders of images, or - for stdin."),
        HelpedOption("output", "The sheet: a file, or - for stdout.", FILES, short="-o", metavar="SHEET"),
        HelpedOption("label", "Label below each picture; \\n starts a new line.  [default: {name}]", metavar="PATTERN"),
        *folder_options("Show only"),
        shared_option("files_from"),
        shared_option("null"),
        *look_options(),
        *other_options(),
    ]
    return described(command, "sheet", USAGE, params)
