"""--in-place: what the user keeps stays, whatever runs over the folder afterwards."""

import contextlib
import errno
import os
import shutil
import stat
import struct
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.batch import backups
from imfilter.cli.images.output_folder import OutputFolder
from PIL import Image

NAMES = ("a.png", "b.jpg", "c.tif")


@pytest.fixture
def photos(rgb, folder):
    """A folder of three pictures of different formats."""
    (folder / "photos").mkdir()
    for name in NAMES:
        Image.fromarray(rgb).save(folder / "photos" / name)
    return folder / "photos"


def contents(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


# ---- backups ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".orig", "~", ".keep", "_before", ".orig.png", ".2024"])
@pytest.mark.parametrize("words", [(), ("-r",), ("--backup", ".other")], ids=str)
def test_no_later_run_takes_backups_for_pictures(ok, photos, suffix, words):
    originals = contents(photos)
    ok("blur", "-q", "photos", "--in-place", "--backup", suffix)
    kept = {name + suffix: data for name, data in originals.items()}
    assert contents(photos).items() >= kept.items()
    for number in range(2):
        ok("sharpen", "-q", "photos", "--in-place", *words, "--amount", str(number + 1))
        assert contents(photos).items() >= kept.items()
    ok("blur", "-q", "photos", "-o", "out/")
    assert sorted(os.listdir("out")) == sorted(NAMES)


def test_a_second_run_keeps_the_first_original_and_says_so_once(run, photos):
    originals = contents(photos)
    run("blur", "photos", "--in-place", "--backup", ".orig")
    first = contents(photos)
    ended = run("sharpen", "photos", "--in-place", "--backup", ".orig")
    second = contents(photos)
    assert ended.code == 0
    assert ended.lines[0].startswith("imfilter: photos/a.png: the backup of an earlier run is kept")
    assert ended.lines[0].endswith("(2 other images likewise)")
    assert ended.lines[1].startswith("imfilter: 3 done") and ended.lines[1].endswith("3 backups passed over")
    for name in NAMES:
        assert second[name] != first[name]
        assert second[f"{name}.orig"] == originals[name]


def test_a_backup_is_not_taken_for_that_of_another_picture(refused, ok, photos, rgb):
    ok("blur", "-q", "photos", "--in-place", "--backup", ".orig")
    Image.fromarray(rgb[::-1]).save("photos/a.png")  # a new photograph
    before = contents(photos)
    assert "move the backup away" in refused(2, "blur", "photos", "--in-place", "--backup", ".orig")
    assert contents(photos) == before


def test_backups_that_are_named_are_filtered(ok, photos):
    shutil.copy("photos/a.png", "photos/a.png.orig")
    shutil.copy("photos/a.png", "photos/old~")
    ok("blur", "-q", "photos/a.png.orig", "photos/old~", "-o", "out/")
    assert sorted(os.listdir("out")) == ["a.png.orig", "old~"]
    ok("blur", "-q", "photos", "--include", "*.orig", "-o", "globbed/")
    assert os.listdir("globbed") == ["a.png.orig"]


@pytest.mark.each(
    "name, others, expected",
    [
        ("a.png~", (), True),
        ("a.BAK", (), True),
        ("a.jpg_original", (), True),
        ("a.png.~1~", (), True),
        ("a.png.x", ("a.png",), True),
        ("a.png.x", ("b.png",), False),
        ("a.jpg.webp", ("a.jpg",), False),
        ("a.jpg.orig.jpg", ("a.jpg",), False),
        ("a.png", ("a.png",), False),
        ("ab.png", ("a.png",), False),
        ("a.orig.png", ("a.png",), False),
        ("a.png.", ("a.png",), True),
    ],
)
def test_what_is_a_backup_by_its_name(name, others, expected):
    assert backups.is_backup(name, {name, *others}, replaced=lambda _: False) is expected


def test_a_name_with_two_suffixes_is_a_backup_where_the_picture_was_replaced():
    for replaced in (False, True):
        found = backups.is_backup("a.jpg.orig.jpg", {"a.jpg", "a.jpg.orig.jpg"}, replaced=lambda _, r=replaced: r)
        assert found is replaced


# ---- links ------------------------------------------------------------------------------------------


def test_a_link_stays_and_what_it_leads_to_is_replaced(ok, png, folder, load):
    (folder / "elsewhere").mkdir()
    real = png.rename(folder / "elsewhere" / "real.png")
    before = real.read_bytes()
    (folder / "elsewhere" / "second.png").symlink_to("real.png")
    (folder / "link.png").symlink_to("elsewhere/second.png")
    ok("blur", "elsewhere/real.png", "-o", "expected.png")
    ok("blur", "link.png", "--in-place", "--backup", ".orig")
    assert str(Path("link.png").readlink()) == "elsewhere/second.png"
    assert str(Path("elsewhere/second.png").readlink()) == "real.png"
    assert np.array_equal(load("elsewhere/real.png"), load("expected.png"))
    assert (folder / "elsewhere" / "real.png.orig").read_bytes() == before
    assert sorted(os.listdir("elsewhere")) == ["real.png", "real.png.orig", "second.png"]


def test_two_names_of_one_file_are_refused(refused, png, folder):
    (folder / "link.png").symlink_to("a.png")
    before = png.read_bytes()
    line = refused(2, "blur", "a.png", "link.png", "--in-place")
    assert line.endswith("a.png and link.png are the same file; --exclude one of them")
    assert png.read_bytes() == before


def test_a_backup_beside_the_target_of_a_link_is_no_input(refused, png, folder):
    (folder / "elsewhere").mkdir()
    shutil.copy(png, "elsewhere/real.png")
    shutil.copy(png, "elsewhere/real.png.orig")
    (folder / "link.png").symlink_to("elsewhere/real.png")
    before = contents(folder / "elsewhere")
    words = ("blur", "link.png", "elsewhere/real.png.orig", "--in-place", "--backup", ".orig")
    assert "is an input or output too" in refused(2, *words)
    assert contents(folder / "elsewhere") == before


def test_a_dangling_link_fails_and_stays(run, folder):
    (folder / "link.png").symlink_to("nowhere.png")
    assert run("blur", "link.png", "--in-place").code == 1
    assert os.listdir(folder) == ["link.png"]


def test_what_is_no_file_has_no_place(refused, folder):
    os.mkfifo("pipe.png")
    assert "is not a file that can be replaced" in refused(2, "blur", "pipe.png", "--in-place")


# ---- times ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("--in-place",), ("-o", "out/"), ("--in-place", "--backup", "~")], ids=str)
def test_times_are_preserved(ok, photos, words):
    taken = 1_500_000_000_123_456_789
    for path in photos.iterdir():
        os.utime(path, ns=(taken, taken))
    before = contents(photos)
    ok("blur", "-q", "photos", *words, "--preserve-times")
    out = Path("out") if "-o" in words else photos
    for name in NAMES:
        assert (out / name).read_bytes() != before[name]
        assert (out / name).stat().st_mtime_ns == taken
    ok("blur", "-q", "photos", *words, "--preserve-times", "--update")  # nothing is older than its input


def test_times_change_without_it(ok, png):
    os.utime(png, ns=(10**18, 10**18))
    ok("blur", "a.png", "--in-place")
    assert png.stat().st_mtime_ns != 10**18


def test_frames_get_the_times_of_their_file(ok, rgb):
    Image.fromarray(rgb).save("a.tif", save_all=True, append_images=[Image.fromarray(rgb[::-1])])
    os.utime("a.tif", ns=(10**18, 10**18))
    ok("blur", "a.tif", "-o", "b.tif", "--preserve-times")
    ok("blur", "-q", "a.tif", "-o", "out/", "--name", "{stem}-{frame}.png", "--preserve-times")
    made = [Path("b.tif"), *Path("out").iterdir()]
    assert [path.stat().st_mtime_ns for path in made] == [10**18] * 3


# ---- owner, mode, ACL, extended attributes ----------------------------------------------------------


def acl(mode, named):
    """A POSIX ACL as the kernel keeps it, in which user 1234 may do *named*."""
    user, group, other = mode >> 6 & 7, mode >> 3 & 7, mode & 7
    nobody = 0xFFFFFFFF
    entries = [(1, user, nobody), (2, named, 1234), (4, group, nobody), (0x10, group | named, nobody)]
    entries.append((0x20, other, nobody))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


ACL = "system.posix_acl_access"


@pytest.mark.needs("extended attributes")
@pytest.mark.parametrize("words", [("a.png", "--in-place"), ("b.png", "-o", "a.png")], ids=str)
def test_extended_attributes_and_acl_are_handed_on(ok, png, words):
    shutil.copyfile(png, "b.png")
    os.setxattr(png, "user.rating", b"5")
    try:
        os.setxattr(png, ACL, acl(0o640, 6))
    except OSError:
        pytest.skip("needs ACLs")
    png.chmod(0o460)
    before = os.getxattr(png, ACL)
    ok("blur", *words)
    assert os.getxattr(png, "user.rating") == b"5"
    assert os.getxattr(png, ACL) == before
    assert stat.S_IMODE(png.stat().st_mode) == 0o460


@pytest.mark.needs("extended attributes")
def test_an_acl_of_the_folder_opens_no_replaced_file(ok, png, folder):
    shutil.copyfile(png, "b.png")
    png.chmod(0o640)
    try:
        os.setxattr(folder, "system.posix_acl_default", acl(0o755, 7))
    except OSError:
        pytest.skip("needs ACLs")
    ok("blur", "b.png", "-o", "a.png")
    assert ACL not in os.listxattr(png)
    assert stat.S_IMODE(png.stat().st_mode) == 0o640
    ok("blur", "b.png", "-o", "new.png")  # a new file gets what the folder hands down
    assert ACL in os.listxattr("new.png")
    assert stat.S_IMODE(Path("new.png").stat().st_mode) == 0o664 | 0o60


@pytest.mark.needs("the superuser")
def test_the_owner_is_kept(ok, png):
    os.chown(png, 1234, 2345)
    png.chmod(0o4755)
    ok("blur", "a.png", "--in-place")
    found = png.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1234, 2345, 0o4755)


