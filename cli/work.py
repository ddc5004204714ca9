"""The work on one image: read, filter, write all its outputs or none."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..filters.core import executor
from ..filters.core.collector import Output
from ..filters.core.encode import FULL, Encoding, hue_legend
from ..filters.core.filter import encoding
from ..filters.core.passage import Settings
from ..filters.core.region import Effect
from ..filters.core.spec import ImageError
from . import formats, writing
from .atomic import Transaction
from .exits import FileError
from .messages import reason, shown
from .metadata import Metadata
from .picture import Picture
from .plan import Job, Target
from .reader import Reader
from .recipe import Recipe
from .report import DEPTHS, Report
from .stamp import Stamper


class How(NamedTuple):
    """What a call says beside its recipe."""

    options: writing.Options
    stamper: Stamper
    background: tuple[int, int, int] | None = None
    angle_style: str = "code"
    measure: bool = False
    """The outputs' ranges are asked for."""
    verbose: bool = False
    quiet: bool = False
    effect: Effect | None = None
    """Where the filters act, if not everywhere."""


class Work:
    """What is done to every image of a batch."""

    def __init__(self, recipe: Recipe, how: How, cores: int = 1) -> None:
        self.recipe, self.how, self.cores = recipe, how, cores
        self.stages, self.settings = recipe.stages()
        self.values = recipe.last.checked

    def __reduce__(self) -> tuple[Any, ...]:
        # The stages hold functions, which are built again where they are needed.
        return Work, (self.recipe, self.how, self.cores)

    def on(self, job: Job, reader: Reader) -> Report:
        """Do one job; a failure is a report."""
        began = time.perf_counter()
        try:
            report = self._filtered(job, reader)
        except FileError as error:
            report = Report(job.input.name, "failed", error=str(error))
        except BrokenPipeError:
            raise
        except Exception as error:  # a fault of the program's own costs one image too, and not the batch
            what = f"a fault of imfilter, please report it: {type(error).__name__}: {error}"
            report = Report(job.input.name, "failed", error=f"{shown(job.input.name)}: {what}")
        return report._replace(seconds=time.perf_counter() - began)

    def _filtered(self, job: Job, reader: Reader) -> Report:
        name, how = shown(job.input.name), self.how
        picture = reader.read(job.input.name)
        height, width, channels = picture.pixels.shape
        dtype = picture.pixels.dtype.name
        formats_of = {
            output: target.format or formats.FORMATS[picture.format] for output, target in job.targets.items()
        }
        try:
            encodings = {
                output: self._encoding(output, picture, formats_of[output], target)
                for output, target in job.targets.items()
            }
            settings = self._settings(picture, formats_of.get("image"))
            # A range is measured for those who ask, and where float values may leave nothing to see.
            measure = how.measure or dtype == "float32"
            result = executor.run(
                self.stages,
                picture.pixels,
                encodings,
                settings,
                picture.alpha,
                jobs=self.cores,
                measure=measure,
                canvases={output: writing.canvas(format, how.options) for output, format in formats_of.items()},
                effect=how.effect,
            )
        except ImageError as error:
            raise FileError(name, str(error)) from None
        except MemoryError:
            raise FileError(name, "needs more memory than there is") from None
        picture.pixels = picture.alpha = None  # the memory is the encoders' now
        notes = picture.notes + self._write(job, result.outputs, formats_of, picture, channels)
        lines = []
        if not how.quiet:
            notes += [note for output in encodings.items() for note in _range_notes(*output, result.outputs)]
            lines = [f"imfilter: {name}: {note}" for note in notes]
        if how.verbose:
            lines += [f"{name}: {fact}" for fact in [*result.facts, *_output_facts(result.outputs, encodings)]]
        measured = {output: found for output, found in result.outputs.items() if found.low <= found.high}
        return Report(
            job.input.name,
            "done",
            job.outputs,
            width,
            height,
            channels,
            DEPTHS[dtype],
            tuple(fact.split()[1] for fact in result.facts if fact.startswith("algorithm: ")),
            {output: (found.low, found.high) for output, found in measured.items()},
            {output: found.clipped for output, found in measured.items()},
            lines=tuple(lines),
        )

    def _encoding(self, output: str, picture: Picture, format: formats.Format, target: Target) -> Encoding:
        """Return how one output's values become samples of its file; raises FileError where it cannot hold them."""
        dtype = picture.pixels.dtype.name
        kind = self.recipe.last.filter.kinds[output]
        # A gray answer stands among the colours of what is left as it is.
        coloured = self.settings.channels == "each" or (output == "image" and self.how.effect is not None)
        channels = picture.pixels.shape[2] if coloured else 1
        if kind == "angle" and self.how.angle_style == "color":
            if "uint8" not in format.colour:
                raise FileError(target.name, f"{format.name.upper()} cannot hold the colours of --angle-style color")
            return encoding("hue", dtype, "uint8", "clip", self.values["gain"])
        try:
            wanted = writing.sample_type(format, dtype, self.values["depth"], channels, output)
        except writing.UnwritableError as error:
            raise FileError(target.name, str(error)) from None
        return encoding(kind, dtype, wanted, self.values["range"], self.values["gain"])

    def _settings(self, picture: Picture, format: formats.Format | None) -> Settings:
        """Return the settings for one picture: a background where its transparency cannot be kept."""
        if picture.alpha is None:
            return self.settings
        full = FULL[picture.pixels.dtype.name]
        background = None
        if self.how.background is not None:
            background = tuple(value * full / 255 for value in self.how.background)
        opaque = format is not None and not format.alpha
        return self.settings._replace(background=background, opaque=opaque)

    def _write(
        self,
        job: Job,
        outputs: Mapping[str, Output],
        formats_of: Mapping[str, formats.Format],
        picture: Picture,
        colours: int,
    ) -> list[str]:
        """Write all outputs of one image, or none; return what people should know."""
        notes = []
        with Transaction() as transaction:
            for name, target in job.targets.items():
                if target.folder is not None:
                    _make_folder(target)
                stamp = self.how.stamper.stamp(name)
                backup = Path(job.backup) if target.in_place and job.backup else None
                with transaction.open(None if target.path is None else Path(target.path), backup) as file:
                    try:
                        kept = _kept(picture.metadata, name, outputs[name].samples.shape[2] == colours)
                        output = outputs[name]
                        notes += writing.write(
                            file, output.samples, output.alpha, formats_of[name], kept, self.how.options, stamp
                        )
                    except (ValueError, MemoryError) as error:
                        why = str(error) or "it needs more memory than there is"
                        format = formats_of[name].name.upper()
                        raise FileError(target.name, f"cannot be written as {format}: {why}") from None
            transaction.commit()
        return notes


