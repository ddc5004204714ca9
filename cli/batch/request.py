"""Check the call of a command: its options must agree, and each input is paired with its outputs.

Everything that can be refused before decoding is refused here.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...filters.core import native
from ...filters.core.named_tuple import NamedTuple
from ..console.messages import flag, shown
from ..console.report import CallFiles, depth_in_words
from ..errors import UsageError
from ..file_identity import Identity, identity
from ..images import formats, prefetch
from ..images.output_folder import Root
from ..stores.names import is_store
from ..streams import STREAM
from ..version import VERSION
from . import (
    chunk_options,
    collisions,
    cpu_count,
    frame_number,
    inputs,
    mask_option,
    nodata_option,
    other_pictures,
    store_request,
)
from .annotations.attached import OF_BOXES, OF_MASKS, OF_ONE_IMAGE, AnnotationOptions
from .call_files import FilesWritten, files_read
from .naming import OutputNaming
from .nodata_option import NodataOption
from .options import OPTIONS, SHEET_RANGES, SharedOptions
from .plan import Input, Job, plan
from .provenance import Stamper
from .recipe import Recipe
from .watch_round import Earlier

if TYPE_CHECKING:
    from ..images.reader import Reader
    from .augment.augmentation import Augmentation
    from .augment.variants import Variants
    from .batch_shard import BatchShard
    from .cluster.address import Address

NO_FILE = "no such file or directory"
VALUE = re.compile(r"[-+]?\d[-+\d.,x×:%]*")
"""Matches text that looks like a number, a size or a percentage."""
DEPTHS = {"1": ("bool",), "8": ("uint8",), "16": ("uint16",), "float": ("float32", "float64")}
"""The sample types by the values of --depth."""
KEEP = "keep"
SHOWN = RESULT, BOTH = "result", "both"
"""The values of --show."""


EARLIER = Earlier()
"""For a call without --watch."""


class Request(NamedTuple):
    """A checked call. Only the filters may still refuse it."""

    recipe: Recipe
    maps: tuple[str, ...]
    """The names of the maps of the result; empty if it is a picture."""
    options: SharedOptions
    map_files: Mapping[str, str]
    """The files of the filter's maps by name, as given."""
    inputs: inputs.InputSet
    jobs: Sequence[Job]
    """Those of the shard, of a batch that is shared."""
    region: mask_option.Region | None
    background: tuple[int, int, int] | None
    nodata: NodataOption
    max_pixels: int
    cores: int
    stamper: Stamper
    read: frozenset[Identity]
    """All files that the call reads; they are never overwritten, except an input by --in-place."""
    roots: Mapping[str, Root]
    """The roots of the output folders by name, resolved when the call was checked."""
    files: CallFiles
    """The outputs that do not belong to a single image."""
    quality: int | None
    keep_quality: bool
    """Whether JPEGs keep the quality of their inputs."""
    augmentation: Augmentation | None = None
    """The augmentation from which each image's recipe is drawn; *recipe* represents all of them."""
    annotations: AnnotationOptions = AnnotationOptions()
    """How masks and boxes are transformed."""
    page_size: int = 0
    """The most bytes of the page of --report."""
    cluster: Address | None = None
    """The cluster that filters the images, if there is one."""
    doubts: Sequence[str] = ()
    """A note on inputs that may be a misunderstanding."""
    shard: BatchShard | None = None
    """The share of the images for this call, if other calls do the rest."""

    def reader(self) -> Reader:
        """Return what reads the inputs."""
        options = self.options
        kind = formats.of_records(options.from_).name if options.from_ else ""
        return prefetch.reader(self.max_pixels, options.lenient, options.to_rgb, kind)

    @property
    def stamped(self) -> bool:
        """Whether the outputs get a stamp."""
        return not (self.options.strip or self.options.no_stamp)


