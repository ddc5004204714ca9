"""Stages joined into a pipeline that computes rows on demand.

Each stage asks the stage above for the rows that it needs, and pads them by the border rule. A stage applies the border
to its own input, so a pipeline gives the same as its stages one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ImageError
from . import colour_parts, nan_policy
from .borders import Rule
from .image_rows import PartOfSource, Source, Whole, ZippedRows, computed
from .sheet import applied
from .stage import (
    AlphaHandling,
    BoundStage,
    ImageContext,
    Rows,
    Stage,
    WeightedSum,
    Window,
    by_field,
    without_maps,
)
from .stage_rows import StageRows, bound_for
from .streamed import StreamedImage
from .working_space import Passage


class Alpha(NamedTuple):
    """The alpha of an image with premultiplied colours."""

    rows: Rows
    passage: Passage
    gain: float = 1.0
    """The number of stages that have changed it."""

    @property
    def opacity(self) -> Rows:
        """The alpha, from 0 to white."""
        return self.rows if self.gain == 1 else ZippedRows(lambda strip: strip / self.gain, self.rows)


class Joined(NamedTuple):
    """The result of stages for an image."""

    rows: Rows
    alpha: Alpha | None
    """The resulting alpha of the rows."""
    whole: bool
    """Whether all samples are whole numbers."""


def join(
    source: Rows,
    stages: Sequence[Stage],
    context: ImageContext,
    rule: Rule,
    strip_rows: int,
    jobs: int,
    alpha: Alpha | None = None,
) -> Joined:
    """Return the result of *stages* for *source* and its *alpha*, as rows.

    A stage that needs the whole image runs at once.
    """
    joining = _Joining(source, stages, context, rule, strip_rows, jobs, alpha)
    for number in range(len(stages)):
        joining.add(number)
    return Joined(joining.last, joining.alpha, joining.whole)


class _Taken(NamedTuple):
    """A part of the colours, extracted for the stages up to the one that recombines it."""

    part: str
    number: int
    """The index of the stage that extracted it."""
    colours: Rows
    """The rows from which it was extracted."""
    alpha: Alpha | None


class _Joining:
    """Stages being joined: the rows of those so far, and the state that the next one needs."""

    def __init__(
        self,
        source: Rows,
        stages: Sequence[Stage],
        context: ImageContext,
        rule: Rule,
        strip_rows: int,
        jobs: int,
        alpha: Alpha | None,
    ) -> None:
        self.stages, self.context, self.callers, self.strip_rows, self.jobs = stages, context, rule, strip_rows, jobs
        self.last, self.alpha, self.whole = source, alpha, context.whole
        self.taken: _Taken | None = None

    @property
    def single(self) -> str:
        """The extracted channel, if any."""
        return self.taken.part if self.taken is not None and self.taken.part in colour_parts.SINGLE else ""

    @property
    def rule(self) -> Rule:
        """The border rule for the next stage's input."""
        rule, single = self.callers, self.single
        return rule._replace(fill=colour_parts.fill_of(single, rule.fill)) if single else rule

    def add(self, number: int) -> None:
        """Add the next stage."""
        stage, mark = self.stages[number], self.stages[number].mark
        if self.single in colour_parts.PRIMARIES:
            stage = colour_parts.with_fill_of(self.single, stage)
        begins_single = mark is not None and mark.begins and mark.part in colour_parts.SINGLE
        own = self._context_of(number, stage)
        self.whole = own.whole and (stage.selects or begins_single)
        handling = stage.colours.alpha
        if own.finite and handling is not None and handling.missing:
            return
        if stage.survey is not None:
            self._keep_what_is_surveyed()
            seen = self.last if self.alpha is None else _visible(self.last, self.alpha)
            with np.errstate(invalid="ignore", over="ignore"):  # as in strips
                own = own._replace(survey_result=stage.survey(own, seen))
        if begins_single:
            self._take_channel(number, stage, own)
        elif mark is not None and mark.begins:
            before = () if self.alpha is None else (self.alpha.opacity,)
            self.taken = _Taken(mark.part, number, self.last, self.alpha)
            self.last = ZippedRows(colour_parts.take_out(mark, own), self.last, *before)
        elif mark is not None and mark.part == colour_parts.ALPHA:
            self._put_back_alpha(stage, own)
        elif mark is not None:
            self._put_back(number, stage, own)
        else:
            self._filter(stage, own)

    def _keep_what_is_surveyed(self) -> None:
        """Compute rows that are surveyed and then filtered only once, if all of them form one strip."""
        last = self.last
        if not isinstance(last, Source | Whole) and last.images == 1 and last.height <= self.strip_rows:
            self.last = computed(last, self.strip_rows, self.jobs)

    def _context_of(self, number: int, stage: Stage) -> ImageContext:
        """Return a stage's context."""
        following, context = self.stages[number + 1 :], self.context
        final = not following or (bool(self.single) and _puts_back_unchanged(following))
        integers = context.integers or context.rounded if final else following[0].selects
        own = nan_policy.context_for(stage, context)
        alike = self.whole and stage.window.rule(own, self.rule).is_whole(own.most, own.colours == "gray")
        own = own._replace(whole=alike, integers=integers and alike and stage.selects)
        if not final:
            own = own._replace(rounds_to=None, kept=False)
        if stage.step:
            own = own._replace(name=f"{stage.step}: {context.name}")
        if self.taken is not None and self.taken.part != "chroma":
            own = own._replace(colours="gray")
        return own

    def _take_channel(self, number: int, stage: Stage, context: ImageContext) -> None:
        """Extract one channel of the colours, or their alpha."""
        mark, alpha = stage.mark, self.alpha
        assert mark is not None
        self.taken = _Taken(mark.part, number, self.last, alpha)
        where = f"{stage.step}: " if stage.step else ""
        take = colour_parts.take_out(mark, context, where)
        if mark.part == colour_parts.ALPHA:
            if alpha is None:
                raise ImageError(f"{where}the image has no alpha for --channels A to filter")
            self.last, self.alpha, self.whole = _samples_of(alpha, self.whole)
        elif isinstance(self.last, Source):
            self.last = PartOfSource(self.last, take)
        else:
            self.last = ZippedRows(take, self.last)

    def _put_back_alpha(self, stage: Stage, context: ImageContext) -> None:
        """Recombine an extracted alpha with its colours."""
        taken = self.taken
        assert taken is not None and taken.alpha is not None
        self.last, self.alpha = _with_new_alpha(taken.colours, taken.alpha, self.last, stage, context)
        self.taken = None

    def _put_back(self, number: int, stage: Stage, context: ImageContext) -> None:
        """Recombine a part of the colours with the rest."""
        taken, mark, before = self.taken, stage.mark, self.alpha
        assert taken is not None and mark is not None
        colours, alpha = taken.colours, taken.alpha
        between = self.stages[taken.number + 1 : number]
        if not colour_parts.keeps_places(between):
            anchors = [colour_parts.under_anchor(inner) for inner in between]
            colours, alpha, _ = join(colours, anchors, context, self.rule, self.strip_rows, self.jobs, alpha)
        opaque = () if alpha is None else (alpha.opacity, *(() if before is None else (before.opacity,)))
        saturates = self.last.saturates
        self.last, self.alpha = ZippedRows(colour_parts.put_back(mark, context), self.last, colours, *opaque), alpha
        self.last.saturates = saturates
        self.taken = None

    def _filter(self, stage: Stage, own: ImageContext) -> None:
        """Apply a stage to the colours and to their alpha."""
        if stage.mixes:
            self.last, self.alpha = _mixed(self.last, self.alpha, stage, own, self.rule, self.strip_rows, self.jobs)
            return
        last, alpha, rule = self.last, self.alpha, self.rule
        handling, weights, how = stage.colours.alpha, stage.weights, (self.strip_rows, self.jobs)
        behind = self._alpha_behind(stage)
        if stage.branches:
            beside = () if alpha is None or handling is None or not handling.weigh else (alpha.opacity,)
            self.last = _branched(last, stage, own, rule, *how, beside)
        elif (stage.takes == "rows" and (alpha is None or handling is None)) or (
            stage.takes == "image" and stage.extent is not None
        ):
            apply = partial(_moved, strip_rows=self.strip_rows, jobs=self.jobs)
            if not own.ignoring or weights is None:
                self.last = apply(last, stage, own, rule)
            elif alpha is None or behind is None:
                self.last = _over_present(last, stage, weights, own, rule, apply)
            else:
                self.last = _left_out(last, stage, weights, own, rule, alpha.opacity, behind.opacity, apply)
        elif stage.by_rows is not None and self.context.streamed:
            self.last = stage.by_rows(last, self.jobs)
        elif stage.takes == "image":
            found = applied(computed(_of_one_type(last, own), *how), stage, own, rule)
            self.last = Whole(found.rows(0, found.height), found.height, found.width)
        elif alpha is None or behind is None:
            self.last = applied(last, stage, own, rule)
        elif handling is not None:
            self.last = _crossed(last, stage, handling, own, rule, self.jobs, alpha)
        elif own.ignoring and weights is not None and not weights.relative:
            self.last = _left_out(last, stage, weights, own, rule, alpha.opacity, behind.opacity, applied)
        else:
            self.last = applied(last, stage, own, rule)
        self.alpha = None if stage.colours.gain is None else behind

    def _alpha_behind(self, stage: Stage) -> Alpha | None:
        """Return the alpha after a stage."""
        alpha, how = self.alpha, (self.strip_rows, self.jobs)
        if alpha is None:
            return None
        if stage.alpha is not None:
            rows = join(alpha.opacity, [stage.alpha], self.context, self.rule, *how).rows
            alpha = alpha._replace(rows=rows, gain=1.0)
        elif stage.colours.alpha is None:
            white = self.rule.of_alpha(self.context.full)
            alpha = alpha._replace(rows=join(alpha.rows, [_of_alpha(stage)], self.context, white, *how).rows)
        return alpha._replace(gain=alpha.gain * (stage.colours.gain or 1))


