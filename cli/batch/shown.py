"""What `--show` shows of an image: its result, or the image and its result side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...filters.core.lazy_numpy import Array
from ...filters.core.named_tuple import NamedTuple
from ..images import encode, formats
from ..images.metadata import Metadata
from ..images.picture import Picture, white_of
from ..terminal.reduced import reduced, side_by_side
from ..terminal.room import Room
from .frame_output import SHEET
from .plan import Job, Target

if TYPE_CHECKING:
    from .frame_output import Computed


class Showing(NamedTuple):
    """How images are shown."""

    room: Room
    both: bool
    """The input is shown too."""
    gap: int
    """Dots between the two."""
    background: tuple[int, int, int] | None
    """What transparent parts are shown on, if not a checkerboard."""

    def of(self, picture: Picture, computed: Computed) -> Array:
        """Return what is shown of a picture and what was computed of it, ``(rows, columns, 3)`` of uint8."""
        name = SHEET if computed.maps else "image"
        metadata = picture.metadata if computed.is_picture and name == "image" else Metadata()
        room = self.room.beside(self.gap) if self.both else self.room
        output, encoding = computed.outputs[name], computed.encodings[name]
        white = white_of(output.samples.dtype.name, None if name == SHEET else encoding.white)
        result = self._reduced(output.samples, output.alpha, room, white, computed.colours_of(name), metadata)
        if not self.both:
            return result
        original = self._reduced(picture.pixels, picture.alpha, room, picture.full, picture.colours, picture.metadata)
        return side_by_side(original, result, self.gap)

    def _reduced(self, pixels: Any, alpha: Any, room: Room, white: float, colours: Any, metadata: Metadata) -> Array:
        if metadata.palette:
            pixels, metadata, colours = encode.coloured(pixels, metadata), Metadata(), "rgb"
        return reduced(pixels, alpha, room, white=white, colours=colours, metadata=metadata, background=self.background)


def with_shown(job: Job, maps: int) -> Job:
    """Return a job whose result is computed as a PNG holds it, where it is not written; *maps* are those of a bank."""
    name = SHEET if maps else "image"
    if name in job.targets:
        return job
    return job._replace(targets={**job.targets, name: Target(None, formats.LOSSLESS, shown=True)})
