"""`imfilter dataset show`: a sheet of samples, a row per class, or of variants of samples, a row per sample."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ...filters.core.engine.colour import model_of
from ...filters.core.engine.layout import with_alpha
from ...filters.core.named_tuple import NamedTuple
from ...filters.core.parameters import ImageError, ParameterError
from ..batch.augment.augmentation import Augmentation
from ..batch.augment.policies import Policy
from ..batch.augment.variants import described
from ..batch.contact_sheet import grid_of, larger
from ..batch.filter_chain import Chain
from ..batch.recipe import Recipe
from ..console.messages import counted, put, say, shown
from ..drawing.cells import Cell, columns, laid_out
from ..drawing.thumbnail import levels
from ..errors import ExitCode, FileError, UsageError
from ..file_identity import identity
from ..images import encode, formats
from ..images.atomic_write import Transaction
from ..images.codec import EncodeOptions
from ..images.metadata import Metadata
from ..images.on_screen import reduced, size_within
from ..images.picture import with_alpha as picture_of
from . import class_names, source
from .selection import Selection, part_of, taken
from .source import Batch, DataSet

PER_CLASS, WITHOUT_CLASSES = 8, 64
"""How many samples of each class are shown; images without classes are shown 8 to a row."""
SIDES = (128, 64, 32)
"""Pixels of a shown sample's longer side: the more samples, the fewer pixels."""
MOST = 1 << 26
"""The most pixels of a sheet."""
LETTERS = 22
"""The most letters in a line below a sample."""


class Variants(NamedTuple):
    """The variants shown of each sample, next to the sample itself."""

    augmentation: Augmentation
    number: int = 12

    def texts(self, variant: int, recipe: Recipe) -> tuple[str, str]:
        """Return two lines: the number of a variant, and the values drawn for it."""
        actions = [action for actions in self.augmentation.steps for action in actions]
        drawn = {name for action in actions for name in action.drawn}
        named = any(isinstance(action, Policy) for action in actions)  # whose draws no step names
        words = [
            " ".join([step["filter"], *(_told(name, value) for name, value in step.items() if _says(name, value))])
            if named
            else " ".join([step["filter"], *(_word(value) for name, value in step.items() if name in drawn)])
            for step in described(recipe)
        ] or ["as it is"]
        lines = [f"{variant}:"]
        for word in words:
            if len(f"{lines[-1]} {word}") > LETTERS and len(lines) == 1:
                lines.append(word)
            else:
                lines[-1] += f" {word}"
        return _short(lines[0]), _short(lines[1] if lines[1:] else "")


def _word(value: Any) -> str:
    """Return a number that was drawn, or a text with numbers, in few digits.

    >>> _word(-7.3125), _word("0.35718,-0.2"), _word("left-right"), _word(3)
    ('-7.3', '0.36,-0.2', 'left-right', '3')
    """
    if isinstance(value, (list, tuple)):
        return ",".join(map(_word, value))
    return re.sub(r"\d+\.\d+(e-?\d+)?", lambda found: f"{float(found[0]):.2g}", str(value))


class Shown(NamedTuple):
    """A sample on the sheet."""

    line: tuple[int, int]
    """The number of its data set, and its label; rows are in this order."""
    texts: tuple[str, str]
    pixels: Any
    """``(height, width)`` or ``(height, width, 3)`` of uint8."""


def run(
    names: Sequence[str], out: str, per_class: int | None, variants: Variants | None = None, classes: str | None = None
) -> ExitCode:
    """Draw a sheet of samples, or of samples and *variants* of them; raises UsageError, FileError."""
    format = formats.of_suffix(out)
    if format.data_set or "uint8" not in format.colour:
        raise UsageError(f"{shown(out)}: a sheet needs a format for colours; use .png")
    samples: list[Shown] = []
    read = set()
    has_classes = False
    for number, data_set in enumerate(class_names.named(source.opened(names, to_rgb=True), classes)):
        read |= {found for path in data_set.paths() if (found := identity(path)) is not None}
        own = bool(data_set.classes) or data_set.labels is not None
        has_classes = has_classes or own
        usual = 1 if variants is not None else PER_CLASS if own else WITHOUT_CLASSES
        for batch in taken(data_set, Selection(None, per_class or usual)):
            for at in range(batch.picture.images):
                one = part_of(batch, [at]) if batch.picture.images > 1 else batch
                texts = _texts(data_set, one)
                if variants is None:
                    label = one.labels[0]
                    samples.append(Shown((number, -1 if label is None else label), texts, _levels(one)))
                else:
                    samples += _variants(len(samples), one, texts, variants)
        for entry in data_set.left_out:
            say(f"imfilter: {shown(entry.path)} {entry.why}; it was left out")
    samples.sort(key=lambda sample: sample.line)
    alone = not has_classes
    if variants is not None:
        alone = len({sample.line for sample in samples}) == 1
    across = (PER_CLASS if variants is None else columns(len(samples))) if alone else None
    sheet = _sheet(samples, across, shown(out))
    with Transaction(frozenset(read)) as transaction:
        with transaction.open(Path(out)) as file:
            colours = model_of(sheet.shape[2])
            encode.write(file, sheet, None, format, Metadata(), EncodeOptions(), colours=colours)
        transaction.commit()
    put(f"{counted(len(samples), 'image', 'images')} -> {shown(out)}")
    return ExitCode.DONE


