"""Frequency filters: low-pass, high-pass, bands, and notches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Unpack

from .core import Array, Common, MapField, Pair, Param, ParameterError, Stage, image_filter
from .core.engine.facts import note
from .core.frequency.spectral_filter import filtering
from .core.frequency.transfer_function import MAX_FREQUENCY, Op, Response, Shape
from .core.parameters import ABSENT, given_field

BANDS = ("bandpass", "bandstop")
DEFAULT_CUTOFFS = {"lowpass": (0.1,), "highpass": (0.1,), "bandpass": (0.05, 0.2), "bandstop": (0.05, 0.2)}
DEFAULT_RADIUS = 0.02
DEFAULT_NOTCHES = "0.5,0; 0,0.5; 0.5,0.5"
"""Patterns that repeat every two pixels: odd and even columns or rows that differ, and a chessboard."""


class Frequency(NamedTuple):
    """The filtered picture and the maps. An absent map is None by position, and raises AttributeError by name."""

    image: Array
    spectrum: Annotated[
        Array,
        MapField("Write the input's spectrum, ln(1 + |F|), to FILE, with zero frequency at the centre.", "logarithm"),
    ] = ABSENT
    response: Annotated[
        Array,
        MapField("Write the frequency response to FILE, in the layout of the spectrum.", "fraction"),
    ] = ABSENT

    if not TYPE_CHECKING:
        __getattribute__ = given_field


def _notches(given: Any) -> tuple[tuple[float, float], ...]:
    """Return the centres given as ``"U,V; U,V …"``, a pair, or a sequence of pairs; raises ValueError."""
    if isinstance(given, str):
        parts: Sequence[Any] = [part.split(",") for part in given.split(";") if part.strip()]
    else:
        single = isinstance(given, (tuple, list)) and len(given) == 2 and not isinstance(given[0], (tuple, list))
        parts = [given] if single else given
    try:
        centres = tuple((float(u), float(v)) for u, v in parts)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{given!r} is not U,V, or a list such as '0.1,0.2; 0.25,0'") from None
    if not centres:
        raise ValueError("is empty; give frequencies such as 0.1,0.2")
    for u, v in centres:
        if not (abs(u) <= 0.5 and abs(v) <= 0.5):
            raise ValueError(f"{u:g},{v:g} is out of range; use -0.5 to 0.5 cycles per pixel along each axis")
        if u == v == 0:
            raise ValueError("0,0 is the picture's mean, which a notch keeps; use op highpass to remove it")
    return centres


@image_filter(answer=Frequency)
def frequency(
    *,
    op: Annotated[Op, Param("The frequencies to pass or stop.")] = "lowpass",
    shape: Annotated[Shape, Param("Shape of the response.")] = "gaussian",
    order: Annotated[
        int | None,
        Param(
            "Order (steepness) of a Butterworth response.", min=1, max=100, shown_default="2 with --shape butterworth"
        ),
    ] = None,
    cutoff: Annotated[
        Pair | None,
        Param(
            "Cutoff frequency; two for a band; for notch the radius.",
            unit="cycles/px",
            span=(0.01, 0.5),
            min=1e-6,
            max=0.7072,
            metavar="F|LOW,HIGH",
            shown_default="0.1; bands 0.05,0.2; notch 0.02",
        ),
    ] = None,
    wavelength: Annotated[
        Pair | None,
        Param(
            "Cutoff as a wavelength: 1 / frequency.",
            unit="px",
            span=(2, 100),
            min=1.4142,
            max=1e6,
            only=("lowpass", "highpass", *BANDS),
            metavar="LENGTH|LONG,SHORT",
        ),
    ] = None,
    at: Annotated[
        Any,
        Param(
            "Centres of the notches as 'U,V; U,V', in cycles/px along x and y; -U,-V is included.",
            metavar="U,V",
            check=_notches,
            only=("notch",),
            shown_default=f"'{DEFAULT_NOTCHES}'",
        ),
    ] = None,
    **common: Unpack[Common],
) -> Stage:
    """Filter by frequency: low-pass, high-pass, bands, notches.

    Every frequency (u, v) of the picture is multiplied by the response H. Frequencies are in cycles per pixel: 0.1
    repeats every 10 px, 0.5 every 2 px; along the diagonal they reach 0.707. With D = √(u² + v²) and the cutoff D0,
    ``lowpass`` is 1 where D ≤ D0 and 0 beyond (``ideal``), exp(-D² / 2 D0²) (``gaussian``), or 1 / (1 + (D / D0)^2n)
    with the order n (``butterworth``); at the cutoff these are 1, 0.607 and 0.5. ``highpass`` is 1 minus that. Between
    LOW and HIGH, with z = (D² - LOW·HIGH) / D (HIGH - LOW), ``bandpass`` is 1 where |z| ≤ 1 (``ideal``), exp(-z²)
    (``gaussian``), or 1 / (1 + z^2n) (``butterworth``). It is 1 at the centre, √(LOW·HIGH), and 1, 0.368 and 0.5 at
    both edges. ``bandstop`` is 1 minus that. ``notch`` is the product of high-passes around each centre and its mirror
    image, with the cutoff as the radius: it removes a repeating pattern, such as moiré or a halftone.

    Zero frequency, the mean, is multiplied by exactly 1 (``lowpass``, ``bandstop``, ``notch``) or 0 (``highpass``,
    ``bandpass``). The latter give signed results; see *range*. ``ideal`` rings at edges.

    In the maps *spectrum* and *response* the frequency u, v is at (width // 2 + u·width, height // 2 + v·height).

    Returns
    -------
    `Frequency`: the picture in the image's dtype (see *depth*), and the maps as float32: ln(1 + |F|), where F is the
    unitary Fourier transform of the picture in levels of 0 to 255, and H.

    Raises
    ------
    ParameterError
        A value is out of range or does not apply to the op or the shape; cutoff and wavelength are both given; a band
        has one edge, or another op has two.

    Notes
    -----
    The border rule extends the picture, so nothing wraps round unless the border is ``wrap``. The period is twice the
    picture's size for ``reflect``, which is exact and the fastest, two samples less for ``mirror``, and the size itself
    for ``wrap``. ``nearest`` and ``constant`` first pad the picture by the filter's reach, at most half the picture's
    size on each side, and then reflect it. Sizes with a large prime factor (for ``mirror``, sizes less one) take up to
    ten times as long.

    A frequency extends over the whole picture, and so would a NaN. Each NaN is therefore replaced by the mean of its
    surroundings for the transform, and stays NaN in the result, unless ``nan="ignore"``.

    References
    ----------
    R. Gonzalez and R. Woods, Digital Image Processing, 4th ed., 2018, sections 4.8 to 4.10.

    Shell
    -----
    $ imfilter frequency photo.jpg -o smooth.jpg --wavelength 12
    $ imfilter frequency photo.jpg -o detail.png --op highpass --cutoff 0.05 --range offset
    $ imfilter frequency photo.jpg --spectrum spectrum.png
    $ imfilter frequency photo.jpg -o clean.png --op notch --at 0.1,0.05 --response response.png

    Examples
    --------
    >>> import numpy as np
    >>> stripes = np.array([[110, 90, 110, 90, 110, 90, 110, 90]], np.uint8)
    >>> frequency(stripes, op="notch", border="wrap").image
    array([[100, 100, 100, 100, 100, 100, 100, 100]], dtype=uint8)
    >>> (255 * frequency(stripes, op="highpass", depth="float", border="wrap").image).round(2)[0, :4]
    array([ 10., -10.,  10., -10.], dtype=float32)
    """
    if shape != "butterworth" and order is not None:
        raise ParameterError("order", f"does not apply to --shape {shape} (only to butterworth)")
    centres = _notches(DEFAULT_NOTCHES if at is None else at) if op == "notch" else ()
    response = Response(op, shape, _cutoffs(op, cutoff, wavelength), 2 if order is None else order, centres)
    return filtering(
        response,
        Frequency,
        fields=Frequency._fields,
        facts=lambda context: (note(_in_words(response)),),
        instead=_blur(response),
    )


def _blur(response: Response) -> str:
    """Return the blur with almost the same response; "" if there is none: a narrow Gaussian is sampled coarsely."""
    if (response.op, response.shape) != ("lowpass", "gaussian") or response.cutoffs[0] > 0.2:
        return ""
    return f"blur --sigma {1 / (2 * math.pi * response.cutoffs[0]):.4g}"


def _cutoffs(op: str, cutoff: Pair | None, wavelength: Pair | None) -> tuple[float, ...]:
    """Return the frequency that *op* needs, or both of a band, the lower first."""
    if cutoff is not None and wavelength is not None:
        raise ParameterError("wavelength", "cannot be used with --cutoff; give one of them")
    name = "cutoff" if wavelength is None else "wavelength"
    given = cutoff if wavelength is None else wavelength
    if given is None:
        return DEFAULT_CUTOFFS.get(op, (DEFAULT_RADIUS,))
    numbers: tuple[float, ...] = given if isinstance(given, tuple) else (given,)
    if op in BANDS and len(numbers) == 1:
        raise ParameterError(name, f"{op} needs two edges, such as {'0.05,0.2' if name == 'cutoff' else '20,5'}")
    if op not in BANDS and len(numbers) == 2:
        raise ParameterError(name, f"{op} takes one {name}, not {numbers[0]:g} and {numbers[1]:g}")
    frequencies = sorted(numbers if wavelength is None else (min(1 / length, MAX_FREQUENCY) for length in numbers))
    if len(set(frequencies)) < len(frequencies):
        raise ParameterError(name, f"{numbers[0]:g},{numbers[-1]:g} is an empty band; give two different edges")
    return tuple(frequencies)


def _in_words(response: Response) -> str:
    order = f" of order {response.order}" if response.shape == "butterworth" else ""
    cutoffs = ",".join(f"{cutoff:.4g}" for cutoff in response.cutoffs)
    lengths = ",".join(f"{1 / cutoff:.4g}" for cutoff in response.cutoffs)
    if response.op == "notch":
        centres = "; ".join(f"{u:g},{v:g}" for u, v in response.centres)
        return f"{response.shape} notch{order}: radius {cutoffs} cycles/px around {centres} and their mirror images"
    return f"{response.shape} {response.op}{order}: {cutoffs} cycles/px, wavelength {lengths} px"
