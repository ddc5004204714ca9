"""The options that all commands share. Each is declared once: its type, its help, and whether it affects the outputs.

Typer's parameters, the sections of the help and the stamp of `--update` follow from it. This file does not postpone its
annotations, because they are read whenever a command is made.
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
    """The declaration of an option. Section and `affects_output` have no default: whoever adds an option decides."""

    help: str
    section: Section
    affects_output: bool
    """Another value changes what the outputs contain, so `--update` writes them again."""
    short: str = ""
    metavar: str | None = None
    default: str = ""
    """The default in the words of the help, if the value does not say it."""
    words: Callable[[], Iterable[str]] | None = None
    """Returns the words that the shell completes."""
    reads: str = ""
    """What the files are that the option names for reading. No call writes them."""
    writes: bool = False
    """The option names a file or folder for writing."""
    only: Literal["", "angle", "bank"] = ""
    """The option is for filters with a map of angles, or with banks of kernels, alone."""


class SharedOptions(NamedTuple):
    """The options of a call, without its filters' parameters. Each field has the name of its option."""

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
            "The picture: a file, a folder (existing, or ending in /), or - for stdout.",
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
            "Draw the angle as a code, 256 (or 65536) steps a turn, or as a colour: hue = angle, value = magnitude.",
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
            "Write all maps of a bank into one picture, labelled.",
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
            "Set black and white of the sheet: common, 0 and the greatest value of all maps; signed, one scale for "
            "all with 0 in the middle; each map's own range; auto, signed if a value is negative, else common.",
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
            "Template for output file names, e.g. '{stem}.edges.png'; also {suffix}, {filter}, {index}, "
            "{output}, and {frame} and {map} for a file each; of data sets {class}/ or {label}/ in front for folders.",
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
        Option("Take only files of a folder that match; may be repeated.", FILES, affects_output=False, metavar="GLOB"),
    ] = ()
    exclude: Annotated[
        tuple[str, ...],
        Option("Skip files of a folder that match; may be repeated.", FILES, affects_output=False, metavar="GLOB"),
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
    in_place: Annotated[bool, Option("Replace each input by its picture.", FILES, affects_output=False)] = False
    backup: Annotated[
        str | None,
        Option(
            "With --in-place, keep the original under its name and SUFFIX; an existing backup is never replaced.",
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
            "Move the masks of the images too: PNG files of the same path and stem, whose samples are numbers.",
            ANNOTATIONS,
            affects_output=True,
            metavar="FOLDER",
        ),
    ] = None
    masks_out: Annotated[
        str | None,
        Option(
            "Write them here, under the names of the outputs.",
            ANNOTATIONS,
            affects_output=False,
            metavar="FOLDER",
        ),
    ] = None
    mask_fill: Annotated[
        str,
        Option("Number outside of a mask, as 255.", ANNOTATIONS, affects_output=True, metavar="N", default="0"),
    ] = "0"
    boxes: Annotated[
        str | None,
        Option(
            "Move the boxes, polygons and points of objects too: a COCO .json, or a folder of VOC .xml or YOLO .txt.",
            ANNOTATIONS,
            affects_output=True,
            metavar="FILE|FOLDER",
            reads="the boxes of this call",
        ),
    ] = None
    boxes_out: Annotated[
        str | None,
        Option(
            "Write them here: a .json, or a folder.",
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
            "Whether boxes were drawn on images rotated as their EXIF says.",
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
            "Leave out objects of which less is inside the output, as a part of their area.",
            ANNOTATIONS,
            affects_output=True,
            metavar="0-1",
            default="0.2",
        ),
    ] = "0.2"
    swap: Annotated[
        str | None,
        Option(
            "Exchange two words in the names of points and classes where the output is mirrored.",
            ANNOTATIONS,
            affects_output=True,
            metavar="left,right",
        ),
    ] = None
    classes: Annotated[
        str | None,
        Option(
            "Names of the classes in the order of their numbers: a line each, or a data.yaml.",
            ANNOTATIONS,
            affects_output=True,
            metavar="FILE",
            reads="the names of classes",
        ),
    ] = None
    no_clobber: Annotated[bool, Option("Keep outputs that exist.", FILES, affects_output=False)] = False
    update: Annotated[
        bool,
        Option(
            "Skip outputs made of the same input with the same parameters.",
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
            "Go on watching what the call reads, and do anew what changes, as --update does; Ctrl-C ends it.",
            RUN,
            affects_output=False,
        ),
    ] = False
    shard: Annotated[
        str | None,
        Option(
            "Do only part I of N of the images, counting from 1; auto takes both numbers from the job of Slurm, "
            "Kubernetes or CI that runs it. A container is one image.",
            RUN,
            affects_output=False,
            metavar="I/N|auto",
            words=lambda: ["auto"],
        ),
    ] = None
    shard_by: Annotated[
        str,
        Option(
            "How --shard divides images: by a hash of the place below the folder that is named, which others do not "
            "change, or by index into runs of equal length.",
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
            "Show the result in the terminal, or input and result side by side; -o is not needed then.",
            RUN,
            affects_output=False,
            metavar="[both]",
        ),
    ] = None
    show_as: Annotated[
        str | None,
        Option(
            "How the terminal shows it.",
            RUN,
            affects_output=False,
            metavar="|".join(PROTOCOLS),
            default="IMFILTER_SHOW, else what the terminal says it can",
            words=lambda: PROTOCOLS,
        ),
    ] = None
    show_size: Annotated[
        str | None,
        Option(
            "Most columns and rows of characters that it takes.",
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
            "Write a page that shows each image before and after, with its histograms; one file, which needs no other.",
            RUN,
            affects_output=False,
            metavar="FILE.html",
            writes=True,
        ),
    ] = None
    report_size: Annotated[
        str,
        Option(
            "Bytes of --report at most: of many images it shows smaller pictures, then only the first.",
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
            "Blend the result by a gray image of the picture's size: white filters fully, black not at all.",
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
            "Keep samples missing that the input lacks, even if --nan ignores or fills them.",
            PIXELS,
            affects_output=True,
        ),
    ] = False
    quality: Annotated[
        str | None,
        Option(
            "Quality of JPEG and AVIF (else 95 with full chroma) and of WebP (else lossless); keep, from JPEG to JPEG, "
            "the input's own.",
            PIXELS,
            affects_output=True,
            metavar="1-100|keep",
            words=lambda: ["keep"],
        ),
    ] = None
    compression: Annotated[
        str,
        Option(
            "Compression of TIFF, without loss.",
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
            "Rows and columns of a chunk of Zarr, a multiple of 16.",
            PIXELS,
            affects_output=True,
            metavar="N",
            default="1024",
        ),
    ] = None
    shard_size: Annotated[
        int | None,
        Option(
            "Rows and columns of a file of Zarr, a multiple of --chunks (else each chunk is a file).",
            PIXELS,
            affects_output=True,
            metavar="N",
        ),
    ] = None
    pyramid: Annotated[
        bool,
        Option("Write Zarr as OME-Zarr, with smaller copies of 2×2 means.", PIXELS, affects_output=True),
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
        Option("Do not convert to sRGB where the output keeps no colour profile.", PIXELS, affects_output=True),
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
            "Labels of the images of a data set, an IDX file (default: the one beside it: images-idx3, labels-idx1).",
            FILES,
            affects_output=True,
            metavar="FILE",
            reads="the labels",
        ),
    ] = None
    from_: Annotated[
        str,
        Option(
            "The format of inputs whose bytes do not tell it; else files of CIFAR are known by the suffix .bin.",
            FILES,
            affects_output=True,
            short="-f",
            metavar="|".join(formats.RECORDS),
            words=lambda: formats.RECORDS,
        ),
    ] = ""
    to_rgb: Annotated[
        bool, Option("Convert CMYK to sRGB, by the picture's ICC profile if it has one.", PIXELS, affects_output=True)
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
            "Images in s3://, gs://, az:// or https:// that each core reads ahead, and as many that it writes behind.",
            RUN,
            affects_output=False,
            metavar="N",
            default=str(IN_FLIGHT),
        ),
    ] = IN_FLIGHT
    allow_private: Annotated[
        bool, Option("Let https:// lead to machines of a private network.", RUN, affects_output=False)
    ] = False
    cluster: Annotated[
        str | None,
        Option(
            "Let Dask do it: N processes here, the workers of a scheduler, or of the one that wrote FILE.",
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
