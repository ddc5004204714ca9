"""A round of a call with --watch, and its knowledge of earlier rounds. Without --watch there is only one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ...filters.core.named_tuple import NamedTuple
from ..file_identity import Identity

if TYPE_CHECKING:
    from ..console.round_reporter import Ledger


class Earlier(NamedTuple):
    """Knowledge of the inputs from earlier rounds."""

    is_first: bool = True
    """Whether this is the first round."""
    listed: Sequence[str] | None = None
    """The names from standard input; None if it is not a list, or not read yet."""
    written: Collection[tuple[Identity | None, str]] = ()
    """The outputs in the folders of inputs, by folder and name."""


class Round(NamedTuple):
    """The work of a round."""

    is_first: bool = True
    is_new_recipe: bool = True
    """Whether to report doubts; later rounds do not repeat them."""
    unchanged: frozenset[int] = frozenset()
    """The numbers of jobs that are up to date."""
    ledger: Ledger | None = None
    """The record of tries; None without --watch."""


ONCE = Round()
"""The only round of a call without --watch."""
