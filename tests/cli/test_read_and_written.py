"""A call replaces only what it was told to write: whatever it reads, whatever it writes, whatever the names."""

import io
import itertools
import json
import os
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli import streams
from imfilter.cli.batch import collisions
from imfilter.cli.batch.call_files import FilesWritten, files_read
from imfilter.cli.batch.options import OPTIONS
from imfilter.cli.batch.plan import Input, plan
from imfilter.cli.console.messages import flag
from imfilter.cli.images import encode
from imfilter.filters.core import catalog
from PIL import Image

FILE = "f/x0.png"
"""The file that is read and written, whatever it is."""
EDGES, BANK = "edges", "conv --kernel haar"
MAPS = {
    name: filter
    for filter in catalog.names()
    for name, field in catalog.load(filter).spec.maps.items()
    if field.kind != "table"
}


def png():
    file = io.BytesIO()
    Image.fromarray(np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)).save(file, "PNG")
    return file.getvalue()


def toml(last):
    name, *kernel = last.split(" --kernel ")
    return f'[[step]]\nfilter = "{name}"\n{"".join(f"kernel = {kernel[0]!r}" for _ in kernel)}\n'.encode()


def boxes(*names):
    """A file of boxes that knows all inputs of the calls, and those of *names*."""
    files = ("a.png", "x0.png", "link.png", "hard.png", *names)
    images = [{"id": name, "file_name": name} for name in files]
    return json.dumps({"images": images, "categories": [{"id": 1, "name": "cat"}], "annotations": []}).encode()


READS = {
    "inputs": lambda last: png(),
    "mask": lambda last: png(),
    "files_from": lambda last: b"a.png\n",
    "kernel": lambda last: b"1 2 1\n",
    "bias": lambda last: b"3\n",
    "shape": lambda last: b"1 1 1\n",
    "recipe": toml,
    "boxes": lambda last: boxes(),
    "classes": lambda last: b"cat\n",
    "labels": lambda last: bytes([0, 0, 8, 1, 0, 0, 0, 1, 7]),
    "cluster": lambda last: b'{"address": "tcp://127.0.0.1:9"}',
}
"""What a call reads, and what such a file holds for a call whose last step is given."""

WRITES = {
    "output": (EDGES, lambda path: ("-o", path, "-t", "png")),
    **{name: (filter, lambda path, name=name: (flag(name), path, "-t", "png")) for name, filter in MAPS.items()},
    "sheet": (BANK, lambda path: ("--sheet", path, "-t", "png")),
    "angle_legend": (EDGES, lambda path: ("--angle", "new/", "--angle-style", "color", "--angle-legend", path)),
    "depfile": (EDGES, lambda path: ("-o", "new/", "--depfile", path)),
    "report": (EDGES, lambda path: ("-o", "new/", "--report", path)),
    "save": (EDGES, lambda path: ("-o", "new/", "--save", path)),
    "boxes_out": (
        EDGES,
        lambda path: ("-o", "new/", "--boxes", "boxes.json", "--boxes-to", "coco", "--boxes-out", path),
    ),
}
"""The last step of a call in which an option writes, and the words with a path."""

INTO_FOLDERS = {
    "name": (EDGES, ("--name", "x0.png")),
    "map": (BANK, ("--name", "x{map}.png")),
    "frame": (EDGES, ("--name", "x{frame}.png")),
}
"""Words that make the file in a folder, which --output names."""

NAMES = [FILE, f"./{FILE}", "f/../f/x0.png", "f//x0.png", "g/x0.png", "link.png", "hard.png", "f/deep/../x0.png"]
SYSTEM = [f"/proc/self/cwd/{FILE}", "/dev/fd/N", "/proc/self/fd/N", "/proc/thread-self/fd/N"]
FOLDERS = ["f/", "./f", "g", "f/deep/..", "/proc/self/cwd/f"]


