"""Large objects are fetched by parts; a Zarr in a store is the picture that its files are."""

import itertools

import numpy as np
import pytest
from imfilter.cli.images import object_bytes
from imfilter.cli.images.object_bytes import ObjectBytes
from imfilter.cli.images.picture import DecodeError
from imfilter.cli.stores import objects
from imfilter.cli.stores.failures import StoreError
from PIL import Image

in_store = pytest.mark.needs("a server of S3, and the extra stores")
zarr_in_store = pytest.mark.needs("a server of S3, and the extra stores", "the extra zarr")


def well(ended):
    assert ended.returncode == 0, ended.stderr
    return ended


@pytest.fixture
def gray():
    return np.random.default_rng(3).integers(0, 256, (200, 150), np.uint8)


# ---- blocks -----------------------------------------------------------------------------------------


class Store:
    """An object of one version, and the parts of it that were asked for."""

    def __init__(self, data, tag="1"):
        self.data, self.tag, self.parts = data, tag, []

    def get_part(self, name, start, stop, tag):
        self.parts.append((start, stop))
        if tag != self.tag:
            raise StoreError("changed", objects.PRECONDITION_FAILED)
        return self.data[start:stop]


@pytest.fixture
def store(monkeypatch):
    store = Store(bytes(range(256)) * 4)
    monkeypatch.setattr(objects, "get_part", store.get_part)
    monkeypatch.setattr(object_bytes, "BLOCK", 100)
    return store


def test_any_slice_of_an_object_is_that_of_its_bytes(store):
    data, places = ObjectBytes("s3://b/a", 1024, "1"), [0, 1, 99, 100, 101, 250, 1000, 1023, 1024, 2000]
    for start, stop in itertools.product(places, repeat=2):
        assert data[start:stop] == store.data[start:stop]
    assert (data[:], data[990:], len(data)) == (store.data, store.data[990:], 1024)


def test_consecutive_blocks_are_fetched_once_and_ahead(store):
    data = ObjectBytes("s3://b/a", 1024, "1")
    assert data[:10] == store.data[:10]
    assert sorted(store.parts) == [(0, 100)]
    for start in range(0, 1024, 10):
        data[start : start + 10]
    assert sorted(store.parts) == [(start, min(start + 100, 1024)) for start in range(0, 1024, 100)]
    assert len(data._blocks) <= object_bytes.KEPT


def test_another_version_of_an_object_is_refused(store):
    data = ObjectBytes("s3://b/a", 1024, "1")
    store.tag = "2"
    with pytest.raises(DecodeError, match="changed while it was read"):
        data[:10]


# ---- pictures ---------------------------------------------------------------------------------------


@in_store
@pytest.mark.parametrize("name", ["a.pgm", "a.npy", "a.tif", "a.png", "a.jpg"])
def test_a_picture_that_is_fetched_by_parts_is_the_same(imfilter, by_parts, bucket, folder, gray, proxy, name):
    np.save(folder / name, gray) if name.endswith(".npy") else Image.fromarray(gray).save(folder / name)
    bucket.put(name, (folder / name).read_bytes())
    well(imfilter("blur", name, "-o", "local.png"))
    well(by_parts("blur", f"{bucket.url}/{name}", "-o", "parts.png", through=proxy))
    assert (folder / "local.png").read_bytes() == (folder / "parts.png").read_bytes()
    count = sum(method == "GET" for method, _ in proxy.requests)
    assert count == 1 if name == "a.jpg" else count > 3
    well(by_parts("blur", f"{bucket.url}/{name}", "-o", f"{bucket.url}/out.png"))
    assert bucket.get("out.png") == (folder / "local.png").read_bytes()


