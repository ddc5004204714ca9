"""--mask and --roi: a part of the picture, through every way that the command goes."""

import json
import os
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from imfilter import chain
from imfilter.filters.blur import blur
from imfilter.filters.edges import edges
from imfilter.filters.resize import resize
from imfilter.filters.rotate import rotate
from PIL import Image


@pytest.fixture
def mask(rgb, folder):
    """A mask of the picture's size: nothing, half, all."""
    strength = np.zeros(rgb.shape[:2], np.uint8)
    strength[10:, 5:] = 255
    strength[4:10, 5:] = 128
    Image.fromarray(strength).save(folder / "mask.png")
    return strength


@pytest.fixture
def photo(rgb, folder):
    Image.fromarray(rgb).save(folder / "a.png")
    return rgb


def opened(path):
    return np.asarray(Image.open(path))


@pytest.mark.parametrize("suffix", ["png", "tif", "npy", "ppm", "bmp", "webp"])
def test_outside_the_file_is_what_it_was(ok, photo, mask, suffix):
    ok("edges", "a.png", "-o", f"b.{suffix}", "--mask", "mask.png", "--magnitude", "m.npy")
    written = np.load("b.npy") if suffix == "npy" else opened(f"b.{suffix}")
    expected = edges(photo, mask=mask)
    if suffix == "npy":
        np.testing.assert_array_equal(written[mask == 0], photo[mask == 0])
    else:
        np.testing.assert_array_equal(written, expected.image)
    np.testing.assert_array_equal(np.load("m.npy"), expected.magnitude)


def test_regions_are_those_of_the_python_call(ok, photo, mask):
    ok("blur", "a.png", "-o", "b.png", "--sigma", "2", "--roi", "-3,2,10,4", "--roi", "8,8,5,5", "--mask", "mask.png")
    expected = blur(photo, sigma=2, mask=mask, roi=[(-3, 2, 10, 4), (8, 8, 5, 5)])
    np.testing.assert_array_equal(opened("b.png"), expected)


