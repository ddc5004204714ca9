"""Data sets in .npz: the arrays of images are filtered, and all others go along byte for byte."""

import io
import struct
import zipfile

import numpy as np
import pytest
from imfilter.cli.batch import image_job
from imfilter.cli.images import image_files
from imfilter.filters.blur import blur
from imfilter.filters.edges import edges


def images(*shape, seed=5, dtype="u1"):
    return np.random.default_rng(seed).integers(0, 200, shape).astype(dtype)


def keras():
    return {
        "x_train": images(7, 9, 8),
        "y_train": images(7, dtype="i8"),
        "x_test": images(3, 9, 8, seed=6),
        "y_test": images(3, dtype="i8"),
        "note": np.array(["drawn", "by hand"]),
    }


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_images_are_filtered_and_all_else_is_kept(ok, save):
    arrays = keras()
    save("a.npz", **arrays)
    ok("blur", "a.npz", "-o", "b.npz")
    found, before, after = np.load("b.npz"), members("a.npz"), members("b.npz")
    assert [*after] == [*before]
    for key in ("x_train", "x_test"):
        np.testing.assert_array_equal(found[key], blur(arrays[key], stack=True))
        assert found[key].dtype == np.uint8
    for key in ("y_train.npy", "y_test.npy", "note.npy"):
        assert after[key] == before[key]
    ways = [[info.compress_type for info in zipfile.ZipFile(name).infolist()] for name in ("a.npz", "b.npz")]
    assert ways[0] == ways[1]


@pytest.mark.parametrize(
    ("names", "shape"),
    [
        (("train_images", "val_images", "test_images"), (3, 6, 5, 3)),
        (("images",), (4, 6, 5, 1)),
        (("arr_0",), (4, 6, 5)),
        (("X_train",), (2, 6, 5, 4)),
        (("x",), (1, 6, 5, 2)),
        (("images",), (1, 9, 5, 7)),
    ],
)
def test_the_names_and_shapes_of_the_field(ok, names, shape):
    arrays = {name: images(*shape, seed=seed) for seed, name in enumerate(names)}
    np.savez("a.npz", **arrays)
    ok("flip", "a.npz", "-o", "b.npz")
    for name, found in np.load("b.npz").items():
        np.testing.assert_array_equal(found, arrays[name][:, :, ::-1])


