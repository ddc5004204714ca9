"""`imfilter dataset convert`: folders of classes to IDX and back, whole or not at all."""

import gzip
import struct

import numpy as np
import pytest
from PIL import Image

RNG = np.random.default_rng(11)
COUNT = 23
LABELS = (RNG.permutation(COUNT) % 12).astype(np.uint8)


def packed(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def unpacked(path):
    data = path.read_bytes()
    data = gzip.decompress(data) if path.name.endswith(".gz") else data
    sizes = struct.unpack_from(f">{data[3]}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes)


def tree(path):
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.fixture
def digits(folder):
    images = RNG.integers(0, 256, (COUNT, 5, 4), np.uint8)
    (folder / "t-images-idx3-ubyte").write_bytes(packed(images))
    (folder / "t-labels-idx1-ubyte").write_bytes(packed(LABELS))
    return images


@pytest.fixture
def pets(folder):
    arrays = {}
    for kind in ("dog", "Cat"):
        for number in range(3):
            arrays[f"{kind}/p{number}.png"] = pixels = RNG.integers(0, 256, (6, 8, 3), np.uint8)
            (folder / "pets" / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / "pets" / kind / f"p{number}.png")
    return arrays


@pytest.mark.each("shape", [(COUNT, 5, 4), (COUNT, 5, 4, 3)])
@pytest.mark.each("suffix", ["", ".gz"])
def test_from_a_container_to_a_folder_and_back_is_byte_for_byte(ok, folder, shape, suffix):
    images, axes = RNG.integers(0, 256, shape, np.uint8), len(shape)
    names = [f"{{}}-images-idx{axes}-ubyte{suffix}", f"{{}}-labels-idx1-ubyte{suffix}"]
    for name, array in zip(names, (images, LABELS), strict=True):
        data = packed(array)
        (folder / name.format("t")).write_bytes(gzip.compress(data) if suffix else data)
    out = f"out{axes}{suffix}"
    ok("dataset", "convert", names[0].format("t"), "-o", f"{out}/")
    files = tree(folder / out)
    assert sorted(files) == sorted(f"{label:02}/{number:02}.png" for number, label in enumerate(LABELS))
    for number, label in enumerate(LABELS):
        with Image.open(folder / out / f"{label:02}/{number:02}.png") as image:
            np.testing.assert_array_equal(image, images[number])
    ok("dataset", "convert", out, "-o", names[0].format("u"))
    for name in names:
        np.testing.assert_array_equal(unpacked(folder / name.format("u")), unpacked(folder / name.format("t")))
        if not suffix:
            assert (folder / name.format("u")).read_bytes() == (folder / name.format("t")).read_bytes()


def test_a_folder_of_classes_becomes_a_container_in_byte_order(run, folder, pets):
    ended = run("dataset", "convert", "pets", "-o", "p-images-idx4-ubyte")
    assert (ended.code, ended.out) == (0, b"6 images -> p-images-idx4-ubyte\n")
    assert ended.lines == ["imfilter: the names of its 2 classes were not written"]
    np.testing.assert_array_equal(unpacked(folder / "p-images-idx4-ubyte"), [pets[name] for name in sorted(pets)])
    np.testing.assert_array_equal(unpacked(folder / "p-labels-idx1-ubyte"), [0, 0, 0, 1, 1, 1])


def test_classes_that_are_missing_keep_the_others_labels(ok, folder, digits):
    for name in ("3", "7"):
        (folder / "a" / name).mkdir(parents=True)
        Image.fromarray(digits[int(name)]).save(folder / "a" / name / f"{name}.png")
    ok("dataset", "convert", "a", "-o", "a-images-idx3-ubyte")
    np.testing.assert_array_equal(unpacked(folder / "a-labels-idx1-ubyte"), [3, 7])


def test_subsets_and_so_many_of_each_class(ok, folder, digits):
    ok("dataset", "convert", "t-images-idx3-ubyte", "-o", "s-images-idx3-ubyte", "--subset", "5..14")
    np.testing.assert_array_equal(unpacked(folder / "s-images-idx3-ubyte"), digits[5:15])
    np.testing.assert_array_equal(unpacked(folder / "s-labels-idx1-ubyte"), LABELS[5:15])
    ok("dataset", "convert", "t-images-idx3-ubyte", "-o", "c-images-idx3-ubyte", "--per-class", "1")
    first = sorted({label: number for number, label in reversed([*enumerate(LABELS)])}.values())
    np.testing.assert_array_equal(unpacked(folder / "c-images-idx3-ubyte"), digits[first])
    np.testing.assert_array_equal(unpacked(folder / "c-labels-idx1-ubyte"), LABELS[first])
    ok("dataset", "convert", "t-images-idx3-ubyte", "-o", "one/", "--subset", "9")
    assert list(tree(folder / "one")) == [f"{LABELS[9]:02}/09.png"]


def test_from_folder_to_folder_bytes_are_copied(ok, folder, pets):
    Image.fromarray(pets["dog/p0.png"]).save(folder / "pets" / "dog" / "x.jpg")
    ok("dataset", "convert", "pets", "-o", "copy/")
    assert tree(folder / "copy") == tree(folder / "pets")
    ok("dataset", "convert", "pets", "-o", "tiffs", "--to", "tiff", "--per-class", "1")
    assert sorted(tree(folder / "tiffs")) == ["Cat/p0.tif", "dog/p0.tif"]
    with Image.open(folder / "tiffs/dog/p0.tif") as image:
        np.testing.assert_array_equal(image, pets["dog/p0.png"])


def test_containers_without_labels_and_several_at_once(ok, folder, digits):
    (folder / "t-labels-idx1-ubyte").unlink()
    ok("dataset", "convert", "t-images-idx3-ubyte", "t-images-idx3-ubyte", "-o", "two-images-idx3-ubyte")
    np.testing.assert_array_equal(unpacked(folder / "two-images-idx3-ubyte"), [*digits, *digits])
    assert not (folder / "two-labels-idx1-ubyte").exists()
    ok("dataset", "convert", "t-images-idx3-ubyte", "-o", "flat/", "--subset", "0..1")
    assert sorted(tree(folder / "flat")) == ["00.png", "01.png"]


CALLS = {
    "pets -o x.png": (2, "x.png: is one image; name a folder, or a data set"),
    "pets -o x.png --to tiff": (2, "x.png: is one image"),
    "pets -o x/ --to idx": (2, "IDX holds many images"),
    "pets -o x.abc": (2, "is not a supported output format"),
    "pets -o x --to jpeg": (2, "does not keep samples as they are"),
    "pets -o pets/out/": (2, "lies in the data set pets"),
    "pets -o full/": (2, "full/: exists and is not empty"),
    "pets -o x/ --subset 9..5": (2, "'9..5' is not a range of numbers"),
    "pets -o x/ --subset 99..": (2, "no samples are left"),
    "pets/dog/p0.png odd.png -o x.idx": (1, "odd.png: is 9×6, and pets/dog/p0.png 8×6"),
    "pets/dog/p0.png gray.png -o x.idx": (1, "gray.png: is 8-bit gray, and pets/dog/p0.png 8-bit RGB"),
    "alpha.png -o x.idx": (1, "alpha.png: is 8-bit RGB with alpha, which IDX cannot hold"),
    "deep.png -o x.idx": (1, "deep.png: is 16-bit gray, which IDX cannot hold"),
    "t-images-idx3-ubyte -o t-images-idx3-ubyte": (1, "t-images-idx3-ubyte"),
    "cut-images-idx3-ubyte.gz -o x/": (1, "cut-images-idx3-ubyte.gz: is damaged or truncated"),
    "split -o x.idx": (2, "are parts of a split; convert one at a time"),
    "t-images-idx3-ubyte t-images-idx3-ubyte -o x/": (2, "would hold two images"),
}
"""What is said of each call that is refused."""


def test_what_cannot_be_converted_is_refused_and_nothing_is_written(refused, folder, pets, digits):
    (folder / "full").mkdir()
    (folder / "full" / "mine.txt").write_text("mine")
    Image.new("RGB", (9, 6)).save(folder / "odd.png")
    Image.new("L", (8, 6)).save(folder / "gray.png")
    Image.new("RGBA", (8, 6)).save(folder / "alpha.png")
    Image.fromarray(np.full((6, 8), 999, np.uint16)).save(folder / "deep.png")
    data = gzip.compress(packed(digits))
    (folder / "cut-images-idx3-ubyte.gz").write_bytes(data[:-40])
    for part in ("train", "test"):
        (folder / "split" / part / "a").mkdir(parents=True)
        Image.new("L", (8, 6)).save(folder / "split" / part / "a" / "0.png")
    before = tree(folder)
    for line, (code, said) in CALLS.items():
        assert said in refused(code, "dataset", "convert", *line.split()), line
    assert tree(folder) == before