def _puts_back_unchanged(stages: Sequence[Stage]) -> bool:
    """Whether the only remaining step is to put one channel back unchanged."""
    mark = stages[0].mark if len(stages) == 1 else None
    return mark is not None and not mark.begins and mark.bias == mark.white_offset == 0


def _samples_of(alpha: Alpha, whole: bool) -> tuple[Rows, None, bool]:
    """Return an alpha as an image without one, and whether its samples are whole numbers, which keep their type."""
    passage = alpha.passage
    if not isinstance(alpha.rows, Source) or passage.alpha is None:
        return alpha.opacity, None, whole
    opaque = passage.alpha
    samples = opaque if isinstance(opaque, StreamedImage) else opaque[..., None]
    rows = lambda start, stop: opaque[start:stop][..., None]  # noqa: E731
    return Source(samples, rows, alpha.rows.images), None, opaque.dtype.kind == "u"


def _with_new_alpha(
    colours: Rows, alpha: Alpha, found: Rows, stage: Stage, context: ImageContext
) -> tuple[Rows, Alpha]:
    """Return the colours premultiplied by the *found* alpha instead of their own, and that alpha."""
    assert stage.mark is not None
    passage, opaque = alpha.passage, ZippedRows(colour_parts.new_alpha(stage.mark, context), found)
    # Only the image has the colours of transparent pixels.
    if isinstance(colours, Source):
        straight: Rows = Source(passage.image, passage.enter_straight, colours.images)
    else:
        straight = ZippedRows(passage.divide, colours, alpha.opacity)
    return ZippedRows(passage.multiply, straight, opaque), alpha._replace(rows=opaque, gain=1.0)


