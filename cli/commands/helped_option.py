"""An option that knows its place in the help, and the words that its value may have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from textwrap import shorten
from typing import Any

from typer.core import TyperOption

from ..batch.help_sections import OWN, Section
from ..console.messages import flag
from .completed_words import of_metavar


class HelpedOption(TyperOption):
    """An option that knows its section of the help, and its description for completion, which is less than a line."""

    section: Section
    only: tuple[str, ...]
    """The operators to which it applies; all if this is empty."""

    def __init__(
        self,
        name: str,
        help: str,
        section: Section = OWN,
        *,
        more: str = "",
        short: str = "",
        long: bool = True,
        type: Any = str,
        default: Any = None,
        metavar: str | None = None,
        words: Callable[[], Iterable[str]] | None = None,
        only: tuple[str, ...] = (),
    ) -> None:
        several = type is tuple
        completed = (lambda begun: [word for word in words() if word.startswith(begun)]) if words else None
        completed = completed or of_metavar(metavar or "")
        super().__init__(
            param_decls=[name, *(_spellings(flag(name)) if long else []), *([short] if short else [])],
            type=None if type is bool else str if several else type,
            is_flag=True if type is bool else None,
            multiple=several,
            default=default,
            metavar=metavar,
            help=help + more,
            autocompletion=completed and (lambda context, words_before, begun: completed(begun)),
        )
        self.section, self.only, self._help = section, only, help

    @property
    def summary(self) -> str:
        """The help in less than a line."""
        return shorten(self._help, 60, placeholder=" …")


def _spellings(option: str) -> list[str]:
    """Return an option in its American and British spellings.

    >>> _spellings("--normalize"), _spellings("--text-size")
    (['--normalize', '--normalise'], ['--text-size'])
    """
    british = option.removesuffix("ize") + "ise"
    return [option, british] if option.endswith("ize") and not option.endswith("size") else [option]