def call(kind, name, last, words):
    """The words of a call that reads the file *name*, and writes as *words* say."""
    inputs = {"inputs": [name], "files_from": ["--files-from", name]}.get(kind, ["a.png"])
    if kind == "recipe":
        return "run", name, *inputs, *words
    steps = {"kernel": ["conv --kernel"], "bias": ["conv --kernel 1 --bias"], "shape": ["morph --shape"]}.get(kind, [])
    beside = [f"--{kind}", name] if kind in ("mask", "labels", "cluster") else []
    if kind in ("boxes", "classes"):
        words = [word for word in words if word not in ("--boxes", "boxes.json")]
        into = [] if "--boxes-out" in words else ["--boxes-out", "bo.json"]
        words = [*([] if "-o" in words else ["-o", "pictures/"]), *words]
        beside = ["--boxes", name if kind == "boxes" else "boxes.json", *into]
        beside += ["--classes", name] if kind == "classes" else []
    return "chain", *inputs, *beside, *words, *(f"{step} {name}" for step in steps), last


@pytest.fixture
def known(folder):
    """``known(kind, last)`` makes the file, known by all its names; it returns what all files hold."""
    (folder / "f" / "deep").mkdir(parents=True)
    (folder / FILE).touch()
    (folder / "g").symlink_to("f")
    (folder / "link.png").symlink_to(FILE)
    (folder / "hard.png").hardlink_to(FILE)
    (folder / "a.png").write_bytes(png())
    (folder / "boxes.json").write_bytes(boxes())

    def known(kind, last):
        (folder / FILE).write_bytes(READS[kind](last))
        return contents(folder)

    return known


@pytest.fixture
def descriptor(folder, known):
    """The file, open as a shell opens it with <>."""
    number = os.open(FILE, os.O_RDWR)
    (folder / "boxes.json").write_bytes(boxes(str(number)))
    yield number
    os.close(number)


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_tables_name_all_that_reads_and_all_that_writes():
    filters = [catalog.load(name).spec.parameters for name in catalog.names()]
    parameters = {name for filter in filters for name, parameter in filter.items() if parameter.param.file}
    assert READS.keys() == {name for name, option in OPTIONS.items() if option.reads} | parameters | {"recipe"}
    assert WRITES.keys() == {name for name, option in OPTIONS.items() if option.writes} | {*MAPS, "save"}


OF_JOBS = {"output", "sheet", *MAPS}
PAIRS = [
    (kind, option)
    for kind, option in itertools.product(READS, WRITES)
    if (kind, option) != ("recipe", "save")
    and not (kind == "files_from" and option in OF_JOBS)  # it needs a folder
    and not (kind in ("boxes", "classes") and option == "sheet")  # they need one picture
]
FEW = [(kind, option) for kind, option in PAIRS if option not in [*MAPS][1:]]
"""Those of one map stand for those of all."""


@pytest.mark.each("kind, option", FEW)
@pytest.mark.each("name", NAMES)
def test_what_is_read_is_never_written(refused, folder, known, kind, option, name):
    last, words = WRITES[option]
    before = known(kind, last)
    for read, written in ((FILE, name), (name, FILE)):
        assert "is never overwritten; " in refused(2, *call(kind, read, last, words(written)))
        assert contents(folder) == before


@pytest.mark.each("kind, option", [pair for pair in PAIRS if pair not in FEW])
def test_what_is_read_is_never_written_as_another_map(refused, folder, known, kind, option):
    last, words = WRITES[option]
    before = known(kind, last)
    assert "is never overwritten; " in refused(2, *call(kind, FILE, last, words(FILE)))
    assert contents(folder) == before


def test_a_kernel_is_never_written_as_a_table(refused, folder):
    Path("k.csv").write_text("1 2 1\n")
    before = contents(folder)
    said = refused(2, "chain", "a.png", "conv --kernel k.csv --scale 0.25", "hough", "--lines", "./k.csv")
    assert "is never overwritten; " in said and contents(folder) == before


@pytest.mark.needs("/proc")
@pytest.mark.each("kind, option", FEW)
@pytest.mark.each("name", SYSTEM)
def test_what_the_system_has_a_name_for_is_what_it_is(refused, folder, known, descriptor, kind, option, name):
    last, words = WRITES[option]
    name = name.replace("N", str(descriptor))
    before = known(kind, last)
    for read, written in ((FILE, name), (name, FILE), (name, name)):
        if option == "angle_legend" and not written.endswith(".png"):
            continue  # its format is told by its suffix
        assert "is never overwritten; " in refused(2, *call(kind, read, last, words(written)))
        assert contents(folder) == before


