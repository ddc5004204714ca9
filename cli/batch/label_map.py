"""Label maps: pictures with a palette whose indices are classes; a filter may choose among them but not mix them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...filters.core.engine.stage import Stage
from ...filters.core.filter import INDEX
from ...filters.core.lazy_numpy import np
from ...filters.core.parameters import ImageError
from ..images.picture import Palette, Picture
from .recipe import Recipe

MOST_CLASSES = 64
LEAST_FLAT = 0.9
"""At least this share of neighbouring pixels of a label map are equal."""
FORMATS = ("png", "tiff", "bmp")
"""Formats in which label maps are recognised without an option."""
CHANGING = ("depth", "range", "gain", "linear")
"""Parameters on how colours are filtered or written, which have no meaning for indices."""
NOTE = "looks like a label map: its palette indices were filtered; --channels each filters its colours"


def take_numbers(picture: Picture, recipe: Recipe, stages: Sequence[Stage], blended: bool) -> None:
    """Turn a picture into its palette indices, if the call asks for it or the picture is a label map.

    *blended* results mix a filter's with the picture. Raises `ImageError` if there are no indices.
    """
    palette, given = picture.palette, {name for step in recipe.steps for name in step.given}
    if any(step.values["channels"] == INDEX for step in recipe.steps):
        if not all(stage.picks for stage in stages):
            raise ImageError(f"--channels {INDEX}: every filter must only move or select samples, as median does")
        if palette is None:
            if picture.pixels.shape[2] == 1 and picture.alpha is None:
                return
            raise ImageError(f"has no opaque palette; --channels {INDEX} filters palette indices")
        if blended:
            raise ImageError(f"--mask blends samples; with --channels {INDEX} use --roi")
        if changing := sorted(given.intersection(CHANGING)):
            raise ImageError(f"--{changing[0]} has no meaning with --channels {INDEX}")
    elif (
        palette is None
        or blended
        or picture.format not in FORMATS
        or "channels" in given
        or given.intersection(CHANGING)
        or not all(stage.picks for stage in stages)
        or not is_label_map(palette)
    ):
        return
    else:
        picture.notes.append(NOTE)
    picture.pixels, picture.colours = palette.indices[..., None], "gray"
    picture.metadata = picture.metadata._replace(palette=palette.colours.tobytes())
    picture.palette = None


def is_label_map(palette: Palette) -> bool:
    """Whether colours are few and not all gray, and lie in flat regions."""
    used = palette.colours[np.flatnonzero(np.bincount(palette.indices.ravel(), minlength=1))]
    if len(used) > MOST_CLASSES or (used == used[:, :1]).all():
        return False
    rows = palette.indices
    alike = _alike(rows[:, 1:], rows[:, :-1]), _alike(rows[1:], rows[:-1])
    return min(alike) >= LEAST_FLAT


def _alike(one: Any, other: Any) -> float:
    """Return the share of neighbours that are equal; 1 if there are none."""
    return float((one == other).mean()) if one.size else 1.0
