"""`imfilter dataset convert`: folders of classes to IDX and back, whole or not at all."""

import gzip
import io
import json
import struct
import tarfile
import tracemalloc

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
    "pets -o x.png": (2, "x.png: is one image; name a folder, or a file like"),
    "pets -o x.png --to tiff": (2, "x.png: is one image"),
    "pets -o x/ --to idx": (2, "IDX holds many images"),
    "pets -o x.abc": (2, "is not a supported output format"),
    "pets -o x --to jpeg": (2, "does not keep samples as they are"),
    "pets -o pets/out/": (2, "lies in the data set pets"),
    "pets -o -": (2, "a data set cannot go to standard output"),
    "pets -o - --to npz": (2, "a data set cannot go to standard output"),
    "pets -o full/": (2, "full/: exists and is not empty"),
    "pets -o x/ --subset 9..5": (2, "'9..5' is not a range of numbers"),
    "pets -o x/ --subset 99..": (2, "no samples are left"),
    "pets/dog/p0.png odd.png -o x.idx": (1, "odd.png: is 9×6, but pets/dog/p0.png is 8×6"),
    "pets/dog/p0.png gray.png -o x.idx": (1, "gray.png: is 8-bit gray, but pets/dog/p0.png is 8-bit RGB"),
    "alpha.png -o x.idx": (1, "alpha.png: is 8-bit RGB with alpha, which IDX cannot hold; use --to npz"),
    "deep.png -o x.idx": (1, "deep.png: is 16-bit gray, which IDX cannot hold; use --to npz"),
    "float.npz -o x/": (1, "float.npz: is float gray, which PNG cannot hold; use --to tiff"),
    "late.npz -o x/y/": (1, "late.npz: "),
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
    np.savez(folder / "float.npz", x=np.zeros((2, 6, 8), np.float32))
    np.savez(folder / "late.npz", x=np.arange(9600).astype(np.uint8).reshape(200, 6, 8), y=np.arange(200) % 9)
    late = folder / "late.npz"
    data = late.read_bytes()
    late.write_bytes(data[:9000] + bytes([data[9000] ^ 1]) + data[9001:])  # when many are written
    data = gzip.compress(packed(digits))
    (folder / "cut-images-idx3-ubyte.gz").write_bytes(data[:-40])
    for part in ("train", "test"):
        (folder / "split" / part / "a").mkdir(parents=True)
        Image.new("L", (8, 6)).save(folder / "split" / part / "a" / "0.png")
    before = sorted(folder.rglob("*")), tree(folder)
    for line, (code, said) in CALLS.items():
        assert said in refused(code, "dataset", "convert", *line.split()), line
        assert (sorted(folder.rglob("*")), tree(folder)) == before, line


@pytest.fixture
def cifar(folder):
    """A small CIFAR-10 batch with its class names."""
    (folder / "cifar").mkdir()
    labels = np.array([6, 9, 0, 6, 2], np.uint8)
    images = RNG.integers(0, 256, (5, 3, 32, 32), np.uint8)
    records = b"".join(bytes([label]) + image.tobytes() for label, image in zip(labels, images, strict=True))
    (folder / "cifar" / "data_batch_1.bin").write_bytes(records)
    (folder / "cifar" / "batches.meta.txt").write_text("\n".join(NAMES) + "\n")
    return images.transpose(0, 2, 3, 1), labels, records


NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def test_classes_with_names_become_folders_of_these_names(ok, run, folder, cifar):
    images, labels, records = cifar
    ok("dataset", "convert", "cifar", "-o", "c/")
    assert sorted(tree(folder / "c")) == sorted(f"{NAMES[label]}/{number}.png" for number, label in enumerate(labels))
    with Image.open(folder / "c" / "truck" / "1.png") as image:
        np.testing.assert_array_equal(image, images[1])
    assert run("dataset", "convert", "cifar/data_batch_1.bin", "-o", "copy.bin").code == 0
    assert (folder / "copy.bin").read_bytes() == records
    info = json.loads(ok("dataset", "info", "cifar", "--json"))
    assert info["classes"] == {name: [*labels].count(at) for at, name in enumerate(NAMES)}
    assert (info["kind"], info["channels"], info["sizes"]) == ("CIFAR-10", {"RGB": 5}, [[32, 32, 5]])
    assert b"has no images of the classes" in run("dataset", "check", "cifar").out


