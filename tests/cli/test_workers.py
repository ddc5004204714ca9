"""Several processes: the same bytes as one, a dead one takes one image with it, and memory is waited for."""

import os
import shutil
import signal
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imfilter.cli.batch import dispatch, image_job, rendering, worker_pool
from imfilter.cli.images import encode, reader
from PIL import Image

WORDS = (
    ["blur", "--sigma", "1.5"],
    ["sharpen", "--op", "unsharp"],
    ["edges", "--op", "scharr", "--angle", "angles/"],
    ["edges", "--op", "canny"],
    ["conv", "--kernel", "1 2; 3 4", "--normalize", "sum"],
)


@pytest.fixture
def photos(rgb, folder):
    """A folder of eight images, the fourth of which is none."""
    (folder / "photos").mkdir()
    for number in range(8):
        Image.fromarray(np.roll(rgb, number, axis=1)).save(folder / "photos" / f"{number}.png")
    (folder / "photos" / "3.png").write_bytes(b"")
    return folder / "photos"


@pytest.fixture(params=["fork", "spawn"])
def method(request, monkeypatch):
    """Both ways in which processes begin."""
    monkeypatch.setattr(worker_pool, "_start_method", lambda: request.param)
    return request.param


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---- the same as one --------------------------------------------------------------------------------


def test_either_kind_of_process_writes_what_one_process_writes(run, photos, folder, method):
    name = os.fsdecode(b"\xff\xfe.png")
    shutil.copy(photos / "0.png", photos / name)
    ended = [run("edges", "photos", "-o", f"{cores}/", "--angle", f"{cores}/angles/", "-j", cores) for cores in "12"]
    assert contents(folder / "1") == contents(folder / "2")
    assert len(contents(folder / "1")) == 16
    assert ended[0].code == ended[1].code == 1
    assert ended[0].lines[0] == ended[1].lines[0] == "imfilter: photos/3.png: is empty"


def test_a_kernel_file_reaches_every_process(ok, photos, load, method):
    Path("k.txt").write_text("0 0 2")
    ok("conv", "-q", "photos/0.png", "photos/1.png", "-o", "out/", "--kernel", "k.txt", "-j", "2")
    expected = np.minimum(
        2 * np.pad(load("photos/1.png"), ((0, 0), (0, 1), (0, 0)), "symmetric")[:, 1:].astype(int), 255
    )
    assert np.array_equal(load("out/1.png"), expected)


SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))
FORMATS = st.sampled_from(["png", "jpg", "tif", "npy", "webp", "ppm"])


@given(st.lists(st.tuples(SIZES, FORMATS), min_size=2, max_size=6), st.sampled_from(WORDS), st.integers(2, 4))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_number_of_processes_writes_the_same_bytes(run, folder, pictures, words, count):
    for path in folder.iterdir():
        shutil.rmtree(path)
    (folder / "in").mkdir()
    rng = np.random.default_rng(len(pictures))
    for number, ((width, height), suffix) in enumerate(pictures):
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
        path = folder / "in" / f"{number}.{suffix}"
        np.save(path, pixels) if suffix == "npy" else Image.fromarray(pixels).save(path)
    written = []
    for cores in (1, count):
        assert run(words[0], "in", "-o", "out/", *words[1:], "-j", cores).code == 0
        written.append({name: contents(folder / name) for name in ("out", "angles") if (folder / name).exists()})
        for name in written[-1]:
            shutil.rmtree(folder / name)
    assert written[0] == written[1]


def test_words_come_in_the_order_of_the_inputs(run, photos):
    for number in (1, 5, 6):
        (photos / f"{number}.png").write_bytes(b"")
    ended = run("blur", "photos", "-o", "out/", "-j", "3")
    assert [line.split("/")[1][0] for line in ended.lines[:4]] == ["1", "3", "5", "6"]


