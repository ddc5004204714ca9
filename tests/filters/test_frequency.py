"""Frequency filters: pure frequencies, and the Fourier transform of the picture with explicit padding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imfilter.filters.blur import blur
from imfilter.filters.core.engine import executor
from imfilter.filters.core.engine.borders import BORDERS
from imfilter.filters.core.engine.gaps import guessed
from imfilter.filters.core.engine.quantize import FULL, Encoding
from imfilter.filters.core.parameters import ParameterError
from imfilter.filters.frequency import frequency
from scipy import fft

SHAPES = ("ideal", "gaussian", "butterworth")
OPS = ("lowpass", "highpass", "bandpass", "bandstop", "notch")
AT = ((0.1, 0.2), (0.25, -0.1))


def low(squared, cutoff, shape, order):
    """The low-passes of Gonzalez and Woods, equations 4-111, 4-116 and 4-117."""
    if shape == "ideal":
        return (np.sqrt(squared) <= cutoff + 1e-12).astype(float)
    if shape == "gaussian":
        return np.exp(-squared / (2 * cutoff**2))
    return 1 / (1 + (np.sqrt(squared) / cutoff) ** (2 * order))


def response(u, v, op, shape, cutoffs, order=2, at=AT):
    """What each frequency is multiplied by."""
    squared = u**2 + v**2
    if op in ("lowpass", "highpass"):
        passed = low(squared, cutoffs[0], shape, order)
        return passed if op == "lowpass" else 1 - passed
    if op == "notch":
        total = 1.0
        for x, y in {((s * x + 0.5) % 1 - 0.5, (s * y + 0.5) % 1 - 0.5) for x, y in at for s in (1, -1)}:
            dx, dy = (u - x + 0.5) % 1 - 0.5, (v - y + 0.5) % 1 - 0.5
            total = total * (1 - low(dx**2 + dy**2, cutoffs[0], shape, order))
        return np.where(squared == 0, 1, total)
    lower, upper = cutoffs
    distance = np.sqrt(squared)
    if shape == "ideal":
        passed = ((distance >= lower - 1e-12) & (distance <= upper + 1e-12)).astype(float)
    else:
        with np.errstate(divide="ignore"):
            z = np.abs(squared - lower * upper) / (distance * (upper - lower))
        passed = np.exp(-(z**2)) if shape == "gaussian" else 1 / (1 + z ** (2 * order))
    return passed if op == "bandpass" else 1 - passed


def filtered(plane, border, fill=0.0, **how):
    """Lay the picture out with one period of what surrounds it, transform, multiply, and transform back."""
    height, width = plane.shape
    whole, top, left = plane.astype(float), 0, 0
    if border in ("nearest", "constant"):
        rows, columns = (fft.next_fast_len(size + 2 * -(-size // 2), real=True) for size in plane.shape)
        top, left = (rows - height) // 2, (columns - width) // 2
        around = (top, rows - height - top), (left, columns - width - left)
        whole = np.pad(whole, around, "edge") if border == "nearest" else np.pad(whole, around, constant_values=fill)
    if border == "mirror":
        whole = np.hstack([whole, whole[:, -2:0:-1]])
        whole = np.vstack([whole, whole[-2:0:-1]])
    elif border != "wrap":
        whole = np.hstack([whole, whole[:, ::-1]])
        whole = np.vstack([whole, whole[::-1]])
    u, v = np.fft.fftfreq(whole.shape[1])[None], np.fft.fftfreq(whole.shape[0])[:, None]
    back = np.fft.ifft2(np.fft.fft2(whole) * response(u, v, **how)).real
    return back[top : top + height, left : left + width]


def options(op, shape, cutoffs, order=2, at=AT):
    """The parameters that mean the reference's."""
    chosen = {"op": op, "shape": shape, "cutoff": cutoffs if len(cutoffs) > 1 else cutoffs[0]}
    return chosen | ({"order": order} if shape == "butterworth" else {}) | ({"at": at} if op == "notch" else {})


def picture_alone(image, **values):
    """Filter as the command does where no map is wanted: 8 bits in float32, which the maps would not stand."""
    encodings = {"image": Encoding(image.dtype.name, full=FULL[image.dtype.name])}
    result = executor.run(
        frequency.checked(**values).stages(), image[..., None], encodings, frequency.checked(**values).settings()
    )
    assert f"computed in {'float32' if image.dtype == np.uint8 else 'float64'}" in result.facts[-1].text
    return result.outputs["image"].samples[..., 0]


