"""Bad input: one clear line, the right exit code, nothing half written."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.batch import image_job
from imfilter.cli.images import pillow_decoder
from imfilter.cli.images.output_folder import OutputFolder
from PIL import Image


@pytest.fixture(autouse=True)
def good_output(png, folder):
    """An output of an earlier run, which no failure may touch."""
    (folder / "out.png").write_bytes(b"the good one")
    yield
    assert (folder / "out.png").read_bytes() == b"the good one"


# ---- wrong calls: exit 2, nothing done --------------------------------------------------------------

WRONG = {
    "blur a.png -o out.png --sigma -1": "--sigma: -1 is below the least value, 0 px",
    "blur a.png -o out.png --sigma nan": "--sigma: nan is not a finite number",
    "blur a.png -o out.png --sigma inf": "--sigma",
    "blur a.png -o out.png --sigma 1e12": "--sigma: 1e+12 is above the greatest value, 1000 px",
    "blur a.png -o out.png --sigma wide": "'wide' is neither a number nor two, X,Y",
    "blur a.png -o out.png --sigma 1,2,3": "3 numbers",
    "dataset split photos --parts a=1": "--output is required",
    "dataset boxes photos -o out.json": "--boxes is required",
    "dataset info": "INPUT is required",
    "info a.png --bins many": "--bins: 'many' is not a whole number",
    "compare a.png a.png --gain much": "--gain: 'much' is not a number",
    "--versio": "unknown option --versio; did you mean --version?",
    "blur a.png -o out.png --size 4": "odd",
    "blur a.png -o out.png --size 3.5": "whole number",
    "blur a.png -o out.png --size 99999999999": "--size",
    "blur a.png -o out.png --sigma 2 --radius 3": "contradicts",
    "blur a.png -o out.png --op mean --sigma 2": "--sigma is for --op gaussian, bilateral",
    "blur a.png -o out.png --op gausian": "did you mean 'gaussian'?",
    "blur a.png -o out.png --border relfect": "did you mean 'reflect'?",
    "blur a.png -o out.png --channels rgb": "luma",
    "blur a.png -o out.png --sgma 2": "--sigma",
    "blur a.png -o out.png --quality 0": "--quality",
    "blur a.png -o out.png --quality best": "--quality",
    "blur a.png -o out.png --background chartreusish": "--background",
    "blur a.png -o out.png --max-pixels many": "--max-pixels",
    "blur a.png -o out.png --max-pixels 0": "--max-pixels",
    "blur a.png -o out.png --gain 0": "--gain",
    "blur a.png -o out.png --depth 32": "--depth",
    "blur a.png -o out.png --sigma": "--sigma",
    "blur a.png -o": "-o",
    "blur a.png": "no output",
    "blur -o out.png": "no input",
    "blur": "no input",
    "blr a.png -o out.png": "did you mean 'blur'?",
    "--nosuch": "--nosuch",
    "edges a.png -o out.png --op sobl": "did you mean 'sobel'?",
    "edges a.png -o out.png --size 4": "3, 5, 7",
    "edges a.png -o out.png --op canny --low 9 --high 3": "--low",
    "edges a.png -o out.png --op prewitt --low 3": "--low is for --op canny",
    "conv a.png -o out.png": "--kernel",
    "conv a.png -o out.png --kernel sobelx": "did you mean 'sobel-x'?",
    "conv a.png -o out.png --kernel nosuch.txt": "nosuch.txt",
    "conv a.png -o out.png --kernel ragged.txt": "ragged.txt, row 2",
    "conv a.png -o out.png --kernel words.txt": "'two' is not a number",
    "conv a.png -o out.png --kernel sobel-x --normalize sum": "0",
    "conv a.png -o out.png --kernel large.npy": "90000 taps; the limit is 65536 (--max-taps raises it)",
    "conv a.png -o out.png --kernel huge.npy": "--max-taps raises it",
    "conv a.png -o out.png --kernel mean3 --anchor 3,0": "outside",
    "conv a.png -o out.png --kernel mean3 --stride 0": "--stride",
    "conv a.png -o out.png --kernel mean3 --padding wide": "wide",
    "conv a.png -o out.png --kernel mean3 --padding 1,2,3": "1,2,3 is not same, valid, full, P, PX,PY or LEFT,TOP",
    "conv a.png -o out.png --kernel mean3 --padding -1": "-1 is out of range; use 0 to 10000 px for each side",
    "conv a.png -o out.png --kernel mean3 --bias=": "'' is neither a number nor a file",
    "blur a.png -o out.xyz": "'.xyz'",
    "blur a.png -o out": "out: has no extension that names a format; use one of .avif .bmp .dib .gif .jfif .jpe",
    "blur a.png -o out.png --to jpge": "jpge",
    "blur a.png -o a.png": "a.png: is an input",
    "blur a.png -o ./folder/../a.png": "is an input",
    "blur a.png -o link.png": "link.png: leads to an input",
    "blur a.png -o hard.png": "hard.png: leads to an input",
    "blur missing.png": "missing.png: no such file or directory",
    "blur missing.png b.png": "missing.png: no such file or directory",
    "blur a.png -o missing/out.png": "no such folder: missing",
    "blur a.png -o a.png/out.png": "no such folder: a.png",
    "edges a.png -o x.png --magnitude x.png": "x.png: would hold two outputs",
    "edges a.png -o x.png --magnitude ./x.png": "would hold two outputs",
    "edges a.png -o - --magnitude -": "only one output can be - (standard output)",
    "blur a.png a.png -o out.png": "several images need a folder",
    "blur a.png b.png -o out.png": "b.png: no such file or directory",
    "blur a.png new.jpg": "new.jpg: no such file or directory; for the output use -o new.jpg",
    "blur a.png b.png -o -": "standard output holds one image, not several",
    "blur a.png - -o folder/": "standard input",
    "blur - - -o folder/": "standard input",
    "blur - -o folder/": "standard input has no name",
    "blur folder -o out.png": "no images found",
    "kernels nosuch": "nosuch",
    "kernels show nosuch": "'nosuch' is neither a built-in kernel nor a file",
    "kernels show ragged.txt": "ragged.txt, row 2",
    "kernels show mean3 --save -": "--save",
    "kernels show": "KERNEL",
}


@pytest.fixture
def things(folder):
    """What the wrong calls name."""
    (folder / "ragged.txt").write_text("1 2 3\n4 5\n6 7 8\n")
    (folder / "words.txt").write_text("1 two 3\n")
    np.save("large.npy", np.ones((300, 300)))
    np.save("huge.npy", np.ones((1000, 1000)))
    (folder / "folder").mkdir()
    (folder / "link.png").symlink_to("a.png")
    (folder / "hard.png").hardlink_to("a.png")


@pytest.mark.usefixtures("things")
@pytest.mark.each("line", WRONG)
def test_a_wrong_call_is_refused_and_nothing_is_done(refused, folder, line):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.exists()}
    assert WRONG[line] in refused(2, *line.split())
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.exists()} == before


@pytest.mark.parametrize("words", [("blur", "", "-o", "out.png"), ("blur", "a.png", "-o", "")])
def test_an_empty_name_is_refused(refused, words):
    assert "empty" in refused(2, *words)


# ---- bad images: exit 1 -----------------------------------------------------------------------------


def npy(descr, shape, data=b""):
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def saved(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


BAD = {
    "empty": (b"", "is empty"),
    "text": (b"not an image\n", "neither an image of a known format"),
    "svg": (b"<svg/>", "neither an image of a known format"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "is a PostScript file (EPS), which is not supported"),
    "png magic alone": (b"\x89PNG\r\n\x1a\n", "damaged"),
    "jpeg magic alone": (b"\xff\xd8\xff\xe0", "damaged"),
    "tiff magic alone": (b"II*\0", "damaged"),
    "webp magic alone": (b"RIFF\x10\0\0\0WEBP", "damaged"),
    "gif magic alone": (b"GIF89a", "damaged"),
    "bmp magic alone": (b"BM", "damaged"),
    "ppm magic alone": (b"P6\n", "damaged"),
    "npy magic alone": (b"\x93NUMPY", "not a readable .npy"),
    "npy too short": (npy("|u1", (9, 9), b"123"), "not a readable .npy"),
    "npy of objects": (saved(np.array([[{}]])), "not a readable .npy"),
    "npy that is a program": (npy("|O", (1, 1), b"cos\nsystem\n(S'touch pwned'\ntR."), "not a readable .npy"),
    "npy of text": (saved(np.array([["a"]])), "real numbers"),
    "npy of complex numbers": (saved(np.ones((2, 2), complex)), "real numbers"),
    "npy of no axis": (saved(np.ones(())), "()"),
    "npy of five axes": (saved(np.ones((2, 2, 2, 2, 2))), "(2, 2, 2, 2, 2)"),
    "npy without pixels": (saved(np.ones((0, 4))), "has the shape (0, 4)"),
    "npy of negative size": (npy("|u1", (-4, 4)), "not a readable .npy"),
    "npy of too large integers": (saved(np.full((2, 2), 2**53 + 1)), "int64 samples up to 9007199254740993"),
}


@pytest.mark.each("case", BAD)
def test_a_bad_image_is_refused(refused, folder, case):
    data, said = BAD[case]
    (folder / "bad.png").write_bytes(data)
    line = refused(1, "blur", "bad.png", "-o", "out.png")
    assert line.startswith("imfilter: bad.png: ")
    assert said in line
    assert not (folder / "pwned").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.png", "no such file"),
        ("a.png/b.png", "not a directory"),
        ("x" * 300 + ".png", "name too long"),
        pytest.param("/dev/zero", "neither an image", marks=pytest.mark.needs("/dev/zero")),
        pytest.param("/dev/null", "empty", marks=pytest.mark.needs("/dev/null")),
    ],
    ids=lambda value: value[:12],
)
def test_what_cannot_be_read_is_refused(refused, name, said):
    assert said in refused(1, "blur", name, "-o", "out.png")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x" * 300 + ".png", "name too long"),
        pytest.param("/proc/out.png", "no such file", marks=pytest.mark.needs("/proc")),
    ],
    ids=lambda value: value[:12],
)
def test_what_cannot_be_written_is_refused(refused, folder, name, said):
    assert said in refused(1, "blur", "a.png", "-o", name)


def test_a_folder_that_cannot_be_written_is_refused(refused, folder, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(OutputFolder, "create", denied)  # the superuser may write anywhere
    assert refused(1, "blur", "a.png", "-o", "out.png").endswith("out.png: cannot be written: permission denied")


# ---- damaged files ----------------------------------------------------------------------------------


def encoded(format, rgb):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, format.partition(" ")[0], progressive="progressive" in format)
    return file.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "JPEG progressive", "PNG", "TIFF", "GIF", "BMP", "PPM", "WEBP"])
def test_a_truncated_file_is_refused_or_whole(run, load, folder, rgb, format):
    data = encoded(format, rgb)
    (folder / "in").write_bytes(data)
    run("conv", "in", "--kernel", "1", "-o", "whole.npy")
    refusals = 0
    for length in sorted({*range(0, len(data), len(data) // 20), *range(len(data) - 40, len(data))}):
        (folder / "in").write_bytes(data[:length])
        ended = run("conv", "in", "--kernel", "1", "-o", "part.npy")
        # A JPEG that lacks its end marker alone is whole.
        assert len(ended.lines) == (ended.code or "its end marker is missing" in ended.err)
        if ended.code == 0:
            assert np.array_equal(load("part.npy"), load("whole.npy")), f"{length} of {len(data)} bytes"
        refusals += ended.code
    assert refusals >= 20


def test_a_flipped_bit_in_a_png_is_never_taken_for_the_picture(run, load, folder, rgb):
    data = encoded("PNG", rgb)
    random = np.random.default_rng(3)
    for _ in range(100):
        broken = bytearray(data)
        broken[random.integers(len(data))] ^= 1 << random.integers(8)
        (folder / "in.png").write_bytes(broken)
        ended = run("conv", "in.png", "--kernel", "1", "-o", "part.npy", "--depth", "8")
        assert len(ended.lines) == ended.code
        assert ended.code == 1 or np.array_equal(load("part.npy"), rgb)


def test_libtiff_does_not_speak_beside_us(shell, folder, rgb):
    Image.fromarray(rgb).save("in.tif", compression="tiff_adobe_deflate")
    data = bytearray(Path("in.tif").read_bytes())
    data[9:40] = bytes(31)
    (folder / "in.tif").write_bytes(data)
    ended = shell("imfilter blur in.tif -o out.png")
    assert ended.returncode == 1
    assert ended.stderr.count(b"\n") == 1


# ---- limits -----------------------------------------------------------------------------------------


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PIXELS = chunk(b"IDAT", zlib.compress(bytes(10**6)))
FRAME = b"," + struct.pack("<HHHHB", 0, 0, 60000, 60000, 0) + b"\x02\x02L\x01\0;"
BOMBS = {
    "png": b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)) + PIXELS,
    "ppm": b"P6 60000 60000 255\n",
    "gif": b"GIF89a" + struct.pack("<HHBBB", 60000, 60000, 0, 0, 0) + FRAME,
    "npy": npy("|u1", (60000, 60000, 3)),
}


@pytest.mark.needs("ulimit -v 1500000")
@pytest.mark.parametrize("kind", BOMBS)
def test_a_decompression_bomb_costs_nothing(shell, folder, kind):
    (folder / "bomb").write_bytes(BOMBS[kind])
    # What the picture would take is beyond the limit.
    ended = shell("ulimit -v 1500000; imfilter blur bomb -o out.png", env={"OPENBLAS_NUM_THREADS": "1"})
    line = ended.stderr.decode()
    assert ended.returncode == 1, line
    limit = "60000×60000 = 3600000000 pixels; the limit is 268435456 (--max-pixels raises it)"
    assert ("declares 60000×60000 pixels in" if kind == "png" else limit) in line


def test_max_pixels_moves_the_limit(refused, ok):
    assert "960 pixels; the limit is 959" in refused(1, "blur", "a.png", "-o", "out.png", "--max-pixels", "959")
    ok("blur", "a.png", "-o", "new.png", "--max-pixels", "0.96k")


def test_running_out_of_memory_is_one_line(refused, monkeypatch):
    def exhausted(*_, **__):
        raise MemoryError

    monkeypatch.setattr(image_job.executor, "run", exhausted)
    assert "more memory" in refused(1, "blur", "a.png", "-o", "out.png")


# ---- what looks absurd and works --------------------------------------------------------------------


def test_a_kernel_larger_than_the_image_works(ok, load):
    Image.new("L", (3, 2), 77).save("in.png")
    ok("blur", "in.png", "--op", "mean", "--size", "31", "-o", "new.png")
    assert (load("new.png") == 77).all()


@pytest.mark.parametrize("line", ["blur --sigma 9", "sharpen", "edges --op canny", "conv --kernel sobel5-x"])
def test_one_pixel_is_an_image(ok, load, line):
    Image.new("RGB", (1, 1), (9, 8, 7)).save("in.png")
    ok(*line.split(), "in.png", "-o", "new.png")
    assert load("new.png").shape[:2] == (1, 1)


def test_more_taps_are_allowed_when_asked_for(ok, load, folder):
    np.save("in.npy", np.ones((4, 4), np.float32))
    np.save("wide.npy", np.full((600, 600), 1 / 360000))
    ok("conv", "in.npy", "--kernel", "wide.npy", "--max-taps", "360000", "-o", "new.npy")
    assert np.allclose(load("new.npy"), 1, atol=1e-5)


@pytest.mark.each(
    "suffix, head", [("webp", b"RIFF\0\0\0\0WEBP"), ("avif", b"\0\0\0\x1cftypavif\0\0\0\0"), ("gif", b"GIF89a")]
)
def test_a_file_of_a_signature_alone_is_refused(refused, folder, suffix, head):
    (folder / f"in.{suffix}").write_bytes(head)
    said = refused(1, "blur", f"in.{suffix}", "-o", "new.png")
    assert said == (
        f"imfilter: in.{suffix}: is damaged: its first bytes are those of {suffix.upper()}, but the rest is not"
    )


def test_the_numbers_of_decoders_are_told_in_words(refused, folder, rgb, monkeypatch):
    """Of what libtiff refuses Pillow knows a number alone."""
    Image.fromarray(rgb).save("in.tif", compression="jpeg")

    def gives_up(image, data):
        raise OSError("decoder error -2")

    monkeypatch.setattr(pillow_decoder, "decoded", gives_up)
    said = refused(1, "blur", "in.tif", "-o", "new.png")
    assert said == "imfilter: in.tif: is damaged or truncated (its compressed data are broken)"
