"""One call of a command: its options checked, its inputs and outputs planned, its work handed on.

Everything that can be refused without looking at a pixel is refused here.
"""

from __future__ import annotations

import gc
import itertools
import os
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from ..console.messages import flag, put, say, shown
from ..console.report import Report, Totals
from ..console.reporter import Teller
from ..errors import ExitCode, UsageError
from ..images import formats
from ..images.prefetch import max_pixels, reader
from ..streams import STREAM, is_stream
from ..version import VERSION
from . import collisions, cpu_count, depfile, inputs, mask_option
from .plan import Job, Names, Target, plan
from .provenance import Stamper, has_stamp, of_frame
from .recipe import Recipe


def execute(recipe: Recipe, values: Mapping[str, Any]) -> int:
    """Check a call, plan it, do it, and return the exit code; *values* are the shared options by name."""
    with warnings.catch_warnings():
        # Libraries warn of what the program says in its own words, or refuses.
        warnings.simplefilter("ignore")
        return _execute(recipe, values)


def _execute(recipe: Recipe, values: Mapping[str, Any]) -> int:
    began = time.perf_counter()
    _check(recipe, values)
    count, maps = cpu_count.cores(values["jobs"]), len(recipe.maps())
    _check_sheet(values, maps)
    names, outputs = _names(values), _outputs(recipe, values)
    found = inputs.scan(names, _rules(values, outputs), listed=values["files_from"] is not None)
    jobs = _plan(recipe, values, found, outputs, maps)
    _check_fit(jobs, maps)
    acting = mask_option.read(values)
    if acting is not None:
        acting.check(jobs)
    files = [*recipe.files(), *(acting.files() if acting is not None else ())]
    _check_beside(values, jobs, files)
    teller = Teller(
        recipe.name,
        recipe.described(),
        Totals(len(found.passed_over)),
        len(jobs),
        began,
        several=found.several,
        quiet=values["quiet"],
        verbose=values["verbose"],
        json=values["json"],
    )
    if values["verbose"]:
        for name in found.passed_over:
            say(f"{shown(name)}: passed over")
    stamper = _stamper(recipe, values, acting)
    jobs, skipped = _skipped(jobs, values, stamper)
    collisions.check_backups([job for number, job in enumerate(jobs) if number not in skipped])
    if values["dry_run"]:
        return _dry_run(jobs, skipped, teller)
    code = ExitCode.DONE
    if len(skipped) < len(jobs):
        code = _work(recipe, values, jobs, skipped, teller, stamper, count, acting)
    else:
        with teller:
            for job in jobs:
                teller.tell(Report(job.input.name, "skipped", job.outputs))
    legend = values["angle_legend"]
    if legend is not None and (len(skipped) < len(jobs) or not os.path.lexists(legend)):
        from .image_job import write_legend

        write_legend(legend, values["quality"])
    if values["depfile"] is not None and not (code and values["fail_fast"]):
        failed = {report.input for report in teller.totals.failures}
        made = [job for job in jobs if job.input.name not in failed]
        if made:
            depfile.write(values["depfile"], made, files)
    return code


