"""A filter bank from the shell: arrays, a file for each map, sheets; and signals of one dimension."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imfilter.cli.batch import contact_sheet
from imfilter.cli.images import memory_budget
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from imfilter.filters.core.engine import executor
from PIL import Image

RNG = np.random.default_rng(3)
EACH = ("-o", "out/", "--name", "{stem}-{map:02}.png")


@pytest.fixture
def bank(rgb):
    """A bank that sees three channels, as bank.npy, beside the picture a.png."""
    weights = RNG.uniform(-0.2, 0.2, (6, 3, 3, 3)).astype(np.float32)
    np.save("bank.npy", weights)
    Image.fromarray(rgb).save("a.png")
    return weights


def names(folder="out"):
    return sorted(path.name for path in Path(folder).iterdir())


# ---- an array, a page each, a file each ---------------------------------------------------------------


def test_an_array_holds_all_maps(ok, bank, rgb):
    ok("conv", "a.png", "-o", "a.npy", "--kernel", "bank.npy", "--stride", 2, "--bias", 3, "--activation", "relu")
    found = np.load("a.npy")
    assert found.dtype == np.float32 and found.flags.c_contiguous and found.min() == 0
    np.testing.assert_array_equal(found, conv(rgb, kernel=bank, stride=2, bias=3, activation="relu"))


def test_a_tiff_has_a_page_for_each_map(ok, bank, rgb):
    ok("conv", "a.png", "-o", "a.tif", "--kernel", "bank.npy")
    pages = tifffile.imread("a.tif")
    np.testing.assert_array_equal(np.moveaxis(pages, 0, 2), conv(rgb, kernel=bank))


def test_three_maps_are_a_picture_in_colour_and_one_is_gray(ok, load, bank, rgb):
    swapped = np.zeros((3, 3, 1, 1))
    swapped[range(3), [2, 1, 0]] = 1
    np.save("swap.npy", swapped)
    np.save("one.npy", swapped[:1])
    ok("conv", "a.png", "-o", "swap.png", "--kernel", "swap.npy")
    np.testing.assert_array_equal(load("swap.png"), rgb[..., ::-1])
    ok("conv", "a.png", "-o", "one.png", "--kernel", "one.npy")
    np.testing.assert_array_equal(load("one.png"), rgb[..., 2])
    ok("conv", "a.png", "--kernel", "one.npy", *EACH)
    assert names() == ["a-00.png"]


def test_each_map_has_a_file(ok, load, bank, rgb):
    ok("conv", "a.png", "--kernel", "bank.npy", "--range", "offset", "--gain", 2, *EACH)
    assert names() == [f"a-{number:02}.png" for number in range(6)]
    expected = conv(rgb, kernel=bank, range="offset", gain=2, depth=8)
    for number in range(6):
        np.testing.assert_array_equal(load(f"out/a-{number:02}.png"), expected[..., number])


def test_a_file_of_one_map_is_raw_where_that_can_be(ok, load, bank, rgb):
    ok("conv", "a.png", "--kernel", "bank.npy", "-o", "out/", "--name", "{map}.tif")
    np.testing.assert_array_equal(load("out/4.tif"), conv(rgb, kernel=bank)[..., 4])


def test_a_stretched_map_has_its_own_range(ok, load, bank):
    ok("conv", "a.png", "--kernel", "bank.npy", "--range", "stretch", "--depth", 16, *EACH)
    for name in names():
        found = load(f"out/{name}")
        assert found.dtype == np.uint16 and (found.min(), found.max()) == (0, 65535)


def test_maps_and_frames_have_files_of_their_own(ok, load, bank, rgb):
    frames = [Image.fromarray(rgb), Image.fromarray(rgb[::-1].copy())]
    frames[0].save("two.tif", save_all=True, append_images=frames[1:])
    ok("conv", "two.tif", "--kernel", "haar", "-o", "out/", "--name", "{frame}-{map}.tif")
    assert names() == [f"{frame}-{number}.tif" for frame in range(2) for number in range(4)]
    np.testing.assert_array_equal(load("out/1-2.tif"), conv(rgb[::-1], kernel="haar")[..., 2])


def test_later_filters_take_each_map_by_itself(ok, bank, rgb):
    ok("chain", "a.png", "-o", "a.npy", "conv --kernel bank.npy --activation relu", "blur --sigma 2")
    maps = conv(rgb, kernel=bank, activation="relu")
    expected = np.dstack([blur(maps[..., number], sigma=2) for number in range(6)])
    np.testing.assert_allclose(np.load("a.npy"), expected, atol=1e-2)


def test_transparent_pixels_are_laid_on_the_background(ok, load, rgb):
    alpha = np.zeros(rgb.shape[:2], np.uint8)
    Image.fromarray(np.dstack([rgb, alpha])).save("clear.png")
    ok("conv", "clear.png", "-o", "a.npy", "--kernel", "haar", "--background", "#404040")
    np.testing.assert_allclose(np.load("a.npy")[..., 0], 128, rtol=1e-6)


# ---- sheets -------------------------------------------------------------------------------------------


def cells(path, rows, columns):
    """The sheet's cells between the separators."""
    with Image.open(path) as image:
        found = np.asarray(image)
    height, width = (found.shape[0] - 1) // rows, (found.shape[1] - 1) // columns
    grid = [
        found[row * height + 1 : (row + 1) * height, column * width + 1 : (column + 1) * width]
        for row in range(rows)
        for column in range(columns)
    ]
    return found, grid


