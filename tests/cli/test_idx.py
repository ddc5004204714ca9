"""Data sets in IDX files: every filter, one image after the other or many at once, and the labels beside them."""

import gzip
import io
import random
import struct
import zlib

import numpy as np
import pytest
from imfilter.cli.batch import image_job
from imfilter.cli.images import idx
from imfilter.filters.blur import blur
from imfilter.filters.edges import edges

LABELS = np.array([5, 0, 4, 1, 9, 2, 1], np.uint8)


@pytest.fixture
def digits():
    return np.random.default_rng(3).integers(0, 256, (7, 28, 28), np.uint8)


def packed(array, code=0x08):
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def read(path):
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    header = idx.header_of(data)
    return np.frombuffer(data, header.dtype, offset=header.length).reshape(header.sizes)


def write(folder, name, array, code=0x08):
    data = packed(array, code)
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return name


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_data_set_is_filtered_with_its_labels(run, folder, digits, suffix):
    write(folder, f"t10k-images-idx3-ubyte{suffix}", digits)
    write(folder, f"t10k-labels-idx1-ubyte{suffix}", LABELS)
    assert run("edges", f"t10k-images-idx3-ubyte{suffix}", "-o", "edges-idx3-ubyte.gz").code == 0
    np.testing.assert_array_equal(read(folder / "edges-idx3-ubyte.gz"), edges(digits, stack=True).image.clip(0, 255))
    np.testing.assert_array_equal(read(folder / "edges-idx1-ubyte.gz"), LABELS)


@pytest.mark.parametrize("to", ["idx", "idx-gz", "npz", "npy", "tar", "cifar10", "tiff"])
def test_what_goes_into_a_pipe_is_what_the_file_holds(run, folder, to):
    images = np.random.default_rng(5).integers(0, 256, (300, 32, 32, 3), np.uint8)
    np.savez(folder / "set.npz", images=images, labels=np.arange(300) % 10)
    assert run("blur", "set.npz", "-o", "file", "--to", to).code == 0
    data = (folder / "file").read_bytes()
    assert run("blur", "set.npz", "-o", "-", "--to", to).out == data
    assert run("blur", "-", "--to", to, stdin=(folder / "set.npz").read_bytes()).out == data


def test_many_at_once_are_one_by_one(run, folder, digits, monkeypatch):
    write(folder, "a.idx", digits)
    line = ["chain", "a.idx", "noise --seed 4", "blur --sigma 2", "edges --op canny", "flip"]
    assert run(*line, "-o", "b.idx").code == 0
    monkeypatch.setattr(image_job.ImageProcessor, "takes_stack", lambda *given: False)
    assert run(*line, "-o", "c.idx").code == 0
    assert (folder / "b.idx").read_bytes() == (folder / "c.idx").read_bytes()


def test_colours_floats_and_other_types(run, folder):
    rgb = np.random.default_rng(1).integers(0, 256, (3, 6, 5, 3), np.uint8)
    write(folder, "a-idx4-ubyte", rgb)
    assert run("blur", "a-idx4-ubyte", "-o", "b-idx4-ubyte", "--sigma", "1").code == 0
    np.testing.assert_array_equal(read(folder / "b-idx4-ubyte"), blur(rgb, sigma=1))
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4) * 10
    write(folder, "c.idx", values, 0x0B)
    assert run("blur", "c.idx", "-o", "d.idx", "--op", "median", "--size", "1", "--depth", "float").code == 0
    np.testing.assert_allclose(read(folder / "d.idx"), values / 255, rtol=1e-6)


def test_one_image_a_folder_and_files_of_each(run, folder, digits):
    write(folder, "a.idx", digits)
    assert run("blur", "a.idx", "-o", "one.png", "--frame", "3").code == 0
    (folder / "sets").mkdir()
    write(folder / "sets", "x-images-idx3-ubyte.gz", digits)
    write(folder / "sets", "x-labels-idx1-ubyte.gz", LABELS)
    assert run("blur", "sets", "-o", "out/").code == 0
    assert sorted(file.name for file in (folder / "out").iterdir()) == [
        "x-images-idx3-ubyte.gz",
        "x-labels-idx1-ubyte.gz",
    ]
    assert run("blur", "a.idx", "-o", "each/", "--name", "{stem}-{frame:03}.png").code == 0
    assert len(list((folder / "each").iterdir())) == 7


