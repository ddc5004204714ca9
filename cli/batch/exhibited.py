"""What a page shows of a filtered frame: the picture, and each of its outputs."""

from __future__ import annotations

from collections.abc import Iterator

from ...filters.core.engine import nodata
from ...filters.core.engine.colour import ColourModel, model_of
from ...filters.core.engine.quantize import white_of
from ...filters.core.lazy_numpy import Array
from ..images import encode
from ..images.on_screen import on_screen
from ..images.picture import Picture
from ..page.exhibit import Exhibit, Subject, exhibit
from ..page.figures import figures
from .frame_output import Computed


def exhibit_of(picture: Picture, computed: Computed, share: int, cores: int) -> Exhibit:
    """Return the pictures of an input and its outputs, in *share* bytes of the page.

    Of several stacked images of the same size, the first is shown.
    """
    return exhibit([*_subjects(picture, computed, cores)], share, computed.is_picture)


def _subjects(picture: Picture, computed: Computed, cores: int) -> Iterator[Subject]:
    missing = None if computed.missing is None else computed.missing.value
    alpha = None if picture.alpha is None else _first(picture.alpha, picture.images)
    pixels = _first(picture.pixels, picture.images)
    yield _subject("before", picture, pixels, alpha, picture.colours, picture.white, missing, cores)
    for name, output in computed.outputs.items():
        if computed.encodings[name].kind == "table":
            continue
        alpha = None if output.alpha is None else _first(output.alpha, computed.images)
        pixels, white = _first(output.samples, computed.images), computed.encodings[name].white
        colours = computed.colours_of(name)
        shown = "after" if name == "image" else name
        yield _subject(shown, picture, pixels, alpha, colours, white, output.nodata, cores)


def _subject(
    name: str,
    picture: Picture,
    pixels: Array,
    alpha: Array | None,
    colours: ColourModel,
    white: float | None,
    missing: float | None,
    cores: int,
) -> Subject:
    if name in ("before", "after") and picture.metadata.palette and pixels.dtype == "uint8":
        pixels = encode.coloured(pixels, picture.metadata)
        colours = model_of(pixels.shape[2])
    full = white_of(pixels.dtype.name, white)
    gaps = nodata.of(missing, pixels, colours == "rgb", full)
    return Subject(name, on_screen(pixels, alpha, colours, white), figures(pixels, alpha, colours, full, gaps, cores))


def _first(samples: Array, images: int) -> Array:
    return samples[: len(samples) // images]
