"""`imfilter compare`: how two pictures, or two folders of them, differ."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from typer.core import TyperArgument

from ..batch.help_sections import FILES, PIXELS, RUN
from ..console import faults
from ..errors import ExitCode, UsageError
from ..images import prefetch
from .helped_option import HelpedOption
from .input_options import folder_options
from .options import described, shared_option
from .page_options import page_options, page_size
from .sectioned_command import SectionedCommand

USAGE = "A B [OPTIONS]"


def make() -> SectionedCommand:
    """Return the command."""

    def command(
        a: str | None,
        b: str | None,
        max_diff: float | None,
        max_differing: str | None,
        tolerance: float,
        min_psnr: float | None,
        min_ssim: float | None,
        min_ms_ssim: float | None,
        metrics: str,
        peak: float | None,
        channels: str,
        strict: bool,
        mask: str | None,
        roi: Sequence[str],
        frame: int | None,
        diff: str | None,
        diff_style: str,
        gain: float,
        report: str | None,
        report_size: str | None,
        report_title: str | None,
        recursive: bool,
        include: Sequence[str],
        exclude: Sequence[str],
        match: str,
        max_pixels: str | None,
        lenient: bool,
        jobs: int | None,
        json: bool,
        quiet: bool,
    ) -> None:
        """Compare two pictures, or two folders of pictures.

        Without a limit the pictures must be identical, sample by sample. Pictures are compared as they are shown:
        upright; 8 bits with 16 on the 16-bit scale; gray with colour; a missing alpha as opaque. Colours under an alpha
        of 0 do not count. Pictures of different sizes differ; they are never scaled. Each frame or page is compared
        with its counterpart. Files of two folders are paired by their paths, and those without a partner differ.

        PSNR is 10 log10(peak² / MSE) over all colour samples. SSIM is computed on the luma, without scaling it
        first, with a Gaussian window of σ 1.5 on 11×11 pixels, K₁ 0.01, K₂ 0.03 and the population covariance,
        and averaged over all places where the window fits (Wang et al. 2004). MS-SSIM has five scales (Wang et
        al. 2003). SSIM needs 11 pixels a side, MS-SSIM 176. For float pictures these metrics need --peak, which
        sets white. Printed figures are rounded down, so a limit set to a printed figure holds; --json has all
        digits.

        Exit codes: 0 all pairs are within the limits, 1 some pair is not, 2 wrong call, 3 some pair could not be
        compared, or its result not written.

        Shell
        -----
        $ imfilter compare reference.png result.png
        $ imfilter compare reference.png result.png --max-diff 1 --diff difference.png --gain 50
        $ imfilter compare golden/ out/ -r --min-ssim 0.999 -q
        """
        if a is None or b is None:
            raise UsageError("name two pictures or two folders: imfilter compare A B")
        from ..batch import cpu_count, frame_number, mask_option
        from ..batch.inputs import InputRules
        from ..compare import run as command
        from ..compare.call import Call
        from ..compare.difference_picture import STYLES
        from ..compare.limits import Limits
        from ..compare.measured import METRICS, How

        limits = Limits(max_diff, max_differing, min_psnr, min_ssim, min_ms_ssim)
        for name, value in (("tolerance", tolerance), ("gain", gain)):
            if not 0 <= value < float("inf"):
                raise UsageError(f"--{name}: {value:g} is not a number from 0")
        frame_number.check(frame)
        _one_of("channels", channels, ("luma", "each"))
        _one_of("match", match, ("name", "stem"))
        _one_of("diff-style", diff_style, STYLES)
        if diff is None and report is None and (gain != 1 or diff_style != STYLES[0]):
            raise UsageError(f"--{'gain' if gain != 1 else 'diff-style'} requires --diff or --report")
        wanted = METRICS if metrics == "all" else tuple(metrics.split(","))
        for word in wanted:
            _one_of("metrics", word, (*METRICS, "all"))
        if peak is not None and not 0 < peak < float("inf"):
            raise UsageError(f"--peak: {peak:g} is not a positive number")
        pixels = prefetch.max_pixels(max_pixels or "")
        region = mask_option.read(mask, roi)
        effect = None
        if region is not None:
            from ..batch.mask_effect import effect_of

            if region.mask is not None and "ms-ssim" in (*wanted, *limits.metrics):
                raise UsageError("MS-SSIM cannot be used with --mask; use --roi, or leave it out")
            effect = effect_of(region, pixels)
        call = Call(
            a,
            b,
            limits,
            How((*wanted, *limits.metrics), tolerance, channels),
            InputRules(recursive, include, exclude),
            match,
            strict,
            peak,
            effect,
            frame,
            diff,
            diff_style,
            gain,
            pixels,
            lenient,
            cpu_count.cores(jobs),
            json,
            quiet,
            report,
            report_title,
            page_size(report, report_size, report_title),
            mask=mask,
        )
        try:
            code = command.run(call)
        except OSError as error:  # from standard output: 1 would say that pictures differ
            faults.tell(error)
            code = ExitCode.NOT_COMPARED
        if code:
            raise typer.Exit(code)

    own = [
        HelpedOption(
            "max_diff",
            "Greatest allowed difference of a sample, in levels of the deeper picture.",
            type=float,
            metavar="N",
        ),
        HelpedOption(
            "max_differing", "Number or share of pixels that may differ by more than --tolerance.", metavar="N|P%"
        ),
        HelpedOption(
            "tolerance",
            "Ignore differences of samples up to this.  [default: 0]",
            type=float,
            default=0.0,
            metavar="N",
        ),
        HelpedOption("min_psnr", "Least PSNR allowed.", type=float, metavar="DB"),
        HelpedOption("min_ssim", "Least SSIM allowed, at most 1.", type=float, metavar="X"),
        HelpedOption("min_ms_ssim", "Least MS-SSIM allowed, at most 1.", type=float, metavar="X"),
        HelpedOption(
            "metrics",
            "Measure these: diff, psnr, rmse, ssim, ms-ssim, or all.  [default: diff,psnr,ssim]",
            default="diff,psnr,ssim",
            metavar="LIST",
        ),
        HelpedOption("diff", "Write a picture of the differences.", metavar="FILE|FOLDER/"),
        HelpedOption(
            "diff_style",
            "Draw the absolute difference (abs); that of the luma, blue where B is darker and red where it is "
            "brighter (signed); or mark differing pixels red on A in pale gray (mark).  [default: abs]",
            default="abs",
            metavar="abs|signed|mark",
        ),
        HelpedOption(
            "gain", "Multiply the drawn differences by this.  [default: 1]", type=float, default=1.0, metavar="G"
        ),
        *page_options("the pairs that differ, the worst first", "pairs it shows the worst"),
        *folder_options("Compare only"),
        HelpedOption(
            "match",
            "Pair the files of two folders by name, or by stem: a.jpg with a.png.  [default: name]",
            FILES,
            default="name",
            metavar="name|stem",
        ),
        HelpedOption("frame", "Compare only this frame or page, counting from 0.", FILES, type=int, metavar="N"),
        shared_option("max_pixels"),
        HelpedOption("lenient", "Recover what can be read from damaged pictures.", FILES, type=bool, default=False),
        HelpedOption("peak", "White of float pictures.", PIXELS, type=float, metavar="V"),
        HelpedOption(
            "channels",
            "Compare the luma by SSIM, or the mean of each channel.  [default: luma]",
            PIXELS,
            default="luma",
            metavar="luma|each",
        ),
        HelpedOption(
            "strict",
            "Count pictures as different if only depth, gray stored as colour, or an opaque alpha differs.",
            PIXELS,
            type=bool,
            default=False,
        ),
        HelpedOption("mask", "Compare only where this picture is not black.", PIXELS, metavar="FILE"),
        HelpedOption("roi", "Compare only this region; repeatable.", PIXELS, type=tuple, metavar="X,Y,W,H"),
        shared_option("jobs"),
        HelpedOption("json", "Print a JSON object for each pair, and one for all.", RUN, type=bool, default=False),
        HelpedOption("quiet", "Print only pairs outside the limits.", RUN, short="-q", type=bool, default=False),
    ]
    arguments = [
        TyperArgument(
            param_decls=["a"], type=str, metavar="A", help="The reference: a picture or folder.", required=False
        ),
        TyperArgument(
            param_decls=["b"], type=str, metavar="B", help="The picture or folder to compare with it.", required=False
        ),
    ]
    return described(command, "compare", USAGE, [*arguments, *own])


def _one_of(name: str, value: str, words: tuple[str, ...]) -> None:
    if value not in words:
        raise UsageError(f"--{name}: {value!r} is not one of {', '.join(words)}")
