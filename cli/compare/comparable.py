"""Two pictures as arrays of one shape and type, or the reason why that is impossible."""

from __future__ import annotations

from typing import Any

from ...filters.core.engine import colour
from ...filters.core.engine.layout import with_alpha
from ...filters.core.engine.quantize import FULL
from ...filters.core.lazy_numpy import Array, np
from ...filters.core.measure.similarity import Plane, planes_of
from ...filters.core.named_tuple import NamedTuple
from ..console.report import depth_in_words
from ..images import encode
from ..images.picture import Picture, channels_of


class Comparable(NamedTuple):
    """Two pictures whose samples can be compared."""

    a: Array
    """``(height, width, channels)``; alpha is the last channel."""
    b: Array
    alpha: bool
    full: float | None
    """The white level; None for floats, whose files do not say it."""
    notes: tuple[str, ...] = ()

    def planes(self, which: str) -> list[Plane]:
        """Return the planes to compare for similarity; colours under partial alpha count in proportion to it."""
        if not self.alpha:
            return planes_of(self.a.shape[2], which)
        full = 1.0 if self.full is None else self.full

        def seen(plane: Plane) -> Plane:
            return lambda rows: plane(colour.premultiply(rows[..., :-1], rows[..., -1:], full, np.float64))

        return [seen(plane) for plane in planes_of(self.a.shape[2] - 1, which)]


def comparable(a: Picture, b: Picture, strict: bool) -> Comparable | str:
    """Return two pictures as arrays, or how they differ before any sample is compared.

    Unless *strict*, gray is colour with equal channels, a missing alpha is opaque, and samples of several depths are
    compared as those of the deeper.
    """
    sizes = [picture.pixels.shape[1::-1] for picture in (a, b)]
    if sizes[0] != sizes[1]:
        return f"{_size(sizes[0])} and {_size(sizes[1])} pixels"
    if a.palette is None and b.palette is None:
        pixels = [a.pixels, b.pixels]
    else:
        pixels = [encode.coloured(picture.pixels, picture.metadata) for picture in (a, b)]
    alphas = [a.alpha, b.alpha]
    if strict and (why := _unlike(a, b)):
        return why
    models = {one.shape[2]: one for one in pixels}
    if models.keys() == {1, 3} and "bands" not in (a.colours, b.colours):
        pixels = [np.broadcast_to(one, (*one.shape[:2], 3)) for one in pixels]
    elif len(models) > 1 or ({"cmyk", "bands"} & {a.colours, b.colours} and a.colours != b.colours):
        return f"{channels_of(a)} and {channels_of(b)}"
    whites = [picture.full for picture in (a, b)]
    (one, other), alphas, full, notes = _of_one_depth(pixels, alphas, whites)
    if all(alpha is None for alpha in alphas):
        return Comparable(one, other, False, full, notes)
    pixels = [one, other]
    opaque = FULL[pixels[0].dtype.name] if full is None else full
    alphas = [
        np.full(one.shape[:2], opaque, one.dtype) if alpha is None else alpha
        for one, alpha in zip(pixels, alphas, strict=True)
    ]
    hidden = (alphas[0] == 0) & (alphas[1] == 0)
    if hidden.any():
        pixels = [np.where(hidden[..., None], one.dtype.type(0), one) for one in pixels]
    one, other = (with_alpha(colours, alpha) for colours, alpha in zip(pixels, alphas, strict=True))
    return Comparable(one, other, True, full, notes)


def _unlike(a: Picture, b: Picture) -> str:
    if a.pixels.dtype != b.pixels.dtype:
        return " and ".join(f"{depth_in_words(picture.pixels.dtype.name)} samples" for picture in (a, b))
    if a.colours != b.colours or (a.alpha is None) != (b.alpha is None):
        return f"{channels_of(a)} and {channels_of(b)}"
    return ""


def _of_one_depth(
    pixels: list[Array], alphas: list[Any], whites: list[float]
) -> tuple[list[Array], list[Any], float | None, tuple[str, ...]]:
    """Return the samples in one type, and its white level."""
    names = [one.dtype.name for one in pixels]
    floats = [name.startswith("float") for name in names]
    factors, full, notes = [1.0, 1.0], None, ()
    if all(floats):
        deeper = max(names)  # of float32 and float64 the latter
    elif names[0] == names[1] and whites[0] == whites[1]:
        return pixels, alphas, whites[0], ()
    elif not any(floats) and whites == [FULL[name] for name in names]:
        deeper, full, notes = "uint16", FULL["uint16"], ("8 bits are compared as 16",)
        factors = [full / white for white in whites]
    else:
        deeper, full, notes = "float64", 1.0, ("samples are compared as fractions of white",)
        factors = [1.0 if floating else 1.0 / white for floating, white in zip(floats, whites, strict=True)]
    both: Any = [
        [
            None if samples is None else _scaled(samples, deeper, factor)
            for samples, factor in zip(given, factors, strict=True)
        ]
        for given in (pixels, alphas)
    ]
    return both[0], both[1], full, notes


def _scaled(samples: Array, kind: str, factor: float) -> Array:
    scaled = samples.astype(kind, copy=False)
    return scaled if factor == 1 else scaled * np.dtype(kind).type(factor)


def _size(size: Any) -> str:
    return f"{size[0]}×{size[1]}"
