"""`imfilter dataset stats`: the mean and standard deviation of each channel, from exact sums rounded once."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ...filters.core.named_tuple import NamedTuple
from ..console.messages import counted, put, say, shown
from ..errors import ExitCode, FileError, UsageError
from . import source
from .source import Batch

BLOCK = 1 << 18
"""Pixels whose squares are in memory at a time."""
ALL_PIXELS = "mean and standard deviation of all pixels together"
PER_IMAGE = "mean over the images of each image's own mean and standard deviation"
CHANNELS = {1: ("gray",), 3: ("red", "green", "blue")}


class Sums(NamedTuple):
    """The sums of the samples and of their squares, per image and channel; integers if the samples are."""

    pixels: int
    """Pixels per image."""
    total: Any
    """``(images, channels)``."""
    squares: Any


def sums_of(batch: Batch) -> Sums:
    """Add up the samples of images; raises FileError for NaN and infinite ones."""
    picture = batch.picture
    height, width, channels = picture.pixels.shape
    images, pixels = picture.images, height // picture.images * width
    samples = picture.pixels.reshape(images, pixels, channels)
    whole = samples.dtype.kind == "u"
    # The square of 16 bits takes 32; the sum over 2²⁸ pixels, the most that are read, takes 60.
    total, squares = (np.zeros((images, channels), np.uint64 if whole else np.float64) for _ in range(2))
    step = max(1, BLOCK // (images * channels))
    for start in range(0, pixels, step):
        part = samples[:, start : start + step]
        total += part.sum(axis=1, dtype=total.dtype)
        squares += np.square(part, dtype=np.uint32 if whole else np.float64).sum(axis=1, dtype=squares.dtype)
    if not whole and not np.isfinite(squares).all():
        number = int(np.argmin(np.isfinite(squares).all(axis=1)))
        raise FileError(batch.name(number), "holds NaN or infinite samples, which have no mean")
    return Sums(pixels, total, squares)


class Figures(NamedTuple):
    """The result by one of the two definitions, for samples from 0 to 1."""

    mean: list[float]
    std: list[float]


class _Own(NamedTuple):
    """The figures of each channel of each image."""

    mean: list[list[float]]
    std: list[list[float]]


class Statistics:
    """The sums of all images so far, by white level and number of channels."""

    def __init__(self, per_image: bool) -> None:
        self._sums: dict[tuple[float, int], tuple[int, list[Fraction], list[Fraction]]] = {}
        self._own: list[_Own] | None = [] if per_image else None
        self.images: Counter[int] = Counter()
        """The number of images, by number of channels."""
        self.with_alpha = 0

    def add(self, batch: Batch) -> None:
        """Add images; raises FileError if their channels do not fit those before."""
        channels, white = batch.picture.pixels.shape[2], batch.picture.full
        others = {*self.images, channels}
        if len(others) > 1 and others != {1, 3}:
            first = next(iter(self.images))
            raise FileError(batch.name(0), f"has {counted(channels, 'channel', 'channels')}, but others have {first}")
        sums = sums_of(batch)
        self.images[channels] += batch.picture.images
        self.with_alpha += batch.picture.images if batch.picture.alpha is not None else 0
        pixels, total, squares = self._sums.get(
            (white, channels), (0, [Fraction(0)] * channels, [Fraction(0)] * channels)
        )
        self._sums[white, channels] = (
            pixels + batch.picture.images * sums.pixels,
            [one + Fraction(other) for one, other in zip(total, sums.total.sum(axis=0).tolist(), strict=True)],
            [one + Fraction(sum(column)) for one, column in zip(squares, sums.squares.T.tolist(), strict=True)],
        )
        if self._own is not None:
            mean = (sums.total / (sums.pixels * white)).tolist()
            std = [[_deviation(sums.pixels, *pair) / white for pair in zip(*rows, strict=True)] for rows in _rows(sums)]
            self._own.append(_Own(mean, std))

    @property
    def channels(self) -> int:
        """How many channels the figures have; a gray image among RGB ones counts in each channel."""
        return max(self.images)

    @property
    def pixels(self) -> int:
        """How many pixels there are."""
        return sum(pixels for pixels, _, _ in self._sums.values())

    @property
    def white(self) -> float:
        """The samples' white level, or that of 8 bits if they have several."""
        whites = {white for white, _ in self._sums}
        return whites.pop() if len(whites) == 1 else 255.0

    def of_all_pixels(self) -> Figures:
        """Return the figures over all pixels."""
        mean, std = [], []
        for channel in range(self.channels):
            total = squares = Fraction(0)
            for (white, channels), (_, totals, square_sums) in self._sums.items():
                total += totals[min(channel, channels - 1)] / Fraction(white)
                squares += square_sums[min(channel, channels - 1)] / Fraction(white) ** 2
            mean.append(float(total / self.pixels))
            std.append(_deviation(self.pixels, total, squares))
        return Figures(mean, std)

    def per_image(self) -> Figures | None:
        """Return the means of the images' own figures; None if they were not asked for."""
        if self._own is None:
            return None
        return Figures(self._average([own.mean for own in self._own]), self._average([own.std for own in self._own]))

    def _average(self, parts: Sequence[list[list[float]]]) -> list[float]:
        """Return the mean over all images of their channels' figures."""
        return [
            math.fsum(values[min(channel, len(values) - 1)] for part in parts for values in part) / self.images.total()
            for channel in range(self.channels)
        ]


