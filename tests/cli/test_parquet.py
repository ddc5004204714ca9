"""Parquet as Hugging Face writes it: images of any size, labels with names; read by the extra `parquet`."""

import io
import json
import struct
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image

PARQUET = pytest.importorskip("pyarrow.parquet")
ARROW = pytest.importorskip("pyarrow")
pytestmark = pytest.mark.needs("the extra parquet")
KIND = ARROW.struct([("bytes", ARROW.binary()), ("path", ARROW.string())])


def pictures(count=20):
    return np.random.default_rng(1).integers(0, 256, (count, 9, 12, 3), np.uint8)


def packed(pixels, format="PNG"):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format)
    return file.getvalue()


def table(files, labels=None, names=("cat", "dog"), column="image", kind=KIND, hub=True):
    values = [{"bytes": data, "path": f"{n}.png"} for n, data in enumerate(files)] if kind is KIND else files
    columns = {column: ARROW.array(values, kind)}
    features = {column: {"_type": "Image"}}
    if labels is not None:
        columns["label"] = ARROW.array(labels, ARROW.int64())
        features["label"] = {"names": [*names], "_type": "ClassLabel"}
    found = ARROW.table(columns)
    return found.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})} if hub else {})


@pytest.fixture
def save(folder):
    def save(name="train.parquet", *args, group=7, **options):
        PARQUET.write_table(table(*args, **options), name, row_group_size=group)
        return name

    return save


@pytest.mark.parametrize("hub", [True, False])
@pytest.mark.parametrize("kind", [KIND, ARROW.binary()])
def test_images_and_labels_are_read(run, ok, save, hub, kind):
    samples = pictures()
    save("a.parquet", [packed(one) for one in samples], [n % 2 for n in range(20)], kind=kind, hub=hub)
    ended = run("flip", "a.parquet", "-o", "o.npz")
    assert (ended.code, ended.lines) == (
        0,
        ["imfilter: a.parquet: the names of its 2 classes were not written"] if hub else [],
    )
    with np.load("o.npz") as found:
        assert np.array_equal(found["images"], samples[:, :, ::-1])
        assert found["labels"].tolist() == [n % 2 for n in range(20)]
    ok("flip", "a.parquet", "-o", "one.png", "--frame", "19")
    assert np.array_equal(np.asarray(Image.open("one.png")), samples[19, :, ::-1])


def test_images_of_several_sizes_go_into_files(run, save, folder):
    save("a.parquet", [packed(pictures()[0]), packed(pictures()[1, :5], "JPEG")])
    ended = run("flip", "a.parquet", "-o", "out/", "--name", "{frame:03}.png")
    assert (ended.code, len(list((folder / "out").iterdir()))) == (0, 2)


def cut(data):
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("files", "labels", "options", "why"),
    [
        ([packed(pictures()[0]), cut(packed(pictures()[1]))], None, {}, "row 1 is damaged or truncated"),
        ([packed(pictures()[0]), b"text"], None, {}, "row 1 is neither an image of a known format"),
        ([packed(pictures()[0]), None], None, {}, "row 1 holds no image"),
        ([packed(pictures()[0])] * 3, [0, None, 1], {}, "row 1 has no label"),
        ([packed(pictures()[0])] * 3, [0, 2, 1], {}, "image 1 has the label 2; valid labels are 0 to 1"),
        ([packed(pictures()[0])] * 3, [0, 1, -1], {}, "image 2 has the label -1; valid labels are 0 to 1"),
        (["a", "b"], None, {"kind": ARROW.string()}, "has no column of image files"),
        ([], None, {}, "holds no images"),
    ],
)
def test_what_is_damaged_is_refused_in_one_line(refused, save, folder, files, labels, options, why):
    save("a.parquet", files, labels, **options)
    line = refused(1, "flip", "a.parquet", "-o", "o.npz")
    assert line.startswith("imfilter: a.parquet: ")
    assert why in line
    assert not (folder / "o.npz").exists()


def test_labels_that_are_kept_secret_are_none_and_half_a_character_is_no_name(ok, save):
    save("a.parquet", [packed(pictures()[0])] * 3, [-1, -1, -1])
    found = json.loads(ok("dataset", "info", "a.parquet", "--json"))
    assert (found["images"], found["classes"]) == (3, {})
    save("b.parquet", [packed(pictures()[0])] * 3, [0, 0, 1], names=("\ud800", "dog"))
    assert json.loads(ok("dataset", "info", "b.parquet", "--json"))["classes"] == {"0": 2, "1": 1}


@pytest.mark.parametrize("part", [0.3, 0.9, 0.999])
def test_what_is_cut_off_is_refused(refused, save, folder, part):
    save("a.parquet", [packed(one) for one in pictures()])
    data = (folder / "a.parquet").read_bytes()
    (folder / "a.parquet").write_bytes(data[: int(part * len(data))])
    assert "a.parquet: is damaged or truncated" in refused(1, "flip", "a.parquet", "-o", "o.npz")


# ---- what is written --------------------------------------------------------------------------------


@pytest.fixture
def digits(folder):
    samples = np.random.default_rng(5).integers(0, 256, (230, 9, 7), np.uint8)
    labels = (np.arange(230) % 3).astype(np.uint8)
    for name, array in (("t-images-idx3-ubyte", samples), ("t-labels-idx1-ubyte", labels)):
        head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        (folder / name).write_bytes(head + array.tobytes())
    return samples, labels


@pytest.fixture
def cifar(folder):
    records = np.random.default_rng(6).integers(0, 256, (5, 3073), np.uint8)
    records[:, 0] = 3, 1, 0, 2, 9
    (folder / "data_batch_1.bin").write_bytes(records.tobytes())
    (folder / "batches.meta.txt").write_text("\n".join(CLASSES) + "\n")
    return records


CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def features(path):
    return json.loads(PARQUET.read_schema(path).metadata[b"huggingface"])["info"]["features"]


def test_a_data_set_goes_into_parquet_and_back(ok, folder, digits):
    ok("dataset", "convert", "t-images-idx3-ubyte", "-o", "t.parquet")
    ok("dataset", "convert", "t.parquet", "-o", "b-images-idx3-ubyte")
    for kind in ("images-idx3", "labels-idx1"):
        assert (folder / f"b-{kind}-ubyte").read_bytes() == (folder / f"t-{kind}-ubyte").read_bytes()
    found = PARQUET.ParquetFile(folder / "t.parquet")
    assert (found.metadata.num_rows, found.metadata.num_row_groups) == (230, 3)
    assert features("t.parquet") == {"image": {"_type": "Image"}, "label": {"dtype": "int64", "_type": "Value"}}


def test_filters_write_parquet_that_is_known_again(ok, folder, digits):
    ok("blur", "t-images-idx3-ubyte", "-o", "t.parquet")
    assert ok("blur", "t-images-idx3-ubyte", "-o", "-", "--to", "parquet") == (folder / "t.parquet").read_bytes()
    ok("blur", "t-images-idx3-ubyte", "-o", "t.tar")
    rows = PARQUET.read_table(folder / "t.parquet").to_pylist()
    with tarfile.open(folder / "t.tar") as shard:
        files = {info.name: shard.extractfile(info).read() for info in shard}
    assert {row["image"]["path"]: row["image"]["bytes"] for row in rows} == {
        name: data for name, data in files.items() if name.endswith(".png")
    }
    assert [row["label"] for row in rows] == digits[1].tolist()
    before = (folder / "t.parquet").stat().st_ino
    ok("blur", "t-images-idx3-ubyte", "-o", "t.parquet", "--update")
    assert (folder / "t.parquet").stat().st_ino == before
    ok("flip", "t.tar", "-o", "u.parquet", "--no-stamp")
    ok("flip", "t.parquet", "-o", "v.parquet", "--no-stamp")
    assert PARQUET.read_table("u.parquet").equals(PARQUET.read_table("v.parquet"))


def test_names_of_classes_go_along_and_jpegs_are_copied(ok, folder, cifar):
    ok("flip", "data_batch_1.bin", "-o", "c.parquet")
    assert features("c.parquet")["label"] == {"names": CLASSES, "_type": "ClassLabel"}
    for kind in ("cat", "dog"):
        (folder / "pets" / kind).mkdir(parents=True)
        (folder / "pets" / kind / "1.jpg").write_bytes(packed(pictures()[0], "JPEG"))
    ok("dataset", "convert", "pets", "-o", "pets.parquet")
    assert features("pets.parquet")["label"]["names"] == ["cat", "dog"]
    rows = PARQUET.read_table("pets.parquet").to_pylist()
    assert [row["image"]["bytes"] for row in rows] == [packed(pictures()[0], "JPEG")] * 2
    assert [row["label"] for row in rows] == [0, 1]


def test_an_image_that_comes_late_and_is_damaged_leaves_no_file(refused, save, folder):
    save("a.parquet", [packed(one) for one in pictures()] * 11 + [b"text"])
    assert "row 220" in refused(1, "flip", "a.parquet", "-o", "b.parquet")
    assert not (folder / "b.parquet").exists()


@pytest.mark.each("label, why", [(b"cat", "is not a label"), (None, "has no label, unlike those before")])
def test_labels_that_parquet_does_not_hold_are_refused(refused, folder, label, why):
    files = [("0.png", packed(pictures()[0])), ("0.cls", b"1"), ("1.png", packed(pictures()[1]))]
    with tarfile.open(folder / "a.tar", "w") as shard:
        for name, data in [*files, *([("1.cls", label)] if label else [])]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            shard.addfile(info, io.BytesIO(data))
    assert why in refused(1, "flip", "a.tar", "-o", "b.parquet")
    assert not (folder / "b.parquet").exists()


def test_split_refuses_parquet(refused, save):
    save("a.parquet", [packed(one) for one in pictures()])
    said = refused(2, "dataset", "split", "a.parquet", "-o", "out/", "--parts", "a=0.5,b=0.5")
    assert "convert it to .tar or .npz first" in said


@pytest.mark.peers
def test_datasets_reads_what_is_written(ok, folder, cifar):
    datasets = pytest.importorskip("datasets")
    ok("dataset", "convert", "data_batch_1.bin", "-o", "c.parquet")
    found = datasets.load_dataset("parquet", data_files="c.parquet", split="train", cache_dir=str(folder / "cache"))
    assert found.features["label"].names == CLASSES
    assert list(found["label"]) == cifar[:, 0].tolist()
    for row, record in zip(found, cifar, strict=True):
        assert np.array_equal(np.asarray(row["image"]), record[1:].reshape(3, 32, 32).transpose(1, 2, 0))


def test_writing_without_pyarrow_is_refused_in_one_line(refused, folder, digits, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    for words in (("flip",), ("dataset", "convert")):
        assert "pip install 'imfilter[parquet]'" in refused(1, *words, "t-images-idx3-ubyte", "-o", "o.parquet")
        assert not (folder / "o.parquet").exists()


def test_without_pyarrow_a_line_says_what_to_install(refused, save, monkeypatch):
    save("a.parquet", [packed(pictures()[0])])
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert refused(1, "flip", "a.parquet", "-o", "o.npz") == (
        "imfilter: a.parquet: is a Parquet file, which needs an extra: pip install 'imfilter[parquet]'"
    )
