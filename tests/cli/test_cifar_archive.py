"""The archives in which CIFAR is published: every batch in its order, and hostile ones."""

import gzip
import io
import pickle
import tarfile

import numpy as np
import pytest
from imfilter.cli.images import cifar_archive
from imfilter.cli.images.formats import sniff

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def rows(seed, count=4):
    return np.random.default_rng(seed).integers(0, 256, (count, 3072), np.uint8)


def archive(files, top="cifar-10-batches-bin/"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        folder = tarfile.TarInfo(top)
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, data in files.items():
            info = data if isinstance(data, tarfile.TarInfo) else tarfile.TarInfo(top + name)
            content = b"" if isinstance(data, tarfile.TarInfo) else data
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(out.getvalue())


def records(samples, *labels):
    return np.hstack([*(np.array(label, np.uint8)[:, None] for label in labels), samples]).tobytes()


TRAIN, TEST = rows(1), rows(2)
TEN = {
    "batches.meta.txt": "\n".join(CLASSES).encode(),
    "data_batch_2.bin": records(TRAIN[2:], [2, 3]),
    "test_batch.bin": records(TEST, [4, 5, 6, 7]),
    "readme.html": b"<html>",
    "data_batch_1.bin": records(TRAIN[:2], [0, 1]),
}
HUNDRED = {
    "test.bin": records(TEST, [0, 1, 2, 19], [0, 10, 20, 99]),
    "train.bin": records(TRAIN, [3, 4, 5, 6], [7, 8, 9, 10]),
    "fine_label_names.txt": "\n".join(f"f{n}" for n in range(100)).encode(),
    "coarse_label_names.txt": "\n".join(f"c{n}" for n in range(20)).encode(),
}


def pickled(samples, labels, key=b"labels", **more):
    return pickle.dumps({key: labels, b"data": samples, **more}, 2)


TEN_PICKLED = {
    "data_batch_2": pickled(TRAIN[2:], [2, 3]),
    "test_batch": pickled(TEST, [4, 5, 6, 7]),
    "batches.meta": pickle.dumps({b"label_names": CLASSES}, 2),
    "data_batch_1": pickled(TRAIN[:2], [0, 1]),
}


def pixels(samples):
    return samples.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (archive(TEN), "cifar-10-binary"),
        (archive(TEN_PICKLED, "cifar-10-batches-py/"), "cifar-10-python"),
        (archive(HUNDRED, "cifar-100-binary/"), "cifar-100-binary"),
    ],
)
def test_the_images_of_training_come_first_then_those_of_the_test(run, folder, data, kind):
    name = f"{kind}.tar.gz"
    (folder / name).write_bytes(data)
    ended = run("flip", name, "-o", "out.npz")
    assert ended.code == 0, ended.err
    with np.load("out.npz") as found:
        assert np.array_equal(found["images"][:, :, ::-1], pixels(np.vstack([TRAIN, TEST])))
        if "100" in kind:
            assert (found["labels"].tolist(), found["coarse_labels"].tolist()) == (
                [7, 8, 9, 10, 0, 10, 20, 99],
                [3, 4, 5, 6, 0, 1, 2, 19],
            )
        else:
            assert found["labels"].tolist() == [*range(8)]
    ended = run("flip", name, "-o", "out.bin")
    assert ended.code == 0, ended.err
    assert (folder / "out.bin").stat().st_size == 8 * (3074 if "100" in kind else 3073)
    info = run("dataset", "info", name).out.decode()
    assert (CLASSES[7] if "100" not in kind else "f99") in info
    assert "images    8" in info


def test_only_these_archives_are_known():
    assert sniff(archive(TEN)[:512]).name == "cifar10-tar"
    assert sniff(archive(TEN, "photos/")[:512]) is None


def linked(name):
    info = tarfile.TarInfo("cifar-10-batches-bin/" + name)
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return info


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (archive({"readme.html": b"x"}), "holds no CIFAR batches"),
        (archive({"data_batch_1.bin": linked("data_batch_1.bin")}), "holds no CIFAR batches"),
        (archive(TEN | {"train.bin": HUNDRED["train.bin"]}), "holds batches of both CIFAR-10 and CIFAR-100"),
        (archive(TEN | {"../data_batch_1.bin": TEN["data_batch_1.bin"]}), "holds data_batch_1.bin twice"),
        (archive(TEN | {"data_batch_3.bin": b"x" * 3000}), "data_batch_3.bin: is damaged or truncated"),
        (archive(TEN | {"data_batch_3.bin": records(TEST, [10] * 4)}), "is damaged, or not CIFAR-10"),
        (archive(TEN | {"batches.meta.txt": b"\xff"}), "its batches.meta.txt is not a list of class names"),
        (archive(TEN_PICKLED | {"data_batch_1": b"\x80\x02cos\nsystem\n."}), "data_batch_1: is not a CIFAR batch"),
        (archive(TEN)[:-9], "its gzip stream ends early"),
        (archive(TEN)[:-8] + b"12345678", "incorrect data check"),
    ],
)
def test_what_is_damaged_or_hostile_is_refused_in_one_line(refused, folder, data, why):
    (folder / "cifar-10.tar.gz").write_bytes(data)
    line = refused(1, "flip", "cifar-10.tar.gz", "-o", "o.npz")
    assert line.startswith("imfilter: cifar-10.tar.gz: ")
    assert why in line
    assert not (folder / "o.npz").exists()


def test_a_bomb_is_unpacked_no_further_than_cifar_goes(refused, folder, monkeypatch):
    monkeypatch.setattr(cifar_archive, "MOST", 1 << 21)
    (folder / "a.tar.gz").write_bytes(archive(TEN | {"readme.html": bytes(1 << 25)}))
    assert "unpacks to more than the 2 MiB that CIFAR has" in refused(1, "flip", "a.tar.gz", "-o", "o.npz")
