"""A batch that is stopped at any moment leaves whole files and no others, and the next run goes on where it was."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from imfilter.cli.batch import runner
from imfilter.cli.images.temporary_names import PREFIX
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


@pytest.mark.parametrize("after", [1, pytest.param(7, marks=pytest.mark.thorough), 23])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
def test_what_is_there_is_whole_and_the_next_run_does_the_rest(
    start, command, run, photos, folder, expected, number, after
):
    inputs = contents(photos)
    (folder / "out").mkdir()
    process = start([*command, "edges", *WORDS])
    while len(list(folder.glob("out/*/*.png"))) < after and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(number)
    _, said = process.communicate()  # ends with the last of its processes
    codes = {signal.SIGTERM: 143, signal.SIGKILL: -9, signal.SIGINT: 130}
    assert process.returncode in (codes[number], 0)  # it may have been done
    if process.returncode == 130:
        # Of the first images nobody may have been told yet.
        told = [line for line in said.decode().splitlines() if " is clipped; " not in line]
        assert len(told) == 1 and re.fullmatch(r"imfilter: interrupted(: \d+ of 24 images done, .*)?", told[0])
        assert after < 23 or "images done" in told[0]
    if number != signal.SIGKILL:
        assert leavings(folder) == []
    for left in leavings(folder):
        left.unlink()
    assert made(folder).items() <= expected.items()
    assert contents(photos) == inputs
    assert run("edges", *WORDS, "--update").code == 0
    assert made(folder) == expected


def test_an_interruption_says_how_far_the_batch_is(run, photos, monkeypatch):
    process, calls = runner.process, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return process(*arguments)

    words = ("blur", "photos", "-r", "-o", "out/", "-j", "1")
    run("blur", "photos/0", "-o", "out/0/")
    (photos / "1" / "01.png").write_bytes(b"")
    monkeypatch.setattr(runner, "process", interrupted)
    ended = run(*words, "--update")
    assert (ended.code, ended.lines[0]) == (130, "imfilter: photos/1/01.png: is empty")
    assert ended.lines[1:] == ["imfilter: interrupted: 4 of 24 images done, 11 left; run it again with --update"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_no_input_is_lost_in_place(start, command, run, photos, folder, number):
    before = contents(photos)
    run("blur", "photos", "-r", "-o", "whole/")
    whole = contents(folder / "whole")
    words = ("blur", "photos", "-r", "--in-place", "--backup", "~", "--update", "-j", "2")
    process = start([*command, *words])
    while not list(photos.rglob("*~")) and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(number)
    process.communicate()
    for left in leavings(folder):
        assert number == signal.SIGKILL
        left.unlink()
    for name, data in contents(photos).items():
        assert data in ((before[name[:-1]],) if name.endswith("~") else (before[name], whole[name]))
        assert data != whole.get(name) or contents(photos)[f"{name}~"] == before[name]
    assert run(*words).code == 0
    assert contents(photos) == {**whole, **{f"{name}~": data for name, data in before.items()}}


# ---- in the middle of writing -----------------------------------------------------------------------


@pytest.mark.parametrize("group", [False, True], ids=["first", "all"])
@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, b"imfilter: interrupted\n"), (signal.SIGTERM, 143, b""), (signal.SIGHUP, 129, b"")],
    ids=["INT", "TERM", "HUP"],
)
def test_a_signal_ends_every_process_and_what_it_was_writing(start, hanging, photos, folder, number, code, said, group):
    """A terminal and a service manager tell all processes at once; others only the first."""
    process = start([*hanging, "edges", *WORDS])
    assert [process.stdout.readline() for _ in range(2)] == [b"writing\n"] * 2
    (os.killpg if group else os.kill)(process.pid, number)
    _, told = process.communicate()
    assert process.returncode == code
    assert leavings(folder) == []
    assert made(folder) == {}
    if not (group and number == signal.SIGTERM):  # of which a process may be the first to die, and be told of
        assert told == said


TELLTALE = """
    import os, sys
    if "--multiprocessing-fork" in sys.orig_argv:
        class Telltale:
            def find_spec(self, name, *_):
                if name == os.environ["MOMENT"]:
                    sys.meta_path.remove(self)
                    with open("moment", "wb"):
                        pass
        sys.meta_path.insert(0, Telltale())
