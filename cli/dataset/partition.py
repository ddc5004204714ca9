"""Which part of a split each sample belongs to: exact shares of each class, and what belongs together stays so."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from itertools import accumulate

from ...filters.core.named_tuple import NamedTuple
from ..digest import digest
from ..errors import UsageError

RANK_BYTES = 16
ALL = "all images"
"""The class of those that have none."""


class Part(NamedTuple):
    """A part of a split, and its share of each class."""

    name: str
    share: Fraction


class Sample(NamedTuple):
    """What is assigned."""

    name: str
    label: str
    kin: tuple[Hashable, ...] = ()
    """What it shares with those that stay with it."""
    images: int = 1
    """How many it has."""


def parts_of(text: str) -> list[Part]:
    """Read the parts of a split; raises UsageError.

    >>> [(part.name, float(part.share)) for part in parts_of("train=0.8,val=10%,test=0.1")]
    [('train', 0.8), ('val', 0.1), ('test', 0.1)]
    """
    parts = []
    for word in text.split(","):
        name, _, share = (piece.strip() for piece in word.partition("="))
        if not name or name.startswith(".") or "/" in name or not name.isprintable():
            raise UsageError(f"--parts: {word!r} does not name a part; write NAME=SHARE, as train=0.8,test=0.2")
        try:
            fraction = Fraction(share.removesuffix("%")) / (100 if share.endswith("%") else 1)
        except (ValueError, ZeroDivisionError):
            raise UsageError(f"--parts: {word!r} has no share; write NAME=SHARE, as train=0.8,test=0.2") from None
        if not 0 < fraction <= 1:
            raise UsageError(f"--parts: the share of {name} is {share}; shares are greater than 0 and at most 1")
        parts.append(Part(name, fraction))
    if len({part.name.casefold() for part in parts}) < len(parts):
        raise UsageError("--parts names a part twice")
    if (total := sum(part.share for part in parts)) != 1:
        raise UsageError(f"--parts: the shares add up to {float(total):g}; they must add up to 1")
    return parts


def allot(count: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Divide *count* by *weights* into whole numbers, by the largest remainders; the first wins a tie.

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


def assign(samples: Sequence[Sample], shares: Sequence[Fraction], seed: int) -> list[int]:
    """Return the number of the part of each sample.

    The samples of a class are ranked by a hash of the seed and the name, and cut at the exact counts: so the order in
    which they come does not matter, and one that is added moves one or two across each cut. Those that share something
    are one, and rank as the first of their names: the least rank would draw large groups to the first part. Of a group
    across classes the hash itself tells the part.
    """
    ranks = [digest(b"%d\0%b" % (seed, os.fsencode(sample.name)), RANK_BYTES) for sample in samples]
    part = [-1] * len(samples)
    taken: dict[str, Counter[int]] = defaultdict(Counter)
    sizes = Counter(sample.label for sample in samples)
    by_class: dict[str, list[tuple[str, list[int]]]] = {label: [] for label in sizes}
    for members in groups([sample.kin for sample in samples]):
        rank = ranks[min(members, key=lambda member: os.fsencode(samples[member].name))]
        labels = {samples[member].label for member in members}
        if len(labels) == 1:
            by_class[labels.pop()].append((rank, members))
            continue
        own = _at(Fraction(int(rank, 16), 1 << 8 * RANK_BYTES), list(accumulate(shares)))
        for member in members:
            part[member] = own
            taken[samples[member].label][own] += 1
    for label, found in by_class.items():
        quotas = [quota - taken[label][at] for at, quota in enumerate(allot(sizes[label], shares))]
        left = allot(sizes[label] - taken[label].total(), [max(quota, 0) for quota in quotas])
        bounds = list(accumulate(left))
        place = 0
        for _, members in sorted(found):
            own = _at(place + Fraction(len(members), 2), bounds)
            place += len(members)
            for member in members:
                part[member] = own
    return part


def _at(place: Fraction, bounds: Sequence[Fraction | int]) -> int:
    """Return the number of the part in which a place lies."""
    return next((at for at, bound in enumerate(bounds) if place < bound), len(bounds) - 1)


def groups(kin: Iterable[Sequence[Hashable]]) -> list[list[int]]:
    """Return the numbers of those that hang together by something that they share, over several steps too.

    >>> groups([("a",), (), ("b",), ("a", "b")])
    [[0, 2, 3], [1]]
    """
    leader: list[int] = []

    def first(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    owner: dict[Hashable, int] = {}
    for number, shared in enumerate(kin):
        leader.append(number)
        for key in shared:
            one, other = sorted((first(owner.setdefault(key, number)), first(number)))
            leader[other] = one
    found: dict[int, list[int]] = {}
    for number in range(len(leader)):
        found.setdefault(first(number), []).append(number)
    return list(found.values())
