"""Kernel files against the tools that they are from, where those are installed."""

import subprocess

import numpy as np
import pytest
from imfilter.filters.conv import conv
from imfilter.filters.core.linear import kernel_source

INSIDE = (slice(4, -4), slice(4, -4))  # each tool has its own way at the edges


def run(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, **options).stdout


def pgm(image):
    height, width = image.shape
    return f"P5\n{width} {height}\n255\n".encode() + image.tobytes()


@pytest.fixture
def image(noise, tmp_path, monkeypatch):
    """A picture, which is also in a.pgm."""
    monkeypatch.chdir(tmp_path)
    image = noise((24, 31)) // 8
    (tmp_path / "a.pgm").write_bytes(pgm(image))
    return image


def samples(data, image):
    return np.frombuffer(data[-image.size :], np.uint8).reshape(image.shape)


@pytest.mark.needs("ImageMagick")
@pytest.mark.parametrize(("mode", "method"), [("correlate", "Correlate"), ("convolve", "Convolve")])
@pytest.mark.parametrize(
    "kernel",
    ["3x2+0+1: 1,2,3 4,-5,6", "2x4: 1,2 3,4 5,6 7,8", "3: nan,5,- 1,0,1 -,1,nan", "4x3+3+0: 1,2,0,0 5,0,0,0 0,0,-1,1"],
)
def test_imagemagick(image, kernel, mode, method):
    answer = run("convert", "a.pgm", "-morphology", method, kernel, "-depth", "8", "pgm:-")
    np.testing.assert_array_equal(conv(image, kernel=kernel, mode=mode)[INSIDE], samples(answer, image)[INSIDE])


@pytest.mark.needs("libvips")
def test_libvips(image, tmp_path):
    (tmp_path / "k.mat").write_text("4 3 4 7\n1 2 3 -4\n5 6 -7 8\n9 -1 2 0\n")
    run("vips", "conv", "a.pgm", "b.v", "k.mat", "--precision", "float")
    run("vips", "linear", "b.v", "c.v", "1", "0.5")
    run("vips", "cast", "c.v", "d.pgm", "uchar")
    expected = samples((tmp_path / "d.pgm").read_bytes(), image)
    np.testing.assert_array_equal(conv(image, kernel="k.mat")[INSIDE], expected[INSIDE])


@pytest.mark.needs("Netpbm")
def test_pnmconvol(image, tmp_path):
    kernel = np.random.default_rng(7).integers(110, 160, (5, 3)).astype(np.uint8)
    (tmp_path / "k.pgm").write_bytes(pgm(kernel))
    expected = samples(run("pnmconvol", "k.pgm", "a.pgm"), image)
    np.testing.assert_array_equal(conv(image, kernel="k.pgm")[INSIDE], expected[INSIDE])


@pytest.mark.peers
@pytest.mark.parametrize("suffix", ["yml", "xml", "json"])
@pytest.mark.parametrize("base64", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
def test_opencv(peer, image, suffix, base64, dtype):
    cv2 = peer("cv2")
    kernel = (np.random.default_rng(7).normal(size=(4, 3)) * 9).astype(dtype)
    mode = cv2.FILE_STORAGE_WRITE_BASE64 if base64 else cv2.FILE_STORAGE_WRITE
    storage = cv2.FileStorage(f"k.{suffix}", mode)
    storage.write("weights", kernel)
    storage.write("made", 2024)
    storage.release()
    # float32 is written with nine digits, and read as those.
    np.testing.assert_allclose(kernel_source.read(f"k.{suffix}").kernel.weights, kernel, rtol=1e-8)
    expected = cv2.filter2D(image, cv2.CV_64F, kernel.astype(np.float64))
    answer = conv(image.astype(np.float32), kernel=f"k.{suffix}")
    np.testing.assert_allclose(answer[INSIDE], expected[INSIDE], rtol=1e-5, atol=1e-2)
