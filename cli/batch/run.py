"""Run a request: skip outputs that are up to date, do the rest, and write the legend and the dependency file."""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..console.messages import flag, put, say, shown
from ..console.report import LeftOut, Part, Report, Totals
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
from .watch_round import ONCE, Round

if TYPE_CHECKING:
    from ..terminal.screen import Screen, Wanted
    from .augment.variants import Variants


def execute(
    recipe: Recipe,
    options: SharedOptions,
    map_files: Mapping[str, str],
    save: str | None = None,
    variants: Variants | None = None,
) -> int:
    """Check a call, run it, and return the exit code.

    *map_files* are the files of the filter's maps, *save* is that of the recipe; *variants* are an augmentation's.
    """
    beside = {} if save is None else {"save": save}
    if variants is not None and variants.manifest is not None:
        beside["manifest"] = variants.manifest
    began = time.perf_counter()
    with warnings.catch_warnings():
        # The program reports in its own words what libraries warn about.
        warnings.simplefilter("ignore")
        wanted = wanted_screen(options)
        request = check(recipe, options, map_files, beside, variants)
        with opened(wanted) as screen:
            return carry_out(request, began, screen)


def wanted_screen(options: SharedOptions) -> Wanted | None:
    """Return how the call shows its pictures, if it does; raises UsageError."""
    if options.show is None:
        return None
    from ..terminal import screen  # rarely needed

    return screen.wanted(options.show_as, options.show_size)


def opened(wanted: Wanted | None) -> contextlib.AbstractContextManager[Screen | None]:
    """Return the screen of a call that shows its pictures, as a context."""
    if wanted is None:
        return contextlib.nullcontext()
    from ..terminal.screen import Screen

    return Screen(wanted)


def carry_out(request: Request, began: float, screen: Screen | None = None, round: Round = ONCE) -> ExitCode:
    """Run a checked call, or a *round* of one with --watch."""
    recipe, options = request.recipe, request.options
    reporter = _reporter(request, began, screen, round)
    for name, fate in request.inputs.passed_over if options.verbose and round.is_first else ():
        say(f"{shown(name)}: {fate.value}")
    update = _currency(request, round)
    jobs, skipped = up_to_date.skipped(request.jobs, update, no_clobber=options.no_clobber, unchanged=round.unchanged)
    if options.update and round.is_first and not request.stamped and not options.quiet:
        say("imfilter: --update compares times only, since these outputs carry no stamp of their parameters")
    jobs = collisions.keep_backups(jobs, skipped)
    if options.dry_run:
        return _dry_run(jobs, skipped, request, reporter)
    code = ExitCode.DONE
    renewed = _is_renewed(options.report, jobs, skipped)
    if renewed:
        from . import run_page  # rarely needed

        reporter.told = []
        jobs = run_page.with_shares(jobs, skipped, request.page_size)
    if len(skipped) < len(jobs):
        code = _work(request, jobs, skipped, reporter, screen, round)
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


def _reporter(request: Request, began: float, screen: Screen | None, round: Round) -> Reporter:
    recipe, options, found = request.recipe, request.options, request.inputs
    left_out = LeftOut(
        files=sum(found.count(fate) for fate in (Fate.OTHER, Fate.UNMATCHED, Fate.EXCLUDED)),
        backups=found.count(Fate.BACKUP),
        subfolders=found.count(Fate.SUBFOLDER),
        repeatable=not options.in_place,
    )
    part = None if request.shard is None else Part(str(request.shard), len(found.inputs))
    kind: Callable[..., Reporter] = Reporter
    if round.ledger is not None:
        from ..console.round_reporter import RoundReporter  # rarely needed

        kind = partial(RoundReporter, round.ledger)
    return kind(
        recipe.name if request.augmentation is None else request.augmentation.name,
        recipe.described() if request.augmentation is None else request.augmentation.described(),
        Totals(left_out, part),
        len(request.jobs),
        began,
        request.files,
        several=found.several or len(request.jobs) > 1 or part is not None,
        quiet=options.quiet,
        verbose=options.verbose,
        json=options.json,
        barred=screen is not None,
    )


def _currency(request: Request, round: Round) -> up_to_date.Currency | None:
    """Return the check for outputs that are up to date; None if everything that changed is done again.

    In a later round, outputs without a stamp may be newer than an input but older than the recipe.
    """
    options = request.options
    if not (options.update if round.is_first else request.stamped):
        return None
    return up_to_date.Currency(request.stamper if request.stamped else None, options.preserve_times, request.cores)


def _is_renewed(path: str | None, jobs: Sequence[Job], skipped: frozenset[int]) -> bool:
    """Return whether a file on all images is written; if nothing was done, an existing one stays."""
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
    request: Request,
    jobs: Sequence[Job],
    skipped: frozenset[int],
    reporter: Reporter,
    screen: Screen | None,
    round: Round,
) -> ExitCode:
    """Run the jobs that are not skipped."""
    options, left = request.options, len(jobs) - len(skipped)
    workers = min(request.cores, left) if request.cluster is None else 1
    pictures = request.reader()
    pictures.digests = request.stamped
    if workers == 1 and request.cluster is None:
        first = next(job for number, job in enumerate(jobs) if number not in skipped)
        prefetch.begin(pictures, first.input.name)
    # Modules that need NumPy are imported while the first picture is read.
    from . import doubts, runner

    doubted = [*doubts.notes(request.recipe), *request.doubts]
    for note in () if options.quiet or not round.is_new_recipe else doubted:
        say(f"imfilter: {note}")

    return runner.run(request, jobs, skipped, pictures, reporter, workers, screen)
