"""`imfilter augment` of data sets: variants side by side in one file, with their labels, and replayed one by one."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.batch import image_job
from imfilter.cli.images import idx, stack
from PIL import Image

from .test_augment import as_words, manifest

STEPS = (
    "flip --p 0.5",
    "affine --angle -10..10 --translate -2..2,-2..2",
    "tone --contrast 0.6..1.4 | noise | none",
    "tone --depth 8",
)


@pytest.fixture
def photos(rgb):
    """Six cuts of a picture."""
    big = np.asarray(Image.fromarray(rgb).resize((96, 64)))
    return np.stack([big[y : y + 32, x : x + 32] for y in (0, 32) for x in (0, 32, 64)])


def write_idx(name, images, labels=None):
    for path, array in ((name, images), (name.replace("images", "labels").replace("idx3", "idx1"), labels)):
        if array is not None:
            sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
            Path(path).write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes())


def read_idx(name):
    data = Path(name).read_bytes()
    header = idx.header_of(data)
    return np.frombuffer(data, np.uint8, offset=header.length).reshape(header.sizes)


def kinds(photos):
    """Write the photographs as each kind of data set; return what to read, what to write, and how that is read."""
    labels, gray = np.array([3, 1, 4, 1, 5, 9], np.uint8), photos.mean(axis=3).astype(np.uint8)
    write_idx("a-images-idx3-ubyte", gray, labels)
    records = np.concatenate([labels[:, None], photos.transpose(0, 3, 1, 2).reshape(6, -1)], axis=1)
    Path("data_batch_1.bin").write_bytes(records.tobytes())
    np.save("a.npy", photos)
    np.savez("a.npz", x_train=photos, y_train=labels)

    def of_cifar(name):
        found = np.fromfile(name, np.uint8).reshape(-1, 3073)
        return found[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), found[:, 0]

    def of_npz(name):
        found = np.load(name)
        return found["x_train"], found["y_train"]

    def of_idx(name):
        return read_idx(name), read_idx(name.replace("images-idx3", "labels-idx1"))

    return labels, [
        ("a-images-idx3-ubyte", "b-images-idx3-ubyte", of_idx),
        ("data_batch_1.bin", "b.bin", of_cifar),
        ("a.npz", "b.npz", of_npz),
        ("a.npy", "b.npy", lambda name: (np.load(name), None)),
    ]


@pytest.mark.parametrize("kind", range(4))
def test_variants_stand_side_by_side_and_each_is_replayed(ok, folder, photos, kind):
    labels, found = kinds(photos)
    source, output, read = found[kind]
    ok("augment", "-q", source, "-o", output, "--variants", "3", "--keep", "--manifest", "m.jsonl", *STEPS)
    images, own = read(output)
    assert len(images) == 24 and (own is None or np.array_equal(own, np.repeat(labels, 4)))
    assert np.array_equal(images[::4], read(source)[0])
    assert len({image.tobytes() for image in images}) > 20
    lines = manifest()
    assert [line["frame"] for line in lines] == [*range(24)]
    assert [line["variant"] for line in lines] == [*range(4)] * 6
    assert [line["label"] for line in lines] == [None if own is None else int(label) for label in np.repeat(labels, 4)]
    assert [line["name"] for line in lines[::4]] == [source + (f"#{n}" if n else "") for n in range(6)]
    for line in lines:
        steps = [as_words(step) for step in line["steps"]]
        ok("chain", "-q", source, "--frame", str(line["source_frame"]), "-o", "one.npy", *steps)
        assert np.array_equal(np.load("one.npy"), images[line["frame"]]), line


def test_a_variant_is_the_same_whatever_else_is_made(ok, folder, photos, monkeypatch):
    kinds(photos)
    ok("augment", "-q", "a.npy", "-o", "four.npy", "--variants", "4", "-j", "1", *STEPS)
    ok("augment", "-q", "a.npy", "-o", "two.npy", "--variants", "2", "-j", "2", *STEPS)
    four, two = np.load("four.npy"), np.load("two.npy")
    assert np.array_equal(four.reshape(6, 4, 32, 32, 3)[:, :2], two.reshape(6, 2, 32, 32, 3))
    monkeypatch.setattr(stack, "TOGETHER", 1)
    ok("augment", "-q", "a.npy", "-o", "again.npy", "--variants", "4", *STEPS)
    assert Path("again.npy").read_bytes() == Path("four.npy").read_bytes()
    ok("augment", "-q", "a.npy", "-o", "out/", "--name", "{frame}-{variant}.png", "--variants", "4", *STEPS)
    for number in range(24):
        with Image.open(f"out/{number // 4}-{number % 4 + 1}.png") as found:
            assert np.array_equal(np.asarray(found), four[number])


def test_images_with_one_recipe_are_filtered_together(ok, folder, photos, monkeypatch):
    kinds(photos)
    seen = []
    original = image_job.ImageProcessor._computed

    def counted(self, job, picture, *how):
        seen.append(picture.images)
        return original(self, job, picture, *how)

    monkeypatch.setattr(image_job.ImageProcessor, "_computed", counted)
    ok("augment", "-q", "a.npy", "-o", "b.npy", "flip --p 0.5", "blur --sigma 1")
    assert sum(seen) == 6 and len(seen) <= 4


def test_a_manifest_is_written_of_what_is_current(ok, run, folder, photos):
    kinds(photos)
    call = ("augment", "a.npz", "-o", "b.npz", "--variants", "2", "--update", "crop --area 0.5 --ratio 0.9..1.1")
    call = (*call, "resize --size 20")
    ok(*call, "-q", "--manifest", "m.jsonl")
    assert b'"status": "skipped"' in ok(*call, "--json", "--manifest", "n.jsonl")
    assert Path("m.jsonl").read_bytes() == Path("n.jsonl").read_bytes()


@pytest.mark.each(
    "options, said",
    [
        (("crop --size 5..9",), "its variants would differ in size, such as 5×5 and 6×6"),
        (("crop --size 9", "--keep"), "as 9×9 and 32×32"),
        (("crop --size 9 --p 0.5",), "as 9×9 and 32×32"),
        (("crop --size 9 | none",), "as 9×9 and 32×32"),
        (("rotate --angle -20..20 --expand",), "end with resize --size or crop --size"),
        (("crop --size 40",), "is larger than the image"),
    ],
)
def test_variants_of_several_sizes_are_refused_before_the_work(run, folder, photos, options, said, monkeypatch):
    kinds(photos)
    monkeypatch.setattr(image_job.ImageProcessor, "_computed", None)
    ended = run("augment", "a.npz", "-o", "b.npz", *options)
    assert ended.code == 1 and said in ended.err and not Path("b.npz").exists()


def test_other_sizes_are_made_alike_at_the_end(ok, folder, photos):
    kinds(photos)
    ok(
        "augment",
        "-q",
        "a.npy",
        "-o",
        "b.npy",
        "rotate --angle -20..20 --expand",
        "resize --size 16",
        "--variants",
        "2",
    )
    assert np.load("b.npy").shape == (12, 16, 16, 3)


def test_samples_of_shards_keep_their_files(ok, run, documented, folder, photos):
    with tarfile.open("a.tar", "w") as shard:
        for number, image in enumerate(photos):
            file = io.BytesIO()
            Image.fromarray(image[: 32 - number]).save(file, "PNG")
            parts = {"png": file.getvalue(), "seg.png": file.getvalue(), "cls": b"%d" % (number % 3)}
            for field, data in parts.items():
                info = tarfile.TarInfo(f"train/{number:04}.{field}")
                info.size = len(data)
                shard.addfile(info, io.BytesIO(data))
    call = ("augment", "a.tar", "-o", "b.tar", "--variants", "2", "crop --area 0.2..1 --ratio 1/2..2", "--update")
    ok(*call, "-q", "--manifest", "m.jsonl")
    with tarfile.open("b.tar") as found:
        files = {member.name: found.extractfile(member).read() for member in found}
    fields = ("png", "seg.png", "cls")
    assert [*files] == [f"train/{n:04}-{v:02}.{field}" for n in range(6) for v in (1, 2) for field in fields]
    assert [files[f"train/{n:04}-02.cls"] for n in range(6)] == [b"0", b"1", b"2"] * 2
    lines = manifest()
    assert len(lines) == 24 and {line["label"] for line in lines} == {0, 1, 2}
    assert {key for line in lines for key in line} <= documented("The manifest of `imfilter augment`")
    for line in lines:
        if not line["member"].endswith("seg.png"):
            ok("chain", "-q", "a.tar", "--frame", line["source_frame"], "-o", "one.png", *map(as_words, line["steps"]))
            with Image.open("one.png") as one, Image.open(io.BytesIO(files[line["member"]])) as made:
                assert np.array_equal(np.asarray(one), np.asarray(made))
        else:
            image, other = (
                Image.open(io.BytesIO(files[name])) for name in (line["member"], line["member"][:-7] + "png")
            )
            assert np.array_equal(np.asarray(image), np.asarray(other))
    assert b'"status": "skipped"' in ok(*call, "--json", "--manifest", "n.jsonl")
    assert [json.loads(line) for line in Path("n.jsonl").read_text().splitlines()] == lines


@pytest.mark.each(
    "options, said",
    [
        (("-o", "b.png"), "choose one with --frame N"),
        (("-o", "out/", "--to", "png"), "--name '{stem}-{frame:03}.png'"),
        (("-o", "out/", "--name", "{stem}-{variant}"), "unknown field {variant}"),
    ],
)
def test_files_that_hold_one_are_refused(run, folder, photos, options, said):
    kinds(photos)
    ended = run("augment", "a.npy", *options, "--variants", "2", "flip")
    assert ended.code and said in ended.err


def test_a_data_set_from_a_pipe_is_refused(run, folder, photos):
    kinds(photos)
    ended = run("augment", "-", "-o", "b.npy", "flip", stdin=Path("a.npy").read_bytes())
    assert ended.code == 1 and "from a file, not from standard input" in ended.err


def test_digits_are_not_mirrored_without_a_word(run, folder):
    images, said = np.zeros((20, 28, 28), np.uint8), "leave out flip if they are"
    write_idx("a-images-idx3-ubyte", images, np.arange(20) % 10)
    call = ("augment", "a-images-idx3-ubyte", "-o", "b-images-idx3-ubyte", "--variants", "3")
    assert run(*call, "flip --p 0.5").err.count(said) == 1
    assert said not in run(*call, "rotate --angle -5..5").err
    write_idx("a-images-idx3-ubyte", images, np.arange(20) % 9)
    assert said not in run(*call, "flip --p 0.5").err
    write_idx("a-images-idx3-ubyte", images[:, :27], np.arange(20) % 10)
    assert said not in run(*call, "flip --p 0.5").err
