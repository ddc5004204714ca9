"""The estimate of an image's memory, held against the peak of a whole process that is measured from outside.

The peak less that of the same call on a tiny picture is at most `ACCURACY` times the estimate, and the estimate is not
several times the peak: a batch would do one image after the other for nothing.
"""

import os
import re
import shlex
import shutil
import struct
import tracemalloc
import zlib
from functools import cached_property

import numpy as np
import pytest
from imfilter.cli.batch import memory_need
from imfilter.cli.images import memory_budget, reader
from imfilter.cli.images import qoi as qoi_format
from imfilter.cli.images.picture import DecodeError
from imfilter.filters.core.engine import executor
from PIL import Image

WIDTH, HEIGHT = 2400, 1600
LEAST = 0.3
"""The least part of an estimate that is taken, beside `ALWAYS`, of such a small picture: strips have the same size for
larger ones."""

QUICK = [
    "blur rgb.jpg -o o.jpg",
    "blur rgba.png -o o.png",
    "edges gray.pgm -o o.npy --angle a.npy --gx x.npy",
    "conv gray.pgm --kernel bank.npy -o o.npy",
    "flip rgb.ppm -o o.ppm --op transpose",
    "chain rgb.ppm -o o.ppm 'blur --sigma 2' 'flip --op transpose' 'pad --size 400'",
    "crop rgb.ppm -o o.ppm --area 0.15",
    "chain double.npy -o o.ppm 'tone --brightness 2' 'flip --depth 8' --mask mask.png",
    "blend double.npy -o o.pgm --channels luma --other others --op mean --depth 8",
]
THOROUGH = [
    *(f"{line} -o o.ppm" for line in ("blur rgb.ppm", "blur rgb.ppm --sigma 40", "blur rgb.ppm --op median --size 5")),
    *(f"blur rgb.ppm --op {op} -o o.ppm" for op in ("box", "bilateral", "guided", "mode", "min", "disk --radius 3")),
    "blur rgb.ppm --op kuwahara -o o.ppm",
    *(f"denoise rgb.ppm --op {op} -o o.ppm" for op in ("nlm", "tv", "wavelet", "guided", "lee", "frost")),
    *(f"denoise gray.pgm --op {op} -o o.pgm" for op in ("tv", "wavelet")),
    *(f"denoise {name} --op bm3d --stride 8 -o o.ppm" for name in ("rgb.ppm", "gray.pgm")),
    "denoise rgb.ppm --op bm3d --stride 8 --noise-sigma 50 -o o.ppm",
    *(f"denoise rgba.png --op {op} -o o.png" for op in ("bm3d --stride 8", "tv")),
    "denoise holes.npy --op tv -o o.npy --noise-sigma 0.01",
    "denoise double.npy --op tv -o o.npy",
    *(f"sharpen rgb.ppm --op {op} -o o.ppm" for op in ("laplacian", "unsharp", "adaptive")),
    *(f"morph rgb.ppm --op {op} -o o.ppm" for op in ("erode", "open", "blackhat --shape disk --size 15")),
    *(f"noise rgb.ppm --op {op} -o o.ppm" for op in ("gaussian", "poisson", "salt-pepper")),
    *(f"pool rgb.ppm --op {op} -o o.ppm" for op in ("max", "avg")),
    *(f"edges rgb.ppm --op {op} -o o.pgm" for op in ("sobel", "canny", "structure", "log", "kirsch")),
    "edges gray.pgm --op canny -o o.pgm --magnitude m.npy",
    "edges rgb.ppm -o o.ppm --angle a.ppm --angle-style color",
    *(f"frequency rgb.ppm -o o.ppm --op {op}" for op in ("lowpass", "highpass", "notch --at 0.1,0.05")),
    *(f"frequency rgb.ppm -o o.ppm --border {border}" for border in ("wrap", "constant")),
    "frequency rgb.ppm -o o.ppm --spectrum s.npy --response r.npy",
    "frequency rgb.ppm --spectrum s.png",
    "frequency rgb.ppm --response r.npy",
    "frequency float.npy -o o.npy",
    "frequency holes.npy -o o.npy --nan ignore",
    "blur holes.npy -o o.npy --nan ignore",
    "blur rgb.ppm -o o.ppm --range stretch",
    *(f"blur rgb.ppm -o o.ppm {way}" for way in ("--linear", "--json", "--mask mask.png", "--channels chroma")),
    "blur rgb.ppm -o o.npy --depth float",
    "conv gray.pgm --kernel bank.npy --sheet s.png",
    "conv gray.pgm --kernel bank.npy -o o.tif",
    *(f"blur rgba.png -o o.{suffix}" for suffix in ("tif", "webp", "gif", "pam", "npy", "jpg", "avif")),
    *(f"blur gray.pgm -o o.{suffix}" for suffix in ("jpg", "png", "tif", "webp", "bmp", "gif", "pam", "npy", "avif")),
    *(f"blur rgb.ppm -o o.{suffix}" for suffix in ("tif", "webp", "bmp", "gif", "pam", "npy", "avif")),
    *(f"blur deep.ppm -o o.{suffix}" for suffix in ("png", "tif", "ppm", "npy")),
    *(f"blur double.npy -o o.{suffix}" for suffix in ("tif", "npy", "pfm")),
    *(f"blur {name} -o o.ppm" for name in ("text.ppm", "text.pgm", "rgb.gif", "palette.png", "rgb.webp", "rgba.webp")),
    *(f"blur {name} -o o.ppm" for name in ("lzw.tif", "fax.tif", "jpeg.tif", "turned.jpg", "rgb.sgi", "rgb.avif")),
    *(f"blur {name} -o o.ppm" for name in ("rgb.bmp", "rgb.tga", "rgb.pcx", "rgb.dds", "rgb.jp2", "bits.pbm")),
    *(f"blur {name} -o o.npy" for name in ("rgb.hdr", "rgb.psd", "deep.fits", "gray.pfm", "half.npy")),
    "blur few.qoi -o o.ppm",
    "blur cmyk.jpg -o o.jpg",
    "blur cmyk.jpg -o o.png --to-rgb",
    "blur deep.png -o o.png",
    "blur float.tif -o o.tif",
    "blur float.npy -o o.tif",
    "blur bands.npy -o o.tif",
    *(f"blur frames.{suffix} -o o.{suffix}" for suffix in ("tif", "gif", "png", "webp")),
    "chain rgb.ppm -o o.ppm 'blur --sigma 2' edges",
]


