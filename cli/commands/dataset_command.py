"""`imfilter dataset`: commands for data sets as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from ..console.messages import say
from ..errors import ExitCode, UsageError
from ..images import memory_budget
from .completed_words import of_metavar
from .helped_group import HelpedGroup, command_of

app = typer.Typer(
    cls=HelpedGroup,
    name="dataset",
    rich_markup_mode=None,
    add_completion=False,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [OPTIONS] INPUT...",
    options_metavar="",
)

Inputs = Annotated[
    list[str],
    typer.Argument(metavar="INPUT...", help="Folders of classes, IDX files and other containers, or image files."),
]
Classes = Annotated[
    str | None,
    typer.Option("--classes", metavar="FILE", help="Take the names and the order of classes from FILE, one per line."),
]
Json = Annotated[bool, typer.Option("--json", help="Print a JSON object for each data set.")]


@app.callback()
def dataset(context: typer.Context) -> None:
    """Inspect, convert, check and split data sets."""
    if context.invoked_subcommand is None:
        for line in context.command.one_screen(context).splitlines():  # type: ignore[attr-defined]
            say(line)
        raise typer.Exit(ExitCode.USAGE)


def _end(code: ExitCode) -> None:
    if code:
        raise typer.Exit(code)


@command_of(app, "info")
def info(inputs: Inputs, classes: Classes = None, json: Json = False) -> None:
    """Print what data sets hold: number, sizes, depth, classes.

    Prints the kind, number, sizes, channels, depth, bytes and classes, with the number of images of each.

    The classes of a folder are its first-level folders in byte order of their names. Hidden folders and those without
    images are left out, and listed. A folder that holds only train, val and test folders is one data set for each.
    Only the headers of images in folders are read; unreadable ones are reported. imfilter dataset check decodes every
    image.

    Shell
    -----
    $ imfilter dataset info flowers/
    $ imfilter dataset info train-images-idx3-ubyte.gz --json
    """
    memory_budget.check_addresses()
    from ..dataset import info as command

    _end(command.run(inputs, json, classes))


@command_of(app, "stats")
def stats(
    inputs: Inputs,
    per_image: Annotated[
        bool,
        typer.Option("--per-image", help="Also print the averages of the single images' means and deviations."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Print the mean and standard deviation of each channel.

    By default these are the mean and deviation of all pixels together, from exact sums, for samples from 0 to 1 and in
    levels, with the step that normalizes by them. The deviation divides by the number of pixels. Often-quoted figures,
    such as those of ImageNet, are means of the single images' deviations; --per-image prints both.

    Shell
    -----
    $ imfilter dataset stats flowers/
    $ imfilter dataset stats flowers/ --per-image --json
    """
    memory_budget.check_addresses()
    from ..dataset import statistics as command

    _end(command.run(inputs, per_image, json))


@command_of(app, "check")
def check(
    inputs: Inputs,
    classes: Annotated[
        str | None,
        typer.Option("--classes", metavar="N|FILE", help="Expect N classes, or those that FILE names, one per line."),
    ] = None,
) -> None:
    """Find unreadable, odd, duplicate and misplaced images.

    Prints a line for each fault; the exit code is 1 if there are any.

    Reports files that cannot be read or are cut off; extensions that name another format; sizes and modes that differ
    from the others'; pictures rotated by EXIF; animations; empty and hidden classes; labels out of range, and counts of
    labels that do not match. Duplicate files are reported within and across classes and parts: name all parts in one
    call, or the folder of train, val and test.

    Shell
    -----
    $ imfilter dataset check flowers/
    $ imfilter dataset check flowers/ --classes classes.txt
    """
    memory_budget.check_addresses()
    from ..dataset import check as command

    _end(command.run(inputs, classes))


@command_of(app, "split")
def split(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Folders of classes, and containers.")],
    output: Annotated[str, typer.Option("-o", "--output", metavar="FOLDER", help="Folder for the parts.")],
    parts: Annotated[str, typer.Option("--parts", metavar="NAME=SHARE,...", help="The parts and their shares.")],
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", min=0, help="Random seed; another seed gives another split.")
    ] = 0,
    group: Annotated[
        str | None,
        typer.Option(
            "--group",
            metavar="REGEX",
            help="Keep files together if REGEX matches the same text in their paths: its groups, or the whole match.",
        ),
    ] = None,
    link: Annotated[bool, typer.Option("--link", help="Make hard links instead of copies.")] = False,
) -> None:
    """Split data sets into train, val and test.

    Each class is divided by itself into exact counts, by a hash of the seed and of the path below the folder, or of the
    sample's number or key in a container: the same call gives the same split, and added files move few others. Files
    with the same bytes, and samples with the same pixels, stay together. Files are copied unchanged to
    FOLDER/PART/CLASS/; samples of a container are copied with their labels to a container of the same name in
    FOLDER/PART/. A part that already exists and is not empty is refused.

    Shell
    -----
    $ imfilter dataset split flowers/ -o parts/ --parts train=0.8,val=0.1,test=0.1
    $ imfilter dataset split flowers/ -o halves/ --parts a=0.5,b=0.5 --group "[0-9]+" --link
    """
    memory_budget.check_addresses()
    from ..dataset import split as command

    _end(command.run(inputs, output, parts, seed, group, link))


