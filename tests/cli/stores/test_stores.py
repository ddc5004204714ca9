"""Objects in stores stand where files do: the same bytes, whole or not at all, and nothing written twice."""

import contextlib
import io
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.needs("a server of S3, and the extra stores")

BLUR = "blur", "--sigma", "1.5"


def picture(seed, side=24, format="png"):
    """The bytes of a small picture."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)).save(file, format)
    return file.getvalue()


def fill(folder, bucket, count, format="png"):
    """The same pictures in a folder and below ``in/`` of a bucket, every other one in a subfolder."""
    for number in range(count):
        name = f"{'inner/' if number % 2 else ''}{number:03} ü.{format}"
        data = picture(number, format=format)
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        bucket.put(f"in/{name}", data)


def below(folder):
    """What a folder holds, by path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stored(bucket, prefix):
    """What a bucket holds below a prefix, by path."""
    return {key.removeprefix(prefix): bucket.get(key) for key in bucket.written() if key.startswith(prefix)}


def well(ended):
    assert ended.returncode == 0, ended.stderr
    assert "SECRET" not in ended.stdout + ended.stderr
    return ended


# ---- the same as files ------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [5, pytest.param(200, marks=pytest.mark.thorough)])
def test_there_and_back_is_what_files_give(imfilter, bucket, folder, count):
    fill(folder, bucket, count)
    well(imfilter(*BLUR, "in", "-r", "-o", "local/", "-j", "1"))
    well(imfilter(*BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "-j", "2"))
    well(imfilter(*BLUR, f"{bucket.url}/in/", "-r", "-o", "down/", "-j", "1", "--in-flight", "3"))
    assert below(folder / "local") == stored(bucket, "out/") == below(folder / "down")
    assert len(below(folder / "local")) == count


def test_all_that_a_call_reads_and_writes_may_be_an_object(imfilter, bucket, folder):
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(picture(1))
        bucket.put(name, picture(1))
    recipe = b'[[step]]\nfilter = "conv"\nkernel = "%s"\n[[step]]\nfilter = "edges"\n'
    for name, data in {
        "k.txt": b"0 1 0\n1 2 1\n0 1 0\n",
        "r.toml": recipe % b"k.txt",
        "list": b"a.png\nb.png\n",
    }.items():
        (folder / name).write_bytes(data)
        bucket.put(name, data.replace(b"a.png\nb.png", f"{bucket.url}/a.png\n{bucket.url}/b.png".encode()))
    bucket.put("r.toml", recipe % f"{bucket.url}/k.txt".encode())
    at = bucket.url
    well(imfilter("run", "r.toml", "--files-from", "list", "-o", "o/", "--angle", "o/a/", "--mask", "a.png"))
    remote = f"{at}/r.toml", "--files-from", f"{at}/list", "-o", f"{at}/o/", "--angle", f"{at}/o/a/"
    well(imfilter("run", *remote, "--mask", f"{at}/a.png"))
    assert below(folder / "o") == stored(bucket, "o/")
    well(imfilter("chain", f"{at}/a.png", "blur --sigma 2", "-o", f"{at}/c.png", "--save", f"{at}/c.toml"))
    assert bucket.get("c.toml") == b'[[step]]\nfilter = "blur"\nsigma = 2.0\n'


def test_a_folder_of_that_name_is_a_file_s(imfilter, folder):
    (folder / "s3:" / "b").mkdir(parents=True)
    (folder / "s3:" / "b" / "a.png").write_bytes(picture(1))
    well(imfilter(*BLUR, "./s3:/b/a.png", "-o", "./s3:/b/out.png", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}))
    assert (folder / "s3:" / "b" / "out.png").exists()


# ---- refusals ---------------------------------------------------------------------------------------


@pytest.mark.each(
    "words, line",
    [
        (["{}/a.png", "--in-place", "--backup", ".orig"], "--backup cannot be used with {}/a.png: objects cannot"),
        (["{}/a.png", "-o", "o.png", "--preserve-times"], "--preserve-times cannot be used with {}/a.png: the time of"),
        (["{}/a.png", "-o", "o.png", "--depfile", "d"], "--depfile cannot be used with {}/a.png: Make and Ninja"),
        (["{}/a.png", "-o", "{}/a.png"], "{}/a.png: is an input, which is never overwritten; give the output"),
        (["{}/a.png", "-o", "https://example.org/a.png"], "https://example.org/a.png: https:// is only read; write"),
        (["{}/a.png", "-o", "{}/o.png", "--update", "--strip"], "--update with {}/a.png needs the stamp that --strip"),
        (["s3:///a.png", "-o", "o.png"], "s3:///a.png: names no bucket; write s3://bucket/key"),
        (["http://example.org/a.png", "-o", "o.png"], "http://example.org/a.png: is not secure; use https://"),
        (["https://example.org/", "-o", "o/"], "https://example.org/: https:// cannot list folders; name pictures"),
    ],
)
def test_what_makes_no_sense_is_refused_before_it_begins(refused, words, line):
    said = refused(2, *BLUR, *(word.format("s3://bucket") for word in words))
    assert said.startswith(f"imfilter: {line.format('s3://bucket')}")