def _moved(
    last: Rows, stage: Stage, context: ImageContext, rule: Rule, *beside: Rows, strip_rows: int, jobs: int
) -> Rows:
    """Return the rows of a stage that takes rows, maybe with more *beside* them, or of one that declares its size."""
    rule = stage.window.rule(context, rule)
    context = context._replace(height=last.height, width=last.width, rule=rule, jobs=jobs)
    extent = stage.result_of(last.width, last.height)
    function = bound_for(stage, context).function
    if stage.takes == "rows":
        found: Rows = function(last, *beside)
        assert stage.extent is None or (found.width, found.height) == (extent.width, extent.height)
        return found
    values = last.untouched if isinstance(last, Source) else None
    if values is None:
        values = computed(_of_one_type(last, context), strip_rows, jobs).values
    values = function(values)
    return Whole(values, extent.height, extent.width)


def _of_one_type(last: Rows, context: ImageContext) -> Rows:
    """Return rows that all have one type, although only some contain the value of missing samples."""
    # Results of a stage, such as Canny's classes, and stored rows already have one type.
    if context.finite or isinstance(last, StageRows | Whole):
        return last
    return ZippedRows(lambda values: by_field(lambda strip: strip.astype(context.work, copy=False), values), last)


def _visible(last: Rows, alpha: Alpha) -> Rows:
    """Return the visible colours before a stage; those of transparent pixels are NaN."""
    return ZippedRows(
        lambda colours, opaque: np.where(opaque > 0, colours, np.nan), _divided(last, alpha), alpha.opacity
    )