def check(
    recipe: Recipe,
    options: SharedOptions,
    map_files: Mapping[str, str],
    beside: Mapping[str, str] = MappingProxyType({}),
    variants: Variants | None = None,
    earlier: Earlier = EARLIER,
) -> Request:
    """Check a call and return its request; raises UsageError.

    *beside* are output files of options that only this command has; *variants* are those of an augmentation.
    *earlier* has the results of earlier rounds of a call with --watch.
    """
    if options.angle_style == "colour":
        options = options._replace(angle_style="color")
    check_core()
    _check_values(options)
    _check_pairs(options)
    _check_angles(recipe, options, map_files)
    _check_legend(options)
    given, shard = options, None
    if options.shard is not None:
        from . import batch_shard  # rarely needed

        shard = batch_shard.read(options.shard, options.shard_by)
        options, beside = batch_shard.begun(shard, options, beside)
    cores, maps = cpu_count.cores(options.jobs), recipe.maps()
    if options.sheet is not None and not maps:
        raise UsageError("--sheet needs a filter bank; this call gives one image (use -o)")
    names = inputs.names(options.inputs, options.files_from, options.null, earlier.listed)
    if earlier.is_first:
        _check_existence(names, options, bool(map_files))
    outputs = _outputs(recipe, options, map_files)
    store_request.check([*names, *outputs.values()], [*outputs.values(), *_written_beside(options).values()], options)
    found = _found(names, options, outputs.values(), earlier)
    beside = _written_beside(options) | dict(beside)
    if variants is not None:
        variants.check_places(found.inputs)
    jobs = _plan(recipe, options, found, outputs, len(maps), variants)
    _check_compression(jobs, options)
    chunk_options.check(jobs, options)
    _check_codes(jobs, recipe, options)
    _check_depth(jobs, recipe)
    _check_stamps(jobs, options)
    jobs = _with_labels(jobs, found.inputs, options)
    if any(other_pictures.named(recipe)):
        jobs = [job._replace(others=other_pictures.beside(recipe, job.input.place)) for job in jobs]
    others = (recipe.files() if variants is None else variants.files()) | read_beside(options)
    others |= {name: other_pictures.WHAT for job in jobs for name in job.others if name}
    annotations, collected = AnnotationOptions(), None
    if any(getattr(options, name) != options._field_defaults[name] for name in (*OF_MASKS, *OF_BOXES)):
        from .annotations import annotation_request  # rarely needed

        asked = annotation_request.attach([recipe] if variants is None else variants.recipes, options, jobs)
        annotations, jobs, collected = asked.options, asked.jobs, asked.collected
        if shard is not None and annotations.kind == "coco":
            shard.check_named("boxes_out", given.boxes_out or "")
        others |= asked.files
    read = files_read(others, [source.name for source in found.inputs])
    collisions.check(read, FilesWritten(jobs, beside, options.json or options.dry_run, collected))
    region = mask_option.read(options.mask, options.roi)
    request = Request(
        recipe=recipe,
        maps=maps,
        options=options,
        map_files=map_files,
        inputs=found,
        jobs=jobs if shard is None else shard.of(jobs),
        region=region,
        background=colour(options.background),
        nodata=nodata_option.read(options.nodata, options.keep_holes),
        max_pixels=prefetch.max_pixels(options.max_pixels),
        cores=cores,
        stamper=_stamper(recipe, options, region, variants),
        read=read.identities,
        roots=collisions.roots(read.folders, jobs),
        files=CallFiles(
            beside if collected is None else {**beside, "boxes_out": collected.path or ""},
            [
                name
                for name, what in others.items()
                if what not in (other_pictures.WHAT, OF_ONE_IMAGE) and name != STREAM and Path(name).is_file()
            ],
        ),
        quality=_quality(options),
        keep_quality=options.quality == KEEP,
        augmentation=None if variants is None else variants.augmentation,
        annotations=annotations,
        page_size=_page_size(options),
        cluster=_cluster(options, outputs),
        doubts=() if variants is None else variants.doubts(names),
        shard=shard,
    )
    if options.depfile is not None:
        _check_depfile(options.depfile, request)
    return request


