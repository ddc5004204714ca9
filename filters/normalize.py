"""Normalize: samples in parts of white, less a mean, divided by a standard deviation."""

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
"""Means and standard deviations of all pixels of the training images, in parts of white. ImageNet's are those in common
use, whose deviations are means over single images; so are the 0.2023, 0.1994, 0.2010 that are often given for CIFAR-10.
"""


def _numbers(given: Any) -> tuple[float, ...]:
    """Return the numbers in ``"M"`` or ``"M,M,M"``, in a sequence, or one alone; raises ValueError."""
    try:
        parts = given.split(",") if isinstance(given, str) else given if hasattr(given, "__iter__") else [given]
        numbers = tuple(float(part) for part in parts)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{given!r} is not a number, or one for each channel as in 0.5,0.5,0.5") from None
    if not numbers or not all(abs(number) <= 1e30 for number in numbers):
        raise ValueError(f"{given!r} has a number that is not finite, or too large, or has none")
    return numbers


def _deviations(given: Any) -> tuple[float, ...]:
    numbers = _numbers(given)
    if min(numbers) < 1e-30:
        raise ValueError(f"{given!r}: standard deviations are above 0")
    return numbers


def _ends(given: Any) -> tuple[float, float]:
    numbers = _numbers(given)
    if len(numbers) != 2 or numbers[0] == numbers[1]:
        raise ValueError(f"{given!r} is not what black and white become, as in -1,1")
    return numbers[0], numbers[1]


@image_filter(depth="float")
def normalize(
    *,
    mean: Annotated[
        Any,
        Param("Mean of the samples from 0 to 1: one, or one for each channel.", metavar="M|M,M,M", check=_numbers),
    ] = None,
    std: Annotated[
        Any,
        Param("Standard deviation of the same.", metavar="S|S,S,S", check=_deviations, shown_default="1 with --mean"),
    ] = None,
    stats: Annotated[Stats | None, Param("Take the mean and deviation of a data set's training images.")] = None,
    to: Annotated[Any, Param("What black and white become, as 0,1 or -1,1.", metavar="LOW,HIGH", check=_ends)] = None,
    **common: Unpack[Common],
) -> Stage:
    """Subtract a mean and divide by a deviation, for networks.

    ``out = (v / white - mean) / std``, of every channel with its own *mean* and *std*. *to* makes black and white
    two other numbers, ``low + v / white · (high - low)``: -1 and 1 are a mean and a std of 0.5.

    The result is float, unless *depth* says otherwise: in 8 and 16 bits 0 becomes black and 1 white, and the rest is
    clipped. JPEG and PNG hold no float; write .npy or .tif, and for a folder name the format: ``-t npy``.

    Returns
    -------
    The image's shape, in float32, or float64 of float64 (see *depth*). An alpha is as it was; NaN stay NaN.

    Raises
    ------
    ParameterError
        None or several of *mean*, *stats* and *to* are given, or one is not as it should be.
    ImageError
        There are several means or deviations, and not as many channels.

    Notes
    -----
    Of 8 and 16 bits all values are looked up in a table: 0.6 ns a sample.

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
        raise ParameterError("std" if mean is None else "mean", f"{other} says it already; use one of them")
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
    advice: str = "use one number, or one a channel",
) -> Stage:
    """Return the stage that takes *means* off and divides by *deviations*; *what* and *advice* are for a failure."""

    def curve_for(context: ImageContext) -> Curve:
        mean, std = np.array(means) * context.full, np.array(deviations)
        return lambda values: (values - mean) / std

    # The error is told in parts of white, over which the result has a range that is as much wider.
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
