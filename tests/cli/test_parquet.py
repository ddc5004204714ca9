"""Parquet as Hugging Face writes it: images of any size, labels with names; read by the extra `parquet`."""

import io
import json
import sys

import numpy as np
import pytest
from PIL import Image

PARQUET = pytest.importorskip("pyarrow.parquet")
ARROW = pytest.importorskip("pyarrow")
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
        ([packed(pictures()[0]), b"text"], None, {}, "row 1 is not an image of a known format"),
        ([packed(pictures()[0]), None], None, {}, "row 1 holds no image"),
        ([packed(pictures()[0])] * 3, [0, None, 1], {}, "row 1 has no label"),
        ([packed(pictures()[0])] * 3, [0, 2, 1], {}, "image 1 has the label 2; those are 0 to 1"),
        ([packed(pictures()[0])] * 3, [0, 1, -1], {}, "image 2 has the label -1; those are 0 to 1"),
        (["a", "b"], None, {"kind": ARROW.string()}, "has no column of images"),
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


def test_without_pyarrow_a_line_says_what_to_install(refused, save, monkeypatch):
    save("a.parquet", [packed(pictures()[0])])
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert refused(1, "flip", "a.parquet", "-o", "o.npz") == (
        "imfilter: a.parquet: is a Parquet file, which needs an extra: pip install 'imfilter[parquet]'"
    )