def test_an_owner_that_is_lost_is_said_and_opens_nothing(run, png, monkeypatch):
    def denied(*_):
        raise PermissionError(1, "Operation not permitted")

    png.chmod(0o674)
    old = os.stat_result([*png.stat()[:4], 54321, 54321, *png.stat()[6:]])
    monkeypatch.setattr(os, "fchown", denied)
    monkeypatch.setattr(OutputFolder, "found", lambda *_: old)
    ended = run("blur", "a.png", "--in-place")
    assert ended.code == 0
    assert ended.err == "imfilter: a.png: the owner 54321 and group 54321 of the replaced file could not be kept\n"
    assert stat.S_IMODE(Path("a.png").stat().st_mode) == 0o644


def refusing(code):
    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    return refuse


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.EIO], ids=errno.errorcode.get)
@pytest.mark.parametrize("output", [("a.png", "--in-place"), ("b.png", "-o", "a.png")], ids=str)
def test_permissions_that_cannot_be_set_cost_a_note(run, png, monkeypatch, code, output):
    shutil.copyfile(png, "b.png")
    png.chmod(0o644)
    before = png.read_bytes()
    monkeypatch.setattr(os, "fchmod", refusing(code))
    ended = run("blur", *output)
    said = os.strerror(code).lower()
    assert ended.code == 0
    assert ended.lines == [f"imfilter: {output[0]}: the permissions of the replaced file could not be kept: {said}"]
    assert png.read_bytes() != before
    assert stat.S_IMODE(png.stat().st_mode) == 0o600  # open to nobody to whom it was not


