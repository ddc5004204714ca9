"""--update and its like: what is up to date is known by time and by parameters, and stays as it is."""

import importlib.util
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.batch import provenance, request
from imfilter.cli.images import formats
from PIL import Image


@pytest.fixture
def photos(rgb, folder):
    """A tree of three pictures, taken an hour ago."""
    (folder / "photos" / "deep").mkdir(parents=True)
    for name in ("a.png", "b.jpg", "deep/c.tif"):
        Image.fromarray(rgb).save(folder / "photos" / name)
    for path in (folder / "photos").rglob("*.*"):
        age(path)
    return folder / "photos"


def age(path, seconds=3600):
    then = path.stat().st_mtime_ns - seconds * 10**9
    os.utime(path, ns=(then, then))


@pytest.fixture
def counted(run):
    """Run a batch; return how many images it did, and how many it skipped."""

    def counted(*words):
        ended = run(*words)
        assert ended.code == 0, ended.err
        return tuple(map(int, re.search(r"(\d+) done, (\d+) skipped, 0 failed", ended.err).groups()))

    return counted


BATCH = ("blur", "photos", "-r", "-o", "out/")


def test_the_second_run_does_nothing(counted, photos, folder):
    assert counted(*BATCH, "--update") == (3, 0)
    before = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.*")}
    assert counted(*BATCH, "--update") == (0, 3)
    assert {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.*")} == before


def test_a_first_run_without_the_option_counts(counted, photos):
    counted(*BATCH)
    assert counted(*BATCH, "-u") == (0, 3)


def test_what_is_newer_is_done(counted, photos):
    counted(*BATCH)
    age(photos / "a.png", -7200)
    assert counted(*BATCH, "--update") == (1, 2)


def test_what_is_new_is_done(counted, photos):
    counted(*BATCH)
    shutil.copy(photos / "a.png", photos / "deep" / "new.png")
    assert counted(*BATCH, "--update") == (1, 3)


@pytest.mark.parametrize(
    "words",
    [("--sigma", "2"), ("--border", "wrap"), ("--depth", "8"), ("--quality", "90"), ("--strip",), ("--linear",)],
    ids=" ".join,
)
def test_other_parameters_are_other_pictures(counted, photos, words):
    counted(*BATCH)
    assert counted(*BATCH, "--update", *words)[0] == 3
    assert counted(*BATCH, "--update", *words) == (0, 3)
    assert counted(*BATCH, "--update")[0] == 3


def test_a_default_that_is_written_out_changes_nothing(counted, photos):
    counted(*BATCH)
    assert counted(*BATCH, "--update", "--border", "reflect", "-j", "1") == (0, 3)


def test_another_filter_is_another_picture(counted, photos):
    counted(*BATCH)
    assert counted("sharpen", *BATCH[1:], "--update") == (3, 0)


def test_the_right_stamp_in_the_wrong_format_is_another_picture(ok, counted, photos, folder):
    counted(*BATCH)
    ok("blur", "photos/a.png", "-o", "out/a.png", "--to", "webp")
    assert counted(*BATCH, "--update") == (1, 2)


def test_another_kernel_in_the_same_file_is_another_picture(counted, photos, folder):
    words = ("conv", *BATCH[1:], "--kernel", "k.txt", "--update")
    (folder / "k.txt").write_text("1 2 1")
    assert counted(*words) == (3, 0)
    assert counted(*words) == (0, 3)
    (folder / "k.txt").write_text("1 3 1")
    age(folder / "k.txt")
    assert counted(*words) == (3, 0)


def test_another_version_is_another_picture(counted, photos, monkeypatch):
    counted(*BATCH)
    monkeypatch.setattr(request, "VERSION", "99")
    assert counted(*BATCH, "--update") == (3, 0)


def test_a_missing_map_makes_its_image_anew(counted, photos, folder):
    words = ("edges", *BATCH[1:], "--angle", "angles/", "--update")
    assert counted(*words) == (3, 0)
    (folder / "angles" / "deep" / "c.tif").unlink()
    assert counted(*words) == (1, 2)


def test_a_map_is_no_picture(counted, photos, folder):
    words = ("edges", *BATCH[1:], "--angle", "angles/", "--update")
    counted(*words)
    shutil.copy2(folder / "angles" / "a.png", folder / "out" / "a.png")
    assert counted(*words) == (1, 2)


def test_a_file_of_other_origin_is_replaced(counted, photos, folder):
    counted(*BATCH)
    shutil.copy(photos / "a.png", folder / "out" / "a.png")
    assert counted(*BATCH, "--update") == (1, 2)


def test_a_copy_of_the_trees_is_up_to_date(counted, photos, folder, monkeypatch):
    counted(*BATCH)
    shutil.copytree(folder, folder / "copy")
    monkeypatch.chdir(folder / "copy")
    assert counted(*BATCH, "--update") == (0, 3)


def test_nothing_strange_lies_in_the_output_folder(counted, photos, folder):
    counted(*BATCH, "--update")
    assert sorted(path.name for path in (folder / "out").rglob("*")) == ["a.png", "b.jpg", "c.tif", "deep"]


@pytest.mark.parametrize("format", [name for name in formats.WRITTEN if name != "pbm"])
@pytest.mark.parametrize("filter", ["blur", "edges"])
def test_every_format_keeps_the_stamp(ok, rgb, folder, format, filter):
    """Behind a camera's EXIF and a profile, too."""
    exif = Image.Exif()
    exif[0x010E] = "x" * 40_000
    big = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    Image.fromarray(big).save("in.jpg", exif=exif, icc_profile=bytes(50_000))
    needed = {"pgm": ("--channels", "luma")}.get(format, ())
    words = (filter, "-q", "in.jpg", "-o", "out/", "--to", format, *needed, "--update")
    ok(*words)
    (out,) = (folder / "out").iterdir()
    os.utime(out, ns=(1, out.stat().st_mtime_ns + 5))
    before = out.stat()
    ok(*words)
    assert out.stat().st_ino == before.st_ino
    assert out.stat().st_mtime_ns == before.st_mtime_ns


def test_a_stamp_tells_nothing_of_the_image(ok, png, folder):
    ok("blur", "a.png", "-o", "one.png")
    Image.new("RGB", (9, 9)).save("a.png")
    ok("blur", "a.png", "-o", "two.png")
    (one, two) = (
        re.search(rb"imfilter [\w.]+ [0-9a-f]{16}", (folder / n).read_bytes()) for n in ("one.png", "two.png")
    )
    assert one[0] == two[0]
    assert len(one[0]) < 100


def test_a_stamp_may_stand_anywhere_near_an_end(folder):
    for before, after, found in ((0, 0, True), (200_000, 0, True), (0, 200_000, True), (300_000, 300_000, False)):
        (folder / "file").write_bytes(bytes(before) + b"imfilter 1 0123" + bytes(after))
        assert provenance.has_stamp("file", "imfilter 1 0123", None) is found
        assert not provenance.has_stamp("file", "imfilter 1 9999", None)


# ---- --no-clobber, --dry-run, --in-place ------------------------------------------------------------


def test_no_clobber_keeps_what_exists_and_makes_what_does_not(counted, photos, folder):
    (folder / "out").mkdir()
    (folder / "out" / "a.png").write_bytes(b"mine")
    assert counted(*BATCH, "--no-clobber") == (2, 1)
    assert (folder / "out" / "a.png").read_bytes() == b"mine"


def test_no_clobber_makes_the_map_that_is_missing(ok, png, folder):
    (folder / "out.png").write_bytes(b"mine")
    ok("edges", "a.png", "-o", "out.png", "--angle", "angle.png", "--no-clobber")
    assert (folder / "out.png").read_bytes() == b"mine"
    assert (folder / "angle.png").exists()


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("words", [(), ("--update",), ("--json",), ("--depfile", "d.mk"), ("-v",)], ids=str)
def test_a_dry_run_changes_nothing(run, photos, folder, words):
    before = contents(folder)
    assert run(*BATCH, "--dry-run", *words).code == 0
    assert contents(folder) == before
    assert sorted(path.name for path in folder.iterdir()) == ["photos"]


def test_a_dry_run_prints_the_plan(run, photos, folder):
    ended = run(*BATCH, "--dry-run")
    assert ended.out.decode().splitlines() == [
        "photos/a.png -> out/a.png",
        "photos/b.jpg -> out/b.jpg",
        "photos/deep/c.tif -> out/deep/c.tif",
    ]
    assert ended.lines == ["imfilter: 3 planned, 0 skipped"]


def test_a_dry_run_of_an_update_plans_what_is_left(counted, run, photos):
    counted(*BATCH)
    age(photos / "b.jpg", -7200)
    ended = run(*BATCH, "--dry-run", "--update")
    assert ended.out == b"photos/b.jpg -> out/b.jpg\n"
    assert ended.lines == ["imfilter: 1 planned, 2 skipped"]


def test_in_place_replaces_the_inputs_once(counted, photos, load):
    assert counted("blur", "photos", "-r", "--in-place", "--update") == (3, 0)
    once = contents(photos)
    assert counted("blur", "photos", "-r", "--in-place", "--update") == (0, 3)
    assert contents(photos) == once


def test_backups_are_the_inputs(counted, photos):
    before = contents(photos)
    assert counted("blur", "photos", "-r", "--in-place", "--backup", ".orig") == (3, 0)
    after = contents(photos)
    assert {name.removesuffix(".orig"): after[name][0] for name in after if name.endswith(".orig")} == {
        name: data for name, (data, _) in before.items()
    }
    assert all(after[name][0] != before[name][0] for name in before)


def test_a_backup_is_never_replaced(run, photos):
    originals = {f"{name}.orig": data for name, data in contents(photos).items()}
    for _ in range(2):
        assert run("blur", "photos", "-r", "--in-place", "--backup", ".orig").code == 0
        after = contents(photos)
        assert {name: after[name] for name in originals} == originals


def test_in_place_with_backups_goes_on_where_it_was(run, counted, photos):
    """As after a run that was killed: one image done, and one that is its own backup already."""
    words = ("blur", "photos", "-r", "--in-place", "--backup", ".orig", "--update")
    run("blur", "photos/a.png", "-o", "one/")
    os.link(photos / "a.png", photos / "a.png.orig")
    Path("one/a.png").replace(photos / "a.png")
    os.link(photos / "b.jpg", photos / "b.jpg.orig")
    before = (photos / "b.jpg").read_bytes()
    assert counted(*words) == (2, 1)
    assert counted(*words) == (0, 3)
    assert (photos / "b.jpg.orig").read_bytes() == before != (photos / "b.jpg").read_bytes()
    assert not list(photos.rglob("*.orig.orig"))


def test_a_link_to_the_input_is_no_backup(refused, photos):
    (photos / "a.png.orig").symlink_to("a.png")
    before = (photos / "a.png").read_bytes()
    assert "is an input or output too" in refused(2, "blur", "photos/a.png", "--in-place", "--backup", ".orig")
    assert (photos / "a.png").read_bytes() == before


def no_links(*_, **__):
    raise PermissionError(1, "Operation not permitted")


def test_backups_are_copies_where_there_are_no_links(counted, photos, monkeypatch):
    before = (photos / "a.png").read_bytes()
    monkeypatch.setattr(os, "link", no_links)
    assert counted("blur", "photos", "--in-place", "--backup", "~") == (2, 0)
    assert (photos / "a.png~").read_bytes() == before


def test_half_a_backup_goes_and_the_input_stays(run, photos, monkeypatch):
    def full(source, copy):
        copy.write(b"half")
        raise OSError(28, "No space left on device")

    before = contents(photos)
    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(shutil, "copyfileobj", full)
    assert "no space left" in run("blur", "photos/a.png", "--in-place", "--backup", "~").err
    assert contents(photos) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--in-place", "-o", "out/"), "contradict"),
        (("--in-place", "--to", "png"), "contradict"),
        (("--in-place", "--no-clobber"), "contradict"),
        (("--in-place", "--frame", "0"), "contradict"),
        (("--backup", ".orig", "-o", "out/"), "--in-place"),
        (("--in-place", "--backup", "a/b"), "suffix"),
        (("--in-place", "--backup", ""), "suffix"),
    ],
    ids=str,
)
def test_what_contradicts_is_refused(refused, photos, words, said):
    before = contents(photos)
    assert said in refused(2, "blur", "photos", *words)
    assert contents(photos) == before


