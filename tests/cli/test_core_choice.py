"""Which core computes: the compiled one, an instruction set of it, or NumPy and SciPy; and that it is said."""

import os
import subprocess
import sys

import pytest
from imfilter.filters.core import native

LOADED = native._loaded("")
SETS = LOADED.available() if LOADED else []


def told(*words, core=None):
    environment = {name: value for name, value in os.environ.items() if name != native.VARIABLE}
    if core is not None:
        environment[native.VARIABLE] = core
    command = [sys.executable, "-m", "imfilter", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("words", [["--version", "-v"], ["-v", "--version"]])
def test_the_version_tells_the_core(words):
    widest = f"compiled core, {SETS[0]}" if SETS else "NumPy and SciPy"
    assert told(*words).stdout.splitlines()[1] == widest
    assert told(*words, core="0").stdout.splitlines()[1] == "NumPy and SciPy"
    for name in SETS:
        assert told(*words, core=name).stdout.splitlines()[1] == f"compiled core, {name}"


def test_the_version_alone_is_one_line():
    assert len(told("--version").stdout.splitlines()) == 1


def test_verbose_alone_is_a_wrong_call():
    ended = told("-v")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "imfilter: -v follows --version, or the name of a filter\n"


def test_a_verbose_run_tells_the_core(tmp_path):
    (tmp_path / "a.pgm").write_bytes(b"P5 2 1 255\n\x00\xff")
    line = ["blur", str(tmp_path / "a.pgm"), "-o", str(tmp_path / "b.pgm"), "-v"]
    assert "; NumPy and SciPy\n" in told(*line, core="0").stderr
    for name in SETS:
        assert f"; compiled core, {name}\n" in told(*line, core=name).stderr


@pytest.mark.parametrize("wrong", ["rubbish", "1", "AVX2", "avx2 ", "neon"])
def test_another_word_is_refused(tmp_path, wrong):
    ended = told("blur", str(tmp_path / "a.pgm"), "-o", str(tmp_path / "b.pgm"), core=wrong)
    line = f"imfilter: IMFILTER_NATIVE: {wrong!r} is not 0, baseline, avx2 or avx512\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", line)
    ended = told("--version", "-v", core=wrong)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", line)