"""


@pytest.mark.parametrize("moment", ["fork", "multiprocessing.spawn", "numpy"])
def test_an_interruption_while_processes_start_is_one_line(needs, start, photos, folder, moment):
    """A copy of this process is as far as this one; one of its own imports that module at the moment."""
    if moment == "fork":
        needs("processes that may be forked")
    code = f"""
        import os, signal
        from imfilter.cli import main
        from imfilter.cli.batch import worker_pool
        worker_pool._start_method = lambda: {"fork" if moment == "fork" else "spawn"!r}
        give = worker_pool.Worker.give
        def interrupted(*arguments):
            give(*arguments)
            if {moment != "fork"}:
                open("moment", "rb").close()
            os.killpg(0, signal.SIGINT)
        worker_pool.Worker.give = interrupted
        main.main()
    """
    os.mkfifo(folder / "moment")
    (folder / "telltale").mkdir()
    (folder / "telltale" / "sitecustomize.py").write_text(textwrap.dedent(TELLTALE))
    process = start(
        [sys.executable, "-c", textwrap.dedent(code), "edges", *WORDS],
        env={**os.environ, "PYTHONPATH": str(folder / "telltale"), "MOMENT": moment},
    )
    _, told = process.communicate()
    assert (process.returncode, told) == (130, b"imfilter: interrupted\n")
    assert leavings(folder) == []


# ---- full disks, and others who write there ---------------------------------------------------------


@pytest.mark.needs("ulimit -f 1")
@pytest.mark.parametrize("cores", [1, 2])
def test_a_full_disk_is_a_line_for_each_image_and_no_file(shell, photos, folder, cores):
    # The limit stands in for a disk: writing past it fails as on one that is full.
    ended = shell(f"trap '' XFSZ; ulimit -f 1; imfilter edges photos -r -o out/ --angle angles/ -j {cores}")
    assert ended.returncode == 1
    lines = ended.stderr.decode().splitlines()
    assert len(lines) == COUNT + 1
    assert all(line.endswith(": cannot be written: file too large") for line in lines[:COUNT])
    assert lines[COUNT].startswith(f"imfilter: 0 done, 0 skipped, {COUNT} failed in ")
    assert made(folder) == {}
    assert leavings(folder) == []


@pytest.mark.needs("a small disk")
@pytest.mark.parametrize("cores", [1, 2])
def test_a_full_disk_ends_a_batch_after_a_few_tries(small_disk, photos, cores):
    ended = small_disk("80k", f"imfilter blur photos -r -o disk/ -t npy -j {cores} --json")
    lines = ended.stderr.decode().splitlines()
    assert ended.returncode == 1
    failures = [line for line in lines if "no space left on device" in line and "stopped" not in line]
    assert 3 <= len(failures) == len(set(failures)) <= 6  # one may find the room that another gave back
    (stopped,) = [line for line in lines if "stopped" in line]
    read = [json.loads(line) for line in ended.stdout.splitlines()]
    left = read[-1]["left"]
    assert left == COUNT - len(read) + 1 > 10
    assert stopped == (f"imfilter: stopped: cannot be written: no space left on device; {left} images were not tried")


def test_two_batches_write_into_one_folder_at_once(start, command, photos, folder, expected):
    processes = [start([*command, "edges", *WORDS, "-q"]) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [(b"", 0)] * 2
    assert made(folder) == expected
    assert leavings(folder) == []


# ---- a second signal --------------------------------------------------------------------------------

TWICE = [
    (first, second, code)
    for first, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129))
    for second in (signal.SIGINT, signal.SIGTERM)
]


@pytest.mark.parametrize(("first", "second", "code"), TWICE)
@pytest.mark.parametrize("cores", ["1", "2"])
def test_a_second_signal_does_not_break_off_the_cleaning_up(start, hanging, photos, folder, first, second, code, cores):
    """Every removal of a file is met by another signal, in every process."""
    met = f"""
def unlinked(*arguments, **options):
    os.kill(os.getpid(), {int(second)})
    os.killpg(0, {int(second)})
    return unlink(*arguments, **options)
unlink, os.unlink = os.unlink, unlinked
main.main()"""
    *program, code_of = hanging
    program.append(code_of.replace("main.main()", met))
    process = start([*program, "edges", *WORDS[:-1], cores])
    for _ in range(int(cores)):
        assert process.stdout.readline() == b"writing\n"
    os.kill(process.pid, first)
    _, told = process.communicate()
    assert process.returncode == code
    assert b"Traceback" not in told and b"Exception" not in told
    assert leavings(folder) == []
    assert made(folder) == {}


AT_THE_END = """
    import os, sys
    from imfilter.cli import main
    class Stream:
        is_last = False
        write = sys.stdout.write
        def flush(self):
            if self.is_last:
                os.kill(os.getpid(), {number})
    run, sys.stdout = main._run, Stream()
    def run_and_meet(ahead):
        code = run(ahead)
        Stream.is_last = {flush}
        if not {flush}:
            os.kill(os.getpid(), {number})
        return code
    main._run = run_and_meet
    main.{how}()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("how", ["main", "console"])
@pytest.mark.parametrize("flush", [False, True], ids=["after the work", "while the last words are written"])
def test_a_signal_at_the_end_leaves_no_traceback(number, code, how, flush):
    text = textwrap.dedent(AT_THE_END.format(number=int(number), how=how, flush=flush))
    ended = subprocess.run([sys.executable, "-c", text, "--version"], capture_output=True, text=True)
    assert ended.returncode == code
    assert ended.stderr in ("", "imfilter: interrupted\n")


def test_the_command_that_a_signal_ends_leaves_nothing_for_a_second_one_to_break_off():
    code = """
        import atexit, sys
        from imfilter.cli import main
        atexit.register(print, "the interpreter is taken apart")
        main._run = lambda ahead: sys.exit(143)
        main.console()
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (143, "", "")


LATE = """
import os, sys
from imfilter.cli import main
class Late:
    def __del__(self, kill=os.kill, process=os.getpid(), number=int(sys.argv.pop())):
        kill(process, number)
late = Late()
main.main()
"""
"""A signal comes when the program has ended, and the interpreter takes itself apart."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_behind_the_end_changes_no_exit_code(number):
    assert subprocess.run([sys.executable, "-c", LATE, "--version", str(int(number))], check=False).returncode == 0