def _work(
    recipe: Recipe,
    values: Mapping[str, Any],
    jobs: Sequence[Job],
    skipped: frozenset[int],
    teller: Teller,
    stamper: Stamper,
    count: int,
    acting: mask_option.Where | None,
) -> ExitCode:
    """Do what is left to do."""
    left = len(jobs) - len(skipped)
    workers = min(count, left)
    most = max_pixels(values["max_pixels"])
    pictures = reader(most, values["lenient"], values["to_rgb"])
    if workers == 1:
        pictures.begin(next(job for number, job in enumerate(jobs) if number not in skipped).input.name)
    background = _colour(values["background"])
    # What needs NumPy is imported while the first picture is read.
    from ...filters.core.engine import mask
    from ..images import encode
    from . import image_job, runner

    options = encode.EncodeOptions(values["quality"], values["strip"], values["strip_gps"], count // workers)
    how = image_job.How(
        options,
        stamper,
        background,
        values["angle_style"],
        values["verbose"] or values["json"],
        values["verbose"],
        values["quiet"],
        acting.effect(most) if acting is not None else None,
        values["frame"],
        values["max_frames"],
        values["no_clobber"],
    )
    task = image_job.Work(recipe, how, count // workers)
    _check_maps(recipe, values, task.stages[-1].fields)
    if acting is not None and any(stage.maps > 1 for stage in task.stages):
        raise UsageError(f"{acting.option}: {mask.SEVERAL_MAPS}")
    if acting is not None and not mask.keeps_size(task.stages):
        raise UsageError(f"{acting.option}: {mask.OTHER_SIZE}")
    if not gc.isenabled():  # the command began without it
        gc.freeze()
        gc.enable()
    return runner.run(jobs, skipped, task, pictures, teller, workers=workers, fail_fast=values["fail_fast"])


def _check(recipe: Recipe, values: Mapping[str, Any]) -> None:
    quality = values["quality"]
    if quality is not None and not 1 <= quality <= 100:
        raise UsageError(f"--quality: {quality} is not from 1 to 100")
    _refuse_together(values, "quiet", "verbose")
    _refuse_together(values, "in_place", "output")
    _refuse_together(values, "in_place", "to")
    _refuse_together(values, "in_place", "no_clobber")
    if values["frame"] is not None:
        _refuse_together({**values, "frame": True}, "in_place", "frame")
        if values["frame"] < 0:
            raise UsageError(f"--frame: {values['frame']} is no frame's number; the first is 0")
    if values["max_frames"] < 1:
        raise UsageError(f"--max-frames: {values['max_frames']} is no number of frames")
    if values["backup"] is not None:
        if not values["in_place"]:
            raise UsageError("--backup: keeps what --in-place replaces; without it no input is touched")
        if not values["backup"] or "/" in values["backup"]:
            raise UsageError("--backup: a suffix, like .orig")
    if values["null"] and values["files_from"] is None:
        raise UsageError("-0: says how the names of --files-from are told apart")
    style = values["angle_style"]
    if style not in ("code", "color"):
        raise UsageError(f"--angle-style: {style!r} is neither code nor color")
    if style == "color" and recipe.last.values["channels"] == "each":
        raise UsageError("--angle-style color draws one direction a pixel; use --channels luma or max")


def _refuse_together(values: Mapping[str, Any], one: str, other: str) -> None:
    if values[one] and values[other]:
        raise UsageError(f"{flag(one)} and {flag(other)} contradict each other")


def _names(values: Mapping[str, Any]) -> list[str]:
    """Return the inputs as they are named, those of --files-from last."""
    names: list[str] = list(values["inputs"] or ())
    listed = values["files_from"]
    if listed == STREAM and STREAM in names:
        raise UsageError("- (standard input) holds an image, or the names of --files-from; not both")
    if listed is not None:
        names += inputs.read_list(listed, b"\0" if values["null"] else b"\n")
        if not names:
            raise UsageError(f"--files-from {shown(listed)}: names no file")
    if not names:
        raise UsageError("no input: name images, folders, or - for standard input")
    if "" in names:
        raise UsageError("a file's name is empty")
    if names.count(STREAM) > 1 or (STREAM in names and len(names) > 1):
        raise UsageError("- (standard input) is one image; it cannot be mixed with others")
    return names


def _outputs(recipe: Recipe, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the outputs by name, as the user wrote them."""
    maps = _given_maps(values)
    for name in maps:
        if name not in recipe.last.filter.spec.maps:
            raise UsageError(f"{flag(name)}: {recipe.last.name} has no such map")
    written = {**maps, **({"sheet": values["sheet"]} if values["sheet"] is not None else {})}
    if values["output"] is not None:
        written = {"image": values["output"], **written}
    elif not written and not values["in_place"]:
        if values["inputs"] != [STREAM]:
            raise UsageError("no output: name one with -o FILE, -o FOLDER/ or -o -")
        written = {"image": STREAM}
    if "" in written.values():
        raise UsageError("a file's name is empty")
    streams = list(written.values()).count(STREAM)
    if streams > 1:
        raise UsageError("standard output holds one image; only one output can be -")
    if streams and values["json"]:
        raise UsageError("--json: standard output holds the image; name a file with -o")
    if streams and not values["dry_run"] and sys.stdout is not None and sys.stdout.isatty():
        raise UsageError("an image would be written to the terminal; redirect it, or name a file with -o")
    return written


def _given_maps(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: file for name, file in values["maps"].items() if file is not None}


def _check_maps(recipe: Recipe, values: Mapping[str, Any], fields: Sequence[str]) -> None:
    for name in _given_maps(values):
        if name not in fields:
            raise UsageError(f"{flag(name)}: the operator {recipe.last.values['op']} has no such map")


def _check_sheet(values: Mapping[str, Any], maps: int) -> None:
    if values["sheet"] is not None and not maps:
        raise UsageError("--sheet: shows the maps of a bank of kernels; here the result is a picture, for -o")


def _check_fit(jobs: Sequence[Job], maps: int) -> None:
    """Raise UsageError for an output whose format cannot hold so many maps."""
    for job in jobs if maps else ():
        target = job.targets.get("image")
        if target is not None and target.format is not None and not target.format.holds_maps(maps):
            raise UsageError(f"{target.name}: {target.format.name.upper()} cannot hold {maps} maps; {formats.FOR_MAPS}")


def _rules(values: Mapping[str, Any], outputs: Mapping[str, str]) -> inputs.Rules:
    folders = {inputs.identity(path) for path in outputs.values() if path != STREAM and inputs.is_folder(path)}
    named = {inputs.identity(name) for name in values["inputs"] or ()}
    return inputs.Rules(
        values["recursive"],
        values["include"] or (),
        values["exclude"] or (),
        [folder for folder in folders - named if folder is not None],
        values["backup"],
    )


def _plan(
    recipe: Recipe, values: Mapping[str, Any], found: inputs.Found, outputs: Mapping[str, str], maps: int
) -> list[Job]:
    folders = frozenset(path for path in outputs.values() if path != STREAM and inputs.is_folder(path))
    jobs = plan(
        found.inputs,
        outputs,
        to=formats.named(values["to"]) if values["to"] is not None else None,
        folders=folders,
        several=found.several,
        names=Names(values["name"], recipe.name, values["frame"], maps),
        in_place=values["in_place"],
        backup=values["backup"],
    )
    collisions.check(jobs)
    return jobs


def _stamper(recipe: Recipe, values: Mapping[str, Any], acting: mask_option.Where | None) -> Stamper:
    names = "quality strip strip_gps frame background angle_style to_rgb lenient"
    how = {name: values[name] for name in names.split()}
    if acting is not None:
        how |= acting.key()
    try:
        return Stamper(VERSION, recipe.key(), how)
    except OSError as error:
        raise UsageError(f"--kernel: {error.filename}: {error.strerror}") from None


def _skipped(jobs: Sequence[Job], values: Mapping[str, Any], stamper: Stamper) -> tuple[list[Job], frozenset[int]]:
    """Return the jobs, less the outputs that are kept, and the numbers of those with nothing to do."""
    left, skipped = [], set()
    for number, job in enumerate(jobs):
        if values["no_clobber"]:
            missing = {name: target for name, target in job.targets.items() if not _exists(target)}
            if missing:
                job = job._replace(targets=missing)
            else:
                skipped.add(number)
        if values["update"] and _is_current(job, stamper):
            skipped.add(number)
        left.append(job)
    return left, frozenset(skipped)


def _exists(target: Target) -> bool:
    # Of frames with files of their own each that exists is kept, when they are written.
    return (
        target.path is not None
        and target.numbered is None
        and not is_stream(target.path)
        and os.path.lexists(target.path)
    )


def _is_current(job: Job, stamper: Stamper) -> bool:
    """Whether no output is older than the input, and all were made by this recipe."""
    try:
        changed = os.stat(job.input.name).st_mtime_ns
        return all(
            target.path is not None and _is_made(name, target, changed, stamper) for name, target in job.targets.items()
        )
    except OSError:  # a file that is missing, or standard input
        return False


def _is_made(name: str, target: Target, changed: int, stamper: Stamper) -> bool:
    """Whether an output is there; of frames with files of their own, each up to the one whose stamp says the last."""
    if target.numbered is None:
        assert target.path is not None
        since = os.stat(target.path).st_mtime_ns
        return since >= changed and has_stamp(target.path, stamper.stamp(name), target.format)
    more, last = (stamper.stamp(of_frame(name, last)) for last in (False, True))
    for number in itertools.count():
        path = target.of_frame(number).path
        assert path is not None
        if os.stat(path).st_mtime_ns < changed:
            return False
        if has_stamp(path, last, target.format):
            return True
        if not has_stamp(path, more, target.format):
            return False
    return False


def _dry_run(jobs: Sequence[Job], skipped: frozenset[int], teller: Teller) -> ExitCode:
    """Print the plan."""
    with teller:
        for number, job in enumerate(jobs):
            status = "skipped" if number in skipped else "planned"
            teller.tell(Report(job.input.name, status, job.outputs))
            if not teller.json and number not in skipped:
                for target in job.targets.values():
                    put(f"{job.name} -> {target.name}")
    return ExitCode.DONE


def _check_beside(values: Mapping[str, Any], jobs: Sequence[Job], files: Sequence[str]) -> None:
    """Check the files that are written beside the outputs."""
    legend, rules = values["angle_legend"], values["depfile"]
    beside = {name: path for name, path in (("angle_legend", legend), ("depfile", rules)) if path is not None}
    for name, path in beside.items():
        if path in ("", STREAM) or inputs.is_folder(path):
            raise UsageError(f"{flag(name)} {path!r}: is no name of a file")
    if legend is not None and not formats.of_suffix(legend).colour:
        raise UsageError(f"--angle-legend {shown(legend)}: holds gray only; use .png")
    if rules is not None:
        if any(target.numbered is not None for job in jobs for target in job.targets.values()):
            raise UsageError(
                "--depfile: cannot name the files of {frame}, whose number is not known yet; use --frame N"
            )
        depfile.check(rules, jobs, files)
    if beside:
        # They are outputs of the first job, for the sake of this check only.
        targets = {name: Target(path, None) for name, path in beside.items()}
        collisions.check([jobs[0]._replace(targets={**jobs[0].targets, **targets}), *jobs[1:]])


def _colour(text: str) -> tuple[int, int, int] | None:
    if not text:
        return None
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(text)[:3]  # type: ignore[return-value]
    except ValueError:
        raise UsageError(f"--background: {text!r} is no colour; use a name, or #rrggbb") from None
