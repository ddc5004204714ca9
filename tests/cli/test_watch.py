"""`--watch`: what changes is done anew, once it is written to its end; a failure is one line, and the old output stays.

Most tests have no clock: what happens between two looks is a step of the test.
"""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from imfilter.cli.batch import listing, runner
from imfilter.cli.batch.watch import Watch
from imfilter.cli.console.report import Report
from imfilter.cli.images import prefetch
from PIL import Image

ROUND = re.compile(r"\d\d:\d\d:\d\d (\d+) pictures?(?:, (\d+) failed)?, \d+\.\d s")
"""The line of a round: with how many pictures that were done, and how many that failed."""


def picture(path, seed, size=(30, 20)):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def by_renaming(path, data):
    """Save as editors do that keep the old file until the new one is whole."""
    beside = Path(f"{path}.new")
    beside.write_bytes(data)
    beside.replace(path)


def nothing():
    """What happens before a look that finds nothing new."""


def said(lines):
    """What was said, a line of a round as the numbers of pictures that were done and failed."""
    return [(int(found[1]), int(found[2] or 0)) if (found := ROUND.match(line)) else line for line in lines]


@pytest.fixture
def watched(run, monkeypatch):
    """Watch a call while steps are done, each before a look; return what was said, and standard output."""

    def watched(*words_and_steps):
        words = [word for word in words_and_steps if isinstance(word, str)]
        left = iter([step for step in words_and_steps if not isinstance(step, str)])

        def wait(self, seconds):
            if (step := next(left, None)) is None:
                raise KeyboardInterrupt
            step()
            return False

        monkeypatch.setattr(Watch, "_wait", wait)
        ended = run(*words, "--watch")
        assert (ended.code, ended.lines[-1]) == (130, "imfilter: interrupted")
        return [line for line in said(ended.lines[:-1]) if " is clipped; " not in str(line)], ended.out

    return watched


@pytest.fixture
def same(ok, load):
    """``same(path, *words)``: whether a file holds what the words make of the files as they are now."""

    def same(path, *words):
        ok(*words, "-o", "expected.png")
        return np.array_equal(load(path), load("expected.png"))

    return same


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


# ---- what is done anew ------------------------------------------------------------------------------


def test_what_changes_is_done_anew_and_nothing_else(watched, same):
    for number in range(3):
        picture(f"in/{number}.png", number)
    before = {}
    lines, _ = watched(
        "blur", "in", "-o", "out/",
        lambda: before.update({path.name: path.stat().st_mtime_ns for path in Path("out").iterdir()}),
        lambda: picture("in/1.png", 9),
        nothing,
        lambda: os.utime("in/2.png", (1, 1)),
        nothing,
        nothing,
    )  # fmt: skip
    assert lines == [(3, 0), (1, 0)]
    assert same("out/1.png", "blur", "in/1.png")
    after = {path.name: path.stat().st_mtime_ns for path in Path("out").iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"1.png"}


@pytest.mark.parametrize("unstamped", [(), ("--no-stamp",)])
def test_a_kernel_that_changes_changes_all_that_it_makes(watched, same, unstamped):
    for number in range(2):
        picture(f"in/{number}.png", number)
    Path("k.txt").write_text("1 2 1\n")
    words = ("conv", "--kernel", "k.txt", "--normalize", "sum", *unstamped)
    lines, _ = watched(*words, "in", "-o", "out/", lambda: by_renaming("k.txt", b"1 1 1\n"), nothing, nothing)
    assert lines == [(2, 0), (2, 0)]
    assert same("out/0.png", *words, "in/0.png") and same("out/1.png", *words, "in/1.png")


def test_a_recipe_that_is_broken_changes_nothing_until_it_is_whole_again(watched, same):
    picture("a.png", 1)
    recipe = Path("r.toml")
    recipe.write_text('[[step]]\nfilter = "blur"\nsigma = 1.0\n')
    kept = []
    lines, _ = watched(
        "run", "r.toml", "a.png", "-o", "b.png",
        lambda: kept.append(Path("b.png").read_bytes()),
        lambda: recipe.write_text('[[step]]\nfilter = "blu'),
        nothing,
        nothing,
        lambda: recipe.write_text('[[step]]\nfilter = "blurr"'),
        nothing,
        lambda: kept.append(Path("b.png").read_bytes()),
        lambda: recipe.write_text('[[step]]\nfilter = "blur"\nsigma = 3.0\n'),
        nothing,
        nothing,
    )  # fmt: skip
    assert len(lines) == 4
    assert lines[0] == lines[3] == (1, 0)
    assert lines[1].startswith("imfilter: r.toml: is not a recipe: ")
    assert lines[2].startswith("imfilter: r.toml: step 1 (blurr): unknown filter; ")
    assert kept[0] == kept[1]
    assert same("b.png", "blur", "a.png", "--sigma", "3")


