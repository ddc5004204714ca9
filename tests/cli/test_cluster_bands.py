"""One large Zarr, or file of samples, by bands on a cluster: the files are those of one machine, byte for byte.

Most of these workers are this process: what goes to them and comes back is pickled, and that is all they are given.
"""

import contextlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import uuid
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from imfilter import imwrite
from imfilter.cli.batch.cluster import bands, checks, connection, part_task, worker_task
from imfilter.cli.batch.dispatch import process
from imfilter.cli.images import input_bytes, reader
from imfilter.filters.core.engine import executor

from ..conftest import thorough
from .test_cluster import environment, on_workers, wait_for, wait_for_its_end, workers
from .test_python_equals_cli import cases, words
from .test_zarr import files, picture, save

pytest.importorskip("zarr")
pytestmark = pytest.mark.needs("the extra zarr")

WHOLE = {"affine", "denoise", "frequency", "hough", "perspective", "rotate"}
"""Filters that ask for all of a picture at once; one worker does that."""


class Here:
    """Stands for `Sharing`: this process does the tasks, the last ones first."""

    def __init__(self, done, connection, jobs, processor, reader, work=process, lists=None):
        self.done, self.jobs = done, jobs
        packed = worker_task.packed(processor, reader)
        self.call = worker_task.Call(uuid.uuid4().hex, str(Path.cwd()), packed, worker_task.versions(), work)

    def reports(self):
        for number, job in reversed([*enumerate(self.jobs)]):
            self.done.append(job)
            [found] = worker_task.do(self.call, pickle.dumps([(number, job)])).reports
            yield pickle.loads(pickle.dumps(found))


@pytest.fixture
def streamed(monkeypatch):
    """Let small pictures be streamed in low strips."""
    monkeypatch.setattr(input_bytes, "LARGE", 0)
    monkeypatch.setattr(reader, "STREAMED_BYTES", 0)
    monkeypatch.setattr(executor, "STRIP_BYTES", 1 << 12)
    monkeypatch.setattr(executor, "TALL_BYTES", 1 << 13)


@pytest.fixture
def on_bands(monkeypatch, streamed, run):
    """``on_bands(*words, count=5)`` runs the command by so many bands; return how it ended, and the parts."""
    client = SimpleNamespace(nthreads=lambda: {"one": 1, "other": 1})

    @contextlib.contextmanager
    def connected(address, verbose):
        yield SimpleNamespace(client=client, address=address)

    monkeypatch.setattr(connection, "connected", connected)
    monkeypatch.setattr(checks, "check", lambda connection, jobs: None)
    monkeypatch.setattr(worker_task._Room, "_limit", lambda self: None)
    divided = bands.divided

    def on_bands(*words, count=5):
        done = []
        with monkeypatch.context() as patch:
            patch.setattr(bands, "Sharing", partial(Here, done))
            patch.setattr(bands, "divided", lambda height, block, most, least: divided(height, block, count, 0))
            ended = run(*words, "--cluster", "local:2")
        return ended, [job.part for job in done if isinstance(job, part_task.Task)]

    return on_bands


def told(ended):
    """What a call says, but for the time that it took and the names of its outputs."""
    [*lines] = map(json.loads, ended.out.splitlines())
    for line in lines:
        for key in ("seconds", "megapixels_per_second", "outputs"):
            line.pop(key, None)
    return ended.code, lines, ended.lines


def bands_of(parts):
    return {part.portion.rows for part in parts if isinstance(part, part_task.Band)} - {(0, 0)}


def whole(name, call):
    """Whether one worker does all of it: few rows, or all of them at once."""
    return name in WHOLE or call.get("op") in ("canny", "transpose", "transverse") or name in ("crop", "mix")


@pytest.mark.parametrize(("number", "case"), list(enumerate(cases())), ids=lambda value: str(value)[:9])
@pytest.mark.each("mode", ["rgb", "gray"])
def test_bands_of_every_filter_are_the_picture_that_one_machine_makes(run, on_bands, rgb, request, number, case, mode):
    if not thorough(request.config) and (number + len(mode)) % 8:
        return
    name, call = case
    tall = np.concatenate([rgb, rgb[::-1], rgb[:, ::-1]] * 2)
    save("in.zarr", tall if mode == "rgb" else tall[..., 1], chunks=(24, 40, 3)[: 3 if mode == "rgb" else 2])
    options = (*words(call), "--chunks", "16", "--json", *(["--pyramid"] if number % 3 == 0 else []))
    one = run(name, "in.zarr", "-o", "one.zarr", *options)
    ended, parts = on_bands(name, "in.zarr", "-o", "bands.zarr", *options)
    assert told(ended) == told(one)
    if one.code == 0:
        assert files("bands.zarr") == files("one.zarr")
        assert len(bands_of(parts)) > 1 or whole(name, call)
    for path in Path().glob("*.zarr"):
        shutil.rmtree(path)


