"""Tar shards: each image is filtered as a file of its own, and what lies beside it is copied."""

import gzip
import io
import struct
import tarfile

import numpy as np
import pytest
from PIL import Image


def image(format, seed, size=(30, 20)):
    file = io.BytesIO()
    samples = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(samples).save(file, format)
    return file.getvalue()


def member(name, type=tarfile.REGTYPE, **fields):
    info = tarfile.TarInfo(name)
    info.type, info.mtime, info.uname = type, 1_700_000_000, "me"
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def shard(files, format=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name, data in files:
            info = name if isinstance(name, tarfile.TarInfo) else member(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


LONG = f"a folder/{'ä' * 90}/0003.png"
FILES = [
    (member("cat", tarfile.DIRTYPE), b""),
    ("cat/0001.jpg", image("JPEG", 1)),
    ("cat/0001.cls", b"7"),
    ("cat/0001.json", b'{"who": "me"}'),
    ("./0002.v1.PNG", image("PNG", 2, (9, 14))),
    ("__meta.jpg", b"no image"),
    (LONG, image("PNG", 3, (5, 5))),
    (LONG.replace("png", "npy"), b"features"),
]


def contents(path):
    with tarfile.open(path) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_images_are_filtered_as_files_and_all_else_is_copied(ok, run, folder, format):
    (folder / "train-000.tar").write_bytes(shard(FILES, format))
    ok("blur", "train-000.tar", "-o", "out.tar", "--no-stamp")
    found = contents("out.tar")
    assert [*found] == [name for name, _ in FILES[1:]]
    for number, (name, data) in enumerate(FILES[1:]):
        if not name.endswith((".jpg", "PNG", ".png")) or name.startswith("__"):
            assert found[name] == data
            continue
        suffix = name[-4:].lower()
        (folder / f"{number}{suffix}").write_bytes(data)
        ok("blur", f"{number}{suffix}", "-o", f"out{number}{suffix}", "--no-stamp")
        assert found[name] == (folder / f"out{number}{suffix}").read_bytes()
    with tarfile.open("out.tar") as archive:
        assert {(i.mtime, i.uid, i.gid, i.uname, i.gname, i.mode, i.type) for i in archive} == {
            (0, 0, 0, "", "", 0o644, tarfile.REGTYPE)
        }


def test_the_same_shard_gives_the_same_bytes_and_is_known_again(ok, run, folder):
    (folder / "a").mkdir()
    (folder / "a" / "x.tar").write_bytes(shard(FILES))
    ok("blur", "a/x.tar", "-o", "b.tar")
    assert run("blur", "a", "-o", "out/").code == 0
    assert (folder / "b.tar").read_bytes() == (folder / "out" / "x.tar").read_bytes()
    assert ok("blur", "a/x.tar", "-o", "-") == (folder / "b.tar").read_bytes()
    before = (folder / "b.tar").stat().st_mtime_ns
    assert run("blur", "a/x.tar", "-o", "b.tar", "--update").code == 0
    assert (folder / "b.tar").stat().st_mtime_ns == before
    ok("blur", "b.tar", "--in-place")
    assert [*contents("b.tar")] == [*contents("out/x.tar")]


def test_maps_hold_the_images_alone_in_a_format_that_loses_nothing(ok, folder):
    (folder / "a.tar").write_bytes(shard(FILES))
    assert ok("edges", "a.tar", "-o", "b.tar", "--magnitude", "m.tar") == b""
    assert [*contents("m.tar")] == ["cat/0001.png", "./0002.v1.PNG", LONG]


def test_noise_is_that_of_the_place(ok, folder):
    data = image("PNG", 4)
    (folder / "a.tar").write_bytes(shard([("1.png", data), ("2.png", data)]))
    ok("noise", "a.tar", "-o", "b.tar", "--seed", "3", "--no-stamp")
    found = contents("b.tar")
    assert found["1.png"] != found["2.png"]


def test_one_image_files_of_each_and_a_stack(ok, folder):
    (folder / "a.tar").write_bytes(shard([(f"{n}.png", image("PNG", n)) for n in range(3)]))
    ok("flip", "a.tar", "-o", "one.png", "--frame", "2")
    assert np.array_equal(
        np.asarray(Image.open("one.png")), np.asarray(Image.open(io.BytesIO(image("PNG", 2))))[:, ::-1]
    )
    ok("flip", "a.tar", "-o", "each/", "--name", "{stem}-{frame}.png")
    assert len(list((folder / "each").iterdir())) == 3
    ok("flip", "a.tar", "-o", "all.npz")
    assert np.load("all.npz")["images"].shape == (3, 20, 30, 3)


def linked(name, type):
    return member(name, type, linkname="/etc/passwd")


PNG = image("PNG", 1)
GOOD = shard([("a.png", PNG), ("a.cls", b"1")])
FLIPPED = bytearray(GOOD)
FLIPPED[512 + (len(PNG) + 511) // 512 * 512 + 3] ^= 1
SPARSE = member("a.png", pax_headers={"GNU.sparse.map": "0,1", "GNU.sparse.size": "9", "GNU.sparse.numblocks": "1"})


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (shard([("a.png", PNG), (linked("b.png", tarfile.SYMTYPE), b"")]), "b.png: is a link, which is not followed"),
        (shard([("a.png", PNG), (linked("b.cls", tarfile.LNKTYPE), b"")]), "b.cls: is a link, which is not followed"),
        (shard([("a.png", PNG), (member("b", tarfile.CHRTYPE), b"")]), "b: is not a regular file"),
        (shard([("a.png", PNG), (member("b", tarfile.FIFOTYPE), b"")]), "b: is not a regular file"),
        (shard([(SPARSE, PNG)]), "a.png: is not a regular file"),
        (shard([("x/../../a.png", PNG)]), "x/../../a.png: leads outside the shard"),
        (shard([("/a.png", PNG)]), "/a.png: leads outside the shard"),
        (shard([("a.png", PNG), ("a.PNG", PNG)]), "a.PNG: a sample has this field twice"),
        (shard([("a.cls", b"1")]), "holds no images"),
        (shard([("a.png", PNG), ("b.png", PNG[:300])]), "b.png: is damaged or truncated"),
        (shard([("a.png", PNG), ("b.jpg", b"")]), "b.jpg: is empty"),
        (shard([("a.png", PNG), ("b.gif", b"text")]), "b.gif: is neither an image of a known format"),
        (GOOD[:700], "a.png: is cut off"),
        (GOOD[: len(GOOD) // 512 * 512 - 8192], "is "),
        (bytes(FLIPPED), "is damaged (the data after its last readable member are not a member)"),
        (shard([("a.png", PNG)])[: 512 + (len(PNG) + 511) // 512 * 512], "is truncated (its end is missing)"),
    ],
)
def test_what_is_no_good_shard_is_refused_in_one_line(refused, folder, data, why):
    (folder / "a.tar").write_bytes(data)
    line = refused(1, "blur", "a.tar", "-o", "b.tar")
    assert line.startswith("imfilter: a.tar: ")
    assert why in line
    assert not (folder / "b.tar").exists()


def test_sizes_count_for_each_image(refused, folder):
    (folder / "a.tar").write_bytes(shard([("a.png", PNG), ("b.png", image("PNG", 1, (40, 40)))]))
    assert "b.png: has 40×40 = 1600 pixels; the limit is 1000" in refused(
        1, "blur", "a.tar", "-o", "b.tar", "--max-pixels", "1000"
    )


def test_what_a_filter_refuses_names_the_member(refused, folder):
    (folder / "a.tar").write_bytes(shard([("a.png", PNG), ("b.png", image("PNG", 1, (4, 4)))]))
    line = refused(1, "crop", "a.tar", "-o", "b.tar", "--size", "20,20")
    assert line.startswith("imfilter: a.tar: b.png: ")


def test_only_shards_become_shards(refused, folder):
    (folder / "a.png").write_bytes(PNG)
    assert refused(1, "blur", "a.png", "-o", "b.tar") == (
        "imfilter: b.tar: a .tar is made from data sets, and a.png is not one"
    )
    (folder / "a.tar").write_bytes(GOOD)
    assert "write all outputs as .tar, or none" in refused(1, "edges", "a.tar", "-o", "b.tar", "--magnitude", "m.npy")


def test_maps_that_would_share_a_field_are_refused(refused, folder):
    (folder / "a.tar").write_bytes(shard([("a.jpg", image("JPEG", 1)), ("a.png", PNG)]))
    assert "would have the field of a.png twice" in refused(1, "edges", "a.tar", "--magnitude", "m.tar")


# ---- other data sets become shards ------------------------------------------------------------------

COUNT = 12


@pytest.fixture
def digits(folder):
    samples = np.random.default_rng(5).integers(0, 256, (COUNT, 9, 7), np.uint8)
    labels = np.arange(COUNT, dtype=np.uint8) % 3
    for name, array in (("t-images-idx3-ubyte", samples), ("t-labels-idx1-ubyte", labels)):
        head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        (folder / name).write_bytes(head + array.tobytes())
    np.savez(folder / "t.npz", images=samples, labels=labels)
    return labels


@pytest.mark.each("name", ["t-images-idx3-ubyte", "t.npz"])
def test_images_of_another_data_set_are_files_with_their_labels(ok, run, folder, digits, name):
    ok("blur", name, "-o", "out.tar", "--no-stamp")
    run("blur", name, "-o", "out/", "--name", "{frame:05}.png", "--no-stamp")
    expected = {}
    for number, label in enumerate(digits):
        expected[f"{number:05}.png"] = (folder / "out" / f"{number:05}.png").read_bytes()
        expected[f"{number:05}.cls"] = b"%d" % label
    found = contents("out.tar")
    assert found == expected
    assert [*found] == [*expected]


def test_a_shard_of_a_data_set_is_one_that_is_filtered_and_known_again(ok, run, folder, digits):
    ok("blur", "t-images-idx3-ubyte", "-o", "out.tar")
    before = (folder / "out.tar").stat().st_ino
    ok("blur", "t-images-idx3-ubyte", "-o", "out.tar", "--update")
    assert (folder / "out.tar").stat().st_ino == before
    ok("flip", "out.tar", "-o", "again.tar")
    assert [*contents("again.tar")] == [*contents("out.tar")]
    assert ok("blur", "t-images-idx3-ubyte", "-o", "-", "--to", "tar") == (folder / "out.tar").read_bytes()


def test_a_map_of_a_data_set_has_no_labels(ok, folder, digits):
    ok("edges", "t-images-idx3-ubyte", "-o", "out.tar", "--angle", "angle.tar")
    assert [*contents("angle.tar")] == [f"{number:05}.png" for number in range(COUNT)]
    assert len(contents("out.tar")) == 2 * COUNT


def test_what_a_shard_does_not_hold_of_labels_is_said(run, folder):
    records = np.random.default_rng(2).integers(0, 256, (3, 3074), np.uint8)
    records[:, 0], records[:, 1] = (1, 2, 3), (40, 50, 60)
    (folder / "train.bin").write_bytes(records.tobytes())
    ended = run("blur", "train.bin", "-o", "out.tar")
    assert ended.code == 0
    assert "coarse labels were not written" in ended.err
    assert contents("out.tar")["00002.cls"] == b"60"


@pytest.mark.each(
    "words, said",
    [
        (("--frame", "3", "-o", "out.tar"), "leave out --frame"),
        (("-o", "out.tar", "--angle", "angle.png"), "write all outputs as .tar, or none"),
        (("-o", "out/", "--name", "{frame}.tar"), "write all outputs as .tar, or none"),
    ],
)
def test_data_sets_that_are_not_wholly_shards_are_refused(refused, folder, digits, words, said):
    assert said in refused(1, "edges", "t-images-idx3-ubyte", *words)
    assert not [*folder.glob("**/*.tar")]


def test_a_data_set_that_ends_early_leaves_no_shard(refused, folder, digits):
    data = gzip.compress((folder / "t-images-idx3-ubyte").read_bytes())
    (folder / "cut-images-idx3-ubyte.gz").write_bytes(data[:-60])
    refused(1, "blur", "cut-images-idx3-ubyte.gz", "-o", "out.tar")
    assert not (folder / "out.tar").exists()
