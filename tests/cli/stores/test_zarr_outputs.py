"""A Zarr in a store has the objects that a local one has as files, and is one only when all of them are there."""

import os
import signal
import subprocess
import threading
import time

import numpy as np
import pytest
from imfilter.cli.errors import FileError
from imfilter.cli.images import reader, stored_folder
from imfilter.cli.images.spool import Piece, Spool, pieces
from imfilter.cli.images.stored_folder import IN_FLIGHT, UNFINISHED, FolderParcel
from imfilter.cli.stores import objects, outbox
from imfilter.cli.stores.failures import AlreadyThereError, StoreError
from imfilter.cli.stores.objects import Destination, Found
from imfilter.cli.stores.room import Room
from PIL import Image

from .test_stores import BLUR, below, picture, stored, well

STORE = pytest.mark.needs("a server of S3, and the extra stores")
SMALL = "--chunks", "16"


@pytest.fixture(autouse=True)
def library():
    return pytest.importorskip("zarr")


def save(name, seed=1, side=70):
    """Save a picture, the left half of which is black: chunks of zeros are not written."""
    samples = np.random.default_rng(seed).integers(1, 256, (side, side), np.uint8)
    samples[:, : side // 2] = 0
    Image.fromarray(samples).save(name)


def loaded(library, folder, bucket, name):
    """What the format's library reads of an array in a bucket, which is copied here."""
    there = folder / "copy" / name
    for place, data in stored(bucket, f"{name}/").items():
        (there / place).parent.mkdir(parents=True, exist_ok=True)
        (there / place).write_bytes(data)
    return library.open_array(there, mode="r")[...]


def puts(proxy, method="PUT"):
    """The places of the objects that were put, in order."""
    return [path.partition(".zarr/")[2] for one, path in proxy.requests if one == method and ".zarr/" in path]


# ---- what is written --------------------------------------------------------------------------------


@STORE
@pytest.mark.parametrize("options", [(), ("--pyramid",), ("--shard-size", "32")])
def test_objects_are_what_files_are_and_the_mark_is_the_last(imfilter, bucket, folder, proxy, options):
    save("in.png")
    bucket.put("out.zarrs/mine", b"mine")
    words = *BLUR, "in.png", *SMALL, *options
    well(imfilter(*words, "-o", "out.zarr"))
    well(imfilter(*words, "-o", f"{bucket.url}/out.zarr", through=proxy))
    assert stored(bucket, "out.zarr/") == below(folder / "out.zarr")
    order = puts(proxy)
    marks = [place for place in order if place.endswith("zarr.json")]
    assert order[0] == UNFINISHED and order[-len(marks) :] == marks and marks[-1] == "zarr.json"
    assert (len(marks) > 1) == ("--pyramid" in options)
    assert bucket.metadata("out.zarr/zarr.json").keys() == {"imfilter", "imfilter-source"} - {"imfilter-source"}
    assert bucket.get("out.zarrs/mine") == b"mine"


@STORE
def test_folders_frames_and_maps(imfilter, bucket, folder, proxy):
    (folder / "in").mkdir()
    for number in range(3):
        save(f"in/{number} ü.png", number)
    for place in ("out", f"{bucket.url}/out"):
        through = proxy if place.startswith("s3") else None
        words = "edges", "in", *SMALL, "--to", "zarr", "-o", f"{place}/", "--angle", f"{place}/angle/"
        well(imfilter(*words, "-j", "1", through=through))
    assert stored(bucket, "out/") == below(folder / "out")
    ends = [path.partition("/out/")[2] for method, path in proxy.requests if method == "PUT" and "zarr.json" in path]
    for number in range(3):
        of = [end.startswith("angle/") for end in ends if f"{number}%20" in end]
        assert of == [True, False]  # who finds the picture finds its map
    Image.new("L", (20, 20)).save("a.gif", save_all=True, append_images=[Image.new("L", (20, 20), 9)])
    for place in ("frames", f"{bucket.url}/frames"):
        well(imfilter(*BLUR, "a.gif", "--to", "zarr", "-o", f"{place}/", "--name", "{frame}{suffix}"))
    assert stored(bucket, "frames/") == below(folder / "frames")


# ---- what is there ----------------------------------------------------------------------------------


@STORE
def test_a_replaced_zarr_leaves_no_chunk_behind(imfilter, bucket, folder, proxy, library):
    save("in.png")
    words = "conv", "--kernel", "1", "in.png", *SMALL, "-o", f"{bucket.url}/out.zarr"
    well(imfilter(*BLUR, "in.png", *SMALL, "--pyramid", "-o", f"{bucket.url}/out.zarr"))
    bucket.put("out.zarr/c/0/0", b"of another Zarr")
    bucket.put("out.zarr/.zattrs", b"{}")
    well(imfilter(*words, through=proxy))
    assert np.array_equal(loaded(library, folder, bucket, "out.zarr"), np.asarray(Image.open("in.png")))
    well(imfilter(*words[:-1], "out.zarr"))
    assert stored(bucket, "out.zarr/") == below(folder / "out.zarr")
    chunks = [number for number, (method, path) in enumerate(proxy.requests) if method == "PUT" and "/c/" in path]
    deletions = [number for number, (method, path) in enumerate(proxy.requests) if "?delete" in path]
    assert deletions[0] < chunks[0]


@STORE
def test_what_is_no_zarr_is_not_replaced(imfilter, bucket):
    save("in.png")
    bucket.put("out.zarr/mine.txt", b"mine")
    before = bucket.written()
    ended = imfilter(*BLUR, "in.png", "-o", f"{bucket.url}/out.zarr")
    why = "cannot be written: a folder that is not a Zarr is there"
    assert (ended.returncode, ended.stderr) == (1, f"imfilter: {bucket.url}/out.zarr: {why}\n")
    assert bucket.written() == before


@STORE
def test_an_existing_zarr_is_kept_or_made_again_when_it_should(imfilter, bucket, folder):
    save("a.png", 1)
    save("b.png", 2)
    words = *BLUR, "a.png", "b.png", *SMALL, "--to", "zarr", "-o", f"{bucket.url}/out/", "-j", "1"
    assert "2 done" in well(imfilter(*words, "--update")).stderr
    first = bucket.written()
    assert "0 done, 2 skipped" in well(imfilter(*words, "--update")).stderr
    assert "0 done, 2 skipped" in well(imfilter(*words, "--no-clobber", "--gain", "2")).stderr
    assert bucket.written() == first
    save("a.png", 3)
    assert "1 done, 1 skipped" in well(imfilter(*words, "--update")).stderr
    again = bucket.written()
    assert {key.split("/")[1] for key in again if again[key] != first.get(key)} == {"a.zarr"}
    bucket.put("old/a.zarr/.zgroup", b"{}")  # of version 2
    before = bucket.written()
    kept = *BLUR, "a.png", "--to", "zarr", "-o", f"{bucket.url}/old/", "--no-clobber"
    assert "skipped" in well(imfilter(*kept, "-v")).stderr
    assert bucket.written() == before


@STORE
def test_an_update_between_stores_goes_by_tags(imfilter, bucket):
    for number in range(2):
        bucket.put(f"in/{number}.png", picture(number))
    words = *BLUR, f"{bucket.url}/in/", "--to", "zarr", "-o", f"{bucket.url}/out/", "--update", "-j", "1"
    well(imfilter(*words))
    assert bucket.metadata("out/0.zarr/zarr.json").keys() == {"imfilter", "imfilter-source"}
    first = bucket.written()
    assert "0 done, 2 skipped" in well(imfilter(*words)).stderr
    assert bucket.written() == first
    bucket.put("in/1.png", picture(9))
    assert "1 done, 1 skipped" in well(imfilter(*words)).stderr


@STORE
@pytest.mark.thorough
def test_two_runs_at_once_keep_what_the_other_wrote(command, environment_of_store, bucket, folder, proxy):
    for number in range(4):
        save(f"{number}.png", number)
    proxy.fault = lambda method, path, number: 0.02 if method == "PUT" else None
    inputs = [f"{number}.png" for number in range(4)]
    words = [*command, *BLUR, *inputs, *SMALL, "--to", "zarr", "-o", f"{bucket.url}/out/", "--no-clobber", "-j", "1"]
    variables = environment_of_store | {"AWS_ENDPOINT_URL": proxy.url}
    runs = [subprocess.Popen(words, env=variables, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert sum(int(line.partition(" done")[0].rpartition(" ")[2]) for line in said) == 4, said
    subprocess.run([*command, *BLUR, *inputs, *SMALL, "--to", "zarr", "-o", "out/", "-q"], check=True)
    assert stored(bucket, "out/") == below(folder / "out")


# ---- failures ---------------------------------------------------------------------------------------


@STORE
def test_a_chunk_that_fails_leaves_nothing(imfilter, bucket, proxy):
    save("a.png", 1)
    save("b.png", 2)
    words = *BLUR, "a.png", "b.png", *SMALL, "--to", "zarr", "-o", f"{bucket.url}/out/", "-q", "-j", "1"
    proxy.fault = lambda method, path, number: "403" if method == "PUT" and path.endswith("/a.zarr/c/2/3") else None
    ended = imfilter(*words, through=proxy)
    why = "cannot be written: the store answered 403 (access denied)"
    assert (ended.returncode, ended.stderr) == (1, f"imfilter: {bucket.url}/out/a.zarr: {why}\n")
    assert {key.split("/")[1] for key in bucket.written()} == {"b.zarr"}


@STORE
@pytest.mark.thorough
def test_a_store_that_takes_no_object_loses_none(imfilter, bucket, proxy):
    save("in.png")
    words = *BLUR, "in.png", *SMALL, "-o", f"{bucket.url}/out.zarr", "-q"
    well(imfilter(*words))
    before = bucket.written()
    proxy.fault = lambda method, path, number: "403" if method == "PUT" else None
    assert imfilter(*words, "--gain", "2", through=proxy).returncode == 1
    proxy.fault = lambda method, path, number: "403" if "?delete" in path else None
    assert imfilter(*words, "--gain", "2", through=proxy).returncode == 1
    bucket.delete(f"out.zarr/{UNFINISHED}")
    assert bucket.written() == before


@STORE
@pytest.mark.each("ending", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_write_is_no_zarr_and_is_written_by_the_next_run(
    command, environment_of_store, imfilter, bucket, folder, proxy, ending
):
    save("in.png")
    words = *BLUR, "in.png", *SMALL, "--pyramid", "-q", "-o"
    well(imfilter(*words, "out.zarr"))
    for place in ("zarr.json", "0/zarr.json", "0/c/0/0"):
        bucket.put(f"out.zarr/{place}", b"of an older one")
    proxy.fault = lambda method, path, number: 0.2 if method == "PUT" else None
    variables = environment_of_store | {"AWS_ENDPOINT_URL": proxy.url}
    with subprocess.Popen([*command, *words, f"{bucket.url}/out.zarr"], env=variables, stderr=subprocess.PIPE) as run:
        while run.poll() is None and len(puts(proxy)) < 12:
            time.sleep(0.005)
        run.send_signal(ending)
        assert run.wait() != 0
    proxy.settle()
    left = stored(bucket, "out.zarr/")
    assert UNFINISHED in left and not any(place.endswith("zarr.json") for place in left)
    well(imfilter(*words, f"{bucket.url}/out.zarr"))
    assert stored(bucket, "out.zarr/") == below(folder / "out.zarr")
    proxy.requests.clear()


@STORE
@pytest.mark.thorough
def test_killed_at_any_moment_it_is_whole_or_no_zarr(command, environment_of_store, imfilter, bucket, folder, proxy):
    save("in.png")
    words = "in.png", *SMALL, "--pyramid", "-q", "-o"
    whole = []
    for name, sigma in (("one.zarr", "1"), ("other.zarr", "3")):
        well(imfilter("blur", "--sigma", sigma, *words, name))
        whole.append(below(folder / name))
    proxy.fault = lambda method, path, number: 0.03
    draw, variables = np.random.default_rng(4), environment_of_store | {"AWS_ENDPOINT_URL": proxy.url}
    for number in range(20):
        proxy.requests.clear()
        called = [*command, "blur", "--sigma", ("1", "3")[number % 2], *words, f"{bucket.url}/out.zarr"]
        with subprocess.Popen(called, env=variables) as run:
            count = int(draw.integers(1, 50))
            while run.poll() is None and len(proxy.requests) < count:
                time.sleep(0.002)
            run.send_signal(signal.SIGKILL)
        proxy.settle()
        left = stored(bucket, "out.zarr/")
        left.pop(UNFINISHED, None)
        assert "zarr.json" not in left or left in whole
        for level in range(3):
            found, *wholes = (
                {place: data for place, data in each.items() if place.startswith(f"{level}/")}
                for each in (left, *whole)
            )
            assert f"{level}/zarr.json" not in found or found in wholes


@STORE
@pytest.mark.thorough
def test_what_breaks_is_tried_again(imfilter, bucket, folder, proxy):
    save("in.png")
    seen = set()

    def fault(method, path, number):
        first = (method, path) not in seen
        seen.add((method, path))
        changes = method in ("PUT", "POST")
        return (None, "cut", "lost", "503")[number % 4] if first and changes else None

    proxy.fault = fault
    for place in (".zgroup", "0/.zarray", "0/0.0"):
        bucket.put(f"out.zarr/{place}", b"")
    words = *BLUR, "in.png", *SMALL, "-o"
    well(imfilter(*words, f"{bucket.url}/out.zarr", through=proxy))
    well(imfilter(*words, "out.zarr"))
    assert stored(bucket, "out.zarr/") == below(folder / "out.zarr")


@pytest.mark.needs("the extra cluster")
@STORE
@pytest.mark.thorough
def test_workers_of_a_cluster_write_zarrs(imfilter, bucket, folder):
    (folder / "in").mkdir()
    for number in range(4):
        save(f"in/{number}.png", number)
    save("large.png", side=600)
    well(imfilter("conv", "--kernel", "1", "large.png", *SMALL, "-o", "in/large.zarr"))
    words = *BLUR, "in/", *SMALL, "--to", "zarr", "-q", "-o"
    well(imfilter(*words, f"{bucket.url}/out/", "--cluster", "local:2"))
    well(imfilter(*words, "out/"))
    assert stored(bucket, "out/") == below(folder / "out")


# ---- refusals ---------------------------------------------------------------------------------------


@pytest.mark.each(
    "words, line",
    [
        (["{}/x.zarr/a.png", "-o", "{}/x.zarr"], "{}/x.zarr: holds {}/x.zarr/a.png, which this call reads; choose"),
        (["{}/x.zarr", "-o", "{}/x.zarr/o.zarr"], "{}/x.zarr/o.zarr: lies in {}/x.zarr, which this call reads; choose"),
        (["{}/x.zarr", "-o", "{}/x.zarr"], "{}/x.zarr: is an input, which is never overwritten; choose another"),
        (["{}/x.zarr", "--in-place"], "--in-place: {}/x.zarr is not a file that can be replaced"),
        (
            ["{}/f-1.zarr/a.gif", "--to", "zarr", "-o", "{}/", "--name", "f-{frame}{suffix}"],
            "{}/f-{frame}.zarr: holds {}/f-1.zarr/a.gif, which this call reads; choose another name",
        ),
        (["https://example.org/a.png", "-o", "https://example.org/x.zarr"], "https://example.org/x.zarr: https:// is"),
        (["a.png", "-o", "{}/x.zarr", "--preserve-times"], "--preserve-times cannot be used with {}/x.zarr: the time"),
    ],
)
@STORE
def test_what_would_replace_what_is_read_is_refused_before_it_begins(refused, words, line):
    save("a.png")
    said = refused(2, *BLUR, *(word.replace("{}", "s3://bucket") for word in words))
    assert said.startswith("imfilter: " + line.replace("{}", "s3://bucket"))


@STORE
def test_no_output_lies_in_another(refused):
    save("a.png")
    said = refused(2, "edges", "a.png", "-o", "s3://bucket/x.zarr", "--angle", "s3://bucket/x.zarr/angle.png")
    why = "lies in s3://bucket/x.zarr, another output; choose another name"
    assert said == f"imfilter: s3://bucket/x.zarr/angle.png: {why}"


# ---- by parts ---------------------------------------------------------------------------------------


class Store:
    """Objects below ``s3://bucket/x.zarr``, and what happened to them."""

    def __init__(self, monkeypatch, *there):
        self.there, self.fails = {"": b"", **dict.fromkeys(there, b"old")}, ()
        self.held = self.most = 0
        self._lock = threading.Lock()
        monkeypatch.setattr(objects, "listed", lambda folder: (Found(place, 1, "") for place in [*self.there]))
        monkeypatch.setattr(objects, "put", self.put)
        monkeypatch.setattr(objects, "delete", self.delete)

    def put(self, target, data):
        place, size = target.name.removeprefix("s3://bucket/x.zarr/"), sum(map(len, data))
        with self._lock:
            self.held += size
            self.most = max(self.most, self.held)
        time.sleep(0.002)
        with self._lock:
            self.held -= size
            if place in self.fails:
                raise StoreError("fails")
            if target.create and place in self.there:
                raise AlreadyThereError("exists")
            self.there[place] = b"".join(data)
        return ""

    def delete(self, folder, places):
        assert folder == "s3://bucket/x.zarr" and all(places)
        for place in places:
            if f"delete {place}" in self.fails:
                raise StoreError("fails")
            self.there.pop(place, None)


FILES = [("0/c/0", [b"new"]), ("0/zarr.json", [b"{}"]), ("zarr.json", [b"{ }"])]
NEW = {"": b"", "0/c/0": b"new", "0/zarr.json": b"{}", "zarr.json": b"{ }"}


def parcel(files=FILES, **more):
    return FolderParcel(Destination("s3://bucket/x.zarr", **more), files)


def test_pieces_of_a_spool_are_read_when_their_turn_comes(monkeypatch):
    store = Store(monkeypatch)
    with Spool(None) as spool:
        for number in range(100):
            spool.append([bytes([number]) * 1000])
        parts = spool.parts([(at, at + 1000) for at in range(0, 100_000, 1000)])
        files = [(f"c/{number}", [part]) for number, part in enumerate(parts)]
        whole = parcel([*files, ("zarr.json", [b"{}"])])
        assert whole.size == 100_002
        whole.put()
        assert 1000 < store.most <= IN_FLIGHT * 1000  # several at a time
        assert all(store.there[f"c/{number}"] == bytes([number]) * 1000 for number in range(100))
        monkeypatch.setattr(stored_folder, "_room", Room(2500))
        store.most = 0
        parcel([*files, ("zarr.json", [b"{}"])]).put()
        assert 0 < store.most <= 2500


@STORE
def test_a_streamed_picture_is_never_read_as_a_whole(run, monkeypatch, folder):
    store, spooled = Store(monkeypatch), []
    monkeypatch.setattr(reader, "STREAMED_BYTES", 0)
    monkeypatch.setattr(stored_folder, "pieces", lambda parts: spooled.extend(parts) or pieces(parts))
    save("in.png", side=300)
    for name in ("s3://bucket/x.zarr", "x.zarr"):
        assert run(*BLUR, "in.png", "--chunks", "32", "--pyramid", "-q", "-o", name).code == 0
    del store.there[""]
    assert store.there == below(folder / "x.zarr")
    assert sum(isinstance(part, Piece) for part in spooled) == len([place for place in store.there if "/c/" in place])
    assert 0 < store.most < sum(map(len, store.there.values())) / 4


@pytest.mark.each("there", [(), ("zarr.json", "0/zarr.json", "0/c/0", "0/c/1"), (".zgroup", "x/.zarray", "x/0.0")])
@pytest.mark.each("fails", ["0/c/0", "0/zarr.json", "zarr.json", "delete 0/c/1", "delete zarr.json", UNFINISHED])
def test_whatever_fails_no_mark_lies_and_the_next_run_succeeds(monkeypatch, there, fails):
    store = Store(monkeypatch, *there)
    old, store.fails = store.there.copy(), (fails,)
    failed = fails.partition("delete ")[2] in there or not fails.startswith("delete")
    if failed:
        with pytest.raises(StoreError):
            parcel().put()
        marks = {place: data for place, data in store.there.items() if stored_folder._is_mark(place)}
        assert not marks or all(store.there.get(place) == data for place, data in old.items())
        if not there:
            assert store.there == old
    store.fails = ()
    parcel().put()
    assert store.there == NEW


def test_with_create_the_objects_of_another_run_stay(monkeypatch):
    store = Store(monkeypatch)
    parcel().put()
    with pytest.raises(AlreadyThereError):
        parcel([(name, [b"other"]) for name, _ in FILES], create=True).put()
    assert store.there == NEW
    slow = parcel(create=True)
    monkeypatch.setattr(objects, "listed", lambda folder: ())  # the other run was not done yet
    with pytest.raises(AlreadyThereError):
        slow.put()
    assert store.there == NEW
    store.fails = ("0/zarr.json",)
    with pytest.raises(StoreError, match="fails"):
        parcel(create=True).put()
    assert store.there == NEW | {UNFINISHED: b""}


def test_an_object_that_is_missed_keeps_no_other_from_being_removed(monkeypatch):
    there = {"x.zarr/a", "x.zarr/c", "x.zarr"}

    class Library:
        @staticmethod
        def delete(store, keys):
            for key in keys:
                if key not in there:
                    raise FileNotFoundError(key)
                there.remove(key)

    monkeypatch.setattr(objects, "library", lambda name: Library)
    monkeypatch.setattr(objects, "opened", lambda name: (None, "x.zarr"))
    objects.delete("s3://bucket/x.zarr", ["a", "b", "c"])
    assert there == {"x.zarr"}


def test_a_spool_that_cannot_be_read_is_a_failure_of_the_output(monkeypatch):
    store = Store(monkeypatch)
    spool = Spool(None)
    spool.append([b"data"])
    (part,) = spool.parts()
    os.ftruncate(spool._file.fileno(), 1)
    with pytest.raises(FileError, match=r"x\.zarr: cannot be written: input/output error"):
        outbox.send([parcel([("c/0", [part]), ("zarr.json", [b"{}"])])])
    assert store.there == {"": b""}