def _divided(last: Rows, alpha: Alpha) -> Rows:
    """Return straight colours; those of the image are restored to the last bit."""
    passage = alpha.passage
    if isinstance(last, Source) and last.enter == passage.enter and not passage.on_backdrop:
        return Source(passage.image, passage.enter_visible, last.images)
    return ZippedRows(passage.divide, last, alpha.opacity)


def _of_alpha(stage: Stage) -> Stage:
    """Return the stage for the alpha that corresponds to a stage of the colours.

    The alpha is filtered too, with a border of white or by the rule. If the stage keeps no mean, the result is the
    alpha of the pixel under the anchor.
    """
    if not stage.colours.gain:
        return colour_parts.under_anchor(stage)
    window = stage.window
    return without_maps(stage)._replace(window=window._replace(fill=lambda context: window.opacity * context.full))


def _branched(
    source: Rows,
    stage: Stage,
    context: ImageContext,
    rule: Rule,
    strip_rows: int,
    jobs: int,
    beside: Sequence[Rows] = (),
) -> Rows:
    """Return the rows of a stage that takes the results of its branches for one image, and rows *beside* it."""
    inner = context._replace(rounds_to=None, kept=False, integers=stage.selects and context.whole)
    branches = [join(source, branch or [_AS_IT_IS], inner, rule, strip_rows, jobs).rows for branch in stage.branches]
    context = context._replace(height=source.height, width=source.width)
    return ZippedRows(bound_for(stage, context).function, *branches, *beside)


def _mixed(
    source: Rows, alpha: Alpha | None, stage: Stage, context: ImageContext, rule: Rule, strip_rows: int, jobs: int
) -> tuple[Rows, Alpha | None]:
    """Return the rows of a stage that mixes its branches' results for an image and its alpha, and the new alpha."""
    inner = context._replace(rounds_to=None, kept=False, integers=False)
    found = [join(source, branch or [_AS_IT_IS], inner, rule, strip_rows, jobs, alpha) for branch in stage.branches]
    function = bound_for(stage, context._replace(height=source.height, width=source.width)).function
    rows = ZippedRows(function, *(one.rows for one in found))
    if alpha is None:
        return rows, None
    opaque = [one.alpha.opacity for one in found if one.alpha is not None]
    return rows, alpha._replace(rows=ZippedRows(function, *opaque), gain=1.0)


