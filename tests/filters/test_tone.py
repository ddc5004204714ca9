"""Tone: known answers, the formulas by loops, tables against fractions, and other programs' results."""

import colorsys
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter import chain
from imfilter.filters.blur import blur
from imfilter.filters.core import native
from imfilter.filters.core.engine import stage as stages
from imfilter.filters.core.parameters import ImageError, ParameterError
from imfilter.filters.core.tone import adjustment
from imfilter.filters.tone import tone

OPS = ["grayscale", "invert", "posterize", "solarize", "autocontrast", "equalize", "clahe"]
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


def luma(colours):
    return (colours[..., 0] * 299 + colours[..., 1] * 587 + colours[..., 2] * 114) / 1000


def slow(image, levels=None, brightness=1.0, contrast=1.0, saturation=1.0, hue=0.0, gamma=1.0):
    """The formulas one after the other, in float64, hue by `colorsys` pixel by pixel."""
    white = WHITE[image.dtype.name]
    values = image.astype(np.float64)
    if levels is not None:
        low, high, bend = (*levels, 1.0)[:3]
        part = (values - low) / (high - low)
        values = white * np.where(part < 0, part, np.abs(part) ** (1 / bend))
    values = values * brightness
    colour = image.ndim == 3
    mean = (luma(values) if colour else values).mean()
    values = mean + contrast * (values - mean)
    if colour:
        middle = luma(values)[..., None]
        values = middle + saturation * (values - middle)
    if colour and hue:
        for place in np.ndindex(values.shape[:2]):
            least = values[place].min()
            # HSV has no negative colours: the shift keeps the hue, the chroma and the differences.
            h, s, v = colorsys.rgb_to_hsv(*(values[place] - least))
            values[place] = np.array(colorsys.hsv_to_rgb((h + hue / 360) % 1, s, v)) + least
    part = values / white
    return white * np.where(part < 0, part, np.abs(part) ** gamma)


ADJUSTED = [
    {"brightness": 1.3},
    {"contrast": 1.7},
    {"contrast": 0.0},
    {"brightness": 0.6, "contrast": 2.5},
    {"saturation": 1.8},
    {"saturation": 0.0},
    {"hue": 77.0},
    {"hue": -240.0, "saturation": 0.5, "contrast": 1.1},
    {"gamma": 2.2},
    {"gamma": 0.4, "saturation": 1.5},
    {"brightness": 1.2, "contrast": 1.4, "saturation": 1.3, "hue": 20.0, "gamma": 0.8},
]


@pytest.mark.each("values", ADJUSTED)
@pytest.mark.each("dtype", ["uint8", "uint16", "float32", "float64"])
def test_adjust_is_its_formulas(values, dtype, each_core, picture, near):
    for shape in ((23, 31, 3), (70, 131), (1, 1, 3), (1, 1)):
        image = picture(shape, dtype)
        near(tone(image, **values), slow(image, **values))


@pytest.mark.each("channels", [1, 3])
@pytest.mark.each("dtype", ["uint8", "float32"])
def test_images_with_factors_of_their_own_are_adjusted_as_by_loops(channels, dtype, each_core):
    random = np.random.default_rng(channels)
    for width in (1, 7, 130, 401):
        images = (random.random((3, 4, width, channels)) * 255).astype(dtype)
        brightness, contrast, means = random.random((3, 3)) * [[2], [2], [255]]
        values = images.astype(np.float64)
        lumas = values @ [0.299, 0.587, 0.114] if channels == 3 else values[..., 0]
        expected = (lumas * brightness[:, None, None]).sum(axis=2)
        np.testing.assert_allclose(adjustment.luma_sums(images, brightness), expected, rtol=1e-13)
        found = adjustment.contrasted(images, brightness, contrast, means)
        for number in range(3):
            own = (values[number] * brightness[number] - means[number]) * contrast[number] + means[number]
            assert np.array_equal(found[number], own.astype(np.float32))