@pytest.mark.each("kind", READS)
@pytest.mark.each("way", INTO_FOLDERS)
@pytest.mark.each("name", FOLDERS)
def test_what_is_read_is_not_written_into_a_folder(refused, folder, known, kind, way, name):
    last, words = INTO_FOLDERS[way]
    before = known(kind, last)
    said = refused(2, *call(kind, FILE, last, ("-o", name, *words)))
    if kind in ("boxes", "classes") and way != "name":
        assert "need one " in said
    else:
        assert "is never overwritten; " in said or (way == "frame" and "may be one file" in said)
    assert contents(folder) == before


@pytest.mark.each(
    "words",
    [
        ("-o", "new.png"),
        ("-o", "b.png", "--magnitude", "new.png"),
        ("--angle", "b.png", "--angle-style", "color", "--angle-legend", "new.png"),
        ("-o", "b.png", "--depfile", "new.png"),
        ("-o", "b.png", "--save", "new.png"),
    ],
)
def test_what_has_become_a_file_that_is_read_is_not_written(refused, folder, known, monkeypatch, words):
    Path("new.png").unlink(missing_ok=True)
    before = known("kernel", EDGES)
    write = encode.write

    def swapped(*arguments):
        Path("new.png").unlink(missing_ok=True)
        Path("new.png").hardlink_to(FILE)
        return write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(encode, "write", swapped)
        line = refused(1, *call("kernel", FILE, EDGES, words), "-q")
    assert line == "imfilter: new.png: cannot be written: it is a file that this call reads"
    assert (folder / "new.png").read_bytes() == before[folder / FILE]


# ---- in its own place -------------------------------------------------------------------------------


@pytest.mark.each("kind", ["mask", "kernel", "bias", "shape", "recipe"])
@pytest.mark.each("inputs", [("f",), ("a.png", FILE), ("a.png", "link.png"), ("hard.png",)])
def test_only_an_input_is_replaced_in_place(refused, folder, known, kind, inputs):
    before = known(kind, EDGES)
    words = [*call(kind, FILE, EDGES, ("--in-place",))]
    at = words.index("a.png")
    words[at : at + 1] = inputs
    assert refused(2, *words).endswith(", which is never overwritten; leave it out with --exclude")
    assert contents(folder) == before


def test_a_kernel_in_the_folder_of_the_pictures_can_be_left_out(ok, folder, known):
    before = known("kernel", EDGES)
    (folder / "f" / "a.png").write_bytes(png())
    ok("conv", "f", "-q", "--kernel", FILE, "--normalize", "sum", "--in-place", "--exclude", "x0.png")
    assert (folder / FILE).read_bytes() == before[folder / FILE]
    assert (folder / "f" / "a.png").read_bytes() != png()


@pytest.mark.each("kind", ["mask", "kernel", "bias", "shape", "recipe"])
@pytest.mark.each("place", ["f", "g", "f/deep/.."])
def test_no_backup_takes_the_place_of_what_is_read(refused, folder, known, kind, place):
    known(kind, EDGES)
    (folder / "f" / "x").write_bytes(png())
    before = contents(folder)
    words = [*call(kind, FILE, EDGES, ("--in-place", "--backup", "0.png"))]
    words[words.index("a.png")] = f"{place}/x"
    assert refused(2, *words) == f"imfilter: --backup: {place}/x0.png is an input or output too; use another suffix"
    assert contents(folder) == before


@pytest.mark.needs("/proc")
def test_a_file_without_a_name_has_no_place(refused, folder, png):
    number = os.open("gone.png", os.O_RDWR | os.O_CREAT)
    os.write(number, png.read_bytes())
    Path("gone.png").unlink()
    for way in ("/dev/fd", "/proc/self/fd"):
        assert "is not a file that can be replaced" in refused(2, "blur", f"{way}/{number}", "--in-place")
    os.close(number)
    assert os.listdir(folder) == ["a.png"]