def test_a_kernel_that_a_recipe_lacks_is_taken_when_it_comes(watched, same):
    picture("a.png", 1)
    recipe = Path("r.toml")
    recipe.write_text('[[step]]\nfilter = "blur"\n')
    lines, _ = watched(
        "run", "r.toml", "a.png", "-o", "b.png",
        lambda: recipe.write_text('[[step]]\nfilter = "conv"\nkernel = "k.txt"\nnormalize = "sum"\n'),
        nothing,
        nothing,
        lambda: Path("k.txt").write_text("1 2 3\n"),
        nothing,
    )  # fmt: skip
    assert len(lines) == 3 and "k.txt" in lines[1]
    assert same("b.png", "run", "r.toml", "a.png")


IDX = bytes([0, 0, 8, 1, 0, 0, 0, 3])
CHANGES = {
    "mask": (("blur", "in/a.png", "--mask", "mask.png"), lambda: Image.new("L", (30, 20), 90).save("mask.png")),
    "second picture": (("blend", "in/a.png", "--other", "other.png"), lambda: picture("other.png", 7)),
    "its folder": (("blend", "in", "--other", "others"), lambda: picture("others/a.png", 7)),
    "labels": (("blur", "images-idx3-ubyte", "--labels", "l"), lambda: Path("l").write_bytes(IDX + bytes([2, 3, 4]))),
    "shape": (("morph", "in/a.png", "--shape", "s.txt"), lambda: Path("s.txt").write_text("1 1 1\n1 1 1\n1 1 1\n")),
}


@pytest.mark.each("name", CHANGES)
def test_all_that_is_read_is_looked_at(watched, run, name):
    words, change = CHANGES[name]
    shutil.rmtree("out", ignore_errors=True)
    shutil.rmtree("again", ignore_errors=True)
    Path("images-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, *range(12)]))
    Path("l").write_bytes(IDX + bytes([1, 1, 1]))
    picture("in/a.png", 1)
    picture("other.png", 2)
    picture("others/a.png", 2)
    Image.new("L", (30, 20), 200).save("mask.png")
    Path("s.txt").write_text("1 1 1\n")
    lines, _ = watched(*words, "-o", "out/", nothing, change, nothing, nothing)
    assert lines == [(1, 0), (1, 0)]
    run(*words, "-o", "again/")
    assert contents("out") == contents("again") != {}


def test_masks_and_boxes_are_looked_at(watched):
    picture("in/a.png", 1)
    Path("masks").mkdir()
    Image.new("L", (30, 20), 1).save("masks/a.png")
    entries = {"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "cat"}]}

    def box(width):
        objects = [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, width, 3]}]
        Path("b.json").write_text(json.dumps({**entries, "annotations": objects}))

    box(4)
    lines, _ = watched(
        "flip", "in", "-o", "out/", "--masks", "masks", "--masks-out", "mo/",
        "--boxes", "b.json", "--boxes-out", "bo.json",
        lambda: Image.new("L", (30, 20), 2).save("masks/a.png"),
        nothing,
        lambda: box(9),
        nothing,
        nothing,
    )  # fmt: skip
    assert lines == [(1, 0)] * 3
    assert np.asarray(Image.open("mo/a.png")).max() == 2
    assert json.loads(Path("bo.json").read_text())["annotations"][0]["bbox"] == [21, 0, 9, 3]


# ---- when it is taken -------------------------------------------------------------------------------


def test_a_file_is_taken_when_it_looked_the_same_twice(watched, same):
    picture("new.png", 5)
    data = Path("new.png").read_bytes()
    picture("in/a.png", 1)
    lines, _ = watched(
        "blur", "in", "-o", "out/",
        nothing,
        lambda: Path("in/b.png").write_bytes(data[:400]),
        lambda: Path("in/b.png").write_bytes(data[:900]),
        lambda: Path("in/b.png").write_bytes(data),
        lambda: by_renaming("in/a.png", data[:300]),
        lambda: by_renaming("in/a.png", data),
        nothing,
        nothing,
    )  # fmt: skip
    assert sum(done for done, _ in lines) == 3 and all(failed == 0 for _, failed in lines)
    assert same("out/a.png", "blur", "new.png") and same("out/b.png", "blur", "new.png")


