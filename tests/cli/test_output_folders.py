"""Folders that change while the program writes: nothing goes where it was not told to write."""

import contextlib
import errno
import os
import shutil
import signal
import socket
import stat
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.batch import image_job, runner
from imfilter.cli.batch import run as batch_run
from imfilter.cli.images import output_folder
from imfilter.cli.images.atomic_write import Transaction
from imfilter.cli.images.output_folder import OutputFolder, root_of
from PIL import Image

NAMES = ("0.png", "sub/1.png", "sub/deep/2.png")


@pytest.fixture
def photos(rgb, folder):
    """A tree of three pictures."""
    for number, name in enumerate(NAMES):
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(rgb, number, axis=1)).save(path)
    return folder / "photos"


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def meanwhile(monkeypatch):
    """``meanwhile(happens)``: something happens once, after the plan and before the first picture is read."""

    def meanwhile(happens):
        process, calls = runner.process, []

        def after(*arguments):
            if not calls:
                calls.append(arguments)
                happens()
            return process(*arguments)

        monkeypatch.setattr(runner, "process", after)

    return meanwhile


@pytest.fixture
def before_the_rename(monkeypatch):
    """``before_the_rename(happens)``: something happens once, when the outputs of a picture are written but wait."""

    def before(happens):
        commit = image_job.Transaction.commit
        calls = []

        def after(transaction):
            if not calls:
                calls.append(transaction)
                happens()
            commit(transaction)

        monkeypatch.setattr(image_job.Transaction, "commit", after)

    return before


@pytest.fixture
def behind_the_check(monkeypatch):
    """``behind_the_check(happens)`` does it once a call was checked, before anything is imported for the work."""

    def behind(happens):
        work = batch_run._work

        def after(*arguments):
            happens()
            return work(*arguments)

        monkeypatch.setattr(batch_run, "_work", after)

    return behind


def swap(name, for_link_to):
    Path(name).rename(f"{name}-before")
    Path(name).symlink_to(for_link_to, target_is_directory=True)


# ---- folders of a tree ------------------------------------------------------------------------------

WORDS = ("blur", "-q", "photos", "-r", "-o", "out/", "-j", "1")


@pytest.mark.parametrize("moment", ["behind_the_check", "meanwhile", "before_the_rename"])
@pytest.mark.parametrize(
    ("name", "leads_to"),
    [("out", "photos"), ("out/sub", "../photos/sub"), ("out/sub/deep", "../../elsewhere"), ("out", "elsewhere")],
)
def test_a_folder_that_becomes_a_link_leads_nowhere(run, photos, folder, request, moment, name, leads_to):
    (folder / "elsewhere").mkdir()
    (folder / "out/sub/deep").mkdir(parents=True)
    before = contents(photos)
    request.getfixturevalue(moment)(lambda: swap(name, leads_to))
    ended = run(*WORDS)
    assert contents(photos) == before
    assert os.listdir("elsewhere") == []
    assert ended.code == 1
    assert all(": cannot be written: its folder " in line for line in ended.lines)


def test_a_root_that_is_made_during_the_run_is_held_to_its_place(run, photos, folder, before_the_rename):
    before_the_rename(lambda: swap("out", "photos"))
    before = contents(photos)
    ended = run(*WORDS)
    assert ended.code == 1
    assert len(ended.lines) == 2  # the first was written in the folder that was moved away
    assert contents(photos) == before
    assert os.listdir("out-before") == ["0.png"]


@pytest.mark.parametrize("cores", ["1", "2"])
def test_a_root_that_was_replaced_ends_the_batch_where_every_image_meets_it(run, photos, folder, meanwhile, cores):
    for number in range(9):
        shutil.copyfile(photos / "0.png", photos / f"{number + 3}.png")
    (folder / "out").mkdir()

    def replaced(*_):
        Path("out").rename("before")
        Path("out").mkdir()

    meanwhile(replaced)
    if cores == "2":
        share = runner._reports

        def after(*arguments):
            replaced()
            return share(*arguments)

        runner_reports = pytest.MonkeyPatch()
        runner_reports.setattr(runner, "_reports", after)
    ended = run(*WORDS[:-1], cores)
    if cores == "2":
        runner_reports.undo()
    assert ended.code == 1
    assert os.listdir("out") == os.listdir("before") == []
    said = "cannot be written: its folder was replaced by another one during the run"
    assert [said in line for line in ended.lines[:3]] == [True] * 3
    assert ended.lines[-1].startswith(f"imfilter: stopped: {said}; ")


def test_links_may_lead_from_one_place_of_the_tree_to_another(ok, photos, folder, load):
    (folder / "out/real/below").mkdir(parents=True)
    (folder / "out/sub").symlink_to(folder / "out/real", target_is_directory=True)
    (folder / "out/real/deep").symlink_to("below", target_is_directory=True)
    ok(*WORDS)
    assert sorted(contents(folder / "out")) == ["0.png", "real/1.png", "real/below/2.png"]