def test_a_picture_has_the_bands_that_it_is_divided_into(run, on_bands):
    save("in.zarr", picture(300, 120))
    for name in (("blur", "--op", "nlm"), ("edges", "--range", "stretch")):
        call = (*name, "in.zarr", "--chunks", "32", "--pyramid", "-o")
        run(*call, "one.zarr")
        for count in (1, 2, 5):
            ended, parts = on_bands(*call, "bands.zarr", count=count)
            assert (ended.code, len(bands_of(parts))) == (0, count)
            assert files("bands.zarr") == files("one.zarr")


@pytest.mark.each(
    "call, looks",
    [
        (("threshold", "--op", "otsu"), 1),
        (("tone", "--op", "equalize", "--depth", "float"), 1),
        (("chain", "blur --sigma 1", "tone --op autocontrast", "threshold --op li"), 2),
        (("threshold", "--op", "wolf"), 1),
        (("blur", "--op", "nlm"), 0),
    ],
)
def test_workers_look_together_at_the_whole_picture(run, on_bands, call, looks):
    """Each at a part of it, as often as filters need to know something of the whole; of some one looks at all of it."""
    save("in.zarr", picture(700, 120))
    words = (call[0], "in.zarr", *call[1:], "--chunks", "32", "-q", "-o")
    run(*words, "one.zarr")
    ended, parts = on_bands(*words, "bands.zarr")
    assert ended.code == 0 and files("bands.zarr") == files("one.zarr")
    shared = {len(part.share.looks) for part in parts if part.share is not None}
    assert shared == {*range(looks + 1)}, [part.share for part in parts]
    for path in Path().glob("*.zarr"):
        shutil.rmtree(path)


PLAIN = [
    ("npy", "npy"),
    ("ppm", "ppm"),
    ("zarr", "npy"),
    ("npy", "zarr"),
    ("pgm", "pam"),
    ("pam", "npy"),
    ("npy", "pgm"),
]


@pytest.mark.parametrize(("given", "written"), PLAIN)
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_rows_of_samples_are_put_at_their_place(run, on_bands, given, written, depth):
    """By as many bands as there are, whose boundaries are anywhere if no output has chunks."""
    tall = picture(300, 120, 3 if "ppm" in (given, written) else 1, dtype=depth)
    save("in.zarr", tall) if given == "zarr" else imwrite(f"in.{given}", tall)
    chunks = ["--chunks", "32"] if written == "zarr" else []
    for name, *options in (("blur", "--sigma", "2"), ("threshold", "--op", "otsu"), ("edges", "--range", "stretch")):
        call = (name, f"in.{given}", *options, *chunks, "--json", "-o")
        one = run(*call, f"one.{written}")
        for count in (1, 5, 7):
            ended, parts = on_bands(*call, f"bands.{written}", count=count)
            assert told(ended) == told(one)
            assert len(bands_of(parts)) == count or (written == "zarr" and count == 7)
            assert _bytes(f"bands.{written}") == _bytes(f"one.{written}")
    assert {path.name for path in Path().iterdir()} == {f"{name}.{end}" for name, end in _names(given, written)}


def _bytes(name):
    return files(name) if name.endswith(".zarr") else Path(name).read_bytes()


def _names(given, written):
    return {("in", given), ("one", written), ("bands", written)}


@pytest.mark.each("depth", ["8", "16", "float"])
def test_a_map_has_a_file_of_samples_beside_a_zarr(run, on_bands, depth):
    """The bands are then runs of whole rows of chunks."""
    imwrite("in.npy", picture(300, 120, 3))
    call = "edges", "in.npy", "--chunks", "32", "-q", "--depth", depth
    run(*call, "-o", "one.zarr", "--magnitude", "one.npy", "--angle", "one-a.npy")
    _, parts = on_bands(*call, "-o", "bands.zarr", "--magnitude", "bands.npy", "--angle", "bands-a.npy")
    assert all(start % 32 == 0 for start, _ in bands_of(parts))
    for name in (".zarr", ".npy", "-a.npy"):
        assert _bytes(f"bands{name}") == _bytes(f"one{name}")
        shutil.rmtree(f"bands{name}", ignore_errors=True)