def _crossed(
    last: Rows, stage: Stage, handling: AlphaHandling, context: ImageContext, rule: Rule, jobs: int, alpha: Alpha
) -> Rows:
    """Return the rows of a stage between two filters."""
    opaque, passage = alpha.opacity, alpha.passage
    if handling.divide:
        last = _divided(last, alpha)
    if stage.takes == "rows":
        last = _moved(last, stage, context, rule, *((opaque,) if handling.weigh else ()), strip_rows=0, jobs=jobs)
    else:
        last = _weighed(last, stage, context, rule, opaque) if handling.weigh else applied(last, stage, context, rule)
    if handling.multiply:
        last = ZippedRows(passage.multiply, last, opaque)
    if handling.backdrop:
        last = ZippedRows(lambda colours, opaque: passage.lay(colours, opaque, handling.linear), last, opaque)
    return last


def _weighed(last: Rows, stage: Stage, context: ImageContext, rule: Rule, alpha: Rows) -> Rows:
    """Return the rows of a stage whose function takes the colours and their alpha, both padded."""
    padded = stage._replace(bind=lambda context: lambda strip: strip)
    beside = padded._replace(window=_white_outside(stage, rule))
    context = context._replace(height=last.height, width=last.width)
    colours, opaque = applied(last, padded, context, rule), applied(alpha, beside, context, rule)
    return ZippedRows(bound_for(stage, context).function, colours, opaque)


def _white_outside(stage: Stage, rule: Rule) -> Window:
    """Return a stage's window for an alpha: beyond the edge it is opaque, unless the rule says otherwise."""
    window = stage.window
    opacity = window.opacity if window.border else rule.opacity
    return window._replace(border=window.border or rule.border, fill=lambda context: opacity * context.full)


_AS_IT_IS = Stage(lambda context: BoundStage(lambda strip: strip, interleaved=True), selects=True)


Apply = Callable[[Rows, Stage, ImageContext, Rule], Rows]
"""Returns the rows of a stage for other rows."""


def _over_present(
    last: Rows, stage: Stage, weights: WeightedSum, context: ImageContext, rule: Rule, apply: Apply
) -> Rows:
    """Return the rows of a weighted mean in which missing samples have no weight."""
    stage = stage._replace(weights=None)  # so that its sums come as they are
    context = context._replace(whole=False, rounds_to=None)
    above = ZippedRows(lambda strip: nan_policy.filled(strip, 0), last)
    present = ZippedRows(lambda strip: (~np.isnan(strip)).astype(strip.dtype), last)
    total, sums = (apply(rows, stage, context, rule) for rows in (above, present))
    return ZippedRows(lambda total, sums: nan_policy.divided(total, sums, weights), total, sums)


def _left_out(
    last: Rows,
    stage: Stage,
    weights: WeightedSum,
    context: ImageContext,
    rule: Rule,
    before: Rows,
    behind: Rows,
    apply: Apply,
) -> Rows:
    """Return the rows of a weighted mean of premultiplied colours, in which missing samples have no weight.

    *before* and *behind* are the alpha before and after the stage. Each channel's weights are the alpha where its
    samples are present.
    """
    stage = stage._replace(weights=None)  # so that its sums come as they are

    def present(colours: Array, opaque: Array) -> Array:
        return np.where(np.isnan(colours), 0, opaque)

    def joined(total: Array, sums: Array, opaque: Array) -> Array:
        answer = nan_policy.divided(total, sums, weights._replace(absolute=weights.absolute * context.full)) * opaque
        answer[np.broadcast_to(opaque <= 0, answer.shape)] = 0
        return answer

    above = ZippedRows(lambda colours: nan_policy.filled(colours, 0), last)
    beside = stage._replace(window=_white_outside(stage, rule))
    total, sums = (
        apply(above, stage, context, rule),
        apply(ZippedRows(present, last, before), beside, context, rule),
    )
    return ZippedRows(joined, total, sums, behind)