@pytest.mark.each("levels", [(20, 200), (20, 200, 1.6), (240, 30, 0.5), (-40, 300)])
def test_levels(levels, each_core, picture, near):
    image = picture((40, 50, 3), "uint8")
    near(tone(image, levels=levels), slow(image, levels))
    near(tone(image, levels=levels, contrast=1.3), slow(image, levels, contrast=1.3))
    floats = picture((40, 50, 3), "float32")
    near(tone(floats, levels=(0.1, 0.8, 2)), slow(floats, (0.1, 0.8, 2)))
    text = ",".join(map(str, levels))
    np.testing.assert_array_equal(tone(image, levels=text), tone(image, levels=levels))


def test_known_answers():
    gray = np.array([[0, 10, 100, 200, 255]], np.uint8)
    assert tone(gray, brightness=1.25).tolist() == [[0, 13, 125, 250, 255]]
    assert tone(gray, gamma=2).tolist() == [[0, 0, 39, 157, 255]]
    # ImageMagick's `-level 10,200` and, with a gamma of 2, GIMP's square root of (100 - 10) / (200 - 10).
    assert tone(gray, levels="10,200").tolist() == [[0, 0, 121, 255, 255]]
    assert tone(gray, levels="10,200,2").tolist() == [[0, 0, 176, 255, 255]]
    assert tone(np.array([[0, 100, 200]], np.uint8), contrast=1.5).tolist() == [[0, 100, 250]]
    red, warm = np.array([[[255, 0, 0]]], np.uint8), np.array([[[200, 100, 50]]], np.uint8)
    assert tone(red, hue=120).tolist() == [[[0, 255, 0]]] and tone(red, hue=-120).tolist() == [[[0, 0, 255]]]
    assert tone(red, hue=60).tolist() == [[[255, 255, 0]]]
    assert tone(warm, saturation=2).tolist() == [[[255, 76, 0]]]
    assert tone(warm, op="grayscale").tolist() == [[[124, 124, 124]]]
    assert tone(gray, op="invert").tolist() == [[255, 245, 155, 55, 0]]
    assert tone(gray, op="posterize", bits=2).tolist() == [[0, 0, 64, 192, 192]]
    assert tone(gray, op="solarize").tolist() == [[0, 10, 100, 55, 0]]
    assert tone(gray, op="solarize", threshold=100).tolist() == [[0, 10, 155, 55, 0]]
    assert tone(gray, op="solarize", threshold="40%").tolist() == tone(gray, op="solarize", threshold=102).tolist()
    for wrong in ("x", "x%", "101%", "nan"):
        with pytest.raises(ParameterError, match="threshold"):
            tone(gray, op="solarize", threshold=wrong)


def test_equalize_and_autocontrast_by_hand():
    image = np.array([[50, 50, 60, 60, 60, 70, 80, 80, 80, 80]], np.uint8)
    # C = 2, 5, 6, 10; white · (C - 2) / 8.
    assert tone(image, op="equalize").tolist() == [[0, 0, 96, 96, 96, 128, 255, 255, 255, 255]]
    assert tone(image, op="autocontrast").tolist() == [[0, 0, 85, 85, 85, 170, 255, 255, 255, 255]]
    # 20 % are the two samples of 50; another is not.
    assert tone(image, op="autocontrast", cutoff=(20, 0)).tolist() == [[0, 0, 0, 0, 0, 128, 255, 255, 255, 255]]
    assert tone(image, op="autocontrast", cutoff=(19, 0)).tolist() == tone(image, op="autocontrast").tolist()
    for op, dtype in itertools.product(("equalize", "autocontrast"), ("uint16", "float32", "float64")):
        scaled = (image / 255 * WHITE[dtype]).astype(dtype)
        np.testing.assert_allclose(tone(scaled, op=op, depth=8), tone(image, op=op), atol=1)


def slow_even(values, white):
    """The cumulative histogram, sample by sample."""
    ordered = np.sort(values, axis=None)
    below = np.searchsorted(ordered, values, "right")
    first = np.searchsorted(ordered, ordered[0], "right")
    return white * (below - first) / (values.size - first)


