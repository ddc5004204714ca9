"""The options that commands share. Each is declared once: its type, its help, and whether it affects the outputs.

Typer's parameters, the sections of the help and the stamp of `--update` are derived from it. The annotations of this
file are not postponed, because they are evaluated for every command anyway.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, get_args

from ...filters.core.named_tuple import NamedTuple
from ..images import formats
from ..terminal.protocols import PROTOCOLS
from .help_sections import ANNOTATIONS, ARGUMENTS, FILES, OWN, PIXELS, RUN, Section

MAX_FRAMES = 10_000
IN_FLIGHT = 8
SheetRange = Literal["auto", "each", "common", "signed"]
SHEET_RANGES: tuple[SheetRange, ...] = get_args(SheetRange)


class Option(NamedTuple):
    """The declaration of an option. Section and `affects_output` have no default, so that every option states them."""

    help: str
    section: Section
    affects_output: bool
    """Whether another value changes the outputs' contents, so that `--update` writes them again."""
    short: str = ""
    metavar: str | None = None
    default: str = ""
    """The default in words, if the value does not say it."""
    words: Callable[[], Iterable[str]] | None = None
    """Returns the completions for the shell."""
    reads: str = ""
    """If the option names files for reading, what they are; they are never written."""
    writes: bool = False
    """Whether the option names a file or folder for writing."""
    only: Literal["", "angle", "bank"] = ""
    """If given, the option is only for filters with a map of angles, or with filter banks."""