def test_maps_go_into_a_zarr_of_their_own(run, on_bands):
    save("in.zarr", picture(300, 120, 3))
    call = "edges", "in.zarr", "--chunks", "32", "-q"
    run(*call, "-o", "one.zarr", "--magnitude", "one-m.zarr", "--angle", "one-a.zarr")
    on_bands(*call, "-o", "bands.zarr", "--magnitude", "bands-m.zarr", "--angle", "bands-a.zarr")
    for name in ("", "-m", "-a"):
        assert files(f"bands{name}.zarr") == files(f"one{name}.zarr")


@pytest.mark.each(
    "options",
    [
        ("-o", "out.png"),
        ("--nodata", "0", "-o", "out.zarr"),
        ("--roi", "5,5,20,20", "-o", "out.zarr"),
    ],
)
@pytest.mark.each("name", ["in.zarr", "in.npy"])
def test_other_pictures_are_done_whole(on_bands, name, options):
    save("in.zarr", picture(300, 120))
    imwrite("in.npy", picture(300, 120))
    ended, parts = on_bands("blur", name, *options)
    assert (ended.code, parts) == (0, [])
    shutil.rmtree("in.zarr")


@pytest.mark.each("pixels", [picture(300, 120, 4), np.stack([picture(300, 120, 3)] * 2)])
def test_an_image_with_alpha_and_many_in_one_file_are_done_whole(run, on_bands, pixels):
    np.save("in.npy", pixels)
    run("blur", "in.npy", "-o", "one.npy")
    ended, parts = on_bands("blur", "in.npy", "-o", "bands.npy")
    assert (ended.code, parts) == (0, [])
    assert _bytes("bands.npy") == _bytes("one.npy")


def test_as_many_pictures_as_threads_are_done_side_by_side(on_bands):
    for name in ("a", "b"):
        save(f"in/{name}.zarr", picture(300, 120))
    ended, parts = on_bands("blur", "in/", "-o", "out/", "-q")
    assert (ended.code, parts, len([*Path("out").iterdir()])) == (0, [], 2)


def test_a_band_that_fails_leaves_nothing_under_the_name(on_bands):
    save("in.zarr", picture(300, 120))
    save("out.zarr", picture(30, 30))
    before = files("out.zarr")
    Path("in.zarr/c/7/1").write_bytes(b"no chunk")
    ended, _ = on_bands("blur", "in.zarr", "-o", "out.zarr", "--chunks", "32")
    [failed] = ended.lines
    assert ended.code == 1 and failed.startswith("imfilter: in.zarr: ")
    assert files("out.zarr") == before


def test_a_picture_whose_result_has_no_rows_is_refused_as_on_one_machine(run, on_bands):
    save("in.zarr", picture(1, 300))
    words = ("pool", "in.zarr", "-o", "out.zarr", "--size", "3")
    ended, _ = on_bands(*words)
    assert (ended.code, ended.lines) == (1, run(*words).lines)
    assert "is smaller than the filter's window" in ended.lines[0] and not Path("out.zarr").exists()


def test_what_is_no_file_is_not_replaced_and_nothing_is_done(run, on_bands):
    imwrite("in.npy", picture(300, 120))
    Path("out/in.npy").mkdir(parents=True)
    call = "blur", "in.npy", "-o", "out/", "-t", "npy"
    ended, parts = on_bands(*call)
    assert (ended.code, parts) == (1, []) and ended.lines == run(*call).lines
    assert {path.name for path in Path("out").iterdir()} == {"in.npy"}


def test_another_file_in_the_place_of_the_input_is_no_part_of_the_result(on_bands, monkeypatch):
    imwrite("in.npy", picture(300, 120))
    imwrite("other.npy", ~picture(300, 120))
    done, count = part_task.Band.done, iter(range(99))

    def replacing(self, *given):
        if next(count) == 2:
            Path("other.npy").replace("in.npy")
        return done(self, *given)

    monkeypatch.setattr(part_task.Band, "done", replacing)
    ended, _ = on_bands("blur", "in.npy", "-o", "out.npy")
    assert ended.code == 1
    assert ended.lines == ["imfilter: in.npy: changed while it was read; try again when it is complete"]
    assert {path.name for path in Path().iterdir()} == {"in.npy"}


