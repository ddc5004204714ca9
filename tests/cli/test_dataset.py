"""`imfilter dataset`: what data sets hold, their figures and faults; converted, split and shown."""

import json
import re
import struct

import numpy as np
import pytest
from imfilter.cli.dataset import show
from PIL import Image

RNG = np.random.default_rng(16)
LABELS = np.array([5, 0, 4, 1, 9, 2, 1], np.uint8)


def picture(path, size=(6, 8), channels=3, dtype=np.uint8):
    """Write noise, and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, np.iinfo(dtype).max + 1, (*size, channels)[: 3 if channels > 1 else 2], dtype)
    Image.fromarray(pixels).save(path)
    return pixels


def idx(path, array):
    """Write an IDX file."""
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes())


@pytest.fixture
def pets(folder):
    """Two classes of four pictures; what belongs to no class lies beside them."""
    arrays = {
        f"{kind}/{number}.png": picture(folder / "pets" / kind / f"{number}.png")
        for kind in ("dog", "Cat")
        for number in range(4)
    }
    (folder / "pets" / "birds").mkdir()
    (folder / "pets" / "birds" / "words.txt").write_text("none yet")
    picture(folder / "pets" / ".thumbs" / "0.png")
    picture(folder / "pets" / "loose.png")
    return arrays


@pytest.fixture
def digits(folder):
    images = RNG.integers(0, 256, (7, 5, 4), np.uint8)
    idx(folder / "t10k-images-idx3-ubyte", images)
    idx(folder / "t10k-labels-idx1-ubyte", LABELS)
    return images


# ---- info -------------------------------------------------------------------------------------------


def test_info_of_a_folder_of_classes(ok, pets):
    found = json.loads(ok("dataset", "info", "pets", "--json"))
    assert found["kind"] == "folder of classes"
    assert list(found["classes"].items()) == [("Cat", 4), ("dog", 4)]  # in byte order
    assert found["sizes"] == [[8, 6, 8]]
    assert (found["images"], found["channels"], found["depth"]) == (8, {"RGB": 8}, {"8": 8})
    assert found["left_out"] == {
        "pets/birds": "holds no images",
        "pets/.thumbs": "is hidden",
        "pets/loose.png": "is not in a class folder",
    }


def test_info_adds_up_what_differs(ok, folder):
    picture(folder / "a" / "x" / "0.png")
    picture(folder / "a" / "x" / "1.png", (9, 7), 1)
    picture(folder / "a" / "y" / "deep" / "2.png", (9, 7), 4)
    picture(folder / "a" / "y" / "3.png", (3, 3), 1, np.uint16)
    lines = [line.split(None, 1) for line in ok("dataset", "info", "a").decode().splitlines()]
    assert ["images", "4"] in lines
    assert ["sizes", "7×9 (2), 8×6 (1), 3×3 (1)"] in lines
    assert ["channels", "gray (2), RGB (1), RGB with alpha (1)"] in lines
    assert ["depth", "8 (3), 16 (1)"] in lines
    size = sum(path.stat().st_size for path in (folder / "a").rglob("*.png"))
    assert ["bytes", str(size)] in lines


def test_info_of_a_container_and_its_labels(ok, digits):
    found = json.loads(ok("dataset", "info", "t10k-images-idx3-ubyte", "--json"))
    assert found["kind"] == "IDX"
    assert (found["images"], found["sizes"], found["channels"]) == (7, [[4, 5, 7]], {"gray": 7})
    assert found["classes"] == {"0": 1, "1": 2, "2": 1, "4": 1, "5": 1, "9": 1}
    assert found["labels"] == "t10k-labels-idx1-ubyte"
    assert found["bytes"] == 16 + 7 * 20 + 8 + 7


def test_the_page_on_json_names_all_keys(ok, run, documented, folder, digits):
    picture(folder / "set" / "train" / "a" / "train.png")
    (folder / "set" / "train" / "a" / "bad.png").write_bytes(b"no picture")
    named = documented("`imfilter dataset info --json`")
    for name in ("set", "t10k-images-idx3-ubyte"):
        assert json.loads(run("dataset", "info", name, "--json").out).keys() <= named
    found = json.loads(ok("dataset", "stats", "t10k-images-idx3-ubyte", "--json", "--per-image"))
    assert {key for one in (found, *found["figures"]) for key in one} <= named
    for name, keep in (("set", "--keep"), ("t10k-images-idx3-ubyte", "-q")):
        output = "out/" if name == "set" else "out-images-idx3-ubyte"
        run("augment", name, "-r", "-o", output, keep, "--manifest", "m.jsonl", "rotate --angle 0..9")
        lines = [json.loads(line) for line in (folder / "m.jsonl").read_text().splitlines()]
        assert lines
        for line in lines:
            assert line.keys() | {key for step in line["steps"] for key in step if key == "filter"} <= documented(
                "The manifest of `imfilter augment`"
            )


def test_info_of_parts_and_of_containers_in_a_folder(ok, folder, digits):
    for part in ("train", "test"):
        picture(folder / "set" / part / "a" / f"{part}.png")
    found = [json.loads(line) for line in ok("dataset", "info", "set", "--json").splitlines()]
    assert [each["part"] for each in found] == ["test", "train"]
    (folder / "raw").mkdir()
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (folder / name).rename(folder / "raw" / name)
    found = json.loads(ok("dataset", "info", "raw", "--json"))
    assert (found["kind"], found["images"], len(found["classes"])) == ("IDX", 7, 6)


def test_info_tells_of_files_that_cannot_be_read(run, folder, pets):
    path = folder / "pets" / "dog" / "1.png"
    path.write_bytes(path.read_bytes()[:60])
    ended = run("dataset", "info", "pets", "--json")
    assert ended.code == 1
    assert json.loads(ended.out)["images"] == 7
    assert ended.err.startswith("imfilter: pets/dog/1.png: is damaged or truncated")


def test_emnist_is_told_to_be_transposed(ok, folder, digits):
    (folder / "t10k-images-idx3-ubyte").rename(folder / "emnist-letters.idx")
    assert "flip --op transpose" in ok("dataset", "info", "emnist-letters.idx").decode()


@pytest.mark.each("command", ["info", "stats"])
def test_what_is_no_data_set_is_refused(refused, folder, command):
    (folder / "words.txt").write_text("words")
    (folder / "empty").mkdir(exist_ok=True)
    assert "nosuch: no such file" in refused(1, "dataset", command, "nosuch")
    assert "words.txt: is neither an image of a known format" in refused(1, "dataset", command, "words.txt")
    (folder / "cut.bin").write_bytes(bytes(3072))
    (folder / "nothing.png").touch()
    assert "cut.bin: is neither a CIFAR file" in refused(1, "dataset", command, "cut.bin")
    assert "nothing.png: is empty" in refused(1, "dataset", command, "nothing.png")
    assert "empty: no images found" in refused(2, "dataset", command, "empty")
    assert "standard input" in refused(2, "dataset", command, "-")
    said = ": this command takes local files only; copy it here first"
    assert refused(2, "dataset", command, "S3://pets/") == f"imfilter: S3://pets/{said}"
    assert "unknown option --jsn" in refused(2, "dataset", command, "empty", "--jsn")


def test_an_unknown_command_is_refused(refused):
    assert "unknown command 'dataset nosuch'; use one of info, stats" in refused(2, "dataset", "nosuch")
    assert "did you mean 'stats'?" in refused(2, "dataset", "stat")


def test_without_a_command_the_help_goes_to_standard_error(run):
    ended = run("dataset")
    assert (ended.code, ended.out) == (2, b"")
    assert "Usage: imfilter dataset" in ended.err


# ---- stats ------------------------------------------------------------------------------------------


def test_stats_are_those_of_all_pixels(ok, pets):
    found = json.loads(ok("dataset", "stats", "pets", "--per-image", "--json"))
    assert (found["images"], found["pixels"], found["white"]) == (8, 8 * 48, 255)
    pixels = np.stack([*pets.values()])
    whole, own = found["figures"]
    np.testing.assert_allclose(whole["mean"], pixels.mean((0, 1, 2)) / 255, rtol=1e-14)
    np.testing.assert_allclose(whole["std"], pixels.std((0, 1, 2)) / 255, rtol=1e-14)
    np.testing.assert_allclose(whole["levels"]["std"], pixels.std((0, 1, 2)), rtol=1e-14)
    np.testing.assert_allclose(own["mean"], pixels.mean((0, 1, 2)) / 255, rtol=1e-14)
    np.testing.assert_allclose(own["std"], pixels.std((1, 2)).mean(0) / 255, rtol=1e-14)


def test_stats_of_images_of_several_sizes_depths_and_channels(run, folder):
    arrays = [
        picture(folder / "a" / "0.png"),
        picture(folder / "a" / "1.png", (30, 20), 1),
        picture(folder / "a" / "2.png", (5, 5), 1, np.uint16),
    ]
    scaled = [np.broadcast_to(np.atleast_3d(a), (*a.shape[:2], 3)) / np.iinfo(a.dtype).max for a in arrays]
    pixels = np.concatenate([a.reshape(-1, 3) for a in scaled])
    ended = run("dataset", "stats", "a", "--per-image", "--json")
    assert ended.lines == ["imfilter: 2 gray images count as RGB"]
    whole, own = json.loads(ended.out)["figures"]
    np.testing.assert_allclose(whole["mean"], pixels.mean(0), rtol=1e-14)
    np.testing.assert_allclose(whole["std"], pixels.std(0), rtol=1e-13)
    np.testing.assert_allclose(own["mean"], np.mean([a.mean((0, 1)) for a in scaled], 0), rtol=1e-13)
    np.testing.assert_allclose(own["std"], np.mean([a.std((0, 1)) for a in scaled], 0), rtol=1e-13)


def test_stats_are_exact(ok, folder):
    """The deviation of one level in 400 000 white pixels is lost in sums of floats."""
    white = np.full((100, 64, 64), 255, np.uint8)
    white[0, 0, 0] = 254
    idx(folder / "a.idx", white)
    (figures,) = json.loads(ok("dataset", "stats", "a.idx", "--json"))["figures"]
    share = 1 / white.size
    assert figures["levels"]["std"] == pytest.approx([(share * (1 - share)) ** 0.5], rel=1e-14)


def test_the_step_of_stats_normalizes(ok, folder, digits):
    text = ok("dataset", "stats", "t10k-images-idx3-ubyte").decode()
    step = next(line for line in text.splitlines() if line.startswith("  normalize"))
    ok("chain", "t10k-images-idx3-ubyte", "-o", "n-idx3-ubyte", step)
    data = (folder / "n-idx3-ubyte").read_bytes()
    values = np.frombuffer(data, ">f4", offset=16)
    assert values.size == digits.size
    assert abs(values.mean()) < 1e-4 and abs(values.std() - 1) < 1e-4
    assert f"{digits.mean():.4f}" in text


def test_stats_of_floats(ok, refused, folder):
    values = RNG.normal(0.5, 0.1, (9, 7)).astype(np.float32)
    np.save("a.npy", values)
    (figures,) = json.loads(ok("dataset", "stats", "a.npy", "--json"))["figures"]
    np.testing.assert_allclose(figures["std"], [values.std(dtype=np.float64)], rtol=1e-9)
    values[3, 4] = np.nan
    np.save("a.npy", values)
    assert "a.npy" in refused(1, "dataset", "stats", "a.npy")


def test_stats_say_what_they_leave_out_and_refuse(run, refused, folder, pets):
    picture(folder / "b" / "0.png", channels=4)
    assert run("dataset", "stats", "b").lines == ["imfilter: the alpha of 1 image is left out"]
    np.save("a.npy", RNG.integers(0, 256, (9, 7, 5), np.uint8))
    assert "has 5 channels, but others have 3" in refused(1, "dataset", "stats", "pets", "a.npy")
    (folder / "pets" / "dog" / "1.png").write_bytes(b"")
    assert refused(1, "dataset", "stats", "pets") == "imfilter: pets/dog/1.png: is empty"


# ---- check ------------------------------------------------------------------------------------------


@pytest.fixture
def faults(run):
    """Check; return the faults that are printed, and be sure of the exit code."""

    def faults(*words):
        ended = run("dataset", "check", *words)
        *found, last = ended.out.decode().splitlines()
        assert ended.code == bool(found)
        assert ended.err == ""
        assert f" checked, {len(found)} fault" in last
        return found

    return faults


def test_check_finds_nothing_where_all_is_well(faults, run, folder, digits):
    for number in range(4):
        picture(folder / "a" / "xy"[number % 2] / f"{number}.png")
    assert faults("a") == []
    assert run("dataset", "check", "a").out == b"4 images checked, 0 faults found\n"
    idx(folder / "t10k-labels-idx1-ubyte", np.array([0, 1, 2, 0, 1, 2, 0], np.uint8))
    assert faults("t10k-images-idx3-ubyte") == []


def test_check_finds_files_that_cannot_be_read(faults, folder):
    for number in range(4):
        picture(folder / "a" / "x" / f"{number}.png")
    path = folder / "a" / "x" / "1.png"
    path.write_bytes(path.read_bytes()[:-20])
    (folder / "a" / "x" / "3.png").write_bytes(b"")
    one, other = faults("a")
    assert one.startswith("a/x/1.png: is damaged or truncated")
    assert other == "a/x/3.png: is empty"


def test_check_of_a_shard_goes_on_behind_what_cannot_be_read(faults, ok, folder):
    for number in range(6):
        picture(folder / "a" / "xy"[number % 2] / f"{number}.png")
    path = folder / "a" / "x" / "0.png"
    path.write_bytes(path.read_bytes()[:-20])
    twin = folder / "a" / "y" / "3.png"
    twin.write_bytes((folder / "a" / "x" / "4.png").read_bytes())
    ok("dataset", "convert", "a", "-o", "a.tar")
    damaged, copy = faults("a.tar")
    assert damaged.startswith("a.tar: x/0.png: is damaged or truncated")
    assert copy == "a.tar: x/4.png: is a copy of a.tar: y/3.png, in another class (y and x)"


def test_check_finds_odd_files(faults, folder):
    for number in range(20):
        picture(folder / "a" / "x" / f"{number:02}.png")
    picture(folder / "a" / "x" / "gray.png", channels=1)
    picture(folder / "a" / "x" / "large.png", (6, 9))
    (folder / "a" / "x" / "00.png").rename(folder / "a" / "x" / "00.jpg")
    exif = Image.Exif()
    exif[0x112] = 6
    Image.fromarray(RNG.integers(0, 256, (8, 6, 3), np.uint8)).save(folder / "a" / "x" / "side.jpg", exif=exif)
    frames = [Image.fromarray(RNG.integers(0, 256, (6, 8, 3), np.uint8)) for _ in range(3)]
    frames[0].save(folder / "a" / "x" / "film.png", save_all=True, append_images=frames[1:])
    assert faults("a") == [
        "a/x/00.jpg: is PNG, but its extension is .jpg",
        "a/x/film.png: has 3 frames; other programs read only the first, or fail",
        "a/x/side.jpg: is on its side for readers that ignore EXIF (orientation 6)",
        "a/x/gray.png: is gray; 23 of 24 images are RGB",
        "a/x/large.png: is 9×6; 23 of 24 images are 8×6",
    ]


def test_check_finds_stripes_and_mixed_modes(faults, folder):
    for number in range(5):
        picture(folder / "a" / "x" / f"{number}.png", (20 + number, 10), 1 if number > 2 else 3)
    picture(folder / "a" / "x" / "stripe.png", (90, 10), 1)
    assert faults("a") == ["a: has images of RGB (3), gray (3)", "a/x/stripe.png: is 10×90, a stripe"]


def test_check_finds_copies_within_and_across_classes_and_parts(faults, folder):
    for part, kind, number in (("train", "x", 0), ("train", "x", 1), ("train", "y", 2), ("test", "x", 3)):
        picture(folder / "a" / part / kind / f"{number}.png")
    data = (folder / "a" / "train" / "x" / "0.png").read_bytes()
    for place in ("train/x/9.png", "train/y/9.png", "test/x/9.png", "test/y/9.png"):
        path = folder / "a" / place
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    assert faults("a") == [
        "a/test/y/9.png: is a copy of a/test/x/9.png, in another class (x and y)",
        "a/train/x/0.png: is a copy of a/test/x/9.png, in another part",
        "a/train/x/9.png: is a copy of a/test/x/9.png, in another part",
        "a/train/y/9.png: is a copy of a/test/x/9.png, in another class (x and y) and another part",
    ]
    assert faults("a/train") == [
        "a/train/x/9.png: is a copy of a/train/x/0.png",
        "a/train/y/9.png: is a copy of a/train/x/0.png, in another class (x and y)",
    ]
    (folder / "a/train/y").rename(folder / "a/train/y\n\x1b[31m")
    assert faults("a/train")[1].endswith(r"in another class (x and y\n\x1b[31m)")


def test_check_finds_empty_and_hidden_classes(faults, pets):
    assert faults("pets") == [
        "pets/.thumbs: is a class that is hidden",
        "pets/birds: is a class that holds no images",
        "pets/loose.png: is not in a class folder",
    ]
    assert faults("pets", "--classes", "3")[-1] == "pets: has 2 classes, not 3"


def test_check_finds_labels_that_do_not_belong(faults, folder, digits):
    assert faults("t10k-images-idx3-ubyte") == ["t10k-labels-idx1-ubyte: has no images of the classes 3, 6, 7, 8"]
    found = faults("t10k-images-idx3-ubyte", "--classes", "6")
    assert found[0] == "t10k-labels-idx1-ubyte: label 9 is out of range 0 to 5 (1 image)"
    digits[4] = digits[1]
    idx(folder / "t10k-images-idx3-ubyte", digits)
    assert faults("t10k-images-idx3-ubyte")[0] == (
        "t10k-images-idx3-ubyte: #4: is a copy of t10k-images-idx3-ubyte: #1, in another class (0 and 9)"
    )
    idx(folder / "t10k-labels-idx1-ubyte", LABELS[:4])
    assert faults("t10k-images-idx3-ubyte") == [
        "t10k-labels-idx1-ubyte: holds 4 labels, but t10k-images-idx3-ubyte has 7 images"
    ]
    (folder / "t10k-labels-idx1-ubyte").unlink()
    assert faults("t10k-images-idx3-ubyte")[-1] == "t10k-images-idx3-ubyte: has no labels"
    (folder / "t10k-images-idx3-ubyte").write_bytes(b"\0\0\10\3")
    assert len(faults("t10k-images-idx3-ubyte")) == 1


def test_a_data_set_that_is_named_twice_is_no_copy_of_itself(refused, pets):
    assert refused(2, "dataset", "check", "pets", "./pets/").endswith("./pets/: is the same as pets; name it once")


def test_an_empty_part_is_a_fault_and_no_end(faults, ok, refused, folder):
    picture(folder / "a" / "train" / "x" / "0.png")
    (folder / "a" / "val" / "x").mkdir(parents=True)
    assert faults("a") == ["a/val: holds no images"]
    assert [json.loads(line)["images"] for line in ok("dataset", "info", "a", "--json").splitlines()] == [1, 0]
    (folder / "a" / "train" / "x" / "0.png").unlink()
    assert refused(2, "dataset", "stats", "a") == "imfilter: a: no images found"


@pytest.mark.each("length", range(1, 400, 7))
def test_a_film_that_is_cut_off_is_one_fault_at_most(run, folder, length):
    frames = [Image.fromarray(np.full((6, 8), 40 * number, np.uint8)) for number in range(3)]
    (folder / "a" / "x").mkdir(parents=True, exist_ok=True)
    path = folder / "a" / "x" / "0.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    path.write_bytes(path.read_bytes()[:length])
    ended = run("dataset", "check", "a")
    assert (ended.code, ended.err) == (1, "")
    assert len(ended.out.splitlines()) == 2


# ---- show -------------------------------------------------------------------------------------------


def cells(path, lines, columns):
    """Return the cells of a sheet, without the lines between them."""
    sheet = np.asarray(Image.open(path))
    height, width = ((side - 1) // count for side, count in zip(sheet.shape, (lines, columns), strict=False))
    return [
        [sheet[y * height + 9 : (y + 1) * height, x * width + 9 :][:, : width - 9] for x in range(columns)]
        for y in range(lines)
    ]


def enlarged(pixels):
    factor = 128 // max(pixels.shape[:2])
    return pixels.repeat(factor, 0).repeat(factor, 1)


def test_show_draws_a_line_for_each_class(ok, folder, digits):
    assert ok("dataset", "show", "t10k-images-idx3-ubyte", "-o", "s.png") == b"7 images -> s.png\n"
    found = cells("s.png", 6, 2)
    order = [[1], [3, 6], [5], [2], [0], [4]]  # those labelled 0, 1, 2, 4, 5, 9
    for line, numbers in enumerate(order):
        for column, number in enumerate(numbers):
            expected = enlarged(digits[number])
            height, width = expected.shape
            np.testing.assert_array_equal(found[line][column][:height, :width], expected)
            assert found[line][column][height:].min() < 50  # the label
        assert all((cell == 255).all() for cell in found[line][len(numbers) :])
    ok("dataset", "show", "t10k-images-idx3-ubyte", "-o", "one.png", "--per-class", "1")
    assert cells("one.png", 6, 1)[1][0].shape == found[1][0].shape


def test_show_draws_colours_depths_and_transparency(ok, folder):
    colour = picture(folder / "a" / "x" / "0.png")
    deep = picture(folder / "a" / "y" / "1.png", (6, 8), 1, np.uint16)
    clear = picture(folder / "a" / "z" / "2.png", channels=4)
    ok("dataset", "show", "a", "-o", "s.png")
    found = [line[0] for line in cells("s.png", 3, 1)]
    share = clear[..., 3:] / 255
    for cell, expected in zip(
        found, (colour, (deep / 257)[..., None] * np.ones(3), clear[..., :3] * share + 255 * (1 - share)), strict=True
    ):
        expected = enlarged(np.floor(expected + 0.5).astype(np.uint8))
        np.testing.assert_array_equal(cell[: len(expected), : expected.shape[1]], expected)


def test_show_reduces_what_is_large_and_breaks_lines_without_classes(ok, folder):
    for number in range(10):
        picture(folder / "a" / f"{number}.png", (300, 500))
    ok("dataset", "show", "a", "-o", "s.png")
    found = cells("s.png", 2, 8)
    assert np.ptp(found[1][1][:76, :128]) > 0 and (found[1][2] == 255).all()


def test_show_refuses_what_it_cannot_draw(refused, folder, pets, digits):
    assert "a sheet needs a format" in refused(2, "dataset", "show", "t10k-images-idx3-ubyte", "-o", "s.idx")
    np.save("a.npy", RNG.integers(0, 256, (9, 7, 5), np.uint8))
    assert "a.npy: #0: has 5 bands" in refused(1, "dataset", "show", "a.npy", "-o", "s.png")
    assert "pets/dog/1.png" in refused(1, "dataset", "show", "pets/dog/1.png", "-o", "pets/dog/1.png")
    (folder / "pets" / "dog" / "1.png").write_bytes(b"")
    assert refused(1, "dataset", "show", "pets", "-o", "s.png") == "imfilter: pets/dog/1.png: is empty"
    assert not (folder / "s.png").exists()


STEPS = ("rotate --angle -40..40", "tone --gamma 0.5..2 --p 0.7", "noise --sigma 3..9 | none")


def test_variants_on_a_sheet_are_those_that_augment_writes(run, folder, pets, monkeypatch):
    seen, drawn = [], show._sheet
    monkeypatch.setattr(show, "_sheet", lambda *words: seen.append(words[:2]) or drawn(*words))
    assert run("augment", "pets", "-r", "-o", "more/", "--variants", 3, "--keep", "--seed", 5, *STEPS).code == 0
    run("dataset", "show", "pets", "-o", "a.png", "--per-class", "2", "--variants", 3, "--seed", 5, *STEPS)
    (samples, across), names = seen[0], sorted(path.name for path in (folder / "pets" / "Cat").iterdir())[:2]
    assert across is None
    assert [sample.line for sample in samples] == [(4 * line, 0) for line in range(4) for _ in range(4)]
    for at, (label, name) in enumerate((label, name) for label in ("Cat", "dog") for name in names):
        assert samples[4 * at].texts == (label, name)
        for variant in range(4):
            with Image.open(folder / "more" / label / f"{name[:-4]}-{variant:02}.png") as image:
                np.testing.assert_array_equal(samples[4 * at + variant].pixels, image)
            if variant:
                assert samples[4 * at + variant].texts[0].startswith(f"{variant}: rotate ")
    run("dataset", "show", "pets/dog/1.png", "-o", "a.png", *STEPS)
    samples, across = seen[1]
    assert (len(samples), across) == (13, 4)


def test_variants_by_a_policy_are_told_by_name(run, folder, pets, monkeypatch):
    seen, drawn = [], show._sheet
    monkeypatch.setattr(show, "_sheet", lambda *words: seen.append(words[0]) or drawn(*words))
    assert run("dataset", "show", "pets/dog/1.png", "-o", "a.png", "--variants", 60, "trivial-augment").code == 0
    told = {" ".join(sample.texts).split(":")[-1].strip() for sample in seen[0][1:]}
    assert any(re.fullmatch(r"tone brightness \d\S*", text) for text in told) and "tone equalize" in told


def test_a_sheet_of_variants_is_drawn(ok, refused, folder, pets):
    assert ok("dataset", "show", "pets/dog/1.png", "-o", "a.png", *STEPS) == b"13 images -> a.png\n"
    with Image.open("a.png") as sheet:
        assert (sheet.mode, sheet.width > 4 * 128) == ("RGB", True)
    before = (folder / "a.png").read_bytes()
    assert "require a step" in refused(2, "dataset", "show", "pets", "-o", "a.png", "--variants", 3)
    assert "no image to show" in refused(2, "dataset", "show", "-o", "a.png", *STEPS)
    assert "step 1 (rotate): " in refused(2, "dataset", "show", "pets", "-o", "a.png", "rotate --angle x..3")
    assert "pets/Cat/0.png: the part of" in refused(1, "dataset", "show", "pets", "-o", "a.png", "crop --size 20..30")
    assert (folder / "a.png").read_bytes() == before


# ---- names of classes -------------------------------------------------------------------------------


@pytest.fixture
def listed(folder):
    (folder / "names.txt").write_text("dog\n\nbird\nCat \n")
    return "names.txt"


def test_a_file_fixes_the_names_and_the_order_of_classes(ok, run, folder, pets, digits, listed):
    found = json.loads(ok("dataset", "info", "pets", "--classes", listed, "--json"))
    assert [*found["classes"].items()] == [("dog", 4), ("bird", 0), ("Cat", 4)]
    run("dataset", "convert", "pets", "-o", "p.npz", "--classes", listed)
    with np.load("p.npz") as arrays:
        assert arrays["labels"].tolist() == [0] * 4 + [2] * 4
        np.testing.assert_array_equal(arrays["images"][4], pets["Cat/0.png"])
    (folder / "ten.txt").write_text("".join(f"digit {number}\n" for number in range(10)))
    run("dataset", "convert", "t10k-images-idx3-ubyte", "-o", "d/", "--classes", "ten.txt", "--subset", "0")
    assert [path.name for path in (folder / "d").iterdir()] == [f"digit {LABELS[0]}"]
    assert run("dataset", "show", "pets", "-o", "s.png", "--classes", listed).code == 0
    lines = run("dataset", "check", "pets", "--classes", listed).out.decode().splitlines()
    assert "pets: has no images of class bird" in lines


def test_lists_that_do_not_fit_are_refused(refused, folder, pets, digits, listed):
    info = ("dataset", "info", "--classes")
    (folder / "one.txt").write_text("dog\n")
    (folder / "twice.txt").write_text("dog\nCat\ndog\n")
    (folder / "empty.txt").write_text("\n")
    (folder / "binary.txt").write_bytes(b"\xff\xfe")
    assert "the class Cat is not in the list" in refused(2, *info, "one.txt", "pets")
    assert "names the class dog twice" in refused(1, *info, "twice.txt", "pets")
    assert "names no classes" in refused(1, *info, "empty.txt", "pets")
    assert "is not a list of class names" in refused(1, *info, "binary.txt", "pets")
    assert "nosuch.txt: no such file" in refused(1, *info, "nosuch.txt", "pets")
    np.savez("less.npz", images=np.zeros((2, 3, 4), np.uint8), labels=[-1, 0])
    assert "has the label -1, which no class can have" in refused(2, *info, listed, "less.npz")
    assert "has labels up to 9, but --classes lists 3 classes" in refused(2, *info, listed, "t10k-images-idx3-ubyte")
    assert "has no classes to name" in refused(2, *info, listed, "pets/dog/0.png")
