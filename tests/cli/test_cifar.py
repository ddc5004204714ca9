"""CIFAR-10 and CIFAR-100 in binary files: what their names and lengths tell, labels, and the way through and back."""

import numpy as np
import pytest
from imfilter.cli.images import formats
from imfilter.filters.blur import blur
from PIL import Image

from .test_idx import read

COUNT = 5
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
SAME = ("blur", "--op", "median", "--size", "1")
"""What leaves every sample as it is."""


def images(count=COUNT):
    """Smooth pictures, each with a slope of its own in every channel."""
    y, x, c = np.mgrid[:32, :32, :3]
    return np.stack([(y * (n + 1) + x * (c + 2) + 40 * c) % 256 for n in range(count)]).astype(np.uint8)


def records(images, *labels):
    planes = images.transpose(0, 3, 1, 2).reshape(len(images), 3072)
    return b"".join(bytes(numbers) + plane.tobytes() for *numbers, plane in zip(*labels, planes, strict=True))


LABELS, FINE, COARSE = [3, 8, 0, 9, 6], [49, 33, 72, 99, 0], [10, 19, 0, 2, 4]
TEN, HUNDRED = records(images(), LABELS), records(images(), COARSE, FINE)


def unpacked(data, length):
    found = np.frombuffer(data, np.uint8).reshape(-1, length + 3072)
    return found[:, :length].tolist(), found[:, length:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


@pytest.fixture
def ten(folder):
    (folder / "data_batch_1.bin").write_bytes(TEN)
    return "data_batch_1.bin"


@pytest.fixture
def hundred(folder):
    (folder / "train.bin").write_bytes(HUNDRED)
    return "train.bin"


@pytest.mark.parametrize(("name", "labels"), [("ten", [LABELS]), ("hundred", [COARSE, FINE])])
def test_every_image_is_filtered_and_keeps_its_labels(run, folder, request, name, labels):
    assert run("blur", request.getfixturevalue(name), "-o", "out.bin", "--sigma", "1").code == 0
    found, samples = unpacked((folder / "out.bin").read_bytes(), len(labels))
    assert found == [list(numbers) for numbers in zip(*labels, strict=True)]
    np.testing.assert_array_equal(samples, blur(images(), sigma=1, stack=True))


def test_the_way_through_idx_and_back_changes_no_byte(ok, folder, ten):
    ok(*SAME, ten, "-o", "a-idx4-ubyte.gz")
    np.testing.assert_array_equal(read(folder / "a-idx4-ubyte.gz"), images())
    assert read(folder / "a-idx1-ubyte.gz").tolist() == LABELS
    ok(*SAME, "a-idx4-ubyte.gz", "-o", "b.bin")
    assert (folder / "b.bin").read_bytes() == TEN


def test_an_output_is_of_the_kind_of_its_input(ok, folder, ten, hundred):
    for name, data in ((ten, TEN), (hundred, HUNDRED)):
        ok(*SAME, name, "-o", "same.bin")
        assert (folder / "same.bin").read_bytes() == data
        ok(*SAME, name, "-o", "out/")
        assert (folder / "out" / name).read_bytes() == data
    ok(*SAME, hundred, "-o", "named.x", "--to", "cifar100")
    assert (folder / "named.x").read_bytes() == HUNDRED


def test_in_place_and_one_of_them(ok, folder, ten, hundred):
    ok("blur", hundred, "-o", "one.bin", "--frame", "3", "--op", "median", "--size", "1")
    assert (folder / "one.bin").read_bytes() == HUNDRED[3 * 3074 : 4 * 3074]
    ok("blur", "one.bin", "-o", "again.bin", "--op", "median", "--size", "1")
    assert (folder / "again.bin").read_bytes() == HUNDRED[3 * 3074 : 4 * 3074]
    ok("blur", ten, "-o", "one.png", "--frame", "4", "--op", "median", "--size", "1")
    np.testing.assert_array_equal(np.asarray(Image.open(folder / "one.png")), images()[4])
    ok(*SAME, "--in-place", ten)
    assert (folder / ten).read_bytes() == TEN


def test_the_name_decides_where_a_length_tells_nothing():
    both = 3073 * 3074
    assert [formats.sniff(bytes(2), name, both).name for name in ("TEST.bin", "test_batch.bin", "a.bin")] == [
        "cifar100",
        "cifar10",
        "cifar10",
    ]
    assert formats.sniff(bytes(2), "a.bin", 3074 * 7).name == "cifar100"
    assert formats.sniff(bytes(2), "a.bin", 3073 * 7 + 1) is None
    assert formats.sniff(bytes(2), "a.dat", 3073 * 7) is None
    assert formats.sniff(b"\xff\xd8\xff", "a.bin", 3073).name == "jpeg"
    # The records of dark pictures begin as a CUR or an IDX file does.
    for head in (bytes.fromhex("00000200010000000000"), bytes.fromhex("00000803")):
        assert formats.sniff(head).name in ("ico", "idx") and formats.sniff(head, "a.bin", 3073).name == "cifar10"


def test_a_folder_holds_other_files_of_that_name(run, folder):
    (folder / "in").mkdir()
    (folder / "in" / "data_batch_1.bin").write_bytes(TEN)
    (folder / "in" / "weights.bin").write_bytes(bytes(4096))
    result = run(*SAME, "in", "-o", "out/")
    assert result.code == 0 and "1 other file passed over" in result.err
    assert [file.name for file in (folder / "out").iterdir()] == ["data_batch_1.bin"]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.bin", TEN[:-1], "is neither a CIFAR file (those have 3073 or 3074 bytes per image)"),
        ("a.bin", bytes([3]) * 600, "is neither a CIFAR file"),
        ("a.bin", b"", "is empty"),
        ("a.bin", records(images(), [0, 1, 2, 10, 4]), "is damaged, or not CIFAR-10 (image 3 has the label 10"),
        ("a.bin", records(images(1), [255]), "image 0 has the label 255; valid labels are 0 to 9"),
        ("a.bin", records(images(2), [0, 1], [5, 100]), "image 1 has the label 100; valid labels are 0 to 99"),
        ("a.bin", records(images(2), [0, 20], [5, 6]), "image 1 has the coarse label 20; valid labels are 0 to 19"),
        ("a.dat", TEN, "is neither an image of a known format"),
    ],
)
def test_what_is_none_is_refused_in_one_line(refused, folder, name, data, why):
    (folder / name).write_bytes(data)
    assert why in refused(1, "blur", name, "-o", "out.png")
    assert not (folder / "out.png").exists()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (("edges", "data_batch_1.bin", "-o", "o.bin"), "holds only RGB; use --to npz or an -idx3-ubyte name"),
        (("blur", "data_batch_1.bin", "-o", "o.bin", "--depth", "16"), "cannot hold 16-bit samples"),
        (("resize", "data_batch_1.bin", "-o", "o.bin", "--size", "20"), "holds images of 32×32×3, not 20×20×3"),
        (("blur", "data_batch_1.bin", "-o", "o.bin", "--to", "cifar100"), "requires coarse labels"),
        (("blur", "train.bin", "-o", "o.bin", "--to", "cifar10"), "cannot hold coarse labels"),
        (("blur", "train.bin", "-o", "o-idx4-ubyte"), "not fine and coarse labels; use --to npz or --to cifar100"),
        (("blur", "a.png", "-o", "o.bin"), "requires labels, but the images have none"),
    ],
)
def test_what_a_file_does_not_hold_is_refused(refused, folder, ten, hundred, line, why):
    Image.fromarray(images()[0]).save(folder / "a.png")
    before = sorted(file.name for file in folder.iterdir())
    assert why in refused(1, *line)
    assert sorted(file.name for file in folder.iterdir()) == before


