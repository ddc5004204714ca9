"""The estimate of an image's memory, held against the peak of a whole process that is measured from outside.

The peak less that of the same call on a tiny picture is at most `ACCURACY` times the estimate, and the estimate is not
several times the peak: a batch would do one image after the other for nothing.
"""

import os
import shlex
import subprocess
import sys

import numpy as np
import pytest
from imfilter.cli.images import memory_budget, reader
from imfilter.cli.images.picture import DecodeError
from PIL import Image

WIDTH, HEIGHT = 2400, 1600
LEAST = 0.25
"""The least part of an estimate that is taken, of such a small picture: a constant part of it is for larger ones."""

QUICK = [
    "blur rgb.ppm -o o.ppm",
    "blur rgb.jpg -o o.jpg",
    "blur rgba.png -o o.png",
    "blur float.npy -o o.tif",
    "blur text.ppm -o o.png",
    "blur rgb.ppm -o o.webp",
    "blur rgb.ppm -o o.ppm --range stretch",
    "edges gray.pgm -o o.npy --angle a.npy --gx x.npy",
    "frequency rgb.ppm -o o.ppm --spectrum s.npy --response r.npy",
    "conv gray.pgm --kernel bank.npy -o o.npy",
]
THOROUGH = [
    *(f"{line} -o o.ppm" for line in ("blur rgb.ppm --sigma 40", "blur rgb.ppm --op median --size 5")),
    *(f"blur rgb.ppm --op {op} -o o.ppm" for op in ("box", "bilateral", "guided", "mode", "motion")),
    *(f"{line} -o o.ppm" for line in ("sharpen rgb.ppm", "morph rgb.ppm --op open", "noise rgb.ppm", "pool rgb.ppm")),
    *(f"edges rgb.ppm --op {op} -o o.pgm" for op in ("sobel", "canny", "structure", "log")),
    "edges gray.pgm --op canny -o o.pgm --magnitude m.npy",
    "edges rgb.ppm -o o.ppm --angle a.ppm --angle-style color",
    *(f"frequency rgb.ppm -o o.ppm --op {op}" for op in ("lowpass", "highpass", "notch")),
    *(f"frequency rgb.ppm -o o.ppm --border {border}" for border in ("wrap", "mirror", "constant")),
    "frequency rgb.ppm --spectrum s.png",
    "frequency float.npy -o o.npy",
    "frequency float.npy --spectrum s.npy",
    *(f"blur rgb.ppm -o o.ppm {way}" for way in ("--linear", "-v", "--json", "--mask mask.png", "--channels chroma")),
    "blur rgb.ppm -o o.npy --depth float",
    "conv gray.pgm --kernel bank.npy --sheet s.png",
    "conv gray.pgm --kernel bank.npy -o o.tif",
    *(f"blur rgba.png -o o.{suffix}" for suffix in ("tif", "webp", "gif", "pam", "npy", "jpg")),
    *(f"blur gray.pgm -o o.{suffix}" for suffix in ("jpg", "png", "tif", "webp", "bmp", "gif", "pam", "npy")),
    *(f"blur rgb.ppm -o o.{suffix}" for suffix in ("tif", "bmp", "gif", "pam", "npy")),
    *(f"blur deep.ppm -o o.{suffix}" for suffix in ("png", "tif", "ppm", "npy")),
    *(f"blur double.npy -o o.{suffix}" for suffix in ("tif", "npy", "pfm")),
    *(f"blur {name} -o o.ppm" for name in ("text.pgm", "rgb.gif", "palette.png", "rgb.webp", "rgb.bmp", "rgb.tga")),
    *(f"blur {name} -o o.ppm" for name in ("lzw.tif", "fax.tif", "jpeg.tif", "rgb.pcx", "rgb.qoi", "rgb.dds")),
    "blur cmyk.jpg -o o.jpg",
    "blur cmyk.jpg -o o.png --to-rgb",
    "blur deep.png -o o.png",
    "blur float.tif -o o.tif",
    "blur bands.npy -o o.tif",
    "chain rgb.ppm -o o.ppm blur --sigma 2 then edges",
]


def picture(height, width, channels):
    y, x = np.mgrid[:height, :width].astype(np.float32)
    noise = np.random.default_rng(1).normal(0, 0.01, (height, width)).astype(np.float32)
    planes = [0.5 + 0.3 * np.sin(x / (20 + n)) * np.cos(y / 30 + n) + noise for n in range(channels)]
    return np.clip(np.dstack(planes), 0, 1)


