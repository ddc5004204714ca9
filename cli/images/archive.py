"""What an archive of arrays holds, which a data set that is made of it holds in the same order."""

from __future__ import annotations

from ...filters.core.named_tuple import NamedTuple


class Member(NamedTuple):
    """An array."""

    name: str
    """As in the archive: with .npy."""
    images: int | None = None
    """How many images of the data set it holds; None where it holds other things."""
    axes: int = 3
    """So many it has where its images have one channel."""
    data: bytes = b""
    """The whole member, where it holds no images."""
    packed: bool = True


class Archive(NamedTuple):
    """The arrays in their order."""

    members: tuple[Member, ...] = ()
    """The images of the data set are theirs one after the other; of none, all are in one array of the usual name."""

    def of_images(self) -> Archive:
        """Return the arrays of images alone, as a map of the images has them."""
        return Archive(tuple(member for member in self.members if member.images is not None))

    def lost(self, labelled: bool) -> str:
        """Return what a file of one array does not hold of them, where the images may be *labelled*; "" for nothing."""
        images = self.of_images().members
        if len(images) > 1:
            return f"the images of {', '.join(member.name.removesuffix('.npy') for member in images)} are one"
        others = [member.name.removesuffix(".npy") for member in self.members if member not in images]
        return f"{', '.join(others)} were not written" if len(others) > labelled else ""
