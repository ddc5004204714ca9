"""The options that all commands share, each declared once: its help, where that stands, and what depends on it.

Typer's parameters, the sections of the help and what a stamp holds come from here. Annotations are not postponed in
this file, because they are read whenever a command is made.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, get_args

from ..images import formats

MAX_FRAMES = 10_000


class Section(StrEnum):
    """The sections of a command's help, in their order."""

    ARGUMENTS = "Arguments"
    OWN = "Options"
    FILES = "Inputs and outputs"
    PIXELS = "Pixels, before and after"
    RUN = "The run"


class Option(NamedTuple):
    """The declaration beside an option's type; whoever adds one decides on its section and on the stamp."""

    help: str
    section: Section
    affects_output: bool
    """Another value makes other outputs: `--update` does them again."""
    short: str = ""
    metavar: str | None = None
    default: str = ""
    """What the help says it is."""
    words: Callable[[], Iterable[str]] | None = None
    """Those that the shell completes."""
    only: Literal["", "angle", "bank"] = ""
    """For filters with a map of angles, or with banks of kernels."""


class SharedOptions(NamedTuple):
    """What a call says beside its filters and their parameters. A field is named as its option."""

    inputs: Annotated[
        tuple[str, ...],
        Option("Images, folders of images, or - for standard input.", Section.ARGUMENTS, False, metavar="INPUT..."),
    ] = ()
    output: Annotated[
        str | None,
        Option(
            "The picture: a file, a folder (existing, or ending in /), or - for standard output.",
            Section.FILES,
            False,
            short="-o",
            metavar="OUTPUT",
        ),
    ] = None
    angle_style: Annotated[
        str,
        Option(
            "How the angle is drawn: code, 256 (or 65536) steps a turn; color, hue = angle and value = magnitude.",
            Section.OWN,
            True,
            metavar="code|color",
            default="code",
            words=lambda: ["code", "color"],
            only="angle",
        ),
    ] = "code"
    angle_legend: Annotated[
        str | None,
        Option("Write the wheel that explains the colours.", Section.OWN, False, metavar="FILE", only="angle"),
    ] = None
    sheet: Annotated[
        str | None,
        Option(
            "Write all maps of a bank into one picture, each stretched to its own range and labelled.",
            Section.OWN,
            False,
            metavar="FILE",
            only="bank",
        ),
    ] = None
    to: Annotated[
        str | None,
        Option(
            "Output format, where no suffix says it.",
            Section.FILES,
            False,  # that a file is in its format is seen in the file
            short="-t",
            metavar="FORMAT",
            words=lambda: formats.FORMATS,
        ),
    ] = None
    name: Annotated[
        str | None,
        Option(
            "How files in an output folder are called, as '{stem}.edges.png'; also {suffix}, {filter}, {index}, "
            "{output}, and {frame} and {map}: a file each.",
            Section.FILES,
            False,
            metavar="PATTERN",
        ),
    ] = None
    recursive: Annotated[
        bool, Option("Take the folders in folders too; outputs mirror the tree.", Section.FILES, False, short="-r")
    ] = False
    include: Annotated[
        tuple[str, ...],
        Option("Of a folder, take only what matches; may be repeated.", Section.FILES, False, metavar="GLOB"),
    ] = ()
    exclude: Annotated[
        tuple[str, ...],
        Option("Of a folder, leave out what matches; may be repeated.", Section.FILES, False, metavar="GLOB"),
    ] = ()
    files_from: Annotated[
        str | None,
        Option("Read more inputs from FILE (or -), a name a line.", Section.FILES, False, metavar="FILE"),
    ] = None
    null: Annotated[
        bool, Option("The names of --files-from end in NUL, not lines.", Section.FILES, False, short="-0")
    ] = False
    in_place: Annotated[bool, Option("Replace each input by its picture.", Section.FILES, False)] = False
    backup: Annotated[
        str | None,
        Option("With --in-place, keep the input under its name and SUFFIX.", Section.FILES, False, metavar="SUFFIX"),
    ] = None
    no_clobber: Annotated[bool, Option("Keep outputs that exist.", Section.FILES, False)] = False
    update: Annotated[
        bool,
        Option(
            "Skip what is newer than its input and was made with the same parameters.",
            Section.FILES,
            False,
            short="-u",
        ),
    ] = False
    dry_run: Annotated[bool, Option("Print what would be written; do nothing.", Section.RUN, False, short="-n")] = False
    fail_fast: Annotated[bool, Option("Stop at the first image that fails.", Section.RUN, False)] = False
    depfile: Annotated[
        str | None,
        Option("Write the outputs' dependencies for Make or Ninja.", Section.RUN, False, metavar="FILE"),
    ] = None
    json: Annotated[bool, Option("Print a line of JSON for each image and a last one for all.", Section.RUN, False)] = (
        False
    )
    mask: Annotated[
        str | None,
        Option(
            "A gray image of the picture's size: how strongly the filter acts, from black, not at all, to white.",
            Section.PIXELS,
            True,
            metavar="FILE",
        ),
    ] = None
    roi: Annotated[
        tuple[str, ...],
        Option("Change nothing outside of this box; may be repeated.", Section.PIXELS, True, metavar="X,Y,W,H"),
    ] = ()
    quality: Annotated[
        int | None,
        Option(
            "Quality of JPEG and AVIF (else 95 with full chroma) and of WebP (else lossless).",
            Section.PIXELS,
            True,
            metavar="1-100",
        ),
    ] = None
    background: Annotated[
        str,
        Option(
            "What transparent pixels are laid on where the result has no alpha.",
            Section.PIXELS,
            True,
            metavar="COLOR",
            default="white; before edges are found, black",
        ),
    ] = ""
    strip: Annotated[
        bool, Option("Leave out EXIF, XMP, ICC profile, resolution and comments.", Section.PIXELS, True)
    ] = False
    strip_gps: Annotated[
        bool, Option("Leave out of EXIF and XMP where the picture was taken.", Section.PIXELS, True)
    ] = False
    frame: Annotated[
        int | None,
        Option("Of an animation or several pages take one; the first is 0.", Section.FILES, True, metavar="N"),
    ] = None
    to_rgb: Annotated[
        bool, Option("Convert CMYK to sRGB, by the picture's ICC profile if it has one.", Section.PIXELS, True)
    ] = False
    max_pixels: Annotated[
        str,
        Option(
            "Refuse larger images; 500M means 500 million.",
            Section.RUN,
            False,
            metavar="N",
            default="IMFILTER_MAX_PIXELS, else 268M",
        ),
    ] = ""
    max_frames: Annotated[
        int, Option("Refuse files of more frames.", Section.RUN, False, metavar="N", default=str(MAX_FRAMES))
    ] = MAX_FRAMES
    lenient: Annotated[
        bool, Option("Of a damaged file, take what can be read; else it is refused.", Section.RUN, True)
    ] = False
    jobs: Annotated[
        int | None,
        Option(
            "Cores to use.",
            Section.RUN,
            False,
            short="-j",
            metavar="N",
            default="IMFILTER_JOBS; below make -j, 1; else all that the process may use",
        ),
    ] = None
    quiet: Annotated[bool, Option("Print errors only.", Section.RUN, False, short="-q")] = False
    verbose: Annotated[
        bool, Option("Say what was derived: radius, kernel sum, algorithm, range.", Section.RUN, False, short="-v")
    ] = False


OPTIONS: dict[str, Option] = {name: get_args(hint)[1] for name, hint in SharedOptions.__annotations__.items()}
TYPES: dict[str, Any] = {name: get_args(hint)[0] for name, hint in SharedOptions.__annotations__.items()}
