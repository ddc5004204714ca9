"""Estimate the memory that an image needs from the decoder to its written outputs.

During filtering, memory holds the decoder's picture, what stages keep of the whole image, the strips of all threads,
and the outputs computed so far. During encoding, it holds the outputs, the encoder's buffers, and what the decoder
keeps for the next frame; the picture has been freed. The needs are declared by the decoder together with the size of
the picture, by `Stage.memory`, and by `Codec.encoding`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...filters.core.engine import memory
from ...filters.core.engine.quantize import Encoding
from ...filters.core.engine.stage import Stage
from ...filters.core.engine.streamed import StreamedImage
from ...filters.core.engine.working_space import Settings
from ...filters.core.lazy_numpy import np
from ...filters.core.parameters import ImageError
from ..images.formats import Format
from ..images.picture import Expected, Picture, Samples
from .frame_output import SHEET

ALWAYS = 24 << 20
"""Bytes for an image of any size: freed memory that is kept for the next one, tables, buffers of files."""
TYPES = {1: "uint8", 2: "uint16", 4: "float32", 8: "float64"}


def stand_in(expected: Expected) -> Picture:
    """Return a picture of the expected shape with only one sample in memory."""
    samples = expected.samples
    alpha = samples.channels in (2, 4) and not samples.bands
    dtype = np.dtype(TYPES[samples.size])
    size = expected.height, expected.width
    blank = _unread if expected.streamed else _blank
    return Picture(
        blank((*size, samples.channels - alpha), dtype),
        blank(size, dtype) if alpha else None,
        format=expected.format,
        colours="bands" if samples.bands and samples.channels > 1 else "gray",
    )


def of_samples(picture: Picture) -> float:
    """Return the bytes of a picture's samples."""
    return picture.pixels.nbytes + (0 if picture.alpha is None else picture.alpha.nbytes)


def _unread(shape: tuple[int, ...], dtype: Any) -> Any:
    return StreamedImage(shape, dtype, lambda start, stop: _blank((stop - start, *shape[1:]), dtype))


def _blank(shape: tuple[int, ...], dtype: Any) -> Any:
    return np.broadcast_to(np.zeros((), dtype), shape)


def of_outputs(
    stages: Sequence[Stage],
    picture: Picture,
    held: float,
    encodings: Mapping[str, Encoding],
    formats_of: Mapping[str, Format],
    settings: Settings,
    maps: tuple[str, ...],
    jobs: int,
    max_pixels: int,
    streamed: Collection[str] = (),
) -> float:
    """Return the most bytes that a picture needs after decoding, including those that it *held* then.

    Outputs that are *streamed* are packed as they come, and not kept.

    Raises `ImageError` if a sheet, or a result whose size was asked for, would have more than *max_pixels*.
    """
    # Stages may ask for the size, which each image has for itself.
    dtype, images, (height, width, channels) = picture.pixels.dtype.name, picture.images, picture.pixels.shape
    height //= images
    shape = height, width, channels
    for stage in stages:
        found = stage.result_of(width, height)
        width, height = max(found.width, 1), max(found.height, 1)
        if stage.extent is not None and width * height > max_pixels:
            raise ImageError(
                f"the result would have {width}×{height} = {width * height} pixels; the limit is {max_pixels} "
                "(--max-pixels raises it)"
            )
    gathered = encoding = 0.0
    for name, each in encodings.items():
        if name == SHEET:
            from .contact_sheet import foreseen  # few calls make one

            (across, down), reduced = foreseen((height, width, len(maps)), maps)
            if across * down > max_pixels:
                raise ImageError(
                    f"its sheet of {len(maps)} maps would have {across}×{down} = {across * down} pixels; the limit is "
                    f"{max_pixels} (--max-pixels raises it)"
                )
            gathered += reduced
            # It is drawn as a picture and copied.
            encoding = max(encoding, across * down * (2 + formats_of[name].codec.encoding(Samples(1, 1))))
            continue
        if each.kind == "table":
            continue
        channels = _channels(name, each, picture, settings, len(maps))
        alpha = picture.alpha is not None and name == "image" and formats_of[name].alpha
        samples = Samples(channels + alpha, np.dtype(each.dtype).itemsize)
        if name in streamed:
            gathered += formats_of[name].codec.streamed_bytes(width, samples, jobs)
            continue
        raw = 8 * channels if each.stretched else 0  # stretched outputs are computed in double precision
        codec = formats_of[name].codec
        gathered += images * width * height * (codec.canvas_share * samples.bytes + raw)
        encoding = max(encoding, images * width * height * codec.encoding(samples))
    alpha, of_file = picture.alpha is not None, isinstance(picture.pixels, StreamedImage)
    filtering = images * memory.needed(stages, shape, dtype, encodings, settings, jobs, alpha, of_file)
    kept = max(held - of_samples(picture), 0)
    return ALWAYS + gathered + max(held + filtering, encoding + kept)


def _channels(name: str, encoding: Encoding, picture: Picture, settings: Settings, maps: int) -> int:
    """Return the number of channels of an output."""
    if encoding.kind == "hue":
        return 3
    if maps:
        return maps if name == "image" and encoding.channel is None else 1
    if settings.coloured and name == "image":
        return max(picture.pixels.shape[2], 3)
    if settings.gray or settings.one_channel:
        return 1
    return picture.pixels.shape[2]