def test_without_the_extra_it_is_named(imfilter, folder):
    (folder / "hidden").mkdir()
    (folder / "hidden" / "obstore.py").write_text("raise ImportError")
    ended = imfilter(*BLUR, "s3://in/a.jpg", "-o", "o.png", env={"PYTHONPATH": str(folder / "hidden")})
    assert ended.returncode == 2
    assert ended.stderr == "imfilter: s3://in/a.jpg: needs the extra \"stores\": pip install 'imfilter[stores]'\n"


def test_a_failure_is_one_line_and_stops_nothing(imfilter, bucket, proxy):
    for number in range(4):
        bucket.put(f"in/{number}.png", picture(number))
    bucket.put("in/text.png", b"")

    def fault(method, path, number):
        return "403" if path.endswith("/in/1.png") else "404" if path.endswith("/in/2.png") else None

    proxy.fault = fault
    ended = imfilter(*BLUR, f"{bucket.url}/in/", "-o", f"{bucket.url}/out/", "-q", through=proxy)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[:3] == [
        f"imfilter: {bucket.url}/in/1.png: the store answered 403 (access denied)",
        f"imfilter: {bucket.url}/in/2.png: the store answered 404 (no such object or bucket)",
        f"imfilter: {bucket.url}/in/text.png: is empty",
    ]
    assert bucket.written().keys() >= {"out/0.png", "out/3.png"} and len(bucket.written()) == 7
    assert [path.endswith("/in/1.png") for _, path in proxy.requests].count(True) == 1  # it is not tried again


# ---- what is there ----------------------------------------------------------------------------------


def test_a_second_run_with_update_writes_what_changed(imfilter, bucket, folder):
    fill(folder, bucket, 6)
    words = *BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "--update", "-j", "1"
    well(imfilter(*words))
    first = bucket.written()
    well(imfilter(*words))
    assert bucket.written() == first
    bucket.put("in/002 ü.png", picture(77))
    changed = bucket.written()
    assert "1 done, 5 skipped" in well(imfilter(*words)).stderr
    again = bucket.written()
    assert {key for key in again if again[key] != changed[key]} == {"out/002 ü.png"}
    local = *BLUR, "in", "-r", "-o", f"{bucket.url}/up/", "--update", "-j", "1"
    well(imfilter(*local))
    assert "0 done, 6 skipped" in well(imfilter(*local)).stderr
    assert "6 done" in well(imfilter(*local, "--gain", "2")).stderr