@pytest.mark.parametrize("how", ["auto", "each", "common", "signed"])
def test_a_sheet_shows_maps_on_one_scale_or_each_on_its_own(how, ok, bank, rgb):
    """At 40×24 each sample is enlarged by 3, 8 pixels from the cell's edge."""
    ok("conv", "a.png", "--kernel", "bank.npy", "--sheet", "sheet.png", "--sheet-range", how)
    whole, found = cells("sheet.png", 2, 3)
    maps = conv(rgb, kernel=bank)
    ends = [np.percentile(plane, (0.2, 99.8)) for plane in np.moveaxis(maps, 2, 0)]
    most = max(max(-low, high) for low, high in ends)
    assert min(low for low, _ in ends) < 0
    common = {"auto": (-most, most), "signed": (-most, most), "common": (0, max(high for _, high in ends))}
    assert whole.dtype == np.uint8 and whole.ndim == 2
    for number, cell in enumerate(found):
        low, high = common.get(how, ends[number])
        expected = np.clip((maps[..., number].astype(float) - low) / (high - low) * 255, 0, 255).round()
        shown = cell[8 : 8 + 72, 8 : 8 + 120]
        assert np.abs(shown[::3, ::3] - expected).max() <= 1
        np.testing.assert_array_equal(shown[::3], shown[2::3])
        assert (cell[84:98] < 60).any() and (cell[100:114] < 160).any()  # two lines of text
        assert (cell[:7] == 255).all()


def test_what_is_0_everywhere_is_black_and_a_few_extremes_hide_nothing():
    """Maps behind a ReLU: one is dead, one has a pixel a thousand times as bright as the rest."""
    maps = np.zeros((3, 100, 100))
    maps[1] = np.linspace(0, 10, 100)
    maps[2] = np.linspace(0, 5, 100)
    maps[2, 50, 50] = 5000
    black, white = np.array(contact_sheet.scales(maps, "auto")).T
    assert (black == 0).all() and (white == 10).all()
    scales = list(zip(black, white, strict=True))
    sheet = contact_sheet.draw(maps, [(0, 0), (0, 10), (0, 5000)], scales, ["a", "b", "c"])
    assert (sheet[9:109, 9:109] == 0).all()


def test_the_labels_are_numbers_names_and_ranges():
    assert contact_sheet.labels(("map 0", "HL"), ((-1.25, 2), (0.000123456, 1e7))) == [
        ("0", "-1.25 to 2"),
        ("1  HL", "0.0001235 to 1e+07"),
    ]


