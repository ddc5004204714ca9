"""Data sets are read, filtered and written piece by piece: memory does not grow with the number of images."""

import contextlib
import gzip
import io
import os
import resource
import signal
import struct
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.images import idx
from imfilter.cli.images.file_bytes import CHANGES, FileBytes, Opened
from imfilter.cli.images.picture import DecodeError
from imfilter.cli.images.source import state_of
from PIL import Image

GROWTH = 12 << 20
"""More bytes than what differs from one run to the next, and a part of the larger file's."""
FEW, MANY = 12_000, 50_000


def digits(count):
    one = np.zeros((500, 28, 28), np.uint8)
    one[:, 9:19, 9:19] = np.random.default_rng(1).integers(0, 256, (500, 10, 10), np.uint8)
    return np.resize(one, (count, 28, 28))


def packed(images):
    return struct.pack(">HBB3I", 0, 8, 3, *images.shape) + images.tobytes()


def write(path, count):
    images, labels = digits(count), np.arange(count, dtype=np.uint8) % 10
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(packed(images), 1))
    elif path.suffix == ".npz":
        half = count // 2
        np.savez_compressed(
            path, x_train=images[:half], y_train=labels[:half], x_test=images[half:], y_test=labels[half:]
        )
    elif path.suffix == ".npy":
        np.save(path, images[..., None])
    elif path.suffix == ".bin":
        records = np.zeros((count // 4, 3073), np.uint8)
        records[:, 0] = labels[: count // 4]
        records.tofile(path)
    elif path.suffix == ".tar":
        file = io.BytesIO()
        Image.fromarray(np.random.default_rng(2).integers(0, 256, (400, 400), np.uint8)).save(file, "BMP")
        with tarfile.open(path, "w") as archive:
            for number in range(count // 600):
                info = tarfile.TarInfo(f"{number:04}.bmp")
                info.size = len(file.getvalue())
                archive.addfile(info, io.BytesIO(file.getvalue()))
    else:
        path.write_bytes(packed(images))


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("a.idx", "o.idx"),
        ("a-idx3-ubyte.gz", "o-idx3-ubyte.gz"),
        ("a.npz", "o.npz"),
        ("a.npy", "o.npy"),
        ("a.bin", "o.bin"),
        ("a.tar", "o.tar"),
        ("a.npz", "o.idx"),
    ],
)
def test_memory_does_not_grow_with_the_number_of_images(measured, folder, name, out):
    peaks = []
    for count in (FEW, MANY):
        write(folder / name, count)
        ended = measured("-m", "imfilter", "blur", "--op", "mean", "--size", "3", name, "-o", out)
        assert ended.code == 0, ended.err
        peaks.append(ended.peak)
    assert peaks[1] - peaks[0] < GROWTH


def test_one_by_one_it_does_not_grow_either(measured, folder):
    Image.fromarray(np.full((28, 28), 255, np.uint8)).save("m.png")
    peaks = []
    for count in (50, 3_000):
        write(folder / "a.idx", count)
        ended = measured("-m", "imfilter", "noise", "--seed", "1", "a.idx", "-o", "o.idx", "--mask", "m.png")
        assert ended.code == 0, ended.err
        peaks.append(ended.peak)
    assert peaks[1] - peaks[0] < GROWTH / 4


def has_a_file_without_name(process):
    """Whether a process writes one."""
    for opened in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if " (deleted)" in str(opened.readlink()):
                return True
    return False


@pytest.mark.needs("/proc")
def test_a_killed_run_leaves_nothing(folder):
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR))
    except OSError:
        pytest.skip("the file system has no files without names")
    write(folder / "a.idx", FEW)
    before = sorted(os.listdir(folder))
    process = subprocess.Popen(
        [sys.executable, "-m", "imfilter", "noise", "--op", "poisson", "--seed", "1", "a.idx", "-o", "o.idx"],
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not has_a_file_without_name(process):
        time.sleep(0.01)
    assert sorted(os.listdir(folder)) == before
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert sorted(os.listdir(folder)) == before


@pytest.mark.parametrize("name", ["o.idx", "o-idx3-ubyte.gz", "o.npz", "o.npy"])
def test_a_full_disk_leaves_the_old_file(folder, name):
    (folder / "a.idx").write_bytes(packed(np.random.default_rng(1).integers(0, 256, (3000, 28, 28), np.uint8)))
    (folder / name).write_bytes(b"old")
    ended = subprocess.run(
        [sys.executable, "-m", "imfilter", "flip", "a.idx", "-o", name],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18)),
    )
    assert ended.returncode == 1
    assert ended.stderr == f"imfilter: {name}: cannot be written: file too large\n"
    assert (folder / name).read_bytes() == b"old"
    assert sorted(os.listdir(folder)) == ["a.idx", name]


def test_what_changes_while_it_is_read_is_refused(refused, folder, monkeypatch):
    write(folder / "a.idx", 50)
    part = idx.Images.part

    def changing(self, first, last):
        with open("a.idx", "ab") as file:
            file.write(b"more")
        return part(self, first, last)

    monkeypatch.setattr(idx.Images, "part", changing)
    assert refused(1, "flip", "a.idx", "-o", "o.idx") == f"imfilter: a.idx: {CHANGES}"
    assert not (folder / "o.idx").exists()


def test_bytes_of_a_file(folder):
    data = bytes(range(256)) * 10
    (folder / "a").write_bytes(data)
    with open("a", "rb") as file:
        found = FileBytes(file.fileno(), state_of(file.fileno()))
    assert len(found) == 2560
    assert (found[:3], found[2550:], found[5:5], found[9:4], found[-4:]) == (
        data[:3],
        data[2550:],
        b"",
        b"",
        data[-4:],
    )
    opened = io.BufferedReader(Opened(found), 100)
    assert (opened.seek(-10, os.SEEK_END), opened.read(), opened.seek(3), opened.read(4)) == (
        2550,
        data[2550:],
        3,
        data[3:7],
    )
    found.check()
    os.truncate("a", 20)
    with pytest.raises(DecodeError, match=CHANGES):
        found.check()
    with pytest.raises(DecodeError, match=CHANGES):
        found[10:30]
