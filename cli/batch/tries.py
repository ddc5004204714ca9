"""Choose the images that a call with --watch does again: those that changed since the last try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...filters.core.named_tuple import NamedTuple
from .looks import Look, is_still, look
from .plan import Input, Job
from .request import Request
from .watched_files import of_image


class View(NamedTuple):
    """The sources of outputs, and their files."""

    call: bytes
    outputs: tuple[str, ...]
    attached: bytes
    looks: Mapping[str, Look]
    """The looks of the image and the files that go with it."""

    def is_outdated(self) -> bool:
        """Return whether a file has changed since."""
        return any(look(name) != seen for name, seen in self.looks.items())


class Tried(NamedTuple):
    """The last try for an image."""

    view: View
    failed: bool


class Selection(NamedTuple):
    """The jobs of a round."""

    jobs: Sequence[Job]
    """The images whose outputs exist or will."""
    due: Mapping[Input, View]
    """The images to do."""
    is_new: bool
    """Whether some of them are new, not only left over by the last round, such as after a full disk."""

    @property
    def unchanged(self) -> frozenset[int]:
        """The numbers of jobs that are up to date."""
        return frozenset(number for number, job in enumerate(self.jobs) if job.input not in self.due)


class Tries:
    """The last try of each image."""

    def __init__(self) -> None:
        self._last: dict[Input, Tried] = {}
        self._left: dict[Input, View] = {}
        """The images that should be done, and were not tried."""

    def select(self, request: Request, now: Mapping[str, Look], before: Mapping[str, Look]) -> Selection:
        """Return the jobs of a call that have changed and whose files looked the same twice, and those that are done.

        Outputs of a deleted image stay; an image that failed waits for the next change.
        """
        jobs: list[Job] = []
        due: dict[Input, View] = {}
        last: dict[Input, Tried] = {}
        for job in request.jobs:
            own = of_image(job)
            attached = b"" if job.attached is None else job.attached.key
            looks = {name: now.get(name) for name in own}
            view = View(request.stamper.key, tuple(job.outputs.values()), attached, looks)
            tried = self._last.get(job.input)
            if tried is not None:
                last[job.input] = tried
            is_new = tried is None or (view != tried.view and looks[job.input.name] is not None)
            if is_new and all(is_still(name, now, before) for name in own):
                due[job.input] = view
                jobs.append(job)
            elif tried is not None and not tried.failed and looks[job.input.name] is not None:
                jobs.append(job)
        self._last = last
        return Selection(jobs, due, any(self._left.get(source) != view for source, view in due.items()))

    def record(self, selection: Selection, failed: Mapping[str, bool]) -> None:
        """Record the tries; *failed* says for each input that was tried whether it failed."""
        self._left = {source: view for source, view in selection.due.items() if source.name not in failed}
        for source in selection.due.keys() - self._left:
            self._last[source] = Tried(selection.due[source], failed[source.name])
