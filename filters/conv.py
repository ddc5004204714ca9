"""Convolve or correlate with any kernel or filter bank."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Unpack

from .core import Array, Common, IntPair, Param, ParameterError, Stage, both, image_filter, np
from .core.linear import conv_layer, filter_banks, kernel_source, kernels
from .core.linear import padding as padding_text
from .core.linear.conv_layer import Activation
from .core.linear.convolve import Algorithm, Mode, Padding, linear
from .core.linear.filter_banks import Bank
from .core.linear.kernel_source import Source
from .core.linear.kernels import Kernel
from .core.named_tuple import NamedTuple
from .core.parameters import FileContent

PADDINGS = ("same", "valid", "full")
MAX_BIAS = 1e9


def _bias(text: str) -> Any:
    """Read a number; other text is a file name."""
    try:
        return float(text)
    except ValueError:
        return text


def _as_bias(given: Any) -> Any:
    """Return the bias as a number, a file's name, or several numbers; raises ValueError."""
    if isinstance(given, FileContent):
        return given
    if isinstance(given, (str, Path)):
        with contextlib.suppress(OSError, ValueError):
            if str(given) and Path(given).exists():
                return str(given)
        raise ValueError(f"{str(given)!r} is neither a number nor a file")
    if isinstance(given, (int, float)):
        return _checked_bias(float(given))
    values = np.asarray(given)
    if values.dtype.kind not in "buif" or values.ndim > 1:
        raise ValueError(f"{given!r} is neither a number nor a list of numbers")
    checked = [_checked_bias(value) for value in values.astype(np.float64).ravel().tolist()]
    return checked[0] if values.ndim == 0 else np.array(checked)


