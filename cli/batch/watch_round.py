"""A round of a call that watches: what it knows of the rounds before it. A call that does not watch has one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ...filters.core.named_tuple import NamedTuple
from ..file_identity import Identity

if TYPE_CHECKING:
    from ..console.round_reporter import Ledger


class Earlier(NamedTuple):
    """What the rounds before tell of the inputs."""

    is_first: bool = True
    """There was none."""
    listed: Sequence[str] | None = None
    """The names that standard input has listed; None if it lists none, or is not read yet."""
    written: Collection[tuple[Identity | None, str]] = ()
    """What was written into the folders of inputs, each file by its folder and its name."""


class Round(NamedTuple):
    """What is done in a round."""

    is_first: bool = True
    is_new_recipe: bool = True
    """Nobody was told yet what is doubtful in it."""
    unchanged: frozenset[int] = frozenset()
    """The numbers of the jobs that have nothing to do."""
    ledger: Ledger | None = None
    """Where it is written down what was tried; None of a call that does not watch."""


ONCE = Round()
"""The only round of a call that does not watch."""
