"""What a folder gives: its images, its tree, and nothing that would hang, loop or be written twice."""

import os
from pathlib import Path

import pytest
from imfilter.cli.batch import inputs
from imfilter.cli.batch.inputs import Fate, InputRules
from imfilter.cli.errors import UsageError
from PIL import Image


@pytest.fixture
def tree(folder):
    """Make files below the test's folder: ``tree("a.png", "deep/b.jpg", "notes.txt")``; all hold what they promise."""

    def tree(*names):
        for name in names:
            path = folder / os.fsdecode(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix in (".png", ".jpg", ".tif", ""):
                with path.open("wb") as file:
                    Image.new("L", (4, 3)).save(file, {".jpg": "JPEG", ".tif": "TIFF"}.get(path.suffix, "PNG"))
            else:
                path.write_text("text")

    return tree


def places(*names, **rules):
    return [found.place for found in inputs.scan(names, InputRules(**rules)).inputs]


def passed_over(*names, **rules):
    return [path for path, _ in inputs.scan(names, InputRules(**rules)).passed_over]


def test_a_folder_gives_its_own_images_in_order(tree):
    tree("p/b.jpg", "p/a.png", "p/deep/c.png")
    assert places("p") == ["a.png", "b.jpg"]


def test_a_tree_gives_every_image_by_its_place(tree):
    tree("p/b.jpg", "p/a/x.png", "p/a/b/y.tif", "p/c.png")
    found = inputs.scan(["p"], InputRules(recursive=True))
    assert [(item.name, item.place) for item in found.inputs] == [
        ("p/a/b/y.tif", "a/b/y.tif"),
        ("p/a/x.png", "a/x.png"),
        ("p/b.jpg", "b.jpg"),
        ("p/c.png", "c.png"),
    ]


def test_images_are_known_by_their_content(tree):
    tree("p/notes.txt")
    for name in ("p/image.dat", "p/scan.x1"):
        Image.new("L", (4, 3)).save(name, "PNG")
    assert places("p") == ["image.dat", "scan.x1"]


def test_what_is_no_image_is_passed_over_and_named(tree):
    tree("p/a.png", "p/.hidden.png", "p/Thumbs.db", "p/notes.txt", "p/.git/x.png", "p/a.png.json")
    assert places("p", recursive=True) == ["a.png"]
    assert passed_over("p", recursive=True) == ["p/.hidden.png", "p/Thumbs.db", "p/a.png.json", "p/notes.txt"]


def test_what_promises_an_image_is_taken_so_that_its_failure_is_told(folder, tree):
    tree("p/a.png")
    (folder / "p" / "empty.jpg").touch()
    (folder / "p" / "gone.png").symlink_to("nowhere")
    (folder / "p" / "self.png").symlink_to("self.png")
    (folder / "p" / "self").symlink_to("self")
    assert places("p") == ["a.png", "empty.jpg", "gone.png", "self.png"]
    assert passed_over("p") == ["p/self"]


def test_what_is_named_is_taken_whatever_it_is(tree):
    tree("p/.hidden.png", "notes.txt")
    assert places("p/.hidden.png", "notes.txt", "missing.png") == [".hidden.png", "notes.txt", "missing.png"]


def test_a_hidden_folder_that_is_named_is_looked_into(tree):
    tree(".cache/a.png")
    assert places(".cache") == ["a.png"]


def test_a_pipe_in_a_folder_is_not_waited_for(folder, tree):
    tree("p/a.png")
    os.mkfifo(folder / "p" / "pipe.png")
    assert places("p") == ["a.png"]


@pytest.mark.needs("names of any bytes")
def test_names_that_are_not_utf_8_are_kept(tree):
    tree(b"p/\xff.png", b"p/\xfe/a.png")
    assert [os.fsencode(place) for place in places("p", recursive=True)] == [b"\xfe/a.png", b"\xff.png"]


@pytest.mark.parametrize("link", ["deep/loop", "deep/deeper/loop"])
def test_a_link_to_a_folder_above_is_a_loop(folder, tree, link):
    tree("p/a.png", "p/deep/deeper/b.png")
    (folder / "p" / link).symlink_to(folder / "p" / "deep")
    with pytest.raises(UsageError, match="--exclude it"):
        places("p", recursive=True)
    assert places("p", recursive=True, exclude=["loop"]) == ["a.png", "deep/deeper/b.png"]
    assert places("p") == ["a.png"]


def test_a_link_to_another_folder_is_followed(folder, tree):
    tree("p/a.png", "elsewhere/b.png")
    (folder / "p" / "more").symlink_to(folder / "elsewhere")
    assert places("p", recursive=True) == ["a.png", "more/b.png"]


def test_a_tree_may_be_deeper_than_pythons_stack(folder, tree):
    tree("a.png")
    for _ in range(1200):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.png").hardlink_to(folder / "a.png")
    os.chdir(folder)
    try:
        assert places("d", recursive=True) == ["d/" * 1199 + "a.png"]
    finally:
        for _ in range(1200):
            os.chdir("d")
        Path("a.png").unlink()
        for _ in range(1200):
            os.chdir("..")
            Path("d").rmdir()


def test_a_folder_that_cannot_be_listed_stops_nothing(tree, monkeypatch):
    tree("p/a.png", "p/private/b.png")
    scandir = os.scandir

    def refusing(path):
        if "private" in str(path):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert places("p", recursive=True) == ["a.png", "private"]
    with pytest.raises(UsageError, match="p/private: cannot be listed: permission denied"):
        places("p/private")


# ---- --include and --exclude ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"include": ["*.jpg"]}, ["a/x.jpg", "b.jpg"]),
        ({"include": ["*.png", "b*"]}, ["a/y.png", "b.jpg", "c[1].png"]),
        ({"include": ["a/*"]}, ["a/x.jpg", "a/y.png"]),
        ({"exclude": ["*.jpg"]}, ["a/y.png", "c[1].png"]),
        ({"exclude": ["a"]}, ["b.jpg", "c[1].png"]),
        ({"exclude": ["a/"]}, ["b.jpg", "c[1].png"]),
        ({"exclude": ["a/x*"]}, ["a/y.png", "b.jpg", "c[1].png"]),
        ({"include": ["*.jpg"], "exclude": ["b*"]}, ["a/x.jpg"]),
        ({"include": ["c[[]1].png"]}, ["c[1].png"]),
    ],
    ids=str,
)
def test_globs_choose_from_a_tree(tree, rules, expected):
    tree("p/a/x.jpg", "p/a/y.png", "p/b.jpg", "p/c[1].png")
    assert places("p", recursive=True, **rules) == expected