# ---- shards -----------------------------------------------------------------------------------------


def in_tar(path):
    with tarfile.open(path) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}


def write_tar(path, files):
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def test_from_a_folder_to_a_shard_and_back_is_byte_for_byte(ok, run, folder, pets):
    Image.fromarray(RNG.integers(0, 256, (9, 7, 3), np.uint8)).save(folder / "pets" / "dog" / "x.jpg", exif=b"")
    ok("dataset", "convert", "pets", "-o", "p.tar")
    files = tree(folder / "pets")
    assert in_tar(folder / "p.tar") == files | {
        f"{name[:-4]}.cls": b"0" if name.startswith("Cat") else b"1" for name in files
    }
    assert [*in_tar(folder / "p.tar")][:3] == ["Cat/p0.png", "Cat/p0.cls", "Cat/p1.png"]
    ok("dataset", "convert", "p.tar", "-o", "back/")
    assert tree(folder / "back") == files
    ok("dataset", "convert", "p.tar", "-o", "copy.tar")
    assert (folder / "copy.tar").read_bytes() == (folder / "p.tar").read_bytes()
    assert json.loads(ok("dataset", "info", "p.tar", "--json"))["classes"] == {"Cat": 3, "dog": 4}
    assert run("dataset", "check", "p.tar").out == b"7 images checked, 0 faults found\n"
    ok("dataset", "convert", "p.tar", "-o", "tiffs/", "--to", "tiff", "--per-class", "1")
    assert sorted(tree(folder / "tiffs")) == ["Cat/p0.tif", "dog/p0.tif"]


def test_from_a_container_to_a_shard_and_back_is_byte_for_byte(ok, folder, digits):
    ok("dataset", "convert", "t-images-idx3-ubyte", "-o", "t.tar")
    assert [*in_tar(folder / "t.tar")][:2] == [f"{LABELS[0]:02}/00.png", f"{LABELS[0]:02}/00.cls"]
    ok("dataset", "convert", "t.tar", "-o", "u-images-idx3-ubyte")
    for what in ("images-idx3", "labels-idx1"):
        assert (folder / f"u-{what}-ubyte").read_bytes() == (folder / f"t-{what}-ubyte").read_bytes()


def test_from_cifar_to_npz_and_back_is_byte_for_byte(run, ok, folder, cifar):
    batch = folder / "cifar" / "data_batch_1.bin"
    assert run("dataset", "convert", batch, "-o", "c.npz").lines == [
        "imfilter: the names of its 10 classes were not written"
    ]
    ok("dataset", "convert", "c.npz", "-o", "back.bin")
    assert (folder / "back.bin").read_bytes() == batch.read_bytes()
    hundred = RNG.integers(0, 20, (6, 3074), np.uint8).tobytes()
    (folder / "train.bin").write_bytes(hundred)
    ok("dataset", "convert", "train.bin", "-o", "h.npz")
    assert run("dataset", "convert", "train.bin", "-o", "h.tar").lines == [
        "imfilter: train.bin: its coarse labels were not written; use --to npz"
    ]


def test_from_cifar_to_cifar_the_names_of_the_classes_go_along(ok, folder, cifar):
    (folder / "out").mkdir()
    ok("dataset", "convert", "cifar", "-o", "out/all.bin")
    assert tree(folder / "out") == {
        f"{name}": tree(folder / "cifar")[other]
        for name, other in (("all.bin", "data_batch_1.bin"), ("batches.meta.txt", "batches.meta.txt"))
    }
    ok("dataset", "convert", "out/all.bin", "-o", "c/", "--per-class", "1")
    assert {name.split("/")[0] for name in tree(folder / "c")} == {NAMES[label] for label in cifar[1]}


