"""CIFAR-10 and CIFAR-100 as binary files: one record per image, 32×32 RGB, without a header.

A record has one byte for the label (CIFAR-100 has two, the coarse one first), then all samples of red, of green and
of blue, row by row: https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

from ...filters.core.lazy_numpy import Array, np
from ...filters.core.named_tuple import NamedTuple
from .atomic_write import end_with_bytes
from .codec import Codec, Content
from .labels import Labels, check_range
from .picture import Decode, DecodeError, DecodeOptions, Frames, PartialDecode, Samples, Timing
from .stack import StackWriter, expected, frames_of, images_at_once

SIDE, RGB = 32, 3
SAMPLES = SIDE * SIDE * RGB


class Kind(NamedTuple):
    """One of the two."""

    name: str
    classes: int
    coarse: int = 0
    """How many superclasses there are."""

    @property
    def length(self) -> int:
        """The bytes of labels before the samples of each image."""
        return 2 if self.coarse else 1

    def check(self, labels: Labels) -> None:
        """Raise ValueError if the labels are not valid for this kind."""
        check_range(labels.values, self.classes)
        if labels.coarse is not None:
            check_range(labels.coarse, self.coarse, "coarse label")


TEN, HUNDRED = Kind("CIFAR-10", 10), Kind("CIFAR-100", 100, 20)


def finish(kind: Kind, begun: PartialDecode, options: DecodeOptions, decode: Decode) -> Frames:
    """Return the images; raises `DecodeError`."""
    data, length = begun.data, kind.length + SAMPLES
    count = len(data) // length
    check_size(options, count)

    def records(first: int, last: int) -> Array:
        return np.frombuffer(data[first * length : last * length], np.uint8).reshape(-1, length)

    step = images_at_once(count, SAMPLES)
    found = [records(first, min(first + step, count))[:, : kind.length].copy() for first in range(0, count, step)]
    of_all = np.concatenate(found)
    labels = Labels(of_all[:, -1], of_all[:, 0] if kind.coarse else None)
    return frames(kind, count, lambda first, last: records(first, last)[:, kind.length :], labels)


def check_size(options: DecodeOptions, count: int) -> None:
    """Raise `DecodeError` if the images are too large for the options."""
    options.check_size(SIDE, SIDE, expected(count, Samples(RGB, 1), SIDE * SIDE, 1))


def frames(kind: Kind, count: int, part: Callable[[int, int], Array], labels: Labels) -> Frames:
    """Return *count* images as frames; raises `DecodeError` if a label is none.

    *part* returns the samples of some images, ``(count, 3072)``, plane by plane.
    """
    try:
        kind.check(labels)
    except ValueError as error:
        raise DecodeError(f"is damaged, or not {kind.name} ({error})") from None

    def images(first: int, last: int) -> Array:
        return part(first, last).reshape(-1, RGB, SIDE, SIDE).transpose(0, 2, 3, 1)

    found = frames_of(images, (count, SIDE, SIDE, RGB), np.dtype(np.uint8))
    found.labels = labels
    return found


class Writer(StackWriter):
    """Writes images with their labels."""

    def __init__(self, kind: Kind, timing: Timing | None = None) -> None:
        super().__init__(timing)
        self.kind = kind

    def checked(self, frame: Content) -> Content:
        """Return images; raises ValueError for those that do not fit the kind."""
        height, width, channels = len(frame.pixels) // frame.images, *frame.pixels.shape[1:]
        if (height, width, channels) != (SIDE, SIDE, RGB) or frame.alpha is not None:
            size = f"{width}×{height}×{channels + (frame.alpha is not None)}"
            raise ValueError(f"{self.kind.name} holds images of 32×32×3, not {size}; use --to npz")
        if frame.labels is None:
            check(self.kind, None)
        assert frame.labels is not None
        self.kind.check(frame.labels)
        return frame

    def put(self, file: Any, frame: Content) -> None:
        """Write the next records."""
        assert frame.labels is not None
        records = np.empty((frame.images, self.kind.length + SAMPLES), np.uint8)
        if frame.labels.coarse is not None:
            records[:, 0] = frame.labels.coarse
        records[:, self.kind.length - 1] = frame.labels.values
        images = frame.pixels.reshape(-1, SIDE, SIDE, RGB)
        records[:, self.kind.length :] = images.transpose(0, 3, 1, 2).reshape(-1, SAMPLES)
        end_with_bytes(file, records.reshape(-1).data)


def check(kind: Kind, labels: Labels | None) -> list[str]:
    """Raise ValueError if images with these labels do not fit *kind*; class names are in a separate file."""
    if labels is None:
        raise ValueError("it requires labels, but the images have none; use --to npz or an -idx4-ubyte name")
    if kind.coarse and labels.coarse is None:
        raise ValueError("it requires coarse labels, but the images have none; use --to npz or --to cifar10")
    if labels.coarse is not None and not kind.coarse:
        raise ValueError("it cannot hold coarse labels; use --to npz or --to cifar100")
    try:
        kind.check(labels)
    except ValueError as error:
        raise ValueError(f"{error}; use --to npz or an -idx4-ubyte name") from None
    return []


def encode(kind: Kind, file: io.BytesIO, content: Content) -> list[str]:
    """Write one image."""
    writer = Writer(kind)
    writer.add(content)
    writer.write(file)
    return writer.notes


def codec(kind: Kind) -> Codec:
    """Return the codec for files of *kind*."""
    return Codec(
        partial(finish, kind), partial(encode, kind), frames=partial(Writer, kind), labels=partial(check, kind)
    )


CODEC = codec(TEN)
