"""--update and its like: what is up to date is known by the input's bytes and by parameters, and stays as it is."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli import digest
from imfilter.cli.batch import provenance, request, up_to_date
from imfilter.cli.batch.plan import Input, Job
from imfilter.cli.digest import SourceDigest
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


def version(path):
    """What is new of a file that was written again; when it was read last is not."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def age(path, seconds=3600):
    then = path.stat().st_mtime_ns - seconds * 10**9
    os.utime(path, ns=(then, then))


def change(path):
    """Give a picture another pixel, and the time of now."""
    with Image.open(path) as image:
        image.load()
    image.putpixel((1, 1), (1, 2, sum(image.getpixel((1, 1))) % 256))
    image.save(path)


def size_of(path):
    with Image.open(path) as image:
        return image.size


def frames_of(path):
    with Image.open(path) as image:
        return image.n_frames


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


@pytest.mark.each("seconds", [7200, 0, -7200])
def test_what_has_changed_is_done_whatever_its_time(counted, photos, seconds):
    counted(*BATCH)
    change(photos / "a.png")
    age(photos / "a.png", seconds)
    assert counted(*BATCH, "--update") == (1, 2)
    assert counted(*BATCH, "--update") == (0, 3)


def test_what_was_only_touched_is_current(counted, photos):
    counted(*BATCH)
    for path in photos.rglob("*.*"):
        age(path, -7200)
    assert counted(*BATCH, "--update") == (0, 3)


@pytest.mark.each("seconds", [7200, -7200])
def test_the_time_of_an_output_proves_nothing(counted, photos, folder, seconds):
    """A clock that was set back or forth."""
    counted(*BATCH)
    for path in (folder / "out").rglob("*.*"):
        age(path, seconds)
    assert counted(*BATCH, "--update") == (0, 3)
    change(photos / "a.png")
    assert counted(*BATCH, "--update") == (1, 2)


def test_an_older_file_that_is_moved_over_the_input_is_done(counted, photos, folder):
    Image.new("RGB", (9, 9)).save("old.png")
    age(folder / "old.png", 99_999)
    counted(*BATCH)
    (folder / "old.png").replace(photos / "a.png")
    assert counted(*BATCH, "--update") == (1, 2)


def test_another_input_for_the_same_output_is_done(ok, png, folder):
    Image.new("RGB", (9, 9), "red").save("b.png")
    for name, size in (("a.png", (40, 24)), ("b.png", (9, 9)), ("a.png", (40, 24))):
        age(folder / name)
        ok("blur", name, "-o", "out.png", "--update")
        assert size_of("out.png") == size


def test_the_same_bytes_by_another_name_are_current(ok, png, folder):
    ok("blur", "a.png", "-o", "out.png")
    shutil.copy(png, folder / "b.png")
    before = version(folder / "out.png")
    ok("blur", "b.png", "-o", "out.png", "--update")
    assert version(folder / "out.png") == before


def test_random_numbers_go_by_the_name_too(ok, png, folder):
    shutil.copy(png, folder / "b.png")
    ok("noise", "a.png", "-o", "out.png")
    ok("noise", "b.png", "-o", "fresh.png")
    ok("noise", "b.png", "-o", "out.png", "--update")
    assert (folder / "out.png").read_bytes() == (folder / "fresh.png").read_bytes()


def test_an_output_that_was_made_of_another_input_is_done(counted, photos, folder):
    """One that was copied to its place by hand, with a stamp."""
    shutil.copy(photos / "a.png", photos / "b.png")
    change(photos / "b.png")
    counted(*BATCH)
    shutil.copy2(folder / "out" / "b.png", folder / "out" / "a.png")
    assert counted(*BATCH, "--update") == (1, 3)


def test_frames_that_took_each_others_place_are_done(ok, folder):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    frames[0].save("in.gif", save_all=True, append_images=frames[1:])
    words = ("blur", "in.gif", "-o", "out/", "--name", "{frame}.png")
    ok(*words)
    before = contents(folder / "out")
    (folder / "out/0.png").rename("0.png")
    (folder / "out/1.png").rename("out/0.png")
    (folder / "0.png").rename("out/1.png")
    ok(*words, "--update")
    assert {name: data for name, (data, _) in contents(folder / "out").items()} == {
        name: data for name, (data, _) in before.items()
    }


def test_one_of_two_frames_files_of_another_input_is_done(ok, folder):
    for name, colours in (("a.gif", ("red", "blue")), ("b.gif", ("green", "white"))):
        first, second = (Image.new("RGB", (8, 8), colour) for colour in colours)
        first.save(name, save_all=True, append_images=[second])
        ok("blur", name, "-o", "out/", "--name", "{stem}{frame}.png")
    before = (folder / "out" / "a1.png").read_bytes()
    shutil.copy2("out/b1.png", "out/a1.png")
    ok("blur", "a.gif", "-o", "out/", "--name", "{stem}{frame}.png", "--update")
    assert contents(folder / "out")["a1.png"][0] == before


