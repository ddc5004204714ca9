"""Some rows of a result, computed by themselves: what must be known of the whole image is told, or asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from ..named_tuple import NamedTuple
from .facts import Fact
from .output_buffer import Collector, Output, Tally
from .probe import Probe
from .quantize import Encoding
from .stage import ImageContext, Rows, Stage

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


def asked(stages: Sequence[Stage], answers: dict[int, Answer]) -> tuple[Stage, ...]:
    """Return stages that are told what surveys found before, by *answers*, which take what other ones find."""
    numbers = count()

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
                found = survey(context, image)
                answers[number] = Answer(found, facts[known:])
            return answers[number].found

        return stage._replace(branches=branches, survey=answered)

    return tuple(map(told, stages))
