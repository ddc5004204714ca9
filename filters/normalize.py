"""Normalize: subtract a mean and divide by a standard deviation, with samples as fractions of white."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Unpack

from .core import Array, Common, ImageError, Param, ParameterError, Stage, image_filter, np
from .core.engine.stage import BoundStage, ImageContext
from .core.tone.lookup import Curve, by_sample

Stats = Literal["mnist", "fashion-mnist", "cifar10", "cifar100", "imagenet"]
PUBLISHED: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "mnist": ((0.1307,), (0.3081,)),
    "fashion-mnist": ((0.2860,), (0.3530,)),
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
"""Means and standard deviations of all pixels of the training images, as fractions of white. ImageNet's are those in
common use, whose deviations are means over single images, like the 0.2023, 0.1994, 0.2010 often given for CIFAR-10. """


def _numbers(given: Any) -> tuple[float, ...]:
    """Return the numbers given as ``"M"`` or ``"M,M,M"``, a sequence, or one number; raises ValueError."""
    try:
        parts = given.split(",") if isinstance(given, str) else given if hasattr(given, "__iter__") else [given]
        numbers = tuple(float(part) for part in parts)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{given!r} is not a number, or one per channel, such as 0.5,0.5,0.5") from None
    if not numbers or not all(abs(number) <= 1e30 for number in numbers):
        raise ValueError(f"{given!r} is empty, or has a number that is too large or not finite")
    return numbers


def _deviations(given: Any) -> tuple[float, ...]:
    numbers = _numbers(given)
    if min(numbers) < 1e-30:
        raise ValueError(f"{given!r}: standard deviations must be above 0")
    return numbers


def _ends(given: Any) -> tuple[float, float]:
    numbers = _numbers(given)
    if len(numbers) != 2 or numbers[0] == numbers[1]:
        raise ValueError(f"{given!r} is not a pair of different numbers, such as -1,1")
    return numbers[0], numbers[1]


@image_filter(depth="float")
def normalize(
    *,
    mean: Annotated[
        Any,
        Param("Mean of samples from 0 to 1: one number, or one per channel.", metavar="M|M,M,M", check=_numbers),
    ] = None,
    std: Annotated[
        Any,
        Param(
            "Standard deviation, in the same units.",
            metavar="S|S,S,S",
            check=_deviations,
            shown_default="1 with --mean",
        ),
    ] = None,
    stats: Annotated[Stats | None, Param("Use the mean and deviation of a data set's training images.")] = None,
    to: Annotated[
        Any, Param("Map black and white to these two numbers, such as 0,1 or -1,1.", metavar="LOW,HIGH", check=_ends)
    ] = None,
    **common: Unpack[Common],
) -> Stage:
    """Subtract a mean and divide by a deviation, for networks.

    ``out = (v / white - mean) / std``, where each channel may have its own *mean* and *std*. *to* maps black and white
    to two numbers, ``low + v / white · (high - low)``; -1 and 1 equal a mean and a std of 0.5.

    The result is float unless *depth* says otherwise: in 8 and 16 bits 0 becomes black and 1 white, and the rest is
    clipped. JPEG and PNG cannot hold floats; write .npy or .tif, and name the format of a folder: ``-t npy``.

    Returns
    -------
    The image's shape, as float32, or float64 if the image is (see *depth*). The alpha and NaN are unchanged.

    Raises
    ------
    ParameterError
        None or several of *mean*, *stats* and *to* are given, or a value is invalid.
    ImageError
        The number of means or deviations is neither 1 nor that of the channels.

    Notes
    -----
    8 and 16 bits are looked up in a table, in 0.6 ns per sample.

    References
    ----------
    Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, "Efficient BackProp", 1998, section 4.3.

    Shell
    -----
    $ imfilter normalize photo.jpg -o photo.npy --stats imagenet
    $ imfilter normalize photo.jpg -o photo.npy --mean 0.5 --std 0.25
    $ imfilter normalize photo.jpg -o photo.tif --to -1,1

    Examples
    --------
    >>> import numpy as np
    >>> normalize(np.array([[0, 51, 255]], np.uint8), to=(-1, 1))
    array([[-1. , -0.6,  1. ]], dtype=float32)
    >>> normalize(np.array([[0.25, 0.75]], np.float32), mean=0.5, std=0.125)
    array([[-2.,  2.]], dtype=float32)
    """
    if stats is not None and to is not None:
        raise ParameterError("to", "use --stats or --to, not both")
    if (stats is not None or to is not None) and (mean is not None or std is not None):
        other = "--to" if stats is None else "--stats"
        raise ParameterError("std" if mean is None else "mean", f"cannot be used with {other}")
    if stats is not None:
        return _standardized(*PUBLISHED[stats], f"the figures of {stats}", "use --mean and --std")
    if to is not None:
        low, high = _ends(to)
        return _standardized((-low / (high - low),), (1 / (high - low),))
    if mean is None and std is None:
        raise ParameterError("mean", "is required, with --std; or use --stats or --to")
    return _standardized(_numbers(0 if mean is None else mean), _deviations(1 if std is None else std))


def _standardized(
    means: Sequence[float],
    deviations: Sequence[float],
    what: str = "--mean and --std",
    advice: str = "use one number, or one per channel",
) -> Stage:
    """Return the stage that subtracts *means* and divides by *deviations*; *what* and *advice* go into an error."""

    def curve_for(context: ImageContext) -> Curve:
        mean, std = np.array(means) * context.full, np.array(deviations)
        return lambda values: (values - mean) / std

    # Errors are measured in parts of white, and the division scales them by as much.
    stage = by_sample(curve_for, amplification=max(1, 1 / min(map(abs, deviations))), curved=True)

    def bind(context: ImageContext) -> BoundStage:
        own = stage.bind(context)
        assert isinstance(own, BoundStage)

        def checked(strip: Array) -> Array:
            for numbers in (means, deviations):
                if len(numbers) not in (1, strip.shape[2]):
                    channels = "1 channel" if strip.shape[2] == 1 else f"{strip.shape[2]} channels"
                    raise ImageError(f"has {channels}, but {what} are for {len(numbers)}; {advice}")
            return own.function(strip)

        return own._replace(function=checked)

    return stage._replace(bind=bind)
