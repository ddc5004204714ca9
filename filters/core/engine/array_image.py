"""Conversion of Python's images for the engine, and of results to the form of the given image.

An array has the shape ``(height, width)``, ``(height, width, channels)`` or, for one row, ``(n,)``; a stack of images
``(n, height, width)`` or ``(n, height, width, channels)``. The last of two or four channels is the alpha, as in `.npy`
files, unless they are bands.
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any, Protocol

from ..lazy_numpy import Array, np
from ..named_tuple import NamedTuple
from ..parameters import ImageError
from .colour import ColourModel, model_of
from .layout import with_alpha, without_alpha
from .output_buffer import Output

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class HasArrayInterface(Protocol):
    """An object that exposes its samples as a Pillow image does."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """The samples' address, type and shape."""
        ...


if TYPE_CHECKING:
    ImageLike = ArrayLike | HasArrayInterface
else:
    ImageLike = Any

WHITE_OF_INTEGERS = 255.0
"""White of integers other than uint8 and uint16, which programs usually compute from 8 bits."""
MAX_EXACT = 1 << 53
"""float64 holds all whole numbers up to this."""
PILLOW_MODES = ("1", "L", "LA", "RGB", "RGBA", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""Modes of Pillow images whose samples are the colours."""
PILLOW_CONVERSIONS = {"P": "RGB", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB"}
"""The modes to which others are converted without loss."""
PILLOW_WITH_ALPHA = {"1": "LA", "L": "LA", "RGB": "RGBA", "P": "RGBA"}
"""The modes to which an image that declares a colour as transparent is converted."""


class ArrayImage(NamedTuple):
    """One image as the engine takes it, and the form in which its results are returned."""

    pixels: Array
    """``(height, width, channels)``; an alpha channel is separate, but a view of the same array."""
    alpha: Array | None
    colours: ColourModel
    white: float | None
    """White of integers that became floats."""
    nodata: float | None
    """The value of masked samples; None for an array without a mask."""
    masked: bool
    """Whether results are masked arrays."""
    row: bool
    """Whether the image had one axis."""
    single: bool
    """Whether the image had one channel with its own axis."""
    images: int = 0
    """The number of images of a stack that lie in the array, one below the other; 0 for a single image."""

    def apart(self) -> list[ArrayImage]:
        """Return the images one by one."""
        height = len(self.pixels) // self.images
        parts = (slice(number * height, (number + 1) * height) for number in range(self.images))
        return [
            self._replace(pixels=self.pixels[part], alpha=None if self.alpha is None else self.alpha[part], images=0)
            for part in parts
        ]

    def result(self, output: Output) -> Array:
        """Return a result; a single channel has no axis unless the image's had one."""
        samples = output.samples if output.alpha is None else with_alpha(output.samples, output.alpha)
        gaps: Any = None
        if self.masked:
            gaps = np.isnan(samples) if samples.dtype.kind == "f" else np.zeros(samples.shape, bool)
            if output.nodata is not None:
                gaps[..., : output.samples.shape[2]] |= output.samples == output.nodata
        return self._in_form(samples) if gaps is None else np.ma.array(self._in_form(samples), mask=self._in_form(gaps))

    def _in_form(self, samples: Array) -> Array:
        if self.images:
            samples = samples.reshape(self.images, -1, *samples.shape[1:])
        if samples.shape[-1] == 1 and not self.single:
            samples = samples[..., 0]
        return samples[0] if self.row and samples.shape[0] == 1 else samples


def one_image(image: Any, bands: bool = False) -> ArrayImage:
    """Return the image in an argument; raises `ImageError` if it is not an image."""
    return _entered(_array(image), np.ma.getmaskarray(image) if isinstance(image, np.ma.MaskedArray) else None, bands)


def images(image: Any, bands: bool = False, stack: bool = False) -> tuple[list[ArrayImage], bool]:
    """Return the images in an argument, and whether it is a stack, whose first axis counts images.

    An array with four axes is a stack. A stack is one `ArrayImage`, unless a mask marks missing samples. Raises
    `ImageError` if it is not an image.

    >>> [found], _ = images([[0, 1]])
    >>> found.pixels.shape, found.pixels.dtype.name, found.white
    ((1, 2, 1), 'float64', 255.0)
    """
    mask = np.ma.getmaskarray(image) if isinstance(image, np.ma.MaskedArray) else None
    array = _array(image)
    if not stack and array.ndim != 4:
        return [_entered(array, mask, bands)], False
    if array.ndim not in (3, 4):
        raise ImageError(
            f"a stack must have the shape (n, height, width) or (n, height, width, channels), not {array.shape}"
        )
    if not len(array):
        raise ImageError("the stack has no images")
    if array.size == 0:
        raise ImageError(f"a stack of shape {array.shape} has no pixels")
    keeps = array.ndim == 4
    if mask is not None:
        apart = (_entered(one, mask[number], bands) for number, one in enumerate(array))
        return [one._replace(single=keeps) for one in apart], True
    tall = array.reshape(-1, *array.shape[2:])
    return [_entered(tall, None, bands)._replace(single=keeps, images=len(array))], True


def _array(image: Any) -> Array:
    if isinstance(getattr(image, "mode", None), str) and callable(getattr(image, "convert", None)):
        image = _of_pillow(image)
    if isinstance(image, str | PathLike):
        raise ImageError(f"{str(image)!r} is a file name, not an image; read the file with `imread`")
    if isinstance(image, tuple) and (fields := getattr(image, "_fields", ())):
        raise ImageError(f"several results are not an image; use one of them: .{', .'.join(fields)}")
    try:
        return np.asarray(image)
    except ValueError as error:
        raise ImageError(f"the image is not an array of numbers: {error}") from None


def _of_pillow(image: Any) -> Any:
    """Return a Pillow image in a mode whose samples are the colours."""
    mode = image.mode
    if "transparency" in image.info and mode in PILLOW_WITH_ALPHA:
        return image.convert(PILLOW_WITH_ALPHA[mode])
    if mode in PILLOW_CONVERSIONS:
        return image.convert(PILLOW_CONVERSIONS[mode])
    if mode not in PILLOW_MODES:
        raise ImageError(f"a Pillow image of mode {mode} is not supported; convert it, e.g. image.convert('RGB')")
    return image


def _entered(array: Array, mask: Array | None, bands: bool) -> ArrayImage:
    pixels = as_image(array)
    white = white_of_samples(pixels.dtype)
    try:
        pixels = real_samples(pixels)
    except ImageError as error:
        raise ImageError(f"the image {error}") from None
    alpha = None
    pixels = np.ascontiguousarray(pixels)
    if not bands and pixels.shape[2] in (2, 4):
        pixels, alpha = without_alpha(pixels)
    colours: ColourModel = "bands" if bands and pixels.shape[2] > 1 else model_of(pixels.shape[2])
    nodata = None
    if mask is not None:
        gaps: Any = mask.reshape(*array.shape[:2], -1) if array.ndim > 1 else mask.reshape(1, -1, 1)
        if colours != "bands":
            gaps = gaps.any(axis=2, keepdims=True)
        gaps = np.broadcast_to(gaps[..., : pixels.shape[2]], pixels.shape)
        pixels, nodata = _with_gaps(pixels, gaps)
    single = array.ndim == 3 and array.shape[2] == 1
    return ArrayImage(pixels, alpha, colours, white, nodata, mask is not None, array.ndim == 1, single)


def _with_gaps(pixels: Array, gaps: Array) -> tuple[Array, float]:
    """Return samples whose *gaps* have a unique value: NaN, or the greatest unused value below white."""
    if pixels.dtype.kind == "f":
        value: Any = np.nan
    else:
        levels = np.iinfo(pixels.dtype).max + 1
        free = sorted({*range(levels)} - {*np.unique(pixels[~gaps]).tolist()})
        if not free:
            raise ImageError(
                f"its mask needs a value that no sample has, but all {levels} of {pixels.dtype} occur; "
                "use a wider type, e.g. image.astype(np.float32) / 255"
            )
        value = free[-1] if len(free) == 1 or free[-1] < levels - 1 else free[-2]
    return np.where(gaps, pixels.dtype.type(value), pixels), float(value)


def as_image(array: Array) -> Array:
    """Return *array* as ``(height, width, channels)``; raises `ImageError` if it is not an image."""
    pixels = {1: lambda: array[None, :, None], 2: lambda: array[..., None]}.get(array.ndim, lambda: array)()
    if pixels.ndim != 3:
        raise ImageError(
            f"an image must have the shape (height, width) or (height, width, channels), not {array.shape}"
        )
    if pixels.size == 0:
        raise ImageError(f"an image of shape {array.shape} has no pixels")
    return pixels


def white_of_samples(dtype: Any) -> float | None:
    """Return white for samples of *dtype*, if it differs from that of the type to which `real_samples` converts."""
    return WHITE_OF_INTEGERS if dtype.kind in "iu" and dtype.name not in ("uint8", "uint16") else None


def real_samples(pixels: Array) -> Array:
    """Return samples as uint8, uint16, float32 or float64; raises `ImageError` if that would lose values."""
    kind, name = pixels.dtype.kind, pixels.dtype.newbyteorder("=").name
    if kind == "b":
        return pixels.astype(np.uint8) * np.uint8(255)
    if name in ("uint8", "uint16", "float32", "float64"):
        return pixels.astype(name, copy=False)
    if (kind == "f" and pixels.dtype.itemsize < 4) or name in ("int8", "int16"):
        return pixels.astype(np.float32)
    if kind == "f":
        wide = pixels.astype(np.float64)
        if (np.isinf(wide) & np.isfinite(pixels)).any():
            raise ImageError(f"has {name} samples too large for double precision")
        return wide
    if kind in "iu":
        largest = max(int(pixels.min(initial=0)), int(pixels.max(initial=0)), key=abs)
        if abs(largest) > MAX_EXACT:
            raise ImageError(
                f"has {name} samples up to {largest}, which float64 cannot hold exactly above 2⁵³; "
                "divide them, or save them as float64"
            )
        return pixels.astype(np.float64)
    raise ImageError(f"has {name} samples; use real numbers")