def write_pictures(folder, height, width):
    """Write a picture in every kind of file."""
    folder.mkdir()
    floats = picture(height, width, 4)
    rgba = (floats * 255).astype(np.uint8)
    rgb, gray = np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 0])
    image, few, black = Image.fromarray(rgb), Image.fromarray(gray).quantize(16), Image.fromarray(gray > 128)
    for name in ("rgb.ppm", "rgb.jpg", "rgb.gif", "rgb.webp", "rgb.bmp", "rgb.tga", "rgb.pcx", "rgb.qoi", "rgb.dds"):
        image.save(folder / name)
    Image.fromarray(gray).save(folder / "gray.pgm")
    Image.fromarray(rgba).save(folder / "rgba.png", compress_level=1)
    Image.fromarray(rgba, "CMYK").save(folder / "cmyk.jpg")
    few.save(folder / "palette.png")
    black.save(folder / "mask.png")
    black.save(folder / "fax.tif", compression="group4")
    image.save(folder / "lzw.tif", compression="tiff_lzw")
    image.save(folder / "jpeg.tif", compression="jpeg")
    Image.fromarray(floats[..., 0]).save(folder / "float.tif")
    deep = (floats[..., :3] * 65535).astype(">u2")
    (folder / "deep.ppm").write_bytes(b"P6 %d %d 65535\n" % (width, height) + deep.tobytes())
    for name, kind, samples in (("text.ppm", b"P3", rgb), ("text.pgm", b"P2", gray)):
        lines = (b" ".join(b"%d" % value for value in row) for row in samples.reshape(height, -1).tolist())
        (folder / name).write_bytes(kind + b" %d %d 255\n" % (width, height) + b"\n".join(lines))
    np.save(folder / "float.npy", floats[..., :3])
    np.save(folder / "double.npy", floats[..., :3].astype(float))
    np.save(folder / "bands.npy", np.dstack([deep.astype(np.uint16)] * 2))
    np.save(folder / "bank.npy", np.random.default_rng(2).normal(size=(6, 3, 3)))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Return the folder of the large pictures, and that of the tiny ones."""
    folder = tmp_path_factory.mktemp("memory")
    for name, height, width in (("large", HEIGHT, WIDTH), ("tiny", 24, 32)):
        write_pictures(folder / name, height, width)
    program = [sys.executable, "-m", "imfilter"]
    for name in ("large", "tiny"):
        subprocess.run([*program, *shlex.split("blur deep.ppm -o deep.png")], cwd=folder / name, check=True)
    return folder / "large", folder / "tiny"


@pytest.fixture
def peak(measured):
    """Return the bytes that a call takes at most, from outside."""

    def peak(folder, words):
        for old in folder.glob("?.*"):
            old.unlink()
        ended = measured("-m", "imfilter", *words, "-j", "1", cwd=folder)
        assert ended.code == 0, ended.err
        return ended.peak

    return peak


@pytest.fixture
def estimated(run, monkeypatch):
    """Return the bytes that are foreseen for a call: it ends before it takes them."""

    def estimated(folder, words):
        found = []

        def check(self, expected):
            found.append(expected.file + max(expected.decoding, self.needed(expected)))
            raise DecodeError("was measured")

        monkeypatch.chdir(folder)
        with monkeypatch.context() as patch:
            patch.setattr(reader.Reader, "_check_size", check)
            run(*words, "-j", "1")
        return found[0]

    return estimated


def check(pictures, peak, estimated, line):
    large, tiny = pictures
    words = shlex.split(line)
    taken, foreseen = peak(large, words) - peak(tiny, words), estimated(large, words)
    assert LEAST * foreseen <= taken <= memory_budget.ACCURACY * foreseen, (
        f"{taken / 1e6:.0f} MB taken, {foreseen / 1e6:.0f} foreseen"
    )


pytestmark = [
    pytest.mark.needs("processes that may be forked"),  # as on Linux alone, where a peak means the same each time
    pytest.mark.skipif("PYTHONMALLOC" in os.environ, reason="another allocator takes more"),
]


@pytest.mark.parametrize("line", QUICK)
def test_an_image_takes_the_memory_that_is_foreseen(pictures, peak, estimated, line):
    check(pictures, peak, estimated, line)


@pytest.mark.thorough
@pytest.mark.parametrize("line", THOROUGH)
def test_every_filter_and_format_takes_the_memory_that_is_foreseen(pictures, peak, estimated, line):
    check(pictures, peak, estimated, line)


def test_a_picture_without_memory_for_its_outputs_is_refused_in_one_line(refused, folder, monkeypatch):
    monkeypatch.setattr(memory_budget, "free", lambda: 10**9)
    (folder / "in.pgm").write_bytes(b"P5 20000 10000 255\n")
    os.truncate("in.pgm", 200_000_019)
    line = refused(1, "edges", "in.pgm", "-o", "out.npy", "--angle", "a.npy")
    assert "has 20000×10000 pixels and needs about " in line
    assert "GB of memory; 1 GB are free; more memory would help" in line
    assert not list(folder.glob("*.npy"))


def test_frames_that_are_gathered_end_where_there_is_no_memory_left(refused, folder, monkeypatch):
    monkeypatch.setattr(memory_budget, "UNCHECKED_BYTES", 100 * 100 * 3)
    left = iter(range(25_000, 0, -10_000))
    monkeypatch.setattr(memory_budget, "short", lambda needed: None)
    monkeypatch.setattr(memory_budget, "free", lambda: next(left))
    pages = [Image.new("L", (100, 100), level) for level in range(20)]
    pages[0].save(folder / "in.tif", save_all=True, append_images=pages[1:])
    line = refused(1, "blur", "in.tif", "-o", "out.tif")
    assert "its frames need more memory than there is" in line
    assert "after frame 11" in line
    assert not (folder / "out.tif").exists()


def test_a_picture_that_fits_is_not_refused(ok, folder, monkeypatch):
    """Of 24 megapixels in colour that are blurred, less than 300 MB are needed."""
    monkeypatch.setattr(memory_budget, "free", lambda: 300_000_000)
    (folder / "in.ppm").write_bytes(b"P6 6000 4000 255\n" + bytes(72_000_000))
    ok("blur", "in.ppm", "-o", "out.ppm", "--op", "box", "--size", "3")
