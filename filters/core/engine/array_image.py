"""Images as people have them in Python, as the engine takes them, and results in the form of what was given.

An array has the shape ``(height, width)``, ``(height, width, channels)`` or, for one row, ``(n,)``; a stack of images
``(n, height, width)`` or ``(n, height, width, channels)``. Of two and four
channels the last is the alpha, as in `.npy` files, unless they are bands.
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
    """What shows its samples as a Pillow image does."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Where the samples are, and of what type and shape."""
        ...


if TYPE_CHECKING:
    ImageLike = ArrayLike | HasArrayInterface
else:
    ImageLike = Any

WHITE_OF_INTEGERS = 255.0
"""White of integers that are neither of 8 nor of 16 bits without a sign: what programs compute from 8 bits."""
MAX_EXACT = 1 << 53
"""All whole numbers up to this are float64."""
PILLOW_MODES = ("1", "L", "LA", "RGB", "RGBA", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""The modes of a Pillow image whose samples are the colours."""
PILLOW_CONVERSIONS = {"P": "RGB", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB"}
"""What other modes are converted to, without a loss."""
PILLOW_WITH_ALPHA = {"1": "LA", "L": "LA", "RGB": "RGBA", "P": "RGBA"}
"""What is converted of an image that names one of its colours as transparent."""


class ArrayImage(NamedTuple):
    """One image as the engine takes it, and the form in which its results are given back."""

    pixels: Array
    """``(height, width, channels)``; and where the last channel was its alpha, that, both parts of one array."""
    alpha: Array | None
    colours: ColourModel
    white: float | None
    """White of integers that became floats."""
    nodata: float | None
    """The value of samples that a mask hides; None for an array without a mask."""
    masked: bool
    """Results are masked arrays."""
    row: bool
    """It had one axis."""
    single: bool
    """It had one channel, with an axis of its own."""
    images: int = 0
    """So many images of one size lie in the array, one below the other, as those of a stack; 0 for one by itself."""

    def apart(self) -> list[ArrayImage]:
        """Return the images one by one."""
        height = len(self.pixels) // self.images
        parts = (slice(number * height, (number + 1) * height) for number in range(self.images))
        return [
            self._replace(pixels=self.pixels[part], alpha=None if self.alpha is None else self.alpha[part], images=0)
            for part in parts
        ]

    def result(self, output: Output) -> Array:
        """Return a result, whose single channel has no axis, unless the image's had one."""
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
    """Return the image in what people have; raises `ImageError` for what is none."""
    return _entered(_array(image), np.ma.getmaskarray(image) if isinstance(image, np.ma.MaskedArray) else None, bands)


def images(image: Any, bands: bool = False, stack: bool = False) -> tuple[list[ArrayImage], bool]:
    """Return the images in what people have, and whether it is a stack of them, whose first axis tells them apart.

    So is what has four axes. The images of one are one `ArrayImage`, unless a mask tells what each has missing. Raises
    `ImageError` for what is no image.

    >>> [found], _ = images([[0, 1]])
    >>> found.pixels.shape, found.pixels.dtype.name, found.white
    ((1, 2, 1), 'float64', 255.0)
    """
    mask = np.ma.getmaskarray(image) if isinstance(image, np.ma.MaskedArray) else None
    array = _array(image)
    if not stack and array.ndim != 4:
        return [_entered(array, mask, bands)], False
    if array.ndim not in (3, 4):
        raise ImageError(f"a stack has the shape (n, height, width) or (n, height, width, channels), not {array.shape}")
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
        raise ImageError(f"{str(image)!r} is a name, and no image; `imread` reads the file")
    if isinstance(image, tuple) and (fields := getattr(image, "_fields", ())):
        raise ImageError(f"several results are no image; take one of them: .{', .'.join(fields)}")
    try:
        return np.asarray(image)
    except ValueError as error:
        raise ImageError(f"the image is no array of numbers: {error}") from None


def _of_pillow(image: Any) -> Any:
    """Return a Pillow image in a mode whose samples are the colours."""
    mode = image.mode
    if "transparency" in image.info and mode in PILLOW_WITH_ALPHA:
        return image.convert(PILLOW_WITH_ALPHA[mode])
    if mode in PILLOW_CONVERSIONS:
        return image.convert(PILLOW_CONVERSIONS[mode])
    if mode not in PILLOW_MODES:
        raise ImageError(f"a Pillow image of mode {mode} has other colours; convert it, as image.convert('RGB') does")
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
    """Return samples of which *gaps* have a value that no other has: NaN, or the greatest below white that is free."""
    if pixels.dtype.kind == "f":
        value: Any = np.nan
    else:
        levels = np.iinfo(pixels.dtype).max + 1
        free = sorted({*range(levels)} - {*np.unique(pixels[~gaps]).tolist()})
        if not free:
            raise ImageError(
                f"its mask needs a value that no sample has, and all {levels} of {pixels.dtype} are taken; "
                "use a wider type, as image.astype(np.float32) / 255"
            )
        value = free[-1] if len(free) == 1 or free[-1] < levels - 1 else free[-2]
    return np.where(gaps, pixels.dtype.type(value), pixels), float(value)


def as_image(array: Array) -> Array:
    """Return *array* as ``(height, width, channels)``; raises `ImageError` for what is no image."""
    pixels = {1: lambda: array[None, :, None], 2: lambda: array[..., None]}.get(array.ndim, lambda: array)()
    if pixels.ndim != 3:
        raise ImageError(f"an image has the shape (height, width) or (height, width, channels), not {array.shape}")
    if pixels.size == 0:
        raise ImageError(f"an image of shape {array.shape} has no pixels")
    return pixels


def white_of_samples(dtype: Any) -> float | None:
    """Return what is white in samples of *dtype*, where it is not what `real_samples` makes of them says."""
    return WHITE_OF_INTEGERS if dtype.kind in "iu" and dtype.name not in ("uint8", "uint16") else None


def real_samples(pixels: Array) -> Array:
    """Return samples as uint8, uint16, float32 or float64; raises `ImageError` where that would lose something."""
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
                f"has {name} samples up to {largest}, which double precision does not hold exactly above 2⁵³; "
                "divide them, or save them as float64"
            )
        return pixels.astype(np.float64)
    raise ImageError(f"has {name} samples; real numbers are needed")