@pytest.mark.each("name", ["in.pbm", "in.pgm"])
def test_grays_are_refused_for_a_pbm_as_on_one_machine(run, on_bands, name):
    imwrite(name, (picture(300, 120) > 90) * np.uint8(255))
    ended, parts = on_bands("blur", name, "-o", "out.pbm")
    assert (ended.code, ended.lines) == (1, run("blur", name, "-o", "out.pbm").lines)
    assert "not every sample is black or white" in ended.lines[0] and len(bands_of(parts)) > 0
    assert {path.name for path in Path().iterdir()} <= {"in.pbm", "in.pgm"}


def test_a_cut_file_is_refused_and_the_old_output_stays(run, on_bands):
    imwrite("in.npy", picture(300, 120))
    os.truncate("in.npy", 20_000)
    Path("out.npy").write_bytes(b"old")
    ended, _ = on_bands("blur", "in.npy", "-o", "out.npy")
    assert (ended.code, ended.lines) == (1, run("blur", "in.npy", "-o", "out.npy").lines)
    assert Path("out.npy").read_bytes() == b"old" and {path.name for path in Path().iterdir()} == {"in.npy", "out.npy"}


@pytest.mark.each("kind", ["npy", "zarr"])
def test_an_output_that_is_named_like_its_input_has_its_format(run, on_bands, kind):
    name = f"in.{kind}"
    save(name, picture(300, 120)) if kind == "zarr" else imwrite(name, picture(300, 120))
    call = "blur", name, *(["--chunks", "32"] if kind == "zarr" else []), "-o"
    run(*call, "one/")
    _, parts = on_bands(*call, "bands/")
    assert len(bands_of(parts)) == 5 and _bytes(f"bands/{name}") == _bytes(f"one/{name}")


def test_an_image_with_the_name_of_another_format_is_the_same_too(run, on_bands):
    imwrite("in.png", picture(300, 120))
    Path("in.png").rename("in.npy")
    for side, runs in (("one", run), ("bands", on_bands)):
        runs("blur", "in.npy", "-o", f"{side}/")
    assert _bytes("bands/in.npy") == _bytes("one/in.npy")


def test_what_is_no_zarr_is_not_replaced_and_nothing_is_done(on_bands):
    save("in.zarr", picture(300, 120))
    Path("out.zarr").mkdir()
    Path("out.zarr/letter").touch()
    ended, parts = on_bands("blur", "in.zarr", "-o", "out.zarr")
    assert (ended.code, parts) == (1, [])
    assert ended.lines == ["imfilter: out.zarr: cannot be written: a folder that is not a zarr is there"]


# ---- workers that are processes -------------------------------------------------------------------

DRIVE = """
from imfilter.cli import main
if __name__ == "__main__":  # not in workers: what they need is told to them
    from imfilter.cli.images import reader
    reader.STREAMED_BYTES = 0
    main.main()
"""
SLOWLY = """
    import time
    from imfilter.cli.images.zarr.bands import ZarrBands

    def dask_setup(worker):
        write = ZarrBands.write

        def slowly(self, tiles):
            write(self, tiles)
            time.sleep(0.3)

        ZarrBands.write = slowly
"""
SLOW_ROWS = """
    import time
    from imfilter.cli.images import plain_bands

    def dask_setup(worker):
        stored = plain_bands.stored

        def slowly(form, pixels):
            time.sleep(0.3)
            return stored(form, pixels)

        plain_bands.stored = slowly
"""


@pytest.fixture
def drive(start):
    """Run the program, for which small pictures are large, with workers that are processes."""

    def drive(*words, preload=None):
        return start([sys.executable, "-c", DRIVE, *words, "--cluster", "local:2"], env=environment(preload))

    return drive


def chunks():
    """The chunks that have been written of outputs that are not there yet."""
    return [*Path().glob(".imfilter-*/c/*/*")]