def _make_folder(target: Target) -> None:
    assert target.path is not None
    try:
        Path(target.path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(target.name, f"cannot be written: {reason(error)}") from None


def _kept(metadata: Metadata, name: str, same_colours: bool) -> Metadata:
    """Return what the output *name* keeps: a map its resolution; gray samples no profile of colours."""
    if name != "image":
        return Metadata(dpi=metadata.dpi)
    return metadata if same_colours else metadata._replace(icc=b"")


def _range_notes(name: str, encoding: Encoding, outputs: Mapping[str, Output]) -> list[str]:
    """Warn where a float image's values, kept as they are, leave nothing to see in whole numbers."""
    output = outputs[name]
    if encoding.full != 1 or encoding.dtype == "float32" or encoding.kind in ("angle", "hue") or encoding.stretched:
        return []
    if not (0 < output.high - output.low <= 1.5) or encoding.gain != 1:
        return []
    return [
        f"the values, {output.low:.3g} to {output.high:.3g}, are written as they are into "
        f"{formats.DEPTHS[encoding.dtype]} samples; --range stretch or --gain 255 would show them"
    ]


def _output_facts(outputs: Mapping[str, Output], encodings: Mapping[str, Encoding]) -> list[str]:
    facts = []
    for name, output in outputs.items():
        height, width, channels = output.samples.shape
        shape = f"{width}×{height}×{channels} {output.samples.dtype.name}"
        values = f", values {output.low:.6g} to {output.high:.6g}" if output.low <= output.high else ""
        clipped = f", {output.clipped:.2%} clipped" if encodings[name].dtype != "float32" else ""
        facts.append(f"{name}: {shape}{values}{clipped}")
    return facts


def write_legend(path: str, quality: int | None) -> None:
    """Write the wheel that explains the colours of ``--angle-style color``; raises FileError."""
    format = formats.of_suffix(path)
    with Transaction() as transaction:
        with transaction.open(Path(path)) as file:
            writing.write(file, hue_legend(), None, format, Metadata(), writing.Options(quality))
        transaction.commit()