def test_links_that_lead_in_circles_are_refused(folder):
    (folder / "out").mkdir()
    root = root_of("out/")
    (folder / "out/a").symlink_to("b")
    (folder / "out/b").symlink_to("a")
    with pytest.raises(OSError):
        OutputFolder(Path("out/a"), root)


@pytest.mark.parametrize("name", ["out/", "new/er/out/", "new/../out/", "./out", "../{here}/out/"])
def test_a_root_is_found_by_any_name(ok, photos, folder, name):
    ok("blur", "-q", "photos", "-r", "-o", f"{name.format(here=folder.name).rstrip('/')}/")
    assert len(contents(folder)) == 2 * len(NAMES)


def test_a_file_where_a_folder_should_be_is_a_line_for_each_image(run, photos, folder, meanwhile):
    (folder / "out").mkdir()
    meanwhile(lambda: Path("out/sub").write_bytes(b"a file"))
    ended = run(*WORDS)
    assert ended.code == 1
    assert [line.endswith(".png: cannot be written: not a directory") for line in ended.lines] == [True] * 2
    assert contents(folder / "out").keys() == {"0.png", "sub"}


def test_where_folders_cannot_be_held_open_their_names_must_do(ok, refused, photos, folder, monkeypatch, meanwhile):
    monkeypatch.setattr(output_folder, "HELD", False)
    ok(*WORDS)
    assert sorted(contents(folder / "out")) == sorted(NAMES)
    ok("blur", "-q", "photos", "--in-place", "--backup", ".orig")
    meanwhile(lambda: Path("new").symlink_to("photos"))
    line = refused(1, "blur", "-q", "photos/0.png", "-o", "new/")
    assert line.endswith("its folder became a link that leads elsewhere")


def test_no_folder_stays_open(ok, rgb, folder):
    for number in range(40):
        path = folder / "many" / str(number) / "a.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(rgb[:2, :2]).save(path)
    ok("blur", "many", "-q", "-r", "-o", "out/", "-j", "1")
    before = os.listdir("/dev/fd")
    ok("edges", "many", "-q", "-r", "-o", "out/", "--angle", "angles/", "-j", "1")
    assert os.listdir("/dev/fd") == before


@pytest.mark.needs("the superuser")
def test_a_folder_that_may_not_be_listed_takes_files(folder):
    (folder / "drop").mkdir()
    (folder / "drop").chmod(0o733)
    folder.chmod(0o711)
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            os.setuid(65534)
            for root in (None, root_of("drop")):
                with Transaction() as transaction:
                    with transaction.open(Path(f"drop/{root is None}"), root=root) as file:
                        file.write(b"dropped")
                    transaction.commit()
            code = 0
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert sorted(os.listdir("drop")) == ["False", "True"]


# ---- what is read, by another name ------------------------------------------------------------------


@pytest.mark.parametrize("make", [os.link, os.symlink], ids=["hard", "symbolic"])
@pytest.mark.parametrize("output", ["out/", "out/0.png"])
def test_an_output_that_became_an_input_is_refused(refused, photos, folder, before_the_rename, make, output):
    (folder / "out").mkdir()
    before = contents(photos)
    before_the_rename(lambda: make(photos / "0.png", folder / "out/0.png"))
    line = refused(1, "blur", "photos/0.png", "-o", output)
    assert line.endswith("out/0.png: cannot be written: it is a file that this call reads")
    assert contents(photos) == before
    assert Path("out/0.png").samefile(photos / "0.png")


def test_the_folder_of_a_single_output_is_held_open(ok, photos, folder, before_the_rename):
    """The file goes where its folder was when it was begun."""
    (folder / "out").mkdir()
    before = contents(photos)
    before_the_rename(lambda: swap("out", "photos"))
    ok("blur", "photos/0.png", "-o", "out/0.png")
    assert contents(photos) == before
    assert os.listdir("out-before") == ["0.png"]


def replace(name):
    Path("newer").write_bytes(b"newer")
    Path("newer").replace(name)


@pytest.mark.parametrize("happens", [replace, os.unlink], ids=["replaced", "removed"])
@pytest.mark.parametrize("words", [(), ("--backup", "~")], ids=str)
def test_in_place_replaces_what_was_read_and_nothing_else(refused, png, folder, before_the_rename, happens, words):
    before_the_rename(lambda: happens("a.png"))
    line = refused(1, "blur", "a.png", "--in-place", *words)
    assert line.startswith("imfilter: a.png: cannot be written: another program replaced or removed it")
    assert contents(folder) == ({"a.png": b"newer"} if happens is replace else {})