def test_a_kernel_that_is_being_written_holds_back_what_it_is_for(watched, same):
    picture("a.png", 1)
    Path("k.txt").write_text("1 2 1\n")
    lines, _ = watched(
        "conv", "a.png", "--kernel", "k.txt", "--normalize", "sum", "-o", "b.png",
        lambda: (Path("k.txt").write_text("1 2\n3"), picture("a.png", 2)),
        lambda: Path("k.txt").write_text("1 2\n3 4\n5"),
        lambda: Path("k.txt").write_text("1 2\n3 4\n5 6\n"),
        nothing,
        nothing,
    )  # fmt: skip
    assert lines == [(1, 0), (1, 0)]
    assert same("b.png", "conv", "a.png", "--kernel", "k.txt", "--normalize", "sum")


def test_a_failure_is_a_line_and_the_next_change_is_tried(watched, same):
    for number in range(2):
        picture(f"in/{number}.png", number)
    kept = []
    lines, _ = watched(
        "blur", "in", "-o", "out/",
        lambda: kept.append(Path("out/0.png").read_bytes()),
        lambda: Path("in/0.png").write_bytes(b"no picture"),
        nothing,
        lambda: kept.append(Path("out/0.png").read_bytes()),
        lambda: picture("in/1.png", 5),
        nothing,
        lambda: picture("in/0.png", 6),
        nothing,
        nothing,
    )  # fmt: skip
    assert kept[0] == kept[1]
    assert [lines[0], *lines[2:]] == [(2, 0), (1, 0), (1, 0)]
    assert lines[1].startswith("imfilter: in/0.png: is neither an image")
    assert same("out/0.png", "blur", "in/0.png") and same("out/1.png", "blur", "in/1.png")


def test_nobody_is_told_of_a_file_that_changed_while_it_was_tried(watched, same, monkeypatch):
    picture("a.png", 1)
    picture("new.png", 2)
    process, data = runner.process, Path("new.png").read_bytes()

    def rewritten(*arguments):
        if Path("a.png").stat().st_size == 9:
            by_renaming("a.png", data)
            return Report("a.png", "failed", error="a.png: is cut off")
        return process(*arguments)

    monkeypatch.setattr(runner, "process", rewritten)
    lines, _ = watched("blur", "a.png", "-o", "b.png", lambda: Path("a.png").write_bytes(b"a picture"), *[nothing] * 4)
    assert lines == [(1, 0), (1, 0)]
    assert same("b.png", "blur", "new.png")


def test_a_kernel_that_changes_in_the_first_round_makes_another(watched, same, monkeypatch):
    picture("a.png", 1)
    Path("k.txt").write_text("1 2 1\n")
    process = runner.process

    def rewritten(*arguments):
        Path("k.txt").write_text("1 5 1\n")
        return process(*arguments)

    words = ("conv", "a.png", "--kernel", "k.txt", "--normalize", "sum")
    with monkeypatch.context() as patch:
        patch.setattr(runner, "process", rewritten)
        lines, _ = watched(*words, "-o", "b.png", nothing, nothing, nothing, nothing)
    assert lines == [(1, 0), (1, 0)]
    assert same("b.png", *words)


def test_a_disk_that_is_full_is_tried_again_with_the_next_change(watched, monkeypatch):
    for number in range(6):
        picture(f"in/{number}.png", number)
    process, full = runner.process, [True]

    def tried(processor, job, reader):
        if full:
            return Report(job.input.name, "failed", error=f"{job.input.name}: no space", no_place="no space")
        return process(processor, job, reader)

    monkeypatch.setattr(runner, "process", tried)
    words = ("blur", "in", "-o", "out/", "-j", "1")
    lines, _ = watched(*words, nothing, nothing, lambda: (full.clear(), picture("in/5.png", 9)), nothing, nothing)
    assert [line for line in lines if "in/" in str(line)] == [
        f"imfilter: in/{number}.png: no space" for number in range(3)
    ]
    assert lines[3:] == ["imfilter: stopped: no space; 3 images were not tried", (0, 3), (6, 0)]


