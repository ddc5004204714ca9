"""Outputs appear whole or not at all: under failures, signals, links, and in streams."""

import os
import signal
import stat
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.errors import FileError
from imfilter.cli.file_identity import identity
from imfilter.cli.images import encode, temporary_names
from imfilter.cli.images.atomic_write import Transaction
from imfilter.cli.images.png import encoder
from imfilter.cli.images.temporary_names import NEW, PREFIX, remove_temporaries, temporary_name
from imfilter.cli.signals import uninterrupted


@pytest.fixture
def good(png, folder):
    """The file out.png, from an earlier run."""
    (folder / "out.png").write_bytes(b"the good one")
    return folder / "out.png"


# ---- failure while writing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure", [OSError(28, "No space left on device"), ValueError("cannot"), MemoryError()], ids=repr
)
def test_a_failure_in_the_middle_leaves_the_old_file(refused, good, monkeypatch, failure):
    def write(file, *_, **__):
        file.write(b"half a picture")
        raise failure

    monkeypatch.setattr(encoder, "write", write)
    assert "out.png: cannot be written" in refused(1, "blur", "a.png", "-o", "out.png")
    assert good.read_bytes() == b"the good one"


def test_the_second_output_failing_takes_the_first_with_it(refused, good, folder, monkeypatch):
    write, calls = encode.write, []

    def failing(*arguments):
        calls.append(write(*arguments))
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return []

    monkeypatch.setattr(encode, "write", failing)
    refused(1, "edges", "a.png", "-o", "out.png", "--angle", "new.png")
    assert good.read_bytes() == b"the good one"
    assert not (folder / "new.png").exists()


@pytest.mark.needs("/dev/full")
@pytest.mark.parametrize("format", ["png", "tiff"])
def test_a_full_device_is_one_line(shell, png, format):
    ended = shell(f"imfilter blur a.png -o /dev/full -t {format}")
    assert (ended.returncode, ended.stderr.count(b"\n")) == (1, 1)


def test_a_failing_map_keeps_the_picture_off_standard_output(refused, png, folder):
    refused(1, "edges", "a.png", "-o", "-", "--angle", "x" * 300 + ".png")


@pytest.mark.needs("/dev/full")
def test_a_full_standard_output_keeps_the_maps_away(shell, png, folder):
    ended = shell("imfilter edges a.png -o - --angle angle.png > /dev/full")
    assert ended.returncode == 1
    assert ended.stderr == b"imfilter: standard output: cannot be written: no space left on device\n"
    assert not (folder / "angle.png").exists()


@pytest.mark.needs("ulimit -f 1")
@pytest.mark.parametrize("format", ["png", "tiff", "jpeg", "npy"])
def test_a_full_disk_leaves_the_old_file(shell, good, format):
    # The limit stands in for a disk: writing past it fails as on one that is full.
    ended = shell(f"trap '' XFSZ; ulimit -f 1; imfilter blur a.png -o out.png -t {format}")
    assert (ended.returncode, ended.stderr) == (1, b"imfilter: out.png: cannot be written: file too large\n")
    assert good.read_bytes() == b"the good one"


# ---- signals ----------------------------------------------------------------------------------------


@pytest.fixture
def interrupted(start, hanging):
    """Start a run whose writing hangs, send it a signal there, and return how it ended."""

    def interrupted(number, *words):
        process = start([*hanging, *words])
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(number)
        _, said = process.communicate()
        return process.returncode, said.decode()

    return interrupted


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "imfilter: interrupted\n"), (signal.SIGTERM, 143, ""), (signal.SIGHUP, 129, "")],
)
def test_a_signal_leaves_the_old_file_and_nothing_else(interrupted, good, folder, number, code, said):
    assert interrupted(number, "blur", "a.png", "-o", "out.png") == (code, said)
    assert sorted(path.name for path in folder.iterdir()) == ["a.png", "out.png"]
    assert good.read_bytes() == b"the good one"


def test_a_killed_run_leaves_the_old_file(interrupted, good, folder):
    assert interrupted(signal.SIGKILL, "blur", "a.png", "-o", "out.png")[0] == -signal.SIGKILL
    assert good.read_bytes() == b"the good one"
    for left in folder.glob(f"{PREFIX}*"):  # nobody was there to remove it
        left.unlink()


def test_what_a_process_of_another_machine_writes_stays(folder, monkeypatch):
    """In a folder that machines share there are processes of one number."""
    own = temporary_name(NEW)
    with monkeypatch.context() as patch:
        patch.setattr(os, "uname", lambda: os.uname_result(("Linux", "another", "", "", "")))
        temporary_names._machine.cache_clear()
        other = temporary_name(NEW)
    temporary_names._machine.cache_clear()
    for name in (own, other):
        (folder / name).touch()
    remove_temporaries(folder, os.getpid())
    assert [path.name for path in folder.iterdir()] == [other]
    (folder / other).unlink()