def _checked_bias(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    if abs(value) > MAX_BIAS:
        bound, limit = ("below the least", -MAX_BIAS) if value < 0 else ("above the greatest", MAX_BIAS)
        raise ValueError(f"{value:g} is {bound} value, {limit:g}")
    return value


def _maps(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the maps that a filter bank gives."""
    return filter_banks.names(values["kernel"], values["max_taps"])


@image_filter(maps=_maps)
def conv(
    *,
    kernel: Annotated[
        Any,
        Param(
            "A built-in name (see `imfilter kernels`), a file, or rows like '0 1 0; 1 -4 1; 0 1 0'; or a filter bank: "
            "a name, or .npy of shape (out, in/groups, height, width).",
            file=True,
            metavar="KERNEL",
        ),
    ],
    mode: Annotated[
        Mode, Param("Apply the kernel as written (correlate), or rotated by 180° (convolve).")
    ] = "correlate",
    anchor: Annotated[
        IntPair | None,
        Param("The tap placed on the pixel, counted from the top left.", min=0, shown_default="size//2"),
    ] = None,
    normalize: Annotated[
        Literal["none", "sum", "abs"],
        Param("Divide the kernel by the sum of its weights (sum), or of their absolute values (abs)."),
    ] = "none",
    scale: Annotated[float, Param("Multiply the result by this factor.", min=-1e9, max=1e9)] = 1.0,
    bias: Annotated[
        Any,
        Param(
            "Add this to the result, in the image's units: a number, or a file with one number per map.",
            metavar="X|FILE",
            file=True,
            read=_bias,
            check=_as_bias,
        ),
    ] = 0.0,
    activation: Annotated[Activation, Param("Apply this function to the result.")] = "none",
    groups: Annotated[
        int,
        Param(
            "Split the channels into N groups, each filtered by its own part of the filter bank.", min=1, max=1 << 16
        ),
    ] = 1,
    padding: Annotated[
        Any,
        Param(
            "How far the result extends beyond the edge: same, valid, full, P, PX,PY or L,T,R,B.",
            metavar="PADDING",
            read=padding_text.reader(PADDINGS),
            check=padding_text.checker(PADDINGS),
        ),
    ] = "same",
    stride: Annotated[IntPair, Param("Keep every S-th sample of the result.", min=1, max=10000)] = 1,
    dilation: Annotated[IntPair, Param("Distance between the kernel's taps.", unit="px", min=1, max=10000)] = 1,
    max_taps: Annotated[int, Param("Refuse kernels with more taps than this.", min=1, max=1 << 26)] = kernels.MAX_TAPS,
    algorithm: Algorithm = "auto",
    **common: Unpack[Common],
) -> Stage | list[Stage]:
    """Convolve or correlate with any kernel or filter bank.

    ``out[y, x] = scale · Σ k[i, j] · in[y + i - ay, x + j - ax] + bias``, with the kernel as written (correlation);
    ``mode="convolve"`` rotates it, and its anchor, by 180°. The kernel is not normalized unless *normalize* says so.
    The kernel ``1`` returns the image unchanged.

    A filter bank of shape ``(out, in/groups, height, width)``, laid out as PyTorch's ``Conv2d.weight``, is a layer of a
    network: it gives ``out`` maps. In a colour picture, a bank whose kernels have one input filters the luma, or with
    ``groups=3`` each channel by its own kernels; a single kernel filters every channel. Write maps to .npy, to the
    pages of a .tif, to a file each (``--name '{stem}-{map:02}.png'``), or to one ``--sheet``.

    A kernel file is recognised by its contents: plain numbers, JSON, .npy, libvips, ArcGIS, SExtractor, GRASS, IM,
    ImageMagick, ffmpeg, Image-Pro, PV-WAVE, SVG, PGM (pnmconvol), OpenCV or ESRI. Its own divisor, offset, anchor and
    rotation apply; `imfilter kernels show FILE` prints how it is interpreted.

    Returns
    -------
    The image's dtype (see *depth*), or several maps as float32 ``(height, width, out)``; the size is
    ``(n + p0 + p1 - d (k - 1) - 1) // s + 1``.

    Raises
    ------
    ParameterError
        The kernel cannot be read, cannot be normalized because its sum is 0, or a value is out of range.
    ImageError
        The window is larger than the padded image.

    Shell
    -----
    $ imfilter conv photo.jpg -o relief.png --kernel "-2 -1 0; -1 0 1; 0 1 2" --range offset
    $ imfilter conv photo.jpg -o out.png --kernel "1 2 1; 2 4 2; 1 2 1" --normalize sum
    $ imfilter conv photo.jpg -o layer.npy --kernel weights.npy --padding 1 --border zero --activation relu
    $ imfilter conv photo.jpg --kernel gabor --sheet textures.png
    $ imfilter conv signal.npy -o smooth.npy --kernel "1 2 1" --normalize sum

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 2, 3, 0, 1], [0, 1, 2, 3, 1], [1, 2, 1, 0, 2], [0, 1, 2, 1, 1], [2, 1, 0, 2, 1]])
    >>> conv(image.astype(np.uint8), kernel="0 1 2; 1 0 1; 2 1 0", padding="valid")
    array([[14, 12,  7],
           [ 8, 14, 13],
           [11,  5,  9]], dtype=uint8)
    """
    try:
        given = filter_banks.read(kernel, max_taps) or kernel_source.read(kernel, max_taps)
    except ValueError as error:
        raise ParameterError("kernel", str(error)) from None
    asked = _Asked(
        mode=mode,
        anchor=None if anchor is None else both(anchor),
        normalize=normalize,
        scale=scale,
        bias=bias,
        activation=activation,
        groups=groups,
        padding=padding_text.checker(PADDINGS)(padding),
        stride=both(stride),
        dilation=both(dilation),
        algorithm=algorithm,
        channels=common.get("channels"),
    )
    return _of_bank(given, asked) if isinstance(given, Bank) else _of_kernel(given, asked)


class _Asked(NamedTuple):
    """The call's parameters, with every pair as a pair."""

    mode: Mode
    anchor: tuple[int, int] | None
    normalize: Literal["none", "sum", "abs"]
    scale: float
    bias: Any
    activation: Activation
    groups: int
    padding: Padding
    stride: tuple[int, int]
    dilation: tuple[int, int]
    algorithm: str
    channels: str | None

    def named(self, described: str) -> str:
        """Return the kernel's description, which says if it is rotated."""
        return f"{described}, then rotated by 180° (--mode convolve)" if self.mode == "convolve" else described