def test_globs_do_not_concern_what_is_named(tree):
    tree("a.png")
    assert places("a.png", exclude=["*"]) == ["a.png"]


def test_a_folder_of_which_nothing_is_taken_says_so(tree):
    tree("p/a.png")
    with pytest.raises(UsageError, match=r"p: no images found \(1 file matches --exclude\)$"):
        places("p", exclude=["*.png"], recursive=True)


# ---- lists ------------------------------------------------------------------------------------------


def test_a_list_may_end_in_lines_of_either_kind(folder):
    (folder / "list").write_bytes(b"a.png\r\nb c.png\n\n\xff.png\nlast.png")
    assert [os.fsencode(name) for name in inputs.read_list("list", b"\n")] == [
        b"a.png",
        b"b c.png",
        b"\xff.png",
        b"last.png",
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_list_may_begin_with_a_byte_order_mark(folder, encoding):
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    (folder / "list").write_bytes(f"{mark}é.png\r\nb c.png\r\n".encode(encoding))
    assert inputs.read_list("list", b"\n") == ["é.png", "b c.png"]


def test_a_list_that_is_cut_off_is_refused(refused, folder):
    (folder / "list").write_bytes(b"\xff\xfea")
    assert "starts like UTF-16 text" in refused(2, "blur", "--files-from", "list", "-o", "out/")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "p: no images found (1 other file); use -r to search its subfolder"),
        (("--include", "*.tif", "-r"), "p: no images found (2 files do not match --include)"),
        (("--exclude", "*.png", "-r"), "p: no images found (1 file matches --exclude, 1 other file)"),
    ],
    ids=str,
)
def test_a_folder_without_images_says_what_there_is(refused, tree, words, said):
    tree("p/notes.txt", "p/deep/a.png")
    assert refused(2, "blur", "p", "-o", "out/", *words) == f"imfilter: {said}"


def test_subfolders_that_are_left_out_are_counted(run, tree):
    tree("p/a.png", "p/b/c.png", "p/d/e.png", "p/.git/x.png", "p/out/old.png")
    assert run("blur", "p", "-o", "p/out/").err.rstrip().endswith("MP/s; 2 subfolders not searched (use -r)")
    assert "subfolder" not in run("blur", "p", "-r", "-o", "p/out/").err
    # Again with -r, in place, the images of the folder itself would be filtered twice.
    assert run("blur", "p", "--in-place").err.rstrip().endswith("MP/s; 3 subfolders not searched")


def test_a_list_may_end_in_nul(folder):
    (folder / "list").write_bytes(b"a.png\0new\nline.png\0b\r\n.png")
    assert inputs.read_list("list", b"\0") == ["a.png", "new\nline.png", "b\r\n.png"]


def test_a_list_on_standard_input(ok, tree, folder):
    tree("a.png", "new\nline.png")
    ok("blur", "-q", "--files-from", "-", "-0", "-o", "out/", stdin=b"a.png\0new\nline.png\0")
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["a.png", "new\nline.png"]


def test_a_list_of_one_needs_a_folder_as_a_list_of_two_does(refused, ok, tree, folder):
    tree("a.png")
    assert "need a folder" in refused(2, "blur", "--files-from", "-", "-o", "out", stdin=b"a.png\n")
    ok("blur", "-q", "--files-from", "-", "-o", "out/", stdin=b"a.png\n")


