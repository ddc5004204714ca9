"""Running a plan: read, filter, write, one image after the other, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..filters.core import executor
from ..filters.core.collector import Output
from ..filters.core.encode import FULL, Encoding, hue_legend
from ..filters.core.filter import ImageFilter, encoding
from ..filters.core.passage import Settings
from ..filters.core.spec import ImageError
from ..filters.core.stage import Stage
from . import formats, writing
from .atomic import Transaction
from .exits import ExitCode, FileError
from .messages import complain, reason, say, shown
from .plan import Job, Target
from .reader import Reader
from .reading import Metadata, Picture


@dataclass(frozen=True)
class Work:
    """What is done to every image of a batch."""

    filter: ImageFilter[Any, Any]
    stages: tuple[Stage, ...]
    settings: Settings
    values: Mapping[str, Any]
    """The filter's checked parameters."""
    options: writing.Options
    background: tuple[int, int, int] | None = None
    angle_style: str = "code"
    cores: int = 1
    verbose: bool = False
    quiet: bool = False


def run(jobs: Sequence[Job], work: Work, reader: Reader) -> ExitCode:
    """Do every job; one that fails costs one line and stops nothing."""
    failed = 0
    for job in jobs:
        try:
            _run_one(job, work, reader)
        except FileError as error:
            failed += 1
            complain(error)
    if failed and len(jobs) > 1:
        say(f"imfilter: {failed} of {len(jobs)} images failed")
    return ExitCode.FAILED if failed else ExitCode.DONE


def _run_one(job: Job, work: Work, reader: Reader) -> None:
    name = shown(job.input.name)
    picture = reader.read(job.input.name)
    formats_of = {output: target.format or formats.FORMATS[picture.format] for output, target in job.targets.items()}
    try:
        encodings = {
            output: _encoding(output, picture, formats_of[output], work, job.targets[output]) for output in job.targets
        }
        settings = _settings(picture, formats_of.get("image"), work)
        # A range is measured for those who ask, and where float values may leave nothing to see.
        measure = work.verbose or picture.pixels.dtype.kind == "f"
        result = executor.run(
            work.stages, picture.pixels, encodings, settings, picture.alpha, jobs=work.cores, measure=measure
        )
    except ImageError as error:
        raise FileError(name, str(error)) from None
    except MemoryError:
        raise FileError(name, "needs more memory than there is") from None
    colours = picture.pixels.shape[2]
    picture.pixels = picture.alpha = None  # the memory is the encoders' now
    notes = picture.notes + _write(job, result.outputs, formats_of, picture.metadata, colours, work)
    if not work.quiet:
        for note in notes + [note for output in encodings.items() for note in _range_notes(*output, result.outputs)]:
            say(f"imfilter: {name}: {note}")
    if work.verbose:
        for fact in [*result.facts, *_output_facts(result.outputs, encodings)]:
            say(f"{name}: {fact}")


def _encoding(output: str, picture: Picture, format: formats.Format, work: Work, target: Target) -> Encoding:
    """Return how one output's values become samples of its file; raises FileError where it cannot hold them."""
    dtype = picture.pixels.dtype.name
    kind = work.filter.kinds[output]
    channels = picture.pixels.shape[2] if work.settings.channels == "each" else 1
    if kind == "angle" and work.angle_style == "color":
        if "uint8" not in format.colour:
            raise FileError(target.name, f"{format.name.upper()} cannot hold the colours of --angle-style color")
        return encoding("hue", dtype, "uint8", "clip", work.values["gain"])
    try:
        wanted = writing.sample_type(format, dtype, work.values["depth"], channels, output)
    except writing.UnwritableError as error:
        raise FileError(target.name, str(error)) from None
    return encoding(kind, dtype, wanted, work.values["range"], work.values["gain"])


def _settings(picture: Picture, format: formats.Format | None, work: Work) -> Settings:
    """Return the settings for one picture: a background where its transparency cannot be kept."""
    if picture.alpha is None:
        return work.settings
    full = FULL[picture.pixels.dtype.name]
    background = None
    if work.background is not None:
        background = tuple(value * full / 255 for value in work.background)
    opaque = format is not None and not format.alpha
    return replace(work.settings, background=background, opaque=opaque)


def _write(
    job: Job,
    outputs: Mapping[str, Output],
    formats_of: Mapping[str, formats.Format],
    metadata: Metadata,
    colours: int,
    work: Work,
) -> list[str]:
    """Write all outputs of one image, or none."""
    notes = []
    with Transaction() as transaction:
        for name, target in job.targets.items():
            if target.in_folder:
                _make_folder(target)
            with transaction.open(target.path) as file:
                try:
                    kept = _kept(metadata, name, outputs[name].samples.shape[2] == colours)
                    output = outputs[name]
                    notes += writing.write(file, output.samples, output.alpha, formats_of[name], kept, work.options)
                except (ValueError, MemoryError) as error:
                    why = str(error) or "it needs more memory than there is"
                    format = formats_of[name].name.upper()
                    raise FileError(target.name, f"cannot be written as {format}: {why}") from None
        transaction.commit()
    return notes


def _make_folder(target: Target) -> None:
    assert target.path is not None
    try:
        target.path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(target.name, f"cannot be written: {reason(error)}") from None


def _kept(metadata: Metadata, name: str, same_colours: bool) -> Metadata:
    """Return what the output *name* keeps: a map its resolution; gray samples no profile of colours."""
    if name != "image":
        return Metadata(dpi=metadata.dpi)
    return metadata if same_colours else replace(metadata, icc=b"")


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


def write_legend(path: str, options: writing.Options) -> None:
    """Write the wheel that explains the colours of ``--angle-style color``; raises FileError."""
    format = formats.of_suffix(path)
    with Transaction() as transaction:
        with transaction.open(Path(path)) as file:
            writing.write(file, hue_legend(), None, format, Metadata(), options)
        transaction.commit()