# ---- processes that die -----------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch):
    """Let something happen in the process that works on an image: ``at("5.png", lambda: os._exit(3))``."""

    def at(name, happens, where=(worker_pool, "process")):
        monkeypatch.setattr(worker_pool, "_start_method", lambda: "fork")  # which takes the change along
        on, parent = getattr(*where), os.getpid()

        def on_or_else(self, job, reader):
            if job.input.place == name and os.getpid() != parent:
                happens()
            return on(self, job, reader)

        monkeypatch.setattr(*where, on_or_else)

    return at


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "its process was killed by SIGKILL (out of memory?)"),
        (lambda: os.kill(os.getpid(), signal.SIGXCPU), "its process was killed by SIGXCPU"),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), "its process was ended by SIGTERM"),
        (lambda: os._exit(3), "its process ended with code 3"),
    ],
    ids=["killed", "crashed", "ended", "gone"],
)
def test_a_process_that_dies_takes_one_image_with_it(run, photos, folder, at, happens, said):
    at("5.png", happens)
    ended = run("blur", "photos", "-o", "out/", "-j", "2")
    assert ended.code == 1
    assert ended.lines[1] == f"imfilter: photos/5.png: {said}"
    assert ended.lines[2].startswith("imfilter: 6 done, 0 skipped, 2 failed in ")
    assert sorted(contents(folder / "out")) == [f"{number}.png" for number in (0, 1, 2, 4, 6, 7)]


def test_every_process_may_die(run, photos, folder, at):
    for number in range(8):
        at(f"{number}.png", lambda: os._exit(1))
    ended = run("blur", "photos", "-o", "out/", "-j", "3")
    assert ended.code == 1
    assert ended.lines[8].startswith("imfilter: 0 done, 0 skipped, 8 failed in ")


def test_half_a_file_of_a_killed_process_is_removed(run, photos, folder, monkeypatch):
    monkeypatch.setattr(worker_pool, "_start_method", lambda: "fork")
    parent = os.getpid()

    def write(file, *rest):
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return []

    monkeypatch.setattr(encode, "write", write)
    assert run("blur", "photos", "-o", "out/", "-j", "2").code == 1
    assert contents(folder / "out") == {}  # and no temporary file, as after every test


def test_a_fault_of_the_program_costs_one_image(run, photos, folder, monkeypatch):
    processed = dispatch._processed

    def faulty(self, job, reader):
        if job.input.place == "5.png":
            raise RuntimeError("no such thing")
        return processed(self, job, reader)

    monkeypatch.setattr(dispatch, "_processed", faulty)
    for cores in ("1", "2"):
        ended = run("blur", "photos", "-o", "out/", "-j", cores)
        assert ended.code == 1
        said = "internal error: RuntimeError: no such thing; please report it; IMFILTER_DEBUG=1 shows where"
        assert ended.lines[1] == f"imfilter: photos/5.png: {said}"
        assert len(contents(folder / "out")) == 6


# ---- processes that cannot be started ---------------------------------------------------------------


@pytest.mark.parametrize("most", [0, 1])
def test_the_work_is_done_with_what_processes_there_are(run, photos, folder, monkeypatch, most):
    start, started = worker_pool.Worker.__init__, []

    def failing(self, *arguments):
        if len(started) == most:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(self)
        start(self, *arguments)

    monkeypatch.setattr(worker_pool.Worker, "__init__", failing)
    ended = run("blur", "photos", "-o", "out/", "-j", "3")
    assert ended.lines[0] == "imfilter: photos/3.png: is empty"
    assert len(contents(folder / "out")) == 7


def test_a_process_that_cannot_be_replaced_leaves_its_work_to_this_one(run, photos, folder, at, monkeypatch):
    start, started = worker_pool.Worker.__init__, []

    def once(self, *arguments):
        if started:
            raise OSError(12, "Cannot allocate memory")
        started.append(self)
        start(self, *arguments)

    monkeypatch.setattr(worker_pool.Worker, "__init__", once)
    at("1.png", lambda: os._exit(1))
    assert run("blur", "photos", "-o", "out/", "-j", "2").code == 1
    assert sorted(contents(folder / "out")) == [f"{number}.png" for number in (0, 2, 4, 5, 6, 7)]


# ---- memory -----------------------------------------------------------------------------------------


