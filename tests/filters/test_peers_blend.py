"""Blending against Pillow and OpenCV."""

import numpy as np
import pytest
from imfilter.filters.blend import blend
from PIL import Image, ImageChops

pytestmark = pytest.mark.peers

CHOPS = {
    "add": ImageChops.add,
    "subtract": ImageChops.subtract,
    "difference": ImageChops.difference,
    "lighten": ImageChops.lighter,
    "darken": ImageChops.darker,
    "multiply": ImageChops.multiply,
    "screen": ImageChops.screen,
}
CUT = ("multiply", "screen")
"""What Pillow does not round as it should."""


@pytest.fixture
def two():
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (64, 48, 4), np.uint8) for _ in range(2)]


@pytest.mark.parametrize("op", CHOPS)
def test_ops_are_pillows(two, op):
    image, other = (one[..., :3] for one in two)
    expected = np.asarray(CHOPS[op](Image.fromarray(image), Image.fromarray(other)))
    off = np.abs(blend(image, other=other, op=op).astype(int) - expected)
    assert off.max() <= (1 if op in CUT else 0)


def test_over_is_pillows_alpha_composite(two):
    image, other = two
    expected = np.asarray(Image.alpha_composite(*(Image.fromarray(one) for one in two)))
    off = np.abs(blend(image, other=other).astype(int) - expected)
    assert off.max() <= 1 and (off > 0).mean() < 0.1


@pytest.mark.parametrize("opacity", [0.0, 0.25, 0.7, 1.0])
def test_opacity_is_opencvs_weighted_sum(two, opacity):
    cv2 = pytest.importorskip("cv2")
    image, other = (np.ascontiguousarray(one[..., :3]) for one in two)
    expected = cv2.addWeighted(image, 1 - opacity, other, opacity, 0)
    off = np.abs(blend(image, other=other, opacity=opacity).astype(int) - expected)
    assert off.max() <= 1 and (off > 0).mean() < 0.15  # of the halves, which go to the even number there


@pytest.mark.parametrize("op", ["add", "subtract", "absdiff", "min", "max", "multiply"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_arithmetic_is_opencvs(two, op, dtype):
    cv2 = pytest.importorskip("cv2")
    full = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    image, other = ((one[..., :3] / 255 * full).astype(dtype) for one in two)
    scale = {"scale": 1 / full} if op == "multiply" else {}
    expected = getattr(cv2, op)(image, other, **scale)
    answer = blend(image, other=other, op={"min": "darken", "max": "lighten"}.get(op, op))
    level = 1e-6 if dtype == "float32" else 1 if op == "multiply" else 0
    assert np.abs(answer.astype(float) - expected).max() <= level