@pytest.mark.each("shape", [(700, 500), (513, 257), (64, 900), (1, 1), (256, 256)])
@pytest.mark.each("rows", [1, 7, 64, 1000])
def test_large_maps_are_means_of_squares(shape, rows):
    image = RNG.uniform(-1, 1, (*shape, 3)).astype(np.float32)
    image[0, 0] = [-9, 9, 0]
    starts = range(0, shape[0], rows)
    gathered, other = contact_sheet.Reduced(image.shape, "float32"), contact_sheet.Reduced(image.shape, "float32")
    for which, order in ((gathered, starts), (other, reversed(starts))):
        for start in order:
            stop = min(start + rows, shape[0])
            with which.rows(start, stop) as room:
                room[...] = image[start:stop]
    found, step = gathered.cells(), gathered.step
    np.testing.assert_array_equal(found, other.cells())
    assert max(found.shape[1:]) <= 256 < max(shape) / (step - 1 or 0.001)
    for y, x in np.ndindex(found.shape[1:]):
        square = image[y * step : (y + 1) * step, x * step : (x + 1) * step].astype(float)
        if (y, x) in ((0, 0), (found.shape[1] - 1, found.shape[2] - 1)):
            np.testing.assert_allclose(found[:, y, x], square.mean(axis=(0, 1)), atol=1e-12)
    np.testing.assert_array_equal(gathered.ranges(), [(c.min(), c.max()) for c in np.moveaxis(image, 2, 0)])


def test_sheets_of_a_tree_and_arrays_beside_them(run, bank, rgb):
    for name in ("in/a.png", "in/deep/b.png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rgb).save(name)
    ended = run("conv", "in", "-r", "-j", 2, "--kernel", "haar", "--sheet", "sheets/", "-o", "out/", "--to", "npy")
    assert ended.code == 0, ended.err
    assert Path("sheets/deep/b.npy").exists() or Path("sheets/deep/b.png").exists()
    assert np.load("out/deep/b.npy").shape == (*rgb.shape[:2], 4)


def test_a_sheet_is_the_same_for_any_number_of_threads(ok, rgb):
    Image.fromarray(np.tile(rgb, (30, 8, 1))).save("large.png")
    for jobs in (1, 2):
        ok("conv", "large.png", "--kernel", "gabor:3x1", "--sheet", f"{jobs}.png", "-j", jobs)
    assert Path("1.png").read_bytes() == Path("2.png").read_bytes()


def test_a_map_of_one_value_and_one_of_nan_can_be_shown(ok, load):
    image = np.full((5, 6), np.nan, np.float32)
    np.save("nan.npy", image)
    np.save("flat.npy", np.ones((5, 6), np.float32))
    for name in ("nan", "flat"):
        ok("conv", f"{name}.npy", "--kernel", "haar", "--sheet", f"{name}.png")
        assert load(f"{name}.png").ndim == 2


# ---- the plan -----------------------------------------------------------------------------------------


def test_a_dry_run_names_every_file(ok, bank):
    lines = ok("conv", "a.png", "--kernel", "bank.npy", "--sheet", "s.png", "-n", *EACH).decode().splitlines()
    assert lines == [*(f"a.png -> out/a-{number:02}.png" for number in range(6)), "a.png -> s.png"]
    assert not Path("out").exists()


def test_the_report_names_every_file(run, bank):
    ended = run("conv", "a.png", "--kernel", "bank.npy", "--json", *EACH)
    first = json.loads(ended.out.splitlines()[0])
    assert first["outputs"] == {f"map{number}": f"out/a-{number:02}.png" for number in range(6)}
    assert set(first["range"]) == set(first["outputs"])


def test_a_depfile_names_every_file(ok, bank):
    ok("conv", "a.png", "--kernel", "bank.npy", "--depfile", "a.d", *EACH)
    outputs = " ".join(f"out/a-{number:02}.png" for number in range(6))
    assert Path("a.d").read_text() == f"{outputs}: a.png bank.npy\nbank.npy:\n"


def test_an_update_makes_what_is_missing_or_older(run, bank, rgb):
    call = ("conv", "a.png", "--kernel", "bank.npy", "-u", "--json", *EACH)

    def status(*more):
        return json.loads(run(*call, *more).out.splitlines()[0])["status"]

    os.utime("a.png", (1, 1))
    assert [status(), status()] == ["done", "skipped"]
    Path("out/a-03.png").unlink()
    assert [status(), status()] == ["done", "skipped"]
    assert [status("--scale", "2"), status("--scale", "2"), status()] == ["done", "skipped", "done"]
    np.save("bank.npy", bank * 2)
    assert [status(), status()] == ["done", "skipped"]
    Path("out/a-02.png").write_bytes(Path("out/a-01.png").read_bytes())
    assert status() == "done"


def test_files_that_exist_are_kept(ok, load, bank):
    Path("out").mkdir()
    Path("out/a-02.png").write_bytes(b"mine")
    ok("conv", "a.png", "--kernel", "bank.npy", "--no-clobber", *EACH)
    assert Path("out/a-02.png").read_bytes() == b"mine"
    assert len(names()) == 6 and load("out/a-03.png").ndim == 2


def test_all_files_appear_or_none(refused, bank):
    Path("out/a-05.png").mkdir(parents=True)
    assert "out/a-05.png: cannot be written" in refused(1, "conv", "a.png", "--kernel", "bank.npy", *EACH)
    assert names() == ["a-05.png"]


# ---- wrong calls --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "b.png"), "b.png: PNG cannot hold 6 maps; use .npy or .tif, -o FOLDER/ --name '{stem}-{map:02}.png'"),
        (("-o", "out/"), "out/a.png: PNG cannot hold 6 maps"),
        (("--in-place",), "a.png: PNG cannot hold 6 maps"),
        (("--sheet", "s.png", "-o", "b.jpg"), "b.jpg: JPEG cannot hold 6 maps"),
        (("-o", "b.npy", "--name", "{map}.png"), "--name needs an output folder"),
        (("-o", "out/", "--name", "{map:x}.png"), "{map:x} is not a width"),
        (("-o", "out/", "--name", "{stem}.png"), "out/a.png: PNG cannot hold 6 maps"),
        (("-o", "b.npy", "--groups", "4"), "--groups: 4 does not divide the bank's 6 maps"),
        (("-o", "b.npy", "--bias", "no.txt"), "--bias: 'no.txt' is neither a number nor a file"),
        (("-o", "b.npy", "--max-taps", "100"), "bank.npy has 3×3×3×6 = 162 taps; the limit is 100"),
        (("--sheet", "s.xyz"), "s.xyz: '.xyz' is not a supported output format"),
        ((), "no output; name one"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_before_the_work(refused, bank, words, said):
    assert said in refused(2, "conv", "a.png", "--kernel", "bank.npy", *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("conv", "a.png", "-o", "out/", "--name", "{map}.png", "--kernel", "mean3"), "this call gives one image"),
        (("blur", "a.png", "-o", "out/", "--name", "{map}.png"), "this call gives one image"),
        (("conv", "a.png", "--sheet", "s.png", "--kernel", "mean3"), "--sheet needs a filter bank"),
        (("chain", "a.png", "--sheet", "s.png", "blur"), "--sheet needs a filter bank"),
        (
            ("chain", "a.png", "-o", "b.npy", "conv --kernel haar", "edges --channels luma"),
            "step 2 (edges): --channels luma: the step before gives 4 maps, not colours; use --channels each",
        ),
        (("conv", "a.png", "-o", "b.npy", "--kernel", "haar", "--channels", "max"), "--channels: max does not apply"),
    ],
    ids=str,
)
def test_what_is_for_banks_needs_one(refused, bank, words, said):
    assert said in refused(2, *words)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 3, 3), complex), "bank.npy: holds complex128; a kernel must hold real numbers"),
        (np.zeros((2, 0, 3, 3)), "bank.npy: has the shape (2, 0, 3, 3), which is empty"),
        (
            np.zeros((1, 2, 2, 3, 3)),
            "bank.npy: has the shape (1, 2, 2, 3, 3); a kernel is (height, width), a filter bank",
        ),
        (np.full((2, 1, 3, 3), np.nan), "bank.npy: a bank's values must be finite numbers"),
    ],
)
def test_a_file_that_is_no_bank_says_why(refused, bank, array, said):
    np.save("bank.npy", array)
    assert said in refused(2, "conv", "a.png", "-o", "b.npy", "--kernel", "bank.npy")