class SharedOptions(NamedTuple):
    """The options of a call, without its filters' parameters. Each field is named after its option."""

    inputs: Annotated[
        tuple[str, ...],
        Option(
            "Images, folders of images, or - for stdin.",
            ARGUMENTS,
            affects_output=False,
            metavar="INPUT...",
            reads="an input",
        ),
    ] = ()
    output: Annotated[
        str | None,
        Option(
            "Output: a file, a folder (existing, or ending in /), or - for stdout.",
            FILES,
            affects_output=False,
            short="-o",
            metavar="OUTPUT",
            writes=True,
        ),
    ] = None
    angle_style: Annotated[
        str,
        Option(
            "Encode the angle as a number, 256 (or 65536) steps per turn, or as a colour: hue = "
            "angle, value = magnitude.",
            OWN,
            affects_output=True,
            metavar="code|color",
            default="code",
            words=lambda: ["code", "color"],
            only="angle",
        ),
    ] = "code"
    angle_legend: Annotated[
        str | None,
        Option("Write a colour-wheel legend.", OWN, affects_output=False, metavar="FILE", writes=True, only="angle"),
    ] = None
    sheet: Annotated[
        str | None,
        Option(
            "Write all maps of a filter bank to one labelled picture.",
            OWN,
            affects_output=False,
            metavar="FILE",
            writes=True,
            only="bank",
        ),
    ] = None
    sheet_range: Annotated[
        SheetRange,
        Option(
            "Values that are black and white on the sheet: common, 0 to the greatest value of all maps; signed, one "
            "scale with 0 in the middle; each, each map's own range; auto, signed if any value is "
            "negative, else common.",
            OWN,
            affects_output=True,
            metavar="|".join(SHEET_RANGES),
            default="auto",
            words=lambda: SHEET_RANGES,
            only="bank",
        ),
    ] = "auto"
    to: Annotated[
        str | None,
        Option(
            "Output format, if the file name does not imply one.",
            FILES,
            affects_output=False,  # `--update` looks at the format of the file itself
            short="-t",
            metavar="FORMAT",
            words=lambda: formats.WRITTEN,
        ),
    ] = None
    name: Annotated[
        str | None,
        Option(
            "Template for output file names, e.g. '{stem}.edges.png'; also {suffix}, {filter}, {index} and {output}; "
            "{frame} and {map} write a file for each; {class}/ or {label}/ in front sorts a data set into folders.",
            FILES,
            affects_output=False,
            metavar="PATTERN",
        ),
    ] = None
    recursive: Annotated[
        bool,
        Option("Descend into subfolders; outputs mirror the tree.", FILES, affects_output=False, short="-r"),
    ] = False
    include: Annotated[
        tuple[str, ...],
        Option("Take only matching files of a folder; may be repeated.", FILES, affects_output=False, metavar="GLOB"),
    ] = ()
    exclude: Annotated[
        tuple[str, ...],
        Option("Skip matching files of a folder; may be repeated.", FILES, affects_output=False, metavar="GLOB"),
    ] = ()
    files_from: Annotated[
        str | None,
        Option(
            "Read more input names from FILE (or -), one per line.",
            FILES,
            affects_output=False,
            metavar="FILE",
            reads="the list of --files-from",
        ),
    ] = None
    null: Annotated[
        bool, Option("Names in --files-from are NUL-terminated.", FILES, affects_output=False, short="-0")
    ] = False
    in_place: Annotated[bool, Option("Replace each input with its result.", FILES, affects_output=False)] = False
    backup: Annotated[
        str | None,
        Option(
            "With --in-place, keep each original with SUFFIX added to its name; existing backups are never replaced.",
            FILES,
            affects_output=False,
            metavar="SUFFIX",
        ),
    ] = None
    preserve_times: Annotated[
        bool, Option("Give each output the modification time of its input.", FILES, affects_output=False)
    ] = False
    masks: Annotated[
        str | None,
        Option(
            "Transform the masks of the images too: PNG files of class numbers, with the path and stem of each image.",
            ANNOTATIONS,
            affects_output=True,
            metavar="FOLDER",
        ),
    ] = None
    masks_out: Annotated[
        str | None,
        Option(
            "Write the masks here, named like the outputs.",
            ANNOTATIONS,
            affects_output=False,
            metavar="FOLDER",
        ),
    ] = None
    mask_fill: Annotated[
        str,
        Option(
            "Class number for areas outside a mask, such as 255.",
            ANNOTATIONS,
            affects_output=True,
            metavar="N",
            default="0",
        ),
    ] = "0"
    boxes: Annotated[
        str | None,
        Option(
            "Transform boxes, polygons and points too: a COCO .json, or a folder of VOC .xml or YOLO .txt files.",
            ANNOTATIONS,
            affects_output=True,
            metavar="FILE|FOLDER",
            reads="the boxes of this call",
        ),
    ] = None
    boxes_out: Annotated[
        str | None,
        Option(
            "Write the boxes here: a .json, or a folder.",
            ANNOTATIONS,
            affects_output=False,
            metavar="FILE|FOLDER",
            writes=True,
        ),
    ] = None
    boxes_to: Annotated[
        str | None,
        Option(
            "Format of --boxes-out.",
            ANNOTATIONS,
            affects_output=True,
            metavar="coco|voc|yolo",
            default="coco for .json, else that of --boxes",
            words=lambda: ["coco", "voc", "yolo"],
        ),
    ] = None
    boxes_oriented: Annotated[
        str,
        Option(
            "Whether the boxes belong to the images after EXIF rotation.",
            ANNOTATIONS,
            affects_output=True,
            metavar="yes|no",
            default="yes",
            words=lambda: ["yes", "no"],
        ),
    ] = "yes"
    min_visible: Annotated[
        str,
        Option(
            "Drop objects with less than this fraction of their area inside the output.",
            ANNOTATIONS,
            affects_output=True,
            metavar="0-1",
            default="0.2",
        ),
    ] = "0.2"
    swap: Annotated[
        str | None,
        Option(
            "Swap two words in the names of points and classes if the output is mirrored.",
            ANNOTATIONS,
            affects_output=True,
            metavar="left,right",
        ),
    ] = None
    classes: Annotated[
        str | None,
        Option(
            "Class names in the order of their numbers: one per line, or a data.yaml.",
            ANNOTATIONS,
            affects_output=True,
            metavar="FILE",
            reads="the names of classes",
        ),
    ] = None
    no_clobber: Annotated[bool, Option("Do not overwrite existing outputs.", FILES, affects_output=False)] = False
    update: Annotated[
        bool,
        Option(
            "Skip outputs that were made from the same input with the same parameters.",
            FILES,
            affects_output=False,
            short="-u",
        ),
    ] = False
    dry_run: Annotated[
        bool, Option("Print what would be written; write nothing.", RUN, affects_output=False, short="-n")
    ] = False
    fail_fast: Annotated[bool, Option("Stop at the first image that fails.", RUN, affects_output=False)] = False
    watch: Annotated[
        bool,
        Option(
            "Keep watching the inputs and redo what changes, as --update does; Ctrl-C ends it.",
            RUN,
            affects_output=False,
        ),
    ] = False
    shard: Annotated[
        str | None,
        Option(
            "Do only part I of N of the images, counting from 1; auto takes both numbers from the Slurm, Kubernetes "
            "or CI job. A container counts as one image.",
            RUN,
            affects_output=False,
            metavar="I/N|auto",
            words=lambda: ["auto"],
        ),
    ] = None
    shard_by: Annotated[
        str,
        Option(
            "How --shard divides the images: place, by a hash of the path below the named folder, which other files do "
            "not affect; index, into runs of equal length.",
            RUN,
            affects_output=False,
            metavar="place|index",
            default="place",
            words=lambda: ["place", "index"],
        ),
    ] = "place"
    show: Annotated[
        str | None,
        Option(
            "Show the result in the terminal, or input and result side by side; needs no -o.",
            RUN,
            affects_output=False,
            metavar="[both]",
        ),
    ] = None
    show_as: Annotated[
        str | None,
        Option(
            "How the terminal shows the picture.",
            RUN,
            affects_output=False,
            metavar="|".join(PROTOCOLS),
            default="IMFILTER_SHOW, else the best that the terminal announces",
            words=lambda: PROTOCOLS,
        ),
    ] = None
    show_size: Annotated[
        str | None,
        Option(
            "Largest size of the shown picture, in characters.",
            RUN,
            affects_output=False,
            metavar="COLSxROWS",
            default="the window's width, and 2/3 of its height",
        ),
    ] = None
    depfile: Annotated[
        str | None,
        Option(
            "Write the outputs' dependencies for Make or Ninja.",
            RUN,
            affects_output=False,
            metavar="FILE",
            writes=True,
        ),
    ] = None
    report: Annotated[
        str | None,
        Option(
            "Write a self-contained HTML page that shows each image before and after, with its histograms.",
            RUN,
            affects_output=False,
            metavar="FILE.html",
            writes=True,
        ),
    ] = None
    report_size: Annotated[
        str,
        Option(
            "Largest size of --report in bytes; with many images its pictures shrink, then only the first are shown.",
            RUN,
            affects_output=False,
            metavar="N",
            default="40M",
        ),
    ] = ""
    report_title: Annotated[str | None, Option("Title of --report.", RUN, affects_output=False, metavar="TEXT")] = None
    json: Annotated[
        bool, Option("Print a line of JSON for each image, and a summary line.", RUN, affects_output=False)
    ] = False
    mask: Annotated[
        str | None,
        Option(
            "Blend the result with the input by a gray image of the same size: white is filtered "
            "fully, black not at all.",
            PIXELS,
            affects_output=True,
            metavar="FILE",
            reads="the mask",
        ),
    ] = None
    roi: Annotated[
        tuple[str, ...],
        Option("Change nothing outside this box; may be repeated.", PIXELS, affects_output=True, metavar="X,Y,W,H"),
    ] = ()
    nodata: Annotated[
        str,
        Option(
            "Treat samples of this value as missing, like NaN: the file's own nodata value (auto), V, or none.",
            PIXELS,
            affects_output=True,
            metavar="auto|V|none",
            default="auto",
            words=lambda: ["auto", "none", "nan"],
        ),
    ] = "auto"
    keep_holes: Annotated[
        bool,
        Option(
            "Keep missing samples missing, even if --nan ignores or fills them.",
            PIXELS,
            affects_output=True,
        ),
    ] = False
    quality: Annotated[
        str | None,
        Option(
            "Quality of JPEG and AVIF (default: 95 with full chroma) and WebP (default: lossless); keep, from JPEG to "
            "JPEG, uses the input's own.",
            PIXELS,
            affects_output=True,
            metavar="1-100|keep",
            words=lambda: ["keep"],
        ),
    ] = None
    compression: Annotated[
        str,
        Option(
            "Lossless compression of TIFF.",
            PIXELS,
            affects_output=True,
            metavar="|".join(formats.COMPRESSIONS),
            default="deflate",
            words=lambda: formats.COMPRESSIONS,
        ),
    ] = ""
    chunks: Annotated[
        int | None,
        Option(
            "Rows and columns of a Zarr chunk, a multiple of 16.",
            PIXELS,
            affects_output=True,
            metavar="N",
            default="1024",
        ),
    ] = None
    shard_size: Annotated[
        int | None,
        Option(
            "Rows and columns of a Zarr shard, a multiple of --chunks (default: each chunk is a file).",
            PIXELS,
            affects_output=True,
            metavar="N",
        ),
    ] = None
    pyramid: Annotated[
        bool,
        Option("Write Zarr as OME-Zarr, with smaller copies made of 2×2 means.", PIXELS, affects_output=True),
    ] = False
    background: Annotated[
        str,
        Option(
            "Background colour when the output has no alpha.",
            PIXELS,
            affects_output=True,
            metavar="COLOR",
            default="white; for edges black",
        ),
    ] = ""
    strip: Annotated[
        bool,
        Option("Remove EXIF, XMP, IPTC, ICC profile, resolution, comments and stamp.", PIXELS, affects_output=True),
    ] = False
    strip_gps: Annotated[bool, Option("Remove the GPS location from EXIF and XMP.", PIXELS, affects_output=True)] = (
        False
    )
    keep_values: Annotated[
        bool,
        Option("Do not convert to sRGB if the output cannot keep the colour profile.", PIXELS, affects_output=True),
    ] = False
    no_stamp: Annotated[
        bool,
        Option("Write no stamp; --update then compares times only.", PIXELS, affects_output=True),
    ] = False
    frame: Annotated[
        int | None,
        Option("Process only frame or page N, counting from 0.", FILES, affects_output=True, metavar="N"),
    ] = None
    labels: Annotated[
        str | None,
        Option(
            "Labels of a data set's images, an IDX file (default: labels-idx1 in the folder of images-idx3).",
            FILES,
            affects_output=True,
            metavar="FILE",
            reads="the labels",
        ),
    ] = None
    from_: Annotated[
        str,
        Option(
            "Format of inputs that cannot be recognised by their contents (default: .bin files are CIFAR).",
            FILES,
            affects_output=True,
            short="-f",
            metavar="|".join(formats.RECORDS),
            words=lambda: formats.RECORDS,
        ),
    ] = ""
    to_rgb: Annotated[
        bool, Option("Convert CMYK to sRGB, with the picture's ICC profile if it has one.", PIXELS, affects_output=True)
    ] = False
    max_pixels: Annotated[
        str,
        Option(
            "Refuse larger images; 500M means 500 million.",
            RUN,
            affects_output=False,
            metavar="N",
            default="IMFILTER_MAX_PIXELS, else 268M",
        ),
    ] = ""
    max_frames: Annotated[
        int, Option("Refuse files with more frames.", RUN, affects_output=False, metavar="N", default=str(MAX_FRAMES))
    ] = MAX_FRAMES
    lenient: Annotated[
        bool, Option("Recover what can be read from damaged files instead of rejecting them.", RUN, affects_output=True)
    ] = False
    jobs: Annotated[
        int | None,
        Option(
            "Cores to use.",
            RUN,
            affects_output=False,
            short="-j",
            metavar="N",
            default="IMFILTER_JOBS; 1 under make -j; else all available",
        ),
    ] = None
    in_flight: Annotated[
        int,
        Option(
            "Number of images in s3://, gs://, az:// or https:// that each core reads ahead and writes behind.",
            RUN,
            affects_output=False,
            metavar="N",
            default=str(IN_FLIGHT),
        ),
    ] = IN_FLIGHT
    allow_private: Annotated[
        bool, Option("Allow https:// to reach machines in a private network.", RUN, affects_output=False)
    ] = False
    cluster: Annotated[
        str | None,
        Option(
            "Filter with Dask: on N local processes, or the workers of a scheduler, given by its address or its FILE.",
            RUN,
            affects_output=False,
            metavar="local:N|tcp://HOST:PORT|FILE",
            reads="the address of the cluster",
        ),
    ] = None
    quiet: Annotated[bool, Option("Print errors only.", RUN, affects_output=False, short="-q")] = False
    verbose: Annotated[
        bool,
        Option(
            "Print derived values: radius, kernel sum, algorithm, range, core.",
            RUN,
            affects_output=False,
            short="-v",
        ),
    ] = False


OPTIONS: dict[str, Option] = {name: get_args(hint)[1] for name, hint in SharedOptions.__annotations__.items()}
TYPES: dict[str, Any] = {name: get_args(hint)[0] for name, hint in SharedOptions.__annotations__.items()}
