"""`--cluster`: pictures that Dask's workers filter, workers that die, and clusters that are gone."""

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.batch.cluster import connection, lists, worker_task
from imfilter.cli.batch.dispatch import process
from PIL import Image

with contextlib.suppress(ImportError):
    import psutil  # which the extra brings along

on_workers = pytest.mark.needs("the extra cluster")


@pytest.fixture
def photos(rgb):
    """``photos(count)`` makes a folder of small JPEGs."""

    def photos(count):
        Path("in").mkdir()
        for number in range(count):
            Image.fromarray(np.roll(rgb, number, 1)).save(f"in/{number:04}.jpg")
        return Path("in")

    return photos


@pytest.fixture
def call(command):
    """Run the program in a process of its own, with what the workers load before they begin."""

    def call(*words, preload=None, **options):
        return subprocess.run(
            [*command, *map(str, words)], env=environment(preload), capture_output=True, text=True, **options
        )

    return call


def environment(preload):
    if preload is None:
        return None
    Path("preload.py").write_text(textwrap.dedent(preload))
    return {**os.environ, "DASK_DISTRIBUTED__WORKER__PRELOAD": json.dumps([str(Path("preload.py").resolve())])}


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def descendants(process):
    """The processes that a call has started, and those that these have."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(process.pid).children(recursive=True)
    return []


def workers(process):
    """The workers among them, none of which is what keeps count of a process's semaphores."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [child for child in descendants(process) if "multiprocessing.spawn" in " ".join(child.cmdline())]
    return []


def wait_for(condition, seconds=60, during=None):
    """Wait for a condition, *during* a process where it cannot come after that."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert during is None or during.poll() is None, during.stderr.read()
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)
    return found


def wait_for_its_end(process, seconds=200):
    """Wait for a process, and for those that it started, of which none may stay."""
    started = descendants(process)
    ended = process.wait(seconds)
    wait_for(lambda: not [child for child in started if child.is_running() and child.status() != psutil.STATUS_ZOMBIE])
    return ended, [line for line in process.stderr.read().decode().splitlines() if line]


SLOW = """
    import time
    from imfilter.cli.images import decode

    def dask_setup(worker):
        load = decode.load

        def slow(data, options):
            open("begun", "w").close()
            time.sleep({seconds})
            return load(data, options)

        decode.load = slow
"""


POISON = """
    import os
    from imfilter.cli.images import decode

    def dask_setup(worker):
        load = decode.load

        def dying(data, options):
            if "poison" in options.name:
                os.kill(os.getpid(), 9)
            return load(data, options)

        decode.load = dying