# ---- written twice ----------------------------------------------------------------------------------

TWICE = [
    ("--magnitude", "x.png"),
    ("--magnitude", "./x.png"),
    ("--magnitude", "f/../x.png"),
    ("--magnitude", "g/x.png"),
    ("--magnitude", "link.png"),
    ("--magnitude", "hard.png"),
    ("--angle", "x.png", "--magnitude", "y.png"),
    ("--angle", "a.png", "--angle-style", "color", "--angle-legend", "x.png"),
    ("--depfile", "x.png"),
    ("--depfile", "link.png"),
    ("--depfile", "g/x.png"),
    ("--save", "x.png"),
    ("--save", "hard.png"),
    ("--depfile", "b", "--save", "b"),
    ("--depfile", "b", "--save", "g/b"),
    ("--depfile", "/proc/self/cwd/x.png"),
    ("--depfile", "/dev/fd/N"),
    ("--save", "/proc/self/fd/N"),
    ("--depfile", "/dev/fd/N", "--save", "/dev/fd/M"),
]


@pytest.mark.needs("/proc")
@pytest.mark.each("words", TWICE)
@pytest.mark.each("exists", [True, False])
def test_nothing_is_written_twice(refused, folder, words, exists):
    for path in [path for path in folder.iterdir() if not path.is_dir() or path.is_symlink()]:
        path.unlink()
    (folder / "f").mkdir(exist_ok=True)
    (folder / "g").symlink_to(".")
    (folder / "in.png").write_bytes(png())
    (folder / "link.png").symlink_to("x.png")
    if exists:
        (folder / "x.png").write_bytes(b"old")
        (folder / "hard.png").hardlink_to("x.png")
    elif {"hard.png", "/dev/fd/N", "/proc/self/fd/N"} & {*words}:
        return
    numbers = [os.open("x.png" if exists else "in.png", os.O_RDWR) for _ in range(2)]
    words = [word.replace("N", str(numbers[0])).replace("M", str(numbers[1])) for word in words]
    before = contents(folder)
    line = refused(2, "chain", "in.png", "-o", "x.png", *words, EDGES)
    assert "two outputs of in.png" in line or "leads to the same file as" in line
    assert contents(folder) == before
    for number in numbers:
        os.close(number)


@pytest.mark.parametrize("words", ["blur in -o out/", "edges in -o out/ --magnitude out2/", "blur out --in-place"])
def test_equal_outputs_that_became_one_file_are_two_again(ok, folder, words):
    """Programs that look for duplicates link equal files."""
    for name in ("in", "out", "out2"):
        (folder / name).mkdir()
    for number in range(3):
        (folder / "in" / f"{number}.png").write_bytes(png())
    (folder / "out" / "0.png").write_bytes(png())
    for name in ("out/1.png", "out/2.png", "out2/0.png"):
        (folder / name).hardlink_to("out/0.png")
    ok(*words.split(), "-j", "2", "-q")
    written = [path for name in ("out", "out2") for path in (folder / name).iterdir()]
    assert len({path.stat().st_ino for path in written}) == len(written)
    assert len({path.read_bytes() for path in (folder / "out").iterdir()} - {png()}) == 1


@pytest.mark.needs("/dev")
def test_the_null_device_takes_any_number_of_outputs(ok, folder):
    (folder / "in.png").write_bytes(png())
    null = ["-o", os.devnull, "--to", "png", "--magnitude", os.devnull, "--save", os.devnull, "--depfile", os.devnull]
    ok("chain", "in.png", *null, EDGES)


@pytest.mark.parametrize("save", ["-", "", "f", "./f/", "g"])
@pytest.mark.parametrize("words", [("a.png", "-o", "b.png"), ()], ids=["work", "none"])
def test_a_recipe_needs_a_file(refused, folder, known, save, words):
    before = known("kernel", EDGES)
    assert refused(2, "chain", *words, EDGES, "--save", save) == f"imfilter: --save {save!r} does not name a file"
    assert contents(folder) == before