@pytest.mark.each("dtype", ["uint8", "uint16"])
def test_equalize_counts_whole_numbers_exactly(dtype, each_core, picture, near):
    image = picture((47, 61), dtype)
    near(tone(image, op="equalize"), slow_even(image, WHITE[dtype]))
    colours = picture((47, 61, 3), dtype)
    found = tone(colours, op="equalize", per_channel=True)
    for channel in range(3):
        near(found[..., channel], slow_even(colours[..., channel], WHITE[dtype]))


@pytest.mark.each("dtype", ["uint8", "uint16", "float32"])
def test_equalize_of_the_luma_keeps_the_differences_of_colours(dtype, each_core, picture):
    image = picture((60, 80, 3), dtype)
    white = WHITE[dtype]
    found = tone(image, op="equalize", depth="float").astype(float)
    before = image / white
    np.testing.assert_allclose(found - luma(found)[..., None], before - luma(before)[..., None], atol=1e-5)
    exact = slow_even(np.round(luma(before) * 65535), 1)
    assert np.abs(luma(found) - exact).max() < 3e-3 and np.abs(luma(found) - exact).mean() < 5e-4


def test_floats_are_counted_in_many_steps(picture):
    image = (picture((90, 70), "float64") - 0.3) * 5000
    found = tone(image, op="equalize")
    assert found.min() == 0 and found.max() == 1
    assert np.abs(found - slow_even(image, 1)).max() < 1e-3
    stretched = tone(image, op="autocontrast")
    np.testing.assert_allclose(stretched, (image - image.min()) / np.ptp(image), atol=1e-12)


def test_defaults_are_the_identity(picture):
    for shape, dtype in itertools.product(((9, 7), (9, 7, 3), (9, 7, 4)), WHITE):
        image = picture(shape, dtype)
        for values in ({}, {"hue": 360}, {"levels": (0, WHITE[dtype])}, {"levels": (0, WHITE[dtype], 1)}):
            found = tone(image, **values)
            if shape[2:] == (4,) and "levels" in values:
                continue  # what cannot be seen becomes black
            if dtype.startswith("float") and shape[2:] == (4,):
                np.testing.assert_allclose(found, image, rtol=1e-6)  # multiplied by the alpha, and divided
            else:
                assert found.tobytes() == image.tobytes()


@pytest.mark.each("values", [{"contrast": 1.3}, {"saturation": 0.4}, {"hue": 70.0}, {"op": "grayscale"}])
def test_gray_has_no_colour(values, picture):
    gray = picture((20, 30), "uint8")
    alike = np.repeat(gray[..., None], 3, axis=2)
    np.testing.assert_array_equal(tone(alike, **values), np.repeat(tone(gray, **values)[..., None], 3, axis=2))
    if "contrast" not in values:
        np.testing.assert_array_equal(tone(gray, **values), gray)


def test_nothing_is_clipped_in_between():
    image = np.array([[[200, 100, 50]]], np.uint8)
    # 2 · 200 is over white until the power takes it back.
    assert tone(image, brightness=2, gamma=2).tolist() == [[[255, 157, 39]]]
    low = np.array([[10, 200]], np.uint8)
    both = chain(tone.step(brightness=4), tone.step(brightness=0.25))
    np.testing.assert_array_equal(both(low), low)


def test_floats_go_on_above_white_and_below_black():
    image = np.array([[-0.5, 0.5, 2.0]], np.float32)
    np.testing.assert_array_equal(tone(image, brightness=3), [[-1.5, 1.5, 6]])
    np.testing.assert_array_equal(tone(image, gamma=2), [[-0.5, 0.25, 4]])
    np.testing.assert_array_equal(tone(image, op="invert"), [[1.5, 0.5, -1]])
    np.testing.assert_array_equal(tone(image, levels="0.5,1"), [[-2, 0, 3]])
    np.testing.assert_array_equal(tone(image, op="posterize", bits=1), [[-0.5, 0.5, 2]])
    np.testing.assert_array_equal(tone(image, op="solarize"), [[-0.5, 0.5, -1]])


