"""What is white in a file: 1 of float, what .npy says, and --white; double precision from file to file."""

import json

import numpy as np
import pytest
import tifffile
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.edges import edges
from PIL import Image

KEEP = ("conv", "--kernel", "identity")


# ---- float and back ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "depth"), [("uint8", "8"), ("uint16", "16")])
def test_through_a_float_tiff_and_back_nothing_changes(ok, load, gray, dtype, depth):
    image = gray.astype(dtype) * np.array(257 if dtype == "uint16" else 1, dtype)
    Image.fromarray(image).save("a.png")
    ok(*KEEP, "a.png", "-o", "b.tif", "--depth", "float")
    values = load("b.tif")
    assert values.dtype == np.float32 and values.max() <= 1
    np.testing.assert_allclose(values, image / np.iinfo(dtype).max, rtol=1e-6)
    ok(*KEEP, "b.tif", "-o", "c.png", "--depth", depth)
    np.testing.assert_array_equal(load("c.png"), image)


@pytest.mark.parametrize(("dtype", "depth"), [("uint8", "8"), ("uint16", "16")])
def test_an_array_is_in_the_inputs_units_and_says_what_is_white(ok, load, gray, dtype, depth):
    image = gray.astype(dtype) * np.array(257 if dtype == "uint16" else 1, dtype)
    Image.fromarray(image).save("a.png")
    ok("blur", "a.png", "-o", "b.npy")
    np.testing.assert_allclose(load("b.npy"), blur(image, depth="float") * np.iinfo(dtype).max, rtol=1e-6)
    ok(*KEEP, "b.npy", "-o", "c.png", "--depth", depth)
    assert np.abs(load("c.png").astype(int) - blur(image)).max() <= (dtype == "uint16")  # float32 holds 24 bits
    ok(*KEEP, "b.npy", "-o", "d.tif", "--depth", "float")
    np.testing.assert_allclose(load("d.tif"), blur(image, depth="float"), rtol=1e-6)


def test_white_goes_from_array_to_array(ok, load, png, rgb):
    ok("blur", png, "-o", "a.npy")
    ok(*KEEP, "a.npy", "-o", "b.npy")
    ok(*KEEP, "b.npy", "-o", "b.png")
    np.testing.assert_array_equal(load("b.png"), blur(rgb))
    ok(*KEEP, "b.npy", "-o", "c.npy", "--depth", "float")
    assert load("c.npy").max() <= 1
    ok(*KEEP, "c.npy", "-o", "c.png")
    np.testing.assert_array_equal(load("c.png"), blur(rgb))


def test_stripped_files_keep_their_white(ok, load, rgb):
    Image.fromarray(rgb).save("a.png")
    ok("blur", "a.png", "-o", "a.npy", "--strip")
    ok(*KEEP, "a.npy", "-o", "b.png")
    np.testing.assert_array_equal(load("b.png"), blur(rgb))