def check_core() -> None:
    """Raise `UsageError` if the environment names no valid core."""
    wanted = os.environ.get(native.VARIABLE, "")
    if wanted not in native.CHOICES:
        *others, last = native.CHOICES[1:]
        raise UsageError(f"{native.VARIABLE}: {wanted!r} is not {', '.join(others)} or {last}")


def _check_values(options: SharedOptions) -> None:
    _quality(options)
    if options.from_:
        formats.of_records(options.from_)
    if options.compression and options.compression not in formats.COMPRESSIONS:
        raise UsageError(f"--compression {options.compression!r}: use one of {', '.join(formats.COMPRESSIONS)}")
    frame_number.check(options.frame)
    if options.max_frames < 1:
        raise UsageError("--max-frames must be 1 or greater")
    if options.in_flight < 1:
        raise UsageError("--in-flight must be 1 or greater")
    if options.angle_style not in ("code", "color"):
        raise UsageError(f"--angle-style: {options.angle_style!r} is not code or color")
    if options.show not in (None, *SHOWN):
        raise UsageError(f"--show: {options.show!r} is not both; use --show alone for just the result")
    if options.sheet_range not in SHEET_RANGES:
        raise UsageError(f"--sheet-range: {options.sheet_range!r} is not one of {', '.join(SHEET_RANGES)}")


def _quality(options: SharedOptions) -> int | None:
    """Return the number of --quality, or None."""
    if options.quality in (None, KEEP):
        return None
    try:
        quality = int(options.quality)
    except ValueError:
        quality = 0
    if not 1 <= quality <= 100:
        raise UsageError(f"--quality: {options.quality} is neither a number from 1 to 100 nor keep")
    return quality


def _check_pairs(options: SharedOptions) -> None:
    given = {name for name, value in options._asdict().items() if value != options._field_defaults[name]}
    for one, other in (
        ("show", "json"),
        ("show", "dry_run"),
        ("quiet", "verbose"),
        ("in_place", "output"),
        ("in_place", "to"),
        ("in_place", "no_clobber"),
        ("in_place", "frame"),
        ("cluster", "jobs"),
        ("cluster", "show"),
    ):
        if one in given and other in given:
            raise UsageError(f"{flag(one)} and {flag(other)} contradict each other")
    if options.backup is not None and not options.in_place:
        raise UsageError("--backup requires --in-place")
    if options.in_place and options.update and (options.strip or options.no_stamp):
        unstamped = flag("strip") if options.strip else flag("no_stamp")
        raise UsageError(f"--in-place --update needs the stamp that {unstamped} leaves out; omit one of them")
    if options.backup is not None and (not options.backup or "/" in options.backup):
        raise UsageError("--backup requires a suffix, such as .orig")
    if "sheet_range" in given and options.sheet is None:
        raise UsageError("--sheet-range requires --sheet")
    for option, names in (
        ("show", ("show_as", "show_size")),
        ("report", ("report_size", "report_title")),
        ("shard", ("shard_by",)),
    ):
        for name in names:
            if name in given and getattr(options, option) is None:
                raise UsageError(f"{flag(name)} requires {flag(option)}")


def _check_angles(recipe: Recipe, options: SharedOptions, map_files: Collection[str]) -> None:
    if options.angle_style == "color" and "angle" not in map_files:
        raise UsageError("--angle-style color requires --angle FILE")
    if options.angle_style == "color" and recipe.last.values["channels"] == "each":
        raise UsageError("--angle-style color draws one direction per pixel; use --channels luma or max")


def _check_legend(options: SharedOptions) -> None:
    if options.angle_legend and not formats.of_suffix(options.angle_legend).colour:
        raise UsageError(f"--angle-legend {shown(options.angle_legend)}: cannot hold colours; use .png")