# ---- pure frequencies -------------------------------------------------------------------------------


@pytest.mark.parametrize("op", OPS)
@pytest.mark.each("shape", SHAPES)
@pytest.mark.each("across, down", [(3, 0), (0, 4), (5, 7), (-2, 6), (16, 0), (16, 12)])
def test_a_wave_of_whole_periods_is_multiplied_by_the_response(op, shape, across, down):
    width, height = 32, 24
    x, y = np.arange(width)[None], np.arange(height)[:, None]
    u, v = across / width, down / height
    wave = (0.5 + 0.25 * np.cos(2 * np.pi * (u * x + v * y) + 0.4)).astype(np.float32)
    how = {"op": op, "shape": shape, "cutoffs": (0.1, 0.3) if op.startswith("band") else (0.13,)}
    expected = 0.5 * response(np.zeros(1), np.zeros(1), **how) + (wave - 0.5) * response(*np.array([[u], [v]]), **how)
    found = frequency(wave, **options(**how), border="wrap").image
    np.testing.assert_allclose(found, expected, atol=2e-7)


@pytest.mark.parametrize("op", OPS[:4])
@pytest.mark.each("shape", SHAPES)
@pytest.mark.each("across, down", [(3, 0), (0, 4), (5, 7), (31, 23)])
def test_a_cosine_of_half_periods_is_multiplied_by_the_response_under_reflection(op, shape, across, down):
    width, height = 32, 24
    x, y = np.arange(width)[None] + 0.5, np.arange(height)[:, None] + 0.5
    wave = np.cos(np.pi * across * x / width) * np.cos(np.pi * down * y / height)
    how = {"op": op, "shape": shape, "cutoffs": (0.1, 0.3) if op.startswith("band") else (0.13,)}
    expected = wave * response(np.array([across / 2 / width]), np.array([down / 2 / height]), **how)
    found = frequency(wave.astype(np.float32), **options(**how)).image
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("op", "shape", "frequency_", "factor"),
    # Half the amplitude at a Butterworth's cutoff, e^-1/2 at a Gaussian's; a band's edges 1/2 and 1/e.
    [
        ("lowpass", "butterworth", 0.25, 0.5),
        ("highpass", "butterworth", 0.25, 0.5),
        ("lowpass", "gaussian", 0.25, 0.6065307),
        ("highpass", "gaussian", 0.25, 0.3934693),
        ("lowpass", "ideal", 0.25, 1.0),
        ("highpass", "ideal", 0.25, 0.0),
        ("bandpass", "butterworth", 0.125, 0.5),
        ("bandpass", "butterworth", 0.25, 0.5),
        ("bandpass", "gaussian", 0.125, 0.3678794),
        ("bandstop", "gaussian", 0.25, 0.6321206),
        ("bandpass", "ideal", 0.125, 1.0),
        ("bandstop", "ideal", 0.25, 0.0),
    ],
)
def test_the_response_at_the_cutoff_is_the_documented_one(op, shape, frequency_, factor):
    cutoff = (0.125, 0.25) if op.startswith("band") else 0.25
    wave = np.cos(2 * np.pi * frequency_ * np.arange(16)).astype(np.float32)[None]
    found = frequency(wave, op=op, shape=shape, cutoff=cutoff, border="wrap").image
    np.testing.assert_allclose(found, wave * factor, atol=1e-6)


def test_a_band_passes_its_middle_untouched():
    wave = np.cos(2 * np.pi * 0.125 * np.arange(16)).astype(np.float32)[None]
    for shape in SHAPES:
        found = frequency(wave, op="bandpass", shape=shape, cutoff=(0.0625, 0.25), border="wrap").image
        np.testing.assert_allclose(found, wave, atol=1e-6)


# ---- the transform with explicit padding --------------------------------------------------------------


@pytest.mark.each("border", BORDERS)
@pytest.mark.parametrize("op", OPS)
@pytest.mark.each("shape", SHAPES)
def test_every_filter_is_the_transform_of_the_picture_with_its_surroundings(border, op, shape, noise):
    for size in [(13, 9), (16, 20), (1, 7), (7, 1), (1, 1), (2, 3), (31, 37)]:
        image = noise(size)
        how = {"op": op, "shape": shape, "cutoffs": (0.1, 0.3) if op.startswith("band") else (0.11,), "order": 3}
        found = frequency(image, **options(**how), border=border, fill=40, depth="float").image * 255
        np.testing.assert_allclose(found, filtered(image, border, 40, **how), atol=4e-5, err_msg=str(size))


