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

        The terminal is asked what it can: kitty's graphics, those of iTerm2, sixel; any other shows half blocks, two
        dots in a character, and with NO_COLOR dots of Braille. Inside tmux, screen and Zellij they are half blocks.
        --show-as chooses, and IMFILTER_SHOW for all calls. Pictures are reduced to fit, and never enlarged; transparent
        parts lie on a checkerboard. Standard output must be a terminal.

        The option --show of filters shows their results in the same way.

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

        with screen.Screen(screen.wanted(show_as, show_size)) as shown_on:
            # What needs NumPy and Pillow is imported while the terminal answers.
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
            "How the terminal shows pictures.  [default: IMFILTER_SHOW, else what the terminal says it can]",
            metavar="|".join(PROTOCOLS),
            words=lambda: PROTOCOLS,
        ),
        HelpedOption(
            "show_size",
            "Most columns and rows of characters.  [default: the window's width, and 2/3 of its height]",
            metavar="COLSxROWS",
        ),
        *folder_options("Show only"),
        HelpedOption("frame", "Show this frame or page, counting from 0.", FILES, type=int, metavar="N"),
        HelpedOption(
            "background", "Colour behind transparent parts.  [default: a checkerboard]", PIXELS, metavar="COLOR"
        ),
        shared_option("max_pixels"),
        HelpedOption("lenient", "Recover what can be read from damaged pictures.", RUN, type=bool, default=False),
        HelpedOption("quiet", "Print no names and notes.", RUN, short="-q", type=bool, default=False),
    ]
    return described(command, "show", USAGE, params)
