"""Names that differ in case: two files or one, as the file system of the output has it."""

import os
import unicodedata
from pathlib import Path

import pytest
from imfilter.cli.batch import twin_names
from PIL import Image

lexists = os.path.lexists


@pytest.fixture
def one_case(monkeypatch):
    """A file system that takes case and Unicode's forms for no difference."""

    def there(path):
        folder, name = os.path.split(path)
        try:
            return twin_names.folded(name) in map(twin_names.folded, os.listdir(folder))
        except OSError:
            return False

    monkeypatch.setattr(os.path, "lexists", there)


@pytest.fixture
def twins(rgb, folder):
    """Two photographs whose names differ in case alone, in folders of their own."""
    for number, name in enumerate(("one/img.jpg", "two/IMG.JPG")):
        (folder / name).parent.mkdir()
        Image.fromarray(rgb[number:]).save(name)
    return ("one/img.jpg", "two/IMG.JPG")


def sensitive(folder):
    (folder / "probe").touch()
    found = not lexists(folder / "PROBE")
    (folder / "probe").unlink()
    return found


@pytest.mark.parametrize("output", ["out/", "deep/er/out/"])
def test_twins_are_two_files_where_the_disk_says_so(run, twins, folder, output):
    ended = run("blur", *twins, "-q", "-o", output)
    if sensitive(folder):
        assert ended.code == 0
        assert sorted(os.listdir(output)) == ["IMG.JPG", "img.jpg"]
    else:
        assert ended.code == 2
    assert not list(folder.rglob(".imfilter*"))


@pytest.mark.parametrize("output", ["out/", "deep/er/out/"])
def test_twins_are_one_where_the_disk_says_so(refused, twins, one_case, folder, output):
    line = refused(2, "blur", *twins, "-o", output)
    assert line.startswith(f"imfilter: {output}IMG.JPG: would hold two outputs")
    assert sorted(os.listdir(folder)) == ["one", "two"]


def test_twins_in_one_folder_in_place_and_beside_their_backups(run, rgb, folder):
    if not sensitive(folder):
        pytest.skip("needs a file system that tells case apart")
    (folder / "p").mkdir()
    for name in ("img.png", "IMG.png"):
        Image.fromarray(rgb).save(folder / "p" / name)
    assert run("blur", "p", "--in-place", "--backup", ".orig").code == 0
    assert sorted(os.listdir("p")) == ["IMG.png", "IMG.png.orig", "img.png", "img.png.orig"]
    assert run("edges", "p", "-o", "out/", "--angle", "OUT/").code == 0
    assert len(os.listdir("out")) == len(os.listdir("OUT")) == 2


def test_an_output_whose_name_is_an_inputs_in_another_case(run, png, folder):
    before = png.read_bytes()
    ended = run("blur", "a.png", "-o", "A.png")
    assert ended.code == (0 if sensitive(folder) else 2)
    assert png.read_bytes() == before


def test_frames_of_twins(run, rgb, folder):
    if not sensitive(folder):
        pytest.skip("needs a file system that tells case apart")
    pages = [Image.fromarray(rgb), Image.fromarray(rgb[::-1])]
    for name in ("a.tif", "A.tif"):
        pages[0].save(name, save_all=True, append_images=pages[1:])
    ended = run("blur", "a.tif", "A.tif", "-q", "-o", "out/", "--name", "{stem}-{frame}.png")
    assert (ended.code, ended.err) == (0, "")
    assert sorted(os.listdir("out")) == ["A-0.png", "A-1.png", "a-0.png", "a-1.png"]


def test_frames_of_twins_that_are_one(refused, rgb, one_case, folder):
    for name in ("p/a.tif", "q/A.tif"):
        Path(name).parent.mkdir()
        Image.fromarray(rgb).save(name)
    assert "two outputs" in refused(2, "blur", "p/a.tif", "q/A.tif", "-o", "out/", "--name", "{stem}-{frame}.png")


FORMS = [("é.png", unicodedata.normalize("NFD", "é.png")), ("straße.png", "STRASSE.png"), ("a.png", "ａ.png")]


@pytest.mark.each("one, other", FORMS)
def test_unicodes_forms_are_asked_for_too(one, other, folder):
    assert twin_names.folded(one) == twin_names.folded(other)
    paths = [str(folder / "new" / name) for name in (one, other)]
    (folder / one).touch()
    same = lexists(folder / other)
    (folder / one).unlink()
    assert twin_names.are_one(*paths) is same


def test_names_of_folders_are_asked_for(folder, one_case):
    assert twin_names.are_one(f"{folder}/New/Deep/a.png", f"{folder}/new/deep/A.png")
    assert not twin_names.are_one(f"{folder}/a／b", f"{folder}/a/b")
    assert os.listdir(folder) == []


def test_existing_names_are_looked_at(folder):
    if not sensitive(folder):
        pytest.skip("needs a file system that tells case apart")
    (folder / "a").touch()
    assert not twin_names.are_one(f"{folder}/a", f"{folder}/A")
    (folder / "A").touch()
    assert not twin_names.are_one(f"{folder}/a", f"{folder}/A")


def test_an_output_that_nobody_can_ask_about_is_one(folder, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", denied)
    assert twin_names.are_one(f"{folder}/a", f"{folder}/A")