# ---- standard streams -------------------------------------------------------------------------------

REFUSED = [
    "blur - -o f/x0.png < f/x0.png",
    "blur - --depfile f/x0.png -o b.png < f/x0.png",
    "blur --files-from - -o b/ --depfile f/x0.png < f/x0.png",
    "conv a.png -o f/x0.png -t png --kernel /dev/stdin < f/x0.png",
    "run /dev/stdin a.png -o f/x0.png < f/x0.png",
    "blur a.png -o b.png --mask /dev/stdin --depfile f/x0.png < f/x0.png",
    "blur f/x0.png -o - >> f/x0.png",
    "blur f/x0.png -o - 1<> f/x0.png",
    "blur f/x0.png -o /dev/stdout -t png >> f/x0.png",
    "blur f/x0.png -o /proc/self/fd/7 -t png 7>> f/x0.png",
    "blur f/x0.png -o /dev/fd/7 -t png 7< f/x0.png",
    "blur f/x0.png -o b.png --json >> f/x0.png",
    "blur f/x0.png -o b.png --dry-run >> f/x0.png",
    "kernels show f/x0.png >> f/x0.png",
    "edges a.png -o - -t png --magnitude f/x0.png >> f/x0.png",
    "edges a.png -o - -t png --magnitude /dev/fd/7 7>> f/x0.png >> f/x0.png",
    "edges a.png -o f/x0.png --json >> f/x0.png",
    "edges a.png -o - -t png --magnitude /dev/stdout | cat",
    "blur a.png -o /dev/stdout -t png --json | cat",
]


@pytest.mark.needs("/dev/stdout", "/proc")
@pytest.mark.each("line", REFUSED)
def test_a_file_behind_a_stream_is_what_it_is(shell, folder, known, line):
    kind = (
        "recipe" if "run" in line else "kernel" if "kernel" in line else "files_from" if "files" in line else "inputs"
    )
    before = known(kind, EDGES)
    ended = shell(f"imfilter {line}")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert b"is never overwritten" in ended.stderr or b"leads to the same file as" in ended.stderr
    assert contents(folder) == before


@pytest.mark.needs("/dev/stdout", "/proc")
@pytest.mark.each(
    "line",
    [
        "imfilter blur a.png -o - -t png >> new",
        "imfilter blur a.png -o /dev/stdout -t png >> new",
        "imfilter blur a.png -o /dev/fd/7 -t png 7>> new",
        "exec 7<> new; read -u 7 line; imfilter blur a.png -o /proc/self/fd/7 -t png",
        "cd /dev; imfilter blur ~1/a.png -o stdout -t png >> ~1/new",
    ],
)
def test_an_open_descriptor_goes_on_where_it_is(shell, ok, folder, known, line):
    known("kernel", EDGES)
    (folder / "new").write_bytes(b"line\n")
    ended = shell(f"pushd . > /dev/null; {line}")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert (folder / "new").read_bytes() == b"line\n" + ok("blur", "a.png", "-o", "-", "-t", "png")


def test_a_descriptor_for_reading_is_not_written(shell, folder, known):
    before = known("inputs", EDGES)
    ended = shell("imfilter blur a.png -o /dev/fd/7 -t png 7< f/x0.png")
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr == b"imfilter: /dev/fd/7: cannot be written: bad file descriptor\n"
    assert contents(folder) == before


def test_frames_of_a_pipe_follow_each_other_behind_a_descriptor(shell, folder, known):
    known("inputs", EDGES)
    pipe = "cat a.png a.png a.png | imfilter blur - -t ppm"
    assert shell(f"{pipe} > one; {pipe} -o /dev/stdout > other").returncode == 0
    assert len((folder / "one").read_bytes()) > 3 * 20 * 30 * 3
    assert (folder / "one").read_bytes() == (folder / "other").read_bytes()


@pytest.mark.needs("/dev/null")
def test_a_device_takes_what_it_gets(ok, known):
    known("inputs", EDGES)
    ok("edges", "a.png", "-o", "-", "-t", "png", "--magnitude", "/dev/null")