def test_what_was_read_ahead_and_never_asked_for_is_forgotten(watched, ok, same):
    """The first large file is read while the program starts; an output that is current does not ask for it."""
    picture("a.png", 1, (400, 300))
    ok("blur", "a.png", "-o", "b.png")
    prefetch.guess(["blur", "a.png", "-o", "b.png"])
    lines, _ = watched("blur", "a.png", "-o", "b.png", "-u", lambda: picture("a.png", 2, (400, 300)), nothing, nothing)
    assert lines == [(0, 0), (1, 0)]
    assert same("b.png", "blur", "a.png")


# ---- what comes and goes ----------------------------------------------------------------------------


def test_inputs_that_are_gone_leave_their_outputs_and_new_ones_are_taken(watched):
    for name in ("in/a.png", "in/b.png", "c.png"):
        picture(name, 1)
    Path("in/empty").mkdir()
    lines, _ = watched(
        "blur", "in", "c.png", "-r", "-o", "out/",
        lambda: (Path("in/a.png").unlink(), Path("c.png").unlink()),
        nothing,
        lambda: picture("in/empty/d.png", 2),
        nothing,
        nothing,
        lambda: picture("c.png", 3),
        nothing,
        nothing,
    )  # fmt: skip
    assert lines == [(3, 0), (1, 0), (1, 0)]
    assert sorted(path.name for path in Path("out").rglob("*.png")) == ["a.png", "b.png", "c.png", "d.png"]


def test_a_folder_may_be_empty_at_first_and_again(watched):
    Path("in").mkdir()
    lines, _ = watched(
        "blur", "in", "-o", "out/",
        nothing,
        lambda: picture("in/a.png", 1),
        nothing,
        nothing,
        lambda: Path("in/a.png").unlink(),
        nothing,
        lambda: picture("in/b.png", 1),
        nothing,
        nothing,
    )  # fmt: skip
    assert lines == ["imfilter: in: no images found", (1, 0), (1, 0)]
    assert sorted(os.listdir("out")) == ["a.png", "b.png"]


def test_a_list_may_grow_and_its_files_may_come_later(watched):
    picture("a.png", 1)
    names = Path("list.txt")
    names.write_text("a.png\nb.png\n")
    lines, _ = watched(
        "blur", "--files-from", "list.txt", "-o", "out/",
        lambda: picture("b.png", 2),
        nothing,
        lambda: (picture("c.png", 3), names.write_text("a.png\nb.png\nc.png\n")),
        nothing,
        nothing,
        nothing,
    )  # fmt: skip
    assert lines == ["imfilter: b.png: no such file or directory", (1, 1), (1, 0), (1, 0)]
    assert sorted(os.listdir("out")) == ["a.png", "b.png", "c.png"]


def test_an_image_that_moves_the_numbers_of_others_moves_their_outputs(watched, same):
    picture("in/a.png", 1)
    picture("in/c.png", 3)
    words = ("blur", "in", "-o", "out/", "--name", "{index}{suffix}")
    lines, _ = watched(*words, lambda: picture("in/b.png", 2), nothing, nothing, nothing)
    assert lines[0] == (2, 0) and sum(done for done, _ in lines) == 4
    assert all(same(f"out/{number}.png", "blur", f"in/{name}.png") for number, name in enumerate("abc", 1))


OUTPUTS = {
    "by their names": ("-o", "in", "--name", "{stem}-soft{suffix}"),
    "in a folder": ("-o", "in/out/"),
    "frames": ("-o", "in", "--name", "{stem}-{frame}{suffix}"),
    "maps and a legend": ("--angle", "in/angle/", "--angle-style", "color", "--angle-legend", "in/legend.png"),
}


@pytest.mark.each("name", OUTPUTS)
def test_outputs_in_a_watched_folder_are_no_inputs(watched, name):
    shutil.rmtree("in", ignore_errors=True)
    picture("in/a.png", 1)
    lines, _ = watched(
        "edges", "in", "-r", *OUTPUTS[name], *[nothing] * 4, lambda: picture("in/a.png", 2), *[nothing] * 4
    )
    assert lines == [(1, 0), (1, 0)]
    assert len([*Path("in").rglob("*.png")]) == (3 if name.startswith("maps") else 2)


# ---- beside other options ---------------------------------------------------------------------------


def test_json_tells_of_what_was_tried(watched):
    for number in range(2):
        picture(f"in/{number}.png", number)
    _, out = watched("blur", "in", "-o", "out/", "--json", lambda: picture("in/1.png", 7), nothing)
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["type"], line.get("input"), line.get("status")) for line in lines] == [
        ("image", "in/0.png", "done"),
        ("image", "in/1.png", "done"),
        ("summary", None, None),
        ("image", "in/1.png", "done"),
        ("summary", None, None),
    ]
    assert (lines[-1]["done"], lines[-1]["skipped"]) == (1, 1)