@pytest.fixture
def alone(monkeypatch, folder):
    """Let every image ask for memory, and fail where two have it at once; return the number of times that one did."""
    monkeypatch.setattr(worker_pool, "_start_method", lambda: "fork")
    monkeypatch.setattr(worker_pool, "UNASKED_BYTES", 1)
    monkeypatch.setattr(worker_pool, "budget", lambda: 3)  # three processes, and nothing more
    run, mark, log = image_job.executor.run, folder / "working", folder / "log"

    def exclusive(*arguments, **options):
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        with log.open("a") as file:
            file.write("x")
        try:
            return run(*arguments, **options)
        finally:
            mark.unlink()

    monkeypatch.setattr(image_job.executor, "run", exclusive)
    return lambda: log.stat().st_size


def test_without_room_images_are_worked_on_one_after_the_other(run, photos, folder, alone):
    ended = run("blur", "photos", "-o", "out/", "-j", "3")
    assert ended.lines[0] == "imfilter: photos/3.png: is empty"
    assert len(ended.lines) == 2
    assert alone() == len(contents(folder / "out")) == 7


def test_a_process_that_dies_gives_its_memory_back(run, photos, folder, alone, at, monkeypatch):
    encoding, parent = rendering.Rendering.encoding, os.getpid()

    def dying(self, output, picture, *rest):
        if os.getpid() != parent and picture.pixels[0, 0, 0] == np.asarray(Image.open("photos/5.png"))[0, 0, 0]:
            os._exit(1)
        return encoding(self, output, picture, *rest)

    monkeypatch.setattr(rendering.Rendering, "encoding", dying)
    ended = run("blur", "photos", "-o", "out/", "-j", "3")
    assert "imfilter: photos/5.png: its process ended with code 1" in ended.lines


def test_those_who_ask_again_while_they_have_some_do_not_wait_for_each_other(run, photos, folder, monkeypatch):
    monkeypatch.setattr(worker_pool, "_start_method", lambda: "fork")
    monkeypatch.setattr(worker_pool, "UNASKED_BYTES", 1)
    monkeypatch.setattr(worker_pool, "budget", lambda: 3 + 50)
    read = reader.Reader.read

    def asking(self, name):
        for size in (24, 48):
            self.wait_for_room(size)
        return read(self, name)

    monkeypatch.setattr(reader.Reader, "read", asking)
    run("blur", "photos", "-o", "out/", "-j", "3")
    assert len(contents(folder / "out")) == 7


def test_there_are_no_more_processes_than_memory(run, photos, monkeypatch):
    start, started = worker_pool.Worker.__init__, []

    def counted(self, *arguments):
        started.append(self)
        start(self, *arguments)

    monkeypatch.setattr(worker_pool.Worker, "__init__", counted)
    monkeypatch.setattr(worker_pool, "budget", lambda: 2 * worker_pool.UNASKED_BYTES)
    run("blur", "photos", "-o", "out/", "-j", "6")
    assert len(started) == 2


# ---- the first process dies -------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_no_process_outlives_the_first_and_none_leaves_half_a_file(needs, start, deadline, photos, folder, method):
    """They are in the middle of images when the first is killed."""
    if method == "fork":
        needs("processes that may be forked")
    (folder / "sitecustomize.py").write_text(
        textwrap.dedent(
            f"""
            import importlib, os, time
            def hanging(file, *rest):
                file.write(b"half a picture")
                os.write(1, b"writing\\n")
                for _ in range({deadline} * 100):
                    time.sleep(0.01)
            importlib.import_module("imfilter.cli.images.encode").write = hanging
            importlib.import_module("imfilter.cli.batch.worker_pool")._start_method = lambda: {method!r}
            """
        )
    )
    process = start(
        [sys.executable, "-m", "imfilter", "blur", "photos", "-o", "out/", "-j", "2"],
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    assert [process.stdout.readline() for _ in range(2)] == [b"writing\n"] * 2
    process.kill()
    _, failed = process.communicate()  # ends when the last of them closes the pipe
    assert b"Traceback" not in failed
    assert list((folder / "out").iterdir()) == []


def test_without_a_thread_to_be_had_processes_do_their_work(run, photos, folder, monkeypatch):
    class Threadless(threading.Thread):
        def start(self):
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(worker_pool, "_start_method", lambda: "fork")
    monkeypatch.setattr(worker_pool.threading, "Thread", Threadless)
    run("blur", "photos", "-o", "out/", "-j", "2")
    assert len(contents(folder / "out")) == 7