def test_two_runs_at_once_keep_what_the_other_wrote(command, environment_of_store, bucket, folder, proxy):
    fill(folder, bucket, 12)
    proxy.fault = lambda method, path, number: 0.02 if method == "PUT" else None
    words = [*command, *BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "--no-clobber", "-j", "1"]
    variables = environment_of_store | {"AWS_ENDPOINT_URL": proxy.url}
    runs = [subprocess.Popen(words, env=variables, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    done = [int(line.partition(" done")[0].rpartition(" ")[2]) for line in said]
    assert sum(done) == 12, said
    assert len(stored(bucket, "out/")) == 12
    written = bucket.written()
    assert "0 done, 12 skipped" in well(subprocess.run(words, env=variables, capture_output=True, text=True)).stderr
    assert bucket.written() == written


@pytest.mark.thorough
def test_a_store_without_conditions_is_asked_before(imfilter, bucket, folder, proxy):
    fill(folder, bucket, 2)
    bucket.put("out/000 ü.png", b"there")
    refused = []

    def fault(method, path, number):
        if method == "HEAD" and len(refused) < 6:
            return "404"  # the check before the work finds nothing
        if method == "PUT" and len(refused) < 6:
            refused.append(path)
            return "501"
        return None

    proxy.fault = fault
    words = *BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "--no-clobber", "-j", "1", "--in-flight", "1"
    said = well(imfilter(*words, through=proxy)).stderr
    assert "1 done, 1 skipped" in said
    assert "the store has no conditional writes" in said
    assert bucket.get("out/000 ü.png") == b"there"
    assert set(stored(bucket, "out/")) == {"000 ü.png", "inner/001 ü.png"}


def test_a_picture_that_changes_meanwhile_is_not_replaced(imfilter, bucket, proxy):
    bucket.put("a.png", picture(1))
    bucket.put("b.png", picture(2))

    def fault(method, path, number):
        if method == "PUT" and path.endswith("/a.png"):
            bucket.put("a.png", picture(3))
        return

    proxy.fault = fault
    ended = imfilter(*BLUR, f"{bucket.url}/", "--in-place", "-q", through=proxy)
    why = "changed while it was filtered, and was not replaced; run it again"
    assert ended.stderr == f"imfilter: {bucket.url}/a.png: cannot be written: {why}\n"
    assert ended.returncode == 1
    assert bucket.get("a.png") == picture(3)
    assert bucket.get("b.png") != picture(2)


def test_an_answer_that_is_lost_is_no_other_s_change(imfilter, bucket, proxy):
    bucket.put("a.png", picture(1))
    lost = threading.Lock()
    proxy.fault = lambda method, path, number: "lost" if method == "PUT" and lost.acquire(blocking=False) else None
    well(imfilter(*BLUR, f"{bucket.url}/a.png", "--in-place", through=proxy))
    assert [method for method, _ in proxy.requests].count("PUT") == 2
    assert bucket.get("a.png") != picture(1)


def test_the_picture_appears_behind_its_maps(imfilter, bucket, proxy):
    bucket.put("a.png", picture(1))
    words = "edges", f"{bucket.url}/a.png", "-o", f"{bucket.url}/o.png", "--angle", f"{bucket.url}/angle.png"
    proxy.fault = lambda method, path, number: "403" if path.endswith("/angle.png") else None
    assert imfilter(*words, through=proxy).returncode == 1
    assert set(bucket.written()) == {"a.png"}
    proxy.fault = lambda method, path, number: None
    proxy.requests.clear()
    well(imfilter(*words, through=proxy))
    assert [path.rpartition("/")[2] for method, path in proxy.requests if method == "PUT"] == ["angle.png", "o.png"]


# ---- faults -----------------------------------------------------------------------------------------


def test_what_breaks_is_tried_again(imfilter, bucket, folder, proxy):
    fill(folder, bucket, 4)
    seen = set()

    def fault(method, path, number):
        first = (method, path) not in seen
        seen.add((method, path))
        kinds = {"0": "cut", "1": "lost", "2": "503", "3": "half"}
        kind = kinds[path.rpartition("/")[2][2:3]] if "%20" in path else None
        return (None if kind == "half" and method != "GET" else kind) if first else None

    proxy.fault = fault
    well(imfilter(*BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "-j", "1", through=proxy))
    well(imfilter(*BLUR, "in", "-r", "-o", "local/", "-j", "1"))
    assert stored(bucket, "out/") == below(folder / "local")


@pytest.mark.thorough
def test_a_fifth_of_all_requests_is_dropped(imfilter, bucket, folder, proxy):
    fill(folder, bucket, 40)
    draw = np.random.default_rng(5).random(10_000)
    proxy.fault = lambda method, path, number: ("cut", "lost")[number % 2] if draw[number] < 0.2 else None
    well(imfilter(*BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "-j", "2", through=proxy))
    well(imfilter(*BLUR, "in", "-r", "-o", "local/", "-j", "1"))
    assert stored(bucket, "out/") == below(folder / "local")


@pytest.mark.needs("the extra cluster")
@pytest.mark.thorough
def test_workers_of_a_cluster_read_and_write_objects(imfilter, bucket, folder):
    fill(folder, bucket, 12)
    well(imfilter(*BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "-q", "--cluster", "local:2"))
    well(imfilter(*BLUR, "in", "-r", "-o", "local/", "-q", "-j", "1"))
    assert stored(bucket, "out/") == below(folder / "local")


@pytest.mark.thorough
def test_a_store_that_is_down_costs_each_picture_one_line(imfilter, bucket, proxy):
    for number in range(3):
        bucket.put(f"in/{number}.png", picture(number))
    proxy.fault = lambda method, path, number: "503" if "/in/" in path or method == "PUT" else None
    began = time.monotonic()
    ended = imfilter(*BLUR, f"{bucket.url}/in/", "-o", f"{bucket.url}/out/", "-q", "-j", "1", through=proxy)
    assert time.monotonic() - began < 60  # a picture takes 15 s at most
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"imfilter: {bucket.url}/in/{number}.png: the store answered 503 (unavailable), 6 times" for number in range(3)
    ]
    assert len(bucket.written()) == 3


def test_what_a_listing_tells_and_is_gone_fails_alone(imfilter, bucket, folder, proxy):
    fill(folder, bucket, 3)
    gone = []

    def fault(method, path, number):
        if "list-type" not in path and "/in/000" in path and not gone:
            gone.append(path)
            bucket.delete("in/000 ü.png")
        return

    proxy.fault = fault
    ended = imfilter(*BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "-j", "1", "-q", through=proxy)
    assert ended.stderr == f"imfilter: {bucket.url}/in/000 ü.png: the store answered 404 (no such object or bucket)\n"
    assert set(stored(bucket, "out/")) == {"001 ü.png".join(["inner/", ""]), "002 ü.png"}


@pytest.mark.thorough
def test_a_killed_run_leaves_whole_objects(command, environment_of_store, imfilter, bucket, folder, proxy):
    fill(folder, bucket, 6)
    well(imfilter(*BLUR, "in", "-r", "-o", "local/", "-j", "1"))
    whole, draw = below(folder / "local"), np.random.default_rng(3)
    proxy.fault = lambda method, path, number: 0.03 if method == "PUT" else None
    words = [*command, *BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "-j", "1", "--in-flight", "2"]
    for _ in range(50):
        proxy.requests.clear()
        with subprocess.Popen(words, env=environment_of_store | {"AWS_ENDPOINT_URL": proxy.url}) as run:
            puts = int(draw.integers(1, 6))
            while run.poll() is None and sum(method == "PUT" for method, _ in proxy.requests) < puts:
                time.sleep(0.001)
            time.sleep(draw.random() * 0.03)
            run.send_signal(signal.SIGKILL)
        proxy.settle()
        assert stored(bucket, "out/").items() <= whole.items()
    well(imfilter(*BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "-j", "1"))
    assert stored(bucket, "out/") == whole


@pytest.mark.needs("/proc/self/task")
def test_a_worker_that_is_killed_costs_its_picture_alone(imfilter, bucket, folder, proxy):
    fill(folder, bucket, 10)
    killed, once = [], threading.Lock()

    def fault(method, path, number):
        if method == "PUT" and once.acquire(blocking=False):
            killed.append(kill_a_worker())
        return

    proxy.fault = fault
    ended = imfilter(*BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "-j", "2", "-q", through=proxy)
    assert killed == [True]
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert "its process was killed by SIGKILL" in line
    well(imfilter(*BLUR, "in", "-r", "-o", "local/", "-j", "1"))
    assert stored(bucket, "out/").items() <= below(folder / "local").items()
    assert len(stored(bucket, "out/")) >= 9


def test_workers_leave_nothing_in_the_folder_of_temporary_files(imfilter, bucket, folder):
    fill(folder, bucket, 4)
    temporary = folder / ("longer-than-the-path-of-a-socket-may-be" * 3)
    temporary.mkdir()
    words = *BLUR, f"{bucket.url}/in/", "-r", "-o", f"{bucket.url}/out/", "-j", "2"
    well(imfilter(*words, env={"TMPDIR": str(temporary)}))
    assert not list(temporary.iterdir())


def kill_a_worker():
    """Kill one of the processes that a call of this one has begun; return whether there was one."""
    for run in children(os.getpid()):
        for worker in children(run):
            if b"multiprocessing.spawn" in Path(f"/proc/{worker}/cmdline").read_bytes():
                os.kill(worker, signal.SIGKILL)
                return True
    return False


def children(process):
    """The processes that a process has begun."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            if int(path.read_bytes().rpartition(b")")[2].split()[1]) == process:
                found.append(int(path.parent.name))
    return found


# ---- parts ------------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_large_objects_go_in_parts_and_a_part_that_fails_aborts_them(
    command, environment_of_store, imfilter, bucket, folder, proxy
):
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (5000, 5000, 3), np.uint8)).save(folder / "large.ppm")
    words = "blur", "--sigma", "1", "large.ppm", "-o"
    well(imfilter(*words, "local.ppm"))
    proxy.fault = lambda method, path, number: "403" if "partNumber=3" in path else None
    ended = imfilter(*words, f"{bucket.url}/large.ppm", through=proxy)
    assert (
        ended.stderr == f"imfilter: {bucket.url}/large.ppm: cannot be written: the store answered 403 (access denied)\n"
    )
    assert bucket.written() == {}
    assert bucket.uploads() == 0
    proxy.fault = lambda method, path, number: 1.0 if "partNumber" in path else None
    proxy.requests.clear()
    said = [*command, *words, f"{bucket.url}/large.ppm"]
    with subprocess.Popen(said, env=environment_of_store | {"AWS_ENDPOINT_URL": proxy.url}) as run:
        while run.poll() is None and not any("partNumber" in path for _, path in proxy.requests):
            time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
    proxy.settle()
    assert bucket.written() == {}
    proxy.fault = lambda method, path, number: "cut" if "partNumber=2" in path and number % 2 else None
    well(imfilter(*words, f"{bucket.url}/large.ppm", through=proxy))
    assert bucket.get("large.ppm") == (folder / "local.ppm").read_bytes()
    assert any("partNumber" in path for _, path in proxy.requests)
