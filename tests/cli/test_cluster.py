"""`--cluster`: what comes of pictures that Dask's workers filter, of workers that die, and of clusters that are gone."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.batch.cluster import address, lists
from imfilter.cli.errors import UsageError
from PIL import Image

distributed = pytest.importorskip("distributed", reason="needs the extra cluster")
psutil = pytest.importorskip("psutil")


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
            [*command, *map(str, words)], env=_environment(preload), capture_output=True, text=True, **options
        )

    return call


def _environment(preload):
    if preload is None:
        return None
    Path("preload.py").write_text(textwrap.dedent(preload))
    return {**os.environ, "DASK_DISTRIBUTED__WORKER__PRELOAD": json.dumps([os.path.abspath("preload.py")])}


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def descendants(process):
    """The processes that a call has started, and those that these have."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(process.pid).children(recursive=True)
    return []


def workers(process):
    """The workers among them: children of the process of which they are copies."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [
            child
            for copied in psutil.Process(process.pid).children()
            if "multiprocessing.forkserver" in " ".join(copied.cmdline())
            for child in copied.children()
        ]
    return []


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)
    return found


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


def test_a_cluster_gives_the_bytes_of_a_run_on_this_machine(photos, call, ok):
    ok("blur", photos(60), "-o", "own/", "--sigma", 2, "-j", 1, "-q")
    ended = call("blur", "in", "-o", "out/", "--sigma", 2, "--cluster", "local:2")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr.startswith("imfilter: 60 done, 0 skipped, 0 failed in ")
    assert contents("out") == contents("own")


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


@pytest.mark.thorough
def test_a_worker_that_is_killed_at_any_moment_costs_nothing(photos, command, start, ok):
    ok("blur", photos(300), "-o", "own/", "--op", "median", "--size", 15, "-j", 1, "-q")
    process = start([*command, *"blur in -o out/ --op median --size 15 --cluster local:2".split()])
    wait_for(lambda: Path("out").is_dir())
    killed = 0
    while killed < 20 and process.poll() is None:
        for worker in workers(process)[:1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
                killed += 1
        time.sleep(0.05 + 0.03 * killed)
    out, err = process.communicate()
    print(killed, err.decode())
    assert process.returncode == 0, err
    assert contents("out") == contents("own")


@pytest.mark.thorough
def test_a_picture_that_kills_its_worker_fails_alone(photos, call, ok):
    ok("blur", photos(100), "-o", "own/", "--sigma", 2, "-j", 1, "-q")
    Path("in/0050-poison.jpg").write_bytes(Path("in/0050.jpg").read_bytes())
    ended = call("blur", "in", "-o", "out/", "--sigma", 2, "--cluster", "local:2", preload=POISON)
    assert ended.returncode == 1
    failed, totals = ended.stderr.splitlines()
    assert failed == "imfilter: in/0050-poison.jpg: its worker died of it, 3 times (out of memory?)"
    assert totals.startswith("imfilter: 100 done, 0 skipped, 1 failed")
    assert contents("out") == contents("own")


@pytest.mark.thorough
def test_other_versions_are_refused(photos, call):
    photos(3)
    lie = """
        from distributed import versions

        versions._version_cached.cache_clear()
        told = versions.version
        versions.version = lambda package: "1.2.3" if package == "pillow" else told(package)
    """
    ended = call("blur", "in", "-o", "out/", "--cluster", "local:2", preload=lie)
    assert ended.returncode == 2
    here, there, refusal = ended.stderr.splitlines()
    assert here.startswith("this machine: imfilter ") and "1.2.3" not in here
    assert there.startswith("tcp://127.0.0.1:") and "Pillow 1.2.3, NumPy" in there
    assert refusal == "imfilter: --cluster local:2: its workers have other versions; install the same on all machines"
    assert not Path("out").exists()