def test_labels_that_are_none_of_it_are_refused_before_the_work(ok, refused, folder, ten):
    ok(*SAME, ten, "-o", "a-idx4-ubyte")
    labels = (folder / "a-idx1-ubyte").read_bytes()
    (folder / "a-idx1-ubyte").write_bytes(labels[:-1] + b"\x0a")
    assert "image 4 has the label 10; valid labels are 0 to 9; use --to npz" in refused(
        1, *SAME, "a-idx4-ubyte", "-o", "o.bin"
    )


def test_class_names_are_told_of_where_they_stay_behind(ok, run, refused, folder, ten):
    names = folder / "batches.meta.txt"
    names.write_text("\n".join(CLASSES) + "\n\n")
    ok(*SAME, ten, "-o", "o.bin")
    assert "copy batches.meta.txt" in run(*SAME, ten, "-o", "out/").err
    assert "the names of its 10 classes were not written" in run(*SAME, ten, "-o", "o-idx4-ubyte").err
    names.write_text("cat\ndog\n")
    assert "batches.meta.txt: names 2 classes, but there are 10" in refused(1, *SAME, ten, "-o", "o.bin")


def test_the_commands_of_data_sets_know_it(ok, run, folder, ten, hundred):
    assert "CIFAR-10\n" in ok("dataset", "info", ten).decode()
    for name, data, width in ((ten, TEN, 1), (hundred, HUNDRED, 2)):
        ok("dataset", "convert", name, "-o", "same.bin")
        assert (folder / "same.bin").read_bytes() == data
        ended = run("dataset", "convert", name, "-o", f"each{width}/")
        coarse = ["imfilter: train.bin: its coarse labels were not written; use --to npz"]
        assert (ended.code, ended.lines) == (0, coarse if name == "train.bin" else [])
        assert len(list((folder / f"each{width}").rglob("*.png"))) == COUNT
    ok("dataset", "convert", "each1/", "-o", "again.bin")
    found = unpacked((folder / "again.bin").read_bytes(), 1)[0]
    assert sorted(label for (label,) in found) == sorted(LABELS)


@pytest.mark.parametrize(("kind", "data"), [("cifar10", TEN), ("cifar100", HUNDRED)])
def test_a_file_of_any_name_and_a_pipe_are_what_they_are_said_to_be(ok, folder, kind, data):
    (folder / "some").write_bytes(data)
    ok(*SAME, "some", "--from", kind, "-o", "out.bin")
    assert ok(*SAME, "-", "-f", kind, "-t", kind, stdin=data) == (folder / "out.bin").read_bytes() == data
    ok("augment", "some", "--from", kind, "--variants", "2", "-o", "two.bin", "flip --p 0.5")
    assert len((folder / "two.bin").read_bytes()) == 2 * len(data)


def test_what_is_said_wins_over_the_name(ok, folder):
    both = records(np.zeros((3074, 32, 32, 3), np.uint8), [0] * 3074)
    (folder / "train.bin").write_bytes(both)  # of 3073 images with two labels each, by its name
    ok("crop", "train.bin", "--size", "32,32", "-f", "CIFAR10", "-o", "out.bin")
    assert (folder / "out.bin").read_bytes() == both


def test_what_cannot_be_is_refused(refused, folder, ten):
    assert refused(1, *SAME, ten, "--from", "cifar100", "-o", "out.bin").endswith(
        f"{ten}: is not CIFAR-100: 15365 bytes are not a multiple of 3074"
    )
    assert ("--from: 'png' is not one of cifar10, cifar100; other") in refused(
        2, *SAME, ten, "--from", "png", "-o", "o.bin"
    )
    assert refused(1, *SAME, "-", "-f", "cifar10", "-t", "cifar10").endswith("is empty")
