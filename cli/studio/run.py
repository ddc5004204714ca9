"""`imfilter studio`: open the pictures, and serve the page until it is closed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence

from ...filters.core.named_tuple import NamedTuple
from .. import signals
from ..batch import inputs, recipe_file
from ..batch.inputs import InputRules
from ..batch.request import check_core
from ..console.messages import put, reason, say, shown
from ..errors import ExitCode, UsageError
from ..stores.names import COPY_FIRST, check_local
from ..streams import STREAM
from . import call
from .pictures import Pictures
from .server import PATIENCE, Server
from .session import Session


class Call(NamedTuple):
    """The options of a call."""

    names: Sequence[str]
    recipe: str | None
    port: int
    open: bool
    keep: bool
    max_pixels: int


def run(asked: Call) -> ExitCode:
    """Serve the page until a signal comes or no page is open; raises UsageError, FileError."""
    check_core()
    if STREAM in asked.names:
        raise UsageError("- (standard input) can be read only once; name a file")
    check_local(asked.names, COPY_FIRST)
    if missing := inputs.missing(asked.names):
        raise UsageError(f"{shown(missing[0])}: no such file or directory")
    names = [found.name for found in inputs.scan(asked.names, InputRules()).inputs]
    steps, files = ([], frozenset()) if asked.recipe is None else call.of_recipe(recipe_file.load(asked.recipe))
    with warnings.catch_warnings():
        # The program reports in its own words what libraries warn about.
        warnings.simplefilter("ignore")
        pictures = Pictures(names, asked.max_pixels)
        pictures.open(0)
        try:
            server = Server(Session(pictures, steps, files), asked.port, asked.keep)
        except (OSError, OverflowError) as error:
            why = reason(error) if isinstance(error, OSError) else "ports are from 0 to 65535"
            raise UsageError(f"--port {asked.port}: {why}") from None
        signals.begin()
        _tell(server, asked)
        try:
            server.serve()
        except KeyboardInterrupt:
            return ExitCode.DONE  # the normal end
    return ExitCode.DONE


def _tell(server: Server, asked: Call) -> None:
    put(server.address)
    ends = "Ctrl-C ends it" if asked.keep else f"Ctrl-C ends it, as do {PATIENCE / 60:.0f} minutes without a page"
    say(f"imfilter: open this address in a browser; {ends}")
    if asked.open:
        # A browser in the terminal would wait for a page that is not served yet.
        threading.Thread(target=_open, args=(server.address,), daemon=True).start()


def _open(address: str) -> None:
    import webbrowser

    if not webbrowser.open(address):
        say("imfilter: --open found no browser; open the address in one")