@pytest.mark.each("values", [*ADJUSTED, *({"op": op} for op in OPS)])
def test_tables_give_what_the_formulas_give(values, each_core, picture):
    """Whole numbers are looked up; with an alpha, or after a filter, they are fractions."""
    image = picture((37, 41, 3), "uint8")
    opaque = np.concatenate([image, np.full((37, 41, 1), 255, np.uint8)], axis=2)
    found = tone(image, **values)
    behind = chain(blur.step(sigma=0), tone.step(**values))(image)
    for other in (tone(opaque, **values)[..., :3], behind):
        off = np.abs(found.astype(int) - other)
        assert off.max() <= 1 and np.count_nonzero(off) <= 0.002 * off.size + 2


@pytest.mark.each("values", [*ADJUSTED, *({"op": op} for op in OPS)])
def test_missing_and_infinite_samples(values, each_core, picture):
    for shape in ((30, 40), (30, 40, 3)):
        image = picture(shape, "float32")
        known = tone(image, **values)
        image[4, 5], image[20:22] = np.nan, np.nan
        found = tone(image, **values)
        gaps = np.isnan(image)
        np.testing.assert_array_equal(np.isnan(found), gaps)
        if values.get("op") not in ("equalize", "autocontrast", "clahe") and "contrast" not in values:
            np.testing.assert_array_equal(found[~gaps], known[~gaps])
        image[4, 5] = np.inf
        assert np.isfinite(tone(image, **values)[[0, 1, 25, 29]]).all()


def test_contrast_leaves_out_what_is_missing_or_invisible():
    image = np.array([[0.2, 0.4, np.nan, np.inf]], np.float32)
    np.testing.assert_allclose(tone(image, contrast=2)[0, :2], [0.1, 0.5], rtol=1e-6)
    clear = np.array([[[100, 255], [200, 255], [7, 0]]], np.uint8)
    assert tone(clear, contrast=2).tolist() == [[[50, 255], [250, 255], [0, 0]]]


@pytest.mark.each("values", [{"op": op} for op in OPS] + [{"contrast": 1.4, "hue": 30.0}])
def test_the_alpha_stays(values, picture):
    image = picture((20, 30, 4), "uint8")
    image[:5, :, 3], image[5:10, :, 3] = 0, 255
    found = tone(image, **values)
    np.testing.assert_array_equal(found[..., 3], image[..., 3])
    assert (found[5:10, :, :3] != image[5:10, :, :3]).any() and not found[:5].any()


def test_bands_have_their_own_means_and_curves(picture):
    bands = picture((20, 30, 5), "uint8")
    for values in ({"contrast": 1.5}, {"op": "autocontrast"}, {"op": "equalize"}, {"op": "clahe", "tiles": 2}):
        found = tone(bands, **values)
        for number in range(5):
            np.testing.assert_array_equal(found[..., number], tone(bands[..., number], **values))


@pytest.mark.each("values", [{"contrast": 1.4}, *({"op": op} for op in OPS)])
def test_each_image_of_a_stack_is_by_itself(values, picture):
    stack = picture((3, 20, 30, 3), "uint8")
    stack[1] //= 2
    found = tone(stack, stack=True, **values)
    for number in range(3):
        np.testing.assert_array_equal(found[number], tone(stack[number], **values))


def test_the_mean_is_that_of_all_rows_however_they_come(monkeypatch, picture):
    image = picture((200, 33, 3), "float32")
    expected = tone(image, contrast=1.7)
    monkeypatch.setattr(stages, "SURVEYED_ROWS", 7)
    np.testing.assert_array_equal(tone(image, contrast=1.7), expected)
    behind = chain(blur, tone.step(contrast=1.7))
    found = behind(image)
    monkeypatch.setattr(stages, "SURVEYED_ROWS", 64)
    np.testing.assert_array_equal(behind(image), found)


@given(
    white=st.sampled_from([255, 4095, 65535]),
    factor=st.floats(0, 4),
    gamma=st.floats(0.1, 5),
    seed=st.integers(0, 9),
)
def test_a_named_white_is_what_values_are_parts_of(white, factor, gamma, seed):
    image = np.random.default_rng(seed).integers(0, white + 1, (6, 7), np.uint16)
    found = tone(image, brightness=factor, gamma=gamma, white=white).astype(float)
    exact = np.minimum(white * (image * factor / white) ** gamma, 65535)
    assert np.abs(found - exact).max() <= 0.5001