def test_every_pixel_of_a_jpeg_goes_into_its_bands(ok, rgb, folder):
    photo = np.tile(rgb, (400 // rgb.shape[0] + 1, 20, 1))
    Image.fromarray(photo).save("a.png")
    Image.fromarray(blur(photo, sigma=9, roi=(20, 300, 90, 20))).save("expected.png")
    ok("conv", "expected.png", "-o", "expected.jpg", "--kernel", "1", "--strip")
    ok("blur", "a.png", "-o", "b.jpg", "--sigma", "9", "--roi", "20,300,90,20", "--strip")
    np.testing.assert_array_equal(opened("b.jpg"), opened("expected.jpg"))


@pytest.mark.parametrize("kind", ["16 bits", "float", "RGB", "with an alpha", "a pipe"])
def test_masks_of_every_kind(kind, ok, photo, mask, folder):
    name, strength = "m.png", mask.astype(float) / 255
    if kind == "16 bits":
        Image.fromarray(mask.astype(np.uint16) * 257).save(name)
    elif kind == "float":
        np.save(name := "m.npy", strength.astype(np.float32))
    elif kind == "RGB":
        Image.fromarray(np.dstack([mask] * 3)).save(name)
    elif kind == "with an alpha":
        Image.fromarray(np.dstack([mask, np.full_like(mask, 255)])).save(name)
    else:
        os.mkfifo(name)
        threading.Thread(target=lambda: Path(name).write_bytes(Path("mask.png").read_bytes())).start()
    ok("blur", "a.png", "-o", "b.png", "--mask", name)
    np.testing.assert_array_equal(opened("b.png"), blur(photo, mask=mask))


def test_a_mask_is_laid_on_the_upright_picture(ok, photo, mask):
    exif = Image.Exif()
    exif[0x0112] = 6  # is turned by 90° to the right when it is shown
    Image.fromarray(np.rot90(photo)).save("turned.png", exif=exif)
    ok("blur", "turned.png", "-o", "b.png", "--mask", "mask.png", "--roi", "2,3,9,9")
    np.testing.assert_array_equal(opened("b.png"), blur(photo, mask=mask, roi=(2, 3, 9, 9)))


def test_a_chain_and_its_recipe_act_as_one(ok, run, photo, mask):
    ok("chain", "a.png", "-o", "b.png", "blur --sigma 1", "edges", "--mask", "mask.png", "--save", "r.toml")
    ok("run", "r.toml", "a.png", "-o", "c.png", "--mask", "mask.png")
    written = opened("b.png")
    np.testing.assert_array_equal(written, opened("c.png"))
    np.testing.assert_array_equal(written[mask == 0], photo[mask == 0])
    ok("chain", "a.png", "-o", "whole.png", "blur --sigma 1", "edges")
    np.testing.assert_array_equal(written[mask == 255], np.repeat(opened("whole.png")[mask == 255][:, None], 3, 1))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_one_mask_is_for_all_of_a_folder(run, photo, mask, folder, jobs):
    (folder / "photos").mkdir()
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(photo).save(folder / "photos" / name)
    Image.fromarray(photo[:-1]).save(folder / "photos" / "small.png")
    ended = run("blur", "photos", "-o", "out/", "--mask", "mask.png", "-j", jobs)
    size = f"{photo.shape[1]}×{photo.shape[0]}"
    assert ended.code == 1
    assert f"photos/small.png: the mask is {size}, the image" in ended.err
    for name in ("a.png", "b.png", "c.png"):
        np.testing.assert_array_equal(opened(f"out/{name}"), blur(photo, mask=mask))


def test_an_update_knows_the_masks_content_and_the_regions(run, photo, mask, folder):
    def done(*words):
        ended = run("blur", "a.png", "-o", "out/", "--update", "--json", *words)
        return json.loads(ended.out.splitlines()[-1])["done"]

    (folder / "out").mkdir()
    assert [done(), done()] == [1, 0]
    given = ("--mask", "mask.png")
    assert [done(*given), done(*given)] == [1, 0]
    Image.fromarray(255 - mask).save("mask.png")
    assert [done(*given), done(*given)] == [1, 0]
    Image.fromarray(255 - mask).save("same.png")
    assert done("--mask", "same.png") == 0
    assert [done("--roi", "0,0,5,5"), done("--roi", "0,0,5,5"), done("--roi", "0,0,5,6")] == [1, 0, 1]


def test_one_mask_is_for_all_frames(ok, photo, mask):
    pages = [photo, photo[::-1]]
    first, *others = map(Image.fromarray, pages)
    first.save("a.tif", save_all=True, append_images=others)
    ok("blur", "a.tif", "-o", "b.tif", "--mask", "mask.png")
    with Image.open("b.tif") as written:
        for number, page in enumerate(pages):
            written.seek(number)
            np.testing.assert_array_equal(np.asarray(written), blur(page, mask=mask))


def test_a_dependency_file_names_the_mask(ok, photo, mask, folder):
    ok("blur", "a.png", "-o", "b.png", "--mask", "mask.png", "--depfile", "b.d")
    assert (folder / "b.d").read_text() == "b.png: a.png mask.png\nmask.png:\n"


def test_missing_samples_are_an_option_of_all_steps(ok):
    values = np.full((20, 20), 0.5, np.float32)
    values[8:10, 8:10] = np.nan
    np.save("a.npy", values)
    ok("blur", "a.npy", "-o", "b.npy", "--nan", "ignore")
    np.testing.assert_allclose(np.load("b.npy"), 0.5, rtol=1e-6)
    ok("chain", "a.npy", "-o", "c.npy", "blur", "edges --nan fill=0", "--save", "r.toml")
    assert 'nan = "fill=0"' in Path("r.toml").read_text() and not np.isnan(np.load("c.npy")).any()


# ---- refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--mask", "none.png"), 2, "--mask none.png: no such file"),
        (("--mask", "text.png"), 2, "--mask text.png: is neither an image"),
        (("--mask", "-"), 2, "--mask -: a mask must be a file"),
        (("--mask", "two.tif"), 2, "--mask two.tif: has several frames; a mask must have one"),
        (("--mask", "hot.npy"), 2, "--mask hot.npy: its samples go from 3 to 3; they must be from 0 to 1"),
        (("--roi", "1,2,3"), 2, "--roi: '1,2,3' is not X,Y,W,H in whole pixels, such as 10,20,300,200"),
        (("--roi", "1,2,3,4.5"), 2, "--roi: '1,2,3,4.5' is not X,Y,W,H"),
        (("--roi", "1,2,0,4"), 2, "--roi: 1,2,0,4 has no pixels"),
        (("--roi", "5000,2,3,4"), 1, "a.png: the region 5000,2,3,4 lies outside the image"),
        (("--mask", "tiny.png"), 1, "a.png: the mask is 1×1, the image"),
        (("--nan", "skip"), 2, "--nan: 'skip' is not propagate, ignore or fill=V"),
    ],
)
def test_what_cannot_be_is_one_line(refused, photo, folder, words, code, message):
    (folder / "text.png").write_text("no picture")
    np.save("hot.npy", np.full((3, 3), 3, np.float32))
    one = Image.new("L", (1, 1))
    one.save("tiny.png")
    one.save("two.tif", save_all=True, append_images=[one])
    assert message in refused(code, "blur", "a.png", "-o", "b.png", *words)
    assert not (folder / "b.png").exists()


