"""The options shared by the commands that draw sheets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..batch.help_sections import FILES, PIXELS, RUN
from ..errors import UsageError
from .helped_option import HelpedOption
from .options import shared_option

if TYPE_CHECKING:
    from ..sweep.options import Options
    from ..sweep.sheet_file import SheetLook


def look_options() -> list[HelpedOption]:
    """Return the options for the look of a sheet."""
    return [
        HelpedOption("size", "Longer side of a picture.  [default: 320 px]", type=int, metavar="N"),
        HelpedOption("columns", "Number of pictures side by side.", type=int, metavar="N"),
        HelpedOption("gap", "Gap between pictures.  [default: 12 px]", type=int, metavar="N"),
        HelpedOption("background", "Colour of the sheet.  [default: white]", metavar="COLOR"),
        HelpedOption(
            "font", "Font of the labels, for scripts other than Latin.  [default: Pillow's own]", metavar="FILE.ttf"
        ),
        HelpedOption("text_size", "Size of the labels.  [default: 13 px]", type=int, metavar="N"),
    ]


def other_options() -> list[HelpedOption]:
    """Return the options for the files and the run."""
    return [
        HelpedOption("frame", "Show frame or page N, counting from 0.", FILES, type=int, metavar="N"),
        HelpedOption(
            "update",
            "Skip a sheet that the same call made from the same files.",
            FILES,
            short="-u",
            type=bool,
            default=False,
        ),
        HelpedOption("quality", "Quality of JPEG, AVIF and WebP.", PIXELS, metavar="1-100"),
        HelpedOption("to_rgb", "Convert CMYK to sRGB.", PIXELS, type=bool, default=False),
        HelpedOption(
            "no_stamp",
            "Write neither the stamp, by which --update knows a sheet, nor the command.",
            PIXELS,
            type=bool,
            default=False,
        ),
        shared_option("max_pixels"),
        HelpedOption("lenient", "Recover what can be read from damaged pictures.", RUN, type=bool, default=False),
        HelpedOption("dry_run", "Print what would be shown; write nothing.", RUN, short="-n", type=bool, default=False),
        shared_option("jobs"),
        HelpedOption("json", "Print a JSON object for each picture, and one for all.", RUN, type=bool, default=False),
        HelpedOption("quiet", "Print errors only.", RUN, short="-q", type=bool, default=False),
    ]


def look_of(values: Mapping[str, Any]) -> SheetLook:
    """Return the look of the sheet that a call asks for; raises UsageError."""
    from ..batch.request import colour
    from ..sweep.sheet_file import SheetLook

    given = {name: values[name] for name in ("size", "columns", "gap", "font", "text_size") if values[name] is not None}
    background = colour(values["background"] or "")
    return SheetLook(**given) if background is None else SheetLook(background=background, **given)


def options_of(values: Mapping[str, Any]) -> Options:
    """Return the checked options for files and the run; raises UsageError."""
    from ..batch import cpu_count, frame_number
    from ..images import prefetch
    from ..sweep.options import Options

    frame_number.check(values["frame"])
    plain = ("frame", "lenient", "to_rgb", "update", "dry_run", "json", "quiet")
    return Options(
        **{name: values[name] for name in plain},
        quality=_quality(values["quality"]),
        max_pixels=prefetch.max_pixels(values["max_pixels"] or ""),
        cores=cpu_count.cores(values["jobs"]),
        stamp=not values["no_stamp"],
    )


def _quality(text: str | None) -> int | None:
    if text is None:
        return None
    quality = int(text) if text.isdecimal() and len(text) < 4 else 0
    if not 1 <= quality <= 100:
        raise UsageError(f"--quality: {text} is not a number from 1 to 100")
    return quality
