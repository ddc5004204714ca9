"""`imfilter dataset show`: a sheet of samples, a line for each class, with their labels and names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...filters.core.engine.colour import model_of
from ...filters.core.named_tuple import NamedTuple
from ..batch.contact_sheet import PAPER, Grid, laid_out
from ..console.messages import counted, put, say, shown
from ..errors import ExitCode, FileError, UsageError
from ..file_identity import identity
from ..images import encode, formats
from ..images.atomic_write import Transaction
from ..images.codec import EncodeOptions
from ..images.metadata import Metadata
from ..images.picture import Picture
from . import source
from .selection import Selection, part_of, taken
from .source import Batch, DataSet

PER_CLASS, WITHOUT_CLASSES = 8, 64
"""How many samples of each class are shown, and of images that have none, 8 in a line."""
SIDES = (128, 64, 32)
"""Pixels of the longer side of a sample that is shown, the less the more there are."""
MOST = 1 << 26
"""Pixels of a sheet."""
LETTERS = 22
"""Of a line below a sample."""


class Shown(NamedTuple):
    """A sample on the sheet."""

    line: tuple[int, int]
    """The number of its data set and its label, in the order of the lines."""
    texts: tuple[str, str]
    pixels: Any
    """``(height, width)`` or ``(height, width, 3)`` of uint8."""


def run(names: Sequence[str], out: str, per_class: int | None) -> ExitCode:
    """Draw a sheet; raises UsageError, FileError."""
    format = formats.of_suffix(out)
    if format.data_set or "uint8" not in format.colour:
        raise UsageError(f"{shown(out)}: a sheet is a picture in colour; use .png")
    samples: list[Shown] = []
    read = set()
    classes = False
    for number, data_set in enumerate(source.opened(names, to_rgb=True)):
        read |= {found for path in data_set.paths() if (found := identity(path)) is not None}
        own = bool(data_set.classes) or data_set.labels is not None
        classes = classes or own
        selection = Selection(None, per_class or (PER_CLASS if own else WITHOUT_CLASSES))
        for batch in taken(data_set, selection):
            samples += [_shown(number, data_set, batch, at) for at in range(batch.picture.images)]
        for entry in data_set.left_out:
            say(f"imfilter: {shown(entry.path)} {entry.why}; it was left out")
    samples.sort(key=lambda sample: sample.line)
    sheet = _sheet(samples, classes, shown(out))
    with Transaction(frozenset(read)) as transaction:
        with transaction.open(Path(out)) as file:
            colours = model_of(sheet.shape[2])
            encode.write(file, sheet, None, format, Metadata(), EncodeOptions(), colours=colours)
        transaction.commit()
    put(f"{counted(len(samples), 'image', 'images')} -> {shown(out)}")
    return ExitCode.DONE


def _shown(number: int, data_set: DataSet, batch: Batch, at: int) -> Shown:
    """Return one sample of several, no larger than the largest that are shown."""
    one = part_of(batch, [at]) if batch.picture.images > 1 else batch
    label = one.labels[0]
    text = "" if label is None else data_set.classes[label] if data_set.classes else str(label)
    text = "/".join(word for word in (data_set.part, text) if word)
    name = Path(one.names[0]).name
    return Shown((number, -1 if label is None else label), (_short(text), _short(name)), _levels(one))


def _short(text: str) -> str:
    text = shown(text)
    return text if len(text) <= LETTERS else f"{text[: LETTERS // 2 - 1]}…{text[-LETTERS // 2 :]}"


def _levels(batch: Batch) -> Any:
    """Return a sample in 8 bits, on white where it is transparent."""
    picture = batch.picture
    if picture.pixels.shape[2] not in (1, 3):
        raise FileError(batch.name(0), f"has {picture.pixels.shape[2]} bands, which have no colours to show")
    if picture.pixels.dtype != np.uint8 or picture.alpha is not None:
        picture = _opaque(picture)
    image = Image.fromarray(
        np.ascontiguousarray(picture.pixels[..., 0] if picture.pixels.shape[2] == 1 else picture.pixels)
    )
    image.thumbnail((SIDES[0], SIDES[0]), Image.Resampling.BOX)
    return np.asarray(image)


def _opaque(picture: Picture) -> Picture:
    full = picture.full
    values = np.nan_to_num(picture.pixels.astype(np.float64), nan=0, posinf=full, neginf=0) * (255 / full)
    if picture.alpha is not None:
        opaque = 1 if picture.alpha.dtype.kind == "f" else np.iinfo(picture.alpha.dtype).max
        share = picture.alpha[..., None] / opaque
        values = values * share + PAPER * (1 - share)
    return Picture(np.floor(np.clip(values, 0, 255) + 0.5).astype(np.uint8), colours=picture.colours)


def _sheet(samples: Sequence[Shown], classes: bool, name: str) -> Any:
    """Return the sheet, ``(height, width, channels)``: a line for each class, or line after line."""
    if not samples:
        raise UsageError("there are no images to show")
    places: list[tuple[int, int]] = []
    for number, sample in enumerate(samples):
        if not number:
            places.append((0, 0))
            continue
        line, column = places[-1]
        new = sample.line != samples[number - 1].line or (not classes and column + 1 == PER_CLASS)
        places.append((line + 1, 0) if new else (line, column + 1))
    for side in SIDES:
        pixels = [_fitted(sample.pixels, side) for sample in samples]
        height, width = (max(one.shape[axis] for one in pixels) for axis in (0, 1))
        texts = [sample.texts for sample in samples]
        grid = Grid.of((len(samples), height, width), [line for pair in texts for line in pair])
        grid = grid._replace(columns=max(column for _, column in places) + 1, rows=places[-1][0] + 1)
        if grid.size[0] * grid.size[1] <= MOST:
            found = laid_out(grid, pixels, texts, height, places)
            return found if found.ndim == 3 else found[..., None]
    raise UsageError(f"{name}: {len(samples)} images are too many for a sheet; use a smaller --per-class")


def _fitted(pixels: Any, side: int) -> Any:
    """Return a picture so that its longer side is at most *side*, and no less than about half of it."""
    factor = side // max(pixels.shape[:2])
    return pixels.repeat(factor, 0).repeat(factor, 1) if factor > 1 else _reduced(pixels, side)


def _reduced(pixels: Any, side: int) -> Any:
    if max(pixels.shape[:2]) <= side:
        return pixels
    image = Image.fromarray(pixels)
    image.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(image)