@pytest.mark.parametrize("word", ["white=", "white=x", "white=-1", "white=nan", "white=inf", "white=0"])
def test_a_comment_that_says_no_white_is_a_comment(ok, load, word):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }  # " + word
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    values = np.array([[0.2, 1]], np.float32)
    with open("a.npy", "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values.tobytes())
    ok(*KEEP, "a.npy", "-o", "b.png")
    assert load("b.png").tolist() == [[51, 255]]


def test_integers_of_other_types_are_levels_of_8_bits(ok, load, gray):
    """What programs compute from 8 bits, and then save."""
    for dtype in ("int64", "int32", "uint32", "int16"):
        np.save("a.npy", gray.astype(dtype))
        ok("edges", "a.npy", "-o", "b.png", "--op", "canny")
        np.testing.assert_array_equal(load("b.png"), edges(gray, op="canny").image)


def test_maps_in_float_are_in_the_inputs_units(ok, load, png, rgb):
    ok("edges", png, "-o", "e.tif", "--magnitude", "m.tif", "--angle", "a.npy", "--depth", "float")
    found = edges(rgb)
    np.testing.assert_allclose(load("m.tif"), found.magnitude, rtol=1e-6)
    np.testing.assert_allclose(load("e.tif"), found.magnitude / 255, rtol=1e-6)
    with open("a.npy", "rb") as file:
        assert b"white" not in file.read(256)  # degrees have none


def test_a_mask_of_an_array_has_its_white_too(ok, load, png, rgb, gray):
    Image.fromarray(gray).save("mask.png")
    ok(*KEEP, "mask.png", "-o", "mask.npy")
    ok("blur", png, "-o", "b.png", "--mask", "mask.png")
    ok("blur", png, "-o", "c.png", "--mask", "mask.npy")
    np.testing.assert_array_equal(load("b.png"), load("c.png"))


# ---- --white ----------------------------------------------------------------------------------------


def test_twelve_bits_in_sixteen(ok, load, gray):
    Image.fromarray(gray.astype(np.uint16) * 16).save("a.png")
    ok(*KEEP, "a.png", "-o", "b.png", "--white", "4080", "--depth", "8")
    np.testing.assert_array_equal(load("b.png"), gray)
    ok("edges", "a.png", "-o", "c.png", "--op", "canny", "--white", "4080", "--depth", "8")
    np.testing.assert_array_equal(load("c.png"), edges(gray, op="canny").image)
    ok(*KEEP, "a.png", "-o", "d.png", "--white", "4080")
    np.testing.assert_array_equal(load("d.png"), gray.astype(np.uint16) * 16)


def test_floats_of_0_to_255(ok, load, rgb):
    tifffile.imwrite("a.tif", rgb.astype(np.float32), photometric="rgb", metadata=None)
    ok("noise", "a.tif", "-o", "n.png", "--white", "255", "--seed", "3")
    ok(*KEEP, "a.tif", "-o", "b.png", "--white", "255")
    np.testing.assert_array_equal(load("b.png"), rgb)
    ok(*KEEP, "a.tif", "-o", "c.tif", "--white", "255", "--depth", "float")
    np.testing.assert_allclose(load("c.tif"), rgb / 255, rtol=1e-6)
    ok(*KEEP, "a.tif", "-o", "d.tif", "--white", "255")
    np.testing.assert_array_equal(load("d.tif"), rgb)


def test_alpha_is_in_the_same_units(ok, load, rgba):
    np.save("a.npy", rgba.astype(np.float64))
    ok("blur", "a.npy", "-o", "b.png", "--white", "255")
    Image.fromarray(rgba).save("c.png")
    ok("blur", "c.png", "-o", "d.png")
    found, expected = load("b.png").astype(int), load("d.png").astype(int)
    assert np.abs(found - expected)[expected[..., 3] > 0].max() <= 1 and np.abs(found - expected)[..., 3].max() <= 1


def test_white_is_the_first_steps(run, ok, load, refused, gray):
    Image.fromarray(gray.astype(np.uint16) * 16).save("a.png")
    ok("chain", "a.png", "-o", "b.png", "blur --sigma 0 --white 4080", "conv --kernel identity --depth 8")
    np.testing.assert_array_equal(load("b.png"), gray)
    line = refused(2, "chain", "a.png", "-o", "b.png", "blur", "edges --white 4080")
    assert line == "imfilter: step 2 (edges): --white belongs to the first step, which reads the input"


def test_white_that_samples_do_not_reach(refused, png):
    assert "white, 4095, exceeds the range of uint8, 255" in refused(1, "blur", png, "-o", "b.png", "--white", 4095)


# ---- notes ------------------------------------------------------------------------------------------


@pytest.mark.each(
    "words, kind, meant",
    [
        ("tone --levels 10,200", "uint16", "10,200 of 255 is --levels 2570,51400"),
        ("tone --levels 10,200,1.5", "float32", "10,200 of 255 is --levels 0.039216,0.78431"),
        ("tone --op solarize --threshold 128", "uint16", "128 of 255 is --threshold 32896"),
        ("threshold --value 128", "uint16", "128 of 255 is --value 32896"),
        ("threshold --value 128", "float32", "128 of 255 is --value 0.50196"),
        ("threshold --value 128", "uint8", None),
        ("threshold --value 12800", "uint16", None),
        ("threshold --value 0.5", "float32", None),
        ("threshold --value 128", "dark", None),
        ("threshold --value 128 --white 4095", "dark", None),
        ("threshold", "uint16", None),
    ],
)
def test_values_of_8_bits_are_told_in_the_pictures_units(run, words, kind, meant):
    ramp = np.linspace(0, 1, 600).reshape(20, 30)
    white = {"uint8": 255, "uint16": 65535, "float32": 1, "dark": 900}[kind]
    tifffile.imwrite("a.tif", (ramp * white).astype("uint16" if kind == "dark" else kind), metadata=None)
    ended = run(*words.split(), "a.tif", "-o", "b.tif")
    assert ended.code == 0
    option = words.split()[-2] if meant else ""
    said = f"imfilter: a.tif: {option} is in the picture's units, in which white is {white}; {meant}\n"
    assert ended.err == (said if meant else "")


def test_values_far_above_white_are_told(run, ok, load):
    values = np.linspace(0, 3000, 60, dtype=np.float32).reshape(6, 10)
    tifffile.imwrite("a.tif", values, metadata=None)
    ended = run(*KEEP, "a.tif", "-o", "b.png")
    assert ended.code == 0 and ended.err == (
        "imfilter: a.tif: its values, up to 3000, are far above white, 1, and are clipped in 8-bit samples; "
        "use --white 4095 or --range stretch\n"
    )
    for how in (("--range", "stretch"), ("--white", "3000"), ("--gain", "0.001"), ("-q",)):
        ok(*KEEP, "a.tif", "-o", "b.png", *how)
    ok(*KEEP, "a.tif", "-o", "b.tif")
    values[0, 0] = np.inf
    values[0, 1:3] = np.nan
    tifffile.imwrite("a.tif", values, metadata=None)
    assert "up to 3000," in run(*KEEP, "a.tif", "-o", "b.png").err


def test_highlights_above_white_are_usual(ok):
    tifffile.imwrite("a.tif", np.array([[0, 1.9]], np.float32), metadata=None)
    ok(*KEEP, "a.tif", "-o", "b.png")


def test_a_tiff_cannot_say_what_is_white(run, ok, png):
    ok("blur", png, "-o", "a.npy")
    said = run(*KEEP, "a.npy", "-o", "b.tif").err
    assert said == (
        "imfilter: a.npy: TIFF cannot store that 255 is white: read it with --white 255, or use --depth float\n"
    )


# ---- double precision -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", ">f8", "int32", "uint32", "int64", "uint64"])
def test_arrays_are_filtered_and_written_in_double_precision(ok, load, dtype):
    values = (np.random.default_rng(0).integers(0, 9, (20, 30)) + 2**30).astype(dtype)
    np.save("a.npy", values)
    ok("blur", "a.npy", "-o", "b.npy")
    found = load("b.npy")
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, blur(values.astype(np.float64)))
    assert found.std() < 2


