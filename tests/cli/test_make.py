"""Make: dependency files in its own words, cores that are left to it, and targets that are exact."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from imfilter.cli.batch import cpu_count
from imfilter.cli.batch.depfile import UNNAMEABLE, escaped
from imfilter.cli.errors import UsageError

SAMPLES = Path(__file__).parents[2] / "sample_images"
needs_make = pytest.mark.needs("GNU Make")


def make(*words, **options):
    return subprocess.run(
        ["make", *words],
        env={**os.environ, "LC_ALL": "C", **options.pop("env", {})},
        capture_output=True,
        text=True,
        errors="surrogateescape",
        **options,
    )


# ---- dependency files -------------------------------------------------------------------------------

NAMES = (
    st.text(st.sampled_from("ab1.-_ #$%:\\\"'`&|=+!?*[](){}<>,@^é\udcff"), min_size=1, max_size=8)
    .map(lambda name: f"x{name}")
    .filter(lambda name: not re.search(UNNAMEABLE, name))
)


MAKEFILE = rb"""include made.d
x%:
	@printf '%s|%s' '$(subst ','\'',$@)' '$(subst ','\'',$<)'
"""


@needs_make
@given(st.tuples(NAMES, NAMES).filter(lambda names: names[0] != names[1]))
@example(("x a#b$c%d:e.png", "y a#b$c%d:e.png"))
@example(("x\\ a\\#\\:\\%", "y\\ a\\#\\:\\%"))
@example(("x=a", "y=a"))
@example(("x&", "y&"))
@example(("x[12]", "y?"))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_make_reads_every_name_as_it_is(folder, names):
    target, source = names
    for path in folder.iterdir():
        path.unlink()
    (folder / "made.d").write_bytes(
        f"{escaped(target, target=True)}: {escaped(source)}\n".encode("utf-8", "surrogateescape")
    )
    (folder / "Makefile").write_bytes(MAKEFILE)
    for name in ("x1", "x2", "y1", *names):  # some of which a pattern would match
        (folder / name).touch()
    os.utime(folder / target, (0, 0))
    made = make("-rR", target, cwd=folder)
    assert made.stdout == f"{target}|{source}", made.stderr


def test_a_dependency_file_names_outputs_input_and_kernel(ok, png, folder):
    (folder / "k.txt").write_text("1 2 1")
    ok("conv", "a.png", "-o", "b.png", "--kernel", "k.txt", "--depfile", "b.d")
    assert (folder / "b.d").read_text() == "b.png: a.png k.txt\nk.txt:\n"


def test_a_dependency_file_names_every_file_that_is_read_and_written(ok, png, folder):
    np.save("bias.npy", np.float32(range(3)))
    np.save("bank.npy", np.ones((3, 1, 2, 2), np.float32))
    (folder / "list").write_text("a.png\n")
    words = ["conv --kernel bank.npy --bias bias.npy", "--sheet", "sheets/", "--files-from", "list"]
    ok("chain", words[0], *words[1:], "-q", "--save", "r.toml", "--depfile", "b.d")
    rule = "sheets/a.png r.toml: a.png bank.npy bias.npy list\n"
    assert (folder / "b.d").read_text() == f"{rule}bank.npy:\nbias.npy:\nlist:\n"
    ok("run", "r.toml", "a.png", "-o", "maps.npy", "--depfile", "b.d")
    rule = "maps.npy: a.png bank.npy bias.npy r.toml\n"
    assert (folder / "b.d").read_text() == f"{rule}bank.npy:\nbias.npy:\nr.toml:\n"


def test_a_dependency_file_names_the_legend(ok, png, folder):
    words = ("edges", "a.png", "--angle", "b.png", "--angle-style", "color", "--angle-legend", "l.png")
    ok(*words, "--depfile", "b.d")
    assert (folder / "b.d").read_text() == "b.png l.png: a.png\n"


@needs_make
def test_a_kernel_that_is_gone_is_no_obstacle_for_make(ok, png, folder):
    (folder / "k.txt").write_text("1 2 1")
    ok("conv", "a.png", "-o", "b.png", "--kernel", "k.txt", "--depfile", "b.d")
    (folder / "k.txt").unlink()
    (folder / "Makefile").write_text("b.png: a.png\n\t@echo made anew\ninclude b.d\n")
    ended = make("-rR", cwd=folder)
    assert (ended.returncode, ended.stdout) == (0, "made anew\n")


@pytest.mark.parametrize(
    "words",
    [
        ("conv", "a.png", "-o", "k.txt", "-t", "png", "--kernel", "k.txt"),
        ("conv", "a.png", "-o", "b.png", "--kernel", "k.txt", "--depfile", "k.txt"),
        ("run", "r.toml", "a.png", "-o", "r.toml", "-t", "png"),
        ("chain", "a.png", "-o", "b.png", "conv --kernel k.txt", "--save", "k.txt"),
        ("chain", "conv --kernel k.txt", "--save", "k.txt"),
        ("blur", "--files-from", "list", "-o", "out/", "--depfile", "list"),
    ],
    ids=" ".join,
)
def test_what_a_call_reads_is_never_overwritten(refused, png, folder, words):
    (folder / "k.txt").write_text("1 2 1")
    (folder / "r.toml").write_text('[[step]]\nfilter = "blur"\n')
    (folder / "list").write_text("a.png")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert "is never overwritten" in refused(2, *words)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_file_behind_a_standard_stream_is_never_overwritten(shell, png):
    before = png.read_bytes()
    for line in ("imfilter blur - -o a.png < a.png", "imfilter blur a.png -o - >> a.png"):
        ended = shell(line)
        assert (ended.returncode, b"leads to an input" in ended.stderr) == (2, True)
    assert png.read_bytes() == before


def test_a_dependency_file_of_a_pipe_names_what_is_a_file(ok, png, folder):
    ok("blur", "-", "-o", "b.png", "--depfile", "b.d", stdin=png.read_bytes())
    assert (folder / "b.d").read_text() == ""


def test_a_dependency_file_of_a_batch_leaves_failures_out(run, png, folder):
    (folder / "bad.png").write_bytes(b"")
    run("edges", "a.png", "bad.png", "-o", "out/", "--angle", "maps/", "--depfile", "all.d")
    assert (folder / "all.d").read_text() == "out/a.png maps/a.png: a.png\n"


def test_a_dependency_file_of_what_is_up_to_date_is_whole(ok, png, folder):
    for _ in range(2):
        ok("blur", "-q", "a.png", "-o", "out/", "--update", "--depfile", "all.d")
    assert (folder / "all.d").read_text() == "out/a.png: a.png\n"


@pytest.mark.parametrize("name", ["a.png", "b.png", "no/b.d", ".", "-", ""])
def test_a_dependency_file_takes_no_other_files_place(refused, png, folder, name):
    refused(2, "blur", "a.png", "-o", "b.png", "--depfile", name)
    assert not (folder / "b.png").exists()


@pytest.mark.parametrize("name", ["a;b.png", "a\nb.png", "a\tb.png"], ids=ascii)
def test_a_name_that_make_cannot_write_is_refused_before_the_work(refused, png, folder, name):
    assert "Make cannot express this name" in refused(2, "blur", "a.png", "-o", name, "--depfile", "b.d")
    assert [path.name for path in folder.iterdir()] == ["a.png"]


# ---- cores ------------------------------------------------------------------------------------------

EVERY = cpu_count.available()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, EVERY),
        ({"IMFILTER_JOBS": "3"}, 3),
        ({"IMFILTER_JOBS": ""}, EVERY),
        ({"MAKEFLAGS": ""}, EVERY),
        ({"MAKEFLAGS": "ks"}, EVERY),
        ({"MAKEFLAGS": " -j1"}, EVERY),
        ({"MAKEFLAGS": " -Iproject"}, EVERY),
        ({"MAKEFLAGS": " -- FLAGS=a\\ -j8"}, EVERY),
        ({"MAKEFLAGS": " -j8 --jobserver-auth=3,4"}, 1),
        ({"MAKEFLAGS": "ks -j --jobserver-auth=fifo:/tmp/GMfifo1 -- A=b"}, 1),
        ({"MAKEFLAGS": " -j"}, 1),
        ({"MAKEFLAGS": " -j12"}, 1),
        ({"MAKEFLAGS": " -j8", "IMFILTER_JOBS": "2"}, 2),
    ],
    ids=str,
)
def test_cores_that_are_left(environment, expected):
    assert cpu_count.cores(None, environment) == expected
    assert cpu_count.cores(5, environment) == 5


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "1" * 9])
def test_a_number_of_cores_that_is_none(text):
    with pytest.raises(UsageError, match="IMFILTER_JOBS"):
        cpu_count.cores(None, {"IMFILTER_JOBS": text})


@needs_make
@pytest.mark.parametrize(("flags", "expected"), [(["-j3"], 1), (["-sj3"], 1), (["-j1"], EVERY), ([], EVERY)], ids=str)
def test_the_flags_of_a_real_make_are_understood(folder, flags, expected):
    (folder / "Makefile").write_text("all:\n\t@printf '%s' \"$$MAKEFLAGS\"\n")
    assert cpu_count.cores(None, {"MAKEFLAGS": make(*flags, cwd=folder).stdout}) == expected


# ---- the Makefile and the script in sample_images ---------------------------------------------------


@pytest.fixture
def samples(folder):
    """A copy of what lies in `sample_images`, less its larger pictures."""
    for name in ("Makefile", "batch.sh", "emboss.txt", "alpha.png", "cat.jpg", "rotated.jpg"):
        shutil.copy(SAMPLES / name, folder)
    return folder


def made(path):
    return {file.relative_to(path).as_posix(): file.stat().st_mtime_ns for file in path.rglob("*.*")}


@needs_make
def test_the_samples_makefile_makes_all_with_eight_at_once_and_then_nothing(samples, program):
    first = make("-j8", "-s", cwd=samples, env=program)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    ends = {"soft.jpg", "relief.png", "relief.d", "edges.png", "magnitude.tif", "angle.png"}
    before = made(samples / "build")
    assert set(before) == {f"{name}.{end}" for name in ("cat", "rotated") for end in ends}
    assert make("-j8", "-q", cwd=samples, env=program).returncode == 0
    # A change of the kernel makes the reliefs anew, and nothing else; a missing map makes its whole group.
    os.utime(samples / "emboss.txt")
    (samples / "build" / "cat.angle.png").unlink()
    assert make("-j8", "-s", cwd=samples, env=program).returncode == 0
    after = made(samples / "build")
    assert {name for name in after if after[name] != before.get(name)} == {
        *(f"{name}.relief.{end}" for name in ("cat", "rotated") for end in ("png", "d")),
        *(f"cat.{end}" for end in ("edges.png", "magnitude.tif", "angle.png")),
    }


@needs_make
def test_a_target_that_fails_is_not_made(samples, program):
    (samples / "cat.jpg").write_bytes((samples / "cat.jpg").read_bytes()[:9000])
    ended = make("-k", "-s", cwd=samples, env=program)
    assert ended.returncode == 2
    assert ended.stderr.count("imfilter: cat.jpg: is ") == 3
    assert not [name for name in made(samples / "build") if name.startswith("cat")]
    assert "rotated.edges.png" in made(samples / "build")


def run_batch(program, folder):
    return subprocess.run(
        ["sh", "batch.sh", "photos", "photos/results"],
        cwd=folder,
        env=program,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_samples_script_mirrors_a_tree_and_then_does_nothing(samples, program):
    (samples / "photos" / "deep").mkdir(parents=True)
    shutil.copy(samples / "rotated.jpg", samples / "photos")
    shutil.copy(samples / "alpha.png", samples / "photos" / "deep")
    first = run_batch(program, samples)
    assert first.returncode == 0
    assert first.stderr.startswith("imfilter: 2 done, 0 skipped, 0 failed in ")
    results = samples / "photos" / "results"
    kinds = ("edges", "magnitude", "angle")
    before = made(results)
    expected = {f"{kind}/{name}" for kind in kinds for name in ("rotated.png", "deep/alpha.png")}
    assert set(before) == {*expected, "log.jsonl"}
    assert run_batch(program, samples).stderr.startswith("imfilter: 0 done, 2 skipped, 0 failed in ")
    after = made(results)
    assert all(after[name] == before[name] for name in expected)
    assert set(after) == set(before)


def test_the_samples_script_tells_of_failures(samples, program):
    (samples / "photos").mkdir()
    (samples / "photos" / "bad.png").touch()
    shutil.copy(samples / "alpha.png", samples / "photos")
    ended = run_batch(program, samples)
    assert ended.returncode == 1
    assert "photos/bad.png: is empty" in ended.stderr
    log = (samples / "photos" / "results" / "log.jsonl").read_text()
    assert re.search(r'"photos/bad.png".*"failed"', log)
    (samples / "photos" / "bad.png").unlink()
    (samples / "photos" / "alpha.png").unlink()
    (samples / "photos" / "results" / "log.jsonl").unlink()
    shutil.rmtree(samples / "photos" / "results")
    assert run_batch(program, samples).returncode == 2