def _of_bank(bank: Bank, asked: _Asked) -> list[Stage]:
    """Return the stages of a filter bank, a layer of a network."""
    maps, _, height, width = bank.weights.shape
    added = _bias_values(asked.bias, maps)
    if asked.algorithm != "auto":
        raise ParameterError("algorithm", "a filter bank has one algorithm; use auto")
    if asked.channels == "max":
        raise ParameterError("channels", "max does not apply to a filter bank; use each or luma")
    weights = bank.weights
    if asked.normalize != "none":
        with _normalizing():
            weights = filter_banks.normalized(weights, asked.normalize)
    if maps % asked.groups:
        raise ParameterError("groups", f"{asked.groups} does not divide the bank's {maps} maps")
    return conv_layer.layer(
        weights * asked.scale,
        groups=asked.groups,
        bias=np.broadcast_to(added, maps),
        activation=asked.activation,
        mode=asked.mode,
        anchor=None if asked.anchor is None else _inside(asked.anchor, height, width),
        stride=asked.stride,
        dilation=asked.dilation,
        padding=asked.padding,
        name=asked.named(bank.described),
    )


def _of_kernel(source: Source, asked: _Asked) -> Stage | list[Stage]:
    """Return the stage of a single kernel, which filters every channel, and that of an activation."""
    (added,) = _bias_values(asked.bias, 1)
    if asked.groups != 1:
        raise ParameterError(
            "groups", f"{asked.groups} requires a filter bank, .npy of shape (out, in/groups, height, width)"
        )
    reading = source.reading
    kernel = reading.kernel
    if asked.anchor is not None:
        kernel = _anchored(kernel, asked.anchor)
        source = source._replace(reading=reading._replace(anchor_from_file=False))
    if asked.normalize != "none":
        with _normalizing():
            kernel = kernels.normalized(kernel, asked.normalize)
    if asked.scale != 1:
        kernel = kernel.multiplied(asked.scale)
    offset, white_offset = float(added) + reading.offset * asked.scale, reading.white_offset * asked.scale
    plain = asked.activation == "none"
    stage = linear(
        kernel,
        mode=asked.mode,
        stride=asked.stride,
        dilation=asked.dilation,
        padding=asked.padding,
        bias=offset if plain else 0.0,
        white_offset=white_offset if plain else 0.0,
        name=asked.named(source.described),
        algorithm=asked.algorithm,
    )
    return stage if plain else [stage, conv_layer.activated(asked.activation, offset, white_offset, stage.colours.gain)]


def _anchored(kernel: Kernel, anchor: tuple[int, int]) -> Kernel:
    return Kernel(kernel.matrix, kernel.column, kernel.row, kernel.divisor, _inside(anchor, *kernel.shape))


def _inside(anchor: tuple[int, int], height: int, width: int) -> tuple[int, int]:
    if anchor[0] >= width or anchor[1] >= height:
        raise ParameterError("anchor", f"{anchor[0]},{anchor[1]} lies outside the {width}×{height} kernel")
    return anchor


@contextlib.contextmanager
def _normalizing() -> Iterator[None]:
    """Report a sum of 0 as an error of the parameter."""
    try:
        yield
    except ValueError as error:
        raise ParameterError("normalize", f"{error}, so it cannot be normalized") from None


def _bias_values(bias: Any, maps: int) -> Array:
    """Return the bias as one number, or as many as *maps*; raises ParameterError."""
    given = _as_bias(bias)
    name = given if isinstance(given, str) else "the bias"
    try:
        values = filter_banks.numbers(given) if isinstance(given, str) else np.atleast_1d(given)
        values = np.atleast_1d(_as_bias(values))
    except ValueError as error:
        raise ParameterError("bias", str(error)) from None
    if len(values) not in (1, maps):
        wanted = "one number" if maps == 1 else f"one number, or {maps}: one per map"
        raise ParameterError("bias", f"{name}: has {len(values)} numbers; the kernel takes {wanted}")
    return values
