"""Filter banks: the sums against slow loops, and the built-in banks against their publications."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.conv import conv
from imfilter.filters.core import native
from imfilter.filters.core.engine import colour, executor
from imfilter.filters.core.engine.borders import source_index
from imfilter.filters.core.engine.quantize import encoding
from imfilter.filters.core.engine.stage import ImageContext
from imfilter.filters.core.linear import filter_banks
from imfilter.filters.core.parameters import ImageError, ParameterError

RNG = np.random.default_rng(6)


def reference(image, weights, groups=1, stride=(1, 1), dilation=(1, 1), sides=(0, 0, 0, 0), border="constant", fill=0):
    """Every sum in loops, in float64; *sides* are left, top, right, bottom."""
    image = np.asarray(image, np.float64)
    left, top, right, bottom = sides
    height, width, _ = image.shape
    down = source_index(-top, height + bottom, height, border)
    along = source_index(-left, width + right, width, border)
    padded = np.where((down < 0)[:, None, None] | (along < 0)[None, :, None], fill, image[down][:, along])
    maps, inputs, kh, kw = weights.shape
    rows = (padded.shape[0] - dilation[1] * (kh - 1) - 1) // stride[1] + 1
    columns = (padded.shape[1] - dilation[0] * (kw - 1) - 1) // stride[0] + 1
    out = np.zeros((rows, columns, maps))
    for m, c, i, j in np.ndindex(weights.shape):
        y, x = i * dilation[1], j * dilation[0]
        part = padded[y : y + (rows - 1) * stride[1] + 1 : stride[1], x : x + (columns - 1) * stride[0] + 1 : stride[0]]
        out[..., m] += weights[m, c, i, j] * part[..., m // (maps // groups) * inputs + c]
    return out


pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))


@given(
    data=st.data(),
    grouping=st.sampled_from([(1, 3), (3, 1)]),
    size=pairs,
    stride=pairs,
    dilation=pairs,
    border=st.sampled_from(["constant", "reflect", "mirror", "nearest", "wrap"]),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
)
def test_every_sum_is_that_of_loops(data, grouping, size, stride, dilation, border, dtype):
    groups, inputs = grouping
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    weights = rng.uniform(-1, 1, (data.draw(st.integers(1, 3)) * groups, inputs, size[1], size[0]))
    shape = (data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20)), 3)
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    image = (rng.random(shape) * white).astype(dtype)
    least = [max(0, d * (k - 1) + 1 - n) for d, k, n in zip(dilation, size, shape[1::-1], strict=True)]
    sides = tuple(data.draw(st.integers(least[axis % 2], least[axis % 2] + 4)) for axis in range(4))
    expected = reference(image, weights, groups, stride, dilation, sides, border, 0)
    found = conv(
        image, kernel=weights, groups=groups, stride=stride, dilation=dilation, padding=sides, border=border,
        depth="float",
    )  # fmt: skip
    expected = expected[..., 0] if expected.shape[2] == 1 and image.shape[2] > 1 else expected
    assert found.shape == expected.shape and found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5 * white)


@pytest.mark.parametrize("padding", ["same", "valid", "full"])
@pytest.mark.parametrize("mode", ["correlate", "convolve"])
@pytest.mark.parametrize("anchor", [None, (0, 2)])
def test_each_map_is_what_its_kernel_gives(padding, mode, anchor, noise):
    """The luma is filtered by kernels with one input."""
    weights = RNG.uniform(-1, 1, (5, 4, 3))
    options = {"padding": padding, "mode": mode, "anchor": anchor, "depth": "float", "stride": (2, 1), "scale": 0.5}
    for image in (noise((20, 17, 3)), noise((20, 17))):
        found = conv(image, kernel=weights, bias=[1, 2, 3, 4, 5], **options)
        gray = colour.luma(np.atleast_3d(image), np.float64).astype(np.float32)
        for number, kernel in enumerate(weights):
            alone = conv(gray, kernel=kernel, bias=number + 1, **options)
            np.testing.assert_allclose(found[..., number], alone.squeeze(), atol=2e-3)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("kernel", [RNG.uniform(-1, 1, (7, 3, 5, 4)), "haar", RNG.uniform(-1, 1, (3, 1, 9, 9))])
@pytest.mark.parametrize("options", [{}, {"dilation": (2, 3), "stride": (1, 2)}])
def test_strips_give_what_the_whole_image_gives(kernel, options, jobs, noise):
    for dtype in ("uint8", "float32"):
        image = noise((61, 23, 3), dtype)
        stages, how = conv.checked(kernel=kernel, **options).stages(), conv.checked(kernel=kernel).settings()
        encodings = {"image": encoding("picture", dtype, "float32")}
        whole = conv(image, kernel=kernel, depth="float", **options)
        for rows in (1, 5, 16, 61):
            strips = executor.run(stages, image, encodings, how, strip_rows=rows, jobs=jobs).outputs["image"]
            np.testing.assert_array_equal(strips.samples, whole)


@pytest.mark.each("groups", [1, 3])
@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.each("size", [(25, 24), (33, 40), (70, 9)])
def test_large_kernels_by_transforms(groups, dtype, size, run, noise):
    image = noise((53, 77, 3), dtype)
    weights = RNG.uniform(-1, 1, (6, 3 // groups, *size)) / 20
    options = {"kernel": weights, "groups": groups, "border": "mirror", "depth": "float"}
    stage = conv.checked(**options).stages()[-1]
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    if native.core is not None:  # without it only the largest are faster so
        assert stage.facts(ImageContext(white, np.float32))[1][:2] == ("algorithm", "fourier")
    height, width = size
    sides = (width // 2, height // 2, width - 1 - width // 2, height - 1 - height // 2)
    down = source_index(-sides[1], 53 + sides[3], 53, "mirror")
    along = source_index(-sides[0], 77 + sides[2], 77, "mirror")
    padded = image[down][:, along].astype(float)
    found = conv(image, **options)
    for m, y, x in ((0, 0, 0), (5, 52, 76), (2, 30, 40), (3, 39, 63), (4, 51, 0)):
        channels = slice(m // 2, m // 2 + 1) if groups == 3 else slice(None)
        seen = padded[y : y + height, x : x + width, channels]
        assert abs(found[y, x, m] - np.sum(np.moveaxis(seen, 2, 0) * weights[m])) <= 1e-5 * white
    jobs = [
        executor.run(
            conv.checked(**options).stages(), image, {"image": encoding("picture", dtype, "float32")},
            conv.checked(**options).settings(), jobs=jobs,
        ).outputs["image"].samples
        for jobs in (1, 2)
    ]  # fmt: skip
    np.testing.assert_array_equal(*jobs)


def test_a_nan_does_not_spread_by_transforms(noise):
    image = noise((90, 80), "float32")
    clean = conv(image, kernel="gabor:2x2")
    image[5, 70] = np.nan
    found = conv(image, kernel="gabor:2x2")
    far = np.ones(image.shape, bool)
    far[:20, 55:] = False
    assert np.isnan(found[5, 70]).all()
    np.testing.assert_allclose(found[far], clean[far], atol=1e-6)


@pytest.mark.parametrize("size", [5, 19])
def test_float_values_far_from_0_are_as_exact(size, noise):
    """Relative to their range; products in float32 would be off by 1e-4 of it."""
    image = 4096 + noise((50, 40), "float32").astype(np.float32)
    weights = RNG.uniform(-1, 1, (3, 1, size, size)) / size
    weights -= weights.mean(axis=(2, 3), keepdims=True)
    before = size // 2
    expected = reference(image[..., None], weights, sides=(before,) * 4, border="wrap")
    assert np.abs(conv(image, kernel=weights, border="wrap") - expected).max() <= 1e-5


def test_halves_of_large_kernels_round_up():
    image = np.zeros((40, 40), np.uint8)
    image[::2] = 1
    kernels = np.zeros((2, 1, 31, 31))
    kernels[:, 0, 15, 15] = 0.5, 1.5
    found = conv(image, kernel=kernels, depth=8)
    assert found[0, 0].tolist() == [1, 2] and (found[::2] == [1, 2]).all() and not found[1::2].any()


def test_a_wide_image_in_several_products_is_one(noise):
    image, weights = noise((5, 1500, 3)), RNG.uniform(-1, 1, (2, 3, 3, 3))
    found = conv(image, kernel=weights, border="wrap")
    np.testing.assert_allclose(found, reference(image, weights, sides=(1, 1, 1, 1), border="wrap"), atol=1e-3)


# ---- what a bank is -----------------------------------------------------------------------------------


def test_maps_are_floats_and_one_map_is_a_picture(noise):
    image = noise((8, 9, 3))
    weights = RNG.uniform(-1, 1, (4, 3, 3, 3))
    assert conv(image, kernel=weights).dtype == np.float32
    assert conv(image, kernel=weights, depth=8).dtype == np.uint8
    assert conv(image, kernel=weights[:1]).shape == (8, 9)
    assert conv(image, kernel=weights[:1]).dtype == np.uint8
    assert conv(image[..., 0], kernel="haar").shape == (8, 9, 4)


def test_a_bank_of_one_kernel_of_one_channel_is_a_kernel(noise):
    kernel, image = RNG.uniform(0, 1, (3, 3)), noise((8, 9, 3))
    for bank in (kernel[None], kernel[None, None]):
        np.testing.assert_array_equal(conv(image, kernel=bank), conv(image, kernel=kernel))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int64"])
def test_a_bank_is_read_from_a_file(tmp_path, dtype, noise):
    weights = np.arange(-27, 27).reshape(2, 3, 3, 3).astype(dtype)
    np.save(tmp_path / "bank.npy", weights)
    image = noise((8, 9, 3))
    np.testing.assert_array_equal(conv(image, kernel=str(tmp_path / "bank.npy")), conv(image, kernel=weights))
    assert filter_banks.names(str(tmp_path / "bank.npy")) == ("map 0", "map 1")


def test_a_bias_for_each_map_comes_from_a_file_or_a_row(tmp_path, noise):
    image = noise((6, 6))
    plain = conv(image, kernel="haar")
    (tmp_path / "bias.txt").write_text("1, 2 # two\n-3\n4.5\n")
    np.save(tmp_path / "bias.npy", np.array([1, 2, -3, 4.5], np.float32))
    for bias in ([1, 2, -3, 4.5], str(tmp_path / "bias.txt"), tmp_path / "bias.npy"):
        np.testing.assert_allclose(conv(image, kernel="haar", bias=bias), plain + np.array([1, 2, -3, 4.5]), atol=1e-4)
    np.testing.assert_allclose(conv(image, kernel="haar", bias=7), plain + 7, atol=1e-4)


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("relu", lambda x: np.maximum(x, 0)),
        ("tanh", np.tanh),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("none", lambda x: x),
    ],
)
@pytest.mark.parametrize("kernel", ["haar", "sobel-x"])
def test_the_activation_comes_behind_the_bias(activation, expected, kernel, noise):
    image = noise((9, 8), "float32") * 2 - 1
    plain = conv(image, kernel=kernel, bias=-0.25)
    np.testing.assert_allclose(
        conv(image, kernel=kernel, bias=-0.25, activation=activation), expected(plain.astype(float)), atol=1e-6
    )


def test_a_sigmoid_of_what_is_large_does_not_overflow():
    image = np.array([[60000, 0]], np.uint16)
    assert (conv(image, kernel="-1", activation="sigmoid", depth="float") * 65535).tolist() == [[0, 0.5]]


@pytest.mark.parametrize("how", ["sum", "abs"])
def test_each_maps_kernels_are_normalized(how, noise):
    weights, image = RNG.uniform(0.5, 1, (3, 3, 2, 2)), noise((5, 5, 3))
    sums = weights.sum(axis=(1, 2, 3))
    found = conv(image, kernel=weights, normalize=how)
    np.testing.assert_allclose(found, conv(image, kernel=weights) / sums, rtol=1e-5)
    flat = np.full((4, 4, 3), 90, np.uint8)
    np.testing.assert_allclose(conv(flat, kernel=weights, normalize=how), 90, rtol=1e-6)


# ---- missing samples --------------------------------------------------------------------------------


def test_a_nan_reaches_as_far_as_the_kernels(noise):
    image = noise((30, 30, 3), "float32")
    image[15, 10, 1] = np.nan
    found = np.isnan(conv(image, kernel=RNG.uniform(0.1, 1, (2, 3, 5, 3))))
    expected = np.zeros((30, 30, 2), bool)
    expected[13:18, 9:12] = True
    np.testing.assert_array_equal(found, expected)


def test_missing_samples_count_nothing(run, noise):
    image = np.full((40, 30, 3), 0.25, np.float32)
    image[4:6, 4:6], image[20, 20, 1] = np.nan, np.nan
    means = RNG.uniform(0.1, 1, (2, 3, 5, 5))
    differences = RNG.uniform(-1, 1, (2, 3, 5, 5))
    differences -= differences.mean(axis=(1, 2, 3), keepdims=True)
    found = conv(image, kernel=np.concatenate([means, differences]), nan="ignore")
    np.testing.assert_allclose(found[..., :2] - 0.25 * means.sum(axis=(1, 2, 3)), 0, atol=1e-5)
    assert np.nanmax(np.abs(found[..., 2:])) < 1e-6
    assert np.isnan(found[20, 20, 2:]).all() and not np.isnan(found[20, 21]).any()
    other = noise((40, 30, 3), "float32")
    other[4:6, 4:6] = np.nan
    whole, strips = (
        run(conv, other, strip_rows=rows, kernel=differences, nan="ignore")["image"].samples for rows in (40, 7)
    )
    np.testing.assert_array_equal(whole, strips)


# ---- the built-in banks -----------------------------------------------------------------------------


def kernels_of(name):
    return filter_banks.named(name).build()


@pytest.mark.parametrize("name", [*filter_banks.BUILT_IN, "gabor:6x2", "gabor:1x1"])
def test_every_bank_has_a_name_for_each_kernel(name):
    bank = filter_banks.read(name)
    assert len(bank.names) == len(set(bank.names)) == len(bank.weights)
    assert bank.weights.shape[1] == 1 and bank.names == filter_banks.names(name)


@pytest.mark.parametrize(("name", "size"), [("haar", 2), ("dct8", 8)])
def test_the_transforms_are_orthonormal(name, size, noise):
    flat = np.array(kernels_of(name)).reshape(size * size, -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(size * size), atol=1e-14)
    image = noise((2 * size, 3 * size))
    found = conv(image, kernel=name, stride=size, padding="valid")
    assert found.shape == (2, 3, size * size)
    np.testing.assert_allclose(np.sum(found.astype(float) ** 2), np.sum(image.astype(float) ** 2), rtol=1e-6)


def test_dct8_is_jpegs():
    """ITU-T T.81, A.3.3, written out."""
    found = kernels_of("dct8")
    for v, u, y, x in itertools.product((0, 1, 5), (0, 2, 7), range(8), range(8)):
        c = np.prod([2**-0.5 if f == 0 else 1 for f in (u, v)])
        expected = c / 4 * np.cos((2 * x + 1) * u * np.pi / 16) * np.cos((2 * y + 1) * v * np.pi / 16)
        assert abs(found[8 * v + u][y, x] - expected) < 1e-15
    assert filter_banks.names("dct8")[8 * 5 + 2] == "dct 2,5"


def test_haar_names_the_pass_along_x_first():
    steps = np.array([[0, 0, 8, 8]] * 4, np.float32)  # changes along x
    found = conv(steps, kernel="haar", padding="valid")
    assert [abs(found[..., number]).max() for number in range(4)] == [16, 0, 8, 0]
    assert filter_banks.names("haar")[2] == "HL"


@pytest.mark.parametrize("name", ["gabor", "schmid", "leung-malik", "gabor:5x1"])
def test_texture_banks_have_no_mean_and_the_absolute_sum_1(name):
    for kernel in kernels_of(name):
        assert abs(kernel.sum()) < 1e-13 and abs(np.abs(kernel).sum() - 1) < 1e-13


def test_schmid_is_alike_in_all_directions_and_as_published():
    found = kernels_of("schmid")
    assert len(found) == 13 and found[0].shape == (49, 49)
    for kernel, (sigma, tau) in zip(found, filter_banks.SCHMID, strict=True):
        for other in (kernel.T, kernel[::-1], kernel[:, ::-1]):
            np.testing.assert_allclose(kernel, other, atol=1e-15)

        # Up to the constant and the factor: at the radii 0, 3 and 5, the last of which is 3, 4 too.
        def f(r, sigma=sigma, tau=tau):
            return np.cos(np.pi * tau * r / sigma) * np.exp(-(r**2) / (2 * sigma**2))

        here, there, far = kernel[24, 24], kernel[24, 27], kernel[27, 28]
        assert (here - there) * (f(0) - f(5)) == pytest.approx((here - far) * (f(0) - f(3)), rel=1e-9)


def test_leung_malik_is_as_published():
    """36 elongated derivatives at 3 scales and 6 orientations, 8 Laplacians of Gaussians, 4 Gaussians."""
    found, names = kernels_of("leung-malik"), filter_banks.names("leung-malik")
    assert len(found) == 48 and found[0].shape == (49, 49)
    assert [sum(name.startswith(kind) for name in names) for kind in ("edge", "bar", "LoG", "gaussian")] == [
        18,
        18,
        8,
        4,
    ]
    middle = slice(24, None)
    for number, name in enumerate(names[:36]):
        order = -1 if name.startswith("edge") else 1
        np.testing.assert_allclose(found[number][::-1, ::-1], order * found[number], atol=1e-15)
    # Across the first bar, -g'' changes its sign at one sigma, √2; along it the Gaussian is three times as wide.
    edge = found[0]
    y = np.arange(25)
    np.testing.assert_allclose(edge[middle, 24] / edge[25, 24], y * np.exp((1 - y**2) / 4), atol=1e-12)
    np.testing.assert_allclose(edge[25, middle] / edge[25, 24], np.exp(-(y**2) / 36), atol=1e-3)
    log = found[37]
    assert names[37] == "LoG 1.41 px"
    expected = (y**2 - 4) * np.exp(-(y**2) / 4)
    np.testing.assert_allclose(log[24, middle] / log[24, 24], expected / expected[0], atol=1e-4)


def test_a_gabor_kernel_answers_to_its_own_wave_most():
    y, x = np.mgrid[:80, :80]
    found, names = conv, filter_banks.names("gabor:4x2")
    for name, angle, wavelength in (("gabor 45° 8 px", 45, 8), ("gabor 90° 4 px", 90, 4), ("gabor 0° 8 px", 0, 8)):
        along = x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))
        wave = np.cos(2 * np.pi * along / wavelength).astype(np.float32)
        strength = np.abs(found(wave, kernel="gabor:4x2", padding="valid")).max(axis=(0, 1))
        assert names[int(strength.argmax())] == name


# ---- wrong calls --------------------------------------------------------------------------------------

GRAY, COLOUR = np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.uint8)


@pytest.mark.parametrize(
    ("image", "parameters", "message"),
    [
        (
            GRAY,
            {"kernel": np.ones((2, 3, 3, 3))},
            r"\(2, 3, 3, 3\) sees 3 channels, the picture has one, gray; a picture in",
        ),
        (COLOUR, {"kernel": np.ones((2, 2, 3, 3))}, r"sees 2 channels, .* a bank of shape \(2, 1, 3, 3\) would fit"),
        (COLOUR, {"kernel": np.ones((4, 1, 3, 3)), "groups": 2}, "in 2 groups sees 2 channels"),
        (COLOUR, {"kernel": np.ones((2, 3, 3, 3)), "channels": "luma"}, "the picture has one, gray"),
    ],
)
def test_a_picture_of_other_channels_is_refused(image, parameters, message):
    with pytest.raises(ImageError, match=message):
        conv(image, **parameters)


@pytest.mark.each("parameters, message", [
        ({"kernel": "haar", "groups": 3}, "groups: 3 does not divide the bank's 4 maps"),
        ({"kernel": "mean3", "groups": 3}, "groups: 3 requires a filter bank"),
        ({"kernel": "haar", "bias": [1, 2]}, "bias: the bias: has 2 numbers; the kernel takes one number, or 4"),
        ({"kernel": "mean3", "bias": [1, 2]}, "bias: the bias: has 2 numbers; the kernel takes one number"),
        ({"kernel": "haar", "bias": "none.txt"}, "bias: 'none.txt' is neither a number nor a file"),
        ({"kernel": "haar", "bias": [1, np.nan]}, "bias: nan is not a finite number"),
        ({"kernel": "haar", "bias": 1e12}, "bias: 1e.12 is above the greatest value"),
        ({"kernel": "haar", "normalize": "sum"}, r"normalize: the values of kernel 1 .* sum to 0, so it cannot"),
        ({"kernel": "haar", "anchor": (2, 0)}, "anchor: 2,0 lies outside the 2×2 kernel"),
        ({"kernel": "haar", "channels": "max"}, "channels: max does not apply to a filter bank"),
        ({"kernel": "haar", "algorithm": "direct"}, "algorithm: a filter bank has one algorithm"),
        ({"kernel": "haar", "activation": "gelu"}, "activation: unknown value 'gelu'"),
        ({"kernel": "gabor:8"}, "kernel: 'gabor:8': is not a Gabor bank; gabor:8x3 has"),
        ({"kernel": "gabor:99x1"}, "kernel: 'gabor:99x1': is not a Gabor bank"),
        ({"kernel": np.zeros((2, 1, 200, 200))}, "kernel: the bank has 200×200×1×2 = 80000 taps; the limit is 65536"),
        ({"kernel": np.full((2, 1, 2, 2), np.inf)}, "kernel: the bank: a bank's values must be finite"),
        ({"kernel": np.zeros((2, 0, 3, 3))}, "which is empty"),
        ({"kernel": np.zeros((2, 2, 2), complex)}, "holds complex128; a bank must hold real numbers"),
        ({"kernel": "habr"}, "kernel: 'habr' is neither a built-in kernel nor a file .did you mean 'haar'"),
        ({"kernel": np.zeros((2, 2, 2, 2, 2))}, "a kernel must be a matrix, not an array of shape"),
    ])  # fmt: skip
def test_wrong_values_are_refused(parameters, message):
    with pytest.raises(ParameterError, match=message):
        conv(GRAY, **parameters)


def test_a_region_needs_a_picture():
    with pytest.raises(ImageError, match="a mask or a region needs a picture; the maps of a filter bank"):
        conv(GRAY, kernel="haar", roi=(0, 0, 2, 2))
