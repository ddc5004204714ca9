"""`--watch`: check the files of a call repeatedly, and do what changed again, as `--update` would.

Files are polled, because notifications miss what editors do: a save by renaming takes away the file that
was watched, and network file systems send none.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..console import faults
from ..console.messages import complain
from ..console.round_reporter import Ledger
from ..errors import ExitCode, FileError, UsageError
from ..images import prefetch
from ..streams import STREAM
from . import watch_refusals
from .inputs import NothingFoundError, separator
from .listing import Listing
from .looks import UNSEEN, Look, is_still, look, look_at
from .options import SharedOptions
from .recipe import Recipe
from .request import Request, check
from .run import carry_out, opened, wanted_screen
from .tries import Tries
from .watch_round import Earlier, Round
from .watched_files import WatchedFiles, Written, of_request, shared_files, written_into

INTERVAL = 0.2
"""The least seconds between two looks."""
SHARE = 20
"""The pause after a look is so many times its duration: watching costs at most a twentieth of a core."""


class Watch:
    """A call that runs until it is interrupted, or until the list of inputs on standard input ends."""

    def __init__(
        self,
        make: Callable[[], Recipe],
        options: SharedOptions,
        map_files: Mapping[str, str],
        save: str | None = None,
    ) -> None:
        """*make* reads the recipe and its kernels; *save* is the file that the recipe is written to, once."""
        self._make, self._options, self._map_files = make, options, map_files
        self._beside = {} if save is None else {"save": save}
        watch_refusals.check_options(options, map_files)
        self._recipe = make()
        watch_refusals.check_recipe(self._recipe)
        self._screen = wanted_screen(options)
        self._listing = Listing(separator(options.null)) if options.files_from == STREAM else None
        self._files = WatchedFiles()
        self._before: dict[str, Look] = {}
        """The state of the files at the last look."""
        self._taken: dict[str, Look] = {}
        """Their state at the last decision on what to do."""
        self._tries = Tries()
        self._written: Written = {}
        self._refusal: str | None = None
        """The reason why the last round could do nothing."""
        self._is_new_recipe = True
        self._code = ExitCode.DONE

    def run(self) -> ExitCode:
        """Watch, and return the exit code after the list of inputs has ended; raises UsageError for a wrong call."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in a call without --watch
            if self._listing is not None:
                self._listing.begin()
            self._first()
            prefetch.forget()
            pause = INTERVAL
            while not self._is_over():
                pause = self._look(self._wait(pause))
        return ExitCode.DONE if self._refusal is None and self._code is ExitCode.DONE else ExitCode.FAILED

    def _wait(self, seconds: float) -> bool:
        """Wait for the next look; return whether the list has new names."""
        if self._listing is not None:
            return self._listing.wait(seconds)
        time.sleep(seconds)
        return False

    def _is_over(self) -> bool:
        """Return whether the list of inputs has ended, and nothing has changed since the last decision."""
        return self._listing is not None and self._listing.ended and self._before == self._taken

    # ---- looking ----------------------------------------------------------------------------------------

    def _look(self, has_names: bool) -> float:
        """Look at all files, do what is needed, and return the seconds to the next look."""
        began = time.perf_counter()
        now = look_at(self._files.all)
        is_due = self._is_due(now, has_names)
        took = time.perf_counter() - began
        if is_due:
            self._round(now)
            if self._refusal is not None:  # it is tried again at each look
                took = time.perf_counter() - began
        else:
            self._before = now
        return max(INTERVAL, SHARE * took)

    def _is_due(self, now: Mapping[str, Look], has_names: bool) -> bool:
        """Return whether there is something to do: a file has changed, and is complete.

        A changed folder is searched at once. A refused round is tried again: it may need a file that is not watched.
        """
        if now == self._taken and self._refusal is None and not has_names:
            return False
        if not all(is_still(name, now, self._before) for name in self._files.shared):
            return False
        return (
            has_names
            or self._refusal is not None
            or any(
                name in self._files.folders or is_still(name, now, self._before)
                for name, seen in now.items()
                if seen != self._taken.get(name, UNSEEN)
            )
        )

    def _take(self, now: Mapping[str, Look]) -> None:
        """Mark everything that could be read *now* as done, and look at files found since."""
        taken: dict[str, Look] = {}
        for name in self._files.all:
            is_taken = name in self._files.folders or is_still(name, now, self._before)
            seen = (now if is_taken else self._taken).get(name, UNSEEN)
            if seen != UNSEEN:
                taken[name] = seen
        self._taken = taken
        self._before = {name: now[name] if name in now else look(name) for name in self._files.all}

    # ---- rounds -----------------------------------------------------------------------------------------

    def _first(self) -> None:
        """Do all images, as without --watch; raises UsageError, FileError."""
        began = time.perf_counter()
        try:
            request = self._checked(self._beside, is_first=True)
        except NothingFoundError as error:  # images may come later
            complain(error)
            self._files = WatchedFiles(frozenset(shared_files(self._recipe, self._options)))
            self._search(error)
            self._take({})
            return
        watch_refusals.check_request(request)
        self._files = of_request(request)
        # Folders were searched and kernels read earlier; changes since are found at the next look.
        self._before = now = look_at(self._files.own)
        self._carry_out(request, now, began, is_first=True)
        self._take(now)

    def _round(self, now: Mapping[str, Look]) -> None:
        """Do what has changed."""
        began = time.perf_counter()
        is_other = any(now[name] != self._taken.get(name, UNSEEN) for name in self._files.shared)
        try:
            if is_other or self._refusal is not None:
                recipe = self._make()
                self._is_new_recipe |= recipe.key() != self._recipe.key()
                self._recipe = recipe
            request = self._checked()
            self._files = of_request(request)
            self._carry_out(request, now, began)
            self._refusal = None
        except NothingFoundError as error:  # outputs of deleted inputs stay
            self._search(error)
            self._refusal = None
        except UsageError as error:
            self._refuse(str(error), now, is_other)
        self._take(now)

    def _checked(self, beside: Mapping[str, str] = MappingProxyType({}), *, is_first: bool = False) -> Request:
        """Return the request of a round, planned again; raises UsageError."""
        listed = None if self._listing is None else self._listing.names
        earlier = Earlier(is_first, listed, self._written.keys())
        return check(self._recipe, self._options, self._map_files, beside, earlier=earlier)

    def _search(self, nothing: NothingFoundError) -> None:
        """Look at folders that are still empty."""
        self._files = self._files._replace(folders=frozenset(nothing.folders) - self._files.shared, own=frozenset())

    def _refuse(self, why: str, now: Mapping[str, Look], is_other: bool) -> None:
        """Report why nothing is done, once per change; later changes get their own try."""
        if any(look(name) != now.get(name, UNSEEN) for name in self._files.shared):
            return
        if is_other or why != self._refusal:
            complain(why)
        self._refusal = why

    def _carry_out(self, request: Request, now: Mapping[str, Look], began: float, *, is_first: bool = False) -> None:
        """Do the images that have changed, except those with a file that is still being written."""
        chosen = self._tries.select(request, now, self._before)
        always = is_first or self._refusal is not None
        if not (chosen.is_new or always):
            return
        views = {source.name: view for source, view in chosen.due.items()}
        ledger = Ledger(is_first, lambda name: name in views and views[name].is_outdated(), always=always)
        round = Round(is_first, self._is_new_recipe, chosen.unchanged, ledger)
        try:
            with opened(self._screen) as screen:
                code = carry_out(request._replace(jobs=chosen.jobs), began, screen, round)
        except BrokenPipeError:
            raise
        except (FileError, OSError) as error:
            if is_first:
                raise
            complain(faults.of_system(error) if isinstance(error, OSError) else error)
            code = ExitCode.FAILED
        self._code = max(self._code, code)
        self._is_new_recipe = False
        self._tries.record(chosen, ledger.failed)
        left = {key: path for key, path in self._written.items() if os.path.lexists(path)}
        self._written = left | written_into(request.inputs.folders, request)
