"""`imfilter dataset`: what data sets hold, their figures and faults; converted, split and shown."""

import json
import struct

import numpy as np
import pytest
from PIL import Image

RNG = np.random.default_rng(16)
LABELS = np.array([5, 0, 4, 1, 9, 2, 1], np.uint8)


def picture(path, size=(6, 8), channels=3, dtype=np.uint8):
    """Write noise, and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, np.iinfo(dtype).max + 1, (*size, channels)[: 3 if channels > 1 else 2], dtype)
    Image.fromarray(pixels).save(path)
    return pixels


def idx(path, array):
    """Write an IDX file."""
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes())


@pytest.fixture
def pets(folder):
    """Two classes of four pictures; what belongs to no class lies beside them."""
    arrays = {
        f"{kind}/{number}.png": picture(folder / "pets" / kind / f"{number}.png")
        for kind in ("dog", "Cat")
        for number in range(4)
    }
    (folder / "pets" / "birds").mkdir()
    (folder / "pets" / "birds" / "words.txt").write_text("none yet")
    picture(folder / "pets" / ".thumbs" / "0.png")
    picture(folder / "pets" / "loose.png")
    return arrays


@pytest.fixture
def digits(folder):
    images = RNG.integers(0, 256, (7, 5, 4), np.uint8)
    idx(folder / "t10k-images-idx3-ubyte", images)
    idx(folder / "t10k-labels-idx1-ubyte", LABELS)
    return images


# ---- info -------------------------------------------------------------------------------------------


def test_info_of_a_folder_of_classes(ok, pets):
    found = json.loads(ok("dataset", "info", "pets", "--json"))
    assert found["kind"] == "folder of classes"
    assert list(found["classes"].items()) == [("Cat", 4), ("dog", 4)]  # in byte order
    assert found["sizes"] == [[8, 6, 8]]
    assert (found["images"], found["channels"], found["depth"]) == (8, {"RGB": 8}, {"8": 8})
    assert found["left_out"] == {
        "pets/birds": "holds no images",
        "pets/.thumbs": "is hidden",
        "pets/loose.png": "lies beside the classes",
    }


def test_info_adds_up_what_differs(ok, folder):
    picture(folder / "a" / "x" / "0.png")
    picture(folder / "a" / "x" / "1.png", (9, 7), 1)
    picture(folder / "a" / "y" / "deep" / "2.png", (9, 7), 4)
    picture(folder / "a" / "y" / "3.png", (3, 3), 1, np.uint16)
    lines = [line.split(None, 1) for line in ok("dataset", "info", "a").decode().splitlines()]
    assert ["images", "4"] in lines
    assert ["sizes", "7×9 (2), 8×6 (1), 3×3 (1)"] in lines
    assert ["channels", "gray (2), RGB (1), RGB with alpha (1)"] in lines
    assert ["depth", "8 (3), 16 (1)"] in lines
    size = sum(path.stat().st_size for path in (folder / "a").rglob("*.png"))
    assert ["bytes", str(size)] in lines


def test_info_of_a_container_and_its_labels(ok, digits):
    found = json.loads(ok("dataset", "info", "t10k-images-idx3-ubyte", "--json"))
    assert found["kind"] == "IDX"
    assert (found["images"], found["sizes"], found["channels"]) == (7, [[4, 5, 7]], {"gray": 7})
    assert found["classes"] == {"0": 1, "1": 2, "2": 1, "4": 1, "5": 1, "9": 1}
    assert found["labels"] == "t10k-labels-idx1-ubyte"
    assert found["bytes"] == 16 + 7 * 20 + 8 + 7


def test_info_of_parts_and_of_containers_in_a_folder(ok, folder, digits):
    for part in ("train", "test"):
        picture(folder / "set" / part / "a" / f"{part}.png")
    found = [json.loads(line) for line in ok("dataset", "info", "set", "--json").splitlines()]
    assert [each["part"] for each in found] == ["test", "train"]
    (folder / "raw").mkdir()
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (folder / name).rename(folder / "raw" / name)
    found = json.loads(ok("dataset", "info", "raw", "--json"))
    assert (found["kind"], found["images"], len(found["classes"])) == ("IDX", 7, 6)


def test_info_tells_of_files_that_cannot_be_read(run, folder, pets):
    path = folder / "pets" / "dog" / "1.png"
    path.write_bytes(path.read_bytes()[:60])
    ended = run("dataset", "info", "pets", "--json")
    assert ended.code == 1
    assert json.loads(ended.out)["images"] == 7
    assert ended.err.startswith("imfilter: pets/dog/1.png: is damaged or truncated")


def test_emnist_is_told_to_be_transposed(ok, folder, digits):
    (folder / "t10k-images-idx3-ubyte").rename(folder / "emnist-letters.idx")
    assert "flip --op transpose" in ok("dataset", "info", "emnist-letters.idx").decode()


@pytest.mark.each("command", ["info"])
def test_what_is_no_data_set_is_refused(refused, folder, command):
    (folder / "words.txt").write_text("words")
    (folder / "empty").mkdir()
    assert "nosuch: no such file" in refused(1, "dataset", command, "nosuch")
    assert "words.txt: is not an image or data set" in refused(1, "dataset", command, "words.txt")
    assert "empty: no images found" in refused(2, "dataset", command, "empty")
    assert "standard input" in refused(2, "dataset", command, "-")
    assert "unknown option --jsn" in refused(2, "dataset", command, "empty", "--jsn")


def test_an_unknown_command_is_refused(refused):
    assert "nosuch" in refused(2, "dataset", "nosuch")