@pytest.mark.needs("the superuser")
@pytest.mark.parametrize("code", [errno.EPERM, errno.EINVAL, errno.EDQUOT], ids=errno.errorcode.get)
def test_an_owner_that_cannot_be_given_costs_a_note(run, png, monkeypatch, code):
    os.chown(png, 1234, 2345)
    png.chmod(0o674)
    monkeypatch.setattr(os, "fchown", refusing(code))
    ended = run("blur", "a.png", "--in-place")
    assert (ended.code, len(ended.lines)) == (0, 1)
    assert "the owner 1234 and group 2345 of the replaced file could not be kept" in ended.err
    assert stat.S_IMODE(png.stat().st_mode) == 0o644


def test_times_that_cannot_be_set_cost_a_note(run, png, monkeypatch):
    monkeypatch.setattr(os, "utime", refusing(errno.EPERM))
    ended = run("blur", "a.png", "-o", "b.png", "--preserve-times")
    assert ended.code == 0
    assert ended.lines == ["imfilter: a.png: the times of the input could not be kept: operation not permitted"]


@pytest.mark.needs("extended attributes")
@pytest.mark.parametrize("call", ["listxattr", "getxattr", "setxattr", "removexattr"])
def test_attributes_that_are_refused_cost_no_image(run, png, folder, monkeypatch, call):
    os.setxattr(png, "user.rating", b"5")
    with contextlib.suppress(OSError):
        os.setxattr(folder, "system.posix_acl_default", acl(0o755, 7))
    monkeypatch.setattr(os, call, refusing(errno.EACCES))
    ended = run("blur", "a.png", "--in-place")
    assert ended.code == 0
    said = {
        "setxattr": ["imfilter: a.png: the extended attribute user.rating of the replaced file could not be kept"],
        "removexattr": ["imfilter: a.png: the ACL inherited from the folder could not be removed"],
    }
    expected = [f"{line}: permission denied" for line in said.get(call, [])]
    assert ended.lines == expected or (call == "removexattr" and ended.lines == [])  # a system without ACLs


@pytest.mark.needs("the superuser")
@pytest.mark.parametrize("words", [(), ("--backup", "~")], ids=str)
@pytest.mark.parametrize("cores", ["1", "2"])
def test_the_superuser_changes_no_owner_in_a_tree(ok, photos, words, cores):
    for number, name in enumerate(NAMES):
        os.chown(photos / name, 1000 + number, 2000 + number)
        (photos / name).chmod(0o600 + number)
    ok("blur", "-q", "photos", "--in-place", *words, "-j", cores)
    for path in photos.iterdir():
        number, found = NAMES.index(path.name.removesuffix("~")), path.stat()
        assert (found.st_uid, found.st_gid) == (1000 + number, 2000 + number)
        assert stat.S_IMODE(found.st_mode) == 0o600 + number


def test_a_backup_by_copy_has_the_attributes_too(ok, png, monkeypatch):
    def no_links(*_, **__):
        raise OSError(95, "Operation not supported")

    png.chmod(0o640)
    os.utime(png, ns=(10**18, 10**18))
    before = png.read_bytes()
    monkeypatch.setattr(os, "link", no_links)
    ok("blur", "a.png", "--in-place", "--backup", ".orig")
    found = Path("a.png.orig").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_mtime_ns) == (0o640, 10**18)
    assert Path("a.png.orig").read_bytes() == before
