"""Assign samples to the parts of a split: exact shares of each class, and groups stay together."""

from __future__ import annotations

import os
from array import array
from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from itertools import accumulate

import numpy as np

from ...filters.core.named_tuple import NamedTuple
from ..digest import digest
from ..errors import UsageError

KEY = np.dtype([("high", ">u8"), ("low", ">u8")])
"""A digest as two numbers, which sort like its bytes."""
ALL = "all images"
"""The class of samples without one."""


class Part(NamedTuple):
    """A part of a split, and its share of each class."""

    name: str
    share: Fraction


class Sample(NamedTuple):
    """A sample to be assigned."""

    name: str
    label: str
    kin: tuple[Hashable, ...] = ()
    """Keys; samples that share one stay together."""
    images: int = 1
    """The number of images in it."""


def parts_of(text: str) -> list[Part]:
    """Read the parts of a split; raises UsageError.

    >>> [(part.name, float(part.share)) for part in parts_of("train=0.8,val=10%,test=0.1")]
    [('train', 0.8), ('val', 0.1), ('test', 0.1)]
    """
    parts = []
    for word in text.split(","):
        name, _, share = (piece.strip() for piece in word.partition("="))
        if not name or name.startswith(".") or "/" in name or not name.isprintable():
            raise UsageError(f"--parts: {word!r} does not name a part; write NAME=SHARE, such as train=0.8,test=0.2")
        try:
            fraction = Fraction(share.removesuffix("%")) / (100 if share.endswith("%") else 1)
        except (ValueError, ZeroDivisionError):
            raise UsageError(f"--parts: {word!r} has no share; write NAME=SHARE, such as train=0.8,test=0.2") from None
        if not 0 < fraction <= 1:
            raise UsageError(f"--parts: the share of {name} is {share}; shares are greater than 0 and at most 1")
        parts.append(Part(name, fraction))
    if len({part.name.casefold() for part in parts}) < len(parts):
        raise UsageError("--parts names a part twice")
    if (total := sum(part.share for part in parts)) != 1:
        raise UsageError(f"--parts: the shares add up to {float(total):g}; they must add up to 1")
    return parts


def allot(count: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Divide *count* into whole numbers in proportion to *weights*, by the largest remainders; the first wins a tie.

    >>> allot(10, [Fraction(8, 10), Fraction(1, 10), Fraction(1, 10)]), allot(7, [1, 1, 1]), allot(3, [0, 0])
    ([8, 1, 1], [3, 2, 2], [3, 0])
    """
    total = sum(weights)
    if not total:
        return [count, *[0] * (len(weights) - 1)]
    exact = [Fraction(count) * weight / total for weight in weights]
    found = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda at: (found[at] - exact[at], at))
    for at in by_remainder[: count - sum(found)]:
        found[at] += 1
    return found


class Samples:
    """Samples in columns, so that a million of them are not a million objects."""

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self.classes: dict[str, int] = {}
        """The number of each class, in the order of first appearance."""
        self.labels = array("I")
        """The number of each sample's class."""
        self.images = array("Q")
        """The number of images of each sample."""
        self._names, self._ends = bytearray(), array("Q")
        self._kin, self._owners = bytearray(), array("I")
        for sample in samples:
            self.add(sample)

    def add(self, sample: Sample) -> None:
        """Add a sample."""
        number = len(self)
        self.labels.append(self.classes.setdefault(sample.label, len(self.classes)))
        self.images.append(sample.images)
        self._names += os.fsencode(sample.name)
        self._ends.append(len(self._names))
        for shared in sample.kin:
            self._kin += _digest(repr(shared).encode())
            self._owners.append(number)

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, number: int) -> bytes:
        """Return the name of a sample."""
        return bytes(self._names[self._ends[number - 1] if number else 0 : self._ends[number]])

    def groups(self) -> list[list[int]]:
        """Return the groups of samples that share keys, also by way of others, as lists of numbers.

        >>> kin = [("a",), (), ("b",), ("a", "b"), ("c",)]
        >>> Samples(Sample(str(number), "x", shared) for number, shared in enumerate(kin)).groups()
        [[0, 2, 3]]
        """
        leader: dict[int, int] = {}

        def first(number: int) -> int:
            while (above := leader.setdefault(number, number)) != number:
                number = leader[number] = leader[above]
            return number

        if not self._owners:
            return []
        keys, owners = np.frombuffer(self._kin, KEY), np.frombuffer(self._owners, np.uint32)
        order = np.lexsort((keys["low"], keys["high"]))
        for at in np.flatnonzero(keys[order[1:]] == keys[order[:-1]]).tolist():
            one, other = sorted((first(int(owners[order[at]])), first(int(owners[order[at + 1]]))))
            leader[other] = one
        found: dict[int, list[int]] = {}
        for number in sorted(leader):
            found.setdefault(first(number), []).append(number)
        return [members for members in found.values() if len(members) > 1]


def _digest(data: bytes) -> bytes:
    return bytes.fromhex(digest(data, KEY.itemsize))


def assign(samples: Samples, shares: Sequence[Fraction], seed: int) -> list[int]:
    """Return the number of the part of each sample.

    The samples of a class are ranked by a hash of the seed and the name, and cut at the exact counts: so their order
    does not matter, and an added sample moves one or two across each cut. A group counts as one, and takes the rank of
    its first name: the least rank would pull large groups into the first part. For a group across classes, the hash
    itself decides the part.
    """
    rank_bytes = bytearray()
    for number in range(len(samples)):
        rank_bytes += _digest(b"%d\0%b" % (seed, samples.name(number)))
    ranks = np.frombuffer(rank_bytes, KEY)
    labels = np.array(samples.labels, np.int64)
    part, taken = np.zeros(len(samples), np.int64), np.zeros((len(samples.classes), len(shares)), np.int64)
    sizes = np.ones(len(samples), np.int64)  # a group's, at its first sample; 0 for samples that are not ranked
    groups: dict[int, list[int]] = {}
    for members in samples.groups():
        first = min(members, key=samples.name)
        sizes[members] = 0
        if len(set(labels[members].tolist())) == 1:
            sizes[first], groups[first] = len(members), members
            continue
        place = Fraction(int.from_bytes(ranks[first].tobytes(), "big"), 1 << 8 * KEY.itemsize)
        part[members] = _at(place, list(accumulate(shares)))
        np.add.at(taken, (labels[members], part[members]), 1)
    order = np.lexsort((ranks["low"], ranks["high"], labels))
    order = order[sizes[order] > 0]
    counts = np.bincount(labels, minlength=len(samples.classes)).tolist()
    starts = np.searchsorted(labels[order], np.arange(len(counts) + 1))
    for label, count in enumerate(counts):
        quotas = [quota - own for quota, own in zip(allot(count, shares), taken[label].tolist(), strict=True)]
        left = allot(count - int(taken[label].sum()), [max(quota, 0) for quota in quotas])
        own = order[starts[label] : starts[label + 1]]
        middles = 2 * np.cumsum(sizes[own]) - sizes[own]  # twice
        part[own] = np.minimum(np.searchsorted(2 * np.cumsum(left), middles, "right"), len(shares) - 1)
    for first, members in groups.items():
        part[members] = part[first]
    return part.tolist()


def _at(place: Fraction, bounds: Sequence[Fraction | int]) -> int:
    """Return the number of the part that a position lies in."""
    return next((at for at, bound in enumerate(bounds) if place < bound), len(bounds) - 1)