def test_a_truncated_bank_is_refused(refused, bank):
    data = Path("bank.npy").read_bytes()
    Path("bank.npy").write_bytes(data[:200])
    assert "bank.npy: is not a readable .npy file" in refused(2, "conv", "a.png", "-o", "b.npy", "--kernel", "bank.npy")


@pytest.mark.parametrize("shape", ["1000000000, 1, 3, 3", "4294967296, 4294967296, 3, 3"])
def test_what_a_bank_claims_takes_no_memory(refused, bank, shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}\n".encode()
    Path("bank.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    assert "the limit is 65536" in refused(2, "conv", "a.png", "-o", "b.npy", "--kernel", "bank.npy")


def test_a_gray_picture_has_too_few_channels(refused, bank, gray):
    Image.fromarray(gray).save("g.png")
    line = refused(1, "conv", "g.png", "-o", "b.npy", "--kernel", "bank.npy")
    assert "g.png: the bank of shape (6, 3, 3, 3) sees 3 channels, the picture has one, gray" in line


def test_standard_output_takes_an_array(run, refused, bank, rgb):
    ended = run("conv", "a.png", "-o", "-", "--to", "npy", "--kernel", "haar")
    assert ended.out.startswith(b"\x93NUMPY")
    data = Path("a.png").read_bytes()
    assert "PNG cannot hold 4 maps" in refused(1, "conv", "-", "-o", "-", "--kernel", "haar", stdin=data)


def test_regions_need_a_picture(refused, bank):
    said = refused(2, "conv", "a.png", "-o", "b.npy", "--kernel", "haar", "--roi", "0,0,3,3")
    assert "--roi: a mask or a region needs a picture" in said


def test_the_kernels_command_lists_and_shows_banks(ok, refused):
    listed = ok("kernels").decode()
    assert all(name in listed for name in ("gabor", "haar", "dct8", "schmid", "leung-malik"))
    shown = ok("kernels", "show", "haar", "--save", "haar.npy").decode()
    assert "4 maps, kernels 2×2 on 1 channel" in shown and "HL" in shown
    assert np.load("haar.npy").shape == (4, 1, 2, 2)
    assert "shape (4, 1, 2, 2), 16 taps" in ok("kernels", "show", "haar.npy").decode()
    assert "a bank is saved as .npy" in refused(2, "kernels", "show", "haar", "--save", "haar.txt")


# ---- signals of one dimension -------------------------------------------------------------------------


@pytest.mark.each("taps", [3, 7])
@pytest.mark.each("shape", ["(n,)", "(1, n)", "(n, 1)"])
@pytest.mark.each("padding", ["valid", "full", "same"])
@pytest.mark.each("mode", ["convolve", "correlate"])
def test_a_row_or_column_is_numpys_convolution(ok, taps, shape, padding, mode):
    signal, kernel = RNG.normal(size=40).astype(np.float32), RNG.normal(size=taps)
    arrays = {"(n,)": signal, "(1, n)": signal[None], "(n, 1)": signal[:, None]}
    np.save("signal.npy", arrays[shape])
    between = "; " if shape == "(n, 1)" else " "
    words = ("--kernel", between.join(map(str, kernel)), "--border", "constant", "--mode", mode, "--padding", padding)
    ok("conv", "signal.npy", "-o", "out.npy", *words)
    found = np.load("out.npy")
    expected = getattr(np, mode)(signal.astype(float), kernel, padding)
    assert found.shape == ((len(expected), 1) if shape == "(n, 1)" else (1, len(expected)))
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 2, 2, 2, 2)), "an image is (height, width), "),
        (np.float32(1), "an image is (height, width), "),
        (np.zeros(0), "has the shape (0,)"),
    ],
)
def test_other_arrays_are_no_pictures(refused, array, said):
    np.save("odd.npy", array)
    assert said in refused(1, "conv", "odd.npy", "-o", "b.npy", "--kernel", "1")


