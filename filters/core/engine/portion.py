"""Some rows of a result, computed by themselves: what must be known of the whole image is told, or asked for."""

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
"""How many rows are computed again, at most, to tell how far saturated values lie outside of their range."""

Extents = Mapping[str, tuple[float, float]]
"""The range of all values, of outputs by their names."""


class Portion(NamedTuple):
    """Some rows of a result.

    Outputs are then canvases in which these rows alone are filled, and tallies of their values. Those that must know
    the range of all values come with a tally and no canvas until that is told; then they come alone.
    """

    start: int
    stop: int
    extents: Extents | None = None

    @property
    def rows(self) -> tuple[int, int]:
        """The first, and the one behind the last."""
        return self.start, self.stop


def again(chain: Rows, collectors: Mapping[str, Collector]) -> dict[str, Probe]:
    """Return what takes the values of a part anew if they may be saturated; the other parts tell whether they are."""
    probes = {name: Probe(own.encoding, own.height) for name, own in collectors.items() if own.probe is not None}
    return probes if chain.saturates else {}


def output(collector: Collector, exact: Probe | None) -> Output:
    """Return the canvas of a part, None where there is none, and the tally of its values."""
    tally = collector.tally()
    return Output(collector.canvas, tally=tally if exact is None else tally._replace(exact=exact.taken))


def joined(tally: Tally, encoding: Encoding, samples: Any, height: int, probed: bool) -> Output:
    """Return the whole output of a *height*, of whose parts a *tally* is, *probed* or not."""
    probe = Probe(encoding, height)
    probe.taken = [*tally.probed]
    if tally.exact and probe.at_the_ends():
        probe.taken = [*tally.exact]
    return tally.output(encoding, samples, None, probe.levels() if probed else None)


class Answer(NamedTuple):
    """What a survey found in the whole image."""

    found: Any
    facts: Sequence[Fact]
    """Those that it told of."""


class Found(NamedTuple):
    """What was found in all rows, or those of a part, at one look of a survey."""

    values: Sequence[Any]
    join: Join | None
    """Joins two of them, if that may be."""

    @staticmethod
    def together(parts: Sequence[Found]) -> Found:
        """Return what was found in several parts, one below the other.

        >>> Found.together([Found([1, 2], None), Found([3], None)]).values
        [1, 2, 3]
        """
        values, join = [value for part in parts for value in part.values], parts[0].join
        return Found(values if join is None or not values else [reduce(join, values)], join)


class Share(NamedTuple):
    """One of several who look at a part of the rows each, and what they found together at the looks before."""

    number: int
    several: int
    looks: Sequence[Found] = ()


class SharedLook(BaseException):
    """Ends a run where a survey needs what all find together: it brings what one of them *found*.

    It is None where the survey looks at rows in an order of its own, and one must do it for all.
    """

    def __init__(self, found: Found | None) -> None:
        super().__init__()
        self.found = found


class _Shared(SharedRows):
    """The rows at which one of several looks."""

    def __init__(self, rows: Rows, share: Share, looks: Iterator[int]) -> None:
        self.all, self.share, self.looks = rows, share, looks
        self.height, self.width, self.images = rows.height, rows.width, rows.images

    def rows(self, start: int, stop: int) -> Values:
        """Return a row, by which its type and its channels are told."""
        if stop - start > 1:
            raise SharedLook(None)
        return self.all.rows(start, stop)

    def found(self, look: Look, join: Join | None) -> Sequence[Any]:
        """Return what all found at this look; raises SharedLook where that is not known."""
        number, (own, several, known) = next(self.looks), self.share
        if number < len(known):
            return known[number].values
        strips = range(0, self.height, SURVEYED_ROWS)
        first, last = (len(strips) * end // several for end in (own, own + 1))
        values = [look(self.all.rows(start, min(start + SURVEYED_ROWS, self.height))) for start in strips[first:last]]
        raise SharedLook(Found.together([Found(values, join)]))


def asked(stages: Sequence[Stage], answers: dict[int, Answer], share: Share | None = None) -> tuple[Stage, ...]:
    """Return stages that are told what surveys found before, by *answers*, which take what other ones find.

    Their looks are those of one who has a *share* in them, if that is told.
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