def test_arrays_of_an_npz_stay_apart_where_all_of_them_go_into_another(ok, run, folder):
    arrays = {
        "x_train": RNG.integers(0, 256, (5, 4, 3), np.uint8),
        "y_train": np.arange(5, dtype=np.uint8),
        "x_test": RNG.integers(0, 256, (2, 4, 3), np.uint8),
        "y_test": np.array([4, 0], np.uint8),
    }
    np.savez(folder / "k.npz", **arrays)
    ok("dataset", "convert", "k.npz", "-o", "copy.npz")
    with np.load(folder / "copy.npz") as found:
        assert [*found] == [*arrays]
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)
    said = ["imfilter: k.npz: the images of x_train, x_test are one"]
    assert run("dataset", "convert", "k.npz", "-o", "some.npz", "--subset", "0..5").lines == said
    assert run("dataset", "convert", "k.npz", "-o", "k/").lines == said
    assert run("dataset", "convert", "k.npz", "-o", "k-images-idx3-ubyte").lines == said
    with np.load(folder / "some.npz") as found:
        np.testing.assert_array_equal(found["images"], [*arrays["x_train"], arrays["x_test"][0]])
        np.testing.assert_array_equal(found["labels"], [0, 1, 2, 3, 4, 4])


def test_fields_of_a_shard_go_along_into_another_and_not_into_folders(ok, run, folder, pets):
    files = tree(folder / "pets")
    shard = {"__about.json": b"{}"}
    for number, data in enumerate(files.values()):
        shard |= {
            f"x/{number}.cls": b"7\n" if number % 2 else b"3",
            f"x/{number}.png": data,
            f"x/{number}.Txt": b"words",
        }
    write_tar(folder / "s.tar", shard)
    ok("dataset", "convert", "s.tar", "-o", "c.tar")
    assert in_tar(folder / "c.tar") == shard
    ok("dataset", "convert", "s.tar", "-o", "some.tar", "--per-class", "1")
    assert [*in_tar(folder / "some.tar")] == [
        "__about.json",
        *[f"x/{n}.{f}" for n in (0, 1) for f in ("cls", "png", "Txt")],
    ]
    assert run("dataset", "convert", "s.tar", "-o", "d/").lines == [
        "imfilter: s.tar: its fields json, txt were not written"
    ]
    assert tree(folder / "d") == {f"{7 if n % 2 else 3}/{n}.png": data for n, data in enumerate(files.values())}


def test_names_with_dots_are_told_and_samples_that_would_be_one_are_refused(run, refused, folder, pets):
    dog = folder / "pets" / "dog"
    (dog / "p0.png").rename(dog / "p0.v1.png")
    assert run("dataset", "convert", "pets", "-o", "p.tar").lines == [
        "imfilter: 1 name has _ in place of dots, which would begin a field of the sample: "
        "dog/p0.v1.png is dog/p0_v1.png"
    ]
    assert "dog/p0_v1.cls" in in_tar(folder / "p.tar")
    (dog / "p1.gif").write_bytes((dog / "p1.png").read_bytes())
    line = refused(1, "dataset", "convert", "pets", "-o", "q.tar")
    assert "dog/p1.png: would be the same sample of the shard as dog/p1.gif" in line
    assert not (folder / "q.tar").exists()