def test_a_small_deviation_stays(ok, load):
    """A deviation of 0.01 at 4 million, where float32 knows quarters."""
    values = 4e6 + np.random.default_rng(0).normal(0, 0.01, (64, 64))
    np.save("a.npy", values)
    ok("blur", "a.npy", "-o", "b.npy", "--sigma", "0.2")
    assert load("b.npy").std() == pytest.approx(values.std(), rel=1e-3)


def test_maps_and_banks_are_double_too(ok, load):
    values = 4e6 + np.random.default_rng(0).normal(0, 0.01, (20, 30))
    np.save("a.npy", values)
    ok("edges", "a.npy", "--gx", "gx.npy", "--magnitude", "m.npy")
    ok("conv", "a.npy", "-o", "h.npy", "--kernel", "haar")
    assert load("gx.npy").dtype == load("m.npy").dtype == load("h.npy").dtype == np.float64
    np.testing.assert_allclose(load("gx.npy"), edges(values - 4e6).gx, atol=1e-7)
    np.testing.assert_allclose(load("h.npy")[..., 1:], conv(values - 4e6, kernel="haar")[..., 1:], atol=1e-7)


@pytest.mark.parametrize("dtype", ["float16", "int8", "int16", "float32"])
def test_what_float32_holds_stays_in_it(ok, load, dtype):
    np.save("a.npy", np.arange(20).reshape(4, 5).astype(dtype))
    ok(*KEEP, "a.npy", "-o", "b.npy")
    assert load("b.npy").dtype == np.float32


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1])
def test_integers_beyond_double_precision_are_refused(refused, value):
    np.save("a.npy", np.array([[0, value]]))
    line = refused(1, "blur", "a.npy", "-o", "b.npy")
    assert line == (
        f"imfilter: a.npy: has int64 samples up to {value}, which float64 cannot hold exactly above 2⁵³; "
        "divide them, or save them as float64"
    )
    np.save("a.npy", np.array([[0, 2**53]]))


def test_json_tells_the_depth(ok):
    np.save("a.npy", np.zeros((9, 5, 7)))
    first = json.loads(ok("blur", "a.npy", "-o", "b.npy", "--json").splitlines()[0])
    assert (first["depth"], first["channels"]) == ("double", 7)


def test_formats_without_double_precision_say_what_they_hold(refused, ok, load):
    np.save("a.npy", np.full((4, 5), 0.2))
    ok("blur", "a.npy", "-o", "b.png")
    assert (load("b.png") == 51).all()
