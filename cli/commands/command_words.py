"""The words that people write in place of a filter's name: operators, kernels, and names that other programs use."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence

from ...filters.core import catalog
from ...filters.core.linear import filter_banks, kernels
from ...filters.core.named_tuple import NamedTuple
from ..console.messages import shown
from ..images import formats


class Home(NamedTuple):
    """Where a word belongs: the filter with its options, and why."""

    step: str
    reason: str = ""


ELSEWHERE: dict[str, tuple[Home, ...]] = {
    "despeckle": (Home("blur --op median", "removes specks"),),
    "smooth": (Home("blur"), Home("blur --op bilateral", "keeps edges")),
    "surface": (Home("blur --op bilateral", "keeps edges"),),
    "lens": (Home("blur --op disk"),),
    "bokeh": (Home("blur --op disk"),),
    "defocus": (Home("blur --op disk"),),
    "usm": (Home("sharpen --op unsharp"),),
    "deblur": (Home("sharpen --op unsharp"),),
    "clarity": (Home("sharpen --op unsharp --sigma 20 --amount 0.3", "lifts local contrast"),),
    "relief": (Home("conv --kernel emboss"),),
    "edge": (Home("edges"),),
    "edgedetect": (Home("edges"),),
    "contour": (Home("edges --op canny"),),
    "gradient": (Home("edges", "differentiates along x and y"), Home("morph --op gradient")),
    "convolve": (Home("conv --kernel KERNEL --mode convolve"),),
    "convolution": (Home("conv --kernel KERNEL --mode convolve"),),
    "correlate": (Home("conv --kernel KERNEL"),),
    "filter": (Home("conv --kernel KERNEL"),),
    "rank": (Home("blur --op percentile"),),
    "fft": (Home("frequency"),),
    "fourier": (Home("frequency"),),
    "butterworth": (Home("frequency --shape butterworth"),),
    "morphology": (Home("morph"),),
    "thin": (Home("edges --thin", "thins edges to a pixel"),),
    "grain": (Home("noise"),),
    "subsample": (Home("pool --op avg"),),
    "downsample": (Home("resize --scale X"),),
    "scale": (Home("resize --scale X"),),
    "thumbnail": (Home("resize --longest X"),),
    "mirror": (Home("flip"),),
    "rot90": (Home("rotate --angle 90 --expand"),),
    "shear": (Home("affine --shear ANGLE"),),
    "homography": (Home("perspective --to POINTS"),),
    "brightness": (Home("tone --brightness X"),),
    "contrast": (Home("tone --contrast X"),),
    "saturation": (Home("tone --saturation X"),),
    "hue": (Home("tone --hue X"),),
    "gamma": (Home("tone --gamma X"),),
    "levels": (Home("tone --levels LOW,HIGH"),),
    "negate": (Home("tone --op invert"),),
    "binarize": (Home("threshold"),),
    "composite": (Home("blend --other OTHER"),),
    "binarise": (Home("threshold"),),
    "zoom": (Home("resize --scale X"),),
    "shrink": (Home("resize --scale X"),),
    "flop": (Home("flip"),),
    "skew": (Home("affine --shear ANGLE"),),
    "translate": (Home("affine --translate X"),),
    "shift": (Home("affine --translate X"),),
    "extend": (Home("pad --size X"),),
    "cutout": (Home("erase"),),
    "level": (Home("tone --levels LOW,HIGH"),),
    "lines": (Home("hough"),),
    "soften": (Home("blur"),),
    "outline": (Home("edges"),),
    "noisereduction": (Home("denoise"),),
    "noiseremoval": (Home("denoise"),),
    "removenoise": (Home("denoise"),),
    "addnoise": (Home("noise"),),
    "pooling": (Home("pool"),),
    "enlarge": (Home("resize --scale X"),),
    "cut": (Home("crop --size W,H"),),
    "trim": (Home("crop --size W,H"),),
    "straighten": (Home("rotate --angle ANGLE"),),
    "turn": (Home("rotate --angle ANGLE"),),
    "deskew": (Home("rotate --angle ANGLE"), Home("perspective --from POINTS", "rectifies a page")),
    "border": (Home("pad --size X"),),
    "frame": (Home("pad --size X"),),
    "margin": (Home("pad --size X"),),
    "watermark": (Home("blend --other OTHER"),),
    "overlay": (Home("blend --other OTHER"),),
    "standardize": (Home("normalize --mean 0.5 --std 0.5 -o FILE.npy"),),
    "color": (Home("tone --saturation X"), Home("tone --hue X")),
    "colour": (Home("tone --saturation X"), Home("tone --hue X")),
    "bw": (Home("tone --op grayscale"), Home("threshold", "leaves no grays")),
    "blackwhite": (Home("tone --op grayscale"), Home("threshold", "leaves no grays")),
    "blackandwhite": (Home("tone --op grayscale"), Home("threshold", "leaves no grays")),
    "convert": (Home("conv --kernel identity -o FILE.png", "changes the format alone"),),
}
"""What other programs call it, in lower-case letters and digits alone."""
OTHERS = {
    "version": "--version",
    "completion": "--install-completion",
    "man": "help man",
    "identify": "info",
    "histogram": "info",
    "metadata": "info",
    "exif": "info",
    "display": "show",
    "view": "show",
    "diff": "compare",
    "psnr": "compare",
    "ssim": "compare",
    "montage": "sheet",
    "contactsheet": "sheet",
    "gui": "studio",
    "preview": "studio",
    "pipeline": "chain",
    "augmentation": "augment",
    "dataaugmentation": "augment",
}
"""What people call other commands than filters, in the same letters, and the words after the program's name."""
AFFIXES = r"(filter2d|filtering|filtered|filter|blur|noise|kernel|operator|edges|2d)$"
"""What other programs append to an operator's name: `medianBlur`, `gaussian_filter`."""
LISTED = 200
"""The most letters of a list of commands that fit in one line of an error."""


