"""`imfilter studio`: a local page to try filters on."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from ..errors import UsageError
from ..images import prefetch
from .helped_option import HelpedOption
from .options import described, inputs_argument, shared_option
from .sectioned_command import SectionedCommand

USAGE = "IMAGE... [OPTIONS]"


def make() -> SectionedCommand:
    """Return the command."""

    def command(
        inputs: Sequence[str], recipe: str | None, port: int, open: bool, keep: bool, max_pixels: str | None
    ) -> None:
        """Try filters on a page in the browser, and copy the command.

        The page has a control for every option of every filter. The visible part is computed exactly, from the whole
        picture: the command that the page shows writes the same samples. You can build chains of filters, compare them
        with the original picture, and save them as a recipe for imfilter run. The program itself writes no file.

        The page is served to this machine only, at the printed address. Ctrl-C ends the program, which also ends 10
        minutes after the last page was closed.

        Shell
        -----
        $ imfilter studio photo.jpg --open
        $ imfilter studio photos/ --recipe soft.toml
        $ imfilter studio photo.jpg --keep --port 8080
        """
        if not inputs:
            raise UsageError("no input; name images, or folders of images")
        from ..studio import run

        code = run.run(run.Call(inputs, recipe, port, open, keep, prefetch.max_pixels(max_pixels or "")))
        if code:
            raise typer.Exit(code)

    params = [
        inputs_argument("IMAGE...", "Images, or folders of images."),
        HelpedOption("recipe", "Start with the steps of a recipe.", metavar="RECIPE.toml"),
        HelpedOption("open", "Open the page in the browser.", type=bool, default=False),
        HelpedOption("keep", "Keep serving when no page is open.", type=bool, default=False),
        HelpedOption("port", "Serve the page on this port.  [default: a free one]", type=int, default=0, metavar="N"),
        shared_option("max_pixels"),
    ]
    return described(command, "studio", USAGE, params)