def test_nohup_is_respected(shell, png):
    code = (
        "import signal; signal.signal = lambda *a: print('set', a[0].name); from imfilter.cli.main import main; main()"
    )
    ended = shell(f"trap '' HUP; '{sys.executable}' -c \"{code}\" --version")
    assert b"SIGTERM" in ended.stdout
    assert b"SIGHUP" not in ended.stdout


def test_a_signal_waits_until_the_files_are_renamed():
    order = []
    before = signal.signal(signal.SIGTERM, lambda *_: order.append("handled"))
    try:
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
            order.append("renamed")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert order == ["renamed", "handled"]


# ---- what a file is replaced by ---------------------------------------------------------------------


def test_what_is_not_committed_never_was(folder):
    with Transaction() as transaction, transaction.open(folder / "file") as file:
        file.write(b"text")
    assert list(folder.iterdir()) == []


def test_permissions_of_the_replaced_file_stay(ok, good):
    good.chmod(0o640)
    ok("blur", "a.png", "-o", "out.png")
    assert stat.S_IMODE(good.stat().st_mode) == 0o640


def test_a_new_file_gets_the_permissions_of_the_umask(ok, png, folder):
    before = os.umask(0o027)
    try:
        ok("blur", "a.png", "-o", "new.png")
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "new.png").stat().st_mode) == 0o640


@pytest.mark.parametrize("leads_to", ["elsewhere/real.png", "elsewhere/new.png", "link.png", "/dev/null"])
def test_a_link_is_replaced_and_not_followed(ok, good, load, folder, leads_to):
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "real.png").write_bytes(b"old")
    (folder / "elsewhere" / "real.png").chmod(0o600)
    (folder / "link.png").symlink_to(leads_to)
    ok("blur", "a.png", "-o", "link.png")
    assert not (folder / "link.png").is_symlink()
    assert load("link.png").shape == (24, 40, 3)
    assert stat.S_IMODE((folder / "link.png").stat().st_mode) == 0o666 & ~umask()
    assert [path.read_bytes() for path in (folder / "elsewhere").iterdir()] == [b"old"]


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_other_names_of_the_replaced_file_keep_its_contents(ok, good, folder):
    (folder / "backup.png").hardlink_to(good)
    ok("blur", "a.png", "-o", "out.png")
    assert (folder / "backup.png").read_bytes() == b"the good one"


def test_a_place_that_became_one_of_a_file_that_is_read_is_refused(good, folder):
    read = {identity("a.png")}
    with (
        pytest.raises(FileError, match=r"^new\.png: .* a file that this call reads"),
        Transaction(read) as transaction,
    ):
        with transaction.open(Path("new.png")) as file:
            file.write(b"new")
        Path("new.png").hardlink_to("a.png")
        transaction.commit()
    assert Path("new.png").samefile("a.png")


# ---- streams ----------------------------------------------------------------------------------------


@pytest.mark.needs("/dev/stdout")
@pytest.mark.parametrize("format", ["png", "tiff", "webp", "npy", "jpeg"])
def test_dev_stdout_is_standard_output(shell, ok, png, format):
    through = shell(f"imfilter blur a.png -o /dev/stdout -t {format} | cat")
    assert through.stdout == ok("blur", "a.png", "-o", "-", "-t", format) != b""
    assert through.stderr == b""


@pytest.mark.needs("/dev/stdout")
def test_dev_stdout_in_a_file_is_not_replaced(shell, png, load):
    assert shell("imfilter blur a.png -o /dev/stdout -t png > new.png").returncode == 0
    assert load("new.png").shape == (24, 40, 3)


def test_dev_null_stays_a_device(ok, png):
    ok("blur", "a.png", "-o", "/dev/null", "-t", "png")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_named_pipe_is_written_and_read(shell, png, folder, load):
    os.mkfifo(folder / "pipe.tif")
    ended = shell("imfilter blur a.png -o pipe.tif & imfilter conv pipe.tif --kernel 1 -o new.png; wait")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert stat.S_ISFIFO((folder / "pipe.tif").stat().st_mode)
    shell("imfilter blur a.png -o same.png")
    assert np.array_equal(load("new.png"), load("same.png"))


def test_process_substitution(shell, png, load):
    line = "mkfifo done; imfilter blur a.png -o >(cat > new.png; echo > done) -t png && read < done"
    assert shell(line).returncode == 0
    assert shell("imfilter conv <(cat new.png) --kernel 1 -o same.png").returncode == 0
    assert np.array_equal(load("new.png"), load("same.png"))