def samples(height, width, channels):
    y, x = np.mgrid[:height, :width].astype(np.float32)
    noise = np.random.default_rng(1).normal(0, 0.01, (height, width)).astype(np.float32)
    planes = [0.5 + 0.3 * np.sin(x / (20 + n)) * np.cos(y / 30 + n) + noise for n in range(channels)]
    return np.clip(np.dstack(planes), 0, 1)


def text(kind, of):
    lines = (b" ".join(b"%d" % value for value in row) for row in of.reshape(len(of), -1).tolist())
    return kind + b" %d %d 255\n" % (of.shape[1], len(of)) + b"\n".join(lines)


def png(deep):
    """Return a PNG of 16 bits."""
    height, width, _ = deep.shape
    lines = np.hstack([np.zeros((height, 1), np.uint8), deep.astype(">u2").view(np.uint8).reshape(height, -1)])
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0),
        b"IDAT": zlib.compress(lines, 1),
        b"IEND": b"",
    }
    parts = (
        struct.pack(">I", len(data)) + kind + data + zlib.crc32(kind + data).to_bytes(4)
        for kind, data in chunks.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def psd(rgb):
    head = struct.pack(">4sH6xHIIHH14x", b"8BPS", 1, 3, *rgb.shape[:2], 8, 3)
    return head + np.moveaxis(rgb, 2, 0).tobytes()


def hdr(rgb):
    words = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n" % rgb.shape[:2]
    return words + np.pad(rgb, ((0, 0), (0, 0), (0, 1)), constant_values=128).tobytes()


def fits(gray):
    height, width = gray.shape
    values = {"SIMPLE": "T", "BITPIX": 16, "NAXIS": 2, "NAXIS1": width, "NAXIS2": height, "BZERO": "32768.0"}
    cards = [f"{name:8}= {value!s:>20}" for name, value in values.items()]
    head = "".join(card.ljust(80) for card in (*cards, "END")).ljust(2880).encode()
    return head + gray.astype(">i2").tobytes().ljust(-(-2 * gray.size // 2880) * 2880, b"\0")


def qoi(rgb):
    """Return a file of runs, with a pixel between them."""
    height, width, _ = rgb.shape
    rows = b"".join(b"\xfe" + bytes(rgb[y, 0]) + runs(width - 1) for y in range(height))
    return struct.pack(">4sIIBB", b"qoif", width, height, 3, 0) + rows + bytes(7) + b"\1"


def runs(count):
    return bytes([0xC0 + 61] * (count // 62)) + (bytes([0xBF + count % 62]) if count % 62 else b"")


class Pictures:
    """Writes a picture of a size in the kind of file that its name tells."""

    def __init__(self, folder, height, width):
        folder.mkdir()
        self.folder, self.height, self.width = folder, height, width

    @cached_property
    def floats(self):
        return samples(self.height, self.width, 4)

    def write(self, name):
        path = self.folder / name
        if path.exists():
            return
        floats, rgba = self.floats, (self.floats * 255).astype(np.uint8)
        rgb, gray = np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 0])
        deep, holes = (floats[..., :3] * 65535).astype(np.uint16), floats[..., 0].copy()
        holes[:5] = np.nan
        random = np.random.default_rng(2)
        arrays = {
            "float": lambda: floats[..., :3],
            "double": lambda: floats[..., :3].astype(float),
            "half": lambda: floats[..., :3].astype(np.float16),
            "bands": lambda: np.dstack([deep] * 2),
            "holes": lambda: holes,
            "bank": lambda: random.normal(size=(6, 3, 3)),
        }
        words = {
            "deep.ppm": lambda: b"P6 %d %d 65535\n" % (self.width, self.height) + deep.astype(">u2").tobytes(),
            "deep.png": lambda: png(deep),
            "text.ppm": lambda: text(b"P3", rgb),
            "text.pgm": lambda: text(b"P2", gray),
            "gray.pfm": lambda: b"Pf %d %d -1\n" % (self.width, self.height) + floats[..., 0].astype("<f4").tobytes(),
            "rgb.hdr": lambda: hdr(rgb),
            "rgb.psd": lambda: psd(rgb),
            "deep.fits": lambda: fits(deep[..., 0]),
            "few.qoi": lambda: qoi(rgb),
        }
        stem, _, suffix = name.partition(".")
        if suffix == "npy":
            np.save(path, arrays[stem]())
        elif name in words:
            path.write_bytes(words[name]())
        else:
            self._image(stem, rgb, rgba, gray, floats).save(path, **self._options(name, gray))

    def _image(self, stem, rgb, rgba, gray, floats):
        """Return what Pillow writes."""
        if stem in ("mask", "fax", "bits"):
            return Image.fromarray(gray > 128)
        if stem == "palette":
            return Image.fromarray(gray).quantize(16)
        of = {"gray": gray, "rgba": rgba, "frames": gray, "float": floats[..., 0]}.get(stem, rgb)
        return Image.fromarray(rgba, "CMYK") if stem == "cmyk" else Image.fromarray(of)

    def _options(self, name, gray):
        turned = Image.Exif()
        turned[274] = 6
        options = {
            "rgba.png": {"compress_level": 1},
            "rgba.webp": {"lossless": True, "method": 0},
            "fax.tif": {"compression": "group4"},
            "lzw.tif": {"compression": "tiff_lzw"},
            "jpeg.tif": {"compression": "jpeg"},
            "turned.jpg": {"exif": turned},
            "rgb.avif": {"speed": 10},
        }.get(name, {})
        if name.startswith("frames"):
            options = {"save_all": True, "append_images": [Image.fromarray(gray // n) for n in (2, 3)]}
        return options


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Return what writes the large pictures, and what writes the tiny ones."""
    folder = tmp_path_factory.mktemp("memory")
    return Pictures(folder / "large", HEIGHT, WIDTH), Pictures(folder / "tiny", 24, 32)


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
            patch.setattr(reader.Reader, "begin", lambda self, name: None)
            run(*words, "-j", "1")
        return found[0]

    return estimated


def check(pictures, peak, estimated, line):
    large, tiny = pictures
    words = shlex.split(line)
    for word in words:
        if re.fullmatch(r"\w\w+\.\w+", word):
            large.write(word)
            tiny.write(word)
    for kind in pictures if "others" in words else ():
        (kind.folder / "others").mkdir(exist_ok=True)
        shutil.copy(kind.folder / words[1], kind.folder / "others")
    taken, foreseen = peak(large.folder, words) - peak(tiny.folder, words), estimated(large.folder, words)
    assert LEAST * (foreseen - memory_need.ALWAYS) <= taken <= memory_budget.ACCURACY * foreseen, (
        f"{taken / 1e6:.0f} MB taken, {foreseen / 1e6:.0f} foreseen"
    )


pytestmark = [
    pytest.mark.needs("processes that may be forked"),  # as on Linux alone, where a peak means the same each time
    pytest.mark.skipif("PYTHONMALLOC" in os.environ, reason="another allocator takes more"),
]


@pytest.mark.parametrize("line", QUICK)
def test_an_image_takes_the_memory_that_is_foreseen(pictures, peak, estimated, line):
    check(pictures, peak, estimated, line)


@pytest.mark.each(
    "line, more, pixel",
    [
        ("chain rgb.ppm -o o.ppm 'blur --sigma 2' flip", "--mask mask.png", 3 + 2),
        ("chain rgb.ppm -o o.ppm 'blur --sigma 2' 'rotate --angle 5'", "--mask mask.png", 3 * 4 + 2),
        ("chain double.npy -o o.npy 'blur --sigma 2' 'rotate --angle 5'", "--mask mask.png", 3 * 8 + 2),
        ("blur rgb.ppm -o o.ppm", "--mask mask.png", 0),
        ("blur rgb.ppm -o o.ppm", "--range stretch", 3 * 8),
        ("chain rgb.ppm -o o.ppm 'blend --other red'", "'blend --other others'", 3),
    ],
)
def test_what_lies_beside_the_image_is_foreseen(pictures, estimated, line, more, pixel):
    """A moved original with its masks, values whose range is not known yet, and the second picture of a folder."""
    large, _ = pictures
    for name in ("rgb.ppm", "double.npy", "mask.png"):
        large.write(name)
    (large.folder / "others").mkdir(exist_ok=True)
    shutil.copy(large.folder / "rgb.ppm", large.folder / "others")
    without, there = (estimated(large.folder, shlex.split(words)) for words in (line, f"{line} {more}"))
    beside = pixel * WIDTH * HEIGHT
    assert beside <= there - without <= beside + (1 << 24)


@pytest.mark.thorough
@pytest.mark.parametrize("line", THOROUGH)
def test_every_filter_and_format_takes_the_memory_that_is_foreseen(pictures, peak, estimated, line):
    check(pictures, peak, estimated, line)


def test_a_picture_without_memory_for_its_outputs_is_refused_in_one_line(refused, folder, monkeypatch):
    monkeypatch.setattr(memory_budget, "free", lambda: 10**9)
    (folder / "in.pgm").write_bytes(b"P5 20000 10000 255\n")
    os.truncate("in.pgm", 200_000_019)
    line = refused(1, "denoise", "in.pgm", "-o", "out.npy")
    assert "has 20000×10000 pixels and needs about " in line
    assert "GB of memory; 1 GB are free; more memory would help" in line
    assert not list(folder.glob("*.npy"))
    monkeypatch.setattr(memory_budget, "free", lambda: 2 * 10**8)
    line = refused(1, "frequency", "in.pgm", "-o", "out.pgm")
    assert "0.2 GB are free; blur --sigma 1.592 (almost the same result) or more memory would help" in line
    line = refused(1, "frequency", "in.pgm", "-o", "out.pgm", "--shape", "ideal")
    assert "0.2 GB are free; more memory would help" in line
    assert not list(folder.glob("out.*"))


def test_the_pixels_of_a_qoi_are_counted_in_pieces():
    """All at once they took 80 bytes each, which no estimate held."""
    chunks = b"\xfe123" + b"\x01\x80\x05\xc0\xfd" + b"\xff1234"
    tracemalloc.start()
    there = qoi_format._pixels(chunks * 100_000)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert there == 100_000 * (1 + 1 + 1 + 1 + 62 + 1)
    assert taken < 40 << 20
    assert qoi_format._pixels(chunks + b"\xfe12") > 67  # of what is cut off: it is damaged


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


def test_where_memory_is_short_fewer_threads_do_the_work(run, folder, monkeypatch):
    """Each has strips of its own: of 64 they would take gigabytes."""
    used, real = [], executor.run
    monkeypatch.setattr(executor, "run", lambda *given, **named: used.append(named["jobs"]) or real(*given, **named))
    monkeypatch.setattr(memory_budget, "UNCHECKED_BYTES", 0)
    (folder / "in.pgm").write_bytes(b"P5 600 4000 255\n" + bytes(2_400_000))
    for free in (1 << 40, *range(90_000_000, 20_000_000, -2_000_000)):
        monkeypatch.setattr(memory_budget, "free", lambda free=free: free)
        run("blur", "in.pgm", "-o", "out.pgm", "--sigma", "9", "-j", "64")
    assert used[0] == 64 and used[-1] >= 1
    assert used == sorted(used, reverse=True)
    assert len(used) < 36 and len(set(used)) >= 3


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
