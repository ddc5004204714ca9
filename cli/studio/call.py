"""Turn the page's requests into a recipe, and into the equivalent command."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...filters.core import catalog
from ...filters.core.named_tuple import NamedTuple
from ...filters.core.parameters import FileContent, FolderName, Parameter
from ..batch.recipe import Recipe, in_a_row, make_step, read_options
from ..console.messages import flag, shown
from ..errors import UsageError

PLACE = re.compile(r"(?:step (?P<step>\d+) \(\w+\): )?(?P<option>--[a-z-]+)?")
"""The start of an error message: the step, if there are several, and the option."""


class RequestError(ValueError):
    """A request that the page never sends."""


class Step(NamedTuple):
    """A filter and its options as on the command line: text by the parameters' names, and True for a flag."""

    filter: str
    options: Mapping[str, str | bool]

    @property
    def words(self) -> list[str]:
        """The step as words of a command.

        >>> Step("affine", {"scale": "2,1", "shear": "-3", "expand": True}).words
        ['affine', '--scale', '2,1', '--shear=-3', '--expand']
        """
        words = [self.filter]
        for name, value in self.options.items():
            if value is True:
                words.append(flag(name))
            elif str(value).startswith("-"):
                words.append(f"{flag(name)}={value}")
            else:
                words += [flag(name), str(value)]
        return words


def steps_of(asked: Any) -> list[Step]:
    """Return the steps in a request; raises RequestError."""
    if not isinstance(asked, list):
        raise RequestError("steps: is not a list")
    steps = []
    for each in asked:
        filter, options = (each.get("filter"), each.get("options")) if isinstance(each, dict) else (None, None)
        if filter not in catalog.names() or not isinstance(options, dict):
            raise RequestError("steps: one is not a filter with its options")
        parameters = catalog.load(filter).spec.parameters
        for name, value in options.items():
            if name not in parameters or not (
                value is True if parameters[name].kind == "flag" else isinstance(value, str)
            ):
                raise RequestError(f"steps: {filter} has no such option")
        steps.append(Step(filter, options))
    return steps


def recipe_of(steps: Sequence[Step], allowed: Collection[str]) -> Recipe:
    """Return the recipe of steps; raises UsageError.

    Only files and folders that are *allowed* are read.
    """
    made = []
    for number, step in enumerate(steps, 1):
        where = f"step {number} ({step.filter}): " if len(steps) > 1 else ""
        filter = catalog.load(step.filter)
        parameters = filter.spec.parameters
        for name, value in step.options.items():
            _check_file(parameters[name], value, allowed, where)
        given: dict[str, Any] = {name: step.options.get(name) for name in parameters}
        made.append(make_step(filter, read_options(filter.spec, given, where), where))
    return in_a_row(made)


def _check_file(parameter: Parameter, value: str | bool, allowed: Collection[str], where: str) -> None:
    if not (parameter.param.file or parameter.param.picture) or value in allowed or not is_there(str(value)):
        return
    advice = "name it with the pictures" if parameter.param.picture else "name it in a recipe, and open that"
    raise UsageError(f"{where}{flag(parameter.name)} {shown(str(value))}: the page cannot open files; {advice}")


def is_there(name: str) -> bool:
    """Return whether a text is the name of a file or folder."""
    try:
        return os.path.lexists(name)
    except ValueError:  # not a valid file name
        return False


def of_recipe(recipe: Recipe) -> tuple[list[Step], frozenset[str]]:
    """Return the steps of a recipe, and the files and folders in it."""
    steps, named = [], set()
    for call in recipe.steps:
        options: dict[str, str | bool] = {}
        for name, value in call.given.items():
            if value is False:
                continue
            options[name] = True if value is True else text_of(value)
            if isinstance(call.values[name], FileContent | FolderName):
                named.add(str(value))
        steps.append(Step(call.name, options))
    return steps, frozenset(named)


def text_of(value: Any) -> str:
    """Return a parameter's value as text that the command line reads back to the same value; "" for None.

    >>> text_of(2.0), text_of((0.1, -3)), text_of("disk"), text_of(None)
    ('2', '0.1,-3', 'disk', '')
    """
    if isinstance(value, (tuple, list)):
        return ",".join(map(text_of, value))
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return "" if value is None else str(value)


def place_of(message: str, steps: Sequence[Step]) -> tuple[int | None, str | None]:
    """Return the number of the step, from 0, and the parameter that an error message is about.

    >>> place_of("step 2 (blur): --sigma: is wrong", [Step("edges", {}), Step("blur", {})])
    (1, 'sigma')
    >>> place_of("is gray", [Step("blur", {})])
    (None, None)
    """
    found = PLACE.match(message)
    assert found is not None  # the pattern matches the empty text
    number = int(found["step"]) - 1 if found["step"] else 0 if len(steps) == 1 and found["option"] else None
    if number is None or not 0 <= number < len(steps):
        return None, None
    parameters = catalog.load(steps[number].filter).spec.parameters
    return number, next((name for name in parameters if flag(name) == found["option"]), None)


def safe(name: str) -> str:
    """Return the name of a file as a word that is neither an option nor a step of a chain.

    >>> safe("-x.png"), safe("blur me.png"), safe("photos/a.png"), safe(" ")
    ('./-x.png', './blur me.png', 'photos/a.png', ' ')
    """
    begins = name.split(maxsplit=1)[:1]  # empty for a name of spaces
    return f"./{name}" if name.startswith("-") or not {*begins}.isdisjoint(catalog.names()) else name


def result_name(picture: str, recipe: Recipe, output: str, suffix: str) -> str:
    """Return the file name of a result, in the current folder of the command."""
    stem = Path(picture).stem
    map = "" if output == "image" else f".{output}"
    return safe(f"{stem}.{recipe.name}{map}{suffix}")


def command(steps: Sequence[Step], picture: str, frame: int | None, output: str, path: str) -> str:
    """Return the shell command that writes an *output* of a picture.

    >>> command([Step("blur", {"sigma": "2"})], "my photo.jpg", None, "image", "my photo.blur.png")
    "imfilter blur 'my photo.jpg' -o 'my photo.blur.png' --sigma 2"
    """
    option = "-o" if output == "image" else flag(output)
    files = [safe(picture), option, path, *([] if frame is None else ["--frame", str(frame)])]
    if len(steps) == 1:
        [step] = steps
        words = ["imfilter", step.filter, *files, *step.words[1:]]
    else:
        words = ["imfilter", "chain", *files, *(shlex.join(step.words) for step in steps)]
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """Quote a word for the shell; invalid bytes and control characters as $'…', for bash and zsh."""
    if word.isprintable():
        return shlex.quote(word)
    data = os.fsencode(word)
    return "$'" + "".join(chr(b) if 32 <= b < 127 and b not in b"'\\" else f"\\x{b:02x}" for b in data) + "'"
