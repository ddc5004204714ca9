"""Images whose rows are computed on demand: the source, functions of other rows, and stored rows."""

from __future__ import annotations

from collections.abc import Callable

from .. import native
from ..lazy_numpy import Array, np
from .stage import Rows, Values, by_field
from .streamed import StreamedImage
from .strips import each_strip


class Source(Rows):
    """The image itself, with its rows converted by *enter*."""

    def __init__(self, image: Array | StreamedImage, enter: Callable[[int, int], Array], images: int = 1) -> None:
        self.height, self.width, self.images = image.shape[0] // images, image.shape[1], images
        self.image, self.enter = image, enter

    @property
    def untouched(self) -> Array | None:
        """The whole image, if rows are views of it; else None."""
        if isinstance(self.image, StreamedImage) or not np.may_share_memory(self.enter(0, 1), self.image):
            return None
        return self.enter(0, self.height)

    def rows(self, start: int, stop: int) -> Values:
        """Return rows of the image."""
        return self.enter(start, stop)


class PartOfSource(Source):
    """A part of the image's channels, in the image's own type."""

    def __init__(self, source: Source, take: Callable[[Array], Array]) -> None:
        self.height, self.width, self.images = source.height, source.width, source.images
        self.image = source.image
        self.enter = lambda start, stop: take(source.rows(start, stop))


class ZippedRows(Rows):
    """Rows that a function computes from those of several images of one size."""

    def __init__(self, function: Callable[..., Values], *images: Rows) -> None:
        self.function, self.zipped = function, images
        self.height, self.width, self.images = images[0].height, images[0].width, images[0].images

    def rows(self, start: int, stop: int) -> Values:
        """Return rows of the result."""
        return self.function(*(image.rows(start, stop) for image in self.zipped))


class Whole(Rows):
    """Rows that were all computed at once and stored."""

    def __init__(self, values: Values, height: int, width: int) -> None:
        self.values, self.height, self.width = values, height, width

    def rows(self, start: int, stop: int) -> Values:
        """Return stored rows."""
        return by_field(lambda strip: strip[start:stop], self.values)


def computed(source: Rows, strip_rows: int, jobs: int) -> Whole:
    """Compute all rows of *source*, strip by strip."""
    whole: Values = None

    def keep(start: int, stop: int) -> None:
        nonlocal whole
        # Compute directly into the store: premultiplying 12 MP takes 60 ms instead of 80.
        place = whole[start:stop] if isinstance(source, Source) and whole is not None else None
        with native.results_in({} if place is None else {"image": place}):
            values = source.rows(start, stop)
        if place is not None and np.may_share_memory(values, place):
            return
        if whole is None:
            whole = by_field(lambda strip: np.empty((source.height, *strip.shape[1:]), strip.dtype), values)

        def copy(strip: Array, kept: Array) -> Array:
            kept[start:stop] = strip
            return kept

        by_field(copy, values, whole)

    each_strip(source.height, strip_rows, jobs, keep)
    return Whole(whole, source.height, source.width)