def test_a_missing_file_of_a_list_stops_nothing(run, tree, folder):
    tree("a.png")
    ended = run("blur", "--files-from", "-", "-o", "out/", stdin=b"gone.png\na.png\n")
    assert ended.code == 1
    assert ended.lines[0] == "imfilter: gone.png: no such file or directory"
    assert (folder / "out" / "a.png").exists()


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (["--files-from", "gone"], b"", "--files-from gone: no such file"),
        (["--files-from", "-"], b"\n\n", "lists no files"),
        (
            ["--files-from", "-"],
            b"a.png\0b.png\n",
            "--files-from standard input: contains NUL bytes; use -0 if they end the names",
        ),
        (["--files-from", "-", "-"], b"a.png", "not both"),
        (["a.png", "-0"], b"", "-0"),
    ],
    ids=str,
)
def test_a_list_that_is_none_is_refused(refused, tree, words, stdin, said):
    tree("a.png")
    assert said in refused(2, "blur", *words, "-o", "out/", stdin=stdin)


# ---- outputs among inputs ---------------------------------------------------------------------------


def test_an_output_folder_in_the_tree_is_not_read(ok, tree, folder):
    tree("p/a.png", "p/b/c.png")
    for _ in range(2):
        ok("edges", "-q", "p", "-r", "-o", "p/out/", "--angle", "p/b/angle/")
    made = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))
    assert made == [
        *("p/a.png", "p/b/angle/a.png", "p/b/angle/b/c.png", "p/b/c.png"),
        *("p/out/a.png", "p/out/b/c.png"),
    ]


def test_a_backup_is_not_filtered_in_its_turn(tree):
    tree("p/a.png")
    Image.new("L", (4, 3)).save("p/a.png.orig", "PNG")
    Image.new("L", (4, 3)).save("p/lonely.png.kept", "PNG")
    assert places("p", backup=".orig") == ["a.png", "lonely.png.kept"]
    assert inputs.scan(["p"], InputRules()).count(Fate.BACKUP) == 1


def test_a_link_in_the_output_folder_may_not_lead_out_of_it(refused, tree, folder):
    tree("p/a.png", "p/deep/b.png", "elsewhere/x.png")
    (folder / "out").mkdir()
    (folder / "out" / "deep").symlink_to(folder / "elsewhere")
    assert "leads outside the folder out/" in refused(2, "blur", "p", "-r", "-o", "out/")
    assert sorted(os.listdir(folder / "elsewhere")) == ["x.png"]


def test_a_link_at_an_outputs_name_is_replaced(ok, tree, folder):
    tree("p/a.png", "elsewhere/x.png")
    (folder / "out").mkdir()
    (folder / "out" / "a.png").symlink_to(folder / "elsewhere" / "new.png")
    ok("blur", "-q", "p", "-o", "out/")
    assert not (folder / "out" / "a.png").is_symlink()
    assert os.listdir(folder / "elsewhere") == ["x.png"]


def test_an_output_folder_may_itself_be_a_link(ok, tree, folder):
    tree("p/a.png", "elsewhere/x.png")
    (folder / "out").symlink_to("elsewhere")
    ok("blur", "-q", "p", "-o", "out/")
    assert (folder / "elsewhere" / "a.png").exists()


@pytest.mark.parametrize("output", ["a.png/", "a.png/deep/", "gone/"])
def test_an_output_folder_that_is_none_is_refused_before_the_work(refused, tree, folder, output):
    tree("a.png", "b.png")
    (folder / "gone").symlink_to("nowhere")
    assert "is not a folder" in refused(2, "blur", "b.png", "-o", output)


def test_the_summary_counts_what_was_passed_over(run, tree):
    tree("p/a.png", "p/notes.txt", "p/.x")
    assert run("blur", "p", "-o", "out/").err.rstrip().endswith("; 2 other files passed over")
    assert "p/notes.txt: passed over" in run("blur", "p", "-o", "out/", "-v").lines


@pytest.mark.each(
    "words",
    [
        ("blur", "p", "-o", "out/"),
        ("info", "p"),
        ("info", "p", "--check"),
        ("sheet", "p", "-o", "s.png"),
        ("compare", "p", "q"),
    ],
)
def test_subfolders_that_were_not_searched_are_counted(run, tree, words):
    tree("p/a.png", "p/deep/c.png", "p/deep/deeper/d.png", "p/other/e.png", "q/a.png", "q/deep/c.png")
    assert run(*words).lines[-1].endswith("2 subfolders not searched (use -r)")
    assert "subfolder" not in run(*words, "-r", "--exclude", "out").err
    assert run(*words, "-q").err == ""
    assert run(*words, "--json").lines[-1].endswith("2 subfolders not searched (use -r)")
    assert "deep" not in run(*words[:1], "q/a.png", *words[2:]).err