# ---- --name ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("{stem}.soft{suffix}", ["a.soft.png", "b.soft.jpg", "c.soft.tif"]),
        ("{stem}.png", ["a.png", "b.png", "c.png"]),
        ("{filter}-{index:03}", ["blur-001.png", "blur-002.jpg", "blur-003.tif"]),
        ("{stem}-{output}", ["a-image.png", "b-image.jpg", "c-image.tif"]),
        ("{{{stem}}}", ["{a}.png", "{b}.jpg", "{c}.tif"]),
        ("%d *[{stem}]", ["%d *[a].png", "%d *[b].jpg", "%d *[c].tif"]),
    ],
)
def test_a_pattern_names_the_files(counted, photos, folder, pattern, names):
    counted(*BATCH, "--name", pattern)
    assert sorted(path.name for path in (folder / "out").rglob("*.*")) == names


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "is empty"),
        ("a/{stem}", "use no / in a file name"),
        ("{stem:/>9}", "use no / in a file name"),
        ("{stem", "expected '}'"),
        ("{size}", "one of stem, suffix, filter, index, output"),
        ("{stem!r}", "one of"),
        ("{stem.__class__}", "one of"),
        ("{0}", "one of"),
        ("{stem:{index}}", "not understood"),
        ("{index:99999999999}", "not understood"),
        ("{stem:04d}", "Unknown format code"),
        ("one.png", "two outputs"),
    ],
)
def test_a_pattern_that_cannot_name_files_is_refused(refused, photos, folder, pattern, said):
    assert said in refused(2, *BATCH, "--name", pattern)
    assert not (folder / "out").exists()


