"""Carries out a request: skips what is up to date, does the rest, and writes the legend and the dependency file."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..console.messages import flag, put, say, shown
from ..console.report import LeftOut, Report, Totals
from ..console.reporter import Reporter
from ..errors import ExitCode
from ..images import prefetch
from ..streams import STREAM
from . import collisions, up_to_date
from .inputs import Fate
from .options import SharedOptions
from .plan import Job
from .recipe import Recipe
from .request import Request, check

if TYPE_CHECKING:
    from ..terminal.screen import Screen
    from .augment.variants import Variants


def execute(
    recipe: Recipe,
    options: SharedOptions,
    map_files: Mapping[str, str],
    save: str | None = None,
    variants: Variants | None = None,
) -> int:
    """Check a call, carry it out, and return the exit code.

    *map_files* says where the filter's maps go, *save* where the recipe goes; *variants* are those of an augmentation.
    """
    beside = {} if save is None else {"save": save}
    if variants is not None and variants.manifest is not None:
        beside["manifest"] = variants.manifest
    began = time.perf_counter()
    with warnings.catch_warnings():
        # What libraries warn of, the program reports or refuses in its own words.
        warnings.simplefilter("ignore")
        if options.show is None:
            return _carry_out(check(recipe, options, map_files, beside, variants), began)
        from ..terminal import screen  # few calls show what they make

        wanted = screen.wanted(options.show_as, options.show_size)
        request = check(recipe, options, map_files, beside, variants)
        with screen.Screen(wanted) as shown_on:
            return _carry_out(request, began, shown_on)


def _carry_out(request: Request, began: float, screen: Screen | None = None) -> ExitCode:
    recipe, options, found = request.recipe, request.options, request.inputs
    left_out = LeftOut(
        files=sum(found.count(fate) for fate in (Fate.OTHER, Fate.UNMATCHED, Fate.EXCLUDED)),
        backups=found.count(Fate.BACKUP),
        subfolders=found.count(Fate.SUBFOLDER),
        repeatable=not options.in_place,
    )
    reporter = Reporter(
        recipe.name if request.augmentation is None else request.augmentation.name,
        recipe.described() if request.augmentation is None else request.augmentation.described(),
        Totals(left_out),
        len(request.jobs),
        began,
        request.files,
        several=found.several or len(request.jobs) > 1,
        quiet=options.quiet,
        verbose=options.verbose,
        json=options.json,
        barred=screen is not None,
    )
    for name, fate in found.passed_over if options.verbose else ():
        say(f"{shown(name)}: {fate.value}")
    stamper = request.stamper if request.stamped else None
    update = up_to_date.Currency(stamper, options.preserve_times, request.cores) if options.update else None
    jobs, skipped = up_to_date.skipped(request.jobs, update, no_clobber=options.no_clobber)
    if options.update and not request.stamped and not options.quiet:
        say("imfilter: --update compares times only, since these outputs carry no stamp of their parameters")
    jobs = collisions.keep_backups(jobs, skipped)
    if options.dry_run:
        return _dry_run(jobs, skipped, request, reporter)
    code = ExitCode.DONE
    renewed = _is_renewed(options.report, jobs, skipped)
    if renewed:
        from . import run_page  # few calls write a page

        reporter.told = []
        jobs = run_page.with_shares(jobs, skipped, request.page_size)
    if len(skipped) < len(jobs):
        code = _work(request, jobs, skipped, reporter, screen)
    else:
        with reporter:
            for job in jobs:
                reporter.tell(Report(input=job.input.name, status="skipped", outputs=job.outputs))
    legend = options.angle_legend
    if _is_renewed(legend, jobs, skipped):
        from .image_job import write_legend

        write_legend(legend or "", request.quality, request.read)
    if renewed:
        from . import run_page

        run_page.write(request, reporter.told or ())
    if options.depfile is not None and not (code and options.fail_fast):
        failed = {report.input for report in reporter.totals.failures}
        made = [job for job in jobs if job.input.name not in failed]
        if made:
            from . import depfile

            depfile.write(options.depfile, made, depfile.rules(request.files), request.read)
    if (manifest := request.files.written.get("manifest")) is not None:
        from .augment import manifest as lines

        lines.write(manifest, request, jobs, skipped, reporter.drawn)
    if request.annotations.kind:
        from .annotations import collected

        collected.write(request, jobs, skipped, reporter.annotated)
    if (save := request.files.written.get("save")) is not None:
        from .recipe_file import write_recipe

        write_recipe(save, recipe, request.read)
    return code


def _is_renewed(path: str | None, jobs: Sequence[Job], skipped: frozenset[int]) -> bool:
    """Whether a file that is made of all images is written: where nothing was done, the one that is there stays."""
    return path is not None and (len(skipped) < len(jobs) or not os.path.lexists(path))


def _dry_run(jobs: Sequence[Job], skipped: frozenset[int], request: Request, reporter: Reporter) -> ExitCode:
    """Print the plan."""
    with reporter:
        for number, job in enumerate(jobs):
            status = "skipped" if number in skipped else "planned"
            notes = () if request.options.quiet or number in skipped else job.notes
            reporter.tell(Report(input=job.input.name, status=status, outputs=job.outputs, notes=notes))
            if not reporter.json and number not in skipped:
                for path in job.outputs.values():
                    put(f"{job.name} -> {'standard output' if path == STREAM else shown(path)}")
        for name, path in request.files.written.items() if not reporter.json else ():
            if name not in ("angle_legend", "report") or _is_renewed(path, jobs, skipped):
                put(f"{flag(name)} -> {shown(path)}")
    return ExitCode.DONE


def _work(
    request: Request, jobs: Sequence[Job], skipped: frozenset[int], reporter: Reporter, screen: Screen | None
) -> ExitCode:
    """Do the jobs that are not skipped."""
    options, left = request.options, len(jobs) - len(skipped)
    workers = min(request.cores, left) if request.cluster is None else 1
    pictures = request.reader()
    pictures.digests = request.stamped
    if workers == 1 and request.cluster is None:
        first = next(job for number, job in enumerate(jobs) if number not in skipped)
        prefetch.begin(pictures, first.input.name)
    # What needs NumPy is imported while the first picture is read.
    from . import doubts, runner

    for note in () if options.quiet else doubts.notes(request.recipe):
        say(f"imfilter: {note}")

    return runner.run(request, jobs, skipped, pictures, reporter, workers, screen)