def test_one_map_of_another_input_is_done(ok, png, folder):
    Image.new("RGB", (40, 24), "red").save("b.png")
    for name in ("b", "a"):
        ok("edges", f"{name}.png", "-o", f"{name}-out.png", "--angle", f"{name}-angle.png")
    before = (folder / "a-angle.png").read_bytes()
    shutil.copy2("b-angle.png", "a-angle.png")
    ok("edges", "a.png", "-o", "a-out.png", "--angle", "a-angle.png", "--update")
    assert (folder / "a-angle.png").read_bytes() == before


def test_standard_input_is_always_done(ok, png, folder):
    (folder / "-").write_bytes(png.read_bytes())  # no file of this name is meant
    for update in ((), ("--update",)):
        ok("blur", "-", "-o", "out.png", *update, stdin=png.read_bytes())
    Image.new("RGB", (9, 9)).save("b.png")
    ok("blur", "-", "-o", "out.png", "--update", stdin=(folder / "b.png").read_bytes())
    assert size_of("out.png") == (9, 9)


def test_a_pipe_of_images_is_not_its_first_image(ok, rgb, folder):
    one = b"P6 40 24 255\n" + rgb.tobytes()
    (folder / "one.ppm").write_bytes(one)
    ok("blur", "-", "-o", "out.tif", stdin=one * 2)
    ok("blur", "one.ppm", "-o", "out.tif", "--update")
    assert frames_of("out.tif") == 1


def test_what_came_from_a_pipe_is_current_for_its_file(ok, png, folder):
    ok("blur", "-", "-o", "out.png", stdin=png.read_bytes())
    before = version(folder / "out.png")
    ok("blur", "a.png", "-o", "out.png", "--update")
    assert version(folder / "out.png") == before
    ok("blur", "a.png", "-o", "again.png")
    assert (folder / "again.png").read_bytes() == (folder / "out.png").read_bytes()


def test_an_input_is_read_only_where_the_recipe_is_the_same(counted, photos, monkeypatch):
    counted(*BATCH)
    of_file, read = SourceDigest.of_file, []
    monkeypatch.setattr(SourceDigest, "of_file", lambda path: read.append(path) or of_file(path))
    counted(*BATCH, "--update", "--sigma", "2")
    assert not read
    counted(*BATCH, "--update", "--sigma", "2")
    assert sorted(read) == ["photos/a.png", "photos/b.jpg", "photos/deep/c.tif"]


def test_an_interruption_leaves_inputs_unread(photos, run, monkeypatch):
    run(*BATCH)
    read = []

    def interrupted(path):
        read.append(path)
        raise KeyboardInterrupt

    monkeypatch.setattr(SourceDigest, "of_file", interrupted)
    assert run(*BATCH, "--update", "-j", "1").code == 130
    assert len(read) == 1


def test_what_is_no_file_is_not_waited_for(command, png, folder):
    """Nobody writes into the pipe."""
    subprocess.run([*command, "blur", "a.png", "-o", "out.png"], check=True)
    png.unlink()
    os.mkfifo(png)
    assert not up_to_date._is_newer(Job(Input("a.png", "a.png"), {}), False)
    with pytest.raises(OSError, match="not a file"):
        SourceDigest.of_file("a.png")


# ---- times only -------------------------------------------------------------------------------------


@pytest.mark.each("unstamped", ["--strip", "--no-stamp"])
def test_without_a_stamp_times_tell(counted, photos, folder, unstamped):
    words = (*BATCH, unstamped, "--update")
    assert counted(*words)[0] == 3 or unstamped == "--no-stamp"
    assert counted(*words) == (0, 3)
    change(photos / "a.png")
    assert counted(*words) == (1, 2)
    age(folder / "out" / "a.png", 7200)
    assert counted(*words) == (1, 2)


def test_without_a_stamp_an_older_file_that_is_moved_over_the_input_is_done(counted, photos, folder):
    Image.new("RGB", (9, 9)).save("old.png")
    age(folder / "old.png", 99_999)
    counted(*BATCH, "--strip")
    (folder / "old.png").replace(photos / "a.png")
    assert counted(*BATCH, "--strip", "--update") == (1, 2)


def test_without_a_stamp_times_that_are_preserved_tell(counted, photos, folder):
    words = (*BATCH, "--strip", "--preserve-times", "--update")
    assert counted(*words) == (3, 0)
    assert counted(*words) == (0, 3)
    change(photos / "a.png")
    assert counted(*words) == (1, 2)
    stamp = (photos / "a.png").stat().st_mtime_ns
    change(photos / "a.png")
    os.utime(photos / "a.png", ns=(stamp, stamp))
    assert counted(*words) == (1, 2)


