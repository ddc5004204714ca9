"""Zarr and OME-Zarr: folders that are pictures, read and written in rows of chunks."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import imfilter
import numpy as np
import pytest
from imfilter.cli.images import memory_budget, pyramid, reader
from imfilter.cli.images.zarr import codec
from imfilter.cli.images.zarr.layout import Layout
from imfilter.cli.images.zarr_folder import FolderBytes
from PIL import Image
from tifffile import imwrite

ZARR = pytest.importorskip("zarr")
pytestmark = pytest.mark.needs("the extra zarr")
KEEP = ("conv", "--kernel", "1", "-q")


def picture(*shape, dtype="uint8"):
    found = np.random.default_rng(4).random(shape) * (1 if dtype == "float32" else np.iinfo(dtype).max)
    return found.astype(dtype)


def save(name, samples, chunks=None, attributes=None, version=3, **more):
    chunks = chunks or tuple(min(side, 32) for side in samples.shape)
    array = ZARR.create_array(
        name,
        shape=samples.shape,
        chunks=chunks,
        dtype=samples.dtype,
        zarr_format=version,
        attributes=attributes,
        **more,
    )
    array[...] = samples
    return samples


def load(name):
    return ZARR.open_array(name, mode="r")[...]


@pytest.fixture
def streamed(monkeypatch):
    monkeypatch.setattr(reader, "STREAMED_BYTES", 0)


@pytest.mark.each("dtype", ["uint8", "uint16", "float32", ">u2", "int16"])
@pytest.mark.each("version", [2, 3])
def test_an_array_is_read_as_the_same_picture_in_another_format(ok, dtype, version):
    samples = (picture(70, 90) % 99).astype(dtype)
    save("in.zarr", samples, version=version)
    np.save("in.npy", samples)
    for filter in (["blur"], ["resize", "--width", 31], ["tone", "--op", "equalize"]):
        for name in ("in.zarr", "in.npy"):
            ok(*filter, "-q", name, "-o", f"{name}.out.npy")
        assert np.array_equal(np.load("in.zarr.out.npy"), np.load("in.npy.out.npy"))
    shutil.rmtree("in.zarr")


AXES = [
    ((50, 60), "yx", (0, 1)),
    ((50, 60, 3), "yxc", (0, 1, 2)),
    ((3, 50, 60), "cyx", (1, 2, 0)),
    ((60, 50), "xy", (1, 0)),
    ((1, 3, 1, 50, 60), "tczyx", (3, 4, 1)),
    ((1, 50, 60), ("wavelength", "y", "x"), (1, 2)),
]


@pytest.mark.each("case", AXES)
@pytest.mark.each("way", ["dimension_names", "xarray", "ome 0.5", "ome 0.4"])
def test_axes_are_found_by_their_names(ok, case, way):
    shape, axes, order = case
    samples, names = picture(*shape), list(axes)
    if way == "dimension_names":
        save("in.zarr", samples, dimension_names=names)
    elif way == "xarray":
        save("in.zarr", samples, version=2, attributes={"_ARRAY_DIMENSIONS": names})
    else:
        scales = {"multiscales": [{"axes": [{"name": name} for name in names], "datasets": [{"path": "s0"}]}]}
        version = 3 if way == "ome 0.5" else 2
        ZARR.create_group("in.zarr", zarr_format=version, attributes={"ome": scales} if version == 3 else scales)
        save("in.zarr/s0", samples, version=version)
        save("in.zarr/s1", samples[..., ::2, ::2], version=version)
    ok(*KEEP, "in.zarr", "-o", "out.png")
    left = [at for at in range(len(shape)) if at not in order]
    expected = samples.transpose(*left, *order).reshape([shape[at] for at in order])
    assert np.array_equal(np.asarray(Image.open("out.png")), expected)
    shutil.rmtree("in.zarr")


FRAMES = [
    ((3, 70, 50), "tyx", "tyx"),
    ((3, 70, 50), "zyx", "zyx"),
    ((2, 3, 70, 50), "tzyx", "tzyx"),
    ((2, 3, 70, 50), "ztyx", "tzyx"),
    ((2, 3, 4, 70, 50), "tczyx", "tczyx"),
    ((3, 70, 50, 3), "zyxc", "czyx"),
]


@pytest.mark.each("case", FRAMES)
@pytest.mark.each("shards", [[], ["--shard-size", "64"]])
@pytest.mark.each("copies", [[], ["--pyramid"]])
def test_frames_go_along_the_axes_that_they_came_from(ok, case, shards, copies):
    shape, given, ome = case
    samples = save("in.zarr", picture(*shape), dimension_names=[*given])
    ok(*KEEP, "in.zarr", "-o", "out.zarr", "--chunks", "32", *shards, *copies)
    axes = ome if copies else ome.replace("c", "") + ("c" if "c" in given else "")
    whole = samples.transpose([given.index(axis) for axis in axes])
    for level in range(3 if copies else 1):
        found = ZARR.open_array(f"out.zarr/{level}" if copies else "out.zarr", mode="r")
        assert [*found.metadata.dimension_names] == [*axes]
        assert found.chunks == tuple({"y": 32, "x": 32, "c": 1 if copies else 3}.get(axis, 1) for axis in axes)
        y, x = axes.index("y"), axes.index("x")
        expected = np.moveaxis(whole, (y, x), (-2, -1))
        planes = [*expected.reshape(-1, *expected.shape[-2:])]
        for _ in range(level):
            planes = [pyramid.halved(plane[..., None])[..., 0] for plane in planes]
        height, width = planes[0].shape
        expected = np.reshape(planes, (*expected.shape[:-2], height, width))
        assert np.array_equal(found[...], np.moveaxis(expected, (-2, -1), (y, x)))
    if copies:
        [scales] = json.loads(Path("out.zarr/zarr.json").read_text())["attributes"]["ome"]["multiscales"]
        assert [axis["name"] for axis in scales["axes"]] == [*axes]
        assert [axis["type"] for axis in scales["axes"] if axis["name"] in "tc"] == [
            {"t": "time", "c": "channel"}[axis] for axis in axes if axis in "tc"
        ]
        steps = scales["datasets"][1]["coordinateTransformations"]
        assert steps[0]["scale"] == [2 if axis in "yx" else 1 for axis in axes]
        assert steps[1]["translation"] == [0.5 if axis in "yx" else 0 for axis in axes]
    ok(*KEEP, "out.zarr", "-o", "again.zarr", "--chunks", "32", *shards, *copies, "--update")
    assert files("again.zarr").keys() == files("out.zarr").keys()
    for name in ("in.zarr", "out.zarr", "again.zarr"):
        shutil.rmtree(name)


def test_pages_become_planes_and_an_animation_times(ok):
    samples = picture(4, 30, 40)
    imwrite("in.tif", samples, photometric="minisblack")
    ok(*KEEP, "in.tif", "-o", "pages.zarr")
    assert (load("pages.zarr") == samples).all()
    frames = [Image.fromarray(frame) for frame in samples]
    frames[0].save("in.webp", save_all=True, append_images=frames[1:], lossless=True, duration=[50, 60, 70, 80])
    ok(*KEEP, "in.webp", "-o", "times.zarr")
    names = [ZARR.open_array(f"{name}.zarr").metadata.dimension_names[0] for name in ("pages", "times")]
    assert names == ["z", "t"]


@pytest.mark.each(
    "other, said",
    [
        (picture(9, 40), "the same size, but two are 40×30×1 and 40×9×1"),
        (picture(30, 40, 3), "the same size, but two are 40×30×1 and 40×30×3"),
        (picture(30, 40, dtype="uint16"), "the same depth, but two are uint8 and uint16; use --depth"),
    ],
)
def test_frames_that_differ_are_not_one_array(ok, refused, other, said):
    imwrite("in.tif", picture(30, 40), photometric="minisblack")
    imwrite("in.tif", other, photometric="rgb" if other.ndim == 3 else "minisblack", append=True)
    assert said in refused(1, *KEEP, "in.tif", "-o", "out.zarr")
    assert not Path("out.zarr").exists()


def test_frames_of_two_depths_become_an_array_of_one(ok):
    imwrite("in.tif", picture(30, 40), photometric="minisblack")
    imwrite("in.tif", picture(30, 40, dtype="uint16"), photometric="minisblack", append=True)
    ok(*KEEP, "in.tif", "-o", "out.zarr", "--depth", 16)
    expected = np.stack([picture(30, 40) * np.uint16(257), picture(30, 40, dtype="uint16")])
    assert np.array_equal(load("out.zarr"), expected)


def test_times_and_planes_are_frames(ok):
    samples = save("in.zarr", picture(2, 1, 3, 20, 30), dimension_names=[*"tczyx"])
    ok(*KEEP, "in.zarr", "-o", "out.npy", "--depth", "8")
    assert np.array_equal(np.load("out.npy")[..., 0], samples.reshape(6, 20, 30))


@pytest.mark.each("axes", ["tczyx", "ztyxc", "yxcwtz", "tyx", "yxz"])
@pytest.mark.each("chunk, most", [(1, 1 << 25), (4, 1 << 25), (4, 20 * 30 * 3 * 2), (4, 1), (9, 1 << 25)])
def test_frames_of_a_chunk_are_read_together(ok, monkeypatch, axes, chunk, most):
    monkeypatch.setattr(codec, "ROOM", most)
    reads, read = [], Layout._stack
    monkeypatch.setattr(Layout, "_stack", lambda self, *given: reads.append(given[:2]) or read(self, *given))
    lengths, chunks = {"t": 3, "z": 7, "c": 3, "y": 20, "x": 30, "w": 1}, {"t": 2, "z": chunk}
    shape = [lengths[axis] for axis in axes]
    samples = picture(*shape)
    save("in.zarr", samples, chunks=[chunks.get(axis, 20) for axis in axes], dimension_names=[*axes])
    ok(*KEEP, "in.zarr", "-o", "out.npy", "--depth", "8")
    order = [axes.index(axis) for axis in "tzyxcw" if axis in axes]
    expected = samples.transpose(order).reshape(-1, 20, 30, *([3] if "c" in axes else []))
    assert np.array_equal(np.load("out.npy").reshape(expected.shape), expected)
    inner = "z" if "z" in axes else "t"
    at_once = min(chunks[inner], max(1, most // expected[0].size))
    assert max(count for _, count in reads) == min(at_once, lengths[inner])
    assert [number for number, count in reads for number in range(number, number + count)] == [*range(len(expected))]
    shutil.rmtree("in.zarr")


@pytest.mark.each("channels", [(), (3,), (5,)])
@pytest.mark.each("options", [(), ("--pyramid",), ("--chunks", "16"), ("--chunks", "16", "--shard-size", "32")])
def test_there_and_back(ok, channels, options):
    samples = save("in.zarr", picture(75, 50, *channels), dimension_names=[*"yxc"[: 2 + len(channels)]])
    ok(*KEEP, "in.zarr", "-o", "out.zarr", *options)
    ok(*KEEP, "out.zarr", "-o", "again.npy", "--depth", "8")
    assert np.array_equal(np.load("again.npy"), samples)
    if "--pyramid" not in options:
        array = ZARR.open_array("out.zarr", mode="r")
        assert np.array_equal(array[...], samples)
        assert array.chunks[:2] == ((16, 16) if options else (1024, 1024))
        assert (array.shards is not None) == ("--shard-size" in options)
    shutil.rmtree("in.zarr")
    shutil.rmtree("out.zarr")


@pytest.mark.each("channels", [(), (3,)])
@pytest.mark.each("options", [(), ("--shard-size", "32")])
def test_a_pyramid_has_levels_of_means_and_says_where_they_lie(ok, channels, options):
    samples = save("in.zarr", picture(75, 50, *channels))
    ok(*KEEP, "in.zarr", "-o", "out.zarr", "--pyramid", "--chunks", "16", *options)
    group = ZARR.open_group("out.zarr", mode="r")
    ome = group.attrs["ome"]
    (scales,) = ome["multiscales"]
    axes = ["c", "y", "x"] if channels else ["y", "x"]
    assert ome["version"] == "0.5" and [axis["name"] for axis in scales["axes"]] == axes
    expected = samples.reshape(75, 50, -1)
    for level, told in enumerate(scales["datasets"]):
        array, (scale, move) = group[told["path"]], told["coordinateTransformations"]
        assert list(array.metadata.dimension_names) == axes
        found = array[...].transpose(1, 2, 0) if channels else array[...][..., None]
        assert np.array_equal(found, expected)
        assert scale["scale"][-2:] == [2.0**level] * 2 and move["translation"][-2:] == [(2**level - 1) / 2] * 2
        expected = pyramid.halved(expected)
    assert len(scales["datasets"]) == 4
    shutil.rmtree("in.zarr")
    shutil.rmtree("out.zarr")


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@pytest.mark.each("options", [(), ("--pyramid",), ("--shard-size", "64")])
def test_streamed_and_in_memory_are_the_same_files(ok, monkeypatch, options):
    save("in.zarr", picture(201, 90), chunks=(24, 40))
    words = ("blur", "-q", "in.zarr", "--chunks", "32", *options, "-o")
    ok(*words, "whole.zarr")
    with monkeypatch.context() as patch:
        patch.setattr(reader, "STREAMED_BYTES", 0)
        ok(*words, "streamed.zarr")
    assert files("whole.zarr") == files("streamed.zarr")
    for name in ("in.zarr", "whole.zarr", "streamed.zarr"):
        shutil.rmtree(name)


@pytest.mark.parametrize("filter", [("blur", "--op", "median", "--radius", "12"), ("edges",), ("flip",)])
def test_filters_read_rows_as_they_need_them(ok, streamed, filter):
    samples = save("in.zarr", picture(300, 200))
    Image.fromarray(samples).save("in.png")
    for name in ("in.zarr", "in.png"):
        ok(*filter, "-q", name, "-o", f"{name}.out.tif")
    assert np.array_equal(np.asarray(Image.open("in.zarr.out.tif")), np.asarray(Image.open("in.png.out.tif")))


def test_in_a_folder_it_is_one_picture(ok, folder):
    for name in ("a.zarr", "deep/b.zarr"):
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        save(f"in/{name}", picture(20, 30))
    Image.fromarray(picture(9, 9)).save("in/c.png")
    ok(*KEEP, "in/", "-o", "out/", "-r")
    assert sorted(str(path.parent.relative_to("out")) for path in Path("out").rglob("zarr.json")) == [
        "a.zarr",
        "deep/b.zarr",
    ]
    assert Path("out/c.png").is_file()


def test_another_array_of_a_group_is_named_by_its_path(ok, refused):
    ZARR.create_group("in.zarr")
    one, other = save("in.zarr/one", picture(20, 30)), save("in.zarr/other", picture(9, 8))
    assert refused(1, "blur", "in.zarr", "-o", "out.png") == (
        "imfilter: in.zarr: is a Zarr group of one, other; append / and one of these names"
    )
    ok(*KEEP, "in.zarr/other", "-o", "out.png")
    assert np.array_equal(np.asarray(Image.open("out.png")), other) and one.shape != other.shape


def test_an_update_writes_what_is_missing_or_changed(ok):
    save("in.zarr", picture(50, 60))
    words = ("blur", "-q", "in.zarr", "--update", "-o", "out.zarr")
    ok(*words)
    first = Path("out.zarr").stat().st_ino
    ok(*words)
    assert Path("out.zarr").stat().st_ino == first
    ZARR.open_array("in.zarr")[0, 0] += 1
    ok(*words)
    assert Path("out.zarr").stat().st_ino != first
    assert "imfilter" in json.loads(Path("out.zarr/zarr.json").read_text())["attributes"]["software"]
    ok("blur", "-q", "in.zarr", "-o", "bare.zarr", "--no-stamp")
    assert json.loads(Path("bare.zarr/zarr.json").read_text())["attributes"] == {}


def test_bytes_of_a_folder_are_those_of_its_files():
    save("a.zarr", picture(90, 90))
    shutil.copytree("a.zarr", "b.zarr")
    one, other = FolderBytes("a.zarr"), FolderBytes("b.zarr")
    whole = one[: len(one)]
    assert len(whole) == len(one) and whole == other[: len(other)]
    assert all(data in whole for data in files("a.zarr").values())
    cuts = np.random.default_rng(0).integers(0, len(one), 40)
    for start, stop in itertools.product(cuts[:6], cuts):
        assert one[start:stop] == whole[start:stop]


HOLDS = {
    "itself": lambda: Path("in.zarr/again").symlink_to("."),
    "its parent": lambda: Path("in.zarr/parent").symlink_to(".."),
    "a pipe": lambda: os.mkfifo("in.zarr/pipe"),
    "a pipe for a chunk": lambda: (Path("in.zarr/c/0/0").unlink(), os.mkfifo("in.zarr/c/0/0")),
    "a link to nothing": lambda: Path("in.zarr/link").symlink_to("nothing"),
}


@pytest.mark.each("what", HOLDS)
def test_what_would_be_read_for_ever_is_refused(refused, what):
    save("in.zarr", picture(90, 90))
    HOLDS[what]()
    assert "imfilter: in.zarr: holds " in refused(1, "blur", "in.zarr", "-o", "out.png")
    shutil.rmtree("in.zarr")


def test_chunks_may_lie_elsewhere(ok):
    samples = save("in.zarr", picture(90, 90))
    shutil.move("in.zarr/c", "elsewhere")
    Path("in.zarr/c").symlink_to("../elsewhere")
    ok(*KEEP, "in.zarr", "-o", "out.zarr")
    assert np.array_equal(load("out.zarr"), samples)


def test_nothing_but_a_zarr_is_replaced(ok, refused, folder):
    Image.fromarray(picture(9, 9)).save("in.png")
    (folder / "full.zarr").mkdir()
    (folder / "full.zarr" / "mine.txt").write_text("mine")
    (folder / "file.zarr").write_text("mine")
    (folder / "empty.zarr").mkdir()
    save("old.zarr", picture(50, 60))
    said = refused(1, "blur", "in.png", "-o", "full.zarr")
    assert said == "imfilter: full.zarr: cannot be written: a folder that is not a zarr is there"
    refused(1, "blur", "in.png", "-o", "file.zarr")
    assert (folder / "file.zarr").read_text() == (folder / "full.zarr" / "mine.txt").read_text() == "mine"
    for name in ("empty.zarr", "old.zarr"):
        ok(*KEEP, "in.png", "-o", name)
        assert np.array_equal(load(name), picture(9, 9))


def test_what_is_read_is_not_replaced(refused):
    ZARR.create_group("in.zarr")
    save("in.zarr/a", picture(20, 30))
    before = files("in.zarr")
    refused(2, "blur", "in.zarr/a", "-o", "in.zarr/a")
    for name in ("in.zarr", "in.zarr/a"):
        assert f"--in-place: {name} is not a file that can be replaced" in refused(2, "blur", name, "--in-place")
    assert refused(2, "blur", "in.zarr", "-o", "in.zarr").endswith("is never overwritten; choose another name")
    assert "in.zarr: holds in.zarr/a, which this call reads" in refused(2, "blur", "in.zarr/a", "-o", "in.zarr")
    line = refused(2, "blur", "in.zarr/a", "-o", "in.zarr/a/c/out.png")
    assert line == "imfilter: in.zarr/a/c/out.png: lies in in.zarr/a, which this call reads; choose another name"
    assert files("in.zarr") == before


BAD = {
    "a group of nothing": lambda: ZARR.create_group("in.zarr"),
    "no metadata": lambda: Path("in.zarr").mkdir(),
    "no JSON": lambda: (Path("in.zarr").mkdir(), Path("in.zarr/zarr.json").write_text("{")),
    "two axes alike": lambda: save("in.zarr", picture(9, 9), dimension_names=["y", "y"]),
    "no columns": lambda: save("in.zarr", picture(9, 9), dimension_names=["y", "t"]),
    "four axes without names": lambda: save("in.zarr", picture(2, 2, 9, 9)),
    "no samples": lambda: save("in.zarr", picture(0, 9), chunks=(1, 1)),
    "complex": lambda: save("in.zarr", picture(9, 9).astype("complex64")),
    "a level that is not there": lambda: ZARR.create_group(
        "in.zarr", attributes={"ome": {"multiscales": [{"datasets": [{"path": "9"}]}]}}
    ),
    "a damaged chunk": lambda: (save("in.zarr", picture(9, 9)), Path("in.zarr/c/0/0").write_bytes(b"damaged")),
}


@pytest.mark.each("kind", BAD)
def test_what_is_no_picture_is_refused_in_one_line(refused, kind):
    BAD[kind]()
    assert "in.zarr: " in refused(1, "blur", "in.zarr", "-o", "out.png")
    shutil.rmtree("in.zarr")


@pytest.mark.each("shape, axes", [((9, 9), "yx"), ((2, 9, 9), "tyx")])
def test_chunks_larger_than_memory_are_refused(refused, monkeypatch, shape, axes):
    """Also those of a small picture: the library unpacks all of a chunk."""
    chunks = (*(1 for _ in shape[2:]), 20_000, 20_000)
    ZARR.create_array("in.zarr", shape=shape, chunks=chunks, dtype="float32", dimension_names=[*axes])
    monkeypatch.setattr(memory_budget, "free", lambda: 10**9)
    for words in (("blur", "in.zarr", "-o", "out.zarr"), ("info", "in.zarr")):
        assert "has 9×9 pixels and needs about 3.2 GB of memory; 1 GB are free" in refused(1, *words)
    shutil.rmtree("in.zarr")


@pytest.mark.each("size, words", [(1.6, ["--chunks", 16384]), (1.6, ["--chunks", 16384, "--shard-size", 32768])])
@pytest.mark.each("threshold", [0, reader.STREAMED_BYTES])
def test_outputs_with_chunks_larger_than_memory_are_refused(refused, folder, monkeypatch, size, words, threshold):
    save("in.zarr", picture(40, 30))
    monkeypatch.setattr(memory_budget, "free", lambda: 10**9)
    monkeypatch.setattr(reader, "STREAMED_BYTES", threshold)
    line = refused(1, "blur", "in.zarr", "-o", "out.zarr", *words)
    assert f"chunks of this size need about {size} GB of memory; 1 GB are free; smaller --chunks" in line
    assert not (folder / "out.zarr").exists()
    shutil.rmtree("in.zarr")


@pytest.mark.each(
    "words, said",
    [
        (("out.png", "--pyramid"), "are for Zarr"),
        (("out.zarr", "--chunks", "0"), "--chunks 0: use a multiple of 16"),
        (("out.zarr", "--chunks", "33"), "--chunks 33: use a multiple of 16"),
        (("out.zarr", "--chunks", "32", "--shard-size", "48"), "use a multiple of --chunks, which is 32"),
    ],
)
def test_options_that_cannot_be_are_refused(refused, words, said):
    Image.fromarray(picture(9, 9)).save("in.png")
    assert said in refused(2, "blur", "in.png", "-o", *words)


@pytest.mark.parametrize("program", [["-m", "imfilter"], ["-c", "from imfilter.cli.main import console; console()"]])
def test_a_damaged_chunk_among_many_gives_one_line(program):
    """Tasks that the library leaves behind say nothing."""
    save("in.zarr", picture(400, 400), chunks=(8, 8))
    Path("in.zarr/c/0/0").write_bytes(b"damaged")
    words = [sys.executable, *program, "blur", "in.zarr", "-o", "out.png"]
    ended = subprocess.run(words, capture_output=True, text=True)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1), ended.stderr[:2000]


def test_no_stream_is_a_zarr(refused):
    Image.fromarray(picture(9, 9)).save("in.png")
    assert "it is a stream, but a zarr is a folder" in refused(1, "blur", "in.png", "-o", "-", "--to", "zarr")


def test_without_the_library_a_line_says_what_to_install(refused, folder, monkeypatch):
    save("in.zarr", picture(9, 9))
    Image.fromarray(picture(9, 9)).save("in.png")
    monkeypatch.setitem(sys.modules, "zarr", None)
    assert refused(1, "blur", "in.zarr", "-o", "out.png") == (
        "imfilter: in.zarr: is a Zarr, which needs an extra: pip install 'imfilter[zarr]'"
    )
    assert "pip install 'imfilter[zarr]'" in refused(1, "blur", "in.png", "-o", "out.zarr")
    assert not (folder / "out.zarr").exists()


def test_a_zarr_has_its_name_when_it_is_whole(folder):
    """Killed at any moment: there is no folder of that name, or a whole one."""
    samples = save("in.zarr", picture(600, 600))
    for number in range(6):
        words = [sys.executable, "-m", "imfilter", *KEEP, "in.zarr", "-o", "out.zarr", "--chunks", "16"]
        running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while running.poll() is None and time.monotonic() < deadline:
            if any(folder.glob(".imfilter-*")) and len(list(folder.glob(".imfilter-*/c/*"))) >= 6 * number:
                break
        running.send_signal(signal.SIGKILL)
        running.wait(60)
        if (folder / "out.zarr").exists():
            assert np.array_equal(load("out.zarr"), samples)
            shutil.rmtree("out.zarr")
        for left in folder.glob(".imfilter-*"):
            shutil.rmtree(left)


@pytest.mark.peers
def test_what_dask_writes_is_read(ok):
    dask = pytest.importorskip("dask.array")
    samples = picture(70, 90)
    dask.from_array(samples, chunks=(32, 32)).to_zarr("in.zarr")
    ok(*KEEP, "in.zarr", "-o", "out.png")
    assert np.array_equal(np.asarray(Image.open("out.png")), samples)


@pytest.mark.peers
def test_what_ome_zarr_writes_is_read(ok):
    writer = pytest.importorskip("ome_zarr.writer")
    samples = picture(3, 70, 90)
    writer.write_image(samples, ZARR.open_group("in.zarr", mode="w"), axes="cyx")
    ok(*KEEP, "in.zarr", "-o", "out.png")
    assert np.array_equal(np.asarray(Image.open("out.png")), samples.transpose(1, 2, 0))


def test_python_reads_and_writes_a_zarr():
    samples = picture(30, 40, 3)
    imfilter.imwrite("out.zarr", samples)
    assert (load("out.zarr") == samples).all()
    assert (imfilter.imread("out.zarr") == samples).all()
    save("frames.zarr", picture(2, 30, 40), dimension_names=[*"zyx"])
    assert imfilter.imread("frames.zarr", frame="all").shape == (2, 30, 40)


@pytest.mark.each("words", [("blur", "--mask"), ("blend", "--other")])
def test_a_zarr_is_refused_where_a_file_is_needed(refused, words):
    name, option = words
    save("in.zarr", picture(30, 40))
    line = refused(2, name, "in.zarr", "-o", "out.png", option, "in.zarr")
    assert line == (
        f"imfilter: {option} in.zarr: is a Zarr, but only a file can be used here; convert it, for example to PNG"
    )
    shutil.rmtree("in.zarr")
