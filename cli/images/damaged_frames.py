"""``--lenient`` for frames or pages that cannot be read to the end: those before the damage are used."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator

from ..console.messages import reason_of
from .picture import DecodeError, Frames, Picture, check_lack


def readable(frames: Frames, damage: str | None) -> Frames:
    """Return the frames that can be read: as many as come before the first that cannot; raises `DecodeError` of none.

    They are decoded an extra time to count them, as an output states their number before they are written. *damage* is
    what is known to be wrong with the file.
    """
    count = 0
    try:
        for _ in frames.each():
            count += 1
    except Exception as error:
        check_lack(error)
        found = str(error) if isinstance(error, DecodeError) else f"is damaged or truncated ({reason_of(error)})"
        damage = damage or found
    if damage is None:
        return frames
    if not count:
        raise DecodeError(damage)
    note = f"{damage}; {'the first frame was' if count == 1 else f'the first {count} frames were'} used"

    def each() -> Iterator[Picture]:
        for number, picture in enumerate(itertools.islice(frames.each(), count)):
            if number == 0:
                picture.notes = [note, *(other for other in picture.notes if not other.startswith(damage))]
            yield picture

    timing = frames.timing
    if timing is not None:
        timing = timing._replace(durations=timing.durations[:count])
    whole = copy.copy(frames)
    whole.count, whole.each, whole.timing = count, each, timing
    return whole