def test_what_brightness_loses_in_the_mean_is_what_ties_round_up():
    """Values end in .5 in one of ten, which add half a level each; cut off, as in Pillow, all would lose half."""
    image = np.arange(190, dtype=np.uint8)[None]
    off = tone(image, brightness=1.3) - image * 1.3
    ties = np.isclose(image * 1.3 % 1, 0.5)
    assert abs(off.mean()) < 0.06 and abs(off[~ties].mean()) < 0.02


@pytest.mark.skipif(native.core is None, reason="needs the compiled core")
def test_samples_of_8_bits_are_looked_up(monkeypatch, picture):
    calls = []

    class Core:
        def __getattr__(self, name):
            return lambda *given: (calls.append(name), getattr(core, name)(*given))[1]

    core = native.core
    monkeypatch.setattr(native, "core", Core())
    tone(picture((20, 30, 3), "uint8"), brightness=1.2, gamma=0.7)
    tone(picture((20, 30, 3), "uint16"), contrast=1.2)
    assert {*calls} - {"chosen"} == {"look_up", "histogram"}


def test_cmyk_has_no_hue():
    from imfilter.filters.core.engine.stage import ImageContext, bound

    stages = tone.checked(hue=10).stages()
    with pytest.raises(ImageError, match="CMYK colours have no hue and no saturation here; use --to-rgb"):
        bound(stages[0], ImageContext(255.0, np.float32, colours="cmyk"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"brightness": -1}, "brightness: -1 is below the least value, 0"),
        ({"gamma": 0}, "gamma: 0 is below the least value, 0.01"),
        ({"op": "invert", "gamma": 2}, "gamma: does not apply to op invert"),
        ({"levels": "5"}, "levels: '5' has 1 numbers; use LOW,HIGH or LOW,HIGH,GAMMA"),
        ({"levels": "a,b"}, "levels: 'a,b' is not LOW,HIGH or LOW,HIGH,GAMMA"),
        ({"levels": (3, 3)}, "LOW and HIGH are equal"),
        ({"levels": (0, 255, 0)}, "GAMMA must be from 0.01 to 100"),
        ({"levels": (0, float("nan"))}, "not finite"),
        ({"levels": 7}, "levels: 7 is not LOW,HIGH"),
        ({"op": "posterize", "bits": 0}, "bits: 0 is below"),
        ({"op": "autocontrast", "cutoff": 51}, "cutoff: 51 is above"),
        ({"bits": 3}, "bits: does not apply to op adjust"),
        ({"op": "clahe", "tiles": 0}, "tiles: 0 is below"),
    ],
)
def test_wrong_values_are_refused(values, message):
    with pytest.raises(ParameterError, match=message):
        tone(np.zeros((2, 2), np.uint8), **values)


@pytest.fixture
def picture():
    """Samples with dark and bright parts, some alike."""

    def image(shape, dtype):
        values = np.random.default_rng(4).beta(1.2, 2, shape) * WHITE[dtype]
        return values.astype(dtype)

    return image


@pytest.fixture
def near(to_samples):
    """Check results against exact values: rounded, except for one sample in a thousand."""

    def near(found, exact):
        if found.dtype.kind == "f":
            np.testing.assert_allclose(found, exact, atol=1e-5)
            return
        off = np.abs(found.astype(int) - to_samples(exact, found.dtype).astype(int))
        assert off.max() <= 1
        off[np.abs(exact % 1 - 0.5) < 1e-5] = 0  # which may be half a level, or a little less
        assert np.count_nonzero(off) <= 1 + 1e-3 * off.size

    return near


# ---- other programs ---------------------------------------------------------------------------------


@pytest.fixture
def photo():
    y, x = np.mgrid[:120, :160]
    waves = np.stack([x * 1.2 + 20 * np.sin(y / 9), 90 + y + 20 * np.cos(x / 11), (x + y) % 200], axis=2)
    return np.clip(waves + np.random.default_rng(1).normal(0, 8, waves.shape), 0, 255).astype(np.uint8)


