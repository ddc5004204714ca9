"""The commands of `cli/DATASETS.md` run, one after the other; and what they write is read by those it is for."""

import gzip
import json
import re
import shlex
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PAGE = (Path(__file__).parent.parent / "cli" / "DATASETS.md").read_text(encoding="utf-8")
COUNT = 60
LABELS = (np.arange(COUNT) * 7 % 10).astype(np.uint8)


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def packed(array):
    head = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


def draw_inputs(folder):
    """Draw the files and folders of which the page says that its commands need them."""
    rng = np.random.default_rng(5)
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(packed(rng.integers(0, 256, (COUNT, 28, 28), np.uint8)))
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(packed(LABELS))
    for kind in ("cat", "dog"):
        (folder / "pets" / kind).mkdir(parents=True)
        for number in range(8):
            pixels = rng.integers(0, 256, (70 + number, 80, 3), np.uint8)
            Image.fromarray(pixels).save(folder / "pets" / kind / f"{number}.png")
            for drawn in ("masks", "boxes"):
                (folder / drawn / kind).mkdir(parents=True, exist_ok=True)
            mask = (pixels[..., 0] > 200).astype(np.uint8) * 7
            Image.fromarray(mask).save(folder / "masks" / kind / f"{number}.png")
            (folder / "boxes" / kind / f"{number}.txt").write_text("0 0.5 0.5 0.25 0.5\n")
    (folder / "boxes" / "classes.txt").write_text("face\n")


ran = []
"""The folder in which all commands of the page ran, once they did."""


@pytest.fixture
def page(tmp_path_factory, run, shell, monkeypatch):
    """Run all commands of the page, once for all tests of a process; return their folder."""
    if not ran:
        folder = tmp_path_factory.mktemp("page")
        draw_inputs(folder)
        monkeypatch.chdir(folder)
        run_all(folder, run, shell)
        ran.append(folder)
    monkeypatch.chdir(ran[0])
    return ran[0]


def run_all(folder, run, shell):
    for line in "".join(blocks("sh")).splitlines():
        before = {path for path in folder.rglob("*") if path.is_file()}
        if ">" in line:
            ended = shell(line, cwd=folder)
            code, out, said = ended.returncode, ended.stdout, ended.stderr.decode()
        else:
            ended = run(*shlex.split(line)[1:])
            code, out, said = ended.code, ended.out, ended.err
        assert code == 0, (line, said)
        assert "error" not in said
        made = {path for path in folder.rglob("*") if path.is_file()} - before
        assert made or (out and " -o " not in line), line


def test_the_commands_run_and_the_labels_go_along(page):
    for stem in ("edges", "normal"):
        assert (page / f"{stem}-labels-idx1-ubyte.gz").exists()
    more = gzip.decompress((page / "more-labels-idx1-ubyte.gz").read_bytes())[8:]
    assert more == LABELS.repeat(2).tobytes()
    assert len([*(page / "more").rglob("*.png")]) == 8 * 5
    assert (page / "faults.txt").read_text() == "16 images checked, 0 faults found\n"
    scope = {}
    exec(blocks("python")[0], scope)
    assert scope["images"].shape == (COUNT, 28, 28)
    assert sorted(scope["labels"]) == sorted(LABELS)


def test_masks_and_boxes_go_along(page):
    masks = [np.asarray(Image.open(path)) for path in (page / "turned-masks").rglob("*.png")]
    assert len(masks) == 16 and {*np.unique(np.concatenate(masks, axis=None))} == {0, 7}
    seen = json.loads((page / "seen.json").read_text())
    assert len(seen["images"]) == 16 and seen["annotations"]
    assert len([*(page / "boxes-voc").rglob("*.xml")]) == 16


def read_back(number, name, peer):
    peer(name)
    scope = {}
    exec(blocks("python")[number], scope)
    return scope


@pytest.mark.peers
def test_torchvision_reads_folders_and_mnist(page, peer, run):
    pictures = read_back(1, "torchvision", peer)["pictures"]
    assert pictures.classes == ["cat", "dog"]
    assert sorted(pictures.targets) == [0] * 4 + [1] * 4
    raw = page / "root" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("t10k", "train"):
        ended = run("dataset", "convert", "t10k-images-idx3-ubyte.gz", "-o", raw / f"{part}-images-idx3-ubyte")
        assert ended.code == 0
    mnist = sys.modules["torchvision"].datasets.MNIST(page / "root", train=False)
    assert mnist.targets.tolist() == LABELS.tolist()
    original = gzip.decompress((page / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    assert mnist.data.numpy().tobytes() == original


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves the shard open
def test_webdataset_reads_shards(page, peer):
    shard = [*read_back(2, "webdataset", peer)["shard"]]
    assert [label for _, label in shard] == [0] * 8 + [1] * 8
    for number, (image, label) in enumerate(shard):
        with Image.open(page / "pets" / ("cat", "dog")[label] / f"{number % 8}.png") as original:
            np.testing.assert_array_equal(image, original)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_datasets_reads_folders(page, peer, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(page / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pets = read_back(3, "datasets", peer)["pets"]
    assert pets.features["label"].names == ["cat", "dog"]
    assert pets["label"] == [0] * 8 + [1] * 8
    with Image.open(page / "pets/cat/0.png") as original:
        np.testing.assert_array_equal(pets[0]["image"], original)