@pytest.mark.each("unstamped", ["--strip", "--no-stamp"])
def test_in_place_without_a_stamp_is_refused(refused, photos, unstamped):
    """Nothing would tell what was filtered from what was not."""
    before = contents(photos)
    assert unstamped in refused(2, "blur", "photos", "--in-place", "--update", unstamped)
    assert contents(photos) == before


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


# Data sets have no room for it, and are made again.
@pytest.mark.parametrize(
    "format",
    [name for name, format in formats.WRITTEN.items() if name != "pbm" and not (format.data_set or format.folder)],
)
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
    before = version(out)
    ok(*words)
    assert version(out) == before


@pytest.mark.each("options", [(), ("--no-stamp",)])
@pytest.mark.each("keep", [0.5, 0.99])
@pytest.mark.parametrize("format", ["jpeg", "png", "gif"])
def test_an_output_that_is_cut_off_is_made_again(run, png, folder, format, keep, options):
    words = ("blur", "-q", "a.png", "-o", "out/", "--to", format, "--update", *options)
    run(*words)
    (out,) = (folder / "out").iterdir()
    whole = out.read_bytes()
    run(*words)
    assert out.read_bytes() == whole
    out.write_bytes(whole[: int(len(whole) * keep)])
    run(*words)
    assert out.read_bytes() == whole


def stamp_of(path):
    return re.search(rb"imfilter [\w.]+ ([0-9a-f]{16})-([0-9a-f]{32})", path.read_bytes())


def test_a_stamp_is_of_the_recipe_and_of_the_inputs_bytes(ok, png, folder):
    ok("blur", "a.png", "-o", "one.png")
    before = hashlib.blake2b(png.read_bytes(), digest_size=16).hexdigest()
    Image.new("RGB", (9, 9)).save("a.png")
    ok("blur", "a.png", "-o", "two.png")
    one, two = (stamp_of(folder / name) for name in ("one.png", "two.png"))
    assert one[1] == two[1]
    assert one[2].decode() == before != two[2].decode()
    assert len(one[0]) < 100


def test_a_stamp_may_stand_anywhere_near_an_end(folder):
    stamp = b"imfilter 1 0123-" + b"a" * 32 + b"b"  # what follows in the file may look like more of it
    for before, after, found in ((0, 0, True), (200_000, 0, True), (0, 200_000, True), (300_000, 300_000, False)):
        (folder / "file").write_bytes(bytes(before) + stamp + bytes(after))
        assert provenance.sources("file", "imfilter 1 0123", None) == ({"a" * 32} if found else set())
        assert provenance.has_mark("file", "imfilter 1 0123", None) is found
        assert not provenance.sources("file", "imfilter 1 9999", None)


@pytest.mark.each("stamp", ["imfilter 0.1 0123456789abcdef", "imfilter 0.1 0123456789abcdef-" + "a" * 31])
def test_a_stamp_of_an_older_version_is_not_current(folder, stamp):
    (folder / "file").write_text(stamp)
    assert not provenance.sources("file", "imfilter 0.1 0123456789abcdef", None)
    assert provenance.is_stamped("file")


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
    change(photos / "b.jpg")
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
        ("a/{stem}", "a file name cannot contain /"),
        ("{stem:/>9}", "a file name cannot contain /"),
        ("{stem", "its braces do not match; {{ and }} stand for braces themselves"),
        ("{size}", "one of stem, suffix, filter, index, output"),
        ("{stem!r}", "! is not allowed in"),
        ("{stem.__class__}", "one of"),
        ("{0}", "one of"),
        ("{stem:{index}}", "is not a width"),
        ("{index:99999999999}", "is not a width"),
        ("{stem:04d}", "{stem:04d} is not a width"),
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
        (("a.png", "p/a.png"), "name their parent folder with -r"),
        (("a.png", "--angle", "out/"), "give each its own folder"),
    ],
    ids=str,
)
def test_what_would_meet_says_what_would_help(refused, png, folder, words, said):
    (folder / "p").mkdir()
    for name in ("a.png", "A.PNG"):
        shutil.copy(png, folder / "p" / name)
    assert said in refused(2, "edges", *words, "-o", "out/")


def test_the_digest_is_the_same_without_the_fast_module(monkeypatch):
    """The module that is tried first is private to Python, and may go."""
    fast = digest.digest(b"recipe"), SourceDigest(b"input").hexadecimal()
    monkeypatch.setitem(sys.modules, "_blake2", None)
    spec = importlib.util.spec_from_file_location("imfilter.cli.digest_again", digest.__file__)
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    assert (again.digest(b"recipe"), again.SourceDigest(b"input").hexadecimal()) == fast


def test_an_update_with_nothing_to_do_writes_a_legend_that_is_missing(ok, png, folder):
    words = ("edges", "a.png", "--angle", "b.png", "--angle-style", "color", "--update")
    ok(*words)
    ok(*words, "--angle-legend", "wheel.png")
    assert (folder / "wheel.png").exists()