def test_the_same_images_give_the_same_bytes(ok, run, folder, monkeypatch):
    np.savez("a.npz", **keras())
    ok("blur", "a.npz", "-o", "b.npz")
    monkeypatch.setattr(image_job.ImageProcessor, "takes_stack", lambda *given: False)
    ok("blur", "a.npz", "-o", "c.npz")
    assert (folder / "b.npz").read_bytes() == (folder / "c.npz").read_bytes()
    assert {info.date_time for info in zipfile.ZipFile("b.npz").infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert run("blur", "a.npz", "-o", "b.npz", "--update").err == run("blur", "a.npz", "-o", "c.npz", "--update").err


def test_maps_hold_the_images_alone(ok):
    arrays = keras()
    np.savez("a.npz", **arrays)
    ok("edges", "a.npz", "-o", "b.npz", "--magnitude", "m.npz")
    found = np.load("m.npz")
    assert [*found] == ["x_train", "x_test"]
    np.testing.assert_allclose(found["x_test"], edges(arrays["x_test"], stack=True).magnitude, rtol=1e-5)
    assert [*np.load("b.npz")] == [*arrays]


def test_other_kinds_of_data_sets(ok, run):
    arrays = keras()
    np.savez("a.npz", **arrays)
    both = np.concatenate((arrays["x_train"], arrays["x_test"]))
    said = run("flip", "a.npz", "-o", "b-images-idx3-ubyte").err
    assert said == "imfilter: a.npz: IDX cannot hold named arrays; the images of x_train, x_test are one\n"
    ok("flip", "b-images-idx3-ubyte", "-o", "c.npz")
    found = np.load("c.npz")
    assert [*found] == ["images", "labels"]
    np.testing.assert_array_equal(found["images"], both)
    np.testing.assert_array_equal(found["labels"], np.concatenate((arrays["y_train"], arrays["y_test"])))
    ok("flip", "c.npz", "-o", "d-images-idx3-ubyte")
    ok("flip", "d-images-idx3-ubyte", "-o", "e.npz")
    assert members("e.npz") == members("c.npz")
    np.save("four.npy", images(4, 6, 5, 3))
    ok("flip", "four.npy", "-o", "four.npz")
    np.testing.assert_array_equal(np.load("four.npz")["images"], images(4, 6, 5, 3)[:, :, ::-1])


def test_one_image_and_files_of_each(ok, run, folder):
    arrays = keras()
    np.savez("a.npz", **arrays)
    assert run("flip", "a.npz", "-o", "one.png", "--frame", "8").code == 0
    np.testing.assert_array_equal(image_files.imread("one.png"), arrays["x_test"][1][:, ::-1])
    assert run("flip", "a.npz", "-o", "each/", "--name", "{stem}-{frame:02}.png").code == 0
    assert len(list((folder / "each").iterdir())) == 10
    np.testing.assert_array_equal(image_files.imread("a.npz", frame="all")[:7], arrays["x_train"])


def test_empty_arrays_of_images_stay(ok):
    np.savez("a.npz", train_images=images(2, 6, 5), val_images=images(0, 6, 5))
    ok("crop", "a.npz", "-o", "b.npz", "--size", "3,4")
    found = np.load("b.npz")
    assert (found["train_images"].shape, found["val_images"].shape) == ((2, 4, 3), (0, 4, 3))


def test_white_and_bands_are_told_in_the_header(ok, run):
    np.savez("a.npz", images=images(3, 8, 7, 1))
    ok("conv", "a.npz", "-o", "maps.npz", "--kernel", "gabor:4x1")
    assert np.load("maps.npz")["images"].shape == (3, 8, 7, 4)
    ok("blur", "maps.npz", "-o", "b.npz")
    assert np.load("b.npz")["images"].shape == (3, 8, 7, 4)


def zipped(files, way=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", way) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name), data, way)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def lying(shape, described="|u1"):
    head = f"{{'descr': {described!r}, 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head.encode()


GOOD = npy(images(3, 4, 5))
WHOLE = zipped([("images.npy", GOOD)])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (WHOLE[:-30], "is damaged or truncated (File is not a zip file)"),
        (WHOLE[: len(WHOLE) // 2], "is damaged or truncated"),
        (WHOLE.replace(struct.pack("<I", len(GOOD)), struct.pack("<I", 1 << 31)), "its header declares 188"),
        (zipped([("images.npy", GOOD[:-1])]), "its array images has 187 bytes, but its header declares 188"),
        (zipped([("images.npy", lying((1 << 40, 28, 28)))]), "but its header declares"),
        (zipped([("images.npy", npy(np.empty((2, 2, 2), object)))]), "Python objects, which are never loaded"),
        (zipped([("images.npy", GOOD), ("y.npy", npy(np.array([{}])))]), "y is not readable (it holds Python obj"),
        (zipped([("images.npy", npy(images(5)))]), "its array images has the shape (5,); images are"),
        (zipped([("images.npy", npy(images(0, 4, 4)))]), "holds no images"),
        (zipped([("images.npy", npy(np.zeros((1, 2, 2), complex)))]), "use real numbers"),
        (zipped([("a.npy", GOOD), ("b.npy", GOOD)]), "has the arrays a, b; images are in x_train"),
        (zipped([("x_train.npy", GOOD), ("x_test.npy", npy(images(2, 4, 4)))]), "images of different sizes or depths"),
        (zipped([("images.npy", GOOD), ("labels.npy", npy(images(2)))]), "labels holds 2 labels, but images 3 images"),
        (zipped([("images.npy", GOOD), ("run.py", b"1")]), "holds 'run.py', which is not an array"),
        (zipped([("images.npy", GOOD)], zipfile.ZIP_LZMA), "uses a compression that numpy.savez does not write"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(refused, folder, data, why):
    (folder / "a.npz").write_bytes(data)
    assert why in refused(1, "blur", "a.npz", "-o", "b.npz")
    assert not (folder / "b.npz").exists()


def test_what_is_packed_wrongly_is_refused(refused, folder):
    data = bytearray(WHOLE)
    data[60] ^= 0xFF
    (folder / "a.npz").write_bytes(data)
    assert "is damaged or truncated" in refused(1, "blur", "a.npz", "-o", "b.npz")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_arrays_of_one_name_are_refused(refused, folder):
    (folder / "a.npz").write_bytes(zipped([("images.npy", GOOD), ("images.npy", GOOD)]))
    assert "has several arrays with the same name" in refused(1, "blur", "a.npz", "-o", "b.npz")


def test_too_large_images_and_other_arrays_are_refused_before_they_are_unpacked(refused, folder, monkeypatch):
    monkeypatch.setattr(zipfile.ZipFile, "read", None)
    wide = zipped([("images.npy", npy(np.zeros((1, 300, 400), np.uint8)))])
    (folder / "a.npz").write_bytes(wide)
    limit = ("--max-pixels", "100000")
    assert "has 400×300 = 120000 pixels; the limit is 100000" in refused(1, "blur", "a.npz", "-o", "b.npz", *limit)
    (folder / "a.npz").write_bytes(zipped([("images.npy", GOOD), ("y.npy", npy(np.zeros(100_001)))]))
    assert "its array y has 100001 numbers; the limit is" in refused(1, "blur", "a.npz", "-o", "b.npz", *limit)


def test_a_bomb_is_refused_by_the_memory_that_it_would_take(refused, folder, monkeypatch):
    monkeypatch.setattr(zipfile.ZipFile, "read", None)
    from imfilter.cli.images import memory_budget

    monkeypatch.setattr(memory_budget, "UNCHECKED_BYTES", 0)
    monkeypatch.setattr(memory_budget, "free", lambda: 1 << 20)
    (folder / "a.npz").write_bytes(zipped([("images.npy", npy(np.zeros((4000, 28, 28), np.uint8)))]))
    assert "memory" in refused(1, "blur", "a.npz", "-o", "b.npz")
