"""A batch that is stopped at any moment leaves whole files and no others, and the next run goes on where it was."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from imfilter.cli.images.atomic_write import PREFIX
from PIL import Image

COUNT = 24


@pytest.fixture
def photos(folder):
    """A tree of pictures that take a moment each."""
    rng = np.random.default_rng(3)
    for number in range(COUNT):
        path = folder / "photos" / f"{number % 3}" / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (60, 80, 3), np.uint8)).save(path)
    return folder / "photos"


WORDS = ("photos", "-r", "-o", "out/", "--angle", "angles/", "-j", "2")


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def expected(run, photos, folder):
    """What a batch that nobody stops writes."""
    assert run("edges", "photos", "-r", "-o", "whole/out/", "--angle", "whole/angles/").code == 0
    files = contents(folder / "whole")
    shutil.rmtree(folder / "whole")
    return files


def leavings(folder):
    return list(folder.rglob(f"{PREFIX}*"))


def made(folder):
    """The outputs that are there, without what is still being written."""
    files = {f"{name}/{path}": data for name in ("out", "angles") for path, data in contents(folder / name).items()}
    return {name: data for name, data in files.items() if PREFIX not in name}


# ---- at random moments ------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [1, 7, 23])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
def test_what_is_there_is_whole_and_the_next_run_does_the_rest(command, run, photos, folder, expected, number, after):
    inputs = contents(photos)
    (folder / "out").mkdir()
    process = subprocess.Popen([*command, "edges", *WORDS], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(list(folder.glob("out/*/*.png"))) < after and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)  # ends with the last of its processes
    codes = {signal.SIGTERM: 143, signal.SIGKILL: -9, signal.SIGINT: 130}
    assert process.returncode in (codes[number], 0)  # it may have been done
    if process.returncode == 130:
        assert said == b"imfilter: interrupted\n"
    if number != signal.SIGKILL:
        assert leavings(folder) == []
    for left in leavings(folder):
        left.unlink()
    assert made(folder).items() <= expected.items()
    assert contents(photos) == inputs
    assert run("edges", *WORDS, "--update").code == 0
    assert made(folder) == expected


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_no_input_is_lost_in_place(command, run, photos, folder, number):
    before = contents(photos)
    run("blur", "photos", "-r", "-o", "whole/")
    whole = contents(folder / "whole")
    words = ("blur", "photos", "-r", "--in-place", "--backup", "~", "--update", "-j", "2")
    process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not list(photos.rglob("*~")) and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(number)
    process.communicate(timeout=20)
    for left in leavings(folder):
        assert number == signal.SIGKILL
        left.unlink()
    for name, data in contents(photos).items():
        assert data in ((before[name[:-1]],) if name.endswith("~") else (before[name], whole[name]))
        assert data != whole.get(name) or contents(photos)[f"{name}~"] == before[name]
    assert run(*words).code == 0
    assert contents(photos) == {**whole, **{f"{name}~": data for name, data in before.items()}}


# ---- in the middle of writing -----------------------------------------------------------------------

SLOW = """
    import os, sys, time
    from imfilter.cli import main
    from imfilter.cli.batch import worker_pool
    from imfilter.cli.images import encode
    worker_pool._start_method = lambda: "fork"
    write = encode.write
    def slow(file, *rest):
        file.write(b"half a picture")
        os.write(1, b"writing\\n")
        for _ in range(3000):  # a signal just before a sleep waits for its end
            time.sleep(0.01)
    encode.write = slow
    main.main()
"""


@pytest.mark.parametrize("group", [False, True], ids=["first", "all"])
@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, b"imfilter: interrupted\n"), (signal.SIGTERM, 143, b""), (signal.SIGHUP, 129, b"")],
    ids=["INT", "TERM", "HUP"],
)
def test_a_signal_ends_every_process_and_what_it_was_writing(photos, folder, number, code, said, group):
    """A terminal and a service manager tell all processes at once; others only the first."""
    command = [sys.executable, "-c", textwrap.dedent(SLOW), "edges", *WORDS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        assert [process.stdout.readline() for _ in range(2)] == [b"writing\n"] * 2
        (os.killpg if group else os.kill)(process.pid, number)
        _, told = process.communicate(timeout=20)
    assert process.returncode == code
    assert leavings(folder) == []
    assert made(folder) == {}
    if not (group and number == signal.SIGTERM):  # of which a process may be the first to die, and be told of
        assert told == said


@pytest.mark.parametrize(("method", "delay"), [("fork", 0), ("spawn", 0.05), ("spawn", 0.15)])
def test_an_interruption_while_processes_start_is_one_line(photos, folder, method, delay):
    """One that imports is no further after that while."""
    code = f"""
        import os, signal, sys, time
        from imfilter.cli import main
        from imfilter.cli.batch import worker_pool
        worker_pool._start_method = lambda: {method!r}
        give = worker_pool.Worker.give
        def interrupted(*arguments):
            give(*arguments)
            time.sleep({delay})
            os.killpg(0, signal.SIGINT)
        worker_pool.Worker.give = interrupted
        main.main()
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), "edges", *WORDS],
        capture_output=True,
        timeout=30,
        start_new_session=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (130, b"imfilter: interrupted\n")
    assert leavings(folder) == []


# ---- full disks, and others who write there ---------------------------------------------------------


@pytest.mark.parametrize("cores", [1, 2])
def test_a_full_disk_is_a_line_for_each_image_and_no_file(shell, photos, folder, cores):
    # The limit stands in for a disk: writing past it fails as on one that is full.
    ended = shell(f"trap '' XFSZ; ulimit -f 1; imfilter edges photos -r -o out/ --angle angles/ -j {cores}")
    assert ended.returncode == 1
    lines = ended.stderr.decode().splitlines()
    assert len(lines) == 2 * COUNT + 1
    assert all(line.endswith(": cannot be written: file too large") for line in lines[:COUNT])
    assert lines[COUNT].startswith(f"imfilter: 0 done, 0 skipped, {COUNT} failed in ")
    assert made(folder) == {}
    assert leavings(folder) == []


def test_two_batches_write_into_one_folder_at_once(command, photos, folder, expected):
    processes = [subprocess.Popen([*command, "edges", *WORDS, "-q"], stderr=subprocess.PIPE) for _ in range(2)]
    assert [(process.communicate(timeout=30)[1], process.returncode) for process in processes] == [(b"", 0)] * 2
    assert made(folder) == expected
    assert leavings(folder) == []
