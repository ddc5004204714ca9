"""`imfilter chain` and `imfilter run`: several filters in a row, as words of the shell or as a recipe file."""

from __future__ import annotations

import inspect
import os
import shlex
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any

import typer

from ...filters.core import catalog
from ...filters.core.filter import Call
from ...filters.core.parameters import MapField, Spec
from ..batch import collisions
from ..batch.call_files import FilesWritten, files_read
from ..batch.recipe import Recipe, in_a_row, make_step, read_options
from ..batch.recipe_file import load, write_recipe
from ..console.messages import flag, printable
from ..errors import UsageError
from .command_words import hint, homes
from .completed_words import of_metavar
from .filter_command import carried_out, map_files, parameter_options
from .helped_option import HelpedOption
from .option_words import StrictCommand
from .options import inputs_argument, make_command, shared_options
from .sectioned_command import SectionedCommand

CHAIN_USAGE = "[OPTIONS] INPUT... -o OUTPUT STEP..."
RUN_USAGE = "[OPTIONS] RECIPE.toml INPUT... -o OUTPUT"
PIPE = "|"
"""Stands between filters in one word of the shell."""


def make_chain() -> SectionedCommand:
    """Return the command that runs several filters in one go."""
    maps = _all_maps()

    def command(save: str | None, **values: Any) -> None:
        """Run several filters in one pass, without rounding between them.

        The steps follow the inputs. Each is one quoted word for the shell: a filter and its options. The last step's
        maps can be written too. --save keeps the steps for imfilter run.

        Shell
        -----
        $ imfilter chain photo.jpg -o edges.png "blur --sigma 2" "edges --op scharr"
        $ imfilter chain photo.jpg -o small.jpg "resize --longest 400" "sharpen --op unsharp"
        $ imfilter chain photos/ -r -o out/ "blur" "sharpen --amount 0.5" --save soft.toml
        """
        options = shared_options(values)
        inputs, steps = split_steps(options.inputs)
        options = options._replace(inputs=tuple(inputs))
        if inputs or options.files_from is not None or options.watch or save is None:
            raise typer.Exit(carried_out(lambda: chained(steps), options, map_files(maps, values), save))
        recipe = chained(steps)
        read = files_read(recipe.files())
        collisions.check(read, FilesWritten(beside={"save": save}))
        if not options.dry_run:
            write_recipe(save, recipe, read.identities)

    save = HelpedOption("save", "Write the steps as a recipe.", metavar="RECIPE.toml")
    return make_command("chain", command, inspect.getdoc(command) or "", CHAIN_USAGE, maps, [save], banks=True)


def make_run() -> SectionedCommand:
    """Return the command that runs a recipe."""
    maps = _all_maps()

    def command(**values: Any) -> None:
        """Run the filters of a recipe, written by imfilter chain --save.

        A recipe is a text file with a table for each step: its filter, and its options by name. Names of kernel files
        are relative to the folder in which the command runs, as on the command line.

        Shell
        -----
        $ imfilter run soft.toml photo.jpg -o soft.jpg
        $ imfilter run soft.toml photos/ -r -o out/
        $ imfilter run soft.toml photos/ -r -o out/ --name "{stem}.soft.png"
        """
        options = shared_options(values)
        path, *inputs = options.inputs or [""]
        if not path:
            raise UsageError("no recipe; name a file that imfilter chain --save wrote")
        options = options._replace(inputs=tuple(inputs))
        raise typer.Exit(carried_out(lambda: load(path), options, map_files(maps, values)))

    recipe = of_metavar("RECIPE.toml")
    inputs = inputs_argument("RECIPE.toml INPUT...", "A recipe; images, folders of images, or - for stdin.", recipe)
    return make_command("run", command, inspect.getdoc(command) or "", RUN_USAGE, maps, [], banks=True, inputs=inputs)


def parse_step(spec: Spec, words: list[str], more: Sequence[HelpedOption] = ()) -> dict[str, Any]:
    """Return the filter's own options in one step, and *more*, by name, as text; raises UsageError."""
    for word in words:
        if word.partition("=")[0] in map(flag, spec.maps):
            raise UsageError(f"{word.partition('=')[0]} belongs to the whole chain; write it outside the quotes")
    command = StrictCommand(spec.name, params=[*parameter_options(spec), *more], add_help_option=False)
    try:
        return command.make_context(spec.name, words).params
    except typer.TyperException as error:
        raise UsageError(" ".join(error.format_message().split())) from None


