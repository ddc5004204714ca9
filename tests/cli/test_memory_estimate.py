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
from imfilter.filters.core.engine import executor
from PIL import Image

WIDTH, HEIGHT = 2400, 1600
LEAST = 0.25
"""The least part of an estimate that is taken, of such a small picture: a constant part of it is for larger ones."""
LAUNCHER = """
import os, sys
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""
"""A child begins with the peak of the process that starts it: this one is small."""

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


def peak(folder, words):
    """Return the bytes that a call takes at most, from outside."""
    for old in folder.glob("?.*"):
        old.unlink()
    call = [sys.executable, "-S", "-c", LAUNCHER, sys.executable, "-m", "imfilter", *words, "-j", "1"]
    ended = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=True)
    code, kilobytes = map(int, ended.stdout.splitlines()[-1].split())
    assert code == 0, ended.stderr
    return kilobytes * (1 if sys.platform == "darwin" else 1024)


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


def check(pictures, estimated, line):
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
def test_an_image_takes_the_memory_that_is_foreseen(pictures, estimated, line):
    check(pictures, estimated, line)


@pytest.mark.thorough
@pytest.mark.parametrize("line", THOROUGH)
def test_every_filter_and_format_takes_the_memory_that_is_foreseen(pictures, estimated, line):
    check(pictures, estimated, line)


def test_a_picture_without_memory_for_its_outputs_is_refused_in_one_line(refused, folder, monkeypatch):
    monkeypatch.setattr(memory_budget, "free", lambda: 10**9)
    (folder / "in.pgm").write_bytes(b"P5 20000 10000 255\n")
    os.truncate("in.pgm", 200_000_019)
    line = refused(1, "edges", "in.pgm", "-o", "out.npy", "--angle", "a.npy")
    assert "has 20000×10000 pixels and needs about " in line
    assert "GB of memory; 1 GB are free; more memory would help" in line
    assert not list(folder.glob("*.npy"))


def test_what_others_hold_for_now_refuses_no_picture(folder, monkeypatch):
    """A reader waits for them to give it back before it looks at what is free: for the file, and for the picture."""
    free, waited = [0], list[float]()

    def wait(needed):
        waited.append(needed)
        free[0] = 10**12

    def needed(expected):
        free[0] = 0  # others took it
        return 1000

    monkeypatch.setattr(memory_budget, "UNCHECKED_BYTES", 0)
    monkeypatch.setattr(memory_budget, "free", lambda: free[0])
    (folder / "in.pgm").write_bytes(b"P5 2 2 255\n1234")
    pictures = reader.Reader(100)
    pictures.wait_for_room, pictures.needed = wait, needed
    pictures.read("in.pgm")
    assert waited == [15, 1015]


def test_where_memory_is_short_fewer_threads_do_the_work(ok, folder, monkeypatch):
    """Each has strips of its own: of 64 they would take gigabytes."""
    used, run = [], executor.run
    monkeypatch.setattr(executor, "run", lambda *given, **named: used.append(named["jobs"]) or run(*given, **named))
    monkeypatch.setattr(memory_budget, "UNCHECKED_BYTES", 0)
    (folder / "in.pgm").write_bytes(b"P5 600 4000 255\n" + bytes(2_400_000))
    for free in (1 << 40, 80_000_000, 50_000_000):
        monkeypatch.setattr(memory_budget, "free", lambda free=free: free)
        ok("blur", "in.pgm", "-o", "out.pgm", "--sigma", "9", "-j", "64")
    assert used[0] == 64 > used[1] > used[2] >= 1


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
