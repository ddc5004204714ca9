"""Filter banks against PyTorch's conv2d: the same numbers for groups, strides, paddings and dilations."""

import numpy as np
import pytest
from imfilter.filters.conv import conv

pytestmark = pytest.mark.peers

RNG = np.random.default_rng(1)


@pytest.fixture(scope="module")
def torch(peer):
    return peer("torch")


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (2, 4), (7, 7), (21, 17)])
@pytest.mark.parametrize(
    ("stride", "padding", "dilation"),
    [
        ((1, 1), (0, 0), (1, 1)),
        ((2, 2), (3, 3), (1, 1)),
        ((1, 3), (2, 0), (1, 2)),
        ((3, 2), (4, 5), (2, 3)),
        ((1, 1), (10, 8), (1, 1)),
    ],
)
def test_a_layer_is_torchs(torch, dtype, groups, size, stride, padding, dilation):
    """Torch's pairs are y first."""
    image = RNG.integers(0, 256, (70, 61, 3)).astype(dtype)
    white = 255
    if dtype == "float32":
        image, white = image / np.float32(255), 1
    weights = RNG.uniform(-1, 1, (6, 3 // groups, *size)) / np.prod(size)
    bias = RNG.uniform(-1, 1, 6)
    expected = torch.nn.functional.conv2d(
        torch.from_numpy(np.moveaxis(image, 2, 0)[None].astype(np.float64)),
        torch.from_numpy(weights), torch.from_numpy(bias), stride[::-1], padding[::-1], dilation[::-1], groups,
    )  # fmt: skip
    found = conv(
        image, kernel=weights, groups=groups, bias=bias, stride=stride, padding=padding, dilation=dilation,
        border="constant", activation="relu",
    )  # fmt: skip
    expected = np.moveaxis(expected.relu()[0].numpy(), 0, 2)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-5 * white)