def test_other_options_do_what_they_do(watched):
    for number in range(2):
        picture(f"in/{number}.png", number)
    Path("in/notes.txt").write_text("no picture")
    words = ("chain", "in", "-o", "out/", "--depfile", "d", "--save", "r.toml", "-v", "-j", "2", "blur --sigma 2")
    lines, _ = watched(
        *words,
        lambda: (Path("r.toml").unlink(), Path("d").unlink()),
        lambda: picture("in/1.png", 7),
        nothing,
    )
    assert lines.count("in/notes.txt: passed over") == 1
    assert [line for line in lines if "skipped" in line] == []
    assert not Path("r.toml").exists()
    assert "out/0.png: in/0.png" in Path("d").read_text()


def test_only_failures_are_told_with_q(watched):
    picture("in/a.png", 1)
    lines, _ = watched("blur", "in", "-o", "out/", "-q", lambda: picture("in/b.png", 1), nothing, nothing)
    assert lines == []
    assert sorted(os.listdir("out")) == ["a.png", "b.png"]


def test_outputs_that_exist_are_kept(watched):
    picture("in/a.png", 1)
    changes = [lambda: picture("in/a.png", 2), nothing, lambda: picture("in/b.png", 2), nothing, nothing]
    before = []
    lines, _ = watched(
        "blur", "in", "-o", "out/", "--no-clobber", lambda: before.append(Path("out/a.png").read_bytes()), *changes
    )
    assert lines == [(1, 0), (1, 0)]
    assert Path("out/a.png").read_bytes() == before[0]


REFUSED = [
    ("blur a.png --in-place", "--in-place cannot be used with --watch, "),
    ("blur a.png -o b.png --dry-run", "--dry-run cannot be used with --watch, "),
    ("blur a.png -o b.png --fail-fast", "--fail-fast cannot be used with --watch, "),
    ("blur a.png -o b.png --report r.html", "--report cannot be used with --watch, "),
    ("blur a.png -o out/ --shard 1/2", "--shard cannot be used with --watch, "),
    ("blur - -o b.png", "--watch cannot read standard input (-) again; name a file"),
    ("blur -", "--watch cannot read standard input (-) again; name a file"),
    ("blur a.png -o -", "--watch writes its outputs again and again; name a file"),
    ("edges a.png --angle -", "--watch writes its outputs again and again; name a file"),
    ("blur pipe -o b.png", "pipe: is a pipe or device, which --watch cannot read again; name a file"),
    ("blur a.png -o pipe -t png", "pipe: is a pipe or device, and --watch writes again and again; name a file"),
    ("augment a.png -o out/ flip", "--watch cannot be used with augment; "),
    ("chain --save r.toml blur", "no input; "),
    ("blur a.png", "no output; "),
    ("blur a.png -o b.png --sigma x", "--sigma: "),
]


@pytest.mark.each("line, why", REFUSED)
def test_what_cannot_be_watched_is_refused(refused, line, why):
    picture("a.png", 1)
    if not Path("pipe").exists():
        os.mkfifo("pipe")
    assert refused(2, *line.split(), "--watch").startswith(f"imfilter: {why}")
    assert sorted(os.listdir()) == ["a.png", "pipe"]


@pytest.mark.needs("/dev")
def test_a_kernel_from_a_pipe_is_refused(shell):
    picture("a.png", 1)
    ended = shell("imfilter conv a.png -o b.png --kernel <(echo 1 2 1) --watch")
    assert ended.returncode == 2 and b"--watch cannot read again" in ended.stderr


# ---- as a process -----------------------------------------------------------------------------------


def until(is_true, process, seconds=60):
    """Wait for something, while a process goes on."""
    end = time.monotonic() + seconds
    while not is_true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


def next_said(process):
    """The next line that a process says. It comes after the output that it tells of."""
    return said([process.stderr.readline().decode().rstrip("\n")])[0]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it(start, command, number, code):
    picture("a.png", 1)
    process = start([*command, "blur", "a.png", "-o", "b.png", "--watch"])
    assert next_said(process) == (1, 0)
    process.send_signal(number)
    _, rest = process.communicate()
    assert process.returncode == code
    assert rest == (b"imfilter: interrupted\n" if number == signal.SIGINT else b"")


