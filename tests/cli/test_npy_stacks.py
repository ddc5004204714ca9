"""Many images of one size in a .npy of four axes, read and written as a data set."""

import io

import numpy as np
import pytest
from imfilter.cli.batch import image_job
from imfilter.filters.blur import blur
from imfilter.filters.conv import conv
from PIL import Image


def images(*shape, dtype="u1"):
    return np.random.default_rng(5).integers(0, 200, shape).astype(dtype)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("dtype", ["u1", "<u2", ">i2", "f2", "f4", ">f8", "i8", "b1"])
def test_every_image_is_filtered_as_one_by_itself(ok, load, channels, dtype):
    stack = images(5, 8, 7, channels, dtype=dtype)
    np.save("a.npy", stack)
    np.save("one.npy", stack[3])
    ok("blur", "a.npy", "-o", "b.npy", "--quiet")
    ok("blur", "one.npy", "-o", "two.npy", "--quiet")
    found, two = np.load("b.npy"), np.load("two.npy")
    assert found.shape == stack.shape
    assert found.dtype == two.dtype
    np.testing.assert_allclose(found[3], two.reshape(found[3].shape), rtol=1e-6)


def test_many_at_once_are_one_by_one(ok, folder, monkeypatch):
    np.save("a.npy", np.asfortranarray(images(9, 8, 7, 3)))
    line = ["chain", "a.npy", "noise --seed 4", "blur --sigma 2", "flip"]
    ok(*line, "-o", "b.npy")
    monkeypatch.setattr(image_job.ImageProcessor, "takes_stack", lambda *given: False)
    ok(*line, "-o", "c.npy")
    stamp = np.lib.format.ARRAY_ALIGN * 2
    assert (folder / "b.npy").read_bytes()[stamp:] == (folder / "c.npy").read_bytes()[stamp:]


def test_one_image_stays_a_set_and_other_formats_take_it(ok):
    np.save("a.npy", images(1, 8, 7, 3))
    ok("blur", "a.npy", "-o", "b.npy")
    assert np.load("b.npy").shape == (1, 8, 7, 3)
    ok("blur", "a.npy", "-o", "b.png")
    assert np.asarray(Image.open("b.png")).shape == (8, 7, 3)
    np.save("c.npy", images(4, 8, 7, 3))
    ok("blur", "c.npy", "-o", "d.npy", "--frame", "2")
    np.testing.assert_allclose(np.load("d.npy"), blur(images(4, 8, 7, 3)[2].astype(np.float32)), rtol=1e-5)


def test_maps_of_every_image_lie_side_by_side(ok):
    stack = images(3, 12, 11, 1)
    np.save("a.npy", stack)
    ok("conv", "a.npy", "-o", "maps.npy", "--kernel", "gabor:6x1")
    expected = conv(stack[1, ..., 0].astype(np.float64), kernel="gabor:6x1", white=255)
    np.testing.assert_allclose(np.load("maps.npy")[1], expected, atol=1e-3)
    ok("blur", "maps.npy", "-o", "again.npy")
    assert np.load("again.npy").shape == (3, 12, 11, 6)


def test_pages_and_frames_of_one_size_become_a_stack(ok, run, refused, folder):
    pages = images(4, 8, 7, 3)
    first, *others = [Image.fromarray(page) for page in pages]
    first.save("a.tif", save_all=True, append_images=others)
    ok("blur", "a.tif", "-o", "b.npy", "--depth", "8")
    np.testing.assert_array_equal(np.load("b.npy"), blur(pages))
    first.save("a.tif", save_all=True, append_images=[Image.new("RGB", (3, 3))])
    said = "its images must have the same size, but two are 7×8×3 and 3×3×3"
    assert said in refused(1, "blur", "a.tif", "-o", "c.npy")
    first.save("a.tif", save_all=True, append_images=[Image.new("L", (7, 8))])
    assert "must have the same size, but two are 7×8×3 and 7×8×1" in refused(1, "blur", "a.tif", "-o", "c.npy")
    assert not (folder / "c.npy").exists()
    first.save("a.gif", save_all=True, append_images=others, duration=50)
    assert "cannot hold frame durations" in run("blur", "a.gif", "-o", "d.npy").err
    assert np.load("d.npy").shape[:3] == (4, 8, 7)


def test_pages_of_several_depths_are_no_stack(refused, folder):
    import tifffile

    with tifffile.TiffWriter("a.tif") as file:
        file.write(images(8, 7), photometric="minisblack")
        file.write(images(8, 7, dtype="f4"), photometric="minisblack")
    assert "must have the same depth, but two are uint8 and float32; use --depth" in refused(
        1, "blur", "a.tif", "-o", "a.idx"
    )
    assert not (folder / "a.idx").exists()


def of(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def lying(shape):
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head.encode()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (of(images(3, 4, 5, 3))[:-1], "it holds 179 of 180 bytes of samples"),
        (lying((1 << 40, 28, 28, 1)), "it holds 0 of "),
        (lying((1, 1 << 20, 1 << 20, 1)), "the limit is"),
        (lying((0, 28, 28, 1)), "has the shape (0, 28, 28, 1), so it holds no images"),
        (of(np.empty((2, 2, 2, 1), object)), "it holds Python objects, which are never loaded"),
        (of(np.zeros((2, 2, 2, 1), complex)), "has complex128 samples; use real numbers"),
        (of(np.zeros((2, 2, 2, 2, 1))), "and many are (count, height, width, bands)"),
        (of(np.full((2, 2, 2, 1), 1 << 60)), "float64 cannot hold exactly"),
        (of(np.array([0, 0, 1 << 60]).reshape(3, 1, 1, 1)), "float64 cannot hold exactly"),
    ],
)
def test_a_damaged_stack_is_refused_in_one_line(refused, folder, data, why):
    (folder / "a.npy").write_bytes(data)
    assert why in refused(1, "blur", "a.npy", "-o", "b.npy")
    assert not (folder / "b.npy").exists()


def test_channels_that_come_first_are_told_once(run):
    np.save("a.npy", images(3, 5, 20, 30))
    said = run("blur", "a.npy", "-o", "b.npy").err
    assert said.count("is read as 20×5 pixels of 30 bands; if bands come first, move that axis to the end") == 1


def test_parts_are_those_of_each_image(run, folder):
    stack = np.random.default_rng(1).integers(0, 256, (6, 32, 32, 3), np.uint8)
    np.save("a.npy", stack)
    assert run("crop", "a.npy", "-o", "b.npy", "--area", "0.5", "--ratio", "1", "--depth", "8").code == 0
    assert np.array_equal(np.load("b.npy"), stack[:, 4:27, 4:27])
