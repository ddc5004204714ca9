"""`imfilter show`: pictures in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from ..batch.help_sections import FILES, PIXELS, RUN
from ..errors import UsageError
from ..images import prefetch
from ..terminal.protocols import PROTOCOLS
from .helped_option import HelpedOption
from .input_options import folder_options
from .options import described, inputs_argument, shared_option
from .sectioned_command import SectionedCommand

USAGE = "INPUT... [OPTIONS]"
INSTEAD = "imfilter sheet writes them to a file"
"""What to do without a terminal."""


def make() -> SectionedCommand:
    """Return the command."""

    def command(
        inputs: Sequence[str] | None,
        show_as: str | None,
        show_size: str | None,
        background: str | None,
        recursive: bool,
        include: Sequence[str],
        exclude: Sequence[str],
        frame: int | None,
        max_pixels: str | None,
        lenient: bool,
        quiet: bool,
    ) -> None:
        """Show pictures in the terminal.

        The command asks the terminal what it supports: the graphics of kitty, those of iTerm2, or sixel. Other
        terminals, and all inside tmux, screen and Zellij, show half blocks, which are two dots per character; with
        NO_COLOR terminals show Braille dots. --show-as overrides this for one call, IMFILTER_SHOW for all. Pictures are
        reduced to fit, and never enlarged; a checkerboard shows through transparent parts. Standard output must be a
        terminal.

        A filter's option --show shows its result in the same way.

        Shell
        -----
        $ imfilter show photo.jpg
        $ imfilter show photos/ -r --show-size 40x12
        $ imfilter blur photo.jpg --sigma 3 --show both
        """
        if not inputs:
            raise UsageError("no input; name images, folders, or - for standard input")
        from ..batch import frame_number
        from ..terminal import screen

        frame_number.check(frame)

        with screen.Screen(screen.wanted(show_as, show_size, instead=INSTEAD)) as shown_on:
            # Modules that need NumPy and Pillow are imported while the terminal answers.
            from ..batch.inputs import InputRules, scan
            from ..batch.request import colour
            from ..terminal import files

            found = scan(inputs, InputRules(recursive, include, exclude))
            call = files.Call(
                [one.name for one in found.inputs],
                found.several,
                frame,
                prefetch.max_pixels(max_pixels or ""),
                lenient,
                colour(background or ""),
                quiet,
                found.unsearched,
            )
            code = files.show(call, shown_on)
        if code:
            raise typer.Exit(code)

    params = [
        inputs_argument("INPUT...", "Images, folders of images, or - for stdin."),
        HelpedOption(
            "show_as",
            "How the terminal shows pictures.  [default: IMFILTER_SHOW, else the best that the terminal announces]",
            metavar="|".join(PROTOCOLS),
            words=lambda: PROTOCOLS,
        ),
        HelpedOption(
            "show_size",
            "Largest size of a picture, in characters.  [default: the window's width, and 2/3 of its height]",
            metavar="COLSxROWS",
        ),
        *folder_options("Show only"),
        HelpedOption("frame", "Show this frame or page, counting from 0.", FILES, type=int, metavar="N"),
        HelpedOption(
            "background", "Colour behind transparent parts.  [default: a checkerboard]", PIXELS, metavar="COLOR"
        ),
        shared_option("max_pixels"),
        HelpedOption("lenient", "Recover what can be read from damaged pictures.", RUN, type=bool, default=False),
        HelpedOption("quiet", "Print neither names nor notes.", RUN, short="-q", type=bool, default=False),
    ]
    return described(command, "show", USAGE, params)