def test_pillow_has_the_same_ops(photo):
    from PIL import Image, ImageEnhance, ImageOps

    image = Image.fromarray(photo)
    for bits in (1, 2, 4, 7, 8):
        np.testing.assert_array_equal(tone(photo, op="posterize", bits=bits), ImageOps.posterize(image, bits))
    for threshold in (0, 1, 128, 255):
        expected = np.asarray(ImageOps.solarize(image, threshold))
        np.testing.assert_array_equal(tone(photo, op="solarize", threshold=threshold), expected)
    np.testing.assert_array_equal(tone(photo, op="invert"), ImageOps.invert(image))
    off = tone(photo, op="grayscale")[..., 0].astype(int) - np.asarray(image.convert("L"))  # its weights have 16 bits
    assert np.abs(off).max() <= 1 and (off != 0).mean() < 1e-3
    # Pillow cuts off what is below the point.
    for cutoff in (0, 2, (1, 3)):
        for per_channel in (True, False):
            expected = np.asarray(ImageOps.autocontrast(image, cutoff, preserve_tone=not per_channel))
            off = tone(photo, op="autocontrast", cutoff=cutoff, per_channel=per_channel).astype(int) - expected
            # Its factor may be a little less than exact; and its luma is rounded, so that its ends are others.
            assert np.abs(off).max() <= 2 - per_channel
            assert np.count_nonzero(off < 0) <= 0.001 * off.size or not per_channel
    for name, enhance in (("brightness", ImageEnhance.Brightness), ("saturation", ImageEnhance.Color)):
        for factor in (0.5, 1.3):
            off = tone(photo, **{name: factor}).astype(int) - np.asarray(enhance(image).enhance(factor))
            assert np.abs(off).max() <= 1, name
    for factor in (0.5, 1.3):  # its mean is a whole number
        off = tone(photo, contrast=factor).astype(int) - np.asarray(ImageEnhance.Contrast(image).enhance(factor))
        assert np.abs(off).max() <= 1


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.each(
    "values",
    [
        {"op": "posterize", "bits": 3},
        {"op": "posterize", "bits": 7},
        {"op": "solarize"},
        {"op": "invert"},
        {"brightness": 1.3},
        {"gamma": 0.6},
        {"hue": 77, "saturation": 1.5},
    ],
)
def test_beside_an_alpha_colours_are_what_they_are_without(dtype, values, noise, each_core):
    """Steps lie where they lie, and halves go up, though colours are multiplied by their alpha and divided again."""
    image = noise((90, 110, 3), dtype)
    alpha = noise((90, 110), dtype) | 1
    found = tone(np.dstack([image, alpha]), **values)
    np.testing.assert_array_equal(found[..., 3], alpha)
    assert (found[..., :3] != tone(image, **values)).mean() <= (1e-4 if dtype == "uint8" or "hue" in values else 0)


@pytest.mark.peers
def test_opencv_equalizes_the_same(photo, peer):
    cv2 = peer("cv2")
    for gray in (photo[..., 0], photo[..., 1] // 3 + 40):
        np.testing.assert_array_equal(tone(np.ascontiguousarray(gray), op="equalize"), cv2.equalizeHist(gray.copy()))


@pytest.mark.peers
def test_scikit_image_bends_the_same(photo, peer):
    exposure = peer("skimage.exposure")
    for gamma in (0.5, 2.2):
        expected = exposure.adjust_gamma(photo / 255, gamma)
        np.testing.assert_allclose(tone(photo / 255, gamma=gamma), expected, atol=1e-12)
    expected = exposure.rescale_intensity(photo / 255, in_range=(0.2, 0.7), out_range=(0, 1))
    np.testing.assert_allclose(tone(photo / 255, levels=(0.2, 0.7)).clip(0, 1), expected, atol=1e-12)


@pytest.mark.peers
def test_scikit_image_turns_hues_the_same(photo, peer):
    color = peer("skimage.color")
    for degrees in (-120, 33, 77, 180):
        turned = color.rgb2hsv(photo / 255)
        turned[..., 0] = (turned[..., 0] + degrees / 360) % 1
        np.testing.assert_allclose(tone(photo / 255, hue=degrees), color.hsv2rgb(turned), atol=1e-12)