@given(
    st.sampled_from(OPS),
    st.sampled_from(SHAPES),
    st.sampled_from(BORDERS),
    st.tuples(st.floats(0.02, 0.7), st.floats(0.02, 0.7)).filter(lambda pair: abs(pair[0] - pair[1]) > 0.01),
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.tuples(st.integers(-50, 50), st.integers(-50, 50)).filter(any),
    st.sampled_from(["uint8", "uint16", "float32"]),
)
def test_any_filter_of_any_picture(op, shape, border, cutoffs, size, at, dtype):
    """Samples: within a level, and the same in all but those that lie next to a half."""
    random = np.random.default_rng(3)
    full = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    image = (random.random(size) * full).astype(dtype)
    how = {"op": op, "shape": shape, "cutoffs": tuple(sorted(cutoffs)), "order": 1, "at": ((at[0] / 100, at[1] / 100),)}
    how["cutoffs"] = how["cutoffs"] if op.startswith("band") else how["cutoffs"][:1]
    chosen = options(**how)
    expected = filtered(image, border, **how)
    found = picture_alone(image, **chosen, border=border)
    if dtype == "float32":
        np.testing.assert_allclose(found, expected, atol=1e-5)
        return
    exact = np.clip(expected, 0, full)
    error = np.abs(found - np.clip(np.floor(expected + 0.5), 0, full))
    assert error.max() <= 1
    assert np.abs(np.abs(exact - np.floor(exact)) - 0.5)[error > 0].max(initial=0) < 1e-3


@pytest.mark.parametrize("border", ["nearest", "constant", "reflect", "mirror"])
@pytest.mark.parametrize("op", ["lowpass", "highpass"])
def test_a_narrow_gaussian_is_one_in_space(border, op, noise):
    """Of the standard deviation 1 / 2π cutoff; `blur` cuts it at four, the filter sees six past the edge."""
    image = noise((50, 64), "float32")
    soft = blur(image, sigma=1 / (2 * np.pi * 0.05), border=border, fill=0.3)
    found = frequency(image, op=op, cutoff=0.05, border=border, fill=0.3).image
    np.testing.assert_allclose(found, soft if op == "lowpass" else image - soft, atol=3e-4)