@pytest.mark.needs("/dev/zero")
def test_a_device_without_an_end_is_no_mask_and_no_kernel(refused, photo):
    assert "--mask /dev/zero: is neither an image" in refused(2, "blur", "a.png", "-o", "b.png", "--mask", "/dev/zero")
    words = ("conv", "a.png", "-o", "b.png", "--kernel", "/dev/zero")
    assert "/dev/zero: has more than 256 MiB, the limit for a kernel" in refused(2, *words)


@pytest.mark.parametrize("words", [("--stride", "2"), ("--padding", "valid")])
def test_a_result_of_another_size_is_a_wrong_call(refused, photo, words):
    line = refused(2, "conv", "a.png", "-o", "b.png", "--kernel", "mean3", "--roi", "0,0,5,5", *words)
    assert line.endswith("needs a result of the image's size and position: no --stride, and --padding same")


@pytest.mark.parametrize(
    ("moves", "step"), [("resize --scale 0.5", {"scale": 0.5}), ("rotate --angle 30", {"angle": 30})]
)
def test_in_a_chain_that_moves_samples_the_mask_and_the_regions_move(ok, photo, mask, moves, step):
    moved = {"resize": resize, "rotate": rotate}[moves.split()[0]].step(**step)
    expected = chain(moved, blur.step(sigma=2))
    ok("chain", "a.png", "-o", "b.png", moves, "blur --sigma 2", "--mask", "mask.png")
    np.testing.assert_array_equal(opened("b.png"), expected(photo, mask=mask))
    ok("chain", "a.png", "-o", "c.png", moves, "blur --sigma 2", "--roi", "4,3,9,8")
    np.testing.assert_array_equal(opened("c.png"), expected(photo, roi=(4, 3, 9, 8)))
    assert not np.array_equal(opened("b.png"), expected(photo))


@pytest.mark.parametrize("words", [("flip",), ("resize", "--scale", "0.5"), ("chain", "flip", "rotate --angle 9")])
def test_where_every_step_moves_a_mask_limits_nothing(refused, photo, mask, words):
    line = refused(2, *words[:1], "a.png", "-o", "b.png", *words[1:], "--mask", "mask.png")
    assert "this moves every pixel. In a chain it moves the mask, too" in line


def test_the_mask_is_never_overwritten(refused, photo, mask):
    assert "is the mask" in refused(2, "blur", "a.png", "-o", "mask.png", "--mask", "mask.png")
    assert "is the mask" in refused(2, "blur", "mask.png", "--in-place", "--mask", "mask.png")
    np.testing.assert_array_equal(opened("mask.png"), mask)


def test_the_help_has_them_once(run):
    for name in ("blur", "edges", "chain", "run"):
        help = run(name, "--help").out.decode()
        assert len(re.findall(r"^ +--mask FILE", help, re.M)) == len(re.findall(r"^ +--roi X,Y,W,H", help, re.M)) == 1
