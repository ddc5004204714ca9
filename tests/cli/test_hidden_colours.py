"""The colours of transparent pixels are kept by what changes nothing, however wide its kernel is."""

import numpy as np
import pytest
from PIL import Image

RNG = np.random.default_rng(11)


@pytest.fixture
def picture(folder):
    """A picture whose left half is transparent, with colours of its own."""
    pixels = RNG.integers(0, 256, (8, 12, 4), dtype=np.uint8)
    pixels[:, :6, 3], pixels[:, 6:, 3] = 0, RNG.integers(1, 256, (8, 6))
    Image.fromarray(pixels).save("in.png")
    return pixels


@pytest.mark.parametrize(
    "words",
    [
        ["conv", "--kernel", "identity"],
        ["conv", "--kernel", "0 0 0 0 0; 0 0 4 0 0; 0 0 0 0 0", "--normalize", "sum"],
        ["conv", "--kernel", "1"],
        ["conv", "--kernel", "0 0; 0 1", "--mode", "convolve"],
        ["blur", "--sigma", "0.1"],
        ["blur", "--op", "median", "--size", "1"],
    ],
)
def test_an_identity_keeps_hidden_colours(words, picture, ok, load):
    ok(*words, "in.png", "-o", "out.png")
    np.testing.assert_array_equal(load("out.png"), picture)


@pytest.mark.parametrize(
    "words",
    [
        ["conv", "--kernel", "0 0 0; 0 0 1; 0 0 0"],
        ["conv", "--kernel", "0 0 0; 0 1 0; 0 0 0", "--padding", "2"],
        ["blur"],
    ],
)
def test_others_take_colours_times_alpha(words, picture, ok, load):
    ok(*words, "in.png", "-o", "out.png")
    result = load("out.png")
    assert not result[result[..., 3] == 0].any()
