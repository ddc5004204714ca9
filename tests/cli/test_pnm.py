"""PBM, PAM and PFM: what is written, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

KEEP = ("conv", "--kernel", "1")


def test_black_and_white_is_written_as_bits(ok, load):
    array = np.random.default_rng(1).integers(0, 2, (9, 13), np.uint8) * np.uint8(255)
    Image.fromarray(array).save("in.png")
    ok(*KEEP, "in.png", "-o", "out.pbm")
    data = Path("out.pbm").read_bytes()
    head, size, bits = data.split(b"\n")[0], data.split(b"\n")[2], data[-9 * 2 :]
    assert (head, size) == (b"P4", b"13 9")
    unpacked = np.unpackbits(np.frombuffer(bits, np.uint8).reshape(9, 2), axis=1)[:, :13]
    assert np.array_equal(unpacked, array == 0)
    assert np.array_equal(load("out.pbm"), array > 0)
    ok(*KEEP, "out.pbm", "-o", "again.png")
    assert np.array_equal(load("again.png"), array)


def test_a_threshold_of_16_bits_is_written_as_bits(ok, load):
    array = np.random.default_rng(1).integers(0, 2, (9, 13)).astype(np.uint16) * 65535
    Image.fromarray(array).save("in.png")
    ok(*KEEP, "in.png", "-o", "out.pbm")
    assert np.array_equal(load("out.pbm"), array > 0)


def test_grays_are_no_bits(refused, png):
    said = refused(1, "blur", "a.png", "-o", "out.pbm", "--channels", "luma")
    why = "not every sample is black or white; use threshold, --depth 1, .pgm or .png"
    assert said.endswith(f"out.pbm: cannot be written as PBM: {why}")
    assert "PBM holds only gray" in refused(1, "blur", "a.png", "-o", "out.pbm")
    assert not Path("out.pbm").exists()


def test_an_update_knows_its_bits(ok, run):
    Image.new("1", (5, 5)).save("in.png")
    ok(*KEEP, "in.png", "-o", "out.pbm")
    assert b'"skipped": 1' in run(*KEEP, "in.png", "-o", "out.pbm", "--update", "--json").out


def test_a_pbm_keeps_its_format_in_a_folder(ok):
    Image.new("1", (5, 5)).save("in.pbm", "PPM")
    ok("morph", "--op", "dilate", "in.pbm", "-o", "out/")
    assert Path("out/in.pbm").read_bytes().startswith(b"P4")


def test_alpha_travels_in_a_pam(ok, rgba):
    Image.fromarray(rgba).save("in.png")
    ok(*KEEP, "in.png", "-o", "out.pam")
    data = Path("out.pam").read_bytes()
    assert b"\nTUPLTYPE RGB_ALPHA\nENDHDR\n" in data
    found = np.frombuffer(data[-rgba.size :], np.uint8).reshape(rgba.shape)
    seen = rgba[..., 3] > 0
    assert np.array_equal(found[seen], rgba[seen])
    assert np.array_equal(found[..., 3], rgba[..., 3])


BAD = {
    "no end": (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\n", "its header has no ENDHDR"),
    "no width": (b"P7\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\nx", "its header has no WIDTH"),
    "a word": (b"P7\nWIDTH one\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\nx", "WIDTH of its header is not a number"),
    "a depth": (
        b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\nx",
        "TUPLTYPE RGB has 3 channels, but DEPTH is 1",
    ),
    "a maximum": (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 70000\nENDHDR\nxx", "70000 is not a valid size"),
    "no samples": (b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\nx", "(1 of 2 samples)"),
    "no scale": (b"Pf\n1 1\n0.0\n1234", "no size and scale in its header"),
    "half a float": (b"Pf\n1 1\n-1.0\n123", "(0 of 1 samples)"),
}


@pytest.mark.each("name", BAD)
def test_bad_headers_are_refused(refused, folder, name):
    data, said = BAD[name]
    (folder / "in").write_bytes(data)
    assert said in refused(1, *KEEP, "in", "-o", "out.png")


def test_the_scale_of_a_pfm_is_told_of(run, folder):
    (folder / "in.pfm").write_bytes(b"Pf\n2 1\n-2.0\n" + np.array([0.25, 1], "<f4").tobytes())
    ended = run(*KEEP, "in.pfm", "-o", "out.npy")
    assert ended.lines == ["imfilter: in.pfm: its scale 2 was not applied: the samples stay as they are"]
    assert np.load("out.npy").ravel().tolist() == [0.25, 1]


def test_rows_of_a_pfm_come_from_the_bottom(ok, folder):
    (folder / "in.pfm").write_bytes(b"PF\n1 2\n1\n" + np.arange(6, dtype=">f4").tobytes())
    ok(*KEEP, "in.pfm", "-o", "out.npy")
    assert np.load("out.npy").ravel().tolist() == [3, 4, 5, 0, 1, 2]
    ok(*KEEP, "in.pfm", "-o", "out.pfm")
    assert Path("out.pfm").read_bytes().startswith(b"PF\n1 2\n-1.0\n" + np.arange(6, dtype="<f4").tobytes())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_pfm_of_whole_numbers_has_white_at_1(ok, folder, dtype):
    """It holds float alone, so that no --depth is needed."""
    white = np.iinfo(dtype).max
    image = np.array([[0, white // 5, white]], dtype)[..., None].repeat(3, 2)
    np.save("in.npy", image)
    ok(*KEEP, "in.npy", "-o", "out.pfm", "--no-stamp")
    ok(*KEEP, "in.npy", "-o", "deep.pfm", "--depth", "float", "--no-stamp")
    assert Path("out.pfm").read_bytes() == Path("deep.pfm").read_bytes()
    ok(*KEEP, "out.pfm", "-o", "out.npy")
    assert np.allclose(np.load("out.npy")[0, :, 0], [0, 0.2, 1], atol=1e-7)
    ok(*KEEP, "in.npy", "-o", "gray.pfm", "--channels", "luma")


@pytest.mark.parametrize(
    ("last", "cut"),
    [
        (b"24", True), (b"2", True), (b"200", False), (b"24\n", False), (b"24 # 7", False), (b"24 # 7\n", False),
        (b"200 # 7", False), (b"24\n\n", False), (b"24\r", False),
    ],
)  # fmt: skip
def test_a_text_that_ends_within_a_number_is_told_of(run, load, last, cut):
    Path("in.pgm").write_bytes(b"P2\n2 1\n255\n7 " + last)
    ended = run(*KEEP, "in.pgm", "-o", "out.png")
    assert ended.code == 0
    assert load("out.png").tolist() == [[7, int(last.split()[0])]]
    assert ("its last number may be cut off" in ended.err) == cut


def test_bits_of_a_text_are_never_cut(ok):
    Path("in.pbm").write_bytes(b"P1\n2 1\n0 1")
    ok(*KEEP, "in.pbm", "-o", "out.png")