@on_workers
def test_processes_make_the_picture_that_this_one_makes(ok, drive):
    save("in.zarr", picture(500, 120))
    ok("blur", "in.zarr", "-o", "one.zarr", "--op", "median", "--size", 9, "--chunks", 32, "--pyramid")
    words = ["blur", "in.zarr", "-o", "bands.zarr", "--op", "median", "--size", "9", "--chunks", "32", "--pyramid"]
    process = drive(*words, "-v")
    code, lines = wait_for_its_end(process)
    assert code == 0, lines
    assert "in.zarr: by 8 bands of up to 64 rows, 2 threads" in lines
    assert files("bands.zarr") == files("one.zarr")


@on_workers
@pytest.mark.thorough
def test_a_worker_that_is_killed_costs_nothing(ok, drive):
    save("in.zarr", picture(1000, 500))
    ok("blur", "in.zarr", "-o", "one.zarr", "--sigma", 2, "--chunks", 32)
    process = drive("blur", "in.zarr", "-o", "bands.zarr", "--sigma", "2", "--chunks", "32", preload=SLOWLY)
    for least in (20, 150, 280):
        wait_for(lambda least=least: len(chunks()) > least)
        workers(process)[0].kill()
    assert wait_for_its_end(process) == (0, [])
    assert files("bands.zarr") == files("one.zarr")


@on_workers
@pytest.mark.thorough
def test_processes_put_rows_at_their_place_even_if_one_is_killed(ok, drive):
    imwrite("in.npy", picture(3000, 1000, 3))
    ok("blur", "in.npy", "-o", "one.npy", "--op", "median", "--size", 9)
    words = ["blur", "in.npy", "-o", "bands.npy", "--op", "median", "--size", "9", "-v"]
    process = drive(*words, preload=SLOW_ROWS)
    wait_for(lambda: any(path.stat().st_size for path in Path().glob(".imfilter-*")))
    workers(process)[0].kill()
    code, lines = wait_for_its_end(process)
    assert code == 0 and "in.npy: by 8 bands of up to 375 rows, 2 threads" in lines, lines
    assert _bytes("bands.npy") == _bytes("one.npy")


@on_workers
@pytest.mark.thorough
def test_an_interruption_removes_the_rows_that_are_written(drive):
    imwrite("in.npy", picture(3000, 1000, 3))
    process = drive("blur", "in.npy", "-o", "bands.npy", preload=SLOW_ROWS)
    wait_for(lambda: any(path.stat().st_size for path in Path().glob(".imfilter-*")))
    os.killpg(process.pid, signal.SIGINT)
    code, lines = wait_for_its_end(process)
    assert (code, len(lines)) == (130, 1)
    assert {path.name for path in Path().iterdir()} == {"in.npy", "preload.py"}


@on_workers
@pytest.mark.thorough
def test_an_interruption_leaves_nothing(drive):
    save("in.zarr", picture(1000, 500))
    process = drive("blur", "in.zarr", "-o", "bands.zarr", "--chunks", "32", preload=SLOWLY)
    wait_for(chunks)
    os.killpg(process.pid, signal.SIGINT)
    code, lines = wait_for_its_end(process)
    assert (code, len(lines)) == (130, 1)
    assert {path.name for path in Path().iterdir()} == {"in.zarr", "preload.py"}


LARGE = [
    ("blur", "--sigma", "2"),
    ("blur", "--op", "median", "--size", "5"),
    ("edges",),
    ("chain", "blur --sigma 2", "morph --op open --size 3", "edges"),
]


@on_workers
@pytest.mark.thorough
@pytest.mark.each("call", LARGE)
def test_a_large_picture_is_the_same_by_bands(command, ok, call):
    """Of 150 MB, with the thresholds that all have."""
    rows = np.arange(12_500, dtype=np.uint32)[:, None]
    save(
        "in.zarr", ((rows * rows + np.arange(12_000, dtype=np.uint32) * 37) >> 6).astype(np.uint8), chunks=(1024, 1024)
    )
    ok(call[0], "in.zarr", *call[1:], "-o", "one.zarr", "--chunks", 1024, "-q")
    words = [call[0], "in.zarr", *call[1:], "-o", "bands.zarr", "--chunks", "1024", "--cluster", "local:2", "-v"]
    ended = subprocess.run([*command, *words], capture_output=True, text=True)
    assert ended.returncode == 0 and "in.zarr: by 7 bands of up to 2048 rows" in ended.stderr
    assert files("bands.zarr") == files("one.zarr")
    for path in Path().glob("*.zarr"):
        shutil.rmtree(path)
