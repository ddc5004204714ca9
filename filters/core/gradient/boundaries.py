"""Boundaries: how much the histograms of brightness, colour and texture differ on the two sides of each pixel.

For each of eight orientations the surroundings of a pixel are halved; where a boundary runs between the halves, their
histograms differ most. They do so at a faint step between smooth surfaces, and do not inside of a texture, however
strong its contrast: there both halves hold the same.

The histograms are those of D. Martin, C. Fowlkes and J. Malik, with the scales and the weights of P. Arbeláez et al.,
but without anything learnt beside these weights. Bins are cubic B-splines as wide as their smoothed bins, so that few
of them hold as much; halves are three Gaussians side by side in the place of half discs, which makes all halves sums of
one smoothed histogram; and textures are told apart by the orientation and strength of the gradient at two scales.

References
----------
D. Martin, C. Fowlkes and J. Malik, "Learning to detect natural image boundaries using local brightness, color, and
texture cues", 2004. X. Ren, "Multi-scale improves boundary detection in natural images", 2008. P. Arbeláez, M. Maire,
C. Fowlkes and J. Malik, "Contour detection and hierarchical image segmentation", 2011.
"""

from __future__ import annotations

from ..engine.stage import NO_COLOURS, Colours, Function, Halo, ImageContext, Stage, Window
from ..lazy_numpy import Array, np
from ..linear import box_sum, kernels, separable
from ..named_tuple import NamedTuple
from .gradient import Gradient

ORIENTATIONS = 8


class Cue(NamedTuple):
    """What is compared: the radii of the halves in pixels, and what their differences weigh."""

    radii: tuple[int, ...]
    weights: tuple[float, ...]
    bin: float = 0.0
    """The standard deviation of a bin, in parts of the range."""


BRIGHTNESS = Cue((3, 5, 10), (0.0146, 0.0145, 0.0163), 0.1)
GREEN_RED = Cue((5, 10, 20), (0.0210, 0.0243, 0.0287), 0.05)
BLUE_YELLOW = Cue((5, 10, 20), (0.0166, 0.0185, 0.0204), 0.05)
TEXTURE = Cue((5, 10, 20), (0.0101, 0.0111, 0.0141))
"""Radii, weights and bins of Arbeláez et al., 2011: those of their multi-scale boundaries, `mPb`."""
FLAT = 1e-6
"""What rounding may leave of a gradient where there is none."""
HALF = 0.01
"""The weighted sum of differences that is half of white: about there one threshold for all pictures is best."""
LEAST_HUE, HUES = -73.0, 168.0
"""CIELab's a and b from -73 to 95, those of the colours of screens but for a few, are from 0 to 1."""
BESIDE, ALONG, SIGMA = 0.42, 0.5, 0.3
"""Parts of the radius: the three Gaussians of a half, of the standard deviation `SIGMA`, lie `BESIDE` the pixel, and
`ALONG` the boundary from each other. The centre of mass of a half disc is 0.42 off."""
CUT = 3.0
"""The Gaussians are cut there, in standard deviations."""
TEXTURE_SIGMAS = 1.0, 2.0
TEXTURE_CONTRAST = 0.04
"""The gradient, per sigma and in parts of white, at which a place is half flat and half striped."""
TEXTURE_AXES = 4
NONE = 1e-6


def _taps(sigma: float) -> Array:
    """Return the weights of a Gaussian that is cut at `CUT`."""
    weights, radius = kernels.gaussian_weights(sigma), int(CUT * sigma + 0.5)
    spare = len(weights) // 2 - radius
    weights = weights[spare : len(weights) - spare]
    return weights / weights.sum()


class Half(NamedTuple):
    """Where the middles of the Gaussians of a half lie: ``(x, y)`` beside the pixel, and from there along."""

    beside: tuple[int, int]
    along: tuple[int, int]


def _halves(radius: int) -> list[Half]:
    """Return one half for each orientation; the other is its mirror image."""
    found = []
    for step in range(ORIENTATIONS):
        x, y = np.cos(np.pi * step / ORIENTATIONS), np.sin(np.pi * step / ORIENTATIONS)
        beside = round(BESIDE * radius * float(x)), round(BESIDE * radius * float(y))
        found.append(Half(beside, (round(-ALONG * radius * float(y)), round(ALONG * radius * float(x)))))
    return found


def _reach(radius: int) -> int:
    """How far a difference of halves sees."""
    far = max(abs(beside) + abs(along) for half in _halves(radius) for beside, along in zip(*half, strict=True))
    return far + len(_taps(SIGMA * radius)) // 2


def _texture_reach() -> int:
    """How far a texture sees."""
    return len(_taps(max(TEXTURE_SIGMAS))) // 2 + 1


def halo() -> int:
    """Return how far boundaries see."""
    others = max(_reach(max(cue.radii)) for cue in (BRIGHTNESS, GREEN_RED, BLUE_YELLOW))
    return max(others, _reach(max(TEXTURE.radii)) + _texture_reach())


