"""An alpha that passes geometric stages with its colours gives the same as one processed separately."""

from __future__ import annotations

import numpy as np
import pytest
from imfilter.filters.affine import affine
from imfilter.filters.blur import blur
from imfilter.filters.core.engine import joined_alpha
from imfilter.filters.core.engine.layout import adjoining, without_alpha
from imfilter.filters.core.parameters import ImageError
from imfilter.filters.crop import crop
from imfilter.filters.flip import flip
from imfilter.filters.pad import pad
from imfilter.filters.resize import resize
from imfilter.filters.rotate import rotate

CALLS = {
    "flip": lambda image: flip(image),
    "transposed": lambda image: flip(image, op="transpose"),
    "to float": lambda image: flip(image, depth="float"),
    "transparent margin": lambda image: pad(image, size=3),
    "margin of a level": lambda image: pad(image, size=(3, 2), fill=7),
    "margin of a colour": lambda image: pad(image, size=5, fill=(1, 2, 3.5)),
    "mirrored margin": lambda image: pad(image, size=70, border="mirror"),
    "crop beyond the edge": lambda image: crop(image, size=(5, 6), at=(-2, -3), pad=True),
    "quarter turn": lambda image: rotate(image, angle=90, expand=True),
    "turn": lambda image: rotate(image, angle=11),
    "turn on a colour": lambda image: rotate(image, angle=11, interpolation="bicubic", fill=(9, 8, 7)),
    "turn of samples": lambda image: rotate(image, angle=11, interpolation="nearest", fill=3.5),
    "turn on copies": lambda image: rotate(image, angle=11, border="wrap"),
    "white is less": lambda image: rotate(image, angle=20, white=200 if image.dtype.kind == "u" else 0.5),
    "smaller": lambda image: resize(image, scale=0.4),
    "larger": lambda image: resize(image, scale=2.3, interpolation="bicubic"),
    "other samples": lambda image: resize(image, scale=0.7, interpolation="nearest"),
    "16 bits": lambda image: resize(image, scale=0.7, depth="16"),
    "two stages": lambda image: resize(image, size=40, fit="pad", fill=(1, 2, 3)),
    "linear light": lambda image: affine(image, scale=1.5, linear=True),
}


def pictures(dtype):
    rng = np.random.default_rng(7)
    for channels in (2, 4):
        for size in ((1, 1), (13, 17), (120, 90)):
            image = rng.random((*size, channels))
            for opacity in (0, 1):
                image[rng.random(size) < 0.2, -1] = opacity
            if dtype.startswith("u"):
                image = np.round(image * np.iinfo(dtype).max)
            elif size[0] > 1:
                image[0, 3, 0] = image[1, 2, -1] = np.nan
            yield image.astype(dtype)


def answer(call, image):
    try:
        return call(image)
    except ImageError as error:
        return str(error)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_together_they_give_what_they_give_apart(dtype, each_core, monkeypatch):
    given = [(name, image) for image in pictures(dtype) for name in CALLS]
    together = [answer(CALLS[name], image) for name, image in given]
    monkeypatch.setattr(joined_alpha, "joined", lambda *given: None)
    for (name, image), found in zip(given, together, strict=True):
        apart = answer(CALLS[name], image)
        np.testing.assert_array_equal(found, apart, err_msg=f"{name}, {image.shape}")
        assert isinstance(found, str) or found.dtype == apart.dtype


def test_geometry_takes_no_pixel_apart(each_core, monkeypatch):
    def refused(*given):
        raise AssertionError("the alpha was copied")

    image = np.arange(6 * 5 * 4, dtype=np.uint8).reshape(6, 5, 4)
    monkeypatch.setattr("imfilter.filters.core.engine.executor.apart", refused)
    np.testing.assert_array_equal(flip(image), image[:, ::-1])
    np.testing.assert_array_equal(crop(image[1:], size=2, at=(1, 1)), image[2:4, 1:3])
    assert rotate(image, angle=10).shape == image.shape
    with pytest.raises(AssertionError, match="was copied"):
        blur(image)


@pytest.mark.each("size", [(1, 1), (3, 1), (1, 3), (4, 5)])
def test_only_parts_of_one_array_adjoin(size):
    whole = np.zeros((*size, 6), np.uint8)
    whole += np.arange(6, dtype=np.uint8)
    for samples in (whole, whole[..., 1:5], whole[::-1], whole[:, ::-1, :3]):
        colours, alpha = without_alpha(samples)
        assert adjoining(colours, alpha) is None or np.array_equal(adjoining(colours, alpha), samples)
        assert adjoining(colours.copy(), alpha) is None and adjoining(colours, alpha.copy()) is None
    assert adjoining(*without_alpha(whole)) is whole
    assert adjoining(whole[..., :2], whole[..., 3]) is None
