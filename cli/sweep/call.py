"""The options of a call of `imfilter sweep`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import unsigned
from ..images import formats
from ..terminal.screen import Screen
from . import sheet_file
from .arrangement import Arrangement, Variant
from .options import Options
from .sheet_file import SheetLook
from .window import Window


class Call(NamedTuple):
    """The options of a call."""

    input: str
    output: str | None
    """The file of the sheet; None if only the terminal or a page shows it."""
    arrangement: Arrangement
    steps: Sequence[str]
    look: SheetLook
    label: str | None = None
    crop: Window | None = None
    side: int | None = sheet_file.SIZE
    """Pixels of the longer side of a picture on the sheet; None for its own size."""
    against: str | None = None
    each: str | None = None
    to: formats.Format | None = None
    """The format of the results' own files; None for the input's."""
    options: Options = Options()
    screen: Screen | None = None
    """Shows the sheet."""
    report: str | None = None
    report_title: str | None = None
    page_size: int = 0
    """The most bytes of the page of --report."""

    @property
    def variants(self) -> Sequence[Variant]:
        """The results, in order."""
        return self.arrangement.variants

    @property
    def command(self) -> str:
        """The command that makes the sheet again, without the folders of files."""
        output = [] if self.output is None else ["-o", sheet_file.base(self.output)]
        words = ["imfilter", "sweep", sheet_file.base(self.input), *output, *self.steps]
        if self.against is not None:
            words += ["--against", sheet_file.base(self.against)]
        return shlex.join(map(unsigned, words))

    def how(self) -> Mapping[str, object]:
        """Return everything that determines the outputs except the contents of files."""
        steps = [(one.recipe.key(), one.label, one.place) for one in self.variants]
        own = (self.look, self.label, self.crop, self.side, self.arrangement.input, self.to and self.to.name)
        read = (self.options.frame, self.options.lenient, self.options.to_rgb, self.options.quality)
        return {"command": "sweep", "steps": steps, "look": own, "read": read}