def homes(word: str) -> tuple[Home, ...]:
    """Return where a word that is not a filter belongs, the catalogue's own places first; nothing for an unknown word.

    >>> [home.step for home in homes("canny")], [home.step for home in homes("GaussianBlur")]
    (['edges --op canny'], ['blur --op gaussian'])
    """
    places, bare = _places(), _bare(word)
    if bare in places:
        return tuple(places[bare])
    affix = re.search(AFFIXES, bare)
    found = places.get(bare[: affix.start()], []) if affix else []
    named = [home for home in found if affix and home.step.startswith(f"{affix[0]} ")]
    return tuple(named or found)


def hint(word: str, commands: Sequence[str], program: str = "imfilter ") -> str:
    """Return what to use in place of a *word* that is not one of the *commands*; if they are few, all their names.

    A step of a chain has no *program* before it.
    """
    if program and (other := OTHERS.get(_bare(word))):
        return f"use: {program}{other}"
    if found := homes(word):
        return _use(found, program)
    if program and (os.path.lexists(word) or formats.of_name(word) is not None):
        return f"name a filter first, as in imfilter blur {shown(word)} -o OUTPUT"
    if near := difflib.get_close_matches(word.lower(), commands, n=1, cutoff=0.75):
        return f"did you mean {near[0]!r}?"
    places = _places()
    if near := difflib.get_close_matches(_bare(word), places, n=1, cutoff=0.75):
        return _use(places[near[0]], program)
    if len(names := ", ".join(commands)) > LISTED:
        return f"{program}--help lists the commands"
    return f"use one of {names}"


def _use(found: Sequence[Home], program: str) -> str:
    texts = [f"{program}{home.step}" + (f" ({home.reason})" if home.reason else "") for home in found]
    return f"use: {', or '.join(texts)}"


def _bare(word: str) -> str:
    """Return the letters and digits of a word.

    >>> _bare("Sobel_X")
    'sobelx'
    """
    return re.sub(r"[^a-z0-9]", "", word.lower())


def _places() -> dict[str, list[Home]]:
    """Return all words with their places: operators and their aliases, kernels, and other programs' words."""
    places: dict[str, list[Home]] = {}

    def add(word: str, *found: Home) -> None:
        known = places.setdefault(_bare(word), [])
        known += [home for home in found if home not in known]

    for name in catalog.names():
        op = catalog.load(name).spec.parameters.get("op")
        if op is None:
            continue
        for choice in op.choices:
            add(choice, Home(f"{name} --op {choice}"))
        for alias, choice in op.param.aliases.items():
            add(alias, Home(f"{name} --op {choice}"))
    for kernel in (*kernels.names(), *filter_banks.BUILT_IN):
        add(kernel, Home(f"conv --kernel {kernel}"))
    for word, found in ELSEWHERE.items():
        add(word, *found)
    return places