@pytest.mark.parametrize("border", ["nearest", "constant", "mirror"])
@pytest.mark.parametrize("cutoff", [0.03, 0.05, 0.1])
def test_what_a_narrow_gaussian_does_not_see_need_not_be_there(border, cutoff, noise):
    image = noise((120, 150), "uint16")
    found = frequency(image, cutoff=cutoff, border=border, fill=9e4, depth="float").image * 65535
    expected = filtered(image, border, 9e4, op="lowpass", shape="gaussian", cutoffs=(cutoff,))
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_what_a_filter_hardly_lets_through_is_left_out(noise):
    """Of a low-pass, a band and a notch, most columns need not be transformed; nobody sees it."""
    image = noise((64, 200), "uint8")
    for op, cutoffs in [
        ("lowpass", (0.02,)),
        ("bandpass", (0.02, 0.03)),
        ("bandstop", (0.02, 0.03)),
        ("notch", (0.005,)),
    ]:
        for shape in ("gaussian", "ideal"):
            how = {"op": op, "shape": shape, "cutoffs": cutoffs}
            found = frequency(image, **options(**how), depth="float").image * FULL[image.dtype.name]
            np.testing.assert_allclose(found, filtered(image, "reflect", **how), atol=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_any_number_of_threads_gives_the_same_bits(channels, dtype, noise):
    image = noise((300, 70, channels), dtype)
    for values in ({}, {"op": "notch", "at": "0.1,0.2"}, {"op": "highpass", "border": "wrap"}, {"border": "nearest"}):
        runs = [
            executor.run(
                frequency.checked(**values).stages(),
                image,
                {name: Encoding("float32", full=255.0) for name in ("image", "spectrum")},
                frequency.checked(**values).settings(),
                jobs=jobs,
            ).outputs
            for jobs in (1, 2, 3)
        ]
        for name in ("image", "spectrum"):
            assert len({run[name].samples.tobytes() for run in runs}) == 1


def test_in_a_chain_it_takes_what_comes_before_it(noise):
    from imfilter.filters.core.engine.chain import chain

    image = noise((150, 40, 3), "uint8")
    for values in ({}, {"op": "highpass"}, {"border": "constant", "fill": 9.0}):
        parts = [
            filter.checked(**given).part()
            for filter, given in [(blur, {"sigma": 2, "border": "wrap"}), (frequency, values), (blur, {"sigma": 1})]
        ]
        stages, settings = chain(parts)
        found = executor.run(stages, image, {"image": Encoding("float32", full=255.0)}, settings, jobs=2)
        step = blur(image, sigma=2, border="wrap", depth="float")
        values = values | ({"fill": values["fill"] / 255} if "fill" in values else {})
        step = blur(frequency(step, **values).image, sigma=1)
        np.testing.assert_allclose(found.outputs["image"].samples, step * 255, atol=2e-3)


# ---- the mean, and values that are missing ----------------------------------------------------------


@pytest.mark.each("border", ["reflect", "wrap"])
@pytest.mark.parametrize("op", OPS)
@pytest.mark.each("shape", SHAPES)
def test_the_mean_stays_or_goes(border, op, shape, noise):
    image = noise((30, 21), "float32")
    radius = {"cutoff": 0.3} if op == "notch" else {}  # the default's neighbour is zero frequency itself
    found = frequency(image, op=op, shape=shape, border=border, **radius).image
    mean = 0 if op in ("highpass", "bandpass") else image.mean(dtype=float)
    assert abs(found.mean(dtype=float) - mean) < 1e-7


def test_a_missing_sample_counts_as_those_around_it():
    image = np.full((40, 60), 0.2, np.float32)
    image[:, 30:] = 0.9
    image[18:22, 40:44] = np.nan
    found = frequency(image, cutoff=0.3).image
    assert np.array_equal(np.isnan(found), np.isnan(image))
    np.testing.assert_allclose(found[:, 36:][~np.isnan(image[:, 36:])], 0.9, atol=2e-3)
    there = frequency(image, cutoff=0.3, nan="ignore").image
    np.testing.assert_allclose(there[18:22, 40:44], 0.9, atol=2e-3)


def test_an_infinity_stays_where_it_is():
    image = np.ones((9, 9), np.float32)
    image[4, 4] = -np.inf
    for nan in ("propagate", "ignore"):
        found = frequency(image, nan=nan).image
        assert found[4, 4] == -np.inf and np.isfinite(found).sum() == 80


def test_a_picture_of_nothing_but_nan_stays_one():
    assert np.isnan(frequency(np.full((5, 6), np.nan, np.float32)).image).all()


def test_gaps_are_guessed_from_the_smallest_square_that_knows_anything():
    nan = np.nan
    plane = np.array([[1, nan, nan, nan, nan], [nan, 3, nan, nan, nan], [nan, nan, nan, nan, 9]])
    expected = np.array([[1, 2, 2, 2, 9], [2, 3, 2, 2, 9], [2, 2, 2, 2, 9]])
    np.testing.assert_array_equal(guessed(plane), expected)


# ---- maps -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(40, 60), (41, 61)])
def test_a_pattern_is_found_in_the_spectrum_where_a_notch_takes_it_out(size):
    height, width = size
    x, y = np.arange(width)[None], np.arange(height)[:, None]
    across, down = 6, -8
    u, v = across / width, down / height
    image = np.rint(120 + 40 * np.cos(2 * np.pi * (u * x + v * y))).astype(np.uint8)
    maps = frequency(image, op="notch", at=(u, v), border="wrap")
    spectrum = maps.spectrum.copy()
    unitary = np.fft.fftshift(np.fft.fft2(image.astype(float))) / np.sqrt(image.size)
    np.testing.assert_allclose(spectrum, np.log1p(np.abs(unitary)), atol=1e-6)
    middle = (height // 2, width // 2)
    assert np.unravel_index(spectrum.argmax(), size) == middle
    spectrum[middle] = 0
    places = [np.unravel_index(place, size) for place in np.argsort(spectrum, axis=None)[-2:]]
    assert sorted(places) == sorted([(middle[0] + s * down, middle[1] + s * across) for s in (1, -1)])
    np.testing.assert_allclose([maps.response[place] for place in places], 0, atol=1e-12)
    assert maps.response[middle] == 1
    np.testing.assert_allclose(maps.image, 120, atol=1)


def test_the_spectrum_is_the_same_in_every_depth(noise):
    image = noise((20, 31))
    spectra = [frequency(samples).spectrum for samples in (image, image * np.uint16(257), image / np.float32(255))]
    np.testing.assert_allclose(spectra[1], spectra[0], atol=1e-6)
    np.testing.assert_allclose(spectra[2], spectra[0], atol=1e-6)


@pytest.mark.parametrize("op", OPS)
@pytest.mark.each("shape", SHAPES)
def test_the_response_is_that_of_the_frequencies_of_the_spectrum(op, shape):
    how = {"op": op, "shape": shape, "cutoffs": (0.1, 0.3) if op.startswith("band") else (0.11,)}
    found = frequency(np.zeros((14, 11, 3), np.uint8), **options(**how)).response
    u, v = np.fft.fftshift(np.fft.fftfreq(11))[None], np.fft.fftshift(np.fft.fftfreq(14))[:, None]
    np.testing.assert_allclose(found, np.broadcast_to(response(u, v, **how)[..., None], (14, 11, 3)), atol=1e-6)


def test_alpha_is_filtered_with_the_picture_or_kept(run, noise):
    image, alpha = noise((20, 30, 3)), np.full((20, 30), 128, np.uint8)
    alpha[:, :15] = 0
    for op in OPS:
        found = run(frequency, image, alpha=alpha, op=op)["image"]
        soft = frequency(alpha, op=op).image if op in ("lowpass", "bandstop", "notch") else alpha
        np.testing.assert_array_equal(found.alpha, soft)


# ---- parameters -------------------------------------------------------------------------------------


def test_a_wavelength_is_one_over_the_frequency(noise):
    image = noise((20, 30))
    for op, cutoff, wavelength in [
        ("lowpass", 0.125, 8),
        ("bandpass", (0.05, 0.2), (5, 20)),
        ("bandstop", (0.2, 0.05), (20, 5)),
    ]:
        one, other = frequency(image, op=op, cutoff=cutoff), frequency(image, op=op, wavelength=wavelength)
        np.testing.assert_array_equal(one.image, other.image)


@pytest.mark.parametrize(
    "at", ["0.1,0.2; 0.25,0", "0.1,0.2;-0.25,0;", [(0.1, 0.2), (0.25, 0)], ((-0.1, -0.2), [0.25, 0])]
)
def test_notches_are_named_in_words_or_pairs(at, noise):
    image = noise((20, 30))
    expected = frequency(image, op="notch", at=[(0.1, 0.2), (0.25, 0.0)]).image
    np.testing.assert_array_equal(frequency(image, op="notch", at=at).image, expected)


@pytest.mark.each(
    "values, message",
    [
        ({"cutoff": 0}, "cutoff: 0 is below the least value, 1e-06"),
        ({"cutoff": 0.8}, "cutoff: 0.8 is above the greatest value, 0.7072"),
        ({"wavelength": 1}, "wavelength: 1 is below the least value, 1.4142 px"),
        ({"cutoff": 0.1, "wavelength": 10}, "wavelength: cannot be used with --cutoff"),
        ({"cutoff": (0.1, 0.2)}, "cutoff: lowpass takes one cutoff, not 0.1 and 0.2"),
        ({"op": "notch", "cutoff": (0.1, 0.2)}, "cutoff: notch takes one"),
        ({"op": "bandpass", "cutoff": 0.1}, "cutoff: bandpass needs two edges, such as 0.05,0.2"),
        ({"op": "bandstop", "wavelength": 9}, "wavelength: bandstop needs two edges, such as 20,5"),
        ({"op": "bandstop", "wavelength": (9, 9)}, "wavelength: 9,9 is an empty band"),
        ({"op": "notch", "wavelength": 9}, "wavelength: does not apply to op notch"),
        ({"order": 3}, "order: does not apply to --shape gaussian"),
        ({"shape": "butterworth", "order": 0}, "order: 0 is below the least value, 1"),
        ({"at": "0.1,0.1"}, "at: does not apply to op lowpass"),
        ({"op": "notch", "at": "0,0"}, "at: 0,0 is the picture's mean, which a notch keeps"),
        ({"op": "notch", "at": "0.6,0"}, "at: 0.6,0 is out of range; use -0.5 to 0.5"),
        ({"op": "notch", "at": "nan,0"}, "at: nan,0 is out of range"),
        ({"op": "notch", "at": "0.1"}, "at: '0.1' is not U,V, or a list such as '0.1,0.2; 0.25,0'"),
        ({"op": "notch", "at": ";"}, "at: is empty"),
        ({"op": "notch", "at": 0.1}, "at: 0.1 is not U,V"),
    ],
)
def test_what_makes_no_sense_is_refused(values, message):
    with pytest.raises(ParameterError, match=message.replace("(", r"\(")):
        frequency(np.zeros((4, 4), np.uint8), **values)
