"""A worker's share of one large picture: a band of its rows, or some rows of its smaller copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from ....filters.core.engine import executor, portion
from ....filters.core.engine.facts import Fact
from ....filters.core.engine.output_buffer import Tally
from ....filters.core.engine.portion import Answer, Found, Portion, Share, SharedLook
from ....filters.core.engine.stage import Stage
from ....filters.core.named_tuple import NamedTuple
from ...errors import FileError
from ...images.file_bytes import CHANGES
from ...images.picture import Picture
from ...images.plain_bands import RefusedError
from ...images.reader import Reader
from ...images.source import Source
from ..dispatch import reported
from ..frame_output import writable
from ..image_job import ImageProcessor
from ..plan import Input, Job
from . import worker_task

Shape = tuple[int, int, int]


class Part(Protocol):
    """A part of the work on a picture."""

    job: Job

    def done(self, processor: ImageProcessor, reader: Reader) -> Any:
        """Do this part, and return its result; raises FileError."""


class Task(NamedTuple):
    """A part, as a task of a worker."""

    part: Any

    @property
    def input(self) -> Input:
        """The picture."""
        return self.part.job.input

    @property
    def name(self) -> str:
        """The picture as the user wrote it."""
        return self.part.job.name

    @property
    def outputs(self) -> Mapping[str, str]:
        """Empty: a part publishes no files."""
        return {}


def process(processor: ImageProcessor, task: Task, reader: Reader) -> Any:
    """Do a part; a failure is a report."""
    return reported(task.part.job, partial(task.part.done, processor, reader))


class Made(NamedTuple):
    """The result of a band."""

    rows: int
    """The number of its rows."""
    kinds: Mapping[str, tuple[Shape, str]]
    """The shape and the type of each output of which it wrote rows."""
    tallies: Mapping[str, Tally]
    facts: Sequence[Fact]
    answers: dict[int, Answer]
    """What surveys found."""


class Look(NamedTuple):
    """The result of a look at a part of the picture."""

    found: Found | None
    """None if one worker must look at all of it."""


class _Made(BaseException):
    """Ends the work on a picture when its band is done."""

    def __init__(self, made: Made) -> None:
        super().__init__()
        self.made = made


class Band(NamedTuple):
    """Some rows of a picture's outputs."""

    job: Job
    portion: Portion
    answers: dict[int, Answer]
    """What surveys have found earlier."""
    writers: Mapping[str, Any]
    """The writer for the rows of each output."""
    share: Share | None = None
    """Its part of what the surveys look at, if all bands share that."""

    def done(self, processor: ImageProcessor, reader: Reader) -> Made | Look:
        """Filter the rows, and write them, or have a look at a part of the picture; raises FileError."""
        reader.needed, reader.streams = partial(processor.needed, self.job), lambda expected: True
        reader.digests = False
        picture, source = reader.read(self.job.input.name)
        assert isinstance(picture, Picture)
        self._check(source)
        own = ImageProcessor(processor.recipe, processor.maps, processor.options._replace(run=self._run))
        try:
            own.computed(self.job, picture, alone=True)
        except _Made as end:
            return end.made
        except SharedLook as end:
            return Look(end.found)
        except RefusedError as refusal:
            target = next(target for target in self.job.targets.values() if target.path == refusal.target)
            assert target.format is not None
            with writable(target, target.format):
                raise
        raise AssertionError("nothing was computed")

    def _check(self, source: Source) -> None:
        """Raise FileError for another file than that of the first band; machines number devices differently."""
        first, own = None if self.job.source is None else self.job.source.state, source.state
        if first is not None and own is not None and (first.size, first.modified) != (own.size, own.modified):
            raise FileError(self.job.name, CHANGES)

    def _run(self, stages: Sequence[Stage], *given: Any, **how: Any) -> executor.Result:
        """Replaces the executor: runs the stages over the rows of the band."""
        answers = dict(self.answers)
        canvases = {name: writer.canvas for name, writer in self.writers.items()}
        how |= {"canvases": canvases, "streamed": frozenset(canvases), "advance": worker_task.heed()}
        result = executor.run(portion.asked(stages, answers, self.share), *given, **how, part=self.portion)
        raise _Made(
            Made(
                self.portion.stop - self.portion.start,
                {
                    name: (output.samples.shape, output.samples.dtype.name)
                    for name, output in result.outputs.items()
                    if output.samples is not None
                },
                {name: output.tally for name, output in result.outputs.items() if output.tally is not None},
                result.facts,
                answers,
            )
        )


class Halving(NamedTuple):
    """Some rows of chunks of a smaller copy of an output, made from the copy below."""

    job: Job
    writer: Any
    shape: Shape
    dtype: str
    level: int
    blocks: range

    def done(self, processor: ImageProcessor, reader: Reader) -> None:
        """Write them; raises FileError."""
        check = worker_task.heed()
        for block in self.blocks:
            check()
            self.writer.halve(self.shape, self.dtype, self.level, [block])