@pytest.mark.parametrize("separator", ["\n", "\0"])
def test_names_on_standard_input_are_taken_as_they_come(start, command, separator):
    for name in "abc":
        picture(f"{name}.png", 1)
    words = ["blur", "--files-from", "-", "-o", "out/", "--watch", *(["-0"] if separator == "\0" else [])]
    process = start([*command, *words], stdin=subprocess.PIPE)
    for name, text in ("a", f"a.png{separator}b."), ("b", f"png{separator}"):
        process.stdin.write(text.encode())
        process.stdin.flush()
        until(Path(f"out/{name}.png").exists, process)
    process.stdin.write(b"c.png")  # the last name may have no end
    process.stdin.close()
    process.wait()
    assert process.returncode == 0
    assert sorted(os.listdir("out")) == ["a.png", "b.png", "c.png"]


def test_names_that_come_do_not_bring_the_next_look_nearer(monkeypatch):
    """Else a file would look the same twice between two pieces that are written."""
    reading, writing = os.pipe()
    os.write(writing, b"a\nb\n" * 20)
    clock = itertools.count()
    with open(reading) as stdin, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        patch.setattr(listing.time, "monotonic", lambda: next(clock))
        patch.setattr(listing, "PIECE", 2)
        names = listing.Listing(b"\n")
        assert names.wait(10)
        assert next(clock) > 10
        assert names.names == ["a", "b"]
        assert not names.wait(10)
    os.close(writing)


def test_the_end_of_the_list_is_that_of_the_program(shell):
    picture("a.png", 1)
    ended = shell("ls | imfilter blur --files-from - -o out/ --watch")
    assert (ended.returncode, said(ended.stderr.decode().splitlines())) == (0, [(1, 0)])
    ended = shell("printf 'a.png\\nb.png\\n' | imfilter blur --files-from - -o out/ --watch")
    assert ended.returncode == 1 and b"b.png: no such file" in ended.stderr
    ended = shell("imfilter blur --files-from - -o out/ --watch < /dev/null")
    assert (ended.returncode, ended.stderr) == (2, b"imfilter: --files-from standard input lists no files\n")


# ---- for long ---------------------------------------------------------------------------------------

PIECES, SECONDS = 5, 0.3
"""Of a save that is slow."""


def by_truncating(path, data):
    Path(path).write_bytes(data)


def slowly(path, data):
    with Path(path).open("wb", buffering=0) as file:
        for number in range(PIECES):
            time.sleep(number and SECONDS / PIECES)
            file.write(data[number * len(data) // PIECES : (number + 1) * len(data) // PIECES])


@pytest.mark.thorough
@pytest.mark.parametrize("save", [by_renaming, by_truncating, slowly])
def test_a_hundred_saves_are_a_hundred_right_outputs(start, command, run, load, save):
    for number in range(101):
        picture(f"new/{number}.png", number, (300, 200))
    run("blur", "new", "-o", "expected/")
    shutil.copy("new/0.png", "a.png")
    process = start([*command, "blur", "a.png", "-o", "b.png", "--watch"])
    for number in range(101):
        if number:
            save("a.png", Path(f"new/{number}.png").read_bytes())
        assert next_said(process) == (1, 0)
        assert np.array_equal(load("b.png"), load(f"expected/{number}.png"))
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate()
    assert rest == b"imfilter: interrupted\n"


def resident():
    """The bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.needs("/proc")
@pytest.mark.parametrize("rounds", [30, pytest.param(300, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_rounds_leave_nothing_behind(watched, folder, rounds, jobs):
    for number in range(3):
        picture(f"in/{number}.png", number, (300, 200))
    Path("k.txt").write_text("1 2 1\n")
    open_files, held = [], []

    def save(number):
        Path("k.txt").write_text(f"1 {number + 2} 1\n")
        open_files.append(len(os.listdir("/proc/self/fd")))
        held.append(resident())

    steps = [step for number in range(rounds) for step in (lambda number=number: save(number), nothing)]
    words = ("conv", "in", "-o", "out/", "--kernel", "k.txt", "--normalize", "sum", "-j", jobs, "-q")
    lines, _ = watched(*words, *steps, nothing)
    assert lines == []
    assert len(set(open_files[2:])) == 1
    assert held[-1] - held[rounds // 3] < 16 << 20  # one of the pictures a round would be 36 MB
    assert sorted(os.listdir(folder)) == ["in", "k.txt", "out"]
    assert sorted(os.listdir("out")) == ["0.png", "1.png", "2.png"]
