"""Several inputs, folders, and names as strange as file systems allow."""

import os

import numpy as np
import pytest
from imfilter.filters.blur import blur
from PIL import Image


@pytest.fixture
def photos(rgb, folder):
    """A folder of three images, and of two things that are none."""
    (folder / "photos").mkdir()
    for name, image in (("a.png", rgb), ("b.JPG", rgb[::-1]), ("c.tif", rgb[:, ::-1])):
        Image.fromarray(np.ascontiguousarray(image)).save(folder / "photos" / name)
    (folder / "photos" / "notes.txt").write_text("text")
    (folder / "photos" / ".hidden.png").write_text("not read")
    return folder / "photos"


def names(path):
    return sorted(entry.name for entry in path.iterdir())


def test_several_inputs_into_a_folder(ok, load, photos, folder):
    ok("blur", "-q", "photos/a.png", "photos/c.tif", "-o", "out/")
    assert names(folder / "out") == ["a.png", "c.tif"]
    for name in ("a.png", "c.tif"):
        assert np.array_equal(load(f"out/{name}"), blur(load(f"photos/{name}")))


def test_a_folder_gives_its_images(ok, photos, folder):
    ok("blur", "-q", "photos", "-o", "deep/out/")
    assert names(folder / "deep" / "out") == ["a.png", "b.JPG", "c.tif"]


def test_a_folder_in_another_format(ok, photos, folder):
    ok("edges", "-q", "photos", "-o", "out/", "--to", "png")
    assert names(folder / "out") == ["a.png", "b.png", "c.png"]


def test_an_existing_folder_needs_no_slash(ok, photos, folder):
    (folder / "out").mkdir()
    ok("blur", "-q", "photos/a.png", "-o", "out")
    assert names(folder / "out") == ["a.png"]


def test_pictures_and_maps_into_their_folders(ok, photos, folder):
    ok("edges", "-q", "photos", "-o", "out/", "--angle", "angles/")
    assert names(folder / "out") == ["a.png", "b.JPG", "c.tif"]
    assert names(folder / "angles") == ["a.png", "b.png", "c.tif"]


def test_a_bad_image_stops_nothing(run, photos, folder):
    (photos / "bad.png").write_bytes(b"text")
    ended = run("blur", "photos", "missing.png", "-o", "out/")
    assert ended.code == 1
    assert ended.lines[0].startswith("imfilter: photos/bad.png: ")
    assert ended.lines[1].startswith("imfilter: missing.png: ")
    assert ended.lines[2].startswith("imfilter: 3 done, 0 skipped, 2 failed in ")
    assert ended.lines[3:] == []  # each failure is told once
    assert names(folder / "out") == ["a.png", "b.JPG", "c.tif"]


def test_a_second_run_replaces_the_outputs(ok, load, photos, folder):
    ok("blur", "-q", "photos", "-o", "out/", "--sigma", "5")
    ok("blur", "-q", "photos", "-o", "out/")
    assert np.array_equal(load("out/a.png"), blur(load("photos/a.png")))


@pytest.mark.parametrize("output", ["photos", "photos/", "./photos", "photos/../photos/", "link/"])
def test_inputs_are_never_overwritten(refused, photos, folder, output):
    (folder / "link").symlink_to("photos")
    before = {path: path.read_bytes() for path in photos.iterdir()}
    assert "input" in refused(2, "blur", "photos", "-o", output)
    assert {path: path.read_bytes() for path in photos.iterdir()} == before


@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symbolic", "hard"])
def test_an_input_behind_a_link_in_the_output_folder_is_seen(refused, photos, folder, link):
    (folder / "out").mkdir()
    link(photos / "c.tif", folder / "out" / "a.png")
    assert "leads to an input" in refused(2, "blur", "photos", "-o", "out/")


@pytest.mark.parametrize("second", ["a.png", "./a.png", "other/a.png"])
def test_two_outputs_of_one_name_are_refused(refused, png, folder, second):
    assert "two outputs" in refused(2, "blur", "a.png", second, "-o", "out/")
    assert not (folder / "out").exists()