@command_of(app, "convert")
def convert(
    inputs: Inputs,
    output: Annotated[
        str,
        typer.Option(
            "-o", "--output", metavar="OUT", help="FOLDER/, or a container such as NAME-images-idx3-ubyte.gz."
        ),
    ],
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="FORMAT", help="Format of the images in a folder, or of the container."),
    ] = None,
    subset: Annotated[
        str | None, typer.Option("--subset", metavar="FIRST..LAST", help="Take only these samples, counting from 0.")
    ] = None,
    per_class: Annotated[
        int | None, typer.Option("--per-class", metavar="N", min=1, help="Take the first N samples of each class.")
    ] = None,
    classes: Classes = None,
) -> None:
    """Convert folders of classes to containers and back.

    The samples do not change. A container becomes a folder of classes with a PNG for each sample, named by its number.
    Folders become a container, whose images must have one size and depth; shards (.tar) allow different ones, and put a
    label next to each sample. Images are written class by class, in byte order of their names. If their names are
    different numbers, the numbers decide the order; classes named by numbers keep them as labels. Between folders and
    shards, files are copied byte by byte, unless --to names another format.

    Shell
    -----
    $ imfilter dataset convert flowers/ -o flowers.tar
    $ imfilter dataset convert train-images-idx3-ubyte.gz -o digits/ --per-class 100
    """
    memory_budget.check_addresses()
    from ..dataset import convert as command

    _end(command.run(inputs, output, to, subset, per_class, classes))


@command_of(app, "boxes")
def boxes(
    inputs: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="The images, or folders of them.")],
    source: Annotated[
        str,
        typer.Option(
            "--boxes", metavar="FILE|FOLDER", help="A COCO .json, or a folder of VOC .xml or YOLO .txt files."
        ),
    ],
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="FILE|FOLDER", help="A COCO .json, or a folder of VOC or YOLO files."),
    ],
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="coco|voc|yolo",
            help="Format of the output.  [default: coco for .json]",
            autocompletion=of_metavar("coco|voc|yolo"),
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            "--classes",
            metavar="FILE",
            help="Class names in the order of their numbers: one per line, or a data.yaml.",
        ),
    ] = None,
    oriented: Annotated[
        str,
        typer.Option(
            "--boxes-oriented",
            metavar="yes|no",
            help="Whether the boxes belong to the images after EXIF rotation.",
            autocompletion=of_metavar("yes|no"),
        ),
    ] = "yes",
    recursive: Annotated[bool, typer.Option("-r", "--recursive", help="Descend into subfolders.")] = False,
) -> None:
    """Convert object boxes between COCO, VOC and YOLO.

    The images are only read for their sizes. COCO boxes are written as they are, VOC boxes are rounded to whole
    pixels, and YOLO boxes to six digits. A note names what a format cannot hold. To move boxes with the
    pixels of a filter, give the filter --boxes and --boxes-out.

    Shell
    -----
    $ imfilter dataset boxes photos/ --boxes labels/ -o boxes.json --classes classes.txt
    $ imfilter dataset boxes photos/ --boxes boxes.json -o voc/ --to voc
    """
    memory_budget.check_addresses()
    from ..dataset import boxes as command

    _end(command.run(inputs, source, output, to, classes, oriented, recursive))


@command_of(app, "show")
def show(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT... [STEP...]", help="Data sets or images, then steps as in imfilter augment."),
    ],
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="The sheet, such as sheet.png.")],
    per_class: Annotated[
        int | None,
        typer.Option(
            "--per-class",
            metavar="N",
            min=1,
            help="Show the first N samples of each class.  [default: 8; with steps 1]",
        ),
    ] = None,
    variants: Annotated[
        int | None,
        typer.Option("--variants", metavar="N", min=1, max=100, help="Variants of each sample.  [default: 12]"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", min=0, help="Random seed of the variants.  [default: 0]")
    ] = None,
    classes: Classes = None,
) -> None:
    """Draw a sheet of samples with their labels.

    Each class has a row, and each sample its name. Without classes, the first 64 images are shown. Large images are
    reduced, small ones enlarged by whole factors.

    With steps, each sample has a row of its own: the sample, then the variants that imfilter augment writes with the
    same seed, with their drawn numbers: show cat.jpg -o sheet.png 'rotate --angle -15..15' 'flip --p 0.5'.

    Shell
    -----
    $ imfilter dataset show flowers/ -o sheet.png --per-class 6
    $ imfilter dataset show cat.jpg -o sheet.png "rotate --angle -15..15" "flip --p 0.5"
    """
    memory_budget.check_addresses()
    from ..batch.augment.augmentation import SEEDS, Augmentation
    from ..dataset import show as command
    from . import augment_steps

    names, steps = augment_steps.split(inputs)
    if not steps:
        if variants is not None or seed is not None:
            raise UsageError("--variants and --seed require a step of augment, such as 'rotate --angle -15..15'")
        _end(command.run(names, output, per_class, classes=classes))
        return
    if not names:
        raise UsageError("no image to show variants of; name one before the steps")
    if (seed or 0) >= SEEDS:
        raise UsageError(f"--seed: {seed} is not from 0 to {SEEDS - 1}")
    augmentation = Augmentation(augment_steps.steps_of(steps), seed or 0)
    augmentation.check()
    _end(command.run(names, output, per_class, command.Variants(augmentation, variants or 12), classes))
