"""Masks of images: numbers of classes that go where the pixels go, and never mix."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

RNG = np.random.default_rng(5)
PALETTE = [0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255]
SHAPE = 40, 60


@pytest.fixture
def masked(folder):
    """Two photographs with masks of four classes, one with a palette and one in gray."""
    for name in ("a.png", "cat/b.jpg"):
        Path("photos", name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RNG.integers(0, 256, (*SHAPE, 3), np.uint8)).save(f"photos/{name}")
    Path("masks/cat").mkdir(parents=True)
    labels = RNG.integers(0, 4, SHAPE, np.uint8)
    palette = Image.fromarray(labels, "P")
    palette.putpalette(PALETTE)
    palette.save("masks/a.png")
    Image.fromarray(labels).save("masks/cat/b.png")
    return labels


def moved(*words):
    return (*words, "--masks", "masks", "--masks-out", "mo/")


def of(path):
    with Image.open(path) as found:
        return found.mode, np.asarray(found)


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_palettes_and_grays_stay_what_they_are(ok, masked, folder):
    ok("flip", "photos", "-r", "-q", "-o", "out/", *moved())
    assert {*files(folder / "mo")} == {"a.png", "cat/b.png"}
    for name, mode in (("a.png", "P"), ("cat/b.png", "L")):
        found = of(f"mo/{name}")
        assert found[0] == mode and np.array_equal(found[1], masked[:, ::-1])
    with Image.open("mo/a.png") as found:
        assert found.getpalette() == PALETTE


def test_16_and_1_bit_masks_keep_their_depth(ok, masked):
    deep = RNG.integers(0, 65536, SHAPE, np.uint16)
    Image.fromarray(deep).save("masks/a.png")
    Image.fromarray(masked > 1).save("masks/cat/b.png")
    ok("rotate", "photos", "-r", "-q", "-o", "out/", "--angle", "90", "--expand", *moved(), "--mask-fill", "1")
    mode, found = of("mo/a.png")
    assert mode == "I;16" and np.array_equal(found, np.rot90(deep, -1))
    mode, found = of("mo/cat/b.png")
    assert mode == "1" and np.array_equal(found, np.rot90(masked > 1, -1))


@pytest.mark.parametrize("words", ["blur --sigma 3", "edges", "noise", "tone --brightness 2", "morph --op dilate"])
def test_what_moves_nothing_leaves_masks_as_they_are(ok, masked, words):
    ok(*words.split(), "photos", "-r", "-q", "-o", "out/", *moved())
    assert np.array_equal(of("mo/a.png")[1], masked)


@pytest.mark.parametrize("fill", ["0", "255"])
def test_no_number_appears_that_was_not_there(ok, masked, fill):
    steps = "rotate --angle 17 --expand", "resize --size 91,53", "blur --sigma 2", "affine --shear 9,4 --scale 0.8"
    ok("chain", "photos", "-r", "-q", "-o", "out/", *moved(), "--mask-fill", fill, *steps)
    for name in ("a.png", "cat/b.png"):
        _, found = of(f"mo/{name}")
        assert found.shape == of(f"out/{name}".replace("b.png", "b.jpg"))[1].shape[:2] == (53, 91)
        assert {*np.unique(found)} == {0, 1, 2, 3, int(fill)}
    with Image.open("mo/a.png") as found:
        assert found.mode == "P" and found.getpalette()[:12] == PALETTE


def test_variants_have_masks_and_boxes_of_their_own(ok, masked, folder):
    Path("labels/cat").mkdir(parents=True)
    Path("labels/a.txt").write_text("1 0.5 0.5 0.2 0.2\n")
    Path("labels/classes.txt").write_text("dog\ncat\n")
    beside = ("--boxes", "labels", "--boxes-out", "lo/")
    steps = "flip --p 0.5", "crop --area 0.5..1 --place 0..1,0..1", "resize --size 33"
    call = ("augment", "photos", "-r", "-q", "--variants", "3", "--keep", *moved(), *beside)
    ok(*call, "-o", "out/", "--manifest", "m.jsonl", *steps)
    assert {*files(folder / "mo")} == {f"{stem}-0{n}.png" for stem in ("a", "cat/b") for n in range(4)}
    assert {*files(folder / "lo")} == {f"{s}-0{n}.txt" for s in ("a", "cat/b") for n in range(4)} | {"classes.txt"}
    assert np.array_equal(of("mo/a-00.png")[1], masked)
    assert Path("lo/a-00.txt").read_text() == "1 0.500000 0.500000 0.200000 0.200000\n"
    assert Path("lo/classes.txt").read_text() == "dog\ncat\n"
    for line in Path("m.jsonl").read_text().splitlines()[1:4]:
        drawn = json.loads(line)
        words = [" ".join(f"--{k} {','.join(map(str, v)) if isinstance(v, list) else v}".replace("--filter ", "")
                 for k, v in step.items()) for step in drawn["steps"]]  # fmt: skip
        alone = ("photos/a.png", "-q", "--masks", "masks", "--masks-out", "mo2/", "-o", "two.png")
        ok("chain", *alone, *words, "--boxes", "labels", "--boxes-out", "lo2/")
        name = Path(drawn["output"]).stem
        assert np.array_equal(of("mo2/two.png")[1], of(f"mo/{name}.png")[1])
        assert Path("lo2/two.txt").read_text() == Path(f"lo/{name}.txt").read_text()


def test_masks_are_found_and_written_by_stems(ok, masked, folder):
    ok("flip", "photos/cat/b.jpg", "-q", "-o", "new.png", "--masks", "masks/cat", "--masks-out", "mo")
    assert {*files(folder / "mo")} == {"new.png"}
    ok("flip", "photos", "-r", "-q", "-o", "out/", "--name", "{stem}.flip.png", *moved())
    assert {*files(folder / "mo")} == {"new.png", "a.flip.png", "cat/b.flip.png"}


def test_masks_of_another_size_are_refused(run, masked, folder):
    Image.fromarray(masked[:-1]).save("masks/cat/b.png")
    ended = run("flip", "photos", "-r", "-q", "-o", "out/", *moved())
    assert ended.code == 1
    assert ended.lines == ["imfilter: masks/cat/b.png: has 60×39 pixels, but the image has 60×40"]
    assert {*files(folder / "mo")} == {"a.png"} and {*files(folder / "out")} == {"a.png"}


def test_a_mask_of_a_photograph_that_exif_turns_is_turned_already(ok, refused, masked):
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open("photos/a.png") as image:
        image.save("t.jpg", exif=exif)
    Image.fromarray(masked).save("masks/t.png")
    call = ("flip", "t.jpg", "-q", "-o", "out.png", *moved())
    assert refused(1, *call) == (
        "imfilter: masks/t.png: has 60×40 pixels, but the image has 40×60, rotated as its EXIF says; "
        "rotate the mask too"
    )
    upright = np.rot90(masked, -1)
    Image.fromarray(upright).save("masks/t.png")
    ok(*call)
    assert np.array_equal(of("mo/out.png")[1], upright[:, ::-1])


def test_what_is_no_mask_is_refused(refused, masked, folder):
    call = ("flip", "photos/a.png", "-q", "-o", "out/", *moved())
    Image.fromarray(masked).convert("RGBA").save("masks/a.png")
    assert "masks/a.png: has transparency" in refused(1, *call)
    Image.fromarray(masked).save("masks/a.png", "BMP")
    assert "masks/a.png: is not a PNG" in refused(1, *call)
    Path("masks/a.png").write_bytes(Path("photos/a.png").read_bytes()[:99])
    assert "masks/a.png: is damaged" in refused(1, *call)
    Image.fromarray(masked).save("masks/a.png")
    assert "holds numbers up to 255; --mask-fill 256" in refused(1, *call, "--mask-fill", "256")
    assert not (folder / "out").exists() or not files(folder / "out")


def test_a_missing_mask_is_told_before_the_work(refused, masked, folder):
    call = ("flip", "photos", "-r", "-q", "-o", "out/", *moved())
    Path("masks/cat/b.png").unlink()
    assert refused(2, *call) == "imfilter: photos/cat/b.jpg: has no mask masks/cat/b.png"
    Path("masks/a.png").unlink()
    line = refused(2, *call)
    assert line == "imfilter: photos/a.png: has no mask masks/a.png; 1 other image has none either"
    assert not (folder / "out").exists()


WRONG = {
    "--masks masks": "--masks requires --masks-out",
    "--masks-out mo": "--masks-out requires --masks",
    "--mask-fill 3": "--mask-fill requires --masks",
    "--masks none --masks-out mo": "--masks none: no such folder",
    "--masks masks --masks-out mo --mask-fill -1": "--mask-fill: '-1' is not a whole number from 0 to 65535",
    "--masks masks --masks-out mo --no-clobber": "--masks cannot be used with --no-clobber, which mixes old and new "
    "files; use --update",
    "--masks masks --masks-out masks": "masks/a.png: is the mask or the boxes of an input, which is never overwritten; "
    "choose another name",
    "--masks masks --masks-out out": "out/a.png: would hold two outputs of photos/a.png; give each its own "
    "folder, or add "
    "--name '{stem}.{output}'",
    "--masks masks --masks-out photos/a.png/": "photos/a.png/: photos/a.png is not a folder",
    "--masks masks --masks-out mo --name {stem}-{frame}.png": "--masks and --boxes need one output per image; "
    "use --name without {frame}",
}


@pytest.mark.each("words, said", WRONG.items())
def test_wrong_calls_are_refused_before_the_work(refused, masked, folder, words, said):
    before = files(folder)
    assert refused(2, "flip", "photos", "-r", "-q", "-o", "out/", *words.split()) == f"imfilter: {said}"
    assert files(folder) == before


def test_in_place_and_pipes_are_refused(refused, masked):
    line = refused(2, "flip", "photos", "-r", "--in-place", *moved())
    assert line == "imfilter: --masks cannot be used with --in-place: a repeated call would move them again"
    assert "need files" in refused(2, "flip", "photos/a.png", "-o", "-", *moved())
    assert "one picture per image" in refused(2, "edges", "photos/a.png", "--magnitude", "m.png", *moved())


def test_two_images_with_one_mask_are_refused(refused, masked):
    Path("photos/a.jpg").write_bytes(Path("photos/cat/b.jpg").read_bytes())
    line = refused(2, "flip", "photos", "-q", "-o", "out/", *moved())
    assert line.startswith("imfilter: mo/a.png: would hold two outputs, of photos/a.jpg and of photos/a.png")


def test_update_looks_at_masks_too(run, ok, masked, folder):
    call = ("flip", "photos", "-r", "-o", "out/", "--update", *moved())
    assert run(*call).lines[-1].startswith("imfilter: 2 done, 0 skipped")
    assert run(*call).lines[-1].startswith("imfilter: 0 done, 2 skipped")
    assert run(*call, "--mask-fill", "9").lines[-1].startswith("imfilter: 2 done, 0 skipped")
    assert run(*call, "--mask-fill", "9").lines[-1].startswith("imfilter: 0 done, 2 skipped")
    Path("mo/a.png").unlink()
    assert run(*call, "--mask-fill", "9").lines[-1].startswith("imfilter: 1 done, 1 skipped")
    Image.fromarray(masked[::-1].copy()).save("masks/cat/b.png")
    assert run(*call, "--mask-fill", "9").lines[-1].startswith("imfilter: 1 done, 1 skipped")
    assert np.array_equal(of("mo/cat/b.png")[1], masked[::-1, ::-1])


def test_dry_runs_and_json_and_make_name_them(ok, masked, folder):
    call = ("flip", "photos/a.png", "-o", "out.png", *moved())
    assert "photos/a.png -> mo/out.png" in ok(*call, "--dry-run").decode().splitlines()
    assert not (folder / "mo").exists()
    line = json.loads(ok(*call, "--json", "--depfile", "a.d").splitlines()[0])
    assert line["outputs"] == {"image": "out.png", "mask": "mo/out.png"}
    assert Path("a.d").read_text().splitlines()[0] == "out.png mo/out.png: photos/a.png masks/a.png"


def test_several_frames_are_refused(refused, masked):
    frames = [Image.new("L", (9, 9), n) for n in (0, 99)]
    frames[0].save("photos/f.gif", save_all=True, append_images=frames[1:])
    Image.new("L", (9, 9)).save("masks/f.png")
    line = refused(1, "flip", "photos/f.gif", "-o", "out.gif", *moved())
    assert line == "imfilter: photos/f.gif: has several frames; masks and boxes belong to one; choose it with --frame N"


def test_data_sets_are_refused(refused, masked):
    np.savez("set.npz", x_train=np.zeros((3, 9, 9), np.uint8))
    Image.new("L", (9, 9)).save("masks/set.png")
    call = ("set.npz", "-o", "out.npz", *moved())
    assert "has several frames; masks and boxes belong to one" in refused(1, "flip", *call)
    line = refused(2, "augment", *call, "flip --p 0.5")
    assert line == "imfilter: set.npz: is a data set; masks and boxes need each image in its own file"


def test_pictures_that_moved_apart_and_were_mixed_have_no_mask(ok, refused, masked):
    call = ("mix", "photos/a.png", "-q", "-o", "out.png", *moved(), "--weights", "0.5,0.5", "--branches")
    line = refused(2, *call, "none + rotate --angle 12")
    assert line == "imfilter: --masks: positions in the result of mix are not positions in the image"
    ok(*call, "none + blur --sigma 2")
    assert np.array_equal(of("mo/out.png")[1], masked)


def test_nothing_is_written_where_one_of_the_files_cannot_be(refused, masked, folder, monkeypatch):
    Path("mo").mkdir()
    Path("mo/a.png").mkdir()
    refused(1, "flip", "photos/a.png", "-q", "-o", "out/", *moved())
    assert not files(folder / "out")