def _texts(data_set: DataSet, one: Batch) -> tuple[str, str]:
    """Return the label and the name of a sample."""
    label = one.labels[0]
    text = "" if label is None else data_set.classes[label] if data_set.classes else str(label)
    return _short("/".join(word for word in (data_set.part, text) if word)), _short(Path(one.names[0]).name)


def _variants(line: int, one: Batch, texts: tuple[str, str], variants: Variants) -> Iterator[Shown]:
    """Yield a sample and its variants, each with the values drawn for it."""
    picture = one.picture
    pixels = picture.pixels if picture.alpha is None else with_alpha(picture.pixels, picture.alpha)
    height, width = pixels.shape[:2]
    for variant in range(variants.number + 1):
        if not variant:
            yield Shown((line, 0), texts, _levels(one))
            continue
        try:
            recipe = variants.augmentation.drawn(one.names[0], variant, width, height)
            found: Any = Chain(recipe)(pixels, name=PurePosixPath(one.names[0]).name)
        except (UsageError, ParameterError, ImageError) as error:
            raise FileError(one.name(0), str(error)) from None
        result = np.asarray(getattr(found, "image", found))
        seen = picture_of(result if result.ndim == 3 else result[..., None])
        yield Shown((line, 0), variants.texts(variant, recipe), _levels(one._replace(picture=seen)))


def _says(name: str, value: Any) -> bool:
    """Return whether a parameter distinguishes variants; a policy sets its switches for all of them or none."""
    return name != "filter" and not isinstance(value, bool)


def _told(name: str, value: Any) -> str:
    """Return a parameter with its name; an operator needs none.

    >>> _told("brightness", 1.25), _told("op", "posterize")
    ('brightness 1.2', 'posterize')
    """
    return _word(value) if name == "op" else f"{name} {_word(value)}"


def _short(text: str) -> str:
    text = shown(text)
    return text if len(text) <= LETTERS else f"{text[: LETTERS // 2 - 1]}…{text[-LETTERS // 2 :]}"


def _levels(batch: Batch) -> Any:
    """Return a sample in 8 bits, on white where it is transparent."""
    if batch.picture.pixels.shape[2] not in (1, 3):
        raise FileError(batch.name(0), f"has {batch.picture.pixels.shape[2]} bands, which cannot be shown as colours")
    return _reduced(levels(batch.picture), SIDES[0])


def _sheet(samples: Sequence[Shown], across: int | None, name: str) -> Any:
    """Return the sheet, ``(height, width, channels)``: a row per class, or *across* samples per row."""
    if not samples:
        raise UsageError("there are no images to show")
    places: list[tuple[int, int]] = []
    for number, sample in enumerate(samples):
        if not number:
            places.append((0, 0))
            continue
        line, column = places[-1]
        new = sample.line != samples[number - 1].line or column + 1 == across
        places.append((line + 1, 0) if new else (line, column + 1))
    for side in SIDES:
        pixels = [_fitted(sample.pixels, side) for sample in samples]
        height, width = (max(one.shape[axis] for one in pixels) for axis in (0, 1))
        texts = [sample.texts for sample in samples]
        shape, lines = (len(samples), height, width), [line for pair in texts for line in pair]
        grid, scale = grid_of(shape, lines), larger(shape, lines)
        grid = grid._replace(columns=max(column for _, column in places) + 1, rows=places[-1][0] + 1)
        if grid.size[0] * grid.size[1] <= MOST:
            cells = [Cell(one.repeat(scale, 0).repeat(scale, 1), text) for one, text in zip(pixels, texts, strict=True)]
            found = laid_out(grid, cells, places, height * scale)
            return found if found.ndim == 3 else found[..., None]
    raise UsageError(f"{name}: {len(samples)} images are too many for a sheet; use a smaller --per-class")


def _fitted(pixels: Any, side: int) -> Any:
    """Return a picture scaled so that its longer side is at most *side*, and at least about half of it."""
    factor = side // max(pixels.shape[:2])
    return pixels.repeat(factor, 0).repeat(factor, 1) if factor > 1 else _reduced(pixels, side)


def _reduced(pixels: Any, side: int) -> Any:
    height, width = pixels.shape[:2]
    small = reduced(pixels.reshape(height, width, -1), *size_within(width, height, side))
    return small.reshape(*small.shape[:2], *pixels.shape[2:])