def test_what_was_a_stream_and_is_a_file_is_not_written(refused, folder, known, monkeypatch):
    before = known("inputs", EDGES)
    os.mkfifo("fifo")
    write = encode.write

    def swapped(file, *arguments):
        Path("fifo").unlink()
        Path("fifo").hardlink_to("a.png")
        return write(file, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(encode, "write", swapped)
        line = refused(1, "blur", FILE, "-o", "fifo", "-t", "png")
    assert line == "imfilter: fifo: cannot be written: it is no longer a stream"
    Path("fifo").unlink()
    assert contents(folder) == before


@pytest.mark.needs("/proc")
def test_a_file_that_another_process_has_open_is_written_anew(shell, ok, folder, known):
    known("inputs", EDGES)
    (folder / "new").write_bytes(b"line" * 10_000)
    ended = shell("exec 7< new; (exec 7<&-; imfilter blur a.png -o /proc/$$/fd/7 -t png)")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert (folder / "new").read_bytes() == ok("blur", "a.png", "-o", "-", "-t", "png")


@pytest.mark.needs("/dev/stdout", "/proc")
def test_streams_are_told_by_what_they_are(folder, known):
    known("inputs", EDGES)
    os.mkfifo("fifo")
    (folder / "to-fifo").symlink_to("fifo")
    (folder / "to-null").symlink_to("/dev/null")
    (folder / "to-stdout").symlink_to("/dev/stdout")
    for path in (
        "/dev/stdout",
        "/dev/fd/0",
        "/proc/self/fd/2",
        "/proc/thread-self/fd/1",
        "/dev/null",
        "fifo",
        "g/../fifo",
    ):
        assert streams.is_stream(path), path
    others = (
        FILE,
        "f",
        "new",
        "to-fifo",
        "to-null",
        "to-stdout",
        "a.png/b",
        "a\0b",
        "",
        "/proc/self/cwd",
        "/proc/self/root",
    )
    for path in (
        *others,
        f"/proc/self/cwd/{FILE}",
        "/proc/self/cwd/new",
        "/proc/self/fd/99999",
        "/proc/version",
        "/dev/fd",
    ):
        assert not streams.is_stream(path), path


# ---- other file systems, many files -----------------------------------------------------------------


@pytest.mark.each(
    "words",
    [
        "blur f/x0.png -o mounted/x0.png",
        "blur mounted/x0.png -o f/x0.png",
        "blur mounted/x0.png a.png --in-place f/x0.png",
        "blur a.png -o f/y.png --mask f/x0.png --depfile mounted/x0.png",
        "edges a.png -o f/new.png --magnitude mounted/new.png",
        "edges a.png -o f/deep/ --magnitude mounted/deep/",
        "chain a.png -o f/new.png blur --save mounted/new.png",
    ],
)
def test_a_folder_that_is_mounted_twice_is_one(needs, shell, folder, known, words):
    needs("a small disk")
    (folder / "mounted").mkdir(exist_ok=True)
    before = known("inputs", EDGES)
    line = f"mount --bind f mounted && imfilter {words}"
    ended = shell(f"export -f imfilter; unshare --user --map-root-user --mount bash -c '{line}'")
    assert ended.returncode == 2, ended.stderr
    said = (b"never overwritten", b"leads to the same file", b"are the same file", b"two outputs")
    assert any(words in ended.stderr for words in said)
    assert contents(folder) == before


def test_ten_times_the_files_are_ten_times_the_work(work, folder):
    """Where they are looked at before the call: what is done for each does not grow with their number."""
    (folder / "in").mkdir()
    for number in range(3000):
        (folder / "in" / f"{number}.png").touch()

    def checked(count):
        names = [f"in/{number}.png" for number in range(count)]
        jobs = plan([Input(name, name) for name in names], {"image": "out/"}, several=True)
        collisions.check(files_read({"k.npy": "the kernel"}, names), FilesWritten(jobs, {"depfile": "d"}))

    small, large = (work(lambda count=count: checked(count)) for count in (300, 3000))
    assert large <= 10.5 * small
