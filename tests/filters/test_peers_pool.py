"""Pooling layers against PyTorch and the published cases of ONNX."""

import numpy as np
import pytest
from imfilter.filters.pool import pool

pytestmark = pytest.mark.peers

LAYERS = [
    {"size": 2},
    {"size": 3, "stride": 2, "padding": 1},
    {"size": 3, "stride": 1, "padding": 1},
    {"size": (4, 7), "stride": (3, 2), "padding": (2, 3)},
    {"size": 8},
    {"size": 5, "stride": 4, "ceil": True},
    {"size": 3, "stride": 2, "padding": 1, "ceil": True},
    {"size": 6, "stride": 5, "padding": 3, "ceil": True},
]


@pytest.fixture(scope="module")
def functional(peer):
    return peer("torch.nn.functional")


def turned(pair):
    """A pair, x first, as PyTorch has it."""
    return pair[::-1] if isinstance(pair, tuple) else pair


def theirs(function, image, layer, **more):
    import torch

    values = {"kernel_size": turned(layer["size"]), "stride": turned(layer.get("stride", layer["size"]))}
    values |= {"padding": turned(layer["padding"])} if "padding" in layer else {}
    planes = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
    return function(planes, **values, ceil_mode=layer.get("ceil", False), **more).numpy().transpose(1, 2, 0)


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_the_maximum_and_the_minimum_are_pytorchs(functional, layer, dilation, noise):
    image = noise((37, 41, 3), "float32")
    image[20, 20, 1] = np.nan
    layer = layer | {"dilation": dilation}
    expected = theirs(functional.max_pool2d, image, layer, dilation=dilation)
    np.testing.assert_array_equal(pool(image, **layer), expected)
    expected = -theirs(functional.max_pool2d, -image, layer, dilation=dilation)
    np.testing.assert_array_equal(pool(image, op="min", **layer), expected)


@pytest.mark.parametrize("include_pad", [False, True])
@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_the_mean_is_pytorchs(functional, layer, include_pad, noise):
    image = noise((37, 41, 3), "float32")
    expected = theirs(functional.avg_pool2d, image, layer, count_include_pad=include_pad)
    np.testing.assert_allclose(pool(image, op="avg", **layer, include_pad=include_pad), expected, atol=1e-6)


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if "padding" not in layer], ids=str)
def test_the_norm_is_pytorchs(functional, layer, noise):
    """But for windows that are cut off, which PyTorch magnifies as if they were whole; ONNX does not."""
    image = noise((37, 41, 3), "float32")
    expected = theirs(lambda planes, **values: functional.lp_pool2d(planes, 2.0, **values), image, layer)
    answer = pool(image, op="l2", **layer)
    inner = np.s_[:-1, :-1] if layer.get("ceil") else np.s_[:]
    assert answer.shape == expected.shape
    np.testing.assert_allclose(answer[inner], expected[inner], rtol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_every_layer_that_onnx_publishes(peer):
    """All two-dimensional cases that are within what our options say."""
    onnx = peer("onnx")
    from onnx.backend.test.case import node

    done = 0
    for case in node.collect_testcases(None):
        (layer, *others) = case.model.graph.node
        op = {"MaxPool": "max", "AveragePool": "avg", "LpPool": "l2"}.get(layer.op_type)
        given = {one.name: onnx.helper.get_attribute_value(one) for one in layer.attribute}
        unlike = given.get("auto_pad") == b"SAME_LOWER" or given.get("p", 2) != 2 or len(layer.output) > 1
        if others or op is None or unlike or len(given["kernel_shape"]) != 2:
            continue
        (image, *_), (expected, *_) = case.data_sets[0]
        values = {"op": op, "size": tuple(given["kernel_shape"][::-1])}
        values |= {"stride": tuple(given.get("strides", (1, 1))[::-1])}
        values |= {"dilation": tuple(given.get("dilations", (1, 1))[::-1]), "ceil": bool(given.get("ceil_mode"))}
        if "pads" in given:
            top, left, bottom, right = given["pads"]
            values |= {"padding": (left, top, right, bottom)}
        values |= {"padding": "same"} if given.get("auto_pad") == b"SAME_UPPER" else {}
        values |= {"include_pad": True} if given.get("count_include_pad") else {}
        for planes, result in zip(image[0], expected[0], strict=True):
            np.testing.assert_allclose(pool(planes, **values), result, rtol=1e-5, atol=1e-4, err_msg=case.name)
        done += 1
    assert done >= 25