def _all_maps() -> dict[str, MapField]:
    """Return the maps of all filters."""
    return {name: param for filter in catalog.names() for name, param in catalog.load(filter).spec.maps.items()}


def chained(texts: Sequence[str]) -> Recipe:
    """Return the recipe of steps that are written like commands, ``blur --sigma 2``; raises UsageError."""
    return in_a_row([_step(number, words_of(number, text)) for number, text in enumerate(texts, 1)])


def piped(number: int, text: str) -> Recipe:
    """Return the recipe of a step, which counts from 1, or of several with ``|`` between them; raises UsageError."""
    parts = separated(words_of(number, text))
    if not all(parts):
        raise UsageError(f"step {number} ({printable(text)}): a filter is missing at {PIPE}")
    return in_a_row([_step(number, words) for words in parts])


def words_of(number: int, text: str) -> list[str]:
    """Return the words of a step; raises UsageError."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"step {number} ({printable(text)}): {str(error).lower()}") from None


def separated(words: Sequence[str]) -> list[list[str]]:
    """Return the words between each ``|`` and the next.

    >>> separated(["blur", "|", "edges", "--op", "sobel"])
    [['blur'], ['edges', '--op', 'sobel']]
    """
    parts: list[list[str]] = [[]]
    for word in words:
        if word == PIPE:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _step(number: int, words: list[str]) -> Call:
    """Return the step that some words describe; raises UsageError."""
    if not words:
        raise UsageError(f"step {number} is empty; use one of {', '.join(catalog.names())}")
    if words[0] not in catalog.names():
        raise unknown_filter(number, words[0])
    where = f"step {number} ({words[0]}): "
    filter = catalog.load(words[0])
    try:
        values = parse_step(filter.spec, words[1:])
    except UsageError as error:
        raise UsageError(f"{where}{error}") from None
    return make_step(filter, read_options(filter.spec, values, where), where)


def split_steps(words: Sequence[str], more: Collection[str] = ()) -> tuple[list[str], list[str]]:
    """Return the inputs and the steps among a chain's words: the steps are the last that begin with a filter's name.

    *more* are other names of steps.

    >>> split_steps(["blur.png", "blur --sigma 2", "edges"])
    (['blur.png'], ['blur --sigma 2', 'edges'])
    """
    filters = [*catalog.names(), *more]
    at = len(words)
    while at and words[at - 1].split(maxsplit=1)[:1] and words[at - 1].split(maxsplit=1)[0] in filters:
        at -= 1
    begin = at
    while begin and _means_step(words[begin - 1], filters):
        begin -= 1
    begin = next((place for place, word in enumerate(words[:begin]) if _has_options(word)), begin)
    for number, word in enumerate(words[begin:at], 1):
        if (name := word.split(maxsplit=1)[0]) not in filters:
            raise unknown_filter(number, name, more)
    return list(words[:at]), list(words[at:])


def _means_step(word: str, filters: Sequence[str]) -> bool:
    """Whether a word that names no file is a step: by its filter, by a word for a filter, or by its options."""
    name = word.split(maxsplit=1)[:1]
    if not name or os.path.lexists(word):
        return False
    return name[0] in filters or _has_options(word) or bool(homes(name[0]) or _nearest(name[0], filters))


def _has_options(word: str) -> bool:
    return word.partition(" ")[2].lstrip().startswith("-") and not os.path.lexists(word)


def _nearest(word: str, filters: Sequence[str]) -> list[str]:
    return [] if {".", "/"} & {*word} else get_close_matches(word, filters, n=1)


def unknown_filter(number: int, word: str, more: Collection[str] = ()) -> UsageError:
    """Return the error for a step that begins with neither a filter nor one of the *more* names."""
    return UsageError(f"step {number}: unknown filter {printable(word)!r}; {hint(word, [*catalog.names(), *more], '')}")
