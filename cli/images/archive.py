"""The contents of an archive of arrays, which a data set made from it keeps in the same order."""

from __future__ import annotations

from ...filters.core.named_tuple import NamedTuple


class Member(NamedTuple):
    """An array."""

    name: str
    """Its name in the archive, with .npy."""
    images: int | None = None
    """The number of images that it holds; None if it holds something else."""
    axes: int = 3
    """The number of axes if its images have one channel."""
    data: bytes = b""
    """The whole member, if it holds no images."""
    packed: bool = True


class Archive(NamedTuple):
    """The arrays in their order."""

    members: tuple[Member, ...] = ()
    """Their images, in order, are those of the data set; with no arrays, one of the usual name holds all images."""

    def of_images(self) -> Archive:
        """Return only the arrays of images, for a map of the images."""
        return Archive(tuple(member for member in self.members if member.images is not None))

    def lost(self, labelled: bool) -> str:
        """Return what a file of one array loses, whose images may be *labelled*; "" for nothing."""
        images = self.of_images().members
        if len(images) > 1:
            return f"the images of {', '.join(member.name.removesuffix('.npy') for member in images)} are one"
        others = [member.name.removesuffix(".npy") for member in self.members if member not in images]
        return f"{', '.join(others)} were not written" if len(others) > labelled else ""
