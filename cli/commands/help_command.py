"""`imfilter help`: the help of a command, or of an operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.core import TyperArgument

from ..console.messages import put
from ..errors import UsageError
from . import operator_help
from .docstrings import examples, prose
from .helped_group import HelpedGroup
from .option_words import StrictCommand

OPERATOR, MANUAL = "op", "man"
"""The word before an operator's name, and the word for the manual page."""
DOC = """Print the help of a command, or of an operator.

Without a name it lists all commands; `imfilter help op` lists the operators of all filters. `imfilter help man` prints
the manual page, for man -l -.

Shell
-----
$ imfilter help blur
$ imfilter help dataset split
$ imfilter help op canny
"""


class HelpCommand(StrictCommand):
    """The command."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command's name in the usage line."""
        return [self.options_metavar or ""]

    def invoke(self, ctx: Any) -> None:
        """Print the help; raises UsageError."""
        put(text(ctx.parent, ctx.params["words"]))


def make() -> HelpCommand:
    """Return the command."""
    words = TyperArgument(
        param_decls=["words"],
        type=str,
        nargs=-1,
        metavar="COMMAND|op NAME|man",
        help="A command, perhaps with its subcommand; op and an operator; or man.",
        required=False,
        autocompletion=lambda context, before, begun: [
            word for word in completed(context.parent, context.params.get("words") or ()) if word.startswith(begun)
        ],
    )
    return HelpCommand(
        "help",
        params=[words],
        help=prose(DOC, ()),
        epilog="\n".join(examples(DOC)),
        options_metavar="[COMMAND... | op [NAME] | man]",
        rich_markup_mode=None,
    )


def text(root: Any, words: tuple[str, ...]) -> str:
    """Return the help that *words* ask for, where *root* is the call of the program; raises UsageError."""
    if words[:1] == (OPERATOR,):
        if len(words) > 2:
            raise UsageError(f"imfilter help op takes one name, not {len(words) - 1}")
        return operator_help.described(words[-1], root.command, root) if len(words) > 1 else operator_help.listing()
    if words[:1] == (MANUAL,):
        if len(words) > 1:
            raise UsageError(f"imfilter help man takes no name; omit {words[1]!r}")
        from . import man_page  # which few ask for

        return man_page.page(root).rstrip("\n")
    command, context = root.command, root
    for at, word in enumerate(words):
        if not isinstance(command, HelpedGroup):
            raise UsageError(f"imfilter {' '.join(words[:at])} has no commands of its own; omit {word!r}")
        found = command.get_command(context, word)
        if found is None:
            if at == 0 and operator_help.named(word):
                raise UsageError(f"{word!r} is an operator: imfilter help op {word}")
            raise command.unknown(context, word)
        command, context = found, found.make_context(word, [], parent=context, resilient_parsing=True)
    return command.get_help(context)


def completed(root: Any, before: Sequence[str]) -> list[str]:
    """Return the words that may follow the words *before*."""
    if before == (OPERATOR,):
        return sorted({op for ops in operator_help.operators().values() for op in ops})
    command = root.command
    for word in before:
        command = command.get_command(root, word) if isinstance(command, HelpedGroup) else None
    names = command.list_commands(root) if isinstance(command, HelpedGroup) else []
    return names if before else [*names, OPERATOR, MANUAL]