"""


@on_workers
def test_a_cluster_gives_the_bytes_of_a_run_on_this_machine(photos, call, ok):
    ok("blur", photos(60), "-o", "own/", "--sigma", 2, "-j", 1, "-q")
    ended = call("blur", "in", "-o", "out/", "--sigma", 2, "--cluster", "local:2")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr.startswith("imfilter: 60 done, 0 skipped, 0 failed in ")
    assert contents("out") == contents("own")


@on_workers
@pytest.mark.thorough
def test_json_failures_and_their_order_are_those_of_processes(photos, call):
    photos(90)
    Path("in/0031.jpg").write_bytes(b"no picture")
    calls = [
        call("edges", "in", "-o", f"{name}/", "--json", *how)
        for name, how in (("a", ["-j", "2"]), ("b", ["--cluster", "local:2"]))
    ]
    a, b = (([json.loads(line) for line in ended.stdout.splitlines()], ended) for ended in calls)
    assert a[1].returncode == b[1].returncode == 1
    told = []
    for lines, ended in (a, b):
        for line in lines:
            for key in ("seconds", "megapixels_per_second", "outputs"):
                line.pop(key, None)
        told.append((lines, [line for line in ended.stderr.splitlines() if "done" not in line]))
    assert told[0] == told[1]
    assert contents("a") == contents("b")


@on_workers
@pytest.mark.thorough
def test_a_worker_that_is_killed_at_any_moment_costs_nothing(photos, command, start, ok):
    ok("blur", photos(300), "-o", "own/", "--op", "median", "--size", 15, "-j", 1, "-q")
    words = ["blur", "in", "-o", "out/", "--op", "median", "--size", "15", "--cluster", "local:2"]
    process = start([*command, *words], env=environment(SLOW.format(seconds=0.05)))
    wait_for(lambda: Path("out").is_dir(), during=process)
    killed = 0
    while killed < 20 and process.poll() is None:
        for worker in workers(process)[:1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
                killed += 1
        time.sleep(0.05 + 0.03 * killed)
    code, lines = wait_for_its_end(process)
    assert (code, len(lines), killed) == (0, 1, 20), lines
    assert contents("out") == contents("own")


@on_workers
@pytest.mark.thorough
def test_a_picture_that_kills_its_worker_fails_alone(photos, call, ok):
    ok("blur", photos(100), "-o", "own/", "--sigma", 2, "-j", 1, "-q")
    Path("in/0050-poison.jpg").write_bytes(Path("in/0050.jpg").read_bytes())
    ended = call("blur", "in", "-o", "out/", "--sigma", 2, "--cluster", "local:2", preload=POISON)
    assert ended.returncode == 1
    failed, totals = ended.stderr.splitlines()
    assert failed == "imfilter: in/0050-poison.jpg: every worker that took it died (out of memory?)"
    assert totals.startswith("imfilter: 100 done, 0 skipped, 1 failed")
    assert contents("out") == contents("own")


@on_workers
@pytest.mark.thorough
def test_workers_that_do_not_start_are_told(photos, call):
    ended = call("blur", photos(2), "-o", "out/", "--cluster", "local:1", preload="raise ValueError('no')")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
    assert ended.stderr.startswith("imfilter: --cluster local:1: its workers do not start (")


@on_workers
@pytest.mark.thorough
def test_other_versions_are_refused(photos, call):
    photos(3)
    lie = """
        from distributed import versions

        def dask_setup(worker):
            told = versions.get_package_info
            versions.get_package_info = lambda names: told(names) | dict.fromkeys(["pillow", "PIL"], "1.2.3")
    """
    ended = call("blur", "in", "-o", "out/", "--cluster", "local:2", preload=lie)
    assert ended.returncode == 2
    here, there, refusal = ended.stderr.splitlines()
    assert here.startswith("this machine: imfilter ") and "1.2.3" not in here
    assert there.startswith("tls://127.0.0.1:") and "Pillow 1.2.3, NumPy" in there
    assert refusal == "imfilter: --cluster local:2: its workers have other versions; install the same on all machines"
    assert not Path("out").exists()


@on_workers
@pytest.mark.thorough
def test_an_interruption_waits_for_what_is_begun(photos, command, start):
    photos(300)
    temporary = Path.cwd() / ("longer-than-the-path-of-a-socket-may-be" * 3)
    temporary.mkdir()
    words = ["blur", "in", "-o", "out/", "--cluster", "local:2"]
    process = start([*command, *words], env={**environment(SLOW.format(seconds=0.05)), "TMPDIR": str(temporary)})
    wait_for(lambda: Path("out").is_dir() and len(os.listdir("out")) > 20, during=process)
    os.killpg(process.pid, signal.SIGINT)
    code, lines = wait_for_its_end(process)
    done = len(os.listdir("out"))
    assert (code, lines) == (
        130,
        [f"imfilter: interrupted: {done} of 300 images done, {300 - done} left; run it again with --update"],
    )
    assert not os.listdir(temporary)


@on_workers
@pytest.mark.thorough
def test_a_second_interruption_leaves_at_once(photos, command, start):
    photos(4)
    words = ["blur", "in", "-o", "out/", "--cluster", "local:2"]
    process = start([*command, *words], env=environment(SLOW.format(seconds=500)))
    wait_for(lambda: Path("begun").exists(), during=process)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(1)
    assert process.poll() is None
    while process.poll() is None:  # on a busy machine the first may not have been heard yet
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(1)
    assert wait_for_its_end(process) == (130, [])


@pytest.fixture
def cluster(start):
    """``cluster(*words)`` starts a scheduler, and workers with *words*; return their processes and the file."""

    def cluster(*words, before=()):
        server = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
        here = ["--port", "0", "--no-dashboard", "--host", "127.0.0.1", "--scheduler-file", "s.json"]
        scheduler = start([*server, *here])
        wait_for(lambda: Path("s.json").exists() and "address" in Path("s.json").read_text())
        server = [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            "--scheduler-file",
            str(Path("s.json").resolve()),
        ]
        own = ["--no-dashboard", "--nthreads", "1", "--local-directory", str(Path("scratch").resolve()), *words]
        return scheduler, start([*before, *server, *own], cwd="/")

    return cluster


SOON = """
import sys
from imfilter.cli import main
from imfilter.cli.batch.cluster import connection
connection.LOST, connection.ANSWER = 3, 1
if __name__ == "__main__":
    main.main()