# ---- what is compared -------------------------------------------------------------------------------


def _lightness(linear: Array) -> Array:
    """Return the function f of CIELab: the cube root of light, with a straight piece near black."""
    return np.where(linear > 216 / 24389, np.cbrt(linear), linear * (24389 / 27 / 116) + 16 / 116)


RGB_TO_XYZ = (0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041)
"""sRGB's primaries with its white, D65 (IEC 61966-2-1)."""


def perceived(strip: Array, full: float) -> list[Array]:
    """Return the lightness L* of gray, or CIELab of sRGB, as planes from 0 to 1; 0.5 is not gray in a and b, 73/168 is.

    >>> import numpy as np
    >>> [round(float(plane[0, 0]), 3) for plane in perceived(np.array([[[255, 0, 0]]], np.float32), 255)]
    [0.532, 0.911, 0.835]
    """
    value = np.clip(np.nan_to_num(strip.astype(np.float32) / np.float32(full), nan=0.0), 0, 1)
    light = np.where(
        value > 0.04045, ((value + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4), value / 12.92
    )
    light = light.astype(np.float32)
    if light.shape[2] == 1:
        return [np.float32(1.16) * _lightness(light[..., 0]).astype(np.float32) - np.float32(0.16)]
    x, y, z = (
        _lightness(
            np.asarray(sum(light[..., channel] * np.float32(weight / sum(row)) for channel, weight in enumerate(row)))
        )
        for row in RGB_TO_XYZ
    )
    hues = (500 * (x - y), 200 * (y - z))
    planes = [1.16 * y - 0.16, *(np.clip((hue - LEAST_HUE) / HUES, 0, 1) for hue in hues)]
    return [plane.astype(np.float32) for plane in planes]


def binned(values: Array, deviation: float) -> list[Array]:
    """Return how much of each pixel is in each bin; the bins are cubic B-splines of a standard *deviation*.

    The parts of a pixel add up to 1, and empty bins at both ends are left out. A part is what
    the smoothed histogram of Martin et al. has at the middle of the bin.
    """
    apart = np.float32(deviation * 3**0.5)
    places = values / apart
    first = np.floor(places)
    rest = places - first
    other = 1 - rest
    parts = (
        other * other * other / 6,
        (3 * rest * rest * rest - 6 * rest * rest + 4) / 6,
        (3 * other * other * other - 6 * other * other + 4) / 6,
        rest * rest * rest / 6,
    )
    index = first.astype(np.intp)
    bins = []
    for middle in range(int(index.min()) - 1, int(index.max()) + 3):
        plane = np.zeros_like(values)
        for step, part in enumerate(parts):
            np.copyto(plane, part, where=index == middle - step + 1)
        bins.append(plane)
    return bins


def textures(lightness: Array) -> list[Array]:
    """Return how much each pixel is of each texture: flat, or striped along one of four axes, at two scales.

    The planes are smaller by what a gradient sees; the parts of a pixel add up to 1.
    """
    outer = _texture_reach()
    planes = []
    for sigma in TEXTURE_SIGMAS:
        taps = _taps(sigma)
        spare = outer - len(taps) // 2 - 1
        smooth = _smoothed(lightness[spare : len(lightness) - spare, spare : lightness.shape[1] - spare], sigma)
        gx = (smooth[1:-1, 2:] - smooth[1:-1, :-2]) * np.float32(sigma / 2)
        gy = (smooth[2:, 1:-1] - smooth[:-2, 1:-1]) * np.float32(sigma / 2)
        energy = gx * gx + gy * gy
        striped = energy / (energy + np.float32(TEXTURE_CONTRAST**2))
        energy += np.float32(1e-20)
        double = (gx * gx - gy * gy) / energy, 2 * gx * gy / energy  # cos 2θ and sin 2θ, whose squares sum to 1
        share = np.float32(1 / len(TEXTURE_SIGMAS))
        for sign in (1, -1):
            for part in double:
                planes.append(striped * np.square(np.maximum(part * sign, 0)) * share)
        planes.append((1 - striped) * share)
    return planes


# ---- how it is compared -----------------------------------------------------------------------------


def _smoothed(plane: Array, sigma: float) -> Array:
    taps = _taps(sigma)
    return separable.correlate(plane[..., None], taps, taps, out=np.float32)[..., 0]


def _differences(bins: list[Array], there: Array | None, radius: int, size: tuple[int, int]) -> Array:
    """Return ``½ Σ (g - h)² / (g + h)`` of the histograms g and h of the halves, for each orientation; 0 to 1.

    *there* is 1 where samples are, and 0 where they are missing, which the histograms leave out.
    """
    rows, columns = size
    smooth = [_smoothed(plane, SIGMA * radius) for plane in bins]
    counts = None if there is None else _smoothed(there, SIGMA * radius)
    total = np.zeros((ORIENTATIONS, rows, columns), np.float32)
    for half, answer in zip(_halves(radius), total, strict=True):

        def sides(plane: Array, half: Half = half) -> list[Array]:
            top, left = ((side - middle) // 2 for side, middle in zip(plane.shape, size, strict=True))
            found = []
            for sign in (1, -1):
                x, y = left + sign * half.beside[0], top + sign * half.beside[1]
                three = [plane[y + k * half.along[1] :, x + k * half.along[0] :][:rows, :columns] for k in (0, 1, -1)]
                found.append(three[1] + three[2] + three[0])
            return found

        known = None if counts is None else sides(counts)
        for plane in smooth:
            one, other = sides(plane)
            if known is not None:
                one, other = (side / np.maximum(count, NONE) for side, count in zip((one, other), known, strict=True))
            both = one + other
            both += NONE
            one -= other
            one *= one
            one /= both
            answer += one
        if known is not None:
            answer *= np.minimum(*known) > NONE
    total *= np.float32(0.5 if there is not None else 1 / 6)  # of three Gaussians each
    return total


def boundaries(coloured: bool) -> Stage:
    """Return the stage from an image to the `Gradient` across its boundaries, whose magnitude is from 0 to white.

    The magnitude is ``s / (s + HALF)`` of white, s the weighted sum of differences in the orientation in which that is
    greatest. It points to the lighter side. *coloured* joins brightness and colour of red, green and blue; other
    channels, or else, are looked at each by itself.
    """
    around = halo()
    inset = _texture_reach()

    def bind(context: ImageContext) -> Function:
        def found(strip: Array) -> Gradient:
            joined = coloured and strip.shape[2] == 3
            channels = [strip] if joined else [strip[..., channel : channel + 1] for channel in range(strip.shape[2])]
            answers = [_boundary(channel, context, around, inset) for channel in channels]
            return Gradient(*(np.stack(parts, axis=2) for parts in zip(*answers, strict=True)))

        return found

    return Stage(
        bind,
        window=Window(Halo.around(around)),
        colours=Colours(gain=None, joint=True) if coloured else NO_COLOURS,
    )


def _boundary(strip: Array, context: ImageContext, around: int, inset: int) -> tuple[Array, Array]:
    size = strip.shape[0] - 2 * around, strip.shape[1] - 2 * around
    missing: Array | None = None if context.finite else np.asarray(np.isnan(strip).any(axis=2))
    there: Array | None = None if missing is None else np.asarray(~missing, np.float32)
    planes = perceived(strip, context.full)
    total = np.zeros((ORIENTATIONS, *size), np.float32)

    def add(cue: Cue, bins: list[Array], present: Array | None) -> None:
        if present is not None:
            bins = [plane * present for plane in bins]
        for radius, weight in zip(cue.radii, cue.weights, strict=True):
            spare = (bins[0].shape[0] - size[0]) // 2 - _reach(radius)
            near = slice(spare, -spare or None)
            cut = [plane[near, near] for plane in bins]
            counted = None if present is None else present[near, near]
            np.add(total, np.float32(weight) * _differences(cut, counted, radius, size), out=total)

    for cue, plane in zip((BRIGHTNESS, GREEN_RED, BLUE_YELLOW), planes, strict=False):
        add(cue, binned(plane, cue.bin), there)
    if there is not None:  # a gradient needs all that it sees
        width = 2 * inset + 1
        whole = box_sum.mean(there[..., None], width, width, np.float32)[..., 0] > width * width - 0.5
        there = np.asarray(whole, np.float32)
    add(TEXTURE, textures(planes[0]), there)
    best = total.argmax(axis=0)
    top = np.take_along_axis(total, best[None], axis=0)[0]
    top[top < FLAT] = 0
    strength = top / (top + np.float32(HALF))
    strength *= np.float32(context.full)
    before, after = (np.take_along_axis(total, (best + step)[None] % ORIENTATIONS, axis=0)[0] for step in (-1, 1))
    bend = 2 * top - before - after  # the top of the parabola through the greatest and its neighbours
    shift = np.divide(after - before, 2 * bend, out=np.zeros_like(bend), where=bend > 0)
    turn = (best + shift) * np.float32(np.pi / ORIENTATIONS)
    x, y = np.cos(turn).astype(np.float32), np.sin(turn).astype(np.float32)
    strength *= _towards_light(planes[0], around, x, y)
    if missing is not None:
        strength[missing[around:-around, around:-around]] = np.nan
    return (strength * x).astype(context.work), (strength * y).astype(context.work)


def _towards_light(lightness: Array, around: int, x: Array, y: Array) -> Array:
    """Return 1 where it grows lighter along ``(x, y)``, else -1."""
    reach = len(_taps(1.0)) // 2 + 1
    spare = around - reach
    smooth = _smoothed(lightness[spare:-spare, spare:-spare], 1.0)
    gx, gy = smooth[1:-1, 2:] - smooth[1:-1, :-2], smooth[2:, 1:-1] - smooth[:-2, 1:-1]
    return np.where(gx * x + gy * y < 0, np.float32(-1), np.float32(1))