def test_the_same_images_give_the_same_bytes(run, folder, digits):
    write(folder, "a.idx", digits)
    for name in ("b-idx3-ubyte.gz", "c-idx3-ubyte.gz"):
        assert run("blur", "a.idx", "-o", name).code == 0
    first, second = ((folder / name).read_bytes() for name in ("b-idx3-ubyte.gz", "c-idx3-ubyte.gz"))
    assert first == second
    assert first[4:8] == bytes(4)  # no time


def test_labels_that_do_not_belong_refuse_the_whole(refused, folder, digits):
    write(folder, "t-images-idx3-ubyte", digits)
    write(folder, "t-labels-idx1-ubyte", LABELS[:3])
    line = refused(1, "blur", "t-images-idx3-ubyte", "-o", "o-images-idx3-ubyte")
    assert "t-labels-idx1-ubyte: holds 3 labels, but t-images-idx3-ubyte has 7 images" in line
    assert not list(folder.glob("o-*"))


def test_labels_without_a_place_are_told_of(run, folder, digits):
    write(folder, "t-images-idx3-ubyte", digits)
    write(folder, "t-labels-idx1-ubyte", LABELS)
    result = run("blur", "t-images-idx3-ubyte", "-o", "o.idx")
    assert result.code == 0
    assert "its labels, t-labels-idx1-ubyte, were not written" in result.err


HEAD = bytes.fromhex("00000803000000070000001c0000001c")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (packed(LABELS), "is an IDX file of labels or numbers, which is not supported; name the file"),
        (HEAD, "has fewer than the 5504 bytes that its header declares"),
        (HEAD + bytes(5489), "has more than the 5504 bytes"),
        (bytes.fromhex("00000803ffffffffffffffffffffffff"), "the limit is"),
        (bytes.fromhex("000008030000000000000001c0000000"), "holds no images"),
        (bytes.fromhex("00000804") + struct.pack(">4I", 1, 1, 1, 5) + bytes(5), "images are"),
        (bytes.fromhex("00000803"), "its header is cut off"),
        (gzip.compress(HEAD + bytes(50_000_000), mtime=0), "has more than the 5504 bytes"),
        (gzip.compress(HEAD + bytes(5488), mtime=0)[:-9], "its gzip stream ends early"),
        (gzip.compress(HEAD + bytes(5488), mtime=0)[:-8] + b"12345678", "incorrect data check"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(refused, folder, data, why):
    (folder / "a.idx").write_bytes(data)
    assert why in refused(1, "blur", "a.idx", "-o", "b.idx")
    assert not (folder / "b.idx").exists()


def test_what_it_does_not_hold_is_refused(refused, folder, digits):
    write(folder, "a.idx", digits)
    refused(1, "blur", "a.idx", "-o", "b.idx", "--depth", "16")
    assert "has 7 images, but JPEG holds one" in refused(1, "blur", "a.idx", "-o", "b.jpg")
    assert not (folder / "b.idx").exists()


def test_a_bomb_is_unpacked_no_further_than_its_header_tells():
    bomb = gzip.compress(bytes(1 << 26))
    unpacker = idx.Unpacker(bomb)
    assert len(unpacker.read(101)) == unpacker.at == 101


@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536, 200_000])
def test_what_is_packed_in_pieces_is_one_gzip_member_of_the_same_bytes(length):
    data, found = random.Random(1).randbytes(length), []
    for step in (length + 1, 70_001):
        file = io.BytesIO()
        packer = idx.Packer(file, HEAD)
        for start in range(0, length, step):
            packer.add(data[start : start + step])
        packer.end()
        found.append(file.getvalue())
    member = zlib.decompressobj(31)
    assert member.decompress(found[0]) == HEAD + data
    assert member.eof
    assert not member.unused_data
    assert found[0] == found[1]