def test_a_pattern_needs_a_folder(refused, png):
    assert "out.png is a file" in refused(2, "blur", "a.png", "-o", "out.png", "--name", "{stem}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a.png", "a.png"), "a.png is named twice"),
        (("a.png", "p/a.png"), "name the folder above both, with -r"),
        (("a.png", "--angle", "out/"), "give each its folder"),
    ],
    ids=str,
)
def test_what_would_meet_says_what_would_help(refused, png, folder, words, said):
    (folder / "p").mkdir()
    for name in ("a.png", "A.PNG"):
        shutil.copy(png, folder / "p" / name)
    assert said in refused(2, "edges", *words, "-o", "out/")


def test_the_stamp_is_the_same_without_the_fast_digest(monkeypatch):
    """The module that is tried first is private to Python, and may go."""
    fast = provenance.Stamper("1.0", b"recipe", {"quality": 90}).stamp("image")
    monkeypatch.setitem(sys.modules, "_blake2", None)
    spec = importlib.util.spec_from_file_location("imfilter.cli.batch.provenance_again", provenance.__file__)
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    assert again.Stamper("1.0", b"recipe", {"quality": 90}).stamp("image") == fast


def test_an_update_with_nothing_to_do_writes_a_legend_that_is_missing(ok, png, folder):
    words = ("edges", "a.png", "--angle", "b.png", "--angle-style", "color", "--update")
    ok(*words)
    ok(*words, "--angle-legend", "wheel.png")
    assert (folder / "wheel.png").exists()