def test_a_sheet_of_too_many_pixels_is_refused_before_the_filtering(refused, ok, bank, load, monkeypatch):
    ok("conv", "a.png", "--kernel", "bank.npy", "--sheet", "sheet.png")
    height, width = load("sheet.png").shape[:2]
    call = ("conv", "a.png", "--kernel", "bank.npy", "--sheet", "sheet.tif", "--max-pixels")
    ok(*call, height * width)
    Path("sheet.tif").unlink()
    monkeypatch.setattr(executor, "run", None)
    line = refused(1, *call, height * width - 1)
    said = (
        f"its sheet of 6 maps would have {width}×{height} = {width * height} pixels; the limit is {width * height - 1}"
    )
    assert line == f"imfilter: a.png: {said} (--max-pixels raises it)"
    assert not Path("sheet.tif").exists()


def test_a_sheet_counts_in_the_memory_that_is_needed(refused, bank, monkeypatch):
    """A sheet of tiny maps is many times as large as they are."""
    np.save("bank.npy", np.zeros((8000, 1, 1), np.float32))
    monkeypatch.setattr(executor, "run", None)
    monkeypatch.setattr(memory_budget, "free", lambda: 100 << 20)
    assert "of memory" in refused(1, "conv", "a.png", "--kernel", "bank.npy", "--sheet", "sheet.png")