def _rows(sums: Sums) -> Iterator[tuple[list[Any], list[Any]]]:
    return zip(sums.total.tolist(), sums.squares.tolist(), strict=True)


def _deviation(pixels: int, total: Any, squares: Any) -> float:
    """Return the standard deviation of numbers, from their count, their sum and the sum of their squares."""
    if isinstance(total, int):
        return math.sqrt(pixels * squares - total * total) / pixels
    variance = Fraction(squares) / pixels - (Fraction(total) / pixels) ** 2
    return math.sqrt(max(variance, 0))


def run(names: Sequence[str], per_image: bool, as_json: bool) -> ExitCode:
    """Print the figures of all data sets together."""
    found, kinds = Statistics(per_image), []
    for data_set in source.opened(names, to_rgb=True):
        kinds.append(data_set.kind)
        for batch in data_set.batches():
            found.add(batch)
    if not found.images:
        raise UsageError(f"{', '.join(map(shown, names))}: no images found")
    for line in _notes(found):
        say(f"imfilter: {line}")
    definitions = [(ALL_PIXELS, found.of_all_pixels())]
    if (own := found.per_image()) is not None:
        definitions.append((PER_IMAGE, own))
    if as_json:
        put(json.dumps(_record(names, found, definitions), ensure_ascii=False))
        return ExitCode.DONE
    put(
        f"{counted(found.images.total(), 'image', 'images')}, {found.pixels} pixels ({', '.join(dict.fromkeys(kinds))})"
    )
    for definition, figures in definitions:
        for line in _lines(definition, figures, found.white):
            put(line)
    return ExitCode.DONE


def _notes(found: Statistics) -> list[str]:
    notes = []
    if len(found.images) > 1:
        notes.append(f"{counted(found.images[1], 'gray image counts', 'gray images count')} as RGB")
    if found.with_alpha:
        notes.append(f"the alpha of {counted(found.with_alpha, 'image', 'images')} is left out")
    return notes


def _names(channels: int) -> Sequence[str]:
    return CHANNELS.get(channels) or [f"band {number}" for number in range(channels)]


def _lines(definition: str, figures: Figures, white: float) -> list[str]:
    levels = f"of 0 to {white:g}"
    names = _names(len(figures.mean))
    width = max(len(name) for name in names)
    rows = [
        f"  {name:{width}}  {mean:8.6f}  {std:8.6f}  {mean * white:10.4f}  {std * white:10.4f}"
        for name, mean, std in zip(names, *figures, strict=True)
    ]
    return [
        "",
        definition,
        f"  {'':{width}}  {'of 0 to 1':>18}  {levels:>22}",
        f"  {'':{width}}  {'mean':>8}  {'std':>8}  {'mean':>10}  {'std':>10}",
        *rows,
        *step(figures),
    ]


def step(figures: Figures) -> list[str]:
    """Return the step of a chain that normalises by the figures, if there is one."""
    mean, std = (",".join(f"{value:.6f}" for value in values) for values in figures)
    if len(figures.mean) not in CHANNELS or min(figures.std) < 5e-7:
        return []
    return [f"  normalize --mean {mean} --std {std}"]


def _record(names: Sequence[str], found: Statistics, definitions: Sequence[tuple[str, Figures]]) -> dict[str, Any]:
    return {
        "inputs": list(names),
        "images": found.images.total(),
        "pixels": found.pixels,
        "channels": list(_names(found.channels)),
        "white": found.white,
        "figures": [
            {
                "definition": definition,
                "mean": figures.mean,
                "std": figures.std,
                "levels": {
                    "mean": [value * found.white for value in figures.mean],
                    "std": [value * found.white for value in figures.std],
                },
            }
            for definition, figures in definitions
        ],
    }