def test_labels_of_a_shard_that_are_none_are_refused(ok, refused, folder, pets):
    image = (folder / "pets/dog/p0.png").read_bytes()
    write_tar(folder / "s.tar", {"a.png": image, "a.cls": b"dog"})
    assert "s.tar: a.cls: is not a label" in refused(1, "dataset", "convert", "s.tar", "-o", "x/")
    write_tar(folder / "s.tar", {"a.png": image, "a.cls": b"9" * 5000})  # Python reads no number of 5000 digits
    assert "s.tar: a.cls: is not a label" in refused(1, "dataset", "convert", "s.tar", "-o", "x/")
    ok("augment", "s.tar", "-o", "t.tar", "--manifest", "m.jsonl", "flip")
    assert json.loads((folder / "m.jsonl").read_text())["label"] is None
    write_tar(folder / "s.tar", {"a/1.png": image, "a/1.cls": b"0", "b/1.png": image, "b/1.cls": b"0"})
    assert "0/1.png: would hold two images" in refused(2, "dataset", "convert", "s.tar", "-o", "x/")
    write_tar(folder / "s.tar", {"a/1.png": image[:50], "a/1.cls": b"0"})
    assert "s.tar: a/1.png: is damaged" in refused(1, "dataset", "convert", "s.tar", "-o", "x.npz")
    assert not tree(folder / "x")


# ---- metadata ---------------------------------------------------------------------------------------


@pytest.fixture
def captions(folder):
    """Six pictures, and a table with a caption and a label for each."""
    rows = []
    for number in range(6):
        (folder / "shots" / "in").mkdir(parents=True, exist_ok=True)
        name = f"in/{number}.png" if number == 5 else f"s{number}.png"
        Image.fromarray(RNG.integers(0, 256, (6, 8, 3), np.uint8)).save(folder / "shots" / name)
        rows.append({"file_name": name, "text": f'a "{number}", ä', "label": "night" if number % 2 else "day"})
    return rows


def csv_of(rows):
    quoted = [f'{row["file_name"]},"{row["text"].replace(chr(34), chr(34) * 2)}",{row["label"]}\n' for row in rows]
    return "file_name,text,label\n" + "".join(quoted)


