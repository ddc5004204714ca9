"""`imfilter augment`: variants of images, by filters with random numbers."""

from __future__ import annotations

import inspect
from typing import Any

import typer

from ..batch.augment.augmentation import SEEDS, Augmentation
from ..batch.augment.variants import MOST, Variants
from ..batch.help_sections import FILES
from ..batch.run import execute
from ..console.messages import flag
from ..errors import UsageError
from . import augment_steps
from .helped_option import HelpedOption
from .options import make_command, shared_options
from .sectioned_command import SectionedCommand

USAGE = "[OPTIONS] INPUT... -o OUTPUT STEP..."
REFUSED = (
    *("in_place", "backup", "mask", "roi", "show", "show_as", "show_size"),
    *("report", "report_size", "report_title", "watch"),
)
"""Shared options that have no meaning here."""


def _whole(name: str, text: str | None, default: int, least: int, most: int) -> int:
    """Return the whole number that an option gives; raises UsageError."""
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError:
        raise UsageError(f"{flag(name)}: {text!r} is not a whole number") from None
    if not least <= value <= most:
        raise UsageError(f"{flag(name)}: {value} is not from {least} to {most}")
    return value


def make() -> SectionedCommand:
    """Return the command."""

    def command(
        variants: str | None,
        keep: bool,
        seed: str | None,
        manifest: str | None,
        recipe: str | None,
        all_splits: bool,
        policies: bool,
        **values: Any,
    ) -> None:
        """Write random variants of images, for training.

        The steps follow the inputs. Each is one quoted word for the shell: a filter and its options, as in imfilter
        chain. Any number may be a range A..B, from which each variant draws its own: whole numbers include both ends,
        3..7:2 goes in steps of 2, and factors such as --gamma and --ratio are drawn by their logarithm. The ranges of
        A..B,C..D are drawn independently; {a|b|c} is one of several words. --p P runs a step with probability P.
        "blur --sigma 0..2 | sharpen | none" runs one of the three.

        The draws depend only on the seed, the path of the image below the named folder, the number of the variant,
        the step and the option: the same call writes the same bytes on any number of cores, and an added image changes
        no other. noise and erase get a seed for each variant, unless one is given. If a part drawn by crop --area A..B
        --ratio C..D does not fit, it is drawn again, ten times at most; after that, crop takes the middle.

        Policies from published papers are steps too, which draw their operations: trivial-augment, rand-augment --n 2
        --m 9, and aug-mix. --policies prints their options and tables.

        Outputs are named {stem}-{variant:02}{suffix}, unless --name has another pattern. JPEG loses a little
        each time it is written; --to png loses nothing. Subfolders named val, valid, validation or test
        are refused: validation and test need unchanged images.

        Shell
        -----
        $ imfilter augment train/ -r -o more/ --variants 4 --keep --seed 7 "flip --p 0.5" "rotate --angle -15..15"
        $ imfilter augment cat.jpg -o cats/ --variants 9 "crop --area 0.2..1 --ratio 3/4..4/3 --place 0..1,0..1"
        $ imfilter augment train-images-idx3-ubyte.gz -o more-images-idx3-ubyte.gz --variants 4 "affine --angle -10..10"
        $ imfilter augment train/ -r -o more/ --variants 3 "flip --p 0.5" trivial-augment "erase --p 0.25"
        $ imfilter augment train/ -r -o more/ --manifest drawn.jsonl "blur --sigma 0..2 | noise --sigma 0..12"
        """
        if policies:
            from . import policy_listing

            policy_listing.print_all()
            return
        options = shared_options(values)
        if options.in_place:
            raise UsageError("--in-place has no meaning for augment: an input has several outputs; use -o FOLDER/")
        if options.mask is not None or options.roi:
            # Whether a mask moves with the picture depends on the steps, which differ between variants.
            raise UsageError(f"{'--mask' if options.mask is not None else '--roi'} cannot be used with augment")
        if options.show is not None:
            raise UsageError("--show has no meaning for augment: an input has several outputs")
        if options.report is not None:
            raise UsageError("--report cannot be used with augment; imfilter dataset show draws what it wrote")
        if options.watch:
            raise UsageError("--watch cannot be used with augment; repeat the call with --update")
        inputs, steps = augment_steps.split(options.inputs)
        options = options._replace(inputs=tuple(inputs))
        drawn = (() if recipe is None else augment_steps.steps_in(recipe)) + augment_steps.steps_of(steps)
        augmentation = Augmentation(drawn, _whole("seed", seed, 0, 0, SEEDS - 1))
        if not drawn and not keep:
            raise UsageError("no step; name filters with their options, as in 'flip --p 0.5' 'rotate --angle -15..15'")
        recipes = augmentation.check()
        count = _whole("variants", variants, 1 if drawn else 0, 0 if keep else 1, MOST)
        made = Variants(augmentation, recipes, count, keep, all_splits, manifest, recipe)
        raise typer.Exit(execute(recipes[0], options, {}, variants=made))

    own = [
        HelpedOption("variants", "Number of variants of each image.  [default: 1]", metavar="N"),
        HelpedOption("keep", "Write the image itself as variant 0.", type=bool, default=False),
        HelpedOption("seed", "Random seed; the same seed draws the same numbers.  [default: 0]", metavar="N"),
        HelpedOption("policies", "Print the policies, their options and tables.", type=bool, default=False),
        HelpedOption(
            "manifest", "Write a line of JSON for each output, with the drawn numbers.", FILES, metavar="FILE.jsonl"
        ),
        HelpedOption(
            "recipe",
            "Run the steps of a recipe first, before those of the call; its values may be ranges.",
            FILES,
            metavar="RECIPE.toml",
        ),
        HelpedOption(
            "all_splits", "Augment folders called val, valid, validation and test too.", FILES, type=bool, default=False
        ),
    ]
    return make_command("augment", command, inspect.getdoc(command) or "", USAGE, {}, own, banks=False, refused=REFUSED)
