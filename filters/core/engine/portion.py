"""Some rows of a result, computed on their own; facts about the whole image are given, or asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import count
from typing import Any

from ..named_tuple import NamedTuple
from .facts import Fact
from .output_buffer import Collector, Output, Tally
from .probe import Probe
from .quantize import Encoding
from .stage import SURVEYED_ROWS, ImageContext, Join, Look, Rows, SharedRows, Stage, Values

PROBED_ROWS = 16
"""The most rows that are computed again to find out how far saturated values lie outside their range."""

Extents = Mapping[str, tuple[float, float]]
"""The range of all values of each output, by its name."""


class Portion(NamedTuple):
    """Some rows of a result.

    Outputs are then canvases in which only these rows are filled, and tallies of their values. An output that needs the
    range of all values has a tally and no canvas until the range is given; then only such outputs are computed.
    """

    start: int
    stop: int
    extents: Extents | None = None

    @property
    def rows(self) -> tuple[int, int]:
        """The first row, and the row after the last."""
        return self.start, self.stop


def again(chain: Rows, collectors: Mapping[str, Collector]) -> dict[str, Probe]:
    """Return probes for the values of a part that may be saturated; only the other parts show if they are."""
    probes = {name: Probe(own.encoding, own.height) for name, own in collectors.items() if own.probe is not None}
    return probes if chain.saturates else {}


def output(collector: Collector, exact: Probe | None) -> Output:
    """Return the canvas of a part, or None if it has none, and the tally of its values."""
    tally = collector.tally()
    return Output(collector.canvas, tally=tally if exact is None else tally._replace(exact=exact.taken))


def joined(tally: Tally, encoding: Encoding, samples: Any, height: int, probed: bool) -> Output:
    """Return the whole output, of this *height*, from the *tally* of its parts; *probed* says whether it was probed."""
    probe = Probe(encoding, height)
    probe.taken = [*tally.probed]
    if tally.exact and probe.at_the_ends():
        probe.taken = [*tally.exact]
    return tally.output(encoding, samples, None, probe.levels() if probed else None)


class Answer(NamedTuple):
    """The findings of a survey in the whole image."""

    found: Any
    facts: Sequence[Fact]
    """The facts that it reported."""


class Found(NamedTuple):
    """The findings of one look of a survey, in all rows or in those of a part."""

    values: Sequence[Any]
    join: Join | None
    """Joins two of them; None if they cannot be joined."""

    @staticmethod
    def together(parts: Sequence[Found]) -> Found:
        """Return the findings in several parts, one below the other.

        >>> Found.together([Found([1, 2], None), Found([3], None)]).values
        [1, 2, 3]
        """
        values, join = [value for part in parts for value in part.values], parts[0].join
        return Found(values if join is None or not values else [reduce(join, values)], join)


class Share(NamedTuple):
    """One of *several* workers that each look at a part of the rows, and their joint findings at earlier looks."""

    number: int
    several: int
    looks: Sequence[Found] = ()


class SharedLook(BaseException):
    """Ends a run when a survey needs the findings of all workers; *found* are those of this one.

    It is None if the survey looks at rows in an order of its own, so that one worker must do it for all.
    """

    def __init__(self, found: Found | None) -> None:
        super().__init__()
        self.found = found


class _Shared(SharedRows):
    """The rows at which one of several workers looks."""

    def __init__(self, rows: Rows, share: Share, looks: Iterator[int]) -> None:
        self.all, self.share, self.looks = rows, share, looks
        self.height, self.width, self.images = rows.height, rows.width, rows.images

    def rows(self, start: int, stop: int) -> Values:
        """Return a row, which shows the type and the channels."""
        if stop - start > 1:
            raise SharedLook(None)
        return self.all.rows(start, stop)

    def found(self, look: Look, join: Join | None) -> Sequence[Any]:
        """Return the findings of all workers at this look; raises SharedLook if they are not known yet."""
        number, (own, several, known) = next(self.looks), self.share
        if number < len(known):
            return known[number].values
        strips = range(0, self.height, SURVEYED_ROWS)
        first, last = (len(strips) * end // several for end in (own, own + 1))
        values = [look(self.all.rows(start, min(start + SURVEYED_ROWS, self.height))) for start in strips[first:last]]
        raise SharedLook(Found.together([Found(values, join)]))


def asked(stages: Sequence[Stage], answers: dict[int, Answer], share: Share | None = None) -> tuple[Stage, ...]:
    """Return stages whose surveys take earlier findings from *answers*, and add new ones to them.

    If a *share* is given, the surveys look only at the rows of this worker.
    """
    numbers, looks = count(), count()

    def told(stage: Stage) -> Stage:
        number, branches = next(numbers), tuple(tuple(map(told, branch)) for branch in stage.branches)
        survey = stage.survey
        if survey is None:
            return stage._replace(branches=branches)

        def answered(context: ImageContext, image: Rows) -> Any:
            facts = [] if context.facts is None else context.facts
            if number in answers:
                facts += answers[number].facts
            else:
                known = len(facts)
                found = survey(context, image if share is None else _Shared(image, share, looks))
                answers[number] = Answer(found, facts[known:])
            return answers[number].found

        return stage._replace(branches=branches, survey=answered)

    return tuple(map(told, stages))
