"""`imfilter info`: the metadata of files, and statistics of their pixels."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import typer

from ..batch.help_sections import FILES, RUN
from ..errors import UsageError
from ..images import prefetch
from .helped_option import HelpedOption
from .input_options import folder_options
from .options import described, inputs_argument, shared_option
from .sectioned_command import SectionedCommand

USAGE = "INPUT... [OPTIONS]"
HISTOGRAMS = ("none", "luma", "each")
PERCENTILES, MOST_PERCENTILES = "1,50,99", 100
BINS, MOST_BINS = 64, 1 << 16
DRAWN = 3
"""The most pictures whose histograms a terminal shows by default."""


def make() -> SectionedCommand:
    """Return the command."""

    def command(
        inputs: Sequence[str],
        header: bool,
        check: bool,
        histogram: str | None,
        bins: int | None,
        log: bool,
        percentiles: str | None,
        recursive: bool,
        include: Sequence[str],
        exclude: Sequence[str],
        files_from: str | None,
        null: bool,
        frame: str | None,
        max_pixels: str | None,
        lenient: bool,
        jobs: int | None,
        json: bool,
        quiet: bool,
    ) -> None:
        """Print metadata and pixel statistics of images.

        Prints the format, size, depth and bytes; quality and chroma of a JPEG; orientation, resolution, name of the
        profile, EXIF, whether it holds a GPS location, XMP, frames and their duration. For each channel it prints the
        least and greatest sample, percentiles, mean, standard deviation, and the fractions that are black (0 or less)
        and white. Pixels are read as filters see them: upright, with all 16 bits.

        Figures for 8 and 16 bits are exact: a percentile is the least value that so many percent of the samples do not
        exceed. Percentiles of floats, marked ~, come from 65 536 values between the least and the greatest. Colours
        under an alpha of 0, missing samples, NaN and infinities are left out, and counted. By default only the first
        frame of an animation is read.

        --header reads no pixels of JPEG and PNG, nor of PNM, .npy and TIFF files of 1 MiB or more and of Zarr; of other
        files it decodes the first frame. --check decodes all frames of all files, and prints the damaged ones.

        Exit codes: 0 all files were read, 1 some file could not be read, 2 wrong call.

        Shell
        -----
        $ imfilter info photo.jpg
        $ imfilter info photos/ -r --header --json
        $ imfilter info scan.tif --frame all --histogram each --log
        $ imfilter info photos/ -r --check -q
        """
        from ..batch import cpu_count
        from ..batch import inputs as files
        from ..batch.inputs import InputRules
        from ..info import run as command
        from ..info.contents import How

        given = {"--histogram": histogram, "--bins": bins, "--percentiles": percentiles, "--frame": frame}
        for option, asked in (("--check", check), ("--header", header)):
            for other, value in {**given, "--header": header or None, "--log": log or None}.items():
                if asked and value is not None and other != option:
                    what = "prints no figures" if option == "--check" else "reads no pixels"
                    raise UsageError(f"{option} {what}; omit {other}")
        if check and lenient:
            raise UsageError("--check finds what --lenient overlooks; omit one of them")
        if histogram is not None and histogram not in HISTOGRAMS:
            raise UsageError(f"--histogram: {histogram!r} is not one of {', '.join(HISTOGRAMS)}")
        if bins is not None and not 2 <= bins <= MOST_BINS:
            raise UsageError(f"--bins: {bins} is not a number from 2 to {MOST_BINS}")
        names = files.names(inputs, files_from, null)
        found = files.scan(names, InputRules(recursive, include, exclude), listed=files_from is not None)
        terminal = sys.stdout is not None and sys.stdout.isatty() and not json
        usual = "luma" if terminal and len(found.inputs) <= DRAWN else "none"
        columns = min(BINS, shutil.get_terminal_size().columns - 4) if terminal else BINS
        code = command.run(
            command.Call(
                found.inputs,
                header,
                check,
                How(
                    _percentiles(PERCENTILES if percentiles is None else percentiles),
                    histogram or usual,
                    bins or max(2, columns),
                ),
                log,
                _frame(frame),
                prefetch.max_pixels(max_pixels or ""),
                lenient,
                cpu_count.cores(jobs),
                json,
                quiet,
                found.unsearched,
            )
        )
        if code:
            raise typer.Exit(code)

    params = [
        inputs_argument("INPUT...", "Image files, folders, or - for standard input."),
        HelpedOption("header", "Print the header alone, without reading pixels.", type=bool, default=False),
        HelpedOption("check", "Decode everything, and print only damaged files.", type=bool, default=False),
        HelpedOption(
            "histogram",
            "Draw a histogram of the luma, or of each channel.  [default: luma on a terminal for up to 3 pictures, "
            "else none]",
            metavar="none|luma|each",
        ),
        HelpedOption("bins", f"Number of bins of the histogram.  [default: {BINS}]", type=int, metavar="N"),
        HelpedOption("log", "Draw the logarithm of the counts.", type=bool, default=False),
        HelpedOption("percentiles", f"Which percentiles to print.  [default: {PERCENTILES}]", metavar="P,..."),
        *folder_options("Read only"),
        shared_option("files_from"),
        shared_option("null"),
        HelpedOption(
            "frame", "Read this frame or page, counting from 0, or all.  [default: 0]", FILES, metavar="N|all"
        ),
        shared_option("max_pixels"),
        HelpedOption("lenient", "Recover what can be read from damaged pictures.", FILES, type=bool, default=False),
        shared_option("jobs"),
        HelpedOption("json", "Print a JSON object for each file, and one for all.", RUN, type=bool, default=False),
        HelpedOption("quiet", "Print no notes.", RUN, short="-q", type=bool, default=False),
    ]
    return described(command, "info", USAGE, params)


def _percentiles(text: str) -> list[float]:
    try:
        found = [float(word) for word in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0 <= percent <= 100 for percent in found):
        raise UsageError(f"--percentiles: {text!r} is not a list of numbers from 0 to 100, like {PERCENTILES}")
    if len(found) > MOST_PERCENTILES:
        raise UsageError(f"--percentiles: {len(found)} are more than {MOST_PERCENTILES}")
    return found


def _frame(text: str | None) -> int | None:
    """Return the number of the frame, None for all."""
    if text == "all":
        return None
    if text is None:
        return 0
    if not (text.isascii() and text.isdecimal()):
        raise UsageError(f"--frame: {text!r} is neither a number from 0 nor all")
    return int(text)