def _check_existence(names: Sequence[str], options: SharedOptions, maps: bool) -> None:
    """Raise UsageError for a missing file if the call is wrong for another reason too.

    Otherwise, only that image fails.
    """
    missing = inputs.missing(names)
    if not missing or options.files_from is not None:
        return
    last, others = names[-1], names[:-1]
    if options.output is None and not options.in_place and others and missing == [last]:
        raise UsageError(f"{shown(last)}: {NO_FILE}; for the output use -o {shown(last)}")
    output = options.output
    without = not (output or options.sheet or maps or options.in_place or options.show)
    if without:
        raise UsageError(_no_file(missing[0]))
    if output is not None and len(names) > 1 and output != STREAM and not inputs.means_folder(output):
        raise UsageError(_no_file(missing[0]))


def _no_file(name: str) -> str:
    """Return the message for a missing file, which may be meant as an option's value."""
    hint = "; if it is a value, write its option before it" if VALUE.fullmatch(name) else ""
    return f"{shown(name)}: {NO_FILE}{hint}"


def _outputs(recipe: Recipe, options: SharedOptions, map_files: Mapping[str, str]) -> dict[str, str]:
    """Return the outputs by name, as given."""
    for name in map_files:
        if name not in recipe.last.filter.spec.maps:
            raise UsageError(f"{recipe.last.name} has no {flag(name)} map")
    written = {**map_files, **({"sheet": options.sheet} if options.sheet is not None else {})}
    if options.output is not None:
        written = {"image": options.output, **written}
    elif not written and options.show is not None and not options.in_place:
        _check_only_shown(options)
    elif not written and not options.in_place:
        if options.inputs != (STREAM,):
            raise UsageError("no output; name one with -o FILE, -o FOLDER/ or -o -")
        written = {"image": STREAM}
    if "" in written.values():
        raise UsageError("a file name is empty")
    streams = list(written.values()).count(STREAM)
    if streams and options.show is not None:
        raise UsageError("--show needs standard output; write the image to a file with -o, or omit -o")
    if streams > 1:
        raise UsageError("only one output can be - (standard output)")
    if streams:
        check_stream(options.json, options.dry_run)
    return written


def check_stream(json: bool, dry_run: bool) -> None:
    """Raise UsageError if standard output cannot take an image."""
    if json:
        raise UsageError("--json needs standard output; write the image to a file with -o")
    if not dry_run and sys.stdout is not None and sys.stdout.isatty():
        raise UsageError("an image would be written to the terminal; redirect it, or name a file with -o")


def _check_only_shown(options: SharedOptions) -> None:
    """Raise UsageError for options that make no sense if pictures are only shown."""
    for name in ("update", "no_clobber", "depfile", "name", "to", "preserve_times"):
        if getattr(options, name) != options._field_defaults[name]:
            raise UsageError(f"{flag(name)} requires -o OUTPUT; --show alone writes no file")


def _folders(outputs: Collection[str]) -> frozenset[str]:
    return frozenset(path for path in outputs if path != STREAM and inputs.is_folder(path))


def _rules(options: SharedOptions, outputs: Collection[str], earlier: Earlier) -> inputs.InputRules:
    masks = [path for path in (options.masks, options.masks_out) if path]
    folders = {identity(path) for path in _folders([*outputs, *masks])} - {None}
    named = {identity(name) for name in options.inputs}
    return inputs.InputRules(
        recursive=options.recursive,
        include=options.include,
        exclude=options.exclude,
        outputs=[folder for folder in folders - named if folder is not None],
        backup=options.backup,
        prefixes=[path for path in outputs if is_store(path) and path not in options.inputs],
        written=earlier.written,
    )


