"""The steps of an augmentation as words: like those of a chain, with ranges, `--p` and alternatives."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...filters.core import catalog
from ..batch.augment import augmentation, policies
from ..batch.augment.augmentation import CHANCE, NONE, Action
from ..batch.augment.policies import Policy
from ..batch.recipe_file import tables_of
from ..console.messages import flag, shown
from ..errors import UsageError
from .chain_command import parse_step, separated, split_steps, unknown_filter, words_of
from .helped_option import HelpedOption


def steps_of(texts: Sequence[str]) -> tuple[tuple[Action | Policy, ...], ...]:
    """Return the steps that are written like commands, ``rotate --angle -15..15``; raises UsageError."""
    return tuple(step_of(number, text) for number, text in enumerate(texts, 1))


def steps_in(path: str) -> tuple[tuple[Action | Policy, ...], ...]:
    """Return the steps of a recipe file, whose values may be drawn, as ``angle = "-15..15"``; raises UsageError.

    A table has the filter's options by their names, and ``p``; or ``alternatives``, a list of such tables.
    """
    found: list[tuple[Action | Policy, ...]] = []
    for number, table in enumerate(tables_of(path), 1):
        alternatives = table.pop("alternatives", None)
        if alternatives is None:
            alternatives = [table]
        elif table or not isinstance(alternatives, list) or not all(isinstance(one, dict) for one in alternatives):
            raise UsageError(f"{shown(path)}: step {number}: alternatives are a list of tables, and stand alone")
        try:
            found.append(tuple(_action(number, _words(number, one)) for one in alternatives))
        except UsageError as error:
            raise UsageError(f"{shown(path)}: {error}") from None
    return tuple(found)


def _words(number: int, table: Mapping[str, Any]) -> list[str]:
    """Return a table of a recipe as the words of a step; raises UsageError."""
    words = [str(table.get("filter"))]
    for name, value in table.items():
        if name == "filter" or value is False:
            continue
        if isinstance(value, dict):
            raise UsageError(f"step {number} ({words[0]}): {name} is a table, not a value")
        text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        words.append(flag(name) if value is True else f"{flag(name)}={text}")
    return words


def step_of(number: int, text: str) -> tuple[Action | Policy, ...]:
    """Return the alternatives of a step, which counts from 1; raises UsageError."""
    alternatives = separated(words_of(number, text))
    if not all(alternatives):
        if len(alternatives) > 1:
            raise UsageError(f"step {number}: an alternative is empty; write none for it")
        raise UsageError(f"step {number} is empty; use one of {', '.join([*catalog.names(), *policies.KINDS])}")
    return tuple(_action(number, words) for words in alternatives)


def _action(number: int, words: list[str]) -> Action | Policy:
    name, options = words[0], words[1:]
    where = f"step {number} ({name}): "
    if name == NONE:
        if options:
            raise UsageError(f"{where}takes no options")
        return Action(NONE)
    if name not in (*catalog.names(), *policies.KINDS):
        raise unknown_filter(number, name, policies.KINDS)
    spec = policies.spec_of(name) if name in policies.KINDS else catalog.load(name).spec
    probable = HelpedOption(CHANCE, "Probability of the step.", metavar="P")
    try:
        values = parse_step(spec, options, [probable])
    except UsageError as error:
        raise UsageError(f"{where}{error}") from None
    chance = values.pop(CHANCE)
    found = (policies.policy if name in policies.KINDS else augmentation.action)(name, values, where)
    return found if chance is None else found._replace(chance=augmentation.chance(chance, where))


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the inputs and the steps among the words of a call.

    >>> split(["train", "none | blur --sigma 0..2", "flip --p 0.5"])
    (['train'], ['none | blur --sigma 0..2', 'flip --p 0.5'])
    """
    inputs, _ = split_steps([re.sub(rf"^\s*({NONE}\s*\|\s*)+", "", word) for word in words], policies.KINDS)
    return list(words[: len(inputs)]), list(words[len(inputs) :])
