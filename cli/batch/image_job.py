"""The work on one image: read, filter, write all its outputs or none."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from ...filters.core.engine import executor, geometry, moved_original, nan_policy
from ...filters.core.engine.colour import ColourModel
from ...filters.core.engine.output_buffer import Canvas, CanvasFactory, Output
from ...filters.core.engine.quantize import Encoding, hue_legend
from ...filters.core.engine.stack import suits_stack
from ...filters.core.engine.stage import Stage, total_gain
from ...filters.core.engine.working_space import Settings
from ...filters.core.filter import INDEX, Names, check_white, name_of
from ...filters.core.parameters import ImageError
from ..console import faults
from ..console.messages import shown
from ..console.report import DEPTHS, Report
from ..console.slow_image import Progress
from ..errors import FileError
from ..file_identity import Identity
from ..images import encode, formats, memory_budget, output_colour
from ..images.atomic_write import Transaction, place_of
from ..images.labels import joined
from ..images.metadata import Metadata
from ..images.picture import Expected, Picture
from ..images.reader import naming
from ..images.source import Source
from . import memory_need, surprises, white_notes
from .changed_input import backdate, check_replaced
from .frame_output import SHEET, Computed, Missing, kept_of, opened_as, writable
from .frame_summary import Summary
from .job_options import JobOptions
from .other_pictures import OtherPictures, named
from .plan import Job
from .recipe import Recipe
from .rendering import Rendering
from .streaming import Streaming

ON_A_PAGE = 3
"""Bytes per sample of a picture on a page: before and after in 8 bits, and the result, which is not streamed."""


class ImageProcessor:
    """The work on every image of a batch."""

    def __init__(self, recipe: Recipe, maps: tuple[str, ...], options: JobOptions) -> None:
        self.recipe, self.maps, self.options = recipe, maps, options
        self.rendering = Rendering(recipe, maps, options)
        self.stages = self.rendering.stages
        self.is_drawn = False
        """The recipe was drawn: nobody chose its numbers, or can choose others."""
        self.progress: Progress | None = None
        """Receives the progress of an image; None in a process of its own."""
        self.parts = {step.values["channels"] for step in recipe.steps}
        self.is_picture = not maps and total_gain(self.stages) is not None
        self.others = OtherPictures(recipe, options.render.max_pixels)
        self.has_others = any(named(recipe))
        self._drawn: tuple[Any, Any, Recipe, ImageProcessor | None] | None = None
        """The last variant of an augmentation: its key, the drawn numbers, its recipe, and its processor."""
        self._of_filters: dict[tuple[str, ...], ImageProcessor] = {}
        """The processors by the filters of their recipe, whatever the numbers."""
        self.decoded: tuple[str, Picture, Source] | None = None
        """The picture of the last variant, the name of its file, and its contents."""
        self.draws: Any = None
        """Draws numbers for the images of augmented data sets."""
        self._of_colours: dict[ColourModel, ImageProcessor] = {}
        self._foreseen: dict[tuple[Any, ...], float] = {}
        """The bytes that small pictures of each kind need."""

    @property
    def spreads_nan(self) -> bool:
        """Whether all filters spread missing samples."""
        return all(step.values["nan"] == nan_policy.PROPAGATE for step in self.recipe.steps)

    @property
    def _streaming(self) -> Streaming:
        return Streaming(self.stages, self.options, self.maps)

    def __reduce__(self) -> tuple[Any, ...]:
        # The stages hold functions, which are built again in the other process.
        return ImageProcessor, (self.recipe, self.maps, self.options)

    def prepare(self, job: Job) -> None:
        """Import what a job needs, judged by its file names; processes that are forked from this one share it."""
        with contextlib.suppress(Exception):  # a missing library is reported for the images that need it
            own = formats.of_name(job.input.name)
            if own is not None:
                own.codec.prepare(b"")
            for output, target in job.targets.items():
                if target.format is not None:
                    self._canvas(output, target.format, Metadata())

    def look_at(self, rows: tuple[int, int]) -> None:
        """Keep results in memory; outside these *rows* they may hold anything."""
        self.options = self.options._replace(render=self.options.render._replace(in_memory=rows))

    def single(self, job: Job, picture: Picture) -> Report:
        """Filter the one frame of a picture, and write all its outputs."""
        computed = self.exhibited(job, picture, self.computed(job, picture, alone=True))
        picture.pixels = picture.alpha = None  # frees the memory for the encoders
        moved = None
        with Transaction(self.options.write.read) as transaction:
            notes = picture.notes + self.write(transaction, job, computed, picture.metadata)
            if job.attached is not None:
                from .annotations import carried  # few calls have masks or boxes

                moved, said = carried.write(transaction, job, computed, picture.orientation, self.options)
                notes += said
            if picture.labels is not None:
                from . import labels  # few pictures have some

                notes += labels.write(transaction, job, picture.labels, computed.formats_of, self.options.write)
            check_replaced(job)
            transaction.commit()
            notes += transaction.notes
        backdate(job, job.targets.values())
        done = self.begin_report()
        done.add(computed)
        return self.report(job, done, notes)._replace(annotations=moved)

    def computed(self, job: Job, picture: Picture, alone: bool = False) -> Computed:
        """Filter one frame, which is *alone* in its files or one of several; raises FileError."""
        if job.variants:
            from .augment import samples  # only one command has them

            return samples.computed(self, job, picture)
        if job.variant is not None:
            return self._variant(job, picture)
        try:
            if picture.palette is not None or INDEX in self.parts:
                self._take_numbers(picture)
            with naming(job.input.name):  # rows may be read while they are filtered
                return self._for(picture)._with_others(job, picture)._computed(job, picture, alone)
        except ImageError as error:
            raise FileError(shown(job.input.name), str(error)) from None

    def exhibited(self, job: Job, picture: Picture, computed: Computed) -> Computed:
        """Return a frame with its pictures for the page, if the call writes one; raises FileError."""
        if not job.page_share:
            return computed
        from . import exhibited  # few calls write one

        try:
            return computed._replace(
                exhibit=exhibited.exhibit_of(picture, computed, job.page_share, self.options.cores)
            )
        except MemoryError:
            raise FileError(shown(job.input.name), faults.NO_MEMORY) from None

    def _variant(self, job: Job, picture: Picture) -> Computed:
        """Filter one frame with the recipe drawn for it; raises FileError."""
        from .augment import samples, small, variants  # only one command has them

        assert job.variant is not None
        # All frames of a file share one draw; each image of a data set has its own.
        number = picture.number if formats.FORMATS[picture.format].data_set else 0
        drawn = job.input, job.variant, number
        if self._drawn is None or self._drawn[0] != drawn:
            height, width, channels = picture.pixels.shape
            name = name_of(job.input.place, number)
            found = samples.drawn_for(self, job, [name], [job.variant], (width, height, channels))
            [recipe] = found.recipes().values()
            self._drawn = drawn, found, recipe, None
        _, found, recipe, processor = self._drawn
        computed = None
        if processor is None and small.takes(self.options, job, picture):
            computed = small.computed(self, job, picture, found, recipe)
        if computed is None:
            processor = processor or self.of_recipe(recipe)
            self._drawn = drawn, found, recipe, processor
            computed = processor.computed(variants.alone(job, recipe), picture)
        return computed._replace(drawn=variants.described(recipe))

    def like(self, recipe: Recipe) -> ImageProcessor:
        """Return the processor for a recipe of the same filters, perhaps with other numbers."""
        names = tuple(step.name for step in recipe.steps)
        if names not in self._of_filters:
            self._of_filters[names] = self.of_recipe(recipe)
        return self._of_filters[names]

    def rendered(self, job: Job, picture: Picture) -> tuple[dict[str, formats.Format], dict[str, Encoding]]:
        """Return the formats of a picture's outputs, and how values become samples of them; raises FileError."""
        formats_of = self._formats_of(job, picture)
        return formats_of, self.rendering.encodings(picture, job.targets, formats_of, None)

    def of_recipe(self, recipe: Recipe, stages: tuple[Stage, ...] = ()) -> ImageProcessor:
        """Return the processor for another recipe, without maps; or for *stages* that each image has of its own.

        In the latter case the recipe is that of the first image.
        """
        processor = ImageProcessor(recipe, (), self.options)
        processor.progress, processor.is_drawn = self.progress, True
        processor.stages = stages or processor.stages
        return processor

    def work_types(self, job: Job, picture: Picture, stages: Iterable[Sequence[Stage]]) -> list[Any]:
        """Return the data types of a picture in several stages."""
        encodings = self.rendering.encodings(picture, job.targets, self._formats_of(job, picture), None)
        return [executor.work_type(own, picture.pixels.dtype.name, encodings.values()) for own in stages]

    def takes_stack(self, job: Job, picture: Picture) -> bool:
        """Whether pictures like this one can be filtered several at a time."""
        if job.variants or job.variant is not None:
            return bool(job.variants)
        if self.options.render.effect is not None or self.has_others or self.options.render.nodata.keep_holes:
            return False
        processor = self._for(picture)
        formats_of = processor._formats_of(job, picture)
        encodings = processor.rendering.encodings(picture, job.targets, formats_of, None)
        settings = processor.rendering.settings(picture, formats_of.get("image"))
        shape, transparent = picture.pixels.shape, picture.alpha is not None
        whole = SHEET not in job.targets and not processor.rendering.is_light(picture, encodings.get("image"))
        return whole and suits_stack(processor.stages, shape, encodings, settings, transparent)

    def _take_numbers(self, picture: Picture) -> None:
        """Turn a label map into its palette indices; raises `ImageError`."""
        from . import label_map  # few pictures have a palette

        effect = self.options.render.effect
        label_map.take_numbers(picture, self.recipe, self.stages, effect is not None and effect.partial)

    def _for(self, picture: Picture) -> ImageProcessor:
        """Return the processor for a picture with these colours; raises `ImageError` if they do not suit the recipe."""
        recipe = self.recipe.for_colours(picture.colours, picture.pixels.shape[2])
        if recipe.steps == self.recipe.steps:
            return self
        if picture.colours not in self._of_colours:
            self._of_colours[picture.colours] = ImageProcessor(recipe, self.maps, self.options)
            self._of_colours[picture.colours].progress = self.progress
        return self._of_colours[picture.colours]

    def _with_others(self, job: Job, picture: Picture) -> ImageProcessor:
        """Return the processor with the second pictures of the recipe; raises FileError."""
        if not self.has_others:
            return self
        complete = self.others.complete(self.recipe, job.others, job.input.name, picture.colours == "cmyk")
        processor = ImageProcessor(complete, self.maps, self.options)
        processor.progress = self.progress
        return processor

    def _computed(self, job: Job, picture: Picture, alone: bool) -> Computed:
        dtype = picture.pixels.dtype.name
        if self.recipe.white is not None:
            check_white(self.recipe.white, dtype)
            picture.white = self.recipe.white
        formats_of = self._formats_of(job, picture)
        write = self.options.write.encode
        if write.compression and not any(format.compressions for format in formats_of.values()):
            raise FileError(next(iter(job.targets.values())).name, formats.FOR_COMPRESSION)
        missing = self.options.render.nodata.of(picture.nodata)
        encodings = self.rendering.encodings(picture, job.targets, formats_of, missing)
        settings = self.rendering.settings(picture, formats_of.get("image"))
        if picture.colours == "gray" and "chroma" in self.parts:
            picture.notes.append("is gray, so --channels chroma leaves it unchanged")
        streamed = self._streaming.canvases(job, picture, encodings, formats_of, settings) if alone else {}
        needed = partial(self._needed, picture, 0, encodings, formats_of, settings, streamed)
        cores = self._cores_in_room(picture, needed)
        light = picture
        if self.rendering.is_light(picture, encodings.get("image")):
            from . import linear_light  # few pictures are

            picture, settings = linear_light.encoded(light, encodings["image"], settings)
        numbers = picture.numbers or range(picture.number, picture.number + picture.images)
        result = (self.options.run or executor.run)(
            self.stages,
            picture.pixels,
            encodings,
            settings,
            picture.alpha,
            jobs=cores,
            measure=self.options.report.ranges,
            canvases={
                output: streamed[output]
                if output in streamed
                else Canvas
                if picture.metadata.palette or encodings[output].kind == "table" or (job.page_share and output != SHEET)
                else self._canvas(output, format, picture.metadata)
                for output, format in formats_of.items()
            },
            effect=self.options.render.effect,
            name=name_of(job.input.place, picture.number),
            names=Names(job.input.place, numbers) if picture.images > 1 else (),
            probed=picture.images == 1 and not self.is_drawn and self.options.report.notes,
            colours=picture.colours,
            white=picture.white,
            nodata=missing,
            keep_holes=self.options.render.nodata.keep_holes,
            advance=self.progress.add if self.progress is not None else None,
            wanted=self.options.render.in_memory,
            streamed=streamed,
        )
        outputs = result.outputs
        if SHEET in outputs:
            drawn = outputs[SHEET].samples.drawn(self.maps, self.options.render.sheet_range)
            outputs[SHEET] = outputs[SHEET]._replace(samples=drawn)
        surprising: tuple[str, ...] = ()
        if picture.images == 1 and not self.is_drawn:  # of a data set, one image was examined
            surprising = self._surprises(light, missing if result.missing else None, encodings, outputs, formats_of)
        height, width, channels = picture.pixels.shape
        height //= picture.images
        way = None
        if job.attached is not None:
            from .annotations import way as ways  # few calls have masks or boxes

            way = ways.of(self.stages, settings.border, width, height)
        computed = Computed(
            (height, width, channels),
            dtype,
            picture.colours,
            formats_of,
            encodings,
            outputs,
            result.facts,
            self.is_picture,
            len(self.maps),
            surprising,
            geometry=geometry.of(self.stages, width, height),
            way=way,
            same_units=total_gain(self.stages) == 1,
            missing=Missing(missing, result.missing, self.spreads_nan) if missing is not None else None,
            images=picture.images,
            labels=picture.labels,
        )
        show = self.options.render.show
        if show is None or picture.number != (self.options.frames.only or 0):
            return computed
        from .shown import dots  # few calls show their results

        return computed._replace(shown=dots(show, light, computed))

    def _canvas(self, output: str, format: formats.Format, metadata: Metadata) -> CanvasFactory:
        options = self.options.write.encode
        if self.options.render.in_memory is not None:
            return Canvas
        if output == "image" and output_colour.is_lost(metadata, format, options):
            return Canvas  # a result that may need conversion cannot be encoded while it is computed
        if output == "image" and self.options.render.show is not None:
            return Canvas  # nor can one that is shown
        if output != SHEET:
            return encode.canvas(format, options, metadata if output == "image" else Metadata())
        from .contact_sheet import Reduced  # few ask for one

        return Reduced

    def streams(self, job: Job, expected: Expected) -> bool:
        """Whether the rows of an expected picture are read on demand."""
        with contextlib.suppress(ImageError, FileError):  # which is reported for the picture itself
            return self._for(memory_need.stand_in(expected))._streaming.reads(job, expected)
        return False

    @property
    def advice(self) -> str:
        """Advice for a picture for which there is too little memory: another filter, if one gives the same."""
        [*others] = filter(None, (stage.instead for stage in self.stages))
        return f"{others[0]} (almost the same result)" if others else ""

    def needed(self, job: Job, expected: Expected) -> float:
        """Return the most bytes that an expected picture needs, from its decoding on."""
        written = ((name, target.format and target.format.name, target.map) for name, target in job.targets.items())
        kind = expected._replace(file=0), *written
        if (known := self._foreseen.get(kind)) is not None:
            return known
        needed = self._needed_of(job, expected)
        if needed <= memory_budget.UNCHECKED_BYTES:  # larger needs depend on the free memory
            self._foreseen = {kind: needed}  # as a rule a batch has only one kind
        return needed

    def _needed_of(self, job: Job, expected: Expected) -> float:
        with contextlib.suppress(ImageError, FileError):  # which is reported for the picture itself
            picture = memory_need.stand_in(expected)
            processor = self._for(picture)
            formats_of = processor._formats_of(job, picture)
            encodings = processor.rendering.encodings(picture, job.targets, formats_of, None)
            settings = processor.rendering.settings(picture, formats_of.get("image"))
            streamed = processor._streaming.canvases(job, picture, encodings, formats_of, settings)
            needed = partial(processor._needed, picture, expected.held, encodings, formats_of, settings, streamed)
            # Second pictures from folders are as large, and are decoded while this is held; those from files exist.
            others = len(job.others) * memory_need.of_samples(picture)
            return others + needed(processor._cores_with_memory(lambda cores: others + needed(cores)))
        return 0

    def _formats_of(self, job: Job, picture: Picture) -> dict[str, formats.Format]:
        own = formats.FORMATS[picture.format]
        found = {output: target.format_for(output, own) for output, target in job.targets.items()}
        if picture.colours in ("cmyk", "bands"):  # which a terminal shows as well as it can
            found |= {output: formats.FORMATS["tiff"] for output, target in job.targets.items() if target.shown}
        return found

    def _needed(
        self,
        picture: Picture,
        held: float,
        encodings: Mapping[str, Encoding],
        formats_of: Mapping[str, formats.Format],
        settings: Settings,
        streamed: Collection[str],
        cores: int,
    ) -> float:
        """Return the most bytes that a picture needs from its decoding on, when it *held* some of them.

        No samples are kept of *streamed* outputs.
        """
        limit = self.options.render.max_pixels
        needed = memory_need.of_outputs(
            self.stages, picture, held, encodings, formats_of, settings, self.maps, cores, limit, streamed
        )
        if self.options.report.page:
            needed += ON_A_PAGE * picture.pixels.size
        if self.options.render.effect is None:
            return needed
        pixels = picture.pixels
        original = moved_original.foreseen(self.stages, pixels.shape, pixels.dtype.name, picture.alpha is not None)
        return needed + original

    def _cores_with_memory(self, needed: Callable[[int], float]) -> int:
        """Return how many cores may work on a picture: fewer than all, if those *needed* more memory than is available.

        Each has its own strips. The results are identical to the last bit.
        """
        cores = self.options.cores
        while cores > 1 and memory_budget.short(needed(cores)) is not None:
            cores //= 2
        return cores

    def _cores_in_room(self, picture: Picture, needed: Callable[[int], float]) -> int:
        """Return how many cores may work on a picture in memory; raises `ImageError` if even one *needed* too much."""
        cores = self._cores_with_memory(needed)
        if (free := memory_budget.short(least := needed(cores))) is not None:
            height, width = picture.pixels.shape[:2]
            maps = "a greater --stride" if len(self.maps) > 1 else "fewer maps" if len(self.maps) else ""
            raise ImageError(memory_budget.refusal(width, height, least, free, maps or self.advice))
        return cores

    def begin_report(self) -> Summary:
        """Return an empty summary of frames."""
        return Summary(self.maps, self.options.report.notes)

    def report(self, job: Job, done: Summary, notes: list[str]) -> Report:
        """Return the report on a picture, with *notes* on its frames."""
        name = shown(job.input.name)
        assert done.first is not None
        first = done.first
        height, width, channels = first.shape
        lines: list[str] = []
        if self.options.report.notes:
            notes = [*dict.fromkeys([*job.notes, *notes, *done.surprises, *done.missing])]
        if self.options.report.facts:
            lines += [f"{name}: {fact.text}" for fact in first.facts]
            lines += [f"{name}: {text}" for text in _output_facts(first.outputs, first.encodings)]
        return Report(
            input=job.input.name,
            status="done",
            outputs=job.outputs,
            width=width,
            height=height,
            channels=channels,
            depth=DEPTHS[first.dtype],
            algorithm=tuple(str(fact.value) for fact in first.facts if fact.kind == "algorithm"),
            range=done.range,
            clipped=done.clipped,
            lines=tuple(lines),
            notes=tuple(notes) if self.options.report.notes else (),
            frames=done.images,
            drawn=_all_drawn(job, done) if job.variants else first.drawn,
            shown=done.shown,
            exhibit=first.exhibit,
        )

    def _surprises(
        self,
        picture: Picture,
        missing: float | None,
        encodings: Mapping[str, Encoding],
        outputs: Mapping[str, Output],
        formats_of: Mapping[str, formats.Format],
    ) -> tuple[str, ...]:
        """Return notes on surprises in the outputs; of many maps, on one."""
        if not self.options.report.notes:
            return ()
        beyond = "" if "gain" in self.recipe.last.given else white_notes.far_above(picture, encodings)
        if beyond:
            return (beyond,)
        untold = white_notes.untold(picture, encodings, formats_of)
        if meant := white_notes.of_8_bits(picture, self.recipe.steps):
            return (meant,)
        weights = self.stages[-1].weights
        kernel_sum = None if weights is None else weights.sum
        told = dict(list(encodings.items())[: 1 if self.maps else None])
        notes = surprises.notes(picture, missing, self.recipe.last, kernel_sum, told, outputs)
        return (*([untold] if untold else []), *notes)

    def write(self, transaction: Transaction, job: Job, computed: Computed, metadata: Metadata) -> list[str]:
        """Write all outputs of one frame; return notes for the user."""
        notes = []
        for name, target in job.targets.items():
            if target.shown:
                continue
            stamp = self.options.write.stamper.stamp(name, job)
            with (
                opened_as(computed.formats_of[name], transaction, job, target, self.options.write, stamp) as file,
                writable(target, computed.formats_of[name]),
            ):
                kept = kept_of(metadata, name, computed, notes)
                notes += self.encode(file, name, computed, kept, stamp)
        return notes

    def encode(self, file: io.BytesIO, name: str, computed: Computed, metadata: Metadata, stamp: str) -> list[str]:
        """Write one output of one frame into *file*; return notes for the user."""
        if computed.encodings[name].kind == "table":
            from ..images import table  # few filters have one

            columns = self.recipe.last.filter.spec.maps[name].columns
            software = self.options.write.encode.signed(stamp)
            table.write(
                file, name, columns, computed.outputs[name].samples[..., 0], computed.formats_of[name].name, software
            )
            return []
        output, format, options = computed.outputs[name], computed.formats_of[name], self.options.write.encode
        white = computed.encodings[name].white
        if name == "image" and len(self.maps) not in (0, 1, 3):
            return encode.write_maps(file, output.samples, format, metadata, options, stamp, white)
        colours = computed.colours_of(name)
        return encode.write(
            file, output.samples, output.alpha, format, metadata, options, stamp, colours, white, computed.labels
        )


def _all_drawn(job: Job, done: Summary) -> Any:
    """Return the manifest's information on the images of a data set; in a shard each image has its own."""
    assert done.first is not None
    if done.first.drawn is not None:
        return done.drawn
    from .augment import samples

    return samples.summed(done.first, done.images, joined(done.labels), len(job.variants))


def _output_facts(outputs: Mapping[str, Output], encodings: Mapping[str, Encoding]) -> list[str]:
    facts = []
    for name, output in outputs.items():
        height, width, channels = output.samples.shape
        shape = f"{width}×{height}×{channels} {output.samples.dtype.name}"
        values = f", values {output.low:.6g} to {output.high:.6g}" if output.low <= output.high else ""
        clipped = f", {output.clipped:.2%} clipped" if not encodings[name].is_float else ""
        facts.append(f"{name}: {shape}{values}{clipped}")
    return facts


def write_legend(path: str, quality: int | None, read: Collection[Identity]) -> None:
    """Write the colour-wheel legend of ``--angle-style color``; raises FileError."""
    format = formats.of_suffix(path)
    with Transaction(read) as transaction:
        with transaction.open(place_of(path)) as file:
            encode.write(file, hue_legend(), None, format, Metadata(), encode.EncodeOptions(quality))
        transaction.commit()
