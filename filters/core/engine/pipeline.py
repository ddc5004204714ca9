"""Stages joined into a pipeline that computes rows when they are asked for.

Each stage asks the one above it for the rows that it must see, and surrounds them by the border rule. A stage
sees the border of its own input, so a pipeline gives what its stages would give one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from .. import native
from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ImageError
from . import borders, colour_parts, nan_policy
from .borders import Rule
from .stage import (
    NO_HALO,
    AlphaHandling,
    BoundStage,
    Halo,
    ImageContext,
    Rows,
    Stage,
    Values,
    WeightedSum,
    Window,
    by_field,
    fields_of,
    without_maps,
)
from .strips import each_strip
from .working_space import Passage

MAX_STRIP_SAMPLES = 1 << 28
"""Most samples of a channel that a strip may need with its halo: 1 to 2 GiB."""
SHEET_COLUMNS = 1 << 10
"""Columns up to which small images lie side by side: long rows are computed several times as fast as short ones."""
ACROSS = 1 << 5
"""As many images side by side, or twice as many and so on, or half as many, are all that are asked for at a time."""
EDGE_BYTES = 64
"""Least bytes of the results in a row of the edges: a vector. At 12 MP fewer add up to 1.2 ms to an erosion."""


class Source(Rows):
    """The image itself, as *enter* hands out its rows."""

    def __init__(self, image: Array, enter: Callable[[int, int], Array], images: int = 1) -> None:
        self.height, self.width, self.images = image.shape[0] // images, image.shape[1], images
        self.image, self.enter = image, enter

    @property
    def untouched(self) -> Array | None:
        """The whole image, where rows are parts of it and no copies; else None."""
        if not np.may_share_memory(self.enter(0, 1), self.image):
            return None
        return self.enter(0, self.height)

    def rows(self, start: int, stop: int) -> Values:
        """Return rows of the image."""
        return self.enter(start, stop)


class PartOfSource(Source):
    """A part of the image's channels, in the image's own type."""

    def __init__(self, source: Source, take: Callable[[Array], Array]) -> None:
        self.height, self.width, self.images = source.height, source.width, source.images
        self.image = source.image
        self.enter = lambda start, stop: take(source.rows(start, stop))


class StageRows(Rows):
    """A stage applied to the rows above it."""

    def __init__(self, above: Rows, stage: Stage, context: ImageContext, rule: Rule) -> None:
        self.above, self.images, self.stride = above, above.images, stage.window.stride
        self.halo, self.padding = stage.window.halo, stage.window.around
        self.rule = stage.window.rule(context, rule)
        context = context._replace(height=above.height, width=above.width)
        own = _bound(stage, context)
        self.own, self.preferred_rows, self.saturates = own, own.rows, own.saturates
        self.work = own.work or (context.own_type if stage.selects else context.work)
        # Samples of float32 that are picked stay so: an erosion of 15×15 takes 2.7 ns a sample in place of 4.6.
        self.narrow = stage.picks and self.work == np.float64 and self.rule.border != "constant"
        where = f"{stage.step}: " if stage.step else ""
        self.width = stage.window.results(above.width, axis=0)
        self.height = stage.window.results(above.height, axis=1)
        seen = self.halo
        if min(self.width, self.height) < 1:
            raise ImageError(
                f"{where}the image, {above.width}×{above.height}, is smaller than the filter's window, "
                f"{_size_of(seen)}; more --padding would help"
            )
        if own.extra != NO_HALO:
            self.halo, self.padding = seen.wider(own.extra), self.padding.wider(own.extra)
        # The strips of another stage may be handed on as they are; samples of the image must be converted first.
        self.bare = not isinstance(above, Source) and (*self.halo, *self.padding, *self.stride) == (*([0] * 8), 1, 1)
        around = (16 + self.halo.top + self.halo.bottom) * (self.width + self.halo.left + self.halo.right)
        if around > MAX_STRIP_SAMPLES:
            raise ImageError(
                f"{where}the filter's window, {_size_of(seen)}, is too large: a strip and what it sees around it hold "
                f"{around} samples, the limit is {MAX_STRIP_SAMPLES}; a smaller sigma, size or dilation would help"
            )

    def rows(self, start: int, stop: int) -> Values:
        """Return rows of the stage's result."""
        if self.images > 1:
            return self._of_images(start // self.height, stop // self.height, {})
        if self.own.anchored:
            step = self.preferred_rows
            first, last = start // step * step, min(-(-stop // step) * step, self.height)
            if (first, last) != (start, stop):
                return by_field(lambda strip: strip[start - first : stop - first], self.rows(first, last))
        where = (start,) if self.own.placed else ()
        if self.bare:
            return self.own.function(self.above.rows(start, stop), *where)
        first, last = self._seen(start, stop)
        left, right = self._beside()
        groups = borders.seen(first, last, self.above.height, self.rule.border)
        starts = [group[0] for group in groups]
        parts = [self.above.rows(*group) for group in groups]

        def surrounded(*strips: Array) -> Array:
            laid = list(zip(starts, strips, strict=True))
            rows = first, last, self.above.height
            work = np.float32 if self.narrow and strips[0].dtype == np.float32 else self.work
            return borders.surround(laid, rows, left, right, work, self.rule, self.own.interleaved)

        strip = by_field(surrounded, *parts)
        del parts  # of several stages in a row each would keep one
        return self.own.function(strip, *where)

    def _of_images(self, first: int, last: int, places: Mapping[str, Array]) -> Values:
        """Return the results of whole images, in the *places* of their fields where they fit.

        They are computed from one strip, in which the images lie in rows and columns, each with its own border.
        """
        given = self.above.rows(first * self.above.height, last * self.above.height)
        if self.bare and not self.own.placed:
            return self.own.function(given)
        count, laid = last - first, {}
        fit = max(1, SHEET_COLUMNS // (self.width * self.stride[0] + self.halo.left))
        # A power of two, of which an executor asks for a multiple: a rest has a call of its own.
        across = 1 if self.own.placed else 1 << (fit.bit_length() - 1)
        whole = count // across * across
        found: Values = None
        for start, stop, columns in ((0, whole, across), (whole, count, 1 if self.own.placed else count - whole)):
            if start == stop:
                continue
            found = self._of_sheet(given, start, stop, columns)
            for name, values in fields_of(found).items():
                if values is None:
                    continue
                if name not in laid:
                    size, place = (count * self.height, *values.shape[3:]), places.get(name)
                    fits = place is not None and place.dtype == values.dtype
                    laid[name] = place if fits else np.empty(size, values.dtype)
                rows = laid[name][start * self.height : stop * self.height]
                np.copyto(rows.reshape(values.shape), values)
        return found._make(map(laid.get, found._fields)) if hasattr(found, "_make") else laid["image"]

    def _of_sheet(self, given: Values, start: int, stop: int, across: int) -> Values:
        """Return the results of some images, *across* of which lie side by side: ``(down, across, height, …)``."""
        (left, _), (top, bottom), (sx, sy) = self._beside(), self._seen(0, self.height), self.stride
        wide = (self.width - 1) * sx + self.halo.left + self.halo.right + 1
        # So many results lie from one image to the next.
        x, y = -(-wide // sx), -(-(bottom - top) // sy)
        high, width = self.above.height, self.above.width

        def sheet(strip: Array) -> Array:
            # Copied first: what is taken in short pieces is then in the cache, 0.2 µs of 1 an image of 28×28.
            images = strip[start * high : stop * high].copy().reshape(-1, across, high, *strip.shape[1:])
            work = np.float32 if self.narrow and strip.dtype == np.float32 else self.work
            rows, right = (top, top + y * sy, high), x * sx - left - width
            laid = borders.surround([(0, images)], rows, left, right, work, self.rule, self.own.interleaved)
            return laid.swapaxes(1, 2).reshape(-1, across * x * sx, laid.shape[4])

        strip = by_field(sheet, given)
        if self.own.placed:
            seen, step = bottom - top, y * sy
            alone = (
                self.own.function(by_field(lambda tall, at=at: tall[at : at + seen], strip), 0)
                for at in range(0, (stop - start) * step, step)
            )
            return by_field(lambda *images: np.stack(images)[:, None], *alone)

        def results(found: Array) -> Array:
            row, column, channel = found.strides
            size = (stop - start) // across, across, self.height, self.width, found.shape[2]
            return np.lib.stride_tricks.as_strided(found, size, (y * row, x * column, row, column, channel))

        return by_field(results, self.own.function(strip))

    def _beside(self) -> tuple[int, int]:
        """Return how many columns past the edges, left and right, all results of a row see."""
        left = self.padding.left
        seen = (self.width - 1) * self.stride[0] + self.halo.left + self.halo.right + 1
        return left, seen - left - self.above.width

    def _seen(self, start: int, stop: int) -> tuple[int, int]:
        """Return the rows above that the rows ``start … stop-1`` see, some of them maybe past the edges."""
        first = start * self.stride[1] - self.padding.top
        return first, (stop - 1) * self.stride[1] - self.padding.top + self.halo.top + self.halo.bottom + 1

    def write(self, start: int, stop: int, places: Mapping[str, Array]) -> dict[str, Array]:
        """Compute rows of the stage's result, and return its fields; one whose type is that of its place is there.

        What sees no border is computed from the image itself, without a copy: of 12 MP in 8 bits an erosion of 3×3
        takes 2.2 ms so in place of 4.3.
        """
        laid: dict[str, Array] = {}
        if self.images > 1:
            found = fields_of(self._of_images(start // self.height, stop // self.height, places))
            return {name: values for name, values in found.items() if values is not None}
        for columns, compute in self._parts(start, stop):
            with native.results_in({name: place[:, columns] for name, place in places.items()}):
                found = fields_of(compute())
            for name, values in found.items():
                if values is None:
                    continue
                if name not in laid:
                    size = stop - start, self.width, values.shape[2]
                    if name in places and places[name].dtype == values.dtype:
                        laid[name] = places[name]
                    else:
                        laid[name] = values if values.shape == size else np.empty(size, values.dtype)
                place = laid[name][:, columns]
                if not np.may_share_memory(values, place):
                    np.copyto(place, values)
        return laid

    def _parts(self, start: int, stop: int) -> Iterator[tuple[slice, Callable[[], Values]]]:
        """Yield what computes some rows: all columns, or the middle, from the image itself, and then the edges."""
        first, last = self._seen(start, stop)
        left, right = self.halo.left, self.halo.right
        unpadded = self.halo == self.padding and self.stride == (1, 1) and first >= 0 and last <= self.above.height
        apart = self.own.anywhere and unpadded and self.width > 3 * (left + right)
        seen = self.above.rows(first, last) if apart else None
        if seen is None or seen.dtype != self.work:
            yield slice(None), lambda: self.rows(start, stop)
            return
        yield slice(left, self.width - right), lambda: self.own.function(seen)
        if left + right:
            edge = left + right
            wide = max(edge, EDGE_BYTES // seen.dtype.itemsize - edge)
            strip = borders.beside(seen, ((-left, wide), (self.width - edge, self.width + right)), self.rule)
            found = self.own.function(strip)
            end = wide + edge  # for what is between the edges' results nobody asks
            yield slice(left), lambda: by_field(lambda values: values[:, :left], found)
            yield slice(self.width - right, self.width), lambda: by_field(lambda own: own[:, end - right : end], found)


def _size_of(window: Halo) -> str:
    return f"{window.left + window.right + 1}×{window.top + window.bottom + 1}"


class ZippedRows(Rows):
    """Rows that a function makes of those of several images of one size."""

    def __init__(self, function: Callable[..., Values], *images: Rows) -> None:
        self.function, self.zipped = function, images
        self.height, self.width, self.images = images[0].height, images[0].width, images[0].images

    def rows(self, start: int, stop: int) -> Values:
        """Return rows of the result."""
        return self.function(*(image.rows(start, stop) for image in self.zipped))


class Alpha(NamedTuple):
    """The alpha beside an image whose colours are multiplied by it."""

    rows: Rows
    passage: Passage
    gain: float = 1.0
    """How many times the stages before made it what it is."""

    @property
    def opacity(self) -> Rows:
        """The alpha as white has it."""
        return self.rows if self.gain == 1 else ZippedRows(lambda strip: strip / self.gain, self.rows)


class Whole(Rows):
    """Rows that are all computed at once, and kept."""

    def __init__(self, values: Values, height: int, width: int) -> None:
        self.values, self.height, self.width = values, height, width

    def rows(self, start: int, stop: int) -> Values:
        """Return rows that were kept."""
        return by_field(lambda strip: strip[start:stop], self.values)


def computed(source: Rows, strip_rows: int, jobs: int) -> Whole:
    """Compute all rows of *source*, strip by strip."""
    whole: Values = None

    def keep(start: int, stop: int) -> None:
        nonlocal whole
        # The image is computed where it is kept: its alpha's multiplication takes 60 ms at 12 MP in place of 80.
        place = whole[start:stop] if isinstance(source, Source) and whole is not None else None
        with native.results_in({} if place is None else {"image": place}):
            values = source.rows(start, stop)
        if place is not None and np.may_share_memory(values, place):
            return
        if whole is None:
            whole = by_field(lambda strip: np.empty((source.height, *strip.shape[1:]), strip.dtype), values)

        def copy(strip: Array, kept: Array) -> Array:
            kept[start:stop] = strip
            return kept

        by_field(copy, values, whole)

    each_strip(source.height, strip_rows, jobs, keep)
    return Whole(whole, source.height, source.width)


def join(
    source: Rows,
    stages: Sequence[Stage],
    context: ImageContext,
    rule: Rule,
    strip_rows: int,
    jobs: int,
    alpha: Alpha | None = None,
) -> tuple[Rows, Alpha | None]:
    """Return the rows that *stages* make of *source*, and the *alpha* that they leave beside them.

    A stage that needs the whole image runs at once. Several images have no alpha, where a stage takes them one by one.
    """
    if source.images == 1 or all(taken_together(stage) for stage in stages):
        return _joined(source, stages, context, rule, strip_rows, jobs, alpha)[:2]
    assert alpha is None
    last, whole = source, context.whole
    for first, end, together in _parts_of_stack(stages):
        own = context._replace(whole=whole)
        if end < len(stages):
            own = own._replace(rounds_to=None, kept=False, integers=stages[end].selects)
        if together:
            last, _, whole = _joined(last, stages[first:end], own, rule, strip_rows, jobs)
        else:
            apart = all(_of_channels(stage, own, rule) for stage in stages[first:end])
            each = (AsChannels if apart else OneByOne)(last, stages[first:end], own, rule, strip_rows)
            last, whole = each, each.whole
    return last, None


def taken_together(stage: Stage) -> bool:
    """Whether a stage takes several images as one strip."""
    return stage.takes == "strips" and stage.survey is None and not stage.by_name


def _of_channels(stage: Stage, context: ImageContext, rule: Rule) -> bool:
    """Whether a stage takes several images as the channels of one: what lies past the edge has no channels then."""
    alike = not isinstance(stage.window.rule(context, rule).fill, tuple)
    return stage.by_channel and stage.survey is None and not stage.by_name and alike


def _parts_of_stack(stages: Sequence[Stage]) -> Iterator[tuple[int, int, bool]]:
    """Yield where rows of stages begin and end that take images together, or one by one.

    What lies between two marks is not divided, nor what follows one that nothing is put back for.
    """
    units: list[tuple[int, int, bool]] = []
    first = 0
    while first < len(stages):
        end, mark = first + 1, stages[first].mark
        if mark is not None and mark.begins:
            ends = (n for n, stage in enumerate(stages[end:], 1) if stage.mark is not None and not stage.mark.begins)
            end += next(ends, len(stages) - end)
        together = all(taken_together(stage) for stage in stages[first:end])
        if units and units[-1][2] and together:
            first = units.pop()[0]
        units.append((first, end, together))
        first = end
    yield from units


class OneByOne(Rows):
    """What stages make of several images, of which they take each by itself."""

    def __init__(self, above: Rows, stages: Sequence[Stage], context: ImageContext, rule: Rule, rows: int) -> None:
        self.above, self.stages, self.context, self.rule, self.strip_rows = above, stages, context, rule, rows
        self.images = above.images
        self.found = self._of(0, 1)  # computed before, at times
        one, self.whole = self.found
        self.height, self.width, self.saturates = one.height, one.width, one.saturates

    def _of(self, first: int, last: int) -> tuple[Rows, bool]:
        """Return what the stages make of one image, and whether its samples are whole numbers."""
        context, size = self.context, self.above.height
        context = context._replace(name=context.names[first], facts=[])
        found = _joined(self._part(first * size, last * size), self.stages, context, self.rule, self.strip_rows, 1)
        return found[0], found[2]

    def _part(self, start: int, stop: int) -> Rows:
        """Return one of the images."""
        above = self.above

        def part(first: int, last: int) -> Values:
            return above.rows(start + first, start + last)

        if isinstance(above, Source):
            return Source(above.image[start:stop], part)
        return Whole(part(0, stop - start), stop - start, above.width)

    def rows(self, start: int, stop: int) -> Values:
        """Return the results of whole images."""
        of = (
            self._of(number, number + 1) if number else self.found
            for number in range(start // self.height, stop // self.height)
        )

        def joined(*images: Array) -> Array:
            # Those of one colour are a single pixel.
            size = self.height, self.width
            return np.concatenate([np.broadcast_to(one, (*size, *one.shape[2:])) for one in images])

        return by_field(joined, *(one.rows(0, self.height) for one, _ in of))


class AsChannels(OneByOne):
    """What stages make of several images, which they take as the channels of one.

    Of 28×28 pixels in 8 bits a flip takes 0.4 µs each so in place of 22, and a resize to half the size 1.4 in place of
    58.
    """

    def _part(self, start: int, stop: int) -> Rows:
        """Return some of the images as one, whose channels they are."""
        above = self.above
        high, wide = above.height, above.width

        def beside(strip: Array) -> Array:
            planes = strip.reshape(-1, high, wide, strip.shape[2]).transpose(0, 3, 1, 2)
            return planes.reshape(-1, high, wide).transpose(1, 2, 0)

        planes = by_field(beside, above.rows(start, stop))
        if isinstance(above, Source):
            return Source(planes, lambda first, last: planes[first:last])
        return Whole(planes, high, wide)

    def rows(self, start: int, stop: int) -> Values:
        """Return the results of whole images."""
        first, last = start // self.height, stop // self.height

        def below(strip: Array) -> Array:
            planes = np.broadcast_to(strip, (self.height, self.width, *strip.shape[2:])).transpose(2, 0, 1)
            images = planes.reshape(last - first, -1, self.height, self.width).transpose(0, 2, 3, 1)
            return images.reshape(-1, self.width, images.shape[3])

        return by_field(below, self._of(first, last)[0].rows(0, self.height))


def _joined(
    source: Rows,
    stages: Sequence[Stage],
    context: ImageContext,
    rule: Rule,
    strip_rows: int,
    jobs: int,
    alpha: Alpha | None = None,
) -> tuple[Rows, Alpha | None, bool]:
    """Return also whether all samples are whole numbers."""
    last, whole = source, context.whole
    parted = 0, last, alpha
    single, taken, callers = "", "", rule
    for number, stage in enumerate(stages):
        if single in colour_parts.PRIMARIES:
            stage = colour_parts.with_fill_of(single, stage)
        final = number == len(stages) - 1 or (bool(single) and _puts_back_unchanged(stages[number + 1 :]))
        integers = context.integers or context.rounded if final else stages[number + 1].selects
        own = nan_policy.context_for(stage, context)
        alike = whole and stage.window.rule(own, rule).is_whole(own.most, own.colours == "gray")
        own = own._replace(whole=alike, integers=integers and alike)
        if not final:
            own = own._replace(rounds_to=None, kept=False)
        if stage.step:
            own = own._replace(name=f"{stage.step}: {context.name}")
        if taken and taken != "chroma":
            own = own._replace(colours="gray")
        begins_single = stage.mark is not None and stage.mark.begins and stage.mark.part in colour_parts.SINGLE
        whole = alike and (stage.selects or begins_single)
        handling, weights = stage.colours.alpha, stage.weights
        if context.finite and handling is not None and handling.missing:
            continue
        before = () if alpha is None else (alpha.opacity,)
        if stage.survey is not None:
            with np.errstate(invalid="ignore", over="ignore"):  # as in a strip
                own = own._replace(survey_result=stage.survey(own, last if alpha is None else _visible(last, alpha)))
        if begins_single and stage.mark is not None:
            parted, single = (number, last, alpha), stage.mark.part
            taken = single
            rule = rule._replace(fill=colour_parts.fill_of(single, rule.fill))
            where = f"{stage.step}: " if stage.step else ""
            take = colour_parts.take_out(stage.mark, own, where)
            if single == colour_parts.ALPHA:
                if alpha is None:
                    raise ImageError(f"{where}the image has no alpha, which --channels A filters")
                last, alpha, whole = _samples_of(alpha, whole)
            elif isinstance(last, Source):
                last = PartOfSource(last, take)
            else:
                last = ZippedRows(take, last)
            continue
        if stage.mark is not None and stage.mark.part == colour_parts.ALPHA:
            _, colours, before_it = parted
            assert before_it is not None
            last, alpha = _with_new_alpha(colours, before_it, last, stage, own)
            single, taken, rule = "", "", callers
            continue
        if stage.mark is not None and stage.mark.begins:
            parted, taken = (number, last, alpha), stage.mark.part
            last = ZippedRows(colour_parts.take_out(stage.mark, own), last, *before)
            continue
        if stage.mark is not None:
            first, colours, alpha = parted
            between = stages[first + 1 : number]
            if not colour_parts.keeps_places(between):
                anchors = [colour_parts.under_anchor(inner) for inner in between]
                colours, alpha = join(colours, anchors, own, rule, strip_rows, jobs, alpha)
            alphas = () if alpha is None else (alpha.opacity, *before)
            saturates, single, taken, rule = last.saturates, "", "", callers
            last = ZippedRows(colour_parts.put_back(stage.mark, own), last, colours, *alphas)
            last.saturates = saturates
            continue
        if stage.mixes:
            last, alpha = _mixed(last, alpha, stage, own, rule, strip_rows, jobs)
            continue
        behind = alpha
        if alpha is not None and stage.alpha is not None:
            rows, _ = join(alpha.opacity, [stage.alpha], context, rule, strip_rows, jobs)
            behind = alpha._replace(rows=rows, gain=1.0)
        elif alpha is not None and handling is None:
            above = _of_alpha(stage)
            rows, _ = join(alpha.rows, [above], context, rule.of_alpha(context.full), strip_rows, jobs)
            behind = alpha._replace(rows=rows)
        if behind is not None:
            behind = behind._replace(gain=behind.gain * (stage.colours.gain or 1))
        if stage.branches:
            beside = before if handling is not None and handling.weigh else ()
            last = _branched(last, stage, own, rule, strip_rows, jobs, beside)
        elif (stage.takes == "rows" and (alpha is None or handling is None)) or (
            stage.takes == "image" and stage.extent is not None
        ):
            apply = partial(_moved, strip_rows=strip_rows, jobs=jobs)
            if not own.ignoring or weights is None:
                last = apply(last, stage, own, rule)
            elif alpha is None or behind is None:
                last = _over_present(last, stage, weights, own, rule, apply)
            else:
                last = _left_out(last, stage, weights, own, rule, alpha.opacity, behind.opacity, apply)
        elif stage.takes == "image":
            applied = StageRows(computed(_of_one_type(last, own), strip_rows, jobs), stage, own, rule)
            last = Whole(applied.rows(0, applied.height), applied.height, applied.width)
        elif alpha is None or behind is None:
            last = StageRows(last, stage, own, rule)
        elif handling is not None:
            last = _crossed(last, stage, handling, own, rule, jobs, alpha)
        elif own.ignoring and weights is not None and not weights.relative:
            last = _left_out(last, stage, weights, own, rule, alpha.opacity, behind.opacity, StageRows)
        else:
            last = StageRows(last, stage, own, rule)
        alpha = None if stage.colours.gain is None else behind
    return last, alpha, whole


def _puts_back_unchanged(stages: Sequence[Stage]) -> bool:
    """Whether nothing follows but that one channel is put back as it is."""
    mark = stages[0].mark if len(stages) == 1 else None
    return mark is not None and not mark.begins and mark.bias == mark.white_offset == 0


def _samples_of(alpha: Alpha, whole: bool) -> tuple[Rows, None, bool]:
    """Return an alpha as an image that has none, and whether its samples are whole numbers: in their type, if so."""
    passage = alpha.passage
    if not isinstance(alpha.rows, Source) or passage.alpha is None:
        return alpha.opacity, None, whole
    samples = passage.alpha[..., None]
    return Source(samples, lambda start, stop: samples[start:stop], alpha.rows.images), None, samples.dtype.kind == "u"


def _with_new_alpha(
    colours: Rows, alpha: Alpha, found: Rows, stage: Stage, context: ImageContext
) -> tuple[Rows, Alpha]:
    """Return the colours multiplied by what was *found* of their alpha in place of that, and it."""
    assert stage.mark is not None
    passage, opaque = alpha.passage, ZippedRows(colour_parts.new_alpha(stage.mark, context), found)
    # What could not be seen has its colours in the image alone.
    if isinstance(colours, Source):
        straight: Rows = Source(passage.image, passage.enter_straight, colours.images)
    else:
        straight = ZippedRows(passage.divide, colours, alpha.opacity)
    return ZippedRows(passage.multiply, straight, opaque), alpha._replace(rows=opaque, gain=1.0)


def _moved(
    last: Rows, stage: Stage, context: ImageContext, rule: Rule, *beside: Rows, strip_rows: int, jobs: int
) -> Rows:
    """Return the rows of a stage that takes rows, maybe more *beside*, or of one that says its result's size."""
    rule = stage.window.rule(context, rule)
    context = context._replace(height=last.height, width=last.width, rule=rule, jobs=jobs)
    extent = stage.result_of(last.width, last.height)
    function = _bound(stage, context).function
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
    """Return rows all of which have one type, though the value of missing samples stands in some of them alone."""
    # What a stage computes has one type, as the classes of Canny have, and what is kept.
    if context.finite or isinstance(last, StageRows | Whole):
        return last
    return ZippedRows(lambda values: by_field(lambda strip: strip.astype(context.work, copy=False), values), last)


def _visible(last: Rows, alpha: Alpha) -> Rows:
    """Return the colours before a stage as they are seen, those that cannot be as NaN."""
    return ZippedRows(
        lambda colours, opaque: np.where(opaque > 0, colours, np.nan), _divided(last, alpha), alpha.opacity
    )


def _divided(last: Rows, alpha: Alpha) -> Rows:
    """Return colours out of their alpha: those of the image as they were before, to the last bit."""
    passage = alpha.passage
    if isinstance(last, Source) and last.enter == passage.enter and not passage.on_backdrop:
        return Source(passage.image, passage.enter_visible, last.images)
    return ZippedRows(passage.divide, last, alpha.opacity)


def _of_alpha(stage: Stage) -> Stage:
    """Return what becomes of the alpha in a stage of the colours.

    It is filtered too, its own border white, or what the rule says; where the stage has no mean, it is that of the
    pixel under the anchor.
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
    """Return the rows that a stage makes of what its branches make of one image, and of what stands *beside* it."""
    inner = context._replace(rounds_to=None, kept=False, integers=stage.selects and context.whole)
    branches = [join(source, branch or [_AS_IT_IS], inner, rule, strip_rows, jobs)[0] for branch in stage.branches]
    context = context._replace(height=source.height, width=source.width)
    return ZippedRows(_bound(stage, context).function, *branches, *beside)


def _mixed(
    source: Rows, alpha: Alpha | None, stage: Stage, context: ImageContext, rule: Rule, strip_rows: int, jobs: int
) -> tuple[Rows, Alpha | None]:
    """Return the rows of a stage that mixes what its branches make of an image and of its alpha, and the new alpha."""
    inner = context._replace(rounds_to=None, kept=False, integers=False)
    found = [join(source, branch or [_AS_IT_IS], inner, rule, strip_rows, jobs, alpha) for branch in stage.branches]
    function = _bound(stage, context._replace(height=source.height, width=source.width)).function
    rows = ZippedRows(function, *(colours for colours, _ in found))
    if alpha is None:
        return rows, None
    opaque = [behind.opacity for _, behind in found if behind is not None]
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
        last = _weighed(last, stage, context, rule, opaque) if handling.weigh else StageRows(last, stage, context, rule)
    if handling.multiply:
        last = ZippedRows(passage.multiply, last, opaque)
    if handling.backdrop:
        last = ZippedRows(lambda colours, opaque: passage.lay(colours, opaque, handling.linear), last, opaque)
    return last


def _weighed(last: Rows, stage: Stage, context: ImageContext, rule: Rule, alpha: Rows) -> Rows:
    """Return the rows of a stage whose function is given the colours and their alpha, both padded."""
    padded = stage._replace(bind=lambda context: lambda strip: strip)
    beside = padded._replace(window=_white_outside(stage, rule))
    context = context._replace(height=last.height, width=last.width)
    colours, opaque = StageRows(last, padded, context, rule), StageRows(alpha, beside, context, rule)
    return ZippedRows(_bound(stage, context).function, colours, opaque)


def _white_outside(stage: Stage, rule: Rule) -> Window:
    """Return a stage's window over an alpha: what lies past the edge is opaque, unless the rule says otherwise."""
    window = stage.window
    opacity = window.opacity if window.border else rule.opacity
    return window._replace(border=window.border or rule.border, fill=lambda context: opacity * context.full)


_AS_IT_IS = Stage(lambda context: BoundStage(lambda strip: strip, interleaved=True), selects=True)


Apply = Callable[[Rows, Stage, ImageContext, Rule], Rows]
"""Returns the rows that a stage makes of others."""


def _over_present(
    last: Rows, stage: Stage, weights: WeightedSum, context: ImageContext, rule: Rule, apply: Apply
) -> Rows:
    """Return the rows of a weighted mean in which a missing sample has no weight."""
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
    """Return the rows of a weighted mean of colours times their alpha, where a missing sample has no weight.

    *before* and *behind* the stage are the alpha. The weights, each channel's own, are the alpha where samples are.
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


def _bound(stage: Stage, context: ImageContext) -> BoundStage:
    """Bind a stage, and convert what it selects to the work type unless it may stay in the image's own."""
    own = nan_policy.bound_leaving_out(stage, context)
    if not stage.selects or context.integers:
        return own
    if context.kept and stage.extent is not None:
        return own
    if stage.takes == "rows":
        convert = lambda strip: strip.astype(context.work, copy=False)  # noqa: E731
        return own._replace(function=lambda rows: ZippedRows(convert, own.function(rows)))
    return own._replace(function=lambda *given: own.function(*given).astype(context.work, copy=False))
