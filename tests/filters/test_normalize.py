"""Normalize: its formula, the published figures, and that the result is float."""

import numpy as np
import pytest
from imfilter import chain
from imfilter.filters.blur import blur
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.normalize import PUBLISHED, normalize

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def picture(shape, dtype):
    return (np.random.default_rng(3).random(shape) * WHITE[dtype]).astype(dtype)


@pytest.mark.each("dtype", [*WHITE])
def test_it_is_its_formula(dtype, each_core):
    image = picture((13, 17, 3), dtype)
    for mean, std in ((MEAN, STD), (0.5, 0.25), (0.3, STD), (MEAN, 2)):
        found = normalize(image, mean=mean, std=std)
        assert found.dtype == (np.float64 if dtype == "float64" else np.float32)
        np.testing.assert_allclose(found, (image / WHITE[dtype] - mean) / std, rtol=1e-6, atol=2e-6)
    words = normalize(image, mean="0.485,0.456,0.406", std="0.229,0.224,0.225")
    np.testing.assert_array_equal(words, normalize(image, mean=MEAN, std=STD))
    np.testing.assert_array_equal(words, normalize(image, stats="imagenet"))


def test_known_answers():
    gray = np.array([[0, 51, 255]], np.uint8)
    np.testing.assert_allclose(normalize(gray, to="-1,1"), [[-1, -0.6, 1]], atol=1e-7)
    np.testing.assert_allclose(normalize(gray, to=(1, 0)), [[1, 0.8, 0]], atol=1e-7)
    # As in the examples of PyTorch: (0 - 0.1307) / 0.3081 and (1 - 0.1307) / 0.3081.
    np.testing.assert_allclose(normalize(gray, stats="mnist")[0, [0, 2]], [-0.42421296, 2.8214867], rtol=1e-6)
    np.testing.assert_allclose(normalize(gray, std=0.5), [[0, 0.4, 2]], rtol=1e-6)
    np.testing.assert_allclose(normalize(gray, mean=0.2), [[-0.2, 0, 0.8]], atol=1e-7)


@pytest.mark.each("name", [*PUBLISHED])
def test_every_data_set_has_a_mean_and_a_deviation_for_each_channel(name):
    means, deviations = PUBLISHED[name]
    assert len(means) == len(deviations) == (1 if "mnist" in name else 3)
    image = picture((5, 6, 3), "uint8")
    np.testing.assert_allclose(normalize(image, stats=name), (image / 255 - means) / deviations, atol=2e-6)


def test_no_mean_and_a_deviation_of_1_give_floats_back():
    image = picture((20, 30, 3), "float32") * 9 - 4
    image[2, 3], image[4, 5, 1] = np.nan, np.inf
    assert normalize(image, mean=0, std=1).tobytes() == image.tobytes()
    assert normalize(image, to=(0, 1)).tobytes() == image.tobytes()


def test_depth_says_otherwise():
    image = picture((20, 30, 3), "uint8")
    np.testing.assert_array_equal(normalize(image, to=(0, 1), depth=8), image)
    np.testing.assert_array_equal(normalize(image, to=(0, 1), depth="keep"), image)
    assert (
        normalize(image, to=(-1, 1), depth="16").tolist()
        == np.maximum(np.floor((image * 2.0 - 255) * 257 + 0.5), 0).astype(int).tolist()
    )


def test_white_is_where_parts_are_taken_from():
    twelve = np.array([[0, 1365, 4095]], np.uint16)
    np.testing.assert_allclose(normalize(twelve, mean=0, std=1, white=4095), [[0, 1 / 3, 1]], rtol=1e-6)
    floats = np.array([[0.0, 85, 255]], np.float32)
    np.testing.assert_allclose(normalize(floats, mean=0, std=1, white=255), [[0, 1 / 3, 1]], rtol=1e-6)


def test_an_alpha_stays_and_nan_too():
    image = picture((9, 8, 4), "uint8")
    image[..., 3] |= 1
    found = normalize(image, stats="imagenet")
    np.testing.assert_allclose(found[..., 3], image[..., 3] / 255, rtol=1e-6)
    np.testing.assert_allclose(found[..., :3], (image[..., :3] / 255 - MEAN) / STD, atol=1e-5)
    floats = picture((9, 8), "float32")
    floats[3, 4] = np.nan
    assert np.argwhere(np.isnan(normalize(floats, stats="mnist"))).tolist() == [[3, 4]]


def test_stacks_bands_and_the_smallest_images(each_core):
    stack = picture((4, 9, 8, 3), "uint8")
    found = normalize(stack, stats="cifar10", stack=True)
    for number in range(4):
        np.testing.assert_array_equal(found[number], normalize(stack[number], stats="cifar10"))
    bands = picture((1, 1, 5), "uint16")
    expected = (bands / 65535 - (0.1, 0.2, 0.3, 0.4, 0.5)) / 2
    np.testing.assert_allclose(normalize(bands, mean=(0.1, 0.2, 0.3, 0.4, 0.5), std=2), expected, atol=1e-6)


def test_as_a_step_it_gives_float_where_it_is_the_last():
    image = picture((20, 30, 3), "uint8")
    last = chain(blur.step(sigma=1), normalize.step(stats="imagenet"))(image)
    assert last.dtype == np.float32
    np.testing.assert_allclose(last, (blur(image, sigma=1, depth="float") - MEAN) / STD, atol=1e-4)
    assert chain(normalize.step(to=(0, 1)), blur.step(sigma=1))(image).dtype == np.uint8


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "mean: is required, with --std; or use --stats or --to"),
        ({"mean": "a"}, "mean: 'a' is not a number, or one per channel"),
        ({"mean": ""}, "mean: '' is not a number"),
        ({"mean": float("nan")}, "not finite"),
        ({"mean": 0, "std": 0}, "std: 0: standard deviations must be above 0"),
        ({"mean": 0, "std": (1, -1)}, "standard deviations must be above 0"),
        ({"mean": 0, "stats": "mnist"}, "mean: cannot be used with --stats"),
        ({"std": 1, "to": (0, 1)}, "std: cannot be used with --to"),
        ({"stats": "mnist", "to": (0, 1)}, "to: use --stats or --to, not both"),
        ({"stats": "cifar"}, "did you mean 'cifar10'"),
        ({"to": 1}, "to: 1 is not a pair of different numbers, such as -1,1"),
        ({"to": "1,1"}, "is not a pair of different numbers"),
    ],
)
def test_wrong_values_are_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        normalize(np.zeros((2, 2), np.uint8), **values)


def test_as_many_numbers_as_channels_or_one():
    gray, colour = picture((5, 6), "uint8"), picture((5, 6, 3), "float32")
    with pytest.raises(ImageError, match="has 1 channel, but the figures of imagenet are for 3"):
        normalize(gray, stats="imagenet")
    for values in ({"mean": (0.1, 0.2)}, {"mean": 0, "std": (1, 2)}):
        with pytest.raises(
            ImageError, match="has 3 channels, but --mean and --std are for 2; use one number, or one per"
        ):
            normalize(colour, **values)


@pytest.mark.peers
def test_torch_has_the_same(peer):
    torch = peer("torch")
    image = picture((31, 33, 3), "uint8")
    tensor = torch.from_numpy(image).permute(2, 0, 1).float().div(255)
    mean, std = (torch.tensor(numbers)[:, None, None] for numbers in (MEAN, STD))
    expected = tensor.sub(mean).div(std).permute(1, 2, 0).numpy()
    np.testing.assert_allclose(normalize(image, stats="imagenet"), expected, rtol=1e-5, atol=1e-6)