def jsonl_of(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.mark.each("name, text_of", [("metadata.csv", csv_of), ("metadata.jsonl", jsonl_of)])
def test_metadata_tell_the_classes_and_go_along(ok, run, folder, captions, name, text_of):
    for old in folder.glob("shots/metadata.*"):
        old.unlink()
    table = folder / "shots" / name
    table.write_text(text_of(captions), encoding="utf-8")
    out = name.partition(".")[2]
    found = json.loads(ok("dataset", "info", "shots", "--json"))
    assert (found["classes"], found["left_out"]) == ({"day": 3, "night": 3}, {})
    ok("dataset", "convert", "shots", "-o", f"copy {out}/")
    assert tree(folder / f"copy {out}") == tree(folder / "shots")
    ok("dataset", "convert", "shots", "-o", f"tiffs {out}/", "--to", "tiff", "--per-class", "1")
    kept = [row | {"file_name": row["file_name"].replace("png", "tif")} for row in (captions[0], captions[5])]
    assert (folder / f"tiffs {out}" / name).read_text(encoding="utf-8") == text_of(kept)
    said = run("dataset", "convert", "shots", "-o", f"{out}.npz").lines
    assert said == ["imfilter: the names of its 2 classes were not written", f"imfilter: shots/{name} was not written"]
    with np.load(folder / f"{out}.npz") as arrays:
        assert arrays["labels"].tolist() == [0] * 3 + [1] * 3
    ok("dataset", "split", "shots", "-o", f"parts {out}", "--parts", "a=0.5,b=0.5")
    rows = []
    for part in ("a", "b"):
        files = tree(folder / f"parts {out}" / part)
        own = [row for row in captions if row["file_name"] in files]
        assert files[name].decode() == text_of(own)
        assert len(files) == len(own) + 1
        rows += own
    assert sorted(row["file_name"] for row in rows) == sorted(row["file_name"] for row in captions)


BAD_TABLES = {
    "name,label\ns0.png,x\n": "line 2 has no file_name",
    "file_name,label\ns0.png\n": "line 2 does not have 2 columns",
    "file_name,label\ns0.png,x\ns0.png,y\n": "line 3 names s0.png twice",
    "file_name,label\ns0.png,x\n": "has no label for ",
    'file_name,label\n"s0.png,x\n': "is not a table of metadata",
}


@pytest.mark.each("text, said", BAD_TABLES.items())
def test_metadata_that_are_none_are_refused(refused, folder, captions, text, said):
    (folder / "shots" / "metadata.csv").write_text(text)
    line = refused(1, "dataset", "convert", "shots", "-o", "x/")
    assert line.startswith("imfilter: shots/metadata.csv: ") and said in line


def test_half_a_character_of_json_is_no_class_and_goes_along_in_a_text(ok, refused, folder, pets):
    path = folder / "pets/metadata.jsonl"
    path.write_text('{"file_name": "Cat/p0.png", "label": "\\ud800"}\n')
    assert "has a label that is not text for Cat/p0.png" in refused(1, "dataset", "info", "pets")
    path.write_text('{"file_name": "dog/p0.png", "text": "\\ud800"}\n')
    ok("dataset", "convert", "pets", "-o", "copy/")
    assert (folder / "copy/metadata.jsonl").read_bytes() == path.read_bytes()


@pytest.mark.each("out", ["out-images-idx3-ubyte", "out-images-idx3-ubyte.gz", "out.npz", "out.tar"])
@pytest.mark.each("options", [(), ("--per-class", "9")])
def test_memory_does_not_grow_with_the_samples(ok, folder, out, options):
    images = RNG.integers(0, 256, (100, 400, 400), np.uint8)
    (folder / "t-images-idx3-ubyte").write_bytes(packed(images))
    (folder / "t-labels-idx1-ubyte").write_bytes(packed((np.arange(100) % 10).astype(np.uint8)))
    tracemalloc.start()
    try:
        ok("dataset", "convert", "t-images-idx3-ubyte", "-o", out, *options)
        assert tracemalloc.get_traced_memory()[1] < images.nbytes / 2
    finally:
        tracemalloc.stop()
    assert (folder / out).stat().st_size > images.nbytes * 0.85


def test_a_sample_that_comes_late_and_does_not_fit_leaves_no_file(refused, folder, pets):
    Image.new("RGB", (7, 7)).save(folder / "pets" / "dog" / "z.png")
    before = tree(folder)
    assert "resize them first" in refused(1, "dataset", "convert", "pets/", "-o", "out.npz")
    assert tree(folder) == before


def test_the_number_of_those_that_are_taken_is_that_of_the_file(ok, folder, digits):
    ok("dataset", "convert", "t-images-idx3-ubyte", "-o", "out.npz", "--subset", "3..20", "--per-class", "1")
    kept = []
    for number in range(3, 21):
        if LABELS[number] not in LABELS[kept]:
            kept.append(number)
    with np.load(folder / "out.npz") as found:
        assert found["labels"].tolist() == LABELS[kept].tolist()
        assert np.array_equal(found["images"], digits[kept])


# ---- folders of labels and classes ------------------------------------------------------------------


def test_images_go_to_folders_of_their_labels(run, folder, digits):
    ended = run("blur", "t-images-idx3-ubyte", "-o", "out/", "--name", "{label}/{frame:05}.png", "--no-stamp")
    assert (ended.code, ended.err) == (0, "")
    run("blur", "t-images-idx3-ubyte", "-o", "flat/", "--name", "{frame:05}.png", "--no-stamp")
    found = {str(path.relative_to(folder / "out")): path.read_bytes() for path in (folder / "out").rglob("*.png")}
    assert found == {
        f"{label}/{number:05}.png": (folder / "flat" / f"{number:05}.png").read_bytes()
        for number, label in enumerate(LABELS)
    }


def test_images_go_to_folders_of_their_classes(ok, folder, cifar):
    ok("flip", "cifar/data_batch_1.bin", "-o", "out/", "--name", "{class}/x{frame}.png")
    found = {str(path.relative_to(folder / "out")) for path in (folder / "out").rglob("*.png")}
    assert found == {f"{NAMES[label]}/x{number}.png" for number, label in enumerate(cifar[1])}
    ok(
        "edges",
        "cifar/data_batch_1.bin",
        "-o",
        "more/",
        "--angle",
        "angles/",
        "--name",
        "{label:02}/{frame}-{output}.png",
    )
    assert (folder / "angles" / "06" / "0-angle.png").exists()
    assert (folder / "more" / "06" / "0-image.png").exists()


@pytest.mark.each(
    "words, said",
    [
        ((2, "t-images-idx3-ubyte", "{label}/x.png"), "need the image's number after them"),
        ((2, "t-images-idx3-ubyte", "{frame}-{label}.png"), "are folders; use them as in"),
        ((2, "t-images-idx3-ubyte", "{label}/{class}/{frame}.png"), "a file name cannot contain /"),
        ((2, "t-images-idx3-ubyte", "{label}/{frame}.png", "--frame", "1"), "need the image's number after them"),
        ((1, "t-images-idx3-ubyte", "{class}/{frame}.png"), "has no class names; use {label}/"),
        ((1, "bare-images-idx3-ubyte", "{label}/{frame}.png"), "has no labels; leave {label}/ out"),
        ((1, "a.png", "{class}/{frame}.png"), "has no labels; leave {class}/ out"),
        ((1, "bad/data_batch_1.bin", "{class}/{frame}.png"), "the class ../up cannot be a folder; use {label}/"),
    ],
)
def test_folders_that_are_not_known_are_refused(refused, folder, digits, cifar, words, said):
    (folder / "bare-images-idx3-ubyte").write_bytes(packed(digits))
    Image.new("L", (4, 4)).save(folder / "a.png")
    (folder / "bad").mkdir(exist_ok=True)
    (folder / "bad" / "data_batch_1.bin").write_bytes(cifar[2])
    (folder / "bad" / "batches.meta.txt").write_text("\n".join(["../up", *NAMES[1:]]))
    before = tree(folder)
    code, name, pattern, *options = words
    assert said in refused(code, "blur", name, "-o", "out/", "--name", pattern, *options)
    assert tree(folder) == before


def test_two_data_sets_do_not_share_files(refused, folder, digits):
    for name in ("u-images-idx3-ubyte", "u-labels-idx1-ubyte"):
        (folder / name).write_bytes((folder / f"t{name[1:]}").read_bytes())
    names = "t-images-idx3-ubyte", "u-images-idx3-ubyte"
    assert "would hold two outputs" in refused(2, "blur", *names, "-o", "out/", "--name", "{label}/{frame}.png")


def test_files_of_folders_are_made_anew_with_update(ok, folder, digits):
    words = "blur", "t-images-idx3-ubyte", "-o", "out/", "--name", "{label}/{frame}.png"
    ok(*words)
    (folder / "out" / str(LABELS[3]) / "3.png").unlink()
    ok(*words, "--update")
    assert (folder / "out" / str(LABELS[3]) / "3.png").exists()
    assert ok(*words, "--dry-run").decode() == "t-images-idx3-ubyte -> out/{label}/{frame}.png\n"


def test_a_file_in_the_folder_that_is_read_is_refused(refused, folder, pets):
    before = tree(folder)
    assert "lies in the data set pets; choose another" in refused(
        2, "dataset", "convert", "pets", "-o", "pets/dog/x.tar"
    )
    assert tree(folder) == before


def test_a_header_that_promises_more_than_its_bytes_could_is_refused_at_once(refused, folder):
    head = struct.pack(">4B3I", 0, 0, 8, 3, 1 << 31, 28, 28)
    (folder / "lie-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + bytes(100_000)))
    for words in (("convert", "-o", "out/"), ("info",)):
        said = refused(1, "dataset", words[0], "lie-images-idx3-ubyte.gz", *words[1:])
        assert "has 2147483648 frames of 1683627180032 pixels in all; the limit is" in said