@pytest.mark.parametrize("step", [1, 3, 7])
def test_images_are_unpacked_in_any_order(digits, step):
    data, header = packed(digits), idx.header_of(packed(digits)[:16])
    members = gzip.compress(data[:300]) + gzip.compress(data[300:]) + bytes(9)
    for images in (idx.Images(data, header), idx.Images(members, header)):
        for start in (*range(0, 7, step), 0, 4):
            part = images.part(start, min(start + step, 7))
            np.testing.assert_array_equal(part[..., 0], digits[start : start + step])


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: data[:-8] + b"12345678", lambda data: data + b"x"]
)
def test_damage_behind_the_images_is_found_before_they_are_written(refused, folder, digits, damage):
    many = np.tile(digits, (2000, 1, 1))
    (folder / "t-images-idx3-ubyte.gz").write_bytes(damage(gzip.compress(packed(many))))
    assert "t-images-idx3-ubyte.gz: " in refused(
        1, "blur", "t-images-idx3-ubyte.gz", "-o", "o.idx", "--size", "3", "--op", "mean"
    )
    assert not (folder / "o.idx").exists()


def test_labels_of_another_name(run, ok, refused, folder, digits):
    write(folder, "mine.idx", digits)
    (folder / "classes.idx").write_bytes(packed(LABELS))
    ended = run("flip", "mine.idx", "-o", "o-images-idx3-ubyte", "--labels", "classes.idx")
    assert (ended.code, ended.lines) == (0, [])
    assert (folder / "o-labels-idx1-ubyte").read_bytes() == packed(LABELS)
    np.save("a.npy", digits[..., None])
    ok("flip", "a.npy", "-o", "o.npz", "--labels", "classes.idx")
    with np.load("o.npz") as found:
        assert np.array_equal(found["labels"], LABELS)
    assert "has labels of its own; leave out --labels" in refused(
        1, "flip", "o.npz", "-o", "p.npz", "--labels", "classes.idx"
    )
    (folder / "few.idx").write_bytes(packed(LABELS[:3]))
    assert "few.idx: holds 3 labels, but mine.idx has 7 images" in refused(
        1, "flip", "mine.idx", "-o", "p.npz", "--labels", "few.idx"
    )
    assert "is given as the labels of mine.idx, but holds no labels" in refused(
        1, "flip", "mine.idx", "-o", "p.npz", "--labels", "mine.idx"
    )
    assert "no such file" in refused(1, "flip", "mine.idx", "-o", "p.npz", "--labels", "none.idx").lower()
    assert "--labels belongs to one data set" in refused(
        2, "flip", "mine.idx", "a.npy", "-o", "p/", "--labels", "classes.idx"
    )


@pytest.mark.parametrize("stamp", [(), ("--no-stamp",)])
def test_an_update_sees_other_labels(run, folder, digits, stamp):
    write(folder, "a-images-idx3-ubyte", digits)
    (folder / "a-labels-idx1-ubyte").write_bytes(packed(LABELS))
    call = "flip", "a-images-idx3-ubyte", "-o", "o.npz", "--update", *stamp
    run(*call)
    before = (folder / "o.npz").stat().st_mtime_ns
    run(*call)
    assert (folder / "o.npz").stat().st_mtime_ns == before
    (folder / "a-labels-idx1-ubyte").write_bytes(packed(LABELS[::-1].copy()))
    run(*call)
    with np.load("o.npz") as found:
        assert np.array_equal(found["labels"], LABELS[::-1])


def test_a_map_in_an_archive_has_no_labels(run, folder, digits):
    write(folder, "a-images-idx3-ubyte", digits)
    (folder / "a-labels-idx1-ubyte").write_bytes(packed(LABELS))
    ended = run("edges", "a-images-idx3-ubyte", "-o", "o.npz", "--magnitude", "m.npz")
    assert ended.code == 0, ended.err
    with np.load("o.npz") as image, np.load("m.npz") as magnitude:
        assert ([*image], [*magnitude]) == (["images", "labels"], ["images"])
