"""Augment shards: all images of a sample share the draws, and its other files are copied."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from ....filters.core.filter import name_of
from ....filters.core.named_tuple import NamedTuple
from ...images.picture import Picture
from ...images.shard import Shard, ShardMember
from ..plan import Job
from . import variants
from .augmentation import Augmentation


class Variant(NamedTuple):
    """A file of a variant of a sample."""

    job: Job
    """The job of this variant alone."""
    member: ShardMember
    """The file, under the variant's own key."""
    picture: Picture | None = None
    number: int = 0
    """The number of the sample's first image in the shard."""
    label: int | None = None

    def line(self, steps: Any) -> dict[str, Any]:
        """Return the manifest's line for it."""
        place = {"member": self.member.name, "source_frame": self.number, "name": self.job.input.place}
        return {**place, "variant": self.job.variant, "label": self.label, "steps": steps}


def expanded(job: Job, files: Iterable[tuple[ShardMember, Picture | None]]) -> Iterator[Variant]:
    """Yield the files of all variants of each sample, and its images as they were read."""
    number = 0
    for _, group in groupby(files, lambda file: file[0].key):
        sample = [*group]
        label = next((member.label for member, _ in sample if member.name.lower().endswith(".cls")), None)
        place = name_of(job.input.place, number)
        for variant in job.variants:
            own = job._replace(input=job.input._replace(place=place), variant=variant, variants=())
            for member, picture in sample:
                named = member._replace(name=member.with_key(f"{member.key}-{variant:02}"))
                yield Variant(own, named, copy.copy(picture), number, label)
        number += sum(picture is not None for _, picture in sample)


def redrawn(augmentation: Augmentation, job: Job, shard: Shard) -> Iterator[dict[str, Any]]:
    """Yield the manifest's lines of a shard that was not augmented again."""
    files = ((member, shard.picture(member) if member.is_image else None) for member in shard.members)
    for found in expanded(job, files):
        if found.picture is None:
            continue
        height, width = found.picture.pixels.shape[:2]
        recipe = variants.drawn(augmentation, job, found.job.input.place, found.job.variant or 0, width, height)
        yield found.line(variants.described(recipe))
