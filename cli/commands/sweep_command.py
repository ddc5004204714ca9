"""`imfilter sweep`: one picture filtered with many parameter values, on one sheet."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import typer

from ...filters.core import catalog
from ..batch.help_sections import FILES, RUN
from ..console.messages import flag
from ..errors import UsageError
from ..images import formats
from ..streams import STREAM
from .chain_command import piped, split_steps
from .helped_option import HelpedOption
from .options import described, inputs_argument, shared_option
from .page_options import page_options, page_size
from .sectioned_command import SectionedCommand
from .sheet_options import look_of, look_options, options_of, other_options

if TYPE_CHECKING:
    from ..terminal.screen import Screen

USAGE = "INPUT -o SHEET STEP... [OPTIONS]"
MOST = 400
"""The most results of a call without --max-cells."""


class SweepCommand(SectionedCommand):
    """A command that recognises an unquoted step."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the shell; raises UsageError."""
        written = list(args)
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            if not ctx.resilient_parsing:
                _check_quoted(written)
            raise error


def _check_quoted(words: Sequence[str]) -> None:
    """Raise UsageError if a step is not quoted: the shell may have expanded its braces."""
    bare = next((word for word in words if word in catalog.names() and not os.path.lexists(word)), None)
    if bare is not None:
        raise UsageError(f"{bare}: quote each step with its options, as in 'blur --sigma {{1,2,4}}'")


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the inputs and the steps among the words of a call.

    >>> split(["a.png", "blur --sigma {1,2}", "{sharpen,edges}"])
    (['a.png'], ['blur --sigma {1,2}', '{sharpen,edges}'])
    """
    names, _ = split_steps([re.sub(r"^\s*\{\s*([\w-]+)[^}]*\}", r"\1", word) for word in words])
    return list(words[: len(names)]), list(words[len(names) :])


def _check_shown(
    output: str | None, show: bool, show_as: str | None, show_size: str | None, values: Mapping[str, Any]
) -> None:
    """Raise UsageError if the sheet has no destination, or an option does not apply to its destination."""
    if output is None and not show and values["report"] is None:
        raise UsageError("no output; name the sheet with -o FILE, or show it with --show or --report FILE.html")
    for name, value in (("show_as", show_as), ("show_size", show_size)):
        if value is not None and not show:
            raise UsageError(f"{flag(name)} requires --show")
    if output is None and values["update"]:
        raise UsageError("--update requires -o SHEET")
    if not show:
        return
    if output == STREAM:
        raise UsageError("--show needs standard output; write the sheet to a file with -o")
    for name in ("json", "dry_run"):
        if values[name]:
            raise UsageError(f"--show and {flag(name)} cannot be used together")


def make() -> SectionedCommand:
    """Return the command."""

    def command(
        inputs: Sequence[str],
        output: str | None,
        crop: str | None,
        label: str | None,
        no_input: bool,
        against: str | None,
        each: str | None,
        to: str | None,
        show: bool,
        show_as: str | None,
        show_size: str | None,
        max_cells: int,
        **values: Any,
    ) -> None:
        """Show one picture filtered with many parameter values.

        The steps follow the input. Each is one quoted word for the shell, with braces in place of a value: {1,2,4} are
        three values, {1..9..2} the numbers from 1 to 9 in steps of 2, and {1..64..x2} those from 1 to 64 of which each
        is twice the one before. One pair of braces makes a row. With two pairs, the first varies down the sheet and the
        second across; with more, all but the last vary down. Several steps are drawn one below the other, and | in a
        step runs filters one after the other: "blur --sigma 2 | edges --op {sobel,scharr}". A doubled brace stands for
        a brace.

        A label below each result says what varies. Pictures are reduced to --size, or enlarged by whole factors;
        --crop shows a part at full size, and computes only that part if the filter allows it.

        --against measures each result as imfilter compare does, frames the one with the greatest PSNR, and prints a
        line for each, the best first. The fields of --label are {label}, {step}, {filter}, {index}, {width}, {height},
        {seconds} and the options that vary; with --against {psnr}, {ssim} and {difference}, and with --each {kept},
        the bytes of the file. On the page of --report you choose two
        cells, which are overlaid.

        Shell
        -----
        $ imfilter sweep photo.jpg -o sigmas.png "blur --sigma {1,2,4,8}"
        $ imfilter sweep photo.jpg -o grid.png "blur --op bilateral --sigma {2,4} --range-sigma {10,25,50}"
        $ imfilter sweep photo.jpg --show "edges --op canny --sigma {1,2,3}"
        $ imfilter sweep noisy.png -o best.png "blur --op nlm --strength {4..40..x1.5}" --against clean.png
        $ imfilter sweep photo.jpg --report page.html "sharpen --amount {0.5,1,2}"
        """
        from ..sweep import arrangement, run, window
        from ..sweep.braces import template
        from ..sweep.call import Call

        names, texts = split(inputs)
        if not texts:
            _check_quoted(names)
        if len(names) != 1:
            what = "no input; name one picture" if not names else f"{len(names)} inputs; a sweep shows one picture"
            raise UsageError(f"{what}: imfilter sweep INPUT -o SHEET 'blur --sigma {{1,2,4}}'")
        if not texts:
            raise UsageError("no step; name a filter with its options, as in 'blur --sigma {1,2,4}'")
        _check_shown(output, show, show_as, show_size, values)
        if to is not None and each is None:
            raise UsageError("--to requires --each")
        look = look_of(values)
        part = None if crop is None else window.read(crop)
        on_screen: AbstractContextManager[Screen | None] = nullcontext()
        if show:
            from ..terminal import screen

            on_screen = screen.Screen(screen.wanted(show_as, show_size))
        call = Call(
            input=names[0],
            output=output,
            arrangement=arrangement.arranged(
                [template(text) for text in texts], piped, look.columns, not no_input, max_cells
            ),
            steps=texts,
            look=look,
            label=label,
            crop=part,
            side=look.size if part is None or values["size"] is not None else None,
            against=against,
            each=each,
            to=None if to is None else formats.named(to),
            report=values["report"],
            report_title=values["report_title"],
            page_size=page_size(values["report"], values["report_size"], values["report_title"]),
            options=options_of(values),
        )
        with on_screen as shown_on:
            code = run.run(call._replace(screen=shown_on))
        raise typer.Exit(code)

    params = [
        inputs_argument("INPUT STEP...", "A picture, and steps."),
        HelpedOption("output", "The sheet: a file, or - for stdout.", FILES, short="-o", metavar="SHEET"),
        HelpedOption(
            "crop",
            "Show a part at full size: at a place, the centre, or where there is most detail.",
            metavar="X,Y,W,H|center:W,H|detail:W,H",
        ),
        HelpedOption("label", "Label below each result; \\n starts a new line.", metavar="PATTERN"),
        HelpedOption("no_input", "Omit the input.", type=bool, default=False),
        HelpedOption("against", "Measure the results against this picture, and frame the best.", metavar="REFERENCE"),
        HelpedOption(
            "max_cells", f"Refuse to compute more results.  [default: {MOST}]", RUN, type=int, default=MOST, metavar="N"
        ),
        HelpedOption(
            "each", "Also write each result to a file, in full size and named by its label.", FILES, metavar="FOLDER"
        ),
        HelpedOption(
            "to", "Format of the files of --each.  [default: the input's]", FILES, short="-t", metavar="FORMAT"
        ),
        HelpedOption("show", "Show the sheet in the terminal; needs no -o.", RUN, type=bool, default=False),
        shared_option("show_as"),
        shared_option("show_size"),
        *page_options("the cells, of which two are chosen and compared", "cells it shows smaller pictures"),
        *look_options(),
        *other_options(),
    ]
    return described(command, "sweep", USAGE, params, SweepCommand)