"""


@on_workers
@pytest.mark.thorough
def test_a_scheduler_that_is_gone_ends_the_run_and_another_one_continues(photos, cluster, start, ok):
    ok("blur", photos(400), "-o", "own/", "--sigma", 2, "-j", 1, "-q")
    Path("preload.py").write_text(textwrap.dedent(SLOW.format(seconds=0.05)))
    scheduler, _ = cluster("--preload", str(Path("preload.py").resolve()))
    words = ["blur", "in", "-o", "out/", "--sigma", "2", "--cluster", "s.json"]
    process = start([sys.executable, "-c", SOON, *words])
    wait_for(lambda: Path("out").is_dir() and len(os.listdir("out")) > 20, during=process)
    scheduler.kill()
    code, lines = wait_for_its_end(process)
    assert (code, lines) == (
        1,
        ["imfilter: --cluster s.json: no scheduler has answered for 3 s; run it again with --update"],
    )
    done = contents("out")
    assert 20 < len(done) < 400
    assert done.items() <= contents("own").items()
    ok("blur", "in", "-o", "out/", "--sigma", 2, "-j", 1, "-u", "-q")
    assert contents("out") == contents("own")


@on_workers
@pytest.mark.thorough
def test_a_picture_beyond_the_memory_of_a_worker_is_refused_by_name(photos, cluster, call):
    photos(2)
    Image.new("RGB", (6000, 5000)).save("in/large.png")
    cluster("--memory-limit", "260MB")
    ended = call("blur", "in", "-o", "out/", "--sigma", 2, "--cluster", "s.json")
    failed, totals = ended.stderr.splitlines()
    assert failed.startswith("imfilter: in/large.png: needs about 0.")
    assert failed.endswith("GB of memory; its worker may use 0.26 GB (memory_limit)")
    assert totals.startswith("imfilter: 2 done, 0 skipped, 1 failed")


@on_workers
@pytest.mark.thorough
@pytest.mark.needs("a small disk")
@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        ("in", "cannot read (no such file or directory) {}/in/0000.jpg"),
        ("out", "sees another folder as, or none, {}/out"),
    ],
)
def test_workers_on_another_disk_are_refused(hidden, said, photos, cluster, call, folder):
    photos(2)
    Path("out").mkdir()
    mount = f'mount -t tmpfs tmpfs {folder}/{hidden} && exec "$@"'
    cluster(before=["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"])
    ended = call("blur", "in", "-o", "out/", "--cluster", "s.json")
    [line] = ended.stderr.splitlines()
    assert ended.returncode == 2
    assert line.startswith("imfilter: --cluster s.json: tcp://127.0.0.1:")
    assert line.endswith(f" {said.format(folder)}; name inputs and outputs on a disk that all workers share")
    assert not contents("out")


def test_each_picture_is_given_out_until_it_is_done(monkeypatch):
    """Of 60 pictures some kill their workers, whatever else is in their list; nothing else fails."""
    for poison in (set(), {0}, {7, 8, 31}, {59}, {*range(60)}):
        waiting = lists.Lists([(number, None) for number in range(60)])
        out, done, failed = [], [], set()
        for turn in itertools.count():
            while len(out) < 6 and (lot := waiting.next(2, len(out))) is not None:
                out.append(lot)
            if not out and waiting.are_done:
                break
            lot = out.pop(turn % len(out))
            numbers = {number for number, _ in lot.jobs}
            if numbers & poison:
                if waiting.died(lot):
                    failed |= numbers
                for other in out[:1]:  # which waited at the same worker
                    out.remove(other)
                    if waiting.died(other):
                        failed |= {number for number, _ in other.jobs}
            else:
                done += numbers
                waiting.learn(len(numbers), 0.01 * len(numbers))
        assert failed == poison
        assert sorted(done) == [number for number in range(60) if number not in poison]


def test_a_worker_with_other_versions_does_nothing():
    call = worker_task.Call("token", "/", b"", ("0.0", *worker_task.versions()[1:]), process)
    assert worker_task.do(call, b"") == worker_task.Done([], other=worker_task.in_words(worker_task.versions()))


def test_lists_take_seconds_and_the_last_ones_are_short():
    waiting = lists.Lists([(number, None) for number in range(10_000)])
    assert len(waiting.next(4, 0).jobs) == lists.FIRST
    waiting.learn(20, 0.1)
    assert len(waiting.next(4, 0).jobs) == lists.SECONDS / (0.1 / 20)
    assert len(lists.Lists([(0, None)] * 10_000).next(4000, 0).jobs) == 1
    lengths = []
    while (lot := waiting.next(4, 0)) is not None:
        lengths.append(len(lot.jobs))
    assert sum(lengths) == 10_000 - 20 - 400
    assert lengths == sorted(lengths, reverse=True) and lengths[-1] == 1


@pytest.mark.each(
    "words, said",
    [
        (
            "--cluster nowhere",
            "--cluster: 'nowhere' is not a cluster; use local:N, an address such as tcp://host:8786, or",
        ),
        ("--cluster local:0", "--cluster: 'local:0' is not a cluster; use local:N"),
        ("--cluster a.png", "--cluster a.png: holds no address of a scheduler; write it with --scheduler-file"),
        ("--cluster tcp://host", "--cluster tcp://host: needs a port, such as tcp://host:8786"),
        ("--cluster tls://[::1]/", "--cluster tls://[::1]/: needs a port, such as tls://[::1]:8786"),
        ("--cluster local:2 -j 2", "--cluster and --jobs contradict each other"),
    ],
)
def test_what_is_no_cluster_is_refused(words, said, refused, png):
    assert refused(2, "blur", png, "-o", "out/", *words.split()).startswith(f"imfilter: {said}")
    assert not Path("out").exists()


def test_a_cluster_needs_files_that_are_not_replaced(refused, png):
    assert "its workers have neither standard input" in refused(2, "blur", png, "-o", "-", "--cluster", "local:2")
    assert "its workers have neither standard input" in refused(2, "blur", "-", "-o", "b.png", "--cluster", "local:2")
    assert "cannot be used with --in-place" in refused(2, "blur", png, "--in-place", "--cluster", "local:2")


def test_without_the_extra_the_command_that_installs_it_is_told(refused, png, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = refused(2, "blur", png, "-o", "out/", "--cluster", "local:2")
    assert said == "imfilter: --cluster local:2: needs an extra: pip install 'imfilter[cluster]'"


def test_nobody_imports_the_library_who_names_no_cluster(png):
    code = "import sys; from imfilter.cli import app; app.run(); sys.exit('dask' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code, "blur", "a.png", "-o", "b.png"], capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")


@on_workers
def test_a_scheduler_that_does_not_answer_is_told(png, monkeypatch, refused):
    monkeypatch.setattr(connection, "ANSWER", 1)
    said = refused(2, "blur", png, "-o", "out/", "--cluster", "tcp://127.0.0.1:9")
    assert said == "imfilter: --cluster tcp://127.0.0.1:9: no scheduler answers; start one with: dask scheduler"


# ---- the page -------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "cli" / "CLUSTERS.md").read_text(encoding="utf-8")


def of_page(word):
    """The one program or command of the page that has a word in it."""
    [block] = [block for block in re.findall(r"```(?:sh|python)\n(.*?)```", PAGE, re.DOTALL) if word in block]
    return block


@pytest.fixture
def program_of_page(photos):
    """Run a program of the page over a folder of photographs, if what it imports is there."""

    def program_of_page(word):
        pytest.importorskip(word, exc_type=ImportError)
        photos(5).rename("photos")
        Path("out").mkdir()
        return subprocess.run([sys.executable, "-c", of_page(f"import {word}")], capture_output=True, text=True)

    return program_of_page


@on_workers
@pytest.mark.thorough
def test_the_first_command_of_the_page_does_the_batch(photos, shell):
    photos(5).rename("photos")
    ended = shell(of_page("local:2"))
    assert ended.returncode == 0, ended.stderr
    assert len(contents("out")) == 5


@pytest.mark.thorough
@pytest.mark.parametrize("word", ["ray", "apache_beam", "pyspark"])
def test_the_programs_of_the_page_filter_all_images(program_of_page, word):
    ended = program_of_page(word)
    assert ended.returncode == 0, ended.stderr
    assert len(contents("out")) == 5


@on_workers
def test_the_program_of_the_page_filters_an_array(program_of_page):
    ended = program_of_page("dask.array")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(ended.stdout.splitlines()) == 4