def _found(names: Sequence[str], options: SharedOptions, outputs: Collection[str], earlier: Earlier) -> inputs.InputSet:
    """Return the inputs; raises UsageError."""
    rules, listed = _rules(options, outputs, earlier), options.files_from is not None
    found = inputs.scan(names, rules, listed=listed)
    if options.shard is None:
        return found
    from . import batch_shard

    batch_shard.check_inputs(names, filter(None, (*outputs, options.masks_out)))
    # Another shard may have made the output folder during the search; it is not searched.
    again = _rules(options, outputs, earlier)
    return found if again == rules else inputs.scan(names, again, listed=listed)


def _plan(
    recipe: Recipe,
    options: SharedOptions,
    found: inputs.InputSet,
    outputs: Mapping[str, str],
    maps: int,
    variants: Variants | None,
) -> list[Job]:
    tables = [name for name, kind in recipe.last.filter.kinds.items() if kind == "table"]

    def planned(sources: Sequence[Input], naming: OutputNaming, several: bool, **variants: Any) -> list[Job]:
        return plan(
            sources,
            outputs,
            to=formats.named(options.to) if options.to is not None else None,
            folders=_folders(outputs.values()),
            several=found.several or several,
            naming=naming,
            in_place=options.in_place,
            backup=options.backup,
            tables=tables,
            **variants,
        )

    naming = OutputNaming(options.name, recipe.name, options.frame, maps)
    if variants is None:
        jobs = planned(found.inputs, naming, several=False)
    else:
        in_folder = inputs.means_folder(options.output or "")
        jobs = variants.planned(found.inputs, planned, naming, options.from_, in_folder)
    if options.in_place:
        jobs = collisions.followed(jobs)
    for target in (job.targets.get("image") for job in jobs if maps):
        if target is not None and target.format is not None and not target.format.holds_maps(maps):
            raise UsageError(f"{target.name}: {target.format.name.upper()} cannot hold {maps} maps; {formats.FOR_MAPS}")
    return jobs


OF_JOBS = ("output", "sheet", "boxes_out")
"""The options whose files are outputs of jobs."""


def _written_beside(options: SharedOptions) -> dict[str, str]:
    """Return the other output files, by option."""
    paths = {name: getattr(options, name) for name in OPTIONS if OPTIONS[name].writes and name not in OF_JOBS}
    return {name: path for name, path in paths.items() if path is not None}


def read_beside(options: SharedOptions) -> dict[str, str]:
    """Return the files that options read besides the inputs, with their roles."""
    names = {getattr(options, name): OPTIONS[name].reads for name in OPTIONS if OPTIONS[name].reads}
    return {name: what for name, what in names.items() if isinstance(name, str)}


def _with_labels(jobs: list[Job], sources: Sequence[Input], options: SharedOptions) -> list[Job]:
    """Return the jobs, each with its file of labels, if it has one; raises UsageError."""
    if options.labels is not None and len(sources) != 1:
        raise UsageError("--labels belongs to one data set; name that one alone")

    def of(job: Job) -> str:
        if options.labels is not None:
            return options.labels
        format = formats.of_name(job.input.name)
        if format is None or not format.codec_name.startswith("idx"):
            return ""
        from .labels import file_beside  # rarely needed

        return file_beside(job.input.name)

    return [job._replace(labels=labels) if (labels := of(job)) else job for job in jobs]


def _check_codes(jobs: Sequence[Job], recipe: Recipe, options: SharedOptions) -> None:
    """Refuse a lossy format for coded angles: each code means another direction."""
    if options.angle_style == "color":
        return
    kinds = recipe.last.filter.kinds
    for job in jobs:
        for name, target in job.targets.items():
            if kinds.get(name) not in ("angle", "orientation") or target.format is None:
                continue
            if target.format.lossy or (target.format.name == "webp" and options.quality is not None):
                way = f"{target.format.name.upper()} would change the angle codes"
                raise UsageError(f"{flag(name)} {target.name}: {way}; use .png or .tif")