@in_store
def test_a_large_object_is_fetched_once(by_parts, bucket, folder, gray, proxy):
    Image.fromarray(gray).save(folder / "a.pgm")
    bucket.put("a.pgm", data := (folder / "a.pgm").read_bytes())
    words = "blur", f"{bucket.url}/a.pgm", "-o", "out.png", "--update"
    well(by_parts(*words, through=proxy))
    parts = sum(method == "GET" for method, _ in proxy.requests)
    assert parts <= 1 + -(-len(data) // 4096)
    written = (folder / "out.png").stat().st_ino
    well(by_parts(*words, through=proxy))
    assert (folder / "out.png").stat().st_ino == written
    assert sum(method == "GET" for method, _ in proxy.requests) == 2 * parts
    bucket.put("a.pgm", data[:-1] + b"!")
    well(by_parts(*words))
    assert (folder / "out.png").stat().st_ino != written


@in_store
def test_an_object_that_is_replaced_while_it_is_fetched_is_refused(by_parts, bucket, folder, gray, proxy):
    Image.fromarray(gray).save(folder / "a.pgm")
    bucket.put("a.pgm", data := (folder / "a.pgm").read_bytes())

    def replacing(method, path, number):
        if number == 4:
            bucket.put("a.pgm", data[:-1] + b"!")

    proxy.fault = replacing
    ended = by_parts("blur", f"{bucket.url}/a.pgm", "-o", "out.png", through=proxy)
    line = f"imfilter: {bucket.url}/a.pgm: changed while it was read; try again when it is complete\n"
    assert (ended.returncode, ended.stderr) == (1, line)
    assert not (folder / "out.png").exists()


@in_store
@pytest.mark.parametrize("fault", ["503", "cut", "half"])
def test_a_part_that_is_lost_now_and_then_is_fetched_again(by_parts, imfilter, bucket, folder, gray, proxy, fault):
    Image.fromarray(gray).save(folder / "a.pgm")
    bucket.put("a.pgm", (folder / "a.pgm").read_bytes())
    well(imfilter("blur", "a.pgm", "-o", "local.png"))
    proxy.fault = lambda method, path, number: fault if number % 4 == 3 else None
    well(by_parts("blur", f"{bucket.url}/a.pgm", "-o", "out.png", through=proxy))
    assert (folder / "out.png").read_bytes() == (folder / "local.png").read_bytes()


@in_store
def test_a_header_takes_few_parts(by_parts, bucket, folder, gray, proxy):
    Image.fromarray(gray).save(folder / "a.png")
    bucket.put("a.png", data := (folder / "a.png").read_bytes())
    ended = well(by_parts("info", f"{bucket.url}/a.png", "--header", through=proxy))
    assert ended.stdout == f"{bucket.url}/a.png: PNG, 150×200, gray, 8 bits\n"
    assert len(data) > 4 * 4096
    assert [method for method, _ in proxy.requests] == ["HEAD", "GET", "GET"]  # its beginning, and its end


@in_store
@pytest.mark.parametrize("fault", ["404", "403", "412"])
def test_a_part_that_cannot_be_fetched_fails_the_picture_in_one_line(by_parts, bucket, folder, gray, proxy, fault):
    Image.fromarray(gray).save(folder / "a.pgm")
    bucket.put("a.pgm", (folder / "a.pgm").read_bytes())
    seen = []

    def failing(method, path, number):
        seen.append(method)
        return fault if seen.count("GET") > 4 else None

    proxy.fault = failing
    ended = by_parts("blur", f"{bucket.url}/a.pgm", "-o", "out.png", through=proxy)
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    said = {
        "404": "the store answered 404 (no such object or bucket)",
        "403": "the store answered 403 (access denied)",
        "412": "changed while it was read; try again when it is complete",
    }
    assert line == f"imfilter: {bucket.url}/a.pgm: {said[fault]}"
    assert not (folder / "out.png").exists()


# ---- Zarr -------------------------------------------------------------------------------------------


@pytest.fixture
def put(bucket, folder):
    """Write a Zarr into the folder, and its files below ``in/`` of the bucket."""

    def put(name, pixels, **options):
        import zarr

        array = zarr.create_array(folder / name, shape=pixels.shape, dtype=pixels.dtype, overwrite=True, **options)
        array[:] = pixels
        for path in (folder / name).rglob("*"):
            if path.is_file():
                bucket.put(f"in/{path.relative_to(folder).as_posix()}", path.read_bytes())
        return f"{bucket.url}/in/{name}"

    return put


@zarr_in_store
@pytest.mark.parametrize("run", ["imfilter", "by_parts"])
def test_a_zarr_in_a_store_is_the_picture_that_its_files_are(request, imfilter, bucket, folder, put, gray, run):
    run = request.getfixturevalue(run)
    name = put("a.zarr", gray, chunks=(64, 64))
    well(imfilter("blur", "a.zarr", "-o", "local.png"))
    well(run("blur", name, "-o", "stored.png"))
    well(run("blur", f"{name}/", "-o", "slash.png"))
    well(run("blur", name, "-o", f"{bucket.url}/out.png"))
    local = (folder / "local.png").read_bytes()
    assert [(folder / one).read_bytes() for one in ("stored.png", "slash.png")] == [local] * 2
    assert bucket.get("out.png") == local


@zarr_in_store
def test_zarrs_below_a_folder_are_pictures_and_update_sees_a_changed_chunk(imfilter, bucket, folder, put, gray):
    put("a.zarr", gray, chunks=(64, 64))
    put("inner/b.zarr", gray, chunks=(64, 64))
    for out in (f"{bucket.url}/out/", "out/"):
        words = "blur", f"{bucket.url}/in/", "-r", "-o", out, "--to", "png", "--update"
        assert "2 done, 0 skipped" in well(imfilter(*words)).stderr
        assert "0 done, 2 skipped" in well(imfilter(*words)).stderr
    key = "in/inner/b.zarr/c/1/1"
    bucket.put(key, bucket.get("in/inner/b.zarr/c/0/0"))
    for out in (f"{bucket.url}/out/", "out/"):
        words = "blur", f"{bucket.url}/in/", "-r", "-o", out, "--to", "png", "--update"
        assert "1 done, 1 skipped" in well(imfilter(*words)).stderr


@zarr_in_store
@pytest.mark.parametrize(("more", "times"), [([], 2), (["--no-stamp"], 1), (["--strip"], 1)])
def test_chunks_are_fetched_again_for_the_stamp_alone(imfilter, bucket, put, gray, proxy, more, times):
    name = put("a.zarr", gray, chunks=(64, 64))
    well(imfilter("blur", name, "-o", "out.png", *more, through=proxy))
    fetched = [path for method, path in proxy.requests if method == "GET" and "/c/" in path]
    others = [path for path in fetched if not path.endswith("/c/0/0")]  # whose beginning is looked at, too
    assert len(others) == times * 11 == times * len(set(others))


@zarr_in_store
def test_what_is_no_zarr_in_a_store_is_refused(imfilter, bucket, put, gray, proxy):
    name = put("a.zarr", gray, chunks=(64, 64))
    missing = imfilter("blur", f"{bucket.url}/none.zarr", "-o", "out.png")
    assert missing.returncode == 1
    assert missing.stderr == (
        f"imfilter: {bucket.url}/none.zarr: is not a Zarr: it holds none of zarr.json, .zarray, .zgroup\n"
    )
    listed = imfilter("blur", "https://example.org/a.zarr", "-o", "out.png")
    assert (listed.returncode, len(listed.stderr.splitlines())) == (1, 1)
    assert "is a Zarr, whose files https:// cannot list; copy it here first" in listed.stderr
    proxy.fault = lambda method, path, number: "403" if "c/2/1" in path else None
    denied = imfilter("blur", name, "-o", "out.png", through=proxy)
    assert denied.stderr == f"imfilter: {name}: the store answered 403 (access denied)\n"