def test_an_empty_folder_is_refused(refused, folder):
    (folder / "empty").mkdir()
    assert "empty: no images found" in refused(2, "blur", "empty", "-o", "out/")


STRANGE = [
    "-x.png",
    "[red].png",
    "a b.png",
    "a[0]%d.png",
    "{stem}.png",
    "new\nline.png",
    "é.png",
    "'\".png",
    "~.png",
    "*.png",
]


@pytest.mark.parametrize("name", STRANGE, ids=ascii)
def test_names_are_literal_in_and_out(ok, png, folder, load, name):
    png.rename(folder / name)
    ok("blur", "-o", f"out{name}", "--", name)
    ok("blur", "-o", "out/", "--", name)
    assert names(folder / "out") == [name]
    assert np.array_equal(load(f"out{name}"), load(f"out/{name}"))


@pytest.mark.parametrize("name", ["new\nline.png", "\x1b[31mred.png", "tab\t.png"], ids=ascii)
def test_a_strange_name_stays_one_line_in_a_message(refused, name):
    line = refused(1, "blur", name, "-o", "out.png")
    assert line.isprintable()


@pytest.mark.parametrize(
    "words", [("blur", "a.png", "-o", "\x1b[31m.xyz"), ("blur", "--\x1b[31m"), ("\x1b[31m",)], ids=ascii
)
def test_a_strange_word_stays_one_line_in_a_message(refused, png, words):
    assert refused(2, *words).isprintable()


@pytest.mark.needs("names of any bytes")
def test_a_name_that_is_not_utf_8(shell, png, folder):
    line = r"mv a.png $'\xff.png'; imfilter blur $'\xff.png' -o $'\xfe.png' && imfilter blur $'\xfd.png' -o b.png"
    ended = shell(line)
    assert ended.stderr == b"imfilter: \\xfd.png: no such file or directory\n"
    assert sorted(os.listdir(os.fsencode(folder))) == [b"\xfe.png", b"\xff.png"]


@pytest.mark.parametrize(
    "words", [["blur", "--sigma", "12"], ["edges", "--op", "canny"], ["conv", "--kernel", "1 2; 3 4"]]
)
def test_any_number_of_cores_gives_the_same_bytes(ok, folder, words):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (700, 900, 3), dtype=np.uint8)).save("big.png")
    written = []
    for cores in ("1", "2", "3"):
        ok(words[0], "big.png", "-o", "out.png", *words[1:], "-j", cores)
        written.append((folder / "out.png").read_bytes())
    assert written[0] == written[1] == written[2]


def test_quiet_and_verbose_together_are_refused(refused):
    assert "contradict" in refused(2, "blur", "a.png", "-o", "out.png", "-q", "-v")


@pytest.mark.parametrize("cores", ["1", "3"])
def test_a_note_that_images_share_is_said_once_with_their_number(run, folder, cores):
    (folder / "photos").mkdir()
    for number in range(6):
        np.save(f"photos/{number}.npy", np.random.default_rng(number).random((9, 9 + number), np.float32) + number)
    pages = [Image.new("L", (8, 8), 60 * number) for number in range(3)]
    for name in ("x.gif", "y.gif"):
        pages[0].save(f"photos/{name}", save_all=True, append_images=pages[1:], duration=50)
    ended = run("conv", "photos", "--kernel", "1", "-o", "out/", "-t", "tiff", "-j", cores)
    assert ended.code == 0
    said = [line for line in ended.lines if "cannot hold frame durations" in line]
    assert len(said) == 1
    assert said[0].startswith("imfilter: photos/x.gif: ")
    assert said[0].endswith("(1 other image likewise)")
    single = run("conv", "photos/x.gif", "--kernel", "1", "-o", "x.tif")
    assert len(single.lines) == 1 and "likewise" not in single.err


def test_help_and_listings_print_in_any_encoding(shell):
    for words in ("kernels", "conv --help", "kernels show schmid"):
        for encoding in ("latin1", "ascii"):
            env = {"LC_ALL": "C", "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
            ended = shell(f"imfilter {words}", env=env)
            assert (ended.returncode, ended.stderr) == (0, b"")