def _check_depth(jobs: Sequence[Job], recipe: Recipe) -> None:
    """Refuse a format for folders without samples of the depth: every file would fail."""
    if (wanted := DEPTHS.get(recipe.last.values["depth"])) is None:
        return
    for job in jobs:
        for target in job.targets.values():
            if (format := target.format) is None or target.folder is None or format.name in formats.TABLES:
                continue
            held = {*format.gray, *format.colour, *format.bands, *format.inks}
            if held.isdisjoint(wanted):
                from ..images.encode import other_depths

                advice = f"{other_depths(format.gray or format.colour)}, or -t tif"
                advice += " or -t npy" if wanted[0] == "float32" else ""
                what = depth_in_words(wanted[0])
                raise UsageError(f"{target.name}: {format.name.upper()} cannot hold {what} samples; {advice}")


def _check_stamps(jobs: Sequence[Job], options: SharedOptions) -> None:
    """Refuse `--update` for tables without room for a stamp: they would be written every time."""
    if not options.update or options.strip or options.no_stamp:
        return
    for job in jobs:
        for name, target in job.targets.items():
            if target.format is not None and target.format.name == "csv":
                json = "--name '{stem}.json'" if target.folder is not None else ".json"
                raise UsageError(
                    f"{flag(name)} {target.name}: CSV cannot hold the stamp of --update; use {json}, or --no-stamp"
                )


def _check_compression(jobs: Sequence[Job], options: SharedOptions) -> None:
    """Refuse a compression if no output of a job has a choice."""
    if not options.compression:
        return
    for job in jobs:
        known = [target.format for target in job.targets.values()]
        if not any(format is None or format.compressions for format in known):
            target = next(iter(job.targets.values()))
            raise UsageError(f"{target.name}: {formats.FOR_COMPRESSION}")


def _page_size(options: SharedOptions) -> int:
    if options.report is None:
        return 0
    from ..page.size import read  # rarely needed

    return read(options.report_size)


def _cluster(options: SharedOptions, outputs: Mapping[str, str]) -> Address | None:
    """Return the cluster for the images, if there is one; raises UsageError for a call that needs this machine."""
    if options.cluster is None:
        return None
    if options.in_place:
        raise UsageError(
            "--cluster cannot be used with --in-place: an image is filtered again if its worker dies; use -o"
        )
    if STREAM in outputs.values() or STREAM in options.inputs:
        raise UsageError("--cluster needs files: its workers have neither standard input nor standard output")
    from .cluster import address  # rarely needed

    return address.read(options.cluster)


def _check_depfile(path: str, request: Request) -> None:
    if any(target.numbered is not None for job in request.jobs for target in job.targets.values()):
        raise UsageError("--depfile cannot list {frame} files, as their number is unknown; use --frame N")
    from . import depfile  # rarely needed

    depfile.check(path, request.jobs, depfile.rules(request.files))


def _stamper(
    recipe: Recipe, options: SharedOptions, region: mask_option.Region | None, variants: Variants | None = None
) -> Stamper:
    said: dict[str, object] = {name: getattr(options, name) for name in OPTIONS if OPTIONS[name].affects_output}
    said["quality"] = _quality(options) or options.quality
    for name in ("mask", "roi", "labels", *OF_MASKS, *OF_BOXES):
        said.pop(name, None)  # their contents count, not their text
    by_place = variants is not None or any("seed" in step.values for step in recipe.steps)
    key = recipe.key() if variants is None else variants.key()
    return Stamper(VERSION, key, said | (region.key() if region is not None else {}), by_place)


def colour(text: str) -> tuple[int, int, int] | None:
    """Return the colour of --background, or None; raises UsageError."""
    if not text:
        return None
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(text)[:3]  # type: ignore[return-value]
    except ValueError:
        raise UsageError(f"--background: {text!r} is not a colour; use a name, or #rrggbb") from None