def test_in_place_in_a_folder_that_became_a_link_replaces_no_other_input(run, rgb, folder, before_the_rename):
    for name in ("one", "two"):
        (folder / name).mkdir()
        Image.fromarray(rgb[len(name) :]).save(folder / name / "a.png")
    before = contents(folder / "two")

    def swapped():
        shutil.rmtree("one")
        Path("one").symlink_to("two")

    before_the_rename(swapped)
    assert run("blur", "one/a.png", "--in-place").code == 1
    assert contents(folder / "two") == before


# ---- what is no file --------------------------------------------------------------------------------


def a_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize("make", [os.mkfifo, a_socket], ids=["pipe", "socket"])
@pytest.mark.parametrize("early", [True, False], ids=["before", "meanwhile"])
def test_what_is_no_file_in_a_tree_fails_one_image_at_once(run, photos, folder, make, early, before_the_rename):
    (folder / "out").mkdir()
    if early:
        make("out/0.png")
    else:
        before_the_rename(lambda: make("out/0.png"))
    ended = run(*WORDS)
    kind = "named pipe" if make is os.mkfifo else "socket"
    assert (ended.code, ended.err) == (1, f"imfilter: out/0.png: cannot be written: a {kind} is there\n")
    assert not stat.S_ISREG(Path("out/0.png").lstat().st_mode)
    assert sorted(contents(folder / "out")) == list(NAMES[1:])


@pytest.mark.needs("the superuser")
def test_a_device_in_a_tree_fails_one_image(run, photos, folder):
    (folder / "out").mkdir()
    try:
        os.mknod("out/0.png", stat.S_IFCHR | 0o666, Path("/dev/null").stat().st_rdev)
    except PermissionError:
        pytest.skip("needs devices that may be made")
    ended = run(*WORDS)
    assert (ended.code, ended.err) == (1, "imfilter: out/0.png: cannot be written: a device is there\n")


def test_a_pipe_that_is_named_waits_for_its_reader_and_can_be_interrupted(start, command, png, folder):
    os.mkfifo("pipe.png")
    code = """
        import os, sys
        from imfilter.cli import main
        from imfilter.cli.images import output_stream
        opened = os.open
        def telling(name, *rest, **options):
            if str(name) == "pipe.png":
                os.write(1, b"waiting\\n")
            return opened(name, *rest, **options)
        output_stream.os.open = telling
        main.main()
    """
    for number, ends in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = start([sys.executable, "-c", textwrap.dedent(code), "blur", "a.png", "-o", "pipe.png"])
        assert process.stdout.readline() == b"waiting\n"
        process.send_signal(number)
        process.communicate()
        assert process.returncode == ends
    assert stat.S_ISFIFO(Path("pipe.png").stat().st_mode)


def test_a_reader_that_takes_nothing_can_be_interrupted(start, command, folder):
    """What is left to be sent does not hold the program when it ends."""
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)).save("a.png")
    os.mkfifo("pipe.png")
    for output in ("pipe.png", "-"):
        process = start([*command, "blur", "a.png", "--sigma", "0.1", "-o", output])
        reader = os.open("pipe.png", os.O_RDONLY) if output != "-" else process.stdout.fileno()
        assert os.read(reader, 1)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        if output != "-":
            os.close(reader)


def test_a_stream_that_became_a_file_is_not_cut_off(refused, png, folder, before_the_rename):
    os.mkfifo("pipe.png")
    (folder / "precious").write_bytes(b"precious")

    def swapped():
        Path("pipe.png").unlink()
        Path("pipe.png").symlink_to("precious")

    before_the_rename(swapped)
    assert refused(1, "blur", "a.png", "-o", "pipe.png").endswith("it is no longer a stream")
    assert Path("precious").read_bytes() == b"precious"


def test_what_is_taken_in_pieces_arrives_whole(png, shell, ok):
    """Of a file in the way of a stream that takes few bytes at once nothing is lost."""
    code = """
        import os, sys
        from imfilter.cli import main
        class Slow:
            def __init__(self, raw):
                self.raw = self
                self.under = raw
            def flush(self):
                pass
            def fileno(self):
                return self.under.fileno()
            def write(self, data):
                self.none = not getattr(self, "none", False)
                return None if self.none else self.under.write(data[:1000])
        class Out:
            buffer = Slow(getattr(sys.stdout.buffer, "raw", sys.stdout.buffer))
            encoding = "utf-8"
            def flush(self):
                pass
            def isatty(self):
                return False
            def fileno(self):
                return 1
        sys.stdout = Out()
        main.main()
    """
    whole = ok("blur", "a.png", "-o", "-", "-t", "tiff")
    ended = shell(f"'{sys.executable}' -c '{textwrap.dedent(code)}' blur a.png -o - -t tiff | cat")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout == whole


def test_an_error_of_a_folder_names_the_output(refused, png, folder, monkeypatch):
    def denied(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "mkdir", denied)
    assert refused(1, "blur", "a.png", "-o", "new/").endswith("new/a.png: cannot be written: input/output error")
